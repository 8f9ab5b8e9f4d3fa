"""What the five feeds are: one `FeedSpec` each, and one table of the columns whose edits the panel gets.

Everything that lists feeds or their columns elsewhere derives from here: the ledger's columns, what a plan compares, what a
number is, how a cell is read. A column is added here, in the templates, in `words.LABEL` and in the panel's dialect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconcile.core import cells
from reconcile.core.model import CLOSED_THERE, Decision, Feed, RefillStatus, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from reconcile.core.model import Cell
    from reconcile.core.words import Words


@dataclass(frozen=True)
class Watched:
    """A staff-owned column whose edits are sent. options: its choices; None for a whole number. also: choices that are never sent."""

    name: str
    options: type[StrEnum] | None = None
    also: tuple[str, ...] = ()

    @property
    def number(self) -> bool:
        """Whether it holds whole numbers."""
        return self.options is None

    def read(self, raw: Cell, say: Words) -> str | cells.Wrong | None:
        """The cell's value as the ledger and the panel have it, None for blank, Wrong with the answer for anything else."""
        if self.options is None:
            return cells.count(raw, say.LABEL[self.name], say)
        if isinstance(raw, str):
            typed = cells.letters(raw)
            for value in self.also:
                if typed in (cells.letters(value), cells.letters(say.choice(value))):
                    return value
        return cells.choice(raw, self.options, say.LABEL[self.name], say)


@dataclass(frozen=True)
class FeedSpec:
    """One feed.

    key: the field that names a row (`id` from the panel, `reference` from staff). facts: panel-owned columns that show a row is
    beside another one's values; of a feed that staff write, the user. watched: see there, in the order they are sent.
    unsure: whether it has the column If unsure. content: the fields that make two rows of staff the same payment or ticket.
    """

    feed: Feed
    key: str = "id"
    facts: tuple[str, ...] = ()
    watched: tuple[Watched, ...] = ()
    unsure: bool = False
    content: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the watched columns."""
        return tuple(column.name for column in self.watched)

    def column(self, name: str) -> Watched:
        """The watched column of this name. Raises KeyError."""
        return {column.name: column for column in self.watched}[name]


_STATUS: Final = Watched("status", Status, also=(CLOSED_THERE,))
_START_COUNT: Final = Watched("start_count")
_REMAINS: Final = Watched("remains")

FEEDS: Final[Mapping[Feed, FeedSpec]] = {
    spec.feed: spec
    for spec in (
        FeedSpec(
            Feed.ORDERS,
            facts=("user", "charge", "link", "quantity", "service"),
            watched=(_STATUS, _START_COUNT, _REMAINS),
            unsure=True,
        ),
        FeedSpec(
            Feed.REFILLS,
            facts=("order_id", "service", "link", "quantity"),
            watched=(Watched("status", RefillStatus),),
        ),
        FeedSpec(
            Feed.CANCELS,
            facts=("order_id", "service", "link"),
            watched=(Watched("decision", Decision), _REMAINS),
            unsure=True,
        ),
        FeedSpec(
            Feed.PAYMENTS,
            key="reference",
            facts=("user",),
            unsure=True,
            content=("user", "amount", "details", "commission"),
        ),
        FeedSpec(Feed.TICKETS, key="reference", facts=("user",), unsure=True, content=("user", "subject", "message")),
    )
}
"""Every feed, in the order in which its tab is worked on."""

CLAIMED: Final = tuple(feed for feed in FEEDS if feed.claimed)
"""The feeds whose rows the panel hands out."""

WRITTEN: Final = tuple(feed for feed in FEEDS if not feed.claimed)
"""The feeds whose rows staff write."""

WATCHED: Final[Mapping[str, tuple[str, ...]]] = {feed.value: spec.columns for feed, spec in FEEDS.items()}
"""Tab → the staff-owned columns whose edits are sent."""

COLUMNS: Final = tuple(dict.fromkeys(name for spec in FEEDS.values() for name in spec.columns))
"""Every watched column once: each has two in the ledger, what the panel accepted and what the sheet showed."""

NUMBERS: Final = tuple(dict.fromkeys(each.name for spec in FEEDS.values() for each in spec.watched if each.number))
"""The watched columns that hold whole numbers."""


def read(feed: Feed, name: str, raw: Cell, say: Words) -> str | cells.Wrong | None:
    """A watched cell's value as the panel has it: the one definition of when two cells say the same. None for blank."""
    return FEEDS[feed].column(name).read(raw, say)
