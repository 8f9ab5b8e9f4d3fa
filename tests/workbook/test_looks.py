"""What staff see: states told apart by everyone, age, a stopped job, the Dashboard and its guide."""

from __future__ import annotations

import itertools
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from reconcile.core.model import Commit
from reconcile.errors import Damaged
from reconcile.workbook import dashboard
from reconcile.workbook.templates import templates
from reconcile.workbook.xlsx import XlsxWorkbook
from tests.contract.google_subject import GoogleHands
from tests.emulator.book import Sheet
from tests.emulator.cells import Cell
from tests.staff_guide import text
from tests.workbook.test_xlsx import without_states

if TYPE_CHECKING:
    from pathlib import Path


def grey(colour: str) -> float:
    """How light a colour is on a grey print, 0 to 255."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_states_are_told_apart_in_grey() -> None:
    """Any two states differ clearly in lightness or in the shape of the letters, and each can be read on its ground."""
    for one, other in itertools.combinations(templates().states, 2):
        shape = (one.bold, one.italic, one.underline) != (other.bold, other.italic, other.underline)
        assert shape or abs(grey(one.fill) - grey(other.fill)) > 30, (one.name, other.name)
    for state in templates().states:
        assert abs(grey(state.fill) - grey(state.font)) > 100, state.name


def charts(path: Path) -> dict[str, bytes]:
    """The chart parts of a workbook."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if "charts/" in name or "drawings/" in name}


def test_the_dashboards_charts_outlive_commits_and_upgrades(tmp_path: Path) -> None:
    """A commit keeps them byte for byte; completing a workbook of version 1, with them in it, draws them once."""
    path = tmp_path / "orders.xlsx"
    XlsxWorkbook(path).provision(["12"])
    before = charts(path)
    assert sum(name.startswith("xl/charts/chart") for name in before) == len(templates().tab("dashboard").charts)
    book = XlsxWorkbook(path)
    revision = book.read().revision
    book.commit(Commit("r", append={"orders": [{"id": "15", "sync": "#15 · New."}]}), revision)
    assert charts(path) == before
    made = openpyxl.load_workbook(path)
    next(row for row in made["_ledger"].iter_rows() if row[1].value == "template")[2].value = "1"
    without_states(made)
    made.save(path)
    rules = len(made["Orders"].conditional_formatting)
    assert XlsxWorkbook(path).provision().refreshed
    assert len(charts(path)) == len(before)
    assert len(openpyxl.load_workbook(path)["Orders"].conditional_formatting) == rules
    assert not XlsxWorkbook(path).provision().changed


def test_a_google_dashboard_is_drawn_once() -> None:
    """Six charts and their rules after init, and the same after another."""
    hands = GoogleHands()
    sheet = hands.person("dashboard").sheet
    assert len(sheet.charts) == len(templates().tab("dashboard").charts)
    assert not hands.open().provision(("12",)).changed
    assert len(sheet.charts) == len(templates().tab("dashboard").charts)


def test_a_dashboard_of_their_own_is_not_written_over(tmp_path: Path) -> None:
    """Staff who had a tab of that name before are asked to rename it, and the file stays as it was."""
    path = tmp_path / "orders.xlsx"
    XlsxWorkbook(path).provision(["12"])
    made = openpyxl.load_workbook(path)
    made.remove(made["Dashboard"])
    theirs = made.create_sheet("Dashboard")
    theirs["A1"], theirs["B2"] = "Dashboard", "sales"
    next(row for row in made["_ledger"].iter_rows() if row[1].value == "template")[2].value = "1"
    without_states(made)
    made.save(path)
    before = path.read_bytes()
    with pytest.raises(Damaged, match="Tab 'Dashboard' is not the one reconcile makes"):
        XlsxWorkbook(path).provision()
    assert path.read_bytes() == before


def test_a_google_dashboard_of_their_own_is_not_written_over() -> None:
    """The same in a Google Sheet; once theirs is renamed, ours is made beside it."""
    hands = GoogleHands()
    hands.person("dashboard").delete_tab()
    hands.emulator.book(hands.id).sheets.append(theirs := Sheet(777, "Dashboard"))
    theirs.put(0, 0, Cell("Dashboard"))
    theirs.put(1, 1, Cell("sales"))
    calls = len(hands.emulator.calls)
    with pytest.raises(Damaged, match="Tab 'Dashboard' is not the one reconcile makes"):
        hands.open().provision(("12",))
    assert not any(call.writing for call in hands.emulator.calls[calls:])
    theirs.title = "Sales"
    assert hands.open().provision(("12",)).changed
    assert theirs.get(1, 1) == Cell("sales")
    assert len(hands.person("dashboard").sheet.charts) == len(templates().tab("dashboard").charts)


def test_dashboard_formulas_are_short_enough() -> None:
    """Excel refuses a formula of more than 8,192 characters."""
    board = dashboard.board(templates(), dashboard.standard(templates()))
    assert max(len(item.text) for item in board.items) < 8_192


def test_the_staff_guide_is_what_start_here_says() -> None:
    """docs/staff-guide.md is written by `python -m tests.staff_guide`."""
    assert text.PAGE.read_text(encoding="utf-8") == text.page()
