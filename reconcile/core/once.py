"""What may happen at most once: refunds, payments and tickets as the journal names them, and what it knows of each.

The ledger travels with the workbook, the journal stays: before every such call it is asked by panel and by what the call is
about, over all workbooks it ever served. What it knows to have been accepted is never sent again, whoever says so.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconcile.core.model import Action, Feed, RawAnswer, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from reconcile.core.ledger import Sending
    from reconcile.core.model import Push


class Sent(StrEnum):
    """How far a call has come: announced before any of its run was sent, sending, told what became of it."""

    ANNOUNCED = "announced"
    SENDING = "sending"
    TOLD = "told"


@dataclass(frozen=True)
class Once:
    """One refund, payment or ticket before it is sent.

    panel: its address (`identity.panel_name`). act: the panel's action. about: what may not happen twice: `refund 15` (the
    order), `payments INV-7`, `tickets T-1` (the Reference). value: the values it brings, field → value, as JSON (plain text from
    version 0.1). said: the call's target and parameters as JSON, to say it again. mark: a fingerprint of these. amount: of a
    payment or refund, "" where it is not known.
    """

    panel: str
    feed: str
    key: str
    act: str
    about: str
    value: str
    said: str = ""
    mark: str = ""
    amount: str = ""

    @property
    def values(self) -> dict[str, str]:
        """Field → value; {} where an earlier version kept them as plain text."""
        try:
            found = json.loads(self.value)
        except ValueError:
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    @property
    def target(self) -> str:
        """The order, user or request that the call is about; "" where an earlier version did not keep it."""
        return str(json.loads(self.said)[0]) if self.said else ""

    @property
    def params(self) -> tuple[tuple[str, str], ...]:
        """The call's parameters."""
        return tuple((str(name), str(value)) for name, value in json.loads(self.said)[1]) if self.said else ()


@dataclass(frozen=True)
class Send(Once):
    """The same once it was announced. `verdict` is None until its outcome was told; `raw` what the panel answered, if anything."""

    id: int = 0
    book: str = ""
    run: str = ""
    state: Sent = Sent.ANNOUNCED
    verdict: str | None = None
    reason: str = ""
    at: str = ""
    answered_at: str = ""
    raw: RawAnswer | None = field(default=None, repr=False)

    @property
    def accepted(self) -> bool:
        return self.verdict == Verdict.ACCEPTED


def once_of(push: Push, panel: str) -> Once:
    """A push as the journal names it."""
    return Once(
        panel=panel,
        feed=push.feed.value,
        key=push.key,
        act=push.action.value,
        about=about(push.feed, push.key, push.order_id),
        value=json.dumps({change.field: change.new for change in push.changes}, ensure_ascii=False),
        said=json.dumps([push.target, push.params], ensure_ascii=False),
        mark=mark_of(push.target, push.params),
        amount="" if push.amount is None else f"{push.amount:f}",
    )


def about(feed: Feed, key: str, order_id: str = "") -> str:
    """What a call is about, so that the same thing said through another tab is seen: an order is refunded once, wherever."""
    if feed is Feed.ORDERS:
        return f"refund {key}"
    return f"refund {order_id}" if feed is Feed.CANCELS and order_id else f"{feed.value} {key}"


def by_hand(action: Action, params: Iterable[tuple[str, str]], panel: str) -> Once:
    """A call that a person makes by hand: a refund is known by its order, a payment and a ticket by their whole content."""
    given = dict(params)
    target = given.get("id") or given.get("user", "")
    mark = mark_of(target, tuple(given.items()))
    refund = "id" in given
    feed = Feed.ORDERS if refund else Feed.PAYMENTS if action is Action.ADD_PAYMENT else Feed.TICKETS
    key = target if refund else f"by hand {mark}"
    values = {"status": "Canceled" if action is Action.SET_CANCELED else "Partial"} if refund else {"send": "Yes"}
    values |= {name: value for name, value in given.items() if name == "remains"}
    said = json.dumps([target, sorted(given.items())], ensure_ascii=False)
    amount = given.get("amount", "")
    return Once(panel, feed.value, key, action.value, about(feed, key), json.dumps(values), said, mark, amount)


def mark_of(target: str, params: Iterable[tuple[str, str]]) -> str:
    """A fingerprint of whom a call is about and what it says."""
    facts = json.dumps([target, sorted(pair for pair in params if pair[0] not in ("id", "user"))])
    return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Past:
    """Everything a journal ever sent once to one panel, under any of its addresses.

    silence: whether a run's call that was announced and never begun was surely not made.
    read: what a kept answer says, for a call whose run did not live to say it.
    """

    def __init__(
        self,
        sends: Iterable[Send],
        panels: Collection[str],
        silence: Callable[[str], bool],
        read: Callable[[Send], tuple[Verdict, str]],
    ) -> None:
        self._about: dict[str, list[Send]] = {}
        self._row: dict[tuple[str, str], list[Send]] = {}
        self._silence, self._read = silence, read
        for send in sends:
            if send.panel in panels or not send.panel:
                self._about.setdefault(send.about, []).append(send)
                self._row.setdefault((send.feed, send.key), []).append(send)

    def of(self, feed: Feed, key: str, order_id: str = "") -> list[Send]:
        """Everything that was sent about this row, or about its order from elsewhere, oldest first."""
        found = [*self._about.get(about(feed, key, order_id), ()), *self._row.get((feed.value, key), ())]
        return sorted({send.id: send for send in found}.values(), key=lambda send: send.id)

    def accepted(self, feed: Feed, key: str, order_id: str = "") -> Send | None:
        """The send about it that the panel accepted, None where none was."""
        return next((send for send in self.of(feed, key, order_id) if self.outcome(send)[0] is Verdict.ACCEPTED), None)

    def unclear(self, feed: Feed, key: str, order_id: str = "") -> Send | None:
        """The last send about it, where nobody knows what became of that one; None otherwise."""
        sends = self.of(feed, key, order_id)
        return sends[-1] if sends and self.outcome(sends[-1])[0] is Verdict.UNKNOWN else None

    def outcome(self, send: Send) -> tuple[Verdict, str]:
        """What became of one send, and the panel's words."""
        if send.verdict is not None:
            return Verdict(send.verdict), send.reason
        if send.raw is not None:
            return self._read(send)
        if send.state is Sent.ANNOUNCED and self._silence(send.run):
            return Verdict.NOT_SENT, ""
        return Verdict.UNKNOWN, ""

    def of_mark(self, feed: Feed, key: str, sending: Sending) -> tuple[Verdict, str]:
        """What became of a send that the ledger has marked: what was accepted counts always, also of another run's.

        What is in doubt stays so unless its own run's outcome is known. A run that nothing is known of ran elsewhere.
        """
        if found := self.accepted(feed, key, sending.order_id):
            return Verdict.ACCEPTED, found.reason
        own = [send for send in self.of(feed, key, sending.order_id) if send.run == sending.run]
        if not own:
            return Verdict.UNKNOWN, ""
        verdict, reason = self.outcome(own[-1])
        return (Verdict.UNKNOWN, "") if sending.doubt and verdict is Verdict.NOT_SENT else (verdict, reason)


def known_pushes(pushes: Sequence[Push], past: Past) -> tuple[list[tuple[Push, Send]], list[tuple[Push, Send]]]:
    """Of what is about to be sent once: what was accepted before, and what is unclear since an earlier try.

    A person's "Send again" settles what was unclear, and never outranks what was accepted.
    """
    done, unclear = [], []
    for push in pushes:
        if not push.once:
            continue
        if found := past.accepted(push.feed, push.key, push.order_id):
            done.append((push, found))
        elif not push.again and (found := past.unclear(push.feed, push.key, push.order_id)):
            unclear.append((push, found))
    return done, unclear
