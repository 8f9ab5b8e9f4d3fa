"""Times in the sheet are in the sheet's own zone, in every sentence and every cell, whatever the settings say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from reconcile import boundary
from reconcile.workbook.google import EPOCH
from reconcile.workbook.xlsx import XlsxWorkbook
from tests.faults.world import die, make

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.world import World

pytestmark = pytest.mark.long

PLACE = "Asia/Kolkata"


def check_said_and_shown(world: World) -> None:
    """An order arrives and its status is sent: Received and Sync say the same minute, five and a half hours ahead."""
    world.panel.add_order("1", "1", link="l", quantity="100", charge="10.00", user_id="u")
    world.run()
    world.type("orders", "1", status="Completed")
    now = world.clock.at.astimezone(ZoneInfo(PLACE))
    assert world.run().code == 0
    assert f"{now:%H:%M}" in str(world.cell("orders", "1", "Sync"))
    received = world.cell("orders", "1", "Received")
    shown = received if isinstance(received, datetime) else EPOCH + timedelta(days=received)
    assert f"{shown:%H:%M}" == f"{now:%H:%M}"


def test_google(tmp_path: Path) -> None:
    """The spreadsheet's own zone, which only a read tells."""
    world = make(tmp_path, "google")
    world.book.emulator.book(world.book.id).properties["timeZone"] = PLACE
    world.book.open(world.clock).provision()
    check_said_and_shown(world)


def test_a_file(tmp_path: Path) -> None:
    """The setting, since a file has none."""
    world = make(tmp_path, "xlsx")
    world.book.open = lambda clock: XlsxWorkbook(world.book.path, clock=clock, zone=ZoneInfo(PLACE))
    check_said_and_shown(world)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_an_answer_that_landed_while_the_clock_was_put_back_does_not_land_again(tmp_path: Path, zone: str) -> None:
    """F14: claimed at 2:59 summer time and landed at 2:00 winter time, archived by another machine: that is no second handing-out."""
    world = make(tmp_path, "xlsx")
    world.book.open = lambda clock: XlsxWorkbook(world.book.path, clock=clock, zone=ZoneInfo(zone))
    world.clock.at = datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC)
    for key in ("1", "2"):
        world.panel.add_order(key, "1", link="l", quantity="100", charge="5", user_id="u")
    commits = 0

    def hook(name: str) -> None:
        nonlocal commits
        if name == "panel.after-answer" and world.panel.calls("getOrders"):
            world.clock.sleep(5)
        commits += name == "book.after-commit"
        if commits == 2:
            die()

    boundary.set_hook(hook)
    assert world.run("a").crashed
    boundary.set_hook(None)
    assert world.ids("orders") == ["1", "2"]
    assert world.clock.at > datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    world.clock.sleep(400)
    world.run("b")
    world.edit("orders", {key: {"status": "Completed"} for key in ("1", "2")})
    world.run("b")
    world.run("b")
    world.clock.sleep(9 * 86_400)
    world.run("b")
    assert (world.ids("orders"), world.ids("archive")) == ([], ["1", "2"])
    world.run("a")
    assert (world.ids("orders"), world.ids("archive")) == ([], ["1", "2"])
