"""What one edited row comes to, told as scenes at a desk: what was typed, what was sent, what the row says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core import rules
from reconcile.core.cells import Formula, id_text
from reconcile.core.model import CancelTask, Refill
from reconcile.core.plan import Rules, make_plan
from tests.core.desk import NOW, Desk, refuse, unclear, unsent, with_order

if TYPE_CHECKING:
    from reconcile.core.model import Push, Verdict


@pytest.mark.parametrize(
    ("typed", "sent", "says"),
    [
        (
            {"status": "In progress", "start_count": 2310},
            [("15", "updateOrders", "status=In progress, start_count=2310")],
            "#15 · Sent 02 Mar 09:55: Status In progress, Start count 2310.",
        ),
        (
            {"status": "completed", "remains": 0},
            [("15", "updateOrders", "status=Completed, remains=0")],
            "#15 · Sent 02 Mar 09:55: Status Completed, Remains 0.",
        ),
        ({"remains": " 1,000 "}, [("15", "updateOrders", "remains=1000")], "#15 · Sent 02 Mar 09:55: Remains 1000."),
        (
            {"status": "Partial", "remains": 50},
            [("15", "setPartial", "status=Partial, remains=50")],
            "#15 · Sent 02 Mar 09:55: the partial refund (Remains 50).",
        ),
        (
            {"status": "Canceled", "remains": 7},
            [],
            (
                "#15 · Held: Status is Canceled, which refunds all of it, but Remains is 7. If that is right, choose Send again in If "
                "unsure; nothing is sent for this row until then."
            ),
        ),
        (
            {"status": "Partial", "remains": 1000},
            [],
            (
                "#15 · Held: Status is Partial, but Remains is 1000, which is all of it. If that is right, choose Send again in If "
                "unsure; nothing is sent for this row until then."
            ),
        ),
        (
            {"status": "Partial", "remains": 1000, "unsure": "Send again"},
            [("15", "setPartial", "status=Partial, remains=1000")],
            "#15 · Sent 02 Mar 09:55: the partial refund (Remains 1000).",
        ),
        (
            {"status": "Partial", "remains": 999},
            [("15", "setPartial", "status=Partial, remains=999")],
            "#15 · Sent 02 Mar 09:55: the partial refund (Remains 999).",
        ),
        (
            {"status": "Canceled", "remains": 7, "unsure": "Send again"},
            [("15", "setCanceled", "status=Canceled")],
            "#15 · Sent 02 Mar 09:55: the cancel and refund.",
        ),
        (
            {"status": "Canceled", "start_count": 9},
            [("15", "updateOrders", "start_count=9"), ("15", "setCanceled", "status=Canceled")],
            "#15 · Sent 02 Mar 09:55: Start count 9. Sent 02 Mar 09:55: the cancel and refund.",
        ),
        (
            {"status": "Partial"},
            [],
            "#15 · Waiting for Remains: type how many were not delivered; then the refund is sent.",
        ),
        (
            {"status": "Partial", "remains": 0},
            [],
            "#15 · Please check. Partial needs Remains above 0. If everything was delivered, choose Completed.",
        ),
        (
            {"status": "Partial", "remains": 1001},
            [],
            "#15 · Please check. Remains is 1001 but the order is only for 1000.",
        ),
        ({"remains": 1001}, [], "#15 · Please check. Remains is 1001 but the order is only for 1000."),
        (
            {"status": "In progress", "remains": 1001},
            [("15", "updateOrders", "status=In progress")],
            "#15 · Please check. Remains is 1001 but the order is only for 1000. Sent 02 Mar 09:55: Status In progress.",
        ),
        (
            {"status": "Completed", "remains": 50},
            [],
            "#15 · Please check. Status is Completed but Remains is 50. Choose Partial to refund the rest, or clear Remains.",
        ),
        (
            {"status": "Compelted", "start_count": 9},
            [("15", "updateOrders", "start_count=9")],
            "#15 · Please check. “Compelted” is not a Status; did you mean Completed? Sent 02 Mar 09:55: Start count 9.",
        ),
        (
            {"status": "Canceled", "start_count": "nine"},
            [],
            "#15 · Please check. Start count is “nine” but must be a whole number, like 1000.",
        ),
        (
            {"status": "Completed", "start_count": Formula("=A1")},
            [],
            "#15 · Please check. Start count holds a formula. Type the value itself.",
        ),
        ({"start_count": True}, [], "#15 · Please check. Start count shows TRUE but needs a number, like 1000."),
        ({"status": None, "note": "later"}, [], "#15 · New. Type the start count, then choose a Status."),
        ({"status": "processing"}, [], "#15 · New. Type the start count, then choose a Status."),
    ],
)
def test_an_edited_order_comes_to_this(typed: dict[str, Any], sent: Any, says: str) -> None:
    """What is right is sent, what is wrong is answered, and a refund never goes out of a row with something wrong in it."""
    desk = with_order()
    desk.type("orders", "15", **typed)
    assert desk.sent() == sent
    assert desk.says("orders", "15") == says
    assert desk.sent() == []


def test_a_mended_row_loses_its_answer() -> None:
    """When the cell is put right the question goes away, also when there is nothing to send."""
    desk = with_order()
    desk.type("orders", "15", status="Compelted")
    desk.run()
    desk.type("orders", "15", status="Processing")
    assert desk.sent() == []
    assert desk.says("orders", "15") == "#15 · New. Type the start count, then choose a Status."


def test_clearing_a_cell_tells_the_panel_nothing() -> None:
    """Blank means no change: not zero, not a reset."""
    desk = with_order()
    desk.type("orders", "15", start_count=100, status="In progress", remains=400)
    desk.run()
    desk.type("orders", "15", start_count=None, status="", remains="  ")
    assert desk.sent() == []
    assert desk.sent() == []
    desk.type("orders", "15", start_count=100, status="In progress", remains=400)
    assert desk.sent() == []


def test_remains_that_the_panel_has_already_still_ask_before_completed() -> None:
    """Completed beside Remains 400 is asked about whether or not a run fell between the two."""
    desk = with_order()
    desk.type("orders", "15", status="In progress", remains=400)
    desk.run()
    desk.type("orders", "15", status="Completed")
    assert desk.sent() == []
    assert "Remains is 400" in desk.says("orders", "15")
    desk.type("orders", "15", remains=None)
    assert desk.sent() == []
    assert desk.says("orders", "15") == (
        "#15 · Please check. Status is Completed, but the panel still has Remains 400. Type 0 in Remains, or choose Partial to refund "
        "the rest."
    )
    desk.type("orders", "15", remains=0)
    assert desk.sent() == [("15", "updateOrders", "status=Completed, remains=0")]


# --- refused -----------------------------------------------------------------------------------------------------------------


def test_a_refused_value_is_not_sent_again_until_it_changes() -> None:
    """Not on the next run, not typed differently, not with another cell, not with If unsure: only a new value goes out."""
    desk = with_order()
    desk.type("orders", "15", status="In progress", start_count=500)
    assert desk.sent(refuse("bad start count")) == [("15", "updateOrders", "status=In progress, start_count=500")]
    refused = (
        "#15 · Refused. The panel did not take Status In progress, Start count 500: bad start count. It is not sent again "
        "until you change it."
    )
    assert desk.says("orders", "15") == refused
    for typed in ({}, {"start_count": " 500 "}, {"status": "in_progress"}, {"unsure": "Send again"}, {"unsure": None}):
        desk.type("orders", "15", **typed)
        assert desk.sent() == []
        assert desk.says("orders", "15") == refused
    desk.type("orders", "15", start_count=501)
    assert desk.sent() == [("15", "updateOrders", "status=In progress, start_count=501")]


def test_a_mended_part_takes_the_rest_of_its_call_with_it() -> None:
    """In progress with 500 was refused: with 501 both go out again, because they went together."""
    desk = with_order()
    desk.type("orders", "15", status="In progress", start_count=500)
    desk.run(refuse("bad start count"))
    desk.type("orders", "15", start_count=501)
    assert desk.sent() == [("15", "updateOrders", "status=In progress, start_count=501")]


def test_a_refused_partial_goes_again_when_only_its_remains_change() -> None:
    """The refund is a new one then; it is not when only the start count changes."""
    desk = with_order()
    desk.type("orders", "15", status="Partial", remains=50)
    assert desk.sent(refuse("Remains update is not allowed")) == [("15", "setPartial", "status=Partial, remains=50")]
    desk.type("orders", "15", start_count=7)
    assert desk.sent() == [("15", "updateOrders", "start_count=7")]
    assert desk.says("orders", "15") == (
        "#15 · Refused. The panel did not take Status Partial, Remains 50: Remains update is not allowed. It is not sent "
        "again until you change it. Sent 02 Mar 09:55: Start count 7."
    )
    desk.type("orders", "15", remains=49)
    assert desk.sent() == [("15", "setPartial", "status=Partial, remains=49")]


def test_a_refused_value_put_back_is_forgotten() -> None:
    """The row says what the panel has, and the same value may be tried again later."""
    desk = with_order()
    desk.type("orders", "15", status="Completed")
    desk.run(refuse("internal_error"))
    desk.type("orders", "15", status="Processing")
    assert desk.sent() == []
    assert desk.says("orders", "15") == "#15 · New. Type the start count, then choose a Status."
    desk.type("orders", "15", status="Completed")
    assert desk.sent() == [("15", "updateOrders", "status=Completed")]


def test_a_refused_cancel_decision_waits_for_another_one() -> None:
    """Typing Remains beside a refused "Cancel and refund" does not send the refund a second time."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Cancel and refund")
    assert desk.sent(refuse("no_order")) == [("3", "setCanceled", "decision=Cancel and refund")]
    desk.type("cancels", "3", remains=5, unsure="Send again")
    assert desk.sent() == []
    desk.type("cancels", "3", decision="Partial refund")
    assert desk.sent() == [("3", "setPartial", "decision=Partial refund, remains=5")]


# --- closed ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "closing", [{"status": "Completed"}, {"status": "Partial", "remains": 5}, {"status": "Canceled"}]
)
def test_a_closed_order_stays_closed(closing: dict[str, Any]) -> None:
    """No later edit of it reaches the panel; each is answered, and putting the cell back ends the answer."""
    desk = with_order()
    desk.type("orders", "15", **closing)
    desk.run()
    now = closing["status"]
    desk.type("orders", "15", status="In progress")
    assert desk.sent() == []
    assert desk.says("orders", "15") == (
        f"#15 · Please check. This order is {now} at the panel, and a closed order stays closed. Nothing was sent; put Status "
        "back."
    )
    desk.type("orders", "15", status=now)
    assert desk.sent() == []
    assert desk.says("orders", "15").startswith(f"#15 · Note. The panel has Status {now}")


def test_remains_beside_canceled_have_nothing_to_say_once_it_is_done() -> None:
    """The order was refunded whole, and nobody is asked about them; what is typed there later is answered."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled", remains=7, unsure="Send again")
    assert desk.sent() == [("15", "setCanceled", "status=Canceled")]
    assert desk.sent() == []
    assert desk.says("orders", "15").startswith("#15 · Sent ")
    desk.type("orders", "15", remains=8)
    assert desk.sent() == []
    assert desk.says("orders", "15") == (
        "#15 · Please check. This order is Canceled at the panel, and a closed order stays closed. Nothing was sent; put Remains "
        "back."
    )


def test_remains_beside_a_cancel_that_came_to_nothing_are_an_edit() -> None:
    """P5: the panel was away, and staff chose another status: the Remains they typed go with it."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled", remains=7, unsure="Send again")
    assert len(desk.sent(unsent)) == 1
    desk.type("orders", "15", status="In progress")
    assert desk.sent() == [("15", "updateOrders", "status=In progress, remains=7")]


@pytest.mark.parametrize("went", [True, False])
def test_remains_beside_a_cancel_in_doubt_count_once_it_is_settled(went: bool) -> None:  # noqa: FBT001 - a parameter
    """Gone through, they have nothing to say; not gone through and taken back, they are an edit."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled", remains=7)
    desk.run(unclear)
    desk.type("orders", "15", unsure="It went through" if went else "Send again")
    assert len(desk.sent(unsent)) == (not went)
    if not went:
        desk.type("orders", "15", status="In progress", unsure=None)
        assert desk.sent() == [("15", "updateOrders", "status=In progress, remains=7")]
    assert desk.sent() == []
    assert "Please check" not in desk.says("orders", "15")


def test_a_wrong_cell_of_a_closed_order_stays_answered() -> None:
    """It is not forgotten after one run."""
    desk = with_order()
    desk.type("orders", "15", status="Completed")
    desk.run()
    desk.type("orders", "15", status="Compelted")
    for _ in range(2):
        assert desk.sent() == []
        assert desk.says("orders", "15") == "#15 · Please check. “Compelted” is not a Status; did you mean Completed?"


def test_an_order_closed_through_cancels_is_no_edit_of_its_row() -> None:
    """A change made elsewhere moves what the panel has, not what staff are taken to have typed."""
    desk = with_order()
    desk.type("orders", "15", status="In progress")
    desk.run()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Cancel and refund")
    assert desk.sent() == [("3", "setCanceled", "decision=Cancel and refund")]
    assert desk.says("cancels", "3") == "#3 · Sent 02 Mar 09:55: the cancel and refund."
    assert desk.says("orders", "15") == (
        "#15 · Sent 02 Mar 09:55: The panel has Canceled now (through the Cancels tab). Nothing more to do here."
    )
    assert desk.sent() == []
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert (known["status"], known["status_seen"], known["refunded"], known["state"]) == (
        "Canceled",
        "In progress",
        "Canceled",
        "closed",
    )
    assert known["closed"] == "2026-03-02T09:55:00+00:00"
    desk.type("orders", "15", status="Completed")
    assert desk.sent() == []
    assert "a closed order stays closed" in desk.says("orders", "15")


# --- refills -----------------------------------------------------------------------------------------------------------------


def test_refill_decisions_each_have_their_call() -> None:
    """In progress, then Completed; after that nothing, and never back to Pending."""
    desk = Desk()
    desk.receive(Refill("7", "15"), Refill("8", "16"))
    assert desk.says("refills", "7") == "#7 · New. Check the order, then choose a Status."
    desk.type("refills", "7", status="in progress")
    desk.type("refills", "8", status="reject")
    assert desk.sent() == [("7", "setRefillInprogress", "status=In progress")]
    assert desk.says("refills", "8") == "#8 · Please check. “reject” is not a Status; did you mean Rejected?"
    desk.type("refills", "8", status="Rejected")
    desk.type("refills", "7", status="Pending")
    assert desk.sent() == [("8", "setRefillRejected", "status=Rejected")]
    assert desk.says("refills", "7") == (
        "#7 · Please check. A refill cannot go back to Pending. Nothing was sent; choose In progress, Completed or Rejected."
    )
    desk.type("refills", "7", status="Completed")
    desk.type("refills", "8", status="Completed")
    assert desk.sent() == [("7", "setRefillCompleted", "status=Completed")]
    assert desk.says("refills", "8") == (
        "#8 · Please check. This refill is Rejected at the panel and cannot change any more. Nothing was sent; put Status back."
    )


# --- cancels -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sent", "says"),
    [
        (
            {"decision": "Reject", "remains": 5},
            [("3", "setCancelRejected", "decision=Reject")],
            "#3 · Sent 02 Mar 09:55: Decision Reject.",
        ),
        (
            {"decision": "Cancel and refund", "remains": 5},
            [("3", "setCanceled", "decision=Cancel and refund")],
            "#3 · Sent 02 Mar 09:55: the cancel and refund.",
        ),
        (
            {"decision": "Partial refund", "remains": 5},
            [("3", "setPartial", "decision=Partial refund, remains=5")],
            "#3 · Sent 02 Mar 09:55: the partial refund (Remains 5).",
        ),
        (
            {"decision": "Partial refund"},
            [],
            "#3 · Waiting for Remains: type how many were not delivered; then the refund is sent.",
        ),
        (
            {"decision": "Partial refund", "remains": 0},
            [],
            "#3 · Please check. Partial needs Remains above 0. If everything was delivered, choose Completed.",
        ),
        (
            {"decision": "Partial refund", "remains": 2000},
            [],
            "#3 · Please check. Remains is 2000 but the order is only for 1000.",
        ),
        ({"remains": 5}, [], "#3 · Waiting for Decision."),
        (
            {"decision": "refund"},
            [],
            "#3 · Please check. “refund” is not a Decision. Choose Cancel and refund, Partial refund or Reject.",
        ),
        (
            {"decision": "Cancel and refund", "remains": "some"},
            [],
            "#3 · Please check. Remains is “some” but must be a whole number, like 1000.",
        ),
    ],
)
def test_a_cancel_request_comes_to_this(typed: dict[str, Any], sent: Any, says: str) -> None:
    """Approving acts on the order, rejecting on the request; half a decision waits; afterwards nothing is left over."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", **typed)
    assert desk.sent() == sent
    assert desk.says("cancels", "3") == says
    assert desk.sent() == []
    assert desk.says("cancels", "3") == says


def test_a_decided_cancel_stays_decided() -> None:
    """A second decision is answered."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Reject")
    desk.run()
    desk.type("cancels", "3", decision="Cancel and refund")
    assert desk.sent() == []
    assert desk.says("cancels", "3") == (
        "#3 · Please check. This request was already answered with “Reject”. Nothing was sent; put Decision back."
    )


def test_a_completed_order_is_not_canceled() -> None:
    """The request can only be rejected then."""
    desk = with_order()
    desk.type("orders", "15", status="Completed")
    desk.run()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Cancel and refund")
    assert desk.sent() == []
    assert desk.says("cancels", "3") == (
        "#3 · Please check. Order 15 is Completed at the panel and cannot be refunded any more. Choose Reject."
    )


def test_a_cancel_for_an_order_that_is_not_in_the_sheet_works() -> None:
    """The refund goes out; what it is worth is not known."""
    desk = Desk()
    desk.receive(CancelTask("3", "99"), CancelTask("4"))
    desk.type("cancels", "3", decision="Cancel and refund")
    desk.type("cancels", "4", decision="Cancel and refund")
    plan, _ = desk.run()
    assert [(push.key, push.target, push.amount) for push in plan.pushes] == [("3", "99", None)]
    assert desk.says("cancels", "4") == (
        "#4 · Please check. The panel sent this request without an order id, so only Reject is possible."
    )


# --- payments and tickets ----------------------------------------------------------------------------------------------------

PAYMENT = {"reference": "PAY-1", "user": "u1", "amount": 25.5, "details": "Bank", "send": "Yes"}


def test_a_payment_is_sent_once_when_send_is_yes() -> None:
    """Everything it needs, then Yes; the reference is never sent again."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "send": None, "amount": None})
    assert desk.sent() == []
    assert desk.says("payments", "PAY-1") == "#PAY-1 · Waiting for Amount."
    desk.type("payments", "PAY-1", amount=25.5)
    assert desk.sent() == []
    assert desk.says("payments", "PAY-1") == "#PAY-1 · Waiting for Send: choose Yes when everything is right."
    desk.type("payments", "PAY-1", send="yes", commission="No")
    plan, _ = desk.run()
    assert [(push.action, push.params, push.amount) for push in plan.pushes] == [
        (
            "addPayment",
            (("user", "u1"), ("amount", "25.50"), ("details", "Bank"), ("affiliate_commission", "0")),
            Decimal("25.5"),
        )
    ]
    assert desk.says("payments", "PAY-1") == "#PAY-1 · Sent 02 Mar 09:55: the payment (Amount 25.50)."
    assert desk.sent() == []
    desk.type("payments", "PAY-1", amount=99)
    assert desk.sent() == []
    assert desk.says("payments", "PAY-1") == (
        "#PAY-1 · Please check. This was sent already, so changes here do nothing. Use a new row with a new Reference."
    )
    desk.type("payments", "PAY-1", amount="25.50")
    desk.type("payments", "PAY-1", amount=25.5)
    assert desk.sent() == []
    assert desk.says("payments", "PAY-1") == "#PAY-1 · Note. The panel has it."


def test_a_reference_typed_over_does_not_pay_twice() -> None:
    """The same payment under a new name is asked about as long as its old row is gone."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    desk.run()
    desk.type("payments", "PAY-1", reference="PAY-2")
    asked = (
        "#PAY-2 · Please check. The same payment was sent as PAY-1, and no row has that Reference any more. If this is that "
        "row, type PAY-1 back into Reference; if it is a new one, say something else in Details."
    )
    for _ in range(2):
        assert desk.sent() == []
        assert desk.says("payments", "PAY-2") == asked
    desk.type("payments", "PAY-2", details="Bank, second half")
    assert desk.sent() == [("PAY-2", "addPayment", "send=25.50")]


def test_a_copied_row_with_a_new_reference_is_asked_about_once() -> None:
    """While the first row is still there, the second one may be meant: a person says so in the row, and then it is sent."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    desk.run()
    desk.add("payments", **{**desk.row("payments", "PAY-1"), "reference": "PAY-2", "unsure": "Send again"})
    assert desk.sent() == []
    assert desk.says("payments", "PAY-2") == (
        "#PAY-2 · Held: Payment PAY-1 says the very same. If this is another one, choose Send again in If "
        "unsure; if it is the same, choose It went through."
    )
    assert desk.sent() == [("PAY-2", "addPayment", "send=25.50")]
    desk.add("payments", **{**desk.row("payments", "PAY-1"), "reference": "PAY-3"})
    assert desk.sent() == []
    desk.type("payments", "PAY-3", unsure="It went through")
    assert desk.sent() == []
    assert desk.says("payments", "PAY-3") == (
        "#PAY-3 · Note. This is PAY-1, which was sent before (you said so). It is not sent again."
    )
    desk.type("payments", "PAY-3", unsure="Send again")
    assert desk.sent() == []


@pytest.mark.parametrize(("amount", "asked"), [("25.50", True), (25.5, True), (25.51, False), (25.49, False)])
def test_the_same_payment_is_the_same_however_its_amount_is_typed(amount: Any, *, asked: bool) -> None:
    """Just below and just above it is another one."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    desk.run()
    desk.add("payments", **{**PAYMENT, "reference": "PAY-2", "amount": amount, "commission": "No"})
    assert (desk.sent() == []) is asked


@pytest.mark.parametrize(("hours", "asked"), [(23, True), (24, False), (168, False)])
def test_the_same_sum_every_week_is_no_accident(hours: int, *, asked: bool) -> None:
    """Within a day it is asked about; from a day on it is a customer who tops up again."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    desk.run()
    desk.add("payments", **{**PAYMENT, "reference": "PAY-2"})
    plan = make_plan(desk.snapshot(), desk.ledger, desk.rules, now=NOW + timedelta(hours=hours))
    assert (plan.pushes == ()) is asked


@pytest.mark.parametrize("like", ["0123", "123.0", "00123"])
def test_a_reference_like_a_used_one_is_answered(like: str) -> None:
    """`0123` may be `123` after a spreadsheet had it; it is not sent, even when the first row is gone."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "reference": 123})
    desk.run()
    desk.delete("payments", "123")
    desk.add("payments", **{**PAYMENT, "reference": like, "amount": 9})
    assert desk.sent() == []
    assert desk.says("payments", like) == (
        f"#{like} · Please check. Reference {like} is too much like 123, which was used before. Nothing was sent; type another "
        "Reference."
    )


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        (1.5, "1.5"),
        (True, "TRUE"),
        (datetime(2026, 11, 27, tzinfo=UTC), "2026-11-27 00:00"),
        (Formula('="A"&1'), '“="A"&1”'),
        ("#REF!", "“#REF!”"),
    ],
)
def test_a_reference_that_is_no_name_is_answered_and_not_sent(reference: Any, shown: str) -> None:
    """What a spreadsheet shows otherwise than it was typed cannot name a payment for ever."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "reference": reference})
    for _ in range(2):
        plan, _ = desk.run()
        assert plan.pushes == ()
        text = f"Reference shows {shown}, which is neither a text nor a whole number. Nothing was sent; type one like PAY-7."
        assert desk.tabs["payments"][0]["sync"] == f"#{id_text(reference)} · Please check. {text}"
        assert plan.messages == (f"Payments: row 2: {text}",)
    desk.tabs["payments"][0].update(reference="PAY-7", sync=None)
    assert [key for key, _, _ in desk.sent()] == ["PAY-7"]


@pytest.mark.parametrize("reference", [7, 7.0, "7", "PAY-7", "1.5"])
def test_a_text_or_a_whole_number_is_a_reference(reference: Any) -> None:
    """Those are shown as they were typed."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "reference": reference})
    assert len(desk.sent()) == 1


@pytest.mark.parametrize(
    "like", ["inv-1", "INV\u20111", "INV 1", "INV_1", "Inv \u2013 1", "INV1", "INV-01", "lNV-1", "INV-l"]
)
def test_a_reference_that_reads_like_a_used_one_is_answered(like: str) -> None:
    """Other letters' case, another hyphen, a space or an underscore make no new payment, also beside the row that was sent."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "reference": "INV-1"})
    desk.run()
    desk.add("payments", **{**PAYMENT, "reference": like})
    assert desk.sent() == []
    key = id_text(like)
    assert desk.says("payments", key) == (
        f"#{key} · Please check. Reference {key} is too much like INV-1, which was used before. Nothing was sent; type another "
        "Reference."
    )
    assert desk.says("payments", "INV-1").startswith("#INV-1 · Sent ")


def test_new_references_that_read_alike_are_held_beside_each_other() -> None:
    """Which of them is meant is nobody's guess: neither is sent until one is changed."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "reference": "INV-1"})
    desk.add("payments", **{**PAYMENT, "reference": "inv 1"})
    assert desk.sent() == []
    assert [desk.says("payments", key) for key in ("INV-1", "inv 1")] == [
        "#INV-1 · Held: Reference INV-1 is too much like inv 1. Nothing is sent until one of them is changed.",
        "#inv 1 · Held: Reference inv 1 is too much like INV-1. Nothing is sent until one of them is changed.",
    ]
    desk.type("payments", "inv 1", reference="INV-2", details="another one")
    assert desk.sent() == [("INV-1", "addPayment", "send=25.50"), ("INV-2", "addPayment", "send=25.50")]


@pytest.mark.parametrize("other", ["INV-2", "INV-11", "1-1", "INV-1-A", "INV-10"])
def test_references_that_differ_in_a_letter_or_digit_are_two(other: str) -> None:
    """Only what the eye passes over counts as alike."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "reference": "INV-1"})
    desk.add("payments", **{**PAYMENT, "reference": other, "details": "another one"})
    assert len(desk.sent()) == 2


def test_a_deleted_reference_is_never_sent_again() -> None:
    """The ledger remembers it without its row."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    desk.run()
    desk.delete("payments", "PAY-1")
    desk.run()
    desk.add("payments", **{**PAYMENT, "amount": 10})
    assert desk.sent() == []
    assert "This was sent already" in desk.says("payments", "PAY-1")


def test_a_cleared_reference_is_asked_back() -> None:
    """Told to type a new one, staff would pay twice; so the row's own is named."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    desk.run()
    desk.type("payments", "PAY-1", reference=None)
    plan, _ = desk.run()
    assert plan.messages == ()
    assert desk.tabs["payments"][0]["sync"] == (
        "#PAY-1 · Please check. The Reference of this row is gone. Type PAY-1 back into Reference."
    )


def test_a_row_without_a_reference_is_named() -> None:
    """It cannot be answered in its Sync cell, so the run says it."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "reference": None})
    plan, _ = desk.run()
    assert plan.pushes == ()
    assert plan.messages == (
        "Payments: row 2: A Reference is missing, so nothing is sent. Type one that was never used before, such as PAY-1.",
    )


def test_a_refused_payment_goes_again_only_when_something_changed() -> None:
    """A new value, or a No between two Yes."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    assert len(desk.sent(refuse("bad_username"))) == 1
    assert desk.says("payments", "PAY-1") == (
        "#PAY-1 · Refused. The panel did not take the payment (Amount 25.50): bad_username. It is not sent again until you "
        "change it."
    )
    assert desk.sent() == []
    desk.type("payments", "PAY-1", send="No")
    assert desk.sent() == []
    assert desk.says("payments", "PAY-1") == "#PAY-1 · Waiting for Send: choose Yes when everything is right."
    desk.type("payments", "PAY-1", send="Yes")
    assert len(desk.sent(refuse("bad_username"))) == 1
    desk.type("payments", "PAY-1", user="u2")
    assert desk.sent() == [("PAY-1", "addPayment", "send=25.50")]


def test_a_payment_that_could_not_be_sent_goes_the_next_time() -> None:
    """It never left, so it is not in doubt."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    assert len(desk.sent(unsent)) == 1
    assert desk.says("payments", "PAY-1") == (
        "#PAY-1 · Waiting for the panel: the payment (Amount 25.50) could not be sent. It is sent again next time."
    )
    desk.type("payments", "PAY-1", send=None)
    assert desk.sent() == []
    assert desk.says("payments", "PAY-1") == "#PAY-1 · Waiting for Send: choose Yes when everything is right."
    desk.type("payments", "PAY-1", send="Yes")
    assert len(desk.sent()) == 1


def test_a_ticket_needs_all_three_and_fits_its_cell() -> None:
    """What is too long to be kept until its outcome is known is not sent."""
    desk = Desk()
    desk.add("tickets", reference="T1", send="Yes")
    desk.add("tickets", reference="T2", user="u", subject="Hi", message="x" * 30_000, send="Yes")
    desk.add("tickets", reference="T3", user="u", subject="Hi", message="=1+1\r\n🙂" * 700, send="Yes")
    plan, _ = desk.run(unclear)
    assert [push.key for push in plan.pushes] == ["T3"]
    assert desk.says("tickets", "T1") == "#T1 · Waiting for User, Subject and Message."
    assert desk.says("tickets", "T2") == (
        "#T2 · Please check. Message is too long: at most 10,000 characters can be sent. Shorten it."
    )
    mark = desk.ledger.row("tickets", "T3")
    assert mark is not None
    assert len(str(mark["sending"]).encode("utf-16-le")) // 2 < 32_767
    desk.type("tickets", "T3", unsure="Send again")
    again, _ = desk.run()
    assert again.pushes[0].params == plan.pushes[0].params


def test_a_reference_longer_than_an_answer_is_named_by_its_row() -> None:
    """One absurd cell never makes a run's write too large."""
    desk = Desk()
    desk.add("payments", **{**PAYMENT, "reference": "x" * 40_000})
    plan, settled = desk.run()
    assert plan.pushes == ()
    assert settled.notes == ()
    assert plan.messages == (
        "Payments: row 2: Reference is too long to be one (40,000 characters), so nothing is done with this row. Shorten it.",
    )


# --- in doubt ----------------------------------------------------------------------------------------------------------------


def test_send_again_sends_exactly_once_and_exactly_the_same() -> None:
    """Also when the cells changed meanwhile, and a stale answer is not taken for a new one."""
    desk = with_order()
    desk.type("orders", "15", status="Partial", remains=50, unsure="Send again")
    assert desk.sent(unclear) == [("15", "setPartial", "status=Partial, remains=50")]
    assert desk.says("orders", "15") == (
        "#15 · Not sure. It is not known whether the partial refund (Remains 50) went through (02 Mar 09:55). Look at the "
        "panel. If unsure still shows an old answer: clear it, and after the next run choose again."
    )
    assert desk.sent() == []
    desk.type("orders", "15", unsure=None, remains=60, status="Canceled", start_count=1)
    assert desk.sent() == []
    assert desk.says("orders", "15") == (
        "#15 · Not sure. It is not known whether the partial refund (Remains 50) went through (02 Mar 09:55). Look at the "
        "panel, then choose in If unsure: It went through, or Send again."
    )
    desk.type("orders", "15", unsure="send again")
    plan, _ = desk.run()
    assert [(push.key, push.action, push.params, push.amount) for push in plan.pushes] == [
        ("15", "setPartial", (("remains", "50"),), Decimal("0.125"))
    ]
    assert plan.refund_total == Decimal("0.125")
    assert desk.sent() == []
    assert "Partial at the panel" in desk.says("orders", "15")


@pytest.mark.parametrize("feed", ["orders", "refills"])
def test_a_status_nobody_answered_and_cleared_since_is_said_to_be_unknown(feed: str) -> None:
    """The row does not claim to know what the panel has, and a status chosen then is sent."""
    desk = with_order()
    desk.receive(Refill("15", "15"))
    desk.type(feed, "15", status="In progress")
    desk.run(unclear)
    desk.type(feed, "15", status=None)
    assert desk.sent() == []
    assert desk.says(feed, "15") == (
        "#15 · Note. It is not known which Status the panel has. Choose one, and it is sent."
    )
    desk.type(feed, "15", status="In progress")
    assert len(desk.sent()) == 1


def test_it_went_through_is_believed() -> None:
    """The ledger moves as if the panel had said so, and nothing is sent."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled")
    desk.run(unclear)
    desk.type("orders", "15", unsure="It went through")
    assert desk.sent() == []
    assert desk.says("orders", "15") == "#15 · Sent the cancel and refund (you said it went through)."
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert (known["status"], known["refunded"], known["sending"], known["state"]) == (
        "Canceled",
        "Canceled",
        None,
        "closed",
    )
    assert known["closed"] is not None
    assert desk.sent() == []


def test_it_went_through_in_cancels_closes_the_order_too() -> None:
    """The order cannot be refunded from its own row afterwards."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Partial refund", remains=5)
    desk.run(unclear)
    desk.type("cancels", "3", unsure="It went through")
    desk.run()
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert (known["status"], known["remains"], known["refunded"], known["state"]) == (
        "Partial",
        "5",
        "Partial",
        "closed",
    )
    desk.type("orders", "15", status="Canceled")
    assert desk.sent() == []


def test_a_payment_that_went_through_is_at_rest() -> None:
    """It is not called changed afterwards."""
    desk = Desk()
    desk.add("payments", **PAYMENT)
    desk.run(unclear)
    desk.type("payments", "PAY-1", unsure="It went through")
    assert desk.sent() == []
    assert desk.sent() == []
    assert desk.says("payments", "PAY-1") == "#PAY-1 · Sent the payment (Amount 25.50) (you said it went through)."


def test_a_misspelled_answer_is_asked_about_and_the_doubt_stays() -> None:
    """A doubt is only settled by one of its two words."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled")
    desk.run(unclear)
    desk.type("orders", "15", unsure="send it")
    for _ in range(2):
        plan, _ = desk.run()
        assert plan.pushes == ()
        assert [doubt.text for doubt in plan.doubts] == [
            "It is not known whether the cancel and refund went through for order 15."
        ]
    assert desk.says("orders", "15").startswith(
        "#15 · Not sure. “send it” is not an answer for If unsure; did you mean Send again?"
    )


def test_an_answer_given_when_nothing_is_in_doubt_does_nothing() -> None:
    """And it is not taken for the answer to a later doubt."""
    desk = with_order()
    desk.type("orders", "15", unsure="It went through")
    assert desk.sent() == []
    desk.type("orders", "15", status="Canceled")
    assert len(desk.sent(unclear)) == 1
    assert desk.sent() == []
    assert "If unsure still shows an old answer" in desk.says("orders", "15")


# --- money -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charge", "quantity", "remains", "amount"),
    [
        ("2.50", 1000, None, Decimal("2.50")),
        ("2.50", 1000, "50", Decimal("0.125")),
        ("0.10029597233", "100", "50", Decimal("0.050147986165")),
        (2, 0, "50", None),
        (None, 1000, None, None),
        ("abc", 1000, None, None),
        ("NaN", 1000, None, None),
        ("1E+999999", 1000, "5", None),
        ("2.50", None, "5", None),
        ("2.50", "many", "5", None),
    ],
)
def test_what_a_refund_is_worth(charge: Any, quantity: Any, remains: str | None, amount: Decimal | None) -> None:
    """Charge, or charge x remains / quantity, exactly; not known where the panel sent no usable numbers."""
    assert rules.refund_amount({"charge": charge, "quantity": quantity}, remains) == amount


def test_partial_through_update_orders_is_still_a_refund() -> None:
    """The setting changes the call, not the care: marked before, never repeated, one per order."""
    desk = with_order()
    desk.rules = Rules(partial_via="updateOrders", max_closed_share=100)
    desk.type("orders", "15", status="Partial", remains=50)
    plan, _ = desk.run(unclear)
    assert [(push.action, push.once, push.refund) for push in plan.pushes] == [("updateOrders", True, True)]
    assert desk.sent() == []
    desk.type("orders", "15", unsure="Send again")

    def panel(push: Push) -> tuple[Verdict, str]:
        assert push.once
        return unclear(push)

    assert len(desk.sent(panel)) == 1
    desk.type("orders", "15", unsure="It went through")
    assert desk.sent() == []
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert known["refunded"] == "Partial"
