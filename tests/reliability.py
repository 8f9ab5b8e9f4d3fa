"""`python -m tests.reliability [PART …]`: runs the harness, writes its counts to tests/reliability.json and quotes them in docs/reliability.md.

Each part stands in the file with the day and the code it ran on, so a long run can be done in pieces: the simulation and the
repetitions go on where the same code left off (--fresh: from nothing, --first: in worlds nobody has lived in). Every figure is
counted by what ran. Exit 1, and nothing written for that part, when one promise broke.
"""
# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.faults import shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE: Final = Path(__file__).with_name("reliability.json")
FAILED: Final = Path(__file__).with_name("failed_seeds.txt")
"""Worlds that broke a promise, as they go into tests/sim/regressions.txt once the cause is known."""

RATES: Final = Path(__file__).parent / "accident_rates.json"
ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "reliability.md"
CODE: Final = ("reconcile", "sheets_templates")
AROUND: Final = (
    "reconcile/cli.py",
    "reconcile/__main__.py",
    "reconcile/config.py",
    "reconcile/commands/",
    "reconcile/report/",
)
"""The command line around a run: no part but those of `WHOLE` has it in memory (tests/test_reliability.py)."""

WHOLE: Final = ("mutants", "repetitions")
"""Parts that run everything there is."""

APART: Final = {"worlds-xlsx": "reconcile/workbook/google", "worlds-google": "reconcile/workbook/xlsx"}
"""Worlds on one kind of workbook, and how the files begin that only the other kind has."""

PIECE: Final = 500
"""So many worlds are lived through before their counts are written down."""

Counts = dict[str, Any]


def ran(part: str) -> list[Path]:
    """The product's files that a part runs, templates included: what its counts are counts of."""
    others = () if part in WHOLE else (*AROUND, "sheets_templates/sync-now/", *([APART[part]] if part in APART else ()))
    files = sorted(path for name in CODE for path in (ROOT / name).rglob("*") if path.is_file())
    return [
        path
        for path in files
        if "__pycache__" not in path.parts
        and path.suffix != ".pyc"
        and not path.relative_to(ROOT).as_posix().startswith(others)
    ]


def code(part: str) -> str:
    """12 hex digits that name the code a part runs: the same for the same text, on every machine."""
    found = hashlib.sha256()
    for path in ran(part):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]


def asked(*command: str) -> Counts:
    """The counts of one command; raises SystemExit when it found something."""
    with tempfile.TemporaryDirectory() as name:
        target = Path(name) / "counts.json"
        print(f"python -m {' '.join(command)}", flush=True)
        done = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "-m", *command, "--json", str(target)], check=False, cwd=ROOT
        )
        if done.returncode:
            raise SystemExit(f"{command[0]} found something: nothing was written.")
        found: Counts = json.loads(target.read_text("utf-8"))
        return found


def answers(_: argparse.Namespace) -> Counts:
    """Each shape of answer whole, cut at every offset, with bytes flipped."""
    counts, broken = shapes.spoiled_answers()
    _none(broken)
    return {"answers": counts}


def cells(args: argparse.Namespace) -> Counts:
    """Generated staff cells of every script and locale."""
    counts, wrong = shapes.generated_cells(args.cells)
    _none(wrong)
    return {"cells": counts}


def mutants(_: argparse.Namespace) -> Counts:
    """Planted bugs, each of which the tests must catch."""
    return asked("tests.mutants")


def sweeps(args: argparse.Namespace) -> Counts:
    """Every kind of fault at every boundary, on every kind of workbook."""
    return {"step": args.step, **_on(("memory", "xlsx", "google"), "singles", args.step, args.jobs)}


def pairs(args: argparse.Namespace) -> Counts:
    """Every pair of faults, on a file and on a Google Sheet."""
    return {"step": args.pair_step, **_on(("xlsx", "google"), "pairs", args.pair_step, args.jobs)}


def kills(args: argparse.Namespace) -> Counts:
    """A process killed for real at every boundary, with and without the state folder."""
    return {"step": args.step, **_on(("xlsx", "google"), "kills", args.step, args.jobs)}


def _on(books: tuple[str, ...], what: str, step: int, jobs: int) -> Counts:
    """The counts of sweeps by kind of workbook, `jobs` kinds at a time."""

    def swept(book: str) -> Counts:
        return asked("tests.faults", what, "--book", book, "--step", str(step))

    with ThreadPoolExecutor(jobs) as pool:
        return {book: counts for found in pool.map(swept, books) for book, counts in found.items()}


PARTS: Final[dict[str, Callable[[argparse.Namespace], Counts]]] = {
    "answers": answers,
    "cells": cells,
    "mutants": mutants,
    "sweeps": sweeps,
    "pairs": pairs,
    "kills": kills,
}
REPETITIONS: Final = "repetitions"
WORLDS: Final = {"worlds-memory": "memory", "worlds-xlsx": "xlsx", "worlds-google": "google"}
ALL: Final = (*PARTS, REPETITIONS, *WORLDS)
"""All parts as they stand in the file."""


def worlds(name: str, args: argparse.Namespace) -> None:
    """Lives through --seeds worlds from --first on one kind of workbook; without --fresh from where the same code left off."""
    counts = {} if args.fresh else written().get(name, {})
    if counts.get("code") != code(name) or counts.get("first", 1) != args.first:
        counts = {"schedules": 0}
    while (lived := counts["schedules"]) < args.seeds:
        seeds = (str(args.first + lived), "--seeds", str(min(PIECE, args.seeds - lived)))
        options = ("--jobs", str(args.jobs), "--failed", str(FAILED))
        found = asked("tests.sim", "--book", WORLDS[name], "--first", *seeds, *options)
        counts = {key: counts.get(key, 0) + found[key] for key in found}
        write(name, counts if args.first == 1 else {**counts, "first": args.first})


def repetitions(args: argparse.Namespace) -> None:
    """The whole suite, --times in all; a failure ends the count, since a test that fails once in many is a bug."""
    counts = {} if args.fresh else written().get(REPETITIONS, {})
    times, tests = (counts["times"], counts["tests"]) if counts.get("code") == code(REPETITIONS) else (0, 0)
    while times < args.times:
        failed, last, said = suite(args.jobs)
        print(f"{times + 1}: {last}", flush=True)
        if failed:
            write(REPETITIONS, None)
            raise SystemExit(f"{said}\nThe suite failed in repetition {times + 1}: none of them counts any more.")
        passed = int(re.search(r"(\d+) passed", last)[1])  # type: ignore[index]  # it passed
        times, tests = (times + 1 if passed == tests else 1), passed  # another suite is counted anew
        write(REPETITIONS, {"times": times, "tests": tests})


def suite(jobs: int) -> tuple[bool, str, str]:
    """One run of the suite: whether it failed, its last line, and the last of what it said."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pytest", "-q", "-n", str(jobs)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return bool(done.returncode), (done.stdout.strip().splitlines() or [done.stderr[-300:]])[-1], done.stdout[-3000:]


def _none(broken: list[str]) -> None:
    if broken:
        raise SystemExit("\n".join(broken[:20]))


def written() -> Counts:
    """What stands in the file."""
    return json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


def write(part: str, counts: Counts | None) -> None:
    """Puts one part's counts into the file, with the day and the code they are of; None takes them out."""
    with FILE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two parts may run side by side
        _write(part, counts)


def _write(part: str, counts: Counts | None) -> None:
    everything = {name: found for name, found in written().items() if name != part}
    if counts is not None:
        everything[part] = {**counts, "when": f"{datetime.now(UTC):%Y-%m-%d}", "code": code(part)}
    ordered = {name: everything[name] for name in ALL if name in everything}
    beside = FILE.with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps(ordered, indent=2) + "\n", "utf-8")
    beside.replace(FILE)
    # At once: the suite compares the two, and it may be the next thing that runs (repetitions).
    PAGE.write_text(quoted("reliability", told(), PAGE.read_text("utf-8")), "utf-8")


def quoted(name: str, lines: list[str], text: str) -> str:
    """A page's text with these lines between the marks of one of its generated blocks."""
    block = "\n".join((f"<!-- {name} -->", *lines, f"<!-- /{name} -->"))
    return re.sub(rf"<!-- {name} -->\n.*?<!-- /{name} -->", lambda _: block, text, flags=re.DOTALL)


def told() -> list[str]:
    """The file as a Markdown table, a line per part that was run."""
    found = written()
    lines = ["| what was done | how often | when, on which code |", "|---|---|---|"]
    rates = json.loads(RATES.read_text("utf-8"))
    each = rates["cases_per_kind"]
    lines += [
        f"| accidents in {feed}, made by generated hands: held, or nothing of them sent | {_caught(kinds)}, of {each:,} each | |"
        for feed, kinds in rates["caught"].items()
    ]
    lines += [
        f"| honest work in {feed}, {rates['honest_kinds'][feed]} kinds: held | {held:,} of {rates['honest_cases']:,} | |"
        for feed, held in rates["honest_held"].items()
    ]
    for part, counts in found.items():
        what, many = _LINES[part](counts)
        lines.append(f"| {what} | {many} | {counts['when']}, {counts['code']} |")
    return lines


def _caught(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{kind.replace('_', ' ')} {times:,}" for kind, times in kinds.items())


def _books(counts: Counts, key: str) -> str:
    return ", ".join(f"{book} {found[key]:,}" for book, found in counts.items() if isinstance(found, dict))


def _every(step: int) -> str:
    return "every boundary" if step == 1 else f"one boundary in {step}"


def _world_line(book: str) -> Callable[[Counts], tuple[str, str]]:
    return lambda counts: (
        f"seeded worlds, {book}: people, two machines, outages, vanishing disks",
        f"{counts['schedules']:,} worlds, {counts['boundaries']:,} boundaries, {counts['faults']:,} faults",
    )


_LINES: Final[dict[str, Callable[[Counts], tuple[str, str]]]] = {
    "answers": lambda c: ("panel answers cut at each byte and with each bit flipped", f"{c['answers']:,}"),
    "cells": lambda c: ("generated staff cells of every script and locale", f"{c['cells']:,}"),
    "mutants": lambda c: ("bugs planted into the real code: caught", f"{c['caught']} of {c['mutants']}"),
    "sweeps": lambda c: (f"one fault, each kind, at {_every(c['step'])}", _books(c, "singles")),
    "pairs": lambda c: (
        f"two faults in one run, or in it and the run that recovers, at {_every(c['step'])}",
        _books(c, "pairs"),
    ),
    "kills": lambda c: (
        f"a process killed (SIGKILL) at {_every(c['step'])}, with and without its disk",
        _books(c, "kills"),
    ),
    "repetitions": lambda c: ("the whole suite again and again", f"{c['times']} times {c['tests']:,} tests"),
    **{part: _world_line(book) for part, book in WORLDS.items()},
}


def main() -> int:
    """Runs the parts that are named, all without a name; the options make them longer or shorter and stand in the file."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(ALL))
    parser.add_argument("--seeds", type=int, default=20_000, help="worlds per kind of workbook")
    parser.add_argument("--first", type=int, default=1, help="the first world's seed")
    parser.add_argument("--fresh", action="store_true", help="count from nothing, whatever the file says of this code")
    parser.add_argument("--step", type=int, default=1, help="every how-manieth boundary is failed and killed")
    parser.add_argument("--pair-step", type=int, default=1, help="the same for pairs")
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20, help="repetitions of the suite")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    args = parser.parse_args()
    for part in args.parts or ALL:
        if part in WORLDS:
            worlds(part, args)
        elif part == REPETITIONS:
            repetitions(args)
        elif part in PARTS:
            write(part, PARTS[part](args))
        else:
            parser.error(f"there is no part {part!r}: {', '.join(ALL)}")
    print(FILE.read_text("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
