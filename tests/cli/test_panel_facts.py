"""What a panel is like, learnt and set: each fact by its own setting, what is learnt beside it, and what is told (docs/design.md 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile.core.facts import GROWS_AFTER
from reconcile.core.model import Action
from reconcile.panel import client
from reconcile.panel.likes import LikePhp
from reconcile.panel.practice import PracticePanel, answering
from reconcile.panel.retry import Policy
from tests.cli.conftest import KEY
from tests.cli.test_panels import sync_of, to_know

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal

NONE = "Sipariş bulunamadı"


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


def learnt(terminal: Terminal) -> str:
    """The doctor's line about this panel, "" where there is none."""
    lines = [line for line in terminal.type("doctor").out.splitlines() if "Of this panel:" in line]
    return lines[0].partition("Of this panel: ")[2] if lines else ""


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ORDERS", "lists", "getOrders shows what is pending and changes nothing (RECONCILE_PANEL_ORDERS)."),
        ("ORDERS", "claims", "getOrders hands orders out (RECONCILE_PANEL_ORDERS)."),
        ("UPDATES", "JSON", "updates go as JSON (RECONCILE_PANEL_UPDATES)."),
        ("UPDATES", "form", "updates go as a form (RECONCILE_PANEL_UPDATES)."),
        ("UPDATES", "single", "updates go one by one (RECONCILE_PANEL_UPDATES)."),
        ("ROWS", "100", "at most 100 updates in one list (RECONCILE_PANEL_ROWS)."),
        ("PAGE", "50", "50 orders in one answer (RECONCILE_PANEL_PAGE)."),
        ("NONE", "yok|hiç yok", "“yok”, “hiç yok” means that nothing is pending (RECONCILE_PANEL_NONE)."),
        ("LACKS", "tickets, refills", "it has no call for tickets and refills (RECONCILE_PANEL_LACKS)."),
    ],
)
def test_doctor_shows_what_a_setting_says(
    synced: Terminal, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    """Each fact that is set is shown with its setting, and nothing of it is kept as learnt."""
    monkeypatch.setenv(f"RECONCILE_PANEL_{variable}", value)
    synced.type("sync")
    assert learnt(synced) == told
    monkeypatch.delenv(f"RECONCILE_PANEL_{variable}")
    assert learnt(synced) == ""


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ORDERS", "x"), ("UPDATES", "x"), ("ROWS", "0"), ("PAGE", "1000"), ("LACKS", "orders")],
)
def test_a_wrong_fact_ends_with_2(synced: Terminal, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """Nothing is asked of the panel then."""
    before = len(synced.panel.requests)
    monkeypatch.setenv(f"RECONCILE_PANEL_{variable}", value)
    ended = synced.type("sync")
    assert ended.code == 2
    assert f"RECONCILE_PANEL_{variable} (the environment) must be " in ended.err
    assert len(synced.panel.requests) == before


@pytest.mark.parametrize(("way", "kinds"), [("form", {"updateOrders"}), ("single", {"setInprogress", "setStartcount"})])
def test_updates_go_as_the_setting_says(
    synced: Terminal, monkeypatch: pytest.MonkeyPatch, way: str, kinds: set[str]
) -> None:
    """From the first one on; nothing is tried in another way."""
    monkeypatch.setenv("RECONCILE_PANEL_UPDATES", way)
    before = len(synced.panel.requests)
    synced.edit("Orders", "15", Status="In progress")
    synced.edit("Orders", "16", Start_count=5)
    assert "To know" not in synced.type("sync").out
    sent = [one for one in synced.panel.requests[before:] if one.action.startswith(("set", "update")) and one.params]
    assert {one.action for one in sent} == kinds
    assert {one.content_type for one in sent} == {"multipart/form-data"}
    assert synced.panel.state.orders["16"].start_count == "5"


def test_a_set_way_is_not_left(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_PANEL_UPDATES=json on a panel that has no updateOrders: told in the row, not sent by other calls."""
    monkeypatch.setenv("RECONCILE_PANEL_UPDATES", "json")
    synced.panel.lacks = {Action.UPDATE_ORDERS}
    synced.edit("Orders", "15", Status="In progress")
    synced.edit("Orders", "16", Status="In progress")
    synced.type("sync")
    assert len(synced.panel.calls(Action.UPDATE_ORDERS)) == 1
    assert not synced.panel.calls(Action.SET_IN_PROGRESS)
    assert sync_of(synced, "15").startswith(
        "#15 · Refused. The panel did not take Status In progress: this panel does not"
    )


def test_orders_known_to_be_listed_from_the_first_run(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_PANEL_ORDERS=lists: one call a run, and nothing is said."""
    monkeypatch.setenv("RECONCILE_PANEL_ORDERS", "lists")
    terminal.panel.lists = True
    terminal.type("init")
    for _ in range(3):
        assert "To know" not in terminal.type("sync").out
    assert len(terminal.panel.calls(Action.GET_ORDERS)) == 3
    assert len(terminal.rows("Orders")) == 4


def test_orders_known_to_be_handed_out(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_PANEL_ORDERS=claims: an order that comes again was put back, without a further call to find that out."""
    monkeypatch.setenv("RECONCILE_PANEL_ORDERS", "claims")
    synced.edit("Orders", "15", Status="In progress")
    synced.type("sync")
    synced.panel.state.orders["15"].status = "Pending"
    before = len(synced.panel.calls(Action.GET_ORDERS))
    synced.type("sync")
    assert len(synced.panel.calls(Action.GET_ORDERS)) == before + 1
    assert "handed this order out again" in sync_of(synced, "15")


@pytest.mark.parametrize("panel", [lambda *_: PracticePanel(80, 7, refills=0, cancels=0)], indirect=True)
def test_lists_and_pages_of_a_set_length(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_PANEL_ROWS=15 and RECONCILE_PANEL_PAGE=10 count from the first run on, and nothing is told."""
    monkeypatch.setenv("RECONCILE_PANEL_ROWS", "15")
    monkeypatch.setenv("RECONCILE_PANEL_PAGE", "10")
    terminal.panel.page = 10
    terminal.type("init")
    assert "To know" not in terminal.type("sync").out
    keys = [str(row["ID"]) for row in terminal.rows("Orders")]
    assert len(keys) == 38
    for key in keys:
        terminal.edit("Orders", key, Start_count=int(key) ** 2 % 977)
    assert "To know" not in terminal.type("sync").out
    assert [len(one.orders) for one in terminal.panel.calls(Action.UPDATE_ORDERS)] == [15, 15, 8]


def test_lists_that_were_halved_grow_back(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the panel is quick again, lists of the learnt length are answered some times, and the next ones are longer."""
    monkeypatch.setenv("RECONCILE_READ_TIMEOUT", "0.3")
    synced.panel.most_updates = 1
    keys = ["15", "16", "20", "21"]

    def typed(number: int) -> list[int]:
        before = len(synced.panel.calls(Action.UPDATE_ORDERS))
        for key in keys:
            synced.edit("Orders", key, Start_count=number * 100 + int(key) ** 2 % 97)
        synced.type("sync")
        return [len(one.orders) for one in synced.panel.calls(Action.UPDATE_ORDERS)[before:]]

    typed(1)
    assert learnt(synced) == "at most 1 updates in one list."
    synced.panel.most_updates = None
    lists = [length for number in range(2, 8) for length in typed(number)]
    assert lists[: GROWS_AFTER - 3] == [1] * (GROWS_AFTER - 3)
    assert lists[-2:] == [2, 2]
    assert learnt(synced) == "at most 2 updates in one list."


def test_a_panel_s_own_word_for_none_is_learnt(synced: Terminal) -> None:
    """Told while it is not known, learnt when that service brings orders, silent and shown by doctor from then on."""
    fail = f'{{"status":"fail","error":"","message":"{NONE}"}}'
    synced.panel.faults.append(answering(fail, action="getOrders"))
    first = synced.type("sync")
    assert to_know(first.out) == [f"Orders (service 1): the panel says: “{NONE}”"]
    synced.panel.add_order("30", link="https://x.com/30", charge="0.10", user_id="7", quantity="100")
    assert to_know(synced.type("sync").out) == [
        f"This panel says “{NONE}” when nothing is pending; from now on that is understood."
    ]
    synced.panel.faults.append(answering(fail, action="getOrders"))
    assert "To know" not in synced.type("sync").out
    assert learnt(synced) == f"“{NONE}” means that nothing is pending."


@pytest.mark.parametrize("sentence", ["Service is disabled", "Invalid service", "Account suspended"])
def test_a_trouble_is_not_learnt_as_none(synced: Terminal, sentence: str) -> None:
    """What sounds like something wrong is told every time."""
    fail = f'{{"status":"fail","error":"","message":"{sentence}"}}'
    for number in range(2):
        synced.panel.faults.append(answering(fail, action="getOrders"))
        assert to_know(synced.type("sync").out)
        synced.panel.add_order(f"3{number}", link="l", charge="0.10", user_id="7", quantity="100")
        assert "To know" not in synced.type("sync").out
    assert learnt(synced) == ""


@pytest.mark.parametrize("body", [f'{{"message":"{NONE}"}}', f'{{"status":"fail","error":"{NONE}."}}'])
def test_a_set_word_for_none_is_no_doubt(synced: Terminal, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """RECONCILE_PANEL_NONE: also in an answer that would else be neither a yes nor a no."""
    monkeypatch.setenv("RECONCILE_PANEL_NONE", f"keine|{NONE.lower()}")
    synced.panel.faults.append(answering(body, action="getOrders"))
    ended = synced.type("sync")
    assert (ended.code, "To know" in ended.out) == (0, False)


def test_what_the_panel_lacks_is_not_asked_for(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_PANEL_LACKS: no calls for these, and a payment is answered in its row."""
    monkeypatch.setenv("RECONCILE_PANEL_LACKS", "refills,cancels,payments")
    before = len(synced.panel.requests)
    synced.edit("Payments", "PAY-1", User="7", Amount=5, Details="x", Send="Yes")
    ended = synced.type("sync")
    assert ended.code == 0
    assert {one.action for one in synced.panel.requests[before:]} == {"setRemains", "getOrders"}
    (row,) = synced.rows("Payments")
    assert str(row["Sync"]).startswith("#PAY-1 · Refused. ")
    assert "this panel does not have this action" in str(row["Sync"])
    assert not synced.panel.state.payments
    monkeypatch.delenv("RECONCILE_PANEL_LACKS")
    assert synced.type("sync").code == 0
    assert not synced.panel.state.payments  # a refused payment is not sent by itself


def test_a_call_the_panel_has_again_is_no_longer_lacking(synced: Terminal) -> None:
    """A panel that gets refills and tickets later: learnt as lacking, then forgotten."""
    synced.panel.lacks = {Action.GET_REFILLS, Action.ADD_TICKET}
    synced.edit("Tickets", "T-1", User="7", Subject="s", Message="m", Send="Yes")
    synced.type("sync")
    assert learnt(synced) == "it has no call for tickets and refills."
    synced.panel.lacks = set()
    synced.edit("Tickets", "T-2", User="7", Subject="other", Message="words", Send="Yes")
    synced.type("sync")
    assert learnt(synced) == ""
    assert len(synced.panel.state.tickets) == 1


def test_refused_acknowledgements_are_told_in_one_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_ACKNOWLEDGE=yes on a panel that does not take Processing for some orders."""
    monkeypatch.setenv("RECONCILE_ACKNOWLEDGE", "yes")
    monkeypatch.setenv("RECONCILE_PANEL_ORDERS", "lists")
    terminal.panel.lists = True
    terminal.panel.refusals.update({"15": ("", "Not in this state"), "20": ("", "Not in this state")})
    terminal.type("init")
    ended = terminal.type("sync")
    assert to_know(ended.out) == [
        "The panel did not set 2 orders to Processing (15, 20): the panel says: “Not in this state”."
    ]
    assert [terminal.panel.state.orders[key].status for key in ("15", "16")] == ["Pending", "Processing"]
    assert sync_of(terminal, "15") == "#15 · New. Type the start count, then choose a Status."


def test_rows_that_are_gone_are_not_made_again_but_told(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing panel still shows an order whose row was deleted, and one that is closed here: one line each, every run."""
    monkeypatch.setenv("RECONCILE_PANEL_ORDERS", "lists")
    terminal.panel.lists = True
    terminal.type("init")
    terminal.type("sync")
    terminal.edit("Orders", "20", Status="Completed")
    terminal.type("sync")
    terminal.panel.state.orders["20"].status = "Pending"
    terminal.delete("Orders", "15")
    terminal.type("sync")
    for _ in range(2):
        ended = terminal.type("sync")
        assert to_know(ended.out) == [
            (
                "The panel still shows orders as pending that have no row in Orders any more: 1 (15). Their rows were deleted "
                "or moved to Archive; no new ones are made."
            ),
            "The panel shows orders as pending that are closed in Orders: 1 (20). Look at them at the panel.",
        ]
        assert "Received nothing new" in ended.out
    assert [row["ID"] for row in terminal.rows("Orders")] == ["16", "20", "21"]


@pytest.mark.parametrize("panel", [LikePhp], indirect=True)
def test_an_error_on_json_costs_no_waiting(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that dies on JSON is asked in another way at once, not after its error was waited out."""
    waits: list[float] = []
    monkeypatch.setattr(client, "Policy", lambda: Policy(first=0.0))
    monkeypatch.setattr("reconcile.panel.retry.Retries.wait", lambda _self, wait=None: waits.append(wait or 0) or False)
    terminal.type("init")
    terminal.type("sync")
    terminal.edit("Orders", "15", Status="In progress")
    terminal.type("sync")
    assert terminal.panel.state.orders["15"].status == "In progress"
    assert waits == []
