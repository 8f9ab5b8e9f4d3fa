"""The next generation of the admin API over HTTP: REST below `/adminapi/v2`, the key in `X-Api-Key`.

Pacing, retries, time-outs, bounds, "kept before read" and the key's secrecy are those of the reference's client, whose classes of call
hold here, too: a claim, a refund, a payment or a ticket is asked once; what is absolute may be repeated; a look changes nothing.

Marks as in `v2.answers`:
- `POST /orders/pull {service_ids, limit}`, `/refill/pull {limit}`, `/cancel/pull {limit}` [3+]; a service for the last two [1]
- `POST /orders/update {"orders": [{id, status, remains, start_count}]}` [3+]; ids as numbers [1]
- `POST /orders/{id}/set-partial {remains}` [3+]; a start count beside it [2], which is sent before by an update
- `POST /orders/cancel {order_id}` refunds [2]; `POST /cancel/reject {order_id}` [2]
- `POST /refill/change-status {refill_id, status}` [3+]; its words [?]
- `POST /payments/add {username, amount, method, memo}` [2]; the method's word, and the affiliate's share [?]
- `POST /tickets/add {username, subject, message}` [2]
- `GET /orders?order_status=&service_ids=&ids=&limit=&offset=&sort=date-desc` [3+]
- money moves by set-partial and cancel alone: whether an update to partial or canceled refunds [?], so none is ever sent
"""

from __future__ import annotations

import json
import urllib.parse
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Self

from reconcile.core.evidence import Listing
from reconcile.core.model import Action, Feed, ItemResult, OrderUpdate, RefillStatus, Status, Verdict
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
from reconcile.panel import answers as words
from reconcile.panel import client as transport
from reconcile.panel.loose import clean
from reconcile.panel.port import by_its_call
from reconcile.panel.v2 import answers

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    import httpx

    from reconcile.core.evidence import Seen
    from reconcile.core.model import Push, RawAnswer
    from reconcile.panel.port import Keep

DIALECT: Final = "v2"
PULL: Final = 100
"""Most orders of one pull [3+]: it bounds what one lost answer can hold."""

PAGE: Final = 1000
"""Most orders of one page of a list [3+]."""

PAGES: Final = 20
"""Most pages of one look: what is not seen then is not known."""

IDS: Final = 100
"""Ids in one look: they stand in the address."""

LIST: Final = "GET /orders"
UPDATE: Final = "POST /orders/update"
_PULLS: Final = {Feed.ORDERS: "POST /orders/pull", Feed.REFILLS: "POST /refill/pull", Feed.CANCELS: "POST /cancel/pull"}
_REFILL: Final = {
    Action.SET_REFILL_IN_PROGRESS: RefillStatus.IN_PROGRESS,
    Action.SET_REFILL_COMPLETED: RefillStatus.COMPLETED,
    Action.SET_REFILL_REJECTED: RefillStatus.REJECTED,
}
_REFILL_WORDS: Final = {
    RefillStatus.IN_PROGRESS: "in_progress",
    RefillStatus.COMPLETED: "completed",
    RefillStatus.REJECTED: "rejected",
}
"""What a refill's status is called [?]."""

_UPDATES: Final = {
    Action.SET_IN_PROGRESS: Status.IN_PROGRESS,
    Action.SET_PROCESSING: Status.PROCESSING,
    Action.SET_COMPLETED: Status.COMPLETED,
    Action.SET_START_COUNT: None,
    Action.SET_REMAINS: None,
}
_METHOD: Final = "Manual"
"""A payment's method [?]."""

NOT_KNOWN: Final = (
    "what a refill's status is called (sent: in_progress, completed, rejected)",
    "whether an update to partial refunds (so a refund is sent by set-partial or cancel alone)",
    "how many orders one update takes (sent: up to 100)",
    "what a payment's method is called (sent: Manual)",
)
"""What no three public clients agree on: `doctor` names it."""

_LATER: Final = "Try again later."
_MAYBE: Final = "it may or may not have acted"
_SERVER_ERROR: Final = 500


class _Rest(transport.Panel):
    """The transport of the reference's client, with requests of this generation.

    A call is `METHOD /path`; a field is `{id}` for the path, `body` with JSON, or else a parameter of the address.
    """

    dialect = DIALECT
    told_at = ""

    def _sealed(self, action: str, fields: Sequence[tuple[str, str]], *, as_json: bool) -> httpx.Request:  # noqa: ARG002 - the base's
        method, _, path = action.partition(" ")
        given = dict(fields)
        path = path.replace("{id}", urllib.parse.quote(given.pop("{id}", ""), safe=""))
        body = given.pop("body", None)
        headers: list[tuple[bytes, bytes]] = [(b"X-Api-Key", self._key.get_secret_value().encode("utf-8"))]
        if body is not None:
            headers.append((b"Content-Type", b"application/json"))
        content = None if body is None else body.encode()
        url = self.url.rstrip("/") + path
        return self._client.build_request(method, url, params=given or None, content=content, headers=headers)

    def _is_busy(self, raw: RawAnswer) -> bool:
        return answers.READER.is_busy(raw)

    def _read(self, response: httpx.Response, started: float, watch: Any) -> Any:
        self.told_at = response.headers.get("date", "")
        return super()._read(response, started, watch)

    def ask(
        self,
        call: str,
        fields: Sequence[tuple[str, str]],
        *,
        repeat: bool,
        keep: Keep | None = None,
        clear: Callable[[RawAnswer], bool] = lambda _: False,
        late: bool = True,
    ) -> RawAnswer:
        """One call with its retries. Raises NeverSent, Unknown."""
        return self._tried(call, fields, repeat=repeat, keep=keep, clear=clear, late=late)


class RestPanel:
    """One panel of the next generation. Options and errors are those of the reference's client."""

    dialect = DIALECT
    ways = False
    looks = True
    lists = True

    def __init__(self, url: str, key: transport.SecretLike, **options: Any) -> None:
        self._rest = _Rest(url, key, **options)
        self._may_continue: Callable[[], bool] = options.get("may_continue", lambda: True)
        self.unproved = ""
        self.seen: tuple[str, ...] = ()
        """What the probe has shown of this panel."""

    def __repr__(self) -> str:
        return f"RestPanel({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._rest.close()

    @property
    def url(self) -> str:
        return self._rest.url

    @property
    def name(self) -> str:
        """The address as a workbook remembers it."""
        return self._rest.name

    @property
    def calls(self) -> Counter[str]:
        return self._rest.calls

    @property
    def pace(self) -> float:
        return self._rest.pace

    @property
    def longest_call(self) -> float:
        """The most seconds one call may take, retries and waits included."""
        return self._rest.longest_call

    # --- claims ----------------------------------------------------------------------------------------------------------

    def claim(self, feed: Feed, service: str, *, keep: Keep | None = None, limit: int = PULL) -> RawAnswer:
        """The next answer with work of this feed, handed out for good, unread."""
        body: dict[str, Any] = {"service_ids": service} if service else {}
        return self._rest.ask(
            _PULLS[feed], [("body", answers.body_of(body | {"limit": limit}))], repeat=False, keep=keep
        )

    # --- what the panel is told ------------------------------------------------------------------------------------------

    def tell(self, push: Push, *, keep: Keep | None = None) -> str:
        """The one call of a push that is not a list of updates. A cancel request is rejected by its order's id."""
        if push.action is Action.SET_CANCEL_REJECTED:
            return self.set_cancel_rejected(push.order_id or push.target)
        return by_its_call(self, push, keep)

    def update_orders(
        self,
        updates: Sequence[OrderUpdate],
        *,
        once: bool = False,
        keep: Keep | None = None,
        form: bool = False,  # noqa: ARG002 - there is no other way
        late: bool = True,
        crashed: bool = True,  # noqa: ARG002 - there is no other way
    ) -> dict[str, ItemResult]:
        """One list of updates; one result for every id, UNKNOWN where the answer is silent.

        An update to Partial or Canceled is refused here and never sent: money moves by its own calls. Raises as the reference's.
        """
        ids = [update.id for update in updates]
        if any(update.status in (Status.PARTIAL, Status.CANCELED) for update in updates):
            raise Refused("this panel's refunds go by their own calls")

        def read(raw: RawAnswer) -> words.Updated:
            return answers.read_updates(raw, ids, updates, may_continue=self._may_continue)

        def clear(raw: RawAnswer) -> bool:
            try:
                return read(raw).any_result
            except AccessRefused:
                return False

        body = answers.body_of({"orders": [_entry(update) for update in updates]})
        raw = self._rest.ask(UPDATE, [("body", body)], repeat=not once, keep=keep, clear=clear, late=late)
        found = read(raw)
        if found.any_result or found.said.verdict is Verdict.ACCEPTED:
            return dict(found.results)
        if found.said.crashed and raw.status < _SERVER_ERROR and not once:
            raise Refused(found.said.plain, word=found.said.word)
        if raw.status in (504, 522, 524):
            raise NoAnswer(f"{found.said.plain}; {_MAYBE}", late=True)
        raise _failure(found.said.verdict, found.said.plain, found.said.word, about_orders=found.said.about_orders)

    def send(self, action: Action, params: Mapping[str, str], *, keep: Keep | None = None) -> str:
        """Any set* or add* action by the reference's parameters; the panel's message when it accepted.

        Raises SettingsError for a missing parameter, Refused, Unknown, NeverSent, AccessRefused.
        """
        missing = [
            name for name in transport.FIELDS[action] if name not in params and (action, name) not in transport.OPTIONAL
        ]
        if missing:
            raise SettingsError(f"{action} needs {' and '.join(missing)}.")
        if action in _UPDATES:
            update = OrderUpdate(
                params["id"], _UPDATES[action], start_count=params.get("start_count"), remains=params.get("remains")
            )
            return self._sent_one(update)
        call, fields = _call(action, params)
        raw = self._rest.ask(call, fields, repeat=not action.once, keep=keep)
        verdict, plain = answers.READER.single(raw)
        if verdict is Verdict.ACCEPTED:
            return ""
        raise _failure(verdict, plain)

    def _sent_one(self, update: OrderUpdate) -> str:
        result = self.update_orders([update])[update.id]
        if result.verdict is Verdict.ACCEPTED:
            return ""
        raise _failure(result.verdict, result.reason or "the panel's answer does not mention this order")

    def call(self, action: Action, params: Mapping[str, str], keep: Keep | None = None) -> RawAnswer:
        """A claim by the reference's name for it, its answer unread. Raises NeverSent, Unknown."""
        feed = (
            Feed.REFILLS
            if action is Action.GET_REFILLS
            else Feed.CANCELS
            if action is Action.GET_CANCEL
            else Feed.ORDERS
        )
        service = params.get("type") or params.get("service_id") or ""
        return self.claim(feed, service, keep=keep, limit=1 if action is Action.GET_ORDER else PULL)

    def set_status(self, id: str, status: Status) -> str:
        """Any status that moves no money."""
        return self._sent_one(OrderUpdate(id, status))

    def set_in_progress(self, id: str, start_count: str | None = None) -> str:
        """In progress, with the start count where there is one."""
        return self._sent_one(OrderUpdate(id, Status.IN_PROGRESS, start_count=start_count))

    def set_processing(self, id: str) -> str:
        """Processing."""
        return self._sent_one(OrderUpdate(id, Status.PROCESSING))

    def set_completed(self, id: str) -> str:
        """Completed."""
        return self._sent_one(OrderUpdate(id, Status.COMPLETED))

    def set_start_count(self, id: str, start_count: str) -> str:
        """The start count."""
        return self._sent_one(OrderUpdate(id, start_count=start_count))

    def set_remains(self, id: str, remains: str) -> str:
        """The remaining quantity."""
        return self._sent_one(OrderUpdate(id, remains=remains))

    def set_partial(self, id: str, remains: str, *, keep: Keep | None = None) -> str:
        """Partial, refunding what remains: never repeated."""
        return self.send(Action.SET_PARTIAL, {"id": id, "remains": remains}, keep=keep)

    def set_canceled(self, id: str, *, keep: Keep | None = None) -> str:
        """Cancels and refunds: never repeated."""
        return self.send(Action.SET_CANCELED, {"id": id}, keep=keep)

    def set_refill_in_progress(self, refill: str) -> str:
        """A refill task has begun."""
        return self.send(Action.SET_REFILL_IN_PROGRESS, {"refill": refill})

    def set_refill_completed(self, refill: str) -> str:
        """A refill task is done."""
        return self.send(Action.SET_REFILL_COMPLETED, {"refill": refill})

    def set_refill_rejected(self, refill: str) -> str:
        """A refill task is refused."""
        return self.send(Action.SET_REFILL_REJECTED, {"refill": refill})

    def set_cancel_rejected(self, cancel: str) -> str:
        """A cancel request is refused, by its order's id."""
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
        """Credits a user: never repeated."""
        params = {"user": user, "amount": f"{amount}", "details": details}
        if affiliate_commission is not None:
            flag = affiliate_commission
            params["affiliate_commission"] = flag if isinstance(flag, str) else "1" if flag else "0"
        return self.send(Action.ADD_PAYMENT, params, keep=keep)

    def add_ticket(self, user: str, subject: str, message: str, *, keep: Keep | None = None) -> str:
        """Opens a ticket: never repeated."""
        return self.send(Action.ADD_TICKET, {"user": user, "subject": subject, "message": message}, keep=keep)

    # --- looking ---------------------------------------------------------------------------------------------------------

    def probe(self) -> None:
        """Proves that the panel is there and takes the key: a list of one order changes nothing.

        Raises AccessRefused (key), SettingsError (another address), NeverSent (cannot be reached), Unavailable.
        """
        failure: Exception
        try:
            raw = self._rest.ask(LIST, [("limit", "1")], repeat=True)
        except transport.Redirected as error:
            failure = SettingsError(error.what, error.next_step)
        except Unknown as error:
            failure = Unavailable(error.what, _LATER)
        else:
            problem = answers.read_probe(raw)
            if not problem:
                self.seen = answers.seen_of(raw)
                return
            where = f"RECONCILE_PANEL_URL: what answers there is not known to be an admin API of this generation (HTTP {raw.status}, {problem})."
            if raw.status >= _SERVER_ERROR or answers.READER.is_busy(raw):
                failure = Unavailable(f"the panel cannot be used now: {problem}", _LATER)
            else:
                failure = SettingsError(
                    where, "Its address ends in /adminapi/v2; with RECONCILE_PANEL_API=v1, in /admin/v1."
                )
        raise failure

    def look(self, ids: Sequence[str]) -> dict[str, Seen]:
        """These orders as the panel has them now, by id; one that it does not show is absent."""
        found: dict[str, Seen] = {}
        wanted = list(dict.fromkeys(ids))
        for start in range(0, len(wanted), IDS):
            part = wanted[start : start + IDS]
            listing, _, _ = self._page([("ids", ",".join(part)), ("limit", str(IDS))])
            found |= {seen.order.id: seen for seen in listing.orders if seen.order.id in part}
        return found

    def listed(self, services: Sequence[str]) -> Listing:
        """Every order of these services that is Processing now. Pages overlap, so that an order which leaves the list meanwhile hides none."""
        found: dict[str, Seen] = {}
        whole, offset, last = True, 0, set[str]()
        for _ in range(PAGES):
            fields = [
                ("order_status", "processing"),
                ("limit", str(PAGE)),
                ("offset", str(offset)),
                ("sort", "date-desc"),
            ]
            if services:
                fields.append(("service_ids", ",".join(services)))
            listing, count, more = self._page(fields)
            here = {seen.order.id for seen in listing.orders}
            whole = whole and listing.whole and (not offset or not here or bool(here & last))
            found |= {seen.order.id: seen for seen in listing.orders}
            if not here - last or (count < PAGE and not more):
                return Listing(tuple(found.values()), whole)
            last = here
            offset += max(1, count - count // 20)
        return Listing(tuple(found.values()), whole=False)

    def _page(self, fields: Sequence[tuple[str, str]]) -> tuple[Listing, int, bool]:
        raw = self._rest.ask(LIST, fields, repeat=True)
        page = answers.read_page(raw)
        if page is not None:
            return page
        verdict, plain = answers.READER.single(raw)
        raise _failure(verdict, plain or "the panel's list cannot be read")

    def clock_ahead(self, now: datetime) -> float | None:
        """How many seconds the panel's clock is ahead, by the time its last answer was dated; None where it told none."""
        try:
            told = parsedate_to_datetime(self._rest.told_at)
        except (ValueError, TypeError, IndexError):
            return None
        told = told if told.tzinfo is not None else told.replace(tzinfo=UTC)
        return (told - now).total_seconds()


# --- pieces --------------------------------------------------------------------------------------------------------------


def _entry(update: OrderUpdate) -> dict[str, Any]:
    """One entry of an update: only what is to change."""
    entry: dict[str, Any] = {"id": _number(update.id)}
    if update.status is not None:
        entry["status"] = answers.WIRE[update.status]
    if update.remains is not None:
        entry["remains"] = _number(update.remains)
    if update.start_count is not None:
        entry["start_count"] = _number(update.start_count)
    return entry


def _number(text: str) -> int | str:
    """A count or an id as a JSON number where that is exact for every reader."""
    exact = text.isascii() and text.isdecimal() and len(text) <= 15 and (text == "0" or text[0] != "0")  # noqa: PLR2004 - a double's digits
    return int(text) if exact else clean(text)


def _call(action: Action, params: Mapping[str, str]) -> tuple[str, list[tuple[str, str]]]:
    """(call, fields) of one action by the reference's parameters."""
    given = {name: clean(value) for name, value in params.items()}
    body: dict[str, Any]
    match action:
        case Action.SET_PARTIAL:
            fields = [("{id}", given["id"]), ("body", json.dumps({"remains": _number(given["remains"])}))]
            return "POST /orders/{id}/set-partial", fields
        case Action.SET_CANCELED:
            call, body = "POST /orders/cancel", {"order_id": _number(given["id"])}
        case Action.SET_CANCEL_REJECTED:
            call, body = "POST /cancel/reject", {"order_id": _number(given["cancel"])}
        case Action.ADD_PAYMENT:
            call = "POST /payments/add"
            body = {"username": given["user"], "amount": given["amount"], "method": _METHOD, "memo": given["details"]}
            if "affiliate_commission" in given:
                body["affiliate_commission"] = given["affiliate_commission"] == "1"
        case Action.ADD_TICKET:
            call = "POST /tickets/add"
            body = {"username": given["user"], "subject": given["subject"], "message": given["message"]}
        case _:
            call = "POST /refill/change-status"
            body = {"refill_id": _number(given["refill"]), "status": _REFILL_WORDS[_REFILL[action]]}
    return call, [("body", answers.body_of(body))]


def _failure(verdict: Verdict, plain: str, word: str = "", *, about_orders: bool = False) -> CallFailed:
    """The failure an answer's meaning stands for."""
    if verdict is Verdict.REFUSED:
        return Refused(plain, word=word, about_orders=about_orders)
    if verdict is Verdict.NOT_SENT:
        return NeverSent(f"{plain}; it did not act", _LATER)
    return Unknown(f"{plain}; {_MAYBE}")
