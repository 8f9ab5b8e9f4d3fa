"""What was learnt of a panel: kept in the workbook's meta, shown by `doctor`. A run adapts at once and remembers.

Nothing here is needed to be right: a run with no facts, or with wrong ones, learns them again.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection

FACTS: Final = "facts"
"""The meta entry."""

CHUNK: Final = 100
"""Rows per `updateOrders`. No maximum is stated; other clients send 100 [obs]."""

FULL: Final = 100
"""So many rows in one answer mean that there may be more [ref: "up to 100"]."""

LEAST_PAGE: Final = 10
"""A panel with smaller pages than this was never seen; fewer orders than this are simply few."""

JSON, FORM, SINGLE = "json", "form", "single"


@dataclass(frozen=True)
class Facts:
    """One panel's ways. panel: its address, so that nothing is believed of another one.

    lists: getOrders shows what is pending and changes nothing; None: not known. updates: how it takes updates (JSON, FORM, SINGLE), "" while
    none was taken. has_set_status: the calls for one status are missing, `setStatus` is there. rows: most updates in one list. page: most
    orders in one answer, 0: not known. last: how many orders the last answer below 100 brought. lacks: feeds it has no call for.
    """

    panel: str = ""
    lists: bool | None = None
    updates: str = ""
    has_set_status: bool = False
    rows: int = CHUNK
    page: int = 0
    last: int = 0
    lacks: tuple[str, ...] = ()

    def text(self) -> str:
        """As stored in meta: what is not as one would think."""
        plain = asdict(Facts())
        said = {name: held for name, held in asdict(self).items() if held != plain[name]}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

    def full(self, count: int) -> bool:
        """Whether an answer with so many orders means that there may be more."""
        return count >= FULL or (0 < self.page <= count)

    def counted(self, count: int) -> Facts:
        """After an answer with so many orders: the same number twice in a row is the page's size."""
        if count >= FULL or count < LEAST_PAGE or self.full(count):
            return self
        return replace(self, page=count if count == self.last else self.page, last=count)


def facts_of(text: str, panels: Collection[str], panel: str) -> Facts:
    """The stored facts, where they are about this panel (under one of its addresses); otherwise none but its name."""
    try:
        said: dict[str, Any] = json.loads(text) if text else {}
        named = {field.name: said[field.name] for field in fields(Facts) if field.name in said}
        facts = Facts(**{**named, "lacks": tuple(map(str, named.get("lacks", ())))})
    except (ValueError, TypeError, AttributeError):
        return Facts(panel)
    sound = (
        facts.lists in (None, True, False)
        and facts.updates in ("", JSON, FORM, SINGLE)
        and all(type(number) is int for number in (facts.rows, facts.page, facts.last))
        and 1 <= facts.rows <= CHUNK
    )
    return replace(facts, panel=panel) if sound and facts.panel in {*panels, panel} else Facts(panel)


_CLOSED: Final = re.compile(
    r"\b(?:already|been|is|was)[ _]+(?:been[ _]+)?(?:closed|completed?|cancell?ed|refunded|finished|partial(?:ly)?)\b|\bclosed[ _]+order\b"
    r"|\border[ _]+closed\b",
    re.IGNORECASE,
)


def says_closed(reason: str) -> bool:
    """Whether a panel's reason for a refusal says that the order is closed there: "Order is already closed" [obs]."""
    return _CLOSED.search(reason) is not None


def told(facts: Facts) -> list[str]:
    """What was learnt of the panel, as sentences for the operator; [] where it is as the reference says."""
    said = []
    if facts.lists:
        said.append("getOrders shows what is pending and changes nothing")
    if facts.updates == FORM:
        said.append("updates go as a form")
    if facts.updates == SINGLE:
        said.append("updates go one by one" + (", statuses by setStatus" if facts.has_set_status else ""))
    if facts.rows < CHUNK:
        said.append(f"at most {facts.rows} updates in one list")
    if facts.page:
        said.append(f"{facts.page} orders in one answer")
    if facts.lacks:
        said.append(f"it has no call for {' and '.join(facts.lacks)}")
    return said
