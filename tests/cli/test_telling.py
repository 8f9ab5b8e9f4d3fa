"""Pings and alerts: who is told what, that they are off unless set, and that they never change a run."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.commands import telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Terminal

SECRET = "hook-canary-5d4c3b2a"


class Hearing:
    """A server that remembers pings."""

    def __init__(self) -> None:
        heard = self.heard = list[tuple[str, str]]()
        owner = self
        self.code = 200

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                heard.append((self.path, body))
                self.send_response(owner.code)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hearing]:
    made = Hearing()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    monkeypatch.setenv("RECONCILE_PING_URL", made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What a made-up apprise was asked to send."""
    out: list[tuple[str, str]] = []

    class Apprise:
        def add(self, address: str) -> bool:
            return address.startswith("json://")

        def notify(self, title: str, body: str) -> bool:
            out.append((title, body))
            return True

    monkeypatch.setitem(sys.modules, "apprise", SimpleNamespace(Apprise=Apprise))  # type: ignore[arg-type]
    monkeypatch.setenv("RECONCILE_NOTIFY", f"json://127.0.0.1/{SECRET}")
    return out


def test_a_run_is_pinged_at_its_start_and_its_end(synced: Terminal, hearing: Hearing) -> None:
    """Counts and order ids, the exit code in the address, and nothing that a customer wrote."""
    synced.edit("Orders", "15", status="In progress")
    ended = synced.type("sync")
    assert ended.code == 0
    assert SECRET not in ended.out + ended.err
    assert [path.removeprefix(f"/{SECRET}") for path, _ in hearing.heard] == ["/start", "/0"]
    assert hearing.heard[1][1] == "run 20261122-155316-0002\nexit 0\naccepted 1\norders 15\n"


def test_a_run_that_cannot_begin_is_pinged_too(terminal: Terminal, hearing: Hearing) -> None:
    """There is no workbook yet."""
    code = terminal.type("sync").code
    assert [path.rpartition("/")[2] for path, _ in hearing.heard] == ["start", str(code)]


def test_a_ping_that_fails_changes_nothing(synced: Terminal, hearing: Hearing) -> None:
    """The run's exit code stays; one line of talk, without the address."""
    hearing.code = 500
    ended = synced.type("sync")
    assert ended.code == 0
    assert ended.err.count("The ping did not get through: HTTP 500. The run is not affected.\n") == 2
    assert SECRET not in ended.err


def test_a_ping_that_hangs_is_not_waited_for(
    synced: Terminal, hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded in time, whatever the other side does."""
    monkeypatch.setattr(telling, "PING_SECONDS", 0.05)
    monkeypatch.setattr(telling, "_post", lambda *_: time.sleep(0.4) or "")
    began = time.monotonic()
    assert synced.type("sync").code == 0
    assert time.monotonic() - began < 60
    assert hearing.heard == []


def test_nothing_is_told_unless_it_is_set(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ping, no alert, no record."""
    monkeypatch.setattr(telling, "_bounded", lambda *_: pytest.fail("told somebody"))
    assert synced.type("sync").code == 0


def test_an_alert_comes_once_and_once_when_it_is_over(
    synced: Terminal, told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit that holds rows over three runs, then is overridden."""
    monkeypatch.setenv("RECONCILE_MAX_REFUNDS", "0")
    synced.edit("Orders", "16", status="Canceled")
    for _ in range(3):
        assert synced.type("sync").code == 3
    assert len(told) == 1
    assert told[0][0] == "reconcile: orders.xlsx"
    assert told[0][1].startswith("A limit holds rows until somebody ticks ")
    assert synced.type("sync", "--force").code == 0
    assert [title for title, _ in told] == ["reconcile: orders.xlsx", "reconcile: orders.xlsx is well again"]


def test_a_run_that_cannot_begin_is_told_once(synced: Terminal, told: list[tuple[str, str]]) -> None:
    """The file is open in a program: the workbook cannot keep what was told, the journal's folder does."""
    lock = synced.folder / ".~lock.orders.xlsx#"
    lock.write_text("somebody,", encoding="utf-8")
    codes = {synced.type("sync").code for _ in range(4)}
    assert codes == {5}
    assert [body for _, body in told] == ["Runs fail: Unavailable (exit 5)."]
    assert json.loads((synced.folder / ".reconcile" / "alerts.json").read_text())["fails"] == 4
    lock.unlink()
    assert synced.type("sync").code == 0
    assert told[-1] == ("reconcile: orders.xlsx is well again", "It works again.")
    assert not (synced.folder / ".reconcile" / "alerts.json").exists()


def test_without_the_package_it_is_said(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """In sync's talk and by doctor; the run is as good as any."""
    monkeypatch.setitem(sys.modules, "apprise", None)  # type: ignore[arg-type]
    monkeypatch.setenv("RECONCILE_NOTIFY", f"json://127.0.0.1/{SECRET}")
    ended = synced.type("sync")
    assert ended.code == 0
    assert "RECONCILE_NOTIFY is set, but the package apprise is not installed, so nobody is told." in ended.err
    checked = synced.type("doctor")
    assert checked.code == 0
    assert "pipx inject panel-reconcile apprise" in checked.out


def test_a_wrong_address_is_said_without_it(
    synced: Terminal, told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many are wrong, never which: they hold passwords."""
    monkeypatch.setenv("RECONCILE_NOTIFY", f"nonsense://{SECRET}")
    monkeypatch.setenv("RECONCILE_MAX_REFUNDS", "0")
    synced.edit("Orders", "16", status="Canceled")
    ended: Any = synced.type("sync")
    assert ended.code == 3
    assert "1 of 1 addresses in RECONCILE_NOTIFY are none that apprise knows" in ended.err
    assert SECRET not in ended.out + ended.err
    assert told == []


@pytest.mark.parametrize("value", ["nowhere", "http://example.com/x", "https://example.com/x?y=1"])
def test_a_wrong_ping_address(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Exit 2, and it is not repeated."""
    monkeypatch.setenv("RECONCILE_PING_URL", value)
    ended = terminal.type("sync")
    assert ended.code == 2
    assert value not in ended.err
