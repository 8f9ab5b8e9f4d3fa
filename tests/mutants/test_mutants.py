"""The planted bugs are still plantable; `make mutants` hunts them all, the check hunts the two quickest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mutants.__main__ import copied, hunt, planted
from tests.mutants.planted import MUTANTS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long


def test_every_planted_bug_fits_the_code_of_today(tmp_path: Path) -> None:
    """Each bug's place is found in the real code: none has silently become a bug that is not planted."""
    for number, mutant in enumerate(MUTANTS):
        planted(copied(tmp_path / str(number)), mutant)


@pytest.mark.parametrize("name", ["refund retried", "claim repeated after a timeout"])
def test_the_harness_fails_on_a_planted_bug(name: str) -> None:
    """The tests that hunt this bug fail once it is there."""
    found, said = hunt(next(mutant for mutant in MUTANTS if mutant.name == name))
    assert found, said
