"""What a request handler gets: the book, who calls, the switches, and the checks every handler makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tests.emulator import a1, fields, protection
from tests.emulator.errors import NO_MASK, BatchError

if TYPE_CHECKING:
    from tests.emulator.a1 import Area
    from tests.emulator.book import Book, Sheet
    from tests.emulator.discovery import Discovery
    from tests.emulator.formulas import Evaluator

Json = dict[str, Any]
Handler = Callable[["Context", Json], Json | None]


AtTable = Literal["drop", "below", "grow"]


@dataclass
class Switches:
    """Behaviour nobody knows for sure, or on which sources differ; tests run with both settings where it matters."""

    delete_missing_metadata_fails: bool = False
    blanks_are_duplicates: bool = True
    sort_moves_row_metadata: bool = False
    findreplace_checks_whole_range: bool = False
    findreplace_in_hidden_tabs: bool = True
    lone_surrogates_fail: bool = True
    copies_carry_metadata: bool = True  # File > Make a copy
    restoring_brings_metadata_back: bool = True  # File > Version history
    service_accounts_may_create: bool = True  # those made since 2025 may not
    filters_follow_edits: bool = True  # False: a row stays shown or hidden until the filter is set again
    append_cells_over_hidden_rows: bool = False  # True: the last *shown* row with data counts
    values_append_over_hidden_rows: bool = False
    copy_paste_leaves_filtered_rows: bool = False  # True: as in the browser, rows a filter hides are not copied
    browser_spares_filtered_rows: bool = True  # people's paste, fill, clear, delete and move in a filtered tab
    append_cells_at_table: AtTable = "drop"  # appendCells without a tableId on a tab with a native table
    append_cells_into_table: AtTable = "grow"  # … with the table's id [live, one report]


@dataclass
class Context:
    """One batch (or values call) at work."""

    book: Book
    caller: str
    discovery: Discovery
    evaluator: Evaluator
    switches: Switches
    year: int = 2026

    def mask(self, req: Json, schema: str) -> fields.Trie:
        """Return the request's field mask; raises BatchError when it is missing or names an unknown field."""
        text = req.get("fields", "")
        if not text.strip():
            raise BatchError(NO_MASK)
        try:
            trie = fields.parse(text)
            fields.check(self.discovery, schema, trie)
        except fields.MaskError as problem:
            message = f"Invalid field: {problem}"
            raise BatchError(message) from None
        return trie

    def area(self, grid_range: Json | None, what: str = "range") -> tuple[Sheet, Area]:
        """Return sheet and area of a GridRange, checked against the grid."""
        if grid_range is None:
            message = f"{what} is required. (emulator: Google's own text is not known)"
            raise BatchError(message)
        area = a1.area(grid_range)
        sheet = self.book.grid(area.sheet_id)
        for low, high, name in ((area.r0, area.r1, "Row"), (area.c0, area.c1, "Column")):
            if (low is not None and low < 0) or (high is not None and high <= (low or 0)):
                message = f"start{name}Index[{low or 0}] must be less than end{name}Index[{high}]. (emulator wording)"
                raise BatchError(message)
        return sheet, area

    def inside(self, sheet: Sheet, area: Area) -> tuple[int, int, int, int]:
        """Return the bounds of an area that must start inside the grid; its end is cut."""
        if (area.r0 or 0) >= sheet.row_count or (area.c0 or 0) >= sheet.column_count:
            raise BatchError(str(self.book.beyond(sheet, area)))
        return area.bounded(sheet.row_count, sheet.column_count)

    def may_edit(self, *areas: Area) -> None:
        """Refuse when the caller may not edit some cell of the areas."""
        for area in areas:
            protection.check_cells(self.book, self.caller, area)

    def may_shape(self, sheet: Sheet, dimension: str, start: int, end: int, *, inserting: bool = False) -> None:
        """Refuse when the caller may not insert, delete or move these rows or columns."""
        protection.check_dimension(self.book, self.caller, sheet, dimension, start, end, inserting=inserting)

    def may_change_sheet(self, sheet: Sheet) -> None:
        """Refuse when the whole sheet is protected against the caller."""
        protection.check_sheet(self.book, self.caller, sheet)
