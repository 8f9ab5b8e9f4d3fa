"""Whole-sheet accidents: changes that no honest edit makes, recognised by their shape.

What stops here is not pushed; a person undoes it in the sheet, or says that it was meant.

Each kind of accident is a guess that gives every changed row bits: how much likelier its cells are under that guess than
under honest work (log2; below 0: less likely). The stretch of rows with the most bits is the block; it is an accident from
`BITS` and `ROWS` on. Honest edits elsewhere do not weaken a block, and a few inside it only take their own bits away.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from reconcile.core import cells
from reconcile.core.feeds import FEEDS, NUMBERS
from reconcile.core.ledger import SEEN, WATCHED
from reconcile.core.model import ROW, Feed, Limit, RefillStatus, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from reconcile.core.model import Cell
    from reconcile.core.words import Words

ROWS: Final = 5
"""Fewer rows are answered one by one."""

BITS: Final = 16.0
"""From so many bits on a block is an accident. What that catches and what it stops is in tests/accident_rates.json."""

CHOICES: Final = {
    (feed, each.name): each.options for feed, spec in FEEDS.items() for each in spec.watched if each.options
}
RANK: Final[dict[str, int]] = {
    Status.PROCESSING: 0,
    RefillStatus.PENDING: 0,
    Status.IN_PROGRESS: 1,
    RefillStatus.IN_PROGRESS: 1,
}
"""How far on an open status is; every other choice closes its row."""

CLOSED: Final = 2

# Bits, as calibrated on generated sheets (tests/core/hands.py, seeds apart from those that are measured).
WRONG_WAY: Final = 4.5
"""A status that goes back, or a closed one that changes. The panel would refuse most; people do it one at a time."""
CLEARED: Final = 4.2
FORWARD: Final = -3.0
SMALLER: Final = 0.9
"""A start count made smaller says little: so are corrections. Twenty-odd in a row and none larger is an older copy."""
MORE_LEFT: Final = 1.5
"""Remains that grow: deliveries do not go back, counts are corrected now and then."""
MATCHING: Final = 0.8
"""In a block sorted or pasted apart, at least so many cells hold what another row held."""
SELDOM: Final = 0.004
GAP: Final = 4
"""A fill is followed over so many rows that were typed over since."""
SHUFFLED: Final = 8
ALL_BUT_ALL: Final = 0.7
"""So many changed choices of which so large a part is the same as before, only in other rows, were sorted apart. Where every row
goes one step forward, at most half of them are."""
BLANKED: Final = 2.0
"""A cell that turned blank where another row's was, or whose value another row has now."""
OVERWRITTEN: Final = 1.5
"""A start count that had been typed, now the one of another row."""
FILLED: Final = 4.3
"""The same count beside another link. Counters of strangers agree where they are small or round, so those say less:"""
FILLED_ROUND: Final = 1.7
FILLED_SMALL: Final = 1.5
SERIES: Final = 4.0
SERIES_SMALL: Final = 2.0
OTHERWISE: Final = -4.0
"""A cell inside a filled block that was given something else."""

SHUTTING: Final = ("shifted", "sorted apart", "exchanged")
"""Those after which rows and values do not belong together any more, also where nothing shows it."""

MOST_ACCIDENTS: Final = 5
MOST_PLACES: Final = 20
"""A value that stood in more rows says nothing about where a block was copied from."""


@dataclass
class _Row:
    """One row with changed cells. old, new: field → what it showed and shows, read; None for blank, unread ones left out."""

    key: str
    place: int
    link: Cell
    old: dict[str, int | str | None] = field(default_factory=dict)
    new: dict[str, int | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Guess:
    """What may have happened, and the bits each changed row gives for it."""

    name: str
    bits: list[float]
    shift: int = 0
    column: str = ""
    value: int | str | None = None
    lead: int = 0


class _Tab:
    """A tab before and after: the changed rows in sheet order, and what any row showed before."""

    def __init__(self, feed: Feed, sheet: pd.DataFrame, ledger: pd.DataFrame, moved: pd.DataFrame, say: Words) -> None:
        self.feed, self.sheet, self.ledger, self._say = feed, sheet, ledger, say
        self.fields = WATCHED[feed.value]
        self.links = sheet["link"].to_numpy(dtype=object)
        self._read: dict[tuple[str, type, Cell], int | str | cells.Wrong | None] = {}
        self._known: dict[str, list[Cell]] = {}
        places = sheet.index.get_indexer_for(
            pd.Index(moved["key"], dtype=object)
        ).tolist()  # one each: doubled ids are held, and left out
        rows: dict[str, _Row] = {}
        columns = (moved[name].tolist() for name in ("key", "field", "raw", "known"))
        for place, key, name, raw, known in zip(places, *columns, strict=True):
            if name not in self.fields:
                continue
            new, old = self.read(name, raw), self._agreed(name, key, self.read(name, known))
            if isinstance(new, cells.Wrong) or isinstance(old, cells.Wrong) or new == old:
                continue
            row = rows.setdefault(key, _Row(key, place, self.links[place]))
            row.old[name], row.new[name] = old, new
        self.rows = sorted(rows.values(), key=lambda row: row.place)

    def _agreed(self, name: str, key: str, old: int | str | cells.Wrong | None) -> int | str | cells.Wrong | None:
        """What a choice went on from: the panel's value where the one in the cell was taken back, or was never taken."""
        if name in NUMBERS or not isinstance(old, str) or RANK.get(old, CLOSED) < CLOSED:
            return old
        place: Any = self.ledger.index.get_loc(key)
        has: Cell = self.ledger[name].to_numpy(dtype=object)[place]
        return has if isinstance(has, str) and has in RANK else old

    def read(self, name: str, raw: Cell) -> int | str | cells.Wrong | None:
        """A cell's value, whatever way it was typed; each different cell is read once."""
        if raw is None or (type(raw) is int and 0 <= raw <= cells.MOST and name in NUMBERS):
            return raw
        say, place = self._say, (name, type(raw), raw)
        if place not in self._read:
            if name in NUMBERS:
                found = cells.count(raw, say.LABEL[name], say)
                self._read[place] = int(found) if isinstance(found, str) else found
            else:
                self._read[place] = cells.choice(raw, CHOICES[self.feed, name], say.LABEL[name], say)
        return self._read[place]

    @cached_property
    def _places(self) -> npt.NDArray[np.intp]:
        return self.ledger.index.get_indexer(self.sheet.index)

    def before(self, name: str) -> list[Cell]:
        """What each row of the sheet showed in this column, raw, in today's order; None also for rows nobody knew."""
        if name not in self._known:
            known = self.ledger[name + SEEN].to_numpy(dtype=object)
            raw = known.take(self._places)
            raw[self._places < 0] = None
            self._known[name] = raw.tolist()
        return self._known[name]

    def was(self, name: str, place: int) -> int | str | cells.Wrong | None:
        """What the row at a place showed, read; Wrong also for a place outside the tab."""
        before = self.before(name)
        return self.read(name, before[place]) if 0 <= place < len(before) else cells.Wrong("")

    @cached_property
    def common(self) -> dict[str, Counter[Cell]]:
        """How often each column held each number before; numbers typed as texts do not matter for that."""
        return {name: Counter(self.before(name)) for name in self.fields if name in NUMBERS}

    @cached_property
    def _choices(self) -> dict[str, Counter[object]]:
        return {
            name: Counter(self.read(name, raw) for raw in self.before(name))
            for name in self.fields
            if name not in NUMBERS
        }

    def share_of(self, name: str, choice: object) -> float:
        """The part of the column that held this choice before."""
        counts = self._choices[name]
        return (counts[choice] + 1) / (counts.total() + 2)

    def share(self, name: str, value: int) -> float:
        """How likely an honest cell of this column is to hold exactly `value`, by what the column held before."""
        counts = self.common[name]
        return (counts[value] + 1) / (counts.total() - counts[None] + 5)


def found(feed: Feed, sheet: pd.DataFrame, ledger: pd.DataFrame, moved: pd.DataFrame, say: Words) -> list[Limit]:
    """The accidents that `moved` shows, as limits that stop the push, each with its rows.

    sheet, ledger: one tab's frames as `diff.changed` takes them, and a `link`; moved: what it returned, without rows that
    are held anyway.
    """
    if moved["key"].nunique() < ROWS:
        return []
    tab = _Tab(feed, sheet, ledger, moved, say)
    limits: list[Limit] = []
    rows = tab.rows
    while len(rows) >= ROWS and len(limits) < MOST_ACCIDENTS:
        blocks = [each for each in _blocks(tab, rows) if each[0] >= BITS]
        if not blocks:
            break
        guess, block = _best(blocks)
        block = _whole(tab, guess, block, rows)
        limits.append(limit(feed, guess.name, _numbered(sheet, block), _what(guess, block, say), say))
        hit = {row.key for row in block}
        rows = [row for row in rows if row.key not in hit]
    return limits


def limit(feed: Feed, name: str, rows: Sequence[tuple[int, str]], what: str, say: Words) -> Limit:
    """An accident in words. rows: (row number, key) of each row it is about."""
    rows = sorted(rows)
    keys = [key for _, key in rows]
    text = say.LIMITS["accident"].format(
        tab=say.TAB[feed], first=rows[0][0], last=rows[-1][0], count=len(rows), ids=named_ids(keys), what=what
    )
    return Limit(name, text, tuple((feed.value, key) for key in keys), feed if name in SHUTTING else None)


def named_ids(keys: Sequence[str]) -> str:
    """IDs as a phrase: all of a few, of many the first two and the last."""
    return ", ".join(keys) if len(keys) <= ROWS else f"{keys[0]}, {keys[1]} … {keys[-1]}"


def _numbered(sheet: pd.DataFrame, block: list[_Row]) -> list[tuple[int, str]]:
    numbers = sheet[ROW].to_numpy(dtype=object)
    return [(int(numbers[row.place]), row.key) for row in block]


def _what(guess: _Guess, block: list[_Row], say: Words) -> str:
    """What happened to a block, as a sentence."""
    changed = Counter(name for row in block for name in row.new)
    if guess.name == "filled":
        shown = say.value(guess.column, str(guess.value))
        return say.LIMITS["filled_same"].format(label=say.LABEL[guess.column], value=shown)
    if guess.name == "series":
        return say.LIMITS["filled_series"].format(label=say.LABEL[guess.column])
    cleared = Counter(name for row in block for name in row.new if row.new[name] is None)
    if guess.name == "back" and cleared.total() == changed.total():
        return say.LIMITS["cleared"].format(labels=say.named(sorted(cleared)))
    labels = say.named(
        sorted(name for name, times in changed.items() if 2 * times > len(block) or times >= ROWS) or changed
    )
    if guess.name == "shifted":
        text = say.LIMITS["shifted_down"] if guess.shift > 0 else say.LIMITS["shifted_up"]
        return text.format(labels=labels, count=abs(guess.shift))
    return say.LIMITS["sorted_columns" if guess.name == "sorted apart" else "back"].format(labels=labels)


# --- blocks ----------------------------------------------------------------------------------------------------------


def _blocks(tab: _Tab, rows: list[_Row]) -> Iterator[tuple[float, _Guess, list[_Row]]]:
    """The best block of each guess: (bits, guess, rows)."""
    yield 0.0, _Guess("", []), []
    for guess in _guesses(tab, rows):
        bits, first, last = _stretch(guess.bits)
        first = max(0, first - guess.lead)
        block = [row for row, own in zip(rows[first:last], guess.bits[first:last], strict=True) if own >= 0]
        told = sum(own > 0 for own in guess.bits[first:last]) + guess.lead
        if told >= ROWS:
            yield bits, guess, block


def _whole(tab: _Tab, guess: _Guess, block: list[_Row], rows: list[_Row]) -> list[_Row]:
    """The block with what belongs to it although it tells nothing by itself: the rest of the cells that were filled, or undone."""
    mine = {row.key for row in block}
    if guess.name == "filled":
        return _filled_on(tab, guess.column, guess.value, 0, block, rows)
    if guess.name == "series":
        step = _step(guess.column, block)
        return _filled_on(tab, guess.column, block[0].new[guess.column], step, block, rows)
    if guess.name != "back":
        return block
    whole = [row for row, own in zip(rows, guess.bits, strict=True) if own > 0 or row.key in mine]
    for name in tab.fields:
        values = {row.new.get(name) for row in block}
        if len(values) == 1 and None not in values:
            return _filled_on(
                tab, name, values.pop(), 0, whole, rows
            )  # an undo, or one choice dragged over closed rows
    return whole


def _step(name: str, block: list[_Row]) -> int:
    """By how much a series grows from one row of the sheet to the next."""
    steps = Counter[int]()
    for one, other in pairwise(block):
        low, high = one.new.get(name), other.new.get(name)
        if isinstance(low, int) and isinstance(high, int):
            steps[(high - low) // (other.place - one.place)] += 1
    return steps.most_common(1)[0][0] if steps else 0


def _filled_on(
    tab: _Tab, name: str, value: int | str | None, step: int, block: list[_Row], rows: list[_Row]
) -> list[_Row]:
    """The block and the changed rows next to it that show what a fill from its first row would have put there."""
    cells_, start = tab.sheet[name].to_numpy(dtype=object), block[0].place

    def goes_on(place: int) -> bool:
        wanted = int(str(value)) + step * (place - start) if step else value
        return 0 <= place < len(cells_) and tab.read(name, cells_[place]) == wanted

    first, last = start, block[-1].place
    while further := next((by for by in range(1, GAP + 1) if goes_on(first - by)), 0):
        first -= further
    while further := next((by for by in range(1, GAP + 1) if goes_on(last + by)), 0):
        last += further
    mine = {row.key for row in block}
    return [row for row in rows if row.key in mine or (first <= row.place <= last and goes_on(row.place))]


def _best(blocks: list[tuple[float, _Guess, list[_Row]]]) -> tuple[_Guess, list[_Row]]:
    """The guess with the most bits; but values beside other ids explain more, and a count that was filled down more than an undo."""
    most = max(bits for bits, _, _ in blocks)
    apart = [each for each in blocks if each[1].name in SHUTTING and each[0] >= most / 2]
    apart = apart or [each for each in blocks if each[1].column in NUMBERS and each[0] >= most / 2]
    _, guess, block = max(apart or blocks, key=lambda found: found[0])
    return guess, block


def _stretch(bits: list[float]) -> tuple[float, int, int]:
    """The stretch with the largest sum: (sum, first, one past the last)."""
    best, at = (0.0, 0, 0), 0
    total = 0.0
    for place, own in enumerate(bits):
        if total <= 0:
            total, at = 0.0, place
        total += own
        if total > best[0]:
            best = (total, at, place + 1)
    return best


def _guesses(tab: _Tab, rows: list[_Row]) -> Iterator[_Guess]:
    """What may have happened; of equally good guesses the first is said."""
    for shift in _shifts(tab, rows):
        yield _Guess("shifted", [_shifted(tab, row, shift) for row in rows], shift=shift)
    yield _sorted_apart(tab, rows)
    yield _Guess("back", [_back(tab, row) for row in rows])
    for name in tab.fields:
        if name in NUMBERS:
            yield _series(name, rows)
        values = Counter(row.new[name] for row in rows if row.new.get(name) is not None)
        for value, times in values.most_common(3):
            if times >= ROWS and value is not None:
                yield _filled(tab, name, value, rows)


def _wrong_way(row: _Row, name: str) -> bool:
    """Whether a choice went back, or was changed after it had closed the row."""
    old, new = row.old.get(name), row.new.get(name)
    if old is None or new is None or name in NUMBERS:
        return False
    before = RANK.get(str(old), CLOSED)
    return before == CLOSED or RANK.get(str(new), CLOSED) < before


# --- an undo, an older copy, an emptied column -----------------------------------------------------------------------


def _back(tab: _Tab, row: _Row) -> float:
    """A row whose cells went back to blank or to something earlier."""
    told = 0.0
    for name, new in row.new.items():
        old = row.old[name]
        if old is None:
            told += FORWARD
        elif new is None:
            # what staff are asked to do with a completed order that still shows remains
            asked = name == "remains" and tab.feed is Feed.ORDERS and old != 0 and _status(tab, row) == Status.COMPLETED
            told += 0 if asked else CLEARED
        elif name not in NUMBERS:
            # from one closed status to another is no way back: rather a fill-down
            told += FORWARD if not _wrong_way(row, name) else WRONG_WAY if str(new) in RANK else CLEARED
        elif _was_closed(tab, row):
            told += CLEARED
        elif int(new) < int(old):
            told += SMALLER if name == "start_count" else FORWARD
        else:
            told += MORE_LEFT if name == "remains" else FORWARD
    return max(FORWARD, min(told, WRONG_WAY))


def _status(tab: _Tab, row: _Row) -> object:
    """The Status an order's row shows."""
    return tab.read("status", tab.sheet["status"].to_numpy(dtype=object)[row.place])


def _was_closed(tab: _Tab, row: _Row) -> bool:
    name = "decision" if tab.feed is Feed.CANCELS else "status"
    old = tab.was(name, row.place)
    return isinstance(old, str) and RANK.get(old, CLOSED) == CLOSED


# --- filled down -----------------------------------------------------------------------------------------------------


def _filled(tab: _Tab, name: str, value: int | str, rows: list[_Row]) -> _Guess:
    """One value in every row. The same link has the same counter, and zero in an empty cell is an honest value."""
    own = FILLED
    if isinstance(value, int):
        own = FILLED if _spread(value) >= 50 else FILLED_ROUND if value >= 20 else FILLED_SMALL  # noqa: PLR2004 - as measured
        counts = tab.common[name]
        own = min(own, -log2(counts[value] / (counts.total() - counts[None]))) if counts[value] else own
    quantities = tab.sheet["quantity"].to_numpy(dtype=object) if "quantity" in tab.sheet else None
    bits = []
    last: Cell = None
    for row in rows:
        new, old = row.new.get(name), row.old.get(name)
        if name not in row.new or new is None:
            bits.append(0.0)
            continue
        if new != value:
            bits.append(OTHERWISE)
        elif name not in NUMBERS:
            bits.append(WRONG_WAY if _wrong_way(row, name) else 0.0)
        elif row.link == last and last is not None:
            bits.append(0.0)
        elif name == "start_count" and old is not None:
            bits.append(FILLED)  # different counts, now all the same
        elif value == 0 or (quantities is not None and tab.read("remains", quantities[row.place]) == value):
            bits.append(0.0)  # nothing of it was delivered
        else:
            bits.append(own)
        last = row.link
    return _Guess("filled", bits, column=name, value=value)


def _series(name: str, rows: list[_Row]) -> _Guess:
    """Numbers that go up or down by one same step. Orders of one link do so honestly, each starting where the last ended."""
    bits = []
    trail: list[tuple[int, Cell]] = []
    for row in rows:
        new = row.new.get(name)
        if not isinstance(new, int):
            bits.append(0.0)
            continue
        trail = [*trail[-2:], (new, row.link)]
        told = 0.0
        if len(trail) == 3:  # noqa: PLR2004 - two steps
            (one, _), (two, before), (three, link) = trail
            if three - two == two - one != 0:
                told = 0.0 if link == before else SERIES if _spread(max(one, three)) >= 8 else SERIES_SMALL  # noqa: PLR2004 - as measured
            else:
                told = 2 * OTHERWISE  # a run that starts anew is another run
        bits.append(told)
    return _Guess("series", bits, column=name, lead=2)


# --- values beside another row's id ----------------------------------------------------------------------------------


def _shifts(tab: _Tab, rows: list[_Row]) -> list[int]:
    """By how many rows a block may have been pasted off: where most of the new values stood before."""
    seen: Counter[int] = Counter({1: 1, -1: 1, 2: 0, -2: 0})
    for name in tab.fields:
        if name not in NUMBERS:
            continue
        wanted = {row.new[name] for row in rows if row.new.get(name)}
        stood: dict[Cell, list[int]] = {}
        if wanted:
            for place, value in enumerate(tab.before(name)):
                if value in wanted:
                    stood.setdefault(value, []).append(place)
        for row in rows:
            places = stood.get(row.new.get(name), ())
            if len(places) <= MOST_PLACES:
                seen.update(row.place - place for place in places)
    for name in tab.fields:
        part = [row for row in rows if name not in NUMBERS and name in row.new]
        for shift in _NEAR if len(part) >= ROWS else ():
            hits = sum(tab.was(name, row.place - shift) == row.new[name] for row in part)
            if hits >= MATCHING * len(part):
                seen[shift] += hits
    return [shift for shift, _ in seen.most_common(5) if shift]


def _shifted(tab: _Tab, row: _Row, shift: int) -> float:
    """A row that shows what stood `shift` rows above it."""
    told = 0.0
    place = row.place - shift
    same_link = 0 <= place < len(tab.links) and tab.links[place] == row.link
    for name, new in row.new.items():
        there = tab.was(name, place)
        if isinstance(there, cells.Wrong):
            continue
        if name in NUMBERS:
            if new is None:
                told += BLANKED if there is None else -1.0
            elif not same_link or new != there:
                told += _likelier(min(tab.share(name, int(new)), 1 / _spread(int(new))), matched=new == there)
                told += OVERWRITTEN if new == there and name == "start_count" and row.old[name] is not None else 0.0
        elif new == there:
            own = _likelier(tab.share_of(name, new), matched=True)
            told += WRONG_WAY if _wrong_way(row, name) else CLEARED if new is None else max(0.5, own)
        else:
            told -= 1.0
    return told


_NEAR: Final = tuple(shift for shift in range(-12, 13) if shift)
"""How far off a block of choices is looked for: among a few words, one further away is found everywhere."""


def _sorted_apart(tab: _Tab, rows: list[_Row]) -> _Guess:
    """Values that other changed rows had: one column, or several together, in another order than the ids."""
    bits = [0.0] * len(rows)
    for name in tab.fields:
        part = [(at, row) for at, row in enumerate(rows) if name in row.new]
        lost = Counter(row.old[name] for _, row in part)
        gained = Counter(row.new[name] for _, row in part)
        if name not in NUMBERS and len(part) >= SHUFFLED and (lost & gained).total() >= ALL_BUT_ALL * len(part):
            for at, _ in part:
                bits[at] += CLEARED  # the same choices, blanks among them, beside other rows
            continue
        del lost[None], gained[None]
        if not lost or not gained:
            continue
        if name in NUMBERS:
            chance = _Chance(tab, name, rows, lost)
            for at, row in part:
                bits[at] += _moved_here(chance, row.new[name], row.old[name], lost, gained)
        else:
            for at, row in part:
                if row.new[name] in lost:
                    bits[at] += WRONG_WAY if _wrong_way(row, name) else 0.0
                elif row.new[name] is not None:
                    bits[at] -= 1.0
    return _Guess("sorted apart", bits)


def _moved_here(
    chance: _Chance, new: int | str | None, old: int | str | None, lost: Counter[Any], gained: Counter[Any]
) -> float:
    """Bits for "this number came from, or went to, another row". A number that one row lost came to one row, not to ten."""
    value = old if new is None else new
    if value is None:
        return 0.0
    ours, others = (gained, lost) if new is not None else (lost, gained)
    odds = chance.of(int(value))
    matched, unmatched = _likelier(odds, matched=True), _likelier(odds, matched=False)
    if new is None:
        matched = max(matched, BLANKED)
    elif old is None:
        matched, unmatched = max(matched, -1.0), max(unmatched, -1.0)
    part = min(1.0, others[value] / ours[value])
    return part * matched + (1 - part) * unmatched


class _Chance:
    """How likely an honest number is to be among the `lost` ones: by how densely these lie around it, and how common they are."""

    def __init__(self, tab: _Tab, name: str, rows: list[_Row], lost: Counter[int | str | None]) -> None:
        numbers = sorted(int(value) for value in lost if value is not None)
        self._by_grain = {grain: [n for n in numbers if n % grain == 0] for grain in _GRAINS}
        counts = tab.common[name]
        changed = Counter(row.old[name] for row in rows if row.old.get(name) is not None)
        others = counts.total() - counts[None] - changed.total()
        hits = sum(counts[number] - changed[number] for number in numbers)
        self._share = (max(hits, 0) + 1) / (max(others, 0) + 2)

    def of(self, value: int) -> float:
        grain = _grain(value)
        low, high = _around(value)
        numbers = self._by_grain[grain]
        inside = bisect_right(numbers, high) - bisect_left(numbers, low)
        return min(self._share, max(inside, 1) / _spread(value))


_GRAINS: Final = (1, *(step * 10**power for power in range(12) for step in (5, 10)))


def _grain(value: int) -> int:
    """The roundest step a number lies on: 12345 → 5, 1500 → 500, 0 → the largest."""
    return next((grain for grain in reversed(_GRAINS) if value % grain == 0), 1)


def _around(value: int) -> tuple[int, int]:
    return value - value // 5, value + value // 5


@lru_cache(maxsize=1 << 14)
def _spread(value: int) -> int:
    """How many numbers as round as this one lie within a fifth of it: how little chance there is to hit it."""
    grain = _grain(value)
    low, high = _around(value)
    return max(1, high // grain - (low - 1) // grain)


def _likelier(chance: float, *, matched: bool) -> float:
    """Bits for "moved here from another row" when a cell does or does not hold what it then would."""
    chance = max(chance, SELDOM)
    if chance >= MATCHING:
        return 0.0
    return log2(MATCHING / chance) if matched else log2((1 - MATCHING) / (1 - chance))
