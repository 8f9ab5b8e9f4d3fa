"""Going on from an older copy of a workbook, or rebuilding one that is gone: what this machine's journal still knows comes back.

Nothing is asked of the panel and nothing is sent to it. Two commits: the first lands every kept answer whose rows are missing and
lifts the revision past all that ever were; the second, upon a fresh read, sets what was sent since to its outcome. Stopped in
between, it is simply done again: what is there already is left alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from reconcile import agree
from reconcile.core import settle
from reconcile.core.facts import FACTS, facts_of
from reconcile.core.identity import RESTORING, Identity, Kind, identity_of, settled
from reconcile.core.landing import Landing, land, share
from reconcile.core.lease import CLAIMING, LEASE, check_free, damaged, doubt_meta, lease_of
from reconcile.core.ledger import SEEN, STATE_GONE, UNCONFIRMED, WATCHED, Ledger, Sending, blank_row, brought
from reconcile.core.model import Action, Commit, Doubt, Feed, Note, Verdict
from reconcile.core.model import Kind as Say
from reconcile.core.plan import Rules, make_plan
from reconcile.core.rules import joined
from reconcile.core.transitions import closed_state, content_mark, in_doubt, marked, order_closed, went_through
from reconcile.core.words import TERMINAL
from reconcile.errors import Disagree, NothingToDo, SettingsError
from reconcile.job import ARCHIVE, FULL, PAYLOAD, check_schema, past_of, read_answer, services, sync_texts
from reconcile.journal import ON_RECORD, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from reconcile.core.model import Claimed, Row, Snapshot
    from reconcile.core.once import Past, Send
    from reconcile.core.words import Words
    from reconcile.journal import Claim, Journal
    from reconcile.workbook.port import Workbook

LISTED: Final = 3
"""An order that came in so many answers is listed, not handed out."""

PUT_BACK: Final = (Kind.OLDER, Kind.FORK, Kind.LOST, Kind.HALF)


@dataclass(frozen=True)
class Level:
    """When the panel took values (field → value), and those of which nobody knows whether it took them."""

    at: str
    values: Mapping[str, str] = field(default_factory=dict)
    perhaps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Copy:
    """The copy at hand: the number of this journal's last commit in it, and when that was made ("" where it is not known).

    mixed: whether a newer commit was written into it, so that its ledger knows of what its tabs do not show.
    """

    number: int = 0
    at: str = ""
    mixed: bool = False

    def text(self) -> str:
        """As the mark of an unfinished restore: its own commits would hide how old the copy was."""
        return f"{self.number} {self.at}" + (" mixed" if self.mixed else "")

    def has(self, claim: Claim) -> bool:
        """Whether a claim is older than the copy."""
        return claim.commit is not None and claim.commit <= self.number

    @staticmethod
    def parse(text: str) -> Copy:
        """The mark, read. Raises Damaged."""
        number, _, at = text.partition(" ")
        if not number.isdecimal():
            raise damaged(RESTORING)
        at, _, mark = at.partition(" ")
        return Copy(int(number), at, bool(mark))


@dataclass(frozen=True)
class Restored:
    """What restoring did, or would do. rows: feed → how many come back. sent, unclear: of what was sent once.

    gone: those of `sent` whose row is not in this copy. told: how many rows the panel has newer values of. doubt: what other
    machines may have received. since: the time of the copy. unheard: claims without a whole answer that the copy does not tell
    of; the next sync puts them on record.
    """

    run: str
    since: str
    rows: Mapping[str, int]
    sent: tuple[Send, ...] = ()
    unclear: tuple[Send, ...] = ()
    gone: tuple[Send, ...] = ()
    told: int = 0
    doubt: Doubt | None = None
    missing: bool = False
    unheard: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """What restoring works with.

    make: makes the workbook's tabs where it is gone. newest: the highest revision that the workbook's own service remembers.
    """

    book: Workbook
    journal: Journal
    panel: str
    clock: Callable[[], datetime]
    run: str
    make: Callable[[], object]
    newest: Callable[[], int]

    def at(self) -> str:
        return self.clock().isoformat(timespec="seconds")


def restore(work: Work, *, dry_run: bool = False) -> Restored:
    """Goes on from the copy at hand, or makes a lost workbook anew.

    Raises SettingsError where there is nothing to restore, Disagree where a person must first say what the workbook is, LeaseHeld
    while a run is at work.
    """
    snapshot, standing, lost = _found(work, dry_run=dry_run)
    if snapshot is None:  # a dry run, and no workbook is there
        return _would_rebuild(work, standing)
    check_free(snapshot.meta, work.clock(), _mine(work.journal, snapshot))
    book = lost or standing.identity.book
    identity = standing.identity
    if lost and (not identity.book or work.journal.known(identity.book) is not None):
        identity = replace(identity, book=lost)
    known = work.journal.known(book)
    if known is None:
        raise SettingsError(
            "This machine's journal does not know this workbook.", "`reconcile doctor` says how things stand."
        )
    claims = [(claim, _read(claim)) for claim in work.journal.claims(book)]
    past = past_of(work.journal, tuple(dict.fromkeys((*identity.panel, *known.panel))))
    lacking = _lacking(known.machines, identity, work)
    asked = (*services(snapshot)[0], *known.services)
    doubt = _others(lacking, asked, work, snapshot.words) if lacking else None
    half = snapshot.meta.get(RESTORING)
    mine = identity.machines.get(work.journal.machine)
    if half is None:
        copy = Copy(mine.number if mine else 0, known.times.get(identity.commit, ""), identity.mixed)
    else:
        copy = Copy.parse(half)
    snapshot = _unmixed(snapshot, claims, copy)
    ledger = Ledger(snapshot.ledger, snapshot.meta)
    waiting = missing(claims, snapshot, ledger, copy)
    counts = _counts(waiting, ledger)
    again = _again(waiting, ledger)
    untold = [claim for claim, read in claims if _is_untold(claim, read, copy)]
    if dry_run:
        found = _sends(work.journal, past, ledger, book)
        levels = _levels(work.journal, book, copy, ledger, {send.key for send, _ in found}, again)
        return _outcome(work, copy.at, counts, found, snapshot, len(levels), doubt, untold)
    identity = replace(
        settled(
            replace(identity, panel=tuple(dict.fromkeys((*identity.panel, *known.panel)))),
            standing.here,
            standing.findings,
        ),
        places=identity.places if standing.here.named in identity.places else (*identity.places, standing.here.named),
    )
    standing.identity = identity
    if identity.book != book:
        work.journal.join(book, identity.book)
    newest = max(
        identity.revision, known.revision + 1, work.newest()
    )  # one commit more may have been written than is known
    told = _land(work, standing, snapshot, ledger, waiting, newest + 1, copy, doubt)
    work.journal.reopen(claim.id for claim in untold)
    snapshot = work.book.read((ARCHIVE,))
    result = _settle(work, standing, snapshot, past, copy, counts, doubt, untold, told, again)
    for claim, read in claims:
        if read is not None and claim.state in (State.ANSWERED, State.UNKNOWN) and _is_whole(read):
            work.journal.settle(claim.id, "brought back")
    return result


def _found(work: Work, *, dry_run: bool) -> tuple[Snapshot | None, agree.Standing, str]:
    """The workbook as it is, what it is to this machine, and the id of the lost one that it stands in for ("" for none)."""
    try:
        snapshot = agree.read(work.book, work.journal, read_answer, (ARCHIVE,))
    except Disagree as gone:
        if gone.standing is None:
            raise
        if dry_run:
            return None, gone.standing, gone.standing.findings[0].about
        work.make()
        snapshot = work.book.read((ARCHIVE,))
    check_schema(snapshot)
    standing = agree.standing(work.book, work.journal, snapshot, work.panel)
    kinds = [finding.kind for finding in standing.stops]
    if not any(kind in PUT_BACK for kind in kinds):
        standing.refuse(snapshot, read_answer)  # what only `adopt` settles
        raise NothingToDo(
            f"There is nothing to restore: {work.book.name} is the newest this machine knows.",
            "`reconcile doctor` checks everything.",
        )
    lost = next((finding.about for finding in standing.stops if finding.kind is Kind.LOST), "")
    if standing.apart:
        raise SettingsError(
            f"{work.book.name} is another workbook with rows of its own; the one this machine knows here is gone.",
            "Move this one away; then `reconcile restore` makes the lost one anew in its place.",
        )
    return snapshot, standing, lost


def _mine(journal: Journal, snapshot: Snapshot) -> list[str]:
    lease = lease_of(snapshot.meta)
    return [lease.run] if lease is not None and journal.knows_run(lease.run) else []


# --- rows -------------------------------------------------------------------------------------------------------------------


def _read(claim: Claim) -> Claimed | None:
    return None if claim.raw is None else read_answer(Feed(claim.feed), claim.service, claim.raw)


def _is_whole(read: Claimed) -> bool:
    return not (read.broken or read.in_doubt)


def _is_untold(claim: Claim, read: Claimed | None, copy: Copy) -> bool:
    """Whether it may have handed out more than its rows tell, and the sheet that said so is a later one than this copy."""
    if copy.has(claim):
        return False
    if read is None:
        return claim.state in (State.INTENDED, State.UNKNOWN) or claim.how == ON_RECORD
    return not _is_whole(read) and (claim.state is not State.SETTLED or claim.how == ON_RECORD)


def _unmixed(snapshot: Snapshot, claims: Iterable[tuple[Claim, Claimed | None]], copy: Copy) -> Snapshot:
    """The copy without what only a newer commit knows: ledger rows of what came after it and stands in no tab of it."""
    if not copy.mixed:
        return snapshot
    later = {
        (claim.feed, item.id)
        for claim, read in claims
        if read is not None and not copy.has(claim)
        for item in read.rows
        if item.id not in snapshot.tabs[claim.feed].index
    }
    names = zip(snapshot.ledger["tab"], snapshot.ledger["key"], strict=True)
    return replace(snapshot, ledger=snapshot.ledger[[name not in later for name in names]])


def missing(
    claims: Iterable[tuple[Claim, Claimed | None]], snapshot: Snapshot, ledger: Ledger, copy: Copy
) -> list[tuple[Claim, Claimed]]:
    """What kept answers brought and neither the ledger nor Archive has, in the order it was received.

    Also what came again since the copy was made: its row is to say so.
    """
    kept = [(claim, read) for claim, read in claims if read is not None]
    archived, lists = set(snapshot.tabs[ARCHIVE].index), _lists(kept, snapshot)
    seen: set[tuple[str, str]] = set()
    found = []
    for claim, read in kept:
        feed, rows = Feed(claim.feed), []
        later = feed in (Feed.ORDERS, Feed.REFILLS) and not lists and not copy.has(claim)
        for item in read.rows:
            row = ledger.row(feed, item.id)
            # one that no claim brought is known only by what was sent about it: another machine received it
            there = row is not None and (row["received"] or item.id in snapshot.tabs[feed.value].index)
            gone = feed is Feed.ORDERS and (item.id in archived or ledger.archived.how(item.id) is not None)
            landed = row is not None and claim.name in dict(brought(row))
            again = later and not gone and not landed and (there or (feed.value, item.id) in seen)
            if again or not (there or gone or (feed.value, item.id) in seen):
                seen.add((feed.value, item.id))
                rows.append(item)
        if rows:
            found.append((claim, replace(read, rows=tuple(rows), broken=(), problem="", in_doubt=False)))
    return found


def _lists(claims: Iterable[tuple[Claim, Claimed]], snapshot: Snapshot) -> bool:
    """Whether the panel shows the same orders at every call: then what came again tells nothing."""
    panels = identity_of(snapshot.meta, snapshot.revision).panel
    if facts_of(snapshot.meta.get(FACTS, ""), panels, "").lists:
        return True
    times = Counter(item.id for claim, read in claims if claim.feed == Feed.ORDERS for item in read.rows)
    return max(times.values(), default=0) >= LISTED


def _again(waiting: Iterable[tuple[Claim, Claimed]], ledger: Ledger) -> dict[tuple[str, str], Claim]:
    """What came again: (feed, key) → the last claim that brought it."""
    found: dict[tuple[str, str], Claim] = {}
    new: set[tuple[str, str]] = set()
    for claim, claimed in waiting:
        for item in claimed.rows:
            place = (claimed.feed.value, item.id)
            row = ledger.row(*place)
            if place in new or (row is not None and row["received"]):
                found[place] = claim
            new.add(place)
    return found


def _sent_after(journal: Journal, book: str, send: Send, claim: Claim) -> bool:
    """Whether it was sent in a later run than the claim's: by numbers, for clocks stand still and go back."""
    later = claim.commit is not None and send.run in journal.runs_after(book, claim.commit)
    return later and send.run != claim.run


def _counts(waiting: Iterable[tuple[Claim, Claimed]], ledger: Ledger) -> dict[str, int]:
    """How many rows come back; those that came again are there already."""
    keys: dict[str, set[str]] = {}
    for _, claimed in waiting:
        for item in claimed.rows:
            row = ledger.row(claimed.feed, item.id)
            if row is None or not row["received"]:
                keys.setdefault(claimed.feed.value, set()).add(item.id)
    return {feed: len(ids) for feed, ids in keys.items()}


def _land(
    work: Work,
    standing: agree.Standing,
    snapshot: Snapshot,
    ledger: Ledger,
    waiting: list[tuple[Claim, Claimed]],
    revision: int,
    copy: Copy,
    doubt: Doubt | None,
) -> dict[tuple[str, str], Note]:
    """Commits the missing rows, in as many commits as their texts need; the first lifts the revision. Returns what rows were told."""
    told: dict[tuple[str, str], Note] = {}
    present = {feed.value: set(snapshot.tabs[feed.value].index) for feed in Feed}
    lifted: int | None = revision
    while True:
        batch, waiting = share(waiting, PAYLOAD)
        total = Landing()
        for claim, claimed in batch:
            one = land(
                claimed,
                ledger,
                present[claimed.feed.value],
                run=claim.name,
                revision=standing.identity.revision,
                now=work.clock(),
                when=_shown(work, snapshot.words),
                cell_limit=work.book.cell_limit,
                shown=snapshot.tabs[claimed.feed.value],
                say=snapshot.words,
            )
            for tab, rows in one.append.items():
                total.append.setdefault(tab, []).extend(rows)
            total.ledger.extend(one.ledger)
            total.notes.extend(one.notes)
            told.update({(note.tab, note.key): note for note in one.notes})
            ledger = ledger.patched(one.ledger)
        meta = {LEASE: None, CLAIMING: None, RESTORING: copy.text(), **doubt_meta([doubt] if doubt else [])}
        standing.commit(
            Commit(
                work.run,
                append=total.append,
                ledger=total.ledger,
                sync=sync_texts(snapshot, total.notes),
                meta=meta,
                revision=lifted,
            ),
            work.at(),
            services=services(snapshot)[0] or None,
        )
        lifted = None
        if not waiting:
            return told


def _shown(work: Work, say: Words) -> str:
    return say.moment(work.clock().astimezone(work.book.zone))


# --- what was sent -----------------------------------------------------------------------------------------------------------


def _sends(journal: Journal, past: Past, ledger: Ledger, book: str) -> list[tuple[Send, Verdict]]:
    """What was sent once for this workbook and its ledger does not show: accepted or unclear, the last word on each."""
    last: dict[str, tuple[Send, Verdict]] = {}
    for send in journal.sends(book):
        verdict, _ = past.outcome(send)
        before = last.get(send.about)
        if before is None or before[1] is not Verdict.ACCEPTED:
            last[send.about] = (send, verdict)
    return [
        (send, verdict)
        for send, verdict in last.values()
        if verdict in (Verdict.ACCEPTED, Verdict.UNKNOWN) and not _shows(send, verdict, ledger)
    ]


def _shows(send: Send, verdict: Verdict, ledger: Ledger) -> bool:
    """Whether the ledger has it already: as done, or (what is unclear) as being in doubt or decided since."""
    feed = Feed(send.feed)
    row = ledger.row(feed, send.key)
    if row is None:
        archived = ledger.archived.how(send.key) if feed is Feed.ORDERS else None
        return archived is not None
    done = bool(row["refunded"] or row["status"] == "sent")
    return done if verdict is Verdict.ACCEPTED else done or bool(row["sending"])


def _levels(
    journal: Journal, book: str, copy: Copy, ledger: Ledger, sent: set[str], again: Mapping[tuple[str, str], Claim]
) -> dict[tuple[Feed, str], Level]:
    """Rows of which the panel took other values since than the ledger has, or may have taken; after it handed them out again."""
    found: dict[tuple[Feed, str], Level] = {}
    for each in journal.updates(book, copy.number):
        place = Feed(each.feed), each.key
        came = again.get((each.feed, each.key))
        # within a run what is sent goes before what is received
        over = came is not None and (came.run == each.run or came.commit is None or each.number <= came.commit)
        if over or (each.key in sent and each.feed == Feed.ORDERS):
            continue
        before = found.get(place, Level(each.at))
        rest = {name: value for name, value in before.perhaps.items() if name not in each.values}
        if each.sure:
            found[place] = Level(each.at, {**before.values, **each.values}, rest)
        else:
            found[place] = Level(each.at, before.values, {**rest, **each.values})
    return {place: level for place, level in found.items() if copy.mixed or _differs(ledger, *place, level)}


def _differs(ledger: Ledger, feed: Feed, key: str, level: Level) -> bool:
    """Whether the ledger has something else; of what is in Archive it keeps no values."""
    if (row := ledger.row(feed, key)) is None:
        return feed is not Feed.ORDERS or ledger.archived.how(key) is None
    return any(str(row[name] or "") != value for name, value in {**level.values, **level.perhaps}.items())


def _ledger_row(ledger: Ledger, feed: Feed, key: str) -> Row:
    """The ledger's row, or one for an id that only another machine received: without a row until that one brings it back."""
    if (row := ledger.row(feed, key)) is not None:
        return row
    return {**blank_row(feed.value, key), **({"state": STATE_GONE} if feed.claimed else {})}


def _settle(
    work: Work,
    standing: agree.Standing,
    snapshot: Snapshot,
    past: Past,
    copy: Copy,
    counts: Mapping[str, int],
    doubt: Doubt | None,
    untold: Sequence[Claim],
    told: Mapping[tuple[str, str], Note],
    again: Mapping[tuple[str, str], Claim],
) -> Restored:
    """The second commit: what was sent since is set to its outcome, beside the cells as this copy shows them."""
    say, ledger = snapshot.words, Ledger(snapshot.ledger, snapshot.meta)
    found = _sends(work.journal, past, ledger, standing.identity.book)
    levels = _levels(work.journal, standing.identity.book, copy, ledger, {send.key for send, _ in found}, again)
    rows: dict[tuple[str, str], Row] = {}
    notes, history = [], []
    for send, verdict in found:
        sending = _marked(send, say)
        row = rows.get((send.feed, send.key)) or _ledger_row(ledger, Feed(send.feed), send.key)
        shown = _cells(snapshot, send)
        if verdict is Verdict.UNKNOWN:
            rows[send.feed, send.key] = {
                **row,
                "sending": replace(sending, doubt=True).text(),
                "unsure_seen": shown.get("unsure"),
            }
            continue
        done = _done(row, sending, shown, work.clock(), Feed(send.feed))
        came = again.get((send.feed, send.key))
        if came is not None and not _sent_after(work.journal, standing.identity.book, send, came):
            done = {**row, "refunded": done["refunded"]}  # it is open again at the panel
        rows[send.feed, send.key] = done
        if Feed(send.feed) is Feed.CANCELS and (order := order_closed(sending, ledger, None)):
            rows[Feed.ORDERS.value, sending.order_id] = {**order, "closed": order["closed"] or work.clock().isoformat()}
        text = say.MESSAGES["restored_sent"].format(what=sending.what, when=_time(send, work, say))
        if shown:
            notes.append(Note(send.feed, send.key, 0, Say.SENT, text))
        history += settle.sent_lines(
            Feed(send.feed), send.key, sending, say.VERDICTS[verdict], send.run, work.clock(), say
        )
    if doubt is not None:
        rows.update(_perhaps_sent(work, snapshot, ledger.patched(list(rows.values()))))
    for (feed, key), level in levels.items():
        row = rows.get((feed.value, key)) or _ledger_row(ledger, feed, key)
        shown = _row(snapshot, feed, key)
        rows[feed.value, key] = _level(row, level, shown)
        if shown:
            notes.append(Note(feed.value, key, 0, *_level_told(level, work, say)))
    result = _outcome(work, copy.at, counts, found, snapshot, len(levels), doubt, untold)
    # a row that came back in the first commit and was handed out twice could not be told so in it
    noted = {(note.tab, note.key) for note in notes}
    notes = [
        *(_beside(note, told, say) for note in notes),
        *(note for place, note in told.items() if place not in noted and note.key in snapshot.tabs[note.tab].index),
    ]
    history_rows: dict[str, Sequence[Row]] = {"history": history} if history else {}
    standing.commit(
        Commit(
            work.run,
            append={**history_rows, "runs": [_line(result, work, say)]},
            ledger=list(rows.values()),
            sync=sync_texts(snapshot, notes),
            meta={RESTORING: None},
        ),
        work.at(),
    )
    return result


def _beside(note: Note, told: Mapping[tuple[str, str], Note], say: Words) -> Note:
    """A note together with what its row was told in the first commit."""
    first = told.get((note.tab, note.key))
    if first is None:
        return note
    parts = [(first.kind, first.text), (note.kind, note.text)]
    return replace(note, kind=joined(parts, say)[0], text=say.join(parts))


def _level(row: Row, level: Level, shown: Mapping[str, Any]) -> Row:
    """The ledger row with what the panel has. What it may have is kept only where a row is still to come back."""
    # what else stands in the row was looked at by the runs that this copy has forgotten: sent by itself, it would push the note away
    seen = WATCHED[str(row["tab"])] if shown else tuple(level.values)
    out = {**row, **level.values, **{name + SEEN: shown.get(name) for name in seen if name + SEEN in row}}
    if not row["received"] and not shown:
        out |= {**level.perhaps, **dict.fromkeys((name + SEEN for name in level.perhaps), UNCONFIRMED)}
    return closed_state(out)


def _level_told(level: Level, work: Work, say: Words) -> tuple[Say, str]:
    """What a row says of the panel's newer values."""
    parts = []
    told = say.MESSAGES
    for text, values in ((told["restored_perhaps"], level.perhaps), (told["restored_told"], level.values)):
        if values:
            when = say.moment(_parsed(level.at, work))
            parts.append((Say.INFO, text.format(what=say.changes(values.items()), when=when)))
    return joined(parts, say)


def _perhaps_sent(work: Work, snapshot: Snapshot, ledger: Ledger) -> dict[tuple[str, str], Row]:
    """The ledger rows, in doubt, of what would be sent once from this copy: another machine may have sent it meanwhile."""
    frames, rows = snapshot.tabs, {}
    for push in make_plan(snapshot, ledger, Rules()).pushes:
        if push.once and not push.again:
            frame = frames[push.feed.value]
            what = settle.what(push, snapshot.words)
            row = marked(push, ledger, frame, run=work.run, when=work.at(), what=what)
            if mark := Sending.parse(row["sending"]):
                rows[push.feed.value, push.key] = in_doubt(row, mark)
    return rows


def _marked(send: Send, say: Words) -> Sending:
    """A send as the ledger would have marked it."""
    order_id = send.about.removeprefix("refund ") if send.about.startswith("refund ") else ""
    action = send.act or (Action.SET_CANCELED.value if send.value == "Canceled" else Action.SET_PARTIAL.value)
    values = send.values or {"status": send.value.partition(",")[0]}
    return Sending(
        action=action,
        target=send.target or order_id,
        run=send.run,
        at=send.at,
        what=settle.sent_what(Action(action), values, Feed(send.feed), say),
        values={name: (value, None) for name, value in values.items()},
        params=send.params,
        order_id=order_id if send.feed == Feed.CANCELS else "",
    )


def _done(row: Row, sending: Sending, shown: Mapping[str, Any], now: datetime, feed: Feed) -> Row:
    """The ledger row once a send counts as accepted, with the cells as this copy shows them."""
    out = went_through(row, sending, None, shown.get("remains"))
    for name in sending.values:
        seen = ("status" if name == "send" else name) + SEEN
        if seen in out:
            out[seen] = shown.get(name)
    if feed is Feed.ORDERS:
        out["remains" + SEEN] = shown.get("remains")
    if not feed.claimed and shown:
        out.update(user=shown.get("user"), link=content_mark(feed, dict(shown)))
    out = closed_state(out)
    return {**out, "closed": out["closed"] or now.isoformat()}


def _cells(snapshot: Snapshot, send: Send) -> dict[str, Any]:
    return _row(snapshot, Feed(send.feed), send.key)


def _row(snapshot: Snapshot, feed: Feed, key: str) -> dict[str, Any]:
    frame = snapshot.tabs[feed.value]
    found = frame[frame.index == key].to_dict("records")
    return {str(name): cell for name, cell in found[0].items()} if len(found) == 1 else {}


def _parsed(at: str, work: Work) -> datetime:
    from datetime import datetime as made

    return made.fromisoformat(at).astimezone(work.book.zone)


def _time(send: Send, work: Work, say: Words) -> str:
    return say.moment(_parsed(send.answered_at or send.at, work))


# --- other machines, and what to say -------------------------------------------------------------------------------------------


def _lacking(seen: Mapping[str, Any], identity: Identity, work: Work) -> int:
    """How often other machines wrote after the copy was made, as far as this machine saw it."""
    there = identity.machines
    return sum(
        max(0, mark.number - (there[machine].number if machine in there else 0))
        for machine, mark in seen.items()
        if machine != work.journal.machine
    )


def _others(lacking: int, asked: Iterable[str], work: Work, say: Words) -> Doubt:
    """What other machines may have received in so many commits: bounded, and a person's to settle."""
    names = ", ".join(dict.fromkeys(asked))
    bound = FULL * lacking * work.book.lands_together
    return Doubt(
        id=f"claim-restore-{work.run}",
        kind="claim",
        feed=Feed.ORDERS,
        text=say.MESSAGES["restore_doubt"].format(count=lacking, bound=bound, services=names),
        at=work.at(),
        run=work.run,
        service=names,
        bound=bound,
    )


def _outcome(
    work: Work,
    since: str,
    counts: Mapping[str, int],
    found: Iterable[tuple[Send, Verdict]],
    snapshot: Snapshot | None,
    told: int,
    doubt: Doubt | None,
    untold: Iterable[Claim],
) -> Restored:
    kept = list(found)
    sent = tuple(send for send, verdict in kept if verdict is Verdict.ACCEPTED)
    unclear = tuple(send for send, verdict in kept if verdict is Verdict.UNKNOWN)
    gone = tuple(
        send
        for send in (*sent, *unclear)
        if not Feed(send.feed).claimed and (snapshot is None or not _cells(snapshot, send))
    )
    unheard = tuple(f"claim-{claim.name}" for claim in untold)
    return Restored(work.run, since, counts, sent, unclear, gone, told, doubt, unheard=unheard)


def _would_rebuild(work: Work, standing: agree.Standing) -> Restored:
    """What rebuilding a lost workbook would bring back: everything that is kept."""
    book, known, ledger = standing.findings[0].about, standing.known, Ledger(Ledger.empty())
    past = past_of(work.journal, known.panel if known else ())
    claims = [(claim, _read(claim)) for claim in work.journal.claims(book)]
    rows: dict[str, set[str]] = {}
    for claim, read in claims:
        if read is not None and read.rows:
            rows.setdefault(claim.feed, set()).update(item.id for item in read.rows)
    found = _sends(work.journal, past, ledger, book)
    levels = _levels(work.journal, book, Copy(), ledger, {send.key for send, _ in found}, {})
    lacking = _lacking(known.machines if known else {}, Identity(), work)
    doubt = _others(lacking, known.services if known else (), work, TERMINAL) if lacking else None
    untold = [claim for claim, read in claims if _is_untold(claim, read, Copy())]
    counts = {feed: len(keys) for feed, keys in rows.items()}
    result = _outcome(work, "", counts, found, None, len(levels), doubt, untold)
    return replace(result, missing=True)


def _line(result: Restored, work: Work, say: Words) -> Row:
    """The line in Runs."""
    text = say.MESSAGES["restored"].format(
        rows=sum(result.rows.values()), sent=len(result.sent), told=result.told, unclear=len(result.unclear)
    )
    doubts = len(result.unclear) + (result.doubt is not None) + len(result.unheard)
    return {
        "run": work.run,
        "started": work.clock(),
        "finished": work.clock(),
        "result": say.RESULTS["Restored"],
        "pulled": sum(result.rows.values()),
        "pushed": 0,
        "refused": 0,
        "needs_person": doubts,
        "message": " ".join([text, *([result.doubt.text] if result.doubt else [])]),
    }
