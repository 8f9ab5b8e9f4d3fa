"""Accidents and limits of Payments and Tickets: what is held, what staff are told, and the boundary of each limit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconcile.core.plan import Rules, make_plan
from tests.core.desk import NOW, Desk

UNDO = "Undo it in the sheet (Ctrl+Z, or the version history); or, if it was meant, tick this list."


def pay(desk: Desk, key: str, **cells: Any) -> None:
    """Staff type a payment."""
    row = {"reference": key, "user": f"user-{key}", "amount": 10, "details": f"Bank {key}", "send": "Yes"}
    desk.add("payments", **{**row, **cells})


def held(desk: Desk) -> list[tuple[str, tuple[str, ...]]]:
    """Each limit with the keys it holds, after a look whether the plan keeps to it."""
    plan = desk.plan()
    keys = {push.key for push in plan.pushes}
    for limit in plan.limits:
        assert not keys & {key for _, key in limit.rows}
    return [(limit.name, tuple(key for _, key in limit.rows)) for limit in plan.limits]


@pytest.mark.parametrize(("count", "stopped"), [(2, False), (3, False), (4, True)])
def test_payments_are_limited_by_count(count: int, *, stopped: bool) -> None:
    """At the limit all go; one more, and all of them wait."""
    desk = Desk(rules=Rules(max_payments=3))
    for number in range(count):
        pay(desk, f"P{number}", user=f"u{number * 7}", details=f"Bank {number * 13}")
    assert (len(desk.plan().held) == count) is stopped
    assert (len(desk.plan().pushes) == count) is not stopped


@pytest.mark.parametrize(("last", "stopped"), [("9.99", False), ("10.00", False), ("10.01", True)])
def test_payments_are_limited_by_their_sum(last: str, *, stopped: bool) -> None:
    """To the cent."""
    desk = Desk(rules=Rules(max_payment_total=Decimal("30.00")))
    pay(desk, "P-A", amount=20)
    pay(desk, "P-B", amount=last)
    assert bool(held(desk)) is stopped


@pytest.mark.parametrize(
    ("amount", "stopped"), [("999.99", False), ("1000.00", False), ("1000.01", True), (10**12, True)]
)
def test_one_large_payment_waits_and_the_others_go(amount: Any, *, stopped: bool) -> None:
    """A single amount above the limit holds its own row; money of many digits, too."""
    desk = Desk(rules=Rules(max_payment_total=None))
    pay(desk, "P-A", amount=amount)
    pay(desk, "P-B")
    assert held(desk) == ([("max_payment", ("P-A",))] if stopped else [])
    assert "P-B" in {push.key for push in desk.plan().pushes}


@pytest.mark.parametrize(("count", "stopped"), [(1, False), (2, False), (3, True)])
def test_tickets_are_limited_by_count(count: int, *, stopped: bool) -> None:
    """One above, and all wait."""
    desk = Desk(rules=Rules(max_tickets=2))
    for number in range(count):
        desk.add(
            "tickets", reference=f"T-{number}A", user=f"u{number * 7}", subject="s", message=f"m{number}", send="Yes"
        )
    assert bool(held(desk)) is stopped


@pytest.mark.parametrize(("count", "accident"), [(3, False), (4, True), (300, True)])
def test_a_payment_dragged_down_is_held(count: int, *, accident: bool) -> None:
    """References and amounts count on, as a spreadsheet makes them; fewer rows are asked about where they are equal."""
    desk = Desk(rules=Rules(max_payments=1000, max_payment=None, max_payment_total=None))
    for number in range(count + 1):
        pay(desk, f"PAY-{number + 1}", user="maria77", amount=100_000 + number, details="Bank")
    keys = tuple(sorted(f"PAY-{number + 1}" for number in range(count + 1)))
    assert [(name, tuple(sorted(rows))) for name, rows in held(desk)] == ([("filled", keys)] if accident else [])


def test_equal_rows_of_one_run_are_asked_about_one_by_one() -> None:
    """The first one goes; each of the others waits for a word in its row."""
    desk = Desk()
    for number in (1, 2, 3):
        pay(desk, f"PAY-{number}", user="maria77", details="Bank")
    assert [push.key for push in desk.plan().pushes] == ["PAY-1"]


def test_references_sorted_by_themselves_pay_nobody() -> None:
    """Ten were sent, five are new, the column Reference is sorted: nothing is sent, and the list says why."""
    desk = Desk()
    for number in range(10):
        pay(desk, f"PAY-{number + 10}", user=f"u{number * 3}")
    desk.run()
    for number in range(5):
        pay(desk, f"PAY-{number + 50}", user=f"u{number * 3 + 100}", amount=33)
    rows = desk.tabs["payments"]
    for row, key in zip(rows, sorted((row["reference"] for row in rows), reverse=True), strict=True):
        row["reference"] = key
    plan = desk.plan()
    assert plan.pushes == ()
    assert [(limit.name, limit.shuts) for limit in plan.limits] == [("sorted apart", "payments")]
    assert plan.limits[0].text.endswith(
        "rows that were sent show what belongs to others, as if a part was sorted or pasted without the rest. " + UNDO
    )


def test_an_approved_accident_does_not_come_again() -> None:
    """Forced once, the same cells hold nothing at the next run; a further change of them does."""
    desk = Desk()
    pay(desk, "PAY-1")
    desk.run()
    desk.type("payments", "PAY-1", user="somebody else")
    pay(desk, "PAY-2")
    assert [name for name, _ in held(desk)] == ["sorted apart"]
    desk.run()
    pay(desk, "PAY-9", user="u9")
    assert held(desk) == []
    desk.type("payments", "PAY-1", user="a third")
    assert [name for name, _ in held(desk)] == ["sorted apart"]


def test_an_honest_day_passes() -> None:
    """30 payments to 30 users, and the same sums again a week later, wait for nobody."""
    desk = Desk()
    for number in range(30):
        pay(desk, f"PAY-{number}", user=f"customer-{number * number}", amount=25.5, details="Bonus")
    plan = make_plan(desk.snapshot(), desk.ledger, desk.rules, now=NOW)
    assert (len(plan.pushes), plan.limits) == (30, ())
    desk.run()
    for number in range(30):
        pay(desk, f"PAY-{number + 100}", user=f"customer-{number * number}", amount=25.5, details="Bonus")
    plan = make_plan(desk.snapshot(), desk.ledger, desk.rules, now=NOW + timedelta(days=7))
    assert (len(plan.pushes), plan.limits) == (30, ())
