"""What a commit's answer tells about the sheet."""

from __future__ import annotations

from typing import Any

import pytest

from reconcile.workbook.google_answer import Shown, ShownTab, reach, shown

ORDERS = {"sheetId": 5, "gridProperties": {"rowCount": 900}}
SHUT = {"range": {"sheetId": 5, "startRowIndex": 1}}


@pytest.mark.parametrize("body", [None, {}, {"replies": [{}]}])
def test_an_answer_without_the_sheet_shows_nothing(body: dict[str, Any] | None) -> None:
    """It was lost, or nothing was asked for: that is not an empty sheet."""
    assert shown(body, "ours") is None


def test_a_tab_is_shown_by_its_id() -> None:
    """Headings, size, what is closed to us and what is a native table; stamps are ours only."""
    sheet = {
        "properties": ORDERS,
        "data": [{"rowData": [{"values": [{"formattedValue": "ID"}, {}, {"formattedValue": "Sync"}]}]}],
        "protectedRanges": [
            SHUT,
            {**SHUT, "warningOnly": True},
            {**SHUT, "requestingUserCanEdit": True},
            {**SHUT, "unprotectedRanges": [{"sheetId": 5}]},
        ],
        "tables": [{"range": {"sheetId": 5, "endRowIndex": 3}}],
    }
    entries = [{"metadataId": 7, "metadataKey": "ours"}, {"metadataId": 9, "metadataKey": "another's"}]
    found = shown({"updatedSpreadsheet": {"developerMetadata": entries, "sheets": [sheet, {"properties": {}}]}}, "ours")
    orders = ShownTab(["ID", "", "Sync"], 900, (SHUT["range"],), ({"sheetId": 5, "endRowIndex": 3},))
    assert found == Shown((7,), {5: orders, 0: ShownTab([], 0, (), ())})


@pytest.mark.parametrize(
    ("where", "reached"),
    [
        ({}, True),
        ({"startRowIndex": 1}, True),
        ({"startRowIndex": 500}, True),
        ({"endRowIndex": 10}, False),
        ({"endRowIndex": 11}, True),
        ({"startColumnIndex": 13}, True),
        ({"startColumnIndex": 14}, False),
    ],
)
def test_a_range_reaches_what_is_to_be_written(where: dict[str, int], reached: bool) -> None:  # noqa: FBT001 - the case
    """From the eleventh row on, within fourteen columns; a side that is not given is open."""
    assert reach([{"sheetId": 5, **where}], 10, 14) is reached
