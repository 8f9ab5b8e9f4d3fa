"""Every sentence a row can be told: well formed, short, and found again by its beginning."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core import words
from reconcile.core.model import APPROVALS, Feed, Kind
from reconcile.workbook.templates import templates

NOT_SENTENCES = {"LONG_TEXT", "MARK", "FLEETING", "LABEL", "TAB", "ONE", "INSTEAD", "ONE_CHOICE", "TYPE_CHECKING"}
SENTENCES = {
    name: text
    for name, text in vars(words).items()
    if name.isupper() and name not in NOT_SENTENCES and not name.startswith("_") and isinstance(text, str)
}
KNOWN = {
    *(
        "label",
        "shown",
        "whole",
        "guess",
        "dotted",
        "near",
        "choices",
        "one",
        "longest",
        "length",
        "remains",
        "quantity",
    ),
    *(
        "status",
        "order",
        "how",
        "instead",
        "tab",
        "decision",
        "labels",
        "key",
        "rows",
        "what",
        "value",
        "limit",
        "when",
    ),
    *("reason", "other"),
    *("code", "codes", "own", "example", "row"),
    *("count", "before", "after", "choice"),
}


def fields(text: str) -> set[str]:
    """The placeholders of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_a_sentence_is_well_formed(name: str) -> None:
    """Known placeholders, no doubled space, an end, and no start that a spreadsheet would parse."""
    text = SENTENCES[name]
    assert fields(text) <= KNOWN
    assert "  " not in text
    assert text == text.strip()
    assert text.endswith((".", "?", "{limit}")), text
    assert text[0] not in "=+-'@0123456789"
    assert len(text) < 240


def test_there_is_a_catalogue() -> None:
    """Nothing fell out of the test above."""
    assert len(SENTENCES) > 50


def test_labels_are_the_headers_of_the_templates() -> None:
    """A sentence names a column as its header does."""
    headers: dict[str, set[str]] = {}
    for name in (*Feed, APPROVALS):
        tab = templates().tab(name)
        assert words.TAB[name] == tab.title
        assert name in words.ONE or name == APPROVALS
        for column in tab.columns:
            headers.setdefault(column.key, set()).add(column.header)
    for key, label in words.LABEL.items():
        assert headers[key] == {label}, key


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        (Kind.NEW, words.NEW_ORDER, "#15 · New. Type the start count, then choose a Status."),
        (Kind.SENT, "02 Mar 09:55: Status Completed.", "#15 · Sent 02 Mar 09:55: Status Completed."),
        (Kind.WAITING, "for Amount.", "#15 · Waiting for Amount."),
        (Kind.WAITING, "The panel did not say.", "#15 · Waiting. The panel did not say."),
        (Kind.HELD, "by a limit: 9 refunds.", "#15 · Held by a limit: 9 refunds."),
        (Kind.HELD, "ID 15 stands in rows 2 and 3.", "#15 · Held: ID 15 stands in rows 2 and 3."),
        (Kind.DOUBT, "It is not known.", "#15 · Not sure. It is not known."),
        (Kind.REFUSED, "No.", "#15 · Refused. No."),
        (Kind.PROBLEM, "No.", "#15 · Please check. No."),
        (Kind.INFO, "No.", "#15 · Note. No."),
    ],
)
def test_what_a_sync_cell_shows(kind: Kind, text: str, shown: str) -> None:
    """The row's key, one word for what it is about, then the sentence."""
    assert words.ENGLISH.sync_text("15", kind, text) == shown
    assert words.ENGLISH.kind_of(shown) is kind
    assert words.ENGLISH.fleeting(shown) is (kind in words.FLEETING)


@given(st.text(min_size=1, max_size=12), st.sampled_from(list(Kind)), st.sampled_from(sorted(SENTENCES.values())))
def test_a_sync_text_is_told_apart_whatever_the_key_holds(key: str, kind: Kind, text: str) -> None:
    """Also when a reference holds the separator; the quick look agrees with the slow one."""
    for name in (key, f"a · {key}"):
        shown = words.ENGLISH.sync_text(name, kind, text)
        assert shown.startswith("#")
        assert words.ENGLISH.kind_of(shown) is kind
        assert words.ENGLISH.fleeting(shown) is (kind in words.FLEETING)


@pytest.mark.parametrize("cell", [None, "", 5, True, "hello", "#15", "#15 · something else", "see · New"])
def test_what_staff_wrote_into_sync_is_none_of_ours(cell: Any) -> None:
    """Except where it reads exactly like ours."""
    assert (words.ENGLISH.kind_of(cell) is None) is (cell != "see · New")
    assert words.ENGLISH.fleeting(cell) is False


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("", "no reason was given."),
        ("  Remains  update\nis not allowed ", "Remains update is not allowed."),
        ("Really?", "Really?"),
        ("x" * 400, "x" * 299 + "…."),
        ("{order} {0} %s", "{order} {0} %s."),
    ],
)
def test_the_panels_words_become_one_sentence(said: str, sentence: str) -> None:
    """On one line, ended, bounded, and never taken for a placeholder."""
    assert words.ENGLISH.sentence(said) == sentence
    assert words.REFUSED.format(what="it", reason=words.ENGLISH.sentence(said)).startswith(
        f"The panel did not take it: {sentence}"
    )


def test_lists_read_as_a_person_writes_them() -> None:
    """Or for choices, and for labels."""
    assert words.ENGLISH.listed(["A"]) == "A"
    assert words.ENGLISH.listed(["A", "B", "C"]) == "A, B or C"
    assert words.ENGLISH.also(["A", "B"]) == "A and B"
    assert words.ENGLISH.named(["status", "start_count"]) == "Status and Start count"
    assert words.ENGLISH.changes([("status", "Completed"), ("remains", "0")]) == "Status Completed, Remains 0"
