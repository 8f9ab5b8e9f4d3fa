"""What the answers of the next generation mean: each is said in the reference's words, and read by the one reader there is.

So the rules for what is a row, "none", a refusal or in doubt are the same in both dialects (`panel.answers`), and an answer that
is no whole JSON object (a page, a cut one) is salvaged there, too.

Marks: [3+] three or more independent public clients agree · [2] two do · [1] one does · [?] nobody says; chosen here.

- envelope `{"data": …, "error_message": "", "error_code": 0}`, list under `data.list`; 0 and 200 are success [3+]
- an order: id, user, service_id, link, quantity, charge {value, currency_code}, start_count, remains, status in lower case, created,
  last_update [3+]; `created_timestamp` in seconds [1]; comments [1], or in `order_buttons[].user_data` [1]
- results of an update: `data.orders: [{id, success, message, error_code}]` [3+]
- a cancel request: `id`, `order_id`; where only one of them is there, it is the order's [1]; a refill: `id`, `order_id` and the
  order's fields [?]
- what 100 and 102 mean [?]: the message decides, as in the reference's dialect
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.model import Feed, Status
from reconcile.errors import AccessRefused
from reconcile.panel import answers
from reconcile.panel.loose import Obj, OutOfTime, Patience, decode, dump, parse, text_of
from reconcile.panel.packed import unpacked
from reconcile.panel.seen import doubled, listed, read_list

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from reconcile.core.evidence import Listing
    from reconcile.core.model import Claimed, ItemResult, OrderUpdate, RawAnswer, Verdict

_SUCCESS: Final = {"", "0", "200"}
_NOT_FOUND: Final = "100"
"""With the message "Page not found." [obs]."""

_STANDARD: Final = frozenset(
    {
        *(
            "id",
            "order_id",
            "order",
            "user",
            "user_id",
            "username",
            "service_id",
            "service",
            "service_name",
            "link",
            "quantity",
        ),
        *("charge", "comments", "status", "start_count", "remains", "created", "created_timestamp", "last_update"),
        *(
            "last_update_timestamp",
            "external_id",
            "provider",
            "mode",
            "creation_type",
            "service_type",
            "ip",
            "ip_address",
            "actions",
        ),
        *("is_autocomplete", "is_active_autocomplete"),
    }
)
"""Fields of an order that every panel of this generation sends, or that are about the panel and not about the order."""

WIRE: Final = {
    Status.PROCESSING: "processing",
    Status.IN_PROGRESS: "in_progress",
    Status.COMPLETED: "completed",
    Status.PARTIAL: "partial",
    Status.CANCELED: "canceled",
}
"""A status as an update takes it: lower case [3+], `in_progress` [1]."""


# --- said in the reference's words ---------------------------------------------------------------------------------------


def translated(raw: RawAnswer, feed: Feed | None = None, may_continue: Callable[[], bool] = lambda: True) -> RawAnswer:
    """The same answer in the reference's words; as it came where it is no whole object of this generation."""
    body, why = unpacked(raw)
    try:
        parsed = parse(decode(body, raw.content_type), Patience(may_continue))
    except OutOfTime:
        return raw
    value = parsed.value
    if why or parsed.more or not isinstance(value, Obj) or doubled(value) or not _is_envelope(value):
        return raw
    code = text_of(value.get("error_code")).strip()
    said: dict[str, Any]
    if code in _SUCCESS and not text_of(value.get("error_message")).strip():
        said = {"status": "success", **_content(value.get("data"), feed)}
    else:
        message = text_of(value.get("error_message")).strip()
        said = {
            "status": "fail",
            "error": message or f"error {code}",
            "message": message,
            **_content(value.get("data"), feed),
        }
    return replace(raw, body=dump(said).encode(), content_type="application/json", encoding="")


def _is_envelope(value: Obj) -> bool:
    return "error_code" in value or ("data" in value and "status" not in value)


_NAMES: Final = {Feed.ORDERS: "orders", Feed.REFILLS: "refills", Feed.CANCELS: "cancels"}


def _content(data: Any, feed: Feed | None) -> dict[str, Any]:
    """What stands in `data`, under the reference's name for it."""
    if feed is None:
        return {"data": data} if data not in (None, [], {}) else {}
    items = data if isinstance(data, list) else listed(data)
    if items is None:
        return {"data": data}  # unknown: it is no "none"
    shown = {Feed.ORDERS: _order, Feed.REFILLS: _refill, Feed.CANCELS: _cancel}[feed]
    return {_NAMES[feed]: [shown(item) if isinstance(item, dict) else item for item in items]}


def _order(item: dict[str, Any]) -> dict[str, Any]:
    extras = {name: held for name, held in item.items() if name.casefold() not in _STANDARD and name != "order_buttons"}
    named = {
        "id": item.get("id", item.get("order_id", item.get("order"))),
        "link": item.get("link"),
        "charge": text_of(item.get("charge")),
        "user_id": item.get("user", item.get("user_id", item.get("username"))),
        "quantity": item.get("quantity"),
        "comments": item.get("comments") or _buttons(item.get("order_buttons")),
        "service_id": item.get("service_id", item.get("service")),
    }
    return {**{name: held for name, held in named.items() if held is not None}, **extras}


def _buttons(buttons: Any) -> str | None:
    """Comments that stand in `order_buttons` [1]."""
    lines = [
        text_of(line)
        for button in (buttons if isinstance(buttons, list) else ())
        if isinstance(button, dict) and isinstance(button.get("user_data"), list)
        for line in button["user_data"]
    ]
    return "\n".join(lines) or None


def _refill(item: dict[str, Any]) -> dict[str, Any]:
    named = {**item, "id": item.get("id", item.get("refill_id")), "date": item.get("created", item.get("date"))}
    order = item.get("order")
    if isinstance(order, dict):
        named |= {
            "order_id": order.get("id"),
            **{k: order[k] for k in ("link", "quantity", "start_count", "service_id") if k in order},
        }
    return {name: held for name, held in named.items() if held is not None and name != "order"}


def _cancel(item: dict[str, Any]) -> dict[str, Any]:
    order = item.get("order_id", item.get("order", item.get("id")))
    return {**item, "cancel": item.get("cancel_id", item.get("id", order)), "order_id": order}


# --- readers -------------------------------------------------------------------------------------------------------------


def read_updates(
    raw: RawAnswer,
    ids: Sequence[str],
    sent: Iterable[OrderUpdate] = (),
    *,
    may_continue: Callable[[], bool] = lambda: True,
) -> answers.Updated:
    """Per-order results, as `answers.read_updates` reads them. Raises AccessRefused."""
    body, _ = unpacked(raw)
    try:
        value = parse(decode(body, raw.content_type), Patience(may_continue)).value
    except OutOfTime:
        value = None
    found = listed(value.get("data")) if isinstance(value, Obj) and not doubled(value) else None
    if isinstance(value, Obj) and found and all(isinstance(item, dict) for item in found):
        code = text_of(value.get("error_code")).strip()
        results = [_result(item) for item in found]
        said = {
            "status": "success" if code in _SUCCESS else "fail",
            "error": value.get("error_message"),
            "orders": results,
        }
        raw = replace(raw, body=dump(said).encode(), content_type="application/json", encoding="")
    else:
        raw = translated(raw)
    return answers.read_updates(raw, ids, sent, may_continue=may_continue)


def _result(item: dict[str, Any]) -> dict[str, Any]:
    """One order's result: yes only where it says so and names no error."""
    code = text_of(item.get("error_code")).strip()
    message = text_of(item.get("message")).strip()
    if item.get("success") is True and code in _SUCCESS:
        return {"id": item.get("id"), "status": "success"}
    if item.get("success") is False or code not in _SUCCESS:
        return {"id": item.get("id"), "status": "fail", "error": message or f"error {code}", "message": message}
    return {"id": item.get("id")}


class _Reader:
    """This dialect's answers, long after they came."""

    def claimed(
        self,
        feed: Feed,
        service: str,
        raw: RawAnswer,
        may_continue: Callable[[], bool],
        none: Collection[str] = (),
    ) -> Claimed:
        return answers.READERS[feed](translated(raw, feed, may_continue), service, may_continue=may_continue, none=none)

    def single(self, raw: RawAnswer) -> tuple[Verdict, str]:
        said = answers.read_single(translated(raw))
        return said.verdict, said.plain

    def update(self, raw: RawAnswer, order: str) -> ItemResult:
        return read_updates(raw, [order]).results[order]

    def is_busy(self, raw: RawAnswer) -> bool:
        return answers.is_busy(translated(raw))

    def text(self, raw: RawAnswer) -> str:
        return answers.answer_text(raw)


READER: Final = _Reader()


def read_page(raw: RawAnswer) -> tuple[Listing, int, bool] | None:
    """One page of a list, see `seen.read_list`. Raises AccessRefused."""
    return read_list(raw, READER.claimed(Feed.ORDERS, "", raw, lambda: True))


def read_probe(raw: RawAnswer) -> str:
    """The answer to a list of one order: "" when it proves that this API stands there and took the key, else what it says.

    Raises AccessRefused for a wrong key.
    """
    if read_page(raw) is not None:
        return ""
    verdict, plain = READER.single(raw)
    if raw.status == 403:  # noqa: PLR2004 - HTTP's own number
        raise AccessRefused(
            f"the panel does not accept the key ({plain or 'HTTP 403'})",
            "Copy the API key again into RECONCILE_PANEL_KEY.",
        )
    return plain or f"its answer is no list of orders ({verdict})"


def seen_of(raw: RawAnswer) -> tuple[str, ...]:
    """What a list of one order shows of this panel, in sentences for the operator."""
    value = parse(decode(unpacked(raw)[0], raw.content_type)).value
    items = listed(value.get("data")) if isinstance(value, Obj) else None
    if not isinstance(value, Obj) or not items or not isinstance(items[0], dict):
        return ("a list without any order",)
    said = [
        f"an order has {', '.join(items[0])}",
        f"success is error_code {text_of(value.get('error_code')) or 'left out'}",
    ]
    page = read_page(raw)
    told = page is not None and all(one.updated is not None for one in page[0].orders)
    moment = "names a moment" if told else "does not name a moment, so a lost answer is asked about"
    said.append(f"the time of an order's last change {moment}")
    return tuple(said)


def body_of(content: dict[str, Any]) -> str:
    """A request's body."""
    return json.dumps(content, ensure_ascii=False)
