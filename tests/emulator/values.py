"""The `values.*` calls: get, batchGet, update, batchUpdate, append, clear, batchClear, and the *ByDataFilter forms.

Facts: docs/sheet-facts.md "Reading values", docs/sheet-facts.md "Appending" and the `values.*` row of its table of refusals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.emulator import a1, cells, entry, formatting, formulas, metadata, render
from tests.emulator.a1 import Area
from tests.emulator.cells import Cell, Fault, Formula, number_format
from tests.emulator.conditions import unseen_rows
from tests.emulator.errors import ApiError, BatchError, invalid

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.emulator.book import Sheet
    from tests.emulator.context import Context, Json

_PLAIN = frozenset((str, int, float, bool))


# -- reading ------------------------------------------------------------------------------------------------------------


def read(ctx: Context, sheet: Sheet, area: Area, options: Json) -> Json:
    """Return a ValueRange: trailing empty cells and rows dropped, inner ones `""` and `[]`."""
    bounds = ctx.book.clamp(sheet, area)
    major = options.get("majorDimension", "ROWS")
    if major == "DIMENSION_UNSPECIFIED":
        major = "ROWS"
    option = options.get("valueRenderOption", "FORMATTED_VALUE")
    dates_as_text = options.get("dateTimeRenderOption", "SERIAL_NUMBER") == "FORMATTED_STRING"
    rows = _rows(ctx, sheet, bounds, option, dates_as_text=dates_as_text)
    if major == "COLUMNS":
        rows = _turned(rows)
    for row in rows:
        while row and (row[-1] is None or row[-1] == ""):
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    for row in rows:
        if None in row:
            row[:] = ["" if v is None else v for v in row]
    return render.value_range(sheet, bounds, rows, major)


def _turned(rows: list[list[Any]]) -> list[list[Any]]:
    width = max((len(row) for row in rows), default=0)
    return [[row[c] if c < len(row) else None for row in rows] for c in range(width)]


def _rows(
    ctx: Context, sheet: Sheet, bounds: tuple[int, int, int, int], option: str, *, dates_as_text: bool
) -> list[list[Any]]:
    r0, r1, c0, c1 = bounds
    plain = option != "FORMATTED_VALUE" and not dates_as_text
    out: list[list[Any]] = []
    for row in range(r0, min(r1, sheet.data_end())):  # below it stand formats and rules only, which read as nothing
        line = sheet.rows[row][c0:c1]
        if plain:
            values: list[Any] = [None if c is None else c.value for c in line]
            if sheet.has_formulas:
                for i, value in enumerate(values):
                    if isinstance(value, Formula):
                        values[i] = value.text if option == "FORMULA" else _raw(ctx, sheet, row, c0 + i, line[i])
        else:
            values = [  # a text shows itself in every format
                None
                if c is None or c.value is None
                else c.value
                if type(c.value) is str
                else _shown(ctx, sheet, row, c0 + i, c, option)
                for i, c in enumerate(line)
            ]
        out.append(values)
    return out


def _raw(ctx: Context, sheet: Sheet, row: int, column: int, cell: Cell | None) -> Any:
    value = ctx.evaluator.value(sheet, row, column, cell)
    return value.read() if isinstance(value, Fault) else value


def _shown(ctx: Context, sheet: Sheet, row: int, column: int, cell: Cell, option: str) -> Any:
    if option == "FORMULA" and isinstance(cell.value, Formula):
        return cell.value.text
    value = ctx.evaluator.value(sheet, row, column, cell)
    style = formulas.brought_format(cell)
    if option == "FORMATTED_VALUE" or (
        formatting.is_date(style) and isinstance(value, (int, float)) and not isinstance(value, bool)
    ):
        return formatting.show(value, style)
    return value.read() if isinstance(value, Fault) else value


def get(ctx: Context, text: str, options: Json) -> Json:
    """values.get."""
    sheet, area = ctx.book.resolve(text)
    return read(ctx, sheet, area, options)


def batch_get(ctx: Context, options: Json) -> Json:
    """values.batchGet."""
    found = [ctx.book.resolve(text) for text in options.get("ranges", [])]
    out: Json = {"spreadsheetId": ctx.book.book_id}
    if found:
        out["valueRanges"] = [read(ctx, sheet, area, options) for sheet, area in found]
    return out


# -- writing ------------------------------------------------------------------------------------------------------------


def _input_option(options: Json) -> str:
    option: str = options.get("valueInputOption", "INPUT_VALUE_OPTION_UNSPECIFIED")
    if option == "INPUT_VALUE_OPTION_UNSPECIFIED":
        message = "'valueInputOption' is required but not specified"
        raise invalid(message)
    return option


def _matrix(body: Json) -> list[list[Any]]:
    values: list[list[Any]] = body.get("values", [])
    for row in values:
        for value in row:
            if value is not None and type(value) not in _PLAIN:
                message = "Invalid values: only text, numbers, booleans and null can be written."
                raise invalid(message)
    return _turned(values) if body.get("majorDimension") == "COLUMNS" else values


def write_block(ctx: Context, sheet: Sheet, place: tuple[int, int], values: list[list[Any]], option: str) -> int:
    """Write values from a cell on; null skips, `""` clears. Returns the number of cells written."""
    r0, c0 = place
    count = 0
    width = max((len(row) for row in values), default=0)
    if width:
        ctx.may_edit(Area(sheet.sheet_id, r0, r0 + len(values), c0, c0 + width))
    for offset, row in enumerate(values):
        if not row:
            continue
        fresh = [sheet.get(r0 + offset, c0 + i) for i in range(len(row))]
        for i, value in enumerate(row):
            if value is None:
                continue
            count += 1
            fresh[i] = _entered(ctx, fresh[i], value, option)
        sheet.put_row(r0 + offset, c0, tuple(fresh))
    return count


def _entered(ctx: Context, old: Cell | None, value: Any, option: str) -> Cell | None:
    if isinstance(value, str):
        text = cells.checked_text(value)
        if option == "RAW":
            return cells.with_value(old, text or None)
        typed = entry.parse(text, plain_text=cells.is_plain_text(old), year=ctx.year)
        fresh = cells.with_value(old, typed.value)
        if typed.number_format and fresh is not None and number_format(fresh) is None:
            fresh = fresh._replace(fmt={**(fresh.fmt or {}), "numberFormat": typed.number_format})
        return fresh
    return cells.with_value(old, value if isinstance(value, bool) else cells.plain_number(value))


class _Done(NamedTuple):
    """What one range's update answers, and the rows and columns it wrote, with their sheet."""

    answer: Json
    rows: set[tuple[int, int]]
    columns: set[tuple[int, int]]


def _update_one(ctx: Context, text: str, body: Json, options: Json) -> _Done:
    option = _input_option(options)
    sheet, area = ctx.book.resolve(text)
    if body.get("range") and ctx.book.resolve(body["range"]) != (sheet, area):
        message = f"Requested writing within range [{text}], but the body names [{body['range']}]. (emulator wording)"
        raise invalid(message)
    return _update_area(ctx, sheet, area, _matrix(body), {**options, "valueInputOption": option})


def _update_area(ctx: Context, sheet: Sheet, area: Area, values: list[list[Any]], options: Json) -> _Done:
    r0, r1, c0, c1 = ctx.book.clamp(sheet, area)
    for end, size in ((area.r1, sheet.row_count), (area.c1, sheet.column_count)):
        if end is not None and end > size:
            raise ctx.book.beyond(sheet, area)
    width = max((len(row) for row in values), default=0)
    height = len(values)
    asked = a1.print_range(sheet.title, r0, r1, c0, c1)
    single = r1 - r0 == 1 and c1 - c0 == 1
    if single:
        if r0 + height > sheet.row_count or c0 + width > sheet.column_count:
            raise ctx.book.beyond(sheet, Area(sheet.sheet_id, r0, r0 + height, c0, c0 + width))
    else:
        if c0 + width > c1:
            raise invalid(f"Requested writing within range [{asked}], but tried writing to column [{a1.letters(c1)}]")
        if r0 + height > r1:
            raise invalid(f"Requested writing within range [{asked}], but tried writing to row [{r1 + 1}]")
    count = write_block(ctx, sheet, (r0, c0), values, options["valueInputOption"])
    written = [(i, j) for i, row in enumerate(values) for j, value in enumerate(row) if value is not None]
    return _Done(
        _outcome(ctx, sheet, (r0, c0), values, count, options, asked),
        {(sheet.sheet_id, r0 + i) for i, _ in written},
        {(sheet.sheet_id, c0 + j) for _, j in written},
    )


def _outcome(
    ctx: Context, sheet: Sheet, place: tuple[int, int], values: list[list[Any]], count: int, options: Json, asked: str
) -> Json:
    r0, c0 = place
    width = max((len(row) for row in values), default=0)
    if not values or not width:
        return {"spreadsheetId": ctx.book.book_id, "updatedRange": asked}
    bounds = Area(sheet.sheet_id, r0, r0 + len(values), c0, c0 + width)
    out: Json = {
        "spreadsheetId": ctx.book.book_id,
        "updatedRange": a1.print_range(sheet.title, r0, r0 + len(values), c0, c0 + width),
        "updatedRows": len([row for row in values if any(v is not None for v in row)]),
        "updatedColumns": len({i for row in values for i, v in enumerate(row) if v is not None}),
        "updatedCells": count,
    }
    if options.get("includeValuesInResponse"):
        out["updatedData"] = read(
            ctx,
            sheet,
            bounds,
            {
                "valueRenderOption": options.get("responseValueRenderOption", "FORMATTED_VALUE"),
                "dateTimeRenderOption": options.get("responseDateTimeRenderOption", "SERIAL_NUMBER"),
            },
        )
    return {k: v for k, v in out.items() if v != 0}


def update(ctx: Context, text: str, body: Json, options: Json) -> Json:
    """values.update."""
    return _update_one(ctx, text, body, options).answer


def batch_update(ctx: Context, body: Json) -> Json:
    """values.batchUpdate: all ranges or none; a refusal names the range by its place [rec]."""
    _input_option(body)
    done = []
    for index, one in enumerate(body.get("data", [])):
        try:
            done.append(_update_one(ctx, one.get("range", ""), {**one, "range": ""}, body))
        except (ApiError, BatchError) as problem:
            raise invalid(f"Invalid data[{index}]: {problem}") from None
    sheets = {ctx.book.resolve(one.get("range", ""))[0].sheet_id for one in body.get("data", [])}
    return _totals(ctx, done, len(sheets))


def _totals(ctx: Context, done: list[_Done], sheets: int) -> Json:
    """Count each row and each column once, however many ranges wrote there [rec]."""
    out: Json = {
        "spreadsheetId": ctx.book.book_id,
        "totalUpdatedRows": len({row for one in done for row in one.rows}),
        "totalUpdatedColumns": len({column for one in done for column in one.columns}),
        "totalUpdatedCells": sum(one.answer.get("updatedCells", 0) for one in done),
        "totalUpdatedSheets": sheets,
        "responses": [one.answer for one in done],
    }
    return {k: v for k, v in out.items() if v}


def clear(ctx: Context, text: str) -> Json:
    """values.clear: values go, formats, rules and notes stay."""
    sheet, area = ctx.book.resolve(text)
    return {"spreadsheetId": ctx.book.book_id, "clearedRange": _clear_area(ctx, sheet, area)}


def _clear_area(ctx: Context, sheet: Sheet, area: Area) -> str:
    r0, r1, c0, c1 = ctx.book.clamp(sheet, area)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    for row, column, cell in list(sheet.cells(r0, r1, c0, c1)):
        if cell.value is not None:
            sheet.put(row, column, cells.with_value(cell, None))
    return a1.print_range(sheet.title, r0, r1, c0, c1)


def batch_clear(ctx: Context, body: Json) -> Json:
    """values.batchClear."""
    found = [ctx.book.resolve(text) for text in body.get("ranges", [])]
    out: Json = {"spreadsheetId": ctx.book.book_id}
    if found:
        out["clearedRanges"] = [_clear_area(ctx, sheet, area) for sheet, area in found]
    return out


# -- appending ----------------------------------------------------------------------------------------------------------


def find_table(
    sheet: Sheet, bounds: tuple[int, int, int, int], unseen: Collection[int] = ()
) -> tuple[int, int, int, int] | None:
    """Return the last table that touches a range: the block of cells around its lowest, rightmost value.

    unseen: rows that count as empty. Tables are parted by an empty row or column, so `["x", "", "z"]` is two tables and the last one is C1 [rec].
    """
    r0, r1, c0, c1 = bounds

    def filled(row: int, column: int) -> bool:
        cell = sheet.get(row, column)
        return cell is not None and cell.value is not None and row not in unseen

    start = None
    for row in range(min(r1, len(sheet.rows)) - 1, r0 - 1, -1):
        line = sheet.rows[row]
        for column in range(min(c1, len(line)) - 1, c0 - 1, -1):
            if filled(row, column):
                start = (row, column)
                break
        if start:
            break
    if start is None:
        return None
    top, bottom, left, right = start[0], start[0] + 1, start[1], start[1] + 1
    grew = True
    while grew:
        grew = False
        while top > 0 and any(filled(top - 1, c) for c in range(max(left - 1, 0), right + 1)):
            top, grew = top - 1, True
        while bottom < len(sheet.rows) and any(filled(bottom, c) for c in range(max(left - 1, 0), right + 1)):
            bottom, grew = bottom + 1, True
        while left > 0 and any(filled(r, left - 1) for r in range(max(top - 1, 0), bottom + 1)):
            left, grew = left - 1, True
        while right < sheet.column_count and any(filled(r, right) for r in range(max(top - 1, 0), bottom + 1)):
            right, grew = right + 1, True
    return top, bottom, left, right


def append(ctx: Context, text: str, body: Json, options: Json) -> Json:
    """values.append: find the table, write below it."""
    option = _input_option(options)
    sheet, area = ctx.book.resolve(text)
    bounds = ctx.book.clamp(sheet, area)
    values = _matrix(body)
    over = ctx.switches.values_append_over_hidden_rows
    table = find_table(sheet, bounds, unseen_rows(ctx.evaluator, sheet) if over else ())
    row, column = (table[1], table[2]) if table else (bounds[0], bounds[2])
    width = max((len(line) for line in values), default=0)
    if options.get("insertDataOption") == "INSERT_ROWS" and values and row < sheet.row_count:
        from tests.emulator import structure  # noqa: PLC0415 - structure is needed here only

        ctx.may_shape(sheet, "ROWS", row, row + len(values), inserting=True)
        structure.insert(ctx.book, sheet, "ROWS", row, len(values), inherit_before=row > 0)
    ctx.book.grow(sheet, row + len(values), column + width)
    count = write_block(ctx, sheet, (row, column), values, option)
    asked = a1.print_range(sheet.title, row, row + 1, column, column + 1)
    out: Json = {"spreadsheetId": ctx.book.book_id}
    if table:
        out["tableRange"] = a1.print_range(sheet.title, *table)
    out["updates"] = _outcome(ctx, sheet, (row, column), values, count, options, asked)
    return out


# -- by data filter -----------------------------------------------------------------------------------------------------


def selected(ctx: Context, filters: list[Json]) -> list[tuple[Sheet, Area, list[Json]]]:
    """Return the ranges data filters select, in order, each once, with its filters."""
    found: list[tuple[Sheet, Area, list[Json]]] = []

    def add(sheet: Sheet, area: Area, one: Json) -> None:
        for known in found:
            if known[0] is sheet and known[1] == area:
                known[2].append(one)
                return
        found.append((sheet, area, [one]))

    for one in filters:
        if "a1Range" in one:
            add(*ctx.book.resolve(one["a1Range"]), one)
        elif "gridRange" in one:
            try:
                add(*ctx.area(one["gridRange"]), one)
            except BatchError as problem:
                raise invalid(str(problem)) from None
        else:
            for item, _ in metadata.select(ctx.book, [one]):
                area = metadata.area_of(item)
                if area is not None:
                    add(ctx.book.sheet(area.sheet_id), area, one)
    return found


def batch_get_by_filter(ctx: Context, body: Json) -> Json:
    """values.batchGetByDataFilter."""
    ranges = [
        {"valueRange": read(ctx, sheet, area, body), "dataFilters": filters}
        for sheet, area, filters in selected(ctx, body.get("dataFilters", []))
    ]
    out: Json = {"spreadsheetId": ctx.book.book_id}
    if ranges:
        out["valueRanges"] = ranges
    return out


def batch_update_by_filter(ctx: Context, body: Json) -> Json:
    """values.batchUpdateByDataFilter."""
    option = _input_option(body)
    done: list[_Done] = []
    sheets = set()
    for one in body.get("data", []):
        for sheet, area, _ in selected(ctx, [one.get("dataFilter", {})]):
            result = _update_area(ctx, sheet, area, _matrix(one), {**body, "valueInputOption": option})
            answer = {**result.answer, "dataFilter": one.get("dataFilter", {})}
            answer.pop("spreadsheetId")
            done.append(result._replace(answer=answer))
            sheets.add(sheet.sheet_id)
    return _totals(ctx, done, len(sheets))


def batch_clear_by_filter(ctx: Context, body: Json) -> Json:
    """values.batchClearByDataFilter."""
    cleared = [_clear_area(ctx, sheet, area) for sheet, area, _ in selected(ctx, body.get("dataFilters", []))]
    out: Json = {"spreadsheetId": ctx.book.book_id}
    if cleared:
        out["clearedRanges"] = cleared
    return out
