"""`python -m tests.mutate [MODULE …]`: changes one thing at a time in the code that decides; a test has to fail on each.

A change that no test sees is listed, with its line, in tests/mutate/score.json. Each is tried in a process of its own that shares
what is imported already, so one costs little more than its tests.
"""
# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import random
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.mutate.changes import Change, changes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

ROOT = Path(__file__).parents[2]
SCORE = ROOT / "tests" / "mutate" / "score.json"
SENTENCES = {"__init__", "words", "sentences"}
"""Modules of texts: the catalogues' tests compare them word for word."""

NEAR = {
    "agree": ("tests/cli/test_books.py",),
    "job": ("tests/test_engine.py",),
    "planned": ("tests/core/test_plan.py", "tests/core/test_transitions.py"),
    "feeds": ("tests/core/test_rules.py",),
    "once": ("tests/core/test_transitions.py", "tests/test_engine.py"),
    "approvals": ("tests/test_approvals.py",),
}
"""Where a module's tests have another name than its own."""

ALSO = (
    "tests/core/test_rules.py",
    "tests/core/test_plan.py",
    "tests/core/test_settle.py",
    "tests/core/test_written.py",
)
"""What else tells of a change: several rows, limits and results, quick enough to run for each."""

LONGEST = 120
"""Seconds that the tests of one change may take: one that never ends is seen, too."""


def modules() -> list[str]:
    """The modules that decide, as paths below reconcile: `core/plan`."""
    core = sorted((ROOT / "reconcile" / "core").glob("*.py"))
    return [f"core/{path.stem}" for path in core if path.stem not in SENTENCES]


def nearest(module: str) -> tuple[str, ...]:
    """The tests of a module, its own first."""
    name = module.rpartition("/")[2]
    own = NEAR.get(name, (f"tests/core/test_{name}.py",))
    return tuple(path for path in dict.fromkeys((*own, *ALSO)) if (ROOT / path).exists())


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from the source it is given."""

    def __init__(self, name: str, source: str, path: Path) -> None:
        self.name, self.source, self.path = name, source, path

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self.path)
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)  # noqa: S102 - our own source, changed


def run_tests(module: str, source: str, tests: Sequence[str]) -> int:
    """Runs tests against a module with this source; 0 where they all pass. For a process that does nothing else."""
    name = f"reconcile.{module.replace('/', '.')}"
    sys.meta_path.insert(0, _Planted(name, source, ROOT / "reconcile" / f"{module}.py"))
    os.chdir(ROOT)
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "-m", "not long"]
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        return int(pytest.main([*options, *tests]))


def survives(module: str, source: str, tests: Sequence[str]) -> bool:
    """Whether no test sees this source."""
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST)
        code = 1
        try:
            code = run_tests(module, source, tests)
        finally:
            os._exit(0 if code == 0 else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def chosen(module: str, share: float, seed: int) -> list[Change]:
    """A share of a module's changes, the same for the same seed."""
    found = list(changes((ROOT / "reconcile" / f"{module}.py").read_text("utf-8")))
    count = max(1, round(len(found) * share)) if found else 0
    picked = random.Random(f"{seed} {module}").sample(range(len(found)), count)
    return [found[place] for place in sorted(picked)]


def scored(module: str, share: float, seed: int) -> dict[str, Any]:
    """How many changes of a module were tried, how many a test saw, and those that none saw."""
    tests = nearest(module)
    source = (ROOT / "reconcile" / f"{module}.py").read_text("utf-8")
    if not survives(module, source, tests):
        raise SystemExit(f"{module}: its tests fail on the code as it stands; nothing can be said of changes.")
    tried = chosen(module, share, seed)
    left = [change.told for change in tried if survives(module, change.source, tests)]
    return {"tried": len(tried), "seen": len(tried) - len(left), "survivors": left}


def main(words: Sequence[str] | None = None) -> int:
    """Tries the modules named, or all; writes the score. 1 where fewer than `--least` per cent were seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutate", description=__doc__)
    parser.add_argument("modules", nargs="*", help="such as core/plan; all of core without")
    parser.add_argument("--share", type=float, default=1.0, help="the part of each module's changes to try (1)")
    parser.add_argument("--seed", type=int, default=1, help="which part (1)")
    parser.add_argument("--least", type=float, default=0.0, help="per cent that have to be seen (0)")
    parser.add_argument("--out", type=Path, default=SCORE, help="where the score goes")
    asked = parser.parse_args(words)
    unknown = [name for name in asked.modules if not (ROOT / "reconcile" / f"{name}.py").is_file()]
    if unknown:
        parser.error(f"no such module: {', '.join(unknown)}")
    found: dict[str, Any] = json.loads(asked.out.read_text("utf-8")) if asked.out.is_file() else {}
    tried = seen = 0
    for module in asked.modules or modules():
        one = found[module] = {**scored(module, asked.share, asked.seed), "share": asked.share, "seed": asked.seed}
        tried, seen = tried + one["tried"], seen + one["seen"]
        print(f"{module}: {one['seen']} of {one['tried']} seen", flush=True)
        for change in one["survivors"]:
            print(f"  not seen: {change}", flush=True)
        asked.out.write_text(json.dumps(dict(sorted(found.items())), indent=1, ensure_ascii=False) + "\n", "utf-8")
    share = 100 * seen / tried if tried else 100.0
    print(f"{seen} of {tried} changes seen: {share:.1f} %")
    return 0 if share >= asked.least else 1


if __name__ == "__main__":
    sys.exit(main())
