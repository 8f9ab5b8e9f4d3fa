"""The one port between engine and workbook.

Two methods make the whole protocol; lease, fencing and recovery are plain logic on top of them. Every adapter passes
the suite in tests/contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconcile.core.model import Commit, Snapshot


class Workbook(Protocol):
    """A shared workbook.

    name: for messages ("orders.xlsx"). cell_limit: most UTF-16 code units one cell holds. lands_together: how many claims
    the run may journal before it must land them (1 where the journal's disk can vanish).
    """

    name: str
    cell_limit: int
    lands_together: int

    def read(self) -> Snapshot:
        """The whole workbook as of now.

        Raises Damaged (a tab or header is missing or doubled, `_ledger` was tampered with), Unavailable, AccessRefused.
        """
        ...

    def commit(self, change: Commit, after: int) -> int:
        """Writes `change` whole or not at all and returns the new revision (`after` + 1).

        Raises RevisionMoved if another run committed since revision `after`; Unavailable, AccessRefused, Damaged.
        """
        ...
