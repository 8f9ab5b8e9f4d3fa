"""A1 notation and grid ranges: parsing, printing, and how ranges follow inserted, deleted and moved rows.

Facts: docs/sheet-facts.md "Reading values" (normalised, clamped, quotes only when needed) and the DimensionRange, GridRange texts
of the discovery document (start inclusive, end exclusive, a missing bound is unbounded).
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

Dim = Literal["ROWS", "COLUMNS"]

_CELL = re.compile(r"^\$?([A-Za-z]{1,3})?\$?([1-9][0-9]{0,7})?$")
_R1C1 = re.compile(r"^[Rr]([1-9][0-9]{0,7})[Cc]([1-9][0-9]{0,4})$")
_PLAIN_TITLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_LOOKS_LIKE_CELL = re.compile(r"^([A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*)$")


class RangeSyntaxError(ValueError):
    """The text is no range of an A1 form."""


class Area(NamedTuple):
    """A rectangle on one sheet; `None` is an open end, ends are exclusive."""

    sheet_id: int
    r0: int | None = None
    r1: int | None = None
    c0: int | None = None
    c1: int | None = None

    def bounded(self, rows: int, columns: int) -> tuple[int, int, int, int]:
        """Return (r0, r1, c0, c1) cut to a grid of that size."""
        r1 = rows if self.r1 is None else min(self.r1, rows)
        c1 = columns if self.c1 is None else min(self.c1, columns)
        return self.r0 or 0, r1, self.c0 or 0, c1

    def whole_sheet(self) -> bool:
        """Tell whether no bound is set."""
        return self.r0 is None and self.r1 is None and self.c0 is None and self.c1 is None

    def meets(self, other: Area) -> bool:
        """Tell whether the two rectangles share a cell."""
        return (
            self.sheet_id == other.sheet_id
            and _overlap(self.r0, self.r1, other.r0, other.r1)
            and _overlap(self.c0, self.c1, other.c0, other.c1)
        )

    def holds(self, other: Area) -> bool:
        """Tell whether `other` lies wholly inside."""
        return (
            self.sheet_id == other.sheet_id
            and _inside(self.r0, self.r1, other.r0, other.r1)
            and _inside(self.c0, self.c1, other.c0, other.c1)
        )

    def has_cell(self, row: int, column: int) -> bool:
        """Tell whether the cell lies inside."""
        return (
            (self.r0 or 0) <= row
            and (self.r1 is None or row < self.r1)
            and (self.c0 or 0) <= column
            and (self.c1 is None or column < self.c1)
        )

    def json(self) -> dict[str, Any]:
        """Return Google's GridRange; sheet id 0 is left out, index 0 is not [rec]."""
        out: dict[str, Any] = {}
        if self.sheet_id:
            out["sheetId"] = self.sheet_id
        names = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
        return out | {name: value for name, value in zip(names, self[1:], strict=True) if value is not None}


def _overlap(a0: int | None, a1: int | None, b0: int | None, b1: int | None) -> bool:
    return (a1 is None or (b0 or 0) < a1) and (b1 is None or (a0 or 0) < b1)


def _inside(a0: int | None, a1: int | None, b0: int | None, b1: int | None) -> bool:
    return (a0 or 0) <= (b0 or 0) and (a1 is None or (b1 is not None and b1 <= a1))


def area(grid_range: dict[str, Any]) -> Area:
    """Read a GridRange."""
    return Area(
        grid_range.get("sheetId", 0),
        grid_range.get("startRowIndex"),
        grid_range.get("endRowIndex"),
        grid_range.get("startColumnIndex"),
        grid_range.get("endColumnIndex"),
    )


def letters(column: int) -> str:
    """Return the letters of a zero-based column: 0 -> A, 26 -> AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def number(text: str) -> int:
    """Return the zero-based column of letters."""
    value = 0
    for char in text.upper():
        value = value * 26 + ord(char) - 64
    return value - 1


def quote(title: str) -> str:
    """Return a sheet title as it stands before the `!`: quoted only when needed."""
    if _PLAIN_TITLE.match(title) and not _LOOKS_LIKE_CELL.match(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def cell_name(row: int, column: int) -> str:
    """Return `B3` for (2, 1)."""
    return f"{letters(column)}{row + 1}"


def print_range(title: str, r0: int, r1: int, c0: int, c1: int) -> str:
    """Print a bounded range with its sheet title, one cell as `T!A1`."""
    return f"{quote(title)}!{cells_name(r0, r1, c0, c1)}"


def cells_name(r0: int, r1: int, c0: int, c1: int) -> str:
    """Print a bounded range without a title, one cell as `A1`."""
    first = cell_name(r0, c0)
    last = cell_name(max(r1 - 1, r0), max(c1 - 1, c0))
    return first if first == last else f"{first}:{last}"


def split_title(text: str) -> tuple[str | None, str]:
    """Split `'My tab'!A1` into title and rest; no title is None.

    Raises RangeSyntaxError.
    """
    if text.startswith("'"):
        end = 1
        while True:
            end = text.find("'", end)
            if end < 0:
                raise RangeSyntaxError(text)
            if text[end : end + 2] == "''":
                end += 2
                continue
            break
        title = text[1:end].replace("''", "'")
        rest = text[end + 1 :]
        if rest == "":
            return title, ""
        if not rest.startswith("!") or rest == "!":
            raise RangeSyntaxError(text)
        return title, rest[1:]
    if "!" in text:
        title, rest = text.rsplit("!", 1)
        if not title or not rest:
            raise RangeSyntaxError(text)
        return title, rest
    return None, text


def parse_cells(text: str, sheet_id: int = 0) -> Area:
    """Parse `A1`, `A1:B2`, `A:C`, `2:5`, `A2:C`, `R1C1`, `R1C1:R2C2` into an Area.

    Raises RangeSyntaxError.
    """
    parts = text.split(":")
    if len(parts) > 2 or not all(parts):
        raise RangeSyntaxError(text)
    ends: list[tuple[int | None, int | None]] = []
    for part in parts:
        other = _R1C1.match(part)
        if other:
            ends.append((int(other.group(1)) - 1, int(other.group(2)) - 1))
            continue
        match = _CELL.match(part)
        if not match or (match.group(1) is None and match.group(2) is None):
            raise RangeSyntaxError(text)
        column = number(match.group(1)) if match.group(1) else None
        row = int(match.group(2)) - 1 if match.group(2) else None
        ends.append((row, column))
    if len(ends) == 1:
        row, column = ends[0]
        if row is None or column is None:
            raise RangeSyntaxError(text)
        return Area(sheet_id, row, row + 1, column, column + 1)
    (row_a, col_a), (row_b, col_b) = ends
    r0, r1 = _span(row_a, row_b)
    c0, c1 = _span(col_a, col_b)
    return Area(sheet_id, r0, r1, c0, c1)


def _span(a: int | None, b: int | None) -> tuple[int | None, int | None]:
    if a is None and b is None:
        return None, None
    if a is None or b is None:
        return (a if a is not None else b), None
    return min(a, b), max(a, b) + 1


def insert_span(s: int | None, e: int | None, at: int, n: int) -> tuple[int | None, int | None]:
    """Return a span after `n` rows were inserted before row `at`."""
    start = s + n if s is not None and at <= s else s
    end = e + n if e is not None and at < e else e
    return start, end


def delete_span(s: int | None, e: int | None, a: int, b: int) -> tuple[int | None, int | None] | None:
    """Return a span after rows a..b were deleted, None when nothing of it is left."""

    def moved(x: int) -> int:
        return x if x <= a else max(a, x - (b - a))

    start = None if s is None else moved(s)
    end = None if e is None else moved(e)
    if end is not None and end <= (start or 0) and (e or 0) > (s or 0):
        return None
    return start, end


def move_index(i: int, a: int, b: int, to: int) -> int:
    """Return where index `i` stands after rows a..b were moved before row `to` (both in old numbers)."""
    n = b - a
    target = to - n if to > a else to
    if a <= i < b:
        return target + i - a
    rest = i - n if i >= b else i
    return rest + n if rest >= target else rest


def move_span(s: int | None, e: int | None, a: int, b: int, to: int) -> tuple[int | None, int | None]:
    """Return a span after a move: along with the rows when it lay inside them, else from its first to its last row."""
    if s is None or e is None or e <= s:
        return s, e
    if e - s > 2000:
        ends = [move_index(i, a, b, to) for i in (s, e - 1) if not a <= i < b] or [move_index(s, a, b, to)]
        return min(ends), max(ends) + 1
    if a <= s and e <= b:
        places = [move_index(i, a, b, to) for i in range(s, e)]
    else:
        stay = [move_index(i, a, b, to) for i in range(s, e) if not a <= i < b]
        gone = [move_index(i, a, b, to) for i in range(max(s, a), min(e, b))]
        low, high = min(stay), max(stay)
        places = stay + [g for g in gone if low <= g <= high + 1 or g == low - 1]
    return min(places), max(places) + 1
