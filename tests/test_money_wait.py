"""RECONCILE_MONEY_WAIT through whole runs: on every workbook, by several machines, with ticks, in the number of calls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.test_approvals import BOOKS, Office, office

if TYPE_CHECKING:
    from pathlib import Path

WAIT = timedelta(minutes=10)


def later(world: Office, minutes: float) -> None:
    """Time passes."""
    world.clock.sleep(60 * minutes)


@pytest.mark.parametrize("kind", BOOKS)
def test_any_machine_goes_on_with_the_wait_and_it_is_sent_once(tmp_path: Path, kind: str) -> None:
    """a saw it first, b runs in between, a third one with an empty disk sends it."""
    world = office(tmp_path, kind, money_wait=WAIT)
    world.type("orders", "1", status="Canceled")
    assert world.run("a").code == 0
    says = world.cell("orders", "1", "Sync")
    assert (
        says == "#1 · Waiting. Status Canceled (refund 5.00) will be sent after 08:10; clear the cell to stop (Status)."
    )
    later(world, 5)
    assert world.run("b").code == 0
    assert (world.refunded(), world.cell("orders", "1", "Sync")) == ([], says)
    later(world, 5.5)
    assert world.run("c").code == 0
    assert world.refunded() == ["1"]
    assert world.run("a").code == 0
    assert world.refunded() == ["1"]


@pytest.mark.parametrize("kind", BOOKS)
def test_a_tick_begins_the_wait_and_is_used_when_it_is_over(tmp_path: Path, kind: str) -> None:
    """The list says so meanwhile; it can be unticked; all of it goes together, what moves no money as well."""
    world = office(tmp_path, kind, money_wait=WAIT)
    code = world.stop("1", "2", "3")
    later(world, 20)
    yes = True if kind == "google" else "Yes"
    world.tick(code, value=yes)
    assert world.run().code == 0
    first = world.says(code)
    assert first.startswith("Waiting. It is ticked; all of it will be sent after 08:30.")
    later(world, 9)
    world.tick(code, value=None)
    assert world.run().code == 3
    world.tick(code, value=yes)
    assert world.run().code == 0
    later(world, 9)
    assert world.run("b").code == 0
    assert world.refunded() == []
    later(world, 1.5)
    assert world.run().code == 0
    assert sorted(world.refunded()) == ["1", "2", "3"]
    assert world.says(code).startswith("Note. It was let through on")
    assert world.run().code == 0
    assert len(world.refunded()) == 3


def test_a_row_of_a_ticked_list_that_changes_voids_the_tick(tmp_path: Path) -> None:
    """Another value in the last minute is another list."""
    world = office(tmp_path, money_wait=WAIT)
    code = world.stop("1", "2", "3")
    world.tick(code)
    assert world.run().code == 0
    later(world, 9)
    world.type("orders", "2", status="Partial", remains=40)
    assert world.run().code == 3
    later(world, 30)
    assert world.run().code == 3
    assert world.refunded() == []


def test_a_list_with_other_changes_in_it_waits_as_a_whole(tmp_path: Path) -> None:
    """Completed rows of a list beside refunds wait with them, or the tick would be about another list."""
    world = office(tmp_path, orders=24, max_closed_share=10, max_refunds=9, money_wait=WAIT)
    world.edit("orders", {"1": {"status": "Canceled"}, "2": {"status": "Completed"}, "3": {"status": "Completed"}})
    assert world.run().code == 3
    (code,) = world.open_codes()
    world.tick(code)
    assert world.run().code == 0
    assert world.panel.state.orders["2"].status == "Processing"
    later(world, 11)
    assert world.run().code == 0
    assert (world.refunded(), world.panel.state.orders["2"].status) == (["1"], "Completed")


@pytest.mark.parametrize("minutes", [-60 * 24 * 365, 60 * 24 * 365])
def test_a_clock_a_year_off_sends_nothing_early_and_locks_nothing(tmp_path: Path, minutes: int) -> None:
    """Its look sends nothing; the others go on, and are ready within two waits."""
    world = office(tmp_path, money_wait=WAIT)
    world.type("orders", "1", status="Canceled")
    world.run()
    world.run("b", skew=timedelta(minutes=minutes))
    assert world.refunded() == []
    later(world, 10.5)
    world.run()
    later(world, 10.5)
    world.run()
    assert world.refunded() == ["1"]


def test_a_killed_run_keeps_the_wait(tmp_path: Path) -> None:
    """The panel is away as the time is over: nothing is lost, nothing waits anew."""
    world = office(tmp_path, money_wait=WAIT)
    world.type("orders", "1", status="Canceled")
    world.run()
    later(world, 11)
    world.line.trouble[:] = ["never"] * 500
    assert world.run().code == 5
    world.line.trouble.clear()
    world.run()
    assert world.refunded() == ["1"]
