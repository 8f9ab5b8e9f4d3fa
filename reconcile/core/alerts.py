"""Which messages a person wants: one when something changes for the worse, one when it is over, nothing in between.

Pure: what was told before (kept in the workbook's meta) and what a run found in, what to say and what to keep out. A text holds
counts, codes and ids only, never what a customer wrote.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.lease import entry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ALERTS: Final = "alerts"
"""The meta entry that keeps what was told."""

AWAY_RUNS: Final = 2
"""A panel or workbook that is away for one run alone is nobody's business; so many in a row are."""

AWAY: Final = 5
"""The exit code of what may be over by itself."""

OLD: Final = timedelta(days=1)
"""A row that waits for an answer for so long is told."""

SILENT: Final = timedelta(hours=3)
"""So long without any run is told by the first one afterwards."""

QUIET: Final = timedelta(hours=12)
"""So long without a new order is told where orders usually come every hour."""

BUSY_DAY: Final = 24
"""Orders of a usual day from which on their absence says something."""

SURGE: Final = 3
SURGE_FLOOR: Final = 50
"""So many times the busiest of the last days, and at least so many, is far from usual."""

DAYS: Final = 7
KNOWN_DAYS: Final = 3
"""So many days are remembered, and so many are needed to know what is usual."""

MOST_IDS: Final = 10
IDS_KEPT: Final = 200


@dataclass(frozen=True)
class Seen:
    """What one run found. doubts, held: ids and codes. old: `tab/id` of rows that wait for longer than OLD.

    code: its exit code; why: how it ended, in words. arrived: new orders. last: when the run before ended, None where none did.
    """

    now: datetime
    code: int = 0
    why: str = ""
    held: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    arrived: int = 0
    last: datetime | None = None


@dataclass(frozen=True)
class Told:
    """What was told, and what is usual. failing: exit code of the runs that fail, 0 for none; fails: how many in a row."""

    failing: int = 0
    fails: int = 0
    held: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    old: bool = False
    unusual: str = ""
    days: dict[str, int] = field(default_factory=dict)
    newest: str = ""

    def text(self) -> str:
        """As stored in meta."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Message:
    """One message. kind: failing, held, doubt, old, arrivals or silent. over: it tells that something is over."""

    kind: str
    text: str
    over: bool = False


def told_of(meta: Mapping[str, str]) -> Told:
    """What was told; nothing where that was never written. Raises Damaged."""
    return parsed(entry(meta, ALERTS) or {})


def parsed(data: Mapping[str, Any]) -> Told:
    """What was told, from its stored form; what has another shape counts as never told."""
    try:
        return Told(
            failing=int(data.get("failing", 0)),
            fails=int(data.get("fails", 0)),
            held=tuple(map(str, data.get("held", ()))),
            doubts=tuple(map(str, data.get("doubts", ()))),
            old=bool(data.get("old", False)),
            unusual=str(data.get("unusual", "")),
            days={str(day): int(count) for day, count in dict(data.get("days", {})).items()},
            newest=str(data.get("newest", "")),
        )
    except (TypeError, ValueError):
        return Told()


def step(told: Told, seen: Seen) -> tuple[Told, tuple[Message, ...]]:
    """What to say after a run, and what is told then. A run that failed says nothing about anything else."""
    after, out = _failing(told, seen)
    if after.fails:
        return after, tuple(out)
    out += _silent(seen)
    after, more = _listed(after, seen)
    out += more
    after, more = _old(after, seen)
    out += more
    after, more = _arrivals(after, seen)
    return after, (*out, *more)


FAILURES: Final = (1, 2, 5, 6, 8)


def _failing(told: Told, seen: Seen) -> tuple[Told, list[Message]]:
    """One message when runs begin to fail, one when they fail in another way, one when they work again."""
    if seen.code not in FAILURES:
        over = [Message("failing", "It works again.", over=True)] if told.failing else []
        return replace(told, failing=0, fails=0), over
    fails = told.fails + 1
    after = replace(told, fails=fails)
    if seen.code == told.failing or (seen.code == AWAY and fails < AWAY_RUNS):
        return after, []
    why = f"{seen.why} " if seen.why else ""
    return replace(after, failing=seen.code), [Message("failing", f"Runs fail: {why}(exit {seen.code}).")]


def _silent(seen: Seen) -> list[Message]:
    if seen.last is None or seen.now - seen.last < SILENT:
        return []
    hours = (seen.now - seen.last).total_seconds() / 3600
    return [
        Message(
            "silent", f"No run came for {hours:.0f} hours (the last one: {seen.last:%Y-%m-%d %H:%M} UTC). Now one did."
        )
    ]


def _listed(told: Told, seen: Seen) -> tuple[Told, list[Message]]:
    """What limits hold, and what is in doubt: each new one once, and once when none is left."""
    out = []
    if fresh := [code for code in seen.held if code not in told.held]:
        out.append(Message("held", f"A limit holds rows until somebody ticks {ids(fresh)} in Approvals."))
    elif told.held and not seen.held:
        out.append(Message("held", "No limit holds anything any more.", over=True))
    if fresh := [doubt for doubt in seen.doubts if doubt not in told.doubts]:
        out.append(Message("doubt", f"In doubt, until a person says what happened: {ids(fresh)}."))
    elif told.doubts and not seen.doubts:
        out.append(Message("doubt", "Nothing is in doubt any more.", over=True))
    return replace(told, held=seen.held[:IDS_KEPT], doubts=seen.doubts[:IDS_KEPT]), out


def _old(told: Told, seen: Seen) -> tuple[Told, list[Message]]:
    if seen.old and not told.old:
        rows = f"{len(seen.old)} row{' has' if len(seen.old) == 1 else 's have'}"
        return replace(told, old=True), [Message("old", f"{rows} waited for an answer for a day: {ids(seen.old)}.")]
    if told.old and not seen.old:
        return replace(told, old=False), [Message("old", "No row waits for a day any more.", over=True)]
    return told, []


def _arrivals(told: Told, seen: Seen) -> tuple[Told, list[Message]]:
    """Orders that stay away, or come as never before; once each, and once when they come as usual again."""
    today = f"{seen.now:%Y-%m-%d}"
    before = {day: count for day, count in sorted(told.days.items()) if day < today}
    usual = list(before.values())[-DAYS:]
    count = told.days.get(today, 0) + seen.arrived
    newest = seen.now.isoformat(timespec="seconds") if seen.arrived or not told.newest else told.newest
    days = {**dict(list(before.items())[-DAYS:]), today: count}
    unusual = _unusual(usual, count, seen.now - datetime.fromisoformat(newest))
    after = replace(told, days=days, newest=newest, unusual=unusual)
    if unusual == told.unusual:
        return after, []
    if unusual == "none":
        hours = (seen.now - datetime.fromisoformat(newest)).total_seconds() / 3600
        return after, [
            Message("arrivals", f"No order came for {hours:.0f} hours; usually {median(usual):.0f} come a day.")
        ]
    if unusual == "many":
        return after, [Message("arrivals", f"{count} orders came today; the most of the last days was {max(usual)}.")]
    return after, [Message("arrivals", "Orders come as usual again.", over=True)]


def _unusual(usual: Collection[int], today: int, since: timedelta) -> str:
    if len(usual) < KNOWN_DAYS:
        return ""
    if median(usual) >= BUSY_DAY and since >= QUIET:
        return "none"
    return "many" if today >= max(SURGE_FLOOR, SURGE * max(usual)) else ""


def ids(found: Collection[str]) -> str:
    """The first MOST_IDS ids, and how many more there are."""
    shown = ", ".join(list(found)[:MOST_IDS])
    return shown if len(found) <= MOST_IDS else f"{shown} and {len(found) - MOST_IDS} more"
