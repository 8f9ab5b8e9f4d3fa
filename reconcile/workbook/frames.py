"""What every adapter does alike with the cells it read: rows → frames, `_ledger` → ledger, meta and revision.

The `_ledger` tab holds two kinds of rows. One per (tab, key) as `core.ledger.COLUMNS` says; and one per meta entry, whose
`tab` is `_meta`, whose `key` is the entry's name and whose text stands in the cells from `state` on, cut into pieces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from reconcile.core.cells import id_text
from reconcile.core.identity import WRITTEN, mixed
from reconcile.core.ledger import COLUMNS, SCHEMA, SEEN, TAKEN_OVER
from reconcile.core.model import ROW, Cell
from reconcile.core.words import ENGLISH
from reconcile.errors import RESTORE, Damaged, ReconcileError
from reconcile.workbook.templates import letters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import numpy.typing as npt

    from reconcile.core.model import Commit, Row
    from reconcile.workbook.templates import Tab, Templates

_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

META: Final = "_meta"
REVISION: Final = "revision"
SCHEMA_KEY: Final = "schema"
VERSION_KEY: Final = "template"
LANGUAGE: Final = "language"
"""The language a workbook was made in; English where there is no such entry."""

ARCHIVE: Final = "archive"
ORDERS: Final = "orders"
APPROVALS: Final = "approvals"
NOTE: Final = "note"

SLACK: Final = 1.05
"""A log is cut when it is this much longer than it may be, so that a busy day cuts it once."""

NUMBERS: Final = (REVISION, SCHEMA_KEY, VERSION_KEY)
"""Meta entries in which only a number can stand: one that a program made a number is read."""

_EXACT: Final = 10**15

RESERVED: Final = (REVISION, SCHEMA_KEY, VERSION_KEY, LANGUAGE, WRITTEN)
"""Meta entries that belong to the adapters; a commit may not set them."""

INIT: Final = "Run `reconcile init`: it adds what is missing and touches nothing that is there."


def language(meta: Mapping[str, str]) -> str:
    """The language a workbook is in, by its meta."""
    return meta.get(LANGUAGE) or ENGLISH.language


@dataclass(frozen=True)
class LedgerTab:
    """The `_ledger` tab as read. `places`: (tab, key) → the row's place as the adapter counts them.

    doubled: places of rows that a newer one of their name stands beside, in a copy that a newer commit was written into.
    """

    frame: pd.DataFrame
    meta: dict[str, str]
    revision: int
    places: dict[tuple[str, str], int]
    free: tuple[int, ...] = ()
    doubled: tuple[int, ...] = ()


Columns = Sequence[Sequence[Cell]]
"""Cells by column, all of one length, in template order."""


def by_column(rows: Iterable[tuple[int, Sequence[Cell]]], width: int) -> tuple[list[int], Columns]:
    """Rows as (row number, cells) → the numbers and the cells by column."""
    kept = list(rows)
    turned = list(zip(*(cells for _, cells in kept), strict=True)) if kept else [()] * width
    return [number for number, _ in kept], turned


def frame(tab: Tab, rows: Iterable[tuple[int, Sequence[Cell]]]) -> pd.DataFrame:
    """A tab's frame as Snapshot documents it, from (row number, cells in template order) without the blank rows."""
    return frame_of_columns(tab, *by_column(rows, len(tab.keys)))


def frame_of_columns(tab: Tab, numbers: Sequence[int], columns: Columns) -> pd.DataFrame:
    """The same from the row numbers and the cells by column."""
    gone = _blank(columns)
    cells = _block([*columns, numbers])
    if gone:
        cells = np.delete(cells, gone, axis=1)
    made = pd.DataFrame(cells.T, columns=[*tab.keys, ROW], dtype=object, copy=False)
    if tab.key_column:
        keys = cells[tab.keys.index(tab.key_column)]
        made.index = pd.Index([id_text(cell) for cell in keys], dtype=object)
    return made


def _blank(columns: Columns) -> list[int]:
    """The places of the rows in which every cell is None."""
    width = len(columns)
    return [place for place, cells in enumerate(zip(*columns, strict=True)) if cells.count(None) == width]


def _block(columns: Columns) -> npt.NDArray[np.object_]:
    """Columns as the rows of one array of exactly these objects: a frame of it is made without looking into them."""
    block = np.empty((len(columns), len(columns[0])), dtype=object)
    for place, column in enumerate(columns):
        block[place] = column
    return block


def read_ledger(rows: Iterable[tuple[int, Sequence[Cell]]], name: str) -> LedgerTab:
    """The ledger, meta and revision from the `_ledger` tab's rows: (place, cells in the order of COLUMNS).

    Raises Damaged for a row without tab or key, a doubled key, and a schema or revision that is missing or not ours. Doubled keys are
    in the nature of an older copy that a newer commit was written into: that is said by `agree`, with the ways on.
    """
    return ledger_of_columns(*by_column(rows, len(COLUMNS)), name)


def ledger_of_columns(numbers: Sequence[int], columns: Columns, name: str) -> LedgerTab:
    """The same from the places and the cells by column."""
    blank = set(_blank(columns))
    names = [(id_text(tab), id_text(key)) for tab, key in zip(columns[0], columns[1], strict=True)]
    places: dict[tuple[str, str], int] = {}
    meta: dict[str, str] = {}
    rows, doubled = [], []
    for place, (number, (tab, key)) in enumerate(zip(numbers, names, strict=True)):
        if place in blank:
            continue
        if not tab or not key:
            raise Damaged(f"The hidden _ledger tab of {name} has a row without a tab or a key (row {number}).", RESTORE)
        if (tab, key) in places:
            doubled.append((number, f"{tab} {key}"))
            continue
        places[tab, key] = number
        if tab == META:
            meta[key] = _meta_text(key, [column[place] for column in columns[2:]], name)
        else:
            rows.append(place)
    revision = _revision(meta, name)
    if doubled and not mixed(meta, revision):
        number, row = doubled[0]
        raise Damaged(f"The hidden _ledger tab of {name} lists {row} twice (row {number}).", RESTORE)
    cells = _block([*columns[:2], *map(_texts, COLUMNS[2:], columns[2:])])[:, rows]
    cells[0], cells[1] = ([names[place][side] for place in rows] for side in (0, 1))
    made = pd.DataFrame(cells.T, columns=list(COLUMNS), dtype=object, copy=False)
    shown = {key: text for key, text in meta.items() if key != REVISION}
    free = tuple(numbers[place] for place in sorted(blank))
    beside = tuple(number for number, _ in doubled)
    return LedgerTab(frame=made, meta=shown, revision=revision, places=places, free=free, doubled=beside)


def _texts(column: str, cells: Sequence[Cell]) -> Sequence[Cell]:
    """A column of the ledger with its numbers as text again; in `*_seen` they are what a cell showed, and a quantity is one.

    xlsx-populate saves a text that looks like a number as one.
    """
    if column.endswith(SEEN) or column == "quantity" or not any(type(cell) in (int, float) for cell in cells):
        return cells
    return [_number_text(cell) if type(cell) in (int, float) else cell for cell in cells]


def _number_text(cell: Cell) -> str:
    whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT
    return format(Decimal(str(int(cell) if whole and isinstance(cell, float) else cell)), "f")


def _meta_text(key: str, pieces: Sequence[Cell], name: str) -> str:
    if key in NUMBERS and type(pieces[0]) in (int, float) and pieces.count(None) == len(pieces) - 1:
        return _number_text(pieces[0])
    if any(piece is not None and not isinstance(piece, str) for piece in pieces):
        raise Damaged(f"The hidden _ledger tab of {name} has something else than text in its entry {key!r}.", RESTORE)
    return "".join(str(piece) for piece in pieces if piece is not None)


def _revision(meta: Mapping[str, str], name: str) -> int:
    if SCHEMA_KEY not in meta or REVISION not in meta:
        raise Damaged(
            f"The hidden _ledger tab of {name} does not say its schema and revision.",
            f"{INIT} If it was emptied: {RESTORE}",
        )
    if meta[SCHEMA_KEY] not in (SCHEMA, *TAKEN_OVER):
        raise Damaged(
            f"The hidden _ledger tab of {name} has schema {meta[SCHEMA_KEY]!r}; this version of reconcile knows {SCHEMA!r}.",
            "Use the version of reconcile that wrote it.",
        )
    text = meta[REVISION]
    if not (text.isascii() and text.isdecimal()):
        raise Damaged(f"The hidden _ledger tab of {name} has the revision {text!r}, which is not a number.", RESTORE)
    return int(text)


def own_meta(revision: int) -> dict[str, str]:
    """The meta entries that every commit writes beside its own: the revision it makes, and the layout its rows are in."""
    return {REVISION: str(revision), SCHEMA_KEY: SCHEMA}


def meta_row(key: str, text: str, cell_limit: int) -> Row:
    """A meta entry as a `_ledger` row. Raises ReconcileError when the text does not fit."""
    size = cell_limit // 2  # a code point is at most two UTF-16 units
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    if len(pieces) > len(COLUMNS) - 2:
        raise ReconcileError(
            f"The entry {key!r} of _ledger is {len(text):,} characters long; at most {size * (len(COLUMNS) - 2):,} fit."
        )
    row: Row = {"tab": META, "key": key}
    row.update(zip(COLUMNS[2:], pieces, strict=False))
    return row


def utf16_units(text: str) -> int:
    """How long spreadsheets think a text is: characters beyond U+FFFF count twice."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def check_commit(change: Commit, templates: Templates, cell_limit: int) -> None:
    """Raises ReconcileError for a commit that no workbook could hold: unknown tabs or columns, oversize texts, our own meta."""
    for key, rows in change.append.items():
        tab = _data_tab(templates, key)
        for row in rows:
            if unknown := set(row) - set(tab.keys):
                raise ReconcileError(f"Tab {tab.title!r} has no column {min(unknown)!r}.")
            _check_sizes(tab.title, str(row.get(tab.key_column, "")), row, cell_limit)
    for name, row in change.archive.items():
        if unknown := set(row) - set(templates.tab(ARCHIVE).keys):
            raise ReconcileError(f"Tab Archive has no column {min(unknown)!r}.")
        if id_text(row.get("id")) != name:
            raise ReconcileError(f"The row that is to be archived as {name} is another one.")
    _check_texts(change, templates, cell_limit)
    for row in change.ledger:
        if not row.get("tab") or not row.get("key") or row["tab"] == META or set(row) - set(COLUMNS):
            raise ReconcileError(f"This cannot be a row of _ledger: {row.get('tab')!r} {row.get('key')!r}.")
        _check_sizes("_ledger", str(row["key"]), row, cell_limit)
    if wrong := set(change.meta) & set(RESERVED):
        raise ReconcileError(f"The entry {min(wrong)!r} of _ledger belongs to the workbook, not to a run.")
    for name, entry in change.meta.items():
        meta_row(name, entry or "", cell_limit)


def _check_texts(change: Commit, templates: Templates, cell_limit: int) -> None:
    """The same for what goes into Sync and State cells."""
    for column, texts in (("sync", change.sync), ("state", change.state)):
        for key, notes in texts.items():
            tab = _data_tab(templates, key)
            if column == "sync" and not tab.has(column):
                raise ReconcileError(f"Tab {tab.title!r} has no Sync column.")
            for name, text in notes.items():
                _check_sizes(tab.title, name, {column: text}, cell_limit)


def _data_tab(templates: Templates, key: str) -> Tab:
    for tab in templates.data_tabs:
        if tab.key == key:
            return tab
    raise ReconcileError(f"There is no tab {key!r} to write to.")


def _check_sizes(title: str, key: str, row: Mapping[str, Cell], cell_limit: int) -> None:
    for column, cell in row.items():
        if isinstance(cell, str) and utf16_units(cell) > cell_limit:
            raise ReconcileError(
                f"{title}, {key}: the text for {column!r} is {utf16_units(cell):,} characters long; a cell holds {cell_limit:,}."
            )


def noted(note: Cell, head: Sequence[Cell], row: Sequence[Cell], ours: Collection[int]) -> Cell:
    """A row's Note for Archive: what staff noted, and below it what stood in columns of their own, as `Agent: Maria`."""
    lines = []
    for place, cell in enumerate(row):
        if place in ours or cell is None or cell == "" or cell is False:  # an unticked box is nobody's word
            continue
        name = head[place] if place < len(head) and head[place] else letters(place)
        shown = "TRUE" if cell is True else cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell)
        lines.append(f"{name}: {shown}")
    return "\n".join([*([str(note)] if note is not None else []), *lines]) if lines else note


def sync_key(text: Cell) -> str:
    """The key a Sync text starts with (`#15 · Sent …` → `15`), "" when it is none of ours."""
    if not isinstance(text, str) or not text.startswith("#"):
        return ""
    key, mark, _ = text[1:].partition(" · ")
    return key if mark else ""


def visible(text: str) -> str:
    """`text` with what a cell cannot hold made visible.

    Control characters become their pictures (␀ … ␟), lone surrogates and non-characters �. Tabs, line feeds and carriage
    returns stay.
    """
    return _ILLEGAL.sub(lambda found: chr(0x2400 + ord(found[0])) if ord(found[0]) < 32 else "\ufffd", text)  # noqa: PLR2004
