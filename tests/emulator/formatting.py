"""Formatted values: how a cell's value is shown, from its number format (locale en_US)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from tests.emulator import dates
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
_TOKENS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|am/pm|a/p|y+|m+|d+|h+|s+|\.0+|.', re.IGNORECASE | re.DOTALL)
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
    if kind in DATE_TYPES:
        return _date(value, pattern)
    return _number(value, pattern)


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


def _number(value: float, pattern: str) -> str:
    sections = _split(pattern)
    section, negative = sections[0], value < 0
    if value < 0 and len(sections) > 1:
        section, negative, value = sections[1], False, -value
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    match = re.search(r"[#0?][#0?,.]*(?:E[+-]?0+)?", _masked(section))
    if not match:
        return _literal(section)
    core = section[match.start() : match.end()]
    before, after = section[: match.start()], section[match.end() :]
    amount = abs(value) * (100 if "%" in _masked(section) else 1)
    if "E" in core:
        digits = len(core.split("E")[0].partition(".")[2])
        text = re.sub(r"E([+-])(\d+)$", lambda m: f"E{m.group(1)}{m.group(2).zfill(2)}", f"{amount:.{digits}E}")
    else:
        whole, _, fraction = core.partition(".")
        text = f"{amount:.{len(fraction)}f}"
        left, _, right = text.partition(".")
        least = fraction.count("0")
        while len(right) > least and right.endswith("0"):
            right = right[:-1]
        left = left.zfill(whole.count("0"))
        if not whole.count("0") and left == "0":
            left = ""
        if "," in whole:
            left = re.sub(r"(?<=\d)(?=(\d{3})+$)", ",", left)
        text = left + ("." + right if right else "")
    sign = "-" if negative and re.search(r"[1-9]", text) else ""
    return sign + _literal(before) + text + _literal(after)


def _split(pattern: str) -> list[str]:
    return re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', pattern)


def _masked(section: str) -> str:
    return re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', lambda m: "\0" * len(m.group()), section)


def _literal(text: str) -> str:
    text = re.sub(r"\[[^\]]*\]", "", text)
    return re.sub(r'"([^"]*)"|\\(.)', lambda m: m.group(1) if m.group(1) is not None else m.group(2), text)


@lru_cache(maxsize=10_000)
def _date(value: float, pattern: str) -> str:
    at = dates.moment(value)
    tokens = _TOKENS.findall(pattern)
    half = any(t.lower() in ("am/pm", "a/p") for t in tokens)
    out: list[str] = []
    clock = False
    for index, token in enumerate(tokens):
        low = token.lower()
        head = low[0]
        if token[0] in '"\\[':
            out.append(_literal(token))
        elif low in ("am/pm", "a/p"):
            out.append("AM" if at.hour < 12 else "PM")
        elif head == "y":
            out.append(f"{at.year:04d}" if len(low) > 2 else f"{at.year % 100:02d}")
        elif head == "d":
            name = dates.DAYS[at.weekday()]
            out.append({1: str(at.day), 2: f"{at.day:02d}", 3: name[:3]}.get(len(low), name))
        elif head == "h":
            hour = (at.hour % 12 or 12) if half else at.hour
            out.append(f"{hour:02d}" if len(low) > 1 else str(hour))
            clock = True
        elif head == "s":
            out.append(f"{at.second:02d}" if len(low) > 1 else str(at.second))
        elif re.fullmatch(r"\.0+", low):
            out.append(f".{at.microsecond:06d}"[: len(low)])
        elif head == "m":
            following = next((t[0].lower() for t in tokens[index + 1 :] if t[0].isalpha()), "")
            if len(low) <= 2 and (clock or following == "s"):
                out.append(f"{at.minute:02d}" if len(low) > 1 else str(at.minute))
                clock = False
            else:
                name = dates.MONTHS[at.month - 1].capitalize()
                out.append({1: str(at.month), 2: f"{at.month:02d}", 3: name[:3]}.get(len(low), name))
        else:
            out.append(token)
    return "".join(out)
