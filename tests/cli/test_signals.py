"""SIGINT and SIGTERM, on a real process whose panel does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from reconcile.commands import signals, world
from reconcile.commands.signals import AGAIN, GAVE_UP, PATIENCE, Signals
from reconcile.config import load_settings
from reconcile.core.lease import lease_of
from reconcile.errors import Unknown
from reconcile.job import Silent, Stop
from reconcile.panel.practice import PATH, PracticePanel
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.xlsx import XlsxWorkbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Hanging(PracticePanel):
    """A panel that falls silent at one action, after it acted."""

    def __init__(self, action: str) -> None:
        super().__init__(2, 7, refills=0, cancels=0)
        self.action = action
        self.asked = threading.Event()
        self.release = threading.Event()

    def handle(self, method: str, headers: Mapping[str, str], body: bytes, path: str = PATH):
        answer = super().handle(method, headers, body, path)
        if self.action.encode() in body:
            self.asked.set()
            self.release.wait(30)
        return answer


@pytest.fixture
def hanging(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Hanging, dict[str, str]]]:
    """A silent panel, and the environment of a process that uses it."""
    panel = Hanging(request.param)
    with panel.serving() as url:
        yield (
            panel,
            os.environ
            | {
                "RECONCILE_PANEL_URL": url,
                "RECONCILE_PANEL_KEY": panel.key,
                "RECONCILE_SHEET": str(tmp_path / "orders.xlsx"),
                "RECONCILE_STATE_DIR": str(tmp_path / "state"),
                "RECONCILE_SERVICES": "1",
            },
        )
        panel.release.set()


def begin(panel: Hanging, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A sync that waits for the silent panel."""
    program = [sys.executable, "-m", "reconcile"]
    subprocess.run([*program, "init"], env=environment, check=True, capture_output=True)  # noqa: S603 - ourselves
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [*program, "sync"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert panel.asked.wait(20)
    return process


@pytest.mark.parametrize("hanging", ["getOrders"], indirect=True)
def test_sigterm_during_a_claim(hanging: tuple[Hanging, dict[str, str]], tmp_path: Path) -> None:
    """F22: within 5 s the lost claim is on record, the lease is released and the process is gone with 7."""
    panel, environment = hanging
    process = begin(panel, environment)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 5
    assert process.returncode == 7
    assert GAVE_UP.rstrip(".") in out
    assert "Stopping: the record in hand is finished first." in err
    meta = XlsxWorkbook(tmp_path / "orders.xlsx").read().meta
    assert lease_of(meta) is None
    assert [name for name in meta if name.startswith("doubt:")]


@pytest.mark.parametrize("hanging", ["setRemains"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_nothing_is_at_stake(
    hanging: tuple[Hanging, dict[str, str]], number: signal.Signals, tmp_path: Path
) -> None:
    """The call that proves the panel is broken off: 130 or 143, and a second signal does not wait 3 s."""
    panel, environment = hanging
    process = begin(panel, environment)
    started = time.monotonic()
    process.send_signal(number)
    assert process.stderr is not None
    assert any("Again to stop waiting" in line for line in process.stderr)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert time.monotonic() - started < PATIENCE
    assert process.returncode == 128 + number
    assert lease_of(XlsxWorkbook(tmp_path / "orders.xlsx").read().meta) is None


def test_a_write_is_never_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the run is not waiting for the panel, the timer only looks again. The timer is rung by hand."""
    rung: list[float] = []
    monkeypatch.setattr(signals, "_ring", rung.append)
    stop = Stop()
    with Signals(stop, lambda _: None) as hears:
        signal.raise_signal(signal.SIGTERM)
        assert stop.requested
        signal.raise_signal(signal.SIGALRM)
        assert rung == [PATIENCE, AGAIN]
        stop.waiting = True
        with pytest.raises(Unknown):
            signal.raise_signal(signal.SIGALRM)
        assert not stop.waiting
        assert rung == [PATIENCE, AGAIN]
    assert rung == [PATIENCE, AGAIN, 0]
    assert hears.received == signal.SIGTERM
    assert hears.exit_code(0, "") == 143
    assert hears.exit_code(5, GAVE_UP) == 143
    assert hears.exit_code(7, GAVE_UP) == 7
    assert hears.exit_code(8, "damaged") == 8


def test_a_signal_ends_the_waits_for_google_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The client of a run's Google Sheet asks the same stop as the panel's: no backoff outlasts a SIGTERM."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "RECONCILE_PANEL_URL": "http://127.0.0.1:9/admin/v1",
        "RECONCILE_PANEL_KEY": "practice-canary",
        "RECONCILE_SHEET": "1" * 44,
        "SHEETS_EMULATOR_HOST": "127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    stop = Stop()
    with world.open_job(load_settings("panel", "sheet"), Silent(), stop) as job:
        assert isinstance(job.book, GoogleWorkbook)
        stop.requested = True
        assert not job.book.http.pace.rest(60)
