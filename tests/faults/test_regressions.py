"""Faults the harness found once, each by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconcile import boundary
from reconcile.errors import Unavailable
from reconcile.panel.practice import PracticeCancel
from tests.faults.world import Crash, World, at, die, make

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Orders 1 to 3 of service 1 wait at the panel."""
    made = make(tmp_path, "memory")
    for key in ("1", "2", "3"):
        made.panel.add_order(key, quantity="100", charge="5", link="l")
    return made


def fail_write(world: World, after: str) -> None:
    """The journal's next write after a call of this action finds the disk full; so do all that follow."""

    def hook(name: str) -> None:
        if name == "journal.before-write" and world.panel.calls(after):
            raise Unavailable("The journal cannot be used: the disk is full.")

    boundary.set_hook(hook)


def test_a_refund_the_journal_could_not_note_is_not_sent_again(world: World) -> None:
    """F06, F22: the disk fills up between a refund's answer and its note in the journal; it is refunded once all the same."""
    world.run()
    world.type("orders", "1", status="Canceled")
    fail_write(world, "setCanceled")
    assert world.run().code == 5
    boundary.set_hook(None)
    assert world.run().code == 0
    assert world.panel.state.orders["1"].refunds == ["5"]
    assert world.cell("orders", "1", "Sync").startswith("#1 · Sent")


@pytest.mark.parametrize("answer", ["refused", "accepted"])
def test_what_only_the_journal_knew_of_a_refund_stands_in_its_row(world: World, answer: str) -> None:
    """F06, F22: the process dies between a refund's answer and its row's; the next run's first write says what the panel said."""
    world.run()
    world.type("orders", "1", status="Partial", remains=6)
    if answer == "refused":
        world.panel.refusals["1"] = ("bad_status", "Not now")
    noted = 0

    def die_when_noted(name: str) -> None:
        nonlocal noted
        noted += name == "journal.after-write" and bool(world.panel.calls("setPartial"))
        if noted:
            raise Crash

    boundary.set_hook(die_when_noted)
    assert world.run().crashed
    at("book.after-commit", die)
    assert world.run().crashed
    boundary.set_hook(None)
    said = {
        "refused": "#1 · Refused. The panel did not take Status Partial, Remains 6: the panel does not accept this status "
        "(it says: “Not now”). It is not sent again until you change it.",
        "accepted": "#1 · Note. The panel has Status Partial, Remains 6.",
    }
    assert world.cell("orders", "1", "Sync") == said[answer]
    assert world.run().code == 0
    assert world.cell("orders", "1", "Sync") == said[answer]
    assert len(world.panel.calls("setPartial")) == 1


def test_an_answer_the_journal_could_not_keep_still_lands(world: World) -> None:
    """F16, F22: the disk fills up when the answer arrives; the orders stand in the sheet all the same, once, without a doubt."""
    fail_write(world, "getOrders")
    assert world.run().code == 5
    boundary.set_hook(None)
    assert sorted(world.ids("orders")) == ["1", "2", "3"]
    assert world.run().code == 7
    assert len(world.doubts()) == 1, "the journal still says that it was asked, and nothing of an answer"
    assert sorted(world.ids("orders")) == ["1", "2", "3"]


def test_a_landing_the_journal_did_not_note_is_not_taken_for_a_second_handing_out(world: World) -> None:
    """F01: the process dies between the landing's commit and the journal's note of it; no row says that it came twice."""
    commits = 0

    def die_after_landing(name: str) -> None:
        nonlocal commits
        commits += name == "book.after-commit"
        if commits == 2:
            raise Crash

    boundary.set_hook(die_after_landing)
    assert world.run().crashed
    boundary.set_hook(None)
    before = world.rows("orders")
    assert [row["ID"] for row in before] == ["1", "2", "3"]
    assert world.run().code == 0
    assert world.rows("orders") == before


def test_the_doubt_about_a_vanished_journal_names_what_one_file_may_have_waited_for(tmp_path: Path) -> None:
    """F01, F22: where several answers land together, the record of a vanished journal is bounded to as many, not to one."""
    world = make(tmp_path, "xlsx")
    for number in range(250):
        world.panel.add_order(str(number + 1), quantity="10", charge="1", link="l")
    calls = 0

    def die_late(name: str) -> None:
        nonlocal calls
        calls += name == "panel.after-answer"
        if calls == 4:
            raise Crash

    boundary.set_hook(die_late)
    assert world.run().crashed
    boundary.set_hook(None)
    world.wipe()
    world.clock.sleep(400)
    assert world.run().code == 7
    assert world.ids("orders") == []
    (doubt,) = world.doubts()
    assert doubt["bound"] >= 250
    assert "At most 10 answers" in doubt["text"]


def test_a_settled_doubt_is_not_shown_for_ever(world: World) -> None:
    """F06: the run that takes a person's word dies before it can answer; the next one takes “Not sure” out of the row."""
    world.run()
    world.type("orders", "1", status="Canceled")
    world.line.trouble[:] = []

    def lose_the_answer(name: str) -> None:
        if name == "panel.before-send" and not world.panel.calls("setCanceled"):
            world.line.trouble[:] = ["acted"]

    boundary.set_hook(lose_the_answer)
    assert world.run().code == 7
    boundary.set_hook(None)
    assert "Not sure" in world.cell("orders", "1", "Sync")
    world.type("orders", "1", unsure="It went through")

    def die_after_begin(name: str) -> None:
        if name == "book.after-commit":
            raise Crash

    boundary.set_hook(die_after_begin)
    assert world.run().crashed
    boundary.set_hook(None)
    assert world.run().code == 0
    assert world.cell("orders", "1", "Sync") == "#1 · Note. The panel has Status Canceled."
    assert world.panel.state.orders["1"].refunds == ["5"]


@pytest.mark.parametrize("lost", ["crash", "answer"])
def test_a_value_put_back_after_an_update_nobody_heard_of_is_sent(world: World, lost: str) -> None:
    """F05, F22: an update was done, the run died (or its answer was lost), staff put the old value back: the panel hears of that."""
    world.run()
    world.type("orders", "1", status="Completed")

    def lose(name: str) -> None:
        if lost == "crash" and name == "panel.after-answer" and world.panel.calls("updateOrders"):
            raise Crash
        if lost == "answer" and name == "panel.before-send":
            world.line.trouble[:] = ["acted"] * 9

    boundary.set_hook(lose)
    world.run()
    boundary.set_hook(None)
    assert world.panel.state.orders["1"].status == "Completed"
    world.type("orders", "1", status="Processing")
    world.run()
    assert world.panel.state.orders["1"].status == "Processing"
    assert world.run().code == 0
    assert len(world.panel.calls("updateOrders")) == (2 if lost == "crash" else 2 + 4)


def test_a_start_count_nobody_confirmed_is_no_edit_of_a_closed_order(world: World) -> None:
    """F06: a start count and a refund are accepted and the process dies before it says so: staff are not asked to take it back."""
    world.run()
    world.type("orders", "1", status="Canceled", start_count=40)
    at("book.before-commit", die, time=2)
    assert world.run().crashed
    world.clock.sleep(400)
    assert world.run().code == 0
    assert world.cell("orders", "1", "Sync").startswith("#1 · Sent")
    assert world.panel.state.orders["1"].start_count == "40"
    sent = len(world.panel.calls("updateOrders"))
    assert world.run().code == 0
    assert len(world.panel.calls("updateOrders")) == sent
    assert world.panel.state.orders["1"].refunds == ["5"]


@pytest.mark.parametrize("status", ["In progress", "Completed"])
def test_a_row_deleted_and_handed_out_again_in_one_run_stays_editable(world: World, status: str) -> None:
    """F12: an order's row was deleted and the panel hands it out once more: what the run ends with does not undo the landing."""
    world.run()
    world.type("orders", "1", status=status)
    world.run()
    world.book.show("orders", [row for row in world.book.see("orders") if row[0] != "1"])
    world.panel.state.orders["1"].status = "Pending"
    assert world.run().code == 0
    assert world.cell("orders", "1", "Status") == "Processing"
    assert world.run().outcome.results == ()  # type: ignore[union-attr]
    world.type("orders", "1", status="In progress")
    assert world.run().code == 0
    assert world.panel.state.orders["1"].status == "In progress"


def test_a_closed_row_touched_while_it_is_handed_out_again_stays_editable(world: World) -> None:
    """F12: an answer in If unsure that is only remembered does not undo what lands in the same run."""
    world.run()
    world.type("orders", "1", status="Completed")
    world.run()
    world.type("orders", "1", unsure="Send again")
    world.panel.state.orders["1"].status = "Pending"
    assert world.run().code == 0
    world.type("orders", "1", status="In progress")
    assert world.run().code == 0
    assert world.panel.state.orders["1"].status == "In progress"


@pytest.mark.parametrize("why", ["its clock is slow", "it slept"])
@pytest.mark.parametrize("status", ["In progress", "Canceled"])
def test_what_an_overtaken_run_sends_last_does_not_stand(world: World, why: str, status: str) -> None:
    """F13, F14: a run whose lease ran out is overtaken just before its call, which undoes what the other one sent: it is said again."""
    world.run("a")
    world.type("orders", "1", status="Completed")
    world.type("orders", "2", status="Completed")

    def between() -> None:
        if why == "it slept":
            world.jump(400)
        world.type("orders", "1", status=status)
        assert world.run("a").code == 7, "what the other one may have claimed is on record"

    at("panel.before-send", between)
    assert world.run("b", skew=timedelta(minutes=-27 if why == "its clock is slow" else 0)).code == 4
    boundary.set_hook(None)
    assert world.run("a").code == 7
    orders = world.panel.state.orders
    assert (orders["1"].status, orders["2"].status) == (status, "Completed")
    assert orders["1"].refunds == (["5"] if status == "Canceled" else [])
    assert world.cell("orders", "1", "Sync").startswith("#1 · Sent")
    sent = len(world.panel.calls("updateOrders"))
    idle = world.run("a")
    assert idle.outcome is not None
    assert (idle.outcome.plan.pushes, len(world.panel.calls("updateOrders"))) == ((), sent)


def test_a_refund_through_cancels_waits_for_what_an_overtaken_run_sends(world: World) -> None:
    """F13: a customer asks for a cancel while In progress is on its way: the refund is sent once, after it, and the row says so."""
    world.run("a")
    world.panel.state.cancels["9"] = PracticeCancel("9", "1", "1", "l")
    world.run("a")
    world.type("orders", "1", status="In progress")

    def between() -> None:
        world.jump(400)
        world.type("cancels", "9", decision="Cancel and refund")
        world.run("a")
        assert world.panel.state.orders["1"].refunds == []
        assert world.cell("cancels", "9", "Sync").startswith("#9 · Waiting")

    at("panel.before-send", between)
    assert world.run("b").code == 4
    boundary.set_hook(None)
    world.run("a")
    order = world.panel.state.orders["1"]
    assert (order.status, order.refunds) == ("Canceled", ["5"])
    assert world.cell("cancels", "9", "Sync").startswith("#9 · Sent")
    world.run("a")
    assert order.refunds == ["5"]


@pytest.mark.parametrize("kind", ["memory", "xlsx", "google"])
@pytest.mark.parametrize("answered", ["", "Compelted"], ids=["nobody is answered", "one is answered"])
def test_answers_that_were_sorted_apart_from_their_rows_come_back(tmp_path: Path, kind: str, answered: str) -> None:
    """F09: the Sync cells of three rows were moved among them, one of them an answer; each row says its own again."""
    world = make(tmp_path, kind)
    for key in ("1", "2", "3"):
        world.panel.add_order(key, quantity="100", charge="5", link="l")
    world.run()
    if answered:
        world.type("orders", "1", status=answered)
        world.run()
    right = {key: world.cell("orders", key, "Sync") for key in ("1", "2", "3")}
    for key, other in (("1", "2"), ("2", "3"), ("3", "1")):
        world.type("orders", key, sync=right[other])
    for _ in range(2):
        assert world.run().code == 0
    assert {key: world.cell("orders", key, "Sync") for key in ("1", "2", "3")} == right


def test_a_row_that_asks_still_asks_when_its_list_is_let_through(tmp_path: Path) -> None:
    """F36: ten rows go back at once, and one of them asks for other Remains: let through, the others are sent and it asks on."""
    world = make(tmp_path, "memory")
    keys = [str(number) for number in range(1, 11)]
    for key in keys:
        world.panel.add_order(key, quantity="10", charge="1", link="l")
    assert world.run().code == 0
    world.edit("orders", {key: {"status": "In progress"} for key in keys})
    assert world.run().code == 0
    world.edit("orders", {key: {"status": "Processing"} for key in keys})
    world.type("orders", "3", remains=114)
    assert world.run().code == 3, "an accident by its shape"
    assert world.run(force=True).code == 0
    for _ in range(2):
        assert world.run().code == 0
        assert "Remains is 114" in world.cell("orders", "3", "Sync")
    assert {order.status for order in world.panel.state.orders.values()} == {"Processing"}
    assert world.panel.state.orders["3"].remains != "114"
