"""Whole-sheet accidents: changes that no honest edit makes, and honest bulk edits that must not look like one.

How often each kind is caught, and honest work let through, is measured in test_accident_rates; here is what staff are told.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from reconcile.core.model import CancelTask
from tests.core.desk import Desk, order

UNDO = "Undo it in the sheet (Ctrl+Z, or the version history); or, if it was meant, tick this list."


def desk_of(count: int, *, started: bool = True) -> Desk:
    """Orders 1 … count, in progress with a start count each unless not yet started."""
    desk = Desk()
    desk.receive(*[order(str(number)) for number in range(1, count + 1)])
    chance = random.Random(5)
    for row in desk.tabs["orders"]:
        row.update(status="In progress", start_count=chance.randrange(100_000) if started else None)
    desk.run()
    return desk


def limits(desk: Desk) -> list[str]:
    """What stops the plan."""
    return [limit.text for limit in desk.plan().limits]


def about(desk: Desk) -> list[str]:
    """The keys of the rows the only limit is about."""
    (limit,) = desk.plan().limits
    assert {tab for tab, _ in limit.rows} <= {"orders", "cancels"}
    return [key for _, key in limit.rows]


def ids(first: int, last: int) -> list[str]:
    """The ids of neighbouring rows."""
    return [str(number) for number in range(first, last + 1)]


@pytest.mark.parametrize("value", [2500000, "2,500,000", 2500000.0])
def test_one_start_count_filled_down_is_stopped(value: Any) -> None:
    """A round count beside ten links at once, however it was typed; nine are let through."""
    desk = desk_of(12, started=False)
    for key in ids(1, 9):
        desk.type("orders", key, start_count=value)
    assert limits(desk) == []
    desk.type("orders", "10", start_count=value)
    assert limits(desk) == [
        (
            "Orders, rows 2–11 (10 rows, ID 1, 2 … 10): all were given the Start count 2500000, as if it was filled down. "
            + UNDO
        )
    ]
    assert about(desk) == ids(1, 10)


def test_a_count_that_is_not_round_needs_five_links() -> None:
    """48213 is not five strangers' count; of one link it may well be."""
    desk = desk_of(12, started=False)
    for key in ids(1, 5):
        assert limits(desk) == []
        desk.type("orders", key, start_count=48213)
    assert about(desk) == ids(1, 5)
    one = Desk()
    one.receive(*[order(key, link="https://example.com/same") for key in ids(1, 40)])
    for row in one.tabs["orders"]:
        row.update(start_count=48213)
    assert limits(one) == []


def test_one_count_over_others_is_stopped_also_when_it_is_zero() -> None:
    """Zero is honest in an empty cell; over five different counts it is not."""
    desk = desk_of(12)
    for key in ids(3, 7):
        desk.type("orders", key, start_count=0)
    assert limits(desk) == [
        (
            "Orders, rows 4–8 (5 rows, ID 3, 4, 5, 6, 7): all were given the Start count 0, as if it was filled down. "
            + UNDO
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
            "Orders, rows 2–12 (11 rows, ID 1, 2 … 11): Remains goes on by the same step from row to row, as if it was filled down. "
            + UNDO
        )
    ]


def test_a_status_filled_over_closed_orders_is_stopped() -> None:
    """Completed over rows that were Canceled moves nothing forward; the whole fill is held, from its first row to its last."""
    desk = desk_of(20)
    for key in ids(5, 10):
        desk.type("orders", key, status="Canceled")
    desk.run()
    for key in ids(1, 20):
        desk.type("orders", key, status="Completed")
    assert limits(desk) == [
        (
            "Orders, rows 2–21 (20 rows, ID 1, 2 … 20): all were given the Status Completed, as if it was filled down. "
            + UNDO
        )
    ]


@pytest.mark.parametrize(("off", "way"), [(1, "further up"), (-1, "further down"), (3, "further up")])
def test_a_block_pasted_off_is_stopped(off: int, way: str) -> None:
    """Six counts, one or three rows too low or too high, with honest edits beside it."""
    desk = desk_of(30)
    counts = [row["start_count"] for row in desk.tabs["orders"]]
    for place in range(10, 16):
        desk.tabs["orders"][place + off]["start_count"] = counts[place]
    for key in ("1", "2", "28"):
        desk.type("orders", key, status="Completed")
    side = "low" if off > 0 else "high"
    keys = ids(11 + off, 16 + off)
    assert limits(desk) == [
        (
            f"Orders, rows {12 + off}–{17 + off} (6 rows, ID {keys[0]}, {keys[1]} … {keys[-1]}): what stands under Start count belongs "
            f"{abs(off)} {way}, as if a block was pasted too {side}. " + UNDO
        )
    ]
    assert about(desk) == keys


@pytest.mark.parametrize("honest", [0, 3])
def test_a_column_sorted_by_itself_is_stopped(honest: int) -> None:
    """The same values in other rows; a few honest edits do not hide it."""
    desk = desk_of(12)
    counts = sorted(row["start_count"] for row in desk.tabs["orders"])
    for row, count in zip(desk.tabs["orders"], counts, strict=True):
        row["start_count"] = count
    for key in ids(1, honest):
        desk.type("orders", key, start_count=123_456 + 789 * int(key), status="Completed")
    (limit,) = desk.plan().limits
    assert limit.name == "sorted apart"
    assert (
        "the cells of Start count hold each other's values, as if sorted without the rest of their rows" in limit.text
    )


def test_statuses_sorted_by_themselves_are_stopped() -> None:
    """Some go back: nobody does that to many at once."""
    desk = desk_of(12)
    for number in range(1, 7):
        desk.type("orders", str(number), status="Processing")
    desk.run()
    for row in desk.tabs["orders"]:
        row["status"] = "In progress" if int(row["id"]) < 7 else "Processing"
    assert limits(desk) == [
        (
            "Orders, rows 2–13 (12 rows, ID 1, 2 … 12): the cells of Status hold each other's values, as if sorted without the rest "
            "of their rows. " + UNDO
        )
    ]


@pytest.mark.parametrize(("column", "label"), [("start_count", "Start count"), ("status", "Status")])
def test_an_emptied_column_is_told(column: str, label: str) -> None:
    """Blank means no change, so nothing would be sent; but somebody should know. Four are tidying up."""
    desk = desk_of(12)
    for key in ids(2, 5):
        desk.type("orders", key, **{column: None})
    assert limits(desk) == []
    desk.type("orders", "6", **{column: ""})
    assert limits(desk) == [f"Orders, rows 3–7 (5 rows, ID 2, 3, 4, 5, 6): the cells of {label} were emptied. " + UNDO]
    desk.run()
    assert limits(desk) == []


def test_emptied_ids_are_told() -> None:
    """The rows are known by their Sync text, and each says which ID it needs."""
    desk = desk_of(12)
    for row in desk.tabs["orders"][3:9]:
        row["id"] = None
    assert limits(desk) == ["Orders, rows 5–10 (6 rows, ID 4, 5 … 9): the cells of ID were emptied. " + UNDO]
    assert about(desk) == ids(4, 9)


def test_remains_cleared_as_asked_is_no_accident() -> None:
    """Completed with remains is answered with "clear Remains": twenty people may do so at once."""
    desk = desk_of(20)
    for row in desk.tabs["orders"]:
        row["remains"] = 7 + 13 * int(row["id"])
    desk.run()
    for row in desk.tabs["orders"]:
        row.update(status="Completed", remains=None)
    assert limits(desk) == []


def test_an_undo_is_one_accident() -> None:
    """Closed orders open again, counts blank: what forty rows would complain of one by one."""
    desk = desk_of(40)
    older = [dict(row) for row in desk.tabs["orders"]]
    for row in desk.tabs["orders"]:
        row.update(status="Completed", remains=0)
    desk.run()
    for row, before in zip(desk.tabs["orders"][10:30], older[10:30], strict=True):
        row.update(status=before["status"], remains=before.get("remains"))
    assert limits(desk) == [
        (
            "Orders, rows 12–31 (20 rows, ID 11, 12 … 30): the cells of Remains and Status went back to something earlier, as if by an undo or "
            "from an older copy. " + UNDO
        )
    ]
    assert about(desk) == ids(11, 30)


def test_two_accidents_are_told_apart() -> None:
    """Each names its own block."""
    desk = desk_of(60)
    for key in ids(3, 12):
        desk.type("orders", key, start_count=None)
    for key in ids(40, 49):
        desk.type("orders", key, start_count=48213)
    assert [(limit.name, limit.rows[0][1], limit.rows[-1][1]) for limit in desk.plan().limits] == [
        ("filled", "40", "49"),
        ("back", "3", "12"),
    ]


def test_a_panel_column_sorted_by_itself_is_told() -> None:
    """Nothing is sent because of it, and twelve answers would not say what happened."""
    desk = desk_of(12)
    users = [row["user"] for row in desk.tabs["orders"]]
    for row, user in zip(desk.tabs["orders"], reversed(users), strict=True):
        row["user"] = user
    assert limits(desk) == [
        (
            "Orders, rows 2–13 (12 rows, ID 1, 2 … 12): the cells of User hold each other's values, as if sorted without the rest "
            "of their rows. " + UNDO
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
        [{"start_count": 1000 + 7 * number + number * number} for number in range(40)],
        [{"status": "Partial", "remains": 1 + number % 9} for number in range(40)],
        [{"remains": 1000}] * 40,
        [{"note": "same"}] * 40,
    ],
    ids=["completed", "zero-remains", "zero-start", "counts", "partials", "nothing-delivered", "notes"],
)
def test_honest_bulk_edits_pass(edits: list[dict[str, Any]]) -> None:
    """What staff do to forty rows at once every day is not held."""
    desk = desk_of(40, started=False)
    for number, typed in enumerate(edits, start=1):
        desk.type("orders", str(number), **typed)
    assert [text for text in limits(desk) if "refunds" not in text] == []


def test_decisions_sorted_apart_are_stopped() -> None:
    """Cancels too: each decision beside another request. The rows are held, so it is said once."""
    desk = desk_of(10)
    desk.receive(*[CancelTask(str(number), str(number)) for number in range(1, 9)])
    for number in range(1, 9):
        desk.type("cancels", str(number), decision="Reject" if number < 5 else None)
    desk.run()
    keys = [row["id"] for row in desk.tabs["cancels"]]
    for row, key in zip(desk.tabs["cancels"], reversed(keys), strict=True):
        row["id"] = key
    assert limits(desk) == [
        (
            "Cancels, rows 2–9 (8 rows, ID 8, 7 … 1): the IDs stand beside values of other rows, as if a part was sorted or pasted "
            "without the rest. " + UNDO
        )
    ]
    assert desk.plan().pushes == ()


def left_over(count: int = 40) -> Desk:
    """Orders in progress, each with its own Remains."""
    desk = Desk()
    desk.receive(*[order(str(number)) for number in range(1, count + 1)])
    for row in desk.tabs["orders"]:
        number = int(row["id"])
        row.update(status="In progress", start_count=1000 + number * number * 37 % 9973, remains=1 + number * 7 % 89)
    desk.run()
    return desk


@pytest.mark.parametrize("value", [0, 40])
def test_one_cell_that_gave_up_a_number_is_not_where_ten_others_have_it_from(value: int) -> None:
    """A number that one row lost can have come to one row: ten rows closed with Remains 0 beside one that lost its 0."""
    desk = left_over()
    desk.type("orders", "11", remains=value)
    desk.run()
    for key in ids(1, 10):
        desk.type("orders", key, status="Completed", remains=value)
    desk.type("orders", "11", status="Completed", remains=None)
    assert [limit for limit in limits(desk) if "each other" in limit] == []


def test_ten_cells_that_gave_up_a_number_did_not_give_it_to_one() -> None:
    """The other way round: ten blank a Remains that was the same everywhere, one row is given it."""
    desk = left_over()
    for key in ids(1, 10):
        desk.type("orders", key, remains=100)
    desk.run()
    for key in ids(1, 10):
        desk.type("orders", key, status="Completed", remains=None)
    desk.type("orders", "11", remains=100)
    assert limits(desk) == []


def test_remains_sorted_without_their_rows_are_stopped_also_where_some_are_alike() -> None:
    """As many rows gained each number as lost it: two of each number, sorted upwards."""
    desk = left_over()
    for key in ids(1, 12):
        desk.type("orders", key, remains=211 - 31 * (int(key) // 2))
    desk.run()
    for key, value in zip(ids(1, 12), sorted(211 - 31 * (int(key) // 2) for key in ids(1, 12)), strict=True):
        desk.type("orders", key, remains=value)
    assert [limit for limit in limits(desk) if "each other" in limit] != []
