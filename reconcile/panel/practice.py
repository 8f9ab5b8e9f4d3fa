"""A practice panel: the admin API's behaviour over real HTTP, with made-up data and faults on demand.

What it hands out first are the reference's own examples [ref]: orders 15 and 16 (service 1), refill 1 (order 24, service 3412), cancel
241 (order 7635). Then come generated ones, the same for the same seed: `orders` pending orders in all over the services 1, 2
and 3 (48 %, 40 %, the rest: 250 are 120 + 100 + 30, so that the page border of 100 is met), refills and cancels.

It does what the documentation and the known servers do: reading hands out for good; every setPartial and setCanceled counts another
refund, also a repeated one [srv]; updateOrders moves no money [srv] (`update_refunds` changes that); a pending order is handed
out once and then is Processing [ref].
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import threading
import urllib.parse
from collections import deque
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

from reconcile.core.model import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

PATH = "/admin/v1"
STATE_PATH = "/_practice/state"
SERVICES: tuple[str, ...] = ("1", "2", "3")
"""The services its orders belong to: what RECONCILE_SERVICES is to be for it."""

PAGE = 100  # getOrders: "up to 100 pending orders" [ref]
_BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND = 400, 401, 404

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body. A Content-Length above the body's length means: send this much, then close."""


class Dropped(Exception):
    """The connection is to be closed without an answer; `acted` tells whether the panel had acted by then."""

    def __init__(self, *, acted: bool, late: bool = False) -> None:
        super().__init__("the connection is dropped")
        self.acted = acted
        self.late = late
        """The panel is only slow: whoever waits for its answer runs into a time-out."""


# --- the world -------------------------------------------------------------------------------------------------------------


@dataclass
class PracticeOrder:
    """An order as the panel keeps it. `refunds`: one amount per refund, so that a double one shows."""

    id: str
    service: str
    link: str = ""
    charge: str = ""
    user_id: str = ""
    quantity: str = ""
    comments: str = ""
    status: str = "Pending"
    start_count: str = ""
    remains: str = ""
    sparse: bool = False
    refunds: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    handed: int = 0

    def shown(self) -> dict[str, str]:
        """As getOrders sends it [ref]; a sparse one (comments service) lacks charge, user and quantity [obs]."""
        shown = {"id": self.id, "link": self.link, "charge": self.charge, "user_id": self.user_id}
        shown |= {"quantity": self.quantity, "comments": self.comments}
        return {name: shown[name] for name in ("id", "link", "comments")} if self.sparse else shown


@dataclass
class PracticeRefill:
    """A refill task; its status is "" until it was handed out, then PENDING [ref]."""

    id: str
    order_id: str
    service_id: str
    link: str
    start_count: str
    quantity: str
    date: str
    status: str = ""
    history: list[str] = field(default_factory=list)
    handed: int = 0

    def shown(self) -> dict[str, str]:
        """As getRefills sends it [ref]."""
        names = ("id", "order_id", "service_id", "link", "start_count", "quantity", "date")
        return {name: str(getattr(self, name)) for name in names}


@dataclass
class PracticeCancel:
    """A cancel request, "open" until rejected or its order is canceled or partial."""

    id: str
    order_id: str
    service_id: str
    link: str
    status: str = "open"
    handed: int = 0


@dataclass
class State:
    """Everything the practice panel knows, by id."""

    orders: dict[str, PracticeOrder] = field(default_factory=dict)
    refills: dict[str, PracticeRefill] = field(default_factory=dict)
    cancels: dict[str, PracticeCancel] = field(default_factory=dict)
    payments: list[dict[str, str]] = field(default_factory=list)
    tickets: list[dict[str, str]] = field(default_factory=list)
    times: dict[str, float] = field(default_factory=dict)
    """When an order last changed, in seconds; kept by panels that tell it."""

    def refunds(self) -> list[tuple[str, str]]:
        """(order id, amount) of every refund ever made."""
        return [(order.id, amount) for order in self.orders.values() for amount in order.refunds]


@dataclass(frozen=True)
class Request:
    """One request as it came in: parameters in order, without the key. `orders` is updateOrders' list."""

    action: str
    params: tuple[tuple[str, str], ...]
    content_type: str
    orders: tuple[Mapping[str, Any], ...] = ()
    key_ok: bool = True

    def param(self, name: str) -> str | None:
        """The parameter's value, None where it was not sent."""
        return dict(self.params).get(name)


# --- faults ----------------------------------------------------------------------------------------------------------------


@dataclass
class Fault:
    """Something that goes wrong with the next `times` calls of `action` (any, when empty).

    kind: "answer" (this status and body; `acts` tells whether the call happens all the same), "drop" (no answer, after acting when
    `acts`), "truncate" (the true answer, but only its first `keep` bytes), "partial" (updateOrders answers for the first `keep` ids;
    all of them are applied).
    """

    kind: str
    action: str = ""
    times: int = 1
    acts: bool = True
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    keep: int = 0


def answering(body: bytes | str, status: int = 200, *, action: str = "", times: int = 1, acts: bool = False) -> Fault:
    """The next answer is exactly this."""
    content = body.encode() if isinstance(body, str) else body
    return Fault("answer", action, times, acts, status, content)


def dropping(*, acts: bool, action: str = "", times: int = 1) -> Fault:
    """The connection closes without an answer, before or after the panel acted."""
    return Fault("drop", action, times, acts)


def truncating(keep: int, *, action: str = "", times: int = 1) -> Fault:
    """The panel acts and its answer breaks off after `keep` bytes."""
    return Fault("truncate", action, times, keep=keep)


def rate_limiting(retry_after: str | None = None, *, at_200: bool = False, action: str = "", times: int = 1) -> Fault:
    """The panel says "slow down" and does not act: HTTP 429, or the fail envelope at 200 [obs]."""
    body = _json({"status": "fail", "error": "rate_limited", "message": "Too many requests"})
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Fault("answer", action, times, acts=False, status=200 if at_200 else 429, body=body, headers=headers)


def answering_for(ids: int, *, times: int = 1) -> Fault:
    """updateOrders applies everything and answers for the first `ids` of it, as the reference's own example does [ref]."""
    return Fault("partial", Action.UPDATE_ORDERS.value, times, keep=ids)


# --- the panel ---------------------------------------------------------------------------------------------------------------


class PracticePanel:
    """A panel in memory. `handle` is the whole behaviour; `serving` puts it behind a socket, `transport` behind httpx.

    key: made from the seed when None. empty: how "nothing pending" is said ("list", "fail200", "fail404"). cancels_for_ever: getCancel
    keeps handing out the same task [obs]. update_refunds: PARTIAL and CANCELED through updateOrders refund. refuse_repeats: a
    second cancel of an order fails. everything_200: failures come as HTTP 200 [obs]. lacks: actions answered with bad_action.
    refusals: order id → (word, message), refused whenever touched. lists: getOrders shows what is pending and changes nothing [srv].
    page: most orders in one answer. most_updates: a longer list of updates is answered too late. closes: an order that is closed
    refuses everything [obs]. looks: it has `getOrders-by-id` [obs].
    """

    def __init__(
        self,
        orders: int = 250,
        seed: int = 7,
        key: str | None = None,
        *,
        refills: int = 12,
        cancels: int = 4,
        empty: str = "list",
        cancels_for_ever: bool = False,
        update_refunds: bool = False,
        refuse_repeats: bool = False,
        everything_200: bool = False,
        success_status: int = 200,
    ) -> None:
        self.key = key or f"practice-{random.Random(f'key {seed}').getrandbits(96):024x}"  # noqa: S311 - practice
        self.state = first_state(orders, seed, refills=refills, cancels=cancels)
        self.empty = empty
        self.cancels_for_ever = cancels_for_ever
        self.update_refunds = update_refunds
        self.refuse_repeats = refuse_repeats
        self.everything_200 = everything_200
        self.success_status = success_status
        self.lacks: set[Action] = set()
        self.refusals: dict[str, tuple[str, str]] = {}
        self.lists = False
        self.page = PAGE
        self.most_updates: int | None = None
        self.closes = False
        self.looks = False
        self.update_answers_for: int | None = None
        self.faults: deque[Fault] = deque()
        self.requests: list[Request] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"PracticePanel({len(self.state.orders)} orders)"

    def add_order(self, id: str, service: str = "1", **fields: Any) -> PracticeOrder:
        """Puts one more order in, pending unless `status` says otherwise."""
        order = PracticeOrder(id, service, **fields)
        self.state.orders[id] = order
        return order

    def calls(self, action: Action | str) -> list[Request]:
        """The requests of one action so far."""
        return [request for request in self.requests if request.action == str(action)]

    # --- one request -----------------------------------------------------------------------------------------------------------

    def handle(self, method: str, headers: Mapping[str, str], body: bytes, path: str = PATH) -> Answer:
        """One HTTP request to one answer. Raises Dropped where a fault closes the connection."""
        lower = {name.lower(): value for name, value in headers.items()}
        path = path.partition("?")[0]
        with self._lock:
            if path.rstrip("/") == STATE_PATH:
                return self._observed(method, lower)
            if path.rstrip("/") != PATH:
                return _answer(_NOT_FOUND, {"error": "Not Found"})
            if method != "POST":
                return _answer(405, {"status": "fail", "error": "bad_method", "message": "Use POST"})
            fields, orders = _fields(lower.get("content-type", ""), body)
            return self._with_faults(fields, orders, lower.get("content-type", ""))

    def _observed(self, method: str, headers: Mapping[str, str]) -> Answer:
        if method != "GET" or headers.get("authorization") != f"Bearer {self.key}":
            return _answer(_UNAUTHORIZED, {"status": "fail", "error": "bad_auth"})
        return _answer(200, {"state": asdict(self.state), "requests": [asdict(request) for request in self.requests]})

    def _with_faults(self, fields: list[tuple[str, str]], orders: Any, content_type: str) -> Answer:
        named = dict(fields)
        action = named.get("action", "")
        self.requests.append(
            Request(
                action,
                tuple((name, value) for name, value in fields if name not in {"action", "key"}),
                content_type.partition(";")[0],
                tuple(entry for entry in orders if isinstance(entry, dict)) if isinstance(orders, list) else (),
                key_ok=named.get("key") == self.key,
            )
        )
        fault = self._next_fault(action)
        if fault is None:
            return self._answered(named, orders, self.update_answers_for)
        if fault.kind == "partial":
            return self._answered(named, orders, fault.keep)
        true = self._answered(named, orders, None) if fault.acts or fault.kind == "truncate" else None
        if fault.kind == "drop":
            raise Dropped(acted=fault.acts)
        if fault.kind == "truncate" and true is not None:
            status, headers, body = true
            return status, headers, body[: fault.keep]
        headers = {"Content-Type": _content_type(fault.body), "Content-Length": str(len(fault.body))}
        return fault.status, headers | dict(fault.headers), fault.body

    def _next_fault(self, action: str) -> Fault | None:
        for fault in self.faults:
            if fault.action in {"", action}:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _answered(self, named: dict[str, str], orders: Any, answers_for: int | None) -> Answer:
        try:
            content = self._act(named, orders, answers_for)
        except _Fail as fail:
            content = {"status": "fail", "error": fail.word, "message": fail.message}
            if fail.missing:
                content["missing"] = fail.missing
            return _answer(200 if self.everything_200 else fail.status, content)
        return _answer(self.success_status, content)

    def _act(self, named: dict[str, str], orders: Any, answers_for: int | None) -> dict[str, Any]:
        if not named.get("key"):
            raise _Fail("error_code", "Key is required", _BAD_REQUEST, ["key"])  # [ref], word for word
        if named["key"] != self.key:
            raise _Fail("bad_auth", "Invalid API key", _UNAUTHORIZED)
        if self.looks and named.get("action") == "getOrders-by-id":
            return self._by_id(named)
        try:
            action = Action(named.get("action", ""))
        except ValueError:
            action = None
        if action is None or action in self.lacks:
            raise _Fail("bad_action", "Unknown action")
        if action is Action.UPDATE_ORDERS:
            return self._update_orders(orders, answers_for)
        missing = [name for name in _REQUIRED.get(action, ()) if not named.get(name)]
        if missing:
            raise _Fail("error_code", f"{missing[0].capitalize()} is required", _BAD_REQUEST, missing)
        act: Callable[[dict[str, str]], dict[str, Any]] = getattr(self, self._ACTIONS[action].__name__)
        return act(named)

    # --- claims ------------------------------------------------------------------------------------------------------------------

    def _none(self, name: str, message: str, word: str) -> dict[str, Any]:
        if self.empty == "list":
            return {"status": "success", "message": message, name: []}
        raise _Fail(word, "", 200 if self.empty == "fail200" else _NOT_FOUND)

    def _hand_out(self, service: str, most: int) -> list[PracticeOrder]:
        pending = [
            order for order in self.state.orders.values() if order.status == "Pending" and order.service == service
        ]
        if self.lists:
            return pending[:most]
        for order in pending[:most]:
            order.status = "Processing"
            order.handed += 1
            order.history.append("handed out")
        return pending[:most]

    def _get_order(self, named: dict[str, str]) -> dict[str, Any]:
        handed = self._hand_out(named["type"], 1)
        if not handed:
            raise _Fail("no_order", "", 200 if self.empty != "fail404" else _NOT_FOUND)
        return {"status": "success", "message": "Order fetched successfully", **handed[0].shown()}

    def _get_orders(self, named: dict[str, str]) -> dict[str, Any]:
        handed = self._hand_out(named["type"], self.page)
        if not handed:
            return self._none("orders", "Orders fetched successfully", "no_order")
        return {
            "status": "success",
            "message": "Orders fetched successfully",
            "orders": [order.shown() for order in handed],
        }

    def _get_refills(self, named: dict[str, str]) -> dict[str, Any]:
        service = named.get("service_id")
        waiting = [refill for refill in self.state.refills.values() if not refill.status]
        waiting = [refill for refill in waiting if not service or refill.service_id == service][:PAGE]
        if not waiting:
            return self._none("refills", "Refills fetched successfully", "no_refill")
        for refill in waiting:
            refill.status = "PENDING"
            refill.handed += 1
            refill.history.append("PENDING")
        return {"status": "success", "message": "Refills fetched successfully", "refills": [r.shown() for r in waiting]}

    def _get_cancel(self, named: dict[str, str]) -> dict[str, Any]:
        service = named.get("service_id")
        for cancel in self.state.cancels.values():
            open_ = cancel.status == "open" and (self.cancels_for_ever or not cancel.handed)
            if open_ and (not service or cancel.service_id == service):
                cancel.handed += 1
                shown = {"order_id": cancel.order_id, "service_id": cancel.service_id, "link": cancel.link}
                return {"status": "success", "cancel": cancel.id, **shown}
        return self._none("cancel", "No cancel tasks", "no_cancel")

    def _by_id(self, named: dict[str, str]) -> dict[str, Any]:
        """Orders by their ids, changing nothing: no action of the reference, but some panels have it [obs]."""
        found = [self.state.orders[key] for key in named.get("orders", "").split(",") if key in self.state.orders]
        more = ("status", "start_count", "remains")
        shown = [{**one.shown(), "service_id": one.service, **{n: getattr(one, n) for n in more}} for one in found]
        return {"status": "success", "orders": shown}

    # --- orders ------------------------------------------------------------------------------------------------------------------

    def _order(self, id_: str) -> PracticeOrder:
        if id_ in self.refusals:
            raise _Fail(*self.refusals[id_])
        order = self.state.orders.get(id_)
        if order is None:
            raise _Fail("bad_id", "Order not found")
        if self.closes and order.status in {"Completed", "Partial", "Canceled"}:
            raise _Fail("", "Order is already closed")
        return order

    def _refund(self, order: PracticeOrder, part: str | None = None) -> None:
        """Counts one refund: all of the charge, or the share of it that remains. Every repeat is another one [srv]."""
        try:
            amount = Decimal(order.charge or "0")
            if part is not None and order.quantity:
                amount = amount * Decimal(part) / Decimal(order.quantity)
        except (InvalidOperation, ZeroDivisionError):
            amount = Decimal(0)
        order.refunds.append(f"{amount:f}")
        for cancel in self.state.cancels.values():
            if cancel.order_id == order.id and cancel.status == "open":
                cancel.status = "approved"

    def _set(
        self, order: PracticeOrder, status: str = "", start_count: str | None = None, remains: str | None = None
    ) -> None:
        if start_count is not None and not _whole(start_count):
            raise _Fail("bad_start_count", "Start count must be a number")
        if remains is not None and (
            not _whole(remains) or (_whole(order.quantity) and int(remains) > int(order.quantity))
        ):
            raise _Fail("bad_remains", "Remains must be a number up to the quantity")
        if status:
            order.status = status
            order.history.append(status)
        if start_count is not None:
            order.start_count = start_count
            order.history.append(f"start_count {start_count}")
        if remains is not None:
            order.remains = remains
            order.history.append(f"remains {remains}")

    def _update_orders(self, orders: Any, answers_for: int | None) -> dict[str, Any]:
        if orders is None:
            raise _Fail("error_code", "Orders is required", _BAD_REQUEST, ["orders"])
        if not isinstance(orders, list) or not all(isinstance(entry, dict) for entry in orders):
            raise _Fail("bad_order_list", "Orders must be a list")
        if self.most_updates is not None and len(orders) > self.most_updates:
            raise Dropped(acted=False, late=True)
        results: dict[str, dict[str, str]] = {}
        for entry in orders:
            id_ = str(entry.get("id", ""))
            try:
                self._update_one(id_, entry)
            except _Fail as fail:
                results[id_] = {"status": "fail", "error": fail.word, "message": fail.message}
            else:
                results[id_] = {"status": "success"}
        shown = dict(list(results.items())[:answers_for])
        return {"status": "success", "message": "Orders updated successfully", "orders": shown}

    def _update_one(self, id_: str, entry: dict[str, Any]) -> None:
        order = self._order(id_)
        status = _STATUSES.get(str(entry.get("status", "")).upper(), "")
        if entry.get("status") is not None and not status:
            raise _Fail("bad_status", "Unknown status")
        start_count, remains = (
            None if entry.get(name) is None else str(entry[name]) for name in ("start_count", "remains")
        )
        if status == "Partial" and remains is None:
            raise _Fail("bad_remains", "Partial needs remains")
        self._set(order, status, start_count, remains)
        if self.update_refunds and status in {"Partial", "Canceled"}:
            self._refund(order, remains if status == "Partial" else None)

    def _set_in_progress(self, named: dict[str, str]) -> dict[str, Any]:
        self._set(self._order(named["id"]), "In progress", start_count=named.get("start_count"))
        return _done("Order set in progress successfully")

    def _set_processing(self, named: dict[str, str]) -> dict[str, Any]:
        self._set(self._order(named["id"]), "Processing")
        return _done("Order set processing successfully")

    def _set_start_count(self, named: dict[str, str]) -> dict[str, Any]:
        self._set(self._order(named["id"]), start_count=named["start_count"])
        return _done("Order set started successfully")

    def _set_canceled(self, named: dict[str, str]) -> dict[str, Any]:
        order = self._order(named["id"])
        if self.refuse_repeats and order.status == "Canceled":
            raise _Fail("bad_status", "Order is already canceled")
        self._set(order, "Canceled")
        self._refund(order)
        return _done("Order set refunded successfully")

    def _set_partial(self, named: dict[str, str]) -> dict[str, Any]:
        order = self._order(named["id"])
        if self.refuse_repeats and order.status == "Partial":
            raise _Fail("bad_status", "Order is already partial")
        self._set(order, "Partial", remains=named["remains"])
        self._refund(order, named["remains"])
        return _done("Order set partial successfully")

    def _set_completed(self, named: dict[str, str]) -> dict[str, Any]:
        self._set(self._order(named["id"]), "Completed")
        return _done("Order set completed successfully")

    def _set_remains(self, named: dict[str, str]) -> dict[str, Any]:
        self._set(self._order(named["id"]), remains=named["remains"])
        return _done("Order set remains successfully")

    # --- refills, cancels, payments, tickets -----------------------------------------------------------------------------------

    def _set_refill(self, named: dict[str, str], status: str, words: str) -> dict[str, Any]:
        refill = self.state.refills.get(named["refill"])
        if refill is None:
            raise _Fail("bad_id", "Refill not found")
        refill.status = status
        refill.history.append(status)
        return {**_done(f"Refill has been set to {words} successfully"), "refill": _number(refill.id)}

    def _set_refill_completed(self, named: dict[str, str]) -> dict[str, Any]:
        return self._set_refill(named, "COMPLETED", "completed")

    def _set_refill_rejected(self, named: dict[str, str]) -> dict[str, Any]:
        return self._set_refill(named, "REJECTED", "rejected")

    def _set_refill_in_progress(self, named: dict[str, str]) -> dict[str, Any]:
        return self._set_refill(named, "IN_PROGRESS", "in progress")

    def _set_cancel_rejected(self, named: dict[str, str]) -> dict[str, Any]:
        cancel = self.state.cancels.get(named["cancel"])
        if cancel is None:
            raise _Fail("bad_id", "Cancel not found")
        cancel.status = "rejected"
        # The reference's example answer is a copied refill message [ref].
        return {**_done("Refill has been cancelled successfully"), "refill": _number(cancel.id)}

    def _add_payment(self, named: dict[str, str]) -> dict[str, Any]:
        try:
            amount = Decimal(named["amount"])
        except InvalidOperation:
            amount = Decimal(0)
        if not amount.is_finite() or amount <= 0:
            raise _Fail("bad_amount", "Amount must be a positive number")
        names = ("user", "amount", "details", "affiliate_commission")
        self.state.payments.append({name: named[name] for name in names if name in named})
        return {**_done("Payment has been added successfully"), "payment": len(self.state.payments)}

    def _add_ticket(self, named: dict[str, str]) -> dict[str, Any]:
        self.state.tickets.append({name: named[name] for name in ("user", "subject", "message")})
        return {**_done("Ticket has been created successfully"), "ticket": len(self.state.tickets)}

    _ACTIONS: ClassVar[Mapping[Action, Callable[[PracticePanel, dict[str, str]], dict[str, Any]]]] = {
        Action.GET_ORDER: _get_order,
        Action.GET_ORDERS: _get_orders,
        Action.GET_REFILLS: _get_refills,
        Action.GET_CANCEL: _get_cancel,
        Action.SET_IN_PROGRESS: _set_in_progress,
        Action.SET_PROCESSING: _set_processing,
        Action.SET_START_COUNT: _set_start_count,
        Action.SET_CANCELED: _set_canceled,
        Action.SET_PARTIAL: _set_partial,
        Action.SET_COMPLETED: _set_completed,
        Action.SET_REMAINS: _set_remains,
        Action.SET_REFILL_COMPLETED: _set_refill_completed,
        Action.SET_REFILL_REJECTED: _set_refill_rejected,
        Action.SET_REFILL_IN_PROGRESS: _set_refill_in_progress,
        Action.SET_CANCEL_REJECTED: _set_cancel_rejected,
        Action.ADD_PAYMENT: _add_payment,
        Action.ADD_TICKET: _add_ticket,
    }

    # --- ways in -----------------------------------------------------------------------------------------------------------------

    def transport(self) -> httpx.MockTransport:
        """The panel behind httpx, without a socket. Drops and short bodies look as they do on a real connection."""
        import httpx

        def answer(request: httpx.Request) -> httpx.Response:
            try:
                status, headers, body = self.handle(
                    request.method, request.headers, request.read(), request.url.raw_path.decode()
                )
            except Dropped as dropped:
                if dropped.late:
                    raise httpx.ReadTimeout("The read operation timed out") from None
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from None
            return httpx.Response(status, headers=headers, content=body)

        return httpx.MockTransport(answer)

    @contextmanager
    def serving(self, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
        """The panel behind a real socket while the context lasts; gives its address."""
        server = _Server((host, port), self)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{server.server_address[1]}{PATH}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


_REQUIRED: Mapping[Action, tuple[str, ...]] = {
    Action.GET_ORDER: ("type",),
    Action.GET_ORDERS: ("type",),
    Action.SET_IN_PROGRESS: ("id",),
    Action.SET_PROCESSING: ("id",),
    Action.SET_START_COUNT: ("id", "start_count"),
    Action.SET_CANCELED: ("id",),
    Action.SET_PARTIAL: ("id", "remains"),
    Action.SET_COMPLETED: ("id",),
    Action.SET_REMAINS: ("id", "remains"),
    Action.SET_REFILL_COMPLETED: ("refill",),
    Action.SET_REFILL_REJECTED: ("refill",),
    Action.SET_REFILL_IN_PROGRESS: ("refill",),
    Action.SET_CANCEL_REJECTED: ("cancel",),
    Action.ADD_PAYMENT: ("user", "amount", "details"),
    Action.ADD_TICKET: ("user", "subject", "message"),
}
_STATUSES = {
    "IN_PROGRESS": "In progress",
    "PROCESSING": "Processing",
    "PARTIAL": "Partial",
    "COMPLETED": "Completed",
    "CANCELED": "Canceled",
}


class _Fail(Exception):
    def __init__(self, word: str, message: str, status: int = _BAD_REQUEST, missing: list[str] | None = None) -> None:
        super().__init__(word)
        self.word, self.message, self.status, self.missing = word, message, status, missing or []


def _done(message: str) -> dict[str, Any]:
    return {"status": "success", "message": message}


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _answer(status: int, content: Any) -> Answer:
    body = _json(content)
    return status, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body


def _content_type(body: bytes) -> str:
    return "text/html" if body.lstrip().startswith(b"<") else "application/json"


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _number(id_: str) -> int | str:
    return int(id_) if _whole(id_) else id_


def _fields(content_type: str, body: bytes) -> tuple[list[tuple[str, str]], Any]:
    """(fields in order, updateOrders' list) of a multipart, urlencoded or JSON body; nothing of what cannot be read."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        fields = _multipart(content_type, body)
    elif kind == "application/json":
        try:
            sent = json.loads(body)
        except (ValueError, RecursionError):
            return [], None
        if not isinstance(sent, dict):
            return [], None
        fields = [(name, str(value)) for name, value in sent.items() if name != "orders"]
        return fields, sent.get("orders")
    else:
        fields = urllib.parse.parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    orders = dict(fields).get("orders")
    try:
        return fields, None if orders is None else json.loads(orders)
    except (ValueError, RecursionError):
        return fields, orders


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    marker = content_type.partition("boundary=")[2].partition(";")[0].strip().strip('"').encode()
    fields: list[tuple[str, str]] = []
    if not marker:
        return fields
    for part in (b"\r\n" + body).split(b"\r\n--" + marker)[1:]:
        head, found, content = part.partition(b"\r\n\r\n")
        name = head.decode(errors="replace").partition('name="')[2].partition('"')[0]
        if found and name:
            fields.append((name, content.decode(errors="replace")))
    return fields


# --- first data ----------------------------------------------------------------------------------------------------------------

_USER = "1a6803ab-d7ca-4b55-93da-ac150fd27108"  # [ref]


def first_state(orders: int, seed: int, *, refills: int = 12, cancels: int = 4) -> State:
    """The world before the first call: the reference's examples, then generated work; the same for the same arguments."""
    rng = random.Random(seed)  # noqa: S311 - made-up data
    state = State()
    for id_, link in list({"15": "https://www.tiktok.com/@user", "16": "https://www.tiktok.com/@kuser2"}.items())[
        :orders
    ]:
        state.orders[id_] = PracticeOrder(id_, "1", link, "0.10029597233", _USER, "100")
    counts = {"1": orders * 48 // 100, "2": orders * 40 // 100}
    counts["1"] = max(counts["1"], min(2, orders))
    counts["3"] = max(0, orders - counts["1"] - counts["2"])
    services = [service for service in SERVICES for _ in range(counts[service])][len(state.orders) :][
        : orders - len(state.orders)
    ]
    rng.shuffle(services)
    id_number = 1000
    for service in services:
        id_number += rng.randint(1, 9)
        id_number += id_number == 7635  # noqa: PLR2004 - the reference's own, added below
        state.orders[str(id_number)] = _made_order(str(id_number), service, rng)
    pending = [order for order in state.orders.values() if order.id not in {"15", "16"}]
    _add_known(state, refills, cancels)
    for number in range(2, refills + 1):
        id_number += rng.randint(1, 9)
        old = _made_order(str(id_number), rng.choice(SERVICES), rng)
        old.status, old.start_count, old.sparse = "Completed", str(rng.randint(0, 90_000)), False
        state.orders[old.id] = old
        date = f"2024-12-{rng.randint(5, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:09.{rng.randint(0, 999):03}Z"
        refill = PracticeRefill(
            str(number), old.id, old.service, old.link, old.start_count, old.quantity or "100", date
        )
        state.refills[refill.id] = refill
    for number, order in zip(
        range(242, 241 + cancels), rng.sample(pending, min(len(pending), max(0, cancels - 1))), strict=False
    ):
        state.cancels[str(number)] = PracticeCancel(str(number), order.id, order.service, order.link)
    return state


def _add_known(state: State, refills: int, cancels: int) -> None:
    """The reference's refill and cancel, with the orders they are about (long handed out) [ref]."""
    if refills:
        state.orders["24"] = PracticeOrder(
            "24", "3412", "https://aa.com", "0.05", _USER, "10", status="Completed", start_count="0"
        )
        refill = PracticeRefill("1", "24", "3412", "https://aa.com", "0", "10", "2024-12-04T18:01:57.608Z")
        state.refills["1"] = refill
    if cancels:
        state.orders["7635"] = PracticeOrder(
            "7635", "1", "https://x.com/fast", "1.20", _USER, "1000", status="In progress"
        )
        state.cancels["241"] = PracticeCancel("241", "7635", "1", "https://x.com/fast")


_COMMENTS = (
    "Great video! 🔥🔥\r\nLove it ❤️\r\nمرحبا\r\n+1 from Łódź",
    "first!\nsecond 👩‍👩‍👧‍👦\n\n=not a formula\n@everyone nice",
    "Très bien\r\n素晴らしい\r\n'quoted'\r\n-5 stars? no, 5 ⭐",
    "Tom &amp; Jerry\r\n<b>bold</b> claim\r\n\ttabbed",
)


def _made_order(id_: str, service: str, rng: random.Random) -> PracticeOrder:
    """One order as customers write them: service 3 sells comments, links come in every form."""
    name = f"{rng.choice(('maria', 'joao', 'ayşe', 'kim', 'olu', 'zoë'))}{rng.randint(1, 9999)}"
    link = rng.choice(
        (
            f"https://www.tiktok.com/@{name}",
            f"https://www.instagram.com/p/{rng.getrandbits(40):x}/?igsh={rng.getrandbits(30):x}&amp;img_index=1",
            f"https://t.me/{name}",
            f"t.me/{name}/{rng.randint(1, 900)}",
            f"@{name}",
            name,
            f"https://youtu.be/{rng.getrandbits(50):x}",
            f'=HYPERLINK("https://example.com/{name}","{name}")',
        )
    )
    quantity = rng.choice(("10", "50", "100", "250", "1000", "5000", "100000"))
    charge = rng.choice(
        (f"0.{rng.getrandbits(36):011}", f"{rng.randint(0, 30)}.{rng.randint(0, 99):02}", "0.00000010", "12")
    )
    user = rng.choice((_USER, str(rng.randint(1, 9999)), name, f"{rng.getrandbits(128):032x}"))
    comments = rng.choice(_COMMENTS) if service == "3" else ""
    sparse = bool(comments) and rng.random() < 0.3  # noqa: PLR2004 - some, not all
    return PracticeOrder(id_, service, link, charge, user, quantity, comments, sparse=sparse)


# --- behind a socket -----------------------------------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], panel: PracticePanel) -> None:
        self.panel = panel
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: without this each answer waits 40 ms
    timeout = 30
    server: _Server

    def do_POST(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length)) if _whole(length) else b""
        try:
            status, headers, content = self.server.panel.handle(
                self.command, dict(self.headers.items()), body, self.path
            )
        except Dropped as dropped:
            self.close_connection = True
            if dropped.late:
                with contextlib.suppress(OSError):
                    self.connection.recv(1)  # until the caller has had enough
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        if headers.get("Content-Length") != str(len(content)):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what came in is in `requests`."""


def serve(
    port: int = 0,
    orders: int = 250,
    seed: int = 7,
    on_ready: Callable[[dict[str, str]], None] | None = None,
    *,
    make: Callable[[int, int], PracticePanel] | None = None,
) -> None:
    """Serves a practice panel until SIGINT or SIGTERM. on_ready gets {"url": …, "key": …} once it listens. make: another kind."""
    panel = (make or PracticePanel)(orders, seed)
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with panel.serving(port) as url:
            if on_ready is not None:
                on_ready({"url": url, "key": panel.key})
            stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
