"""`plan` and `sync`."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconcile.commands import capsules, shell, telling, world
from reconcile.commands.shell import AsJson
from reconcile.errors import Damaged, Exit, LeaseHeld, ReconcileError, SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconcile.config import Settings
    from reconcile.core.model import Outcome, Snapshot
    from reconcile.core.planned import Planned
    from reconcile.errors import Disagree
    from reconcile.job import Stop


def planned_of(book: "world.Book", snapshot: "Snapshot", settings: "Settings") -> "Planned":
    """What a sync would do about what `book` has just read, and every doubt on record. No journal is asked."""
    from reconcile.core.planned import planned
    from reconcile.job import check_schema

    check_schema(snapshot)
    return planned(snapshot, world.rules(settings), world.clock(), None, zone=book.zone, obstacle=book.obstacle)


def plan(as_json: AsJson = False) -> int:
    """Show what the next sync would do. Reads the sheet and nothing else."""
    return _planned(as_json=as_json)


def _planned(*, as_json: bool, force: bool = False) -> int:
    """Shows the plan; with `force` the one of a run that overrides its limits."""
    from reconcile.job import plan_only

    settings = shell.settings("sheet")
    book = world.open_book(settings)
    snapshot, disagree = seen(settings, book)
    made, doubts = plan_only(book, world.rules(settings), world.clock(), force=force, snapshot=snapshot)
    if as_json:
        from reconcile.report import as_json as report

        failed = {} if disagree is None else shell.failure_of(disagree)
        shell.show_json({**report.plan(made, doubts, book.name), **failed})
    else:
        from reconcile.report import text

        shell.show(text.plan(made, doubts, shell.titled(book.name)))
    if disagree is not None:
        return shell.show_error(disagree)
    return Exit.LIMIT if made.holding else Exit.DONE


def seen(settings: "Settings", book: world.Book, also: "Sequence[str]" = ()) -> "tuple[Snapshot, Disagree | None]":
    """The workbook as it is, and why a sync would not go on with it: for commands that only look. Nothing is written.

    While a run is at work with the journal, it is for that run to say what the workbook is.
    """
    from contextlib import ExitStack

    from reconcile import agree
    from reconcile.job import read_answer

    with ExitStack() as stack:
        try:
            journal = stack.enter_context(world.peek(settings))
        except LeaseHeld:
            return book.read(also), None
        except (Damaged, Unavailable) as error:  # looking goes on; a sync would not
            shell.say(f"{error.what} So nobody can say here whether it belongs to this workbook.")
            return book.read(also), None
        snapshot = agree.read(book, journal, read_answer, also)
        found = agree.standing(book, journal, snapshot, world.panel_name(settings), adopt=settings.adopt == "yes")
        return snapshot, found.disagreement(snapshot, read_answer)


def sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan, like `reconcile plan`.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Override the limits and RECONCILE_MONEY_WAIT, once. Nothing else is overridden. With --dry-run: show that.",
        ),
    ] = False,
    wait: Annotated[
        float,
        typer.Option("--wait", metavar="SECONDS", min=0, help="Wait so long for another run to finish."),
    ] = 0,
    capsule: Annotated[
        Path | None,
        typer.Option("--capsule", metavar="FILE", help="Keep what the plan was made from, without anybody's texts."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Send what staff changed, then receive new work."""
    if dry_run:
        if wait:
            raise SettingsError("--dry-run changes nothing and waits for nobody.", "Leave --wait out.")
        if capsule is not None:
            raise SettingsError("--dry-run makes no capsule.", "Leave --capsule or --dry-run out.")
        return _planned(as_json=as_json, force=force)
    from reconcile.commands.signals import Signals
    from reconcile.job import Stop

    settings = shell.settings("panel", "sheet")
    stop, kept = Stop(), list["Snapshot"]()
    with told(settings), Signals(stop, shell.say) as signals:
        try:
            made, book = _until_free(settings, stop, force=force, wait=wait, witness=kept.append)
        except LeaseHeld:
            if not signals.received:
                raise
            code = signals.exit_code(Exit.DONE, "")
            shell.show_failure(
                "Stopped while another run was at work; nothing was done.",
                "",
                kind="Stopped",
                code=code,
                as_json=as_json,
            )
            return code
        code = signals.exit_code(made.exit_code, made.stopped)
    telling.ended(settings, made, book)
    if capsule is not None and kept:
        now = made.started.astimezone(settings.timezone)
        capsules.keep(capsule, capsules.made(kept[-1], settings, now, force=force))
    return _report(made, book, code, as_json=as_json)


@contextmanager
def told(settings: "Settings") -> "Iterator[None]":
    """Pings that a run begins, and tells of one that could not. Another run at work is none."""
    from reconcile.config import place_of

    telling.started(settings)
    try:
        yield
    except LeaseHeld:
        raise
    except ReconcileError as error:
        telling.failed(settings, int(error.exit_code), type(error).__name__, place_of(settings))
        raise


def _until_free(
    settings: "Settings", stop: "Stop", *, force: bool, wait: float, witness: "Callable[[Snapshot], None]"
) -> "tuple[Outcome, str]":
    """One run, begun again while another one is at work and `wait` is not over."""
    from reconcile.job import sync as run

    until = world.clock().timestamp() + wait
    told = False
    while True:
        try:
            with shell.Talker() as talk, world.open_job(settings, talk, stop, witness=witness) as job:
                return run(job, force=force), job.book.name
        except LeaseHeld as held:
            left = until - world.clock().timestamp()
            if left <= 0 or stop.requested:
                raise
            if not told:
                shell.say(f"{held.what} Waiting up to {left:.0f} s for it.")
                told = True
            world.sleep(min(2.0, left))
            if stop.requested:
                raise


def finished(work: "Callable[[], tuple[Outcome, str, int]]", *, as_json: bool) -> int:
    """Does one run and reports it. work: returns what it did, the workbook's name and the exit code."""
    made, book, code = work()
    return _report(made, book, code, as_json=as_json)


def _report(made: "Outcome", book: str, code: int, *, as_json: bool) -> int:
    """The result on stdout, the summary and the annotations where a runner shows them. Returns the exit code."""
    from dataclasses import replace

    made = replace(made, exit_code=code)
    if as_json:
        from reconcile.report import as_json as report

        shell.show_json(report.outcome(made, book))
    else:
        from reconcile.report import text

        shell.show(text.outcome(made, shell.titled(book)))
    _summary(made, book)
    if made.stopped:
        shell.annotate("error", made.stopped)
    for doubt in made.doubts:
        from reconcile.report.facts import way_out

        shell.annotate("warning", doubt.text, f"Close it with: {way_out(doubt)}")
    return code


def _summary(made: "Outcome", book: str) -> None:
    """Appends the Markdown summary to the file a runner names; one that cannot be written is only mentioned."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    from reconcile.report import markdown

    try:
        with Path(target).open("a", encoding="utf-8") as stream:
            stream.write(shell.addressed(markdown.outcome(made, shell.titled(book))))
    except OSError as error:
        shell.say(f"The summary could not be written: {error.strerror}.")
