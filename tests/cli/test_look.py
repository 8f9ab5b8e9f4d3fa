"""`why`, `history`, `doctor`, `profiles`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconcile.core.model import Action

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


def test_why_tells_what_each_side_says_and_what_comes_next(synced: Terminal) -> None:
    """Panel, ledger and sheet side by side; then what the next sync does."""
    synced.edit("Orders", "15", status="Partial", remains=40, start_count="12o")
    ended = synced.type("why", "15")
    assert (ended.code, ended.err) == (0, "")
    assert (
        ended.out
        == """\
Order 15: row 2 of Orders
  Service 1 · User 1a6803ab-d7ca-4b55-93da-ac150fd27108 · Quantity 100 · Charge 0.10029597233 · Link https://www.tiktok.com/@user
  received 2026-11-22 15:53:16 UTC
                panel has   sheet shows
  Status        Processing  Partial
  Start count   –           12o
  Remains       –           40
  Sync shows: #15 · New. Type the start count, then choose a Status.
  Next sync:
    answers Please check. Start count is “12o” but must be a whole number, like 1000.
"""
    )


def test_why_tells_what_was_sent_and_that_nothing_is_left(synced: Terminal) -> None:
    """After a sync: agreed, with its history."""
    synced.edit("Orders", "15", status="completed")
    synced.type("sync")
    ended = synced.type("why", "15")
    assert "  Next sync:\n    Nothing: the panel has what the sheet shows.\n" in ended.out
    assert "    2026-11-22 15:53:16  Status Processing → Completed  accepted  (20261122-155316-0002)\n" in ended.out


def test_why_finds_a_request_by_its_order(synced: Terminal) -> None:
    """A cancel's order that never was in the sheet is known through the request."""
    ended = synced.type("why", "7635")
    assert ended.out.startswith("Cancel request 241: row 2 of Cancels\n")


def test_why_as_json(synced: Terminal) -> None:
    """The documented keys."""
    made = json.loads(synced.type("why", "15", "--json").out)
    assert made["feeds"][0]["cells"][0] == {"field": "status", "panel": "Processing", "sheet": "Processing"}
    assert made["feeds"][0]["reasons"] == ["Nothing: the panel has what the sheet shows."]


def test_why_of_an_unknown_id(synced: Terminal) -> None:
    """Exit 2 and what to check."""
    ended = synced.type("why", "404")
    assert ended.code == 2
    assert ended.err == (
        "404 stands neither in the sheet nor in the ledger.\n"
        "→ Check the id. If it is an order the panel shows as Pending, the next sync receives it.\n"
    )


def test_why_of_a_deleted_row(synced: Terminal) -> None:
    """It is told that the row is gone and is not made again."""
    from openpyxl import load_workbook  # noqa: PLC0415

    opened = load_workbook(synced.book)
    opened["Orders"].delete_rows(2)
    opened.save(synced.book)
    assert "Order 15: no row in the sheet\n" in synced.type("why", "15").out


def test_history(synced: Terminal) -> None:
    """One line per field that was sent, oldest first."""
    assert synced.type("history", "15").out == "History has no line for 15.\n"
    synced.edit("Orders", "15", status="In progress", start_count=5)
    synced.type("sync")
    assert synced.type("history", "15").out == (
        "Orders #15  2026-11-22 15:53:16  Status Processing → In progress  accepted  (20261122-155316-0002)\n"
        "Orders #15  2026-11-22 15:53:16  Start count – → 5  accepted  (20261122-155316-0002)\n"
    )
    assert json.loads(synced.type("history", "15", "--json").out)["history"][1]["to"] in ("5", 5)


def test_an_id_is_needed(terminal: Terminal) -> None:
    """Exit 2, naming it."""
    ended = terminal.type("why")
    assert ended.code == 2
    assert ended.err.startswith("Missing argument 'ID'.")
    assert terminal.type("history").err.startswith("History of what?\n→ Name an id, or give --since 7d")


def test_an_id_as_sync_shows_it(synced: Terminal) -> None:
    """`#15` is copied out of the sheet with its sign; it is the order 15."""
    assert synced.type("why", "#15").out == synced.type("why", "15").out
    synced.edit("Orders", "15", start_count=5)
    synced.type("sync")
    assert synced.type("history", " #15").out == synced.type("history", "15").out != ""
    assert synced.type("history", "#404").out == "History has no line for 404.\n"


@pytest.mark.parametrize("command", ["why", "history"])
@pytest.mark.parametrize("given", ["", " ", "#"])
def test_an_id_that_is_empty(synced: Terminal, command: str, given: str) -> None:
    """Exit 2: a script passed a variable that was not set."""
    ended = synced.type(command, given)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "No id is given.\n→ Name an order's, refill's or cancel's id, or a reference: 15\n"


# --- doctor ----------------------------------------------------------------------------------------------------------------


def test_doctor_is_one_screen_of_ticks(synced: Terminal) -> None:
    """Every check on one line; nothing is claimed."""
    before = len(synced.panel.calls(Action.GET_ORDERS))
    ended = synced.type("doctor")
    assert ended.code == 0
    assert (
        ended.out
        == f"""\
✓ settings   Panel and sheet are set.
✓ file       orders.xlsx is there and can be read.
✓ writable   It can be saved.
✓ open       No program has it open.
✓ structure  All tabs and headings are there; revision 4.
✓ template   Template version 4; this reconcile has 4.
✓ identity   Workbook, journal and panel belong together.
✓ services   Orders are received for: 1.
✓ lease      No run is at work.
✓ doubts     Nothing is in doubt.
✓ last run   2026-11-22T15:53:16+00:00, run 20261122-155316-0001: Done.
✓ panel      {synced.url} answers and takes the key. Nothing was received.
✓ journal    Whole, in .reconcile.
"""
    )
    assert len(synced.panel.calls(Action.GET_ORDERS)) == before


def test_doctor_names_what_is_wrong_and_ends_with_the_worst(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong key is 6, whatever else is only to know."""
    monkeypatch.setenv("RECONCILE_PANEL_KEY", "another-key-entirely")
    ended = synced.type("doctor")
    assert ended.code == 6
    (line,) = [line for line in ended.out.splitlines() if line.startswith("✗")]
    assert line.startswith("✗ panel      ")
    checks = json.loads(synced.type("doctor", "--json").out)
    assert checks["exit_code"] == 6
    assert [check["what"] for check in checks["checks"] if not check["ok"]] == ["panel"]


def test_doctor_without_settings(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each missing one is named; the rest is still looked at."""
    for name in ("RECONCILE_PANEL_URL", "RECONCILE_PANEL_KEY", "RECONCILE_SHEET", "RECONCILE_SERVICES"):
        monkeypatch.delenv(name)
    ended = terminal.type("doctor")
    assert ended.code == 2
    assert ended.out.count("✗ settings") == 2
    assert "RECONCILE_PANEL_KEY is not set" in ended.out
    assert ended.out.endswith("✓ journal    There is none in .reconcile yet; the first sync begins it.\n")


def test_doctor_of_a_workbook_that_is_not_there(terminal: Terminal) -> None:
    """It says to run `init`."""
    ended = terminal.type("doctor")
    assert ended.code != 0
    assert "✗ file" in ended.out
    assert "reconcile init" in ended.out


def test_doctor_sees_a_damaged_journal(synced: Terminal, tmp_path: Path) -> None:
    """Exit 8, and the file is named."""
    path = tmp_path / ".reconcile" / "journal.sqlite3"
    path.write_bytes(b"not a journal" * 100)
    ended = synced.type("doctor")
    assert ended.code == 8
    assert "✗ journal" in ended.out


def test_doctor_sees_that_a_journal_cannot_be_made(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first sync would stop there; `doctor` looks whether the nearest folder that exists can be written to."""
    (synced.folder / "file").touch()
    monkeypatch.setenv("RECONCILE_STATE_DIR", "file/state")
    ended = synced.type("doctor")
    assert ended.code == 2
    assert ended.out.endswith(
        f"✗ journal    file/state cannot be made: {synced.folder}/file is not a folder.\n"
        f"  {'':<10} → Set RECONCILE_STATE_DIR to a folder that can be made.\n"
    )
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setenv("RECONCILE_STATE_DIR", "a/b")
    ended = synced.type("doctor")
    assert f"✗ journal    a/b cannot be made: {synced.folder} may not be written to.\n" in ended.out


def test_doctor_tells_that_a_service_is_missing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a service nothing is received: that needs a person."""
    monkeypatch.delenv("RECONCILE_SERVICES")
    terminal.type("init")
    ended = terminal.type("doctor")
    assert ended.code == 2
    assert "✗ services   Services: no service is set to Pull" in ended.out


def test_doctor_sees_a_run_at_work(synced: Terminal) -> None:
    """Another run's lease is told with the time it has left; after that it no longer counts."""
    from reconcile.core.lease import LEASE, Lease  # noqa: PLC0415
    from reconcile.core.model import Commit  # noqa: PLC0415
    from reconcile.workbook.xlsx import XlsxWorkbook  # noqa: PLC0415

    book = XlsxWorkbook(synced.book)
    lease = Lease("elsewhere", synced.moment[0] + timedelta(seconds=90))
    book.commit(Commit("elsewhere", meta={LEASE: lease.text()}), book.read().revision)
    ended = synced.type("doctor")
    assert ended.code == 4
    assert "! lease      Run elsewhere is at work, or was killed: its right ends in 90 s.\n" in ended.out
    assert synced.type("sync").code == 4
    synced.moment[0] += timedelta(seconds=91)
    assert "✓ lease      Run elsewhere did not finish; the next sync goes on from there.\n" in synced.type("doctor").out


# --- profiles --------------------------------------------------------------------------------------------------------------


def test_profiles(terminal: Terminal, tmp_path: Path) -> None:
    """One per line; as JSON a list for an Action's matrix."""
    assert terminal.type("profiles").out == ""
    (tmp_path / "reconcile.toml").write_text('[profiles.berlin]\nsheet = "b.xlsx"\n[profiles.lima]\nsheet = "l.xlsx"\n')
    assert terminal.type("profiles").out == "berlin\nlima\n"
    assert terminal.type("profiles", "--json").out == '["berlin", "lima"]\n'


def test_a_profile_chooses_the_workbook(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--profile stands before the command."""
    monkeypatch.delenv("RECONCILE_SHEET")
    (tmp_path / "reconcile.toml").write_text('[profiles.berlin]\nsheet = "b.xlsx"\n')
    assert terminal.type("--profile", "berlin", "init").code == 0
    assert (tmp_path / "b.xlsx").exists()
    ended = terminal.type("--profile", "berlim", "plan")
    assert ended.code == 2
    assert "did you mean berlin?" in ended.err


def test_a_broken_reconcile_toml(terminal: Terminal, tmp_path: Path) -> None:
    """Exit 2 and where."""
    (tmp_path / "reconcile.toml").write_text("[profiles\n")
    assert terminal.type("profiles").code == 2


# --- one reader of cells, one language, one plan ---------------------------------------------------------------------------


AGREED = "  Next sync:\n    Nothing: the panel has what the sheet shows.\n"


@pytest.mark.parametrize("typed", ["１２００", "1200.0", "1,200", "1 200", 1200.0, " 1200 "])
def test_why_reads_a_cell_as_the_rules_do(synced: Terminal, typed: object) -> None:
    """However a start count was typed: what was sent and accepted agrees with the panel."""
    synced.edit("Orders", "15", start_count=typed)
    assert synced.type("sync").code == 0
    assert AGREED in synced.type("why", "15").out


def test_why_agrees_in_every_language(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of another language say what the panel has; an answer is quoted as it stands in the sheet, in that language."""
    monkeypatch.setenv("RECONCILE_LANGUAGE", "pt")
    terminal.type("demo")
    for name in ("RECONCILE_PANEL_URL", "RECONCILE_PANEL_KEY", "RECONCILE_SHEET", "RECONCILE_LANGUAGE"):
        monkeypatch.delenv(name)
    monkeypatch.chdir(terminal.folder / "demo")
    order, payment = terminal.type("why", "15").out, terminal.type("why", "PAY-1").out
    assert "  Status        Completed  concluído\n" in order
    assert "  Send          Yes        Sim\n" in payment
    assert AGREED in order
    assert AGREED in payment
    assert "  User maria77\n" in payment  # and no mark of ours for a link
    plan = terminal.type("plan").out
    assert "Verifique. “Concluíod” não é um valor de Status; você quis dizer Concluído?\n" in plan
    assert "Please check" not in plan
    assert "Please check" not in terminal.type("plan", "--json").out
    assert "Please check" not in terminal.type("sync").out
    assert "    answers Verifique. “Concluíod” não" in terminal.type("why", "1055").out


def test_why_and_doctor_see_the_plan_that_a_sync_makes(synced: Terminal) -> None:
    """An order that moves to Archive is told by `plan` and by `why` alike."""
    synced.edit("Orders", "15", status="Completed")
    synced.type("sync")
    synced.moment[0] += timedelta(days=10)
    assert "1 closed order would move to Archive: #15\n" in synced.type("plan").out
    told = synced.type("why", "15").out
    assert "    It moves to Archive: it was closed long enough ago, and nothing is left to do about it.\n" in told
    assert "Nothing: the panel has" not in told
    synced.type("sync")
    assert "15 stands in Archive, row 2: closed, and moved out of its tab.\n" in synced.type("why", "15").out
