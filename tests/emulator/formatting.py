"""Formatted values: how a cell's value is shown, from its number format (locale en_US)."""

from __future__ import annotations

from typing import Any

from tests.emulator import patterns
from tests.emulator.cells import Fault, Value

_DEFAULTS = {
    "NUMBER": "#,##0.00",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
    "DATE": "m/d/yyyy",
    "TIME": "h:mm:ss am/pm",
    "DATE_TIME": "m/d/yyyy h:mm:ss",
    "SCIENTIFIC": "0.00E+00",
}
DATE_TYPES = frozenset(("DATE", "TIME", "DATE_TIME"))
_BIG = 1e15
_SMALL = 1e-5


def show(value: Value, number_format: dict[str, Any] | None) -> str:
    """Return the text a person sees in the cell."""
    if value is None:
        return ""
    if isinstance(value, Fault):
        return value.shown
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    kind = (number_format or {}).get("type", "")
    pattern = (number_format or {}).get("pattern") or _DEFAULTS.get(kind, "")
    if not pattern or kind == "TEXT" or pattern == "@":
        return general(value)
    return patterns.show(value, pattern, general)


def is_date(number_format: dict[str, Any] | None) -> bool:
    """Tell whether a number with this format is a date or time."""
    return number_format is not None and number_format.get("type") in DATE_TYPES


def general(value: float) -> str:
    """Return a number in automatic format."""
    if isinstance(value, int) and abs(value) < _BIG:
        return str(value)
    size = abs(value)
    if value and (size >= _BIG or size < _SMALL):
        text = f"{value:.14E}"
        mantissa, exponent = text.split("E")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}E{exponent[0]}{exponent[1:].lstrip('0').zfill(2)}"
    text = f"{value:.10f}".rstrip("0").rstrip(".") if size < 1 else f"{value:.15g}"
    return "0" if text in ("-0", "") else text
