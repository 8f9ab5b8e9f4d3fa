"""Excel tables (Insert > Table) on our tabs: rows that land extend the table, also above its totals row.

A row that is written below a table without extending it is outside: the table's filter, its colours, its totals and whatever
counts its rows leave it out. Source: ECMA-376 part 1, chapter 18.5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reconcile.workbook.templates import letters
from reconcile.workbook.xlsx_xml import Area, area, opened

if TYPE_CHECKING:
    from collections.abc import Collection

    from reconcile.workbook.xlsx_package import Package

_TABLE: Final = re.compile(rb"<(?:[\w.-]+:)?table(?=[\s>])")
_FILTER: Final = re.compile(rb"<(?:[\w.-]+:)?autoFilter(?=[\s/>])")
_REF: Final = re.compile(rb"""(\sref\s*=\s*["'])([^"']*)""")


@dataclass(frozen=True)
class Table:
    """One table: its part, its cells (headings and totals row among them), and how many totals rows it ends with (0 or 1)."""

    part: str
    xml: bytes
    cells: Area
    totals: int

    @property
    def last(self) -> int:
        """The number of its last row of data."""
        return self.cells.bottom - self.totals

    def holds_rows(self, ours: Collection[int]) -> bool:
        """Whether it begins at our headings, or right below them, and has columns of ours: then our rows are its rows."""
        return self.cells.top <= _FIRST and any(self.cells.left <= index <= self.cells.right for index in ours)

    def reaching(self, last: int) -> Table:
        """The table with its data down to row `last`; as it is where it reaches further."""
        if last <= self.last:
            return self
        cells = self.cells._replace(bottom=last + self.totals)
        xml = self._with_ref(self.xml, _TABLE, cells)
        return replace(self, xml=self._with_ref(xml, _FILTER, cells._replace(bottom=last)), cells=cells)

    @staticmethod
    def _with_ref(xml: bytes, tag: re.Pattern[bytes], cells: Area) -> bytes:
        found = tag.search(xml)
        if found is None:
            return xml
        end = found.start() + opened(xml[found.start() :])[0]
        reference = f"{letters(cells.left)}{cells.top}:{letters(cells.right)}{cells.bottom}".encode()
        opening = _REF.sub(lambda each: each[1] + reference, xml[found.start() : end], count=1)
        return xml[: found.start()] + opening + xml[end:]


_FIRST: Final = 2
"""The first row below the headings."""


def tables_of(package: Package, part: str) -> tuple[Table, ...]:
    """The tables of a worksheet part. Raises KeyError and ValueError for one that is named but not there, or none."""
    try:
        relations = package.relations(part)
    except KeyError:
        return ()
    return tuple(_table(package, member) for kind, member in relations.values() if kind == "table")


def _table(package: Package, member: str) -> Table:
    xml = package.read(member)
    found = _TABLE.search(xml)
    if found is None:
        raise ValueError(f"{member} is no table")
    attributes = opened(xml[found.start() :])[1]
    cells = area(attributes.get(b"ref", b"").decode())
    if cells is None:
        raise ValueError(f"the table {member} has no range")
    totals = attributes.get(b"totalsRowCount", b"0")
    return Table(member, xml, cells, 1 if totals.isdigit() and int(totals) else 0)
