"""spreadsheets.batchUpdate: each request kind, each refusal, atomic rollback."""

from __future__ import annotations

import re
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import discovery
from tests.emulator.batch import HANDLERS
from tests.emulator.context import Switches
from tests.emulator.helpers import Api, grid, text_cell

ALL = {"sheetId": 0}


def rows(*texts: list[str]) -> list[dict[str, Any]]:
    return [{"values": [text_cell(t) for t in line]} for line in texts]


# -- the batch itself ---------------------------------------------------------------------------------------------------


def test_an_empty_batch_is_refused(api: Api) -> None:
    """No requests, no batch."""
    assert api.refused() == "Must specify at least one request."


def test_a_refused_request_undoes_the_whole_batch(api: Api) -> None:
    """Everything done before the refused request is undone: cells, tabs, ranges, metadata, sizes."""
    api.put("A1:B2", [["a", "b"], ["c", "d"]])
    before = api.ok("GET", "", includeGridData="true")
    message = api.refused(
        {"updateCells": {"start": ALL, "rows": rows(["X"]), "fields": "userEnteredValue"}},
        {"addSheet": {"properties": {"title": "New"}}},
        {"deleteDimension": {"range": {**ALL, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}}},
        {"addNamedRange": {"namedRange": {"name": "N", "range": grid("A1")}}},
        {"addProtectedRange": {"protectedRange": {"range": grid("A1")}}},
        {"mergeCells": {"range": grid("A1:B1")}},
        {"updateSpreadsheetProperties": {"properties": {"title": "other"}, "fields": "title"}},
        {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataKey": "k",
                    "location": {"spreadsheet": True},
                    "visibility": "DOCUMENT",
                }
            }
        },
        {"setBasicFilter": {"filter": {"range": grid("A1:B2")}}},
        {"deleteSheet": {"sheetId": 99}},
    )
    assert message == "Invalid requests[9].deleteSheet: No grid with id: 99"
    assert api.ok("GET", "", includeGridData="true") == before


def test_what_is_not_implemented_is_refused_by_name_before_anything_is_done(api: Api) -> None:
    """An unimplemented kind gives 501 with its name; the batch does nothing."""
    message = api.refused(
        {"addSheet": {"properties": {"title": "New"}}},
        {"addSlicer": {"slicer": {"slicerId": 5}}},
        code=501,
    )
    assert message == "The emulator does not implement the request kind addSlicer (requests[1])."
    assert [s.title for s in api.emulator.book(api.book_id).sheets] == ["Sheet1"]


def test_the_readme_says_what_is_known_of_every_kind_in_use() -> None:
    """Each request kind that a module of the product names stands in the first table of this folder's README, and no other."""
    here = Path(__file__).parent
    code = "".join(path.read_text("utf-8") for path in (here.parents[1] / "reconcile" / "workbook").glob("google*.py"))
    kinds = set(discovery.load().request_kinds())
    used = set(re.findall(r'"([a-zA-Z]+)"', code)) & kinds
    _, _, told = (here / "README.md").read_text("utf-8").partition("Every request kind and call")
    table = [line.split("|")[1] for line in told.partition("Kinds that only")[0].splitlines() if line.startswith("| ")]
    assert {name.strip() for cell in table for name in cell.split(",")} & kinds == used


def test_the_readme_names_every_switch() -> None:
    """Whoever meets behaviour that nobody knows for sure finds the switch for it."""
    told = (Path(__file__).parent / "README.md").read_text("utf-8")
    assert [field.name for field in fields(Switches) if f"`{field.name}`" not in told.replace("e.switches.", "")] == []


def test_every_request_kind_of_google_is_either_handled_or_refused_by_name(api: Api) -> None:
    """No kind of the discovery document is silently accepted."""
    kinds = discovery.load().request_kinds()
    assert set(HANDLERS) <= set(kinds)
    for kind in kinds:
        if kind not in HANDLERS:
            assert kind in api.refused({kind: {}}, code=501)


def test_unknown_names_are_refused_in_googles_words(api: Api) -> None:
    """The message and `fieldViolations` name field and path."""
    answer = api.call("POST", ":batchUpdate", {"requests": [{"frobnicate": {}}]})
    assert answer.json() == {
        "error": {
            "code": 400,
            "message": "Invalid JSON payload received. Unknown name \"frobnicate\" at 'requests[0]': Cannot find field.",
            "status": "INVALID_ARGUMENT",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [
                        {
                            "field": "requests[0]",
                            "description": 'Invalid JSON payload received. Unknown name "frobnicate" at '
                            "'requests[0]': Cannot find field.",
                        }
                    ],
                }
            ],
        }
    }


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("updateCells", {"start": ALL, "rows": []}),
        ("appendCells", {"sheetId": 0, "rows": []}),
        ("repeatCell", {"range": ALL, "cell": {}}),
        ("updateSheetProperties", {"properties": ALL}),
        ("updateSpreadsheetProperties", {"properties": {"title": "x"}}),
        ("updateDimensionProperties", {"properties": {}, "range": ALL}),
    ],
)
def test_a_missing_mask_is_refused(api: Api, kind: str, body: dict[str, Any]) -> None:
    """Masked requests need a mask."""
    assert api.refused({kind: body}) == (
        f"Invalid requests[0].{kind}: At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"
    )


def test_the_answer_may_carry_the_spreadsheet(api: Api) -> None:
    """includeSpreadsheetInResponse returns the state after the batch."""
    body = {
        "requests": [{"updateCells": {"start": ALL, "rows": rows(["x"]), "fields": "userEnteredValue"}}],
        "includeSpreadsheetInResponse": True,
        "responseRanges": ["Sheet1!A1"],
        "responseIncludeGridData": True,
    }
    found = api.ok("POST", ":batchUpdate", body)
    cell = found["updatedSpreadsheet"]["sheets"][0]["data"][0]["rowData"][0]["values"][0]
    assert cell["userEnteredValue"] == {"stringValue": "x"}


def test_an_answer_that_cannot_be_made_refuses_the_batch_whole(api: Api) -> None:
    """A response range that names no tab is refused like a request, and nothing is applied."""
    body = {
        "requests": [{"addSheet": {"properties": {"title": "New"}}}],
        "includeSpreadsheetInResponse": True,
        "responseRanges": ["'Nope'!1:1"],
    }
    assert api.error("POST", ":batchUpdate", body) == "Unable to parse range: 'Nope'!1:1"
    assert [sheet.title for sheet in api.emulator.book(api.book_id).sheets] == ["Sheet1"]


# -- cells --------------------------------------------------------------------------------------------------------------


def test_update_cells_is_typed(api: Api) -> None:
    """A text that looks like a formula stays a text; numbers, booleans and formulas are what they say."""
    values = [
        {"userEnteredValue": {"stringValue": "=IMPORTXML(1)"}},
        {"userEnteredValue": {"numberValue": 3.0}},
        {"userEnteredValue": {"boolValue": False}},
        {"userEnteredValue": {"formulaValue": "=B1*2"}},
        {"userEnteredValue": {"stringValue": "007"}, "note": "a note"},
    ]
    api.batch({"updateCells": {"start": ALL, "rows": [{"values": values}], "fields": "userEnteredValue,note"}})
    assert api.get("A1:E1") == [["=IMPORTXML(1)", 3, False, 6, "007"]]
    assert api.get("A1:E1", "FORMULA") == [["=IMPORTXML(1)", 3, False, "=B1*2", "007"]]
    cells = api.sheet("data.rowData.values(userEnteredValue,effectiveValue,note)")["data"][0]["rowData"][0]["values"]
    assert cells[2] == {"userEnteredValue": {"boolValue": False}, "effectiveValue": {"boolValue": False}}
    assert cells[3] == {"userEnteredValue": {"formulaValue": "=B1*2"}, "effectiveValue": {"numberValue": 6}}
    assert cells[4]["note"] == "a note"


def test_update_cells_over_a_range_clears_what_rows_do_not_cover(api: Api) -> None:
    """Only the masked fields are cleared."""
    api.put("A1:B2", [["a", "b"], ["c", "d"]])
    api.batch({"repeatCell": {"range": grid("A1:B2"), "cell": {"note": "n"}, "fields": "note"}})
    api.batch({"updateCells": {"range": grid("A1:B2"), "rows": rows(["X"]), "fields": "userEnteredValue"}})
    assert api.get("A1:B2") == [["X"]]
    assert api.emulator.sheet(api.book_id, "Sheet1").get(1, 1).note == "n"  # type: ignore[union-attr]


def test_update_cells_beyond_its_range_is_refused(api: Api) -> None:
    """More rows or columns than the range holds."""
    wide = {"updateCells": {"range": grid("A1:A1"), "rows": rows(["x", "y"]), "fields": "userEnteredValue"}}
    tall = {"updateCells": {"range": grid("A1:A1"), "rows": rows(["x"], ["y"]), "fields": "userEnteredValue"}}
    assert api.refused(wide) == (
        "Invalid requests[0].updateCells: Attempting to write column: 1, beyond the last requested column of: 0"
    )
    assert api.refused(tall) == (
        "Invalid requests[0].updateCells: Attempting to write row: 1, beyond the last requested row of: 0"
    )


def test_a_cell_holds_50000_characters_and_no_more(api: Api) -> None:
    """One character more is refused, and characters outside the BMP count twice."""
    request = {"updateCells": {"start": ALL, "rows": rows(["x" * 50_000]), "fields": "userEnteredValue"}}
    api.batch(request)
    for text in ("x" * 50_001, "😀" * 25_001):
        request = {"updateCells": {"start": ALL, "rows": rows([text]), "fields": "userEnteredValue"}}
        assert api.refused(request) == (
            "Invalid requests[0].updateCells: Your input contains more than the maximum of 50000 characters in a "
            "single cell."
        )


def test_append_cells_goes_after_the_last_row_with_a_value(api: Api) -> None:
    """From column A, whatever columns hold data; formats, rules and notes are no data."""
    api.put("C3", [["x"]])
    api.batch({"repeatCell": {"range": grid("A1:B9"), "cell": {"note": "n"}, "fields": "note"}})
    append = {"appendCells": {"sheetId": 0, "rows": rows(["a", "b"], ["c"]), "fields": "userEnteredValue"}}
    assert api.batch(append) == [{}]
    api.batch(append)
    assert api.get("A1:C9") == [[], [], ["", "", "x"], ["a", "b"], ["c"], ["a", "b"], ["c"]]


def test_append_cells_grows_the_grid(api: Api) -> None:
    """At the end of the grid rows and columns are added."""
    api.put("A1000", [["x"]])
    api.batch({"appendCells": {"sheetId": 0, "rows": rows(["a"] * 27), "fields": "userEnteredValue"}})
    props = api.sheet("properties.gridProperties")["properties"]["gridProperties"]
    assert props == {"rowCount": 1001, "columnCount": 27}
    assert api.get("AA1001") == [["a"]]


def test_append_cells_to_a_table_that_is_not_there(api: Api) -> None:
    """The table is named by its id."""
    assert api.refused({"appendCells": {"tableId": "t", "rows": [], "fields": "*"}}) == (
        "Invalid requests[0].appendCells: No table with id: t. (emulator: Google's own text is not known)"
    )


def test_repeat_cell_moves_formulas_along(api: Api) -> None:
    """Relative references follow, locked ones stay."""
    cell = {"userEnteredValue": {"formulaValue": "=A1+$C$1"}}
    api.batch({"repeatCell": {"range": grid("D2:E3"), "cell": cell, "fields": "userEnteredValue"}})
    assert api.get("D2:E3", "FORMULA") == [["=A1+$C$1", "=B1+$C$1"], ["=A2+$C$1", "=B2+$C$1"]]


def test_formats_merge_by_mask(api: Api) -> None:
    """Only the masked format members change; a colour and its style stay together."""
    one = {"userEnteredFormat": {"textFormat": {"bold": True, "italic": False}, "backgroundColor": {"red": 1}}}
    api.batch(
        {"repeatCell": {"range": grid("A1"), "cell": one, "fields": "userEnteredFormat(textFormat,backgroundColor)"}}
    )
    two = {"userEnteredFormat": {"horizontalAlignment": "CENTER"}}
    api.batch({"repeatCell": {"range": grid("A1"), "cell": two, "fields": "userEnteredFormat.horizontalAlignment"}})
    cell = api.sheet("data.rowData.values.userEnteredFormat")["data"][0]["rowData"][0]["values"][0]
    assert cell["userEnteredFormat"] == {
        "textFormat": {"bold": True, "italic": False},
        "backgroundColor": {"red": 1},
        "backgroundColorStyle": {"rgbColor": {"red": 1}},
        "horizontalAlignment": "CENTER",
    }


def test_validation_is_set_and_cleared_and_not_enforced(api: Api) -> None:
    """The API bypasses strict rules: any value goes in."""
    rule = {
        "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "yes"}, {"userEnteredValue": "no"}]},
        "strict": True,
        "showCustomUi": True,
    }
    api.batch({"setDataValidation": {"range": grid("B2:B3"), "rule": rule}})
    api.put("B2", [["maybe"]])
    values = api.sheet("data.rowData.values.dataValidation")["data"][0]["rowData"]
    assert values[1]["values"][1] == {"dataValidation": rule}
    api.batch({"setDataValidation": {"range": grid("B2:B3")}})
    assert api.get("B2") == [["maybe"]]
    assert "dataValidation" not in api.call("GET", "", includeGridData="true").text


def test_borders_go_to_the_sides_asked_for(api: Api) -> None:
    """Outer sides and inner lines are told apart."""
    line = {"style": "SOLID"}
    api.batch({"updateBorders": {"range": grid("A1:B2"), "top": line, "innerVertical": line}})
    found = api.sheet("data.rowData.values.userEnteredFormat.borders")["data"][0]["rowData"]
    first = found[0]["values"][0]["userEnteredFormat"]["borders"]
    assert set(first) == {"top", "right"}
    assert set(found[1]["values"][0]["userEnteredFormat"]["borders"]) == {"right"}


def test_merges_keep_the_first_value_and_come_apart(api: Api) -> None:
    """MERGE_ALL keeps the top-left value; a part of a merge cannot be unmerged."""
    api.put("A1:B2", [["a", "b"], ["c", "d"]])
    api.batch({"mergeCells": {"range": grid("A1:B2"), "mergeType": "MERGE_ALL"}})
    assert api.get("A1:B2") == [["a"]]
    assert api.sheet("merges")["merges"] == [
        {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    ]
    assert api.refused({"unmergeCells": {"range": grid("A1:B1")}}) == (
        "Invalid requests[0].unmergeCells: You must select all cells in a merged range to merge or unmerge them."
    )
    api.batch({"unmergeCells": {"range": grid("A1:B2")}})
    assert api.ok("GET", "", fields="sheets.merges") == {"sheets": [{}]}


def test_merge_rows_makes_one_merge_per_row(api: Api) -> None:
    """MERGE_ROWS and MERGE_COLUMNS."""
    api.batch({"mergeCells": {"range": grid("A1:B2"), "mergeType": "MERGE_ROWS"}})
    assert len(api.sheet("merges")["merges"]) == 2


# -- content ------------------------------------------------------------------------------------------------------------


def test_find_replace_by_exact_text_counts_what_it_did(api: Api) -> None:
    """Exact search over one column: counts in the reply, none when nothing was found."""
    api.put("A1:A4", [["#1 · new"], ["#2 · new"], ["#1 · NEW"], ["x #1 · new"]])
    search = {"find": "#1 · new", "replacement": "#1 · sent", "matchCase": True, "matchEntireCell": True}
    assert api.batch(
        {"findReplace": {**search, "range": grid("A:A")}}, {"findReplace": {**search, "range": grid("A:A")}}
    ) == [
        {"findReplace": {"valuesChanged": 1, "rowsChanged": 1, "sheetsChanged": 1, "occurrencesChanged": 1}},
        {"findReplace": {}},
    ]
    assert api.get("A1:A4") == [["#1 · sent"], ["#2 · new"], ["#1 · NEW"], ["x #1 · new"]]


def test_find_replace_finds_within_cells_without_case(api: Api) -> None:
    """Every occurrence counts, each cell once."""
    api.put("A1:B2", [["aXa", "x"], ["none", "XX"]])
    (reply,) = api.batch({"findReplace": {"find": "x", "replacement": "_", "sheetId": 0}})
    assert reply == {"findReplace": {"valuesChanged": 3, "rowsChanged": 2, "sheetsChanged": 1, "occurrencesChanged": 4}}
    assert api.get("A1:B2") == [["a_a", "_"], ["none", "__"]]


def test_find_replace_by_pattern_uses_groups(api: Api) -> None:
    """Java's `$1` names a group; the documentation's own example."""
    api.put("A1:A2", [["Google Sheets"], ["Google Docs"]])
    api.batch(
        {"findReplace": {"find": "o.* (.*)", "replacement": "$1 Rocks", "searchByRegex": True, "allSheets": True}}
    )
    assert api.get("A1:A2") == [["GSheets Rocks"], ["GDocs Rocks"]]


@pytest.mark.parametrize(
    ("replacement", "value"), [("=1+1", 2), ("'=1", "=1"), ("5", 5), ("TRUE", True), ("", None), ("#5 · ok", "#5 · ok")]
)
def test_replacements_are_entered_as_typed(api: Api, replacement: str, value: object) -> None:
    """A leading `=` is evaluated, a leading apostrophe consumed, a number becomes a number."""
    api.put("A1:B1", [["x", "end"]])
    api.batch(
        {
            "findReplace": {
                "find": "x",
                "replacement": replacement,
                "matchEntireCell": True,
                "matchCase": True,
                "sheetId": 0,
            }
        }
    )
    assert api.get("A1:B1") == [["" if value is None else value, "end"]]


def test_find_replace_leaves_formulas_alone_unless_asked(api: Api) -> None:
    """includeFormulas searches the formula's text."""
    api.type("A1:A2", [["=1+1"], ["2"]])
    search = {"find": "2", "replacement": "3", "matchEntireCell": True, "matchCase": True, "sheetId": 0}
    assert api.batch({"findReplace": search})[0]["findReplace"]["valuesChanged"] == 1
    (reply,) = api.batch({"findReplace": {"find": "1+1", "replacement": "4+4", "includeFormulas": True, "sheetId": 0}})
    assert reply["findReplace"]["formulasChanged"] == 1
    assert api.get("A1:A2") == [[8], [3]]


def test_find_replace_in_a_text_column_keeps_text(api: Api) -> None:
    """A cell formatted as plain text stays text whatever is put in."""
    cell = {"userEnteredFormat": {"numberFormat": {"type": "TEXT"}}}
    api.batch({"repeatCell": {"range": grid("A:A"), "cell": cell, "fields": "userEnteredFormat.numberFormat"}})
    api.put("A1", [["x"]])
    api.batch(
        {"findReplace": {"find": "x", "replacement": "=007", "matchEntireCell": True, "matchCase": True, "sheetId": 0}}
    )
    assert api.get("A1") == [["=007"]]


def test_copy_then_replace_reaches_rows_without_a_text_of_their_own(api: Api) -> None:
    """A column copied over another and replaced in the same batch finds the copied texts."""
    api.put("A1:B3", [["r1", ""], ["r2", ""], ["r3", "old"]])
    replies = api.batch(
        {"copyPaste": {"source": grid("A:A"), "destination": grid("B:B"), "pasteType": "PASTE_VALUES"}},
        {"findReplace": {"find": "r2", "replacement": "r2 · sent", "matchEntireCell": True, "matchCase": True,
                         "range": grid("B:B")}},
    )  # fmt: skip
    assert replies[1]["findReplace"]["occurrencesChanged"] == 1
    assert api.get("A1:B3") == [["r1", "r1"], ["r2", "r2 · sent"], ["r3", "r3"]]


def test_sort_orders_as_people_expect(api: Api) -> None:
    """Numbers, then texts without case, then booleans; blanks last in either order; whole rows move."""
    api.put("A1:B7", [["b", 1], [10, 2], [True, 3], ["", 4], ["A", 5], [9, 6], ["a", 7]])
    sort = {"range": grid("A1:B7"), "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]}
    api.batch({"sortRange": sort})
    assert [row[1] for row in api.get("A1:B7")] == [6, 2, 5, 7, 1, 3, 4]
    sort["sortSpecs"] = [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]
    api.batch({"sortRange": sort})
    assert [row[1] for row in api.get("A1:B7")] == [3, 1, 5, 7, 2, 6, 4]


def test_sort_over_vertical_merges_is_refused(api: Api) -> None:
    """A merge over two rows stops the sort."""
    api.batch({"mergeCells": {"range": grid("A2:A3")}})
    message = api.refused({"sortRange": {"range": grid("A1:B9"), "sortSpecs": [{"dimensionIndex": 0}]}})
    assert message.startswith("Invalid requests[0].sortRange: You can't sort a range containing vertical merges. ")


def test_sorted_formulas_follow_their_row(api: Api) -> None:
    """A formula over its own row still looks at its own row."""
    api.type("A1:B3", [["3", "=A1*2"], ["1", "=A2*2"], ["2", "=A3*2"]])
    api.batch({"sortRange": {"range": grid("A1:B3"), "sortSpecs": [{"dimensionIndex": 0}]}})
    assert api.get("A1:B3", "FORMULA") == [[1, "=A1*2"], [2, "=A2*2"], [3, "=A3*2"]]


def test_copy_repeats_and_cut_moves(api: Api) -> None:
    """A destination that is a multiple is filled; what is cut is gone; transposing turns."""
    api.put("A1:B1", [["a", "b"]])
    api.batch({"copyPaste": {"source": grid("A1:B1"), "destination": grid("A3:D4")}})
    assert api.get("A3:D4") == [["a", "b", "a", "b"], ["a", "b", "a", "b"]]
    api.batch(
        {"copyPaste": {"source": grid("A1:B1"), "destination": grid("F1"), "pasteOrientation": "TRANSPOSE"}},
        {"cutPaste": {"source": grid("A3:B3"), "destination": {"sheetId": 0, "rowIndex": 6, "columnIndex": 2}}},
    )
    assert api.get("F1:F2") == [["a"], ["b"]]
    assert api.get("A3:D7") == [["", "", "a", "b"], ["a", "b", "a", "b"], [], [], ["", "", "a", "b"]]


def test_paste_kinds_take_only_their_part(api: Api) -> None:
    """Values without format, format without value, validation alone."""
    rule = {"condition": {"type": "BOOLEAN"}}
    api.type("A1", [["=1+1"]])
    api.batch(
        {"repeatCell": {"range": grid("A1"), "cell": {"userEnteredFormat": {"textFormat": {"bold": True}}, "dataValidation": rule},
                        "fields": "userEnteredFormat.textFormat,dataValidation"}},
        {"copyPaste": {"source": grid("A1"), "destination": grid("B1"), "pasteType": "PASTE_VALUES"}},
        {"copyPaste": {"source": grid("A1"), "destination": grid("C1"), "pasteType": "PASTE_FORMAT"}},
        {"copyPaste": {"source": grid("A1"), "destination": grid("D1"), "pasteType": "PASTE_DATA_VALIDATION"}},
        {"copyPaste": {"source": grid("A1"), "destination": grid("E1"), "pasteType": "PASTE_FORMULA"}},
    )  # fmt: skip
    found = api.sheet("data.rowData.values(userEnteredValue,userEnteredFormat,dataValidation)")
    values = found["data"][0]["rowData"][0]["values"]
    bold = {"textFormat": {"bold": True}}
    assert values[1:] == [
        {"userEnteredValue": {"numberValue": 2}},
        {"userEnteredFormat": bold},
        {"dataValidation": rule},
        {"userEnteredValue": {"formulaValue": "=1+1"}},
    ]


def test_pasted_data_is_typed(api: Api) -> None:
    """pasteData splits at the delimiter and enters each text as typed."""
    place = {"sheetId": 0, "rowIndex": 1, "columnIndex": 1}
    api.batch({"pasteData": {"coordinate": place, "data": 'a,1\n"x,y",=1+2', "delimiter": ",", "type": "PASTE_NORMAL"}})
    assert api.get("B2:C3") == [["a", 1], ["x,y", 3]]


def test_duplicates_go_whatever_their_case(api: Api) -> None:
    """The first from the top stays; cells outside of the range stay where they are."""
    api.put("A1:C4", [["a", 1, "k1"], ["A", 2, "k2"], ["b", 3, "k3"], ["b", 4, "k4"]])
    request = {"range": grid("A1:B4"), "comparisonColumns": [{"dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}]}
    assert api.batch({"deleteDuplicates": request}) == [{"deleteDuplicates": {"duplicatesRemovedCount": 2}}]
    assert api.get("A1:C4") == [["a", 1, "k1"], ["b", 3, "k2"], ["", "", "k3"], ["", "", "k4"]]


def test_duplicates_are_found_by_value(api: Api) -> None:
    """Formats, formulas and hiding make no difference; a number is not its text; an outside column is refused."""
    api.put("A1:B5", [["a", 1], ["a", "1"], ["a", 1], ["a", 2], ["b", 1]])
    formula = {"rows": [{"values": [{"userEnteredValue": {"formulaValue": "=1+1"}}]}], "fields": "userEnteredValue"}
    hide = {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 3}, "fields": "hiddenByUser"}
    api.batch(
        {"updateCells": {**formula, "start": {"sheetId": 0, "rowIndex": 4, "columnIndex": 1}}},
        {"updateCells": {**formula, "start": {"sheetId": 0, "rowIndex": 5, "columnIndex": 1}}},
        {"updateDimensionProperties": {**hide, "properties": {"hiddenByUser": True}}},
    )
    api.put("A5:A6", [["a"], ["c"]])
    assert api.batch({"deleteDuplicates": {"range": grid("A1:B6")}}) == [
        {"deleteDuplicates": {"duplicatesRemovedCount": 2}}
    ]
    assert api.get("A1:B6") == [["a", 1], ["a", "1"], ["a", 2], ["c", 2]]
    outside = [{"sheetId": 0, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 3}]
    api.refused({"deleteDuplicates": {"range": grid("A1:B6"), "comparisonColumns": outside}})
    api.batch({"mergeCells": {"range": grid("A1:A2"), "mergeType": "MERGE_ALL"}})
    api.refused({"deleteDuplicates": {"range": grid("A1:B6")}})


def test_whether_blank_rows_are_duplicates_is_a_switch(api: Api) -> None:
    """[?] in the notes: both ways can be had."""
    api.put("A1:A4", [["a"], [""], [""], ["b"]])
    api.emulator.switches.blanks_are_duplicates = False
    assert api.batch({"deleteDuplicates": {"range": grid("A1:A4")}}) == [{"deleteDuplicates": {}}]
    api.emulator.switches.blanks_are_duplicates = True
    assert api.batch({"deleteDuplicates": {"range": grid("A1:A4")}}) == [
        {"deleteDuplicates": {"duplicatesRemovedCount": 1}}
    ]


def test_white_space_is_trimmed(api: Api) -> None:
    """Ends cut, inner runs collapsed."""
    api.put("A1:A2", [["  a  b "], ["ok"]])
    assert api.batch({"trimWhitespace": {"range": grid("A:A")}}) == [{"trimWhitespace": {"cellsChangedCount": 1}}]
    assert api.get("A1:A2") == [["a b"], ["ok"]]


def test_texts_are_split_into_columns(api: Api) -> None:
    """Split at a delimiter, each part as typed."""
    api.put("A1:A2", [["a;1"], ["b;2"]])
    api.batch({"textToColumns": {"source": grid("A1:A2"), "delimiterType": "SEMICOLON"}})
    assert api.get("A1:B2") == [["a", 1], ["b", 2]]


def test_shuffling_keeps_every_row(api: Api) -> None:
    """randomizeRange permutes."""
    api.put("A1:A9", [[i] for i in range(9)])
    api.batch({"randomizeRange": {"range": grid("A1:A9")}})
    found = [row[0] for row in api.get("A1:A9")]
    assert sorted(found) == list(range(9)) != found


def test_ranges_of_cells_are_inserted_and_deleted(api: Api) -> None:
    """Cells of the same columns shift, others stay."""
    api.put("A1:B3", [["a", 1], ["b", 2], ["c", 3]])
    api.batch({"insertRange": {"range": grid("A2:A2"), "shiftDimension": "ROWS"}})
    assert api.get("A1:B4") == [["a", 1], ["", 2], ["b", 3], ["c"]]
    api.batch({"deleteRange": {"range": grid("A2:A2"), "shiftDimension": "ROWS"}})
    assert api.get("A1:B4") == [["a", 1], ["b", 2], ["c", 3]]
    api.batch({"deleteRange": {"range": grid("A1:A1"), "shiftDimension": "COLUMNS"}})
    assert api.get("A1:B3") == [[1], ["b", 2], ["c", 3]]


# -- speed --------------------------------------------------------------------------------------------------------------


def test_500_exact_replacements_over_20000_rows_take_no_time(api: Api) -> None:
    """The index per column is built once a batch; a plain walk would take minutes."""
    sheet = api.emulator.sheet(api.book_id, "Sheet1")
    sheet.row_count = 20_001
    api.put("A1", [[f"#{i} · new", *["x"] * 13] for i in range(20_000)])
    search = {"replacement": "done", "matchCase": True, "matchEntireCell": True, "range": grid("A:A")}
    start = time.perf_counter()
    replies = api.batch(*[{"findReplace": {**search, "find": f"#{i * 40} · new"}} for i in range(500)])
    assert time.perf_counter() - start < 5
    assert all(reply["findReplace"]["occurrencesChanged"] == 1 for reply in replies)
