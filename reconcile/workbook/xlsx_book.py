"""An .xlsx workbook in memory: its parts as bytes, our tabs found in it, and a commit applied to them.

A value: `applied` gives a new one and leaves this one as it is, so a write that fails leaves nothing half-changed.
"""

from __future__ import annotations

import contextlib
import io
import posixpath
import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from reconcile.core.cells import id_text
from reconcile.core.diff import answered_as
from reconcile.core.ledger import CLAIMED, COLUMNS, SCHEMA
from reconcile.core.model import STATE, SYNC, Snapshot
from reconcile.core.words import ENGLISH
from reconcile.errors import Damaged, NotSetUp
from reconcile.workbook import frames, guide, templates, xlsx_package, xlsx_rows, xlsx_tables, xlsx_xml, xlsx_zip
from reconcile.workbook.templates import letters
from reconcile.workbook.xlsx_package import RESAVE, SPOILED, Package, unpack
from reconcile.workbook.xlsx_xml import Context, Formulas, Ink, Reader, Sheet, Styles, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    import pandas as pd

    from reconcile.core.model import Cell, Commit, Row
    from reconcile.workbook.templates import Tab, Templates
    from reconcile.workbook.xlsx_tables import Table

EAGER: Final = ("orders", "refills", "cancels", "payments", "tickets", "services", "approvals", "ledger")
"""Tabs a run always looks at; the logs are read only when somebody asks for them."""

GROWING: Final = ("orders", "refills", "cancels", "approvals", "runs", "history", "long_texts", "archive")
"""Tabs in which a commit of a run adds rows."""

ROOM: Final = 1_000
"""Rows each of them must have left before a run begins: more than one run adds to any."""

_CHUNK: Final = 64
_LINE_HEIGHT: Final = 15.0


@contextlib.contextmanager
def damage_named(name: str) -> Iterator[None]:
    """Raises Damaged for what comes of wrong bytes in the workbook `name`."""
    try:
        yield
    except SPOILED as error:
        raise Damaged(f"{name} is damaged inside: {error}.", RESAVE) from error


@dataclass(frozen=True)
class TabPart:
    """One of our tabs: where it is, its rows as bytes, and what a commit must know about them.

    positions: column key → column index. last: number of the last row that shows something in a column of ours.
    keys: row key → row numbers. unnamed: key its Sync text starts with → numbers of rows whose key cell is blank.
    blank_drawing: it names a drawing, and nothing stands there. formulas: of the whole tab, staff's columns among them.
    table: the Excel table whose rows are ours. others: whether there are further tables.
    """

    tab: Tab
    part: str
    sheet: Sheet
    positions: Mapping[str, int]
    last: int
    keys: Mapping[str, tuple[int, ...]]
    unnamed: Mapping[str, tuple[int, ...]]
    blank_drawing: bool = False
    formulas: Formulas = xlsx_xml.NO_FORMULAS
    table: Table | None = None
    others: bool = False

    @property
    def obstacle(self) -> str:
        """Why no row may leave it; "" when rows may."""
        return xlsx_rows.obstacle(self.sheet, formulas=self.formulas, blank_drawing=self.blank_drawing)

    @property
    def totals(self) -> int:
        """The number of its totals row, 0 when it has none."""
        return self.table.cells.bottom if self.table and self.table.totals else 0

    def read(self, context: Context) -> Iterator[tuple[int, list[Cell]]]:
        """Its rows as (number, cells in template order), without the headings and without a totals row."""
        wanted = [self.positions[key] for key in self.tab.keys]
        totals = self.totals
        rows = xlsx_xml.read_cells(self.sheet, context, wanted, first=_below_headings(self.sheet))
        return (row for row in rows if row[0] != totals) if totals else rows

    def xml(self) -> bytes:
        """The worksheet part with what was changed in it."""
        return self.sheet.xml(set(self.positions.values()))


def _below_headings(sheet: Sheet) -> int:
    return 1 if sheet.numbers[:1] == (1,) else 0


@dataclass(frozen=True)
class Book:
    """A parsed workbook. `raw` is the file it came from; `places` tells where ledger and meta rows stand in `_ledger`.

    calculated: the parts of the tabs of ours that consist of formulas over the others.
    """

    name: str
    raw: bytes
    templates: Templates
    zone: ZoneInfo
    parts: Mapping[str, TabPart]
    styles: Styles
    styles_part: str
    context: Context
    meta: Mapping[str, str]
    revision: int
    places: Mapping[tuple[str, str], int]
    free: tuple[int, ...]
    main: str = "xl/workbook.xml"
    calculated: tuple[str, ...] = ()

    def applied(self, change: Commit, shown: Book | None = None) -> Book:
        """This workbook with a commit in it and its revision one higher. Its `raw` is the new file.

        shown: the workbook as the run read it, when it was saved since.
        """
        styles = Styles(self._part(self.styles_part), self.name)
        ink = Ink(self.zone, styles, self.context.epoch)
        parts = dict(self.parts)
        recalculate = False
        append = dict(change.append)
        if change.archive and (leaving := self._leaving(change.archive, shown or self)):
            append[frames.ARCHIVE] = [*append.get(frames.ARCHIVE, ()), *leaving.values()]
            parts[frames.ORDERS] = _removed(parts[frames.ORDERS], leaving)
        for column, texts in ((SYNC, change.sync), (STATE, change.state)):
            for key, notes in texts.items():
                if notes and column in parts[key].positions:
                    parts[key], had_formula = _noted(parts[key], column, notes, ink)
                    recalculate = recalculate or had_formula
        for key, most in change.prune.items():
            parts[key] = _pruned(parts[key], most)
        for key, rows in append.items():
            if rows:
                parts[key] = _appended(parts[key], rows, ink)
        revision = change.revision or self.revision + 1
        ledger = _Ledger(parts[templates.LEDGER], dict(self.places), list(self.free), ink)
        for forgotten in change.forget:
            ledger.put(forgotten, None)
        for row in change.ledger:
            ledger.put((id_text(row["tab"]), id_text(row["key"])), row)
        for name, text in {**change.meta, **frames.own_meta(revision)}.items():
            ledger.put((frames.META, name), None if text is None else frames.meta_row(name, text, xlsx_limit()))
        parts[templates.LEDGER] = ledger.part()
        meta = {
            key: text
            for key, text in {**self.meta, **change.meta, frames.SCHEMA_KEY: SCHEMA}.items()
            if text is not None
        }
        new = replace(
            self,
            parts=parts,
            styles=styles,
            meta=meta,
            revision=revision,
            places=ledger.places,
            free=tuple(ledger.free),
        )
        changed = {key: part for key, part in parts.items() if part is not self.parts[key]}
        written: dict[str, Callable[[], bytes]] = {part.part: part.xml for part in changed.values()}
        for key, part in changed.items():
            if part.table is not None and part.table is not self.parts[key].table:
                written[part.table.part] = partial(_same_bytes, part.table.xml)
        if styles.changed:
            written[self.styles_part] = styles.xml
        ledger_title = parts[templates.LEDGER].tab.title
        with damage_named(self.name):
            raw = repacked(
                self.raw, written, self.calculated, main=self.main, hide=ledger_title, drop_calc_chain=recalculate
            )
            return replace(new, raw=raw)

    def refuse_cramped(self) -> None:
        """Raises Damaged naming a tab in which the rows a run adds would have no place. Asked before anything is sent."""
        for key in GROWING:
            part = self.parts[key]
            if part.last + ROOM > xlsx_xml.MAX_ROWS:
                raise Damaged(
                    f"Tab {part.tab.title!r} of {self.name} has no room for new rows: something stands in row {part.last:,} of "
                    f"{xlsx_xml.MAX_ROWS:,}.",
                    f"Delete rows of {part.tab.title!r} that nobody needs, or what stands in row {part.last:,}.",
                )
            if part.totals and xlsx_rows.pinned(
                part.sheet, part.totals, part.formulas, others=part.others, blank_drawing=part.blank_drawing
            ):
                raise Damaged(
                    f"Tab {part.tab.title!r} of {self.name} is a table whose totals row cannot move down to make room for new rows.",
                    "Switch it off (Table Design > Total Row), or put what else stands there on another tab.",
                )

    def obstacle(self) -> str:
        """Why no row may leave Orders; "" when rows may."""
        part = self.parts[frames.ORDERS]
        if found := part.obstacle:
            return found
        with zipfile.ZipFile(io.BytesIO(self.raw)) as archive:
            others = (
                archive.read(name)
                for name in archive.namelist()
                if name.endswith(".xml") and name.startswith("xl/") and name not in (part.part, self.styles_part)
            )
            return "links" if xlsx_rows.looked_at(part.tab.title, others) else ""

    def row(self, key: str) -> list[Cell] | None:
        """All cells of an order's row, staff's own columns, too; None when it stands in none or in several, or one is damaged."""
        part = self.parts[frames.ORDERS]
        numbers = part.keys.get(key, ())
        if len(numbers) != 1:
            return None
        place = bisect_left(part.sheet.numbers, numbers[0])
        try:
            areas = part.formulas.areas
            cells = next(xlsx_xml.read_cells(part.sheet, self.context, None, first=place, last=place + 1, areas=areas))[
                1
            ]
        except (IndexError, ValueError):  # a text that is not among the shared ones, in a column that no run reads
            return None
        while cells and cells[-1] is None:
            cells.pop()
        return cells

    def noted(self, key: str) -> Cell:
        """An order's Note as Archive keeps it."""
        part, row = self.parts[frames.ORDERS], self.row(key) or []
        place = part.positions[frames.NOTE]
        note = row[place] if place < len(row) else None
        return frames.noted(note, header_row(part.sheet, self.context), row, set(part.positions.values()))

    def _leaving(self, rows: Mapping[str, Row], shown: Book) -> dict[str, Row]:
        """The rows for Archive of the orders that still stand in Orders just as `shown` has them."""
        mine, theirs = self.parts[frames.ORDERS], shown.parts[frames.ORDERS]
        if shown is not self and (
            self.obstacle() or header_row(mine.sheet, self.context) != header_row(theirs.sheet, shown.context)
        ):
            return {}
        found = {}
        for key, row in rows.items():
            if (now := self.row(key)) is not None and (shown is self or repr(now) == repr(shown.row(key))):
                found[key] = {**row, frames.NOTE: self.noted(key)}
        return found

    def _part(self, name: str) -> bytes:
        return unpack(self.raw, self.name).read(name)


def xlsx_limit() -> int:
    """Most UTF-16 units one cell of an .xlsx file holds."""
    return 32_767


# --- reading ---------------------------------------------------------------------------------------------------------------


def find_sheet(package: Package, tab: Tab) -> str | None:
    """The part of a tab, by its title or a former one (case and white space aside), None when there is none."""
    exact = [part for title, part in package.sheets if title == tab.title]
    for wanted in tab.titles:
        exact += [part for title, part in package.sheets if templates.fold(title) == templates.fold(wanted)]
    return next(iter(exact), None)


def context_of(package: Package, styles: Styles) -> Context:
    """What cells mean in this workbook."""
    strings = xlsx_xml.read_strings(package.read(package.strings_part)) if package.strings_part else []
    return Context(strings, styles.dates(), xlsx_xml.EPOCH_1904 if package.date1904 else xlsx_xml.EPOCH_1900)


def header_row(sheet: Sheet, context: Context) -> list[Cell]:
    """What stands in row 1."""
    if not sheet.numbers or sheet.numbers[0] != 1:
        return []
    return next((cells for _, cells in xlsx_xml.read_cells(sheet, context, None, last=1)), [])


def rows_below(sheet: Sheet, context: Context) -> Iterator[tuple[int, list[Cell]]]:
    """The rows under row 1, each with its number and all its cells."""
    return xlsx_xml.read_cells(sheet, context, None, first=_below_headings(sheet))


def parse(raw: bytes, name: str, known: Templates, zone: ZoneInfo) -> tuple[Book, Snapshot]:
    """The workbook and what it says. Raises Damaged naming the tab, heading or `_ledger` row that is not as it must be."""
    package = unpack(raw, name)
    with damage_named(name):
        styles = Styles(package.read(package.styles_part), name)
        context = context_of(package, styles)
        parts: dict[str, TabPart] = {}
        shown: dict[str, pd.DataFrame] = {}
        memory = known.tab(templates.LEDGER)
        ledger: frames.LedgerTab | None = None
        if part_name := find_sheet(package, memory):
            parts[memory.key], ledger = _ledger(package, part_name, memory, context, name)
            known = known.in_language(frames.language(ledger.meta))
        known = known.titled(title for title, _ in package.sheets)
        if ledger is not None:
            known = known.as_of(ledger.meta.get(frames.VERSION_KEY))
        for tab in known.tabs:
            if tab.free_text or (tab.key == memory.key and ledger is not None):
                continue
            if (found := find_sheet(package, tab)) is None:
                raise (NotSetUp if tab.key == memory.key else Damaged)(
                    f"{name} has no tab {tab.called}.",
                    f"If it was renamed, name it {tab.title!r} again. Otherwise: {frames.INIT}",
                )
            made = _tab_part(package, found, tab, context, name)
            if tab.key in EAGER:
                parts[tab.key], rows = _read_whole(made, context)
                shown[tab.key] = frames.frame(tab, rows)
            else:
                parts[tab.key] = _looked_through(made, context)
    if ledger is None:  # pragma: no cover - the templates always have one
        raise Damaged(f"{name} has no ledger.", frames.INIT)
    book = Book(
        name,
        raw,
        known,
        zone,
        parts,
        styles,
        package.styles_part,
        context,
        ledger.meta,
        ledger.revision,
        ledger.places,
        ledger.free,
        package.main,
        tuple(part for tab in known.tabs if tab.free_text and (part := find_sheet(package, tab))),
    )
    return book, Snapshot(ledger.revision, _Tabs(book, shown), ledger.frame, ledger.meta, known.words)


def _tab_part(package: Package, part: str, tab: Tab, context: Context, name: str) -> TabPart:
    """A tab with its headings found, and nothing known of its rows yet."""
    sheet = Sheet.cut(package.read(part), f"Tab {tab.title!r} of {name}")
    positions = templates.positions(tab, header_row(sheet, context), name, rows_below(sheet, context))
    blank = b"drawing " in sheet.tail and _is_blank_drawing(package, part)
    tables = xlsx_tables.tables_of(package, part) if b"tablePart" in sheet.tail else ()
    ours = next((table for table in tables if table.holds_rows(positions.values())), None)
    return TabPart(
        tab, part, sheet, positions, 1, {}, {}, blank, table=ours, others=any(table is not ours for table in tables)
    )


def _ledger(package: Package, part: str, tab: Tab, context: Context, name: str) -> tuple[TabPart, frames.LedgerTab]:
    """The `_ledger` tab, which is the same in every language and says which one the others are in."""
    made = _tab_part(package, part, tab, context, name)
    ledger = frames.read_ledger(made.read(context), name)
    return replace(made, last=max((1, *made.sheet.numbers)), table=None), ledger


def _read_whole(part: TabPart, context: Context) -> tuple[TabPart, list[tuple[int, list[Cell]]]]:
    """A tab with its last row, its keys and its formulas, and its rows that show something."""
    wanted = [part.positions[key] for key in part.tab.keys]
    reader, totals = Reader(part.sheet, context, wanted), part.totals
    blank: list[Cell] = [None] * len(wanted)
    rows = [row for row in reader.rows(_below_headings(part.sheet)) if row[1] != blank and row[0] != totals]
    part = replace(part, formulas=reader.formulas)
    return _indexed(replace(part, last=_last(part, rows[-1][0] if rows else 1)), rows), rows


def _looked_through(part: TabPart, context: Context) -> TabPart:
    """A log with its last row, found from the end without reading the others, and its formulas.

    In one that is damaged every row counts as taken, and none may leave: it is named when somebody reads it.
    """
    try:
        part = replace(part, formulas=xlsx_xml.formulas_in(part.sheet))
        return replace(part, last=_last(part, _last_filled(part, context)))
    except (expat.ExpatError, IndexError, ValueError):
        return replace(part, formulas=Formulas(any=True), last=max((1, *part.sheet.numbers)))


def _last(part: TabPart, filled: int) -> int:
    """The last row that is taken: by a cell of ours, by an area that one formula fills, or by merged cells, which hide a row.

    Above a totals row it is the table's data that counts.
    """
    ours = set(part.positions.values())
    taken = [
        each.bottom
        for each in (*part.formulas.areas, *xlsx_rows.merged(part.sheet))
        if any(each.left <= index <= each.right for index in ours)
    ]
    return max((1, filled, *taken))


def as_found(raw: bytes, name: str, known: Templates) -> Templates:
    """`known` in the language the workbook is in, with the titles its tabs have. Raises Damaged."""
    return in_language_of(raw, name, known).titled(title for title, _ in unpack(raw, name).sheets)


def meta_of(raw: bytes, name: str, known: Templates) -> Mapping[str, str]:
    """The meta entries of the workbook's `_ledger`, {} where it has none. Raises Damaged."""
    package = unpack(raw, name)
    tab = known.tab(templates.LEDGER)
    if (part := find_sheet(package, tab)) is None:
        return {}
    context = context_of(package, Styles(package.read(package.styles_part), name))
    return _ledger(package, part, tab, context, name)[1].meta


def in_language_of(raw: bytes, name: str, known: Templates) -> Templates:
    """`known` in the language the workbook is in; as it is where the workbook does not say. Raises Damaged."""
    package = unpack(raw, name)
    tab = known.tab(templates.LEDGER)
    if (part := find_sheet(package, tab)) is None:
        return known.whole
    context = context_of(package, Styles(package.read(package.styles_part), name))
    sheet = Sheet.cut(package.read(part), f"Tab {tab.title!r} of {name}")
    for _, cells in xlsx_xml.read_cells(sheet, context, None):
        if frames.META in cells and frames.LANGUAGE in cells:
            return known.in_language(str(cells[cells.index(frames.LANGUAGE) + 1]))
    return known.in_language(ENGLISH.language)


def _is_blank_drawing(package: Package, part: str) -> bool:
    """Whether the drawing of a worksheet part is there with nothing in it."""
    try:
        drawings = [target for kind, target in package.relations(part).values() if kind == "drawing"]
        return bool(drawings) and not any(b"Anchor" in package.read(drawing) for drawing in drawings)
    except KeyError:  # it has no relations, or names a part that is not there
        return False


def _indexed(part: TabPart, rows: Sequence[tuple[int, Sequence[Cell]]]) -> TabPart:
    """`part` with its keys, from its rows that show something."""
    tab = part.tab
    if not tab.has(SYNC):
        return part
    key_slot, sync_slot = tab.keys.index(tab.key_column), tab.keys.index(SYNC)
    keys: dict[str, tuple[int, ...]] = {}
    unnamed: dict[str, tuple[int, ...]] = {}
    own = [id_text(cells[key_slot]) for _, cells in rows]
    named = [frames.sync_key(cells[sync_slot]) for _, cells in rows]
    answered = answered_as(own, named) if tab.key in CLAIMED else own
    for (number, _), key, name, shown in zip(rows, answered, named, own, strict=True):
        if shown and key == shown:
            keys[key] = (*keys.get(key, ()), number)
        elif name:
            unnamed[name] = (*unnamed.get(name, ()), number)
    return replace(part, keys=keys, unnamed=unnamed)


def _last_filled(part: TabPart, context: Context) -> int:
    """The last row that holds a value in one of our columns, found from the end without reading the others."""
    sheet = part.sheet
    wanted = [part.positions[key] for key in part.tab.keys]
    blank: list[Cell] = [None] * len(wanted)
    end, below, areas = len(sheet.numbers), _below_headings(sheet), part.formulas.areas
    while end > below:
        start = max(below, end - _CHUNK)
        rows = list(xlsx_xml.read_cells(sheet, context, wanted, first=start, last=end, areas=areas))
        for number, cells in reversed(rows):
            if cells != blank and number != part.totals:
                return number
        end = start
    return 1


class _Tabs(Mapping[str, "pd.DataFrame"]):
    """A Snapshot's frames; those of the logs are made when asked for."""

    def __init__(self, book: Book, ready: dict[str, pd.DataFrame]) -> None:
        self._book, self._ready = book, ready
        self._keys = tuple(tab.key for tab in book.templates.data_tabs)

    def __getitem__(self, key: str) -> pd.DataFrame:
        if key not in self._ready:
            if key not in self._keys:
                raise KeyError(key)
            part = self._book.parts[key]
            try:
                self._ready[key] = frames.frame(part.tab, part.read(self._book.context))
            except (expat.ExpatError, IndexError, ValueError) as error:
                raise Damaged(
                    f"Tab {part.tab.title!r} of {self._book.name} is damaged inside: {error}.", RESAVE
                ) from error
        return self._ready[key]

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


# --- changing --------------------------------------------------------------------------------------------------------------


def _noted(part: TabPart, column: str, notes: Mapping[str, str], ink: Ink) -> tuple[TabPart, bool]:
    """`part` with Sync (or State) texts put in the rows of their keys, and whether one of them took a formula's place.

    A row whose cell is one of an area that a formula of staff's fills from other columns is left as it is.
    """
    sheet, index = part.sheet, part.positions[column]
    places = {number: place for place, number in enumerate(sheet.numbers)}
    wide = [each for each in part.formulas.areas if each.left <= index <= each.right and each.left != each.right]
    targets = [
        (text, each)
        for key, text in notes.items()
        for each in (*part.keys.get(key, ()), *part.unnamed.get(key, ()))
        if not any(one.holds(each, index) for one in wide)
    ]
    if part.formulas.any and any(_is_many(part, places, number, index) for _, number in targets):
        sheet = xlsx_xml.written_out(sheet, index)
        kept = tuple(each for each in part.formulas.areas if not each.left <= index <= each.right or each in wide)
        part = replace(part, formulas=replace(part.formulas, areas=kept))
    changed: dict[int, bytes] = {}
    had_formula = False
    reader = Reader(sheet, xlsx_xml.NO_CONTEXT, None, places=True)
    for text, number in targets:
        row = sheet.rows[places[number]]
        there = reader.where(number, row)
        had_formula = had_formula or any(each.index == index and each.formula is not None for each in there)
        style = xlsx_xml.style_at(sheet, there, index)
        cell = ink.cell(f"{letters(index)}{number}", text, style, sheet.prefix)
        row = xlsx_xml.with_cells(sheet, number, row, {index: cell}, there)
        changed[number] = xlsx_xml.at_least(row, _height(part.tab, {column: text}))
    return replace(part, sheet=sheet.with_rows(changed)), had_formula


def _is_many(part: TabPart, places: Mapping[int, int], number: int, index: int) -> bool:
    """Whether the cell at `index` of a row is one that other cells depend on for their formula, or one of an area."""
    if any(each.holds(number, index) for each in part.formulas.areas):
        return True
    there = xlsx_xml.where(part.sheet, number, part.sheet.rows[places[number]])
    found = next((each.formula for each in there if each.index == index), None)
    return found is not None and found.get("t") == "shared"


def _appended(part: TabPart, rows: Sequence[Row], ink: Ink) -> TabPart:
    """`part` with rows below its last one; a row that holds only staff's own columns there is filled, not pushed down."""
    part = _with_room(part, len(rows))
    sheet, tab = part.sheet, part.tab
    there = {number: place for place, number in enumerate(sheet.numbers) if number > part.last}
    changed: dict[int, bytes] = {}
    keys, unnamed = dict(part.keys), dict(part.unnamed)
    number = part.last
    for number, row in enumerate(rows, start=part.last + 1):
        if number > xlsx_xml.MAX_ROWS:
            raise Damaged(
                f"Tab {tab.title!r} is full ({xlsx_xml.MAX_ROWS:,} rows).", "Delete old rows that nobody needs."
            )
        existing = sheet.rows[there[number]] if number in there else None
        places = [] if existing is None else xlsx_xml.where(sheet, number, existing)
        cells: dict[int, bytes] = {}
        for key, value in row.items():
            index = part.positions[key]
            if value is None and existing is None:
                continue
            style = xlsx_xml.style_at(sheet, places, index)
            shown = tab.column(key).chosen(value) if isinstance(value, bool) else value
            cells[index] = ink.cell(f"{letters(index)}{number}", shown, style, sheet.prefix)
        if existing is None:
            changed[number] = xlsx_xml.row_xml(sheet, number, cells, _height(tab, row))
        else:
            filled = xlsx_xml.with_cells(sheet, number, xlsx_xml.in_sight(existing), cells)
            changed[number] = xlsx_xml.at_least(filled, _height(tab, row))
        if tab.has(SYNC):
            name = id_text(row.get(tab.key_column))
            index_of, name = (keys, name) if name else (unnamed, frames.sync_key(row.get(SYNC)))
            if name:
                index_of[name] = (*index_of.get(name, ()), number)
    sheet = sheet.with_rows(changed)
    table = part.table.reaching(number) if part.table else None
    return replace(part, sheet=sheet, last=max(number, part.last), keys=keys, unnamed=unnamed, table=table)


def _with_room(part: TabPart, count: int) -> TabPart:
    """`part` with so many rows free above its totals row; what stands from there on moves down."""
    table = part.table
    if table is None or not table.totals:
        return part
    last = min(part.last, table.last)
    more = last + count - table.last
    part = replace(part, last=last)
    if more <= 0:
        return part
    at = part.totals

    def after(index: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        return {key: tuple(n + more if n >= at else n for n in places) for key, places in index.items()}

    return replace(
        part,
        sheet=xlsx_rows.pushed(part.sheet, at, more),
        keys=after(part.keys),
        unnamed=after(part.unnamed),
        table=table.reaching(last + count),
    )


def _removed(part: TabPart, keys: Iterable[str]) -> TabPart:
    """`part` without the rows of these keys."""
    return _without(part, [number for key in keys for number in part.keys[key]])


def _without(part: TabPart, numbers: Sequence[int]) -> TabPart:
    removed = sorted(numbers)
    gone = set(removed)

    def after(index: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        left = {
            key: tuple(xlsx_rows.moved(n, removed) for n in places if n not in gone) for key, places in index.items()
        }
        return {key: places for key, places in left.items() if places}

    return replace(
        part,
        sheet=xlsx_rows.without(part.sheet, removed),
        last=xlsx_rows.moved(part.last + 1, removed) - 1,
        keys=after(part.keys),
        unnamed=after(part.unnamed),
    )


def _pruned(part: TabPart, most: int) -> TabPart:
    """A log cut to its last rows, where that breaks nothing somebody added to it."""
    if part.last - 1 <= most * frames.SLACK or part.obstacle:
        return part
    first = part.last - most
    return _without(part, [number for number in part.sheet.numbers if 1 < number <= first])


def _height(tab: Tab, row: Row) -> float | None:
    """A row's height in points when a text in it wraps: enough for it, up to six lines. None leaves it to the program."""
    lines = max(guide.shown_lines(column, row.get(column.key)) if column.wraps else 1 for column in tab.columns)
    return None if lines == 1 else _LINE_HEIGHT * min(lines, guide.MOST_LINES)


class _Ledger:
    """The `_ledger` tab being written: rows put in by name, freed rows used again."""

    def __init__(self, part: TabPart, places: dict[tuple[str, str], int], free: list[int], ink: Ink) -> None:
        self._part, self.places, self.free, self._ink = part, places, free, ink
        self._next = part.last + 1
        self._changed: dict[int, bytes] = {}

    def put(self, name: tuple[str, str], row: Row | None) -> None:
        """Inserts or replaces the row called `name`, or frees its place for None."""
        sheet = self._part.sheet
        number = self.places.get(name)
        if row is None:
            if number is not None:
                del self.places[name]
                self.free.append(number)
                self._changed[number] = xlsx_xml.row_xml(sheet, number, {})
            return
        if number is None:
            if self.free:
                number = self.free.pop()
            else:
                number, self._next = self._next, self._next + 1
            self.places[name] = number
        cells: dict[int, bytes] = {}
        for key in COLUMNS:
            value = row.get(key)
            if value is not None and value != "":
                index = self._part.positions[key]
                text = _instant(value)
                cells[index] = self._ink.cell(
                    f"{letters(index)}{number}", text, sheet.styles.get(index, 0), sheet.prefix
                )
        self._changed[number] = xlsx_xml.row_xml(sheet, number, cells)

    def part(self) -> TabPart:
        return replace(
            self._part, sheet=self._part.sheet.with_rows(dict(sorted(self._changed.items()))), last=self._next - 1
        )


def _instant(value: Cell) -> Cell:
    """An aware time as text, which keeps it exactly; anything else (a cell as it was seen) as it is."""
    return value.isoformat() if isinstance(value, datetime) and value.tzinfo else value


# --- packing ---------------------------------------------------------------------------------------------------------------

_CALC_CHAIN: Final = "calcchain.xml"


def _same_bytes(xml: bytes) -> bytes:
    return xml


def repacked(
    raw: bytes,
    written: Mapping[str, Callable[[], bytes]],
    calculated: Iterable[str] = (),
    *,
    main: str,
    hide: str,
    drop_calc_chain: bool = False,
) -> bytes:
    """The file with some parts replaced and all others as they are. main: the workbook part. hide: the tab nobody is to see.

    Programs are told to calculate formulas anew when they open it, since the cells they look at may have changed.
    LibreOffice does not listen where the file is its own and a result is there: so the parts `calculated` lose theirs.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as before:
        package = Package(before)
        members = before.infolist()
        names = {info.filename for info in members}
        data = {name: make() for name, make in written.items()}
        for name in calculated:
            xml = package.read(name)
            if (unknown := xlsx_xml.without_results(xml)) != xml:
                data[name] = unknown
        if drop_calc_chain:
            members = [info for info in members if not info.filename.casefold().endswith(_CALC_CHAIN)]
            for name in [info.filename for info in members]:
                if name.endswith(".rels") or name.casefold() == "[content_types].xml":
                    xml = data.get(name) or package.read(name)
                    data[name] = _CHAINED.sub(b"", xml)
        for name in [name for name in written if name not in names]:
            _announced(package, name, main, data)
        data[main] = _opened_anew(data.get(main) or package.read(main), hide)
    return xlsx_zip.replaced(raw, members, data)


_CHAINED: Final = re.compile(rb"<(?:[\w.-]+:)?(?:Relationship|Override)\s[^>]*calcChain\.xml[^>]*/>", re.IGNORECASE)


def _announced(package: Package, name: str, main: str, data: dict[str, bytes]) -> None:
    """Names the styles part, which is optional, where a file has had none."""
    types = package.find("[Content_Types].xml")
    relations = package.find(xlsx_package.relations_of(main))
    entry = f'<Override PartName="/{name}" ContentType="{xlsx_package.STYLES_TYPE}"/>'
    data[types] = _before_end(data.get(types) or package.read(types), entry)
    entry = (
        f'<Relationship Id="reconcileStyles" Type="{xlsx_package.STYLES_KIND}" Target="{posixpath.basename(name)}"/>'
    )
    data[relations] = _before_end(data.get(relations) or package.read(relations), entry)


def _before_end(xml: bytes, entry: str) -> bytes:
    """An element put at the end of a part's root, with the root's own prefix."""
    end = xml.rindex(b"</")
    prefix = xml[end + 2 :].partition(b":")[0] + b":" if b":" in xml[end:] else b""
    return xml[:end] + b"<" + prefix + entry[1:].encode() + xml[end:]


_SHEET: Final = re.compile(rb"<(?:[\w.-]+:)?sheet(?=\s)")
_STATE: Final = re.compile(rb"""\sstate\s*=\s*["'][^"']*["']""")


def _opened_anew(xml: bytes, hide: str) -> bytes:
    """workbook.xml with formulas to be calculated on opening, and the tab `hide` out of the list of hidden tabs.

    A program that keeps values only brings it in sight: then it goes out of sight again.
    """
    for found in reversed(list(_SHEET.finditer(xml))):
        end, attributes = opened(xml[found.start() :])
        title = attributes.get(b"name", b"").decode()
        if templates.fold(title) == templates.fold(hide) and attributes.get(b"state") != b"veryHidden":
            tag = _STATE.sub(b"", xml[found.start() : found.start() + end])
            at = found.end() - found.start()
            xml = xml[: found.start()] + tag[:at] + b' state="veryHidden"' + tag[at:] + xml[found.start() + end :]
    found_calc = re.search(rb"<((?:[\w.-]+:)?)calcPr\b([^>]*?)(/?)>", xml)
    if not found_calc or b'fullCalcOnLoad="1"' in found_calc[2]:
        return xml
    attributes_left = re.sub(rb"""\sfullCalcOnLoad=["'][^"']*["']""", b"", found_calc[2])
    calc = b'<%scalcPr%s fullCalcOnLoad="1"%s>' % (found_calc[1], attributes_left, found_calc[3])
    return xml[: found_calc.start()] + calc + xml[found_calc.end() :]
