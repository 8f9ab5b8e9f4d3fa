"""Closed orders leave Orders for Archive, while staff are at work and whatever happens to the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile import boundary
from reconcile.core.plan import Rules
from reconcile.job import plan_only
from tests.faults.checks import Watch
from tests.faults.world import Crash, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconcile.core.model import Plan
    from tests.faults.world import World

pytestmark = pytest.mark.long

DAY = 86_400
KINDS = ("memory", "xlsx", "google")


@pytest.fixture(autouse=True)
def _no_hook_left() -> Iterator[None]:
    yield
    boundary.set_hook(None)


def closed(folder: Path, kind: str, count: int = 6, *, rules: Rules | None = None) -> World:
    """A world with that many orders, of which the odd ones were closed eight days ago (order 3 by a refund)."""
    world = make(folder, kind, rules=rules or Rules(max_closed_share=100))
    for number in range(1, count + 1):
        world.panel.add_order(str(number), "1", link=f"l{number}", quantity="100", charge="10.00", user_id="u")
    assert world.run().code == 0
    ends = {str(n): {"status": "Canceled" if n == 3 else "Completed", "note": f"n{n}"} for n in range(1, count + 1, 2)}
    world.edit("orders", ends)
    assert world.run().code == 0
    world.clock.sleep(8 * DAY)
    return world


def archive(world: World) -> list[str]:
    """The ids in Archive."""
    return [str(row["ID"]) for row in Watch(world).archive()]


def messages(world: World) -> str:
    """What the last run said."""
    outcome = world.told[-1].outcome
    assert outcome is not None
    return " ".join(outcome.messages)


def planned(world: World, *, force: bool = False) -> Plan:
    """What `reconcile plan` says now; it leaves every cell as it was."""
    tabs = ["orders", "archive", "runs", "history", "ledger"]
    before = world.book.see_all(tabs)
    plan, _ = plan_only(world.book.open(world.clock), world.rules, world.clock(), force=force)
    assert world.book.see_all(tabs) == before
    return plan


@pytest.mark.parametrize("kind", KINDS)
def test_closed_orders_move_after_a_week(tmp_path: Path, kind: str) -> None:
    """They stand in Archive with what staff wrote, and the ledger forgets all but their ids."""
    world = closed(tmp_path, kind)
    told = world.run()
    assert told.code == 0
    assert messages(world) == "3 orders, closed for more than 7 days, moved to Archive."
    assert (world.ids("orders"), archive(world)) == (["2", "4", "6"], ["1", "3", "5"])
    assert [row["Note"] for row in world.rows("archive")] == ["n1", "n3", "n5"]
    assert [row["Status"] for row in world.rows("archive")] == ["Completed", "Canceled", "Completed"]
    assert world.run().code == 0
    assert {str(list(row.values())[1]) for row in world.rows("ledger")} & {"1", "3", "5"} == set()
    before = world.book_rows(["orders", "archive", "ledger"])
    world.run()
    assert messages(world) == ""
    after = world.book_rows(["orders", "archive", "ledger"])
    assert (before["orders"], before["archive"]) == (after["orders"], after["archive"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_says_what_the_run_moves(tmp_path: Path, kind: str) -> None:
    """The same ids, for a person who only looks; between the move and the run that notes it, none a second time."""
    world = closed(tmp_path, kind, 8)
    world.type("orders", "5", status="Partial")
    plan = planned(world)
    assert plan.archive == ("1", "3", "7")
    world.run()
    assert archive(world) == ["1", "3", "7"]
    outcome = world.told[-1].outcome
    assert outcome is not None
    assert outcome.plan.archive == plan.archive
    assert outcome.plan.digest == plan.digest
    assert planned(world).archive == ()
    world.run()
    assert planned(world).archive == ()


def test_a_plan_about_a_row_that_did_not_leave(tmp_path: Path) -> None:
    """It is not due again before it was closed for another week, in a plan as in a run."""
    world = closed(tmp_path, "memory")

    def note(at: str) -> None:
        if at == "book.after-read":
            boundary.set_hook(None)
            world.type("orders", "5", note="wait, he called")

    boundary.set_hook(note)
    world.run()
    assert planned(world).archive == ()
    world.run()
    world.clock.sleep(8 * DAY)
    assert planned(world).archive == ("5",)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_limit_holds_does_not_keep_the_rest_in_orders(tmp_path: Path, kind: str) -> None:
    """Closed orders move all the same; a tab in which rows and values no longer belong together gives nothing away."""
    world = closed(tmp_path, kind)
    world.edit("orders", {"2": {"status": "Canceled"}})
    assert planned(world).archive == ("1", "3", "5")
    world.rules = Rules(max_closed_share=100, max_refunds=0)
    grid = world.book.see("orders")
    world.book.show("orders", grid[:1])
    assert planned(world).archive == ()
    assert world.run().code == 3
    assert archive(world) == []
    world.book.show("orders", grid)
    forced = planned(world, force=True)
    assert (forced.archive, [push.key for push in forced.refunds]) == (("1", "3", "5"), ["2"])
    assert planned(world).archive == ("1", "3", "5")
    assert world.run().code == 3
    assert archive(world) == ["1", "3", "5"]
    world.run(force=True)
    assert world.panel.state.orders["2"].refunds == ["10.00"]


def test_never_where_the_setting_says_so(tmp_path: Path) -> None:
    """archive_after_days 0: closed orders stay."""
    world = closed(tmp_path, "memory", rules=Rules(max_closed_share=100, archive_after_days=0))
    assert planned(world).archive == ()
    world.run()
    assert (len(world.ids("orders")), archive(world)) == (6, [])


def test_what_a_person_has_still_to_do_with_stays(tmp_path: Path) -> None:
    """A closed order with an open cancel request, an edit or a doubled id is not taken out of sight."""
    world = closed(tmp_path, "memory", 9)
    from reconcile.panel.practice import PracticeCancel  # noqa: PLC0415 - only here

    world.panel.state.cancels["70"] = PracticeCancel("70", "1", "1", "l")
    world.rules = Rules(max_closed_share=100, archive_after_days=30)
    assert world.run().code == 0  # the request lands
    world.edit("cancels", {"70": {"decision": "Cancel and refund"}})  # answered, since the order is Completed
    world.rules = Rules(max_closed_share=100)
    world.type("orders", "5", status="Partial")
    row = next(row for row in world.book.see("orders") if row[0] == "7")
    world.book.show("orders", [*world.book.see("orders"), row])
    world.run()
    assert archive(world) == ["3", "9"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["book.after-read", "book.before-commit", "panel.before-send"])
def test_sorting_in_that_second_moves_the_right_rows(tmp_path: Path, kind: str, name: str) -> None:
    """Whatever place a row has when the commit arrives: the closed ones go, the others stay whole."""
    world = closed(tmp_path, kind, 8)
    watch = Watch(world)
    watch.seen = watch.look()
    watch.wishes = {("orders", key, "status", "Completed") for key in "157"}

    def turn(at: str) -> None:
        if at == name:
            boundary.set_hook(None)
            head, *body = world.book.see("orders")
            world.book.show("orders", [head, *sorted(body, key=lambda row: str(row[0]), reverse=True)])
            boundary.set_hook(turn)

    boundary.set_hook(turn)
    world.run()
    boundary.set_hook(None)
    world.run()
    watch.read = len(world.panel.requests)
    watch.check()
    watch.accounted()
    assert watch.problems == []
    assert sorted(world.ids("orders")) == ["2", "4", "6", "8"]
    assert sorted(archive(world)) == ["1", "3", "5", "7"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_note_typed_in_that_second_is_kept(tmp_path: Path, kind: str) -> None:
    """The row stays as staff left it and moves a week later; a copy that Google made says that it does not count."""
    world = closed(tmp_path, kind)

    def note(at: str) -> None:
        if at == "book.after-read":
            boundary.set_hook(None)
            world.type("orders", "5", note="wait, he called")

    boundary.set_hook(note)
    world.run()
    boundary.set_hook(None)
    assert world.cell("orders", "5", "Note") == "wait, he called"
    world.run()
    assert "Order 5 did not move to Archive" in messages(world)
    assert (world.ids("orders"), archive(world)) == (["2", "4", "5", "6"], ["1", "3"])
    world.clock.sleep(8 * DAY)
    world.run()
    assert (world.ids("orders"), archive(world)) == (["2", "4", "6"], ["1", "3", "5"])
    kept = [row["Note"] for row in Watch(world).archive() if row["ID"] == "5"]
    assert kept == ["wait, he called"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archived_order_that_is_handed_out_again_is_recognised(tmp_path: Path, kind: str) -> None:
    """It has a new row that says so, and what was refunded is never refunded again."""
    world = closed(tmp_path, kind)
    world.run()
    world.run()
    for key in ("1", "3"):
        world.panel.state.orders[key].status = "Pending"
    world.run()
    assert "order 3, which stands in Archive, was handed out again; it has a new row" in messages(world)
    assert world.ids("orders")[-2:] == ["1", "3"]
    assert "although it was refunded before (Canceled)" in world.cell("orders", "3", "Sync")
    assert world.cell("orders", "1", "Sync").endswith("Its earlier row is in Archive.")
    world.edit("orders", {"3": {"status": "Canceled"}})
    world.run()
    assert "already refunded (Canceled)" in world.cell("orders", "3", "Sync")
    assert len(world.panel.state.orders["3"].refunds) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_taken_out_of_archive_is_remembered(tmp_path: Path, kind: str) -> None:
    """An operator saves a copy and empties Archive (docs/operating.md): a refunded order handed out again is still never refunded twice."""
    world = closed(tmp_path, kind)
    world.run()
    world.run()
    world.book.show("archive", world.book.see("archive")[:1])
    world.panel.state.orders["3"].status = "Pending"
    world.run()
    assert "was handed out again; it has a new row" in messages(world)
    world.edit("orders", {"3": {"status": "Canceled"}})
    world.run()
    assert "already refunded (Canceled)" in world.cell("orders", "3", "Sync")
    assert len(world.panel.state.orders["3"].refunds) == 1


@pytest.mark.parametrize("key", ["1", "3"])
def test_a_cancel_request_for_an_archived_order(tmp_path: Path, key: str) -> None:
    """Completed or refunded: it is answered as if the order's row still stood in Orders."""
    from reconcile.panel.practice import PracticeCancel  # noqa: PLC0415 - only here

    world = closed(tmp_path, "memory")
    world.run()
    world.run()
    world.panel.state.cancels["70"] = PracticeCancel("70", key, "1", "l")
    world.run()
    world.edit("cancels", {"70": {"decision": "Cancel and refund"}})
    world.run()
    says = {
        "1": "Order 1 is Completed at the panel and cannot be refunded",
        "3": "Order 3 was refunded already (Canceled), so this request is granted",
    }
    assert says[key] in world.cell("cancels", "70", "Sync")
    assert len(world.panel.state.orders[key].refunds) == (key == "3")


def test_a_row_pasted_back_from_archive_is_answered(tmp_path: Path) -> None:
    """Nothing is sent for it, and it says what to do."""
    world = closed(tmp_path, "memory")
    row = next(row for row in world.book.see("orders") if row[0] == "5")
    world.run()
    world.run()
    world.book.show("orders", [*world.book.see("orders"), row[:8]])
    world.run()
    assert world.cell("orders", "5", "Sync") == (
        "#5 · Please check. Order 5 is done and stands in Archive, so nothing is sent for this row. Please remove the row."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_what_keeps_rows_where_they_are_is_said_once(tmp_path: Path, kind: str) -> None:
    """A formula in the tab: nothing moves, the run says why, and goes on as soon as it is gone."""
    from reconcile.core.cells import Formula  # noqa: PLC0415 - only here

    world = closed(tmp_path, kind)
    world.type("orders", "2", note=Formula("=1+1"))
    looked = planned(world)
    world.run()
    assert "Closed orders stay in Orders, because it holds formulas" in messages(world)
    assert (looked.archive, " ".join(looked.messages)) == ((), messages(world))
    world.run()
    assert (messages(world), archive(world)) == ("", [])
    assert planned(world) == looked, "who asks is told every time"
    world.type("orders", "2", note=None)
    world.run()
    assert archive(world) == ["1", "3", "5"]


def test_a_date_in_a_note_stays_in_orders(tmp_path: Path) -> None:
    """A read of a Google Sheet brings only what a date looks like: its row is left where it is, and said once."""
    from datetime import datetime  # noqa: PLC0415 - only here

    world = closed(tmp_path, "google")
    world.type("orders", "5", note=datetime(2026, 3, 2, 9, 41))  # noqa: DTZ001 - a sheet's date has no zone
    looked = planned(world)
    assert looked.archive == ("1", "3")
    assert "Closed orders that stay in Orders: 1." in looked.messages[-1]
    world.run()
    assert "Closed orders that stay in Orders: 1." in messages(world)
    assert (world.ids("orders"), archive(world)) == (["2", "4", "5", "6"], ["1", "3"])
    world.run()
    world.run()
    assert (messages(world), archive(world)) == ("", ["1", "3"])


def test_google_refusing_to_take_rows_out_does_not_stop_the_run(tmp_path: Path) -> None:
    """A part of the tab that somebody really protected: the run does all the rest, says so, and tries again another day."""
    world = closed(tmp_path, "google")
    emulator, book_id = world.book.emulator, world.book.id  # type: ignore[attr-defined]
    sheet = emulator.sheet(book_id, "Orders")
    from tests.emulator.emulator import OWNER  # noqa: PLC0415 - only here
    from tests.emulator.staff import Staff  # noqa: PLC0415 - only here

    area = {"sheetId": sheet.sheet_id, "startRowIndex": 3, "endRowIndex": 4}
    owner = Staff(emulator, book_id, "Orders", OWNER)
    owner.do({"addProtectedRange": {"protectedRange": {"range": area, "editors": {"users": [OWNER]}}}})
    assert world.run().code == 0
    assert "Google does not let the job take rows out" in messages(world)
    assert (len(world.ids("orders")), archive(world)) == (6, [])
    calls = len(emulator.calls)
    assert world.run().code == 0
    assert messages(world) == ""
    assert len(emulator.calls) - calls == 3
    assert (planned(world).archive, len(emulator.calls) - calls) == ((), 4)
    assert "Google does not let the job take rows out" in planned(world).messages[-1]
    owner.do({"deleteProtectedRange": {"protectedRangeId": sheet.protections[-1]["protectedRangeId"]}})
    world.clock.sleep(DAY)
    world.run()
    assert archive(world) == ["1", "3", "5"]


def test_twins_keep_rows_where_they_are(tmp_path: Path) -> None:
    """Google would take two rows that hold the same for one, so nothing moves while there are such rows."""
    world = closed(tmp_path, "google")
    grid = world.book.see("orders")
    twin = [None] * len(grid[0])
    twin[grid[0].index("Note")] = "see below"
    world.book.show("orders", [*grid, twin, [cell.upper() if cell else cell for cell in twin]])
    world.run()
    assert "because two of its rows hold the same" in messages(world)
    assert (len(world.book.see("orders")), archive(world)) == (9, [])


# --- a machine that was away --------------------------------------------------------------------------------------------------


def dies_at(world: World, name: str, when: Callable[[], bool] = lambda: True) -> None:
    """The next process dies at that boundary, the first time `when` holds."""

    def die(at: str) -> None:
        if at == name and when():
            boundary.set_hook(None)
            raise Crash(at)

    boundary.set_hook(die)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_landed_is_not_landed_again_when_its_orders_are_in_archive(tmp_path: Path, kind: str) -> None:
    """Machine a dies between its commit and the journal's note of it, and comes back when b has moved the order away."""
    world = make(tmp_path, kind, rules=Rules(max_closed_share=100))
    world.panel.add_order("1", "1", link="l", quantity="100", charge="10.00", user_id="u")
    dies_at(world, "book.after-commit", lambda: world.ids("orders") == ["1"])
    assert isinstance(world.run("a").error, Crash)
    world.clock.sleep(400)
    world.run("b")
    world.type("orders", "1", status="Completed")
    world.run("b")
    world.clock.sleep(8 * DAY)
    world.run("b")
    world.run("b")
    assert (world.ids("orders"), archive(world)) == ([], ["1"])
    world.run("a")
    world.run("a")
    assert (world.ids("orders"), archive(world)) == ([], ["1"])
    assert world.panel.state.orders["1"].status == "Completed"


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_did_not_land_lands_although_an_older_row_is_in_archive(tmp_path: Path, kind: str) -> None:
    """The panel handed the order out again, machine a died with that answer, and b moved the earlier row away meanwhile."""
    world = make(tmp_path, kind, rules=Rules(max_closed_share=100))
    world.panel.add_order("1", "1", link="l", quantity="100", charge="10.00", user_id="u")
    world.run("a")
    world.type("orders", "1", status="Completed")
    world.run("a")
    world.clock.sleep(DAY)
    world.panel.state.orders["1"].status = "Pending"
    dies_at(world, "book.before-commit", lambda: world.panel.state.orders["1"].handed == 2)
    assert isinstance(world.run("a").error, Crash)
    world.clock.sleep(8 * DAY)
    world.run("b")
    world.run("b")
    assert (world.ids("orders"), archive(world)) == ([], ["1"])
    world.run("a")
    assert world.ids("orders") == ["1"]
    assert "handed this order out again" in str(world.cell("orders", "1", "Sync"))
