"""Frames and ledgers as large as asked, made from a seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pandas as pd

from reconcile.core.ledger import COLUMNS, Ledger
from reconcile.core.model import ROW, Feed, Snapshot
from reconcile.core.words import ENGLISH
from reconcile.workbook import templates

if TYPE_CHECKING:
    from collections.abc import Sequence

WATCHED = ("status", "start_count", "remains")


def keys(rows: int) -> list[str]:
    """Order ids as a panel gives them: text, ascending with gaps."""
    return [str(1_000_000 + 3 * number) for number in range(rows)]


def pair(rows: int, *, shuffled: bool, edits: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(sheet, ledger) with three watched columns, as the diff gets them: every text its own object, as after a read."""
    chance = random.Random(7)
    ids = keys(rows)
    columns = {
        "status": [chance.choice(("Processing", "In progress")) for _ in ids],
        "start_count": [chance.randrange(10**6) for _ in ids],
        "remains": [chance.choice((None, 100, 250)) for _ in ids],
    }
    ledger = pd.DataFrame({f"{name}_seen": pd.Series(cells, dtype=object) for name, cells in columns.items()})
    ledger.index = pd.Index(fresh(ids), dtype=object)
    order = list(range(rows))
    if shuffled:
        chance.shuffle(order)
    sheet = pd.DataFrame(
        {name: pd.Series(fresh([cells[place] for place in order]), dtype=object) for name, cells in columns.items()}
    )
    sheet.index = pd.Index(fresh([ids[place] for place in order]), dtype=object)
    for place in chance.sample(range(rows), edits):
        sheet.iloc[place, 0] = "Completed"
    return sheet, ledger


def fresh(cells: Sequence[object]) -> list[object]:
    """Equal cells that are not the same objects: a read never gives back what an earlier one gave."""
    return [
        "".join((cell[:1], cell[1:])) if isinstance(cell, str) else int(str(cell)) if isinstance(cell, int) else cell
        for cell in cells
    ]


def world(rows: int, edits: int) -> tuple[Snapshot, Ledger]:
    """A sheet with so many open orders and its ledger; so many of them edited."""
    chance = random.Random(7)
    ids = keys(rows)
    counts = [chance.randrange(10**6) for _ in ids]
    known = {
        "tab": ["orders"] * rows,
        "key": ids,
        "state": ["open"] * rows,
        "service": ["12"] * rows,
        "user": [f"user-{number % 997}" for number in range(rows)],
        "charge": ["2.50"] * rows,
        "link": [f"https://example.com/{key}" for key in ids],
        "quantity": [1000] * rows,
        "status": ["In progress"] * rows,
        "status_seen": ["In progress"] * rows,
        "start_count": [str(count) for count in counts],
        "start_count_seen": counts,
        "received": ["2026-03-02T09:55:00+00:00"] * rows,
    }
    ledger = pd.DataFrame({name: pd.Series(known.get(name, [None] * rows), dtype=object) for name in COLUMNS})
    shown = {
        "id": ids,
        **{name: known[name] for name in ("user", "charge", "link", "quantity", "service", "status")},
        "start_count": counts,
        "sync": [
            f"#{key} · Sent 02 Mar 09:55: Status In progress, Start count {count}."
            for key, count in zip(ids, counts, strict=True)
        ],
    }
    tabs = {}
    for tab in templates.templates().data_tabs:
        names = tab.keys
        size = rows if tab.key == Feed.ORDERS else 0
        data = {
            name: pd.Series(fresh(shown[name]) if size and name in shown else [None] * size, dtype=object)
            for name in names
        }
        data[ROW] = pd.Series(range(2, size + 2), dtype=object)
        tabs[tab.key] = pd.DataFrame(data, dtype=object)
        tabs[tab.key].index = pd.Index(fresh(ids) if size else [], dtype=object)
    orders = tabs["orders"]
    for number, place in enumerate(chance.sample(range(rows), edits)):
        orders.iloc[place, orders.columns.get_loc("remains")] = 1 + (7 * number) % 997
        if number % 25 == 0:
            orders.iloc[place, orders.columns.get_loc("status")] = "Partial"
    return Snapshot(1, tabs, ledger, {}, words=ENGLISH), Ledger(ledger)
