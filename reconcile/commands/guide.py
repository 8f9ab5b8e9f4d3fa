"""`setup`: asks for everything one panel and one workbook need, proves each answer at once, and only then writes it.

Nothing is written before the last answer is proved, so that Ctrl-C at any question leaves everything as it was.
"""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from reconcile.commands import look, shell, world
from reconcile.commands.shell import AsJson
from reconcile.errors import AccessRefused, Exit, NeverSent, ReconcileError, SettingsError, Unavailable
from reconcile.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconcile.commands.settings_file import SettingsFile
    from reconcile.config import Settings

OPTIONS: Final = {
    "panel_url": "--panel-url",
    "panel_key": "--panel-key-stdin",
    "sheet": "--sheet",
    "google_key_json": "--google-key",
    "services": "--services",
    "language": "--language",
    "timezone": "--timezone",
}
"""Setting → the option that answers for it."""

QUESTIONS: Final = {
    "panel_url": "Address of the panel's admin API (https://…/admin/v1)",
    "panel_key": "Its key (you will not see it)",
    "sheet": "Workbook: a Google Sheet's address, or a file such as orders.xlsx",
    "google_key_json": "Path of the Google account's key file (.json; docs/google.md says how to get one)",
    "services": "Ids of the services to receive, separated by commas (or none yet)",
    "language": "Language of the workbook (en, es, pt, tr or hi)",
    "timezone": "Time zone for its dates",
}

NEEDED: Final = ("panel_url", "panel_key", "sheet")
KEPT: Final = "the one that is set"
NONE: Final = "none"


def typed(question: str, default: str, *, hidden: bool = False) -> str:
    """One answer typed at the terminal, trimmed; Enter takes the default. Ctrl-C and the end of input abort."""
    shown = "" if hidden and default else default
    asked = f"{question} [{default}]" if hidden and default else question
    said = typer.prompt(
        line(asked), default=shown if shown or default else None, hide_input=hidden, show_default=bool(shown), err=True
    )
    return str(said).strip() or default


@dataclass
class _Answers:
    """What is known so far.

    settings: everything that is set, with the answers in it. given: answers by option, taken first, once each. said: setting → the
    text to write. asks: whether a person is at the terminal.
    """

    settings: "Settings"
    file: "SettingsFile"
    given: dict[str, str]
    asks: bool
    said: dict[str, str] = field(default_factory=dict)
    proved: list[str] = field(default_factory=list)

    def answer(self, name: str, default: str = "") -> str:
        """A right answer for one setting: by option, by what is set, or asked until it is right. Raises SettingsError."""
        if name in self.given:
            text = self.given.pop(name)
            if wrong := self._wrong(name, text):
                raise SettingsError(
                    f"{OPTIONS[name]}: this {_ended(wrong)}", "`reconcile setup --help` lists the options."
                )
        elif not self.asks:
            text = default
        else:
            while wrong := self._wrong(name, text := typed(QUESTIONS[name], default, hidden=name == "panel_key")):
                shell.say(f"  This {_ended(wrong)}")
        if text not in ("", KEPT, NONE):
            self.put(name, text)
        return text

    def put(self, name: str, text: str) -> None:
        """Takes an answer as right."""
        from reconcile.config import Settings

        value = getattr(Settings.model_validate({name: text}), name)
        self.settings = self.settings.model_copy(update={name: value})
        self.said[name] = text

    def prove(self, text: str) -> None:
        """Tells what was proved."""
        self.proved.append(text)
        from reconcile.report.text import Line

        shell.show([Line(f"  ✓ {line(text)}", "good")], error=True)

    def _wrong(self, name: str, text: str) -> str:
        from reconcile.config import refusal, set_above

        if text in (KEPT, "") or (name in ("services", "google_key_json") and text == NONE):
            return "is needed" if name in NEEDED and not text else ""
        if not text.isprintable():
            return "has a character in it that cannot be typed; copy it again"
        if wrong := refusal(name, text):
            return wrong
        place, value = set_above(name, profile=self.file.profile is not None)
        if place and value != text:
            return f"is another one than {place} sets, and that would win; remove it there first"
        return ""


def _ended(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def setup(
    panel_url: Annotated[str, typer.Option(help="The panel's admin API, https://domain.com/admin/v1.")] = "",
    panel_key_stdin: Annotated[
        bool, typer.Option("--panel-key-stdin", help="Read the key from stdin; or set RECONCILE_PANEL_KEY.")
    ] = False,
    sheet: Annotated[str, typer.Option(help="A Google Sheet's address or id, or a path ending in .xlsx.")] = "",
    google_key: Annotated[str, typer.Option(help="Path of the Google account's key file.")] = "",
    services: Annotated[str, typer.Option(help="Ids of the services to receive: 12,13.")] = "",
    language: Annotated[str, typer.Option(help="The workbook's language: en, es, pt, tr or hi.")] = "",
    timezone: Annotated[str, typer.Option(help="For dates in an .xlsx, such as Europe/Berlin.")] = "",
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Ask nothing: options and what is set are the answers; replace what differs."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Set everything up by question and answer. Proves each answer, receives nothing, writes .env and makes the workbook."""
    said = {
        "panel_url": panel_url,
        "sheet": sheet,
        "google_key_json": google_key,
        "services": services,
        "language": language,
        "timezone": timezone,
        "panel_key": sys.stdin.read() if panel_key_stdin else "",
    }
    given = {name: text.strip() for name, text in said.items() if text.strip()}
    answers = _begin(given, asks=not yes and not panel_key_stdin and sys.stdin.isatty())
    if panel_key_stdin and "panel_key" not in given:
        raise SettingsError("--panel-key-stdin: stdin is empty.", "Give the key there: … < key.txt")
    _panel(answers)
    fresh = _workbook(answers)
    _ask_the_rest(answers, fresh=fresh)
    text = _agreed_text(answers, yes=yes)
    return _finish(answers, text, as_json=as_json)


def _begin(given: dict[str, str], *, asks: bool) -> _Answers:
    """What is set already, and where the answers will be written. Raises SettingsError where something needed cannot be asked for."""
    from reconcile import config
    from reconcile.commands.settings_file import SettingsFile

    profile = shell.options.profile
    if profile is None:
        profile = config.load_settings().profile
    known = profile is None or profile in config.profiles()
    if profile is not None and not profile.replace("_", "").isalnum():
        raise SettingsError("A profile's name has letters, digits and _ only.", "Give another one after --profile.")
    settings = config.load_settings(profile=profile) if known else config.Settings.model_validate({})
    absent = [name for name in NEEDED if name not in given and not getattr(settings, name)]
    if absent and not asks:
        options = ", ".join(OPTIONS[name] for name in absent)
        raise SettingsError(
            f"Nobody is here to answer, and these are missing: {options}.",
            "Give them, or run `reconcile setup` in a terminal.",
        )
    return _Answers(settings, SettingsFile(Path(), profile), given, asks)


# --- the panel ---------------------------------------------------------------------------------------------------------


def _panel(answers: _Answers) -> None:
    """Address and key, until the panel takes both. Proved by a call that changes and hands out nothing."""
    wanted: tuple[str, ...] = ("panel_url", "panel_key")
    while True:
        if "panel_url" in wanted:
            answers.answer("panel_url", answers.settings.panel_url or "")
        if "panel_key" in wanted:
            _key(answers)
        try:
            with world.open_panel(answers.settings) as panel:
                panel.probe()
                unproved = panel.unproved
        except ReconcileError as error:
            if not answers.asks:
                raise
            shell.show_failure(
                error.what, error.next_step, kind=type(error).__name__, code=error.exit_code, as_json=False
            )
            wanted = ("panel_url", "panel_key")
            if isinstance(error, AccessRefused):
                wanted = ("panel_key",)
                answers.settings = answers.settings.model_copy(update={"panel_key": None})
            away = isinstance(error, NeverSent | Unavailable)
            if away and typer.confirm("Go on with this address and key, unproved?", default=False, err=True):
                return
        else:
            doubt = f", but {unproved}" if unproved else " and takes the key"
            answers.prove(f"{answers.settings.panel_url} answers{doubt}. Nothing was received.")
            return


def _key(answers: _Answers) -> None:
    """The key. One that is set already is kept by pressing Enter; one from the environment is written like any other."""
    set_already = answers.settings.panel_key
    said = answers.answer("panel_key", KEPT if set_already else "")
    if said == KEPT and set_already and "panel_key" not in answers.file.says():
        answers.said["panel_key"] = set_already.get_secret_value()


# --- the workbook ------------------------------------------------------------------------------------------------------


def _workbook(answers: _Answers) -> bool:
    """The workbook, until it can be opened and written. True when it has none of our tabs yet."""
    from reconcile.config import GoogleBook

    while True:
        answers.answer("sheet", str(answers.settings.sheet or ("orders.xlsx" if answers.asks else "")))
        google = isinstance(answers.settings.sheet, GoogleBook)
        if google and answers.settings.google_emulator is None:
            answers.answer("google_key_json", KEPT if answers.settings.google_key_json else NONE)
        try:
            troubles, told, fresh = _looked_at(answers.settings)
        except ReconcileError as error:
            if not answers.asks:
                raise
            troubles, told, fresh = [look.Check("workbook", error.exit_code, error.what, error.next_step)], [], False
        if not troubles:
            for text in told:
                answers.prove(text)
            return fresh
        first = troubles[0]
        if not answers.asks:
            raise _as_error(first)
        shell.show_failure(first.text, first.next_step, kind="Workbook", code=first.code, as_json=False)
        shell.say("When that is done, press Enter to look again; or name another one.")


def _as_error(found: look.Check) -> ReconcileError:
    """What a look at the workbook found, as the error that ends a command."""
    kinds: dict[Exit, type[ReconcileError]] = {Exit.ACCESS: AccessRefused, Exit.UNAVAILABLE: Unavailable}
    return kinds.get(found.code, SettingsError)(found.text, found.next_step)


def _looked_at(settings: "Settings") -> tuple[list[look.Check], list[str], bool]:
    """(what hinders, what is well, whether `init` has all to do) for the workbook the settings name."""
    from reconcile.config import XlsxBook

    if isinstance(settings.sheet, XlsxBook) and not settings.sheet.path.exists():
        folder = settings.sheet.path.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            why = "may not be written to" if folder.is_dir() else "is not a folder"
            return [look.Check("file", Exit.USAGE, f"{folder} {why}.", "Name a file in a folder of yours.")], [], True
        return [], [f"{settings.sheet.path} can be made."], True
    findings = list(world.open_book(settings).check())
    before_init = ("structure", "protection", "template", "history", "looks")
    bad = [
        look.Check(one.what, look.code_of(one), one.text, one.next_step)
        for one in findings
        if not one.ok and one.what not in (*before_init, "time zone")
    ]
    ready = all(one.ok for one in findings if one.what == "structure")
    return bad, [one.text for one in findings if one.ok], not ready


def _ask_the_rest(answers: _Answers, *, fresh: bool) -> None:
    """Services, language and time zone: what the first `init` puts into the workbook."""
    from reconcile.config import XlsxBook

    known = answers.settings.model_fields_set
    answers.answer("services", ",".join(answers.settings.services) or (NONE if answers.asks else ""))
    if fresh:
        spoken = answers.settings.language if "language" in known or not answers.asks else _likely_language()
        answers.answer("language", spoken)
    elif answers.given.pop("language", None):
        shell.say("The workbook is set up already and keeps its language.")
    if isinstance(answers.settings.sheet, XlsxBook):
        zone = str(answers.settings.timezone) if "timezone" in known or not answers.asks else _likely_zone()
        answers.answer("timezone", zone)
    else:
        answers.given.pop("timezone", None)
        shell.say("A Google Sheet has a time zone of its own: look at File > Settings there before staff begin.")


def _likely_language() -> str:
    from reconcile.workbook.catalogue import LANGUAGES

    spoken = (os.environ.get("LC_ALL") or os.environ.get("LANG") or "")[:2]
    return spoken if spoken in LANGUAGES else "en"


def _likely_zone() -> str:
    """This machine's zone, where it can be told; else UTC."""
    from reconcile.config import refusal

    path = os.path.realpath("/etc/localtime")
    found = os.environ.get("TZ", "").lstrip(":") or path.partition("/zoneinfo/")[2]
    found = found.removeprefix("Etc/")
    return found if found and not refusal("timezone", found) else "UTC"


# --- writing -----------------------------------------------------------------------------------------------------------


def _agreed_text(answers: _Answers, *, yes: bool) -> str:
    """The settings file as it will be, after a person agreed to it; "" where it says all of that already."""
    stands = answers.file.says()
    new = {name: text for name, text in answers.said.items() if stands.get(name) != text}
    if not new:
        return ""
    text = answers.file.with_values(new)
    replaced = [name for name in new if name in stands]
    if answers.asks:
        shell.say(f"\n{answers.file.path.name} will say, for you alone to read:")
        for told in _told(new, stands):
            shell.say(f"  {told}")
        typer.confirm("Write it, and make the workbook?", default=True, abort=True, err=True)
    elif replaced and not yes:
        from reconcile.config import VARIABLES

        names = ", ".join(VARIABLES[name] for name in replaced)
        raise SettingsError(
            f"{answers.file.path.name} sets these already, to something else: {names}.", "Give --yes to replace them."
        )
    return text


def _told(new: dict[str, str], stands: dict[str, str]) -> "Iterator[str]":
    """A line per setting, old and new; of a key only that there is one."""
    from reconcile.config import VARIABLES

    for name, text in new.items():
        secret = name in ("panel_key", "google_key_json") and not text.lower().endswith(".json")
        shown = "•••" if secret else text
        was = "" if name not in stands else " (replaces another one)" if secret else f" (was {stands[name]})"
        yield f"{VARIABLES[name]}={shown}{was}"


def _finish(answers: _Answers, text: str, *, as_json: bool) -> int:
    """Writes the settings, makes the workbook with what a run would find set, and says what comes next."""
    if text:
        answers.file.write(text)
        shell.say(f"Wrote {answers.file.path.name}. Keep it out of any repository: it holds the panel's key.")
    settings = shell.settings("panel", "sheet")
    book = world.open_book(settings)
    try:
        done = book.provision(settings.services)
    except ReconcileError as error:
        error.next_step = f"{error.next_step} The settings are written; `reconcile init` goes on from here.".strip()
        raise
    next_steps = [
        *([] if settings.services else ["List the services to receive in the tab Services, with Yes under Pull."]),
        "reconcile doctor  looks at everything once more; nothing is received.",
        "reconcile sync    does the first run: pending orders become rows.",
    ]
    if as_json:
        shell.show_json(
            {
                "file": str(answers.file.path) if text else "",
                "proved": answers.proved,
                "book": book.name,
                "changed": done.changed,
                "done": done.lines(),
                "next": next_steps,
            }
        )
        return Exit.DONE
    for said in done.lines() or ["The workbook was complete; nothing was changed."]:
        typer.echo(line(said))
    typer.echo(f"\n{line(book.name).removeprefix('the ')} is ready. Next:")
    for said in next_steps:
        typer.echo(f"  → {said}")
    return Exit.DONE
