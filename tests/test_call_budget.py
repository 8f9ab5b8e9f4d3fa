"""The budget of docs/design.md 3, counted at the transport: it does not grow with the rows, and this fails when a change raises it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from reconcile.core.landing import land
from reconcile.core.ledger import Ledger
from reconcile.core.model import Claimed, Commit, Feed, Order
from reconcile.core.plan import Rules
from reconcile.core.words import ENGLISH
from reconcile.job import Job, sync
from reconcile.journal import Journal
from reconcile.panel.client import Panel
from reconcile.panel.practice import PracticePanel
from reconcile.workbook.google import GoogleWorkbook
from tests.contract.google_subject import http
from tests.emulator.emulator import STAFF, Emulator
from tests.emulator.staff import Staff

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 2, 2, 12, 0, tzinfo=UTC)


class Office:
    """A Google Sheet with so many open orders, a practice panel, and runs counted at the emulator's door."""

    def __init__(self, folder, rows, done=0):
        self.emulator = Emulator(serve=False)
        self.id = self.emulator.new_spreadsheet("Work")
        self.panel = PracticePanel(orders=0, refills=0, cancels=0)
        self.folder = folder
        self.runs = 0
        book = GoogleWorkbook(self.id, http(self.emulator))
        book.provision(["1"])
        snapshot = book.read()
        orders = tuple(Order(str(10_000 + n), "1", f"https://x.com/u{n}", "0.5", "user", "1000") for n in range(rows))
        for order in orders:
            self.panel.add_order(order.id, "1", link=order.link, quantity="1000", status="Processing")
        landing = land(
            Claimed(Feed.ORDERS, "1", orders),
            Ledger(snapshot.ledger),
            (),
            run="before",
            revision=1,
            now=NOW,
            when="02 Mar 12:00",
            cell_limit=book.cell_limit,
            say=ENGLISH,
        )
        for row, known in zip(landing.append["orders"][:done], landing.ledger[:done], strict=False):
            row.update(status="Completed")
            known.update(state="closed", status="Completed", status_seen="Completed", closed=LONG_AGO.isoformat())
        book.commit(Commit("before", append=landing.append, ledger=landing.ledger), snapshot.revision)

    def run(self, rules=None):
        """One run; returns its outcome and what it cost at Google and at the panel."""
        self.runs += 1
        before = len(self.emulator.calls)
        panel_url = "https://panel.example/admin/v1"
        with (
            Journal.open(self.folder) as journal,
            Panel(panel_url, SecretStr(self.panel.key), transport=self.panel.transport(), pace=0) as panel,
        ):
            job = Job(
                GoogleWorkbook(self.id, http(self.emulator)),
                panel,
                journal,
                rules or Rules(),
                lambda: NOW,
                f"run-{self.runs}",
            )
            outcome = sync(job)
        calls = self.emulator.calls[before:]
        assert all(call.status == 200 for call in calls)
        return outcome, {
            "reads": sum(not call.writing for call in calls),
            "writes": sum(call.writing for call in calls),
            "claims": sum(count for action, count in outcome.calls if action == "getOrders"),
            "updates": dict(outcome.calls).get("updateOrders", 0),
        }


@pytest.mark.parametrize("rows", [600, 20_000])
def test_the_budget_does_not_grow_with_the_rows(tmp_path, rows):
    """Idle, 500 edits and 1,000 new orders cost the same calls beside 600 and beside 20,000 open orders."""
    office = Office(tmp_path, rows)

    outcome, cost = office.run()
    assert outcome.exit_code == 0
    assert cost == {"reads": 1, "writes": 2, "claims": 1, "updates": 0}

    staff = Staff(office.emulator, office.id, "Orders", STAFF)
    staff.paste("D2", [[str(1_000 + 37 * number * number % 9_973)] for number in range(500)])  # Start count
    outcome, cost = office.run()
    assert outcome.exit_code == 0
    assert sum(result.verdict == "accepted" for result in outcome.results) == 500
    assert cost == {"reads": 1, "writes": 2, "claims": 1, "updates": 5}

    for number in range(1_000):
        office.panel.add_order(str(500_000 + number), "1", quantity="1000")
    outcome, cost = office.run()
    assert dict(outcome.landed) == {"orders": 1_000}
    assert cost == {"reads": 1, "writes": 12, "claims": 11, "updates": 0}


def test_a_list_and_a_tick_cost_no_write(tmp_path):
    """Listing 300 refunds is part of a run's two writes; a run with a tick costs what any run does."""
    office = Office(tmp_path, 600)
    office.run()
    Staff(office.emulator, office.id, "Orders", STAFF).paste("E2", [["Canceled"]] * 300)  # Status
    rules = Rules(max_closed_share=100)
    outcome, cost = office.run(rules)
    assert outcome.exit_code == 3
    assert cost == {"reads": 1, "writes": 2, "claims": 1, "updates": 0}
    Staff(office.emulator, office.id, "Approvals", STAFF).paste("B2", [["TRUE"]])
    outcome, cost = office.run(rules)
    assert outcome.exit_code == 0
    assert sum(result.verdict == "accepted" for result in outcome.results) == 300
    assert cost == {"reads": 1, "writes": 2, "claims": 1, "updates": 0}


def test_long_texts_cost_further_writes_below_two_megabytes(tmp_path):
    """40 orders with 100 KB of comments each: four landings, and no request is bigger than Google advises."""
    office = Office(tmp_path, 1)
    prepared = len(office.emulator.calls)
    for number in range(40):
        office.panel.add_order(str(500_000 + number), "1", quantity="1000", comments="a comment\n" * 10_000)
    outcome, cost = office.run()
    assert (outcome.exit_code, dict(outcome.landed)) == (0, {"orders": 40})
    assert cost == {"reads": 1, "writes": 6, "claims": 1, "updates": 0}
    assert max(call.bytes_in for call in office.emulator.calls[prepared:]) < 2_000_000


def test_archiving_costs_no_call(tmp_path):
    """Of 1,500 orders that were closed long ago 500 move in a run, and the next run forgets them, in the calls there are."""
    office = Office(tmp_path, 1_600, done=1_500)
    prepared = len(office.emulator.calls)
    for left in (1_100, 600, 100, 100):
        outcome, cost = office.run()
        assert outcome.exit_code == 0
        assert cost == {"reads": 1, "writes": 2, "claims": 1, "updates": 0}
        assert max(call.bytes_in for call in office.emulator.calls[prepared:]) < 2_000_000
        assert office.emulator.sheet(office.id, "Orders").data_end() - 1 == left
    assert office.emulator.sheet(office.id, "Archive").data_end() - 1 == 1_500
    assert office.emulator.sheet(office.id, "_ledger").data_end() < 1_700
