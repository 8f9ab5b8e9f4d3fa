"""Inserting, deleting and moving rows and columns, with everything that hangs on them: ranges, metadata, formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.emulator import a1, formulas
from tests.emulator.a1 import Area
from tests.emulator.cells import Cell, Formula, Row
from tests.emulator.errors import ALL_UNFROZEN, BatchError

if TYPE_CHECKING:
    from tests.emulator.book import Book, Sheet

Span = Callable[[int | None, int | None], "tuple[int | None, int | None] | None"]
_RANGE_KEYS = frozenset(("range", "dataRange"))
_RANGE_LISTS = frozenset(("ranges", "sources", "unprotectedRanges"))


def insert(book: Book, sheet: Sheet, dimension: str, start: int, count: int, *, inherit_before: bool = False) -> None:
    """Insert empty rows or columns before `start`; formats and rules come from the neighbour."""
    size = sheet.size(dimension)
    source = start - 1 if inherit_before else start
    if dimension == "ROWS":
        sheet.row_count += count
        book.check_size()
        if start < len(sheet.rows):
            model = _look(sheet.rows[source]) if 0 <= source < len(sheet.rows) else ()
            sheet.rows[start:start] = [model] * count
    else:
        sheet.column_count += count
        book.check_size()
        for index, row in enumerate(sheet.rows):
            if len(row) > start:
                cell = _look(row[source : source + 1])
                fill = (cell[0] if cell and 0 <= source < size else None,) * count
                sheet.rows[index] = row[:start] + fill + row[start:]
    props = sheet.props_of(dimension)
    shifted = {(i + count if i >= start else i): p for i, p in props.items()}
    if source in props:
        for i in range(start, start + count):
            shifted[i] = {k: v for k, v in props[source].items() if k == "pixelSize"}
    props.clear()
    props.update({i: p for i, p in shifted.items() if p})
    _follow(book, sheet, dimension, lambda s, e: a1.insert_span(s, e, start, count))


def delete(book: Book, sheet: Sheet, dimension: str, start: int, end: int) -> None:
    """Delete rows or columns start..end."""
    noun = "rows" if dimension == "ROWS" else "columns"
    end = min(end, sheet.size(dimension))
    if end - start >= sheet.size(dimension):
        message = f"You can't delete all the {noun} on the sheet."
        raise BatchError(message)
    frozen = sheet.grid_props.get("frozenRowCount" if dimension == "ROWS" else "frozenColumnCount", 0)
    left_frozen = frozen - max(0, min(end, frozen) - start)
    if frozen and sheet.size(dimension) - (end - start) <= left_frozen:
        raise BatchError(ALL_UNFROZEN.format(noun))
    if dimension == "ROWS":
        del sheet.rows[start:end]
        sheet.row_count -= end - start
    else:
        sheet.rows[:] = [row[:start] + row[end:] for row in sheet.rows]
        sheet.column_count -= end - start
    if frozen and left_frozen != frozen:
        sheet.grid_props["frozenRowCount" if dimension == "ROWS" else "frozenColumnCount"] = left_frozen
    props = sheet.props_of(dimension)
    kept = {(i if i < start else i - (end - start)): p for i, p in props.items() if not start <= i < end}
    props.clear()
    props.update(kept)
    _follow(book, sheet, dimension, lambda s, e: a1.delete_span(s, e, start, end))


def move(book: Book, sheet: Sheet, dimension: str, start: int, end: int, to: int) -> None:
    """Move rows or columns start..end before `to` (an index from before the move)."""
    if start <= to <= end:
        return
    if dimension == "ROWS":
        rows = sheet.rows
        need = min(max(end, to), sheet.row_count)
        rows.extend([()] * (need - len(rows)))
        block = rows[start:end]
        rest = rows[:start] + rows[end:]
        at = to if to < start else to - (end - start)
        rows[:] = rest[:at] + block + rest[at:]
    else:
        width = max(end, to)
        for index, row in enumerate(sheet.rows):
            if len(row) > min(start, to):
                full = row + (None,) * (width - len(row))
                rest_row = full[:start] + full[end:]
                at = to if to < start else to - (end - start)
                sheet.rows[index] = rest_row[:at] + full[start:end] + rest_row[at:]
    props = sheet.props_of(dimension)
    moved = {a1.move_index(i, start, end, to): p for i, p in props.items()}
    props.clear()
    props.update(moved)
    _follow(book, sheet, dimension, lambda s, e: a1.move_span(s, e, start, end, to))


def _look(row: Row) -> Row:
    """Return cells with only format and rule of the given ones."""
    return tuple(Cell(None, c.fmt, c.rule) if c is not None and (c.fmt or c.rule) else None for c in row)


def _follow(book: Book, changed: Sheet, dimension: str, span: Span) -> None:
    """Let every range of the book follow."""
    changed.touched()
    axis = 0 if dimension == "ROWS" else 1

    def change(area: Area) -> Area | None:
        if area.sheet_id != changed.sheet_id:
            return area
        r0, r1, c0, c1 = area[1:]
        moved = span(r0, r1) if axis == 0 else span(c0, c1)
        if moved is None:
            return None
        return Area(area.sheet_id, *moved, c0, c1) if axis == 0 else Area(area.sheet_id, r0, r1, *moved)

    remap(book, change)
    _groups(changed, dimension, span)
    _columns_of_filters(changed, axis, span)
    kept = {}
    for number, entry in book.metadata.items():
        place = entry["location"].get("dimensionRange")
        if place is None or place.get("sheetId", 0) != changed.sheet_id or place["dimension"] != dimension:
            kept[number] = entry
            continue
        moved = span(place.get("startIndex", 0), place["endIndex"])
        if moved is not None:
            at = {**place, "startIndex": moved[0], "endIndex": moved[1]}
            kept[number] = {**entry, "location": {**entry["location"], "dimensionRange": at}}
    book.metadata = kept
    for sheet in book.sheets:
        if sheet.has_formulas:
            _formulas(sheet, changed, dimension, span)


def remap(book: Book, change: Callable[[Area], Area | None]) -> None:
    """Send every stored range through `change`; objects whose only range is gone go with it."""
    book.named_ranges = [n for n in (_map(n, change) for n in book.named_ranges) if n is not None]
    for sheet in book.sheets:
        sheet.merges = [m for m in (_map({"range": m}, change) for m in sheet.merges) if m is not None]
        sheet.merges = [m["range"] for m in sheet.merges if _several(a1.area(m["range"]))]
        for name in ("protections", "conditionals", "tables", "filter_views", "bandings"):
            setattr(sheet, name, [o for o in (_map(o, change) for o in getattr(sheet, name)) if o is not None])
        sheet.charts = [_map(c, change) or c for c in sheet.charts]
        if sheet.basic_filter is not None:
            sheet.basic_filter = _map(sheet.basic_filter, change)


def _several(area: Area) -> bool:
    return (area.r1 or 0) - (area.r0 or 0) > 1 or (area.c1 or 0) - (area.c0 or 0) > 1


def _map(stored: Any, change: Callable[[Area], Area | None]) -> Any:
    """Return the object with its ranges changed; None when its range, or all of its ranges, are gone."""
    if isinstance(stored, list):
        return [_map(item, change) for item in stored]
    if not isinstance(stored, dict):
        return stored
    out: dict[str, Any] = {}
    for key, value in stored.items():
        if key in _RANGE_KEYS and isinstance(value, dict) and "dimension" not in value:
            area = change(a1.area(value))
            if area is None:
                return None
            out[key] = area.json()
        elif key in _RANGE_LISTS and isinstance(value, list):
            areas = [change(a1.area(item)) for item in value]
            left = [area.json() for area in areas if area is not None]
            if not left and value and key == "ranges":
                return None
            out[key] = left
        elif isinstance(value, (dict, list)):
            part = _map(value, change)
            out[key] = value if part is None else part
        else:
            out[key] = value
    return out


def _groups(sheet: Sheet, dimension: str, span: Span) -> None:
    name = "row_groups" if dimension == "ROWS" else "column_groups"
    kept = []
    for group in getattr(sheet, name):
        moved = span(group["range"].get("startIndex", 0), group["range"]["endIndex"])
        if moved is not None:
            kept.append({**group, "range": {**group["range"], "startIndex": moved[0], "endIndex": moved[1]}})
    setattr(sheet, name, kept)


def _columns_of_filters(sheet: Sheet, axis: int, span: Span) -> None:
    """Let the columns named by filters and sort orders follow inserted, deleted and moved columns."""
    if axis == 0:
        return

    def spec(item: dict[str, Any], key: str) -> dict[str, Any] | None:
        if key not in item:
            return item
        moved = span(item[key], item[key] + 1)
        return None if moved is None else {**item, key: moved[0]}

    def one(stored: dict[str, Any]) -> dict[str, Any]:
        out = dict(stored)
        for name, key in (("filterSpecs", "columnIndex"), ("sortSpecs", "dimensionIndex")):
            if name in out:
                out[name] = [s for s in (spec(i, key) for i in out[name]) if s is not None]
        if "criteria" in out:
            moved = {k: span(int(k), int(k) + 1) for k in out["criteria"]}
            out["criteria"] = {str(m[0]): out["criteria"][k] for k, m in moved.items() if m is not None}
        return out

    sheet.filter_views = [one(v) for v in sheet.filter_views]
    if sheet.basic_filter is not None:
        sheet.basic_filter = one(sheet.basic_filter)


def _formulas(sheet: Sheet, changed: Sheet, dimension: str, span: Span) -> None:
    def both(s: int, e: int) -> tuple[int, int] | None:
        moved = span(s, e)
        return None if moved is None else (moved[0] or 0, moved[1] or 0)

    for index, row in enumerate(sheet.rows):
        if any(c is not None and type(c.value) is Formula for c in row):
            sheet.rows[index] = tuple(
                c._replace(value=Formula(formulas.followed(c.value.text, sheet.title, changed.title, dimension, both)))
                if c is not None and isinstance(c.value, Formula)
                else c
                for c in row
            )


def renamed(book: Book, old: str, new: str) -> None:
    """Let formulas follow a tab's new name."""
    for sheet in book.sheets:
        if not sheet.has_formulas:
            continue
        for index, row in enumerate(sheet.rows):
            if any(c is not None and type(c.value) is Formula for c in row):
                sheet.rows[index] = tuple(
                    c._replace(value=Formula(formulas.renamed(c.value.text, old, new)))
                    if c is not None and isinstance(c.value, Formula)
                    else c
                    for c in row
                )


def shift_cells(sheet: Sheet, area: tuple[int, int, int, int], dimension: str, *, insert_cells: bool) -> None:
    """Insert or delete a block of cells, shifting the others of the same columns (ROWS) or rows (COLUMNS)."""
    r0, r1, c0, c1 = area
    height, width = r1 - r0, c1 - c0
    if dimension == "COLUMNS":
        for row in range(r0, min(r1, len(sheet.rows))):
            cells = sheet.rows[row]
            if len(cells) <= c0:
                continue
            if insert_cells:
                cells = (cells[:c0] + (None,) * width + cells[c0:])[: sheet.column_count]
            else:
                cells = cells[:c0] + cells[c1:]
            sheet.rows[row] = cells
    else:
        total = len(sheet.rows)
        blocks = [tuple(sheet.get(r, c) for c in range(c0, c1)) for r in range(r0, total)]
        empty: list[Row] = [(None,) * width] * height
        blocks = empty + blocks if insert_cells else blocks[height:] + empty
        for offset, block in enumerate(blocks):
            if r0 + offset < sheet.row_count and (r0 + offset < len(sheet.rows) or any(c is not None for c in block)):
                sheet.put_row(r0 + offset, c0, block)
    sheet.touched()
