"""Spoiled answers and generated cells: a sample of what `python -m tests.reliability` counts."""

from __future__ import annotations

from tests.faults import shapes


def test_spoiled_answers() -> None:
    """F08: a good answer cut at an offset or with a bit flipped: nothing is raised, and what is missing is said."""
    count, broken = shapes.spoiled_answers(step=3)
    assert broken == []
    assert count > 1_000


def test_generated_cells() -> None:
    """F19: cells of every script and number format are read or answered, never misread, and never raise."""
    count, broken = shapes.generated_cells(8_000)
    assert broken == []
    assert count == 8_000
