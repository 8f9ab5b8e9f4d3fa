"""The right to run and what a run said it was about to do, as records in the workbook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconcile.core.lease import Claiming, Lease, check_free, claiming_of, doubt_meta, doubts_of, lease_of
from reconcile.core.model import Doubt, Feed
from reconcile.errors import Damaged, LeaseHeld

NOW = datetime(2026, 3, 2, 9, 55, tzinfo=UTC)


def test_a_lease_reads_back_and_ends_by_itself() -> None:
    """It counts until its time, exactly."""
    lease = Lease("run-1", NOW + timedelta(seconds=180))
    meta = {"lease": lease.text()}
    assert lease_of(meta) == lease
    assert lease.left(NOW) == timedelta(seconds=180)
    with pytest.raises(LeaseHeld) as caught:
        check_free(meta, NOW, [])
    assert caught.value.what == "Another run (run-1) is at work on this workbook."
    assert (
        caught.value.next_step
        == "Wait for it to finish. If it was killed, its right to run ends by itself in 180 seconds."
    )
    check_free(meta, NOW + timedelta(seconds=180), [])
    check_free(meta, NOW, ["run-1"])
    check_free({}, NOW, [])
    check_free({"lease": ""}, NOW, [])


def test_what_was_about_to_be_claimed_reads_back() -> None:
    """Services in order, and since when."""
    claiming = Claiming("run-1", ("12", "9"), NOW.isoformat())
    assert claiming_of({"claiming": claiming.text()}) == claiming
    assert claiming_of({}) is None


def test_doubts_read_back_oldest_first() -> None:
    """Every field, whatever the text holds."""
    late = Doubt("claim-b", "claim", Feed.ORDERS, "“x” \n 🎉", at="2026-03-02", run="b", service="12", bound=100)
    early = Doubt("claim-c", "broken", Feed.CANCELS, "y", at="2026-03-01", raw='{"a": 1}')
    meta = {name: str(text) for name, text in doubt_meta([late, early]).items()}
    assert set(meta) == {"doubt:claim-b", "doubt:claim-c"}
    assert doubts_of({**meta, "other": "x"}) == (early, late)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lease", "{"),
        ("lease", "[]"),
        ("lease", '{"run": "x"}'),
        ("lease", '{"run": "x", "until": "soon"}'),
        ("lease", '{"run": "x", "until": "2026-03-02T09:55:00"}'),
        ("claiming", '{"run": "x"}'),
        ("claiming", '{"run": "x", "services": 5, "at": ""}'),
        ("doubt:x", "{}"),
        ("doubt:x", '{"id": "x", "kind": "claim", "feed": "nothing", "text": ""}'),
        ("doubt:x", '{"id": "x", "kind": "claim", "feed": "orders", "text": "", "more": 1}'),
    ],
)
def test_a_record_somebody_changed_is_damage(name: str, text: str) -> None:
    """It is named; it is never taken for "nothing"."""
    meta = {name: text}
    with pytest.raises(Damaged) as caught:
        (lease_of(meta), claiming_of(meta), doubts_of(meta))
    assert caught.value.what == f"The hidden _ledger tab has a record `{name}` that cannot be read."
