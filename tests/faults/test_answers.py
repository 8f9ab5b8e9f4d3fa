"""Answers that contradict themselves, cost too much to read, or find no room: kept first, read rightly, and nothing is asked twice."""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from reconcile import boundary
from reconcile import journal as journals
from reconcile.core.model import Feed
from reconcile.errors import Unavailable
from reconcile.job import Stop
from reconcile.journal import Journal, State
from reconcile.panel import answers
from reconcile.panel.practice import Fault
from tests.faults.world import World, at, make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = ["4", "5", "6"]
SAID = {
    "429": (429, {}),
    "503": (503, {}),
    "rate_limited": (200, {"error": "rate_limited", "message": "Too many requests"}),
    "fail": (200, {"status": "fail", "error": "no_orders", "message": "No orders"}),
    "fail at 400": (400, {"status": "fail", "error": "bad_type"}),
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Orders 1 to 3 have been received."""
    made = make(tmp_path / "world", "memory")
    for key in ("1", "2", "3"):
        made.panel.add_order(key, quantity="100", charge="5", link=f"l{key}", user_id="u")
    assert made.run().code == 0
    return made


def orders(*keys: str) -> list[dict[str, str]]:
    return [{"id": key, "link": f"l{key}", "quantity": "10", "charge": "1", "user": "u"} for key in keys]


def pending(world: World, *keys: str) -> None:
    for key in keys:
        world.panel.add_order(key, quantity="10", charge="1", link=f"l{key}", user_id="u")


def answer(world: World, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
    """The panel hands the orders out, and answers with exactly this."""
    world.panel.faults.append(
        Fault("answer", "getOrders", 1, acts=True, status=status, body=body, headers=headers or {})
    )


def claims(world: World) -> int:
    """How often service 1 was asked for orders."""
    return len([call for call in world.panel.calls("getOrders") if dict(call.params).get("type") == "1"])


# --- F32 ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", SAID)
def test_an_answer_that_contradicts_its_envelope(world: World, said: str) -> None:
    """F32: "slow down", a failure, an outage, and orders in it: they land, and that claim is not made again."""
    pending(world, *KEYS)
    status, envelope = SAID[said]
    answer(world, json.dumps({"status": "success", "orders": orders(*KEYS), **envelope}).encode(), status)
    before = claims(world)
    assert world.run().code in (0, 7)
    assert world.ids("orders") == ["1", "2", "3", *KEYS]
    assert claims(world) <= before + 2, "at most a further page is asked for, never the same again"
    assert world.run().code in (0, 7)
    assert world.ids("orders") == ["1", "2", "3", *KEYS]
    with Journal.open(world.machine("a")) as journal:
        raws = [claim.raw for claim in journal.claims(world.meta()["book"]) if claim.raw]
    assert any(raw.status == status and b'"l6"' in raw.body for raw in raws), "kept as it arrived"


@pytest.mark.parametrize("status", [200, 429, 500, 503])
@pytest.mark.parametrize("envelope", [{}, {"error": "rate_limited", "message": "Too many requests"}])
def test_a_refund_that_succeeds_inside_another_answer(world: World, status: int, envelope: dict[str, str]) -> None:
    """F32: a success counts whatever stands around it; whatever it was, the call is made once."""
    world.type("orders", "1", status="Canceled")
    body = json.dumps({"status": "success", **envelope}).encode()
    world.panel.faults.append(Fault("answer", "setCanceled", 1, acts=True, status=status, body=body))
    for _ in range(3):
        assert world.run().code in (0, 7)
    assert len(world.panel.calls("setCanceled")) == 1
    said = world.cell("orders", "1", "Sync")
    assert "· Sent" in said or "· Not sure" in said, said


PACKED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "gzip without a label": (gzip.compress, ""),
    "gzip called deflate": (gzip.compress, "deflate"),
    "zlib called gzip": (zlib.compress, "gzip"),
    "bare deflate": (lambda body: zlib.compress(body)[2:-4], "deflate"),
    "plain called gzip": (bytes, "gzip"),
    "plain called br": (bytes, "br"),
    "gzip twice": (lambda body: gzip.compress(gzip.compress(body)), "gzip"),
}


@pytest.mark.parametrize("how", PACKED)
def test_a_body_that_is_not_what_its_label_says(world: World, how: str) -> None:
    """F32: the content decides, the label is a hint; what arrived is kept as it arrived; lost without a word is nothing."""
    pending(world, *KEYS)
    pack, label = PACKED[how]
    body = pack(json.dumps({"status": "success", "orders": orders(*KEYS)}).encode())
    answer(world, body, headers={"Content-Encoding": label} if label else {})
    assert (world.run().code, world.ids("orders")) == (0, ["1", "2", "3", *KEYS])
    with Journal.open(world.machine("a")) as journal:
        assert body in [claim.raw.body for claim in journal.claims(world.meta()["book"]) if claim.raw]


# --- F33 ------------------------------------------------------------------------------------------------------------------------

COSTLY = b'{"orders":[x' + b'[{"a":' * 200 + b"1," * 40_000


def test_an_answer_nobody_can_read_leaves_the_run_alone(world: World) -> None:
    """F33: deep and broken: the run ends with a doubt, its other work is done, and the next runs are not held up."""
    pending(world, *KEYS)
    world.type("orders", "1", status="In progress")
    answer(world, COSTLY)
    assert world.run().code == 7
    assert world.panel.state.orders["1"].status == "In progress"
    assert [(doubt["feed"], doubt["bound"]) for doubt in world.doubts()] == [("orders", 100)]
    pending(world, "7")
    world.type("orders", "2", status="In progress")
    assert world.run().code == 7
    assert "7" in world.ids("orders")
    assert world.panel.state.orders["2"].status == "In progress"


def test_an_answer_that_is_not_read_in_time_waits_behind_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F33: the run is asked to stop while it reads: the answer is set aside; the next run sends and receives first, then it lands."""
    pending(world, *KEYS)
    stop = Stop()
    read = answers.READERS[Feed.ORDERS]
    seen: list[str] = []

    def slow(raw: Any, service: str = "", *, may_continue: Callable[[], bool] = lambda: True, **said: Any) -> Any:
        if b'"l6"' in raw.body and not seen:
            seen.append("asked to stop")
            stop.requested = True
            assert not may_continue(), "reading is told that the time is over"
        return read(raw, service, may_continue=may_continue, **said)

    monkeypatch.setitem(answers.READERS, Feed.ORDERS, slow)
    answer(world, json.dumps({"orders": orders(*KEYS)}).encode().removesuffix(b"]}") + b", 1.5" * 50_000)
    told = world.run(stop=stop)
    assert seen
    with Journal.open(world.machine("a")) as journal:
        waits = [claim.state for claim in journal.unlanded(world.meta()["book"])]
    assert (told.code, waits, world.ids("orders")) == (7, [State.ASIDE], ["1", "2", "3"])
    world.type("orders", "1", status="In progress")
    pending(world, "7")
    assert world.run().code == 7
    assert world.panel.state.orders["1"].status == "In progress"
    assert world.ids("orders") == ["1", "2", "3", "7", *KEYS], "what is new lands first"


# --- F35 ------------------------------------------------------------------------------------------------------------------------


class Usage(NamedTuple):
    """A disk, as `shutil` tells of it."""

    total: int
    used: int
    free: int


def test_without_room_nothing_is_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F35: the largest answer would not fit on the disk: exit 5 before the panel hands anything out, and what staff want is said."""
    pending(world, *KEYS)
    before = claims(world)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, journals.RESERVE - 1))
    told = world.run()
    assert (told.code, claims(world)) == (5, before)
    said = str(told.error or (told.outcome and told.outcome.messages) or "") + str(world.rows("runs")[-1]["Message"])
    assert "must be free" in said
    monkeypatch.undo()
    assert world.run().code == 0
    assert world.ids("orders") == ["1", "2", "3", *KEYS]


@pytest.mark.parametrize("write", range(1, 5))
def test_the_disk_fills_while_an_answer_is_in_hand(world: World, write: int) -> None:
    """F35: from the arrival of the answer on, the journal's next writes fail: the orders land all the same, once."""
    pending(world, *KEYS)
    world.type("orders", "1", status="Canceled")
    failing = [0]

    def full(name: str) -> None:
        if name == "journal.before-write" and failing[0]:
            failing[0] += 1
            if failing[0] > write:
                raise Unavailable("The journal cannot be used: the disk is full.")

    def hook() -> None:
        failing[0] = 1
        boundary.set_hook(full)

    at("panel.after-answer", hook, time=4)
    told = world.run()
    boundary.set_hook(None)
    assert failing[0] > write
    assert told.code in (5, 7), told
    world.clock.sleep(4000)
    for _ in range(2):
        assert world.run().code in (0, 7)
    missing = set(KEYS) - set(world.ids("orders"))
    assert not missing or world.doubts(), "in the sheet, or on record"
    assert len(world.panel.calls("setCanceled")) == 1
