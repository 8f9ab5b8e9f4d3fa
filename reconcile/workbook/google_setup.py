"""Setting a Google Sheet up from the templates, and looking whether it still is.

`provision` reads what is there, works out in one pure step (`wanted`) what is missing, and sends it as one batch; nothing
missing means nothing sent. What staff did is kept: their columns, order, colours, data, and every rule that is already
right (writing an identical drop-down again would wipe the chip colours they gave it [live]).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.cells import id_text
from reconcile.core.ledger import SCHEMA, TAKEN_OVER
from reconcile.core.model import SYNC
from reconcile.core.words import ENGLISH
from reconcile.errors import RESTORE, Damaged, ReconcileError, RevisionMoved
from reconcile.workbook import dashboard, frames, google, google_dashboard, google_heights, guide, templates
from reconcile.workbook import google_looks as looks
from reconcile.workbook.catalogue import LANGUAGES
from reconcile.workbook.google_http import NotShared, NotThere, json_of
from reconcile.workbook.port import Finding, Provisioned
from reconcile.workbook.templates import DASHBOARD, LEDGER, START

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconcile.workbook.google import GoogleWorkbook
    from reconcile.workbook.templates import Column, Tab, Templates

Json = dict[str, Any]

SHEET_IDS: Final = 770_100
"""Our tabs get the ids from here on where they are free, so that one batch can make a tab and fill it."""

STAFF_ROWS: Final = 1_000
LOG_ROWS: Final = 100
OWN_COLUMNS: Final = 6
"""Columns left for staff's own, to the right of ours."""

SAMPLE: Final = 10
"""Rows under the headings, and at the end, that are looked at to see whether a drop-down is there."""

_PROTECTED: Final = "reconcile: "
NOT_SENT: Final = "comes from the panel or the job. What is typed here is not sent."
_SHAPE: Final = (
    "properties(timeZone,locale,autoRecalc),developerMetadata(metadataId,metadataKey,metadataValue),"
    "sheets(properties,protectedRanges,conditionalFormats,filterViews(filterViewId,title),basicFilter(range),"
    "charts(chartId,spec(title)))"
)
_CELLS: Final = (
    "sheets(properties(sheetId),data(startRow,startColumn,rowData(values(userEnteredValue,note,dataValidation))))"
)


# --- what is there ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FoundTab:
    """One of the spreadsheet's tabs. `cells`: what was read of it, (row, column) → CellData, both from 0.

    charts: title → id.
    """

    sheet: int
    title: str
    index: int
    rows: int
    columns: int
    properties: Json
    protections: tuple[Json, ...] = ()
    conditionals: tuple[Json, ...] = ()
    views: tuple[str, ...] = ()
    filtered: bool = False
    charts: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[tuple[int, int], Json] = field(default_factory=dict)

    def text(self, row: int, column: int) -> str:
        """A cell as text, "" for blank."""
        entered = self.cells.get((row, column), {}).get("userEnteredValue", {})
        value = next(iter(entered.values()), "")
        return id_text(value) if not isinstance(value, str) else value

    @property
    def width(self) -> int:
        """Columns of row 1 up to the last heading."""
        return max((column + 1 for row, column in self.cells if row == 0 and self.text(0, column)), default=0)

    @property
    def head(self) -> list[str]:
        """The headings."""
        return [self.text(0, column) for column in range(self.width)]


@dataclass(frozen=True)
class Found:
    """A spreadsheet as `provision` and `check` see it. `ours`: template key → its tab; `others`: the rest, in order."""

    zone: str
    recalc: str
    stamps: Mapping[int, str]
    tabs: tuple[FoundTab, ...]
    ours: Mapping[str, FoundTab]
    meta: Mapping[str, str]
    places: Mapping[str, int]
    following: int = 2

    @property
    def others(self) -> list[FoundTab]:
        taken = {tab.sheet for tab in self.ours.values()}
        return [tab for tab in self.tabs if tab.sheet not in taken]

    @property
    def revision(self) -> int:
        return int(self.meta.get(frames.REVISION, "0"))


def look(book: GoogleWorkbook) -> Found:
    """The spreadsheet's shape, and the cells of it that matter: two reads, one when none of our tabs is there."""
    shape = json_of(book.http.request("get", book.address(), params={"fields": _SHAPE}))
    tabs = [_tab(given) for given in shape.get("sheets", [])]
    titles = [tab.title for tab in tabs]
    book.known = _spoken(book.known.whole, tabs).titled(titles)
    ours = _ours(book.known, tabs, {})
    wanted = _ranges(book.known, ours, [tab for tab in tabs if tab.sheet not in {each.sheet for each in ours.values()}])
    if wanted:
        cells = json_of(book.http.request("get", book.address(), params={"ranges": wanted, "fields": _CELLS}))
        tabs = _with_cells(tabs, cells)
        ours = _ours(book.known, tabs, {})
    meta, places, following = _meta(book, ours.get(LEDGER))
    if meta:
        book.known = book.known.in_language(frames.language(meta)).titled(titles)
        ours = _ours(book.known, tabs, {})
    if google.TAB_IDS in meta:
        ours = _ours(book.known, tabs, json.loads(meta[google.TAB_IDS]))
    stamps = {
        entry["metadataId"] - google.BASE: str(entry.get("metadataValue", ""))
        for entry in shape.get("developerMetadata", [])
        if entry.get("metadataKey") == google.STAMP
    }
    properties = shape.get("properties", {})
    return Found(
        zone=properties.get("timeZone", "UTC"),
        recalc=properties.get("autoRecalc", ""),
        stamps=stamps,
        tabs=tuple(tabs),
        ours=ours,
        meta=meta,
        places=places,
        following=following,
    )


def _tab(given: Json) -> FoundTab:
    properties = given["properties"]
    grid = properties.get("gridProperties", {})
    return FoundTab(
        sheet=properties.get("sheetId", 0),
        title=properties.get("title", ""),
        index=properties.get("index", 0),
        rows=grid.get("rowCount", 0),
        columns=grid.get("columnCount", 0),
        properties=properties,
        protections=tuple(given.get("protectedRanges", [])),
        conditionals=tuple(given.get("conditionalFormats", [])),
        views=tuple(view.get("title", "") for view in given.get("filterViews", [])),
        filtered="basicFilter" in given,
        charts={chart.get("spec", {}).get("title", ""): chart.get("chartId", 0) for chart in given.get("charts", [])},
    )


def _spoken(known: Templates, tabs: Sequence[FoundTab]) -> Templates:
    """`known` in the language most titles are in, so that one read brings the right cells; the ledger has the last word."""
    titles = {templates.fold(tab.title) for tab in tabs}
    if templates.fold(known.tab(LEDGER).title) not in titles:
        return known  # not set up yet: the settings' language it is
    candidates = [known, *(known.in_language(language) for language in LANGUAGES if language != known.language)]
    return max(candidates, key=lambda each: sum(templates.fold(tab.title) in titles for tab in each.tabs))


def _ours(known: Templates, tabs: Sequence[FoundTab], ids: Mapping[str, int]) -> dict[str, FoundTab]:
    """Which tab is which: by title; or, where nobody has the title, by the id it had, because somebody renamed it."""
    by_title = {templates.fold(tab.title): tab for tab in tabs}
    found = {
        tab.key: by_title[templates.fold(tab.title)] for tab in known.tabs if templates.fold(tab.title) in by_title
    }
    taken = {tab.sheet for tab in found.values()}
    by_id = {tab.sheet: tab for tab in tabs if tab.sheet not in taken}
    for tab in known.tabs:
        if tab.key not in found and ids.get(tab.key) in by_id:
            found[tab.key] = by_id[ids[tab.key]]
    return found


def _ranges(known: Templates, ours: Mapping[str, FoundTab], others: Sequence[FoundTab]) -> list[str]:
    """What to read: headings and a few rows of each of our tabs, more where it matters, and a tab that may be empty."""
    made: list[str] = []
    for tab in known.tabs:
        if tab.key in ours:
            name = google.quoted(ours[tab.key].title)
            if tab.key == LEDGER:
                made += [f"{name}!1:1", f"{name}!A:C"]
            elif tab.key == START:
                made.append(f"{name}!A:B")
            elif tab.key in ("services", DASHBOARD):
                made.append(name)
            else:
                made.append(f"{name}!1:{SAMPLE + 1}")
                if tab.protect == "header" and (last := ours[tab.key].rows) > 2 * SAMPLE:
                    made.append(f"{name}!{last - SAMPLE + 1}:{last}")
    # The tab a new spreadsheet comes with. One that is large is nobody's empty first tab: it is not even looked at.
    if LEDGER not in ours and len(others) == 1 and others[0].rows * others[0].columns <= STAFF_ROWS * 26:
        made.append(google.quoted(others[0].title))
    return made


def _with_cells(tabs: Sequence[FoundTab], answer: Json) -> list[FoundTab]:
    cells: dict[int, dict[tuple[int, int], Json]] = {}
    for sheet in answer.get("sheets", []):
        kept = cells.setdefault(sheet["properties"].get("sheetId", 0), {})
        for block in sheet.get("data", []):
            for row, line in enumerate(block.get("rowData", []), start=block.get("startRow", 0)):
                for column, cell in enumerate(line.get("values", []), start=block.get("startColumn", 0)):
                    if cell:
                        kept[row, column] = cell
    return [FoundTab(**{**tab.__dict__, "cells": cells.get(tab.sheet, {})}) for tab in tabs]


def _meta(book: GoogleWorkbook, found: FoundTab | None) -> tuple[dict[str, str], dict[str, int], int]:
    """The adapter's own entries of `_ledger`, the rows they stand in, and the next free row. Raises Damaged."""
    if found is None or not found.cells:
        return {}, {}, 2
    ledger = book.known.tab(LEDGER)
    if [templates.fold(text) for text in found.head[:3]] != [
        templates.fold(ledger.columns[n].header) for n in range(3)
    ]:
        raise Damaged(
            f"The hidden _ledger tab of {book.name} does not begin with the columns tab, key, state.", RESTORE
        )
    meta, places, last = {}, {}, 1
    for row, column in found.cells:
        last = max(last, row + 1)
        if row and column == 0 and found.text(row, 0) == frames.META:
            meta[found.text(row, 1)] = found.text(row, 2)
            places[found.text(row, 1)] = row + 1
    if meta and not meta.get(frames.REVISION, "").isdecimal():
        raise Damaged(f"The hidden _ledger tab of {book.name} does not say its revision.", RESTORE)
    if meta.get(frames.SCHEMA_KEY, SCHEMA) not in (SCHEMA, *TAKEN_OVER):
        raise Damaged(
            f"The hidden _ledger tab of {book.name} has schema {meta[frames.SCHEMA_KEY]!r}; this version of reconcile knows "
            f"{SCHEMA!r}.",
            "Use the version of reconcile that wrote it.",
        )
    return meta, places, last + 1


# --- what is wanted --------------------------------------------------------------------------------------------------------


@dataclass
class Wanted:
    """The requests that make a spreadsheet complete, and what they do in words."""

    requests: list[Json] = field(default_factory=list)
    tabs: list[str] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    refreshed: bool = False
    mended: list[str] = field(default_factory=list)


def wanted(known: Templates, found: Found, services: Sequence[str], account: str) -> Wanted:
    """What is missing, as requests in the order to apply them. Pure. Raises Damaged for a heading that stands twice."""
    made = Wanted()
    plan = _Plan(known, found, account, made)
    ids = {tab.key: plan.tab(tab) for tab in known.tabs}
    plan.dashboard(ids[DASHBOARD])  # last: it looks at all the others
    plan.services(services, ids["services"])
    plan.calculation()
    plan.ledger(ids)
    return made


class _Plan:
    """Works through the templates, tab by tab, and notes what is missing."""

    def __init__(self, known: Templates, found: Found, account: str, made: Wanted) -> None:
        self.known, self.found, self.account, self.made = known, found, account, made
        self.first = not found.meta
        self.titles = [tab.title for tab in found.tabs]
        self.taken = {tab.sheet for tab in found.tabs}
        self.at: dict[str, dict[str, int]] = {}

    def ask(self, name: str, **body: Any) -> None:
        self.made.requests.append({name: body})

    # --- tabs ----------------------------------------------------------------------------------------------------------------

    def tab(self, tab: Tab) -> int:
        """One tab: made, or completed. Returns its sheet id."""
        there = self.found.ours.get(tab.key)
        if there is None and tab.key == START and (spare := self._spare()):
            there = spare
            self._retitle(there, tab, first=True)
            self.made.tabs.append(tab.title)
        elif there is not None and there.title != tab.title:
            self._retitle(there, tab)
        sheet = self._add(tab) if there is None else there.sheet
        if tab.key == START:
            self._start(tab, sheet, there)
            return sheet
        if tab.key == DASHBOARD:
            self._protect(tab, sheet, there)
            return sheet
        self.at[tab.key] = self._columns(tab, sheet, there)
        if there is not None:
            self._shape(tab, there)
        self._rules(tab, sheet, there)
        self._protect(tab, sheet, there)
        return sheet

    def _spare(self) -> FoundTab | None:
        """The empty tab that a new spreadsheet comes with: it becomes Start here."""
        others = self.found.others
        if (
            self.first
            and len(others) == 1
            and others[0].rows * others[0].columns <= STAFF_ROWS * 26
            and not others[0].cells
        ):
            return others[0]
        return None

    def _retitle(self, there: FoundTab, tab: Tab, *, first: bool = False) -> None:
        properties: Json = {"sheetId": there.sheet, "title": tab.title}
        names = "title"
        if first:
            properties.update(index=0, tabColorStyle=looks.colour(tab.colour))
            names = "title,index,tabColorStyle"
        self.ask("updateSheetProperties", properties=properties, fields=names)
        self.titles[self.titles.index(there.title)] = tab.title
        if not first:
            self.made.mended.append(f"Gave the tab {there.title} its name {tab.title} back.")

    def _add(self, tab: Tab) -> int:
        sheet = next(number for number in range(SHEET_IDS + tab.order, SHEET_IDS + 10_000) if number not in self.taken)
        self.taken.add(sheet)
        before = [other.title for other in self.known.tabs if other.order < tab.order and other.title in self.titles]
        index = self.titles.index(before[-1]) + 1 if before else 0
        self.titles.insert(index, tab.title)
        staff = tab.protect != "tab"
        wide = google_dashboard.COLUMNS if tab.key == DASHBOARD else len(tab.columns)
        grid: Json = {
            "rowCount": STAFF_ROWS if staff else LOG_ROWS,
            "columnCount": wide + (OWN_COLUMNS if staff else 0),
        }
        if tab.key == DASHBOARD:
            grid["hideGridlines"] = True
        if tab.frozen_rows:
            grid["frozenRowCount"] = tab.frozen_rows
        if tab.has(SYNC):
            grid["frozenColumnCount"] = 1
        properties: Json = {
            "sheetId": sheet,
            "title": tab.title,
            "index": index,
            "gridProperties": grid,
            "tabColorStyle": looks.colour(tab.colour),
        }
        if tab.hidden:
            properties["hidden"] = True
        self.ask("addSheet", properties=properties)
        self.made.tabs.append(tab.title)
        return sheet

    def _shape(self, tab: Tab, there: FoundTab) -> None:
        """What keeps a tab usable, whoever changed it: headings stay in sight, the ledger out of it."""
        grid = there.properties.get("gridProperties", {})
        if tab.frozen_rows and grid.get("frozenRowCount", 0) < tab.frozen_rows:
            properties: Json = {"sheetId": there.sheet, "gridProperties": {"frozenRowCount": tab.frozen_rows}}
            self.ask("updateSheetProperties", properties=properties, fields="gridProperties.frozenRowCount")
        if tab.hidden and not there.properties.get("hidden"):
            self.ask("updateSheetProperties", properties={"sheetId": there.sheet, "hidden": True}, fields="hidden")

    # --- columns -------------------------------------------------------------------------------------------------------------

    def _columns(self, tab: Tab, sheet: int, there: FoundTab | None) -> dict[str, int]:
        """Headings, looks and drop-downs; returns where each column stands afterwards."""
        at = _positions(tab, there.head) if there else {}
        if there is not None and at and self.first:
            _refuse_foreign(tab, there.head, at)
        elif there is not None and at:
            version = self.found.meta.get(frames.VERSION_KEY, "0")
            templates.refuse_taken(tab, there.head, int(version or 0), "the Google Sheet")
        fresh = [column for column in tab.columns if column.key not in at]
        if there is None or not at:
            at = {column.key: place for place, column in enumerate(tab.columns)}
            if there is not None and there.width:
                raise Damaged(
                    f"Tab {tab.title!r} has none of our headings in row 1, but something else.",
                    f"Rename that tab, then run `reconcile init` again: it makes a new {tab.title!r}.",
                )
            if there is not None and there.columns < len(tab.columns):
                more = len(tab.columns) - there.columns
                self.ask("appendDimension", sheetId=sheet, dimension="COLUMNS", length=more)
        elif fresh:
            right = max(at.values()) + 1
            place = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": right, "endIndex": right + len(fresh)}
            self.ask("insertDimension", range=place, inheritFromBefore=True)
            at.update({column.key: right + number for number, column in enumerate(fresh)})
        for column in fresh:
            self._dress(tab, column, sheet, at[column.key])
        if fresh and there is not None:
            self.made.columns += [(tab.title, column.header) for column in fresh]
        if fresh:
            row = {"sheetId": sheet, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
            self.ask(
                "updateDimensionProperties",
                range=row,
                properties={"pixelSize": looks.HEADER_PIXELS},
                fields="pixelSize",
            )
        if there is not None:
            for column in tab.columns:
                if column not in fresh:
                    self._mend(tab, column, there, at[column.key])
        return at

    def _dress(self, tab: Tab, column: Column, sheet: int, place: int) -> None:
        """A new column: heading, cells, width."""
        head = {"sheetId": sheet, "rowIndex": 0, "columnIndex": place}
        cell = looks.heading(column, tab, self.known)
        if tab.key == LEDGER:
            cell.pop("note")
        # the rule of the column to the left is not ours to inherit
        self.ask(
            "updateCells",
            start=head,
            rows=[{"values": [cell]}],
            fields="userEnteredValue,userEnteredFormat,note,dataValidation",
        )
        rows = {"sheetId": sheet, "startRowIndex": 1, "startColumnIndex": place, "endColumnIndex": place + 1}
        body = looks.body(column, tab)
        if rule := looks.validation(column, place):
            body["dataValidation"] = rule
        self.ask("repeatCell", range=rows, cell=body, fields="userEnteredFormat,dataValidation")
        across = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": place, "endIndex": place + 1}
        self.ask(
            "updateDimensionProperties",
            range=across,
            properties={"pixelSize": looks.pixels(column.width)},
            fields="pixelSize",
        )

    def _mend(self, tab: Tab, column: Column, there: FoundTab, place: int) -> None:
        """A column that is there: its heading's note, and its drop-down where no sampled row has it."""
        if tab.key == LEDGER:
            return
        note = looks.note(column, tab, self.known)
        if there.cells.get((0, place), {}).get("note", "") != note:
            head = {"sheetId": there.sheet, "rowIndex": 0, "columnIndex": place}
            self.ask("updateCells", start=head, rows=[{"values": [{"note": note}]}], fields="note")
        rule = looks.validation(column, place)
        rows = {*range(1, min(SAMPLE + 1, there.rows)), *range(max(1, there.rows - SAMPLE), there.rows)}
        have = [there.cells.get((row, place), {}).get("dataValidation") for row in rows]
        if rule is None or not have or any(looks.same_validation(each, rule) for each in have):
            return
        below = {"sheetId": there.sheet, "startRowIndex": 1, "startColumnIndex": place, "endColumnIndex": place + 1}
        self.ask("setDataValidation", range=below, rule=rule, filteredRowsIncluded=True)

    # --- rules ---------------------------------------------------------------------------------------------------------------

    def _rules(self, tab: Tab, sheet: int, there: FoundTab | None) -> None:
        """Conditional formats, and, on a tab that is new to us, filter and filter views."""
        at = self.at[tab.key]
        have = list(there.conditionals) if there else []
        number = len(have)
        for rule in looks.conditionals(tab, self.known, sheet, at, self._finished()):
            name = looks.rule_name(rule)
            index = next((index for index, each in enumerate(have) if looks.rule_name(each) == name), None)
            if index is None:
                self.ask("addConditionalFormatRule", rule=rule, index=number)
                number += 1
            elif not looks.same_rule(have[index], rule):
                self.ask("updateConditionalFormatRule", rule=rule, index=index)
        if tab.protect != "header" or not (there is None or self.first or self._older()):
            return
        across = {"sheetId": sheet, "startColumnIndex": min(at.values()), "endColumnIndex": max(at.values()) + 1}
        if there is None or (self.first and not there.filtered):
            self.ask("setBasicFilter", filter={"range": {**across, "startRowIndex": 0}})
        for title, specs in looks.views(tab, self.known, at).items():
            if there is None or title not in there.views:
                self.ask("addFilterView", filter={"title": title, "range": across, "filterSpecs": specs})

    def _older(self) -> bool:
        return int(self.found.meta.get(frames.VERSION_KEY, "0") or 0) < self.known.version

    # --- protection ----------------------------------------------------------------------------------------------------------

    def _protect(self, tab: Tab, sheet: int, there: FoundTab | None) -> None:
        """Real on our headings and our own tabs; a warning, which never stops a sort, on what staff should not type over."""
        have = list(there.protections) if there else []
        if tab.protect == "tab":
            whole = next((each for each in have if _whole(each)), None)
            if whole is None:
                self._shut({"sheetId": sheet}, self.known.text("{tab} is kept by the job.").format(tab=tab.title))
            elif whole.get("warningOnly"):
                self.ask("deleteProtectedRange", protectedRangeId=whole["protectedRangeId"])
                self._shut({"sheetId": sheet}, self.known.text("{tab} is kept by the job.").format(tab=tab.title))
            return
        if tab.protect != "header":
            return
        at = self.at[tab.key]
        bare = [place for place in sorted(at.values()) if not _covers(have, place, heading=True)]
        for first, last in guide.spans(bare):
            row = {"sheetId": sheet, "startRowIndex": 0, "endRowIndex": 1}
            self._shut(
                {**row, "startColumnIndex": first, "endColumnIndex": last + 1},
                self.known.text("the job finds columns by these headings."),
            )
        theirs = [at[column.key] for column in tab.columns if column.owner != "staff"]
        open_ = [place for place in sorted(theirs) if not _covers(have, place, heading=False)]
        for first, last in guide.spans(open_):
            self.ask(
                "addProtectedRange",
                protectedRange={
                    "range": {"sheetId": sheet, "startColumnIndex": first, "endColumnIndex": last + 1},
                    "description": _PROTECTED + self.known.text(NOT_SENT),
                    "warningOnly": True,
                },
            )

    def _shut(self, area: Json, why: str) -> None:
        protected: Json = {"range": area, "description": _PROTECTED + why}
        if self.account:
            protected["editors"] = {"users": [self.account]}
        self.ask("addProtectedRange", protectedRange=protected)

    def _finished(self) -> str:
        """The letter of Runs' Finished."""
        runs = self.known.tab("runs")
        there = self.found.ours.get("runs")
        head = _positions(runs, there.head) if there is not None else {}
        return templates.letters(head.get("finished", runs.keys.index("finished")))

    # --- Dashboard -------------------------------------------------------------------------------------------------------------

    def dashboard(self, sheet: int) -> None:
        """Its figures when they say something else than they should, and the charts that are not there yet."""
        tab, there = self.known.tab(DASHBOARD), self.found.ours.get(DASHBOARD)
        at = {key: dashboard.letters_of(self.known.tab(key), places) for key, places in self.at.items()}
        board = dashboard.board(self.known, at)
        if there is not None and there.columns < google_dashboard.COLUMNS:
            more = google_dashboard.COLUMNS - there.columns
            self.ask("appendDimension", sheetId=sheet, dimension="COLUMNS", length=more)
        if there is not None and there.rows < board.rows:
            self.ask("appendDimension", sheetId=sheet, dimension="ROWS", length=board.rows - there.rows)
        if there is not None:
            dashboard.refuse_foreign(self.known, {place: there.text(*place) for place in there.cells})
        grid = google_dashboard.grid(board, there.cells if there else {})
        if there is None or google_dashboard.said(there.cells) != google_dashboard.meant(board):
            area = {"sheetId": sheet, "startRowIndex": 0, "endRowIndex": len(grid), "startColumnIndex": 0}
            area["endColumnIndex"] = google_dashboard.COLUMNS
            self.ask("updateCells", range=area, rows=grid, fields="userEnteredValue,userEnteredFormat")
        if there is None:
            self.made.requests += google_dashboard.shape(tab, sheet)
        have = list(there.conditionals) if there else []
        for rule in google_dashboard.rules(self.known, board, sheet):
            name = looks.rule_name(rule)
            index = next((index for index, each in enumerate(have) if looks.rule_name(each) == name), None)
            if index is None:
                self.ask("addConditionalFormatRule", rule=rule, index=len(have))
                have.append(rule)
            elif not looks.same_rule(have[index], rule):
                self.ask("updateConditionalFormatRule", rule=rule, index=index)
        for plot in board.plots:
            drawn = (there.charts if there else {}).get(plot.chart.title)
            spec = google_dashboard.spec(plot, sheet)
            if drawn is None:
                self.ask("addChart", chart={"spec": spec, "position": google_dashboard.position(plot, tab, sheet)})
            elif self._older():
                self.ask("updateChartSpec", chartId=drawn, spec=spec)

    # --- Start here ------------------------------------------------------------------------------------------------------------

    def _start(self, tab: Tab, sheet: int, there: FoundTab | None) -> None:
        """The guide: written anew when it says something else than it should."""
        runs, column = self.known.tab("runs"), self._finished()
        lines = guide.lines(self.known, self.found.zone, f"{guide.quoted(runs.title)}!${column}:${column}")
        rows, last = _start_rows(lines), lines[-1].row
        ours = there is not None and bool(there.cells)
        if ours and there is not None and _start_said(there) == [_said(row) for row in rows]:
            return
        if ours and there is not None:
            last = max([last, *(row + 1 for row, _ in there.cells)])
            self.made.refreshed = True
        if there is not None and (more := last + 2 - there.rows) > 0:
            self.ask("appendDimension", sheetId=sheet, dimension="ROWS", length=more)
        area = {"sheetId": sheet, "startRowIndex": 0, "endRowIndex": last, "startColumnIndex": 0, "endColumnIndex": 2}
        self.ask("updateCells", range=area, rows=rows, fields="userEnteredValue,userEnteredFormat")
        if ours:
            return
        for place, each in enumerate(tab.columns):
            across = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": place, "endIndex": place + 1}
            width = {"pixelSize": looks.pixels(each.width)}
            self.ask("updateDimensionProperties", range=across, properties=width, fields="pixelSize")
        for number, (formula, fill, font) in enumerate(
            ((guide.stale(self.known), guide.ALARM, "FFFFFF"), (guide.alive(self.known), guide.CALM, guide.CALM_FONT))
        ):
            self.ask("addConditionalFormatRule", rule=_fresh_rule(sheet, formula, fill, font), index=number)

    # --- the rest --------------------------------------------------------------------------------------------------------------

    def services(self, services: Sequence[str], sheet: int) -> None:
        """Services that are not listed yet, with Pull on Yes."""
        tab, there, at = self.known.tab("services"), self.found.ours.get("services"), self.at["services"]
        listed = set()
        if there is not None:
            place = _positions(tab, there.head).get("service_id", 0)
            listed = {id_text(there.text(row, column)) for row, column in there.cells if column == place and row}
        new = [each for each in dict.fromkeys(map(id_text, services)) if each and each not in listed]
        if not new:
            return
        rows = []
        for service in new:
            line: list[Json] = [{} for _ in range(max(at.values()) + 1)]
            line[at["service_id"]] = {
                "userEnteredValue": {"stringValue": service},
                "userEnteredFormat": {"numberFormat": {"type": "TEXT", "pattern": "@"}},
            }
            line[at["pull"]] = {"userEnteredValue": {"stringValue": self.known.words.choice("Yes")}}
            rows.append({"values": line})
        names = "userEnteredValue,userEnteredFormat.numberFormat"
        self.ask("appendCells", sheetId=sheet, rows=rows, fields=names)
        self.made.services += new

    def calculation(self) -> None:
        """NOW() in Start here must move on while nobody types [doc autoRecalc]."""
        if self.found.recalc != "MINUTE":
            self.ask("updateSpreadsheetProperties", properties={"autoRecalc": "MINUTE"}, fields="autoRecalc")

    def ledger(self, ids: Mapping[str, int]) -> None:
        """The adapter's own entries of `_ledger`: new ones, and those that say something else than they should."""
        want = {
            frames.VERSION_KEY: str(self.known.version),
            google.TAB_IDS: json.dumps(dict(ids), separators=(",", ":")),
            google.ZONE: self.found.zone,
        }
        if self.known.language != ENGLISH.language:
            want[frames.LANGUAGE] = self.known.language
        if self.first:
            want = {frames.REVISION: "0", frames.SCHEMA_KEY: SCHEMA, **want, google_heights.ENTRY: google_heights.NONE}
        elif self.made.requests or any(self.found.meta.get(key) != text for key, text in want.items()):
            want[frames.REVISION] = str(self.found.revision + 1)
        at, following = self.at[LEDGER], self.found.following
        for key, text in want.items():
            if self.found.meta.get(key) == text:
                continue
            row = self.found.places.get(key)
            if row is None:
                row, following = following, following + 1
            line: list[Json] = [{} for _ in range(max(at.values()) + 1)]
            for column, value in (("tab", frames.META), ("key", key), ("state", text)):
                line[at[column]] = {"userEnteredValue": {"stringValue": value}}
            corner = {"sheetId": ids[LEDGER], "rowIndex": row - 1, "columnIndex": 0}
            self.ask("updateCells", start=corner, rows=[{"values": line}], fields="userEnteredValue")


def _positions(tab: Tab, head: Sequence[str]) -> dict[str, int]:
    """Column key → index of those headings that are there. Raises Damaged for one that stands twice."""
    folded = [templates.fold(text) for text in head]
    present = [column for column in tab.columns if templates.fold(column.header) in folded]
    for column in present:
        if folded.count(templates.fold(column.header)) > 1:
            templates.positions(
                tab, [*head, *(each.header for each in tab.columns if each not in present)], "the Google Sheet"
            )
    return {column.key: folded.index(templates.fold(column.header)) for column in present}


def _refuse_foreign(tab: Tab, head: Sequence[str], at: Mapping[str, int]) -> None:
    """Raises Damaged for a tab that was there before us and shares a heading or two: its rows would become the job's."""
    named = [text for text in head if text]
    if 2 * len(at) > len(named) and (not tab.key_column or tab.key_column in at):
        return
    raise Damaged(
        f"Tab {tab.title!r} is a list of somebody's own: its headings are {', '.join(named)}.",
        f"Rename that tab, then run `reconcile init` again: it makes a new {tab.title!r}.",
    )


def _whole(protection: Json) -> bool:
    area = protection.get("range", {})
    return not any(name in area for name in ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"))


def _covers(protections: Iterable[Json], place: int, *, heading: bool) -> bool:
    """Whether a column's heading is really protected, or its cells protected at all."""
    for each in protections:
        area = each.get("range", {})
        if not area.get("startColumnIndex", 0) <= place < area.get("endColumnIndex", place + 1):
            continue
        if heading and not each.get("warningOnly") and area.get("startRowIndex", 0) == 0:
            return True
        if not heading and area.get("endRowIndex", 2) > 1:
            return True
    return False


def _start_rows(lines: Sequence[guide.Line]) -> list[Json]:
    """Start here's lines as rows of CellData, blank rows between them included."""
    by_row = {line.row: line for line in lines}
    return [
        {"values": _start_line(by_row[row])} if row in by_row else {"values": [{}, {}]}
        for row in range(1, lines[-1].row + 1)
    ]


def _start_line(line: guide.Line) -> list[Json]:
    topic: Json = {"bold": True, **({"foregroundColorStyle": looks.colour(line.font)} if line.font else {})}
    if line.kind in ("title", "section"):
        topic.update(fontSize=18 if line.kind == "title" else 13, foregroundColorStyle=looks.colour("2F5D8C"))
    first: Json = {
        "userEnteredValue": {"stringValue": line.topic},
        "userEnteredFormat": {"textFormat": topic, "verticalAlignment": "TOP", "wrapStrategy": "WRAP"},
    }
    if line.kind in ("title", "section"):
        first["userEnteredFormat"]["wrapStrategy"] = "OVERFLOW_CELL"
    if line.fill:
        first["userEnteredFormat"]["backgroundColorStyle"] = looks.colour(line.fill)
    if not line.text:
        return [first, {}]
    formula = line.text.startswith("=")
    second: Json = {
        "userEnteredValue": {"formulaValue": looks.spoken(line.text)} if formula else {"stringValue": line.text},
        "userEnteredFormat": {"verticalAlignment": "TOP", "wrapStrategy": "WRAP", "horizontalAlignment": "LEFT"},
    }
    if formula:
        second["userEnteredFormat"]["textFormat"] = {"bold": True, "fontSize": 12}
        second["userEnteredFormat"]["numberFormat"] = {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm"}
    return [first, second]


def _said(row: Json) -> tuple[str, ...]:
    """What a row of Start here says, for comparing: formulas without their spelling."""
    said = []
    for cell in row["values"][:2]:
        entered = cell.get("userEnteredValue", {})
        said.append(
            looks.plain(entered["formulaValue"]) if "formulaValue" in entered else str(entered.get("stringValue", ""))
        )
    return tuple(said)


def _start_said(there: FoundTab) -> list[tuple[str, ...]]:
    last = max(row for row, _ in there.cells)
    return [_said({"values": [there.cells.get((row, column), {}) for column in (0, 1)]}) for row in range(last + 1)]


def _fresh_rule(sheet: int, formula: str, fill: str, font: str) -> Json:
    """Start here's freshness lines: red by themselves when the job has stopped running."""
    return {
        "ranges": [
            {"sheetId": sheet, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 2}
        ],
        "booleanRule": {
            "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": looks.spoken("=" + formula)}]},
            "format": {
                "backgroundColorStyle": looks.colour(fill),
                "textFormat": {"foregroundColorStyle": looks.colour(font), "bold": True},
            },
        },
    }


# --- provision -------------------------------------------------------------------------------------------------------------


def set_aside(book: GoogleWorkbook, services: Sequence[str] = ()) -> Provisioned:
    """Renames and keeps the tabs of rows, takes away those that are calculated and `_ledger`, and makes all of them anew.

    Services stays. Raises as `provision` does.
    """
    found = look(book)
    taken = {tab.title for tab in (*found.ours.values(), *found.others)}
    requests: list[Json] = []
    for tab in book.known.tabs:
        there = found.ours.get(tab.key)
        if there is None or tab.key == "services":
            continue
        if tab.free_text or tab.key == LEDGER:
            requests.append({"deleteSheet": {"sheetId": there.sheet}})
            continue
        old = book.known.words.PHRASES["old_tab"].format(title=there.title)
        numbered = chain([old], (f"{old} {number}" for number in count(2)))
        title = next(each for each in numbered if each not in taken)
        taken.add(title)
        requests.append(_title(there.sheet, title))
    book.send(requests, max(found.stamps, default=0) + 1, f"init#{secrets.token_hex(4)}")
    done = provision(book, services, rebuild=True)
    titles = [
        each["updateSheetProperties"]["properties"]["title"] for each in requests if "updateSheetProperties" in each
    ]
    return replace(done, aside=tuple(titles))


def provision(book: GoogleWorkbook, services: Sequence[str] = (), *, rebuild: bool = False) -> Provisioned:
    """Makes the workbook in a spreadsheet, or completes it. Again is harmless: nothing missing, nothing written.

    rebuild: also one that has lost its `_ledger`, which a restore then fills from the journal. Tabs under former titles get
    their present ones: no run has to look for them. Raises Damaged when it cannot be done without guessing, Unavailable,
    AccessRefused.
    """
    for attempt in (1, 2, 3):
        found = look(book)
        _refuse(book, found, rebuild=rebuild)
        renamed = _renamed(book, found)
        made = wanted(book.known, found, services, book.http.account)
        requests = [*made.requests, *(_title(found.ours[key].sheet, title) for key, title in renamed.items())]
        if not requests:
            return Provisioned()
        stamp = found.revision + 1 if found.meta else max(found.stamps, default=-1) + 1
        try:
            book.send(requests, stamp, f"init#{secrets.token_hex(4)}")
        except RevisionMoved:
            if attempt == 3:  # noqa: PLR2004 - somebody commits all the time
                raise
            continue
        return Provisioned(
            created=not found.meta and len(made.tabs) == len(book.known.tabs),
            tabs=tuple(made.tabs),
            columns=tuple(made.columns),
            services=tuple(made.services),
            refreshed=made.refreshed,
            renamed=tuple((found.ours[key].title, title) for key, title in renamed.items()),
        )
    raise AssertionError


def _renamed(book: GoogleWorkbook, found: Found) -> dict[str, str]:
    """Tabs of ours that stand under a former title → their present one, where no other tab has that. The book speaks of them so."""
    newest = templates.templates(book.known.language)
    taken = {templates.fold(tab.title) for tab in found.tabs}
    wanted_titles = {tab.key: newest.tab(tab.key).title for tab in book.known.tabs if tab.key in found.ours}
    renamed = {
        key: title
        for key, title in wanted_titles.items()
        if templates.fold(found.ours[key].title) != templates.fold(title) and templates.fold(title) not in taken
    }
    if renamed:
        book.known = newest
    return renamed


def _title(sheet: int, title: str) -> Json:
    return {"updateSheetProperties": {"properties": {"sheetId": sheet, "title": title}, "fields": "title"}}


def _refuse(book: GoogleWorkbook, found: Found, *, rebuild: bool) -> None:
    """Raises Damaged for a spreadsheet that is not to be completed by guessing."""
    if not found.meta and found.stamps and not rebuild:
        raise Damaged(
            f"{book.name} has lost its hidden _ledger tab, the job's memory of what was sent.",
            "`reconcile restore` makes it anew from this machine's journal; or put the newest version back (File > Version "
            "history), then run `reconcile doctor`. Without it, payments could be sent twice.",
        )
    version = found.meta.get(frames.VERSION_KEY, "0")
    if not version.isdecimal() or int(version) > book.known.version:
        raise Damaged(
            f"{book.name} was made by a newer reconcile (template version {version}; this one knows {book.known.version}).",
            "Use that version of reconcile.",
        )


# --- check -----------------------------------------------------------------------------------------------------------------


def check(book: GoogleWorkbook) -> list[Finding]:
    """What `doctor` shows, each with what to do: key, sharing, tabs and headings, protections, version, ledger, time zone."""
    from reconcile.workbook.google_auth import token_works

    account = book.http.account or "the account of the key"
    if trouble := token_works(book.http):
        return [Finding("key", ok=False, text=trouble.what, next_step=trouble.next_step, code=trouble.exit_code)]
    findings = [Finding("key", ok=True, text=f"Google accepts the key of {account}.")]
    try:
        found = look(book)
    except ReconcileError as error:
        return [*findings, _unreachable(error, account)]
    findings.append(_sharing(found, account))
    findings.append(_structure(book, found))
    book.known = book.known.whole
    if findings[1].ok:  # who may only look is refused by each protection, and it is not about them
        findings.append(_protections(book.known, found, account))
    findings.append(_version(book.known, found))
    findings.append(_history(found))
    findings.append(_zone(found))
    return findings


def _unreachable(error: ReconcileError, account: str) -> Finding:
    if isinstance(error, NotThere):
        step = "Compare RECONCILE_SHEET with the address in the browser: the id stands between /d/ and /edit."
        return Finding("sharing", ok=False, text="Google knows no spreadsheet with this id.", next_step=step)
    if isinstance(error, NotShared):
        return Finding(
            "sharing", ok=False, text=f"The sheet is not shared with {account}: {error.what}", next_step=error.next_step
        )
    return Finding("sharing", ok=False, text=error.what, next_step=error.next_step, code=error.exit_code)


def _sharing(found: Found, account: str) -> Finding:
    """Whoever may only look is refused by every protection, also by those of the job's own [doc]; nothing has to be written."""
    real = [each for tab in found.ours.values() for each in tab.protections if not each.get("warningOnly")]
    if real and not any(each.get("requestingUserCanEdit") for each in real):
        text = f"The sheet is shared with {account}, but not as Editor, so that nothing can be written into it."
        step = f"Share the sheet with {account} as Editor, then run `reconcile doctor`."
        return Finding("sharing", ok=False, text=text, next_step=step)
    return Finding("sharing", ok=True, text=f"The sheet is shared with {account}.")


def _structure(book: GoogleWorkbook, found: Found) -> Finding:
    try:
        snapshot = book.read()
    except ReconcileError as error:
        return Finding("structure", ok=False, text=error.what, next_step=error.next_step, code=error.exit_code)
    for key, place in book.memory.places.items():
        if key in found.ours and found.ours[key].sheet != place.sheet:
            text = google.SWAPPED.format(title=found.ours[key].title)
            return Finding("structure", ok=False, text=text, next_step=google.UNSWAP)
    return Finding("structure", ok=True, text=f"All tabs and headings are there; revision {snapshot.revision}.")


def _protections(known: Templates, found: Found, account: str) -> Finding:
    shut = [
        f"{tab.title}" + (f" ({each['description']})" if each.get("description") else "")
        for key, tab in found.ours.items()
        for each in tab.protections
        if not each.get("warningOnly") and not each.get("requestingUserCanEdit") and key != START
    ]
    if shut:
        return Finding(
            "protection",
            ok=False,
            text=google.SHUT.format(titles="; ".join(dict.fromkeys(shut))),
            next_step=google.UNSHUT.format(account=account),
        )
    lacking = [
        tab.title
        for tab in known.tabs
        if tab.protect == "tab" and tab.key in found.ours and not any(map(_whole, found.ours[tab.key].protections))
    ]
    if lacking:
        return Finding(
            "protection", ok=False, text=f"Not protected any more: {', '.join(lacking)}.", next_step=frames.INIT
        )
    return Finding("protection", ok=True, text="Every protection lets the job write.")


def _version(known: Templates, found: Found) -> Finding:
    version = found.meta.get(frames.VERSION_KEY, "none")
    fits = version == str(known.version)
    newer = version.isdecimal() and int(version) > known.version
    step = "" if fits else "Use the version of reconcile that made it." if newer else frames.INIT
    return Finding(
        "template", ok=fits, text=f"Template version {version}; this reconcile has {known.version}.", next_step=step
    )


def _history(found: Found) -> Finding:
    """Whether the sheet was put back to an older version: stamps are not part of the version history, the ledger is."""
    newest = max(found.stamps, default=0)
    if found.meta and newest > found.revision:
        return Finding(
            "history",
            ok=False,
            text=google.RESTORED.format(now=found.revision, newest=newest),
            next_step=google.UNRESTORE,
        )
    return Finding("history", ok=True, text=f"The ledger is the newest one (revision {found.revision}).")


def _zone(found: Found) -> Finding:
    kept = found.meta.get(google.ZONE, "")
    if kept and kept != found.zone:
        text = f"The sheet's time zone is {found.zone}, but the job still writes times of {kept}."
        return Finding(
            "time zone", ok=False, text=text, next_step="Run `reconcile init`: it takes the sheet's time zone over."
        )
    return Finding("time zone", ok=True, text=f"Times are those of {found.zone}.")
