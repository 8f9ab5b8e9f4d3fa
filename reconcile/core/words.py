"""Every sentence the job writes into a row's Sync cell, in one place.

Short, kind, and with the next step. `label` is the column's header, `shown` what stands in the cell. A text never starts
with `= + - ' @` or a digit: `sync_text` puts `#key · ` in front, which is also how the row is found again.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

from reconcile.core.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK: Final = {
    Kind.NEW: "New",
    Kind.SENT: "Sent",
    Kind.INFO: "Note",
    Kind.WAITING: "Waiting",
    Kind.PROBLEM: "Please check",
    Kind.REFUSED: "Refused",
    Kind.HELD: "Held",
    Kind.DOUBT: "Not sure",
}
"""The first word of an answer: what a colour rule looks at, and what a person reads first."""

FLEETING: Final = (Kind.WAITING, Kind.PROBLEM, Kind.HELD, Kind.DOUBT)
"""Answers about how the row stands now: they go away when it is mended, or its doubt settled by a run that then died."""

_DOT: Final = " · "
_STARTS: Final = tuple(_DOT + mark for mark in MARK.values())
_FLEETING_STARTS: Final = tuple(_DOT + MARK[kind] for kind in FLEETING)

# --- cells -----------------------------------------------------------------------------------------------------------
FORMULA: Final = "{label} holds a formula. Type the value itself."
LOADING: Final = "{label} has not finished loading. It is looked at again next time."
ERROR_CELL: Final = "{label} shows {shown}. Type the value itself."
NOT_TEXT: Final = "{label} shows {shown}, which is not a text. Type it again."
BOOLEAN: Final = "{label} shows {shown} but needs a number, like 1000."
DATE: Final = (
    "{label} shows a date or time ({shown}) but needs something else. Clear the cell's format, then type it again."
)
NOT_WHOLE: Final = "{label} is {shown} but must be a whole number, like 1000."
NEGATIVE: Final = "{label} is {shown} but must be 0 or more."
TOO_SMALL: Final = "{label} is too small to be right. Look at it again."
TOO_LONG: Final = "{label} is too long: at most {longest} characters can be sent. Shorten it."
TOO_BIG: Final = "{label} is too big to be right. Look at it again."
DOT_THOUSANDS: Final = "{label} is “{shown}”: type {whole} if you mean that many."
NUMBER_WITH_WORDS: Final = "{label} is {shown} but must be a number only. Did you mean {guess}?"
NOT_A_NUMBER: Final = "{label} is {shown} but must be a whole number, like 1000."
COMMA_AMOUNT: Final = "{label} is “{shown}”: type {dotted} with a point, or the whole number without a comma."
NOT_AN_AMOUNT: Final = "{label} is {shown} but must be an amount, like 25.00."
AMOUNT_NOT_POSITIVE: Final = "{label} is {shown} but must be more than 0."
NOT_A_CHOICE_NEAR: Final = "{shown} is not {one}; did you mean {near}?"
NOT_A_CHOICE: Final = "{shown} is not {one}. Choose {choices}."
ONE_CHOICE: Final = {
    "If unsure": "an answer for If unsure",
    "Send": "an answer for Send",
    "Affiliate commission": "an answer for Affiliate commission",
}
"""Columns whose choices are not called by the column's name: “maybe” is not an answer for Send."""

# --- orders ----------------------------------------------------------------------------------------------------------
NEW_ORDER: Final = "Type the start count, then choose a Status."
REMAINS_OVER: Final = "Remains is {remains} but the order is only for {quantity}."
PARTIAL_ZERO: Final = "Partial needs Remains above 0. If everything was delivered, choose Completed."
PARTIAL_NEEDS_REMAINS: Final = "for Remains: type how many were not delivered; then the refund is sent."
COMPLETED_WITH_REMAINS: Final = (
    "Status is Completed but Remains is {remains}. Choose Partial to refund the rest, or clear Remains."
)
CLOSED_STAYS: Final = (
    "This order is {status} at the panel, and a closed order stays closed. Nothing was sent; put {label} back."
)
ALREADY_REFUNDED: Final = (
    "Order {order} was already refunded ({how}), and no order is refunded twice from here. Nothing was sent; {instead}."
)
REFUND_ON_ITS_WAY: Final = (
    "Order {order} already has a refund on its way from the {tab} tab. Nothing more was sent from here; {instead}."
)
INSTEAD: Final = {
    "orders": "put Status back",
    "cancels": "choose Reject, or clear Decision",
}
CLOSED_ELSEWHERE: Final = "The panel has {status} now (through the {tab} tab). Nothing more to do here."

# --- refills and cancels ---------------------------------------------------------------------------------------------
NEW_REFILL: Final = "Check the order, then choose a Status."
NEW_CANCEL: Final = "Choose a Decision."
REFILL_CLOSED: Final = (
    "This refill is {status} at the panel and cannot change any more. Nothing was sent; put Status back."
)
REFILL_NOT_BACK: Final = (
    "A refill cannot go back to Pending. Nothing was sent; choose In progress, Completed or Rejected."
)
CANCEL_DECIDED: Final = "This request was already answered with “{decision}”. Nothing was sent; put {label} back."
CANCEL_NEEDS_REMAINS: Final = "for Remains: type how many were not delivered; then the refund is sent."
CANCEL_ORDER_CLOSED: Final = "Order {order} is {status} at the panel and cannot be refunded any more. Choose Reject."
CANCEL_ORDER_CLOSING: Final = (
    "Order {order} is set to Completed in Orders, so it is not refunded from here as well. Change one of the two."
)
CANCEL_NO_ORDER: Final = "The panel sent this request without an order id, so only Reject is possible."

# --- payments and tickets --------------------------------------------------------------------------------------------
NEEDS: Final = "for {labels}."
SEND_WHEN_READY: Final = "for Send: choose Yes when everything is right."
SENT_FOR_EVER: Final = "This was sent already, so changes here do nothing. Use a new row with a new Reference."
NO_REFERENCE: Final = "A Reference is missing: type one of your own that was never used before."
SENT_AS: Final = (
    "The same {what} was sent as {key}, and no row has that Reference any more. If this is that row, type {key} back into "
    "Reference; if it is a new one, say something else in {label}."
)
REFERENCE_LIKE: Final = (
    "Reference {key} is too much like {other}, which was used before. Nothing was sent; type another Reference."
)
KEY_TOO_LONG: Final = (
    "{label} is too long to be one ({length} characters), so nothing is done with this row. Shorten it."
)

# --- rows ------------------------------------------------------------------------------------------------------------
DOUBLED: Final = "{label} {key} stands in rows {rows}. Nothing is sent for it until one of them is removed."
UNKNOWN_ID: Final = "No {what} with ID {key} was ever received, so nothing is sent. Check the ID, or remove this row."
LOST_ID: Final = "The {label} of this row is gone. Type {key} back into {label}."
LOST_ID_COPY: Final = (
    "its {label} is gone, and {key} stands in another row. Type its own {label} back, or remove the row."
)
FACTS_MOVED: Final = "What stands under {labels} is not that of {key}. Undo the last sort or paste; nothing is sent for this row until then."
FACT_CHANGED: Final = "{label} was changed here, but only the panel can change it: there it is {value}."
HELD_BY_LIMIT: Final = "by a limit: {limit}"

# --- outcomes --------------------------------------------------------------------------------------------------------
SENT: Final = "{when}: {what}."
REFUSED: Final = "The panel did not take {what}: {reason} It is not sent again until you change it."
UNKNOWN: Final = "The panel did not say whether it took {what}. It is sent again next time."
NOT_SENT: Final = "for the panel: {what} could not be sent. It is sent again next time."
IN_DOUBT: Final = (
    "It is not known whether {what} went through ({when}). Look at the panel, then choose in If unsure: "
    "It went through, or Send again."
)
IN_DOUBT_STALE: Final = (
    "It is not known whether {what} went through ({when}). Look at the panel. If unsure still shows an old answer: clear it, "
    "and after the next run choose again."
)
WENT_THROUGH: Final = "{what} (you said it went through)."
UP_TO_DATE: Final = "The panel has {what}."
HANDED_OUT_AGAIN: Final = (
    "The panel handed this order out again on {when}; it is Processing there. Choose its Status anew."
)
HANDED_OUT_REFUNDED: Final = (
    "The panel handed this order out again on {when}, although it was refunded before ({how}). It is Processing there; "
    "choose Completed when it is done, because no order is refunded twice from here."
)
HANDED_OUT_OTHER: Final = "The panel handed this out again with other values: {what}. The row was left as it is."
LONG_TEXT: Final = " … ({label} continues: see Long texts, ID {key}, {parts} parts)"


def shown(raw: object) -> str:
    """A cell as a person would recognise it in a sentence, quoted, shortened to 40 characters, on one line."""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, datetime):
        return raw.strftime("%Y-%m-%d %H:%M")
    text = re.sub(r"\s+", " ", str(raw)).strip()
    if len(text) > 40:  # noqa: PLR2004 - a Sync cell is read at a glance
        text = text[:39] + "…"
    return f"“{text}”" if isinstance(raw, str) else text


def sentence(text: str) -> str:
    """The panel's words as one sentence on one line, at most 300 characters."""
    text = re.sub(r"\s+", " ", text).strip() or "no reason was given"
    if len(text) > 300:  # noqa: PLR2004 - a Sync cell is read at a glance
        text = text[:299] + "…"
    return text if text.endswith((".", "!", "?")) else text + "."


def listed(items: Iterable[str]) -> str:
    """`A, B or C`."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"


def also(items: Iterable[str]) -> str:
    """`A, B and C`."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def sync_text(key: str, kind: Kind, text: str) -> str:
    """What stands in a Sync cell: `#15 · Waiting for Remains: …`."""
    joint = " " if kind is Kind.WAITING and text.startswith("for ") else ": " if kind is Kind.HELD else ". "
    if kind is Kind.SENT:
        joint = " "
    if kind is Kind.HELD and text.startswith("by "):
        joint = " "
    return f"{prefix(key)}{MARK[kind]}{joint}{text}"


def prefix(key: str) -> str:
    """How a Sync text starts: the row's own key, by which the row is found again."""
    return f"#{key} · "


def kind_of(sync: object) -> Kind | None:
    """Which kind of answer a Sync text is, None when it is none of ours."""
    if not isinstance(sync, str):
        return None
    start = sync.find(_DOT)
    while start >= 0:  # a reference may hold the separator, so the first one is not always ours
        for kind, mark in MARK.items():
            if sync.startswith(mark, start + len(_DOT)):
                return kind
        start = sync.find(_DOT, start + 1)
    return None


def fleeting(sync: object) -> bool:
    """Whether a Sync text is an answer about what the row shows now: asked of every row, so it looks no further."""
    if not isinstance(sync, str):
        return False
    start = sync.find(_DOT)
    if start < 0 or sync.startswith(_STARTS, start):
        return start >= 0 and sync.startswith(_FLEETING_STARTS, start)
    return kind_of(sync) in FLEETING


LABEL: Final = {
    "id": "ID",
    "order_id": "Order ID",
    "reference": "Reference",
    "user": "User",
    "charge": "Charge",
    "link": "Link",
    "quantity": "Quantity",
    "start_count": "Start count",
    "service": "Service",
    "status": "Status",
    "remains": "Remains",
    "decision": "Decision",
    "amount": "Amount",
    "details": "Details",
    "commission": "Affiliate commission",
    "send": "Send",
    "subject": "Subject",
    "message": "Message",
    "comments": "Comments",
    "unsure": "If unsure",
}
"""The headers of the columns that sentences name (a test compares them with the templates)."""

TAB: Final = {
    "orders": "Orders",
    "refills": "Refills",
    "cancels": "Cancels",
    "payments": "Payments",
    "tickets": "Tickets",
}
ONE: Final = {
    "orders": "order",
    "refills": "refill",
    "cancels": "cancel request",
    "payments": "payment",
    "tickets": "ticket",
}


def named(fields: Iterable[str]) -> str:
    """The headers of `fields`, as a phrase."""
    return also(LABEL[name] for name in fields)


def changes(items: Iterable[tuple[str, str]]) -> str:
    """Values as a phrase: `Status Completed, Remains 50`."""
    return ", ".join(f"{LABEL[name]} {value}" for name, value in items)
