"""Rows that leave Orders of a Google Sheet: what `deleteDuplicates` and staff may do to it in that second."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core.model import ROW, Commit
from reconcile.errors import Unmovable
from reconcile.workbook import google_archive
from reconcile.workbook.templates import templates
from tests.contract.google_subject import GoogleHands
from tests.emulator.faults import Fault

if TYPE_CHECKING:
    from reconcile.core.model import Row, Snapshot
    from reconcile.workbook.google import GoogleWorkbook


@pytest.fixture
def hands() -> GoogleHands:
    return GoogleHands()


def landed(hands: GoogleHands, count: int) -> tuple[GoogleWorkbook, Snapshot]:
    """A workbook that has read so many orders."""
    book = hands.open()
    rows: list[Row] = [
        {"id": str(n), "quantity": 100, "status": "Completed", "received": datetime(2026, 3, 2, 9, 41, 33, tzinfo=UTC)}
        | {"sync": f"#{n} · New."}
        for n in range(1, count + 1)
    ]
    book.commit(Commit("run", append={"orders": rows}), book.read().revision)
    return book, book.read()


def leaving(snapshot: Snapshot, *keys: str) -> Commit:
    """The commit that archives these."""
    frame = snapshot.tabs["orders"].drop(columns=ROW)
    return Commit("run", archive={key: frame.loc[key].drop("state").to_dict() for key in keys})


def stand(hands: GoogleHands) -> tuple[list[str], list[str]]:
    """The ids in Orders and in Archive."""
    now = hands.open().read(("archive",))
    return list(now.tabs["orders"].index), list(now.tabs["archive"].index)


def test_it_is_one_call_and_the_answers_of_the_run_still_find_their_rows(hands: GoogleHands) -> None:
    """No further call, and what was read before is not trusted where it gives row numbers."""
    book, snapshot = landed(hands, 5)
    calls = len(hands.emulator.calls)
    revision = book.commit(leaving(snapshot, "2", "4"), snapshot.revision)
    assert [call.kind for call in hands.emulator.calls[calls:]] == ["batchUpdate"]
    book.commit(Commit("run", sync={"orders": {"5": "#5 · Sent.", "2": "#2 · Sent."}}), revision)
    assert stand(hands) == (["1", "3", "5"], ["2", "4"])
    assert hands.cell("orders", "5", "Sync") == "#5 · Sent."


def test_the_rows_that_become_free_look_like_the_others(hands: GoogleHands) -> None:
    """New orders that land there have their drop-downs, whatever Google leaves in such rows."""
    book, snapshot = landed(hands, 5)
    sheet = hands.emulator.sheet(hands.id, "Orders")
    place = [column.key for column in templates().tab("orders").columns].index("status")
    before = [sheet.get(row, place).rule for row in range(1, 6)]  # type: ignore[union-attr]
    assert all(before)
    book.commit(leaving(snapshot, "1", "2", "3"), snapshot.revision)
    cells = [sheet.get(row, place) for row in range(1, 6)]
    assert [cell and cell.rule for cell in cells] == before


@pytest.mark.parametrize("duplicates", [True, False])
def test_blank_rows_between_the_others(hands: GoogleHands, *, duplicates: bool) -> None:
    """Whether they count as duplicates or not, no row that says something is touched."""
    book, snapshot = landed(hands, 5)
    hands.emulator.switches.blanks_are_duplicates = duplicates
    for _ in range(3):
        hands.insert_row("orders", 4)
    snapshot = book.read()
    assert book.obstacle(["2"]) == ("", set())
    book.commit(leaving(snapshot, "2"), snapshot.revision)
    assert stand(hands) == (["1", "3", "4", "5"], ["2"])


def test_hidden_rows_leave_as_well(hands: GoogleHands) -> None:
    """A filter of staff's does not matter."""
    book, snapshot = landed(hands, 4)
    hands.person("orders").filter("ID", hide=["2"])
    book.commit(leaving(snapshot, "2", "3"), snapshot.revision)
    assert stand(hands) == (["1", "4"], ["2", "3"])


def test_a_lost_answer_moves_nothing_twice(hands: GoogleHands) -> None:
    """The commit was applied and its answer lost: the stamp tells, and nothing is done again."""
    book, snapshot = landed(hands, 3)
    hands.emulator.faults.at(len(hands.emulator.calls) + 1, Fault.commit_then_drop())
    book.commit(leaving(snapshot, "2"), snapshot.revision)
    assert stand(hands) == (["1", "3"], ["2"])


def test_merged_cells_are_no_reason_to_write_nothing_else(hands: GoogleHands) -> None:
    """Google refuses the batch whole; the caller is told that it was the rows' leaving, and nothing was written."""
    book, snapshot = landed(hands, 3)
    sheet = hands.emulator.sheet(hands.id, "Orders").sheet_id
    area = {"sheetId": sheet, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 11, "endColumnIndex": 12}
    hands.person("orders").do({"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}})
    with pytest.raises(Unmovable, match="merged cells"):
        book.commit(leaving(snapshot, "3"), snapshot.revision)
    assert stand(hands) == (["1", "2", "3"], [])
    book.commit(Commit("run", sync={"orders": {"3": "#3 · Sent."}}), snapshot.revision)
    assert hands.cell("orders", "3", "Sync") == "#3 · Sent."


@pytest.mark.parametrize(
    ("shown", "is_date"),
    [
        ("2026-03-02", True),
        ("3/2/2026", True),
        ("2. 3. 2026 9:41", True),
        ("2-Mar-26", True),
        ("Monday, March 2, 2026", True),
        ("9:41:00 AM", True),
        ("2026年3月2日", True),
        ("call 12 times", False),
        ("paid", False),
        ("March", False),
        ("refunded 3/2", False),
    ],
)
def test_what_may_be_a_date_is_left_alone(shown: str, *, is_date: bool) -> None:
    """A date cell reads like a text: a copy of it would be another value, so such a row stays."""
    tab = templates().tab("orders")
    columns = {column.key: place for place, column in enumerate(tab.columns)}
    row: list[Any] = [""] * len(columns)
    row[columns["note"]] = shown
    assert bool(google_archive.dated(tab, columns, row)) is is_date


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([["1", "a"], ["2", "a"]], ""),
        ([["", "a"], ["", "A "]], "twins"),
        ([["5", "a"], [5, "A"]], "twins"),
        ([["5", "a"], [5, "b"]], ""),
        ([["", ""], ["", ""], []], ""),
        ([["1", "x"], ["2", *[""] * 14, "=A1"]], "formulas"),
        ([["1", "=HYPERLINK()"]], ""),
        ([["1", "", "=5*3"]], "formulas"),
    ],
)
def test_what_keeps_every_row_in_its_tab(rows: list[list[Any]], found: str) -> None:
    """Formulas, though not a customer's text that looks like one; and rows that Google would take for one."""
    tab = templates().tab("orders")
    columns = {column.key: place for place, column in enumerate(tab.columns)}
    assert google_archive.obstacle(tab, columns, rows) == found


def test_rows_that_an_archive_made_a_table_dropped_are_put_in_by_the_next_run(hands: GoogleHands) -> None:
    """The run dies right after its begin: until an answer has shown that Archive takes rows, their copies stand in `_ledger`."""
    book, snapshot = landed(hands, 3)
    sheet = hands.emulator.sheet(hands.id, "Archive")
    area = {
        "sheetId": sheet.sheet_id,
        "startRowIndex": 0,
        "endRowIndex": 9,
        "startColumnIndex": 0,
        "endColumnIndex": 15,
    }
    sheet.tables.append({"tableId": "1", "name": "T", "range": area})
    revision = book.commit(leaving(snapshot, "2"), snapshot.revision)
    assert stand(hands) == (["1", "3"], [])
    following = hands.open()
    assert following.read().revision == revision
    revision = following.commit(Commit("next"), revision)
    following.commit(Commit("next"), revision)
    assert stand(hands) == (["1", "3"], ["2"])
    assert "waiting_archive" not in hands.open().read().meta
