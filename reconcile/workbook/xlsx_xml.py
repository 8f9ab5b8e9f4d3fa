"""The XML inside an .xlsx file, as bytes: rows are cut out, read, changed and put back; everything else stays byte for byte.

A workbook belongs to its staff: charts, pictures, pivot tables, comments, colours, filters and formulas they made must
survive a commit. Libraries that load a workbook and save it again drop what they do not know, so a commit touches only
the cells it means. Source of the format: ECMA-376 part 1, chapters 18.3 (worksheets), 18.4 (strings), 18.8 (styles).
"""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat

from reconcile.core.cells import Formula
from reconcile.errors import Damaged
from reconcile.workbook import frames
from reconcile.workbook.templates import letters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from reconcile.core.model import Cell

MAX_ROWS: Final = 1_048_576
EPOCH_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets have no time zones
EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - same

_EXACT_DIGITS: Final = 10**15
"""Spreadsheets keep 15 digits; a longer whole number is stored as text rather than rounded."""

_STEP: Final = 1_000
"""Rows by which drop-downs grow."""

_FIRST_SAFE_YEAR: Final = 1901
"""Excel's calendar has a 29 February 1900; nothing of ours is that old."""


# --- text ------------------------------------------------------------------------------------------------------------------

_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """What an ST_Xstring means: `_x000D_` is a carriage return, `_x005F_x000D_` the text `_x000D_`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def text_xml(text: str, prefix: str = "") -> str:
    """`text` as the inside of `<is>`, reading back the same in every program.

    A carriage return is a character reference, because a parser turns a bare one into a line feed. A literal `_x000D_` is
    cut into two runs, because an escape is recognised only within one: so it needs no escaping, which not all understand.
    """
    pieces = _cut_escapes(frames.visible(text))
    runs = [f'<{prefix}t xml:space="preserve">{_xml(piece)}</{prefix}t>' for piece in pieces]
    return runs[0] if len(runs) == 1 else "".join(f"<{prefix}r>{run}</{prefix}r>" for run in runs)


def _cut_escapes(text: str) -> list[str]:
    pieces, start = [], 0
    while found := _ESCAPED.search(text, start):
        pieces.append(text[start : found.start() + 2])
        start = found.start() + 2
    return [*pieces, text[start:]]


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


_DECLARED: Final = re.compile(rb"""^<\?xml\s[^>]*?encoding\s*=\s*["']([\w.-]+)["'][^>]*\?>""")
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BARE: Final = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"))
"""How a declaration without a mark begins in encodings of two bytes."""


def utf8(xml: bytes) -> bytes:
    """An XML part in UTF-8, whatever encoding XML lets it be in. Raises ValueError for one that is not what it says."""
    if xml.startswith(b"<") and not xml.startswith(b"<\0"):
        declared = _DECLARED.match(xml[:200])
        if declared is None or declared[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
            return xml
        encoding = declared[1].decode()
    else:
        found = next(((mark, name) for mark, name in _MARKS if xml.startswith(mark)), None)
        mark, encoding = found or (b"", next((name for bare, name in _BARE if xml.startswith(bare)), "utf-8"))
        xml = xml[len(mark) :]
    try:
        text = xml.decode(encoding)
    except LookupError as error:
        raise ValueError(f"its encoding {encoding} is not known") from error
    return _DECLARED.sub(_DECLARATION, text.encode(), count=1)


# --- columns ---------------------------------------------------------------------------------------------------------------


def column_index(reference: str) -> int:
    """A column's index from its letters: A → 0, AA → 26."""
    index = 0
    for char in reference:
        index = index * 26 + ord(char) - 64
    return index - 1


# --- sheets ----------------------------------------------------------------------------------------------------------------

_ROOT: Final = re.compile(rb"<(?:([\w.-]+):)?worksheet\b")
_DATA: Final = re.compile(rb"<(?:([\w.-]+):)?sheetData\s*(/?)>")
_OPENING: Final = re.compile(rb"""<[^\s/>]+(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_ATTRIBUTE: Final = re.compile(rb"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_NUMBERED: Final = re.compile(rb'<(?:[\w.-]+:)?row r="(\d+)"')
"""How nearly all rows open: the fast path of `_number`."""

_REFERENCE: Final = re.compile(rb"""\sr\s*=\s*["']\$?[A-Za-z]+\$?(\d+)["']""")
_HEIGHT: Final = re.compile(rb"""(\sht\s*=\s*["'])([\d.]+)(["'])""")
_HIDDEN: Final = re.compile(rb"""\shidden\s*=\s*["'][^"']*["']""")
_SPANS: Final = re.compile(rb"""\sspans\s*=\s*["'][^"']*["']""")
_DIMENSION: Final = re.compile(rb"""(dimension\s+ref=["'])([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?(["'])""")
_FILTER: Final = re.compile(rb"""(autoFilter\s+ref=["']\$?[A-Z]+\$?\d+:\$?[A-Z]+\$?)(\d+)(["'])""")
_RULE_AREAS: Final = re.compile(
    rb"""(<(?:[\w.-]+:)?(?:conditionalFormatting|dataValidation)(?=\s)[^>]*?\ssqref=["'])([^"']*)"""
)
_SPAN: Final = re.compile(rb"(?<!\S)([A-Z]+)2:([A-Z]+)(\d+)(?!\S)")
"""A span of whole columns below the headings, as drop-downs and colours have it. Some programs cut it to the rows in use."""

_COL: Final = re.compile(rb"<(?:[\w.-]+:)?col\s([^>]*?)/?>")


@dataclass(frozen=True)
class Sheet:
    """A worksheet part, cut at its rows: head + rows + tail is the part. `numbers` are the rows' numbers, rising.

    `prefix` is the XML prefix of its elements ("" or like "x:"). `styles`: column index → the style of its empty cells.
    """

    head: bytes
    numbers: tuple[int, ...]
    rows: tuple[bytes, ...]
    tail: bytes
    prefix: str
    styles: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def cut(cls, xml: bytes, name: str) -> Sheet:
        """Cuts a worksheet part. Raises Damaged when it is not one, or its rows do not rise.

        A part in another encoding becomes UTF-8, and one with comments or raw sections among its rows is spelled out
        without them: what follows finds rows by their tags.
        """
        xml = utf8(xml)
        root = _ROOT.search(xml)
        if not root or b"<!DOCTYPE" in xml[:2000]:
            raise Damaged(
                f"{name} is not a worksheet as spreadsheet programs write them.",
                "Open the file and save it again as .xlsx.",
            )
        opening = _DATA.search(xml)
        if not opening:
            raise Damaged(f"{name} has no rows section.", "Open the file and save it again as .xlsx.")
        prefix = (opening[1] + b":") if opening[1] else b""
        if opening[2]:
            closing = after = opening.end()
        else:
            closing = xml.rindex(b"</" + prefix + b"sheetData")
            after = xml.index(b">", closing) + 1
        body = xml[opening.end() : closing]
        rows = _rows(body, prefix)
        if rows is None:
            rows = _rows(_spelled_out(body), prefix)
        if rows is None:
            raise Damaged(f"{name} has something else among its rows.", "Open the file and save it again as .xlsx.")
        head, tail = xml[: opening.start()], xml[after:]
        head += b"<" + prefix + b"sheetData>"
        tail = b"</" + prefix + b"sheetData>" + tail
        numbers = tuple(_numbers(rows))
        if any(above >= number for above, number in pairwise(numbers)):
            raise Damaged(
                f"{name} has its rows out of order, or one of them twice.", "Open the file and save it again as .xlsx."
            )
        return cls(head, numbers, rows, tail, prefix.decode(), _column_styles(head))

    def xml(self, ours: Collection[int] | None = None) -> bytes:
        """The part again, its size and its filter's range brought up to date.

        ours: the indexes of the columns whose drop-downs and colours reach down to every row; None for all columns.
        """
        last = self.numbers[-1] if self.numbers else 1
        head = _DIMENSION.sub(lambda found: _dimension(found, last), self.head, count=1)
        tail = _FILTER.sub(lambda found: _at_least(found, last), self.tail, count=1)
        tail = _RULE_AREAS.sub(
            lambda found: found[1] + _grown(found[2], last, ours, lists=b"dataValidation" in found[1]), tail
        )
        return b"".join((head, *self.rows, tail))

    def with_rows(self, changed: Mapping[int, bytes]) -> Sheet:
        """This sheet with rows replaced or added: row number → its XML."""
        rows = dict(zip(self.numbers, self.rows, strict=True))
        rising = not self.numbers or all(number in rows or number > self.numbers[-1] for number in changed)
        rows.update(changed)
        numbers = tuple(rows) if rising and list(changed) == sorted(changed) else tuple(sorted(rows))
        return replace(self, numbers=numbers, rows=tuple(rows[number] for number in numbers))


def _element(prefix: bytes, name: bytes) -> bytes:
    return rb"<" + prefix + name + rb"(?=[\s/>])[^>]*?(?:/>|>.*?</" + prefix + name + rb"\s*>)"


def _rows(body: bytes, prefix: bytes) -> tuple[bytes, ...] | None:
    """The rows of a rows section; None when something that is no row stands in it, or may hide one."""
    if b"<!" in body or b"<?" in body:
        return None
    pattern = re.compile(_element(prefix, b"row"), re.DOTALL)
    rows = tuple(pattern.findall(body))
    if sum(map(len, rows)) != len(body) and pattern.sub(b"", body).strip():
        return None
    return rows


def _spelled_out(body: bytes) -> bytes:
    """A rows section without comments and instructions, its raw sections as escaped text. Raises expat.ExpatError."""
    said: list[str] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
        said.append(f"<{name}{written}>")

    def end(name: str) -> None:
        said.append(f"</{name}>")

    parser.Parse(b"<rows>", False)
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: said.append(_xml(text))
    parser.Parse(body, False)
    parser.EndElementHandler = None
    parser.Parse(b"</rows>", True)
    return "".join(said).encode()


def _numbers(rows: Sequence[bytes]) -> Iterator[int]:
    """The rows' numbers. One that does not say its own follows the row before it, unless its first cell says otherwise."""
    number = 0
    for row in rows:
        if found := _NUMBERED.match(row):
            number = int(found[1])
        else:
            end, attributes = opened(row)
            said = _REFERENCE.search(row, end, row.index(b">", end) + 1) if len(row) > end else None
            own = attributes.get(b"r") or (said[1] if said else None)
            number = int(own) if own else number + 1
        yield number


def opened(element: bytes) -> tuple[int, dict[bytes, bytes]]:
    """Where an element's opening tag ends, and its attributes."""
    found = _OPENING.match(element)
    end = found.end() if found else element.index(b">") + 1
    return end, {each[1]: each[2] if each[2] is not None else each[3] for each in _ATTRIBUTE.finditer(element, 0, end)}


def _column_styles(head: bytes) -> dict[int, int]:
    styles: dict[int, int] = {}
    for found in _COL.finditer(head):
        attributes = dict(re.findall(rb"""(\w+)=["'](\d+)["']""", found[1]))
        if b"style" in attributes:
            first, last = int(attributes[b"min"]), int(attributes[b"max"])
            styles.update(dict.fromkeys(range(first - 1, min(last, first + 400)), int(attributes[b"style"])))
    return styles


def _at_least(found: re.Match[bytes], last: int) -> bytes:
    return found[1] + str(max(last, int(found[2]))).encode() + found[3]


def reach(last: int) -> int:
    """How far down drop-downs reach in a tab whose last row is `last`: a thousand rows further, and more as rows come.

    Some programs make an object of every cell of a drop-down: whole columns of them are too many (ExcelJS gives up).
    """
    return min(MAX_ROWS, (last // _STEP + 2) * _STEP)


def _grown(areas: bytes, last: int, ours: Collection[int] | None, *, lists: bool) -> bytes:
    """A rule's areas, those of our columns further down where they end near the row `last` or above it.

    Colours then reach down to the last row there can be. lists: they are a drop-down's; those of our columns that reach all
    the way down, as earlier versions made them, end sooner.
    """

    def grown(found: re.Match[bytes]) -> bytes:
        ends = (column_index(found[1].decode()), column_index(found[2].decode()))
        end, enough = int(found[3]), last + _STEP // 2 if lists and ours is not None else last
        whole = lists and ours is not None and end >= MAX_ROWS
        if (end >= enough and not whole) or (ours is not None and not all(each in ours for each in ends)):
            return found[0]
        return b"%s2:%s%d" % (found[1], found[2], reach(last) if lists and ours is not None else MAX_ROWS)

    return _SPAN.sub(grown, areas)


def _dimension(found: re.Match[bytes], last: int) -> bytes:
    right = found[4] or found[2]
    return found[1] + found[2] + found[3] + b":" + right + str(max(last, int(found[5] or found[3]))).encode() + found[6]


# --- reading ---------------------------------------------------------------------------------------------------------------


_TRUTH: Final = {"TRUE()": True, "FALSE()": False}
"""How LibreOffice saves a typed TRUE or FALSE."""


@dataclass(frozen=True)
class Context:
    """What a cell's meaning depends on outside its sheet: shared texts, which styles show dates, the calendar's start."""

    strings: Sequence[str]
    dates: frozenset[str]
    epoch: datetime = EPOCH_1900


class Area(NamedTuple):
    """Cells that one formula fills: rows and columns (numbers from 1, indexes from 0), and its text. Its first cell holds it."""

    top: int
    left: int
    bottom: int
    right: int
    text: str

    def holds(self, number: int, index: int) -> bool:
        return self.top <= number <= self.bottom and self.left <= index <= self.right

    @property
    def one(self) -> bool:
        """Whether it is one cell, which holds its formula itself."""
        return (self.top, self.left) == (self.bottom, self.right)


@dataclass(frozen=True)
class Formulas:
    """What a sheet's formulas are: whether there is any, and the areas that one formula fills."""

    any: bool = False
    areas: tuple[Area, ...] = ()


NO_FORMULAS: Final = Formulas()
_AREA: Final = re.compile(r"\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?", re.IGNORECASE)


def area(reference: str, text: str = "") -> Area | None:
    """`H2:H4` as an area; None when it is none."""
    found = _AREA.fullmatch(reference.strip())
    if not found:
        return None
    left, right = column_index(found[1].upper()), column_index((found[3] or found[1]).upper())
    top, bottom = int(found[2]), int(found[4] or found[2])
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right), text)


NO_CONTEXT: Final = Context((), frozenset())
_MEANT: Final = ("c", "v", "t", "f", "rPh")
_SPREAD: Final = ("array", "dataTable")
"""Formulas whose other cells hold nothing but a value: arrays, which newer programs spill by themselves, and data tables."""


def read_cells(
    sheet: Sheet,
    context: Context,
    wanted: Sequence[int] | None,
    *,
    first: int = 0,
    last: int | None = None,
    areas: Iterable[Area] = (),
) -> Iterator[tuple[int, list[Cell]]]:
    """Rows as (number, cells): the cells at the column indexes `wanted`, or all of them up to the last one for None.

    `first` and `last` are places in `sheet.rows`; `areas`: those of formulas above them. Raises expat.ExpatError for
    broken XML.
    """
    return Reader(sheet, context, wanted, areas).rows(first, last)


def formulas_in(sheet: Sheet) -> Formulas:
    """The formulas of a sheet. One without the beginning of a formula's tag has none: nothing else in rows begins so."""
    tag = b"<" + sheet.prefix.encode() + b"f"
    if not any(tag in row for row in sheet.rows):
        return NO_FORMULAS
    reader = Reader(sheet, NO_CONTEXT, ())
    for _ in reader.rows():
        pass
    return reader.formulas


class Reader:
    """The index of a sheet's cells: one expat parser over its rows, which reads values, formulas, or where cells stand."""

    def __init__(
        self,
        sheet: Sheet,
        context: Context,
        wanted: Sequence[int] | None,
        areas: Iterable[Area] = (),
        *,
        places: bool = False,
    ) -> None:
        """places: say where cells stand instead of what they hold."""
        self.sheet, self.context = sheet, context
        self.slots = None if wanted is None else {index: slot for slot, index in enumerate(wanted)}
        self.width = 0 if wanted is None else len(wanted)
        self.letters: dict[str, int] = {}
        self.names = {sheet.prefix + name: name for name in _MEANT}
        self.shared: dict[str, tuple[str, str]] = {}
        self.known: dict[str, str] = {}
        self.cells: list[Cell] = []
        self.places: list[Place] | None = [] if places else None
        self.areas, self.active, self.any = list(areas), list(areas), False
        self.index = -1
        self.number = 0
        self.base, self.fed, self.xml = 0, 0, b""
        prefix = sheet.prefix.encode()
        self.opening, self.cell = _plain_row(prefix)
        self.closing = b"</" + prefix + b"row>"
        self.slot: int | None = None
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.taking = False
        self.pieces: list[str] = []
        self._blank_cell()
        self._feed(b"<rows>")

    @property
    def formulas(self) -> Formulas:
        """What was seen of formulas in the rows read so far, in every column."""
        return Formulas(self.any, tuple(each for each in self.areas if not each.one))

    def rows(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, list[Cell]]]:
        """Rows as (number, cells)."""
        for number, row in zip(self.sheet.numbers[first:last], self.sheet.rows[first:last], strict=True):
            yield number, self.row(number, row)
        self.parser.Parse(b"</rows>", True)

    def row(self, number: int, xml: bytes) -> list[Cell]:
        """One row's cells."""
        self.number, self.index = number, -1
        self.cells = [None] * self.width
        if self.active:
            self.active = [each for each in self.active if each.bottom >= number]
        self._feed(xml)
        return self.cells

    def where(self, number: int, xml: bytes) -> list[Place]:
        """Where one row's cells stand in it. The fast path takes rows of plain cells without formulas, and finds the same."""
        if (plain := self._plain(xml)) is not None:
            return plain
        self.places = []
        self.row(number, xml)
        return self.places

    def _plain(self, xml: bytes) -> list[Place] | None:
        """The places of a row in which every cell says where it is and none holds a formula; None for any other row."""
        found = self.opening.match(xml)
        if found is None:
            return None
        end, cells, indexes = found.end(), [], self.letters
        for each in self.cell.finditer(xml, end):
            if each.start() != end:
                break
            end = each.end()
            column = each[1].decode()
            index = indexes.get(column)
            if index is None:
                index = indexes[column] = column_index(column)
            style = each[2]
            cells.append(Place(index, each.start(), end, None if style is None else int(style)))
        return cells if xml[end:] == self.closing else None

    def _feed(self, xml: bytes) -> None:
        self.xml, self.base = xml, self.fed
        self.parser.Parse(xml, False)
        self.fed += len(xml)

    def _blank_cell(self) -> None:
        self.kind, self.style, self.value, self.string = "n", "0", "", ""
        self.formula: str | None = None
        self.formula_attributes: dict[str, str] = {}
        self.phonetic = False

    def _other(self, raw_name: str) -> str:
        """A name that means nothing here. Raises ValueError for one that would mean something with another prefix."""
        if raw_name.rpartition(":")[2] in ("c", "v", "f"):
            raise ValueError(f"its cells mix the prefixes of {raw_name} and {self.sheet.prefix}c")
        self.names[raw_name] = ""
        return ""

    def _start(self, raw_name: str, attributes: dict[str, str]) -> None:
        name = self.names.get(raw_name)
        if name is None:
            name = self._other(raw_name)
        if not name:
            return
        if name == "c":
            self._start_cell(attributes)
        elif name == "rPh":
            self.phonetic = True
        elif name == "f":  # in any column: one formula may fill cells of others
            self.taking = True
            self.pieces.clear()
            self.formula_attributes = attributes
            self.formula_start = self._here()
        elif self.slot is not None:
            self.taking = True
            self.pieces.clear()

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self.index += 1
        else:
            column = reference.rstrip("0123456789")
            index = self.letters.get(column)
            if index is None:
                index = self.letters[column] = column_index(column.replace("$", "").upper())
            self.index = index
        if self.slots is None:
            self.slot = self.index
            if self.places is None:
                self.cells.extend([None] * (self.index + 1 - len(self.cells)))
        else:
            self.slot = self.slots.get(self.index)
        if self.slot is not None:
            self._blank_cell()
            self.kind = attributes.get("t", "n")
            self.style = attributes.get("s", "0")
            if self.places is not None:
                self.cell_start = self._here()
                self.formula_span = (0, 0)
                self.styled = "s" in attributes

    def _here(self) -> int:
        """Where the parser stands in the row's bytes."""
        return self.parser.CurrentByteIndex - self.base

    def _closed(self, name: str) -> int:
        """Where the element that ends here ends: behind its closing tag, or behind itself when it has none."""
        here = self._here()
        return self.xml.index(b">", here) + 1 if self.xml.startswith(f"</{name}".encode(), here) else here

    def _text(self, text: str) -> None:
        if self.taking:
            self.pieces.append(text)

    def _end(self, raw_name: str) -> None:
        name = self.names.get(raw_name)
        if not name:
            return
        if name == "c":
            if self.slot is not None:
                if self.places is None:
                    self.cells[self.slot] = self._cell()
                else:
                    self.places.append(self._place())
                self.slot = None
        elif name == "rPh":
            self.phonetic = False
        elif self.taking:
            self.taking = False
            text = "".join(self.pieces)
            if name == "v":
                self.value = text
            elif name == "f":
                self._end_formula(text)
            elif not self.phonetic:
                self.string += unescaped(text)

    def _end_formula(self, text: str) -> None:
        attributes = self.formula_attributes
        kind = attributes.get("t")
        if text.upper() not in _TRUTH:
            self.any = True
        if kind in _SPREAD and (found := area(attributes.get("ref", ""), text)):
            self.areas.append(found)
            if not found.one:
                self.active.append(found)
        elif kind == "shared" and text:
            self.shared[attributes.get("si", "")] = (text, f"{letters(self.index)}{self.number}")
        if self.slot is not None:
            self.formula = text
            if self.places is not None:
                self.formula_span = (self.formula_start, self._closed(self.sheet.prefix + "f"))

    def _place(self) -> Place:
        return Place(
            self.index,
            self.cell_start,
            self._closed(self.sheet.prefix + "c"),
            int(self.style) if self.styled and self.style.isdecimal() else None,
            None if self.formula is None else self.formula_attributes,
            self.formula or "",
            self.formula_span,
        )

    def _cell(self) -> Cell:
        if self.formula is not None:
            if self.formula.upper() in _TRUTH:
                return _TRUTH[self.formula.upper()]
            return Formula("=" + self._formula_text(self.formula))
        if self.active:
            for each in self.active:
                if each.holds(self.number, self.index):
                    return Formula("=" + each.text)
        if self.kind == "inlineStr":
            return self._same(self.string)
        if self.value == "":
            return None
        if self.kind == "n":
            return self._number()
        if self.kind == "s":
            return self.context.strings[int(self.value)] or None
        if self.kind == "b":
            return self.value.strip() in ("1", "true")
        if self.kind == "d":
            return self._date()
        return self._same(unescaped(self.value))

    def _same(self, text: str) -> str | None:
        """One object per distinct short text: a status stands in thousands of cells."""
        if not text:
            return None
        return self.known.setdefault(text, text) if len(text) < 40 else text  # noqa: PLR2004 - longer ones seldom repeat

    def _date(self) -> Cell:
        """A date, or its text when it is none: a time without a day, a length of time."""
        try:
            return datetime.fromisoformat(self.value).replace(tzinfo=None)
        except ValueError:
            return self.value

    def _number(self) -> Cell:
        """A number, or its text when it is none: the NaN of a program that calculated it."""
        text = self.value.strip()
        try:
            number = float(text) if "." in text or "E" in text or "e" in text else int(text)
        except ValueError:
            return text
        if self.style in self.context.dates:
            try:
                return self.context.epoch + timedelta(seconds=round(number * 86_400))
            except OverflowError:
                return number
        return number

    def _formula_text(self, text: str) -> str:
        attributes, here = self.formula_attributes, f"{letters(self.index)}{self.number}"
        group = attributes.get("si", "")
        if attributes.get("t") != "shared" or text or group not in self.shared:
            return text
        return translated(*self.shared[group], here)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one cell's element stands in its row's bytes, its own style, and its formula: attributes, text and where that stands."""

    index: int
    start: int
    end: int
    style: int | None
    formula: Mapping[str, str] | None = None
    text: str = ""
    span: tuple[int, int] = (0, 0)


@cache
def _plain_row(prefix: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """How nearly all rows open, and nearly all cells without a formula are written."""
    return (
        re.compile(rb"<" + prefix + rb"""row(?: [\w:.-]+="[^"]*")*>"""),
        re.compile(
            rb"<" + prefix + rb"""c r="([A-Z]+)\d+"(?: s="(\d+)")?(?: t="\w+")?(?:/>|>"""
            rb"[^<]*(?:<(?!/" + prefix + rb"c>|" + prefix + rb"f[\s/>])[^<]*)*</" + prefix + rb"c>)"
        ),
    )


def read_strings(xml: bytes) -> list[str]:
    """The shared texts of a workbook, in order. Raises expat.ExpatError for broken XML."""
    strings: list[str] = []
    pieces: list[str] = []
    state = {"taking": False, "phonetic": False}

    def start(name: str, _: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "si":
            strings.append("")
        elif name == "rPh":
            state["phonetic"] = True
        elif name == "t":
            state["taking"] = not state["phonetic"]
            pieces.clear()

    def end(name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "t" and state["taking"]:
            state["taking"] = False
            strings[-1] += unescaped("".join(pieces))
        elif name == "rPh":
            state["phonetic"] = False

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: pieces.append(text) if state["taking"] else None
    parser.Parse(xml, True)
    return strings


# --- writing ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ink:
    """How values become cells: the workbook's zone, calendar and styles."""

    zone: ZoneInfo
    styles: Styles
    epoch: datetime = EPOCH_1900

    def cell(self, reference: str, value: Cell, style: int, prefix: str = "") -> bytes:
        """One `<c>` element holding `value`, typed; a text never becomes a formula. `style` is the one it should have."""
        if value is None or value == "":
            return f'<{prefix}c r="{reference}" s="{style}"/>'.encode()
        if isinstance(value, datetime):
            local = (value.astimezone(self.zone) if value.tzinfo else value).replace(tzinfo=None, microsecond=0)
            if local.year < _FIRST_SAFE_YEAR:
                value = local.isoformat(sep=" ")
            else:
                serial = (local - self.epoch) / timedelta(days=1)
                return f'<{prefix}c r="{reference}" s="{self.styles.dated(style)}"><{prefix}v>{serial!r}</{prefix}v></{prefix}c>'.encode()
        if isinstance(value, bool):
            return f'<{prefix}c r="{reference}" s="{style}" t="b"><{prefix}v>{value:d}</{prefix}v></{prefix}c>'.encode()
        if isinstance(value, (int, float)) and math.isfinite(value) and abs(value) < _EXACT_DIGITS:
            number = int(value) if isinstance(value, int) else float(value)
            return f'<{prefix}c r="{reference}" s="{style}"><{prefix}v>{number!r}</{prefix}v></{prefix}c>'.encode()
        text = str(value)
        if text[0] in "=+-@":
            style = self.styles.quoted(style)
        elif text.strip()[:1].isdigit():
            style = self.styles.as_text(style)
        inside = text_xml(text, prefix)
        return f'<{prefix}c r="{reference}" s="{style}" t="inlineStr"><{prefix}is>{inside}</{prefix}is></{prefix}c>'.encode()


def row_xml(sheet: Sheet, number: int, cells: Mapping[int, bytes], height: float | None = None) -> bytes:
    """A new row from its cells by column index."""
    prefix = sheet.prefix
    tall = f' ht="{height:g}" customHeight="1"' if height else ""
    inside = b"".join(cells[index] for index in sorted(cells))
    return f'<{prefix}row r="{number}"{tall}>'.encode() + inside + f"</{prefix}row>".encode()


def with_cells(
    sheet: Sheet, number: int, row: bytes, cells: Mapping[int, bytes], places: Sequence[Place] | None = None
) -> bytes:
    """An existing row with some cells put in or replaced, the others as they are. places: where its cells stand, if known."""
    prefix = sheet.prefix.encode()
    opening_end, attributes = opened(row)
    opening = _SPANS.sub(b"", row[:opening_end])
    if opening.endswith(b"/>"):
        row, opening = row[:opening_end], opening[:-2].rstrip() + b">"
        row += b"</" + prefix + b"row>"
        places = ()
    elif places is None:
        places = where(sheet, number, row)
    if b"r" not in attributes:
        opening = opening.replace(b"row", f'row r="{number}"'.encode(), 1)
    pieces = {each.index: row[each.start : each.end] for each in places}
    end = places[-1].end if places else opening_end
    pieces.update(cells)
    return opening + b"".join(pieces[index] for index in sorted(pieces)) + row[end:]


def where(sheet: Sheet, number: int, row: bytes) -> list[Place]:
    """Where the cells of one row stand in it."""
    return Reader(sheet, NO_CONTEXT, None, places=True).where(number, row)


def at_least(row: bytes, height: float | None) -> bytes:
    """`row` made higher where it is too low for `height`; None means one line, which every row has room for.

    Programs do not fit a row to its texts when they open a file, so a row without a height gets one.
    """
    if height is None:
        return row
    opening_end, _ = opened(row)
    found = _HEIGHT.search(row, 0, opening_end)
    if found is None:
        start = re.match(rb"<(?:[\w.-]+:)?row", row)
        place = start.end() if start else 0
        return row[:place] + f' ht="{height:g}" customHeight="1"'.encode() + row[place:]
    if float(found[2]) >= height:
        return row
    return row[: found.start()] + found[1] + f"{height:g}".encode() + found[3] + row[found.end() :]


def in_sight(row: bytes) -> bytes:
    """`row`, no longer hidden."""
    opening_end, _ = opened(row)
    return _HIDDEN.sub(b"", row[:opening_end]) + row[opening_end:]


def style_at(sheet: Sheet, places: Iterable[Place], index: int) -> int:
    """The style of a cell: its own when it has one, else its column's."""
    own = next((each.style for each in places if each.index == index), None)
    return sheet.styles.get(index, 0) if own is None else own


def written_out(sheet: Sheet, index: int) -> Sheet:
    """This sheet with what one formula says for many cells made each cell's own, in the column at `index` and wherever it is shared.

    A shared formula is written out in each of its cells. One that fills cells of that column becomes the values it shows: a
    single cell of such an area cannot be another.
    """
    rows: dict[int, bytes] = {}
    reader = Reader(sheet, NO_CONTEXT, None, places=True)
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        new = row
        for each in reversed(reader.where(number, row)):
            attributes = each.formula
            if attributes is None:
                continue
            start, end = each.span
            if attributes.get("t") == "shared":
                here = f"{letters(each.index)}{number}"
                text, origin = (each.text, here) if each.text else reader.shared.get(attributes.get("si", ""), ("", ""))
                if text:
                    own = escape(translated(text, origin, here), quote=False)
                    tag = sheet.prefix + "f"
                    new = new[:start] + f"<{tag}>{own}</{tag}>".encode() + new[end:]
            elif attributes.get("t") in _SPREAD:
                found = area(attributes.get("ref", ""))
                if found and not found.one and found.left <= index <= found.right:
                    new = new[:start] + new[end:]
        if new is not row:
            rows[number] = new
    return sheet.with_rows(rows)


def translated(formula: str, origin: str, here: str) -> str:
    """A formula, without its `=`, as it reads when it is filled from one cell to another."""
    from openpyxl.formula.translate import Translator

    return str(Translator("=" + formula, origin=origin).translate_formula(here))[1:]


_RESULT: Final = re.compile(
    rb"(</(?:[\w.-]+:)?f>|<(?:[\w.-]+:)?f(?=[\s/])[^>]*/>)\s*<(?:[\w.-]+:)?v>[^<]+</(?:[\w.-]+:)?v>"
)


def without_results(xml: bytes) -> bytes:
    """A worksheet part whose formulas say nothing until a program calculates them."""
    return _RESULT.sub(rb"\1", xml)


# --- styles ----------------------------------------------------------------------------------------------------------------

_CELL_XFS: Final = re.compile(rb"<((?:[\w.-]+:)?)cellXfs\b[^>]*>(.*?)</(?:[\w.-]+:)?cellXfs\s*>", re.DOTALL)
_BUILTIN_DATES: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_TEXT_FORMAT: Final = 49
_SHORT_DATE_TIME: Final = 22
_QUOTED_CODE: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]')


class Styles:
    """The cell styles of a workbook: which show dates, and variants of one made when needed. The rest of the part stays."""

    def __init__(self, xml: bytes, name: str) -> None:
        """Raises Damaged when the part has no cell styles."""
        found = _CELL_XFS.search(xml)
        if not found:
            raise Damaged(f"{name} has no cell styles.", "Open the file and save it again as .xlsx.")
        self._xml, self._span, self._prefix = xml, found.span(), found[1]
        self._xfs: list[bytes] = re.findall(_element(found[1], b"xf"), found[2], re.DOTALL)
        self._original = len(self._xfs)
        self._made: dict[tuple[int, str], int] = {}
        self._codes = {
            int(attributes[b"numFmtId"]): attributes.get(b"formatCode", b"").decode()
            for attributes in (
                _attributes(tag) for tag in re.findall(rb"<(?:[\w.-]+:)?numFmt\s[^>]*>", xml[: found.start()])
            )
            if b"numFmtId" in attributes
        }

    @property
    def changed(self) -> bool:
        """Whether a variant was made since the part was read."""
        return len(self._xfs) > self._original

    def dates(self) -> frozenset[str]:
        """The numbers, as text, of the styles that show a number as a date or time."""
        return frozenset(str(place) for place in range(len(self._xfs)) if self._is_date(place))

    def _format(self, style: int) -> int:
        return int(_attributes(self._xfs[style]).get(b"numFmtId", b"0")) if style < len(self._xfs) else 0

    def _is_date(self, style: int) -> bool:
        number = self._format(style)
        code = _QUOTED_CODE.sub("", self._codes.get(number, "").split(";")[0].lower())
        if number in self._codes:
            return code != "general" and any(char in code for char in "dmyhs")
        return number in _BUILTIN_DATES

    def dated(self, style: int) -> int:
        """`style`, or a variant of it that shows a date."""
        return (
            style
            if self._is_date(style)
            else self._variant(style, "date", {b"numFmtId": _SHORT_DATE_TIME, b"applyNumberFormat": 1})
        )

    def quoted(self, style: int) -> int:
        """`style`, or a variant of it in which even a text like `=A1` stays text when somebody edits the cell."""
        if style < len(self._xfs) and _attributes(self._xfs[style]).get(b"quotePrefix") in (b"1", b"true"):
            return style
        return self._variant(style, "text", {b"numFmtId": _TEXT_FORMAT, b"applyNumberFormat": 1, b"quotePrefix": 1})

    def as_text(self, style: int) -> int:
        """`style`, or a variant of it in which digits stay text when somebody edits the cell."""
        return style if self._format(style) == _TEXT_FORMAT else self.quoted(style)

    def _variant(self, style: int, kind: str, attributes: Mapping[bytes, int]) -> int:
        if (style, kind) not in self._made:
            xf = self._xfs[style] if style < len(self._xfs) else self._xfs[0]
            opening, rest = xf[: xf.index(b">")], xf[xf.index(b">") :]
            if opening.endswith(b"/"):
                opening, rest = opening[:-1], b"/" + rest
            for name, value in attributes.items():
                opening = (
                    re.sub(rb"\s" + name + rb"""=["'][^"']*["']""", b"", opening).rstrip()
                    + f' {name.decode()}="{value}"'.encode()
                )
            made = opening + rest
            if made not in self._xfs:  # an earlier commit's variant is found again, so that styles do not pile up
                self._xfs.append(made)
            self._made[style, kind] = self._xfs.index(made)
        return self._made[style, kind]

    def xml(self) -> bytes:
        """The part with its variants."""
        prefix = self._prefix
        section = b'<%scellXfs count="%d">%s</%scellXfs>' % (prefix, len(self._xfs), b"".join(self._xfs), prefix)
        return self._xml[: self._span[0]] + section + self._xml[self._span[1] :]


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    opening = tag[: tag.index(b">")]
    return {found[1]: found[3] for found in re.finditer(rb"""([\w:.-]+)=(["'])(.*?)\2""", opening)}
