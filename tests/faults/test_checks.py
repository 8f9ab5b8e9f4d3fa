"""The checker sees each promise being broken: what a broken job would do is done here by hand, on a world that was whole."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconcile import boundary
from reconcile.core.lease import Lease
from reconcile.core.model import Action, Feed, Limit, Push, Result, Verdict
from reconcile.errors import ReconcileError
from reconcile.panel.practice import PracticePanel
from tests.faults import told as telling
from tests.faults.checks import Watch
from tests.faults.sweep import fire
from tests.faults.world import Crash, Told, make

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.world import World

KEY = "checks-panel-key-19b3"
DOUBT = {"id": "claim-run-001-a-7", "kind": "claim", "feed": "orders", "service": "1", "bound": 100}


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """A world with the orders 1, 2 and 3 in its sheet, which is as it should be."""
    world = make(tmp_path, panel=PracticePanel(0, 1, KEY, refills=0, cancels=0))
    for key in "123":
        world.panel.add_order(key, key, quantity="100", charge="5", link="l", user_id="u")
    assert world.run().code == 0
    watch = Watch(world)
    watch.seen, watch.read = watch.look(), len(world.panel.requests)
    watch.check()
    watch.accounted()
    assert watch.problems == []
    return watch


def typed(watch: Watch, key: str, status: str) -> None:
    """Staff choose a status."""
    watch.wish(("orders", key, "status", status))
    watch.world.type("orders", key, status=status)
    watch.seen = watch.look()


def put(world: World, tab: str, header: str, value: Any) -> None:
    """Something writes into the first row of a tab."""
    grid = world.book.see(tab)
    grid[1][grid[0].index(header)] = value
    world.book.show(tab, grid)


# --- the sheet ------------------------------------------------------------------------------------------------------------


def test_services_overwritten(watch: Watch) -> None:
    """A cell of the Services tab that nobody of the staff changed."""
    put(watch.world, "services", "Pull", "No")
    watch.check()
    assert watch.problems == [
        "services: a row was changed or removed: {'Service ID': \"'1'\", 'Pull': \"'Yes'\"}",
        "services: the job made a row of its own: {'Service ID': \"'1'\", 'Pull': \"'No'\"}",
    ]


def test_a_note_in_archive_overwritten(watch: Watch) -> None:
    """A row that left for Archive and is changed or lost there."""
    world = watch.world
    typed(watch, "1", "Completed")
    for _ in range(3):
        assert watch.run().code == 0
        world.clock.sleep(8 * 86_400)
    assert ([row["ID"] for row in watch.archive()], watch.problems) == (["1"], [])
    put(world, "archive", "Note", "overwritten")
    watch.check()
    assert len(watch.problems) == 1
    assert watch.problems[0].startswith("archive: a row was changed or removed: {'ID': \"'1'\"")


# --- what the panel was told ----------------------------------------------------------------------------------------------


def test_a_value_that_staff_took_back(watch: Watch) -> None:
    """An update with a value that no cell showed any more when the last run was over."""
    typed(watch, "1", "Completed")
    typed(watch, "1", "Processing")
    watch.run()
    assert watch.problems == []
    with watch.world.client() as client:
        client.set_completed("1")
    watch.check()
    assert watch.problems == ["nobody wanted ('orders', '1', 'status', 'Completed') (setCompleted)"]


def test_the_same_update_again_and_again(watch: Watch) -> None:
    """An update that is sent without end."""
    typed(watch, "1", "In progress")
    with watch.world.client() as client:
        for _ in range(50):
            client.set_in_progress("1")
    watch.check()
    assert watch.problems == ["the panel was told ('orders', '1', 'status', 'In progress') 50 times in a row"]


def test_a_refund_asked_for_again_although_the_panel_refuses_repeats(watch: Watch) -> None:
    """Two calls for one decision, of which the panel did only the first."""
    watch.world.panel.refuse_repeats = True
    typed(watch, "1", "Canceled")
    with watch.world.client() as client:
        client.set_canceled("1")
        with contextlib.suppress(ReconcileError):
            client.set_canceled("1")
    watch.check()
    assert watch.world.panel.state.orders["1"].refunds == ["5"]
    assert watch.problems == [
        "the panel was asked 2 times for ('orders', '1', 'status', 'Canceled'), people asked 1 times"
    ]


# --- what was lost ----------------------------------------------------------------------------------------------------------


def lose(watch: Watch, count: int, doubt: dict[str, Any]) -> list[str]:
    """So many orders of service 1 were handed out and are nowhere, with this doubt on record: what is said of them."""
    for key in range(500, 500 + count):
        watch.world.panel.add_order(str(key), handed=1, status="Processing")
    watch.world.doubts = lambda: [doubt]  # type: ignore[method-assign]
    watch.accounted()
    return [problem.partition(":")[0] for problem in watch.problems]


def test_a_doubt_that_covers_more_than_one_answer(watch: Watch) -> None:
    """Whatever its bound says, a doubt accounts for what one answer can hold."""
    said = lose(watch, 101, DOUBT | {"bound": 10**9})
    assert said == [
        "101 orders of service 1 are lost without a word",
        "101 orders, refills and cancels are lost; doubts",
    ]


@pytest.mark.parametrize(
    "other", [{"feed": "refills"}, {"service": "2"}, {"service": ""}, {"id": "claim-run-001-a", "service": "2, 3"}]
)
def test_a_doubt_about_something_else(watch: Watch, other: dict[str, str]) -> None:
    """A doubt accounts for its own feed and services only; also the one about a run that vanished names the services."""
    assert lose(watch, 1, DOUBT | other) == ["1 orders of service 1 are lost without a word"]


def test_a_doubt_that_covers_it(watch: Watch) -> None:
    """One answer of that service, bounded, on record: that is the promise kept."""
    assert lose(watch, 100, DOUBT) == []


# --- what a run told ----------------------------------------------------------------------------------------------------------


def after(watch: Watch, told: Told, before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What is said of a run with these entries in the hidden tab around it."""
    watch.world.runs = 2
    return [*telling.wrong(watch.world, replace(told, run="run-002-a"), before, now)]


def in_doubt(**other: Any) -> dict[str, str]:
    """The hidden tab's entries with one doubt."""
    return {"doubt:1": json.dumps(DOUBT | other)}


def test_a_doubt_that_is_forgotten_or_not_told(watch: Watch) -> None:
    """A doubt leaves the record by a person's word only, and until then every run says it and ends with 7."""
    told = watch.world.told[0]
    assert after(watch, told, {}, {}) == []
    assert after(watch, told, in_doubt(), {}) == [
        "run-002-a: the doubt claim-run-001-a-7 is not on record any more, and nobody resolved it",
        "run-002-a: the doubt claim-run-001-a-7 is on record, and the run said nothing of it",
        "run-002-a: exit 0, with something in doubt: ['claim-run-001-a-7']",
    ]
    assert after(watch, replace(told, code=7), {}, {}) == ["run-002-a: exit 7, with nothing in doubt"]


def test_a_doubt_without_a_bound(watch: Watch) -> None:
    """A doubt on record names no more than one answer can hold."""
    told = replace(watch.world.told[0], code=5)
    for doubt, most in (({}, 100), ({"feed": "cancels"}, 1), ({"id": "claim-run-001-a"}, 100)):
        assert after(watch, told, {}, in_doubt(**doubt, bound=most)) == []
        name = {**DOUBT, **doubt}["id"]
        assert after(watch, told, {}, in_doubt(**doubt, bound=most + 1)) == [
            f"run-002-a: a doubt is not bounded to one answer: {name} {most + 1}"
        ]


def test_a_doubt_about_orders_of_no_service(watch: Watch) -> None:
    """A doubt on record says of which service orders may be lost."""
    told = replace(watch.world.told[0], code=5)
    assert after(watch, told, {}, in_doubt(service="")) == [
        "run-002-a: a doubt about orders names no service: claim-run-001-a-7"
    ]


def test_an_order_that_came_again_without_a_word(watch: Watch) -> None:
    """P2: handed out a second time; the job may tell it in the row, which is fine, or in no way at all."""
    watch.world.panel.state.orders["2"].handed = 2
    watch.accounted()
    assert watch.problems == ["order 2 was handed out 2 times, and nobody was told"]
    watch.problems.clear()
    put(watch.world, "orders", "Sync", "#1 · Note. The panel handed this order out again on 02 Mar 08:00.")
    watch.world.panel.state.orders["1"].handed, watch.world.panel.state.orders["2"].handed = 2, 1
    watch.check()
    watch.accounted()
    assert watch.problems == []


def test_a_refund_that_history_knows_nothing_of(watch: Watch) -> None:
    """Money went back, and nobody could look it up."""
    typed(watch, "1", "Canceled")
    watch.run()
    watch.accounted()
    assert watch.problems == []
    head, *lines = watch.world.book.see("history")
    watch.world.book.show("history", [head, *lines, lines[-1]])
    watch.accounted()
    assert watch.problems.pop().startswith(
        "History has this line 2 times: ('Orders', '1', 'Status', 'Canceled', 'accepted'"
    )
    watch.world.book.show("history", [head, *lines])
    watch.world.panel.state.orders["2"].refunds.append("5")
    watch.world.panel.state.payments.append({"user": "ann", "amount": "1.00", "details": "d"})
    watch.accounted()
    assert watch.problems == [
        "order 2 was refunded, and History knows nothing of it",
        "payments: 1 were sent, and History knows nothing of them",
    ]


def test_a_run_that_sends_what_a_limit_holds(watch: Watch) -> None:
    """A run that never began asks the panel for nothing; what a limit holds is neither sent nor in History, and exit 0 is none."""
    told = watch.world.told[0]
    assert after(watch, Told(4, calls=1), {}, {}) == [
        "run-002-a ended with 4 before it began, and called the panel 1 times"
    ]
    assert told.outcome is not None
    push = Push(Feed.ORDERS, "77", 2, Action.SET_CANCELED, "77")
    plan = replace(told.outcome.plan, limits=(Limit("refunds", "26 refunds.", (("orders", "77"),)),), held=(push,))
    held = replace(told.outcome, plan=plan, exit_code=3)
    assert after(watch, replace(told, outcome=held, code=3), {}, {}) == []
    assert after(watch, replace(told, outcome=held), {}, {}) == [
        "run-002-a ended with 0, although a limit holds rows: 26 refunds."
    ]
    sent = replace(held, results=(Result(push, Verdict.ACCEPTED),))
    assert after(watch, replace(told, outcome=sent, code=3), {}, {}) == [
        "run-002-a sent something of orders 77, which a limit holds"
    ]
    head, *_ = watch.world.book.see("history")
    line = {"Run": "run-002-a", "Tab": "Orders", "ID": "77"}
    watch.world.book.show("history", [head, [line.get(str(name), "x") for name in head]])
    assert after(watch, replace(told, outcome=held, code=3), {}, {}) == [
        "run-002-a held rows, and History has changes of them"
    ]


def test_a_run_that_does_not_wait_its_turn(watch: Watch) -> None:
    """While another machine's run holds the lease nothing is called; an expired one, or its own machine's, stops nobody."""
    told, now = replace(watch.world.told[0], calls=1), watch.world.clock.at

    def said(run: str, seconds: int) -> list[str]:
        lease = {"lease": Lease(run, now + timedelta(seconds=seconds)).text()}
        return [problem.partition(":")[0] for problem in after(watch, told, lease, lease)]

    assert said("run-001-b", 60) == ["run-002-a called the panel 1 times while another run held the lease"]
    assert (said("run-001-a", 60), said("run-001-b", -60)) == ([], [])


def test_a_run_without_end(watch: Watch) -> None:
    """A run that takes longer, asks more often or begins more after its deadline than any run may."""
    told = watch.world.told[0]
    assert after(watch, replace(told, seconds=2_000.0), {}, {}) == ["run-002-a took 2000 s and 6 calls"]
    assert after(watch, replace(told, calls=1_000), {}, {}) == ["run-002-a took 0 s and 1000 calls"]
    assert after(watch, replace(told, late=50), {}, {}) == ["run-002-a made 50 calls after its deadline"]


def test_a_crash_that_is_caught(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was to die and went on."""

    def caught(*_: object, **__: object) -> Any:
        with contextlib.suppress(Crash):
            fire(watch.world, "crash", "panel.before-send")
        raise ReconcileError("something else")

    monkeypatch.setattr("tests.faults.world.sync", caught)
    watch.run()
    assert watch.problems == ["run-002-a: the process was to die, and the code under test caught that and went on to 1"]


@pytest.mark.parametrize("where", ["error", "journal", "outcome"])
def test_a_key_that_shows(watch: Watch, where: str) -> None:
    """The key in what a run says, in its error's cause, or in a journal's bytes."""
    told = watch.world.told[0]
    if where == "error":
        told = Told(5, error=ReconcileError("no answer"))
        told.error.__cause__ = ValueError(f"with {KEY}")  # type: ignore[union-attr]
    elif where == "journal":
        (watch.world.machine("a") / "journal.sqlite3-wal").write_bytes(b"..." + KEY.encode())
    elif told.outcome is not None:
        told = replace(told, outcome=replace(told.outcome, messages=(KEY,)))
    assert after(watch, told, {}, {}) == ["run-002-a: the key is in what it said or in its journal"]


def test_a_key_in_a_cell(watch: Watch) -> None:
    """The key in any tab, also a hidden one."""
    put(watch.world, "runs", "Message", f"the key {KEY} was refused")
    watch.accounted()
    assert watch.problems == ["runs: the panel's key stands in a cell"]


def test_no_secret_is_found_where_there_is_none(watch: Watch) -> None:
    """A whole run on a whole world breaks nothing, and its hook is off afterwards."""
    assert watch.run().code == 0
    watch.accounted()
    assert (watch.problems, boundary._hook) == ([], None)
