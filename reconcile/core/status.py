"""How a workbook stands: when it was last in step, what waits for whom and since when. From one snapshot and its plan.

Nothing is decided here; it is what `status` shows of one workbook.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from reconcile.core.lease import HEARTBEAT, entry, lease_of
from reconcile.core.ledger import STATE_OPEN, received_at
from reconcile.core.model import Feed, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Doubt, Note, Plan, Snapshot

ASKED: Final = "asked"
"""Meta entry: the rows that wait for an answer of staff, `tab/key` → since when (ISO). Written by the last commit of each run."""

ASKED_KEPT: Final = 300
"""So many rows are remembered, the oldest first: the entry stands in one cell."""

ASKING: Final = (Kind.PROBLEM, Kind.HELD, Kind.REFUSED, Kind.DOUBT)
"""Answers after which a row waits for a person."""

GOOD: Final = ("Done", "Done, a limit holds rows", "Done, something is in doubt")
"""Results of a run that went to its end."""


@dataclass(frozen=True)
class Waiting:
    """Rows of one tab that nobody has worked on yet. since: when the oldest came, None where that is not known."""

    feed: Feed
    count: int
    since: datetime | None


@dataclass(frozen=True)
class Standing:
    """How one workbook stands. Times are aware UTC, None where there is none.

    last: when the newest run ended, and how (in the workbook's language). good: when the newest run ended that went to its end.
    running: the run that holds the lease, "" for none. held: rows that limits hold, and `lists` their codes in Approvals.
    asked: rows that wait for a person's answer, and since when the oldest does.
    """

    last: datetime | None
    result: str
    good: datetime | None
    running: str
    held: int
    lists: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    waiting: tuple[Waiting, ...]
    asked: int
    asked_since: datetime | None

    def age(self, now: datetime) -> float | None:
        """Seconds since the last good run, None where there was none. Never below 0: two clocks may disagree."""
        return None if self.good is None else max(0.0, (now - self.good).total_seconds())


def standing(
    snapshot: Snapshot, ledger: Ledger, plan: Plan, doubts: Iterable[Doubt], *, now: datetime, zone: tzinfo
) -> Standing:
    """How the workbook stands. snapshot: read with its `runs`. zone: in which the sheet shows times."""
    last, result, good = _runs(snapshot, zone)
    lease = lease_of(snapshot.meta)
    asked = [note for note in plan.notes if note.kind in ASKING and note.key]
    since = asked_of(snapshot.meta)
    times = [since[place] for note in asked if (place := place_of(note)) in since]
    return Standing(
        last=last,
        result=result,
        good=good,
        running=lease.run if lease is not None and lease.held(now) else "",
        held=plan.rows_held,
        lists=tuple(each.code for each in plan.approvals if not each.ticked),
        doubts=tuple(doubts),
        waiting=tuple(waiting(snapshot, ledger)),
        asked=len({place_of(note) for note in asked}),
        asked_since=min((datetime.fromisoformat(text) for text in times), default=None),
    )


def waiting(snapshot: Snapshot, ledger: Ledger) -> Iterable[Waiting]:
    """Per tab the open rows that stand in the sheet as they came: nobody has typed anything that the panel took."""
    for feed, name, untouched in (
        (Feed.ORDERS, "status", (None, Status.PROCESSING.value)),
        (Feed.REFILLS, "status", (None, "Pending")),
        (Feed.CANCELS, "decision", (None,)),
    ):
        frame = ledger.of(feed.value)
        columns = [frame[column].to_numpy(dtype=object) for column in ("key", "state", name, "start_count", "received")]
        present = set(snapshot.tabs[feed.value].index)
        times = [
            received_at({"received": came})
            for key, state, value, count, came in zip(*columns, strict=True)
            if state == STATE_OPEN and value in untouched and count is None and key in present
        ]
        if times:
            yield Waiting(feed, len(times), _aware(min((text for text in times if text), default="")))


def _runs(snapshot: Snapshot, zone: tzinfo) -> tuple[datetime | None, str, datetime | None]:
    """(when the newest run ended, how, when the newest good one did)."""
    say = snapshot.words
    good_words = {say.RESULTS[word] for word in GOOD}
    last = _aware(snapshot.meta.get(HEARTBEAT, ""))
    result, good, newest = "", None, last
    ours = {say.RESULTS[word] for word in ("Resolved by hand", "Restored", "Adopted")}
    for row in reversed(snapshot.tabs["runs"].to_dict("records")):
        if row.get("result") in ours:
            continue
        at = newest or _time(row.get("finished"), zone)  # a Google Sheet shows no seconds
        newest = None
        result = result or str(row.get("result") or "")
        last = last or at
        if row.get("result") in good_words and at is not None:
            good = at
            break
    return last, result, good


def _time(cell: object, zone: tzinfo) -> datetime | None:
    """A time of the sheet as aware UTC; None for what is none."""
    if not isinstance(cell, datetime):
        return None
    return (cell if cell.tzinfo else cell.replace(tzinfo=zone)).astimezone(UTC)


def _aware(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# --- since when a row waits ----------------------------------------------------------------------------------------------


def place_of(note: Note) -> str:
    """`orders/15`: a row as the meta entry names it."""
    return f"{note.tab}/{note.key}"


def asked_of(meta: Mapping[str, str]) -> dict[str, str]:
    """Since when rows wait for an answer; {} where that was never written. Raises Damaged."""
    found = entry(meta, ASKED) or {}
    return {str(place): str(at) for place, at in found.items() if _aware(str(at)) is not None}


def asked_meta(meta: Mapping[str, str], notes: Iterable[Note], now: datetime) -> dict[str, str | None]:
    """The meta entry after a run whose rows say `notes`; {} where it stays as it is."""
    before = asked_of(meta)
    at = now.isoformat(timespec="seconds")
    places = dict.fromkeys(place_of(note) for note in notes if note.kind in ASKING and note.key)
    found = sorted((before.get(place, at), place) for place in places)[:ASKED_KEPT]
    after = {place: when for when, place in found}
    if after == before:
        return {}
    return {ASKED: json.dumps(after, ensure_ascii=False, separators=(",", ":")) if after else None}
