"""One day at a provider's desk with a bit of everything, prepared once and then run under every fault.

Orders stand in the sheet; staff have edited some, decided a refill and two cancels, written a payment and a ticket; new
work waits at the panel. One run has all kinds of calls to make. `Day.wanted` is where the panel must end.
"""

from __future__ import annotations

import copy
import hashlib
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconcile.panel.practice import PracticeCancel, PracticePanel, PracticeRefill
from tests.faults.checks import Watch
from tests.faults.world import ADDRESS, SERVICES, World, make

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.world import Saved

KEY = "day-panel-key-7d1f"


@dataclass
class Day:
    """A prepared world, how to begin it again, and where it must end."""

    world: World
    watch: Watch
    saved: Saved
    watched: Watch
    wanted: dict[str, Any] = field(default_factory=dict)

    def again(self) -> None:
        """The morning of the same day."""
        random.seed(KEY)  # the Google client's jitter
        self.world.restore(self.saved)
        self.watch = _copied(self.watched)

    def here(self) -> Day:
        """The same day from this moment on."""
        return Day(self.world, self.watch, self.world.save(), _copied(self.watch), self.wanted)

    def state(self) -> bytes:
        """A digest of all that the rest of this day depends on: the world, what people saw of it, and chance."""
        watch = self.watch
        asked = [sorted(counts.items()) for counts in (watch.wished, watch.sent, watch.again)]
        people = (sorted(watch.wishes), asked, watch.seen, watch.kept, watch.read, watch.problems)
        found = hashlib.sha256(self.world.state())
        found.update(repr((people, sorted(watch.deleted), sorted(watch.doubled), random.getstate())).encode())
        return found.digest()


def _copied(watch: Watch) -> Watch:
    """What people did and saw, with a history of its own from here on."""
    return replace(
        watch,
        wishes=set(watch.wishes),
        wished=watch.wished.copy(),
        sent=watch.sent.copy(),
        again=watch.again.copy(),
        deleted=set(watch.deleted),
        doubled=set(watch.doubled),
        told_again=set(watch.told_again),
        under=dict(watch.under),
        known=set(watch.known),
        seen=copy.copy(watch.seen),
        problems=list(watch.problems),
    )


def day(folder: Path, kind: str, *, small: bool = False, url: str = ADDRESS) -> Day:
    """The prepared day on that kind of workbook. `small`: one of each kind of work, for sweeps over pairs. url: the panel's."""
    panel = PracticePanel(0, 1, KEY, refills=0, cancels=0)
    world = make(folder, kind, panel, url=url)
    _long_done(world)
    first = ("11", "12", "13") if small else ("11", "12", "13", "14", "15", "16")
    for number, key in enumerate(first):
        panel.add_order(key, SERVICES[number % 2], link=f"=link{key}", quantity="100", charge="10.00", user_id="u")
    panel.state.refills["1"] = _refill("1", "90")
    panel.state.cancels["7"] = PracticeCancel("7", "13", "1", "l")
    if not small:
        panel.state.cancels["8"] = PracticeCancel("8", "16", "2", "l")
    told = world.run()
    assert told.code == 0, told.error
    watch = Watch(world)
    watch.seen = watch.look()
    wanted = _staff(world, watch, small=small)
    for key, service in (("21", "1"), ("22", "2")) if not small else (("21", "1"),):
        panel.add_order(key, service, link=f"l{key}", quantity="50", charge="1", user_id="u")
    if not small:
        panel.state.refills["2"] = _refill("2", "91")
        panel.state.cancels["9"] = PracticeCancel("9", "15", "1", "l")
    watch.seen = watch.look()
    watch.read = len(panel.requests)
    return Day(world, watch, world.save(), _copied(watch), wanted)


ARCHIVABLE = ("41", "42")
"""Orders that have been closed for more than a week when the day begins: its first run moves them to Archive."""


def _long_done(world: World) -> None:
    for key in ARCHIVABLE:
        world.panel.add_order(key, "1", link=f"l{key}", quantity="100", charge="10.00", user_id="u")
    assert world.run().code == 0
    world.edit("orders", {"41": {"status": "Completed", "note": "long done"}, "42": {"status": "Canceled"}})
    assert world.run().code == 0
    assert world.run().code == 0  # their rows say at rest what the panel has
    world.clock.sleep(8 * 86_400)


def _refill(key: str, order: str) -> PracticeRefill:
    return PracticeRefill(key, order, "1", "l", "5", "100", "2024-12-04T18:01:57.608Z")


def _staff(world: World, watch: Watch, *, small: bool) -> dict[str, Any]:
    """What staff did; returns (status, start count, remains, refunds) per order, and the rest."""
    edits: dict[str, dict[str, Any]] = {
        "11": {"status": "In progress", "start_count": 500},
        "12": {"status": "Partial", "remains": 40},
    }
    ends = {"11": ("In progress", "500", "", 1 - 1), "12": ("Partial", "", "40", 1), "13": ("Canceled", "", "", 1)}
    decisions: dict[str, dict[str, Any]] = {"7": {"decision": "Cancel and refund"}}
    if not small:
        edits |= {"14": {"status": "Completed"}, "15": {"status": "Canceled"}}
        ends |= {"14": ("Completed", "", "", 0), "15": ("Canceled", "", "", 1), "16": ("Processing", "", "", 0)}
        decisions["8"] = {"decision": "Reject"}
    world.edit("orders", edits)
    world.edit("cancels", decisions)
    world.edit("refills", {"1": {"status": "Completed"}})
    world.add("payments", reference="PAY-1", user="ann", amount=12.5, details="invoice 1", send="Yes")
    world.add("tickets", reference="T-1", user="bob", subject="subject 1", message="text", send="Yes")
    for key, (status, start, remains, _) in ends.items():
        watch.wish(("orders", key, "status", status))
        watch.wish(
            *(("orders", key, name, value) for name, value in (("start_count", start), ("remains", remains)) if value)
        )
    watch.wish(
        ("refills", "1", "Completed"),
        ("cancels", "8", "Reject"),
        ("payments", "ann", "12.50", "invoice 1"),
        ("tickets", "bob", "subject 1", "text"),
    )
    return {
        "orders": ends,
        "refills": {"1": "COMPLETED"},
        "cancels": {"7": "approved"} if small else {"7": "approved", "8": "rejected"},
    }


# --- afterwards -----------------------------------------------------------------------------------------------------------


def recovered(day: Day, *, machine: str = "a", most: int = 6) -> None:
    """The faults are over: the world comes to rest, people settle doubts by what the panel shows, and all is as staff wanted."""
    to_rest(day, machine, most)
    if settle_doubts(day):
        to_rest(day, machine, most)
    wishes = set(day.watch.wishes)
    if typed := clear_refusals(day):
        to_rest(day, machine, most)
        day.watch.wish(*sorted(wishes - day.watch.wishes))
        for tab, rows in typed.items():
            day.world.edit(tab, rows)
        day.watch.seen = day.watch.look()
        to_rest(day, machine, most)
    finished(day)


def to_rest(day: Day, machine: str = "a", most: int = 6) -> None:
    """Runs until one has nothing to do, checking after each; then one more, which must change nothing."""
    world, watch = day.world, day.watch
    for _ in range(most):
        told = watch.run(machine)
        idle = told.outcome and not told.outcome.plan.pushes and not told.outcome.landed
        if told.code in (0, 7) and idle and not _moving(world):
            break
        if told.code == 4:
            world.clock.sleep(400)
    else:
        watch.say(f"no rest after {most} runs: {[item.code for item in world.told]}")
        return
    watch.accounted()
    before, kept = watch.look(), _memory(world)
    told = watch.run(machine)
    if told.code not in (0, 7) or told.outcome is None or told.outcome.plan.pushes or told.outcome.landed:
        watch.say(f"the world does not rest: {told}")
    if watch.look() != before:
        watch.say("a run at rest changed a tab")
    if _memory(world) != kept:
        watch.say(f"a run at rest changed its memory: {_difference(kept, _memory(world))}")


def _moving(world: World) -> bool:
    """Whether rows moved to Archive that the next run's read is to confirm."""
    return any(list(row.values())[2] in ("archived", "archived again") for row in world.rows("ledger"))


def _memory(world: World) -> list[str]:
    """The hidden tab without what every run writes: revision, commit, the machines' last ones, heartbeat."""
    every = ("revision", "commit", "machines", "written", "heartbeat")
    return sorted(repr(row) for row in world.rows("ledger") if list(row.values())[1] not in every)


def _difference(before: list[str], after: list[str]) -> list[str]:
    return [f"- {row}" for row in before if row not in after] + [f"+ {row}" for row in after if row not in before]


def settle_doubts(day: Day) -> bool:
    """People look at the panel and say in each row in doubt what is true. Returns whether there was one."""
    world, watch = day.world, day.watch
    state = world.panel.state
    found = False
    for tab, rows in watch.look().items():
        said: dict[str, dict[str, Any]] = {}
        for row in rows:
            if "Not sure" not in str(row.get("Sync") or ""):
                continue
            key = str(row.get("ID") or row.get("Reference"))
            if tab == "payments":
                went = any(entry["details"] == row["Details"] for entry in state.payments)
            elif tab == "tickets":
                went = any(entry["subject"] == row["Subject"] for entry in state.tickets)
            else:
                went = bool(state.orders[key if tab == "orders" else str(row["Order ID"])].refunds)
            said[key] = {"unsure": "It went through" if went else "Send again"}
        if said:
            found = True
            world.edit(tab, said)
    watch.seen = watch.look()
    return found


_RETRY = {
    "orders": {"status": "Status", "remains": "Remains", "start_count": "Start count"},
    "refills": {"status": "Status"},
    "cancels": {"decision": "Decision", "remains": "Remains"},
    "payments": {"send": "Send"},
    "tickets": {"send": "Send"},
}


def clear_refusals(day: Day) -> dict[str, dict[str, dict[str, Any]]]:
    """Where the panel said no, people clear the cells; returns what stood there, to be typed again: that sends it again."""
    typed: dict[str, dict[str, dict[str, Any]]] = {}
    for tab, rows in day.watch.look().items():
        for row in rows:
            if "Refused" in str(row.get("Sync") or ""):
                key = str(row.get("ID") or row.get("Reference"))
                typed.setdefault(tab, {})[key] = {name: row[head] for name, head in _RETRY[tab].items()}
    for tab, kept in typed.items():
        day.world.edit(tab, {key: dict.fromkeys(cells) for key, cells in kept.items()})
    day.watch.seen = day.watch.look()
    return typed


def finished(day: Day) -> None:
    """The panel is exactly where staff wanted it."""
    state, say = day.world.panel.state, day.watch.say
    for key, wanted in day.wanted["orders"].items():
        order = state.orders[key]
        is_now = (order.status, order.start_count, order.remains, len(order.refunds))
        if is_now != wanted:
            say(f"order {key} is {is_now}, wanted {wanted}")
    for key, wanted in day.wanted["refills"].items():
        if state.refills[key].status != wanted:
            say(f"refill {key} is {state.refills[key].status}, wanted {wanted}")
    for key, wanted in day.wanted["cancels"].items():
        if state.cancels[key].status != wanted:
            say(f"cancel {key} is {state.cancels[key].status}, wanted {wanted}")
    archived = sorted(str(row["ID"]) for row in day.watch.archive())
    if archived != list(ARCHIVABLE) or set(day.world.ids("orders")) & set(archived):
        say(f"in Archive: {archived}, in Orders: {day.world.ids('orders')}")
    if [entry["details"] for entry in state.payments] != ["invoice 1"]:
        say(f"payments: {state.payments}")
    if [entry["subject"] for entry in state.tickets] != ["subject 1"]:
        say(f"tickets: {state.tickets}")
