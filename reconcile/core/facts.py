"""What was learnt of a panel: kept in the workbook's meta, shown by `doctor`. A run adapts at once and remembers.

Nothing here is needed to be right: a run with no facts, or with wrong ones, learns them again.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FACTS: Final = "facts"
"""The meta entry."""

CHUNK: Final = 100
"""Rows per `updateOrders`. No maximum is stated; other clients send 100 [obs]."""

FULL: Final = 100
"""So many rows in one answer mean that there may be more [ref: "up to 100"]."""

MOST_UNSURE: Final = 20
"""Services whose last sentence is remembered."""

LEAST_PAGE: Final = 10
"""A panel with smaller pages than this was never seen; fewer orders than this are simply few."""

GROWS_AFTER: Final = 10
"""So many lists in a row of the most updates, all answered in time: the next ones may be longer again."""

JSON, FORM, SINGLE = "json", "form", "single"

NEVER_NONE: Final = re.compile(
    r"disabl|suspend|inactiv|block|bann|mainten|deactiv|expire|denied|forbidden|invalid|incorrect|wrong|unknown|bad[ _]",
    re.IGNORECASE,
)
"""What a panel says where something is wrong, not where nothing is pending: never learnt as a word for "none"."""


@dataclass(frozen=True)
class Facts:
    """One panel's ways. panel: its address, so that nothing is believed of another one.

    lists: getOrders shows what is pending and changes nothing; None: not known. updates: how it takes updates (JSON, FORM, SINGLE), "" while
    none was taken. has_set_status: the calls for one status are missing, `setStatus` is there. rows: most updates in one list. page: most
    orders in one answer, 0: not known. last: how many orders the last answer below 100 brought. lacks: feeds it has no call for.
    good: how many lists of `rows` updates were answered in a row, while `rows` is below CHUNK. none: its own sentences for "nothing is
    pending". unsure: (service, sentence) that it said instead of orders, until that service brings orders: then the sentence is one of `none`.
    """

    panel: str = ""
    lists: bool | None = None
    updates: str = ""
    has_set_status: bool = False
    rows: int = CHUNK
    page: int = 0
    last: int = 0
    lacks: tuple[str, ...] = ()
    good: int = 0
    none: tuple[str, ...] = ()
    unsure: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """As stored in meta: what is not as one would think."""
        plain = asdict(Facts())
        said = {name: held for name, held in asdict(self).items() if held != plain[name]}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

    @property
    def answered_before(self) -> bool:
        """Whether something is known that only an answer of the admin API can have taught."""
        return self.lists is not None or bool(self.updates) or self.last > 0 or self.page > 0

    def fixed(self, said: Mapping[str, Any]) -> Facts:
        """With what settings say in place of what was learnt; sentences for "none" are added to those."""
        none = (*said.get("none", ()), *(text for text in self.none if text not in said.get("none", ())))
        return replace(self, **{**said, "none": none})

    def full(self, count: int) -> bool:
        """Whether an answer with so many orders means that there may be more."""
        return count >= FULL or (0 < self.page <= count)

    def counted(self, count: int) -> Facts:
        """After an answer with so many orders: the same number twice in a row is the page's size."""
        if count >= FULL or count < LEAST_PAGE or self.full(count):
            return self
        return replace(self, page=count if count == self.last else self.page, last=count)

    def answered(self, count: int) -> Facts:
        """After a list of so many updates was answered in time: lists that were made shorter grow back, step by step."""
        if self.rows >= CHUNK or count < self.rows:
            return self
        if self.good + 1 < GROWS_AFTER:
            return replace(self, good=self.good + 1)
        return replace(self, rows=min(CHUNK, self.rows + max(1, self.rows // 2)), good=0)

    def said_instead(self, service: str, sentence: str) -> Facts:
        """After the panel refused to hand out orders of a service with this sentence: perhaps that is how it says "none"."""
        if not sentence or NEVER_NONE.search(sentence) or sentence in self.none:
            return self
        others = tuple(pair for pair in self.unsure if pair[0] != service)
        return replace(self, unsure=(*others, (service, sentence))[-MOST_UNSURE:])

    def brought(self, service: str) -> tuple[Facts, str]:
        """After a service brought orders: (the facts, what the panel had said of it before, which so meant "none", or "")."""
        before = dict(self.unsure).get(service, "")
        if not before:
            return self, ""
        rest = tuple(pair for pair in self.unsure if pair[1] != before)
        return replace(self, unsure=rest, none=(*self.none, before)), before


def facts_of(text: str, panels: Collection[str], panel: str) -> Facts:
    """The stored facts, where they are about this panel (under one of its addresses); otherwise none but its name."""
    try:
        said: dict[str, Any] = json.loads(text) if text else {}
        named = {field.name: said[field.name] for field in fields(Facts) if field.name in said}
        texts = {name: tuple(map(str, named.get(name, ()))) for name in ("lacks", "none")}
        unsure = tuple((str(service), str(sentence)) for service, sentence in named.get("unsure", ()))
        facts = Facts(**{**named, **texts, "unsure": unsure})
    except (ValueError, TypeError, AttributeError):
        return Facts(panel)
    sound = (
        facts.lists in (None, True, False)
        and facts.updates in ("", JSON, FORM, SINGLE)
        and all(type(number) is int for number in (facts.rows, facts.page, facts.last, facts.good))
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


FIXES: Final[Mapping[str, str]] = {
    "lists": "RECONCILE_PANEL_ORDERS",
    "updates": "RECONCILE_PANEL_UPDATES",
    "rows": "RECONCILE_PANEL_ROWS",
    "page": "RECONCILE_PANEL_PAGE",
    "none": "RECONCILE_PANEL_NONE",
    "lacks": "RECONCILE_PANEL_LACKS",
}
"""What a setting can fix → the setting. A fixed fact is never learnt otherwise."""


def told(facts: Facts, fixed: Collection[str] = ()) -> list[str]:
    """What is known of the panel, as sentences for the operator; [] where it is as the reference says.

    fixed: names of FIXES that a setting says; each is told, whatever it says.
    """
    said = {}
    if facts.lists or "lists" in fixed:
        listing = "getOrders shows what is pending and changes nothing"
        said["lists"] = listing if facts.lists else "getOrders hands orders out"
    if facts.updates == FORM:
        said["updates"] = "updates go as a form"
    elif facts.updates == SINGLE:
        said["updates"] = "updates go one by one" + (", statuses by setStatus" if facts.has_set_status else "")
    elif "updates" in fixed:
        said["updates"] = "updates go as JSON"
    if facts.rows < CHUNK or "rows" in fixed:
        said["rows"] = f"at most {facts.rows} updates in one list"
    if facts.page:
        said["page"] = f"{facts.page} orders in one answer"
    if facts.none:
        said["none"] = f"“{'”, “'.join(facts.none)}” means that nothing is pending"
    if facts.lacks:
        said["lacks"] = f"it has no call for {' and '.join(facts.lacks)}"
    return [text + (f" ({FIXES[name]})" if name in fixed else "") for name, text in said.items()]
