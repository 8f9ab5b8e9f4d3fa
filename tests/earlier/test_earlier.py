"""What earlier versions left is read as it was meant, or refused with exit 8 until `init` has completed it; never guessed."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconcile.panel.practice import PracticePanel
from tests.emulator.emulator import Emulator
from tests.faults.books import Xlsx
from tests.faults.google_book import Google
from tests.faults.world import Clock, World

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
VERSIONS = sorted(path.name for path in HERE.iterdir() if (path / "orders.xlsx").exists())
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""Hours after those runs: what they were allowed to do is over."""


def panel() -> PracticePanel:
    """The panel as it was left: everything handed out, order 1 done, order 3 refunded without anybody having heard of it."""
    made = PracticePanel(0, 1, refills=0, cancels=0)
    for key in ("1", "2", "3", "4", "5", "6"):
        made.add_order(key, quantity="100", charge="5", link="https://t.test/x")
        made.state.orders[key].handed = True
        made.state.orders[key].status = {"1": "Completed", "3": "Canceled"}.get(key, "Processing")
    return made


class Kept(Xlsx):
    """A workbook file that is there already."""

    def __init__(self, path: Path) -> None:
        self._use(path)


class Replayed(Google):
    """A spreadsheet made by the requests of long ago."""

    def __init__(self, batches: list[Any], clock: Clock) -> None:
        emulator = Emulator(serve=False, clock=clock.seconds, sleep=clock.sleep)
        self._use(emulator, emulator.new_spreadsheet("Orders"))
        for requests in batches:
            address = f"https://sheets.googleapis.com/v4/spreadsheets/{self.id}:batchUpdate"
            self.session.post(address, json={"requests": requests}).raise_for_status()


def taken_up(folder: Path, version: str, kind: str) -> World:
    """A world whose workbook and journal are the ones that version left."""
    clock = Clock()
    clock.at = LATER
    left = HERE / version
    if kind == "xlsx":
        book: Any = Kept(Path(shutil.copy(left / "orders.xlsx", folder)))
    else:
        book = Replayed(json.loads(gzip.decompress((left / "google.json.gz").read_bytes())), clock)
    world = World(folder, book, panel(), clock)
    world.runs = 100
    world.machine("a").mkdir(parents=True)
    shutil.copy(left / f"{kind}.sqlite3", world.machine("a") / "journal.sqlite3")
    return world


@pytest.mark.parametrize("kind", ["xlsx", "google"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_later_version_finishes_what_an_earlier_one_began(tmp_path: Path, version: str, kind: str) -> None:
    """Received orders land, the waiting edit is sent, the doubt stays one, nothing is sent or asked twice."""
    world = taken_up(tmp_path, version, kind)
    assert world.ids("orders") == ["1", "2", "3", "4"]
    told = world.run()
    if told.code == 8:
        assert told.error is not None
        assert "init" in f"{told.error} {getattr(told.error, 'next_step', '')}"
        assert world.panel.requests == []
        world.book.open(world.clock).provision([])
        told = world.run()
    assert told.code == 7
    assert world.ids("orders") == ["1", "2", "3", "4", "5", "6"]
    assert world.cell("orders", "5", "Link") == "@late"
    assert world.cell("orders", "2", "Note") == "call me"
    assert "Not sure" in world.cell("orders", "3", "Sync")
    assert world.panel.calls("setCanceled") == []
    assert [[entry["id"] for entry in call.orders] for call in world.panel.calls("updateOrders")] == [["2"]]
    assert (world.panel.state.orders["2"].status, world.panel.state.orders["2"].start_count) == ("In progress", "7")
    world.type("orders", "3", unsure="It went through")
    assert world.run().code == 0
    assert len(world.panel.calls("updateOrders")) == 1
    assert world.panel.calls("setCanceled") == []


def test_both_kinds_of_at_least_one_version_are_kept() -> None:
    """Otherwise the test above would say nothing."""
    assert VERSIONS
    assert all((HERE / name / "google.json.gz").exists() for name in VERSIONS)
