"""Forty mistakes real people make: each is answered in its row (or named by its row), none reaches the panel."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from reconcile.core import words
from reconcile.core.cells import Formula
from reconcile.core.model import CancelTask, Refill
from tests.core.desk import Desk, order

ORDER, REFILL, CANCEL = ("orders", "15"), ("refills", "7"), ("cancels", "3")
PAYMENT, TICKET = ("payments", "P1"), ("tickets", "T1")

MISTAKES: list[tuple[tuple[str, str], dict[str, Any], str]] = [
    (ORDER, {"status": "Compelted"}, "did you mean Completed?"),
    (ORDER, {"status": "Complete"}, "did you mean Completed?"),
    (ORDER, {"status": "Cancel"}, "did you mean Canceled?"),
    (ORDER, {"status": "Refund"}, "did you mean Canceled?"),
    (ORDER, {"status": "tamamlandı"}, "Choose Processing, In progress, Completed, Partial or Canceled."),
    (ORDER, {"status": "done!!"}, "is not a Status"),
    (ORDER, {"status": 1000}, "1000 is not a Status."),
    (ORDER, {"status": "1000"}, "“1000” is not a Status."),
    (ORDER, {"status": True}, "TRUE is not a Status."),
    (ORDER, {"status": date(2026, 3, 2)}, "Status shows a date or time"),
    (ORDER, {"status": Formula('=IF(A1,"Completed")')}, "Status holds a formula. Type the value itself."),
    (ORDER, {"status": "#REF!"}, "Status shows “#REF!”. Type the value itself."),
    (ORDER, {"start_count": "1.2k"}, "Did you mean 1200?"),
    (ORDER, {"start_count": "500 likes"}, "Did you mean 500?"),
    (ORDER, {"start_count": "2,310 views"}, "Did you mean 2310?"),
    (ORDER, {"start_count": "private"}, "Start count is “private” but must be a whole number"),
    (ORDER, {"start_count": "https://t.me/x"}, "must be a whole number"),
    (ORDER, {"start_count": datetime(2026, 3, 2, tzinfo=UTC)}, "Start count shows a date or time"),
    (ORDER, {"start_count": "12/05"}, "must be a whole number"),
    (ORDER, {"start_count": "1.000"}, "type 1000 if you mean that many"),
    (ORDER, {"start_count": 12.5}, "must be a whole number"),
    (ORDER, {"start_count": -4}, "must be 0 or more"),
    (ORDER, {"start_count": False}, "Start count shows FALSE but needs a number"),
    (ORDER, {"start_count": 10**15}, "too big to be right"),
    (ORDER, {"start_count": Formula("=B2+1")}, "Start count holds a formula"),
    (ORDER, {"start_count": "Loading..."}, "has not finished loading"),
    (ORDER, {"remains": "1O0"}, "Remains is “1O0”"),
    (ORDER, {"remains": 5000}, "Remains is 5000 but the order is only for 1000."),
    (ORDER, {"status": "Partial"}, "Waiting for Remains"),
    (ORDER, {"status": "Partial", "remains": 0}, "Partial needs Remains above 0."),
    (ORDER, {"status": "Completed", "remains": 10}, "Choose Partial to refund the rest, or clear Remains."),
    (ORDER, {"link": None, "user": None, "status": "Completed"}, "What stands under User and Link is not that of 15."),
    (ORDER, {"id": None, "status": "Completed"}, "Type 15 back into ID."),
    (ORDER, {"charge": 99}, "only the panel can change it"),
    (REFILL, {"status": "Canceled"}, "is not a Status. Choose Pending, In progress, Completed or Rejected."),
    (REFILL, {"status": "Reject"}, "did you mean Rejected?"),
    (CANCEL, {"decision": "Canceled"}, "is not a Decision"),
    (CANCEL, {"decision": "Partial refund"}, "Waiting for Remains"),
    (CANCEL, {"remains": 10}, "Waiting for Decision."),
    (CANCEL, {"decision": "Partial refund", "remains": "half"}, "Remains is “half”"),
    (PAYMENT, {"amount": "25,50", "user": "u", "details": "d", "send": "Yes"}, "type 25.50 with a point"),
    (PAYMENT, {"amount": "$25", "user": "u", "details": "d", "send": "Yes"}, "must be an amount, like 25.00."),
    (PAYMENT, {"amount": -25, "user": "u", "details": "d", "send": "Yes"}, "must be more than 0."),
    (PAYMENT, {"amount": 25, "details": "d", "send": "Yes"}, "Waiting for User."),
    (
        PAYMENT,
        {"amount": 25, "user": "u", "details": "d", "send": "sure"},
        "is not an answer for Send. Choose Yes or No.",
    ),
    (TICKET, {"user": "u", "subject": "s", "send": "Yes"}, "Waiting for Message."),
    (TICKET, {"user": "u", "subject": "s", "message": "#VALUE!", "send": "Yes"}, "Message shows “#VALUE!”."),
]


def desk() -> Desk:
    """One row of every kind."""
    made = Desk()
    made.receive(order("15"))
    made.receive(Refill("7", "9"))
    made.receive(CancelTask("3", "15"))
    made.add("payments", reference="P1")
    made.add("tickets", reference="T1")
    return made


@pytest.mark.parametrize(
    ("place", "typed", "says"), MISTAKES, ids=[f"{number}" for number in range(1, len(MISTAKES) + 1)]
)
def test_a_mistake_is_answered_and_never_sent(place: tuple[str, str], typed: dict[str, Any], says: str) -> None:
    """The answer names the problem and the next step; the panel hears nothing, this run or the next."""
    at = desk()
    row = at.row(*place)
    row.update(typed)
    for _ in range(2):
        assert at.sent() == []
        shown = str(row["sync"])
        assert shown.startswith(words.prefix(place[1]))
        assert says in shown
        assert words.ENGLISH.kind_of(shown) in words.FLEETING


def test_there_are_forty() -> None:
    """At least as many as were asked for."""
    assert len(MISTAKES) >= 40


def test_a_mistake_in_one_row_stops_no_other() -> None:
    """All of the order mistakes at once, each in a row of its own, beside one good edit."""
    at = Desk()
    wrong = [typed for place, typed, _ in MISTAKES if place is ORDER]
    at.receive(*[order(str(number)) for number in range(len(wrong) + 1)])
    for number, typed in enumerate(wrong):
        at.type("orders", str(number), **typed)
    at.type("orders", str(len(wrong)), status="In progress")
    assert at.sent() == [(str(len(wrong)), "updateOrders", "status=In progress")]
