"""Odd but valid .xlsx files, each made here from a workbook of ours: read and synced by the real command, whole afterwards."""

from __future__ import annotations

import re
import struct
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.table import Table

from reconcile.workbook import xlsx_package
from reconcile.workbook.xlsx import XlsxWorkbook
from tests.workbook.test_writers import defects
from tests.workbook.test_xlsx_forms import (
    Parts,
    in_another_case,
    in_utf16,
    parts,
    save,
    with_absolute_targets,
    with_backslashes,
    with_comments,
    without_references,
    without_styles,
    without_what_is_optional,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Terminal

MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONS = b"http://purl.oclc.org/ooxml/officeDocument/relationships"
WORKBOOK = "xl/workbook.xml"
SHARED = "xl/sharedStrings.xml"
UNSEEN = (in_another_case, with_backslashes)
"""Forms whose parts a plain look at names does not find; the check of the package needs that."""


def changed(made: Parts, change: Callable[[bytes], bytes], *, only: str = "worksheets/sheet") -> Parts:
    return {name: change(data) if only in name and not name.endswith(".rels") else data for name, data in made.items()}


def orders_of(made: Parts) -> str:
    """The part of the tab Orders."""
    (sheet,) = re.findall(rb'<sheet [^>]*name="Orders"[^>]*>', made[WORKBOOK])
    rid = re.search(rb'r:id="([^"]+)"|:id="([^"]+)"', sheet)
    assert rid
    (rel,) = [
        each
        for each in re.findall(rb"<Relationship [^>]*>", made["xl/_rels/workbook.xml.rels"])
        if b'Id="' + (rid[1] or rid[2]) + b'"' in each
    ]
    target = re.search(rb'Target="([^"]+)"', rel)
    assert target
    name = target[1].decode()
    return name.lstrip("/") if name.startswith("/") else "xl/" + name


def on_orders(made: Parts, change: Callable[[bytes], bytes]) -> Parts:
    name = orders_of(made)
    return {**made, name: change(made[name])}


# --- parts ----------------------------------------------------------------------------------------------------------------


def strict(made: Parts) -> Parts:
    """ISO 29500 Strict: other namespaces, the same content."""
    swap = lambda data: data.replace(MAIN, STRICT).replace(RELATIONS, STRICT_RELATIONS)  # noqa: E731 - two replacements
    return {name: swap(data) for name, data in made.items()}


def with_1904_dates(made: Parts) -> Parts:
    data = made[WORKBOOK]
    flagged = re.sub(rb"<workbookPr\b", b'<workbookPr date1904="1"', data, count=1)
    return {**made, WORKBOOK: flagged}


def in_windows_1252(made: Parts) -> Parts:
    """One part in a legacy encoding; what it lacks is written as references."""

    def legacy(data: bytes) -> bytes:
        text = re.sub(r"^<\?xml[^>]*\?>\s*", "", data.decode("utf-8"))
        return ('<?xml version="1.0" encoding="windows-1252"?>' + text).encode("cp1252", "xmlcharrefreplace")

    return on_orders(made, legacy)


def inline(made: Parts, text: bytes) -> Parts:
    """The first Status of an order as another form of text."""
    pattern = re.compile(rb'<c r="([A-Z]+2)"([^>]*?) t="(?:s|inlineStr|str)"([^>]*)>(?:(?!</c>).)*</c>', re.DOTALL)

    def put(data: bytes) -> bytes:
        found = [each for each in pattern.finditer(data) if each[1] == STATUS_CELL]
        assert found
        cell = found[0]
        new = b'<c r="' + cell[1] + b'"' + cell[2] + b' t="inlineStr"' + cell[3] + b"><is>" + text + b"</is></c>"
        return data[: cell.start()] + new + data[cell.end() :]

    return on_orders(made, put)


STATUS_CELL = b""
"""Where the Status of order 15 stands; set by the test."""


def rich_inline(made: Parts) -> Parts:
    return inline(made, b'<r><rPr><b/></rPr><t>Can</t></r><r><t xml:space="preserve">celed</t></r>')


def phonetic_inline(made: Parts) -> Parts:
    return inline(made, b'<t>Canceled</t><rPh sb="0" eb="2"><t>Completed</t></rPh><phoneticPr fontId="0"/>')


def shared_with_space(made: Parts) -> Parts:
    if SHARED not in made:
        return changed(made, lambda data: data.replace(b"<t>", b'<t xml:space="preserve">'))
    return {**made, SHARED: made[SHARED].replace(b"<t>", b'<t xml:space="preserve">')}


def with_bom(made: Parts) -> Parts:
    return changed(made, lambda data: b"\xef\xbb\xbf" + data)


def with_a_doctype_free_standalone(made: Parts) -> Parts:
    return changed(made, lambda data: re.sub(rb"^<\?xml[^>]*\?>", b"<?xml version='1.0' standalone='yes'?>", data))


def with_a_sheet_named_twice(made: Parts) -> Parts:
    """A second <sheet> that names a part which is named already, under another title."""
    (sheet,) = re.findall(rb'<sheet [^>]*name="Orders"[^>]*/>', made[WORKBOOK])
    twin = re.sub(rb'sheetId="\d+"', b'sheetId="999"', sheet.replace(b'name="Orders"', b'name="Twin"'))
    return {**made, WORKBOOK: made[WORKBOOK].replace(b"</sheets>", twin + b"</sheets>")}


PARTS = [
    without_references,
    in_utf16,
    in_another_case,
    with_backslashes,
    with_absolute_targets,
    without_what_is_optional,
    without_styles,
    with_comments,
    strict,
    in_windows_1252,
    rich_inline,
    phonetic_inline,
    shared_with_space,
    with_bom,
    with_a_doctype_free_standalone,
]


def wanted(terminal: Terminal) -> None:
    """A refund, a correct count, and an order that waits at the panel."""
    terminal.edit("Orders", "15", status="Canceled")
    terminal.edit("Orders", "16", status="In progress", start_count=1234)
    terminal.panel.add_order("501", "1", link="l", quantity="10", charge="1", user_id="u")


def done(terminal: Terminal, *, find: bool = True, strictly: bool = False) -> None:
    """One refund, the count at the panel, the new order in one row, and a second run has nothing to do.

    find: the parts have plain names and an encoding that the check of packages reads; strictly: a form that openpyxl only half knows.
    """
    for _ in range(2):
        ended = terminal.type("sync")
        assert ended.code == 0, ended.out + ended.err
    actions = [call.action for call in terminal.panel.requests]
    assert actions.count("setCanceled") == 1
    assert terminal.panel.state.orders["16"].start_count == "1234"
    with zipfile.ZipFile(terminal.book) as archive:
        assert archive.testzip() is None
    if find:
        assert defects(terminal.book) == []
    shown = XlsxWorkbook(terminal.book).read().tabs["orders"]
    assert list(shown["id"]) == ["15", "16", "501"]
    if find and not strictly:
        assert [str(row["ID"]) for row in terminal.rows("Orders") if row["ID"]] == ["15", "16", "501"]


@pytest.mark.parametrize("form", PARTS, ids=lambda form: form.__name__)
def test_parts_in_another_form(
    synced: Terminal, monkeypatch: pytest.MonkeyPatch, form: Callable[[Parts], Parts]
) -> None:
    """What staff typed is sent once; the order lands below; the file is whole."""
    wanted(synced)
    sheet = openpyxl.load_workbook(synced.book)["Orders"]
    (cell,) = [each.coordinate for each in sheet[2] if each.value == "Canceled"]
    monkeypatch.setattr(f"{__name__}.STATUS_CELL", cell.encode())
    save(synced.book, form(parts(synced.book)))
    done(synced, find=form not in (*UNSEEN, in_utf16), strictly=form is strict)


def test_zip64(synced: Terminal) -> None:
    """Sizes and places in the extra fields of 64 bits, as writers that do not know them beforehand have them."""
    wanted(synced)
    made = parts(synced.book)
    with zipfile.ZipFile(synced.book, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in made.items():
            with archive.open(name, "w", force_zip64=True) as part:
                part.write(data)
    assert struct.pack("<HH", 1, 16) in synced.book.read_bytes()
    done(synced)


# --- content --------------------------------------------------------------------------------------------------------------


def native_table(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["Orders"]
    last = openpyxl.utils.get_column_letter(sheet.max_column)
    sheet.auto_filter.ref = None
    sheet.add_table(Table(displayName="T", ref=f"A1:{last}3"))
    book.save(path)


def merged_cells(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book["Start here"].merge_cells("H40:J42")
    book.save(path)


def a_chart_and_a_chart_sheet(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    chart = BarChart()
    chart.add_data(Reference(book["Orders"], min_col=1, min_row=1, max_row=3))
    book["Orders"].add_chart(chart, "Z30")
    book.create_chartsheet("Chart").add_chart(BarChart())
    book.save(path)


def a_tab_whose_title_differs_by_a_space(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book.create_sheet("orders ")["A1"] = "ID"
    book.save(path)


CONTENT = [native_table, merged_cells, a_chart_and_a_chart_sheet, a_tab_whose_title_differs_by_a_space]


@pytest.mark.parametrize("form", CONTENT, ids=lambda form: form.__name__)
def test_content_of_staffs_own(synced: Terminal, form: Callable[[Path], None]) -> None:
    """What staff added stays; orders land all the same."""
    wanted(synced)
    form(synced.book)
    before = [name for name, _ in xlsx_package.unpack(synced.book.read_bytes(), "orders.xlsx").sheets]
    done(synced)
    assert [name for name, _ in xlsx_package.unpack(synced.book.read_bytes(), "orders.xlsx").sheets] == before


@pytest.mark.parametrize("form", [with_a_sheet_named_twice, with_1904_dates], ids=lambda form: form.__name__)
def test_what_cannot_be_trusted_stops_or_goes_on_whole(synced: Terminal, form: Callable[[Parts], Parts]) -> None:
    """Either it is refused with one sentence and nothing is sent, or everything is done once; never a bug."""
    wanted(synced)
    save(synced.book, form(parts(synced.book)))
    before = synced.book.read_bytes()
    ended = synced.type("sync")
    assert ended.code in (0, 8), ended.out + ended.err
    actions = [call.action for call in synced.panel.requests]
    assert actions.count("setCanceled") == (1 if ended.code == 0 else 0)
    if ended.code:
        assert synced.book.read_bytes() == before
        assert "→" in ended.err
