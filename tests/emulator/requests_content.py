"""Requests that work on content.

findReplace, sortRange, copyPaste, cutPaste, pasteData, deleteDuplicates, trimWhitespace, randomizeRange, textToColumns,
insertRange, deleteRange.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from tests.emulator import a1, cells, entry, formatting, structure
from tests.emulator.a1 import Area
from tests.emulator.cells import Cell, Fault, Formula, Row, Value, number_format
from tests.emulator.conditions import hidden_rows, unseen_rows
from tests.emulator.errors import VERTICAL_MERGE, BatchError
from tests.emulator.requests_cells import shifted

if TYPE_CHECKING:
    from tests.emulator.book import Sheet
    from tests.emulator.context import Context, Handler, Json
    from tests.emulator.formulas import Evaluator

# -- findReplace --------------------------------------------------------------------------------------------------------


def find_replace(ctx: Context, req: Json) -> Json:
    """Replace text; what results is entered as if typed. Replies with counts, zero counts left out.

    Exact searches (matchEntireCell + matchCase) use an index per column, so that 500 of them in a batch over 20,000 rows
    stay quick; all others walk the cells.
    """
    find = req.get("find", "")
    if not find:
        message = "Find value must not be empty. (emulator: Google's own text is not known)"
        raise BatchError(message)
    scopes = [name for name in ("range", "sheetId", "allSheets") if name in req]
    if len(scopes) != 1:
        message = "Exactly one of range, sheetId, allSheets must be set. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if "range" in req:
        sheet, area = ctx.area(req["range"])
        targets = [(sheet, ctx.inside(sheet, area))]
    elif "sheetId" in req:
        sheet = ctx.book.grid(req["sheetId"])
        targets = [(sheet, (0, sheet.row_count, 0, sheet.column_count))]
    else:
        targets = [(s, (0, s.row_count, 0, s.column_count)) for s in ctx.book.sheets if s.sheet_type == "GRID"]
    if not ctx.switches.findreplace_in_hidden_tabs:
        targets = [(sheet, area) for sheet, area in targets if not sheet.props.get("hidden")]
    if ctx.switches.findreplace_checks_whole_range:
        for sheet, (r0, r1, c0, c1) in targets:
            ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    totals = {"valuesChanged": 0, "formulasChanged": 0, "rowsChanged": 0, "sheetsChanged": 0, "occurrencesChanged": 0}
    exact = req.get("matchEntireCell") and req.get("matchCase") and not req.get("searchByRegex")
    for sheet, bounds in targets:
        rows: set[int] = set()
        if exact and not (req.get("includeFormulas") and sheet.has_formulas):
            found = _replace_exact(ctx, sheet, bounds, find, req.get("replacement", ""), rows)
            totals["valuesChanged"] += found
            totals["occurrencesChanged"] += found
        else:
            _replace_walking(ctx, sheet, bounds, req, rows, totals)
        totals["rowsChanged"] += len(rows)
        totals["sheetsChanged"] += bool(rows)
    return totals


def _replace_exact(
    ctx: Context, sheet: Sheet, bounds: tuple[int, int, int, int], find: str, replacement: str, rows: set[int]
) -> int:
    r0, r1, c0, c1 = bounds
    count = 0
    for column in range(c0, c1):
        hits = [row for row in sheet.column_texts(column).get(find, ()) if r0 <= row < r1]
        for row in hits:
            ctx.may_edit(Area(sheet.sheet_id, row, row + 1, column, column + 1))
            end = sheet._data_end
            fresh = type_into(sheet.get(row, column), replacement, ctx.year)
            sheet.put(row, column, fresh)
            if fresh is not None and fresh.value is not None and end is not None:
                sheet.appended(end)  # a replaced text leaves the last row where it was
            rows.add(row)
            count += 1
    return count


def type_into(cell: Cell | None, text: str, year: int) -> Cell | None:
    """Return a cell after a person typed `text` into it; a plain-text cell keeps it as text."""
    typed = entry.parse(cells.checked_text(text), plain_text=cells.is_plain_text(cell), year=year)
    fresh = cells.with_value(cell, typed.value)
    if typed.number_format and fresh is not None and number_format(fresh) is None:
        fresh = fresh._replace(fmt={**(fresh.fmt or {}), "numberFormat": typed.number_format})
    return fresh


def _replace_walking(
    ctx: Context, sheet: Sheet, bounds: tuple[int, int, int, int], req: Json, rows: set[int], totals: dict[str, int]
) -> None:
    pattern, replacement = _pattern(req)
    for row, column, cell in list(sheet.cells(*bounds)):
        if cell.value is None:
            continue
        is_formula = isinstance(cell.value, Formula)
        if is_formula and not req.get("includeFormulas"):
            continue
        text = cell.value.text if isinstance(cell.value, Formula) else formatting.show(cell.value, number_format(cell))
        if req.get("matchEntireCell"):
            match = pattern.fullmatch(text)
            count, fresh_text = (1, match.expand(replacement)) if match else (0, text)
        else:
            fresh_text, count = pattern.subn(replacement, text)
        if not count:
            continue
        ctx.may_edit(Area(sheet.sheet_id, row, row + 1, column, column + 1))
        sheet.put(row, column, type_into(cell, fresh_text, ctx.year))
        rows.add(row)
        totals["occurrencesChanged"] += count
        totals["formulasChanged" if is_formula else "valuesChanged"] += 1


def _pattern(req: Json) -> tuple[re.Pattern[str], str]:
    flags = 0 if req.get("matchCase") else re.IGNORECASE
    replacement = req.get("replacement", "")
    if not req.get("searchByRegex"):
        return re.compile(re.escape(req["find"]), flags), replacement.replace("\\", "\\\\")
    java = re.sub(r"\\(.)", lambda m: "\\\\" if m.group(1) == "\\" else m.group(1), replacement)
    template = re.sub(r"\$(\d)", r"\\g<\1>", java)
    try:
        return re.compile(req["find"], flags), template
    except re.error as problem:
        message = f"Invalid regular expression: {problem}. (emulator: Google's own text is not known)"
        raise BatchError(message) from None


# -- sortRange ----------------------------------------------------------------------------------------------------------


def sort_range(ctx: Context, req: Json) -> None:
    """Sort the rows of a range; blanks go last in either order; rows nobody sees stay where they are, cells and all [rec]."""
    sheet, area = ctx.area(req.get("range"))
    for start, size, name in (
        (area.r0, sheet.row_count, "startRowIndex"),
        (area.c0, sheet.column_count, "startColumnIndex"),
    ):
        if (start or 0) >= size:
            message = f"range.{name} is larger than current grid size ({size})"
            raise BatchError(message)
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    specs = []
    for spec in req.get("sortSpecs", []):
        for name in (
            "foregroundColor",
            "foregroundColorStyle",
            "backgroundColor",
            "backgroundColorStyle",
            "dataSourceColumnReference",
        ):
            if name in spec:
                message = f"The emulator does not implement SortSpec.{name}."
                raise BatchError(message)
        column = spec.get("dimensionIndex", 0)
        if not c0 <= column < c1:
            message = f"Sort column {column} is outside the range. (emulator: Google's own text is not known)"
            raise BatchError(message)
        specs.append((column, spec.get("sortOrder") == "DESCENDING"))
    if not specs:
        message = "At least one sortSpec is required. (emulator: Google's own text is not known)"
        raise BatchError(message)
    for merge in sheet.merges:
        part = a1.area(merge)
        if part.meets(Area(sheet.sheet_id, r0, r1, c0, c1)) and (part.r1 or 0) - (part.r0 or 0) > 1:
            top, bottom, left, right = part.bounded(sheet.row_count, sheet.column_count)
            raise BatchError(VERTICAL_MERGE.format(a1.cells_name(top, bottom, left, right)))
    unseen = unseen_rows(ctx.evaluator, sheet)
    places = [row for row in range(r0, min(r1, len(sheet.rows))) if row not in unseen]
    if not places:
        return
    order = list(places)
    for column, descending in reversed(specs):
        keyed: dict[int, Any] = {row: sort_key(ctx.evaluator.cell(sheet, row, column)) for row in order}
        filled = [r for r in order if keyed[r] is not None]
        filled.sort(key=keyed.__getitem__, reverse=descending)  # ties keep their old order either way
        order = filled + [r for r in order if keyed[r] is None]
    put_rows_in_order(sheet, order, places, c0, c1)
    if ctx.switches.sort_moves_row_metadata:
        _move_row_metadata(ctx, sheet, dict(zip(order, places, strict=True)))


def sort_key(value: Value) -> tuple[int, Any] | None:
    """Return the order of a value: numbers, texts (upper and lower case alike), booleans, errors; blank is None."""
    if value is None or value == "":
        return None
    if isinstance(value, Fault):
        return 3, value.shown
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, str):
        return 1, value.casefold()
    return 0, value


def put_rows_in_order(sheet: Sheet, order: list[int], places: list[int], c0: int, c1: int) -> None:
    """Rewrite the rows at `places` as the old rows of `order`, between two columns."""
    old = sheet.rows
    whole = c0 == 0 and c1 >= max((len(old[r]) for r in order), default=0)
    fresh: list[Row] = []
    for place, row in zip(places, order, strict=True):
        line = old[row] if whole else _cut(old[row], c0, c1)
        if sheet.has_formulas and row != place:
            line = tuple(shifted(c, place - row, 0) for c in line)
        fresh.append(line)
    if whole:
        for place, line in zip(places, fresh, strict=True):
            old[place] = line
    else:
        for place, line in zip(places, fresh, strict=True):
            sheet.put_row(place, c0, line)
    sheet.touched()


def _cut(row: Row, c0: int, c1: int) -> Row:
    part = row[c0:c1]
    return part + (None,) * (c1 - c0 - len(part))


def _move_row_metadata(ctx: Context, sheet: Sheet, places: dict[int, int]) -> None:
    for number, item in list(ctx.book.metadata.items()):
        place = item["location"].get("dimensionRange")
        if place and place["dimension"] == "ROWS" and place.get("sheetId", 0) == sheet.sheet_id:
            at = places.get(place.get("startIndex", 0))
            if at is not None:
                moved = {**place, "startIndex": at, "endIndex": at + 1}
                ctx.book.metadata[number] = {**item, "location": {**item["location"], "dimensionRange": moved}}


# -- copy, cut, paste ---------------------------------------------------------------------------------------------------


def pasted(
    ctx: Context, sheet: Sheet, at: tuple[int, int], cell: Cell | None, old: Cell | None, kind: str
) -> Cell | None:
    """Return what a paste of that kind leaves in a cell; `at` is where the copied cell stands (values are computed there)."""
    source = cell or cells.EMPTY
    target = old or cells.EMPTY
    if kind == "PASTE_NORMAL":
        fresh = source
    elif kind == "PASTE_NO_BORDERS":
        fmt = {k: v for k, v in (source.fmt or {}).items() if k != "borders"}
        if target.fmt and "borders" in target.fmt:
            fmt["borders"] = target.fmt["borders"]
        fresh = source._replace(fmt=fmt or None)
    elif kind == "PASTE_VALUES":
        value = ctx.evaluator.value(sheet, at[0], at[1], cell) if cell is not None else None
        fresh = target._replace(value=value.shown if isinstance(value, Fault) else value, extra=None)
    elif kind == "PASTE_FORMULA":
        fresh = target._replace(value=source.value, extra=None)
    elif kind == "PASTE_FORMAT":
        fresh = target._replace(fmt=source.fmt)
    else:
        fresh = target._replace(rule=source.rule)
    return None if fresh.is_blank() else fresh


def _no_rows(_evaluator: Evaluator, _sheet: Sheet) -> set[int]:
    return set()


def copy_paste(ctx: Context, req: Json) -> None:
    """Copy a range, repeated where the destination is a multiple of it.

    Whether rows a filter hides are left out of both, as in the browser, is not known: a switch.
    """
    source, source_area = ctx.area(req.get("source"), "source")
    target, target_area = ctx.area(req.get("destination"), "destination")
    r0, r1, c0, c1 = ctx.inside(source, source_area)
    d0, d1, e0, e1 = ctx.inside(target, target_area)
    kind = req.get("pasteType", "PASTE_NORMAL")
    flip = req.get("pasteOrientation") == "TRANSPOSE"
    left_out = hidden_rows if ctx.switches.copy_paste_leaves_filtered_rows and not flip else _no_rows
    copied = [row for row in range(r0, r1) if row not in left_out(ctx.evaluator, source)]
    if not copied:
        return
    height, width = (c1 - c0, len(copied)) if flip else (len(copied), c1 - c0)
    gone = left_out(ctx.evaluator, target)
    lines = [row for row in range(d0, target.row_count) if row not in gone]
    wanted = sum(1 for row in lines if row < d1)
    down = wanted // height if wanted % height == 0 and wanted >= height else 1
    across = (e1 - e0) // width if (e1 - e0) % width == 0 and e1 - e0 >= width else 1
    e1 = e0 + width * across
    if len(lines) < height * down or e1 > target.column_count:
        message = "The paste would go beyond the grid. (emulator: Google's own text is not known)"
        raise BatchError(message)
    lines = lines[: height * down]
    d1 = lines[-1] + 1
    ctx.may_edit(Area(target.sheet_id, d0, d1, e0, e1))
    if kind == "PASTE_CONDITIONAL_FORMATTING":
        _spread_conditionals(
            source, target, Area(source.sheet_id, r0, r1, c0, c1), Area(target.sheet_id, d0, d1, e0, e1)
        )
        return
    block = [[source.get(r, c) for c in range(c0, c1)] for r in copied]
    for number, row in enumerate(lines):
        line = []
        for column in range(e0, e1):
            i, j = number % height, (column - e0) % width
            if flip:
                i, j = j, i
            cell = block[i][j]
            if kind != "PASTE_VALUES" and cell is not None and isinstance(cell.value, Formula):
                cell = shifted(cell, row - copied[i], column - c0 - j)
            line.append(pasted(ctx, source, (copied[i], c0 + j), cell, target.get(row, column), kind))
        target.put_row(row, e0, tuple(line))
    if kind in ("PASTE_NORMAL", "PASTE_NO_BORDERS") and not flip:
        _copy_merges(source, target, Area(source.sheet_id, r0, r1, c0, c1), (d0, e0), (down, across))


def _copy_merges(source: Sheet, target: Sheet, area: Area, to: tuple[int, int], times: tuple[int, int]) -> None:
    height, width = (area.r1 or 0) - (area.r0 or 0), (area.c1 or 0) - (area.c0 or 0)
    for merge in [a1.area(m) for m in source.merges]:
        if not area.holds(merge):
            continue
        for i in range(times[0]):
            for j in range(times[1]):
                dr = to[0] - (area.r0 or 0) + i * height
                dc = to[1] - (area.c0 or 0) + j * width
                place = Area(
                    target.sheet_id,
                    (merge.r0 or 0) + dr,
                    (merge.r1 or 0) + dr,
                    (merge.c0 or 0) + dc,
                    (merge.c1 or 0) + dc,
                ).json()
                if place not in target.merges:
                    target.merges.append(place)


def _spread_conditionals(source: Sheet, target: Sheet, area: Area, to: Area) -> None:
    mine = [r for r in source.conditionals if any(a1.area(x).meets(area) for x in r["ranges"])]
    if source is target:
        source.conditionals = [
            {**r, "ranges": [*r["ranges"], to.json()]} if any(r is m for m in mine) else r for r in source.conditionals
        ]
    else:
        target.conditionals.extend({**r, "ranges": [to.json()]} for r in mine)


def cut_paste(ctx: Context, req: Json) -> None:
    """Move a range; what is cut is gone whatever is pasted. Formulas keep their references."""
    source, source_area = ctx.area(req.get("source"), "source")
    place = req.get("destination", {})
    target = ctx.book.grid(place.get("sheetId", 0))
    r0, r1, c0, c1 = ctx.inside(source, source_area)
    d0, e0 = place.get("rowIndex", 0), place.get("columnIndex", 0)
    ctx.may_edit(Area(source.sheet_id, r0, r1, c0, c1), Area(target.sheet_id, d0, d0 + r1 - r0, e0, e0 + c1 - c0))
    if d0 + r1 - r0 > target.row_count or e0 + c1 - c0 > target.column_count:
        message = "The paste would go beyond the grid. (emulator: Google's own text is not known)"
        raise BatchError(message)
    kind = req.get("pasteType", "PASTE_NORMAL")
    block = [[source.get(r, c) for c in range(c0, c1)] for r in range(r0, r1)]
    values = [
        [pasted(ctx, source, (r0 + i, c0 + j), cell, None, "PASTE_VALUES") for j, cell in enumerate(line)]
        for i, line in enumerate(block)
    ]
    for row in range(r0, min(r1, len(source.rows))):
        source.put_row(row, c0, (None,) * (c1 - c0))
    for i, line in enumerate(block):
        fresh = []
        for j, cell in enumerate(line):
            old = target.get(d0 + i, e0 + j)
            if kind == "PASTE_VALUES":
                value = values[i][j]
                fresh.append(cells.with_value(old, value.value if value else None))
            else:
                fresh.append(pasted(ctx, source, (r0 + i, c0 + j), cell, old, kind))
        target.put_row(d0 + i, e0, tuple(fresh))
    area = Area(source.sheet_id, r0, r1, c0, c1)
    moved = [a1.area(m) for m in source.merges if area.holds(a1.area(m))]
    source.merges = [m for m in source.merges if a1.area(m) not in moved]
    if kind == "PASTE_NORMAL":
        for m in moved:
            dr, dc = d0 - r0, e0 - c0
            target.merges.append(
                Area(target.sheet_id, (m.r0 or 0) + dr, (m.r1 or 0) + dr, (m.c0 or 0) + dc, (m.c1 or 0) + dc).json()
            )


def paste_data(ctx: Context, req: Json) -> None:
    """Enter delimited text as if pasted in the browser; the grid grows when it must."""
    if req.get("html"):
        message = "The emulator does not implement PasteDataRequest.html."
        raise BatchError(message)
    place = req.get("coordinate", {})
    sheet = ctx.book.grid(place.get("sheetId", 0))
    delimiter = req.get("delimiter")
    if not delimiter or len(delimiter) != 1:
        message = "PasteDataRequest needs a delimiter of one character. (emulator: Google's own text is not known)"
        raise BatchError(message)
    lines = list(csv.reader(io.StringIO(req.get("data", "")), delimiter=delimiter))
    r0, c0 = place.get("rowIndex", 0), place.get("columnIndex", 0)
    width = max((len(line) for line in lines), default=0)
    if not lines or not width:
        return
    ctx.may_edit(Area(sheet.sheet_id, r0, r0 + len(lines), c0, c0 + width))
    ctx.book.grow(sheet, r0 + len(lines), c0 + width)
    kind = req.get("type", "PASTE_NORMAL")
    if kind not in ("PASTE_NORMAL", "PASTE_VALUES", "PASTE_NO_BORDERS", "PASTE_FORMULA"):
        return
    for i, line in enumerate(lines):
        for j, text in enumerate(line):
            sheet.put(r0 + i, c0 + j, type_into(sheet.get(r0 + i, c0 + j), text, ctx.year))


# -- tidying ------------------------------------------------------------------------------------------------------------


def delete_duplicates(ctx: Context, req: Json) -> Json:
    """Remove rows of a range that repeat an earlier one in the compared columns; the first from the top stays."""
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    columns: list[int] = []
    for item in req.get("comparisonColumns", []):
        if item.get("dimension") != "COLUMNS":
            message = "comparisonColumns must be COLUMNS. (emulator: Google's own text is not known)"
            raise BatchError(message)
        if (
            item.get("sheetId", 0) != sheet.sheet_id
            or not c0 <= item.get("startIndex", c0) < item.get("endIndex", c1) <= c1
        ):
            message = "comparisonColumns must lie inside the range. (emulator: Google's own text is not known)"
            raise BatchError(message)
        columns += range(item.get("startIndex", c0), item.get("endIndex", c1))
    columns = columns or list(range(c0, c1))
    if any(a1.area(merge).meets(Area(sheet.sheet_id, r0, r1, c0, c1)) for merge in sheet.merges):
        message = (
            "Duplicates in a range with merged cells cannot be removed. (emulator: Google's own text is not known)"
        )
        raise BatchError(message)
    end = min(r1, len(sheet.rows))
    seen: set[tuple[Any, ...]] = set()
    kept: list[int] = []
    removed = 0
    for row in range(r0, end):
        key = tuple(sort_key(ctx.evaluator.cell(sheet, row, column)) for column in columns)
        blank = all(part is None for part in key)
        if key in seen and not (blank and not ctx.switches.blanks_are_duplicates):
            removed += 1
            continue
        seen.add(key)
        kept.append(row)
    if not removed:
        return {}
    blocks = [_cut(sheet.rows[row], c0, c1) for row in kept]
    blocks += [(None,) * (c1 - c0)] * removed
    for place, block in enumerate(blocks, r0):
        sheet.put_row(place, c0, block)
    sheet.touched()
    return {"duplicatesRemovedCount": removed}


def trim_whitespace(ctx: Context, req: Json) -> Json:
    """Trim every text of a range and collapse runs of white space."""
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    changed = 0
    for row, column, cell in list(sheet.cells(r0, r1, c0, c1)):
        if isinstance(cell.value, str):
            text = " ".join(cell.value.split())
            if text != cell.value:
                sheet.put(row, column, cells.with_value(cell, text or None))
                changed += 1
    return {"cellsChangedCount": changed}


def randomize_range(ctx: Context, req: Json) -> None:
    """Shuffle the rows of a range that are seen (seeded, so runs repeat)."""
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    sheet.rows.extend([()] * (r1 - len(sheet.rows)))
    unseen = unseen_rows(ctx.evaluator, sheet)
    places = [row for row in range(r0, r1) if row not in unseen]
    order = list(places)
    ctx.book.random.shuffle(order)
    put_rows_in_order(sheet, order, places, c0, c1)


_DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "PERIOD": ".", "SPACE": " "}


def text_to_columns(ctx: Context, req: Json) -> None:
    """Split the texts of one column at a delimiter into the columns to its right."""
    sheet, area = ctx.area(req.get("source"), "source")
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    kind = req.get("delimiterType", "DELIMITER_TYPE_UNSPECIFIED")
    delimiter = req.get("delimiter", "") if kind == "CUSTOM" else _DELIMITERS.get(kind, "")
    if not delimiter:
        message = f"The emulator does not implement TextToColumnsRequest.delimiterType {kind}."
        raise BatchError(message)
    if c1 - c0 != 1:
        message = "The source must span exactly one column. (emulator: Google's own text is not known)"
        raise BatchError(message)
    found = [
        (row, cell.value.split(delimiter))
        for row, _, cell in sheet.cells(r0, r1, c0, c1)
        if isinstance(cell.value, str)
    ]
    width = max((len(parts) for _, parts in found), default=1)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c0 + width))
    ctx.book.grow(sheet, 0, c0 + width)
    for row, parts in found:
        for offset, text in enumerate(parts):
            sheet.put(row, c0 + offset, type_into(sheet.get(row, c0 + offset), text, ctx.year))


def insert_range(ctx: Context, req: Json) -> None:
    """Insert empty cells, shifting others down or right inside the grid."""
    _shift(ctx, req, insert_cells=True)


def delete_range(ctx: Context, req: Json) -> None:
    """Delete cells, shifting others up or left."""
    _shift(ctx, req, insert_cells=False)


def _shift(ctx: Context, req: Json, *, insert_cells: bool) -> None:
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    dimension = req.get("shiftDimension", "DIMENSION_UNSPECIFIED")
    if dimension == "DIMENSION_UNSPECIFIED":
        message = "No shiftDimension specified. (emulator: Google's own text is not known)"
        raise BatchError(message)
    rest = Area(sheet.sheet_id, r0, None, c0, c1) if dimension == "ROWS" else Area(sheet.sheet_id, r0, r1, c0, None)
    ctx.may_edit(rest)
    if any(a1.area(m).meets(rest) and not rest.holds(a1.area(m)) for m in sheet.merges):
        message = "The shift would break a merged range. (emulator: Google's own text is not known)"
        raise BatchError(message)
    structure.shift_cells(sheet, (r0, r1, c0, c1), dimension, insert_cells=insert_cells)


HANDLERS: dict[str, Handler] = {
    "findReplace": find_replace,
    "sortRange": sort_range,
    "copyPaste": copy_paste,
    "cutPaste": cut_paste,
    "pasteData": paste_data,
    "deleteDuplicates": delete_duplicates,
    "trimWhitespace": trim_whitespace,
    "randomizeRange": randomize_range,
    "textToColumns": text_to_columns,
    "insertRange": insert_range,
    "deleteRange": delete_range,
}
