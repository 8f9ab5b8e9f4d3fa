"""Setting a Google Sheet up, bringing it up to date, and looking whether it still is what it was."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from reconcile.core.model import Commit
from reconcile.core.states import STOPPED
from reconcile.errors import AccessRefused, Damaged
from reconcile.workbook import google, guide
from reconcile.workbook import google_looks as looks
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.google_auth import open_http
from reconcile.workbook.google_setup import look, provision
from reconcile.workbook.templates import Templates, templates
from tests.contract.google_subject import GoogleHands, NoPause, http
from tests.emulator.emulator import OWNER, STAFF, Emulator
from tests.emulator.faults import Fault
from tests.emulator.staff import StaffRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

TITLES = [tab.title for tab in templates().tabs]
CACHES = ("_data_end", "text_index")  # of the emulator: what it has looked up already
STAFF_TABS = [tab for tab in templates().tabs if tab.protect == "header"]


@pytest.fixture
def hands() -> GoogleHands:
    return GoogleHands()


@pytest.fixture
def empty() -> tuple[Emulator, str]:
    emulator = Emulator(serve=False)
    return emulator, emulator.new_spreadsheet("Work")


def book_at(emulator: Emulator, sheet: str, known: Templates | None = None) -> GoogleWorkbook:
    return GoogleWorkbook(sheet, http(emulator), known=known)


def titles(emulator: Emulator, sheet: str) -> list[str]:
    return [tab.title for tab in emulator.book(sheet).sheets]


def tabs(emulator: Emulator, sheet: str, **params: Any) -> dict[str, Any]:
    """Tabs by title as Google sends them, of what is asked for: all of it, cell by cell, is 50 MB."""
    address = f"https://sheets.googleapis.com/v4/spreadsheets/{sheet}"
    answer = http(emulator).request("get", address, params=params).json()
    return {tab["properties"]["title"]: tab for tab in answer["sheets"]}


def stored(emulator: Emulator, sheet: str) -> list[Any]:
    """Everything there is: whatever Google could send follows from it, the time of the last change included."""
    book = emulator.book(sheet).twin()
    tabs = [{name: value for name, value in vars(tab).items() if name not in CACHES} for tab in book.sheets]
    return [book.properties, book.named_ranges, book.metadata, book.access, book.modified, tabs]


def format_of(emulator: Emulator, sheet: str, cell: str) -> Any:
    """How a cell shows, conditional formats included."""
    answer = (
        http(emulator)
        .request(
            "get",
            f"https://sheets.googleapis.com/v4/spreadsheets/{sheet}",
            params={"ranges": cell, "fields": "sheets.data.rowData.values.effectiveFormat"},
        )
        .json()
    )
    return answer["sheets"][0]["data"][0]["rowData"][0]["values"][0]["effectiveFormat"]


def ground(emulator: Emulator, sheet: str, cell: str) -> str:
    parts = format_of(emulator, sheet, cell)["backgroundColorStyle"]["rgbColor"]
    return "".join(f"{round(parts.get(name, 0) * 255):02X}" for name in ("red", "green", "blue"))


# --- new -----------------------------------------------------------------------------------------------------------------------


def test_an_empty_spreadsheet_becomes_a_workbook(empty: tuple[Emulator, str]) -> None:
    """Every tab in its order, Google's empty first tab turned into Start here; two reads, one write."""
    emulator, sheet = empty
    book = book_at(emulator, sheet)
    done = book.provision(["12", " 13 ", "12"])
    assert done.lines() == ["Made a new workbook.", "Added service 12 to Services.", "Added service 13 to Services."]
    assert titles(emulator, sheet) == TITLES
    assert [call.kind for call in emulator.calls] == ["get", "get", "batchUpdate"]
    assert book.http.calls == {"read": 2, "write": 1}
    snapshot = book.read()
    assert snapshot.revision == 0
    assert list(snapshot.tabs["services"].index) == ["12", "13"]
    assert list(snapshot.tabs["services"]["pull"]) == ["Yes", "Yes"]


def test_the_ledger_says_what_the_adapter_needs(hands: GoogleHands) -> None:
    """Headings, revision, schema, template version, the tabs' ids and the sheet's own time zone; hidden."""
    grid = hands.see("ledger")
    meta = {row[1]: row[2] for row in grid[1:]}
    assert grid[0] == [column.header for column in templates().tab("ledger").columns]
    assert {key: meta[key] for key in ("revision", "schema", "template", "zone")} == {
        "revision": "0",
        "schema": "2",
        "template": str(templates().version),
        "zone": "Etc/GMT",
    }
    ids = {tab.title: tab.sheet_id for tab in hands.emulator.book(hands.id).sheets}
    assert json.loads(str(meta["tab_ids"])) == {tab.key: ids[tab.title] for tab in templates().tabs}
    assert hands.emulator.sheet(hands.id, "_ledger").props["hidden"] is True


def test_the_sheets_own_time_zone_is_respected(empty: tuple[Emulator, str]) -> None:
    """It is never changed; times are written in it."""
    emulator, sheet = empty
    emulator.book(sheet).properties["timeZone"] = "America/New_York"
    book = book_at(emulator, sheet)
    book.provision()
    revision = book.read().revision
    row = {"id": "1", "sync": "#1 · New.", "received": datetime(2026, 7, 1, 16, 30, tzinfo=UTC)}
    book.commit(Commit("run", append={"orders": [row]}), revision)
    assert emulator.book(sheet).properties["timeZone"] == "America/New_York"
    assert emulator.book(sheet).properties["autoRecalc"] == "MINUTE"
    assert emulator.values(sheet, "Orders!L2", "FORMATTED_VALUE") == [["2026-07-01 12:30"]]
    assert book.read().tabs["orders"].loc["1", "received"] == datetime(2026, 7, 1, 12, 30)  # noqa: DTZ001


def test_what_stands_in_another_tab_stays(empty: tuple[Emulator, str]) -> None:
    """A tab that is not empty is somebody's."""
    emulator, sheet = empty
    emulator.staff(sheet, "Sheet1").type("C3", "mine")
    book_at(emulator, sheet).provision()
    assert sorted(titles(emulator, sheet)) == sorted([*TITLES, "Sheet1"])
    assert emulator.values(sheet, "Sheet1!C3") == [["mine"]]


HEADINGS_RED = (
    "If the headings are red: The job has not run for 60 minutes or more: nothing you type reaches the panel, and nothing new "
    "comes. Your work is safe and is sent once the job runs again. Please tell whoever looks after it."
)


def test_looks(hands: GoogleHands) -> None:
    """Headings in their owner's colours with help on hovering, frozen; widths, formats, drop-downs; a filter on each tab."""
    ranges = [f"'{tab.title}'!1:2" for tab in STAFF_TABS]
    found = tabs(hands.emulator, hands.id, ranges=ranges, includeGridData="true")
    for tab in STAFF_TABS:
        given = found[tab.title]
        grid = given["properties"]["gridProperties"]
        assert grid["frozenRowCount"] == 1
        assert "basicFilter" in given
        heads = given["data"][0]["rowData"][0]["values"]
        row = given["data"][0]["rowData"][1]["values"]
        widths = given["data"][0]["columnMetadata"]
        for place, column in enumerate(tab.columns):
            owner = templates().owners[column.owner]
            assert heads[place]["userEnteredValue"]["stringValue"] == column.header
            red = f"\n\n{HEADINGS_RED}" if column.key == "sync" else ""
            assert heads[place]["note"] == f"{column.header} ({owner.label}): {guide.help_text(column)}{red}"
            texts = ("answer", "long_text") if column.owner == "job" else ("long_text", "text", "link", "free")
            wraps = column.type in texts
            assert row[place]["userEnteredFormat"]["wrapStrategy"] == ("WRAP" if wraps else "CLIP")
            assert looks._look({"backgroundColorStyle": heads[place]["userEnteredFormat"]["backgroundColorStyle"]}) == [
                ("backgroundColorStyle", owner.fill)
            ]
            assert widths[place]["pixelSize"] == looks.pixels(column.width)
            rule = row[place].get("dataValidation")
            if column.choices and column.owner == "staff" and column.type != "tick":
                assert [value["userEnteredValue"] for value in rule["condition"]["values"]] == list(column.choices)
                assert not rule.get("strict")
            else:
                assert (rule is not None) == (column.owner == "staff" and column.numeric)
    assert found["Orders"]["data"][0]["rowData"][1]["values"][0]["userEnteredFormat"]["numberFormat"]["type"] == "TEXT"


def test_a_typed_date_in_a_count_is_seen_as_a_date(hands: GoogleHands) -> None:
    """Counts that staff type have no number format, so Sheets shows a typed date as one and the job can answer it."""
    book = hands.open()
    book.commit(Commit("run", append={"orders": [{"id": "1", "sync": "#1 · New."}]}), book.read().revision)
    hands.person("orders").fill("1", "Start count", "3/2/2026")
    assert hands.open().read().tabs["orders"].loc["1", "start_count"] == "3/2/2026"
    hands.person("orders").fill("1", "Start count", "2026-03-02")
    assert hands.open().read().tabs["orders"].loc["1", "start_count"] in ("3/2/2026", datetime(2026, 3, 2))  # noqa: DTZ001


def test_states_are_coloured(hands: GoogleHands) -> None:
    """ID and Sync by what Sync says, missing cells in yellow, finished rows in grey, a payment without reference in red."""
    book = hands.open()
    rows = [
        {"id": str(number), "sync": f"#{number} · {state.starts[0]}: so.", "state": f"#{number} · New"}
        for number, state in enumerate(templates().states, start=1)
    ]
    rows.append({"id": "99", "sync": "#99 · Sent.", "state": "#99 · Closed · Completed", "status": "Processing"})
    rows.append({"id": "98", "sync": "#98 · Waiting.", "status": "Partial"})
    book.commit(Commit("run", append={"orders": rows}), book.read().revision)
    for row, state in enumerate(templates().states, start=2):
        for column in ("A", "G", "H"):
            assert ground(hands.emulator, hands.id, f"Orders!{column}{row}") == state.fill, state.name
    last = len(rows) + 1
    assert ground(hands.emulator, hands.id, f"Orders!F{last}") == guide.NEEDED
    assert format_of(hands.emulator, hands.id, f"Orders!B{last - 1}")["textFormat"]["italic"] is True
    hands.paste("payments", [[None, "u", 5]])
    assert ground(hands.emulator, hands.id, "Payments!A2") == guide.ALARM
    assert ground(hands.emulator, hands.id, "Payments!A3") != guide.ALARM
    # no run has ended in this workbook yet, and the headings say so
    assert ground(hands.emulator, hands.id, "Orders!A1") == guide.ALARM


def test_filter_views(hands: GoogleHands) -> None:
    found = tabs(hands.emulator, hands.id, fields="sheets(properties.title,filterViews.title)")
    views = {title: [view["title"] for view in tab.get("filterViews", [])] for title, tab in found.items()}
    assert {title: found for title, found in views.items() if found} == {
        "Orders": ["Open", "Needs start count", "Problems"],
        "Refills": ["Open", "Problems"],
        "Cancels": ["Open", "Problems"],
        "Payments": ["Open", "Problems"],
        "Tickets": ["Open", "Problems"],
        "Approvals": ["Problems"],
    }


def test_start_here_says_whether_the_job_runs() -> None:
    """The sheet itself computes it, so it works when the job is dead: red after an hour without a run."""
    now = [datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()]
    hands = GoogleHands(Emulator(serve=False, clock=lambda: now[0]))
    line = "Start here!B3"
    assert hands.emulator.values(hands.id, line)[0][0].startswith("It has not run yet.")
    assert ground(hands.emulator, hands.id, line) == guide.ALARM
    book = hands.open()
    runs = {"run": "r", "finished": datetime(2026, 3, 2, 11, 50, tzinfo=UTC)}
    book.commit(Commit("run", append={"runs": [runs]}), book.read().revision)
    assert hands.emulator.values(hands.id, line) == [["Yes. It ran 10 min ago."]]
    assert hands.emulator.values(hands.id, "Start here!B2", "FORMATTED_VALUE") == [["2026-03-02 11:50"]]
    assert ground(hands.emulator, hands.id, line) == guide.CALM
    now[0] += 2 * 3600
    assert hands.emulator.values(hands.id, line)[0][0].startswith(f"{STOPPED} NO: it has not run for 2.2 hours.")
    assert ground(hands.emulator, hands.id, line) == guide.ALARM


def test_start_here_is_the_guide(hands: GoogleHands) -> None:
    """Line by line what the templates say, as in every other kind of workbook."""
    lines = guide.lines(templates(), "Etc/GMT", "Runs!$C:$C")
    said = {
        row: [*line, "", ""][:2] for row, line in enumerate(hands.emulator.values(hands.id, "Start here!A:B"), start=1)
    }
    for line in lines:
        assert said[line.row][0] == line.topic
        if not line.text.startswith("="):
            assert said[line.row][1] == line.text


# --- again ---------------------------------------------------------------------------------------------------------------------


def test_again_changes_nothing(hands: GoogleHands) -> None:
    """An unchanged sheet is read, and not written to."""
    before = stored(hands.emulator, hands.id)
    calls = len(hands.emulator.calls)
    assert not hands.open().provision(["12"]).changed
    assert [call.kind for call in hands.emulator.calls[calls:]] == ["get", "get"]
    assert stored(hands.emulator, hands.id) == before


def test_again_keeps_what_staff_made_of_it(hands: GoogleHands) -> None:
    """Their columns, order, colours, widths, chips, sorted and inserted rows, moved tabs: nothing is written at all."""
    book = hands.open()
    rows = [{"id": str(number), "sync": f"#{number} · New."} for number in (3, 1, 2)]
    book.commit(Commit("run", append={"orders": rows}), book.read().revision)
    staff = hands.as_staff().person("orders")
    staff.add_column("Team")
    staff.fill("1", "Team", "Ann")
    staff.sort("ID")
    staff.insert_rows(2)
    staff.recolour("A2:D3", 1, 0, 0)
    staff.filter("Status", ["Completed"])
    rule = {**looks.drop_down(templates().tab("orders").column("status").choices), "strict": True}
    area = {"sheetId": staff.sheet_id, "startRowIndex": 1, "startColumnIndex": 7, "endColumnIndex": 8}
    staff.do({"setDataValidation": {"range": area, "rule": rule}})
    hands.person("orders").do(
        {"updateSheetProperties": {"properties": {"sheetId": staff.sheet_id, "index": 9}, "fields": "index"}}
    )
    before = stored(hands.emulator, hands.id)
    assert not hands.open().provision(["12"]).changed
    assert stored(hands.emulator, hands.id) == before


def test_rows_pasted_without_a_drop_down_do_not_cost_the_others_their_chips(hands: GoogleHands) -> None:
    """A dozen rows on top that have no rule: the column's rule stands further down, and is not written again."""
    staff = hands.as_staff().person("orders")
    top = {"sheetId": staff.sheet_id, "dimension": "ROWS", "startIndex": 1, "endIndex": 13}
    staff.do({"insertDimension": {"range": top, "inheritFromBefore": False}})
    staff.do({"setDataValidation": {"range": {"sheetId": staff.sheet_id, "startRowIndex": 1, "endRowIndex": 13}}})
    before = stored(hands.emulator, hands.id)
    assert not hands.open().provision(["12"]).changed
    assert stored(hands.emulator, hands.id) == before


def test_a_choice_that_staff_added_stays(hands: GoogleHands) -> None:
    """A drop-down that offers all of ours is right, whatever else it offers; one that lacks a choice is not."""
    staff = hands.as_staff().person("orders")
    place = staff.column("Status")
    area = {"sheetId": staff.sheet_id, "startRowIndex": 1, "startColumnIndex": place, "endColumnIndex": place + 1}
    choices = templates().tab("orders").column("status").choices
    staff.do({"setDataValidation": {"range": area, "rule": looks.drop_down(["Waiting for supplier", *choices])}})
    before = stored(hands.emulator, hands.id)
    assert not hands.open().provision(["12"]).changed
    assert stored(hands.emulator, hands.id) == before
    staff.do({"setDataValidation": {"range": area, "rule": looks.drop_down(choices[:-1])}})
    hands.open().provision(["12"])
    cells = look(hands.open()).ours["orders"].cells
    assert cells[1, place]["dataValidation"]["condition"] == looks.drop_down(choices)["condition"]


def test_what_is_missing_comes_back(hands: GoogleHands) -> None:
    """A deleted tab and a deleted column are added: the column right of ours, staff's own keep place and data."""
    book = hands.open()
    book.commit(Commit("run", append={"orders": [{"id": "1", "sync": "#1 · New."}]}), book.read().revision)
    staff = hands.as_staff().person("orders")
    staff.add_column("Team")
    staff.fill("1", "Team", "Ann")
    hands.remove_tab("refills")
    hands.person("orders").delete_column("Note")
    done = hands.open().provision()
    assert done.lines() == ["Added the tab Refills.", "Added the column Note to Orders, at the right end."]
    assert titles(hands.emulator, hands.id) == TITLES
    assert hands.see("orders")[0][-4:] == ["Details", "If unsure", "Note", "Team"]
    assert hands.cell("orders", "1", "Team") == "Ann"
    snapshot = hands.open().read()
    assert snapshot.revision == 2
    assert snapshot.tabs["orders"].loc["1", "note"] is None
    assert not hands.open().provision().changed


def test_a_renamed_tab_gets_its_name_back(hands: GoogleHands) -> None:
    """The tab is known by its id: nothing is made twice."""
    hands.as_staff().person("cancels").rename_tab("Cancellations")
    with pytest.raises(Damaged, match="no tab 'Cancels'") as caught:
        hands.open().read()
    assert "give it back its name" in caught.value.next_step
    hands.open().provision()
    assert titles(hands.emulator, hands.id) == TITLES
    hands.open().read()


def test_an_upgrade_adds_what_a_new_version_has(hands: GoogleHands) -> None:
    """A newer template: new column, other help, other choices; the ledger and its revision stay."""
    known = templates()
    orders = known.tab("orders")
    columns = [
        dataclasses.replace(column, help="Something new.", choices=(*column.choices, "On hold"))
        if column.key == "status"
        else column
        for column in orders.columns
    ]
    extra = dataclasses.replace(orders.column("note"), key="team", header="Team")
    newer = dataclasses.replace(orders, columns=(*columns, extra))
    later = dataclasses.replace(
        known, version=known.version + 1, tabs=tuple(newer if tab.key == "orders" else tab for tab in known.tabs)
    )
    book = hands.open()
    book.commit(Commit("run", meta={"lease": "kept"}), book.read().revision)
    done = book_at(hands.emulator, hands.id, later).provision()
    assert done.columns == (("Orders", "Team"),)
    assert done.refreshed
    snapshot = book_at(hands.emulator, hands.id, later).read()
    assert (snapshot.revision, snapshot.meta["lease"], snapshot.meta["template"]) == (2, "kept", str(later.version))
    cells = look(book_at(hands.emulator, hands.id, later)).ours["orders"].cells
    assert "Something new." in cells[0, 4]["note"]
    assert cells[1, 4]["dataValidation"]["condition"]["values"][-1] == {"userEnteredValue": "On hold"}
    assert not book_at(hands.emulator, hands.id, later).provision().changed


def test_a_half_made_spreadsheet_is_completed(empty: tuple[Emulator, str]) -> None:
    """Somebody made Orders by hand, with half of the headings, a note of their own and one row."""
    emulator, sheet = empty
    owner = emulator.staff(sheet, "Sheet1", OWNER)
    owner.rename_tab("orders")
    owner.paste("A1", [["Mine", "Status", "id"], ["hello", "", "15"]])
    done = book_at(emulator, sheet).provision()
    assert not done.created
    assert titles(emulator, sheet) == TITLES
    head = emulator.values(sheet, "Orders!1:1")[0]
    assert head[:3] == ["Mine", "Status", "id"]
    assert {column.header for column in templates().tab("orders").columns} - {"ID"} <= set(head)
    assert emulator.values(sheet, "Orders!A2:C2") == [["hello", "", 15]]
    assert list(book_at(emulator, sheet).read().tabs["orders"].index) == ["15"]
    assert not book_at(emulator, sheet).provision().changed


def test_services_are_listed_once(hands: GoogleHands) -> None:
    """Whoever took one out of Pull, or wrote it as a number, keeps it so."""
    hands.type("services", "12", "Pull", "No")
    hands.paste("services", [[14]])
    assert hands.open().provision(["12", "13", "14", "15"]).services == ("15",)
    frame = hands.open().read().tabs["services"]
    assert list(frame.index) == ["12", "13", "14", "15"]
    assert frame.loc["12", "pull"] == "No"


# --- what is refused -----------------------------------------------------------------------------------------------------------


def test_a_lost_ledger_is_never_made_anew(hands: GoogleHands) -> None:
    """Without it, payments could be sent twice: the stamps say that there was one."""
    hands.person("ledger").delete_tab()
    with pytest.raises(Damaged, match="lost its hidden _ledger tab"):
        hands.open().provision()
    assert "_ledger" not in titles(hands.emulator, hands.id)


def test_a_newer_workbook_is_left_alone(hands: GoogleHands) -> None:
    older = dataclasses.replace(templates(), version=templates().version - 1)
    with pytest.raises(Damaged, match="made by a newer reconcile"):
        book_at(hands.emulator, hands.id, older).provision()


def test_a_doubled_heading_stops_it(hands: GoogleHands) -> None:
    hands.add_column("orders", "status", None)
    with pytest.raises(Damaged, match="'Status' twice"):
        hands.open().provision()


def test_a_tab_with_our_name_and_other_content_stops_it(empty: tuple[Emulator, str]) -> None:
    emulator, sheet = empty
    owner = emulator.staff(sheet, "Sheet1", OWNER)
    owner.rename_tab("Orders")
    owner.type("A1", "Shopping list")
    with pytest.raises(Damaged, match="none of our headings"):
        book_at(emulator, sheet).provision()
    assert titles(emulator, sheet) == ["Orders"]


@pytest.mark.parametrize(
    "head", [["ID", "Customer", "Status", "Amount"], ["Status", "Note"], ["ID", "Shop", "Ware", "", "Status"]]
)
def test_somebodys_own_list_of_orders_is_not_taken_over(empty: tuple[Emulator, str], head: list[str]) -> None:
    """A tab of our name needs our key column and mostly our headings to be ours; its rows would become the job's."""
    emulator, sheet = empty
    owner = emulator.staff(sheet, "Sheet1", OWNER)
    owner.rename_tab("Orders")
    owner.paste("A1", [head, ["9001"]])
    before = stored(emulator, sheet)
    with pytest.raises(Damaged) as caught:
        book_at(emulator, sheet).provision()
    assert (caught.value.what, caught.value.next_step) == (
        f"Tab 'Orders' is a list of somebody's own: its headings are {', '.join(filter(None, head))}.",
        "Rename that tab, then run `reconcile init` again: it makes a new 'Orders'.",
    )
    assert stored(emulator, sheet) == before


# --- fenced --------------------------------------------------------------------------------------------------------------------


def test_a_run_in_between_is_not_overwritten(hands: GoogleHands) -> None:
    """A commit between looking and writing refuses the batch; it looks again and finishes."""
    hands.remove_tab("refills")
    other = GoogleWorkbook(hands.id, http(hands.emulator))

    def run(_emulator: Emulator) -> None:
        other._apply([google._stamp(google.BASE + 1, "run#1"), _revision(hands, "1")], 1, "run#1", heads=False)

    hands.emulator.faults.pause_before(len(hands.emulator.calls) + 3, run)
    assert hands.open().provision().tabs == ("Refills",)
    assert hands.open().read().revision == 2


def _revision(hands: GoogleHands, text: str) -> Any:
    grid = hands.see("ledger")
    row = next(number for number, line in enumerate(grid) if line[1] == "revision")
    start = {"sheetId": hands.person("ledger").sheet_id, "rowIndex": row, "columnIndex": 2}
    cell = {"userEnteredValue": {"stringValue": text}}
    return {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}


@pytest.mark.parametrize("fault", [Fault.commit_then_drop(), Fault.truncate(), Fault.drop(), Fault.status(503)])
def test_a_lost_answer_is_looked_up(empty: tuple[Emulator, str], fault: Fault) -> None:
    """Whether the batch was applied or not: afterwards the workbook is there, once."""
    emulator, sheet = empty
    emulator.faults.at(3, fault)
    assert book_at(emulator, sheet).provision(["12"]).created
    assert titles(emulator, sheet) == TITLES
    assert list(book_at(emulator, sheet).read().tabs["services"].index) == ["12"]


# --- protection ----------------------------------------------------------------------------------------------------------------

WORK: list[Callable[[Any], None]] = [
    lambda staff: staff.sort("ID" if "ID" in staff.headers() else staff.headers()[0]),
    lambda staff: staff.sort(0, descending=True),
    lambda staff: staff.sort(staff.headers()[-1]),
    lambda staff: staff.insert_rows(2),
    lambda staff: staff.insert_rows(3, 5),
    lambda staff: staff.delete_rows(2),
    lambda staff: staff.delete_rows(2, 6),
    lambda staff: staff.move_rows(2, 3, 6),
    lambda staff: staff.filter(1, ["x"]),
    lambda staff: staff.unfilter(),
    lambda staff: staff.add_column("Ours"),
    lambda staff: staff.paste("A2", [["1", "2", "3"], ["4", "5", "6"]]),
    lambda staff: staff.clear("B2:C4"),
    lambda staff: staff.fill_down(2, "x", 2, 9),
    lambda staff: staff.recolour("A2:C3", 1, 0, 0),
    lambda staff: staff.delete_duplicates("A2:C9"),
    lambda staff: staff.cut("A2:C2", "A5"),
]


@pytest.mark.parametrize("tab", [tab.key for tab in STAFF_TABS])
def test_nothing_stops_staff_from_working(hands: GoogleHands, tab: str) -> None:
    """Sort, filter, insert, delete, move rows, paste, clear, own columns: every protection lets an ordinary editor."""
    hands.paste(tab, [[f"{row}", "a", "b"] for row in range(1, 8)])
    staff = hands.as_staff().person(tab)
    assert staff.email == STAFF
    for act in WORK:
        act(staff)
    staff.rename_header("Ours", "Ours too")
    staff.delete_column("Ours too")


@pytest.mark.parametrize(
    "act",
    [
        lambda staff: staff.rename_header("Status", "State"),
        lambda staff: staff.move_column("Status", "ID"),
        lambda staff: staff.delete_column("Note"),
        lambda staff: staff.insert_column("Status"),
        lambda staff: staff.clear(),
        lambda staff: staff.delete_rows(1),
        lambda staff: staff.paste("A1", [["x"]]),
    ],
)
def test_our_headings_stay(hands: GoogleHands, act: Callable[[Any], None]) -> None:
    before = hands.see("orders")[0]
    with pytest.raises(StaffRefusedError, match="protected"):
        act(hands.as_staff().person("orders"))
    assert hands.see("orders")[0] == before


@pytest.mark.parametrize("tab", ["ledger", "runs", "history", "archive", "long_texts"])
def test_the_jobs_own_tabs_are_closed(hands: GoogleHands, tab: str) -> None:
    staff = hands.as_staff().person(tab)
    for act in (lambda: staff.type("A2", "x"), lambda: staff.insert_rows(2), lambda: staff.sort(0), staff.delete_tab):
        with pytest.raises(StaffRefusedError):
            act()


def test_a_protection_that_was_taken_away_comes_back(hands: GoogleHands) -> None:
    """And only that one: the others are not touched."""
    sheet = hands.emulator.sheet(hands.id, "Orders")
    kept = [each["protectedRangeId"] for each in sheet.protections[1:]]
    hands.person("orders").do({"deleteProtectedRange": {"protectedRangeId": sheet.protections[0]["protectedRangeId"]}})
    hands.open().provision()
    assert [each["protectedRangeId"] for each in sheet.protections][: len(kept)] == kept
    assert len(sheet.protections) == len(kept) + 1
    with pytest.raises(StaffRefusedError):
        hands.as_staff().person("orders").rename_header("Status", "x")


# --- check ---------------------------------------------------------------------------------------------------------------------


def found(book: GoogleWorkbook) -> dict[str, tuple[bool, str, str]]:
    return {each.what: (each.ok, each.text, each.next_step) for each in book.check()}


def test_all_is_well(hands: GoogleHands) -> None:
    """One screen, each line with what it looked at; nothing is written."""
    account = hands.emulator.service_account
    calls = len(hands.emulator.calls)
    assert [(each.what, each.ok, each.text) for each in hands.open().check()] == [
        ("key", True, f"Google accepts the key of {account}."),
        ("sharing", True, f"The sheet is shared with {account}."),
        ("structure", True, "All tabs and headings are there; revision 0."),
        ("protection", True, "Every protection lets the job write."),
        ("template", True, f"Template version {templates().version}; this reconcile has {templates().version}."),
        ("history", True, "The ledger is the newest one (revision 0)."),
        ("time zone", True, "Times are those of Etc/GMT."),
    ]
    assert not any(call.writing for call in hands.emulator.calls[calls:])


def test_a_sheet_that_is_not_shared(hands: GoogleHands) -> None:
    hands.emulator.share(hands.id, hands.emulator.service_account, "none")
    ok, text, step = found(hands.open())["sharing"]
    assert not ok
    assert f"not shared with {hands.emulator.service_account}" in text
    assert f"Share the sheet with {hands.emulator.service_account} as Editor" in step


def test_a_sheet_that_may_only_be_looked_at(hands: GoogleHands) -> None:
    """Shared as Viewer, which is what Google's dialog may offer: told before a run fails, and nothing is written to find out."""
    account = hands.emulator.service_account
    hands.emulator.share(hands.id, account, "reader")
    calls = len(hands.emulator.calls)
    told = found(hands.open())
    assert told["sharing"] == (
        False,
        f"The sheet is shared with {account}, but not as Editor, so that nothing can be written into it.",
        f"Share the sheet with {account} as Editor, then run `reconcile doctor`.",
    )
    assert "protection" not in told
    assert not any(call.writing for call in hands.emulator.calls[calls:])


def test_a_sheet_that_does_not_exist(hands: GoogleHands) -> None:
    ok, text, step = found(GoogleWorkbook("1nowhere", http(hands.emulator)))["sharing"]
    assert (ok, text) == (False, "Google knows no spreadsheet with this id.")
    assert "between /d/ and /edit" in step


def test_a_key_that_does_not_work() -> None:
    with Emulator() as emulator:
        emulator.tokens.disabled.add(emulator.service_account)
        book = GoogleWorkbook("x", open_http(SecretStr(json.dumps(emulator.account())), emulator.host, pace=NoPause()))
        ((what, (ok, text, step)),) = found(book).items()
    assert (what, ok) == ("key", False)
    assert "does not accept this key" in text
    assert step


def test_a_protection_against_us(hands: GoogleHands) -> None:
    """Named with its tab, and whom to let in."""
    sheet = hands.emulator.sheet(hands.id, "Orders").sheet_id
    shut = {"range": {"sheetId": sheet, "startRowIndex": 1, "endRowIndex": 4}, "description": "mine"}
    hands.person("orders").do({"addProtectedRange": {"protectedRange": shut}})
    ok, text, step = found(hands.open())["protection"]
    assert not ok
    assert "Orders (mine)" in text
    assert hands.emulator.service_account in step
    book = hands.open()
    with pytest.raises(AccessRefused, match="protection in the sheet"):
        book.commit(Commit("run", append={"orders": [{"id": "1"}]}), book.read().revision)


def test_what_else_is_wrong_is_said(hands: GoogleHands) -> None:
    """A missing tab, another time zone, an older template, a protection that is gone: each with what to do."""
    hands.remove_tab("refills")
    hands.emulator.book(hands.id).properties["timeZone"] = "Europe/Berlin"
    runs = hands.emulator.sheet(hands.id, "Runs")
    hands.person("runs").do({"deleteProtectedRange": {"protectedRangeId": runs.protections[0]["protectedRangeId"]}})
    later = dataclasses.replace(templates(), version=templates().version + 1)
    said = found(book_at(hands.emulator, hands.id, later))
    assert {what for what, (ok, _, _) in said.items() if not ok} == {"structure", "protection", "template", "time zone"}
    assert "no tab 'Refills'" in said["structure"][1]
    assert "Not protected any more: Runs." in said["protection"][1]
    assert "Europe/Berlin" in said["time zone"][1]
    assert all(step for ok, _, step in said.values() if not ok)
    provision(book_at(hands.emulator, hands.id, later))
    assert {ok for ok, _, _ in found(book_at(hands.emulator, hands.id, later)).values()} == {True}
    assert book_at(hands.emulator, hands.id, later).read().meta["zone"] == "Europe/Berlin"


def test_a_restored_version_is_noticed(hands: GoogleHands) -> None:
    """Stamps are not part of the version history: the ledger is older than what was written to it."""
    book = hands.open()
    before = hands.see("ledger")
    book.commit(Commit("run", meta={"a": "b"}), book.read().revision)
    hands.show("ledger", before)
    ok, text, step = found(hands.open())["history"]
    assert not ok
    assert text == google.RESTORED.format(now=0, newest=1)
    assert "Version history" in step


def test_a_copy_that_took_a_tabs_name_is_told(hands: GoogleHands) -> None:
    """Everything is there by name, but the job would write to the one that was renamed."""
    first = hands.person("orders")
    first.do({"duplicateSheet": {"sourceSheetId": first.sheet_id, "newSheetName": "Copy of Orders"}})
    first.rename_tab("Orders backup")
    hands.emulator.staff(hands.id, "Copy of Orders", hands.email).rename_tab("Orders")
    assert found(hands.open())["structure"] == (False, google.SWAPPED.format(title="Orders"), google.UNSWAP)
