"""A spreadsheet program in small: shows what stands in the tabs of an .xlsx file and types into them, with no code of ours.

The big one is openpyxl, which loads and saves everything whatever is asked; `tests.faults.books` uses both and compares
them. This one reads a tab only when a part it comes from has other bytes, and changes nothing but the rows of one tab.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from datetime import datetime, time
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import from_excel, to_excel

from reconcile.core.cells import Formula

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.faults.books import Grid

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = re.compile(r"([A-Z]+)(\d+)")
_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData>.*</sheetData>", re.DOTALL)
_MODIFIED = re.compile(rb"(<dcterms:modified [^>]*>)\d{4}")
_SIZE = re.compile(rb'<dimension ref="[^"]*"')


class SmallProgram:
    """The program, with one file open. Raises ValueError or KeyError for what openpyxl and `reconcile` never write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saves = 0
        self._raw = b""
        self._parts: dict[str, bytes] = {}
        self._titles: dict[str, str] = {}
        self._dates: frozenset[str] = frozenset()
        self._shown: dict[str, tuple[bytes, Grid]] = {}

    def see(self, title: str) -> Grid:
        """A tab's cells from A1 on, rows of equal length, blank rows at the end left out; a date cell is a datetime."""
        self._open()
        xml = self._parts[self._titles[title]]
        if title not in self._shown or self._shown[title][0] != xml:
            self._shown[title] = xml, self._grid(ET.fromstring(xml))  # noqa: S314 - our own file
        return [list(row) for row in self._shown[title][1]]

    def show(self, title: str, grid: Grid) -> None:
        """Makes a tab show exactly `grid`, each cell in the style it has, and saves the file."""
        self._open()
        part = self._titles[title]
        sheet = ET.fromstring(self._parts[part])  # noqa: S314 - our own file
        rows = {int(row.get("r", "")): row for row in sheet.iter(f"{_MAIN}row")}
        lines = [_line(n, _at(grid, n), rows.get(n), self._dates) for n in range(1, max([len(grid), *rows]) + 1)]
        xml, replaced = _ROWS.subn(lambda _: f"<sheetData>{''.join(lines)}</sheetData>".encode(), self._parts[part])
        size = f"A1:{get_column_letter(max(map(len, grid)))}{max(len(grid), 1)}"
        xml, sized = _SIZE.subn(f'<dimension ref="{size}"'.encode(), xml)
        if (replaced, sized) != (1, 1):
            raise ValueError(f"{part} is not written as openpyxl and reconcile write it")
        self.save({**self._parts, part: xml})

    def save(self, parts: Mapping[str, bytes]) -> None:
        """Saves a file of these parts. No two saves are the same bytes, and all are the same bytes in every life of a world."""
        self._saves += 1
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, data in parts.items():
                stamped = (
                    _MODIFIED.sub(b"\\g<1>%d" % (1000 + self._saves), data) if name == "docProps/core.xml" else data
                )
                archive.writestr(zipfile.ZipInfo(name), stamped)
        self.path.write_bytes(out.getvalue())

    def _open(self) -> None:
        """The file as it is now. What depends on other parts than a tab's own is forgotten when they changed."""
        raw = self.path.read_bytes()
        if raw == self._raw:
            return
        parts = unpacked(raw)
        if "xl/sharedStrings.xml" in parts:
            raise ValueError("shared strings: openpyxl and reconcile write texts into their cells")
        around = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")
        if any(parts[name] != self._parts.get(name) for name in around):
            self._shown.clear()
            self._titles = _titles(parts)
            self._dates = _date_styles(ET.fromstring(parts["xl/styles.xml"]))  # noqa: S314 - same
        self._raw, self._parts = raw, parts

    def _grid(self, sheet: ET.Element) -> Grid:
        size = sheet.find(f"{_MAIN}dimension")
        corner = _PLACE.findall("A1" if size is None else size.get("ref", "A1"))[-1]
        width, grid = column_index_from_string(corner[0]), []
        for row in sheet.iter(f"{_MAIN}row"):
            grid.extend([] for _ in range(int(row.get("r", "")) - len(grid)))
            for cell in row:
                column = column_index_from_string(_PLACE.fullmatch(cell.get("r", ""))[1])  # type: ignore[index]
                grid[-1].extend([None] * (column - len(grid[-1])))
                grid[-1][-1] = self._value(cell)
        while len(grid) > 1 and not any(cell is not None for cell in grid[-1]):
            grid.pop()
        width = max([width, *map(len, grid)])
        return [[*row, *[None] * (width - len(row))] for row in grid]

    def _value(self, cell: ET.Element) -> Any:
        kind, formula, value = cell.get("t", "n"), cell.find(f"{_MAIN}f"), cell.find(f"{_MAIN}v")
        if formula is not None:
            if formula.get("t") is not None:
                raise ValueError(f"a shared or array formula in {cell.get('r')}")
            return Formula(f"={formula.text or ''}")
        if kind == "inlineStr":
            return "".join(text.text or "" for text in cell.iter(f"{_MAIN}t"))
        if value is None or value.text is None:
            return None
        if kind == "b":
            return value.text == "1"
        if kind != "n":
            return value.text
        number = float(value.text) if re.search("[.eE]", value.text) else int(value.text)
        return from_excel(number) if cell.get("s", "0") in self._dates else number


def unpacked(raw: bytes) -> dict[str, bytes]:
    """A file's parts by name."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def _titles(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Title → part."""
    relations = ET.fromstring(parts["xl/_rels/workbook.xml.rels"])  # noqa: S314 - our own file
    targets = {one.get("Id"): posixpath.join("/xl", one.get("Target", "")).lstrip("/") for one in relations}
    sheets = ET.fromstring(parts["xl/workbook.xml"]).iter(f"{_MAIN}sheet")  # noqa: S314 - same
    return {sheet.get("name", ""): targets[sheet.get(_RELATION)] for sheet in sheets}


def _date_styles(styles: ET.Element) -> frozenset[str]:
    """The numbers of the cell styles that show a date."""
    codes = {one.get("numFmtId"): one.get("formatCode", "") for one in styles.iter(f"{_MAIN}numFmt")}
    codes = {**{str(number): code for number, code in BUILTIN_FORMATS.items()}, **codes}
    used = [one.get("numFmtId") for xfs in styles.iter(f"{_MAIN}cellXfs") for one in xfs]
    return frozenset(str(place) for place, number in enumerate(used) if is_date_format(codes.get(number, "")))


def _at(grid: Grid, number: int) -> list[Any]:
    return grid[number - 1] if number <= len(grid) else []


def _line(number: int, values: list[Any], old: ET.Element | None, dates: frozenset[str]) -> str:
    """A `<row>`: height and styles stay where they were."""
    styles = {} if old is None else {cell.get("r"): cell.get("s", "0") for cell in old}
    kept = (
        {}
        if old is None
        else {name: old.get(name, "") for name in ("ht", "customHeight", "hidden") if name in old.attrib}
    )
    width = max([len(values), *(column_index_from_string(_PLACE.fullmatch(str(r))[1]) for r in styles)])  # type: ignore[index]
    cells = []
    for column in range(1, width + 1):
        place = f"{get_column_letter(column)}{number}"
        value = values[column - 1] if column <= len(values) else None
        if value is not None or place in styles:
            cells.append(_cell(place, value, styles.get(place, "0"), dates))
    attributes = "".join(f' {name}="{value}"' for name, value in kept.items())
    return f'<row r="{number}"{attributes}>{"".join(cells)}</row>' if cells or kept else ""


def _cell(place: str, value: Any, style: str, dates: frozenset[str]) -> str:
    if isinstance(value, (datetime, time)):  # a number under 1 in a date cell is a time of day
        shown = style if style in dates else min(dates, key=int)
        return f'<c r="{place}" s="{shown}"><v>{to_excel(value)!r}</v></c>'
    if isinstance(value, Formula):
        return f'<c r="{place}" s="{style}"><f>{escape(value[1:])}</f><v></v></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" s="{style}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}" s="{style}"><v>{value!r}</v></c>'
    if value is None:
        return f'<c r="{place}" s="{style}"/>'
    if ILLEGAL_CHARACTERS_RE.search(value):
        raise ValueError(f"{value!r} cannot stand in a file")
    text = escape(value, {"\r": "&#13;"})
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
