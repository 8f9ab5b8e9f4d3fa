"""Secrets are nowhere: canaries in the panel's key, Google's private key and its token, looked for in everything that leaves."""

from __future__ import annotations

import base64
import io
import json
import logging
import traceback
import urllib.parse
import zipfile
from typing import TYPE_CHECKING, Any

import gspread
import pytest
from google.oauth2.service_account import Credentials

from reconcile import boundary, cli
from reconcile.errors import ReconcileError
from reconcile.panel.practice import PracticePanel, answering
from reconcile.workbook import google_setup
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.google_http import Http, Pace
from tests.emulator.emulator import Emulator
from tests.emulator.faults import Fault
from tests.faults import scenario, sweep
from tests.faults.told import forms
from tests.faults.world import Clock, make

if TYPE_CHECKING:
    from pathlib import Path

KEY = "canary/key+7f3a=91c2?d4"


def clean(secret: str, *texts: bytes | str) -> None:
    """None of the texts holds the secret in any form."""
    for text in texts:
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        for form in forms(secret):
            assert form not in data, f"{form!r} in {data[:200]!r}"


def with_locals(error: BaseException) -> str:
    """The whole traceback, causes and contexts included, with every local value; the test's own frame is left out."""
    if error.__traceback__ is not None:
        error = error.with_traceback(error.__traceback__.tb_next)
    made = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(made.format(chain=True))


def test_the_search_finds_what_is_there() -> None:
    """Each form of a secret is found where it stands: the tests below can fail."""
    for hidden in (KEY, urllib.parse.quote(KEY), base64.b64encode(b"ab" + KEY.encode()).decode()):
        with pytest.raises(AssertionError):
            clean(KEY, f"something {hidden} else")


def key_lines(info: dict[str, str]) -> list[str]:
    """The lines of a Google private key between its first and last one: each is a secret by itself, however they are joined."""
    return info["private_key"].splitlines()[1:-1]


def test_the_search_finds_a_private_key() -> None:
    """Google's key is found as it stands in its file, in that file's JSON, in a repr, and in base64 of the whole."""
    with Emulator(serve=False) as emulator:
        info = emulator.account()
    lines = key_lines(info)
    assert len(lines) > 10
    whole = json.dumps(info)
    for hidden in (info["private_key"], whole, repr(info), base64.b64encode(info["private_key"].encode()).decode()):
        assert any(form in hidden.encode() for line in lines for form in forms(line))


@pytest.mark.parametrize("kind", sweep.PANEL)
def test_no_failure_of_a_call_shows_the_key(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """F21: whatever fails, the key is in no traceback with locals, log, outcome, journal or workbook."""
    caplog.set_level(logging.DEBUG)
    panel = PracticePanel(0, 1, KEY, refills=0, cancels=0)
    world = make(tmp_path, "xlsx", panel)
    panel.add_order("1", quantity="100", charge="5", link="l")
    echo = answering(f'{{"status":"fail","error":"bad","message":"your key {KEY} was seen"}}', 400, times=2)
    panel.faults.append(echo)
    seen: list[str] = []

    def hook(name: str) -> None:
        if name == "panel.before-send":
            world.line.trouble[:] = sweep._WIRE[kind]

    for each in (None, hook, None):
        boundary.set_hook(each)
        told = world.run()
        seen.append(repr(told.outcome))
        if told.error is not None:
            seen.append(with_locals(told.error))
    boundary.set_hook(None)
    with world.client() as client:
        for call in (lambda: client.set_canceled("1"), lambda: client.add_payment("u", "1", "d"), client.probe):
            world.line.trouble[:] = sweep._WIRE[kind]
            try:
                seen.append(repr(call()))
            except ReconcileError as error:
                seen += [with_locals(error), repr(error), str(error), error.next_step]
    files = [path.read_bytes() for path in world.machine("a").iterdir()]
    with zipfile.ZipFile(world.folder / "orders.xlsx") as book:
        files += [book.read(name) for name in book.namelist()]
    clean(KEY, caplog.text, *seen, *files)


def test_no_command_shows_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """F21: stdout, stderr, JSON, the Action's summary and the traceback of a bug are clean, also where the panel echoes the key."""
    panel = PracticePanel(0, 1, KEY, refills=0, cancels=0)
    world = make(tmp_path, "xlsx", panel)
    panel.add_order("1", quantity="100", charge="5", link="l")
    monkeypatch.chdir(tmp_path)
    summary = tmp_path / "summary.md"
    with panel.serving() as url:
        for name, value in {"PANEL_URL": url, "PANEL_KEY": KEY, "SHEET": "orders.xlsx", "STATE_DIR": "state"}.items():
            monkeypatch.setenv(f"RECONCILE_{name}", value)
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        said = []
        for args in (
            ["sync"],
            ["sync", "--json"],
            ["doctor"],
            ["plan", "--json"],
            ["why", "1"],
            ["panel", "get-orders"],
        ):
            cli.main(args)
            said.append(capsys.readouterr())
        panel.faults.append(answering(f'{{"status":"fail","error":"no","message":"bad key {KEY}"}}', 400, times=9))
        for args in (["sync"], ["sync", "--json"], ["panel", "set-completed", "--id", "1"]):
            cli.main(args)
            said.append(capsys.readouterr())
        boundary.set_hook(lambda _: 1 // 0)
        assert cli.main(["--debug", "sync"]) == 1
        said.append(capsys.readouterr())
        boundary.set_hook(None)
        monkeypatch.setenv("RECONCILE_PANEL_URL", f"https://user:{urllib.parse.quote(KEY, safe='')}@x.test/admin/v1")
        assert cli.main(["sync"]) == 2
        said.append(capsys.readouterr())
    assert "ZeroDivisionError" in said[-2].err
    assert summary.read_text("utf-8")
    texts = [text for each in said for text in (each.out, each.err)]
    clean(KEY, *texts, summary.read_bytes(), *(path.read_bytes() for path in (world.folder / "state").iterdir()))


def test_no_command_on_a_google_sheet_shows_a_secret(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F21: panel key, private key and token stand in no output, log, traceback, journal, summary or cell of any command."""
    caplog.set_level(1)
    for name in ("google", "google.auth", "urllib3", "requests", "httpx", "httpcore", "gspread"):
        caplog.set_level(1, name)
    monkeypatch.chdir(tmp_path)
    panel = PracticePanel(0, 1, KEY, refills=0, cancels=0)
    for key in ("1", "2", "3"):
        panel.add_order(key, quantity="100", charge="5", link="l")
    said: list[str] = []

    def command(*args: str) -> int:
        code = cli.main(list(args))
        out = capsys.readouterr()
        said.extend((out.out, out.err))
        return code

    with panel.serving() as url, Emulator() as emulator:
        book_id, info = emulator.new_spreadsheet(), emulator.account()
        settings = {"PANEL_URL": url, "PANEL_KEY": KEY, "SHEET": book_id, "STATE_DIR": "state", "SERVICES": "1"}
        for name, value in {**settings, "GOOGLE_KEY_JSON": json.dumps(info)}.items():
            monkeypatch.setenv(f"RECONCILE_{name}", value)
        monkeypatch.setenv("SHEETS_EMULATOR_HOST", emulator.host)
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        for args in (
            ["init"],
            ["doctor"],
            ["sync"],
            ["--debug", "sync", "--json"],
            ["plan", "--json"],
            ["why", "1"],
            ["history", "1"],
            ["resolve"],
            ["profiles", "--json"],
        ):
            assert command(*args) == 0, said[-1]
        for where in ("book.before-read", "panel.before-send", "panel.after-answer", "book.after-commit"):
            boundary.set_hook(lambda name, where=where: 1 // 0 if name == where else None)  # type: ignore[misc]
            assert command("--debug", "sync") == 1
            boundary.set_hook(None)
        emulator.faults.always(Fault.status(403))
        assert command("--debug", "sync") == 6
        emulator.faults.clear()
        emulator.tokens.disabled.add(info["client_email"])
        emulator.tokens.expire_all()
        assert command("--debug", "sync") == 6
        assert command("doctor") == 6
        tokens = list(emulator.tokens._issued)
        cells = [str(emulator.values(book_id, f"'{sheet.title}'")) for sheet in emulator.book(book_id).sheets]
    assert tokens
    assert any("ZeroDivisionError" in text for text in said)
    files = [path.read_bytes() for path in (tmp_path / "state").iterdir()]
    for secret in (KEY, *tokens, *key_lines(info)):
        clean(secret, *said, caplog.text, *cells, *files, (tmp_path / "summary.md").read_bytes())


def test_google_shows_neither_private_key_nor_token() -> None:
    """F21: refused tokens, pages, dropped connections, denied sheets: no error of ours holds the private key or the token."""
    clock = Clock()
    with Emulator(clock=clock.seconds, sleep=clock.sleep) as emulator:
        book_id = emulator.new_spreadsheet()
        info = emulator.account()
        credentials: Any = Credentials.from_service_account_info(
            info, scopes=["https://www.googleapis.com/auth/spreadsheets"]
        )  # type: ignore[no-untyped-call]
        http = Http(credentials, host=f"http://{emulator.host}", pace=Pace(clock.seconds, clock.sleep))
        book = GoogleWorkbook(book_id, http)
        google_setup.provision(book)
        token = str(credentials.token)
        assert token
        seen: list[str] = [repr(book), repr(http), repr(vars(book))]
        troubles: list[Any] = [
            lambda: emulator.faults.always(Fault.status(403)),
            lambda: emulator.faults.always(Fault.html(502)),
            lambda: emulator.faults.always(Fault.drop()),
            lambda: (emulator.tokens.expire_all(), emulator.faults.token(Fault.html(502), times=None)),
            lambda: (emulator.tokens.expire_all(), emulator.tokens.disabled.add(info["client_email"])),
        ]
        for trouble in troubles:
            trouble()
            for call in (book.read, lambda: google_setup.look(book)):
                try:
                    call()
                except (ReconcileError, gspread.exceptions.GSpreadException) as error:
                    seen += [str(error), repr(error), getattr(error, "next_step", "")]
                    seen.append(with_locals(error))
            emulator.faults.clear()
        assert len(seen) > 30
        clean(token, *seen)
        for line in key_lines(info):
            clean(line, *seen)


def test_a_whole_day_leaves_no_key_anywhere(tmp_path: Path) -> None:
    """F21: after a day with a crash in it, neither journal nor workbook holds the key."""
    day = scenario.day(tmp_path, "xlsx")
    _, _, problems = sweep.run(day, [("crash", 33)])
    assert problems == []
    files = [path.read_bytes() for path in day.world.machine("a").iterdir()]
    with zipfile.ZipFile(io.BytesIO(day.world.book.save())) as book:
        files += [book.read(name) for name in book.namelist()]
    clean(scenario.KEY, *files)
