"""Real SIGKILL at a sample of boundaries; `python -m tests.faults kills` kills at every one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import kill

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long


@pytest.mark.parametrize(("book", "start", "step"), [("xlsx", 3, 31), ("google", 8, 47)])
def test_a_process_killed_for_real(tmp_path: Path, book: str, start: int, step: int) -> None:
    """F01, F22, F24: after SIGKILL a fresh process finishes the work, with the state folder and without it."""
    broken: list[str] = []
    counts = kill.sweep(tmp_path / "day", book, start=start, step=step, say=broken.append)
    assert [line for line in broken if "BROKEN" in line] == []
    assert counts["kills"] >= 3
    assert counts["kill_boundaries"] > 80
