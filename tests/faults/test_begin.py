"""A run that stops at its first commit: what is marked as being sent was not sent, and the next run sends it once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from reconcile.job import Stop
from tests.faults.world import World, at, die, make

if TYPE_CHECKING:
    from pathlib import Path

SENDS = ("setCanceled", "updateOrders", "addPayment", "addTicket")
ONCE = dict.fromkeys(SENDS, 1)


@pytest.fixture(params=["xlsx", "google"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Three orders, landed; a refund, a status, a payment and a ticket are wanted."""
    made = make(tmp_path, request.param)
    for key in ("1", "2", "3"):
        made.panel.add_order(key, quantity="100", charge="5", link=f"l{key}")
    assert made.run().code == 0
    made.type("orders", "1", status="Canceled")
    made.type("orders", "2", status="In progress", start_count=1234)
    made.add("payments", reference="P-1", user="7", amount=5, details="d", send="Yes")
    made.add("tickets", reference="T-1", user="7", subject="s", message="m", send="Yes")
    return made


def sent(world: World) -> dict[str, int]:
    counted = Counter(call.action for call in world.panel.requests)
    return {action: counted[action] for action in SENDS if counted[action]}


def marked(world: World) -> int:
    """How many ledger rows say that something of them is being sent."""
    ledger = world.book.open(world.clock).read().ledger
    return int(ledger["sending"].map(bool).sum())


def next_runs(world: World) -> None:
    """Everything is sent once, nobody is asked, and then nothing is left to do."""
    for _ in range(3):
        world.jump(3600)
        told = world.run()
        assert (told.code, world.doubts()) == (0, []), told
        assert sent(world) == ONCE
    assert marked(world) == 0


@pytest.mark.parametrize("name", ["book.before-commit", "book.after-commit"])
def test_the_process_is_gone_at_the_first_commit(world: World, name: str) -> None:
    """Killed just before and just after the begin."""
    at(name, die)
    assert world.run().crashed
    assert sent(world) == {}
    assert bool(marked(world)) is (name == "book.after-commit")
    next_runs(world)


@pytest.mark.parametrize("name", ["book.before-commit", "book.after-commit"])
def test_a_signal_at_the_first_commit(world: World, name: str) -> None:
    """The run ends by itself, says so, and leaves no mark behind that a person must settle."""
    stop = Stop()
    at(name, lambda: setattr(stop, "requested", True))
    told = world.run(stop=stop)
    assert not told.crashed
    assert sent(world) == {}
    next_runs(world)
