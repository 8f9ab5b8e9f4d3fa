"""What one edited row means: what to push, what to remember, what to answer. One function per feed, each pure.

A row is decided alone; what concerns several rows (doubled ids, one refund per order, limits, accidents) is in `plan`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from reconcile.core import cells, feeds
from reconcile.core.facts import says_closed
from reconcile.core.ledger import SEEN, UNCONFIRMED, WATCHED, refusals
from reconcile.core.model import (
    CLOSED_THERE,
    Action,
    Change,
    Decision,
    Feed,
    Kind,
    Push,
    RefillStatus,
    Status,
    Unsure,
    YesNo,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconcile.core.model import Cell, Row
    from reconcile.core.words import Words

SEVERITY: Final = (Kind.DOUBT, Kind.HELD, Kind.PROBLEM, Kind.REFUSED, Kind.WAITING, Kind.INFO, Kind.SENT, Kind.NEW)

ORDER_ACTION: Final = {Status.PARTIAL: Action.SET_PARTIAL, Status.CANCELED: Action.SET_CANCELED}
REFILL_ACTION: Final = {
    RefillStatus.IN_PROGRESS: Action.SET_REFILL_IN_PROGRESS,
    RefillStatus.COMPLETED: Action.SET_REFILL_COMPLETED,
    RefillStatus.REJECTED: Action.SET_REFILL_REJECTED,
}
LONGEST_LINE: Final = 1_000
LONGEST_MESSAGE: Final = 10_000
"""What is sent at most once is kept whole in one cell of the ledger until its outcome is known, so it must fit there."""

SHORTEST_ID: Final = 3
"""A shorter ID is a count like any other."""

ONCE: Final = ("once", "yes")
"""Marks a push through `updateOrders` that moves money all the same (setting partial_via)."""


@dataclass
class Decided:
    """What one row came to.

    seen: cells to remember as shown although nothing is pushed for them. forgotten: fields whose refusal is over, because the
    cell was put back or cleared. asked: whether what the row says in If unsure answers a question about it, and so is not over.
    settled: what the ledger knows from now on although nothing is pushed.
    """

    pushes: list[Push] = field(default_factory=list)
    seen: dict[str, Cell] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    asked: bool = False
    settled: dict[str, Cell] = field(default_factory=dict)
    answers: list[tuple[Kind, str]] = field(default_factory=list)

    def say(self, kind: Kind, text: str) -> None:
        """Adds one answer, once."""
        if (kind, text) not in self.answers:
            self.answers.append((kind, text))


def joined(parts: Iterable[tuple[Kind, str]], say: Words) -> tuple[Kind, str]:
    """A row's answers as one, the gravest first: that is the kind it is shown as."""
    ordered = sorted(parts, key=lambda part: SEVERITY.index(part[0]))
    return ordered[0][0], say.join(ordered)


# --- orders ----------------------------------------------------------------------------------------------------------


def order(key: str, row: Row, ledger: Row, edits: Mapping[str, Cell], *, partial_via: str, say: Words) -> Decided:
    """One order row whose `edits` (field → raw) moved since the ledger.

    Statuses move between open ones freely and into a closed one once; a closed order stays closed (docs/design.md 7). Start count
    and remains go with the status in one `updateOrders` entry; Partial and Canceled go by the calls documented to refund.
    """
    out = Decided()
    wanted = _wanted(row, ledger, edits, Feed.ORDERS, out, say)
    if _is_closed(ledger):
        return _stays_closed(out, key, row, ledger, edits, wanted, say)
    if wanted.get("status") == CLOSED_THERE:
        return _closed_there(row, ledger, say)
    status = Status(wanted["status"]) if "status" in wanted else None
    if question := _question(key, row, ledger, edits, wanted, status, say):
        if not _answered(row, ledger, say):
            out.say(Kind.HELD, say.ASK.format(what=question))
            return out
        out.asked = True
    if status in ORDER_ACTION:
        return _refund(out, key, row, ledger, edits, wanted, status, partial_via, say)
    remains = wanted.get("remains")
    quantity = quantity_of(ledger, row)
    if remains is not None and quantity is not None and int(remains) > quantity:
        out.say(Kind.PROBLEM, say.REMAINS_OVER.format(remains=remains, quantity=quantity))
        remains = None
    elif status is Status.COMPLETED and (left := _shown_remains(row, say)):
        out.say(Kind.PROBLEM, say.COMPLETED_WITH_REMAINS.format(remains=left))
        remains = None
    elif status is Status.COMPLETED and remains is None and cells.is_blank(row.get("remains")) and _left(ledger):
        out.say(Kind.PROBLEM, say.COMPLETED_AT_PANEL.format(remains=_left(ledger)))
    if out.answers and status is Status.COMPLETED:
        status = None  # a row with something wrong in it is not closed on a guess
    sent = {**wanted, "status": status, "remains": remains}
    changes = [
        Change(name, _accepted(ledger, name), str(value), row[name])
        for name in WATCHED[Feed.ORDERS]
        if (value := sent.get(name)) is not None
    ]
    if changes:
        out.pushes.append(
            Push(Feed.ORDERS, key, _row_number(row), Action.UPDATE_ORDERS, key, tuple(changes), order_id=key)
        )
    elif not out.answers and (has := _cleared(ledger, edits)):
        out.say(Kind.INFO, say.CLEARED_HERE.format(what=say.changes(has)))
    return out


def _cleared(ledger: Row, edits: Mapping[str, Cell]) -> list[tuple[str, str]]:
    """The counts that were cleared here although the panel has them: (field, the panel's value)."""
    names = [name for name in ("start_count", "remains") if name in edits and cells.is_blank(edits[name])]
    return [(name, has) for name in names if (has := _accepted(ledger, name))]


def _is_closed(ledger: Row) -> bool:
    """Whether the agreed status is a closed one, or the one that says the panel closed it."""
    accepted = _status(ledger)
    return (isinstance(accepted, Status) and accepted.closed) or ledger.get("status") == CLOSED_THERE


def _stays_closed(
    out: Decided,
    key: str,
    row: Row,
    ledger: Row,
    edits: Mapping[str, Cell],
    wanted: dict[str, str],
    say: Words,
) -> Decided:
    """A closed order: what was typed since is refused, but for a start count that was on its way when it was closed."""
    if ledger.get("start_count" + SEEN) == UNCONFIRMED:
        _with_start_count(out, key, row, ledger, wanted, edits)
        wanted.pop("start_count", None)
    if wanted:
        status = _status(ledger) or CLOSED_THERE
        out.answers = [(Kind.PROBLEM, say.CLOSED_STAYS.format(status=say.choice(status), label=say.named(wanted)))]
    return out


def _left(ledger: Row) -> str:
    """What the panel has as Remains, "" for nothing and 0."""
    has = _accepted(ledger, "remains")
    return "" if has == "0" else has


def _question(
    key: str,
    row: Row,
    ledger: Row,
    edits: Mapping[str, Cell],
    wanted: Mapping[str, str],
    status: Status | None,
    say: Words,
) -> str:
    """What in this row can be right but seldom is, in words; "" for nothing."""
    found = cells.count(row.get("remains"), say.LABEL["remains"], say)
    remains = found if isinstance(found, str) else ""
    if wanted.get("start_count") == key and "start_count" in edits and len(key) >= SHORTEST_ID:
        return say.START_IS_ID.format(value=key)
    if status is Status.CANCELED and "remains" in edits and remains not in ("", "0"):
        return say.CANCELED_WITH_REMAINS.format(remains=remains)
    if status is Status.PARTIAL and remains and int(remains) == (quantity_of(ledger, row) or 0):
        return say.PARTIAL_OF_ALL.format(remains=remains)
    return ""


def _answered(row: Row, ledger: Row, say: Words) -> bool:
    """Whether If unsure says, since the question, that the row is to be sent as it is."""
    raw = row.get("unsure")
    if raw == ledger.get("unsure_seen"):
        return False
    return cells.choice(raw, Unsure, say.LABEL["unsure"], say) is Unsure.SEND_AGAIN


def _closed_there(row: Row, ledger: Row, say: Words) -> Decided:
    """An order of which staff say that it is closed at the panel: so it is, where the panel has said so itself."""
    out = Decided()
    if not any(says_closed(reason) for _, reason in refusals(ledger.get("refused")).values()):
        out.say(Kind.PROBLEM, say.NOT_CLOSED_THERE.format(choice=say.choice(CLOSED_THERE)))
        return out
    out.seen = {name: row.get(name) for name in ("status", "start_count", "remains")}
    out.settled = {"status": CLOSED_THERE, "refused": None}
    out.say(Kind.INFO, say.UP_TO_DATE.format(what=say.changes([("status", CLOSED_THERE)])))
    return out


def _shown_remains(row: Row, say: Words) -> str:
    """What Remains shows, also when the panel has it already; "" for blank, 0 and what cannot be read."""
    found = cells.count(row.get("remains"), say.LABEL["remains"], say)
    return found if isinstance(found, str) and found != "0" else ""


def _refund(
    out: Decided,
    key: str,
    row: Row,
    ledger: Row,
    edits: Mapping[str, Cell],
    wanted: dict[str, str],
    status: Status,
    partial_via: str,
    say: Words,
) -> Decided:
    if out.answers:  # a row with something wrong in it moves no money, and a closed order could not be mended any more
        return _with_start_count(out, key, row, ledger, wanted, edits)
    remains = None
    changes = [Change("status", _accepted(ledger, "status"), status.value, row["status"])]
    if status is Status.PARTIAL:
        found = cells.count(row.get("remains"), say.LABEL["remains"], say)
        remains = found if isinstance(found, str) else None
        if isinstance(found, cells.Wrong):
            out.say(Kind.PROBLEM, found.text)
            return _with_start_count(out, key, row, ledger, wanted, edits)
        if remains is None:
            out.say(Kind.WAITING, say.PARTIAL_NEEDS_REMAINS)
            return _with_start_count(out, key, row, ledger, wanted, edits)
        if remains == "0":
            out.say(Kind.PROBLEM, say.PARTIAL_ZERO)
            return _with_start_count(out, key, row, ledger, wanted, edits)
        quantity = quantity_of(ledger, row)
        if quantity is not None and int(remains) > quantity:
            out.say(Kind.PROBLEM, say.REMAINS_OVER.format(remains=remains, quantity=quantity))
            return _with_start_count(out, key, row, ledger, wanted, edits)
        changes.append(Change("remains", _accepted(ledger, "remains"), remains, row["remains"]))
    wanted.pop("remains", None)  # beside Canceled it has nothing to say; see plan.beside_cancel
    _with_start_count(out, key, row, ledger, wanted, edits)
    by_update = status is Status.PARTIAL and partial_via == Action.UPDATE_ORDERS
    out.pushes.append(
        Push(
            Feed.ORDERS,
            key,
            _row_number(row),
            Action.UPDATE_ORDERS if by_update else ORDER_ACTION[status],
            key,
            tuple(changes),
            params=(*((("remains", remains),) if remains else ()), *((ONCE,) if by_update else ())),
            amount=refund_amount(ledger, remains, row),
            order_id=key,
            unread=unread(ledger, remains, row),
        )
    )
    return out


def _with_start_count(
    out: Decided, key: str, row: Row, ledger: Row, wanted: Mapping[str, str], edits: Mapping[str, Cell]
) -> Decided:
    """A start count is pushed by itself when the rest of the row has to wait or goes by another call."""
    if "start_count" in wanted and "start_count" in edits:
        change = Change("start_count", _accepted(ledger, "start_count"), wanted["start_count"], row["start_count"])
        out.pushes.insert(
            0, Push(Feed.ORDERS, key, _row_number(row), Action.UPDATE_ORDERS, key, (change,), order_id=key)
        )
    return out


def refund_amount(ledger: Row, remains: str | None, row: Row | None = None) -> Decimal | None:
    """What a refund is worth: the whole charge, or charge x remains / quantity. None when the panel sent no usable numbers.

    row: the order's row, for its comments.
    """
    charge = cells.panel_amount(ledger.get("charge"))
    if charge is None or not 0 <= charge <= cells.MOST:
        return None
    if remains is None:
        return charge
    quantity = quantity_of(ledger, row)
    return charge * int(remains) / quantity if quantity else None


def unread(ledger: Row, remains: str | None, row: Row | None = None) -> tuple[tuple[str, str], ...]:
    """What a refund would be worked out of, where that cannot be done; nothing where it can."""
    if refund_amount(ledger, remains, row) is not None:
        return ()
    charge = ("charge", _accepted(ledger, "charge"))
    if remains is None:
        return (charge,)
    return charge, ("quantity", _accepted(ledger, "quantity")), ("remains", remains)


def quantity_of(ledger: Row, row: Row | None = None) -> int | None:
    """How many the order is for: what the panel said, or one per line of its comments; None when neither can be read."""
    quantity = cells.panel_whole(ledger.get("quantity"))
    comments = (row or {}).get("comments")
    if quantity is not None or not cells.is_blank(ledger.get("quantity")) or not isinstance(comments, str):
        return quantity
    if " … (" in comments:
        return None  # it goes on in Long texts
    return sum(bool(line.strip()) for line in comments.splitlines()) or None


# --- refills and cancels -----------------------------------------------------------------------------------------------


def refill(key: str, row: Row, ledger: Row, edits: Mapping[str, Cell], say: Words) -> Decided:
    """One refill row. In progress, Completed and Rejected each have a call; there is none back to Pending."""
    out = Decided()
    wanted = _wanted(row, ledger, edits, Feed.REFILLS, out, say)
    if "status" not in wanted:
        return out
    accepted = _accepted(ledger, "status")
    if accepted in (RefillStatus.COMPLETED, RefillStatus.REJECTED):
        out.say(Kind.PROBLEM, say.REFILL_CLOSED.format(status=say.choice(accepted)))
        return out
    status = RefillStatus(wanted["status"])
    if status is RefillStatus.PENDING:
        out.say(Kind.PROBLEM, say.REFILL_NOT_BACK)
        return out
    change = Change("status", accepted, status.value, row["status"])
    order_id = str(ledger.get("order_id") or "")
    out.pushes.append(
        Push(Feed.REFILLS, key, _row_number(row), REFILL_ACTION[status], key, (change,), order_id=order_id)
    )
    return out


def cancel(key: str, row: Row, ledger: Row, edits: Mapping[str, Cell], order_row: Row | None, say: Words) -> Decided:
    """One cancel request. The panel has no "approve": Cancel and Partial refund act on the order, Reject on the request."""
    out = Decided()
    wanted = _wanted(row, ledger, edits, Feed.CANCELS, out, say)
    decided = _accepted(ledger, "decision")
    if not decided and (order_row or {}).get("refunded"):  # granted already, whatever is typed here now
        out.seen = {name: raw for name, raw in edits.items() if name in WATCHED[Feed.CANCELS]}
        how = say.choice(str((order_row or {}).get("refunded")))
        out.answers = [(Kind.INFO, say.REQUEST_GRANTED.format(order=str(ledger.get("order_id") or ""), status=how))]
        return out
    if decided:
        if wanted:
            out.answers = [
                (Kind.PROBLEM, say.CANCEL_DECIDED.format(decision=say.choice(decided), label=say.named(wanted)))
            ]
        return out
    if "decision" not in wanted or out.answers:
        if "remains" in wanted and cells.is_blank(row.get("decision")):
            out.say(Kind.WAITING, say.NEEDS.format(labels=say.LABEL["decision"]))
        return out
    shown = Decision(wanted["decision"])
    change = Change("decision", "", shown.value, row["decision"])
    number = _row_number(row)
    order_id = str(ledger.get("order_id") or "")
    if shown is Decision.REJECT:
        if "remains" in edits:
            out.seen["remains"] = edits["remains"]  # it has nothing to say here
        out.pushes.append(
            Push(Feed.CANCELS, key, number, Action.SET_CANCEL_REJECTED, key, (change,), order_id=order_id)
        )
        return out
    if not order_id:
        out.say(Kind.PROBLEM, say.CANCEL_NO_ORDER)
        return out
    status = _status(order_row) if order_row else None
    if status is Status.COMPLETED:
        out.say(Kind.PROBLEM, say.CANCEL_ORDER_CLOSED.format(order=order_id, status=say.choice(status)))
        return out
    facts = order_row or ledger
    if shown is Decision.REFUND:
        amount = refund_amount(facts, None)
        out.pushes.append(
            Push(
                Feed.CANCELS,
                key,
                number,
                Action.SET_CANCELED,
                order_id,
                (change,),
                amount=amount,
                order_id=order_id,
                unread=unread(facts, None),
            )
        )
        if "remains" in edits:
            out.seen["remains"] = edits["remains"]
        return out
    return _partial_cancel(out, key, row, ledger, facts, change, say)


def _partial_cancel(out: Decided, key: str, row: Row, ledger: Row, facts: Row, change: Change, say: Words) -> Decided:
    order_id = str(ledger["order_id"])
    remains = cells.count(row.get("remains"), say.LABEL["remains"], say)
    quantity = quantity_of(facts)
    if isinstance(remains, cells.Wrong):
        out.say(Kind.PROBLEM, remains.text)
    elif remains is None:
        out.say(Kind.WAITING, say.CANCEL_NEEDS_REMAINS)
    elif remains == "0":
        out.say(Kind.PROBLEM, say.PARTIAL_ZERO)
    elif quantity is not None and int(remains) > quantity:
        out.say(Kind.PROBLEM, say.REMAINS_OVER.format(remains=remains, quantity=quantity))
    else:
        changes = (change, Change("remains", _accepted(ledger, "remains"), remains, row["remains"]))
        params = (("remains", remains),)
        amount = refund_amount(facts, remains)
        number = _row_number(row)
        out.pushes.append(
            Push(
                Feed.CANCELS,
                key,
                number,
                Action.SET_PARTIAL,
                order_id,
                changes,
                params,
                amount,
                order_id=order_id,
                unread=unread(facts, remains),
            )
        )
    return out


# --- payments and tickets ----------------------------------------------------------------------------------------------


def payment(key: str, row: Row, say: Words) -> Decided:
    """One payment row that was never sent. Sent when Send is Yes and nothing is missing or wrong."""
    out = Decided()
    user = _text(row, "user", out, LONGEST_LINE, say)
    amount = cells.money(row.get("amount"), say.LABEL["amount"], say)
    if isinstance(amount, cells.Wrong):
        out.say(Kind.PROBLEM, amount.text)
    details = _text(row, "details", out, LONGEST_LINE, say)
    commission = cells.choice(row.get("commission"), YesNo, say.LABEL["commission"], say)
    if isinstance(commission, cells.Wrong):
        out.say(Kind.PROBLEM, commission.text)
    missing = [name for name, value in (("user", user), ("amount", amount), ("details", details)) if value is None]
    if not _ready(row, missing, out, say) or not isinstance(amount, Decimal):
        return out
    params = [("user", str(user)), ("amount", cells.money_text(amount)), ("details", str(details))]
    if isinstance(commission, YesNo):
        params.append(("affiliate_commission", "1" if commission is YesNo.YES else "0"))
    change = Change("send", "", cells.money_text(amount), row["send"])
    out.pushes.append(
        Push(Feed.PAYMENTS, key, _row_number(row), Action.ADD_PAYMENT, str(user), (change,), tuple(params), amount)
    )
    return out


def ticket(key: str, row: Row, say: Words) -> Decided:
    """One ticket row that was never sent. Sent when Send is Yes and nothing is missing or wrong."""
    out = Decided()
    longest = {"user": LONGEST_LINE, "subject": LONGEST_LINE, "message": LONGEST_MESSAGE}
    values = {name: _text(row, name, out, most, say) for name, most in longest.items()}
    if not _ready(row, [name for name, value in values.items() if value is None], out, say):
        return out
    change = Change("send", "", str(values["subject"]), row["send"])
    params = tuple((name, str(value)) for name, value in values.items())
    out.pushes.append(
        Push(Feed.TICKETS, key, _row_number(row), Action.ADD_TICKET, str(values["user"]), (change,), params)
    )
    return out


def _ready(row: Row, missing: list[str], out: Decided, say: Words) -> bool:
    """Whether a payment or ticket is to go now; says what it waits for otherwise."""
    send = cells.choice(row.get("send"), YesNo, say.LABEL["send"], say)
    if isinstance(send, cells.Wrong):
        out.say(Kind.PROBLEM, send.text)
    if out.answers:
        return False
    if missing:
        out.say(Kind.WAITING, say.NEEDS.format(labels=say.named(missing)))
        return False
    if send is not YesNo.YES:
        out.say(Kind.WAITING, say.SEND_WHEN_READY)
        return False
    return True


# --- shared pieces -----------------------------------------------------------------------------------------------------


def _wanted(row: Row, ledger: Row, edits: Mapping[str, Cell], feed: Feed, out: Decided, say: Words) -> dict[str, str]:
    """Field → canonical value staff want and the panel does not have yet.

    A value the panel refused is not wanted again until it changes, or something that went with it does: "Partial" that was
    refused for its remains is wanted again when the remains change, and not when the start count does. Blank cells and cells
    that agree with the panel are remembered as seen; wrong ones are answered and stay an edit until they are mended.
    """
    fields = set(WATCHED[feed])
    refused = refusals(ledger.get("refused"))
    wanted: dict[str, str] = {}
    changed: set[str] = set()
    for name in sorted(fields & set(edits)):
        raw = row.get(name)
        value = feeds.read(feed, name, raw, say)
        if value is not None and name in refused and value == refused[name][0]:
            out.seen[name] = raw  # the same again, typed differently
            continue
        changed.add(name)
        if isinstance(value, cells.Wrong):
            out.say(Kind.PROBLEM, value.text)
        elif value is None or str(value) == _accepted(ledger, name):
            out.seen[name] = raw
            out.forgotten |= {name} & set(refused)
        else:
            wanted[name] = str(value)
    for group in _refused_together(refused):
        for name in sorted(group & fields - changed if group & changed else ()):
            value = feeds.read(feed, name, row.get(name), say)
            if isinstance(value, str) and str(value) != _accepted(ledger, name):
                wanted[name] = str(value)
                out.seen.pop(name, None)
    return wanted


def _refused_together(refused: Mapping[str, tuple[str, str]]) -> list[set[str]]:
    """The refused fields, grouped by the call they went with: a refund's by themselves, the others in one update."""
    status = refused.get("status", ("", ""))[0]
    decision = refused.get("decision", ("", ""))[0]
    if status in ORDER_ACTION or decision:
        refund = {"status", "decision"} | (
            {"remains"} if status == Status.PARTIAL or decision == Decision.PARTIAL else set()
        )
        return [refund & set(refused), set(refused) - refund]
    return [set(refused)]


def _text(row: Row, name: str, out: Decided, longest: int, say: Words) -> str | None:
    value = cells.text_of(row.get(name), say.LABEL[name], longest, say)
    if isinstance(value, cells.Wrong):
        out.say(Kind.PROBLEM, value.text)
        return ""
    return value


def _accepted(ledger: Row, name: str) -> str:
    value = ledger.get(name)
    return "" if value is None else str(value)


def _status(ledger: Row | None) -> Status | None:
    value = (ledger or {}).get("status")
    return next((status for status in Status if status == value), None)


def _row_number(row: Row) -> int:
    number = row.get("_row")
    return int(number) if isinstance(number, int) else 0
