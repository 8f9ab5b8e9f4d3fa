"""Rows that leave a tab of a Google Sheet, by content only: no row number stays true between two calls.

`deleteDuplicates` "removes rows within this range that contain values in the specified columns that are duplicates of values
in any previous row"; the first from the top is kept [doc]. So, within one batch, which nobody comes between: copies of the
rows as they were read go in right below the headings, the duplicates of them are removed wherever they stand now, and the
copies are taken out again. A row that somebody changed meanwhile is no duplicate, and stays.

Letter cases, formats and formulas do not count as differences [doc], and rows without anything in them may count as
duplicates of each other: of empty rows between the others, the first stays.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconcile.core.model import Cell
    from reconcile.workbook.templates import Tab

_DATE: Final = re.compile(
    r"(?:[\d\s.,:/\-年月日]|a\.?m\.?|p\.?m\.?|gmt|utc|[tz]|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]*)+",
    re.IGNORECASE,
)
"""What a date or time may look like where it is shown; a read brings only that, and a copy would be another value."""


def obstacle(tab: Tab, columns: Mapping[str, int], body: Sequence[Sequence[Cell]]) -> str:
    """Why no row may leave: `formulas`, which could look at other rows, or `twins`, which would be taken for one; else ""."""
    texts = {columns[column.key] for column in tab.columns if _customers(column.owner, column.type, column.numeric)}
    key = columns[tab.key_column]
    for row in body:
        for place, cell in enumerate(row):
            if type(cell) is str and cell[:1] == "=" and place not in texts:
                return "formulas"
    keys = [_folded(row[key]) if key < len(row) else "" for row in body]
    times = Counter(keys)
    seen: set[tuple[str, ...]] = set()
    for name, row in zip(keys, body, strict=True):
        if name and times[name] == 1:
            continue
        content = tuple(_folded(cell) for cell in row)
        while content and not content[-1]:
            content = content[:-1]
        if content and content in seen:
            return "twins"
        seen.add(content)
    return ""


def _customers(owner: str, type_: str, numeric: bool) -> bool:  # noqa: FBT001 - a column's facts
    """Whether a text that begins with = is just a text there: what customers wrote, stored as text."""
    return owner != "staff" and not numeric and type_ != "time"


def _folded(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip().casefold()


def dated(tab: Tab, columns: Mapping[str, int], row: Sequence[Cell]) -> bool:
    """Whether a cell that anybody may type into shows what may be a date or a time."""
    fixed = {columns[column.key] for column in tab.columns if column.owner != "staff"}
    return any(
        isinstance(cell, str) and place not in fixed and _DATE.fullmatch(cell) and any(map(str.isdigit, cell))
        for place, cell in enumerate(row)
    )


def requests(
    sheet: int,
    rows: Sequence[Sequence[Cell]],
    last: int,
    skipped: int,
    typed: Callable[[Cell, str], dict[str, Any]],
    *,
    spare: bool,
) -> list[dict[str, Any]]:
    """What takes `rows` (whole rows as read) out of a tab.

    last: the number of the last row to look at. skipped: a column that is not compared, since a read shows it only to the
    minute. typed: a value as CellData. spare: whether there is a row below `last`; what becomes free at the end gets its
    drop-downs and looks, since nobody says what Google leaves there.
    """
    count = len(rows)
    copies = {"sheetId": sheet, "dimension": "ROWS", "startIndex": 1, "endIndex": 1 + count}
    cells = [
        {"values": [{} if place == skipped or cell == "" else typed(cell, "") for place, cell in enumerate(row)]}
        for row in rows
    ]
    compared: list[dict[str, Any]] = [{"sheetId": sheet, "dimension": "COLUMNS", "startIndex": skipped + 1}]
    if skipped:
        compared.insert(0, {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": 0, "endIndex": skipped})
    return [
        {"insertDimension": {"range": copies, "inheritFromBefore": False}},
        {
            "updateCells": {
                "start": {"sheetId": sheet, "rowIndex": 1, "columnIndex": 0},
                "rows": cells,
                "fields": "userEnteredValue",
            }
        },
        {
            "deleteDuplicates": {
                "range": {"sheetId": sheet, "startRowIndex": 1, "endRowIndex": last + count},
                "comparisonColumns": compared,
            }
        },
        {"deleteDimension": {"range": copies}},
        *(_like_the_next(sheet, last - count, last) if spare else ()),
    ]


def _like_the_next(sheet: int, start: int, end: int) -> list[dict[str, Any]]:
    source = {"sheetId": sheet, "startRowIndex": end, "endRowIndex": end + 1}
    freed = {"sheetId": sheet, "startRowIndex": max(1, start), "endRowIndex": end}
    return [
        {"copyPaste": {"source": source, "destination": freed, "pasteType": kind}}
        for kind in ("PASTE_FORMAT", "PASTE_DATA_VALIDATION")
    ]
