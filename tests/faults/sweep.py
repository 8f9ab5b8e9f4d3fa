"""Sweeps: the Nth boundary fails, for N = 1, 2, 3 … until a run completes without the fault having fired.

Two faults that leave the world in one and the same state have one future: with `Known`, it is lived through once. A crash
before a call and a crash after the call before it are such a pair, so a whole sweep costs less than half.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from reconcile import boundary
from reconcile.errors import AccessRefused, Unavailable
from tests.faults.scenario import recovered
from tests.faults.world import Crash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.faults.scenario import Day
    from tests.faults.world import World

Shot = tuple[str, int]
"""(kind of fault, the how-manieth boundary it fits is hit)."""

Fault = tuple[str, str]
"""(kind, boundary) of a shot that fired."""

Known = dict[bytes, list[str]]
"""State after a run → the promises that are broken when the world has come to rest from there."""

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
    "google.before-send": ("blip", "acted", "lost"),
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

    world: World
    shots: tuple[Shot, ...]
    fired: list[Fault] = field(default_factory=list)
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
            fire(self.world, kind, name)


def fire(world: World, kind: str, name: str) -> None:
    """Lets one fault happen at this boundary."""
    if kind == "crash":
        world.dying = True
        raise Crash(name)
    if name == "panel.before-send":
        world.line.trouble[:] = _WIRE[kind]
        return
    if name.startswith(("book.", "google.")) and world.book.outage(kind, name):
        return
    if kind == "acted" and name == "book.before-commit":
        return  # a file or a memory has no answer that could be lost: see book.after-commit
    if name.startswith("file."):
        raise OSError(errno.ENOSPC if kind == "down" else errno.EACCES, "injected")
    raise (AccessRefused if kind == "key" else Unavailable)(f"injected: {kind} at {name}")


def faulted(day: Day, shots: Iterable[Shot], *, wipe: bool = False) -> tuple[list[Fault], int]:
    """One run with these faults: which fired, and how many boundaries it passed. `wipe`: its disk is gone afterwards."""
    day.again()
    injector = Injector(day.world, tuple(shots))
    boundary.set_hook(injector)
    try:
        day.watch.run()
    finally:
        boundary.set_hook(None)
    if wipe:
        day.world.wipe()
        day.world.clock.sleep(400)
    return injector.fired, injector.passed


def rested(day: Day, known: Known | None = None) -> list[str]:
    """The promises that are broken when the faults have stopped and the world has come to rest."""
    state = b"" if known is None else day.state()
    if known is not None and state in known:
        return known[state]
    recovered(day)
    problems = list(day.watch.problems)
    if known is not None:
        known[state] = problems
    return problems


def run(day: Day, shots: Iterable[Shot], *, wipe: bool = False) -> tuple[list[Fault], int, list[str]]:
    """A run with these faults and what comes after it: which fired, boundaries passed, broken promises."""
    fired, passed = faulted(day, shots, wipe=wipe)
    return fired, passed, rested(day)


def singles(
    day: Day, kind: str, *, start: int = 1, step: int = 1, wipe: bool = False, known: Known | None = None
) -> Iterator[tuple[Shot, str, list[str]]]:
    """(shot, boundary, broken promises) for every single fault of one kind, until one does not fire any more."""
    for number in count(start, step):
        fired, _ = faulted(day, [(kind, number)], wipe=wipe)
        if not fired:
            return
        yield (kind, number), fired[0][1], rested(day, known)


def pairs(
    day: Day,
    kind: str,
    seconds: Sequence[str],
    *,
    start: int = 1,
    step: int = 1,
    then: int = 1,
    known: Known | None = None,
) -> Iterator[tuple[tuple[Shot, Shot], list[str]]]:
    """Every fault of one kind, and with each every second one: in the rest of that run, and in the run that recovers."""
    known = {} if known is None else known
    lived: dict[tuple[bytes, str], list[tuple[Shot, list[str]]]] = {}
    for number in count(start, step):
        first = (kind, number)
        fired, _ = faulted(day, [first])
        if not fired:
            return
        evening, state = day.here(), day.state()
        for second in seconds:
            for after in count(1, then):
                shots = (first, (second, after))
                if len(faulted(day, shots)[0]) < len(shots):
                    break
                yield shots, rested(day, known)
            if (state, second) not in lived:
                lived[state, second] = [
                    (shot, problems) for shot, _, problems in singles(evening, second, step=then, known=known)
                ]
            for shot, problems in lived[state, second]:
                yield (first, shot), problems
