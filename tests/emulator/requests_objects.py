"""Requests about what hangs on a sheet: filters, views, named and protected ranges, conditional formats, charts, banding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.emulator import a1, fields, protection
from tests.emulator.book import Sheet
from tests.emulator.cells import tidy_colors
from tests.emulator.conditions import hidden_rows
from tests.emulator.errors import PROTECTED, WARNING_WITH_EDITORS, BatchError
from tests.emulator.requests_cells import check_condition

if TYPE_CHECKING:
    from tests.emulator.context import Context, Handler, Json


def _stored_range(ctx: Context, found: Json) -> Json:
    """Return a GridRange as it is kept: checked against the grid, sheet id 0 left out."""
    sheet, area = ctx.area(found)
    ctx.inside(sheet, area)
    return area.json()


def _claim_id(ctx: Context, wanted: int | None, taken: list[int], what: str) -> int:
    if not wanted:
        return ctx.book.fresh_id()
    if wanted in taken:
        message = f"{what} with id {wanted} already exists. (emulator: Google's own text is not known)"
        raise BatchError(message)
    return wanted


# -- filters ------------------------------------------------------------------------------------------------------------


def set_basic_filter(ctx: Context, req: Json) -> None:
    """Set the one filter everybody sees; a sort order in it sorts the rows at once."""
    stored = dict(req.get("filter", {}))
    _refuse_table(stored, "BasicFilter")
    sheet, area = ctx.area(stored.get("range", {}))
    ctx.may_change_sheet(sheet)
    r0, r1, c0, c1 = ctx.inside(sheet, area)
    stored["range"] = a1.Area(sheet.sheet_id, r0, r1, c0, c1).json()
    _check_criteria(stored)
    _drop_filter(sheet)
    sheet.basic_filter = stored
    if stored.get("sortSpecs"):
        from tests.emulator.requests_content import sort_range  # noqa: PLC0415 - only here

        sort_range(ctx, {"range": {**stored["range"], "startRowIndex": r0 + 1}, "sortSpecs": stored["sortSpecs"]})
    if not ctx.switches.filters_follow_edits:
        for row in hidden_rows(ctx.evaluator, sheet):
            sheet.row_props[row] = {**sheet.row_props.get(row, {}), "hiddenByFilter": True}
        sheet.filter_is_fixed = True


def _drop_filter(sheet: Sheet) -> None:
    sheet.basic_filter = None
    if sheet.filter_is_fixed:
        shown = {row: {k: v for k, v in p.items() if k != "hiddenByFilter"} for row, p in sheet.row_props.items()}
        sheet.row_props = {row: props for row, props in shown.items() if props}
        sheet.filter_is_fixed = False


def _refuse_table(stored: Json, what: str) -> None:
    if stored.get("tableId"):
        message = f"The emulator does not implement {what}.tableId (native tables)."
        raise BatchError(message)


def _check_criteria(stored: Json) -> None:
    for spec in stored.get("filterSpecs", []):
        criteria = spec.get("filterCriteria", {})
        if "condition" in criteria:
            check_condition(criteria["condition"], "filterCriteria.condition")
        for name in (
            "visibleBackgroundColor",
            "visibleBackgroundColorStyle",
            "visibleForegroundColor",
            "visibleForegroundColorStyle",
        ):
            if name in criteria:
                message = f"The emulator does not implement FilterCriteria.{name}."
                raise BatchError(message)


def clear_basic_filter(ctx: Context, req: Json) -> None:
    """Remove the basic filter, if there is one."""
    sheet = ctx.book.grid(req.get("sheetId", 0))
    ctx.may_change_sheet(sheet)
    _drop_filter(sheet)


def add_filter_view(ctx: Context, req: Json) -> Json:
    """Add a filter view; the range may come from a named range."""
    view = dict(req.get("filter", {}))
    _refuse_table(view, "FilterView")
    if "range" not in view and view.get("namedRangeId"):
        view["range"] = _named_by_id(ctx, view["namedRangeId"])["range"]
    view["range"] = _stored_range(ctx, view.get("range", {}))
    _check_criteria(view)
    sheet = ctx.book.grid(view["range"].get("sheetId", 0))
    taken = [v["filterViewId"] for s in ctx.book.sheets for v in s.filter_views]
    view["filterViewId"] = _claim_id(ctx, view.get("filterViewId"), taken, "Filter view")
    view.setdefault("title", f"Filter {len(sheet.filter_views) + 1}")
    sheet.filter_views.append(view)
    return {"filter": view}


def _view(ctx: Context, number: int) -> tuple[Sheet, int]:
    for sheet in ctx.book.sheets:
        for index, view in enumerate(sheet.filter_views):
            if view["filterViewId"] == number:
                return sheet, index
    message = f"No filter view with id: {number}. (emulator: Google's own text is not known)"
    raise BatchError(message)


def update_filter_view(ctx: Context, req: Json) -> None:
    """Change a filter view."""
    trie = ctx.mask(req, "FilterView")
    new = req.get("filter", {})
    sheet, index = _view(ctx, new.get("filterViewId", 0))
    fresh = {**fields.update(sheet.filter_views[index], new, trie), "filterViewId": new["filterViewId"]}
    fresh["range"] = _stored_range(ctx, fresh.get("range", {}))
    _check_criteria(fresh)
    sheet.filter_views[index] = fresh


def delete_filter_view(ctx: Context, req: Json) -> None:
    """Delete a filter view."""
    sheet, index = _view(ctx, req.get("filterId", 0))
    del sheet.filter_views[index]


def duplicate_filter_view(ctx: Context, req: Json) -> Json:
    """Copy a filter view."""
    sheet, index = _view(ctx, req.get("filterId", 0))
    old = sheet.filter_views[index]
    twin = {**old, "filterViewId": ctx.book.fresh_id(), "title": f"Copy of {old['title']}"}
    sheet.filter_views.append(twin)
    return {"filter": twin}


# -- named ranges -------------------------------------------------------------------------------------------------------

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.]{0,249}$")


def _check_name(ctx: Context, name: str, besides: str | None = None) -> None:
    if not _NAME.match(name) or re.match(r"^([A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*|true|false)$", name):
        message = f"The named range name {name} is not valid. (emulator: Google's own text is not known)"
        raise BatchError(message)
    other = ctx.book.named(name)
    if other is not None and other["namedRangeId"] != besides:
        message = f"Cannot add named range with name: {name}, a named range with that name already exists."
        raise BatchError(message)


def _named_by_id(ctx: Context, number: str) -> Json:
    for named in ctx.book.named_ranges:
        if named["namedRangeId"] == number:
            return named
    message = f"No named range with id: {number}"
    raise BatchError(message)


def add_named_range(ctx: Context, req: Json) -> Json:
    """Add a named range; an id the emulator makes is a numeric string [rec]."""
    named = dict(req.get("namedRange", {}))
    _check_name(ctx, named.get("name", ""))
    named["range"] = _stored_range(ctx, named.get("range", {}))
    wanted = named.get("namedRangeId")
    if wanted and any(n["namedRangeId"] == wanted for n in ctx.book.named_ranges):
        message = f"Named range with id {wanted} already exists. (emulator: Google's own text is not known)"
        raise BatchError(message)
    named["namedRangeId"] = wanted or str(ctx.book.fresh_id())
    ctx.book.named_ranges.append(named)
    return {"namedRange": named}


def update_named_range(ctx: Context, req: Json) -> None:
    """Change name or range."""
    trie = ctx.mask(req, "NamedRange")
    new = req.get("namedRange", {})
    old = _named_by_id(ctx, new.get("namedRangeId", ""))
    fresh = {**fields.update(old, new, trie), "namedRangeId": old["namedRangeId"]}
    _check_name(ctx, fresh.get("name", ""), old["namedRangeId"])
    fresh["range"] = _stored_range(ctx, fresh.get("range", {}))
    ctx.book.named_ranges = [fresh if n is old else n for n in ctx.book.named_ranges]


def delete_named_range(ctx: Context, req: Json) -> None:
    """Delete a named range."""
    old = _named_by_id(ctx, req.get("namedRangeId", ""))
    ctx.book.named_ranges = [n for n in ctx.book.named_ranges if n is not old]


# -- protected ranges ---------------------------------------------------------------------------------------------------


def _checked_protection(ctx: Context, found: Json) -> tuple[Sheet, Json]:
    """Return sheet and stored form; refuses what Google refuses."""
    stored = {k: v for k, v in found.items() if k != "requestingUserCanEdit"}
    if stored.get("tableId"):
        message = "The emulator does not implement ProtectedRange.tableId (native tables)."
        raise BatchError(message)
    if stored.get("warningOnly") and stored.get("editors"):
        raise BatchError(WARNING_WITH_EDITORS)
    if stored.get("namedRangeId"):
        stored["range"] = _named_by_id(ctx, stored["namedRangeId"])["range"]
    stored["range"] = _stored_range(ctx, stored.get("range", {}))
    area = a1.area(stored["range"])
    sheet = ctx.book.grid(area.sheet_id)
    if stored.get("unprotectedRanges"):
        if not area.whole_sheet():
            message = "Unprotected ranges are only supported on protected sheets. (emulator wording)"
            raise BatchError(message)
        stored["unprotectedRanges"] = [_stored_range(ctx, r) for r in stored["unprotectedRanges"]]
    return sheet, stored


def _with_editors(ctx: Context, stored: Json) -> Json:
    """Return the protection with its editors: who makes it keeps access; the owner is not listed."""
    if stored.get("warningOnly"):
        stored.pop("editors", None)
        return stored
    editors = dict(stored.get("editors", {}))
    users = [u for u in editors.get("users", []) if ctx.book.access.get(u) != "owner"]
    if ctx.caller not in users and ctx.book.access.get(ctx.caller) != "owner":
        users.append(ctx.caller)
    editors["users"] = users
    return {**stored, "editors": editors}


def add_protected_range(ctx: Context, req: Json) -> Json:
    """Protect a range or a sheet."""
    sheet, stored = _checked_protection(ctx, req.get("protectedRange", {}))
    if a1.area(stored["range"]).whole_sheet() and any(
        protection.area_of(ctx.book, p).whole_sheet() for p in sheet.protections
    ):
        message = f'Sheet "{sheet.title}" already has sheet protection.'
        raise BatchError(message)
    ctx.may_edit(a1.area(stored["range"]))
    taken = [p["protectedRangeId"] for s in ctx.book.sheets for p in s.protections]
    stored["protectedRangeId"] = _claim_id(ctx, stored.get("protectedRangeId"), taken, "Protected range")
    stored = _with_editors(ctx, stored)
    sheet.protections.append(stored)
    return {"protectedRange": protection.shown(ctx.book, ctx.caller, stored)}


def _protection(ctx: Context, number: int) -> tuple[Sheet, int]:
    for sheet in ctx.book.sheets:
        for index, stored in enumerate(sheet.protections):
            if stored["protectedRangeId"] == number:
                if not protection.can_edit(ctx.book, ctx.caller, stored):
                    raise BatchError(PROTECTED)
                return sheet, index
    message = f"No protected range with id: {number}"
    raise BatchError(message)


def update_protected_range(ctx: Context, req: Json) -> None:
    """Change a protection; from warning to real without editors named, all editors of the document get access [doc]."""
    trie = ctx.mask(req, "ProtectedRange")
    new = req.get("protectedRange", {})
    sheet, index = _protection(ctx, new.get("protectedRangeId", 0))
    old = sheet.protections[index]
    fresh = {**fields.update(old, new, trie), "protectedRangeId": old["protectedRangeId"]}
    if fresh.get("warningOnly") and "editors" not in new:
        fresh.pop("editors", None)
    if old.get("warningOnly") and not fresh.get("warningOnly") and "editors" not in new:
        fresh["editors"] = {"users": [u for u, role in ctx.book.access.items() if role == "writer"]}
    target, fresh = _checked_protection(ctx, fresh)
    fresh = _with_editors(ctx, fresh)
    del sheet.protections[index]
    target.protections.insert(index if target is sheet else len(target.protections), fresh)


def delete_protected_range(ctx: Context, req: Json) -> None:
    """Remove a protection."""
    sheet, index = _protection(ctx, req.get("protectedRangeId", 0))
    del sheet.protections[index]


# -- conditional formats ------------------------------------------------------------------------------------------------


def _checked_rule(ctx: Context, found: Json | None) -> tuple[Sheet, Json]:
    rule = dict(found or {})
    if not rule.get("ranges"):
        message = "ranges is required. (emulator: Google's own text is not known)"
        raise BatchError(message)
    rule["ranges"] = [_stored_range(ctx, r) for r in rule["ranges"]]
    ids = {r.get("sheetId", 0) for r in rule["ranges"]}
    if len(ids) != 1:
        message = "All ranges of a rule must be on the same sheet. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if ("booleanRule" in rule) == ("gradientRule" in rule):
        message = "Exactly one of booleanRule, gradientRule must be set. (emulator: Google's own text is not known)"
        raise BatchError(message)
    sheet = ctx.book.grid(ids.pop())
    if "booleanRule" in rule:
        boolean = rule["booleanRule"]
        check_condition(boolean.get("condition"), "booleanRule.condition")
        for value in boolean["condition"].get("values", []):
            text = value.get("userEnteredValue", "")
            if text.startswith("=") and _looks_elsewhere(text, sheet):
                message = "Conditional format rule cannot reference a different sheet."
                raise BatchError(message)
        rule["booleanRule"] = {**boolean, "format": tidy_colors(boolean.get("format", {}))}
    ctx.may_edit(*(a1.area(r) for r in rule["ranges"]))
    return sheet, rule


def _looks_elsewhere(text: str, sheet: Sheet) -> bool:
    bare = re.sub(r'"(?:[^"]|"")*"', '""', text)
    titles = re.findall(r"(?:'((?:[^']|'')*)'|([A-Za-z_][A-Za-z0-9_.]*))!", bare)
    return any((quoted.replace("''", "'") or plain).lower() != sheet.title.lower() for quoted, plain in titles)


def _rule_at(sheet: Sheet, index: int) -> Json:
    if not 0 <= index < len(sheet.conditionals):
        message = f"No conditional format on sheet: {sheet.sheet_id} at index: {index}"
        raise BatchError(message)
    return sheet.conditionals[index]


def add_conditional(ctx: Context, req: Json) -> None:
    """Insert a rule at an index."""
    sheet, rule = _checked_rule(ctx, req.get("rule"))
    index = req.get("index", 0)
    if not 0 <= index <= len(sheet.conditionals):
        message = f"No conditional format on sheet: {sheet.sheet_id} at index: {index}"
        raise BatchError(message)
    sheet.conditionals.insert(index, rule)


def update_conditional(ctx: Context, req: Json) -> Json:
    """Replace the rule at an index, or move it."""
    index = req.get("index", 0)
    if "rule" in req:
        sheet, rule = _checked_rule(ctx, req["rule"])
        old = _rule_at(sheet, index)
        sheet.conditionals[index] = rule
        return {"oldRule": old, "oldIndex": index, "newRule": rule, "newIndex": index}
    sheet = ctx.book.grid(req.get("sheetId", 0))
    old = _rule_at(sheet, index)
    to = req.get("newIndex", 0)
    _rule_at(sheet, to)
    del sheet.conditionals[index]
    sheet.conditionals.insert(to, old)
    return {"oldRule": old, "oldIndex": index, "newRule": old, "newIndex": to}


def delete_conditional(ctx: Context, req: Json) -> Json:
    """Delete the rule at an index."""
    sheet = ctx.book.grid(req.get("sheetId", 0))
    index = req.get("index", 0)
    rule = _rule_at(sheet, index)
    ctx.may_edit(*(a1.area(r) for r in rule["ranges"]))
    del sheet.conditionals[index]
    return {"rule": rule}


# -- charts -------------------------------------------------------------------------------------------------------------


def add_chart(ctx: Context, req: Json) -> Json:
    """Add a chart over a sheet, or on a sheet of its own."""
    chart = dict(req.get("chart", {}))
    position = dict(chart.get("position", {}))
    taken = [c["chartId"] for s in ctx.book.sheets for c in s.charts]
    chart["chartId"] = _claim_id(ctx, chart.get("chartId"), taken, "Chart")
    if not chart.get("spec"):
        message = "chart.spec is required. (emulator: Google's own text is not known)"
        raise BatchError(message)
    if position.get("newSheet") or "sheetId" in position:
        from tests.emulator.requests_sheets import claim_sheet_id, free_title  # noqa: PLC0415 - only here

        sheet = Sheet(claim_sheet_id(ctx, position.get("sheetId")), free_title(ctx, "Chart"), 0, 0)
        sheet.sheet_type = "OBJECT"
        ctx.book.sheets.append(sheet)
        position = {"sheetId": sheet.sheet_id}
    else:
        overlay = dict(position.get("overlayPosition", {}))
        anchor = dict(overlay.get("anchorCell", {}))
        sheet = ctx.book.grid(anchor.get("sheetId", 0))
        overlay["anchorCell"] = anchor
        overlay.setdefault("widthPixels", 600)
        overlay.setdefault("heightPixels", 371)
        position = {"overlayPosition": overlay}
    chart["position"] = position
    sheet.charts.append(chart)
    return {"chart": chart}


def _chart(ctx: Context, number: int) -> tuple[Sheet, int]:
    for sheet in ctx.book.sheets:
        for index, chart in enumerate(sheet.charts):
            if chart["chartId"] == number:
                return sheet, index
    message = f"No chart with id: {number}. (emulator: Google's own text is not known)"
    raise BatchError(message)


def update_chart_spec(ctx: Context, req: Json) -> None:
    """Replace a chart's spec."""
    sheet, index = _chart(ctx, req.get("chartId", 0))
    sheet.charts[index] = {**sheet.charts[index], "spec": req.get("spec", {})}


def delete_embedded_object(ctx: Context, req: Json) -> None:
    """Delete a chart; a sheet of its own goes with it."""
    sheet, index = _chart(ctx, req.get("objectId", 0))
    del sheet.charts[index]
    if sheet.sheet_type == "OBJECT":
        ctx.book.sheets.remove(sheet)


# -- banding ------------------------------------------------------------------------------------------------------------


def add_banding(ctx: Context, req: Json) -> Json:
    """Colour rows or columns in alternation."""
    band = dict(req.get("bandedRange", {}))
    band["range"] = _stored_range(ctx, band.get("range", {}))
    sheet = ctx.book.grid(band["range"].get("sheetId", 0))
    ctx.may_edit(a1.area(band["range"]))
    if any(a1.area(b["range"]).meets(a1.area(band["range"])) for b in sheet.bandings):
        message = (
            "You cannot add alternating background colors to a range that already has alternating background colors."
        )
        raise BatchError(message)
    if "rowProperties" not in band and "columnProperties" not in band:
        message = "Either rowProperties or columnProperties must be set. (emulator: Google's own text is not known)"
        raise BatchError(message)
    taken = [b["bandedRangeId"] for s in ctx.book.sheets for b in s.bandings]
    band["bandedRangeId"] = _claim_id(ctx, band.get("bandedRangeId"), taken, "Banded range")
    sheet.bandings.append(tidy_colors(band))
    return {"bandedRange": sheet.bandings[-1]}


def _banding(ctx: Context, number: int) -> tuple[Sheet, int]:
    for sheet in ctx.book.sheets:
        for index, band in enumerate(sheet.bandings):
            if band["bandedRangeId"] == number:
                return sheet, index
    message = f"No banding with id: {number}. (emulator: Google's own text is not known)"
    raise BatchError(message)


def update_banding(ctx: Context, req: Json) -> None:
    """Change a banding."""
    trie = ctx.mask(req, "BandedRange")
    new = req.get("bandedRange", {})
    sheet, index = _banding(ctx, new.get("bandedRangeId", 0))
    fresh: dict[str, Any] = {**fields.update(sheet.bandings[index], new, trie), "bandedRangeId": new["bandedRangeId"]}
    fresh["range"] = _stored_range(ctx, fresh.get("range", {}))
    sheet.bandings[index] = tidy_colors(fresh)


def delete_banding(ctx: Context, req: Json) -> None:
    """Delete a banding."""
    sheet, index = _banding(ctx, req.get("bandedRangeId", 0))
    del sheet.bandings[index]


HANDLERS: dict[str, Handler] = {
    "setBasicFilter": set_basic_filter,
    "clearBasicFilter": clear_basic_filter,
    "addFilterView": add_filter_view,
    "updateFilterView": update_filter_view,
    "deleteFilterView": delete_filter_view,
    "duplicateFilterView": duplicate_filter_view,
    "addNamedRange": add_named_range,
    "updateNamedRange": update_named_range,
    "deleteNamedRange": delete_named_range,
    "addProtectedRange": add_protected_range,
    "updateProtectedRange": update_protected_range,
    "deleteProtectedRange": delete_protected_range,
    "addConditionalFormatRule": add_conditional,
    "updateConditionalFormatRule": update_conditional,
    "deleteConditionalFormatRule": delete_conditional,
    "addChart": add_chart,
    "updateChartSpec": update_chart_spec,
    "deleteEmbeddedObject": delete_embedded_object,
    "addBanding": add_banding,
    "updateBanding": update_banding,
    "deleteBanding": delete_banding,
}
