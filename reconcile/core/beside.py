"""One order as the panel shows it beside the row that the sheet has of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.core import cells
from reconcile.core.landing import number
from reconcile.core.ledger import STATE_OPEN
from reconcile.core.model import Feed, Status

if TYPE_CHECKING:
    from reconcile.core.evidence import Seen
    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Cell, Row, Snapshot
    from reconcile.core.words import Words

FIELDS = ("status", "link", "quantity", "start_count", "remains", "charge", "user", "service")
STAFFS = ("start_count", "remains")
"""Blank means that nothing was said."""


@dataclass(frozen=True)
class Pair:
    """One field: what the panel has, what the sheet shows, and whether these are two different things."""

    field: str
    panel: str
    sheet: str
    differs: bool


def pairs(seen: Seen, row: Row, say: Words) -> tuple[Pair, ...]:
    """Field by field. row: the sheet's row of that order, {} where it has none: then nothing differs, there is nothing to compare."""
    panel: dict[str, Cell] = {
        "status": seen.status,
        "link": seen.order.link,
        "quantity": number(seen.order.quantity),
        "start_count": number(seen.start_count),
        "remains": number(seen.remains),
        "charge": seen.order.charge,
        "user": seen.order.user,
        "service": seen.order.service,
    }
    out = []
    for name in FIELDS:
        there, here = panel[name], row.get(name)
        said = _status(here, say) if name == "status" else here
        told = bool(row) and there not in (None, "") and not (name in STAFFS and here is None)
        shown = say.choice(str(there)) if name == "status" else _text(there)
        out.append(Pair(name, shown, _text(here), told and _text(said) != _text(there)))
    return tuple(out)


def _status(cell: Cell, say: Words) -> Cell:
    read = cells.choice(cell, Status, say.LABEL["status"], say)
    return read.value if isinstance(read, Status) else cell


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def row_of(snapshot: Snapshot, key: str) -> Row:
    """The order's row in the sheet; {} where it has none, or several."""
    frame = snapshot.tabs[Feed.ORDERS.value]
    found = frame[frame.index == key].to_dict("records")
    return {str(name): cell for name, cell in found[0].items()} if len(found) == 1 else {}


def order_of(snapshot: Snapshot, key: str) -> str:
    """The order that an id is about: an order's own, or the one of a refill or cancel request."""
    if key in snapshot.tabs[Feed.ORDERS.value].index:
        return key
    for feed in (Feed.CANCELS, Feed.REFILLS):
        frame = snapshot.tabs[feed.value]
        for cell in frame["order_id"][frame.index == key]:
            if cell is not None:
                return cells.id_text(cell)
    return key


def open_orders(snapshot: Snapshot, ledger: Ledger) -> list[str]:
    """Every order that stands in the sheet and is not closed there."""
    frame = snapshot.tabs[Feed.ORDERS.value]
    rows = ((str(key), ledger.row(Feed.ORDERS, str(key))) for key in dict.fromkeys(frame.index) if key)
    return [key for key, row in rows if row is not None and row["state"] == STATE_OPEN]
