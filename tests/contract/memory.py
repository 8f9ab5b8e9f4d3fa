"""A workbook in memory: the port without a file or a network, for the engine's tests and as a subject of the contract.

`grids` is what staff see: title-less tab key → rows of cells, row 1 being the headings. Tests may change it freely.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from reconcile import boundary
from reconcile.core.cells import Formula, id_text
from reconcile.core.diff import answered_as
from reconcile.core.identity import COMMIT
from reconcile.core.ledger import CLAIMED, COLUMNS, SCHEMA
from reconcile.core.model import STATE, SYNC, Snapshot
from reconcile.errors import Damaged, RevisionMoved
from reconcile.workbook import frames, templates
from reconcile.workbook.templates import LEDGER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from reconcile.core.model import Cell, Commit, Row


@dataclass
class MemoryWorkbook:
    """The port over plain lists. `services` are put into Services with Pull Yes."""

    services: Sequence[str] = ()
    name: str = "memory"
    place: str = "memory"
    shared: bool = True
    cell_limit: int = 32_767
    lands_together: int = 1
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    grids: dict[str, list[list[Cell]]] = field(default_factory=dict)
    reads: int = 0
    commits: int = 0
    language: str = "en"
    shown: list[list[Cell]] = field(default_factory=list)
    commit_id: str | None = None

    def __post_init__(self) -> None:
        self.known = templates.templates(self.language)
        if not self.grids:
            self.grids = {
                tab.key: [[column.header for column in tab.columns]] for tab in self.known.tabs if not tab.free_text
            }
            self._put_meta(
                {frames.REVISION: "0", frames.SCHEMA_KEY: SCHEMA, frames.VERSION_KEY: str(self.known.version)}
            )
            yes = self.known.words.choice("Yes")
            self.grids["services"] += [[service, None, yes] for service in self.services]

    def read(self, also: Sequence[str] = ()) -> Snapshot:  # noqa: ARG002 - every tab is read anyway
        """The port's read."""
        boundary.at("book.before-read")
        self.reads += 1
        tabs = {tab.key: frames.frame(tab, self._rows(tab.key)) for tab in self.known.data_tabs}
        ledger = frames.read_ledger(self._rows(LEDGER), self.name)
        self.shown = copy.deepcopy(self.grids[frames.ORDERS])
        self.commit_id = ledger.meta.get(COMMIT, "")
        boundary.at("book.after-read")
        return Snapshot(ledger.revision, tabs, ledger.frame.copy(), dict(ledger.meta), self.known.words)

    def newest(self) -> int:
        """The highest revision its service remembers: none."""
        return 0

    def provision(self, services: Sequence[str] = (), *, rebuild: bool = False) -> None:
        """Everything is there from the beginning."""

    def stands_at(self, place: str) -> bool:  # noqa: ARG002 - the port's
        """The port's: like a spreadsheet, it has one id."""
        return True

    def commit(self, change: Commit, after: int) -> int:
        """The port's commit."""
        frames.check_commit(change, self.known, self.cell_limit)
        boundary.at("book.before-commit")
        ledger = frames.read_ledger(self._rows(LEDGER), self.name)
        revision = ledger.revision
        if revision != after or self.commit_id not in (None, ledger.meta.get(COMMIT, "")):
            raise RevisionMoved(
                f"Another run committed to {self.name}: it is at revision {revision}, not {after}.", "Run again."
            )
        before = {tab: [list(row) for row in grid] for tab, grid in self.grids.items()}
        try:
            self._apply(change, change.revision or revision + 1)
        except BaseException:
            self.grids = before
            raise
        self.commits += 1
        self.commit_id = change.meta.get(COMMIT) or ledger.meta.get(COMMIT, "")
        boundary.at("book.after-commit")
        return change.revision or revision + 1

    def obstacle(self, keys: Collection[str]) -> tuple[str, set[str]]:  # noqa: ARG002 - every row may
        """The port's obstacle: formulas, wherever they stand."""
        return ("formulas" if any(isinstance(cell, Formula) for row in self.shown for cell in row) else ""), set()

    def _apply(self, change: Commit, revision: int) -> None:
        for name, row in change.archive.items():
            self._archive(name, row)
        for column, texts in ((SYNC, change.sync), (STATE, change.state)):
            for key, notes in texts.items():
                for name, text in notes.items():
                    self._note(key, column, name, text)
        for key, rows in change.append.items():
            for row in rows:
                self._append(key, row)
        for key, most in change.prune.items():
            if len(self.grids[key]) - 1 > most * frames.SLACK:
                del self.grids[key][1 : len(self.grids[key]) - most]
        for tab, key in change.forget:
            self._drop_ledger(tab, key)
        for row in change.ledger:
            self._put_ledger(id_text(row["tab"]), id_text(row["key"]), row)
        self._put_meta({**change.meta, **frames.own_meta(revision)})

    def positions(self, key: str) -> dict[str, int]:
        """Where the columns of a tab stand now."""
        if key not in self.grids:
            title = self.known.tab(key).title
            raise Damaged(f"{self.name} has no tab {title!r}.", frames.INIT)
        return templates.positions(self.known.tab(key), self.grids[key][0], self.name)

    def _rows(self, key: str) -> list[tuple[int, list[Cell]]]:
        places = self.positions(key)
        wanted = [places[column] for column in self.known.tab(key).keys]
        return [
            (number, [_at(row, place) for place in wanted]) for number, row in enumerate(self.grids[key][1:], start=2)
        ]

    def _note(self, key: str, column: str, name: str, text: str) -> None:
        places, tab = self.positions(key), self.known.tab(key)
        own = [id_text(_at(row, places[tab.key_column])) for row in self.grids[key][1:]]
        named = [frames.sync_key(_at(row, places[SYNC])) for row in self.grids[key][1:]]
        claimed = key in CLAIMED
        answered = answered_as(own, named) if claimed else [one or other for one, other in zip(own, named, strict=True)]
        for row, answers in zip(self.grids[key][1:], answered, strict=True):
            if answers == name:
                _set(row, places[column], self._stored(text))

    def _append(self, key: str, row: Row) -> None:
        places, grid = self.positions(key), self.grids[key]
        # below everything that shows, staff's own columns included
        last = max(
            (number for number, cells in enumerate(grid, 1) if any(cell is not None for cell in cells)), default=1
        )
        if len(grid) <= last:
            grid.append([])
        for column, value in row.items():
            _set(grid[last], places[column], self._stored(self.known.tab(key).column(column).chosen(value)))

    def _put_ledger(self, tab: str, key: str, row: Row) -> None:
        places, grid = self.positions(LEDGER), self.grids[LEDGER]
        found = next(
            (
                line
                for line in grid[1:]
                if id_text(_at(line, places["tab"])) == tab and id_text(_at(line, places["key"])) == key
            ),
            None,
        )
        if found is None:
            found = []
            grid.append(found)
        for column in COLUMNS:
            value = row.get(column)
            aware = isinstance(value, datetime) and value.tzinfo is not None
            _set(
                found,
                places[column],
                value.isoformat() if aware and isinstance(value, datetime) else self._stored(value),
            )

    def _drop_ledger(self, tab: str, key: str) -> None:
        places, grid = self.positions(LEDGER), self.grids[LEDGER]
        grid[1:] = [row for row in grid[1:] if (_at(row, places["tab"]), _at(row, places["key"])) != (tab, key)]

    def _archive(self, name: str, row: Row) -> None:
        place = self.positions(frames.ORDERS)["id"]
        before = [_bare(line) for line in self.shown[1:] if id_text(_at(line, place)) == name]
        grid = self.grids[frames.ORDERS]
        now = [number for number, line in enumerate(grid) if number and id_text(_at(line, place)) == name]
        if [_bare(grid[number]) for number in now] != before or len(now) != 1 or _bare(grid[0]) != _bare(self.shown[0]):
            return
        ours = set(self.positions(frames.ORDERS).values())
        note = frames.noted(row[frames.NOTE], grid[0], grid[now[0]], ours)
        self._append(frames.ARCHIVE, {**row, frames.NOTE: note})
        del grid[now[0]]

    def _put_meta(self, meta: dict[str, str | None]) -> None:
        for key, text in meta.items():
            if text is not None:
                self._put_ledger(frames.META, key, frames.meta_row(key, text, self.cell_limit))
                continue
            self._drop_ledger(frames.META, key)

    def _stored(self, value: Cell) -> Cell:
        if isinstance(value, datetime):
            return (value.astimezone(self.zone) if value.tzinfo else value).replace(tzinfo=None, microsecond=0)
        return (str(frames.visible(value)) or None) if isinstance(value, str) else value


def _at(row: list[Cell], place: int) -> Cell:
    return row[place] if place < len(row) else None


def _bare(row: list[Cell]) -> list[Cell]:
    """A row without the blank cells at its end, TRUE told from 1."""
    kept = list(row)
    while kept and kept[-1] is None:
        kept.pop()
    return [repr(cell) for cell in kept]


def _set(row: list[Cell], place: int, value: Cell) -> None:
    row.extend([None] * (place + 1 - len(row)))
    row[place] = value
