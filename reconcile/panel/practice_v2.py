"""A practice panel that speaks the next generation of the admin API, over the same made-up world as the practice panel.

Written from docs/panel-facts.md "The next version of the API", not from the client: REST below `/adminapi/v2`, `X-Api-Key`, one envelope, errors by code. What the
notes leave open is chosen so that a mistake shows: set-partial and cancel refund at every call, times are told in a zone of the panel's own
(three hours ahead of UTC) beside seconds since 1970.
"""

from __future__ import annotations

import json
import urllib.parse
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from reconcile.panel.practice import (
    PAGE,
    STATE_PATH,
    Answer,
    Dropped,
    PracticeOrder,
    PracticePanel,
    Request,
    _Fail,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PATH_V2: Final = "/adminapi/v2"
LONGEST_LIST: Final = 1000
ZONE: Final = timedelta(hours=3)
_CREATED: Final = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
_NOT_FOUND, _BAD_KEY, _BAD_REQUEST, _REFUSED = 100, 101, 102, 103
"""Codes: 100 with "Page not found." is known; the others are as good as any."""

_WORDS: Final = {
    "Pending": "pending",
    "Processing": "processing",
    "In progress": "in_progress",
    "Completed": "completed",
    "Partial": "partial",
    "Canceled": "canceled",
}


class LikeV2(PracticePanel):
    """As a panel of the next generation does. clock: what its times are taken from."""

    def __init__(
        self,
        orders: int = 250,
        seed: int = 7,
        key: str | None = None,
        *,
        clock: Callable[[], datetime] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(orders, seed, key, **options)
        self.clock = clock or (lambda: datetime.now(UTC))
        self.cancels_stay = False
        """Whether `/cancel/pull` shows the same requests at every call."""

    @contextmanager
    def serving(self, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
        """Behind a real socket; gives its address."""
        with super().serving(port, host) as url:
            yield urllib.parse.urljoin(url, PATH_V2)

    # --- one request ---------------------------------------------------------------------------------------------------

    def handle(self, method: str, headers: Mapping[str, str], body: bytes, path: str = PATH_V2) -> Answer:
        """One HTTP request to one answer. Raises Dropped where a fault closes the connection."""
        lower = {name.lower(): value for name, value in headers.items()}
        bare, _, query = path.partition("?")
        with self._lock:
            if bare.rstrip("/") == STATE_PATH:
                return self._observed(method, lower)
            given = _json_body(body) if method == "POST" else dict(urllib.parse.parse_qsl(query))
            parts = tuple(urllib.parse.unquote(part) for part in bare.strip("/").split("/"))
            id_ = next((part for part in parts[3:4] if part not in ("pull", "update", "cancel")), "")
            id_ = id_ if parts[2:3] == ("orders",) else ""
            place = "/".join("{id}" if number == 3 and id_ else part for number, part in enumerate(parts))  # noqa: PLR2004
            action = f"{method} /{place.removeprefix('adminapi/v2/')}"
            self._noted(action, given, lower, id_)
            fault = self._next_fault(action)
            if fault is not None and fault.kind == "answer" and not fault.acts:
                return _sent(fault.status, fault.body)
            answer = (
                self._answer(action, given, id_, lower)
                if fault is None or fault.acts or fault.kind == "truncate"
                else None
            )
            if fault is None and answer is not None:
                return answer
            return _spoilt(fault, answer)

    def _noted(self, action: str, given: Any, headers: Mapping[str, str], id_: str) -> None:
        orders = given.get("orders") if isinstance(given, dict) else None
        params = (
            [(str(name), str(value)) for name, value in given.items() if name != "orders"]
            if isinstance(given, dict)
            else []
        )
        self.requests.append(
            Request(
                action,
                (*([("id", id_)] if id_ else []), *params),
                headers.get("content-type", "").partition(";")[0],
                tuple(entry for entry in orders if isinstance(entry, dict)) if isinstance(orders, list) else (),
                key_ok=headers.get("x-api-key") == self.key,
            )
        )

    def _answer(self, action: str, given: Any, id_: str, headers: Mapping[str, str]) -> Answer:
        if headers.get("x-api-key") != self.key:
            return _error(401, _BAD_KEY, "Invalid API key.")
        act = self._calls().get(action)
        if act is None:
            return _error(404, _NOT_FOUND, "Page not found.")
        if not isinstance(given, dict):
            return _error(400, _BAD_REQUEST, "The body is not JSON.")
        try:
            return act(given, id_)
        except _Fail as fail:
            return _error(400 if not self.everything_200 else 200, _REFUSED, fail.message or fail.word)

    def _calls(self) -> dict[str, Callable[[dict[str, Any], str], Answer]]:
        return {
            "GET /orders": self._list,
            "GET /orders/{id}": self._one,
            "POST /orders/pull": self._pull,
            "POST /refill/pull": self._pull_refills,
            "POST /cancel/pull": self._pull_cancels,
            "POST /orders/update": self._update,
            "POST /orders/{id}/set-partial": self._partial,
            "POST /orders/cancel": self._cancel,
            "POST /cancel/reject": self._reject,
            "POST /refill/change-status": self._refill,
            "POST /payments/add": self._pay,
            "POST /tickets/add": self._ticket,
        }

    # --- reading -------------------------------------------------------------------------------------------------------

    def shown_v2(self, order: PracticeOrder) -> dict[str, Any]:
        """An order as a list shows it."""
        changed = datetime.fromtimestamp(self.state.times.get(order.id, _CREATED.timestamp()), UTC)
        shown = {
            "id": _number(order.id),
            "external_id": None,
            "user": order.user_id,
            "charge": {"value": order.charge, "currency_code": "USD"},
            "link": order.link,
            "quantity": _number(order.quantity),
            "start_count": _number(order.start_count) if order.start_count else None,
            "remains": _number(order.remains or order.quantity or "0"),
            "status": _WORDS[order.status],
            "service_id": _number(order.service),
            "service_name": f"Service {order.service}",
            "mode": "manual",
            "created": _local(_CREATED),
            "created_timestamp": int(_CREATED.timestamp()),
            "last_update": _local(changed),
        }
        if order.comments:
            shown["comments"] = order.comments
        left_out = ("user", "charge", "quantity") if order.sparse else ()
        return {name: held for name, held in shown.items() if name not in left_out}

    def _list(self, given: dict[str, Any], _: str) -> Answer:
        wanted = _parts(given.get("ids"))
        services = _parts(given.get("service_ids"))
        status = given.get("order_status")
        found = [
            order
            for order in self.state.orders.values()
            if (not wanted or order.id in wanted)
            and (not services or order.service in services)
            and (not status or _WORDS[order.status] == status)
        ]
        found.sort(key=lambda order: int(order.id), reverse=True)
        limit = min(LONGEST_LIST, int(given.get("limit", 100)))
        offset = int(given.get("offset", 0))
        page = found[offset : offset + limit]
        more = offset + limit < len(found)
        pagination = {"offset": offset, "limit": limit, "next_page_href": f"?offset={offset + limit}" if more else None}
        return _data({"count": len(page), "list": [self.shown_v2(order) for order in page]}, pagination=pagination)

    def _one(self, _: dict[str, Any], id_: str) -> Answer:
        return _data(self.shown_v2(self._order_v2(id_)))

    # --- claims --------------------------------------------------------------------------------------------------------

    def _pull(self, given: dict[str, Any], _: str) -> Answer:
        limit = min(PAGE, int(given.get("limit", PAGE)))
        handed: list[PracticeOrder] = []
        for service in _parts(given.get("service_ids")):
            handed += self._hand_out(service, limit - len(handed))
        now = self.clock().timestamp()
        self.state.times |= {order.id: now for order in handed}
        return _data({"count": len(handed), "list": [self.shown_v2(order) for order in handed]})

    def _pull_refills(self, given: dict[str, Any], _: str) -> Answer:
        services = _parts(given.get("service_ids"))
        waiting = [refill for refill in self.state.refills.values() if not refill.status]
        waiting = [refill for refill in waiting if not services or refill.service_id in services]
        waiting = waiting[: int(given.get("limit", PAGE))]
        shown: list[dict[str, Any]] = []
        for refill in waiting:
            refill.status = "PENDING"
            refill.handed += 1
            refill.history.append("PENDING")
            held = refill.shown()
            shown.append({**held, "created": held.pop("date"), "status": "pending"})
            shown[-1].pop("date", None)
        return _data({"count": len(shown), "list": shown})

    def _pull_cancels(self, given: dict[str, Any], _: str) -> Answer:
        services = _parts(given.get("service_ids"))
        shown: list[dict[str, Any]] = []
        for cancel in self.state.cancels.values():
            new = cancel.status == "open" and (self.cancels_stay or not cancel.handed)
            if new and (not services or cancel.service_id in services) and len(shown) < int(given.get("limit", PAGE)):
                cancel.handed += 1
                facts = {
                    "id": cancel.id,
                    "order_id": cancel.order_id,
                    "service_id": cancel.service_id,
                    "link": cancel.link,
                }
                shown.append(facts)
        return _data({"count": len(shown), "list": shown})

    # --- writing -------------------------------------------------------------------------------------------------------

    def _order_v2(self, id_: str) -> PracticeOrder:
        return self._order(id_)

    def _set(
        self, order: PracticeOrder, status: str = "", start_count: str | None = None, remains: str | None = None
    ) -> None:
        super()._set(order, status, start_count, remains)
        self.state.times[order.id] = self.clock().timestamp()

    def _update(self, given: dict[str, Any], _: str) -> Answer:
        orders = given.get("orders")
        if not isinstance(orders, list):
            return _error(400, _BAD_REQUEST, "Orders must be a list.")
        if self.most_updates is not None and len(orders) > self.most_updates:
            raise Dropped(acted=False, late=True)
        results = []
        for entry in orders:
            id_ = str(entry.get("id", ""))
            spoken = {name: None if value is None else str(value) for name, value in entry.items()}
            if spoken.get("status"):
                spoken["status"] = str(spoken["status"]).upper()
            try:
                self._update_one(id_, spoken)
            except _Fail as fail:
                told = {"success": False, "message": fail.message or fail.word, "error_code": _REFUSED}
            else:
                told = {"success": True, "message": "", "error_code": 0}
            results.append({"id": _number(id_), **told})
        return _data({"orders": results[: self.update_answers_for]})

    def _partial(self, given: dict[str, Any], id_: str) -> Answer:
        self._set_partial({"id": id_, "remains": str(given.get("remains", ""))})
        return _data({})

    def _cancel(self, given: dict[str, Any], _: str) -> Answer:
        self._set_canceled({"id": str(given.get("order_id", ""))})
        return _data({})

    def _reject(self, given: dict[str, Any], _: str) -> Answer:
        asked = str(given.get("order_id", ""))
        cancel = next(
            (one for one in self.state.cancels.values() if one.order_id == asked and one.status == "open"), None
        )
        if cancel is None:
            raise _Fail("bad_id", "Cancel task not found.")
        cancel.status = "rejected"
        return _data({})

    def _refill(self, given: dict[str, Any], _: str) -> Answer:
        status = str(given.get("status", "")).upper()
        if status not in {"IN_PROGRESS", "COMPLETED", "REJECTED"}:
            raise _Fail("bad_status", "Unknown refill status.")
        self._set_refill({"refill": str(given.get("refill_id", ""))}, status, status.lower())
        return _data({})

    def _pay(self, given: dict[str, Any], _: str) -> Answer:
        named = {
            "user": str(given.get("username", "")),
            "amount": str(given.get("amount", "")),
            "details": str(given.get("memo", "")),
        }
        if "affiliate_commission" in given:
            named["affiliate_commission"] = "1" if given["affiliate_commission"] else "0"
        self._add_payment(named)
        return _data({"id": len(self.state.payments)})

    def _ticket(self, given: dict[str, Any], _: str) -> Answer:
        self._add_ticket(
            {"user": str(given.get("username", "")), **{n: str(given.get(n, "")) for n in ("subject", "message")}}
        )
        return _data({"id": len(self.state.tickets)})


# --- pieces --------------------------------------------------------------------------------------------------------------


def _spoilt(fault: Any, answer: Answer | None) -> Answer:
    """What a fault makes of an answer."""
    if fault.kind == "drop" or answer is None:
        raise Dropped(acted=fault.acts)
    status, headers, body = answer
    if fault.kind == "truncate":
        return status, headers, body[: fault.keep]
    return _sent(fault.status, fault.body)


def _json_body(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None


def _parts(value: Any) -> list[str]:
    return [part.strip() for part in str(value or "").split(",") if part.strip()]


def _number(text: str) -> int | str | None:
    return int(text) if text.isascii() and text.isdigit() else text or None


def _local(at: datetime) -> str:
    return (at + ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _data(data: Any, **more: Any) -> Answer:
    return _sent(
        200, json.dumps({"data": data, **more, "error_message": "", "error_code": 0}, ensure_ascii=False).encode()
    )


def _error(status: int, code: int, message: str) -> Answer:
    return _sent(status, json.dumps({"data": [], "error_message": message, "error_code": code}).encode())


def _sent(status: int, body: bytes) -> Answer:
    return status, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body
