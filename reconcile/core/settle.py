"""What the panel's answers do to the ledger and to the rows: the second half of a plan, as pure as the first.

The ledger says "accepted" only where the panel said so for that id; what is unknown stays as it was, and a send that may
have gone through stays marked until a person (or the journal) says which.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reconcile.core.ledger import (
    SEEN,
    STATE_CLOSED,
    UNCONFIRMED,
    Ledger,
    Sending,
    blank_row,
    marks,
    on_its_way,
    refusals,
    refusals_text,
)
from reconcile.core.model import (
    SYNC,
    UNSURE,
    Action,
    Feed,
    Kind,
    Note,
    Status,
    Verdict,
)
from reconcile.core.plan import (
    at_rest,
    beside_cancel,
    closed_by,
    closed_state,
    content_mark,
    refund_by,
    refused_text,
    went_through,
)
from reconcile.core.rules import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from reconcile.core.model import Cell, Plan, Push, Result, Row
    from reconcile.core.once import Send
    from reconcile.core.words import Words


UNCLEAR = "unclear"
UNCLEAR_RUNS = 3
"""After so many runs in a row without a clear answer about a row, a person has to look at it."""


@dataclass(frozen=True)
class Settled:
    """What a run's results come to: ledger rows, notes and history lines for its last commit."""

    ledger: tuple[Row, ...]
    notes: tuple[Note, ...]
    history: tuple[Row, ...]


def what(push: Push, say: Words) -> str:
    """A push in words, for sentences: `the partial refund (Remains 50)`, `Status Completed`."""
    if push.once:
        return sent_what(push.action, {c.field: c.new for c in push.changes}, push.feed, say)
    return say.changes((c.field, c.new) for c in push.changes)


def sent_what(action: Action, values: Mapping[str, str], feed: Feed, say: Words) -> str:
    """A refund, payment or ticket in words."""
    extra = [(name, value) for name, value in values.items() if name == "remains"]
    amount = [("amount", value) for name, value in values.items() if name == "send" and feed is Feed.PAYMENTS]
    inside = say.changes([*extra, *amount])
    return say.SENDS[action] + (f" ({inside})" if inside else "")


def marked(push: Push, ledger: Ledger, frame: pd.DataFrame, *, run: str, when: str, say: Words) -> Row:
    """The ledger row of a once-only push with its `sending` mark: committed before the call is made."""
    row = ledger.row(push.feed, push.key) or blank_row(push.feed, push.key)
    if not push.feed.claimed and not push.again:
        # what it said when it was sent, under whatever Reference the row may stand later; the Yes of an earlier, refused try
        # is forgotten, or a try that comes to nothing would leave a row that looks as if nothing had changed in it
        said: Row = {"user": _cell(frame, push.key, "user"), "link": _mark(push.feed, frame, push.key)}
        row = {**row, **said, "status_seen": None}
    sending = Sending(
        action=push.action.value,
        target=push.target,
        run=run,
        at=when,
        what=what(push, say),
        values={change.field: (change.new, change.raw) for change in push.changes},
        params=push.params,
        order_id=push.order_id,
    )
    return {**row, "sending": sending.text(), "unsure_seen": _cell(frame, push.key, UNSURE)}


def unconfirmed(push: Push, row: Row) -> Row:
    """The ledger row while it is not known what the panel has: committed before the call is made, and kept after an unclear one.

    Whatever the cells show then is sent by the next run, also when staff have put the old value back meanwhile.
    """
    out: Row = dict(row)
    for change in push.changes:
        out[change.field] = None
        out[change.field + SEEN] = UNCONFIRMED
    return out


def settle(
    plan: Plan,
    results: Sequence[Result],
    ledger: Ledger,
    frames: Mapping[str, pd.DataFrame],
    *,
    run: str,
    now: datetime,
    when: str,
    overtook: bool = False,
) -> Settled:
    """Ledger rows, notes and history for `results` (one per push of `plan`).

    ledger: with what this run planned, marked and landed in it. when: the time in the sheet's zone, as people read it.
    overtook: a run from elsewhere held the lease when this one began, and nobody knows that it has ended.
    """
    say = plan.words
    # as the ledger has them now, not as they were planned: since then the panel may have handed the same one out again
    places = [(str(row["tab"]), str(row["key"])) for row in plan.settled]
    rows = {place: _dated(ledger.row(*place) or blank_row(*place), now) for place in places}
    said: dict[tuple[str, str], list[tuple[Kind, str]]] = {}
    numbers: dict[tuple[str, str], int] = {}
    history: list[Row] = []
    for result in results:
        push = result.push
        place = (push.feed.value, push.key)
        row = rows.get(place) or ledger.row(*place) or blank_row(*place)
        numbers[place] = push.row
        after, kind, text = _one(result, row, frames[push.feed.value], when, now, say)
        if overtook and result.verdict is Verdict.ACCEPTED and not push.once and on_its_way(row):
            after = unconfirmed(push, row)  # the other run's word may arrive last: the next run says ours once more
        if after != row or place in rows or not push.once:  # `unconfirmed` stands in the sheet: it is always replaced
            rows[place] = after
        said.setdefault(place, []).append((kind, text))
        history.extend(_history(result, run, now, say))
        if result.verdict is Verdict.ACCEPTED and push.refund and push.feed is Feed.CANCELS:
            _order_closed(push, rows, said, ledger, now, when, say)
    notes = {(note.tab, note.key): note for note in plan.notes}
    for place, parts in said.items():
        notes[place] = _merged(place, numbers.get(place, 0), parts, notes.get(place), say)
    return Settled(tuple(rows.values()), tuple(notes.values()), tuple(history))


def _one(result: Result, row: Row, frame: pd.DataFrame, when: str, now: datetime, say: Words) -> tuple[Row, Kind, str]:
    push = result.push
    if result.verdict is Verdict.ACCEPTED:
        seen = beside_cancel(push.feed, push.action.value, _cell(frame, push.key, "remains"))
        return {**accepted(push, row, now), **seen}, Kind.SENT, say.SENT.format(when=when, what=what(push, say))
    if result.verdict is Verdict.REFUSED:
        text = refused_text(push.feed, what(push, say), result.reason, say)
        return refused(push, row, result.reason, say), Kind.REFUSED, text
    if result.verdict is Verdict.NOT_SENT:
        cleared = {**row, "sending": None} if push.once else row
        return cleared, Kind.WAITING, say.NOT_SENT.format(what=what(push, say))
    if not push.once:
        return _unclear(push, row, result.reason, say)
    sending = Sending.parse(row["sending"])
    doubtful = {**row, "sending": replace(sending, doubt=True).text()} if sending else row
    stale = _cell(frame, push.key, UNSURE) is not None
    text = (say.IN_DOUBT_STALE if stale else say.IN_DOUBT).format(what=what(push, say), when=when)
    return doubtful, Kind.DOUBT, text


def accepted(push: Push, row: Row, now: datetime) -> Row:
    """The ledger row after the panel accepted `push`."""
    out: Row = dict(row)
    left = refusals(row.get("refused"))
    for change in push.changes:
        left.pop(change.field, None)
        if change.field == "send":
            out.update(status="sent", status_seen=change.raw)
        else:
            out[change.field] = change.new
            out[change.field + SEEN] = change.raw
    out["refused"] = refusals_text(left, _answered(row))
    if push.once:
        out["sending"] = None
        out["refunded"] = refund_by(push.action, [c.field for c in push.changes]) or out["refunded"]
    if not push.feed.claimed:
        out["received"] = now.isoformat()
    return _dated(closed_state(out), now)


def refused(push: Push, row: Row, reason: str, say: Words) -> Row:
    """The ledger row after the panel refused `push`: the values are seen, so they are not an edit until they change."""
    out: Row = dict(row)
    left = refusals(row.get("refused"))
    for change in push.changes:
        left[change.field] = (change.new, say.sentence(reason))
        if change.field == "send":
            out["status_seen"] = change.raw
        else:
            out[change.field + SEEN] = change.raw
    out["refused"] = refusals_text(left, _answered(row))
    if push.once:
        out["sending"] = None
    return out


def _answered(row: Row) -> dict[str, tuple[str, str]]:
    """The row's marks once the panel has given a clear answer."""
    return {name: held for name, held in marks(row.get("refused")).items() if name != UNCLEAR}


def _unclear(push: Push, row: Row, reason: str, say: Words) -> tuple[Row, Kind, str]:
    """A row whose update got no clear answer: sent again by the next run; after UNCLEAR_RUNS of them a person has to look."""
    told, _ = marks(row.get("refused")).get(UNCLEAR, ("0", ""))
    count = 1 + (int(told) if told.isdecimal() else 0)
    said = {**marks(row.get("refused")), UNCLEAR: (str(count), reason)}
    after = {**unconfirmed(push, row), "refused": refusals_text(refusals(row.get("refused")), said)}
    if count < UNCLEAR_RUNS:
        return after, Kind.WAITING, say.UNKNOWN.format(what=what(push, say))
    text = say.UNCLEAR.format(what=what(push, say), count=count, reason=say.sentence(reason).rstrip("."))
    return after, Kind.PROBLEM, text


def recovered(
    ledger: Ledger,
    frames: Mapping[str, pd.DataFrame],
    outcome: Callable[[Feed, str, Sending], tuple[Verdict, str]],
    now: datetime,
    say: Words,
) -> tuple[Row, ...]:
    """Ledger rows for the `sending` marks an earlier run left behind, those in doubt included: the journal may know better.

    outcome: what is known of one send: ACCEPTED, REFUSED (with the panel's reason), NOT_SENT, or UNKNOWN.
    """
    rows = []
    for feed in Feed:
        for key, row, sending in ledger.sendings(feed):
            verdict, reason = outcome(feed, key, sending)
            if sending.doubt and verdict is Verdict.UNKNOWN:
                continue
            frame = frames[feed.value]
            if verdict is Verdict.ACCEPTED:
                seen = beside_cancel(feed, sending.action, _cell(frame, key, "remains"))
                rows.append(_dated({**went_through(row, sending), **seen}, now))
                if feed is Feed.CANCELS and (order := closed_by(sending, ledger)):
                    rows.append(_dated(order, now))
            elif verdict is Verdict.REFUSED:
                values = {name: (value, say.sentence(reason)) for name, (value, _) in sending.values.items()}
                values = {**refusals(row["refused"]), **values}
                raws = {(name if name != "send" else "status") + SEEN: raw for name, (_, raw) in sending.values.items()}
                rows.append({**row, **raws, "sending": None, "refused": refusals_text(values, _answered(row))})
            elif verdict is Verdict.NOT_SENT:
                rows.append({**row, "sending": None})
            else:
                rows.append(
                    {
                        **row,
                        "sending": replace(sending, doubt=True).text(),
                        "unsure_seen": _cell(frame, key, UNSURE),
                    }
                )
    return tuple(rows)


def heard(
    done: Iterable[tuple[Push, Send]],
    unclear: Iterable[tuple[Push, Send]],
    ledger: Ledger,
    frames: Mapping[str, pd.DataFrame],
    now: datetime,
    say: Words,
) -> list[Row]:
    """Ledger rows for refunds, payments and tickets of which the journal knows, and this ledger does not.

    done: what the panel accepted: the row is as if it had just done so. unclear: the row is in doubt, a person decides.
    ledger: with what the plan settles in it.
    """
    rows: dict[tuple[str, str], Row] = {}
    for push, send in done:
        frame = frames[push.feed.value]
        row = marked(push, ledger, frame, run=send.run, when=send.at, say=say)
        seen = beside_cancel(push.feed, push.action.value, _cell(frame, push.key, "remains"))
        rows[push.feed.value, push.key] = {**accepted(push, row, now), **seen}
        if push.feed is Feed.CANCELS and (mark := Sending.parse(row["sending"])) and (order := closed_by(mark, ledger)):
            rows[Feed.ORDERS.value, push.order_id] = _dated(order, now)
    for push, send in unclear:
        row = marked(push, ledger, frames[push.feed.value], run=send.run, when=send.at, say=say)
        if mark := Sending.parse(row["sending"]):
            rows[push.feed.value, push.key] = {**row, "sending": replace(mark, doubt=True).text()}
    return list(rows.values())


def learned(recovered: Iterable[Row], plan: Plan, frames: Mapping[str, pd.DataFrame]) -> list[Note]:
    """What the rows say of sends whose outcome only the journal still knew, where this plan has nothing newer to say of them."""
    newer = {(note.tab, note.key) for note in plan.notes} | {(push.feed.value, push.key) for push in plan.pushes}
    newer |= {(Feed.ORDERS.value, push.order_id) for push in plan.pushes}
    rows = {(str(row["tab"]), str(row["key"])): row for row in recovered if not row["sending"]}
    return [
        Note(tab, key, 0, *at_rest(Feed(tab), row, plan.words))
        for (tab, key), row in rows.items()
        if (tab, key) not in newer and key in frames[tab].index
    ]


def late_history(
    ledger: Ledger, outcome: Callable[[Feed, str, Sending], tuple[Verdict, str]], now: datetime, say: Words
) -> list[Row]:
    """History lines for the `sending` marks an earlier run left behind: it did not live to write them. outcome: as `recovered`."""
    lines: list[Row] = []
    for feed in Feed:
        for key, _, sending in ledger.sendings(feed):
            verdict, reason = outcome(feed, key, sending)
            if verdict is not Verdict.NOT_SENT and not (sending.doubt and verdict is Verdict.UNKNOWN):
                lines += sent_lines(feed, key, sending, _told(verdict, reason, say), sending.run, now, say)
    return lines


def history_of_people(ledger: Ledger, settled: Iterable[Row], run: str, now: datetime, say: Words) -> list[Row]:
    """History lines for sends in doubt of which a row says that they went through. ledger: before `settled`."""
    lines: list[Row] = []
    said = f"{say.LABEL[UNSURE]}: {say.PHRASES['it_went_through']}"
    for row in settled:
        feed, key = Feed(str(row["tab"])), str(row["key"])
        known = ledger.row(feed, key)
        sending = Sending.parse(known["sending"]) if known else None
        if sending is not None and sending.doubt and not row["sending"]:
            lines += sent_lines(feed, key, sending, said, run, now, say)
    return lines


# --- pieces ------------------------------------------------------------------------------------------------------------


def _order_closed(
    push: Push,
    rows: dict[tuple[str, str], Row],
    said: dict[tuple[str, str], list[tuple[Kind, str]]],
    ledger: Ledger,
    now: datetime,
    when: str,
    say: Words,
) -> None:
    """A refund through the Cancels tab closes its order: the ledger knows, the order's row says so, its cells stay."""
    place = (Feed.ORDERS.value, push.order_id)
    order = rows.get(place) or ledger.row(*place)
    if order is None:
        return
    status = Status.CANCELED if push.action is Action.SET_CANCELED else Status.PARTIAL
    remains = next((change.new for change in push.changes if change.field == "remains"), order["remains"])
    closed = closed_state({**order, "status": status.value, "remains": remains, "refunded": status.value})
    rows[place] = _dated(closed, now)
    text = say.CLOSED_ELSEWHERE.format(status=say.choice(status), tab=say.TAB[Feed.CANCELS])
    said.setdefault(place, []).append((Kind.SENT, f"{when}: {text}"))


def _dated(row: Row, now: datetime) -> Row:
    """`row` with the time it was closed, where it is closed and nobody has said when."""
    return {**row, "closed": now.isoformat()} if row["state"] == STATE_CLOSED and row["closed"] is None else row


def _merged(
    place: tuple[str, str], number: int, parts: list[tuple[Kind, str]], planned: Note | None, say: Words
) -> Note:
    tab, key = place
    if planned is not None:
        parts = [(planned.kind, planned.text), *parts]
        number = planned.row or number
    return Note(tab, key, number, *joined(parts, say))


def _history(result: Result, run: str, now: datetime, say: Words) -> list[Row]:
    push, told = result.push, _told(result.verdict, result.reason, say)
    return [_line(push.feed, push.key, (c.field, c.old, c.new), told, run, now, say) for c in push.changes]


def sent_lines(feed: Feed, key: str, sending: Sending, told: str, run: str, now: datetime, say: Words) -> list[Row]:
    """A send known by its mark: what stood there before is not kept in it."""
    return [_line(feed, key, (name, "", new), told, run, now, say) for name, (new, _) in sending.values.items()]


def _told(verdict: Verdict, reason: str, say: Words) -> str:
    return say.VERDICTS[verdict] + (f": {say.sentence(reason)}" if reason else "")


def _line(feed: Feed, key: str, change: tuple[str, str, str], told: str, run: str, now: datetime, say: Words) -> Row:
    """One line of History. change: field, old and new value as the panel names them."""
    name, old, new = change
    return {
        "when": now,
        "tab": say.TAB[feed],
        "id": key,
        "field": say.LABEL[name],
        "from": say.value(name, old) or None,
        "to": say.value(name, new),
        "result": told,
        "run": run,
    }


def _cell(frame: pd.DataFrame, key: str, name: str) -> Cell:
    """One cell of the sheet by key; None when the row is gone, stands twice, or the tab has no such column."""
    if name not in frame.columns or key not in frame.index:
        return None
    place: Any = frame.index.get_loc(key)
    if not isinstance(place, int):
        return None
    cell: Cell = frame[name].to_numpy(dtype=object)[place]
    return cell


def _mark(feed: Feed, frame: pd.DataFrame, key: str) -> str | None:
    if not isinstance(frame.index.get_loc(key) if key in frame.index else None, int):
        return None
    row = {str(name): _cell(frame, key, str(name)) for name in frame.columns if name != SYNC}
    return content_mark(feed, row)
