"""The Dashboard in Google Sheets: `dashboard.board` → requests and pieces of requests. Pure; nothing here is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconcile.workbook import dashboard, guide
from reconcile.workbook import google_looks as looks
from reconcile.workbook.templates import letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconcile.workbook.dashboard import Board, Item, Plot
    from reconcile.workbook.templates import Tab, Templates

Json = dict[str, Any]

COLUMNS: Final = dashboard.HELPER + 4
_ROW_PIXELS: Final = 21
_BLUE: Final = "2F5D8C"
_GREY: Final = "5B6570"
_GAP: Final = 6

_LOOKS: Final[Mapping[str, tuple[int, bool, str]]] = {
    "title": (18, True, _BLUE),
    "section": (13, True, _BLUE),
    "label": (10, True, dashboard.INK),
    "freshness": (10, True, dashboard.INK),
    "tile": (9, False, _GREY),
    "value": (20, True, dashboard.INK),
    "head": (9, True, _GREY),
    "text": (9, False, dashboard.INK),
    "number": (9, False, dashboard.INK),
    "day": (9, False, dashboard.INK),
}
"""Kind of cell → size, bold, colour."""

_FORMATS: Final[Mapping[str, Json]] = {
    "freshness": {"type": "DATE_TIME", "pattern": dashboard.TIME},
    "day": {"type": "DATE", "pattern": dashboard.DAY},
    "number": {"type": "NUMBER", "pattern": "#,##0"},
    "value": {"type": "NUMBER", "pattern": "#,##0"},
}


# --- cells -----------------------------------------------------------------------------------------------------------------


def grid(board: Board, there: Mapping[tuple[int, int], Json]) -> list[Json]:
    """The tab's rows as CellData, blank ones between and those that stand below ours included, so that nothing old stays."""
    height = max(board.rows, *(row + 1 for row, _ in there)) if there else board.rows
    rows: list[list[Json]] = [[{} for _ in range(COLUMNS)] for _ in range(height)]
    for row in (dashboard.TILES_ROW - 1, dashboard.TILES_ROW):
        for place in range(dashboard.WIDTH):
            rows[row][place] = {"userEnteredFormat": {"backgroundColorStyle": looks.colour(dashboard.GROUND)}}
    for item in board.items:
        rows[item.row][item.column] = _cell(item)
    return [{"values": row} for row in rows]


def _cell(item: Item) -> Json:
    size, bold, color = _LOOKS[item.kind]
    look: Json = {
        "textFormat": {
            "fontSize": size,
            "foregroundColorStyle": looks.colour(color),
            **({"bold": True} if bold else {}),
        },
        "verticalAlignment": "MIDDLE",
        "horizontalAlignment": "RIGHT" if item.kind == "number" else "LEFT",
        "wrapStrategy": "OVERFLOW_CELL",
    }
    if item.kind in _FORMATS:
        look["numberFormat"] = _FORMATS[item.kind]
    if item.kind in ("tile", "value"):
        look["backgroundColorStyle"] = looks.colour(dashboard.GROUND)
        look["borders"] = {"left": {"style": "SOLID_THICK", "colorStyle": looks.colour(_BLUE)}}
    formula = item.text.startswith("=")
    value = {"formulaValue": looks.spoken(item.text)} if formula else {"stringValue": item.text}
    return {"userEnteredValue": value, "userEnteredFormat": look}


def meant(board: Board) -> dict[tuple[int, int], str]:
    """What each cell should say, for comparing."""
    return {(item.row, item.column): looks.plain(item.text) for item in board.items}


def said(cells: Mapping[tuple[int, int], Json]) -> dict[tuple[int, int], str]:
    """What each cell says: formulas without their spelling."""
    found = {}
    for place, cell in cells.items():
        entered = cell.get("userEnteredValue", {})
        if entered:
            found[place] = looks.plain(str(next(iter(entered.values()))))
    return found


def shape(tab: Tab, sheet: int) -> list[Json]:
    """Widths, heights, and the first rows kept in sight."""
    pixels = looks.pixels(tab.columns[0].width)

    def sized(dimension: str, first: int, last: int, size: int) -> Json:
        span = {"sheetId": sheet, "dimension": dimension, "startIndex": first, "endIndex": last}
        return {"updateDimensionProperties": {"range": span, "properties": {"pixelSize": size}, "fields": "pixelSize"}}

    frozen = {"sheetId": sheet, "gridProperties": {"frozenRowCount": 2}}
    return [
        sized("COLUMNS", 0, dashboard.WIDTH, pixels),
        sized("COLUMNS", dashboard.HELPER, dashboard.HELPER + 1, looks.pixels(28)),
        sized("ROWS", dashboard.TILES_ROW, dashboard.TILES_ROW + 1, 44),
        {"updateSheetProperties": {"properties": frozen, "fields": "gridProperties.frozenRowCount"}},
    ]


def rules(known: Templates, board: Board, sheet: int) -> list[Json]:
    """The line about the job, red or calm, and the tile that counts what is too old."""
    age, (row, column) = known.age, board.late
    late = f"${letters(column)}${row + 1}"
    line = (1, 0, dashboard.WIDTH)
    return [
        _rule("stopped", sheet, line, guide.stale(known, "$C$2"), guide.ALARM, "FFFFFF"),
        _rule("runs", sheet, line, guide.alive(known, "$C$2"), guide.CALM, guide.CALM_FONT),
        _rule("late", sheet, (row, column, column + dashboard.TILE_COLUMNS), f"{late}>0", age.red_fill, age.red_font),
    ]


def _rule(name: str, sheet: int, place: tuple[int, int, int], formula: str, fill: str, font: str) -> Json:
    row, first, last = place
    area = {"sheetId": sheet, "startRowIndex": row, "endRowIndex": row + 1, "startColumnIndex": first}
    marked = looks.spoken(f'=AND({formula},LEN("reconcile: {name}")>0)')
    return {
        "ranges": [{**area, "endColumnIndex": last}],
        "booleanRule": {
            "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": marked}]},
            "format": {
                "backgroundColorStyle": looks.colour(fill),
                "textFormat": {"foregroundColorStyle": looks.colour(font), "bold": True},
            },
        },
    }


# --- charts ----------------------------------------------------------------------------------------------------------------


def spec(plot: Plot, sheet: int) -> Json:
    """A chart's spec. The row above the figures holds the names of the series."""
    chart = plot.chart
    lying = chart.kind == "bars"
    single = len(plot.values) == 1
    basic: Json = {
        "chartType": "BAR" if lying else "COLUMN",
        "legendPosition": "NO_LEGEND" if single else "BOTTOM_LEGEND",
        "headerCount": 1,
        "axis": [{"position": "BOTTOM_AXIS"}, {"position": "LEFT_AXIS"}],
        "domains": [{"domain": _source(plot, sheet, plot.categories)}],
        "series": [_series(plot, sheet, number, column, single=single) for number, column in enumerate(plot.values)],
    }
    if chart.kind == "stack":
        basic["stackedType"] = "STACKED"
    return {
        "title": chart.title,
        "titleTextFormat": {"bold": True, "fontSize": 12, "foregroundColorStyle": looks.colour(dashboard.INK)},
        "fontName": "Arial",
        "basicChart": basic,
    }


def _series(plot: Plot, sheet: int, number: int, column: int, *, single: bool) -> Json:
    made: Json = {
        "series": _source(plot, sheet, column),
        # a bar's numbers lie along the bottom
        "targetAxis": "BOTTOM_AXIS" if plot.chart.kind == "bars" else "LEFT_AXIS",
        "colorStyle": looks.colour(plot.chart.colours[number]),
    }
    if single:
        made["dataLabel"] = {"type": "DATA"}
        if len(plot.chart.colours) > 1:
            made["styleOverrides"] = _bars(plot.chart.colours)
    return made


def _bars(colours: Sequence[str]) -> list[Json]:
    return [{"index": number, "colorStyle": looks.colour(each)} for number, each in enumerate(colours)]


def _source(plot: Plot, sheet: int, column: int) -> Json:
    area = {
        "sheetId": sheet,
        "startRowIndex": plot.first - 1,
        "endRowIndex": plot.last + 1,
        "startColumnIndex": column,
        "endColumnIndex": column + 1,
    }
    return {"sourceRange": {"sources": [area]}}


def position(plot: Plot, tab: Tab, sheet: int) -> Json:
    """Over the grid, with a narrow gap to the next one."""
    wide = dashboard.CHART_COLUMNS * looks.pixels(tab.columns[0].width)
    return {
        "overlayPosition": {
            "anchorCell": {"sheetId": sheet, "rowIndex": plot.row, "columnIndex": plot.column},
            "offsetXPixels": _GAP // 2,
            "widthPixels": wide - _GAP,
            "heightPixels": dashboard.CHART_ROWS * _ROW_PIXELS - _GAP,
        }
    }
