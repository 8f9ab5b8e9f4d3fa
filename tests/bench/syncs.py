"""Whole syncs of an .xlsx workbook with many open orders, each in a process of its own: peak memory, calls, seconds.

The panel is the practice panel behind httpx's mock transport; the client, the engine, the journal and the adapter are real.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from reconcile.core.landing import land
from reconcile.core.ledger import Ledger
from reconcile.core.model import Claimed, Commit, Feed, Order
from reconcile.core.plan import Rules
from reconcile.core.words import ENGLISH
from reconcile.job import Job, sync
from reconcile.journal import Journal
from reconcile.panel.client import Panel
from reconcile.panel.practice import PracticePanel
from reconcile.workbook.xlsx import XlsxWorkbook

if TYPE_CHECKING:
    from reconcile.core.model import Snapshot

EDITS = 500
ARRIVING = 250


class Counted:
    """The workbook, with its reads and commits counted and, before the first, staff's edits made."""

    def __init__(self, book: XlsxWorkbook, edits: int) -> None:
        self._book, self._edits = book, edits
        self.name, self.cell_limit, self.lands_together = book.name, book.cell_limit, book.lands_together
        self.calls: Counter[str] = Counter()

    def read(self, also: Any = ()) -> Snapshot:
        """The port's read; the first rows' Remains read as if staff had just typed them."""
        self.calls["read"] += 1
        found = self._book.read(also)
        orders = found.tabs["orders"]
        for place in range(self._edits):
            orders.iloc[place, orders.columns.get_loc("remains")] = 1 + (7 * place * place) % 997
        return found

    def commit(self, change: Commit, after: int) -> int:
        """The port's commit."""
        self.calls["commit"] += 1
        return self._book.commit(change, after)


def seed(path: Path, orders: int) -> None:
    """A workbook with so many open orders, landed in one commit."""
    book = XlsxWorkbook(path)
    book.provision(["1"])
    ids = [str(1_000_000 + number) for number in range(orders)]
    rows = tuple(Order(key, "1", f"https://example.com/{key}", "2.50", f"user-{key}", "1000") for key in ids)
    landing = land(
        Claimed(Feed.ORDERS, "1", rows),
        Ledger(Ledger.empty()),
        (),
        run="seed",
        revision=1,
        now=datetime(2026, 3, 2, tzinfo=UTC),
        when="02 Mar",
        cell_limit=book.cell_limit,
        say=ENGLISH,
    )
    book.commit(Commit("seed", append=landing.append, ledger=landing.ledger), book.read().revision)


def run(path: Path, orders: int, edits: int, arriving: int) -> dict[str, Any]:
    """One sync; what it cost."""
    panel = PracticePanel(0, 7, refills=0, cancels=0)
    for number in range(orders):
        panel.add_order(str(1_000_000 + number), "1", status="Processing")
    for number in range(arriving):
        panel.add_order(str(9_000_000 + number), "1")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with (
        Journal.open(path.parent / "state") as journal,
        Panel("http://127.0.0.1:1/admin/v1", SecretStr(panel.key), transport=panel.transport(), pace=0) as client,
    ):
        book = Counted(XlsxWorkbook(path), edits)
        job = Job(
            book=book,
            panel=client,
            journal=journal,
            rules=Rules(),
            clock=lambda: datetime.now(UTC),
            run=f"bench-{time.time_ns()}",
        )
        outcome = sync(job)
    return {
        "open_rows": orders,
        "edits": edits,
        "arriving": arriving,
        "exit": outcome.exit_code,
        "landed": sum(count for _, count in outcome.landed),
        "accepted": sum(result.verdict.value == "accepted" for result in outcome.results),
        "reads": book.calls["read"],
        "commits": book.calls["commit"],
        "panel_calls": sum(count for _, count in outcome.calls),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "before_mb": before // 1024,
        "seconds": round(time.perf_counter() - start, 1),
    }


def main() -> None:
    """`syncs ORDERS` measures; `syncs ORDERS FOLDER seed|quiet|busy` is one of its processes."""
    orders = int(sys.argv[1])
    if len(sys.argv) > 2:
        path = Path(sys.argv[2]) / "orders.xlsx"
        if sys.argv[3] == "seed":
            seed(path, orders)
        else:
            busy = sys.argv[3] == "busy"
            print(json.dumps(run(path, orders, EDITS if busy else 0, ARRIVING if busy else 0)))  # noqa: T201
        return
    with tempfile.TemporaryDirectory() as folder:
        said = []
        for step in ("seed", "quiet", "busy"):
            command = [sys.executable, "-m", "tests.bench.syncs", str(orders), folder, step]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
            if done.returncode:
                raise SystemExit(done.stderr)
            said.append(done.stdout)
        print(json.dumps({"runs": [json.loads(text) for text in said[1:]]}))  # noqa: T201


if __name__ == "__main__":
    main()
