"""How often `watch` looks, and how it backs off. Pure: no clock, no dice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST: Final = 900.0
"""Seconds between two tries while the panel or the workbook is away, at most (or `every`, where that is longer)."""

JITTER: Final = 0.1
"""So much shorter or longer a wait may be, so that many machines do not come in the same second."""


@dataclass(frozen=True)
class Pace:
    """Seconds: between two looks for edits, and between two questions for new work."""

    every: float
    claim_every: float

    def wait(self, fails: int, chance: float) -> float:
        """Seconds until the next look after so many failures in a row. chance: 0 to 1."""
        base = min(self.every * 2.0 ** min(fails, 20), max(LONGEST, self.every))
        return base * (1 - JITTER + 2 * JITTER * chance)

    def asks(self, now: float, asked: float | None) -> bool:
        """Whether new work is asked for now. asked: when it was last, None for never. A clock that was put back asks."""
        return asked is None or not asked <= now < asked + self.claim_every - self.every / 2
