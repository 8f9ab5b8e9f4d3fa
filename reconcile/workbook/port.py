"""The one port between engine and workbook.

Two methods make the whole protocol (`obstacle` only looks at what `read` read); lease, fencing and recovery are plain logic
on top of them. Every adapter passes the suite in tests/contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import tzinfo

    from reconcile.core.model import Commit, Snapshot
    from reconcile.errors import Exit


class Workbook(Protocol):
    """A shared workbook. One that learns something a person should know from its commits has it in `remarks`, texts.

    name: for messages ("orders.xlsx"). place: where it stands, as this machine names it: a path, a spreadsheet id. shared: whether
    that place is the same for every machine. cell_limit: most UTF-16 code units one cell holds. lands_together: how many claims
    the run may journal before it must land them (1 where the journal's disk can vanish). zone: the sheet's time zone, in which
    people read times; a Google Sheet has its own, which is known once it was read.
    """

    name: str
    shared: bool
    cell_limit: int
    lands_together: int

    @property
    def place(self) -> str: ...

    @property
    def zone(self) -> tzinfo: ...

    def read(self, also: Sequence[str] = ()) -> Snapshot:
        """The workbook as of now.

        Tabs that only grow (Runs, History, Long texts, Archive) may come without their rows, unless `also` names them.
        Raises Damaged (a tab or header is missing or doubled, `_ledger` was tampered with), Unavailable, AccessRefused.
        """
        ...

    def stands_at(self, place: str) -> bool:
        """Whether another workbook file than this one stands at that place: what was moved leaves nothing behind."""
        ...

    def commit(self, change: Commit, after: int) -> int:
        """Writes `change` whole or not at all and returns the new revision (`after` + 1, or `change.revision`).

        Raises RevisionMoved if another run committed since revision `after`; Unmovable if only its `archive` cannot be done;
        Unavailable, AccessRefused, Damaged.
        """
        ...

    def obstacle(self, keys: Collection[str]) -> tuple[str, set[str]]:
        """What keeps rows in Orders, as of the last read: why none may leave ("" when they may), and which of `keys` may not.

        formulas: in the tab; twins: two of its rows hold the same; objects: merged cells, comments, pictures, a table;
        links: formulas elsewhere that look at single cells of it. Moving rows would break the first and the last two, and a
        Google Sheet takes twins for one. A single row stays when it holds something that Archive could not keep as it is.
        """
        ...


@dataclass(frozen=True)
class Provisioned:
    """What `provision` did: whether the file is new, titles of tabs, (title, header) of columns and services it added.

    aside: titles under which tabs were set aside.
    restored: looks that another program had taken out, in words. renamed: former and present titles of tabs.
    """

    created: bool = False
    tabs: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    services: tuple[str, ...] = ()
    refreshed: bool = False
    aside: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def changed(self) -> bool:
        parts = (self.tabs, self.columns, self.services, self.aside, self.restored, self.renamed)
        done = (self.created, self.refreshed, *parts)
        return any(done)

    def lines(self) -> list[str]:
        """What was done, one sentence each; empty when everything was there."""
        said = [f"Set aside as {title}." for title in self.aside]
        said += ["Made a new workbook."] if self.created else [f"Added the tab {title}." for title in self.tabs]
        said += [f"Added the column {header} to {title}, at the right end." for title, header in self.columns]
        said += [f"Renamed the tab {old} to {new}." for old, new in self.renamed]
        said += [f"Restored what a program had removed: {', '.join(self.restored)}."] if self.restored else []
        said += ["Brought Start here up to date."] if self.refreshed else []
        return said + [f"Added service {service} to Services." for service in self.services]


@dataclass(frozen=True)
class Finding:
    """One thing `check` looked at: what, whether it is well, what was found and what to do about it.

    code: the exit code of what is not well, where that is another one than usual for `what`.
    """

    what: str
    ok: bool
    text: str
    next_step: str = ""
    code: Exit | None = None
