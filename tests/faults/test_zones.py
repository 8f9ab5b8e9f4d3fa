"""Times in the sheet are in the sheet's own zone, in every sentence and every cell, whatever the settings say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from reconcile.workbook.google import EPOCH
from reconcile.workbook.xlsx import XlsxWorkbook
from tests.faults.world import make

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.world import World

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
