"""The retry policy: bounded in count and time, jittered, and ended by a signal."""

from __future__ import annotations

import pytest

from reconcile.panel.retry import Policy, Retries, retry_after

from .fakes import Time


def retries(time: Time, policy: Policy | None = None, jitter: float = 0.0, *, go_on: bool = True) -> Retries:
    return Retries(policy or Policy(), time.clock, time.sleep, lambda: go_on, lambda: jitter)


def test_waits_double_and_end_with_the_count() -> None:
    """Five attempts have four waits between them."""
    time = Time()
    policy = retries(time, Policy(attempts=5, first=1.0, seconds=100), jitter=0.999999999)
    waits = []
    while policy.wait():
        waits.append(round(time.waited - sum(waits), 3))
    assert waits == [1, 2, 4, 8]


def test_half_of_a_wait_is_jitter() -> None:
    """No two clients come back at the same moment."""
    time = Time()
    assert retries(time, Policy(first=8.0)).wait()
    assert time.waited == 4.0


@pytest.mark.parametrize(("asked", "waited"), [(3.0, 3.0), (0.0, 0.25), (1e9, 20.0)])
def test_what_the_panel_asks_for_is_honoured_and_capped(asked: float, waited: float) -> None:
    """Never less than asked, never less than our own wait, never over the cap."""
    time = Time()
    assert retries(time).wait(asked)
    assert time.waited == waited


def test_a_tenth_on_top_of_what_was_asked() -> None:
    """Clients that were all told "10 seconds" do not all return in the same one."""
    time = Time()
    assert retries(time, jitter=0.5).wait(10)
    assert time.waited == 10.5


def test_no_wait_past_the_time_limit() -> None:
    """A wait that would end too late is not begun."""
    time = Time()
    policy = retries(time, Policy(attempts=99, seconds=45, longest=20))
    assert policy.wait(20)
    assert policy.wait(20)
    assert not policy.wait(20)
    assert time.waited == 40


def test_time_spent_in_calls_counts() -> None:
    """The limit is on the call as a whole."""
    time = Time()
    policy = retries(time, Policy(seconds=45))
    time.now += 45
    assert not policy.wait()
    assert time.slept == []


def test_a_signal_ends_it_before_and_during_a_wait() -> None:
    """No retry is begun after a signal, and a wait is left within half a second."""
    time = Time()
    assert not retries(time, go_on=False).wait(10)
    assert time.slept == []
    policy = Retries(Policy(), time.clock, time.sleep, lambda: time.waited < 3, lambda: 0.0)
    assert not policy.wait(10)
    assert time.slept == [0.5] * 6


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("9" * 30, 999999999.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:30", 30.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    """Seconds, or a date against the answer's own Date; anything else means nothing."""
    assert retry_after(value, "Wed, 21 Oct 2015 07:28:00 GMT") == seconds


def test_a_date_without_a_date_to_compare_means_nothing() -> None:
    """Our own clock is not asked: it may be wrong."""
    assert retry_after("Wed, 21 Oct 2015 07:28:30 GMT") is None
