"""`python -m tests.faults`: the whole sweeps. Prints one line per sweep, then the counts as JSON; exit 1 when a promise broke."""

# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.faults import kill, sweep
from tests.faults.scenario import day
from tests.faults.world import RAM

BOOKS = ("memory", "xlsx", "google")
PAIR_KINDS = ("crash", "down", "lost", "acted", "cut", "refused")
"""A crash, never sent (for the rest of the run), the three ways an answer stays unknown, and a refusal."""


def singles(folder: Path, book: str, step: int) -> dict[str, int]:
    """Every kind of fault at every boundary, then every crash with the disk gone after it."""
    prepared = day(folder / f"singles-{book}", book)
    known: sweep.Known = {}
    counts = {"singles": 0, "boundaries": sweep.run(prepared, [])[1], "broken": 0}
    for kind, wipe in (*((kind, False) for kind in sweep.KINDS), ("crash", True), ("acted", True)):
        cases = broken = 0
        for shot, where, problems in sweep.singles(prepared, kind, step=step, wipe=wipe, known=known):
            cases += 1
            broken += _shown(problems, shot, where)
        print(f"{book}: {kind}{' and the disk gone' if wipe else ''}: {cases} cases, {broken} broken", flush=True)
        counts["singles"] += cases
        counts["broken"] += broken
    counts["single_states"] = len(known)
    return counts


def pairs(folder: Path, book: str, step: int) -> dict[str, int]:
    """Every pair of faults on the small day; `step` skips boundaries of both."""
    prepared = day(folder / f"pairs-{book}", book, small=True)
    known: sweep.Known = {}
    counts = {"pairs": 0, "broken": 0}
    for kind in PAIR_KINDS:
        cases = broken = 0
        for shots, problems in sweep.pairs(prepared, kind, PAIR_KINDS, step=step, then=step, known=known):
            cases += 1
            broken += _shown(problems, shots)
        print(f"{book}: {kind}, then {', '.join(PAIR_KINDS)}: {cases} cases, {broken} broken", flush=True)
        counts["pairs"] += cases
        counts["broken"] += broken
    counts["states"] = len(known)
    return counts


def _shown(problems: list[str], *case: object) -> bool:
    for problem in problems[:3]:
        print("  BROKEN", *case, problem, flush=True)
    return bool(problems)


def main() -> int:
    """Runs what is asked for; see --help."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("what", nargs="*", default=["singles", "pairs", "kills"], help="singles, pairs, kills")
    parser.add_argument("--book", action="append", choices=BOOKS, help="default: all that apply")
    parser.add_argument("--step", type=int, default=1, help="every how-manieth boundary")
    parser.add_argument("--json", type=Path, help="write the counts here")
    args = parser.parse_args()
    counts: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=RAM) as name:
        folder = Path(name)
        for book in args.book or BOOKS:
            done: dict[str, int] = {}
            for what in args.what:
                if what == "singles":
                    found = singles(folder, book, args.step)
                elif what == "pairs":
                    found = pairs(folder, book, args.step)
                elif book == "memory":
                    continue  # memory does not outlive a process
                else:
                    found = kill.sweep(folder / f"kills-{book}", book, step=args.step, say=print)
                done = {**done, **found, "broken": done.get("broken", 0) + found["broken"]}
            counts[book] = done
    text = json.dumps(counts, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", "utf-8")
    return int(any(done["broken"] for done in counts.values()))


if __name__ == "__main__":
    sys.exit(main())
