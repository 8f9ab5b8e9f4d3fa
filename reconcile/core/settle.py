"""What the panel's answers do to the ledger and to the rows: the second half of a plan, as pure as the first.

The ledger says "accepted" only where the panel said so for that id; what is unknown stays as it was, and a send that may
have gone through stays marked until a person (or the journal) says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.core.ledger import (
    STATE_OPEN,
    Ledger,
    Sending,
    blank_row,
    marks,
    on_its_way,
    refusals,
    refusals_text,
)
from reconcile.core.model import (
    UNSURE,
    Action,
    Feed,
    Kind,
    Note,
    Verdict,
)
from reconcile.core.plan import at_rest, refused_text
from reconcile.core.rules import joined
from reconcile.core.transitions import (
    UNCLEAR,
    accepted,
    cell,
    dated,
    in_doubt,
    marked,
    not_sent,
    order_closed,
    refunded,
    refused,
    reopened,
    send_refused,
    unconfirmed,
    went_through,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from reconcile.core.model import Plan, Push, Result, Row
    from reconcile.core.once import Send
    from reconcile.core.words import Words


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
    rows = {place: dated(ledger.row(*place) or blank_row(*place), now) for place in places}
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
        after = accepted(push, row, now, cell(frame, push.key, "remains"))
        if push.undoes:
            return after, *_taken_back(push, row, say)
        return after, Kind.SENT, say.SENT.format(when=when, what=what(push, say))
    if result.verdict is Verdict.REFUSED:
        text = refused_text(push.feed, what(push, say), result.reason, say)
        return refused(push, row, result.reason, say), Kind.REFUSED, text
    if result.verdict is Verdict.NOT_SENT:
        return not_sent(row) if push.once else row, Kind.WAITING, say.NOT_SENT.format(what=what(push, say))
    if not push.once:
        return _unclear(push, row, result.reason, say)
    sending = Sending.parse(row["sending"])
    doubtful = in_doubt(row, sending) if sending else row
    stale = cell(frame, push.key, UNSURE) is not None
    text = (say.IN_DOUBT_STALE if stale else say.IN_DOUBT).format(what=what(push, say), when=when)
    return doubtful, Kind.DOUBT, text


def _taken_back(push: Push, row: Row, say: Words) -> tuple[Kind, str]:
    """What a row says once what was sent for it has been taken back: staff's cells stay, so what to do next is said."""
    if (
        row["state"] != STATE_OPEN
        and reopened({**row, **{c.field: c.new for c in push.changes}})["state"] == STATE_OPEN
    ):
        return Kind.INFO, say.OPEN_AGAIN.format(what=what(push, say))
    return Kind.INFO, say.TAKEN_BACK.format(what=what(push, say))


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
                rows.append(went_through(row, sending, now, cell(frame, key, "remains")))
                if feed is Feed.CANCELS and (order := order_closed(sending, ledger, now)):
                    rows.append(order)
            elif verdict is Verdict.REFUSED:
                rows.append(send_refused(row, sending, reason, say))
            elif verdict is Verdict.NOT_SENT:
                rows.append(not_sent(row))
            else:
                rows.append({**in_doubt(row, sending), "unsure_seen": cell(frame, key, UNSURE)})
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
        row = marked(push, ledger, frame, run=send.run, when=send.at, what=what(push, say))
        rows[push.feed.value, push.key] = accepted(push, row, now, cell(frame, push.key, "remains"))
        mark = Sending.parse(row["sending"]) if push.feed is Feed.CANCELS else None
        if mark is not None and (order := order_closed(mark, ledger, now)):
            rows[Feed.ORDERS.value, push.order_id] = order
    for push, send in unclear:
        row = marked(push, ledger, frames[push.feed.value], run=send.run, when=send.at, what=what(push, say))
        if mark := Sending.parse(row["sending"]):
            rows[push.feed.value, push.key] = in_doubt(row, mark)
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
    values = {change.field: (change.new, change.raw) for change in push.changes}
    closed = refunded(order, push.action, values, now)
    if closed is None:
        return
    rows[place] = closed
    status = str(closed["status"])
    text = say.CLOSED_ELSEWHERE.format(status=say.choice(status), tab=say.TAB[Feed.CANCELS])
    said.setdefault(place, []).append((Kind.SENT, f"{when}: {text}"))


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
    if push.undoes:
        told = f"{told} ({say.PHRASES['undoes'].format(run=push.undoes)})"
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
