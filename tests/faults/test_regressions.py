"""Faults the harness found once, each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile import boundary
from reconcile.errors import Unavailable
from tests.faults.world import World, make

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Orders 1 to 3 of service 1 wait at the panel."""
    made = make(tmp_path, "memory")
    for key in ("1", "2", "3"):
        made.panel.add_order(key, quantity="100", charge="5", link="l")
    return made


def fail_write(world: World, after: str) -> None:
    """The journal's next write after a call of this action finds the disk full; so do all that follow."""

    def hook(name: str) -> None:
        if name == "journal.before-write" and world.panel.calls(after):
            raise Unavailable("The journal cannot be used: the disk is full.")

    boundary.set_hook(hook)


def test_a_refund_the_journal_could_not_note_is_not_sent_again(world: World) -> None:
    """F06, F22: the disk fills up between a refund's answer and its note in the journal; it is refunded once all the same."""
    world.run()
    world.type("orders", "1", status="Canceled")
    fail_write(world, "setCanceled")
    assert world.run().code == 5
    boundary.set_hook(None)
    assert world.run().code == 0
    assert world.panel.state.orders["1"].refunds == ["5"]
    assert world.cell("orders", "1", "Sync").startswith("#1 · Sent")
