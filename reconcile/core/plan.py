"""The plan: everything one run is going to do to the panel, and everything it has to say, as plain data.

`make_plan` compares one snapshot with its ledger. It holds what concerns several rows: doubled ids, one refund per order,
whole-sheet accidents, limits; what one row means is in `rules`. The same input gives the same plan, in the same order.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from reconcile.core import accidents, cells, diff, rules, words
from reconcile.core.ledger import SEEN, STATE_CLOSED, STATE_GONE, STATE_OPEN, WATCHED, Ledger, Sending, refusals, row_of
from reconcile.core.model import (
    ROW,
    SYNC,
    UNSURE,
    Action,
    Change,
    Decision,
    Doubt,
    Feed,
    Kind,
    Limit,
    Note,
    Plan,
    Push,
    Status,
    Unsure,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from reconcile.core.model import Cell, Row, Snapshot

KEY_LABEL: Final = {Feed.PAYMENTS: "reference", Feed.TICKETS: "reference"}
HAS_UNSURE: Final = (Feed.ORDERS, Feed.CANCELS, Feed.PAYMENTS, Feed.TICKETS)
TAB_FACTS: Final = {
    Feed.ORDERS: ("user", "charge", "link", "quantity", "service"),
    Feed.REFILLS: ("order_id", "service", "link", "quantity"),
    Feed.CANCELS: ("order_id", "service", "link"),
    Feed.PAYMENTS: ("user",),
    Feed.TICKETS: ("user",),
}
GONE_FLOOR: Final = 3
"""Fewer rows than this deleted at once is somebody tidying up, whatever the share."""

MOVED_ROWS: Final = 5
"""So many rows whose panel values stand beside another id are a sort or paste that went wrong, not a slip."""


@dataclass(frozen=True)
class Rules:
    """The settings a plan depends on (DESIGN 7, Limits)."""

    max_refunds: int = 25
    max_refund_total: Decimal | None = None
    max_closed_share: int = 30
    closed_floor: int = 20
    max_gone_share: int = 50
    partial_via: str = Action.SET_PARTIAL.value


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
        return [int(number) for number in self._columns[ROW][(self.frame.index == key)]]

    def column(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        """One column's cells, in sheet order."""
        return self._columns[name]


@dataclass
class _Draft:
    """A plan in the making."""

    pushes: list[Push] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[int, list[tuple[Kind, str]]]] = field(default_factory=dict)
    settled: dict[tuple[str, str], Row] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    refunded: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def say(self, tab: str, key: str, row: int, kind: Kind, text: str) -> None:
        parts = self.answers.setdefault((tab, key), (row, []))[1]
        if (kind, text) not in parts:
            parts.append((kind, text))

    def remember(self, ledger_row: Row, **values: Cell) -> None:
        """Notes ledger values to write although nothing is pushed."""
        place = (str(ledger_row["tab"]), str(ledger_row["key"]))
        self.settled[place] = {**self.settled.get(place, ledger_row), **values}


def make_plan(snapshot: Snapshot, ledger: Ledger, settings: Rules) -> Plan:
    """Everything to do about `snapshot`, given what panel and sheet last agreed on.

    Pure: no clock, no I/O. A plan whose `limits` is not empty must not be carried out without a person's word.
    """
    draft = _Draft(refunded=_refunded(ledger))
    sheets = {feed: Sheet(snapshot.tabs[feed.value]) for feed in Feed}
    for feed in Feed:
        _doubts(draft, feed, sheets[feed], ledger)
    for feed in (Feed.ORDERS, Feed.REFILLS, Feed.CANCELS):
        _claimed_feed(draft, feed, sheets[feed], ledger, settings)
    for feed in (Feed.PAYMENTS, Feed.TICKETS):
        _staff_feed(draft, feed, sheets[feed], ledger)
    _one_refund_per_order(draft)
    total = sum((push.amount or Decimal(0) for push in draft.pushes if push.refund), Decimal(0))
    _limits(draft, total, ledger, settings)
    pushes = tuple(sorted(draft.pushes, key=_push_order))
    notes = _notes(draft, sheets, ledger, {(push.feed.value, push.key) for push in pushes})
    return Plan(
        pushes=pushes,
        notes=notes,
        limits=tuple(draft.limits),
        doubts=tuple(draft.doubts),
        settled=tuple(row for _, row in sorted(draft.settled.items())),
        messages=tuple(draft.messages),
        refund_total=total,
        digest=digest(pushes),
    )


def digest(pushes: tuple[Push, ...]) -> str:
    """12 hex digits that name exactly these pushes: row, call, values; not where the rows stand."""
    facts = [
        [push.feed, push.key, push.action, push.target, push.params, [[c.field, c.old, c.new] for c in push.changes]]
        for push in pushes
    ]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:12]


# --- doubts ------------------------------------------------------------------------------------------------------------


def _doubts(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger) -> None:
    """Sends whose outcome nobody knows: shown in the row until If unsure settles them."""
    for key, ledger_row, sending in ledger.sendings(feed):
        row = sheet.at(key) if key in sheet and key not in sheet.twice else None
        raw = row.get(UNSURE) if row else None
        moved = row is not None and raw != ledger_row["unsure_seen"]
        settled = cells.choice(raw, Unsure, words.LABEL[UNSURE]) if moved else None
        number = _number(row)
        if settled is Unsure.WENT_THROUGH:
            draft.settled[feed.value, key] = {**went_through(ledger_row, sending), "unsure_seen": raw}
            draft.say(feed, key, number, Kind.SENT, words.WENT_THROUGH.format(what=sending.what))
            continue
        if settled is Unsure.SEND_AGAIN:
            draft.remember(ledger_row, unsure_seen=raw)
            draft.pushes.append(_again(feed, key, number, sending))
            continue
        if moved and settled is None:
            draft.remember(ledger_row, unsure_seen=raw)
        stale = row is not None and not cells.is_blank(raw) and not isinstance(settled, cells.Wrong)
        text = (words.IN_DOUBT_STALE if stale else words.IN_DOUBT).format(what=sending.what, when=sending.at)
        if isinstance(settled, cells.Wrong):
            text = f"{settled.text} {text}"
        draft.say(feed, key, number, Kind.DOUBT, text)
        draft.doubts.append(
            Doubt(
                id=f"{feed.value}-{key}",
                kind="send",
                feed=feed,
                text=f"It is not known whether {sending.what} went through for {words.ONE[feed]} {key}.",
                at=sending.at,
                run=sending.run,
                key=key,
            )
        )


def went_through(ledger_row: Row, sending: Sending) -> Row:
    """The ledger row once a send of unknown outcome is known to have happened."""
    out = {**ledger_row, "sending": None, "refused": None}
    for name, (value, raw) in sending.values.items():
        out[name if name != "send" else "status"] = value if name != "send" else "sent"
        if name + SEEN in out:
            out[name + SEEN] = raw
    return closed_state(out)


def closed_state(row: Row) -> Row:
    """`row` with `state` closed when what the panel accepted closes it."""
    done = (
        row.get("status") in (Status.COMPLETED, Status.PARTIAL, Status.CANCELED, "Rejected", "sent")
        or row.get("decision") is not None
    )
    return {**row, "state": STATE_CLOSED} if done and row.get("state") == STATE_OPEN else row


def _again(feed: Feed, key: str, number: int, sending: Sending) -> Push:
    changes = tuple(Change(name, "", value, raw) for name, (value, raw) in sending.values.items())
    return Push(
        feed,
        key,
        number,
        Action(sending.action),
        sending.target,
        changes,
        sending.params,
        order_id=sending.order_id,
        again=True,
    )


# --- feeds the panel hands out -------------------------------------------------------------------------------------------


def _claimed_feed(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, settings: Rules) -> None:
    known = ledger.of(feed)
    held = _held(draft, feed, sheet, ledger)
    _gone(draft, feed, sheet, known, settings)
    _unknown(draft, feed, sheet, known)
    fields = (*WATCHED[feed.value], *((UNSURE,) if feed in HAS_UNSURE else ()))
    moved = diff.changed(sheet.frame, known, fields)
    draft.limits.extend(accidents.found(feed, sheet.frame, moved))
    edits: dict[str, dict[str, Cell]] = {}
    for key, name, raw in zip(moved["key"], moved["field"], moved["raw"], strict=True):
        edits.setdefault(key, {})[name] = raw
    for key, moved_cells in edits.items():
        ledger_row = ledger.row(feed, key)
        if key in held or ledger_row is None or ledger_row["sending"]:
            continue  # doubled, moved or in doubt: answered already, nothing else of the row is touched
        row = sheet.at(key)
        decided = _decide(feed, key, row, ledger_row, moved_cells, ledger, settings)
        _take(draft, feed, key, row, ledger_row, decided, moved_cells)


def _decide(
    feed: Feed, key: str, row: Row, ledger_row: Row, edits: Mapping[str, Cell], ledger: Ledger, settings: Rules
) -> rules.Decided:
    if feed is Feed.ORDERS:
        return rules.order(key, row, ledger_row, edits, partial_via=settings.partial_via)
    if feed is Feed.REFILLS:
        return rules.refill(key, row, ledger_row, edits)
    return rules.cancel(key, row, ledger_row, edits, ledger.row(Feed.ORDERS, str(ledger_row["order_id"] or "")))


def _take(
    draft: _Draft, feed: Feed, key: str, row: Row, ledger_row: Row, decided: rules.Decided, edits: Mapping[str, Cell]
) -> None:
    """Adds what one row came to to the draft."""
    seen = {name + SEEN: raw for name, raw in decided.seen.items()}
    if UNSURE in edits:
        seen["unsure_seen"] = edits[UNSURE]  # nothing is in doubt here, so it has nothing to say
    if seen:
        draft.remember(ledger_row, **seen)
    draft.pushes.extend(decided.pushes)
    for kind, text in decided.answers:
        draft.say(feed, key, _number(row), kind, text)


def _held(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger) -> set[str]:
    """Keys that must not be acted on: they stand twice, or beside another row's values."""
    held = set()
    label = words.LABEL[KEY_LABEL.get(feed, "id")]
    clash: dict[str, set[str]] = {}
    for key in set(sheet.frame.index) - {""}:
        if not key.isdecimal() or key.startswith("0"):
            clash.setdefault(cells.same_id(key), set()).add(key)
    groups = [{key} for key in sheet.twice]
    for plain, spelled in clash.items():
        together = spelled | ({plain} if plain in sheet else set())
        if len(together) > 1:
            groups.append(together)
    for group in groups:
        numbers = sorted({number for key in group for number in sheet.numbers(key)})
        rows = words.also(map(str, numbers))
        for key in sorted(group):
            held.add(key)
            draft.say(feed, key, numbers[0], Kind.HELD, words.DOUBLED.format(label=label, key=key, rows=rows))
    if feed.claimed:
        held |= _moved_facts(draft, feed, sheet, ledger, held)
    return held


def _moved_facts(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger, held: set[str]) -> set[str]:
    """Rows whose panel-owned cells are not what the panel sent.

    One changed cell is somebody's typing and is answered; two or more in a row mean that the id stands beside another
    row's values, so the row is held; many such rows are an accident.
    """
    moved = diff.changed(sheet.frame, ledger.of(feed), TAB_FACTS[feed], suffix="")
    wrong: dict[str, dict[str, Cell]] = {}
    for key, name, known in zip(moved["key"], moved["field"], moved["known"], strict=True):
        if key not in held:
            wrong.setdefault(key, {})[name] = known
    apart = {key for key, facts in wrong.items() if len(facts) > 1}
    for key, facts in wrong.items():
        number = _number(sheet.at(key))
        if key in apart:
            text = words.FACTS_MOVED.format(labels=words.named(facts), key=key)
            draft.say(feed, key, number, Kind.HELD, text)
        else:
            ((name, known),) = facts.items()
            text = words.FACT_CHANGED.format(
                label=words.LABEL[name], value=words.shown(known) if known is not None else "blank"
            )
            draft.say(feed, key, number, Kind.PROBLEM, text)
    if len(apart) >= MOVED_ROWS:
        draft.limits.append(
            Limit(
                "sorted apart",
                f"In {words.TAB[feed]}, {len(apart)} rows have an ID beside values of other rows: part of the tab was "
                "sorted or pasted without the rest. Undo that in the sheet.",
            )
        )
    return apart


def _gone(draft: _Draft, feed: Feed, sheet: Sheet, known: pd.DataFrame, settings: Rules) -> None:
    """Rows the ledger knows and the sheet no longer has: reported once, remembered as gone; many at once are a limit."""
    states = known["state"].to_numpy(dtype=object)
    living = known[states != STATE_GONE]
    lost = set(diff.missing(sheet.frame, living))
    for key in _without_id(sheet):
        if key in lost:
            lost.discard(key)
            draft.say(feed, key, 0, Kind.PROBLEM, words.LOST_ID.format(key=key))
    open_keys = [str(key) for key in known.index[states == STATE_OPEN]]
    gone = [key for key in open_keys if key in lost]
    share = 100 * len(gone) / len(open_keys) if open_keys else 0.0
    if share > settings.max_gone_share and len(gone) >= GONE_FLOOR:
        draft.limits.append(
            Limit(
                "max_gone_share",
                f"{words.TAB[feed]}: {len(gone)} of {len(open_keys)} open rows are gone from the sheet, "
                f"{share:.0f}% is over {settings.max_gone_share}%. Undo it in the sheet, or pass this limit.",
            )
        )
    for key in sorted(lost):
        ledger_row = row_of(known, key)
        if ledger_row["state"] == STATE_OPEN:
            draft.messages.append(f"{words.TAB[feed]}: the row of {words.ONE[feed]} {key} was deleted from the sheet.")
        draft.remember(ledger_row, state=STATE_GONE)
    for key in known.index[states == STATE_GONE]:
        if key in sheet:
            ledger_row = row_of(known, str(key))
            draft.settled[feed.value, str(key)] = closed_state({**ledger_row, "state": STATE_OPEN})


def _without_id(sheet: Sheet) -> list[str]:
    """The keys of rows whose ID cell is blank, read from their Sync text (`#15 · …`)."""
    if "" not in sheet:
        return []
    found = []
    for key, sync in zip(sheet.frame.index, sheet.column(SYNC), strict=True):
        if key == "" and isinstance(sync, str) and sync.startswith("#") and " · " in sync:
            found.append(sync[1:].partition(" · ")[0])
    return found


def _unknown(draft: _Draft, feed: Feed, sheet: Sheet, known: pd.DataFrame) -> None:
    """Rows with an id nobody received, and rows with no id at all."""
    strange = ~sheet.frame.index.isin(known.index)
    for place in np.flatnonzero(strange).tolist():
        row = sheet.nth(place)
        key = sheet.keys[place]
        if key:
            text = words.UNKNOWN_ID.format(what=words.ONE[feed], key=key)
            draft.say(feed, key, _number(row), Kind.PROBLEM, text)
        elif not str(row.get(SYNC) or "").startswith("#"):
            draft.messages.append(f"{words.TAB[feed]}: row {_number(row)} has no ID, so nothing is done with it.")


# --- feeds staff write -------------------------------------------------------------------------------------------------


def _staff_feed(draft: _Draft, feed: Feed, sheet: Sheet, ledger: Ledger) -> None:
    held = _held(draft, feed, sheet, ledger)
    known = ledger.of(feed)
    decide = rules.payment if feed is Feed.PAYMENTS else rules.ticket
    new = ~sheet.frame.index.isin(known.index)
    for place in np.flatnonzero(new).tolist():
        key = sheet.keys[place]
        row = sheet.nth(place)
        if not key:
            draft.messages.append(f"{words.TAB[feed]}: row {_number(row)}: {words.NO_REFERENCE}")
        elif key not in held:
            decided = decide(key, row)
            draft.pushes.extend(decided.pushes)
            for kind, text in decided.answers:
                draft.say(feed, key, _number(row), kind, text)
    for key in known.index:
        ledger_row = row_of(known, str(key))
        if key not in sheet or key in held or ledger_row["sending"]:
            continue
        row = sheet.at(str(key))
        if ledger_row["status"] is None:
            if row.get("send") != ledger_row["status_seen"] or content_mark(feed, row) != ledger_row["link"]:
                decided = decide(str(key), row)  # refused before, and changed since
                draft.pushes.extend(decided.pushes)
                for kind, text in decided.answers:
                    draft.say(feed, str(key), _number(row), kind, text)
        elif content_mark(feed, row) != ledger_row["link"]:
            draft.say(feed, str(key), _number(row), Kind.PROBLEM, words.SENT_FOR_EVER)


def content_mark(feed: Feed, row: Row) -> str:
    """What a payment or ticket row says, as 16 hex digits: a change after sending is noticed, nothing is stored twice."""
    fields = ("user", "amount", "details", "commission") if feed is Feed.PAYMENTS else ("user", "subject", "message")
    text = json.dumps([str(row.get(name)) if row.get(name) is not None else None for name in fields])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- across rows -------------------------------------------------------------------------------------------------------


def _refunded(ledger: Ledger) -> dict[str, tuple[str, str, str]]:
    """order id → (tab, key, how) of every refund that was accepted, or may have been."""
    found: dict[str, tuple[str, str, str]] = {}
    orders = ledger.of(Feed.ORDERS)
    money = {Status.PARTIAL.value, Status.CANCELED.value}
    for key, status in zip(orders.index, orders["status"].to_numpy(dtype=object), strict=True):
        if status in money:
            found[str(key)] = (Feed.ORDERS.value, str(key), str(status))
    cancels = ledger.of(Feed.CANCELS)
    granted = {Decision.REFUND.value, Decision.PARTIAL.value}
    for key, order_id, decision in zip(cancels.index, cancels["order_id"], cancels["decision"], strict=True):
        if decision in granted:
            found[str(order_id)] = (Feed.CANCELS.value, str(key), str(decision))
    for feed in (Feed.ORDERS, Feed.CANCELS):
        for key, _, sending in ledger.sendings(feed):
            found[sending.order_id] = (feed.value, key, "on its way")
    return found


def _one_refund_per_order(draft: _Draft) -> None:
    """Of all that would refund one order, ever, exactly one is pushed; the others are answered."""
    kept = []
    for push in draft.pushes:
        before = draft.refunded.get(push.order_id) if push.refund else None
        if before is not None and not push.again and before[:2] != (push.feed.value, push.key):
            tab, _, how = before
            if how == "on its way":
                text = words.REFUND_ON_ITS_WAY.format(order=push.order_id, tab=words.TAB[tab])
            else:
                text = words.ALREADY_REFUNDED.format(order=push.order_id, how=how)
            draft.say(push.feed, push.key, push.row, Kind.PROBLEM, text)
            continue
        if push.refund:
            draft.refunded[push.order_id] = (push.feed.value, push.key, "on its way")
        kept.append(push)
    draft.pushes = kept


def _limits(draft: _Draft, total: Decimal, ledger: Ledger, settings: Rules) -> None:
    refunds = sum(push.refund for push in draft.pushes)
    if refunds > settings.max_refunds:
        draft.limits.append(
            Limit("max_refunds", f"{refunds} refunds in one run, {settings.max_refunds} are allowed (max_refunds).")
        )
    if settings.max_refund_total is not None and total > settings.max_refund_total:
        draft.limits.append(
            Limit(
                "max_refund_total",
                f"Refunds of {total:f} in one run, {settings.max_refund_total:f} is allowed (max_refund_total).",
            )
        )
    orders = ledger.of(Feed.ORDERS)
    open_rows = Counter(orders["state"].to_numpy(dtype=object))[STATE_OPEN]
    closing = sum(
        push.feed is Feed.ORDERS and any(c.field == "status" and Status(c.new).closed for c in push.changes)
        for push in draft.pushes
    )
    share = 100 * closing / open_rows if open_rows else 0.0
    if open_rows >= settings.closed_floor and share > settings.max_closed_share:
        draft.limits.append(
            Limit(
                "max_closed_share",
                f"{closing} of {open_rows} open orders would be closed at once, {share:.0f}% is over "
                f"{settings.max_closed_share}% (max_closed_share).",
            )
        )


# --- notes ---------------------------------------------------------------------------------------------------------------


def _notes(draft: _Draft, sheets: dict[Feed, Sheet], ledger: Ledger, pushed: set[tuple[str, str]]) -> tuple[Note, ...]:
    """One note per answered row, and a fresh one for rows whose last answer no longer holds."""
    notes = []
    for (tab, key), (row, parts) in draft.answers.items():
        kind = rules.worst([kind for kind, _ in parts])
        ordered = sorted(parts, key=lambda part: rules.SEVERITY.index(part[0]))
        notes.append(Note(tab, key, row, kind, join(ordered)))
    for feed, sheet in sheets.items():
        known = ledger.of(feed)
        for place, sync in enumerate(sheet.column(SYNC)):
            key = sheet.keys[place]
            stale = words.kind_of(sync) in words.FLEETING or (sync is None and key in known.index)
            if (
                stale
                and (feed.value, key) not in draft.answers
                and (feed.value, key) not in pushed
                and key in known.index
            ):
                ledger_row = row_of(known, key)
                kind, text = at_rest(feed, ledger_row)
                notes.append(Note(feed.value, key, _number(sheet.nth(place)), kind, text))
    return tuple(sorted(notes, key=lambda note: (list(Feed).index(Feed(note.tab)), note.row, note.key)))


def join(parts: list[tuple[Kind, str]]) -> str:
    """Several answers of one row as one text; the second "for …" of a waiting row does not repeat the word."""
    return " ".join(text if place == 0 else text[:1].upper() + text[1:] for place, (_, text) in enumerate(parts))


def at_rest(feed: Feed, ledger_row: Row) -> tuple[Kind, str]:
    """What a row says when there is nothing to say: new, or what the panel has."""
    refused = refusals(ledger_row["refused"])
    if refused:
        name, (value, reason) = next(iter(refused.items()))
        return Kind.REFUSED, words.REFUSED.format(what=words.changes([(name, value)]), reason=reason)
    has = [(name, str(ledger_row[name])) for name in WATCHED[feed.value] if ledger_row[name] is not None]
    if feed is Feed.ORDERS and has == [("status", Status.PROCESSING.value)]:
        return Kind.NEW, words.NEW_ORDER
    if feed is Feed.REFILLS and has == [("status", "Pending")]:
        return Kind.NEW, words.NEW_REFILL
    if feed is Feed.CANCELS and not has:
        return Kind.NEW, words.NEW_CANCEL
    return Kind.INFO, words.UP_TO_DATE.format(what=words.changes(has) or "it")


def _number(row: Row | None) -> int:
    number = (row or {}).get(ROW)
    return int(number) if isinstance(number, (int, np.integer)) else 0


def _push_order(push: Push) -> tuple[int, bool, int, str, str]:
    """Updates before refunds, each by feed, then by where the row stands."""
    return (list(Feed).index(push.feed), push.once, push.row, push.key, push.action)
