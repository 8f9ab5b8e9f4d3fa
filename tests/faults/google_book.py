"""The Google kind of workbook: our adapter over the real gspread client, ending in the emulator without a socket."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from google.auth.credentials import AnonymousCredentials

from reconcile.core.cells import Formula
from reconcile.workbook import google_setup
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.google_http import Http, Pace
from reconcile.workbook.templates import templates
from tests.emulator.emulator import Emulator
from tests.emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconcile.workbook.port import Workbook
    from tests.emulator.cells import Row
    from tests.faults.books import Grid


_NEW: dict[tuple[tuple[str, ...], Any], tuple[Emulator, str, Any]] = {}
"""(services, when) → an emulator with a spreadsheet set up then, never used, its id, and when that was done."""

DIGESTS = 100_000
"""So many rows' digests are kept."""


class Google:
    """A provisioned spreadsheet in an emulator of its own: set up once in a process, later ones are its twins."""

    kind = "google"

    def __init__(self, services: Sequence[str], clock: Any) -> None:
        begun = (tuple(services), clock.at)
        if begun not in _NEW:
            emulator = Emulator(serve=False, clock=clock.seconds, sleep=clock.sleep)
            sheet = emulator.new_spreadsheet("Orders")
            google_setup.provision(_workbook(emulator, sheet, emulator.session(), clock), services)
            _NEW[begun] = emulator, sheet, clock.at
        first, sheet, clock.at = _NEW[begun]
        self._use(first.twin(clock.seconds, clock.sleep), sheet)

    def _use(self, emulator: Emulator, sheet: str) -> None:
        """This spreadsheet of that emulator."""
        self.emulator, self.id = emulator, sheet
        self.session = emulator.session()
        self._digests: dict[int, tuple[Row, bytes]] = {}
        self._looked: dict[str, tuple[list[Row], Grid]] = {}

    def open(self, clock: Any) -> Workbook:
        """A fresh adapter with a fresh client, as a fresh process has them."""
        return _workbook(self.emulator, self.id, self.session, clock)

    # --- people -------------------------------------------------------------------------------------------------------

    def see(self, tab: str) -> Grid:
        """A tab's values as the sheet shows them, the headings first, rows of equal length."""
        title = templates().tab(tab).title
        sheet = self.emulator.book(self.id).titled(title)
        # rows are never changed, only replaced: the same ones show the same, unless a formula looks elsewhere
        if sheet is None or sheet.has_formulas or tab not in self._looked or self._looked[tab][0] != sheet.rows:
            grid = self._read(title)
            if sheet is not None:
                self._looked[tab] = (list(sheet.rows), grid)
        else:
            grid = self._looked[tab][1]
        return [list(row) for row in grid]

    def _read(self, title: str) -> Grid:
        found = self.emulator.values(self.id, f"'{title}'")
        width = max((len(row) for row in found), default=0)
        grid: Grid = [[cell if cell != "" else None for cell in row] + [None] * (width - len(row)) for row in found]
        while len(grid) > 1 and not any(cell is not None for cell in grid[-1]):
            grid.pop()
        return grid

    def see_all(self, tabs: list[str]) -> dict[str, Grid]:
        """Several tabs at once."""
        return {tab: self.see(tab) for tab in tabs}

    def show(self, tab: str, grid: Grid) -> None:
        """Makes a tab show exactly `grid`: only cells that differ are touched, and rows that are left over emptied."""
        now = self.see(tab)
        staff = self.emulator.staff(self.id, templates().tab(tab).title, self.emulator.owner)
        sheet = staff.sheet_id
        width = max(len(row) for row in (*grid, *now))
        lines = []
        for number in range(max(len(grid), len(now))):
            wanted = _cell_row(grid, number, width)
            lines.append({"values": [_entered(cell) for cell in wanted]})
        if len(lines) > staff.sheet.row_count:
            more = len(lines) - staff.sheet.row_count + 10
            staff.do({"appendDimension": {"sheetId": sheet, "dimension": "ROWS", "length": more}})
        first = next((n for n in range(len(lines)) if _cell_row(grid, n, width) != _cell_row(now, n, width)), None)
        if first is not None:
            corner = {"sheetId": sheet, "rowIndex": first, "columnIndex": 0}
            staff.do({"updateCells": {"start": corner, "rows": lines[first:], "fields": "userEnteredValue"}})

    # --- keeping ------------------------------------------------------------------------------------------------------

    def save(self) -> Any:
        """Everything in it."""
        return self.emulator.books[self.id].snapshot()

    def restore(self, saved: Any) -> None:
        """Puts `save`'s answer back."""
        sheets = [(sheet, kept.copy()) for sheet, kept in saved["sheets"]]
        fresh = {**saved, "sheets": sheets, "named_ranges": list(saved["named_ranges"])}
        self.emulator.books[self.id].restore({**fresh, "metadata": dict(saved["metadata"])})
        self.emulator.faults.clear()
        self.emulator.calls.clear()
        self.emulator.quota._used.clear()

    def state(self) -> bytes:
        """Everything in it and the quota used up, as bytes; of a stamp's mark only the run that made it could know."""
        book, used = self.emulator.books[self.id], sorted(self.emulator.quota._used.items())
        sheets = [
            {**vars(sheet), "rows": [*map(self._digest, sheet.rows)], "text_index": None, "_data_end": None}
            for sheet in book.sheets
        ]
        stamps = [(number, stamp["metadataValue"].partition("#")[0]) for number, stamp in book.metadata.items()]
        return repr((book.properties, sheets, book.named_ranges, stamps, used)).encode()

    def _digest(self, row: Row) -> bytes:
        """One row's; most rows of a sheet are one and the same object."""
        known = self._digests.get(id(row))
        if known is None:
            if len(self._digests) > DIGESTS:
                self._digests.clear()  # a whole sweep of pairs makes millions of rows
            known = self._digests[id(row)] = row, hashlib.sha256(repr(row).encode()).digest()
        return known[1]

    # --- trouble ------------------------------------------------------------------------------------------------------

    def outage(self, kind: str, name: str) -> bool:
        """Cuts the wire to Google in that way, from this boundary on. True: the harness needs to raise nothing itself."""
        faults = self.emulator.faults
        once: dict[str, Callable[[], Fault]] = {
            "blip": Fault.drop,
            "lost": lambda: Fault.status(503),
            "acted": Fault.commit_then_drop,
        }
        if name == "book.after-commit":
            return True  # nothing is on the wire there
        if kind == "down":
            faults.always(Fault.commit_then_drop() if name == "book.before-commit" else Fault.drop())
        elif kind == "key":
            faults.always(Fault.status(403))
        else:
            faults.when(lambda call: call.family == "sheets", once[kind]())
        return True

    def mend(self) -> None:
        """Google is back."""
        self.emulator.faults.clear()
        if self.emulator.violations:
            raise AssertionError("\n".join(self.emulator.violations))


def _workbook(emulator: Emulator, sheet: str, session: Any, clock: Any) -> GoogleWorkbook:
    http = Http(
        AnonymousCredentials(),  # type: ignore[no-untyped-call]
        account=emulator.service_account,
        pace=Pace(clock.seconds, clock.sleep),
        session=session,
    )
    return GoogleWorkbook(sheet, http)


def _cell_row(grid: Grid, number: int, width: int) -> list[Any]:
    row = list(grid[number]) if number < len(grid) else []
    return row + [None] * (width - len(row))


def _entered(cell: Any) -> dict[str, Any]:
    if cell is None:
        return {}
    if isinstance(cell, Formula):
        return {"userEnteredValue": {"formulaValue": str(cell)}}
    if isinstance(cell, bool):
        return {"userEnteredValue": {"boolValue": cell}}
    if isinstance(cell, (int, float)):
        return {"userEnteredValue": {"numberValue": cell}}
    return {"userEnteredValue": {"stringValue": str(cell)}}
