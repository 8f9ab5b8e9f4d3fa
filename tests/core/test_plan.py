"""What concerns several rows: doubled and unknown ids, one refund per order, accidents, limits, the digest."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core import words
from reconcile.core.cells import Formula
from reconcile.core.model import CancelTask, Feed, Kind, Refill
from reconcile.core.plan import Rules, make_plan
from tests.core.desk import Desk, order, refuse, told, unclear, with_order
from tests.core.test_cells import CELLS

if TYPE_CHECKING:
    from reconcile.core.model import Plan


def desk_of(count: int, **values: str) -> Desk:
    """A desk with orders 1 … count."""
    desk = Desk()
    desk.receive(*[order(str(number), **values) for number in range(1, count + 1)])
    return desk


def answers(plan: Plan) -> dict[str, str]:
    """key → what its row is told."""
    return {note.key: words.ENGLISH.sync_text(note.key, note.kind, note.text) for note in plan.notes}


# --- ids -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["15", " 15 ", "\uff11\uff15", 15, 15.0])
def test_a_doubled_id_is_held_and_both_rows_are_named(again: Any) -> None:
    """Neither row is acted on, whichever of the two was edited; the others proceed."""
    desk = desk_of(16)
    desk.type("orders", "15", status="Canceled")
    desk.add("orders", **{**desk.row("orders", "15"), "id": again})
    desk.type("orders", "16", status="In progress")
    assert desk.sent() == [("16", "updateOrders", "status=In progress")]
    says = "#15 · Held: ID 15 stands in rows 16 and 18. Nothing is sent for it until one of them is removed."
    assert desk.says("orders", "15") == says
    assert desk.tabs["orders"][-1]["sync"] == says
    del desk.tabs["orders"][-1]
    assert desk.sent() == [("15", "setCanceled", "status=Canceled")]


@pytest.mark.parametrize("like", ["015", "15.0", "0015.00"])
def test_ids_that_look_alike_are_held_beside_each_other(like: str) -> None:
    """`015` beside `15` is nobody's order for certain."""
    desk = with_order()
    desk.type("orders", "15", status="Completed")
    desk.add("orders", id=like, status="Canceled")
    assert desk.sent() == []
    assert desk.says("orders", "15") == (
        "#15 · Held: ID 15 stands in rows 2 and 3. Nothing is sent for it until one of them is removed."
    )
    assert desk.says("orders", like).startswith(f"#{like} · Held: ID {like} stands in rows 2 and 3.")


def test_a_doubled_row_in_doubt_is_not_settled() -> None:
    """If unsure beside a doubled id is not believed."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled")
    desk.run(unclear)
    desk.type("orders", "15", unsure="Send again")
    desk.add("orders", **desk.row("orders", "15"))
    plan, _ = desk.run()
    assert plan.pushes == ()
    assert len(plan.doubts) == 1


def test_an_unknown_id_is_answered_and_never_pushed() -> None:
    """Also a text, an error or a number in exponent form in the ID column."""
    desk = with_order()
    for strange in ("99", "1.23E+15", "#REF!", "abc"):
        desk.add("orders", id=strange, status="Canceled")
    plan, _ = desk.run()
    assert plan.pushes == ()
    assert answers(plan)["99"] == (
        "#99 · Please check. No order with ID 99 was ever received, so nothing is sent. Check the ID, or remove this row."
    )
    assert set(answers(plan)) == {"99", "1.23E+15", "#REF!", "abc"}


def test_a_cleared_id_is_asked_back() -> None:
    """The row is known by its Sync text; it is neither deleted nor acted on."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled", id=None)
    plan, _ = desk.run()
    assert (plan.pushes, plan.messages) == ((), ())
    assert desk.tabs["orders"][0]["sync"] == "#15 · Please check. The ID of this row is gone. Type 15 back into ID."
    desk.tabs["orders"][0]["id"] = "15"
    assert desk.sent() == [("15", "setCanceled", "status=Canceled")]


def test_a_row_that_never_had_an_id_is_named_by_its_number() -> None:
    """So is a copy whose ID was cleared."""
    desk = with_order()
    desk.add("orders", status="Completed")
    desk.add("orders", **{**desk.row("orders", "15"), "id": None})
    assert desk.plan().messages == (
        "Orders: row 4: its ID is gone, and 15 stands in another row. Type its own ID back, or remove the row.",
        "Orders: row 3 has no ID, so nothing is done with it.",
    )


# --- gone ----------------------------------------------------------------------------------------------------------------------


def test_a_deleted_row_is_reported_once_and_comes_back_as_it_was() -> None:
    """Nothing is pushed for it while it is gone, nor when it returns unchanged."""
    desk = desk_of(3)
    desk.type("orders", "2", status="In progress")
    desk.run()
    row = desk.delete("orders", "2")
    plan, _ = desk.run()
    assert plan.messages == ("Orders: the row of order 2 was deleted from the sheet.",)
    assert desk.run()[0].messages == ()
    desk.add("orders", **row)
    plan, _ = desk.run()
    assert (plan.pushes, plan.messages) == ((), ())
    desk.type("orders", "2", status="Completed")
    assert desk.sent() == [("2", "updateOrders", "status=Completed")]


def test_a_deleted_closed_row_is_reported_once_and_stays_closed_when_it_returns() -> None:
    """Tidying up is nobody's mistake, and is said all the same."""
    desk = desk_of(2)
    desk.type("orders", "2", status="Canceled")
    desk.run()
    row = desk.delete("orders", "2")
    assert desk.run()[0].messages == ("Orders: closed rows that were deleted from the sheet: 1 (ID 2).",)
    assert desk.run()[0].messages == ()
    desk.add("orders", **{**row, "status": "Partial", "remains": 5})
    assert desk.sent() == []
    assert "a closed order stays closed" in desk.says("orders", "2")


def test_more_than_half_of_the_rows_gone_is_a_limit() -> None:
    """The arithmetic is said; with the word of a person the rows are gone."""
    desk = desk_of(10)
    for number in range(1, 7):
        desk.delete("orders", str(number))
    assert [limit.text for limit in desk.plan().limits] == [
        "Orders: 6 of 10 open rows are gone from the sheet, 60.0% is over 50%. Undo it in the sheet, or tick this list."
    ]
    assert [limit.rows for limit in desk.plan().limits] == [tuple(("orders", str(number)) for number in range(1, 7))]
    desk.add("orders", id="6")
    assert [limit.name for limit in desk.plan().limits] == []


def closed_desk(count: int, *still_open: str) -> Desk:
    """A desk with orders 1 … count, all Completed but some."""
    desk = desk_of(count)
    for number in range(1, count + 1):
        if str(number) not in still_open:
            desk.type("orders", str(number), status="Completed")
    desk.run()
    return desk


@pytest.mark.parametrize(("count", "still_open"), [(2, ("1", "2")), (2, ()), (6, ("5", "6"))])
def test_an_emptied_tab_is_a_limit_whatever_was_closed(count: int, still_open: tuple[str, ...]) -> None:
    """No row is left of two or more: nobody tidies up like that, and all rows are named."""
    desk = closed_desk(count, *still_open)
    desk.tabs["orders"].clear()
    (limit,) = desk.plan().limits
    assert limit.text == (
        f"Orders: none of its {count} rows is in the sheet any more, as if the tab was emptied. "
        "Undo it in the sheet, or tick this list."
    )
    assert sorted(limit.rows) == [("orders", str(number)) for number in range(1, count + 1)]


def test_the_only_row_of_a_tab_may_be_deleted() -> None:
    """One row deleted is a row deleted."""
    desk = with_order()
    desk.delete("orders", "15")
    assert desk.plan().limits == ()


def test_closed_rows_count_among_the_rows_that_are_gone() -> None:
    """More than half of all rows is a limit also when every open one is still there."""
    desk = closed_desk(9, "8", "9")
    for number in range(1, 6):
        desk.delete("orders", str(number))
    plan = desk.plan()
    (limit,) = plan.limits
    assert limit.text == (
        "Orders: 5 of 9 rows, open and closed, are gone from the sheet, 55.6% is over 50%. "
        "Undo it in the sheet, or tick this list."
    )
    assert plan.messages == ("Orders: closed rows that were deleted from the sheet: 5 (ID 1, 2, 3, 4, 5).",)


def test_many_deleted_closed_rows_are_one_message() -> None:
    """The first two and the last are named."""
    desk = closed_desk(20)
    for number in range(11, 19):
        desk.delete("orders", str(number))
    plan = desk.plan()
    assert (plan.limits, plan.messages) == (
        (),
        ("Orders: closed rows that were deleted from the sheet: 8 (ID 11, 12 … 18).",),
    )


# --- values beside another id ----------------------------------------------------------------------------------------------------


def test_one_changed_panel_cell_is_answered_and_the_row_goes_on() -> None:
    """Somebody typed into a column that is the panel's."""
    desk = with_order()
    desk.type("orders", "15", quantity=5000, status="In progress")
    assert desk.sent() == [("15", "updateOrders", "status=In progress")]
    assert desk.says("orders", "15") == (
        "#15 · Please check. Quantity was changed here, but only the panel can change it: there it is 1000. Sent 02 Mar 09:55: "
        "Status In progress."
    )


@pytest.mark.parametrize(("name", "label"), [("remains", "Remains"), ("start_count", "Start count")])
def test_a_count_cleared_by_itself_is_told_once_and_changes_nothing(name: str, label: str) -> None:
    """The panel keeps its value; beside another edit, and where the panel has none, there is nothing to say."""
    desk = desk_of(2)
    desk.type("orders", "1", **{name: 310})
    assert len(desk.sent()) == 1
    desk.type("orders", "1", **{name: None})
    assert desk.sent() == []
    says = (
        f"#1 · Note. A blank cell changes nothing: the panel still has {label} 310. To change it, type the new value."
    )
    assert desk.says("orders", "1") == says
    plan, _ = desk.run()
    assert (plan.notes, plan.settled) == ((), ())
    desk.type("orders", "1", status="In progress")
    assert desk.sent() == [("1", "updateOrders", "status=In progress")]
    desk.type("orders", "2", **{name: 5})
    desk.type("orders", "2", **{name: None})
    assert "still has" not in str(answers(desk.plan()))


def test_a_row_with_another_rows_values_is_held() -> None:
    """An id beside another order's link and user closes the wrong order, so nothing is sent for it."""
    desk = desk_of(2)
    desk.type("orders", "1", link="https://example.com/2", user="user-2", status="Canceled")
    assert desk.sent() == []
    assert desk.says("orders", "1") == (
        "#1 · Held: What stands under User and Link is not that of 1. Undo the last sort or paste; nothing is sent for this row until then."
    )


def test_ids_sorted_apart_from_their_rows_stop_the_push() -> None:
    """Five rows or more are an accident."""
    desk = desk_of(6)
    ids = [row["id"] for row in desk.tabs["orders"]]
    for row, key in zip(desk.tabs["orders"], reversed(ids), strict=True):
        row.update(id=key, status="Completed")
    plan = desk.plan()
    assert plan.pushes == ()
    assert [limit.text for limit in plan.limits] == [
        (
            "Orders, rows 2–7 (6 rows, ID 6, 5 … 1): the IDs stand beside values of other rows, as if a part was sorted or pasted "
            "without the rest. Undo it in the sheet (Ctrl+Z, or the version history); or, if it was meant, tick this list."
        )
    ]


def test_facts_that_a_spreadsheet_made_numbers_are_the_same_facts() -> None:
    """Convert to number over Charge and Service is no accident."""
    desk = desk_of(6)
    for row in desk.tabs["orders"]:
        row.update(charge=2.5, service=12, quantity="1000 ", status="In progress")
    plan, _ = desk.run()
    assert plan.limits == ()
    assert len(plan.pushes) == 6


def test_a_formula_or_tick_box_over_a_fact_is_not_the_fact() -> None:
    """What only looks like the panel's value is answered."""
    desk = desk_of(2, quantity="1")
    desk.type("orders", "1", quantity=True)
    desk.type("orders", "2", link=Formula("https://example.com/2x"))
    assert set(answers(desk.plan())) == {"1", "2"}


# --- one refund per order --------------------------------------------------------------------------------------------------------


def test_two_tabs_never_refund_one_order_in_one_run() -> None:
    """Wishes that differ wait for each other; of those that agree exactly one goes out, and closes the others with a Note."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"), CancelTask("4", "15"))
    desk.type("orders", "15", status="Partial", remains=5)
    desk.type("cancels", "3", decision="Cancel and refund")
    desk.type("cancels", "4", decision="Partial refund", remains=9)
    assert desk.sent() == []
    for tab, key in (("orders", "15"), ("cancels", "3"), ("cancels", "4")):
        assert desk.says(tab, key) == (
            f"#{key} · Held: The rows about order 15 contradict each other: Orders 15 (Status Partial, Remains 5), Cancels 3 (Decision "
            "Cancel and refund) and Cancels 4 (Decision Partial refund, Remains 9). Nothing is sent for them until one is changed."
        )
    desk.type("cancels", "3", decision=None)
    desk.type("cancels", "4", remains=5)
    assert desk.sent() == [("15", "setPartial", "status=Partial, remains=5")]
    for key in ("3", "4"):
        desk.run()
        assert desk.says("cancels", key) == (
            f"#{key} · Note. Order 15 was refunded already (Partial), so this request is granted. Nothing more to do here."
        )
    desk.type("cancels", "3", decision="Reject")
    assert desk.sent() == []


def test_a_request_whose_order_was_closed_in_orders_is_closed_with_a_note() -> None:
    """Completed there, it waits for nobody; somebody who rejects it all the same is heard."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("orders", "15", status="Completed")
    assert desk.sent() == [("15", "updateOrders", "status=Completed")]
    for _ in range(2):
        assert desk.sent() == []
        assert desk.says("cancels", "3") == (
            "#3 · Note. Order 15 is Completed already, so this request needs no Decision. Nothing more to do here."
        )
    desk.type("cancels", "3", decision="Reject")
    assert desk.sent() == [("3", "setCancelRejected", "decision=Reject")]


def test_a_refund_in_doubt_counts_as_one() -> None:
    """Until it is settled the other tab waits."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("orders", "15", status="Canceled")
    desk.run(unclear)
    desk.type("cancels", "3", decision="Cancel and refund")
    assert desk.sent() == []
    assert "already has a refund on its way from the Orders tab" in desk.says("cancels", "3")


def test_a_refused_refund_counts_as_none() -> None:
    """The other tab may do it then."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("orders", "15", status="Canceled")
    desk.run(refuse("not allowed"))
    desk.type("cancels", "3", decision="Cancel and refund")
    assert desk.sent() == [("3", "setCanceled", "decision=Cancel and refund")]


def test_completed_here_and_canceled_there_is_asked_about() -> None:
    """Two people wanted two things: both wait until one is changed."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("orders", "15", status="Completed")
    desk.type("cancels", "3", decision="Cancel and refund")
    for _ in range(2):
        assert desk.sent() == []
    for tab, key in (("orders", "15"), ("cancels", "3")):
        assert desk.says(tab, key) == (
            f"#{key} · Held: The rows about order 15 contradict each other: Orders 15 (Status Completed) and Cancels 3 (Decision Cancel "
            "and refund). Nothing is sent for them until one is changed."
        )
    desk.type("cancels", "3", decision="Reject")
    assert {action for _, action, _ in desk.sent()} == {"updateOrders", "setCancelRejected"}


@pytest.mark.parametrize("status", ["Completed", "In progress"])
def test_a_cancel_in_doubt_holds_the_status_of_its_order(status: str) -> None:
    """What may be refunded is neither completed nor taken up again until the doubt is settled; other orders go on."""
    desk = with_order()
    desk.receive(order("16"))
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Cancel and refund")
    desk.run(unclear)
    desk.type("orders", "15", status=status)
    desk.type("orders", "16", status=status)
    assert desk.sent() == [("16", "updateOrders", f"status={status}")]
    assert desk.says("orders", "15") == (
        "#15 · Please check. Order 15 already has a refund on its way from the Cancels tab. Nothing more was sent from here; "
        "put Status back."
    )
    desk.type("cancels", "3", unsure="Send again")
    assert desk.sent() == [("3", "setCanceled", "decision=Cancel and refund")]


def test_a_cancel_that_went_through_holds_the_status_typed_in_the_same_minute() -> None:
    """Its order is closed by then, so Completed is answered and not sent."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Cancel and refund")
    desk.run(unclear)
    desk.type("cancels", "3", unsure="It went through")
    desk.type("orders", "15", status="Completed")
    assert desk.sent() == []
    assert desk.sent() == []
    assert desk.says("orders", "15") == (
        "#15 · Please check. This order is Canceled at the panel, and a closed order stays closed. Nothing was sent; put Status back."
    )


@pytest.mark.parametrize("by", ["orders", "cancels"])
@pytest.mark.parametrize("deleted", [True, False])
def test_an_order_handed_out_again_is_never_refunded_again(by: str, deleted: Any) -> None:
    """Whoever refunded it, and also when its row was deleted meanwhile: the ledger remembers for ever."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    if by == "orders":
        desk.type("orders", "15", status="Canceled")
    else:
        desk.type("cancels", "3", decision="Cancel and refund")
    desk.run()
    if deleted:
        desk.delete("orders", "15")
        desk.delete("cancels", "3")
        desk.run()
    desk.receive(order("15"))
    desk.receive(CancelTask("3", "15"))
    assert desk.says("orders", "15") == (
        "#15 · Note. The panel handed this order out again on 02 Mar 09:55, although it was refunded before (Canceled). It is "
        "Processing there; choose Completed when it is done, because no order is refunded twice from here."
    )
    assert desk.sent() == []
    desk.type("orders", "15", status="In progress")
    assert desk.sent() == [("15", "updateOrders", "status=In progress")]
    desk.type("orders", "15", status="Partial", remains=5)
    assert desk.sent() == []
    assert desk.says("orders", "15") == (
        "#15 · Please check. Order 15 was already refunded (Canceled), and no order is refunded twice from here. Nothing was "
        "sent; put Status back."
    )


# --- limits ----------------------------------------------------------------------------------------------------------------------


def test_limits_say_their_numbers() -> None:
    """Refunds, their total, the share that would be closed: each with the arithmetic, none rounded into a contradiction."""
    desk = desk_of(30)
    desk.rules = Rules(max_refunds=3, max_refund_total=Decimal("5.00"))
    for number in range(1, 5):
        desk.type("orders", str(number), status="Canceled")
    for number in range(5, 11):
        desk.type("orders", str(number), status="Completed")
    plan = desk.plan()
    assert [(limit.name, limit.text) for limit in plan.limits] == [
        ("max_refunds", "4 refunds in one run, 3 allowed."),
        ("max_refund_total", "Refunds of 10.00 in one run, 5.00 is allowed."),
        (
            "max_closed_share",
            "10 of 30 open orders would be closed at once, 33.3% is over 30%.",
        ),
    ]
    assert plan.refund_total == Decimal("10.00")
    assert (len(plan.pushes), len(plan.held)) == (0, 10)


@pytest.mark.parametrize("charge", ["", "1,000", "about 5", "-5.00"])
def test_a_refund_of_unknown_amount_waits_for_a_person(charge: str) -> None:
    """What cannot be added up is not nothing: those rows wait, and with a total set all that would have been added up."""
    desk = Desk()
    desk.receive(order("1", charge="2.50"), order("2", charge=charge), order("3", charge=charge))
    for key in ("1", "2", "3"):
        desk.type("orders", key, status="Canceled")
    (limit,) = desk.plan().limits
    assert (limit.name, limit.text, limit.rows) == (
        "unknown_refund",
        "Refunds of an amount that cannot be worked out, since Charge or Quantity cannot be read: 2.",
        (("orders", "2"), ("orders", "3")),
    )
    assert [push.key for push in desk.plan().pushes] == ["1"]
    desk.rules = Rules(max_refund_total=Decimal(100), max_closed_share=100)
    limit, _ = desk.plan().limits
    assert (limit.name, limit.text) == (
        "max_refund_total",
        "Refunds of 2.50 in one run, and 2 more of an amount that is not known; 100 is allowed.",
    )
    assert limit.rows == (("orders", "1"), ("orders", "2"), ("orders", "3"))


@pytest.mark.parametrize(("open_rows", "closing", "stopped"), [(19, 19, False), (20, 6, False), (20, 7, True)])
def test_the_closed_share_counts_from_twenty_rows(open_rows: int, closing: int, stopped: Any) -> None:
    """At the limit is allowed, over it is not; a small shop is left alone."""
    desk = desk_of(open_rows)
    desk.rules = Rules()
    for number in range(1, closing + 1):
        desk.type("orders", str(number), status="Completed")
    assert bool(desk.plan().limits) is stopped


# --- the plan as a value -----------------------------------------------------------------------------------------------------------


def busy_desk(seed: int) -> Desk:
    """A desk in the middle of a day."""
    chance = random.Random(seed)
    desk = desk_of(12)
    desk.receive(Refill("7", "1"), Refill("8", "2"))
    desk.receive(CancelTask("3", "4"), CancelTask("4", "5"))
    desk.add("payments", reference="P1", user="u", amount=5, details="d", send="Yes")
    desk.add("payments", reference="P2", user="u")
    for row in desk.tabs["orders"]:
        row.update(
            status=chance.choice(["Processing", "In progress", "Completed", "Partial", "Canceled", "Compelted", None]),
            start_count=chance.choice([None, 1, "2,000", "x"]),
            remains=chance.choice([None, 0, 5, 2000]),
        )
    desk.type("refills", "7", status="Completed")
    desk.type("cancels", "3", decision="Cancel and refund")
    desk.type("cancels", "4", decision="Partial refund", remains=1)
    return desk


@pytest.mark.parametrize("seed", range(5))
def test_a_plan_is_pure(seed: int) -> None:
    """Twice the same from the same; what it was given is as it was."""
    desk = busy_desk(seed)
    snapshot = desk.snapshot()
    before = {tab: frame.copy(deep=True) for tab, frame in snapshot.tabs.items()}
    ledger = {tab: desk.ledger.of(tab).copy(deep=True) for tab in Feed}
    first = make_plan(snapshot, desk.ledger, desk.rules)
    assert make_plan(snapshot, desk.ledger, desk.rules) == first
    for tab, frame in before.items():
        pd.testing.assert_frame_equal(snapshot.tabs[tab], frame)
    for feed, known in ledger.items():
        pd.testing.assert_frame_equal(desk.ledger.of(feed), known)


@pytest.mark.parametrize("seed", range(5))
def test_the_digest_names_the_pushes_and_not_where_their_rows_stand(seed: int) -> None:
    """Sorting the sheet changes nothing; one other value does."""
    desk = busy_desk(seed)
    before = desk.plan()
    for rows in desk.tabs.values():
        random.Random(seed).shuffle(rows)
    after = desk.plan()
    assert after.digest == before.digest
    assert sorted(told(after)) == sorted(told(before))
    desk.type("refills", "8", status="Rejected")
    assert desk.plan().digest != before.digest


@pytest.mark.parametrize("seed", range(5))
def test_a_settled_sheet_plans_nothing(seed: int) -> None:
    """After a run whose every push was taken, the next plan has no push and nothing to write but what still waits."""
    desk = busy_desk(seed)
    desk.run()
    first = desk.plan()
    assert first.pushes == ()
    desk.run()
    second, settled = desk.run()
    assert (second.pushes, second.settled) == ((), ())
    assert settled.ledger == ()
    shown = {(note.tab, note.key): words.ENGLISH.sync_text(note.key, note.kind, note.text) for note in settled.notes}
    for (tab, key), text in shown.items():
        assert desk.says(tab, key) == text


@pytest.mark.long
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=6, max_size=6))
def test_whatever_stands_in_the_cells_a_plan_is_made_and_every_answer_is_well_formed(rows: Any) -> None:
    """No cell breaks a plan; every Sync text starts with its own row's key and reads as sentences."""
    desk = desk_of(4)
    desk.receive(CancelTask("3", "1"))
    desk.add("payments", reference="P1", send="Yes")
    for number, (one, two, three, four) in enumerate(rows[:4], start=1):
        desk.type("orders", str(number), status=one, start_count=two, remains=three, unsure=four)
    desk.type("cancels", "3", decision=rows[4][0], remains=rows[4][1], unsure=rows[4][2], link=rows[4][3])
    desk.type("payments", "P1", user=rows[5][0], amount=rows[5][1], details=rows[5][2], commission=rows[5][3])
    _, settled = desk.run(unclear)
    for note in settled.notes:
        text = words.ENGLISH.sync_text(note.key, note.kind, note.text)
        assert well_formed(text, note.key), text
        assert words.ENGLISH.kind_of(text) is note.kind
    desk.run(refuse("bad {luck}  \n here"))


def well_formed(text: str, key: str) -> bool:
    """Starts with the row's key, ends as a sentence, no doubled space, no unfilled placeholder, on one line."""
    return (
        text.startswith(f"#{key} · ")
        and text.endswith((".", "?", "!", ")."))
        and "  " not in text
        and "\n" not in text
        and ".." not in text.replace("...", "")
        and "{label}" not in text
        and "{what}" not in text
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_a_sync_text_never_reads_as_typed_input(kind: Kind) -> None:
    """It never starts with what a spreadsheet would parse: = + - ' @ or a digit, whatever the key or text."""
    for key in ("15", "=1+1", "-5", "@x", "'x"):
        assert words.ENGLISH.sync_text(key, kind, "=x").startswith("#")
