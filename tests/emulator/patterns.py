"""Number patterns read whole, in the locale en_US: sections, colours, currencies, digits, fractions, exponents, durations.

Facts: "Date and number format tokens" of Google's guide; what the entries of the Format menu show is recorded: `[$€]#,##0.00`,
`#,##0.00[$ kr]`, `[h]:mm:ss`, and the accounting pattern, whose `_x` is a space and `*x` one x.
"""

from __future__ import annotations

import math
import operator
import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tests.emulator import dates

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_TOKENS = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.?)|_(?P<space>.?)|\*(?P<fill>.?)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General)|(?P<half>am/pm|a/p)|(?P<exponent>E[+-])|(?P<date>y+|m+|d+|h+|s+)|(?P<digit>[0#?])"
    r"|(?P<mark>[.,%;@/])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9.]+)")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}


class Token(NamedTuple):
    """A part of a pattern: literal, digit, date, elapsed, half, exponent, general, or a mark (`.`, `,`, `%`, `@`, `/`)."""

    kind: str
    text: str


class Section(NamedTuple):
    """A section of a pattern, and for which values it is if it says so."""

    tokens: tuple[Token, ...]
    holds: Callable[[float], bool] | None

    def has(self, *kinds: str) -> bool:
        """Tell whether a token of one of the kinds is in it."""
        return any(token.kind in kinds for token in self.tokens)


@lru_cache(maxsize=1000)
def sections(pattern: str) -> tuple[Section, ...]:
    """Read a pattern."""
    out: list[Section] = []
    tokens: list[Token] = []
    holds: Callable[[float], bool] | None = None
    for match in _TOKENS.finditer(pattern):
        kind, text = match.lastgroup or "other", match.group(match.lastgroup or 0)
        condition = _CONDITION.fullmatch(text) if kind == "bracket" else None
        if (kind, text) == ("mark", ";"):
            out.append(Section(tuple(tokens), holds))
            tokens, holds = [], None
        elif condition:
            holds = _holds(*condition.groups())
        else:
            tokens.append(_token(kind, text))
    return (*out, Section(tuple(tokens), holds))


def _holds(sign: str, bound: str) -> Callable[[float], bool]:
    return lambda value: _COMPARE[sign](value, float(bound))


def _token(kind: str, text: str) -> Token:
    if kind == "bracket" and re.fullmatch(r"h+|m+|s+", text, re.IGNORECASE):
        return Token("elapsed", text.lower())
    if kind == "bracket":  # [$kr-41D] shows the text before the dash, [Red] and [Color5] show nothing
        return Token("literal", text[1:].rpartition("-")[0] or text[1:].partition("-")[0] if text[:1] == "$" else "")
    if kind == "space":
        return Token("literal", " ")
    if kind in ("quoted", "escaped", "fill", "other"):
        return Token("literal", text)
    if kind == "mark":
        return Token(text, text)
    return Token(kind, text)


def of_value(pattern: str, value: float) -> tuple[Section, float, bool]:
    """Return the section for a value, the value it shows, and whether a minus sign is still to be shown."""
    found = sections(pattern)
    if any(section.holds for section in found):
        for section in found:
            if section.holds is None or section.holds(value):
                return section, abs(value), value < 0
        return found[-1], abs(value), value < 0
    if value < 0 and len(found) > 1:
        return found[1], -value, False
    return found[2 if value == 0 and len(found) > 2 else 0], abs(value), value < 0


@lru_cache(maxsize=10_000)
def show(value: float, pattern: str, general: Callable[[float], str]) -> str:
    """Return what a number shows in a pattern, of dates or of numbers."""
    section, amount, negative = of_value(pattern, value)
    first = next((t.kind for t in section.tokens if t.kind in ("date", "elapsed", "half", "digit")), "digit")
    if first != "digit":
        return _date(value, section.tokens)
    if section.has("general"):
        shown = "".join(general(amount) if t.kind == "general" else t.text for t in section.tokens)
        return ("-" if negative else "") + shown
    if not section.has("digit"):
        return "".join(general(amount) if token.kind == "@" else token.text for token in section.tokens)
    shown = _number(amount, section.tokens)
    return ("-" if negative and re.search(r"[1-9]", shown) else "") + shown


# -- numbers ------------------------------------------------------------------------------------------------------------


def _number(amount: float, tokens: tuple[Token, ...]) -> str:
    amount *= 100 ** sum(token.kind == "%" for token in tokens)
    kinds = [token.kind for token in tokens]
    if "exponent" in kinds:
        return _scientific(amount, tokens, kinds.index("exponent"))
    if "/" in kinds and "digit" in kinds[: kinds.index("/")]:
        return _fraction(amount, tokens, kinds.index("/"))
    return _decimal(amount, tokens)


def _decimal(amount: float, tokens: tuple[Token, ...]) -> str:
    digits = [i for i, token in enumerate(tokens) if token.kind == "digit"]
    point = next((i for i, token in enumerate(tokens) if token.kind == "."), len(tokens))
    whole, part = [i for i in digits if i < point], [i for i in digits if i > point]
    grouped, ends = False, {digits[-1], (whole or digits)[-1]}
    for i, token in enumerate(tokens):
        if token.kind == "," and whole and whole[0] < i < whole[-1]:
            grouped = True
        elif token.kind == "," and i - 1 in ends:  # behind the last digit each comma divides by a thousand
            amount /= 1000
            ends.add(i)
    left, _, right = f"{amount:.{len(part)}f}".partition(".")
    shown = _spread(left, [tokens[i].text for i in whole], grouped=grouped)
    places = {**dict(zip(whole, shown, strict=True)), **dict(zip(part, _tail(right, part, tokens), strict=True))}
    out = []
    for i, token in enumerate(tokens):
        if token.kind == "digit":
            out.append(places[i])
        elif token.kind == ".":
            out.append(("" if whole else _bare(left)) + ("." if any(places[p] for p in part) else ""))
        elif token.kind != ",":
            out.append(token.text)
    return "".join(out)


def _bare(left: str) -> str:
    return "" if left == "0" else left


def _spread(left: str, holders: list[str], *, grouped: bool) -> list[str]:
    """Return what each place before the point shows: the first one takes all digits there is no place for."""
    digits = _bare(left)
    out: list[str] = []
    done = 0
    for number, holder in enumerate(reversed(holders)):
        last = number == len(holders) - 1
        taken, digits = (digits, "") if last else (digits[-1:], digits[:-1])
        if not taken:
            taken = {"0": "0", "?": " "}.get(holder, "")
        if grouped:
            text = ""
            for digit in reversed(taken):
                text = digit + ("," if done and done % 3 == 0 and digit.isdigit() else "") + text
                done += digit.isdigit()
            taken = text
        out.append(taken)
    return out[::-1]


def _tail(right: str, part: list[int], tokens: tuple[Token, ...]) -> list[str]:
    """Return what each place behind the point shows: zeros at the end only where the pattern has a 0."""
    out = list(right)
    for number in range(len(out) - 1, -1, -1):
        holder = tokens[part[number]].text
        if out[number] != "0" or holder == "0":
            break
        out[number] = " " if holder == "?" else ""
    return out


def _scientific(amount: float, tokens: tuple[Token, ...], at: int) -> str:
    head, tail = tokens[:at], tokens[at + 1 :]
    point = next((i for i, token in enumerate(head) if token.kind == "."), len(head))
    step = max(1, sum(token.kind == "digit" for token in head[:point]))
    places = sum(token.kind == "digit" for token in head[point:])
    power = 0
    if amount:
        power = math.floor(math.log10(amount)) // step * step
        if float(f"{amount / 10**power:.{places}f}") >= 10**step:
            power += step
    width = sum(token.kind == "digit" for token in tail)
    rest = "".join(token.text for token in tail if token.kind != "digit")
    sign = "-" if power < 0 else "+" if tokens[at].text[1] == "+" else ""
    return f"{_decimal(amount / 10**power, head)}E{sign}{abs(power):0{width}d}{rest}"


def _fraction(amount: float, tokens: tuple[Token, ...], at: int) -> str:
    """Return a mixed number such as `2 1/3`; a pattern without a place for the whole shows `7/3`."""
    places = [i for i, token in enumerate(tokens) if token.kind == "digit"]
    above = [i for i in places if i < at]
    start = above[-1]
    while start - 1 in above:
        start -= 1
    whole = [i for i in above if i < start]
    below = re.match(r"[0-9#?]+", "".join(token.text for token in tokens[at + 1 :]))
    limit = below.group() if below else "?"
    count = int(amount) if whole else 0
    rest = Fraction(amount) - count
    if limit.isdigit() and int(limit):
        rest = Fraction(round(rest * int(limit)), int(limit))
        bottom = int(limit)
    else:
        rest = rest.limit_denominator(10 ** len(limit) - 1)
        bottom = rest.denominator
    if whole and rest == 1:
        count, rest = count + 1, Fraction(0)
    head = "".join(token.text if token.kind != "digit" else "" for token in tokens[:start]) if whole else ""
    top = int(rest * bottom)
    lead = f"{count}" if count or (whole and not top) else ""
    if whole and not top:
        return lead + head + " " * (2 * len(limit) + 1)
    return f"{lead}{head if lead else ''}{top}/{bottom}"


# -- dates --------------------------------------------------------------------------------------------------------------

_UNITS = {"h": 3_600_000, "m": 60_000, "s": 1000}


def _date(value: float, tokens: tuple[Token, ...]) -> str:
    at = dates.moment(value)
    elapsed = any(token.kind == "elapsed" for token in tokens)
    left = round(abs(value) * 86_400_000)
    if elapsed:
        at = dates.moment(abs(value))
    half = any(token.kind == "half" for token in tokens)
    fraction = iter(f"{at.microsecond:06d}")
    clock = False
    out: list[str] = []
    for index, (kind, given) in enumerate(tokens):
        text = given.lower()
        head, size = text[:1], len(text)
        if kind == "elapsed":
            out.append(str(left // _UNITS[head]).zfill(size))
            clock = head == "h"
        elif kind == "half":
            out.append(("AM" if at.hour < 12 else "PM")[: 1 if text == "a/p" else 2])
        elif kind == "digit":
            out.append(next(fraction, "0"))
        elif kind != "date":
            out.append(given)
        elif head == "m" and size <= 2 and (clock or _next_unit(tokens, index) == "s"):
            out.append(f"{at.minute:0{size}d}")
            clock = False
        else:
            clock = head == "h" or (clock and head != "s")
            hour = (at.hour % 12 or 12) if half else at.hour
            out.append(_part(at, head, size, hour))
    return ("-" if elapsed and value < 0 else "") + "".join(out)


def _next_unit(tokens: tuple[Token, ...], index: int) -> str:
    return next((text[0].lower() for kind, text in tokens[index + 1 :] if kind in ("date", "elapsed", "half")), "")


def _part(at: datetime, head: str, size: int, hour: int) -> str:
    """Return a year, month, day, hour or second in as many letters as it has in the pattern."""
    if head == "y":
        return f"{at.year:04d}" if size > 2 else f"{at.year % 100:02d}"
    if head in "hs":
        return f"{hour if head == 'h' else at.second:0{min(size, 2)}d}"
    number, name = (
        (at.day, dates.DAYS[at.weekday()]) if head == "d" else (at.month, dates.MONTHS[at.month - 1].capitalize())
    )
    if size <= 2:
        return f"{number:0{size}d}"
    return name[:3] if size == 3 else name[:1] if (head, size) == ("m", 5) else name
