"""The .xlsx workbook: what is particular to a file that people open in spreadsheet programs."""

from __future__ import annotations

import errno
import io
import os
import re
import signal
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import PatternFill

from reconcile import boundary
from reconcile.core.model import Commit
from reconcile.errors import AccessRefused, Damaged, RevisionMoved, SettingsError, Unavailable
from reconcile.workbook import guide, xlsx_file, xlsx_layout, xlsx_package
from reconcile.workbook.templates import templates
from reconcile.workbook.xlsx import Provisioned, XlsxWorkbook

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xlsx"


@pytest.fixture
def book(path: Path) -> XlsxWorkbook:
    made = open_book(path)
    made.provision(["12"])
    return made


def open_book(path: Path, **options: Any) -> XlsxWorkbook:
    return XlsxWorkbook(path, clock=lambda: NOON, **options)


def land(book: XlsxWorkbook, *keys: str, **cells: Any) -> int:
    rows = [{"id": key, "status": "Processing", "sync": f"#{key} · New.", **cells} for key in keys]
    return book.commit(Commit("run", append={"orders": rows}), book.read().revision)


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def part_of(path: Path, title: str) -> str:
    """The name of a tab's part."""
    return dict(xlsx_package.unpack(path.read_bytes(), path.name).sheets)[title]


def rewrite(path: Path, change: dict[str, bytes | None]) -> None:
    """Replaces, adds or (None) removes parts of the file."""
    now = parts(path)
    now.update({name: data for name, data in change.items() if data is not None})
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in now.items():
            if change.get(name, b"") is not None:
                archive.writestr(name, data)


# --- making it ---------------------------------------------------------------------------------------------------------------


def test_provisioning_says_what_it_made(path: Path) -> None:
    """The first time everything, the second time nothing, and the file is not even touched."""
    first = open_book(path).provision(["12", " 13 ", "12"])
    assert first.lines() == ["Made a new workbook.", "Added service 12 to Services.", "Added service 13 to Services."]
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    second = open_book(path).provision(["13", "12"])
    assert second == Provisioned()
    assert not second.changed
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert open_book(path).provision(["14"]).lines() == ["Added service 14 to Services."]
    services = open_book(path).read().tabs["services"]
    assert services[["service_id", "name", "pull"]].to_numpy().tolist() == [
        ["12", None, "Yes"],
        ["13", None, "Yes"],
        ["14", None, "Yes"],
    ]


def test_the_workbook_looks_like_its_templates(book: XlsxWorkbook, path: Path) -> None:
    """Headings bold and frozen, widths, formats, drop-downs, colours by owner, filter, hidden ledger, nothing that stops sorting."""
    made = openpyxl.load_workbook(path)
    assert made.sheetnames == [tab.title for tab in templates().tabs]
    assert made.active.title == "Start here"
    for tab in templates().tabs:
        sheet = made[tab.title]
        assert sheet.protection.sheet is (tab.key == "ledger")
        assert sheet.sheet_state == ("veryHidden" if tab.hidden else "visible")
        assert sheet.sheet_properties.tabColor.rgb == f"00{tab.colour}"
        if tab.free_text or tab.hidden:
            continue
        assert sheet.freeze_panes == ("B2" if tab.has("sync") else "A2")
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows == "$1:$1"
        lists = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation if rule.type == "list"}
        guards = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation if rule.type == "custom"}
        for cell, column in zip(sheet[1], tab.columns, strict=True):
            owner = templates().owners[column.owner]
            letter = cell.column_letter
            assert cell.value == column.header
            assert cell.font.bold
            assert cell.fill.start_color.rgb == f"00{owner.fill}"
            assert sheet.column_dimensions[letter].width == column.width + 1
            assert sheet.column_dimensions[letter].number_format == column.number_format
            assert guards[f"{letter}1"].formula1 == f'EXACT({letter}1,"{column.header}")'
            for rule in sheet.data_validations.dataValidation:  # beyond these lengths Excel calls a file broken
                assert all(len(text or "") <= 255 for text in (rule.prompt, rule.error, rule.formula1))
                assert all(len(text or "") <= 32 for text in (rule.promptTitle, rule.errorTitle))
            if column.choices and column.owner == "staff":
                rule = lists[f"{letter}2:{letter}2000"]
                assert rule.formula1 == f'"{",".join(column.choices)}"'
                assert rule.showErrorMessage
                assert rule.showDropDown is not True


def test_start_here_names_every_tab_and_column(book: XlsxWorkbook, path: Path) -> None:
    """The guide is made from the templates, so it cannot go stale; its first lines say when the job last ran."""
    sheet = openpyxl.load_workbook(path)["Start here"]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    for tab in templates().tabs:
        if not tab.hidden and not tab.free_text:
            assert tab.title in texts
            assert tab.purpose in texts
        if tab.protect == "header":
            assert all(guide.help_text(column) in texts for column in tab.columns)
    assert sheet["A2"].value == "The job last ran at"
    assert sheet["B2"].value == "=IF(COUNT('Runs'!$C$2:$C$1048576)=0,\"not yet\",MAX('Runs'!$C$2:$C$1048576))"
    assert sheet["B4"].value == "UTC"


def test_a_half_made_workbook_is_completed(path: Path) -> None:
    """Missing tabs and headings come, the headings at the right end; what staff had stays where and as it was."""
    half = openpyxl.Workbook()
    half.active.title = "Our own notes"
    half.active["B3"] = "=1+1"
    orders = half.create_sheet("Orders")
    orders.append(["Team", "Status", "ID", None, "Mine"])
    orders.append(["Ann", "In progress", "15", None, "two\r\nlines"])
    orders.append(["Bob", None, "16", None, None, None, "far right"])
    orders["A2"].fill = PatternFill("solid", start_color="FF00FF")
    orders.column_dimensions["A"].width = 44
    half.save(path)
    rewrite(
        path,
        {
            "xl/worksheets/sheet2.xml": parts(path)["xl/worksheets/sheet2.xml"].replace(
                b"two\r\nlines", b"two&#13;\nlines"
            )
        },
    )

    done = open_book(path).provision(["12"])

    assert [title for title, _ in done.columns] == ["Orders"] * 14
    assert "Added the tab Refills." in done.lines()
    assert "Added the column Sync to Orders, at the right end." in done.lines()
    made = openpyxl.load_workbook(path)
    assert made.sheetnames[0] == "Start here"
    assert [title for title in made.sheetnames if title != "Our own notes"] == [tab.title for tab in templates().tabs]
    assert made["Our own notes"]["B3"].value == "=1+1"
    sheet = made["Orders"]
    assert [cell.value for cell in sheet[1]][:7] == ["Team", "Status", "ID", None, "Mine", None, None]
    assert [cell.value for cell in sheet[2]][:5] == ["Ann", "In progress", "15", None, "two\r\nlines"]
    assert sheet["G3"].value == "far right"
    assert sheet["A2"].fill.start_color.rgb == "00FF00FF"
    assert sheet.column_dimensions["A"].width == 44
    assert sheet["H1"].value == "Link"
    frame = open_book(path).read().tabs["orders"]
    assert list(frame.index) == ["15", "16"]
    assert open_book(path).provision(["12"]) == Provisioned()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1, 16384), [(1, 16), (17, 17), (18, 16384)]),
        ((17, 16384), [(17, 17), (18, 16384)]),
        ((9, 17), [(9, 16), (17, 17)]),
    ],
)
def test_an_added_heading_leaves_its_columns_group(
    book: XlsxWorkbook, path: Path, before: tuple[int, int], after: list[tuple[int, int]]
) -> None:
    """Columns that staff gave one width keep it, and no column stands in two groups, which Excel calls a broken file."""
    made = openpyxl.load_workbook(path)
    made["Orders"]["P1"] = "Mine"
    made.save(path)
    part = part_of(path, "Orders")
    group = b'<cols><col min="%d" max="%d" width="20" customWidth="1" hidden="1"/></cols>' % before
    rewrite(path, {part: re.sub(rb"<cols>.*</cols>", group, parts(path)[part])})
    assert open_book(path).provision().columns == (("Orders", "If unsure"),)
    there = openpyxl.load_workbook(path)["Orders"].column_dimensions.values()
    assert [(each.min, each.max) for each in there] == after
    assert [(each.width, each.hidden) for each in there if each.min != 17] == [(20, True)] * (len(after) - 1)
    assert [(each.width, each.hidden) for each in there if each.min == 17] == [(17, False)]


def test_completing_keeps_texts_as_they_are(book: XlsxWorkbook, path: Path) -> None:
    """Carriage returns, literal escapes and texts that look like formulas outlive an upgrade."""
    texts = ["a\r\nb\rc", "_x000D_ is no break", "=1+1", "-5", " x "]
    for number, text in enumerate(texts):
        land(book, str(number), comments=text)
    workbook = parts(path)["xl/workbook.xml"]
    without = re.sub(rb'<sheet [^>]*name="Refills"[^>]*/>|<definedNames>.*</definedNames>', b"", workbook)
    rewrite(path, {"xl/workbook.xml": without})
    assert open_book(path).provision().lines() == ["Added the tab Refills."]
    assert list(open_book(path).read().tabs["orders"]["comments"]) == texts


FEEDS = ("Orders", "Refills", "Cancels", "Payments", "Tickets")


def without_states(made: Any) -> None:
    """Takes the column out that version 4 brought."""
    for title in FEEDS:
        heads = [cell.value for cell in made[title][1]]
        made[title].delete_cols(heads.index("State") + 1)


def test_a_column_of_staffs_own_is_never_taken_for_a_new_one(book: XlsxWorkbook, path: Path) -> None:
    """A State of their own in an older workbook stays theirs in every run, and init asks for another heading."""
    made = openpyxl.load_workbook(path)
    next(row for row in made["_ledger"].iter_rows() if row[1].value == "template")[2].value = "3"
    without_states(made)
    made["Orders"]["Q1"], made["Orders"]["A2"], made["Orders"]["Q2"] = "State", "15", "Ohio"
    made.save(path)
    again = open_book(path)
    snapshot = again.read()
    assert "state" not in snapshot.tabs["orders"].columns
    again.commit(Commit("run", state={"orders": {"15": "#15 · New"}}), snapshot.revision)
    assert openpyxl.load_workbook(path)["Orders"]["Q2"].value == "Ohio"
    with pytest.raises(Damaged, match="a column 'State' of somebody's own"):
        open_book(path).provision()


def test_an_older_template_version_refreshes_start_here(book: XlsxWorkbook, path: Path) -> None:
    """A workbook made by an older version gets the new guide and the new number."""
    made = openpyxl.load_workbook(path)
    next(row for row in made["_ledger"].iter_rows() if row[1].value == "template")[2].value = "3"
    without_states(made)
    made["Start here"]["B7"] = "old words"
    made.save(path)
    assert [finding.ok for finding in open_book(path).check()] == [True, True, True, True, False]
    assert open_book(path).read().words.TAB["orders"] == "Orders"
    added = [f"Added the column State to {tab}, at the right end." for tab in FEEDS]
    assert open_book(path).provision().lines() == [*added, "Brought Start here up to date."]
    assert openpyxl.load_workbook(path)["Start here"]["B7"].value != "old words"
    assert all(finding.ok for finding in open_book(path).check())


@pytest.mark.parametrize("title", ["Orders", "Runs", "_ledger"])
def test_a_row_inserted_above_the_headings_gets_no_second_table(book: XlsxWorkbook, path: Path, title: str) -> None:
    """A run and init say where the headings are, and write nothing."""
    land(book, "15")
    made = openpyxl.load_workbook(path)
    made[title].insert_rows(1)
    made.save(path)
    before = path.read_bytes()
    for act in (open_book(path).read, open_book(path).provision):
        with pytest.raises(Damaged) as refused:
            act()
        assert refused.value.what == f"The headings of tab '{title}' of orders.xlsx stand in row 2, not in row 1."
    assert path.read_bytes() == before


def test_a_workbook_with_a_former_title_goes_on_as_it_is(book: XlsxWorkbook, path: Path) -> None:
    """A workbook of an earlier version calls Change log History: it is read and written under that name, and init leaves it."""
    made = openpyxl.load_workbook(path)
    made["Change log"].title = "History"
    made.save(path)
    old = open_book(path)
    old.commit(Commit("run", append={"history": [{"id": "15", "tab": "Orders"}]}), old.read().revision)
    snapshot = open_book(path).read()
    assert list(snapshot.tabs["history"]["id"]) == ["15"]
    assert snapshot.words.TAB["history"] == "History"
    assert open_book(path).provision() == Provisioned()
    made = openpyxl.load_workbook(path)
    made["History"].title = "Log"
    made.save(path)
    with pytest.raises(Damaged) as caught:
        open_book(path).read()
    assert caught.value.what == "orders.xlsx has no tab 'Change log' or 'History'."


def test_a_newer_template_version_is_left_alone(book: XlsxWorkbook, path: Path) -> None:
    """An old reconcile does not take a new workbook apart."""
    made = openpyxl.load_workbook(path)
    next(row for row in made["_ledger"].iter_rows() if row[1].value == "template")[2].value = "99"
    made.save(path)
    with pytest.raises(Damaged, match="newer reconcile"):
        open_book(path).provision()


def test_a_lost_ledger_is_never_made_anew(book: XlsxWorkbook, path: Path) -> None:
    """Without its memory the job could send payments twice, so init refuses."""
    land(book, "15")
    made = openpyxl.load_workbook(path)
    made.remove(made["_ledger"])
    made.save(path)
    with pytest.raises(Damaged, match="lost its hidden _ledger"):
        open_book(path).provision()


def add_chart(path: Path) -> None:
    """A chart as staff would draw it."""
    made = openpyxl.load_workbook(path)
    chart = BarChart()
    chart.add_data(Reference(made["Orders"], min_col=5, min_row=1, max_row=3))
    made["Runs"].add_chart(chart, "K2")
    made.save(path)


def test_completing_never_destroys_what_it_cannot_save(book: XlsxWorkbook, path: Path) -> None:
    """A chart would be lost or changed: init refuses and names it."""
    add_chart(path)
    made = openpyxl.load_workbook(path)
    made.remove(made["Refills"])
    made.save(path)
    before = path.read_bytes()
    with pytest.raises(Damaged, match=r"would destroy something in it: .*xl/charts/chart7\.xml"):
        open_book(path).provision()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("part", "data", "lost"),
    [
        ("xl/drawings/drawing9.xml", b"<xdr:wsDr/>", []),
        ("xl/drawings/drawing9.xml", b"<xdr:wsDr><xdr:twoCellAnchor/></xdr:wsDr>", ["xl/drawings/drawing9.xml"]),
        ("xl/threadedComments/threadedComment1.xml", b"", ["xl/threadedComments/threadedComment1.xml"]),
        ("xl/pivotTables/pivotTable1.xml", b"", ["xl/pivotTables/pivotTable1.xml"]),
        ("xl/media/image1.png", b"", ["xl/media/image1.png"]),
        ("xl/comments/comment1.xml", b"", []),
        ("xl/tables/table1.xml", b"", []),
        ("xl/worksheets/sheet99.xml", b"<x14:sparkline />", ["sparklines in xl/worksheets/sheet99.xml"]),
    ],
)
def test_what_completing_would_lose(book: XlsxWorkbook, path: Path, part: str, data: bytes, lost: list[str]) -> None:
    """Known parts are fine, unknown ones are named, an empty drawing is nothing."""
    rewrite(path, {part: data})
    assert xlsx_layout.losses(path.read_bytes(), templates(), "x.xlsx") == lost


def test_completing_never_drops_what_openpyxl_says_it_drops(book: XlsxWorkbook, path: Path) -> None:
    """An extension nobody here knows is named, not lost."""
    made = openpyxl.load_workbook(path)
    made.remove(made["Refills"])
    made.save(path)
    part = part_of(path, "Runs")
    extension = b'<extLst><ext uri="{A8765BA9-456A-4dab-B4F3-ACF838C121DE}"/></extLst></worksheet>'
    rewrite(path, {part: parts(path)[part].replace(b"</worksheet>", extension)})
    with pytest.raises(Damaged, match="Slicer List extension is not supported and will be removed"):
        open_book(path).provision()


def test_no_folder(tmp_path: Path) -> None:
    """A path into nowhere is a setting to correct."""
    with pytest.raises(SettingsError, match="no folder"):
        open_book(tmp_path / "nowhere" / "x.xlsx").provision()


def test_a_link_that_leads_back_to_itself(path: Path) -> None:
    """Answered in words by every command."""
    path.symlink_to(path.name)
    with pytest.raises(SettingsError) as refused:
        open_book(path).provision()
    assert refused.value.what == f"{path} cannot be used: {os.strerror(errno.ELOOP)}."
    with pytest.raises(Unavailable, match="cannot be read: "):
        open_book(path).read()


def test_a_link_to_a_file_that_is_not_there_yet(path: Path) -> None:
    """init makes the file and keeps the link."""
    path.symlink_to("target.xlsx")
    assert open_book(path).provision().created
    assert path.is_symlink()
    assert (path.parent / "target.xlsx").is_file()


def test_a_name_that_no_disk_takes(tmp_path: Path) -> None:
    """Too long a name, or a NUL in it."""
    with pytest.raises(SettingsError, match=f"cannot be used: {os.strerror(errno.ENAMETOOLONG)}"):
        open_book(tmp_path / f"{'x' * 260}.xlsx").provision()
    with pytest.raises(SettingsError, match="is not a path"):
        open_book(tmp_path / "a\0b.xlsx")


def test_a_folder_that_may_not_be_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights on the way to the file are AccessRefused."""

    def refuse(_: Path, **__: Any) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(AccessRefused) as refused:
        open_book(path).provision()
    assert refused.value.what == f"This user may not look for {path}."


# --- what a commit leaves alone ------------------------------------------------------------------------------------------------


def test_a_commit_changes_only_the_tabs_it_means(book: XlsxWorkbook, path: Path) -> None:
    """Charts, comments, other tabs and styles stay byte for byte."""
    add_chart(path)
    land(open_book(path), "14")
    before = parts(path)
    land(open_book(path), "15", link="https://t.test")
    after = parts(path)
    assert list(before) == list(after)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {part_of(path, "Orders"), part_of(path, "_ledger")}


def test_cells_that_staff_merged_hide_nothing_more_after_a_commit(book: XlsxWorkbook, path: Path) -> None:
    """What stands below merged cells in a column of staff's own is still there."""
    made = openpyxl.load_workbook(path)
    made["Orders"].merge_cells("Q2:R3")
    made["Orders"]["Q6"] = "keep me"
    made.save(path)
    land(open_book(path), *map(str, range(15, 25)))
    sheet = openpyxl.load_workbook(path)["Orders"]
    assert [str(area) for area in sheet.merged_cells.ranges] == ["Q2:R3"]
    assert sheet["Q6"].value == "keep me"


def test_rows_that_hold_only_staffs_own_columns_are_filled(book: XlsxWorkbook, path: Path) -> None:
    """A formula that staff filled down beforehand stays and takes effect; new rows do not jump below it."""
    land(book, "15")
    made = openpyxl.load_workbook(path)
    for number in range(2, 6):
        made["Orders"].cell(number, 17, f"=C{number}*2")
    made.save(path)
    land(open_book(path), "16", quantity=7)
    sheet = openpyxl.load_workbook(path)["Orders"]
    assert [sheet.cell(3, place).value for place in (1, 3, 17)] == ["16", 7, "=C3*2"]
    assert sheet["A4"].value is None


def test_a_new_order_is_seen_whole_in_a_row_that_was_hidden(book: XlsxWorkbook, path: Path) -> None:
    """A row below the last order that somebody hid or made low is shown, and high enough for its texts."""
    land(book, "15")
    made = openpyxl.load_workbook(path)
    made["Orders"].row_dimensions[3].height = 15
    made["Orders"].row_dimensions[3].hidden = True
    made["Orders"]["Q3"] = "mine"
    made.save(path)
    land(open_book(path), "16", comments="one\ntwo\nthree")
    sheet = openpyxl.load_workbook(path)["Orders"]
    assert [sheet["A3"].value, sheet["Q3"].value] == ["16", "mine"]
    assert (sheet.row_dimensions[3].hidden, sheet.row_dimensions[3].height) == (False, 45)


def test_a_formula_in_sync_is_replaced_cleanly(book: XlsxWorkbook, path: Path) -> None:
    """A spreadsheet's list of formulas no longer names the cell, or Excel would call the file broken."""
    land(book, "15")
    made = openpyxl.load_workbook(path)
    made["Orders"]["H2"] = "=1+1"
    made.save(path)
    chain = (
        b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="H2" i="2"/></calcChain>'
    )
    types = parts(path)["[Content_Types].xml"].replace(
        b"</Types>", b'<Override PartName="/xl/calcChain.xml" ContentType="x"/></Types>'
    )
    rels = parts(path)["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Type="http://x/calcChain" Target="calcChain.xml" Id="rIdX"/></Relationships>',
    )
    rewrite(path, {"xl/calcChain.xml": chain, "[Content_Types].xml": types, "xl/_rels/workbook.xml.rels": rels})
    again = open_book(path)
    again.commit(Commit("run", sync={"orders": {"15": "#15 · Sent."}}), again.read().revision)
    assert "xl/calcChain.xml" not in parts(path)
    assert b"calcChain" not in parts(path)["[Content_Types].xml"] + parts(path)["xl/_rels/workbook.xml.rels"]
    assert openpyxl.load_workbook(path)["Orders"]["H2"].value == "#15 · Sent."


def test_a_formula_filled_down_over_sync_survives_where_no_answer_stands(book: XlsxWorkbook, path: Path) -> None:
    """Excel stores it once, in the topmost cell; when an answer takes that place the cells below keep theirs."""
    land(book, "15", "16", "17")
    part = part_of(path, "Orders")
    xml = parts(path)[part]
    for number, formula in ((2, b'ref="H2:H4" si="0">A2</f>'), (3, b'si="0"/>'), (4, b'si="0"/>')):
        filled = b'<c r="H%d"><f t="shared" %s</c>' % (number, formula)
        xml = re.sub(rb'<c r="H%d".*?</c>' % number, filled, xml)
    rewrite(path, {part: xml})
    again = open_book(path)
    again.commit(Commit("run", sync={"orders": {"15": "#15 · Sent."}}), again.read().revision)
    assert again.read().tabs["orders"]["sync"].tolist() == ["#15 · Sent.", "=A3", "=A4"]
    assert [cell.value for cell in openpyxl.load_workbook(path)["Orders"]["H"][1:]] == ["#15 · Sent.", "=A3", "=A4"]


def test_formulas_are_calculated_anew_and_the_ledger_stays_out_of_sight(book: XlsxWorkbook, path: Path) -> None:
    """Programs that lower `_ledger` to plainly hidden do not bring it into staff's list of tabs for long."""
    workbook = parts(path)["xl/workbook.xml"]
    rewrite(
        path,
        {
            "xl/workbook.xml": re.sub(
                rb"<calcPr[^>]*/>", b'<calcPr calcId="1"/>', workbook.replace(b"veryHidden", b"hidden")
            )
        },
    )
    land(open_book(path), "15")
    now = parts(path)["xl/workbook.xml"]
    assert b'<calcPr calcId="1" fullCalcOnLoad="1"/>' in now
    assert b'state="veryHidden"' in now


def test_what_libreoffice_calculated_before_is_not_shown_as_of_now(book: XlsxWorkbook, path: Path) -> None:
    """Start here and Dashboard say nothing old after a commit; staff's own formulas keep what they show."""
    mine = b'<c r="Q1"><f>1+1</f><v>2</v></c></row>'
    saved = {part_of(path, title): parts(path)[part_of(path, title)] for title in ("Start here", "Dashboard")}
    shown = {name: re.sub(rb"</f><v\s*/?>(</v>)?", b"</f><v>not yet</v>", xml) for name, xml in saved.items()}
    orders = parts(path)[part_of(path, "Orders")].replace(b"</row>", mine, 1)
    rewrite(path, {**shown, part_of(path, "Orders"): orders})
    land(open_book(path), "15")
    after = parts(path)
    for name, xml in shown.items():
        assert xml.count(b"<v>not yet</v>") > 1
        assert after[name] == xml.replace(b"<v>not yet</v>", b"")
    assert mine in after[part_of(path, "Orders")]


@pytest.mark.parametrize("title", ["Orders", "_ledger"])
def test_init_answers_a_damaged_cell(book: XlsxWorkbook, path: Path, title: str) -> None:
    """A text that is not among the shared ones is damage, never a bug of ours."""
    part = part_of(path, title)
    rewrite(path, {part: parts(path)[part].replace(b"</row>", b'<c r="Z1" t="s"><v>99999</v></c></row>', 1)})
    with pytest.raises(Damaged, match=r"^orders\.xlsx is damaged inside: "):
        open_book(path).provision()


@pytest.mark.parametrize(("drawn", "left"), [(b"<xdr:wsDr/>", 2), (b"<xdr:wsDr><xdr:oneCellAnchor/></xdr:wsDr>", 9)])
def test_the_drawing_that_libreoffice_gives_every_tab_keeps_no_rows(
    book: XlsxWorkbook, path: Path, drawn: bytes, left: int
) -> None:
    """Orders move to Archive and the log of runs is cut; with a picture in the drawing rows stay where they are."""
    land(book, "15")
    change: dict[str, bytes | None] = {"xl/drawings/drawing9.xml": drawn}
    for title in ("Orders", "Runs"):
        part = part_of(path, title)
        folder, _, file = part.rpartition("/")
        change[part] = parts(path)[part].replace(b"</worksheet>", b'<drawing r:id="rId9"/></worksheet>')
        change[f"{folder}/_rels/{file}.rels"] = (
            b'<Relationships><Relationship Id="rId9" Type="x/drawing" Target="/xl/drawings/drawing9.xml"/></Relationships>'
        )
    rewrite(path, change)
    again = open_book(path)
    revision = again.read().revision
    assert again.obstacle(["15"]) == ("" if left == 2 else "objects", set())
    revision = again.commit(Commit("run", append={"runs": [{"run": str(number)} for number in range(9)]}), revision)
    again.commit(Commit("run", prune={"runs": 2}), revision)
    assert len(again.read().tabs["runs"]) == left


def test_an_odd_cell_concerns_its_own_row_only(book: XlsxWorkbook, path: Path) -> None:
    """Where a time stands for a number it is read as a text; a row with a cell that nobody can read stays in Orders."""
    land(book, "15", "16", "17")
    part = part_of(path, "Orders")
    xml = parts(path)[part]
    for row, before, cell in (
        (2, b'<c r="E2"', b'<c r="D2" t="d"><v>12:30:00</v></c>'),
        (3, b'<c r="E3"', b'<c r="D3"><v>NaN</v></c>'),
        (4, b"</row>", b'<c r="Q4" t="s"><v>99999</v></c>'),
    ):
        place = xml.index(before, xml.index(b'<row r="%d"' % row))
        xml = xml[:place] + cell + xml[place:]
    rewrite(path, {part: xml})
    again = open_book(path)
    assert again.read().tabs["orders"]["start_count"].tolist() == ["12:30:00", "NaN", None]
    assert again.obstacle(["15", "16", "17"]) == ("", {"17"})
    again.commit(Commit("run", archive={key: {"id": key} for key in ("15", "16", "17")}), again.read().revision)
    assert list(again.read().tabs["orders"].index) == ["17"]
    assert list(again.read().tabs["archive"].index) == ["15", "16"]


# --- texts, times, heights -----------------------------------------------------------------------------------------------------


def test_plain_openpyxl_reads_the_same_texts(book: XlsxWorkbook, path: Path) -> None:
    """Somebody else's script sees what the customer wrote, as text."""
    texts = ["a\r\nb", "_x000D_", "=1+1", "+49 30", "😀 é", " edge ", "007"]
    for number, text in enumerate(texts):
        land(book, str(number), comments=text, note=text)
    sheet = openpyxl.load_workbook(path)["Orders"]
    for column in ("M", "O"):
        cells = [sheet[f"{column}{number}"] for number in range(2, 2 + len(texts))]
        assert [cell.value for cell in cells] == texts
        assert {cell.data_type for cell in cells} == {"s"}
    assert sheet["M4"].quotePrefix
    assert sheet["O8"].number_format == "@"


def test_times_are_in_the_workbooks_zone(path: Path) -> None:
    """A time is shown as the office's clock shows it; one without a zone stays as it is."""
    book = open_book(path, zone=ZoneInfo("Asia/Kolkata"))
    book.provision()
    land(book, "15", received=datetime(2026, 3, 2, 9, 41, 7, 999, tzinfo=UTC))
    cell = openpyxl.load_workbook(path)["Orders"]["L2"]
    assert str(cell.value) == "2026-03-02 15:11:07"
    assert cell.number_format == "yyyy-mm-dd hh:mm"
    assert openpyxl.load_workbook(path)["Start here"]["B4"].value == "Asia/Kolkata"


def test_long_texts_get_a_readable_height(book: XlsxWorkbook, path: Path) -> None:
    """Wrapped texts show up to six lines; a longer answer raises its row, a shorter one leaves it."""
    land(book, "1")
    land(book, "2", comments="x\n" * 50)
    land(book, "3", comments="two\nlines")
    book.commit(Commit("run", sync={"orders": {"3": "#3 · " + "word " * 40, "2": "#2 · Sent."}}), book.read().revision)
    sheet = openpyxl.load_workbook(path)["Orders"]
    assert [sheet.row_dimensions[number].height for number in (2, 3, 4)] == [None, 90, 75]


def test_logs_are_read_only_when_asked_for(book: XlsxWorkbook, path: Path) -> None:
    """A broken History does not stop a run, and is named when it is read."""
    book.commit(Commit("run", append={"history": [{"id": "15", "tab": "Orders"}]}), book.read().revision)
    part = part_of(path, "Change log")
    rewrite(path, {part: parts(path)[part].replace(b">15<", b">&nonsense;<")})
    tabs = open_book(path).read().tabs
    assert len(tabs["orders"]) == 0
    assert "history" in tabs
    with pytest.raises(Damaged, match=r"Tab 'Change log' of orders\.xlsx is damaged inside"):
        _ = tabs["history"]
    with pytest.raises(KeyError):
        _ = tabs["nonsense"]


# --- the file --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lock", "content", "who"),
    [
        (
            ".~lock.orders.xlsx#",
            b",ann,laptop,02.03.2026 09:41,file:///home/ann;",
            "LibreOffice (ann), says .~lock.orders.xlsx#",
        ),
        (".~lock.orders.xlsx#", b"", "LibreOffice, says .~lock.orders.xlsx#"),
        ("~$orders.xlsx", b"\x07Bob Day" + b" " * 47, "Excel (Bob Day), says ~$orders.xlsx"),
        ("~$orders.xlsx", b"", "Excel, says ~$orders.xlsx"),
        ("~$ders.xlsx", b"", "Excel, says ~$ders.xlsx"),
        (".~orders.xlsx", b"", "WPS Office, says .~orders.xlsx"),
        (".~rders.xlsx", b"", "WPS Office, says .~rders.xlsx"),
    ],
)
def test_a_workbook_that_is_open_is_not_written(
    book: XlsxWorkbook, path: Path, lock: str, content: bytes, who: str
) -> None:
    """Whoever has it open would overwrite us, or we them: the program and the person are named."""
    revision = land(book, "15")
    before = path.read_bytes()
    (path.parent / lock).write_bytes(content)
    for attempt in (lambda: book.commit(Commit("run", meta={"a": "b"}), revision), lambda: book.provision(["77"])):
        with pytest.raises(Unavailable) as caught:
            attempt()
        assert caught.value.what == f"orders.xlsx is open in {who}."
    assert path.read_bytes() == before
    assert [finding.what for finding in book.check() if not finding.ok] == ["open"]
    assert len(book.read().tabs["orders"]) == 1


def test_a_program_that_holds_the_file_without_a_lock_file(
    book: XlsxWorkbook, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share refuses the replacement, though this user may write there: it is open somewhere, and that is said (exit 5)."""
    revision = land(book, "15")
    before = path.read_bytes()

    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(Unavailable) as caught:
        book.commit(Commit("run", meta={"a": "b"}), revision)
    assert caught.value.what == (
        "orders.xlsx is open in a program, on this machine or on another that shares its folder."
    )
    assert caught.value.next_step == "Save and close it there, then run again."
    assert path.read_bytes() == before


@pytest.mark.parametrize("sign", [".orders.xlsx.~1f2e", "orders.xlsx.part", ".syncthing.orders.xlsx.tmp"])
def test_a_file_that_a_sync_program_is_bringing(book: XlsxWorkbook, path: Path, sign: str) -> None:
    """Half a file beside a sync program's own is not damage: it is whole in a minute."""
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(Damaged):
        book.read()
    (path.parent / sign).touch()
    with pytest.raises(Unavailable) as caught:
        book.read()
    assert caught.value.what == f"orders.xlsx is not whole: a sync program is bringing it, says {sign}."


def test_opened_in_the_last_moment(book: XlsxWorkbook, path: Path) -> None:
    """A program that opens the file while we write our copy stops us before the replacement."""
    revision = land(book, "15")
    before = path.read_bytes()
    boundary.set_hook(lambda name: (path.parent / "~$orders.xlsx").touch() if name == "file.after-temp" else None)
    with pytest.raises(Unavailable, match="open in Excel"):
        book.commit(Commit("run", meta={"a": "b"}), revision)
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == ["orders.xlsx", "~$orders.xlsx"]


def test_a_save_in_the_last_moment_is_kept(book: XlsxWorkbook, path: Path) -> None:
    """Staff save between our load and our replacement: the change goes into their content."""
    revision = land(book, "15")
    times: list[str] = []

    def save(name: str) -> None:
        if name == "file.before-temp" and not times:
            times.append(name)
            made = openpyxl.load_workbook(path)
            made["Orders"]["O2"] = "typed just now"
            made.save(path)

    boundary.set_hook(save)
    book.commit(Commit("run", sync={"orders": {"15": "#15 · Sent."}}), revision)
    row = open_book(path).read().tabs["orders"].loc["15"]
    assert (row["note"], row["sync"]) == ("typed just now", "#15 · Sent.")


def test_a_workbook_that_never_stands_still(book: XlsxWorkbook, path: Path) -> None:
    """After three attempts the run gives way."""
    revision = land(book, "15")

    def save(name: str) -> None:
        if name == "file.before-temp":
            rewrite(path, {"docProps/extra.xml": os.urandom(8)})

    boundary.set_hook(save)
    with pytest.raises(RevisionMoved, match="saved by somebody else"):
        book.commit(Commit("run", meta={"a": "b"}), revision)
    assert "a" not in open_book(path).read().meta


@pytest.mark.parametrize(
    "name", ["file.before-temp", "file.after-temp", "file.before-replace", "file.after-replace", "book.after-commit"]
)
def test_killed_while_saving(book: XlsxWorkbook, path: Path, name: str) -> None:
    """SIGKILL at every file boundary: the file is the old or the new one, and the next commit cleans up."""
    revision = land(book, "15")
    child = os.fork()
    if child == 0:  # pragma: no cover - dies
        boundary.set_hook(lambda at: os.kill(os.getpid(), signal.SIGKILL) if at == name else None)
        book.commit(Commit("run", append={"orders": [{"id": "16"}]}), revision)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    now = open_book(path).read()
    assert (now.revision, list(now.tabs["orders"].index)) in ((revision, ["15"]), (revision + 1, ["15", "16"]))
    land(open_book(path), "17")
    assert [each.name for each in path.parent.iterdir()] == ["orders.xlsx"]


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        (errno.ENOSPC, Unavailable, "The disk is full: orders.xlsx could not be saved. It is as it was."),
        (errno.EDQUOT, Unavailable, "The disk is full: orders.xlsx could not be saved. It is as it was."),
        (errno.EIO, Unavailable, "orders.xlsx could not be saved: Input/output error. It is as it was."),
        (errno.EACCES, AccessRefused, "orders.xlsx could not be saved: this user may not write in"),
    ],
)
def test_a_disk_that_fails(
    book: XlsxWorkbook, path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception], words: str
) -> None:
    """Full or broken: clear words, no leftovers, the workbook as it was, and a later commit works."""
    revision = land(book, "15")
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(xlsx_file.os, "fsync", fail)
        with pytest.raises(error) as caught:
            book.commit(Commit("run", append={"orders": [{"id": "16"}]}), revision)
    assert str(caught.value).startswith(words)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["orders.xlsx"]
    assert book.commit(Commit("run", append={"orders": [{"id": "16"}]}), revision) == revision + 1
    assert list(book.read().tabs["orders"].index) == ["15", "16"]


@pytest.mark.parametrize(("number", "sound"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_folder_that_is_not_confirmed(
    book: XlsxWorkbook, path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, sound: bool
) -> None:
    """After the replacement the truth is told: it was saved. A share that cannot confirm folders is fine."""
    revision = land(book, "15")
    real = os.fsync

    def fail(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        real(handle)

    monkeypatch.setattr(xlsx_file.os, "fsync", fail)
    if sound:
        book.commit(Commit("run", meta={"a": "b"}), revision)
    else:
        with pytest.raises(Unavailable, match=r"orders\.xlsx was saved, but the disk did not confirm it"):
            book.commit(Commit("run", meta={"a": "b"}), revision)
    assert book.read().meta["a"] == "b"


def test_a_lock_file_of_another_user(book: XlsxWorkbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without any way to lock, nothing is written."""
    monkeypatch.setattr(xlsx_file, "fcntl", None)
    monkeypatch.setattr(xlsx_file.tempfile, "gettempdir", lambda: str(tmp_path / "nowhere"))
    with pytest.raises(AccessRefused, match="lock file"):
        land(book, "15")


def test_a_read_only_file_is_not_replaced(book: XlsxWorkbook, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run refuses it in the words that doctor has for it."""
    before = path.read_bytes()
    monkeypatch.setattr(xlsx_file.os, "access", lambda place, _: place != path)
    with pytest.raises(AccessRefused) as refused:
        land(book, "15")
    assert refused.value.what == book.check()[1].text == f"{path} may not be written to by this user."
    assert refused.value.next_step == book.check()[1].next_step
    assert path.read_bytes() == before


def test_permissions_and_links_are_kept(book: XlsxWorkbook, path: Path) -> None:
    """The file keeps its rights, and a link stays a link to the file that is written."""
    path.chmod(0o640)
    link = path.parent / "elsewhere" / "link.xlsx"
    link.parent.mkdir()
    link.symlink_to(path)
    land(open_book(link), "15")
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(open_book(path).read().tabs["orders"].index) == ["15"]
    (path.parent / "~$orders.xlsx").touch()
    with pytest.raises(Unavailable, match="open in Excel"):
        land(open_book(link), "16")


def test_one_writer_at_a_time(book: XlsxWorkbook, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process writes, this one waits, and in the end says so."""
    revision = land(book, "15")
    monkeypatch.setattr(xlsx_file, "PATIENCE_SECONDS", 0.0)
    with xlsx_file.sole_writer(path), pytest.raises(Unavailable, match="Another run is writing"):
        book.commit(Commit("run", meta={"a": "b"}), revision)
    assert book.commit(Commit("run", meta={"a": "b"}), revision) == revision + 1


def test_a_folder_that_cannot_be_locked(
    book: XlsxWorkbook, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Some network shares lock no folders: a file in the temporary folder does instead."""
    monkeypatch.setattr(xlsx_file.tempfile, "gettempdir", lambda: str(tmp_path))
    real, folder = xlsx_file.fcntl.flock, path.parent.stat().st_ino

    def flock(handle: int, how: int) -> None:
        if os.fstat(handle).st_ino == folder:
            raise OSError(errno.EBADF, "no")
        real(handle, how)

    monkeypatch.setattr(xlsx_file.fcntl, "flock", flock)
    land(book, "15")
    assert list(book.read().tabs["orders"].index) == ["15"]
    assert any(each.name.startswith("reconcile-") for each in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "words"),
    [("orders.xlsm", "macros"), ("orders.csv", "not an .xlsx workbook"), ("orders", "not an .xlsx workbook")],
)
def test_other_kinds_of_files_are_refused(tmp_path: Path, name: str, words: str) -> None:
    """By name, before anything is touched."""
    with pytest.raises(SettingsError, match=words):
        open_book(tmp_path / name)


def zipped(**names: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in names.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", Damaged, "not a complete .xlsx workbook"),
        (b"ID,User\n15,x\n", Damaged, r"is a text \(perhaps .csv\) under the name of an .xlsx workbook"),
        (b"\xef\xbb\xbf<!DOCTYPE html><table>", Damaged, "is a web page under the name"),
        (b"\n <html>", Damaged, "is a web page under the name"),
        (b"%PDF-1.7", Damaged, "is a PDF file under the name"),
        (b'{"a": 1}', Damaged, "is a JSON file under the name"),
        (b"\x00\x01" * 99, Damaged, "not a complete .xlsx workbook"),
        (
            zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
            Damaged,
            r"is an OpenDocument file \(.ods\)",
        ),
        (zipped(**{"xl__workbook.bin": b""}), Damaged, r"is a binary workbook \(.xlsb\)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, AccessRefused, "protected with a password"),
        (zipped(a=b"b"), Damaged, "not a complete .xlsx workbook"),
        (zipped(**{"xl__vbaProject.bin": b""}), Damaged, "macros"),
        (zipped(**{"_xmlsignatures__sig1.xml": b""}), Damaged, "signed"),
    ],
)
def test_what_is_no_workbook_is_refused(path: Path, data: bytes, error: type[Exception], words: str) -> None:
    """Each with what it is."""
    path.write_bytes(data)
    with pytest.raises(error, match=words):
        open_book(path).read()
    assert [finding.ok for finding in open_book(path).check()][-1] is False


def test_an_empty_file(path: Path) -> None:
    """A download that failed, or a file made by hand: what to do depends on what it held."""
    path.touch()
    with pytest.raises(Damaged) as refused:
        open_book(path).provision()
    assert (refused.value.what, refused.value.next_step) == (
        "orders.xlsx is empty, so not a complete .xlsx workbook.",
        "Restore it from a backup. If it never held anything, delete it, then run `reconcile init`.",
    )


def test_a_strict_workbook_is_read_but_not_completed(book: XlsxWorkbook, path: Path) -> None:
    """Excel's *Strict Open XML* is refused by its name where openpyxl would see no tabs."""
    made = openpyxl.load_workbook(path)
    made["Orders"]["P1"] = "Mine"
    made.save(path)
    strict = {
        name: data.replace(
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        )
        for name, data in parts(path).items()
    }
    rewrite(path, {**strict})
    with pytest.raises(Damaged) as refused:
        open_book(path).provision()
    assert (refused.value.what, refused.value.next_step) == (
        "orders.xlsx lacks tabs or headings, and is saved as Strict Open XML, to which they cannot be added.",
        "Save it as an ordinary .xlsx workbook (not Strict), then run init again.",
    )


def test_a_file_cut_at_any_place_is_refused(book: XlsxWorkbook, path: Path) -> None:
    """A copy that did not finish is Damaged, never half-read."""
    land(book, "15")
    whole = path.read_bytes()
    for length in range(0, len(whole), 997):
        path.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            open_book(path).read()


def test_a_file_that_is_being_saved_is_not_called_damaged(book: XlsxWorkbook, path: Path) -> None:
    """Half a file beside a program's lock file will be whole in a moment."""
    path.write_bytes(path.read_bytes()[:5000])
    (path.parent / "~$orders.xlsx").touch()
    with pytest.raises(Unavailable, match=r"orders\.xlsx is being saved in Excel"):
        book.read()


def test_flipped_bits_are_refused_or_harmless(book: XlsxWorkbook, path: Path) -> None:
    """The archive's checksums find what the disk did."""
    land(book, "15")
    whole = path.read_bytes()
    seen = open_book(path).read().tabs["orders"].to_dict("records")
    for place in range(0, len(whole), 1499):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            assert open_book(path).read().tabs["orders"].to_dict("records") == seen
        except (Damaged, AccessRefused):
            continue


@pytest.mark.parametrize(
    ("offset", "bits"), [(8, 0x01), (8, 0x20), (10, 0x04), (11, 0x10)], ids=["locked", "patched", "bzip2", "unknown"]
)
def test_a_part_packed_in_another_way_is_damage(book: XlsxWorkbook, path: Path, offset: int, bits: int) -> None:
    """A flipped bit in the archive's directory, of any part that is read: answered in words, never as a bug."""
    land(book, "15")
    whole = path.read_bytes()
    refused = 0
    for entry in [found.start() + offset for found in re.finditer(rb"PK\x01\x02", whole)]:
        path.write_bytes(whole[:entry] + bytes([whole[entry] ^ bits]) + whole[entry + 1 :])
        try:
            land(open_book(path), "16")
        except Damaged:
            refused += 1
    assert refused > 10


def test_a_zip_that_unpacks_to_too_much(book: XlsxWorkbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb is not unpacked."""
    monkeypatch.setattr(xlsx_package, "MAX_UNPACKED", 1000)
    with pytest.raises(Damaged, match="far too big"):
        book.read()


def test_a_workbook_that_is_not_there(path: Path) -> None:
    """Not a bug: what to check, and how to make it."""
    with pytest.raises(SettingsError, match="There is no workbook"):
        open_book(path).read()
    with pytest.raises(Unavailable):
        open_book(path).commit(Commit("run"), 0)
    assert [(finding.what, finding.ok) for finding in open_book(path).check()] == [("file", False)]


def test_an_unreadable_workbook(book: XlsxWorkbook, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are AccessRefused, a broken disk is Unavailable."""

    def refuse(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "no")

    def fail(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(AccessRefused, match="may not be read"):
        book.read()
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(Unavailable, match="cannot be read: Input/output error"):
        book.read()


def test_what_doctor_hears(book: XlsxWorkbook, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each finding in words, with what to do."""
    assert [(finding.what, finding.ok, finding.text) for finding in book.check()] == [
        ("file", True, "orders.xlsx is there and can be read."),
        ("writable", True, "It can be saved."),
        ("open", True, "No program has it open."),
        ("structure", True, "All tabs and headings are there; revision 1."),
        ("template", True, "Template version 4; this reconcile has 4."),
    ]
    monkeypatch.setattr(xlsx_file.os, "access", lambda place, _: place != path)
    assert book.check()[1].text == f"{path} may not be written to by this user."
    made = openpyxl.load_workbook(path)
    made["Orders"]["E1"] = "Stand"
    made.save(path)
    assert book.check()[-1].text == "Tab 'Orders' of orders.xlsx has no heading 'Status' in row 1."
