"""Forms of .xlsx files that programs write and ours does not: each made here from a workbook of ours, none copied."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from reconcile.core.cells import Formula
from reconcile.core.model import ROW, Commit
from reconcile.errors import Damaged
from reconcile.workbook import xlsx_book, xlsx_package
from reconcile.workbook.xlsx import Provisioned, XlsxWorkbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconcile.workbook.port import Workbook

Parts = dict[str, bytes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A workbook with three orders, two of them in Archive, and two lines of History."""
    made = tmp_path / "orders.xlsx"
    book = XlsxWorkbook(made)
    book.provision(["12"])
    rows = [order(key) for key in ("1", "2", "3")]
    history: list[Any] = [{"id": "1", "tab": "Orders"}, {"id": "2", "tab": "Orders"}]
    archived: list[Any] = [order("8"), order("9")]
    book.commit(Commit("run", append={"orders": rows, "history": history, "archive": archived}), book.read().revision)
    return made


def order(key: str) -> dict[str, Any]:
    return {"id": key, "quantity": 100, "status": "Processing", "sync": f"#{key} · New."}


def parts(path: Path) -> Parts:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def save(path: Path, made: Parts) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in made.items():
            archive.writestr(name, data)


def part_of(path: Path, title: str) -> str:
    return dict(xlsx_package.unpack(path.read_bytes(), path.name).sheets)[title]


def land(path: Path, *keys: str, **logs: Any) -> Workbook:
    """One commit that adds orders, answers order 2, and writes into the logs."""
    book = XlsxWorkbook(path)
    rows: list[Any] = [order(key) for key in keys]
    change = Commit("run", append={"orders": rows, **logs}, sync={"orders": {"2": "#2 · Sent."}})
    book.commit(change, book.read().revision)
    return XlsxWorkbook(path)


# --- how a part is written -------------------------------------------------------------------------------------------------


def without_references(made: Parts) -> Parts:
    """No cell and no row says where it is; gaps are filled with cells that hold nothing."""

    def bare(row: re.Match[bytes]) -> bytes:
        cells = {
            re.search(rb' r="([A-Z]+)', each)[1]: re.sub(rb' r="[A-Z]+\d+"', b"", each)  # type: ignore[index]
            for each in re.findall(rb"<c [^>]*?(?:/>|>.*?</c>)", row[2])
        }
        letters = [chr(65 + index).encode() for index in range(26)]
        wide = max(map(letters.index, cells), default=-1)
        return b"<row>" + b"".join(cells.get(letter, b"<c/>") for letter in letters[: wide + 1]) + b"</row>"

    pattern = re.compile(rb"<row ([^>]*)>(.*?)</row>", re.DOTALL)
    return {name: pattern.sub(bare, data) if "worksheets/sheet" in name else data for name, data in made.items()}


def in_utf16(made: Parts) -> Parts:
    return {
        name: re.sub(r"^<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-16"?>', data.decode()).encode("utf-16")
        if name.endswith(".xml") and data.startswith(b"<?xml")
        else data
        for name, data in made.items()
    }


def in_another_case(made: Parts) -> Parts:
    return {name.replace("worksheets/sheet", "worksheets/Sheet"): data for name, data in made.items()}


def with_backslashes(made: Parts) -> Parts:
    return {
        name.replace("/", "\\") if name.startswith("xl/worksheets/s") else name: data for name, data in made.items()
    }


def with_absolute_targets(made: Parts) -> Parts:
    rels = "xl/_rels/workbook.xml.rels"
    return {**made, rels: re.sub(rb'Target="/?(?:xl/)?', b'Target="/xl/', made[rels])}


def without_what_is_optional(made: Parts) -> Parts:
    types, rels = "[Content_Types].xml", "_rels/.rels"
    gone = re.compile(rb"<(?:Override|Relationship) [^>]*docProps[^>]*/>")
    left = {name: data for name, data in made.items() if not name.startswith("docProps")}
    return {**left, types: gone.sub(b"", made[types]), rels: gone.sub(b"", made[rels])}


def without_styles(made: Parts) -> Parts:
    gone = re.compile(rb"<(?:Override|Relationship) [^>]*styles\.xml[^>]*/>")
    left = {name: gone.sub(b"", data) for name, data in made.items() if name != "xl/styles.xml"}
    return {
        name: re.sub(rb' (?:s|style|dxfId|customFormat)="\d+"', b"", data) if "worksheets/" in name else data
        for name, data in left.items()
    }


def with_comments(made: Parts) -> Parts:
    return {
        name: data.replace(b"</row>", b"<!-- </row> --></row><?x y?>") if "worksheets/sheet" in name else data
        for name, data in made.items()
    }


FORMS = [
    without_references,
    in_utf16,
    in_another_case,
    with_backslashes,
    with_absolute_targets,
    without_what_is_optional,
    without_styles,
    with_comments,
]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_read_and_written_like_our_own(path: Path, form: Callable[[Parts], Parts]) -> None:
    """The same rows are read; new ones land below, none over another, in Orders and in the logs; the file is whole."""
    save(path, form(parts(path)))
    assert list(XlsxWorkbook(path).read().tabs["orders"].index) == ["1", "2", "3"]
    book = land(path, "4", history=[{"id": "3", "tab": "Orders"}], archive=[order("10")])
    tabs = book.read().tabs
    assert tabs["orders"][["id", "quantity", "sync"]].to_numpy().tolist() == [
        ["1", 100, "#1 · New."],
        ["2", 100, "#2 · Sent."],
        ["3", 100, "#3 · New."],
        ["4", 100, "#4 · New."],
    ]
    assert list(tabs["history"]["id"]) == ["1", "2", "3"]
    assert list(tabs["archive"].index) == ["8", "9", "10"]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    if form not in (in_another_case, with_backslashes):  # which openpyxl cannot find
        assert openpyxl.load_workbook(path)["Orders"]["A5"].value == "4"


# --- formulas --------------------------------------------------------------------------------------------------------------


def test_what_an_array_formula_shows_is_never_taken_for_typed(path: Path) -> None:
    """Statuses that a formula of staff's spills down the column are formula cells: nothing of it is sent."""
    column = _column(path, "Status")
    book: Any = openpyxl.load_workbook(path)
    book["Orders"][f"{column}2"] = ArrayFormula(f"{column}2:{column}4", '=IF(A2:A4<>"","Canceled","")')
    for row in (3, 4):
        book["Orders"][f"{column}{row}"] = "Canceled"
    book.save(path)
    statuses = list(XlsxWorkbook(path).read().tabs["orders"]["status"])
    assert all(isinstance(status, Formula) for status in statuses)
    land(path, "4")
    tabs = XlsxWorkbook(path).read().tabs
    assert list(tabs["orders"].index) == ["1", "2", "3", "4"]
    assert [isinstance(status, Formula) for status in tabs["orders"]["status"]] == [True, True, True, False]


def test_an_answer_takes_the_place_of_an_array_over_sync(path: Path) -> None:
    """The formula goes and what it showed stays: a program would call a single cell of an area broken."""
    column = _column(path, "Sync")
    book: Any = openpyxl.load_workbook(path)
    book["Orders"][f"{column}2"] = ArrayFormula(f"{column}2:{column}4", "=UPPER(A2:A4)")
    for row in (3, 4):
        book["Orders"][f"{column}{row}"] = f"shown {row}"
    book.save(path)
    land(path)
    sheet = openpyxl.load_workbook(path)["Orders"]
    assert [sheet[f"{column}{row}"].value for row in (2, 3, 4)] == [None, "#2 · Sent.", "shown 4"]


def test_an_area_that_reaches_other_columns_is_left_whole(path: Path) -> None:
    """Cells of staff's are in it: the row keeps what it shows."""
    sync = _column(path, "Sync")
    before, own = chr(ord(sync) - 1), chr(ord(sync) + 1)
    book: Any = openpyxl.load_workbook(path)
    book["Orders"][f"{before}2"] = ArrayFormula(f"{before}2:{own}4", "=A2:C4")
    book.save(path)
    before_it = parts(path)[part_of(path, "Orders")]
    land(path, "4")
    after = parts(path)[part_of(path, "Orders")]
    row = re.compile(rb'<row r="3".*?</row>')
    assert row.search(after)[0] == row.search(before_it)[0]  # type: ignore[index]
    assert list(XlsxWorkbook(path).read().tabs["orders"].index) == ["1", "2", "3", "4"]


def test_rows_land_below_an_area_that_reaches_further(path: Path) -> None:
    """A row inside an array's area would be part of its formula; a row under merged cells would be hidden."""
    column = _column(path, "Note")
    book: Any = openpyxl.load_workbook(path)
    book["Orders"][f"{column}2"] = ArrayFormula(f"{column}2:{column}9", "=A2:A9")
    book["Archive"].merge_cells("B5:C7")
    book.save(path)
    tabs = land(path, "4", archive=[order("10")]).read().tabs
    assert tabs["orders"].loc["4", ROW] == 10
    assert tabs["archive"].loc["10", ROW] == 8


# --- tables ----------------------------------------------------------------------------------------------------------------


def _column(path: Path, header: str) -> str:
    heads = {cell.value: cell.column_letter for cell in openpyxl.load_workbook(path)["Orders"][1]}
    return str(heads[header])


def make_table(path: Path, title: str, *, totals: bool = False, below: str = "") -> None:
    """What Insert > Table makes of a tab, with a totals row below when asked for, and something below that."""
    book: Any = openpyxl.load_workbook(path)
    sheet = book[title]
    heads = [cell for cell in sheet[1] if cell.value is not None]
    last = max(cell.row for cell in sheet["A"] if cell.value is not None)
    sheet.auto_filter.ref = None
    if totals:
        sheet[f"A{last + 1}"] = "Total"
        sheet[f"C{last + 1}"] = "=SUBTOTAL(103,Work[ID])"
    if below:
        sheet[f"A{last + 3}"] = below
    table = Table(displayName="Work", ref=f"A1:{heads[-1].column_letter}{last + totals}")
    table._initialise_columns()
    for column, head in zip(table.tableColumns, heads, strict=True):
        column.name = head.value
    if totals:
        table.totalsRowCount = 1
        table.autoFilter.ref = f"A1:{heads[-1].column_letter}{last}"
    sheet.add_table(table)
    book.save(path)


def shown_table(path: Path, title: str) -> tuple[str, str]:
    (table,) = openpyxl.load_workbook(path)[title].tables.values()
    return table.ref, table.autoFilter.ref


def test_rows_extend_a_table(path: Path) -> None:
    """What lands is inside: the table's filter and its colours reach it. In a log, too."""
    make_table(path, "Orders")
    land(path, "4", "5")
    wide = openpyxl.load_workbook(path)["Orders"].tables["Work"].ref.partition(":")[2].rstrip("0123456789")
    assert shown_table(path, "Orders") == (f"A1:{wide}6", f"A1:{wide}6")
    assert list(XlsxWorkbook(path).read().tabs["orders"].index) == ["1", "2", "3", "4", "5"]
    path.unlink()


@pytest.mark.parametrize("title", ["Archive", "Change log"])
def test_rows_extend_a_table_made_of_a_log(path: Path, title: str) -> None:
    """A log that somebody made a table grows as before."""
    make_table(path, title)
    land(path, history=[{"id": "3", "tab": "Orders"}], archive=[order("10")])
    ref, filtered = shown_table(path, title)
    assert ref == filtered
    assert ref.endswith("4")
    assert len(XlsxWorkbook(path).read().tabs["history"]) == 3


def test_rows_land_above_a_totals_row(path: Path) -> None:
    """The totals row is no order, moves down as rows come, and stays the table's last; what stands below moves with it."""
    make_table(path, "Orders", totals=True, below="note of staff")
    assert list(XlsxWorkbook(path).read().tabs["orders"].index) == ["1", "2", "3", "note of staff"]
    land(path, "4", "5")
    tabs = XlsxWorkbook(path).read().tabs
    assert tabs["orders"][ROW].to_dict() == {"1": 2, "2": 3, "3": 4, "4": 5, "5": 6, "note of staff": 9}
    sheet = openpyxl.load_workbook(path)["Orders"]
    assert (sheet["A7"].value, sheet["C7"].value) == ("Total", "=SUBTOTAL(103,Work[ID])")
    ref, filtered = shown_table(path, "Orders")
    assert (ref.rpartition(":")[2][-1], filtered.rpartition(":")[2][-1]) == ("7", "6")
    land(path, "6")
    assert openpyxl.load_workbook(path)["Orders"]["A8"].value == "Total"


def test_a_totals_row_that_cannot_move_stops_the_run_at_its_begin(path: Path) -> None:
    """A formula that names its cells would name others: known before anything is sent, with what to do."""
    make_table(path, "Orders", totals=True)
    book: Any = openpyxl.load_workbook(path)
    book["Orders"]["Z2"] = "=C5*2"
    book.save(path)
    with pytest.raises(Damaged) as refused:
        land(path)
    assert refused.value.what == (
        "Tab 'Orders' of orders.xlsx is a table whose totals row cannot move down to make room for new rows."
    )
    assert refused.value.next_step == (
        "Switch it off (Table Design > Total Row), or put what else stands there on another tab."
    )


def test_a_tab_without_room_stops_the_run_at_its_begin(path: Path) -> None:
    """Something typed into the last row there can be leaves no place for a new one: said before anything is sent."""
    book: Any = openpyxl.load_workbook(path)
    book["Runs"]["A1048576"] = "x"
    book.save(path)
    with pytest.raises(Damaged) as refused:
        land(path)
    assert refused.value.what == (
        "Tab 'Runs' of orders.xlsx has no room for new rows: something stands in row 1,048,576 of 1,048,576."
    )
    assert refused.value.next_step == ("Delete rows of 'Runs' that nobody needs, or what stands in row 1,048,576.")
    assert xlsx_book.ROOM == 1_000


# --- _ledger ---------------------------------------------------------------------------------------------------------------


def test_a_ledger_whose_texts_became_numbers(path: Path) -> None:
    """What can only be a number is read as one, and ids, charges and counts are the texts they were."""
    row: Any = {
        "tab": "orders",
        "key": "1",
        "service": "12",
        "charge": "0.25",
        "start_count": "1200",
        "remains_seen": "7",
    }
    book = XlsxWorkbook(path)
    book.commit(Commit("run", ledger=[row]), book.read().revision)
    made: Any = openpyxl.load_workbook(path)
    for line in made["_ledger"].iter_rows(min_row=2):
        for cell in line:
            if isinstance(cell.value, str) and re.fullmatch(r"\d+(\.\d+)?", cell.value):
                cell.value = float(cell.value)
    made.save(path)
    snapshot = XlsxWorkbook(path).read()
    assert snapshot.revision == 3
    shown = snapshot.ledger.iloc[0]
    assert [shown[name] for name in ("key", "service", "charge", "start_count")] == ["1", "12", "0.25", "1200"]
    assert shown["remains_seen"] == 7.0  # as a cell showed it
    assert XlsxWorkbook(path).commit(Commit("run", ledger=[row]), 3) == 4


def test_a_ledger_that_came_into_sight_is_hidden_again(path: Path) -> None:
    """A program that keeps values only shows `_ledger` to everybody: the next commit puts it out of sight."""
    made: Any = openpyxl.load_workbook(path)
    made["_ledger"].sheet_state = "visible"
    made.save(path)
    land(path)
    assert openpyxl.load_workbook(path)["_ledger"].sheet_state == "veryHidden"


# --- looks -----------------------------------------------------------------------------------------------------------------

STRIPPED = (
    "drop-downs, colours, frozen headings, column widths, charts, the hiding of _ledger, the protection of _ledger"
)


def through_pandas(path: Path) -> None:
    """The whole workbook read and saved by pandas, which keeps values only."""
    read = pd.read_excel(path, sheet_name=None, dtype=object, engine="openpyxl")
    with pd.ExcelWriter(path) as writer:
        for title, frame in read.items():
            frame.to_excel(writer, sheet_name=title, index=False)


def test_a_program_that_keeps_values_only(path: Path) -> None:
    """The run goes on, `_ledger` is out of sight again, doctor says what is gone, and init restores it and says so."""
    made: Any = openpyxl.load_workbook(path)
    fresh = {sheet.title: _looks(sheet) for sheet in made}
    assert XlsxWorkbook(path).provision() == Provisioned()
    through_pandas(path)
    (finding,) = [each for each in XlsxWorkbook(path).check() if not each.ok]
    assert finding.text == f"A program that keeps little but values has removed: {STRIPPED}."
    assert finding.next_step == "Run `reconcile init`: it restores them."
    land(path, "4")
    assert openpyxl.load_workbook(path)["_ledger"].sheet_state == "veryHidden"
    assert list(XlsxWorkbook(path).read().tabs["orders"].index) == ["1", "2", "3", "4"]
    done = XlsxWorkbook(path).provision()
    restored = STRIPPED.replace(", the hiding of _ledger", "")
    assert done.lines() == [f"Restored what a program had removed: {restored}."]
    made = openpyxl.load_workbook(path)
    assert {sheet.title: _looks(sheet) for sheet in made} == fresh
    assert all(finding.ok for finding in XlsxWorkbook(path).check())
    assert XlsxWorkbook(path).provision() == Provisioned()


def _looks(sheet: Any) -> tuple[Any, ...]:
    rules = {rule.formula[0] for area in sheet.conditional_formatting for rule in area.rules}
    lists = {(str(rule.sqref), rule.formula1) for rule in sheet.data_validations.dataValidation}
    widths = {letter: dimension.width for letter, dimension in sheet.column_dimensions.items()}
    return rules, lists, widths, sheet.freeze_panes, sheet.sheet_state, len(sheet._charts), sheet.protection.sheet
