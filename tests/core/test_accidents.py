"""Whole-sheet accidents: changes that no honest edit makes, and honest bulk edits that must not look like one."""

from __future__ import annotations

import random
from typing import Any

import pytest

from reconcile.core.model import CancelTask
from tests.core.desk import Desk, order


def desk_of(count: int) -> Desk:
    """Orders 1 … count, in progress, each with a start count of its own."""
    desk = Desk()
    desk.receive(*[order(str(number)) for number in range(1, count + 1)])
    chance = random.Random(5)
    for row in desk.tabs["orders"]:
        row.update(status="In progress", start_count=chance.randrange(100_000))
    desk.run()
    return desk


def limits(desk: Desk) -> list[str]:
    """What stops the plan."""
    return [limit.text for limit in desk.plan().limits]


@pytest.mark.parametrize("value", [2500000, "2,500,000", 2500000.0])
def test_one_start_count_filled_down_is_stopped(value: Any) -> None:
    """Ten rows with the same count at once, however it was typed; nine are let through."""
    desk = desk_of(12)
    for number in range(1, 10):
        desk.type("orders", str(number), start_count=value)
    assert limits(desk) == []
    desk.type("orders", "10", start_count=value)
    assert limits(desk) == [
        (
            "In Orders, 10 rows were given the same Start count, 2500000: that looks like a fill-down. Undo it in the sheet, or pass "
            "this limit."
        )
    ]


def test_a_series_filled_down_is_stopped_also_beside_a_doubled_row() -> None:
    """Drag 500 down and a spreadsheet makes 501, 502, …: the rows tell, wherever they stand."""
    desk = desk_of(14)
    desk.add("orders", **desk.row("orders", "14"))
    for number in range(1, 12):
        desk.type("orders", str(number), remains=500 + number)
    assert limits(desk) == [
        (
            "In Orders, 11 rows were given a Remains that goes up by one from row to row: that looks like a fill-down. Undo it in the "
            "sheet, or pass this limit."
        )
    ]


@pytest.mark.parametrize("column", ["start_count", "status"])
def test_a_column_sorted_by_itself_is_stopped(column: str) -> None:
    """The same values in other rows."""
    desk = desk_of(12)
    if column == "status":
        for number in range(1, 7):
            desk.type("orders", str(number), status="Processing")
        desk.run()
    values = [row[column] for row in desk.tabs["orders"]]
    for row, value in zip(desk.tabs["orders"], reversed(values), strict=True):
        row[column] = value
    label = {"start_count": "Start count", "status": "Status"}[column]
    moved = sum(a != b for a, b in zip(values, reversed(values), strict=True))
    assert limits(desk) == [
        (
            f"In Orders, {moved} cells of {label} hold each other's values: the column was sorted without the rest of its rows. Undo "
            "that in the sheet."
        )
    ]


def test_a_sorted_sheet_is_no_accident() -> None:
    """Rows that move as a whole are nobody's mistake."""
    desk = desk_of(30)
    desk.tabs["orders"].reverse()
    assert (limits(desk), desk.plan().pushes) == ([], ())


@pytest.mark.parametrize(
    "edits",
    [
        [{"status": "Completed"}] * 40,
        [{"status": "Completed", "remains": 0}] * 40,
        [{"start_count": 0}] * 40,
        [{"start_count": 1000 + 7 * number} for number in range(40)],
        [{"start_count": None}] * 40,
        [{"status": "Partial", "remains": 1 + number % 9} for number in range(40)],
        [{"note": "same"}] * 40,
    ],
    ids=["completed", "zero-remains", "zero-start", "counts", "cleared", "partials", "notes"],
)
def test_honest_bulk_edits_pass(edits: list[dict[str, Any]]) -> None:
    """What staff do to forty rows at once every day is not held."""
    desk = desk_of(40)
    for number, typed in enumerate(edits, start=1):
        desk.type("orders", str(number), **typed)
    assert [text for text in limits(desk) if "refunds" not in text] == []


def test_decisions_sorted_apart_are_stopped() -> None:
    """Cancels too: each decision beside another request."""
    desk = desk_of(10)
    desk.receive(*[CancelTask(str(number), str(number)) for number in range(1, 9)])
    for number in range(1, 9):
        desk.type("cancels", str(number), decision="Reject" if number < 5 else None)
    desk.run()
    ids = [row["id"] for row in desk.tabs["cancels"]]
    for row, key in zip(desk.tabs["cancels"], reversed(ids), strict=True):
        row["id"] = key
    assert limits(desk) == [
        (
            "In Cancels, 8 rows have an ID beside values of other rows: part of the tab was sorted or pasted without the rest. Undo "
            "that in the sheet."
        )
    ]
    assert desk.plan().pushes == ()
