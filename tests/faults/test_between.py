"""Something happens at the Nth boundary of a day's run, for a sample of all N: people's hands, a signal, a vanished disk, a clock."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconcile import boundary
from reconcile.job import Stop
from reconcile.workbook.templates import templates
from tests.faults.scenario import Day, day, recovered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.long

UNSEEN = "file.before-replace"
"""A save in the microseconds between a file's last check and its replacement cannot be seen by anybody."""


def at_each(prepared: Day, act: Callable[[], object], *, start: int, step: int, stop: Stop | None = None) -> Any:
    """Yields (N, how the run ended) with `act` done at the Nth boundary, for N = start, start + step … until there is none."""
    number = start
    while True:
        passed = 0

        def hook(name: str) -> None:
            nonlocal passed
            passed += 1
            if passed == number and name != UNSEEN:  # noqa: B023 - the hook is gone before the next one
                boundary.set_hook(None)
                act()
                boundary.set_hook(hook)

        prepared.again()
        if stop is not None:
            stop.requested = False
        boundary.set_hook(hook)
        told = prepared.world.run(stop=stop)
        boundary.set_hook(None)
        if passed < number:
            return
        yield number, told
        number += step


def staff(prepared: Day, title: str = "") -> Any:
    """A person in the Orders tab of a Google Sheet."""
    book: Any = prepared.world.book
    return book.emulator.staff(book.id, title or templates().tab("orders").title, book.emulator.owner)


def move(prepared: Day) -> None:
    """The last column becomes the second one."""
    grid = prepared.world.book.see("orders")
    for row in grid:
        row.insert(1, row.pop())
    prepared.world.book.show("orders", grid)


def paste(prepared: Day) -> None:
    """Something is pasted down a whole column of staff's."""
    head, *body = prepared.world.book.see("orders")
    for row in body:
        row[head.index("Note")] = "pasted"
    prepared.world.book.show("orders", [head, *body])


def hide(prepared: Day) -> None:
    """A filter hides two rows."""
    staff(prepared).filter("ID", hide=["12", "13"])


def heading(prepared: Day, old: str = "Remains", new: str = "Rest") -> None:
    """A heading gets another name."""
    head, *body = prepared.world.book.see("orders")
    prepared.world.book.show("orders", [[new if name == old else name for name in head], *body])


@pytest.mark.parametrize(
    ("book", "act", "start", "step"),
    [
        ("memory", move, 1, 7),
        ("memory", paste, 1, 7),
        ("xlsx", move, 3, 23),
        ("xlsx", paste, 5, 23),
        ("google", paste, 4, 23),
        ("google", hide, 6, 23),
    ],
)
def test_hands_between_any_two_calls(
    tmp_path: Path, book: str, act: Callable[[Day], None], start: int, step: int
) -> None:
    """F09: columns moved, cells pasted, rows hidden at any moment: no cell of theirs changes, nothing is lost or sent twice."""
    prepared = day(tmp_path, book, small=True)

    def acted() -> None:
        prepared.watch.check()
        act(prepared)
        prepared.watch.seen = prepared.watch.look()

    count = 0
    for number, told in at_each(prepared, acted, start=start, step=step):
        count += 1
        assert told.code in (0, 7), number
        prepared.watch.check()
        recovered(prepared)
        assert prepared.watch.problems == [], number
    assert count >= 3


@pytest.mark.parametrize(("book", "start", "step"), [("memory", 1, 7), ("xlsx", 4, 29), ("google", 2, 29)])
def test_a_heading_renamed_at_any_moment(tmp_path: Path, book: str, start: int, step: int) -> None:
    """F09, F20: renamed in mid-run it costs that run or the next one, exit 8; named as before, the work goes on."""
    prepared = day(tmp_path, book, small=True)
    codes = Counter[int]()
    for number, told in at_each(prepared, lambda: heading(prepared), start=start, step=step):
        codes[told.code] += 1
        assert told.code in (0, 7, 8), number
        assert prepared.world.run().code == 8, number
        heading(prepared, "Rest", "Remains")
        prepared.watch.seen = prepared.watch.look()
        recovered(prepared)
        assert prepared.watch.problems == [], number
    assert sum(codes.values()) >= 3


def test_a_tab_renamed_at_any_moment(tmp_path: Path) -> None:
    """F09, F20: a Google Sheet's tab renamed in mid-run: what was received lands there all the same, or is on record."""
    prepared = day(tmp_path, "google", small=True)
    count = 0
    for number, told in at_each(prepared, lambda: staff(prepared).rename_tab("Bestellungen"), start=2, step=11):
        count += 1
        assert told.code in (0, 7, 8), number
        staff(prepared, "Bestellungen").rename_tab("Orders")
        prepared.watch.check()
        recovered(prepared)
        assert prepared.watch.problems == [], number
    assert count >= 5


@pytest.mark.parametrize(("book", "start", "step"), [("memory", 1, 3), ("xlsx", 2, 29), ("google", 5, 31)])
def test_a_signal_at_any_boundary(tmp_path: Path, book: str, start: int, step: int) -> None:
    """F22: asked to stop, a run begins at most one more call, lands what it has, and lets go of its lease; nothing is lost."""
    prepared = day(tmp_path, book, small=True)
    stop = Stop()
    sent = 0

    def ask() -> None:
        nonlocal sent
        stop.requested, sent = True, prepared.world.line.sent

    for number, told in at_each(prepared, ask, start=start, step=step, stop=stop):
        assert told.code in (0, 7), number
        assert prepared.world.line.sent - sent <= 1, number
        assert "lease" not in prepared.world.meta(), number
        prepared.watch.check()
        recovered(prepared)
        assert prepared.watch.problems == [], number


@pytest.mark.parametrize(("book", "start", "step"), [("memory", 1, 5), ("xlsx", 3, 23), ("google", 6, 29)])
def test_the_disk_gone_in_mid_run(tmp_path: Path, book: str, start: int, step: int) -> None:
    """F22: the state folder vanishes under a run: what it had received is in the sheet or on record afterwards."""
    prepared = day(tmp_path, book, small=True)

    def gone() -> None:
        shutil.rmtree(prepared.world.machine("a"))

    for number, _ in at_each(prepared, gone, start=start, step=step):
        prepared.watch.check()
        prepared.world.clock.sleep(400)
        recovered(prepared)
        assert prepared.watch.problems == [], number


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=6)])
def test_a_clock_put_back_at_any_boundary(tmp_path: Path, back: timedelta) -> None:
    """F14: time jumps back in mid-run: the same edits are sent, the same rows land, and every promise holds."""
    prepared = day(tmp_path, "memory", small=True)

    def jump() -> None:
        prepared.world.clock.at -= back

    for number, _ in at_each(prepared, jump, start=1, step=3):
        prepared.watch.check()
        prepared.world.clock.sleep(back.total_seconds() + 400)
        recovered(prepared)
        assert prepared.watch.problems == [], number
