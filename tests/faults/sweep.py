"""Sweeps: the Nth boundary fails, for N = 1, 2, 3 … until a run completes without the fault having fired.

Two faults that leave the world in one and the same state have one future: with `known`, it is lived through once. A crash
before a call and a crash after the call before it are such a pair, so a whole sweep costs less than half.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconcile import boundary
from reconcile.errors import AccessRefused, Unavailable
from tests.faults.scenario import recovered
from tests.faults.world import Crash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.faults.scenario import Day
    from tests.faults.world import World

Shot = tuple[str, int]
"""(kind of fault, the how-manieth boundary it fits is hit)."""

Known = dict[tuple[bytes, tuple[Shot, ...], bool], tuple[list[tuple[str, str]], list[str]]]
"""(state after a run, shots still to come, disk gone) → (what fires from there on, the promises broken in the end)."""

PANEL = ("blip", "down", "lost", "acted", "cut", "refused", "key", "html")
KINDS = ("crash", *PANEL)

_WIRE = {
    "blip": ["never"],
    "down": ["never"] * 500,
    "lost": ["lost"],
    "acted": ["acted"],
    "cut": ["cut"],
    "refused": ["refused"],
    "key": ["key"] * 500,
    "html": ["html"] * 500,
}
_BOOK = {
    "book.before-read": ("blip", "down", "key"),
    "book.before-commit": ("blip", "down", "key", "acted", "lost"),
    "book.after-commit": ("acted",),
    "journal.before-write": ("down",),
    "file.before-temp": ("down", "key"),
    "file.after-temp": ("down",),
    "file.before-replace": ("down", "key"),
}


def fits(kind: str, name: str) -> bool:
    """Whether a fault of this kind can happen at this boundary."""
    return kind == "crash" or (name == "panel.before-send" and kind in PANEL) or kind in _BOOK.get(name, ())


@dataclass
class Injector:
    """A boundary hook that fires its shots one after the other; the count begins anew after each."""

    day: Day
    shots: tuple[Shot, ...]
    fired: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0
    passed: int = 0

    def __call__(self, name: str) -> None:
        self.passed += 1
        if len(self.fired) == len(self.shots):
            return
        kind, number = self.shots[len(self.fired)]
        if not fits(kind, name):
            return
        self.count += 1
        if self.count == number:
            self.count = 0
            self.fired.append((kind, name))
            fire(self.day.world, kind, name)


def fire(world: World, kind: str, name: str) -> None:
    """Lets one fault happen at this boundary."""
    if kind == "crash":
        raise Crash(name)
    if name == "panel.before-send":
        world.line.trouble[:] = _WIRE[kind]
        return
    if name.startswith("book.") and world.book.outage(kind, name):
        return
    if kind == "acted" and name == "book.before-commit":
        return  # a file or a memory has no answer that could be lost: see book.after-commit
    if name.startswith("file."):
        raise OSError(errno.ENOSPC if kind == "down" else errno.EACCES, "injected")
    raise (AccessRefused if kind == "key" else Unavailable)(f"injected: {kind} at {name}")


def run(
    day: Day, shots: Iterable[Shot], *, wipe: bool = False, known: Known | None = None
) -> tuple[list[tuple[str, str]], int, list[str]]:
    """One day with these faults: which fired, how many boundaries were passed, and the promises that were broken.

    The hook stays for the first run and, when a shot is left, for the runs that recover. `wipe`: the disk is gone after
    the faulted run, as a runner's is. `known` is looked into and added to.
    """
    day.again()
    world, watch = day.world, day.watch
    injector = Injector(day, tuple(shots))
    reached: list[tuple[tuple[bytes, tuple[Shot, ...], bool], int]] = []
    boundary.set_hook(injector)
    try:
        for _ in range(8):
            world.run()
            watch.check()
            if wipe:
                world.wipe()
                world.clock.sleep(400)
            if known is not None and injector.fired and not injector.count:
                here = (day.state(), injector.shots[len(injector.fired) :], wipe)
                if here in known:
                    later, problems = known[here]
                    break
                reached.append((here, len(injector.fired)))
            if len(injector.fired) == len(injector.shots) or not _hit(injector):
                later, problems = [], None
                break
        else:
            later, problems = [], None
    finally:
        boundary.set_hook(None)
    if problems is None:
        recovered(day)
        problems = list(watch.problems)
    fired = [*injector.fired, *later]
    for here, count in reached:
        known[here] = (fired[count:], problems)  # type: ignore[index]  # there is one, or nothing was reached
    return fired, injector.passed, problems


def _hit(injector: Injector) -> bool:
    """Whether at least one shot fired: the next one may then hit the run that recovers."""
    return bool(injector.fired)


def singles(
    day: Day, kind: str, *, start: int = 1, step: int = 1, wipe: bool = False, known: Known | None = None
) -> Iterator[tuple[Shot, str, list[str]]]:
    """(shot, boundary, broken promises) for every single fault of one kind, until one does not fire any more."""
    number = start
    while True:
        fired, _, problems = run(day, [(kind, number)], wipe=wipe, known=known)
        if not fired:
            return
        yield (kind, number), fired[0][1], problems
        number += step


def pairs(
    day: Day, kinds: tuple[str, str], *, start: int = 1, step: int = 1, then: int = 1, known: Known | None = None
) -> Iterator[tuple[tuple[Shot, ...], list[str]]]:
    """Every pair of faults: the second one counts on from the first, through the runs that recover."""
    first = start
    while True:
        second = 1
        while True:
            shots = ((kinds[0], first), (kinds[1], second))
            fired, _, problems = run(day, shots, known=known)
            if not fired:
                return
            yield shots[: len(fired)], problems
            if len(fired) < 2:
                break
            second += then
        first += step
