"""Who may do what, what goes wrong on order, and people at work between two calls."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.emulator import Emulator, Fault
from tests.emulator.discovery import AnswerViolation
from tests.emulator.emulator import OWNER, SERVICE_ACCOUNT, STAFF
from tests.emulator.errors import PROTECTED
from tests.emulator.helpers import Api, Clock, grid
from tests.emulator.staff import StaffRefusedError

WRITE = {"updateCells": {"start": {"sheetId": 0}, "rows": [{"values": [{"userEnteredValue": {"stringValue": "x"}}]}],
                         "fields": "userEnteredValue"}}  # fmt: skip


def protect(cells: str = "", **more: Any) -> dict[str, Any]:
    return {"addProtectedRange": {"protectedRange": {"range": grid(cells), **more}}}


# -- sharing ------------------------------------------------------------------------------------------------------------


def test_unknown_spreadsheets_are_404(api: Api) -> None:
    """In Google's words and status."""
    answer = api.session.get("https://sheets.googleapis.com/v4/spreadsheets/nowhere")
    assert answer.json() == {
        "error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}
    }


def test_unshared_spreadsheets_are_403(api: Api) -> None:
    """Strangers may not read, readers may not write."""
    stranger = api.as_person("stranger@example.com")
    answer = stranger.call("GET", "")
    assert answer.json()["error"] == {
        "code": 403,
        "message": "The caller does not have permission",
        "status": "PERMISSION_DENIED",
    }
    api.emulator.share(api.book_id, "stranger@example.com", "reader")
    stranger.ok("GET", "")
    assert stranger.refused(WRITE, code=403) == "The caller does not have permission"
    api.emulator.share(api.book_id, SERVICE_ACCOUNT, "none")
    api.error("GET", "", code=403)


def test_calls_without_or_with_bad_tokens_are_401(api: Api) -> None:
    """UNAUTHENTICATED."""
    for token in (None, "Bearer nonsense"):
        api.session.headers["Authorization"] = token  # type: ignore[assignment]
        answer = api.call("GET", "")
        assert answer.status_code == 401
        assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
    api.emulator.anonymous = OWNER
    api.session.headers["Authorization"] = None  # type: ignore[assignment]
    api.ok("GET", "")


def test_tokens_need_the_scope(api: Api) -> None:
    """A read-only token reads; Drive needs a Drive scope."""
    tokens = api.emulator.tokens
    read = tokens.issue(SERVICE_ACCOUNT, frozenset(("https://www.googleapis.com/auth/spreadsheets.readonly",)), 2e9)
    api.session.headers["Authorization"] = f"Bearer {read}"
    api.ok("GET", "")
    assert api.refused(WRITE, code=403) == "Request had insufficient authentication scopes."
    write = tokens.issue(SERVICE_ACCOUNT, frozenset(("https://www.googleapis.com/auth/spreadsheets",)), 2e9)
    api.session.headers["Authorization"] = f"Bearer {write}"
    api.batch(WRITE)
    answer = api.session.get("https://www.googleapis.com/drive/v3/files")
    assert answer.status_code == 403


def test_tokens_expire_with_the_clock(api: Api, clock: Clock) -> None:
    """After their lifetime, or earlier when told so."""
    api.emulator.tokens.really = 10
    token = api.emulator.tokens.issue(
        SERVICE_ACCOUNT, frozenset(("https://www.googleapis.com/auth/spreadsheets",)), clock()
    )
    api.session.headers["Authorization"] = f"Bearer {token}"
    api.ok("GET", "")
    clock.now += 11
    api.error("GET", "", code=401)


# -- protections --------------------------------------------------------------------------------------------------------


def test_one_protected_cell_refuses_the_whole_batch(api: Api) -> None:
    """400, not 403; the maker keeps access, the owner always has it and is not listed."""
    owner = api.as_person(OWNER)
    (reply,) = owner.batch(protect("B1:B2", editors={"users": [OWNER, STAFF]}))
    assert reply["addProtectedRange"]["protectedRange"]["editors"] == {"users": [STAFF]}
    assert reply["addProtectedRange"]["protectedRange"]["requestingUserCanEdit"] is True
    far = {"updateCells": {**WRITE["updateCells"], "start": {"sheetId": 0, "columnIndex": 1}}}
    assert api.refused(WRITE, far) == f"Invalid requests[1].updateCells: {PROTECTED}"
    assert api.get("A1") == []
    api.as_person(STAFF).batch(far)
    owner.batch(far)
    found = api.sheet("protectedRanges")["protectedRanges"][0]
    assert "requestingUserCanEdit" not in found
    assert "editors" not in found
    assert api.error("PUT", "/values/B2", {"values": [["x"]]}, valueInputOption="RAW") == PROTECTED
    assert api.error("POST", "/values/A1:C3:clear") == PROTECTED


def test_who_protects_keeps_access(api: Api) -> None:
    """A service account's own protection lets it write and keeps staff out."""
    (reply,) = api.batch(protect("A1:C1"))
    assert reply["addProtectedRange"]["protectedRange"]["editors"] == {"users": [SERVICE_ACCOUNT]}
    api.batch(WRITE)
    assert PROTECTED in api.as_person(STAFF).refused(WRITE)


def test_warning_only_refuses_nobody(api: Api) -> None:
    """And has no editors."""
    api.as_person(OWNER).batch(protect("A1:C1", warningOnly=True))
    api.batch(WRITE)
    assert api.refused(protect("A1", warningOnly=True, editors={"users": [STAFF]})) == (
        "Invalid requests[0].addProtectedRange: ProtectedRange is warningOnly. Editors cannot be set on it."
    )


def test_a_sheet_is_protected_once_with_open_parts(api: Api) -> None:
    """unprotectedRanges stay open; rows of a protected sheet do not move for others."""
    owner = api.as_person(OWNER)
    owner.batch(protect(unprotectedRanges=[grid("A1:A9")]))
    assert (
        owner.refused(protect())
        == 'Invalid requests[0].addProtectedRange: Sheet "Sheet1" already has sheet protection.'
    )
    api.batch(WRITE)
    place = {"sheetId": 0, "dimension": "ROWS", "startIndex": 4, "endIndex": 5}
    for request in (
        {"deleteDimension": {"range": place}},
        {"insertDimension": {"range": place}},
        {"deleteSheet": {"sheetId": 0}},
        {"updateSheetProperties": {"properties": {"sheetId": 0, "title": "x"}, "fields": "title"}},
    ):
        owner.batch({"addSheet": {}})
        assert PROTECTED in api.refused(request)


def test_protected_rows_do_not_move_but_a_protected_column_lets_rows_in(api: Api) -> None:
    """A header row fences its columns in; a protected column grows with inserted rows."""
    api.as_person(OWNER).batch(protect("A1:C1"))
    column = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
    row = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    assert PROTECTED in api.refused({"insertDimension": {"range": column}})
    assert PROTECTED in api.refused({"moveDimension": {"source": column, "destinationIndex": 5}})
    assert PROTECTED in api.refused({"deleteDimension": {"range": {**row, "startIndex": 0}}})
    api.batch({"insertDimension": {"range": row}}, {"deleteDimension": {"range": row}})
    api.batch({"insertDimension": {"range": {**column, "startIndex": 3, "endIndex": 4}}})


def test_protections_change_and_go(api: Api) -> None:
    """From warning to real, all editors of the document get access; strangers to it may not touch it."""
    (reply,) = api.batch(protect("A1", warningOnly=True, description="d"))
    number = reply["addProtectedRange"]["protectedRange"]["protectedRangeId"]
    change = {"protectedRangeId": number, "warningOnly": False}
    api.batch({"updateProtectedRange": {"protectedRange": change, "fields": "warningOnly"}})
    stored = api.emulator.sheet(api.book_id, "Sheet1").protections[0]
    assert set(stored["editors"]["users"]) == {SERVICE_ACCOUNT, STAFF}
    assert stored["description"] == "d"
    only = {"protectedRangeId": number, "editors": {"users": []}}
    api.batch({"updateProtectedRange": {"protectedRange": only, "fields": "editors"}})
    assert PROTECTED in api.as_person(STAFF).refused({"deleteProtectedRange": {"protectedRangeId": number}})
    api.batch({"deleteProtectedRange": {"protectedRangeId": number}})
    assert api.refused({"deleteProtectedRange": {"protectedRangeId": number}}) == (
        f"Invalid requests[0].deleteProtectedRange: No protected range with id: {number}"
    )


# -- faults -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [(401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "NOT_FOUND"), (500, "INTERNAL"), (503, "UNAVAILABLE")],
)
def test_scripted_refusals(api: Api, code: int, status: str) -> None:
    """The call with that number, once, and nothing is done."""
    api.emulator.faults.at(1, Fault.status(code))
    answer = api.call("POST", ":batchUpdate", {"requests": [WRITE]})
    assert (answer.status_code, answer.json()["error"]["status"]) == (code, status)
    assert api.get("A1") == []
    assert [c.status for c in api.emulator.calls] == [code, 200]


def test_quota_answers_look_like_googles(api: Api) -> None:
    """429, RESOURCE_EXHAUSTED, the metric's name, RATE_LIMIT_EXCEEDED, no Retry-After."""
    api.emulator.faults.at(1, Fault.status(429))
    answer = api.call("GET", "")
    error = answer.json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    assert error["message"].startswith(
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service "
        "'sheets.googleapis.com' for consumer 'project_number:"
    )
    assert error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert "Retry-After" not in answer.headers


def test_quota_counts_reads_and_writes_apart_per_user_and_minute(api: Api, clock: Clock) -> None:
    """60 + 60; the next minute is free again; another user has their own."""
    api.emulator.quota.reads = api.emulator.quota.writes = 60
    for _ in range(60):
        api.get("A1")
    assert api.error("GET", "/values/A1", code=429).startswith("Quota exceeded for quota metric 'Read requests'")
    api.batch(WRITE)
    api.as_person(STAFF).get("A1")
    clock.now += 60
    api.get("A1")


def test_html_and_latency_and_own_bytes(api: Api, clock: Clock) -> None:
    """A 502 page; a slow answer through the replaceable sleep; any bytes at all."""
    api.emulator.faults.at(1, Fault.html(502))
    api.emulator.faults.at(2, Fault.latency(5))
    api.emulator.faults.at(3, Fault.answer(200, b"<html>", "text/html"))
    page = api.call("GET", "")
    assert (page.status_code, page.headers["Content-Type"]) == (502, "text/html; charset=UTF-8")
    api.ok("GET", "")
    assert clock.slept == [5]
    assert api.call("GET", "").content == b"<html>"


def test_a_commit_whose_answer_is_lost_has_happened(api: Api) -> None:
    """commit_then_drop does the work, drop does not."""
    api.emulator.faults.at(1, Fault.drop())
    api.emulator.faults.at(2, Fault.commit_then_drop())
    api.emulator.faults.at(4, Fault.status(503, after=True))
    with pytest.raises(requests.ConnectionError):
        api.put("A1", [["one"]])
    with pytest.raises(requests.ConnectionError):
        api.put("A2", [["two"]])
    assert api.get("A1:A2") == [[], ["two"]]
    assert api.call("PUT", "/values/A3", {"values": [["three"]]}, valueInputOption="RAW").status_code == 503
    assert api.get("A3") == [["three"]]
    assert [c.status for c in api.emulator.calls] == [0, 0, 200, 503, 200]


def test_timeouts_before_and_after_the_work(api: Api, served: Emulator) -> None:
    """The client gives up waiting; the work is done only with `after`. No one sleeps."""
    api.emulator.faults.at(1, Fault.timeout())
    api.emulator.faults.at(2, Fault.timeout(after=True))
    for cell in ("A1", "A2"):
        with pytest.raises(requests.ReadTimeout):
            api.put(cell, [["x"]])
    assert api.get("A1:A2") == [[], ["x"]]
    book_id = served.new_spreadsheet()
    served.faults.at(1, Fault.timeout())
    url = f"http://{served.host}/v4/spreadsheets/{book_id}"
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, headers={"Authorization": f"Bearer {STAFF}"}, timeout=0.05)


def test_a_sweep_sees_whether_its_fault_was_met(api: Api) -> None:
    """`pending` tells, and `counts` is the budget of a run."""
    for number in (1, 2, 3):
        api.emulator.faults.clear()
        start = len(api.emulator.calls)
        api.emulator.faults.at(start + number, Fault.status(503))
        api.call("GET", "")
        api.call("POST", ":batchUpdate", {"requests": [WRITE]})
        assert api.emulator.faults.pending == (1 if number == 3 else 0)
        assert api.emulator.counts(start) == {"reads": 1, "writes": 1, "tokens": 0}


def test_faults_by_predicate_end_by_themselves(api: Api) -> None:
    """`times` counts; `always` until cleared."""
    api.emulator.faults.when(lambda call: "updateCells" in call.request_kinds, Fault.status(500), times=2)
    api.refused(WRITE, code=500)
    api.get("A1")
    api.refused(WRITE, code=500)
    api.batch(WRITE)
    api.emulator.faults.always(Fault.status(503))
    for _ in range(3):
        api.error("GET", "", code=503)
    api.emulator.faults.clear()
    api.ok("GET", "")


def test_dropped_connections_over_http(served: Emulator) -> None:
    """A closed socket, half an answer, and the next call works."""
    book_id = served.new_spreadsheet()
    url = f"http://{served.host}/v4/spreadsheets/{book_id}"
    headers = {"Authorization": f"Bearer {STAFF}"}
    with requests.Session() as session:
        session.headers.update(headers)
        for number, fault in ((1, Fault.drop()), (2, Fault.commit_then_drop()), (3, Fault.truncate())):
            served.faults.at(number, fault)
            with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
                session.put(f"{url}/values/A{number}?valueInputOption=RAW", json={"values": [["x"]]}, timeout=5)
        found = session.get(f"{url}/values/A1:A3", timeout=5).json()
    assert found["values"] == [[], ["x"], ["x"]]


def test_a_violation_fails_the_test_that_met_it() -> None:
    """An answer that breaks the discovery document gives 500, is recorded, and raises at the end."""
    emulator = Emulator(serve=False)
    api = Api(emulator, emulator.new_spreadsheet())
    emulator.book(api.book_id).properties["autoRecalc"] = 5
    assert api.call("GET", "").status_code == 500
    assert len(emulator.violations) == 1
    with pytest.raises(AnswerViolation, match=r"Spreadsheet\.properties\.autoRecalc"), emulator:
        pass


# -- staff --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def orders(api: Api) -> Api:
    api.put("A1:C4", [["ID", "Status", "Sync"], ["11", "open", "#11"], ["12", "done", "#12"], ["13", "open", "#13"]])
    return api


def test_people_act_just_before_a_call(orders: Api) -> None:
    """A hook runs under the lock before its call, and nothing it does is recorded."""
    staff = orders.emulator.staff(orders.book_id, "Sheet1")
    orders.emulator.faults.before(3, lambda _e: staff.sort("ID", descending=True))
    orders.get("A1")
    assert orders.get("A2:A4") == [["13"], ["12"], ["11"]]
    assert len(orders.emulator.calls) == 3


def test_a_hook_may_call_itself_when_it_does_not_hold_the_lock(orders: Api) -> None:
    """pause_before lets a whole second run happen between two calls."""
    second = orders.as_person(STAFF)
    orders.emulator.faults.pause_before(2, lambda _e: second.put("A2", [["99"]]))
    assert orders.get("A2") == [["99"]]
    assert [c.user for c in orders.emulator.calls] == [SERVICE_ACCOUNT, SERVICE_ACCOUNT, STAFF]


def test_a_failing_hook_fails_the_test() -> None:
    """An error inside a hook is not lost."""

    def wrong(_e: Emulator) -> None:
        raise KeyError("row")

    emulator = Emulator(serve=False)
    api = Api(emulator, emulator.new_spreadsheet())
    emulator.faults.before(1, wrong)
    assert api.call("GET", "").status_code == 500
    with pytest.raises(AnswerViolation, match="KeyError"), emulator:
        pass


def test_what_people_do(orders: Api) -> None:
    """Every action, seen in the values."""
    staff = orders.emulator.staff(orders.book_id, "Sheet1")
    staff.fill("12", "Status", "open")
    staff.insert_rows(2)
    assert orders.get("A1:B5") == [["ID", "Status"], [], ["11", "open"], ["12", "open"], ["13", "open"]]
    staff.delete_rows(2)
    staff.move_rows(4, 4, 2)
    assert orders.get("A2:A4") == [["13"], ["11"], ["12"]]
    staff.move_column("Sync", "ID")
    assert orders.get("A1:C1") == [["Sync", "ID", "Status"]]
    assert staff.add_column("Mine") == "D"
    staff.insert_column("Status", "Phone")
    staff.rename_header("Phone", "Tel")
    assert orders.get("A1:E1") == [["Sync", "ID", "Tel", "Status", "Mine"]]
    staff.paste("D2", [["done", "my\nnote"], ["=1+1", "7"]])
    assert orders.get("D2:E3") == [["done", "my\nnote"], [2, 7]]
    staff.fill_down("Status", "Completed")
    assert orders.get("D2:D9") == [["Completed"]] * 3
    staff.filter("ID", hide=["11"])
    assert orders.emulator.sheet(orders.book_id, "Sheet1").basic_filter is not None
    staff.unfilter()
    staff.recolour("A1:A2", 1, 0, 0)
    staff.clear("D2:D3")
    staff.delete_column("Tel")
    staff.freeze(1)
    staff.sort("ID")
    assert [row[1] for row in orders.get("A2:B4")] == ["11", "12", "13"]
    staff.cut("A2", "F2")
    staff.delete_duplicates("C2:C4")
    staff.rename_tab("Renamed")
    assert orders.error("GET", "/values/Sheet1!A1") == "Unable to parse range: Sheet1!A1"
    staff.type("A1", "again")
    assert orders.get("Renamed!A1") == [["again"]]
    assert orders.emulator.calls[-1].user == SERVICE_ACCOUNT
    assert {c.user for c in orders.emulator.calls} == {SERVICE_ACCOUNT}


def test_real_protection_stops_people_and_a_warning_does_not(orders: Api) -> None:
    """A protected column refuses sorting to staff; warning-only lets them; a protected header stays clear of sorts."""
    staff = orders.emulator.staff(orders.book_id, "Sheet1")
    orders.batch(protect("A1:C1"), protect("C:C", warningOnly=True))
    staff.sort("Status")
    with pytest.raises(StaffRefusedError):
        staff.rename_header("ID", "Number")
    with pytest.raises(StaffRefusedError):
        staff.move_column("Sync", "ID")
    with pytest.raises(StaffRefusedError):
        staff.delete_rows(1)
    staff.insert_rows(2)
    staff.delete_rows(2)
    orders.batch(protect("A:A"))
    with pytest.raises(StaffRefusedError):
        staff.sort("Status")
    with pytest.raises(StaffRefusedError):
        staff.delete_rows(2)


# -- control over HTTP --------------------------------------------------------------------------------------------------


def test_control_over_http(orders: Api) -> None:
    """The same switches for the stand-alone server; mistakes are named."""
    emulator = orders.emulator

    def control(method: str, name: str, body: Any = None) -> Any:
        answer = emulator.handle(
            method, f"/_control/{name}", {}, json.dumps(body).encode() if body is not None else b""
        )
        return answer.status, json.loads(answer.body)

    assert control("POST", "faults", {"next": 1, "fault": {"type": "status", "code": 503}}) == (200, {"at": 2})
    orders.error("GET", "", code=503)
    control("POST", "faults", {"kind": "get", "times": 5, "fault": {"type": "html"}})
    control("DELETE", "faults")
    orders.ok("GET", "")
    act = {
        "spreadsheet": orders.book_id,
        "tab": "Sheet1",
        "action": "sort",
        "args": {"column": "ID", "descending": True},
    }
    assert control("POST", "staff", {**act, "next": 1}) == (200, {"before": 4})
    assert orders.get("A2") == [["13"]]
    assert control("POST", "staff", {**act, "action": "fly"})[0] == 400
    status, made = control("POST", "spreadsheets", {"title": "Two"})
    assert (status, emulator.book(made["spreadsheetId"]).properties["title"]) == (200, "Two")
    control("POST", "share", {"spreadsheet": orders.book_id, "email": SERVICE_ACCOUNT, "role": "none"})
    orders.error("GET", "", code=403)
    control("POST", "quota", {"reads": 1, "writes": 1})
    assert emulator.quota.reads == 1
    control("POST", "tokens", {"expire": True, "lifetime": 5})
    assert emulator.tokens.lifetime == 5
    assert control("POST", "switches", {"blanks_are_duplicates": False})[1]["blanks_are_duplicates"] is False
    assert control("POST", "switches", {"append_cells_at_table": "grow"})[1]["append_cells_at_table"] == "grow"
    assert control("POST", "switches", {"append_cells_at_table": "fly"})[0] == 400
    assert control("POST", "switches", {"nonsense": 1})[0] == 400
    assert control("GET", f"values?spreadsheet={orders.book_id}&range=A1:A2") == (200, {"values": [["ID"], ["13"]]})
    copy_id = control("POST", "copy", {"spreadsheet": orders.book_id, "title": "Twin"})[1]["spreadsheetId"]
    assert emulator.values(copy_id, "A1:A2") == [["ID"], ["13"]]
    assert control("GET", f"versions?spreadsheet={copy_id}") == (200, {"versions": [0]})
    version = emulator.versions(orders.book_id)[-1]
    control("POST", "staff", {**act, "action": "clear", "args": {}})
    restored = control("POST", "restore", {"spreadsheet": orders.book_id, "version": version})
    assert restored == (200, {"versions": emulator.versions(orders.book_id)})
    assert emulator.values(orders.book_id, "A1:A2") == [["ID"], ["13"]]
    assert control("POST", "restore", {"spreadsheet": orders.book_id, "version": 999})[0] == 400
    assert len(control("GET", "calls")[1]["calls"]) == len(emulator.calls)
    assert control("GET", "violations") == (200, {"violations": []})
    assert control("POST", "nonsense", {})[0] == 400
