r"""An echoed key taken out of an answer, in whatever form the server wrote it, before anybody keeps or reads the answer.

Servers escape as they like: PHP writes `\/`, Gson `\u003d`, .NET `\u002B`, a page `&#43;`, an address `%2B`, and an answer that is
encoded twice all of it once more. So each character may stand in any of these forms, and the forms may be mixed.

Nothing here raises: a traceback from here could show the key.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from functools import cache
from html.entities import html5
from typing import TYPE_CHECKING

from reconcile.panel.loose import decode
from reconcile.panel.packed import LARGEST, unpacked

if TYPE_CHECKING:
    from reconcile.core.model import RawAnswer

SHORTEST = 8
"""Keys under 8 characters are left: replacing "15" everywhere would falsify orders, and no panel hands out such keys."""

_HIDDEN = b"***"
_DEEPEST = 8  # escapes of escapes; bounded, so that no answer of nothing but backslashes costs more than its length
_LONGEST = 64  # bytes that one character takes in its longest form
_TORN = re.compile(rb"(?:[\\%&][\\%&;#A-Za-z0-9]{0,64})?")


def without(body: bytes, key: str, *, cut: bool = False) -> bytes:
    """The bytes with every echo of `key` replaced by ***; `cut`: they break off, perhaps inside an echo.

    What holds no key comes back as it is, whatever bytes they are.
    """
    if len(key) < SHORTEST:
        return body
    encoding = json.detect_encoding(body)
    if encoding.startswith("utf-8"):
        return _hidden(body, key, cut=cut)
    text = body.decode(encoding, "replace").encode()
    hidden = _hidden(text, key, cut=cut)
    return body if hidden == text else hidden.decode("utf-8", "replace").encode(encoding)


def cleaned(raw: RawAnswer, key: str, *, cut: bool = False, most: int = LARGEST) -> RawAnswer | None:
    """The answer as unpacked text (UTF-8) with every echo of `key` replaced by ***, or None where it holds none.

    Looked for in the bytes as they arrived, in what is packed in them, and in the text that a declared charset makes of that.
    """
    body, why = unpacked(raw, most)
    cut = cut or bool(why)
    hidden = without(body, key, cut=cut)
    clean = hidden
    if not _is_utf8(hidden):
        text = decode(hidden, raw.content_type).encode()
        clean = without(text, key, cut=cut)
        if clean == text and hidden == body:
            clean = body
    if clean == body and (body is raw.body or without(raw.body, key, cut=cut) == raw.body):
        return None
    return replace(raw, body=clean, encoding="")


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode(json.detect_encoding(body))
    except UnicodeDecodeError:
        return False
    return json.detect_encoding(body).startswith("utf-8")


def _hidden(body: bytes, key: str, *, cut: bool) -> bytes:
    ways = [_ways(char) for char in key]
    body = re.sub(b"".join(ways), _HIDDEN, body)
    for form in _base64(key.encode()):
        body = body.replace(form, _HIDDEN)
    return _without_beginning(body, ways) if cut else body


def _without_beginning(body: bytes, ways: list[bytes]) -> bytes:
    """A body that ends with the key's first characters (eight or more, the last perhaps torn), without them."""
    for found in re.compile(b"".join(ways[:SHORTEST])).finditer(body, max(0, len(body) - _LONGEST * len(ways))):
        at = found.end()
        for way in ways[SHORTEST:]:
            step = re.compile(way).match(body, at)
            if step is None:
                break
            at = step.end()
        if _TORN.fullmatch(body, at):
            return body[: found.start()] + _HIDDEN
    return body


@cache
def _ways(char: str) -> bytes:
    """A pattern of every form one character may have: itself, and as JSON, addresses, pages and Python write it."""
    code = ord(char)
    octets, units = char.encode("utf-8", "replace"), char.encode("utf-16-be", "surrogatepass")
    slashes, amp = rb"\\\\{0,%d}" % _DEEPEST, rb"&(?:amp;){0,%d}" % _DEEPEST
    ways = [
        re.escape(octets),
        b"".join(slashes + b"u" + _hex(units[place : place + 2]) for place in range(0, len(units), 2)),
        b"".join(slashes + b"x" + _hex(bytes([octet])) for octet in octets),
        b"".join(rb"%%(?:25){0,%d}" % _DEEPEST + _hex(bytes([octet])) for octet in octets),
        amp + rb"#0{0,8}%d;" % code,
        amp + rb"#[xX]0{0,8}" + _hex(code) + b";",
    ]
    if not char.isalnum():
        ways += [slashes + re.escape(octets)]
    if not (char.isascii() and char.isalnum()):
        ways += [amp + name.encode() for name, meant in html5.items() if meant == char and name.endswith(";")]
    if char == " ":
        ways += [rb"\+"]
    if 0x7F < code < 0x100:  # noqa: PLR2004 - what Latin-1 has beyond ASCII
        ways += [re.escape(bytes([code]))]
    return b"(?:" + b"|".join(ways) + b")"


def _hex(value: bytes | int) -> bytes:
    """A pattern of hexadecimal digits in either case."""
    digits = value.hex() if isinstance(value, bytes) else f"{value:x}"
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits).encode()


def _base64(key: bytes) -> set[bytes]:
    """What the key looks like inside Base64, whole or within a longer text: its digits that stand for nothing but the key."""
    forms = set()
    for before in range(3):
        digits = base64.b64encode(bytes(before) + key)[-(-8 * before // 6) : 8 * (before + len(key)) // 6]
        forms |= {digits, digits.translate(bytes.maketrans(b"+/", b"-_"))}
    return forms
