"""Developer metadata: create, update, delete, get, search; ids chosen by the caller are unique in the spreadsheet.

Facts: docs/sheet-facts.md "Developer metadata"; DeveloperMetadata, DeveloperMetadataLookup and DataFilter in the discovery document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator import a1, fields
from tests.emulator.errors import BatchError

if TYPE_CHECKING:
    from tests.emulator.book import Book
    from tests.emulator.context import Context, Handler, Json

MAX_CHARACTERS = 30_000  # per spreadsheet for its own metadata, and per sheet for the sheet's [doc]


def _budget(book: Book) -> None:
    sizes: dict[int | None, int] = {}
    for entry in book.metadata.values():
        place = entry["location"]
        owner = None
        if place["locationType"] != "SPREADSHEET":
            owner = place.get("dimensionRange", place).get("sheetId", 0)
        sizes[owner] = sizes.get(owner, 0) + len(entry["metadataKey"]) + len(entry.get("metadataValue", ""))
    if any(size > MAX_CHARACTERS for size in sizes.values()):
        message = f"Developer metadata exceeds {MAX_CHARACTERS} characters. (emulator: Google's own text is not known)"
        raise BatchError(message)


def _location(ctx: Context, found: Json | None) -> Json:
    place = found or {}
    kinds = [k for k in ("spreadsheet", "sheetId", "dimensionRange") if k in place]
    if len(kinds) != 1:
        message = "Exactly one location must be set. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if kinds == ["spreadsheet"]:
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    if kinds == ["sheetId"]:
        sheet = ctx.book.sheet(place["sheetId"])
        return {"locationType": "SHEET", "sheetId": sheet.sheet_id}
    line = place["dimensionRange"]
    sheet = ctx.book.grid(line.get("sheetId", 0))
    dimension = line.get("dimension", "DIMENSION_UNSPECIFIED")
    start, end = line.get("startIndex", 0), line.get("endIndex", 0)
    if dimension == "DIMENSION_UNSPECIFIED" or end - start != 1 or end > sheet.size(dimension):
        message = "The dimensionRange must be a single row or column of the grid. (emulator wording)"
        raise BatchError(message)
    kept: Json = {"dimension": dimension, "startIndex": start, "endIndex": end}
    if sheet.sheet_id:
        kept["sheetId"] = sheet.sheet_id
    return {"locationType": "ROW" if dimension == "ROWS" else "COLUMN", "dimensionRange": kept}


def create(ctx: Context, req: Json) -> Json:
    """Create an entry; a taken id is refused, and with it the whole batch [live]."""
    found = req.get("developerMetadata", {})
    number = found.get("metadataId")
    if number is not None and number <= 0:
        message = f"Developer metadata ID [{number}] must be positive. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if number in ctx.book.metadata:
        message = (
            f"Cannot add developer metadata with ID [{number}] because developer metadata with that ID already exists."
        )
        raise BatchError(message)
    if not found.get("metadataKey"):
        message = "Developer metadata must have a key. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if found.get("visibility") not in ("DOCUMENT", "PROJECT"):
        message = "Developer metadata must have a visibility. (emulator: Google's own text is not known)"
        raise BatchError(message)
    entry = {k: found[k] for k in ("metadataKey", "metadataValue", "visibility") if k in found}
    entry["metadataId"] = number or ctx.book.fresh_id()
    entry["location"] = _location(ctx, found.get("location"))
    ctx.book.metadata[entry["metadataId"]] = entry
    _budget(ctx.book)
    return {"developerMetadata": entry}


def matches(book: Book, entry: Json, data_filter: Json) -> bool:
    """Tell whether a DataFilter selects a metadata entry."""
    if "developerMetadataLookup" in data_filter:
        return _looked_up(entry, data_filter["developerMetadataLookup"])
    if "a1Range" in data_filter:
        area = book.resolve(data_filter["a1Range"])[1]
    elif "gridRange" in data_filter:
        area = a1.area(data_filter["gridRange"])
    else:
        message = "A data filter must select something. (emulator: Google's own text is not known)"
        raise BatchError(message)
    own = area_of(entry)
    return own is not None and area.meets(own)


def area_of(entry: Json) -> a1.Area | None:
    """Return the cells an entry is attached to; None for the spreadsheet's own."""
    place = entry["location"]
    if place["locationType"] == "SPREADSHEET":
        return None
    if place["locationType"] == "SHEET":
        return a1.Area(place.get("sheetId", 0))
    line = place["dimensionRange"]
    start, end = line.get("startIndex", 0), line["endIndex"]
    if line["dimension"] == "ROWS":
        return a1.Area(line.get("sheetId", 0), start, end)
    return a1.Area(line.get("sheetId", 0), None, None, start, end)


def _looked_up(entry: Json, lookup: Json) -> bool:
    for name in ("metadataId", "metadataKey", "metadataValue", "visibility"):
        if name in lookup and lookup[name] != entry.get(name, "" if name == "metadataValue" else None):
            return False
    kind = lookup.get("locationType", "DEVELOPER_METADATA_LOCATION_TYPE_UNSPECIFIED")
    if kind != "DEVELOPER_METADATA_LOCATION_TYPE_UNSPECIFIED" and kind != entry["location"]["locationType"]:
        return False
    if "metadataLocation" in lookup:
        place = lookup["metadataLocation"]
        wanted: Json = {"location": {**place, "locationType": _kind(place)}}
        if lookup.get("locationMatchingStrategy") == "EXACT_LOCATION":
            return area_of(entry) == area_of(wanted)
        mine, other = area_of(entry), area_of(wanted)
        return mine is other is None or (mine is not None and other is not None and mine.meets(other))
    return True


def _kind(place: Json) -> str:
    if "spreadsheet" in place:
        return "SPREADSHEET"
    if "dimensionRange" in place:
        return "ROW" if place["dimensionRange"].get("dimension") == "ROWS" else "COLUMN"
    return "SHEET"


def select(book: Book, filters: list[Json]) -> list[tuple[Json, list[Json]]]:
    """Return the entries at least one filter selects, with the filters that did."""
    out = []
    for entry in book.metadata.values():
        hits = [f for f in filters if matches(book, entry, f)]
        if hits:
            out.append((entry, hits))
    return out


def delete(ctx: Context, req: Json) -> Json:
    """Delete what the filter selects; with nothing selected Google's answer is [?], so it is a switch."""
    found = select(ctx.book, [req.get("dataFilter", {})])
    if not found and ctx.switches.delete_missing_metadata_fails:
        message = "No developer metadata matched. (emulator: Google's own text is not known)"
        raise BatchError(message)
    for entry, _ in found:
        del ctx.book.metadata[entry["metadataId"]]
    return {"deletedDeveloperMetadata": [entry for entry, _ in found]}


def update(ctx: Context, req: Json) -> Json:
    """Change key, value, visibility or location of what the filters select."""
    trie = ctx.mask(req, "DeveloperMetadata")
    new: dict[str, Any] = dict(req.get("developerMetadata", {}))
    if "location" in new:
        new["location"] = _location(ctx, new["location"])
    out = []
    for entry, _ in select(ctx.book, req.get("dataFilters", [])):
        masked = (
            {k: v for k, v in trie.items() if k not in ("metadataId", "*")} if "*" not in trie else {k: {} for k in new}
        )
        masked = {k: ({} if k == "location" else v) for k, v in masked.items() if k != "metadataId"}
        fresh = fields.update(entry, new, masked) if masked else dict(entry)
        fresh["metadataId"] = entry["metadataId"]
        ctx.book.metadata[entry["metadataId"]] = fresh
        out.append(fresh)
    _budget(ctx.book)
    return {"developerMetadata": out}


HANDLERS: dict[str, Handler] = {
    "createDeveloperMetadata": create,
    "updateDeveloperMetadata": update,
    "deleteDeveloperMetadata": delete,
}
