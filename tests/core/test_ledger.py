"""The ledger as a value, and the marks kept in its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core.ledger import COLUMNS, Ledger, Sending, blank_row, frame_of, marks, refusals, refusals_text
from reconcile.errors import Damaged
from reconcile.workbook import templates

if TYPE_CHECKING:
    from reconcile.core.model import Row

PLACES = st.tuples(st.sampled_from(["orders", "payments"]), st.sampled_from(["1", "2", "3", "4"]))
PATCHES = st.lists(st.lists(st.tuples(PLACES, st.integers(0, 99)), max_size=4), max_size=6)


def row(tab: str, key: str, **values: Any) -> Row:
    """A ledger row."""
    return {**blank_row(tab, key), **values}


def test_the_ledger_tab_has_exactly_these_columns() -> None:
    """The template of `_ledger` and the code agree, in order."""
    assert templates.templates().tab("ledger").keys == COLUMNS


@given(PATCHES, st.booleans())
def test_a_patched_ledger_is_what_a_dictionary_would_be(patches: Any, look: Any) -> None:
    """Rows are inserted or replaced by (tab, key), whatever was asked in between; older values stay as they were."""
    ledger = Ledger(Ledger.empty())
    expected: dict[tuple[str, str], int] = {}
    history: list[tuple[Ledger, dict[tuple[str, str], int]]] = []
    for patch in patches:
        history.append((ledger, dict(expected)))
        ledger = ledger.patched([row(*place, quantity=value) for place, value in patch])
        expected.update(dict(patch))
        if look:
            ledger.of("orders")
    for known, values in [*history, (ledger, expected)]:
        for place in [(tab, key) for tab in ("orders", "payments") for key in "12345"]:
            found = known.row(*place)
            assert (found["quantity"] if found else None) == values.get(place)
            assert (place in known) == (place in values)
        for tab in ("orders", "payments"):
            frame = known.of(tab)
            assert frame.index.is_unique
            assert dict(zip(frame.index, frame["quantity"], strict=True)) == {
                key: value for (own, key), value in values.items() if own == tab
            }


def test_a_row_taken_out_is_a_copy() -> None:
    """Changing a row that was asked for does not change the ledger."""
    ledger = Ledger(Ledger.empty()).patched([row("orders", "1", quantity=5)])
    taken = ledger.row("orders", "1")
    assert taken is not None
    taken["quantity"] = 6
    again = ledger.row("orders", "1")
    assert again is not None
    assert again["quantity"] == 5


def test_a_doubled_key_is_damage() -> None:
    """Two rows for one order are refused by name, never chosen between."""
    with pytest.raises(Damaged) as caught:
        Ledger(frame_of([row("orders", "15"), row("orders", "15")]))
    assert caught.value.what == "The hidden _ledger tab lists orders 15 twice."


@given(
    st.text(),
    st.dictionaries(
        st.sampled_from(["status", "remains"]), st.tuples(st.text(), st.none() | st.integers() | st.text())
    ),
    st.booleans(),
)
def test_a_sending_mark_reads_back_as_it_was_written(what: str, values: Any, doubt: Any) -> None:
    """Nothing of a send is lost on the way through a cell: "Send again" must send exactly the same."""
    mark = Sending(
        "setPartial", "15", "run-1", "02 Mar", what, values, (("remains", "5"), ("once", "yes")), "15", doubt
    )
    assert Sending.parse(mark.text()) == mark


@pytest.mark.parametrize("cell", ["{", "[]", "5", '{"action": "x"}', '{"values": 5, "params": []}'])
def test_a_mark_somebody_changed_is_damage(cell: str) -> None:
    """A mark that cannot be read stops the run; it is never taken for "nothing was sent"."""
    with pytest.raises(Damaged) as caught:
        Sending.parse(cell)
    assert caught.value.what == f"The hidden _ledger tab has a `sending` mark that cannot be read: {cell!r}."


@pytest.mark.parametrize("cell", ["{", "[]", "5", '{"status": 5}', '{"status": ["a"]}'])
def test_a_refusal_somebody_changed_is_damage(cell: str) -> None:
    """So is a refusal."""
    with pytest.raises(Damaged) as caught:
        refusals(cell)
    assert caught.value.what == f"The hidden _ledger tab has a `refused` mark that cannot be read: {cell!r}."


def test_refusals_read_back() -> None:
    """Field, value and reason; nothing at all is a blank cell."""
    held = {"status": ("Partial", "no."), "remains": ("5", "no.")}
    assert refusals(refusals_text(held, {})) == held
    assert refusals_text({}, {}) is None
    besides = {"unclear": ("2", "no."), "link": ("a", "b")}
    assert marks(refusals_text(held, besides)) == besides
    assert refusals(refusals_text(held, besides)) == held
    assert refusals(None) == {}
