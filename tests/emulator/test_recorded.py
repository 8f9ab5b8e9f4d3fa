"""Single facts taken from recorded answers of the real service (docs/sheet-facts.md "The emulator against recorded Google")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.discovery import eight_bits
from tests.emulator.helpers import grid

if TYPE_CHECKING:
    from tests.emulator.helpers import Api


def lines(start: int, end: int, dimension: str = "ROWS") -> dict[str, Any]:
    return {"sheetId": 0, "dimension": dimension, "startIndex": start, "endIndex": end}


def small(api: Api, rows: int = 10, columns: int = 5, **more: int) -> None:
    """Make the first tab that small."""
    size = {"rowCount": rows, "columnCount": columns, **more}
    properties = {"sheetId": 0, "gridProperties": size}
    names = ",".join(f"gridProperties.{name}" for name in size)
    api.batch({"updateSheetProperties": {"properties": properties, "fields": names}})


# -- texts --------------------------------------------------------------------------------------------------------------


def test_inserting_beyond_the_grid(api: Api) -> None:
    """Two texts: at the end without a row before to inherit from, and beyond the end."""
    small(api)
    assert api.refused({"insertDimension": {"range": lines(10, 11)}}) == (
        "Invalid requests[0].insertDimension: range.startIndex must be less than the grid size (10) if "
        "inheritFromBefore is false."
    )
    assert api.refused({"insertDimension": {"range": lines(11, 12), "inheritFromBefore": True}}) == (
        "Invalid requests[0].insertDimension: range.startIndex is larger than current grid size (10)"
    )
    api.batch({"insertDimension": {"range": lines(10, 11), "inheritFromBefore": True}})


def test_sorting_beyond_the_grid(api: Api) -> None:
    """The range must begin inside the grid."""
    small(api)
    place = {"sheetId": 0, "startRowIndex": 11, "endRowIndex": 12}
    assert api.refused({"sortRange": {"range": place, "sortSpecs": [{"dimensionIndex": 0}]}}) == (
        "Invalid requests[0].sortRange: range.startRowIndex is larger than current grid size (10)"
    )


def test_sorting_over_a_vertical_merge(api: Api) -> None:
    """The refusal names the merge."""
    api.batch({"mergeCells": {"range": grid("B3:B4"), "mergeType": "MERGE_ALL"}})
    assert api.refused({"sortRange": {"range": grid("A1:C9"), "sortSpecs": [{"dimensionIndex": 0}]}}) == (
        "Invalid requests[0].sortRange: You can't sort a range containing vertical merges. There is a vertical merge "
        "at B3:B4"
    )


def test_moving_a_row_into_a_merge(api: Api) -> None:
    """A row cannot stand between two rows of a merge."""
    api.batch({"mergeCells": {"range": grid("A5:A7"), "mergeType": "MERGE_ALL"}})
    assert api.refused({"moveDimension": {"source": lines(1, 2), "destinationIndex": 5}}) == (
        "Invalid requests[0].moveDimension: Sorry, it is not possible to move a row to a position that crosses a merged "
        "cell. Please unmerge and try again."
    )
    api.batch({"moveDimension": {"source": lines(1, 2), "destinationIndex": 4}})


def test_deleting_all_rows_below_the_frozen_ones(api: Api) -> None:
    """One row that is not frozen stays."""
    small(api, frozenRowCount=1)
    assert api.refused({"deleteDimension": {"range": lines(1, 10)}}) == (
        "Invalid requests[0].deleteDimension: Sorry, it is not possible to delete all non-frozen rows."
    )
    api.batch({"deleteDimension": {"range": lines(2, 10)}})


def test_hiding_the_last_tab_that_is_shown(api: Api) -> None:
    """One tab stays in sight."""
    hidden = {"properties": {"sheetId": 0, "hidden": True}, "fields": "hidden"}
    assert api.refused({"updateSheetProperties": hidden}) == (
        "Invalid requests[0].updateSheetProperties: You can't hide all the sheets in a document."
    )


def test_all_fields_need_a_title(api: Api) -> None:
    """`fields: "*"` without a title would empty it."""
    all_of_it: dict[str, Any] = {"properties": {"sheetId": 0, "hidden": False}, "fields": "*"}
    assert api.refused({"updateSheetProperties": all_of_it}) == (
        "Invalid requests[0].updateSheetProperties: The sheet name cannot be empty."
    )
    all_of_it["properties"]["title"] = "Renamed"
    api.batch({"updateSheetProperties": all_of_it})
    assert api.sheet("properties.title") == {"properties": {"title": "Renamed"}}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"range": "Nope!A1", "values": [["x"]]}, "Unable to parse range: Nope!A1"),
        (
            {"range": "A1:B1", "values": [["x", "y", "z"]]},
            "Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]",
        ),
        (
            {"range": "A11", "values": [["x"]]},
            "Range (Sheet1!A11) exceeds grid limits. Max rows: 10, max columns: 5",
        ),
    ],
)
def test_values_batch_update_names_the_range_it_refuses(api: Api, data: dict[str, Any], text: str) -> None:
    """The place in `data` stands before the text, and no range is written."""
    small(api)
    body = {"valueInputOption": "RAW", "data": [{"range": "A1", "values": [["written?"]]}, data]}
    assert api.error("POST", "/values:batchUpdate", body) == f"Invalid data[1]: {text}"
    assert api.get("A1") == []


# -- requests in other forms --------------------------------------------------------------------------------------------

PAINT = {"repeatCell": {"range": grid("A1"), "cell": {"note": "n"}, "fields": "note"}}


@pytest.mark.parametrize("requests", [PAINT, [PAINT], [[PAINT]], [[], [[PAINT]]]])
def test_requests_as_one_object_or_nested_lists(api: Api, requests: Any) -> None:
    """A lone element counts as a list of one, lists in a list as one list."""
    answer = api.ok("POST", ":batchUpdate", {"requests": requests})
    assert answer["replies"] == [{}]
    assert api.emulator.calls[-1].request_kinds == ["repeatCell"]
    assert api.sheet("data.rowData.values.note")["data"][0]["rowData"] == [{"values": [{"note": "n"}]}]


def test_rows_as_one_object(api: Api) -> None:
    """The same holds for any repeated field of messages, but a row of values must be a list."""
    cell = {"userEnteredValue": {"stringValue": "x"}}
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    api.batch({"updateCells": {"start": start, "rows": {"values": cell}, "fields": "userEnteredValue"}})
    assert api.get("A1:B2") == [["x"]]
    api.error("PUT", "/values/A1", {"values": ["x"]}, valueInputOption="RAW")


@pytest.mark.parametrize("kind", ["COLUMNS", 2, "2", "columns"])
def test_enums_as_numbers(api: Api, kind: Any) -> None:
    """An enum's value is its name, its number, its number as text, or its name in small letters."""
    api.ok("PUT", "/values/A1", {"values": [["a", "b"]], "majorDimension": kind}, valueInputOption="RAW")
    assert api.get("A1:B2") == [["a"], ["b"]]
    api.batch({"deleteDimension": {"range": {**lines(0, 1), "dimension": kind}}})
    assert api.get("A1:B2") == []
    assert api.sheet("properties.gridProperties.columnCount") == {"properties": {"gridProperties": {"columnCount": 25}}}


def test_enums_as_numbers_in_the_address(api: Api) -> None:
    """Query parameters, too; what is no value is refused."""
    api.ok("PUT", "/values/A1", {"values": [["=1+1"]]}, valueInputOption="2")
    assert api.get("A1", "1") == [[2]]
    assert api.get("A1", "2") == [["=1+1"]]
    assert api.error("GET", "/values/A1", valueRenderOption="9") == (
        "Invalid value at 'value_render_option' (type.googleapis.com/google.apps.sheets.v4.ValueRenderOption), \"9\""
    )


@pytest.mark.parametrize(
    ("text", "shown", "values"),
    [
        ("R2C2", "Sheet1!B2", [["d"]]),
        ("Sheet1!R1C1:R2C2", "Sheet1!A1:B2", [["a", "b"], ["c", "d"]]),
        ("'Sheet1'!r2c1:r2c2", "Sheet1!A2:B2", [["c", "d"]]),
    ],
)
def test_ranges_in_r1c1_notation(api: Api, text: str, shown: str, values: list[list[str]]) -> None:
    """They are read, and the answer names them in A1 notation."""
    api.put("A1:B2", [["a", "b"], ["c", "d"]])
    answer = api.ok("GET", f"/values/{text}")
    assert (answer["range"], answer["values"]) == (shown, values)


# -- answers ------------------------------------------------------------------------------------------------------------


def test_totals_count_each_row_and_column_once(api: Api) -> None:
    """Two ranges in one row and one column of two rows are 2 rows and 3 columns; cells are counted one by one."""
    data = [
        {"range": "A1:B1", "values": [["a", "b"]]},
        {"range": "C1:C2", "values": [["c"], ["d"]]},
        {"range": "A1", "values": [["again"]]},
    ]
    answer = api.ok("POST", "/values:batchUpdate", {"valueInputOption": "RAW", "data": data})
    assert {k: v for k, v in answer.items() if k.startswith("total")} == {
        "totalUpdatedRows": 2,
        "totalUpdatedColumns": 3,
        "totalUpdatedCells": 5,
        "totalUpdatedSheets": 1,
    }
    filters = [{"dataFilter": {"a1Range": one["range"]}, "values": one["values"]} for one in data]
    again = api.ok("POST", "/values:batchUpdateByDataFilter", {"valueInputOption": "RAW", "data": filters})
    assert (again["totalUpdatedRows"], again["totalUpdatedColumns"], again["totalUpdatedCells"]) == (2, 3, 5)


def test_an_empty_parent_named_by_a_mask_stays(api: Api) -> None:
    """Nothing below `properties` is set, but `properties` is."""
    assert api.ok("GET", "", fields="sheets.properties.tabColor") == {"sheets": [{"properties": {}}]}
    assert api.ok("GET", "", fields="sheets.properties.gridProperties.frozenRowCount") == {
        "sheets": [{"properties": {"gridProperties": {}}}]
    }
    assert api.ok("GET", "", fields="sheets.merges") == {"sheets": [{}]}


@pytest.mark.parametrize(
    ("given", "shown"),
    [(0.5, 0.49803922), (0.4, 0.4), (0.1, 0.09803922), (1, 1), (0.0, 0.0), (0.9, 0.8980392), (0.99999, 0.99607843)],
)
def test_colours_come_back_in_eight_bits(api: Api, given: float, shown: float) -> None:
    """A shade is one of 256, and both forms of the colour show it."""
    cell = {"userEnteredFormat": {"backgroundColor": {"red": given, "green": 1}}}
    api.batch({"repeatCell": {"range": grid("A1"), "cell": cell, "fields": "userEnteredFormat.backgroundColor"}})
    (row,) = api.sheet("data.rowData.values.userEnteredFormat")["data"][0]["rowData"]
    colour = {"red": shown, "green": 1} if shown else {"green": 1}
    assert row["values"] == [
        {"userEnteredFormat": {"backgroundColor": colour, "backgroundColorStyle": {"rgbColor": colour}}}
    ]


def test_a_colour_read_and_written_back_is_the_same_colour() -> None:
    """No shade drifts, however often it goes through the service."""
    shades = [eight_bits(step / 255) for step in range(256)]
    assert [eight_bits(shade) for shade in shades] == shades
    assert len(set(shades)) == 256
    assert [round(shade * 255) for shade in shades] == list(range(256))


@pytest.mark.parametrize(("dimension", "name"), [("ROWS", "rowGroup"), ("COLUMNS", "columnGroup")])
def test_groups_set_where_their_button_stands(api: Api, dimension: str, name: str) -> None:
    """After the first group the tab says that the button stands after the group."""
    assert f"{name}ControlAfter" not in api.sheet("properties")["properties"]["gridProperties"]
    api.batch({"addDimensionGroup": {"range": lines(1, 3, dimension)}})
    assert api.sheet("properties")["properties"]["gridProperties"][f"{name}ControlAfter"] is True


def test_merges_are_those_that_touch_the_asked_range(api: Api) -> None:
    """Without ranges all merges come, with ranges those that share a cell with one."""
    for place in ("A1:B1", "D4:E5"):
        api.batch({"mergeCells": {"range": grid(place), "mergeType": "MERGE_ALL"}})
    first, second = (
        {"startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 2},
        {"startRowIndex": 3, "endRowIndex": 5, "startColumnIndex": 3, "endColumnIndex": 5},
    )
    assert api.sheet("merges") == {"merges": [first, second]}
    for asked, shown in (("B1:C9", [first]), ("E5", [second]), ("A1:E5", [first, second])):
        assert api.ok("GET", "", ranges=[asked], fields="sheets.merges") == {"sheets": [{"merges": shown}]}
    assert api.ok("GET", "", ranges=["C1:C9"], fields="sheets.merges") == {"sheets": [{}]}


def test_a_resize_is_checked_as_new_rows_by_old_columns(api: Api) -> None:
    """A long, narrow sheet takes two requests."""

    def sized(rows: int, columns: int) -> dict[str, Any]:
        size = {"rowCount": rows, "columnCount": columns}
        return {
            "updateSheetProperties": {
                "properties": {"sheetId": 0, "gridProperties": size},
                "fields": "gridProperties(rowCount,columnCount)",
            }
        }

    assert api.refused(sized(1_000_000, 2)) == (
        "Invalid requests[0].updateSheetProperties: This action would increase the number of cells in the workbook "
        "above the limit of 10000000 cells."
    )
    api.batch(sized(1000, 2), sized(1_000_000, 2))


def test_service_accounts_of_today_make_no_spreadsheets(api: Api) -> None:
    """Those made since 2025 own no room: 403, here and at Drive; older ones and people go on."""
    url = "https://sheets.googleapis.com/v4/spreadsheets"
    files = "https://www.googleapis.com/drive/v3/files"
    sent = {"name": "x", "mimeType": "application/vnd.google-apps.spreadsheet"}
    assert api.session.post(url, json={}).status_code == 200
    api.emulator.switches.service_accounts_may_create = False
    refused = api.session.post(url, json={})
    assert (refused.status_code, refused.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert refused.json()["error"]["message"] == "The caller does not have permission"
    assert api.session.post(files, json=sent).status_code == 403
    assert api.session.post(f"{files}/{api.book_id}/copy", json={}).status_code == 403
    assert api.emulator.session("ann@example.com").post(url, json={}).status_code == 200
