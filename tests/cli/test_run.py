"""init, plan and sync, as an operator reads them."""

from __future__ import annotations

import json
import signal
import socket
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconcile.commands import shell, world
from reconcile.core.model import Action
from reconcile.errors import LeaseHeld
from reconcile.job import Silent, Stop
from reconcile.panel.practice import answering, dropping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


def test_init_says_what_it_made_and_what_to_do_next(terminal: Terminal) -> None:
    """The first `init` makes the workbook; the second one says that nothing was to do."""
    first = terminal.type("init")
    assert (first.code, first.err) == (0, "")
    assert (
        first.out
        == """\
Made a new workbook.
Added service 1 to Services.

orders.xlsx is ready. Next:
  → reconcile doctor  checks everything without receiving anything.
  → reconcile sync    does the first run.
"""
    )
    again = terminal.type("init", "--json")
    assert json.loads(again.out)["done"] == []
    assert json.loads(again.out)["changed"] is False


def test_init_names_the_settings_a_sync_will_need(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """`init` needs only the sheet, and says what is still missing."""
    for name in ("RECONCILE_PANEL_URL", "RECONCILE_PANEL_KEY", "RECONCILE_SERVICES"):
        monkeypatch.delenv(name)
    assert terminal.type("init").out.split("Next:\n")[1] == (
        "  → List the services to receive in the tab Services, with Yes under Pull.\n"
        "  → Set RECONCILE_PANEL_URL and RECONCILE_PANEL_KEY.\n"
        "  → reconcile doctor  checks everything without receiving anything.\n"
        "  → reconcile sync    does the first run.\n"
    )


def test_a_first_sync_lands_the_work(terminal: Terminal) -> None:
    """stdout has the result, stderr the talk."""
    terminal.type("init")
    ended = terminal.type("sync")
    assert ended.code == 0
    assert (
        ended.out
        == """\
Run 20261122-155316-0001 on orders.xlsx: done (0.0 s)
  Received 2 orders, 1 refill and 1 cancel request
  Sent     nothing
  Calls    getCancel 2, getOrders 1, getRefills 2, setRemains 1
"""
    )
    assert ended.err == "Reading the sheet\nReceiving work: 4\n"
    assert [row["ID"] for row in terminal.rows("Orders")] == ["15", "16"]


def test_a_second_sync_changes_nothing(synced: Terminal) -> None:
    """Nothing new, nothing sent, exit 0."""
    ended = synced.type("sync")
    assert ended.code == 0
    assert "Received nothing new\n  Sent     nothing\n" in ended.out
    assert not synced.panel.calls(Action.UPDATE_ORDERS)


def staff_work(terminal: Terminal) -> None:
    """A change, a refund, a slip, a decision, a payment."""
    terminal.edit("Orders", "15", status="completed", start_count="1,200")
    terminal.edit("Orders", "16", status="Canceled")
    terminal.edit("Refills", "1", status="Compelted")
    terminal.edit("Cancels", "241", decision="Reject")
    terminal.edit("Payments", "PAY-1", user="maria", amount=25.5, details="Bank transfer", send="Yes")


def test_a_plan_reads_like_a_diff(synced: Terminal) -> None:
    """One line per row with old → new, refunds apart with their total, answers, then one line of counts."""
    staff_work(synced)
    ended = synced.type("plan")
    assert (ended.code, ended.err) == (0, "")
    assert (
        ended.out
        == """\
Plan for orders.xlsx

Changes for the panel (3)
  Orders #15 row 2       Status Processing → Completed · Start count – → 1200
  Cancels #241 row 2     Decision – → Reject (order 7635)
  Payments #PAY-1 row 2  Payment of 25.50 to maria (Bank transfer)

Refunds: 1, together 0.10029597233
  Orders #16 row 3  Status Processing → Canceled · refund 0.10029597233

Answers staff will read in Sync (1)
  Refills #1 row 2  Please check. “Compelted” is not a Status; did you mean Completed?

3 changes · 1 refund (together 0.10029597233) · 1 answer for staff · 0 in doubt · plan """
        + ended.out.rsplit(" ", 1)[1]
    )
    assert not any(request.action == "addPayment" for request in synced.panel.requests), "plan sends nothing"
    assert synced.type("sync", "--dry-run").out == ended.out


def test_a_sync_tells_what_it_sent_and_who_is_needed(synced: Terminal) -> None:
    """Counts of what the panel took, refunds with their total, and each row that needs a person."""
    staff_work(synced)
    ended = synced.type("sync")
    assert ended.code == 0
    assert (
        ended.out
        == """\
Run 20261122-155316-0002 on orders.xlsx: done (0.0 s)
  Received nothing new
  Sent     4 changes accepted
  Refunds  1, together 0.10029597233
  Answers  1 row has a message for staff in Sync
  Calls    addPayment 1, getCancel 1, getOrders 1, getRefills 1, setCancelRejected 1, setCanceled 1, updateOrders 1

Needs a person (1)
  Refills #1 row 2  Please check. “Compelted” is not a Status; did you mean Completed?
"""
    )
    assert ended.err == "Reading the sheet\nSending changes: 4\nReceiving work: 0\n"
    assert synced.panel.state.orders["16"].refunds == ["0.10029597233"]
    assert len(synced.panel.state.payments) == 1


def test_the_plan_as_json(synced: Terminal) -> None:
    """The documented keys, and nothing else on stdout."""
    staff_work(synced)
    plan = json.loads(synced.type("plan", "--json").out)
    assert plan["counts"] == {
        "changes": 3,
        "refunds": 1,
        "answers": 1,
        "doubts": 0,
        "limits": 0,
        "held": 0,
        "archive": 0,
        "waiting": 0,
    }
    assert plan["refund_total"] == "0.10029597233"
    assert plan["changes"][0] == {
        "feed": "orders",
        "id": "15",
        "row": 2,
        "action": "updateOrders",
        "target": "15",
        "changes": [
            {"field": "status", "from": "Processing", "to": "Completed"},
            {"field": "start_count", "from": None, "to": "1200"},
        ],
        "refund": False,
        "amount": None,
        "again": False,
    }


def test_a_plan_tells_what_archive_would_take(synced: Terminal) -> None:
    """In text and in JSON, and the file stays as it is; the run then moves just that."""
    synced.edit("Orders", "15", status="Completed")
    assert synced.type("sync").code == 0
    synced.moment[0] += timedelta(days=8)
    before = synced.book.read_bytes()
    ended = synced.type("plan")
    assert ended.out.startswith(
        "Plan for orders.xlsx\n\n1 closed order would move to Archive: #15\n\n0 changes · 0 refunds · 0 answers"
    )
    plan = json.loads(synced.type("sync", "--dry-run", "--json").out)
    assert (plan["archive"], plan["counts"]["archive"]) == (["15"], 1)
    assert synced.book.read_bytes() == before
    made = json.loads(synced.type("sync", "--json").out)
    assert made["plan"]["archive"] == ["15"]
    assert [row["ID"] for row in synced.rows("Archive")] == ["15"]


def test_the_outcome_as_json(synced: Terminal) -> None:
    """What a script needs: exit code, results with verdicts, calls."""
    staff_work(synced)
    made = json.loads(synced.type("sync", "--json").out)
    assert (made["exit_code"], made["result"], made["run"]) == (0, "done", "20261122-155316-0002")
    assert {(item["feed"], item["id"], item["verdict"]) for item in made["results"]} == {
        ("orders", "15", "accepted"),
        ("orders", "16", "accepted"),
        ("cancels", "241", "accepted"),
        ("payments", "PAY-1", "accepted"),
    }
    assert made["calls"]["addPayment"] == 1


# --- ends that are not 0 -------------------------------------------------------------------------------------------------


def test_a_limit_holds_its_rows_and_force_overrides_it(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3 with the arithmetic, the refund is not sent; --force overrides it once."""
    monkeypatch.setenv("RECONCILE_MAX_REFUNDS", "0")
    synced.edit("Orders", "16", status="Canceled")
    plan = synced.type("plan")
    assert plan.code == 3
    assert (
        "  1 refund in one run, 0 allowed.\n"
        "  → The next sync lists it in the tab Approvals, to be ticked there\n"
        "  → Or, to override every limit once: reconcile sync --force\n"
    ) in plan.out
    stopped = synced.type("sync")
    assert stopped.code == 3
    assert stopped.out.startswith(
        "Run 20261122-155316-0002 on orders.xlsx: a limit holds 1 row, the rest is done (0.0 s)\n"
    )
    assert not synced.panel.calls(Action.SET_CANCELED)
    assert synced.type("sync", "--force").code == 0
    assert len(synced.panel.calls(Action.SET_CANCELED)) == 1


def test_a_tick_lets_a_stopped_plan_through(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text, JSON and `why` name the list, say whether it is ticked, and the exit code follows."""
    monkeypatch.setenv("RECONCILE_MAX_REFUNDS", "0")
    synced.edit("Orders", "16", status="Canceled")
    stopped = json.loads(synced.type("sync", "--json").out)
    (limit,) = stopped["plan"]["limits"]
    code = limit["code"]
    assert limit == {
        "name": "max_refunds",
        "text": "1 refund in one run, 0 allowed.",
        "code": code,
        "listed": True,
        "ticked": False,
        "waits": None,
        "rows": 1,
        "shuts": None,
    }
    assert stopped["stopped"] == f"{limit['text']} To let it through, tick {code} in Approvals."
    assert f"  → If this is what staff want, they tick {code} in the tab Approvals\n" in synced.type("plan").out
    assert f"{limit['text']} To let it through, tick {code} in Approvals." in synced.type("why", "16").out
    synced.edit("Approvals", code, let_through="Yes")
    plan = synced.type("plan")
    assert plan.code == 0
    assert f"Let through by a tick (1)\n  {code}  {limit['text']}\n" in plan.out
    assert f"{limit['text']} It is ticked as {code} in Approvals, so it is sent." in synced.type("why", "16").out
    done = synced.type("sync")
    assert done.code == 0
    assert f"  Limits   {code} let through by a tick in Approvals\n" in done.out
    assert len(synced.panel.calls(Action.SET_CANCELED)) == 1


def test_a_dry_run_shows_what_force_would_send(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan with its limits overridden, exit 0 as the run would have; nothing is sent or written, and the forced run does that."""
    monkeypatch.setenv("RECONCILE_MAX_REFUNDS", "0")
    synced.edit("Orders", "16", status="Canceled")
    before, asked = synced.book.read_bytes(), len(synced.panel.requests)
    ended = synced.type("sync", "--dry-run", "--force")
    assert (ended.code, ended.err) == (0, "")
    assert "  Orders #16 row 3  Status Processing → Canceled · refund 0.10029597233\n" in ended.out
    assert "Limits that --force would override (1)\n  1 refund in one run, 0 allowed.\n" in ended.out
    assert "Held" not in ended.out
    plan = json.loads(synced.type("sync", "--dry-run", "--force", "--json").out)
    assert (plan["forced"], plan["counts"]["limits"]) == (True, 1)
    assert json.loads(synced.type("plan", "--json").out)["forced"] is False
    assert (synced.book.read_bytes(), len(synced.panel.requests)) == (before, asked)
    made = json.loads(synced.type("sync", "--force", "--json").out)
    assert (made["plan"]["forced"], made["plan"]["digest"]) == (True, plan["digest"])
    assert made["plan"]["refunds"] == plan["refunds"]


def test_a_dry_run_waits_for_nobody(terminal: Terminal) -> None:
    """Two options that contradict each other are not guessed about."""
    ended = terminal.type("sync", "--dry-run", "--wait", "5")
    assert ended.code == 2
    assert ended.err == "--dry-run changes nothing and waits for nobody.\n→ Leave --wait out.\n"


def test_a_wrong_key_ends_with_6(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is claimed, and the message says what to do."""
    terminal.type("init")
    monkeypatch.setenv("RECONCILE_PANEL_KEY", "another-key-entirely")
    ended = terminal.type("sync")
    assert ended.code == 6
    assert "access refused" in ended.out
    assert "another-key-entirely" not in ended.out + ended.err
    assert not terminal.panel.calls(Action.GET_ORDERS)


def test_a_dead_panel_ends_with_5(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there: nothing is claimed, nothing is in doubt."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("RECONCILE_PANEL_URL", f"http://127.0.0.1:{port}/admin/v1")
    monkeypatch.setattr("reconcile.panel.client.Policy", _Once)
    terminal.type("init")
    ended = terminal.type("sync")
    assert ended.code == 5
    assert "could not be reached" in ended.out


class _Once:
    attempts, seconds, first, longest = 1, 1.0, 0.0, 0.0


def test_a_missing_header_ends_with_8_before_anything_is_claimed(synced: Terminal) -> None:
    """The message has the exact name of what is missing."""
    from openpyxl import load_workbook  # noqa: PLC0415

    opened = load_workbook(synced.book)
    next(cell for cell in opened["Orders"][1] if cell.value == "Status").value = "State"
    opened.save(synced.book)
    before = len(synced.panel.requests)
    ended = synced.type("sync")
    assert ended.code == 8
    assert "'Orders'" in ended.err
    assert "'Status'" in ended.err
    assert "\n→ " in ended.err
    assert len(synced.panel.requests) == before


def test_missing_settings_are_all_named_at_once(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sync` without settings points to the demo and never falls back to practice by itself."""
    for name in ("RECONCILE_PANEL_URL", "RECONCILE_PANEL_KEY", "RECONCILE_SHEET"):
        monkeypatch.delenv(name)
    ended = terminal.type("sync")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[0] == "3 settings need attention:"
    assert "`make demo` shows everything at work without any account." in ended.err


def test_an_error_with_json_is_json_on_stdout(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script reads the same facts a person reads on stderr."""
    monkeypatch.setenv("RECONCILE_SHEET", "nowhere.xlsx")
    ended = terminal.type("plan", "--json")
    error = json.loads(ended.out)
    assert error["exit_code"] == ended.code != 0
    assert error["error"]["what"] in ended.err


def test_a_claim_without_an_answer_ends_with_7(terminal: Terminal) -> None:
    """The doubt is told with the command that closes it, and told again by the next run."""
    terminal.type("init")
    terminal.panel.faults.append(dropping(acts=True, action="getOrders"))
    ended = terminal.type("sync")
    assert ended.code == 7
    assert "In doubt, until a person says what happened (1)" in ended.out
    assert (
        "    → reconcile resolve claim-20261122-155316-0001-1 --orders ID,ID  (or --csv FILE, or --nothing)\n"
        in ended.out
    )
    assert terminal.type("sync").code == 7


def test_the_run_waits_for_another_one(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """--wait begins again until the other run is done; without it the run exits 4."""
    import reconcile.job  # noqa: PLC0415

    tries, slept = [], []
    real = reconcile.job.sync

    def busy(job: object, *, force: bool = False) -> object:
        tries.append(force)
        if len(tries) < 4:
            raise LeaseHeld("Another run (x) is at work on this workbook.", "Wait for it.")
        return real(job, force=force)  # type: ignore[arg-type]

    monkeypatch.setattr(reconcile.job, "sync", busy)
    monkeypatch.setattr(world, "sleep", slept.append)
    assert synced.type("sync").code == 4
    ended = synced.type("sync", "--wait", "10")
    assert ended.code == 0
    assert slept == [2.0, 2.0]
    assert ended.err.startswith("Another run (x) is at work on this workbook. Waiting up to 10 s for it.\n")


def test_a_signal_while_it_waits_for_another_run(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """130, and said: in words on stderr, as one document with --json."""
    import reconcile.job  # noqa: PLC0415

    def busy(_job: object, *, force: bool = False) -> object:
        raise LeaseHeld("Another run (x) is at work on this workbook.", "Wait for it.")

    monkeypatch.setattr(reconcile.job, "sync", busy)
    monkeypatch.setattr(world, "sleep", lambda _: signal.raise_signal(signal.SIGINT))
    ended = synced.type("sync", "--wait", "10", "--json")
    assert ended.code == 130
    assert ended.err.endswith("Stopped while another run was at work; nothing was done.\n")
    assert json.loads(ended.out) == {
        "exit_code": 130,
        "error": {
            "kind": "Stopped",
            "what": "Stopped while another run was at work; nothing was done.",
            "next_step": "",
        },
    }


def test_a_profile_whose_sheet_the_environment_replaces_is_told(terminal: Terminal) -> None:
    """On stderr, in the run itself; it goes on, as the order of the places says."""
    (terminal.folder / "reconcile.toml").write_text("[profiles.b]\nsheet = 'b.xlsx'\n")
    terminal.type("init")
    ended = terminal.type("--profile", "b", "plan")
    assert ended.code == 0
    assert ended.err == "RECONCILE_SHEET (the environment) is used, not the sheet of the profile b.\n"


# --- the Action --------------------------------------------------------------------------------------------------------------


def test_the_summary_and_the_annotations_of_an_action(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The Markdown summary is appended, a doubt becomes a warning, and customers' text acts nowhere."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    terminal.type("init")
    terminal.panel.faults.append(dropping(acts=True, action="getOrders"))
    ended = terminal.type("sync")
    text = summary.read_text()
    assert text.startswith("before\n## ⚠️ orders.xlsx: done, but something is in doubt and needs a person\n")
    assert "`reconcile resolve claim-20261122-155316-0001-1 --orders ID,ID  (or --csv FILE, or --nothing)`" in text
    warnings = [line for line in ended.err.splitlines() if line.startswith("::warning::")]
    assert len(warnings) == 1
    assert "Close it with: reconcile resolve claim-20261122-155316-0001-1" in warnings[0]
    assert "::" not in ended.out


def test_an_error_becomes_an_annotation(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, escaped, on stderr."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("RECONCILE_SHEET")
    ended = terminal.type("plan")
    assert ended.err.splitlines()[-1].startswith("::error::RECONCILE_SHEET is not set")


# --- hostile text ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(terminal: Terminal) -> Terminal:
    """An order whose every text tries to act on a terminal, a page or a log."""
    evil = "\x1b]0;owned\x07\x1b[2J\r\n::error::x [bold]m[/] \u202e<img src=x> @all |"
    terminal.panel.add_order("66", "1", link=evil, charge="1", user_id=evil, quantity="5")
    terminal.type("init")
    terminal.type("sync")
    return terminal


@pytest.mark.parametrize(
    "command", [("plan",), ("sync",), ("why", "66"), ("history", "66"), ("plan", "--json"), ("why", "66", "--json")]
)
def test_customer_text_never_reaches_the_terminal_as_it_is(hostile: Terminal, command: tuple[str, ...]) -> None:
    """No escape, no bell, no carriage return, no direction mark: in text and in JSON alike."""
    hostile.edit("Orders", "66", status="\x1b[31mDone\x1b[0m".replace("\x1b", "�"), remains="\u202e99")
    ended = hostile.type(*command)
    assert not set(ended.out + ended.err) & set("\x1b\x07\r\u202e\x9b")
    assert not any(line.startswith("::") for line in (ended.out + ended.err).splitlines())


def test_an_html_answer_is_a_doubt_and_not_shown_raw(terminal: Terminal) -> None:
    """A challenge page in front of the panel: exit 7, told in words."""
    terminal.type("init")
    terminal.panel.faults.append(answering("<html><script>alert(1)</script>", 503, action="getOrders", times=9))
    ended = terminal.type("sync")
    assert ended.code in (5, 7)
    assert "<script>" not in ended.out + ended.err


@pytest.mark.parametrize("command", ["sync", "doctor"])
def test_a_lease_has_to_outlast_the_longest_call(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """P8: settings that would let a second run begin while the first still waits for the panel are refused, exit 2."""
    terminal.type("init")
    for name, value in {"LEASE": "180", "READ_TIMEOUT": "600", "PACE": "600"}.items():
        monkeypatch.setenv(f"RECONCILE_{name}", value)
    ended = terminal.type(command)
    assert ended.code == 2
    what = "RECONCILE_LEASE is 180 s, and one call to the panel may take 1255 s: another run could begin while this one still waits."
    step = (
        "Make RECONCILE_LEASE longer, or RECONCILE_READ_TIMEOUT, RECONCILE_CONNECT_TIMEOUT or RECONCILE_PACE shorter."
    )
    assert what in ended.out + ended.err
    assert step in ended.out + ended.err
    assert not terminal.panel.requests


def test_a_lease_is_renewed_in_time_for_the_longest_call(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: with slow settings, what is left of a lease before a call is more than that call may take."""
    monkeypatch.setenv("RECONCILE_READ_TIMEOUT", "200")
    with world.open_job(shell.settings(), Silent(), Stop()) as job:
        assert job.renew == timedelta(seconds=45 + 5 + 10 + 200) < job.lease
