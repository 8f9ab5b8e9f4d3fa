"""What people type, and the sentence that answers what cannot be used."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core import cells, words
from reconcile.core.cells import Formula, Wrong
from reconcile.core.model import Cell, Decision, Status, YesNo
from reconcile.core.words import ENGLISH

CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text(alphabet="0123456789.,-+' \u00a0\u202f\u2019\uff11\u0663eEkKm%$\u00b2\u00bd/:"),
    st.text(alphabet="#REF!N/ALoading…=").map(Formula),
    st.sampled_from(
        ["9" * 5000, ",".join(["1", *["000"] * 2000]), "1" + " " * 30_000 + "\nx", "1e-999999999", "1.0" * 9]
    ),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.times(),
    st.timedeltas(),
)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (1000, "1000"),
        (1000.0, "1000"),
        ("1000", "1000"),
        (" 1,000 ", "1000"),
        ("1 000", "1000"),
        ("1\u00a0000", "1000"),
        ("1\u202f000", "1000"),
        ("1'000", "1000"),
        ("1\u2019000", "1000"),
        ("12,345,678", "12345678"),
        ("1.000.000", "1000000"),
        ("1000.00", "1000"),
        ("007", "7"),
        ("0", "0"),
        (0, "0"),
        (-0.0, "0"),
        ("\uff11\uff12\uff13", "123"),
        ("\u0661\u0662\u0663", "123"),
        ("\u200e42\u200f", "42"),
        ("\ufeff42", "42"),
    ],
)
def test_counts_are_understood_where_they_are_unambiguous(raw: Cell, canonical: str) -> None:
    """What can only mean one whole number is taken as that number."""
    assert cells.count(raw, "Remains", say=ENGLISH) == canonical


@pytest.mark.parametrize("raw", [None, "", "   ", "\u00a0", "\u200b", "\n\t"])
def test_a_cell_that_shows_nothing_is_blank(raw: Cell) -> None:
    """A blank means no change, never zero, in every reader."""
    assert cells.count(raw, "Remains", say=ENGLISH) is None
    assert cells.money(raw, "Amount", say=ENGLISH) is None
    assert cells.choice(raw, Status, "Status", say=ENGLISH) is None
    assert cells.text_of(raw, "Details", 100, say=ENGLISH) is None
    assert cells.id_text(raw) == ""
    assert cells.is_blank(raw)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("1.000", "Remains is “1.000”: type 1000 if you mean that many."),
        ("12.5", "Remains is 12.5 but must be a whole number, like 1000."),
        ("12,5", "Remains is 12,5 but must be a whole number, like 1000."),
        (12.5, "Remains is 12.5 but must be a whole number, like 1000."),
        (float("nan"), "Remains is nan but must be a whole number, like 1000."),
        (float("inf"), "Remains is inf but must be a whole number, like 1000."),
        (-5, "Remains is -5 but must be 0 or more."),
        ("-5", "Remains is -5 but must be 0 or more."),
        ("\u22125", "Remains is \u22125 but must be 0 or more."),
        ("500 likes", "Remains is “500 likes” but must be a number only. Did you mean 500?"),
        ("1.2k", "Remains is “1.2k” but must be a number only. Did you mean 1200?"),
        ("~300", "Remains is “~300” but must be a number only. Did you mean 300?"),
        ("ten", "Remains is “ten” but must be a whole number, like 1000."),
        ("10²", "Remains is “10²” but must be a whole number, like 1000."),
        ("½", "Remains is “½” but must be a whole number, like 1000."),
        (True, "Remains shows TRUE but needs a number, like 1000."),
        (False, "Remains shows FALSE but needs a number, like 1000."),
        (
            datetime(2026, 3, 2, 9, 5),  # noqa: DTZ001 - as a sheet holds it
            (
                "Remains shows a date or time (2026-03-02 09:05) but needs something else. Clear the cell's format, then type "
                "it again."
            ),
        ),
        (
            "02/03/2026",
            (
                "Remains shows a date or time (02/03/2026) but needs something else. Clear the cell's format, then type it "
                "again."
            ),
        ),
        ("#REF!", "Remains shows “#REF!”. Type the value itself."),
        (
            "#N/A (Did not find value '9' in VLOOKUP evaluation.)",
            "Remains shows “#N/A (Did not find value '9' in VLOOKUP…”. Type the value itself.",
        ),
        ("Loading...", "Remains has not finished loading. It is looked at again next time."),
        (Formula("=A1+1"), "Remains holds a formula. Type the value itself."),
        (10**13, "Remains is too big to be right. Look at it again."),
        ("9" * 5000, "Remains is too big to be right. Look at it again."),
        (
            "1" + ",000" * 2000,
            "Remains is “1,000,000,000,000,000,000,000,000,000,0…” but must be a whole number, like 1000.",
        ),
    ],
)
def test_a_count_that_cannot_be_used_is_answered_in_words(raw: Cell, sentence: str) -> None:
    """Every unusable count gets a sentence that names the cell, what is wrong and what to type."""
    assert cells.count(raw, "Remains", say=ENGLISH) == Wrong(sentence)


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        (25, "25.00"),
        (25.5, "25.50"),
        ("25.50", "25.50"),
        ("1,234.5", "1234.50"),
        (" 0.1 ", "0.10"),
        (0.1, "0.10"),
        ("0.10029597233", "0.10029597233"),
        (1e-7, "0.0000001"),
        (1.1 * 3, "3.30"),
        (19.99 * 7, "139.93"),
        (1.125, "1.125"),
        ("0.125", "0.125"),
        ("1.1250", "1.125"),
        ("2e2", "200.00"),
        ("\uff12\uff15", "25.00"),
    ],
)
def test_amounts_keep_every_digit(raw: Cell, amount: str) -> None:
    """An amount is exact: what was typed is what is sent, with at least two decimals."""
    value = cells.money(raw, "Amount", say=ENGLISH)
    assert isinstance(value, Decimal)
    assert cells.money_text(value) == amount


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("25,50", "Amount is “25,50”: type 25.50 with a point, or the whole number without a comma."),
        ("1,000", "Amount is “1,000”: type 1.00 with a point, or the whole number without a comma."),
        ("1,234", "Amount is “1,234”: type 1.2340 with a point, or the whole number without a comma."),
        ("1.000", "Amount is “1.000”: type 1000 if you mean that many, or 1.00."),
        ("12.345", "Amount is “12.345”: type 12345 if you mean that many, or 12.3450."),
        ("$25", "Amount is “$25” but must be an amount, like 25.00."),
        ("-5", "Amount is -5 but must be more than 0."),
        (0, "Amount is 0 but must be more than 0."),
        (True, "Amount shows TRUE but needs a number, like 1000."),
        (float("nan"), "Amount is nan but must be an amount, like 25.00."),
        ("1e-99", "Amount is too small to be right. Look at it again."),
        ("1e99", "Amount is too big to be right. Look at it again."),
        ("1e-999999999", "Amount is “1e-999999999” but must be an amount, like 25.00."),
        ("1" * 41, "Amount is “" + "1" * 39 + "…” but must be an amount, like 25.00."),
    ],
)
def test_an_amount_that_cannot_be_used_is_answered_in_words(raw: Cell, sentence: str) -> None:
    """Money is never guessed: whatever could mean two amounts is asked about."""
    assert cells.money(raw, "Amount", say=ENGLISH) == Wrong(sentence)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("Completed", Status.COMPLETED),
        ("completed", Status.COMPLETED),
        (" In Progress ", Status.IN_PROGRESS),
        ("IN_PROGRESS", Status.IN_PROGRESS),
        ("in-progress", Status.IN_PROGRESS),
        ("inprogress", Status.IN_PROGRESS),
        ("cancelled", Status.CANCELED),
        ("\uff30\uff41\uff52\uff54\uff49\uff41\uff4c", Status.PARTIAL),
    ],
)
def test_spellings_of_one_choice_are_that_choice(raw: str, status: Status) -> None:
    """Case, spaces and underscores do not matter."""
    assert cells.choice(raw, Status, "Status", say=ENGLISH) is status


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("Compelted", "“Compelted” is not a Status; did you mean Completed?"),
        ("comp", "“comp” is not a Status; did you mean Completed?"),
        ("done", "“done” is not a Status; did you mean Completed?"),
        ("refund", "“refund” is not a Status; did you mean Canceled?"),
        ("pending", "“pending” is not a Status; did you mean Processing?"),
        ("xyz", "“xyz” is not a Status. Choose Processing, In progress, Completed, Partial or Canceled."),
        ("пauza", "“пauza” is not a Status. Choose Processing, In progress, Completed, Partial or Canceled."),
        (True, "TRUE is not a Status. Choose Processing, In progress, Completed, Partial or Canceled."),
        (5, "5 is not a Status. Choose Processing, In progress, Completed, Partial or Canceled."),
        ("#REF!", "Status shows “#REF!”. Type the value itself."),
        (Formula("=B2"), "Status holds a formula. Type the value itself."),
    ],
)
def test_a_near_miss_is_asked_about_and_never_acted_on(raw: Cell, sentence: str) -> None:
    """Only exact spellings act; anything near is answered with a suggestion."""
    assert cells.choice(raw, Status, "Status", say=ENGLISH) == Wrong(sentence)


def test_a_tick_box_answers_yes_or_no() -> None:
    """TRUE and FALSE in a Yes/No column are Yes and No."""
    assert cells.choice(raw=True, options=YesNo, label="Send", say=ENGLISH) is YesNo.YES
    assert cells.choice(raw=False, options=YesNo, label="Send", say=ENGLISH) is YesNo.NO
    assert cells.choice("reject", Decision, "Decision", say=ENGLISH) is Decision.REJECT


@pytest.mark.parametrize(
    "raw", ["123", " 123 ", "\uff11\uff12\uff13", "\u0661\u0662\u0663", 123, 123.0, "123\u00a0", "\u200e123"]
)
def test_spellings_of_one_id_are_one_id(raw: Cell) -> None:
    """What a spreadsheet does to an id does not make it another id."""
    assert cells.id_text(raw) == "123"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("0123", "123"),
        ("123.0", "123"),
        ("123.00", "123"),
        ("000", "0"),
        ("12.5", "12.5"),
        ("A01", "A01"),
        ("1.2.0", "1.2.0"),
    ],
)
def test_ids_that_a_person_cannot_tell_apart_clash(text: str, form: str) -> None:
    """`0123` and `123.0` are held beside `123`."""
    assert cells.same_id(text) == form


def test_a_superscript_does_not_join_the_id_before_it() -> None:
    """An id with a footnote mark is not the id 122."""
    assert cells.id_text("12²") == "12²"


def test_texts_are_taken_as_typed() -> None:
    """Free text keeps everything but the space around it; what is no text is answered."""
    assert cells.text_of(" =1+1 \r\n ok ", "Details", 100, say=ENGLISH) == "=1+1 \r\n ok"
    assert cells.text_of(12345.0, "User", 100, say=ENGLISH) == "12345"
    assert cells.text_of(raw=True, label="User", longest=100, say=ENGLISH) == Wrong(
        "User shows TRUE, which is not a text. Type it again."
    )
    assert cells.text_of(date(2026, 3, 2), "User", 100, say=ENGLISH) == Wrong(
        "User shows 2026-03-02, which is not a text. Type it again."
    )
    assert cells.text_of("#VALUE!", "User", 100, say=ENGLISH) == Wrong("User shows “#VALUE!”. Type the value itself.")


def test_a_text_that_would_not_fit_the_ledger_is_answered() -> None:
    """Line breaks, quotes and emoji count as what they take where the text is kept until its outcome is known."""
    answer = Wrong("Message is too long: at most 1,000 characters can be sent. Shorten it.")
    assert cells.text_of("x" * 1000, "Message", 1000, say=ENGLISH) == "x" * 1000
    assert cells.text_of("x" * 1001, "Message", 1000, say=ENGLISH) == answer
    assert cells.text_of("🙂" * 501, "Message", 1000, say=ENGLISH) == answer
    assert cells.text_of('"' * 501, "Message", 1000, say=ENGLISH) == answer
    assert cells.text_of("\x01" * 170, "Message", 1000, say=ENGLISH) == answer


@given(CELLS)
def test_no_cell_raises_and_every_answer_is_a_sentence(raw: Cell) -> None:
    """For any cell: a canonical value, None, or one well-formed sentence; never an exception."""
    for value in (
        cells.count(raw, "Remains", say=ENGLISH),
        cells.money(raw, "Amount", say=ENGLISH),
        cells.choice(raw, Status, "Status", say=ENGLISH),
        cells.choice(raw, YesNo, "Send", say=ENGLISH),
        cells.text_of(raw, "Details", 1000, say=ENGLISH),
    ):
        if isinstance(value, Wrong):
            assert value.text.endswith((".", "?")), value
            assert "  " not in value.text
            assert "\n" not in value.text
            assert len(value.text) < 250


@given(CELLS)
def test_canonical_forms_are_stable(raw: Cell) -> None:
    """Reading what was understood gives the same again."""
    count = cells.count(raw, "Remains", say=ENGLISH)
    if isinstance(count, str):
        assert cells.count(count, "Remains", say=ENGLISH) == count
        assert count.isascii()
        assert count.isdecimal()
        assert 0 <= int(count) <= cells.MOST
    amount = cells.money(raw, "Amount", say=ENGLISH)
    if isinstance(amount, Decimal):
        # with two more zeros, because a text of three decimals could be thousands and is asked about
        again = cells.money(cells.money_text(amount) + "00", "Amount", say=ENGLISH)
        assert again == amount
        assert cells.money_text(amount).replace(".", "").isdecimal()
    status = cells.choice(raw, Status, "Status", say=ENGLISH)
    if isinstance(status, Status):
        assert cells.choice(status.value, Status, "Status", say=ENGLISH) is status
    key = cells.id_text(raw)
    assert cells.id_text(key) == key
    assert cells.same_id(cells.same_id(key)) == cells.same_id(key)


@given(st.integers(0, cells.MOST))
def test_every_count_is_read_however_it_is_written(number: int) -> None:
    """Plain, grouped, spaced, as a float, in full width: one number."""
    wide = str(number).translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    for raw in (number, str(number), f" {number:,} ", f"{number:,}".replace(",", " "), wide, float(number)):
        assert cells.count(raw, "Remains", say=ENGLISH) == str(number)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\r\n  b", "“a b”"),
        ("x" * 50, "“" + "x" * 39 + "…”"),
        (True, "TRUE"),
        (12.5, "12.5"),
        (datetime(2026, 3, 2, 9, 5), "2026-03-02 09:05"),  # noqa: DTZ001 - as a sheet holds it
        (time(9, 5), "09:05:00"),
        (timedelta(hours=1), "1:00:00"),
    ],
)
def test_a_cell_is_quoted_so_that_a_person_recognises_it(raw: object, shown: str) -> None:
    """On one line, at most 40 characters."""
    assert words.ENGLISH.shown(raw) == shown


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        *(
            ("0.15", "0.15"),
            ("0,15", "0.15"),
            (0.15, "0.15"),
            ("1e-05", "0.00001"),
            ("$0.90", "0.90"),
            ("1,234.56", "1234.56"),
        ),
        *(("1.234,56", "1234.56"), ("1 234,5", "1234.5"), ("0,125", "0.125"), ("1.234", "1.234"), ("12,5", "12.5")),
        *(("1,234", None), ("", None), (None, None), ("about 5", None), ("nan", None), (True, None), ("1,2,3", None)),
        ("123456789012.34", "123456789012.34"),
    ],
)
def test_a_panels_amount_is_read_where_one_reading_is_possible(raw: Any, amount: str | None) -> None:
    """Points and commas by what they can only be; a thousand or a fraction is nobody's guess."""
    found = cells.panel_amount(raw)
    assert found == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        *(
            (1000, 1000),
            ("1000", 1000),
            ("1000.0", 1000),
            (1000.0, 1000),
            ("1,000", 1000),
            ("1 000", 1000),
            ("1.000.000", 10**6),
        ),
        *(
            ("1.000", None),
            ("1000.5", None),
            (0.5, None),
            ("", None),
            (None, None),
            ("-5", None),
            (True, None),
            ("many", None),
        ),
    ],
)
def test_a_panels_whole_number_is_read_where_one_reading_is_possible(raw: Any, number: int | None) -> None:
    """In every usual notation; what has two readings has none."""
    assert cells.panel_whole(raw) == number
