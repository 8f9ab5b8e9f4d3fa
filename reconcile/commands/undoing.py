"""`runs`, `show`, `undo` and `reopen`: what runs did, and taking it back."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from reconcile.commands import shell, world
from reconcile.commands.shell import AsJson, Yes
from reconcile.core.model import Feed
from reconcile.errors import Exit, LeaseHeld, SettingsError
from reconcile.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconcile.config import Settings
    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Outcome, Plan, Row, Snapshot
    from reconcile.core.undo import Done, Kept, Undo
    from reconcile.report.text import Line

    Find = Callable[[Snapshot, Ledger], Sequence[Done]]

RunName = Annotated[str, typer.Argument(metavar="RUN", help="The run's name; `reconcile runs` lists them.")]

SHOWN = 20
"""So many lines of one kind are shown on a terminal; JSON has all of them."""


def runs(
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="How many of the newest to show.")] = SHOWN,
    as_json: AsJson = False,
) -> int:
    """List the latest runs. When each was, how it ended, what it received and sent."""
    from reconcile.core import undo as core
    from reconcile.report import past

    settings = shell.settings("sheet")
    book = world.open_book(settings)
    found = core.runs(book.read(("runs",)))[-last:]
    if as_json:
        shell.show_json({"book": book.name, "runs": [past.row(row) for row in found]})
    else:
        shell.show(past.runs(found))
    return Exit.DONE


def show(run: RunName, as_json: AsJson = False) -> int:
    """Show one run. Its line, and every value it sent with what became of it."""
    from reconcile.core import undo as core
    from reconcile.report import past

    settings = shell.settings("sheet")
    book = world.open_book(settings)
    snapshot = book.read(("runs", "history"))
    name, row = _run(snapshot, run)
    found = core.history(snapshot, run=name)
    if as_json:
        shell.show_json(
            {"book": book.name, "run": past.row(row) if row else None, "history": [past.row(one) for one in found]}
        )
    else:
        shell.show(past.run(row, found, name))
    return Exit.DONE


def undo(
    run: RunName,
    tab: Annotated[str | None, typer.Option("--tab", metavar="TAB", help="Only this tab: orders or refills.")] = None,
    ids: Annotated[str | None, typer.Option("--ids", metavar="ID,ID", help="Only these rows.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Override the limits, once.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Take back what a run told the panel. Money, messages and what was received stay; they are listed. Asks first."""
    from reconcile.core import undo as core

    tabs = (_tab(tab),) if tab else ()
    keys = _ids(ids) if ids is not None else ()

    def find(snapshot: "Snapshot", _: "Ledger") -> "Sequence[Done]":
        name, _row = _run(snapshot, run)
        return core.chosen(core.lines(snapshot, run=name), tabs, keys)

    return _carry_out(run, find, force=force, yes=yes, as_json=as_json)


def reopen(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The order's id.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Open a completed order again, at the panel and in the ledger. A refunded one stays closed. Asks first."""
    from reconcile.core import undo as core
    from reconcile.core.cells import id_text

    key = id_text(id_.strip().removeprefix("#"))

    def find(snapshot: "Snapshot", ledger: "Ledger") -> "Sequence[Done]":
        found = core.reopening(key, snapshot, ledger)
        if found is None:
            raise SettingsError(
                f"Order {line(id_)} is not closed here, so it cannot be opened again.",
                "`reconcile why ID` tells how it stands.",
            )
        return (found,)

    return _carry_out(key, find, force=False, yes=yes, as_json=as_json)


# --- pieces ------------------------------------------------------------------------------------------------------------


def _tab(given: str) -> Feed:
    """A feed by its name. Raises SettingsError for one of which nothing can be taken back."""
    name = given.strip().casefold()
    if name in (Feed.ORDERS, Feed.REFILLS):
        return Feed(name)
    if name in [feed.value for feed in Feed]:
        raise SettingsError(f"Nothing of {line(given)} can be taken back.", "Give --tab orders or --tab refills.")
    raise SettingsError(f"There is no tab {line(given)}.", "Give --tab orders or --tab refills.")


def _ids(given: str) -> tuple[str, ...]:
    from reconcile.core.cells import id_text

    found = tuple(dict.fromkeys(key for part in given.split(",") if (key := id_text(part.strip().removeprefix("#")))))
    if not found:
        raise SettingsError("No ids are given.", "Give them like this: --ids 15,16")
    return found


def _run(snapshot: "Snapshot", given: str) -> "tuple[str, Row | None]":
    """A run by its name and its line, which it has none of while it is at work or when it was killed. Raises SettingsError."""
    from difflib import get_close_matches

    from reconcile.core import undo as core

    rows = {str(row.get("run")): row for row in core.runs(snapshot)}
    name = given.strip()
    if name in rows:
        return name, rows[name]
    if core.history(snapshot, run=name):
        return name, None
    near = get_close_matches(name, rows, n=1)
    raise SettingsError(
        f"There is no run {line(given)} in this workbook." + (f" Did you mean {near[0]}?" if near else ""),
        "`reconcile runs` lists the latest ones.",
    )


def _carry_out(what: str, find: "Find", *, force: bool, yes: bool, as_json: bool) -> int:
    """Shows what would be taken back, asks, and does it as a run of its own."""
    from reconcile.commands.run import finished
    from reconcile.core import undo as core

    settings = shell.settings("panel", "sheet")
    seen, made = _looked(settings, what, find, force=force)
    shell.show(_told(made, seen, what), error=True)
    if not made.pushes:
        if as_json:
            shell.show_json({"exit_code": int(_code(made)), "undone": 0, "kept": [_kept(one) for one in seen.kept]})
        return _code(made)
    shell.confirm("Take this back at the panel and in the ledger?", yes=yes)

    def remedy(snapshot: "Snapshot", ledger: "Ledger") -> "Plan":
        found = core.inverse(find(snapshot, ledger), snapshot, ledger, what)
        return core.plan(found, snapshot, ledger, world.rules(settings), force=force)

    return finished(lambda: _sent(settings, remedy), as_json=as_json)


def _sent(settings: "Settings", remedy: "Callable[[Snapshot, Ledger], Plan]") -> "tuple[Outcome, str, int]":
    from reconcile.commands.signals import Signals
    from reconcile.job import Stop, sync

    stop = Stop()
    with (
        Signals(stop, shell.say) as signals,
        shell.Talker() as talk,
        world.open_job(settings, talk, stop, remedy=remedy) as job,
    ):
        made = sync(job)
        return made, job.book.name, signals.exit_code(made.exit_code, made.stopped)


def _looked(settings: "Settings", what: str, find: "Find", *, force: bool) -> "tuple[Undo, Plan]":
    """What would be taken back now. Raises SettingsError, LeaseHeld, and what keeps a run from beginning."""
    from reconcile.commands.run import planned_of
    from reconcile.core import undo as core
    from reconcile.core.lease import lease_of

    with world.open_journal(settings) as journal:
        book = world.open_book(settings)
        snapshot, _ = world.agreed(settings, book, journal, ("runs", "history"))
    lease = lease_of(snapshot.meta)
    if lease is not None and lease.held(world.clock()):
        raise LeaseHeld(f"Run {lease.run} is at work, or was killed.", "Try again when it has ended.")
    ledger = planned_of(book, snapshot, settings).ledger
    found = core.inverse(find(snapshot, ledger), snapshot, ledger, what)
    return found, core.plan(found, snapshot, ledger, world.rules(settings), force=force)


def _told(made: "Plan", found: "Undo", what: str) -> "list[Line]":
    """What would be taken back, and what would not, with why."""
    from reconcile.core.undo import REASONS
    from reconcile.core.words import TERMINAL
    from reconcile.report import facts
    from reconcile.report.text import Line

    out = []
    if made.pushes:
        out.append(Line(f"To take back of {line(what)}: {facts.counted(len(made.pushes), 'row')}", "head"))
        out += [
            Line(f"  {line(facts.place(push.feed, push.key, push.row))}  {line(facts.phrase(push))}")
            for push in made.pushes[:SHOWN]
        ]
        out += [Line(f"  … and {len(made.pushes) - SHOWN} more", "dim")] if len(made.pushes) > SHOWN else []
    if made.holding:
        out.append(Line(f"Held by a limit: {facts.held(made)}", "bad"))
        out += [Line(f"  {line(limit.text)}", "bad") for limit in made.holding]
        out.append(Line("  → If this is what you want, give --force; or take back fewer with --ids."))
    if found.kept:
        out.append(Line(f"Not taken back: {facts.counted(len(found.kept), 'value')}", "warn"))
        reasons = Counter((one.done.feed, one.why) for one in found.kept)
        for (feed, why), count in sorted(reasons.items()):
            keys = [one.done.key for one in found.kept if (one.done.feed, one.why) == (feed, why)]
            shown = ", ".join(dict.fromkeys(f"#{line(key)}" for key in keys[:8])) + (" …" if len(keys) > 8 else "")  # noqa: PLR2004 - one line
            out.append(Line(f"  {TERMINAL.TAB[feed]} {shown} ({count}): {REASONS[why]}", "warn"))
    if not out:
        out.append(Line(f"{line(what)} told the panel nothing that could be taken back."))
    return out


def _kept(one: "Kept") -> dict[str, str]:
    return {
        "feed": one.done.feed.value,
        "id": one.done.key,
        "field": one.done.field,
        "to": one.done.new,
        "why": one.why.value,
    }


def _code(made: "Plan") -> Exit:
    return Exit.LIMIT if made.holding else Exit.DONE
