"""The panel's 18 actions over HTTP, each in the reference's wire format, with every failure named for what it is.

Three kinds of failure: `NeverSent` (nothing happened), `Refused` (the panel said no), `Unknown` (it may have happened). What may
be repeated follows from the action's class:

- claims (get*) hand work out: one request that may have arrived, never a second one;
- money and messages (setPartial, setCanceled, addPayment, addTicket): the same;
- absolute updates (all others) say where things are to stand: repeated, bounded and jittered.

A request that never left, and one the panel turned away with "slow down" (HTTP 429 or rate_limited: not acted on), are repeated
for every class, bounded in count and time.

The key is kept as the secret object it came as. It is unwrapped only inside `_sealed`, `_clean` and `_cleaned`, whose frames are gone
before anything can raise; failures of httpx are judged and dropped, not chained, because the frames in their tracebacks hold the
request's body.

The order of things for one attempt: the bytes are read as they are on the wire, `Keep.arrived` makes them durable, then an echo of the
key is taken out (`Keep.cleaned`), and only then anything looks into the answer.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import ipaddress
import json
import os
import random
import socket
import ssl
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, Self

import httpx

from reconcile.boundary import at
from reconcile.core.evidence import Listing
from reconcile.core.identity import panel_name
from reconcile.core.model import Action, Claimed, Feed, ItemResult, OrderUpdate, RawAnswer, Status, Verdict
from reconcile.errors import (
    AccessRefused,
    CallFailed,
    NeverSent,
    NoAnswer,
    Refused,
    SettingsError,
    Unavailable,
    Unknown,
)
from reconcile.panel import answers, echo
from reconcile.panel.loose import clean
from reconcile.panel.port import CutShort, by_its_call
from reconcile.panel.retry import Policy, Retries, retry_after
from reconcile.panel.seen import read_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from reconcile.core.evidence import Seen
    from reconcile.core.model import Push
    from reconcile.panel.port import Keep

FIELDS: Mapping[Action, tuple[str, ...]] = {
    Action.GET_ORDER: ("type",),
    Action.GET_ORDERS: ("type",),
    Action.UPDATE_ORDERS: ("orders",),
    Action.SET_IN_PROGRESS: ("id", "start_count"),
    Action.SET_PROCESSING: ("id",),
    Action.SET_START_COUNT: ("id", "start_count"),
    Action.SET_CANCELED: ("id",),
    Action.SET_PARTIAL: ("id", "remains"),
    Action.SET_COMPLETED: ("id",),
    Action.SET_REMAINS: ("id", "remains"),
    Action.GET_REFILLS: ("service_id",),
    Action.GET_CANCEL: ("service_id",),
    Action.SET_REFILL_COMPLETED: ("refill",),
    Action.SET_REFILL_REJECTED: ("refill",),
    Action.SET_REFILL_IN_PROGRESS: ("refill",),
    Action.SET_CANCEL_REJECTED: ("cancel",),
    Action.ADD_PAYMENT: ("user", "amount", "details", "affiliate_commission"),
    Action.ADD_TICKET: ("user", "subject", "message"),
}
"""Each action's parameters in the reference's order [ref], `action` and `key` left out."""

OPTIONAL: frozenset[tuple[Action, str]] = frozenset(
    {
        (Action.SET_IN_PROGRESS, "start_count"),
        (Action.GET_REFILLS, "service_id"),
        (Action.GET_CANCEL, "service_id"),
        (Action.ADD_PAYMENT, "affiliate_commission"),
    }
)
"""The parameters that may be left out [ref]."""

BATCH = 100
"""Orders per updateOrders: no maximum is stated, other clients send 100 [obs]."""

_MAYBE = "it may or may not have acted"
_LATER = "Try again later."
_SERVER_ERROR = 500
_TOO_SLOW = (504, 522, 524)
"""What a gateway says when the panel behind it takes too long [obs]."""
_MOST_OF_A_REDIRECT = 65_536
_SLOWEST_PACE = 5.0  # what one author had to go to on a v1 panel [obs]
_FIRST_SLOW_PACE = 0.25
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


class SecretLike(Protocol):
    """A secret that shows itself only when asked (pydantic's SecretStr)."""

    def get_secret_value(self) -> str: ...


class Redirected(Unknown):
    """The panel's address answered with a redirect, which is never followed: it would turn the POST into a GET."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds. `read` is the longest silence, `total` the longest from connection to the answer's end, however it drips."""

    connect: float = 10.0
    read: float = 45.0
    write: float = 30.0
    total: float = 60.0


@dataclass(frozen=True)
class _Got:
    """A whole answer, and how long the panel asked us to wait with it."""

    raw: RawAnswer
    wait: float | None = None


@dataclass(frozen=True)
class _Wire:
    """What came on the wire. why: why it is not the whole answer, or "". moved: the failure that a redirect is."""

    raw: RawAnswer
    why: str = ""
    wait: float | None = None
    moved: Redirected | None = None


class _Watch:
    """Ends a connection that outlives `seconds`: headers that drip byte by byte never run into a read timeout.

    httpcore tells its `trace` of each socket it opened; shutting that down from a timer ends the read that waits on it.
    """

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self._socket: socket.socket | None = None

    def trace(self, event: str, info: Mapping[str, object]) -> None:
        """httpcore's trace hook: remembers the newest socket (TLS replaces the first) and starts the clock once."""
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        stream = info["return_value"]
        self._socket = stream.get_extra_info("socket")  # type: ignore[attr-defined]
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._end)
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        self.fired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # The plain socket's method: SSLSocket.shutdown would pull its TLS state from under the reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def over(self) -> None:
        """The call ended in time (or not): no timer outlives it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            self._timer = None


class Panel:
    """One panel. Calls are paced, counted in `calls` (HTTP requests by action), and never follow a redirect.

    url: the API's address, https, or plain http to this machine only. key: never shown. pace: seconds between two requests
    (default 0 for this machine, else 0.2; doubles up to 5 when the panel says "slow down"). may_continue is asked before and during
    every wait for a retry. looks: whether it has `getOrders-by-id`, which the reference does not know [obs]. Raises SettingsError for an address or key that cannot be used, without repeating either.
    """

    dialect = "v1"
    ways = True
    lists = False

    def __init__(
        self,
        url: str,
        key: SecretLike,
        *,
        transport: httpx.BaseTransport | None = None,
        pace: float | None = None,
        timeouts: Timeouts | None = None,
        policy: Policy | None = None,
        max_bytes: int = 32 * 2**20,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        may_continue: Callable[[], bool] = lambda: True,
        looks: bool = False,
    ) -> None:
        self.url = ""
        self.looks = looks
        problem, local = _url_problem(url)
        if problem:
            del url  # it may carry a password, and tracebacks can show locals
            raise SettingsError(
                f"RECONCILE_PANEL_URL {problem}.", "Give the address like this: https://domain.com/admin/v1"
            )
        problem = _key_problem(key, url)
        if problem:
            del url
            raise SettingsError(
                f"RECONCILE_PANEL_KEY {problem}.", "Copy the admin API key again from the panel's settings."
            )
        self.url = url.strip()
        self._key = key
        self.calls: Counter[str] = Counter()
        self.unproved = ""
        self.pace = pace if pace is not None else 0.0 if local else 0.2
        self._timeouts = timeouts or Timeouts()
        self._policy = policy or Policy()
        self._max_bytes = max_bytes
        self._clock, self._sleep, self._jitter, self._may_continue = clock, sleep, jitter, may_continue
        self._next_at = clock()
        self._client = _client(self._timeouts, transport, local=local)

    def __repr__(self) -> str:
        return f"Panel({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    @property
    def name(self) -> str:
        """The address as a workbook remembers it."""
        return panel_name(self.url)

    @property
    def longest_call(self) -> float:
        """The most seconds one call may take, retries and waits included: what a lease has to outlast."""
        return self._policy.seconds + max(self.pace, _SLOWEST_PACE) + self._timeouts.connect + self._timeouts.total

    # --- the engine's port -----------------------------------------------------------------------------------------------

    def claim(self, feed: Feed, service: str, *, keep: Keep | None = None) -> RawAnswer:
        """The next answer with work of this feed, handed out for good, unread; service: "" for all (not for orders)."""
        if feed is Feed.ORDERS:
            return self.fetch_orders(service, keep)
        fetch = self.fetch_refills if feed is Feed.REFILLS else self.fetch_cancel
        return fetch(service or None, keep)

    def tell(self, push: Push, *, keep: Keep | None = None) -> str:
        """The one call of a push that is not an `updateOrders`. Returns the panel's message."""
        return by_its_call(self, push, keep)

    def look(self, ids: Sequence[str]) -> dict[str, Seen]:
        """These orders as the panel has them now, by `getOrders-by-id` [3+]; one that it does not show is absent."""
        raw = self._tried("getOrders-by-id", [("orders", clean(",".join(ids)))], repeat=True, keep=None)
        page = read_list(raw, answers.read_orders(raw, "", may_continue=self._may_continue))
        if page is None:
            raise _failure(answers.read_single(raw, may_continue=self._may_continue))
        return {seen.order.id: seen for seen in page[0].orders if seen.order.id in ids}

    def listed(self, services: Sequence[str]) -> Listing:  # noqa: ARG002 - the port's
        """There is no such list in this API: nothing, and not the whole of it."""
        return Listing(whole=False)

    def clock_ahead(self, now: datetime) -> float | None:  # noqa: ARG002 - the port's
        """Not known in this dialect."""
        return None

    # --- claims ----------------------------------------------------------------------------------------------------------

    def fetch_order(self, service: str, keep: Keep | None = None) -> RawAnswer:
        """One pending order of this service, handed out for good (getOrder): the answer unread, for the journal."""
        return self.call(Action.GET_ORDER, {"type": service}, keep)

    def fetch_orders(self, service: str, keep: Keep | None = None) -> RawAnswer:
        """Up to 100 pending orders of this service, handed out for good (getOrders): the answer unread, for the journal."""
        return self.call(Action.GET_ORDERS, {"type": service}, keep)

    def fetch_refills(self, service: str | None = None, keep: Keep | None = None) -> RawAnswer:
        """Pending refill tasks, handed out for good (getRefills): the answer unread, for the journal."""
        return self.call(Action.GET_REFILLS, {} if service is None else {"service_id": service}, keep)

    def fetch_cancel(self, service: str | None = None, keep: Keep | None = None) -> RawAnswer:
        """One pending cancel task (getCancel): the answer unread, for the journal."""
        return self.call(Action.GET_CANCEL, {} if service is None else {"service_id": service}, keep)

    def get_order(self, service: str) -> Claimed:
        """`fetch_order`, read at once."""
        return answers.read_order(self.fetch_order(service), service, may_continue=self._may_continue)

    def get_orders(self, service: str) -> Claimed:
        """`fetch_orders`, read at once."""
        return answers.read_orders(self.fetch_orders(service), service, may_continue=self._may_continue)

    def get_refills(self, service: str | None = None) -> Claimed:
        """`fetch_refills`, read at once."""
        return answers.read_refills(self.fetch_refills(service), service, may_continue=self._may_continue)

    def get_cancel(self, service: str | None = None) -> Claimed:
        """`fetch_cancel`, read at once."""
        return answers.read_cancel(self.fetch_cancel(service), service, may_continue=self._may_continue)

    # --- orders ----------------------------------------------------------------------------------------------------------

    def update_orders(
        self,
        updates: Sequence[OrderUpdate],
        *,
        once: bool = False,
        keep: Keep | None = None,
        form: bool = False,
        late: bool = True,
        crashed: bool = True,
    ) -> dict[str, ItemResult]:
        """Sends one updateOrders; one result for every id sent, UNKNOWN where the answer is silent.

        `once`: never repeated after it may have left (for panels where PARTIAL moves money here). form: `orders` as JSON text in a form,
        for panels that read no JSON [srv]. late: whether the same list is sent again after a time-out; crashed: after an HTTP 5xx.
        Raises Refused when the panel refuses the call as a whole, NoAnswer after a time-out, Unknown, NeverSent, AccessRefused.
        """
        orders = json.dumps([_order_entry(update) for update in updates])
        ids = [update.id for update in updates]

        def read_results(raw: RawAnswer) -> answers.Updated:
            return answers.read_updates(raw, ids, updates, may_continue=self._may_continue)

        def clear(raw: RawAnswer) -> bool:
            with contextlib.suppress(AccessRefused):
                return read_results(raw).any_result
            return False

        raw = self._call(
            Action.UPDATE_ORDERS,
            {"orders": orders},
            repeat=not once,
            late=late,
            keep=keep,
            clear=clear if crashed else lambda _: True,
            form=form,
        )
        read = read_results(raw)
        if read.any_result or read.said.verdict is Verdict.ACCEPTED:
            return dict(read.results)
        if read.said.crashed and raw.status < 500 and not once:  # noqa: PLR2004 - HTTP's own border
            # internal_error for the whole list: often one bad entry [anc]. Refused, so that the caller can halve the list.
            raise _refused(read.said)
        if raw.status in _TOO_SLOW:
            raise NoAnswer(f"{read.said.plain}; {_MAYBE}", late=True)
        raise _failure(read.said)

    def set_in_progress(self, id: str, start_count: str | int | None = None) -> str:
        """In progress, with the start count where there is one (setInprogress). Returns the panel's message."""
        extra = {} if start_count is None else {"start_count": str(start_count)}
        return self.send(Action.SET_IN_PROGRESS, {"id": id, **extra})

    def set_processing(self, id: str) -> str:
        """Processing (setProcessing). Returns the panel's message."""
        return self.send(Action.SET_PROCESSING, {"id": id})

    def set_start_count(self, id: str, start_count: str | int) -> str:
        """The start count (setStartcount); on the ancestor it also set In progress [anc]. Returns the panel's message."""
        return self.send(Action.SET_START_COUNT, {"id": id, "start_count": str(start_count)})

    def set_canceled(self, id: str, *, keep: Keep | None = None) -> str:
        """Cancels and refunds (setCanceled): every repeat may refund again [srv], so it is never repeated."""
        return self.send(Action.SET_CANCELED, {"id": id}, keep=keep)

    def set_partial(self, id: str, remains: str | int, *, keep: Keep | None = None) -> str:
        """Partial, refunding what remains (setPartial): every repeat may refund again [srv], so it is never repeated."""
        return self.send(Action.SET_PARTIAL, {"id": id, "remains": str(remains)}, keep=keep)

    def set_status(self, id: str, status: Status) -> str:
        """Any status that moves no money by `setStatus`, which the reference does not have: for a server without the calls it has [srv]."""
        fields = [("id", clean(id)), ("status", status.value)]
        raw = self._tried("setStatus", fields, repeat=True, keep=None)
        said = answers.read_single(raw, may_continue=self._may_continue)
        if said.verdict is Verdict.ACCEPTED:
            return said.message
        raise _failure(said)

    def set_completed(self, id: str) -> str:
        """Completed (setCompleted). Returns the panel's message."""
        return self.send(Action.SET_COMPLETED, {"id": id})

    def set_remains(self, id: str, remains: str | int) -> str:
        """The remaining quantity (setRemains); one server refuses 0 [srv]. Returns the panel's message."""
        return self.send(Action.SET_REMAINS, {"id": id, "remains": str(remains)})

    # --- refills, cancels, payments, tickets -------------------------------------------------------------------------------

    def set_refill_completed(self, refill: str) -> str:
        """A refill task is done (setRefillCompleted). Returns the panel's message."""
        return self.send(Action.SET_REFILL_COMPLETED, {"refill": refill})

    def set_refill_rejected(self, refill: str) -> str:
        """A refill task is refused (setRefillRejected). Returns the panel's message."""
        return self.send(Action.SET_REFILL_REJECTED, {"refill": refill})

    def set_refill_in_progress(self, refill: str) -> str:
        """A refill task has begun (setRefillInprogress). Returns the panel's message."""
        return self.send(Action.SET_REFILL_IN_PROGRESS, {"refill": refill})

    def set_cancel_rejected(self, cancel: str) -> str:
        """A cancel request is refused (setCancelRejected). Returns the panel's message."""
        return self.send(Action.SET_CANCEL_REJECTED, {"cancel": cancel})

    def add_payment(
        self,
        user: str,
        amount: str | Decimal,
        details: str,
        affiliate_commission: bool | str | None = None,  # noqa: FBT001 - the flag is the API's
        *,
        keep: Keep | None = None,
    ) -> str:
        """Credits a user (addPayment): one server credits on every call [srv], so it is never repeated."""
        params = {"user": user, "amount": f"{amount:f}" if isinstance(amount, Decimal) else amount, "details": details}
        if affiliate_commission is not None:
            flag = affiliate_commission
            params["affiliate_commission"] = flag if isinstance(flag, str) else "1" if flag else "0"
        return self.send(Action.ADD_PAYMENT, params, keep=keep)

    def add_ticket(self, user: str, subject: str, message: str, *, keep: Keep | None = None) -> str:
        """Opens a ticket (addTicket): the user reads each one, so it is never repeated. Returns the panel's message."""
        return self.send(Action.ADD_TICKET, {"user": user, "subject": subject, "message": message}, keep=keep)

    # --- any action --------------------------------------------------------------------------------------------------------

    def send(self, action: Action, params: Mapping[str, str], *, keep: Keep | None = None) -> str:
        """Any set* or add* action by its wire parameters; the panel's message when it accepted.

        Raises SettingsError for a parameter the action lacks or does not have, Refused, Unknown, NeverSent, AccessRefused.
        """
        missing = [name for name in FIELDS[action] if name not in params and (action, name) not in OPTIONAL]
        if missing:
            raise SettingsError(f"{action} needs {' and '.join(missing)}.")
        raw = self.call(action, params, keep)
        said = answers.read_single(raw, may_continue=self._may_continue)
        if said.verdict is Verdict.ACCEPTED:
            return said.message
        raise _failure(said)

    def probe(self) -> None:
        """Proves that the panel is there and takes the key, without claiming or changing anything.

        Sends setRemains without its parameters: there is no read-only call, and a missing parameter is the one thing every
        server refuses before acting. What its answer leaves open stands in `unproved`, "" normally. Raises AccessRefused (key),
        SettingsError (the address redirects, or is another API's), NeverSent (cannot be reached), Unavailable (no answer of a panel).
        """
        failure: Exception
        try:
            raw = self.call(Action.SET_REMAINS, {})
        except Redirected as error:
            failure = SettingsError(error.what, error.next_step)
        except Unknown as error:
            failure = Unavailable(error.what, _LATER)
        else:
            try:
                self.unproved = answers.read_probe(raw)
            except SettingsError as error:
                failure = SettingsError(error.what, f"Set it to the admin API's address, {_likely(self.url)}.")
            else:
                return
        raise failure

    def call(self, action: Action, params: Mapping[str, str], keep: Keep | None = None) -> RawAnswer:
        """Any action by its wire parameters: the whole HTTP answer unread, whatever its code (`orders`: JSON text).

        Its bytes are as they arrived, or its cleaned text where they held the key. Parameters may be missing (the panel says so); unknown
        ones raise SettingsError. Raises NeverSent, Unknown.
        """
        return self._call(action, params, repeat=not (action.claims or action.once), keep=keep)

    # --- one call ------------------------------------------------------------------------------------------------------------

    def _call(
        self,
        action: Action,
        params: Mapping[str, str],
        *,
        repeat: bool,
        keep: Keep | None,
        clear: Callable[[RawAnswer], bool] = lambda _: False,
        form: bool = False,
        late: bool = True,
    ) -> RawAnswer:
        """One action of the reference, see `_tried`. Raises SettingsError for a parameter it does not have."""
        unknown = [name for name in params if name not in FIELDS[action]]
        if unknown:
            raise SettingsError(
                f"{action} has no parameter {' or '.join(unknown)}.", f"It takes: {', '.join(FIELDS[action])}."
            )
        fields = [(name, clean(params[name])) for name in FIELDS[action] if name in params]
        as_json = action is Action.UPDATE_ORDERS and not form
        return self._tried(action.value, fields, repeat=repeat, keep=keep, clear=clear, as_json=as_json, late=late)

    def _tried(
        self,
        action: str,
        fields: Sequence[tuple[str, str]],
        *,
        repeat: bool,
        keep: Keep | None,
        clear: Callable[[RawAnswer], bool] = lambda _: False,
        as_json: bool = False,
        late: bool = True,
    ) -> RawAnswer:
        """One call with its retries.

        repeat: whether it may be sent again after it may have arrived; late: also after a time-out. clear: whether an answer at HTTP 5xx says all the same what
        became of it.
        """
        retries = Retries(self._policy, self._clock, self._sleep, self._may_continue, self._jitter)
        while True:
            got = self._attempt(action, fields, keep, as_json=as_json)
            wait: float | None = None
            if isinstance(got, _Got):
                if self._is_busy(got.raw):
                    self.pace = min(_SLOWEST_PACE, max(_FIRST_SLOW_PACE, 2 * self.pace))
                elif (
                    not repeat
                    or got.raw.status < _SERVER_ERROR
                    or clear(got.raw)
                    or (got.raw.status in _TOO_SLOW and not late)
                ):
                    return got.raw
                wait = got.wait
                again = True
            else:
                again = isinstance(got, NeverSent) or (
                    repeat
                    and not isinstance(got, Redirected)
                    and (late or not (isinstance(got, NoAnswer) and got.late))
                )
            if again and retries.wait(wait):
                if keep is not None and isinstance(got, _Got):
                    keep.again()
                continue
            if isinstance(got, _Got):
                return got.raw
            raise got

    def _is_busy(self, raw: RawAnswer) -> bool:
        return answers.is_busy(raw)

    def _attempt(
        self, action: str, fields: Sequence[tuple[str, str]], keep: Keep | None, *, as_json: bool
    ) -> _Got | CallFailed:
        """One request: the answer, kept and cleaned, or what went wrong (returned, not raised)."""
        request = self._sealed(action, fields, as_json=as_json)
        now = self._clock()
        if now < self._next_at:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + self.pace
        at("panel.before-send")
        self.calls[action] += 1
        stray: BaseException
        try:
            return self._answer_to(request, keep)
        except BaseException as error:  # noqa: BLE001 - raised again below, without the frames that hold the answer
            stray = error
        stray.__cause__ = stray.__context__ = None
        raise stray.with_traceback(None)

    def _answer_to(self, request: httpx.Request, keep: Keep | None) -> _Got | CallFailed:
        wire = self._exchange(request)
        if isinstance(wire, CallFailed):
            return wire
        at("panel.after-answer")
        return self._kept(wire, keep)

    def _kept(self, wire: _Wire, keep: Keep | None) -> _Got | CallFailed:
        """What came, first of all kept as it is, then without the key; only after that it is judged at all."""
        raw = wire.raw
        if keep is not None:
            keep.arrived(raw)
        harmless = self._cleaned(raw, cut=bool(wire.why))
        if harmless is not None:
            raw = harmless
            if keep is not None:
                keep.cleaned(raw)
        if wire.moved is not None:
            return wire.moved
        if wire.why:
            return CutShort(f"the panel's answer {wire.why}; {_MAYBE}", partial=raw)
        return _Got(raw, wire.wait)

    def _sealed(self, action: str, fields: Sequence[tuple[str, str]], *, as_json: bool) -> httpx.Request:
        """The request with the key in its body: `--form` fields in the reference's order, or JSON for updateOrders [ref]."""
        if as_json:
            orders = dict(fields).get("orders")
            payload = {"key": self._key.get_secret_value(), "action": action}
            body = json.dumps(payload | ({"orders": _json_list(orders)} if orders is not None else {}))
            return self._client.build_request(
                "POST", self.url, content=body.encode(), headers={"Content-Type": "application/json"}
            )
        parts = [("action", action), ("key", self._key.get_secret_value()), *fields]
        return self._client.build_request("POST", self.url, files=[(name, (None, value)) for name, value in parts])

    def _exchange(self, request: httpx.Request) -> _Wire | CallFailed:
        """Sends and reads. Anything but an HTTP failure goes up with its traceback cut off: those frames hold the body."""
        started = self._clock()
        watch = _Watch(self._timeouts.total)
        request.extensions["trace"] = watch.trace
        stray: BaseException
        try:
            response = self._client.send(request, stream=True)
            try:
                return self._read(response, started, watch)
            finally:
                with contextlib.suppress(httpx.HTTPError, OSError):  # the answer is complete or judged by now
                    response.close()
        except _NEVER_SENT as error:
            return self._unreached(error)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            words = self._too_long() if watch.fired else _short(self._clean(_reason(error)))
            late = watch.fired or isinstance(error, httpx.ReadTimeout)
            return NoAnswer(f"no whole answer came from the panel ({words}); {_MAYBE}", late=late)
        except BaseException as error:  # noqa: BLE001 - raised again below, without the frames that hold the key
            stray = error
        finally:
            watch.over()
        stray.__cause__ = stray.__context__ = None
        raise stray.with_traceback(None)

    def _unreached(self, error: Exception) -> NeverSent:
        words, step = _unreached(
            _short(self._clean(_reason(error))),
            by_proxy=isinstance(error, httpx.ProxyError),
            proxied=_is_proxied(self.url),
        )
        return NeverSent(f"the panel at {self.url} could not be reached ({words})", step)

    def _read(self, response: httpx.Response, started: float, watch: _Watch) -> _Wire:
        """The body as it comes on the wire, bounded in bytes and in time."""
        moved = self._redirected(response) if 300 <= response.status_code < 400 else None  # noqa: PLR2004 - HTTP's own border
        body, why = self._body(response, started, watch, _MOST_OF_A_REDIRECT if moved else self._max_bytes)
        raw = RawAnswer(
            response.status_code,
            body,
            self._clean(response.headers.get("content-type", "")),
            self._clean(response.headers.get("content-encoding", "")),
            self.dialect,
        )
        wait = retry_after(response.headers.get("retry-after", ""), response.headers.get("date", ""))
        return _Wire(raw, why, wait, moved)

    def _body(self, response: httpx.Response, started: float, watch: _Watch, most: int) -> tuple[bytes, str]:
        """(what came, packed as it is; why it is not the whole answer, or "")."""
        chunks: list[bytes] = []
        size = 0
        why = ""
        try:
            for chunk in _wire_chunks(response):
                chunks.append(chunk)
                size += len(chunk)
                if size > most:
                    why = f"is larger than {most:,} bytes"
                    break
                if self._clock() - started > self._timeouts.total:
                    why = self._too_long()
                    break
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            why = f"broke off after {size:,} bytes ({_short(self._clean(_reason(error)))})"
        if (
            watch.fired
        ):  # the connection was ended from here, which a body of no told length cannot tell from its own end
            why = self._too_long()
        length = response.headers.get("content-length", "")
        if not why and length.isdigit() and size < int(length[:18]):
            why = f"broke off after {size:,} of {int(length[:18]):,} bytes"
        return b"".join(chunks), why

    def _too_long(self) -> str:
        return f"took longer than {self._timeouts.total:g} s"

    def _redirected(self, response: httpx.Response) -> Redirected:
        target = _short(_bare_target(self.url, self._clean(response.headers.get("location", ""))))
        step = f"Set RECONCILE_PANEL_URL to {target}." if target else "Check RECONCILE_PANEL_URL."
        if _is_front_page(target):  # a site sends there whatever it does not know; it is no API
            step = f"Check RECONCILE_PANEL_URL: the admin API is elsewhere, {_likely(self.url)}."
        return Redirected(
            f"the panel redirected to {target or 'another address'}; redirects are not followed, and {_MAYBE}", step
        )

    def _cleaned(self, raw: RawAnswer, *, cut: bool) -> RawAnswer | None:
        """The answer without an echoed key, or None where it holds none; `cut`: it breaks off, perhaps inside the key."""
        return echo.cleaned(raw, self._key.get_secret_value(), cut=cut, most=self._max_bytes)

    def _clean(self, text: str) -> str:
        """A header's or an error's text without the key. Cleaned whole: what is cut first may keep most of a key."""
        return echo.without(text.encode("utf-8", "replace"), self._key.get_secret_value()).decode("utf-8", "replace")


# --- pieces ------------------------------------------------------------------------------------------------------------------


def _wire_chunks(response: httpx.Response) -> Iterator[bytes]:
    """The body's bytes as they arrive. Not `iter_bytes`: that unpacks by the label, and what it cannot unpack is lost."""
    if not isinstance(response.stream, httpx.SyncByteStream):
        raise TypeError("the panel's client is not asynchronous")
    yield from response.stream


def _order_entry(update: OrderUpdate) -> dict[str, str]:
    """One entry of updateOrders: id, status, start_count, remains in this order, only what is to change [ref]."""
    entry = {"id": update.id}
    if update.status is not None:
        entry["status"] = update.status.wire
    if update.start_count is not None:
        entry["start_count"] = update.start_count
    if update.remains is not None:
        entry["remains"] = update.remains
    return {name: clean(value) for name, value in entry.items()}


def _json_list(orders: str) -> object:
    try:
        return json.loads(orders)
    except (ValueError, RecursionError):
        return orders  # typed by hand: the panel says what is wrong with it


def _refused(said: answers.Said) -> Refused:
    return Refused(said.plain, word=said.word, lacks_action=said.lacks_action, about_orders=said.about_orders)


def _failure(said: answers.Said) -> CallFailed:
    """The failure an answer's meaning stands for."""
    if said.verdict is Verdict.REFUSED:
        return _refused(said)
    if said.verdict is Verdict.NOT_SENT:
        return NeverSent(f"{said.plain}; it did not act", _LATER)
    return Unknown(f"{said.plain}; {_MAYBE}")


def _reason(error: Exception) -> str:
    """What went wrong, by kind and the system's own words."""
    words = " ".join(str(error).split())
    kind = {
        "ConnectTimeout": "no connection in time",
        "ReadTimeout": "no answer in time",
        "WriteTimeout": "it took too long to send",
        "PoolTimeout": "no free connection",
    }.get(type(error).__name__, "")
    return kind or words or type(error).__name__


_UNREACHED = (
    (
        ("Hostname mismatch", "IP address mismatch", "doesn't match"),
        "its certificate is another host's: ",
        "Check the host's name in RECONCILE_PANEL_URL.",
    ),
    (
        ("certificate is not yet valid",),
        "its certificate is not valid yet: ",
        "Check this machine's clock; if it is right, the panel's certificate has to be put right.",
    ),
    (
        ("certificate verify failed", "CERTIFICATE_VERIFY_FAILED"),
        "its certificate is not to be trusted: ",
        "The panel's certificate has to be put right. If your own authority signed it, name its file in SSL_CERT_FILE.",
    ),
    (
        ("wrong version number", "WRONG_VERSION_NUMBER", "record layer failure", "HTTP_REQUEST"),
        "no TLS is spoken there, so this port is not one for https: ",
        "Check the port in RECONCILE_PANEL_URL.",
    ),
    (("[SSL",), "no secure connection could be made: ", "Check host and port in RECONCILE_PANEL_URL."),
    (
        (
            "Name or service not known",
            "nodename nor servname",
            "No address associated",
            "getaddrinfo failed",
            "name resolution",
        ),
        "nobody knows this host's name: ",
        "Check the host's name in RECONCILE_PANEL_URL, and that this machine has a network.",
    ),
    (
        ("Connection refused", "refused the network connection"),
        "nothing listens there: ",
        "Check host and port in RECONCILE_PANEL_URL; if they are right, try again later.",
    ),
)
"""Signs in the system's words → what they mean and what to do."""

_NO_CONNECTION = (*_UNREACHED[-1][0], *_UNREACHED[-2][0], "no connection in time", "No route to host", "unreachable")


def _is_proxied(url: str) -> bool:
    """Whether the environment names a proxy for this address."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    named = urllib.request.getproxies()
    return (
        not _is_local(host)
        and bool(named.get(parts.scheme) or named.get("all"))
        and not urllib.request.proxy_bypass(host)
    )


def _unreached(words: str, *, by_proxy: bool, proxied: bool) -> tuple[str, str]:
    """(why a panel could not be reached, what to do) from the system's words. proxied: the first one met is the proxy."""
    if by_proxy and words.startswith("407"):
        step = "Put them into HTTPS_PROXY: http://user:password@host:port"
        return f"the proxy wants a user name and a password: {words}", step
    if by_proxy:
        return f"the proxy did not let us through: {words}", "Check HTTPS_PROXY, or ask who runs the proxy."
    if proxied and any(sign in words for sign in _NO_CONNECTION):
        return (
            f"the proxy that HTTPS_PROXY names is not there: {words}",
            "Check HTTPS_PROXY, or ask who runs the proxy.",
        )
    for signs, meaning, step in _UNREACHED:
        if any(sign in words for sign in signs):
            return meaning + words, step
    return words, _LATER


def _is_front_page(url: str) -> bool:
    return bool(url) and urllib.parse.urlsplit(url).path.strip("/") in {"", "login", "signin", "admin", "auth/login"}


def _likely(url: str) -> str:
    """Where the admin API of that host usually is."""
    parts = urllib.parse.urlsplit(url)
    here = f"{parts.scheme}://{parts.netloc}"
    path = "/adminapi/v1" if parts.path.rstrip("/") == "/admin/v1" else "/admin/v1"
    return f"for instance {here}{path}"


def _short(words: str) -> str:
    return words[:200]


def _url_problem(url: str) -> tuple[str, bool]:
    """(why the address cannot be used, or ""; whether it is this machine)."""
    try:
        parts = urllib.parse.urlsplit(url.strip())
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises for a port that is no number
        host.encode("idna")
        httpx.URL(url.strip())
    except (ValueError, httpx.InvalidURL):
        return "is not a web address", False
    local = _is_local(host)
    if parts.scheme not in {"http", "https"} or not host:
        return "must begin with https:// and name a host", local
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password; the panel's API takes only a key", local
    if parts.query or parts.fragment:
        return "contains ? or #; the address ends with its path, like /admin/v1", local
    if parts.scheme == "http" and not local:
        return "begins with http://, which would send the key unprotected", local
    return "", local


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _key_problem(key: SecretLike, url: str) -> str:
    value = key.get_secret_value()
    if not value.strip():
        return "is empty"
    if not value.isprintable() or value != value.strip():
        return "contains a line break, a space at an end or an invisible character"
    if len(value) >= echo.SHORTEST and value in urllib.parse.unquote(url):
        return "also stands in RECONCILE_PANEL_URL, where logs would show it"
    return ""


def _client(timeouts: Timeouts, transport: httpx.BaseTransport | None, *, local: bool) -> httpx.Client:
    """The HTTP client. A proxy from the environment is used, as everywhere on a runner, but never towards this machine.

    No connection is kept: one that the server is just closing looks exactly like an answer that was lost, and would put a claim or
    a refund in doubt. A handshake a call is the smaller price.
    """
    try:
        return httpx.Client(
            transport=transport,
            verify=_authorities() if not local else True,
            timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect, write=timeouts.write, pool=timeouts.connect),
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=not local,
            headers={
                "User-Agent": _agent(),
                "Accept": "application/json",  # without it some panels answer an error with a redirect or a page [fw]
                "Accept-Encoding": "gzip, deflate",  # what `packed` unpacks
            },
        )
    except (ValueError, ImportError, OSError, httpx.InvalidURL):
        problem = "The proxy or certificate settings of the environment (HTTPS_PROXY, SSL_CERT_FILE …) cannot be used."
    raise SettingsError(problem, "Correct or unset them.")


def _authorities() -> ssl.SSLContext | bool:
    """Who may sign a panel's certificate: REQUESTS_CA_BUNDLE counts where SSL_CERT_FILE (httpx reads that itself) is not set."""
    named = os.environ.get("REQUESTS_CA_BUNDLE", "")
    if not named or os.environ.get("SSL_CERT_FILE"):
        return True
    if os.path.isdir(named):  # noqa: PTH112 - as it stands in the environment
        return ssl.create_default_context(capath=named)
    return ssl.create_default_context(cafile=named)


def _agent() -> str:
    """What the panel's log names us by."""
    try:
        return f"reconcile/{importlib.metadata.version('panel-reconcile')}"
    except importlib.metadata.PackageNotFoundError:  # run from a folder that is not installed
        return "reconcile"


def _bare_target(url: str, location: str) -> str:
    """Where a redirect points to, without user, query and fragment; "" where that cannot be said."""
    try:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(url, location.strip()))
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if not location.strip() or not host:
        return ""
    host = f"[{host}]" if ":" in host else host
    return urllib.parse.urlunsplit((parts.scheme, host + port, parts.path, "", ""))


__all__ = [
    "BATCH",
    "FIELDS",
    "OPTIONAL",
    "AccessRefused",
    "CutShort",
    "Panel",
    "Redirected",
    "SecretLike",
    "Timeouts",
]
