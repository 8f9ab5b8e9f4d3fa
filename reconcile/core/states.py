"""How each row stands, in one word: what the State column says, and what everything that counts rows goes by.

A State text begins with its row's own key, so that it is found and replaced as safely as a Sync text: `#15 · In progress · start
1,200`. It is worked out from what the run knows (the ledger, and the answers it gave), never from what was typed: until a typed word is
accepted, State says Check.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reconcile.core.diff import answered_as
from reconcile.core.ledger import STATE_GONE, STATE_OPEN, Sending, refusals
from reconcile.core.model import STATE, SYNC, Feed, Kind, Status
from reconcile.core.transitions import ended
from reconcile.core.words import prefix

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import pandas as pd

    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Cell, Note, Row, Snapshot
    from reconcile.core.words import Words


class State(StrEnum):
    """One word for how a row stands. The value is canonical; staff read it in the sheet's language."""

    NEW = "New"
    IN_PROGRESS = "In progress"
    WAITING = "Waiting"
    CHECK = "Check"
    REFUSED = "Refused"
    HELD = "Held"
    UNSURE = "Not sure"
    CLOSED = "Closed"
    SENT = "Sent"
    MISSING = "Missing"


MISSING_ENTRY: Final = "_missing"
HEALTH_ENTRY: Final = "_health"
"""Meta entries that the sheet's own formulas look up: how many open orders have no row, and what keeps the job from its work."""

STOPPED: Final = "\u2716"
"""What that text begins with where nothing is done at all."""

OVER: Final = (State.CLOSED, State.SENT)
"""Nothing is left to do."""

OF_KIND: Final = {
    Kind.WAITING: State.WAITING,
    Kind.PROBLEM: State.CHECK,
    Kind.REFUSED: State.REFUSED,
    Kind.HELD: State.HELD,
    Kind.DOUBT: State.UNSURE,
}
"""What an answer makes of its row; other kinds leave it as the ledger has it."""

MOST: Final = 2_000
"""State texts one commit writes at most; a workbook that has none yet gets the rest with the next runs."""

_COLUMNS: Final = ("state", "status", "start_count", "remains", "decision", "refused", "sending")


@dataclass(frozen=True)
class States:
    """texts: tab → key → the State text its row is to show, of the rows that show another.

    counts: feed → canonical word → rows; empty where the run looked at some rows only. missing: feed → the keys of open rows that the sheet does not have.
    """

    texts: Mapping[str, Mapping[str, str]]
    counts: Mapping[str, Mapping[str, int]]
    missing: Mapping[str, tuple[str, ...]]


def states(
    snapshot: Snapshot,
    ledger: Ledger,
    notes: Iterable[Note],
    *,
    left: Collection[str] = (),
    came: Iterable[tuple[str, Row]] = (),
    only: Collection[tuple[str, str]] | None = None,
) -> States:
    """How every row stands once this run is over.

    ledger: as this run leaves it. notes: the answers it gave, the newest last. left: orders that moved to Archive with it. came: (tab, row) of
    the rows it appended. only: the rows (tab, key) that this run looked at, None for all: nothing is said of others, and nothing counted.
    """
    say = snapshot.words
    kinds = {(note.tab, note.key): note.kind for note in notes}
    fresh: dict[str, set[str]] = {}
    for tab, row in came:
        fresh.setdefault(tab, set()).add(str(row.get("id")))
    texts: dict[str, Mapping[str, str]] = {}
    counts: dict[str, Mapping[str, int]] = {}
    missing: dict[str, tuple[str, ...]] = {}
    for feed in Feed:
        frame = snapshot.tabs[feed.value]
        known = _known(feed, ledger)
        names = _answered(feed, frame)
        gone = set(left) if feed is Feed.ORDERS else set()
        found = {
            key: _state(feed, known.get(key), kinds.get((feed.value, key)))
            for key in dict.fromkeys([*names, *fresh.get(feed.value, ())])
            if key and key not in gone
        }
        looked = found if only is None else {key: found[key] for key in found if (feed.value, key) in only}
        texts[feed.value] = _differing(feed, frame, names, looked, known, say)
        standing = [*(key for key in names if key in found), *fresh.get(feed.value, ())]
        counts[feed.value] = dict(Counter(state.value for key in standing if (state := found[key]) is not None))
        missing[feed.value] = tuple(_missing(known, found)) if feed.claimed else ()
        if missing[feed.value]:
            counts[feed.value] = {**counts[feed.value], State.MISSING.value: len(missing[feed.value])}
    return States({tab: found for tab, found in texts.items() if found}, counts if only is None else {}, missing)


def of_new(feed: Feed, key: str, known: Row, say: Words) -> str:
    """What a row says that has just come from the panel. known: its ledger row."""
    return text(feed, key, _state(feed, known, None) or State.NEW, known, say)


def text(feed: Feed, key: str, state: State, known: Row | None, say: Words) -> str:
    """A State text: `#15 · Closed · Partial · remains 50`; of a row that needs somebody, what the panel has in brackets."""
    word = f"{prefix(key)}{say.STATES[state]}"
    if known is None:
        return word
    if state is State.CLOSED:
        came_to = known["decision"] if feed is Feed.CANCELS else known["status"]
        return " · ".join([word, *([say.choice(str(came_to))] if came_to else []), *_counts(known, say, start=False)])
    if state in (State.NEW, State.IN_PROGRESS):
        return " · ".join([word, *(_counts(known, say) if feed is Feed.ORDERS else ())])
    if state is State.SENT or not feed.claimed or not known["status"]:
        return word
    return f"{word} ({say.choice(str(known['status']))})"


def _counts(known: Row, say: Words, *, start: bool = True) -> list[str]:
    """The start count and remains the panel has, where it has any."""
    phrases = {"start_count": say.PHRASES["state_start"], "remains": say.PHRASES["state_remains"]}
    return [
        phrase.format(count=say.count(str(known[name])))
        for name, phrase in phrases.items()
        if known[name] not in (None, "", "0") and (start or name != "start_count")
    ]


def _known(feed: Feed, ledger: Ledger) -> dict[str, Row]:
    """What the ledger says of a feed's rows, as far as it matters here."""
    frame = ledger.of(feed)
    columns = [frame[name].to_numpy(dtype=object) for name in _COLUMNS]
    return {
        str(key): dict(zip(_COLUMNS, cells, strict=True))
        for key, *cells in zip(frame.index.tolist(), *columns, strict=True)
    }


def _answered(feed: Feed, frame: pd.DataFrame) -> list[str]:
    """Under which key each row of the sheet is answered."""
    keys: list[str] = frame.index.tolist()
    named = [_key_of(sync) for sync in frame[SYNC]]
    return answered_as(keys, named) if feed.claimed else [key or name for key, name in zip(keys, named, strict=True)]


def _key_of(sync: Cell) -> str:
    if not isinstance(sync, str) or not sync.startswith("#"):
        return ""
    key, mark, _ = sync[1:].partition(" · ")
    return key if mark else ""


def _state(feed: Feed, known: Row | None, kind: Kind | None) -> State | None:
    """How a row stands; None for one of staff's own that nothing was said about yet."""
    if kind in OF_KIND:
        return OF_KIND[kind]
    if known is None:
        return None if not feed.claimed else State.CHECK
    sending = Sending.parse(known["sending"])
    if sending is not None and sending.doubt:
        return State.UNSURE
    if known["refused"] and refusals(known["refused"]):
        return State.REFUSED
    if not feed.claimed:
        return State.SENT if known["status"] else State.WAITING
    if not _is_open(known):
        return State.CLOSED
    if feed is Feed.ORDERS and known["status"] is None:
        return State.CHECK  # nobody knows what the panel has
    return State.IN_PROGRESS if known["status"] == Status.IN_PROGRESS else State.NEW


def _is_open(known: Row) -> bool:
    """Whether the panel still waits for something about this row."""
    return known["state"] == STATE_OPEN or (known["state"] == STATE_GONE and not ended(known))


def _differing(
    feed: Feed,
    frame: pd.DataFrame,
    names: list[str],
    found: Mapping[str, State | None],
    known: Mapping[str, Row],
    say: Words,
) -> dict[str, str]:
    """The texts that not every row of theirs shows; the upper rows first, at most MOST."""
    if STATE not in frame.columns:
        return {}
    out: dict[str, str] = {}
    for key, shown in zip(names, frame[STATE].to_numpy(dtype=object), strict=True):
        if key not in found or key in out:
            continue
        state = found[key]
        if state is None:
            if shown is None:
                continue
            state = State.WAITING
        wanted = text(feed, key, state, known.get(key), say)
        if shown != wanted:
            out[key] = wanted
            if len(out) == MOST:
                break
    return out


def _missing(known: Mapping[str, Row], found: Mapping[str, State | None]) -> Iterator[str]:
    """Open rows of the ledger that no row of the sheet is."""
    for key, row in known.items():
        if key not in found and row["state"] in (STATE_OPEN, STATE_GONE) and _is_open(row):
            yield key
