"""A key that comes back is taken out, however the server wrote it."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.panel.echo import without
from reconcile.panel.loose import decode

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "AbC+dEf/GhI0123456789=="
MARKS = "p&ss<word>'quote\"12"
UMLAUT = "schlüssel Key 🔑 1234"


def told(key: str) -> str:
    """The key as a panel may repeat it in an answer."""
    return json.dumps({"status": "fail", "message": f"No plan for {key}!"})


def percent(key: str) -> str:
    return "".join(f"%{octet:02X}" for octet in key.encode())


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "JSON": told,
    "JSON with other letters as they are": lambda key: json.dumps(key, ensure_ascii=False),
    "PHP's slashes": lambda key: told(key).replace("/", "\\/"),
    "Gson's equals signs": lambda key: told(key).replace("=", "\\u003d"),
    ".NET's plus signs": lambda key: told(key).replace("+", "\\u002B"),
    "PHP's tags, quotes and ampersands": lambda key: (
        told(key).replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026").replace("'", "\\u0027")
    ),
    "upper-case hex": lambda key: told(key).replace("\\u00fc", "\\u00FC"),
    "JSON in JSON": lambda key: json.dumps(told(key).replace("/", "\\/")).replace("/", "\\/"),
    "JSON in JSON in JSON": lambda key: json.dumps(json.dumps(told(key))),
    "every letter escaped": lambda key: "".join(
        f"\\u{int.from_bytes(key.encode('utf-16-be')[at : at + 2], 'big'):04x}"
        for at in range(0, len(key.encode("utf-16-be")), 2)
    ),
    "an address": lambda key: urllib.parse.quote(key, safe=""),
    "a form": urllib.parse.quote_plus,
    "an address, lower case": lambda key: "".join(
        char if char.isascii() and char.isalnum() else percent(char).lower() for char in key
    ),
    "every letter in percent": percent,
    "an address in an address": lambda key: urllib.parse.quote(urllib.parse.quote(key, safe=""), safe=""),
    "a page": html.escape,
    "a page by PHP": lambda key: html.escape(key).replace("&#x27;", "&#039;"),
    "a page by names": lambda key: key.replace("&", "&amp;").replace("+", "&plus;").replace("=", "&equals;"),
    "a page in a page": lambda key: html.escape(html.escape(key)),
    "a page in JSON": lambda key: told(html.escape(key)).replace("/", "\\/"),
    "Python": lambda key: repr(key.encode()),
    "Base64": lambda key: base64.b64encode(key.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [KEY, MARKS, UMLAUT])
def test_every_form_is_found(key: str, form: str) -> None:
    """Nothing of the key is left, and all around it stays."""
    hidden = without(f"before {FORMS[form](key)} after".encode(), key).decode()
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")
    assert "***" in hidden
    assert key[:4] not in hidden
    assert key[-4:] not in hidden


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig"]
)
def test_every_encoding_that_a_reader_takes(encoding: str) -> None:
    """The answer reads the same but for the key."""
    body = told(KEY).replace("/", "\\/").encode(encoding)
    assert json.loads(decode(without(body, KEY)).lstrip("\ufeff")) == {"status": "fail", "message": "No plan for ***!"}


def test_a_key_in_latin_1() -> None:
    """A declared charset hides nothing."""
    assert without("x schlüsselKey1234 y".encode("latin-1"), "schlüsselKey1234") == b"x *** y"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
def test_a_key_within_base64(before: str) -> None:
    """Of a longer text, the digits that stand for the key alone are gone."""
    body = base64.b64encode(f"{before}{KEY}:more".encode())
    hidden = without(body, KEY)
    assert b"***" in hidden
    assert len(hidden) <= len(body) - 8 * len(KEY) // 6 + 5


@pytest.mark.parametrize("length", range(8, len(KEY)))
@pytest.mark.parametrize("form", ["as it is", "PHP's slashes", "an address", "every letter in percent"])
def test_a_body_cut_inside_the_key(form: str, length: int) -> None:
    """A beginning of eight characters or more is taken out as well, also where the last escape is torn."""
    whole = FORMS[form](KEY[:length]).removesuffix('!"}')
    assert without(f"before {whole}".encode(), KEY, cut=True).decode().endswith("***")
    for torn in ("\\", "\\u00", "%", "%2", "&", "&#4"):
        assert without(f"before {KEY[:length]}{torn}".encode(), KEY, cut=True) == b"before ***"


def test_a_cut_in_utf_16() -> None:
    """The same in another encoding."""
    body = f'{{"message": "{KEY[:12]}'.encode("utf-16-le")
    assert without(body, KEY, cut=True) == '{"message": "***'.encode("utf-16-le")


def test_what_only_begins_alike_stays() -> None:
    """Seven characters, or eight in the middle of a text, are no key; a short key is never looked for."""
    for text in (f"x {KEY[:7]}", f"x {KEY[:12]} y", KEY[:-1] + "-"):
        assert without(text.encode(), KEY, cut=True) == text.encode()
    assert without(b'{"id":"15"}', "15") == b'{"id":"15"}'


@given(st.binary(max_size=200), st.text(min_size=8, max_size=40).filter(str.isprintable), st.booleans())
def test_any_bytes_without_the_key_come_back_as_they_are(body: bytes, key: str, cut: bool) -> None:  # noqa: FBT001
    """And nothing raises."""
    if without(body, key, cut=cut) != body:
        assert b"***" in without(body, key, cut=cut).replace(b"\0", b"")
