"""Taking back: what a run told the panel is put back, what cannot be is listed, and staff's cells stay as they are."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.core import settle, undo, words
from reconcile.core.model import Action, CancelTask, Feed, Refill, Result, Status, Verdict
from reconcile.core.plan import Rules, make_plan
from reconcile.core.undo import Done, Why
from tests.core.desk import NOW, WHEN, Desk, order

if TYPE_CHECKING:
    from reconcile.core.model import Plan, Push, Snapshot
    from reconcile.core.settle import Settled

FIELDS = ("status", "start_count", "remains")
IDS = tuple(str(number) for number in range(11, 19))


class Office(Desk):
    """A desk with a panel that remembers what it was told, and a History."""

    def __init__(self) -> None:
        super().__init__()
        self.panel: dict[str, dict[str, str]] = {}
        self.lines: list[Any] = []

    def receive_all(self, *ids: str) -> None:
        self.receive(*(order(key) for key in ids))
        self.panel.update({key: {"status": "Processing"} for key in ids})

    def hears(self, push: Push) -> tuple[Verdict, str]:
        if push.feed is Feed.ORDERS:
            self.panel[push.key].update({change.field: change.new for change in push.changes})
        return Verdict.ACCEPTED, ""

    def works(self) -> tuple[Plan, Settled]:
        plan, settled = self.run(self.hears)
        self.lines += settled.history
        return plan, settled

    def seen(self) -> Snapshot:
        snapshot = self.snapshot()
        names = ("when", "tab", "id", "field", "from", "to", "result", "run")
        history = pd.DataFrame(
            [[line[name] for name in names] for line in self.lines], columns=list(names), dtype=object
        )
        return replace(snapshot, tabs={**snapshot.tabs, "history": history})

    def takes_back(self, run: str) -> undo.Undo:
        """`undo RUN`, as a run does it."""
        snapshot = self.seen()
        found = undo.inverse(undo.lines(snapshot, run=run), snapshot, self.ledger, run)
        plan = undo.plan(found, snapshot, self.ledger, self.rules, force=True)
        self.runs += 1
        results = [Result(push, *self.hears(push)) for push in plan.pushes]
        settled = settle.settle(plan, results, self.ledger, snapshot.tabs, run=f"run-{self.runs}", now=NOW, when=WHEN)
        self.ledger = self.ledger.patched(settled.ledger)
        self.lines += settled.history
        self.write(
            {(note.tab, note.key): words.ENGLISH.sync_text(note.key, note.kind, note.text) for note in settled.notes}
        )
        return found

    def agreed(self) -> dict[str, Any]:
        """What panel and ledger have, of each order."""
        rows = {key: self.ledger.row(Feed.ORDERS, key) or {} for key in self.panel}
        return {
            key: (self.panel[key], [row[name] for name in (*FIELDS, "state", "closed", "refunded")])
            for key, row in rows.items()
        }

    def cells(self) -> list[list[Any]]:
        """Staff's cells."""
        return [[row.get(name) for name in FIELDS] for row in self.tabs["orders"]]


EDIT = st.tuples(
    st.sampled_from(IDS),
    st.sampled_from(["Processing", "In progress", "Completed", "Canceled", "Partial"]),
    st.none() | st.integers(1, 900),
    st.none() | st.integers(1, 900),
)


@pytest.mark.long
@settings(max_examples=30, deadline=None)
@given(st.lists(EDIT, max_size=8), st.lists(EDIT, max_size=8))
def test_apply_and_undo_are_nothing(before: list[Any], edits: list[Any]) -> None:
    """Over small worlds: what can be taken back is as before at the panel and in the ledger, the cells stay, and nothing follows by itself."""
    office = Office()
    office.receive_all(*IDS)
    for batch in (before, edits):
        for key, status, start, remains in batch:
            typed = {"status": status, "start_count": start, "remains": remains}
            office.type("orders", key, **{name: value for name, value in typed.items() if value is not None})
        was, _ = copy.deepcopy(office.agreed()), office.works()
    cells = copy.deepcopy(office.cells())
    left = {(one.done.key, one.done.field) for one in office.takes_back(f"run-{office.runs}").kept}
    assert office.cells() == cells
    for key, (panel, row) in office.agreed().items():
        before_panel, before_row = was[key]
        for place, name in enumerate(FIELDS):
            if (key, name) not in left:
                assert panel.get(name) == before_panel.get(name), (key, name)
                assert row[place] == before_row[place], (key, name)
        if (key, "status") not in left:
            assert row[len(FIELDS) :] == before_row[len(FIELDS) :], key
    again = make_plan(office.snapshot(), office.ledger, Rules(max_closed_share=100), force=True)
    refunds = [push for push in again.pushes if push.refund]
    assert not refunds
    assert not again.pushes


def test_200_orders_completed_by_mistake() -> None:
    """One step later panel and ledger are as before, each row says so, and can be worked again."""
    office = Office()
    keys = [str(number) for number in range(1000, 1200)]
    office.receive_all(*keys)
    was = copy.deepcopy(office.agreed())
    for key in keys:
        office.type("orders", key, status="Completed")
    office.works()
    assert {one["status"] for one in office.panel.values()} == {"Completed"}
    found = office.takes_back("run-1")
    assert (len(found.pushes), found.kept) == (200, ())
    assert office.agreed() == was
    assert office.says("orders", "1000") == (
        "#1000 · Note. Open again; choose a Status. The panel has Status Processing now. "
        "What the cells show is not sent until they change."
    )
    assert office.lines[-1]["result"] == "accepted (takes back run-1)"
    for key in keys:
        office.type("orders", key, status="In progress")
    plan = make_plan(office.snapshot(), office.ledger, office.rules)
    assert (len(plan.pushes), plan.limits) == (200, ())


def test_what_was_typed_since_is_an_edit() -> None:
    """Staff put the row right themselves before the undo: that goes out with the next sync."""
    office = Office()
    office.receive_all("15")
    office.type("orders", "15", status="Completed")
    office.works()
    office.type("orders", "15", status="In progress")
    office.works()  # a closed order stays closed
    office.takes_back("run-1")
    assert office.sent() == [("15", "updateOrders", "status=In progress")]


def test_money_messages_and_decisions_stay_and_are_named() -> None:
    """Each is listed with its own reason, and no call is planned for any."""
    office = Office()
    office.receive_all("15", "16")
    office.receive(CancelTask("241", "16", "12"))
    office.receive(Refill("7", "15", "12"))
    office.type("orders", "15", status="Canceled")
    office.type("cancels", "241", decision="Reject")
    office.type("refills", "7", status="Completed")
    office.add("payments", reference="INV-7", user="maria", amount=5, details="top-up", send="Yes")
    office.add("tickets", reference="T-1", user="maria", subject="Hi", message="There", send="Yes")
    office.works()
    found = office.takes_back("run-1")
    assert found.pushes == ()
    assert sorted((one.done.feed.value, one.why) for one in found.kept) == [
        ("cancels", Why.DECIDED),
        ("orders", Why.MONEY),
        ("payments", Why.MONEY),
        ("refills", Why.NO_CALL),
        ("tickets", Why.MESSAGE),
    ]


def test_a_refill_goes_back_to_in_progress() -> None:
    """There is a call for that; for Pending there is none."""
    office = Office()
    office.receive(Refill("7", "15", "12"))
    office.type("refills", "7", status="In progress")
    office.works()
    office.type("refills", "7", status="Completed")
    office.works()
    [push] = office.takes_back("run-2").pushes
    assert push.action is Action.SET_REFILL_IN_PROGRESS
    row = office.ledger.row(Feed.REFILLS, "7")
    assert row is not None
    assert (row["status"], row["state"], row["closed"]) == ("In progress", "open", None)


def test_changed_again_since() -> None:
    """What another run changed afterwards is left alone; done twice, nothing is left to do."""
    office = Office()
    office.receive_all("15")
    office.type("orders", "15", status="In progress", start_count=10)
    office.works()
    office.type("orders", "15", status="Completed", start_count=20)
    office.works()
    assert {one.why for one in office.takes_back("run-1").kept} == {Why.CHANGED}
    assert len(office.takes_back("run-2").pushes) == 1
    assert {one.why for one in office.takes_back("run-2").kept} == {Why.BACK}
    assert office.panel["15"] == {"status": "In progress", "start_count": "10"}


def test_a_row_that_is_gone_stays_as_it_is() -> None:
    """An order without a row would be opened again where nobody sees it."""
    office = Office()
    office.receive_all("15")
    office.type("orders", "15", status="Completed")
    office.works()
    office.delete("orders", "15")
    assert [one.why for one in office.takes_back("run-1").kept] == [Why.NO_ROW]


def test_taking_back_an_undo_is_limited() -> None:
    """It would close orders: the limit on that holds it, and names the share."""
    office = Office()
    office.rules = Rules()
    keys = [str(number) for number in range(1000, 1030)]
    office.receive_all(*keys)
    for key in keys:
        office.type("orders", key, status="Completed")
    office.works()
    office.takes_back("run-1")
    snapshot = office.seen()
    found = undo.inverse(undo.lines(snapshot, run="run-2"), snapshot, office.ledger, "run-2")
    plan = undo.plan(found, snapshot, office.ledger, office.rules)
    assert (len(plan.pushes), len(plan.held)) == (0, 30)
    assert plan.holding[0].text == "30 of 30 open orders would be closed at once, 100.0% is over 30%."
    assert len(undo.plan(found, snapshot, office.ledger, office.rules, force=True).pushes) == 30


def test_one_order_is_opened_again_to_what_it_was() -> None:
    """To the status before; where History does not know that, to In progress. What is open or refunded is not."""
    office = Office()
    office.receive_all("15", "16")
    assert undo.reopening("15", office.seen(), office.ledger) is None
    office.type("orders", "15", status="Completed")
    office.type("orders", "16", status="Canceled")
    office.works()
    snapshot = office.seen()
    assert undo.reopening("15", snapshot, office.ledger) == Done(Feed.ORDERS, "15", "status", "Processing", "Completed")
    office.lines.clear()
    found = undo.reopening("15", office.seen(), office.ledger)
    assert found is not None
    assert found.old == Status.IN_PROGRESS
    refunded = undo.reopening("16", snapshot, office.ledger)
    assert refunded is not None
    assert [one.why for one in undo.inverse([refunded], snapshot, office.ledger, "16").kept] == [Why.MONEY]
