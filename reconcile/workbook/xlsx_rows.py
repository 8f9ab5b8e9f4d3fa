"""Rows taken out of a worksheet: the ones below move up, and what names rows (drop-downs, colours, links, filter) moves along.

What cannot move along by rules of the format alone keeps rows where they are: `obstacle` names it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import replace
from html import escape, unescape
from typing import TYPE_CHECKING, Final

from reconcile.workbook.xlsx_xml import MAX_ROWS, NO_CONTEXT, Reader, area, formulas_in, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconcile.workbook.xlsx_xml import Area, Formulas, Sheet

_DRAWING: Final = re.compile(rb"<(?:[\w.-]+:)?drawing\s[^>]*/>")
_OBJECTS: Final = re.compile(
    rb"<(?:[\w.-]+:)?(?:mergeCell|tablePart|drawing|legacyDrawing|legacyDrawingHF|rowBreaks|oleObject|control|picture|"
    rb"protectedRange|scenario|customSheetView)\b"
)
_ROW: Final = re.compile(rb"""^(<(?:[\w.-]+:)?row\b[^>]*?\sr\s*=\s*["'])\d+(["'])""")
_CELL: Final = re.compile(rb"""(<(?:[\w.-]+:)?c\s(?:[^>]*?\s)?r\s*=\s*["']\$?[A-Za-z]+\$?)\d+(["'])""")
_MERGED: Final = re.compile(rb"""<(?:[\w.-]+:)?mergeCell\s[^>]*?\bref\s*=\s*["']([^"']*)["']""")
_LAID_OUT: Final = re.compile(rb"<(?:[\w.-]+:)?(?:tableParts?|mergeCells?)\b[^>]*>")
_NAMES_CELLS: Final = re.compile(r"\$?\b[A-Z]{1,3}\$?\d+\b(?!\()")
_LINK: Final = re.compile(rb"<((?:[\w.-]+:)?(?:hyperlink|ignoredError))\s[^>]*?(?:/>|>.*?</\1\s*>)", re.DOTALL)
_RULE: Final = re.compile(
    rb"<((?:[\w.-]+:)?(?:conditionalFormatting|dataValidation))(?=[\s>])[^>]*?(?:/>|>.*?</\1\s*>)", re.DOTALL
)
_RULE_FORMULA: Final = re.compile(rb"(<((?:[\w.-]+:)?(?:formula[12]?|f))>)(.*?)(</\2>)", re.DOTALL)
_WHERE: Final = re.compile(rb"""(\s(?:sqref|ref)=["']|<(?:[\w.-]+:)?sqref>)([^"'<]+)""")
_EMPTY_LINKS: Final = re.compile(rb"<((?:[\w.-]+:)?(?:hyperlinks|ignoredErrors))>\s*</\1>")
_SORT: Final = re.compile(rb"<((?:[\w.-]+:)?sortState)\s[^>]*?(?:/>|>.*?</\1\s*>)", re.DOTALL)
_FILTER: Final = re.compile(rb"<((?:[\w.-]+:)?autoFilter)\s[^>]*?(?:/>|>.*?</\1\s*>)", re.DOTALL)
_COUNTED: Final = re.compile(
    rb"""(<((?:[\w.-]+:)?dataValidations)\b[^>]*?\scount=["'])\d+(["'][^>]*>)(.*?)(</\2>)""", re.DOTALL
)
_AREA: Final = re.compile(r"(\$?[A-Z]+\$?)(\d+)(?::(\$?[A-Z]+\$?)(\d+))?")


def obstacle(sheet: Sheet, *, formulas: Formulas | None = None, blank_drawing: bool = False) -> str:
    """Why no row may be taken out: `formulas` in it, or `objects` that stand on cells; "" when rows may.

    formulas: its own, if known. blank_drawing: nothing stands in its drawing. LibreOffice saves one for every tab with a filter.
    """
    if (formulas or formulas_in(sheet)).any:
        return "formulas"
    tail = _DRAWING.sub(b"", sheet.tail) if blank_drawing else sheet.tail
    return "objects" if _OBJECTS.search(tail) else ""


def merged(sheet: Sheet) -> list[Area]:
    """The areas of a sheet that were merged into one cell."""
    if b"mergeCell" not in sheet.tail:
        return []
    return [found for each in _MERGED.finditer(sheet.tail) if (found := area(each[1].decode()))]


def pinned(sheet: Sheet, at: int, formulas: Formulas, *, others: bool, blank_drawing: bool) -> bool:
    """Whether what stands from row `at` on cannot move down: a further table, something drawn, or a formula that names its cells.

    A totals row that a program made names columns of its table, not cells.
    """
    tail = _LAID_OUT.sub(b"", _DRAWING.sub(b"", sheet.tail) if blank_drawing else sheet.tail)
    if others or _OBJECTS.search(tail) or any(each.bottom >= at for each in formulas.areas):
        return True
    if not formulas.any:
        return False
    reader = Reader(sheet, NO_CONTEXT, None, places=True)
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        for each in reader.where(number, row):
            if each.formula is None:
                continue
            if number >= at and (each.formula.get("t") or _NAMES_CELLS.search(each.text)):
                return True
            if any(int(found[2]) >= at for found in _AREA.finditer(each.text)):
                return True
    return False


def pushed(sheet: Sheet, at: int, by: int) -> Sheet:
    """`sheet` with what stands from row `at` on moved down by so many rows; nothing there is `pinned`."""
    rows = [
        row if number < at else _renumbered(row, number + by)
        for number, row in zip(sheet.numbers, sheet.rows, strict=True)
    ]
    numbers = tuple(number if number < at else number + by for number in sheet.numbers)
    tail = _WHERE.sub(lambda found: found[1] + _pushed(found[2].decode(), at, by).encode(), sheet.tail)
    return replace(sheet, numbers=numbers, rows=tuple(rows), tail=tail)


def _pushed(text: str, at: int, by: int) -> str:
    def down(number: str) -> int:
        return int(number) if int(number) < at or int(number) + by > MAX_ROWS else int(number) + by

    return " ".join(
        f"{found[1]}{down(found[2])}" + (f":{found[3]}{down(found[4])}" if found[3] else "")
        if (found := _AREA.fullmatch(each))
        else each
        for each in text.split()
    )


def looked_at(title: str, parts: Iterable[bytes]) -> bool:
    """Whether one of these parts (other worksheets, names, charts) names single rows of the tab `title`."""
    name = re.escape(title.replace("'", "''"))
    plain = rf"(?:'{name}'|(?<![\w.]){name})!\$?[A-Z]+\$?(\d+)(?::\$?[A-Z]+\$?(\d+))?"
    pattern = re.compile(plain.encode())
    for part in parts:
        text = re.sub(rb"<definedName\b[^>]*_xlnm\._FilterDatabase[^>]*>[^<]*<", b"", part.replace(b"&apos;", b"'"))
        for found in pattern.finditer(text):
            first, last = int(found[1]), int(found[2] or found[1])
            if last > 1 and not (first <= 2 and last >= MAX_ROWS):  # noqa: PLR2004 - the first row below the headings
                return True
    return False


def without(sheet: Sheet, gone: Iterable[int]) -> Sheet:
    """`sheet` without these rows; it has no `obstacle`."""
    removed = sorted(gone)
    numbers, rows = [], []
    there = set(removed)
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        if number in there:
            continue
        now = moved(number, removed)
        numbers.append(now)
        rows.append(row if now == number else _renumbered(row, now))
    return replace(sheet, numbers=tuple(numbers), rows=tuple(rows), tail=_tail(sheet.tail, removed))


def moved(number: int, removed: Sequence[int]) -> int:
    """Where a row stands once the rows `removed` (rising) are gone."""
    return number - bisect_left(removed, number)


def _renumbered(row: bytes, number: int) -> bytes:
    new = str(number).encode()
    return _CELL.sub(rb"\g<1>" + new + rb"\2", _ROW.sub(rb"\g<1>" + new + rb"\2", row))


def _tail(tail: bytes, removed: Sequence[int]) -> bytes:
    """What stands after the rows, its references moved; rules and links of rows that are gone go with them.

    So do a sort and a filter, because a program calls a file broken in which one has no range.
    """

    def link(found: re.Match[bytes]) -> bytes:
        where = _WHERE.search(found[0])
        return found[0] if where is None or _areas(where[2].decode(), removed) else b""

    def sort(found: re.Match[bytes]) -> bytes:
        return found[0] if all(_areas(where[2].decode(), removed) for where in _WHERE.finditer(found[0])) else b""

    def rule(found: re.Match[bytes]) -> bytes:
        where = _WHERE.search(found[0])
        if where is None:
            return found[0]
        old, new = where[2].decode(), _areas(where[2].decode(), removed)
        if not new:
            return b""
        before, after = _corner(old), _corner(new)
        if before == after:
            return found[0]
        return _RULE_FORMULA.sub(lambda each: each[1] + _translated(each[3], before, after) + each[4], found[0])

    tail = _RULE.sub(rule, _LINK.sub(link, tail))
    tail = _FILTER.sub(link, _SORT.sub(sort, tail))
    tail = _EMPTY_LINKS.sub(b"", tail)
    tail = _WHERE.sub(lambda found: found[1] + _areas(found[2].decode(), removed).encode(), tail)
    return _COUNTED.sub(_counted, tail)


def _counted(found: re.Match[bytes]) -> bytes:
    count = len(re.findall(rb"<(?:[\w.-]+:)?dataValidation[\s>]", found[4]))
    if not count:
        return b""
    return found[1] + str(count).encode() + found[3] + found[4] + found[5]


def _areas(text: str, removed: Sequence[int]) -> str:
    """A list of areas (`A2:B9 D4`) once rows are gone; "" when nothing of it is left."""
    left = []
    for each in text.split():
        found = _AREA.fullmatch(each)
        if not found:
            left.append(each)
            continue
        column, start, end_column, end = found[1], int(found[2]), found[3], int(found[4] or found[2])
        first = moved(start, removed)
        last = end if end >= MAX_ROWS else end - bisect_right(removed, end)
        if last >= first:
            left.append(f"{column}{first}:{end_column}{last}" if end_column else f"{column}{first}")
    return " ".join(left)


def _corner(areas: str) -> int:
    """The row from which a rule's formulas count: the topmost of its areas."""
    return min((int(found[2]) for found in map(_AREA.fullmatch, areas.split()) if found), default=1)


def _translated(formula: bytes, before: int, after: int) -> bytes:
    text = unescape(formula.decode())
    if text.startswith('"'):
        return formula  # the choices of a drop-down
    return escape(translated(text, f"A{before}", f"A{after}"), quote=False).encode()
