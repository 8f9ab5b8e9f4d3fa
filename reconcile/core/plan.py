"""The plan: everything one run is going to do to the panel, and everything it has to say, as plain data.

`make_plan` compares one snapshot with its ledger. It holds what concerns several rows: doubled ids, one refund per order,
whole-sheet accidents, limits; what one row means is in `rules`. The same input gives the same plan, in the same order.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from reconcile.core import accidents, approvals, cells, diff, rules, waits, written
from reconcile.core.facts import says_closed
from reconcile.core.feeds import CLAIMED, FEEDS, WRITTEN
from reconcile.core.ledger import (
    SEEN,
    STATE_ARCHIVED,
    STATE_ARCHIVED_AGAIN,
    STATE_CLOSED,
    STATE_GONE,
    STATE_OPEN,
    WATCHED,
    Ledger,
    Sending,
    blank_row,
    marks,
    refusals,
    refusals_text,
)
from reconcile.core.model import (
    APPROVALS,
    CLOSED_THERE,
    ROW,
    SYNC,
    UNSURE,
    Action,
    Change,
    Doubt,
    Feed,
    Kind,
    Limit,
    Note,
    Plan,
    Push,
    Status,
    Unsure,
    YesNo,
)
from reconcile.core.transitions import closed_state, content_mark, order_closed, refused_besides, went_through

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd

    from reconcile.core.model import Approval, Cell, Row, Snapshot, Waiting
    from reconcile.core.words import Words

TAB_FACTS: Final = {feed: spec.facts for feed, spec in FEEDS.items()}
GONE_FLOOR: Final = 3
"""Fewer rows than this deleted at once is somebody tidying up, whatever the share."""

EMPTIED_FLOOR: Final = 2
"""A tab that had so many rows and has none left was emptied; its only row may well be meant."""

LONGEST_KEY: Final = 200
"""A longer id or reference is a text in the wrong column; it could not even be named in the row's answer."""

CONTENT_SEEN: Final = "remains_seen"
"""Where the ledger row of a sent payment or ticket keeps what its row showed when an accident about it was let through."""

KEPT: Final = "kept "
"""Sign of a mark in `refused` that stands for a panel-owned cell which a person let through as it is; its value says what it showed."""

ASKING: Final = (Kind.HELD, Kind.PROBLEM, Kind.WAITING)
"""The answers that ask a person for something."""

_ON_ITS_WAY: Final = "on its way"

EXCHANGED_HEADINGS: Final = "exchanged"
EXCHANGED: Final = 3
MOST_OF: Final = 0.8
"""So many rows with two cells in each other's column, and so many of all that changed there, mean that the headings changed places."""

MOVED_ROWS: Final = 5
"""So many rows whose panel values stand beside another id are a sort or paste that went wrong, not a slip."""


@dataclass(frozen=True)
class Rules:
    """The settings a plan depends on (docs/design.md 14)."""

    max_refunds: int = 25
    max_refund_total: Decimal | None = None
    max_closed_share: int = 30
    closed_floor: int = 20
    max_gone_share: int = 50
    partial_via: str = Action.SET_PARTIAL.value
    archive_after_days: int = 7
    max_payments: int = 30
    max_payment_total: Decimal | None = Decimal(5000)
    max_payment: Decimal | None = Decimal(1000)
    max_tickets: int = 50
    same_payment_days: int = 1
    money_wait: timedelta = timedelta(0)


class Sheet:
    """One tab's frame with quick access to single rows. keys: all keys in sheet order, "" for rows without one."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.twice = diff.doubled(frame)
        self._columns = {name: frame[name].to_numpy(dtype=object) for name in frame.columns}
        self.keys: list[str] = frame.index.tolist()
        self._place = {key: place for place, key in enumerate(self.keys)}

    def __contains__(self, key: str) -> bool:
        return key in self._place

    def at(self, key: str) -> Row:
        """The row of `key` as a dict, `_row` included."""
        return self.nth(self._place[key])

    def nth(self, place: int) -> Row:
        """The row at a place of the frame."""
        return {name: values[place] for name, values in self._columns.items()}

    def numbers(self, key: str) -> list[int]:
        """The row numbers in which `key` stands."""
        place: Any = self.frame.index.get_loc(key)
        found = self._columns[ROW][place]
        return [int(number) for number in (found if isinstance(found, np.ndarray) else [found])]

    def column(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        """One column's cells, in sheet order."""
        return self._columns[name]


@dataclass
class _Draft:
    """A plan in the making, and the language it speaks.

    edits: (tab, key) → the cells that moved. shapes: the accidents that were found in the shape of what moved.
    typed_over: the true IDs of rows that show another one. strange: (tab, key) → cells that are not what the panel sent.
    facts_apart: the accidents that were found in those. kept: (tab, key, column) of such cells that a person let through.
    """

    words: Words
    now: datetime | None = None
    pushes: list[Push] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[int, list[tuple[Kind, str]]]] = field(default_factory=dict)
    settled: dict[tuple[str, str], Row] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    refunded: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    edits: dict[tuple[str, str], dict[str, Cell]] = field(default_factory=dict)
    shapes: list[Limit] = field(default_factory=list)
    typed_over: dict[Feed, set[str]] = field(default_factory=dict)
    strange: dict[tuple[str, str], dict[str, Cell]] = field(default_factory=dict)
    facts_apart: list[Limit] = field(default_factory=list)
    kept: set[tuple[str, str, str]] = field(default_factory=set)

    def say(self, tab: str, key: str, row: int, kind: Kind, text: str) -> None:
        if len(key) > LONGEST_KEY:
            long = self.words.KEY_TOO_LONG.format(label=self.words.LABEL[FEEDS[Feed(tab)].key], length=f"{len(key):,}")
            self.messages.append(self.words.MESSAGES["row"].format(tab=self.words.TAB[tab], row=row, text=long))
            return
        parts = self.answers.setdefault((tab, key), (row, []))[1]
        if (kind, text) not in parts:
            parts.append((kind, text))

    def remember(self, ledger_row: Row, **values: Cell) -> None:
        """Notes ledger values to write although nothing is pushed."""
        place = (str(ledger_row["tab"]), str(ledger_row["key"]))
        self.settled[place] = {**self.settled.get(place, ledger_row), **values}


def make_plan(
    snapshot: Snapshot, ledger: Ledger, settings: Rules, *, now: datetime | None = None, force: bool = False
) -> Plan:
    """Everything to do about `snapshot`, given what panel and sheet last agreed on; what a limit holds is apart, in `held`.

    Pure: no clock, no I/O. now: aware, in the sheet's own zone; without it, nothing is taken for long ago. force: nothing is held.
    """
    draft = _Draft(snapshot.words, now, refunded=_refunded(ledger))
    sheets = {feed: Sheet(snapshot.tabs[feed.value]) for feed in Feed}
    held = {feed: _held(draft, feed, sheets[feed], ledger) for feed in Feed}
    for feed in Feed:
        _doubts(draft, feed, sheets[feed], ledger, held[feed])
    for feed in CLAIMED:
        _claimed_feed(draft, feed, sheets[feed], ledger, settings, held[feed])
    for feed in WRITTEN:
        _staff_feed(draft, feed, sheets[feed], ledger, settings, held[feed])
    _judged_together(draft)
    _one_refund_per_order(draft, ledger)
    total = sum((push.amount or Decimal(0) for push in draft.pushes if push.refund), Decimal(0))
    _limits(draft, total, ledger, settings)
    pushes = tuple(sorted(draft.pushes, key=_push_order))
    limits = tuple(dict.fromkeys(limit for limit in draft.limits if _matters(limit, draft, pushes)))
    asked = approvals.judged(snapshot.tabs[APPROVALS], snapshot.meta, limits, pushes, snapshot.words)
    holding = [] if force else [each for each in asked.approvals if not each.ticked]
    kept = tuple(push for push in pushes if any(each.limit.holds(_place(push)) for each in holding))
    free = [push for push in pushes if push not in kept]
    waiting, times = _waiting(
        free, snapshot, [each for each in asked.approvals if each.ticked], sheets, settings, now, force=force
    )
    asked = _waiting_lists(asked, waiting, snapshot.words, now)
    for each in asked.approvals:
        if each not in holding and not each.waits:
            _settle_limit(draft, each.limit, sheets, ledger, pushes)
    waits_too = [Limit("money_wait", "", tuple(_place(each.push) for each in waiting))] if waiting else []
    _take_back(draft, sheets, ledger, [*(each.limit for each in holding), *waits_too], held)
    _say_held(draft, sheets, holding, kept)
    _say_waiting(draft, waiting)
    later = {*kept, *(each.push for each in waiting)}
    notes = _notes(draft, sheets, ledger, set(map(_place, pushes)) - set(map(_place, later)))
    draft.messages.extend(asked.messages)
    return Plan(
        pushes=tuple(push for push in pushes if push not in later),
        notes=(*notes, *asked.notes),
        limits=tuple(each.limit for each in asked.approvals),
        doubts=tuple(draft.doubts),
        settled=tuple(row for _, row in sorted(draft.settled.items())),
        messages=tuple(dict.fromkeys(draft.messages)),
        refund_total=total,
        digest=digest(pushes),
        words=snapshot.words,
        approvals=asked.approvals,
        meta=(*asked.meta, *sorted(times.items())),
        forced=force,
        held=kept,
        waiting=waiting,
    )


def digest(pushes: tuple[Push, ...]) -> str:
    """12 hex digits that name exactly these pushes: row, call, values; not where the rows stand, nor in which order."""
    facts = [
        [push.feed, push.key, push.action, push.target, push.params, [[c.field, c.old, c.new] for c in push.changes]]
        for push in pushes
    ]
    return hashlib.sha256("\n".join(sorted(json.dumps(fact) for fact in facts)).encode()).hexdigest()[:12]


# --- what limits hold ------------------------------------------------------------------------------------------------------


def _place(push: Push) -> tuple[str, str]:
    return push.feed.value, push.key


def _matters(limit: Limit, draft: _Draft, pushes: Iterable[Push]) -> bool:
    """Whether a limit has anything to hold: a difference that would not be sent, such as a closed order put back, counts for none."""
    if limit not in draft.shapes:
        return True
    cleared = [place for place in limit.rows if any(cells.is_blank(raw) for raw in draft.edits.get(place, {}).values())]
    return len(cleared) >= accidents.ROWS or any(_place(push) in limit.rows for push in pushes)


def _settle_limit(
    draft: _Draft, limit: Limit, sheets: Mapping[Feed, Sheet], ledger: Ledger, pushes: Iterable[Push]
) -> None:
    """What an approved accident shows is no edit any more, as far as it is not sent: the next run does not stop on it again.

    A row that asks a person something still asks: what it shows stays an edit until that is answered.
    """
    sent = {(*_place(push), change.field) for push in pushes for change in push.changes}
    for tab, key in limit.rows:
        ledger_row = ledger.row(tab, key)
        if ledger_row is not None and not Feed(tab).claimed and key in sheets[Feed(tab)]:
            draft.remember(ledger_row, **{CONTENT_SEEN: content_mark(Feed(tab), sheets[Feed(tab)].at(key))})
        asks = any(kind in ASKING for kind, _ in draft.answers.get((tab, key), (0, ()))[1])
        for name, raw in draft.edits.get((tab, key), {}).items():
            if asks and not cells.is_blank(raw):
                continue
            if ledger_row is not None and name in WATCHED[tab] and (tab, key, name) not in sent:
                draft.remember(ledger_row, **{name + SEEN: raw})
    if limit.name == EXCHANGED_HEADINGS or limit in draft.facts_apart:
        _keep_facts(draft, limit, sheets, ledger)


def _keep_facts(draft: _Draft, limit: Limit, sheets: Mapping[Feed, Sheet], ledger: Ledger) -> None:
    """Marks the cells an approved accident is about as meant: their rows are free from the next run on, while they show the same."""
    say = draft.words
    for place in limit.rows:
        row, shown = ledger.row(*place), draft.strange.get(place)
        if row is None or not shown:
            continue
        newest = draft.settled.get(place, row)
        marked = {**marks(newest["refused"]), **{KEPT + name: (_shown_mark(raw), "") for name, raw in shown.items()}}
        draft.remember(row, refused=refusals_text(refusals(newest["refused"]), marked))
        draft.answers.pop(place, None)
        number = _number(sheets[Feed(place[0])].at(place[1]))
        draft.say(*place, number, Kind.INFO, _kept_text(row, shown, say))


def _kept_text(row: Row, names: Iterable[str], say: Words) -> str:
    """What a row says whose panel-owned cells were let through as they stand: what the panel has."""
    has = {name: cells.id_text(row[name]) for name in names}
    what = ", ".join(f"{say.LABEL[name]} {say.shown(has[name]) if has[name] else say.PHRASES['blank']}" for name in has)
    return say.FACTS_KEPT.format(what=what)


def _shown_mark(raw: Cell) -> str:
    """What a cell shows, as 16 hex digits."""
    return hashlib.sha256(cells.id_text(raw).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _take_back(
    draft: _Draft, sheets: Mapping[Feed, Sheet], ledger: Ledger, limits: Sequence[Limit], held: Mapping[Feed, set[str]]
) -> None:
    """Of a row that a limit holds nothing is remembered and no answer is taken: it may stand beside another row's id."""
    if not limits:
        return
    for place in [place for place in draft.settled if any(limit.holds(place) for limit in limits)]:
        del draft.settled[place]
    for feed in Feed:
        taken = [
            (key, sending) for key, _, sending in ledger.sendings(feed) if any(x.holds((feed, key)) for x in limits)
        ]
        keys = {key for key, _ in taken}
        if not keys:
            continue
        for key, sending in taken:
            draft.answers.pop((feed.value, key), None)
            if feed is Feed.CANCELS:
                draft.settled.pop((Feed.ORDERS.value, sending.order_id), None)
        draft.doubts = [doubt for doubt in draft.doubts if doubt.feed is not feed or doubt.key not in keys]
        _doubts(draft, feed, sheets[feed], ledger, held[feed] | keys, only=keys)


def _say_held(draft: _Draft, sheets: Mapping[Feed, Sheet], holding: Sequence[Approval], kept: Sequence[Push]) -> None:
    """A held row names the lists it is in and its own part of them; one that only shares their feed names the tab alone."""
    say = draft.words
    parts: dict[tuple[str, str], list[Push]] = {}
    for push in kept:
        parts.setdefault(_place(push), []).append(push)
    for place in {row for each in holding for row in each.limit.rows} & draft.answers.keys():
        if all(kind is Kind.INFO for kind, _ in draft.answers[place][1]):
            del draft.answers[place]  # what is held says that, and nothing milder
    rows = [
        *parts,
        *(row for each in holding for row in each.limit.rows if row not in parts and row not in draft.answers),
    ]
    tab = say.TAB[APPROVALS]
    for place in dict.fromkeys(rows):
        sheet = sheets[Feed(place[0])]
        pushes = parts.get(place, [])
        if place[1] not in sheet:
            continue
        lists = [each for each in holding if place in each.limit.rows]
        number = pushes[0].row if pushes else sheet.numbers(place[1])[0]
        if not lists:
            code = next(each.code for each in holding if each.limit.shuts == place[0])
            text = say.HELD_WITH_TAB.format(one=say.TAB[place[0]], code=code, tab=tab)
        else:
            codes, limit = say.also(each.code for each in lists), " ".join(each.limit.text for each in lists)
            own = ", ".join(_own_part(push, say) for push in pushes)
            text = (say.HELD_BY_LIST if own else say.HELD_BY_LIST_ALONE).format(
                codes=codes, tab=tab, limit=limit, own=own
            )
        draft.say(place[0], place[1], number, Kind.HELD, text)


def _waiting(
    free: Sequence[Push],
    snapshot: Snapshot,
    ticked: Sequence[Approval],
    sheets: Mapping[Feed, Sheet],
    settings: Rules,
    now: datetime | None,
    *,
    force: bool,
) -> tuple[tuple[Waiting, ...], dict[str, str | None]]:
    """Which of what no limit holds waits for a while, so that staff can stop it, and the records of it."""
    wait = timedelta(0) if force else settings.money_wait

    def row_of(push: Push) -> Row:
        sheet = sheets[push.feed]
        return sheet.at(push.key) if push.key in sheet else {}

    return waits.judged(snapshot.meta, free, ticked, row_of, wait, now)


def _waiting_lists(
    asked: approvals.Judged, waiting: Sequence[Waiting], say: Words, now: datetime | None
) -> approvals.Judged:
    """The ticked lists whose money still waits say so; their ticks are not used yet."""
    notes, out = list(asked.notes), []
    for each in asked.approvals:
        times = [one.until for one in waiting if each.ticked and _place(one.push) in each.limit.rows]
        if not times:
            out.append(each)
            continue
        when = _time_of(max(times), say, now)
        out.append(replace(each, waits=when))
        notes.append(Note(APPROVALS, each.code, 0, Kind.WAITING, say.APPROVAL_MONEY_WAITS.format(when=when)))
    return replace(asked, approvals=tuple(out), notes=tuple(notes))


def _say_waiting(draft: _Draft, waiting: Sequence[Waiting]) -> None:
    """A waiting row says what goes out, after which time, and how to stop it."""
    say = draft.words
    places: dict[tuple[str, str], list[Waiting]] = {}
    for each in waiting:
        places.setdefault(_place(each.push), []).append(each)
    for place, mine in places.items():
        if any(each.push.again for each in mine):
            draft.answers.pop(place, None)  # the question was answered; until it is over, its answer can be taken back
        push = mine[0].push
        stops = UNSURE if push.again else "send" if not push.feed.claimed else mine[-1].push.changes[0].field
        what = say.capital(", ".join(_own_part(each.push, say) for each in mine))
        when = _time_of(max(each.until for each in mine), say, draft.now)
        text = say.MONEY_WAITS.format(what=what, when=when, label=say.LABEL[stops])
        draft.say(place[0], place[1], push.row, Kind.WAITING, text)


def _time_of(until: datetime, say: Words, now: datetime | None) -> str:
    """A time today as `10:20`, another day's with its date."""
    return f"{until:%H:%M}" if now is None or until.date() == now.date() else say.moment(until)


def _own_part(push: Push, say: Words) -> str:
    """A held push in words: `Status Canceled (refund 5.00)`; of what is sent once only what staff typed."""
    told = say.changes((change.field, change.new) for change in push.changes if change.field != "send")
    if not push.feed.claimed:
        told = say.capital(say.SENDS[push.action]) + (f" {push.changes[0].new}" if push.feed is Feed.PAYMENTS else "")
    if push.refund:
        told += f" ({approvals.worth(push, say)})"
    return told


# --- doubts ------------------------------------------------------------------------------------------------------------


def _doubts(
    draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, held: set[str], *, only: Collection[str] | None = None
) -> None:
    """Sends whose outcome nobody knows: shown in the row until If unsure settles them. only: the rows to look at, None for all.

    An answer in a held row is not taken: it may stand beside another row's id.
    """
    say = draft.words
    for key, ledger_row, sending in ledger.sendings(feed):
        if only is not None and key not in only:
            continue
        row = sheet.at(key) if key in sheet and key not in held else None
        raw = row.get(UNSURE) if row else None
        moved = row is not None and raw != ledger_row["unsure_seen"]
        settled = cells.choice(raw, Unsure, say.LABEL[UNSURE], say) if moved else None
        number = _number(row)
        if sending.again and not moved:
            settled = Unsure.SEND_AGAIN  # said through `resolve`
        if settled is Unsure.WENT_THROUGH:
            done = went_through(ledger_row, sending, draft.now, row.get("remains") if row else None)
            draft.settled[feed.value, key] = {**done, "unsure_seen": raw}
            order_row = order_closed(sending, ledger, draft.now) if feed is Feed.CANCELS else None
            if order_row is not None:
                draft.remember(order_row, **order_row)
            draft.say(feed, key, number, Kind.SENT, say.WENT_THROUGH.format(what=sending.what))
            _refused_besides(draft, feed, key, number, ledger_row, sending)
            continue
        if settled is Unsure.SEND_AGAIN:
            draft.remember(ledger_row, unsure_seen=raw)
            facts = ledger.row(Feed.ORDERS, sending.order_id) or ledger_row
            draft.pushes.append(_again(feed, key, number, sending, facts))
            continue
        if moved and settled is None:
            draft.remember(ledger_row, unsure_seen=raw)
        stale = row is not None and not cells.is_blank(raw) and not isinstance(settled, cells.Wrong)
        text = (say.IN_DOUBT_STALE if stale else say.IN_DOUBT).format(what=sending.what, when=sending.at)
        if isinstance(settled, cells.Wrong):
            text = f"{settled.text} {text}"
        draft.say(feed, key, number, Kind.DOUBT, text)
        _refused_besides(draft, feed, key, number, ledger_row, sending)
        draft.doubts.append(
            Doubt(
                id=f"{feed.value}-{key}",
                kind="send",
                feed=feed,
                text=say.MESSAGES["send_doubt"].format(what=sending.what, one=say.ONE[feed], key=key),
                at=sending.at,
                run=sending.run,
                key=key,
            )
        )


def _refused_besides(draft: _Draft, feed: Feed, key: str, number: int, ledger_row: Row, sending: Sending) -> None:
    """Says what the panel refused of the row besides what is in doubt: that stays refused, whatever becomes of the doubt."""
    say = draft.words
    if left := refused_besides(ledger_row, sending):
        draft.say(feed, key, number, Kind.REFUSED, still_refused(feed, left, say))


def _again(feed: Feed, key: str, number: int, sending: Sending, facts: Row) -> Push:
    changes = tuple(Change(name, "", value, raw) for name, (value, raw) in sending.values.items())
    if feed.claimed:
        remains = sending.values.get("remains", (None, None))[0]
        amount, unread = rules.refund_amount(facts, remains), rules.unread(facts, remains)
    else:
        amount, unread = _decimal(dict(sending.params).get("amount")), ()
    return Push(
        feed,
        key,
        number,
        Action(sending.action),
        sending.target,
        changes,
        sending.params,
        amount,
        order_id=sending.order_id,
        again=True,
        unread=unread,
    )


def _decimal(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


# --- feeds the panel hands out -------------------------------------------------------------------------------------------


def _claimed_feed(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, settings: Rules, held: set[str]) -> None:
    say = draft.words
    known = ledger.of(feed)
    _gone(draft, feed, sheet, ledger, settings)
    _unknown(draft, feed, sheet, ledger)
    fields = (*WATCHED[feed.value], *((UNSURE,) if FEEDS[feed].unsure else ()))
    moved = diff.changed(sheet.frame, known, fields)
    free = moved[~moved["key"].isin(held)] if held else moved  # what is held has its own answers, and its own limit
    if swapped := _exchanged(draft, feed, sheet, ledger):
        draft.limits = [limit for limit in draft.limits if limit.shuts is not feed]
        draft.limits.append(replace(swapped, shows=_shows(draft, swapped)))
    else:
        shapes = accidents.found(feed, sheet.frame, known, free, say)
        draft.shapes.extend(shapes)
        draft.limits.extend(shapes)
    if feed is Feed.CANCELS:
        _closed_requests(draft, sheet, ledger, held)
    edits: dict[str, dict[str, Cell]] = {}
    for key, name, raw in zip(moved["key"], moved["field"], moved["raw"], strict=True):
        edits.setdefault(key, {})[name] = raw
        draft.edits.setdefault((feed.value, key), {})[name] = raw
    for key, moved_cells in edits.items():
        ledger_row = ledger.row(feed, key)
        if key in held or ledger_row is None or ledger_row["sending"]:
            continue  # doubled, moved or in doubt: answered already, nothing else of the row is touched
        row = sheet.at(key)
        decided = _decide(feed, key, row, ledger_row, moved_cells, ledger, settings, say)
        _take(draft, feed, key, row, ledger_row, decided, moved_cells)


def _exchanged(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger) -> Limit | None:
    """Two columns in which the rows show each other's values, as when two headings change places; None where there are none."""
    say = draft.words
    known, suffixes = (
        ledger.of(feed),
        {**dict.fromkeys(WATCHED[feed.value], SEEN), **dict.fromkeys(TAB_FACTS[feed], "")},
    )
    moved: dict[str, set[str]] = {}
    for suffix in (SEEN, ""):
        names = [name for name in suffixes if suffixes[name] == suffix]
        found = diff.changed(sheet.frame, known, names, suffix=suffix)
        for key, name in zip(found["key"], found["field"], strict=True):
            if (feed.value, key, name) not in draft.kept:
                moved.setdefault(name, set()).add(key)
    for one, other in combinations(moved, 2):
        rows = [key for key in sheet.keys if key in moved[one] and key in moved[other] and key not in sheet.twice]
        swapped = []
        for key in rows:
            row, ledger_row = sheet.at(key), ledger.row(feed, key) or {}
            was = [cells.id_text(ledger_row.get(name + suffixes[name])) for name in (one, other)]
            now = [cells.id_text(row[name]) for name in (other, one)]
            if was == now and was[0] != was[1]:
                swapped.append((_number(row), key))
        if len(swapped) >= EXCHANGED and len(swapped) >= MOST_OF * max(len(moved[one]), len(moved[other])):
            what = say.LIMITS["exchanged"].format(labels=say.named((one, other)))
            return accidents.limit(feed, EXCHANGED_HEADINGS, swapped, what, say)
    return None


def _decide(
    feed: Feed,
    key: str,
    row: Row,
    ledger_row: Row,
    edits: Mapping[str, Cell],
    ledger: Ledger,
    settings: Rules,
    say: Words,
) -> rules.Decided:
    if feed is Feed.ORDERS:
        return rules.order(key, row, ledger_row, edits, partial_via=settings.partial_via, say=say)
    if feed is Feed.REFILLS:
        return rules.refill(key, row, ledger_row, edits, say)
    order_id = str(ledger_row["order_id"] or "")
    order_row = ledger.row(Feed.ORDERS, order_id) or ledger.archived.row(order_id)
    return rules.cancel(key, row, ledger_row, edits, order_row, say)


def _take(
    draft: _Draft, feed: Feed, key: str, row: Row, ledger_row: Row, decided: rules.Decided, edits: Mapping[str, Cell]
) -> None:
    """Adds what one row came to to the draft."""
    say = draft.words
    seen = {name + SEEN: raw for name, raw in decided.seen.items()}
    if UNSURE in edits and not decided.asked:
        seen["unsure_seen"] = edits[UNSURE]  # nothing is in doubt here, so it has nothing to say
    if seen:
        draft.remember(ledger_row, **seen)
    if decided.settled:
        draft.settled[feed.value, key] = closed_state(
            {**draft.settled.get((feed.value, key), ledger_row), **decided.settled}
        )
    refused = {} if "refused" in decided.settled else refusals(ledger_row["refused"])
    left = {name: refused[name] for name in refused if name not in decided.forgotten}
    if decided.forgotten:
        newest = draft.settled.get((feed.value, key), ledger_row)
        draft.remember(ledger_row, refused=refusals_text(left, marks(newest["refused"])))
    answers = list(decided.answers)
    tried = {change.field for push in decided.pushes for change in push.changes}
    if answers or decided.pushes:
        still = {name: left[name] for name in left if name not in tried}
        if still and not left.keys() & tried:
            answers.append((Kind.REFUSED, still_refused(feed, still, say)))
    elif decided.forgotten:
        answers.append(at_rest(feed, {**ledger_row, "refused": refusals_text(left, {})}, say))
    draft.pushes.extend(decided.pushes)
    for kind, text in answers:
        draft.say(feed, key, _number(row), kind, text)


def _held(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger) -> set[str]:
    """Keys that must not be acted on: they stand twice, or beside another row's values."""
    say = draft.words
    held = set()
    label = say.LABEL[FEEDS[feed].key]
    clash: dict[str, set[str]] = {}
    for key in set(sheet.keys) - {""}:
        if len(key) > LONGEST_KEY and not feed.claimed:
            held.add(key)
            draft.say(feed, key, sheet.numbers(key)[0], Kind.HELD, "")
        elif not key.isdecimal() or key.startswith("0"):
            clash.setdefault(cells.same_id(key), set()).add(key)
    groups = [{key} for key in sheet.twice]
    for plain, spelled in clash.items():
        together = spelled | ({plain} if plain in sheet else set())
        if len(together) > 1:
            groups.append(together)
    others = _typed_over(draft, feed, sheet, ledger)
    held |= {sheet.keys[place] for place in others if sheet.keys[place]}
    stray = {sheet.keys[place]: (place, key) for place, key in others.items()}
    for group in groups:
        numbers = sorted({number for key in group for number in sheet.numbers(key)})
        rows = say.also(map(str, numbers))
        for key in sorted(group):
            held.add(key)
            if key in stray and len(group) == 1:
                place, true = stray[key]
                row = _number(sheet.nth(place))
                text = say.ID_ALSO_THERE.format(label=label, key=key, row=row, one=say.ONE[feed], other=true)
                draft.say(feed, key, numbers[0], Kind.HELD, text)
                continue
            draft.say(feed, key, numbers[0], Kind.HELD, say.DOUBLED.format(label=label, key=key, rows=rows))
    if feed.claimed:
        held |= _moved_facts(draft, feed, sheet, ledger, held)
    return held


def _typed_over(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger) -> dict[int, str]:
    """Rows that show another ID than the one they were answered under, which no other row has: place → their true ID. Says so."""
    if not feed.claimed:
        return {}
    say, named = draft.words, [_sync_key(sync) for sync in sheet.column(SYNC)]
    found = {}
    for place, name in enumerate(diff.answered_as(sheet.keys, named)):
        if sheet.keys[place] and name != sheet.keys[place] and (feed.value, name) in ledger:
            found[place] = name
            text = say.THIS_IS.format(one=say.ONE[feed], key=name, label=say.LABEL["id"])
            draft.say(feed, name, _number(sheet.nth(place)), Kind.PROBLEM, text)
    draft.typed_over[feed] = set(found.values())
    return found


def _moved_facts(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, held: set[str]) -> set[str]:
    """Rows whose panel-owned cells are not what the panel sent.

    One changed cell is somebody's typing and is answered; two or more in a row, another order's id or another row's link
    mean that the id stands beside another row's values, so the row is held; many such rows are an accident.
    """
    say = draft.words
    moved = diff.changed(sheet.frame, ledger.of(feed), TAB_FACTS[feed], suffix="")
    wrong: dict[str, dict[str, Cell]] = {}
    links = set(ledger.of(feed)["link"]) if len(moved) else set()
    apart = set()
    told = _panel_changed(draft, feed, sheet, ledger, moved) | _kept(draft, feed, sheet, ledger, moved)
    for key, name, raw, known in zip(moved["key"], moved["field"], moved["raw"], moved["known"], strict=True):
        if key not in held and not _same_fact(raw, known) and (key, name) not in told:
            wrong.setdefault(key, {})[name] = known
            draft.strange.setdefault((feed.value, key), {})[name] = raw
            if len(wrong[key]) > 1 or name == "order_id" or (name == "link" and raw is not None and raw in links):
                apart.add(key)
    for key, facts in wrong.items():
        number = _number(sheet.at(key))
        if key in apart:
            text = say.FACTS_MOVED.format(labels=say.named(facts), key=key)
            draft.say(feed, key, number, Kind.HELD, text)
        else:
            ((name, known),) = facts.items()
            text = say.FACT_CHANGED.format(
                label=say.LABEL[name], value=say.shown(known) if known is not None else say.PHRASES["blank"]
            )
            draft.say(feed, key, number, Kind.PROBLEM, text)
    if len(apart) >= MOVED_ROWS:
        rows = [(_number(sheet.at(key)), key) for key in apart]
        draft.facts_apart.append(accidents.limit(feed, "sorted apart", rows, say.LIMITS["sorted_rows"], say))
    alone = _facts_alone(feed, sheet, {key: facts for key, facts in wrong.items() if key not in apart}, say)
    draft.facts_apart.extend(alone)
    draft.facts_apart = [replace(limit, shows=limit.shows or _shows(draft, limit)) for limit in draft.facts_apart]
    draft.limits.extend(limit for limit in draft.facts_apart if limit.rows[0][0] == feed)
    return apart


def _shows(draft: _Draft, limit: Limit) -> str:
    """What the rows of an accident show in the panel's columns: a tick for that is none for another sort of the same rows."""
    strange = [(place, draft.strange.get(place, {})) for place in limit.rows]
    shown = [[*place, name, cells.id_text(raw)] for place, facts in strange for name, raw in facts.items()]
    if not shown:
        return ""
    return hashlib.sha256(json.dumps(sorted(shown)).encode()).hexdigest()[:16]


def _kept(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, moved: pd.DataFrame) -> set[tuple[str, str]]:
    """(key, column) of the cells that were let through although they are not what the panel sent, and show the same since. Says so."""
    say = draft.words
    shown = {
        (str(key), str(name)): raw for key, name, raw in zip(moved["key"], moved["field"], moved["raw"], strict=True)
    }
    found: set[tuple[str, str]] = set()
    for key in map(str, ledger.where(feed, "refused").index):
        row = ledger.row(feed, key)
        held = {name for name in marks(row["refused"] if row else None) if name.startswith(KEPT)}
        if row is None or not held or key not in sheet or key in sheet.twice:
            continue
        newest = draft.settled.get((feed.value, key), row)["refused"]
        names = [name for name in TAB_FACTS[feed] if KEPT + name in held and (key, name) in shown]
        same = [name for name in names if marks(newest)[KEPT + name][0] == _shown_mark(shown[key, name])]
        over = held - {KEPT + name for name in same}
        if over:
            left = {name: mark for name, mark in marks(newest).items() if name not in over}
            draft.remember(row, refused=refusals_text(refusals(newest), left))
        if same:
            number = _number(sheet.at(key))
            draft.say(feed, key, number, Kind.INFO, _kept_text(row, same, say))
            if refused := refusals(newest):
                draft.say(feed, key, number, Kind.REFUSED, still_refused(feed, refused, say))
            found.update((key, name) for name in same)
            draft.kept.update((feed.value, key, name) for name in same)
    return found


def _panel_changed(
    draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, moved: pd.DataFrame
) -> set[tuple[str, str]]:
    """(key, column) of the cells that show a value from before the panel changed it: told until somebody types the new one."""
    say = draft.words
    shown = {
        (str(key), str(name)): raw for key, name, raw in zip(moved["key"], moved["field"], moved["raw"], strict=True)
    }
    found = set()
    for key in ledger.where(feed, "refused").index:
        row = ledger.row(feed, str(key))
        told = {name: held for name, held in marks(row["refused"] if row else None).items() if name in TAB_FACTS[feed]}
        if row is None or not told or key not in sheet or key in sheet.twice:
            continue
        left = {name: held for name, held in told.items() if (key, name) in shown}
        for name, (before, after) in left.items():
            if _same_fact(shown[key, name], before) or (cells.is_blank(shown[key, name]) and not before):
                found.add((str(key), name))
                text = changed_text(name, before, after, say)
                draft.say(feed, str(key), _number(sheet.at(str(key))), Kind.PROBLEM, text)
                if refused := refusals(row["refused"]):
                    draft.say(
                        feed,
                        str(key),
                        _number(sheet.at(str(key))),
                        Kind.REFUSED,
                        still_refused(feed, refused, say),
                    )
        if left != told:
            rest = {name: held for name, held in marks(row["refused"]).items() if name not in told or name in left}
            draft.remember(row, refused=refusals_text(refusals(row["refused"]), rest))
    return found


def _facts_alone(feed: Feed, sheet: Sheet, wrong: Mapping[str, Mapping[str, Cell]], say: Words) -> list[Limit]:
    """One column of the panel's that was emptied over many rows, or sorted without the rest. wrong: key → the one cell it was."""
    columns: dict[str, dict[str, Cell]] = {}
    for key, facts in wrong.items():
        for name, known in facts.items():
            columns.setdefault(name, {})[key] = known
    found = []
    for name, before in columns.items():
        shown = {key: sheet.at(key)[name] for key in before}
        texts = {cells.id_text(known) for known in before.values()}
        apart = [key for key, raw in shown.items() if not cells.is_blank(raw) and cells.id_text(raw) in texts]
        emptied = [key for key, raw in shown.items() if cells.is_blank(raw)]
        for kind, what, keys in (
            ("sorted apart", say.LIMITS["sorted_columns"], apart),
            ("back", say.LIMITS["cleared"], emptied),
        ):
            if len(keys) >= MOVED_ROWS:
                rows = [(_number(sheet.at(key)), key) for key in keys]
                text = what.format(labels=say.LABEL[name])
                found.append(accidents.limit(feed, kind, rows, text, say))
    return found


def _same_fact(raw: Cell, known: Cell) -> bool:
    """Whether two cells say the same although they differ: an id or amount that a spreadsheet made a number, or a text."""
    if isinstance(raw, (cells.Formula, bool)) or cells.is_blank(raw) or cells.is_blank(known):
        return False
    left, right = cells.id_text(raw), cells.id_text(known)
    if left == right:
        return True
    if len(left) > cells.LONGEST or len(right) > cells.LONGEST:
        return False
    one, other = _decimal(left), _decimal(right)
    return one is not None and other is not None and one.is_finite() and one == other


def _gone(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, settings: Rules) -> None:
    """Rows the ledger knows and the sheet no longer has: reported once, remembered as gone; many at once are a limit."""
    say = draft.words
    known = ledger.of(feed)
    states = known["state"].to_numpy(dtype=object)
    living = known[(states != STATE_GONE) & (states != STATE_ARCHIVED) & (states != STATE_ARCHIVED_AGAIN)]
    lost = set(diff.missing(sheet.frame, living)) - draft.typed_over.get(feed, set())
    blank = _lost_ids(draft, feed, sheet, lost)
    lost -= blank.keys()
    if len(blank) >= MOVED_ROWS:
        what = say.LIMITS["cleared"].format(labels=say.LABEL["id"])
        draft.limits.append(accidents.limit(feed, "back", [(row, key) for key, row in blank.items()], what, say))
    if limit := _gone_limit(feed, living, lost, settings, say):
        draft.limits.append(limit)
    closed = []
    for key in sorted(lost):
        ledger_row = ledger.row(feed, key)
        if ledger_row is None:
            continue
        if ledger_row["state"] == STATE_OPEN:
            draft.messages.append(say.MESSAGES["deleted"].format(tab=say.TAB[feed], one=say.ONE[feed], key=key))
        else:
            closed.append(key)
        draft.remember(ledger_row, state=STATE_GONE)
    if closed:
        ids = accidents.named_ids(closed)
        draft.messages.append(say.MESSAGES["deleted_closed"].format(tab=say.TAB[feed], count=len(closed), ids=ids))
    for key in known.index[states == STATE_GONE]:
        ledger_row = ledger.row(feed, str(key))
        if key in sheet and ledger_row is not None:
            back = draft.settled.get((feed.value, str(key)), ledger_row)
            draft.settled[feed.value, str(key)] = closed_state({**back, "state": STATE_OPEN})


def _gone_limit(feed: Feed, living: pd.DataFrame, lost: set[str], settings: Rules, say: Words) -> Limit | None:
    """The limit that lost rows come to: an emptied tab, or too many of the open ones, or too many of all."""
    keys = [str(key) for key in living.index]
    if len(lost) == len(keys) >= EMPTIED_FLOOR:
        text = say.LIMITS["emptied"].format(tab=say.TAB[feed], count=len(keys))
        return Limit("emptied", text, tuple((feed.value, key) for key in keys), feed)
    open_keys = [str(key) for key in living.index[living["state"] == STATE_OPEN]]
    texts = say.LIMITS["max_gone_share"], say.LIMITS["max_gone_share_all"]
    for said, among in zip(texts, (open_keys, keys), strict=True):
        gone = [key for key in among if key in lost]
        share = 100 * len(gone) / len(among) if among else 0.0
        if share > settings.max_gone_share and len(gone) >= GONE_FLOOR:
            text = said.format(
                tab=say.TAB[feed],
                count=len(gone),
                total=len(among),
                share=f"{share:.1f}",
                most=settings.max_gone_share,
            )
            return Limit("max_gone_share", text, tuple((feed.value, key) for key in gone), feed)
    return None


def _lost_ids(draft: _Draft, feed: Feed, sheet: Sheet, lost: set[str]) -> dict[str, int]:
    """Those in `lost` whose row is still there with its ID cell blank, known by its Sync text (`#15 · …`): key → row number.

    Answers each.
    """
    say = draft.words
    found: dict[str, int] = {}
    if "" not in sheet:
        return found
    label = say.LABEL[FEEDS[feed].key]
    for key, sync, number in zip(sheet.keys, sheet.column(SYNC), sheet.column(ROW), strict=True):
        was = _sync_key(sync) if key == "" else ""
        if was in lost:
            found[was] = int(number)
            draft.say(feed, was, int(number), Kind.PROBLEM, say.LOST_ID.format(label=label, key=was))
        elif was:
            text = say.LOST_ID_COPY.format(label=label, key=was)
            draft.messages.append(say.MESSAGES["row"].format(tab=say.TAB[feed], row=number, text=text))
    return found


def _sync_key(sync: Cell) -> str:
    """The key a Sync text starts with, "" when it is none of ours."""
    if not isinstance(sync, str) or not sync.startswith("#"):
        return ""
    key, dot, _ = sync[1:].partition(" · ")
    return key if dot else ""


def _unknown(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger) -> None:
    """Rows with an id nobody received, or of an order in Archive, and rows with no id at all."""
    say, known = draft.words, ledger.of(feed)
    strange = ~sheet.frame.index.isin(known.index)
    for place in np.flatnonzero(strange).tolist():
        row = sheet.nth(place)
        key = sheet.keys[place]
        if key and _sync_key(row.get(SYNC)) in draft.typed_over.get(feed, ()):
            continue  # told already whose row it is
        if key:
            text = say.UNKNOWN_ID.format(what=say.ONE[feed], key=key)
            if feed is Feed.ORDERS and ledger.archived.how(key) is not None:
                text = say.STANDS_IN_ARCHIVE.format(key=key, tab=say.TAB["archive"])
            draft.say(feed, key, _number(row), Kind.PROBLEM, text)
        elif not _sync_key(row.get(SYNC)):
            draft.messages.append(say.MESSAGES["no_id"].format(tab=say.TAB[feed], row=_number(row)))


# --- feeds staff write -------------------------------------------------------------------------------------------------


def _staff_feed(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, settings: Rules, held: set[str]) -> None:
    """Payments and tickets: a Reference is sent once, ever, also when it was typed over or its row was deleted since.

    The same content under another Reference is recognised where its own row has it no more, and else asked about.
    """
    say = draft.words
    known = ledger.of(feed)
    lost = {key for key in known.index if key not in sheet}
    _lost_ids(draft, feed, sheet, lost)
    used = {cells.same_reference(str(key)): str(key) for key in known.index}
    columns = [known[name].to_numpy(dtype=object) for name in ("status", "status_seen", "link", "sending", "received")]
    before = list(zip(known.index.tolist(), *columns, strict=True))
    sent = {key: mark for key, status, _, mark, sending, _ in before if mark and (status or sending)}
    shown = {key: content_mark(feed, sheet.at(key)) for key in sent if key in sheet and key not in held}
    renamed = {mark: key for key, mark in sent.items() if key in lost or (key in shown and shown[key] != mark)}
    new = np.flatnonzero(~sheet.frame.index.isin(known.index)).tolist()
    lines = _lines(feed, sheet, ledger, sent, shown, renamed, held, say)
    draft.limits.extend(written.found(feed, lines, say))
    recent = {sent[key]: key for key, *_, at in reversed(before) if key in shown and _lately(draft, at, settings)}
    alike: dict[str, set[str]] = {}
    for key in {sheet.keys[place] for place in new} - held:
        alike.setdefault(cells.same_reference(key), set()).add(key)
    for place in new:
        key = sheet.keys[place]
        row = sheet.nth(place)
        number = _number(row)
        if not key:
            if not _sync_key(row.get(SYNC)):
                text = say.NO_REFERENCE.format(example=_free_reference(feed, used, sheet.keys))
                draft.messages.append(say.MESSAGES["row"].format(tab=say.TAB[feed], row=number, text=text))
        elif key in held:
            continue
        elif told := _like_another(key, used, alike, say):
            draft.say(feed, key, number, *told)
        elif was := _same_as(feed, row, renamed, say):
            label = say.LABEL["details" if feed is Feed.PAYMENTS else "message"]
            text = say.SENT_AS.format(what=say.ONE[feed], key=was, label=label)
            draft.say(feed, key, number, Kind.PROBLEM, text)
        else:
            _take_new(draft, feed, key, row, recent)
    for key, status, seen, mark, sending, _ in before:
        if key not in sheet or key in held or sending:
            continue
        row = sheet.at(key)
        changed = content_mark(feed, row) != mark
        if status is not None:
            if changed:
                draft.say(feed, key, _number(row), Kind.PROBLEM, say.SENT_FOR_EVER)
        elif changed or row.get("send") != seen:
            _take_staff(draft, feed, key, row)  # refused before, and changed since
            ledger_row = ledger.row(feed, key)
            if ledger_row is not None and cells.choice(row.get("send"), YesNo, "", say) is not YesNo.YES:
                draft.remember(ledger_row, status_seen=row.get("send"), refused=None)  # Yes after this is a new word


def _lately(draft: _Draft, at: Cell, settings: Rules) -> bool:
    """Whether a payment sent at this time (ISO) is so fresh that an equal one is asked about; also when the time is not known."""
    if at is None or draft.now is None:
        return True
    return draft.now - datetime.fromisoformat(str(at)) < timedelta(days=settings.same_payment_days)


def _lines(
    feed: Feed,
    sheet: Sheet,
    ledger: Ledger,
    sent: Mapping[str, str],
    shown: Mapping[str, str],
    renamed: Mapping[str, str],
    held: set[str],
    say: Words,
) -> list[written.Line]:
    """The tab's rows as accidents are looked for in them. sent, shown: key → what was sent under it, and what its row shows."""
    lines = []
    for place, key in enumerate(sheet.keys):
        row = sheet.nth(place)
        ready = cells.choice(row.get("send"), YesNo, "", say) is YesNo.YES
        new = bool(key) and key not in held and (feed.value, key) not in ledger
        changed = moved = False
        sent_as = _same_as(feed, row, renamed, say) if new else ""
        if key in shown and shown[key] != sent[key]:
            known = ledger.row(feed, key) or {}
            settled = known.get(CONTENT_SEEN) == shown[key]
            changed = not settled
            user = cells.id_text(row.get("user"))
            moved = not settled and bool(user) and user != cells.id_text(known.get("user"))
            sent_as = "" if settled else renamed.get(shown[key], "")
        lines.append(written.Line(key, _number(row), row, new, ready, sent_as, moved, changed))
    return lines


def _same_as(feed: Feed, row: Row, marks: Mapping[str, str], say: Words) -> str:
    """The reference among `marks` (content → reference) under which the content of this row stands, however its amount is typed."""
    amount, commissions = row.get("amount"), (None,)
    amounts: list[Cell] = [amount]
    if feed is Feed.PAYMENTS:
        value = cells.money(amount, say.LABEL["amount"], say)
        if isinstance(value, Decimal):
            plain = format(value.normalize(), "f")
            amounts += [plain, cells.money_text(value)]
        commissions = (None, row.get("commission"), "Yes", "No")  # type: ignore[assignment]
    for typed in amounts:
        for commission in commissions:
            if was := marks.get(content_mark(feed, {**row, "amount": typed, "commission": commission})):
                return was
    return ""


def _take_new(draft: _Draft, feed: Feed, key: str, row: Row, recent: dict[str, str]) -> None:
    """A row that was never sent. One with the content of another that was just sent, or is sent in this run, is asked about first.

    The answer counts once the row shows the question: a copied row brings an old answer along.
    """
    say = draft.words
    other = _same_as(feed, row, recent, say)
    asked = say.kind_of(row.get(SYNC)) is Kind.HELD and _sync_key(row.get(SYNC)) == key
    answer = cells.choice(row.get(UNSURE), Unsure, say.LABEL[UNSURE], say) if other and asked else None
    if other and answer is Unsure.WENT_THROUGH:
        known = {**blank_row(feed, key), "state": STATE_CLOSED, "status": "sent", "status_seen": row.get("send")}
        at = draft.now.isoformat() if draft.now is not None else None
        draft.settled[feed.value, key] = {
            **known,
            "user": row.get("user"),
            "link": content_mark(feed, row),
            "unsure_seen": row.get(UNSURE),
            "received": at,
        }
        draft.say(feed, key, _number(row), Kind.INFO, say.NOT_SENT_AGAIN.format(key=other))
        return
    if other and answer is not Unsure.SEND_AGAIN and _ready_to_send(feed, key, row, say):
        text = say.SAME_AGAIN.format(what=say.capital(say.ONE[feed]), key=other)
        draft.say(feed, key, _number(row), Kind.HELD, text)
        return
    if _take_staff(draft, feed, key, row):
        recent.setdefault(content_mark(feed, row), key)


def _ready_to_send(feed: Feed, key: str, row: Row, say: Words) -> bool:
    return bool((rules.payment(key, row, say) if feed is Feed.PAYMENTS else rules.ticket(key, row, say)).pushes)


def _free_reference(feed: Feed, used: Mapping[str, str], keys: Iterable[str]) -> str:
    """A Reference that nobody has used."""
    taken = {*used, *(cells.same_reference(key) for key in keys)}
    stem = "PAY" if feed is Feed.PAYMENTS else "T"
    number = 1
    while cells.same_reference(f"{stem}-{number}") in taken:
        number += 1
    return f"{stem}-{number}"


def _like_another(
    key: str, used: Mapping[str, str], alike: Mapping[str, set[str]], say: Words
) -> tuple[Kind, str] | None:
    """What is said of a new reference that reads like one used before, or like another new one. used, alike: by the form they share."""
    form = cells.same_reference(key)
    if other := used.get(form):
        return Kind.PROBLEM, say.REFERENCE_LIKE.format(key=key, other=other)
    if others := sorted(alike[form] - {key}):
        return Kind.HELD, say.REFERENCES_ALIKE.format(key=key, other=say.also(others))
    return None


def _take_staff(draft: _Draft, feed: Feed, key: str, row: Row) -> bool:
    """Adds what one row came to to the draft; tells whether it is to be sent."""
    say = draft.words
    if not cells.is_name(row["reference"]):
        text = say.REFERENCE_UNFIT.format(shown=say.shown(row["reference"]))
        draft.say(feed, key, _number(row), Kind.PROBLEM, text)
        # a Google Sheet has no way to find the row of such a cell, so what its Sync cell may lack stands in Runs
        draft.messages.append(say.MESSAGES["row"].format(tab=say.TAB[feed], row=_number(row), text=text))
        return False
    decided = rules.payment(key, row, say) if feed is Feed.PAYMENTS else rules.ticket(key, row, say)
    draft.pushes.extend(decided.pushes)
    for kind, text in decided.answers:
        draft.say(feed, key, _number(row), kind, text)
    return bool(decided.pushes)


# --- across rows -------------------------------------------------------------------------------------------------------


def _refunded(ledger: Ledger) -> dict[str, tuple[str, str, str]]:
    """order id → (tab, key, how) of every refund that was accepted, or may have been."""
    found: dict[str, tuple[str, str, str]] = {}
    orders = ledger.where(Feed.ORDERS, "refunded")
    for key, how in zip(orders.index, orders["refunded"], strict=True):
        found[str(key)] = (Feed.ORDERS.value, str(key), str(how))
    cancels = ledger.where(Feed.CANCELS, "refunded")
    for key, order_id, how in zip(cancels.index, cancels["order_id"], cancels["refunded"], strict=True):
        found[str(order_id)] = (Feed.CANCELS.value, str(key), str(how))
    for feed in (Feed.ORDERS, Feed.CANCELS):
        for key, _, sending in ledger.sendings(feed):
            found[sending.order_id] = (feed.value, key, _ON_ITS_WAY)
    return found


def _refund_before(draft: _Draft, ledger: Ledger, order_id: str) -> tuple[str, str, str] | None:
    """(tab, key, how) of what refunded an order, also one of which only its id is left."""
    how = ledger.archived.how(order_id)
    return draft.refunded.get(order_id) or ((Feed.ORDERS.value, order_id, how) if how else None)


def _wish(push: Push) -> tuple[str, str] | None:
    """What a push wants to become of its order for good: (how it ends, remains); None when it leaves that open."""
    values = {change.field: change.new for change in push.changes}
    if push.feed is Feed.CANCELS:
        if push.action is Action.SET_CANCEL_REJECTED:
            return "keep", ""
        return "refund", values.get("remains", "")
    status = values.get("status")
    if push.feed is not Feed.ORDERS or status not in (Status.COMPLETED, Status.PARTIAL, Status.CANCELED):
        return None
    return ("keep", "") if status == Status.COMPLETED else ("refund", values.get("remains", ""))


def _judged_together(draft: _Draft) -> None:
    """Rows about one order: those that contradict each other wait until one is changed; of those that agree one is sent."""
    say = draft.words
    wishes: dict[str, list[tuple[Push, tuple[str, str]]]] = {}
    for push in draft.pushes:
        wish = _wish(push) if push.order_id and not push.again else None
        if wish is not None:
            wishes.setdefault(push.order_id, []).append((push, wish))
    waits: list[Push] = []
    for order, found in wishes.items():
        if len(found) < 2:  # noqa: PLR2004 - one row alone agrees with itself
            continue
        if len({wish for _, wish in found}) > 1:
            told = say.also(
                f"{say.TAB[push.feed]} {push.key} ({say.changes((c.field, c.new) for c in push.changes if c.field != 'start_count')})"
                for push, _ in found
            )
            for push, _ in found:
                draft.say(push.feed, push.key, push.row, Kind.HELD, say.CONTRADICTION.format(order=order, what=told))
                waits.append(push)
        elif found[0][1][0] == "refund":
            for push, _ in found[1:]:
                text = say.REFUNDED_WITH.format(order=order, tab=say.TAB[found[0][0].feed], key=found[0][0].key)
                draft.say(push.feed, push.key, push.row, Kind.WAITING, text)
                waits.append(push)
    draft.pushes = [push for push in draft.pushes if push not in waits]


def _closed_requests(draft: _Draft, sheet: Sheet, ledger: Ledger, held: set[str]) -> None:
    """Open cancel requests whose order was closed in Orders meanwhile: closed with a Note, where nobody chose a Decision."""
    say, known = draft.words, ledger.of(Feed.CANCELS)
    columns = [known[name].to_numpy(dtype=object) for name in ("state", "decision", "order_id", "sending")]
    for key, state, decision, order_id, sending in zip(known.index.tolist(), *columns, strict=True):
        order = ledger.row(Feed.ORDERS, str(order_id)) if state == STATE_OPEN and not decision and not sending else None
        if order is None or order["state"] != STATE_CLOSED or key not in sheet or key in held:
            continue
        ledger_row, row = ledger.row(Feed.CANCELS, key), sheet.at(key)
        if ledger_row is None or (not cells.is_blank(row.get("decision")) and not order["refunded"]):
            continue
        status = say.choice(str(order["status"]))
        text = say.REQUEST_GRANTED if order["refunded"] else say.REQUEST_OVER
        draft.remember(ledger_row, state=STATE_CLOSED)
        draft.say(Feed.CANCELS, key, _number(row), Kind.INFO, text.format(order=order_id, status=status))


def _one_refund_per_order(draft: _Draft, ledger: Ledger) -> None:
    """Of all that would refund one order, ever, exactly one is pushed; the others are answered.

    So is a status for an order that a cancel request may have refunded: it would open or complete what was paid back.
    """
    say = draft.words
    kept = []
    unsure = {order for order, (tab, _, how) in draft.refunded.items() if (tab, how) == (Feed.CANCELS, _ON_ITS_WAY)}
    for push in draft.pushes:
        statused = push.feed is Feed.ORDERS and not push.once and any(c.field == "status" for c in push.changes)
        if statused and push.key in unsure:
            tab, instead = say.TAB[Feed.CANCELS], say.INSTEAD[Feed.ORDERS]
            text = say.REFUND_ON_ITS_WAY.format(order=push.key, tab=tab, instead=instead)
            draft.say(push.feed, push.key, push.row, Kind.PROBLEM, text)
            continue
        before = _refund_before(draft, ledger, push.order_id) if push.refund else None
        if before is not None and not push.again:
            tab, _, how = before
            instead = say.INSTEAD[push.feed]
            if how == _ON_ITS_WAY:
                text = say.REFUND_ON_ITS_WAY.format(order=push.order_id, tab=say.TAB[tab], instead=instead)
            else:
                text = say.ALREADY_REFUNDED.format(order=push.order_id, how=say.choice(how), instead=instead)
            draft.say(push.feed, push.key, push.row, Kind.PROBLEM, text)
            continue
        if push.refund:
            draft.refunded[push.order_id] = (push.feed.value, push.key, _ON_ITS_WAY)
        kept.append(push)
    draft.pushes = kept


def _limits(draft: _Draft, total: Decimal, ledger: Ledger, settings: Rules) -> None:
    say = draft.words
    refunded = _rows(push for push in draft.pushes if push.refund)
    refunds = len(refunded)
    if refunds > settings.max_refunds:
        draft.limits.append(
            Limit(
                "max_refunds",
                say.LIMITS["max_refunds"].format(
                    count=refunds, what=say.PHRASES["refund" if refunds == 1 else "refunds"], most=settings.max_refunds
                ),
                refunded,
            )
        )
    most = settings.max_refund_total
    unknown = sum(push.refund and push.amount is None for push in draft.pushes)
    if most is not None and (total > most or unknown):
        text = say.LIMITS["max_refund_unknown" if unknown else "max_refund_total"]
        said = text.format(total=f"{total:f}", count=unknown, most=f"{most:f}")
        draft.limits.append(Limit("max_refund_total", said, refunded))
    unbounded = [push for push in draft.pushes if push.refund and push.amount is None]
    if unbounded:
        text = say.LIMITS["unknown_refund"].format(count=len(unbounded))
        draft.limits.append(Limit("unknown_refund", text, _rows(unbounded)))
    rows = {(tab, key) for tab, key, _ in draft.kept}
    if beside := [push for push in draft.pushes if push.refund and _place(push) in rows]:
        draft.limits.append(Limit("kept_refund", say.LIMITS["kept_refund"].format(count=len(beside)), _rows(beside)))
    _limits_of_staff_feeds(draft, settings)
    orders = ledger.of(Feed.ORDERS)
    open_rows = Counter(orders["state"].to_numpy(dtype=object))[STATE_OPEN]
    closed = _rows(
        push
        for push in draft.pushes
        if push.feed is Feed.ORDERS and any(c.field == "status" and Status(c.new).closed for c in push.changes)
    )
    closing = len(closed)
    share = 100 * closing / open_rows if open_rows else 0.0
    if open_rows >= settings.closed_floor and share > settings.max_closed_share:
        draft.limits.append(
            Limit(
                "max_closed_share",
                say.LIMITS["max_closed_share"].format(
                    count=closing, total=open_rows, share=f"{share:.1f}", most=settings.max_closed_share
                ),
                closed,
            )
        )


def _limits_of_staff_feeds(draft: _Draft, settings: Rules) -> None:
    """Payments by count and sum, in one list; each that is large by itself; tickets by count."""
    say = draft.words
    paid = [push for push in draft.pushes if push.feed is Feed.PAYMENTS]
    total = sum((push.amount or Decimal(0) for push in paid), Decimal(0))
    told = []
    if len(paid) > settings.max_payments:
        told.append(say.LIMITS["max_payments"].format(count=len(paid), most=settings.max_payments))
    if settings.max_payment_total is not None and total > settings.max_payment_total:
        text = say.LIMITS["max_payment_total"]
        told.append(text.format(total=f"{total:f}", most=f"{settings.max_payment_total:f}"))
    if told:
        draft.limits.append(Limit("max_payments", " ".join(told), _rows(paid)))
    most = settings.max_payment
    large = [push for push in paid if most is not None and (push.amount is None or push.amount > most)]
    if large:
        text = say.LIMITS["max_payment"].format(count=len(large), most=f"{most:f}")
        draft.limits.append(Limit("max_payment", text, _rows(large)))
    tickets = [push for push in draft.pushes if push.feed is Feed.TICKETS]
    if len(tickets) > settings.max_tickets:
        text = say.LIMITS["max_tickets"].format(count=len(tickets), most=settings.max_tickets)
        draft.limits.append(Limit("max_tickets", text, _rows(tickets)))


def _rows(pushes: Iterable[Push]) -> tuple[tuple[str, str], ...]:
    """The (tab, key) of pushes, in a fixed order."""
    return tuple(sorted((push.feed.value, push.key) for push in pushes))


# --- notes ---------------------------------------------------------------------------------------------------------------


def _notes(draft: _Draft, sheets: dict[Feed, Sheet], ledger: Ledger, pushed: set[tuple[str, str]]) -> tuple[Note, ...]:
    """One note per answered row, and a fresh one for rows whose last answer no longer holds."""
    say = draft.words
    notes = []
    for (tab, key), (row, parts) in draft.answers.items():
        notes.append(Note(tab, key, row, *rules.joined(parts, say)))
    for feed, sheet in sheets.items():
        known = ledger.of(feed)
        syncs = sheet.column(SYNC)
        own = diff.answered_as(sheet.keys, [_sync_key(sync) for sync in syncs])
        for place, sync in enumerate(syncs):
            key = sheet.keys[place]
            # its own key is what the workbook put there to find the cell by, when staff wrote the row in that very second
            bare = sync is None or sync == key or say.fleeting(sync)
            strays = own[place] == key and _sync_key(sync) not in {"", key}
            if not (bare or strays) or key not in known.index:
                continue
            if (feed.value, key) in draft.answers or (feed.value, key) in pushed:
                continue
            ledger_row = draft.settled.get((feed.value, key)) or ledger.row(feed, key)
            if ledger_row is not None:
                kind, text = at_rest(feed, ledger_row, say)
                notes.append(Note(feed.value, key, _number(sheet.nth(place)), kind, text))
    return tuple(sorted(notes, key=lambda note: (list(Feed).index(Feed(note.tab)), note.row, note.key)))


def changed_text(name: str, before: str, after: str, say: Words) -> str:
    """What a row says of a value that the panel changed after it had handed the order out."""
    return say.PANEL_CHANGED.format(
        label=say.LABEL[name], before=say.shown(before) if before else say.PHRASES["blank"], after=say.shown(after)
    )


def still_refused(feed: Feed, refused: Mapping[str, tuple[str, str]], say: Words) -> str:
    """What a row says about values the panel refused and that have not changed since."""
    _, reason = next(iter(refused.values()))
    sends = [(name, value) for name, (value, _) in refused.items() if name != "send"]
    what = say.changes(sends) if sends else say.PHRASES["the_one"].format(one=say.ONE[feed])
    return refused_text(feed, what, reason, say)


def refused_text(feed: Feed, what: str, reason: str, say: Words) -> str:
    """What a row says of a refusal; where the panel says that the order is closed, how to close the row, too."""
    text = say.REFUSED.format(what=what, reason=say.sentence(reason))
    if feed is Feed.ORDERS and says_closed(reason):
        text += " " + say.CLOSED_AT_PANEL.format(choice=say.choice(CLOSED_THERE))
    return text


def at_rest(feed: Feed, ledger_row: Row, say: Words) -> tuple[Kind, str]:
    """What a row says when there is nothing to say: new, or what the panel has."""
    refused = refusals(ledger_row["refused"])
    if refused:
        return Kind.REFUSED, still_refused(feed, refused, say)
    if not feed.claimed:
        return (
            (Kind.INFO, say.UP_TO_DATE.format(what=say.PHRASES["it"]))
            if ledger_row["status"]
            else (Kind.WAITING, say.SEND_WHEN_READY)
        )
    has = [(name, str(ledger_row[name])) for name in WATCHED[feed.value] if ledger_row[name] is not None]
    if feed is Feed.ORDERS and has == [("status", Status.PROCESSING.value)]:
        return Kind.NEW, say.NEW_ORDER
    if feed is Feed.REFILLS and has == [("status", "Pending")]:
        return Kind.NEW, say.NEW_REFILL
    if feed is Feed.CANCELS and not has:
        over = ledger_row["state"] == STATE_CLOSED
        return (Kind.INFO, say.REQUEST_CLOSED) if over else (Kind.NEW, say.NEW_CANCEL)
    if not has:  # an update nobody answered, and its cell was cleared since
        return Kind.INFO, say.STATUS_UNKNOWN
    return Kind.INFO, say.UP_TO_DATE.format(what=say.changes(has))


def _number(row: Row | None) -> int:
    number = (row or {}).get(ROW)
    return int(number) if isinstance(number, (int, np.integer)) else 0


def _push_order(push: Push) -> tuple[int, bool, int, str, str]:
    """By feed, updates before refunds, then by where the row stands."""
    return (list(Feed).index(push.feed), push.once, push.row, push.key, push.action)
