"""The command line itself: help, usage errors, bugs, readers that leave."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import reconcile
from reconcile.commands import setup

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal


def test_version(terminal: Terminal) -> None:
    """One line, which also names what it is installed by."""
    assert terminal.type("--version").out == f"reconcile {reconcile.__version__} (panel-reconcile)\n"


def test_no_words_is_help(terminal: Terminal) -> None:
    """An operator who types only the name sees what there is, and exit 0."""
    ended = terminal.type()
    assert ended.code == 0
    assert ended.out == terminal.type("--help").out
    assert ended.out.startswith("Usage: reconcile [OPTIONS] COMMAND [ARGS]...\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pln",), "No such command 'pln'. Did you mean 'plan'?\n→ `reconcile --help` shows what there is.\n"),
        (
            ("sync", "--forse"),
            "No such option: --forse (Possible options: --force)\n→ `reconcile sync --help` shows what there is.\n",
        ),
        (
            ("plan", "--profile", "x"),
            "No such option: --profile\n→ --profile goes before the command: reconcile --profile NAME …\n",
        ),
        (
            ("plan", "extra"),
            "Got unexpected extra argument(s) (extra)\n→ `reconcile plan --help` shows what there is.\n",
        ),
        (("panel",), "Missing command.\n→ `reconcile panel --help` shows what there is.\n"),
        (("practice-panel", "--port", "x"), "Invalid value for '--port': "),
        (("sync", "--wait", "-1"), "Invalid value for '--wait': "),
        (("\x1b[2J",), "No such command "),
    ],
)
def test_a_usage_error(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    """Exit 2, in our style, with a suggestion where there is one; nothing on stdout."""
    ended = terminal.type(*words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(said)
    assert "\x1b" not in ended.err


def test_json_before_the_command(terminal: Terminal) -> None:
    """The hint says where it goes; the error itself is JSON, as was asked for."""
    ended = terminal.type("--json", "plan")
    assert ended.code == 2
    assert json.loads(ended.out)["error"]["next_step"] == "--json goes after the command: reconcile plan --json"
    between = json.loads(terminal.type("panel", "--json", "get-orders").out)["error"]["next_step"]
    assert between == "--json goes after the command: reconcile panel ACTION --json"


SECRET = "a-secret-in-a-local-variable"


def explode() -> int:
    """A command with a bug, and a secret in its frame."""
    hidden = SECRET
    return {}[len(hidden)]


def test_a_bug_is_one_paragraph(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1, what to report, no traceback."""
    monkeypatch.setattr("reconcile.config.profiles", explode)
    ended = terminal.type("profiles")
    assert ended.code == 1
    assert ended.err == (
        "Something unexpected happened: KeyError. This is a bug in reconcile, not a mistake of yours.\n"
        "→ What was committed to the sheet and journaled is safe; the next sync goes on from there. Please report it with the "
        f"version ({reconcile.__version__}) and what `reconcile --debug …` prints; remove customers' data from it first.\n"
    )


def test_debug_shows_the_traceback_without_values(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of source, never the values of variables."""
    monkeypatch.setattr("reconcile.config.profiles", explode)
    ended = terminal.type("--debug", "profiles")
    assert ended.code == 1
    assert "Traceback (most recent call last):" in ended.err
    assert SECRET not in ended.err


def test_stopped_at_a_question(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C outside a run: 130 and no traceback."""

    def interrupted() -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconcile.config.profiles", interrupted)
    ended = terminal.type("profiles")
    assert (ended.code, ended.err) == (130, "")


def test_a_reader_that_leaves(terminal: Terminal) -> None:
    """`reconcile --help | head -1` ends without a traceback."""
    done = subprocess.run(  # noqa: S602 - a pipe is what is tested
        f"{sys.executable} -m reconcile --help | head -1", shell=True, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("Usage: ")
    assert done.stderr == ""


def test_the_practice_panel_says_where_it_is(terminal: Terminal) -> None:
    """One JSON line on stdout, the talk on stderr; SIGTERM ends it well."""
    with subprocess.Popen(
        [sys.executable, "-m", "reconcile", "practice-panel", "--orders", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        assert set(address) == {"url", "key"}
        process.terminate()
        assert process.wait(10) == 0


def test_a_port_that_is_taken(terminal: Terminal) -> None:
    """Exit 5 and what to do."""
    port = terminal.url.split(":")[2].split("/")[0]
    ended = terminal.type("practice-panel", "--port", port)
    assert ended.code == 5
    assert ended.err == f"Port {port} cannot be used: address already in use.\n→ Take another one, or --port 0.\n"


def test_demo_tells_its_story(terminal: Terminal) -> None:
    """Exit 0, headed steps, a workbook that is left, and no setting of the operator's used or changed."""
    before = len(terminal.panel.requests)
    ended = terminal.type("demo")
    assert ended.code == 0
    assert [line for line in ended.out.splitlines() if line[:1].isdigit()] == [
        "1. A panel, and an empty workbook",
        "2. The first sync: the work arrives as rows",
        "3. Staff work in the sheet",
        "4. What the next sync would do",
        "5. The second sync: the panel gets it",
        "6. What the panel has now",
        "7. The third sync: nothing is sent twice",
        "8. Now you",
    ]
    assert "Refunds: 4, together " in ended.out
    assert (terminal.folder / "demo" / "orders.xlsx").exists()
    assert not terminal.book.exists()
    assert len(terminal.panel.requests) == before
    assert terminal.type("demo", "--json").code == 0, "again is harmless"


def test_demo_does_not_empty_a_folder_of_other_things(terminal: Terminal) -> None:
    """Exit 2, and the file is still there."""
    (terminal.folder / "demo").mkdir()
    (terminal.folder / "demo" / "thesis.docx").write_text("x")
    ended = terminal.type("demo")
    assert ended.code == 2
    assert ended.err.startswith("demo holds something else (thesis.docx), and the demo begins by emptying it.\n")


@pytest.mark.parametrize("settings", ["RECONCILE_SHEET=orders.xlsx\n", None])
def test_demo_does_not_empty_a_set_up(synced: Terminal, settings: str | None) -> None:
    """An operator's workbook, journal and settings have the names of the demo's: exit 2, and all is as it was."""
    if settings:
        (synced.folder / ".env").write_text(settings)
    before = everything(synced.folder)
    ended = synced.type("demo", "--folder", ".")
    names = ".env, .reconcile, orders.xlsx" if settings else ".reconcile, orders.xlsx"
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f". holds a set-up that is not the demo's, or that was used since ({names}); the demo begins by emptying it.\n"
        "→ Name another folder with --folder. If nothing in it is needed any more, delete it yourself.\n"
    )
    assert everything(synced.folder) == before


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_demo_does_not_empty_its_folder_once_a_panel_was_set_there(terminal: Terminal) -> None:
    """Somebody went on in the demo's folder with settings of their own: it is not the demo's any more."""
    assert terminal.type("demo").code == 0
    with (terminal.folder / "demo" / ".env").open("a") as stream:
        stream.write("RECONCILE_SERVICES=12\n")
    before = everything(terminal.folder)
    assert terminal.type("demo").code == 2
    assert everything(terminal.folder) == before


def test_demo_does_not_empty_its_folder_after_a_run_there(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel came from the environment and received real work; looking around with `plan` and `doctor` is no such run.

    The demo's workbook belongs to the demo's panel, so a real one has to be adopted first.
    """
    assert terminal.type("demo").code == 0
    monkeypatch.chdir(terminal.folder / "demo")
    assert terminal.type("plan").code == 8
    assert terminal.type("doctor").code == 8
    assert terminal.type("sync", "--force").code == 8
    monkeypatch.chdir(terminal.folder)
    assert terminal.type("demo").code == 0
    monkeypatch.chdir(terminal.folder / "demo")
    assert terminal.type("adopt", "--yes").code == 0
    terminal.type("sync", "--force")
    monkeypatch.chdir(terminal.folder)
    before = everything(terminal.folder)
    assert terminal.type("demo").code == 2
    assert everything(terminal.folder) == before


def test_a_demo_that_was_stopped_midway_begins_again(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during the story leaves nothing that has to be deleted by hand."""

    def stopped(*_: object) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("reconcile.commands.demo._told", stopped)
        assert terminal.type("demo").code == 130
    assert (terminal.folder / "demo" / "orders.xlsx").exists()
    assert terminal.type("demo").code == 0


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("file", "Not a directory"),
        ("file/x", "Not a directory"),
        ("dangling", "File exists"),
        ("taken", "Is a directory"),
    ],
)
def test_demo_in_a_place_it_cannot_have(terminal: Terminal, folder: str, why: str) -> None:
    """Exit 2 with the reason; nothing there is touched, and it is no bug."""
    (terminal.folder / "file").write_text("x")
    (terminal.folder / "dangling").symlink_to("nowhere")
    (terminal.folder / "taken" / "orders.xlsx").mkdir(parents=True)
    (terminal.folder / "taken" / ".reconcile").mkdir()
    (terminal.folder / "taken" / ".reconcile" / "demo").touch()
    ended = terminal.type("demo", "--folder", folder)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"{folder} cannot be used for the demo: {why}.\n→ Name another folder with --folder.\n"
    assert (terminal.folder / "file").read_text() == "x"


def test_every_command_says_what_it_does() -> None:
    """A command without a sentence of help fails here."""
    from reconcile.cli import app  # noqa: PLC0415

    assert all(command.callback.__doc__ for command in app.registered_commands if command.callback)
    assert setup.init.__doc__
