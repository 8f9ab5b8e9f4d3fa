"""What staff do to a workbook between two calls of a run, in words that fit every kind of workbook.

An adapter takes part in the contract by saying how a tab is seen and shown (`see`, `show`) and how a run opens the
workbook (`open`); everything people do is built from these.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import openpyxl

from reconcile.core.cells import Formula, id_text
from reconcile.workbook.templates import templates
from reconcile.workbook.xlsx import XlsxWorkbook
from tests.contract.memory import MemoryWorkbook

if TYPE_CHECKING:
    from pathlib import Path

    from reconcile.core.model import Cell
    from reconcile.workbook.port import Workbook

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SERVICES = ("12", "13")

Grid = list[list["Cell"]]


class Hands(ABC):
    """Staff at one provisioned workbook."""

    shows_seconds = True
    """Whether a time is read to the second; otherwise as it is shown, to the minute."""

    tells_formula_from_text = True
    """Whether a staff cell's text that looks like a formula is told from one; otherwise it counts as one, and is answered."""

    def as_staff(self) -> Hands:
        """The same workbook in the hands of somebody whom its protections bind."""
        return self

    @abstractmethod
    def open(self) -> Workbook:
        """The workbook as a run opens it; each call is another run."""

    @abstractmethod
    def see(self, tab: str) -> Grid:
        """A tab's cells as people see them, the headings first, rows of equal length."""

    @abstractmethod
    def show(self, tab: str, grid: Grid) -> None:
        """Makes a tab show exactly `grid`; str is text, Formula a formula."""

    @abstractmethod
    def remove_tab(self, tab: str) -> None:
        """Deletes a tab."""

    @abstractmethod
    def keep(self) -> Any:
        """A copy of the workbook as it is now."""

    @abstractmethod
    def put_back(self, kept: Any) -> None:
        """Puts such a copy back in the workbook's place."""

    # --- what people do ------------------------------------------------------------------------------------------------------

    def type(self, tab: str, key: str, header: str, value: Cell) -> None:
        """Types into the cell of row `key` under `header`."""
        grid = self.see(tab)
        row = self._row(tab, grid, key)
        grid[row][grid[0].index(header)] = value
        self.show(tab, grid)

    def sort(self, tab: str, header: str, *, down: bool = False) -> None:
        """Sorts the rows below the headings by one column."""
        grid = self.see(tab)
        place = grid[0].index(header)
        self.show(tab, [grid[0], *sorted(grid[1:], key=lambda row: str(row[place]), reverse=down)])

    def insert_row(self, tab: str, number: int) -> None:
        """Inserts a blank row so that it has this number."""
        grid = self.see(tab)
        grid.insert(number - 1, [None] * len(grid[0]))
        self.show(tab, grid)

    def delete_row(self, tab: str, key: str) -> None:
        """Deletes the row `key`."""
        grid = self.see(tab)
        del grid[self._row(tab, grid, key)]
        self.show(tab, grid)

    def paste(self, tab: str, rows: Grid) -> None:
        """Pastes rows below the last one."""
        grid = self.see(tab)
        self.show(tab, grid + [[*row, *[None] * (len(grid[0]) - len(row))] for row in rows])

    def move_column(self, tab: str, header: str, to: int) -> None:
        """Drags a column to another place."""
        grid = self.see(tab)
        place = grid[0].index(header)
        for row in grid:
            row.insert(to, row.pop(place))
        self.show(tab, grid)

    def add_column(self, tab: str, header: str, value: Cell, at: int | None = None) -> None:
        """Adds a column of their own with one value in every row."""
        grid = self.see(tab)
        place = len(grid[0]) if at is None else at
        for number, row in enumerate(grid):
            row.insert(place, header if number == 0 else value)
        self.show(tab, grid)

    def rename_header(self, tab: str, header: str, to: Cell) -> None:
        """Types over a heading."""
        grid = self.see(tab)
        grid[0][grid[0].index(header)] = to
        self.show(tab, grid)

    def cell(self, tab: str, key: str, header: str) -> Cell:
        """What stands in row `key` under `header`."""
        grid = self.see(tab)
        return grid[self._row(tab, grid, key)][grid[0].index(header)]

    def _row(self, tab: str, grid: Grid, key: str) -> int:
        described = templates().tab(tab)
        place = grid[0].index(described.column(described.key_column).header)
        return next(number for number, row in enumerate(grid) if number and id_text(row[place]) == key)


class MemoryHands(Hands):
    """Staff at the workbook in memory."""

    def __init__(self) -> None:
        self.book = MemoryWorkbook(SERVICES)

    def open(self) -> MemoryWorkbook:
        return MemoryWorkbook(grids=self.book.grids)

    def see(self, tab: str) -> Grid:
        grid = self.book.grids[tab]
        width = max(len(row) for row in grid)
        return [[*row, *[None] * (width - len(row))] for row in grid]

    def show(self, tab: str, grid: Grid) -> None:
        self.book.grids[tab] = grid

    def remove_tab(self, tab: str) -> None:
        del self.book.grids[tab]

    def keep(self) -> dict[str, Grid]:
        return copy.deepcopy(self.book.grids)

    def put_back(self, kept: dict[str, Grid]) -> None:
        self.book.grids.clear()
        self.book.grids.update(copy.deepcopy(kept))


class XlsxHands(Hands):
    """Staff with a spreadsheet program that opens, changes and saves the file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "orders.xlsx"
        self.open().provision(SERVICES)

    def open(self) -> XlsxWorkbook:
        return XlsxWorkbook(self.path, clock=lambda: NOON)

    def see(self, tab: str) -> Grid:
        sheet = openpyxl.load_workbook(self.path)[templates().tab(tab).title]
        grid: list[list[Any]] = [
            [Formula(cell.value) if cell.data_type == "f" else cell.value for cell in row] for row in sheet.iter_rows()
        ]
        while grid and not any(cell is not None for cell in grid[-1]):
            grid.pop()
        return grid

    def show(self, tab: str, grid: Grid) -> None:
        book = openpyxl.load_workbook(self.path)
        sheet = book[templates().tab(tab).title]
        for line in sheet.iter_rows():
            for old in line:
                old.value = None
        for number, row in enumerate(grid, start=1):
            for place, value in enumerate(row, start=1):
                cell: Any = sheet.cell(number, place)
                cell.value = value
                if isinstance(value, str) and not isinstance(value, Formula):
                    cell.data_type = "s"
        book.save(self.path)

    def remove_tab(self, tab: str) -> None:
        book = openpyxl.load_workbook(self.path)
        book.remove(book[templates().tab(tab).title])
        book.save(self.path)

    def keep(self) -> bytes:
        return self.path.read_bytes()

    def put_back(self, kept: bytes) -> None:
        self.path.write_bytes(kept)
