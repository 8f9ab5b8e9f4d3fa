"""Accidents in the tabs that staff write themselves: what was sent is known there, what is new is not.

So the signs are others than in `accidents`: rows that were sent and show something else now, content that stands beside another
Reference than it was sent under, cells that ran past their References, and rows that only go on from the one above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from reconcile.core import accidents, cells
from reconcile.core.model import Feed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconcile.core.model import Cell, Limit, Row
    from reconcile.core.words import Words

CONTENT: Final = {Feed.PAYMENTS: ("user", "amount", "details"), Feed.TICKETS: ("user", "subject", "message")}
"""What a row is about, beside its Reference."""

CROSSED: Final = 2
"""So many rows with what was sent under another Reference were sorted or pasted apart; a single one is told so itself."""

FILLED: Final = 5
"""So many new rows that only go on from the one above were dragged; fewer are asked about one by one, where they are equal."""

ONE_USER: Final = 8
"""So many new rows below each other for one customer were dragged, whatever else they say."""

_COUNTING: Final = re.compile(r"^(.*?)(\d{1,15})$", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One row of the tab, in sheet order. new: whether nothing was ever sent under its key; ready: whether its Send says Yes.

    sent_as: the other reference under which exactly this was sent, "" normally. changed: whether it was sent, and
    shows something else now; moved: another customer, which nobody corrects.
    """

    key: str
    number: int
    row: Row
    new: bool
    ready: bool
    sent_as: str = ""
    moved: bool = False
    changed: bool = False


def found(feed: Feed, lines: Sequence[Line], say: Words) -> list[Limit]:
    """The accidents a tab shows, as limits. Only what is new and ready could be sent, so without it there is none.

    A sent row that shows something else is told so itself; next to new rows it was pasted over with them.
    """
    fresh = [line for line in lines if line.new and line.ready and line.key]
    if not fresh:
        return []
    out = []
    apart = [line for line in lines if line.key and (line.sent_as or line.changed)]
    crossed, changed = sum(bool(line.sent_as) for line in apart), sum(line.changed for line in apart)
    beside = any(above.changed and line.new for above, line in pairwise(lines))
    if crossed >= CROSSED or changed >= accidents.ROWS or beside or any(line.moved for line in apart):
        rows = _numbered({line.key: line for line in (*apart, *fresh)})
        out.append(accidents.limit(feed, "sorted apart", rows, say.LIMITS["sent_apart"], say))
    elif past := _past_its_references(fresh, lines):
        rows = _numbered({line.key: line for line in fresh})
        what = say.LIMITS["past_references"].format(label=say.LABEL["reference"], row=past)
        out.append(accidents.limit(feed, "shifted", rows, what, say))
    for run in _runs(feed, lines):
        what = say.LIMITS["filled_rows"]
        out.append(accidents.limit(feed, "filled", _numbered({line.key: line for line in run}), what, say))
    return out


def _numbered(lines: Mapping[str, Line]) -> list[tuple[int, str]]:
    return [(line.number, key) for key, line in lines.items()]


def _past_its_references(fresh: Sequence[Line], lines: Sequence[Line]) -> int:
    """The row number of content without a Reference, where a new Reference has no content: a block pasted some rows off. 0 for none."""
    if all(not cells.is_blank(line.row.get("user")) for line in fresh):
        return 0
    return next((line.number for line in lines if not line.key and not cells.is_blank(line.row.get("user"))), 0)


def _runs(feed: Feed, lines: Sequence[Line]) -> list[list[Line]]:
    """Neighbouring new rows that go on from the row above, as a drag makes them."""
    runs: list[list[Line]] = []
    for goes_on, least in ((_goes_on, FILLED), (_same_user, ONE_USER)):
        taken = {line.key for run in runs for line in run}
        run: list[Line] = []
        for above, line in pairwise(lines):
            if goes_on(feed, above.row, line.row) and line.new and line.key and line.key not in taken:
                run = run or ([above] if above.new and above.key and above.key not in taken else [])
                run = [*run, line]
                continue
            runs += [run] if len(run) >= least else []
            run = []
        runs += [run] if len(run) >= least else []
    return runs


def _goes_on(feed: Feed, above: Row, row: Row) -> bool:
    return not cells.is_blank(row.get("user")) and all(_next(above.get(name), row.get(name)) for name in CONTENT[feed])


def _same_user(_: Feed, above: Row, row: Row) -> bool:
    return not cells.is_blank(row.get("user")) and cells.id_text(above.get("user")) == cells.id_text(row.get("user"))


def _next(above: Cell, cell: Cell) -> bool:
    """Whether a drag makes the second cell of the first: the same, or one more."""
    if above == cell:
        return True
    if isinstance(above, (int, float)) and isinstance(cell, (int, float)):
        return abs(cell - above - 1) < 1e-6  # noqa: PLR2004 - a spreadsheet counts in floats
    one, other = _COUNTING.match(str(above)), _COUNTING.match(str(cell))
    return bool(one and other and one[1] == other[1] and int(other[2]) == int(one[2]) + 1)
