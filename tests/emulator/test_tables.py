"""Native tables, and protections with other editors: what staff can make of any tab."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.emulator import OWNER, SERVICE_ACCOUNT, STAFF
from tests.emulator.errors import PROTECTED
from tests.emulator.helpers import Api, grid, text_cell
from tests.emulator.staff import StaffRefusedError

RULE = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "x"}]}}
UNKNOWN = "(emulator: Google's own text is not known)"


def append(*texts: str, **where: Any) -> dict[str, Any]:
    rows = [{"values": [text_cell(text)]} for text in texts]
    return {"appendCells": {**(where or {"sheetId": 0}), "rows": rows, "fields": "userEnteredValue"}}


@pytest.fixture
def table(api: Api) -> str:
    """A table over A1:B3, made by staff."""
    api.put("A1:B3", [["ID", "Note"], ["1", "a"], ["2", "b"]])
    number: str = api.emulator.staff(api.book_id, "Sheet1").make_table()
    return number


def shape(api: Api) -> list[dict[str, Any]]:
    return [one["range"] for one in api.sheet("tables").get("tables", [])]


def area(end: int, start: int = 0) -> dict[str, int]:
    return {"startRowIndex": start, "endRowIndex": end, "startColumnIndex": 0, "endColumnIndex": 2}


def test_staff_make_a_table_of_what_is_filled(api: Api, table: str) -> None:
    """It has an id, a name and a column for each heading; converted back, the cells stay."""
    assert api.sheet("tables") == {
        "tables": [
            {
                "tableId": table,
                "name": "Table1",
                "range": area(3),
                "columnProperties": [{"columnName": "ID"}, {"columnIndex": 1, "columnName": "Note"}],
            }
        ]
    }
    api.emulator.staff(api.book_id, "Sheet1").end_table(table)
    assert (api.sheet("tables"), api.get("A1:B1")) == ({}, [["ID", "Note"]])


def test_a_table_follows_its_rows_and_columns(api: Api, table: str) -> None:
    """Inserted, moved and deleted rows; with its last row it is gone."""
    staff = api.emulator.staff(api.book_id, "Sheet1")
    staff.insert_rows(1)
    assert shape(api) == [area(4, 1)]
    staff.insert_rows(3, 2)
    assert shape(api) == [area(6, 1)]
    staff.delete_rows(2, 6)
    assert shape(api) == []
    assert api.refused({"deleteTable": {"tableId": table}}) == (
        f"Invalid requests[0].deleteTable: No table with id: {table}. {UNKNOWN}"
    )


@pytest.mark.parametrize(
    ("switch", "ids", "end"),
    [("drop", ["ID", "1", "2"], 3), ("below", ["ID", "1", "2", "3"], 3), ("grow", ["ID", "1", "2", "3"], 4)],
)
def test_append_cells_at_a_table_is_a_switch(api: Api, table: str, switch: Any, ids: list[str], end: int) -> None:
    """Sources differ: the rows are dropped, stand below the table, or the table grows; the answer is the same."""
    api.emulator.switches.append_cells_at_table = switch
    assert api.batch(append("3")) == [{}]
    assert [row[0] for row in api.get("A:A")] == ids
    assert shape(api) == [area(end)]


@pytest.mark.parametrize(
    ("switch", "ids", "end"),
    [("drop", ["ID", "1", "2"], 3), ("below", ["ID", "1", "2", "3", "4"], 3), ("grow", ["ID", "1", "2", "3", "4"], 5)],
)
def test_append_cells_into_a_table_is_a_switch(api: Api, table: str, switch: Any, ids: list[str], end: int) -> None:
    """One live report says that the table grows when its id is given."""
    api.emulator.switches.append_cells_into_table = switch
    api.batch(append("3", "4", tableId=table))
    assert [row[0] for row in api.get("A:A")] == ids
    assert shape(api) == [area(end)]


def test_a_table_grows_before_what_stands_below_it(api: Api, table: str) -> None:
    """Blank rows of the body are used first, a totals row stays last, and nothing below is overwritten."""
    footer = {"rowsProperties": {"footerColorStyle": {"rgbColor": {"red": 1}}}, "range": grid("A1:B6")}
    api.put("A6:A8", [["total"], [""], ["below"]])
    api.batch({"updateTable": {"table": {"tableId": table, **footer}, "fields": "rowsProperties,range"}})
    api.batch(append("3", "4", "5", tableId=table))
    assert [row[0] if row else None for row in api.get("A:A")] == [
        "ID",
        "1",
        "2",
        "3",
        "4",
        "5",
        "total",
        None,
        "below",
    ]
    assert shape(api) == [area(7)]


def test_a_table_at_the_end_of_the_grid_grows_the_grid(api: Api) -> None:
    """Below the last row rows are added."""
    api.put("A999:A1000", [["ID"], ["1"]])
    number = api.emulator.staff(api.book_id, "Sheet1").make_table("A999:A1000")
    api.batch(append("2", tableId=number))
    assert api.get("A999:A1001") == [["ID"], ["1"], ["2"]]


def test_what_a_table_cannot_be(api: Api, table: str) -> None:
    """Over another one, under another's name or id."""
    for given, text in (
        ({"range": grid("B2:C4")}, "The table would overlap another one."),
        ({"range": grid("D1:D2"), "name": "table1"}, "A table with the name table1 already exists."),
        ({"range": grid("D1:D2"), "tableId": table}, f"A table with id {table} already exists."),
    ):
        assert api.refused({"addTable": {"table": given}}) == f"Invalid requests[0].addTable: {text} {UNKNOWN}"
    moved = {"tableId": table, "range": {"sheetId": 9, "endRowIndex": 2, "endColumnIndex": 2}}
    api.batch({"addSheet": {"properties": {"sheetId": 9, "title": "Other"}}})
    assert api.refused({"updateTable": {"table": moved, "fields": "range"}}) == (
        f"Invalid requests[0].updateTable: A table cannot move to another sheet. {UNKNOWN}"
    )


def test_deleting_a_table_deletes_what_it_holds(api: Api, table: str) -> None:
    """Its content goes, what stands beside it stays."""
    api.put("C2", [["beside"]])
    api.batch({"deleteTable": {"tableId": table}})
    assert (api.get("A1:C3"), shape(api)) == ([[], ["", "", "beside"]], [])


def test_a_table_refuses_rules_of_single_cells(api: Api, table: str) -> None:
    """Four requests could bring one; taking a rule away is let through, and so is any cell beside the table."""
    data = {"dataValidation": RULE}
    corner = {"sheetId": 0, "rowIndex": 1, "columnIndex": 0}
    api.emulator.switches.append_cells_at_table = "grow"
    api.put("A4", [["3"]])
    api.batch({"updateTable": {"table": {"tableId": table, "range": grid("A1:B9")}, "fields": "range"}})
    for request in (
        {"setDataValidation": {"range": grid("A2:A3"), "rule": RULE}},
        {"repeatCell": {"range": grid("B2"), "cell": data, "fields": "dataValidation"}},
        {"updateCells": {"start": corner, "rows": [{"values": [data]}], "fields": "*"}},
        {"appendCells": {"sheetId": 0, "rows": [{"values": [data]}], "fields": "dataValidation"}},
    ):
        (kind,) = request
        assert api.refused(request) == (
            f"Invalid requests[0].{kind}: Data validation cannot be set on cells of a table. {UNKNOWN}"
        )
    api.batch(
        {"setDataValidation": {"range": grid("A2:A3")}},
        {"setDataValidation": {"range": grid("C2:C3"), "rule": RULE}},
    )


def test_a_copied_tab_has_a_table_of_its_own(api: Api, table: str) -> None:
    """Another id, another name, the copy's range."""
    (reply,) = api.batch({"duplicateSheet": {"sourceSheetId": 0}})
    number = reply["duplicateSheet"]["properties"]["sheetId"]
    (twin,) = api.emulator.book(api.book_id).sheet(number).tables
    assert twin["tableId"] != table
    assert (twin["name"], twin["range"]) == ("Table1_1", {"sheetId": number, **area(3)})


def test_staff_protect_any_tab_for_others(api: Api) -> None:
    """Who is not among the editors is refused, the owner and who made it are not; a warning stops nobody."""
    staff = api.emulator.staff(api.book_id, "Sheet1")
    number = staff.protect(editors=("ann@example.com",))
    api.emulator.share(api.book_id, "ann@example.com")
    assert api.refused(append("x")) == f"Invalid requests[0].appendCells: {PROTECTED}"
    for email in (STAFF, OWNER, "ann@example.com"):
        api.as_person(email).batch(append(email))
    owner = api.emulator.staff(api.book_id, "Sheet1", OWNER)
    assert owner.protect(editors=(STAFF, SERVICE_ACCOUNT)) == number
    api.batch(append("x"))
    assert api.as_person("ann@example.com").refused(append("y")) == f"Invalid requests[0].appendCells: {PROTECTED}"
    staff.unprotect(number)
    staff.protect("A1:A2", warning=True)
    api.batch(append("x"))
    api.emulator.staff(api.book_id, "Sheet1", OWNER).protect("B:B")
    with pytest.raises(StaffRefusedError, match="protected cell"):
        staff.type("B1", "x")
    staff.type("C1", "x")
