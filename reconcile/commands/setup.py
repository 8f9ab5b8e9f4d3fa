"""`init`, `profiles`, `practice-panel` and `demo`."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

import json
from pathlib import Path
from typing import Annotated

import typer

from reconcile.commands import books, shell, world
from reconcile.commands.shell import AsJson, Yes
from reconcile.errors import Exit, SettingsError
from reconcile.report.clean import line


def init(
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Make a copy a workbook of its own: its tabs are set aside, it begins empty."),
    ] = False,
    action: Annotated[
        Path | None,
        typer.Option(
            "--action", metavar="DIR", help="Write or upgrade what a repository needs to run on schedule; nothing else."
        ),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Make the workbook, or complete one. Adds missing tabs, headings and services; again is harmless."""
    if action is not None:
        if fresh:
            raise SettingsError(
                "--action writes files of a repository, --fresh is about a workbook.", "Give one of them."
            )
        return _init_action(action, as_json=as_json)
    settings = shell.settings("sheet")
    book = world.open_book(settings)
    done = books.fresh(settings, book, yes=yes) if fresh else book.provision(settings.services)
    next_steps = _next_steps(services=bool(settings.services), panel=bool(settings.panel_url and settings.panel_key))
    if as_json:
        shell.show_json({"book": book.name, "changed": done.changed, "done": done.lines(), "next": next_steps})
        return Exit.DONE
    for text in done.lines() or ["Everything was there; nothing was changed."]:
        shell.echo(line(text))
    shell.echo(f"\n{line(book.name).removeprefix('the ')} is ready. Next:")
    for text in next_steps:
        shell.echo(f"  → {line(text)}")
    return Exit.DONE


def _init_action(folder: Path, *, as_json: bool) -> int:
    """The files of an operator's repository."""
    from reconcile.commands import action_files

    done = action_files.write(folder, shell.settings())
    if as_json:
        shell.show_json({"folder": str(folder), "changed": done.changed, "done": done.done, "next": done.next})
        return Exit.DONE
    for text in done.done or ["Everything was there; nothing was changed."]:
        typer.echo(line(text))
    typer.echo("\nNext:")
    for text in done.next:
        typer.echo(f"  → {line(text)}")
    return Exit.DONE


def _next_steps(*, services: bool, panel: bool) -> list[str]:
    steps = []
    if not services:
        steps.append("List the services to receive in the tab Services, with Yes under Pull.")
    if not panel:
        steps.append("Set RECONCILE_PANEL_URL and RECONCILE_PANEL_KEY.")
    return [
        *steps,
        "reconcile doctor  checks everything without receiving anything.",
        "reconcile sync    does the first run.",
    ]


def profiles(as_json: AsJson = False) -> int:
    """List the profiles of reconcile.toml. With --json as a list, for an Action's matrix."""
    from reconcile.config import profiles as names

    found = names()
    if as_json:
        typer.echo(json.dumps(found))
        return Exit.DONE
    for name in found:
        shell.echo(line(name))
    if not found:
        shell.say("There are no profiles: reconcile.toml has no [profiles.NAME] table, or is not here.")
    return Exit.DONE


def practice_panel(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    orders: Annotated[int, typer.Option(min=0, max=100_000, help="How many pending orders it begins with.")] = 250,
    seed: Annotated[int, typer.Option(help="The same seed gives the same orders.")] = 7,
    like: Annotated[str, typer.Option(help="The server it behaves as: reference, laravel, php or v2.")] = "reference",
    as_json: Annotated[bool, typer.Option("--json", help="Changes nothing: the address is always JSON.")] = False,  # noqa: ARG001
) -> int:
    """Serve a made-up panel on this machine. Prints its address and key as one JSON line, then serves until stopped."""
    from reconcile.errors import Unavailable
    from reconcile.panel.likes import KINDS, make
    from reconcile.panel.practice import SERVICES, serve

    if like not in KINDS:
        raise SettingsError(f"There is no practice panel like {like}.", f"Choose one of {', '.join(KINDS)}.")

    def ready(address: dict[str, str]) -> None:
        typer.echo(json.dumps(address))
        shell.say(f"Serving until you press Ctrl-C. Its services: {','.join(SERVICES)}.")

    try:
        serve(port, orders, seed, ready, make=make(like))
    except OSError as error:
        raise Unavailable(
            f"Port {port} cannot be used: {(error.strerror or str(error)).lower()}.", "Take another one, or --port 0."
        ) from error
    return Exit.DONE


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo puts its workbook; made anew each time.")] = Path("demo"),
    as_json: AsJson = False,
) -> int:
    """Show everything at work, without any account. A made-up panel, a workbook, staff's edits, and three syncs."""
    from reconcile.commands.demo import run
    from reconcile.config import language

    return run(folder, language(profile=shell.options.profile), as_json=as_json)
