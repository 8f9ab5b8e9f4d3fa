"""Broken answers: every whole item is found, at a cost that grows with the length and no faster, and for no longer than allowed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.core.model import Claimed, Feed
from reconcile.panel import answers
from reconcile.panel.loose import OutOfTime, Patience, value_at
from reconcile.panel.salvage import Wanted, salvage

from .fakes import raw
from .reading_cost import SHAPES

WANTED = Wanted(("orders",), ("id",), ("link",))


def is_item(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and "link" in value


def found(text: str) -> list[Any]:
    return list(salvage(text, WANTED, is_item, Patience()).items)


def tried_everywhere(text: str) -> list[Any]:
    """The slow way: a decoder set on at every brace, the first whole item wins."""
    items, at = [], 0
    for brace in re.finditer(r"\{", text):
        if brace.start() < at:
            continue
        for end in (m.end() for m in re.finditer(r"\}", text) if m.start() > brace.start()):
            value = value_at(text, brace.start(), end)
            if value is not None:
                if is_item(value):
                    items.append(value)
                    at = end
                break
    return items


ITEMS: list[dict[str, Any]] = [
    {"id": "1", "link": 'a"b\\', "charge": {"value": "1", "x": []}},
    {"id": "2", "link": "{", "comments": '{"id":"9","link":"in a text"}'},
    {"link": "https://x.test/[1]", "id": 3, "more": [1.5, -2, 1e3, True, None, {"id": "in", "quantity": 1}]},
    {"id": "4", "link": "\n\u00fc\U0001f600 ,]}"},
]
GOOD = json.dumps({"status": "success", "orders": ITEMS})


@pytest.mark.parametrize("step", range(7))
def test_cut_or_spoiled_at_every_byte_all_whole_items_are_found(step: int) -> None:
    """The same items as by trying the decoder at each brace, for every cut and for a wrong character at every place."""
    for at in range(step, len(GOOD), 7):
        for text in (GOOD[:at], *(f"{GOOD[:at]}{char}{GOOD[at + 1 :]}" for char in '"\\{}[],:x0')):
            slow = [item for item in tried_everywhere(text) if item in found(text)]
            assert [json.dumps(item) for item in slow] == [json.dumps(item) for item in tried_everywhere(text)], text


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            ['"', "\\", "{", "}", "[", "]", ",", ":", '"id"', '"link"', '"x"', "1", "true", "tru", "-", "1.", " "]
        ),
        max_size=40,
    )
)
def test_any_arrangement_of_tokens(parts: list[str]) -> None:
    """Nothing raises, and what is found is what the decoder finds."""
    text = "#" + "".join(parts)
    assert found(text) == tried_everywhere(text)


def test_the_pieces_between_are_kept() -> None:
    """Whole items in their order, and each stretch of text that is none."""
    good = '{"id":"%d","link":"l"}'
    text = f'{{"orders":[{good % 1},{{"id":"2","link":#}},{good % 3},{{"link":"no id"}}, {good % 5},{{"id":"6","li'
    saved = salvage(text, WANTED, is_item, Patience())
    assert [item.get("id") for item in saved.items] == ["1", "3", None, "5"]
    assert saved.pieces == ('{"id":"2","link":#}', '{"id":"6","li')


# --- the cost ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_the_work_grows_with_the_length(name: str) -> None:
    """Steps, each of which moves on by at least a character, in no more than the two ways that a text can be read."""
    steps = []
    for size in (20_000, 80_000):
        text = SHAPES[name](size)
        patience = Patience()
        salvage(text, WANTED, is_item, patience)
        assert patience.steps <= 2 * len(text) + 2
        steps.append(patience.steps)
    assert steps[1] <= 4.7 * steps[0] + 2000  # an exponent of 1.12 at most; a square would be 16


@pytest.mark.parametrize("name", SHAPES)
def test_a_million_characters_are_read_or_set_aside(name: str) -> None:
    """By every reader, without an error, and never as a clear none unless it is a whole empty list."""
    answer = raw(SHAPES[name](300_000))
    claim = answers.read_orders(answer, "7")
    assert claim.in_doubt or claim.rows or claim.broken or claim.problem or name == "lines before"
    assert not answers.is_busy(answer)
    assert not answers.read_updates(answer, ["1"]).any_result


@pytest.mark.parametrize(
    "name",
    [
        "braces and quotes",
        "whole items, cut",
        "a list of numbers, cut",
        "empty objects",
        "doubled keys",
    ],
)
def test_reading_ends_soon_after_it_may_not_go_on(name: str) -> None:
    """The answer is set aside as unread, with a doubt, after a few thousand further steps at most."""
    asked = []

    def may_continue() -> bool:
        asked.append(1)
        return len(asked) < 3

    text = SHAPES[name](400_000)
    found = answers.read_orders(raw(text), "7", may_continue=may_continue)
    problem = "the panel's answer could not be read in the time there was"
    assert found == Claimed(Feed.ORDERS, "7", problem=problem, in_doubt=True, unread=True)
    assert len(asked) == 3
    patience = Patience(lambda: False)
    with pytest.raises(OutOfTime):
        salvage(text, WANTED, is_item, patience)


def test_an_answer_of_ordinary_size_is_read_also_after_a_signal() -> None:
    """A hundred orders take some milliseconds: nobody is asked, and they land."""
    body = json.dumps({"orders": [{"id": str(n), "link": "l", "comments": "c" * 100} for n in range(100)]})
    assert len(answers.read_orders(raw(body), "7", may_continue=lambda: False).rows) == 100
    assert len(answers.read_orders(raw(body[:-50]), "7", may_continue=lambda: False).rows) == 99


def test_a_hostile_number_of_broken_items_is_told_in_few() -> None:
    """Two hundred by themselves, the others together: nobody reads a million."""
    found = answers.read_orders(raw('{"orders":[' + "1," * 5000 + "1]}"), "7")
    assert len(found.broken) == 201
    assert found.broken[-1].why == "and 4,801 more like these"
    (long,) = answers.read_orders(raw('{"orders":[{"id":"1","link":"' + "x" * 600_000), "7").broken
    assert long.raw.endswith("x… (600,018 characters)")


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "undefined", "zlib", "rot13"])
def test_a_charset_that_is_none_is_not_used(charset: str) -> None:
    """Some of Python's codecs cost the square of the length, or are no text at all."""
    body = b'{"orders":[{"id":"1","link":"\xff"}]}'
    claim = answers.read_orders(raw(body, content_type=f"application/json; charset={charset}"), "7")
    assert [row.link for row in claim.rows] == ["\ufffd"]  # type: ignore[union-attr]
