"""What the ledger remembers of orders that left: packed, whole, and asked without reading Archive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core.ledger import ARCHIVED, PART, Archived, Ledger
from reconcile.errors import Damaged

IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.integers(0, 10**20).map(str)
HOW = st.sampled_from(["", "Partial", "Canceled"])


@given(st.lists(st.dictionaries(IDS, HOW, max_size=30), max_size=5))
def test_every_id_is_known_again_and_no_other(steps: list[dict[str, str]]) -> None:
    """Whatever the ids look like, in whatever order they come, read back from what was written."""
    meta: dict[str, str] = {}
    wanted: dict[str, str] = {}
    for gone in steps:
        _, written = Archived(meta).added(gone)
        meta.update(written)
        for key, how in gone.items():
            wanted[key] = how or wanted.get(key, "")
    found = Archived(meta)
    for key, how in wanted.items():
        assert (found.how(key) or "") in (how, *({"Canceled", "Partial"} if how else ()))
        assert found.how(key) is not None
        assert bool(found.how(key)) == bool(how)
        assert found.how(key + "0") is None or key + "0" in wanted


def test_a_year_of_orders_is_small_and_a_run_rewrites_little() -> None:
    """73,000 ids in parts of 40,000 characters; 200 more touch one part."""
    meta: dict[str, str] = {}
    archived = Archived(meta)
    for day in range(365):
        archived, written = archived.added(
            {str(1_000_000 + 3 * number): "" for number in range(200 * day, 200 * day + 200)}
        )
        assert list(written) == sorted(written)[:1]
        meta.update(written)
    assert sum(map(len, meta.values())) < 80_000
    assert all(len(text) < PART + 1_000 for text in meta.values())
    assert len(meta) == 2
    assert archived.how("1000000") == archived.how(str(1_000_000 + 3 * 72_999)) == ""
    assert archived.how("1000001") is None


@pytest.mark.parametrize(
    "record",
    [
        "x",
        "[]",
        '{"numbers":"5"}',
        '{"numbers":5,"texts":[]}',
        '{"numbers":"5A","texts":[]}',
        '{"numbers":"5é","texts":[]}',
        '{"numbers":"5 6","texts":[]}',
        f'{{"numbers":"{"A" * 12}1","texts":[]}}',
    ],
    ids=["no JSON", "a list", "no texts", "a number", "cut off", "no ASCII", "no digit", "too long"],
)
def test_a_record_that_somebody_changed_is_refused(record: str) -> None:
    """Never guessed: a refund could be sent twice."""
    with pytest.raises(Damaged, match="archived:done:0001"):
        Archived({f"{ARCHIVED}done:0001": record}).how("1")


def test_a_record_as_the_first_version_wrote_it() -> None:
    """Distances in digits of five bits, the lowest first; the upper half of the digits goes on."""
    record = '{"numbers":"fVuCXXxzPKFXQJ3","texts":["007","x"]}'
    archived = Archived({f"{ARCHIVED}Partial:0001": record})
    for key in ("15", "1000", "123456789012345678", "007", "x"):
        assert archived.how(key) == "Partial"
    assert archived.added({"15": "Partial"})[1] == {f"{ARCHIVED}Partial:0001": record}


def test_a_ledger_without_rows_that_left() -> None:
    """They are gone from every way of asking; what was patched before and after stays."""
    rows = [{"tab": "orders", "key": key, "state": "closed"} for key in "123"]
    ledger = Ledger(Ledger.empty()).patched(rows)  # type: ignore[arg-type]
    archived, _ = ledger.archived.added({"2": "Canceled"})
    left = ledger.without("orders", ["2"], archived).patched([{"tab": "orders", "key": "4"}])
    assert sorted(left.of("orders").index) == ["1", "3", "4"]
    assert left.row("orders", "2") is None
    assert ("orders", "2") not in left
    known = left.archived.row("2")
    assert known is not None
    assert (known["status"], known["refunded"], known["state"]) == ("Canceled", "Canceled", "archived")
    assert ledger.row("orders", "2") is not None
