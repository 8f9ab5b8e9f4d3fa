"""From state to Google's JSON: CellData, GridData, Sheet, Spreadsheet, DeveloperMetadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator import a1, conditions, fields, formatting, formulas, protection
from tests.emulator.book import DEFAULT_FORMAT, Book, Sheet
from tests.emulator.cells import Cell, to_extended

if TYPE_CHECKING:
    from tests.emulator.a1 import Area
    from tests.emulator.formulas import Evaluator

Json = dict[str, Any]
DEFAULT_ROW_PIXELS, DEFAULT_COLUMN_PIXELS = 21, 100


def cell_data(
    evaluator: Evaluator,
    sheet: Sheet,
    row: int,
    column: int,
    cell: Cell | None,
    rules: conditions.Rules,
    trie: fields.Trie | None,
) -> Json:
    """Return CellData; only what the read mask asks for is computed."""
    out: Json = {}
    over = rules.format_at(row, column) if fields.wants(trie, "effectiveFormat") else {}
    if cell is None:
        if over and fields.wants(trie, "effectiveFormat"):
            out["effectiveFormat"] = merge(DEFAULT_FORMAT, over)
        return out
    if cell.value is not None:
        if fields.wants(trie, "userEnteredValue"):
            out["userEnteredValue"] = to_extended(cell.value)
        if fields.wants(trie, "effectiveValue"):
            out["effectiveValue"] = to_extended(evaluator.value(sheet, row, column, cell))
        if fields.wants(trie, "formattedValue"):
            value = evaluator.value(sheet, row, column, cell)
            out["formattedValue"] = formatting.show(value, formulas.brought_format(cell))
        link = formulas.hyperlink(cell)
        if link and fields.wants(trie, "hyperlink"):
            out["hyperlink"] = link
    if cell.fmt and fields.wants(trie, "userEnteredFormat"):
        out["userEnteredFormat"] = cell.fmt
    if (cell.fmt or over or cell.value is not None) and fields.wants(trie, "effectiveFormat"):
        out["effectiveFormat"] = merge(merge(DEFAULT_FORMAT, cell.fmt or {}), over)
    if cell.rule:
        out["dataValidation"] = cell.rule
    if cell.note:
        out["note"] = cell.note
    if cell.extra:
        out.update(cell.extra)
    return out


def merge(base: Json, over: Json) -> Json:
    """Return `base` with the members of `over` laid on, message by message (colours as a whole)."""
    out = dict(base)
    for key, value in over.items():
        if (
            isinstance(value, dict)
            and isinstance(out.get(key), dict)
            and not key.lower().endswith(("color", "colorstyle"))
        ):
            out[key] = merge(out[key], value)
        else:
            out[key] = value
    return out


def grid_data(evaluator: Evaluator, sheet: Sheet, area: Area, trie: fields.Trie | None) -> Json:
    """Return GridData of a range; trailing empty rows and cells are dropped [doc GridData]."""
    book = evaluator.book
    r0, r1, c0, c1 = book.clamp(sheet, area)
    out: Json = {}
    if r0:
        out["startRow"] = r0
    if c0:
        out["startColumn"] = c0
    sub = None if trie is None else trie
    cell_trie = _below(sub, "rowData", "values")
    if fields.wants(trie, "rowData"):
        rules = conditions.Rules(evaluator, sheet)
        rows: list[Json] = []
        shows = rules.active and fields.wants(cell_trie, "effectiveFormat")  # blank rows are coloured, too
        last = r1 if shows else min(r1, len(sheet.rows))
        for row in range(r0, last):
            values = [
                cell_data(evaluator, sheet, row, column, sheet.get(row, column), rules, cell_trie)
                for column in range(c0, c1)
            ]
            while values and not values[-1]:
                values.pop()
            rows.append({"values": values} if values else {})
        while rows and not rows[-1]:
            rows.pop()
        if rows:
            out["rowData"] = rows
    hidden = conditions.hidden_rows(evaluator, sheet) if fields.wants(trie, "rowMetadata") else set()
    for name, start, end, dimension, pixels in (
        ("rowMetadata", r0, r1, "ROWS", DEFAULT_ROW_PIXELS),
        ("columnMetadata", c0, c1, "COLUMNS", DEFAULT_COLUMN_PIXELS),
    ):
        if not fields.wants(trie, name):
            continue
        props = sheet.props_of(dimension)
        tagged = _dimension_metadata(book, sheet, dimension)
        line: list[Json] = []
        for index in range(start, end):
            one = {"pixelSize": pixels, **props.get(index, {})}
            if dimension == "ROWS" and index in hidden:
                one["hiddenByFilter"] = True
            if index in tagged:
                one["developerMetadata"] = tagged[index]
            line.append(one)
        out[name] = line
    return out


def _below(trie: fields.Trie | None, *path: str) -> fields.Trie | None:
    node = trie
    for name in path:
        if not node:
            return None
        node = node.get(name, node.get("*"))
    return node or None


def _dimension_metadata(book: Book, sheet: Sheet, dimension: str) -> dict[int, list[Json]]:
    out: dict[int, list[Json]] = {}
    for entry in book.metadata.values():
        place = entry["location"].get("dimensionRange")
        if place and place.get("sheetId", 0) == sheet.sheet_id and place["dimension"] == dimension:
            out.setdefault(place.get("startIndex", 0), []).append(entry)
    return out


def sheet_json(
    evaluator: Evaluator,
    caller: str,
    index: int,
    sheet: Sheet,
    asked: list[Area],
    trie: fields.Trie | None,
    *,
    grid: bool,
) -> Json:
    """Return a Sheet, only what the read mask asks for; `asked` are the ranges asked for, [] for the whole grid."""
    book = evaluator.book
    out: Json = {"properties": sheet.properties(index)}
    if grid and sheet.sheet_type == "GRID":
        data_trie = _below(trie, "data")
        out["data"] = [grid_data(evaluator, sheet, area, data_trie) for area in (asked or [sheet.area()])]
    for name, made in (
        ("merges", lambda: _merges(sheet, asked)),
        ("conditionalFormats", lambda: sheet.conditionals),
        ("filterViews", lambda: sheet.filter_views),
        ("protectedRanges", lambda: [protection.shown(book, caller, p) for p in sheet.protections]),
        ("tables", lambda: sheet.tables),
        ("basicFilter", lambda: sheet.basic_filter),
        ("charts", lambda: sheet.charts),
        ("bandedRanges", lambda: sheet.bandings),
        ("rowGroups", lambda: sheet.row_groups),
        ("columnGroups", lambda: sheet.column_groups),
        ("developerMetadata", lambda: _sheet_metadata(book, sheet)),
    ):
        if fields.wants(trie, name) and (shown := made()) is not None:
            out[name] = shown
    return out


def _merges(sheet: Sheet, asked: list[Area]) -> list[Json]:
    """Return the merges that touch a range asked for [rec]."""
    return [m for m in sheet.merges if not asked or any(a1.area(m).meets(area) for area in asked)]


def _sheet_metadata(book: Book, sheet: Sheet) -> list[Json]:
    places = ((entry, entry["location"]) for entry in book.metadata.values())
    return [
        entry
        for entry, place in places
        if place["locationType"] == "SHEET" and place.get("sheetId", 0) == sheet.sheet_id
    ]


def spreadsheet(
    evaluator: Evaluator, caller: str, ranges: list[tuple[Sheet, Area]] | None, trie: fields.Trie | None, *, grid: bool
) -> Json:
    """Return a Spreadsheet; with ranges only their sheets and, where grid data is asked for, only those cells."""
    book = evaluator.book
    out: Json = {
        "spreadsheetId": book.book_id,
        "properties": book.properties,
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{book.book_id}/edit",
        "namedRanges": book.named_ranges,
    }
    if fields.wants(trie, "developerMetadata"):
        entries = book.metadata.values()
        out["developerMetadata"] = [e for e in entries if e["location"]["locationType"] == "SPREADSHEET"]
    if fields.wants(trie, "sheets"):
        sub = _below(trie, "sheets")
        out["sheets"] = []
        for index, sheet in enumerate(book.sheets):
            mine = [area for s, area in ranges or [] if s is sheet]
            if ranges and not mine:
                continue
            out["sheets"].append(sheet_json(evaluator, caller, index, sheet, mine, sub, grid=grid))
    return out


def value_range(sheet: Sheet, bounds: tuple[int, int, int, int], values: list[list[Any]], major: str) -> Json:
    """Return a ValueRange; nothing to show means no `values` key."""
    r0, r1, c0, c1 = bounds
    out: Json = {"range": a1.print_range(sheet.title, r0, r1, c0, c1), "majorDimension": major}
    if values:
        out["values"] = values
    return out
