"""An entry of `_ledger` that cannot be read: the refusal names it and the way on, and that way ends with nothing lost or sent twice."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("refused", "The hidden _ledger tab has a `refused` mark that cannot be read: '{broken'."),
        ("sending", "The hidden _ledger tab has a `sending` mark that cannot be read: '{broken'."),
    ],
)
def test_a_good_copy_and_restore(synced: Terminal, column: str, said: str) -> None:
    """Put a good copy back, then `restore`: the refund that went through stays sent once, the order that came since is back."""
    good = synced.folder / "good.xlsx"
    shutil.copy(synced.book, good)
    synced.panel.add_order("20", link="l", charge="0.10", user_id="7", quantity="100")
    synced.edit("Orders", "15", Status="Canceled")
    synced.type("sync")
    opened = load_workbook(synced.book)
    sheet = opened["_ledger"]
    place = next(cell.column for cell in sheet[1] if cell.value == column)
    row = next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).value == "orders")
    sheet.cell(row, place).value = "{broken"
    opened.save(synced.book)
    ended = synced.type("sync")
    assert ended.code == 8
    assert said in ended.err
    assert "then run `reconcile restore`" in ended.err
    shutil.copy(good, synced.book)
    good.unlink()
    assert synced.type("restore", "--yes").code == 0
    assert synced.type("sync").code == 0
    assert len(synced.panel.state.refunds()) == 1
    assert [str(row["ID"]) for row in synced.rows("Orders")] == ["15", "16", "20"]
