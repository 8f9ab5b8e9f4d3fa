"""The XML inside an .xlsx file, as bytes: rows are cut out, read, changed and put back; everything else stays byte for byte.

A workbook belongs to its staff: charts, pictures, pivot tables, comments, colours, filters and formulas they made must
survive a commit. Libraries that load a workbook and save it again drop what they do not know, so a commit touches only
the cells it means. Source of the format: ECMA-376 part 1, chapters 18.3 (worksheets), 18.4 (strings), 18.8 (styles).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape, unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from reconcile.core.cells import Formula
from reconcile.errors import Damaged
from reconcile.workbook import frames
from reconcile.workbook.templates import letters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from reconcile.core.model import Cell

MAX_ROWS: Final = 1_048_576
EPOCH_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets have no time zones
EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - same

_EXACT_DIGITS: Final = 10**15
"""Spreadsheets keep 15 digits; a longer whole number is stored as text rather than rounded."""

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


# --- columns ---------------------------------------------------------------------------------------------------------------


def column_index(reference: str) -> int:
    """A column's index from its letters: A → 0, AA → 26."""
    index = 0
    for char in reference:
        index = index * 26 + ord(char) - 64
    return index - 1


# --- sheets ----------------------------------------------------------------------------------------------------------------

_ROOT: Final = re.compile(rb"<(?:([\w.-]+):)?worksheet\b")
_NUMBER: Final = re.compile(rb"""\sr=["'](\d+)["']""")
_REFERENCE: Final = re.compile(rb"""\sr=["']([A-Z]+)\d+["']""")
_STYLE: Final = re.compile(rb"""\ss=["'](\d+)["']""")
_HEIGHT: Final = re.compile(rb"""(\sht=["'])([\d.]+)(["'])""")
_HIDDEN: Final = re.compile(rb"""\shidden=["'][^"']*["']""")
_SPANS: Final = re.compile(rb"""\sspans=["'][^"']*["']""")
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
        """Cuts a worksheet part. Raises Damaged when it is not one, or its rows do not rise."""
        root = _ROOT.search(xml)
        if not root or b"<!DOCTYPE" in xml[:2000] or xml[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise Damaged(
                f"{name} is not a worksheet as spreadsheet programs write them.",
                "Open the file and save it again as .xlsx.",
            )
        prefix = (root[1] + b":") if root[1] else b""
        opening = re.search(rb"<" + prefix + rb"sheetData\s*(/?)>", xml)
        if not opening:
            raise Damaged(f"{name} has no rows section.", "Open the file and save it again as .xlsx.")
        if opening[1]:
            closing = after = opening.end()
        else:
            closing = xml.rindex(b"</" + prefix + b"sheetData")
            after = xml.index(b">", closing) + 1
        if xml.find(b"<!", opening.end(), closing) >= 0:
            raise Damaged(
                f"{name} has comments or raw sections in its XML.", "Open the file and save it again as .xlsx."
            )
        head, tail = xml[: opening.start()], xml[after:]
        head += b"<" + prefix + b"sheetData>"
        tail = b"</" + prefix + b"sheetData>" + tail
        rows = tuple(re.compile(_element(prefix, b"row"), re.DOTALL).findall(xml, opening.end(), closing))
        numbers = tuple(_numbered(rows))
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
        tail = _RULE_AREAS.sub(lambda found: found[1] + _grown(found[2], last, ours), tail)
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


def _numbered(rows: Sequence[bytes]) -> Iterator[int]:
    number = 0
    for row in rows:
        found = _NUMBER.search(row, 0, row.index(b">"))
        number = int(found[1]) if found else number + 1
        yield number


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


def _grown(areas: bytes, last: int, ours: Collection[int] | None) -> bytes:
    """A rule's areas, those of our columns down to the last row there can be where they end above the row `last`."""

    def grown(found: re.Match[bytes]) -> bytes:
        ends = (column_index(found[1].decode()), column_index(found[2].decode()))
        if int(found[3]) >= last or (ours is not None and not all(end in ours for end in ends)):
            return found[0]
        return b"%s2:%s%d" % (found[1], found[2], MAX_ROWS)

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


def read_cells(
    sheet: Sheet, context: Context, wanted: Sequence[int] | None, *, first: int = 0, last: int | None = None
) -> Iterator[tuple[int, list[Cell]]]:
    """Rows as (number, cells): the cells at the column indexes `wanted`, or all of them up to the last one for None.

    `first` and `last` are places in `sheet.rows`. Raises expat.ExpatError for broken XML.
    """
    numbers, rows = sheet.numbers[first:last], sheet.rows[first:last]
    reader = _Reader(sheet.prefix, context, wanted)
    for number, row in zip(numbers, rows, strict=True):
        yield number, reader.row(number, row)
    reader.end()


class _Reader:
    """One expat parser over the rows of one sheet."""

    def __init__(self, prefix: str, context: Context, wanted: Sequence[int] | None) -> None:
        self.context = context
        self.slots = None if wanted is None else {index: slot for slot, index in enumerate(wanted)}
        self.width = 0 if wanted is None else len(wanted)
        self.letters: dict[str, int] = {}
        self.names = {prefix + name: name for name in ("c", "v", "t", "f", "rPh")}
        self.shared: dict[str, tuple[str, str]] = {}
        self.known: dict[str, str] = {}
        self.cells: list[Cell] = []
        self.index = -1
        self.number = 0
        self.slot: int | None = None
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.taking = False
        self.pieces: list[str] = []
        self._blank_cell()
        self.parser.Parse(b"<rows>", False)  # noqa: FBT003 - expat's own signature

    def row(self, number: int, xml: bytes) -> list[Cell]:
        self.number, self.index = number, -1
        self.cells = [None] * self.width
        self.parser.Parse(xml, False)  # noqa: FBT003 - same
        return self.cells

    def end(self) -> None:
        self.parser.Parse(b"</rows>", True)  # noqa: FBT003 - same

    def _blank_cell(self) -> None:
        self.kind, self.style, self.value, self.string = "n", "0", "", ""
        self.formula: str | None = None
        self.formula_attributes: dict[str, str] = {}
        self.phonetic = False

    def _start(self, raw_name: str, attributes: dict[str, str]) -> None:
        name = self.names.get(raw_name)
        if name is None:
            return
        if name == "c":
            self._start_cell(attributes)
        elif name == "rPh":
            self.phonetic = True
        elif self.slot is not None:
            self.taking = True
            self.pieces.clear()
            if name == "f":
                self.formula_attributes = attributes

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self.index += 1
        else:
            column = reference.rstrip("0123456789")
            index = self.letters.get(column)
            if index is None:
                index = self.letters[column] = column_index(column)
            self.index = index
        if self.slots is None:
            self.slot = self.index
            self.cells.extend([None] * (self.index + 1 - len(self.cells)))
        else:
            self.slot = self.slots.get(self.index)
        if self.slot is not None:
            self._blank_cell()
            self.kind = attributes.get("t", "n")
            self.style = attributes.get("s", "0")

    def _text(self, text: str) -> None:
        if self.taking:
            self.pieces.append(text)

    def _end(self, raw_name: str) -> None:
        name = self.names.get(raw_name)
        if name is None:
            return
        if name == "c":
            if self.slot is not None:
                self.cells[self.slot] = self._cell()
                self.slot = None
        elif name == "rPh":
            self.phonetic = False
        elif self.taking:
            self.taking = False
            text = "".join(self.pieces)
            if name == "v":
                self.value = text
            elif name == "f":
                self.formula = text
            elif not self.phonetic:
                self.string += unescaped(text)

    def _cell(self) -> Cell:
        if self.formula is not None:
            if self.formula.upper() in _TRUTH:
                return _TRUTH[self.formula.upper()]
            return Formula("=" + self._formula_text(self.formula))
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
        if attributes.get("t") != "shared":
            return text
        group = attributes.get("si", "")
        if text:
            self.shared[group] = (text, here)
            return text
        if group not in self.shared:
            return text
        return translated(*self.shared[group], here)


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
    parser.Parse(xml, True)  # noqa: FBT003 - expat's own signature
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


def with_cells(sheet: Sheet, number: int, row: bytes, cells: Mapping[int, bytes]) -> bytes:
    """An existing row with some cells put in or replaced, the others as they are."""
    prefix = sheet.prefix.encode()
    opening_end = row.index(b">") + 1
    opening = _SPANS.sub(b"", row[:opening_end])
    if opening.endswith(b"/>"):
        return opening[:-2] + b">" + b"".join(cells[index] for index in sorted(cells)) + b"</" + prefix + b"row>"
    if not _NUMBER.search(opening):
        opening = opening.replace(b"row", f'row r="{number}"'.encode(), 1)
    pieces: dict[int, bytes] = {}
    index, end = -1, opening_end
    for found in re.finditer(_element(prefix, b"c"), row[opening_end:], re.DOTALL):
        reference = _REFERENCE.search(found[0], 0, found[0].index(b">"))
        index = column_index(reference[1].decode()) if reference else index + 1
        pieces[index] = found[0]
        end = opening_end + found.end()
    pieces.update(cells)
    return opening + b"".join(pieces[index] for index in sorted(pieces)) + row[end:]


def at_least(row: bytes, height: float | None) -> bytes:
    """`row` made higher where it is too low for `height`; None means one line, which every row has room for.

    Programs do not fit a row to its texts when they open a file, so a row without a height gets one.
    """
    if height is None:
        return row
    opening_end = row.index(b">") + 1
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
    opening_end = row.index(b">") + 1
    return _HIDDEN.sub(b"", row[:opening_end]) + row[opening_end:]


def style_at(sheet: Sheet, row: bytes | None, index: int) -> int:
    """The style of a cell: its own when it has one, else its column's."""
    if row is not None:
        reference = letters(index).encode()
        found = re.search(rb"<[^<>]*?c\s[^>]*?\br=[\"']" + reference + rb"\d+[\"'][^>]*>", row)
        own = _STYLE.search(found[0]) if found else None
        if own:
            return int(own[1])
    return sheet.styles.get(index, 0)


def has_formula(row: bytes, index: int) -> bool:
    """Whether the cell at `index` of a row holds a formula."""
    pattern = rb"<[^<>]*?c\s[^>]*?\br=[\"']" + letters(index).encode() + rb"\d+[\"'][^>]*>\s*<[^<>]*?f[\s/>]"
    return re.search(pattern, row) is not None


_SHARED: Final = re.compile(
    rb"""(<(?:[\w.-]+:)?c\s[^>]*?\br=["']([A-Z]+\d+)["'][^>]*>\s*<((?:[\w.-]+:)?f))(\s[^>]*?\bt=["']shared["'][^>]*?)"""
    rb"(?:/>|>([^<]*)</(?:[\w.-]+:)?f\s*>)"
)
"""A cell's opening with its formula: opening, reference, formula's tag, its attributes, its text."""


def shares_formula(row: bytes, index: int) -> bool:
    """Whether the cell at `index` of a row holds the formula that other cells only refer to."""
    return b"shared" in row and any(
        column_index(found[2].decode().rstrip("0123456789")) == index and found[5] for found in _SHARED.finditer(row)
    )


def unshared(sheet: Sheet) -> Sheet:
    """This sheet with every formula that is stored once for many cells written out in each of them."""
    origins = {
        _attributes(found[4] + b">").get(b"si", b""): (found[5], found[2])
        for row in sheet.rows
        for found in _SHARED.finditer(row)
        if found[5]
    }

    def written_out(found: re.Match[bytes]) -> bytes:
        text, origin = origins.get(_attributes(found[4] + b">").get(b"si", b""), (b"", b""))
        if not text:
            return found[0]
        own = escape(translated(unescape(text.decode()), origin.decode(), found[2].decode()), quote=False)
        return found[1] + b">" + own.encode() + b"</" + found[3] + b">"

    return replace(sheet, rows=tuple(_SHARED.sub(written_out, row) for row in sheet.rows))


def translated(formula: str, origin: str, here: str) -> str:
    """A formula, without its `=`, as it reads when it is filled from one cell to another."""
    from openpyxl.formula.translate import Translator  # noqa: PLC0415 - rare, and openpyxl is heavy

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
