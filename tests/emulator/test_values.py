"""values.*: what is read and how, what is written and where, what is refused."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from tests.emulator.helpers import Api, grid


def test_trailing_empties_are_dropped_and_inner_ones_kept(api: Api) -> None:
    """An inner empty cell is "", an inner empty row [], and nothing at all has no `values` key."""
    api.put("A1:C4", [["a", "", "c"], [], ["d", "", ""], ["", "", ""]])
    assert api.ok("GET", "/values/Sheet1") == {
        "range": "Sheet1!A1:Z1000",
        "majorDimension": "ROWS",
        "values": [["a", "", "c"], [], ["d"]],
    }
    assert api.ok("GET", "/values/D1:D9") == {"range": "Sheet1!D1:D9", "majorDimension": "ROWS"}
    found = api.ok("GET", "/values/A1:C3", majorDimension="COLUMNS")
    assert found["values"] == [["a", "", "d"], [], ["c"]]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("Sheet1!A1:A", "Sheet1!A1:A1000"),
        ("'Sheet1'!B2", "Sheet1!B2"),
        ("A1:ZZ5000", "Sheet1!A1:Z1000"),
        ("2:3", "Sheet1!A2:Z3"),
        ("My tab", "'My tab'!A1:B2"),
        ("'My tab'", "'My tab'!A1:B2"),
        ("'My tab'!C1:A1", "'My tab'!A1:B1"),
        ("sheet1!a1", "Sheet1!A1"),
    ],
)
def test_ranges_come_back_normalised_and_cut(api: Api, asked: str, shown: str) -> None:
    """Quotes only when needed, open ends closed, ends beyond the grid cut."""
    api.batch({"addSheet": {"properties": {"title": "My tab", "gridProperties": {"rowCount": 2, "columnCount": 2}}}})
    assert api.ok("GET", f"/values/{quote(asked)}")["range"] == shown


@pytest.mark.parametrize("asked", ["Nowhere!A1", "Sheet1!A", "'Sheet1", "Sheet1!", "A1:B2:C3", "Nowhere"])
def test_unknown_tabs_and_bad_syntax_are_one_error(api: Api, asked: str) -> None:
    """Unable to parse range."""
    assert api.error("GET", f"/values/{quote(asked)}") == f"Unable to parse range: {asked}"
    assert api.error("GET", "/values:batchGet", ranges=["A1", asked]) == f"Unable to parse range: {asked}"


def test_a_range_beyond_the_grid_is_refused(api: Api) -> None:
    """Reading and writing alike, with the grid's size."""
    text = "Range (Sheet1!A100000) exceeds grid limits. Max rows: 1000, max columns: 26"
    assert api.error("GET", "/values/A100000") == text
    body = {"values": [["x"]]}
    assert api.error("PUT", "/values/A100000", body, valueInputOption="RAW") == text
    tall = {"values": [["x"], ["y"]]}
    assert api.error("PUT", "/values/A1000", tall, valueInputOption="RAW") == (
        "Range (Sheet1!A1000:A1001) exceeds grid limits. Max rows: 1000, max columns: 26"
    )


def test_values_must_fit_the_range(api: Api) -> None:
    """A single cell is a starting point, a larger range is a fence."""
    assert api.put("B2", [["a", "b"], ["c"]])["updatedRange"] == "Sheet1!B2:C3"
    body = {"values": [["a", "b", "c"]]}
    assert api.error("PUT", "/values/A1:B1", body, valueInputOption="RAW") == (
        "Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]"
    )
    body = {"values": [["a"], ["b"]]}
    assert api.error("PUT", "/values/A1:B1", body, valueInputOption="RAW") == (
        "Requested writing within range [Sheet1!A1:B1], but tried writing to row [2]"
    )


def test_null_skips_and_empty_text_clears(api: Api) -> None:
    """And the counts say what was written."""
    api.put("A1:C1", [["a", "b", "c"]])
    answer = api.put("A1:C1", [[None, "", "z"]])
    assert answer == {
        "spreadsheetId": api.book_id,
        "updatedRange": "Sheet1!A1:C1",
        "updatedRows": 1,
        "updatedColumns": 2,
        "updatedCells": 2,
    }
    assert api.get("A1:C1") == [["a", "", "z"]]


def test_raw_keeps_and_user_entered_understands(api: Api) -> None:
    """The same texts, both ways."""
    texts = [["=1+1", "007", "TRUE", "12%", "'x", "2024-01-02"]]
    api.put("A1", texts)
    assert api.get("A1:F1") == texts
    api.type("A1", texts)
    assert api.get("A1:F1") == [[2, 7, True, 0.12, "x", 45293]]
    assert api.get("A1:F1", "FORMATTED_VALUE") == [["2", "7", "TRUE", "12%", "x", "2024-01-02"]]
    assert api.get("A1:F1", "FORMULA") == [["=1+1", 7, True, 0.12, "x", 45293]]
    shown = api.get("F1", "UNFORMATTED_VALUE", dateTimeRenderOption="FORMATTED_STRING")
    assert shown == [["2024-01-02"]]


def test_numbers_read_as_numbers(api: Api) -> None:
    """3.0 is 3; large whole numbers and fractions are as they are."""
    api.put("A1", [[3.0, 0.5, 12345678901234, -0.0, True]])
    assert api.call("GET", "/values/A1:E1", valueRenderOption="UNFORMATTED_VALUE").text.endswith(
        '"values":[[3,0.5,12345678901234,0,true]]}'
    )


def test_errors_read_as_text_with_their_message(api: Api) -> None:
    """UNFORMATTED_VALUE gives the message too, FORMATTED_VALUE only the sign."""
    api.type("A1", [['=VLOOKUP("x",H1:I2,2,FALSE)', "=1/0", "=FOO()", "=A1+1", '="a"+1', "=Nowhere!A1"]])
    assert api.get("A1:F1") == [
        [
            "#N/A (Did not find value 'x' in VLOOKUP evaluation.)",
            "#DIV/0! (Function DIVIDE parameter 2 cannot be zero.)",
            "#NAME? (Unknown function: 'FOO'.)",
            "#N/A (Did not find value 'x' in VLOOKUP evaluation.)",
            "#VALUE! (Function expects number values. But 'a' is a text and cannot be coerced to a number.)",
            "#REF! (Unresolved sheet name 'Nowhere'.)",
        ]
    ]
    assert api.get("A1:F1", "FORMATTED_VALUE") == [["#N/A", "#DIV/0!", "#NAME?", "#N/A", "#VALUE!", "#REF!"]]
    cell = api.sheet("data.rowData.values.effectiveValue")["data"][0]["rowData"][0]["values"][1]
    assert cell["effectiveValue"]["errorValue"]["type"] == "DIVIDE_BY_ZERO"


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=1+2*3^2", 19),
        ("=-(2+3)%", -0.05),
        ('="a"&1&TRUE', "a1TRUE"),
        ("=SUM(H1:H3,10)", 16),
        ('=IF(H1>0,"yes","no")', "yes"),
        ('=COUNTIF(H1:H3,">1")', 2),
        ('=COUNTIF(I1:I3,"x*")', 2),
        ("=AVERAGE(H1:H3)", 2),
        ("=COUNTA(I1:I9)", 3),
        ('=IFERROR(1/0,"bad")', "bad"),
        ('=HYPERLINK("https://x.example","label")', "label"),
        ('=UPPER(LEFT("abc",2))', "AB"),
        ("=ROW()", 1),
        ('=INDIRECT("H2")', 2),
        ('=SUMIF(I1:I3,"x1",H1:H3)', 1),
        ("=MAX(H:H)", 3),
        ('=TEXT(0.5,"0%")', "50%"),
        ("=H1=1", True),
        ('="A"="a"', True),
        ("=NOT(H9)", True),
    ],
)
def test_formulas(api: Api, formula: str, value: object) -> None:
    """A small evaluator: enough for what people put into a shared sheet."""
    api.put("H1:I3", [[1, "x1"], [2, "x2"], [3, "y"]])
    api.type("A1", [[formula]])
    assert api.get("A1") == [[value]]


def test_now_is_the_emulators_clock_in_the_spreadsheets_zone(api: Api) -> None:
    """NOW() moves with the clock and the time zone."""
    api.type("A1", [["=NOW()"]])
    utc = api.get("A1")[0][0]
    assert utc == pytest.approx(1_750_000_000 / 86_400 + 25_569)
    api.batch({"updateSpreadsheetProperties": {"properties": {"timeZone": "Asia/Tokyo"}, "fields": "timeZone"}})
    assert api.get("A1")[0][0] - utc == pytest.approx(9 / 24)
    assert api.get("A1", "FORMATTED_VALUE") == [["6/16/2025 0:06:40"]]


def test_what_comes_from_elsewhere_is_still_loading(api: Api) -> None:
    """IMPORTXML and its kind show Loading..., in both renderings."""
    api.type("A1", [['=IMPORTXML("https://x.example","//a")']])
    assert api.get("A1") == api.get("A1", "FORMATTED_VALUE") == [["Loading..."]]


def test_circles_are_errors(api: Api) -> None:
    """Circular references do not hang."""
    api.type("A1", [["=B1", "=A1"]])
    assert api.get("A1")[0][0].startswith("#REF! (Circular dependency detected.")


def test_batch_get_and_update_and_clear(api: Api) -> None:
    """Several ranges in one call, all or none."""
    data = [
        {"range": "A1:B1", "values": [["a", "b"]]},
        {"range": "D4", "majorDimension": "COLUMNS", "values": [["x", "y"]]},
    ]
    answer = api.ok("POST", "/values:batchUpdate", {"valueInputOption": "RAW", "data": data})
    assert {k: v for k, v in answer.items() if k.startswith("total")} == {
        "totalUpdatedRows": 3,
        "totalUpdatedColumns": 3,
        "totalUpdatedCells": 4,
        "totalUpdatedSheets": 1,
    }
    found = api.ok("GET", "/values:batchGet", ranges=["A1:B1", "D4:D5", "F1"])
    assert [v.get("values") for v in found["valueRanges"]] == [[["a", "b"]], [["x"], ["y"]], None]
    bad = {
        "valueInputOption": "RAW",
        "data": [{"range": "A1", "values": [["z"]]}, {"range": "Nope!A1", "values": [["z"]]}],
    }
    assert api.error("POST", "/values:batchUpdate", bad) == "Invalid data[1]: Unable to parse range: Nope!A1"
    assert api.get("A1") == [["a"]]
    cleared = api.ok("POST", "/values:batchClear", {"ranges": ["A1:B1", "D:D"]})
    assert cleared["clearedRanges"] == ["Sheet1!A1:B1", "Sheet1!D1:D1000"]
    assert api.ok("POST", "/values/Sheet1:clear") == {"spreadsheetId": api.book_id, "clearedRange": "Sheet1!A1:Z1000"}
    assert api.get("Sheet1") == []


def test_input_option_is_required(api: Api) -> None:
    """Nobody guesses how to read values."""
    assert "valueInputOption" in api.error("PUT", "/values/A1", {"values": [["x"]]})


@pytest.mark.parametrize(
    ("data", "asked", "table", "lands"),
    [
        ([["x", "", "z"]], "Sheet1", "Sheet1!C1", "Sheet1!C2"),
        ([["a", "b"], ["c", "d"]], "Sheet1", "Sheet1!A1:B2", "Sheet1!A3"),
        ([["a"], [], ["b"]], "Sheet1", "Sheet1!A3", "Sheet1!A4"),
        ([["a"], [], ["b"]], "A1", "Sheet1!A1", "Sheet1!A2"),
        ([], "Sheet1", None, "Sheet1!A1"),
        ([["a"]], "D4", None, "Sheet1!D4"),
    ],
)
def test_append_looks_for_a_table(api: Api, data: list[list[Any]], asked: str, table: str | None, lands: str) -> None:
    """The last block of cells in the range; an empty column parts two tables [rec]."""
    api.put("A1", data)
    answer = api.ok("POST", f"/values/{asked}:append", {"values": [["new"]]}, valueInputOption="RAW")
    assert answer.get("tableRange") == table
    assert answer["updates"]["updatedRange"] == lands


def test_append_may_insert_rows_and_grows_the_grid(api: Api) -> None:
    """INSERT_ROWS pushes what is below down; at the end of the grid rows are added."""
    api.put("A1", [["a"], [], ["below"]])
    options = {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
    api.ok("POST", "/values/A1:append", {"values": [["b"], ["c"]]}, **options)
    assert api.get("A1:A9") == [["a"], ["b"], ["c"], [], ["below"]]
    api.put("A1002", [["end"]])
    api.ok("POST", "/values/A1002:append", {"values": [["more"]]}, valueInputOption="RAW")
    assert api.emulator.sheet(api.book_id, "Sheet1").row_count == 1003


def test_the_written_values_may_come_back(api: Api) -> None:
    """includeValuesInResponse."""
    body = {"values": [["=1+1"]]}
    answer = api.ok("PUT", "/values/A1", body, valueInputOption="USER_ENTERED", includeValuesInResponse="true")
    assert answer["updatedData"] == {"range": "Sheet1!A1", "majorDimension": "ROWS", "values": [["2"]]}


def test_cells_of_50001_characters_are_refused_without_a_prefix(api: Api) -> None:
    """values.* has no request number to name; nothing is written."""
    body = {"values": [["ok"], ["x" * 50_001]]}
    assert api.error("PUT", "/values/A1", body, valueInputOption="RAW") == (
        "Your input contains more than the maximum of 50000 characters in a single cell."
    )
    assert api.get("A1:A2") == []


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_numbers_json_does_not_have_are_refused(api: Api, text: str) -> None:
    """NaN is no JSON."""
    url = f"https://sheets.googleapis.com/v4/spreadsheets/{api.book_id}/values/A1?valueInputOption=RAW"
    answer = api.session.put(url, data=f'{{"values": [[{text}]]}}')
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Invalid JSON payload received.")


def test_lone_surrogates_are_a_switch(api: Api) -> None:
    """[?]: refused by default, kept when told so."""
    body = {"values": [["\ud800"]]}
    assert "surrogate" in api.error("PUT", "/values/A1", body, valueInputOption="RAW")
    api.emulator.switches.lone_surrogates_fail = False
    api.put("A1", [["\ud800"]])
    assert api.get("A1") == [["\ud800"]]


def test_texts_of_all_kinds_come_back_unchanged(api: Api) -> None:
    """Right-to-left, emoji, newlines, control characters, what looks like a formula."""
    texts = [["שלום", "😀👩‍👩‍👧", "a\nb\tc", "\u0001", "=HYPERLINK(1)", "+1", "-1", "@x", "'quoted", "１２３"]]
    api.put("A1", texts)
    assert api.get("A1:J1") == texts


def test_a_bad_parameter_is_refused(api: Api) -> None:
    """Unknown names and enum values, in Google's words."""
    assert api.error("GET", "/values/A1", valueRenderOption="PRETTY").startswith(
        "Invalid value at 'value_render_option'"
    )
    assert api.error("GET", "/values/A1", colour="red") == (
        "Invalid JSON payload received. Unknown name \"colour\": Cannot bind query parameter. Field 'colour' could not "
        "be found in request message."
    )


def test_a_tab_may_be_called_anything(api: Api) -> None:
    """Slashes, colons, quotes, percent signs in a title survive the URL."""
    title = "a/b:clear 100% 'x'!"
    api.batch({"addSheet": {"properties": {"sheetId": 3, "title": title}}})
    name = "'" + title.replace("'", "''") + "'"
    api.put(f"{name}!A1", [["here"]])
    assert api.get(f"{name}!A1:B2") == [["here"]]
    assert api.ok("POST", f"/values/{quote(name)}:clear")["clearedRange"] == f"{name}!A1:Z1000"


# -- spreadsheets.get ---------------------------------------------------------------------------------------------------


def test_a_fresh_spreadsheet_looks_like_googles(api: Api) -> None:
    """One tab, id 0, 1000 by 26; zero and empty members left out, except those with presence."""
    found = api.ok("GET", "")
    assert found["sheets"] == [
        {
            "properties": {
                "sheetId": 0,
                "title": "Sheet1",
                "index": 0,
                "sheetType": "GRID",
                "gridProperties": {"rowCount": 1000, "columnCount": 26},
            }
        }
    ]
    assert found["properties"]["timeZone"] == "Etc/GMT"
    assert found["spreadsheetUrl"] == f"https://docs.google.com/spreadsheets/d/{api.book_id}/edit"
    assert set(found) == {"spreadsheetId", "properties", "sheets", "spreadsheetUrl"}


def test_read_masks_cut_the_answer(api: Api) -> None:
    """Nested parentheses; a path that is not there is refused."""
    assert api.ok("GET", "", fields="spreadsheetId,sheets(properties(title,gridProperties/rowCount))") == {
        "spreadsheetId": api.book_id,
        "sheets": [{"properties": {"title": "Sheet1", "gridProperties": {"rowCount": 1000}}}],
    }
    answer = api.call("GET", "", fields="sheets.nonsense")
    assert answer.status_code == 400
    assert "sheets.nonsense" in answer.json()["error"]["details"][0]["fieldViolations"][0]["description"]


def test_grid_data_of_ranges(api: Api) -> None:
    """One GridData per range, with its start; a mask with data needs no includeGridData."""
    api.put("A1:C3", [["a", 1, True], [], ["b"]])
    found = api.ok("GET", "", ranges=["A1:B1", "B2:C3"], includeGridData="true")["sheets"][0]["data"]
    assert [(d.get("startRow"), d.get("startColumn")) for d in found] == [(None, None), (1, 1)]
    assert found[0]["rowData"][0]["values"][1]["formattedValue"] == "1"
    assert "rowData" not in found[1]
    masked = api.ok("GET", "", ranges="A3", fields="sheets.data.rowData.values.effectiveValue")
    assert masked == {"sheets": [{"data": [{"rowData": [{"values": [{"effectiveValue": {"stringValue": "b"}}]}]}]}]}
    assert "data" not in api.ok("GET", "", fields="sheets.properties.title", includeGridData="true")["sheets"][0]


def test_only_the_sheets_of_the_ranges_come(api: Api) -> None:
    """Ranges choose sheets."""
    api.batch({"addSheet": {"properties": {"title": "Other"}}})
    found = api.ok("GET", "", ranges="Other!A1", fields="sheets.properties.title")
    assert found == {"sheets": [{"properties": {"title": "Other"}}]}
    body = {"dataFilters": [{"gridRange": grid("A1")}]}
    assert len(api.ok("POST", ":getByDataFilter", body)["sheets"]) == 1


def test_spreadsheets_are_created_with_sheets_and_cells(api: Api) -> None:
    """The caller owns what they create."""
    body = {
        "properties": {"title": "Mine", "timeZone": "Europe/Berlin"},
        "sheets": [
            {
                "properties": {"title": "One"},
                "data": [{"rowData": [{"values": [{"userEnteredValue": {"numberValue": 5}}]}]}],
            },
            {"properties": {"title": "Two", "gridProperties": {"rowCount": 3, "columnCount": 3}}},
        ],
    }
    made = api.session.post("https://sheets.googleapis.com/v4/spreadsheets", json=body).json()
    assert [s["properties"]["title"] for s in made["sheets"]] == ["One", "Two"]
    assert made["properties"]["timeZone"] == "Europe/Berlin"
    assert api.emulator.values(made["spreadsheetId"], "One!A1") == [[5]]


def test_a_sheet_is_copied_to_another_spreadsheet(api: Api) -> None:
    """Under a new title and id."""
    other = api.emulator.new_spreadsheet("Other")
    api.put("A1", [["x"]])
    props = api.ok("POST", "/sheets/0:copyTo", {"destinationSpreadsheetId": other})
    assert props["title"] == "Copy of Sheet1"
    assert api.emulator.values(other, "'Copy of Sheet1'!A1") == [["x"]]


def test_reading_20000_rows_is_quick(api: Api) -> None:
    """300,000 cells in one batchGet."""
    sheet = api.emulator.sheet(api.book_id, "Sheet1")
    sheet.row_count = 20_000
    api.put("A1", [[f"r{r}c{c}" if c % 2 else r for c in range(15)] for r in range(20_000)])
    start = time.perf_counter()
    found = api.call("GET", "/values:batchGet", ranges="Sheet1", valueRenderOption="UNFORMATTED_VALUE")
    assert time.perf_counter() - start < 3
    assert len(found.json()["valueRanges"][0]["values"]) == 20_000
