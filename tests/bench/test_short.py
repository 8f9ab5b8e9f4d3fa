"""The bench's short form: ratios and exponents, which a slow or busy machine does not change much."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import short

pytestmark = pytest.mark.long


def test_the_cost_of_a_run_grows_with_its_rows_and_no_faster() -> None:
    """An exponent of 2 would be a loop in a loop; the bounds leave room for a busy machine."""
    found = short()
    assert found["ratio_to_align"] <= 4
    assert found["diff_exponent"] <= 1.3
    assert found["plan_exponent"] <= 1.3
