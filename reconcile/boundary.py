"""The points where a run touches the outside world, in one list.

Every I/O call is marked by `at(NAME)` before and, where the effect matters, after. In production that is one `None`
test; the fault harness puts a hook here and fails, kills or interrupts the run at the Nth boundary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES: tuple[str, ...] = (
    "panel.before-send",
    "panel.after-answer",
    "journal.before-write",
    "journal.after-write",
    "book.before-read",
    "book.after-read",
    "book.before-commit",
    "book.after-commit",
    "google.before-send",
    "google.after-answer",
    "file.before-temp",
    "file.after-temp",
    "file.before-replace",
    "file.after-replace",
)

_hook: Callable[[str], None] | None = None


def at(name: str) -> None:
    """Marks one boundary; calls the harness's hook when there is one."""
    if _hook is not None:
        _hook(name)


def set_hook(hook: Callable[[str], None] | None) -> None:
    """Installs (or, with None, removes) the hook. For tests only."""
    global _hook  # noqa: PLW0603 - one process-wide switch is the point
    _hook = hook
