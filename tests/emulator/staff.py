"""People in the browser: what they do to a tab between two calls, with the rights they have there.

Facts (docs/sheet-facts.md "Protection, validation, tables"): real protection refuses a sort, move, insert or delete that touches
cells closed to that person; warning-only asks, and these people say yes. Positions are as on the screen: rows from 1,
columns by header or letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator import a1, batch
from tests.emulator.conditions import hidden_rows
from tests.emulator.errors import ApiError
from tests.emulator.formatting import show
from tests.emulator.protection import area_of

if TYPE_CHECKING:
    from tests.emulator.book import Sheet
    from tests.emulator.context import Json
    from tests.emulator.emulator import Emulator


class StaffRefusedError(Exception):
    """The sheet did not let this person do it; the message is what it said."""


class Staff:
    """One person on one tab. Nothing they do is recorded as a call."""

    def __init__(self, emulator: Emulator, book_id: str, tab: str, email: str) -> None:
        """Name the tab by its title; after `rename_tab` the helper follows."""
        self.emulator = emulator
        self.book = emulator.book(book_id)
        self.sheet_id = emulator.sheet(book_id, tab).sheet_id
        self.email = email

    @property
    def sheet(self) -> Sheet:
        """Return the tab's state."""
        return self.book.sheet(self.sheet_id)

    def do(self, *requests: Json) -> list[Json]:
        """Apply requests as this person, none at all included; raises StaffRefusedError."""
        if not requests:
            return []
        with self.emulator.lock:
            ctx = self.emulator.context(self.book, self.email)
            try:
                return batch.apply(ctx, list(requests))
            except ApiError as problem:
                raise StaffRefusedError(problem.message) from None

    # -- the file ----------------------------------------------------------------------------------------------------

    def make_copy(self, title: str | None = None, *, share: bool = True) -> str:
        """Use File > Make a copy; `share`: with the same people. Returns the copy's id."""
        return self.emulator.copy(self.book.book_id, title, owner=self.email, share=share)

    def restore_version(self, version: int) -> None:
        """Use File > Version history > Restore this version; see `Emulator.versions`."""
        self.emulator.restore(self.book.book_id, version)

    # -- looking -----------------------------------------------------------------------------------------------------

    def headers(self) -> list[str]:
        """Return the texts of row 1."""
        row = self.sheet.rows[0] if self.sheet.rows else ()
        return [show(c.value, None) if c is not None and not isinstance(c.value, tuple) else "" for c in row]

    def column(self, name: str | int) -> int:
        """Return the zero-based column of a header, a letter, or a number already so."""
        if isinstance(name, int):
            return name
        headers = self.headers()
        if name in headers:
            return headers.index(name)
        if name.isalpha() and name.isupper():
            return a1.number(name)
        raise KeyError(name)

    def row_of(self, text: str, column: str | int = 0) -> int:
        """Return the screen row whose cell in that column shows `text`."""
        at = self.column(column)
        for row, _, cell in self.sheet.cells(0, self.sheet.row_count, at, at + 1):
            if not isinstance(cell.value, tuple) and show(cell.value, None) == text:
                return row + 1
        raise KeyError(text)

    def _stretches(self, first: int, end: int) -> list[tuple[int, int]]:
        """Return the rows first..end (from 0) without those a filter hides, as stretches."""
        hidden: set[int] = set()
        if self.emulator.switches.browser_spares_filtered_rows:
            hidden = hidden_rows(self.emulator.context(self.book, self.email).evaluator, self.sheet)
        if not hidden:
            return [(first, end)]
        out: list[tuple[int, int]] = []
        for row in range(first, end):
            if row in hidden:
                continue
            if out and out[-1][1] == row:
                out[-1] = (out[-1][0], row + 1)
            else:
                out.append((row, row + 1))
        return out

    def _range(self, text: str | None = None) -> Json:
        area = a1.Area(self.sheet_id) if text is None else a1.parse_cells(text, self.sheet_id)
        return {"sheetId": self.sheet_id, **area.json()}

    def _dimension(self, dimension: str, start: int, end: int) -> Json:
        return {"sheetId": self.sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}

    # -- acting ------------------------------------------------------------------------------------------------------

    def sort(self, column: str | int, *, descending: bool = False) -> None:
        """Sort the sheet by a column: everything below the frozen rows (at least below the header)."""
        first = max(self.sheet.grid_props.get("frozenRowCount", 0), 1)
        whole = {"sheetId": self.sheet_id, "startRowIndex": first}
        order = "DESCENDING" if descending else "ASCENDING"
        self.do(
            {"sortRange": {"range": whole, "sortSpecs": [{"dimensionIndex": self.column(column), "sortOrder": order}]}}
        )

    def insert_rows(self, row: int, count: int = 1) -> None:
        """Insert empty rows above a screen row."""
        place = self._dimension("ROWS", row - 1, row - 1 + count)
        self.do({"insertDimension": {"range": place, "inheritFromBefore": row > 2}})

    def delete_rows(self, first: int, last: int | None = None) -> None:
        """Delete screen rows first..last; rows a filter hides between them stay."""
        parts = self._stretches(first - 1, last or first)
        self.do(*({"deleteDimension": {"range": self._dimension("ROWS", *part)}} for part in reversed(parts)))

    def move_rows(self, first: int, last: int, before: int) -> None:
        """Drag screen rows first..last above another; rows a filter hides between them stay."""
        to, moved, steps = before - 1, 0, []
        for start, end in self._stretches(first - 1, last):
            source = self._dimension("ROWS", start - moved, end - moved)
            steps.append({"moveDimension": {"source": source, "destinationIndex": to}})
            if start < to:
                moved += end - start
            else:
                to += end - start
        self.do(*steps)

    def hide_rows(self, first: int, last: int | None = None, *, hidden: bool = True) -> None:
        """Hide screen rows first..last by hand, or show them again."""
        place = self._dimension("ROWS", first - 1, last or first)
        properties = {"hiddenByUser": hidden}
        self.do({"updateDimensionProperties": {"range": place, "properties": properties, "fields": "hiddenByUser"}})

    def show_rows(self, first: int = 1, last: int | None = None) -> None:
        """Show hidden screen rows again; all of them, if none is named."""
        self.hide_rows(first, last or self.sheet.row_count, hidden=False)

    def move_column(self, name: str | int, before: str | int) -> None:
        """Drag a column to the left of another."""
        at = self.column(name)
        source = self._dimension("COLUMNS", at, at + 1)
        self.do({"moveDimension": {"source": source, "destinationIndex": self.column(before)}})

    def insert_column(self, before: str | int, header: str = "") -> None:
        """Insert a column of their own, with a header."""
        at = self.column(before)
        place = self._dimension("COLUMNS", at, at + 1)
        self.do({"insertDimension": {"range": place, "inheritFromBefore": False}})
        if header:
            self.type(a1.cell_name(0, at), header)

    def add_column(self, header: str) -> str:
        """Put a header into the first free column on the right; returns its letter."""
        at = max((i + 1 for i, text in enumerate(self.headers()) if text), default=0)
        if at >= self.sheet.column_count:
            self.do({"appendDimension": {"sheetId": self.sheet_id, "dimension": "COLUMNS", "length": 1}})
        self.type(a1.cell_name(0, at), header)
        return a1.letters(at)

    def delete_column(self, name: str | int) -> None:
        """Delete a column."""
        at = self.column(name)
        self.do({"deleteDimension": {"range": self._dimension("COLUMNS", at, at + 1)}})

    def type(self, cell: str, text: str) -> None:
        """Type into a cell such as `H3`."""
        self.paste(cell, [[text]])

    def fill(self, key: str, column: str | int, text: str, key_column: str | int = 0) -> None:
        """Type into the row that shows `key`, wherever it stands now."""
        self.type(a1.cell_name(self.row_of(key, key_column) - 1, self.column(column)), text)

    def paste(self, cell: str, block: list[list[str]]) -> None:
        """Paste a block of texts (as from another spreadsheet) at a cell; rows a filter hides get nothing of it."""
        area = a1.parse_cells(cell, self.sheet_id)
        row, column, width = area.r0 or 0, area.c0 or 0, max(map(len, block))
        steps, rest = [], list(block)
        below = self._stretches(row + 1, max(self.sheet.row_count, row + len(block)) + len(block))
        for start, end in [(row, row + 1), *below]:  # the cell itself is reached: in a view of their own they see it
            part, rest = rest[: end - start], rest[end - start :]
            if any(text for line in part for text in line):
                place = {"sheetId": self.sheet_id, "rowIndex": start, "columnIndex": column}
                lines = "\n".join("\t".join(_quoted(text) for text in line) for line in part)
                data = {"coordinate": place, "data": lines, "delimiter": "\t", "type": "PASTE_VALUES"}
                steps.append({"pasteData": data})
            elif part:
                blank = a1.Area(self.sheet_id, start, start + len(part), column, column + width).json()
                steps.append(
                    {"updateCells": {"range": {"sheetId": self.sheet_id, **blank}, "fields": "userEnteredValue"}}
                )
        self.do(*steps)

    def fill_down(self, column: str | int, text: str, first: int = 2, last: int | None = None) -> None:
        """Fill one text down a column (the classic accident)."""
        at = a1.letters(self.column(column))
        end = last or max(self.sheet.data_end(), first)
        self.paste(f"{at}{first}", [[text]] * (end - first + 1))

    def clear(self, cells: str | None = None) -> None:
        """Press Delete on a range (None: on everything); rows a filter hides keep what they have."""
        whole = self._range(cells)
        parts = self._stretches(whole.get("startRowIndex", 0), whole.get("endRowIndex", self.sheet.row_count))
        cleared = ({**whole, "startRowIndex": start, "endRowIndex": end} for start, end in parts)
        self.do(*({"updateCells": {"range": part, "fields": "userEnteredValue"}} for part in cleared))

    def filter(self, column: str | int, hide: list[str]) -> None:
        """Hide rows by value with the basic filter, for everybody."""
        end = max(self.sheet.data_end(), 2)
        width = max(len(self.headers()), 1)
        area = a1.Area(self.sheet_id, 0, end, 0, width).json()
        spec = {"columnIndex": self.column(column), "filterCriteria": {"hiddenValues": hide}}
        self.do({"setBasicFilter": {"filter": {"range": {"sheetId": self.sheet_id, **area}, "filterSpecs": [spec]}}})

    def unfilter(self) -> None:
        """Remove the basic filter."""
        self.do({"clearBasicFilter": {"sheetId": self.sheet_id}})

    def rename_header(self, old: str, new: str) -> None:
        """Type another header."""
        self.type(a1.cell_name(0, self.column(old)), new)

    def rename_tab(self, title: str) -> None:
        """Rename the tab."""
        self.do(
            {"updateSheetProperties": {"properties": {"sheetId": self.sheet_id, "title": title}, "fields": "title"}}
        )

    def delete_tab(self) -> None:
        """Delete the tab."""
        self.do({"deleteSheet": {"sheetId": self.sheet_id}})

    def make_table(self, cells: str | None = None, name: str = "") -> str:
        """Use Format > Convert to table on a range (None: on everything that is filled); returns the table's id."""
        sheet = self.sheet
        width = max((len(row) for row in sheet.rows[: sheet.data_end()]), default=1)
        area = a1.parse_cells(cells, self.sheet_id) if cells else a1.Area(self.sheet_id, 0, sheet.data_end(), 0, width)
        table = {"range": {"sheetId": self.sheet_id, **area.json()}, **({"name": name} if name else {})}
        (reply,) = self.do({"addTable": {"table": table}})
        number: str = reply["addTable"]["table"]["tableId"]
        return number

    def end_table(self, number: str) -> None:
        """Use "Convert to unformatted data": the table goes, the cells stay."""
        with self.emulator.lock:
            self.sheet.tables = [table for table in self.sheet.tables if table["tableId"] != number]

    def protect(self, cells: str | None = None, *, editors: tuple[str, ...] = (), warning: bool = False) -> int:
        """Use Data > Protect on a range or the whole tab, for these people, the owner and oneself; returns its id.

        A tab that is protected as a whole already has only that protection's people changed.
        """
        protection: Json = {"range": self._range(cells), "warningOnly": warning}
        if not warning:
            protection["editors"] = {"users": list(editors)}
        for old in self.sheet.protections:
            if cells is None and area_of(self.book, old).whole_sheet():
                known: int = old["protectedRangeId"]
                fresh = {**protection, "protectedRangeId": known}
                self.do({"updateProtectedRange": {"protectedRange": fresh, "fields": "warningOnly,editors"}})
                return known
        (reply,) = self.do({"addProtectedRange": {"protectedRange": protection}})
        number: int = reply["addProtectedRange"]["protectedRange"]["protectedRangeId"]
        return number

    def unprotect(self, number: int) -> None:
        """Remove a protection."""
        self.do({"deleteProtectedRange": {"protectedRangeId": number}})

    def recolour(self, cells: str, red: float, green: float, blue: float) -> None:
        """Colour the background of a range."""
        color = {"rgbColor": {"red": red, "green": green, "blue": blue}}
        cell = {"userEnteredFormat": {"backgroundColorStyle": color}}
        self.do(
            {
                "repeatCell": {
                    "range": self._range(cells),
                    "cell": cell,
                    "fields": "userEnteredFormat.backgroundColorStyle",
                }
            }
        )

    def freeze(self, rows: int) -> None:
        """Freeze rows at the top."""
        props = {"sheetId": self.sheet_id, "gridProperties": {"frozenRowCount": rows}}
        self.do({"updateSheetProperties": {"properties": props, "fields": "gridProperties.frozenRowCount"}})

    def cut(self, cells: str, to: str) -> None:
        """Cut a range and paste it elsewhere."""
        area = a1.parse_cells(to)
        place = {"sheetId": self.sheet_id, "rowIndex": area.r0, "columnIndex": area.c0}
        self.do({"cutPaste": {"source": self._range(cells), "destination": place, "pasteType": "PASTE_NORMAL"}})

    def delete_duplicates(self, cells: str | None = None) -> None:
        """Use "Remove duplicates" on a range."""
        self.do({"deleteDuplicates": {"range": self._range(cells)}})


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(ch in text for ch in '\t\n\r"') else text


ACTIONS = frozenset(name for name, found in vars(Staff).items() if callable(found) and not name.startswith("_")) - {
    "do",
    "headers",
    "column",
    "row_of",
}


def act(person: Staff, action: str, args: dict[str, Any]) -> Any:
    """Do something by name, for the control endpoint."""
    if action not in ACTIONS:
        message = f"no such action: {action}; there are {', '.join(sorted(ACTIONS))}"
        raise ValueError(message)
    return getattr(person, action)(**args)


STAFF_ERRORS = (StaffRefusedError, KeyError)
