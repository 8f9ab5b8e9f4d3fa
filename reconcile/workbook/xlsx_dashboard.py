"""The Dashboard of an .xlsx workbook: its cells, and charts that every spreadsheet program draws itself.

openpyxl would change a chart it reads and saves, so ours are drawn anew on every save of `init`; anybody else's are looked
for first. A commit never comes here: it leaves every chart byte for byte as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from openpyxl.chart import BarChart, Reference
from openpyxl.chart.data_source import NumFmt
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle

from reconcile.errors import Damaged
from reconcile.workbook import dashboard, guide, templates, xlsx_book, xlsx_package
from reconcile.workbook.templates import letters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpyxl.worksheet.worksheet import Worksheet

    from reconcile.workbook.dashboard import Item, Plot
    from reconcile.workbook.templates import Templates
    from reconcile.workbook.xlsx_package import Package

_BLUE: Final = "2F5D8C"
_GREY: Final = "5B6570"
_GRID: Final = "E1E5EA"


def draw(sheet: Worksheet, known: Templates, at: Mapping[str, Mapping[str, str]]) -> None:
    """Writes the whole tab: what stood there is replaced, charts included. Raises Damaged when the tab is not ours."""
    tab, board = known.tab(templates.DASHBOARD), dashboard.board(known, at)
    shown = enumerate(sheet.iter_rows(values_only=True))
    said = {(row, column): str(value or "") for row, values in shown for column, value in enumerate(values)}
    dashboard.refuse_foreign(known, said)
    for row in sheet[f"A1:{letters(dashboard.HELPER + 3)}{max(sheet.max_row, board.rows)}"]:
        for cell in row:
            cell.value = None
    drawn: Any = sheet
    drawn._charts = []  # noqa: SLF001 - openpyxl has no other way to take a chart off
    for place in range(dashboard.WIDTH):
        sheet.column_dimensions[letters(place)].width = tab.columns[0].width + 1
    sheet.column_dimensions[letters(dashboard.WIDTH)].width = 4
    sheet.column_dimensions[letters(dashboard.HELPER)].width = 28
    sheet.sheet_view.showGridLines = False
    sheet.row_dimensions[1].height = 30
    sheet.row_dimensions[dashboard.TILES_ROW + 1].height = 36
    for item in board.items:
        _put(sheet, item)
    for row in (dashboard.TILES_ROW, dashboard.TILES_ROW + 1):
        for place in range(dashboard.WIDTH):
            cell = sheet.cell(row, place + 1)
            cell.fill = PatternFill("solid", start_color=dashboard.GROUND)
            if place % dashboard.TILE_COLUMNS == 0:
                cell.border = Border(left=Side(style="thick", color=_BLUE))
    for plot in board.plots:
        sheet.add_chart(_chart(sheet, plot))
    age = known.age
    row, place = board.late[0] + 1, board.late[1]
    late, wide = f"${letters(place)}${row}", f"{letters(place)}{row}:{letters(place + dashboard.TILE_COLUMNS - 1)}{row}"
    _restart(sheet)
    _rule(sheet, "A2:L2", guide.stale(known, "$C$2"), guide.ALARM, "FFFFFF")
    _rule(sheet, "A2:L2", guide.alive(known, "$C$2"), guide.CALM, guide.CALM_FONT)
    _rule(sheet, wide, f"{late}>0", age.red_fill, age.red_font)
    sheet.print_area = f"A1:{letters(dashboard.WIDTH - 1)}{board.rows}"
    sheet.freeze_panes = "A3"


def _restart(sheet: Worksheet) -> None:
    """The tab is ours alone, so its rules are all written anew."""
    rules: Any = sheet
    rules.conditional_formatting = type(sheet.conditional_formatting)()


def _rule(sheet: Worksheet, span: str, formula: str, fill: str, font: str) -> None:
    rule = Rule(type="expression", formula=[formula])
    rule.dxf = DifferentialStyle(font=Font(color=font, bold=True), fill=PatternFill(bgColor=fill))
    sheet.conditional_formatting.add(span, rule)


def _put(sheet: Worksheet, item: Item) -> None:
    value: Any = item.text
    cell = sheet.cell(item.row + 1, item.column + 1, value)
    size, bold, color, side = {
        "title": (18, True, _BLUE, "left"),
        "section": (13, True, _BLUE, "left"),
        "label": (11, True, dashboard.INK, "left"),
        "freshness": (10, True, dashboard.INK, "left"),
        "tile": (10, False, _GREY, "left"),
        "value": (22, True, dashboard.INK, "left"),
        "head": (10, True, _GREY, "left"),
        "text": (10, False, dashboard.INK, "left"),
        "number": (10, False, dashboard.INK, "right"),
        "day": (10, False, dashboard.INK, "left"),
    }[item.kind]
    if item.kind == "head" and item.column % dashboard.CHART_COLUMNS and item.column < dashboard.WIDTH:
        side = "right"
    apart = item.kind in ("head", "text", "day") and item.column % dashboard.CHART_COLUMNS == 0 and item.column > 0
    indent = 1 if item.kind in ("tile", "value") or apart else 0
    cell.font = Font(name="Calibri", size=size, bold=bold, color=color)
    cell.alignment = Alignment(horizontal=side, vertical="center", indent=indent)
    cell.number_format = {
        "freshness": dashboard.TIME,
        "day": dashboard.DAY,
        "number": "#,##0",
        "value": "#,##0",
    }.get(item.kind, "General")


# --- charts --------------------------------------------------------------------------------------------------------------


def _chart(sheet: Worksheet, plot: Plot) -> BarChart:
    chart: Any = BarChart()
    chart.type = "bar" if plot.chart.kind == "bars" else "col"
    chart.grouping = "stacked" if plot.chart.kind == "stack" else "clustered"
    chart.overlap = 100 if plot.chart.kind == "stack" else 0
    chart.gapWidth = 45
    chart.title = plot.chart.title
    chart.title.tx.rich.p = [_paragraph(plot.chart.title)]
    chart.title.overlay = False
    single = len(plot.values) == 1
    for place, color in zip(plot.values, plot.chart.colours, strict=False):
        # the row above the figures holds the series' name
        chart.add_data(
            Reference(sheet, min_col=place + 1, min_row=plot.first, max_row=plot.last + 1), titles_from_data=True
        )
        series = chart.series[-1]
        series.graphicalProperties = GraphicalProperties(solidFill=color, ln=LineProperties(noFill=True))
        series.invertIfNegative = False
        for number, own in enumerate(plot.chart.colours if single else ()):
            look = GraphicalProperties(solidFill=own, ln=LineProperties(noFill=True))
            series.dPt.append(DataPoint(idx=number, invertIfNegative=False, spPr=look))
    chart.set_categories(Reference(sheet, min_col=plot.categories + 1, min_row=plot.first + 1, max_row=plot.last + 1))
    if single:
        chart.legend = None
        chart.dataLabels = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False)
        chart.dataLabels.numFmt = "#,##0;-#,##0;"
        chart.dataLabels.txPr = _small()
    else:
        chart.legend.position = "b"
        chart.legend.txPr = _small()
    _axes(chart, plot)
    left, top = (
        AnchorMarker(plot.column, 40_000, plot.row, 0),
        AnchorMarker(plot.column + dashboard.CHART_COLUMNS, -40_000, plot.row + dashboard.CHART_ROWS, 0),
    )
    chart.anchor = TwoCellAnchor(editAs="oneCell", _from=left, to=top)
    return chart  # type: ignore[no-any-return]


def _axes(chart: Any, plot: Plot) -> None:
    """Categories from the top down, whole numbers, pale lines; openpyxl hides axes unless it is told not to."""
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.txPr = chart.y_axis.txPr = _small()
    chart.x_axis.majorTickMark = chart.y_axis.majorTickMark = "none"
    chart.x_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=_GRID))
    chart.y_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=_GRID))
    chart.y_axis.scaling.min = 0
    chart.y_axis.numFmt = NumFmt(formatCode="#,##0;;0", sourceLinked=False)
    if plot.chart.kind == "bars":
        chart.x_axis.scaling.orientation = "maxMin"
        chart.y_axis.delete = True
        chart.y_axis.majorGridlines = None
    elif len(plot.values) > 1:
        chart.x_axis.numFmt = NumFmt(formatCode=dashboard.DAY, sourceLinked=False)
        chart.x_axis.tickLblSkip = 2


def _characters(size: int, *, bold: bool = False, color: str = _GREY) -> CharacterProperties:
    return CharacterProperties(sz=size, b=bold, solidFill=color)


def _paragraph(title: str) -> Paragraph:
    look = _characters(1200, bold=True, color=dashboard.INK)
    return Paragraph(pPr=ParagraphProperties(defRPr=look), r=[RegularTextRun(rPr=look, t=title)])


def _small() -> RichText:
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=_characters(900)), endParaRPr=_characters(900))])


# --- whose charts --------------------------------------------------------------------------------------------------------

_ANCHORS: Final = re.compile(rb"<(?:\w+:)?(?:two|one|absolute)(?:Cell)?Anchor\b")
_FRAMES: Final = re.compile(rb"<(?:\w+:)?graphicFrame\b")
_TEXTS: Final = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</(?:\w+:)?t>")


def own_parts(raw: bytes, known: Templates, name: str) -> set[str]:
    """The parts of the Dashboard's drawing when it holds nothing but our own charts, which `draw` makes anew; else none.

    A chart is ours when its title is. Styles and colours that a program saved beside it belong to it.
    """
    tab = known.tab(templates.DASHBOARD)
    titles = {chart.title for chart in tab.charts}
    try:
        package = xlsx_package.unpack(raw, name)
    except Damaged:
        return set()
    part = xlsx_book.find_sheet(package, tab)
    if part is None:
        return set()
    drawings = [one for kind, one in _named(package, part) if kind == "drawing"]
    found: set[str] = set()
    for drawing in drawings:
        xml = package.read(drawing)
        charts = [one for _, one in _named(package, drawing)]
        if len(_ANCHORS.findall(xml)) != len(_FRAMES.findall(xml)) or len(charts) != len(_ANCHORS.findall(xml)):
            return set()
        for chart in charts:
            said = b"".join(_TEXTS.findall(_title(package.read(chart)))).decode("utf-8", "replace")
            if said not in titles:
                return set()
            found |= {chart, xlsx_package.relations_of(chart), *(one for _, one in _named(package, chart))}
        found |= {drawing, xlsx_package.relations_of(drawing)}
    return found


def _title(xml: bytes) -> bytes:
    found = re.search(rb"<(?:\w+:)?title>.*?</(?:\w+:)?title>", xml, re.DOTALL)
    return found[0] if found else b""


def _named(package: Package, part: str) -> list[tuple[str, str]]:
    """(kind, part) of what one part names."""
    try:
        return list(package.relations(part).values())
    except KeyError:
        return []
