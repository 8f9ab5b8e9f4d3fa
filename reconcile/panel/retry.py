"""The one retry policy: bounded in count and in total time, jittered, and drivable without sleeping.

Why not stamina: its `retry_context` waits through `time.sleep` and measures with `time.monotonic` (neither can be injected),
cannot ask between two waits whether a signal has come, and its test mode sets every wait to zero for the whole process, so
that a test could count attempts but never see a `Retry-After` honoured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SLICE = 0.5
"""A wait asks this often whether it may go on: a signal ends it within the 5 s a run has to stop."""


@dataclass(frozen=True)
class Policy:
    """How often one call is tried, and until when (seconds since its beginning) a new attempt may start.

    `longest` caps a single wait, also one the panel asks for.
    """

    attempts: int = 5
    seconds: float = 45.0
    first: float = 0.5
    longest: float = 20.0


@dataclass
class Retries:
    """The retries of one call. `jitter` gives numbers in [0, 1)."""

    policy: Policy
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    may_continue: Callable[[], bool]
    jitter: Callable[[], float]

    def __post_init__(self) -> None:
        self._started = self.clock()
        self._failed = 0

    def wait(self, at_least: float | None = None) -> bool:
        """Waits before the next attempt and answers True, or answers False at once when there is to be none."""
        self._failed += 1
        if self._failed >= self.policy.attempts:
            return False
        pause = self.pause(at_least)
        if self.clock() - self._started + pause > self.policy.seconds:
            return False
        return self._pause(pause)

    def pause(self, at_least: float | None) -> float:
        """Seconds before the next attempt: doubling, half of it jitter; never less than asked for, never over the cap.

        What the panel asks for gets up to a tenth on top, so that many clients turned away together do not return together.
        """
        backoff = min(self.policy.longest, self.policy.first * 2.0 ** (self._failed - 1)) * (0.5 + 0.5 * self.jitter())
        asked = 0.0 if at_least is None else at_least * (1 + 0.1 * self.jitter())
        return min(max(backoff, asked), self.policy.longest)

    def _pause(self, seconds: float) -> bool:
        while self.may_continue():
            if seconds <= 0:
                return True
            self.sleep(min(seconds, _SLICE))
            seconds -= _SLICE
        return False


def retry_after(value: str, date: str = "") -> float | None:
    """A Retry-After header in seconds, or None where it is missing or means nothing.

    Given as a date it is measured against the answer's own Date header, so that our clock being wrong does not matter.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, (_moment(value) - _moment(date)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _moment(value: str) -> datetime:
    moment = parsedate_to_datetime(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
