"""A plan and an outcome with everything in them: changes, refunds, answers, doubts, a limit, hostile text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from reconcile.core.model import (
    Action,
    Change,
    Doubt,
    Feed,
    Kind,
    Limit,
    Note,
    Outcome,
    Plan,
    Push,
    Result,
    Verdict,
)
from reconcile.core.words import ENGLISH

BEGAN = datetime(2026, 11, 22, 15, 53, 16, tzinfo=UTC)
EVIL = "\x1b[2J|`x`\r\n[a](http://e.vil) <img src=x> @all ![i](https://e.vil) \u202e &amp; www.e.vil"

UPDATE = Push(
    Feed.ORDERS,
    "15",
    7,
    Action.UPDATE_ORDERS,
    "15",
    (Change("status", "Processing", "Completed"), Change("start_count", "", "120")),
    order_id="15",
)
REFUND = Push(
    Feed.ORDERS,
    "16",
    8,
    Action.SET_PARTIAL,
    "16",
    (Change("status", "Processing", "Partial"), Change("remains", "", "50")),
    params=(("remains", "50"),),
    amount=Decimal("1.20"),
    order_id="16",
)
CANCEL = Push(
    Feed.CANCELS,
    "3",
    2,
    Action.SET_CANCELED,
    "24",
    (Change("decision", "", "Cancel and refund"),),
    order_id="24",
    again=True,
)
PAYMENT = Push(
    Feed.PAYMENTS,
    "P-1",
    2,
    Action.ADD_PAYMENT,
    "maria",
    (Change("send", "", "25.00"),),
    params=(("user", "maria"), ("amount", "25.00"), ("details", EVIL)),
    amount=Decimal("25.00"),
)
DOUBT = Doubt(
    "claim-r1-4", "claim", Feed.ORDERS, f"An answer was lost {EVIL}.", "2026-11-22T15:00:00+00:00", "r1", "12", "", 100
)
SEND_DOUBT = Doubt(
    "orders-19", "send", Feed.ORDERS, "It is not known whether the refund went through for order 19.", key="19"
)


@pytest.fixture
def plan() -> Plan:
    return Plan(
        pushes=(UPDATE, PAYMENT, REFUND, CANCEL),
        notes=(
            Note("orders", "17", 9, Kind.PROBLEM, f"“{EVIL}” is not a Status."),
            Note("orders", "18", 10, Kind.WAITING, "for Remains."),
            Note("orders", "20", 11, Kind.INFO, "The panel has it."),
        ),
        messages=("Orders: the row of order 21 was deleted from the sheet.",),
        refund_total=Decimal("1.20"),
        digest="0123456789ab",
        archive=tuple(str(number) for number in range(101, 113)),
        words=ENGLISH,
    )


@pytest.fixture
def limited(plan: Plan) -> Plan:
    return Plan(
        held=(REFUND,),
        limits=(Limit("max_refunds", "26 refunds in one run, 25 allowed.", (("orders", "16"),)),),
        refund_total=Decimal("1.20"),
        digest="0123456789ab",
        words=ENGLISH,
    )


@pytest.fixture
def outcome(plan: Plan) -> Outcome:
    return Outcome(
        run="20261122-155316-4f2a",
        started=BEGAN,
        finished=BEGAN + timedelta(seconds=2.5),
        plan=plan,
        results=(
            Result(UPDATE, Verdict.ACCEPTED),
            Result(PAYMENT, Verdict.REFUSED, "the user is not known."),
            Result(REFUND, Verdict.ACCEPTED),
            Result(CANCEL, Verdict.UNKNOWN),
        ),
        landed=(("orders", 250), ("refills", 1)),
        doubts=(DOUBT, SEND_DOUBT),
        messages=plan.messages,
        needs_person=4,
        calls=(("getOrders", 3), ("updateOrders", 1)),
        exit_code=7,
    )
