"""Worlds in which the books themselves go astray: older copies come back, state folders are put back, panels contradict themselves.

The acts have a generator of their own, so that a seed's customers, people and runs are those of `tests.sim.world`. After each stop
(exit 8) a person follows a way on that its message names; then the world has to come to rest like any other.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from reconcile import boundary
from reconcile import journal as journals
from reconcile.errors import Disagree, LeaseHeld, NothingToDo
from reconcile.panel.practice import Fault, PracticePanel
from tests.faults.books import Xlsx
from tests.faults.checks import shown
from tests.faults.world import ADDRESS
from tests.sim.world import MACHINES, Rates, Sim

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.world import Told

ELSEWHERE = "http://127.0.0.1:2/admin/v1"
"""Another panel's address. Nothing may ever be asked there."""

YEAR = timedelta(days=365)
SELDOM = 0.3
OFTEN = 0.5
"""How often between two steps something of the outside happens."""

ONCE = {"setCanceled", "setPartial", "addPayment", "addTicket"}
STOPPED = 8
FULL_PAGE = 104
MANY_REFUNDS = 26


@dataclass
class Outside(Sim):
    """A world whose workbook and state folders go back in time, are copied, and are pointed at another panel."""

    rates: Rates = field(default_factory=lambda: Rates(wipe=0.0))
    kept: list[tuple[Any, set[tuple[str, str]]]] = field(default_factory=list)
    """Copies of the workbook that somebody keeps."""

    folders: dict[str, dict[str, bytes]] = field(default_factory=dict)
    stops: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.outside = random.Random(f"{self.seed}: outside")

    # --- one life -----------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """A step as in any world; before and after it something of the outside."""
        if self.outside.random() < OFTEN:
            self.keep()
        super().step()
        self.follow(self.world.told[-1])
        if self.outside.random() < OFTEN:
            acts: tuple[Callable[[], None], ...] = (
                self.put_back,
                self.put_back,
                self.copied,
                self.state_put_back,
                self.another_panel,
                self.year_off,
                self.full_page,
                self.contradicted,
                self.in_mid_run,
                self.in_mid_run,
                self.costly,
                self.send_again,
            )
            self.outside.choice(acts)()

    def keep(self) -> None:
        """Somebody keeps a copy of the workbook, and of a machine's state folder."""
        if not self.world.meta().get("book"):
            return  # nobody has used it yet
        self.kept.append((self._copy(), set(self.watch.deleted)))
        machine = self.outside.choice(MACHINES)
        if self.world.machine(machine).is_dir():
            self.folders[machine] = _kept(self, machine)
        self.log(f"outside: copy {len(self.kept)} is kept")

    # --- F26, F28 -----------------------------------------------------------------------------------------------------

    def put_back(self) -> None:
        """An older copy comes back; now and then somebody had it open and types on."""
        if not self.kept:
            return
        number = self.outside.randrange(len(self.kept))
        self.log(f"outside: copy {number + 1} is put back")
        copy, deleted = self.kept[number]
        newest, gone = self._copy(), set(self.watch.deleted)
        self._show(copy)
        self.watch.deleted = set(deleted)
        if self.outside.random() < SELDOM:
            self._newest_back(newest, gone)
            return
        if self.outside.random() < OFTEN:
            self.people()
        self.went_on()

    def _copy(self) -> Any:
        book: Any = self.world.book
        return book.emulator.versions(book.id)[-1] if self.kind == "google" else book.save()

    def _newest_back(self, newest: Any, deleted: set[tuple[str, str]]) -> None:
        """The first way on: the machine that wrote last stops, the newest copy comes back, and it goes on without a further question."""
        machine = self._last()
        asked = len(self.world.panel.requests)
        told = self.world.run(machine)
        if told.code == STOPPED and len(self.world.panel.requests) != asked:
            self.watch.say(f"{told.run} stopped and had asked the panel for something")
        if told.code not in (4, STOPPED):
            self._looked_anew()
            self.went_on()
            return
        self.log("outside: the newest copy is put back")
        self._show(newest)
        self.watch.deleted = deleted
        again = self.watch.run(machine)
        if told.code == STOPPED and again.code == STOPPED and isinstance(again.error, Disagree):
            self.watch.say(f"the newest copy was put back, and {again.run} stops: {again.error!r}")
        self.follow(again)

    def _last(self) -> str:
        """The machine that wrote last."""
        return next(
            (told.run.rpartition("-")[2] for told in reversed(self.world.told) if told.code not in (4, STOPPED)),
            MACHINES[0],
        )

    def _show(self, kept: Any) -> None:
        book: Any = self.world.book
        if self.kind == "google":
            book.emulator.restore(book.id, kept)
            book._looked.clear()
        else:
            book.restore(kept)
        self._looked_anew()

    def _looked_anew(self) -> None:
        """What people see now is what counts from here on. What the copy shows may be sent; nothing is wished a second time."""
        watch = self.watch
        watch.turns += 1
        watch.seen, watch.kept = watch.look(), {}
        watch.wishes.update(shown(watch.seen))
        watch.recorded = self.world.runs, self.world.meta()
        watch.deleted.clear()

    def went_on(self) -> None:
        """A run on each machine, first on that which wrote last: an older .xlsx is news to no other (a limit of the product)."""
        last = self._last()
        for machine in sorted(MACHINES, key=lambda name: name != last):
            self.follow(self.watch.run(machine))

    def follow(self, told: Told) -> None:
        """After a stop a person does what the message names, until a run on that machine goes through."""
        machine = told.run.rpartition("-")[2]
        for _ in range(4):
            if told.code != STOPPED:
                return
            self.stops += 1
            step = (
                told.error.next_step if isinstance(told.error, Disagree) else (told.outcome and told.outcome.next_step)
            )
            if not step or "reconcile " not in step:
                self.watch.say(f"{told.run} stops and names no way on: {told.error!r}")
                return
            self._way_on(machine, step)
            told = self.watch.run(machine)
        if told.code == STOPPED:
            self.watch.say(f"{told.run} still stops after its ways on: {told.error!r}")

    def _way_on(self, machine: str, step: str) -> None:
        """What the message names: `reconcile restore`, or `reconcile adopt`. It asks the panel for nothing."""
        asked = len(self.world.panel.requests)
        way = "restore" if "`reconcile restore`" in step else "adopt"
        self.log(f"  a person types reconcile {way} on {machine}")
        try:
            if way == "restore":
                self.world.restore_book(machine)
            else:
                self.world.adopt_book(machine)
        except LeaseHeld:
            self.world.clock.sleep(4000)
        except NothingToDo as nothing:
            self.watch.say(f"{way} is named by the message, and has nothing to do: {nothing.what}")
        if len(self.world.panel.requests) != asked:
            self.watch.say(f"reconcile {way} on {machine} asked the panel for something")
        self.watch.sheet()
        self.watch.recorded = self.world.runs, self.world.meta()

    def in_mid_run(self) -> None:
        """In the middle of a run somebody keeps a copy of the workbook, or an older one comes back."""
        place, back = self.outside.randrange(40), bool(self.kept) and self.outside.random() < OFTEN
        machine = self.outside.choice(MACHINES)
        self.follow(self.watch.run(machine))
        self.customers()
        count = 0

        def hook(name: str) -> None:
            nonlocal count
            count += 1
            # a save in the microseconds between a file's last check and its replacement cannot be seen by anybody
            if count <= place or name.startswith(("google.", "file.")):
                return
            boundary.set_hook(None)
            if back:
                copy, deleted = self.outside.choice(self.kept)
                self.log(f"outside: at {name} of that run an older copy comes back")
                self._show(copy)
                self.watch.deleted = set(deleted)
            else:
                self.log(f"outside: at {name} of that run a copy is kept")
                self.kept.append((self._copy(), set(self.watch.deleted)))

        boundary.set_hook(hook)
        try:
            told = self.watch.run(machine)
        finally:
            boundary.set_hook(None)
        self.follow(told)
        self.went_on()

    # --- F27 ----------------------------------------------------------------------------------------------------------

    def copied(self) -> None:
        """A copy is synced beside the original: it stops before it asks for anything, on each machine."""
        book: Any = self.world.book
        for machine in MACHINES:  # one that never saw the original cannot tell
            self.follow(self.watch.run(machine))
        if self.kind == "xlsx":
            path = self.world.folder / "Copy of orders.xlsx"
            shutil.copy(book.path, path)
            twin: Any = Xlsx.__new__(Xlsx)
            twin._use(path)
        elif self.kind == "google":
            twin = object.__new__(type(book))
            twin._use(book.emulator, book.emulator.copy(book.id))
        else:
            return
        self.log("outside: a copy is synced beside the original")
        self.world.book = twin
        try:
            for machine in MACHINES:
                self._refused(machine, "copy")
            if self.outside.random() < OFTEN:
                self._own(self.outside.choice(MACHINES))
        finally:
            self.world.book = book

    def _own(self, machine: str) -> None:
        """The copy becomes a workbook of its own (`init --fresh`), for another panel: nothing of it reaches this one."""
        other = PracticePanel(3, self.seed, self.world.panel.key, refills=0, cancels=0)
        asked, self.world.url = len(self.world.panel.requests), ELSEWHERE
        self.world.line.elsewhere[ELSEWHERE] = other
        self.log("outside: the copy becomes a workbook of its own, for another panel")
        try:
            self.world.fresh_book(machine)
            told = self.world.run(machine)
        except LeaseHeld:
            return
        finally:
            self.world.url = ADDRESS
        handed = {order.id for order in other.state.orders.values() if order.handed}
        if told.code not in (0, 4) or (told.code == 0 and handed != set(self.world.ids("orders"))):
            self.watch.say(f"a workbook of its own: {told.run} ended with {told.code} {told.error!r}, {handed}")
        if {request.action for request in other.requests} & ONCE or len(self.world.panel.requests) != asked:
            self.watch.say("a workbook of its own: what stood in the copy was sent")

    def _refused(self, machine: str, what: str) -> None:
        asked = len(self.world.panel.requests)
        told = self.world.run(machine, force=self.outside.random() < OFTEN)
        if told.code not in (4, STOPPED) or len(self.world.panel.requests) != asked:
            self.watch.say(
                f"{what}: {told.run} ended with {told.code} and asked {len(self.world.panel.requests) - asked}"
            )

    # --- F29 ----------------------------------------------------------------------------------------------------------

    def state_put_back(self) -> None:
        """A machine's state folder is an older copy."""
        machine = self.outside.choice(MACHINES)
        if machine not in self.folders or not self.world.machine(machine).is_dir():
            return
        self.log(f"outside: the state folder of {machine} is put back")
        folder = self.world.machine(machine)
        for path in folder.iterdir():
            if path.name != journals.LOCK:
                path.unlink()
        for name, content in self.folders[machine].items():
            (folder / name).write_bytes(content)
        self.follow(self.watch.run(machine))

    # --- F30, F34 -----------------------------------------------------------------------------------------------------

    def another_panel(self) -> None:
        """The settings name another panel: nothing is asked for there. Then the address is corrected."""
        told = self.watch.run(MACHINES[0])
        self.follow(told)
        if not self.world.meta().get("panel"):
            return
        self.log("outside: the address is another panel's")
        other = PracticePanel(3, self.seed, self.world.panel.key, refills=0, cancels=0)
        self.world.line.elsewhere[ELSEWHERE] = other
        self.world.url = ELSEWHERE
        try:
            for machine in MACHINES:
                self._refused(machine, "another panel")
        finally:
            self.world.url = ADDRESS
        if other.requests:
            self.watch.say(f"another panel was asked: {[request.action for request in other.requests]}")

    def year_off(self) -> None:
        """A machine's clock is a year off, ahead or behind."""
        skew = self.outside.choice((YEAR, -YEAR))
        self.log(f"outside: a run whose clock is {skew} off")
        machine = self.outside.choice(MACHINES)
        with self._hooked(machine):
            told = self.watch.run(machine, skew=skew)
        self.follow(told)

    # --- F32, full pages ------------------------------------------------------------------------------------------------

    def full_page(self) -> None:
        """More orders of one service come in than one answer holds; many of them are canceled at once."""
        keys = []
        for _ in range(FULL_PAGE):
            keys.append(self._next())
            self.world.panel.add_order(keys[-1], "1", link="l", quantity="10", charge="1", user_id="u")
        self.log(f"outside: {FULL_PAGE} orders at once")
        self.follow(self.watch.run(self.outside.choice(MACHINES)))
        here = [row for row in self.watch.look()["orders"] if str(row["ID"]) in keys]
        wanted = [str(row["ID"]) for row in here][:MANY_REFUNDS]
        for key in wanted:
            self.watch.wish(("orders", key, "status", "Canceled"))
        self.world.edit("orders", {key: {"status": "Canceled"} for key in wanted})
        self.watch.seen = self.watch.look()
        self.log(f"outside: {len(wanted)} orders canceled at once")

    def _next(self) -> str:
        self.numbers += 1
        return str(self.numbers)

    def contradicted(self) -> None:
        """The panel's answers say 429 around what they bring, for as long as one run lasts."""
        self.log("outside: 429 around every answer")
        self.customers()
        self.world.line.around = 429
        try:
            self.follow(self.watch.run(self.outside.choice(MACHINES)))
        finally:
            self.world.line.around = 0

    # --- F31, F33 -------------------------------------------------------------------------------------------------------

    def costly(self) -> None:
        """The panel hands orders out in an answer that cannot be read: on record, and that run's other work is done."""
        self.customers()
        body = b'{"orders":[x' + b'[{"a":' * 200 + b"1," * 2_000
        self.log("outside: an answer that cannot be read")
        self.world.panel.faults.append(Fault("answer", "getOrders", 1, acts=True, status=200, body=body))
        try:
            self.follow(self.watch.run(self.outside.choice(MACHINES)))
        finally:
            self.world.panel.faults.clear()

    def send_again(self) -> None:
        """Somebody chooses Send again beside a refund that went through and is in no doubt. It grants nothing."""
        state = self.world.panel.state
        rows = [
            str(row["ID"])
            for row in self.watch.look()["orders"]
            if str(row["ID"]) in state.orders
            and state.orders[str(row["ID"])].refunds
            and "Not sure" not in str(row["Sync"])
            and not row.get("If unsure")
            and ("orders", str(row["ID"])) not in self.watch.doubled
        ]
        if not rows:
            return
        key = self.outside.choice(rows)
        self.log(f"outside: Send again beside the refund of order {key}, which went through")
        self.world.type("orders", key, unsure="Send again")
        self.watch.seen = self.watch.look()
        self.follow(self.watch.run(self.outside.choice(MACHINES)))


def _kept(sim: Sim, machine: str) -> dict[str, bytes]:
    folder = sim.world.machine(machine)
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != journals.LOCK}
