"""Protected ranges by user: who may edit what.

Facts (docs/sheet-facts.md "Protection, validation, tables"): the owner can always edit and is not listed; who creates a protection
keeps access; warning-only never refuses an API call; one protected cell refuses the whole batch, with HTTP 400.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator import a1
from tests.emulator.errors import PROTECTED, BatchError

if TYPE_CHECKING:
    from tests.emulator.a1 import Area
    from tests.emulator.book import Book, Sheet


def can_edit(book: Book, caller: str, protection: dict[str, Any]) -> bool:
    """Tell whether the caller may edit cells under this protection."""
    role = book.access.get(caller)
    if protection.get("warningOnly") or role == "owner":
        return role != "reader"
    return role != "reader" and caller in protection.get("editors", {}).get("users", ())


def area_of(book: Book, protection: dict[str, Any]) -> Area:
    """Return the protected area, following a named range."""
    named_id = protection.get("namedRangeId")
    if named_id:
        for named in book.named_ranges:
            if named["namedRangeId"] == named_id:
                return a1.area(named["range"])
    return a1.area(protection.get("range", {}))


def closed(book: Book, caller: str, sheet: Sheet) -> list[tuple[Area, list[Area]]]:
    """Return what is closed to the caller on a sheet: (area, the unprotected parts of it)."""
    out = []
    for protection in sheet.protections:
        if not can_edit(book, caller, protection):
            open_parts = [a1.area(r) for r in protection.get("unprotectedRanges", [])]
            out.append((area_of(book, protection), open_parts))
    return out


def check_cells(book: Book, caller: str, area: Area) -> None:
    """Raise BatchError when the caller may not edit every cell of the area."""
    sheet = book.sheet(area.sheet_id)
    if not sheet.protections:
        return
    for shut, open_parts in closed(book, caller, sheet):
        if shut.meets(area) and not any(part.holds(area) for part in open_parts):
            raise BatchError(PROTECTED)


def check_sheet(book: Book, caller: str, sheet: Sheet) -> None:
    """Raise BatchError when the whole sheet is protected against the caller."""
    if any(shut.whole_sheet() for shut, _ in closed(book, caller, sheet)):
        raise BatchError(PROTECTED)


def check_dimension(
    book: Book, caller: str, sheet: Sheet, dimension: str, start: int, end: int, *, inserting: bool = False
) -> None:
    """Raise BatchError when rows or columns may not be deleted, moved, or (inserting) put between protected ones."""
    for shut, _ in closed(book, caller, sheet):
        if shut.whole_sheet():
            raise BatchError(PROTECTED)
        low, high = (shut.r0, shut.r1) if dimension == "ROWS" else (shut.c0, shut.c1)
        if inserting:
            # A range open on this axis (a protected column, for inserted rows) grows with the sheet; nothing of it is edited.
            if low is None and high is None:
                continue
            if (low or 0) < start and (high is None or start < high):
                raise BatchError(PROTECTED)
        elif (low or 0) < end and (high is None or start < high):
            raise BatchError(PROTECTED)


def shown(book: Book, caller: str, protection: dict[str, Any]) -> dict[str, Any]:
    """Return a protection as this caller sees it: with their right, and editors only if they may edit."""
    out = {k: v for k, v in protection.items() if k != "requestingUserCanEdit"}
    allowed = can_edit(book, caller, protection)
    if allowed:
        out["requestingUserCanEdit"] = True
    else:
        out.pop("editors", None)
    if "range" not in out:
        out["range"] = area_of(book, protection).json()
    return out
