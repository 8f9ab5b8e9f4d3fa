"""The rates README quotes: accidents caught, honest work let through.

`python -m tests.core.accident_rates` measures 6,000 generated sheets in some minutes and writes them down. Here the first of
each kind are measured again and must come out as written; so a change to the detector that changes a rate is seen.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.core.accident_rates import CASES, RESULTS, alarms, missed
from tests.core.hands import ACCIDENTS, HONEST

AGAIN = 120
"""So many of each kind are measured again."""


def written() -> dict[str, Any]:
    """The rates as last measured."""
    found: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
    return found


def test_the_written_rates_are_what_is_promised() -> None:
    """Of each kind at least 99 % are caught, and at most 1 % of honest work is stopped."""
    rates = written()
    assert rates["caught"] == {kind: CASES - len(rates["missed"][kind]) for kind in ACCIDENTS}
    assert min(rates["caught"].values()) >= 0.99 * CASES
    assert rates["honest_stopped"] == len(rates["stopped"]) <= 0.01 * CASES
    assert (rates["cases_per_kind"], rates["honest_cases"], rates["honest_kinds"]) == (CASES, CASES, len(HONEST))


@pytest.mark.parametrize("kind", ACCIDENTS)
def test_accidents_are_caught_as_written(kind: str) -> None:
    """The first of its kind: each with honest edits mixed into half of them."""
    assert missed(kind, AGAIN) == [number for number in written()["missed"][kind] if number < AGAIN]


def test_honest_work_passes_as_written() -> None:
    """All kinds by turns, the first of each."""
    rounds = AGAIN // len(HONEST)
    expected = [case for case in written()["stopped"] if int(case.rpartition(" ")[2]) < rounds]
    assert alarms(rounds * len(HONEST)) == expected
