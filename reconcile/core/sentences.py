"""The names of everything the job says, as types: a sentence that there is not fails the type check.

Generated from core/words.py: `python -m tests.workbook.english` writes it again, a test tells when that is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MessageName = Literal[
    "undone",
    "row",
    "tab",
    "deleted",
    "deleted_closed",
    "no_id",
    "missing",
    "bad_service",
    "no_service",
    "order",
    "refill_again",
    "twice",
    "new_row",
    "back",
    "archived",
    "stayed",
    "kept",
    "stuck_refused",
    "stuck_formulas",
    "stuck_twins",
    "stuck_objects",
    "stuck_links",
    "log_waits_shut",
    "log_waits_table",
    "same_again",
    "lists",
    "updates_form",
    "updates_single",
    "fewer_rows",
    "none_learnt",
    "not_acknowledged",
    "listed_rowless",
    "listed_closed",
    "lacks_call",
    "send_doubt",
    "unreadable",
    "claim_doubt",
    "stopped_claiming",
    "rival",
    "known_send",
    "restored",
    "restore_doubt",
    "restored_told",
    "restored_perhaps",
    "restored_sent",
    "adopted",
    "look_found",
    "look_nothing",
    "look_open",
    "look_failed",
    "look_refund",
    "doubt_closed",
    "approve",
    "approval_again",
    "approval_more",
    "added",
    "settled",
]
LimitName = Literal[
    "accident",
    "sorted_rows",
    "sorted_columns",
    "shifted_down",
    "shifted_up",
    "filled_same",
    "filled_series",
    "exchanged",
    "cleared",
    "back",
    "max_gone_share",
    "max_gone_share_all",
    "emptied",
    "max_refunds",
    "max_refund_total",
    "max_refund_unknown",
    "unknown_refund",
    "kept_refund",
    "max_payments",
    "max_payment_total",
    "max_payment",
    "max_tickets",
    "sent_apart",
    "past_references",
    "filled_rows",
    "max_closed_share",
]
PhraseName = Literal[
    "or",
    "and",
    "a_choice",
    "it",
    "the_one",
    "blank",
    "no_reason",
    "undoes",
    "of_service",
    "in_service",
    "one_answer",
    "answers",
    "no_time",
    "stopped_before",
    "other_run",
    "stopped_before_answer",
    "seen_at_panel",
    "look_begins",
    "look_asks",
    "by_hand",
    "old_tab",
    "refund",
    "refunds",
    "unknown_amount",
    "at_most",
    "nothing_lost",
    "it_went_through",
    "send_again",
    "state_start",
    "state_remains",
    "thousands",
]
JointName = Literal[
    "plain",
    "sent",
    "held",
    "goes_on",
    "waiting_goes_on",
    "held_goes_on",
]


@dataclass(frozen=True, eq=False)
class Sentences:
    """One language's sentences, by name."""

    FORMULA: str
    LOADING: str
    ERROR_CELL: str
    NOT_TEXT: str
    BOOLEAN: str
    DATE: str
    NOT_WHOLE: str
    NEGATIVE: str
    TOO_SMALL: str
    TOO_LONG: str
    TOO_BIG: str
    DOT_THOUSANDS: str
    NUMBER_WITH_WORDS: str
    NOT_A_NUMBER: str
    COMMA_AMOUNT: str
    DOT_AMOUNT: str
    NOT_AN_AMOUNT: str
    AMOUNT_NOT_POSITIVE: str
    NOT_A_CHOICE_NEAR: str
    NOT_A_CHOICE: str
    NEW_ORDER: str
    REMAINS_OVER: str
    PARTIAL_ZERO: str
    PARTIAL_NEEDS_REMAINS: str
    COMPLETED_WITH_REMAINS: str
    COMPLETED_AT_PANEL: str
    ASK: str
    START_IS_ID: str
    CANCELED_WITH_REMAINS: str
    PARTIAL_OF_ALL: str
    CLOSED_STAYS: str
    ALREADY_REFUNDED: str
    REFUND_ON_ITS_WAY: str
    CLOSED_ELSEWHERE: str
    NEW_REFILL: str
    NEW_CANCEL: str
    REFILL_CLOSED: str
    REFILL_NOT_BACK: str
    CANCEL_DECIDED: str
    CANCEL_NEEDS_REMAINS: str
    CANCEL_ORDER_CLOSED: str
    CONTRADICTION: str
    REFUNDED_WITH: str
    REQUEST_GRANTED: str
    REQUEST_OVER: str
    REQUEST_CLOSED: str
    CANCEL_NO_ORDER: str
    NEEDS: str
    SEND_WHEN_READY: str
    SENT_FOR_EVER: str
    NO_REFERENCE: str
    SAME_AGAIN: str
    NOT_SENT_AGAIN: str
    SENT_AS: str
    REFERENCE_LIKE: str
    REFERENCE_UNFIT: str
    REFERENCES_ALIKE: str
    KEY_TOO_LONG: str
    DOUBLED: str
    UNKNOWN_ID: str
    THIS_IS: str
    ID_ALSO_THERE: str
    STANDS_IN_ARCHIVE: str
    NOT_ARCHIVED: str
    LOST_ID: str
    LOST_ID_COPY: str
    FACTS_MOVED: str
    CLEARED_HERE: str
    FACTS_KEPT: str
    FACT_CHANGED: str
    HELD_BY_LIST: str
    HELD_BY_LIST_ALONE: str
    MONEY_WAITS: str
    HEALTH_HELD: str
    HELD_WITH_TAB: str
    APPROVAL_WAITS: str
    APPROVAL_OTHERS: str
    APPROVAL_MONEY_WAITS: str
    APPROVAL_USED: str
    APPROVAL_FORCED: str
    APPROVAL_CHANGED: str
    APPROVAL_OVER: str
    APPROVAL_ENDED_TICKED: str
    APPROVAL_LINE: str
    APPROVAL_LINE_TICKED: str
    APPROVAL_UNKNOWN: str
    APPROVAL_NO_CODE: str
    APPROVAL_TOO_MANY: str
    APPROVAL_MOVED: str
    APPROVAL_MIXED: str
    SENT: str
    REFUSED: str
    UNKNOWN: str
    NOT_SENT: str
    IN_DOUBT: str
    IN_DOUBT_STALE: str
    WENT_THROUGH: str
    UP_TO_DATE: str
    OPEN_AGAIN: str
    TAKEN_BACK: str
    STATUS_UNKNOWN: str
    HANDED_OUT_AGAIN: str
    HANDED_OUT_REFUNDED: str
    EARLIER_ROW: str
    BACK_AS_SENT: str
    BACK_UNSURE: str
    HANDED_OUT_OTHER: str
    HANDED_OUT_QUANTITY: str
    UNCLEAR: str
    PANEL_CHANGED: str
    CLOSED_AT_PANEL: str
    NOT_CLOSED_THERE: str
    LONG_TEXT: str
