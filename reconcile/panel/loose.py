"""JSON as it really arrives: exact texts for numbers, doubled keys noticed, broken answers salvaged item by item.

Nothing here knows the panel's words, and no input makes anything here raise: bytes in, plain values out.

Why not `json.loads` alone: it turns `0.10` into a float, forgets the first of two equal keys, raises RecursionError on deep
nesting, and gives up an answer of a hundred good orders for one flipped byte.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_MAX_RESTARTS = 200
"""How often `salvage` looks for the next item after a broken one: an answer carries at most 100 [ref], the rest is noise."""


class Num(str):
    """A JSON number as its exact text: `0.10` stays `0.10`, a 5,000-digit integer stays itself."""

    __slots__ = ()


class Obj(dict[str, Any]):
    """A JSON object that remembers keys which came twice with different values (json.loads keeps only the last)."""

    doubled: dict[str, list[Any]]

    def every(self, key: str) -> list[Any]:
        """All values that came under this key, in order: none, one, or several when the key was doubled."""
        if key in self.doubled:
            return self.doubled[key]
        return [self[key]] if key in self else []


def _obj(pairs: list[tuple[str, Any]]) -> Obj:
    found = Obj(pairs)
    found.doubled = {}
    if len(found) != len(pairs):
        values: dict[str, list[Any]] = {}
        for key, value in pairs:
            values.setdefault(key, []).append(value)
        found.doubled = {key: held for key, held in values.items() if any(value != held[0] for value in held)}
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_obj,
    parse_float=Num,
    parse_int=Num,
    parse_constant=Num,
    strict=False,  # raw line breaks inside strings: comments are pasted text
)


class How(StrEnum):
    """How far an answer could be read."""

    READ = "read"
    EMPTY = "empty"
    PAGE = "a web page"
    CUT = "broken JSON"
    DEEP = "nested too deep"
    OTHER = "not JSON"


@dataclass(frozen=True)
class Parsed:
    """An answer's text as a value. `more`: something that looks like further JSON follows the value."""

    how: How
    value: Any = None
    more: bool = False


def decode(body: bytes, content_type: str = "") -> str:
    """The body as text, never failing: UTF-8 (or UTF-16/32 by its shape), else the declared charset, else U+FFFD marks."""
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        pass  # not what it looks like: the declared charset is next
    declared = re.search(r"charset=\"?([\w.:-]+)", content_type, re.IGNORECASE)
    if declared:
        try:
            return body.decode(declared[1])
        except (LookupError, ValueError):
            pass  # unknown or wrong: the marks below show where
    return body.decode(encoding, errors="replace")


_ENVELOPE = re.compile(r'[\[{]\s*(?:\{\s*)?"(?:status|success|error|message|orders|refills|cancel|id)"')


def parse(text: str) -> Parsed:
    """The text as one JSON value; tolerates noise around it (BOM, server warnings before, comments after)."""
    text = text.strip("\ufeff\0 \t\r\n")
    if not text:
        return Parsed(How.EMPTY)
    try:
        value, end = _DECODER.raw_decode(text)
    except RecursionError:
        return Parsed(How.DEEP)
    except ValueError:
        return _parse_inside(text)
    rest = text[end:].strip()
    if isinstance(value, str) and not isinstance(value, Num) and not rest and value.lstrip()[:1] in {"{", "["}:
        inner = parse(value)  # an answer encoded twice
        return inner if inner.how is How.READ else Parsed(How.READ, value)
    if rest and not isinstance(value, dict | list):
        return Parsed(How.OTHER)  # "502 Bad Gateway" begins with a JSON number
    return Parsed(How.READ, value, more="{" in rest or "[" in rest)


def _parse_inside(text: str) -> Parsed:
    """Text that is not JSON from its first character: perhaps a server's warning stands before it."""
    found = _ENVELOPE.search(text)
    if found and found.start() > 0:
        try:
            value, end = _DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            value, end = None, 0
        # A page with a script in it goes on after the braces; an answer behind a warning ends there.
        if isinstance(value, dict | list) and not text[end:].strip():
            return Parsed(How.READ, value)
    if text[0] in "{[":
        return Parsed(How.CUT)
    return Parsed(How.PAGE if text[0] == "<" else How.OTHER)


@dataclass(frozen=True)
class Salvaged:
    """What could be read of a broken list: whole items, and the pieces of text that were no whole item."""

    items: tuple[Any, ...] = ()
    pieces: tuple[str, ...] = ()


def salvage(text: str, names: Collection[str], is_item: Callable[[Any], bool]) -> Salvaged:
    """The whole items of a list in a broken or cut answer, and the pieces between them.

    The list is the one under one of `names`, or the text itself when it begins with `[`. After a piece that cannot be
    read, reading starts again at the next object that `is_item` accepts.
    """
    text = text.strip("\ufeff\0 \t\r\n")
    opening = re.search(rf'"(?:{"|".join(names)})"\s*:\s*\[', text)
    at = opening.end() if opening else 1 if text.startswith("[") else 0
    if at == 0:
        return Salvaged(pieces=(text,) if text else ())
    items: list[Any] = []
    pieces: list[str] = []
    for _ in range(_MAX_RESTARTS):
        at = _read_run(text, at, items)
        if at >= len(text) or text[at] == "]":
            break
        start = at
        value, resume, at = _next_item(text, at + 1, is_item)
        pieces.append(text[start:resume].strip().rstrip(",").strip())
        if value is None:
            break
        items.append(value)
    return Salvaged(tuple(items), tuple(pieces))


def _read_run(text: str, at: int, items: list[Any]) -> int:
    """Reads whole values separated by commas into `items`; answers where that ended."""
    while True:
        while at < len(text) and text[at] in ", \t\r\n":
            at += 1
        if at >= len(text) or text[at] == "]":
            return at
        try:
            value, after = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return at
        if not isinstance(value, dict):
            return at  # between objects, a bare value is what a flipped byte leaves
        items.append(value)
        at = after


def _next_item(text: str, at: int, is_item: Callable[[Any], bool]) -> tuple[Any, int, int]:
    """The next whole item at or after `at`: (value, where it starts, where it ends), or (None, end, end)."""
    for tries, found in enumerate(re.compile(r'\{\s*"').finditer(text, at)):
        if tries >= _MAX_RESTARTS:
            break
        try:
            value, end = _DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if is_item(value):
            return value, found.start(), end
    return None, len(text), len(text)


def clean(text: str) -> str:
    """The text with lone surrogates (half an emoji, which no encoding can hold) replaced by U+FFFD, all else untouched."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def text_of(value: Any) -> str:
    """One value as text, exactly as sent: numbers keep every digit, lists are lines, null and false are "".

    `{"value": "0.03", "currency_code": "USD"}` is "0.03" (panels of the next generation).
    """
    if value is None or value is False:
        return ""
    if isinstance(value, str):
        return clean(str(value))
    if value is True:
        return "true"
    if isinstance(value, list):
        return "\n".join(text_of(item) if not isinstance(item, dict | list) else dump(item) for item in value)
    if isinstance(value, dict) and not isinstance(value.get("value", {}), dict | list):
        return text_of(value["value"])
    return dump(value)


def dump(value: Any) -> str:
    """A parsed value as JSON text again, numbers as they came; for people and the record, never raises."""
    try:
        return clean(_dump(value))
    except RecursionError:
        return "(nested too deep to show)"


def _dump(value: Any) -> str:
    if isinstance(value, Num):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_dump(held)}" for key, held in _pairs(value))
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_dump(held) for held in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _pairs(value: dict[str, Any]) -> list[tuple[str, Any]]:
    """An object's pairs with doubled keys shown as often as they came."""
    if isinstance(value, Obj):
        return [(key, held) for key in value for held in value.every(key)]
    return list(value.items())
