"""The engine's one port to a panel: claim, read, tell, look. What a panel's API is like stands behind it, in a dialect.

A dialect is named in every answer it brings (`RawAnswer.dialect`), the journal keeps the name, and `dialects` reads the answer
by it: what was asked in one API is never read as if it were another's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reconcile.core.model import Action
from reconcile.errors import Unknown

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from reconcile.core.evidence import Listing, Seen
    from reconcile.core.model import Claimed, Feed, ItemResult, OrderUpdate, Push, RawAnswer, Status, Verdict


class Keep(Protocol):
    """Keeps every answer to a call that must not be repeated, as it arrives and before anybody looks into it.

    Never raises ReconcileError.
    """

    def arrived(self, raw: RawAnswer) -> None:
        """An attempt's answer, also a cut one, as it came: durable when this returns."""

    def cleaned(self, raw: RawAnswer) -> None:
        """The last one held the panel's key: this replaces it."""

    def again(self) -> None:
        """The last answer said "busy, not acted on": a further attempt of the same call is about to be sent."""


class CutShort(Unknown):
    """The answer broke off (or grew past every bound) while it was read. `partial` is what had come: keep it, read it."""

    def __init__(self, what: str, next_step: str = "", *, partial: RawAnswer) -> None:
        super().__init__(what, next_step)
        self.partial = partial


class Single(Protocol):
    """The calls that say one thing of one order, refill, cancel request or user. Each returns the panel's message.

    Raises Refused, Unknown, NeverSent, AccessRefused.
    """

    def set_status(self, id: str, status: Status) -> str: ...
    def set_in_progress(self, id: str, start_count: str | None = None) -> str: ...
    def set_processing(self, id: str) -> str: ...
    def set_completed(self, id: str) -> str: ...
    def set_start_count(self, id: str, start_count: str) -> str: ...
    def set_remains(self, id: str, remains: str) -> str: ...
    def set_partial(self, id: str, remains: str, *, keep: Keep | None = None) -> str: ...
    def set_canceled(self, id: str, *, keep: Keep | None = None) -> str: ...
    def set_refill_in_progress(self, refill: str) -> str: ...
    def set_refill_completed(self, refill: str) -> str: ...
    def set_refill_rejected(self, refill: str) -> str: ...
    def set_cancel_rejected(self, cancel: str) -> str: ...
    def add_payment(
        self,
        user: str,
        amount: str,
        details: str,
        affiliate_commission: str | None = None,
        *,
        keep: Keep | None = None,
    ) -> str: ...
    def add_ticket(self, user: str, subject: str, message: str, *, keep: Keep | None = None) -> str: ...


class Panel(Single, Protocol):
    """What a run needs of a panel.

    dialect: the name of its API. name: its address as a workbook remembers it. ways: whether there are other ways to send a list of
    updates (as a form, one by one) that are worth trying. looks, lists: whether it can be looked at by `look`, and by `listed`.
    """

    @property
    def calls(self) -> Counter[str]: ...
    @property
    def dialect(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def ways(self) -> bool: ...
    @property
    def looks(self) -> bool: ...
    @property
    def lists(self) -> bool: ...
    @property
    def longest_call(self) -> float: ...
    def probe(self) -> None: ...
    def claim(self, feed: Feed, service: str, *, keep: Keep | None = None) -> RawAnswer:
        """The next answer with work of this feed, handed out for good, unread. service: "" for all of them."""

    def tell(self, push: Push, *, keep: Keep | None = None) -> str:
        """The one call of a push that is not a list of updates. Returns the panel's message."""

    def update_orders(
        self,
        updates: Sequence[OrderUpdate],
        *,
        once: bool = False,
        keep: Keep | None = None,
        form: bool = False,
        late: bool = True,
        crashed: bool = True,
    ) -> dict[str, ItemResult]: ...
    def look(self, ids: Sequence[str]) -> dict[str, Seen]:
        """These orders as the panel has them now, by id; one that it does not show is absent. Nothing is changed.

        Raises Unknown, NeverSent, Refused, AccessRefused.
        """

    def listed(self, services: Sequence[str]) -> Listing:
        """Every order of these services that is Processing at the panel now. Nothing is changed. Raises as `look`."""

    def clock_ahead(self, now: datetime) -> float | None:
        """How many seconds the panel's clock was ahead of `now` at its last answer; None where it has not told the time."""


class Reader(Protocol):
    """What a dialect's answers say, read long after they came: with no panel, and no key."""

    def claimed(
        self,
        feed: Feed,
        service: str,
        raw: RawAnswer,
        may_continue: Callable[[], bool],
        none: Collection[str] = (),
    ) -> Claimed:
        """A claim's answer. none: the panel's own sentences for "none". Raises AccessRefused for a wrong key, nothing else."""

    def single(self, raw: RawAnswer) -> tuple[Verdict, str]:
        """What became of one call, and the panel's words. Raises AccessRefused."""

    def update(self, raw: RawAnswer, order: str) -> ItemResult:
        """What became of one order of a list of updates. Raises AccessRefused."""

    def is_busy(self, raw: RawAnswer) -> bool:
        """Whether the panel said "slow down" and so did not act."""

    def text(self, raw: RawAnswer) -> str:
        """The answer as a person can read it."""


def by_its_call(panel: Single, push: Push, keep: Keep | None = None) -> str:
    """The one call of a push that is not an `updateOrders`, as the single call that says it."""
    params = dict(push.params)
    match push.action:
        case Action.SET_CANCELED:
            return panel.set_canceled(push.target, keep=keep)
        case Action.SET_PARTIAL:
            return panel.set_partial(push.target, params["remains"], keep=keep)
        case Action.SET_REFILL_IN_PROGRESS:
            return panel.set_refill_in_progress(push.target)
        case Action.SET_REFILL_COMPLETED:
            return panel.set_refill_completed(push.target)
        case Action.SET_REFILL_REJECTED:
            return panel.set_refill_rejected(push.target)
        case Action.SET_CANCEL_REJECTED:
            return panel.set_cancel_rejected(push.target)
        case Action.ADD_PAYMENT:
            return panel.add_payment(
                params["user"], params["amount"], params["details"], params.get("affiliate_commission"), keep=keep
            )
        case Action.ADD_TICKET:
            return panel.add_ticket(params["user"], params["subject"], params["message"], keep=keep)
    raise ValueError(f"{push.action} is not pushed by a call of its own")
