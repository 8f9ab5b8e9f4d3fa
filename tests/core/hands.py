"""Sheets as they look, and what hands do to them: honest work of many kinds, and accidents of five.

A world is one sheet in the middle of a working day, in agreement with its ledger. Every function that edits one knows the
sheet's cells only, never how accidents are told: it does what a person does with a mouse and a keyboard. What it did may
turn out to be nothing (no row fits, the cells already held that); it says so, and another world is tried.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from reconcile.core.ledger import COLUMNS, Ledger
from reconcile.core.model import ROW, Feed, Snapshot
from reconcile.core.words import ENGLISH
from tests.core.desk import columns, frame_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

STAFF = ("start_count", "status", "remains")
PANEL = ("user", "charge", "link", "quantity", "service")
RANK = {"Processing": 0, "In progress": 1}
QUANTITIES = (50, 100, 100, 200, 250, 500, 500, 1000, 1000, 1000, 1500, 2000, 5000, 10_000)
ROUND = (0, 100, 500, 500, 1000, 1000, 1000, 1500, 1500, 2000, 2500, 3000, 5000, 10_000)


_EMPTY = Ledger.empty()


@dataclass
class World:
    """One sheet's orders, refills and cancels in column lists, the ledger that agrees with them, and the true counts."""

    cells: dict[str, dict[str, list[Any]]]
    truth: dict[str, int]
    ledger: Ledger
    frames: dict[str, pd.DataFrame]


@dataclass
class Hands:
    """A person at one copy of a world's sheet."""

    world: World
    chance: random.Random
    touched: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    order: list[int] | None = None
    spoiled: set[tuple[str, str, str, str]] = field(default_factory=set)
    """(tab, id, column, value) of the cells that an accident changed."""

    def column(self, name: str, tab: str = "orders") -> list[Any]:
        """A column to change, in sheet order."""
        own = self.touched.setdefault(tab, {})
        if name not in own:
            own[name] = list(self.world.cells[tab][name])
        return own[name]

    def look(self, name: str, tab: str = "orders") -> list[Any]:
        """A column to read."""
        return self.touched.get(tab, {}).get(name) or self.world.cells[tab][name]

    def __len__(self) -> int:
        return len(self.world.cells["orders"]["id"])

    def rows(self, *statuses: str, tab: str = "orders") -> list[int]:
        """The places of rows with one of these statuses."""
        return [place for place, status in enumerate(self.look("status", tab)) if status in statuses]

    def some(self, places: list[int], most: int = 200, least: int = 1) -> list[int]:
        """So many neighbours among `places`, as a drag selects them in a filtered list; few more often than many."""
        if len(places) < least:
            return []
        count = sized(self.chance, least, min(most, len(places)))
        start = self.chance.randrange(len(places) - count + 1)
        return places[start : start + count]

    def changed(self, *names: str, tab: str = "orders") -> list[int]:
        """The places of rows that show something else than before in one of these columns."""
        now, before = [self.look(name, tab) for name in names], [self.world.cells[tab][name] for name in names]
        return [
            place
            for place in range(len(before[0]))
            if any(one[place] != other[place] for one, other in zip(now, before, strict=True))
        ]

    def snapshot(self) -> Snapshot:
        """The sheet as the job reads it."""
        frames = dict(self.world.frames)
        for tab, own in self.touched.items():
            frame = frames[tab].copy(deep=False)
            for name, cells in own.items():
                frame[name] = pd.Series(cells, index=frame.index, dtype=object)
            if "id" in own:
                frame.index = pd.Index(["" if cell is None else str(cell) for cell in own["id"]], dtype=object)
            frames[tab] = frame
        if self.order is not None:
            frame = frames["orders"].iloc[self.order]
            frame[ROW] = pd.Series(range(2, len(frame) + 2), index=frame.index, dtype=object)
            frames["orders"] = frame
        return Snapshot(1, frames, _EMPTY, {}, words=ENGLISH)


def sized(chance: random.Random, least: int, most: int) -> int:
    """A count between two, small ones more often."""
    return min(most, int(math.exp(chance.uniform(math.log(least), math.log(most + 1)))))


# --- worlds ----------------------------------------------------------------------------------------------------------


def world(seed: int) -> World:
    """20 to 2,000 orders: heavy-tailed counts, many zeros, links ordered again and again, old rows closed, new ones blank."""
    chance = random.Random(seed)
    size = sized(chance, 20, 2000)
    services = [
        (str(number), *chance.choice([(7.5, 2.0, 0.05), (4.0, 1.8, 0.5), (9.5, 2.2, 0.1), (1.5, 1.5, 0.7)]))
        for number in chance.sample(range(10, 900), chance.randint(2, 8))
    ]
    rounded = chance.choice([1] * 7 + [10, 50, 100])
    running = chance.choice([0.0, 0.3, 0.9])
    closed = chance.choice([0.0, 0.3, 0.6, 0.8])
    fresh = chance.choice([0.1, 0.3, 0.6])
    key, rows, truth = chance.randrange(1000, 10**7), [], {}
    recent: list[tuple[str, str, tuple[str, float, float, float], int]] = []
    for place in range(size):
        key += 1 + int(chance.expovariate(0.4))
        quantity = chance.choice(QUANTITIES) if chance.random() < 0.9 else chance.randint(20, 20_000)
        if recent and chance.random() < 0.3:
            user, link, service, count = chance.choice(recent[-3:] if chance.random() < 0.7 else recent)
            ended = count + quantity if chance.random() < 0.4 else count + int(chance.expovariate(0.05))
            count = count if chance.random() < 0.4 else ended
        else:
            service = chance.choice(services)
            user, link = f"user{chance.randrange(size // 3 + 3)}", f"https://example.com/p/{chance.getrandbits(40):x}"
            count = 0 if chance.random() < service[3] else int(chance.lognormvariate(service[1], service[2]))
            count = count // rounded * rounded
        recent = [*recent[-30:], (user, link, service, count)]
        truth[str(key)] = count
        row = {
            "id": str(key),
            "user": user,
            "charge": f"{quantity * (1 + len(user)) / 4000:.2f}",
            "link": link,
            "quantity": quantity,
            "service": service[0],
        }
        rows.append({**row, **_state(chance, place / size, quantity, count, running, closed, fresh)})
    if chance.random() < 0.4:
        by = chance.choice(["status", "service", "user", "link", "id"])
        rows.sort(key=lambda row: str(row[by]), reverse=chance.random() < 0.5)
    return made(rows, _refills(chance, rows), _cancels(chance, rows), truth)


def _state(
    chance: random.Random, age: float, quantity: int, count: int, running: float, closed: float, fresh: float
) -> dict[str, Any]:
    """What staff did with an order so far; age: 0 for the oldest row, 1 for the newest."""
    row: dict[str, Any] = dict.fromkeys(STAFF)
    if chance.random() < fresh * (0.2 + 1.6 * age):
        row["status"] = "Processing"
        row["start_count"] = count if chance.random() < 0.15 else None
    elif chance.random() < closed * (1.6 - 1.2 * age):
        row["status"] = chance.choice(["Completed"] * 12 + ["Partial", "Canceled"])
        row["start_count"] = count if row["status"] != "Canceled" or chance.random() < 0.5 else None
        if row["status"] == "Partial":
            row["remains"] = chance.randint(1, quantity)
        elif row["status"] == "Completed":
            row["remains"] = 0 if chance.random() < 0.6 else None
    else:
        row["status"] = "In progress"
        row["start_count"] = count if chance.random() < 0.95 else None
        if chance.random() < running:
            row["remains"] = chance.randint(0, quantity)
    if row["start_count"] is not None and chance.random() < 0.02:
        row["start_count"] = f"{row['start_count']:,}"
    return row


def _refills(chance: random.Random, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for number, order in enumerate(chance.sample(orders, len(orders) // 4)):
        status = chance.choice(["Pending", "Pending", "In progress", "Completed", "Completed", "Rejected"])
        facts = {"order_id": order["id"], **{name: order[name] for name in ("link", "quantity", "service")}}
        rows.append({"id": str(5000 + 2 * number), **facts, "status": status})
    return rows


def _cancels(chance: random.Random, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, order in enumerate(chance.sample(orders, len(orders) // 4)):
        decision = chance.choice([None, None, "Reject", "Reject", "Cancel and refund"])
        facts = {"order_id": order["id"], "link": order["link"], "service": order["service"]}
        rows.append({"id": str(7000 + number), **facts, "decision": decision, "remains": None})
    return rows


def made(orders: list[dict[str, Any]], refills: Any, cancels: Any, truth: dict[str, int]) -> World:
    """A world of these rows, and the ledger of a panel that accepted what they show."""
    tabs = {"orders": orders, "refills": refills, "cancels": cancels, "payments": [], "tickets": []}
    known: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for tab, rows in tabs.items():
        for row in rows:
            row["sync"] = f"#{row['id']} · Sent 02 Mar 09:55."
            done = row.get("decision") or row.get("status") in ("Completed", "Partial", "Canceled", "Rejected")
            kept = {name: row.get(name) for name in (*PANEL, "order_id")}
            for name in (*STAFF, "decision"):
                cell = row.get(name)
                kept |= {name: None if cell is None else str(cell).replace(",", ""), f"{name}_seen": cell}
            kept |= {"tab": tab, "key": row["id"], "state": "closed" if done else "open"}
            for name, cells in known.items():
                cells.append(kept.get(name))
    ledger = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in known.items()})
    return World(
        {tab: {name: [row.get(name) for row in rows] for name in columns(tab)} for tab, rows in tabs.items()},
        truth,
        Ledger(ledger),
        {
            **{feed.value: frame_of(feed.value, tabs[feed.value]) for feed in Feed},
            "approvals": frame_of("approvals", []),
        },
    )


# --- honest work -----------------------------------------------------------------------------------------------------


def completed_by_service(hands: Hands) -> bool:
    """One service is done: filter, select, Completed; some type 0 remains beside it."""
    service = hands.chance.choice(hands.look("service"))
    places = [place for place in hands.rows("In progress") if hands.look("service")[place] == service]
    zero = hands.chance.random() < 0.5
    for place in (chosen := hands.some(places)):
        hands.column("status")[place] = "Completed"
        if zero or hands.look("remains")[place]:
            hands.column("remains")[place] = hands.chance.choice([0, 0, "0"]) if zero else None
    return bool(chosen)


def start_counts_typed(hands: Hands) -> bool:
    """New orders are started: each is given its count, most of them In progress at once."""
    blank = [place for place in hands.rows("Processing") if hands.look("start_count")[place] is None]
    for place in (chosen := hands.some(blank)):
        hands.column("start_count")[place] = hands.world.truth[hands.world.cells["orders"]["id"][place]]
        if hands.chance.random() < 0.8:
            hands.column("status")[place] = "In progress"
    return bool(chosen)


def set_in_progress(hands: Hands) -> bool:
    """A drag over new orders: In progress."""
    for place in (chosen := hands.some(hands.rows("Processing"))):
        hands.column("status")[place] = "In progress"
    return bool(chosen)


def completed_with_zero(hands: Hands) -> bool:
    """Done orders here and there, and a 0 filled over Remains beside them."""
    places = hands.rows("In progress")
    chosen = sorted(hands.chance.sample(places, sized(hands.chance, 1, min(200, len(places))))) if places else []
    for place in chosen:
        hands.column("status")[place] = "Completed"
        hands.column("remains")[place] = 0
    return bool(chosen)


def partials(hands: Hands) -> bool:
    """Some orders could not be finished: Partial, each with its own remains, often rounded, sometimes all of it."""
    chosen = hands.some(hands.rows("In progress"), 60)
    for place in chosen:
        quantity = hands.look("quantity")[place]
        left = hands.chance.choice([quantity, hands.chance.randint(1, quantity), max(10, quantity // 20 * 10)])
        hands.column("status")[place] = "Partial"
        hands.column("remains")[place] = left
    return bool(chosen)


def sorted_whole(hands: Hands) -> bool:
    """The whole sheet is sorted, rows as rows; a few edits before or after."""
    by = hands.look(
        hands.chance.choice(["id", "user", "link", "quantity", "start_count", "status", "remains", "charge"])
    )
    order = sorted(range(len(by)), key=lambda place: str(by[place]), reverse=hands.chance.random() < 0.5)
    a_few(hands)
    hands.order = order
    return True


def filtered_edits(hands: Hands) -> bool:
    """One customer's orders, wherever they stand: counts, statuses and remains by turns."""
    user = hands.chance.choice(hands.look("user"))
    chosen = [place for place, name in enumerate(hands.look("user")) if name == user]
    return sum(_forward(hands, place) for place in chosen) > 0


def rows_deleted(hands: Hands) -> bool:
    """A few rows are removed, and a few edited."""
    a_few(hands)
    gone = set(hands.chance.sample(range(len(hands)), sized(hands.chance, 1, max(2, len(hands) // 10))))
    hands.order = [place for place in range(len(hands)) if place not in gone]
    return True


def pasted_right(hands: Hands) -> bool:
    """A block from another system, right row by row: what was known again (as texts, some), what is new, a few corrections."""
    as_text = hands.chance.random() < 0.4
    for place in (chosen := hands.some([*range(len(hands))], least=5)):
        if hands.look("status")[place] in ("Completed", "Partial", "Canceled"):
            continue
        count = hands.world.truth[hands.look("id")[place]]
        count = count if hands.chance.random() < 0.95 else count + hands.chance.randint(1, 50)
        hands.column("start_count")[place] = f"{count:,}" if as_text else float(count)
        if hands.chance.random() < 0.5:
            _forward(hands, place)
    return bool(chosen)


def decisions(hands: Hands) -> bool:
    """Refills and cancel requests are answered by the dozen."""
    refills = hands.some(hands.rows("Pending", "In progress", tab="refills"))
    status = hands.chance.choice(["In progress", "Completed", "Rejected"])
    for place in refills:
        hands.column("status", "refills")[place] = status if hands.chance.random() < 0.9 else "Completed"
    blank = [place for place, cell in enumerate(hands.look("decision", "cancels")) if cell is None]
    decision = hands.chance.choice(["Reject", "Reject", "Cancel and refund", "Partial refund"])
    for place in hands.some(blank):
        hands.column("decision", "cancels")[place] = decision
        if decision == "Partial refund":
            hands.column("remains", "cancels")[place] = hands.chance.choice([50, 100, hands.chance.randint(1, 500)])
    return bool(refills or blank)


def corrections(hands: Hands) -> bool:
    """About ten start counts were wrong: a digit too many, a recount, a misread one."""
    known = [place for place in hands.rows("In progress") if isinstance(hands.look("start_count")[place], int)]
    chosen = hands.some(known, 15)
    kind = hands.chance.choice(["digit", "recount", "each"])
    for place in chosen:
        count = hands.look("start_count")[place]
        how = kind if kind != "each" else hands.chance.choice(["digit", "recount"])
        by = hands.chance.randint(1, max(20, count // 10)) * hands.chance.choice([1, -1])
        hands.column("start_count")[place] = count // 10 if how == "digit" else abs(count + by)
    return bool(chosen)


def notes(hands: Hands) -> bool:
    """Staff's own words in Note, filled down or not, and a few edits."""
    for place in hands.some([*range(len(hands))]):
        hands.column("note")[place] = hands.chance.choice(["checked", "checked", "ask Ann"])
    return a_few(hands)


def round_counts(hands: Hands) -> bool:
    """New orders started with counts as the site shows them: 1000, 1500, 2000, which coincide by chance."""
    blank = [place for place in hands.rows("Processing", "In progress") if hands.look("start_count")[place] is None]
    for place in (chosen := hands.some(blank)):
        hands.column("start_count")[place] = hands.chance.choice(ROUND)
    return bool(chosen)


def remains_counted_down(hands: Hands) -> bool:
    """Running orders: what is left now, fewer than before."""
    for place in (chosen := hands.some(hands.rows("In progress"))):
        left = hands.look("remains")[place]
        left = hands.look("quantity")[place] if left is None else left
        hands.column("remains")[place] = hands.chance.randint(0, left)
    return bool(chosen)


def zero_counts(hands: Hands) -> bool:
    """New links start at nothing: a 0 filled down over empty cells."""
    blank = [place for place in hands.rows("Processing", "In progress") if hands.look("start_count")[place] is None]
    for place in (chosen := hands.some(blank)):
        hands.column("start_count")[place] = 0
    return bool(chosen)


def slips(hands: Hands) -> bool:
    """Up to four small mistakes of one hand beside a few edits: a status put back, a cell emptied, two counts swapped."""
    for place in hands.chance.sample(range(len(hands)), hands.chance.randint(1, 4)):
        name = hands.chance.choice(STAFF)
        hands.column(name)[place] = "Processing" if name == "status" else None
    return a_few(hands)


def supplier_batch(hands: Hands) -> bool:
    """A supplier's file: a third of what runs, over all services and with gaps, is Completed with 0 left, at once."""
    running = hands.rows("In progress")
    chosen = [place for place in running if hands.chance.random() < 0.5][: max(1, len(hands) // 3)]
    for place in chosen:
        hands.column("status")[place] = "Completed"
        hands.column("remains")[place] = 0
    return bool(chosen)


def monday_morning(hands: Hands) -> bool:
    """Everything of the weekend: new orders are started, running ones completed or counted down, by several people at once."""
    chosen = [place for place in range(len(hands)) if hands.chance.random() < 0.4]
    return sum(_forward(hands, place) for place in chosen) > 0


HONEST: dict[str, Callable[[Hands], bool]] = {
    each.__name__: each
    for each in (
        completed_by_service,
        start_counts_typed,
        set_in_progress,
        completed_with_zero,
        partials,
        sorted_whole,
        filtered_edits,
        rows_deleted,
        pasted_right,
        decisions,
        corrections,
        notes,
        round_counts,
        remains_counted_down,
        zero_counts,
        slips,
    )
}
BUSY: dict[str, Callable[[Hands], bool]] = {each.__name__: each for each in (supplier_batch, monday_morning)}
"""Honest work of unusual size."""


def a_few(hands: Hands) -> bool:
    """Up to five rows are worked on as every day."""
    places = hands.chance.sample(range(len(hands)), hands.chance.randint(1, 5))
    return sum(_forward(hands, place) for place in places) > 0


def _forward(hands: Hands, place: int) -> bool:
    """One row's next step."""
    status, count = hands.look("status")[place], hands.look("start_count")[place]
    if status == "Processing":
        hands.column("status")[place] = "In progress"
    elif status == "In progress":
        hands.column("status")[place] = "Completed"
        hands.column("remains")[place] = 0
    if count is None and status in RANK:
        hands.column("start_count")[place] = hands.world.truth[hands.world.cells["orders"]["id"][place]]
    return status in RANK


# --- accidents -------------------------------------------------------------------------------------------------------


def filled_down(hands: Hands) -> bool:
    """One cell (or a row's) dragged down over ten rows or more: the same value, or a series. Statuses over ones further on.

    Nothing happened unless ten rows of at least eight links show another number, or five closed or more advanced rows
    another status.
    """
    how = hands.chance.choice(["same", "same", "series", "status"])
    names = ["status"] if how == "status" else [hands.chance.choice(["start_count", "start_count", "remains"])]
    if how == "same" and hands.chance.random() < 0.3:
        names = ["start_count", "status"]
    rows = _range(hands, 11)
    source = hands.look(names[0])[rows[0]] if rows else None
    if source in (None, 0) or (how == "series" and not isinstance(source, int)):
        return False
    for name in names:
        value = hands.look(name)[rows[0]]
        for step, place in enumerate(rows[1:], 1):
            hands.column(name)[place] = value + step if how == "series" else value
    changed = hands.changed(names[0])
    if how != "status":
        return len(changed) >= 10 and len({hands.look("link")[place] for place in changed}) >= 8
    before = hands.world.cells["orders"]["status"]
    return sum(RANK.get(before[place], 2) == 2 or RANK.get(source, 2) < RANK[before[place]] for place in changed) >= 5


def pasted_off(hands: Hands) -> bool:
    """A block copied or its cells inserted or deleted, one or several rows off. Five rows must show other values."""
    names = hands.chance.choice([STAFF, STAFF, ("start_count", "status"), ("start_count",), ("start_count", "remains")])
    off = hands.chance.choice([1, 1, 1, -1, -1, -1, 2, -2, hands.chance.randint(3, 12), -hands.chance.randint(3, 12)])
    size = len(hands)
    count = sized(hands.chance, 5, min(200, size - abs(off)))
    first = hands.chance.randrange(max(0, -off), size - count - max(0, off) + 1)
    pushed = hands.chance.random() < 0.3  # Insert or Delete cells: all below moves too
    for name in names:
        before = list(hands.look(name))
        own = hands.column(name)
        if pushed and off > 0:
            own[first:] = [*[None] * off, *before[first : size - off]]
        elif pushed:
            own[first + off :] = [*before[first:], *[None] * -off]
        else:
            own[first + off : first + off + count] = before[first : first + count]
    rows = hands.changed("start_count", "remains") if "remains" in names else hands.changed("start_count")
    return sum(any(hands.look(name)[place] is not None for name in names) for place in rows) >= 5


def sorted_apart(hands: Hands) -> bool:
    """One column, the panel's columns, the IDs, or staff's columns sorted without the rest. Eight rows must show it."""
    names = hands.chance.choice(
        [
            ("start_count",),
            ("remains",),
            ("status",),
            STAFF,
            STAFF,
            ("start_count", "status"),
            PANEL,
            ("id",),
            ("link",),
            ("user",),
        ]
    )
    rows = _range(hands, 8) if hands.chance.random() < 0.4 else [*range(len(hands))]
    if not rows:
        return False
    by = hands.look(hands.chance.choice(names))
    down = hands.chance.random() < 0.5
    order = sorted(rows, key=lambda place: (by[place] is None, _sort_value(by[place])), reverse=down)
    for name in names:
        before = list(hands.look(name))
        for place, source in zip(rows, order, strict=True):
            hands.column(name)[place] = before[source]
    return len(hands.changed(*names)) >= 8


def _sort_value(cell: Any) -> tuple[int, float, str]:
    return (1, 0.0, cell) if isinstance(cell, str) else (0, float(cell or 0), "")


def emptied(hands: Hands) -> bool:
    """A column selected and deleted, whole or in part: five values must be gone."""
    tab, names = hands.chance.choice(
        [
            *[("orders", (name,)) for name in (*STAFF, "id")],
            ("orders", STAFF),
            ("cancels", ("decision",)),
            ("refills", ("status",)),
        ]
    )
    size = len(hands.look("id", tab))
    rows = [*range(size)] if hands.chance.random() < 0.5 else hands.some([*range(size)], least=5)
    for name in names:
        for place in rows:
            hands.column(name, tab)[place] = None
    return len(hands.changed(*names, tab=tab)) >= 5


def undone(hands: Hands) -> bool:
    """Ctrl+Z too often, or a block from an older copy: what was accepted shows what it showed before. Eight rows of it."""
    how = hands.chance.choice(["closing", "starting", "counting", "older", "older"])
    rows = _range(hands, 8)
    started = hands.chance.random() < 0.5
    for place in rows:
        status, quantity = hands.look("status")[place], hands.look("quantity")[place]
        if status in ("Completed", "Partial", "Canceled") and how in ("closing", "older"):
            hands.column("status")[place] = "In progress"
            if hands.look("remains")[place] is not None:
                left = hands.chance.randint(1, quantity) if hands.chance.random() < 0.3 else None
                hands.column("remains")[place] = left
        if status == "In progress" and how in ("starting", "older"):
            hands.column("start_count")[place] = None
            if started:
                hands.column("status")[place] = "Processing"
        if status == "In progress" and how == "counting" and isinstance(left := hands.look("remains")[place], int):
            hands.column("remains")[place] = hands.chance.choice([None, hands.chance.randint(left, quantity)])
    return len(hands.changed(*STAFF)) >= 8


def _range(hands: Hands, least: int) -> list[int]:
    """Neighbouring rows, `least` or more."""
    return hands.some([*range(len(hands))], len(hands), least)


ACCIDENTS: dict[str, Callable[[Hands], bool]] = {
    each.__name__: each for each in (filled_down, pasted_off, sorted_apart, emptied, undone)
}


# --- accidents in Refills and Cancels ------------------------------------------------------------------------------------

TASKS = {"refills": "status", "cancels": "decision"}
OPEN = {"refills": ("Pending", "In progress"), "cancels": (None,)}
CHOSEN = {
    "refills": ("In progress", "Completed", "Rejected"),
    "cancels": ("Reject", "Cancel and refund"),
}


def task_filled_down(hands: Hands, tab: str) -> list[int]:
    """One choice dragged over ten rows or more, five of which were answered otherwise before."""
    name, before = TASKS[tab], hands.world.cells[tab][TASKS[tab]]
    rows = hands.some([*range(len(before))], len(before), 11)
    value = hands.chance.choice(CHOSEN[tab])
    for place in rows:
        hands.column(name, tab)[place] = value
    over = [place for place in rows if before[place] not in OPEN[tab] and before[place] != value]
    return rows if len(over) >= 5 else []


def task_pasted_off(hands: Hands, tab: str) -> list[int]:
    """A block of answers one or some rows off. Five rows that had been answered must show another answer."""
    name, before = TASKS[tab], hands.world.cells[tab][TASKS[tab]]
    off = hands.chance.choice([1, 1, -1, -1, 2, -2, 3])
    rows = [place for place in hands.some([*range(len(before))], len(before), 8) if 0 <= place - off < len(before)]
    for place in rows:
        hands.column(name, tab)[place] = before[place - off]
    return _task_spoiled(before, hands.look(name, tab), rows, tab)


def task_sorted_apart(hands: Hands, tab: str) -> list[int]:
    """The answers, the ids, the orders' ids or the links sorted without the rest. Eight rows must show it."""
    name = hands.chance.choice([TASKS[tab], "id", "order_id", "link"])
    before = hands.world.cells[tab][name]
    after = sorted(before, key=lambda cell: (cell is None, str(cell)), reverse=hands.chance.random() < 0.5)
    hands.column(name, tab)[:] = after
    rows = [place for place, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    if name == TASKS[tab]:
        return _task_spoiled(before, after, rows, tab)
    return rows if len(rows) >= 8 else []


def task_emptied(hands: Hands, tab: str) -> list[int]:
    """The column of answers, or of ids, deleted over five rows or more."""
    name = hands.chance.choice([TASKS[tab], "id"])
    before = hands.world.cells[tab][name]
    rows = hands.some([*range(len(before))], len(before), 5)
    for place in rows:
        hands.column(name, tab)[place] = None
    return rows if sum(before[place] is not None for place in rows) >= 5 else []


def task_undone(hands: Hands, tab: str) -> list[int]:
    """Answers that were sent go back to what stood there before, in eight rows or more."""
    name, before = TASKS[tab], hands.world.cells[tab][TASKS[tab]]
    answered = [place for place, cell in enumerate(before) if cell not in (None, "Pending")]
    rows = hands.some(answered, len(answered), 8)
    for place in rows:
        back = "In progress" if tab == "refills" and before[place] != "In progress" else OPEN[tab][0]
        hands.column(name, tab)[place] = back
    return rows


def _task_spoiled(before: list[Any], after: list[Any], rows: list[int], tab: str) -> list[int]:
    """The changed ones among `rows`, where five of them had been answered otherwise."""
    changed = [place for place in rows if before[place] != after[place]]
    over = [place for place in changed if before[place] not in OPEN[tab]]
    return changed if len(over) >= 5 else []


TASK_ACCIDENTS: dict[str, Callable[[Hands, str], list[int]]] = {
    each.__name__.removeprefix("task_"): each
    for each in (task_filled_down, task_pasted_off, task_sorted_apart, task_emptied, task_undone)
}


def task_cases(kind: str, seed: int, count: int, tab: str) -> Iterable[tuple[Hands, list[int]]]:
    """So many sheets with this accident in Refills or Cancels, and the places of the rows it is about."""
    chance = random.Random(f"{kind} {tab} {seed}")
    done = 0
    known = worlds(seed)
    while done < count:
        hands = Hands(known[chance.randrange(len(known))], chance)
        if places := TASK_ACCIDENTS[kind](hands, tab):
            done += 1
            yield hands, places


# --- cases -----------------------------------------------------------------------------------------------------------


@cache
def worlds(seed: int) -> list[World]:
    """A hundred of them, to be taken in turn."""
    return [world(1000 * seed + number) for number in range(100)]


def cases(edit: Callable[[Hands], bool], seed: int, count: int, *, mixed: bool = False) -> Iterable[Hands]:
    """So many sheets to which `edit` was done. mixed: in half of them a few honest edits as well."""
    chance = random.Random(f"{edit.__name__} {seed}")
    done = 0
    known = worlds(seed)
    while done < count:
        hands = Hands(known[chance.randrange(len(known))], chance)
        if not edit(hands):
            continue
        hands.spoiled = {
            (tab, str(hands.look("id", tab)[place]), name, str(own[name][place]).replace(",", ""))
            for tab, own in hands.touched.items()
            for name in own
            for place in hands.changed(name, tab=tab)
        }
        if mixed and chance.random() < 0.5:
            a_few(hands)
        done += 1
        yield hands
