"""What becomes of a ledger row when something was sent: about to be, accepted, refused, in doubt, known by other means.

The one place for it: the run that lived, a run that takes over (the journal knew), staff who say so in the row and an operator
who says so by `resolve` all come here, so one outcome leaves one row.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.feeds import FEEDS
from reconcile.core.ledger import (
    SEEN,
    STATE_CLOSED,
    STATE_OPEN,
    UNCONFIRMED,
    Sending,
    blank_row,
    marks,
    refusals,
    refusals_text,
)
from reconcile.core.model import CLOSED_THERE, SYNC, UNSURE, Action, Feed, RefillStatus, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    import pandas as pd

    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Cell, Push, Row
    from reconcile.core.words import Words

UNCLEAR: Final = "unclear"
"""The mark of a row whose update got no clear answer: in how many runs, and what the panel said last."""

SENT: Final = "sent"
"""The `status` of a payment or ticket that the panel accepted."""

Values = dict[str, tuple[str, "Cell"]]
"""What a call says: field → (canonical value, raw cell)."""


# --- before the call ---------------------------------------------------------------------------------------------------


def marked(push: Push, ledger: Ledger, frame: pd.DataFrame, *, run: str, when: str, what: str) -> Row:
    """The ledger row of a once-only push with its `sending` mark: committed before the call is made. what: the push in words."""
    row = ledger.row(push.feed, push.key) or blank_row(push.feed, push.key)
    if not push.feed.claimed and not push.again:
        # what it said when it was sent, under whatever Reference the row may stand later; the old Send value is cleared, or a
        # failed retry would look unchanged
        said: Row = {"user": cell(frame, push.key, "user"), "link": _mark(push.feed, frame, push.key)}
        row = {**row, **said, "status_seen": None}
    sending = Sending(
        action=push.action.value,
        target=push.target,
        run=run,
        at=when,
        what=what,
        values=_values(push),
        params=push.params,
        order_id=push.order_id,
    )
    return {**row, "sending": sending.text(), "unsure_seen": cell(frame, push.key, UNSURE)}


def unconfirmed(push: Push, row: Row) -> Row:
    """The ledger row while it is not known what the panel has: committed before the call is made, and kept after an unclear one.

    Whatever the cells show then is sent by the next run, also when staff have put the old value back meanwhile.
    """
    out: Row = dict(row)
    for change in push.changes:
        out[change.field] = None
        out[change.field + SEEN] = UNCONFIRMED
    return out


# --- after it ----------------------------------------------------------------------------------------------------------


def accepted(push: Push, row: Row, now: datetime, remains: Cell = None) -> Row:
    """The ledger row after the panel accepted `push`. remains: what the row's Remains cell shows, see `beside_cancel`."""
    if not push.once:
        taken = _taken(row, _values(push))
        return dated(reopened(taken) if push.undoes else closed_state(taken), now)
    return _went_through(row, push.feed, push.action, _values(push), now, remains)


def went_through(row: Row, sending: Sending, now: datetime | None, remains: Cell = None) -> Row:
    """The ledger row once a send of unknown outcome is known to have happened: as if the panel had just accepted it."""
    return _went_through(row, Feed(str(row["tab"])), Action(sending.action), sending.values, now, remains)


def refused(push: Push, row: Row, reason: str, say: Words) -> Row:
    """The ledger row after the panel refused `push`: the values are seen, so they are not an edit until they change."""
    out = _refused(row, _values(push), say.sentence(reason))
    return {**out, "sending": None} if push.once else out


def send_refused(row: Row, sending: Sending, reason: str, say: Words) -> Row:
    """The same for a send whose run did not hear of it."""
    return {**_refused(row, sending.values, say.sentence(reason)), "sending": None}


def not_sent(row: Row) -> Row:
    """The ledger row of a send that surely was not made: it is an edit as before."""
    return {**row, "sending": None}


def in_doubt(row: Row, sending: Sending) -> Row:
    """The ledger row of a send whose outcome nobody knows: a person decides."""
    return {**row, "sending": replace(sending, doubt=True).text()}


def send_again(row: Row, sending: Sending, unsure: Cell) -> Row:
    """The ledger row of a send in doubt that a person wants sent again, said outside its row."""
    return {**row, "sending": replace(sending, again=True).text(), "unsure_seen": unsure}


def order_closed(sending: Sending, ledger: Ledger, now: datetime | None) -> Row | None:
    """The ledger row of the order that a send from the Cancels tab refunded, None when there is none."""
    order = ledger.row(Feed.ORDERS, sending.order_id)
    return None if order is None else refunded(order, Action(sending.action), sending.values, now)


def refunded(order: Row, action: Action, values: Mapping[str, tuple[str, Cell]], now: datetime | None) -> Row | None:
    """An order's ledger row after a call from the Cancels tab refunded it, None when the call moves no money."""
    status = refund_by(action, values)
    if status is None:
        return None
    remains = values.get("remains", (order["remains"], None))[0]
    return dated(closed_state({**order, "status": status, "remains": remains, "refunded": status}), now)


# --- pieces ------------------------------------------------------------------------------------------------------------


def _values(push: Push) -> Values:
    return {change.field: (change.new, change.raw) for change in push.changes}


def _column(name: str) -> str:
    """The ledger's column for a field: a payment or ticket has no watched cell, its Send is kept under `status`."""
    return "status" if name == "send" else name


def _taken(row: Row, values: Mapping[str, tuple[str, Cell]]) -> Row:
    """The values are the panel's, and seen; what it refused of them before is over."""
    out: Row = dict(row)
    for name, (value, raw) in values.items():
        out[_column(name)] = SENT if name == "send" else value
        out[_column(name) + SEEN] = raw
    left = {name: why for name, why in refusals(row.get("refused")).items() if name not in values}
    out["refused"] = refusals_text(left, answered(row))
    return out


def _went_through(
    row: Row,
    feed: Feed,
    action: Action,
    values: Mapping[str, tuple[str, Cell]],
    now: datetime | None,
    remains: Cell,
) -> Row:
    out = _taken(row, values) | {"sending": None, **beside_cancel(feed, action.value, remains)}
    out["refunded"] = refund_by(action, values) or out["refunded"]
    if not feed.claimed and now is not None:
        out["received"] = stamp(now)
    return dated(closed_state(out), now)


def _refused(row: Row, values: Mapping[str, tuple[str, Cell]], reason: str) -> Row:
    out: Row = dict(row)
    left = refusals(row.get("refused"))
    for name, (value, raw) in values.items():
        left[name] = (value, reason)
        out[_column(name) + SEEN] = raw
    out["refused"] = refusals_text(left, answered(row))
    return out


def answered(row: Row) -> dict[str, tuple[str, str]]:
    """The row's marks once the panel has given a clear answer."""
    return {name: held for name, held in marks(row.get("refused")).items() if name != UNCLEAR}


def refused_besides(ledger_row: Row, sending: Sending) -> dict[str, tuple[str, str]]:
    """What the panel refused of a row, without the values of a send whose outcome was unknown."""
    return {name: why for name, why in refusals(ledger_row["refused"]).items() if name not in sending.values}


def beside_cancel(feed: Feed, action: str, remains: Cell) -> Row:
    """Also marks Remains as seen after a cancel: a canceled order is refunded whole, so its Remains has no meaning.

    Not before: where the call comes to nothing and staff choose another status, the Remains beside it are an edit like any other.
    """
    return {"remains" + SEEN: remains} if (feed, action) == (Feed.ORDERS, Action.SET_CANCELED.value) else {}


def refund_by(action: Action, changed: Collection[str]) -> str | None:
    """The status of an order after this call refunded it, None when the call moves no money to a customer."""
    if action is Action.SET_CANCELED:
        return Status.CANCELED.value
    if action is Action.SET_PARTIAL or (action is Action.UPDATE_ORDERS and "remains" in changed):
        return Status.PARTIAL.value
    return None


_CLOSING: Final = (
    *(status.value for status in Status if status.closed),
    CLOSED_THERE,
    RefillStatus.REJECTED.value,
    SENT,
)


def closed_state(row: Row) -> Row:
    """`row` with `state` closed when what the panel accepted closes it."""
    return {**row, "state": STATE_CLOSED} if ended(row) and row.get("state") == STATE_OPEN else row


def ended(row: Row) -> bool:
    """Whether what the panel accepted of a row closes it, whatever became of the row since."""
    return row.get("status") in _CLOSING or row.get("decision") is not None


def reopened(row: Row) -> Row:
    """`row` with `state` open again when what the panel has now is open, closed when it is not."""
    found = closed_state({**row, "state": STATE_OPEN, "closed": None})
    return {**found, "closed": row["closed"]} if found["state"] == STATE_CLOSED else found


def dated(row: Row, now: datetime | None) -> Row:
    """`row` with the time it was closed, where it is closed and nobody has said when."""
    if now is None or row["state"] != STATE_CLOSED or row["closed"] is not None:
        return row
    return {**row, "closed": stamp(now)}


def stamp(now: datetime) -> str:
    """A moment as the ledger keeps it: ISO, in UTC."""
    return now.astimezone(UTC).isoformat()


def content_mark(feed: Feed, row: Row) -> str:
    """What a payment or ticket row says, as 16 hex digits: a change after sending is noticed, nothing is stored twice.

    The same value typed differently (25 and 25.0, a space at the end) is no change.
    """
    text = json.dumps([_mark_of(row.get(name)) for name in FEEDS[feed].content])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _mark_of(cell: Cell) -> str | None:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return (str(cell).strip() or None) if cell is not None else None


def cell(frame: pd.DataFrame, key: str, name: str) -> Cell:
    """One cell of the sheet by key; None when the row is gone, stands twice, or the tab has no such column."""
    if name not in frame.columns or key not in frame.index:
        return None
    place: Any = frame.index.get_loc(key)
    if not isinstance(place, int):
        return None
    found: Cell = frame[name].to_numpy(dtype=object)[place]
    return found


def _mark(feed: Feed, frame: pd.DataFrame, key: str) -> str | None:
    if not isinstance(frame.index.get_loc(key) if key in frame.index else None, int):
        return None
    row = {str(name): cell(frame, key, str(name)) for name in frame.columns if name != SYNC}
    return content_mark(feed, row)
