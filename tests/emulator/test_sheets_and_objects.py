"""Requests about tabs, rows and columns, ranges, filters, formats, charts, metadata."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.helpers import Api, grid

ALL = {"sheetId": 0}


def dimension(kind: str, start: int, end: int, sheet_id: int = 0) -> dict[str, Any]:
    return {"sheetId": sheet_id, "dimension": kind, "startIndex": start, "endIndex": end}


def titles(api: Api) -> list[str]:
    return [s.title for s in api.emulator.book(api.book_id).sheets]


# -- tabs ---------------------------------------------------------------------------------------------------------------


def test_a_tab_is_added_with_what_it_asks_for(api: Api) -> None:
    """Id, place, size, frozen rows, colour; the reply carries them."""
    props = {
        "sheetId": 77,
        "title": "New",
        "index": 0,
        "hidden": True,
        "gridProperties": {"rowCount": 5, "columnCount": 3, "frozenRowCount": 1},
        "tabColorStyle": {"rgbColor": {"red": 1}},
    }
    (reply,) = api.batch({"addSheet": {"properties": props}})
    assert reply["addSheet"]["properties"] == {
        **props,
        "sheetType": "GRID",
        "tabColor": {"red": 1},
    }
    assert titles(api) == ["New", "Sheet1"]


def test_sheet_ids_are_random_31_bit_and_the_same_for_a_seed(api: Api) -> None:
    """The first id is 0, later ones come from the seeded generator."""
    (reply,) = api.batch({"addSheet": {}})
    found = reply["addSheet"]["properties"]
    assert 0 < found["sheetId"] < 2**31
    assert found["title"] == "Sheet2"
    assert api.sheet("properties(sheetId,index)")["properties"] == {"sheetId": 0, "index": 0}


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"title": "Sheet1"}, 'A sheet with the name "Sheet1" already exists. Please enter another name.'),
        ({"title": "SHEET1"}, 'A sheet with the name "SHEET1" already exists. Please enter another name.'),
        ({"title": "x" * 101}, "The sheet name cannot be greater than 100 characters."),
        (
            {"title": "n", "gridProperties": {"rowCount": 1_000_000, "columnCount": 10}},
            "This action would increase the number of cells in the workbook above the limit of 10000000 cells.",
        ),
    ],
)
def test_tabs_that_cannot_be_added(api: Api, properties: dict[str, Any], message: str) -> None:
    """Taken titles, long titles, too many cells."""
    assert api.refused({"addSheet": {"properties": properties}}) == f"Invalid requests[0].addSheet: {message}"


def test_a_taken_sheet_id_is_refused(api: Api) -> None:
    """An error [doc]; the text is not known."""
    assert "already exists" in api.refused({"addSheet": {"properties": {"sheetId": 0, "title": "n"}}})


def test_the_last_tab_cannot_be_deleted(api: Api) -> None:
    """One visible tab must stay."""
    assert api.refused({"deleteSheet": ALL}) == (
        "Invalid requests[0].deleteSheet: You can't remove all the sheets in a document."
    )


def test_deleting_a_tab_takes_its_things_along(api: Api) -> None:
    """Named ranges and metadata of the tab go; a formula that looked at it is an error."""
    entry = {"metadataKey": "k", "location": {"sheetId": 5}, "visibility": "DOCUMENT"}
    api.batch(
        {"addSheet": {"properties": {"sheetId": 5, "title": "Gone"}}},
        {"addNamedRange": {"namedRange": {"name": "There", "range": grid("A1", 5)}}},
        {"createDeveloperMetadata": {"developerMetadata": entry}},
    )
    api.type("A1", [["=Gone!A1"]])
    api.batch({"deleteSheet": {"sheetId": 5}})
    assert api.get("A1") == [["#REF! (Unresolved sheet name 'Gone'.)"]]
    assert api.ok("GET", "", fields="namedRanges,developerMetadata") == {}
    assert api.emulator.book(api.book_id).metadata == {}


def test_a_tab_is_duplicated_with_fresh_ids(api: Api) -> None:
    """Cells and protections come along; ids differ; ranges point at the copy."""
    api.put("A1", [["x"]])
    api.batch({"addProtectedRange": {"protectedRange": {"range": grid("A1"), "warningOnly": True}}})
    (reply,) = api.batch({"duplicateSheet": {"sourceSheetId": 0, "newSheetName": "Twin", "insertSheetIndex": 1}})
    twin = reply["duplicateSheet"]["properties"]["sheetId"]
    api.put("A1", [["changed"]])
    assert api.get("Twin!A1") == [["x"]]
    found = api.ok("GET", "", fields="sheets.protectedRanges(protectedRangeId,range.sheetId)")["sheets"]
    assert found[1]["protectedRanges"][0]["range"] == {"sheetId": twin}
    assert found[0]["protectedRanges"][0]["protectedRangeId"] != found[1]["protectedRanges"][0]["protectedRangeId"]


def test_a_renamed_tab_is_followed_by_formulas(api: Api) -> None:
    """The formula's text names the new title."""
    api.batch({"addSheet": {"properties": {"sheetId": 5, "title": "Old"}}})
    api.put("Old!A1", [[4]])
    api.type("A1", [["=Old!A1+1"]])
    api.batch({"updateSheetProperties": {"properties": {"sheetId": 5, "title": "New name"}, "fields": "title"}})
    assert api.get("A1", "FORMULA") == [["='New name'!A1+1"]]
    assert api.get("A1") == [[5]]


def test_tabs_move_by_the_index_before_the_move(api: Api) -> None:
    """To put the first before the third, ask for 2 [doc]."""
    api.batch({"addSheet": {"properties": {"title": "B"}}}, {"addSheet": {"properties": {"title": "C"}}})
    move = {"updateSheetProperties": {"properties": {"sheetId": 0, "index": 2}, "fields": "index"}}
    api.batch(move)
    assert titles(api) == ["B", "Sheet1", "C"]
    api.batch(move)
    assert titles(api) == ["B", "Sheet1", "C"]


def test_grids_are_resized_and_frozen(api: Api) -> None:
    """Cells beyond the new size are gone; all rows cannot be frozen."""
    api.put("A1:A3", [["a"], ["b"], ["c"]])
    props = {"sheetId": 0, "gridProperties": {"rowCount": 2, "columnCount": 2, "frozenRowCount": 1}}
    api.batch(
        {
            "updateSheetProperties": {
                "properties": props,
                "fields": "gridProperties(rowCount,columnCount,frozenRowCount)",
            }
        }
    )
    assert api.get("A:A") == [["a"], ["b"]]
    assert api.sheet("properties.gridProperties")["properties"]["gridProperties"] == {
        "rowCount": 2,
        "columnCount": 2,
        "frozenRowCount": 1,
    }
    frozen = {"sheetId": 0, "gridProperties": {"frozenRowCount": 2}}
    assert api.refused(
        {"updateSheetProperties": {"properties": frozen, "fields": "gridProperties.frozenRowCount"}}
    ) == ("Invalid requests[0].updateSheetProperties: You can't freeze all visible rows on the sheet.")


def test_spreadsheet_properties_change_by_mask(api: Api) -> None:
    """Title, time zone, recalculation."""
    new = {"title": "T", "timeZone": "Europe/Berlin", "autoRecalc": "MINUTE", "locale": "ignored"}
    api.batch({"updateSpreadsheetProperties": {"properties": new, "fields": "title,timeZone,autoRecalc"}})
    assert api.ok("GET", "", fields="properties(title,timeZone,autoRecalc,locale)")["properties"] == {
        **new,
        "locale": "en_US",
    }


def test_another_locale_is_refused_by_name(api: Api) -> None:
    """Numbers and dates are read as in en_US: a spreadsheet that says otherwise would be read wrongly in silence."""
    new = {"properties": {"locale": "de_DE"}, "fields": "locale"}
    assert "updateSpreadsheetProperties of locale de_DE" in api.refused({"updateSpreadsheetProperties": new}, code=501)
    api.batch({"updateSpreadsheetProperties": {"properties": {"locale": "en_US"}, "fields": "*"}})
    assert api.ok("GET", "", fields="properties(locale)") == {"properties": {"locale": "en_US"}}
    made = api.session.post("https://sheets.googleapis.com/v4/spreadsheets", json={"properties": {"locale": "de_DE"}})
    assert made.status_code == 501
    assert "spreadsheets.create with locale de_DE" in made.json()["error"]["message"]


# -- rows and columns ---------------------------------------------------------------------------------------------------


def test_everything_follows_inserted_rows(api: Api) -> None:
    """Merges, names, protections, formats, metadata and formulas move down with their rows."""
    api.type("A1:B3", [["1", "=A3"], ["2", "x"], ["3", "y"]])
    rule = {
        "ranges": [grid("A2:A3")],
        "booleanRule": {"condition": {"type": "NOT_BLANK"}, "format": {"textFormat": {"bold": True}}},
    }
    entry = {"metadataKey": "k", "location": {"dimensionRange": dimension("ROWS", 2, 3)}, "visibility": "PROJECT"}
    api.batch(
        {"addNamedRange": {"namedRange": {"name": "N", "range": grid("A2:A3")}}},
        {"addProtectedRange": {"protectedRange": {"range": grid("A3:B3"), "warningOnly": True}}},
        {"mergeCells": {"range": grid("C2:D2")}},
        {"addConditionalFormatRule": {"rule": rule, "index": 0}},
        {"createDeveloperMetadata": {"developerMetadata": entry}},
        {"insertDimension": {"range": dimension("ROWS", 1, 3), "inheritFromBefore": False}},
    )
    assert api.get("A1:B5", "FORMULA") == [[1, "=A5"], [], [], [2, "x"], [3, "y"]]
    book = api.emulator.book(api.book_id)
    sheet = book.sheets[0]
    assert book.named_ranges[0]["range"] == {
        "startRowIndex": 3,
        "endRowIndex": 5,
        "startColumnIndex": 0,
        "endColumnIndex": 1,
    }
    assert sheet.protections[0]["range"]["startRowIndex"] == 4
    assert sheet.merges[0]["startRowIndex"] == 3
    assert sheet.conditionals[0]["ranges"][0]["startRowIndex"] == 3
    (kept,) = book.metadata.values()
    assert kept["location"]["dimensionRange"]["startIndex"] == 4
    assert sheet.row_count == 1002


def test_what_lies_in_deleted_rows_is_gone(api: Api) -> None:
    """Ranges shrink or vanish; formulas lose their cell; row metadata goes."""
    api.type("A1:B3", [["1", "=A2"], ["2", "x"], ["3", "y"]])
    entry = {"metadataKey": "k", "location": {"dimensionRange": dimension("ROWS", 1, 2)}, "visibility": "PROJECT"}
    api.batch(
        {"addNamedRange": {"namedRange": {"name": "Gone", "range": grid("A2")}}},
        {"addNamedRange": {"namedRange": {"name": "Less", "range": grid("A1:A3")}}},
        {"createDeveloperMetadata": {"developerMetadata": entry}},
        {"deleteDimension": {"range": dimension("ROWS", 1, 2)}},
    )
    assert api.get("A1:B3", "FORMULA") == [[1, "=#REF!"], [3, "y"]]
    assert api.get("B1")[0][0].startswith("#REF!")
    found = api.ok("GET", "", fields="namedRanges(name,range.endRowIndex)")["namedRanges"]
    assert found == [{"name": "Less", "range": {"endRowIndex": 2}}]
    assert api.emulator.book(api.book_id).metadata == {}


def test_rows_that_are_not_there_cannot_be_deleted(api: Api) -> None:
    """Nor all of them."""
    assert api.refused({"deleteDimension": {"range": dimension("ROWS", 999, 1001)}}) == (
        "Invalid requests[0].deleteDimension: Cannot delete a row that doesn't exist. Tried to delete row index 1000 "
        "but there are only 1000 rows."
    )
    assert api.refused({"deleteDimension": {"range": dimension("ROWS", 0, 1000)}}) == (
        "Invalid requests[0].deleteDimension: You can't delete all the rows on the sheet."
    )


def test_insert_needs_a_place_in_the_grid(api: Api) -> None:
    """At the very end only with inheritFromBefore."""
    place = dimension("ROWS", 1000, 1001)
    assert api.refused({"insertDimension": {"range": place}}) == (
        "Invalid requests[0].insertDimension: range.startIndex must be less than the grid size (1000) if "
        "inheritFromBefore is false."
    )
    api.batch({"insertDimension": {"range": place, "inheritFromBefore": True}})


def test_inserted_rows_inherit_format_and_rule_but_no_value(api: Api) -> None:
    """From the row before or after, as asked."""
    api.put("A1:A2", [["a"], ["b"]])
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    api.batch(
        {"repeatCell": {"range": grid("A1"), "cell": bold, "fields": "userEnteredFormat"}},
        {"insertDimension": {"range": dimension("ROWS", 1, 2), "inheritFromBefore": True}},
        {"insertDimension": {"range": dimension("ROWS", 2, 3), "inheritFromBefore": False}},
    )
    sheet = api.emulator.sheet(api.book_id, "Sheet1")
    assert sheet.get(1, 0).fmt == bold["userEnteredFormat"]  # type: ignore[union-attr]
    assert sheet.get(2, 0) is None
    assert api.get("A1:A4") == [["a"], [], [], ["b"]]


def test_columns_and_rows_move(api: Api) -> None:
    """The documentation's example: 1 and 2 between 3 and 4, to index 4."""
    api.put("A1:A5", [[0], [1], [2], [3], [4]])
    api.batch({"moveDimension": {"source": dimension("ROWS", 1, 3), "destinationIndex": 4}})
    assert api.get("A1:A5") == [[0], [3], [1], [2], [4]]
    api.put("A1:C1", [["a", "b", "c"]])
    api.batch({"moveDimension": {"source": dimension("COLUMNS", 2, 3), "destinationIndex": 0}})
    assert api.get("A1:C1") == [["c", "a", "b"]]


def test_columns_are_sized_hidden_and_fitted(api: Api) -> None:
    """updateDimensionProperties and autoResizeDimensions."""
    api.put("A1", [["a long text indeed"]])
    api.batch(
        {"updateDimensionProperties": {"range": dimension("COLUMNS", 1, 2), "fields": "pixelSize,hiddenByUser",
                                       "properties": {"pixelSize": 50, "hiddenByUser": True}}},
        {"autoResizeDimensions": {"dimensions": dimension("COLUMNS", 0, 1)}},
    )  # fmt: skip
    columns = api.sheet("data.columnMetadata")["data"][0]["columnMetadata"]
    assert columns[0]["pixelSize"] == 18 * 7 + 15
    assert columns[1] == {"pixelSize": 50, "hiddenByUser": True}
    assert columns[2] == {"pixelSize": 100}


def test_a_rows_height_stays_with_its_number_until_it_is_fitted(api: Api) -> None:
    """A sort moves cells only; autoResizeDimensions takes a set height away; beyond the grid both are refused."""
    api.put("A1:A3", [["c"], ["b"], ["a"]])
    size = {"properties": {"pixelSize": 101}, "fields": "pixelSize"}
    area = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 3}
    api.batch(
        {"updateDimensionProperties": {"range": dimension("ROWS", 0, 2), **size}},
        {"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]}},
        {"autoResizeDimensions": {"dimensions": dimension("ROWS", 1, 2)}},
    )
    assert api.get("A1:A3") == [["a"], ["b"], ["c"]]
    rows = api.sheet("data.rowMetadata")["data"][0]["rowMetadata"]
    assert [row["pixelSize"] for row in rows[:3]] == [101, 21, 21]
    for request in (
        {"updateDimensionProperties": {"range": dimension("ROWS", 999, 1_001), **size}},
        {"autoResizeDimensions": {"dimensions": dimension("ROWS", 999, 1_001)}},
    ):
        assert "beyond the grid" in api.refused(request)


def test_rows_are_appended_up_to_the_cell_limit(api: Api) -> None:
    """10,000,000 cells of grid, empty or not."""
    api.batch({"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 383_615}})
    assert api.refused({"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}}) == (
        "Invalid requests[0].appendDimension: This action would increase the number of cells in the workbook above the "
        "limit of 10000000 cells."
    )


def test_groups_nest(api: Api) -> None:
    """A group inside a group is one deeper; deleting takes one level off."""
    api.batch({"addDimensionGroup": {"range": dimension("COLUMNS", 1, 5)}})
    (reply,) = api.batch({"addDimensionGroup": {"range": dimension("COLUMNS", 2, 4)}})
    groups = reply["addDimensionGroup"]["dimensionGroups"]
    assert [(g["range"]["startIndex"], g["range"]["endIndex"], g["depth"]) for g in groups] == [(1, 5, 1), (2, 4, 2)]
    (reply,) = api.batch({"deleteDimensionGroup": {"range": dimension("COLUMNS", 3, 5)}})
    groups = reply["deleteDimensionGroup"]["dimensionGroups"]
    assert [(g["range"]["startIndex"], g["range"]["endIndex"], g["depth"]) for g in groups] == [(1, 4, 1), (2, 3, 2)]


# -- named ranges -------------------------------------------------------------------------------------------------------


def test_named_ranges(api: Api) -> None:
    """Numeric string ids, sheet id 0 left out, names unique without case, readable by name."""
    (reply,) = api.batch({"addNamedRange": {"namedRange": {"name": "Prices", "range": grid("A1:A2")}}})
    named = reply["addNamedRange"]["namedRange"]
    assert named["namedRangeId"].isdigit()
    assert named["range"] == {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 1}
    assert api.refused({"addNamedRange": {"namedRange": {"name": "prices", "range": grid("B1")}}}) == (
        "Invalid requests[0].addNamedRange: Cannot add named range with name: prices, a named range with that name "
        "already exists."
    )
    api.put("A1:A2", [[1], [2]])
    api.type("C1", [["=SUM(Prices)"]])
    assert api.get("C1") == [[3]]
    assert api.ok("GET", "/values/Prices")["range"] == "Sheet1!A1:A2"
    change = {"namedRangeId": named["namedRangeId"], "name": "Costs"}
    api.batch({"updateNamedRange": {"namedRange": change, "fields": "name"}})
    api.batch({"deleteNamedRange": {"namedRangeId": named["namedRangeId"]}})
    assert api.error("GET", "/values/Costs") == "Unable to parse range: Costs"
    assert (
        api.call("POST", ":batchUpdate", {"requests": [{"deleteNamedRange": {"namedRangeId": "1"}}]}).status_code == 400
    )


# -- filters ------------------------------------------------------------------------------------------------------------


def test_the_basic_filter_hides_rows(api: Api) -> None:
    """By hidden values and by condition; cleared, they show again."""
    api.put("A1:B4", [["S", "N"], ["open", 1], ["done", 2], ["open", 3]])
    specs = [
        {"columnIndex": 0, "filterCriteria": {"hiddenValues": ["done"]}},
        {
            "columnIndex": 1,
            "filterCriteria": {"condition": {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "1"}]}},
        },
    ]
    api.batch({"setBasicFilter": {"filter": {"range": grid("A1:B4"), "filterSpecs": specs}}})
    rows = api.sheet("data.rowMetadata.hiddenByFilter,basicFilter")["data"][0]["rowMetadata"]
    assert [bool(r.get("hiddenByFilter")) for r in rows[:4]] == [False, True, True, False]
    rule = {"condition": {"type": "NOT_BLANK"}}
    api.batch({"setDataValidation": {"range": grid("A2:A4"), "rule": rule}})
    sheet = api.emulator.sheet(api.book_id, "Sheet1")
    assert [bool(c and c.rule) for c in (sheet.get(i, 0) for i in (1, 2, 3))] == [False, False, True]
    api.batch({"clearBasicFilter": {"sheetId": 0}})
    assert "basicFilter" not in api.sheet("basicFilter,properties.title")


def test_filter_views(api: Api) -> None:
    """Added, changed, copied, deleted; an unknown one is refused."""
    view = {
        "title": "Open",
        "range": grid("A1:B9"),
        "filterSpecs": [{"columnIndex": 0, "filterCriteria": {"hiddenValues": ["x"]}}],
    }
    (reply,) = api.batch({"addFilterView": {"filter": view}})
    number = reply["addFilterView"]["filter"]["filterViewId"]
    api.batch({"updateFilterView": {"filter": {"filterViewId": number, "title": "New"}, "fields": "title"}})
    api.batch({"duplicateFilterView": {"filterId": number}})
    assert [v["title"] for v in api.sheet("filterViews")["filterViews"]] == ["New", "Copy of New"]
    assert api.sheet("filterViews")["filterViews"][0]["filterSpecs"][0]["columnIndex"] == 0
    api.batch({"deleteFilterView": {"filterId": number}})
    assert "No filter view with id" in api.refused({"deleteFilterView": {"filterId": number}})


# -- conditional formats ------------------------------------------------------------------------------------------------


def rule(formula: str, cells: str = "A1:B3") -> dict[str, Any]:
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
    return {"ranges": [grid(cells)], "booleanRule": {"condition": condition, "format": {"textFormat": {"bold": True}}}}


def test_conditional_formats_colour_cells(api: Api) -> None:
    """The formula moves along the range; the effective format shows it."""
    api.put("A1:B3", [["x", 1], ["y", 2], ["x", 3]])
    api.batch({"addConditionalFormatRule": {"rule": rule('=$A1="x"'), "index": 0}})
    rows = api.sheet("data.rowData.values.effectiveFormat.textFormat.bold")["data"][0]["rowData"]
    assert [r["values"][1]["effectiveFormat"]["textFormat"]["bold"] for r in rows] == [True, False, True]


def test_rules_are_replaced_moved_and_deleted(api: Api) -> None:
    """Replies carry the old rule; an index that is not there is refused."""
    api.batch(
        {"addConditionalFormatRule": {"rule": rule("=A1=1")}}, {"addConditionalFormatRule": {"rule": rule("=A1=2")}}
    )
    (reply,) = api.batch({"updateConditionalFormatRule": {"index": 0, "rule": rule("=A1=3")}})
    assert reply["updateConditionalFormatRule"]["oldRule"]["booleanRule"]["condition"]["values"] == [
        {"userEnteredValue": "=A1=2"}
    ]
    api.batch({"updateConditionalFormatRule": {"sheetId": 0, "index": 0, "newIndex": 1}})
    (reply,) = api.batch({"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})
    assert reply["deleteConditionalFormatRule"]["rule"]["booleanRule"]["condition"]["values"] == [
        {"userEnteredValue": "=A1=1"}
    ]
    assert api.refused({"deleteConditionalFormatRule": {"sheetId": 0, "index": 5}}) == (
        "Invalid requests[0].deleteConditionalFormatRule: No conditional format on sheet: 0 at index: 5"
    )


def test_rules_may_look_at_other_tabs_only_by_indirect(api: Api) -> None:
    """A direct reference is refused, INDIRECT is not."""
    api.batch({"addSheet": {"properties": {"title": "Other"}}})
    assert "different sheet" in api.refused({"addConditionalFormatRule": {"rule": rule("=Other!A1=1")}})
    api.put("Other!A1", [[1]])
    api.batch({"addConditionalFormatRule": {"rule": rule('=INDIRECT("Other!A1")=1', "A1")}})
    api.put("A1", [["x"]])
    rows = api.sheet("data.rowData.values.effectiveFormat.textFormat.bold")["data"][0]["rowData"]
    assert rows[0]["values"][0]["effectiveFormat"]["textFormat"]["bold"] is True


# -- charts, banding ----------------------------------------------------------------------------------------------------


def test_charts_come_and_go(api: Api) -> None:
    """Over a sheet or on their own; the spec is replaced."""
    spec = {"title": "T", "basicChart": {"chartType": "LINE", "domains": [], "series": []}}
    place = {"overlayPosition": {"anchorCell": {"sheetId": 0, "rowIndex": 1, "columnIndex": 1}}}
    (reply,) = api.batch({"addChart": {"chart": {"spec": spec, "position": place}}})
    number = reply["addChart"]["chart"]["chartId"]
    api.batch({"updateChartSpec": {"chartId": number, "spec": {**spec, "title": "U"}}})
    assert api.sheet("charts.spec.title")["charts"] == [{"spec": {"title": "U"}}]
    api.batch({"deleteEmbeddedObject": {"objectId": number}})
    api.batch({"addChart": {"chart": {"spec": spec, "position": {"newSheet": True}}}})
    assert api.emulator.book(api.book_id).sheets[1].sheet_type == "OBJECT"


def test_banding(api: Api) -> None:
    """Added, changed, deleted; two on the same cells are refused."""
    band = {
        "range": grid("A1:C9"),
        "rowProperties": {"headerColor": {"red": 1}, "firstBandColor": {}, "secondBandColor": {}},
    }
    (reply,) = api.batch({"addBanding": {"bandedRange": band}})
    number = reply["addBanding"]["bandedRange"]["bandedRangeId"]
    assert "alternating background colors" in api.refused({"addBanding": {"bandedRange": band}})
    api.batch({"updateBanding": {"bandedRange": {"bandedRangeId": number, "range": grid("A1:C5")}, "fields": "range"}})
    api.batch({"deleteBanding": {"bandedRangeId": number}})
    assert "bandedRanges" not in api.sheet("bandedRanges,properties.title")


# -- developer metadata -------------------------------------------------------------------------------------------------


def stamp(number: int | None, value: str = "run", key: str = "revision") -> dict[str, Any]:
    entry: dict[str, Any] = {
        "metadataKey": key,
        "metadataValue": value,
        "location": {"spreadsheet": True},
        "visibility": "DOCUMENT",
    }
    if number is not None:
        entry["metadataId"] = number
    return {"createDeveloperMetadata": {"developerMetadata": entry}}


def test_a_stamp_is_a_fence(api: Api) -> None:
    """An id that exists refuses the whole batch, in Google's words."""
    (reply,) = api.batch(stamp(1001))
    assert reply["createDeveloperMetadata"]["developerMetadata"] == {
        "metadataId": 1001,
        "metadataKey": "revision",
        "metadataValue": "run",
        "location": {"locationType": "SPREADSHEET", "spreadsheet": True},
        "visibility": "DOCUMENT",
    }
    message = api.refused({"addSheet": {"properties": {"title": "New"}}}, stamp(1001, "other"))
    assert message == (
        "Invalid requests[1].createDeveloperMetadata: Cannot add developer metadata with ID [1001] because developer "
        "metadata with that ID already exists."
    )
    assert titles(api) == ["Sheet1"]
    assert api.ok("GET", "/developerMetadata/1001")["metadataValue"] == "run"
    assert api.error("GET", "/developerMetadata/7", code=404) == "Requested entity was not found."


def test_metadata_is_searched_changed_and_deleted(api: Api) -> None:
    """By key, value, id, location; what is deleted is in the reply."""
    row = {
        "metadataKey": "row",
        "location": {"dimensionRange": dimension("ROWS", 3, 4)},
        "visibility": "PROJECT",
    }
    api.batch(
        stamp(1), stamp(2, "b"), stamp(None, key="other"), {"createDeveloperMetadata": {"developerMetadata": row}}
    )

    def search(**lookup: Any) -> list[Any]:
        body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
        found = api.ok("POST", "/developerMetadata:search", body).get("matchedDeveloperMetadata", [])
        return [m["developerMetadata"].get("metadataValue", m["developerMetadata"]["metadataKey"]) for m in found]

    assert search(metadataKey="revision") == ["run", "b"]
    assert search(metadataKey="revision", metadataValue="b") == ["b"]
    assert search(locationType="ROW") == ["row"]
    assert search(metadataLocation={"dimensionRange": dimension("ROWS", 3, 4)}) == ["row"]
    assert search(metadataId=99) == []
    lookup = {"dataFilters": [{"developerMetadataLookup": {"metadataId": 2}}]}
    api.batch(
        {"updateDeveloperMetadata": {**lookup, "developerMetadata": {"metadataValue": "c"}, "fields": "metadataValue"}}
    )
    assert search(metadataId=2) == ["c"]
    one = {"dataFilter": {"developerMetadataLookup": {"metadataKey": "revision"}}}
    (reply, again) = api.batch({"deleteDeveloperMetadata": one}, {"deleteDeveloperMetadata": one})
    assert [e["metadataId"] for e in reply["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]] == [1, 2]
    assert again == {"deleteDeveloperMetadata": {}}
    api.emulator.switches.delete_missing_metadata_fails = True
    assert "No developer metadata matched" in api.refused({"deleteDeveloperMetadata": one})


def test_metadata_has_a_budget(api: Api) -> None:
    """30,000 characters for the spreadsheet's own."""
    api.batch(stamp(1, "x" * 29_000))
    assert "30000 characters" in api.refused(stamp(2, "x" * 1_000))


def test_values_are_read_by_metadata(api: Api) -> None:
    """batchGetByDataFilter follows the row the metadata is on."""
    api.put("A1:A3", [["a"], ["b"], ["c"]])
    row = {"metadataKey": "row", "location": {"dimensionRange": dimension("ROWS", 1, 2)}, "visibility": "DOCUMENT"}
    api.batch(
        {"createDeveloperMetadata": {"developerMetadata": row}},
        {"insertDimension": {"range": dimension("ROWS", 0, 1)}},
    )
    body = {"dataFilters": [{"developerMetadataLookup": {"metadataKey": "row"}}]}
    found = api.ok("POST", "/values:batchGetByDataFilter", body)["valueRanges"]
    assert found[0]["valueRange"] == {"range": "Sheet1!A3:Z3", "majorDimension": "ROWS", "values": [["b"]]}
    update = {"valueInputOption": "RAW", "data": [{"dataFilter": body["dataFilters"][0], "values": [["B"]]}]}
    assert api.ok("POST", "/values:batchUpdateByDataFilter", update)["totalUpdatedCells"] == 1
    assert api.ok("POST", "/values:batchClearByDataFilter", body)["clearedRanges"] == ["Sheet1!A3:Z3"]
    assert api.get("A1:A4") == [[], ["a"], [], ["c"]]
