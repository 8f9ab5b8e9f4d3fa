"""The command line: which commands there are, and how each ends.

Every command returns its exit code (docs/design.md 9) and raises `ReconcileError` for what a person can act on. Nothing heavy is
imported here: `--help` and a usage error answer at once.
"""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconcile import DISTRIBUTION, __version__
from reconcile.commands import (
    books,
    capsules,
    guide,
    look,
    looking,
    panel,
    resolving,
    run,
    setup,
    shell,
    status,
    streams,
    undoing,
    watch,
)
from reconcile.errors import Exit, ReconcileError

if TYPE_CHECKING:
    from collections.abc import Sequence

_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""What typer raises for a wrong command line. It is public only as the base of BadParameter."""


class _Interrupted(Exception):
    """Ctrl-C in a command, set aside: typer makes a bare exit code of it, which `sync` also returns after a whole report."""


class _Group(typer.main.TyperGroup):  # type: ignore[misc, name-defined]
    """The top level: its help ends with the settings and the exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """The command. Raises _Interrupted for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _Interrupted from None

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """The settings table, read from the settings themselves."""
        from reconcile.config import describe_settings

        with formatter.section("Settings (environment, .env, or reconcile.toml)"):
            formatter.write_dl([(item.variable, _meaning(item)) for item in describe_settings()])
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)


def _meaning(item: Any) -> str:
    meaning = item.meaning.replace("`", "")
    return f"{meaning} [{item.default}]" if item.default else meaning


EXIT_CODES = [
    (f"{int(Exit.DONE)}", "done"),
    (f"{int(Exit.BUG)}", "a bug in reconcile"),
    (f"{int(Exit.USAGE)}", "wrong usage or settings"),
    (f"{int(Exit.LIMIT)}", "a limit holds some rows; the rest is done"),
    (f"{int(Exit.LEASE)}", "another run is at work"),
    (f"{int(Exit.UNAVAILABLE)}", "the panel or the workbook cannot be used now; try later"),
    (f"{int(Exit.ACCESS)}", "access refused: the key or the sharing is wrong"),
    (f"{int(Exit.DOUBT)}", "done, but something is in doubt and needs a person"),
    (f"{int(Exit.DAMAGED)}", "the sheet's structure or the journal is damaged, or they do not belong together"),
    ("130, 143", "stopped by a signal (Ctrl-C, SIGTERM); the next run goes on from there"),
]
"""Exit code → meaning, as help and README show it."""

INTERRUPTED = 130
"""The exit code of a process that Ctrl-C ended."""

app = typer.Typer(
    name="reconcile",
    cls=_Group,
    help="Keep a panel and its staff's shared sheet in step: nothing lost, no refund twice.",
    no_args_is_help=False,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"reconcile {__version__} ({DISTRIBUTION})")
        raise typer.Exit


def _profile_names() -> list[str]:
    """The profiles of reconcile.toml, for a shell that completes; none where the file is wrong."""
    from reconcile.config import profiles

    try:
        return profiles()
    except ReconcileError:
        return []


@app.callback()
def _top(
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Use [profiles.NAME] of reconcile.toml.",
            autocompletion=_profile_names,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the result and errors, no talk.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    shell.options.profile = profile
    shell.options.debug = debug
    shell.options.quiet = quiet


for _name, _command in (
    ("setup", guide.setup),
    ("init", setup.init),
    ("doctor", look.doctor),
    ("plan", run.plan),
    ("sync", run.sync),
    ("resolve", resolving.resolve),
    ("restore", books.restore),
    ("adopt", books.adopt),
    ("unlock", books.unlock),
    ("watch", watch.watch),
    ("status", status.status),
    ("runs", undoing.runs),
    ("show", undoing.show),
    ("undo", undoing.undo),
    ("reopen", undoing.reopen),
    ("replay", capsules.replay),
    ("why", look.why),
    ("look", looking.look),
    ("history", look.history),
    ("profiles", setup.profiles),
    ("demo", setup.demo),
    ("practice-panel", setup.practice_panel),
):
    app.command(_name)(_command)
app.add_typer(panel.app, name="panel")


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code, whether or not anybody hears what it says."""
    with streams.lenient():
        return _run(list(sys.argv[1:] if args is None else args))


def _run(given: list[str]) -> int:
    """The last line of defence: nothing gets past it."""
    as_json = "--json" in given
    shell.options = shell.Options()
    try:
        result = app(given or ["--help"], prog_name="reconcile", standalone_mode=False)
    except ReconcileError as error:
        return shell.show_error(error, as_json=as_json)
    except _USAGE_ERROR as error:
        return _usage(error, as_json=as_json)
    except typer.Abort:
        shell.say("Stopped; nothing was done.")
        return _stopped("Stopped at a question; nothing was done.", "", as_json=as_json)
    except (_Interrupted, KeyboardInterrupt):
        return _stopped(
            "Stopped by Ctrl-C.", "What was done so far stays; the next sync goes on from there.", as_json=as_json
        )
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return _bug(error, as_json=as_json)
    return int(result or 0)


def _stopped(what: str, next_step: str, *, as_json: bool) -> int:
    """A person stopped it and knows: only a script is told."""
    if as_json:
        shell.show_json(shell.failure(what, next_step, kind="Stopped", code=INTERRUPTED))
    return INTERRUPTED


def _usage(error: Exception, *, as_json: bool) -> int:
    """A wrong command line, in our style: what is wrong, and where to look."""
    message = str(getattr(error, "format_message", lambda: error)())
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "reconcile")
    hint = _hint(error, message, path) or f"`{path} --help` shows what there is."
    shell.show_failure(message, hint, kind="Usage", code=Exit.USAGE, as_json=as_json)
    return int(Exit.USAGE)


def _hint(error: Exception, message: str, path: str) -> str:
    """Where an option that exists was put in the wrong place."""
    option = str(getattr(error, "option_name", ""))
    if option in ("--profile", "--debug", "--quiet", "-q"):
        return f"{option} goes before the command: reconcile {option}{' NAME' if option == '--profile' else ''} …"
    if option == "--json" and "No such" in message:
        return f"--json goes after the command: {'reconcile plan' if path == 'reconcile' else f'{path} ACTION'} --json"
    return ""


def _bug(error: Exception, *, as_json: bool) -> int:
    """An error nobody foresaw: one paragraph, and the traceback only with --debug (it never shows local values)."""
    if shell.options.debug:
        import traceback

        shell.say("".join(traceback.format_exception(error)).rstrip())
    what = f"Something unexpected happened: {type(error).__name__}. This is a bug in reconcile, not a mistake of yours."
    step = (
        "What was committed to the sheet and journaled is safe; the next sync goes on from there. Please report it with the "
        f"version ({__version__}) and what `reconcile --debug …` prints; remove customers' data from it first."
    )
    shell.show_failure(what, step, kind="Bug", code=Exit.BUG, as_json=as_json)
    return int(Exit.BUG)
