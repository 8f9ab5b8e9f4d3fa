"""`python -m tests.bench`: what the core costs, as ratios and counts; times stand beside them only to be believed.

Every figure is the best of several repeats. Index hash tables are made anew for each repeat, as after a read.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from reconcile.core import diff
from reconcile.core.ledger import Ledger, blank_row
from reconcile.core.plan import Rules, make_plan
from tests.bench import sheets
from tests.bench.frames import WATCHED, pair, world

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).with_name("results.json")


def best(*calls: Callable[[], object], repeats: int) -> list[float]:
    """CPU seconds of the fastest of so many rounds, for each call; they take turns, so that all meet the same machine."""
    times = [float("inf")] * len(calls)
    for _ in range(repeats):
        for place, call in enumerate(calls):
            start = time.process_time()
            call()
            times[place] = min(times[place], time.process_time() - start)
    return times


def unhashed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with an index that nothing has been looked up in yet."""
    return frame.set_axis(pd.Index(frame.index.to_numpy(), dtype=object))


def diffs() -> list[dict[str, Any]]:
    """The diff of three watched columns beside one bare alignment of the same frames, in the same run."""
    rows = []
    for size, repeats in ((10_000, 25), (100_000, 15), (1_000_000, 3)):
        for shuffled in (False, True):
            sheet, ledger = pair(size, shuffled=shuffled, edits=500)

            def compare(sheet: pd.DataFrame = sheet, ledger: pd.DataFrame = ledger) -> object:
                return diff.changed(unhashed(sheet), unhashed(ledger), WATCHED)

            def align(sheet: pd.DataFrame = sheet, ledger: pd.DataFrame = ledger) -> object:
                return unhashed(sheet).align(unhashed(ledger), join="left", axis=0)

            def neither(sheet: pd.DataFrame = sheet, ledger: pd.DataFrame = ledger) -> object:
                return unhashed(sheet), unhashed(ledger)

            ours, bare, waste = best(compare, align, neither, repeats=repeats)
            ours, bare = ours - waste, bare - waste
            rows.append(
                {
                    "rows": size,
                    "order": "shuffled" if shuffled else "same",
                    "diff_ms": round(ours * 1e3, 1),
                    "align_ms": round(bare * 1e3, 1),
                    "ratio_to_align": round(ours / bare, 2),
                    "ns_per_row": round(ours / size * 1e9),
                }
            )
    return rows


def growth(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Cost per row at 1,000,000 as a multiple of that at 10,000, of the diff and of the bare alignment."""
    found = {}
    for order in ("same", "shuffled"):
        small, large = (
            next(row for row in rows if (row["rows"], row["order"]) == (size, order)) for size in (10_000, 1_000_000)
        )
        found[f"diff_{order}"] = round(large["ns_per_row"] / small["ns_per_row"], 2)
        found[f"align_{order}"] = round(large["align_ms"] / small["align_ms"] / 100, 2)
    return found


def short() -> dict[str, float]:
    """What does not depend on the machine: the diff beside one bare alignment, and how fast diff and plan grow (an exponent; 1 is linear)."""
    sizes = (10_000, 80_000)
    ratio, took = 0.0, dict[str, list[float]](diff=[], plan=[])
    for size in sizes:
        sheet, ledger = pair(size, shuffled=False, edits=500)
        snapshot, agreed = world(size, 500)
        ours, bare, waste, plan = best(
            lambda s=sheet, k=ledger: diff.changed(unhashed(s), unhashed(k), WATCHED),  # type: ignore[misc]
            lambda s=sheet, k=ledger: unhashed(s).align(unhashed(k), join="left", axis=0),  # type: ignore[misc]
            lambda s=sheet, k=ledger: (unhashed(s), unhashed(k)),  # type: ignore[misc]
            lambda s=snapshot, k=agreed: make_plan(s, k, Rules()),  # type: ignore[misc]
            repeats=4,
        )
        ratio = (ours - waste) / (bare - waste)
        took["diff"].append(ours - waste)
        took["plan"].append(plan)
    grown = {name: math.log(many / few) / math.log(sizes[1] / sizes[0]) for name, (few, many) in took.items()}
    return {"ratio_to_align": round(ratio, 2), **{f"{name}_exponent": round(value, 2) for name, value in grown.items()}}


def plans() -> list[dict[str, Any]]:
    """A whole plan, the ledger it needs, and a landing of 100 rows patched into it."""
    rows = []
    for size in (20_000, 100_000):
        snapshot, ledger = world(size, 500)
        landed = [blank_row("orders", f"new-{number}") for number in range(100)]
        plan = make_plan(snapshot, ledger, Rules())
        rows.append(
            {
                "open_rows": size,
                "edits": 500,
                "pushes": len(plan.pushes),
                "limits": [limit.name for limit in plan.limits],
                "plan_ms": round(best(lambda s=snapshot, k=ledger: make_plan(s, k, Rules()), repeats=3)[0] * 1e3, 1),  # type: ignore[misc]
                "ledger_ms": round(best(lambda s=snapshot: Ledger(s.ledger), repeats=5)[0] * 1e3, 1),  # type: ignore[misc]
                "patch_100_rows_ms": round(best(lambda k=ledger, r=landed: k.patched(r), repeats=5)[0] * 1e3, 2),  # type: ignore[misc]
            }
        )
    return rows


def whole_syncs(orders: int) -> dict[str, Any]:
    """Two syncs of an .xlsx workbook with so many open orders, each in a process of its own: memory, calls, seconds."""
    command = [sys.executable, "-m", "tests.bench.syncs", str(orders)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    return dict(json.loads(done.stdout))


def table(title: str, rows: list[dict[str, Any]]) -> None:
    """Prints rows of equal keys under a title."""
    print(f"\n{title}")  # noqa: T201
    names = list(rows[0])
    cells = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(names))]
    for line in cells:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))  # noqa: T201


def main() -> int:
    """Measures, prints, writes results.json; 1 when a promise of the project is not kept."""
    if sys.argv[1:] == ["--short"]:
        table("Ratios and exponents", [short()])
        return 0
    compared = diffs()
    table("Diff of 3 watched columns, 500 cells changed, beside one bare alignment", compared)
    grown = growth(compared)
    table("Cost per row at 1,000,000 as a multiple of that at 10,000", [grown])
    planned = plans()
    table("A whole plan", planned)
    syncs = whole_syncs(10_000)
    table("Syncs of an .xlsx with 10,000 open orders", syncs["runs"])
    google = sheets.measure()
    table("Read, plan and commit on a Google Sheet (emulator), beside the same calls by gspread alone", [google])
    worst = max(row["ratio_to_align"] for row in compared if row["rows"] == 100_000)
    peak = max(run["peak_mb"] for run in syncs["runs"])
    promises = {
        "diff of 100,000 rows costs at most 3 bare alignments": worst <= 3,
        "per row at 1,000,000 at most 1.5 times that at 10,000, rows in the same order": grown["diff_same"] <= 1.5,
        "a sync with 10,000 open orders peaks at 300 MB at most": peak <= 300,
        "read, plan and commit at 20,000 rows at most 1.3 times the bare calls": google["ratio_to_bare"] <= 1.3,
    }
    table("Promises", [{"kept": "yes" if kept else "NO", "promise": text} for text, kept in promises.items()])
    where = {"python": platform.python_version(), "pandas": pd.__version__, "cores": os.cpu_count()}
    results = {
        "where": where,
        "diff": compared,
        "growth": grown,
        "plan": planned,
        "sync": syncs,
        "google": google,
        "promises": promises,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0 if all(promises.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
