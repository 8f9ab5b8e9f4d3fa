"""`status`, `runs`, `show`, `history` over runs and time, `undo` and `reopen`, as an operator types them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Terminal


def test_how_a_workbook_stands(synced: Terminal) -> None:
    """What needs a person first; no line for what there is none of."""
    synced.edit("Orders", "15", status="Compelted")
    synced.type("sync")
    synced.moment[0] += timedelta(minutes=90)
    ended = synced.type("status")
    assert ended.code == 0
    assert re.sub(r"cells .*", "cells", ended.out) == (
        "orders.xlsx\n"
        f"  panel     {synced.url.removeprefix('http://')}\n"
        "  asked     1 row waits for a person, the oldest for 1 h 30 min\n"
        "  last good 1 h 30 min ago (2026-11-22 15:53 UTC)\n"
        "  waiting   2 orders nobody has worked on, the oldest for 1 h 30 min\n"
        "  waiting   1 refill nobody has worked on, the oldest for 1 h 30 min\n"
        "  waiting   1 cancel request nobody has worked on, the oldest for 1 h 30 min\n"
        "  cells\n"
    )


def test_too_old_is_exit_5(synced: Terminal) -> None:
    """And only then."""
    synced.moment[0] += timedelta(minutes=29)
    assert synced.type("status", "--max-age", "30m").code == 0
    synced.moment[0] += timedelta(minutes=2)
    ended = synced.type("status", "--max-age", "30m")
    assert ended.code == 5
    assert "  late      The last good run was 31 min ago, more than 30 min.\n" in ended.out
    assert synced.type("status", "--max-age", "1").code == 5
    assert synced.type("status", "--max-age", "never").code == 2


def test_a_workbook_that_was_never_synced(terminal: Terminal) -> None:
    """Never is older than anything."""
    terminal.type("init")
    assert "  last good never\n" in terminal.type("status").out
    assert terminal.type("status", "--max-age", "1d").code == 5


def test_an_outage_is_no_good_run(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that could not reach the panel leaves the last good one as it was."""
    monkeypatch.setenv("RECONCILE_PANEL_URL", "http://127.0.0.1:9/admin/v1")
    monkeypatch.setenv("RECONCILE_CONNECT_TIMEOUT", "0.2")
    synced.type("adopt", "--yes")
    synced.moment[0] += timedelta(hours=1)
    assert synced.type("sync").code == 5
    found = json.loads(synced.type("status", "--json").out)["books"][0]
    assert found["age_seconds"] >= 3600
    assert found["last_result"] == "Try later"


def test_one_page_that_needs_nothing_else(synced: Terminal) -> None:
    """It loads nothing, runs nothing, and says what is worst first; customers' marks do nothing."""
    synced.edit("Orders", "15", status="<script>alert(1)</script>")
    synced.type("sync")
    assert synced.type("status", "--html", "page.html").code == 0
    page = (synced.folder / "page.html").read_text("utf-8")
    assert "<title>reconcile: 1 needs a person</title>" in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    assert "<script" not in page
    assert synced.type("status", "--html", "no/such/page.html").code == 2


def test_all_profiles_and_one_that_is_broken(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with one is no trouble of the others; the exit code is the worst."""
    (terminal.folder / "reconcile.toml").write_text(
        '[profiles.a]\nsheet = "orders.xlsx"\n[profiles.b]\nsheet = "gone.xlsx"\n', encoding="utf-8"
    )
    monkeypatch.delenv("RECONCILE_SHEET")
    assert terminal.type("--profile", "a", "init").code == 0
    assert terminal.type("--profile", "a", "sync").code == 0
    ended = terminal.type("status", "--all-profiles", "--json")
    found = json.loads(ended.out)["books"]
    assert [item["profile"] for item in found] == ["a", "b"]
    assert [item["state"] for item in found] == ["ok", "failed"]
    assert ended.code == found[1]["exit_code"] != 0
    assert terminal.type("--profile", "a", "status", "--all-profiles").code == 2


def test_a_profile_has_its_key_its_journal_and_its_place(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key in any letter case, also from .env; every command that is named says the profile."""
    (terminal.folder / "reconcile.toml").write_text(
        '[profiles.shop-a]\nsheet = "orders.xlsx"\n[profiles.b]\nsheet = "b.xlsx"\n', encoding="utf-8"
    )
    monkeypatch.delenv("RECONCILE_SHEET")
    monkeypatch.setenv("RECONCILE_PANEL_KEY", "not-this-one")
    monkeypatch.setenv("reconcile_Panel_key_shop_A", terminal.panel.key)
    assert "reconcile --profile shop-a sync" in terminal.type("--profile", "shop-a", "init").out
    ended = terminal.type("--profile", "shop-a", "sync")
    assert ended.code == 0
    assert ended.out.startswith("Run 20261122-155316-0001 on shop-a: orders.xlsx: done")
    assert (terminal.folder / ".reconcile" / "shop-a" / "journal.sqlite3").exists()
    assert json.loads(terminal.type("--profile", "shop-a", "plan", "--json").out)["profile"] == "shop-a"
    assert "reconcile --profile shop-a resolve" in terminal.type("--profile", "shop-a", "resolve", "x", "--nothing").err
    assert terminal.type("--profile", "b", "init").code == 0
    assert terminal.type("--profile", "b", "sync").code == 6
    monkeypatch.setenv("RECONCILE_PANEL_KEY_SHOPP_A", "x")
    wrong = terminal.type("--profile", "b", "sync")
    assert wrong.code == 2
    assert "RECONCILE_PANEL_KEY_SHOPP_A (the environment) is the key of no profile in reconcile.toml" in wrong.err


def completed(terminal: Terminal) -> str:
    """Both orders completed in one run. Returns its name."""
    terminal.edit("Orders", "15", status="Completed")
    terminal.edit("Orders", "16", status="Completed", start_count=5)
    assert terminal.type("sync").code == 0
    return "20261122-155316-0002"


def test_a_run_is_taken_back(synced: Terminal) -> None:
    """Panel and ledger are as before, cells stay, nothing follows by itself, and History tells both."""
    run = completed(synced)
    ended = synced.type("undo", run, "--yes")
    assert ended.code == 0
    assert ended.err.startswith(
        f"To take back of {run}: 2 rows\n"
        "  Orders #15 row 2  Status Completed → Processing\n"
        "  Orders #16 row 3  Status Completed → Processing\n"
        "Not taken back: 1 value\n"
        "  Orders #16 (1): it was blank before, and no call makes it blank\n"
    )
    assert [synced.panel.state.orders[key].status for key in ("15", "16")] == ["Processing", "Processing"]
    assert [row["Status"] for row in synced.rows("Orders")] == ["Completed", "Completed"]
    assert str(synced.rows("Orders")[0]["Sync"]).startswith("#15 · Note. Open again; choose a Status.")
    assert "Sent     nothing" in synced.type("sync").out
    assert str(synced.rows("Orders")[0]["Sync"]).startswith("#15 · Note. Open again; choose a Status.")
    told = synced.type("history", "15").out
    assert "Status Processing → Completed  accepted" in told
    assert f"Status Completed → Processing  accepted (takes back {run})" in told
    assert "it is as it was before already" in synced.type("undo", run, "--yes").err


def test_part_of_a_run_and_wrong_words(synced: Terminal) -> None:
    """Only the ids that are named; nothing without a yes; what is not there is named."""
    run = completed(synced)
    assert synced.type("undo", run).code == 2
    assert synced.type("undo", run, "--ids", "#16", "--tab", "orders", "--yes").code == 0
    assert [synced.panel.state.orders[key].status for key in ("15", "16")] == ["Completed", "Processing"]
    assert synced.type("undo", "20261122-155316-0003x").err.startswith("There is no run 20261122-155316-0003x")
    assert synced.type("undo", run, "--tab", "payments").code == 2
    assert synced.type("undo", run, "--tab", "orders?").code == 2
    assert synced.type("undo", run, "--ids", " , ").code == 2
    assert synced.type("reopen", "16", "--yes").code == 2


def test_one_order_is_opened_again(synced: Terminal) -> None:
    """And a refunded one is not: no call takes money back."""
    synced.edit("Orders", "15", status="Completed")
    synced.edit("Orders", "16", status="Canceled")
    synced.type("sync")
    assert synced.type("reopen", "#15", "--yes").code == 0
    assert synced.panel.state.orders["15"].status == "Processing"
    ended = synced.type("reopen", "16", "--yes")
    assert ended.code == 0
    assert "it moved money, which no call takes back" in ended.err
    assert synced.panel.state.orders["16"].status == "Canceled"


def test_runs_and_one_of_them(synced: Terminal) -> None:
    """Newest last, without zeros; then every value it sent."""
    run = completed(synced)
    assert synced.type("runs").out == (
        f"20261122-155316-0001  2026-11-22 15:53:16  Done  4 received\n{run}  2026-11-22 15:53:16  Done  2 sent\n"
    )
    assert synced.type("show", run).out.count("accepted") == 3
    assert json.loads(synced.type("show", run, "--json").out)["run"]["pushed"] == 2
    assert synced.type("runs", "--last", "1", "--json").out.count('"run":') == 1
    assert synced.type("show", "nope").code == 2


def test_history_by_run_by_time_and_as_csv(synced: Terminal) -> None:
    """A formula in a cell stays a text in CSV; what cannot be a time is said."""
    run = completed(synced)
    assert synced.type("history", "--run", run).out.count("\n") == 3
    synced.moment[0] += timedelta(days=2)
    assert synced.type("history", "--since", "1d").out == "History has no such line.\n"
    assert synced.type("history", "--since", "2026-11-22").out.count("\n") == 3
    lines = synced.type("history", "15", "--csv", "-").out.splitlines()
    assert lines[1] == f"2026-11-22 15:53:16,Orders,15,Status,Processing,Completed,accepted,{run}"
    assert synced.type("history", "--csv", "h.csv").code == 0
    assert (synced.folder / "h.csv").read_text("utf-8-sig").count("accepted") == 3
    assert synced.type("history", "--since", "yesterday").code == 2
    assert synced.type("history", "15", "--csv", "-", "--json").code == 2
