"""What every command shares: its flags, its two streams, its settings, and one way to end.

stdout carries the result (text, or JSON with --json), stderr the talk. A command returns its exit code.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import typer

from reconcile.errors import ReconcileError, SettingsError
from reconcile.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress

    from reconcile.config import Settings
    from reconcile.report.text import Line

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]

STYLES: Final = {"head": "bold", "good": "green", "bad": "bold red", "warn": "yellow", "dim": "dim", "": ""}


@dataclass
class Options:
    """The options that stand before the command."""

    profile: str | None = None
    debug: bool = False
    quiet: bool = False
    used: str = ""
    """The profile that the settings name, whoever chose it."""


options = Options()
"""This process's options; the command line sets them once."""


def settings(*needs: str, quiet: bool = False) -> Settings:
    """The settings, with everything in `needs` ("panel", "sheet") set; says where they are not the profile's. Raises SettingsError.

    quiet: it was said before.
    """
    from reconcile.config import load_settings, overridden

    found = load_settings(*needs, profile=options.profile)
    options.used = found.profile or ""
    for text in () if quiet else overridden(profile=options.profile):
        say(text)
    return found


_COMMAND: Final = re.compile(
    r"\breconcile (?=(?:init|doctor|plan|sync|watch|status|runs|show|undo|reopen|replay|resolve|restore|adopt|unlock|why|history|panel)\b)"
)


def addressed(text: str) -> str:
    """`text` with the profile in every command it names, so that what is copied from it speaks of the same panel."""
    return _COMMAND.sub(f"reconcile --profile {_quoted(options.used)} ", text) if options.used else text


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else shlex.quote(name)


def titled(book: str) -> str:
    """A workbook's name with the profile in front, where there is one: `shop: orders.xlsx`."""
    return f"{options.used}: {book}" if options.used else book


def echo(text: str) -> None:
    """One line of the result."""
    typer.echo(addressed(text))


# --- the two streams ---------------------------------------------------------------------------------------------------


def console(*, error: bool = False) -> Console:
    """A console on stdout or stderr that shows text as it is: no markup, no emoji codes, no highlighting, no wrapping."""
    from rich.console import Console

    return Console(file=sys.stderr if error else sys.stdout, markup=False, emoji=False, highlight=False, soft_wrap=True)


def show(lines: Iterable[Line], *, error: bool = False) -> None:
    """Prints lines, coloured where the stream is a terminal."""
    out = console(error=error)
    for item in lines:
        out.print(addressed(item.text), style=STYLES[item.style])


def say(text: str) -> None:
    """One line of talk; none with --quiet."""
    if options.quiet:
        return
    for part in text.split("\n"):
        typer.echo(addressed(line(part)), err=True)


def show_json(content: object) -> None:
    """The result as JSON. ASCII only, so that no terminal acts on what customers wrote."""
    if options.used and isinstance(content, dict):
        content = {"profile": options.used, **content}
    typer.echo(addressed(json.dumps(content, indent=2, default=str)))


def show_error(error: ReconcileError, *, as_json: bool = False) -> int:
    """What happened, then the next step. Returns the exit code."""
    show_failure(error.what, error.next_step, kind=type(error).__name__, code=error.exit_code, as_json=as_json)
    return int(error.exit_code)


def failure(what: str, next_step: str, *, kind: str, code: int) -> dict[str, object]:
    """An error as JSON."""
    return {"exit_code": int(code), "error": {"kind": kind, "what": what, "next_step": next_step}}


def failure_of(error: ReconcileError) -> dict[str, object]:
    """An error as JSON."""
    return failure(error.what, error.next_step, kind=type(error).__name__, code=error.exit_code)


def show_failure(what: str, next_step: str, *, kind: str, code: int, as_json: bool) -> None:
    """An error in our style, as an annotation too where a runner shows those."""
    if as_json:
        show_json(failure(what, next_step, kind=kind, code=code))
    out = console(error=True)
    for number, part in enumerate(what.split("\n")):
        out.print(addressed(line(part)), style="" if number else STYLES["bad"])
    for number, part in enumerate(next_step.split("\n") if next_step else ()):
        out.print(f"{'' if number else '→ '}{addressed(line(part))}")
    annotate("error", what, next_step)


def annotate(level: str, *parts: str) -> None:
    """An annotation on an Action's page ("error" or "warning"); nothing elsewhere. On stderr: stdout is the result."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from reconcile.report.clean import annotation

        text = addressed(" ".join(part for part in parts if part))
        typer.echo(f"::{level}::{annotation(f'{options.used}: {text}' if options.used else text)}", err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Asks on the terminal. Without one, --yes has to be given. Raises SettingsError; Abort when the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise SettingsError(f"{question} Nobody is here to answer.", "Give --yes to go ahead without being asked.")
    typer.confirm(line(question), abort=True, err=True)


# --- progress ----------------------------------------------------------------------------------------------------------


class Talker:
    """A run's talk on stderr: bars on a terminal, plain lines in a log. A context manager."""

    def __init__(self) -> None:
        self._console = console(error=True)
        self._bars: Progress | None = None
        self._task: Any = None
        self._label = ""
        self._total: int | None = None
        self._count = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal and not options.quiet:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish()
        if self._bars is not None:
            self._bars.stop()

    def say(self, text: str) -> None:
        """One line; none with --quiet."""
        if options.quiet:
            return
        self._console.print(line(text), style=STYLES["dim"])

    def start(self, label: str, total: int | None) -> None:
        """A new stretch of work of `total` steps (None: not known)."""
        self._finish()
        self._label, self._total, self._count = label, total, 0
        if self._bars is not None:
            self._task = self._bars.add_task(line(label), total=total)
        elif total is not None:
            self.say(f"{label}: {total}")

    def advance(self, count: int = 1) -> None:
        """So many steps further."""
        self._count += count
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, count)

    def _finish(self) -> None:
        if self._label and (self._total is None or self._bars is not None):
            self.say(f"{self._label}: {self._count}")
        if self._bars is not None and self._task is not None:
            self._bars.remove_task(self._task)
        self._task, self._label = None, ""
