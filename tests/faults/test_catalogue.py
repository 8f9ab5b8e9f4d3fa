"""The catalogue of faults, each by its number, on purpose and by itself: sweeps, kills and simulation meet them by chance."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from reconcile import boundary, job
from reconcile.core.cells import Formula
from reconcile.core.model import Commit
from reconcile.core.plan import Rules
from reconcile.errors import Damaged, RevisionMoved
from reconcile.journal import Journal
from reconcile.panel.practice import answering
from tests.emulator.faults import Fault
from tests.faults import sweep
from tests.faults.checks import Watch
from tests.faults.world import Crash, World, at, die, make

BOOKS = ("memory", "xlsx", "google")
HERE = Path(__file__).parent


def orders(world: World, *keys: str, **fields: Any) -> World:
    """Pending orders of service 1."""
    for key in keys:
        world.panel.add_order(key, **{"quantity": "100", "charge": "5", "link": f"l{key}", **fields})
    return world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Orders 1 to 3, landed."""
    made = orders(make(tmp_path, "memory"), "1", "2", "3")
    assert made.run().code == 0
    return made


def updates(world: World) -> list[list[str]]:
    return [[str(entry["id"]) for entry in request.orders] for request in world.panel.calls("updateOrders")]


def test_every_fault_of_the_catalogue_is_named() -> None:
    """Each of F01 to F40 stands in the docstring of at least one test, wherever the tests of that part are."""
    sources = [path for path in HERE.parent.rglob("test_*.py") if "emulator" not in path.parts]
    named = set(re.findall(r"F\d\d", " ".join(re.findall(r'"""F\d\d.*?"""', "".join(map(Path.read_text, sources))))))
    assert named == {f"F{number:02}" for number in range(1, 41)}


# --- claims -----------------------------------------------------------------------------------------------------------------


def test_the_answer_is_kept_before_anybody_reads_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F01, F08: whatever the reader does with an answer, its bytes are in the journal by then."""
    orders(world, "4")

    def die_reading(*_: object, **__: object) -> None:
        raise Crash

    monkeypatch.setattr(job, "reader", die_reading)
    assert world.run().crashed
    monkeypatch.undo()
    with Journal.open(world.machine("a")) as journal:
        (claim,) = [claim for claim in journal.unlanded(world.meta().get("book", "")) if claim.raw]
    assert claim.raw is not None
    assert b'"4"' in claim.raw.body
    assert world.run().code == 0
    assert world.ids("orders") == ["1", "2", "3", "4"]


def test_a_claim_without_an_answer_is_asked_once(world: World) -> None:
    """F02: the panel acted and its answer is lost: one request, a doubt with service and bound, and no further claim."""
    orders(world, "4")
    mark = len(world.panel.calls("getOrders"))
    at("panel.before-send", lambda: world.line.trouble.append("acted"), time=2)
    told = world.run()
    assert told.code == 7
    assert len(world.panel.calls("getOrders")) == mark + 1
    (doubt,) = world.doubts()
    assert (doubt["feed"], doubt["service"], doubt["bound"]) == ("orders", "1", 100)
    assert world.run().code == 7, "it is reported until a person resolves it"


def test_a_request_that_never_left_is_tried_again_and_leaves_no_doubt(world: World) -> None:
    """F03: no connection, four times; the fifth one works, and nothing is in doubt."""
    orders(world, "4")
    at("panel.before-send", lambda: world.line.trouble.extend(["never"] * 4), time=2)
    assert world.run().code == 0
    assert world.ids("orders") == ["1", "2", "3", "4"]
    assert world.doubts() == []


# --- updates ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", list(product(("success", "fail", None), repeat=3)), ids=str)
def test_the_ledger_moves_for_accepted_ids_only(world: World, said: tuple[str | None, ...]) -> None:
    """F04: for each of the 3^3 outcomes: accepted is settled, refused waits for a change, absent is sent again; others are noise."""
    results: dict[str, Any] = {"99": {"status": "success"}}
    for key, word in zip("123", said, strict=True):
        if word:
            results[key] = {"status": word, "error": "bad_id", "message": "No"} if word == "fail" else {"status": word}
    world.edit("orders", {key: {"start_count": int(key) * 7} for key in "123"})
    world.panel.faults.append(
        answering(json.dumps({"status": "success", "orders": results}), action="updateOrders", acts=True)
    )
    world.run()
    for key, word in zip("123", said, strict=True):
        assert ("Refused" in world.cell("orders", key, "Sync")) == (word == "fail")
    world.run()
    again = [key for key, word in zip("123", said, strict=True) if word is None]
    assert updates(world)[1:] == ([again] if again else [])


def test_a_lost_answer_to_an_absolute_update_is_sent_again(world: World) -> None:
    """F05: the update was done and nobody heard: it is sent again, and the panel is where staff wanted it."""
    world.type("orders", "1", status="In progress")
    at("panel.before-send", lambda: world.line.trouble.extend(["acted"] * 5))
    world.run()
    assert world.run().code == 0
    assert world.panel.state.orders["1"].status == "In progress"
    assert world.cell("orders", "1", "Sync").startswith("#1 · Sent")


@pytest.mark.parametrize("wipe", [False, True])
def test_a_refund_is_called_once_whatever_is_lost(world: World, *, wipe: bool) -> None:
    """F06: killed right after the panel refunded, with and without its disk: one refund, shown in the row, never repeated."""
    world.type("orders", "1", status="Canceled")
    at("panel.after-answer", die)
    assert world.run().crashed
    if wipe:
        world.wipe()
        world.clock.sleep(400)
    for _ in range(3):
        assert world.run().code == 7
    assert len(world.panel.calls("setCanceled")) == 1
    assert world.panel.state.orders["1"].refunds == ["5"]
    assert "Not sure" in world.cell("orders", "1", "Sync")


def test_a_refund_whose_answer_is_lost_is_not_tried_again(world: World) -> None:
    """F06: a timeout on setCanceled: one call, no retry inside the run nor after it."""
    world.type("orders", "1", status="Canceled")
    at("panel.before-send", lambda: world.line.trouble.append("acted"))
    assert world.run().code == 7
    assert world.run().code == 7
    assert world.panel.state.orders["1"].refunds == ["5"]


def sent_lines(world: World) -> list[tuple[str, str, str, str]]:
    """(ID, To, Result, Run) of History's lines."""
    return [(str(row["ID"]), str(row["To"]), str(row["Result"]), str(row["Run"])) for row in world.rows("history")]


@pytest.mark.parametrize("book", BOOKS)
def test_a_refund_of_a_run_that_died_stands_in_history(tmp_path: Path, book: str) -> None:
    """F06: it stands there once, by the run that sent it, with what the journal knows of it."""
    world = orders(make(tmp_path, book), "1", "2")
    world.run()
    world.type("orders", "1", status="Canceled")
    at("book.before-commit", die, time=2)  # the refund is done, its results are not in the sheet
    crashed = world.run()
    assert crashed.crashed
    assert sent_lines(world) == []
    for _ in range(2):
        assert world.run().code == 0
        assert sent_lines(world) == [("1", "Canceled", "accepted", crashed.run)]


def test_what_a_person_said_of_a_refund_stands_in_history(world: World) -> None:
    """F06: first that nobody knows, by the run that sent it, then who decided: it went through."""
    world.type("orders", "1", status="Canceled")
    at("panel.after-answer", die)
    crashed = world.run()
    assert world.run().code == 7
    world.type("orders", "1", unsure="It went through")
    assert world.run().code == 0
    assert world.run().code == 0
    assert sent_lines(world) == [
        ("1", "Canceled", "unknown", crashed.run),
        ("1", "Canceled", "If unsure: it went through", world.told[-2].run),
    ]


def test_a_limit_keeps_no_refund_out_of_history(world: World) -> None:
    """F06: a run that a limit stops still learns, and writes down, what the one before it sent."""
    world.type("orders", "1", status="Canceled")
    at("book.before-commit", die, time=2)
    crashed = world.run()
    world.rules = replace(world.rules, max_refunds=0)
    world.type("orders", "2", status="Canceled")
    assert [world.run().code for _ in range(2)] == [3, 3]
    assert sent_lines(world) == [("1", "Canceled", "accepted", crashed.run)]


# --- the panel at its worst ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["busy", "html", "never"])
def test_a_storm_costs_bounded_calls_and_time(world: World, kind: str) -> None:
    """F07: "slow down", pages and refused connections without end: exit 5 after a bounded number of calls and minutes."""
    world.type("orders", "1", status="In progress")
    before, sent = world.clock.at, world.line.sent
    at("panel.before-send", lambda: world.line.trouble.extend([kind] * 100_000))
    assert world.run().code == 5
    assert world.line.sent - sent <= 40
    assert world.clock.at - before < timedelta(minutes=10)
    assert world.run().code == 0
    assert world.panel.state.orders["1"].status == "In progress"


@pytest.mark.parametrize(("kind", "code"), [("busy", 5), ("never", 5), ("html", 7)])
def test_a_storm_on_a_claim_costs_bounded_calls_and_time(world: World, kind: str, code: int) -> None:
    """F07: "slow down" and no connection are no answers: exit 5 and no doubt; a page after sending is a doubt. All lands later."""
    orders(world, "4")
    before, sent = world.clock.at, world.line.sent
    at("panel.before-send", lambda: world.line.trouble.extend([kind] * 100_000), time=2)
    assert world.run().code == code
    assert world.line.sent - sent <= 40
    assert world.clock.at - before < timedelta(minutes=10)
    assert len(world.doubts()) == (code == 7)
    world.run()
    assert world.ids("orders") == ["1", "2", "3", "4"]


def test_a_panel_that_always_has_more_is_left_alone(world: World) -> None:
    """F07, F12: a hundred orders, and the same hundred again, for ever: asking stops, and each has one row."""
    body = json.dumps({"status": "success", "orders": [{"id": str(n), "link": "l"} for n in range(500, 600)]})
    world.panel.faults.append(answering(body, action="getOrders", times=10_000))
    told = world.run()
    assert told.outcome is not None
    assert len(world.panel.calls("getOrders")) < 15
    assert max(Counter(world.ids("orders")).values()) == 1
    assert any("shows its pending orders at every call" in text for text in told.outcome.messages)


def test_a_good_answer_cut_anywhere_loses_nothing_silently(tmp_path: Path) -> None:
    """F08: the answer breaks off at an offset: what can be read lands, the rest is in doubt, and nothing is thrown."""
    world = make(tmp_path, "memory")
    world.run()
    kept = world.save()
    whole = json.dumps(
        {"status": "success", "orders": [{"id": str(n), "link": "l", "quantity": "5"} for n in range(1, 6)]}
    ).encode()
    for offset in range(0, len(whole), 9):
        world.restore(kept)
        for key in "12345":
            world.panel.add_order(key, quantity="5", link="l", handed=1, status="Processing")
        world.panel.faults.append(answering(whole[:offset], action="getOrders"))
        assert world.run().code in (5, 7)
        watch = Watch(world)
        watch.accounted()
        assert watch.problems == [], offset
        assert len(world.ids("orders")) == whole[:offset].count(b'"5"}'), offset


def test_an_answer_of_fifty_megabytes_is_bounded_and_lands(tmp_path: Path) -> None:
    """F08: what was read of an answer too large lands, the rest is a doubt with its bound, and nothing is thrown."""
    world = make(tmp_path, "memory")
    small = ",".join(f'{{"id":"{number}","link":"l","quantity":"5"}}' for number in range(1, 91))
    body = f'{{"status":"success","orders":[{small}],"padding":"{"x" * 54_000_000}"}}'
    world.panel.faults.append(answering(body.encode(), action="getOrders"))
    assert world.run().code == 7
    assert world.ids("orders") == [str(number) for number in range(1, 91)]
    (doubt,) = [doubt for doubt in world.doubts() if doubt["kind"] == "claim"]
    assert (doubt["service"], doubt["bound"]) == ("1", 100)


# --- the sheet moves ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("name", ["book.after-read", "book.before-commit", "panel.before-send"])
def test_sorting_between_any_two_calls_moves_no_answer(tmp_path: Path, book: str, name: str) -> None:
    """F09: staff sort the tab between reading and writing: each answer lands in its own row, and no cell of theirs changes."""
    world = orders(make(tmp_path, book), "1", "2", "3", "4", "5")
    assert world.run().code == 0
    watch = Watch(world)
    watch.wish(*(("orders", key, "start_count", str(70 + int(key))) for key in "135"))
    world.edit("orders", {key: {"start_count": 70 + int(key)} for key in "135"} | {"2": {"status": "Compelted"}})
    watch.seen = watch.look()

    def sort() -> None:
        watch.check()
        head, *body = world.book.see("orders")
        world.book.show("orders", [head, *reversed(body)])
        watch.seen = watch.look()

    for time in (1, 2):
        at(name, sort, time=time)
        assert world.run().code == 0
        boundary.set_hook(None)
        watch.check()
    assert watch.problems == []
    for key in "135":
        assert world.cell("orders", key, "Sync").startswith(f"#{key} · Sent")
    assert "did you mean Completed?" in world.cell("orders", "2", "Sync")


@pytest.mark.parametrize("book", BOOKS)
def test_an_emptied_tab_sends_and_receives_nothing(tmp_path: Path, book: str) -> None:
    """F10: most of the open rows are gone at once: exit 3, and no order is sent or asked for; undone, all is as before."""
    world = orders(make(tmp_path, book), *map(str, range(1, 9)))
    world.run()
    before = world.book.see("orders")
    world.book.show("orders", [before[0], *[[None] * len(before[0])] * (len(before) - 1)])
    mark = len(world.panel.requests)
    assert world.run().code == 3
    assert not {request.action for request in world.panel.requests[mark:]} & {"getOrders", "updateOrders"}
    world.book.show("orders", before)
    assert world.run().code == 0
    assert world.ids("orders") == list(map(str, range(1, 9)))


def test_a_deleted_row_is_reported_and_stays_deleted(world: World) -> None:
    """F10: one row deleted on purpose is named once and not made again."""
    grid = world.book.see("orders")
    world.book.show("orders", [row for row in grid if row[0] != "2"])
    told = world.run()
    assert told.outcome is not None
    assert any("order 2 was deleted" in text for text in told.outcome.messages)
    assert world.run().code == 0
    assert world.ids("orders") == ["1", "3"]


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("other", ["1", " 1 ", "１", "01", 1.0])  # noqa: RUF100, RUF001 - one of them is full-width
def test_doubled_ids_are_held_and_the_others_proceed(tmp_path: Path, book: str, other: Any) -> None:
    """F11: the same id twice, however it is written: nothing is sent for it, both rows are named, other rows go on."""
    world = orders(make(tmp_path, book), "1", "2", "3")
    assert world.run().code == 0
    world.add("orders", id=other, status="Completed")
    world.edit("orders", {"1": {"status": "Canceled"}, "2": {"status": "Completed"}})
    assert world.run().code == 0
    assert world.panel.state.orders["1"].history == ["handed out"]
    assert world.panel.state.orders["2"].status == "Completed"
    held = [str(row["Sync"]) for row in world.rows("orders") if "Held" in str(row["Sync"])]
    assert any("rows 2 and 5" in text for text in held)


def test_an_id_handed_out_twice_keeps_its_one_row(world: World) -> None:
    """F12: the panel hands order 1 out again, with another quantity: one row, left as it is, and the difference is said."""
    order = world.panel.state.orders["1"]
    order.status, order.quantity = "Pending", "300"
    assert world.run().code == 0
    assert world.ids("orders") == ["1", "2", "3"]
    assert world.cell("orders", "1", "Quantity") == 100
    assert "with other values: Quantity 300" in world.cell("orders", "1", "Sync")


def test_an_order_handed_out_again_beside_a_refund_in_doubt(world: World) -> None:
    """F06, F12: its row asks what became of the refund, in that run and after it; that it came again stands in Runs."""
    world.type("orders", "1", status="Canceled")
    at("panel.after-answer", die)
    assert world.run().crashed
    world.panel.state.orders["1"].status = "Pending"
    told = world.run()
    assert told.code == 7
    assert "Not sure" in world.cell("orders", "1", "Sync")
    assert told.outcome is not None
    assert any("handed this order out again" in message for message in told.outcome.messages)
    assert world.run().code == 7
    assert "Not sure" in world.cell("orders", "1", "Sync")
    assert len(world.panel.calls("setCanceled")) == 1


def test_what_a_dead_run_landed_is_told_in_runs(world: World) -> None:
    """F06, F12: an order comes again beside a refund in doubt, a row is deleted, and the run dies: the next line of Runs says both."""
    world.type("orders", "1", status="Canceled")
    at("panel.after-answer", die)
    assert world.run().crashed
    world.panel.state.orders["1"].status = "Pending"
    world.book.show("orders", [row for row in world.book.see("orders") if row[0] != "3"])
    at("book.before-commit", die, time=3)  # begun, landed, and not ended
    assert world.run().crashed
    boundary.set_hook(None)
    assert "handed" not in str(world.rows("runs"))
    world.clock.sleep(400)
    world.run()
    world.run()
    told = "".join(str(row["Message"]) for row in world.rows("runs"))
    assert told.count("Order 1: The panel handed this order out again") == 1
    assert told.count("the row of order 3 was deleted") == 1
    assert "untold" not in world.meta()


def test_a_run_stopped_by_a_limit_tells_what_landed(world: World) -> None:
    """F06, F12: an answer that a dead run received lands in a run that a limit stops: the run after tells of it."""
    world.panel.state.orders["1"].status = "Pending"
    at("journal.after-write", die, time=5)  # begun, asked, and the answer is kept
    assert world.run().crashed
    boundary.set_hook(None)
    assert world.panel.state.orders["1"].handed == 2
    for key in ("2", "3"):
        world.type("orders", key, status="Canceled")
    world.rules = Rules(max_refunds=1)
    world.clock.sleep(400)
    assert world.run().code == 3
    assert "handed this order out again" in world.cell("orders", "1", "Sync")
    assert world.run(force=True).code == 0
    assert "Order 1: The panel handed this order out again" in str(world.rows("runs"))


# --- two runs -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("book", BOOKS)
def test_a_second_run_at_any_boundary_waits_its_turn(tmp_path: Path, book: str) -> None:
    """F13: a whole run on another machine comes between at a boundary: one proceeds, and nothing is sent or landed twice."""
    world = orders(make(tmp_path, book), "1", "2")
    world.run()
    world.type("orders", "1", status="Canceled")
    orders(world, "3")
    kept = world.save()
    names = [name for name in boundary.NAMES if name.startswith(("panel.", "book."))]
    for name, time in product(names, (1, 2)):
        world.restore(kept)
        told: list[int] = []
        at(name, lambda told=told: told.append(world.run("b").code), time=time)  # type: ignore[misc]
        first = world.run("a").code
        boundary.set_hook(None)
        # before the first one's lease the second may go; from its first commit to its last it may not
        early = (name, time) in (("book.before-read", 1), ("book.after-read", 1), ("book.before-commit", 1))
        assert told == [] or told[0] == (0 if early else 4), (name, time)
        assert first == 0, (name, time)
        world.run("a")
        assert world.panel.state.orders["1"].refunds == ["5"], (name, time)
        assert sorted(world.ids("orders")) == ["1", "2", "3"], (name, time)


@pytest.mark.parametrize("book", BOOKS)
def test_a_stale_writer_is_refused_whole(tmp_path: Path, book: str) -> None:
    """F13: a commit made from an older revision is refused, and none of it is in the workbook."""
    world = make(tmp_path, book)
    one, other = world.book.open(world.clock), world.book.open(world.clock)
    revision = one.read().revision
    assert other.read().revision == revision
    other.commit(Commit("b", meta={"x": "b"}), revision)
    with pytest.raises(RevisionMoved):
        one.commit(Commit("a", append={"orders": [{"id": "9"}]}, meta={"x": "a"}), revision)
    assert world.ids("orders") == []
    assert world.meta()["x"] == "b"


def test_a_holder_that_slept_too_long_writes_nothing(tmp_path: Path) -> None:
    """F13: a run sleeps past its lease, another takes over; the sleeper wakes, its claim is safe and its write refused."""
    world = orders(make(tmp_path, "memory"), "1")

    def sleep_and_lose() -> None:
        world.clock.sleep(4_000)
        assert world.run("b").code in (0, 7)

    at("panel.after-answer", sleep_and_lose, time=2)
    assert world.run("a").code == 4
    assert world.run("a").code in (0, 7)
    assert world.ids("orders") == ["1"]


@pytest.mark.parametrize("skew", [timedelta(0), timedelta(hours=-30), timedelta(days=400), timedelta(minutes=59)])
def test_a_wrong_clock_decides_nothing(world: World, skew: timedelta) -> None:
    """F14: the same edits are sent, the same rows land, whatever this machine believes the time is."""
    world.edit("orders", {"1": {"status": "Canceled"}, "2": {"start_count": 5}})
    orders(world, "4")
    assert world.run(skew=skew).code == 0
    state = world.panel.state.orders
    assert (state["1"].refunds, state["2"].start_count) == (["5"], "5")
    assert world.ids("orders") == ["1", "2", "3", "4"]


def test_what_landed_by_a_clock_that_was_put_back_does_not_land_again(tmp_path: Path) -> None:
    """F14: an answer lands by a clock behind the one it was asked for by, and the machine dies before it can note that."""
    world = orders(make(tmp_path, "memory"), "1")
    at("book.before-commit", die, time=2)
    assert world.run().crashed
    at("book.after-commit", die)
    assert world.run(skew=timedelta(minutes=-18)).crashed
    assert world.ids("orders") == ["1"]
    world.clock.sleep(400)
    assert world.run().code == 0
    assert world.cell("orders", "1", "Sync").startswith("#1 · New.")


@pytest.mark.parametrize("skew", [timedelta(0), timedelta(days=1), timedelta(days=-1)])
@pytest.mark.parametrize("machine", ["a", "b"])
def test_an_order_handed_out_again_is_told_whatever_its_rows_clock_was(
    tmp_path: Path, skew: timedelta, machine: str
) -> None:
    """F12, F14: its row came by a clock that was wrong; the answer that brings it again is kept and lands after a crash."""
    world = orders(make(tmp_path, "memory"), "1")
    assert world.run(machine, skew=skew).code == 0
    world.panel.state.orders["1"].status = "Pending"
    at("book.before-commit", die, time=2)
    assert world.run().crashed
    assert world.run().code == 0
    assert "handed this order out again" in world.cell("orders", "1", "Sync")


def test_an_order_handed_out_again_is_told_once(tmp_path: Path) -> None:
    """F12: that landed, the machine died before it could note it, and is back when the order has been done elsewhere."""
    world = orders(make(tmp_path, "memory"), "1")
    assert world.run("a").code == 0
    world.clock.sleep(400)
    world.panel.state.orders["1"].status = "Pending"
    at("book.after-commit", die, time=2)
    assert world.run("a").crashed
    assert "handed this order out again" in world.cell("orders", "1", "Sync")
    world.clock.sleep(400)
    world.type("orders", "1", status="Completed")
    assert world.run("b").code == 7  # a may have had more in hand, for all that b can know
    assert _closes_its_doubt(world)
    assert world.cell("orders", "1", "Sync").startswith("#1 · Sent")
    assert world.panel.state.orders["1"].status == "Completed"
    assert [row["state"] for row in world.rows("ledger") if (row["tab"], row["key"]) == ("orders", "1")] == ["closed"]


def test_an_answer_that_another_machine_overtook_is_not_told(tmp_path: Path) -> None:
    """F12: handed out again and landed elsewhere before this machine came back with the first handing out."""
    world = orders(make(tmp_path, "memory"), "1")
    at("book.before-commit", die, time=2)
    assert world.run("a").crashed
    world.clock.sleep(400)
    world.panel.state.orders["1"].status = "Pending"
    assert world.run("b").code == 7
    assert world.ids("orders") == ["1"]
    assert _closes_its_doubt(world)
    assert world.cell("orders", "1", "Sync").startswith("#1 · New.")


def _closes_its_doubt(world: World) -> bool:
    """Whether machine a, back with its journal, says that what b could not know is known, and nothing else is in doubt."""
    told = world.run("a")
    return (
        told.code == 0
        and told.outcome is not None
        and not told.outcome.doubts
        and any("is known by now" in text for text in told.outcome.messages)
    )


def test_what_cannot_be_read_lands_once(tmp_path: Path) -> None:
    """F01, F05: the machine dies after half an order landed in Long texts, before it can note that."""
    world = orders(make(tmp_path, "memory"), "1", "2")
    calls: Counter[str] = Counter()

    def cut_then_die(name: str) -> None:
        calls[name] += 1
        if (name, calls[name]) == ("panel.before-send", 2):
            world.line.trouble.append("cut")
        if (name, calls[name]) == ("book.after-commit", 2):
            boundary.set_hook(None)
            die()

    boundary.set_hook(cut_then_die)
    assert world.run().crashed
    kept = world.rows("long_texts")
    assert len(kept) == 1
    told = world.run()
    assert told.code == 7
    assert told.outcome is not None
    assert sorted({doubt.id for doubt in told.outcome.doubts}) == sorted(doubt.id for doubt in told.outcome.doubts)
    assert world.rows("long_texts") == kept


# --- access, quota ------------------------------------------------------------------------------------------------------------


def test_a_sheet_unshared_in_mid_run(tmp_path: Path) -> None:
    """F15: the sharing is taken away after a claim: exit 6, bounded calls, and the claim lands once it is shared again."""
    world = orders(make(tmp_path, "google"), "1")
    emulator: Any = world.book.emulator  # type: ignore[attr-defined]
    book_id = world.book.id  # type: ignore[attr-defined]
    at("panel.after-answer", lambda: emulator.share(book_id, emulator.service_account, "none"), time=2)
    calls = len(emulator.calls)
    told = world.run()
    assert told.code == 6
    assert "Google refuses access to the sheet" in str(told.outcome and told.outcome.stopped)
    assert len(emulator.calls) - calls <= 8
    emulator.share(book_id, emulator.service_account)
    assert world.run().code == 0
    assert world.ids("orders") == ["1"]


def test_the_key_revoked_in_mid_run(world: World) -> None:
    """F15: the key stops working between two calls: exit 6, no doubt, and what was claimed until then is in the sheet."""
    orders(world, "4")
    at("panel.before-send", lambda: world.line.trouble.extend(["key"] * 9), time=3)
    told = world.run()
    assert told.code == 6
    assert "key" in str(told.outcome and told.outcome.stopped)
    assert world.ids("orders") == ["1", "2", "3", "4"]
    assert world.doubts() == []


def test_an_outage_exactly_after_a_claim(tmp_path: Path) -> None:
    """F16: the sheet goes away right after the panel handed out: no further claim; the next run lands it."""
    world = orders(make(tmp_path, "google"), "1")
    orders(world, "2", service="2")
    world.run()
    orders(world, "3")
    orders(world, "4", service="2")
    at("panel.after-answer", lambda: sweep.fire(world, "down", "book.before-read"), time=2)
    assert world.run().code == 5
    assert world.panel.state.orders["4"].handed == 0
    assert world.run().code == 0
    assert sorted(world.ids("orders")) == ["1", "2", "3", "4"]


def test_the_quota_spent_exactly_after_a_claim(tmp_path: Path) -> None:
    """F16: Google says 429 from then on: bounded waiting, exit 5, no further claim; the next run lands it."""
    world = orders(make(tmp_path, "google"), "1")
    orders(world, "2", service="2")
    emulator: Any = world.book.emulator  # type: ignore[attr-defined]
    before = world.clock.at
    at("panel.after-answer", lambda: emulator.faults.always(Fault.status(429)), time=2)
    assert world.run().code == 5
    assert world.clock.at - before < timedelta(minutes=10)
    assert world.panel.state.orders["2"].handed == 0
    assert world.run().code == 0
    assert sorted(world.ids("orders")) == ["1", "2"]


# --- cells --------------------------------------------------------------------------------------------------------------------

STRANGE = (
    "a\x00b\x07c",
    "\ud83d alone",
    "مرحبا \u202eabc",
    "👩‍👩‍👧‍👦\r\nline\ttab",
    "x" * 60_000,
    "_x000D_",
    "'quoted",
    "  spaces  ",
)
FORMULAS = ("=1+1", '=IMPORTXML("http://x","//a")', "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", '=HYPERLINK("x","y")')


@pytest.mark.parametrize("book", BOOKS)
def test_no_cell_sinks_a_batch(tmp_path: Path, book: str) -> None:
    """F17: control characters, half a surrogate, right-to-left, emoji, 60,000 characters: every order lands, once."""
    world = make(tmp_path, book)
    body = {
        "status": "success",
        "orders": [{"id": str(n), "link": "l", "comments": text} for n, text in enumerate(STRANGE)],
    }
    world.panel.faults.append(answering(json.dumps(body), action="getOrders"))
    assert world.run().code == 0
    assert sorted(world.ids("orders")) == [str(n) for n in range(len(STRANGE))]
    parts = [row["Text"] for row in world.rows("long_texts") if str(row["ID"]) == "4"]
    assert sum(map(len, parts)) == 60_000


@pytest.mark.parametrize("book", BOOKS)
def test_formulas_of_customers_stay_text(tmp_path: Path, book: str) -> None:
    """F18: links and comments that look like formulas are stored as text, byte for byte; ids stay text, too."""
    world = make(tmp_path, book)
    for number, text in enumerate(FORMULAS):
        world.panel.add_order(f"00{number}", link=text, comments=text, quantity="5", charge="1", user_id=text)
    world.panel.add_order("12345678901234567890", link="l")
    assert world.run().code == 0
    shown = {row["ID"]: row for row in world.rows("orders")}
    for number, text in enumerate(FORMULAS):
        row = shown[f"00{number}"]
        assert [row["Link"], row["Comments"], row["User"]] == [text] * 3
        assert not isinstance(row["Link"], Formula)
    assert "12345678901234567890" in shown
    if book == "google":
        emulator: Any = world.book.emulator  # type: ignore[attr-defined]
        formulas = emulator.values(world.book.id, "'Orders'", "FORMULA")  # type: ignore[attr-defined]
        assert formulas == emulator.values(world.book.id, "'Orders'")  # type: ignore[attr-defined]
    assert world.run().code == 0
    assert updates(world) == []


POISON = (
    *("#REF!", "#N/A (Did not find value 'x' in VLOOKUP evaluation.)", "Loading...", "#DIV/0!", True, False),
    *(datetime(2026, 3, 2), "2026-03-02", "1.5", -1, 10**15, "12 000 likes", "½", "٣٫٥"),  # noqa: DTZ001
)


@pytest.mark.parametrize("field", ["status", "start_count", "remains"])
@pytest.mark.parametrize("book", ["memory", "xlsx"])
def test_poisoned_cells_are_answered_and_never_sent(tmp_path: Path, book: str, field: str) -> None:
    """F19: errors, booleans, dates and almost-numbers in cells staff fill: each is answered in its row, none is pushed."""
    keys = [str(number) for number in range(1, len(POISON) + 1)]
    world = orders(make(tmp_path, book), *keys)
    world.run()
    world.edit("orders", {key: {field: value} for key, value in zip(keys, POISON, strict=True)})
    assert world.run().code == 0
    assert updates(world) == []
    for key, value in zip(keys, POISON, strict=True):
        assert "Please check" in world.cell("orders", key, "Sync"), value


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("spoil", ["rename", "double"])
def test_a_spoiled_heading_stops_the_run_before_any_claim(tmp_path: Path, book: str, spoil: str) -> None:
    """F20: a heading renamed or doubled: exit 8, before anything is claimed; put back, the next run works."""
    world = orders(make(tmp_path, book), "1")
    before = world.book.see("orders")
    grid = [list(row) for row in before]
    if spoil == "rename":
        grid[0][grid[0].index("Remains")] = "Rest"
    else:
        grid = [[*row, "Remains" if number == 0 else None] for number, row in enumerate(grid)]
    world.book.show("orders", grid)
    told = world.run()
    assert told.code == 8
    assert "Remains" in str(told.error)
    assert world.panel.requests == []
    world.book.show("orders", before)
    assert world.run().code == 0
    assert world.ids("orders") == ["1"]


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("tab", ["orders", "ledger"])
def test_a_column_that_is_gone_stops_the_run_before_any_call(tmp_path: Path, book: str, tab: str) -> None:
    """F20: a column of ours deleted, also in the hidden tab: exit 8 naming the tab, and the panel is not asked anything."""
    world = orders(make(tmp_path, book), "1", "2")
    world.run()
    mark = len(world.panel.requests)
    before = world.book.see(tab)
    world.book.show(tab, [[*row[:1], *row[2:], None] for row in before])
    told = world.run()
    assert told.code == 8
    assert {"orders": "Orders", "ledger": "_ledger"}[tab] in str(told.error)
    assert len(world.panel.requests) == mark
    world.book.show(tab, before)
    assert world.run().code == 0


@pytest.mark.parametrize("book", BOOKS)
def test_a_hidden_tab_that_was_tampered_with_is_not_guessed_at(tmp_path: Path, book: str) -> None:
    """F20: a cell of `_ledger` typed over: exit 8, and the panel is not asked anything."""
    world = orders(make(tmp_path, book), "1")
    world.run()
    mark = len(world.panel.requests)
    before = world.book.see("ledger")
    spoiled = [list(row) for row in before]
    line = next(row for row in spoiled if row[0] == "_meta" and row[1] == "revision")
    line[2] = "many"
    world.book.show("ledger", spoiled)
    assert world.run().code == 8
    assert len(world.panel.requests) == mark
    world.book.show("ledger", before)
    assert world.run().code == 0


# --- the journal --------------------------------------------------------------------------------------------------------------


def test_a_torn_journal_is_recovered_or_refused(world: World) -> None:
    """F23: cut short or with a byte flipped: exit 8, the workbook and the panel untouched, the file left as it was; never repaired."""
    path = world.machine("a") / "journal.sqlite3"
    whole = path.read_bytes()
    mark, codes = len(world.panel.requests), Counter[int]()
    for number in range(0, len(whole), len(whole) // 23):
        flipped = bytes([*whole[:number], whole[number] ^ 0x10, *whole[number + 1 :]])
        for spoiled in (whole[:number], flipped):
            path.write_bytes(spoiled)
            try:
                with Journal.open(world.machine("a")) as journal:
                    assert journal.knows_run("run-001-a"), "opened: then it says what it said"
                codes[0] += 1
            except Damaged as error:
                codes[int(error.exit_code)] += 1
                assert path.read_bytes() == spoiled
    assert codes[8] >= 20
    path.write_bytes(whole[: len(whole) // 2])
    assert world.run().code == 8
    assert len(world.panel.requests) == mark
    path.write_bytes(whole)
    assert world.run().code == 0


def test_a_journal_of_another_version_is_refused(world: World) -> None:
    """F23: a journal of a newer layout, or of one that never was: exit 8, and nothing is guessed."""
    path = world.machine("a") / "journal.sqlite3"
    for version in (0, 4, 99):
        with sqlite3.connect(path) as db:
            db.execute(f"PRAGMA user_version = {version}")
        db.close()
        assert world.run().code == 8


# --- files, and a long absence ------------------------------------------------------------------------------------------------


def test_a_save_by_staff_in_mid_run_is_never_overwritten(tmp_path: Path) -> None:
    """F24: staff save the file while a commit is being prepared: their cell is there afterwards, and so are our rows."""
    world = orders(make(tmp_path, "xlsx"), "1")
    world.run()
    orders(world, "2")
    at("file.after-temp", lambda: world.type("orders", "1", note="call me"), time=2)
    assert world.run().code == 0
    assert world.cell("orders", "1", "Note") == "call me"
    assert world.ids("orders") == ["1", "2"]


def test_days_missed_then_many_orders(tmp_path: Path) -> None:
    """F25: 5,000 orders after a long absence: all land, asked for a hundred at a time, in one bounded run."""
    world = orders(make(tmp_path, "xlsx"), *map(str, range(1, 5_001)))
    world.clock.at = datetime(2026, 3, 20, 3, 0, tzinfo=UTC)
    told = world.run()
    assert told.code == 0
    assert len(world.ids("orders")) == 5_000
    assert len([request for request in world.panel.calls("getOrders") if request.param("type") == "1"]) == 51


def test_a_deadline_bounds_each_run_and_the_work_goes_on(tmp_path: Path) -> None:
    """F25: with time for a few answers only, each run takes what it can and ends; the runs together take everything."""
    world = orders(make(tmp_path, "memory"), *map(str, range(1, 1_001)))

    def slow(name: str) -> None:
        if name == "panel.after-answer":
            world.clock.sleep(150)

    landed = []
    while len(world.ids("orders")) < 1_000:
        before = world.clock.at
        boundary.set_hook(slow)
        assert world.run().code == 0
        boundary.set_hook(None)
        assert world.clock.at - before < timedelta(seconds=900)
        landed.append(len(world.ids("orders")))
        assert len(landed) < 9, landed
    assert landed == sorted(set(landed)), "each run made progress"
