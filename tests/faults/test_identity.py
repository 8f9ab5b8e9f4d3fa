"""F26-F34 in small worlds: workbooks that go back in time, are copied, forked or taken to another panel, and what each way on does.

On Google the sheet's own version history and "Make a copy" are the emulator's; on .xlsx a person copies files.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.errors import Disagree, NothingToDo
from tests.faults.google_book import Google
from tests.faults.world import World, at, die, make

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long

ONCE = ("setCanceled", "setPartial", "addPayment", "addTicket")


def once(world: World) -> dict[str, int]:
    """How often the panel was asked for what may happen once."""
    return {name: len(world.panel.calls(name)) for name in ONCE if world.panel.calls(name)}


def asked(world: World) -> int:
    return len(world.panel.requests)


@pytest.fixture(params=["xlsx", "google"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Orders 1 to 3 have been received."""
    made = make(tmp_path / "world", request.param)
    for key in ("1", "2", "3"):
        made.panel.add_order(key, quantity="100", charge="5", link=f"l{key}", user_id="u")
    assert made.run().code == 0
    return made


class Past:
    """The workbook as it was: a file somebody kept, or a version of the sheet's history."""

    def __init__(self, world: World) -> None:
        book: Any = world.book
        self._kept = book.emulator.versions(book.id)[-1] if book.kind == "google" else book.save()

    def put_back(self, world: World) -> None:
        book: Any = world.book
        if book.kind == "google":
            book.emulator.restore(book.id, self._kept)
        else:
            book.restore(self._kept)


def work_done(world: World) -> Past:
    """Staff want a refund, a payment and a ticket; the workbook is kept; they are sent, and orders 4 to 123 come in."""
    world.type("orders", "1", status="Canceled")
    world.add("payments", reference="PAY-1", user="ann", amount=12.5, details="invoice 1", send="Yes")
    world.add("tickets", reference="T-1", user="bob", subject="Hi", message="text", send="Yes")
    past = Past(world)
    for number in range(4, 124):
        world.panel.add_order(str(number), quantity="10", charge="1", link=f"l{number}", user_id="u")
    world.type("orders", "2", status="Completed")
    assert world.run().code == 0
    assert once(world) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}
    return past


def stopped(world: World, machine: str = "a", *, force: bool = False) -> str:
    """A run that exits 8 before it asks the panel for anything; what it says."""
    before = asked(world)
    told = world.run(machine, force=force)
    assert (told.code, asked(world)) == (8, before), told
    assert isinstance(told.error, Disagree)
    return f"{told.error.what} {told.error.next_step}"


def all_there(world: World, last: int = 123) -> None:
    """Every order that was handed out stands in the sheet once."""
    assert sorted(map(int, world.ids("orders"))) == list(range(1, last + 1))


def test_an_older_copy_is_noticed_and_restored(world: World) -> None:
    """F26: backup, a day's work, backup put back: nothing is sent twice and no order is lost, on both kinds of workbook."""
    past = work_done(world)
    past.put_back(world)
    for force in (False, True):
        said = stopped(world, force=force)
        assert "is an older copy" in said
        assert "1 refund (order 1; together 5), 1 payment (PAY-1; together 12.5), 1 ticket (T-1)" in said
        assert "120 orders" in said
    shown = world.restore_book(dry_run=True)
    assert (dict(shown.rows), len(shown.sent), shown.told) == ({"orders": 120}, 3, 1)
    before = asked(world)
    done = world.restore_book()
    assert (dict(done.rows), len(done.sent), done.told, asked(world)) == ({"orders": 120}, 3, 1, before)
    all_there(world)
    for _ in range(3):
        told = world.run()
        assert (told.code, told.outcome and told.outcome.plan.pushes) == (0, ())
    assert once(world) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}
    assert "went through" in world.cell("orders", "1", "Sync") or "The panel has" in world.cell("orders", "1", "Sync")
    assert [row["Result"] for row in world.rows("runs")].count("Restored") == 1
    with pytest.raises(NothingToDo):
        world.restore_book()


def test_what_was_unclear_stays_a_question_after_a_restore(world: World) -> None:
    """F26: a refund whose answer never came is in doubt after the restore, and a person decides; nothing is sent by itself."""
    world.type("orders", "1", status="Canceled")
    past = Past(world)
    at("panel.before-send", lambda: world.line.trouble.append("acted"))
    assert world.run().code == 7
    past.put_back(world)
    assert "1 refund (order 1" in stopped(world)
    done = world.restore_book()
    assert ([send.about for send in done.unclear], done.sent) == (["refund 1"], ())
    assert world.run().code == 7
    assert "Not sure" in world.cell("orders", "1", "Sync")
    world.type("orders", "1", unsure="It went through")
    assert world.run().code == 0
    assert once(world) == {"setCanceled": 1}


def test_an_older_copy_of_before_a_run_that_died(world: World) -> None:
    """F26, F22: the run died between the panel's answer and the sheet, then an older copy came back: the answer lands all the same."""
    past = Past(world)
    world.panel.add_order("4", quantity="10", charge="1", link="l4", user_id="u")
    at("book.before-commit", die, time=2)
    assert world.run().crashed
    world.clock.sleep(400)
    past.put_back(world)
    stopped(world)
    world.restore_book()
    all_there(world, 4)
    assert world.run().code == 0
    all_there(world, 4)


@pytest.mark.parametrize("time", range(1, 5))
def test_a_restore_killed_anywhere_is_finished_by_the_next(world: World, time: int) -> None:
    """F22: at each of its commits the process dies, before or after: done again it ends in the same."""
    past = work_done(world)
    past.put_back(world)
    at("book.before-commit" if time % 2 else "book.after-commit", die, time=(time + 1) // 2)
    with pytest.raises(BaseException, match=r"^$"):
        world.restore_book()
    if time > 1 and time < 4:
        stopped(world)
    if time < 4:
        world.restore_book()
    all_there(world)
    assert world.run().code == 0
    assert world.run().code == 0
    assert once(world) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}


@pytest.mark.parametrize("trouble", ["acted", "cut"])
def test_what_no_answer_told_of_is_on_record_again_after_a_restore(world: World, trouble: str) -> None:
    """F26, F02, F08: orders 4 to 6 were handed out and no whole answer came; the sheet that says so is gone, the doubt is not."""
    past = Past(world)
    for key in ("4", "5", "6"):
        world.panel.add_order(key, quantity="10", charge="1", link="l" * 300, user_id="u")
    at("panel.before-send", lambda: world.line.trouble.append(trouble), time=2)
    assert world.run().code == 7
    assert world.run().code == 7, "it is on record in the sheet now, and no longer the journal's to tell"
    said = sorted((doubt["id"], doubt["bound"]) for doubt in world.doubts())
    for _ in range(2):
        past.put_back(world)
        stopped(world)
        assert len(world.restore_book(dry_run=True).unheard) == 1
        assert len(world.restore_book().unheard) == 1
        assert world.run().code == 7
        assert sorted((doubt["id"], doubt["bound"]) for doubt in world.doubts()) == said


def test_rebuilding_a_lost_workbook_shows_first_what_no_answer_told_of(tmp_path: Path) -> None:
    """F28, F02: the file is gone, and of one answer only the journal knows that it never came: the dry run says so, too."""
    world = make(tmp_path / "world", "xlsx")
    world.panel.add_order("1", quantity="10", charge="1", link="l", user_id="u")
    assert world.run("b").code == 0
    world.panel.add_order("2", quantity="10", charge="1", link="l", user_id="u")
    at("panel.before-send", lambda: world.line.trouble.append("acted"), time=2)
    assert world.run("a").code == 7
    book: Any = world.book
    book.path.unlink()
    for machine, count in (("a", 1), ("b", 0)):
        shown = world.restore_book(machine, dry_run=True)
        assert (shown.missing, len(shown.unheard)) == (True, count)
    assert world.restore_book("a", dry_run=True).doubt is not None, "b received something, too"
    assert len(world.restore_book("a").unheard) == 1
    assert world.run("a").code == 7


def test_another_machine_notices_that_its_work_is_gone(world: World) -> None:
    """F28: machine a restores an older copy; what b had received and sent since is b's to bring back."""
    past = Past(world)
    world.panel.add_order("4", quantity="10", charge="1", link="l4", user_id="u")
    world.type("orders", "1", status="Canceled")
    assert world.run("b").code == 0
    assert world.run("a").code == 0
    past.put_back(world)
    assert "older copy" in stopped(world, "a")
    done = world.restore_book("a")
    assert done.doubt is not None, "what b received meanwhile cannot be known on a"
    assert done.doubt.bound >= 100
    assert world.run("a").code == 7
    assert "copy" in stopped(world, "b")
    world.restore_book("b")
    assert world.run("b").code == 7
    assert sorted(world.ids("orders")) == ["1", "2", "3", "4"]
    assert once(world) == {"setCanceled": 1}
    assert "went through" in world.cell("orders", "1", "Sync") or "The panel has" in world.cell("orders", "1", "Sync")


def test_what_another_machine_may_have_sent_is_asked_about_after_a_restore(world: World) -> None:
    """F26, F28: b sent what this copy still wants; a restores it and cannot know: a asks, and b's journal answers."""
    assert [world.run(machine).code for machine in "ba"] == [0, 0]
    world.type("orders", "1", status="Canceled")
    world.add("payments", reference="PAY-1", user="ann", amount=12.5, details="invoice 1", send="Yes")
    past = Past(world)
    assert [world.run(machine).code for machine in "ba"] == [0, 0]
    past.put_back(world)
    stopped(world, "a")
    world.restore_book("a")
    assert world.run("a").code == 7
    assert once(world) == {"setCanceled": 1, "addPayment": 1}
    assert "Not sure" in world.cell("orders", "1", "Sync")
    assert "Not sure" in world.cell("payments", "PAY-1", "Sync")
    stopped(world, "b")
    world.restore_book("b")
    assert world.run("b").code == 7, "what b received is known to b alone; a's doubt waits for a person"
    assert once(world) == {"setCanceled": 1, "addPayment": 1}
    for tab, key in (("orders", "1"), ("payments", "PAY-1")):
        assert "Not sure" not in world.cell(tab, key, "Sync")


@pytest.mark.parametrize("first", ["a", "b"])
def test_what_one_machine_received_and_another_changed(world: World, first: str) -> None:
    """F28: a receives two orders, b sends one In progress and refunds the other; whoever restores first, both come back as they are."""
    assert world.run("b").code == 0
    past = Past(world)
    for key in ("4", "5"):
        world.panel.add_order(key, quantity="100", charge="5", link=f"l{key}", user_id="u")
    assert world.run("a").code == 0
    world.type("orders", "4", status="In progress", start_count=7)
    world.type("orders", "5", status="Canceled")
    assert world.run("b").code == 0
    past.put_back(world)
    for machine in (first, *("ab".replace(first, ""))):
        stopped(world, machine)
        world.restore_book(machine)
    all_there(world, 5)
    for machine in "abab":
        assert world.run(machine).code in (0, 7)
    assert once(world) == {"setCanceled": 1}
    assert [world.panel.state.orders[key].status for key in "45"] == ["In progress", "Canceled"]
    if first == "b":
        assert [world.cell("orders", key, "Status") for key in "45"] == ["In progress", "Canceled"]
        assert world.cell("orders", "4", "Start count") == 7
        assert "It shows what the panel was told meanwhile: Status In progress, Start count 7." in world.cell(
            "orders", "4", "Sync"
        )
    else:
        assert "The panel has Status In progress, Start count 7" in world.cell("orders", "4", "Sync")
        assert "went through" in world.cell("orders", "5", "Sync")


@pytest.mark.parametrize("received_by", ["a", "b"])
def test_an_update_whose_run_died_is_told_after_a_restore(world: World, received_by: str) -> None:
    """F26, F05: the run that sent it died, and the sheet that knew so is gone: the row says that nobody knows."""
    assert world.run("b").code == 0
    past = Past(world)
    world.panel.add_order("4", quantity="100", charge="5", link="l4", user_id="u")
    assert world.run(received_by).code == 0
    world.type("orders", "4", status="In progress")
    at("panel.after-answer", die)
    assert world.run("a").crashed
    world.clock.sleep(4000)
    past.put_back(world)
    for machine in dict.fromkeys(("a", received_by)):
        stopped(world, machine)
        world.restore_book(machine)
    for machine in "ab":
        assert world.run(machine).code in (0, 7)
    assert world.cell("orders", "4", "Status") == "Processing"
    said = world.cell("orders", "4", "Sync")
    assert "not known whether the panel took Status In progress" in said, said
    world.type("orders", "4", status="Completed")
    assert world.run("a").code in (0, 7)
    assert world.panel.state.orders["4"].status == "Completed"


def test_what_was_handed_out_again_since_says_so_after_a_restore(world: World) -> None:
    """F26: order 1 is In progress in the copy, then the panel handed it out again: its row says that it is Processing there."""
    world.type("orders", "1", status="In progress")
    assert world.run().code == 0
    past = Past(world)
    world.panel.state.orders["1"].status = "Pending"
    world.panel.add_order("4", quantity="10", charge="1", link="l4", user_id="u")
    assert world.run().code == 0
    world.panel.state.orders["4"].status = "Pending"
    assert world.run().code == 0
    past.put_back(world)
    stopped(world)
    assert dict(world.restore_book(dry_run=True).rows) == {"orders": 1}
    world.restore_book()
    for key in "14":
        assert "handed this order out again" in world.cell("orders", key, "Sync"), key
    assert "handed" not in world.cell("orders", "2", "Sync")
    all_there(world, 4)
    assert world.run().code == 0
    assert world.panel.state.orders["1"].status == "In progress", "what staff had chosen is an edit again"
    past.put_back(world)
    world.restore_book()
    all_there(world, 4)


def test_what_was_refunded_and_handed_out_again_since(world: World) -> None:
    """F26: order 1 was refunded, order 2 completed, and then the panel handed both out again: they are open there, 1 is never refunded again."""
    past = Past(world)
    world.type("orders", "1", status="Canceled")
    world.type("orders", "2", status="Completed")
    assert world.run().code == 0
    for key in "12":
        world.panel.state.orders[key].status = "Pending"
    assert world.run().code == 0
    past.put_back(world)
    stopped(world)
    world.restore_book()
    assert world.run().code == 0
    for key in "12":
        assert "handed this order out again" in world.cell("orders", key, "Sync"), key
        world.type("orders", key, status="In progress")
    assert world.run().code == 0
    assert [world.panel.state.orders[key].status for key in "12"] == ["In progress", "In progress"]
    world.type("orders", "1", status="Canceled")
    assert world.run().code == 0
    assert once(world) == {"setCanceled": 1}


def test_a_panel_that_lists_hands_nothing_out_again(world: World) -> None:
    """F26, F40: after a restore no row says that it came again, on a panel that shows its orders at every call."""
    past = Past(world)
    world.panel.lists = True
    for key in ("1", "2", "3"):
        world.panel.state.orders[key].status = "Pending"
    for _ in range(4):
        assert world.run().code == 0
    past.put_back(world)
    world.restore_book()
    assert not any("handed" in str(row["Sync"]) for row in world.rows("orders"))


def test_what_the_panel_has_stays_told_beside_an_old_edit(world: World) -> None:
    """F26: the copy has Completed beside Remains 77, which never went out; since then the panel took In progress: that stays in sight."""
    world.type("orders", "1", status="Completed", remains=77)
    assert world.run().code == 0
    past = Past(world)
    world.type("orders", "1", status="In progress", remains=None)
    assert world.run().code == 0
    past.put_back(world)
    world.restore_book()
    for _ in range(2):
        assert world.run().code == 0
        assert "The panel has Status In progress" in world.cell("orders", "1", "Sync")
    assert world.panel.state.orders["1"].remains != "77"


def test_an_update_that_was_refused_is_not_told_after_a_restore(world: World) -> None:
    """F26, F04: the panel refused it and the run said so: nothing is unknown about it."""
    past = Past(world)
    world.type("orders", "1", status="In progress")
    world.panel.refusals["1"] = ("bad_status", "Not now")
    assert world.run().code == 0
    past.put_back(world)
    stopped(world)
    assert world.restore_book().told == 0
    assert "not known" not in world.cell("orders", "1", "Sync")


def test_the_journal_outranks_send_again(world: World) -> None:
    """F13, F31: b overtakes a while a's refund is under way; a hears that it went through; a person says "Send again" to b's doubt."""
    world.type("orders", "1", status="Canceled")

    def overtaken() -> None:
        world.jump(7200)
        assert world.run("b").code == 7

    # the refund's own call: the run before it, the doubt of b after it
    at("panel.after-answer", overtaken)
    assert world.run("a").code in (4, 7)
    assert len(world.panel.state.orders["1"].refunds) == 1
    world.type("orders", "1", unsure="Send again")
    world.clock.sleep(7200)
    assert world.run("a").code == 0, "a's journal also knows everything that b took for lost when it overtook"
    assert world.doubts() == []
    assert len(world.panel.state.orders["1"].refunds) == 1
    assert "The panel has Status Canceled" in world.cell("orders", "1", "Sync")


def test_an_older_state_folder_proves_nothing(world: World) -> None:
    """F29: the folder was copied during the first of five refunds, the run was killed after the fourth, the copy put back."""
    for key in ("4", "5"):
        world.panel.add_order(key, quantity="100", charge="5", link=f"l{key}", user_id="u")
    assert world.run().code == 0
    world.edit("orders", {key: {"status": "Canceled"} for key in ("1", "2", "3", "4", "5")})
    folder = world.machine("a")
    kept: dict[str, bytes] = {}

    def copy() -> None:
        kept.update({path.name: path.read_bytes() for path in folder.iterdir() if path.name != "journal.lock"})

    from reconcile import boundary  # noqa: PLC0415 - two moments of one run

    calls = 0

    def hook(name: str) -> None:
        nonlocal calls
        calls += name == "panel.after-answer" and bool(world.panel.calls("setCanceled"))
        if name == "panel.after-answer" and calls == 1 and not kept:
            copy()
        if calls == 4:
            boundary.set_hook(None)
            die()

    boundary.set_hook(hook)
    assert world.run().crashed
    boundary.set_hook(None)
    assert len(world.panel.calls("setCanceled")) == 4
    for path in folder.iterdir():
        path.unlink()
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    world.clock.sleep(400)
    assert world.run().code == 7
    assert world.run().code == 7
    assert len(world.panel.calls("setCanceled")) == 4, "unknown is asked about, never sent again"
    unsure = [key for key in ("1", "2", "3", "4", "5") if "Not sure" in world.cell("orders", key, "Sync")]
    assert len(unsure) >= 3


def test_the_same_crash_with_the_folder_itself_is_finished(world: World) -> None:
    """F22: nobody touched the folder: what was announced and never begun is surely not sent, and goes out by itself."""
    world.edit("orders", {"1": {"status": "Canceled"}, "2": {"status": "Canceled"}})
    at("panel.after-answer", die)
    assert world.run().crashed
    world.clock.sleep(400)
    assert world.run().code == 7
    assert len(world.panel.calls("setCanceled")) == 2
    unsure = [key for key in ("1", "2") if "Not sure" in world.cell("orders", key, "Sync")]
    assert len(unsure) == 1


def test_put_back_forth_and_back_again(world: World) -> None:
    """F26: an older version comes back, then the newest one, then the older one again, then one from the middle: each is noticed."""
    world.type("orders", "1", status="Canceled")
    older = Past(world)
    assert world.run().code == 0
    world.panel.add_order("4", quantity="10", charge="1", link="l4", user_id="u")
    assert world.run().code == 0
    newest = Past(world)
    for turn in range(2):
        older.put_back(world)
        stopped(world)
        newest.put_back(world)
        assert (turn, world.run().code) == (turn, 0), "the newest version is the workbook itself: put back, it goes on"
        newest = Past(world)
    older.put_back(world)
    world.restore_book()
    assert world.run().code == 0
    newest.put_back(world)
    stopped(world)
    world.restore_book()
    assert world.run().code == 0
    all_there(world, 4)
    assert once(world) == {"setCanceled": 1}


@pytest.mark.parametrize("kind", ["xlsx", "google"])
def test_a_copy_of_before_the_first_use_that_another_machine_used(tmp_path: Path, kind: str) -> None:
    """F26, F28: the empty workbook came back and b began anew in it: what a knows comes into that one, and then the first comes back."""
    world = make(tmp_path / "world", kind)
    empty = Past(world)
    for key in ("1", "2"):
        world.panel.add_order(key, quantity="100", charge="5", link=f"l{key}", user_id="u")
    assert world.run("a").code == 0
    world.type("orders", "1", status="Canceled")
    world.add("payments", reference="PAY-1", user="ann", amount=12.5, details="invoice 1", send="Yes")
    assert world.run("a").code == 0
    first = Past(world)
    empty.put_back(world)
    world.panel.add_order("3", quantity="100", charge="5", link="l3", user_id="u")
    assert world.run("b").code == 0
    assert "`reconcile restore` brings what this machine knows into this one" in stopped(world, "a")
    assert dict(world.restore_book("a", dry_run=True).rows) == {"orders": 2}
    world.restore_book("a")
    world.add("payments", reference="PAY-1", user="ann", amount=12.5, details="invoice 1", send="Yes")
    for machine in "abab":
        assert world.run(machine).code == 0
        all_there(world, 3)
    first.put_back(world)
    world.panel.add_order("4", quantity="100", charge="5", link="l4", user_id="u")
    for machine in "ab":
        stopped(world, machine)
        world.restore_book(machine)
    for machine in "abab":
        assert world.run(machine).code in (0, 7)
    all_there(world, 4)
    assert once(world) == {"setCanceled": 1, "addPayment": 1}


def test_a_clock_one_year_ahead_locks_nobody_out(world: World) -> None:
    """F34: the run of such a machine is killed in getOrders: the next one begins at once."""
    at("panel.after-answer", die, time=2)
    assert world.run("b", skew=timedelta(days=365)).crashed
    assert world.run("a").code == 7, "what b asked for is on record"


def test_make_a_copy_in_google_sheets(tmp_path: Path) -> None:
    """F27: an unsent payment stands in the copy, too: it is sent from the original, and the copy stops until a person says what it is."""
    world = make(tmp_path / "world", "google")
    world.add("payments", reference="PAY-1", user="ann", amount=12.5, details="invoice 1", send="Yes")
    assert world.run().code == 0
    world.add("payments", reference="PAY-2", user="ann", amount=7, details="invoice 2", send="Yes")
    original: Any = world.book
    twin = Google.__new__(Google)
    twin._use(original.emulator, original.emulator.copy(original.id, "Copy of Orders", share=True))
    for machine in ("a", "b"):
        world.book = twin
        assert f"This spreadsheet is a copy of another one (id {original.id})" in stopped(world, machine)
    world.book = original
    assert world.run("a").code == 0
    assert once(world) == {"addPayment": 2}
    world.book = twin
    assert [send.about for send in world.restore_book("a", dry_run=True).sent] == ["payments PAY-2"]
    assert world.adopt_book("b") == ["a copy"]
    assert world.run("b").code == 0, "a person has said that the copy goes on, and this machine knows no better"
    assert dict(world.panel.calls("addPayment")[-1].params)["details"] in ("invoice 1", "invoice 2")


def test_an_action_and_a_laptop_on_one_google_sheet(tmp_path: Path) -> None:
    """docs/design.md 13: machines with journals of their own take turns without a question; a runner's disk may be gone each time."""
    world = make(tmp_path / "world", "google", adopt=False)
    for turn in range(30):
        machine = "laptop" if turn % 3 else f"runner{turn}"
        world.panel.add_order(str(100 + turn), quantity="10", charge="1", link="l", user_id="u")
        assert world.run(machine).code == 0, turn
        if machine != "laptop":
            world.wipe(machine)
    assert len(world.ids("orders")) == 30


def test_a_workbook_that_more_machines_use_than_it_remembers(tmp_path: Path) -> None:
    """docs/design.md 13: the last 20 machines are remembered: one that comes back after more than that is no fork."""
    world = make(tmp_path / "world", "google", adopt=False)
    assert world.run("laptop").code == 0
    for turn in range(25):
        assert world.run(f"runner{turn}").code == 0
        world.wipe(f"runner{turn}")
    assert world.run("laptop").code == 0


def test_an_xlsx_of_another_machine_waits_for_one_adopt(tmp_path: Path) -> None:
    """docs/design.md 13: a shared folder: the second PC is asked once, then both go on in turns."""
    world = make(tmp_path / "world", "xlsx", adopt=False)
    assert world.run("a").code == 0
    stopped(world, "b")
    assert world.adopt_book("b") == ["another machine"]
    for machine in ("a", "b", "b", "a"):
        assert world.run(machine).code == 0


def twin_of(world: World) -> Google:
    """The copy that somebody made in the browser."""
    original: Any = world.book
    twin = Google.__new__(Google)
    twin._use(original.emulator, original.emulator.copy(original.id, "Copy of Orders", share=True))
    return twin


def test_an_older_copy_of_a_google_sheet_can_take_its_place(tmp_path: Path) -> None:
    """F26, F27: the original was deleted by mistake and a copy of yesterday is there: restore makes it the workbook."""
    world = make(tmp_path / "world", "google")
    world.panel.add_order("1", quantity="100", charge="5", link="l1", user_id="u")
    assert world.run().code == 0
    world.type("orders", "1", status="Canceled")
    twin = twin_of(world)
    world.panel.add_order("2", quantity="100", charge="5", link="l2", user_id="u")
    assert world.run().code == 0
    original, world.book = world.book, twin
    said = stopped(world)
    assert said.startswith("This spreadsheet is a copy of another one (id ")
    assert "`reconcile restore` goes on with this copy" in said
    with pytest.raises(Disagree):
        world.adopt_book()
    done = world.restore_book()
    assert (dict(done.rows), [send.about for send in done.sent]) == ({"orders": 1}, ["refund 1"])
    assert world.run().code == 0
    assert sorted(world.ids("orders")) == ["1", "2"]
    assert once(world) == {"setCanceled": 1}
    world.book = original
    stopped(world)


def test_a_copy_of_a_google_sheet_becomes_a_workbook_of_its_own(tmp_path: Path) -> None:
    """`init --fresh`: its tabs are set aside, it begins empty, and its stamps go on past all that it carries."""
    world = make(tmp_path / "world", "google")
    world.panel.add_order("1", quantity="100", charge="5", link="l1", user_id="u")
    assert world.run().code == 0
    twin = twin_of(world)
    book: Any = twin.open(world.clock)
    done = book.set_aside(["1"])
    assert "Old Orders" in done.aside
    assert [row[0] for row in twin._read("Old Orders")][1:] == ["1"]
    assert len(twin.see("orders")) == 1
    assert book.newest() >= world.book.open(world.clock).read().revision


def test_the_panel_moved_and_then_an_older_copy_came_back(tmp_path: Path) -> None:
    """F26, F30: the copy knows only the old address: this machine's journal knows that both are one panel."""
    world = make(tmp_path / "world", "xlsx")
    world.panel.add_order("1", quantity="100", charge="5", link="l1", user_id="u")
    assert world.run().code == 0
    world.type("orders", "1", status="Canceled")
    past = Past(world)
    assert world.run().code == 0
    world.url = "http://127.0.0.1:2/admin/v1"
    assert "belongs to the panel 127.0.0.1:1/admin/v1" in stopped(world)
    assert world.adopt_book() == ["another panel"]
    assert world.run().code == 0
    past.put_back(world)
    said = stopped(world)
    assert "belongs to the panel" not in said
    done = world.restore_book()
    assert [send.about for send in done.sent] == ["refund 1"]
    assert world.run().code == 0
    assert once(world) == {"setCanceled": 1}


def test_a_downloaded_google_sheet_is_a_copy(tmp_path: Path) -> None:
    """F27: a Google Sheet saved as .xlsx, also where another machine's file would be taken on without asking."""
    from reconcile.core.identity import Here, Identity, Kind, Place, examine  # noqa: PLC0415 - the rule alone

    sheet = Identity("b", 3, "c", (), (Place("", "sheet-id"),), {})
    file = Identity("b", 3, "c", (), (Place("m", "/srv/orders.xlsx"),), {})
    assert [f.kind for f in examine(sheet, None, Here("m", str(tmp_path / "orders.xlsx")))] == [Kind.COPY]
    assert [f.kind for f in examine(file, None, Here("m", "sheet-id", shared=True))] == [Kind.COPY]
