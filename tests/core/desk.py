"""A desk to try the core at: frames, a ledger and a scripted panel, with no workbook and no clock.

What a scenario test reads: what arrived, what staff typed, what a run pushed, what the row says afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from reconcile.core import diff, settle, transitions, words
from reconcile.core.cells import id_text
from reconcile.core.landing import land
from reconcile.core.ledger import CLAIMED, Ledger
from reconcile.core.model import (
    APPROVALS,
    ROW,
    CancelTask,
    Claimed,
    Feed,
    Order,
    Plan,
    Push,
    Refill,
    Result,
    Snapshot,
    Verdict,
)
from reconcile.core.plan import Rules, make_plan
from reconcile.core.words import ENGLISH
from reconcile.workbook import templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reconcile.core.landing import Landing
    from reconcile.core.model import Row
    from reconcile.core.settle import Settled

NOW = datetime(2026, 3, 2, 9, 55, tzinfo=UTC)
WHEN = "02 Mar 09:55"
CELL_LIMIT = 32_767


@cache
def columns(tab: str) -> tuple[str, ...]:
    """The template keys of a tab's columns."""
    return templates.templates().tab(tab).keys


def frame_of(tab: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a Snapshot's frame: object dtype, blanks as None, index by id, `_row` from 2 on unless a row names it."""
    kept = list(rows)
    data = {name: pd.Series([row.get(name) for row in kept], dtype=object) for name in columns(tab)}
    numbers = [row.get(ROW, place) for place, row in enumerate(kept, start=2)]
    data[ROW] = pd.Series(numbers, dtype=object)
    made = pd.DataFrame(data, columns=[*columns(tab), ROW], dtype=object)
    key = templates.templates().tab(tab).key_column
    made.index = pd.Index([id_text(cell) for cell in made[key]], dtype=object)
    return made


def accept(_: Push) -> tuple[Verdict, str]:
    """A panel that takes everything."""
    return Verdict.ACCEPTED, ""


def order(id: str, **values: str) -> Order:  # noqa: A002 - the panel's name
    """An order of service 12, quantity 1000, charge 2.50, unless said otherwise."""
    return Order(
        id,
        **{
            "service": "12",
            "link": f"https://example.com/{id}",
            "charge": "2.50",
            "user": f"user-{id}",
            "quantity": "1000",
            **values,
        },
    )


@dataclass
class Desk:
    """Tabs as lists of rows, in sheet order, and the ledger."""

    tabs: dict[str, list[Row]] = field(default_factory=lambda: {feed.value: [] for feed in Feed})
    ledger: Ledger = field(default_factory=lambda: Ledger(Ledger.empty()))
    rules: Rules = field(default_factory=lambda: Rules(max_closed_share=100))
    runs: int = 0
    meta: dict[str, str] = field(default_factory=dict)

    # --- what happens to the sheet ---

    def receive(self, *items: Order | Refill | CancelTask) -> Landing:
        """The panel hands these out in one answer, and they land."""
        first = items[0]
        feed = Feed.ORDERS if isinstance(first, Order) else Feed.REFILLS if isinstance(first, Refill) else Feed.CANCELS
        return self.land(Claimed(feed, "12", tuple(items)))

    def land(self, claimed: Claimed) -> Landing:
        """One answer lands."""
        shown = self.snapshot().tabs[claimed.feed.value]
        landing = land(
            claimed,
            self.ledger,
            set(shown.index),
            run="r1-1",
            revision=7,
            now=NOW,
            when=WHEN,
            cell_limit=CELL_LIMIT,
            shown=shown,
            say=ENGLISH,
        )
        for tab, rows in landing.append.items():
            self.tabs.setdefault(tab, []).extend(dict(row) for row in rows)
        self.ledger = self.ledger.patched(landing.ledger)
        self.write(
            {(note.tab, note.key): words.ENGLISH.sync_text(note.key, note.kind, note.text) for note in landing.notes}
        )
        return landing

    def row(self, tab: str, key: str) -> Row:
        """The first row with this id."""
        name = templates.templates().tab(tab).key_column
        return next(row for row in self.tabs[tab] if id_text(row.get(name)) == key)

    def type(self, tab: str, key: str, **cells: Any) -> None:
        """Staff type into one row."""
        self.row(tab, key).update(cells)

    def add(self, tab: str, **cells: Any) -> None:
        """Staff write a row of their own."""
        self.tabs[tab].append({**dict.fromkeys(columns(tab)), **cells})

    def delete(self, tab: str, key: str) -> Row:
        """Staff delete a row."""
        row = self.row(tab, key)
        self.tabs[tab].remove(row)
        return row

    def write(self, texts: Mapping[tuple[str, str], str]) -> None:
        """Sync cells, found as the adapters find them: by the id, or by the text's own beginning when the id is blank."""
        for (tab, key), text in texts.items():
            name = templates.templates().tab(tab).key_column
            own = [id_text(row.get(name)) for row in self.tabs[tab]]
            named = [str(row.get("sync") or "").partition(" · ")[0].removeprefix("#") for row in self.tabs[tab]]
            answered = (
                diff.answered_as(own, named) if tab in CLAIMED else [a or b for a, b in zip(own, named, strict=True)]
            )
            for row, answers in zip(self.tabs[tab], answered, strict=True):
                if answers == key:
                    row["sync"] = text

    # --- what a run does ---

    def snapshot(self) -> Snapshot:
        """The sheet as a read sees it (the ledger stands beside it)."""
        tabs = (*(feed.value for feed in Feed), APPROVALS)
        frames = {tab: frame_of(tab, self.tabs.get(tab, [])) for tab in tabs}
        return Snapshot(self.runs, frames, Ledger.empty(), self.meta, words=ENGLISH)

    def plan(self) -> Plan:
        """What a run would do now."""
        return make_plan(self.snapshot(), self.ledger, self.rules)

    def run(self, panel: Callable[[Push], tuple[Verdict, str]] = accept) -> tuple[Plan, Settled]:
        """A whole run without claims, with --force: plan, marks, answers, results."""
        self.runs += 1
        snapshot = self.snapshot()
        plan, frames = make_plan(snapshot, self.ledger, self.rules, force=True), snapshot.tabs
        self.mark(plan, frames)
        results = [Result(push, *panel(push)) for push in plan.pushes]
        settled = settle.settle(plan, results, self.ledger, frames, run=f"run-{self.runs}", now=NOW, when=WHEN)
        self.ledger = self.ledger.patched(settled.ledger)
        self.write(
            {(note.tab, note.key): words.ENGLISH.sync_text(note.key, note.kind, note.text) for note in settled.notes}
        )
        return plan, settled

    def mark(self, plan: Plan, frames: Mapping[str, pd.DataFrame]) -> None:
        """The first commit: what is about to be sent once."""
        self.ledger = self.ledger.patched(plan.settled)
        self.ledger = self.ledger.patched(
            [
                transitions.marked(
                    push,
                    self.ledger,
                    frames[push.feed.value],
                    run=f"run-{self.runs}",
                    when=WHEN,
                    what=settle.what(push, ENGLISH),
                )
                for push in plan.pushes
                if push.once
            ]
        )

    def sent(self, panel: Callable[[Push], tuple[Verdict, str]] = accept) -> list[tuple[str, str, str]]:
        """One run's pushes, in short: (key, action, values)."""
        plan, _ = self.run(panel)
        return told(plan)

    def says(self, tab: str, key: str) -> str:
        """What the row's Sync cell shows."""
        return str(self.row(tab, key).get("sync"))


def told(plan: Plan) -> list[tuple[str, str, str]]:
    """A plan's pushes, in short: (key, action, values)."""
    return [
        (push.key, push.action.value, ", ".join(f"{change.field}={change.new}" for change in push.changes))
        for push in plan.pushes
    ]


def refuse(reason: str) -> Callable[[Push], tuple[Verdict, str]]:
    """A panel that refuses everything."""
    return lambda _: (Verdict.REFUSED, reason)


def unclear(_: Push) -> tuple[Verdict, str]:
    """A panel that never answers."""
    return Verdict.UNKNOWN, ""


def unsent(_: Push) -> tuple[Verdict, str]:
    """A panel that cannot be reached."""
    return Verdict.NOT_SENT, "no way there"


def with_order(**values: str) -> Desk:
    """A desk with order 15 on it, Processing."""
    desk = Desk()
    desk.receive(order("15", **values))
    return desk


__all__ = [
    "CELL_LIMIT",
    "NOW",
    "WHEN",
    "Desk",
    "accept",
    "columns",
    "frame_of",
    "order",
    "refuse",
    "replace",
    "told",
    "unclear",
    "unsent",
    "with_order",
]
