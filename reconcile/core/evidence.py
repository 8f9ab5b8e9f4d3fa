"""What a look at the panel proves about something in doubt. Pure: what was seen goes in, what follows from it comes out.

A look is evidence, never a guess. What it proves settles itself; what it leaves open stays a question to a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from reconcile.core.model import Action, Order, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconcile.core.model import Doubt

PENDING: Final = "Pending"
"""The status of an order that nobody was given yet."""

OPEN: Final = (PENDING, Status.PROCESSING.value, Status.IN_PROGRESS.value)

SETTLE: Final = timedelta(seconds=120)
"""So long after a call it may still reach the panel. Only then does "it is not there" prove that it was not done."""

SLACK: Final = timedelta(seconds=2)
"""The panel tells whole seconds, and the way to it takes time."""


@dataclass(frozen=True)
class Seen:
    """One order as a look at the panel showed it.

    status: one of `Status`, PENDING, or the panel's own word. updated: when it last changed (aware), None where the panel does not
    say so in a way that names a moment.
    """

    order: Order
    status: str
    start_count: str = ""
    remains: str = ""
    updated: datetime | None = None


@dataclass(frozen=True)
class Listing:
    """Orders that a look found. whole: whether these are all of them for certain."""

    orders: tuple[Seen, ...] = ()
    whole: bool = True


@dataclass(frozen=True)
class Found:
    """What a listing says of one claim in doubt.

    lost: these came with its answer for certain, and land. asked: a person has to say whether they did. over: whether nothing
    else can have come with it.
    """

    lost: tuple[Order, ...] = ()
    asked: tuple[Order, ...] = ()
    over: bool = False


def found(
    doubt: Doubt,
    listing: Listing,
    known: Callable[[str], bool],
    *,
    until: datetime,
    now: datetime,
    ahead: float | None,
) -> Found:
    """What of a listing came with the answer of a claim in doubt, and what may have.

    Handed out by it is what became Processing while it was under way (from `doubt.at` to `until`): one call hands out at one moment,
    so all of it has the same time, and it is at most `doubt.bound`. Anything else that is Processing since then may have been taken by
    somebody else. known: whether an order is in a ledger or in a kept answer. ahead: seconds by which the panel's clock is ahead
    of ours; None counts as 0, and a clock that is wrong then only makes a question of it.
    """
    shift = timedelta(seconds=ahead or 0.0)
    begun, ended = datetime.fromisoformat(doubt.at) + shift, until + shift
    services = {part.strip() for part in doubt.service.split(",") if part.strip()}
    mine = [
        seen
        for seen in listing.orders
        if seen.status == Status.PROCESSING
        and (not services or seen.order.service in services)
        and (seen.updated is None or seen.updated >= begun - SLACK)
        and not known(seen.order.id)
    ]
    inside = [seen for seen in mine if seen.updated is not None and seen.updated <= ended + SLACK]
    one_moment = _at_one_moment([seen.updated for seen in inside if seen.updated is not None])
    if not one_moment or len(inside) > doubt.bound:
        inside = []
    lost = tuple(seen.order for seen in inside)
    asked = tuple(seen.order for seen in mine if seen not in inside)
    return Found(lost, asked, over=listing.whole and not asked and now >= until + SETTLE)


def _at_one_moment(times: Sequence[datetime]) -> bool:
    """Whether nothing lies between these times: no step from one to the next is longer than the slack."""
    ordered = sorted(times)
    return all(later - earlier <= SLACK for earlier, later in pairwise(ordered))


def refund(
    act: str, values: Mapping[str, str], seen: Seen | None, *, sent: datetime, now: datetime
) -> tuple[Verdict, str]:
    """What a look at its order says of a refund in doubt: (ACCEPTED, NOT_SENT or UNKNOWN, the status seen).

    act: its call. values: field → value it brings. sent: the latest moment at which it may have been sent. An order that is still open was
    not refunded, and once the call cannot arrive any more it never will be by it. Closed otherwise than asked for stays a question.
    """
    if seen is None:
        return Verdict.UNKNOWN, ""
    if seen.status in OPEN:
        late = now - SETTLE >= sent
        return (Verdict.NOT_SENT if late else Verdict.UNKNOWN), seen.status
    wanted = Status.CANCELED if act == Action.SET_CANCELED else Status.PARTIAL
    same = wanted is Status.CANCELED or (
        _count(seen.remains) is not None and _count(seen.remains) == _count(values.get("remains", ""))
    )
    return (Verdict.ACCEPTED if seen.status == wanted and same else Verdict.UNKNOWN), seen.status


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() else None
