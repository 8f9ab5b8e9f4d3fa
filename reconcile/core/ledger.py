"""The ledger: what panel and sheet last agreed on, one row per (tab, key), kept in the hidden `_ledger` tab.

Per watched cell it keeps two things: what the panel last accepted (`status`) and what the sheet last showed
(`status_seen`, the raw cell). An edit is a cell that differs from what was *seen*; so a change made elsewhere (an order
canceled through the Cancels tab moves `status`) is never mistaken for one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from reconcile.core.model import Feed
from reconcile.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from reconcile.core.model import Cell, Row

SCHEMA: Final = "1"
"""Version of this layout, kept in meta `schema`. Another one is refused, never guessed."""

SEEN: Final = "_seen"

FACTS: Final = ("service", "order_id", "user", "charge", "link", "quantity")
"""Panel-owned values, to answer a changed cell and for the rules (remains ≤ quantity, refund = charge x remains / quantity)."""

WATCHED: Final = {
    "orders": ("status", "start_count", "remains"),
    "refills": ("status",),
    "cancels": ("decision", "remains"),
    "payments": (),
    "tickets": (),
}
"""The staff-owned cells whose edits are pushed, per tab."""

COLUMNS: Final = (
    "tab",
    "key",
    "state",
    *FACTS,
    "status",
    "status_seen",
    "start_count",
    "start_count_seen",
    "remains",
    "remains_seen",
    "decision",
    "decision_seen",
    "unsure_seen",
    "refused",
    "refunded",
    "sending",
    "received",
    "closed",
)
"""Columns of the `_ledger` tab, in order. Ids, links and accepted values are text; `*_seen` are raw cells, typed as read.

`refunded`: the status an order was refunded with, kept for ever, also when the panel hands the order out again.
"""

UNCONFIRMED: Final = "⟨unconfirmed⟩"
"""Stands in `*_seen` while the panel may or may not have taken a value: no cell looks like it, so the cell is looked at again."""

STATE_OPEN: Final = "open"
STATE_CLOSED: Final = "closed"
STATE_GONE: Final = "gone"
"""The row was deleted from the sheet by a person; reported once, never re-created silently."""


class Ledger:
    """The ledger, by tab and key. A value: `patched` gives a new one, the frames are never changed."""

    def __init__(self, frame: pd.DataFrame) -> None:
        """`frame`: columns `COLUMNS`, one row per (tab, key), object dtype. Raises Damaged on a doubled (tab, key)."""
        tabs = frame["tab"].to_numpy(dtype=object)
        self._tabs: dict[str, pd.DataFrame] = {}
        self._cells: dict[str, dict[str, npt.NDArray[np.object_]]] = {}
        self._newer: dict[str, dict[str, Row]] = {}
        for tab in Feed:
            part = frame[tabs == tab.value].set_index("key", drop=False)
            if not part.index.is_unique:
                twice = str(part.index[part.index.duplicated()][0])
                raise Damaged(
                    f"The hidden _ledger tab lists {tab.value} {twice} twice.",
                    "Somebody or something changed _ledger. Restore it from the sheet's version history or a backup.",
                )
            self._tabs[tab.value] = part

    @staticmethod
    def empty() -> pd.DataFrame:
        """A ledger frame with no rows."""
        return pd.DataFrame({column: pd.Series(dtype=object) for column in COLUMNS})

    def of(self, tab: str) -> pd.DataFrame:
        """One tab's rows, indexed by key (unique)."""
        if newer := self._newer.pop(tab, None):
            old = self._tabs[tab]
            kept = old[~old.index.isin(list(newer))]
            parts = [part for part in (kept, frame_of(list(newer.values()))) if len(part)]
            self._tabs[tab] = pd.concat(parts, ignore_index=True).set_index("key", drop=False)
            self._cells.pop(tab, None)
        return self._tabs[tab]

    def __contains__(self, place: tuple[str, str]) -> bool:
        tab, key = place
        return key in self._newer.get(tab, ()) or key in self._tabs[tab].index

    def row(self, tab: str, key: str) -> Row | None:
        """One row as a dict of `COLUMNS`, None when the ledger does not know it."""
        newer = self._newer.get(tab, {}).get(key)
        if newer is not None:
            return dict(newer)
        frame = self._tabs[tab]
        if key not in frame.index:
            return None
        # `loc` would first build a Series, at thirty times the cost
        if tab not in self._cells:
            self._cells[tab] = {str(name): frame[name].to_numpy(dtype=object) for name in frame.columns}
        place: Any = frame.index.get_loc(key)
        return {name: cells[place] for name, cells in self._cells[tab].items()}

    def sendings(self, tab: str) -> list[tuple[str, Row, Sending]]:
        """The rows of one tab with a `sending` mark: (key, ledger row, mark). Raises Damaged on an unreadable mark."""
        found = []
        for key in self.where(tab, "sending").index:
            row = self.row(tab, str(key))
            mark = Sending.parse(row["sending"]) if row else None
            if row is not None and mark is not None:
                found.append((str(key), row, mark))
        return found

    def where(self, tab: str, column: str) -> pd.DataFrame:
        """The rows of one tab in which `column` is not blank (a few, usually none: doubts, refusals)."""
        frame = self.of(tab)
        return frame[frame[column].notna().to_numpy()]

    def patched(self, rows: Sequence[Row]) -> Ledger:
        """This ledger with `rows` inserted or replaced. Cheap: the frames are shared until `of` asks for a patched one."""
        if not rows:
            return self
        out = object.__new__(Ledger)
        out._tabs, out._cells = dict(self._tabs), dict(self._cells)
        out._newer = {tab: dict(newer) for tab, newer in self._newer.items()}
        for row in rows:
            out._newer.setdefault(str(row["tab"]), {})[str(row["key"])] = {name: row.get(name) for name in COLUMNS}
        return out


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Ledger rows as a frame of `COLUMNS`, object dtype, blanks as None."""
    return pd.DataFrame({column: pd.Series([row.get(column) for row in rows], dtype=object) for column in COLUMNS})


def blank_row(tab: str, key: str) -> Row:
    """A ledger row that knows nothing yet."""
    row: Row = dict.fromkeys(COLUMNS)
    row.update(tab=tab, key=key, state=STATE_OPEN)
    return row


@dataclass(frozen=True)
class Sending:
    """A push that may be sent at most once, as the ledger keeps it from before the call until its outcome is known.

    `values`: field → (canonical value, raw cell) the ledger moves to when it went through. `doubt`: its outcome is unknown,
    a person decides. `what`: the push in words.
    """

    action: str
    target: str
    run: str
    at: str
    what: str
    values: dict[str, tuple[str, Cell]]
    params: tuple[tuple[str, str], ...] = ()
    order_id: str = ""
    doubt: bool = False

    def text(self) -> str:
        """As stored in the ledger's `sending` cell."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"), default=str)

    @staticmethod
    def parse(raw: Cell) -> Sending | None:
        """The stored mark, None for blank. Raises Damaged when it is not one of ours."""
        if not raw:
            return None
        try:
            data = json.loads(str(raw))
            data["values"] = {name: (str(new), cell) for name, (new, cell) in data["values"].items()}
            data["params"] = tuple((str(name), str(value)) for name, value in data["params"])
            return Sending(**data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Damaged(
                "The hidden _ledger tab has a `sending` mark that cannot be read.",
                "Somebody or something changed _ledger. Restore it from the sheet's version history or a backup.",
            ) from error


def refusals(raw: Cell) -> dict[str, tuple[str, str]]:
    """The ledger's `refused` cell: field → (canonical value, the panel's reason)."""
    if not raw:
        return {}
    try:
        return {str(name): (str(value), str(reason)) for name, (value, reason) in json.loads(str(raw)).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise Damaged(
            "The hidden _ledger tab has a `refused` mark that cannot be read.",
            "Somebody or something changed _ledger. Restore it from the sheet's version history or a backup.",
        ) from error


def refusals_text(refused: dict[str, tuple[str, str]]) -> Cell:
    """The same, as stored; None when there are none."""
    return json.dumps(refused, ensure_ascii=False, separators=(",", ":")) if refused else None
