"""Requests that write cells: updateCells, appendCells, repeatCell, setDataValidation, updateBorders, mergeCells, unmergeCells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator import a1, cells, fields, formulas, requests_tables
from tests.emulator.a1 import Area
from tests.emulator.cells import Cell, Formula
from tests.emulator.errors import BatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.emulator.book import Sheet
    from tests.emulator.cells import Row
    from tests.emulator.context import Context, Handler, Json

_PARTIAL_MERGE = "You must select all cells in a merged range to merge or unmerge them."


def update_cells(ctx: Context, req: Json) -> None:
    """Write a block from `start`, or a `range` whose uncovered part is cleared in the masked fields."""
    trie = ctx.mask(req, "CellData")
    rows: list[Json] = req.get("rows", [])
    if "range" in req:
        sheet, area = ctx.area(req["range"])
        r0, r1, c0, c1 = ctx.inside(sheet, area)
        covered = range(r0, r1)
    else:
        start = req.get("start")
        if start is None:
            message = "Either start or range must be set. (emulator: Google's own text is not known)"
            raise BatchError(message)
        sheet = ctx.book.grid(start.get("sheetId", 0))
        r0, c0 = start.get("rowIndex", 0), start.get("columnIndex", 0)
        r1 = r0 + len(rows)
        c1 = c0 + max((len(row.get("values", [])) for row in rows), default=0)
        covered = range(0)
    if r0 + len(rows) > (r1 if covered else sheet.row_count):
        last = (r1 if covered else sheet.row_count) - 1
        message = f"Attempting to write row: {last + 1}, beyond the last requested row of: {last}"
        raise BatchError(message)
    ctx.may_edit(Area(sheet.sheet_id, r0, max(r1, r0 + 1), c0, max(c1, c0 + 1)))
    if _brings_rules(trie, *(value for row in rows for value in row.get("values", []))):
        requests_tables.refuse_rules(ctx, Area(sheet.sheet_id, r0, max(r1, r0 + 1), c0, max(c1, c0 + 1)))
    limit = c1 if covered else sheet.column_count
    for offset, row in enumerate(rows):
        values = row.get("values", [])
        if c0 + len(values) > limit:
            message = f"Attempting to write column: {limit}, beyond the last requested column of: {limit - 1}"
            raise BatchError(message)
        if covered and len(values) < c1 - c0:
            values = values + [{}] * (c1 - c0 - len(values))
        write_row(sheet, r0 + offset, c0, values, trie)
    for row_index in covered[len(rows) :]:
        write_row(sheet, row_index, c0, [{}] * (c1 - c0), trie)


def write_row(sheet: Sheet, row: int, column: int, values: list[Json], trie: fields.Trie) -> None:
    """Write the masked fields of CellData into one row."""
    if values:
        old = sheet.rows[row] if row < len(sheet.rows) else ()
        sheet.put_row(row, column, _written(old, column, values, trie))


def _written(old: Row, column: int, values: list[Json], trie: fields.Trie) -> Row:
    """Return the cells of a row from `column` on after `values` were written over them."""
    if len(old) < column + len(values):
        old = old + (None,) * (column + len(values) - len(old))
    if len(trie) == 1 and trie.get("userEnteredValue") == {}:  # the common case, three times as fast
        return tuple(
            cells.with_value(old[column + i], cells.from_extended(value.get("userEnteredValue")))
            for i, value in enumerate(values)
        )
    return tuple(cells.write(old[column + i], value, trie) for i, value in enumerate(values))


def _each_alike(sheet: Sheet, rows: range, column: int, change: Callable[[Row], Row]) -> None:
    """Put what `change` makes of a row's cells from `column` on into every row; rows that are one tuple stay one."""
    done: dict[int, tuple[Row, Row]] = {}  # the old row is kept, so that its id stays its own
    lines = []
    for row in rows:
        old = sheet.rows[row] if row < len(sheet.rows) else ()
        if id(old) not in done:
            fresh = change(old)
            head = old[:column] + (None,) * (column - len(old))
            done[id(old)] = old, head + fresh + old[column + len(fresh) :]
        lines.append(done[id(old)][1])
    sheet.put_lines(rows.start, lines)


def append_cells(ctx: Context, req: Json) -> None:
    """Write rows after the last row with a value, from column A on; the grid grows when it must.

    A format, a rule or a note is not data. What becomes of the rows where a native table stands is a switch.
    """
    trie = ctx.mask(req, "CellData")
    rows: list[Json] = req.get("rows", [])
    width = max((len(row.get("values", [])) for row in rows), default=0)
    number = req.get("tableId", "")
    sheet = ctx.book.grid(req.get("sheetId", 0)) if not number else requests_tables.table_sheet(ctx, number)
    at_table = ctx.switches.append_cells_into_table if number else ctx.switches.append_cells_at_table
    if not rows or not width or (sheet.tables and at_table == "drop"):
        return
    if number and at_table == "grow":
        start, column = requests_tables.room_in_table(ctx, number, len(rows))
    else:
        start, column = _end_of_data(ctx, sheet), 0
    area = Area(sheet.sheet_id, start, start + len(rows), column, column + width)
    ctx.may_edit(area)
    if _brings_rules(trie, *(value for row in rows for value in row.get("values", []))):
        requests_tables.refuse_rules(ctx, area)
    ctx.book.grow(sheet, start + len(rows), column + width)
    end = sheet.data_end()
    for offset, row in enumerate(rows):
        write_row(sheet, start + offset, column, row.get("values", []), trie)
        if sheet.has_value(start + offset):
            end = max(end, start + offset + 1)
    sheet.appended(end)
    if sheet.tables and not number and at_table == "grow":
        requests_tables.grow_over(sheet, start, start + len(rows), width)


def _end_of_data(ctx: Context, sheet: Sheet) -> int:
    end = sheet.data_end()
    if not ctx.switches.append_cells_over_hidden_rows:
        return end
    from tests.emulator.conditions import unseen_rows  # noqa: PLC0415 - conditions needs formulas, which needs cells

    unseen = unseen_rows(ctx.evaluator, sheet)
    filled = sheet.cells(0, end, 0, sheet.column_count)
    return max((row + 1 for row, _, cell in filled if row not in unseen and cell.value is not None), default=0)


def _brings_rules(trie: fields.Trie, *values: Json) -> bool:
    masked = not trie or "*" in trie or "dataValidation" in trie
    return masked and any(value.get("dataValidation") for value in values)


def repeat_cell(ctx: Context, req: Json) -> None:
    """Write one cell over a range; relative references of a formula move along."""
    trie = ctx.mask(req, "CellData")
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    data = req.get("cell", {})
    if _brings_rules(trie, data):
        requests_tables.refuse_rules(ctx, Area(sheet.sheet_id, r0, r1, c0, c1))
    formula = data.get("userEnteredValue", {}).get("formulaValue")
    if not formula:
        _each_alike(sheet, range(r0, r1), c0, lambda old: _written(old, c0, [data] * (c1 - c0), trie))
        return
    for row in range(r0, r1):
        line = [
            {**data, "userEnteredValue": {"formulaValue": formulas.copied(formula, row - r0, column - c0)}}
            for column in range(c0, c1)
        ]
        write_row(sheet, row, c0, line, trie)


def set_data_validation(ctx: Context, req: Json) -> None:
    """Set or clear the rule of every cell of a range; rows hidden by the filter are left out unless asked for."""
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    rule = req.get("rule")
    if rule is not None:
        requests_tables.refuse_rules(ctx, Area(sheet.sheet_id, r0, r1, c0, c1))
        check_condition(rule.get("condition"), "rule.condition")
    from tests.emulator.conditions import hidden_rows  # noqa: PLC0415 - conditions needs formulas, which needs cells

    hidden = set() if req.get("filteredRowsIncluded") else hidden_rows(ctx.evaluator, sheet)

    def ruled(old: Row) -> Row:
        fresh = [(c or cells.EMPTY)._replace(rule=rule) for c in old[c0:c1] + (None,) * (c1 - max(c0, len(old)))]
        return tuple(None if cell.is_blank() else cell for cell in fresh)

    last = r1 if rule is not None else min(r1, len(sheet.rows))
    for shown in _stretches(r0, last, hidden):
        _each_alike(sheet, shown, c0, ruled)


def _stretches(start: int, end: int, without: set[int]) -> Iterator[range]:
    """Yield the stretches of rows between those left out."""
    for row in [*sorted(r for r in without if start <= r < end), end]:
        if row > start:
            yield range(start, row)
        start = row + 1


_NO_VALUE = frozenset(("BLANK", "NOT_BLANK", "TEXT_IS_EMAIL", "TEXT_IS_URL", "DATE_IS_VALID"))
_TWO_VALUES = frozenset(("NUMBER_BETWEEN", "NUMBER_NOT_BETWEEN", "DATE_BETWEEN", "DATE_NOT_BETWEEN"))


def check_condition(condition: Json | None, where: str) -> None:
    """Refuse a condition without a type or with the wrong number of values (wording is the emulator's)."""
    kind = (condition or {}).get("type", "CONDITION_TYPE_UNSPECIFIED")
    if condition is None or kind == "CONDITION_TYPE_UNSPECIFIED":
        message = f"{where}.type is required. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if kind == "FILTER_EXPRESSION":
        message = "The emulator does not implement BooleanCondition.type FILTER_EXPRESSION."
        raise BatchError(message)
    count = len(condition.get("values", []))
    if kind in _NO_VALUE:
        good = count == 0
    elif kind in _TWO_VALUES:
        good = count == 2
    elif kind == "BOOLEAN":
        good = count <= 2
    elif kind in ("ONE_OF_LIST", "TEXT_EQ", "TEXT_NOT_EQ", "DATE_NOT_EQ"):
        good = count >= 1
    else:
        good = count == 1
    if not good:
        message = (
            f"{where}: {count} values do not fit condition type {kind}. (emulator: Google's own text is not known)"
        )
        raise BatchError(message)


def update_borders(ctx: Context, req: Json) -> None:
    """Set borders on the sides and inside of a range; a missing side is left as it is."""
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    ctx.may_edit(Area(sheet.sheet_id, r0, r1, c0, c1))
    for row in range(r0, r1):
        for column in range(c0, c1):
            sides = {
                "top": req.get("top" if row == r0 else "innerHorizontal"),
                "bottom": req.get("bottom" if row == r1 - 1 else "innerHorizontal"),
                "left": req.get("left" if column == c0 else "innerVertical"),
                "right": req.get("right" if column == c1 - 1 else "innerVertical"),
            }
            if any(side is not None for side in sides.values()):
                cell = sheet.get(row, column) or cells.EMPTY
                fmt = dict(cell.fmt or {})
                borders = dict(fmt.get("borders", {}))
                for name, side in sides.items():
                    if side is not None and side.get("style") == "NONE":
                        borders.pop(name, None)
                    elif side is not None:
                        borders[name] = cells.tidy_colors(side)
                if borders:
                    fmt["borders"] = borders
                else:
                    fmt.pop("borders", None)
                fresh = cell._replace(fmt=fmt or None)
                sheet.put(row, column, None if fresh.is_blank() else fresh)


def merge_cells(ctx: Context, req: Json) -> None:
    """Merge a range as a whole, by rows or by columns; only the first cell of each part keeps its value."""
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    whole = Area(sheet.sheet_id, r0, r1, c0, c1)
    ctx.may_edit(whole)
    _drop_merges(sheet, whole)
    kind = req.get("mergeType", "MERGE_ALL")
    if kind == "MERGE_ALL":
        parts = [whole]
    elif kind == "MERGE_ROWS":
        parts = [Area(sheet.sheet_id, r, r + 1, c0, c1) for r in range(r0, r1)]
    else:
        parts = [Area(sheet.sheet_id, r0, r1, c, c + 1) for c in range(c0, c1)]
    for part in parts:
        top, bottom, left, right = part.bounded(sheet.row_count, sheet.column_count)
        if (bottom - top) * (right - left) < 2:
            continue
        for row, column, cell in list(sheet.cells(top, bottom, left, right)):
            if (row, column) != (top, left):
                sheet.put(row, column, cells.with_value(cell, None))
        sheet.merges.append(part.json())


def unmerge_cells(ctx: Context, req: Json) -> None:
    """Take all merges inside a range apart."""
    sheet, area = ctx.area(req.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    whole = Area(sheet.sheet_id, r0, r1, c0, c1)
    ctx.may_edit(whole)
    _drop_merges(sheet, whole)


def _drop_merges(sheet: Sheet, whole: Area) -> None:
    kept = []
    for merge in sheet.merges:
        part = a1.area(merge)
        if whole.holds(part):
            continue
        if whole.meets(part):
            raise BatchError(_PARTIAL_MERGE)
        kept.append(merge)
    sheet.merges = kept


def shifted(cell: Cell | None, down: int, right: int) -> Cell | None:
    """Return a cell as it reads at another place: relative references move along."""
    if cell is None or not isinstance(cell.value, Formula):
        return cell
    return cell._replace(value=Formula(formulas.copied(cell.value.text, down, right)))


HANDLERS: dict[str, Handler] = {
    "updateCells": update_cells,
    "appendCells": append_cells,
    "repeatCell": repeat_cell,
    "setDataValidation": set_data_validation,
    "updateBorders": update_borders,
    "mergeCells": merge_cells,
    "unmergeCells": unmerge_cells,
}
