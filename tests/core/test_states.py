"""What State says of a row once a run is over, whichever way it came there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconcile.core import states
from reconcile.core.ledger import STATE_GONE
from reconcile.core.model import CLOSED_THERE, Feed, RefillStatus, Status
from reconcile.core.plan import Rules, make_plan
from reconcile.core.settle import settle
from tests.core.desk import NOW, WHEN, Desk, order, refuse, unclear, unsent, with_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.core.model import Push, Verdict


def after(desk: Desk, panel: Callable[[Push], tuple[Verdict, str]] | None = None) -> states.States:
    """How the rows stand after one run."""
    _, settled = desk.run(panel) if panel else desk.run()
    return states.states(desk.snapshot(), desk.ledger, settled.notes)


def test_a_new_row_comes_with_its_state() -> None:
    """What lands says it itself; no later commit is needed for it."""
    desk = Desk()
    desk.receive(order("15"))
    assert desk.row("orders", "15")["state"] == "#15 · New"
    assert after(desk).texts == {}


@pytest.mark.parametrize(
    ("typed", "panel", "text"),
    [
        ({"status": "In progress", "start_count": 1200}, None, "#15 · In progress · start 1,200"),
        ({"status": "completed"}, None, "#15 · Closed · Completed"),
        ({"status": "Compelted"}, None, "#15 · Check (Processing)"),
        ({"status": "Partial"}, None, "#15 · Waiting (Processing)"),
        ({"status": "Completed"}, refuse("No."), "#15 · Refused (Processing)"),
        ({"status": "Completed"}, unsent, "#15 · Waiting (Processing)"),
        ({"status": "Canceled"}, unclear, "#15 · Not sure (Processing)"),
    ],
)
def test_state_is_what_became_of_what_was_typed(
    typed: dict[str, object], panel: Callable[[Push], tuple[Verdict, str]] | None, text: str
) -> None:
    """Never the typed word itself: until it is accepted the panel's is shown in brackets."""
    desk = with_order()
    desk.type("orders", "15", **typed)
    found = after(desk, panel)
    assert found.texts["orders"]["15"] == text
    assert sum(found.counts["orders"].values()) == 1


def test_a_refund_that_waits_so_that_staff_can_stop_it_is_waiting() -> None:
    """RECONCILE_MONEY_WAIT holds it back; its row does not look closed, and not as if it was to be checked."""
    desk = with_order()
    desk.rules = Rules(max_closed_share=100, money_wait=timedelta(minutes=10))
    desk.type("orders", "15", status="Canceled")
    snapshot = desk.snapshot()
    plan = make_plan(snapshot, desk.ledger, desk.rules, now=NOW)
    assert [each.push.key for each in plan.waiting] == ["15"]
    ended = settle(plan, [], desk.ledger, snapshot.tabs, run="r", now=NOW, when=WHEN)
    assert states.states(snapshot, desk.ledger, ended.notes).counts["orders"] == {"Waiting": 1}


@pytest.mark.parametrize(
    ("feed", "key", "accepted", "missing"),
    [
        (Feed.ORDERS, "15", {"status": Status.PROCESSING.value}, ("15",)),
        (Feed.ORDERS, "15", {"status": Status.IN_PROGRESS.value}, ("15",)),
        (Feed.ORDERS, "15", {"status": Status.PARTIAL.value}, ()),
        (Feed.ORDERS, "15", {"status": CLOSED_THERE}, ()),
        (Feed.REFILLS, "7", {"status": RefillStatus.REJECTED.value}, ()),
        (Feed.CANCELS, "7", {"decision": "Reject"}, ()),
        (Feed.CANCELS, "7", {}, ("7",)),
    ],
)
def test_only_an_open_row_can_be_missing(feed: Feed, key: str, accepted: dict[str, str], missing: object) -> None:
    """A deleted row of what is over is nobody's loss, also where the panel closed the order itself."""
    desk = Desk()
    row = dict.fromkeys(desk.ledger.of(feed).columns)
    gone = {**row, "tab": feed.value, "key": key, "state": STATE_GONE, **accepted}
    desk.ledger = desk.ledger.patched([gone])
    assert states.states(desk.snapshot(), desk.ledger, ()).missing[feed.value] == missing


def test_a_run_that_looked_at_some_rows_says_nothing_of_the_others() -> None:
    """An undo makes no plan of what staff typed: a row to be checked stays one, and nothing is counted."""
    desk = Desk()
    desk.receive(order("15"), order("16"))
    desk.type("orders", "15", status="Compelted")
    desk.write({})
    asked = after(desk).texts["orders"]
    desk.row("orders", "15")["state"] = asked["15"]
    found = states.states(desk.snapshot(), desk.ledger, (), only=set())
    assert (found.texts, found.counts) == ({}, {})
    assert states.states(desk.snapshot(), desk.ledger, ()).texts["orders"] == {"15": "#15 · New"}
