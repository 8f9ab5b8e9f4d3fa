"""The small spreadsheet program beside openpyxl: what one writes, the other reads."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest

from reconcile.core.cells import Formula
from tests.faults.books import Xlsx, _grid
from tests.faults.small_program import SmallProgram
from tests.faults.world import SERVICES, Clock

if TYPE_CHECKING:
    from pathlib import Path

WORK = [
    ["ID", "User", "Mine", "More"],
    ["1", "=not a formula", Formula('=A1&"x"'), True],
    [None, None, None, None],
    ["ü🔥 <&>", "two\nlines, ]]>", 12, 1.5],
    [datetime(2026, 3, 2, 8, 30), " spaces ", -7, False],  # noqa: DTZ001 - a sheet's date
]


@pytest.fixture
def book(tmp_path: Path) -> Xlsx:
    return Xlsx(tmp_path / "orders.xlsx", SERVICES, Clock())


def test_openpyxl_reads_what_the_small_program_wrote(book: Xlsx) -> None:
    """Texts, numbers, formulas, dates, blank rows and cells, in the tab that was meant and nowhere else."""
    before = openpyxl.load_workbook(book.path)
    SmallProgram(book.path).show("Orders", WORK)
    after = openpyxl.load_workbook(book.path)
    assert [row[:4] for row in _grid(after["Orders"])] == WORK
    assert not any(cell for row in _grid(after["Orders"]) for cell in row[4:])
    for sheet in before:
        if sheet.title != "Orders":
            assert _grid(after[sheet.title]) == _grid(sheet)


def test_the_small_program_reads_what_openpyxl_wrote(book: Xlsx) -> None:
    """The same, the other way round; `Xlsx.show` compares the two whenever openpyxl saves."""
    book.show("orders", WORK)
    book.show("payments", [["Reference"], ["P1"]])
    assert [row[:4] for row in book.see("orders")] == WORK


def test_styles_and_heights_stay(book: Xlsx) -> None:
    """A cell keeps the look of its place, as when a person types over it."""
    before = openpyxl.load_workbook(book.path)["Orders"]
    SmallProgram(book.path).show("Orders", [["x"] * before.max_column])
    after = openpyxl.load_workbook(book.path)["Orders"]
    assert after.row_dimensions[1].height == before.row_dimensions[1].height
    for one, other in zip(before[1], after[1], strict=True):
        assert other._style == one._style


def test_no_two_saves_are_the_same_bytes(book: Xlsx) -> None:
    """As with a real program, whose file says when it was saved; and a world's files do not depend on today's date."""
    grid, seen = book.see("orders"), set()
    for _ in range(2):
        book.show("orders", grid)
        seen.add(book.save())
        book._program.show("Orders", grid)
        seen.add(book.save())
    assert len(seen) == 4
