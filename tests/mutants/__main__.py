"""`python -m tests.mutants`: plants each bug into a copy of the real code and runs the tests that hunt it. They have to fail."""
# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
NOT_A_BUG = ("TypeError", "NameError", "SyntaxError", "ImportError", "AttributeError")
"""What a patch that no longer fits makes of the code: failing on that proves nothing."""

PARTS = ("reconcile", "sheets_templates", "tests", "pyproject.toml")


def copied(folder: Path) -> Path:
    """A copy of the project's code and tests."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    return folder


def planted(folder: Path, mutant: Mutant) -> None:
    """Writes the bug into the copy. ValueError where the code it goes into is not there exactly once or more."""
    for file, old, new in mutant.patches:
        path = folder / file
        text = path.read_text("utf-8")
        if old not in text:
            raise ValueError(f"{mutant.name}: {file} has changed; the planted bug has to follow it")
        path.write_text(text.replace(old, new), "utf-8")


def hunted(folder: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Runs these tests in the copy: (pytest's exit code, the end of what it said)."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    done = subprocess.run(  # noqa: S603 - our own command
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout[-1500:]


def hunt(mutant: Mutant) -> tuple[bool, str]:
    """Whether the harness failed on this bug, as it must; otherwise what the tests said."""
    with tempfile.TemporaryDirectory() as name:
        folder = copied(Path(name))
        planted(folder, mutant)
        code, said = hunted(folder, mutant.hunters)
        broken = any(f"{error}:" in said for error in NOT_A_BUG)
        return code == 1 and not broken, said


def main() -> int:
    """Hunts them all; exit 1 when one got away, or when the tests fail without any bug."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the counts here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        code, said = hunted(copied(Path(name)), tuple(sorted({test for mutant in MUTANTS for test in mutant.hunters})))
        if code:
            print(f"Without any bug the tests must pass:\n{said}")
            return 1
    caught = 0
    for mutant in MUTANTS:
        found, said = hunt(mutant)
        caught += found
        print(f"{'caught' if found else 'GOT AWAY'}: {mutant.name}", flush=True)
        if not found:
            print(said)
    counts = {"mutants": len(MUTANTS), "caught": caught}
    print(json.dumps(counts))
    if args.json:
        args.json.write_text(json.dumps(counts) + "\n", "utf-8")
    return int(caught != len(MUTANTS))


if __name__ == "__main__":
    sys.exit(main())
