"""Panels as they are: listing ones, slow ones, ones that read no JSON or change an order themselves (docs/design.md 15)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core.model import Action
from reconcile.panel import client
from reconcile.panel.likes import LikeLaravel, LikePhp
from reconcile.panel.practice import Fault, PracticePanel, answering
from reconcile.panel.retry import Policy
from tests.cli.conftest import KEY

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal

LISTS = (
    "This panel shows its pending orders at every call and does not mark them as received. Each has one row all the same; with "
    "RECONCILE_ACKNOWLEDGE=yes the job sets each to Processing there."
)


@pytest.fixture
def panel(request: pytest.FixtureRequest) -> PracticePanel:
    """Four pending orders of service 1; another panel where a test names one."""
    made = getattr(request, "param", None)
    if made is not None:
        found: PracticePanel = made(12, 7)
        found.key = KEY
        return found
    panel = PracticePanel(2, 7, KEY, refills=0, cancels=0)
    panel.add_order("20", link="https://x.com/20", charge="0.10", user_id="7", quantity="100")
    panel.add_order("21", link="https://x.com/21", charge="0.10", user_id="7", quantity="100")
    return panel


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries at once."""
    monkeypatch.setattr(client, "Policy", lambda: Policy(first=0.0))


def to_know(out: str) -> list[str]:
    """The lines under "To know"."""
    return [line.strip() for line in out.partition("To know\n")[2].splitlines() if line.startswith("  ")]


def sync_of(terminal: Terminal, key: str) -> str:
    """What a row of Orders says."""
    return str(next(row["Sync"] for row in terminal.rows("Orders") if row["ID"] == key))


def test_a_listing_panel_is_known_and_then_quiet(terminal: Terminal) -> None:
    """F40: known orders come at every call: said once that it lists, nothing is answered or opened again, and a refusal stands."""
    terminal.panel.lists = True
    terminal.panel.refusals["16"] = ("bad_start_count", "")
    terminal.type("init")
    terminal.type("sync")
    terminal.edit("Orders", "16", Start_count=5)
    terminal.edit("Orders", "20", Status="In progress")
    refused = (
        "#16 · Refused. The panel did not take Start count 5: the panel does not accept this start count It is not sent again "
        "until you change it."
    )
    second = terminal.type("sync")
    assert to_know(second.out) == [LISTS]
    before = terminal.rows("Orders")
    third = terminal.type("sync")
    assert "To know" not in third.out
    assert "Received nothing new" in third.out
    assert terminal.rows("Orders") == before
    assert sync_of(terminal, "16") == refused.replace("count It", "count. It")
    assert [row["ID"] for row in before] == ["15", "16", "20", "21"]
    assert (
        "✓ learnt     Of this panel: getOrders shows what is pending and changes nothing.\n"
        in terminal.type("doctor").out
    )


def test_a_panel_that_hands_out_is_not_taken_for_one_that_lists(synced: Terminal) -> None:
    """An order that was set back to Pending there and handed out again is told, after one more call that brings nothing."""
    synced.edit("Orders", "20", Status="In progress")
    synced.type("sync")
    synced.panel.state.orders["20"].status = "Pending"
    before = len(synced.panel.calls(Action.GET_ORDERS))
    synced.type("sync")
    assert len(synced.panel.calls(Action.GET_ORDERS)) == before + 2
    assert sync_of(synced, "20") == (
        "#20 · Note. The panel handed this order out again on 22 Nov 15:53; it is Processing there. Choose its Status anew."
    )


def test_a_note_of_the_panel_comes_after_the_answer_to_a_person(synced: Terminal) -> None:
    """An order is handed out again in the very run that refuses its start count: both are told, the answer first."""
    synced.edit("Orders", "20", Status="In progress")
    synced.type("sync")
    synced.panel.state.orders["20"].status = "Pending"
    synced.panel.refusals["20"] = ("bad_start_count", "")
    synced.edit("Orders", "20", Start_count=5)
    synced.type("sync")
    assert sync_of(synced, "20") == (
        "#20 · Refused. The panel did not take Start count 5: the panel does not accept this start count. It is not sent again until "
        "you change it. The panel handed this order out again on 22 Nov 15:53; it is Processing there. Choose its Status anew."
    )


def test_what_the_panel_changed_is_told_until_somebody_types_it(terminal: Terminal) -> None:
    """Link and quantity of an order were corrected at the panel: each is told, old and new, and the new one is right."""
    terminal.panel.lists = True
    terminal.type("init")
    terminal.type("sync")
    terminal.panel.state.orders["20"].link = "https://x.com/new"
    terminal.panel.state.orders["20"].quantity = "200"
    terminal.type("sync")
    link = "The panel changed Link: it was “https://x.com/20”, it is “https://x.com/new”. Type the new value here, too."
    quantity = "The panel changed Quantity: it was “100”, it is “200”. Type the new value here, too."
    for _ in range(2):
        assert sync_of(terminal, "20") == f"#20 · Please check. {link} {quantity}"
        terminal.type("sync")
    terminal.edit("Orders", "20", Link="https://x.com/new")
    terminal.type("sync")
    assert sync_of(terminal, "20") == f"#20 · Please check. {quantity}"
    terminal.edit("Orders", "20", Quantity=200)
    terminal.type("sync")
    assert sync_of(terminal, "20") == "#20 · New. Type the start count, then choose a Status."


def test_acknowledged_orders_make_room_for_the_next_ones(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_ACKNOWLEDGE=yes: a listing panel with two orders in one answer hands out all four in one run."""
    monkeypatch.setenv("RECONCILE_ACKNOWLEDGE", "yes")
    terminal.panel.lists = True
    terminal.panel.page = 2
    terminal.type("init")
    terminal.type("sync")
    assert [row["ID"] for row in terminal.rows("Orders")] == ["15", "16", "20", "21"]
    assert {order.status for order in terminal.panel.state.orders.values()} == {"Processing"}


def test_orders_beyond_the_first_page_come_as_earlier_ones_leave(terminal: Terminal) -> None:
    """A listing panel with two in one answer: the next run brings what moved up, in no endless loop and without a doubt."""
    terminal.panel.lists = True
    terminal.panel.page = 2
    terminal.type("init")
    terminal.type("sync")
    terminal.edit("Orders", "15", Status="In progress")
    terminal.edit("Orders", "16", Status="In progress")
    ended = terminal.type("sync")
    assert ended.code == 0
    assert [row["ID"] for row in terminal.rows("Orders")] == ["15", "16", "20", "21"]


@pytest.mark.parametrize("panel", [lambda *_: PracticePanel(125, 7, refills=0, cancels=0)], indirect=True)
def test_a_smaller_page_is_learnt(terminal: Terminal) -> None:
    """60 pending, 12 in one answer: one page a run until the same number came twice, then all of them."""
    terminal.panel.page = 12
    terminal.type("init")
    landed = []
    for _ in range(2):
        terminal.type("sync")
        landed.append(len(terminal.rows("Orders")))
    assert landed == [12, 60]


REFUSALS = {
    "missing key": (400, '{"status":"fail","error":"error_code","message":"Key is required","missing":["key"]}'),
    "wrong key": (200, '{"error":"Invalid API key"}'),
    "401": (401, "{}"),
    "403": (403, "<html>Forbidden</html>"),
    "415": (415, ""),
    "500": (500, "<html>Error</html>"),
    "empty": (200, ""),
    "page": (200, "<html>Welcome</html>"),
    "bad_request": (400, '{"status":"fail","error":"bad_request"}'),
}


class NoJson(PracticePanel):
    """A panel that answers JSON in one of these ways and does nothing then."""

    refusal = "bad_request"

    def _with_faults(self, fields: list[tuple[str, str]], orders: Any, content_type: str) -> Any:
        if content_type.startswith("application/json"):
            status, body = REFUSALS[self.refusal]
            self.faults.appendleft(answering(body, status))
        return super()._with_faults(fields, orders, content_type)


@pytest.mark.parametrize("panel", [lambda *_: NoJson(4, 7, refills=0, cancels=0)], indirect=True)
@pytest.mark.parametrize("refusal", sorted(REFUSALS))
def test_updates_go_as_a_form_where_json_is_not_read(terminal: Terminal, refusal: str) -> None:
    """However the panel turns JSON away: the same run sends a form, later ones send nothing else."""
    assert isinstance(terminal.panel, NoJson)
    terminal.panel.refusal = refusal
    terminal.type("init")
    terminal.type("sync")
    terminal.edit("Orders", "15", Status="In progress")
    first = terminal.type("sync")
    assert first.code == 0
    assert to_know(first.out)[0].startswith("This panel does not take lists of updates as JSON (")
    assert terminal.panel.state.orders["15"].status == "In progress"
    before = len(terminal.panel.calls(Action.UPDATE_ORDERS))
    terminal.edit("Orders", "15", Status="Completed")
    assert "To know" not in terminal.type("sync").out
    sent = terminal.panel.calls(Action.UPDATE_ORDERS)[before:]
    assert [request.content_type for request in sent] == ["multipart/form-data"]
    assert terminal.panel.state.orders["15"].status == "Completed"


def test_a_key_that_is_wrong_everywhere_is_wrong(synced: Terminal) -> None:
    """A key refused in a form, too, ends the run with exit 6; nothing is learnt of the panel."""
    synced.panel.key = "another-key-of-the-panel"
    try:
        synced.edit("Orders", "15", Status="In progress")
        ended = synced.type("sync")
    finally:
        synced.panel.key = KEY
    assert ended.code == 6
    assert "learnt" not in synced.type("doctor").out


def test_a_list_that_moves_money_is_never_sent_in_another_way(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partial refund by updateOrders whose key is refused in JSON alone: one call, and a person decides."""
    monkeypatch.setenv("RECONCILE_PARTIAL_VIA", "updateOrders")
    terminal.type("init")
    terminal.type("sync")
    terminal.panel.faults.append(answering('{"error":"Invalid API key"}', action="updateOrders"))
    terminal.edit("Orders", "20", Status="Partial", Remains=3)
    ended = terminal.type("sync")
    assert ended.code == 7
    assert len(terminal.panel.calls(Action.UPDATE_ORDERS)) == 1
    assert sync_of(terminal, "20").startswith("#20 · Not sure.")


@pytest.mark.parametrize("panel", [lambda *_: PracticePanel(80, 7, refills=0, cancels=0)], indirect=True)
def test_lists_shrink_for_a_slow_panel(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of 38 is answered too late: it is halved until it is answered, each order goes three times at most, and that is remembered."""
    monkeypatch.setenv("RECONCILE_READ_TIMEOUT", "0.3")
    terminal.panel.most_updates = 10
    terminal.type("init")
    terminal.type("sync")
    keys = [str(row["ID"]) for row in terminal.rows("Orders")]
    for key in keys:
        terminal.edit("Orders", key, Start_count=int(key) ** 2 % 977)
    ended = terminal.type("sync")
    assert ended.code == 0
    assert to_know(ended.out) == ["This panel is too slow for long lists of updates; from now on they hold 10 rows."]
    sent = terminal.panel.calls(Action.UPDATE_ORDERS)
    assert [len(request.orders) for request in sent] == [38, 19, 10, 9, 10, 9]
    assert max(Counter(order["id"] for request in sent for order in request.orders).values()) == 3
    assert all(terminal.panel.state.orders[key].start_count for key in keys)
    assert "at most 10 updates in one list" in terminal.type("doctor").out


def test_three_runs_without_a_clear_answer_need_a_person(synced: Terminal) -> None:
    """The panel never mentions the order: sent again twice, then told with what it said, and cleared by a clear answer."""
    synced.panel.update_answers_for = 0
    synced.edit("Orders", "15", Status="In progress")
    for _ in range(2):
        synced.type("sync")
        assert sync_of(synced, "15") == (
            "#15 · Waiting. The panel did not say whether it took Status In progress. It is sent again next time."
        )
    synced.type("sync")
    assert sync_of(synced, "15") == (
        "#15 · Please check. Sent in 3 runs, and the panel never said clearly whether it took Status In progress. Its last answer: "
        "the panel's answer does not mention this order. Please look at the panel; it is sent again next time."
    )
    assert synced.rows("Runs")[-1]["Needs a person"] == 1
    synced.panel.update_answers_for = None
    synced.type("sync")
    assert sync_of(synced, "15") == "#15 · Sent 22 Nov 15:53: Status In progress."


@pytest.mark.parametrize("panel", [LikeLaravel, LikePhp], indirect=True)
def test_a_working_day_on_the_two_public_servers(terminal: Terminal) -> None:
    """Statuses, start counts, remains, a partial and a full refund arrive once, and every run says little."""
    terminal.type("init")
    first = terminal.type("sync")
    keys = [str(row["ID"]) for row in terminal.rows("Orders")][:5]
    terminal.edit("Orders", keys[0], Status="In progress", Start_count=7)
    terminal.edit("Orders", keys[1], Start_count=9)
    terminal.edit("Orders", keys[2], Status="Canceled")
    terminal.edit("Orders", keys[3], Status="In progress")
    second = terminal.type("sync")
    terminal.edit("Orders", keys[0], Status="Completed")
    terminal.edit("Orders", keys[1], Status="Partial", Remains=3)
    terminal.edit("Orders", keys[3], Remains=4)
    third = terminal.type("sync")
    fourth = terminal.type("sync")
    assert [run.code for run in (first, second, third, fourth)] == [0, 0, 0, 0]
    assert max(len(to_know(run.out)) for run in (first, second, third, fourth)) <= 5
    assert "To know" not in fourth.out
    orders = [terminal.panel.state.orders[key] for key in keys]
    assert [(order.status, order.start_count, order.remains) for order in orders] == [
        ("Completed", "7", ""),
        ("Partial", "9", "3"),
        ("Canceled", "", ""),
        ("In progress", "", "4"),
        ("Pending", "", ""),
    ]
    assert [len(order.refunds) for order in orders] == [0, 1, 1, 0, 0]


def test_a_fault_of_another_call_teaches_nothing(synced: Terminal) -> None:
    """A refusal that speaks of the list itself is halved as before, and JSON stays."""
    synced.panel.faults.append(
        Fault("answer", "updateOrders", 1, acts=False, body=b'{"status":"fail","error":"bad_order_list"}')
    )
    synced.edit("Orders", "15", Status="In progress")
    synced.edit("Orders", "16", Status="In progress")
    assert "To know" not in synced.type("sync").out
    kinds = {request.content_type for request in synced.panel.calls(Action.UPDATE_ORDERS)}
    assert kinds == {"application/json"}


def test_an_order_that_is_closed_at_the_panel_can_be_closed_here(synced: Terminal) -> None:
    """Nothing is taken of it there: the refusal offers the choice, the choice sends nothing, and the row leaves for Archive."""
    synced.panel.closes = True
    synced.panel.state.orders["20"].status = "Canceled"
    synced.edit("Orders", "20", Start_count=5)
    synced.edit("Orders", "21", Status="Closed at the panel")
    synced.type("sync")
    assert sync_of(synced, "20") == (
        "#20 · Refused. The panel did not take Start count 5: the panel says: “Order is already closed”. It is not sent again until "
        "you change it. If the order is closed at the panel, choose Closed at the panel here: nothing is sent then, and the row is done."
    )
    assert sync_of(synced, "21") == (
        "#21 · Please check. The panel never said that this order is closed, so Closed at the panel does not count here. "
        "Choose another Status."
    )
    before = len(synced.panel.requests)
    synced.edit("Orders", "20", Status="closed at the panel")
    synced.type("sync")
    assert sync_of(synced, "20") == "#20 · Note. The panel has Status Closed at the panel."
    assert not [request for request in synced.panel.requests[before:] if request.action.startswith("update")]
    synced.moment[0] += timedelta(days=8)
    synced.type("sync")
    assert [row["ID"] for row in synced.rows("Orders")] == ["15", "16", "21"]
    assert [row["ID"] for row in synced.rows("Archive")] == ["20"]


def test_what_else_the_panel_sent_stands_in_details(terminal: Terminal) -> None:
    """Fields beyond the reference are in the row; a text too long for a cell is whole in Long texts."""
    orders = [
        {"id": "5001", "link": "l", "usernames": ["a", "b"], "answer_number": 3},
        {"id": "5002", "link": "l", "hashtags": "h" * 40_000},
    ]
    terminal.panel.faults.append(answering(json.dumps({"status": "success", "orders": orders}), action="getOrders"))
    terminal.type("init")
    terminal.type("sync")
    first, second = (str(row["Details"]) for row in terminal.rows("Orders")[:2])
    assert first == "usernames: a, b · answer_number: 3"
    assert second.endswith(" … (Details continues: see Long texts, ID 5002 Details, 2 parts)")
    parts = [str(row["Text"]) for row in terminal.rows("Long texts")]
    assert "".join(parts) == "hashtags: " + "h" * 40_000
