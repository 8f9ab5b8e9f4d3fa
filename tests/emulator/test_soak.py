"""Seeded long runs: people and scripts do anything at all; the emulator neither breaks nor sends what Google could not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.emulator.emulator import OWNER, STAFF
from tests.emulator.helpers import Api, grid
from tests.emulator.staff import Staff, StaffRefusedError

pytestmark = pytest.mark.long

TEXTS = [
    "open",
    "done",
    "",
    "=A1+1",
    "=SUM(B:B)",
    "5",
    "1/2/2024",
    "'x",
    "-",
    "=Sheet1!B2",
    "=1/0",
    "50%",
    "😀",
    "=NOW()",
]


def some_range(pick: random.Random) -> dict[str, Any]:
    found = grid()
    if pick.random() < 0.8:
        r, c = pick.randrange(12), pick.randrange(6)
        found |= {"startRowIndex": r, "endRowIndex": r + pick.randrange(1, 4)}
        found |= {"startColumnIndex": c, "endColumnIndex": c + pick.randrange(1, 3)}
    elif pick.random() < 0.5:
        found |= {"startColumnIndex": 1, "endColumnIndex": 3}
    return found


def some_dimension(pick: random.Random) -> dict[str, Any]:
    start = pick.randrange(6)
    kind = pick.choice(["ROWS", "COLUMNS"])
    return {"sheetId": 0, "dimension": kind, "startIndex": start, "endIndex": start + pick.randrange(1, 3)}


def some_request(pick: random.Random) -> dict[str, Any]:
    place = some_range(pick)
    text = pick.choice(TEXTS)
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": '=$A1="open"'}]}
    boolean = {"condition": condition, "format": {"backgroundColor": {"red": 1}}}
    named = {"name": f"N{pick.randrange(10**6)}", "range": place}
    entry = {
        "metadataKey": "k",
        "location": {"dimensionRange": {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 3}},
        "visibility": "DOCUMENT",
    }
    start = pick.randrange(8)
    hides = {"columnIndex": pick.randrange(3), "filterCriteria": {"hiddenValues": [text, "3"]}}
    cell = (
        {"userEnteredValue": {"formulaValue": "=A1*2"}}
        if text.startswith("=")
        else {"userEnteredValue": {"stringValue": text}}
    )
    return pick.choice(
        [
            {"insertDimension": {"range": some_dimension(pick), "inheritFromBefore": pick.random() < 0.5}},
            {"deleteDimension": {"range": some_dimension(pick)}},
            {"moveDimension": {"source": some_dimension(pick), "destinationIndex": pick.randrange(9)}},
            {"sortRange": {"range": grid("A2:H12"), "sortSpecs": [{"dimensionIndex": pick.randrange(8)}]}},
            {"mergeCells": {"range": grid(f"B{start + 1}:C{start + 1}")}},
            {"unmergeCells": {"range": place}},
            {"addNamedRange": {"namedRange": named}},
            {"addProtectedRange": {"protectedRange": {"range": place, "warningOnly": pick.random() < 0.7}}},
            {"addConditionalFormatRule": {"rule": {"ranges": [place], "booleanRule": boolean}, "index": 0}},
            {"setBasicFilter": {"filter": {"range": place}}},
            {"addFilterView": {"filter": {"title": "v", "range": place}}},
            {"repeatCell": {"range": place, "cell": cell, "fields": "userEnteredValue"}},
            {"copyPaste": {"source": place, "destination": grid("D4")}},
            {"cutPaste": {"source": grid("A2:B3"), "destination": {"sheetId": 0, "rowIndex": start, "columnIndex": 3}}},
            {"findReplace": {"find": "o", "replacement": text, "sheetId": 0}},
            {"insertRange": {"range": grid("B2:C3"), "shiftDimension": pick.choice(["ROWS", "COLUMNS"])}},
            {"deleteRange": {"range": grid("B2:C3"), "shiftDimension": pick.choice(["ROWS", "COLUMNS"])}},
            {"setDataValidation": {"range": place, "rule": {"condition": {"type": "BOOLEAN"}}}},
            {"deleteDuplicates": {"range": grid("A2:C9")}},
            {"createDeveloperMetadata": {"developerMetadata": entry}},
            {"addDimensionGroup": {"range": some_dimension(pick)}},
            {"duplicateSheet": {"sourceSheetId": 0}},
            {"appendCells": {"sheetId": 0, "rows": [{"values": [cell, cell]}], "fields": "userEnteredValue"}},
            {"setBasicFilter": {"filter": {"range": grid("A1:C12"), "filterSpecs": [hides]}}},
            {"addTable": {"table": {"range": place}}},
            {
                "updateDimensionProperties": {
                    "range": {**some_dimension(pick), "dimension": "ROWS"},
                    "properties": {"hiddenByUser": pick.random() < 0.7},
                    "fields": "hiddenByUser",
                }
            },
        ]
    )


def something(pick: random.Random, staff: Staff) -> None:
    """Do one thing a person does."""
    row, column = pick.randrange(2, 9), pick.randrange(4)
    action = pick.randrange(12)
    if action == 0:
        staff.sort(pick.randrange(3), descending=pick.random() < 0.5)
    elif action == 1:
        staff.insert_rows(row)
    elif action == 2:
        staff.delete_rows(row)
    elif action == 3:
        staff.type(f"B{row}", pick.choice(TEXTS))
    elif action == 4:
        staff.move_column(column, pick.randrange(4))
    elif action == 5:
        staff.paste("B3", [["a", "b"], ["c", "d"]])
    elif action == 6:
        staff.filter(pick.randrange(3), [pick.choice(TEXTS), "5"])
    elif action == 7:
        staff.hide_rows(row, row + 1, hidden=pick.random() < 0.7)
    elif action == 8:
        staff.delete_rows(row, row + 2)
    elif action == 9:
        staff.move_rows(row, row + 1, pick.randrange(2, 12))
    elif action == 10:
        staff.make_table(f"E{row}:F{row + 2}")
    else:
        staff.clear(f"A{row}:B{row + 1}")


def check_inside(api: Api) -> None:
    """Nothing lies outside of its grid, and the index of exact texts is what a fresh one would be."""
    for sheet in api.emulator.book(api.book_id).sheets:
        assert len(sheet.rows) <= sheet.row_count
        assert all(len(row) <= sheet.column_count for row in sheet.rows)
        kept = {text: found for text, found in sheet.column_texts(1).items() if found}
        sheet.text_index = {}
        assert kept == sheet.column_texts(1)
        for merge in sheet.merges:
            assert merge["endRowIndex"] <= sheet.row_count
            assert merge["endColumnIndex"] <= sheet.column_count


@pytest.mark.parametrize("seed", range(15))
def test_anything_at_all(api: Api, seed: int) -> None:
    """Random batches as owner and service account, and random people, with a full read after each.

    Refusals change nothing, and every version that is kept comes back as it was.
    """
    pick = random.Random(seed)
    api.emulator.switches.filters_follow_edits = seed % 2 == 0
    reads: dict[int, Any] = {}
    owner = api.as_person(OWNER)
    owner.batch({"updateSheetProperties": {"properties": {"sheetId": 0, "gridProperties": {"rowCount": 30, "columnCount": 10}},
                                           "fields": "gridProperties(rowCount,columnCount)"}})  # fmt: skip
    api.type("A1", [["ID", "Status", "N"], *[[str(i), pick.choice(TEXTS), i] for i in range(9)]])
    staff = api.emulator.staff(api.book_id, "Sheet1", STAFF)
    before = owner.ok("GET", "", includeGridData="true")
    done = 0
    for _ in range(25):
        who = pick.choice([owner, api])
        requests = [some_request(pick) for _ in range(pick.randrange(1, 4))]
        answer = who.call("POST", ":batchUpdate", {"requests": requests})
        assert answer.status_code in (200, 400), answer.text
        after = owner.ok("GET", "", includeGridData="true")
        done += answer.status_code == 200
        if answer.status_code == 400:
            assert after == before
        try:
            something(pick, staff)
        except StaffRefusedError:
            assert owner.ok("GET", "", includeGridData="true") == after
        owner.get("Sheet1")
        owner.get("Sheet1", "FORMULA")
        before = owner.ok("GET", "", includeGridData="true")
        reads[api.emulator.versions(api.book_id)[-1]] = before
        check_inside(api)
    kept = [number for number in api.emulator.versions(api.book_id)[10:] if number in reads]
    for version in pick.sample(kept, 5):
        api.emulator.restore(api.book_id, version)
        assert owner.ok("GET", "", includeGridData="true") == reads[version]
    assert api.emulator.violations == []
    assert done >= 5, f"only {done} of 25 batches were accepted: the run shows little"
