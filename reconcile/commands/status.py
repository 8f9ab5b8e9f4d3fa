"""`status`: how one workbook or all of them stand. It reads and changes nothing."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconcile.commands import durations, shell, world
from reconcile.commands.shell import AsJson
from reconcile.errors import Exit, ReconcileError, SettingsError

if TYPE_CHECKING:
    from reconcile.config import Settings
    from reconcile.report.standing import Shown


def status(
    all_profiles: Annotated[
        bool, typer.Option("--all-profiles", help="Every profile of reconcile.toml, one after the other.")
    ] = False,
    max_age: Annotated[
        str | None, typer.Option("--max-age", metavar="TIME", help="Exit 5 when the last good run is older: 30m, 2h.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write one HTML page that needs nothing else.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show how the workbook stands. The last good run, what is held or in doubt, what waits and since when."""
    from reconcile.report import standing

    oldest = None if max_age is None else durations.seconds(max_age, "--max-age", least=1)
    now = world.clock()
    found = [_shown(name, oldest) for name in _names(all_profiles=all_profiles)]
    if page is not None:
        _write(page, standing.html(found, now, durations.shown))
    if as_json:
        shell.show_json(standing.as_json(found, now))
    else:
        shell.show(standing.text(found, now, durations.shown))
    return max(item.code for item in found)


def _names(*, all_profiles: bool) -> list[str | None]:
    """Which profiles to show. Raises SettingsError where all are asked for and there are none."""
    if not all_profiles:
        return [shell.options.profile]
    from reconcile.config import profiles

    if shell.options.profile:
        raise SettingsError("--profile and --all-profiles cannot both be.", "Give one of them.")
    if not (names := profiles()):
        raise SettingsError(
            "There are no profiles: reconcile.toml has no [profiles.NAME] table, or is not here.",
            "Leave --all-profiles out, or run it in the folder of reconcile.toml.",
        )
    return [*names]


def _shown(profile: str | None, oldest: float | None) -> "Shown":
    """One workbook's line. What goes wrong with one is no trouble of the others."""
    from reconcile.config import load_settings, place_of
    from reconcile.report.standing import Shown

    name, book, panel = profile or "", "", ""
    try:
        settings = load_settings("sheet", profile=profile)
        name, book, panel = settings.profile or "", place_of(settings), world.panel_name(settings)
        return _read(settings, name, panel, oldest)
    except ReconcileError as error:
        if profile is None and not book:
            raise
        return Shown(name, book or "no workbook", panel, int(error.exit_code), None, error.what, error.next_step)


def _read(settings: "Settings", name: str, panel: str, oldest: float | None) -> "Shown":
    from reconcile.commands.run import planned_of, seen
    from reconcile.core import status as core
    from reconcile.report.standing import Shown

    book = world.open_book(settings)
    snapshot, disagree = seen(settings, book, ("runs",))
    made = planned_of(book, snapshot, settings)
    now = world.clock()
    found = core.standing(snapshot, made.ledger, made.plan, made.doubts, now=now, zone=book.zone)
    late = _late(found.age(now), oldest)
    code = Exit.UNAVAILABLE if late else Exit.DONE
    what, step = "", ""
    if disagree is not None:
        code, what, step = disagree.exit_code, disagree.what, disagree.next_step
    return Shown(name, book.name, panel, int(code), found, what, step, book.cells_used(), late)


def _late(age: float | None, oldest: float | None) -> str:
    if oldest is None:
        return ""
    if age is None:
        return "There was no good run yet."
    if age <= oldest:
        return ""
    return f"The last good run was {durations.shown(age)} ago, more than {durations.shown(oldest)}."


def _write(page: Path, text: str) -> None:
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{page} cannot be written: {error.strerror}.", "Give a file that can be made.") from None
    shell.say(f"Wrote {page}.")
