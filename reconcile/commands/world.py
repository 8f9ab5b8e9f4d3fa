"""The world a command runs in: clock, sleep, chance, and how a workbook, a panel, a journal and a job are opened.

The one place where settings become objects. Tests replace a name in this module; nothing else is read from outside.
"""

from __future__ import annotations

import re
import secrets
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconcile.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import tzinfo

    from reconcile.agree import Standing
    from reconcile.config import Settings
    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Commit, Plan, Snapshot
    from reconcile.core.plan import Rules
    from reconcile.errors import Exit
    from reconcile.job import Job, Stop, Talk
    from reconcile.journal import Journal
    from reconcile.panel.client import Panel
    from reconcile.panel.v2.client import RestPanel


STATE = ".reconcile"
"""The journal's folder, beside the workbook or in the working folder."""


class Provisioned(Protocol):
    """What setting a workbook up did."""

    @property
    def changed(self) -> bool: ...
    def lines(self) -> list[str]: ...


class Finding(Protocol):
    """One thing a workbook's check looked at."""

    @property
    def what(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def text(self) -> str: ...
    @property
    def next_step(self) -> str: ...
    @property
    def code(self) -> Exit | None: ...


class Book(Protocol):
    """A workbook as the commands use it: the port, and what `init`, `restore` and `doctor` need of an adapter."""

    name: str
    shared: bool
    cell_limit: int
    lands_together: int

    @property
    def place(self) -> str: ...
    @property
    def zone(self) -> tzinfo: ...

    def read(self, also: Sequence[str] = ()) -> Snapshot: ...
    def stands_at(self, place: str) -> bool: ...
    def commit(self, change: Commit, after: int) -> int: ...
    def obstacle(self, keys: Collection[str]) -> tuple[str, set[str]]: ...
    def provision(self, services: Sequence[str] = (), *, rebuild: bool = False) -> Provisioned: ...
    def set_aside(self, services: Sequence[str] = ()) -> Provisioned: ...
    def newest(self) -> int: ...
    def check(self) -> Sequence[Finding]: ...
    def cells_used(self) -> tuple[int, int]: ...


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def sleep(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)


def chance() -> str:
    """Four hex digits, so that two runs of one second differ."""
    return secrets.token_hex(2)


def run_id() -> str:
    """A run's name: when it began (UTC) and four hex digits, `20261122-155316-4f2a`."""
    return f"{clock():%Y%m%d-%H%M%S}-{chance()}"


def open_book(settings: Settings, may_continue: Callable[[], bool] = lambda: True) -> Book:
    """The workbook the settings name. Each adapter is imported only when it is used.

    may_continue: whether a wait between two tries of one call may go on.
    """
    from reconcile.config import GoogleBook, XlsxBook, require
    from reconcile.workbook.templates import templates

    require(settings, "sheet")
    if isinstance(settings.sheet, XlsxBook):
        from reconcile.workbook.xlsx import XlsxWorkbook

        known = templates(settings.language)
        return XlsxWorkbook(settings.sheet.path, zone=settings.timezone, known=known, clock=clock)
    if isinstance(settings.sheet, GoogleBook):
        from reconcile.workbook.google import open_workbook

        return open_workbook(settings, settings.sheet, templates(settings.language), may_continue)
    raise TypeError(f"{type(settings.sheet).__name__} is not a workbook")


def open_panel(settings: Settings, may_continue: Callable[[], bool] = lambda: True) -> Panel | RestPanel:
    """The panel client. One answer may take `read_timeout` in all, so that no single call outlives a lease."""
    from reconcile.config import require
    from reconcile.panel.client import Panel, Timeouts
    from reconcile.panel.v2.client import RestPanel

    require(settings, "panel")
    if settings.panel_url is None or settings.panel_key is None:
        raise TypeError("require() lets nobody past without both")
    timeouts = Timeouts(settings.connect_timeout, settings.read_timeout, 30.0, settings.read_timeout)
    url, key = settings.panel_url, settings.panel_key
    panel: Panel | RestPanel
    if settings.panel_api == "v2":
        panel = RestPanel(url, key, pace=settings.pace, timeouts=timeouts, may_continue=may_continue)
    else:
        looks = settings.panel_look == "yes"
        panel = Panel(url, key, pace=settings.pace, timeouts=timeouts, may_continue=may_continue, looks=looks)
    if panel.longest_call > settings.lease:
        panel.close()
        raise SettingsError(
            f"RECONCILE_LEASE is {settings.lease:g} s, and one call to the panel may take {panel.longest_call:g} s: another run "
            "could begin while this one still waits.",
            "Make RECONCILE_LEASE longer, or RECONCILE_READ_TIMEOUT, RECONCILE_CONNECT_TIMEOUT or RECONCILE_PACE shorter.",
        )
    return panel


def state_dir(settings: Settings) -> Path:
    """The journal's folder: a profile has one of its own inside; a journal that is already in use stays where it is.

    So two profiles may run at once, and what one panel was told is no other's business.
    """
    from reconcile.journal import stands_in

    folder = _state_dir(settings)
    if not settings.profile or stands_in(folder):
        return folder
    return folder / re.sub(r"[^\w-]", "_", settings.profile)


def _state_dir(settings: Settings) -> Path:
    """The folder that is set, else one that depends on the workbook alone, not on where a command is typed.

    Beside the .xlsx, or this user's own folder for such things; a folder that is already used in the working folder stays.
    """
    from reconcile.config import XlsxBook
    from reconcile.journal import stands_in

    if settings.state_dir is not None:
        return settings.state_dir
    here = Path(STATE)
    used = stands_in(here)
    if isinstance(settings.sheet, XlsxBook):
        path = settings.sheet.path
        folder = path.parent if path.parent.resolve() == path.resolve().parent else path.resolve().parent
        return here if used and not stands_in(folder / STATE) else folder / STATE
    if settings.sheet is None or used:
        return here
    from platformdirs import user_state_path

    return user_state_path("reconcile", appauthor=False)


def open_journal(settings: Settings) -> Journal:
    """This machine's journal, locked for as long as it is open."""
    from reconcile.journal import Journal

    return Journal.open(state_dir(settings))


@contextmanager
def peek(settings: Settings) -> Iterator[Journal | None]:
    """The journal for commands that only look: None where there is none yet. Raises LeaseHeld while a run is at work with it."""
    from reconcile.journal import stands_in

    if not stands_in(state_dir(settings)):
        yield None
        return
    with open_journal(settings) as journal:
        yield journal


def panel_name(settings: Settings) -> str:
    """The panel's address as a workbook remembers it, "" where none is set."""
    from reconcile.core import identity

    return identity.panel_name(settings.panel_url) if settings.panel_url else ""


def agreed(settings: Settings, book: Book, journal: Journal, also: Sequence[str] = ()) -> tuple[Snapshot, Standing]:
    """The workbook and what it is to this machine, for a command that is going to write.

    Raises Disagree where that has to be settled first, LeaseHeld while another run is at work on it.
    """
    from reconcile import agree
    from reconcile.core.lease import check_free, lease_of
    from reconcile.job import check_schema, read_answer

    snapshot = agree.read(book, journal, read_answer, also)
    check_schema(snapshot)
    found = agree.standing(book, journal, snapshot, panel_name(settings), adopt=settings.adopt == "yes")
    found.refuse(snapshot, read_answer)
    lease = lease_of(snapshot.meta)
    check_free(snapshot.meta, clock(), [lease.run] if lease is not None and journal.knows_run(lease.run) else [])
    return snapshot, found


def elsewhere(folder: Path) -> Callable[[str], list[str]]:
    """Folders of other journals on this machine that know a workbook; what this journal knows is noted for them, too."""
    from reconcile import whereabouts

    return lambda book: whereabouts.others(book, folder)


def rivals(settings: Settings) -> list[str]:
    """Sentences about profiles that send another sheet to the panel of the one in use."""
    from reconcile.config import neighbours
    from reconcile.core import identity

    mine = panel_name(settings)
    return [
        f"The profile {name} of reconcile.toml works with another sheet on this panel: refills and cancel requests are asked for "
        "per service, and an order goes to whoever asks first for its service."
        for name, url, sheet in neighbours()
        if mine and identity.panel_name(url) == mine and sheet != settings.sheet
    ]


def rules(settings: Settings) -> Rules:
    """The settings a plan depends on."""
    from reconcile.core.plan import Rules

    return Rules(
        max_refunds=settings.max_refunds,
        max_refund_total=settings.max_refund_total,
        max_closed_share=settings.max_closed_share,
        closed_floor=settings.closed_share_floor,
        max_gone_share=settings.max_gone_share,
        # whether an update to Partial refunds on a v2 panel is not known, so it is never sent there
        partial_via="setPartial" if settings.panel_api == "v2" else settings.partial_via,
        archive_after_days=settings.archive_after_days,
        max_payments=settings.max_payments,
        max_payment_total=settings.max_payment_total,
        max_payment=settings.max_payment,
        max_tickets=settings.max_tickets,
        same_payment_days=settings.same_payment_days,
        money_wait=timedelta(seconds=settings.money_wait),
    )


def fixed(settings: Settings) -> dict[str, object]:
    """The facts of the panel that settings say (names of core's Facts); what they do not say is learnt."""
    said = {
        "lists": None if not settings.panel_orders else settings.panel_orders == "lists",
        "updates": settings.panel_updates or None,
        "rows": settings.panel_rows,
        "page": settings.panel_page,
        "none": settings.panel_none or None,
        "lacks": settings.panel_lacks or None,
    }
    return {name: value for name, value in said.items() if value is not None}


@contextmanager
def open_job(
    settings: Settings,
    talk: Talk,
    stop: Stop,
    *,
    claims: bool = True,
    remedy: Callable[[Snapshot, Ledger], Plan] | None = None,
    witness: Callable[[Snapshot], None] = lambda _: None,
) -> Iterator[Job]:
    """Everything one run works with: settings, then the journal (and its lock), the workbook, the panel.

    claims, remedy, witness: as `Job` takes them.
    """
    from reconcile.config import require
    from reconcile.job import RENEW, Job

    require(settings, "panel", "sheet")
    with ExitStack() as stack:
        journal = stack.enter_context(open_journal(settings))
        book = open_book(settings, stop.may_continue)
        panel = stack.enter_context(closing(open_panel(settings, stop.may_continue)))
        yield Job(
            book=book,
            panel=panel,
            journal=journal,
            rules=rules(settings),
            clock=clock,
            run=run_id(),
            deadline=timedelta(seconds=settings.deadline),
            lease=timedelta(seconds=settings.lease),
            renew=max(RENEW, timedelta(seconds=panel.longest_call)),
            tasks=settings.tasks,
            talk=talk,
            stop=stop,
            acknowledge=settings.acknowledge == "yes",
            fixed=fixed(settings),
            adopt=settings.adopt == "yes",
            elsewhere=elsewhere(journal.folder),
            rivals=rivals(settings),
            claims=claims,
            remedy=remedy,
            alerts=settings.notify is not None,
            witness=witness,
        )
