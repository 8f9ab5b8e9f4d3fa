"""USER_ENTERED: what Google makes of text typed into a cell (locale en_US; any other locale is read the same way).

Facts: docs/sheet-facts.md "findReplace" and docs/sheet-facts.md "Reading values"; ValueInputOption in the discovery document.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from tests.emulator import dates
from tests.emulator.cells import Entered, Formula, plain_number

_NUMBER = re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d+)?$")
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*([AaPp][Mm])?"
_TIME = re.compile(rf"^{_CLOCK}$")
_ISO = re.compile(rf"^(\d{{4}})[-/](\d{{1,2}})[-/](\d{{1,2}})(?:[ T]+{_CLOCK})?$")
_US = re.compile(rf"^(\d{{1,2}})[-/](\d{{1,2}})(?:[-/](\d{{4}}|\d{{2}}))?(?:\s+{_CLOCK})?$")
_WORDS = re.compile(
    rf"^(?:([A-Za-z]+)\.?\s+(\d{{1,2}})|(\d{{1,2}})[ -]([A-Za-z]+))(?:,?[ -]+(\d{{4}}))?(?:,?\s+{_CLOCK})?$"
)
_ZERO_FORMULA = re.compile(r"^[+-]")


class Typed(NamedTuple):
    """The value a text becomes, and the number format it brings along (None: none)."""

    value: Entered
    number_format: dict[str, Any] | None = None


def parse(text: str, *, plain_text: bool = False, year: int = 2026) -> Typed:
    """Return what a person typing `text` gets; in a plain-text cell everything stays text.

    `year` completes a date typed without one.
    """
    if text == "":
        return Typed(None)
    if text.startswith("'"):
        return Typed(text[1:] or None)
    if plain_text:
        return Typed(text)
    if text.startswith("=") and len(text) > 1:
        return Typed(Formula(text))
    trimmed = text.strip()
    if trimmed.upper() in ("TRUE", "FALSE"):
        return Typed(trimmed.upper() == "TRUE")
    found = _number(trimmed) or _date(trimmed, year)
    if found:
        return found
    if _ZERO_FORMULA.match(text) and len(text) > 1:
        return Typed(Formula("=" + text))
    return Typed(text)


def _number(text: str) -> Typed | None:
    body = text
    negative = False
    if body.startswith("(") and body.endswith(")"):
        body, negative = body[1:-1], True
    if body.startswith(("-$", "$-")):
        body, negative = "$" + body[2:], True
    money = body.startswith("$")
    body = body[1:].lstrip() if money else body
    percent = body.endswith("%")
    body = body[:-1].rstrip() if percent else body
    match = _NUMBER.match(body)
    if not match or not re.search(r"\d", body) or (match.group(1) is None and match.group(3) == "."):
        return None
    if match.group(1) is None and not re.match(r"^[+-]?\.\d", body):
        return None
    try:
        value = float(body.replace(",", ""))
    except ValueError:
        return None
    if value in (float("inf"), float("-inf")):
        return None
    if negative:
        value = -value
    whole = "." not in body
    if percent:
        scaled = float(f"{value / 100:.15g}")
        return Typed(plain_number(scaled), {"type": "PERCENT", "pattern": "0%" if whole else "0.00%"})
    if money:
        return Typed(plain_number(value), {"type": "CURRENCY", "pattern": '"$"#,##0' if whole else '"$"#,##0.00'})
    if match.group(4):
        return Typed(plain_number(value), {"type": "SCIENTIFIC", "pattern": "0.00E+00"})
    if match.group(2):
        return Typed(plain_number(value), {"type": "NUMBER", "pattern": "#,##0" if whole else "#,##0.00"})
    return Typed(plain_number(value))


def _date(text: str, year: int) -> Typed | None:
    match = _TIME.match(text)
    if match:
        seconds = _seconds(match.groups())
        return (
            None
            if seconds is None
            else Typed(plain_number(seconds / 86400), {"type": "TIME", "pattern": "h:mm:ss am/pm"})
        )
    match = _ISO.match(text)
    if match:
        y, m, d, *clock = match.groups()
        return _on(int(y), int(m), int(d), clock, "yyyy-mm-dd")
    match = _US.match(text)
    if match:
        m, d, y, *clock = match.groups()
        full = year if y is None else int(y) + (0 if len(y) == 4 else 2000 if int(y) < 70 else 1900)
        return _on(full, int(m), int(d), clock, "m/d/yyyy" if y else "m/d")
    match = _WORDS.match(text)
    if match:
        name, day, day2, name2, y, *clock = match.groups()
        number = dates.month(name or name2)
        if number is None:
            return None
        return _on(int(y) if y else year, number, int(day or day2), clock, "mmm d, yyyy" if y else "mmm d")
    return None


def _on(year: int, month: int, day: int, clock: list[str | None], pattern: str) -> Typed | None:
    try:
        start = dates.serial(datetime(year, month, day))  # noqa: DTZ001 - serials have no zone
    except ValueError:
        return None
    if clock and clock[0] is not None:
        seconds = _seconds(tuple(clock))
        if seconds is None:
            return None
        return Typed(plain_number(start + seconds / 86400), {"type": "DATE_TIME", "pattern": f"{pattern} h:mm:ss"})
    return Typed(plain_number(start), {"type": "DATE", "pattern": pattern})


def _seconds(clock: tuple[str | None, ...]) -> float | None:
    hour, minute, second, part, half = clock
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    if half:
        if not 1 <= h <= 12:
            return None
        h = h % 12 + (12 if half.lower() == "pm" else 0)
    if m > 59 or s > 59:
        return None
    return h * 3600 + m * 60 + s + float(part or 0)
