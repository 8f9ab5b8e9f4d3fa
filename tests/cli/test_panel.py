"""`panel ACTION`: the 18 actions by hand."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from reconcile import boundary
from reconcile.commands.panel import ACTIONS, kebab
from reconcile.core.model import Action
from reconcile.errors import Unavailable
from reconcile.panel.client import FIELDS, OPTIONAL
from reconcile.panel.practice import answering, dropping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


def test_every_action_is_a_command_with_the_wire_s_own_parameters() -> None:
    """18 actions, each with exactly the parameters of the reference, required where it requires them."""
    assert {*ACTIONS, Action.UPDATE_ORDERS} == set(Action)
    for action, by in ACTIONS.items():
        assert tuple(by.options) == FIELDS[action]
        assert {name for name, (_, required) in by.options.items() if not required} == {
            name for name in by.options if (action, name) in OPTIONAL
        }


def test_the_names_are_the_wire_s_in_kebab_case() -> None:
    """The names a script may rely on."""
    assert [kebab(action) for action in Action] == [
        "get-order",
        "get-orders",
        "update-orders",
        "set-inprogress",
        "set-processing",
        "set-startcount",
        "set-canceled",
        "set-partial",
        "set-completed",
        "set-remains",
        "get-refills",
        "get-cancel",
        "set-refill-completed",
        "set-refill-rejected",
        "set-refill-inprogress",
        "set-cancel-rejected",
        "add-payment",
        "add-ticket",
    ]


ABSOLUTE = [
    (("set-inprogress", "--id", "15", "--start-count", "7"), "setInprogress", {"id": "15", "start_count": "7"}),
    (("set-inprogress", "--id", "15"), "setInprogress", {"id": "15"}),
    (("set-processing", "--id", "15"), "setProcessing", {"id": "15"}),
    (("set-startcount", "--id", "15", "--start-count", "7"), "setStartcount", {"id": "15", "start_count": "7"}),
    (("set-completed", "--id", "15"), "setCompleted", {"id": "15"}),
    (("set-remains", "--id", "15", "--remains", "3"), "setRemains", {"id": "15", "remains": "3"}),
    (("set-refill-completed", "--refill", "1"), "setRefillCompleted", {"refill": "1"}),
    (("set-refill-rejected", "--refill", "1"), "setRefillRejected", {"refill": "1"}),
    (("set-refill-inprogress", "--refill", "1"), "setRefillInprogress", {"refill": "1"}),
    (("set-cancel-rejected", "--cancel", "241"), "setCancelRejected", {"cancel": "241"}),
]
ONCE = [
    (("set-canceled", "--id", "15"), "setCanceled", {"id": "15"}),
    (("set-partial", "--id", "15", "--remains", "3"), "setPartial", {"id": "15", "remains": "3"}),
    (
        ("add-payment", "--user", "m", "--amount", "5.00", "--details", "d", "--affiliate-commission", "1"),
        "addPayment",
        {"user": "m", "amount": "5.00", "details": "d", "affiliate_commission": "1"},
    ),
    (
        ("add-ticket", "--user", "m", "--subject", "s", "--message", "t"),
        "addTicket",
        {"user": "m", "subject": "s", "message": "t"},
    ),
]


@pytest.mark.parametrize(("words", "action", "params"), ABSOLUTE)
def test_an_absolute_action_is_sent_at_once(
    synced: Terminal, words: tuple[str, ...], action: str, params: dict[str, str]
) -> None:
    """The panel gets the action and its parameters; the panel's own words are the result."""
    ended = synced.type("panel", *words, "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["params"] == params
    assert dict(synced.panel.calls(action)[-1].params) == params


@pytest.mark.parametrize(("words", "action", "params"), ONCE)
def test_money_and_messages_are_only_sent_with_a_yes(
    synced: Terminal, words: tuple[str, ...], action: str, params: dict[str, str]
) -> None:
    """Without anybody to ask, nothing is sent; with --yes exactly one call is."""
    ended = synced.type("panel", *words)
    assert ended.code == 2
    assert ended.err.endswith("Nobody is here to answer.\n→ Give --yes to go ahead without being asked.\n")
    assert not synced.panel.calls(action)
    assert synced.type("panel", *words, "--yes").code == 0
    assert [dict(request.params) for request in synced.panel.calls(action)] == [params]


def test_an_unclear_refund_by_hand_ends_with_7(synced: Terminal) -> None:
    """It is not repeated, and the person is told to look first."""
    synced.panel.faults.append(dropping(acts=True, action="setCanceled"))
    ended = synced.type("panel", "set-canceled", "--id", "15", "--yes")
    assert ended.code == 7
    assert ended.err.endswith(
        "→ Look at the panel before you try again: a repeated call may refund, pay or write twice.\n"
    )
    assert len(synced.panel.calls(Action.SET_CANCELED)) == 1


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def told_to_stop(request: pytest.FixtureRequest) -> None:
    """The signal comes twice, just when the panel has acted."""

    def hook(name: str) -> None:
        if name == "panel.after-answer":
            signal.raise_signal(request.param)
            signal.raise_signal(request.param)

    boundary.set_hook(hook)


LEARNS_NOTHING = "The sheet does not learn of this. If the order has a row there, choose its Status there instead.\n"
STOPPED = (
    "Stopping: the record in hand is finished first. Again to stop waiting for the panel at once.\n"
    "The run was told to stop while it was waiting for the panel's answer.\n"
)


@pytest.mark.usefixtures("told_to_stop")
@pytest.mark.parametrize("words", [words for words, *_ in ONCE])
def test_a_signal_while_money_is_under_way_ends_with_7(terminal: Terminal, words: tuple[str, ...]) -> None:
    """Whoever stops a call that may have acted is told that it may have, never nothing."""
    ended = terminal.type("panel", *words, "--yes")
    assert (ended.code, ended.out) == (7, "")
    assert ended.err.removeprefix(LEARNS_NOTHING) == (
        f"{STOPPED}→ Look at the panel before you try again: a repeated call may refund, pay or write twice.\n"
    )


def test_a_refusal_is_told_in_the_panel_s_words(synced: Terminal) -> None:
    """An id the panel does not know: exit 5, no traceback."""
    ended = synced.type("panel", "set-completed", "--id", "404404")
    assert ended.code == 5
    assert ended.out == ""
    assert (
        ended.err == "The panel refused setCompleted: the panel does not know this order (it says: “Order not found”)\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("get-orders",), "Missing option '--type'.\n→ `reconcile panel get-orders --help` shows what there is.\n"),
        (("set-completed", "--id", " "), "--id is empty.\n→ Give it a value.\n"),
        (
            ("get-order", "--id", "1"),
            "No such option: --id\n→ `reconcile panel get-order --help` shows what there is.\n",
        ),
        (
            ("add-paymnt",),
            "No such command 'add-paymnt'. Did you mean 'add-payment'?\n→ `reconcile panel --help` shows what there is.\n",
        ),
    ],
)
def test_wrong_input_is_a_usage_error(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    """Exit 2, one sentence, one next step."""
    ended = terminal.type("panel", *words)
    assert (ended.code, ended.out, ended.err) == (2, "", said)


MISTYPED = [
    (("set-partial", "--id", "15", "--remains", "0"), "--remains must be a whole number above 0.\n→ With nothing to refund, use set-completed."),
    (("set-partial", "--id", "15", "--remains", "-3"), "--remains must be a whole number above 0.\n→ With nothing to refund, use set-completed."),
    (("set-remains", "--id", "15", "--remains", "³"), "--remains must be a whole number, 0 or more.\n→ Type digits only."),
    (("set-startcount", "--id", "15", "--start-count", "abc"), "--start-count must be a whole number, 0 or more.\n→ Type digits only."),
    (("add-payment", "--user", "m", "--details", "d", "--amount", "1,000.00"), "--amount must be a plain number above 0.\n→ Type it like 1000.50."),
    (("add-payment", "--user", "m", "--details", "d", "--amount", "0.00"), "--amount must be a plain number above 0.\n→ Type it like 1000.50."),
    (("add-payment", "--user", "m", "--details", "d", "--amount", "1", "--affiliate-commission", "yes"), "--affiliate-commission must be 1 or 0.\n→ 1 when the affiliate earns on it, else 0."),
    (("get-orders", "--type", "1,2"), "--type must be one service's id, digits only.\n→ Run the command once per service."),
    (("get-cancel", "--service-id", "all"), "--service-id must be one service's id, digits only.\n→ Run the command once per service."),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), MISTYPED)
def test_a_value_a_panel_may_misread_is_not_sent(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    """Exit 2, and the panel is not asked: it may read 1,000.00 as 1 and refund for -3."""
    ended = terminal.type("panel", *words)
    assert (ended.code, ended.out, ended.err) == (2, "", f"{said}\n")
    assert not terminal.panel.requests


def test_outer_spaces_are_sent_only_in_what_a_user_reads(synced: Terminal) -> None:
    """An id pasted with a space is that id; a message is sent as it was written."""
    synced.type("panel", "set-completed", "--id", " 15 ")
    assert dict(synced.panel.calls("setCompleted")[-1].params) == {"id": "15"}
    synced.type("panel", "add-ticket", "--user", " m", "--subject", "s ", "--message", "  t\n", "--yes")
    assert dict(synced.panel.calls("addTicket")[-1].params) == {"user": "m", "subject": "s", "message": "  t\n"}


# --- updateOrders --------------------------------------------------------------------------------------------------------------


def test_update_orders_shows_each_order_s_result(synced: Terminal) -> None:
    """One call, one line per order; a refused one makes the exit code 5."""
    ended = synced.type("panel", "update-orders", "--id", "15", "--id", "404404", "--status", "in progress")
    assert ended.code == 5
    assert ended.out.splitlines()[0] == "#15  accepted"
    assert ended.out.splitlines()[1].startswith("#404404  refused: ")
    assert len(synced.panel.calls(Action.UPDATE_ORDERS)) == 1


def test_an_unclear_partial_through_update_orders_ends_with_7(synced: Terminal) -> None:
    """A panel may refund a Partial, so that a lost answer is no reason to try again."""
    synced.panel.faults.append(dropping(acts=True, action="updateOrders"))
    words = ("panel", "update-orders", "--id", "15", "--status", "Partial", "--remains", "3", "--yes")
    ended = synced.type(*words)
    assert (ended.code, ended.out) == (7, "")
    assert ended.err == (
        "no whole answer came from the panel (Server disconnected without sending a response.); it may or may not have acted\n"
        "→ Look at the panel before you try again: a repeated call may refund, pay or write twice.\n"
    )
    assert len(synced.panel.calls(Action.UPDATE_ORDERS)) == 1


def test_update_orders_reads_a_file(synced: Terminal, tmp_path: Path) -> None:
    """Entries as in the reference, statuses in either spelling."""
    (tmp_path / "updates.json").write_text('[{"id": 15, "status": "IN_PROGRESS"}, {"id": "16", "start_count": 22}]')
    ended = synced.type("panel", "update-orders", "--json-file", "updates.json", "--json")
    assert json.loads(ended.out)["orders"]["16"] == {"verdict": "accepted", "reason": ""}
    assert synced.panel.calls(Action.UPDATE_ORDERS)[0].orders == (
        {"id": "15", "status": "IN_PROGRESS"},
        {"id": "16", "start_count": "22"},
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give either --id with what to change, or --json-file."),
        (("--id", "15"), "Nothing is to change for order 15."),
        (("--id", "15", "--status", "Done"), "Done is not a status updateOrders takes."),
        (("--id", "15", "--status", "Canceled"), "Canceled is not a status updateOrders takes."),
        (("--id", "15", "--start-count", "-1"), "Order 15: --start-count must be a whole number, 0 or more."),
        (("--id", "15", "--status", "Partial"), "Order 15: Partial needs --remains above 0."),
        (("--id", "15", "--id", "15", "--status", "Completed"), "Order 15 is given twice."),
        (("--json-file", "no.json"), "no.json cannot be read: No such file or directory."),
        (("--json-file", "bad.json"), "bad.json is not valid JSON."),
        (("--json-file", "object.json"), "object.json does not hold a list."),
        (("--json-file", "strange.json"), "Entry 1 has 'stat', which updateOrders does not take."),
        (("--json-file", "noid.json"), "Entry 1 has no id."),
        (("--json-file", "deep.json"), "deep.json is not valid JSON."),
        (("--json-file", "decimal.json"), "Entry 1 has an id that is neither text nor a whole number."),
        (("--json-file", "object_id.json"), "Entry 1 has an id that is neither text nor a whole number."),
        (("--json-file", "endless.json"), "Entry 1 has an id that is neither text nor a whole number."),
        (("--json-file", "true.json"), "Entry 1 has an id that is neither text nor a whole number."),
        (("--json-file", "zeros.json"), "Order 15: Partial needs --remains above 0."),
    ],
)
def test_update_orders_takes_nothing_it_does_not_know(
    terminal: Terminal, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """A strict writer: nothing is sent unless every entry is right."""
    for name, text in {
        "bad.json": "{",
        "object.json": "{}",
        "strange.json": '[{"id": "1", "stat": "x"}]',
        "noid.json": '[{"status": "COMPLETED"}]',
        "deep.json": "[" * 100_000,
        "decimal.json": '[{"id": 15.0, "status": "COMPLETED"}]',
        "object_id.json": '[{"id": {"a": 1}, "status": "COMPLETED"}]',
        "endless.json": '[{"id": 1e999, "status": "COMPLETED"}]',
        "true.json": '[{"id": true, "status": "COMPLETED"}]',
        "zeros.json": '[{"id": "15", "status": "PARTIAL", "remains": "00"}]',
    }.items():
        (tmp_path / name).write_text(text)
    ended = terminal.type("panel", "update-orders", *words)
    assert ended.code == 2
    assert ended.err.splitlines()[0] == said
    assert not terminal.panel.requests


# --- claims --------------------------------------------------------------------------------------------------------------------


def test_a_claim_by_hand_lands_with_the_next_sync(terminal: Terminal) -> None:
    """The answer is in the journal before it is read; the sync that follows lands it and asks for nothing twice."""
    terminal.type("init")
    taken = terminal.type("panel", "get-orders", "--type", "1", "--yes")
    assert taken.code == 0
    assert taken.out.splitlines()[0].startswith(
        "#15  service 1 · link https://www.tiktok.com/@user · charge 0.10029597233"
    )
    assert taken.err == (
        "This takes orders of service 1 from the panel for good: it will not hand them out again.\n"
        "The answer is kept in the journal and lands in the sheet with the next `reconcile sync`.\n"
        "2 taken and kept. `reconcile sync` lands them in the sheet.\n"
    )
    ended = terminal.type("sync")
    assert ended.code == 0
    assert "Received 2 orders, 1 refill and 1 cancel request\n" in ended.out
    assert [row["ID"] for row in terminal.rows("Orders")] == ["15", "16"]


def test_a_single_order_taken_by_hand_lands_too(terminal: Terminal) -> None:
    """getOrder's flat answer is read by the recovery as well."""
    terminal.type("init")
    assert terminal.type("panel", "get-order", "--type", "1", "--yes").code == 0
    terminal.type("sync")
    assert [row["ID"] for row in terminal.rows("Orders")] == ["15", "16"]
    assert [order.handed for order in terminal.panel.state.orders.values() if order.id in ("15", "16")] == [1, 1]


def test_what_was_taken_for_one_workbook_never_lands_in_another(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workbooks, one journal: each answer lands where it belongs."""
    terminal.type("init")
    terminal.type("panel", "get-orders", "--type", "1", "--yes")
    monkeypatch.setenv("RECONCILE_SHEET", "other.xlsx")
    terminal.type("init")
    assert "Received 1 refill and 1 cancel request\n" in terminal.type("sync").out
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    assert "Received 2 orders" in terminal.type("sync").out


def test_a_claim_by_hand_asks_first(terminal: Terminal) -> None:
    """Nobody to ask, no --yes: nothing is claimed."""
    terminal.type("init")
    assert terminal.type("panel", "get-refills").code == 2
    assert not terminal.panel.requests


def test_a_claim_without_a_sheet_prints_the_raw_answer(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no sheet there is nowhere to land: the panel's own bytes are the result, and stay in the journal."""
    monkeypatch.delenv("RECONCILE_SHEET")
    ended = terminal.type("panel", "get-refills", "--yes")
    assert ended.code == 0
    assert json.loads(ended.out)["refills"][0]["id"] == "1"
    assert "No sheet is set, so they land nowhere" in ended.err


def test_a_claim_needs_a_sheet_that_can_be_read(terminal: Terminal) -> None:
    """A workbook that is not there stops the command before anything is taken."""
    ended = terminal.type("panel", "get-orders", "--type", "1", "--yes")
    assert ended.code != 0
    assert not terminal.panel.requests


def test_a_lost_claim_by_hand_is_put_on_record_by_the_next_sync(terminal: Terminal) -> None:
    """Exit 7 now, and a doubt to resolve after the next sync: no loss is silent."""
    terminal.type("init")
    terminal.panel.faults.append(dropping(acts=True, action="getOrders"))
    assert terminal.type("panel", "get-orders", "--type", "1", "--yes").code == 7
    ended = terminal.type("sync")
    assert ended.code == 7
    assert "reconcile resolve claim-20261122-155316-0001-1" in ended.out


def test_a_lost_claim_with_no_sheet_is_put_on_record_by_the_first_sync_of_one(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It belongs to no workbook, and still some workbook tells of it; once, and no later run again."""
    terminal.panel.faults.append(dropping(acts=True, action="getOrders"))
    with monkeypatch.context() as without:
        without.delenv("RECONCILE_SHEET")
        assert terminal.type("panel", "get-orders", "--type", "1", "--yes").code == 7
    terminal.type("init")
    doubt = "claim-20261122-155316-0001-1"
    assert f"reconcile resolve {doubt}" in terminal.type("sync").out
    assert terminal.type("resolve", doubt, "--nothing").code == 0
    assert terminal.type("sync").code == 0


@pytest.mark.usefixtures("told_to_stop")
def test_a_signal_during_a_claim_by_hand_leaves_a_doubt(terminal: Terminal) -> None:
    """Exit 7 at once, and on record after the next sync."""
    terminal.type("init")
    ended = terminal.type("panel", "get-orders", "--type", "1", "--yes")
    assert (ended.code, ended.out) == (7, "")
    assert ended.err.endswith(
        f"{STOPPED}→ Work may have been handed out. The next `reconcile sync` puts it on record; see `reconcile resolve`.\n"
    )
    boundary.set_hook(None)
    assert "reconcile resolve claim-20261122-155316-0001-1" in terminal.type("sync").out


@pytest.fixture
def full_disk() -> None:
    """The disk has no room from the moment the panel has answered."""
    answered: list[str] = []

    def hook(name: str) -> None:
        if name == "panel.after-answer":
            answered.append(name)
        if name == "journal.before-write" and answered:
            raise Unavailable("The disk is full.", "Free some space.")

    boundary.set_hook(hook)


@pytest.mark.usefixtures("full_disk")
def test_an_answer_the_journal_cannot_keep_is_printed(terminal: Terminal) -> None:
    """The work is handed out for good, so the output is its only copy, and says so; the next sync has the doubt."""
    terminal.type("init")
    ended = terminal.type("panel", "get-orders", "--type", "1", "--yes")
    assert ended.code == 7
    assert [order["id"] for order in json.loads(ended.out)["orders"]] == ["15", "16"]
    what = "The panel answered, and the answer could not be kept: The disk is full."
    step = "Keep this output: the panel will not hand this work out again, so do not run this again. Free some space."
    assert ended.err.endswith(f"sync`.\n{what}\n→ {step}\n")
    boundary.set_hook(None)
    assert "reconcile resolve claim-20261122-155316-0001-1" in terminal.type("sync").out


@pytest.mark.usefixtures("full_disk")
def test_an_answer_the_journal_cannot_keep_is_in_the_json(terminal: Terminal) -> None:
    """One JSON document with the error and the panel's own bytes."""
    terminal.type("init")
    ended = terminal.type("panel", "get-orders", "--type", "1", "--yes", "--json")
    shown = json.loads(ended.out)
    assert (ended.code, shown["exit_code"], shown["error"]["kind"]) == (7, 7, "Unavailable")
    assert [order["id"] for order in json.loads(shown["raw"])["orders"]] == ["15", "16"]


def test_a_refused_key_leaves_no_claim_open(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was handed out, so nothing waits for a sync."""
    terminal.type("init")
    with monkeypatch.context() as wrong:
        wrong.setenv("RECONCILE_PANEL_KEY", "another-key-entirely")
        assert terminal.type("panel", "get-orders", "--type", "1", "--yes").code == 6
    assert "not landed" not in terminal.type("doctor").out


def test_nothing_pending_is_said(terminal: Terminal) -> None:
    """An empty answer is success, with a word about it."""
    terminal.type("init")
    ended = terminal.type("panel", "get-orders", "--type", "99", "--yes")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.endswith("The panel has none.\n")


def test_a_strange_answer_to_a_claim_is_shown_whole(terminal: Terminal) -> None:
    """A refusal in another language: the problem in words, the answer on stdout, harmless."""
    terminal.type("init")
    terminal.panel.faults.append(answering('{"status":"fail","error":"\\u001b[2Jnope"}', action="getOrders"))
    ended = terminal.type("panel", "get-orders", "--type", "1", "--yes")
    assert ended.code == 5
    assert "\x1b" not in ended.out + ended.err


def test_a_wrong_key_by_hand_ends_with_6(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is never shown, the next step names its setting."""
    monkeypatch.setenv("RECONCILE_PANEL_KEY", "another-key-entirely")
    terminal.type("init")
    ended = terminal.type("panel", "get-orders", "--type", "1", "--yes")
    assert ended.code == 6
    assert "another-key-entirely" not in ended.err
    assert terminal.type("sync").code == 6
