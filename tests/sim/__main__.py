"""`python -m tests.sim --seeds N` lives through N worlds; `--seed N` replays one exactly and prints its last events."""
# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.faults.world import RAM
from tests.sim.outside import Outside
from tests.sim.world import Sim

BOOKS = ("memory", "xlsx", "google")
WORLDS = ("inside", "outside")
OUTSIDE = 2
"""Of five seeds, the one whose world is of `tests.sim.outside`."""

REGRESSIONS = Path(__file__).with_name("regressions.txt")


def book_of(seed: int) -> str:
    """Which workbook a seed's world has: every tenth a file, every tenth a Google Sheet, otherwise memory."""
    return {0: "xlsx", 1: "google"}.get(seed % 10, "memory")


def is_outside(seed: int) -> bool:
    """Whether in a seed's world the books go astray as well: every fifth."""
    return seed % 5 == OUTSIDE


def lived(seed: int, book: str = "", world: str = "") -> tuple[int, list[str], list[str], int, int]:
    """(seed, broken promises, events, boundaries, faults) of one world."""
    with tempfile.TemporaryDirectory(dir=RAM) as name:
        outside = world == "outside" or (not world and is_outside(seed))
        sim = (Outside if outside else Sim)(seed, Path(name), book or book_of(seed))
        problems = sim.live()
        return seed, problems, sim.events, sim.boundaries, sim.faults


def calm() -> None:
    """For a process that lives worlds: looking for cycles among what never goes away is a tenth of its time."""
    gc.collect()
    gc.freeze()
    gc.disable()


def _job(case: tuple[int, str, str]) -> tuple[int, list[str], list[str], int, int]:
    try:
        return lived(*case)
    except Exception as error:  # noqa: BLE001 - whatever a world ends with is that seed's finding
        return case[0], [f"{type(error).__name__}: {error}"], [], 0, 0
    finally:
        if not gc.isenabled():
            gc.collect()


def main() -> int:
    """Runs what is asked for; see --help."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=0, help="how many worlds")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one")
    parser.add_argument("--book", choices=BOOKS, default="", help="default: by the seed")
    parser.add_argument(
        "--world", choices=WORLDS, default="", help="default: by the seed; inside: as before there were others"
    )
    parser.add_argument("--events", type=int, default=60, help="how many of the last events to print")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the counts here")
    parser.add_argument("--failed", type=Path, help="add the seeds that broke a promise to this file")
    args = parser.parse_args()
    if args.seed is not None:
        _, problems, events, _, _ = lived(args.seed, args.book, args.world)
        print("\n".join([*events[-args.events :], *(f"BROKEN {problem}" for problem in problems)]))
        return int(bool(problems))
    seeds = range(args.first, args.first + args.seeds)
    counts = {"schedules": 0, "boundaries": 0, "faults": 0, "broken": 0}
    with ProcessPoolExecutor(args.jobs, initializer=calm) as pool:
        for seed, problems, _, boundaries, faults in pool.map(
            _job, [(seed, args.book, args.world) for seed in seeds], chunksize=4
        ):
            counts["schedules"] += 1
            counts["boundaries"] += boundaries
            counts["faults"] += faults
            if problems:
                counts["broken"] += 1
                print(f"seed {seed} ({args.book or book_of(seed)}): {problems[0]}", flush=True)
                if args.failed:
                    with args.failed.open("a", encoding="utf-8") as file:
                        file.write(f"{seed} {args.book or book_of(seed)}    {problems[0]}\n")
    text = json.dumps(counts, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", "utf-8")
    return int(bool(counts["broken"]))


if __name__ == "__main__":
    sys.exit(main())
