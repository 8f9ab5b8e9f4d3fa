"""The diff against a naive one, on frames as staff leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core import diff

if TYPE_CHECKING:
    from reconcile.core.model import Cell

FIELDS = ("status", "remains")
KEYS = st.sampled_from(["", "1", "2", "3", "4", "5", "6", "7"])
CELLS = st.sampled_from([None, 0, 1, 1.0, 2, True, False, "1", "", "Completed", "In progress", 1.5])
ROWS = st.lists(st.tuples(KEYS, CELLS, CELLS), max_size=9)


def frame(rows: list[tuple[str, Cell, Cell]], suffix: str = "") -> pd.DataFrame:
    """Rows of (key, status, remains) as the diff gets them."""
    made = pd.DataFrame(
        {
            name + suffix: pd.Series([row[place] for row in rows], dtype=object)
            for place, name in enumerate(FIELDS, start=1)
        }
    )
    made.index = pd.Index([row[0] for row in rows], dtype=object)
    return made


def naive(sheet: list[tuple[str, Cell, Cell]], ledger: list[tuple[str, Cell, Cell]]) -> list[tuple[Any, ...]]:
    """The same by dictionary, one cell at a time."""
    known = {row[0]: row for row in ledger}
    return [
        (row[0], name, row[place], known[row[0]][place])
        for place, name in enumerate(FIELDS, start=1)
        for row in sheet
        if row[0] in known and edited(name, row[place], known[row[0]][place])
    ]


def edited(name: str, raw: Cell, known: Cell) -> bool:
    """TRUE over 1 in a number column is an edit, although Python calls them equal."""
    return raw != known or (name == "remains" and isinstance(raw, bool) and not isinstance(known, bool))


def as_rows(moved: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The diff's frame as plain rows."""
    return list(moved.itertuples(index=False, name=None))


def exact(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in which True and 1 differ."""
    return [tuple((type(cell).__name__, cell) for cell in row) for row in rows]


@given(ROWS, ROWS, st.booleans(), st.randoms(use_true_random=False))
def test_the_diff_is_the_naive_one(sheet: Any, ledger: Any, same: Any, chance: Any) -> None:
    """Sorted, missing, doubled and mixed rows: the vectorised diff says what a loop over cells says."""
    ledger = list({row[0]: row for row in ledger if row[0]}.values())
    if same:  # the same rows in the same or in another order, a few cells changed
        sheet = [row if chance.random() < 0.7 else (row[0], "Completed", True) for row in ledger]
        if chance.random() < 0.5:
            chance.shuffle(sheet)
    moved = diff.changed(frame(sheet), frame(ledger, "_seen"), FIELDS)
    assert tuple(moved.columns) == diff.COLUMNS
    assert exact(as_rows(moved)) == exact(naive(sheet, ledger))


@given(ROWS, ROWS)
def test_missing_and_doubled_are_the_naive_ones(sheet: Any, ledger: Any) -> None:
    """The ledger's keys the sheet lacks, in the ledger's order; the sheet's keys that stand more than once."""
    ledger = list({row[0]: row for row in ledger if row[0]}.values())
    keys = [row[0] for row in sheet]
    assert diff.missing(frame(sheet), frame(ledger)) == [row[0] for row in ledger if row[0] not in keys]
    assert diff.doubled(frame(sheet)) == {key for key in keys if key and keys.count(key) > 1}


@pytest.mark.parametrize(
    ("raw", "known", "edit"),
    [
        (True, 1, True),
        (False, 0, True),
        (True, True, False),
        (1.0, 1, False),
        ("1", 1, True),
        (None, "", True),
        (None, None, False),
    ],
)
def test_what_counts_as_a_change(raw: Cell, known: Cell, edit: Any) -> None:
    """TRUE typed over 1 is an edit; 1.0 for 1 is not."""
    moved = diff.changed(frame([("1", None, raw)]), frame([("1", None, known)], "_seen"), FIELDS)
    assert bool(len(moved)) is edit


def test_nothing_given_is_changed() -> None:
    """Neither the sheet's frame nor the ledger's is touched, and the answer does not share their memory."""
    sheet, ledger = frame([("1", "Completed", 5)]), frame([("1", "Processing", 5)], "_seen")
    before = sheet.copy(), ledger.copy()
    moved = diff.changed(sheet, ledger, FIELDS)
    moved["raw"] = "x"
    pd.testing.assert_frame_equal(sheet, before[0])
    pd.testing.assert_frame_equal(ledger, before[1])
