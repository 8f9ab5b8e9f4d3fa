"""Rows hidden by hand or by a filter: what sorts, appends, pastes and people do around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator import Emulator
from tests.emulator.helpers import Api, grid, text_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.staff import Staff

FIELDS = "userEnteredValue"


def rows(start: int, end: int) -> dict[str, Any]:
    return {"sheetId": 0, "dimension": "ROWS", "startIndex": start, "endIndex": end}


def hide(*found: int) -> list[dict[str, Any]]:
    """Hide screen rows by hand."""
    return [
        {
            "updateDimensionProperties": {
                "range": rows(row - 1, row),
                "properties": {"hiddenByUser": True},
                "fields": "hiddenByUser",
            }
        }
        for row in found
    ]


def filtered(*texts: str, column: int = 0, cells: str = "A1:B10") -> dict[str, Any]:
    """Hide by value."""
    spec = {"columnIndex": column, "filterCriteria": {"hiddenValues": list(texts)}}
    return {"setBasicFilter": {"filter": {"range": grid(cells), "filterSpecs": [spec]}}}


def sort(cells: str, *, descending: bool = False) -> dict[str, Any]:
    order = "DESCENDING" if descending else "ASCENDING"
    return {"sortRange": {"range": grid(cells), "sortSpecs": [{"dimensionIndex": 0, "sortOrder": order}]}}


def append(*texts: str) -> dict[str, Any]:
    return {"appendCells": {"sheetId": 0, "rows": [{"values": [text_cell(text)]} for text in texts], "fields": FIELDS}}


def column(api: Api, letter: str = "A") -> list[Any]:
    return [row[0] if row else None for row in api.get(f"{letter}:{letter}")]


def staff_of(api: Api) -> Staff:
    person: Staff = api.emulator.staff(api.book_id, "Sheet1")
    return person


# -- sortRange ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["by hand", "by a filter", "by a closed group"])
def test_a_sort_goes_around_rows_nobody_sees(api: Api, way: str) -> None:
    """The hidden row stays at its place, hidden, with all its cells; the others are in order around it."""
    api.put("A1:B6", [["h", ""], [5, "five"], ["x", "cross"], [9, "nine"], ["a", "letter"], [7, "seven"]])
    closed = {"range": rows(2, 3), "depth": 1, "collapsed": True}
    steps: dict[str, list[dict[str, Any]]] = {
        "by hand": hide(3),
        "by a filter": [filtered("x")],
        "by a closed group": [
            {"addDimensionGroup": {"range": rows(2, 3)}},
            {"updateDimensionGroup": {"dimensionGroup": closed, "fields": "collapsed"}},
        ],
    }
    api.batch(*steps[way])
    api.batch(sort("A2:B6"))
    assert api.get("A1:B6") == [
        ["h"],
        [5, "five"],
        ["x", "cross"],
        [7, "seven"],
        [9, "nine"],
        ["a", "letter"],
    ]
    api.batch(sort("A2:B6", descending=True))
    assert column(api) == ["h", "a", "x", 9, 7, 5]


def test_a_sort_of_hidden_rows_alone_does_nothing(api: Api) -> None:
    """Nothing is seen, nothing moves, and nothing is refused."""
    api.put("A1:A3", [["c"], ["b"], ["a"]])
    api.batch(*hide(1, 2, 3), sort("A1:A3"))
    assert column(api) == ["c", "b", "a"]


def test_blanks_go_last_among_the_rows_that_are_seen(api: Api) -> None:
    """A hidden row at the end stays below the blanks."""
    api.put("A1:A5", [["c"], [""], ["b"], [""], ["hidden"]])
    api.batch(*hide(5), sort("A1:A5"))
    assert column(api) == ["b", "c", None, None, "hidden"]


def test_a_sort_around_hidden_rows_moves_formulas_along(api: Api) -> None:
    """A relative reference follows its row over a hidden one."""
    api.type("A1:B3", [["c", "=A1"], ["x", "=A2"], ["a", "=A3"]])
    api.batch(*hide(2), sort("A1:B3"))
    assert api.get("A1:B3", "FORMULA") == [["a", "=A1"], ["x", "=A2"], ["c", "=A3"]]
    assert api.get("B1:B3") == [["a"], ["x"], ["c"]]


def test_metadata_of_rows_goes_around_too_where_it_goes(api: Api) -> None:
    """With the switch on, the entry of a row goes where its cells went, and that of a hidden row stays."""
    api.emulator.switches.sort_moves_row_metadata = True
    api.put("A1:A3", [["c"], ["x"], ["a"]])
    for row in range(3):
        entry = {"metadataId": row + 1, "metadataKey": "k", "visibility": "DOCUMENT"}
        api.batch(
            {
                "createDeveloperMetadata": {
                    "developerMetadata": {**entry, "location": {"dimensionRange": rows(row, row + 1)}}
                }
            }
        )
    api.batch(*hide(2), sort("A1:A3"))
    places = {
        number: entry["location"]["dimensionRange"]["startIndex"]
        for number, entry in api.emulator.book(api.book_id).metadata.items()
    }
    assert places == {1: 2, 2: 1, 3: 0}


def test_setting_a_filter_with_a_sort_order_sorts_what_it_shows(api: Api) -> None:
    """What the new filter hides stays where it is."""
    api.put("A1:A5", [["h"], ["c"], ["x"], ["b"], ["a"]])
    wanted = filtered("x")
    wanted["setBasicFilter"]["filter"]["sortSpecs"] = [{"dimensionIndex": 0}]
    api.batch(wanted)
    assert column(api) == ["h", "a", "x", "b", "c"]


def test_a_shuffle_leaves_hidden_rows(api: Api) -> None:
    """The same as for a sort."""
    api.put("A1:A9", [[str(number)] for number in range(9)])
    api.batch(*hide(2, 5), {"randomizeRange": {"range": grid("A1:A9")}})
    found = column(api)
    assert (found[1], found[4]) == ("1", "4")
    assert sorted(found) == [str(number) for number in range(9)]
    assert found != sorted(found)


# -- filters ------------------------------------------------------------------------------------------------------------


def hidden_by_filter(api: Api) -> list[int]:
    """Return the screen rows a filter hides, as the API tells them."""
    found = api.sheet("data.rowMetadata.hiddenByFilter")["data"][0]["rowMetadata"]
    return [number for number, one in enumerate(found, 1) if one.get("hiddenByFilter")]


@pytest.mark.parametrize("follows", [True, False])
def test_whether_a_filter_follows_edits_is_a_switch(api: Api, follows: bool) -> None:  # noqa: FBT001
    """A filter may hide a row as soon as it shows the value, or only when it is set again; rows take their state along."""
    api.emulator.switches.filters_follow_edits = follows
    api.put("A1:A5", [["h"], ["x"], ["b"], ["x"], ["d"]])
    api.batch(filtered("x"))
    assert hidden_by_filter(api) == [2, 4]
    api.put("A2:A3", [["seen"], ["x"]])
    assert hidden_by_filter(api) == ([3, 4] if follows else [2, 4])
    api.batch({"deleteDimension": {"range": rows(1, 3)}})
    assert hidden_by_filter(api) == [2]
    api.batch({"clearBasicFilter": {"sheetId": 0}})
    assert hidden_by_filter(api) == []
    api.batch(filtered("x"))
    assert hidden_by_filter(api) == [2]


# -- appending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("over", "found"), [(False, ["a", "b", "x", "new"]), (True, ["a", "b", "new"])])
def test_append_cells_below_hidden_rows_or_over_them(api: Api, over: bool, found: list[str]) -> None:  # noqa: FBT001
    """Hidden rows are data; a switch tries what is lost where they are not."""
    api.emulator.switches.append_cells_over_hidden_rows = over
    api.put("A1:A3", [["a"], ["b"], ["x"]])
    api.batch(*hide(3), append("new"))
    assert column(api) == found


@pytest.mark.parametrize(
    ("over", "found", "table"),
    [(False, ["a", "b", "x", "new"], "Sheet1!A1:A3"), (True, ["a", "b", "new"], "Sheet1!A1:A2")],
)
def test_values_append_below_filtered_rows_or_over_them(
    api: Api,
    over: bool,  # noqa: FBT001
    found: list[str],
    table: str,
) -> None:
    """Reports tell of rows lost and overwritten under a filter: a switch."""
    api.emulator.switches.values_append_over_hidden_rows = over
    api.put("A1:A3", [["a"], ["b"], ["x"]])
    api.batch(filtered("x"))
    answer = api.ok("POST", "/values/A1:append", {"values": [["new"]]}, valueInputOption="RAW")
    assert answer["tableRange"] == table
    assert column(api) == found


# -- copying ------------------------------------------------------------------------------------------------------------


def test_copying_takes_hidden_rows_along(api: Api) -> None:
    """Every row of the range is copied, whoever sees it; rows hidden by hand always are."""
    api.put("A1:A4", [["h"], ["a"], ["x"], ["b"]])
    api.batch(filtered("x"), *hide(2), {"copyPaste": {"source": grid("A:A"), "destination": grid("B:B")}})
    assert column(api, "B") == ["h", "a", "x", "b"]


def test_copying_may_leave_filtered_rows(api: Api) -> None:
    """As in the browser: rows a filter hides are neither copied nor written to, and formulas follow their rows."""
    api.emulator.switches.copy_paste_leaves_filtered_rows = True
    api.type("A1:A4", [["h"], ["a"], ["x"], ["=A1"]])
    api.batch(filtered("x"), {"copyPaste": {"source": grid("A:A"), "destination": grid("C:C")}})
    assert api.get("C1:C4", "FORMULA") == [["h"], ["a"], [], ["=C1"]]
    api.batch({"copyPaste": {"source": grid("A2"), "destination": grid("D2:D4")}})
    assert column(api, "D") == [None, "a", None, "a"]
    api.batch({"copyPaste": {"source": grid("A3"), "destination": grid("E1")}})
    assert column(api, "E") == []
    assert api.refused({"copyPaste": {"source": grid("A1:A2"), "destination": grid("F1000")}}) == (
        "Invalid requests[0].copyPaste: The paste would go beyond the grid. (emulator: Google's own text is not known)"
    )


def test_duplicates_are_removed_from_hidden_rows_too(api: Api) -> None:
    """A hidden repetition goes; what stands below moves up."""
    api.put("A1:A5", [["a"], ["b"], ["a"], ["c"], ["b"]])
    (reply,) = api.batch(*hide(3, 5), {"deleteDuplicates": {"range": grid("A1:A5")}})[-1:]
    assert reply == {"deleteDuplicates": {"duplicatesRemovedCount": 2}}
    assert column(api) == ["a", "b", "c"]


# -- people -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def person(api: Api) -> Staff:
    """Somebody in a tab whose filter hides rows 3 and 5."""
    api.put("A1:B6", [["ID", "Note"], ["1", "a"], ["2", "x"], ["3", "c"], ["4", "x"], ["5", "e"]])
    staff = staff_of(api)
    staff.filter("Note", ["x"])
    return staff


def act_paste(staff: Staff) -> None:
    staff.paste("A2", [["p"], ["q"], ["r"], ["s"]])


def act_fill(staff: Staff) -> None:
    staff.fill_down("ID", "f", 2, 5)


def act_clear(staff: Staff) -> None:
    staff.clear("A2:A5")


def act_blank(staff: Staff) -> None:
    staff.paste("A2", [[""], [""]])


def act_delete(staff: Staff) -> None:
    staff.delete_rows(2, 4)


def act_move_down(staff: Staff) -> None:
    staff.move_rows(2, 4, 7)


def act_move_up(staff: Staff) -> None:
    staff.move_rows(4, 6, 2)


@pytest.mark.parametrize(
    ("act", "spared", "reached"),
    [
        (act_paste, ["p", "2", "q", "4", "r", "s"], ["p", "q", "r", "s", "5"]),
        (act_fill, ["f", "2", "f", "4", "f", "f"], ["f", "f", "f", "f", "5"]),
        (act_clear, [None, "2", None, "4", "5"], [None, None, None, None, "5"]),
        (act_blank, [None, "2", None, "4", "5"], [None, None, "3", "4", "5"]),
        (act_delete, ["2", "4", "5"], ["4", "5"]),
        (act_move_down, ["2", "4", "5", "1", "3"], ["4", "5", "1", "2", "3"]),
        (act_move_up, ["3", "5", "1", "2", "4"], ["3", "4", "5", "1", "2"]),
    ],
)
@pytest.mark.parametrize("spares", [True, False])
def test_what_people_do_in_a_filtered_tab(
    person: Staff,
    api: Api,
    act: Callable[[Staff], None],
    spared: list[Any],
    reached: list[Any],
    spares: bool,  # noqa: FBT001
) -> None:
    """In the browser a filter shields what it hides; the switch lets every row between be reached."""
    api.emulator.switches.browser_spares_filtered_rows = spares
    act(person)
    assert column(api)[1:] == (spared if spares else reached)


def test_typing_goes_where_it_is_meant(person: Staff, api: Api) -> None:
    """A text typed into a cell never lands in another row, also where a filter hides that one from others."""
    person.fill("2", "Note", "typed")
    person.paste("A5", [["p"], ["q"]])
    assert api.get("A2:B6") == [["1", "a"], ["2", "typed"], ["3", "c"], ["p", "x"], ["q", "e"]]


def test_where_all_is_hidden_nothing_is_done(person: Staff, api: Api) -> None:
    """Deleting and moving rows of which the filter shows none changes nothing."""
    before = api.get("A:B")
    person.delete_rows(3)
    person.move_rows(3, 3, 7)
    person.clear("A3:B3")
    assert api.get("A:B") == before


def test_rows_hidden_by_hand_are_reached(api: Api) -> None:
    """Only a filter shields rows; hidden rows are pasted over and deleted, and can be shown again."""
    api.put("A1:A4", [["h"], ["a"], ["b"], ["c"]])
    staff = staff_of(api)
    staff.hide_rows(3)
    staff.paste("A2", [["p"], ["q"]])
    assert column(api) == ["h", "p", "q", "c"]
    staff.sort("h")
    assert column(api) == ["h", "c", "q", "p"]
    staff.show_rows()
    staff.sort("h")
    assert column(api) == ["h", "c", "p", "q"]
    staff.hide_rows(2, 3)
    staff.delete_rows(2, 3)
    assert column(api) == ["h", "q"]


# -- against a slow model -----------------------------------------------------------------------------------------------

VALUES = st.sampled_from(["", "a", "b", "B", "x", 1, 2, 10])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sort"), st.integers(0, 1), st.booleans()),
        st.tuples(st.just("insert"), st.integers(1, 8), st.integers(1, 2)),
        st.tuples(st.just("delete"), st.integers(1, 8), st.integers(1, 2)),
        st.tuples(st.just("append"), VALUES, VALUES),
        st.tuples(st.just("put"), st.integers(1, 8), VALUES),
        st.tuples(st.just("hide"), st.integers(1, 8), st.booleans()),
        st.tuples(st.just("filter"), st.integers(0, 1), st.sampled_from(["x", "a", ""])),
        st.tuples(st.just("unfilter"), st.none(), st.none()),
        st.tuples(st.just("move"), st.integers(1, 8), st.integers(1, 8)),
    ),
    max_size=12,
)
HEIGHT, ROWS = 12, 40  # rows a filter reaches and a sort goes over; rows of the tab


class Model:
    """A tab as a list of [hidden by hand, first cell, second cell], told as a person would do it on paper."""

    def __init__(self, cells: list[tuple[Any, Any]]) -> None:
        self.rows: list[list[Any]] = [[False, "h", "h"], *([False, *pair] for pair in cells)]
        self.rows += [[False, "", ""] for _ in range(ROWS - len(self.rows))]
        self.filter: tuple[int, str, int] | None = None

    def seen(self, at: int) -> bool:
        by_filter = False
        if self.filter is not None and 0 < at < self.filter[2]:
            by_filter = str(self.rows[at][1 + self.filter[0]]) == self.filter[1]
        return not self.rows[at][0] and not by_filter

    def sort(self, by: int, descending: bool) -> None:  # noqa: FBT001
        places = [at for at in range(1, HEIGHT) if self.seen(at)]

        def rank(row: list[Any]) -> tuple[bool, Any]:
            return isinstance(row[1 + by], str), row[1 + by].casefold() if isinstance(row[1 + by], str) else row[1 + by]

        moving = [self.rows[at][1:] for at in places]
        blank = [cells for cells in moving if cells[by] == ""]
        ranked: list[list[Any]] = []
        for cells in (cells for cells in moving if cells[by] != ""):  # insertion, so that equal ones keep their order
            at = len(ranked)
            while at and (
                rank([0, *ranked[at - 1]]) < rank([0, *cells])
                if descending
                else rank([0, *ranked[at - 1]]) > rank([0, *cells])
            ):
                at -= 1
            ranked.insert(at, cells)
        for at, cells in zip(places, ranked + blank, strict=True):
            self.rows[at][1:] = cells

    def insert(self, at: int, count: int) -> None:
        self.rows[at:at] = [[False, "", ""] for _ in range(count)]
        if self.filter is not None and at < self.filter[2]:
            self.filter = (*self.filter[:2], self.filter[2] + count)

    def delete(self, at: int, count: int) -> None:
        del self.rows[at : at + count]
        if self.filter is not None:
            lost = max(0, min(at + count, self.filter[2]) - at)
            self.filter = (*self.filter[:2], self.filter[2] - lost)

    def append(self, first: Any, second: Any) -> None:
        if first == "" and second == "":
            return
        last = max(at for at, row in enumerate(self.rows) if row[1:] != ["", ""])
        self.rows[last + 1][1:] = [first, second]

    def cells(self) -> list[list[Any]]:
        found = [row[1:] for row in self.rows]
        for row in found:
            while row and row[-1] == "":
                row.pop()
        while found and not found[-1]:
            found.pop()
        return found


def extended(value: Any) -> dict[str, Any]:
    if value == "":
        return {}
    return {"userEnteredValue": {"stringValue" if isinstance(value, str) else "numberValue": value}}


def take(api: Api, model: Model, step: tuple[Any, ...]) -> None:
    """Do one step on both."""
    name, one, two = step
    match name:
        case "sort":
            order = "DESCENDING" if two else "ASCENDING"
            specs = [{"dimensionIndex": one, "sortOrder": order}]
            api.batch({"sortRange": {"range": grid(f"A2:B{HEIGHT}"), "sortSpecs": specs}})
            model.sort(one, two)
        case "insert":
            api.batch({"insertDimension": {"range": rows(one, one + two)}})
            model.insert(one, two)
        case "delete":
            api.batch({"deleteDimension": {"range": rows(one, one + two)}})
            model.delete(one, two)
        case "append":
            line = {"values": [extended(one), extended(two)]}
            api.batch({"appendCells": {"sheetId": 0, "rows": [line], "fields": FIELDS}})
            model.append(one, two)
        case "put":
            start = {"sheetId": 0, "rowIndex": one, "columnIndex": 0}
            api.batch({"updateCells": {"start": start, "rows": [{"values": [extended(two)]}], "fields": FIELDS}})
            model.rows[one][1] = two
        case "hide":
            request = hide(one + 1)[0]
            request["updateDimensionProperties"]["properties"]["hiddenByUser"] = two
            api.batch(request)
            model.rows[one][0] = two
        case "filter":
            api.batch(filtered(two, column=one, cells=f"A1:B{HEIGHT}"))
            model.filter = (one, two, HEIGHT)
        case "unfilter":
            api.batch({"clearBasicFilter": {"sheetId": 0}})
            model.filter = None
        case "move":
            api.batch({"moveDimension": {"source": rows(one, one + 1), "destinationIndex": two}})
            moved = model.rows.pop(one)
            model.rows.insert(two - 1 if two > one else two, moved)


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(cells=st.lists(st.tuples(VALUES, VALUES), min_size=3, max_size=8), steps=STEPS)
def test_any_history_of_hidden_rows_reads_as_on_paper(
    cells: list[tuple[Any, Any]], steps: list[tuple[Any, ...]]
) -> None:
    """Sort, insert, delete, append, move, hide and filter in any order: cells and hidden rows are those of a slow model."""
    with Emulator(serve=False) as emulator:
        api = Api(emulator, emulator.new_spreadsheet("Test"))
        size = {"rowCount": ROWS, "columnCount": 2}
        properties = {"sheetId": 0, "gridProperties": size}
        api.batch(
            {"updateSheetProperties": {"properties": properties, "fields": "gridProperties(rowCount,columnCount)"}}
        )
        api.put(f"A1:B{len(cells) + 1}", [["h", "h"], *map(list, cells)])
        model = Model(cells)
        for step in steps:
            take(api, model, step)
            assert api.get("A:B") == model.cells(), step
            by_hand = {at for at, row in enumerate(model.rows) if row[0]}
            unseen = {at for at in range(len(model.rows)) if not model.seen(at)}
            assert unseen == by_hand | {number - 1 for number in hidden_by_filter(api)}, step
