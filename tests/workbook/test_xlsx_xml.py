"""Reading what other programs write into a worksheet, and changing no more than meant."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core.cells import Formula
from reconcile.errors import Damaged
from reconcile.workbook import frames
from reconcile.workbook.xlsx_xml import (
    EPOCH_1904,
    NO_CONTEXT,
    Area,
    Context,
    Formulas,
    Ink,
    Place,
    Reader,
    Sheet,
    Styles,
    at_least,
    column_index,
    formulas_in,
    read_cells,
    read_strings,
    style_at,
    text_xml,
    utf8,
    where,
    with_cells,
    written_out,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconcile.core.model import Cell


def shown(*parts: int) -> datetime:
    """A date as a cell shows it, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


HEAD = '<?xml version="1.0"?><worksheet xmlns="m"><dimension ref="A1:B2"/><cols><col min="2" max="3" style="4"/></cols>'
STYLES = (
    b'<styleSheet><numFmts count="2"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="0 &quot;days&quot;"/>'
    b'</numFmts><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="164" fontId="1"><alignment'
    b' wrapText="1"/></xf><xf numFmtId="49"/><xf numFmtId="14"/></cellXfs><tail/></styleSheet>'
)


def sheet(rows: str) -> Sheet:
    """A worksheet with these rows."""
    return Sheet.cut(f"{HEAD}<sheetData>{rows}</sheetData><after/></worksheet>".encode(), "Tab")


def cells(
    rows: str, *, strings: Sequence[str] = (), dates: frozenset[str] = frozenset(), epoch: datetime | None = None
) -> list[Cell]:
    """All cells of the first row of these rows."""
    context = Context(strings, dates) if epoch is None else Context(strings, dates, epoch)
    return next(iter(read_cells(sheet(rows), context, None)))[1]


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ('<c r="A1"><v>12</v></c>', 12),
        ('<c r="A1"><v>12.0</v></c>', 12.0),
        ('<c r="A1"><v>1.2E+3</v></c>', 1200.0),
        ('<c r="A1" t="n"><v>-0.5</v></c>', -0.5),
        ('<c r="A1" t="b"><v>1</v></c>', True),
        ('<c r="A1" t="b"><v>0</v></c>', False),
        ('<c r="A1" t="e"><v>#REF!</v></c>', "#REF!"),
        ('<c r="A1" t="s"><v>1</v></c>', "two"),
        ('<c r="A1" t="s"><v>2</v></c>', None),
        ('<c r="A1" t="str"><v>text</v></c>', "text"),
        ('<c r="A1" t="inlineStr"><is><t>in &amp; line</t></is></c>', "in & line"),
        ('<c r="A1" t="inlineStr"><is><r><rPr><b/></rPr><t>ri</t></r><r><t>ch</t></r></is></c>', "rich"),
        ('<c r="A1" t="inlineStr"><is><t>漢字</t><rPh sb="0" eb="1"><t>かんじ</t></rPh></is></c>', "漢字"),
        ('<c r="A1" t="inlineStr"><is><t/></is></c>', None),
        ('<c r="A1" t="inlineStr"><is><t>a_x000D_\nb_x005F_x000D_</t></is></c>', "a\r\nb_x000D_"),
        ('<c r="A1" s="7"/>', None),
        ('<c r="A1" s="7"></c>', None),
        ('<c r="A1" t="d"><v>2026-03-02T09:41:00</v></c>', shown(2026, 3, 2, 9, 41)),
        ('<c r="A1" s="3"><v>46083.4034722222</v></c>', shown(2026, 3, 2, 9, 41)),
        ('<c r="A1" s="3"><v>9E+99</v></c>', 9e99),
        ('<c r="A1" t="d"><v>12:30:00</v></c>', "12:30:00"),
        ('<c r="A1" t="d"><v>PT3H</v></c>', "PT3H"),
        ('<c r="A1" t="n"><v>NaN</v></c>', "NaN"),
        ('<c r="A1" s="3"><v>1.2.3</v></c>', "1.2.3"),
        ('<c r="A1"><f>SUM(B1:B2)</f><v>3</v></c>', Formula("=SUM(B1:B2)")),
        ('<c r="A1" t="str"><f>B1&amp;"x"</f><v>x</v></c>', Formula('=B1&"x"')),
        ('<c r="A1" t="b"><f>TRUE()</f><v>1</v></c>', True),
        ('<c r="A1" t="array"><f t="array" ref="A1">B1</f></c>', Formula("=B1")),
        ("<c><v>5</v></c>", 5),
    ],
)
def test_every_kind_of_cell(xml: str, expected: Cell) -> None:
    """A cell means what ECMA-376 says, whoever wrote it."""
    found = cells(f'<row r="1">{xml}</row>', strings=["one", "two", ""], dates=frozenset({"3"}))[0]
    assert found == expected
    assert type(found) is type(expected)


def test_dates_in_a_workbook_that_counts_from_1904() -> None:
    """Old Mac workbooks start later."""
    assert cells('<row r="1"><c r="A1" s="3"><v>1</v></c></row>', dates=frozenset({"3"}), epoch=EPOCH_1904) == [
        shown(1904, 1, 2)
    ]


def test_shared_formulas_are_written_out() -> None:
    """A formula stored once for many cells is each cell's own."""
    rows = (
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">B1*2</f></c></row><row r="2"><c r="A2"><f t="shared" si="0"/></c></row>'
        '<row r="3"><c r="A3"><f t="shared" si="9"/></c></row>'
    )
    assert [row[0] for _, row in read_cells(sheet(rows), Context([], frozenset()), [0])] == ["=B1*2", "=B2*2", "="]


def test_shared_formulas_written_out_stay_each_cells_own() -> None:
    """Every cell keeps its formula, style and result when the one that held it for all of them goes."""
    rows = (
        '<row r="1"><c r="A1" s="3"><f t="shared" ref="A1:A2" si="0">B1&amp;"!"</f><v>x</v></c><c r="C1"><f>A1</f></c></row>'
        '<row r="2"><c r="A2" t="str"><f t="shared" si="0"/><v>y</v></c></row><row r="3"><c r="A3"><f t="shared" si="9"/></c></row>'
    )
    assert b"".join(written_out(sheet(rows), 5).rows).decode() == (
        '<row r="1"><c r="A1" s="3"><f>B1&amp;"!"</f><v>x</v></c><c r="C1"><f>A1</f></c></row>'
        '<row r="2"><c r="A2" t="str"><f>B2&amp;"!"</f><v>y</v></c></row><row r="3"><c r="A3"><f t="shared" si="9"/></c></row>'
    )


def test_cells_and_rows_without_references_follow_each_other() -> None:
    """References are optional in the format."""
    cut = sheet(
        '<row><c><v>1</v></c></row><row r="5"><c r="C5"><v>3</v></c><c><v>4</v></c></row><row><c><v>6</v></c></row>'
    )
    assert list(read_cells(cut, Context([], frozenset()), None)) == [(1, [1]), (5, [None, None, 3, 4]), (6, [6])]


def test_only_wanted_columns_are_read() -> None:
    """Columns come in the order asked for."""
    cut = sheet('<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c><c r="AA1"><v>27</v></c></row>')
    assert list(read_cells(cut, Context([], frozenset()), [26, 5, 0])) == [(1, [27, None, 1])]


def test_a_prefixed_worksheet() -> None:
    """Some programs write x:row."""
    xml = b'<x:worksheet xmlns:x="m"><x:sheetData><x:row r="2"><x:c r="A2" t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>'
    cut = Sheet.cut(xml, "Tab")
    assert list(read_cells(cut, Context([], frozenset()), None)) == [(2, ["a"])]
    assert cut.xml() == xml
    ink = Ink(ZoneInfo("UTC"), Styles(STYLES, "book"))
    changed = with_cells(cut, 2, cut.rows[0], {1: ink.cell("B2", "b", 0, cut.prefix)})
    assert list(read_cells(cut.with_rows({2: changed}), Context([], frozenset()), None)) == [(2, ["a", "b"])]


@pytest.mark.parametrize(
    "xml", [b"<html/>", b"<!DOCTYPE x><worksheet/>", b"<worksheet/>", "<worksheet/>".encode("utf-16")]
)
def test_what_is_no_worksheet_is_refused(xml: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(Damaged):
        Sheet.cut(xml, "Tab")


def test_comments_and_raw_sections_hide_nothing() -> None:
    """What XML lets stand among rows is read as XML means it; the rows are spelled out without it."""
    rows = (
        '<row r="1"><!-- </row><row r="9"> --><c r="A1" t="str"><v><![CDATA[</row>&]]></v></c></row>'
        '<?note <row r="3"/> ?><row r="2"><c r="A2"><v>5</v></c></row>'
    )
    assert list(read_cells(sheet(rows), NO_CONTEXT, None)) == [(1, ["</row>&"]), (2, [5])]
    assert b"".join(sheet(rows).rows).decode() == (
        '<row r="1"><c r="A1" t="str"><v>&lt;/row&gt;&amp;</v></c></row><row r="2"><c r="A2"><v>5</v></c></row>'
    )


def test_something_else_among_the_rows_is_refused() -> None:
    """Rows are never half read."""
    with pytest.raises(Damaged) as refused:
        sheet('<row r="1"/><other/>')
    assert refused.value.what == "Tab has something else among its rows."


def test_cells_under_two_prefixes_are_refused() -> None:
    """A cell that is written in another way than its row is never taken for a blank one."""
    with pytest.raises(ValueError, match="mix the prefixes of y:c and c"):
        list(read_cells(sheet('<row r="1"><y:c r="A1"><y:v>1</y:v></y:c></row>'), NO_CONTEXT, None))


@pytest.mark.parametrize(
    "part",
    [
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"),
        '<?xml version="1.0" encoding="windows-1254"?><a>é</a>'.encode("cp1254"),
        '<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16-be"),
        '<?xml version="1.0"?><a>é</a>'.encode("utf-8-sig"),
        '<?xml version="1.0" encoding="utf-8"?><a>é</a>'.encode(),
        "<a>é</a>".encode(),
    ],
)
def test_every_encoding_of_a_part(part: bytes) -> None:
    """A part is UTF-8 from the moment it is read, and says so."""
    read = utf8(part)
    assert ET.fromstring(read).text == "é"  # noqa: S314 - our own text
    assert "é" in read.decode()


def test_an_encoding_nobody_knows_is_said() -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="its encoding klingon is not known"):
        utf8(b'<?xml version="1.0" encoding="klingon"?><a/>')


# --- formulas that fill other cells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["array", "dataTable"])
@pytest.mark.parametrize("wanted", [None, [7, 8], [8]])
def test_every_cell_of_an_area_is_a_formula(kind: str, wanted: list[int] | None) -> None:
    """What an array formula spills, and what a data table calculates, is a result, though its cell holds nothing but a value."""
    rows = (
        f'<row r="2"><c r="H2" t="str"><f t="{kind}" ref="H2:I4">UPPER(B2:C4)</f><v>a</v></c><c r="I2"><v>7</v></c></row>'
        '<row r="3"><c r="H3" t="str"><v>Canceled</v></c><c><v>8</v></c><c r="J3"><v>1</v></c></row>'
        '<row r="5"><c r="H5"><v>9</v></c><c r="I5"><v>10</v></c></row>'
    )
    one = Formula("=UPPER(B2:C4)")
    full: dict[int, list[Cell]] = {2: [one, one], 3: [one, one], 5: [9, 10]}
    found = list(read_cells(sheet(rows), NO_CONTEXT, wanted))
    places = range(7, 9) if wanted is None else wanted
    shown = {number: cells[7:9] if wanted is None else cells for number, cells in found}
    assert shown == {number: [cells[place - 7] for place in places] for number, cells in full.items()}
    assert formulas_in(sheet(rows)) == Formulas(any=True, areas=(Area(2, 7, 4, 8, "UPPER(B2:C4)"),))


def test_an_area_begun_above_the_rows_that_are_read() -> None:
    """A part of the rows read by itself knows the areas of those above it."""
    rows = '<row r="2"><c r="A2"><f t="array" ref="A2:A3">B2:B3</f><v>1</v></c></row><row r="3"><c r="A3"><v>2</v></c></row>'
    areas = formulas_in(sheet(rows)).areas
    assert list(read_cells(sheet(rows), NO_CONTEXT, None, first=1, areas=areas)) == [(3, [Formula("=B2:B3")])]


def test_an_area_becomes_its_values_where_a_cell_of_it_is_written() -> None:
    """One cell of an area cannot be another: the formula goes, what it shows stays."""
    rows = (
        '<row r="1"><c r="A1"><f t="array" ref="A1:A2">B1:B2</f><v>1</v></c><c r="C1"><f t="array" ref="C1:C2">B1:B2</f><v>1</v></c></row>'
        '<row r="2"><c r="A2"><v>2</v></c><c r="C2"><v>2</v></c></row>'
    )
    assert b"".join(written_out(sheet(rows), 0).rows).decode() == rows.replace('<f t="array" ref="A1:A2">B1:B2</f>', "")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(["", ' s="3"', ' s="3" t="s"', ' t="str" s="1"', " s='2'"]),
            st.sampled_from(
                [None, "", "<v>1</v>", "<is><t>&lt;c>x</t></is>", "<f>A1</f><v>2</v>", '<f t="shared" si="0"/>', "<v/>"]
            ),
            st.booleans(),
        ),
        max_size=6,
    ),
    st.sampled_from(["", "x:"]),
)
def test_the_fast_path_finds_what_the_index_finds(
    generated: list[tuple[int, str, str | None, bool]], prefix: str
) -> None:
    """Where the cells of a row stand is the same by either way, for cells with and without references, styles and formulas."""
    index, made = -1, []
    for gap, attributes, inside, said in generated:
        index += 1 + (gap if said else 0)
        reference = f' r="{chr(65 + index)}1"' if said else ""
        made.append(f"<c{reference}{attributes}/>" if inside is None else f"<c{reference}{attributes}>{inside}</c>")
    row = f'<row r="1" ht="15">{"".join(made)}</row>'
    for name in ("row", "c", "v", "is", "t", "f") if prefix else ():
        row = row.replace(f"<{name}", f"<{prefix}{name}") if name in ("row", "c") else row
        row = row.replace(f"</{name}>", f"</{prefix}{name}>") if name in ("row", "c") else row
    for name in ("v", "is", "t", "f") if prefix else ():
        row = row.replace(f"<{name}>", f"<{prefix}{name}>").replace(f"</{name}>", f"</{prefix}{name}>")
        row = row.replace(f"<{name}/", f"<{prefix}{name}/").replace(f"<{name} ", f"<{prefix}{name} ")
    xml = f"<{prefix}worksheet><{prefix}sheetData>{row}</{prefix}sheetData></{prefix}worksheet>".encode()
    cut = Sheet.cut(xml, "Tab")
    slow = Reader(cut, NO_CONTEXT, None, places=True)
    slow.places = []
    slow.row(1, cut.rows[0])
    assert where(cut, 1, cut.rows[0]) == slow.places
    assert [each.index for each in slow.places] == _indexes(generated)


def _indexes(generated: list[tuple[int, str, str | None, bool]]) -> list[int]:
    index, found = -1, []
    for gap, _, _, said in generated:
        index += 1 + (gap if said else 0)
        found.append(index)
    return found


@pytest.mark.parametrize(
    "rows", ['<row r="3"/><row r="2"/>', '<row r="2"/><row r="2"/>', '<row r="2"/><row/><row r="3"/>']
)
def test_rows_that_do_not_rise_are_refused(rows: str) -> None:
    """Of two rows with one number a commit would keep the last."""
    with pytest.raises(Damaged) as refused:
        sheet(rows)
    assert refused.value.what == "Tab has its rows out of order, or one of them twice."


def test_an_untouched_sheet_stays_byte_for_byte() -> None:
    """Cutting and joining is nothing."""
    rows = '<row r="1" spans="1:2" ht="30"><c r="A1"/></row><row r="2"/>'
    assert sheet(rows).xml() == f"{HEAD}<sheetData>{rows}</sheetData><after/></worksheet>".encode()


def test_an_empty_sheet_takes_rows() -> None:
    """`<sheetData/>` opens."""
    cut = Sheet.cut(b'<worksheet><dimension ref="A1"/><sheetData/></worksheet>', "Tab").with_rows({3: b'<row r="3"/>'})
    assert cut.xml() == b'<worksheet><dimension ref="A1:A3"/><sheetData><row r="3"/></sheetData></worksheet>'


def test_spans_cut_to_the_rows_in_use_grow_again() -> None:
    """A drop-down reaches the rows that came after somebody's program shortened it; other spans stay."""
    xml = (
        b'<worksheet><sheetData/><autoFilter ref="A1:N5"/><conditionalFormatting sqref="A2:A6 N2:N6 C9:C9"/>'
        b'<dataValidation sqref="H2:H1026"/><dataValidation sqref="H1"/></worksheet>'
    )
    grown = Sheet.cut(xml, "Tab").with_rows({7: b'<row r="7"/>'}).xml()
    assert grown == (
        b'<worksheet><sheetData><row r="7"/></sheetData><autoFilter ref="A1:N7"/><conditionalFormatting sqref="A2:A1048576 N2:N1048576 C9:C9"/>'
        b'<dataValidation sqref="H2:H1026"/><dataValidation sqref="H1"/></worksheet>'
    )


@pytest.mark.parametrize(
    ("before", "last", "after"),
    [
        ("H2:H2000", 7, "H2:H2000"),
        ("H2:H2000", 1500, "H2:H2000"),
        ("H2:H2000", 1501, "H2:H3000"),
        ("H2:H6", 7, "H2:H2000"),
        ("H2:H1048576", 7, "H2:H2000"),
        ("H2:H1048576", 1_048_000, "H2:H1048576"),
        ("P2:P1048576 H1", 7, "P2:P1048576 H1"),
    ],
)
def test_drop_downs_reach_as_far_as_rows_may_soon_stand(before: str, last: int, after: str) -> None:
    """A thousand rows further than the last, and more as rows come; those of staff's own columns stay as they are."""
    xml = f'<worksheet><sheetData/><dataValidation sqref="{before}"/></worksheet>'.encode()
    written = Sheet.cut(xml, "Tab").with_rows({last: f'<row r="{last}"/>'.encode()}).xml(range(14)).decode()
    assert f'<dataValidation sqref="{after}"/>' in written


@pytest.mark.parametrize(
    "tail",
    [
        '<mergeCells count="1"><mergeCell ref="P2:Q3"/></mergeCells>',
        '<hyperlinks><hyperlink ref="A2:A3" location="Runs!A1"/></hyperlinks>',
        '<conditionalFormatting sqref="P2:P4"/>',
        '<conditionalFormatting sqref="A2:P4"/>',
        '<dataValidation prompt="like A2:A3 above" sqref="P2:Q3"/>',
    ],
)
def test_what_staff_laid_over_cells_stays_as_large_as_it_was(tail: str) -> None:
    """Merged cells and links never grow over the cells below; a rule of staff's own columns stays as short as they made it."""
    xml = f"<worksheet><sheetData/>{tail}</worksheet>".encode()
    assert Sheet.cut(xml, "Tab").with_rows({7: b'<row r="7"/>'}).xml(range(14)) == xml.replace(
        b"<sheetData/>", b'<sheetData><row r="7"/></sheetData>'
    )


def test_a_cell_is_put_in_its_place_and_the_others_stay() -> None:
    """Cells stand in column order; a row's own attributes stay, but for the hint which columns it spans."""
    cut = sheet("")
    row = b'<row r="4" spans="1:2" ht="20"><c r="A4" s="1"><v>1</v></c><c r="C4"><f>A4</f></c><extLst/></row>'
    assert (
        with_cells(cut, 4, row, {1: b"<B/>"})
        == b'<row r="4" ht="20"><c r="A4" s="1"><v>1</v></c><B/><c r="C4"><f>A4</f></c><extLst/></row>'
    )
    assert (
        with_cells(cut, 4, row, {2: b"<C/>", 26: b"<AA/>"})
        == b'<row r="4" ht="20"><c r="A4" s="1"><v>1</v></c><C/><AA/><extLst/></row>'
    )
    assert with_cells(cut, 4, b'<row r="4"/>', {1: b"<B/>"}) == b'<row r="4"><B/></row>'
    assert with_cells(cut, 4, b"<row><c><v>1</v></c></row>", {0: b"<A/>"}) == b'<row r="4"><A/></row>'


def test_styles_and_formulas_are_seen_per_cell() -> None:
    """A cell's own style wins over its column's."""
    cut = sheet("")
    row = b'<row r="4"><c r="A4" s="9"/><c r="B4"><f>A4</f></c><c r="AB4" t="s"><v>1</v></c></row>'
    there = where(cut, 4, row)
    assert [style_at(cut, there, index) for index in (0, 1, 2, 3)] == [9, 4, 4, 0]
    assert style_at(cut, (), 1) == 4
    assert [each.formula is not None for each in there] == [False, True, False]


def test_cells_without_references_are_put_in_their_place() -> None:
    """F39: a cell that says nothing of where it is follows the one before it, for a commit, too."""
    cut = sheet("")
    row = b"<row><c><v>1</v></c><c s='7'><v>2</v></c></row>"
    assert where(cut, 4, row) == [Place(0, 5, 20, None), Place(1, 20, 41, 7)]
    assert with_cells(cut, 4, row, {1: b"<B/>", 4: b"<E/>"}) == b'<row r="4"><c><v>1</v></c><B/><E/></row>'


def test_rows_only_grow() -> None:
    """A height is raised, never lowered; a row without one gets it where more than a line is needed."""
    assert (
        at_least(b'<row r="1" ht="15" customHeight="1"><c/></row>', 30.0)
        == b'<row r="1" ht="30" customHeight="1"><c/></row>'
    )
    assert at_least(b'<row r="1" ht="45"/>', 30.0) == b'<row r="1" ht="45"/>'
    assert at_least(b'<x:row r="1"><c/></x:row>', 30.0) == b'<x:row ht="30" customHeight="1" r="1"><c/></x:row>'
    assert at_least(b'<row r="1"/>', None) == b'<row r="1"/>'
    assert at_least(b'<row r="1" ht="15"/>', None) == b'<row r="1" ht="15"/>'


def test_styles_get_variants_only_when_needed() -> None:
    """A date keeps a style that shows dates; a text that looks typed gets one that keeps it text."""
    styles = Styles(STYLES, "book")
    assert styles.dates() == frozenset({"1", "3"})
    assert (styles.dated(1), styles.dated(3)) == (1, 3)
    assert styles.as_text(2) == 2
    assert not styles.changed
    assert styles.dated(0) == 4
    assert styles.quoted(1) == 5
    assert styles.quoted(1) == 5
    assert styles.quoted(99) == 6
    again = Styles(styles.xml(), "book")
    assert again.dates() == frozenset({"1", "3", "4"})
    assert again.quoted(5) == 5
    assert (
        b'<xf fontId="1" numFmtId="49" applyNumberFormat="1" quotePrefix="1"><alignment wrapText="1"/></xf>'
        in styles.xml()
    )
    assert styles.xml().startswith(STYLES[: STYLES.index(b"<cellXfs")])
    assert styles.xml().endswith(b"<tail/></styleSheet>")


def test_styles_must_be_there() -> None:
    """A workbook without cell styles is not guessed at."""
    with pytest.raises(Damaged):
        Styles(b"<styleSheet/>", "book")


def test_shared_texts() -> None:
    """Rich runs are joined, readings left out, escapes understood."""
    xml = b"<sst><si><t>a</t></si><si><r><t>b</t></r><r><t>c_x000D_</t></r><rPh><t>no</t></rPh></si><si/><si><t xml:space='preserve'> d </t></si></sst>"
    assert read_strings(xml) == ["a", "bc\r", "", " d "]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, '<c r="A1" s="0"/>'),
        ("", '<c r="A1" s="0"/>'),
        (True, '<c r="A1" s="0" t="b"><v>1</v></c>'),
        (10**15 - 1, '<c r="A1" s="0"><v>999999999999999</v></c>'),
        (10**15, '<c r="A1" s="2" t="inlineStr"><is><t xml:space="preserve">1000000000000000</t></is></c>'),
        (float("nan"), '<c r="A1" s="0" t="inlineStr"><is><t xml:space="preserve">nan</t></is></c>'),
        (0.1, '<c r="A1" s="0"><v>0.1</v></c>'),
        (
            shown(1850, 1, 1),
            '<c r="A1" s="2" t="inlineStr"><is><t xml:space="preserve">1850-01-01 00:00:00</t></is></c>',
        ),
        ("=A1", '<c r="A1" s="4" t="inlineStr"><is><t xml:space="preserve">=A1</t></is></c>'),
    ],
)
def test_values_are_written_typed(value: Cell, expected: str) -> None:
    """A number that a spreadsheet would round is kept as text; nothing becomes a formula."""
    styles = Styles(STYLES, "book")
    style = 2 if expected.startswith('<c r="A1" s="2"') else 0
    assert Ink(ZoneInfo("UTC"), styles).cell("A1", value, style).decode() == expected


@given(st.text())
def test_any_text_survives_the_xml(text: str) -> None:
    """What is written is what is read, by our reader and by any XML parser, after what XML cannot hold became visible."""
    inside = text_xml(text)
    row = f'<row r="1"><c r="A1" t="inlineStr"><is>{inside}</is></c></row>'
    assert cells(row)[0] == (frames.visible(text) or None)
    parsed = "".join(each.text or "" for each in ET.fromstring(f"<is>{inside}</is>").iter("t"))  # noqa: S314 - our own text
    assert parsed == frames.visible(text)


@given(st.integers(0, 16_383))
def test_column_letters_and_back(index: int) -> None:
    """Both directions agree."""
    from reconcile.workbook.templates import letters  # noqa: PLC0415 - the other half

    assert column_index(letters(index)) == index
