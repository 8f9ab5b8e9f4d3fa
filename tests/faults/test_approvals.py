"""A run with an approval, failing at each of its boundaries: a tick is used at most once, and is never lost without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile import boundary
from tests.faults.sweep import Injector
from tests.test_approvals import Office, office

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.world import Saved

pytestmark = pytest.mark.long

KEYS = ("1", "2", "3", "4", "5")
ALLOWED = 2
MOST_RUNS = 14


class Ticked:
    """Five refunds where two are allowed, listed and ticked; the morning of the same day as often as it is wanted."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.world: Office = office(folder, kind, orders=len(KEYS))
        self.first = self.world.stop(*KEYS)
        self.world.tick(self.first)
        self.saved: Saved = self.world.save()

    def again(self) -> None:
        self.world.restore(self.saved)


def unmade(world: Office) -> set[str]:
    """Refunds that staff want and nobody made."""
    return {key for key in KEYS if not world.panel.state.orders[key].refunds}


def doubted(world: Office) -> set[str]:
    """Refunds that the sheet calls not sure."""
    return {str(row["ID"]) for row in world.rows("orders") if "Not sure" in str(row["Sync"])}


def settle(world: Office) -> bool:
    """People look at the panel and say what is true of each row in doubt. Returns whether there was one."""
    said = {}
    for row in world.rows("orders"):
        if "Not sure" in str(row["Sync"]):
            went = bool(world.panel.state.orders[str(row["ID"])].refunds)
            said[str(row["ID"])] = {"unsure": "It went through" if went else "Send again"}
    world.edit("orders", said)
    return bool(said)


def lived_through(day: Ticked, shot: tuple[str, int], *, wipe: bool) -> list[tuple[str, str]]:
    """One day with this fault, and people who tick what they are shown until all is refunded. Returns what fired."""
    day.again()
    world: Office = day.world
    injector = Injector(world, (shot,))
    ticked, sent_over = {day.first}, 0
    boundary.set_hook(injector)
    try:
        for number in range(MOST_RUNS):
            before, wanted = len(world.refunded()), unmade(world)
            told = world.run()
            if number == 0:
                boundary.set_hook(None)
                if wipe:
                    world.wipe()
                    world.clock.sleep(400)
            sent_over += len(world.refunded()) > before and len(wanted - doubted(world)) > ALLOWED
            assert sent_over <= len(ticked), f"{shot}: more was sent than was ticked"
            if told.outcome is not None and told.outcome.plan.holding:
                offered = world.open_codes()
                fresh = [code for code in offered if code not in ticked]
                assert fresh, (
                    f"{shot}: stopped, and nothing to tick: {[world.says(row['Code']) for row in world.heads()]}"
                )
                world.tick(*fresh)
                ticked.update(fresh)
            elif told.code == 4:
                world.clock.sleep(400)
            if not settle(world) and told.code in (0, 7) and told.outcome and not told.outcome.plan.pushes:
                break
        else:
            pytest.fail(f"{shot}: no rest after {MOST_RUNS} runs: {[item.code for item in world.told[-MOST_RUNS:]]}")
    finally:
        boundary.set_hook(None)
    refunds = {key: len(world.panel.state.orders[key].refunds) for key in KEYS}
    assert refunds == dict.fromkeys(KEYS, 1), f"{shot}: {refunds}"
    assert not world.open_codes()
    ended = ("let through on", "Out of date", "nothing to let through")
    assert all(any(text in str(row["Sync"]) for text in ended) for row in world.heads())
    return injector.fired


SWEEPS = [
    ("memory", "crash", 1, 2, False),
    ("memory", "crash", 2, 5, True),
    ("xlsx", "crash", 1, 11, False),
    ("google", "crash", 2, 11, False),
    ("google", "crash", 3, 17, True),
    ("google", "acted", 1, 3, False),
    ("google", "lost", 1, 3, False),
    ("memory", "acted", 1, 2, False),
    ("memory", "lost", 1, 1, False),
    ("memory", "down", 1, 3, False),
    ("memory", "key", 1, 3, False),
    ("xlsx", "down", 1, 7, False),
]


@pytest.mark.parametrize(("book", "kind", "start", "step", "wipe"), SWEEPS)
def test_a_tick_is_used_once_and_never_lost(
    tmp_path: Path, book: str, kind: str, start: int, step: int, *, wipe: bool
) -> None:
    """F01, F05, F06, F16, F22 at each boundary: refunds beyond the limit go only with a tick of their own; all get there."""
    day = Ticked(tmp_path, book)
    number, fired = start, 0
    while lived_through(day, (kind, number), wipe=wipe):
        fired += 1
        number += step
    assert fired >= 3 // step
