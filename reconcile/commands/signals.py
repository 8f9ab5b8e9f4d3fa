"""SIGINT and SIGTERM during a run: finish the record in hand, land what was claimed, release the lease, be gone in 5 s.

The first signal only asks: no further call is started, and the call in hand may finish. If the run still waits for the
panel after 3 s (or a second signal comes) the wait is broken off by raising `Unknown` in it. The run then records that
call as it records any other without an answer. Only a wait for the panel is ever broken off, never a write.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, Final, Self

from reconcile.errors import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from reconcile.job import Stop

PATIENCE: Final = 3.0
"""Seconds the call in hand may take after the first signal."""

AGAIN: Final = 0.2
"""Seconds until the next look when the run was just not waiting for the panel."""

GAVE_UP: Final = "The run was told to stop while it was waiting for the panel's answer."

_STOPPING: Final = "Stopping: the record in hand is finished first. Again to stop waiting for the panel at once."


class Signals:
    """Turns signals into `stop.requested`, and a wait that lasts too long into `Unknown`. A context manager.

    `received` is the first signal's number, 0 when there was none.
    """

    def __init__(self, stop: Stop, say: Callable[[str], None], patience: float = PATIENCE) -> None:
        self._stop = stop
        self._say = say
        self._patience = patience
        self._before: dict[int, Any] = {}
        self.received = 0

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._asked)
        if hasattr(signal, "SIGALRM"):
            self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._rang)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _ring(0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def exit_code(self, code: int, stopped: str) -> int:
        """The run's exit code, or 128 + the signal's number when nothing but the signal ended it."""
        ended_by_us = code == 0 or stopped == GAVE_UP
        return 128 + self.received if self.received and ended_by_us and code != 7 else code  # noqa: PLR2004 - docs/design.md 9

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        if self._stop.requested:
            self._rang(number, None)
            return
        self.received = number
        self._stop.requested = True
        _ring(self._patience)
        self._say(_STOPPING)

    def _rang(self, _number: int, _frame: FrameType | None) -> None:
        if self._stop.waiting:
            self._stop.waiting = False
            raise Unknown(GAVE_UP, "Run again: it goes on where this one stopped.")
        _ring(AGAIN)


def _ring(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
