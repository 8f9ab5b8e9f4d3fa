"""One outcome leaves one ledger row, whichever way it became known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile.core import resolve, settle
from reconcile.core.model import Action, CancelTask, Feed, Verdict
from reconcile.core.plan import Rules, make_plan
from reconcile.core.words import ENGLISH
from tests.core.desk import NOW, WHEN, Desk, order, unclear

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.core.model import Row


def partial(desk: Desk) -> tuple[str, str]:
    """A partial refund from Orders."""
    desk.type("orders", "15", status="Partial", remains=50)
    return "orders", "15"


def canceled(desk: Desk) -> tuple[str, str]:
    """A whole refund."""
    desk.type("orders", "15", status="Canceled")
    return "orders", "15"


def by_update(desk: Desk) -> tuple[str, str]:
    """A partial refund through updateOrders."""
    desk.rules = Rules(partial_via=Action.UPDATE_ORDERS.value)
    return partial(desk)


def granted(desk: Desk) -> tuple[str, str]:
    """A cancel request that is granted: its order is refunded with it."""
    desk.receive(CancelTask("7", "15", "12", "l"))
    desk.type("cancels", "7", decision="Cancel and refund")
    return "cancels", "7"


def granted_partly(desk: Desk) -> tuple[str, str]:
    """A cancel request answered with a part of the money."""
    desk.receive(CancelTask("7", "15", "12", "l"))
    desk.type("cancels", "7", decision="Partial refund", remains=20)
    return "cancels", "7"


def rejected(desk: Desk) -> tuple[str, str]:
    """A refund after an update of the same order was refused: the refusal is over for what went through."""
    desk.type("orders", "15", start_count=7)
    desk.run(lambda _: (Verdict.REFUSED, "locked"))
    return partial(desk)


def paid(desk: Desk) -> tuple[str, str]:
    """A payment."""
    desk.add("payments", reference="PAY-1", user="maria77", amount=25.5, details="card", send="Yes")
    return "payments", "PAY-1"


def paid_after_a_refusal(desk: Desk) -> tuple[str, str]:
    """A payment that was refused once and mended."""
    desk.add("payments", reference="PAY-1", user="maria7", amount=25.5, details="card", send="yes")
    desk.run(lambda _: (Verdict.REFUSED, "no such user"))
    desk.type("payments", "PAY-1", user="maria77", send="Yes")
    return "payments", "PAY-1"


def written(desk: Desk) -> tuple[str, str]:
    """A ticket."""
    desk.add("tickets", reference="T-1", user="maria77", subject="Your order", message="It is done.", send="Yes")
    return "tickets", "T-1"


def lived(desk: Desk, place: tuple[str, str]) -> None:
    """The run itself heard it."""
    del place
    desk.run()


def journal(desk: Desk, place: tuple[str, str]) -> None:
    """The run ended before it heard, and a journal knows."""
    del place
    desk.runs += 1
    desk.mark(desk.plan(), desk.snapshot().tabs)
    rows = settle.recovered(desk.ledger, desk.snapshot().tabs, lambda *_: (Verdict.ACCEPTED, ""), NOW, ENGLISH)
    desk.ledger = desk.ledger.patched(rows)


def staff(desk: Desk, place: tuple[str, str]) -> None:
    """Nobody heard, and staff say so in the row."""
    desk.run(unclear)
    desk.type(*place, unsure="It went through")
    snapshot = desk.snapshot()
    plan = make_plan(snapshot, desk.ledger, desk.rules, now=NOW)
    assert plan.pushes == ()
    settled = settle.settle(plan, (), desk.ledger.patched(plan.settled), snapshot.tabs, run="r", now=NOW, when=WHEN)
    desk.ledger = desk.ledger.patched(settled.ledger)


def operator(desk: Desk, place: tuple[str, str]) -> None:
    """Nobody heard, and an operator says so by `resolve`."""
    desk.run(unclear)
    (doubt,) = desk.plan().doubts
    assert (doubt.feed, doubt.key) == place
    commit = resolve.sent(doubt, desk.snapshot(), desk.ledger, resolve.When("r", NOW, WHEN), again=False)
    desk.ledger = desk.ledger.patched(list(commit.ledger))


def rows(way: Callable[[Desk, tuple[str, str]], None], once: Callable[[Desk], tuple[str, str]]) -> list[Row]:
    """Every ledger row after one thing was sent and its outcome became known one way; If unsure is that way's own."""
    desk = Desk()
    desk.receive(order("15"))
    way(desk, once(desk))
    found = [row for feed in Feed for key in desk.ledger.of(feed).index if (row := desk.ledger.row(feed, str(key)))]
    return [{name: value for name, value in row.items() if name != "unsure_seen"} for row in found]


ONCE = (partial, canceled, by_update, granted, granted_partly, rejected, paid, paid_after_a_refusal, written)


@pytest.mark.parametrize("way", [journal, staff, operator])
@pytest.mark.parametrize("once", ONCE)
def test_four_ways_to_know_leave_the_same_rows(
    way: Callable[[Desk, tuple[str, str]], None], once: Callable[[Desk], tuple[str, str]]
) -> None:
    """The run heard it, its journal knew, staff said so, an operator said so: the ledger is the same, the order's row too."""
    assert rows(way, once) == rows(lived, once)


@pytest.mark.parametrize("once", ONCE)
def test_what_went_through_is_closed_with_its_time(once: Callable[[Desk], tuple[str, str]]) -> None:
    """A row that was sent once is done, since when is known, and nothing of it is sent again."""
    desk = Desk()
    desk.receive(order("15"))
    place = once(desk)
    lived(desk, place)
    row = desk.ledger.row(*place)
    assert row is not None
    assert (row["state"], row["closed"], row["sending"]) == ("closed", NOW.isoformat(), None)
    if place[0] in ("payments", "tickets"):
        assert (row["status"], row["status_seen"], row["received"]) == ("sent", "Yes", NOW.isoformat())
    assert desk.sent() == []
