"""One seeded world: clock, panel, sheet, people, a second machine, disks that vanish, wires that break, all from one number.

The code under test is the real one. A run is interrupted at its boundaries: there people act, another whole run happens,
time jumps, a wire is cut, the process dies. The checker (`tests.faults.checks`) reads panel and workbook only.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from reconcile import boundary
from reconcile.panel.practice import PracticeCancel, PracticePanel, PracticeRefill
from reconcile.workbook.templates import templates
from tests.faults import sweep
from tests.faults.books import Xlsx
from tests.faults.checks import DATA_TABS, Watch
from tests.faults.world import SERVICES, World, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.google_book import Google

KEY = "sim-panel-key-51c0"
MACHINES = ("a", "b")
GOOD_STATUS = {
    "Completed": "Completed",
    "in progress": "In progress",
    "In Progress": "In progress",
    "Partial": "Partial",
    "cancelled": "Canceled",
    "Canceled": "Canceled",
    "Processing": "Processing",
}
WRONG: tuple[Any, ...] = ("Compelted", "#REF!", "1.5k", True, -4, "=1+1", "1.000", "#N/A (Did not find value)", "☃")
UNSETTLED = ("Please check", "Held", "Refused", "Not sure", "Waiting")
OLDER_COPY = "this copy of the sheet is older"
"""With these words a row says itself that the panel has something else."""

FAULTS = (*sweep.PANEL, "crash")
LONG_LIVES = (0, 1, 2)
"""Of eight worlds, those in which weeks pass between runs, so that closed orders leave for Archive."""
SAVED_WHOLE = (3, 5)
"""Of eight worlds with a file, those in which somebody has a program that saves it whole: that is a quarter of a life's cost."""


@dataclass
class Rates:
    """How much goes wrong: chances per boundary of a run, and per step."""

    fault: float = 0.04
    staff: float = 0.03
    other_run: float = 0.012
    jump: float = 0.01
    wipe: float = 0.2
    skew: float = 0.15
    week: float = 0.4
    view: float = 0.3


@dataclass
class Sim:
    """A world and the history it went through. All chance comes from `seed`."""

    seed: int
    folder: Path
    kind: str = "memory"
    rates: Rates = field(default_factory=Rates)
    events: list[str] = field(default_factory=list)
    world: World = field(init=False)
    watch: Watch = field(init=False)
    numbers: int = 100
    misled: set[str] = field(default_factory=set)
    nested: bool = False
    boundaries: int = 0
    faults: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.weeks = random.Random(f"{self.seed}: weeks")
        self.views = random.Random(f"{self.seed}: views")
        random.seed(self.seed)  # the Google client's jitter
        panel = PracticePanel(0, 1, KEY, refills=0, cancels=0, cancels_for_ever=self.rng.random() < 0.3)
        panel.empty = self.rng.choice(("list", "fail200", "fail404"))
        panel.refuse_repeats = self.rng.random() < 0.5
        self.world = make(self.folder, self.kind, panel)
        if isinstance(self.world.book, Xlsx):
            self.world.book.chance = random.Random(f"{self.seed}: who saves how")
            if self.seed % 8 not in SAVED_WHOLE:
                self.world.book.whole = 0
        if self.kind == "google":
            switches = self.google.emulator.switches
            switches.filters_follow_edits = self.views.random() < 0.5
            switches.copy_paste_leaves_filtered_rows = self.views.random() < 0.3
        self.watch = Watch(self.world)
        self.watch.seen = self.watch.look()

    @property
    def google(self) -> Google:
        """The workbook of a world that has a Google Sheet. Worlds of other kinds load none of that code."""
        return cast("Google", self.world.book)

    def log(self, text: str) -> None:
        """One event of the history."""
        self.events.append(f"{self.world.clock.at:%d %H:%M:%S} {text}")

    # --- the panel --------------------------------------------------------------------------------------------------

    def customers(self) -> None:
        """Customers order, ask for refills and for cancels; rarely the panel hands an order out again."""
        panel, rng = self.world.panel, self.rng
        for _ in range(rng.choice((0, 1, 2, 3, 6))):
            key = self._number()
            panel.add_order(
                key,
                rng.choice(SERVICES),
                link=rng.choice(("=HYPERLINK(1)", "https://t.test/x", "@user", "+1")),
                quantity=rng.choice(("10", "100", "1000")),
                charge=rng.choice(("0.10029597233", "5", "12.50")),
                user_id="u",
                comments=rng.choice(("", "", "one\ntwo 🔥", "-1")),
            )
        handed = [order for order in panel.state.orders.values() if order.handed]
        if handed and rng.random() < 0.3:
            key, order = self._number(), rng.choice(handed)
            panel.state.refills[key] = PracticeRefill(
                key, order.id, order.service, order.link, "1", "10", "2024-12-04T18:01:57.608Z"
            )
        if handed and rng.random() < 0.3:
            key, order = self._number(), rng.choice(handed)
            panel.state.cancels[key] = PracticeCancel(key, order.id, order.service, order.link)
        if handed and rng.random() < 0.1:
            order = rng.choice(handed)
            order.status = "Pending"
            self.log(f"the panel hands order {order.id} out again")
        self.log(f"panel: {len(panel.state.orders)} orders")

    def _number(self) -> str:
        self.numbers += self.rng.randint(1, 3)
        return str(self.numbers)

    # --- people -----------------------------------------------------------------------------------------------------

    def people(self) -> None:
        """Somebody does something to the sheet; what they saw before must still be there."""
        self.watch.check()
        act = self.rng.choice(
            (
                *(self._edit_order,) * 6,
                *(self._decide, self._refill, self._payment, self._ticket, self._unsure, self._unsure),
                *(self._sort, self._insert, self._delete, self._move_column, self._own_column, self._copy_row),
            )
        )
        act()
        if self.kind == "google" and self.views.random() < self.rates.view:
            self._view(self.google)
        self.watch.seen = self.watch.look()

    def _some(self, tab: str) -> dict[str, Any] | None:
        rows = [row for row in self.watch.look()[tab] if row.get("ID") or row.get("Reference")]
        return self.rng.choice(rows) if rows else None

    def _type(self, tab: str, key: str, **cells: Any) -> None:
        self.log(f"staff: {tab} {key}: {cells}")
        self.world.edit(tab, {key: cells})

    def _edit_order(self) -> None:
        row = self._some("orders")
        if row is None:
            return
        rng, key = self.rng, str(row["ID"])
        cells: dict[str, Any] = {}
        for name in rng.sample(("status", "start_count", "remains"), rng.choice((1, 1, 2, 3))):
            if rng.random() < 0.12:
                cells[name] = rng.choice((*WRONG, None))
            elif name == "status":
                cells[name] = rng.choice(list(GOOD_STATUS))
                self.watch.wish(("orders", key, name, GOOD_STATUS[cells[name]]))
            else:
                cells[name] = rng.randint(0, 120)
                self.watch.wish(("orders", key, name, str(cells[name])))
        self._type("orders", key, **cells)

    def _decide(self) -> None:
        row = self._some("cancels")
        if row is None:
            return
        order, remains = str(row["Order ID"]), self.rng.randint(1, 9)
        choice = self.rng.choice(("Cancel and refund", "Partial refund", "Reject", "maybe"))
        cells: dict[str, Any] = {"decision": choice}
        if choice == "Cancel and refund":
            self.watch.wish(("orders", order, "status", "Canceled"))
        elif choice == "Partial refund":
            cells["remains"] = remains
            self.watch.wish(("orders", order, "status", "Partial"), ("orders", order, "remains", str(remains)))
        elif choice == "Reject":
            self.watch.wish(("cancels", str(row["ID"]), "Reject"))
        self._type("cancels", str(row["ID"]), **cells)

    def _refill(self) -> None:
        row = self._some("refills")
        if row is not None:
            status = self.rng.choice(("In progress", "Completed", "Rejected"))
            self.watch.wish(("refills", str(row["ID"]), status))
            self._type("refills", str(row["ID"]), status=status)

    def _payment(self) -> None:
        key, amount = self._number(), self.rng.randint(1, 50)
        self.watch.wish(("payments", "ann", f"{amount}.00", f"invoice {key}"))
        self.log(f"staff: payment P{key}")
        self.world.add("payments", reference=f"P{key}", user="ann", amount=amount, details=f"invoice {key}", send="Yes")

    def _ticket(self) -> None:
        key = self._number()
        self.watch.wish(("tickets", "bob", f"subject {key}", "hello"))
        self.log(f"staff: ticket T{key}")
        self.world.add(
            "tickets", reference=f"T{key}", user="bob", subject=f"subject {key}", message="hello", send="Yes"
        )

    def _unsure(self) -> None:
        """Somebody settles one doubt by looking at the panel, now and then wrongly."""
        for tab, rows in self.watch.look().items():
            for row in rows:
                if "Not sure" in str(row.get("Sync")) and self.rng.random() < 0.7:
                    lie = self.rng.random() < 0.1
                    self._settle(tab, row, went=self._went_through(tab, row) != lie)
                    return

    def _went_through(self, tab: str, row: dict[str, Any]) -> bool:
        state = self.world.panel.state
        if tab == "payments":
            return any(entry["details"] == row["Details"] for entry in state.payments)
        if tab == "tickets":
            return any(entry["subject"] == row["Subject"] for entry in state.tickets)
        order = state.orders.get(str(row["ID"] if tab == "orders" else row["Order ID"]))
        return bool(order and order.refunds)

    def _settle(self, tab: str, row: dict[str, Any], *, went: bool) -> None:
        key = str(row.get("ID") or row.get("Reference"))
        if row.get("If unsure"):
            self._type(tab, key, unsure=None)  # it showed an old answer: cleared first, chosen again after the next run
            return
        if went and not self._went_through(tab, row):
            self.misled.add(str(row.get("Order ID") or key))  # a person's word counts, also a wrong one
        if not went:
            name = {"payments": f"payment {row.get('Details')}", "tickets": f"ticket {row.get('Subject')}"}.get(tab)
            order = str(row["ID"] if tab == "orders" else row.get("Order ID"))
            self.watch.again[name or f"orders {order}"] += 1
            self.watch.wish_again(order, str(row["Sync"]))
        self._type(tab, key, unsure="It went through" if went else "Send again")

    def _tab(self) -> tuple[str, list[list[Any]]]:
        tab = self.rng.choice(DATA_TABS)
        return tab, self.world.book.see(tab)

    def _sort(self) -> None:
        tab, (head, *body) = self._tab()
        place = self.rng.randrange(len(head))
        self.log(f"staff: {tab} sorted by {head[place]}")
        body.sort(key=lambda row: str(row[place]), reverse=self.rng.random() < 0.5)
        self.world.book.show(tab, [head, *body])

    def _view(self, book: Google) -> None:
        """Somebody filters a Google Sheet, hides rows by hand, shows them again, or sorts around what is hidden."""
        rng = self.views
        tab = rng.choice(DATA_TABS)
        head, *body = book.see(tab)
        staff = book.emulator.staff(book.id, templates().tab(tab).title, book.emulator.owner)
        place, row = rng.randrange(len(head)), rng.randint(2, len(body) + 2)
        what = rng.choice(("filter", "filter", "hide", "sort", "sort", "unfilter", "show"))
        self.log(f"staff: {tab}: {what} ({head[place]}, row {row})")
        if what == "filter":
            shown = sorted({str(line[place]) if line[place] is not None else "" for line in body})
            staff.filter(place, rng.sample(shown, rng.randint(0, len(shown))))
        elif what == "hide":
            staff.hide_rows(row, row + rng.randint(0, 2))
        elif what == "sort":
            staff.sort(place, descending=rng.random() < 0.5)
        elif what == "unfilter":
            staff.unfilter()
        else:
            staff.show_rows()

    def _insert(self) -> None:
        tab, grid = self._tab()
        place = self.rng.randint(1, len(grid))
        self.log(f"staff: {tab}: blank row inserted at {place + 1}")
        grid.insert(place, [None] * len(grid[0]))
        self.world.book.show(tab, grid)

    def _delete(self) -> None:
        if self.rng.random() < 0.6:
            return
        tab, grid = self._tab()
        if len(grid) > 1:
            place = self.rng.randrange(1, len(grid))
            head = "Reference" if "Reference" in grid[0] else "ID"
            key = grid[place][grid[0].index(head)]
            self.log(f"staff: {tab}: row of {key} deleted")
            self.watch.deleted.add((tab, str(key)))
            del grid[place]
            self.world.book.show(tab, grid)

    def _move_column(self) -> None:
        if self.kind == "google":
            return  # headings are protected there; see the emulator's own tests
        tab, grid = self._tab()
        source, to = self.rng.randrange(len(grid[0])), self.rng.randrange(len(grid[0]))
        self.log(f"staff: {tab}: column {grid[0][source]} moved")
        for row in grid:
            row.insert(to, row.pop(source))
        self.world.book.show(tab, grid)

    def _own_column(self) -> None:
        tab, grid = self._tab()
        if len(grid[0]) < 18 and self.rng.random() < 0.3:
            self.log(f"staff: {tab}: a column of their own")
            name = f"Mine {self._number()}"
            self.world.book.show(tab, [[*row, name if number == 0 else "x"] for number, row in enumerate(grid)])

    def _copy_row(self) -> None:
        tab, grid = self._tab()
        if len(grid) > 1 and tab in ("orders", "cancels") and self.rng.random() < 0.3:
            row = self.rng.choice(grid[1:])
            key = row[grid[0].index("ID")]
            self.log(f"staff: {tab}: row of {key} copied below")
            self.watch.doubled.add((tab, str(key)))
            self.world.book.show(tab, [*grid, list(row)])

    # --- runs -------------------------------------------------------------------------------------------------------

    def run(self, machine: str | None = None) -> None:
        """One run on some machine, interrupted at its boundaries; afterwards its disk may be gone."""
        rng, rates = self.rng, self.rates
        machine = machine or rng.choice(MACHINES)
        skew = timedelta(minutes=rng.randint(-40, 40)) if rng.random() < rates.skew else timedelta(0)
        self.log(f"run on {machine}{f', its clock {skew} off' if skew else ''}")
        with self._hooked(machine):
            told = self.watch.run(machine, force=rng.random() < 0.1, skew=skew)
        self.log(f"  ended with {told.code}{f': {told.error!r}'[:120] if told.error else ''}")
        if rng.random() < rates.wipe:
            self.log(f"  the disk of {machine} is gone")
            self.world.wipe(machine)

    def faulted(self, machine: str, shot: sweep.Shot) -> None:
        """One run on this machine with one fault and nothing else in it."""
        injector = sweep.Injector(self.world, (shot,))
        boundary.set_hook(injector)
        try:
            told = self.watch.run(machine)
        finally:
            boundary.set_hook(None)
        self.log(f"run on {machine} with {injector.fired} ended with {told.code}")

    @contextmanager
    def _hooked(self, machine: str) -> Iterator[None]:
        boundary.set_hook(lambda name: self._boundary(name, machine))
        try:
            yield
        finally:
            boundary.set_hook(None)

    def _boundary(self, name: str, machine: str) -> None:
        self.boundaries += 1
        if name.startswith("google."):
            return  # each attempt at Google is failed in the sweeps; here calls are, at the book's own boundaries
        rng, rates = self.rng, self.rates
        quiet = boundary._hook
        boundary.set_hook(None)
        try:
            # a save in the microseconds between a file's last check and its replacement cannot be seen by anybody
            if rng.random() < rates.staff and name != "file.before-replace":
                self.people()
            if rng.random() < rates.jump:
                seconds = rng.choice((5, 60, 200, 400, 4000))
                self.log(f"  {name}: {seconds} s pass")
                self.world.jump(seconds)
            if rng.random() < rates.other_run and not self.nested and not name.startswith(("file.", "journal.")):
                self._other_run(machine, name)
        finally:
            boundary.set_hook(quiet)
        if rng.random() < rates.fault:
            kind = rng.choice(FAULTS)
            if sweep.fits(kind, name):
                self.faults += 1
                self.log(f"  {name}: {kind}")
                sweep.fire(self.world, kind, name)

    def _other_run(self, machine: str, name: str) -> None:
        other = next(known for known in MACHINES if known != machine)
        self.nested = True
        trouble = list(self.world.line.trouble)
        self.log(f"  {name}: a run on {other} comes between")
        try:
            told = self.watch.run(other)
        finally:
            self.nested = False
        self.world.line.trouble[:] = trouble
        self.log(f"  which ended with {told.code}")

    # --- one life -----------------------------------------------------------------------------------------------------

    def live(self, steps: int = 7) -> list[str]:
        """The whole life of this world; returns the promises that were broken."""
        for _ in range(self.rng.randint(3, steps)):
            self.step()
            if self.watch.problems:
                break
        else:
            self.peace()
        return self.watch.problems

    def step(self) -> None:
        """Customers, people, a run, and time."""
        self.customers()
        for _ in range(self.rng.randint(0, 4)):
            self.people()
        self.run()
        self.world.clock.sleep(self.rng.choice((30, 300, 900, 4000)))
        if self.seed % 8 in LONG_LIVES and self.weeks.random() < self.rates.week:
            self.log("a week and a day pass")
            self.world.clock.sleep(8 * 86_400)

    def peace(self) -> None:
        """The faults stop: people settle every doubt by looking at the panel, and the world comes to rest within a few runs."""
        self.log("peace")
        watch, world = self.watch, self.world
        noted = False
        for _ in range(24):
            before = watch.look()
            told = watch.run("a", force=True)
            self.log(f"  run ended with {told.code}")
            idle = told.outcome and not told.outcome.plan.pushes and not told.outcome.landed and watch.look() == before
            # an order of which a run takes note (it is typed in other letters now) leaves for Archive in the next one
            noted, before_that = bool(told.outcome and told.outcome.plan.settled), noted
            if idle and (not noted or before_that) and not self._settle_all():
                break
            world.clock.sleep(700)
        else:
            watch.say(f"no rest: the last runs ended with {[item.code for item in world.told[-8:]]}")
            return
        watch.accounted()
        before = watch.look()
        told = watch.run("a")
        if told.code not in (0, 7) or told.outcome is None or told.outcome.plan.pushes or told.outcome.landed:
            watch.say(f"the world does not rest: {told.code} {told.error}")
        if watch.look() != before:
            changed = [row for tab, rows in watch.look().items() for row in rows if row not in before[tab]]
            watch.say(f"a run at rest changed a tab: {changed}")
        for tab, rows in watch.look().items():
            for row in rows:
                if row.get("Sync") and not str(row["Sync"]).startswith("#"):
                    watch.say(f"{tab}: at rest a row's answer is {row['Sync']!r}")
        self._agreed()

    def _settle_all(self) -> bool:
        """Settles every doubt truthfully. Returns whether there was one a person can settle in its row."""
        found = False
        for tab, rows in self.watch.look().items():
            for row in rows:
                key = str(row.get("ID") or row.get("Reference"))
                if "Not sure" in str(row.get("Sync")) and (tab, key) not in self.watch.doubled:
                    found = True
                    self._settle(tab, row, went=self._went_through(tab, row))
        self.watch.seen = self.watch.look()
        return found

    def _agreed(self) -> None:
        """Where a row says that all is well, the panel has what the row shows (P5, P6)."""
        state, watch = self.world.panel.state, self.watch
        decided = {str(row["Order ID"]) for row in watch.look()["cancels"]} | {
            cancel.order_id for cancel in state.cancels.values()
        }
        for row in watch.look()["orders"]:
            key, sync = str(row["ID"]), str(row.get("Sync") or "")
            order = state.orders.get(key)
            if order is None or key in decided or order.handed != 1 or ("orders", key) in watch.doubled:
                continue
            if (
                key in self.misled
                or any(f"· {word}" in sync for word in UNSETTLED)
                or OLDER_COPY in sync
                or any(again == f"orders {key}" for again in watch.again)
            ):
                continue
            shown = GOOD_STATUS.get(str(row["Status"]), "")
            if shown and shown != order.status:
                watch.say(f"order {key} shows {row['Status']} and says “{sync}”, but the panel has {order.status}")
            if (
                order.status != "Canceled"
                and isinstance(row["Remains"], int)
                and str(int(row["Remains"])) != order.remains
            ):
                watch.say(f"order {key} shows remains {row['Remains']}, the panel has {order.remains!r}: {sync}")
            if isinstance(row["Start count"], int) and str(int(row["Start count"])) != order.start_count:
                watch.say(
                    f"order {key} shows start count {row['Start count']}, the panel has {order.start_count!r}: {sync}"
                )
        for tab in ("refills", "cancels", "payments", "tickets"):
            for row in watch.look()[tab]:
                key, sync = str(row.get("ID") or row.get("Reference")), str(row.get("Sync") or "")
                settled = "· Sent" in sync and not any(f"· {word}" in sync for word in UNSETTLED)
                told_so = key in self.misled or str(row.get("Order ID")) in self.misled or (tab, key) in watch.doubled
                if settled and not told_so and not self._arrived(tab, key, row):
                    watch.say(f"{tab}: {key} says “{sync}”, and the panel knows nothing of it: {row}")

    def _arrived(self, tab: str, key: str, row: dict[str, Any]) -> bool:
        """Whether the panel has what this row's answer says was sent."""
        state = self.world.panel.state
        if tab in ("payments", "tickets"):
            return self._went_through(tab, row)
        if tab == "refills":
            return key not in state.refills or state.refills[key].status == _REFILLED.get(str(row["Status"]))
        cancel, order = state.cancels.get(key), state.orders.get(str(row["Order ID"]))
        if row["Decision"] == "Reject":
            return cancel is None or cancel.status == "rejected"
        # a request that was rejected first and granted after that stays rejected at the panel; the refund is what was decided
        return cancel is None or cancel.status == "approved" or bool(order and order.refunds)


_REFILLED = {"In progress": "IN_PROGRESS", "Completed": "COMPLETED", "Rejected": "REJECTED"}
