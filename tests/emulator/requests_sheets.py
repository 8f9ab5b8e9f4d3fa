"""Requests about the spreadsheet, its sheets, and their rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator import fields, formatting, requests_tables, structure
from tests.emulator.a1 import Area
from tests.emulator.book import DEFAULT_COLUMNS, DEFAULT_ROWS, LOCALE, Sheet
from tests.emulator.cells import number_format, tidy_colors
from tests.emulator.errors import EMPTY_NAME, LAST_SHEET, LAST_SHOWN, MOVE_INTO_MERGE, NAME_TOO_LONG, BatchError

if TYPE_CHECKING:
    from tests.emulator.context import Context, Handler, Json

_GRID_ONLY = ("rowCount", "columnCount")
_MAX_TITLE = 100


def check_title(ctx: Context, title: str, besides: Sheet | None = None) -> None:
    """Refuse a title that is too long, empty or taken."""
    if len(title) > _MAX_TITLE:
        raise BatchError(NAME_TOO_LONG)
    if not title:
        raise BatchError(EMPTY_NAME)
    if ctx.book.title_taken(title, besides):
        message = f'A sheet with the name "{title}" already exists. Please enter another name.'
        raise BatchError(message)


def free_title(ctx: Context, start: str) -> str:
    """Return `Sheet2`-like title that is free."""
    number = len(ctx.book.sheets) + 1
    while ctx.book.title_taken(f"{start}{number}"):
        number += 1
    return f"{start}{number}"


def claim_sheet_id(ctx: Context, wanted: int | None) -> int:
    """Return the id for a new sheet; a taken or negative one is refused."""
    if wanted is None:
        return ctx.book.fresh_id()
    if wanted < 0:
        message = f"Invalid sheet id: {wanted}. It must be non-negative. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if any(s.sheet_id == wanted for s in ctx.book.sheets):
        message = f"A sheet with the id {wanted} already exists. (emulator: Google's own text is not known)"
        raise BatchError(message)
    return wanted


def add_sheet(ctx: Context, req: Json) -> Json:
    """Add an empty tab."""
    props: Json = req.get("properties", {})
    if props.get("sheetType", "GRID") != "GRID":
        message = f"The emulator does not implement addSheet with sheetType {props['sheetType']}."
        raise BatchError(message)
    title = props.get("title") or free_title(ctx, "Sheet")
    check_title(ctx, title)
    grid = props.get("gridProperties", {})
    sheet = Sheet(
        claim_sheet_id(ctx, props.get("sheetId")),
        title,
        grid.get("rowCount") or DEFAULT_ROWS,
        grid.get("columnCount") or DEFAULT_COLUMNS,
    )
    sheet.grid_props = {k: v for k, v in grid.items() if k not in _GRID_ONLY}
    sheet.props = tidy_colors(
        {k: props[k] for k in ("hidden", "rightToLeft", "tabColor", "tabColorStyle") if k in props}
    )
    index = min(props.get("index", len(ctx.book.sheets)), len(ctx.book.sheets))
    ctx.book.sheets.insert(index, sheet)
    ctx.book.check_size()
    _check_frozen(sheet)
    return {"properties": sheet.properties(index)}


def delete_sheet(ctx: Context, req: Json) -> None:
    """Delete a tab and what belongs to it; formulas that looked at it become errors."""
    sheet = ctx.book.sheet(req.get("sheetId", 0))
    if len(ctx.book.sheets) == 1 or not any(s is not sheet and not s.props.get("hidden") for s in ctx.book.sheets):
        raise BatchError(LAST_SHEET)
    ctx.may_change_sheet(sheet)
    for shown in sheet.protections:
        if "range" in shown:
            ctx.may_edit(Area(sheet.sheet_id))
    ctx.book.sheets.remove(sheet)
    structure.remap(ctx.book, lambda area: None if area.sheet_id == sheet.sheet_id else area)
    ctx.book.metadata = {n: e for n, e in ctx.book.metadata.items() if _sheet_of(e) != sheet.sheet_id}


def _sheet_of(entry: Json) -> int | None:
    place = entry["location"]
    if place["locationType"] == "SHEET":
        number: int = place.get("sheetId", 0)
        return number
    if "dimensionRange" in place:
        inner: int = place["dimensionRange"].get("sheetId", 0)
        return inner
    return None


def duplicate_sheet(ctx: Context, req: Json) -> Json:
    """Copy a tab inside the spreadsheet."""
    source = ctx.book.sheet(req.get("sourceSheetId", 0))
    new_id = claim_sheet_id(ctx, req.get("newSheetId"))
    title = req.get("newSheetName") or _copy_title(ctx, source.title)
    check_title(ctx, title)
    twin = copy_of(ctx, source, new_id, title)
    index = min(req.get("insertSheetIndex", 0), len(ctx.book.sheets))
    ctx.book.sheets.insert(index, twin)
    ctx.book.check_size()
    return {"properties": twin.properties(index)}


def _copy_title(ctx: Context, title: str) -> str:
    name, number = f"Copy of {title}", 2
    while ctx.book.title_taken(name):
        name, number = f"Copy of {title} {number}", number + 1
    return name


def copy_of(ctx: Context, source: Sheet, new_id: int, title: str) -> Sheet:
    """Return a copy of a sheet with its ranges pointing at itself and fresh ids."""
    twin = source.copy()
    twin.sheet_id, twin.title = new_id, title
    old = source.sheet_id

    def own(area: Area) -> Area:
        return area._replace(sheet_id=new_id) if area.sheet_id == old else area

    sheets, named = ctx.book.sheets, ctx.book.named_ranges
    ctx.book.sheets, ctx.book.named_ranges = [twin], []
    structure.remap(ctx.book, own)
    ctx.book.sheets, ctx.book.named_ranges = sheets, named
    for name, key in (
        ("protections", "protectedRangeId"),
        ("filter_views", "filterViewId"),
        ("charts", "chartId"),
        ("bandings", "bandedRangeId"),
    ):
        setattr(twin, name, [{**item, key: ctx.book.fresh_id()} for item in getattr(twin, name)])
    twin.tables = requests_tables.own_tables(ctx, twin)
    return twin


def update_sheet_properties(ctx: Context, req: Json) -> None:
    """Change title, place, size, frozen rows, colour, visibility of a tab."""
    trie = ctx.mask(req, "SheetProperties")
    props: Json = req.get("properties", {})
    sheet = ctx.book.sheet(props.get("sheetId", 0))
    if "*" in trie:
        if not props.get("title"):
            raise BatchError(EMPTY_NAME)
        trie = {
            k: {}
            for k in ("title", "index", "gridProperties", "hidden", "tabColor", "tabColorStyle", "rightToLeft")
            if k in props
        }
    for name in trie:
        if name in ("sheetId", "sheetType", "dataSourceSheetProperties"):
            message = f"Field {name} cannot be updated. (emulator: Google's own text is not known)"
            raise BatchError(message)
    ctx.may_change_sheet(sheet)
    if "title" in trie:
        title = props.get("title", "")
        check_title(ctx, title, sheet)
        old, sheet.title = sheet.title, title
        structure.renamed(ctx.book, old, title)
    if "gridProperties" in trie:
        _update_grid(ctx, sheet, props.get("gridProperties", {}), trie["gridProperties"])
    if "hidden" in trie:
        hidden = props.get("hidden", False)
        if hidden and not any(s is not sheet and not s.props.get("hidden") for s in ctx.book.sheets):
            raise BatchError(LAST_SHOWN)
        sheet.props["hidden"] = hidden
    colors = {k: v for k, v in trie.items() if k in ("tabColor", "tabColorStyle", "rightToLeft")}
    if colors:
        sheet.props = _recolored(sheet.props, props, colors)
    if "index" in trie:
        move_sheet(ctx, sheet, props.get("index", 0))


def _recolored(old: Json, props: Json, trie: fields.Trie) -> Json:
    out = dict(old)
    if "tabColor" in trie or "tabColorStyle" in trie:
        out.pop("tabColor", None)
        out.pop("tabColorStyle", None)
    out = fields.update(out, props, trie)
    return tidy_colors(out)


def move_sheet(ctx: Context, sheet: Sheet, to: int) -> None:
    """Move a tab; `to` counts from before the move, so 2 puts the first tab before the third [doc SheetProperties]."""
    sheets = ctx.book.sheets
    now = sheets.index(sheet)
    if to in (now, now + 1):
        return
    sheets.remove(sheet)
    sheets.insert(to - 1 if to > now else max(to, 0), sheet)


def _update_grid(ctx: Context, sheet: Sheet, new: Json, trie: fields.Trie) -> None:
    whole = not trie or "*" in trie
    names = list(new) if whole else list(trie)
    rows = new.get("rowCount", 0) if "rowCount" in names else sheet.row_count
    columns = new.get("columnCount", 0) if "columnCount" in names else sheet.column_count
    if rows < 1 or columns < 1:
        message = "A sheet needs at least one row and one column. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if rows < sheet.row_count:
        ctx.may_shape(sheet, "ROWS", rows, sheet.row_count)
        structure.delete(ctx.book, sheet, "ROWS", rows, sheet.row_count)
    sheet.row_count = rows
    ctx.book.check_size()  # of new rows by old columns, so a long, narrow sheet takes two requests [rec]
    if columns < sheet.column_count:
        ctx.may_shape(sheet, "COLUMNS", columns, sheet.column_count)
        structure.delete(ctx.book, sheet, "COLUMNS", columns, sheet.column_count)
    sheet.column_count = columns
    ctx.book.check_size()
    for name in names:
        if name not in _GRID_ONLY:
            sheet.grid_props[name] = new.get(name, 0)
            if not sheet.grid_props[name]:
                del sheet.grid_props[name]
    _check_frozen(sheet)


def _check_frozen(sheet: Sheet) -> None:
    for name, size, noun in (
        ("frozenRowCount", sheet.row_count, "rows"),
        ("frozenColumnCount", sheet.column_count, "columns"),
    ):
        if sheet.grid_props.get(name, 0) >= size:
            message = f"You can't freeze all visible {noun} on the sheet."
            raise BatchError(message)


def update_spreadsheet_properties(ctx: Context, req: Json) -> None:
    """Change title, locale, time zone or recalculation of the spreadsheet."""
    trie = ctx.mask(req, "SpreadsheetProperties")
    if "defaultFormat" in trie or "spreadsheetTheme" in trie:
        message = "The emulator does not implement updateSpreadsheetProperties of defaultFormat and spreadsheetTheme."
        raise BatchError(message)
    new = req.get("properties", {})
    if "*" in trie:
        trie = {k: {} for k in new if k not in ("defaultFormat", "spreadsheetTheme")}
    if "locale" in trie and new.get("locale", LOCALE) != LOCALE:
        message = f"The emulator does not implement updateSpreadsheetProperties of locale {new['locale']}."
        raise BatchError(message)
    if "title" in trie and not new.get("title"):
        message = "The spreadsheet title cannot be empty. (emulator: Google's own text is not known)"
        raise BatchError(message)
    ctx.book.properties = fields.update(ctx.book.properties, new, trie)


# -- rows and columns ---------------------------------------------------------------------------------------------------


def _dimension(ctx: Context, found: Json | None) -> tuple[Sheet, str, int, int]:
    found = found or {}
    sheet = ctx.book.grid(found.get("sheetId", 0))
    dimension = found.get("dimension", "DIMENSION_UNSPECIFIED")
    if dimension == "DIMENSION_UNSPECIFIED":
        message = "No dimension specified. (emulator: Google's own text is not known)"
        raise BatchError(message)
    start = found.get("startIndex", 0)
    end = found.get("endIndex", sheet.size(dimension))
    if start < 0 or end <= start:
        message = f"range.startIndex[{start}] must be less than range.endIndex[{end}]. (emulator wording)"
        raise BatchError(message)
    return sheet, dimension, start, end


def _inside(ctx: Context, found: Json | None) -> tuple[Sheet, str, int, int]:
    """The same for a range that must be there: whether Google refuses or cuts one beyond the grid is not known."""
    sheet, dimension, start, end = _dimension(ctx, found)
    if end > (size := sheet.size(dimension)):
        message = f"The range ends at {end}, beyond the grid size[{size}]. (emulator: Google's own text is not known)"
        raise BatchError(message)
    return sheet, dimension, start, end


def insert_dimension(ctx: Context, req: Json) -> None:
    """Insert rows or columns."""
    sheet, dimension, start, end = _dimension(ctx, req.get("range"))
    if "endIndex" not in req["range"]:
        message = "range must be bounded. (emulator: Google's own text is not known)"
        raise BatchError(message)
    before = req.get("inheritFromBefore", False)
    if before and start == 0:
        message = "range.startIndex must be greater than 0 if inheritFromBefore is true. (emulator wording)"
        raise BatchError(message)
    size = sheet.size(dimension)
    if start >= size and not before:
        message = f"range.startIndex must be less than the grid size ({size}) if inheritFromBefore is false."
        raise BatchError(message)
    if start > size:
        message = f"range.startIndex is larger than current grid size ({size})"
        raise BatchError(message)
    ctx.may_shape(sheet, dimension, start, end, inserting=True)
    structure.insert(ctx.book, sheet, dimension, start, end - start, inherit_before=before)


def append_dimension(ctx: Context, req: Json) -> None:
    """Add rows or columns at the end."""
    sheet = ctx.book.grid(req.get("sheetId", 0))
    length = req.get("length", 0)
    dimension = req.get("dimension", "DIMENSION_UNSPECIFIED")
    if length < 1 or dimension == "DIMENSION_UNSPECIFIED":
        message = "appendDimension needs a dimension and a length above 0. (emulator: Google's own text is not known)"
        raise BatchError(message)
    ctx.may_change_sheet(sheet)
    if dimension == "ROWS":
        sheet.row_count += length
    else:
        sheet.column_count += length
    ctx.book.check_size()


def delete_dimension(ctx: Context, req: Json) -> None:
    """Delete rows or columns."""
    sheet, dimension, start, end = _dimension(ctx, req.get("range"))
    size = sheet.size(dimension)
    noun = "row" if dimension == "ROWS" else "column"
    if end > size:
        message = (
            f"Cannot delete a {noun} that doesn't exist. Tried to delete {noun} index {end - 1} but there are only "
            f"{size} {noun}s."
        )
        raise BatchError(message)
    ctx.may_shape(sheet, dimension, start, end)
    structure.delete(ctx.book, sheet, dimension, start, end)


def move_dimension(ctx: Context, req: Json) -> None:
    """Move rows or columns; the destination counts from before the move."""
    sheet, dimension, start, end = _dimension(ctx, req.get("source"))
    to = req.get("destinationIndex", 0)
    size = sheet.size(dimension)
    if end > size or not 0 <= to <= size:
        message = f"The move goes beyond the grid size[{size}]. (emulator: Google's own text is not known)"
        raise BatchError(message)
    ctx.may_shape(sheet, dimension, start, end)
    ctx.may_shape(sheet, dimension, to, to, inserting=True)
    for merge in sheet.merges:
        low = merge.get("startRowIndex" if dimension == "ROWS" else "startColumnIndex", 0)
        high = merge.get("endRowIndex" if dimension == "ROWS" else "endColumnIndex", size)
        if low < to < high:
            raise BatchError(MOVE_INTO_MERGE.format("row" if dimension == "ROWS" else "column"))
        if low < start < high or low < end < high:
            message = "The move would break a merged range. (emulator: Google's own text is not known)"
            raise BatchError(message)
    structure.move(ctx.book, sheet, dimension, start, end, to)


def update_dimension_properties(ctx: Context, req: Json) -> None:
    """Change size and visibility of rows or columns."""
    if "dataSourceSheetRange" in req:
        message = "The emulator does not implement updateDimensionProperties.dataSourceSheetRange."
        raise BatchError(message)
    trie = ctx.mask(req, "DimensionProperties")
    if "developerMetadata" in trie or "hiddenByFilter" in trie:
        message = (
            "hiddenByFilter and developerMetadata cannot be written here. (emulator: Google's own text is not known)"
        )
        raise BatchError(message)
    sheet, dimension, start, end = _inside(ctx, req.get("range"))
    ctx.may_change_sheet(sheet)
    if "*" in trie:
        trie = {"pixelSize": {}, "hiddenByUser": {}}
    props = sheet.props_of(dimension)
    for index in range(start, end):
        fresh = {k: v for k, v in fields.update(props.get(index, {}), req.get("properties", {}), trie).items() if v}
        if fresh:
            props[index] = fresh
        else:
            props.pop(index, None)


_PIXELS_PER_CHARACTER, _PADDING, _LEAST = 7, 15, 21


def auto_resize_dimensions(ctx: Context, req: Json) -> None:
    """Fit columns to their longest text (7 pixels a character: an estimate); rows lose their set height and fit by themselves."""
    if "dataSourceSheetDimensions" in req:
        message = "The emulator does not implement autoResizeDimensions.dataSourceSheetDimensions."
        raise BatchError(message)
    sheet, dimension, start, end = _inside(ctx, req.get("dimensions"))
    ctx.may_change_sheet(sheet)
    props = sheet.props_of(dimension)
    widths: dict[int, int] = {}
    if dimension == "COLUMNS":
        for row, column, cell in sheet.cells(0, sheet.row_count, start, end):
            shown = formatting.show(ctx.evaluator.value(sheet, row, column, cell), number_format(cell))
            longest = max((len(part) for part in shown.split("\n")), default=0)
            widths[column] = max(widths.get(column, 0), longest)
    for index in range(start, end):
        kept = {k: v for k, v in props.get(index, {}).items() if k != "pixelSize"}
        if widths.get(index):
            kept["pixelSize"] = max(_LEAST, widths[index] * _PIXELS_PER_CHARACTER + _PADDING)
        if kept:
            props[index] = kept
        else:
            props.pop(index, None)


# -- groups -------------------------------------------------------------------------------------------------------------


def add_dimension_group(ctx: Context, req: Json) -> Json:
    """Put a group over rows or columns; the dimensions inside become one level deeper, the button stands after it [rec]."""
    reply = _regroup(ctx, req, 1)
    sheet, dimension, _, _ = _dimension(ctx, req.get("range"))
    sheet.grid_props["rowGroupControlAfter" if dimension == "ROWS" else "columnGroupControlAfter"] = True
    return reply


def delete_dimension_group(ctx: Context, req: Json) -> Json:
    """Make the dimensions of a range one level shallower."""
    return _regroup(ctx, req, -1)


def _regroup(ctx: Context, req: Json, step: int) -> Json:
    sheet, dimension, start, end = _dimension(ctx, req.get("range"))
    ctx.may_change_sheet(sheet)
    name = "row_groups" if dimension == "ROWS" else "column_groups"
    groups: list[Json] = getattr(sheet, name)
    depth = [0] * (sheet.size(dimension) + 1)
    for group in groups:
        for index in range(group["range"].get("startIndex", 0), group["range"]["endIndex"]):
            depth[index] += 1
    if step < 0 and not any(depth[start:end]):
        message = "Cannot remove a group that doesn't exist. (emulator: Google's own text is not known)"
        raise BatchError(message)
    for index in range(start, min(end, sheet.size(dimension))):
        depth[index] = max(0, depth[index] + step)
    fresh: list[Json] = []
    for level in range(1, max(depth) + 1):
        open_at: int | None = None
        for index, value in enumerate([*depth, 0]):
            if value >= level and open_at is None:
                open_at = index
            elif value < level and open_at is not None:
                place: Json = {"dimension": dimension, "startIndex": open_at, "endIndex": index}
                if sheet.sheet_id:
                    place["sheetId"] = sheet.sheet_id
                fresh.append({"range": place, "depth": level})
                open_at = None
    fresh.sort(key=lambda g: (g["range"]["startIndex"], g["depth"]))
    old = {(g["range"]["startIndex"], g["range"]["endIndex"], g["depth"]): g for g in groups}
    fresh = [old.get((g["range"]["startIndex"], g["range"]["endIndex"], g["depth"]), g) for g in fresh]
    setattr(sheet, name, fresh)
    return {"dimensionGroups": fresh}


def update_dimension_group(ctx: Context, req: Json) -> None:
    """Collapse or open a group."""
    trie = ctx.mask(req, "DimensionGroup")
    group = req.get("dimensionGroup", {})
    sheet, dimension, start, end = _dimension(ctx, group.get("range"))
    name = "row_groups" if dimension == "ROWS" else "column_groups"
    found: list[Json] = getattr(sheet, name)
    for index, old in enumerate(found):
        if (old["range"]["startIndex"], old["range"]["endIndex"], old["depth"]) == (start, end, group.get("depth", 0)):
            if "collapsed" in trie or "*" in trie:
                found[index] = {**old, "collapsed": group.get("collapsed", False)}
                props = sheet.props_of(dimension)
                for at in range(start, end):
                    props[at] = {**props.get(at, {}), "hiddenByUser": group.get("collapsed", False)}
            return
    message = "No such group. (emulator: Google's own text is not known)"
    raise BatchError(message)


HANDLERS: dict[str, Handler] = {
    "addSheet": add_sheet,
    "deleteSheet": delete_sheet,
    "duplicateSheet": duplicate_sheet,
    "updateSheetProperties": update_sheet_properties,
    "updateSpreadsheetProperties": update_spreadsheet_properties,
    "insertDimension": insert_dimension,
    "appendDimension": append_dimension,
    "deleteDimension": delete_dimension,
    "moveDimension": move_dimension,
    "updateDimensionProperties": update_dimension_properties,
    "autoResizeDimensions": auto_resize_dimensions,
    "addDimensionGroup": add_dimension_group,
    "deleteDimensionGroup": delete_dimension_group,
    "updateDimensionGroup": update_dimension_group,
}
