"""The workbook as a Google Sheet. A read is one call, a commit is one atomic batchUpdate.

Facts are in SHEETS_NOTES words; the three that shape this module:
- Google applies a batch whole or not at all, and has no precondition; so the first request of every commit creates the
  developer metadata entry BASE + revision, which fails, and the batch with it, when another run was there first.
- After a lost answer the value under that id tells whether the batch was applied.
- No row number stays true between two calls; so staff tabs are written by content only: new rows by `appendCells`, a row's
  Sync cell by an exact `findReplace` of the text it showed. `_ledger` is ours alone and fenced by the stamp, so it is
  written by place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from reconcile import boundary
from reconcile.core.cells import id_text
from reconcile.core.lease import BOOK
from reconcile.core.ledger import COLUMNS
from reconcile.core.model import SYNC, Snapshot
from reconcile.errors import Damaged, ReconcileError, RevisionMoved, Unavailable
from reconcile.workbook import frames, templates
from reconcile.workbook.google_http import InvalidRequest, Lost, NotThere, json_of
from reconcile.workbook.templates import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconcile.core.model import Cell, Commit, Row
    from reconcile.workbook.google_http import Http
    from reconcile.workbook.templates import Tab, Templates

BASE: Final = 770_000_000
"""The stamp of revision n is the developer metadata entry with id BASE + n (ids are int32 and unique in the sheet [doc])."""

STAMP: Final = "reconcile.commit"
KEPT: Final = 100
"""Stamps kept. The budget is 30,000 characters per spreadsheet [doc]; a stamp takes some 60."""

TAB_IDS: Final = "tab_ids"
ZONE: Final = "zone"
SPARE: Final = 1_000
"""Rows added to a tab at once when it is full."""

WHOLE_COLUMN: Final = 2_000
"""Most rows of a tab whose Sync column is written anew because one of its cells is blank."""

EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - Sheets' serial dates count from here, in the sheet's own zone [doc]

LOGS: Final = ("runs", "history", "long_texts", "archive")
"""Tabs that only grow: their headings are read every time, their rows only on request, so a run's cost does not grow."""

_API: Final = "https://sheets.googleapis.com/v4/spreadsheets"


@dataclass
class _Place:
    """Where one tab's things stand, as of the last read."""

    sheet: int
    columns: dict[str, int]
    rows: int
    used: int
    sync: dict[str, list[str | None]] = field(default_factory=dict)


@dataclass
class _Memory:
    """What the last read and the commits since then say of the sheet.

    ledger: (tab, key) → row of `_ledger`. following: its next free row.
    """

    places: dict[str, _Place] = field(default_factory=dict)
    ledger: dict[tuple[str, str], int] = field(default_factory=dict)
    following: int = 2


class GoogleWorkbook:
    """A Google Sheet by its spreadsheet id. Implements the port; `provision` and `check` are in google_setup."""

    cell_limit = 50_000
    lands_together = 1

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
        self.zone = ZoneInfo("UTC")
        self.memory = _Memory()

    # --- read ----------------------------------------------------------------------------------------------------------

    def read(self, also: Sequence[str] = ()) -> Snapshot:
        """The port's read: one `values.batchGet`. `also`: tabs of `LOGS` whose rows are wanted too."""
        boundary.at("book.before-read")
        tabs = [*self.known.data_tabs, self.known.tab(LEDGER)]
        body = self._values([self._range(tab, also) for tab in tabs])
        boundary.at("book.after-read")
        found = body.get("valueRanges", [])
        if len(found) != len(tabs):
            raise Unavailable("Google Sheets sent fewer tabs than it was asked for.", "Try again later.")
        grids = {tab.key: _Grid(given) for tab, given in zip(tabs, found, strict=True)}
        ledger = frames.read_ledger(self._cells(self.known.tab(LEDGER), grids[LEDGER]), self.name)
        ids = self._tab_ids(ledger.meta)
        self._zone(ledger.meta)
        data = {tab.key: frames.frame(tab, self._cells(tab, grids[tab.key])) for tab in self.known.data_tabs}
        self.memory.places = {tab.key: self._place(tab, grids[tab.key], ids) for tab in tabs}
        for tab in self.known.data_tabs:
            if tab.has(SYNC):
                self.memory.places[tab.key].sync = _syncs(data[tab.key])
        self.memory.ledger = dict(ledger.places)
        self.memory.following = max([1, *ledger.places.values(), *ledger.free]) + 1
        meta = {**ledger.meta, BOOK: self.id}
        return Snapshot(ledger.revision, data, ledger.frame, meta)

    def _range(self, tab: Tab, also: Sequence[str]) -> str:
        quoted = "'" + tab.title.replace("'", "''") + "'"
        return f"{quoted}!1:1" if tab.key in LOGS and tab.key not in also else quoted

    def _values(self, ranges: list[str]) -> dict[str, Any]:
        """Dates come as text in the cell's own format, so a date in a number's place is seen [doc]; errors come as text."""
        params = {
            "ranges": ranges,
            "majorDimension": "ROWS",
            "valueRenderOption": "UNFORMATTED_VALUE",
            "dateTimeRenderOption": "FORMATTED_STRING",
        }
        for attempt in (1, 2, 3):
            try:
                return json_of(self.http.request("get", f"{_API}/{self.id}/values:batchGet", params=params))
            except InvalidRequest as error:
                if "Unable to parse range" not in error.what:
                    raise
                title = error.what.partition(": ")[2].partition("!")[0].strip("'")
                raise Damaged(
                    f"{self.name} has no tab “{title}”.",
                    f"If somebody renamed it, give it back its name “{title}”. Otherwise: {frames.INIT}",
                ) from error
            except Lost:
                if attempt == 3:  # noqa: PLR2004 - a cut answer is read again, twice
                    raise
        raise AssertionError

    def _cells(self, tab: Tab, grid: _Grid) -> Iterable[tuple[int, list[Cell]]]:
        """A tab's rows as (row number, cells in template order). Raises Damaged for a missing or doubled heading."""
        columns = templates.positions(tab, grid.head, self.name)
        wanted = [columns[key] for key in tab.keys]
        for number, row in enumerate(grid.body, start=2):
            width = len(row)
            yield number, [row[place] if place < width and row[place] != "" else None for place in wanted]

    def _place(self, tab: Tab, grid: _Grid, ids: Mapping[str, int]) -> _Place:
        if tab.key not in ids:
            raise Damaged(f"The hidden _ledger tab does not know the tab {tab.title!r}.", frames.INIT)
        return _Place(ids[tab.key], templates.positions(tab, grid.head, self.name), grid.rows, len(grid.body) + 1)

    def _tab_ids(self, meta: Mapping[str, str]) -> dict[str, int]:
        try:
            return {str(key): int(number) for key, number in json.loads(meta.get(TAB_IDS, "{}")).items()}
        except (ValueError, AttributeError) as error:
            raise Damaged(
                "The hidden _ledger tab has a record of tab ids that cannot be read.", frames.RESTORE
            ) from error

    def _zone(self, meta: Mapping[str, str]) -> None:
        if meta.get(ZONE):
            self.zone = ZoneInfo(meta[ZONE])

    # --- commit --------------------------------------------------------------------------------------------------------

    def commit(self, change: Commit, after: int) -> int:
        """The port's commit: one batchUpdate, applied whole or refused whole."""
        frames.check_commit(change, self.known, self.cell_limit)
        boundary.at("book.before-commit")
        stamp = after + 1
        draft = _Draft(self, change, stamp)
        replies = self._apply(draft, stamp)
        boundary.at("book.after-commit")
        draft.remember(replies)
        return stamp

    def _apply(self, draft: _Draft, stamp: int) -> list[dict[str, Any]] | None:
        """Sends the batch until it is known to be applied or refused. None: applied, but its replies were lost."""
        lost: ReconcileError | None = None
        for _ in range(3):
            try:
                body = json_of(
                    self.http.request("post", f"{_API}/{self.id}:batchUpdate", json={"requests": draft.requests})
                )
            except Lost as error:
                lost = error
                if self._stamped(stamp) == draft.value:
                    return None
            except InvalidRequest as error:
                self._refused(error, draft, stamp)
                return None
            else:
                replies: list[dict[str, Any]] = body.get("replies", [])
                return replies
        raise Unavailable(
            "Google Sheets did not take the changes, three times.", "Nothing was changed in the sheet. Try again later."
        ) from lost

    def _refused(self, error: InvalidRequest, draft: _Draft, stamp: int) -> None:
        """What a refusal means: our own commit seen twice, another run's commit, a tab that is gone, or a fault."""
        if "developer metadata with that ID already exists" in error.what:
            if self._stamped(stamp) == draft.value:
                return
            raise RevisionMoved(
                f"Another run committed to {self.name} first (revision {stamp}).", "Run again."
            ) from error
        if "No grid with id" in error.what:
            raise Damaged(f"A tab of {self.name} was deleted while the job ran: {error.what}", frames.INIT) from error
        raise error

    def _stamped(self, stamp: int) -> str | None:
        """The value under a stamp's id, None when no commit with it was applied."""
        try:
            entry = json_of(self.http.request("get", f"{_API}/{self.id}/developerMetadata/{BASE + stamp}"))
        except NotThere:
            return None
        return str(entry.get("metadataValue", ""))


class _Grid:
    """One tab of a batchGet answer: heading cells, body rows, and how many rows the tab has."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        values = given.get("values", [])
        self.head: list[Cell] = list(values[0]) if values else []
        self.body: list[list[Cell]] = values[1:]
        last = str(given.get("range", "")).rpartition(":")[2]
        digits = "".join(char for char in last if char.isdigit())
        self.rows = int(digits) if digits else 0


def _syncs(frame: Any) -> dict[str, list[str | None]]:
    """Key → the Sync texts its rows show. A row without a key counts under the key its Sync text names."""
    found: dict[str, list[str | None]] = {}
    for key, sync in zip(frame.index, frame[SYNC], strict=True):
        found.setdefault(key or frames.sync_key(sync), []).append(sync if sync is None else str(sync))
    return found


class _Draft:
    """One commit as requests, and what it changes in the adapter's memory once it is applied."""

    def __init__(self, book: GoogleWorkbook, change: Commit, stamp: int) -> None:
        self.book = book
        self.value = f"{change.run}#{stamp}"
        self._synced: list[tuple[str, str, str, int]] = []
        self.requests: list[dict[str, Any]] = [_stamp(BASE + stamp, self.value)]
        if stamp > KEPT:
            self.requests.append(_unstamp(BASE + stamp - KEPT))
        for tab, rows in change.append.items():
            self._append(tab, rows)
        for tab, notes in change.sync.items():
            self._sync(tab, notes)
        self._ledger(change, stamp)

    def _append(self, tab: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        place = self.book.memory.places[tab]
        template = self.book.known.tab(tab)
        last = place.used + len(rows)
        if tab not in LOGS and last >= place.rows:
            self.requests.extend(_grow(template, place, last - place.rows + SPARE))
            place.rows = last + SPARE
        place.used = last
        width = max(place.columns.values()) + 1
        cells = []
        for row in rows:
            line: list[dict[str, Any]] = [{} for _ in range(width)]
            for key, value in row.items():
                line[place.columns[key]] = self._typed(value, template.column(key).number_format)
            cells.append({"values": line})
        fields = "userEnteredValue,userEnteredFormat.numberFormat"
        self.requests.append({"appendCells": {"sheetId": place.sheet, "rows": cells, "fields": fields}})
        if template.has(SYNC):
            for row in rows:
                place.sync.setdefault(id_text(row.get(template.key_column)), []).append(
                    str(row.get(SYNC) or "") or None
                )

    def _sync(self, tab: str, notes: Mapping[str, str]) -> None:
        place = self.book.memory.places[tab]
        blank = [key for key in notes if None in place.sync.get(key, [])]
        if blank:
            self._fill_sync(tab, place)
        for key, text in notes.items():
            for shown in sorted({shown for shown in place.sync.get(key, []) if shown is not None}):
                if shown != text:
                    self._replace(tab, key, shown, text)
            if None in place.sync.get(key, []) and blank and self._filled(place):
                self._replace(tab, key, key, text)

    def _filled(self, place: _Place) -> bool:
        return sum(len(texts) for texts in place.sync.values()) <= WHOLE_COLUMN

    def _fill_sync(self, tab: str, place: _Place) -> None:
        """Makes blank Sync cells findable.

        Rows that staff created have a blank Sync cell, which no exact text can find. So, in the same batch, the key column
        is copied over the Sync column, and every known row gets its text back by its key: still no row number.
        """
        if not self._filled(place):
            return
        template = self.book.known.tab(tab)
        source, target = place.columns[template.key_column], place.columns[SYNC]
        self.requests.append(
            {
                "copyPaste": {
                    "source": _column(place.sheet, source),
                    "destination": _column(place.sheet, target),
                    "pasteType": "PASTE_VALUES",
                }
            }
        )
        for key, texts in place.sync.items():
            shown = next((text for text in texts if text is not None), None)
            if key and shown is not None:
                self._find(tab, key, shown)

    def _replace(self, tab: str, key: str, old: str, new: str) -> None:
        self._synced.append((tab, key, new, len(self.requests)))
        self._find(tab, old, new)

    def _find(self, tab: str, old: str, new: str) -> None:
        place = self.book.memory.places[tab]
        self.requests.append(
            {
                "findReplace": {
                    "find": old,
                    "replacement": new,
                    "range": _column(place.sheet, place.columns[SYNC]),
                    "matchCase": True,
                    "matchEntireCell": True,
                }
            }
        )

    def _ledger(self, change: Commit, stamp: int) -> None:
        """Ledger and meta rows: known ones by their place, new ones below, in as few requests as they have stretches."""
        book, place = self.book, self.book.memory.places[LEDGER]
        rows: dict[tuple[str, str], Row] = {(id_text(row["tab"]), id_text(row["key"])): row for row in change.ledger}
        for key, text in {**change.meta, frames.REVISION: str(stamp)}.items():
            if text is None:
                if (frames.META, key) in book.memory.ledger:
                    rows[frames.META, key] = {}
            else:
                rows[frames.META, key] = frames.meta_row(key, text, book.cell_limit)
        at: dict[int, Row] = {}
        self._moved: dict[tuple[str, str], int | None] = {}
        following = book.memory.following
        for name, row in rows.items():
            where = book.memory.ledger.get(name)
            if where is None:
                where, following = following, following + 1
            at[where] = row
            self._moved[name] = where if row else None
        self._following = following
        if following > place.rows:
            more = following - place.rows + SPARE
            self.requests.append({"appendDimension": {"sheetId": place.sheet, "dimension": "ROWS", "length": more}})
            place.rows += more
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

    def remember(self, replies: list[dict[str, Any]] | None) -> None:
        """Takes an applied batch into the adapter's memory. Sync texts that were not found stay as they were read."""
        book = self.book
        for name, where in self._moved.items():
            if where is None:
                book.memory.ledger.pop(name, None)
            else:
                book.memory.ledger[name] = where
        book.memory.following = self._following
        for tab, key, text, number in self._synced:
            reply = (
                replies[number]
                if replies is not None and number < len(replies)
                else {"findReplace": {"occurrencesChanged": 1}}
            )
            if reply.get("findReplace", {}).get("occurrencesChanged", 0):
                shown = book.memory.places[tab].sync[key]
                book.memory.places[tab].sync[key] = [text] * len(shown)

    def _typed(self, value: Cell, number_format: str) -> dict[str, Any]:
        """A cell as Google's CellData: what is text stays text, whatever it looks like."""
        if value is None:
            return {}
        pattern: dict[str, Any] = {}
        if isinstance(value, datetime):
            local = value.astimezone(self.book.zone).replace(tzinfo=None) if value.tzinfo else value
            entered: dict[str, Any] = {"numberValue": (local - EPOCH).total_seconds() / 86_400}
            pattern = {"type": "DATE_TIME", "pattern": number_format or "yyyy-mm-dd hh:mm"}
        elif isinstance(value, bool):
            entered = {"boolValue": value}
        elif isinstance(value, (int, float)):
            entered = {"numberValue": value}
            if number_format and number_format != "General":
                pattern = {"type": "TEXT" if number_format == "@" else "NUMBER", "pattern": number_format}
        else:
            entered = {"stringValue": storable(value)}
            if number_format == "@":
                pattern = {"type": "TEXT", "pattern": "@"}
        cell: dict[str, Any] = {"userEnteredValue": entered}
        if pattern:
            cell["userEnteredFormat"] = {"numberFormat": pattern}
        return cell


def storable(text: str) -> str:
    """`text` as JSON and a cell can carry it: a lone surrogate becomes U+FFFD, a NUL its visible picture."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "␀").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


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


def _column(sheet: int, place: int) -> dict[str, int]:
    """One column from below the heading to the end."""
    return {"sheetId": sheet, "startRowIndex": 1, "startColumnIndex": place, "endColumnIndex": place + 1}


def _grow(tab: Tab, place: _Place, more: int) -> list[dict[str, Any]]:
    """More rows for a full tab, with the drop-downs that its other rows have; rules that stand are not written again."""
    made: list[dict[str, Any]] = [{"appendDimension": {"sheetId": place.sheet, "dimension": "ROWS", "length": more}}]
    for column in tab.columns:
        if column.choices:
            where = {**_column(place.sheet, place.columns[column.key]), "startRowIndex": place.rows}
            made.append({"setDataValidation": {"range": where, "rule": drop_down(column.choices)}})
    return made


def drop_down(choices: Sequence[str]) -> dict[str, Any]:
    """A drop-down rule. Not strict: what was pasted anyway is answered in the row, in better words than Google's."""
    values = [{"userEnteredValue": choice} for choice in choices]
    return {"condition": {"type": "ONE_OF_LIST", "values": values}, "showCustomUi": True, "strict": False}


def _stretches(at: Mapping[int, Row]) -> list[tuple[int, list[Row]]]:
    """Rows by place → stretches of neighbouring places, first place and rows of each."""
    made: list[tuple[int, list[Row]]] = []
    for place in sorted(at):
        if made and place == made[-1][0] + len(made[-1][1]):
            made[-1][1].append(at[place])
        else:
            made.append((place, [at[place]]))
    return made
