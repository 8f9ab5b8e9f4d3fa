"""The workbook as a Google Sheet. A read is one call, a commit is one atomic batchUpdate.

Facts are in docs/sheet-facts.md; those that shape this module:
- Google applies a batch whole or not at all, and has no precondition; so the first request of every commit creates the
  developer metadata entry BASE + revision, which fails, and the batch with it, when another run was there first.
- After a lost answer the value under that id tells whether the batch was applied.
- No row number stays true between two calls; so staff tabs are written by content only: new rows by `appendCells`, a row's
  Sync cell by an exact `findReplace` of the text it showed. `_ledger` is ours alone and fenced by the stamp, so it is
  written by place.
- What is harmless on a wrong row may name row numbers as of the last read: heights (google_heights), the looks of new rows.
  A batch that is refused for a row that is gone is sent again without it.

Columns do not move under us as rows do (our headings are really protected), but whoever owns the sheet may move them, and
anybody may put a column of their own before ours. So every commit brings the headings back with its answer, as they stood
when it was applied (google_answer): the next commit uses them, and a heading that is gone stops the run before it claims
anything. So does whatever else would lead rows astray: another tab under the name, a tab that is closed to us, an older version.
"""

from __future__ import annotations

import gc
import json
import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconcile import boundary
from reconcile.core.cells import Formula, id_text
from reconcile.core.diff import answered_as
from reconcile.core.identity import CHAINED, COMMIT, WRITTEN, Kind, written
from reconcile.core.ledger import COLUMNS, SEEN
from reconcile.core.model import ROW, STATE, SYNC, Commit, Snapshot
from reconcile.core.words import prefix
from reconcile.errors import (
    RESTORE,
    AccessRefused,
    Damaged,
    Disagree,
    NotSetUp,
    ReconcileError,
    RevisionMoved,
    Unavailable,
    Unmovable,
)
from reconcile.workbook import frames, google_answer, google_archive, google_heights, google_logs, guide, templates
from reconcile.workbook import google_looks as looks
from reconcile.workbook.google_heights import Heights
from reconcile.workbook.google_http import InvalidRequest, Lost, NotThere, Pace, json_of
from reconcile.workbook.templates import LEDGER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import pandas as pd

    from reconcile.core.model import Cell, Row
    from reconcile.workbook.google_answer import ShownTab
    from reconcile.workbook.google_auth import Secret
    from reconcile.workbook.google_http import Http
    from reconcile.workbook.port import Finding, Provisioned
    from reconcile.workbook.templates import Column, Tab, Templates

BASE: Final = 770_000_000
"""The stamp of revision n is the developer metadata entry with id BASE + n (ids are int32 and unique in the sheet [doc])."""

STAMP: Final = "reconcile.commit"
KEPT: Final = 100
"""Stamps kept. The budget is 30,000 characters per spreadsheet [doc]; a stamp takes some 60."""

PAUSES: Final = (0.0, 4.0, 16.0)
"""Seconds before each sending of a commit: what says 503 to one is not back in the same second, and a landing must not fail."""

TAB_IDS: Final = "tab_ids"
ZONE: Final = "zone"
SPARE: Final = 1_000
"""Rows added to a tab at once when it is full."""

CLAIMED: Final = (frames.ORDERS, "refills", "cancels")
"""Tabs in which rows land that the panel hands out once."""

ROOM: Final = 200
"""Spare rows a commit leaves in them: more than one answer's 100 orders."""

WHOLE_COLUMN: Final = 2_000
"""Most rows of a tab whose Sync texts are restored in the batch that makes Sync cells findable."""

EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - Sheets' serial dates count from here, in the sheet's own zone [doc]

LOGS: Final = ("runs", "history", "long_texts", "archive")
"""Tabs that only grow: their headings are read every time, their rows only on request, so a run's cost does not grow."""

PRUNED: Final = ("runs", "history")
"""The logs a commit may cut: every commit brings their sizes back with its answer. Their lines can wait (google_logs)."""

LANDING: Final = (*CLAIMED, "long_texts")
"""Tabs that must take what is claimed, or it is not claimed."""

RESTORED: Final = "The sheet was put back to an older version: its ledger is at revision {now}, but revision {newest} was written to it."
UNRESTORE: Final = (
    "In File > Version history, restore the newest version; what staff want back from the older one can be copied over by "
    "hand. Or go on from this one with `reconcile restore`, on the machine that wrote to it last. Without either, refunds and "
    "payments could be sent twice."
)

PUT_BACK: Final = "The sheet was put back to an older version while this run was writing to it."

SWAPPED: Final = (
    "The tab {title!r} is another one than the job has written to: probably a copy that somebody gave its name."
)
UNSWAP: Final = (
    "Keep one of the two: give the first one its name back, or run `reconcile init`, which takes the one that has the name "
    "now; rows that only the other one has can be copied over by hand."
)

TABLE: Final = (
    "{title!r} was made a table (Format > Convert to table), in which Google drops the rows that the job adds."
)
UNTABLE: Final = "Undo that: in the menu beside the table's name, choose Revert to unformatted data."
SHUT: Final = "A protection keeps the job from writing: {titles}."
UNSHUT: Final = "Data > Protect sheets and ranges: let {account} edit it, or remove that protection."
FULL: Final = "{name} is full: Google allows 10,000,000 cells, and blank ones count."
UNFULL: Final = "Delete tabs that nobody needs, or blank rows and columns at the end of large ones, and run again."

_API: Final = "https://sheets.googleapis.com/v4/spreadsheets"
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{1,2}:\d{2}(:\d{2})?)?")
_FIXED_ZONE: Final = re.compile(r"GMT([+-])(\d{1,2})(?::(\d{2}))?")
_KEPT_TIME: Final = "date:"
"""How a date that a cell showed is kept in `_ledger`, where it could not be told from a text otherwise."""


class Wanted(Protocol):
    """The settings that opening a sheet needs."""

    @property
    def google_key_json(self) -> Secret | None: ...
    @property
    def google_emulator(self) -> str | None: ...


class Named(Protocol):
    """A sheet, by its spreadsheet id."""

    @property
    def id(self) -> str: ...


def open_workbook(
    settings: Wanted, book: Named, known: Templates | None = None, may_continue: Callable[[], bool] = lambda: True
) -> GoogleWorkbook:
    """The sheet `book` names, with the key the settings name. Nothing is called yet. Raises SettingsError.

    may_continue: asked while a call waits for its next try; once it says no, nothing is waited for any more.
    """
    from reconcile.workbook.google_auth import open_http

    http = open_http(settings.google_key_json, settings.google_emulator, pace=Pace(may_continue=may_continue))
    return GoogleWorkbook(book.id, http, known=known)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Holds the cyclic collector while a big answer is taken apart: its passes over the new lists cost a quarter of the read."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Full(Damaged):
    """The spreadsheet cannot grow."""


def quoted(title: str) -> str:
    """A tab's title as a range names it."""
    return "'" + title.replace("'", "''") + "'"


@dataclass
class _Line:
    """One row of a staff tab: its number as of the last read (None: appended since), what its key cell and its Sync or State show."""

    number: int | None
    shown: str
    text: str | None


@dataclass
class _Place:
    """Where one tab's things stand, as of the last read or commit. frame: a staff tab's rows as read, else None.

    rows: how many the tab has; of a log, only known after a commit. head, body: all its cells as read, staff's columns, too.
    """

    sheet: int
    columns: dict[str, int]
    rows: int
    used: int
    head: Sequence[Cell] = ()
    body: Sequence[Sequence[Cell]] = ()
    frame: pd.DataFrame | None = None
    key_column: str = ""

    @cached_property
    def lines(self) -> dict[str, list[_Line]]:
        """Key → its rows; a row without a key counts under the key its Sync text names. Made when a commit first asks."""
        return self._lines(SYNC)

    @cached_property
    def states(self) -> dict[str, list[_Line]]:
        """The same rows with what State shows instead of Sync."""
        return self._lines(STATE)

    def showing(self, column: str) -> dict[str, list[_Line]]:
        """The rows with what this column shows."""
        return self.states if column == STATE else self.lines

    def _lines(self, column: str) -> dict[str, list[_Line]]:
        if self.frame is None or column not in self.columns:
            return {}
        return _lines(self.frame, self.key_column, column, typed_over=self.key_column == "id")


@dataclass
class _Memory:
    """What the last read and the commits since then say of the sheet.

    ledger: (tab, key) → row of `_ledger`. free: rows of it that hold nothing. following: its first row below all others.
    proven: whether a commit since then was applied, so that there may be something to land.
    unproven: rows that went to Archive, of which no answer has shown yet that it takes rows; their copies stand in the meta
    until then. again: those of them that have to go in once more.
    waiting: lines of logs that wait in the meta. shut: logs that cannot be written to, as far as is known.
    tables: tabs for claimed rows that were native tables at the last answer. dropped: (tab, key) of rows that Google may have
    dropped there; nothing may say that they have landed. ahead: the revision a caller knows of whose commit was written and then
    complained of, and the one that stands now.
    doubled: rows of `_ledger` that stand there twice and are to be emptied. chain: the identity's entries that the next commit
    replaces by content; before: the commit that the newest one had to find. put_back: whether it did not: nothing more is written. blind: whether Google does
    not look into `_ledger` when it replaces.
    """

    places: dict[str, _Place] = field(default_factory=dict)
    ledger: dict[tuple[str, str], int] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    following: int = 2
    heights: Heights = field(default_factory=Heights)
    proven: bool = False
    waiting: dict[str, list[Row]] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)
    unproven: list[Row] = field(default_factory=list)
    again: list[Row] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)
    dropped: set[tuple[str, str]] = field(default_factory=set)
    ahead: tuple[int, int] = (-1, -1)
    doubled: tuple[int, ...] = ()
    chain: dict[str, str] = field(default_factory=dict)
    before: str = ""
    put_back: bool = False
    blind: bool = False


MOST_CELLS: Final = 10_000_000
"""A Google spreadsheet has no more cells than this [doc]."""


class GoogleWorkbook:
    """A Google Sheet by its spreadsheet id. Implements the port; `provision` and `check` are in google_setup."""

    cell_limit = 50_000
    lands_together = 1
    shared = True

    def __init__(
        self,
        spreadsheet: str,
        http: Http,
        *,
        known: Templates | None = None,
    ) -> None:
        self.id = spreadsheet
        self.http = http
        self.name = "the Google Sheet"
        self.known = known or templates.templates()
        self.zone: tzinfo = ZoneInfo("UTC")
        self.remarks: tuple[str, ...] = ()
        self.memory = _Memory()

    @property
    def place(self) -> str:
        """The spreadsheet's id: a copy has another one."""
        return self.id

    def stands_at(self, place: str) -> bool:  # noqa: ARG002 - the port's
        """The port's: a spreadsheet keeps its id wherever it is moved to, so another id is another spreadsheet."""
        return True

    # --- read ----------------------------------------------------------------------------------------------------------

    def read(self, also: Sequence[str] = ()) -> Snapshot:
        """The port's read: one `values.batchGet`. `also`: tabs of `LOGS` whose rows are wanted too."""
        with _without_collector():
            return self._read(also)

    def _read(self, also: Sequence[str]) -> Snapshot:
        boundary.at("book.before-read")
        tabs, body = self._tabs(also)
        boundary.at("book.after-read")
        found = body.get("valueRanges", [])
        if len(found) != len(tabs):
            raise Unavailable("Google Sheets sent fewer tabs than it was asked for.", "Try again later.")
        grids = {tab.key: _Grid(given) for tab, given in zip(tabs, found, strict=True)}
        ledger = frames.ledger_of_columns(*self._cells(self.known.tab(LEDGER), grids[LEDGER]), self.name)
        if self._speak(ledger.meta):  # two languages may call their tabs alike; what the ledger says counts
            return self._read(also)
        self.known = self.known.as_of(ledger.meta.get(frames.VERSION_KEY))
        tabs = [self.known.tab(tab.key) for tab in tabs]
        ids = self._tab_ids(ledger.meta)
        self._zone(ledger.meta)
        data = {
            tab.key: frames.frame_of_columns(tab, *self._cells(tab, grids[tab.key])) for tab in self.known.data_tabs
        }
        self.memory.places = {tab.key: self._place(tab, grids[tab.key], ids) for tab in tabs}
        for tab in self.known.data_tabs:
            if tab.has(SYNC):
                place = self.memory.places[tab.key]
                place.frame, place.key_column = data[tab.key], tab.key_column
        orders = self.memory.places[frames.ORDERS]
        tab = self.known.tab(frames.ORDERS)
        self.memory.heights = google_heights.heights(ledger.meta, tab, data[frames.ORDERS], orders.rows)
        self.memory.proven = False
        self.memory.waiting = google_logs.waiting(ledger.meta)
        self.memory.shut = set(self.memory.waiting)
        self.memory.unproven = google_logs.waiting(ledger.meta, google_logs.UNPROVEN).get(frames.ARCHIVE, [])
        self.memory.again = []
        self.memory.tables, self.memory.dropped, self.memory.ahead = set(), set(), (-1, -1)
        self.remarks = ()
        self.memory.ledger = dict(ledger.places)
        self.memory.free = sorted(ledger.free)
        self.memory.doubled = ledger.doubled
        self.memory.following = max([1, *ledger.places.values(), *ledger.free, *ledger.doubled]) + 1
        self.memory.chain = {name: ledger.meta[name] for name in CHAINED if name in ledger.meta}
        self.memory.put_back = False
        return Snapshot(ledger.revision, data, ledger.frame, ledger.meta, self.known.words)

    def _tabs(self, also: Sequence[str]) -> tuple[list[Tab], dict[str, Any]]:
        """Our tabs and what they say: one call, unless the sheet has former titles, or another language than the settings say."""
        self.known = self.known.whole
        for _ in range(3):
            tabs = [*self.known.data_tabs, self.known.tab(LEDGER)]
            try:
                return tabs, self._values([self._range(tab, also) for tab in tabs])
            except Damaged as error:
                if not (self._former_title(error) or self._other_language()):
                    raise
        tabs = [*self.known.data_tabs, self.known.tab(LEDGER)]
        return tabs, self._values([self._range(tab, also) for tab in tabs])

    def _former_title(self, missing: Damaged) -> bool:
        """Takes the former title of the tab that `missing` is about, as sheets of earlier versions have it."""
        before = self.known
        for tab in before.data_tabs:
            if tab.former and f"no tab {tab.called}." in missing.what:
                self.known = before.titled([*tab.former, *(each.title for each in before.tabs if each is not tab)])
        return self.known is not before

    def _other_language(self) -> bool:
        """Whether `_ledger`, which is the same in every language, says that the sheet is in another one than ours."""
        tab = self.known.tab(LEDGER)
        try:
            grid = _Grid(self._values([quoted(tab.title)])["valueRanges"][0])
        except Damaged:
            return False
        return self._speak(frames.ledger_of_columns(*self._cells(tab, grid), self.name).meta)

    def _speak(self, meta: Mapping[str, str]) -> bool:
        """Takes the sheet's own language; tells whether that is another one."""
        before = self.known
        self.known = before.in_language(frames.language(meta))
        return self.known is not before

    def address(self, rest: str = "") -> str:
        """The spreadsheet's address at Google."""
        return f"{_API}/{self.id}{rest}"

    def _range(self, tab: Tab, also: Sequence[str]) -> str:
        return f"{quoted(tab.title)}!1:1" if tab.key in LOGS and tab.key not in also else quoted(tab.title)

    def _values(self, ranges: list[str]) -> dict[str, Any]:
        """What was entered: a formula's own text (so that it is never taken for a value), numbers and texts as they are.

        Dates come as text in the cell's own format, so a date in a number's place is seen [doc].
        """
        params = {
            "ranges": ranges,
            "majorDimension": "ROWS",
            "valueRenderOption": "FORMULA",
            "dateTimeRenderOption": "FORMATTED_STRING",
        }
        for attempt in (1, 2, 3):
            try:
                return json_of(self.http.request("get", self.address("/values:batchGet"), params=params))
            except InvalidRequest as error:
                raise self._no_tab(error) or error from error
            except Lost:
                if attempt == 3:  # noqa: PLR2004 - a cut answer is read again, twice
                    raise
        raise AssertionError

    def _no_tab(self, error: InvalidRequest) -> Damaged | None:
        """What `Unable to parse range: 'Orders'!1:1` means."""
        if "Unable to parse range" not in error.what:
            return None
        title = error.what.partition("range: ")[2].rpartition("!")[0] or error.what.partition("range: ")[2]
        title = title.strip("'").replace("''", "'")
        if title == self.known.tab(LEDGER).title:
            return NotSetUp(f"{self.name} has no tab {title!r}: it is not set up yet.", frames.INIT)
        called = next((tab.called for tab in self.known.tabs if tab.title == title), repr(title))
        return Damaged(
            f"{self.name} has no tab {called}.",
            f"If somebody renamed it, give it back its name {title!r}. Otherwise: {frames.INIT}",
        )

    def _cells(self, tab: Tab, grid: _Grid) -> tuple[list[int], list[Sequence[Cell]]]:
        """A tab's row numbers and its cells by column, in template order. Raises Damaged for a missing or doubled heading."""
        columns = templates.positions(tab, grid.head, self.name)
        turned = list(zip_longest(*grid.body))
        nothing: Sequence[Cell] = [None] * len(grid.body)
        cells: list[Sequence[Cell]] = []
        for column in tab.columns:
            place = columns[column.key]
            found: Sequence[Cell] = turned[place] if place < len(turned) else nothing
            if "" in found:
                found = [None if cell == "" else cell for cell in found]
            if reader := _reader(tab, column):
                # most texts of a column stand in it many times: a status, the minute in which rows landed
                meant: dict[Cell, Cell] = {cell: reader(cell) for cell in set(found) if type(cell) is str}
                found = [meant.get(cell, cell) for cell in found]
            cells.append(found)
        return list(range(2, len(grid.body) + 2)), cells

    def _place(self, tab: Tab, grid: _Grid, ids: Mapping[str, int]) -> _Place:
        if tab.key not in ids:
            raise Damaged(f"The hidden _ledger tab does not know the tab {tab.title!r}.", frames.INIT)
        columns = templates.positions(tab, grid.head, self.name)
        place = _Place(ids[tab.key], columns, grid.rows, len(grid.body) + 1)
        if tab.key == frames.ORDERS:
            place.head, place.body = grid.head, grid.body
        return place

    def _tab_ids(self, meta: Mapping[str, str]) -> dict[str, int]:
        try:
            return {str(key): int(number) for key, number in json.loads(meta.get(TAB_IDS, "{}")).items()}
        except (ValueError, AttributeError) as error:
            raise Damaged("The hidden _ledger tab has a record of tab ids that cannot be read.", RESTORE) from error

    def _zone(self, meta: Mapping[str, str]) -> None:
        try:
            self.zone = zone_named(meta.get(ZONE) or "UTC")
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise Damaged(
                f"The sheet's time zone, {meta[ZONE]}, is not known here.",
                "Choose another one in the sheet (File > Settings), then run `reconcile init`.",
            ) from error

    # --- commit --------------------------------------------------------------------------------------------------------

    def commit(self, change: Commit, after: int) -> int:
        """The port's commit: one batchUpdate, applied whole or refused whole."""
        frames.check_commit(change, self.known, self.cell_limit)
        boundary.at("book.before-commit")
        if not self.memory.places and (now := self.read().revision) != after:
            raise RevisionMoved(f"Another run committed to {self.name} (revision {now}).", "Run again.")
        self._refuse_put_back()
        known, ahead = self.memory.ahead
        # what was written and then complained of is ours, too
        stamp = change.revision or (ahead if after == known else after) + 1
        draft = _Draft(self, change, stamp)
        try:
            body = self._apply(draft.requests, stamp, draft.value)
        except (InvalidRequest, AccessRefused, _Full) as error:
            if isinstance(error, InvalidRequest):
                self._look_for_older()
            protected = "protected cell" in error.what
            if protected and change.state:
                # somebody closed a State cell to us: what was done is written all the same
                return self.commit(replace(change, state={}), after)
            if change.archive and (protected or not isinstance(error, AccessRefused)):
                raise Unmovable(error.what, error.next_step) from error
            if protected and (logs := self._logs_of(change)):
                # somebody closed a log to us: its lines wait, and everything else is written
                self.memory.shut |= logs
                change = replace(change, outdated={})
                draft = _Draft(self, change, stamp)
            elif isinstance(error, InvalidRequest) and draft.by_number:
                # rows were deleted, and a row number lies beyond the tab's end now: without what needs numbers, it fits
                draft = _Draft(self, change, stamp, numbers=False)
            else:
                raise
            body = self._apply(draft.requests, stamp, draft.value)
        boundary.at("book.after-commit")
        first = not self.memory.proven
        draft.remember(body)
        try:
            if self.memory.put_back:
                stamp = self._told_apart(change, after, stamp)
            self._look_at_heads(body, change, stamp, first=first)
        except ReconcileError:
            if self.memory.dropped:  # they do not land again with the run's end, either: its draft leaves them out
                self._take_back(Commit(change.run), stamp + 1)
                self.memory.ahead = (after, stamp + 1)
            raise
        return stamp

    def _refuse_put_back(self) -> None:
        """Raises Disagree once a commit did not find the one before it: an older version of the sheet is there now.

        Its own identity stays in it, so that whoever reads it next is told the same.
        """
        if self.memory.put_back:
            raise Disagree(PUT_BACK, UNRESTORE, kinds=(Kind.OLDER.value,))

    def _told_apart(self, change: Commit, after: int, stamp: int) -> int:
        """Looks at the sheet once more after a commit that did not find the one before it. Raises Disagree for an older version.

        Where that one still stands in its place, Google did not look there: the identity is written by place, and a commit more
        is counted. Returns the newest revision.
        """
        found = self._ledger_now()
        if found.revision != stamp or found.meta.get(COMMIT) != self.memory.before:
            self._refuse_put_back()
        self.memory.put_back, self.memory.blind = False, True
        self._take_back(
            Commit(change.run, meta={name: change.meta[name] for name in CHAINED if name in change.meta}), stamp + 1
        )
        self.memory.ahead = (after, stamp + 1)
        return stamp + 1

    def _look_for_older(self) -> None:
        """Raises Disagree where a commit was refused because an older, shorter version of the sheet is there now."""
        before = self.memory.chain.get(COMMIT)
        if before is not None and self._ledger_now().meta.get(COMMIT) != before:
            self.memory.put_back = True
            self._refuse_put_back()

    def _ledger_now(self) -> frames.LedgerTab:
        tab = self.known.tab(LEDGER)
        grid = _Grid(self._values([quoted(tab.title)])["valueRanges"][0])
        return frames.ledger_of_columns(*self._cells(tab, grid), self.name)

    def _logs_of(self, change: Commit) -> set[str]:
        """The logs this commit writes to that count as open, and Archive for a copy there that is marked."""
        logs = {tab for tab in PRUNED if change.append.get(tab) or tab in change.prune or self.memory.waiting.get(tab)}
        return (logs - self.memory.shut) | ({frames.ARCHIVE} if change.outdated else set())

    def _take_back(self, change: Commit, stamp: int) -> None:
        """Takes rows out of the ledger again that a native table may have dropped: an order is never called landed that is not."""
        draft = _Draft(self, Commit(change.run, meta=change.meta), stamp)
        self._apply(draft.requests, stamp, draft.value, heads=False)
        draft.remember(None)

    def send(self, requests: list[dict[str, Any]], stamp: int, value: str) -> None:
        """Applies `requests` as one batch under the stamp, which `value` names as ours. Raises RevisionMoved."""
        self._apply([_stamp(BASE + stamp, value), *requests], stamp, value, heads=False)

    def _apply(
        self, requests: list[dict[str, Any]], stamp: int, value: str, *, heads: bool = True
    ) -> dict[str, Any] | None:
        """Sends the batch until it is known to be applied or refused. None: applied, but its answer was lost."""
        lost: ReconcileError | None = None
        sent: dict[str, Any] = {"requests": requests}
        params = {"fields": "replies"}
        if heads:
            params = {"fields": google_answer.MASK}
            sent["includeSpreadsheetInResponse"] = sent["responseIncludeGridData"] = True
            sent["responseRanges"] = [f"{quoted(tab.title)}!1:1" for tab in self._watched()]
        for pause in PAUSES:
            self.http.pace.rest(pause)  # a run that is to stop repeats at once
            try:
                return json_of(self.http.request("post", self.address(":batchUpdate"), params=params, json=sent))
            except Lost as error:
                lost = error
                if self._stamped(stamp) == value:
                    return None
            except InvalidRequest as error:
                if ".deleteDeveloperMetadata:" in error.what:  # no such stamp: nobody says whether Google minds [?]
                    kept = [each for each in requests if "deleteDeveloperMetadata" not in each]
                    return self._apply(kept, stamp, value, heads=heads)
                if heads and self.memory.proven and self._no_tab(error):
                    # a tab was renamed since this run's begin: what was received meanwhile still lands, by the tabs' ids
                    return None if self._stamped(stamp) == value else self._apply(requests, stamp, value, heads=False)
                self._refused(error, stamp, value)
                return None
        raise Unavailable(
            "Google Sheets did not take the changes, three times.", "Nothing was changed in the sheet. Try again later."
        ) from lost

    def _refused(self, error: InvalidRequest, stamp: int, value: str) -> None:
        """What a refusal means: our own commit seen twice, another run's, a restored sheet, a tab that is gone, a fault."""
        if "developer metadata with that ID already exists" in error.what:
            if self._stamped(stamp) == value:
                return
            self._refuse_restored(stamp)
            raise RevisionMoved(
                f"Another run committed to {self.name} first (revision {stamp}).", "Run again."
            ) from error
        if gone := self._no_tab(error):
            raise gone from error
        if "above the limit of 10000000 cells" in error.what:
            raise _Full(FULL.format(name=self.name), UNFULL) from error
        if "No grid with id" in error.what:
            raise Damaged(f"A tab of {self.name} was deleted while the job ran: {error.what}", frames.INIT) from error
        raise error

    def _refuse_restored(self, stamp: int) -> None:
        """Raises Damaged when a stamp exists although the ledger is older: an older version of the sheet was restored.

        Another run's commit moves both at once, so running again would never help.
        """
        revision = self._ledger_now().revision
        if revision < stamp:
            raise Damaged(RESTORED.format(now=revision, newest=stamp), UNRESTORE)

    def _stamped(self, stamp: int) -> str | None:
        """The value under a stamp's id, None when no commit with it was applied."""
        try:
            entry = json_of(self.http.request("get", self.address(f"/developerMetadata/{BASE + stamp}")))
        except NotThere:
            return None
        return str(entry.get("metadataValue", ""))

    def _look_at_heads(self, body: dict[str, Any] | None, change: Commit, stamp: int, *, first: bool) -> None:
        """Takes over where the columns stood when the commit was applied.

        Raises Damaged for a sheet that was put back to an older version, a tab that is another one, a heading that is gone,
        and for rows that were added while their columns were moved; Damaged or AccessRefused when rows cannot land in a tab.
        first: whether nothing was claimed since the last read.
        """
        shown = google_answer.shown(body, STAMP)
        if shown is None:
            return
        newest = max(shown.stamps, default=0) - BASE
        if newest > stamp:  # so long ago that the stamp of this very commit was pruned in between
            raise Damaged(RESTORED.format(now=stamp, newest=newest), UNRESTORE)
        for tab in self._watched():
            place = self.memory.places[tab.key]
            found = shown.tabs.get(place.sheet)
            if found is None:
                raise Damaged(SWAPPED.format(title=tab.title), UNSWAP)
            if tab.key in PRUNED:
                place.rows = found.rows
                self._look_at_log(tab, place, found, change)
                continue
            if tab.key == frames.ARCHIVE:
                self._look_at_archive(place, found)
                continue
            self._look_at_table(tab, place, found, change)
            if tab.key in LANDING and (first or change.append.get(tab.key)):
                self._refuse_shut(tab, place, found)
            if tab.key in LOGS:
                continue
            if first or change.append.get(tab.key):
                self._refuse_shut_rows(tab, place, found, change)
            columns = templates.positions(tab, found.head, self.name)
            moved, place.columns = columns != place.columns, columns
            if moved and change.append.get(tab.key):
                keys = ", ".join(id_text(row.get(tab.key_column)) for row in change.append[tab.key])
                raise Damaged(
                    f"Columns of {tab.title!r} were moved in the very second the job added rows ({keys}): those rows stand "
                    "beside their headings, at the end of the tab.",
                    "Move the cells of those rows under the right headings; nothing was lost.",
                )

    def _look_at_log(self, tab: Tab, place: _Place, found: ShownTab, change: Commit) -> None:
        """Learns whether a log takes lines. What a native table may have dropped of this commit waits, and what waited is told."""
        width = max(place.columns.values()) + 1
        table = google_answer.reach(found.tables, 0, width)
        if not table and not google_answer.reach(found.closed, 1, width):
            self.memory.shut.discard(tab.key)
            return
        if table and tab.key not in self.memory.shut and change.append.get(tab.key):
            self.memory.waiting[tab.key] = [*self.memory.waiting.get(tab.key, ()), *change.append[tab.key]]
        self.memory.shut.add(tab.key)
        words = self.known.words.MESSAGES["log_waits_table" if table else "log_waits_shut"]
        account = self.http.account or "the account of the key"
        self.remarks = tuple(dict.fromkeys([*self.remarks, words.format(tab=tab.title, account=account)]))

    def _look_at_archive(self, place: _Place, found: ShownTab) -> None:
        """Learns whether the rows that went to Archive stand there. A native table may have dropped them: they go in by place."""
        if google_answer.reach(found.tables, 0, max(place.columns.values()) + 1):
            self.memory.again = self.memory.unproven
        self.memory.unproven = []

    def _look_at_table(self, tab: Tab, place: _Place, found: ShownTab, change: Commit) -> None:
        """Remembers the rows of this commit that a native table may have dropped."""
        if google_answer.reach(found.tables, 0, max(place.columns.values()) + 1):
            self.memory.tables.add(tab.key)
            rows = change.append.get(tab.key, ())
            self.memory.dropped |= {(tab.key, id_text(row.get(tab.key_column))) for row in rows}
        else:
            self.memory.tables.discard(tab.key)

    def _refuse_shut(self, tab: Tab, place: _Place, found: ShownTab) -> None:
        """Raises Damaged or AccessRefused for a tab in which Google would drop or refuse the rows that are to land."""
        width = max(place.columns.values()) + 1
        if google_answer.reach(found.tables, 0, width):
            raise Damaged(TABLE.format(title=tab.title), UNTABLE)
        if google_answer.reach(found.closed, place.used, width):
            self._refuse(tab)

    def _refuse_shut_rows(self, tab: Tab, place: _Place, found: ShownTab, change: Commit) -> None:
        """Raises AccessRefused where the Sync cell of a row that this run is to answer is closed to us.

        One such cell refuses a commit whole. The rows are those of this commit: it marks what is about to be sent.
        """
        keys = {id_text(row["key"]) for row in change.ledger if row["tab"] == tab.key} | set(
            change.sync.get(tab.key, ())
        )
        if found.closed and tab.has(SYNC):
            numbers = (line.number for key in keys for line in place.lines.get(key, ()))
            sync = place.columns[SYNC]
            if any(number and google_answer.covers(found.closed, number - 1, sync) for number in numbers):
                self._refuse(tab)
        if tab.key == frames.APPROVALS:
            self._refuse_shut(tab, place, found)

    def _refuse(self, tab: Tab) -> NoReturn:
        account = self.http.account or "the account of the key"
        raise AccessRefused(SHUT.format(titles=tab.title), UNSHUT.format(account=account))

    def _watched(self) -> list[Tab]:
        """The tabs whose headings, sizes, protections and tables every commit brings back: all it may write to but `_ledger`."""
        return list(self.known.data_tabs)

    def obstacle(self, keys: Collection[str]) -> tuple[str, set[str]]:
        """The port's obstacle, from the rows as read."""
        tab, place = self.known.tab(frames.ORDERS), self.memory.places[frames.ORDERS]
        if found := google_archive.obstacle(tab, place.columns, place.body):
            return found, set()
        return "", {key for key in keys if not self._movable(tab, place, key)}

    def _movable(self, tab: Tab, place: _Place, key: str) -> bool:
        row = self.row_read(key)
        if row is None or google_archive.dated(tab, place.columns, row):
            return False
        note = _at(row, place.columns[frames.NOTE])
        noted = frames.noted(note, place.head, row, set(place.columns.values()))
        return frames.utf16_units(str(noted)) <= self.cell_limit

    def row_read(self, key: str) -> Sequence[Cell] | None:
        """The whole row of an order as the last read showed it; None when it stood in none, or in several."""
        place = self.memory.places[frames.ORDERS]
        lines = place.lines.get(key, [])
        if len(lines) != 1 or lines[0].number is None or not place.body:
            return None
        return place.body[lines[0].number - 2]

    # --- setting up ----------------------------------------------------------------------------------------------------

    def provision(self, services: Sequence[str] = (), *, rebuild: bool = False) -> Provisioned:
        """Makes the workbook in the spreadsheet, or completes it; again is harmless. See google_setup."""
        from reconcile.workbook import google_setup

        return google_setup.provision(self, services, rebuild=rebuild)

    def set_aside(self, services: Sequence[str] = ()) -> Provisioned:
        """Makes this copy a workbook of its own: its tabs are renamed and kept, new ones begin empty. See google_setup."""
        from reconcile.workbook import google_setup

        return google_setup.set_aside(self, services)

    def newest(self) -> int:
        """The highest revision that was ever written: the stamps are not part of the sheet's version history."""
        from reconcile.workbook import google_setup

        return max(google_setup.look(self).stamps, default=0)

    def cells_used(self) -> tuple[int, int]:
        """(cells of all tabs, blank ones too; the most there may be): Google counts every cell of every grid."""
        found = json_of(
            self.http.request(
                "get", self.address(), params={"fields": "sheets.properties.gridProperties(rowCount,columnCount)"}
            )
        )
        grids = [sheet.get("properties", {}).get("gridProperties", {}) for sheet in found.get("sheets", ())]
        return sum(grid.get("rowCount", 0) * grid.get("columnCount", 0) for grid in grids), MOST_CELLS

    def check(self) -> list[Finding]:
        """What `doctor` shows. See google_setup."""
        from reconcile.workbook import google_setup

        return google_setup.check(self)


def zone_named(name: str) -> tzinfo:
    """A spreadsheet's time zone by Google's name: a place, or a fixed distance, `GMT-07:00` [doc].

    Raises ValueError and its kin.
    """
    if fixed := _FIXED_ZONE.fullmatch(name):
        sign, hours, minutes = fixed.groups(default="0")
        distance = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-distance if sign == "-" else distance, name)
    return ZoneInfo(name)


def _reader(tab: Tab, column: Column) -> Callable[[str], Cell] | None:
    """How a text of a column is read, None for as it stands."""
    if tab.key == LEDGER:
        return _from_ledger if column.key.endswith(SEEN) else None  # only there raw cells are kept
    if column.numeric or column.type == "time":
        return _number_or_time
    return _entered if column.owner == "staff" else None


def _entered(text: str) -> Cell:
    """A staff cell that begins with = counts as a formula: a text can begin so only in a cell that was made to hold one."""
    return Formula(text) if text[0] == "=" else text


def _number_or_time(text: str) -> Cell:
    """In a number's or a time's place a date is a date. A customer's text never stands here."""
    if text[0] == "=":
        return Formula(text)
    return _time(text) if text[0].isdecimal() and _TIME.fullmatch(text) else text


def _from_ledger(text: str) -> Cell:
    if text.startswith(_KEPT_TIME) and _TIME.fullmatch(text.removeprefix(_KEPT_TIME)):
        return _time(text.removeprefix(_KEPT_TIME))
    return text


def _time(text: str) -> Cell:
    date, _, clock = text.replace("T", " ").partition(" ")
    try:
        return datetime.fromisoformat(f"{date} {clock.zfill(8 if clock.count(':') > 1 else 5)}" if clock else date)
    except ValueError:
        return text


class _Grid:
    """One tab of a batchGet answer: heading cells, body rows, and how many rows the tab has."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        values = given.get("values", [])
        self.head: list[Cell] = list(values[0]) if values else []
        self.body: list[list[Cell]] = values[1:]
        last = str(given.get("range", "")).rpartition(":")[2]
        digits = "".join(char for char in last if char.isdigit())
        self.rows = int(digits) if digits else 0


def _lines(frame: pd.DataFrame, key_column: str, column: str, *, typed_over: bool) -> dict[str, list[_Line]]:
    """A staff tab's rows by the key they are answered under, with what `column` shows.

    typed_over: whether that key may be another than the one they show.
    """
    found: dict[str, list[_Line]] = {}
    named = [frames.sync_key(sync) for sync in frame[SYNC]]
    keys = frame.index.tolist()
    answered = answered_as(keys, named) if typed_over else [key or name for key, name in zip(keys, named, strict=True)]
    columns = (frame[ROW], keys, answered, frame[key_column], frame[column])
    for number, key, name, cell, shown in zip(*columns, strict=True):
        text = None if shown is None else str(shown)
        found.setdefault(name, []).append(_Line(number, _shown(cell) if name == key else "", text))
    return found


def _stray(key: str, line: _Line) -> bool:
    """Whether a Sync or State text is not its row's own: neither an answer to its key, nor the key itself.

    A key that is a formula shows another text than it was read with, so there nobody can say.
    """
    if line.text is None or not line.shown or line.shown.startswith("="):
        return False
    return line.text != line.shown and not line.text.startswith(storable(prefix(key)))


def _shown(cell: Cell) -> str:
    """What a key cell's value shows in a text cell, "" when that is not certain."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool) or not isinstance(cell, (int, float)) or abs(cell) >= 10**15 or isinstance(cell, float):
        return str(int(cell)) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**15 else ""
    return str(cell)


class _Draft:
    """One commit as requests, and what it changes in the adapter's memory once it is applied."""

    def __init__(self, book: GoogleWorkbook, change: Commit, stamp: int, *, numbers: bool = True) -> None:
        """numbers: whether requests may name row numbers as of the last read; only harmless ones do (see `_fill`)."""
        self.book = book
        self.value = f"{change.run}#{secrets.token_hex(4)}"  # no two commits may take each other for themselves
        self.numbers, self.by_number = numbers, False
        self._answered: list[tuple[list[_Line], str, int]] = []
        self._landed: list[tuple[str, str, str, _Line]] = []
        self._bare: list[_Line] = []
        self._grown: dict[str, tuple[int, int]] = {}
        self.requests: list[dict[str, Any]] = [_stamp(BASE + stamp, self.value)]
        for column, texts in ((SYNC, change.sync), (STATE, change.state)):
            for tab, notes in texts.items():
                if book.known.tab(tab).has(column):
                    self._texts(tab, column, notes)
        self._outdated(change.outdated)
        self._archived: list[str] = []
        archived = self._archive(change.archive)
        for tab, most in change.prune.items():
            if tab not in book.memory.shut:
                self._prune(tab, most)
        self._on_top(frames.ARCHIVE, book.memory.again)
        appended = self._lines({**change.append, **({frames.ARCHIVE: archived} if archived else {})})
        for tab, rows in appended.items():
            if tab not in book.memory.tables:
                self._append(tab, rows)
            else:
                book.memory.dropped |= {(tab, id_text(row.get(book.known.tab(tab).key_column))) for row in rows}
        self._unproven = [*book.memory.unproven, *archived]
        meta = self._heights(appended.get(frames.ORDERS, ()))
        for entry, waits in (
            (google_logs.ENTRY, google_logs.text(self._waiting)),
            (google_logs.UNPROVEN, google_logs.text({frames.ARCHIVE: self._unproven}, cut=False)),
        ):
            if waits is not None or (frames.META, entry) in book.memory.ledger:
                meta[entry] = waits
        self._room()
        self._ledger(change, stamp, meta)
        if stamp > KEPT:  # the last request: `_apply` may have to do without it, and replies are counted
            self.requests.append(_unstamp(BASE + stamp - KEPT))

    def _lines(self, append: Mapping[str, Sequence[Row]]) -> dict[str, Sequence[Row]]:
        """What goes in where: lines that waited come first, those of a log that is shut wait."""
        memory = self.book.memory
        self._waiting = {tab: list(rows) for tab, rows in memory.waiting.items()}
        given = dict(append)
        for tab in PRUNED:
            lines = [*self._waiting.pop(tab, ()), *given.pop(tab, ())]
            if lines and tab in memory.shut:
                self._waiting[tab] = lines
            elif lines:
                given[tab] = lines
        return given

    def _on_top(self, tab: str, rows: Sequence[Row]) -> None:
        """Puts rows right below the headings of a tab of the job's own, above those of before.

        By place: a native table takes them so, where it would drop what is appended.
        """
        if not rows:
            return
        place, template = self.book.memory.places[tab], self.book.known.tab(tab)
        where = {"sheetId": place.sheet, "dimension": "ROWS", "startIndex": 1, "endIndex": 1 + len(rows)}
        self.requests.append({"insertDimension": {"range": where, "inheritFromBefore": False}})
        cells = [{"values": self._cells(template, place, row)} for row in rows]
        start = {"sheetId": place.sheet, "rowIndex": 1, "columnIndex": 0}
        fields = "userEnteredValue,userEnteredFormat(numberFormat,textFormat.link)"
        self.requests.append({"updateCells": {"start": start, "rows": cells, "fields": fields}})

    def _cells(self, template: Tab, place: _Place, row: Row) -> list[dict[str, Any]]:
        """A row as CellData, each value under its heading."""
        line: list[dict[str, Any]] = [{} for _ in range(max(place.columns.values()) + 1)]
        for column in template.columns:
            cell = self._typed(row.get(column.key), looks.pattern(column))
            if column.type == "link" and (uri := looks.link(str(row.get(column.key) or ""))):
                cell.setdefault("userEnteredFormat", {})["textFormat"] = {"link": {"uri": uri}}
            line[place.columns[column.key]] = cell
        return line

    def _archive(self, rows: Mapping[str, Row]) -> list[Row]:
        """Takes rows out of Orders as they were read; gives them as they are to stand in Archive."""
        place = self.book.memory.places[frames.ORDERS]
        leaving, copies, size = [], [], 0
        for key, row in rows.items():
            read = self.book.row_read(key)
            if read is not None:
                note = frames.noted(row[frames.NOTE], place.head, read, set(place.columns.values()))
                size += len(str(row)) + len(str(note))
                if size > google_logs.MOST_MOVED:  # their copies have to fit into the meta; the others go another day
                    break
                leaving.append(read)
                copies.append({**row, frames.NOTE: note})
                self._archived.append(key)
        if leaving:
            last = max(line.number for lines in place.lines.values() for line in lines if line.number is not None)
            received = place.columns["received"]
            spare = place.rows > last
            self.requests += google_archive.requests(place.sheet, leaving, last, received, self._typed, spare=spare)
        return copies

    def _outdated(self, texts: Mapping[str, str]) -> None:
        """Marks copies in Archive of rows that stayed in Orders: such a copy shows the Sync text its row shows."""
        for key, text in texts.items():
            for line in self.book.memory.places[frames.ORDERS].lines.get(key, []):
                if line.text is not None:
                    self._find(self.book.memory.places[frames.ARCHIVE], SYNC, line.text, storable(text))

    def _prune(self, tab: str, most: int) -> None:
        """Cuts a log to its last rows. Nobody but the job writes there, so its first rows are the oldest."""
        place = self.book.memory.places[tab]
        over = place.rows - 1 - most
        if over > most * (frames.SLACK - 1):
            gone = {"sheetId": place.sheet, "dimension": "ROWS", "startIndex": 1, "endIndex": 1 + over}
            self.requests.append({"deleteDimension": {"range": gone}})

    def _append(self, tab: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        place = self.book.memory.places[tab]
        template = self.book.known.tab(tab)
        last, size = place.used + len(rows), place.rows
        if tab not in LOGS and last >= size:
            self._grow(template, place, last - size + SPARE)
            size = last + SPARE
        self._grown[tab] = (last, size)
        boxes = [column.key for column in template.columns if column.type == "tick"]
        cells = []
        for row in rows:
            line = self._cells(template, place, row)
            for box in boxes:
                if row.get(box) is not None:
                    line[place.columns[box]]["dataValidation"] = looks.CHECKBOX
            cells.append({"values": line})
            key = row.get(template.key_column)
            for column in (SYNC, STATE):
                if template.has(column):
                    text = None if row.get(column) is None else storable(str(row[column]))
                    self._landed.append((tab, column, id_text(key), _Line(None, _shown(key), text)))
        fields = "userEnteredValue,userEnteredFormat(numberFormat,textFormat.link)" + (
            ",dataValidation" if boxes else ""
        )
        self.requests.append({"appendCells": {"sheetId": place.sheet, "rows": cells, "fields": fields}})

    def _room(self) -> None:
        """Grows the tabs in which claimed work lands one landing ahead: a sheet that cannot grow says so at a run's begin."""
        for tab in CLAIMED if self.numbers else ():  # a batch that is sent again does without: the next one grows
            place = self.book.memory.places[tab]
            used, size = self._grown.get(tab, (place.used, place.rows))
            if size - used < ROOM:
                self._grow(self.book.known.tab(tab), place, SPARE)
                self._grown[tab] = (used, size + SPARE)

    def _grow(self, tab: Tab, place: _Place, more: int) -> None:
        """More rows for a full tab, looking like its other rows; rules that stand are not written again."""
        self.requests.append({"appendDimension": {"sheetId": place.sheet, "dimension": "ROWS", "length": more}})
        if not self.numbers:
            return
        self.by_number = True
        for column in tab.columns:
            at = place.columns[column.key]
            cell = looks.body(column, tab)
            if rule := looks.validation(column, at):
                cell["dataValidation"] = rule
            where = {**_column(place.sheet, at), "startRowIndex": place.rows}
            fields = "userEnteredFormat,dataValidation"
            self.requests.append({"repeatCell": {"range": where, "cell": cell, "fields": fields}})

    def _texts(self, tab: str, column: str, notes: Mapping[str, str]) -> None:
        """Answers rows by the text their Sync (or State) cell shows; never by one that may stand in another row, too."""
        place = self.book.memory.places[tab]
        shown = place.showing(column)
        strays = [line for key, lines in shown.items() for line in lines if _stray(key, line)]
        filled = self._fill(tab, column, notes, strays)
        gone = [line for line in strays if filled and line.number is not None]
        self._bare += gone
        unsure = {line.text for line in strays} - {line.text for line in gone}
        strange = set(map(id, strays))
        for key, given in notes.items():
            text = storable(given)
            by_text: dict[str, list[_Line]] = {}
            for line in shown.get(key, []):
                old = line.text
                if old is None or id(line) in strange:
                    old = line.shown if filled and line.number is not None else None
                if old and old != text and old not in unsure:
                    by_text.setdefault(old, []).append(line)
            for old in sorted(by_text):
                self._answered.append((by_text[old], text, len(self.requests)))
                self._find(place, column, old, text)

    def _fill(self, tab: str, column: str, notes: Mapping[str, str], strays: Sequence[_Line]) -> bool:
        """Makes the Sync (or State) cells of rows that are to be answered findable; tells whether it did.

        Rows that staff created have a blank Sync cell, which no text can find; and after a fill-down over Sync a text stands
        in rows that it is not about (`strays`). So, in the same batch, the key column is copied over the Sync column, every
        text that was its row's own comes back by the row's key, and the answers replace the keys of the rows they are for:
        wherever staff moved a row meanwhile, it is its own key and its own text.
        A row that has a Sync text but has lost its key could not get it back, and many rows would make a batch too large.
        Then only the cells of the rows in question are copied, as of the last read; where one was moved since, the next run
        answers the row that stands there now, which shows its key.
        """
        place = self.book.memory.places[tab]
        shown = place.showing(column)
        lines = [line for each in shown.values() for line in each]
        blank = [line for key in notes for line in shown.get(key, []) if line.text is None and line.shown]
        rows = sorted({line.number for line in (*blank, *strays) if line.number is not None})
        many = len(lines) > WHOLE_COLUMN
        some = many or any(line.text is not None and not line.shown for line in lines)
        if not rows or (some and not self.numbers):
            return False
        source = _column(place.sheet, place.columns[self.book.known.tab(tab).key_column])
        target = _column(place.sheet, place.columns[column])
        stretches: list[dict[str, int]] = [{}]
        if some:
            self.by_number = True
            stretches = [{"startRowIndex": first - 1, "endRowIndex": last} for first, last in guide.spans(rows)]
        for part in stretches:
            copied = {"source": {**source, **part}, "destination": {**target, **part}, "pasteType": "PASTE_VALUES"}
            self.requests.append({"copyPaste": copied})
        strange = set(map(id, strays))
        for line in () if many else lines:
            if line.shown and line.text is not None and id(line) not in strange:
                self._find(place, column, line.shown, line.text)
        return True

    def _find(self, place: _Place, column: str, old: str, new: str) -> None:
        self.requests.append(
            {
                "findReplace": {
                    "find": old,
                    "replacement": new,
                    "range": _column(place.sheet, place.columns[column]),
                    "matchCase": True,
                    "matchEntireCell": True,
                }
            }
        )

    def _heights(self, appended: Sequence[Row]) -> dict[str, str | None]:
        """Heights for rows whose texts would fill the screen, as of the last read; returns the meta entry when it changes.

        Row numbers do not hold once rows leave in the same batch; then the next run sees to it. A workbook without the
        entry is from before these texts wrapped: they do from now on.
        """
        known, place = self.book.memory.heights, self.book.memory.places[frames.ORDERS]
        columns = google_heights.columns(self.book.known.tab(frames.ORDERS))
        self._seen = replace(known, tall=None, wrapped=True)
        if known.tall is not None and self.numbers and not self._archived:
            tall = known.tall
            for column in columns:
                rows = enumerate((row.get(column.key) for row in appended), start=place.used + 1)
                tall |= google_heights.tall(column, rows)
            self._seen = Heights(google_heights.covered(tall), tall)
        asked = google_heights.requests(place.sheet, known.given, self._seen.given)
        self.by_number = self.by_number or bool(asked)
        self.requests += asked
        if not known.wrapped:
            cell = {"userEnteredFormat": {"wrapStrategy": "WRAP"}}
            fields = "userEnteredFormat.wrapStrategy"
            for column in columns:
                where = _column(place.sheet, place.columns[column.key])
                self.requests.append({"repeatCell": {"range": where, "cell": cell, "fields": fields}})
        return {google_heights.ENTRY: self._seen.text} if asked or not known.wrapped else {}

    def _ledger(self, change: Commit, stamp: int, own: Mapping[str, str | None]) -> None:
        """Ledger and meta rows: known ones by their place, new ones below, in as few requests as they have stretches."""
        book, place = self.book, self.book.memory.places[LEDGER]
        rows: dict[tuple[str, str], Row] = {(id_text(row["tab"]), id_text(row["key"])): row for row in change.ledger}
        chained = self._chained(change)
        for key, text in {**change.meta, **own, **frames.own_meta(stamp), **self._witness(change, stamp)}.items():
            if key in chained:
                continue
            if text is None:
                if (frames.META, key) in book.memory.ledger:
                    rows[frames.META, key] = {}
            else:
                rows[frames.META, key] = frames.meta_row(key, text, book.cell_limit)
        dropped = book.memory.dropped
        rows = {name: row for name, row in rows.items() if name not in dropped}
        for name in (*change.forget, *dropped):
            if name not in rows and name in book.memory.ledger:
                rows[name] = {}
        at: dict[int, Row] = {place: {} for place in book.memory.doubled}
        self._moved: dict[tuple[str, str], int | None] = {}
        self._free = list(reversed(book.memory.free))
        following = book.memory.following
        for name, row in rows.items():
            where = book.memory.ledger.get(name)
            if where is None and self._free:
                where = self._free.pop()
            elif where is None:
                where, following = following, following + 1
            at[where] = row
            self._moved[name] = where if row else None
        self._following = following
        if following > place.rows:
            more = following - place.rows + SPARE
            self.requests.append({"appendDimension": {"sheetId": place.sheet, "dimension": "ROWS", "length": more}})
            self._grown[LEDGER] = (following, place.rows + more)
        width = max(place.columns.values()) + 1
        for start, stretch in _stretches(at):
            lines = []
            for row in stretch:
                line: list[dict[str, Any]] = [{} for _ in range(width)]
                for key in COLUMNS:
                    line[place.columns[key]] = self._typed(row.get(key), "")
                lines.append({"values": line})
            corner = {"sheetId": place.sheet, "rowIndex": start - 1, "columnIndex": 0}
            self.requests.append({"updateCells": {"start": corner, "rows": lines, "fields": "userEnteredValue"}})

    def _chained(self, change: Commit) -> set[str]:
        """Replaces the identity's entries by what they were: only the copy that the last read or commit saw takes them.

        Google has no precondition on content, and a version of the sheet that came back meanwhile takes the batch like any other:
        that its commit is another one is seen by the count of what was replaced. Returns the entries that went so.
        """
        memory = self.book.memory
        self._chain = {name: text for name in CHAINED if (text := change.meta.get(name))}
        self._proof: int | None = None
        place = memory.places[LEDGER]
        # what is typed stays a text: a name begins with a letter, marks with a brace
        if memory.blind or not all(
            name in memory.chain and (text[0].isalpha() or text[0] == "{") for name, text in self._chain.items()
        ):
            return set()
        for name, text in self._chain.items():
            if memory.chain[name] != text:
                self._proof = len(self.requests)
                self._find(place, COLUMNS[2], memory.chain[name], text)
        return set(self._chain)

    def _witness(self, change: Commit, stamp: int) -> dict[str, str]:
        """The commit's id once more, by place: with the replaced one it tells an older copy from the newest."""
        commit = change.meta.get(COMMIT) or self.book.memory.chain.get(COMMIT)
        return {WRITTEN: written(stamp, commit)} if commit else {}

    def remember(self, body: dict[str, Any] | None) -> None:
        """Takes an applied batch into the adapter's memory. Sync texts that were not found stay as they were read.

        body: None when the answer was lost; then every text is believed to have been found.
        """
        memory = self.book.memory
        memory.proven = True
        for name, where in self._moved.items():
            if where is None:
                self._free.append(memory.ledger.pop(name))
            else:
                memory.ledger[name] = where
        memory.waiting, memory.unproven, memory.again = self._waiting, self._unproven, []
        memory.free, memory.following = sorted([*self._free, *memory.doubled]), self._following
        memory.doubled = ()
        if self._archived:
            self._left()
        memory.heights = self._seen
        memory.places[frames.ORDERS].body = ()  # rows leave with a run's first commit only, and whole tabs are large
        for tab, (used, rows) in self._grown.items():
            memory.places[tab].used, memory.places[tab].rows = used, rows
        for tab, column, key, line in self._landed:
            memory.places[tab].showing(column).setdefault(key, []).append(line)
        for line in self._bare:
            line.text = line.shown
        replies = None if body is None else body.get("replies", [])
        memory.before = memory.chain.get(COMMIT, "")
        memory.chain |= self._chain
        if replies is not None and self._proof is not None:
            memory.put_back = not replies[self._proof].get("findReplace", {}).get("occurrencesChanged", 0)
        for lines, text, number in self._answered:
            if replies is None or replies[number].get("findReplace", {}).get("occurrencesChanged", 0):
                for line in lines:
                    line.text = text

    def _left(self) -> None:
        """Rows left Orders: they have no lines any more, and no row number read before holds."""
        place = self.book.memory.places[frames.ORDERS]
        for lines in (place.lines, place.states):
            for key in self._archived:
                lines.pop(key, None)
            for each in lines.values():
                for line in each:
                    line.number = None

    def _typed(self, value: Cell, shape: str) -> dict[str, Any]:
        """A cell as Google's CellData: what is text stays text, whatever it looks like.

        shape: the column's number format, which a blank cell has, too; "" in `_ledger`, where a date that a cell showed is
        kept as text.
        """
        if isinstance(value, datetime) and not shape:
            value = value.isoformat() if value.tzinfo else f"{_KEPT_TIME}{value.isoformat(sep=' ', timespec='seconds')}"
        cell: dict[str, Any] = {}
        if isinstance(value, datetime):
            local = value.astimezone(self.book.zone).replace(tzinfo=None) if value.tzinfo else value
            cell["userEnteredValue"] = {"numberValue": (local - EPOCH).total_seconds() / 86_400}
            shape = shape if "yy" in shape else "yyyy-mm-dd hh:mm"
        elif isinstance(value, bool):
            cell["userEnteredValue"] = {"boolValue": value}
        elif isinstance(value, (int, float)):
            cell["userEnteredValue"] = {"numberValue": value}
        elif value is not None:
            cell["userEnteredValue"] = {"stringValue": storable(value)}
        if shape and (shown := looks.number_format(shape)):
            cell["userEnteredFormat"] = {"numberFormat": shown}
        return cell


def storable(text: str) -> str:
    """`text` as JSON and a cell can carry it: control characters become their pictures, lone surrogates U+FFFD."""
    return frames.visible(text)


def _stamp(number: int, value: str) -> dict[str, Any]:
    return {
        "createDeveloperMetadata": {
            "developerMetadata": {
                "metadataId": number,
                "metadataKey": STAMP,
                "metadataValue": value,
                "location": {"spreadsheet": True},
                "visibility": "DOCUMENT",
            }
        }
    }


def _unstamp(number: int) -> dict[str, Any]:
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": number}}}}


def _at(row: Sequence[Cell], place: int) -> Cell:
    return (row[place] if place < len(row) else None) or None


def _column(sheet: int, place: int) -> dict[str, int]:
    """One column from below the heading to the end."""
    return {"sheetId": sheet, "startRowIndex": 1, "startColumnIndex": place, "endColumnIndex": place + 1}


def _stretches(at: Mapping[int, Row]) -> list[tuple[int, list[Row]]]:
    """Rows by place → stretches of neighbouring places, first place and rows of each."""
    made: list[tuple[int, list[Row]]] = []
    for place in sorted(at):
        if made and place == made[-1][0] + len(made[-1][1]):
            made[-1][1].append(at[place])
        else:
            made.append((place, [at[place]]))
    return made
