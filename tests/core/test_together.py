"""What only several rows together tell: headings exchanged, another ID typed over a row's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconcile.core import approvals
from reconcile.core.model import CancelTask
from reconcile.core.plan import Rules
from tests.core.desk import NOW, WHEN, Desk, order


def desk_of(count: int) -> Desk:
    """Orders 1082 … in progress, each with a start count and remains of its own, of which the panel knows."""
    desk = Desk()
    desk.receive(*[order(str(1082 + number)) for number in range(count)])
    for number, row in enumerate(desk.tabs["orders"]):
        row.update(status="In progress", start_count=40_007 + number * number * 13, remains=100 + number * 7)
    desk.run()
    return desk


@pytest.mark.parametrize(("count", "stopped"), [(2, False), (3, True), (4, True), (12, True), (40, True)])
def test_exchanged_headings_hold_their_tab_by_name(count: int, *, stopped: bool) -> None:
    """F37: start counts under Remains and the other way round: nothing is sent; two rows are told one by one."""
    desk = desk_of(count)
    for row in desk.tabs["orders"]:
        row["start_count"], row["remains"] = row["remains"], row["start_count"]
    plan = desk.plan()
    assert [(limit.name, limit.shuts) for limit in plan.limits] == ([("exchanged", "orders")] if stopped else [])
    if stopped:
        assert plan.pushes == ()
        assert (
            "the values under Start count and Remains stand in each other's column, as if the two headings were exchanged. Put them back."
        ) in plan.limits[0].text


@pytest.mark.parametrize("typed", ["1", "1068", "1083"])
def test_another_id_typed_over_a_row_is_told_whose_it_is(typed: str) -> None:
    """An unknown ID or that of another row: the row says its own, keeps it in Sync, and nothing is sent for either."""
    desk = desk_of(3)
    desk.type("orders", "1082", id=typed, status="Completed", remains=0)
    rows = desk.tabs["orders"]
    for _ in range(2):
        assert desk.sent() == []
        assert rows[0]["sync"] == (
            "#1082 · Please check. This is order 1082: put 1082 back under ID. Nothing is sent for this row until then."
        )
        assert desk.plan().messages == ()
    if typed == "1083":
        assert rows[1]["sync"] == (
            "#1083 · Held: ID 1083 also stands in row 2, which is order 1082. Nothing is sent for 1083 until that is put right."
        )
    rows[0]["id"] = "1082"
    assert desk.sent() == [("1082", "updateOrders", "status=Completed, remains=0")]


def test_ids_filled_down_are_told_row_by_row() -> None:
    """1067, 1068 … over five rows: each says which order it is, and the other rows go on."""
    desk = desk_of(8)
    for number, row in enumerate(desk.tabs["orders"][:5]):
        row["id"] = str(1067 + number)
        row["status"] = "Completed"
    desk.type("orders", "1089", status="Canceled", remains=None)
    assert desk.sent() == [("1089", "setCanceled", "status=Canceled")]
    for number, row in enumerate(desk.tabs["orders"][:5]):
        assert str(row["sync"]).startswith(
            f"#{1082 + number} · Please check. This is order {1082 + number}: put {1082 + number} back"
        )


@pytest.mark.parametrize(
    ("orders", "requests", "stopped"), [(2, 1, False), (3, 0, False), (3, 1, True), (0, 3, False), (0, 4, True)]
)
def test_refunds_through_cancels_count_like_the_others(orders: int, requests: int, *, stopped: bool) -> None:
    """At the limit all go; one more, through whichever tab, and all of them wait; the sum counts both as well."""
    for rules in (Rules(max_refunds=3), Rules(max_refund_total=Decimal("7.50"))):
        desk = desk_of(10)
        desk.rules = rules
        for number in range(orders):
            desk.type("orders", str(1082 + number), status="Canceled")
        if requests:
            desk.receive(*[CancelTask(str(500 + number), str(1085 + number)) for number in range(requests)])
        for number in range(requests):
            desk.type("cancels", str(500 + number), decision="Cancel and refund")
        plan = desk.plan()
        assert (len(plan.refunds), len(plan.held)) == ((0, orders + requests) if stopped else (orders + requests, 0))


@pytest.mark.parametrize(
    ("facts", "typed", "worth"),
    [
        ({"charge": "abc"}, {"status": "Canceled"}, "refund of an amount that is not known (Charge “abc”)"),
        ({"charge": ""}, {"status": "Canceled"}, "refund of an amount that is not known (Charge blank)"),
        (
            {"quantity": "lots"},
            {"status": "Partial", "remains": 300},
            "refund of at most 2.50 (Charge “2.50”, Quantity “lots”, Remains “300”)",
        ),
        (
            {"charge": "1,234", "quantity": "1.000"},
            {"status": "Partial", "remains": 300},
            "refund of an amount that is not known (Charge “1,234”, Quantity “1.000”, Remains “300”)",
        ),
        ({"quantity": "lots"}, {"status": "Canceled"}, ""),
        ({"quantity": "1,000"}, {"status": "Partial", "remains": 300}, ""),
    ],
)
def test_a_refund_that_cannot_be_worked_out_names_what_bounds_it(
    facts: dict[str, str], typed: dict[str, Any], worth: str
) -> None:
    """The list says how much at most, or what cannot be read; another charge is another list."""
    desk = Desk()
    desk.receive(order("15", **facts))
    desk.type("orders", "15", **typed)
    plan = desk.plan()
    rows, _ = approvals.listing(plan, NOW, WHEN)
    assert [row["what"] for row in rows[1:2]] == ([worth] if worth else [])
    if worth:
        assert f"({worth})" in plan.notes[0].text
        desk.ledger = desk.ledger.patched([{**(desk.ledger.row("orders", "15") or {}), "charge": "other"}])
        assert desk.plan().approvals[0].digest != plan.approvals[0].digest
