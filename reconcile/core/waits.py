"""The time a refund or payment waits in the sheet before it is sent, so that staff can stop it (docs/design.md 14).

A row's wait is on record in meta as `wait:TAB:KEY`, so that whichever machine runs next goes on with it. It begins when a run first
sees exactly this: the row's cells, what would be sent, and the ticks that let it through. Any difference begins it anew.

Clocks of several machines may disagree. A time that lies ahead of now, or was looked at later than now, is not believed, and neither,
the first time, is a clock that claims a long silence: the wait begins anew, which costs a wait and never sends too early.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from reconcile.core.lease import damaged, entry
from reconcile.core.model import Feed, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconcile.core.model import Approval, Push, Row

RECORD: Final = "wait:"

SILENCE: Final = timedelta(days=2)
"""After a longer time without a look a clock is asked twice: it may be wrong, or nobody was at work."""

AGREES: Final = timedelta(minutes=1)
"""Clocks that are no further apart agree."""

CELLS: Final = {
    Feed.ORDERS: ("status", "start_count", "remains", "unsure"),
    Feed.CANCELS: ("decision", "remains", "unsure"),
    Feed.PAYMENTS: ("user", "amount", "details", "commission", "send", "unsure"),
}
"""The cells a change in which begins the wait anew; which of them are sent does not matter."""


@dataclass(frozen=True)
class Record:
    """A row's wait as meta keeps it. since, seen: ISO times of the first and the latest look. asked: a long silence was met once."""

    mark: str
    since: str
    seen: str
    asked: bool = False

    def text(self) -> str:
        """As stored in meta."""
        return json.dumps(asdict(self))


def records_of(meta: Mapping[str, str]) -> dict[str, Record]:
    """The waits on record, by their name in meta. Raises Damaged."""
    found = {}
    for name in sorted(meta):
        if name.startswith(RECORD):
            data = entry(meta, name)
            try:
                record = Record(**(data or {}))
                times = [datetime.fromisoformat(text) for text in (record.since, record.seen)]
                if any(time.tzinfo is None for time in times):
                    raise ValueError  # noqa: TRY301 - one handler words them all
            except (KeyError, TypeError, ValueError) as error:
                raise damaged(name) from error
            found[name] = record
    return found


def name_of(push: Push) -> str:
    """Under which name the wait of a push's row is on record."""
    return f"{RECORD}{push.feed.value}:{push.key}"


def judged(
    meta: Mapping[str, str],
    pushes: Sequence[Push],
    approvals: Sequence[Approval],
    row_of: Callable[[Push], Row],
    wait: timedelta,
    now: datetime | None,
) -> tuple[tuple[Waiting, ...], dict[str, str | None]]:
    """Which of `pushes` wait, and the meta entries that changed.

    pushes: what would go out now. approvals: those that a tick lets through. row_of: a push's row as the sheet shows it. now: aware;
    without it, or without a wait, nothing waits. What a ticked list holds goes out together, or its tick would be about something else.
    """
    before = records_of(meta)
    if not wait or now is None:
        return (), dict.fromkeys(before)
    kept: dict[str, Record] = {}
    until: dict[int, datetime] = {}
    for number, push in enumerate(pushes):
        if not (push.refund or push.feed is Feed.PAYMENTS):
            continue
        codes = sorted(each.code for each in approvals if (push.feed.value, push.key) in each.limit.rows)
        record = _followed(before.get(name_of(push)), _mark(push, row_of(push), codes), now)
        kept[name_of(push)] = record
        if now < (over := datetime.fromisoformat(record.since) + wait):
            until[number] = over
    until = _together(pushes, approvals, until)
    written: dict[str, str | None] = {name: record.text() for name, record in kept.items()}
    gone: dict[str, str | None] = {name: None for name in before if name not in kept}
    return (
        tuple(Waiting(pushes[number], over.astimezone(now.tzinfo)) for number, over in sorted(until.items())),
        {name: text for name, text in {**written, **gone}.items() if text != meta.get(name)},
    )


def _mark(push: Push, row: Row, codes: Sequence[str]) -> str:
    """Exactly what is to happen, as the row shows it and the panel would hear it, and which ticks let it through."""
    facts = [push.action, push.target, push.params, str(push.amount), push.unread, push.again, push.order_id, codes]
    shown = [str(row.get(name)) for name in CELLS.get(push.feed, ())]
    return hashlib.sha256(json.dumps([*facts, shown]).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _followed(before: Record | None, mark: str, now: datetime) -> Record:
    """The record after this look: gone on with, or begun anew."""
    at = now.isoformat()
    if before is None or before.mark != mark:
        return Record(mark, at, at)
    silent = now - datetime.fromisoformat(before.seen)
    if silent < -AGREES or now - datetime.fromisoformat(before.since) < -AGREES:
        return Record(mark, at, at)
    if silent > SILENCE and not before.asked:
        return Record(mark, at, at, asked=True)
    return replace(before, seen=max(before.seen, at))


def _together(
    pushes: Sequence[Push], approvals: Sequence[Approval], until: Mapping[int, datetime]
) -> dict[int, datetime]:
    """The waiting pushes with all others of the ticked lists they are in, and until when each waits."""
    found = dict(until)
    lists = [
        [number for number, push in enumerate(pushes) if (push.feed.value, push.key) in each.limit.rows]
        for each in approvals
    ]
    while True:
        before = dict(found)
        for members in lists:
            last = max((found[number] for number in members if number in found), default=None)
            if last is not None:
                found.update(dict.fromkeys(members, last))
        if found == before:
            return found
