"""Staff at a Google Sheet, on the emulator: `Hands` over what people do in the browser.

Set-up is done by the owner, whom nothing stops. `as_staff` is an ordinary editor: what a protection keeps from them is
simply not done, as in the browser.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from reconcile.core.cells import Formula
from reconcile.workbook.google import EPOCH, GoogleWorkbook
from reconcile.workbook.google_http import Http, Pace
from reconcile.workbook.templates import templates
from tests.contract.hands import SERVICES, Hands
from tests.emulator import cells as emulated
from tests.emulator.emulator import OWNER, STAFF, Emulator
from tests.emulator.staff import Staff, StaffRefusedError

if TYPE_CHECKING:
    from reconcile.core.model import Cell
    from tests.contract.hands import Grid


class NoPause(Pace):
    """No pacing and no waiting: a test's clock stands still."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        super().__init__(clock=lambda: 0.0, sleep=self.slept.append)

    def wait(self, kind: str) -> None:
        """Never waits."""


def http(emulator: Emulator, email: str | None = None) -> Http:
    """The adapter's own client, in process."""
    account = email or emulator.service_account
    nobody: Any = None
    return Http(nobody, account=account, pace=NoPause(), session=emulator.session(email))


class GoogleHands(Hands):
    """Staff in the browser."""

    shows_seconds = False
    tells_formula_from_text = False

    def __init__(self, emulator: Emulator | None = None, services: tuple[str, ...] = SERVICES) -> None:
        self.email = OWNER
        if emulator is None:
            first, self.id = _provisioned(services)
            self.emulator = first.twin()
        else:
            self.emulator, self.id = emulator, _provision(emulator, services)

    def open(self) -> GoogleWorkbook:
        return GoogleWorkbook(self.id, http(self.emulator))

    def as_staff(self) -> GoogleHands:
        other: GoogleHands = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.email = STAFF
        return other

    def keep(self) -> int:
        return self.emulator.versions(self.id)[-1]

    def put_back(self, kept: int) -> None:
        self.emulator.restore(self.id, kept)

    def person(self, tab: str) -> Staff:
        """One person on one tab."""
        return Staff(self.emulator, self.id, templates().tab(tab).title, self.email)

    def _do(self, tab: str, action: str, *args: Any, **more: Any) -> None:
        try:
            getattr(self.person(tab), action)(*args, **more)
        except StaffRefusedError:
            assert self.email != OWNER, "nothing stops the owner"

    # --- seeing --------------------------------------------------------------------------------------------------------------

    def see(self, tab: str) -> Grid:
        sheet = self.person(tab).sheet
        grid = [[_seen(cell) for cell in row] for row in sheet.rows[: sheet.data_end()]]
        width = max((place + 1 for row in grid for place, cell in enumerate(row) if cell is not None), default=0)
        return [[*row[:width], *[None] * (width - len(row))] for row in grid]

    def show(self, tab: str, grid: Grid) -> None:
        now = self.see(tab)
        height = max(len(now), len(grid))
        width = max(len(row) for row in [*now, *grid])
        person = self.person(tab)
        for row in range(height):
            for place in range(width):
                old, new = _at(now, row, place), _at(grid, row, place)
                if old != new or type(old) is not type(new):
                    where = {"sheetId": person.sheet_id, "rowIndex": row, "columnIndex": place}
                    cell, names = _entered(new)
                    self._do(
                        tab, "do", {"updateCells": {"start": where, "rows": [{"values": [cell]}], "fields": names}}
                    )

    # --- acting --------------------------------------------------------------------------------------------------------------

    def sort(self, tab: str, header: str, *, down: bool = False) -> None:
        self._do(tab, "sort", header, descending=down)

    def insert_row(self, tab: str, number: int) -> None:
        self._do(tab, "insert_rows", number)

    def delete_row(self, tab: str, key: str) -> None:
        self._do(tab, "delete_rows", self._row(tab, self.see(tab), key) + 1)

    def move_column(self, tab: str, header: str, to: int) -> None:
        at = self.person(tab).column(header)
        self._do(tab, "move_column", at, to if to <= at else to + 1)

    def add_column(self, tab: str, header: str, value: Cell, at: int | None = None) -> None:
        grid = self.see(tab)
        place = len(grid[0]) if at is None else at
        if at is not None:
            try:
                self.person(tab).insert_column(place)
            except StaffRefusedError:
                assert self.email != OWNER
                return
            grid = self.see(tab)
        for number, row in enumerate(grid):
            row.extend([None] * (place + 1 - len(row)))
            row[place] = header if number == 0 else value
        self.show(tab, grid)

    def remove_tab(self, tab: str) -> None:
        self._do(tab, "delete_tab")


def _provision(emulator: Emulator, services: tuple[str, ...]) -> str:
    sheet = emulator.new_spreadsheet("Work")
    GoogleWorkbook(sheet, http(emulator)).provision(services)
    return sheet


@cache
def _provisioned(services: tuple[str, ...]) -> tuple[Emulator, str]:
    """A spreadsheet set up once in a process, never used itself: each test's is its twin."""
    emulator = Emulator(serve=False)
    return emulator, _provision(emulator, services)


def _seen(cell: emulated.Cell | None) -> Cell:
    if cell is None or cell.value is None:
        return None
    if isinstance(cell.value, emulated.Formula):
        return Formula(cell.value.text)
    style = emulated.number_format(cell) or {}
    if style.get("type") in ("DATE", "DATE_TIME") and isinstance(cell.value, (int, float)):
        return EPOCH + timedelta(seconds=round(cell.value * 86_400))
    return cell.value


def _entered(value: Cell) -> tuple[dict[str, Any], str]:
    if value is None:
        return {}, "userEnteredValue"
    if isinstance(value, Formula):
        return {"userEnteredValue": {"formulaValue": str(value)}}, "userEnteredValue"
    if isinstance(value, datetime):
        style = {"numberFormat": {"type": "DATE_TIME", "pattern": "yyyy-mm-dd h:mm:ss"}}
        days = (value - EPOCH).total_seconds() / 86_400
        cell = {"userEnteredValue": {"numberValue": days}, "userEnteredFormat": style}
        return cell, "userEnteredValue,userEnteredFormat.numberFormat"
    kind = (
        "boolValue" if isinstance(value, bool) else "numberValue" if isinstance(value, (int, float)) else "stringValue"
    )
    return {"userEnteredValue": {kind: value}}, "userEnteredValue"


def _at(grid: Grid, row: int, place: int) -> Cell:
    return grid[row][place] if row < len(grid) and place < len(grid[row]) else None
