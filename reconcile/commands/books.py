"""`restore`, `adopt` and `unlock`: the ways on when workbook, journal and panel do not agree, and `init --fresh`."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

from typing import TYPE_CHECKING, Annotated

import typer

from reconcile.commands import shell, world
from reconcile.commands.shell import AsJson, Yes
from reconcile.errors import Exit, SettingsError
from reconcile.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconcile.agree import Standing
    from reconcile.config import Settings
    from reconcile.core.model import Snapshot
    from reconcile.core.once import Send
    from reconcile.journal import Journal
    from reconcile.restore import Restored
    from reconcile.workbook.port import Provisioned

MOST = 20
"""So many payments, tickets and refunds are listed; of more, their number."""


def restore(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Go on from an older copy of the workbook, or rebuild a lost one. Nothing is sent to the panel."""
    from reconcile import restore as engine

    settings = shell.settings("sheet")
    with world.open_journal(settings) as journal:
        book = world.open_book(settings)
        work = engine.Work(
            book=book,
            journal=journal,
            panel=world.panel_name(settings),
            clock=world.clock,
            run=world.run_id(),
            make=lambda: book.provision(settings.services, rebuild=True),
            newest=book.newest,
        )
        found = engine.restore(work, dry_run=True)
        if not as_json:
            _show(found, book.name, done=False)
        if dry_run:
            if as_json:
                shell.show_json(_as_json(found, book.name, done=False))
            return Exit.DONE
        shell.confirm("Write this into the workbook?", yes=yes)
        found = engine.restore(work)
    if as_json:
        shell.show_json(_as_json(found, book.name, done=True))
    else:
        typer.echo("")
        _show(found, book.name, done=True)
    return Exit.DOUBT if found.unclear or found.doubt or found.unheard else Exit.DONE


def _show(found: "Restored", name: str, *, done: bool) -> None:
    """What comes back, as a person reads it."""
    from reconcile.agree import what_was_sent

    head = f"{'Restored' if done else 'To restore'}: {name}" + (
        ", which is gone and is made anew" if found.missing else ""
    )
    since = f" (the copy is of {found.since[:16].replace('T', ' ')} UTC)" if found.since else ""
    shell.echo(line(head + since))
    rows = ", ".join(f"{count} {feed}" for feed, count in found.rows.items())
    shell.echo(line(f"  Rows brought back: {rows or 'none'}"))
    shell.echo(line(f"  Known to be sent:  {', '.join(what_was_sent(found.sent)) or 'nothing'}"))
    for text in _listed(found.sent):
        shell.echo(line(text))
    shell.echo(line(f"  In doubt:          {', '.join(what_was_sent(found.unclear)) or 'nothing'}"))
    for text in _listed(found.unclear):
        shell.echo(line(text))
    if found.gone:
        shell.echo(
            line(
                f"  Without a row in this copy: {', '.join(send.about.partition(' ')[2] for send in found.gone[:MOST])}"
            )
        )
    if found.told:
        shell.echo(line(f"  Rows of which the panel has newer values: {found.told}; each row says which."))
    if found.doubt:
        shell.echo(line(f"  Not known here:    {found.doubt.text}"))
    if found.unheard:
        shell.echo(
            line(
                f"  Answers that never came whole, and this copy tells nothing of: {len(found.unheard)}; "
                "the next sync puts them on record."
            )
        )
    shell.echo(
        "  What cannot be known: what other machines did that this one never saw, and what staff typed since that copy was made."
    )
    if done:
        shell.echo("  → `reconcile sync` goes on from here.")


def _listed(sends: "Sequence[Send]") -> list[str]:
    lines = [
        f"    {send.about}{f', {send.amount}' if send.amount else ''}  {(send.answered_at or send.at)[:16].replace('T', ' ')} UTC, run {send.run}"
        for send in sends[:MOST]
    ]
    return [*lines, *([f"    … and {len(sends) - MOST} more"] if len(sends) > MOST else [])]


def _as_json(found: "Restored", name: str, *, done: bool) -> dict[str, object]:
    def named(sends: "Sequence[Send]") -> list[dict[str, str]]:
        return [
            {
                "about": send.about,
                "act": send.act,
                "amount": send.amount,
                "at": send.answered_at or send.at,
                "run": send.run,
            }
            for send in sends
        ]

    return {
        "book": name,
        "done": done,
        "run": found.run,
        "since": found.since,
        "rebuilt": found.missing,
        "rows": dict(found.rows),
        "sent": named(found.sent),
        "in_doubt": named(found.unclear),
        "without_a_row": [send.about for send in found.gone],
        "newer_at_the_panel": found.told,
        "doubt": found.doubt.id if found.doubt else "",
        "unheard": list(found.unheard),
    }


def adopt(yes: Yes = False, as_json: AsJson = False) -> int:
    """Say that this machine, this place or this panel belongs to the workbook from now on."""
    from reconcile import agree
    from reconcile.core.identity import ADOPTABLE
    from reconcile.job import check_schema, read_answer

    settings = shell.settings("sheet")
    with world.open_journal(settings) as journal:
        book = world.open_book(settings)
        snapshot = agree.read(book, journal, read_answer)
        check_schema(snapshot)
        found = agree.standing(book, journal, snapshot, world.panel_name(settings))
        texts = [agree.sentence(finding, found) for finding in found.stops]
        if any(finding.kind not in ADOPTABLE for finding in found.stops):
            found.refuse(snapshot, read_answer)
        if found.stops:
            for text in texts:
                shell.say(text)
            shell.confirm(_adopting(found), yes=yes)
            _check_free(snapshot, journal)
            agree.adopt(found, snapshot, world.run_id(), world.clock())
    kinds = [finding.kind.value for finding in found.stops]
    if as_json:
        shell.show_json({"book": book.name, "adopted": kinds})
    elif kinds:
        shell.echo(
            line(
                f"Adopted: {book.name} belongs to this machine and to the panel in the settings. `reconcile sync` goes on."
            )
        )
    else:
        shell.echo(line(f"There is nothing to adopt: {book.name}, this machine and the panel belong together."))
    return Exit.DONE


def _adopting(found: "Standing") -> str:
    from reconcile.core.identity import Kind

    asked = {
        Kind.STRANGER: "Shall this machine run it, too?",
        Kind.COPY: "Shall this copy be the workbook from now on, and the other one never be used again?",
        Kind.PANEL: f"Is {found.here.panel} the same panel under a new address?",
    }
    return " ".join(asked[finding.kind] for finding in found.stops)


def _check_free(snapshot: "Snapshot", journal: "Journal") -> None:
    from reconcile.core.lease import check_free, lease_of

    lease = lease_of(snapshot.meta)
    check_free(snapshot.meta, world.clock(), [lease.run] if lease is not None and journal.knows_run(lease.run) else [])


def unlock(yes: Yes = False, as_json: AsJson = False) -> int:
    """End the right to run that a run which was killed left behind."""
    from reconcile import agree
    from reconcile.core.lease import LEASE, lease_of
    from reconcile.core.model import Commit
    from reconcile.job import check_schema, read_answer

    settings = shell.settings("sheet")
    with world.open_journal(settings) as journal:
        book = world.open_book(settings)
        snapshot = agree.read(book, journal, read_answer)
        check_schema(snapshot)
        found = agree.standing(book, journal, snapshot, world.panel_name(settings), adopt=settings.adopt == "yes")
        found.refuse(snapshot, read_answer)
        lease = lease_of(snapshot.meta)
        if lease is not None:
            shell.say(f"Run {lease.run} has the right to run until {lease.until:%Y-%m-%d %H:%M} UTC.")
            shell.confirm("Is it surely not at work any more?", yes=yes)
            found.commit(Commit(world.run_id(), meta={LEASE: None}), world.clock().isoformat(timespec="seconds"))
    if as_json:
        shell.show_json({"book": book.name, "ended": lease.run if lease else ""})
    else:
        shell.echo(line(f"Ended the right of run {lease.run}." if lease else "No run holds the right to run."))
    return Exit.DONE


def fresh(settings: "Settings", book: world.Book, *, yes: bool) -> "Provisioned | world.Provisioned":
    """Makes the workbook at hand one of its own: what stands in it is set aside under other titles, and it begins empty."""
    from reconcile import agree
    from reconcile.core.identity import Identity, settled
    from reconcile.core.model import Commit
    from reconcile.errors import NotSetUp, NoWorkbook
    from reconcile.journal import token

    with world.open_journal(settings) as journal:
        known = [other.book for other in journal.books() if other.place == book.place]
        try:
            there = book.read()
        except (NoWorkbook, NotSetUp):
            there = None
        if there is None and not known:
            raise SettingsError(f"There is no workbook to set aside at {book.place}.", "`reconcile init` makes one.")
        shell.say(
            "What stands in the workbook is set aside in tabs of other titles. It begins empty: nothing that was received or sent "
            "before is known to it."
            if there
            else "A new workbook is made. Nothing that the lost one knew is brought back."
        )
        shell.confirm("Make it a workbook of its own?", yes=yes)
        done = book.set_aside(settings.services) if there else book.provision(settings.services, rebuild=True)
        for name in known:
            journal.put_aside(name)
        snapshot = book.read()
        found = agree.standing(book, journal, snapshot, world.panel_name(settings))
        own = Identity(book=token(), revision=snapshot.revision)
        found.identity = settled(own, found.here, ())
        revision = max(snapshot.revision, book.newest()) + 1
        found.commit(Commit(world.run_id(), revision=revision), world.clock().isoformat(timespec="seconds"))
    return done
