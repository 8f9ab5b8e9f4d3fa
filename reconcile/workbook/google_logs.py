"""Lines of a log that cannot be written to wait in `_ledger`'s meta, and go out with the first commit that finds it open.

A log that somebody closed to the job, or made a native table, is no reason to stop a run, and none to leave a refund that
was sent without its result.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from reconcile.errors import RESTORE, Damaged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconcile.core.model import Cell, Row

ENTRY: Final = "waiting_lines"
"""The meta entry: tab → its lines, the oldest first."""

UNPROVEN: Final = "waiting_archive"
"""The meta entry of rows that went to Archive with the last commit, until an answer has shown that Archive takes rows."""

MOST: Final = 150_000
"""Characters that wait at most; then the oldest lines go, as they go from a log."""

MOST_MOVED: Final = 400_000
"""Characters of rows that move to Archive in one commit: their copies fit into one meta entry."""

_TIME: Final = "time"


def waiting(meta: Mapping[str, str], entry: str = ENTRY) -> dict[str, list[Row]]:
    """The lines that wait, by tab. Raises Damaged."""
    try:
        found = json.loads(meta.get(entry) or "{}")
        return {
            str(tab): [{str(key): _read(cell) for key, cell in row.items()} for row in rows]
            for tab, rows in found.items()
        }
    except (ValueError, AttributeError, TypeError) as error:
        raise Damaged(
            f"The hidden _ledger tab has lines in its entry {entry!r} that cannot be read.", RESTORE
        ) from error


def text(lines: Mapping[str, Sequence[Row]], *, cut: bool = True) -> str | None:
    """The entry for these lines; None when nothing waits. cut: the oldest may go."""
    kept = {
        tab: [{key: _written(cell) for key, cell in row.items()} for row in rows] for tab, rows in lines.items() if rows
    }
    said = json.dumps(kept, ensure_ascii=False)
    while cut and len(said) > MOST:
        longest = max(kept, key=lambda tab: len(kept[tab]))
        kept[longest] = kept[longest][max(1, len(kept[longest]) // 10) :]
        said = json.dumps(kept, ensure_ascii=False)
    return said if any(kept.values()) else None


def _written(cell: Cell) -> object:
    return {_TIME: cell.isoformat()} if isinstance(cell, datetime) else cell


def _read(cell: object) -> Cell:
    return datetime.fromisoformat(cell[_TIME]) if isinstance(cell, dict) else cell  # type: ignore[return-value]
