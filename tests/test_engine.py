"""The run's order of things, over a workbook in memory, the real journal and a panel that plays a script.

What is checked is what happened, in which order: the panel's calls and the workbook's and the journal's boundaries, as one list.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconcile import boundary
from reconcile.core.identity import BOOK
from reconcile.core.lease import Lease, claiming_of, doubts_of, lease_of
from reconcile.core.ledger import Ledger
from reconcile.core.model import Commit, Feed, ItemResult, OrderUpdate, RawAnswer, Verdict
from reconcile.core.plan import Rules
from reconcile.errors import AccessRefused, Exit, LeaseHeld, NeverSent, Refused, RevisionMoved, Unavailable, Unknown
from reconcile.job import Job, Stop, sync
from reconcile.journal import Journal
from reconcile.panel.port import CutShort, by_its_call
from tests.contract.memory import MemoryWorkbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reconcile.core.evidence import Seen
    from reconcile.core.model import Outcome, Push, Snapshot
    from reconcile.panel.port import Keep

NOW = datetime(2026, 3, 2, 9, 55, tzinfo=UTC)
YES = ItemResult(Verdict.ACCEPTED)
EMPTY = b'{"status":"success","orders":[]}'


def answer(*ids: str) -> bytes:
    """A getOrders answer."""
    orders = [{"id": key, "link": f"l{key}", "charge": "2.50", "user_id": "u", "quantity": "1000"} for key in ids]
    return json.dumps({"status": "success", "orders": orders}).encode()


class Script:
    """A panel that answers as told: per call name a queue of answers or errors, else what a good panel would say."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.calls: Counter[str] = Counter()
        self.says: dict[str, list[Any]] = {}
        self.sent: list[list[OrderUpdate]] = []
        self.before: Callable[[str], None] = lambda _: None

    def _play(self, name: str, what: str, good: Any) -> Any:
        self.calls[name] += 1
        self.log.append(f"{name} {what}".strip())
        self.before(name)
        queue = self.says.get(name)
        said = queue.pop(0) if queue else good
        if isinstance(said, BaseException):
            raise said
        return said(what) if callable(said) else said

    def probe(self) -> None:
        self._play("probe", "", None)

    name = "panel.test/admin/v1"
    dialect, ways, looks, lists, longest_call = "v1", True, False, False, 105.0

    def claim(self, feed: Feed, service: str, *, keep: Keep | None = None) -> RawAnswer:
        call, good = {
            Feed.ORDERS: ("getOrders", EMPTY),
            Feed.REFILLS: ("getRefills", b'{"status":"success","refills":[]}'),
            Feed.CANCELS: ("getCancel", b'{"status":"fail","error":"no_order"}'),
        }[feed]
        assert keep is not None
        return self._kept(keep, lambda: self._play(call, service, good))

    def tell(self, push: Push, *, keep: Keep | None = None) -> str:
        return by_its_call(self, push, keep)

    def look(self, ids: Sequence[str]) -> dict[str, Seen]:
        raise AssertionError(f"{ids} were looked at, and this panel cannot be")

    listed = look  # type: ignore[assignment]

    def clock_ahead(self, now: datetime) -> float | None:  # noqa: ARG002 - the port's
        return None

    def _kept(self, keep: Keep, play: Callable[[], bytes]) -> RawAnswer:
        """As the client does: an answer is kept as it arrives, also a cut one."""
        try:
            raw = RawAnswer(200, play())
        except CutShort as error:
            keep.arrived(error.partial)
            raise
        keep.arrived(raw)
        return raw

    def update_orders(
        self,
        updates: Sequence[OrderUpdate],
        *,
        once: bool = False,  # noqa: ARG002 - the panel's
        keep: Keep | None = None,  # noqa: ARG002 - same
        form: bool = False,  # noqa: ARG002 - same
        late: bool = True,  # noqa: ARG002 - same
        crashed: bool = True,  # noqa: ARG002 - same
    ) -> dict[str, ItemResult]:
        self.sent.append(list(updates))
        found = self._play("updateOrders", ",".join(update.id for update in updates), None)
        return {update.id: YES for update in updates} if found is None else dict(found)

    def __getattr__(self, name: str) -> Callable[..., str]:
        if not name.startswith(("set_", "add_")):
            raise AttributeError(name)
        return lambda *values, **_: str(self._play(name, " ".join(str(value) for value in values), "done"))


class Desk:
    """One workbook, one panel, any number of journals, and a clock that stands still until it is moved."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.now, self.runs = folder, [], NOW, 0
        self.book = MemoryWorkbook(("12",))
        self.panel = Script(self.log)
        self.rules = Rules(max_closed_share=100)
        boundary.set_hook(self._mark)
        self.at: dict[str, list[BaseException | Callable[[], None] | None]] = {}
        self.book.commit(Commit("init", meta={BOOK: "book-1"}), 0)
        self.log.clear()

    def _mark(self, name: str) -> None:
        self.log.append(name)
        queue = self.at.get(name)
        act = queue.pop(0) if queue else None
        if isinstance(act, BaseException):
            raise act
        if act is not None:
            act()

    def run(self, machine: str = "a", *, force: bool = False, stop: Stop | None = None, **options: Any) -> Outcome:
        """One whole run."""
        self.runs += 1
        self.log.clear()
        with Journal.open(self.folder / machine) as journal:
            job = Job(
                book=self.book,
                panel=self.panel,
                journal=journal,
                rules=self.rules,
                clock=lambda: self.now,
                run=f"run-{self.runs}",
                stop=stop or Stop(),
                **options,
            )
            return sync(job, force=force)

    def receive(self, *ids: str) -> None:
        """A run that brings these orders in."""
        self.panel.says["getOrders"] = [answer(*ids)]
        assert self.run().exit_code == Exit.DONE

    def snapshot(self) -> Snapshot:
        """The workbook now, without leaving a trace."""
        kept = list(self.log)
        found = self.book.read()
        self.log[:] = kept
        return found

    def type(self, key: str, tab: str = "orders", **cells: Any) -> None:
        """Staff type into one row."""
        places = self.book.positions(tab)
        grid = self.book.grids[tab]
        row = next(row for row in grid[1:] if row[places["id"]] == key)
        row.extend([None] * (len(grid[0]) - len(row)))
        for name, value in cells.items():
            row[places[name]] = value

    def add(self, tab: str, **cells: Any) -> None:
        """Staff write a row."""
        places = self.book.positions(tab)
        row: list[Any] = [None] * len(self.book.grids[tab][0])
        for name, value in cells.items():
            row[places[name]] = value
        self.book.grids[tab].append(row)

    def says(self, key: str, tab: str = "orders") -> str:
        """What a row's Sync cell shows."""
        return str(self.snapshot().tabs[tab]["sync"][key])

    def known(self, key: str, tab: str = "orders") -> Any:
        """A ledger row."""
        return Ledger(self.snapshot().ledger).row(tab, key)

    def story(self) -> list[str]:
        """The log without what happens around every write of the journal."""
        return [line for line in self.log if not line.startswith("journal.before")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path)
    boundary.set_hook(None)


# --- order -------------------------------------------------------------------------------------------------------------------


def test_a_quiet_run_reads_once_and_writes_twice(desk: Desk) -> None:
    """Nothing is asked of the panel before the first write; every intent is on the disk before its call."""
    assert desk.run().exit_code == Exit.DONE
    assert [line for line in desk.story() if not line.startswith("journal")] == [
        "book.before-read",
        "book.after-read",
        "book.before-commit",
        "book.after-commit",
        "probe",
        "getOrders 12",
        "getRefills",
        "getCancel",
        "book.before-commit",
        "book.after-commit",
    ]
    for call in ("getOrders 12", "getRefills", "getCancel"):
        place = desk.log.index(call)
        assert desk.log[place - 1] == "journal.after-write"  # the intent
        assert desk.log[place + 1] == "journal.before-write"  # the raw answer


def test_each_answer_lands_before_the_next_claim(desk: Desk) -> None:
    """Journaled, committed, marked as landed; only then is the panel asked again."""
    full = [str(number) for number in range(100)]
    desk.panel.says["getOrders"] = [answer(*full), answer("100")]
    outcome = desk.run()
    assert dict(outcome.landed) == {"orders": 101}
    claims = [place for place, line in enumerate(desk.log) if line == "getOrders 12"]
    between = desk.log[claims[0] + 1 : claims[1]]
    assert between == [
        *("journal.before-write", "journal.after-write"),  # raw
        *("journal.before-write", "journal.after-write"),  # about to commit
        *("book.before-commit", "book.after-commit"),  # landed
        *("journal.before-write", "journal.after-write"),  # committed
        *("journal.before-write", "journal.after-write"),  # said so
        *("journal.before-write", "journal.after-write"),  # the next intent
    ]
    assert [line for line in desk.story() if line == "book.after-commit"] == ["book.after-commit"] * 4


def test_pushes_go_updates_then_decisions_then_refunds_each_refund_noted_around_its_call(desk: Desk) -> None:
    """Marks are committed before anything is sent, and the journal stands around every refund."""
    desk.receive("1", "2")
    desk.type("1", status="Partial", remains=5, start_count=9)
    desk.type("2", status="Completed")
    desk.add("payments", reference="P1", user="u", amount=5, details="d", send="Yes")
    outcome = desk.run()
    calls = [line for line in desk.log if not line.startswith(("journal", "book"))]
    assert calls[:3] == ["updateOrders 1,2", "set_partial 1 5", "add_payment u 5.00 d None"]
    assert "probe" not in calls  # the panel has answered already
    assert desk.log.index("book.after-commit") < desk.log.index("updateOrders 1,2")
    for call in calls[1:3]:
        place = desk.log.index(call)
        assert (desk.log[place - 1], desk.log[place + 1]) == ("journal.after-write", "journal.before-write")
    assert [result.verdict for result in outcome.results] == [Verdict.ACCEPTED] * 4
    assert (desk.known("1")["refunded"], desk.known("2")["status"]) == ("Partial", "Completed")
    desk.run()
    assert not any(line.startswith(("updateOrders", "set_", "add_")) for line in desk.log)


# --- updates -----------------------------------------------------------------------------------------------------------------


def test_only_what_was_accepted_is_settled(desk: Desk) -> None:
    """Accepted, refused, absent: one moves, one rests, one goes again and the ledger does not say what the panel has."""
    desk.receive("1", "2", "3")
    for key in "123":
        desk.type(key, status="In progress")
    desk.panel.says["updateOrders"] = [{"1": YES, "2": ItemResult(Verdict.REFUSED, "bad_id"), "99": YES}]
    assert desk.run().exit_code == Exit.DONE
    assert [desk.known(key)["status"] for key in "123"] == ["In progress", "Processing", None]
    desk.run()
    assert "updateOrders 3" in desk.log


def test_a_whole_refusal_is_bisected_to_the_rows_that_cause_it(desk: Desk) -> None:
    """One bad row among eight starves none of the others, in a bounded number of calls."""
    desk.receive(*"12345678")
    for key in "12345678":
        desk.type(key, start_count=int(key))

    def strict(ids: str) -> Any:
        if "6" in ids.split(","):
            raise Refused("bad_order_list", about_orders=True)

    desk.panel.says["updateOrders"] = [strict] * 20
    outcome = desk.run()
    assert {result.push.key: result.verdict for result in outcome.results} == {
        key: Verdict.REFUSED if key == "6" else Verdict.ACCEPTED for key in "12345678"
    }
    assert desk.panel.calls["updateOrders"] == 7


def test_a_panel_without_the_bulk_call_gets_the_single_ones(desk: Desk) -> None:
    """Start count and remains before the status, each with its own answer; one refused row leaves the others alone."""
    desk.receive("1", "2", "3")
    desk.type("1", status="In progress", start_count=5)
    desk.type("2", status="Completed", remains=0, start_count=6)
    desk.type("3", remains=7)
    desk.panel.says["updateOrders"] = [Refused("bad_action", lacks_action=True)]
    desk.panel.says["set_remains"] = [Refused("no"), "done"]
    outcome = desk.run()
    calls = [line for line in desk.log if line.startswith("set_")]
    assert calls == [
        "set_in_progress 1 5",
        "set_start_count 2 6",
        "set_remains 2 0",
        "set_completed 2",
        "set_remains 3 7",
    ]
    assert [
        (result.push.key, [change.field for change in result.push.changes], result.verdict)
        for result in outcome.results
    ] == [
        ("1", ["status", "start_count"], Verdict.ACCEPTED),
        ("2", ["status", "start_count"], Verdict.ACCEPTED),
        ("2", ["remains"], Verdict.REFUSED),
        ("3", ["remains"], Verdict.ACCEPTED),
    ]


def test_nothing_is_completed_before_what_was_refused_of_it_is_put_right(desk: Desk) -> None:
    """A completed order takes no start count any more; the status waits with it."""
    desk.receive("2")
    desk.type("2", status="Completed", start_count=6)
    desk.panel.says["updateOrders"] = [Refused("bad_action", lacks_action=True)]
    desk.panel.says["set_start_count"] = [Refused("no")]
    outcome = desk.run()
    assert [line for line in desk.log if line.startswith("set_")] == ["set_start_count 2 6"]
    assert [result.verdict for result in outcome.results] == [Verdict.REFUSED]


def test_a_panel_that_cannot_be_reached_is_left_alone_and_nothing_is_claimed(desk: Desk) -> None:
    """A call that never got through ends the run; everything is sent the next time."""
    desk.receive(*[str(number) for number in range(99)])
    for number in range(99):
        desk.type(str(number), start_count=7 * number * number)
    desk.panel.says["updateOrders"] = [NeverSent("no route")]
    outcome = desk.run()
    assert outcome.exit_code == Exit.UNAVAILABLE
    assert not any(line.startswith("get") for line in desk.log)
    assert lease_of(desk.snapshot().meta) is None
    assert desk.run().exit_code == Exit.DONE


# --- refunds -----------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


def refund_desk(desk: Desk) -> None:
    desk.receive("1")
    desk.type("1", status="Canceled")


def test_killed_between_the_mark_and_the_call_the_refund_goes_once(desk: Desk) -> None:
    """This machine's journal knows that it never left."""
    refund_desk(desk)
    desk.at["book.after-commit"] = [Killed()]
    with pytest.raises(Killed):
        desk.run()
    assert desk.known("1")["sending"] is not None
    outcome = desk.run()
    assert [result.verdict for result in outcome.results] == [Verdict.ACCEPTED]
    assert desk.panel.calls["set_canceled"] == 1


@pytest.mark.parametrize("machine", ["a", "b"])
def test_killed_in_the_call_the_refund_is_in_doubt(desk: Desk, machine: str) -> None:
    """Nobody can know, so nobody sends it again: here or on another machine, until a person says."""
    refund_desk(desk)
    desk.panel.says["set_canceled"] = [Killed()]
    with pytest.raises(Killed):
        desk.run()
    desk.now += timedelta(hours=1)
    outcome = desk.run(machine)
    assert outcome.exit_code == Exit.DOUBT
    assert desk.says("1").startswith("#1 · Not sure. It is not known whether the cancel and refund went through")
    assert desk.panel.calls["set_canceled"] == 1
    desk.type("1", unsure="Send again")
    outcome = desk.run(machine)
    # the other machine also has what the dead run was about to claim on record, for a person to look into
    assert [doubt.kind for doubt in outcome.doubts] == ([] if machine == "a" else ["claim"])
    desk.run(machine)
    assert desk.panel.calls["set_canceled"] == 2


def test_killed_after_the_call_the_journal_settles_it(desk: Desk) -> None:
    """The answer was noted, so the next run on this machine knows it; another machine asks."""
    refund_desk(desk)

    def die_at_the_end(name: str) -> None:
        if name == "getOrders":
            raise Killed

    desk.panel.before = die_at_the_end
    with pytest.raises(Killed):
        desk.run()
    desk.panel.before = lambda _: None
    outcome = desk.run()
    assert outcome.results == ()
    assert (desk.known("1")["refunded"], desk.known("1")["sending"]) == ("Canceled", None)
    assert desk.panel.calls["set_canceled"] == 1
    assert outcome.exit_code == Exit.DOUBT  # the claim that was cut off is on record, at most one answer
    assert [doubt.kind for doubt in outcome.doubts] == ["claim"]


def test_an_unclear_refund_ends_in_doubt_and_a_stop_before_it_does_not(desk: Desk) -> None:
    """What never started is sent by the next run."""
    desk.receive("1", "2")
    for key in "12":
        desk.type(key, status="Canceled")
    stop = Stop()
    desk.panel.says["set_canceled"] = [Unknown("timed out")]
    desk.panel.before = lambda _: setattr(stop, "requested", True)
    outcome = desk.run(stop=stop)
    desk.panel.before = lambda _: None
    assert [(result.push.key, result.verdict) for result in outcome.results] == [
        ("1", Verdict.UNKNOWN),
        ("2", Verdict.NOT_SENT),
    ]
    assert outcome.exit_code == Exit.DOUBT
    assert lease_of(desk.snapshot().meta) is None
    outcome = desk.run()
    assert [(result.push.key, result.verdict) for result in outcome.results] == [("2", Verdict.ACCEPTED)]


def test_what_was_refused_beside_a_doubt_stays_refused(desk: Desk) -> None:
    """A person settles the refund in doubt; the start count that the panel refused with it is not forgotten over that."""
    desk.receive("1")
    desk.type("1", status="Partial", remains=27, start_count=5)
    desk.panel.says["updateOrders"] = [{"1": ItemResult(Verdict.REFUSED, "not now")}]
    desk.panel.says["set_partial"] = [Unknown("timed out")]
    assert desk.run().exit_code == Exit.DOUBT
    told = "The panel did not take Start count 5"
    assert "Not sure" in desk.says("1")
    assert told in desk.says("1")
    assert desk.run().exit_code == Exit.DOUBT
    assert "Not sure" in desk.says("1")
    assert told in desk.says("1")
    desk.type("1", unsure="It went through")
    assert desk.run().exit_code == Exit.DONE
    assert "you said it went through" in desk.says("1")
    assert told in desk.says("1")
    desk.type("1", start_count=6)
    assert desk.run().plan.pushes == ()
    assert "a closed order stays closed" in desk.says("1")
    desk.type("1", start_count=None)
    assert desk.run().plan.pushes == ()
    assert told not in desk.says("1")


# --- two runs, time ------------------------------------------------------------------------------------------------------------


def test_overtaken_before_it_began_a_run_reads_again(desk: Desk) -> None:
    """It has done nothing yet, so it starts over; three times, then it gives up."""
    moved = RevisionMoved("moved")
    desk.at["book.before-commit"] = [moved, moved]
    assert desk.run().exit_code == Exit.DONE
    assert desk.log.count("book.before-read") == 3
    desk.at["book.before-commit"] = [moved, moved, moved]
    with pytest.raises(RevisionMoved):
        desk.run()
    assert not any(line.startswith(("probe", "get")) for line in desk.log)


def test_overtaken_at_a_landing_the_answer_waits_in_the_journal(desk: Desk) -> None:
    """Nothing further is claimed, nothing is lost, the next run lands it once."""
    desk.panel.says["getOrders"] = [answer(*[str(number) for number in range(100)])]
    desk.at["book.before-commit"] = [None, RevisionMoved("moved"), RevisionMoved("moved")]
    outcome = desk.run()
    assert outcome.exit_code == Exit.LEASE
    assert desk.panel.calls["getOrders"] == 1
    assert len(desk.snapshot().tabs["orders"]) == 0
    outcome = desk.run()
    assert dict(outcome.landed) == {"orders": 100}
    assert len(desk.snapshot().tabs["orders"]) == 100


def long_answer(count: int) -> bytes:
    """A getOrders answer whose orders have comments of 500,000 characters each."""
    whole = json.loads(answer(*[str(number) for number in range(1, count + 1)]))
    for order in whole["orders"]:
        order["comments"] = f"{order['id']} " * 250_000
    return json.dumps(whole).encode()


def texts(desk: Desk) -> dict[str, str]:
    """id → what Long texts holds of it, parts in order."""
    found: dict[str, str] = {}
    frame = desk.snapshot().tabs["long_texts"]
    for key, text in zip(frame["id"], frame["text"], strict=True):
        found[key] = found.get(key, "") + text
    return found


def test_long_texts_land_in_several_commits_of_whole_rows(desk: Desk) -> None:
    """7 orders of half a million characters: two to a commit, and the panel is asked further only after the last."""
    desk.panel.says["getOrders"] = [long_answer(7)]
    outcome = desk.run()
    assert dict(outcome.landed) == {"orders": 7}
    claiming = desk.story()[desk.story().index("getOrders 12") : desk.story().index("getRefills")]
    assert claiming == [
        "getOrders 12",
        "journal.after-write",
        *[
            "journal.after-write",
            "book.before-commit",
            "book.after-commit",
            "journal.after-write",
            "journal.after-write",
        ]
        * 4,
        "journal.after-write",
    ]
    assert texts(desk) == {str(number): f"{number} " * 250_000 for number in range(1, 8)}


@pytest.mark.parametrize("landed", [1, 3])
def test_killed_between_two_commits_of_one_answer_the_rest_lands_next_time(desk: Desk, landed: int) -> None:
    """Nothing twice, nothing lost; the next run's first commit carries no more than any other."""
    desk.panel.says["getOrders"] = [long_answer(7)]
    desk.at["book.before-commit"] = [*[None] * (1 + landed), Killed()]
    with pytest.raises(Killed):
        desk.run()
    assert len(desk.snapshot().tabs["orders"]) == 2 * landed
    outcome = desk.run()
    assert (outcome.exit_code, dict(outcome.landed), outcome.messages) == (Exit.DONE, {"orders": 7 - 2 * landed}, ())
    commits = desk.story()[: desk.story().index("probe")].count("book.after-commit")
    assert commits == 4 - landed
    assert texts(desk) == {str(number): f"{number} " * 250_000 for number in range(1, 8)}


def test_a_commit_of_long_texts_that_fails_leaves_the_rest_to_the_end(desk: Desk) -> None:
    """What landed stays, what did not comes with the last commit: each order once."""
    desk.panel.says["getOrders"] = [long_answer(5)]
    desk.at["book.before-commit"] = [None, None, Unavailable("no way there")]
    outcome = desk.run()
    assert (outcome.exit_code, dict(outcome.landed)) == (Exit.UNAVAILABLE, {"orders": 5})
    assert list(desk.snapshot().tabs["orders"].index) == ["1", "2", "3", "4", "5"]
    assert desk.run().messages == ()


def test_what_could_not_be_written_at_the_end_is_not_told_as_landed(desk: Desk) -> None:
    """The landing fails and so does the last commit: the outcome counts no order and no broken record; the next run lands both."""
    whole = json.loads(answer("1"))
    whole["orders"].append({"link": "an order without its id"})
    desk.panel.says["getOrders"] = [json.dumps(whole).encode()]
    desk.at["book.before-commit"] = [None, Unavailable("no way there"), Unavailable("no way there")]
    outcome = desk.run()
    assert (outcome.exit_code, outcome.landed, outcome.doubts) == (Exit.UNAVAILABLE, (), ())
    outcome = desk.run()
    assert dict(outcome.landed) == {"orders": 1}
    assert [doubt.kind for doubt in outcome.doubts] == ["broken"]


def test_what_lands_with_the_last_commit_is_told(desk: Desk) -> None:
    """The landing fails once: the last commit brings the order handed out again, and its message with it."""
    desk.receive("1")
    desk.panel.says["getOrders"] = [answer("1")]
    desk.at["book.before-commit"] = [None, Unavailable("no way there")]
    assert desk.run().messages == (
        "Order 1: The panel handed this order out again on 02 Mar 09:55; it is Processing there. Choose its Status anew.",
    )


def test_overtaken_at_the_end_the_results_are_worked_out_again(desk: Desk) -> None:
    """Absolute updates go again, a refund does not."""
    desk.receive("1", "2")
    desk.type("1", status="Canceled")
    desk.type("2", start_count=5)
    desk.at["book.before-commit"] = [None, RevisionMoved("moved")]
    assert desk.run().exit_code == Exit.LEASE
    desk.run()
    assert (desk.panel.calls["set_canceled"], desk.panel.calls["updateOrders"]) == (1, 2)
    assert (desk.known("1")["refunded"], desk.known("2")["start_count"]) == ("Canceled", "5")


def test_a_held_lease_is_waited_for_and_a_dead_one_taken_over(desk: Desk) -> None:
    """Until its time another machine stays out; this machine's own dead run is known to be dead."""
    held = Lease("elsewhere", NOW + timedelta(seconds=100))
    desk.book.commit(Commit("elsewhere", meta={"lease": held.text()}), desk.snapshot().revision)
    with pytest.raises(LeaseHeld):
        desk.run()
    assert not any(line.startswith(("probe", "get", "book.before-commit")) for line in desk.log)
    desk.now += timedelta(seconds=100)
    assert desk.run().exit_code == Exit.DONE


def test_a_lease_is_renewed_before_it_runs_out(desk: Desk) -> None:
    """A slow panel costs one more write, not the right to run."""
    desk.receive("1")
    desk.add("payments", reference="P1", user="u", amount=5, details="d", send="Yes")
    desk.add("payments", reference="P2", user="u", amount=6, details="d", send="Yes")

    def slow(name: str) -> None:
        if name == "add_payment":
            desk.now += timedelta(seconds=200)

    desk.panel.before = slow
    assert desk.run().exit_code == Exit.DONE
    first, second = (place for place, line in enumerate(desk.log) if line.startswith("add_payment"))
    assert "book.after-commit" in desk.log[first:second]


@pytest.mark.parametrize(("longest", "writes"), [(200, 0), (250, 1)])
def test_a_lease_is_renewed_when_the_longest_call_could_outlast_it(desk: Desk, longest: int, writes: int) -> None:
    """Of 300 s, 240 are left after the first payment: enough for a call of 200 s, too little for one of 250."""
    desk.add("payments", reference="P1", user="u", amount=5, details="d", send="Yes")
    desk.add("payments", reference="P2", user="u", amount=6, details="d", send="Yes")
    desk.panel.before = lambda name: setattr(desk, "now", desk.now + timedelta(seconds=60 * (name == "add_payment")))
    assert desk.run(renew=timedelta(seconds=longest)).exit_code == Exit.DONE
    first, second = (place for place, line in enumerate(desk.log) if line.startswith("add_payment"))
    assert desk.log[first:second].count("book.after-commit") == writes


def test_the_deadline_ends_a_run_in_good_order(desk: Desk) -> None:
    """What was not reached waits for the next run; the lease is given back."""
    desk.receive("1")
    desk.type("1", start_count=1)
    desk.panel.before = lambda _: setattr(desk, "now", desk.now + timedelta(seconds=700))
    outcome = desk.run()
    desk.panel.before = lambda _: None
    assert [line for line in desk.log if line.startswith("get")] == []
    assert [result.verdict for result in outcome.results] == [Verdict.ACCEPTED]
    assert lease_of(desk.snapshot().meta) is None


# --- stopped -------------------------------------------------------------------------------------------------------------------


def test_a_limit_holds_its_rows_and_nothing_else(desk: Desk) -> None:
    """Exit 3, no refund, every held row names its list and its own part; the rest goes out and comes in; with force it goes."""
    desk.receive("1", "2", "3", "4")
    desk.rules = Rules(max_refunds=2)
    for key in "123":
        desk.type(key, status="Canceled")
    desk.type("4", status="Completed")
    desk.panel.calls.clear()
    desk.panel.says["getOrders"] = [answer("5")]
    outcome = desk.run()
    code = outcome.plan.approvals[0].code
    assert (outcome.exit_code, desk.panel.calls["set_canceled"]) == (Exit.LIMIT, 0)
    assert desk.says("1") == (
        f"#1 · Held by list {code} in Approvals: 3 refunds in one run, 2 allowed. In this row: Status Canceled (refund 2.50). "
        f"If it is meant, tick {code} there; if not, mend the row."
    )
    assert desk.says("4") == "#4 · Sent 02 Mar 09:55: Status Completed."
    assert desk.says("5") == "#5 · New. Type the start count, then choose a Status."
    assert desk.known("1")["sending"] is None
    assert desk.run(force=True).exit_code == Exit.DONE
    assert desk.panel.calls["set_canceled"] == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessRefused("bad key"), Exit.ACCESS),
        (NeverSent("no route"), Exit.UNAVAILABLE),
        (Unavailable("gone"), Exit.UNAVAILABLE),
    ],
)
def test_a_panel_that_cannot_be_used_is_found_out_before_anything_is_claimed(
    desk: Desk, error: Exception, code: Exit
) -> None:
    """The proof without a side effect goes first, so a dead panel or a wrong key leaves no doubt behind."""
    desk.panel.says["probe"] = [error]
    outcome = desk.run()
    assert (outcome.exit_code, outcome.doubts) == (code, ())
    assert not any(line.startswith("get") for line in desk.log)
    assert (lease_of(desk.snapshot().meta), claiming_of(desk.snapshot().meta)) == (None, None)


def test_a_key_refused_in_mid_run_keeps_what_was_settled(desk: Desk) -> None:
    """Exit 6; what had been accepted by then is in the ledger, the rest goes next time."""
    desk.receive("1", "2")
    desk.type("1", start_count=5)
    desk.type("2", status="Canceled")
    desk.panel.says["set_canceled"] = [AccessRefused("bad key")]
    assert desk.run().exit_code == Exit.ACCESS
    assert (desk.known("1")["start_count"], desk.known("2")["sending"]) == ("5", None)
    assert not any(line.startswith("get") for line in desk.log)
    assert desk.run().exit_code == Exit.DONE
    assert desk.known("2")["refunded"] == "Canceled"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("#REF!", "“#REF!”"),
        ("abc def", "“abc def”"),
        ("2, 3", "“2, 3”"),
        (True, "“True”"),
        (1.5, "“1.5”"),
        ("-4", "“-4”"),
        ("Pull", "“Pull”"),
    ],
)
def test_what_is_no_services_number_is_answered_and_not_asked_for(desk: Desk, typed: Any, shown: str) -> None:
    """The row is named, the other services are received."""
    desk.add("services", service_id=typed, pull="Yes")
    outcome = desk.run()
    assert outcome.messages == (
        f"Services: row 3: Service ID is {shown} but must be one number, like 12. Nothing is received for it.",
    )
    assert [line for line in desk.log if line.startswith("getOrders")] == ["getOrders 12"]


# --- claims in doubt -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unclear", [Unknown("timed out"), b"", b"<html>", b'{"status":"success","orders":[{"id":"1"'])
def test_an_unclear_claim_is_on_record_and_ends_the_claiming(desk: Desk, unclear: Any) -> None:
    """Exit 7, one doubt with its bound, no second call; it is said every run until it is resolved."""
    desk.panel.says["getOrders"] = [unclear]
    outcome = desk.run()
    assert outcome.exit_code == Exit.DOUBT
    whole = [doubt for doubt in outcome.doubts if doubt.kind == "claim"]
    assert [(doubt.feed, doubt.service, doubt.bound) for doubt in whole] == [(Feed.ORDERS, "12", 100)]
    assert [line for line in desk.log if line.startswith("get")] == ["getOrders 12"]
    assert {doubt.id for doubt in doubts_of(desk.snapshot().meta)} == {doubt.id for doubt in outcome.doubts}
    again = desk.run()
    assert again.exit_code == Exit.DOUBT
    assert {doubt.id for doubt in again.doubts} == {doubt.id for doubt in outcome.doubts}


def test_a_panel_that_only_asks_to_slow_down_ends_the_claiming(desk: Desk) -> None:
    """F07: exit 5 after one call, nothing in doubt: "slow down" is no "there are none"."""
    desk.panel.says["getOrders"] = [b'{"status":"fail","error":"rate_limited"}']
    outcome = desk.run()
    assert (outcome.exit_code, outcome.doubts) == (Exit.UNAVAILABLE, ())
    assert outcome.stopped == "the panel asks us to slow down; nothing was handed out"
    assert [line for line in desk.log if line.startswith("get")] == ["getOrders 12"]
    assert desk.run().exit_code == Exit.DONE


def test_an_answer_kept_by_a_killed_run_lands_next_time(desk: Desk) -> None:
    """Its journal has it, byte for byte; it lands with the first write, once."""
    desk.panel.says["getOrders"] = [answer("1", "2")]
    desk.at["book.before-commit"] = [None, Killed()]
    with pytest.raises(Killed):
        desk.run()
    outcome = desk.run()
    assert dict(outcome.landed) == {"orders": 2}
    assert outcome.exit_code == Exit.DONE
    assert list(desk.snapshot().tabs["orders"].index) == ["1", "2"]
    assert dict(desk.run().landed) == {}


def test_a_killed_run_whose_disk_is_gone_leaves_a_bounded_doubt(desk: Desk) -> None:
    """Another machine finds in the sheet what was about to be claimed, and puts it on record for good."""
    desk.panel.says["getOrders"] = [answer("1", "2")]
    desk.at["book.before-commit"] = [None, Killed()]
    with pytest.raises(Killed):
        desk.run()
    desk.now += timedelta(hours=1)
    for _ in range(2):
        outcome = desk.run("b")
        assert outcome.exit_code == Exit.DOUBT
        assert [(doubt.id, doubt.bound > 0) for doubt in outcome.doubts] == [("claim-run-1", True)]
    assert claiming_of(desk.snapshot().meta) is None


def test_a_cancel_that_cannot_be_read_is_kept_once(desk: Desk) -> None:
    """It comes for ever and is neither dropped nor heaped up."""
    broken = b'{"status":"success","order_id":"5","link":"x"}'
    desk.panel.says["getCancel"] = [broken] * 50
    first = desk.run()
    assert desk.panel.calls["getCancel"] == 1
    second = desk.run()
    assert desk.panel.calls["getCancel"] == 2
    assert [doubt.id for doubt in first.doubts] == [doubt.id for doubt in second.doubts]


def test_rows_of_an_accident_say_so_although_nothing_of_them_would_be_sent(desk: Desk) -> None:
    """A column emptied over twelve rows: each says what was seen; put back, each says again what the panel has."""
    keys = [str(number) for number in range(1, 13)]
    desk.receive(*keys)
    for key in keys:
        desk.type(key, status="In progress", start_count=int(key) ** 3 + 100)
    assert desk.run().exit_code == Exit.DONE
    for key in keys:
        desk.type(key, start_count=None)
    assert desk.run().exit_code == Exit.LIMIT
    assert all("Held" in desk.says(key) and "Start count" in desk.says(key) for key in keys)
    for key in keys:
        desk.type(key, start_count=int(key) ** 3 + 100)
    assert desk.run().exit_code == Exit.DONE
    assert not any("Held" in desk.says(key) for key in keys)
    assert desk.panel.calls["updateOrders"] == 1


def test_a_key_left_in_sync_is_answered(desk: Desk) -> None:
    """A run that dies between finding a new row's cell and answering it leaves the bare key there; the next one says more."""
    desk.receive("1")
    desk.type("1", sync="1")
    assert desk.run().exit_code == Exit.DONE
    assert desk.says("1").startswith("#1 · ")


# --- the journal's upkeep ------------------------------------------------------------------------------------------------------


def test_the_journal_forgets_what_was_done_a_month_ago(desk: Desk) -> None:
    """It is read whole at each start, and holds customers' data: it must not grow for ever. What is unclear stays."""
    desk.receive("15")
    desk.panel.says["getRefills"] = [Unknown("no answer")]
    assert desk.run().exit_code == Exit.DOUBT
    desk.now += timedelta(days=31)
    desk.run()
    with Journal.open(desk.folder / "a") as journal:
        assert [claim.feed for claim in journal.unlanded("book-1")] == []  # the doubt is in the sheet
        assert not journal.knows_run("run-1")
        assert not journal.knows_run("run-2")
        assert journal.knows_run("run-3")
        kept = [row for (row,) in journal._db.execute("SELECT run FROM claims")]
    assert set(kept) == {"run-3"}
    assert desk.snapshot().tabs["orders"].index.tolist() == ["15"]
    assert doubts_of(desk.snapshot().meta)


def test_a_young_journal_is_not_written_to_forget_nothing(desk: Desk) -> None:
    desk.receive("15")  # makes the file
    desk.receive("16")
    quiet = len([line for line in desk.log if line == "journal.before-write"])
    desk.now += timedelta(days=29)
    desk.receive("17")
    assert len([line for line in desk.log if line == "journal.before-write"]) == quiet


def test_a_journal_that_cannot_forget_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("The disk is full.", "Make room.")

    monkeypatch.setattr(Journal, "prune", full)
    assert desk.run().exit_code == Exit.DONE
