"""`why`, `history` and `doctor`: they look and change nothing."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconcile.commands import shell, telling, world
from reconcile.commands.run import planned_of, seen
from reconcile.commands.shell import AsJson
from reconcile.errors import Exit, LeaseHeld, ReconcileError, SettingsError
from reconcile.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconcile.config import Settings
    from reconcile.core.model import Snapshot

Id = Annotated[str, typer.Argument(metavar="ID", help="An order's, refill's or cancel's id, or a reference.")]


def why(id_: Id, as_json: AsJson = False) -> int:
    """Tell why a row is as it is. What panel, ledger and sheet say about one id, and what the next sync does with it."""
    from reconcile.core import why as core

    keys = _keys(id_)
    settings = shell.settings("sheet")
    book = world.open_book(settings)
    snapshot = book.read(("history", "archive"))
    made = planned_of(book, snapshot, settings)
    for key in keys:
        found = core.stories(key, snapshot, made.ledger, made.plan)
        archived = core.archived(key, snapshot)
        if found or archived:
            break
    else:
        raise SettingsError(
            f"{id_} stands neither in the sheet nor in the ledger.",
            "Check the id. If it is an order the panel shows as Pending, the next sync receives it.",
        )
    if as_json:
        from reconcile.report import as_json as report

        shell.show_json(
            {
                "book": book.name,
                "id": key,
                "feeds": [report.story(item) for item in found],
                "archive_rows": list(archived),
            }
        )
    else:
        from reconcile.report import text

        shell.show(text.stories(found, archived, key))
    return Exit.DONE


def history(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="An id or reference; without it, all lines.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="From a day on (2026-11-22), or so far back: 12h, 7d.")
    ] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="Only lines of this run.")] = None,
    as_csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write them as CSV; - for standard output.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show the History lines of one id, of a run, or since a day."""
    from reconcile.core import undo
    from reconcile.report import past

    if as_csv is not None and as_json:
        raise SettingsError("--csv and --json cannot both be.", "Give one of them.")
    if id_ is None and since is None and run is None and as_csv is None:
        raise SettingsError("History of what?", "Name an id, or give --since 7d, --run RUN or --csv FILE.")
    keys = _keys(id_) if id_ is not None else (None,)
    settings = shell.settings("sheet")
    book = world.open_book(settings)
    snapshot = book.read(("history",))
    from_ = None if since is None else _since(since, book)
    found = [(key, undo.history(snapshot, run=run, key=key, since=from_)) for key in keys]
    key, lines = next(((key, lines) for key, lines in found if lines), (keys[-1], []))
    if as_csv is not None:
        _write_csv(as_csv, past.as_csv(lines))
    elif as_json:
        shell.show_json({"book": book.name, "id": key, "history": [past.row(row) for row in lines]})
    elif key is not None:
        from reconcile.report import text

        shell.show(text.history(lines, key))
    else:
        from reconcile.report.text import Line

        shell.show([Line(past.told(row)) for row in lines] or [Line("History has no such line.")])
    return Exit.DONE


def _since(given: str, book: "world.Book") -> "datetime":
    """A time of the sheet, without a zone. Raises SettingsError."""
    from datetime import datetime, timedelta

    from reconcile.commands import durations

    try:
        found = datetime.fromisoformat(given.strip())
    except ValueError:
        try:
            back = timedelta(seconds=durations.seconds(given, "--since"))
        except SettingsError:
            raise SettingsError(
                f"--since {line(given)} is neither a day nor a duration.", "Write it like 2026-11-22, 12h or 7d."
            ) from None
        return (world.clock() - back).astimezone(book.zone).replace(tzinfo=None)
    return found.astimezone(book.zone).replace(tzinfo=None) if found.tzinfo else found


def _write_csv(target: Path, text: str) -> None:
    if str(target) == "-":
        typer.echo(text, nl=False)
        return
    try:
        target.write_text(text, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise SettingsError(f"{target} cannot be written: {error.strerror}.", "Give a file that can be made.") from None
    shell.say(f"Wrote {target}.")


def _keys(given: str) -> tuple[str, ...]:
    """The id as it was given and, where it was copied out of Sync (`#15`), without the sign. Raises SettingsError for none."""
    from reconcile.core.cells import id_text

    keys = tuple(dict.fromkeys(key for text in (given, given.strip().removeprefix("#")) if (key := id_text(text))))
    if not keys or keys == ("#",):
        raise SettingsError("No id is given.", "Name an order's, refill's or cancel's id, or a reference: 15")
    return keys


# --- doctor ------------------------------------------------------------------------------------------------------------

WORST = (
    Exit.DONE,
    Exit.LIMIT,
    Exit.DOUBT,
    Exit.LEASE,
    Exit.UNAVAILABLE,
    Exit.USAGE,
    Exit.ACCESS,
    Exit.DAMAGED,
    Exit.BUG,
)
"""Exit codes by how much they hinder a sync."""

_CODE_OF = {
    "file": Exit.USAGE,
    "open": Exit.UNAVAILABLE,
    "writable": Exit.ACCESS,
    "structure": Exit.DAMAGED,
    "template": Exit.USAGE,
    "sharing": Exit.ACCESS,
    "key": Exit.ACCESS,
    "protection": Exit.ACCESS,
    "history": Exit.DAMAGED,
    "time zone": Exit.USAGE,
}
"""What a workbook's check looked at → the exit code when it is not well."""


@dataclass(frozen=True)
class Check:
    """One line of `doctor`. code: DONE is ✓; DOUBT and LEASE are !, to know; any other is ✗."""

    what: str
    code: Exit
    text: str
    next_step: str = ""
    warns: bool = False

    @property
    def mark(self) -> str:
        """The sign in front of the line."""
        return (
            "✓"
            if self.code is Exit.DONE and not self.warns
            else "!"
            if self.warns or self.code in (Exit.DOUBT, Exit.LEASE)
            else "✗"
        )


def doctor(as_json: AsJson = False) -> int:
    """Check settings, workbook, panel, key and journal. Nothing is received or changed."""
    checks = list(_checks())
    code = max((check.code for check in checks), key=WORST.index)
    if as_json:
        shell.show_json(
            {
                "exit_code": int(code),
                "checks": [
                    {
                        "what": c.what,
                        "ok": c.code is Exit.DONE,
                        "code": int(c.code),
                        "text": c.text,
                        "next_step": c.next_step,
                    }
                    for c in checks
                ],
            }
        )
        return code
    from reconcile.report.text import Line

    style = {"✓": "good", "!": "warn", "✗": "bad"}
    for check in checks:
        first, *more = check.text.split("\n")
        shell.show([Line(f"{check.mark} {check.what:<10} {line(first)}", style[check.mark])])
        shell.show([Line(f"  {'':<10} {line(part)}", style[check.mark]) for part in more])
        for number, part in enumerate(check.next_step.split("\n") if check.next_step else ()):
            shell.show([Line(f"  {'':<10} {'' if number else '→ '}{line(part)}")])
    return code


def _checks() -> "Iterator[Check]":
    try:
        settings = shell.settings()
    except ReconcileError as error:
        yield Check("settings", error.exit_code, error.what, error.next_step)
        return
    yield from _settings(settings)
    journal = _journal(settings)
    if settings.sheet is not None:
        yield from _workbook(settings, whole=journal.code is Exit.DONE)
    if settings.panel_url is not None and settings.panel_key is not None:
        yield _panel(settings)
    yield journal


def _settings(settings: "Settings") -> "Iterator[Check]":
    from reconcile.config import require

    missing = 0
    for need in ("panel", "sheet"):
        try:
            require(settings, need)
        except SettingsError as error:
            missing += 1
            yield Check("settings", error.exit_code, error.what, error.next_step)
    if settings.notify is not None and telling.apprise() is None:
        yield Check("alerts", Exit.DONE, telling.MISSING, telling.MISSING_STEP, warns=True)
    if not missing:
        profile = f", profile {settings.profile}" if settings.profile else ""
        yield Check("settings", Exit.DONE, f"Panel and sheet are set{profile}.")


def code_of(finding: world.Finding) -> Exit:
    """The exit code of one of the workbook's findings."""
    if finding.ok:
        return Exit.DONE
    return finding.code or _CODE_OF.get(finding.what, Exit.UNAVAILABLE)


def _workbook(settings: "Settings", *, whole: bool) -> "Iterator[Check]":
    """The workbook's own checks, and with a journal that can be read (`whole`) whether the two belong together."""
    try:
        book = world.open_book(settings)
        findings = list(book.check())
    except ReconcileError as error:
        yield Check("workbook", error.exit_code, error.what, error.next_step)
        return
    for finding in findings:
        yield Check(finding.what, code_of(finding), finding.text, finding.next_step)
    if any(not finding.ok and finding.what in ("file", "structure", "key", "sharing") for finding in findings):
        if whole:
            yield from _gone(settings, book)
        return
    try:
        snapshot, disagree = seen(settings, book, ("runs",)) if whole else (book.read(("runs",)), None)
        if whole:
            yield from _identity(settings, disagree)
        yield from _twins(book)
        yield from _state(book, snapshot, settings)
    except ReconcileError as error:
        yield Check("workbook", error.exit_code, error.what, error.next_step)


def _identity(settings: "Settings", disagree: ReconcileError | None) -> "Iterator[Check]":
    """Whether workbook, journal and panel speak of the same thing, and who else works on the same panel."""
    if disagree is not None:
        yield Check("identity", disagree.exit_code, disagree.what, disagree.next_step)
    else:
        yield Check("identity", Exit.DONE, "Workbook, journal and panel belong together.")
    for text in world.rivals(settings):
        yield Check("identity", Exit.DONE, text, warns=True)


def _twins(book: world.Book) -> "Iterator[Check]":
    """Copies of an .xlsx that lie beside it under names like its own."""
    names: list[str] = getattr(book, "twins", list)()
    if names:
        many = len(names) > 1
        what = f"{', '.join(names)} beside it {'are copies' if many else 'is a copy'} of this workbook: what is typed there reaches nobody."
        step = f"Copy over by hand what staff typed there, then move {'them' if many else 'it'} to another folder."
        yield Check("copies", Exit.DONE, what, step, warns=True)


def _gone(settings: "Settings", book: world.Book) -> "Iterator[Check]":
    """What the journal knows of a workbook that cannot be read: it may be a lost one."""
    from reconcile.errors import Disagree

    try:
        seen(settings, book)
    except Disagree as error:
        yield Check("identity", error.exit_code, error.what, error.next_step)
    except ReconcileError:
        return  # said above, by the workbook's own check


def _state(book: world.Book, snapshot: "Snapshot", settings: "Settings") -> "Iterator[Check]":
    """Services, lease, doubts, limits and the last run."""
    from reconcile.core.lease import HEARTBEAT, lease_of
    from reconcile.job import services
    from reconcile.workbook.catalogue import LANGUAGES

    spoken = snapshot.words.language
    if spoken != settings.language:
        told = f"The workbook is in {LANGUAGES[spoken]} ({spoken}), and that counts; RECONCILE_LANGUAGE says"
        step = f"Set RECONCILE_LANGUAGE={spoken}. To change the language, make a new workbook with `reconcile init`."
        yield Check("language", Exit.DONE, f"{told} {settings.language}.", step, warns=True)
    elif spoken != "en":
        yield Check("language", Exit.DONE, f"The workbook is in {LANGUAGES[spoken]} ({spoken}).")
    wanted, problems = services(snapshot)
    for problem in problems:
        yield Check("services", Exit.USAGE if not wanted else Exit.DOUBT, problem)
    if wanted and not problems:
        yield Check("services", Exit.DONE, f"Orders are received for: {', '.join(wanted)}.")
    yield from _learnt(snapshot, settings)
    lease = lease_of(snapshot.meta)
    now = world.clock()
    if lease is None:
        yield Check("lease", Exit.DONE, "No run is at work.")
    elif lease.held(now):
        left = round(lease.left(now).total_seconds())
        yield Check("lease", Exit.LEASE, f"Run {lease.run} is at work, or was killed: its right ends in {left} s.")
    else:
        yield Check("lease", Exit.DONE, f"Run {lease.run} did not finish; the next sync goes on from there.")
    made = planned_of(book, snapshot, settings)
    if doubts := made.doubts:
        ids = ", ".join(doubt.id for doubt in doubts[:5]) + (" …" if len(doubts) > 5 else "")  # noqa: PLR2004 - one line
        yield Check(
            "doubts", Exit.DOUBT, f"{len(doubts)} open: {ids}", "`reconcile resolve` tells what to do about each."
        )
    else:
        yield Check("doubts", Exit.DONE, "Nothing is in doubt.")
    for limit in made.plan.stopped:
        yield Check("limits", Exit.LIMIT, limit.text, "`reconcile plan` shows it, and how it is let through.")
    yield _last_run(snapshot, snapshot.meta.get(HEARTBEAT, ""))


def _learnt(snapshot: "Snapshot", settings: "Settings") -> "Iterator[Check]":
    """What runs have learnt of this panel or settings say, where it is not as the reference says."""
    from reconcile.core import facts
    from reconcile.core.identity import identity_of

    known = identity_of(snapshot.meta, snapshot.revision).panel
    fixed = world.fixed(settings)
    learnt = facts.facts_of(snapshot.meta.get(facts.FACTS, ""), known, world.panel_name(settings))
    said = facts.told(learnt.fixed(fixed), fixed)
    if said:
        yield Check("learnt", Exit.DONE, f"Of this panel: {'; '.join(said)}.")


def _last_run(snapshot: "Snapshot", heartbeat: str) -> Check:
    frame = snapshot.tabs["runs"]
    if not heartbeat and frame.empty:
        return Check("last run", Exit.DONE, "There was none yet.", "`reconcile sync` does the first one.")
    last = frame.to_dict("records")[-1:]
    result = f", run {last[0]['run']}: {last[0]['result']}" if last else ""
    return Check("last run", Exit.DONE, f"{heartbeat or 'not finished yet'}{result}.")


def _panel(settings: "Settings") -> Check:
    try:
        with closing(world.open_panel(settings)) as panel:
            panel.probe()
            unproved, looks, seen = panel.unproved, panel.looks, getattr(panel, "seen", ())
    except ReconcileError as error:
        return Check("panel", error.exit_code, error.what, error.next_step)
    if unproved and _answered_before(settings):
        told = f"{settings.panel_url} answers; {unproved}, but it has answered earlier runs. Nothing was received."
        return Check("panel", Exit.DONE, told)
    if unproved:
        step = "Make sure that RECONCILE_PANEL_URL is the address of the admin API (it ends in /admin/v1)."
        return Check("panel", Exit.DOUBT, f"{settings.panel_url} answers, but {unproved}. Nothing was received.", step)
    said = "" if not looks else " It can be looked at: what is in doubt is looked up before a person is asked."
    if settings.panel_api == "v2":
        from reconcile.panel.v2.client import NOT_KNOWN

        said += "\nSeen: " + "; ".join(seen) + "."
        said += "\nOf this generation of the API it is not known: " + "; ".join(NOT_KNOWN) + "."
    return Check("panel", Exit.DONE, f"{settings.panel_url} answers and takes the key. Nothing was received.{said}")


def _answered_before(settings: "Settings") -> bool:
    """Whether the workbook is this very panel's, and holds what only its admin API can have answered: how it hands out, takes, or orders."""
    from reconcile.core import facts
    from reconcile.core.identity import identity_of

    if settings.sheet is None:
        return False
    try:
        snapshot = world.open_book(settings).read()
        known = identity_of(snapshot.meta, snapshot.revision).panel
    except ReconcileError:
        return False
    name = world.panel_name(settings)
    learnt = facts.facts_of(snapshot.meta.get(facts.FACTS, ""), known, name)
    handed_out = bool((snapshot.ledger["tab"] == "orders").any())
    return name in known and (handed_out or learnt.answered_before)


def _journal(settings: "Settings") -> Check:
    folder = world.state_dir(settings)
    if not folder.exists():
        parent = next(path for path in folder.absolute().parents if path.exists())
        if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
            why = "may not be written to" if parent.is_dir() else "is not a folder"
            step = "Set RECONCILE_STATE_DIR to a folder that can be made."
            return Check("journal", Exit.USAGE, f"{folder} cannot be made: {parent} {why}.", step)
        return Check("journal", Exit.DONE, f"There is none in {folder} yet; the first sync begins it.")
    try:
        with world.open_journal(settings) as journal:
            waiting = sum(count for _, count in journal.other_books(""))
    except LeaseHeld as error:
        return Check("journal", Exit.LEASE, error.what, error.next_step)
    except ReconcileError as error:
        return Check("journal", error.exit_code, error.what, error.next_step)
    more = f" {waiting} claims are not landed yet: the next sync does." if waiting else ""
    return Check("journal", Exit.DONE, f"Whole, in {folder}.{more}")
