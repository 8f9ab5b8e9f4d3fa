"""The alert table: sequences of what runs find, and exactly the messages a person would want."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconcile.core.alerts import Seen, Told, parsed, step, told_of

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
TEN = timedelta(minutes=10)

OK: dict[str, Any] = {}
AWAY = {"code": 5, "why": "Try later"}
KEY = {"code": 6, "why": "Access refused"}
BROKEN = {"code": 8, "why": "Damaged"}
BUG = {"code": 1}
HELD = {"code": 3, "held": ("K1",)}
HELD2 = {"code": 3, "held": ("K1", "K2")}
DOUBT = {"code": 7, "doubts": ("claim-1",)}
DOUBT2 = {"code": 7, "doubts": ("claim-1", "orders-15")}
BOTH = {"code": 7, "doubts": ("claim-1",), "held": ("K1",)}
OLD = {"old": ("orders/15",)}
OLD2 = {"old": ("orders/15", "orders/16")}
LEASE = {"code": 4}

TABLE: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "nothing ever": ([OK] * 5, []),
    "away once": ([OK, AWAY, OK], []),
    "away once, twice apart": ([AWAY, OK, AWAY, OK], []),
    "away for a night": ([AWAY] * 50, ["failing"]),
    "away, then back": ([AWAY, AWAY, AWAY, OK, OK], ["failing", "failing over"]),
    "the key is wrong": ([OK, KEY, KEY, KEY], ["failing"]),
    "the key is wrong, then right": ([KEY, OK], ["failing", "failing over"]),
    "away, then the key is wrong": ([AWAY, AWAY, KEY, KEY], ["failing", "failing"]),
    "a bug once": ([BUG, OK], ["failing", "failing over"]),
    "damaged for a day": ([BROKEN] * 144, ["failing"]),
    "fails, well, fails": ([KEY, OK, KEY], ["failing", "failing over", "failing"]),
    "another run at work": ([LEASE, LEASE, OK], []),
    "another run overtook while it failed": ([KEY, LEASE, OK], ["failing", "failing over"]),
    "held, and ticked": ([HELD, HELD, OK], ["held", "held over"]),
    "held for a day": ([HELD] * 144, ["held"]),
    "a second list": ([HELD, HELD2, HELD2, OK], ["held", "held", "held over"]),
    "one of two lists ticked": ([HELD2, HELD, OK], ["held", "held over"]),
    "a doubt for a day": ([DOUBT] * 144, ["doubt"]),
    "a doubt resolved": ([DOUBT, OK], ["doubt", "doubt over"]),
    "a second doubt": ([DOUBT, DOUBT2, DOUBT2], ["doubt", "doubt"]),
    "the older of two resolved": ([DOUBT2, DOUBT, OK], ["doubt", "doubt over"]),
    "doubt and limit at once": ([BOTH, BOTH, OK], ["held", "doubt", "held over", "doubt over"]),
    "a doubt outlives an outage": ([DOUBT, AWAY, AWAY, DOUBT], ["doubt", "failing", "failing over"]),
    "resolved during an outage": ([DOUBT, AWAY, AWAY, OK], ["doubt", "failing", "failing over", "doubt over"]),
    "a row waits for a day": ([OLD] * 20, ["old"]),
    "more rows wait": ([OLD, OLD2, OLD2], ["old"]),
    "answered": ([OLD, OLD2, OK], ["old", "old over"]),
    "no run for four hours": ([{"last": START - timedelta(hours=4)}, OK], ["silent"]),
    "no run for an hour": ([{"last": START - timedelta(hours=1)}], []),
    "the first run of all": ([{"last": None}, OK], []),
    "silent, and a doubt": ([{**DOUBT, "last": START - timedelta(hours=9)}, DOUBT], ["silent", "doubt"]),
    "silent, and the key is wrong": ([{**KEY, "last": START - timedelta(hours=9)}], ["failing"]),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_messages_of_a_sequence(name: str) -> None:
    """Runs ten minutes apart; what was told goes through the workbook's meta each time."""
    runs, wanted = TABLE[name]
    said, told, now = [], Told(), START
    for run in runs:
        told, messages = step(told, Seen(**{"now": now, "last": now - TEN, **run}))
        said += [f"{message.kind} over" if message.over else message.kind for message in messages]
        told = told_of({"alerts": told.text()})
        now += TEN
    assert said == wanted


def days(counts: list[int], after: list[tuple[float, int]]) -> list[str]:
    """Days with so many orders at noon each, then (hours later, orders): what is said of arrivals."""
    said, told, now = [], Told(), datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
    for count in counts:
        told, messages = step(told, Seen(now=now, arrived=count))
        said += [message.text for message in messages]
        now += timedelta(days=1)
    now -= timedelta(days=1)
    for hours, count in after:
        now += timedelta(hours=hours)
        told, messages = step(told, Seen(now=now, arrived=count))
        said += [message.text for message in messages]
    return said


def test_orders_that_stay_away() -> None:
    """Told once after half a day, and once when they come again; not where few come anyway."""
    gone = [(8.0, 100), (11.0, 0), (1.5, 0), (2.0, 0), (1.0, 5)]
    assert days([240, 250, 260, 250], gone) == [
        "No order came for 12 hours; usually 255 come a day.",
        "Orders come as usual again.",
    ]
    assert days([3, 4, 2, 4], [*gone[:1], (40.0, 0)]) == [
        "104 orders came today; the most of the last days was 4.",
        "Orders come as usual again.",
    ]


def test_orders_that_come_as_never_before() -> None:
    """Three times the busiest of the last days, and fifty at least."""
    assert days([20, 30, 25, 20], [(1.0, 80)]) == ["100 orders came today; the most of the last days was 30."]
    assert days([10, 10, 10, 10], [(1.0, 35)]) == []
    assert days([20, 30], [(1.0, 900)]) == []


def test_texts_name_ids_and_never_too_many() -> None:
    """Ten ids at most."""
    _, [message] = step(Told(), Seen(now=START, doubts=tuple(f"claim-{n}" for n in range(12))))
    assert message.text.endswith("claim-9 and 2 more.")
    _, [message] = step(Told(), Seen(now=START, code=6, why="Access refused"))
    assert message.text == "Runs fail: Access refused (exit 6)."


@pytest.mark.parametrize("stored", [{"days": 3}, {"days": {"x": "y"}}, {"fails": "many"}, {"held": 5}])
def test_what_cannot_be_read_was_never_told(stored: dict[str, Any]) -> None:
    """A record of another shape is no reason to stop a run."""
    assert parsed(stored) == Told()
