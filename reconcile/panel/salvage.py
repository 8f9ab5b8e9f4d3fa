"""The whole items of a broken answer, found in one pass: each character is looked at once or twice, whatever the text is.

Why not try the decoder at each `{`: an attempt fails where the text is broken, perhaps megabytes on, so that many attempts cost
the square of the length. Here all attempts go on side by side. Two facts make that possible:

- What a reader that begins at some place takes for a string depends only on how many quotes stand before that place, odd or even.
  So there are two ways to read a text, and each `{` stands outside strings in exactly one of them.
- Objects that are open at a place all fail with the innermost of them. So one stack holds every attempt, and an error empties it.
"""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from reconcile.panel.loose import EDGES, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from reconcile.panel.loose import Patience

_DEEPEST = 300
"""Objects that go deeper are given up, the outermost first: no panel nests, and the decoder has a depth of its own."""
_MOST = 200_000
"""Items that are looked for in one broken answer: an honest one carries at most 100 [ref]."""
_EVERY = 1024

_TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:
    ("[^"\\]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\]*+)*+")               # 1 a string
    |("[^"\\]*+(?:\\.[^"\\]*+)*+"?)                                            # 2 one with a wrong escape, or without an end
    |([{}\[\],:])                                                              # 3
    |(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)                 # 4 a number
    |((?:true|false|null|NaN|-?Infinity))                                      # 5
    |((?:\\["\\]|\\|[^"{}\[\],:\\ \t\r\n])++)                                     # 6 anything else
    )""",
    re.VERBOSE | re.DOTALL,
)
_STRING, _WRONG_STRING, _MARK, _NUMBER = 1, 2, 3, 4
_NUMBERS = re.compile(r"[ \t\r\n]*+(?:-?(?:0|[1-9][0-9]*+)[ \t\r\n]*+,){1,100000}+")
"""A run of whole numbers in a list, each with its comma: one step instead of two for each."""
_QUOTE = re.compile(r'(?:\\.|[^"\\])*+"', re.DOTALL)


class _Next(IntEnum):
    """What a container may go on with."""

    FIRST_KEY = 0
    KEY = 1
    COLON = 2
    VALUE = 3
    AFTER_VALUE = 4
    FIRST_ITEM = 5
    ITEM = 6
    AFTER_ITEM = 7


_TAKES_VALUE = (_Next.VALUE, _Next.FIRST_ITEM, _Next.ITEM)


@dataclass(slots=True)
class _Open:
    """An object or list that has begun. `listed`: a list of the feed, or an object that stands directly in one."""

    start: int
    next: _Next
    listed: bool = False
    key: str = ""
    has_id: bool = False
    has_sign: bool = False


@dataclass(frozen=True)
class Wanted:
    """What is looked for: the names of its lists, of its ids, and of the other fields that are its signs."""

    lists: Collection[str]
    ids: Collection[str]
    signs: Collection[str]


@dataclass(frozen=True)
class Salvaged:
    """What could be read of a broken list: whole items, and the pieces of text that were no whole item."""

    items: tuple[Any, ...] = ()
    pieces: tuple[str, ...] = ()


def salvage(text: str, wanted: Wanted, is_item: Callable[[Any], bool], patience: Patience) -> Salvaged:
    """The whole items of a broken or cut answer in their order, and the pieces between them.

    An item is an object that `is_item` accepts, or any object that stands in a list under one of the wanted names (or in the list that
    the text is). Raises OutOfTime.
    """
    text = text.strip(EDGES)
    spans = sorted({*_spans(text, 0, wanted, patience), *_spans(text, _behind_first_quote(text), wanted, patience)})
    opening = re.search(rf'"(?:{"|".join(map(re.escape, wanted.lists))})"\s*+:\s*+\[', text)
    at = opening.end() if opening else 1 if text.startswith("[") else 0
    items: list[Any] = []
    pieces: list[str] = []
    for place, (start, end, listed) in enumerate(spans):
        if place % _EVERY == _EVERY - 1:
            patience.check()
        if start < at and items:
            continue  # inside the one before
        value = value_at(text, start, end)
        if value is None or not (listed or is_item(value)):
            continue
        pieces.append(text[at:start].strip(", \t\r\n"))
        items.append(value)
        at = end
    rest = text[at:].strip(", \t\r\n")
    if not (items and rest.startswith("]")):
        pieces.append(rest)
    return Salvaged(tuple(items), tuple(piece for piece in pieces if piece))


def _behind_first_quote(text: str) -> int:
    """Where the other way to read the text begins: behind its first quote."""
    found = _QUOTE.match(text)
    return found.end() if found else len(text)


@dataclass(slots=True)
class _Pass:
    """One way to read the text: the open containers, and the spans of what may be items."""

    text: str
    wanted: Wanted
    open: deque[_Open] = field(default_factory=deque)
    spans: list[tuple[int, int, bool]] = field(default_factory=list)
    in_run: bool = (
        False  # behind an item whose list is not known any more: an object that follows a comma is its neighbour
    )

    def fail(self) -> None:
        self.open.clear()
        self.in_run = False

    def begin(self, char: str, at: int) -> None:
        """`{` or `[`."""
        if not self.open:
            listed = self.in_run if char == "{" else at == 0
            self.in_run = False
        elif (top := self.open[-1]).next not in _TAKES_VALUE:
            self.fail()
            listed = False
        else:
            named = char == "[" and top.next is _Next.VALUE and top.key in self.wanted.lists
            listed = named or (char == "{" and top.listed and top.next is not _Next.VALUE)
        self.open.append(_Open(at, _Next.FIRST_KEY if char == "{" else _Next.FIRST_ITEM, listed))
        if len(self.open) > _DEEPEST:
            self.open.popleft()

    def end(self, char: str, at: int) -> None:
        """`}` or `]`, `at` being the place behind it."""
        if not self.open:
            self.in_run = False
            return
        top = self.open[-1]
        ends = (_Next.FIRST_KEY, _Next.AFTER_VALUE) if char == "}" else (_Next.FIRST_ITEM, _Next.AFTER_ITEM)
        if top.next not in ends:
            self.fail()
            return
        self.open.pop()
        wanted = char == "}" and (top.listed or (top.has_id and top.has_sign))
        if wanted and len(self.spans) < _MOST:
            while self.spans and self.spans[-1][0] > top.start:
                self.spans.pop()
            self.spans.append((top.start, at, top.listed))
        if self.open:
            self._took_value(self.open[-1], has_text=False)
        else:
            self.in_run = wanted

    def comma(self) -> None:
        if not self.open:
            return
        top = self.open[-1]
        if top.next is _Next.AFTER_VALUE:
            top.next = _Next.KEY
        elif top.next is _Next.AFTER_ITEM:
            top.next = _Next.ITEM
        else:
            self.fail()

    def colon(self) -> None:
        if self.open and self.open[-1].next is _Next.COLON:
            self.open[-1].next = _Next.VALUE
        else:
            self.fail()

    def scalar(self, kind: int, token: str) -> None:
        """A string, a number or a word."""
        if not self.open:
            self.in_run = False
            return
        top = self.open[-1]
        if top.next in _TAKES_VALUE:
            self._took_value(top, has_text=kind in {_STRING, _NUMBER})
        elif kind == _STRING and top.next in {_Next.FIRST_KEY, _Next.KEY}:
            top.key = token[1:-1] if "\\" not in token else json.loads(token, strict=False)
            top.has_sign = top.has_sign or top.key in self.wanted.signs
            top.next = _Next.COLON
        else:
            self.fail()

    def _took_value(self, top: _Open, *, has_text: bool) -> None:
        if top.next is _Next.VALUE:
            top.has_id = top.has_id or (has_text and top.key in self.wanted.ids)
            top.next = _Next.AFTER_VALUE
        else:
            top.next = _Next.AFTER_ITEM


def _spans(text: str, at: int, wanted: Wanted, patience: Patience) -> list[tuple[int, int, bool]]:
    """(start, end, stands in a list) of every outermost object that may be an item, read in the one way that begins at `at`."""
    state = _Pass(text, wanted)
    steps = 0
    while at < len(text):
        steps += 1
        if steps % _EVERY == 0:
            patience.check()
        if state.open and state.open[-1].next in {_Next.FIRST_ITEM, _Next.ITEM} and (run := _NUMBERS.match(text, at)):
            state.open[-1].next = _Next.ITEM
            at = run.end()
        found = _TOKEN.match(text, at)
        if found is None:  # only white space is left
            break
        at = found.end()
        kind = found.lastindex or 0
        word = found[kind]
        if kind == _MARK:
            if word in "{[":
                state.begin(word, at - 1)
            elif word in "}]":
                state.end(word, at)
            elif word == ",":
                state.comma()
            else:
                state.colon()
        elif kind in {_WRONG_STRING, 6}:
            state.fail()
        else:
            state.scalar(kind, word)
    patience.steps += steps
    return state.spans
