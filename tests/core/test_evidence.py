"""What a look proves: at each border, just inside and just outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconcile.core.evidence import SETTLE, SLACK, Found, Listing, Seen, found, refund
from reconcile.core.model import Doubt, Feed, Order, Verdict

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
UNTIL = AT + timedelta(seconds=10)
LATER = AT + timedelta(hours=1)
SECOND = timedelta(seconds=1)


def seen(key: str, updated: datetime | None, status: str = "Processing", service: str = "1") -> Seen:
    return Seen(Order(key, service), status, updated=updated)


def judged(
    *orders: Seen, whole: bool = True, now: datetime = LATER, ahead: float | None = None, bound: int = 100
) -> Found:
    doubt = Doubt("claim-1", "claim", Feed.ORDERS, "", AT.isoformat(), service="1, 2", bound=bound)
    return found(doubt, Listing(orders, whole), lambda key: key == "known", until=UNTIL, now=now, ahead=ahead)


def ids(orders: tuple[Order, ...]) -> str:
    return ",".join(order.id for order in orders)


@pytest.mark.parametrize(
    ("updated", "lost", "asked"),
    [
        (AT - SLACK - SECOND, "", ""),
        (AT - SLACK, "15", ""),
        (UNTIL + SLACK, "15", ""),
        (UNTIL + SLACK + SECOND, "", "15"),
        (None, "", "15"),
    ],
)
def test_the_time_of_the_claim_is_the_border(updated: datetime | None, lost: str, asked: str) -> None:
    """Before it: somebody else's. While it was under way: ours. Later, or at no known time: a question."""
    told = judged(seen("15", updated))
    assert (ids(told.lost), ids(told.asked), told.over) == (lost, asked, not asked)


def test_one_answer_hands_out_at_one_moment() -> None:
    """Two moments within the claim's time: nobody can say which one was ours."""
    assert ids(judged(seen("15", AT), seen("16", AT + SLACK)).lost) == "15,16"
    told = judged(seen("15", AT), seen("16", AT + SLACK + SECOND))
    assert (ids(told.lost), ids(told.asked)) == ("", "15,16")


def test_what_is_not_ours_is_left_alone() -> None:
    """Known orders, other services, other statuses."""
    others = (seen("known", AT), seen("16", AT, service="3"), seen("17", AT, "In progress"), seen("18", AT, "Pending"))
    assert judged(*others) == Found(over=True)


def test_more_than_one_answer_holds_is_a_question() -> None:
    """The bound is one answer's."""
    assert ids(judged(seen("15", AT), seen("16", AT), bound=2).lost) == "15,16"
    assert ids(judged(seen("15", AT), seen("16", AT), bound=1).asked) == "15,16"


def test_nothing_is_over_before_the_call_cannot_act_any_more() -> None:
    """A list that is not whole proves nothing, and neither does one that is read too early."""
    assert judged(now=UNTIL + SETTLE).over
    assert not judged(now=UNTIL + SETTLE - SECOND).over
    assert not judged(whole=False).over


def test_the_panels_clock_is_taken_into_account() -> None:
    """An hour ahead, as its answers are dated."""
    hour = timedelta(hours=1)
    assert ids(judged(seen("15", AT + hour), ahead=3600).lost) == "15"
    assert ids(judged(seen("15", AT + hour)).asked) == "15"


@pytest.mark.parametrize(
    ("act", "status", "remains", "verdict"),
    [
        ("setCanceled", "Canceled", "", Verdict.ACCEPTED),
        ("setCanceled", "Partial", "40", Verdict.UNKNOWN),
        ("setCanceled", "Completed", "", Verdict.UNKNOWN),
        ("setCanceled", "Processing", "", Verdict.NOT_SENT),
        ("setCanceled", "In progress", "", Verdict.NOT_SENT),
        ("setPartial", "Partial", "40", Verdict.ACCEPTED),
        ("setPartial", "Partial", "41", Verdict.UNKNOWN),
        ("setPartial", "Partial", "", Verdict.UNKNOWN),
        ("setPartial", "Canceled", "40", Verdict.UNKNOWN),
        ("updateOrders", "Partial", "40", Verdict.ACCEPTED),
        ("setPartial", "Something", "40", Verdict.UNKNOWN),
    ],
)
def test_a_refund_is_judged_by_where_its_order_stands(act: str, status: str, remains: str, verdict: Verdict) -> None:
    """Closed as asked for: it went through. Still open: it did not. Closed otherwise: a person."""
    one = Seen(Order("15", "1"), status, remains=remains)
    assert refund(act, {"status": "x", "remains": "40"}, one, sent=AT, now=LATER)[0] is verdict


def test_not_sent_waits_until_the_call_cannot_arrive_any_more() -> None:
    """An open order proves nothing while the call may still be on its way; one that is not shown proves nothing at all."""
    one = Seen(Order("15", "1"), "Processing")
    assert refund("setCanceled", {}, one, sent=AT, now=AT + SETTLE)[0] is Verdict.NOT_SENT
    assert refund("setCanceled", {}, one, sent=AT, now=AT + SETTLE - SECOND)[0] is Verdict.UNKNOWN
    assert refund("setCanceled", {}, None, sent=AT, now=LATER)[0] is Verdict.UNKNOWN
