"""The words of the project as types: plain, frozen, passed across every border.

Ids are text, money is Decimal or the panel's own text, times are aware UTC datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from reconcile.core.words import Kind as Kind  # noqa: PLC0414, TC001 - it belongs to the model as much as to the words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from reconcile.core.alerts import Message
    from reconcile.core.words import Words

Cell = str | int | float | bool | datetime | None
"""One cell as it stands in a sheet. None is blank."""

Row = dict[str, Cell]
"""One line of a tab: template column key → cell."""

UNSURE = "unsure"
SYNC = "sync"
STATE = "state"
"""The column that says in one word how a row stands."""
APPROVALS = "approvals"
"""The tab that lists what a limit stopped."""
ROW = "_row"
"""The frame column that keeps a row's number, only to be named in messages."""


class Feed(StrEnum):
    """One kind of row. The value is also the tab's template key and the ledger's `tab`."""

    ORDERS = "orders"
    REFILLS = "refills"
    CANCELS = "cancels"
    PAYMENTS = "payments"
    TICKETS = "tickets"

    @property
    def claimed(self) -> bool:
        """Whether its rows come from the panel (rather than from staff)."""
        return self in (Feed.ORDERS, Feed.REFILLS, Feed.CANCELS)


class Status(StrEnum):
    """An order's status, as staff read it."""

    PROCESSING = "Processing"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    PARTIAL = "Partial"
    CANCELED = "Canceled"

    @property
    def wire(self) -> str:
        """As `updateOrders` takes it [ref]."""
        return self.name

    @property
    def closed(self) -> bool:
        return self in (Status.COMPLETED, Status.PARTIAL, Status.CANCELED)


CLOSED_THERE = "Closed at the panel"
"""What staff choose for an order of which the panel says that it is closed there: never sent, so it is no `Status`."""


class RefillStatus(StrEnum):
    """A refill task's status, as staff read it."""

    PENDING = "Pending"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    REJECTED = "Rejected"


class Decision(StrEnum):
    """What staff decide about a cancel request."""

    REFUND = "Cancel and refund"
    PARTIAL = "Partial refund"
    REJECT = "Reject"


class Unsure(StrEnum):
    """How staff settle a doubt in the row."""

    WENT_THROUGH = "It went through"
    SEND_AGAIN = "Send again"


class YesNo(StrEnum):
    """A drop-down with two answers."""

    YES = "Yes"
    NO = "No"


class Action(StrEnum):
    """The panel's 18 actions; the value is the wire name."""

    GET_ORDER = "getOrder"
    GET_ORDERS = "getOrders"
    UPDATE_ORDERS = "updateOrders"
    SET_IN_PROGRESS = "setInprogress"
    SET_PROCESSING = "setProcessing"
    SET_START_COUNT = "setStartcount"
    SET_CANCELED = "setCanceled"
    SET_PARTIAL = "setPartial"
    SET_COMPLETED = "setCompleted"
    SET_REMAINS = "setRemains"
    GET_REFILLS = "getRefills"
    GET_CANCEL = "getCancel"
    SET_REFILL_COMPLETED = "setRefillCompleted"
    SET_REFILL_REJECTED = "setRefillRejected"
    SET_REFILL_IN_PROGRESS = "setRefillInprogress"
    SET_CANCEL_REJECTED = "setCancelRejected"
    ADD_PAYMENT = "addPayment"
    ADD_TICKET = "addTicket"

    @property
    def claims(self) -> bool:
        """Hands work out: never repeated inside a run."""
        return self in (Action.GET_ORDER, Action.GET_ORDERS, Action.GET_REFILLS, Action.GET_CANCEL)

    @property
    def once(self) -> bool:
        """Moves money or sends a message: never repeated without a person."""
        return self in (Action.SET_PARTIAL, Action.SET_CANCELED, Action.ADD_PAYMENT, Action.ADD_TICKET)


# --- what the panel hands out ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RawAnswer:
    """An HTTP answer before anybody has read it: what the journal keeps.

    body: as it arrived, before it is unpacked, decoded, judged or parsed. encoding: what Content-Encoding says of it, only a hint:
    the content decides. dialect: the panel's API that it was asked in; it is read in no other.
    """

    status: int
    body: bytes
    content_type: str = ""
    encoding: str = ""
    dialect: str = "v1"


@dataclass(frozen=True)
class Order:
    """An order as the panel handed it out: texts exactly as sent ("" where absent). `service` is the type we asked for.

    details: what else the panel sent with it, `usernames: a, b · answer_number: 3`.
    """

    id: str
    service: str
    link: str = ""
    charge: str = ""
    user: str = ""
    quantity: str = ""
    comments: str = ""
    details: str = ""


@dataclass(frozen=True)
class Refill:
    """A refill task. Its id is not the order's id: separate key spaces."""

    id: str
    order_id: str = ""
    service: str = ""
    link: str = ""
    start_count: str = ""
    quantity: str = ""
    requested: str = ""


@dataclass(frozen=True)
class CancelTask:
    """A cancel request. Its id is not the order's id: separate key spaces."""

    id: str
    order_id: str = ""
    service: str = ""
    link: str = ""


@dataclass(frozen=True)
class Broken:
    """One item of an answer that cannot become a row: kept raw and reported, never dropped."""

    raw: str
    why: str


@dataclass(frozen=True)
class Claimed:
    """What one claim's answer says.

    `problem` is empty when the answer is understood (rows, or clearly none). Otherwise it says in words why the answer
    cannot be told from a failure; `in_doubt` then tells whether work may have been handed out with it.
    `count` is how many items the panel sent, broken ones included: 100 means "maybe more".
    `unread`: it could not be read in the time there was. Rows and broken are empty then, `in_doubt` is true.
    `said`: the panel's own sentence where it clearly refused with one of its own that we do not know.
    """

    feed: Feed
    service: str
    rows: tuple[Order | Refill | CancelTask, ...] = ()
    broken: tuple[Broken, ...] = ()
    problem: str = ""
    in_doubt: bool = False
    lacks_action: bool = False
    unread: bool = False
    said: str = ""

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.broken)


# --- what the panel is told --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrderUpdate:
    """One entry of `updateOrders`: only what is not None is sent. Numbers are canonical text ("1000")."""

    id: str
    status: Status | None = None
    start_count: str | None = None
    remains: str | None = None


class Verdict(StrEnum):
    """What became of one push."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_SENT = "not sent"


@dataclass(frozen=True)
class ItemResult:
    """What the panel said about one id of an `updateOrders` (or one single call): `reason` in the panel's words."""

    verdict: Verdict
    reason: str = ""


# --- the sheet -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Snapshot:
    """The workbook as one read saw it.

    `tabs`: template key → DataFrame with one column per template column key plus `_row` (the row's number, only for
    messages), object dtype, blanks as None, wholly blank rows left out, index = `cells.id_text` of the key column ("" when
    that cell is blank; may repeat). `ledger`: one row per (tab, key), columns `ledger.COLUMNS`. `meta`: key → text.
    `words`: the workbook's language, in which it is answered.
    """

    revision: int
    tabs: Mapping[str, pd.DataFrame]
    ledger: pd.DataFrame
    meta: Mapping[str, str]
    words: Words


@dataclass(frozen=True)
class Commit:
    """One all-or-nothing write, naming everything by key, never by position.

    append: tab → rows that go below the last one. ledger: rows to insert or replace, each with `tab` and `key`.
    sync: tab → key → the text its Sync cell is to show. meta: key → text, None removes it.

    archive: order id → its row for Archive; what stands in columns of staff's own joins its Note there. The row leaves Orders if it still is
    as the last read showed it, and only then; otherwise it stays, whatever was changed. A Google Sheet may then hold the
    copy all the same: `outdated` (order id → text) puts that text into the Sync cell of such a copy.
    state: as `sync`, for the State cells; a workbook may leave it out where somebody has closed one of them to us.
    forget: (tab, key) of ledger rows that go, before `ledger` is written. prune: tab of a log → how many rows it keeps.
    revision: the one it makes, where that is not the next: past every one that was ever written, for a workbook that was put back.
    """

    run: str
    append: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    ledger: Sequence[Row] = ()
    sync: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    state: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    meta: Mapping[str, str | None] = field(default_factory=dict)
    archive: Mapping[str, Row] = field(default_factory=dict)
    outdated: Mapping[str, str] = field(default_factory=dict)
    forget: Sequence[tuple[str, str]] = ()
    prune: Mapping[str, int] = field(default_factory=dict)
    revision: int | None = None


# --- plan and outcome ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One staff edit: a cell from → to. `raw` is the cell exactly as it stands, for the ledger's memory of it."""

    field: str
    old: str
    new: str
    raw: Cell = None


@dataclass(frozen=True)
class Push:
    """What the panel is to be told about one row. `target` is the id (or user) the action is about.

    undoes: the run whose values it takes back, "" normally.
    unread: of a refund whose amount cannot be worked out what it would be worked out of, as the panel sent it: field → text.
    """

    feed: Feed
    key: str
    row: int
    action: Action
    target: str
    changes: tuple[Change, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    amount: Decimal | None = None
    order_id: str = ""
    again: bool = False
    undoes: str = ""
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def refund(self) -> bool:
        """Whether it gives a customer money back."""
        return self.once and self.feed in (Feed.ORDERS, Feed.CANCELS)

    @property
    def once(self) -> bool:
        """Whether it may be sent at most once without a person."""
        return self.action.once or ("once", "yes") in self.params


@dataclass(frozen=True)
class Note:
    """What a row's Sync cell is to say (the text after `#key · `)."""

    tab: str
    key: str
    row: int
    kind: Kind
    text: str


@dataclass(frozen=True)
class Limit:
    """A limit the plan exceeds: its name, one sentence with the arithmetic, and the (tab, key) of the rows it holds.

    shuts: the feed in which rows and values no longer belong together, so that all of it is held and nothing is received for it.
    shows: what else its list is about besides changes to send: the cells its rows show, as a digest.
    """

    name: str
    text: str
    rows: tuple[tuple[str, str], ...] = ()
    shuts: Feed | None = None
    shows: str = ""

    def holds(self, place: tuple[str, str]) -> bool:
        """Whether the row at (tab, key) is held by it."""
        return place in self.rows or place[0] == self.shuts


@dataclass(frozen=True)
class Approval:
    """A limit as the Approvals tab asks about it: `digest` names exactly the changes it is about, `code` the list of them.

    listed: whether the list stands in the tab already. ticked: whether a tick of staff lets it through now. before: the code
    under which the very same was let through already, "" normally. waits: ticked, and until when its money waits ("10:20", as people
    read it); the tick is used once that is over.
    """

    limit: Limit
    code: str
    digest: str
    listed: bool = False
    ticked: bool = False
    before: str = ""
    waits: str = ""


@dataclass(frozen=True)
class Doubt:
    """Something that may or may not have happened, on record until a person resolves it.

    kind: "claim" (an answer of ≤ `bound` rows may be lost), "send" (a refund, payment or ticket), "broken" (an item that
    came but could not be read; `raw` keeps it).
    """

    id: str
    kind: str
    feed: Feed
    text: str
    at: str = ""
    run: str = ""
    service: str = ""
    key: str = ""
    bound: int = 0
    raw: str = ""
    until: str = ""
    """When its call was over, where that is known: nothing was handed out by it later."""


@dataclass(frozen=True)
class Waiting:
    """A push that goes out after a time in which staff can stop it, and that time (in the sheet's zone)."""

    push: Push
    until: datetime


@dataclass(frozen=True)
class Plan:
    """The pure result of comparing sheet and ledger: what to push, what to answer, what is held.

    `settled`: ledger rows to write although the panel is told nothing (a cell now agrees, or its shown value moved).
    `held`: what would be pushed if no limit held it. `waiting`: what goes out later, unless staff stop it. `digest` names exactly
    `pushes`, `held` and `waiting` together: two equal plans have equal digests. `refund_total`: of all three. `words`: the language its answers are in. `approvals`: one per limit. `meta`: entries to write with the plan.
    `archive`: ids of the closed orders that move to Archive with it, the longest closed first. `forced`: whether it goes out
    with everything that its limits would hold.
    """

    pushes: tuple[Push, ...] = ()
    notes: tuple[Note, ...] = ()
    limits: tuple[Limit, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    settled: tuple[Row, ...] = ()
    messages: tuple[str, ...] = ()
    refund_total: Decimal = Decimal(0)
    digest: str = ""
    words: Words = field(kw_only=True)
    approvals: tuple[Approval, ...] = ()
    meta: tuple[tuple[str, str | None], ...] = ()
    archive: tuple[str, ...] = ()
    forced: bool = False
    held: tuple[Push, ...] = ()
    waiting: tuple[Waiting, ...] = ()

    @property
    def stopped(self) -> tuple[Limit, ...]:
        """The limits that nobody has let through: each holds its rows."""
        through = [approval.limit for approval in self.approvals if approval.ticked]
        return tuple(limit for limit in self.limits if limit not in through)

    @property
    def holding(self) -> tuple[Limit, ...]:
        """The limits that hold something in this run: none with --force."""
        return () if self.forced else self.stopped

    @property
    def shut(self) -> frozenset[Feed]:
        """The feeds that send nothing and receive nothing until they are put right."""
        return frozenset(limit.shuts for limit in self.holding if limit.shuts is not None)

    @property
    def rows_held(self) -> int:
        """How many rows limits hold."""
        rows = {row for limit in self.holding for row in limit.rows}
        return len(rows | {(push.feed.value, push.key) for push in self.held})

    @property
    def refunds(self) -> tuple[Push, ...]:
        return tuple(push for push in self.pushes if push.refund)


@dataclass(frozen=True)
class Result:
    """What became of one push."""

    push: Push
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What one run did: the same object feeds text, Markdown, JSON and the Runs tab.

    states: feed → how rows stand now, in canonical words → how many. missing: feed → keys of open rows that the sheet does not have.
    """

    run: str
    started: datetime
    finished: datetime
    plan: Plan
    results: tuple[Result, ...] = ()
    landed: tuple[tuple[str, int], ...] = ()
    doubts: tuple[Doubt, ...] = ()
    messages: tuple[str, ...] = ()
    needs_person: int = 0
    calls: tuple[tuple[str, int], ...] = ()
    exit_code: int = 0
    stopped: str = ""
    next_step: str = ""
    alerts: tuple[Message, ...] = ()
    states: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
