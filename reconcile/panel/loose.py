"""JSON as it really arrives: exact texts for numbers, doubled keys noticed, noise around it tolerated.

Nothing here knows the panel's words, and no input makes anything here raise: bytes in, plain values out.

Why not `json.loads` alone: it turns `0.10` into a float, forgets the first of two equal keys, raises RecursionError on deep
nesting, and gives up an answer of a hundred good orders for one flipped byte (salvage.py reads those).
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

EDGES = "\ufeff\0 \t\r\n"
"""What may stand around an answer and means nothing."""
_LARGE = 100_000
"""Characters from which on the decoder is asked now and then whether it may go on."""
_MOST_VALUES = 500_000
"""Objects and numbers that are held in memory for one answer: an honest one carries at most 100 orders [ref]."""
_EVERY = 1024


class OutOfTime(Exception):
    """Reading was told to end. Caught by the readers, which say so in what they give back."""


@dataclass
class Patience:
    """Asks, now and then, whether reading may go on. `steps` counts the work done: what a test can measure without a clock."""

    may_continue: Callable[[], bool] = lambda: True
    steps: int = 0
    free: int = 16  # checks before the first question: an answer of ordinary size is read also after a signal

    def check(self) -> None:
        """Raises OutOfTime once reading is to end."""
        self.free -= 1
        if self.free < 0 and not self.may_continue():
            raise OutOfTime


class Num(str):
    """A JSON number as its exact text: `0.10` stays `0.10`, a 5,000-digit integer stays itself."""

    __slots__ = ()


class Obj(dict[str, Any]):
    """A JSON object that remembers keys which came twice with different values (json.loads keeps only the last)."""

    __slots__ = ("doubled",)

    doubled: dict[str, list[Any]]

    def every(self, key: str) -> list[Any]:
        """All values that came under this key, in order: none, one, or several when the key was doubled."""
        if key in self.doubled:
            return self.doubled[key]
        return [self[key]] if key in self else []


_NONE_DOUBLED: dict[str, list[Any]] = {}  # one for all: an answer may hold very many objects


def _obj(pairs: list[tuple[str, Any]]) -> Obj:
    found = Obj(pairs)
    found.doubled = _NONE_DOUBLED
    if len(found) != len(pairs):
        values: dict[str, list[Any]] = {}
        for key, value in pairs:
            values.setdefault(key, []).append(value)
        found.doubled = {key: held for key, held in values.items() if any(value != held[0] for value in held)}
    return found


def _decoder(obj: Callable[[list[tuple[str, Any]]], Any], number: Callable[[str], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=obj,
        parse_float=number,
        parse_int=number,
        parse_constant=number,
        strict=False,  # raw line breaks inside strings: comments are pasted text
    )


_DECODER = _decoder(_obj, Num)


class _TooMuch(ValueError):
    """The answer holds more values than are kept in memory."""


def _careful_decoder(patience: Patience) -> json.JSONDecoder:
    """A decoder for a large text: it asks whether it may go on, and ends before it fills the memory."""
    count = 0

    def counted() -> None:
        nonlocal count
        count += 1
        if count % _EVERY == 0:
            patience.check()
            if count > _MOST_VALUES:
                raise _TooMuch

    def obj(pairs: list[tuple[str, Any]]) -> Obj:
        counted()
        return _obj(pairs)

    def number(text: str) -> Num:
        counted()
        return Num(text)

    return _decoder(obj, number)


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
    """An answer's text as a value.

    more: something that looks like further JSON follows the value. text: what was parsed. why: why it is not the whole answer, or "".
    """

    how: How
    value: Any = None
    more: bool = False
    text: str = field(default="", repr=False)
    why: str = ""


def decode(body: bytes, content_type: str = "") -> str:
    """The body as text, never failing: UTF-8 (or UTF-16/32 by its shape), else the declared charset, else U+FFFD marks."""
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        pass  # not what it looks like: the declared charset is next
    declared = re.search(r"charset=\"?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    if declared and _is_charset(declared[1]):
        try:
            return body.decode(declared[1])
        except (LookupError, ValueError):
            pass  # unknown or wrong: the marks below show where
    return body.decode(encoding, errors="replace")


_CHARSETS = (
    "iso",
    "cp",
    "koi8",
    "mac",
    "latin",
    "gb",
    "big5",
    "euc",
    "shift_jis",
    "johab",
    "tis",
    "utf",
    "hz",
    "kz1048",
)


def _is_charset(name: str) -> bool:
    """Whether Python has it as a plain charset; punycode and its like are codecs, too, and cost the square of the length."""
    try:
        return codecs.lookup(name).name.startswith(_CHARSETS)
    except LookupError:
        return False


_ENVELOPE = re.compile(r'[\[{]\s*+(?:\{\s*+)?"(?:status|success|error|message|orders|refills|cancel|id)"')
_JSON_BEGINS = re.compile(r'\{\s*+"|\[\s*+(?:"|[\[{]\s*+["\[{])')
"""More of JSON than a warning of the server holds: `array [0]` and `{closure}` stand in those [obs]."""
_IS_PAGE = re.compile(r"\s*+<(?:!doctype|html|head|script)|.{0,2000}?<script", re.IGNORECASE | re.DOTALL)


def parse(text: str, patience: Patience | None = None) -> Parsed:
    """The text as one JSON value; tolerates noise around it (BOM, server warnings before and behind). Raises OutOfTime."""
    text = text.strip(EDGES)
    if not text:
        return Parsed(How.EMPTY)
    decoder = _DECODER if len(text) < _LARGE else _careful_decoder(patience or Patience())
    if text.count("[") > _MOST_VALUES:
        return Parsed(How.CUT, text=text)  # the decoder would make all these lists without asking anybody
    try:
        value, end = decoder.raw_decode(text)
    except RecursionError:
        return Parsed(How.DEEP, text=text)
    except ValueError:
        return _parse_inside(text, decoder)
    if (
        isinstance(value, str)
        and not isinstance(value, Num)
        and not text[end:].strip()
        and value.lstrip()[:1] in {"{", "["}
    ):
        inner = parse(value, patience)  # an answer encoded twice
        return inner if inner.how in {How.READ, How.CUT, How.DEEP} else Parsed(How.READ, value, text=text)
    if not isinstance(value, dict | list) and text[end:].strip():
        return Parsed(How.OTHER, text=text)  # "502 Bad Gateway" begins with a JSON number
    return Parsed(How.READ, value, _JSON_BEGINS.search(text, end) is not None, text)


def _parse_inside(text: str, decoder: json.JSONDecoder) -> Parsed:
    """Text that is not JSON from its first character: perhaps a server's warning stands before it."""
    found = _ENVELOPE.search(text)
    if found and found.start() and not _JSON_BEGINS.search(text, 0, found.start() + 1):
        try:
            value, end = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            value, end = None, 0
        rest = text[end : end + 200].lstrip()
        # A page with a script in it goes on after the braces; an answer between warnings ends there.
        if isinstance(value, dict | list) and (not rest or (rest[0] not in ',:]}"' and not _IS_PAGE.match(text))):
            return Parsed(How.READ, value, _JSON_BEGINS.search(text, end) is not None, text)
    if text[0] in "{[":
        return Parsed(How.CUT, text=text)
    return Parsed(How.PAGE if text[0] == "<" else How.OTHER, text=text)


def value_at(text: str, start: int, end: int) -> Any:
    """The value that stands from `start` to `end`, or None where the decoder does not agree."""
    try:
        value, after = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return value if after == end else None


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
