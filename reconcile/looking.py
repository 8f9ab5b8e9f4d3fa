"""A look at the panel, where it can be looked at and something is in doubt: what it settles, and what it leaves to a person.

Nothing here is asked of a panel while nothing is in doubt. What follows from what was seen is in `core.evidence`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconcile.core import evidence
from reconcile.core.lease import HEARTBEAT, claiming_of
from reconcile.core.model import UNSURE, Feed, Verdict
from reconcile.errors import AccessRefused, CallFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from reconcile.core.evidence import Found, Listing
    from reconcile.core.ledger import Ledger, Sending
    from reconcile.core.model import Claimed, Doubt, Push, RawAnswer, Row, Snapshot
    from reconcile.core.once import Past, Send
    from reconcile.core.words import Words
    from reconcile.journal import Journal
    from reconcile.panel.port import Panel

NAMED = 200
"""Most orders that one question names."""

REFUNDED_IN = (Feed.ORDERS, Feed.CANCELS)
DEADLINE = timedelta(seconds=3600)
"""So long a run goes on at most after its last sign, with any setting that makes sense."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Nothing tells when it was sent, so nothing tells that it cannot arrive any more."""


@dataclass(frozen=True)
class Open:
    """One refund of which nobody knows what became of it. sent: the latest moment at which it may have been sent."""

    feed: Feed
    key: str
    order: str
    act: str
    values: Mapping[str, str]
    sent: datetime
    own: Send | None = None
    decided: bool = False
    """A person has said something of it meanwhile: only that it went through may still outrank them."""


@dataclass
class Settled:
    """What looks have settled: (feed, key) → what became of the refund, and the panel's status in words."""

    verdicts: dict[tuple[Feed, str], tuple[Verdict, str]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def over(
        self, outcome: Callable[[Feed, str, Sending], tuple[Verdict, str]]
    ) -> Callable[[Feed, str, Sending], tuple[Verdict, str]]:
        """`outcome`, and where that does not know, what was seen."""

        def known(feed: Feed, key: str, sending: Sending) -> tuple[Verdict, str]:
            found = outcome(feed, key, sending)
            return self.verdicts.get((feed, key), found) if found[0] is Verdict.UNKNOWN else found

        return known


@dataclass(frozen=True)
class Look:
    """What a look needs of a run."""

    panel: Panel
    journal: Journal
    clock: Callable[[], datetime]
    say: Words

    def settle(self, refunds: Sequence[Open]) -> Settled:
        """Looks their orders up. What is certain then is in the journal, too, before anything follows from it."""
        out = Settled()
        if not refunds or not self.panel.looks:
            return out
        try:
            seen = self.panel.look([refund.order for refund in refunds])
        except (CallFailed, AccessRefused) as error:
            out.messages.append(self.say.MESSAGES["look_failed"].format(problem=error.what))
            return out
        now = self.clock()
        for refund in refunds:
            verdict, status = evidence.refund(
                refund.act, refund.values, seen.get(refund.order), sent=refund.sent, now=now
            )
            if verdict is Verdict.UNKNOWN or (refund.decided and verdict is not Verdict.ACCEPTED):
                continue
            reason = self.say.PHRASES["seen_at_panel"].format(status=self.say.choice(status))
            out.verdicts[refund.feed, refund.key] = (verdict, reason)
            out.messages.append(
                self.say.MESSAGES["look_refund"].format(
                    one=self.say.ONE[refund.feed], key=refund.key, seen=reason, what=self.say.VERDICTS[verdict]
                )
            )
            if refund.own is not None:
                self.journal.sent(refund.own.id, verdict.value, reason, now.isoformat())
        return out

    def listed(self, doubts: Iterable[Doubt]) -> tuple[Listing | None, str]:
        """(every order that may have come with what is in doubt, ""), or (None, why there is no such list)."""
        wanted = [{part.strip() for part in doubt.service.split(",") if part.strip()} for doubt in doubts]
        services = sorted(set().union(*wanted)) if all(wanted) else []
        try:
            return self.panel.listed(services), ""
        except (CallFailed, AccessRefused) as error:
            return None, self.say.MESSAGES["look_failed"].format(problem=error.what)

    def found(self, doubt: Doubt, listing: Listing, known: Callable[[str], bool]) -> Found:
        """What of a listing came with the answer of this claim."""
        now = self.clock()
        begun = datetime.fromisoformat(doubt.at)
        until = (
            datetime.fromisoformat(doubt.until) if doubt.until else begun + timedelta(seconds=self.panel.longest_call)
        )
        ahead = self.panel.clock_ahead(now)
        return evidence.found(doubt, listing, known, until=min(until, now), now=now, ahead=ahead)


def in_doubt(snapshot: Snapshot, ledger: Ledger, past: Past, longest: float) -> list[Open]:
    """Every refund that the ledger has marked and of which nothing is known. longest: seconds one call may take."""
    found = []
    for feed in REFUNDED_IN:
        for key, row, sending in ledger.sendings(feed):
            order = key if feed is Feed.ORDERS else sending.order_id
            if not order or past.of_mark(feed, key, sending)[0] is not Verdict.UNKNOWN:
                continue
            values = {name: value for name, (value, _) in sending.values.items()} | dict(sending.params)
            own = next((send for send in reversed(past.of(feed, key, order)) if send.run == sending.run), None)
            sent = _latest(own, longest) if own is not None else _elsewhere(snapshot, sending, longest)
            decided = sending.again or _acted(snapshot, feed, key, row)
            found.append(Open(feed, key, order, sending.action, values, sent, own, decided))
    return found


def unclear(pushes: Iterable[tuple[Push, Send]], longest: float) -> list[Open]:
    """The same for refunds of which only the journal knows that an earlier try is unclear."""
    return [
        Open(push.feed, push.key, push.order_id or push.key, send.act, send.values, _latest(send, longest), send)
        for push, send in pushes
        if push.refund and send.act
    ]


def _latest(send: Send, longest: float) -> datetime:
    if send.verdict is not None and send.answered_at:
        return datetime.fromisoformat(send.answered_at)
    return datetime.fromisoformat(send.at) + timedelta(seconds=longest)


def _elsewhere(snapshot: Snapshot, sending: Sending, longest: float) -> datetime:
    """The latest moment at which another machine's run may have sent it: before its end, or a call's time after its last sign."""
    left = claiming_of(snapshot.meta)
    if left is not None and left.run == sending.run:
        return datetime.fromisoformat(left.at) + timedelta(seconds=longest) + DEADLINE
    told = snapshot.meta.get(HEARTBEAT, "")
    return datetime.fromisoformat(told) if told else NEVER


def _acted(snapshot: Snapshot, feed: Feed, key: str, row: Row) -> bool:
    """Whether a person has said something in the row's "If unsure" since it is in doubt."""
    frame = snapshot.tabs[feed.value]
    cells = [cell for cell in frame[UNSURE][frame.index == key] if cell is not None]
    return any(cell != row["unsure_seen"] for cell in cells)


def kept_elsewhere(
    journal: Journal, book: str, others: Collection[str], read: Callable[[Feed, str, RawAnswer], Claimed]
) -> set[str]:
    """Orders in kept answers that are another workbook's, or nobody's: they were not lost here."""
    found: set[str] = set()
    for other in others:
        if other != book:
            for claim in journal.claims(other):
                if claim.raw is not None and claim.feed == Feed.ORDERS:
                    found |= {item.id for item in read(Feed.ORDERS, claim.service, claim.raw).rows}
    return found


def asks(doubt: Doubt, found: Found, say: Words) -> Doubt:
    """The doubt with the orders a person has to decide about in its text, each time anew."""
    keys = ", ".join(f"#{order.id}" for order in found.asked[:NAMED]) + (" …" if len(found.asked) > NAMED else "")
    head = doubt.text.partition(" " + say.PHRASES["look_begins"])[0]
    text = f"{head} {say.PHRASES['look_begins']} {say.PHRASES['look_asks'].format(keys=keys)}"
    return replace(doubt, text=text)
