"""The cases of test_books on a Google Sheet: version history, "Make a copy", several machines without a question, another panel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconcile import boundary
from reconcile.panel.practice import Fault, PracticePanel
from reconcile.workbook import google
from tests.cli.google_sheet import Sheet, set_up
from tests.cli.test_books import once_only, requests, stops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Ended, Terminal

pytestmark = pytest.mark.long

ALL = {"setCanceled": 1, "addPayment": 1, "addTicket": 1}


@pytest.fixture
def sheet(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sheet]:
    """A sheet that was set up and synced once."""
    with set_up(terminal, monkeypatch) as made:
        assert terminal.type("sync").code == 0
        yield made


def work(terminal: Terminal, sheet: Sheet) -> int:
    """A refund, a payment and a ticket are wanted; the version of then is returned; they are sent, and 120 orders come in."""
    sheet.edit("orders", "15", status="Canceled")
    sheet.edit("payments", "INV-7", user="maria", amount=25.5, details="Bank transfer", send="Yes")
    sheet.edit("tickets", "T-1", user="maria", subject="Hello", message="Text", send="Yes")
    version = sheet.version()
    for number in range(501, 621):
        terminal.panel.add_order(str(number), "1", link=f"l{number}", quantity="10", charge="1", user_id="u")
    assert terminal.type("sync").code == 0
    assert once_only(terminal) == ALL
    return version


def goes_on(terminal: Terminal, *codes: int) -> Ended:
    ended = terminal.type("sync")
    assert ended.code in (codes or (0,)), ended
    return ended


def test_a_day_is_put_back_by_version_history(terminal: Terminal, sheet: Sheet) -> None:
    """F26: doctor, sync and plan stop and say what happened since; restore brings it back; nothing is sent twice."""
    version = work(terminal, sheet)
    sheet.put_back(version)
    before = requests(terminal)
    for command in ("doctor", "plan", "sync"):
        stops(
            terminal.type(command),
            "is an older copy",
            "1 refund (order 15",
            "1 payment (INV-7; together 25.5), 1 ticket (T-1)",
            "120 orders (501, 502, 503, 504, 505 and 115 more)",
            "In File > Version history, restore the newest version",
            "`reconcile restore` goes on from this copy",
            "`reconcile init --fresh`",
        )
    assert [call.action for call in terminal.panel.requests[before:]] == ["setRemains"], "doctor's proof of the key"
    assert terminal.type("restore", "--dry-run").code == 0
    assert terminal.type("restore", "--yes").code == 0
    assert len(sheet.rows("orders")) == 122
    for _ in range(2):
        assert "  Sent     nothing\n" in goes_on(terminal).out
    assert once_only(terminal) == ALL


@pytest.mark.parametrize("way", ["restore", "forward"])
@pytest.mark.parametrize("commit", [2, 3, 4])
def test_put_back_in_the_middle_of_a_run(terminal: Terminal, sheet: Sheet, commit: int, way: str) -> None:
    """F26: between two writes of one run a version comes back: that run stops, so does the next, and both ways on lead to the end."""
    version = sheet.version()
    newest = 0
    sheet.edit("orders", "15", status="Canceled")
    sheet.edit("payments", "INV-7", user="maria", amount=25.5, details="Bank transfer", send="Yes")
    sheet.edit("tickets", "T-1", user="maria", subject="Hello", message="Text", send="Yes")
    for number in range(501, 621):
        terminal.panel.add_order(str(number), "1", link=f"l{number}", quantity="10", charge="1", user_id="u")
    count = 0

    def hook(name: str) -> None:
        nonlocal count, newest
        count += name == "book.before-commit"
        if name == "book.before-commit" and count == commit:
            newest = sheet.version()
            sheet.put_back(version)

    boundary.set_hook(hook)
    try:
        stops(terminal.type("sync"), google.PUT_BACK, "restore the newest version", "`reconcile restore`")
    finally:
        boundary.set_hook(None)
    before = len(terminal.panel.requests)
    # a shorter version cannot take the commit, so it stays as it was
    told = "put back to an older version while a run was writing to it" if commit == 2 else "is an older copy"
    stops(terminal.type("sync"), told, "`reconcile restore`")
    assert len(terminal.panel.requests) == before
    if way == "forward":
        sheet.put_back(newest)
    else:
        assert terminal.type("restore", "--yes").code == 0
        # what staff had typed since is not in that version
        sheet.edit("orders", "15", status="Canceled")
        sheet.edit("payments", "INV-7", user="maria", amount=25.5, details="Bank transfer", send="Yes")
        sheet.edit("tickets", "T-1", user="maria", subject="Hello", message="Text", send="Yes")
    for _ in range(2):
        goes_on(terminal)
    assert len(sheet.rows("orders")) == 122
    assert once_only(terminal) == ALL


def test_put_back_twice_and_forward_again(terminal: Terminal, sheet: Sheet) -> None:
    """F26: staff go through the version history, back and forth: the newest version is no question, every other one is."""
    version = work(terminal, sheet)
    newest = sheet.version()
    for _ in range(2):
        sheet.put_back(version)
        stops(terminal.type("sync"), "older copy")
        sheet.put_back(newest)
        goes_on(terminal)
        newest = sheet.version()
    sheet.put_back(version)
    assert terminal.type("restore", "--yes").code == 0
    sheet.put_back(newest)
    stops(terminal.type("sync"), "copy")
    assert terminal.type("restore", "--yes").code == 0
    goes_on(terminal)
    assert len(sheet.rows("orders")) == 122
    assert once_only(terminal) == ALL


def test_put_back_to_before_the_first_use(terminal: Terminal, sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    """F26, F28: an Action began anew in the emptied sheet: this machine brings what it knows into it, and both go on."""
    work(terminal, sheet)
    sheet.put_back(sheet.before_use)
    monkeypatch.setenv("RECONCILE_STATE_DIR", "runner")
    terminal.panel.add_order("901", "1", link="l", quantity="10", charge="1", user_id="u")
    goes_on(terminal)
    assert [str(row["ID"]) for row in sheet.rows("orders")] == ["901"]
    monkeypatch.delenv("RECONCILE_STATE_DIR")
    stops(terminal.type("sync"), "`reconcile restore` brings what this machine knows into this one")
    assert terminal.type("restore", "--yes").code == 0
    assert len(sheet.rows("orders")) == 123
    sheet.edit("payments", "INV-7", user="maria", amount=25.5, details="Bank transfer", send="Yes")
    goes_on(terminal)
    monkeypatch.setenv("RECONCILE_STATE_DIR", "runner")
    goes_on(terminal)
    assert once_only(terminal) == ALL


def test_make_a_copy(terminal: Terminal, sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    """F27: with an unsent payment in it: the copy stops on every machine until a person says what it is; the original sends it once."""
    sheet.edit("payments", "INV-8", user="maria", amount=7, details="Cash", send="Yes")
    twin = Sheet(sheet.emulator, sheet.emulator.copy(sheet.id, "Copy of Orders", share=True))
    original = f"https://docs.google.com/spreadsheets/d/{sheet.id}"
    monkeypatch.setenv("RECONCILE_SHEET", twin.id)
    for machine in ("", "runner"):
        monkeypatch.setenv("RECONCILE_STATE_DIR", machine) if machine else None
        before = requests(terminal)
        stops(terminal.type("sync"), f"This spreadsheet is a copy of another one (id {sheet.id})", "`reconcile adopt`")
        stops(terminal.type("sync", "--force"), "is a copy")
        assert requests(terminal) == before
    monkeypatch.delenv("RECONCILE_STATE_DIR")
    monkeypatch.setenv("RECONCILE_SHEET", original)
    goes_on(terminal)
    assert once_only(terminal) == {"addPayment": 1}
    monkeypatch.setenv("RECONCILE_SHEET", twin.id)
    assert terminal.type("init", "--fresh", "--yes").code == 0
    goes_on(terminal)
    assert once_only(terminal) == {"addPayment": 1}
    assert [str(row["Reference"]) for row in twin.rows("payments")] == []
    monkeypatch.setenv("RECONCILE_SHEET", original)
    assert "Another sheet" in goes_on(terminal).out


def test_another_panel(terminal: Terminal, sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    """F30: one address pasted: exit 8 before anything; corrected, it goes on."""
    sheet.edit("orders", "15", status="Canceled")
    other = PracticePanel(2, 8, terminal.panel.key, refills=0, cancels=0)
    with other.serving() as url:
        monkeypatch.setenv("RECONCILE_PANEL_URL", url)
        for command in ("sync", "plan"):
            stops(terminal.type(command), "belongs to the panel 127.0.0.1:", "correct RECONCILE_PANEL_URL")
        assert other.requests == []
    monkeypatch.setenv("RECONCILE_PANEL_URL", terminal.url)
    goes_on(terminal)
    assert once_only(terminal) == {"setCanceled": 1}


def test_slow_down_around_orders(terminal: Terminal, sheet: Sheet) -> None:
    """F32: HTTP 429 with five good orders in it, and 429 around a refund that was made: landed, once."""
    keys = [str(number) for number in range(501, 506)]
    for key in keys:
        terminal.panel.add_order(key, "1", link="l", quantity="10", charge="1", user_id="u")
    sheet.edit("orders", "15", status="Canceled")
    body = {"status": "success", "orders": [{"id": key, "link": "l", "quantity": "10", "charge": "1"} for key in keys]}
    for action, said in (("getOrders", body), ("setCanceled", {"status": "success"})):
        terminal.panel.faults.append(
            Fault("answer", action, 1, acts=True, status=429, body=json.dumps(said).encode(), headers={})
        )
    goes_on(terminal, 0, 7)
    goes_on(terminal, 0, 7)
    assert [str(row["ID"]) for row in sheet.rows("orders")] == ["15", "16", *keys]
    assert once_only(terminal) == {"setCanceled": 1}
