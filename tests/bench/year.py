"""A year in a minute of rows: `python -m tests.bench.year --days 365` lets staff close 200 orders a day, and measures each sync.

The Google adapter over the emulator, the practice panel, the real journal; two syncs a day and a clock that is moved on. It
prints what a sync cost in the second week and in the last one: calls, milliseconds of CPU (`own_ms`: without the emulator's
and the panel's), bytes read, cells of the sheet.
"""
# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from reconcile.core.plan import Rules
from reconcile.job import Job, sync
from reconcile.journal import Journal
from reconcile.panel.client import Panel
from reconcile.panel.practice import PracticePanel
from reconcile.workbook.google import GoogleWorkbook
from tests.contract.google_subject import http
from tests.emulator.emulator import STAFF, Emulator
from tests.emulator.staff import Staff

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


class Year:
    """One sheet, one panel, and a day after the other."""

    def __init__(self, folder: Path, per_day: int) -> None:
        self.emulator = Emulator(serve=False)
        self.id = self.emulator.new_spreadsheet("Year")
        self.panel = PracticePanel(orders=0, refills=0, cancels=0)
        self.folder, self.per_day = folder, per_day
        self.now = START
        self.runs = 0
        self.orders = 0
        self.elsewhere = 0.0
        GoogleWorkbook(self.id, http(self.emulator)).provision(["1"])
        self._watch()

    def _watch(self) -> None:
        """Adds up the seconds that the emulator and the practice panel need: they are not the job's."""

        def timed(handle: Callable[..., Any]) -> Callable[..., Any]:
            def answer(*args: Any, **options: Any) -> Any:
                began = time.process_time()
                try:
                    return handle(*args, **options)
                finally:
                    self.elsewhere += time.process_time() - began

            return answer

        self.emulator.handle = timed(self.emulator.handle)  # type: ignore[method-assign]
        self.panel.handle = timed(self.panel.handle)  # type: ignore[method-assign]

    def sync(self) -> dict[str, Any]:
        """One sync and what it cost. Raises AssertionError when it did not end well."""
        self.runs += 1
        del self.emulator.calls[:]
        self.elsewhere = 0.0
        gc.freeze()  # the sheet is in this process: looking through it for cycles is no work of the job's
        began = time.process_time()
        with (
            Journal.open(self.folder) as journal,
            Panel(
                "https://panel.example/admin/v1", SecretStr(self.panel.key), transport=self.panel.transport(), pace=0
            ) as panel,
        ):
            book = GoogleWorkbook(self.id, http(self.emulator))
            rules = Rules(max_closed_share=100)
            outcome = sync(Job(book, panel, journal, rules, lambda: self.now, f"run-{self.runs}"))
        spent = time.process_time() - began
        assert outcome.exit_code == 0, outcome
        assert not outcome.doubts
        calls = self.emulator.calls
        return {
            "ms": round(spent * 1000),
            "own_ms": round((spent - self.elsewhere) * 1000),
            "reads": sum(not call.writing for call in calls),
            "writes": sum(call.writing for call in calls),
            "claims": sum(count for action, count in outcome.calls if action == "getOrders"),
            "read_kb": round(sum(call.bytes_out for call in calls if not call.writing) / 1024),
            "most_kb_written": round(max(call.bytes_in for call in calls if call.writing) / 1024),
            "cells": sum(sheet.row_count * sheet.column_count for sheet in self.emulator.book(self.id).sheets),
            "landed": dict(outcome.landed).get("orders", 0),
            "accepted": sum(result.verdict == "accepted" for result in outcome.results),
        }

    def day(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """New orders come in; staff complete all that are open; the panel is told."""
        for _ in range(self.per_day):
            self.orders += 1
            self.panel.add_order(
                str(5_000_000 + 3 * self.orders), "1", link=f"https://x.com/u{self.orders}", quantity="1000"
            )
        first = self.sync()
        staff = Staff(self.emulator, self.id, "Orders", STAFF)
        sheet = staff.sheet
        head = [cell.value if cell else None for cell in sheet.rows[0]]
        place = head.index("Status")
        texts = [str(cell.value) if (cell := sheet.get(row, place)) else "" for row in range(1, sheet.data_end())]
        cells = [{"stringValue": "Completed" if text == "Processing" else text} for text in texts]
        where = {"sheetId": sheet.sheet_id, "rowIndex": 1, "columnIndex": place}
        rows = [{"values": [{"userEnteredValue": cell}]} for cell in cells]
        staff.do({"updateCells": {"start": where, "rows": rows, "fields": "userEnteredValue"}})
        second = self.sync()
        assert first["landed"] == second["accepted"] == self.per_day, (first, second)
        self.now += timedelta(days=1)
        return first, second

    def rows(self, title: str) -> int:
        """How many rows a tab has in use, without its headings."""
        return self.emulator.sheet(self.id, title).data_end() - 1


def middle(days: list[tuple[dict[str, Any], dict[str, Any]]], name: str) -> list[float]:
    """The median of a figure over these days: the sync that receives, and the one that sends."""
    return [median(day[which][name] for day in days) for which in (0, 1)]


def main() -> int:
    """Runs the year and prints its figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.year", description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--per-day", type=int, default=200)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        year = Year(Path(folder), args.per_day)
        days = []
        for number in range(args.days):
            days.append(year.day())
            if number % 30 == 0:
                print(json.dumps({"day": number, **days[-1][0]}), flush=True)
        early, late = days[13:27], days[-14:]
        names = ("ms", "own_ms", "reads", "writes", "claims", "read_kb", "most_kb_written", "cells")
        print(
            json.dumps(
                {
                    "orders": year.orders,
                    "early": {name: middle(early, name) for name in names},
                    "late": {name: middle(late, name) for name in names},
                    "rows": {
                        title: year.rows(title) for title in ("Orders", "Archive", "_ledger", "Change log", "Runs")
                    },
                },
                indent=1,
            )
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
