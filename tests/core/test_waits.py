"""RECONCILE_MONEY_WAIT: a refund or payment waits in its row, anything that changes begins the wait anew, clearing it stops it."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core import waits, words
from reconcile.core.plan import Rules, make_plan
from reconcile.errors import Damaged
from tests.core.desk import NOW, Desk, order, unclear

if TYPE_CHECKING:
    from reconcile.core.model import Plan

WAIT = timedelta(minutes=10)


class Patient(Desk):
    """A desk at which money waits ten minutes, and whose runs have a time."""

    def at(self, minutes: float, **more: Any) -> Plan:
        """A run so many minutes after NOW: its plan, and what it writes of it."""
        now = NOW + timedelta(minutes=minutes)
        plan = make_plan(self.snapshot(), self.ledger, self.rules, now=now.astimezone(more.get("zone")), **_force(more))
        for name, text in plan.meta:
            self.meta.pop(name, None)
            if text is not None:
                self.meta[name] = text
        self.ledger = self.ledger.patched(plan.settled)
        self.write(
            {(note.tab, note.key): words.ENGLISH.sync_text(note.key, note.kind, note.text) for note in plan.notes}
        )
        return plan

    def goes(self, minutes: float, **more: Any) -> list[str]:
        """The rows of which something goes out then."""
        return [push.key for push in self.at(minutes, **more).pushes]


def _force(more: dict[str, Any]) -> dict[str, Any]:
    return {"force": more["force"]} if "force" in more else {}


def patient(**rules: Any) -> Patient:
    """Order 15 and 16 in the sheet."""
    desk = Patient(rules=Rules(**{"max_closed_share": 100, "money_wait": WAIT, **rules}))
    desk.receive(order("15"), order("16"))
    return desk


def pay(desk: Desk, key: str = "PAY-1", **cells: Any) -> None:
    """A payment that is ready."""
    desk.add(
        "payments", **{"reference": key, "user": "maria", "amount": 25, "details": "top-up", "send": "Yes", **cells}
    )


def test_a_refund_waits_says_until_when_and_goes_then() -> None:
    """Just below, at and above the time; the answer stays the same, so nothing more is written meanwhile."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    assert desk.goes(0) == []
    says = "#15 · Waiting. Status Canceled (refund 2.50) will be sent after 10:05; clear the cell to stop (Status)."
    assert desk.says("orders", "15") == says
    assert desk.goes(9.99) == []
    assert desk.says("orders", "15") == says
    assert desk.goes(10) == ["15"]
    assert patient().goes(0) == []


def test_the_time_is_the_sheets_own_with_its_day_where_that_is_another() -> None:
    """Tokyo reads Tokyo's time, and a wait past midnight its date."""
    desk = patient(money_wait=timedelta(hours=20))
    desk.type("orders", "15", status="Canceled")
    desk.at(0, zone=timezone(timedelta(hours=9)))
    assert "will be sent after 03 Mar 14:55;" in desk.says("orders", "15")


def test_a_payment_waits_a_ticket_and_other_changes_do_not() -> None:
    """Only money waits."""
    desk = patient()
    pay(desk)
    desk.add("tickets", reference="T-1", user="maria", subject="Hello", message="All done", send="Yes")
    desk.type("orders", "16", status="In progress", start_count=12)
    assert desk.goes(0) == ["16", "T-1"]
    assert desk.says("payments", "PAY-1") == (
        "#PAY-1 · Waiting. The payment 25.00 will be sent after 10:05; clear the cell to stop (Send)."
    )
    assert desk.goes(10) == ["16", "PAY-1", "T-1"]


@pytest.mark.parametrize(
    "typed",
    [
        {"status": "Partial", "remains": 50},
        {"start_count": 77},
        {"status": "Processing", "again": {"status": "Canceled"}},
        {"status": None, "again": {"status": "Canceled"}},
        {"status": "canceled"},
    ],
)
def test_every_change_begins_the_wait_anew(typed: dict[str, Any]) -> None:
    """Another value, a start count, an undo and the same again: ten minutes from when a run sees it."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    desk.at(0)
    again = typed.pop("again", None)
    desk.type("orders", "15", **typed)
    desk.at(8)
    if again:
        desk.type("orders", "15", **again)
        desk.at(9)
    assert [push.key for push in desk.at(17.9).pushes if push.once] == []
    assert [push.key for push in desk.at(19.1).pushes if push.once] == ["15"]


@pytest.mark.parametrize("column", ["user", "amount", "details", "commission"])
def test_every_change_of_a_payment_begins_the_wait_anew(column: str) -> None:
    """Each cell that is sent with it."""
    desk = patient()
    pay(desk)
    desk.at(0)
    desk.type("payments", "PAY-1", **{column: {"amount": 26, "commission": "Yes"}.get(column, "other")})
    desk.at(9)
    assert desk.goes(18.9) == []
    assert desk.goes(19) == ["PAY-1"]


def test_a_cleared_cell_stops_it() -> None:
    """The row is as it was, and nothing is on record any more."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    pay(desk)
    desk.at(0)
    assert sorted(desk.meta) == ["wait:orders:15", "wait:payments:PAY-1"]
    desk.type("orders", "15", status=None)
    desk.type("payments", "PAY-1", send=None)
    assert desk.goes(11) == []
    assert not desk.meta
    assert desk.says("orders", "15").startswith("#15 · New")
    assert desk.says("payments", "PAY-1").startswith("#PAY-1 · Waiting for Send")


def test_what_could_not_be_sent_does_not_wait_again() -> None:
    """The panel was away when the time was over: the next run sends it."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    desk.at(0)
    assert desk.goes(11) == ["15"]
    assert desk.goes(12) == ["15"]


def test_force_sends_at_once() -> None:
    """A person at the terminal who forces waits for nothing."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    assert desk.goes(0, force=True) == ["15"]


@pytest.mark.parametrize("column", ["status", "remains"])
def test_a_start_count_goes_ahead_of_the_refund_beside_it(column: str) -> None:
    """It is no money; the wait goes on although the row has something less to say."""
    desk = patient()
    values: dict[str, Any] = {"status": {"status": "Canceled"}, "remains": {"status": "Partial", "remains": 9}}[column]
    desk.type("orders", "15", start_count=120, **values)
    plan = desk.at(0)
    assert [push.action.value for push in plan.pushes] == ["updateOrders"]
    row = desk.ledger.row("orders", "15")
    desk.ledger = desk.ledger.patched([{**(row or {}), "start_count": "120", "start_count_seen": 120}])
    assert desk.goes(9.9) == []
    assert desk.goes(10.1) == ["15"]


def test_send_again_waits_and_can_be_taken_back() -> None:
    """The doubt stays on record until the second try goes out."""
    desk = patient(money_wait=timedelta(0))
    desk.type("orders", "15", status="Canceled")
    desk.run(unclear)
    desk.rules = Rules(max_closed_share=100, money_wait=WAIT)
    desk.type("orders", "15", unsure="Send again")
    plan = desk.at(0)
    assert (plan.pushes, len(plan.doubts)) == ((), 1)
    assert desk.says("orders", "15").endswith("will be sent after 10:05; clear the cell to stop (If unsure).")
    desk.type("orders", "15", unsure=None)
    assert desk.goes(11) == []
    assert desk.says("orders", "15").startswith("#15 · Not sure")
    desk.type("orders", "15", unsure="Send again")
    assert desk.goes(12) == []
    assert desk.goes(22) == ["15"]


# --- clocks ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [30, 60 * 24 * 365])
def test_a_time_that_lies_ahead_is_not_believed(ahead: int) -> None:
    """A machine whose clock is ahead saw it first: the others wait ten minutes from their own first look."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    desk.at(ahead)
    assert desk.goes(0) == []
    assert desk.goes(9.9) == []
    assert desk.goes(10) == ["15"]


def test_a_clock_that_jumps_years_ahead_waits_once_more() -> None:
    """One look by it sends nothing; where it was only a long holiday, the wait is over after the next one."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    desk.at(0)
    year = 60 * 24 * 365
    assert desk.goes(year) == []
    assert desk.goes(year + 10) == ["15"]


def test_weekly_runs_send_in_the_end() -> None:
    """The second long silence is believed."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    week = 60 * 24 * 7
    assert [desk.goes(week * number) for number in range(3)] == [[], [], ["15"]]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "no",
        '{"mark": "a", "since": "x", "seen": "x"}',
        '{"mark":"a","since":"2026-01-01","seen":"2026-01-01"}',
    ],
)
def test_a_record_that_cannot_be_read_is_damage(text: str) -> None:
    """Nothing is guessed from it."""
    with pytest.raises(Damaged):
        waits.records_of({"wait:orders:15": text})


def test_without_a_wait_no_record_is_left() -> None:
    """Switched off, what was on record goes, and everything is sent."""
    desk = patient()
    desk.type("orders", "15", status="Canceled")
    desk.at(0)
    desk.rules = Rules(max_closed_share=100)
    assert desk.goes(1) == ["15"]
    assert not desk.meta
