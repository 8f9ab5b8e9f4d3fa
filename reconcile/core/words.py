"""Every sentence the job writes into a sheet, in one place: English here, other languages as another `Words`.

Short, kind, and with the next step. `label` is the column's header, `shown` what stands in the cell. A text never starts
with `= + - ' @` or a digit: `sync_text` puts `#key · ` in front, which is also how the row is found again.

Nothing here knows which language is spoken: whoever words an answer is handed a `Words` (`say`), which comes with the
Snapshot from the workbook; there is no language by default. `TERMINAL` is for what only an operator reads. sheets_templates/words/en.toml lists the same English beside what the templates say, for those
who translate; a test keeps them equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from reconcile.core.sentences import Sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconcile.core.sentences import JointName, LimitName, MessageName, PhraseName


class Kind(StrEnum):
    """What a row's answer is about; decides colour and whether a person is needed."""

    NEW = "new"
    SENT = "sent"
    INFO = "info"
    WAITING = "waiting"
    PROBLEM = "problem"
    REFUSED = "refused"
    HELD = "held"
    DOUBT = "doubt"


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

JOINTS: Final[Mapping[JointName, str]] = {
    "plain": ". ",
    "sent": " ",
    "held": ": ",
    "goes_on": " ",
    "waiting_goes_on": "for ",
    "held_goes_on": "by ",
}
"""What stands between an answer's first word and its text; a text that begins with `*_goes_on` continues that word."""

_GOES_ON: Final[Mapping[Kind, JointName]] = {Kind.WAITING: "waiting_goes_on", Kind.HELD: "held_goes_on"}

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
DOT_AMOUNT: Final = "{label} is “{shown}”: type {whole} if you mean that many, or {dotted}."
NOT_AN_AMOUNT: Final = "{label} is {shown} but must be an amount, like 25.00."
AMOUNT_NOT_POSITIVE: Final = "{label} is {shown} but must be more than 0."
NOT_A_CHOICE_NEAR: Final = "{shown} is not {one}; did you mean {near}?"
NOT_A_CHOICE: Final = "{shown} is not {one}. Choose {choices}."
ONE_CHOICE: Final = {
    "If unsure": "an answer for If unsure",
    "Send": "an answer for Send",
    "Let through": "an answer for Let through",
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
COMPLETED_AT_PANEL: Final = "Status is Completed, but the panel still has Remains {remains}. Type 0 in Remains, or choose Partial to refund the rest."
ASK: Final = "{what} If that is right, choose Send again in If unsure; nothing is sent for this row until then."
START_IS_ID: Final = "Start count is {value}, the order's own ID."
CANCELED_WITH_REMAINS: Final = "Status is Canceled, which refunds all of it, but Remains is {remains}."
PARTIAL_OF_ALL: Final = "Status is Partial, but Remains is {remains}, which is all of it."
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
    "cancels": "clear Decision",
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
CONTRADICTION: Final = (
    "The rows about order {order} contradict each other: {what}. Nothing is sent for them until one is changed."
)
REFUNDED_WITH: Final = "for order {order}: it is refunded through {key} in {tab}, and this request with it."
REQUEST_GRANTED: Final = (
    "Order {order} was refunded already ({status}), so this request is granted. Nothing more to do here."
)
REQUEST_OVER: Final = "Order {order} is {status} already, so this request needs no Decision. Nothing more to do here."
REQUEST_CLOSED: Final = "This request needs no Decision any more."
CANCEL_NO_ORDER: Final = "The panel sent this request without an order id, so only Reject is possible."

# --- payments and tickets --------------------------------------------------------------------------------------------
NEEDS: Final = "for {labels}."
SEND_WHEN_READY: Final = "for Send: choose Yes when everything is right."
SENT_FOR_EVER: Final = "This was sent already, so changes here do nothing. Use a new row with a new Reference."
NO_REFERENCE: Final = (
    "A Reference is missing, so nothing is sent. Type one that was never used before, such as {example}."
)
SAME_AGAIN: Final = (
    "{what} {key} says the very same. If this is another one, choose Send again in If unsure; if it is "
    "the same, choose It went through."
)
NOT_SENT_AGAIN: Final = "This is {key}, which was sent before (you said so). It is not sent again."
SENT_AS: Final = (
    "The same {what} was sent as {key}, and no row has that Reference any more. If this is that row, type {key} back into "
    "Reference; if it is a new one, say something else in {label}."
)
REFERENCE_LIKE: Final = (
    "Reference {key} is too much like {other}, which was used before. Nothing was sent; type another Reference."
)
REFERENCE_UNFIT: Final = (
    "Reference shows {shown}, which is neither a text nor a whole number. Nothing was sent; type one like PAY-7."
)
REFERENCES_ALIKE: Final = "Reference {key} is too much like {other}. Nothing is sent until one of them is changed."
KEY_TOO_LONG: Final = (
    "{label} is too long to be one ({length} characters), so nothing is done with this row. Shorten it."
)

# --- rows ------------------------------------------------------------------------------------------------------------
DOUBLED: Final = "{label} {key} stands in rows {rows}. Nothing is sent for it until one of them is removed."
UNKNOWN_ID: Final = "No {what} with ID {key} was ever received, so nothing is sent. Check the ID, or remove this row."
THIS_IS: Final = "This is {one} {key}: put {key} back under {label}. Nothing is sent for this row until then."
ID_ALSO_THERE: Final = (
    "{label} {key} also stands in row {row}, which is {one} {other}. Nothing is sent for {key} until that is put right."
)
STANDS_IN_ARCHIVE: Final = (
    "Order {key} is done and stands in {tab}, so nothing is sent for this row. Please remove the row."
)
NOT_ARCHIVED: Final = "This copy does not count: the order stayed in {tab}, where it was changed at that moment."
LOST_ID: Final = "The {label} of this row is gone. Type {key} back into {label}."
LOST_ID_COPY: Final = (
    "its {label} is gone, and {key} stands in another row. Type its own {label} back, or remove the row."
)
FACTS_MOVED: Final = "What stands under {labels} is not that of {key}. Undo the last sort or paste; nothing is sent for this row until then."
CLEARED_HERE: Final = "A blank cell changes nothing: the panel still has {what}. To change it, type the new value."
FACTS_KEPT: Final = "Allowed as it stands here. The panel has {what}; what you change in this row is sent for that."
FACT_CHANGED: Final = "{label} was changed here, but only the panel can change it: there it is {value}."
HELD_BY_LIST: Final = (
    "by list {codes} in {tab}: {limit} In this row: {own}. If it is meant, tick {codes} there; if not, mend the row."
)
HELD_BY_LIST_ALONE: Final = "by list {codes} in {tab}: {limit}"
MONEY_WAITS: Final = "{what} will be sent after {when}; clear the cell to stop ({label})."
HEALTH_HELD: Final = "Rows held by list {codes} in {tab}: {count}."
HELD_WITH_TAB: Final = "Nothing is sent from the tab {one} until list {code} in {tab} is settled."

# --- approvals -------------------------------------------------------------------------------------------------------
APPROVAL_WAITS: Final = "for {label}: if all of this is meant, tick it (or choose Yes); the next run then does it."
APPROVAL_OTHERS: Final = "for the other lists: this one is ticked, and goes through when {codes} is ticked, too."
APPROVAL_MONEY_WAITS: Final = "It is ticked; all of it will be sent after {when}. To stop it, clear the tick."
APPROVAL_USED: Final = "It was let through on {when}."
APPROVAL_FORCED: Final = "It was let through on {when}, with all other lists."
APPROVAL_CHANGED: Final = (
    "Out of date: its rows were changed since, so a tick here counts no more. Look at the newest list."
)
APPROVAL_OVER: Final = "There is nothing to let through here any more."
APPROVAL_ENDED_TICKED: Final = (
    "There is nothing to let through here any more, and until this tick is cleared no other one counts."
)
APPROVAL_LINE: Final = "Part of {code}."
APPROVAL_LINE_TICKED: Final = "Single lines are not let through, and until this one is cleared no tick counts. To let all of it through, tick {code} itself."
APPROVAL_UNKNOWN: Final = (
    "The job made no list called {code}, so this lets nothing through. Clear it; until then no tick counts."
)
APPROVAL_NO_CODE: Final = "it has no Code, so its tick lets nothing through. Clear it; until then no tick counts."
APPROVAL_TOO_MANY: Final = "Rows that let nothing through are ticked, too ({rows}), as when a column is filled down, so no tick counts. Clear those."
APPROVAL_MOVED: Final = (
    "Another tick went away when this one came, as when a column is sorted by itself, so it does not count. If you meant it: clear "
    "it, let the job run once, then tick it again."
)
APPROVAL_MIXED: Final = "{label} is not what was listed as {code}. Undo the last sort, paste or change; nothing is let through by this row until then."

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
OPEN_AGAIN: Final = (
    "Open again; choose a Status. The panel has {what} now. What the cells show is not sent until they change."
)
TAKEN_BACK: Final = "Taken back: the panel has {what} again. What the cells show is not sent until they change."
STATUS_UNKNOWN: Final = "It is not known which Status the panel has. Choose one, and it is sent."
HANDED_OUT_AGAIN: Final = (
    "The panel handed this order out again on {when}; it is Processing there. Choose its Status anew."
)
HANDED_OUT_REFUNDED: Final = (
    "The panel handed this order out again on {when}, although it was refunded before ({how}). It is Processing there; "
    "choose Completed when it is done, because no order is refunded twice from here."
)
EARLIER_ROW: Final = "Its earlier row is in {tab}."
BACK_AS_SENT: Final = (
    "This row was missing from this older copy of the sheet. It shows what the panel was told meanwhile: {what}."
)
BACK_UNSURE: Final = (
    "This row was missing, because this copy of the sheet is older; it is not known whether the panel took {what} meanwhile. "
    "Look at the panel, and choose here what is right."
)
HANDED_OUT_OTHER: Final = "The panel handed this out again with other values: {what}. The row was left as it is."
HANDED_OUT_QUANTITY: Final = "Type the new {label} into it: that is what counts now."
UNCLEAR: Final = "Sent in {count} runs, and the panel never said clearly whether it took {what}. Its last answer: {reason}. Please look at the panel; it is sent again next time."
PANEL_CHANGED: Final = "The panel changed {label}: it was {before}, it is {after}. Type the new value here, too."
CLOSED_AT_PANEL: Final = (
    "If the order is closed at the panel, choose {choice} here: nothing is sent then, and the row is done."
)
NOT_CLOSED_THERE: Final = (
    "The panel never said that this order is closed, so {choice} does not count here. Choose another Status."
)
LONG_TEXT: Final = " … ({label} continues: see Long texts, ID {key}, {parts} parts)"


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
    "code": "Code",
    "let_through": "Let through",
    "what": "Summary",
}
"""The headers of the columns that sentences name (a test compares them with the templates)."""

TAB: Final = {
    "orders": "Orders",
    "refills": "Refills",
    "cancels": "Cancels",
    "payments": "Payments",
    "tickets": "Tickets",
    "services": "Services",
    "long_texts": "Long texts",
    "approvals": "Approvals",
    "archive": "Archive",
}
"""The titles of the tabs that sentences name."""

ONE: Final = {
    "orders": "order",
    "refills": "refill",
    "cancels": "cancel request",
    "payments": "payment",
    "tickets": "ticket",
}
MANY: Final = {
    "orders": "orders",
    "refills": "refills",
    "cancels": "cancel requests",
    "payments": "payments",
    "tickets": "tickets",
}
SERVICE_LABEL: Final = {"service_id": "Service ID", "pull": "Pull"}
"""The headers in Services that sentences name."""

CHOICES: Final = {
    value: value
    for value in (
        *("Processing", "In progress", "Completed", "Partial", "Canceled", "Closed at the panel"),
        *("Pending", "Rejected"),
        *("Cancel and refund", "Partial refund", "Reject"),
        *("It went through", "Send again"),
        *("Yes", "No"),
    )
}
"""What the drop-downs offer: canonical value → as shown."""

# --- pieces of sentences ---------------------------------------------------------------------------------------------
PHRASES: Final[Mapping[PhraseName, str]] = {
    "or": " or ",
    "and": " and ",
    "a_choice": "a {label}",
    "it": "it",
    "the_one": "the {one}",
    "blank": "blank",
    "no_reason": "no reason was given",
    "undoes": "takes back {run}",
    "of_service": " of service {service}",
    "in_service": " (service {service})",
    "one_answer": "one answer",
    "answers": "{count} answers",
    "no_time": "there was no time left for it in this run.",
    "stopped_before": "the run was stopped before it.",
    "other_run": "another run may still be telling the panel something of this order.",
    "stopped_before_answer": "the run stopped before the answer came",
    "seen_at_panel": "seen at the panel: {status}",
    "look_begins": "A look at the panel shows",
    "look_asks": "orders that may have come with it or may have been taken by somebody else: {keys}. Whoever knows decides.",
    "by_hand": "resolved by hand",
    "old_tab": "Old {title}",
    "refund": "refund",
    "refunds": "refunds",
    "unknown_amount": "of an amount that is not known",
    "at_most": "of at most {amount}",
    "nothing_lost": "nothing was lost",
    "it_went_through": "it went through",
    "send_again": "send again",
    "state_start": "start {count}",
    "state_remains": "remains {count}",
    "thousands": ",",
}
SENDS: Final = {
    "setCanceled": "the cancel and refund",
    "setPartial": "the partial refund",
    "updateOrders": "the partial refund",
    "addPayment": "the payment",
    "addTicket": "the ticket",
}
"""What is sent at most once, by the panel's name for it."""

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# --- Runs and History ------------------------------------------------------------------------------------------------
MESSAGES: Final[Mapping[MessageName, str]] = {
    "undone": "Taken back of what {run} told the panel: {count} (left as it is: {kept}).",
    "row": "{tab}: row {row}: {text}",
    "tab": "{tab}{of_service}: {text}",
    "deleted": "{tab}: the row of {one} {key} was deleted from the sheet.",
    "deleted_closed": "{tab}: closed rows that were deleted from the sheet: {count} (ID {ids}).",
    "no_id": "{tab}: row {row} has no ID, so nothing is done with it.",
    "missing": "{tab}: row {row}: {label} is missing.",
    "bad_service": "{tab}: row {row}: {label} is {shown} but must be one number, like 12. Nothing is received for it.",
    "no_service": "{tab}: no service is set to {label}, so no orders are received. Choose Yes in {label} for each service.",
    "order": "Order {key}: {text}",
    "refill_again": "Refill {key} was handed out again although it is {status}.",
    "twice": "The panel handed out {key} twice in one answer, the second time with {what}.",
    "new_row": "{tab}: {one} {key}, whose row had been deleted, was handed out again; it has a new row.",
    "back": "{tab}: {one} {key}, which stands in {archive}, was handed out again; it has a new row.",
    "archived": "{count} {what}, closed for more than {days} days, moved to {tab}.",
    "stayed": "Order {key} did not move to {tab}, because its row was changed at that moment. It stays where it is.",
    "kept": "Closed orders that stay in {tab}: {count}. They hold a date in a column for notes, or more than {archive} can keep.",
    "stuck_refused": "Closed orders stay in {tab}: Google does not let the job take rows out, which happens with merged cells "
    "and with cells that somebody protected. Remove those; then closed orders move to {archive}.",
    "stuck_formulas": "Closed orders stay in {tab}, because it holds formulas that moving rows could break. "
    "Put formulas into a tab of your own; then closed orders move to {archive}.",
    "stuck_twins": "Closed orders stay in {tab}, because two of its rows hold the same. "
    "Remove one of them; then closed orders move to {archive}.",
    "stuck_objects": "Closed orders stay in {tab}, because it holds merged cells, comments or pictures, or a table, "
    "which moving rows would shift. Remove them; then closed orders move to {archive}.",
    "stuck_links": "Closed orders stay in {tab}, because another tab looks at single cells of it. "
    "Let it look at whole columns; then closed orders move to {archive}.",
    "log_waits_shut": "“{tab}” is protected against the job, so its new lines wait in the hidden _ledger tab. Data > "
    "Protect sheets and ranges: let {account} edit it; then they appear.",
    "log_waits_table": "“{tab}” was made a table (Format > Convert to table), in which Google drops what the job adds. Its "
    "new lines wait in the hidden _ledger tab until it is unformatted data again.",
    "same_again": "The panel keeps handing out the same {tab}; asking for more was stopped.",
    "lists": "This panel shows its pending orders at every call and does not mark them as received. Each has one row all the same; with RECONCILE_ACKNOWLEDGE=yes the job sets each to Processing there.",
    "updates_form": "This panel does not take lists of updates as JSON ({problem}); from now on they go as a form.",
    "updates_single": "This panel does not take lists of updates ({problem}); from now on each goes by a call of its own.",
    "fewer_rows": "This panel is too slow for long lists of updates; from now on they hold {count} rows.",
    "none_learnt": "This panel says “{said}” when nothing is pending; from now on that is understood.",
    "not_acknowledged": "The panel did not set {count} orders to Processing ({ids}): {problem}.",
    "listed_rowless": "The panel still shows orders as pending that have no row in {tab} any more: {count} ({ids}). Their rows were deleted or "
    "moved to {archive}; no new ones are made.",
    "listed_closed": "The panel shows orders as pending that are closed in {tab}: {count} ({ids}). Look at them at the panel.",
    "lacks_call": "this panel has no call for them, so they are left out ({problem})",
    "send_doubt": "It is not known whether {what} went through for {one} {key}.",
    "unreadable": "The panel handed out one {one} that could not be read ({why}). "
    "All it sent stands in {tab} under “{name}”.",
    "claim_doubt": "The panel was asked for {many}{of_service} at {at}, and its answer is not known: {why}. "
    "At most {bound} {what} may be missing from the sheet.",
    "stopped_claiming": "Run {run} stopped while it was receiving work (since {at}), and its journal is not on this "
    "machine. At most {answers} ({full} orders of one of the services {services}, or as many refills or cancel requests) "
    "may be missing from the sheet.",
    "rival": "Another sheet ({place}) takes orders from this panel, too (services: {services}): each order goes to the one that "
    "asks first.",
    "known_send": "Not sent again: this machine's journal knows that the panel accepted it for {one} {key} on {when} (run {run}).",
    "restored": "Restored from an older copy: {rows} rows brought back, {sent} refunds, payments and tickets known to be sent, {told} rows put level with the panel, {unclear} in doubt.",
    "restore_doubt": "Other machines wrote to this workbook {count} times after this copy was made. What they received then, at most {bound} orders of the services {services} (or refills or cancel requests), may be missing from the sheet.",
    "restored_told": "The panel has {what} since {when}; this copy of the sheet is older. Type it here, too, or choose what is right.",
    "restored_perhaps": "It is not known whether the panel took {what} ({when}); this copy of the sheet is older. Look at the panel, and choose here what is right.",
    "restored_sent": "{what} went through on {when}; this copy of the sheet is older.",
    "adopted": "Adopted: {what}.",
    "look_found": "A look at the panel shows what came with the lost answer ({doubt}): {count} {what}, in the sheet now.",
    "look_nothing": "A look at the panel shows that nothing was lost with the answer in doubt ({doubt}).",
    "look_open": "A look at the panel does not settle yet what came with the lost answer ({doubt}).",
    "look_failed": "The panel could not be looked at: {problem}",
    "look_refund": "What was in doubt about {one} {key} is known by a look at the panel ({seen}): {what}.",
    "doubt_closed": "What was in doubt ({doubt}) is known by now: its answer was found on this machine, and its rows are in the "
    "sheet.",
    "approve": "To let it through, tick {codes} in {tab}.",
    "approval_again": "It was let through before as {code}, but not all of it was sent.",
    "approval_more": "The first {most} of {count} lines follow.",
    "added": "{doubt}: {count} {what} added.",
    "settled": "{doubt}: {what}.",
}
"""What a run says in the Runs tab beside its answers in the rows."""

LIMITS: Final[Mapping[LimitName, str]] = {
    "accident": "{tab}, rows {first}–{last} ({count} rows, ID {ids}): {what} Undo it in the sheet (Ctrl+Z, or the version "
    "history); or, if it was meant, tick this list.",
    "sorted_rows": "the IDs stand beside values of other rows, as if a part was sorted or pasted without the rest.",
    "sorted_columns": "the cells of {labels} hold each other's values, as if sorted without the rest of their rows.",
    "shifted_down": "what stands under {labels} belongs {count} further up, as if a block was pasted too low.",
    "shifted_up": "what stands under {labels} belongs {count} further down, as if a block was pasted too high.",
    "filled_same": "all were given the {label} {value}, as if it was filled down.",
    "filled_series": "{label} goes on by the same step from row to row, as if it was filled down.",
    "exchanged": "the values under {labels} stand in each other's column, as if the two headings were exchanged. Put them back.",
    "cleared": "the cells of {labels} were emptied.",
    "back": "the cells of {labels} went back to something earlier, as if by an undo or from an older copy.",
    "max_gone_share": "{tab}: {count} of {total} open rows are gone from the sheet, {share}% is over {most}%. "
    "Undo it in the sheet, or tick this list.",
    "max_gone_share_all": "{tab}: {count} of {total} rows, open and closed, are gone from the sheet, {share}% is over {most}%. "
    "Undo it in the sheet, or tick this list.",
    "emptied": "{tab}: none of its {count} rows is in the sheet any more, as if the tab was emptied. "
    "Undo it in the sheet, or tick this list.",
    "max_refunds": "{count} {what} in one run, {most} allowed.",
    "max_refund_total": "Refunds of {total} in one run, {most} is allowed.",
    "max_refund_unknown": "Refunds of {total} in one run, and {count} more of an amount that is not known; "
    "{most} is allowed.",
    "unknown_refund": "Refunds of an amount that cannot be worked out, since Charge or Quantity cannot be read: {count}.",
    "kept_refund": "Refunds in rows that do not show what the panel has: {count}.",
    "max_payments": "{count} payments in one run, {most} allowed.",
    "max_payment_total": "Payments of {total} in one run, {most} is allowed.",
    "max_payment": "Payments above {most}: {count}.",
    "max_tickets": "{count} tickets in one run, {most} allowed.",
    "sent_apart": "rows that were sent show what belongs to others, as if a part was sorted or pasted without the rest.",
    "past_references": "what stands beside {label} was pasted some rows off: row {row} has none.",
    "filled_rows": "each row only goes on from the one above, as if it was filled down.",
    "max_closed_share": "{count} of {total} open orders would be closed at once, {share}% is over {most}%.",
}
"""What stops a plan, with its arithmetic."""

RESULTS: Final = {
    word: word
    for word in (
        "Done",
        "Done, a limit holds rows",
        "Another run took over",
        "Try later",
        "Access refused",
        "Done, something is in doubt",
        "Damaged",
        "Failed",
        "Resolved by hand",
        "Restored",
        "Adopted",
    )
}
"""How a run ended, in the Runs tab."""

STATES: Final = {
    word: word
    for word in (
        "New",
        "In progress",
        "Waiting",
        "Check",
        "Refused",
        "Held",
        "Not sure",
        "Closed",
        "Sent",
        "Missing",
    )
}
"""How a row stands, in one word: what its State begins with. None is the beginning of another."""

VERDICTS: Final = {"accepted": "accepted", "refused": "refused", "unknown": "unknown", "not sent": "not sent"}
"""What became of a push, in the History tab."""

SENTENCES: Final = {
    name: text
    for name, text in globals().items()
    if name.isupper() and isinstance(text, str) and not name.startswith("_")
}
"""The sentences above by name."""


@dataclass(frozen=True, eq=False)
class Words(Sentences):
    """One language's words, as a value that is handed down. `say.NEW_ORDER` is the sentence NEW_ORDER in that language.

    The mappings have the keys of the English ones above. `one_choice`: header → its choices by name. `same`: typed word →
    canonical values, of which the column's own is understood at once; `meant`: the same, only asked about. Typed words are as
    `cells.letters` makes them.
    """

    language: str
    MARK: Mapping[Kind, str]
    JOINTS: Mapping[JointName, str]
    LABEL: Mapping[str, str]
    SERVICE_LABEL: Mapping[str, str]
    TAB: Mapping[str, str]
    ONE: Mapping[str, str]
    MANY: Mapping[str, str]
    INSTEAD: Mapping[str, str]
    CHOICES: Mapping[str, str]
    PHRASES: Mapping[PhraseName, str]
    SENDS: Mapping[str, str]
    MESSAGES: Mapping[MessageName, str]
    LIMITS: Mapping[LimitName, str]
    RESULTS: Mapping[str, str]
    STATES: Mapping[str, str]
    VERDICTS: Mapping[str, str]
    one_choice: Mapping[str, str]
    months: tuple[str, ...]
    same: Mapping[str, tuple[str, ...]]
    meant: Mapping[str, tuple[str, ...]]

    @property
    def english(self) -> bool:
        """Whether this is the language of the panel's own words, in which the ledger keeps them."""
        return self.language == "en"

    @property
    def texts(self) -> dict[str, str]:
        """The sentences by name."""
        return {field.name: getattr(self, field.name) for field in fields(Sentences)}

    # --- values as people read them ----------------------------------------------------------------------------------

    def choice(self, value: str) -> str:
        """A canonical value (`Completed`) as the drop-down shows it; any other text as it is."""
        return self.CHOICES.get(value, value)

    def one_of(self, label: str) -> str:
        """What a choice under this header is called: `a Status`."""
        return self.one_choice.get(label) or self.PHRASES["a_choice"].format(label=label)

    def moment(self, at: datetime) -> str:
        """A time as people read it: `02 Mar 09:55`."""
        return f"{at:%d} {self.months[at.month - 1]} {at:%H:%M}"

    def capital(self, text: str) -> str:
        """`text` with a capital first letter (a Turkish i becomes İ)."""
        first = "İ" if self.language == "tr" and text.startswith("i") else text[:1].upper()
        return first + text[1:]

    def small(self, text: str) -> str:
        """`text` in small letters (a Turkish I becomes ı)."""
        return text.replace("I", "ı").replace("İ", "i").lower() if self.language == "tr" else text.lower()

    def shown(self, raw: object) -> str:
        """A cell as a person would recognise it in a sentence, quoted, shortened to 40 characters, on one line."""
        if isinstance(raw, bool):
            return "TRUE" if raw else "FALSE"
        if isinstance(raw, datetime):
            return raw.strftime("%Y-%m-%d %H:%M")
        text = re.sub(r"\s+", " ", str(raw)).strip()
        if len(text) > 40:  # noqa: PLR2004 - a Sync cell is read at a glance
            text = text[:39] + "…"
        return f"“{text}”" if isinstance(raw, str) else text

    def sentence(self, text: str) -> str:
        """The panel's words as one sentence on one line, at most 300 characters."""
        text = re.sub(r"\s+", " ", text).strip()
        if not text:
            return self.PHRASES["no_reason"] + self.JOINTS["plain"].rstrip()
        if len(text) > 300:  # noqa: PLR2004 - a Sync cell is read at a glance
            text = text[:299] + "…"
        return text if text.endswith((".", "!", "?", "।")) else text + "."

    # --- phrases -----------------------------------------------------------------------------------------------------

    def listed(self, items: Iterable[str]) -> str:
        """`A, B or C`."""
        return _listed(items, self.PHRASES["or"])

    def also(self, items: Iterable[str]) -> str:
        """`A, B and C`."""
        return _listed(items, self.PHRASES["and"])

    def named(self, fields: Iterable[str]) -> str:
        """The headers of `fields`, as a phrase."""
        return self.also(self.LABEL[name] for name in fields)

    def count(self, number: str) -> str:
        """A whole number as people read it: `1,200`; any other text as it is."""
        return f"{int(number):,}".replace(",", self.PHRASES["thousands"]) if number.isdecimal() else number

    def value(self, field: str, value: str) -> str:
        """A field's canonical value as people read it."""
        return self.choice(value) if field in ("status", "decision") else value

    def changes(self, items: Iterable[tuple[str, str]]) -> str:
        """Values as a phrase: `Status Completed, Remains 50`."""
        return ", ".join(f"{self.LABEL[name]} {self.value(name, value)}" for name, value in items)

    def amount_of(self, feed: str, count: int) -> str:
        """What `count` rows of a feed are called: `order`, `orders`."""
        return self.ONE[feed] if count == 1 else self.MANY[feed]

    # --- answers -----------------------------------------------------------------------------------------------------

    def sync_text(self, key: str, kind: Kind, text: str) -> str:
        """What stands in a Sync cell: `#15 · Waiting for Remains: …`."""
        return f"{prefix(key)}{self.answer(kind, text)}"

    def answer(self, kind: Kind, text: str) -> str:
        """An answer without its row's key: `Waiting for Remains: …`."""
        joint = self.JOINTS["held" if kind is Kind.HELD else "sent" if kind is Kind.SENT else "plain"]
        goes_on = self.JOINTS[_GOES_ON[kind]] if kind in _GOES_ON else ""
        if goes_on and text.startswith(goes_on):
            joint = self.JOINTS["goes_on"]
        return f"{self.MARK[kind]}{joint}{text}"

    def join(self, parts: Iterable[tuple[Kind, str]]) -> str:
        """Several answers of one row as one text, each a sentence of its own."""
        return " ".join(
            text
            if place == 0
            else f"{self.MARK[kind]}{self.JOINTS['sent']}{text}"
            if kind is Kind.SENT
            else self.capital(text)
            for place, (kind, text) in enumerate(parts)
        )

    @cached_property
    def _starts(self) -> tuple[str, ...]:
        return tuple(_DOT + mark for mark in self.MARK.values())

    @cached_property
    def _fleeting_starts(self) -> tuple[str, ...]:
        return tuple(_DOT + self.MARK[kind] for kind in FLEETING)

    def kind_of(self, sync: object) -> Kind | None:
        """Which kind of answer a Sync text is, None when it is none of ours."""
        if not isinstance(sync, str):
            return None
        start = sync.find(_DOT)
        while start >= 0:  # a reference may hold the separator, so the first one is not always ours
            for kind, mark in self.MARK.items():
                if sync.startswith(mark, start + len(_DOT)):
                    return kind
            start = sync.find(_DOT, start + 1)
        return None

    def fleeting(self, sync: object) -> bool:
        """Whether a Sync text is an answer about what the row shows now: asked of every row, so it looks no further."""
        if not isinstance(sync, str):
            return False
        start = sync.find(_DOT)
        if start < 0 or sync.startswith(self._starts, start):
            return start >= 0 and sync.startswith(self._fleeting_starts, start)
        return self.kind_of(sync) in FLEETING


def prefix(key: str) -> str:
    """How a Sync text starts: the row's own key, by which the row is found again."""
    return f"#{key} · "


def _listed(items: Iterable[str], last: str) -> str:
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])}{last}{items[-1]}"


ENGLISH: Final = Words(
    language="en",
    **SENTENCES,
    MARK=MARK,
    JOINTS=JOINTS,
    LABEL=LABEL,
    SERVICE_LABEL=SERVICE_LABEL,
    TAB=TAB,
    ONE=ONE,
    MANY=MANY,
    INSTEAD=INSTEAD,
    CHOICES=CHOICES,
    PHRASES=PHRASES,
    SENDS=SENDS,
    MESSAGES=MESSAGES,
    LIMITS=LIMITS,
    RESULTS=RESULTS,
    STATES=STATES,
    VERDICTS=VERDICTS,
    one_choice=ONE_CHOICE,
    months=MONTHS,
    same={},
    meant={},
)

TERMINAL: Final = ENGLISH
"""The words of command lines, reports and settings: those speak English, whatever the sheet speaks."""
