"""The rates README quotes: accidents caught, honest work let through.

`python -m tests.core.accident_rates` measures generated sheets in some minutes and writes them down. Here the first of each kind are
measured again and must come out as written; so a change to the rules that changes a rate is seen.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.core.accident_rates import CASES, FEEDS, HONEST, KINDS, RESULTS, alarms, missed

pytestmark = pytest.mark.long

AGAIN = 20
"""So many of each kind are measured again."""


def written() -> dict[str, Any]:
    """The rates as last measured."""
    found: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
    return found


def test_the_written_rates_are_what_is_promised() -> None:
    """Of each kind on each feed at least 98 % are caught, and at most 1 % of honest work is held."""
    rates = written()
    assert list(rates["caught"]) == list(FEEDS)
    for feed in FEEDS:
        assert rates["caught"][feed] == {kind: CASES - len(rates["missed"][feed][kind]) for kind in KINDS}
        assert min(rates["caught"][feed].values()) >= 0.98 * CASES
    for feed, kinds in HONEST.items():
        assert rates["honest_held"][feed] == len(rates["held"][feed]) <= 0.01 * CASES
        assert rates["honest_kinds"][feed] == len(kinds)
    assert (rates["cases_per_kind"], rates["honest_cases"]) == (CASES, CASES)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("feed", FEEDS)
def test_accidents_are_caught_as_written(feed: str, kind: str) -> None:
    """The first of its kind."""
    assert missed(feed, kind, AGAIN) == [number for number in written()["missed"][feed][kind] if number < AGAIN]


@pytest.mark.parametrize("feed", HONEST)
def test_honest_work_passes_as_written(feed: str) -> None:
    """All kinds by turns, the first of each."""
    rounds = AGAIN // len(HONEST[feed])
    expected = [case for case in written()["held"][feed] if int(case.rpartition(" ")[2]) < rounds]
    assert alarms(feed, rounds * len(HONEST[feed])) == expected
