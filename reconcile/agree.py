"""Do workbook, journal and panel speak of the same thing? And the one way in which a commit is made (docs/design.md 13).

Looked at after every read and before anything is claimed or sent once; `--force` never passes it. What is found is said with
what was sent and received since, and with the ways on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from reconcile.core import identity as ids
from reconcile.core.identity import Finding, Here, Identity, Kind, Known
from reconcile.core.lease import HEARTBEAT
from reconcile.core.model import Commit, Feed, Verdict
from reconcile.core.once import Sent
from reconcile.errors import Disagree, NotSetUp, NoWorkbook, ReconcileError
from reconcile.journal import Ticket, commit_id, token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from reconcile.core.model import Claimed, RawAnswer, Row, Snapshot
    from reconcile.core.once import Once, Send
    from reconcile.journal import Journal, Other
    from reconcile.workbook.port import Workbook

    Read = Callable[[Feed, str, RawAnswer], Claimed]

NAMED: Final = 5
"""So many ids are named in one sentence; of more, their number."""

LAYOUT_WITHOUT_IDENTITY: Final = "1"


@dataclass(frozen=True)
class Since:
    """What this machine did with a workbook after the commit that is the newest in the copy at hand.

    at: that commit's time, "" where it is not known. last: when this machine wrote last. updated: ids of the rows whose other
    values the panel took. received: feed → the ids of rows that are not in the copy.
    """

    at: str = ""
    last: str = ""
    sends: tuple[Send, ...] = ()
    updated: tuple[str, ...] = ()
    received: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NOTHING: Final = Since()


@dataclass
class Standing:
    """What a workbook is to this machine, kept up to date by `commit`.

    findings: what does not fit, the gravest first. told: sentences about what is no hindrance. known: what the journal knows of
    this workbook, or of the one that stood here before.
    """

    book: Workbook
    journal: Journal | None
    identity: Identity
    here: Here
    known: Known | None = None
    findings: tuple[Finding, ...] = ()
    told: tuple[str, ...] = ()
    since: Since = NOTHING
    unnoted: ReconcileError | None = None
    last: Ticket | None = None
    apart: bool = False
    """Whether the lost workbook cannot be brought back into the one at hand, which has rows of its own and comes from elsewhere."""

    @property
    def panels(self) -> tuple[str, ...]:
        """Every address of this workbook's panel."""
        return tuple(dict.fromkeys((*self.identity.panel, *([self.here.panel] if self.here.panel else []))))

    def proven(self) -> None:
        """The panel has answered: its address belongs to the workbook from the next commit on."""
        self.identity = ids.settled(self.identity, self.here, (), panel=True)

    @property
    def stops(self) -> tuple[Finding, ...]:
        """What must be settled by a person before anything is claimed or sent once."""
        return tuple(finding for finding in self.findings if finding.stops)

    def disagreement(self, snapshot: Snapshot, read_answer: Read) -> Disagree | None:
        """Everything that stops, what happened since, and the ways on, as one error; None where nothing stops."""
        if not self.stops:
            return None
        self.since = since(self, snapshot, read_answer)
        return disagreement(self)

    def refuse(self, snapshot: Snapshot, read_answer: Read) -> None:
        """Raises what `disagreement` says."""
        if (error := self.disagreement(snapshot, read_answer)) is not None:
            raise error

    def commit(
        self,
        change: Commit,
        at: str,
        announced: Sequence[Once] = (),
        services: Sequence[str] | None = None,
        told: Sequence[tuple[str, str, Mapping[str, str]]] = (),
        going: Sequence[tuple[str, str, Mapping[str, str]]] = (),
    ) -> int:
        """Commits `change` with the identity that comes after it; journaled before and after. Returns the new revision.

        announced, services, told, going: as `Journal.committing` takes them. Raises what the workbook's commit raises, and before the
        first commit what the journal raises: nothing was written then. Later, what happened has happened and goes into the
        workbook also without the journal; what that raised is kept in `unnoted`.
        """
        ticket = self._ticket(change.run, at, announced=announced, services=services, told=told, going=going)
        after = self.identity.committed(self._journal.machine, ticket.number, ticket.stamp)
        if change.revision is not None:
            after = after.at_revision(self._journal.machine, change.revision)
        change = replace(change, meta={**change.meta, **after.meta})
        revision = self.book.commit(change, self.identity.revision)
        self.identity = after if revision == after.revision else after.at_revision(self._journal.machine, revision)
        self.last = ticket
        try:
            self._journal.committed(ticket, after, self.here.place, at)
        except (
            ReconcileError
        ) as error:  # the workbook has it: the journal knows at least that it was about to be written
            self.unnoted = error
        return revision

    def _ticket(self, run: str, at: str, **more: Any) -> Ticket:
        """The commit as the journal has it on record; one it cannot record in mid-run gets the next number all the same."""
        try:
            return self._journal.committing(self.identity, run, at, **more)
        except ReconcileError as error:
            if self.last is None:
                raise
            self.unnoted = error
            return Ticket(0, self.last.number + 1, commit_id())

    @property
    def _journal(self) -> Journal:
        if self.journal is None:
            raise TypeError("a commit needs the journal")
        return self.journal


def read(book: Workbook, journal: Journal | None, read_answer: Read, also: Sequence[str] = ()) -> Snapshot:
    """The workbook as of now. Raises Disagree where none stands although the journal knows one there."""
    try:
        return book.read(also)
    except (NoWorkbook, NotSetUp) as error:
        known = _at_place(journal, book.place) if journal else ()
        if journal is None or not known:
            raise
        lost = Standing(
            book,
            journal,
            Identity(),
            Here(journal.machine, book.place, shared=book.shared),
            journal.known(known[-1].book),
        )
        lost.findings = (Finding(Kind.LOST, known[-1].book),)
        lost.since = since(lost, None, read_answer)
        refusal = disagreement(lost, gone=error)
        refusal.standing = lost
        raise refusal from error


def standing(
    book: Workbook,
    journal: Journal | None,
    snapshot: Snapshot,
    panel: str,
    *,
    adopt: bool = False,
    elsewhere: Iterable[str] = (),
) -> Standing:
    """What the workbook that was just read is to this machine. Nothing is written.

    journal: None where there is none yet; then nothing can be committed. panel: its address as set (`identity.panel_name`), "". adopt: whether another machine's workbook is taken on
    without asking. elsewhere: folders of other journals on this machine that know the workbook.
    """
    identity = ids.identity_of(snapshot.meta, snapshot.revision)
    here = Here(journal.machine if journal else "", book.place, panel, shared=book.shared)
    at_place = _at_place(journal, book.place) if journal else []
    known = journal.known(identity.book) if journal and identity.book else None
    findings = ids.examine(identity, known, here, at_place=[other.book for other in at_place], stands=book.stands_at)
    if ids.RESTORING in snapshot.meta:
        findings = (Finding(Kind.HALF, snapshot.meta[ids.RESTORING]), *findings)
    if adopt:
        findings = tuple(finding for finding in findings if finding.kind is not Kind.STRANGER)
    found = Standing(book, journal, identity, here, known, findings)
    if found.stops:
        if (lost := [finding.about for finding in findings if finding.kind is Kind.LOST]) and journal:
            found.known = journal.known(lost[0])
            found.apart = bool(identity.book and len(snapshot.ledger)) and not _joins(found)
        return found
    found.told = tuple(_told(found, elsewhere))
    if not identity.book:
        identity = replace(identity, book=_first_name(book, snapshot))
    found.identity = ids.settled(identity, here, findings)
    return found


def _joins(found: Standing) -> bool:
    """Whether another machine began the workbook at hand in the lost one's place, for the same panel: both are one from now on."""
    if found.journal is None or found.journal.known(found.identity.book) is not None:
        return False  # this machine works with both
    known = found.known.panel if found.known else ()
    panels = found.identity.panel
    return found.here.place in [place.name for place in found.identity.places] and (
        not known or not panels or bool(set(known) & set(panels))
    )


def adopt(found: Standing, snapshot: Snapshot, run: str, now: datetime) -> None:
    """Says in the workbook that this machine, this place and this panel belong to it from now on, on a person's word.

    Raises TypeError for findings that adopting does not settle: a bug in the caller.
    """
    if any(finding.kind not in ids.ADOPTABLE for finding in found.stops):
        raise TypeError(found.stops)
    say = snapshot.words
    told = say.MESSAGES["adopted"].format(what=" ".join(sentence(finding, found) for finding in found.stops))
    counts: Row = dict.fromkeys(("pulled", "pushed", "refused", "needs_person"), 0)
    row: Row = {
        "run": run,
        "started": now,
        "finished": now,
        "result": say.RESULTS["Adopted"],
        **counts,
        "message": told,
    }
    found.identity = ids.settled(found.identity, found.here, found.findings, panel=True)
    found.commit(Commit(run, append={"runs": [row]}), now.isoformat(timespec="seconds"))


def _first_name(book: Workbook, snapshot: Snapshot) -> str:
    """A workbook's name for ever. One of version 0.1 at Google was known to its journals by the spreadsheet's id."""
    older = snapshot.meta.get("schema") == LAYOUT_WITHOUT_IDENTITY
    return book.place if older and book.shared and snapshot.revision else token()


def _at_place(journal: Journal, place: str) -> list[Other]:
    return [other for other in journal.books() if other.place == place]


# --- what was done since ----------------------------------------------------------------------------------------------------


def since(found: Standing, snapshot: Snapshot | None, read_answer: Read) -> Since:
    """What this machine sent and received after the newest commit that this copy has."""
    known = found.known
    if known is None or found.journal is None:
        return NOTHING
    at = known.times.get(found.identity.commit, "") if snapshot is not None else ""
    if snapshot is not None and not at:
        at = snapshot.meta.get(HEARTBEAT, "")
    mine = found.identity.machines.get(found.journal.machine) if snapshot is not None else None
    number = mine.number if mine else 0
    runs = found.journal.runs_after(known.book, number)  # a clock may have gone back
    sends = [
        send
        for send in found.journal.sends(known.book)
        if (send.run in runs or send.at >= at)
        and send.verdict not in (Verdict.REFUSED, Verdict.NOT_SENT)
        and send.state is not Sent.ANNOUNCED
    ]
    there: dict[str, set[str]] = {feed: set() for feed in Feed}
    if snapshot is not None:
        for tab, key in zip(snapshot.ledger["tab"], snapshot.ledger["key"], strict=True):
            there.setdefault(str(tab), set()).add(str(key))
    received: dict[str, dict[str, None]] = {}
    for claim in found.journal.claims(known.book):
        if claim.raw is not None and (claim.run in runs or claim.answered_at >= at[:19]):
            rows = read_answer(Feed(claim.feed), claim.service, claim.raw).rows
            new = [row.id for row in rows if row.id not in there[Feed(claim.feed)]]
            if new:
                received.setdefault(claim.feed, {}).update(dict.fromkeys(new))
    updated = dict.fromkeys(update.key for update in found.journal.updates(known.book, number) if update.sure)
    return Since(at, known.at, tuple(sends), tuple(updated), {feed: tuple(keys) for feed, keys in received.items()})


_NOUNS: Final = {
    "refund": ("refund", "refunds", "order "),
    Feed.PAYMENTS.value: ("payment", "payments", ""),
    Feed.TICKETS.value: ("ticket", "tickets", ""),
}


def what_was_sent(sends: Iterable[Send]) -> list[str]:
    """Once-only calls in words, a phrase per kind: `2 refunds (order 15, order 16; together 12.50)`."""
    kinds: dict[str, list[Send]] = {}
    for send in sends:
        kind = send.feed if send.feed in (Feed.PAYMENTS, Feed.TICKETS) else "refund"
        kinds.setdefault(kind, []).append(send)
    said = []
    for kind, group in kinds.items():
        one, many, before = _NOUNS[kind]
        shown = _some([before + send.about.partition(" ")[2] for send in group])
        total = _total(group)
        sums = f"; together {total:f}" if total else ""
        said.append(f"{len(group)} {one if len(group) == 1 else many} ({shown}{sums})")
    return said


_RECEIVED: Final = {
    Feed.ORDERS.value: ("order", "orders"),
    Feed.REFILLS.value: ("refill", "refills"),
    Feed.CANCELS.value: ("cancel request", "cancel requests"),
}


def _some(names: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _total(sends: Iterable[Send]) -> Decimal:
    total = Decimal(0)
    for send in sends:
        try:
            total += Decimal(send.amount or "0")
        except InvalidOperation:
            continue
    return total


def _happened(done: Since) -> str:
    """What was done since, as a sentence."""
    parts = what_was_sent(done.sends)
    if done.updated:
        parts.append(f"other values of {len(done.updated)} row{'s'[: len(done.updated) != 1]} ({_some(done.updated)})")
    rows = [f"{len(ids)} {_RECEIVED[feed][len(ids) != 1]} ({_some(ids)})" for feed, ids in done.received.items()]
    said = []
    if parts:
        said.append(f"sent {', '.join(parts)}")
    if rows:
        said.append(f"received what is not in it: {', '.join(rows)}")
    when = f"Since then ({_moment(done.at)})" if done.at else "For it"
    if not said:
        return f"{when} this machine sent no refund, payment or ticket and received nothing that it lacks."
    return f"{when} this machine {' and '.join(said)}."


def _moment(at: str) -> str:
    return f"{at[:10]} {at[11:16]} UTC" if at else "an unknown time"


# --- what to say ------------------------------------------------------------------------------------------------------------


def disagreement(found: Standing, *, gone: ReconcileError | None = None) -> Disagree:
    """Everything that stops, as one error: what was found, what happened since, the ways on."""
    # a copy is told as a copy first: that it is older, too, is in its nature
    stops = sorted(found.stops, key=lambda finding: finding.kind is not Kind.COPY)
    name = found.book.name
    what = " ".join(_sentence(finding, found, name, gone=gone) for finding in stops)
    kinds = {finding.kind for finding in stops}
    if kinds & {Kind.OLDER, Kind.FORK, Kind.LOST}:
        what += f" {_happened(found.since)}"
    what += " Nothing was sent or received now."
    return Disagree(what, _ways(stops[0].kind, found), kinds=tuple(finding.kind.value for finding in stops))


def sentence(finding: Finding, found: Standing) -> str:
    """One finding in words."""
    return _sentence(finding, found, found.book.name, gone=None)


def _sentence(finding: Finding, found: Standing, name: str, *, gone: ReconcileError | None) -> str:
    last = _moment(found.known.at) if found.known else ""
    match finding.kind:
        case Kind.OLDER if found.identity.mixed:
            return (
                f"{_capital(name)} was put back to an older version while a run was writing to it: what that run wrote last "
                f"(revision {found.identity.revision}) stands in the older one."
            )
        case Kind.OLDER:
            return (
                f"{_capital(name)} is an older copy (revision {found.identity.revision}): this machine wrote to it last on "
                f"{last} (revision {found.known.revision if found.known else 0})."
            )
        case Kind.FORK:
            return (
                f"{_capital(name)} is a copy that went another way (revision {found.identity.revision}): what this machine wrote "
                f"to it on {last} is not in it."
            )
        case Kind.LOST if gone is not None:
            return f"{gone.what} This machine's journal knows a workbook there, written last on {last}."
        case Kind.LOST:
            return f"{_capital(name)} is another workbook than the one this machine's journal knows at this place, written last on {last}."
        case Kind.HALF:
            return f"{_capital(name)} is being restored, and that was not finished."
        case Kind.COPY if found.here.shared:
            return f"This spreadsheet is a copy of another one (id {finding.about}), which the job works with."
        case Kind.COPY:
            return f"{_capital(name)} is a copy of a workbook that still stands at {finding.about}."
        case Kind.STRANGER:
            return (
                f"{_capital(name)} was never used from this machine, or its journal here is gone: it belongs to another machine, "
                f"where it stands at {finding.about}."
            )
        case _:
            return f"{_capital(name)} belongs to the panel {finding.about}, and the settings name {found.here.panel}."


def _capital(name: str) -> str:
    return name[0].upper() + name[1:] if name.startswith("the ") else name


_RESTORE: Final = (
    "`reconcile restore` {goes}: it brings back every order this machine received, marks what was sent as sent, and sends "
    "nothing. `reconcile restore --dry-run` shows it first."
)
_FRESH: Final = (
    "`reconcile init --fresh` makes it a workbook of its own: what stands in it is set aside, and it begins empty."
)


def _ways(kind: Kind, found: Standing) -> str:
    older = any(finding.kind in (Kind.OLDER, Kind.FORK) for finding in found.findings)
    back = (
        "In File > Version history, restore the newest version, then run again."
        if found.here.shared
        else "Put the newest copy back in its place, then run again."
    )
    ways = {
        Kind.OLDER: (back, _RESTORE.format(goes="goes on from this copy"), _FRESH),
        Kind.FORK: (
            "Put back the copy that this machine wrote to, then run again.",
            _RESTORE.format(goes="goes on from this copy"),
            _FRESH,
        ),
        Kind.LOST: (
            back if found.here.shared else "Put that workbook back in its place, then run again.",
            _RESTORE.format(goes=_rebuilding(found)),
            _FRESH
            if found.apart
            else "`reconcile init --fresh` begins anew here: what the old one knew is not brought back.",
        ),
        Kind.HALF: ("`reconcile restore` finishes it.",),
        Kind.COPY: (
            "Work with the original: name it in RECONCILE_SHEET.",
            (_RESTORE.format(goes="goes on with this copy") if older else "`reconcile adopt` goes on with this one.")
            + " Then the original must not be used any more.",
            _FRESH,
        ),
        Kind.STRANGER: (
            "A shared folder, or a new computer: `reconcile adopt` once, then this machine runs it, too.",
            "If it is a copy: work with the original on the other machine.",
            _FRESH,
        ),
        Kind.PANEL: (
            "If the address is wrong: correct RECONCILE_PANEL_URL.",
            "If that panel moved to a new address: `reconcile adopt`, so that nothing sent before is forgotten.",
            "If this is another panel: give it a workbook of its own (another RECONCILE_SHEET, then `reconcile init`).",
        ),
    }[kind]
    if len(ways) == 1:
        return ways[0]
    return "Three ways on:\n" + "\n".join(f"  {number}. {way}" for number, way in enumerate(ways, 1))


def _rebuilding(found: Standing) -> str:
    """What `restore` does about a workbook that is lost."""
    if found.apart:
        return "rebuilds it here once this one is moved away"
    return "brings what this machine knows into this one" if found.identity.book else "rebuilds it here"


def _told(found: Standing, elsewhere: Iterable[str]) -> Iterable[str]:
    """What is no hindrance and has to be known."""
    for finding in found.findings:
        if finding.kind is Kind.MOVED:
            yield f"The workbook was moved: it stood at {finding.about} before."
        elif finding.kind is Kind.JOURNAL:
            yield (
                "This machine's journal is older than the workbook: its folder was put back, or a copy of it is used on another "
                "machine, too (each needs one of its own). What it tells nothing of counts as unclear, never as not sent."
            )
    for folder in elsewhere:
        yield f"Another journal of this workbook is on this machine, in {folder}: use one of them (RECONCILE_STATE_DIR)."


def rivals(found: Standing, services: Sequence[str], most: str) -> list[tuple[str, tuple[str, ...]]]:
    """(place, services) of other workbooks of this journal that take orders of the same services from the same panel.

    most: the oldest time (ISO) at which such a workbook was written and still counts.
    """
    return [
        (other.place, tuple(service for service in other.services if service in services))
        for other in (found.journal.books() if found.journal else ())
        if other.book != found.identity.book
        and other.place
        and set(other.panel) & set(found.panels)
        and set(other.services) & set(services)
        and other.at >= most
    ]
