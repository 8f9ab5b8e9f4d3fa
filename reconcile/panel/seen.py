"""What a look shows: orders with their status and the time of their last change, from either dialect. Pure.

Fields [3+]: status, start_count, remains, created, last_update; `created_timestamp` in seconds [1].
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.evidence import PENDING, Listing, Seen
from reconcile.core.model import Order, Status
from reconcile.panel.loose import Obj, decode, parse, text_of
from reconcile.panel.packed import unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconcile.core.model import Claimed, RawAnswer

_STATUSES: Final = {
    "pending": PENDING,
    "processing": Status.PROCESSING.value,
    "inprogress": Status.IN_PROGRESS.value,
    "completed": Status.COMPLETED.value,
    "partial": Status.PARTIAL.value,
    "canceled": Status.CANCELED.value,
    "cancelled": Status.CANCELED.value,
    "refunded": Status.CANCELED.value,
}


def status_of(word: str) -> str:
    """A status in our words, whatever its spelling; the panel's own word where it is none of ours."""
    folded = "".join(letter for letter in word.casefold() if letter.isalpha())
    return _STATUSES.get(folded, word.strip())


def doubled(value: Any) -> bool:
    """Whether any object in it has a key twice with different values: only the reader of the raw text can tell what that means."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Obj):
            if one.doubled:
                return True
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False


def listed(data: Any) -> list[Any] | None:
    """The list in `data`; [] where `data` is not there at all, None where it holds something else."""
    if data is None:
        return []
    if isinstance(data, dict):
        for name in ("list", "orders", "items"):
            if isinstance(data.get(name), list):
                return list(data[name])
    return None


def read_list(raw: RawAnswer, claimed: Claimed) -> tuple[Listing, int, bool] | None:
    """(the orders of one page, how many items it had, whether a next page is named), None where it is not a list of orders.

    claimed: the same answer, read as one that hands orders out. The list stands under `data.list`, or under `orders` in an answer to
    `getOrders-by-id` [3+].
    """
    body, why = unpacked(raw)
    parsed = parse(decode(body, raw.content_type))
    value = parsed.value
    if why or parsed.more or not isinstance(value, Obj) or doubled(value) or claimed.problem:
        return None
    items = value["orders"] if isinstance(value.get("orders"), list) else listed(value.get("data"))
    if items is None:
        return None
    rows = {order.id: order for order in claimed.rows if isinstance(order, Order)}
    seen = [_seen(item, rows) for item in items if isinstance(item, dict)]
    found = [one for one in seen if one is not None]
    pagination = value.get("pagination")
    more = isinstance(pagination, dict) and bool(text_of(pagination.get("next_page_href")).strip())
    return Listing(_zoned(found), whole=len(found) == len(items)), len(items), more


def _seen(item: dict[str, Any], rows: dict[str, Order]) -> tuple[Seen, timedelta | None] | None:
    order = rows.get(text_of(item.get("id", item.get("order_id", item.get("order")))).strip())
    status = text_of(item.get("status")).strip()
    if order is None or not status:
        return None
    stamp = _stamp(item.get("last_update_timestamp"))
    updated = stamp or _moment(text_of(item.get("last_update")))
    created, made = _stamp(item.get("created_timestamp")), _moment(text_of(item.get("created")))
    shift = (
        made.replace(tzinfo=UTC) - created if created is not None and made is not None and made.tzinfo is None else None
    )
    start, remains = (text_of(item.get(name)).strip() for name in ("start_count", "remains"))
    return Seen(order, status_of(status), start, remains, updated), shift


_QUARTER: Final = 900
_FARTHEST: Final = timedelta(hours=14)


def _zoned(found: Sequence[tuple[Seen, timedelta | None]]) -> tuple[Seen, ...]:
    """Times without a zone are the panel's own: how far that is from UTC shows where an order tells one moment in both ways [1].

    The newest order counts, because of summer time. Where none tells it, a bare time names no moment.
    """
    shifts = [shift for _, shift in found if shift is not None]
    shift = shifts[0] if shifts else None
    if shift is not None:
        shift = timedelta(seconds=round(shift.total_seconds() / _QUARTER) * _QUARTER)
        shift = shift if abs(shift) <= _FARTHEST else None

    def aware(at: datetime | None) -> datetime | None:
        if at is None or at.tzinfo is not None:
            return at
        return None if shift is None else at.replace(tzinfo=UTC) - shift

    return tuple(replace(seen, updated=aware(seen.updated)) for seen, _ in found)


def _stamp(value: Any) -> datetime | None:
    """Seconds since 1970 as a moment."""
    text = text_of(value).strip()
    if not text.isascii() or not text.isdecimal() or len(text) != 10:  # noqa: PLR2004 - seconds, from 2001 to 2286
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None
