"""An .xlsx workbook in memory: its parts as bytes, our tabs found in it, and a commit applied to them.

A value: `applied` gives a new one and leaves this one as it is, so a write that fails leaves nothing half-changed.
"""

from __future__ import annotations

import contextlib
import io
import posixpath
import re
import struct
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

from reconcile.core.cells import id_text
from reconcile.core.ledger import COLUMNS, SCHEMA
from reconcile.core.model import SYNC, Snapshot
from reconcile.core.words import ENGLISH
from reconcile.errors import AccessRefused, Damaged, NotSetUp
from reconcile.workbook import frames, guide, templates, xlsx_rows, xlsx_xml, xlsx_zip
from reconcile.workbook.templates import letters
from reconcile.workbook.xlsx_xml import Context, Ink, Sheet, Styles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    import pandas as pd

    from reconcile.core.model import Cell, Commit, Row
    from reconcile.workbook.templates import Tab, Templates

MAX_UNPACKED: Final = 2_000_000_000
"""A file that claims to unpack to more is not one of ours."""

EAGER: Final = ("orders", "refills", "cancels", "payments", "tickets", "services", "approvals", "ledger")
"""Tabs a run always looks at; the logs are read only when somebody asks for them."""

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LINE_HEIGHT: Final = 15.0
_SPOILED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,  # a part is said to be locked, or packed in a way that zipfile does not know
    OSError,  # … or with bzip2
    expat.ExpatError,
    ET.ParseError,
    KeyError,
    IndexError,  # a cell's text is not among the shared ones
    ValueError,
)
"""What comes of a file with wrong bytes in it, which is never a bug of ours."""
RESAVE: Final = "Open it in a spreadsheet program and save it again as .xlsx, or restore it from a backup."


@contextlib.contextmanager
def damage_named(name: str) -> Iterator[None]:
    """Raises Damaged for what comes of wrong bytes in the workbook `name`."""
    try:
        yield
    except _SPOILED as error:
        raise Damaged(f"{name} is damaged inside: {error}.", RESAVE) from error


@dataclass(frozen=True)
class TabPart:
    """One of our tabs: where it is, its rows as bytes, and what a commit must know about them.

    positions: column key → column index. last: number of the last row that shows something in a column of ours.
    keys: row key → row numbers. unnamed: key its Sync text starts with → numbers of rows whose key cell is blank.
    blank_drawing: it names a drawing, and nothing stands there.
    """

    tab: Tab
    part: str
    sheet: Sheet
    positions: Mapping[str, int]
    last: int
    keys: Mapping[str, tuple[int, ...]]
    unnamed: Mapping[str, tuple[int, ...]]
    blank_drawing: bool = False

    @property
    def obstacle(self) -> str:
        """Why no row may leave it; "" when rows may."""
        return xlsx_rows.obstacle(self.sheet, blank_drawing=self.blank_drawing)

    def xml(self) -> bytes:
        """The worksheet part with what was changed in it."""
        return self.sheet.xml(set(self.positions.values()))


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
        for key, notes in change.sync.items():
            parts[key], had_formula = _noted(parts[key], notes, ink)
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
        written = {part.part: part.xml for key, part in parts.items() if part is not self.parts[key]}
        if styles.changed:
            written[self.styles_part] = styles.xml
        with damage_named(self.name):
            return replace(new, raw=repacked(self.raw, written, self.calculated, drop_calc_chain=recalculate))

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
            cells = next(xlsx_xml.read_cells(part.sheet, self.context, None, first=place, last=place + 1))[1]
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
        with zipfile.ZipFile(io.BytesIO(self.raw)) as archive:
            return archive.read(name)


def xlsx_limit() -> int:
    """Most UTF-16 units one cell of an .xlsx file holds."""
    return 32_767


# --- reading ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Package:
    """The parts of an .xlsx file: the worksheets by title, and where texts and styles are."""

    archive: zipfile.ZipFile
    sheets: tuple[tuple[str, str], ...]
    styles_part: str
    strings_part: str
    date1904: bool


def unpack(raw: bytes, name: str) -> Package:
    """Opens the file as a zip and finds its way around.

    Raises Damaged when it is not an .xlsx file, AccessRefused when it is encrypted with a password.
    """
    if raw.startswith(_OLE):
        raise AccessRefused(
            f"{name} is protected with a password, or is an old .xls file.",
            "Save it as .xlsx without a password to open it.",
        )
    if not raw:
        raise Damaged(
            f"{name} is empty, so not a complete .xlsx workbook.",
            "Restore it from a backup. If it never held anything, delete it, then run `reconcile init`.",
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
            raise Damaged(f"{name} is far too big for a workbook.", RESAVE)
        names = set(archive.namelist())
        if any(part.endswith("vbaProject.bin") for part in names):
            raise Damaged(
                f"{name} holds macros (vbaProject.bin).", "Save it as an ordinary .xlsx workbook without macros."
            )
        if any(part.startswith("_xmlsignatures/") for part in names):
            raise Damaged(
                f"{name} is digitally signed; any change would break the signature.",
                "Remove the signature, then run again.",
            )
        root = _relations(archive, "")
        main = next(target for kind, target in root.values() if kind == "officeDocument")
        relations = _relations(archive, main)
        workbook = _tree(archive.read(main))
        sheets = tuple(
            (str(element.get("name")), relations[_relation_id(element)][1])
            for element in workbook.iter()
            if _local(element.tag) == "sheet" and relations.get(_relation_id(element), ("", ""))[0] == "worksheet"
        )
        date1904 = any(
            _local(element.tag) == "workbookPr" and element.get("date1904") in ("1", "true")
            for element in workbook.iter()
        )
        by_kind = {kind: target for kind, target in relations.values() if kind in ("styles", "sharedStrings")}
        return Package(archive, sheets, by_kind["styles"], by_kind.get("sharedStrings", ""), date1904)
    except (*_SPOILED, StopIteration) as error:
        raise Damaged(f"{name} is not a complete .xlsx workbook.", RESAVE) from error


def _tree(xml: bytes) -> ET.Element:
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise ET.ParseError("a document type is declared")
    return ET.fromstring(xml)  # noqa: S314 - without a document type there are no entities to expand


def _relation_id(element: ET.Element) -> str:
    return next((value for key, value in element.attrib.items() if _local(key) == "id" and "}" in key), "")


def _relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    folder, file = posixpath.split(part)
    root = _tree(archive.read(posixpath.join(folder, "_rels", f"{file}.rels")))
    found: dict[str, tuple[str, str]] = {}
    for relation in root:
        target = str(relation.get("Target"))
        whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        found[str(relation.get("Id"))] = (str(relation.get("Type")).rpartition("/")[2], whole)
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def find_sheet(package: Package, tab: Tab) -> str | None:
    """The part of a tab, by its title (case and white space aside), None when there is none."""
    exact = [part for title, part in package.sheets if title == tab.title]
    folded = [part for title, part in package.sheets if templates.fold(title) == templates.fold(tab.title)]
    return next(iter(exact or folded), None)


def context_of(package: Package, styles: Styles) -> Context:
    """What cells mean in this workbook."""
    strings = xlsx_xml.read_strings(package.archive.read(package.strings_part)) if package.strings_part else []
    return Context(strings, styles.dates(), xlsx_xml.EPOCH_1904 if package.date1904 else xlsx_xml.EPOCH_1900)


def header_row(sheet: Sheet, context: Context) -> list[Cell]:
    """What stands in row 1."""
    if not sheet.numbers or sheet.numbers[0] != 1:
        return []
    return next((cells for _, cells in xlsx_xml.read_cells(sheet, context, None, last=1)), [])


def rows_below(sheet: Sheet, context: Context) -> Iterator[tuple[int, list[Cell]]]:
    """The rows under row 1, each with its number and all its cells."""
    return xlsx_xml.read_cells(sheet, context, None, first=1 if sheet.numbers[:1] == (1,) else 0)


def parse(raw: bytes, name: str, known: Templates, zone: ZoneInfo) -> tuple[Book, Snapshot]:
    """The workbook and what it says. Raises Damaged naming the tab, heading or `_ledger` row that is not as it must be."""
    package = unpack(raw, name)
    with damage_named(name):
        styles = Styles(package.archive.read(package.styles_part), name)
        context = context_of(package, styles)
        parts: dict[str, TabPart] = {}
        shown: dict[str, pd.DataFrame] = {}
        memory = known.tab(templates.LEDGER)
        ledger: frames.LedgerTab | None = None
        if part_name := find_sheet(package, memory):
            parts[memory.key], ledger = _ledger(package, part_name, memory, context, name)
            known = known.in_language(frames.language(ledger.meta))
        for tab in known.tabs:
            if tab.free_text or (tab.key == memory.key and ledger is not None):
                continue
            part_name = find_sheet(package, tab)
            if part_name is None:
                raise (NotSetUp if tab.key == memory.key else Damaged)(
                    f"{name} has no tab {tab.title!r}.",
                    f"If it was renamed, name it {tab.title!r} again. Otherwise: {frames.INIT}",
                )
            sheet = Sheet.cut(package.archive.read(part_name), f"Tab {tab.title!r} of {name}")
            positions = templates.positions(tab, header_row(sheet, context), name, rows_below(sheet, context))
            wanted = [positions[key] for key in tab.keys]
            first = 1 if sheet.numbers and sheet.numbers[0] == 1 else 0
            blank = b"drawing " in sheet.tail and _is_blank_drawing(package.archive, part_name)
            if tab.key in EAGER:
                rows = [
                    row
                    for row in xlsx_xml.read_cells(sheet, context, wanted, first=first)
                    if any(cell is not None for cell in row[1])
                ]
                parts[tab.key] = _indexed(TabPart(tab, part_name, sheet, positions, 1, {}, {}, blank), rows)
                shown[tab.key] = frames.frame(tab, rows)
            else:
                last = _last_filled(sheet, wanted)
                parts[tab.key] = TabPart(tab, part_name, sheet, positions, last, {}, {}, blank)
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
        tuple(part for tab in known.tabs if tab.free_text and (part := find_sheet(package, tab))),
    )
    return book, Snapshot(ledger.revision, _Tabs(book, shown), ledger.frame, ledger.meta, known.words)


def _ledger(package: Package, part: str, tab: Tab, context: Context, name: str) -> tuple[TabPart, frames.LedgerTab]:
    """The `_ledger` tab, which is the same in every language and says which one the others are in."""
    sheet = Sheet.cut(package.archive.read(part), f"Tab {tab.title!r} of {name}")
    positions = templates.positions(tab, header_row(sheet, context), name, rows_below(sheet, context))
    wanted = [positions[key] for key in tab.keys]
    first = 1 if sheet.numbers and sheet.numbers[0] == 1 else 0
    ledger = frames.read_ledger(xlsx_xml.read_cells(sheet, context, wanted, first=first), name)
    return TabPart(tab, part, sheet, positions, max((1, *sheet.numbers)), {}, {}), ledger


def in_language_of(raw: bytes, name: str, known: Templates) -> Templates:
    """`known` in the language the workbook is in; as it is where the workbook does not say. Raises Damaged."""
    package = unpack(raw, name)
    tab = known.tab(templates.LEDGER)
    if (part := find_sheet(package, tab)) is None:
        return known
    context = context_of(package, Styles(package.archive.read(package.styles_part), name))
    sheet = Sheet.cut(package.archive.read(part), f"Tab {tab.title!r} of {name}")
    for _, cells in xlsx_xml.read_cells(sheet, context, None):
        if frames.META in cells and frames.LANGUAGE in cells:
            return known.in_language(str(cells[cells.index(frames.LANGUAGE) + 1]))
    return known.in_language(ENGLISH.language)


def _is_blank_drawing(archive: zipfile.ZipFile, part: str) -> bool:
    """Whether the drawing of a worksheet part is there with nothing in it."""
    try:
        drawings = [target for kind, target in _relations(archive, part).values() if kind == "drawing"]
        return bool(drawings) and not any(b"Anchor" in archive.read(drawing) for drawing in drawings)
    except KeyError:  # it has no relations, or names a part that is not there
        return False


def _indexed(part: TabPart, rows: Sequence[tuple[int, Sequence[Cell]]]) -> TabPart:
    """`part` with its last row and its keys, from its rows that show something."""
    tab = part.tab
    last = rows[-1][0] if rows else 1
    if not tab.has(SYNC):
        return replace(part, last=last)
    key_slot, sync_slot = tab.keys.index(tab.key_column), tab.keys.index(SYNC)
    keys: dict[str, tuple[int, ...]] = {}
    unnamed: dict[str, tuple[int, ...]] = {}
    for number, cells in rows:
        key = id_text(cells[key_slot])
        if key:
            keys[key] = (*keys.get(key, ()), number)
        elif key := frames.sync_key(cells[sync_slot]):
            unnamed[key] = (*unnamed.get(key, ()), number)
    return replace(part, last=last, keys=keys, unnamed=unnamed)


def _last_filled(sheet: Sheet, wanted: Sequence[int]) -> int:
    """The last row that holds a value in one of our columns, found from the end without reading the others."""
    ours = "|".join(letters(index) for index in wanted).encode()
    prefix = sheet.prefix.encode()
    pattern = re.compile(rb"<%sc\s[^>]*?\br=[\"'](?:%s)\d+[\"'][^>/]*>\s*<%s(?:v|is|f)[\s>/]" % (prefix, ours, prefix))
    for number, row in zip(reversed(sheet.numbers), reversed(sheet.rows), strict=True):
        if number > 1 and pattern.search(row):
            return number
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
            wanted = [part.positions[column] for column in part.tab.keys]
            first = 1 if part.sheet.numbers and part.sheet.numbers[0] == 1 else 0
            try:
                self._ready[key] = frames.frame(
                    part.tab, xlsx_xml.read_cells(part.sheet, self._book.context, wanted, first=first)
                )
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


def _noted(part: TabPart, notes: Mapping[str, str], ink: Ink) -> tuple[TabPart, bool]:
    """`part` with Sync texts put in the rows of their keys, and whether one of them took a formula's place."""
    sheet, index = part.sheet, part.positions[SYNC]
    places = {number: place for place, number in enumerate(sheet.numbers)}
    targets = [
        (text, each) for key, text in notes.items() for each in (*part.keys.get(key, ()), *part.unnamed.get(key, ()))
    ]
    if any(xlsx_xml.shares_formula(sheet.rows[places[number]], index) for _, number in targets):
        sheet = xlsx_xml.unshared(sheet)
    changed: dict[int, bytes] = {}
    had_formula = False
    for text, number in targets:
        row = sheet.rows[places[number]]
        had_formula = had_formula or xlsx_xml.has_formula(row, index)
        style = xlsx_xml.style_at(sheet, row, index)
        cell = ink.cell(f"{letters(index)}{number}", text, style, sheet.prefix)
        row = xlsx_xml.with_cells(sheet, number, changed.get(number, row), {index: cell})
        changed[number] = xlsx_xml.at_least(row, _height(part.tab, {SYNC: text}))
    return replace(part, sheet=sheet.with_rows(changed)), had_formula


def _appended(part: TabPart, rows: Sequence[Row], ink: Ink) -> TabPart:
    """`part` with rows below its last one; a row that holds only staff's own columns there is filled, not pushed down."""
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
        cells: dict[int, bytes] = {}
        for key, value in row.items():
            index = part.positions[key]
            if value is None and existing is None:
                continue
            style = xlsx_xml.style_at(sheet, existing, index)
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
    return replace(part, sheet=sheet.with_rows(changed), last=number, keys=keys, unnamed=unnamed)


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

_CALC_CHAIN: Final = "calcChain.xml"


def repacked(
    raw: bytes,
    written: Mapping[str, Callable[[], bytes]],
    calculated: Iterable[str] = (),
    *,
    drop_calc_chain: bool = False,
) -> bytes:
    """The file with some parts replaced and all others as they are.

    Programs are told to calculate formulas anew when they open it, since the cells they look at may have changed.
    LibreOffice does not listen where the file is its own and a result is there: so the parts `calculated` lose theirs.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as before:
        members = before.infolist()
        data = {name: make() for name, make in written.items()}
        for name in calculated:
            xml = before.read(name)
            if (unknown := xlsx_xml.without_results(xml)) != xml:
                data[name] = unknown
        if drop_calc_chain:
            members = [info for info in members if not info.filename.endswith(_CALC_CHAIN)]
            for name in [info.filename for info in members]:
                if name.endswith(".rels") or name == "[Content_Types].xml":
                    xml = data.get(name) or before.read(name)
                    data[name] = re.sub(rb"<(?:Relationship|Override)\s[^>]*calcChain\.xml[^>]*/>", b"", xml)
        for name in [info.filename for info in members if info.filename.endswith("workbook.xml")]:
            data[name] = _opened_anew(data.get(name) or before.read(name))
    return xlsx_zip.replaced(raw, members, data)


def _opened_anew(xml: bytes) -> bytes:
    """workbook.xml with formulas to be calculated on opening, and `_ledger` still out of the list of hidden tabs."""
    xml = re.sub(rb'(<(?:[\w.-]+:)?sheet\s[^>]*name="_ledger"[^>]*state=")hidden"', rb'\1veryHidden"', xml)
    found = re.search(rb"<((?:[\w.-]+:)?)calcPr\b([^>]*?)(/?)>", xml)
    if not found or b'fullCalcOnLoad="1"' in found[2]:
        return xml
    attributes = re.sub(rb"""\sfullCalcOnLoad=["'][^"']*["']""", b"", found[2])
    calc = b'<%scalcPr%s fullCalcOnLoad="1"%s>' % (found[1], attributes, found[3])
    return xml[: found.start()] + calc + xml[found.end() :]
