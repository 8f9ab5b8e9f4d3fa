"""What moves money or writes to a customer is called once: each kind of call, killed or unheard, with its disk and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core.plan import Rules
from reconcile.panel.practice import PracticeCancel, PracticePanel
from tests.faults.world import World, at, die, make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.long


def cancel_row(world: World) -> None:
    """Staff cancel the order in its row."""
    world.type("orders", "1", status="Canceled")


def partial_row(world: World) -> None:
    """Staff type that 40 were not delivered."""
    world.type("orders", "1", status="Partial", remains=40)


def decided(world: World) -> None:
    """Staff grant the request to cancel."""
    world.type("cancels", "7", decision="Cancel and refund")


def decided_in_part(world: World) -> None:
    """Staff grant the request for what was not delivered."""
    world.type("cancels", "7", decision="Partial refund", remains=40)


def payment(world: World) -> None:
    """Staff write a payment."""
    world.add("payments", reference="P1", user="ann", amount=5, details="invoice 1", send="Yes")


def ticket(world: World) -> None:
    """Staff write a ticket."""
    world.add("tickets", reference="T1", user="bob", subject="s", message="m", send="Yes")


CALLS: list[tuple[Callable[[World], None], str, str, str]] = [
    (cancel_row, "setCanceled", "orders", "1"),
    (partial_row, "setPartial", "orders", "1"),
    (partial_row, "updateOrders", "orders", "1"),
    (decided, "setCanceled", "cancels", "7"),
    (decided_in_part, "setPartial", "cancels", "7"),
    (payment, "addPayment", "payments", "P1"),
    (ticket, "addTicket", "tickets", "T1"),
]


def prepared(folder: Path, action: str) -> World:
    """Order 1 stands in the sheet, with its customer's request to cancel it; partials go by the call asked for."""
    panel = PracticePanel(0, 1, "k" * 16, refills=0, cancels=0)
    panel.add_order("1", "1", quantity="100", charge="5", link="l", user_id="u")
    panel.state.cancels["7"] = PracticeCancel("7", "1", "1", "l")
    panel.update_refunds = True
    via = {"partial_via": "updateOrders"} if action == "updateOrders" else {}
    world = make(folder, "memory", panel, rules=Rules(**via))
    assert world.run().code == 0
    return world


def effects(world: World) -> list[Any]:
    """What reached customers: refunds, payments and tickets."""
    state = world.panel.state
    return [*state.orders["1"].refunds, *state.payments, *state.tickets]


@pytest.mark.parametrize("wipe", [False, True], ids=["disk kept", "disk gone"])
@pytest.mark.parametrize("how", ["killed before", "killed after", "unheard"])
@pytest.mark.parametrize(
    ("staff", "action", "tab", "key"), CALLS, ids=[f"{do.__name__}-{call}" for do, call, *_ in CALLS]
)
def test_a_call_of_unknown_outcome_is_made_once_and_shown(
    tmp_path: Path, staff: Callable[[World], None], action: str, tab: str, key: str, how: str, *, wipe: bool
) -> None:
    """F06: whatever becomes of the call, without a person there is at most one, and its row says "Not sure" until one settles it."""
    world = prepared(tmp_path, action)
    staff(world)
    if how == "unheard":
        at("panel.before-send", lambda: world.line.trouble.append("acted"))
        assert world.run().code == 7
    else:
        at("panel.before-send" if how == "killed before" else "panel.after-answer", die)
        assert world.run().crashed
    if wipe:
        world.wipe()
    world.clock.sleep(400)
    for _ in range(3):
        assert world.run().code == 7
    made = world.panel.calls(action)
    assert len(made) == (how != "killed before")
    assert len(effects(world)) == (how != "killed before")
    assert "Not sure" in world.cell(tab, key, "Sync")
    world.type(tab, key, unsure="It went through" if made else "Send again")
    claim = bool(wipe and how != "unheard")  # a runner that died with its disk may have been claiming, too
    for _ in range(2):
        assert world.run().code == (7 if claim else 0)
    assert len(world.doubts()) == claim
    assert len(world.panel.calls(action)) == 1
    assert len(effects(world)) == 1
    assert "· Sent" in world.cell(tab, key, "Sync")
