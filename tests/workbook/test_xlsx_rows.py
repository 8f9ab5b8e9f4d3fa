"""Rows taken out of a worksheet part: what names rows moves with them."""

from __future__ import annotations

import pytest

from reconcile.workbook.xlsx_rows import looked_at, obstacle, without
from reconcile.workbook.xlsx_xml import Sheet


def sheet(tail: str = "", rows: int = 9) -> Sheet:
    """A worksheet with so many rows; each A cell holds its first number."""
    body = "".join(
        f'<row r="{n}" spans="1:2"><c r="A{n}"><v>{n}</v></c><c s="1" r="B{n}"/></row>' for n in range(1, rows + 1)
    )
    return Sheet.cut(f"<worksheet><sheetData>{body}</sheetData>{tail}</worksheet>".encode(), "Tab")


def tail(before: str, *gone: int) -> str:
    """What stands behind the rows once these are gone."""
    return without(sheet(before), gone).tail.decode().removeprefix("</sheetData>").removesuffix("</worksheet>")


def test_rows_below_move_up_with_their_cells() -> None:
    """Numbers rise without a gap; the rows above stay byte for byte."""
    left = without(sheet(), [3, 4, 8])
    assert left.numbers == (1, 2, 3, 4, 5, 6)
    assert left.rows[:2] == sheet().rows[:2]
    assert left.rows[2] == b'<row r="3" spans="1:2"><c r="A3"><v>5</v></c><c s="1" r="B3"/></row>'
    assert left.rows[5] == b'<row r="6" spans="1:2"><c r="A6"><v>9</v></c><c s="1" r="B6"/></row>'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<autoFilter ref="A1:N1048576"/>', '<autoFilter ref="A1:N1048576"/>'),
        ('<autoFilter ref="$A$1:$N$9"/>', '<autoFilter ref="$A$1:$N$7"/>'),
        (
            '<hyperlinks><hyperlink ref="B5" id="1"/></hyperlinks>',
            '<hyperlinks><hyperlink ref="B3" id="1"/></hyperlinks>',
        ),
        ('<hyperlinks><hyperlink ref="B4" id="1"/></hyperlinks>', ""),
        (
            '<dataValidations count="2"><dataValidation sqref="H3:H4"/><dataValidation sqref="H2 H4 H6:H9"/></dataValidations>',
            '<dataValidations count="1"><dataValidation sqref="H2 H4:H7"/></dataValidations>',
        ),
        ('<dataValidations count="1"><dataValidation sqref="H3"></dataValidation></dataValidations>', ""),
        (
            '<conditionalFormatting sqref="A6:B9"><cfRule><formula>AND($H6&lt;5,$B$2=1)</formula></cfRule></conditionalFormatting>',
            '<conditionalFormatting sqref="A4:B7"><cfRule><formula>AND($H4&lt;5,$B$2=1)</formula></cfRule></conditionalFormatting>',
        ),
        (
            '<conditionalFormatting sqref="A2:B1048576"><cfRule><formula>$H2="x"</formula></cfRule></conditionalFormatting>',
            '<conditionalFormatting sqref="A2:B1048576"><cfRule><formula>$H2="x"</formula></cfRule></conditionalFormatting>',
        ),
        (
            '<autoFilter ref="A1:N9"><sortState ref="A2:N9"><sortCondition ref="H2:H9"/></sortState></autoFilter>',
            '<autoFilter ref="A1:N7"><sortState ref="A2:N7"><sortCondition ref="H2:H7"/></sortState></autoFilter>',
        ),
        (
            '<autoFilter ref="A1:N4"><sortState ref="A3:N4"><sortCondition ref="H3:H4"/></sortState></autoFilter>',
            '<autoFilter ref="A1:N2"></autoFilter>',
        ),
        ('<sortState ref="A2:N4"><sortCondition ref="H2:H4"/><sortCondition ref="B3:B4"/></sortState>', ""),
        ('<autoFilter ref="A3:N4"><filterColumn colId="0"/></autoFilter><pageMargins/>', "<pageMargins/>"),
        (
            "<ext><f:rule><xm:sqref>A6:A8 C2</xm:sqref></f:rule></ext>",
            "<ext><f:rule><xm:sqref>A4:A6 C2</xm:sqref></f:rule></ext>",
        ),
    ],
)
def test_what_names_rows_moves_along(before: str, after: str) -> None:
    """Filter, links, drop-downs and colours stay on the rows they were on; those of rows that are gone go."""
    assert tail(before, 3, 4) == after


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ('<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>', "objects"),
        ('<legacyDrawing id="rId1"/>', "objects"),
        ('<tableParts count="1"><tablePart id="rId2"/></tableParts>', "objects"),
        ('<pageMargins left="0.4"/>', ""),
    ],
)
def test_what_stands_on_cells_keeps_rows(part: str, found: str) -> None:
    """Comments, pictures, merged cells and tables have parts of their own, so the rows stay."""
    assert obstacle(sheet(part)) == found


@pytest.mark.parametrize(
    ("objects", "found"),
    [
        ("", ""),
        ('<legacyDrawing id="rId2"/>', "objects"),
        ('<mergeCells><mergeCell ref="A2:A3"/></mergeCells>', "objects"),
    ],
)
def test_a_drawing_with_nothing_in_it_keeps_no_rows(objects: str, found: str) -> None:
    """What else stands on cells still does."""
    assert obstacle(sheet(f'{objects}<drawing r:id="rId1"/>'), blank_drawing=True) == found
    assert obstacle(sheet(f'{objects}<drawing r:id="rId1"/>')) == "objects"


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ('<f aca="false">TRUE()</f>', ""),
        ("<x:f>false()</x:f>", ""),
        ("<f>NOT(TRUE())</f>", "formulas"),
        ("<f>TRUE()+A1</f>", "formulas"),
        ('<f t="shared" si="0"/>', "formulas"),
    ],
)
def test_a_typed_yes_or_no_keeps_no_rows(formula: str, found: str) -> None:
    """LibreOffice saves TRUE and FALSE as formulas, which name no row."""
    xml = f'<worksheet><sheetData><row r="2"><c r="A2" t="b">{formula}<v>1</v></c></row></sheetData></worksheet>'
    assert obstacle(Sheet.cut(xml.encode(), "T")) == found


def test_a_formula_keeps_rows() -> None:
    """In any cell of the tab."""
    assert (
        obstacle(
            Sheet.cut(b'<worksheet><sheetData><row r="2"><c r="A2"><f>B2</f></c></row></sheetData></worksheet>', "T")
        )
        == "formulas"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<f>COUNTA(Orders!$A$2:$A$1048576)</f>", False),
        ("<f>SUM(Orders!C:C)</f>", False),
        ("<f>Orders!C5</f>", True),
        ("<f>SUM('Orders'!C2:C50)</f>", True),
        ("<c:f>&apos;Orders&apos;!$C$2:$C$50</c:f>", True),
        ("<f>'Old Orders'!C5</f>", False),
        ("<f>MyOrders!C5</f>", False),
        ("<definedName name=\"_xlnm.Print_Titles\">'Orders'!$1:$1</definedName>", False),
        ("<definedName name=\"_xlnm._FilterDatabase\">'Orders'!$A$1:$N$50</definedName>", False),
        ('<definedName name="mine">Orders!$A$7</definedName>', True),
    ],
)
def test_what_looks_at_single_rows_from_elsewhere(text: str, *, found: bool) -> None:
    """Whole columns and headings are fine; a cell, or a stretch of rows, would show another row's values."""
    assert looked_at("Orders", [text.encode()]) is found
