"""The leaves: A1 notation, field masks, typed input, shown values, formulas, the discovery oracle."""

from __future__ import annotations

import pytest

from tests.emulator import a1, discovery, entry, fields, formatting, formulas
from tests.emulator.cells import Formula
from tests.emulator.discovery import AnswerViolation
from tests.emulator.errors import ApiError


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("A1", (0, 1, 0, 1)),
        ("$B$2:C3", (1, 3, 1, 3)),
        ("C3:B2", (1, 3, 1, 3)),
        ("A:C", (None, None, 0, 3)),
        ("2:5", (1, 5, None, None)),
        ("A2:C", (1, None, 0, 3)),
        ("AA10", (9, 10, 26, 27)),
    ],
)
def test_ranges_are_read(text: str, area: tuple[int | None, ...]) -> None:
    """Every A1 form gives its bounds; a missing bound is open."""
    assert a1.parse_cells(text)[1:] == area


@pytest.mark.parametrize("text", ["", "A", "1", "A0", "ABCD1", "A1:B2:C3", "A1:", "é1", "Sheet!A1"])
def test_bad_ranges_are_refused(text: str) -> None:
    """What is no range is said to be none."""
    with pytest.raises(a1.RangeSyntaxError):
        a1.parse_cells(text)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Sheet1", "Sheet1"),
        ("My tab", "'My tab'"),
        ("it's", "'it''s'"),
        ("_ledger", "_ledger"),
        ("A1", "'A1'"),
        ("2024", "'2024'"),
    ],
)
def test_titles_are_quoted_only_when_needed(title: str, shown: str) -> None:
    """A plain word stands bare, all else in quotes, and reads back."""
    assert a1.quote(title) == shown
    assert a1.split_title(f"{shown}!B2") == (title, "B2")


@pytest.mark.parametrize("start", range(6))
@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("to", range(7))
def test_moved_indexes_are_what_lists_do(start: int, length: int, to: int) -> None:
    """`move_index` agrees with cutting and inserting a list."""
    items = list(range(9))
    end = start + length
    if start <= to <= end:
        return
    block = items[start:end]
    rest = items[:start] + items[end:]
    at = to if to < start else to - length
    expected = rest[:at] + block + rest[at:]
    assert [expected.index(i) for i in items] == [a1.move_index(i, start, end, to) for i in items]


def test_spans_follow_inserts_and_deletes() -> None:
    """A range moves, grows, shrinks or vanishes with its rows."""
    assert a1.insert_span(2, 5, 2, 3) == (5, 8)
    assert a1.insert_span(2, 5, 4, 1) == (2, 6)
    assert a1.insert_span(2, 5, 5, 1) == (2, 5)
    assert a1.insert_span(2, None, 0, 1) == (3, None)
    assert a1.delete_span(2, 5, 0, 2) == (0, 3)
    assert a1.delete_span(2, 5, 3, 9) == (2, 3)
    assert a1.delete_span(2, 5, 2, 5) is None


def test_masks_nest() -> None:
    """Commas, dots, slashes and nested parentheses make one trie; a whole parent wins over its parts."""
    trie = fields.parse("sheets(properties(title,gridProperties.rowCount),merges),named_ranges/name")
    assert trie == {
        "sheets": {"properties": {"title": {}, "gridProperties": {"rowCount": {}}}, "merges": {}},
        "namedRanges": {"name": {}},
    }
    assert fields.parse("a.b,a") == {"a": {}}
    assert fields.parse("a,a.b") == {"a": {}}


@pytest.mark.parametrize("mask", ["a(", "a)", "a,,b", ",", "a..b", "(a)"])
def test_bad_masks_are_refused(mask: str) -> None:
    """A malformed mask is an error."""
    with pytest.raises(fields.MaskError):
        fields.parse(mask)


def test_masked_update_sets_and_clears() -> None:
    """A masked path missing from the new value is cleared, the others stay."""
    old = {"bold": True, "size": 10, "color": {"red": 1, "blue": 1}}
    new = {"bold": False, "color": {"red": 0.5}}
    assert fields.update(old, new, fields.parse("bold,size,color.red")) == {
        "bold": False,
        "color": {"red": 0.5, "blue": 1},
    }
    assert fields.update(old, new, fields.parse("color")) == {"bold": True, "size": 10, "color": {"red": 0.5}}


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("", None, None),
        ("abc", "abc", None),
        ("'=1", "=1", None),
        ("=1+1", Formula("=1+1"), None),
        ("=", "=", None),
        ("+A1", Formula("=+A1"), None),
        ("-5", -5, None),
        ("+5", 5, None),
        ("007", 7, None),
        ("1.50", 1.5, None),
        (".5", 0.5, None),
        ("1,000", 1000, "NUMBER"),
        ("1,5", "1,5", None),
        ("12%", 0.12, "PERCENT"),
        ("$1,234.50", 1234.5, "CURRENCY"),
        ("(5)", -5, None),
        ("1e3", 1000, "SCIENTIFIC"),
        ("true", True, None),
        ("FALSE", False, None),
        ("2024-02-29", 45351, "DATE"),
        ("2023-02-29", "2023-02-29", None),
        ("1/2/2024", 45293, "DATE"),
        ("Jan 2, 2024", 45293, "DATE"),
        ("6:00 PM", 0.75, "TIME"),
        ("2024-01-02 12:00", 45293.5, "DATE_TIME"),
        ("#15 · sent", "#15 · sent", None),
        ("@me", "@me", None),
        ("12 apples", "12 apples", None),
    ],
)
def test_typed_text_becomes_what_google_makes_of_it(text: str, value: object, kind: str | None) -> None:
    """USER_ENTERED: numbers, booleans, dates, percent, currency, formulas, the leading apostrophe."""
    typed = entry.parse(text)
    assert typed.value == value
    assert type(typed.value) is type(value)
    assert (typed.number_format or {}).get("type") == kind


def test_a_plain_text_cell_keeps_what_is_typed() -> None:
    """In a cell formatted as plain text, 007 and =1 stay text."""
    assert entry.parse("007", plain_text=True).value == "007"
    assert entry.parse("=1", plain_text=True).value == "=1"


ACCOUNTING = '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (3, None, "3"),
        (0.1 + 0.2, None, "0.3"),
        (1e20, None, "1E+20"),
        (True, None, "TRUE"),
        (1234.5, {"type": "NUMBER", "pattern": "#,##0.00"}, "1,234.50"),
        (0.125, {"type": "PERCENT", "pattern": "0.0%"}, "12.5%"),
        (-5, {"type": "CURRENCY", "pattern": '"$"#,##0.00'}, "-$5.00"),
        (45293.75, {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm:ss"}, "2024-01-02 18:00:00"),
        (45293, {"type": "DATE", "pattern": "mmm d, yyyy"}, "Jan 2, 2024"),
        (0.75, {"type": "TIME", "pattern": "h:mm am/pm"}, "6:00 PM"),
        (12, {"type": "TEXT"}, "12"),
        (1500, {"type": "SCIENTIFIC", "pattern": "0.00E+00"}, "1.50E+03"),
        (7, {"type": "NUMBER", "pattern": "000"}, "007"),
        (-2, {"type": "NUMBER", "pattern": "0;(0)"}, "(2)"),
        (87, {"type": "CURRENCY", "pattern": "[$€]#,##0.00"}, "€87.00"),
        (93, {"type": "CURRENCY", "pattern": "#,##0.00[$ kr]"}, "93.00 kr"),
        (1234567.5, {"type": "CURRENCY", "pattern": "[$R$-416] #,##0.00"}, "R$ 1,234,567.50"),
        (23.875, {"type": "TIME", "pattern": "[h]:mm:ss"}, "573:00:00"),
        (-0.0625, {"type": "TIME", "pattern": "[h]:mm:ss"}, "-1:30:00"),
        (0.5, {"type": "TIME", "pattern": "[mm]:ss"}, "720:00"),
        (0.000_011_5, {"type": "TIME", "pattern": "[ss].000"}, "00.994"),
        (44, {"type": "NUMBER", "pattern": ACCOUNTING}, " $ 44.00 "),
        (-44, {"type": "NUMBER", "pattern": ACCOUNTING}, " $ (44.00)"),
        (0, {"type": "NUMBER", "pattern": ACCOUNTING}, " $ -   "),
        (-1234.5, {"type": "NUMBER", "pattern": "#,##0.00;(#,##0.00)"}, "(1,234.50)"),
        (12345678, {"type": "NUMBER", "pattern": "0.0,,\\M"}, "12.3M"),
        (5551234, {"type": "NUMBER", "pattern": "000-0000"}, "555-1234"),
        (1234567890, {"type": "NUMBER", "pattern": "(###) ###-####"}, "(123) 456-7890"),
        (1234, {"type": "NUMBER", "pattern": "000,000"}, "001,234"),
        (2.5, {"type": "NUMBER", "pattern": "# ?/?"}, "2 1/2"),
        (2.25, {"type": "NUMBER", "pattern": "# ?/8"}, "2 2/8"),
        (3, {"type": "NUMBER", "pattern": "# ?/?"}, "3    "),
        (1.5, {"type": "NUMBER", "pattern": "0.0#"}, "1.5"),
        (1.5, {"type": "NUMBER", "pattern": "0.0?"}, "1.5 "),
        (12345, {"type": "SCIENTIFIC", "pattern": "##0.0E+0"}, "12.3E+3"),
        (0.00012, {"type": "SCIENTIFIC", "pattern": "0.00E+00"}, "1.20E-04"),
        (9.999, {"type": "SCIENTIFIC", "pattern": "0.00E+00"}, "1.00E+01"),
        (150, {"type": "NUMBER", "pattern": '[Red][>100]0" high";[Color5]0" low"'}, "150 high"),
        (50, {"type": "NUMBER", "pattern": '[Red][>100]0" high";[Color5]0" low"'}, "50 low"),
        (5, {"type": "NUMBER", "pattern": 'General" pieces"'}, "5 pieces"),
        (0, {"type": "NUMBER", "pattern": '0;-0;"none; nothing"'}, "none; nothing"),
        (0.255, {"type": "PERCENT", "pattern": "0%"}, "26%"),
        (
            45293.75,
            {"type": "DATE_TIME", "pattern": "dddd, mmmm d, yyyy, h:mm:ss am/pm"},
            "Tuesday, January 2, 2024, 6:00:00 PM",
        ),
        (45293.5007, {"type": "DATE_TIME", "pattern": "ddd dd.mm.yy hh:mm:ss.00"}, "Tue 02.01.24 12:01:00.48"),
        (45293, {"type": "DATE", "pattern": "mmmmm yy"}, "J 24"),
    ],
)
def test_values_are_shown(value: object, number_format: dict[str, str] | None, shown: str) -> None:
    """FORMATTED_VALUE follows the cell's number format."""
    assert formatting.show(value, number_format) == shown  # type: ignore[arg-type]


def test_copied_formulas_move_their_references() -> None:
    """Relative references move along, locked ones and texts do not."""
    assert formulas.copied('=A1+$B$2&"A1"+Tab!C3:D4', 1, 2) == '=C2+$B$2&"A1"+Tab!E4:F5'
    assert formulas.copied("=A1", -1, 0) == "=#REF!"
    assert formulas.renamed("='My tab'!A1+Other!B2", "my tab", "New one") == "='New one'!A1+Other!B2"


def test_answers_are_held_against_the_document() -> None:
    """An unknown member, a wrong type or an unknown enum value in an answer raises, naming the place."""
    oracle = discovery.load()
    oracle.check_answer("ValueRange", {"range": "A1", "majorDimension": "ROWS", "values": [["a", 1, True]]})
    for answer, place in [
        ({"rang": "A1"}, "ValueRange has no member 'rang'"),
        ({"range": 5}, "ValueRange.range: 5 is no string"),
        ({"majorDimension": "SIDEWAYS"}, "ValueRange.majorDimension"),
        ({"values": [[None]]}, "ValueRange.values[0]"),
        ({"values": [[float("nan")]]}, "ValueRange.values[0]"),
    ]:
        with pytest.raises(AnswerViolation) as caught:
            oracle.check_answer("ValueRange", answer)
        assert place in str(caught.value)


def test_request_reader_accepts_what_google_accepts() -> None:
    """snake_case, quoted numbers and null are read; the canonical form comes out."""
    oracle = discovery.load()
    body = {"requests": [{"add_sheet": {"properties": {"sheet_id": "5", "title": None, "hidden": True}}}]}
    assert oracle.read_body("BatchUpdateSpreadsheetRequest", body) == {
        "requests": [{"addSheet": {"properties": {"sheetId": 5, "hidden": True}}}]
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"requests": [{"makeTea": {}}]},
            "Invalid JSON payload received. Unknown name \"makeTea\" at 'requests[0]': Cannot find field.",
        ),
        (
            {"requests": [{"addSheet": {"properties": {"titel": "x"}}}]},
            "Invalid JSON payload received. Unknown name \"titel\" at 'requests[0].add_sheet.properties': Cannot find field.",
        ),
        (
            {"requests": [{"addSheet": {"properties": {"sheetId": 2**31}}}]},
            "Invalid value at 'requests[0].add_sheet.properties.sheet_id' (TYPE_INT32), 2147483648",
        ),
        (
            {"requests": [{"addSheet": {"properties": {"title": 5}}}]},
            "Invalid value at 'requests[0].add_sheet.properties.title' (TYPE_STRING), 5",
        ),
        (
            {"requests": [{"addSheet": {}, "deleteSheet": {}}]},
            "Invalid value at 'requests[0]' (oneof), oneof field 'kind' is already set. Cannot set 'deleteSheet'",
        ),
    ],
)
def test_requests_that_do_not_fit_are_refused_in_googles_words(body: dict[str, object], message: str) -> None:
    """Unknown names and wrong types are named with their path, in message and fieldViolations."""
    with pytest.raises(ApiError) as caught:
        discovery.load().read_body("BatchUpdateSpreadsheetRequest", body)
    assert caught.value.message == message
    assert caught.value.details is not None
    assert caught.value.details[0]["fieldViolations"][0]["description"] == message
