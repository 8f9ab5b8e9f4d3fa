"""Approvals: what a limit stopped is listed, a tick lets exactly that through once, and nothing else does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core import states
from reconcile.core.approvals import MOST_LINES
from reconcile.core.plan import Rules
from reconcile.workbook.templates import templates
from tests.faults.world import World, make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.world import Told

BOOKS = ("memory", "xlsx", "google")
WAITS = "Waiting for Let through: if all of this is meant, tick it (or choose Yes); the next run then does it."
STOPPED = "3 refunds in one run, 2 allowed."


class Office(World):
    """A provider that allows two refunds a run."""

    def stop(self, *keys: str) -> str:
        """Staff cancel these orders, a run is stopped, and the code of its (only) list."""
        self.edit("orders", {key: {"status": "Canceled"} for key in keys})
        assert self.run().code == 3
        (code,) = self.open_codes()
        return code

    def heads(self) -> list[dict[str, Any]]:
        """The lists' own rows."""
        return [row for row in self.rows("approvals") if row["Code"] and "-" not in str(row["Code"])]

    def open_codes(self) -> list[str]:
        """The lists that wait for a tick."""
        return [row["Code"] for row in self.heads() if "Waiting" in str(row["Sync"])]

    def tick(self, *codes: str, value: Any = True) -> None:
        """Staff tick these rows."""
        self.edit("approvals", {code: {"let_through": value} for code in codes})

    def says(self, code: str) -> str:
        """What a row of the tab says, without its own name."""
        return str(self.cell("approvals", code, "Sync")).removeprefix(f"#{code} · ")

    def refunded(self) -> list[str]:
        """The orders the panel refunded, each time it did."""
        return [dict(request.params)["id"] for request in self.panel.requests if request.action == "setCanceled"]


def office(folder: Path, kind: str = "memory", orders: int = 6, **rules: Any) -> Office:
    """An office with `orders` orders in the sheet."""
    made = make(folder, kind)
    world = Office(
        folder, made.book, made.panel, made.clock, Rules(**{"max_refunds": 2, "max_closed_share": 100, **rules})
    )
    for number in range(1, orders + 1):
        world.panel.add_order(str(number), quantity="100", charge="5.00", link="l")
    assert world.run().code == 0
    return world


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    return office(tmp_path)


# --- the way it is meant -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOOKS)
def test_the_line_that_says_whether_the_job_runs_names_what_is_held(tmp_path: Path, kind: str) -> None:
    """Written when it changes, and gone once the rows are mended."""
    world = office(tmp_path, kind)
    code = world.stop("1", "2", "3")

    def health() -> str | None:
        return world.book.open(world.clock).read().meta.get(states.HEALTH_ENTRY)

    assert health() == f" Rows held by list {code} in Approvals: 3."
    world.edit("orders", {key: {"status": "Processing"} for key in ("1", "2", "3")})
    assert world.run().code == 0
    assert health() is None


@pytest.mark.parametrize("kind", BOOKS)
def test_a_stop_is_listed_and_a_tick_lets_it_through_once(tmp_path: Path, kind: str) -> None:
    """Row by row, old → new; stopped again it is listed no second time; the tick is used up; the rest of the plan goes too."""
    world = office(tmp_path, kind)
    code = world.stop("1", "2", "3")
    lines = world.rows("approvals")
    assert [row["Code"] for row in lines] == [code, f"{code}-1", f"{code}-2", f"{code}-3"]
    assert (lines[0]["Summary"], lines[0]["Let through"]) == (STOPPED, False if kind == "google" else "No")
    assert [(row["Tab"], row["ID"], row["Field"], row["From"], row["To"], row["Summary"]) for row in lines[1:]] == [
        ("Orders", key, "Status", "Processing", "Canceled", "refund 5.00") for key in ("1", "2", "3")
    ]
    assert all(row["Let through"] is None for row in lines[1:])
    assert world.says(code) == WAITS
    assert world.says(f"{code}-1") == f"Note. Part of {code}."
    assert world.cell("orders", "1", "Sync") == (
        f"#1 · Held by list {code} in Approvals: {STOPPED} In this row: Status Canceled (refund 5.00). "
        f"If it is meant, tick {code} there; if not, mend the row."
    )
    message = world.rows("runs")[-1]["Message"]
    assert message == f"{STOPPED} To let it through, tick {code} in Approvals."
    assert world.run().code == 3
    assert world.rows("approvals") == lines
    world.edit("orders", {"5": {"status": "Completed"}})  # an honest edit to another row
    world.tick(code, value=True if kind == "google" else "Yes")
    told = world.run()
    assert (told.code, sorted(world.refunded())) == (0, ["1", "2", "3"])
    assert world.panel.state.orders["5"].status == "Completed"
    assert world.says(code) == "Note. It was let through on 02 Mar 08:00."
    assert world.run().code == 0
    assert len(world.refunded()) == 3


def test_only_a_box_in_a_google_sheet_and_only_where_there_is_something_to_tick(tmp_path: Path) -> None:
    """The list's own row has a checkbox, its lines have none."""
    world = office(tmp_path, "google")
    code = world.stop("1", "2", "3")
    book: Any = world.book
    sheet = next(s for s in book.emulator.books[book.id].sheets if s.title == "Approvals")
    rules = [sheet.get(row, 1).rule if sheet.get(row, 1) else None for row in range(1, 5)]
    assert rules == [{"condition": {"type": "BOOLEAN"}}, None, None, None] or rules[0]["condition"]["type"] == "BOOLEAN"
    assert rules[1:] == [None, None, None]
    assert code


@pytest.mark.parametrize("kind", BOOKS)
def test_a_later_edit_to_those_rows_voids_the_tick(tmp_path: Path, kind: str) -> None:
    """One refund more, another value, one less: each is another list, and the old one says so."""
    world = office(tmp_path, kind)
    first = world.stop("1", "2", "3")
    world.tick(first)
    world.type("orders", "4", status="Canceled")
    assert world.run().code == 3
    assert world.says(first).startswith("Note. Out of date: its rows were changed since")
    (second,) = world.open_codes()
    world.tick(second)
    world.type("orders", "1", status="Partial", remains=40)
    assert world.run().code == 3
    assert world.says(second).startswith("Note. Out of date")
    (third,) = world.open_codes()
    world.type("orders", "1", status="Canceled", remains=None)  # undone: the list of before stays void all the same
    assert world.run().code == 3
    (fourth,) = world.open_codes()
    assert len({first, second, third, fourth}) == 4
    assert world.refunded() == []
    world.tick(fourth)
    assert world.run().code == 0
    assert sorted(world.refunded()) == ["1", "2", "3", "4"]


def test_nothing_is_left_to_let_through_when_the_rows_were_put_back(desk: Office) -> None:
    """A list whose stop is gone says so, ticked or not, and a tick on it lets through nothing later."""
    code = desk.stop("1", "2", "3")
    desk.type("orders", "3", status="Processing")
    assert desk.run().code == 0
    assert desk.says(code) == "Note. There is nothing to let through here any more."
    desk.tick(code)
    assert desk.run().code == 0
    assert desk.says(code).startswith("Please check. There is nothing to let through here any more, and until")
    other = desk.stop("4", "5", "6")
    desk.tick(other)
    assert desk.run().code == 3
    assert desk.says(other).startswith("Please check. Rows that let nothing through are ticked, too (2)")
    desk.tick(code, value=None)
    assert desk.run().code == 0
    assert sorted(desk.refunded()) == ["1", "2", "4", "5", "6"]


def test_every_limit_needs_its_own_tick(tmp_path: Path) -> None:
    """Two limits: one tick alone sends nothing and is kept; both send."""
    world = office(tmp_path, orders=24, max_closed_share=10)
    world.edit("orders", {str(key): {"status": "Canceled"} for key in (1, 2, 3)})
    assert world.run().code == 3
    refunds, closing = world.open_codes()
    world.tick(refunds)
    assert world.run().code == 3
    assert world.says(refunds) == (
        f"Waiting for the other lists: this one is ticked, and goes through when {closing} is ticked, too."
    )
    assert world.refunded() == []
    world.tick(closing)
    assert world.run().code == 0
    assert len(world.refunded()) == 3
    assert world.says(refunds) == world.says(closing) == "Note. It was let through on 02 Mar 08:00."


def test_force_passes_what_is_not_ticked_and_uses_what_is(tmp_path: Path) -> None:
    """With --force the missing tick does not matter; the one that was there is used up with it."""
    world = office(tmp_path, orders=24, max_closed_share=10)
    world.edit("orders", {str(key): {"status": "Canceled"} for key in (1, 2, 3)})
    world.run()
    refunds, closing = world.open_codes()
    world.tick(refunds)
    assert world.run(force=True).code == 0
    assert len(world.refunded()) == 3
    assert world.says(refunds).startswith("Note. It was let through on")
    assert world.run().code == 0
    assert world.says(closing).startswith("Note. It was let through on")


def test_rows_that_are_gone_are_listed_and_let_through(desk: Office) -> None:
    """A deletion of most rows names the rows; a tick says that it was meant."""
    grid = desk.book.see("orders")
    desk.book.show("orders", grid[:3])
    assert desk.run().code == 3
    (code,) = desk.open_codes()
    assert [row["ID"] for row in desk.rows("approvals")[1:]] == ["3", "4", "5", "6"]
    desk.tick(code)
    assert desk.run().code == 0
    assert desk.run().code == 0


def test_a_big_stop_lists_its_first_lines_and_its_digest_covers_all(tmp_path: Path) -> None:
    """Bounded lines, the count said; a change to a row that is not listed voids the tick all the same."""
    count = MOST_LINES + 30
    world = office(tmp_path, orders=count)
    code = world.stop(*map(str, range(1, count + 1)))
    lines = world.rows("approvals")
    assert len(lines) == MOST_LINES + 1
    assert (
        lines[0]["Summary"] == f"{count} refunds in one run, 2 allowed. The first {MOST_LINES} of {count} lines follow."
    )
    world.tick(code)
    last = next(str(key) for key in range(count, 0, -1) if str(key) not in {row["ID"] for row in lines})
    world.type("orders", last, status="Partial", remains=10)
    assert world.run().code == 3
    assert world.says(code).startswith("Note. Out of date")


# --- what is not sent is not lost ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOOKS)
def test_a_used_tick_that_could_not_send_is_listed_anew(tmp_path: Path, kind: str) -> None:
    """The panel is away after the tick was used: nothing is sent by it later; a new list says what it follows."""
    world = office(tmp_path, kind)
    code = world.stop("1", "2", "3")
    world.tick(code)
    world.line.trouble[:] = ["never"] * 500
    assert world.run().code == 5
    assert world.says(code).startswith("Note. It was let through on")
    world.line.trouble.clear()
    assert world.run().code == 3
    assert world.refunded() == []
    (second,) = world.open_codes()
    assert second != code
    assert world.cell("approvals", second, "Summary") == (
        f"{STOPPED} It was let through before as {code}, but not all of it was sent."
    )
    world.tick(second)
    assert world.run().code == 0
    assert sorted(world.refunded()) == ["1", "2", "3"]


# --- ticks that nobody meant -----------------------------------------------------------------------------------------------------


def nobody_ticked(world: Office, told: Told) -> None:
    """The run stopped and the panel heard of no refund."""
    assert told.code == 3
    assert world.refunded() == []


@pytest.mark.parametrize("kind", BOOKS)
def test_true_pasted_over_the_whole_column_lets_nothing_through(tmp_path: Path, kind: str) -> None:
    """Every row says what to clear; when the others are cleared, the one tick that is left is a person's."""
    world = office(tmp_path, kind)
    code = world.stop("1", "2", "3")
    everything = [str(row["Code"]) for row in world.rows("approvals")]
    world.tick(*everything)
    nobody_ticked(world, world.run())
    assert world.says(code) == (
        "Please check. Rows that let nothing through are ticked, too (3, 4 and 5), as when a column is filled down, so no tick "
        "counts. Clear those."
    )
    assert world.says(f"{code}-2") == (
        "Please check. Single lines are not let through, and until this one is cleared no tick counts. To let all of it through, "
        f"tick {code} itself."
    )
    nobody_ticked(world, world.run())
    world.tick(*everything[1:], value=None)
    assert world.run().code == 0
    assert world.says(f"{code}-2") == f"Note. Part of {code}."


def test_a_fill_over_old_and_new_lists_lets_nothing_through(desk: Office) -> None:
    """Also where a filter hides the lines: a box beside a list that is over is nobody's wish, and stays so in later runs."""
    first = desk.stop("1", "2", "3")
    desk.type("orders", "4", status="Canceled")
    desk.run()
    (second,) = desk.open_codes()
    desk.tick(first, second)
    for _ in range(3):
        nobody_ticked(desk, desk.run())
    assert desk.says(first).startswith("Please check. There is nothing to let through here any more")
    desk.tick(first, value=None)
    assert desk.run().code == 0


@pytest.mark.parametrize("kind", BOOKS)
def test_the_column_sorted_by_itself_moves_no_tick_to_another_list(tmp_path: Path, kind: str) -> None:
    """An old tick that turns up beside a new list in the moment it vanishes from its own counts only after it was away."""
    world = office(tmp_path, kind, orders=9)
    first = world.stop("1", "2", "3")
    world.tick(first)
    assert world.run().code == 0
    sent = len(world.refunded())
    second = world.stop("4", "5", "6")
    world.tick(first, value=None)
    world.tick(second)
    for _ in range(2):
        assert world.run().code == 3
        assert len(world.refunded()) == sent
        assert world.says(second).startswith("Please check. Another tick went away when this one came")
    world.tick(second, value=False)
    assert world.run().code == 3
    assert world.says(second) == WAITS
    world.tick(second)
    assert world.run().code == 0
    assert len(world.refunded()) == sent + 3


@pytest.mark.parametrize("kind", BOOKS)
def test_sorted_tabs_change_nothing(tmp_path: Path, kind: str) -> None:
    """Whole rows in another order: the tick counts, and every answer finds its own row."""
    world = office(tmp_path, kind)
    code = world.stop("1", "2", "3")
    world.tick(code)
    for tab in ("approvals", "orders"):
        grid = world.book.see(tab)
        world.book.show(tab, [grid[0], *reversed([row for row in grid[1:] if any(cell is not None for cell in row)])])
    assert world.run().code == 0
    assert world.says(code).startswith("Note. It was let through on")


def test_a_copied_row_holds_both(desk: Office) -> None:
    """Two rows with one Code: no tick counts until one of them is removed."""
    code = desk.stop("1", "2", "3")
    grid = desk.book.see("approvals")
    desk.book.show("approvals", [*grid, list(grid[1])])
    desk.tick(code)
    nobody_ticked(desk, desk.run())
    assert (
        desk.says(code)
        == f"Held: Code {code} stands in rows 2 and 6. Nothing is sent for it until one of them is removed."
    )
    desk.book.show("approvals", desk.book.see("approvals")[:-1])
    assert desk.run().code == 0


def test_a_code_beside_another_lists_words_is_held(tmp_path: Path) -> None:
    """Codes and their answers sorted apart from the rest: what was ticked is not what the code stands for."""
    world = office(tmp_path, orders=24, max_closed_share=10)
    world.edit("orders", {str(key): {"status": "Canceled"} for key in (1, 2, 3)})
    world.run()
    one, other = world.open_codes()
    grid = world.book.see("approvals")
    at = {row[0]: row for row in grid[1:]}
    sync = grid[0].index("Sync")
    for place in (0, sync):
        at[one][place], at[other][place] = at[other][place], at[one][place]
    world.book.show("approvals", grid)
    world.tick(one, other)
    for _ in range(2):
        nobody_ticked(world, world.run())
    assert world.says(one) == (
        f"Held: Summary is not what was listed as {one}. Undo the last sort, paste or change; nothing is let through by this row until "
        "then."
    )


@pytest.mark.parametrize("row", [{"code": "K7Q2"}, {"what": STOPPED}, {"code": "x" * 50}])
def test_a_row_typed_by_hand_lets_nothing_through(desk: Office, row: dict[str, str]) -> None:
    """A Code that the job never gave, none at all, or a whole text there; and while it is ticked no other tick counts."""
    code = desk.stop("1", "2", "3")
    desk.add("approvals", **row, let_through="Yes")
    nobody_ticked(desk, desk.run())
    desk.tick(code)
    told = desk.run()
    nobody_ticked(desk, told)
    said = [str(each["Sync"]) for each in desk.rows("approvals") if each["Code"] == "K7Q2"]
    said += [text for text in told.outcome.messages if "Approvals" in text] if told.outcome else []
    assert len(said) == 1
    assert "until then no tick counts" in said[0]


def test_a_future_code_typed_beforehand_is_no_tick(desk: Office) -> None:
    """Somebody who keeps an old list's row, tick and all, and puts it back after the job forgot it, approves nothing."""
    code = desk.stop("1", "2", "3")
    desk.tick(code)
    kept = desk.book.see("approvals")
    desk.book.show("approvals", [kept[0]])
    nobody_ticked(desk, desk.run())
    (second,) = desk.open_codes()
    fresh = desk.book.see("approvals")
    desk.book.show("approvals", [*fresh, kept[1]])
    nobody_ticked(desk, desk.run())
    assert second != code or desk.says(code).startswith("Held")


@pytest.mark.parametrize("typed", ["ok", 1, "#REF!", "x"])
def test_anything_else_typed_there_is_answered(desk: Office, typed: Any) -> None:
    """No guess: the row says what is understood."""
    code = desk.stop("1", "2", "3")
    desk.tick(code, value=typed)
    nobody_ticked(desk, desk.run())
    assert desk.says(code).startswith("Please check.")
    assert "Let through" in desk.says(code)


def test_a_tampered_record_is_damage(desk: Office) -> None:
    """The hidden tab's record decides, so one that cannot be read stops the run with exit 8."""
    code = desk.stop("1", "2", "3")
    grid = desk.book.see("ledger")
    row = next(row for row in grid if row[1] == f"approval:{code}")
    row[2] = json.dumps({"digest": "x"})
    desk.book.show("ledger", grid)
    told = desk.run()
    assert told.code == 8
    assert f"approval:{code}" in str(told.error)


# --- cells of the panel that were let through as they stand ------------------------------------------------------------------------


def apart_of(folder: Path, kind: str = "memory") -> tuple[Office, str]:
    """An office whose column Link was sorted by itself, and the code of the list that asks about it."""
    made = make(folder, kind)
    world = Office(folder, made.book, made.panel, made.clock, Rules(max_closed_share=100))
    for number in range(1, 9):
        world.panel.add_order(str(number), quantity="100", charge="5.00", link=f"https://example.com/{number}")
    assert world.run().code == 0
    world.edit("orders", {str(n): {"link": f"https://example.com/{1 + n % 8}"} for n in range(1, 9)})
    assert world.run().code == 3
    (code,) = world.open_codes()
    return world, code


@pytest.mark.parametrize("kind", BOOKS)
def test_links_sorted_apart_and_ticked_are_settled(tmp_path: Path, kind: str) -> None:
    """Rows say what the panel has and are free again; one row less, or one more wrong cell, is no new accident."""
    world, code = apart_of(tmp_path, kind)
    world.tick(code, value=True if kind == "google" else "Yes")
    assert world.run().code == 0
    assert world.cell("orders", "2", "Sync") == (
        "#2 · Note. Allowed as it stands here. The panel has Link “https://example.com/2”; what you change in this row is sent for that."
    )
    world.edit("orders", {"2": {"status": "Completed"}, "3": {"user": "somebody"}})
    assert world.run().code == 0
    assert world.panel.state.orders["2"].status == "Completed"
    assert str(world.cell("orders", "3", "Sync")).startswith("#3 · Please check. User was changed here")
    world.book.show("orders", [row for row in world.book.see("orders") if str(row[0]) != "5"])
    assert [world.run().code for _ in range(2)] == [0, 0]
    assert world.open_codes() == []


def test_what_was_typed_in_such_rows_goes_out_after_the_tick_and_refunds_need_one_of_their_own(tmp_path: Path) -> None:
    """The tick for the cells named no amount, so it moves no money; nothing typed beside them is lost either."""
    world, code = apart_of(tmp_path)
    world.edit("orders", {"2": {"status": "Canceled"}, "3": {"status": "Completed"}})
    world.tick(code)
    assert world.run().code == 0
    assert world.run().code == 3
    assert (world.refunded(), world.panel.state.orders["3"].status) == ([], "Completed")
    (money,) = world.open_codes()
    assert world.cell("approvals", f"{money}-1", "Summary") == "refund 5.00"
    world.tick(money)
    assert world.run().code == 0
    assert [world.run().code, world.refunded()] == [0, ["2"]]


def test_what_was_let_through_is_what_the_cells_showed_then(tmp_path: Path) -> None:
    """Sorted once more they show something else, so that is asked about again; put right, nothing is left of it."""
    world, code = apart_of(tmp_path)
    world.tick(code)
    assert world.run().code == 0
    world.edit("orders", {str(n): {"link": f"https://example.com/{1 + (n + 1) % 8}"} for n in range(1, 9)})
    assert world.run().code == 3
    (again,) = world.open_codes()
    assert again != code
    world.edit("orders", {str(n): {"link": f"https://example.com/{n}"} for n in range(1, 9)})
    assert world.run().code == 0
    world.edit("orders", {str(n): {"link": f"https://example.com/{1 + n % 8}"} for n in range(1, 9)})
    assert world.run().code == 3, "put right in between: the word given then is over"


# --- workbooks of before -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOOKS[1:])
def test_a_workbook_without_the_tab_is_refused_until_init_adds_it(tmp_path: Path, kind: str) -> None:
    """Exit 8 before anything is asked, naming the tab and the command; after it everything is as it was, and works."""
    world = office(tmp_path, kind)
    without(world)
    before = len(world.panel.requests)
    told = world.run()
    assert told.code == 8
    assert "'Approvals'" in str(told.error)
    assert "reconcile init" in getattr(told.error, "next_step", "")
    assert len(world.panel.requests) == before
    book: Any = world.book.open(world.clock)
    assert book.provision([]).tabs == ("Approvals",)
    code = world.stop("1", "2", "3")
    world.tick(code)
    assert world.run().code == 0
    assert len(world.refunded()) == 3


def without(world: Office) -> None:
    """Takes the tab away, as if it had never been there."""
    removers: dict[str, Callable[[], None]] = {
        "xlsx": lambda: _without_xlsx(world),
        "google": lambda: _without_google(world),
    }
    removers[world.book.kind]()


def _without_xlsx(world: Office) -> None:
    import openpyxl  # noqa: PLC0415 - only here

    book: Any = world.book
    found = openpyxl.load_workbook(book.path)
    found.remove(found["Approvals"])
    found.save(book.path)


def _without_google(world: Office) -> None:
    book: Any = world.book
    title = templates().tab("approvals").title
    address = f"https://sheets.googleapis.com/v4/spreadsheets/{book.id}"
    sheets = book.session.get(address).json()["sheets"]
    number = next(each["properties"]["sheetId"] for each in sheets if each["properties"]["title"] == title)
    request = {"requests": [{"deleteSheet": {"sheetId": number}}]}
    book.session.post(f"{address}:batchUpdate", json=request).raise_for_status()


# --- narrow ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOOKS[1:])
def test_one_persons_accident_stops_nobody_else(tmp_path: Path, kind: str) -> None:
    """62 rows filled with one start count, 20 other edits, 100 new orders: 20 are sent, 100 land, 62 rows wait."""
    world = office(tmp_path, kind, orders=0)
    for number in range(300):
        world.panel.add_order(str(1 + number), quantity="1000", charge="5.00", link=f"link-{number}")
    assert world.run().code == 0
    world.edit("orders", {str(key): {"start_count": 1234} for key in range(101, 163)})
    world.edit("orders", {str(key): {"status": "In progress"} for key in range(201, 221)})
    for number in range(100):
        world.panel.add_order(str(9000 + number), quantity="100", charge="5.00", link=f"new-{number}")
    told = world.run()
    assert told.outcome is not None
    assert (told.code, told.outcome.plan.rows_held) == (3, 62)
    assert "1234" not in {order.start_count for order in world.panel.state.orders.values()}
    assert sum(order.status == "In progress" for order in world.panel.state.orders.values()) == 20
    assert dict(told.outcome.landed) == {"orders": 100}
    assert str(world.cell("orders", "150", "Sync")).startswith("#150 · Held by list ")
    assert "Held" not in str(world.cell("orders", "50", "Sync"))


@pytest.mark.parametrize("kind", BOOKS[1:])
def test_closed_orders_put_back_stop_nobody(tmp_path: Path, kind: str) -> None:
    """40 orders are Completed and then put back to Processing: nothing of that can be sent, each row says so, every run is done."""
    world = office(tmp_path, kind, orders=40)
    world.edit("orders", {str(key): {"status": "Completed"} for key in range(1, 41)})
    assert world.run().code == 0
    world.edit("orders", {str(key): {"status": "Processing"} for key in range(1, 41)})
    for _ in range(3):
        assert world.run().code == 0
        assert "a closed order stays closed" in world.cell("orders", "7", "Sync")
    assert world.open_codes() == []
