"""Native tables: addTable, updateTable, deleteTable, and what appendCells does where one stands.

No recording has them in use. The members are the discovery document's; on what appendCells does sources differ, so it is
a switch: the rows are dropped, stand below the table, or the table grows (one live report, with the table's id).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator import a1, fields, structure
from tests.emulator.a1 import Area
from tests.emulator.errors import BatchError

if TYPE_CHECKING:
    from tests.emulator.book import Sheet
    from tests.emulator.context import Context, Handler, Json


def _checked(ctx: Context, table: Json, besides: str = "") -> tuple[Sheet, Json]:
    """Return sheet and stored form: a bounded range of its own, a name of its own, a name for every column."""
    sheet, area = ctx.area(table.get("range"))
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    place = Area(sheet.sheet_id, r0, r1, c0, c1)
    others = [one for each in ctx.book.sheets for one in each.tables if one["tableId"] != besides]
    if any(a1.area(one["range"]).meets(place) for one in others):
        message = "The table would overlap another one. (emulator: Google's own text is not known)"
        raise BatchError(message)
    names = {one.get("name", "").lower() for one in others}
    name = table.get("name") or next(
        n for n in (f"Table{i}" for i in range(1, len(names) + 2)) if n.lower() not in names
    )
    if name.lower() in names:
        message = f"A table with the name {name} already exists. (emulator: Google's own text is not known)"
        raise BatchError(message)
    named = {one.get("columnIndex", 0): one for one in table.get("columnProperties", [])}
    columns = []
    for offset in range(c1 - c0):
        head = sheet.get(r0, c0 + offset)
        shown = head.value if head is not None and isinstance(head.value, str) else f"Column {offset + 1}"
        columns.append({"columnName": shown, **named.get(offset, {}), "columnIndex": offset})
    return sheet, {**table, "name": name, "range": place.json(), "columnProperties": columns}


def add_table(ctx: Context, req: Json) -> Json:
    """Make a range a table."""
    sheet, stored = _checked(ctx, dict(req.get("table", {})))
    ctx.may_edit(a1.area(stored["range"]))
    taken = {one["tableId"] for each in ctx.book.sheets for one in each.tables}
    if stored.get("tableId") in taken:
        message = f"A table with id {stored['tableId']} already exists. (emulator: Google's own text is not known)"
        raise BatchError(message)
    stored["tableId"] = stored.get("tableId") or str(ctx.book.fresh_id())
    sheet.tables.append(stored)
    return {"table": stored}


def _table(ctx: Context, number: str) -> tuple[Sheet, int]:
    for sheet in ctx.book.sheets:
        for index, table in enumerate(sheet.tables):
            if table["tableId"] == number:
                return sheet, index
    message = f"No table with id: {number}. (emulator: Google's own text is not known)"
    raise BatchError(message)


def update_table(ctx: Context, req: Json) -> None:
    """Change name, range, colours or columns; the table stays on its tab."""
    trie = ctx.mask(req, "Table")
    new = req.get("table", {})
    sheet, index = _table(ctx, new.get("tableId", ""))
    old = sheet.tables[index]
    target, fresh = _checked(ctx, {**fields.update(old, new, trie), "tableId": old["tableId"]}, old["tableId"])
    if target is not sheet:
        message = "A table cannot move to another sheet. (emulator: Google's own text is not known)"
        raise BatchError(message)
    ctx.may_edit(a1.area(old["range"]), a1.area(fresh["range"]))
    sheet.tables[index] = fresh


def delete_table(ctx: Context, req: Json) -> None:
    """Delete a table with its content [doc guide]."""
    sheet, index = _table(ctx, req.get("tableId", ""))
    area = a1.area(sheet.tables[index]["range"])
    ctx.may_edit(area)
    for row, column, _ in list(sheet.cells(*area.bounded(sheet.row_count, sheet.column_count))):
        sheet.put(row, column, None)
    del sheet.tables[index]


def refuse_rules(ctx: Context, area: Area) -> None:
    """Refuse a drop-down or other rule for single cells of a table; it belongs to the table's column [live]."""
    if any(a1.area(one["range"]).meets(area) for one in ctx.book.sheet(area.sheet_id).tables):
        message = "Data validation cannot be set on cells of a table. (emulator: Google's own text is not known)"
        raise BatchError(message)


def table_sheet(ctx: Context, number: str) -> Sheet:
    """Return the tab a table stands on."""
    return _table(ctx, number)[0]


def room_in_table(ctx: Context, number: str, rows: int) -> tuple[int, int]:
    """Return row and column at which rows go into a table's body, after making the table so long.

    They go after the last row of the body with a value; a totals row stays last. Where something stands below the table,
    rows are inserted (whether Google shifts only the table's columns is not known).
    """
    sheet, index = _table(ctx, number)
    table = sheet.tables[index]
    top, bottom, left, right = a1.area(table["range"]).bounded(sheet.row_count, sheet.column_count)
    total = 1 if "footerColorStyle" in table.get("rowsProperties", {}) else 0
    used = [row for row, _, cell in sheet.cells(top + 1, bottom - total, left, right) if cell.value is not None]
    start = max(used, default=top) + 1
    more = start + rows - (bottom - total)
    if more > 0:
        below = any(
            cell.value is not None for _, _, cell in sheet.cells(bottom - total, sheet.row_count, 0, sheet.column_count)
        )
        if below:
            ctx.may_shape(sheet, "ROWS", bottom - total, bottom - total + more, inserting=True)
            structure.insert(ctx.book, sheet, "ROWS", bottom - total, more, inherit_before=True)
        else:
            ctx.book.grow(sheet, bottom + more, right)
        _stretch(sheet, index, bottom + more)
    return start, left


def grow_over(sheet: Sheet, start: int, end: int, width: int) -> None:
    """Let the table that ends where rows were appended reach over them."""
    for index, table in enumerate(sheet.tables):
        area = a1.area(table["range"])
        if (area.r1 or 0) >= start and (area.r1 or 0) < end and (area.c0 or 0) < width:
            _stretch(sheet, index, end)


def _stretch(sheet: Sheet, index: int, end: int) -> None:
    table = sheet.tables[index]
    sheet.tables[index] = {**table, "range": a1.area(table["range"])._replace(r1=end).json()}


def own_tables(ctx: Context, sheet: Sheet) -> list[Json]:
    """Return a copied sheet's tables with ids and names of their own."""
    names = {one.get("name", "").lower() for each in ctx.book.sheets for one in each.tables}
    out = []
    for table in sheet.tables:
        name = next(
            n for n in (f"{table.get('name', 'Table')}_{i}" for i in range(1, 10_000)) if n.lower() not in names
        )
        names.add(name.lower())
        out.append({**table, "tableId": str(ctx.book.fresh_id()), "name": name})
    return out


HANDLERS: dict[str, Handler] = {"addTable": add_table, "updateTable": update_table, "deleteTable": delete_table}
