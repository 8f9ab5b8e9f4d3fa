"""From a URL to one of the API's methods. Paths are matched before they are decoded, so a tab's title may hold anything."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

_BOOK = r"^/v4/spreadsheets/(?P<book>[^/:]+)"
_ROUTES = [
    ("POST", re.compile(r"^/v4/spreadsheets$"), "create"),
    ("GET", re.compile(_BOOK + "$"), "get"),
    ("POST", re.compile(_BOOK + r":(?P<verb>batchUpdate|getByDataFilter)$"), "{verb}"),
    (
        None,
        re.compile(
            _BOOK
            + r"/values:(?P<verb>batchGet|batchUpdate|batchClear|batchGetByDataFilter|batchUpdateByDataFilter|batchClearByDataFilter)$"
        ),
        "values.{verb}",
    ),
    ("POST", re.compile(_BOOK + r"/values/(?P<range>.+)(?::|%3A)(?P<verb>append|clear)$"), "values.{verb}"),
    ("GET", re.compile(_BOOK + r"/values/(?P<range>.+)$"), "values.get"),
    ("PUT", re.compile(_BOOK + r"/values/(?P<range>.+)$"), "values.update"),
    ("GET", re.compile(_BOOK + r"/developerMetadata/(?P<number>-?\d+)$"), "developerMetadata.get"),
    ("POST", re.compile(_BOOK + r"/developerMetadata:search$"), "developerMetadata.search"),
    ("POST", re.compile(_BOOK + r"/sheets/(?P<number>\d+):copyTo$"), "sheets.copyTo"),
]
READS = frozenset(
    (
        "get",
        "getByDataFilter",
        "values.get",
        "values.batchGet",
        "values.batchGetByDataFilter",
        "developerMetadata.get",
        "developerMetadata.search",
    )
)


class Route(NamedTuple):
    """A method of the Sheets API and what its path names."""

    kind: str  # e.g. values.batchGet
    book_id: str
    range: str
    number: int

    @property
    def method_id(self) -> str:
        """Return the id in the discovery document."""
        return f"sheets.spreadsheets.{self.kind}"


def route(method: str, path: str) -> Route | None:
    """Return the method a request is for; None when there is none."""
    for verb, pattern, kind in _ROUTES:
        match = pattern.match(path)
        if not match:
            continue
        found = match.groupdict()
        name = kind.format(verb=found.get("verb") or "")
        wanted = verb or ("GET" if name == "values.batchGet" else "POST")
        if wanted == method:
            return Route(
                name, unquote(found.get("book") or ""), unquote(found.get("range") or ""), int(found.get("number") or 0)
            )
    return None
