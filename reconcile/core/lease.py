"""The right to run, and what a run said it was about to do: plain records in the workbook's meta.

A lease is taken by a commit, so two runs cannot take it at once (the second commit is refused). Its `until` is judged by
the reader's clock, which may be wrong: a run whose lease was taken over early cannot write any more (RevisionMoved), and
what it had begun is on record, so a wrong clock can cost a wait or a doubt, never a double.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.model import Doubt, Feed
from reconcile.errors import RESTORE, Damaged, LeaseHeld

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEASE: Final = "lease"
CLAIMING: Final = "claiming"
HEARTBEAT: Final = "heartbeat"
SCHEMA: Final = "schema"
DOUBT: Final = "doubt:"
UNTOLD: Final = "untold"
"""What a run has to say in Runs, until its line stands there: a run that dies writes none, and the next one tells it."""

LONGEST: Final = timedelta(days=1)
"""The longest lease a setting allows. One that ends further away was taken by a clock that is wrong, and is not believed."""


@dataclass(frozen=True)
class Lease:
    """Who may run, and until when (aware UTC)."""

    run: str
    until: datetime

    def text(self) -> str:
        """As stored in meta."""
        return json.dumps({"run": self.run, "until": self.until.isoformat()})

    def held(self, now: datetime) -> bool:
        """Whether it still counts at `now`."""
        return now < self.until <= now + LONGEST

    def left(self, now: datetime) -> timedelta:
        """How long it still counts."""
        return self.until - now


@dataclass(frozen=True)
class Claiming:
    """What a run was about to claim, committed before the first claim. `at` moves on with every landing."""

    run: str
    services: tuple[str, ...]
    at: str

    def text(self) -> str:
        """As stored in meta."""
        return json.dumps(asdict(self))


def lease_of(meta: Mapping[str, str]) -> Lease | None:
    """The lease in meta, None when nobody holds one. Raises Damaged."""
    data = entry(meta, LEASE)
    if data is None:
        return None
    try:
        until = datetime.fromisoformat(str(data["until"]))
        if until.tzinfo is None:
            raise ValueError  # noqa: TRY301 - one handler words them all
        return Lease(str(data["run"]), until)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(LEASE) from error


def claiming_of(meta: Mapping[str, str]) -> Claiming | None:
    """What the last run was about to claim and did not finish, None normally. Raises Damaged."""
    data = entry(meta, CLAIMING)
    if data is None:
        return None
    try:
        return Claiming(str(data["run"]), tuple(str(service) for service in data["services"]), str(data["at"]))
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(CLAIMING) from error


def doubts_of(meta: Mapping[str, str]) -> tuple[Doubt, ...]:
    """The doubts on record, oldest first. Raises Damaged."""
    found = []
    for name in sorted(meta):
        if name.startswith(DOUBT):
            data = entry(meta, name)
            try:
                found.append(Doubt(**{**(data or {}), "feed": Feed((data or {})["feed"])}))
            except (KeyError, TypeError, ValueError) as error:
                raise damaged(name) from error
    return tuple(sorted(found, key=lambda doubt: (doubt.at, doubt.id)))


def doubt_meta(doubts: Sequence[Doubt]) -> dict[str, str | None]:
    """Doubts as meta entries."""
    return {DOUBT + doubt.id: json.dumps(asdict(doubt), ensure_ascii=False) for doubt in doubts}


def check_free(meta: Mapping[str, str], now: datetime, mine: Sequence[str]) -> None:
    """Raises LeaseHeld when another run holds a lease that still counts.

    mine: runs known to have ended although they hold the lease: those in this machine's journal, whose lock we hold.
    """
    lease = lease_of(meta)
    if lease is None or lease.run in mine or not lease.held(now):
        return
    seconds = max(1, round(lease.left(now).total_seconds()))
    raise LeaseHeld(
        f"Another run ({lease.run}) is at work on this workbook.",
        f"Wait for it to finish. If it was killed, its right to run ends by itself in {seconds} seconds.",
    )


def entry(meta: Mapping[str, str], name: str) -> dict[str, Any] | None:
    """A meta entry that is a JSON object, None when there is none. Raises Damaged."""
    text = meta.get(name)
    if not text:
        return None
    try:
        data = json.loads(text)
    except ValueError as error:
        raise damaged(name) from error
    if not isinstance(data, dict):
        raise damaged(name)
    return data


def damaged(name: str) -> Damaged:
    """The error for a record that cannot be read."""
    return Damaged(
        f"The hidden _ledger tab has a record `{name}` that cannot be read.",
        RESTORE,
    )
