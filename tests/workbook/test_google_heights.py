"""Rows whose Comments would fill the screen: six lines high, wherever staff sort them, and never for a call more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core.model import Commit
from reconcile.workbook import google_heights as heights
from reconcile.workbook import guide
from reconcile.workbook.templates import templates
from tests.contract.google_subject import GoogleHands
from tests.emulator.faults import Fault

if TYPE_CHECKING:
    from reconcile.core.model import Row
    from reconcile.workbook.google import GoogleWorkbook

LONG = "a line\n" * 1_000
SHORT = "two\nlines"
RESIZING = ("updateDimensionProperties", "autoResizeDimensions")


@pytest.fixture
def hands() -> GoogleHands:
    return GoogleHands()


def order(key: str, comments: str | None = None) -> Row:
    return {"id": key, "quantity": 100, "status": "Processing", "comments": comments, "sync": f"#{key} · New."}


def land(hands: GoogleHands, *rows: Row) -> GoogleWorkbook:
    """A workbook that has read and then landed these orders."""
    book = hands.open()
    book.commit(Commit("run", append={"orders": list(rows)}), book.read().revision)
    return book


def run(hands: GoogleHands, **change: Any) -> list[str]:
    """The next run's read and one commit; returns the kinds of its requests."""
    book, calls = hands.open(), len(hands.emulator.calls)
    book.commit(Commit("next", **change), book.read().revision)
    assert [call.kind for call in hands.emulator.calls[calls:]] == ["values.batchGet", "batchUpdate"]
    return kinds(hands)


def kinds(hands: GoogleHands) -> list[str]:
    """The kinds of the last call's requests."""
    return [kind for request in hands.emulator.calls[-1].body["requests"] for kind in request]


def high(hands: GoogleHands) -> dict[int, int]:
    """Row number → the height that was set, of Orders below the headings."""
    found = hands.emulator.sheet(hands.id, "Orders").props_of("ROWS")
    return {index + 1: props["pixelSize"] for index, props in sorted(found.items()) if index and "pixelSize" in props}


def remembered(hands: GoogleHands) -> str | None:
    return hands.open().read().meta.get(heights.ENTRY)


def wrapping(hands: GoogleHands, row: int) -> str:
    sheet = hands.emulator.sheet(hands.id, "Orders")
    cell = sheet.get(row - 1, hands.person("orders").column("Comments"))
    assert cell is not None
    return str(cell.fmt["wrapStrategy"])


# --- landing -----------------------------------------------------------------------------------------------------------------


def test_a_long_comment_lands_six_lines_high_and_a_short_one_as_high_as_it_is(hands: GoogleHands) -> None:
    """Whole in its cell and wrapped, in the very batch that brings it; neighbouring rows are one request."""
    land(hands, order("1"), order("2", LONG), order("3", LONG), order("4", SHORT), order("5", "word " * 100))
    assert high(hands) == {3: 101, 4: 101, 6: 101}
    assert kinds(hands).count("updateDimensionProperties") == 2
    assert remembered(hands) == "3-4,6"
    assert hands.open().read().tabs["orders"].loc["2", "comments"] == LONG
    assert {wrapping(hands, row) for row in (3, 5, 900)} == {"WRAP"}


def test_what_did_not_change_is_not_sent_again(hands: GoogleHands) -> None:
    """Neither by the same run's next commit, which knows what it set, nor by the next run."""
    book = land(hands, order("1", LONG))
    book.commit(Commit("run", meta={"lease": None}), 1)
    assert not set(kinds(hands)) & set(RESIZING)
    assert not set(run(hands, meta={"lease": "x"})) & set(RESIZING)
    book.commit(Commit("run", append={"orders": [order("2"), order("3", LONG)]}), book.read().revision)
    assert kinds(hands).count("updateDimensionProperties") == 1
    assert high(hands) == {2: 101, 4: 101}


def test_without_long_comments_a_commit_is_what_it_was(hands: GoogleHands) -> None:
    """Stamp, row, revision: not one request more."""
    land(hands, order("1", SHORT))
    assert kinds(hands) == ["createDeveloperMetadata", "appendCells", "updateCells"]
    assert (high(hands), remembered(hands)) == ({}, "none")


# --- what staff do -------------------------------------------------------------------------------------------------------------


def test_the_next_run_follows_a_sort(hands: GoogleHands) -> None:
    """The height stays with its row number; then the row that has the long text now gets it, the other fits its text again."""
    land(hands, order("1", LONG), order("2"), order("3"))
    hands.as_staff().sort("orders", "ID", down=True)
    assert high(hands) == {2: 101}
    assert set(run(hands, meta={"lease": "x"})) >= set(RESIZING)
    assert (high(hands), remembered(hands)) == ({4: 101}, "4")
    assert not set(run(hands, meta={"lease": "y"})) & set(RESIZING)


def test_heights_that_staff_set_themselves_stay(hands: GoogleHands) -> None:
    """Only rows that the job gave a height lose it."""
    land(hands, order("1", LONG), order("2"), order("3"))
    where = {"sheetId": hands.person("orders").sheet_id, "dimension": "ROWS", "startIndex": 3, "endIndex": 4}
    own = {"updateDimensionProperties": {"range": where, "properties": {"pixelSize": 60}, "fields": "pixelSize"}}
    hands.as_staff().person("orders").do(own)
    hands.delete_row("orders", "1")
    run(hands, meta={"lease": "x"})
    assert (high(hands), remembered(hands)) == ({3: 60}, "none")


def test_rows_deleted_in_between_do_not_sink_the_commit(hands: GoogleHands) -> None:
    """A height beyond the tab's end: the batch goes again without heights, and the next run sets what there is to set."""
    hands.paste("orders", [["1"], ["2"], ["3", "l", 1, None, "Processing", *[None] * 3, "u", 1, "1", None, LONG]])
    sheet = hands.emulator.sheet(hands.id, "Orders")
    hands.person("orders").delete_rows(5, sheet.row_count)
    book, calls = hands.open(), len(hands.emulator.calls)
    book.read()
    hands.person("orders").delete_rows(2)
    assert book.commit(Commit("run", meta={"lease": "x"}), 0) == 1
    assert [call.status for call in hands.emulator.calls[calls:] if call.kind == "batchUpdate"][-2:] == [400, 200]
    assert (high(hands), remembered(hands)) == ({}, "none")
    calls = len(hands.emulator.calls)
    book.commit(Commit("run", meta={"lease": None}), 1)
    assert [call.status for call in hands.emulator.calls[calls:]] == [200]
    run(hands, meta={"lease": "x"})
    assert (high(hands), remembered(hands)) == ({3: 101}, "3")


def test_a_tab_that_became_shorter_than_what_is_remembered(hands: GoogleHands) -> None:
    """Rows that are gone are not asked for again."""
    land(hands, order("1"), order("2"), order("3", LONG))
    hands.person("orders").delete_rows(3, hands.emulator.sheet(hands.id, "Orders").row_count)
    assert not set(run(hands, meta={"lease": "x"})) & set(RESIZING)
    assert hands.emulator.calls[-1].status == 200


def test_rows_that_leave_for_archive_are_followed_by_the_next_run(hands: GoogleHands) -> None:
    """In the batch in which rows leave, and in the rest of that run, no row number holds."""
    book = land(hands, order("1"), order("2", LONG), order("3", LONG))
    revision = book.read().revision
    row = {"id": "1", "status": "Processing", "sync": "#1 · New.", "note": None}
    revision = book.commit(Commit("run", archive={"1": row}), revision)
    assert not set(kinds(hands)) & set(RESIZING)
    book.commit(Commit("run", append={"orders": [order("4", LONG)]}), revision)
    assert not set(kinds(hands)) & set(RESIZING)
    assert list(hands.open().read().tabs["orders"].index) == ["2", "3", "4"]
    run(hands, meta={"lease": "x"})
    assert set(high(hands)) == {2, 3, 4}
    assert remembered(hands) == "2-4"


# --- trouble -------------------------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_not_repeated(hands: GoogleHands) -> None:
    """The heights of a batch that was applied are remembered, also when its answer never came."""
    book = hands.open()
    revision = book.read().revision
    hands.emulator.faults.at(len(hands.emulator.calls) + 1, Fault.commit_then_drop())
    revision = book.commit(Commit("run", append={"orders": [order("1", LONG)]}), revision)
    book.commit(Commit("run", meta={"lease": "x"}), revision)
    assert not set(kinds(hands)) & set(RESIZING)
    assert (high(hands), remembered(hands)) == ({2: 101}, "2")


@pytest.mark.parametrize(("comments", "told"), [(LONG, "2"), (SHORT, "none")])
def test_a_workbook_from_before_wraps_its_texts_once(hands: GoogleHands, comments: str, told: str) -> None:
    """Without the entry texts are cut to a line: the first commit wraps the columns, later ones leave them to staff."""
    land(hands, order("1", comments), order("2", SHORT))
    ledger = hands.see("ledger")
    hands.show("ledger", [[None] * len(row) if row[1] == heights.ENTRY else row for row in ledger])
    clip = {"userEnteredFormat": {"wrapStrategy": "CLIP"}}
    person = hands.person("orders")
    at = person.column("Comments")
    where = {"sheetId": person.sheet_id, "startRowIndex": 1, "startColumnIndex": at, "endColumnIndex": at + 1}
    unwrap = {"repeatCell": {"range": where, "cell": clip, "fields": "userEnteredFormat.wrapStrategy"}}
    person.do(unwrap)
    assert remembered(hands) is None
    assert run(hands, meta={"lease": "x"}).count("repeatCell") == 5  # User, Link, Comments, Note, Details
    assert remembered(hands) == told
    assert {wrapping(hands, row) for row in (2, 3, 900)} == {"WRAP"}
    person.do(unwrap)
    assert "repeatCell" not in run(hands, meta={"lease": "y"})
    assert wrapping(hands, 2) == "CLIP"


@pytest.mark.parametrize("text", ["nonsense", "2-999999999999", "9-3,,-", "0-1"])
def test_an_entry_that_somebody_spoiled_stops_nothing(hands: GoogleHands, text: str) -> None:
    """Heights are harmless: what cannot be read counts as nothing, and what lies beyond the tab is left out."""
    land(hands, order("1"), order("2", LONG))
    hands.show(
        "ledger", [[*row[:2], text, *row[3:]] if row[1] == heights.ENTRY else row for row in hands.see("ledger")]
    )
    run(hands, meta={"lease": "x"})
    assert (high(hands), remembered(hands)) == ({3: 101}, "3")


# --- pure --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (None, 1),
        ("", 1),
        (5, 1),
        ("one", 1),
        ("one\ntwo", 2),
        ("one\n\nthree\n", 3),
        ("x" * 34, 2),
        ("\n".join(["x" * 34] * 3), 6),
        ("x\r\n" * 6, 6),
        ("x" * 200, 6),
        ("x" * 202, 7),
        (("x" * 33 + "\r\n") * 6, 6),
        (("x" * 33 + "\r\n") * 6 + "x", 7),
        ("x\n" * 7, 7),
        (LONG, 7),
    ],
)
def test_lines_are_counted_as_a_cell_of_that_width_shows_them(text: Any, lines: int) -> None:
    """By line ends and by width; beyond six it only counts that it is more."""
    comments = templates().tab("orders").column("comments")
    assert comments.width == 30
    assert min(guide.shown_lines(comments, text), 7) == lines


def test_many_stretches_are_joined_where_they_are_nearest() -> None:
    """No long row goes without: at most so many stretches, the smallest gaps filled."""
    rows = [*range(10, 10 + 4 * heights.MOST, 4), 9_000, 9_002]
    found = heights.covered(rows)
    spans = guide.spans(sorted(found))
    assert len(spans) == heights.MOST
    assert found >= set(rows)
    assert {9_001, 11, 12, 13} <= found
    assert 8_999 not in found
    assert heights.covered(rows[:50]) == set(rows[:50])
    assert len(heights.Heights(given=found).text) < 25_000


def test_a_long_link_is_bounded_like_comments(hands: GoogleHands) -> None:
    """A link of two thousand letters would fill the screen, too."""
    book = hands.open()
    row = {**order("1", SHORT), "link": "https://x.com/" + "a" * 2_000}
    book.commit(Commit("run", append={"orders": [row, order("2", SHORT)]}), book.read().revision)
    assert high(hands) == {2: 101}
