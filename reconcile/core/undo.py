"""Taking back what a run told the panel: the inverse of its accepted lines of History, as a plan like any other.

Money, messages and what the panel handed out cannot be taken back; they are listed with the reason, never tried. A value that
changed again since is left alone. Staff's cells are not touched: what they showed is seen, so it is not sent again by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reconcile.core.cells import id_text
from reconcile.core.ledger import SEEN, STATE_OPEN, UNCONFIRMED, WATCHED
from reconcile.core.model import ROW, Action, Change, Decision, Feed, Limit, Plan, Push, RefillStatus, Status, Verdict
from reconcile.core.plan import digest
from reconcile.core.rules import REFILL_ACTION

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Cell, Row, Snapshot
    from reconcile.core.plan import Rules
    from reconcile.core.words import Words


class Why(StrEnum):
    """Why something is not taken back."""

    MONEY = "money"
    MESSAGE = "message"
    DECIDED = "decided"
    BACK = "back"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    BLANK = "blank"
    NO_CALL = "no_call"
    NO_ROW = "no_row"
    DOUBT = "doubt"


REASONS: Final = {
    Why.MONEY: "it moved money, which no call takes back",
    Why.MESSAGE: "a ticket that was sent stays sent",
    Why.DECIDED: "no call takes back the answer to a cancel request",
    Why.BACK: "it is as it was before already",
    Why.CHANGED: "it has changed again since",
    Why.UNKNOWN: "it is not known what the panel had before",
    Why.BLANK: "it was blank before, and no call makes it blank",
    Why.NO_CALL: "no call brings that status back",
    Why.NO_ROW: "it has no row in its tab any more",
    Why.DOUBT: "a refund of it is in doubt",
}
"""Each reason as the end of a sentence."""

REFUNDING: Final = (Status.PARTIAL, Status.CANCELED)


@dataclass(frozen=True)
class Done:
    """One value that the panel accepted, as History has it. old: "" for blank."""

    feed: Feed
    key: str
    field: str
    old: str
    new: str
    run: str = ""


@dataclass(frozen=True)
class Kept:
    """One value that is not taken back."""

    done: Done
    why: Why


@dataclass(frozen=True)
class Undo:
    """What taking back comes to."""

    pushes: tuple[Push, ...] = ()
    kept: tuple[Kept, ...] = ()


def lines(snapshot: Snapshot, run: str | None = None, key: str | None = None) -> list[Done]:
    """The accepted values of a run, or of an id, from History, oldest first. snapshot: read with its `history`."""
    say = snapshot.words
    tabs = {say.TAB[feed]: feed for feed in Feed}
    accepted = say.VERDICTS[Verdict.ACCEPTED]
    found = []
    for row in snapshot.tabs["history"].to_dict("records"):
        feed = tabs.get(str(row.get("tab") or ""))
        if feed is None or not str(row.get("result") or "").startswith(accepted):
            continue
        if (run is not None and row.get("run") != run) or (key is not None and id_text(row.get("id")) != key):
            continue
        name = _field(feed, str(row.get("field") or ""), say)
        old, new = (_value(name, row.get(side), say) for side in ("from", "to"))
        found.append(Done(feed, id_text(row.get("id")), name, old, new, str(row.get("run") or "")))
    return found


def _field(feed: Feed, label: str, say: Words) -> str:
    """A field by the label that History shows; "send" for what staff's feeds send."""
    return next((name for name in WATCHED[feed.value] if say.LABEL[name] == label), "send")


def _value(name: str, cell: Cell, say: Words) -> str:
    """A canonical value from History's text: a choice may stand there in the sheet's language."""
    text = "" if cell is None else id_text(cell)
    if name not in ("status", "decision"):
        return text
    choices = [choice.value for kind in (Status, RefillStatus, Decision) for choice in kind]
    return next((value for value in choices if text in (value, say.choice(value))), text)


def chosen(done: Iterable[Done], tabs: Collection[Feed] = (), ids: Collection[str] = ()) -> list[Done]:
    """Those of some tabs and ids; all where none are named."""
    return [one for one in done if (not tabs or one.feed in tabs) and (not ids or one.key in ids)]


def inverse(done: Sequence[Done], snapshot: Snapshot, ledger: Ledger, run: str) -> Undo:
    """The calls that take `done` back, one per row, and what is kept. run: the run that is undone, for History."""
    money = {(one.feed, one.key) for one in done if _moves_money(one)}
    first: dict[tuple[Feed, str, str], Done] = {}
    for one in done:  # the same value twice in one run: back to what was there before the first
        place = (one.feed, one.key, one.field)
        first[place] = replace(one, old=first[place].old) if place in first else one
    kept: list[Kept] = []
    changes: dict[tuple[Feed, str], list[Change]] = {}
    for one in first.values():
        row = ledger.row(one.feed, one.key)
        why = _why_kept(one, row, snapshot, money=(one.feed, one.key) in money)
        if why is not None or row is None:
            kept.append(Kept(one, why or Why.UNKNOWN))
        elif one.old != one.new:
            changes.setdefault((one.feed, one.key), []).append(
                Change(one.field, one.new, one.old, _seen(one, row, snapshot))
            )
    pushes = [_push(feed, key, tuple(found), snapshot, run) for (feed, key), found in changes.items()]
    order = list(Feed)
    return Undo(tuple(sorted(pushes, key=lambda push: (order.index(push.feed), push.row, push.key))), tuple(kept))


def _moves_money(one: Done) -> bool:
    return (
        one.feed is Feed.PAYMENTS
        or (one.feed is Feed.ORDERS and one.field == "status" and one.new in REFUNDING)
        or (one.feed is Feed.CANCELS and one.new in (Decision.REFUND, Decision.PARTIAL))
    )


def _why_kept(one: Done, row: Row | None, snapshot: Snapshot, *, money: bool) -> Why | None:
    """Why a value is not taken back; None where it is."""
    if money:
        return Why.MONEY
    if not one.feed.claimed:
        return Why.MESSAGE
    if one.feed is Feed.CANCELS:
        return Why.DECIDED
    if one.key not in snapshot.tabs[one.feed.value].index:
        return Why.NO_ROW
    if row is None or row[one.field] != one.new:
        return Why.BACK if row is not None and one.old and row[one.field] == one.old else Why.CHANGED
    if row["sending"]:
        return Why.DOUBT
    if one.field != "status":
        return None if one.old else Why.BLANK
    if one.feed is Feed.ORDERS:
        known = [status.value for status in Status if status not in REFUNDING]
        return None if one.old in known else Why.NO_CALL if one.old else Why.UNKNOWN
    back = [status.value for status in REFILL_ACTION]
    return None if one.old in back else Why.NO_CALL if one.old else Why.UNKNOWN


def _seen(one: Done, row: Row, snapshot: Snapshot) -> Cell:
    """What counts as seen of the cell afterwards: what it showed when the value was sent. Anything newer stays an edit."""
    seen = row[one.field + SEEN]
    if seen != UNCONFIRMED:
        return seen
    frame = snapshot.tabs[one.feed.value]
    cell: Cell = frame[one.field].to_numpy(dtype=object)[frame.index.tolist().index(one.key)]
    return cell


def _push(feed: Feed, key: str, changes: tuple[Change, ...], snapshot: Snapshot, run: str) -> Push:
    frame = snapshot.tabs[feed.value]
    number = frame[ROW].to_numpy(dtype=object)[frame.index.tolist().index(key)]
    action = Action.UPDATE_ORDERS if feed is Feed.ORDERS else REFILL_ACTION[RefillStatus(changes[0].new)]
    return Push(feed, key, int(number), action, key, changes, order_id=key if feed is Feed.ORDERS else "", undoes=run)


# --- one order -----------------------------------------------------------------------------------------------------------


def reopening(key: str, snapshot: Snapshot, ledger: Ledger) -> Done | None:
    """The closing of an order as something to take back: to the status before it, else to In progress. None: it is not closed."""
    row = ledger.row(Feed.ORDERS, key)
    status = None if row is None else row["status"]
    if row is None or status not in [one.value for one in Status if one.closed]:
        return None
    before = [
        one
        for one in lines(snapshot, key=key)
        if one.feed is Feed.ORDERS and one.field == "status" and one.new == status
    ]
    old = before[-1].old if before else ""
    opened = [one.value for one in Status if not one.closed]
    return Done(Feed.ORDERS, key, "status", old if old in opened else Status.IN_PROGRESS.value, str(status))


# --- as a plan -----------------------------------------------------------------------------------------------------------


def plan(undo: Undo, snapshot: Snapshot, ledger: Ledger, rules: Rules, *, force: bool = False) -> Plan:
    """The plan of a run that takes back: the limit on how many orders are closed at once holds here, too."""
    say = snapshot.words
    limits = tuple(_limits(undo, ledger, rules, say))
    held = tuple(push for push in undo.pushes if any(limit.holds((push.feed.value, push.key)) for limit in limits))
    held = () if force else held
    sent = tuple(push for push in undo.pushes if push not in held)
    runs = list(dict.fromkeys(push.undoes for push in undo.pushes))
    told = [say.MESSAGES["undone"].format(run=runs[0], count=len(sent), kept=len(undo.kept))] if runs and sent else []
    return Plan(
        pushes=sent,
        limits=limits,
        messages=tuple(told),
        digest=digest(undo.pushes),
        words=say,
        forced=force,
        held=held,
    )


def _limits(undo: Undo, ledger: Ledger, rules: Rules, say: Words) -> Iterable[Limit]:
    closing = [
        (push.feed.value, push.key)
        for push in undo.pushes
        if push.feed is Feed.ORDERS and any(c.field == "status" and Status(c.new).closed for c in push.changes)
    ]
    total = Counter(ledger.of(Feed.ORDERS.value)["state"].to_numpy(dtype=object))[STATE_OPEN]
    share = 100 * len(closing) / total if total else 0.0
    if total >= rules.closed_floor and share > rules.max_closed_share:
        text = say.LIMITS["max_closed_share"].format(
            count=len(closing), total=total, share=f"{share:.1f}", most=rules.max_closed_share
        )
        yield Limit("max_closed_share", text, tuple(sorted(closing)))


# --- runs ----------------------------------------------------------------------------------------------------------------


def runs(snapshot: Snapshot) -> list[Row]:
    """The lines of Runs, newest last, without what only the workbook needs. snapshot: read with its `runs`."""
    return [_plain(row) for row in snapshot.tabs["runs"].to_dict("records")]


def history(
    snapshot: Snapshot, *, run: str | None = None, key: str | None = None, since: datetime | None = None
) -> list[Row]:
    """The lines of History of a run, of an id, from a time of the sheet on (naive); of all where nothing is asked."""
    found = []
    for row in snapshot.tabs["history"].to_dict("records"):
        when = row.get("when")
        if run is not None and row.get("run") != run:
            continue
        if key is not None and id_text(row.get("id")) != key:
            continue
        if since is not None and not (isinstance(when, datetime) and when.replace(tzinfo=None) >= since):
            continue
        found.append(_plain(row))
    return found


def _plain(row: dict[object, Cell]) -> Row:
    return {str(name): value for name, value in row.items() if name != ROW}
