"""Payments and Tickets as they look, and what hands do to them: honest days of many kinds, and accidents of five.

The neighbour of `hands`, for the two tabs that staff write themselves. A world is one tab in which some rows were sent days ago;
what an edit does to it is what a person does with a mouse and a keyboard. An edit says which rows it spoiled (by their place), and
an empty answer means that it turned out to be nothing.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from reconcile.core import settle, transitions
from reconcile.core.model import Feed, Result, Snapshot
from reconcile.core.plan import Rules, make_plan
from reconcile.core.words import ENGLISH
from tests.core.desk import NOW, WHEN, Desk, accept, columns, frame_of
from tests.core.hands import sized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconcile.core.ledger import Ledger

FIELDS = {
    "payments": ("reference", "user", "amount", "details"),
    "tickets": ("reference", "user", "subject", "message"),
}
AMOUNTS = (5, 10, 10, 20, 20, 25, 25.5, 50, 50, 100, 100, 150, 200, 12.34, 37.9)
DETAILS = ("Bank transfer", "Bonus", "Card", "Crypto", "Top-up", "USDT", "Correction for order")
SUBJECTS = ("Your order", "Refill done", "Payment received", "About your link", "Order delayed")
NAMES = ("maria", "joao", "ahmet", "priya", "li", "olga", "smm", "shop", "media", "top")
EVERYTHING = Rules(max_payments=10**6, max_payment_total=None, max_payment=None, max_tickets=10**6)


@dataclass
class Tab:
    """One tab of Payments or Tickets in which `sent` rows were sent, and the ledger of that."""

    tab: str
    rows: list[dict[str, Any]]
    ledger: Ledger
    users: tuple[str, ...]
    style: str
    next: int


@dataclass
class Clerk:
    """A person at one copy of a tab. rows: as they stand now; spoiled: references (or places) nobody meant."""

    world: Tab
    chance: random.Random
    rows: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        self.rows = [dict(row) for row in self.world.rows]
        self.number = self.world.next

    def reference(self) -> str:
        """The next reference in this office's way of naming them."""
        self.number += 1
        return self.world.style.format(self.number)

    def user(self) -> str:
        """A customer; some come again and again."""
        users = self.world.users
        return self.chance.choice(users[:4]) if self.chance.random() < 0.35 else self.chance.choice(users)

    def say(self, user: str | None = None) -> dict[str, Any]:
        """A new row as a person types it."""
        row: dict[str, Any] = {**dict.fromkeys(columns(self.world.tab)), "reference": self.reference()}
        row |= {"user": user or self.user(), "send": "Yes"}
        if self.world.tab == "payments":
            details = self.chance.choice(DETAILS)
            if self.chance.random() < 0.7:
                details += f" {self.chance.randrange(10 ** self.chance.randint(3, 6))}"
            amount = (
                self.chance.choice(AMOUNTS) if self.chance.random() < 0.6 else self.chance.randint(100, 99_999) / 100
            )
            return row | {"amount": amount, "details": details}
        order = self.chance.randrange(10**6)
        return row | {
            "subject": self.chance.choice(SUBJECTS),
            "message": f"Hello, about order {order}: it is on its way.",
        }

    def new(self, least: int = 1, most: int = 25) -> list[dict[str, Any]]:
        """A day's new rows, typed below; the same customer seldom gets the very same twice, and then it is said why."""
        made = [self.say() for _ in range(sized(self.chance, least, most))]
        fresh = [name for name in FIELDS[self.world.tab] if name != "reference"]
        seen = {tuple(str(row[name]) for name in fresh) for row in self.world.rows}
        kept = []
        for row in made:
            if (content := tuple(str(row[name]) for name in fresh)) not in seen:
                kept.append(row)
            seen.add(content)
        self.rows += kept
        return kept

    def snapshot(self) -> Snapshot:
        """The tab as the job reads it."""
        tabs = {feed.value: frame_of(feed.value, self.rows if feed == self.world.tab else []) for feed in Feed}
        return Snapshot(1, {**tabs, "approvals": frame_of("approvals", [])}, Desk().ledger.empty(), {}, words=ENGLISH)


def tab(seed: int, kind: str) -> Tab:
    """Up to 120 rows sent one to thirty days ago, in an office's own way of writing."""
    chance = random.Random(f"{kind} {seed}")
    users = [_name(chance) for _ in range(chance.randint(5, 80))]
    styles = (
        ["PAY-{}", "PAY-2026-{:03}", "TX{:05}", "{}", "INV {}", "p{}"]
        if kind == "payments"
        else ["T-{}", "T-2026-{:03}", "{}"]
    )
    desk = Desk()
    made = Tab(kind, [], desk.ledger, tuple(dict.fromkeys(users)), chance.choice(styles), chance.randrange(1, 900))
    days = sorted((chance.randint(2, 30) for _ in range(chance.choice([0, 3, 8, 12]))), reverse=True)
    clerk = Clerk(made, chance)
    ledger = desk.ledger
    for ago in days:
        before = len(clerk.rows)
        clerk.new(1, 20)
        at = NOW - timedelta(days=ago)
        snapshot = clerk.snapshot()
        plan = make_plan(snapshot, ledger, EVERYTHING, now=at, force=True)
        frame = snapshot.tabs[kind]
        ledger = ledger.patched(
            [
                transitions.marked(push, ledger, frame, run="r", when=WHEN, what=settle.what(push, ENGLISH))
                for push in plan.pushes
            ]
        )
        results = [Result(push, *accept(push)) for push in plan.pushes]
        assert len(results) <= len(clerk.rows) - before
        done = settle.settle(plan, results, ledger, snapshot.tabs, run="r", now=at, when=WHEN)
        ledger = ledger.patched(done.ledger)
        clerk.rows = [row for row in clerk.rows if (kind, str(row["reference"])) in ledger]
        for row in clerk.rows[before:]:
            row["sync"] = f"#{row['reference']} · Sent 02 Feb 09:55."
    return replace(made, rows=clerk.rows, ledger=ledger, next=clerk.number)


def _name(chance: random.Random) -> str:
    """A customer's id, as panels have them."""
    kind = chance.randrange(4)
    if kind == 0:
        return f"{chance.choice(NAMES)}{chance.randrange(1000)}"
    if kind == 1:
        return f"{chance.choice(NAMES)}_{chance.choice(NAMES)}"
    return (
        f"{chance.getrandbits(32):08x}-{chance.getrandbits(16):04x}"
        if kind == 2
        else str(chance.randrange(1000, 100_000))
    )


# --- honest days -------------------------------------------------------------------------------------------------------


def a_day(clerk: Clerk) -> list[int]:
    """A few rows to a few customers, some of whom come again with another sum."""
    return _places(clerk, clerk.new())


def monday_morning(clerk: Clerk) -> list[int]:
    """What came over the weekend, all at once."""
    return _places(clerk, clerk.new(15, 30))


def the_same_for_many(clerk: Clerk) -> list[int]:
    """A bonus, or one canned answer, for up to 30 customers: one text, often one sum, references dragged down."""
    first = clerk.say()
    users = clerk.chance.sample(clerk.world.users, min(len(clerk.world.users), clerk.chance.randint(4, 30)))
    for user in users:
        clerk.rows.append({**first, "user": user, "reference": clerk.reference()})
    return [*range(len(clerk.rows) - len(users), len(clerk.rows))]


def the_same_as_last_week(clerk: Clerk) -> list[int]:
    """Customers who top up the same every week (or are told the same again), among others."""
    again = [row for row in clerk.world.rows if clerk.chance.random() < 0.2][:6]
    fresh = clerk.new(1, 8)
    rows = [{**row, "reference": clerk.reference(), "sync": None} for row in again]
    names = [name for name in FIELDS[clerk.world.tab] if name != "reference"]
    once = {tuple(str(row[name]) for name in names): row for row in rows}
    taken = {tuple(str(row[name]) for name in names) for row in fresh}
    clerk.rows += [row for content, row in once.items() if content not in taken]
    return [*range(len(clerk.world.rows), len(clerk.rows))]


def one_customer_often(clerk: Clerk) -> list[int]:
    """A reseller with up to four transfers on one day."""
    user = clerk.user()
    rows = [clerk.say(user) for _ in range(clerk.chance.randint(2, 4))]
    names = [name for name in FIELDS[clerk.world.tab] if name != "reference"]
    seen = {tuple(str(row[name]) for name in names) for row in clerk.rows}
    for row in rows:
        content = tuple(str(row[name]) for name in names)
        if content not in seen:
            clerk.rows.append(row)
        seen.add(content)
    return [*range(len(clerk.world.rows), len(clerk.rows))]


def sorted_whole(clerk: Clerk) -> list[int]:
    """New rows, and the whole tab sorted, rows as rows."""
    fresh = clerk.new()
    by = clerk.chance.choice(FIELDS[clerk.world.tab])
    clerk.rows.sort(key=lambda row: str(row[by]), reverse=clerk.chance.random() < 0.5)
    return _places(clerk, fresh)


def tidied(clerk: Clerk) -> list[int]:
    """Old rows are deleted here and there, one wording of a sent row is mended, and new rows are typed."""
    gone = set(clerk.chance.sample(range(len(clerk.rows)), len(clerk.rows) // 10))
    clerk.rows = [row for place, row in enumerate(clerk.rows) if place not in gone]
    if clerk.rows and clerk.chance.random() < 0.5:
        row = clerk.chance.choice(clerk.rows)
        name = FIELDS[clerk.world.tab][-1]
        row[name] = f"{row[name]}."
    return _places(clerk, clerk.new())


def _places(clerk: Clerk, rows: list[dict[str, Any]]) -> list[int]:
    wanted = set(map(id, rows))
    return [place for place, row in enumerate(clerk.rows) if id(row) in wanted]


HONEST: dict[str, Callable[[Clerk], list[int]]] = {
    each.__name__: each
    for each in (
        a_day,
        monday_morning,
        the_same_for_many,
        the_same_as_last_week,
        one_customer_often,
        sorted_whole,
        tidied,
    )
}


# --- accidents ---------------------------------------------------------------------------------------------------------


def filled_down(clerk: Clerk) -> list[int]:
    """A row dragged down over ten rows or more, below the last one or over sent ones; or one customer over ten typed rows.

    A spreadsheet goes on counting where a text ends in digits, or a number is dragged with a key held; else it copies.
    """
    if clerk.chance.random() < 0.2:
        rows = clerk.new(11, 25)
        if len(rows) < 11:
            return []
        for row in rows[1:]:
            row["user"] = rows[0]["user"]
        return _places(clerk, rows)
    clerk.new(1, 5)
    source = clerk.chance.choice([len(clerk.rows) - 1, clerk.chance.randrange(len(clerk.rows))])
    counting = {name for name in FIELDS[clerk.world.tab] if name == "reference" or clerk.chance.random() < 0.4}
    row = clerk.rows[source]
    count = max(10, sized(clerk.chance, 10, 300))
    for step in range(1, count + 1):
        made = {**row, "sync": None, "unsure": None}
        for name in FIELDS[clerk.world.tab]:
            made[name] = counted(row[name], step) if name in counting else row[name]
        if source + step < len(clerk.rows):
            clerk.rows[source + step].update({name: made[name] for name in (*FIELDS[clerk.world.tab], "send")})
        else:
            clerk.rows.append(made)
    return [*range(source + 1, source + count + 1)]


def counted(cell: Any, step: int) -> Any:
    """A cell as a dragged series goes on from it."""
    if isinstance(cell, (int, float)):
        return cell + step
    found = re.search(r"\d+$", str(cell))
    return f"{cell[: found.start()]}{int(found[0]) + step:0{len(found[0])}}" if found else cell


def pasted_off(clerk: Clerk) -> list[int]:
    """What belongs beside the new references (or beside some of all) is pasted some rows too high or too low.

    Among rows that no run has seen, a copied block leaves no trace but equal rows; so it reaches rows that were sent, or was typed
    nowhere else before.
    """
    fresh = clerk.new(5, 25)
    names = clerk.chance.choice(
        [FIELDS[clerk.world.tab][1:], FIELDS[clerk.world.tab][1:], FIELDS[clerk.world.tab][1:3]]
    )
    off = clerk.chance.choice([1, 1, 1, -1, -1, -1, 2, -2, 3, -3])
    size = len(clerk.rows)
    first = size - len(fresh) if clerk.chance.random() < 0.5 else clerk.chance.randrange(size)
    if first + min(off, 0) > len(clerk.world.rows) - 1 and first != size - len(fresh):
        return []
    block = [{name: row[name] for name in names} for row in clerk.rows[first:]]
    if len(fresh) < 5 or len(block) < 5 or first + off < 0:
        return []
    if first == size - len(fresh):  # they were typed nowhere else before
        for row in clerk.rows[first:]:
            row.update(dict.fromkeys(names))
    for place, cells in enumerate(block, first + off):
        if place >= len(clerk.rows):
            clerk.rows.append({**dict.fromkeys(columns(clerk.world.tab)), "send": None})
        clerk.rows[place].update(cells)
    return [*range(max(0, first + min(off, 0)), len(clerk.rows))]


def sorted_apart(clerk: Clerk) -> list[int]:
    """One column, or some, sorted without the rest, sent rows and new ones together. Eight rows must show it."""
    clerk.new(2, 25)
    if len(clerk.world.rows) < 5:
        return []
    fields = FIELDS[clerk.world.tab]
    names = clerk.chance.choice([(fields[0],), (fields[0],), (fields[1],), (fields[2],), fields[1:], fields[:2]])
    by = clerk.chance.choice(names)
    before = [{name: row[name] for name in names} for row in clerk.rows]
    after = sorted(before, key=lambda cells: _sort_value(cells[by]), reverse=clerk.chance.random() < 0.5)
    for row, cells in zip(clerk.rows, after, strict=True):
        row.update(cells)
    changed = [place for place, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    return changed if len(changed) >= 8 else []


def _sort_value(cell: Any) -> tuple[int, float, str]:
    return (1, 0.0, cell) if isinstance(cell, str) else (0, float(cell or 0), "")


def emptied(clerk: Clerk) -> list[int]:
    """A column selected and deleted, whole or in part: five values must be gone."""
    clerk.new()
    name = clerk.chance.choice([*FIELDS[clerk.world.tab], "send"])
    size = len(clerk.rows)
    count = size if clerk.chance.random() < 0.5 else sized(clerk.chance, min(5, size), size)
    first = clerk.chance.randrange(size - count + 1)
    for row in clerk.rows[first : first + count]:
        row[name] = None
    return [*range(first, first + count)] if count >= 5 else []


def undone(clerk: Clerk) -> list[int]:
    """Ctrl+Z too often, or an older copy: sent rows show what they showed before they were sent, other references among it."""
    how = clerk.chance.choice(["reference", "reference", "send", "copy"])
    rows = clerk.rows[-sized(clerk.chance, 8, 60) :]
    if len(rows) < 8:
        return []
    first = len(clerk.rows) - len(rows)
    for number, row in enumerate(rows):
        if how == "reference":
            row.update(reference=f"draft {number}", sync=None)
        elif how == "send":
            row.update(send=None)
    if how == "copy":
        clerk.rows += [{**row, "reference": f"{row['reference']} old", "sync": None} for row in rows]
        first += len(rows)
        del clerk.rows[first - len(rows) : first]
        first -= len(rows)
    return [*range(first, len(clerk.rows))]


ACCIDENTS: dict[str, Callable[[Clerk], list[int]]] = {
    each.__name__: each for each in (filled_down, pasted_off, sorted_apart, emptied, undone)
}


@cache
def tabs(seed: int, kind: str) -> list[Tab]:
    """Forty of them, to be taken in turn."""
    return [tab(1000 * seed + number, kind) for number in range(40)]


def cases(edit: Callable[[Clerk], list[int]], seed: int, count: int, kind: str) -> Iterable[tuple[Clerk, list[int]]]:
    """So many tabs to which `edit` was done, and the places of the rows it is about."""
    chance = random.Random(f"{edit.__name__} {kind} {seed}")
    done = 0
    known = tabs(seed, kind)
    while done < count:
        clerk = Clerk(known[chance.randrange(len(known))], chance)
        if places := edit(clerk):
            done += 1
            yield clerk, places
