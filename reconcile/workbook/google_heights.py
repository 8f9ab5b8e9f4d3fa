"""Rows of Orders whose texts would fill the screen get a height of six lines in a Google Sheet. Pure; nothing is sent here.

A row without a height of its own grows with its texts; one whose height was set keeps it, and the height stays with the row
number when staff sort. So `_ledger` remembers which rows were given one, and a later read tells which rows need it now. This
is one of the few things that are named by row number: a height on the wrong row is harmless, and the next run mends it.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.model import ROW
from reconcile.workbook import guide

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import pandas as pd

    from reconcile.workbook.templates import Column, Tab

ENTRY: Final = "tall"
"""The meta entry: the rows that were given a height, as `3-4,7`, or `NONE`. Where there is none, texts may not wrap yet."""

NONE: Final = "none"
MOST: Final = 500
"""Most stretches of rows that are told apart; with more, the smallest gaps between them are as high as they are."""

PIXELS: Final = 5 + 16 * guide.MOST_LINES
"""Of a row with that many lines of Arial 10: an estimate."""


@dataclass(frozen=True)
class Heights:
    """What is known of Orders' rows, by number. given: rows that have our height. wrapped: whether texts wrap.

    tall: rows of which a text needs one, as of the last read and what was appended since; None when no number read holds.
    """

    given: frozenset[int] = frozenset()
    tall: frozenset[int] | None = None
    wrapped: bool = True

    @property
    def text(self) -> str:
        """The meta entry."""
        return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in _spans(self.given)) or NONE


def columns(tab: Tab) -> list[Column]:
    """The columns whose texts wrap, however long they are. The job's own answers are short."""
    return [column for column in tab.columns if column.wraps and column.type != "answer"]


def heights(meta: Mapping[str, str], tab: Tab, frame: pd.DataFrame, rows: int) -> Heights:
    """The heights as read. frame: the tab as read; rows: how many it has."""
    given: set[int] = set()
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", meta.get(ENTRY, "")):
        given.update(range(max(2, int(first)), min(int(last or first), rows) + 1))
    return Heights(
        given=frozenset(given),
        tall=frozenset[int]().union(
            *(tall(column, zip(frame[ROW], frame[column.key], strict=True)) for column in columns(tab))
        ),
        wrapped=ENTRY in meta,
    )


def tall(column: Column, rows: Iterable[tuple[int, Any]]) -> frozenset[int]:
    """Of rows as (number, text in that column), those that need more than six lines."""
    return frozenset(number for number, text in rows if guide.shown_lines(column, text) > guide.MOST_LINES)


def covered(rows: Collection[int]) -> frozenset[int]:
    """`rows` in at most `MOST` stretches: where there are more, the rows of the smallest gaps belong to them, too."""
    spans = _spans(rows)
    gaps = sorted(itertools.pairwise(spans), key=lambda pair: pair[1][0] - pair[0][1])
    filled = (range(left[1] + 1, right[0]) for left, right in gaps[: max(0, len(spans) - MOST)])
    return frozenset(rows).union(*filled)


def requests(sheet: int, given: Collection[int], wanted: Collection[int]) -> list[dict[str, Any]]:
    """What changes the rows that have a height from `given` to `wanted`."""
    fitted = [
        {"autoResizeDimensions": {"dimensions": _rows(sheet, *span)}} for span in _spans(set(given) - set(wanted))
    ]
    set_ = [
        {
            "updateDimensionProperties": {
                "range": _rows(sheet, *span),
                "properties": {"pixelSize": PIXELS},
                "fields": "pixelSize",
            }
        }
        for span in _spans(set(wanted) - set(given))
    ]
    return [*fitted, *set_]


def _spans(rows: Collection[int]) -> list[tuple[int, int]]:
    return guide.spans(sorted(rows))


def _rows(sheet: int, first: int, last: int) -> dict[str, Any]:
    return {"sheetId": sheet, "dimension": "ROWS", "startIndex": first - 1, "endIndex": last}
