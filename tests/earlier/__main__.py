"""`python -m tests.earlier NAME`: keeps what this version leaves behind, in tests/earlier/NAME, for the versions to come.

A file workbook as its bytes, a Google Sheet as the requests that made it, each with its journal. In both: order 1 is Completed
and accepted, the refund of order 3 is in doubt, order 2 has an edit nobody sent, and orders 5 and 6 were received but
had not landed when the process died.
"""
# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import argparse
import gzip
import json
import sqlite3
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.emulator import batch
from tests.faults.world import World, at, die, make

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


def live(folder: Path, kind: str) -> World:
    """Makes the world the module's text describes."""
    world = make(folder, kind)
    for key in ("1", "2", "3", "4"):
        world.panel.add_order(key, quantity="100", charge="5", link="https://t.test/x")
    world.run()
    world.type("orders", "1", status="Completed", start_count=100)
    world.run()
    world.type("orders", "3", status="Canceled")
    at("panel.before-send", lambda: world.line.trouble.append("acted"))
    world.run()
    world.type("orders", "2", status="In progress", start_count=7, note="call me")
    world.panel.add_order("5", quantity="200", charge="7", link="@late")
    world.panel.add_order("6", quantity="200", charge="7", link="@late")
    at("book.before-commit", die, time=2)
    world.run()
    return world


@contextmanager
def recorded() -> Iterator[list[Any]]:
    """All requests of batchUpdates that the emulator applies, whoever makes them."""
    kept: list[Any] = []
    apply = batch.apply

    def recording(ctx: Any, requests: list[Any], *more: Any, **named: Any) -> list[Any]:
        replies = apply(ctx, requests, *more, **named)
        kept.append(json.loads(json.dumps(requests)))
        return replies

    batch.apply = recording
    try:
        yield kept
    finally:
        batch.apply = apply


def keep(name: str) -> Path:
    """Writes both kinds of workbook and their journals into the folder `name` beside this file."""
    target = HERE / name
    target.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        world = live(Path(folder) / "xlsx", "xlsx")
        (target / "orders.xlsx").write_bytes(world.book.save())
        _journal(world, target / "xlsx.sqlite3")
        with recorded() as requests:
            world = live(Path(folder) / "google", "google")
        (target / "google.json.gz").write_bytes(gzip.compress(json.dumps(requests).encode(), mtime=0))
        _journal(world, target / "google.sqlite3")
    return target


def _journal(world: World, target: Path) -> None:
    with sqlite3.connect(world.machine("a") / "journal.sqlite3") as log:
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.close()
    target.write_bytes((world.machine("a") / "journal.sqlite3").read_bytes())


def main() -> int:
    """Keeps what this version leaves."""
    parser = argparse.ArgumentParser(prog="python -m tests.earlier", description=__doc__)
    parser.add_argument("name", help="the version")
    print(keep(parser.parse_args().name))
    return 0


if __name__ == "__main__":
    main()
