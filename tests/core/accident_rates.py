"""`python -m tests.core.accident_rates`: how many accidents are caught, and how often honest work is stopped.

1,000 generated cases of each kind of accident, and 1,000 of honest work, through the plan's own path. Written to
tests/accident_rates.json, which the README quotes. `--seed 1` is the set the detector was calibrated on.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.core.plan import Rules, make_plan
from tests.core.hands import ACCIDENTS, HONEST, cases

if TYPE_CHECKING:
    from tests.core.hands import Hands

RESULTS = Path(__file__).parent.parent / "accident_rates.json"
CASES = 1_000
CALIBRATION, MEASURE = 1, 2
"""Seeds: what the detector was tuned on, and what its rates are measured on."""

RULES = Rules(max_refunds=10**6, max_closed_share=100)
"""Without the limits that count refunds and closed orders, whose numbers are settings."""


def stopped(hands: Hands) -> bool:
    """Whether the plan for this sheet is stopped by anything."""
    return bool(make_plan(hands.snapshot(), hands.world.ledger, RULES).limits)


def missed(kind: str, count: int = CASES, seed: int = MEASURE) -> list[int]:
    """Which of so many accidents of a kind were not stopped. A few honest edits are mixed into half of them."""
    made = cases(ACCIDENTS[kind], seed, count, mixed=True)
    return [number for number, hands in enumerate(made) if not stopped(hands)]


def alarms(count: int = CASES, seed: int = MEASURE) -> list[str]:
    """Which of so many honest cases were stopped: kind and number. The kinds take turns."""
    found = []
    for first, (kind, edit) in enumerate(HONEST.items()):
        made = cases(edit, seed, len(range(first, count, len(HONEST))))
        found += [f"{kind} {number}" for number, hands in enumerate(made) if stopped(hands)]
    return found


def main(seed: int) -> None:
    """Measures all, prints it, and writes it down when it is the set to be measured on."""
    with ProcessPoolExecutor() as pool:
        false_alarms = pool.submit(alarms, seed=seed)
        jobs = {kind: pool.submit(missed, kind, seed=seed) for kind in ACCIDENTS}
        gone = {kind: job.result() for kind, job in jobs.items()}
        false = false_alarms.result()
    result = {
        "cases_per_kind": CASES,
        "caught": {kind: CASES - len(numbers) for kind, numbers in gone.items()},
        "missed": gone,
        "honest_cases": CASES,
        "honest_kinds": len(HONEST),
        "honest_stopped": len(false),
        "stopped": false,
    }
    text = json.dumps(result, indent=2) + "\n"
    sys.stdout.write(text)
    if seed == MEASURE:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[2]) if sys.argv[1:2] == ["--seed"] else MEASURE)
