"""One run, told top to bottom: read, plan, begin, push, claim, end (docs/design.md 3).

Everything that decides is pure and lives in `core`; this module is the order of things and what happens when one fails.
What a run was about to do is committed before it is done, so a run that stops anywhere is finished by the next one.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from reconcile import agree, looking
from reconcile.core import alerts as alerting
from reconcile.core import approvals, archive, cells, settle, states, transitions
from reconcile.core import facts as ways
from reconcile.core.accidents import named_ids
from reconcile.core.facts import CHUNK, Facts, facts_of
from reconcile.core.facts import FULL as FULL  # noqa: PLC0414 - it belongs to a run as much as to the panel
from reconcile.core.identity import BOOK
from reconcile.core.identity import Kind as FindingKind
from reconcile.core.landing import Landing, land, share
from reconcile.core.lease import (
    CLAIMING,
    DOUBT,
    HEARTBEAT,
    LEASE,
    SCHEMA,
    UNTOLD,
    Claiming,
    Lease,
    check_free,
    claiming_of,
    doubt_meta,
    doubts_of,
    lease_of,
)
from reconcile.core.ledger import SCHEMA as LEDGER_SCHEMA
from reconcile.core.ledger import STATE_OPEN, TAKEN_OVER, Ledger, brought, marks, on_its_way, received_at
from reconcile.core.model import (
    APPROVALS,
    SYNC,
    Action,
    Change,
    Claimed,
    Commit,
    Doubt,
    Feed,
    ItemResult,
    Kind,
    Note,
    OrderUpdate,
    Outcome,
    Plan,
    Push,
    Result,
    Row,
    Snapshot,
    Status,
    Verdict,
    YesNo,
)
from reconcile.core.once import Past, Send, once_of
from reconcile.core.planned import planned
from reconcile.core.rules import joined
from reconcile.core.status import asked_meta, asked_of
from reconcile.errors import (
    AccessRefused,
    CallFailed,
    Damaged,
    Exit,
    LeaseHeld,
    NeverSent,
    NoAnswer,
    ReconcileError,
    Refused,
    RevisionMoved,
    Unavailable,
    Unknown,
    Unmovable,
)
from reconcile.journal import NO_BOOK, ON_RECORD, Claim, State
from reconcile.panel.dialects import LACKS_CALL, reader
from reconcile.panel.port import CutShort

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from reconcile.core.model import CancelTask, Cell, Order, RawAnswer, Refill
    from reconcile.core.plan import Rules
    from reconcile.core.planned import Outcomes
    from reconcile.core.words import Words
    from reconcile.journal import Journal
    from reconcile.panel.port import Keep, Panel
    from reconcile.workbook.port import Workbook

    class Fetch(Protocol):
        """One claim, its answer kept as it arrives."""

        def __call__(self, *, keep: Keep) -> RawAnswer: ...


BISECT_CALLS: Final = 32
"""Most calls spent on finding the rows that make a whole `updateOrders` fail; the rest is sent again next run."""

PATIENCE: Final = 3
"""Calls in a row without an answer after which the panel counts as away and the rest waits for the next run."""

CANCEL_CALLS: Final = 200
"""Most cancel tasks taken in one run: they come one by one."""

RENEW: Final = timedelta(seconds=120)
"""A lease with less left than this is renewed before the next panel call: longer than any one call takes by default (105 s)."""

PAYLOAD: Final = 1_500_000
"""Characters of claimed texts in one commit: with what rows cost besides, that stays below the 2 MB Google advises."""

ARCHIVE: Final = "archive"

TABS: Final = (*(feed.value for feed in Feed), APPROVALS)
"""Tabs whose rows are answered."""

JOURNAL_KEEPS: Final = timedelta(days=30)
"""How long a done claim or send stays in the journal. It is read whole at each start, and holds customers' data."""

KEPT: Final = {"history": 20_000, "runs": 2_000}
"""How many lines the logs keep; the oldest go."""

MESSAGE: Final = 2_000
"""Characters of what a run has to say, in its line of Runs."""

RIVALS_COUNT: Final = timedelta(days=30)
"""Another workbook on the same panel that was not written for so long is not in use any more."""

READING: Final = timedelta(seconds=20)
"""So long may reading what earlier runs left take before anything else is done; what is not read then comes last."""

READS: Final = 3
"""How often a run that was overtaken between reading and beginning reads again before it gives up."""


class Talk(Protocol):
    """Where a run tells what it is doing: progress on a terminal, lines in a log, nothing in a test."""

    def say(self, text: str) -> None: ...
    def start(self, label: str, total: int | None) -> None: ...
    def advance(self, count: int = 1) -> None: ...


class Silent:
    """Tells nobody."""

    def say(self, text: str) -> None:
        """Says nothing."""

    def start(self, label: str, total: int | None) -> None:
        """Starts nothing."""

    def advance(self, count: int = 1) -> None:
        """Counts nothing."""


@dataclass
class Stop:
    """Whether somebody asked the run to end (a signal), and whether it is just waiting for the panel."""

    requested: bool = False
    waiting: bool = False

    def may_continue(self) -> bool:
        """Whether a wait between two tries of one call may go on."""
        return not self.requested


@dataclass(frozen=True)
class Job:
    """Everything a run works with. `clock` gives aware UTC times.

    acknowledge: whether an order is set to Processing once it is in the sheet. fixed: what settings say of the panel (names of Facts).
    adopt: whether this machine takes on an .xlsx of another one by itself. elsewhere: a workbook's id → folders of other
    journals on this machine that know it. rivals: sentences about other sheets that the settings send to the same panel.
    claims: whether new work is asked for. remedy: makes this plan instead of one of what staff changed; it asks for no new work
    and moves nothing to Archive, and what staff changed waits for the next run. alerts: whether it is worked out what people are told.
    witness: is shown what the plan is made from.
    """

    book: Workbook
    panel: Panel
    journal: Journal
    rules: Rules
    clock: Callable[[], datetime]
    run: str
    deadline: timedelta = timedelta(seconds=600)
    lease: timedelta = timedelta(seconds=300)
    renew: timedelta = RENEW
    tasks: str = "all"
    talk: Talk = field(default_factory=Silent)
    stop: Stop = field(default_factory=Stop)
    acknowledge: bool = False
    fixed: Mapping[str, object] = field(default_factory=dict)
    adopt: bool = False
    elsewhere: Callable[[str], Sequence[str]] = lambda _: ()
    rivals: Sequence[str] = ()
    claims: bool = True
    remedy: Callable[[Snapshot, Ledger], Plan] | None = None
    alerts: bool = False
    witness: Callable[[Snapshot], None] = lambda _: None


@dataclass
class _Run:
    """What one run knows so far."""

    job: Job
    started: datetime
    snapshot: Snapshot
    ledger: Ledger
    plan: Plan
    standing: agree.Standing
    until: datetime
    past: Past
    overtook: bool
    """A run from elsewhere left its lease, and nobody knows whether it has ended or is just slower than its lease says."""

    moved: archive.Settled
    recovered: Sequence[Row] = ()
    late: Sequence[Row] = ()
    """History lines of an earlier run that did not live to write them."""

    postponed: Sequence[Push] = ()
    """Refunds that wait for the next run, see `_waits`."""

    results: list[Result] = field(default_factory=list)
    landed: Counter[str] = field(default_factory=Counter)
    landed_notes: list[Note] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    waiting: list[tuple[Claim, Claimed]] = field(default_factory=list)
    unkept: set[int] = field(default_factory=set)
    closed: dict[str, None] = field(default_factory=dict)
    """Meta entries of doubts that are settled by what this machine knows."""

    facts: Facts = field(default_factory=Facts)
    """What is known of the panel by now, and what settings say of it."""

    learnt: Facts = field(default_factory=Facts)
    """What earlier runs had learnt of it."""

    rows: int = CHUNK
    """How many updates go in one list: fewer after a time-out, remembered once a shorter list was answered."""

    silence: int = 0
    """Lists in a row that were not answered in time."""

    handed: set[str] = field(default_factory=set)
    """Orders that the panel's answers in this run brought."""

    held: list[tuple[Claim, Claimed]] = field(default_factory=list)
    """Known orders that came again, until the next answer tells whether this panel hands out or only shows."""

    beside: dict[tuple[str, str], Note] = field(default_factory=dict)
    """What is told of the panel in rows that have an answer to a person: it comes after that answer."""

    present: dict[str, set[str]] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    """Orders whose rows moved to Archive in this run."""

    came: list[tuple[str, Row]] = field(default_factory=list)
    """(tab, row) of what this run appended to the feeds' tabs."""

    error: ReconcileError | None = None
    answered: bool = False

    rowless: dict[str, None] = field(default_factory=dict)
    closed_here: dict[str, None] = field(default_factory=dict)
    """Orders that a listing panel shows as pending: without a row here, and closed here."""

    unheard: list[Result] = field(default_factory=list)
    """Orders that the panel did not set to Processing when it was told that they are in the sheet."""

    def learn(self, facts: Facts) -> bool:
        """Takes on what was learnt of the panel, but for what a setting says. Returns whether that changes anything."""
        before = self.facts
        self.facts = replace(facts, **{name: getattr(before, name) for name in self.job.fixed})
        return self.facts != before

    def when(self) -> str:
        """The time as people read it in the sheet."""
        return self.say.moment(self.job.clock().astimezone(self.job.book.zone))

    @property
    def say(self) -> Words:
        """The workbook's language."""
        return self.snapshot.words

    @property
    def panel(self) -> str:
        """The panel's address, as it is written down with what is sent."""
        return self.job.panel.name

    @property
    def book_id(self) -> str:
        """The workbook's name for ever."""
        return self.standing.identity.book

    @property
    def revision(self) -> int:
        """The workbook's, as this run knows it."""
        return self.standing.identity.revision

    def commit(self, change: Commit, **more: Any) -> None:
        """Commits, with the workbook's identity in it. What the journal could not note of it ends the run, not the commit."""
        self.standing.commit(change, self.job.clock().isoformat(timespec="seconds"), **more)
        if self.standing.unnoted is not None:
            self.fail(self.standing.unnoted)

    def may_go_on(self) -> bool:
        """Whether a further call may be started: nobody asked to stop, nothing failed, the deadline is not over."""
        return (
            not self.job.stop.requested and self.error is None and self.job.clock() < self.started + self.job.deadline
        )

    def may_read(self) -> bool:
        """Whether an answer in hand may be read on: it lands also when something else failed meanwhile."""
        return not self.job.stop.requested and self.job.clock() < self.started + self.job.deadline

    def fail(self, error: ReconcileError) -> None:
        """Remembers the first error; the run still ends properly."""
        self.error = self.error or error


def plan_only(
    book: Workbook, rules: Rules, now: datetime, *, force: bool = False, snapshot: Snapshot | None = None
) -> tuple[Plan, tuple[Doubt, ...]]:
    """What a run would do now, and every doubt on record: from one read of the sheet, and nothing is written.

    snapshot: what `book` has just read, where it was read already. What only a journal knows is not in the plan, such as an
    answer that an earlier run received and did not land.
    """
    snapshot = snapshot or book.read()
    check_schema(snapshot)
    made = planned(snapshot, rules, now, None, zone=book.zone, obstacle=book.obstacle, force=force)
    return made.plan, made.doubts


def sync(job: Job, *, force: bool = False) -> Outcome:
    """One whole run.

    Raises LeaseHeld, Unavailable, AccessRefused, Damaged while nothing has been changed yet. From the first commit on, an
    error is part of the outcome: `exit_code` and `stopped` say it, and what was done until then is recorded.
    """
    started = job.clock()
    for attempt in range(READS):
        run = _read_and_plan(job, started, force=force)
        try:
            _begin(run)
            break
        except RevisionMoved:
            if attempt == READS - 1:
                raise
            job.talk.say("Another run was quicker; reading the sheet again.")
    try:
        _land_waiting(run)  # of an earlier run's answer, what the first commit had no room for
        _push(run)
        if _asks(job):
            _claim(run)
            _read_aside(run)
    except RevisionMoved as error:
        run.fail(_overtaken(error))
    except ReconcileError as error:
        run.fail(error)
    return _end(run)


def _asks(job: Job) -> bool:
    """Whether this run asks for new work."""
    return job.claims and job.remedy is None


def check_schema(snapshot: Snapshot) -> None:
    """Raises Damaged when the ledger was written by another version of the layout."""
    schema = snapshot.meta.get(SCHEMA)
    if schema not in (LEDGER_SCHEMA, *TAKEN_OVER):
        raise Damaged(
            f"The hidden _ledger tab has layout version {schema or '(none)'}; this program reads version {LEDGER_SCHEMA}.",
            "Use the version of reconcile this sheet was set up with, or run `reconcile init` with the newer one.",
        )


# --- read, plan, begin -----------------------------------------------------------------------------------------------------


def _read_and_plan(job: Job, started: datetime, *, force: bool = False) -> _Run:
    job.talk.say("Reading the sheet")
    also = [*((ARCHIVE,) if job.journal.holds_orders() else ()), *(("history",) if job.remedy else ())]
    snapshot = agree.read(job.book, job.journal, read_answer, also)
    check_schema(snapshot)
    standing = _agreed(job, snapshot)
    lease = lease_of(snapshot.meta)
    mine = [lease.run] if lease is not None and job.journal.knows_run(lease.run) else []
    check_free(snapshot.meta, job.clock(), mine)
    overtook = lease is not None and lease.run not in mine
    past = past_of(job.journal, standing.panels)
    job.witness(snapshot)
    looks = _Looks(job, snapshot, standing.panels, past)
    made = planned(
        snapshot, job.rules, job.clock(), past, zone=job.book.zone, force=force, remedy=job.remedy, looks=looks
    )
    plan = made.plan
    run = _Run(
        job,
        started,
        snapshot,
        made.ledger,
        plan,
        standing,
        started,
        looks.past,
        overtook,
        made.archived,
        made.recovered,
        made.late,
    )
    run.present = {feed.value: set(snapshot.tabs[feed.value].index) for feed in Feed}
    run.doubts = list(doubts_of(snapshot.meta))
    run.learnt = facts_of(snapshot.meta.get(ways.FACTS, ""), standing.panels, job.panel.name)
    run.facts = run.learnt.fixed(job.fixed)
    run.rows = run.facts.rows
    untold = snapshot.meta.get(UNTOLD, "")
    said = (*standing.told, *job.rivals, *_rivals(run), *looks.messages, *plan.messages)
    run.messages = [*filter(None, [untold]), *(text for text in said if text not in untold)]
    _recover_claims(run)
    return run


def _agreed(job: Job, snapshot: Snapshot) -> agree.Standing:
    """What this workbook is to this machine. Raises Disagree where that has to be settled by a person first."""
    book_id = snapshot.meta.get(BOOK, "")
    elsewhere = job.elsewhere(book_id) if book_id else ()
    standing = agree.standing(job.book, job.journal, snapshot, job.panel.name, adopt=job.adopt, elsewhere=elsewhere)
    standing.refuse(snapshot, read_answer)
    if not book_id:
        job.elsewhere(standing.identity.book)  # a new workbook: other journals on this machine are to know of this one
    if any(finding.kind is JOURNAL_PUT_BACK for finding in standing.findings):
        job.journal.doubt_silence()
    return standing


def _rivals(run: _Run) -> list[str]:
    """Sentences about other workbooks of this journal that take the same services' orders from this panel."""
    oldest = (run.started - RIVALS_COUNT).isoformat()
    return [
        run.say.MESSAGES["rival"].format(place=place, services=", ".join(shared))
        for place, shared in agree.rivals(run.standing, services(run.snapshot)[0], oldest)
    ]


def past_of(journal: Journal, panels: Sequence[str]) -> Past:
    """What this machine's journal knows of everything that was sent once to this panel, under all its addresses."""
    return Past(journal.sends(), panels, journal.silence_counts, _heard)


def _heard(send: Send) -> tuple[Verdict, str]:
    """What a kept answer says to a call whose run did not live to say it."""
    if send.raw is None:
        return Verdict.UNKNOWN, ""
    try:
        if send.act == Action.UPDATE_ORDERS:
            item = reader(send.raw).update(send.raw, send.key)
            return item.verdict, item.reason
        return reader(send.raw).single(send.raw)
    except AccessRefused as error:
        return Verdict.NOT_SENT, error.what


class _Looks:
    """The looks at the panel that a plan waits for. past: what the journal knows, with what they settled. messages: what they showed."""

    def __init__(self, job: Job, snapshot: Snapshot, panels: Sequence[str], past: Past) -> None:
        self._job, self._snapshot, self._panels = job, snapshot, panels
        self._look = looking.Look(job.panel, job.journal, job.clock, snapshot.words)
        self.past = past
        self.messages: list[str] = []

    def marked(self, ledger: Ledger) -> Outcomes:
        """Looks up the refunds that the ledger has marked and of which nothing is known."""
        if not self._job.panel.looks:
            return self.past.of_mark
        refunds = looking.in_doubt(self._snapshot, ledger, self.past, self._job.panel.longest_call)
        return self._settled(self._look.settle(refunds)).over(self.past.of_mark)

    def unclear(self, pushes: Sequence[tuple[Push, Send]]) -> Past:
        """Looks up refunds of which only the journal knows that an earlier try is unclear."""
        if self._job.panel.looks:
            self._settled(self._look.settle(looking.unclear(pushes, self._job.panel.longest_call)))
        return self.past

    def _settled(self, found: looking.Settled) -> looking.Settled:
        self.messages += found.messages
        if found.verdicts:
            self.past = past_of(self._job.journal, self._panels)
        return found


def _recover_claims(run: _Run) -> None:
    """Takes up what earlier runs claimed and did not land, and puts on record what they may have lost."""
    job = run.job
    recorded = {doubt.id for doubt in run.doubts}
    until = job.clock() + READING
    for claim in _left_open(run):
        if claim.state is State.ASIDE:
            continue  # its doubt is on record; other work goes first
        why = _taken_up(run, claim, lambda: job.clock() < until and not job.stop.requested)
        if why is None:
            continue
        doubt = _claim_doubt(replace(claim, why=why), run.say)
        if doubt.id not in recorded:
            run.doubts.append(doubt)
    _close_doubts(run)
    left = claiming_of(run.snapshot.meta)
    if left is not None and not job.journal.knows_run(left.run):
        most = job.book.lands_together
        doubt = Doubt(
            id=f"claim-{left.run}",
            kind="claim",
            feed=Feed.ORDERS,
            text=_stopped_claiming(left, most, run.say),
            at=left.at,
            run=left.run,
            service=", ".join(left.services),
            bound=FULL * most,
            until=_stopped_by(run, left).isoformat(timespec="seconds"),
        )
        if doubt.id not in recorded:
            run.doubts.append(doubt)


def _stopped_by(run: _Run, left: Claiming) -> datetime:
    """The latest moment at which a run that stopped may have been handed work: it renews its lease before it comes to its end."""
    job, lease = run.job, lease_of(run.snapshot.meta)
    latest = datetime.fromisoformat(left.at) + job.deadline
    if lease is None or lease.run != left.run:
        return latest
    return min(latest, lease.until - job.renew + timedelta(seconds=job.panel.longest_call))


def _taken_up(run: _Run, claim: Claim, may_continue: Callable[[], bool]) -> str | None:
    """Makes what an earlier run's answer brought ready to land. Returns why something of it stays in doubt, None where nothing does."""
    job = run.job
    if claim.raw is None:
        return claim.why
    claimed = read_answer(Feed(claim.feed), claim.service, claim.raw, may_continue, run.facts.none)
    if claimed.unread:
        with _noting(run):
            job.journal.set_aside(claim.id)
        return claimed.problem
    claimed = _not_landed(claimed, claim, run)
    if claimed.count:
        run.waiting.append((claim, claimed))
        job.talk.say(f"Landing {claimed.count} {claim.feed} that an earlier run received.")
    elif not claimed.in_doubt:
        job.journal.settle(claim.id, claimed.problem or "nothing was handed out")
    if not claimed.in_doubt:
        return None
    with _noting(run):
        job.journal.unknown(claim.id, claimed.problem)
    return claimed.problem


def _read_aside(run: _Run) -> None:
    """What could not be read in time before is tried again, now that all other work is done."""
    for claim in _left_open(run):
        if claim.state is State.ASIDE and run.may_go_on():
            _taken_up(run, claim, run.may_go_on)
    _land_waiting(run)


def _close_doubts(run: _Run) -> None:
    """What was in doubt and is known by now to the last row is in doubt no more, and the run says so."""
    for doubt in [doubt for doubt in run.doubts if doubt.kind == "claim"]:
        if run.job.journal.settled(doubt.id.removeprefix("claim-")):
            run.doubts.remove(doubt)
            run.closed[DOUBT + doubt.id] = None
            run.messages.append(run.say.MESSAGES["doubt_closed"].format(doubt=doubt.id))


def _left_open(run: _Run) -> Iterator[Claim]:
    """This workbook's open claims, and those by hand for no workbook at all whose answer never came: one has to tell of them."""
    yield from run.job.journal.unlanded(run.book_id)
    yield from (claim for claim in run.job.journal.unlanded(NO_BOOK) if claim.raw is None)


def _stopped_claiming(left: Claiming, most: int, say: Words) -> str:
    one = say.PHRASES["one_answer"] if most == 1 else say.PHRASES["answers"].format(count=most)
    return say.MESSAGES["stopped_claiming"].format(
        run=left.run, at=left.at, answers=one, full=FULL, services=", ".join(left.services)
    )


def _not_landed(claimed: Claimed, claim: Claim, run: _Run) -> Claimed:
    """What of an earlier run's answer is not in the sheet yet: a run may die between its commit and the journal's note of it.

    A row that was there when this claim was asked for is older: it is handed out again. One that came upon that revision or a
    later one came with this claim's answer, or with a newer one from elsewhere. For a row or a claim of an earlier version, and
    one by hand, times have to tell that, and so has the one in Archive for an order that has left for it.
    """
    asked = datetime.fromisoformat(claim.intended_at)

    def landed(item: Order | Refill | CancelTask) -> bool:
        row = run.ledger.row(claimed.feed.value, item.id)
        if row is None:
            return claimed.feed is Feed.ORDERS and archive.received_since(
                run.snapshot.tabs[ARCHIVE], item.id, asked.astimezone(run.job.book.zone)
            )
        claims = brought(row)
        if claim.name in dict(claims):
            return True
        if claims and claim.seen is not None:
            return claims[-1][1] >= claim.seen
        at = received_at(row)
        return bool(at) and datetime.fromisoformat(at) >= asked

    # what cannot be read lands together, with a doubt that names the claim
    told = any(doubt.kind == "broken" and doubt.run == claim.name for doubt in run.doubts)
    rows = tuple(item for item in claimed.rows if not landed(item))
    return replace(claimed, rows=rows, broken=() if told else claimed.broken)


JOURNAL_PUT_BACK: Final = FindingKind.JOURNAL


def read_answer(
    feed: Feed,
    service: str,
    raw: RawAnswer,
    may_continue: Callable[[], bool] = lambda: True,
    none: Collection[str] = (),
) -> Claimed:
    """What a kept answer says, read by the dialect it was asked in; a refused key is no reason to stop reading it.

    none: the panel's own sentences for "none".
    """
    try:
        return reader(raw).claimed(feed, service, raw, may_continue, none)
    except AccessRefused as error:
        return Claimed(feed, service, problem=error.what)


def _claim_doubt(claim: Claim, say: Words) -> Doubt:
    bound = 1 if claim.feed == Feed.CANCELS else FULL
    text = say.MESSAGES["claim_doubt"].format(
        many=say.MANY[claim.feed],
        of_service=_of_service(claim.service, say),
        at=claim.intended_at,
        why=(claim.why or say.PHRASES["stopped_before_answer"]).rstrip("."),
        bound=bound,
        what=say.amount_of(claim.feed, bound),
    )
    return Doubt(
        id=f"claim-{claim.name}",
        kind="claim",
        feed=Feed(claim.feed),
        text=text,
        at=claim.intended_at,
        run=claim.run,
        service=claim.service,
        bound=bound,
    )


def _of_service(service: str, say: Words) -> str:
    return say.PHRASES["of_service"].format(service=service) if service else ""


def _begin(run: _Run) -> None:
    """The first commit: lease, what is about to be claimed or sent once, what an earlier run received, and the ticks it uses."""
    job = run.job
    run.postponed = [push for push in run.plan.pushes if _waits(run, push)]
    now = job.clock()
    run.until = now + job.lease
    agreed = run.ledger.patched(run.plan.settled)
    marks = [
        transitions.marked(
            push,
            agreed,
            run.snapshot.tabs[push.feed.value],
            run=job.run,
            when=run.when(),
            what=settle.what(push, run.say),
        )
        for push in run.plan.pushes
        if push.once and push not in run.postponed
    ]
    batch, rest = share(run.waiting, PAYLOAD)
    landing, ledger = _landing(run, agreed.patched(marks), batch)
    before = agreed.patched(marks)
    for push in run.plan.pushes:
        row = before.row(push.feed, push.key)
        if not push.once and row is not None:
            before = before.patched([transitions.unconfirmed(push, row)])
    doubtful = [row for push in run.plan.pushes if not push.once and (row := before.row(push.feed, push.key))]
    through, ticks = approvals.used(run.plan, run.snapshot.meta, run.when())
    listed, records = approvals.listing(run.plan, now, run.when())
    said = [*through, *settle.learned(run.recovered, run.plan, run.snapshot.tabs)]
    lines = [*run.late, *settle.history_of_people(run.ledger, run.plan.settled, job.run, now, run.say)]
    moving, kept = _archive(run, ledger, {str(row["key"]) for row in landing.ledger})
    meta = {
        **dict(run.plan.meta),
        **run.closed,
        **ticks,
        **records,
        **kept,
        LEASE: Lease(job.run, run.until).text(),
        CLAIMING: _about_to_ask(run, now),
        **_untold([*run.messages, *landing.messages]),
        **doubt_meta(run.doubts),
    }
    moved = _commit_begin(
        run,
        Commit(
            job.run,
            append=landing.append | ({"history": lines} if lines else {}) | ({APPROVALS: listed} if listed else {}),
            ledger=_newest(run.moved.stayed, run.plan.settled, marks, doubtful, moving.ledger, landing.ledger),
            sync=sync_texts(run.snapshot, [*landing.notes, *said]),
            meta=meta,
            archive=moving.rows,
            outdated=archive.outdated(run.moved, run.say),
            forget=[(Feed.ORDERS.value, key) for key in run.moved.gone],
        ),
    )
    _landed(run, landing, batch, rest)
    run.landed_notes.extend(said)  # said: the end does not say anything older there
    run.plan = replace(run.plan, approvals=tuple(replace(each, listed=True) for each in run.plan.approvals))
    run.ledger = ledger
    if moved:
        run.ledger = ledger.patched(moving.ledger)
        run.plan = replace(run.plan, archive=tuple(moving.rows))
        run.present[Feed.ORDERS.value] -= moving.rows.keys()
        run.left = frozenset(moving.rows)
        run.messages.extend(archive.told(moving, job.rules.archive_after_days, run.say))
    _settle_old_claims(run)


def _about_to_ask(run: _Run, now: datetime) -> str | None:
    """What this run is going to ask for, as it is written down before; None where it asks for nothing."""
    if not _asks(run.job):
        return None
    return Claiming(run.job.run, services(run.snapshot)[0], now.isoformat(timespec="seconds")).text()


def _waits(run: _Run, push: Push) -> bool:
    """Whether a refund waits for the next run: what another run was about to say of its order may reach the panel after it."""
    if not (run.overtook and push.refund):
        return False
    order = run.ledger.row(Feed.ORDERS, push.order_id or push.key)
    return order is not None and on_its_way(order)


def _archive(run: _Run, ledger: Ledger, busy: set[str]) -> tuple[archive.Moving, dict[str, str | None]]:
    """The closed orders that leave Orders with this commit, and meta entries; what keeps them there is said once."""
    job = run.job
    days, meta = job.rules.archive_after_days if job.remedy is None else 0, dict[str, str | None](run.moved.meta)
    moving = archive.leaving(run.snapshot, ledger, run.plan, job.book.obstacle, now=job.clock(), days=days, busy=busy)
    told, _, _ = run.snapshot.meta.get(archive.OBSTACLE, "").partition(" ")
    if moving.obstacle is not None and moving.obstacle != told:
        meta[archive.OBSTACLE] = moving.obstacle or None
        run.messages.extend(archive.stuck(moving.obstacle, run.say))
    run.messages.extend(archive.stayed(run.moved, run.say))
    return moving, meta


def _commit_begin(run: _Run, commit: Commit) -> bool:
    """Writes the first commit; without what moves to Archive where the workbook cannot do that. Returns whether it moved."""
    once = [once_of(push, run.panel) for push in run.plan.pushes if push.once and push not in run.postponed]
    asked = services(run.snapshot)[0] if _asks(run.job) else None
    going = [_as_update(push) for push in run.plan.pushes if not push.once]
    try:
        run.commit(commit, announced=once, services=asked, going=going)
    except Unmovable:
        marks = {key for key, _ in commit.archive.items()}
        rows = [row for row in commit.ledger if row["tab"] != Feed.ORDERS or row["key"] not in marks]
        meta = {**commit.meta, archive.OBSTACLE: archive.refused_on(run.job.clock())}
        run.commit(replace(commit, archive={}, ledger=rows, meta=meta), announced=once, services=asked, going=going)
        if not run.snapshot.meta.get(archive.OBSTACLE, "").startswith(archive.REFUSED):
            run.messages.extend(archive.stuck(archive.REFUSED, run.say))
        return False
    return True


def _as_update(push: Push) -> tuple[str, str, dict[str, str]]:
    """What moves no money as the journal keeps it: feed, key, field → value."""
    return push.feed.value, push.key, {change.field: change.new for change in push.changes}


def _settle_old_claims(run: _Run) -> None:
    """What earlier runs left in the journal has landed or is on record in the sheet now: resolved there, it stays resolved."""
    waiting = {claim.id for claim, _ in run.waiting}
    with _noting(run):
        for claim in _left_open(run):
            # what was set aside has its doubt, and is still to be read
            if claim.run != run.job.run and claim.id not in waiting and claim.state is not State.ASIDE:
                run.job.journal.settle(claim.id, ON_RECORD)


@contextmanager
def _noting(run: _Run) -> Iterator[None]:
    """The journal takes note of what the sheet has already. When it cannot, the run ends, but what happened has happened."""
    try:
        yield
    except ReconcileError as error:
        run.fail(error)


def _limits_told(run: _Run) -> str:
    """What limits hold, and which lists to tick; "" when nothing is held."""
    reason = " ".join(limit.text for limit in run.plan.holding)
    return f"{reason} {approvals.told(run.plan)}".strip() if reason else ""


# --- push ------------------------------------------------------------------------------------------------------------------


def _push(run: _Run) -> None:
    why = run.say.PHRASES["other_run"]
    run.results.extend(Result(push, Verdict.NOT_SENT, why) for push in run.postponed)
    pushes = _without_lacking(run, [push for push in run.plan.pushes if push not in run.postponed])
    if not pushes:
        return
    run.job.talk.start("Sending changes", len(pushes))
    bulk = [push for push in pushes if push.action is Action.UPDATE_ORDERS and not push.once]
    single = [push for push in pushes if push.action is not Action.UPDATE_ORDERS and not push.once]
    silent = 0
    for results in _each(run, bulk, single, [push for push in pushes if push.once]):
        run.results.extend(results)
        run.job.talk.advance(len(results))
        answered = any(result.verdict in (Verdict.ACCEPTED, Verdict.REFUSED) for result in results)
        if answered and not run.answered:
            run.answered = True
            run.standing.proven()
        silent = 0 if answered else silent + 1
        if silent >= PATIENCE or _unreachable(results):
            reason = next((result.reason for result in results if result.reason), "The panel does not answer.")
            run.fail(Unavailable(reason, "Nothing is lost: the rest is sent by the next run."))
            break
    _look_at_closed(run)


def _look_at_closed(run: _Run) -> None:
    """Where the panel refused because an order is closed there, a look tells how it stands."""
    closed = [result for result in run.results if result.verdict is Verdict.REFUSED and ways.says_closed(result.reason)]
    orders = {id(result): result.push.order_id or result.push.key for result in closed}
    if not closed or not run.job.panel.looks or not run.may_go_on():
        return
    try:
        seen = run.job.panel.look(list(orders.values()))
    except (CallFailed, AccessRefused) as error:
        run.messages.append(run.say.MESSAGES["look_failed"].format(problem=error.what))
        return
    for place, result in enumerate(run.results):
        if (found := seen.get(orders.get(id(result), ""))) is not None:
            there = run.say.PHRASES["seen_at_panel"].format(status=run.say.choice(found.status))
            run.results[place] = replace(result, reason=f"{result.reason.rstrip('.')} ({there})")


def _without_lacking(run: _Run, pushes: list[Push]) -> list[Push]:
    """Answers payments and tickets that a setting says the panel has no call for; returns the other pushes."""
    calls = _lacking(run) & {Feed.PAYMENTS, Feed.TICKETS}
    lacking = [push for push in pushes if push.feed in calls]
    journal, reason = run.job.journal, LACKS_CALL
    for push in lacking:
        run.results.append(Result(push, Verdict.REFUSED, reason))
        send = journal.announced(run.job.run, push.feed.value, push.key)
        with _noting(run):
            journal.sent(send, Verdict.REFUSED.value, reason, run.job.clock().isoformat())
    return [push for push in pushes if push not in lacking]


def _lacking(run: _Run) -> set[Feed]:
    """What a setting says that the panel has no call for: nothing of these is asked for or sent."""
    said = run.job.fixed.get("lacks", ())
    return {Feed(name) for name in said} if isinstance(said, tuple) else set()


def _each(run: _Run, bulk: list[Push], single: list[Push], once: list[Push]) -> Iterator[list[Result]]:
    """Sends everything in order, yielding the results of one call (or one bisected chunk) at a time."""
    while bulk:
        if not _ready(run):
            return
        now, bulk = bulk[: run.rows], bulk[run.rows :]
        yield _update(run, now)
    for push in single:
        if not _ready(run):
            return
        yield [_guarded(run, push, lambda push=push: run.job.panel.tell(push))]  # type: ignore[misc]
    for push in once:
        if not _ready(run):
            return
        yield [_send_once(run, push)]


def _unreachable(results: list[Result]) -> bool:
    return bool(results) and all(result.verdict is Verdict.NOT_SENT for result in results)


def _ready(run: _Run) -> bool:
    """Whether a next call may start; renews the lease where too little of it is left."""
    if not run.may_go_on():
        return False
    now = run.job.clock()
    if run.until - now < run.job.renew:
        run.until = now + run.job.lease
        commit = Commit(run.job.run, meta={LEASE: Lease(run.job.run, run.until).text()})
        run.commit(commit)
    return True


def _guarded(run: _Run, push: Push, call: Callable[[], object]) -> Result:
    """One call's result as one of four verdicts. A refused key ends the run."""
    run.job.stop.waiting = True
    try:
        call()
    except NeverSent as error:
        return Result(push, Verdict.NOT_SENT, error.what)
    except Refused as error:
        return Result(push, Verdict.REFUSED, error.what)
    except Unknown as error:
        return Result(push, Verdict.UNKNOWN, error.what)
    except AccessRefused as error:
        run.fail(error)
        return Result(push, Verdict.NOT_SENT, error.what)
    except ReconcileError as error:  # whatever else went wrong, the call may have been made
        run.fail(error)
        return Result(push, Verdict.UNKNOWN, error.what)
    finally:
        run.job.stop.waiting = False
    return Result(push, Verdict.ACCEPTED)


def _send_once(run: _Run, push: Push) -> Result:
    """A refund, payment or ticket: journaled before and after, called once."""
    journal, clock = run.job.journal, run.job.clock
    send = journal.announced(run.job.run, push.feed.value, push.key)
    journal.sending(send, clock().isoformat())
    keep = KeptSend(journal, send, clock)
    if push.action is Action.UPDATE_ORDERS:
        result = _update_once(run, push, keep)
    else:
        result = _guarded(run, push, lambda: run.job.panel.tell(push, keep=keep))
    if result.verdict is not Verdict.UNKNOWN and push.feed in (Feed.PAYMENTS, Feed.TICKETS):
        rest = tuple(name for name in run.facts.lacks if name != push.feed.value)
        lacks = (*rest, push.feed.value) if result.reason.startswith(LACKS_CALL) else rest
        run.learn(replace(run.facts, lacks=lacks))
    if keep.error is not None:
        run.fail(keep.error)
    with _noting(run):  # the call was made: what became of it still reaches the sheet, and nothing else is sent
        journal.sent(send, result.verdict.value, result.reason, clock().isoformat())
    return result


@dataclass
class KeptSend:
    """Keeps the answers to a refund, payment or ticket as they arrive. What the journal cannot take is told afterwards."""

    journal: Journal
    send: int
    clock: Callable[[], datetime]
    error: ReconcileError | None = None

    def arrived(self, raw: RawAnswer) -> None:
        """An answer, as it came."""
        self._noted(lambda: self.journal.replied(self.send, raw, self.clock().isoformat()))

    cleaned = arrived

    def again(self) -> None:
        """The panel was busy and did not act: the same call is made once more."""
        self._noted(lambda: self.journal.resent(self.send))

    def _noted(self, note: Callable[[], None]) -> None:
        try:
            note()
        except ReconcileError as error:
            self.error = self.error or error


@dataclass
class KeptClaim:
    """The same for a claim. `kept`: whether the newest answer is on the disk."""

    journal: Journal
    claim: int
    clock: Callable[[], datetime]
    kept: bool = False
    error: ReconcileError | None = None

    def arrived(self, raw: RawAnswer) -> None:
        """An answer, as it came."""
        try:
            self.journal.answered(self.claim, raw, self.clock().isoformat(timespec="seconds"))
            self.kept = True
        except ReconcileError as error:
            self.kept, self.error = False, self.error or error

    cleaned = arrived

    def again(self) -> None:
        """The panel was busy and did not act: the same claim is made once more."""
        try:
            self.journal.asked_again(self.claim)
        except ReconcileError as error:
            self.error = self.error or error
        self.kept = False


def _update_once(run: _Run, push: Push, keep: KeptSend) -> Result:
    """A partial refund through `updateOrders` (setting partial_via): its own call, its own id's result."""
    found: dict[str, ItemResult] = {}

    def call() -> None:
        found.update(
            run.job.panel.update_orders([update_of(push)], once=True, keep=keep, form=run.facts.updates == ways.FORM)
        )

    result = _guarded(run, push, call)
    if isinstance(run.error, AccessRefused) and _key_is_right(run):
        run.error = None  # refused in JSON alone; what became of the refund only a person can see
        return Result(push, Verdict.UNKNOWN, result.reason)
    if result.verdict is not Verdict.ACCEPTED:
        return result
    item = found.get(push.target, ItemResult(Verdict.UNKNOWN))
    return Result(push, item.verdict, item.reason)


def update_of(push: Push) -> OrderUpdate:
    """A push as an entry of `updateOrders`."""
    values = {change.field: change.new for change in push.changes}
    return OrderUpdate(
        push.target,
        status=Status(values["status"]) if "status" in values else None,
        start_count=values.get("start_count"),
        remains=values.get("remains"),
    )


def _update(run: _Run, pushes: list[Push]) -> list[Result]:
    """One `updateOrders` for up to 100 rows. A whole-call refusal is bisected, so that one bad row never starves the others."""
    budget = [BISECT_CALLS]
    results = _update_some(run, pushes, budget)
    order = {push.key: place for place, push in enumerate(pushes)}
    return sorted(results, key=lambda result: order[result.push.key])


def _update_some(run: _Run, pushes: list[Push], budget: list[int]) -> list[Result]:
    if budget[0] <= 0 or not run.may_go_on():
        return [Result(push, Verdict.NOT_SENT, run.say.PHRASES["no_time"]) for push in pushes]
    if run.facts.updates == ways.SINGLE and run.job.panel.ways:
        return [result for push in pushes for result in _one_by_one(run, push)]
    if len(pushes) > run.rows:
        return _halved(run, pushes, budget)
    budget[0] -= 1
    proven = bool(run.facts.updates)
    found, failure = _list(run, pushes, form=run.facts.updates == ways.FORM)
    unproved = not proven or isinstance(failure, AccessRefused)
    open_ = run.job.panel.ways and "updates" not in run.job.fixed and unproved
    if failure is not None and open_ and _is_of_the_call(failure):
        other = _another_way(run, pushes, failure, budget)
        if other is not None:
            return other
    return _results(run, pushes, found, failure, budget)


def _results(
    run: _Run,
    pushes: list[Push],
    found: dict[str, ItemResult],
    failure: ReconcileError | None,
    budget: list[int],
) -> list[Result]:
    """What one list came to; after a time-out or a refusal of the whole list its halves are sent."""
    if failure is None:
        unclear = ItemResult(Verdict.UNKNOWN)
        return [Result(push, *_pair(found.get(push.target, unclear))) for push in pushes]
    if isinstance(failure, NeverSent):
        return [Result(push, Verdict.NOT_SENT, failure.what) for push in pushes]
    if isinstance(failure, AccessRefused):
        run.fail(failure)
        return [Result(push, Verdict.NOT_SENT, failure.what) for push in pushes]
    if isinstance(failure, NoAnswer) and failure.late and len(pushes) > 1 and _alive(run):
        run.rows = (len(pushes) + 1) // 2
        return _halved(run, pushes, budget)
    if isinstance(failure, Refused):
        if failure.lacks_action and "updates" not in run.job.fixed:
            _learn_single(run, failure.what)
            return [result for push in pushes for result in _one_by_one(run, push)]
        if len(pushes) == 1 or failure.lacks_action:
            return [Result(push, Verdict.REFUSED, failure.what) for push in pushes]
        return _halved(run, pushes, budget)
    return [Result(push, Verdict.UNKNOWN, failure.what) for push in pushes]


def _halved(run: _Run, pushes: list[Push], budget: list[int]) -> list[Result]:
    middle = (len(pushes) + 1) // 2
    return _update_some(run, pushes[:middle], budget) + _update_some(run, pushes[middle:], budget)


def _list(run: _Run, pushes: list[Push], *, form: bool) -> tuple[dict[str, ItemResult], ReconcileError | None]:
    """One list of updates: what the panel said of each, or how the call failed as a whole. Remembers what it shows of the panel."""
    run.job.stop.waiting = True
    try:
        found = run.job.panel.update_orders(
            [update_of(push) for push in pushes],
            form=form,
            late=len(pushes) == 1,
            crashed=form
            or bool(run.facts.updates),  # a server that cannot read JSON answers each with 500: a form is tried at once
        )
    except (CallFailed, AccessRefused) as error:
        run.silence = run.silence + 1 if isinstance(error, NoAnswer) else 0
        return {}, error
    finally:
        run.job.stop.waiting = False
    run.silence = 0
    if any(item.verdict is not Verdict.UNKNOWN for item in found.values()):
        if not run.facts.updates:
            run.learn(replace(run.facts, updates=ways.JSON))
        if run.rows < run.facts.rows:
            if run.learn(replace(run.facts, rows=run.rows, good=0)):
                run.messages.append(run.say.MESSAGES["fewer_rows"].format(count=run.rows))
        else:
            run.learn(run.facts.answered(len(pushes)))
            run.rows = max(run.rows, run.facts.rows)
    return found, None


def _alive(run: _Run) -> bool:
    """Whether the panel is there at all, asked after PATIENCE lists without an answer: one that is away is left alone."""
    if run.silence < PATIENCE:
        return True
    run.silence = 0
    _probe(run)
    return run.error is None


def _is_of_the_call(failure: ReconcileError) -> bool:
    """Whether a failure may come from the way the list was sent: the panel answered, and not about an order."""
    if isinstance(failure, Refused):
        return not failure.lacks_action and not failure.about_orders
    return isinstance(failure, AccessRefused) or type(failure) is Unknown


def _another_way(run: _Run, pushes: list[Push], failure: ReconcileError, budget: list[int]) -> list[Result] | None:
    """The same list as a form, then one by one; None where the panel does not take it like that either.

    A key that was refused in JSON is tried in a form first, in a call that cannot do anything: refused there, too, it is wrong.
    """
    if isinstance(failure, AccessRefused) and not _key_is_right(run):
        return None
    found, other = _list(run, pushes, form=True)
    if other is None or (isinstance(other, Refused) and other.about_orders):
        if other is not None or any(item.verdict is not Verdict.UNKNOWN for item in found.values()):
            run.learn(replace(run.facts, updates=ways.FORM))
            run.messages.append(run.say.MESSAGES["updates_form"].format(problem=_why(failure.what)))
        return _results(run, pushes, found, other, budget)
    if isinstance(other, (NeverSent, NoAnswer, AccessRefused)) or (
        type(other) is Unknown and other.what == failure.what
    ):
        return None  # it is not the way it was sent
    if isinstance(other, Refused) and other.lacks_action:
        _learn_single(run, other.what)
        return [result for push in pushes for result in _one_by_one(run, push)]
    if isinstance(failure, Refused) and len(pushes) > 1:
        _list(run, pushes[:1], form=False)
        if run.facts.updates:
            return None  # one of the others is what it does not take
    begun = _one_by_one(run, pushes[0])
    first = begun[0]
    if first.verdict is not Verdict.ACCEPTED and not (
        first.verdict is Verdict.REFUSED and isinstance(failure, Refused) and len(pushes) == 1
    ):
        return None
    if first.verdict is Verdict.ACCEPTED:
        _learn_single(run, failure.what)
    return [*begun, *(result for push in pushes[1:] for result in _one_by_one(run, push))]


def _key_is_right(run: _Run) -> bool:
    """Whether the panel takes the key in a form."""
    try:
        run.job.panel.probe()
    except ReconcileError:
        return False
    return True


def _why(problem: str) -> str:
    """What a call met, without what that means for the call: it has been made in another way since."""
    return problem.partition("; it may or may not have acted")[0]


def _learn_single(run: _Run, problem: str) -> None:
    if run.facts.updates != ways.SINGLE:
        run.learn(replace(run.facts, updates=ways.SINGLE))
        run.messages.append(run.say.MESSAGES["updates_single"].format(problem=_why(problem)))


def _pair(item: ItemResult) -> tuple[Verdict, str]:
    return item.verdict, item.reason


def _one_by_one(run: _Run, push: Push) -> list[Result]:
    """A panel without `updateOrders`: the single calls say the same, start count and remains before the status.

    Each call has its own answer, so that what the panel took and what it refused of one row are told apart.
    """
    panel, update = run.job.panel, update_of(push)
    order, status, start_count, remains = push.target, update.status, update.start_count, update.remains
    steps: list[tuple[tuple[str, ...], Callable[[], object]]] = []
    begins = status is Status.IN_PROGRESS and start_count is not None
    # setStartcount may also set In progress [anc], so a status is always sent after it
    if start_count is not None and not begins:
        steps.append((("start_count",), lambda: panel.set_start_count(order, start_count)))
    if remains is not None:
        steps.append((("remains",), lambda: panel.set_remains(order, remains)))
    if status is not None:
        steps.append(
            (("status", "start_count") if begins else ("status",), lambda: _set_status(run, order, status, start_count))
        )
    found: dict[tuple[Verdict, str], list[str]] = {}
    for number, (fields, call) in enumerate(steps):
        if not _ready(run):
            result = Result(push, Verdict.NOT_SENT, run.say.PHRASES["no_time"])
        else:
            result = _guarded(run, push, call)
        # an order that is completed takes nothing any more, so what was refused has to be put right before; nothing remains of one anyway
        ends = status is Status.COMPLETED and (fields, remains) != (("remains",), "0")
        clear = result.verdict is Verdict.ACCEPTED or (result.verdict is Verdict.REFUSED and not ends)
        now = fields if clear else tuple(name for left, _ in steps[number:] for name in left)
        found.setdefault((result.verdict, result.reason), []).extend(now)
        if not clear:
            break
    if len(found) == 1:
        return [Result(push, *pair) for pair in found]
    return [
        Result(replace(push, changes=tuple(change for change in push.changes if change.field in names)), *pair)
        for pair, names in found.items()
    ]


def _set_status(run: _Run, order: str, status: Status, start_count: str | None) -> None:
    """One status by its own call, or by `setStatus` where the panel has only that."""
    panel = run.job.panel
    if not run.facts.has_set_status:
        try:
            if status is Status.IN_PROGRESS:
                panel.set_in_progress(order, start_count)
            elif status is Status.PROCESSING:
                panel.set_processing(order)
            elif status is Status.COMPLETED:
                panel.set_completed(order)
        except Refused as error:
            if not error.lacks_action:
                raise
        else:
            return
    if status is Status.IN_PROGRESS and start_count is not None:
        panel.set_start_count(order, start_count)
    panel.set_status(order, status)
    run.facts = replace(run.facts, has_set_status=True)


# --- claim -----------------------------------------------------------------------------------------------------------------


def services(snapshot: Snapshot) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The services to pull, in the order of the Services tab, and what is wrong with that tab in words."""
    say, frame = snapshot.words, snapshot.tabs["services"]
    tab, label, column = say.TAB["services"], say.SERVICE_LABEL["pull"], say.SERVICE_LABEL["service_id"]
    found: list[str] = []
    problems = []
    for key, pull, number in zip(frame.index, frame["pull"], frame["_row"], strict=True):
        answer = cells.choice(pull, YesNo, label, say)
        if isinstance(answer, cells.Wrong):
            problems.append(say.MESSAGES["row"].format(tab=tab, row=number, text=answer.text))
        elif answer is YesNo.YES and not key:
            problems.append(say.MESSAGES["missing"].format(tab=tab, row=number, label=column))
        elif answer is YesNo.YES and not (key.isascii() and key.isdecimal()):
            problems.append(
                say.MESSAGES["bad_service"].format(tab=tab, row=number, label=column, shown=say.shown(str(key)))
            )
        elif answer is YesNo.YES and key not in found:
            found.append(str(key))
    if not found:
        problems.append(say.MESSAGES["no_service"].format(tab=tab, label=label))
    return tuple(found), tuple(problems)


def _claim(run: _Run) -> None:
    """Orders per service, then refills, then cancels. Each answer is journaled before it is parsed, landed before the next."""
    wanted, problems = services(run.snapshot)
    run.messages.extend(problems)
    if not _ready(run):
        return
    if not run.answered:
        _probe(run)
    _find_lost(run)
    panel = run.job.panel
    # with another sheet on this panel, "of all services" would take that one's refills and cancel requests, too
    shared = bool(run.job.rivals or _rivals(run))
    filters: tuple[str, ...] = wanted if run.job.tasks == "listed" or shared else ("",)
    run.job.talk.start("Receiving work", None)
    shut = run.plan.shut  # rows and values of these no longer belong together: nothing new comes among them
    for service in () if Feed.ORDERS in shut else wanted:
        _drain(run, Feed.ORDERS, service, partial(panel.claim, Feed.ORDERS, service))
    lacks = _lacking(run)
    for service in () if Feed.REFILLS in shut | lacks else filters:
        _drain(run, Feed.REFILLS, service, partial(panel.claim, Feed.REFILLS, service))
    for service in () if Feed.CANCELS in shut | lacks else filters:
        _drain(run, Feed.CANCELS, service, partial(panel.claim, Feed.CANCELS, service))
    _land_waiting(run)
    _tell_unheard(run)
    _tell_listed(run)


def _find_lost(run: _Run) -> None:
    """What the panel shows to have been handed out with an answer that was lost lands by itself; the rest stays with a person."""
    doubts = [doubt for doubt in run.doubts if doubt.kind == "claim" and doubt.feed is Feed.ORDERS]
    if not doubts or not run.job.panel.lists or not run.may_go_on():
        return
    look = looking.Look(run.job.panel, run.job.journal, run.job.clock, run.say)
    listing, problem = look.listed(doubts)
    if listing is None:
        run.messages.append(problem)
        return
    others = {NO_BOOK, *(other.book for other in run.job.journal.books())}
    kept = looking.kept_elsewhere(run.job.journal, run.book_id, others, read_answer)
    for doubt in doubts:
        if not _ready(run):
            return
        found = look.found(doubt, listing, lambda key: key in kept or _is_here(run, key))
        if found.lost:
            _land_found(run, doubt, found.lost)
        if found.over:
            run.doubts.remove(doubt)
            run.closed[DOUBT + doubt.id] = None
            text = run.say.MESSAGES["look_found" if found.lost else "look_nothing"]
        else:
            place = run.doubts.index(doubt)
            run.doubts[place] = looking.asks(doubt, found, run.say) if found.asked else doubt
            text = run.say.MESSAGES["look_found" if found.lost else "look_open"]
        what = run.say.amount_of(Feed.ORDERS, len(found.lost))
        run.messages.append(text.format(doubt=doubt.id, count=len(found.lost), what=what))
    _land_changed(run, [seen.order for seen in listing.orders])


def _is_here(run: _Run, key: str) -> bool:
    """Whether an order is in this workbook, or was."""
    in_books = (Feed.ORDERS.value, key) in run.ledger or run.ledger.archived.how(key) is not None
    return in_books or key in run.present[Feed.ORDERS.value]


def _land_found(run: _Run, doubt: Doubt, orders: Sequence[Order]) -> None:
    """Orders of a lost answer land as they would have with it."""
    for service in dict.fromkeys(order.service for order in orders):
        mine = tuple(order for order in orders if order.service == service)
        claim = Claim(0, run.book_id, run.job.run, Feed.ORDERS, service, State.LANDED, None, doubt.at, "", "")
        run.waiting.append((claim, Claimed(Feed.ORDERS, service, mine)))
    _land_waiting(run)


def _land_changed(run: _Run, orders: Sequence[Order]) -> None:
    """What the panel changed in orders that are here is told in their rows, now that they were seen anyway."""
    known = tuple(order for order in orders if (Feed.ORDERS.value, order.id) in run.ledger)
    claimed = Claimed(Feed.ORDERS, "", known)
    one = land(
        claimed,
        run.ledger,
        run.present[Feed.ORDERS.value],
        run=run.job.run,
        revision=run.revision,
        now=run.job.clock(),
        when=run.when(),
        cell_limit=run.job.book.cell_limit,
        lists=True,
        say=run.say,
    )
    if not one or not _ready(run):
        return
    answered = _rows_in_doubt(run) | _rows_answered(run)
    run.beside.update({(note.tab, note.key): note for note in one.notes if (note.tab, note.key) in answered})
    notes = [note for note in one.notes if (note.tab, note.key) not in answered]
    run.commit(Commit(run.job.run, ledger=one.ledger, sync=sync_texts(run.snapshot, notes)))
    run.ledger = run.ledger.patched(one.ledger)
    run.landed_notes.extend(notes)
    run.messages.extend(one.messages)


def _probe(run: _Run) -> None:
    """A call that cannot do anything proves panel and key before anything is claimed: a dead panel costs no doubt."""
    run.job.stop.waiting = True
    try:
        run.job.panel.probe()
        run.standing.proven()
    except ReconcileError as error:
        run.fail(error)
    finally:
        run.job.stop.waiting = False


def _drain(run: _Run, feed: Feed, service: str, fetch: Fetch) -> None:
    """Claims one feed of one service until the panel has no more, or an answer brings nothing new."""
    try:
        _drained(run, feed, service, fetch)
    finally:
        run.waiting.extend(run.held)
        run.held = []


def _drained(run: _Run, feed: Feed, service: str, fetch: Fetch) -> None:
    seen: set[str] = set()
    for _ in range(CANCEL_CALLS if feed is Feed.CANCELS else FULL):
        if not _ready(run):
            return
        answer = _fetch(run, feed, service, fetch)
        if answer is None:
            return
        claim, claimed = answer
        if claimed.in_doubt:
            _doubt_claim(run, claim, claimed.problem)
            if claimed.unread:
                with _noting(run):
                    run.job.journal.set_aside(claim.id)
        elif claimed.problem or claimed.lacks_action:
            _report(run, claimed)
        else:
            run.learn(replace(run.facts, lacks=tuple(name for name in run.facts.lacks if name != feed.value)))
        ids = {item.id for item in claimed.rows}
        if feed is Feed.ORDERS:
            _learn_from(run, ids)
            _learn_none(run, claimed)
        if not claimed.count:
            if not claimed.in_doubt:
                _journal_landed(run, [claim])
            return
        fresh = ids - seen
        seen |= fresh
        shown = sum((feed.value, key) in run.ledger for key in ids) if run.facts.lists else 0
        run.job.talk.advance(claimed.count - shown)
        ends = _orders_end if feed is Feed.ORDERS else _tasks_end
        if ends(run, claim, claimed, fresh):
            return


def _tasks_end(run: _Run, claim: Claim, claimed: Claimed, fresh: set[str]) -> bool:
    """Makes one answer's refills or cancel request ready to land, lands what is due, and says whether there is no more."""
    cancels = claimed.feed is Feed.CANCELS
    if cancels and _on_record(run, claimed, fresh):
        _journal_landed(run, [claim])  # the same task again: it is not consumed
        return True
    run.waiting.append((claim, claimed))
    if len(run.waiting) >= (FULL if cancels else run.job.book.lands_together):
        _land_waiting(run)
    if not fresh and not claimed.broken:
        run.messages.append(run.say.MESSAGES["same_again"].format(tab=run.say.small(run.say.TAB[claimed.feed])))
        return True
    # the one that cannot be read would come again
    return claimed.in_doubt or bool(cancels and claimed.broken)


def _learn_from(run: _Run, ids: set[str]) -> None:
    """An order that comes twice in one run proves that getOrders only shows what is pending."""
    if run.handed & ids and not run.facts.lists and "lists" not in run.job.fixed:
        run.learn(replace(run.facts, lists=True, page=0, last=0))
        run.messages.append(run.say.MESSAGES["lists"])
    run.handed |= ids


def _learn_none(run: _Run, claimed: Claimed) -> None:
    """What the panel said of a service that brings orders now was its own way to say "none"; what it says now may be that, too."""
    if not claimed.count:
        run.learn(run.facts.said_instead(claimed.service, claimed.said))
        return
    facts, meant = run.facts.brought(claimed.service)
    if meant:
        run.learn(facts)
        run.messages.append(run.say.MESSAGES["none_learnt"].format(said=meant))


def _orders_end(run: _Run, claim: Claim, claimed: Claimed, fresh: set[str]) -> bool:
    """Makes one answer's orders ready to land, lands what is due, and says whether this service is done.

    Known orders that came again are held until the next answer: on a panel that hands out, they were put back there; on one that only
    shows what is pending, they come with that answer, too, and have nothing new.
    """
    run.waiting.extend(run.held)
    run.held = []
    again = {key for key in fresh if (Feed.ORDERS.value, key) in run.ledger or run.ledger.archived.how(key) is not None}
    ask = bool(again) and not run.facts.lists and not claimed.in_doubt and "lists" not in run.job.fixed
    if ask:
        known = tuple(item for item in claimed.rows if item.id in again)
        new = tuple(item for item in claimed.rows if item.id not in again)
        run.held.append((claim, replace(claimed, rows=known, broken=())))
        run.waiting.append((claim, replace(claimed, rows=new)))
    else:
        run.waiting.append((claim, claimed))
        if not again and not run.facts.lists:
            run.learn(run.facts.counted(claimed.count))
    if len(run.waiting) >= run.job.book.lands_together or run.job.acknowledge:
        _land_waiting(run)
    told = run.job.acknowledge and _acknowledge(run, fresh)
    if claimed.in_doubt:
        return True
    if ask or told:
        return False
    nothing_new = not fresh - again and not claimed.broken
    return nothing_new or not run.facts.full(claimed.count)


def _acknowledge(run: _Run, ids: set[str]) -> bool:
    """Tells the panel that these orders are in the sheet: Processing, where nothing else was said of them. Whether it took one."""
    told = {push.key for push in run.plan.pushes}
    updates: list[Push] = []
    for key in sorted(ids):
        row = run.ledger.row(Feed.ORDERS, key)
        quiet = row is not None and row["state"] == STATE_OPEN and not row["sending"] and not on_its_way(row)
        if row is not None and quiet and row["status"] == Status.PROCESSING and key not in told:
            change = Change("status", "", Status.PROCESSING.value, None)
            updates.append(Push(Feed.ORDERS, key, 0, Action.UPDATE_ORDERS, key, (change,), order_id=key))
    results: list[Result] = []
    while updates and _ready(run):
        now, updates = updates[: run.rows], updates[run.rows :]
        results += _update(run, now)
    run.unheard += [result for result in results if result.verdict is not Verdict.ACCEPTED]
    return any(result.verdict is Verdict.ACCEPTED for result in results)


def _tell_listed(run: _Run) -> None:
    """One line each for what a listing panel shows as pending although it has no row, or is closed, here."""
    told = run.say.MESSAGES
    for said, keys in ((told["listed_rowless"], [*run.rowless]), (told["listed_closed"], [*run.closed_here])):
        if keys:
            tab, other = run.say.TAB[Feed.ORDERS], run.say.TAB[ARCHIVE]
            text = said.format(tab=tab, archive=other, count=len(keys), ids=named_ids(keys))
            run.messages.append(text)


def _tell_unheard(run: _Run) -> None:
    """One line for all orders that the panel did not set to Processing."""
    if run.unheard:
        ids = named_ids([result.push.key for result in run.unheard])
        why = next((result.reason for result in run.unheard if result.reason), "")
        text = run.say.MESSAGES["not_acknowledged"]
        run.messages.append(text.format(count=len(run.unheard), ids=ids, problem=_why(why)))
        run.unheard = []


def _on_record(run: _Run, claimed: Claimed, fresh: set[str]) -> bool:
    """Whether everything in this answer is in the sheet already, also what could not be read and was kept raw."""
    kept = {doubt.raw for doubt in run.doubts if doubt.kind == "broken" and doubt.feed == claimed.feed}
    rows = all((claimed.feed.value, key) in run.ledger for key in fresh)
    return rows and all(broken.raw[:500] in kept for broken in claimed.broken)


def _fetch(run: _Run, feed: Feed, service: str, fetch: Fetch) -> tuple[Claim, Claimed] | None:
    """One claim: room, intent, call, its answer to the journal as it arrives, only then read. None: nothing to read."""
    job = run.job
    try:
        job.journal.make_room()
    except ReconcileError as error:
        run.fail(error)
        return None
    at = job.clock().isoformat(timespec="seconds")
    number = job.journal.intend(run.book_id, job.run, feed.value, service, at, run.revision)
    claim = Claim(number, run.book_id, job.run, feed.value, service, State.INTENDED, None, at, "", "", run.revision)
    keep = KeptClaim(job.journal, number, job.clock)
    cut = ""
    job.stop.waiting = True
    try:
        raw = fetch(keep=keep)
    except NeverSent as error:
        run.fail(error)
        with _noting(run):
            job.journal.never_sent(claim.id)
        return None
    except CutShort as error:
        raw, cut = error.partial, error.what  # what did come is kept, and what can be read of it lands
    except Unknown as error:
        _doubt_claim(run, claim, error.what)
        return None
    finally:
        job.stop.waiting = False
    if keep.error is not None:
        run.fail(keep.error)
    if not keep.kept:
        run.unkept.add(claim.id)  # the answer is in hand: it lands all the same, and nothing further is asked for
    try:
        claimed = reader(raw).claimed(feed, service, raw, run.may_read, run.facts.none)
        busy = not claimed.count and reader(raw).is_busy(raw)
        if busy:  # every further claim would hear the same, after as long a wait
            run.fail(Unavailable(f"{claimed.problem}; nothing was handed out", "Try again later."))
        return claim, replace(claimed, in_doubt=True, problem=cut) if cut else claimed
    except AccessRefused as error:
        run.fail(error)
        with _noting(run):
            job.journal.settle(claim.id, error.what)
        return None


def _report(run: _Run, claimed: Claimed) -> None:
    """Says what the panel refused to hand out; that is not "no orders". What it has no call for is said once."""
    say = run.say
    if claimed.lacks_action:
        if claimed.feed.value in run.facts.lacks:
            return
        run.learn(replace(run.facts, lacks=(*run.facts.lacks, claimed.feed.value)))
    of_service = say.PHRASES["in_service"].format(service=claimed.service) if claimed.service else ""
    text = say.MESSAGES["lacks_call"].format(problem=claimed.problem) if claimed.lacks_action else claimed.problem
    run.messages.append(say.MESSAGES["tab"].format(tab=say.TAB[claimed.feed], of_service=of_service, text=text))


def _doubt_claim(run: _Run, claim: Claim, why: str) -> None:
    """Work may have been handed out that nobody sees: on record, and no further claim in this run."""
    ended = run.job.clock().isoformat(timespec="seconds")
    run.doubts.append(replace(_claim_doubt(replace(claim, why=why), run.say), until=ended))
    run.fail(Unknown(why, "It is on record as in doubt; see `reconcile resolve`."))
    with _noting(run):
        run.job.journal.unknown(claim.id, why)


def _land_waiting(run: _Run) -> None:
    """Commits everything claimed so far. When that fails the answers stay in the journal and no further claim is made."""
    while run.waiting:
        _land_share(run)


def _land_share(run: _Run) -> None:
    batch, rest = share(run.waiting, PAYLOAD)
    landing, ledger = _landing(run, run.ledger, batch)
    now = run.job.clock()
    run.until = now + run.job.lease
    meta: dict[str, str | None] = {
        LEASE: Lease(run.job.run, run.until).text(),
        CLAIMING: _about_to_ask(run, now),
        **_untold([*run.messages, *landing.messages]),
        **doubt_meta([*run.doubts, *landing.doubts]),
    }
    commit = Commit(
        run.job.run,
        append=landing.append,
        ledger=landing.ledger,
        sync=sync_texts(run.snapshot, landing.notes),
        meta=meta,
    )
    if landing:
        run.commit(commit)
    run.ledger = ledger
    _landed(run, landing, batch, rest)


def _landing(run: _Run, ledger: Ledger, batch: Iterable[tuple[Claim, Claimed]]) -> tuple[Landing, Ledger]:
    """A batch of what is waiting as one landing, and the ledger after it."""
    total = Landing()
    job = run.job
    in_doubt, answered = _rows_in_doubt(run), _rows_answered(run)
    for claim, claimed in batch:
        one = land(
            claimed,
            ledger,
            run.present[claimed.feed.value],
            run=claim.name,
            revision=run.revision,
            # nothing lands before it was asked for, whatever this machine's clock says now
            now=max(job.clock(), datetime.fromisoformat(claim.intended_at)),
            when=run.when(),
            cell_limit=job.book.cell_limit,
            shown=run.snapshot.tabs[claimed.feed.value],
            lists=bool(run.facts.lists),
            say=run.say,
        )
        for tab, rows in one.append.items():
            total.append.setdefault(tab, []).extend(rows)
        total.ledger.extend(one.ledger)
        # whether a refund went through is the question in that row, also when its order is handed out again meanwhile
        notes = [note for note in one.notes if (note.tab, note.key) not in in_doubt]
        run.beside.update({(note.tab, note.key): note for note in notes if (note.tab, note.key) in answered})
        total.notes.extend(note for note in notes if (note.tab, note.key) not in answered)
        total.doubts.extend(one.doubts)
        total.messages.extend(one.messages)
        total.counts.update(one.counts)
        run.rowless.update(dict.fromkeys(one.rowless))
        run.closed_here.update(dict.fromkeys(one.closed))
        ledger = ledger.patched(one.ledger)
    return total, ledger


def _rows_in_doubt(run: _Run) -> set[tuple[str, str]]:
    """(tab, key) of each row whose answer asks a person what became of a send, of an earlier run or of this one."""
    asked = {(note.tab, note.key) for note in run.plan.notes if note.kind is Kind.DOUBT}
    return asked | {(result.push.feed.value, result.push.key) for result in run.results if _doubtful(result)}


def _rows_answered(run: _Run) -> set[tuple[str, str]]:
    """(tab, key) of each row with an answer to a person in this run: what is told of the panel comes after it, never instead."""
    kinds = (Kind.HELD, Kind.PROBLEM, Kind.REFUSED, Kind.WAITING)
    planned = {(note.tab, note.key) for note in run.plan.notes if note.kind in kinds}
    told = {
        (result.push.feed.value, result.push.key) for result in run.results if result.verdict is not Verdict.ACCEPTED
    }
    return planned | told


def _with_beside(run: _Run, notes: Iterable[Note]) -> list[Note]:
    """The answers to people, each with what is told of the panel in the same row after it."""
    beside = dict(run.beside)
    out = []
    for note in notes:
        other = beside.pop((note.tab, note.key), None)
        if other is None or other.text in note.text:
            out.append(note)
        else:
            parts = [(note.kind, note.text), (other.kind, other.text)]
            out.append(replace(note, kind=joined(parts, run.say)[0], text=run.say.join(parts)))
    return [*out, *beside.values()]


def _journal_landed(run: _Run, claims: Iterable[Claim]) -> None:
    with _noting(run):
        numbers = [claim.id for claim in claims if claim.id]  # 0: it was found at the panel, no answer of it is kept
        kept = [number for number in numbers if number not in run.unkept]
        run.job.journal.landed(kept, run.job.clock().isoformat(timespec="seconds"))
        for number in run.unkept.intersection(numbers):
            run.job.journal.settle(number, "landed")


def _landed(
    run: _Run, landing: Landing, batch: Iterable[tuple[Claim, Claimed]], rest: list[tuple[Claim, Claimed]]
) -> None:
    """A batch is in the sheet; a claim of which rows are left is not done yet."""
    run.waiting = rest
    unfinished = {claim.id for claim, _ in (*rest, *run.held)}
    _journal_landed(run, [claim for claim, _ in batch if claim.id not in unfinished])
    run.landed.update(landing.counts)
    run.landed_notes.extend(landing.notes)
    run.messages.extend(landing.messages)
    run.doubts.extend(landing.doubts)
    for tab, rows in landing.append.items():
        if tab in run.present:
            run.present[tab].update(str(row["id"]) for row in rows)
            run.came.extend((tab, row) for row in rows)


# --- end -------------------------------------------------------------------------------------------------------------------


def _name(push: Push) -> tuple[str, str, str]:
    """One push of a plan, also where its answer came in parts."""
    return push.feed.value, push.key, push.action.value


def _end(run: _Run) -> Outcome:
    """The last commit: results per row, ledger, log, heartbeat, lease released."""
    job = run.job
    done = {_name(result.push) for result in run.results}
    why = run.error.what if run.error else run.say.PHRASES["stopped_before"]
    run.results.extend(Result(push, Verdict.NOT_SENT, why) for push in run.plan.pushes if _name(push) not in done)
    now = job.clock()
    settled = settle.settle(
        run.plan,
        run.results,
        run.ledger,
        run.snapshot.tabs,
        run=job.run,
        now=now,
        when=run.when(),
        overtook=run.overtook,
    )
    in_doubt = [_send_doubt(result, run, now) for result in run.results if _doubtful(result)]
    known = {doubt.id for doubt in (*run.plan.doubts, *run.doubts)}
    run.doubts = [*run.doubts, *run.plan.doubts, *(doubt for doubt in in_doubt if doubt.id not in known)]
    try:
        outcome = _write_end(run, settled, now)
    except RevisionMoved as error:
        final: ReconcileError = _overtaken(error)
    except ReconcileError as error:
        final = error
    else:
        _forget_old(run, now)
        return outcome
    job.talk.say("The results could not be written into the sheet; the next run works them out again.")
    run.fail(final)
    code = final.exit_code if isinstance(run.error, Unknown) else (run.error or final).exit_code
    return replace(_outcome(run, code, (run.error or final).what), next_step=_step(run.error, final))


def _write_end(run: _Run, settled: settle.Settled, now: datetime) -> Outcome:
    """Writes the last commit; what a failed landing left waiting goes with it, and counts as landed only once it is written."""
    job = run.job
    _close_doubts(run)
    landing, ledger = _landing(run, run.ledger.patched(settled.ledger), run.waiting)
    notes = [*_with_beside(run, settled.notes), *landing.notes]
    standing = _states(run, ledger, landing, notes)
    done = replace(
        run,
        landed=run.landed + landing.counts,
        doubts=[*run.doubts, *landing.doubts],
        messages=[*run.messages, *landing.messages],
    )
    code, held = _exit_code(done), _limits_told(run)
    if held and code != Exit.LIMIT:
        done.messages.append(held)
    stopped = run.error.what if run.error else held if code == Exit.LIMIT else ""
    outcome = replace(_outcome(done, code, stopped), states=standing.counts, missing=standing.missing)
    asked = _asked(run, [*settled.notes, *landing.notes], now)
    outcome = replace(outcome, next_step=_step(run.error))
    outcome, told = _alerts(run, outcome, asked, now)
    rows = {"runs": [_runs_row(outcome, run.say.RESULTS[_result_words(outcome)])], "history": list(settled.history)}
    run.commit(
        Commit(
            job.run,
            append={**landing.append, **rows},
            ledger=_newest(settled.ledger, landing.ledger),
            sync=sync_texts(run.snapshot, notes, keep=run.landed_notes),
            state=standing.texts,
            meta={
                LEASE: None,
                CLAIMING: None,
                UNTOLD: None,
                HEARTBEAT: now.isoformat(timespec="seconds"),
                **done.closed,
                **_facts_meta(run),
                **asked,
                **told,
                **_missing_meta(run, standing),
                **_health_meta(run),
                **doubt_meta([doubt for doubt in done.doubts if doubt.kind != "send"]),
            },
            prune=KEPT,
        ),
        told=[
            (feed, key, values if result.verdict is Verdict.ACCEPTED else {})
            for result in run.results
            for feed, key, values in (_as_update(result.push),)
            if result.verdict is not Verdict.UNKNOWN and not result.push.once
        ],
    )
    _journal_landed(run, [claim for claim, _ in run.waiting])
    return outcome


def _asked(run: _Run, notes: Sequence[Note], now: datetime) -> dict[str, str | None]:
    """Since when rows wait for a person. A remedy has looked at few of them."""
    return asked_meta(run.snapshot.meta, notes, now) if run.job.remedy is None else {}


def _alerts(
    run: _Run, outcome: Outcome, asked: dict[str, str | None], now: datetime
) -> tuple[Outcome, dict[str, str | None]]:
    """What people are told of this run, and the meta entry that remembers it."""
    if not run.job.alerts:
        return outcome, {}
    meta = {**run.snapshot.meta, **{name: text or "" for name, text in asked.items()}}
    beat = meta.get(HEARTBEAT, "")
    old = (now - alerting.OLD).isoformat()
    seen = alerting.Seen(
        now=now,
        code=outcome.exit_code,
        why=_result_words(outcome),
        held=tuple(each.code for each in run.plan.approvals if not each.ticked) if run.plan.holding else (),
        doubts=tuple(doubt.id for doubt in outcome.doubts),
        old=tuple(place for place, at in asked_of(meta).items() if at <= old),
        arrived=dict(outcome.landed).get(Feed.ORDERS.value, 0),
        last=datetime.fromisoformat(beat) if beat else None,
    )
    after, messages = alerting.step(alerting.told_of(meta), seen)
    return replace(outcome, alerts=messages), {alerting.ALERTS: after.text()}


def _states(run: _Run, ledger: Ledger, landing: Landing, notes: Sequence[Note]) -> states.States:
    """How every row stands once this run is over. ledger: as it leaves it; notes: its last answers."""
    appended = [(tab, row) for tab, rows in landing.append.items() if tab in run.present for row in rows]
    newer = {(note.tab, note.key) for note in run.landed_notes}
    said = [*(note for note in notes if (note.tab, note.key) not in newer), *run.landed_notes]
    only = {(note.tab, note.key) for note in said} if run.job.remedy else None
    return states.states(run.snapshot, ledger, said, left=run.left, came=[*run.came, *appended], only=only)


def _missing_meta(run: _Run, standing: states.States) -> dict[str, str | None]:
    """How many open orders have no row, for the Dashboard, where that is another number than before."""
    count = len(standing.missing[Feed.ORDERS.value])
    text = str(count) if count else None
    return {states.MISSING_ENTRY: text} if text != run.snapshot.meta.get(states.MISSING_ENTRY) else {}


def _health_meta(run: _Run) -> dict[str, str | None]:
    """What is held and by which lists, for the line that says whether the job runs, where that is another text than before.

    A remedy has no plan of what staff changed: it leaves the line as it is.
    """
    if run.job.remedy is not None:
        return {}
    text = None
    lists = [each for each in run.plan.approvals if not each.ticked] if run.plan.holding else []
    if lists:
        rows = {place for each in lists for place in each.limit.rows}
        codes = run.say.also(each.code for each in lists)
        text = " " + run.say.HEALTH_HELD.format(codes=codes, tab=run.say.TAB[APPROVALS], count=len(rows))
    return {states.HEALTH_ENTRY: text} if text != run.snapshot.meta.get(states.HEALTH_ENTRY) else {}


def _facts_meta(run: _Run) -> dict[str, str | None]:
    """What was learnt of the panel, where that is not in the workbook already."""
    text = replace(run.facts, **{name: getattr(run.learnt, name) for name in run.job.fixed}).text()
    plain = Facts(run.panel).text()
    before = run.snapshot.meta.get(ways.FACTS, plain)
    return {ways.FACTS: text} if text != before else {}


def _forget_old(run: _Run, now: datetime) -> None:
    """Lets the journal forget what has long been done. It may fail without harm: the sheet has everything."""
    try:
        run.job.journal.prune(run.book_id, (now - JOURNAL_KEEPS).isoformat())
    except ReconcileError as error:
        run.job.talk.say(f"The journal could not forget what was done long ago: {error.what}")


def _step(*errors: ReconcileError | None) -> str:
    """What the first that says the sheet or the journal is damaged says to do about it."""
    return next((error.next_step for error in errors if error is not None and error.exit_code == Exit.DAMAGED), "")


def _doubtful(result: Result) -> bool:
    return result.push.once and result.verdict is Verdict.UNKNOWN


def _send_doubt(result: Result, run: _Run, now: datetime) -> Doubt:
    push, say = result.push, run.say
    what = settle.what(push, say)
    return Doubt(
        id=f"{push.feed.value}-{push.key}",
        kind="send",
        feed=push.feed,
        text=say.MESSAGES["send_doubt"].format(what=what, one=say.ONE[push.feed], key=push.key),
        at=now.isoformat(timespec="seconds"),
        run=run.job.run,
        key=push.key,
    )


def _overtaken(error: ReconcileError) -> LeaseHeld:
    held = LeaseHeld(
        "Another run took over while this one was at work, so this one stopped writing.",
        "Nothing is lost: what this run received is in its journal and lands with the next run from this machine.",
    )
    held.__cause__ = error
    return held


def _exit_code(run: _Run) -> Exit:
    """An unclear answer is a doubt (7), not an outage; any other error says its own code."""
    if run.error is not None and not isinstance(run.error, Unknown):
        return run.error.exit_code
    if run.doubts:
        return Exit.DOUBT
    if run.error is not None:
        return run.error.exit_code
    return Exit.LIMIT if run.plan.holding else Exit.DONE


def _outcome(run: _Run, code: Exit, stopped: str) -> Outcome:
    people = sum(note.kind in (Kind.PROBLEM, Kind.HELD) for note in run.plan.notes) + _unclear(run)
    refused = sum(result.verdict is Verdict.REFUSED for result in run.results)
    return Outcome(
        run=run.job.run,
        started=run.started,
        finished=run.job.clock(),
        plan=run.plan,
        results=tuple(run.results),
        landed=tuple(sorted(run.landed.items())),
        doubts=tuple(run.doubts),
        messages=tuple(dict.fromkeys([*run.messages, *getattr(run.job.book, "remarks", ())])),
        needs_person=people + refused + len(run.doubts) + len(run.plan.holding),
        calls=tuple(sorted(run.job.panel.calls.items())),
        exit_code=int(code),
        stopped=stopped,
    )


def _unclear(run: _Run) -> int:
    """How many rows have had no clear answer for so many runs that a person has to look."""
    found = 0
    for result in run.results:
        if result.verdict is Verdict.UNKNOWN and not result.push.once:
            row = run.ledger.row(result.push.feed, result.push.key)
            told, _ = marks(row["refused"] if row else None).get(transitions.UNCLEAR, ("0", ""))
            found += int(told) + 1 >= settle.UNCLEAR_RUNS
    return found


_RESULT_WORDS: Final = {
    Exit.DONE: "Done",
    Exit.LIMIT: "Done, a limit holds rows",
    Exit.LEASE: "Another run took over",
    Exit.UNAVAILABLE: "Try later",
    Exit.ACCESS: "Access refused",
    Exit.DOUBT: "Done, something is in doubt",
    Exit.DAMAGED: "Damaged",
}


def _result_words(outcome: Outcome) -> str:
    return _RESULT_WORDS.get(Exit(outcome.exit_code), "Failed")


def _runs_row(outcome: Outcome, result: str) -> Row:
    """One run as one line of the Runs tab."""
    verdicts = Counter(item.verdict for item in outcome.results)
    lines = [outcome.stopped, *outcome.messages, *(doubt.text for doubt in outcome.doubts)]
    return {
        "run": outcome.run,
        "started": outcome.started,
        "finished": outcome.finished,
        "result": result,
        "pulled": sum(count for _, count in outcome.landed),
        "pushed": verdicts[Verdict.ACCEPTED],
        "refused": verdicts[Verdict.REFUSED],
        "needs_person": outcome.needs_person,
        "message": " ".join(line for line in lines if line)[:MESSAGE] or None,
    }


def _untold(messages: Sequence[str]) -> dict[str, str | None]:
    """What a run has to say, as a meta entry: in the very commit that does what it is about."""
    return {UNTOLD: " ".join(dict.fromkeys(messages))[:MESSAGE]} if messages else {}


def _newest(*groups: Iterable[Row]) -> list[Row]:
    """Ledger rows of one commit, each (tab, key) once: the last word counts."""
    return [*{(str(row["tab"]), str(row["key"])): row for rows in groups for row in rows}.values()]


def sync_texts(snapshot: Snapshot, notes: Iterable[Note], *, keep: Iterable[Note] = ()) -> dict[str, dict[str, str]]:
    """The Sync cells whose text is not what the sheet shows already. `keep`: rows this run wrote something newer into."""
    newer = {(note.tab, note.key) for note in keep}
    texts: dict[str, dict[str, str]] = {}
    shown = {tab: _syncs(snapshot, tab) for tab in TABS}
    for note in notes:
        text = snapshot.words.sync_text(note.key, note.kind, note.text)
        if (note.tab, note.key) in newer or not note.key:
            continue
        by_key, anywhere = shown[note.tab]
        # a row that lost its key is known by its Sync alone; one that has its key may show the text of another (sorted apart)
        if all(sync == text for sync in by_key[note.key]) if note.key in by_key else text in anywhere:
            continue
        texts.setdefault(note.tab, {})[note.key] = text
    return texts


def _syncs(snapshot: Snapshot, tab: str) -> tuple[dict[str, list[Cell]], set[Cell]]:
    """What the Sync cells of a tab show: those of each key's rows, and all of them."""
    frame = snapshot.tabs[tab]
    by_key: dict[str, list[Cell]] = {}
    for key, sync in zip(frame.index, frame[SYNC], strict=True):
        by_key.setdefault(key, []).append(sync)
    return by_key, set(frame[SYNC])
