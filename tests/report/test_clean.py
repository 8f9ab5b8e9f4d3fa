"""Customer text made harmless."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.report.clean import annotation, line, markdown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Łódź 素 🔥 👩\u200d👩", "plain Łódź 素 🔥 👩\u200d👩"),
        ("\x1b]0;owned\x07", "␛]0;owned␇"),
        ("a\r\nb\nc\rd\te", "a⏎b⏎cd e"),
        ("\x9b2J", "<U+009B>2J"),
        ("abc\u202edef", "abc<U+202E>def"),
        ("a\u200bb\ufeff", "a<U+200B>b<U+FEFF>"),
        ("\ud800", "?"),
        ("\x7f", "␡"),
    ],
)
def test_a_line_shows_what_is_there_and_nothing_acts(text: str, shown: str) -> None:
    """Controls become their pictures, direction marks their numbers; emoji and every script stay."""
    assert line(text) == shown


@given(st.text())
def test_no_text_gets_a_control_character_through(text: str) -> None:
    """Whatever it is, it is printable, on one line, and can be written as UTF-8."""
    shown = line(text)
    assert not [letter for letter in shown if unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs")]
    shown.encode()


def test_long_text_is_cut() -> None:
    """With a sign that it was."""
    assert line("abcdef", 4) == "abc…"
    assert line("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](b)", "\\[a\\]\\(b\\)"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("a | b", "a &#124; b"),
        ("`code` *b* _i_ # h", "\\`code\\` \\*b\\* \\_i\\_ \\# h"),
        ("https://e.vil", "https&#8288;://e.vil"),
        ("www.e.vil", "www&#8288;.e.vil"),
        ("mail @all", "mail @&#8288;all"),
        ("&amp;", "&amp;amp;"),
        ("two\nlines", "two⏎lines"),
        ("\\", "\\\\"),
    ],
)
def test_markdown_reads_as_itself(text: str, shown: str) -> None:
    """No link, mention, HTML, code or table border comes of it."""
    assert markdown(text) == shown


def test_an_annotation_stays_one_command() -> None:
    """A runner's own escapes; no second `::` line can be begun."""
    assert annotation("100% \r\n::error::x") == "100%25 ⏎::error::x"
