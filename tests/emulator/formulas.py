"""A small formula evaluator: enough for what people put into a shared sheet, honest about the rest (`#NAME?`).

Also here: how references inside a formula follow copying, inserting and deleting. Error texts are Google's.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.emulator import a1, dates, entry, formatting
from tests.emulator.cells import Cell, Fault, Formula, Value, number_format, plain_number

if TYPE_CHECKING:
    from tests.emulator.book import Book, Sheet

_TOKEN = re.compile(
    r"""\s*(?:(?P<num>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)(?![A-Za-z_!:])
    |(?P<str>"(?:[^"]|"")*")
    |(?P<err>\#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|ERROR!))
    |(?P<ref>(?:(?:'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_.]*)!)?(?:\$?[A-Za-z]{1,3}\$?[0-9]+(?::\$?[A-Za-z]{1,3}(?:\$?[0-9]+)?)?
        |\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}(?:\$?[0-9]+)?|\$?[0-9]+:\$?[0-9]+))(?![A-Za-z0-9_(])
    |(?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    |(?P<op><=|>=|<>|[-+*/^&=<>%(),;{}]))""",
    re.VERBOSE,
)
_REF = re.compile(r"(\$?)([A-Za-z]{1,3})?(\$?)([0-9]+)?")


def fault(kind: str, message: str = "") -> Fault:
    """Return an error value by its ErrorType."""
    shown = {
        "DIVIDE_BY_ZERO": "#DIV/0!",
        "N_A": "#N/A",
        "NAME": "#NAME?",
        "NUM": "#NUM!",
        "REF": "#REF!",
        "VALUE": "#VALUE!",
        "NULL_VALUE": "#NULL!",
        "ERROR": "#ERROR!",
        "LOADING": "Loading...",
    }[kind]
    return Fault(kind, shown, message)


PARSE_ERROR = fault("ERROR", "Formula parse error.")


class Ref(NamedTuple):
    """A reference as written: sheet title or None, and an Area on sheet 0 (the evaluator puts the real sheet in)."""

    title: str | None
    area: a1.Area
    single: bool


Node = tuple[Any, ...]


class FormulaSyntaxError(ValueError):
    """The formula cannot be parsed."""


# -- parsing ------------------------------------------------------------------------------------------------------------


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) of a formula body; raises FormulaSyntaxError."""
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match or match.end() == at:
            raise FormulaSyntaxError(text)
        kind = match.lastgroup or ""
        yield kind, match.group(kind)
        at = match.end()


@lru_cache(maxsize=50_000)
def parse(text: str) -> Node:
    """Parse `=…` into a tree; raises FormulaSyntaxError."""
    parser = _Parser(list(tokens(text[1:])))
    node = parser.expression(0)
    if parser.at != len(parser.tokens):
        raise FormulaSyntaxError(text)
    return node


_BINDING = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 6}


class _Parser:
    def __init__(self, found: list[tuple[str, str]]) -> None:
        self.tokens = found
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, text: str) -> None:
        if self.peek() != ("op", text):
            raise FormulaSyntaxError(text)
        self.at += 1

    def expression(self, least: int) -> Node:
        left = self.prefix()
        while True:
            kind, op = self.peek()
            if kind != "op":
                return left
            if op == "%":
                self.at += 1
                left = ("op", "/", left, ("value", 100))
                continue
            binding = _BINDING.get(op)
            if binding is None or binding < least:
                return left
            self.at += 1
            left = ("op", op, left, self.expression(binding + 1))

    def prefix(self) -> Node:
        kind, text = self.peek()
        self.at += 1
        if kind == "num":
            return ("value", plain_number(float(text)))
        if kind == "str":
            return ("value", text[1:-1].replace('""', '"'))
        if kind == "err":
            return (
                "value",
                next(
                    fault(k)
                    for k in ("N_A", "REF", "VALUE", "DIVIDE_BY_ZERO", "NAME", "NUM", "NULL_VALUE", "ERROR")
                    if fault(k).shown == text
                ),
            )
        if kind == "ref":
            return ("ref", read_ref(text))
        if kind == "op" and text in "+-":
            return ("neg" if text == "-" else "pos", self.expression(5))
        if kind == "op" and text == "(":
            node = self.expression(0)
            self.take(")")
            return node
        if kind == "name":
            if self.peek() == ("op", "("):
                return ("call", text.upper(), self.arguments())
            if text.upper() in ("TRUE", "FALSE"):
                return ("value", text.upper() == "TRUE")
            return ("name", text)
        raise FormulaSyntaxError(text)

    def arguments(self) -> list[Node]:
        self.take("(")
        found: list[Node] = []
        if self.peek() == ("op", ")"):
            self.at += 1
            return found
        while True:
            kind, text = self.peek()
            if kind == "op" and text in ",;)":
                found.append(("value", None))
            else:
                found.append(self.expression(0))
            kind, text = self.peek()
            self.at += 1
            if (kind, text) == ("op", ")"):
                return found
            if kind != "op" or text not in ",;":
                raise FormulaSyntaxError(text)


@lru_cache(maxsize=50_000)
def read_ref(text: str) -> Ref:
    """Read `Tab!$A$1:B2`."""
    title, rest = a1.split_title(text)
    area = a1.parse_cells(rest.replace("$", ""))
    return Ref(title, area, ":" not in rest)


# -- references that follow ---------------------------------------------------------------------------------------------

_STRINGS_OR_REFS = re.compile(
    r"""(?P<str>"(?:[^"]|"")*")
    |(?P<ref>(?<![A-Za-z0-9_.$'])(?:(?P<sheet>'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_.]*)!)?
      (?P<a>\$?[A-Za-z]{1,3}\$?[0-9]+|\$?[A-Za-z]{1,3}(?=:)|\$?[0-9]+(?=:))(?::(?P<b>\$?[A-Za-z]{1,3}\$?[0-9]+|\$?[A-Za-z]{1,3}|\$?[0-9]+))?
      (?![A-Za-z0-9_(!.]))""",
    re.VERBOSE,
)


def copied(text: str, down: int, right: int) -> str:
    """Return a formula as it reads `down` rows and `right` columns further: relative references move along."""

    def end(part: str) -> str:
        lock_c, col, lock_r, row = _REF.fullmatch(part).groups()  # type: ignore[union-attr]
        if col:
            column = a1.number(col) + (0 if lock_c else right)
            if column < 0:
                return "#REF!"
            col = a1.letters(column)
        locked = lock_r if col else (lock_c or lock_r)
        if row:
            moved = int(row) + (0 if locked else down)
            if moved < 1:
                return "#REF!"
            row = str(moved)
        return f"{lock_c if col else ''}{col or ''}{locked if row else ''}{row or ''}"

    return _rewrite(text, lambda _sheet, a, b: (end(a), end(b) if b else None))


class Single(NamedTuple):
    """One cell that a formula looks at: tab (None: its own), place, and whether row and column move when it is copied."""

    title: str | None
    row: int
    column: int
    row_moves: bool
    column_moves: bool


_PLACE_COUNTS = re.compile(r"\b(?:ROW|COLUMN|ISFORMULA)\s*\(", re.IGNORECASE)


@lru_cache(maxsize=50_000)
def singles(text: str) -> tuple[Single, ...] | None:
    """Return the cells a formula looks at; None when its value does not follow from theirs alone (ranges, ROW, names)."""
    found: list[Single] = []

    def note(sheet: str | None, a: str, b: str | None) -> tuple[str, str | None]:
        lock_c, col, lock_r, row = _REF.fullmatch(a).groups()  # type: ignore[union-attr]
        if b is None and col and row:
            found.append(Single(sheet, int(row) - 1, a1.number(col), not lock_r, not lock_c))
        else:
            ranges.append(a)
        return a, b

    ranges: list[str] = []
    _rewrite(text, note)
    try:
        named = _has_name(parse(text))
    except (FormulaSyntaxError, a1.RangeSyntaxError):
        return None
    return None if ranges or named or _PLACE_COUNTS.search(text) else tuple(found)


def _has_name(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_has_name, node))
    return isinstance(node, tuple) and bool(node) and (node[0] == "name" or any(map(_has_name, node[1:])))


def followed(
    text: str, own_title: str, changed_title: str, dimension: str, span: Callable[[int, int], tuple[int, int] | None]
) -> str:
    """Return a formula after rows or columns of a sheet were inserted, deleted or moved; a lost cell is `#REF!`."""

    def ends(sheet: str | None, a: str, b: str | None) -> tuple[str, str | None]:
        if (sheet or own_title).lower() != changed_title.lower():
            return a, b
        one, two = _REF.fullmatch(a), _REF.fullmatch(b or a)
        assert one is not None
        assert two is not None
        group = 4 if dimension == "ROWS" else 2
        if one.group(group) is None or two.group(group) is None:
            return a, b
        index = (lambda t: int(t) - 1) if dimension == "ROWS" else a1.number
        low, high = index(one.group(group)), index(two.group(group))
        moved = span(min(low, high), max(low, high) + 1)
        if moved is None:
            return "#REF!", None
        put = [(lambda i: str(i + 1)) if dimension == "ROWS" else a1.letters][0]
        first = _with(one, group, put(moved[0]))
        return first, (_with(two, group, put(moved[1] - 1)) if b else None)

    return _rewrite(text, ends)


def _with(match: re.Match[str], group: int, text: str) -> str:
    parts = [match.group(i) or "" for i in range(1, 5)]
    parts[group - 1] = text
    return "".join(parts)


def _rewrite(text: str, change: Callable[[str | None, str, str | None], tuple[str, str | None]]) -> str:
    def swap(match: re.Match[str]) -> str:
        if match.group("str"):
            return match.group()
        sheet = match.group("sheet")
        title = sheet[1:-1].replace("''", "'") if sheet and sheet.startswith("'") else sheet
        a, b = change(title, match.group("a"), match.group("b"))
        if "#REF!" in (a, b):
            return "#REF!"
        return (f"{sheet}!" if sheet else "") + a + (f":{b}" if b else "")

    return _STRINGS_OR_REFS.sub(swap, text)


def renamed(text: str, old: str, new: str) -> str:
    """Return a formula after a tab was renamed."""

    def swap(match: re.Match[str]) -> str:
        if match.group("str") or not match.group("sheet"):
            return match.group()
        sheet = match.group("sheet")
        title = sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
        if title.lower() != old.lower():
            return match.group()
        return a1.quote(new) + match.group()[len(sheet) :]

    return _STRINGS_OR_REFS.sub(swap, text)


# -- evaluating ---------------------------------------------------------------------------------------------------------

Grid = list[list[Value]]


class Evaluator:
    """Computes values of cells of one book at one moment; remembers what it computed."""

    def __init__(self, book: Book, epoch_seconds: float) -> None:
        """Keep the book and the moment (NOW and TODAY use the book's own time zone)."""
        self.book = book
        self.now = dates.now_serial(epoch_seconds, book.properties.get("timeZone", "Etc/GMT"))
        self._known: dict[tuple[int, int, int], Value] = {}
        self._busy: set[tuple[int, int, int]] = set()

    def forget(self) -> None:
        """Forget computed values: the cells may have changed."""
        self._known.clear()

    def cell(self, sheet: Sheet, row: int, column: int) -> Value:
        """Return the effective value of a place."""
        cell = sheet.get(row, column)
        return self.value(sheet, row, column, cell)

    def value(self, sheet: Sheet, row: int, column: int, cell: Cell | None) -> Value:
        """Return the effective value of a cell that stands at that place."""
        if cell is None or not isinstance(cell.value, Formula):
            return None if cell is None else cell.value  # type: ignore[return-value]
        key = (sheet.sheet_id, row, column)
        if key in self._known:
            return self._known[key]
        if key in self._busy:
            return fault(
                "REF", "Circular dependency detected. To resolve with iterative calculation, see File > Settings."
            )
        self._busy.add(key)
        result = self.formula(cell.value.text, sheet, row, column)
        self._busy.discard(key)
        self._known[key] = result
        return result

    def formula(self, text: str, sheet: Sheet, row: int, column: int) -> Value:
        """Evaluate a formula as if it stood at that place."""
        try:
            node = parse(text)
        except (FormulaSyntaxError, a1.RangeSyntaxError):
            return PARSE_ERROR
        try:
            result = self.eval(node, sheet, row, column)
        except RecursionError:
            return fault("REF", "Formula is nested too deeply.")
        if isinstance(result, list):
            result = result[0][0] if result and result[0] else None
        return 0 if result is None else result

    def eval(self, node: Node, sheet: Sheet, row: int, column: int) -> Value | Grid:
        """Evaluate a tree to a value or, for a range, to rows of values."""
        kind = node[0]
        if kind == "value":
            value: Value = node[1]
            return value
        if kind == "ref":
            return self.reference(node[1], sheet)
        if kind == "name":
            named = self.book.named(node[1])
            if named is None:
                return fault("NAME", f"Unknown range name: '{node[1].upper()}'.")
            area = a1.area(named["range"])
            return self.rectangle(self.book.sheet(area.sheet_id), area)
        if kind in ("neg", "pos"):
            number = to_number(scalar(self.eval(node[1], sheet, row, column)))
            return number if isinstance(number, Fault) else plain_number(-number if kind == "neg" else number)
        if kind == "op":
            left = scalar(self.eval(node[2], sheet, row, column))
            right = scalar(self.eval(node[3], sheet, row, column))
            return _operate(node[1], left, right)
        return self.call(node[1], node[2], sheet, row, column)

    def reference(self, ref: Ref, sheet: Sheet) -> Value | Grid:
        """Return the value of a cell or the rows of a range."""
        if ref.title is not None:
            found = self.book.titled(ref.title)
            if found is None:
                return fault("REF", f"Unresolved sheet name '{ref.title}'.")
            sheet = found
        area = ref.area
        if (area.r0 or 0) >= sheet.row_count or (area.c0 or 0) >= sheet.column_count:
            return fault("REF", "Reference does not exist.")
        if ref.single:
            return self.cell(sheet, area.r0 or 0, area.c0 or 0)
        return self.rectangle(sheet, area)

    def rectangle(self, sheet: Sheet, area: a1.Area) -> Grid:
        """Return the rows of a range, cut to the rows that hold anything."""
        r0, r1, c0, c1 = area.bounded(sheet.row_count, sheet.column_count)
        r1 = min(r1, max(len(sheet.rows), r0 + 1))
        return [[self.cell(sheet, r, c) for c in range(c0, c1)] for r in range(r0, r1)]

    def call(self, name: str, args: list[Node], sheet: Sheet, row: int, column: int) -> Value | Grid:  # noqa: C901, PLR0912
        """Call a function; an unknown one is `#NAME?`."""

        def arg(i: int) -> Value | Grid:
            return self.eval(args[i], sheet, row, column)

        if name == "IF":
            test = to_bool(scalar(arg(0)))
            if isinstance(test, Fault):
                return test
            if test:
                return arg(1)
            return arg(2) if len(args) > 2 else False
        if name == "IFS":
            for i in range(0, len(args) - 1, 2):
                test = to_bool(scalar(arg(i)))
                if isinstance(test, Fault) or test:
                    return test if isinstance(test, Fault) else arg(i + 1)
            return fault("N_A", "No match.")
        if name in ("IFERROR", "IFNA"):
            value = scalar(arg(0))
            caught = isinstance(value, Fault) and (name == "IFERROR" or value.type == "N_A")
            return (arg(1) if len(args) > 1 else None) if caught else value
        if name in ("ISERROR", "ISNA", "ISBLANK", "ISNUMBER", "ISTEXT", "ISLOGICAL", "ISERR"):
            return _test(name, scalar(arg(0)))
        if name == "ISFORMULA" and len(args) == 1 and args[0][0] == "ref":
            ref = args[0][1]
            home = sheet if ref.title is None else self.book.titled(ref.title)
            cell = home.get(ref.area.r0 or 0, ref.area.c0 or 0) if home is not None else None
            return cell is not None and isinstance(cell.value, Formula)
        if name in ("ROW", "COLUMN"):
            if not args:
                return (row if name == "ROW" else column) + 1
            if args[0][0] == "ref":
                area = args[0][1].area
                return ((area.r0 if name == "ROW" else area.c0) or 0) + 1
            return fault("VALUE", "Argument must be a range.")
        if name == "INDIRECT":
            text = scalar(arg(0))
            try:
                return self.reference(read_ref(str(text)), sheet)
            except a1.RangeSyntaxError:
                named = self.book.named(str(text))
                if named is not None:
                    area = a1.area(named["range"])
                    return self.rectangle(self.book.sheet(area.sheet_id), area)
                return fault(
                    "REF", f"Function INDIRECT parameter 1 value is '{text}'. It is not a valid cell/range reference."
                )
        if name == "NOW":
            return self.now
        if name == "TODAY":
            return math.floor(self.now)
        if name in LOADS:
            return fault("LOADING")
        function = _FUNCTIONS.get(name)
        if function is None:
            return fault("NAME", f"Unknown function: '{name}'.")
        least, most, run = function
        if not least <= len(args) <= most:
            given = "1 argument" if len(args) == 1 else f"{len(args)} arguments"
            wants = (
                f"exactly {least}"
                if least == most
                else f"between {least} and {most}"
                if most < MANY
                else f"at least {least}"
            )
            return fault("N_A", f"Wrong number of arguments to {name}. Expected {wants} arguments, but got {given}.")
        values = [arg(i) for i in range(len(args))]
        return run(values)


def scalar(value: Value | Grid) -> Value:
    """Return a single value; of a range, its first cell."""
    if isinstance(value, list):
        return value[0][0] if value and value[0] else None
    return value


def to_number(value: Value) -> float | Fault:
    """Return the number a value stands for in arithmetic."""
    if isinstance(value, Fault):
        return value
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        found = entry.parse(value).value
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            return found
        return fault(
            "VALUE", f"Function expects number values. But '{value}' is a text and cannot be coerced to a number."
        )
    return value


def to_text(value: Value) -> str | Fault:
    """Return the text a value stands for in concatenation."""
    return value if isinstance(value, Fault) else formatting.show(value, None)


def to_bool(value: Value) -> bool | Fault:
    """Return whether a value counts as true."""
    if isinstance(value, str):
        if value.upper() in ("TRUE", "FALSE", ""):
            return value.upper() == "TRUE"
        return fault(
            "VALUE", f"Function expects boolean values. But '{value}' is a text and cannot be coerced to a boolean."
        )
    return value if isinstance(value, Fault) else bool(value)


def _rank(value: Value) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, str):
        return 1, value.casefold()
    return 0, value or 0


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def _operate(op: str, left: Value, right: Value) -> Value:
    for side in (left, right):
        if isinstance(side, Fault):
            return side
    if op in _COMPARE:
        if left is None and isinstance(right, str):
            left = ""
        if right is None and isinstance(left, str):
            right = ""
        return _COMPARE[op](_rank(left), _rank(right))
    if op == "&":
        return f"{to_text(left)}{to_text(right)}"
    a, b = to_number(left), to_number(right)
    for side in (a, b):
        if isinstance(side, Fault):
            return side
    assert not isinstance(a, Fault)
    assert not isinstance(b, Fault)
    try:
        if op == "/":
            if b == 0:
                return fault("DIVIDE_BY_ZERO", "Function DIVIDE parameter 2 cannot be zero.")
            return plain_number(a / b)
        if op == "^":
            power = a**b
            return plain_number(power) if isinstance(power, (int, float)) else fault("NUM", "Not a real number.")
        return plain_number({"+": operator.add, "-": operator.sub, "*": operator.mul}[op](a, b))
    except (OverflowError, ZeroDivisionError):
        return fault("NUM", "Numeric value is too large.")


def _test(name: str, value: Value) -> bool:
    if name in ("ISERROR", "ISNA", "ISERR"):
        if not isinstance(value, Fault):
            return False
        return name == "ISERROR" or (value.type == "N_A") == (name == "ISNA")
    if name == "ISBLANK":
        return value is None
    if name == "ISTEXT":
        return isinstance(value, str)
    if name == "ISLOGICAL":
        return isinstance(value, bool)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _flat(values: list[Value | Grid]) -> Iterator[tuple[Value, bool]]:
    """Yield (value, came from a range)."""
    for value in values:
        if isinstance(value, list):
            for line in value:
                for one in line:
                    yield one, True
        else:
            yield value, False


def _numbers(values: list[Value | Grid]) -> list[float] | Fault:
    out: list[float] = []
    for value, ranged in _flat(values):
        if isinstance(value, Fault):
            return value
        if ranged and (value is None or isinstance(value, (str, bool))):
            continue
        number = to_number(value)
        if isinstance(number, Fault):
            return number
        out.append(number)
    return out


def _over(run: Callable[[list[float]], float | Fault]) -> Callable[[list[Any]], Value]:
    def call(values: list[Any]) -> Value:
        found = _numbers(values)
        if isinstance(found, Fault):
            return found
        result = run(found)
        return result if isinstance(result, Fault) else plain_number(result)

    return call


def _average(found: list[float]) -> float | Fault:
    if not found:
        return fault("DIVIDE_BY_ZERO", "Evaluation of function AVERAGE caused a divide by zero error.")
    return sum(found) / len(found)


def _each(run: Callable[..., Any], *kinds: Callable[[Value], Any]) -> Callable[[list[Any]], Value]:
    """Return a function of scalars; errors pass through."""

    def call(values: list[Any]) -> Value:
        given = []
        for index, value in enumerate(values):
            one = kinds[min(index, len(kinds) - 1)](scalar(value))
            if isinstance(one, Fault):
                return one
            given.append(one)
        result: Value = run(*given)
        if isinstance(result, float):
            return plain_number(result)
        return result

    return call


def _same(value: Value) -> Value:
    return value


def criterion(text: Value) -> Callable[[Value], bool]:
    """Return the test of COUNTIF and SUMIF: `>5`, `<>x`, `a*`, 7."""
    if not isinstance(text, str):
        return lambda v: v is not None and not isinstance(v, Fault) and _rank(v) == _rank(text)
    match = re.match(r"(<=|>=|<>|=|<|>)?(.*)$", text, re.DOTALL)
    op, body = (match.group(1) or "=", match.group(2)) if match else ("=", text)
    typed = entry.parse(body).value if body else ""
    wanted: Value = body if isinstance(typed, Formula) or typed is None else typed
    if isinstance(wanted, str) and op in ("=", "<>"):
        pattern = re.compile(
            "".join(".*" if ch == "*" else "." if ch == "?" else re.escape(ch) for ch in wanted),
            re.IGNORECASE | re.DOTALL,
        )
        want = op == "="
        return lambda v: (pattern.fullmatch(v if isinstance(v, str) else "" if v is None else "\0") is not None) == want
    compare = _COMPARE[op]
    return lambda v: (
        v is not None
        and not isinstance(v, Fault)
        and _rank(v)[0] == _rank(wanted)[0]
        and compare(_rank(v), _rank(wanted))
    )


def _count_if(values: list[Any]) -> Value:
    test = criterion(scalar(values[1]))
    return sum(1 for v, _ in _flat([values[0]]) if test(v))


def _sum_if(values: list[Any]) -> Value:
    test = criterion(scalar(values[1]))
    where = [v for v, _ in _flat([values[0]])]
    what = [v for v, _ in _flat([values[2] if len(values) > 2 else values[0]])]
    total: float = 0
    for one, amount in zip(where, what, strict=False):
        if test(one) and isinstance(amount, (int, float)) and not isinstance(amount, bool):
            total += amount
    return plain_number(total)


def _count_ifs(values: list[Any]) -> Value:
    """COUNTIFS: ranges of one size with a criterion each."""
    if len(values) % 2:
        return fault("N_A", "Wrong number of arguments to COUNTIFS.")
    ranges = [[v for v, _ in _flat([one])] for one in values[::2]]
    if len({len(one) for one in ranges}) > 1:
        return fault("VALUE", "Array arguments to COUNTIFS are of different size.")
    tests = [criterion(scalar(one)) for one in values[1::2]]
    return sum(1 for line in zip(*ranges, strict=True) if all(t(v) for t, v in zip(tests, line, strict=True)))


def _large(values: list[Any]) -> Value:
    found = _numbers(values[:1])
    place = to_number(scalar(values[1]))
    if isinstance(found, Fault) or isinstance(place, Fault):
        return found if isinstance(found, Fault) else place
    if not 1 <= place <= len(found):
        return fault("NUM", "Function LARGE parameter 2 value is out of range.")
    return plain_number(sorted(found, reverse=True)[int(place) - 1])


def _vlookup(values: list[Any]) -> Value:
    key, grid, index = scalar(values[0]), values[1], to_number(scalar(values[2]))
    if isinstance(index, Fault) or not isinstance(grid, list):
        return index if isinstance(index, Fault) else fault("VALUE", "VLOOKUP needs a range.")
    if index < 1 or index > len(grid[0]):
        return fault("REF", "VLOOKUP evaluates to an out of bounds range.")
    is_sorted = to_bool(scalar(values[3])) if len(values) > 3 else True
    best: Value | None = None
    hit = False
    for line in grid:
        if is_sorted and line[0] is not None and _rank(line[0])[0] == _rank(key)[0] and _rank(line[0]) <= _rank(key):
            best, hit = line[int(index) - 1], True
        elif not is_sorted and line[0] is not None and _rank(line[0]) == _rank(key):
            exact: Value = line[int(index) - 1]
            return exact
    if hit:
        return best
    return fault("N_A", f"Did not find value '{to_text(key)}' in VLOOKUP evaluation.")


def _match(values: list[Any]) -> Value:
    key = scalar(values[0])
    for index, (value, _) in enumerate(_flat([values[1]]), 1):
        if value is not None and _rank(value) == _rank(key):
            return index
    return fault("N_A", f"Did not find value '{to_text(key)}' in MATCH evaluation.")


def _index(values: list[Any]) -> Value:
    grid = values[0] if isinstance(values[0], list) else [[values[0]]]
    row = to_number(scalar(values[1])) if len(values) > 1 else 1
    column = to_number(scalar(values[2])) if len(values) > 2 else 1
    if isinstance(row, Fault) or isinstance(column, Fault):
        return row if isinstance(row, Fault) else column
    try:
        value: Value = grid[max(int(row), 1) - 1][max(int(column), 1) - 1]
    except IndexError:
        return fault("NUM", "Function INDEX parameter 2 value is out of range.")
    return value


def _join(values: list[Any]) -> Value:
    parts = []
    for value, _ in _flat(values):
        if isinstance(value, Fault):
            return value
        parts.append(str(to_text(value)))
    return "".join(parts)


def _textjoin(values: list[Any]) -> Value:
    glue, skip = str(to_text(scalar(values[0]))), bool(to_bool(scalar(values[1])))
    parts = [str(to_text(v)) for v, _ in _flat(values[2:])]
    return glue.join(p for p in parts if p or not skip)


def _logic(run: Callable[[list[bool]], bool]) -> Callable[[list[Any]], Value]:
    def call(values: list[Any]) -> Value:
        found = []
        for value, ranged in _flat(values):
            if ranged and (value is None or isinstance(value, str)):
                continue
            one = to_bool(value)
            if isinstance(one, Fault):
                return one
            found.append(one)
        return run(found)

    return call


def _round(value: float, places: float = 0) -> float:
    scale = 10 ** int(places)
    return math.copysign(math.floor(abs(value) * scale + 0.5) / scale, value)


def _date(year: float, month: float, day: float) -> float:
    extra, month = divmod(int(month) - 1, 12)
    return dates.serial(datetime(int(year) + extra, month + 1, 1)) + int(day) - 1  # noqa: DTZ001 - a serial


def _text(value: Value, pattern: Value) -> str:
    text = str(pattern)
    kind = "DATE" if re.search(r"[ymdhs]", re.sub(r'"[^"]*"', "", text).lower()) else "NUMBER"
    return formatting.show(value, {"type": kind, "pattern": text})


def _regexmatch(text: str, pattern: str) -> Value:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return fault("REF", f'Function REGEXMATCH parameter 2 value "{pattern}" is not a valid regular expression.')


def _search(find: str, text: str, start: float = 1) -> Value:
    at = text.casefold().find(find.casefold(), int(start) - 1)
    if at < 0:
        return fault("VALUE", f"In SEARCH evaluation, cannot find '{find}' within '{text}'.")
    return at + 1


MANY = 255
_Function = tuple[int, int, Callable[[list[Any]], Value]]
_FUNCTIONS: dict[str, _Function] = {
    "SUM": (1, MANY, _over(math.fsum)),
    "AVERAGE": (1, MANY, _over(_average)),
    "MIN": (1, MANY, _over(lambda f: min(f, default=0))),
    "MAX": (1, MANY, _over(lambda f: max(f, default=0))),
    "PRODUCT": (1, MANY, _over(math.prod)),
    "COUNT": (
        1,
        MANY,
        lambda v: sum(1 for x, _ in _flat(v) if isinstance(x, (int, float)) and not isinstance(x, bool)),
    ),
    "COUNTA": (1, MANY, lambda v: sum(1 for x, _ in _flat(v) if x is not None)),
    "COUNTBLANK": (1, MANY, lambda v: sum(1 for x, _ in _flat(v) if x is None or x == "")),
    "COUNTIF": (2, 2, _count_if),
    "COUNTIFS": (2, MANY, _count_ifs),
    "LARGE": (2, 2, _large),
    "SUMIF": (2, 3, _sum_if),
    "VLOOKUP": (3, 4, _vlookup),
    "MATCH": (2, 3, _match),
    "INDEX": (1, 3, _index),
    "AND": (1, MANY, _logic(all)),
    "OR": (1, MANY, _logic(any)),
    "NOT": (1, 1, _each(lambda b: not b, to_bool)),
    "TRUE": (0, 0, lambda _: True),
    "FALSE": (0, 0, lambda _: False),
    "NA": (0, 0, lambda _: fault("N_A", "")),
    "HYPERLINK": (1, 2, _each(lambda url, label=None: url if label is None else label, to_text, _same)),
    "CONCATENATE": (1, MANY, _join),
    "CONCAT": (2, 2, _join),
    "TEXTJOIN": (3, MANY, _textjoin),
    "LEN": (1, 1, _each(len, to_text)),
    "UPPER": (1, 1, _each(str.upper, to_text)),
    "LOWER": (1, 1, _each(str.lower, to_text)),
    "TRIM": (1, 1, _each(lambda t: " ".join(t.split()), to_text)),
    "LEFT": (1, 2, _each(lambda t, n=1: t[: int(n)], to_text, to_number)),
    "RIGHT": (1, 2, _each(lambda t, n=1: t[-int(n) :] if n else "", to_text, to_number)),
    "MID": (3, 3, _each(lambda t, s, n: t[int(s) - 1 : int(s) - 1 + int(n)], to_text, to_number)),
    "TEXT": (2, 2, _each(_text, _same)),
    "VALUE": (1, 1, _each(lambda n: n, to_number)),
    "T": (1, 1, _each(lambda v: v if isinstance(v, str) else "", _same)),
    "N": (1, 1, _each(lambda v: v if isinstance(v, (int, float)) else 0, _same)),
    "EXACT": (2, 2, _each(lambda a, b: a == b, to_text)),
    "SEARCH": (2, 3, _each(_search, to_text, to_text, to_number)),
    "TO_TEXT": (1, 1, _each(lambda t: t, to_text)),
    "REGEXMATCH": (2, 2, _each(_regexmatch, to_text)),
    "ABS": (1, 1, _each(abs, to_number)),
    "INT": (1, 1, _each(math.floor, to_number)),
    "ROUND": (1, 2, _each(_round, to_number)),
    "MOD": (
        2,
        2,
        _each(
            lambda a, b: a % b if b else fault("DIVIDE_BY_ZERO", "Function MOD parameter 2 cannot be zero."), to_number
        ),
    ),
    "DATE": (3, 3, _each(_date, to_number)),
}
# Functions that fetch from elsewhere: at first they show `Loading...`, and here nothing ever arrives.
LOADS = frozenset(
    ("IMPORTXML", "IMPORTHTML", "IMPORTDATA", "IMPORTFEED", "IMPORTRANGE", "GOOGLEFINANCE", "GOOGLETRANSLATE")
)


def brought_format(cell: Cell) -> dict[str, Any] | None:
    """Return the number format a cell is shown with: its own, or the one its formula brings (NOW, TODAY, DATE)."""
    own = number_format(cell)
    if own or not isinstance(cell.value, Formula):
        return own
    text = cell.value.text.upper().replace(" ", "")
    if text == "=NOW()":
        return {"type": "DATE_TIME", "pattern": "m/d/yyyy h:mm:ss"}
    if text == "=TODAY()" or re.fullmatch(r"=DATE\([^()]*\)", text):
        return {"type": "DATE", "pattern": "m/d/yyyy"}
    return own


def hyperlink(cell: Cell) -> str | None:
    """Return the link of a `=HYPERLINK("…"[, …])` formula or of the cell's own text format."""
    if isinstance(cell.value, Formula):
        match = re.match(r'=\s*HYPERLINK\(\s*"((?:[^"]|"")*)"', cell.value.text, re.IGNORECASE)
        return match.group(1).replace('""', '"') if match else None
    if cell.fmt:
        uri: str | None = cell.fmt.get("textFormat", {}).get("link", {}).get("uri")
        return uri
    return None
