"""The three kinds of workbook as the harness handles them: opened by a run, looked at and changed by people, kept and put back."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import openpyxl

from reconcile.core.cells import Formula
from reconcile.workbook.templates import templates
from tests.contract.memory import MemoryWorkbook
from tests.faults.small_program import SmallProgram, unpacked

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from pathlib import Path

    from reconcile.workbook.port import Workbook

Grid = list[list[Any]]
WHOLE = 10
"""One in so many times a file is saved by a program that takes it apart and writes it anew: that takes 60 ms, the other 3."""


class Memory:
    """The workbook in memory."""

    kind = "memory"

    def __init__(self, services: Sequence[str]) -> None:
        self.book = MemoryWorkbook(services)

    def open(self, clock: Any) -> Workbook:  # noqa: ARG002 - the other kinds need it
        """The same object for every run: it keeps nothing between two calls."""
        return self.book

    def see(self, tab: str) -> Grid:
        """A tab's cells, the headings first, rows of equal length."""
        grid = self.book.grids[tab]
        width = max(len(row) for row in grid)
        return [[*row, *[None] * (width - len(row))] for row in grid]

    def see_all(self, tabs: list[str]) -> dict[str, Grid]:
        """Several tabs at once."""
        return {tab: self.see(tab) for tab in tabs}

    def show(self, tab: str, grid: Grid) -> None:
        """Makes a tab show exactly `grid`."""
        self.book.grids[tab] = [list(row) for row in grid]

    def save(self) -> Any:
        """Everything in it."""
        return _copied(self.book.grids)

    def restore(self, saved: Any) -> None:
        """Puts `save`'s answer back."""
        self.book.grids = _copied(saved)

    def state(self) -> bytes:
        """Everything in it, as bytes."""
        return repr(self.book.grids).encode()

    def outage(self, kind: str, name: str) -> bool:  # noqa: ARG002 - the kinds with a wire need them
        """Has no wire that could be cut: the harness raises in its place."""
        return False

    def mend(self) -> None:
        """Nothing is cut."""


_NEW: dict[tuple[tuple[str, ...], Any], tuple[bytes, Any]] = {}
"""(services, when) → a workbook set up then, never used, and when that was done: once in a process."""


class Xlsx:
    """A workbook file, changed by people: with a program that saves it whole, or with one that writes what was typed.

    `chance` decides which, about one in `whole` being the former, or none if that is 0; without it every one is.
    """

    kind = "xlsx"
    chance: random.Random | None = None
    whole = WHOLE

    def __init__(self, path: Path, services: Sequence[str], clock: Any) -> None:
        begun = (tuple(services), clock.at)
        if begun not in _NEW:
            _file(path, clock).provision(services)
            _NEW[begun] = path.read_bytes(), clock.at
        data, clock.at = _NEW[begun]
        path.write_bytes(data)
        self._use(path)

    def _use(self, path: Path) -> None:
        """The workbook at this path."""
        self.path = path
        self._program = SmallProgram(path)

    def open(self, clock: Any) -> Workbook:
        """A fresh adapter, as a fresh process has it."""
        return _file(self.path, clock)

    def see(self, tab: str) -> Grid:
        """A tab's cells, the headings first."""
        return self._program.see(templates().tab(tab).title)

    def see_all(self, tabs: list[str]) -> dict[str, Grid]:
        """Several tabs at once."""
        return {tab: self.see(tab) for tab in tabs}

    def show(self, tab: str, grid: Grid) -> None:
        """Makes a tab show exactly `grid`."""
        title = templates().tab(tab).title
        if self.chance is not None and (not self.whole or self.chance.randrange(self.whole)):
            self._program.show(title, grid)
            return
        book = openpyxl.load_workbook(self.path)
        sheet = book[title]
        if _grid(sheet) != self._program.see(title):
            raise AssertionError(
                f"{title}: openpyxl reads {_grid(sheet)}, the small program {self._program.see(title)}"
            )
        for row in sheet.iter_rows():
            for cell in row:
                cell.value = None
        for number, line in enumerate(grid, start=1):
            for place, value in enumerate(line, start=1):
                cell = sheet.cell(number, place)
                cell.value = value
                if isinstance(value, str) and not isinstance(value, Formula):
                    cell.data_type = "s"
        out = io.BytesIO()
        book.save(out)
        self._program.save(unpacked(out.getvalue()))

    def save(self) -> Any:
        """The file's bytes."""
        return self.path.read_bytes()

    def restore(self, saved: Any) -> None:
        """Puts `save`'s answer back."""
        self.path.write_bytes(saved)

    def state(self) -> bytes:
        """The file, and what lies beside it."""
        beside = {path.name: path.read_bytes() for path in self.path.parent.iterdir() if path.is_file()}
        return repr(sorted(beside.items())).encode()

    def outage(self, kind: str, name: str) -> bool:  # noqa: ARG002 - the kinds with a wire need them
        """Has no wire that could be cut: the harness raises in its place."""
        return False

    def mend(self) -> None:
        """Nothing is cut."""


def _file(path: Path, clock: Any) -> Any:
    """The adapter. A world on another kind of workbook has nothing of it in memory."""
    from reconcile.workbook.xlsx import XlsxWorkbook  # noqa: PLC0415 - see above

    return XlsxWorkbook(path, clock=clock)


def _copied(grids: dict[str, Grid]) -> dict[str, Grid]:
    return {tab: [list(row) for row in grid] for tab, grid in grids.items()}


def _grid(sheet: Any) -> Grid:
    grid: Grid = [
        [Formula(cell.value) if cell.data_type == "f" else cell.value for cell in row] for row in sheet.iter_rows()
    ]
    while len(grid) > 1 and not any(cell is not None for cell in grid[-1]):
        grid.pop()
    width = max(len(row) for row in grid)
    return [[*row, *[None] * (width - len(row))] for row in grid]


def made(kind: str, folder: Path, services: Sequence[str], clock: Any) -> Any:
    """A provisioned workbook of that kind."""
    if kind == "memory":
        return Memory(services)
    if kind == "xlsx":
        return Xlsx(folder / "orders.xlsx", services, clock)
    if kind == "google":
        from tests.faults.google_book import Google  # noqa: PLC0415 - the emulator is heavy

        return Google(services, clock)
    raise ValueError(kind)
