"""What staff read has room: headings beside their filter's button, drop-down words beside their arrow, in every language."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

import openpyxl
import pytest

from reconcile.workbook import guide, templates
from reconcile.workbook.catalogue import LANGUAGES
from reconcile.workbook.xlsx import XlsxWorkbook

if TYPE_CHECKING:
    from pathlib import Path

    from reconcile.workbook.templates import Templates

BUTTON: Final = 2.1
"""What indent and a filter's button take of a column beyond the digit that it is wider than its template says, in digits."""

ARROW: Final = 1.5
"""What a drop-down's arrow takes, likewise."""

REGULAR: Final = 0.94
"""How wide a text is that is not bold, compared with a bold one."""

SMALL: Final = 10 / 11
"""A tile's label is that much smaller than a cell's text."""


def room(text: str) -> float:
    """How wide a text is in bold, in digits. The steps are Arial's, rounded up; marks above and below letters take nothing."""
    return sum(_letter(char) for char in text)


def _letter(char: str) -> float:
    kind = unicodedata.category(char)
    if kind in ("Mn", "Me"):
        return 0.0
    if kind == "Mc":
        return 0.5
    if char in "iljtfrI.,:;'!-()| ıí":
        return 0.6
    if char in "mwMW%@":
        return 1.55
    return 1.3 if kind == "Lu" else 1.07


def lines(text: str, width: float) -> int:
    """On how many lines a text stands that is broken between words."""
    count, used = 1, 0.0
    for word in text.split():
        if used and used + room(" " + word) > width:
            count, used = count + 1, 0.0
        used += room(" " + word if used else word)
    return count


@pytest.fixture(params=LANGUAGES)
def known(request: pytest.FixtureRequest) -> Templates:
    """The templates in one language."""
    return templates.templates(request.param)


def test_headings_fit_their_columns(known: Templates) -> None:
    """No word of a heading is wider than its column beside the filter's button, and none takes more than two lines."""
    for tab in known.tabs:
        for column in tab.columns if tab.protect != "none" and not tab.free_text and not tab.hidden else ():
            free = column.width - BUTTON
            assert max(room(word) for word in column.header.split()) <= free, (tab.title, column.header, free)
            assert lines(column.header, free) <= 2, (tab.title, column.header)


def test_choices_fit_their_columns(known: Templates) -> None:
    """A chosen word is seen whole beside the arrow of its drop-down."""
    for tab in known.data_tabs:
        for column in tab.columns:
            for choice in column.choices:
                assert room(choice) <= column.width - ARROW, (tab.title, column.header, choice)


def test_start_here_breaks_no_topic_in_mid_word(known: Templates) -> None:
    """Every word at the left of Start here fits its column, so that it is not broken inside."""
    width = known.tab(templates.START).columns[0].width
    for line in guide.lines(known, "UTC", "Runs!C:C"):
        if line.kind in ("line", "swatch"):
            assert max(room(word) for word in line.topic.split()) <= width - 0.5, line.topic


def test_start_heres_rows_are_high_enough(known: Templates, tmp_path: Path) -> None:
    """Every line of every text of Start here is seen, also where letters have marks beside them."""
    XlsxWorkbook(tmp_path / "orders.xlsx", known=known).provision(["12"])
    tab = known.tab(templates.START)
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx")[tab.title]
    for line in guide.lines(known, "UTC", "Runs!C:C"):
        if line.kind in ("line", "swatch") and not line.text.startswith("="):
            needed = max(lines(line.topic, tab.columns[0].width), lines(line.text, tab.columns[1].width / REGULAR))
            assert sheet.row_dimensions[line.row].height >= 15 * needed, (needed, line.text)


def test_tiles_and_start_here_fit_where_they_stand(known: Templates) -> None:
    """A tile's label stands in two columns of the Dashboard; Start here is no wider than a phone's screen."""
    board = known.tab(templates.DASHBOARD)
    for tile in board.tiles:
        assert room(tile.label) * SMALL <= 2 * board.columns[0].width - 1, tile.label
    assert sum(column.width for column in known.tab(templates.START).columns) <= 44


def test_a_list_is_judged_without_scrolling(known: Templates) -> None:
    """On a laptop, 1,366 pixels, everything of Approvals up to To is on the screen: a digit is 7 pixels wide in Excel."""
    tab = known.tab("approvals")
    shown = tab.columns[: tab.keys.index("to") + 1]
    assert 7 * sum(column.width + 1 for column in shown) + 5 * len(shown) < 1366 - 40


@pytest.mark.parametrize(
    ("key", "text", "lines"),
    [
        ("link", "https://t.me/olu6076", 1),
        ("link", "https://www.tiktok.com/@joao12345", 2),  # breaks behind the host, though its letters nearly fit
        ("link", "https://www.instagram.com/p/cb3f98e277/?igsh=b814c66&amp;img_index=1", 3),
        ("user", "1a6803ab-d7ca-4b55-93da-ac150fd27108", 2),
        ("user", "maria4423", 1),
        ("comments", "one\ntwo\nthree", 3),
        ("comments", None, 1),
    ],
)
def test_a_row_has_room_for_its_texts(key: str, text: str | None, lines: int) -> None:
    """A second line that nobody sees would make an address look complete that is not."""
    assert guide.shown_lines(templates.templates().tab("orders").column(key), text) == lines
