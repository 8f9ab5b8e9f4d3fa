"""How a plan is made from a snapshot: one function for the run, `plan`, `why`, `doctor` and `resolve`.

What earlier runs left (rows on their way to Archive, sends whose outcome a journal knows) is taken in first, so that all of
them speak of the same ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from reconcile.core import archive, settle
from reconcile.core.lease import doubts_of
from reconcile.core.ledger import Ledger
from reconcile.core.model import Feed
from reconcile.core.once import known_pushes
from reconcile.core.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime, tzinfo

    from reconcile.core.ledger import Sending
    from reconcile.core.model import Doubt, Plan, Push, Row, Snapshot, Verdict
    from reconcile.core.once import Past, Send
    from reconcile.core.plan import Rules

    Outcomes = Callable[[Feed, str, Sending], tuple[Verdict, str]]
    """Tab, key and mark of a send → what became of it, and the panel's words."""


class Looks(Protocol):
    """A look at the panel, where it can be looked at: what it settles of what is in doubt."""

    def marked(self, ledger: Ledger) -> Outcomes:
        """What became of the sends that this ledger has marked."""

    def unclear(self, pushes: Sequence[tuple[Push, Send]]) -> Past:
        """What the journal knows once these, of which an earlier try is unclear, were looked up."""


@dataclass(frozen=True)
class Planned:
    """A plan, and what it was made from.

    ledger: the snapshot's, with what earlier runs left taken in. archived: what became of the rows that an earlier run moved.
    recovered: ledger rows that only a journal knew of (they are in `ledger`, and in the plan's `settled`). late: History rows of a
    run that ended before it wrote them. moving: the closed orders that leave Orders. doubts: on record, and the plan's own.
    """

    ledger: Ledger
    plan: Plan
    archived: archive.Settled
    moving: archive.Moving
    doubts: tuple[Doubt, ...]
    recovered: tuple[Row, ...] = ()
    late: tuple[Row, ...] = ()


def planned(
    snapshot: Snapshot,
    rules: Rules,
    now: datetime,
    known: Past | None,
    *,
    zone: tzinfo,
    obstacle: Callable[[Collection[str]], tuple[str, set[str]]] | None = None,
    force: bool = False,
    remedy: Callable[[Snapshot, Ledger], Plan] | None = None,
    looks: Looks | None = None,
) -> Planned:
    """What a run would do about `snapshot` now. Pure; `now` is aware, `zone` the sheet's.

    known: what this machine's journal sent once to the panel; None where no journal was asked. obstacle: the port's, for which
    closed orders would move to Archive; None leaves that to the run, which knows more by then. force: no limit holds anything.
    remedy: makes the plan instead of what staff changed. looks: what a look at the panel settles before the plan is final.
    """
    archived = archive.settled(Ledger(snapshot.ledger, snapshot.meta), snapshot.tabs[Feed.ORDERS.value], now)
    ledger = archived.ledger
    recovered: tuple[Row, ...] = ()
    late: tuple[Row, ...] = ()
    if known is not None:
        outcome = known.of_mark if looks is None else looks.marked(ledger)
        recovered = settle.recovered(ledger, snapshot.tabs, outcome, now, snapshot.words)
        late = tuple(settle.late_history(ledger, outcome, now, snapshot.words))
        ledger = ledger.patched(recovered)
    local = now.astimezone(zone)
    plan = remedy(snapshot, ledger) if remedy else make_plan(snapshot, ledger, rules, now=local, force=force)
    done, unclear = known_pushes(plan.pushes, known) if known is not None and remedy is None else ([], [])
    if unclear and looks is not None:
        done, unclear = known_pushes(plan.pushes, looks.unclear(unclear))
    if done or unclear:
        # what the panel accepted before is not sent again; what is unclear since an earlier try is in doubt here, too
        heard = settle.heard(done, unclear, ledger.patched(plan.settled), snapshot.tabs, now, snapshot.words)
        ledger, recovered = ledger.patched(heard), (*recovered, *heard)
        plan = make_plan(snapshot, ledger, rules, now=local, force=force)
        plan = replace(plan, messages=(*_not_sent_again(done, snapshot), *plan.messages))
    if recovered:
        rows = {(str(row["tab"]), str(row["key"])): row for row in (*recovered, *plan.settled)}
        plan = replace(plan, settled=tuple(rows.values()))
    moving = archive.Moving()
    if obstacle is not None:
        after, days = ledger.patched(plan.settled), rules.archive_after_days
        moving = archive.leaving(snapshot, after, plan, obstacle, now=now, days=days)
        said = [*archive.kept(moving, plan.words), *archive.stuck(moving.obstacle, plan.words)]
        plan = replace(plan, archive=tuple(moving.rows), messages=(*plan.messages, *said))
    return Planned(ledger, plan, archived, moving, (*doubts_of(snapshot.meta), *plan.doubts), recovered, late)


def _not_sent_again(done: Sequence[tuple[Push, Send]], snapshot: Snapshot) -> list[str]:
    """What a run says about pushes that the journal knows as accepted."""
    say = snapshot.words
    return [
        say.MESSAGES["known_send"].format(
            one=say.ONE[push.feed],
            key=push.key,
            when=(send.answered_at or send.at)[:16].replace("T", " "),
            run=send.run,
        )
        for push, send in done
    ]
