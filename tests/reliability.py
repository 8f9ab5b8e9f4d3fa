"""`python -m tests.reliability`: runs the whole harness and writes its counts to tests/reliability.json, which README quotes.

Every figure is counted by what ran, in that run. Exit 1 (and nothing written) when one promise broke.
"""
# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults import shapes

FILE = Path(__file__).with_name("reliability.json")


def asked(folder: Path, *command: str) -> dict[str, Any]:
    """The counts of one command; raises SystemExit when it found something."""
    target = folder / "counts.json"
    target.unlink(missing_ok=True)
    print(f"python -m {' '.join(command)}", flush=True)
    done = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "-m", *command, "--json", str(target)], check=False
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} found something: nothing was written.")
    found: dict[str, Any] = json.loads(target.read_text("utf-8"))
    return found


def main() -> int:
    """Runs everything; --seeds and --step make it longer or shorter, and both stand in the file."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20_000, help="worlds per kind of workbook")
    parser.add_argument("--step", type=int, default=1, help="every how-manieth boundary is failed and killed")
    parser.add_argument("--pair-step", type=int, default=3, help="the same for pairs")
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    counts: dict[str, Any] = {"when": f"{datetime.now(UTC):%Y-%m-%d}", "step": args.step, "pair_step": args.pair_step}
    counts["shapes"], broken = shapes.spoiled_answers()
    counts["cells"], wrong = shapes.generated_cells(args.cells)
    if broken or wrong:
        print("\n".join([*broken[:20], *wrong[:20]]))
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts["mutants"] = asked(folder, "tests.mutants")
        counts["sweeps"] = asked(folder, "tests.faults", "singles", "kills", "--step", str(args.step))
        counts["pairs"] = asked(folder, "tests.faults", "pairs", "--book", "memory", "--step", str(args.pair_step))
        for book in ("memory", "xlsx", "google"):
            command = ("tests.sim", "--seeds", str(args.seeds), "--book", book)
            counts.setdefault("simulation", {})[book] = asked(folder, *command)
    args.out.write_text(json.dumps(counts, indent=2) + "\n", "utf-8")
    print(json.dumps(counts, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
