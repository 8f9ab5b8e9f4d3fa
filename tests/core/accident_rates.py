"""`python -m tests.core.accident_rates`: how many accidents are caught, and how often honest work is held.

100 generated cases of each kind of accident on each feed, and 100 of honest work per kind of sheet, through the
plan's own path. Written to tests/accident_rates.json, which docs/reliability.md quotes. `ACCIDENT_SEED=1` in the environment is the set the
rules were calibrated on, 2 the one they are measured on; any other number is a set nobody has seen.

An accident is caught when nothing of the rows it spoiled is sent.
Honest work is held when anything of it is.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.core.model import Feed
from reconcile.core.plan import Rules, make_plan
from tests.core import clerks, hands
from tests.core.desk import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Plan, Snapshot

RESULTS = Path(__file__).parent.parent / "accident_rates.json"
CASES = 100
CALIBRATION, MEASURE = 1, 2
"""Seeds: what the rules were tuned on, and what their rates are measured on."""

SEED = "ACCIDENT_SEED"
RULES = Rules(
    max_refunds=10**6,
    max_closed_share=100,
    max_payments=10**6,
    max_payment_total=None,
    max_payment=None,
    max_tickets=10**6,
)
"""Without the limits that count and add up, whose numbers are settings."""

FEEDS = tuple(feed.value for feed in Feed)
KINDS = tuple(hands.ACCIDENTS)
HONEST = {
    "orders": (*hands.HONEST, *hands.BUSY),
    "payments": tuple(clerks.HONEST),
    "tickets": tuple(clerks.HONEST),
}
"""Refills and Cancels have their honest work among that of Orders (`decisions`)."""


def plan_of(snapshot: Snapshot, ledger: Ledger) -> Plan:
    """What a run makes of a sheet."""
    return make_plan(snapshot, ledger, RULES, now=NOW)


def sent(plan: Plan) -> set[tuple[str, str]]:
    """(tab, key) of the rows of which a run would tell the panel something."""
    return {(push.feed.value, push.key) for push in plan.pushes}


def caught(plan: Plan, spoiled: set[tuple[str, str]] | set[tuple[str, str, str, str]]) -> bool:
    """Whether nothing of the spoiled rows (or cells: tab, key, column, value) is sent."""
    cells = {(push.feed.value, push.key, each.field, each.new) for push in plan.pushes for each in push.changes}
    return not (sent(plan) | cells) & spoiled


def _orders(kind: str, count: int, seed: int) -> Iterator[bool]:
    """Orders: a few honest edits, which may be among the spoiled rows, are mixed into half of them."""
    for case in hands.cases(hands.ACCIDENTS[kind], seed, count, mixed=True):
        yield caught(plan_of(case.snapshot(), case.world.ledger), case.spoiled)


def _tasks(kind: str, tab: str, count: int, seed: int) -> Iterator[bool]:
    for case, places in hands.task_cases(kind, seed, count, tab):
        keys = {(tab, str(case.look("id", tab)[place])) for place in places}
        yield caught(plan_of(case.snapshot(), case.world.ledger), keys)


def _clerks(kind: str, tab: str, count: int, seed: int) -> Iterator[bool]:
    for case, places in clerks.cases(clerks.ACCIDENTS[kind], seed, count, tab):
        keys = {(tab, str(case.rows[place]["reference"])) for place in places}
        yield caught(plan_of(case.snapshot(), case.world.ledger), keys)


def missed(feed: str, kind: str, count: int = CASES, seed: int = MEASURE) -> list[int]:
    """Which of so many accidents of a kind on a feed were not caught."""
    if feed == "orders":
        found: Iterable[bool] = _orders(kind, count, seed)
    else:
        found = (_tasks if feed in hands.TASKS else _clerks)(kind, feed, count, seed)
    return [number for number, good in enumerate(found) if not good]


def alarms(feed: str, count: int = CASES, seed: int = MEASURE) -> list[str]:
    """Which of so many honest cases were held: kind and number. The kinds take turns."""
    found, edits = [], {**hands.HONEST, **hands.BUSY}
    for first, kind in enumerate(HONEST[feed]):
        each = len(range(first, count, len(HONEST[feed])))
        if feed == "orders":
            plans = (plan_of(case.snapshot(), case.world.ledger) for case in hands.cases(edits[kind], seed, each))
            found += [f"{kind} {number}" for number, plan in enumerate(plans) if plan.limits]
            continue
        for number, (case, places) in enumerate(clerks.cases(clerks.HONEST[kind], seed, each, feed)):
            keys = {(feed, str(case.rows[place]["reference"])) for place in places}
            if not keys <= sent(plan_of(case.snapshot(), case.world.ledger)):
                found.append(f"{kind} {number}")
    return found


def main(seed: int) -> None:
    """Measures all, prints it, and writes it down when it is the set to be measured on."""
    with ProcessPoolExecutor() as pool:
        held = {feed: pool.submit(alarms, feed, CASES, seed) for feed in HONEST}
        gone = {feed: {kind: pool.submit(missed, feed, kind, CASES, seed) for kind in KINDS} for feed in FEEDS}
        stopped = {feed: job.result() for feed, job in held.items()}
        numbers = {feed: {kind: job.result() for kind, job in jobs.items()} for feed, jobs in gone.items()}
    result = {
        "cases_per_kind": CASES,
        "caught": {feed: {kind: CASES - len(lost) for kind, lost in kinds.items()} for feed, kinds in numbers.items()},
        "missed": numbers,
        "honest_cases": CASES,
        "honest_kinds": {feed: len(kinds) for feed, kinds in HONEST.items()},
        "honest_held": {feed: len(found) for feed, found in stopped.items()},
        "held": stopped,
    }
    text = json.dumps(result, indent=2) + "\n"
    sys.stdout.write(text)
    if seed == MEASURE:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(int(os.environ.get(SEED, str(MEASURE))))
