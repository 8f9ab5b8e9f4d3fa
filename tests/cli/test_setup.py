"""`setup`: the first hour, answered at a terminal, by options, wrongly, and broken off."""

from __future__ import annotations

import json
import os
import pty
import select
import stat
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import typer
from openpyxl import load_workbook

from reconcile import cli
from reconcile.commands import guide
from reconcile.commands.settings_file import SettingsFile
from reconcile.config import load_settings
from reconcile.errors import SettingsError
from reconcile.panel.practice import PracticePanel
from reconcile.workbook.templates import templates
from tests.emulator.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Ended

KEY = "practice'canary #0f1e\\2d"
"""A key with everything that a settings file could misread."""

STOP = object()
"""Typed as an answer: Ctrl-C."""


@dataclass
class Person:
    """Somebody at the terminal. answers: what is typed, one after the other; asked: the questions, with their defaults."""

    folder: Path
    url: str
    panel: PracticePanel
    capsys: pytest.CaptureFixture[str]
    answers: list[object] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    key: str = KEY

    def type(self, *words: str) -> Ended:
        """Runs a command; the key must not be printed."""
        from tests.cli.conftest import Ended  # noqa: PLC0415 - the fixture module of this folder

        code = cli.main(list(words))
        told = self.capsys.readouterr()
        assert KEY not in told.out + told.err
        return Ended(code, told.out, told.err)

    def answer(self, question: str, default: str, *, hidden: bool = False) -> str:
        """Types the next answer; "" is Enter."""
        self.asked.append((question, default))
        assert hidden == (question == guide.QUESTIONS["panel_key"]), "the key alone is typed unseen"
        said = self.answers.pop(0)
        if said is STOP:
            raise typer.Abort
        return str(said) or default

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    @property
    def env(self) -> str:
        return (self.folder / ".env").read_text("utf-8")


class Terminal(str):
    """Says that it is a terminal."""

    __slots__ = ()

    def isatty(self) -> bool:
        return True


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Person]:
    """A person with a panel and an empty folder, who answers yes to every confirmation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    monkeypatch.setenv("LANG", "tr_TR.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setattr("sys.stdin", Terminal())
    panel = PracticePanel(2, 7, KEY, refills=0, cancels=0)
    with panel.serving() as url:
        found = Person(tmp_path, url, panel, capsys)
        monkeypatch.setattr(guide, "typed", found.answer)
        monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)
        yield found


def claims(panel: PracticePanel) -> list[str]:
    return [request.action for request in panel.requests if request.action.startswith("get")]


def test_all_is_asked_proved_and_written(person: Person) -> None:
    """Every setting lands in .env for its owner alone, the workbook speaks the language, nothing was received."""
    person.answers = [person.url, KEY, "orders.xlsx", "1,2", "es", "Europe/Berlin"]
    ended = person.type("setup")
    assert ended.code == 0, ended.err
    assert person.answers == []
    settings = load_settings("panel", "sheet")
    assert (settings.panel_url, settings.services, settings.language) == (person.url, ("1", "2"), "es")
    assert settings.panel_key is not None
    assert settings.panel_key.get_secret_value() == KEY
    assert str(settings.timezone) == "Europe/Berlin"
    assert stat.S_IMODE((person.folder / ".env").stat().st_mode) == 0o600
    assert templates("es").tab("orders").title in load_workbook(person.folder / "orders.xlsx").sheetnames
    assert claims(person.panel) == []
    assert "✓ orders.xlsx can be made." in ended.err
    assert "takes the key. Nothing was received." in ended.err
    assert ended.out.endswith(
        "orders.xlsx is ready. Next:\n"
        "  → reconcile doctor  looks at everything once more; nothing is received.\n"
        "  → reconcile sync    does the first run: pending orders become rows.\n"
    )
    assert person.type("sync").code == 0
    assert person.files == [".env", ".reconcile", "orders.xlsx"]


def test_what_the_machine_says_is_offered(person: Person) -> None:
    """Enter takes the file's usual name, this machine's language and its zone."""
    person.answers = [person.url, KEY, "", "", "", ""]
    assert person.type("setup").code == 0
    assert [default for _, default in person.asked] == ["", "", "orders.xlsx", "none", "tr", "Asia/Kolkata"]
    assert "RECONCILE_LANGUAGE=tr\nRECONCILE_TIMEZONE=Asia/Kolkata\n" in person.env
    assert "SERVICES" not in person.env


@pytest.mark.parametrize(
    ("place", "wrong", "said"),
    [
        (0, "panel.example.com", "This is not a web address; it looks like https://domain.com/admin/v1."),
        (
            0,
            "http://panel.example.com/admin/v1",
            "This begins with http://, which would send the key readable by others",
        ),
        (1, "k\x1b[2J", "This has a character in it that cannot be typed; copy it again."),
        (2, "orders.ods", "This is neither the address of a Google Sheet"),
        (3, "1 2", "This has ids with spaces between them"),
        (3, "one", "This has ids that are not whole numbers"),
        (4, "de", "This must be en, es, pt, tr or hi."),
        (5, "Europe/Berln", "This is not a time zone's name; did you mean Europe/Berlin?\n"),
    ],
)
def test_a_wrong_answer_is_told_and_asked_again(person: Person, place: int, wrong: str, said: str) -> None:
    """At every question; the right one then counts, and the wrong one is nowhere."""
    right: list[object] = [person.url, KEY, "orders.xlsx", "1", "en", "UTC"]
    person.answers = [*right[:place], wrong, *right[place:]]
    ended = person.type("setup")
    assert ended.code == 0
    assert said in ended.err
    assert f"={wrong}\n" not in person.env


@pytest.mark.parametrize("place", range(6))
def test_ctrl_c_at_any_question_leaves_everything_as_it_was(person: Person, place: int) -> None:
    """130, and neither settings nor workbook: nothing is half-written."""
    person.answers = [person.url, KEY, "orders.xlsx", "1", "en", "UTC"][:place]
    person.answers.append(STOP)
    ended = person.type("setup")
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.endswith("Stopped; nothing was done.\n")
    assert person.files == []


def test_no_at_the_end_leaves_everything_as_it_was(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be written is shown first, the key as dots."""

    def no(*_: object, **__: object) -> bool:
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", no)
    person.answers = [person.url, KEY, "orders.xlsx", "1", "en", "UTC"]
    ended = person.type("setup")
    assert ended.code == 130
    assert "  RECONCILE_PANEL_KEY=•••\n  RECONCILE_SHEET=orders.xlsx\n" in ended.err
    assert person.files == []


def test_a_key_the_panel_refuses_is_asked_again(person: Person) -> None:
    """Only the key, and without offering the refused one."""
    person.answers = [person.url, "not-the-key", KEY, "orders.xlsx", "1", "en", "UTC"]
    ended = person.type("setup")
    assert ended.code == 0
    assert "does not accept the key" in ended.err
    assert [default for question, default in person.asked if question == guide.QUESTIONS["panel_key"]] == ["", ""]


def test_a_panel_that_is_not_there_is_asked_again(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A No to going on unproved asks for address and key again; the key is offered without being shown."""
    said = iter([False, True])
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: next(said))
    person.answers = ["http://127.0.0.1:1/admin/v1", KEY, person.url, "", "orders.xlsx", "1", "en", "UTC"]
    ended = person.type("setup")
    assert ended.code == 0, ended.err
    assert person.asked[3] == (guide.QUESTIONS["panel_key"], guide.KEPT)


def test_a_folder_that_is_not_there_is_asked_again(person: Person) -> None:
    """The workbook's place is proved at once."""
    person.answers = [person.url, KEY, "nowhere/orders.xlsx", "orders.xlsx", "1", "en", "UTC"]
    ended = person.type("setup")
    assert ended.code == 0
    assert "nowhere is not a folder." in ended.err


def test_again_offers_what_is_set_and_changes_only_what_differs(person: Person) -> None:
    """Comments, order and other settings stay; a workbook keeps its language, which is not asked for again."""
    person.answers = [person.url, KEY, "orders.xlsx", "1", "es", "Europe/Berlin"]
    assert person.type("setup").code == 0
    before = f"# ours\nRECONCILE_MAX_REFUNDS=3\n\n{person.env}"
    (person.folder / ".env").write_text(before, "utf-8")
    person.asked.clear()
    person.answers = ["", "", "", "1,2", ""]
    ended = person.type("setup")
    assert ended.code == 0, ended.err
    assert [default for _, default in person.asked] == [person.url, guide.KEPT, "orders.xlsx", "1", "Europe/Berlin"]
    assert "  RECONCILE_SERVICES=1,2 (was 1)\n" in ended.err
    assert person.env == before.replace("SERVICES=1\n", "SERVICES=1,2\n")


def test_again_with_the_same_answers_writes_nothing(person: Person) -> None:
    """Not even a question whether to."""
    person.answers = [person.url, KEY, "orders.xlsx", "1", "en", "UTC"]
    assert person.type("setup").code == 0
    before = (person.folder / ".env").stat()
    person.answers = [""] * 5
    ended = person.type("setup")
    assert ended.code == 0
    assert "Wrote" not in ended.err
    assert (person.folder / ".env").stat().st_mtime_ns == before.st_mtime_ns


def test_what_the_environment_sets_otherwise_cannot_be_answered(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would win over what is written, so that the next command did something else than was answered."""
    monkeypatch.setenv("RECONCILE_SHEET", "other.xlsx")
    person.answers = [person.url, KEY, "orders.xlsx", "", "1", "en", "UTC"]
    ended = person.type("setup")
    assert ended.code == 0, ended.err
    assert "This is another one than the environment sets, and that would win; remove it there first." in ended.err
    assert "RECONCILE_SHEET=other.xlsx" in person.env


def test_a_profile_goes_into_reconcile_toml(person: Person) -> None:
    """Its own table, beside what stands there; `--profile` then finds it."""
    toml = person.folder / "reconcile.toml"
    toml.write_text('# two panels\n[profiles.a]\nsheet = "a.xlsx" # first\n\n[defaults]\nmax_refunds = 3\n', "utf-8")
    person.answers = [person.url, KEY, "b.xlsx", "1", "en", "UTC"]
    ended = person.type("--profile", "b", "setup")
    assert ended.code == 0, ended.err
    said = toml.read_text("utf-8")
    assert said.startswith(
        '# two panels\n[profiles.a]\nsheet = "a.xlsx" # first\n\n[defaults]\nmax_refunds = 3\n\n[profiles.b]\n'
    )
    assert stat.S_IMODE(toml.stat().st_mode) == 0o600
    assert ".env" not in person.files
    assert person.type("--profile", "b", "sync").code == 0


# --- by options ----------------------------------------------------------------------------------------------------------


def by_options(person: Person, *more: str) -> list[str]:
    return ["setup", "--panel-url", person.url, "--sheet", "orders.xlsx", "--services", "1", *more]


class Piped(str):
    """A stdin that a script filled."""

    __slots__ = ()

    def isatty(self) -> bool:
        return False

    def read(self) -> str:
        return str(self)


def test_a_script_answers_by_options(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key by stdin, nothing asked; the result as JSON."""
    monkeypatch.setattr("sys.stdin", Piped(KEY + "\n"))
    ended = person.type(*by_options(person, "--panel-key-stdin", "--language", "pt", "--timezone", "UTC", "--json"))
    assert ended.code == 0, ended.err
    assert person.asked == []
    told = json.loads(ended.out)
    assert (told["file"], told["book"], told["changed"]) == (".env", "orders.xlsx", True)
    assert load_settings().language == "pt"


def test_a_key_from_the_environment_is_an_answer(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written like any other, so that the next command finds it."""
    monkeypatch.setattr("sys.stdin", Piped(""))
    monkeypatch.setenv("RECONCILE_PANEL_KEY", KEY)
    assert person.type(*by_options(person)).code == 0
    monkeypatch.delenv("RECONCILE_PANEL_KEY")
    assert person.type("sync").code == 0


def test_without_a_terminal_what_is_missing_is_named(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, by the options that would answer."""
    monkeypatch.setattr("sys.stdin", Piped(""))
    ended = person.type("setup")
    assert (ended.code, person.files) == (2, [])
    assert ended.err == (
        "Nobody is here to answer, and these are missing: --panel-url, --panel-key-stdin, --sheet.\n"
        "→ Give them, or run `reconcile setup` in a terminal.\n"
    )


def test_without_a_terminal_a_wrong_answer_ends_it(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2 for an option, 6 for a key the panel refuses, 5 for no panel; nothing is written."""
    for key, more, code in (
        (KEY, ("--language", "xx"), 2),
        ("another", (), 6),
        (KEY, ("--panel-url", "http://127.0.0.1:1/admin/v1"), 5),
        (KEY, ("--sheet", "nowhere/orders.xlsx"), 2),
        ("", (), 2),
    ):
        monkeypatch.setattr("sys.stdin", Piped(key))
        assert person.type(*by_options(person, "--panel-key-stdin", *more)).code == code
        assert person.files == []


def test_a_script_replaces_what_is_set_only_with_yes(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another value in the file is named; --yes is the word for it."""
    monkeypatch.setattr("sys.stdin", Piped(KEY))
    assert person.type(*by_options(person, "--panel-key-stdin")).code == 0
    before = person.env
    ended = person.type(*by_options(person, "--services", "2", "--panel-key-stdin"))
    assert (ended.code, person.env) == (2, before)
    assert (
        ended.err
        == ("  ✓ " + person.url + " answers and takes the key. Nothing was received.\n")
        + ended.err.partition("received.\n")[2]
    )
    assert ".env sets these already, to something else: RECONCILE_SERVICES.\n→ Give --yes to replace them." in ended.err
    assert person.type(*by_options(person, "--services", "2", "--panel-key-stdin", "--yes")).code == 0
    assert "RECONCILE_SERVICES=2" in person.env


def test_a_google_sheet(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the emulator: shared, proved, its tabs made; its own time zone counts, which is said."""
    with Emulator(seed=7) as emulator:
        sheet = emulator.new_spreadsheet("A sheet")
        monkeypatch.setenv("SHEETS_EMULATOR_HOST", emulator.host)
        monkeypatch.setenv("RECONCILE_GOOGLE_KEY_JSON", json.dumps(emulator.account()))
        person.answers = [person.url, KEY, f"https://docs.google.com/spreadsheets/d/{sheet}/edit", "1", "es"]
        ended = person.type("setup")
        assert ended.code == 0, ended.err
        assert "A Google Sheet has a time zone of its own" in ended.err
        assert "The sheet is shared with" in ended.err
        assert person.type("sync").code == 0


def test_a_google_sheet_that_is_not_shared(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says with whom to share it; Enter looks again."""
    with Emulator(seed=7) as emulator:
        sheet = emulator.new_spreadsheet("A sheet", share=("somebody@example.com",))
        monkeypatch.setenv("SHEETS_EMULATOR_HOST", emulator.host)
        monkeypatch.setenv("RECONCILE_GOOGLE_KEY_JSON", json.dumps(emulator.account()))
        person.answers = [person.url, KEY, sheet, STOP]
        ended = person.type("setup")
        assert (ended.code, person.files) == (130, [])
        assert f"The sheet is not shared with {emulator.service_account}" in ended.err
        assert person.asked[-1] == (guide.QUESTIONS["sheet"], sheet)


# --- the files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    ["plain", "with space", "#hash", "it's", 'say "x"', "back\\slash", "${HOME}", "a=b", "ключ", "'", "\\'", "$(id)"],
)
@pytest.mark.parametrize("profile", [None, "a"])
def test_a_value_arrives_as_it_was_given(tmp_path: Path, value: str, profile: str | None) -> None:
    """Whatever a key is made of, in both files."""
    file = SettingsFile(tmp_path, profile)
    file.write(file.with_values({"panel_key": value}))
    found = load_settings(folder=tmp_path, profile=profile).panel_key
    assert found is not None
    assert found.get_secret_value() == value


@pytest.mark.parametrize(
    "text",
    ['profiles.a.sheet = "x.xlsx"\n', 'profiles = { a = { sheet = "x.xlsx" } }\n', '[profiles]\na = { sheet = "x" }\n'],
)
def test_a_file_written_in_another_way_is_left_alone(tmp_path: Path, text: str) -> None:
    """It is said which settings to put there by hand; the file is not touched."""
    (tmp_path / "reconcile.toml").write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"reconcile\.toml is written in a way"):
        SettingsFile(tmp_path, "a").with_values({"sheet": "y.xlsx"})
    assert (tmp_path / "reconcile.toml").read_text("utf-8") == text


def test_at_a_real_terminal_the_key_is_not_echoed(person: Person) -> None:
    """The program in a pseudo-terminal: what the terminal shows has every answer but the key."""
    answers = [person.url, KEY, "orders.xlsx", "1", "en", "UTC", "y"]
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-m", "reconcile", "setup"])  # noqa: S606 - our own program
    shown = b""
    while answers or process:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, f"it is silent: {shown.decode()}"
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break  # it ended, and its terminal with it
        if answers and shown.rstrip(b"\r\n ").endswith((b":", b"]:")) and shown.endswith(b": "):
            os.write(terminal, str(answers.pop(0)).encode() + b"\n")
            shown += b"\n"
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown.decode()
    assert b"orders.xlsx is ready. Next:" in shown
    assert person.url.encode() in shown
    assert KEY.encode() not in shown
