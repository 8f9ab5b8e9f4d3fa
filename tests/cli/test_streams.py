"""What is said can be lost; what is done, and the exit code, never are. On real processes and real pipes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from reconcile import __main__ as entry
from reconcile import cli
from reconcile.commands.streams import Lenient
from reconcile.core.lease import lease_of
from reconcile.core.model import Action
from reconcile.workbook.xlsx import XlsxWorkbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Terminal

FULL = Path("/dev/full")
HERE = str(Path(__file__).parents[2])


def typed(
    *words: str, out: int | IO[bytes] = subprocess.PIPE, err: int | IO[bytes] = subprocess.PIPE, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """One command in a process of its own."""
    return subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "reconcile", *words],
        stdout=out,
        stderr=err,
        check=False,
        env=os.environ | {"PYTHONPATH": HERE} | env,
    )


@pytest.fixture
def unread() -> Iterator[int]:
    """A pipe whose reader has left."""
    reads, writes = os.pipe()
    os.close(reads)
    yield writes
    os.close(writes)


def test_a_run_whose_talk_nobody_reads_reaches_its_end(synced: Terminal, unread: int) -> None:
    """stderr breaks after a refund was marked as being sent: it is sent, the lease is released, exit 0 and the whole result."""
    synced.edit("Orders", "16", status="Canceled")
    ended = typed("sync", err=unread)
    assert ended.returncode == 0
    assert b"Refunds  1, together " in ended.stdout
    assert len(synced.panel.calls(Action.SET_CANCELED)) == 1
    assert lease_of(XlsxWorkbook(synced.book).read().meta) is None


def test_an_error_whose_words_nobody_reads_keeps_its_code(terminal: Terminal, unread: int) -> None:
    """The code is the contract."""
    assert typed("plan", err=unread, RECONCILE_SHEET="nowhere.xlsx").returncode == 2


def test_a_result_nobody_reads_keeps_the_code(synced: Terminal, unread: int) -> None:
    """`reconcile sync | head -1` is a run that was done, and not a bug."""
    ended = typed("sync", out=unread)
    assert ended.returncode == 0
    assert ended.stderr.decode() == "Reading the sheet\nReceiving work: 0\n"


@pytest.mark.skipif(not FULL.exists(), reason="a disk that is always full is a thing of Linux")
def test_a_result_that_finds_no_room_is_told(synced: Terminal) -> None:
    """The run is done and its code says so; stderr says why nothing was printed."""
    with FULL.open("wb") as full:
        ended = typed("plan", out=full)
        assert ended.returncode == 0
        assert ended.stderr.decode() == "The result could not be printed: No space left on device.\n"
        assert typed("sync", out=full, err=full).returncode == 0


@pytest.mark.parametrize("command", ["plan", "resolve"])
def test_letters_a_stream_does_not_have_are_spelled_out(synced: Terminal, command: str) -> None:
    """An ASCII log shows an arrow by its number, in rich's lines and in typer's alike; it is no bug."""
    synced.edit("Orders", "15", status="Completed")
    ended = typed(command, PYTHONIOENCODING="ascii")
    assert ended.returncode == 0
    assert ended.stdout.isascii()
    assert (b"Processing \\u2192 Completed" in ended.stdout) == (command == "plan")


def test_a_message_in_the_middle_of_another_is_all_that_is_lost() -> None:
    """A signal's words may come while the buffer is being written; Python then refuses that one write."""

    class Busy(io.StringIO):
        def write(self, text: str) -> int:
            if text == "signal":
                raise RuntimeError("reentrant call inside")
            return super().write(text)

    inner = Busy()
    stream = Lenient(inner)
    for text in ("a", "signal", "b"):
        assert stream.write(text) == len(text)
    assert (inner.getvalue(), stream.lost) == ("ab", None)


def test_a_stream_that_was_closed_is_silent() -> None:
    """Python says ValueError there; once lost, nothing is tried again."""
    inner = io.StringIO()
    inner.close()
    stream = Lenient(inner)
    stream.write("a")
    stream.flush()
    stream.release()
    assert isinstance(stream.lost, ValueError)


# --- Ctrl-C --------------------------------------------------------------------------------------------------------------


def test_an_interrupt_while_the_program_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """130 and no traceback, before any of our own handlers stands."""

    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    assert entry.main() == 130


def test_an_interrupt_is_json_where_json_was_asked_for(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script always has one document to read."""

    def interrupted() -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconcile.config.profiles", interrupted)
    ended = terminal.type("profiles", "--json")
    assert (ended.code, ended.err) == (130, "")
    assert json.loads(ended.out) == {
        "exit_code": 130,
        "error": {
            "kind": "Stopped",
            "what": "Stopped by Ctrl-C.",
            "next_step": "What was done so far stays; the next sync goes on from there.",
        },
    }


def test_a_no_is_json_where_json_was_asked_for(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is on stderr, the one document on stdout."""
    monkeypatch.setattr("sys.stdin", _Tty("n\n"))
    ended = terminal.type("panel", "add-payment", "--user", "u", "--amount", "1", "--details", "d", "--json")
    assert ended.code == 130
    assert ended.err.endswith("Stopped; nothing was done.\n")
    assert json.loads(ended.out)["error"]["what"] == "Stopped at a question; nothing was done."
    assert not terminal.panel.calls(Action.ADD_PAYMENT)


class _Tty(io.StringIO):
    """A person at a keyboard."""

    def isatty(self) -> bool:
        return True
