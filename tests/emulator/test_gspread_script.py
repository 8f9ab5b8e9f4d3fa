"""Somebody else's ordinary gspread script, with real gspread and real google-auth, over real HTTP."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from typing import Any

import gspread
import pytest
import requests
from google.auth.exceptions import RefreshError
from gspread.cell import Cell
from gspread.utils import ValidationConditionType

from tests.emulator import Emulator, Fault
from tests.emulator.emulator import STAFF


@pytest.fixture
def sheet(served: Emulator, gc: Any) -> Any:
    return gc.open_by_key(served.new_spreadsheet("Team sheet"))


def test_reading_and_writing(sheet: Any) -> None:
    """open by key, worksheets, update, get_all_values, get_all_records, append, find, batch_*."""
    ws = sheet.worksheet("Sheet1")
    assert [w.title for w in sheet.worksheets()] == ["Sheet1"]
    ws.update([["Name", "Age"], ["Ann", 41], ["Bob", 29]], "A1")
    assert ws.get_all_values() == [["Name", "Age"], ["Ann", "41"], ["Bob", "29"]]
    assert ws.get_all_records() == [{"Name": "Ann", "Age": 41}, {"Name": "Bob", "Age": 29}]
    ws.append_row(["Cid", 7])
    ws.append_rows([["Dan", 1], ["Eve", 2]], value_input_option="USER_ENTERED")
    assert ws.col_values(1) == ["Name", "Ann", "Bob", "Cid", "Dan", "Eve"]
    assert ws.row_values(2) == ["Ann", "41"]
    assert (ws.find("Cid").row, ws.find("Cid").col) == (4, 1)
    assert len(ws.findall("1")) == 1
    assert ws.acell("B2").value == "41"
    ws.update_acell("C1", "=SUM(B2:B6)")
    assert ws.acell("C1").value == "80"
    assert ws.acell("C1", value_render_option="FORMULA").value == "=SUM(B2:B6)"
    ws.batch_update([{"range": "D1:E1", "values": [["x", "y"]]}, {"range": "D2", "values": [["z"]]}])
    assert ws.batch_get(["D1:E1", "D2"]) == [[["x", "y"]], [["z"]]]
    ws.update_cells([Cell(9, 1, "cell"), Cell(9, 2, "5")])
    ws.batch_clear(["D1:E2"])
    ws.insert_row(["Inserted", 0], 2)
    assert ws.row_values(2) == ["Inserted", "0"]
    ws.delete_rows(2)
    assert ws.row_values(2) == ["Ann", "41"]
    ws.add_rows(5)
    ws.resize(rows=50, cols=8)
    assert (ws.row_count, ws.col_count) == (50, 8)
    ws.clear()
    assert ws.get_all_values() == [[]]


def test_layout_and_rules(sheet: Any, served: Emulator) -> None:
    """format, sort, freeze, protect, validate, named ranges, merges, filters, notes, colours, columns, groups."""
    ws = sheet.sheet1
    ws.update([["H", "N"], ["b", 2], ["a", 1], ["c", 3]], "A1")
    ws.format("A1:B1", {"textFormat": {"bold": True}, "backgroundColor": {"red": 0.9, "green": 0.9, "blue": 0.9}})
    ws.freeze(rows=1)
    ws.sort((1, "asc"), range="A2:B4")
    assert ws.get("A2:B4") == [["a", "1"], ["b", "2"], ["c", "3"]]
    ws.add_protected_range("A1:B1", editor_users_emails=[STAFF], description="header")
    protected = sheet.list_protected_ranges(ws.id)
    assert protected[0]["requestingUserCanEdit"] is True
    ws.delete_protected_range(protected[0]["protectedRangeId"])
    ws.add_validation("C2:C4", ValidationConditionType.one_of_list, ["yes", "no"], strict=True, showCustomUi=True)
    ws.define_named_range("A2:A4", "names")
    assert [n["name"] for n in sheet.list_named_ranges()] == ["names"]
    assert ws.get("names") == [["a"], ["b"], ["c"]]
    ws.delete_named_range(sheet.list_named_ranges()[0]["namedRangeId"])
    ws.merge_cells("D1:E2")
    ws.unmerge_cells("D1:E2")
    ws.set_basic_filter("A1:B4")
    ws.clear_basic_filter()
    ws.insert_note("A2", "look here")
    assert ws.get_note("A2") == "look here"
    ws.update_tab_color("#ff0000")
    ws.columns_auto_resize(0, 2)
    ws.hide_columns(4, 5)
    ws.unhide_columns(4, 5)
    ws.hide_rows(8, 9)
    ws.add_dimension_group_rows(2, 4)
    ws.delete_dimension_group_rows(2, 4)
    ws.insert_cols([["new"]], 1)
    ws.delete_columns(1)
    ws.copy_range("A1:B1", "A10:B10")
    ws.cut_range("A10:B10", "A11")
    assert ws.get("A11:B11") == [["H", "N"]]
    other = sheet.add_worksheet("Other", rows=10, cols=5)
    other.hide()
    other.show()
    twin = sheet.duplicate_sheet(ws.id, new_sheet_name="Twin")
    sheet.reorder_worksheets([twin, ws, other])
    assert [w.title for w in sheet.worksheets()] == ["Twin", "Sheet1", "Other"]
    sheet.del_worksheet(other)
    ws.update_title("Main")
    sheet.update_title("New title")
    sheet.update_timezone("Europe/Berlin")
    assert (sheet.title, sheet.timezone) == ("New title", "Europe/Berlin")
    assert served.violations == []


def test_files_and_sharing(served: Emulator, gc: Any) -> None:
    """create, open by title, share, list permissions, copy, delete, metadata of the file."""
    made = gc.create("Fresh")
    assert gc.open("Fresh").id == made.id
    made.share("friend@example.com", perm_type="user", role="writer", notify=False)
    assert served.book(made.id).access["friend@example.com"] == "writer"
    assert {p["role"] for p in made.list_permissions()} == {"owner", "writer"}
    made.remove_permissions("friend@example.com")
    made.sheet1.update([["x"]], "A1")
    twin = gc.copy(made.id, title="Twin")
    assert twin.sheet1.get_all_values() == [["x"]]
    assert {f["name"] for f in gc.list_spreadsheet_files()} == {"Fresh", "Twin"}
    assert len(gc.openall()) == 2
    assert made.get_lastUpdateTime()
    gc.del_spreadsheet(twin.id)
    with pytest.raises(gspread.SpreadsheetNotFound):
        gc.open("Twin")
    with pytest.raises(gspread.SpreadsheetNotFound):
        gc.open_by_key("nowhere")
    served.share(made.id, served.service_account, "none")
    with pytest.raises(PermissionError):
        gc.open_by_key(made.id)


def test_errors_reach_the_script(sheet: Any, served: Emulator) -> None:
    """gspread's APIError carries Google's code and message."""
    with pytest.raises(gspread.exceptions.APIError) as caught:
        sheet.add_worksheet("Sheet1", 1, 1)
    assert caught.value.code == 400
    assert 'A sheet with the name "Sheet1" already exists.' in str(caught.value)
    with pytest.raises(gspread.WorksheetNotFound):
        sheet.worksheet("Nope")
    served.faults.at(len(served.calls) + 1, Fault.status(429))
    with pytest.raises(gspread.exceptions.APIError) as caught:
        sheet.sheet1.get_all_values()
    assert caught.value.code == 429


def test_google_auth_fetches_a_token_and_a_new_one_after_401(sheet: Any, served: Emulator) -> None:
    """The real service-account flow: one token call, and one more when the token is refused."""
    assert len(served.token_calls) == 1
    assert served.calls[0].user == served.service_account
    served.faults.at(len(served.calls) + 1, Fault.expired())
    sheet.sheet1.get_all_values()
    assert len(served.token_calls) == 2
    assert [c.status for c in served.calls[-3:]] == [401, 200, 200]


def test_trouble_at_the_token_endpoint_is_a_refresh_error(sheet: Any, served: Emulator) -> None:
    """A revoked account gets no token; a 502 page is no token either."""
    served.tokens.disabled = {served.service_account}
    with pytest.raises(RefreshError, match="account not found"):
        sheet.sheet1.get_all_values()
    served.tokens.disabled = set()
    served.tokens.expire_all()
    served.faults.token(Fault.answer(400, b'{"error":"invalid_grant"}'))
    with pytest.raises(RefreshError):
        sheet.sheet1.get_all_values()


def test_keep_alive_uses_one_connection(served: Emulator) -> None:
    """Many calls, one socket; small answers come at once."""
    book_id = served.new_spreadsheet()
    connection = http.client.HTTPConnection(served.host, timeout=5)
    sockets = set()
    for _ in range(20):
        target = f"/v4/spreadsheets/{book_id}?fields=spreadsheetId"
        connection.request("GET", target, headers={"Authorization": f"Bearer {STAFF}"})
        assert json.loads(connection.getresponse().read()) == {"spreadsheetId": book_id}
        sockets.add(connection.sock)
    connection.close()
    assert len(sockets) == 1


def test_the_stand_alone_server_prints_one_line_and_ends_on_sigterm() -> None:
    """`python -m tests.emulator --port 0`: host, a fresh spreadsheet, an account on request; exit code 0."""
    command = [sys.executable, "-m", "tests.emulator", "--port", "0", "--account-json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        url = f"http://{line['host']}/v4/spreadsheets/{line['spreadsheet']}?fields=properties.title"
        found = requests.get(url, headers={"Authorization": f"Bearer {line['staff']}"}, timeout=5).json()
        assert found == {"properties": {"title": "Emulated spreadsheet"}}
        assert line["account"]["token_uri"] == f"http://{line['host']}/token"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
