"""Closed orders leave Orders for Archive: which may go, whether they went, and what is remembered of them for ever.

A run moves rows in its first commit and marks them in the ledger; the next run's read shows whether they went. Only then
their ledger rows go too, and their ids are kept packed in the workbook's meta: an order that is handed out again is
recognised, and one that was refunded is never refunded again, although nobody reads Archive.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from reconcile.core import cells
from reconcile.core.ledger import (
    SEEN,
    STATE_ARCHIVED,
    STATE_ARCHIVED_AGAIN,
    STATE_CLOSED,
    STATE_KEPT,
    STATE_OPEN,
    WATCHED,
)
from reconcile.core.model import ROW, STATE, UNSURE, Feed, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pandas as pd

    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Plan, Row, Snapshot
    from reconcile.core.sentences import MessageName
    from reconcile.core.words import Words

MOST_ROWS: Final = 500
MOST_CHARACTERS: Final = 300_000
"""What one run moves at most: a commit carries every row twice and stays well below 2 MB."""

OBSTACLE: Final = "archive"
"""The meta entry that names what keeps rows in Orders, so that it is said once."""


REFUSED: Final = "refused"
"""What that entry says when the workbook itself refused, with the day."""

STUCK: Final[Mapping[str, MessageName]] = {
    REFUSED: "stuck_refused",
    "formulas": "stuck_formulas",
    "twins": "stuck_twins",
    "objects": "stuck_objects",
    "links": "stuck_links",
}
"""What a workbook says keeps its rows (`Workbook.obstacle`) → the sentence about it."""


@dataclass(frozen=True)
class Settled:
    """What became of the rows an earlier run moved. gone: order id → how it was refunded ("" for not at all)."""

    ledger: Ledger
    gone: Mapping[str, str] = field(default_factory=dict)
    stayed: tuple[Row, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Moving:
    """What a run moves: Archive's rows by order id, the ledger's rows with their mark. kept: so many cannot leave.

    obstacle: what keeps all that could leave in Orders, "" for nothing; None where nothing could.
    """

    rows: Mapping[str, Row] = field(default_factory=dict)
    ledger: tuple[Row, ...] = ()
    kept: int = 0
    obstacle: str | None = None

    def without(self, keys: Collection[str]) -> Moving:
        """The same without rows that cannot leave: they are not tried again."""
        marks = [{**row, "state": STATE_KEPT, "closed": None} if row["key"] in keys else row for row in self.ledger]
        rows = {key: row for key, row in self.rows.items() if key not in keys}
        return replace(self, rows=rows, ledger=tuple(marks), kept=len(keys))


def settled(ledger: Ledger, orders: pd.DataFrame, now: datetime) -> Settled:
    """Looks whether the rows that were to leave Orders did.

    One that did is forgotten but for its id. One that somebody changed in that second stayed: it is tried once more when it
    has been closed for as long again, and then left where it is, since it holds something that cannot be compared.
    """
    known = ledger.of(Feed.ORDERS)
    states = known["state"].to_numpy(dtype=object)
    marked = [str(key) for key in known.index[(states == STATE_ARCHIVED) | (states == STATE_ARCHIVED_AGAIN)]]
    if not marked:
        return Settled(ledger)
    gone: dict[str, str] = {}
    stayed: list[Row] = []
    for key in marked:
        row = ledger.row(Feed.ORDERS, key)
        if row is None:
            continue
        if key in orders.index:
            again = row["state"] == STATE_ARCHIVED
            stayed.append({**row, "state": STATE_KEPT, "closed": now.isoformat() if again else None})
        else:
            gone[key] = str(row["refunded"] or "")
    archived, meta = ledger.archived.added(gone)
    return Settled(ledger.without(Feed.ORDERS, gone, archived).patched(stayed), gone, tuple(stayed), meta)


def received_since(archive: pd.DataFrame, key: str, asked: datetime) -> bool:
    """Whether a row of this order came into the sheet at `asked` or later. asked: in the sheet's own time zone.

    To the minute, which is all that a Google Sheet shows of a time. Where a clock was put back in that hour, a time the
    sheet shows happened twice: the later one counts, since an order stays in Orders for days before it stands in Archive.
    """
    minute, zone = asked.astimezone(UTC).replace(second=0, microsecond=0), asked.tzinfo
    times = archive["received"].to_numpy(dtype=object)[archive.index == key]
    return any(
        isinstance(time, datetime) and time.replace(tzinfo=zone, fold=1).astimezone(UTC) >= minute for time in times
    )


def leaving(
    snapshot: Snapshot,
    ledger: Ledger,
    plan: Plan,
    obstacle: Callable[[Collection[str]], tuple[str, set[str]]],
    *,
    now: datetime,
    days: int,
    busy: Collection[str] = (),
) -> Moving:
    """What `moving` finds, less what the workbook keeps where it is. obstacle: the port's; it looks at what was read."""
    found = moving(snapshot, ledger, plan, now=now, days=days, busy=busy)
    if not found.rows:
        return found
    if snapshot.meta.get(OBSTACLE) == refused_on(now):
        return Moving(obstacle=REFUSED)
    stuck, held = obstacle(found.rows)
    return Moving(obstacle=stuck) if stuck else replace(found.without(held), obstacle="")


def refused_on(now: datetime) -> str:
    """The meta entry of a workbook that refused: it is tried again on another day."""
    return f"{REFUSED} {now:%Y-%m-%d}"


def moving(
    snapshot: Snapshot, ledger: Ledger, plan: Plan, *, now: datetime, days: int, busy: Collection[str] = ()
) -> Moving:
    """The orders that have been closed for `days` and about which there is nothing left to do or to say.

    Nothing in doubt, refused, held, edited or answered in this plan, no open cancel request or refill. busy: ids this run
    writes something else about. At most MOST_ROWS, the longest closed first. days 0: none, ever.
    """
    if not days:
        return Moving()
    frame = snapshot.tabs[Feed.ORDERS.value]
    due = sorted(_due(ledger, now - timedelta(days=days)))
    if not due or Feed.ORDERS in plan.shut:
        return Moving()
    spoken = {(note.tab, note.key) for note in plan.notes} | {
        (push.feed.value, push.key) for push in (*plan.pushes, *plan.held)
    }
    written = {(str(row["tab"]), str(row["key"])) for row in plan.settled}
    taken = set(busy) | {push.order_id for push in (*plan.pushes, *plan.held)} | _asked_about(ledger)
    places = {key: place for place, key in enumerate(frame.index.tolist())}
    twice = set(frame.index[frame.index.duplicated()]) if not frame.index.is_unique else set()
    columns = {str(name): frame[name].to_numpy(dtype=object) for name in frame.columns}
    rows: dict[str, Row] = {}
    marks: list[Row] = []
    size = 0
    for _, key in due:
        place = (Feed.ORDERS.value, key)
        if key not in places or key in twice or key in taken or place in spoken or place in written:
            continue
        known = ledger.row(*place)
        if known is None or known["refused"] or known["sending"]:
            continue
        row: Row = {name: cells_[places[key]] for name, cells_ in columns.items() if name not in (ROW, STATE)}
        if any(isinstance(cell, cells.Formula) for cell in row.values()):
            continue
        if not _agrees(row, known):
            continue
        rows[key] = {**row, "closed": datetime.fromisoformat(str(known["closed"]))}
        again = known["state"] == STATE_KEPT
        marks.append({**known, "state": STATE_ARCHIVED_AGAIN if again else STATE_ARCHIVED})
        size += sum(len(cell) for cell in row.values() if isinstance(cell, str))
        if len(rows) == MOST_ROWS or size > MOST_CHARACTERS:
            break
    return Moving(rows, tuple(marks))


def _due(ledger: Ledger, before: datetime) -> list[tuple[datetime, str]]:
    """(when closed, id) of the orders closed before then."""
    known = ledger.of(Feed.ORDERS)
    found = []
    columns = (known[name].to_numpy(dtype=object) for name in ("state", "closed"))
    for key, state, closed in zip(known.index, *columns, strict=True):
        if closed is not None and state in (STATE_CLOSED, STATE_KEPT):
            at = datetime.fromisoformat(str(closed))
            if at < before:
                found.append((at, str(key)))
    return found


def _asked_about(ledger: Ledger) -> set[str]:
    """The orders that an open refill or cancel request is about."""
    found: set[str] = set()
    for feed in (Feed.REFILLS, Feed.CANCELS):
        known = ledger.of(feed)
        states = known["state"].to_numpy(dtype=object)
        found |= {str(order) for order in known["order_id"].to_numpy(dtype=object)[states == STATE_OPEN] if order}
        found |= {sending.order_id for _, _, sending in ledger.sendings(feed)}
    return found


def _agrees(row: Row, known: Row) -> bool:
    """Whether the row's cells are the ones the ledger saw last: what was typed since is looked at by a plan first."""
    return all(row.get(name) == known[name + SEEN] for name in (*WATCHED[Feed.ORDERS], UNSURE))


def told(moved: Moving, days: int, say: Words) -> list[str]:
    """What a run says about the orders it moved."""
    said = kept(moved, say)
    if moved.rows:
        count = len(moved.rows)
        what = say.amount_of("orders", count)
        said.append(say.MESSAGES["archived"].format(count=count, what=what, days=days, tab=say.TAB["archive"]))
    return said


def kept(moved: Moving, say: Words) -> list[str]:
    """How many rows cannot leave, and why."""
    if not moved.kept:
        return []
    return [say.MESSAGES["kept"].format(count=moved.kept, tab=say.TAB["orders"], archive=say.TAB["archive"])]


def stayed(done: Settled, say: Words) -> list[str]:
    """What a run says about rows that did not leave although an earlier run moved them."""
    return [say.MESSAGES["stayed"].format(key=row["key"], tab=say.TAB["archive"]) for row in done.stayed]


def stuck(obstacle: str | None, say: Words) -> list[str]:
    """What keeps all rows in Orders, and what to do about it."""
    if not obstacle:
        return []
    return [say.MESSAGES[STUCK[obstacle]].format(tab=say.TAB["orders"], archive=say.TAB["archive"])]


def outdated(done: Settled, say: Words) -> dict[str, str]:
    """Order id → what its copy in Archive is to say, for rows that stayed after all."""
    text = say.NOT_ARCHIVED.format(tab=say.TAB["orders"])
    return {str(row["key"]): say.sync_text(str(row["key"]), Kind.INFO, text) for row in done.stayed}
