"""What a commit brings back with its answer: how the sheet stood when the commit was applied. It costs no call.

Whatever would make a later commit fail or go astray is seen here in a run's first commit, before anything is claimed or sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Json = dict[str, Any]

SHAPE: Final = (
    "developerMetadata(metadataId,metadataKey),sheets("
    "properties(sheetId,gridProperties.rowCount),data.rowData.values.formattedValue,"
    "protectedRanges(range,unprotectedRanges,warningOnly,requestingUserCanEdit),tables(range))"
)
MASK: Final = f"replies,updatedSpreadsheet({SHAPE})"


@dataclass(frozen=True)
class ShownTab:
    """A tab: its headings, how many rows it has, the ranges that are closed to us, and those that are native tables."""

    head: list[str]
    rows: int
    closed: tuple[Json, ...]
    tables: tuple[Json, ...]


@dataclass(frozen=True)
class Shown:
    """The spreadsheet. stamps: ids of its metadata entries with our key. tabs: of those asked for, by sheet id."""

    stamps: tuple[int, ...]
    tabs: Mapping[int, ShownTab]


def shown(body: Json | None, stamp: str) -> Shown | None:
    """What an answer shows; None when it was lost, or the commit asked for nothing. stamp: the key of our metadata."""
    found = (body or {}).get("updatedSpreadsheet")
    if found is None:
        return None
    entries = found.get("developerMetadata", [])
    stamps = tuple(entry.get("metadataId", 0) for entry in entries if entry.get("metadataKey") == stamp)
    return Shown(stamps, {sheet["properties"].get("sheetId", 0): _tab(sheet) for sheet in found.get("sheets", [])})


def _tab(sheet: Json) -> ShownTab:
    lines = [line for block in sheet.get("data", []) for line in block.get("rowData", [])[:1]]
    return ShownTab(
        head=[str(cell.get("formattedValue", "")) for line in lines for cell in line.get("values", [])],
        rows=sheet["properties"].get("gridProperties", {}).get("rowCount", 0),
        closed=tuple(each.get("range", {}) for each in sheet.get("protectedRanges", []) if _closed(each)),
        tables=tuple(each.get("range", {}) for each in sheet.get("tables", [])),
    )


def _closed(protection: Json) -> bool:
    """Whether a protection is closed to us. One with exceptions is not judged: a write tells."""
    return not (
        protection.get("warningOnly") or protection.get("requestingUserCanEdit") or protection.get("unprotectedRanges")
    )


def reach(ranges: Iterable[Json], row: int, width: int) -> bool:
    """Whether one of the ranges holds cells of the first `width` columns in a row from `row` (counted from 0) on."""
    return any(
        each.get("startColumnIndex", 0) < width and ("endRowIndex" not in each or each["endRowIndex"] > row)
        for each in ranges
    )


def covers(ranges: Iterable[Json], row: int, column: int) -> bool:
    """Whether one of the ranges holds the cell of this row and column, both counted from 0."""
    return any(
        each.get("startColumnIndex", 0) <= column < each.get("endColumnIndex", column + 1)
        and each.get("startRowIndex", 0) <= row < each.get("endRowIndex", row + 1)
        for each in ranges
    )
