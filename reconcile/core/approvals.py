"""Approvals: what a limit holds, listed for staff row by row, and which of their ticks counts.

A list is known by a code. Its digest covers the limit and the changes it is about and nothing else, so an edit to another
row keeps a tick, and any edit to those rows voids it. What was listed, and what became of it, stands in meta as
`approval:CODE`; the tab holds only what people see, and the tick. A tick counts when the job listed exactly this, in a row
that is still whole and alone, and when nothing suggests that the tick came there by a fill, a paste or a sort.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reconcile.core import cells
from reconcile.core.lease import damaged, entry
from reconcile.core.model import APPROVALS, ROW, SYNC, Approval, Kind, Note, YesNo

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from reconcile.core.model import Cell, Limit, Plan, Push, Row
    from reconcile.core.words import Words

RECORD: Final = "approval:"
MOST_LINES: Final = 200
"""So many changes of one limit are listed; the digest covers all of them."""

LONGEST_KEY: Final = 40
"""A longer text under Code is none of ours."""

_LETTERS: Final = "BCDFGHJKLMNPRSTVWXZ"
_DIGITS: Final = "23456789"
"""A code is letter, digit, letter, digit without vowels: no spreadsheet takes it for a word, a number or a date."""


class State(StrEnum):
    """What became of a list."""

    OPEN = "open"
    USED = "used"
    CHANGED = "changed"
    OVER = "over"


@dataclass(frozen=True)
class Record:
    """A list as meta keeps it. mark: what its Summary cell says, as a digest. when: when it was let through, as people read it.

    ticked: the tick as the last run saw it; of a list that is no longer open, whether a tick it had then still stands.
    stale: the tick came there in a way nobody means, so it counts only after it was taken away once.
    """

    digest: str
    limit: str
    mark: str
    state: State = State.OPEN
    ticked: bool = False
    stale: bool = False
    when: str = ""

    def text(self) -> str:
        """As stored in meta."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True)
class Judged:
    """What the tab comes to: one approval per limit, answers for its rows, messages, and meta entries that changed."""

    approvals: tuple[Approval, ...] = ()
    notes: tuple[Note, ...] = ()
    messages: tuple[str, ...] = ()
    meta: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class _Line:
    """One row of the tab. tick: True, False or what is wrong with the cell."""

    key: str
    number: int
    tick: bool | cells.Wrong
    what: Cell
    sync: Cell

    @property
    def stem(self) -> str:
        """The code of the list it belongs to."""
        return self.key.partition("-")[0]


def records_of(meta: Mapping[str, str]) -> dict[str, Record]:
    """The lists on record, by code. Raises Damaged."""
    found = {}
    for name in sorted(meta):
        if name.startswith(RECORD):
            data = entry(meta, name)
            try:
                found[name.removeprefix(RECORD)] = Record(**{**(data or {}), "state": State((data or {})["state"])})
            except (KeyError, TypeError, ValueError) as error:
                raise damaged(name) from error
    return found


# --- what is asked -----------------------------------------------------------------------------------------------------


def about(limit: Limit, pushes: Sequence[Push]) -> tuple[Push, ...]:
    """The pushes a limit is about: those of its rows. What it holds besides, because it shuts their feed, is not."""
    rows = set(limit.rows)
    return tuple(push for push in pushes if (push.feed.value, push.key) in rows)


def through(approvals: Sequence[Approval], pushes: Sequence[Push]) -> dict[str, tuple[str, ...]]:
    """Which ticks have to wait for other lists, since these hold rows of theirs, too: code → the codes still to be ticked."""
    open_lists = {each.code: each.limit for each in approvals if each.ticked}
    rows = {
        code: {(push.feed.value, push.key) for push in about(limit, pushes)} or set(limit.rows)
        for code, limit in open_lists.items()
    }
    waits: dict[str, tuple[str, ...]] = {}
    while True:
        shut = [each for each in approvals if each.code not in open_lists or each.code in waits]
        found = {
            code: tuple(each.code for each in shut if any(map(each.limit.holds, mine)))
            for code, mine in rows.items()
            if code not in waits
        }
        fresh = {code: codes for code, codes in found.items() if codes}
        if not fresh:
            return waits
        waits |= fresh


def digests(limits: Sequence[Limit], pushes: Sequence[Push]) -> list[str]:
    """Per limit 16 hex digits that name it and exactly the changes it is about; two limits never share one."""
    made: list[str] = []
    for limit in limits:
        changes = sorted(map(_facts, about(limit, pushes)))
        rows = sorted(limit.rows) or limit.text
        for number in range(len(limits)):
            facts = json.dumps([limit.name, number, rows, changes, *([limit.shows] if limit.shows else [])])
            digest = hashlib.sha256(facts.encode()).hexdigest()[:16]
            if digest not in made:
                made.append(digest)
                break
    return made


def _facts(push: Push) -> str:
    """Everything that is to happen to the row, and nothing about where it stands."""
    facts = [push.feed, push.key, push.action, push.target, push.params, str(push.amount), push.again]
    facts += [push.unread] if push.unread else []
    return json.dumps([*facts, *([change.field, change.old, change.new] for change in push.changes)])


def _code(digest: str, taken: Collection[str]) -> str:
    """A code for this digest that nothing else has."""
    number = 0
    while True:
        one, two, three, four = hashlib.sha256(f"{digest}:{number}".encode()).digest()[:4]
        pairs = ((_LETTERS, one), (_DIGITS, two), (_LETTERS, three), (_DIGITS, four))
        code = "".join(among[value % len(among)] for among, value in pairs)
        if code not in taken:
            return code
        number += 1


# --- which tick counts -------------------------------------------------------------------------------------------------


def judged(
    frame: pd.DataFrame, meta: Mapping[str, str], limits: Sequence[Limit], pushes: Sequence[Push], say: Words
) -> Judged:
    """What staff's ticks let through of a plan with these limits, and the answers to every row of the tab. Pure."""
    before = records_of(meta)
    if not (before or limits or len(frame)):
        return Judged()
    tab = _Tab(frame, before, say)
    asked = tab.asked(limits, digests(limits, pushes), pushes)
    tab.follow(asked, {limit.name for limit in limits})
    ticked = tuple(replace(each, ticked=each.listed and tab.counts(each.code)) for each in asked)
    missing = through(ticked, pushes)
    approvals = tuple(replace(each, ticked=each.ticked and each.code not in missing) for each in ticked)
    changed = {code: record.text() for code, record in tab.now.items() if record != before[code]}
    gone: dict[str, str | None] = {code: None for code in before if code not in tab.now}
    return Judged(
        approvals,
        tuple(tab.notes(missing)),
        tuple(tab.messages()),
        tuple((RECORD + code, text) for code, text in sorted({**changed, **gone}.items())),
    )


@dataclass
class _Tab:
    """The tab beside what is on record of it. before: by the last run; now: by this one; a list without its row is forgotten."""

    frame: pd.DataFrame
    before: dict[str, Record]
    say: Words
    lines: list[_Line] = field(init=False)
    heads: dict[str, list[_Line]] = field(init=False)
    now: dict[str, Record] = field(init=False)
    stray: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = ("let_through", ROW, "what", SYNC)
        columns = [self.frame[name].to_numpy(dtype=object) for name in names]
        self.lines = [
            _Line(key, int(number), self._tick(raw), what, sync)
            for key, raw, number, what, sync in zip(self.frame.index.tolist(), *columns, strict=True)
        ]
        self.heads = {}
        for line in self.lines:
            if line.key in self.before:
                self.heads.setdefault(line.key, []).append(line)
        self.now = {code: record for code, record in self.before.items() if code in self.heads}

    def _tick(self, raw: Cell) -> bool | cells.Wrong:
        say = self.say
        if isinstance(raw, bool):
            return raw
        said = cells.choice(raw, YesNo, say.LABEL["let_through"], say)
        return said if isinstance(said, cells.Wrong) else said is YesNo.YES

    def _ticked(self, code: str) -> bool:
        return any(line.tick is True for line in self.heads[code])

    def asked(self, limits: Sequence[Limit], digests: Sequence[str], pushes: Sequence[Push]) -> list[Approval]:
        """Each limit with its list: the open one of its digest, or a new one.

        One that was let through before, and about which there is nothing to send, is settled: it is not asked about again. Where it is
        about what cells show, those say themselves that they were let through: what comes back here was put right in between.
        """
        taken = {*self.now, *(line.stem for line in self.lines)}
        made = []
        for limit, digest in zip(limits, digests, strict=True):
            mine = [code for code, record in self.now.items() if record.digest == digest]
            code = next((code for code in mine if self.now[code].state is State.OPEN), "")
            used = next((code for code in mine if self.now[code].state is State.USED), "")
            if used and not limit.shows and not about(limit, pushes):
                continue
            listed = bool(code)
            code = code or _code(digest, taken)
            taken.add(code)
            made.append(Approval(limit, code, digest, listed, before=used))
        return made

    def follow(self, asked: Sequence[Approval], names: Collection[str]) -> None:
        """Moves the records on to what the tab shows, and finds the ticks that nobody can have meant.

        A box beside no open list that is ticked anew is a fill-down or a paste, and then no tick counts. A tick that came in the
        same moment as another one went may have been sorted or cut there: it counts after it was seen away.
        """
        open_codes = {each.code for each in asked}
        moved = any(record.ticked and not self._ticked(code) for code, record in self.now.items())
        for code, record in self.now.items():
            tick = self._ticked(code)
            if record.state is not State.OPEN:
                self.now[code] = replace(record, ticked=record.ticked and tick)
            elif code in open_codes:
                stale = tick and (record.stale or (moved and not record.ticked))
                self.now[code] = replace(record, ticked=tick, stale=stale)
            else:
                state = State.CHANGED if record.limit in names else State.OVER
                self.now[code] = replace(record, state=state, ticked=tick, stale=False)
        self.stray = [line.number for line in self.lines if line.tick is True and self._nobodys(line)]

    def _nobodys(self, line: _Line) -> bool:
        """Whether a tick in this row can let nothing through and was not seen there as an honest one."""
        record = self.now.get(line.key)
        return record is None or (record.state is not State.OPEN and not record.ticked)

    def counts(self, code: str) -> bool:
        """Whether the list's tick lets it through."""
        record, heads = self.now[code], self.heads[code]
        whole = len(heads) == 1 and mark_of(heads[0].what) == record.mark
        return whole and heads[0].tick is True and not record.stale and not self.stray

    # --- answers -------------------------------------------------------------------------------------------------------

    def notes(self, missing: Mapping[str, Sequence[str]]) -> Iterator[Note]:
        """An answer per row; one that says nothing new is left out. missing: per ticked list the others still to be ticked."""
        for line in self.lines:
            found = self._answer(line, missing)
            if found is None or not line.key or len(line.key) > LONGEST_KEY:
                continue
            kind, text = found
            if kind is not Kind.INFO or line.sync != self.say.sync_text(line.key, kind, text):
                yield Note(APPROVALS, line.key, line.number, kind, text)

    def _answer(self, line: _Line, missing: Mapping[str, Sequence[str]]) -> tuple[Kind, str] | None:
        say = self.say
        record = self.now.get(line.key)
        if record is None:
            return self._beside(line)
        heads = self.heads[line.key]
        if len(heads) > 1:
            rows = say.also(str(head.number) for head in heads)
            return Kind.HELD, say.DOUBLED.format(label=say.LABEL["code"], key=line.key, rows=rows)
        if isinstance(line.tick, cells.Wrong):
            return Kind.PROBLEM, line.tick.text
        if record.state is not State.OPEN:
            return self._ended(line, record)
        if mark_of(line.what) != record.mark:
            return Kind.HELD, say.APPROVAL_MIXED.format(label=say.LABEL["what"], code=line.key)
        if not line.tick:
            return Kind.WAITING, say.APPROVAL_WAITS.format(label=say.LABEL["let_through"])
        if self.stray:
            return Kind.PROBLEM, say.APPROVAL_TOO_MANY.format(rows=_some(self.stray, say))
        if record.stale:
            return Kind.PROBLEM, say.APPROVAL_MOVED
        if line.key in missing:
            return Kind.WAITING, say.APPROVAL_OTHERS.format(codes=say.also(missing[line.key]))
        return None  # the run that uses it says so

    def _ended(self, line: _Line, record: Record) -> tuple[Kind, str]:
        say = self.say
        if line.tick is True and not record.ticked:
            return Kind.PROBLEM, say.APPROVAL_ENDED_TICKED
        if record.state is State.USED:
            return Kind.INFO, say.APPROVAL_USED.format(when=record.when)
        return Kind.INFO, say.APPROVAL_CHANGED if record.state is State.CHANGED else say.APPROVAL_OVER

    def _beside(self, line: _Line) -> tuple[Kind, str] | None:
        """A row that is no list of ours: one line of a list, or a code nobody gave."""
        asked = line.tick is not False
        if line.stem in self.now and line.stem != line.key:
            text = self.say.APPROVAL_LINE_TICKED if asked else self.say.APPROVAL_LINE
            return (Kind.PROBLEM if asked else Kind.INFO), text.format(code=line.stem)
        return (Kind.PROBLEM, self.say.APPROVAL_UNKNOWN.format(code=line.key)) if asked else None

    def messages(self) -> Iterator[str]:
        """Ticks in rows that have no key to be answered under."""
        tab = self.say.TAB[APPROVALS]
        for line in self.lines:
            if line.tick is True and not 0 < len(line.key) <= LONGEST_KEY:
                yield self.say.MESSAGES["row"].format(tab=tab, row=line.number, text=self.say.APPROVAL_NO_CODE)


def _some(numbers: Sequence[int], say: Words) -> str:
    shown = [str(number) for number in numbers[:5]]
    return say.also(shown) if len(shown) == len(numbers) else ", ".join(shown) + " …"


def mark_of(what: Cell) -> str:
    """A Summary cell as 16 hex digits: a code that stands beside another list's words is found out."""
    return hashlib.sha256(str(what).encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- what is written ---------------------------------------------------------------------------------------------------


def listing(plan: Plan, now: datetime, when: str) -> tuple[list[Row], dict[str, str | None]]:
    """The rows that list what limits hold of this plan and stands in no list yet, and the records of them.

    With --force they are on record as let through, at `when`.
    """
    rows: list[Row] = []
    meta: dict[str, str | None] = {}
    for approval in plan.approvals:
        if approval.listed:
            continue
        lines = list(_lines(approval, plan))
        head = _head(approval, len(lines), plan.words)
        record = Record(approval.digest, approval.limit.name, mark_of(head["what"]))
        if plan.forced:
            say = plan.words
            head["sync"] = say.sync_text(approval.code, Kind.INFO, say.APPROVAL_FORCED.format(when=when))
            record = replace(record, state=State.USED, when=when)
        rows.append({**head, "listed": now})
        rows.extend({**line, "listed": now} for line in lines[:MOST_LINES])
        meta[RECORD + approval.code] = record.text()
    return rows, meta


def _head(approval: Approval, count: int, say: Words) -> Row:
    what = approval.limit.text
    if approval.before:
        what += " " + say.MESSAGES["approval_again"].format(code=approval.before)
    if count > MOST_LINES:
        what += " " + say.MESSAGES["approval_more"].format(most=f"{MOST_LINES:,}", count=f"{count:,}")
    waits = say.APPROVAL_WAITS.format(label=say.LABEL["let_through"])
    return {
        "code": approval.code,
        "let_through": False,
        "what": what,
        "sync": say.sync_text(approval.code, Kind.WAITING, waits),
    }


def _lines(approval: Approval, plan: Plan) -> Iterator[Row]:
    """One line per change, old → new, and one per row that is not to be changed (it is gone, or held)."""
    say = plan.words
    pushes = about(approval.limit, (*plan.pushes, *plan.held))
    changed = {(push.feed.value, push.key) for push in pushes}
    silent = [(tab, key) for tab, key in approval.limit.rows if (tab, key) not in changed]
    parts: list[tuple[str, str, Row]] = [
        (push.feed.value, push.key, _change(push, place, say)) for push in pushes for place in range(len(push.changes))
    ]
    parts.extend((tab, key, {}) for tab, key in silent)
    for number, (tab, key, change) in enumerate(parts, start=1):
        code = f"{approval.code}-{number}"
        sync = say.sync_text(code, Kind.INFO, say.APPROVAL_LINE.format(code=approval.code))
        yield {"code": code, "tab": say.TAB[tab], "id": key, **change, "sync": sync}


def _change(push: Push, place: int, say: Words) -> Row:
    change = push.changes[place]
    amount = worth(push, say) if push.refund and not place else None
    return {
        "what": amount,
        "field": say.LABEL[change.field],
        "from": say.value(change.field, change.old) or None,
        "to": say.value(change.field, change.new),
    }


def worth(push: Push, say: Words) -> str:
    """What a refund is worth: its amount, or what bounds it (no refund is more than the charge) and what cannot be read."""
    refund = say.PHRASES["refund"]
    if push.amount is not None:
        return f"{refund} {push.amount:f}"
    charge = cells.panel_amount(dict(push.unread).get("charge"))
    bounded = len(push.unread) > 1 and charge is not None and 0 <= charge <= cells.MOST
    amount = say.PHRASES["at_most"].format(amount=f"{charge:f}") if bounded else say.PHRASES["unknown_amount"]
    facts = ", ".join(
        f"{say.LABEL[name]} {say.shown(text) if text else say.PHRASES['blank']}" for name, text in push.unread
    )
    return f"{refund} {amount}" + (f" ({facts})" if facts else "")


def used(plan: Plan, meta: Mapping[str, str], when: str) -> tuple[list[Note], dict[str, str | None]]:
    """The answers and records of the ticks this run uses: to be committed before anything is sent, so that none is used twice.

    A tick whose money still waits is not used yet.
    With --force that is so of every list that stands in the tab.
    """
    notes: list[Note] = []
    kept: dict[str, str | None] = {}
    before = records_of(meta)
    for approval in plan.approvals:
        if (approval.ticked and not approval.waits) or (plan.forced and approval.listed):
            was = before[approval.code]
            record = replace(was, state=State.USED, ticked=approval.ticked or was.ticked, stale=False, when=when)
            kept[RECORD + approval.code] = record.text()
            say = plan.words
            text = say.APPROVAL_USED.format(when=when) if approval.ticked else say.APPROVAL_FORCED.format(when=when)
            notes.append(Note(APPROVALS, approval.code, 0, Kind.INFO, text))
    return notes, kept


def told(plan: Plan) -> str:
    """What the Runs tab says beside the limits: which lists to tick, "" when none is missing."""
    codes = [approval.code for approval in plan.approvals if not approval.ticked]
    if not codes:
        return ""
    say = plan.words
    return say.MESSAGES["approve"].format(codes=say.also(codes), tab=say.TAB[APPROVALS])
