"""Neighbours of the cases of test_books: what happens to files, folders and addresses in offices where nobody thinks of `reconcile`."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconcile import boundary
from reconcile.commands import world
from reconcile.core.lease import LEASE, Lease
from tests.cli.test_books import STATE, lived, once_only, pay, put_back, stops

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal

pytestmark = pytest.mark.long

__all__ = ["lived"]

ALL = {"setCanceled": 1, "addPayment": 1, "addTicket": 1}
"""What was sent once in `lived`, and never again."""


def goes_on(terminal: Terminal, *codes: int) -> str:
    """A sync that ends well, and what it said."""
    ended = terminal.type("sync")
    assert ended.code in (codes or (0,)), ended
    return ended.out


def ids(terminal: Terminal) -> list[str]:
    return [str(row["ID"]) for row in terminal.rows("Orders")]


def _closed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Nobody may look into `folder` or write there any more: for root, whom no mode keeps out, as for everybody else."""
    inside = str(folder.resolve())

    def refusing(real: Any) -> Any:
        def call(path: Any, *args: Any, **more: Any) -> Any:
            if isinstance(path, str | os.PathLike) and str(Path.cwd() / path).startswith(inside + os.sep):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *args, **more)

        return call

    for name in ("open", "stat", "unlink", "mkdir"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))


def test_a_state_folder_that_nobody_may_look_into(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as the journal: nothing is sent, no new one is begun elsewhere, and what only looks goes on."""
    lived.edit("Orders", "501", Status="Canceled")
    before = len(lived.panel.requests)
    with monkeypatch.context() as there:
        _closed(there, lived.folder / STATE)
        for command in (
            ("sync",),
            ("restore", "--yes"),
            ("adopt", "--yes"),
            ("panel", "get-orders", "--type", "1", "--yes"),
        ):
            ended = lived.type(*command)
            assert ended.code == 5, ended
            assert "cannot be used: Permission denied." in ended.err
            assert "move all that is in it" in ended.err
        assert lived.type("plan").code == 0
    assert len(lived.panel.requests) == before
    goes_on(lived)


def test_the_state_folder_moves_to_another_disk(
    lived: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Taken along whole and named, it is the same journal; named without being taken along, another machine's question is asked."""
    monkeypatch.setenv("RECONCILE_STATE_DIR", str(tmp_path / "disk"))
    stops(lived.type("sync"), "`reconcile adopt`")
    shutil.rmtree(tmp_path / "disk", ignore_errors=True)
    shutil.move(lived.folder / STATE, tmp_path / "disk")
    put_back(lived)
    stops(lived.type("sync"), "is an older copy")
    assert lived.type("restore", "--yes").code == 0
    goes_on(lived)
    assert once_only(lived) == ALL


def test_an_older_copy_comes_while_a_run_waits_for_another(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sync --wait` reads again when its turn comes: nothing that it saw before counts."""
    lived.edit("Orders", "501", Status="Canceled")
    lived.commit({LEASE: Lease("another", lived.moment[0] + timedelta(minutes=5)).text()})
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        put_back(lived)

    monkeypatch.setattr(world, "sleep", sleep)
    before = len(lived.panel.requests)
    stops(lived.type("sync", "--wait", "60"), "Waiting up to 60 s for it", "is an older copy", "`reconcile restore`")
    assert slept == [2.0]
    assert len(lived.panel.requests) == before
    assert once_only(lived) == ALL


# --- files --------------------------------------------------------------------------------------------------------------------


def test_an_older_copy_under_another_name_is_restored(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workbook is lost and its backup is used under the backup's own name: older and moved, and restored as such."""
    lived.book.unlink()
    monkeypatch.setenv("RECONCILE_SHEET", "backup.xlsx")
    stops(lived.type("sync"), "is an older copy", "`reconcile restore`")
    assert lived.type("restore", "--yes").code == 0
    (lived.folder / "backup.xlsx").rename(lived.book)
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    goes_on(lived)
    assert ids(lived) == ["15", "16", "501", "502"]
    assert once_only(lived) == ALL


def test_an_older_copy_under_another_name_beside_the_newest(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backup itself is opened while the workbook stands: a copy; restored, it takes the workbook's place."""
    monkeypatch.setenv("RECONCILE_SHEET", "backup.xlsx")
    stops(
        lived.type("sync"),
        "backup.xlsx is a copy of a workbook that still stands at",
        "`reconcile restore` goes on with this copy",
    )
    assert lived.type("adopt", "--yes").code == 8, "it is older, too: adopting would forget"
    assert lived.type("restore", "--yes").code == 0
    goes_on(lived)
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    stops(lived.type("sync"))
    assert once_only(lived) == ALL


@pytest.mark.parametrize(
    "name",
    [
        "orders (maria's conflicted copy 2026-11-22).xlsx",
        "orders (1).xlsx",
        "orders - Copy.xlsx",
        "orders-DESKTOP-7.xlsx",
        "./~orders.xlsx",
        "Copy of orders.xlsx",
    ],
)
def test_a_conflicted_copy_lies_beside_the_workbook(
    lived: Terminal, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A sync client keeps two versions: the workbook goes on, and the other one is a copy when somebody opens it for the job."""
    shutil.copy(lived.folder / "backup.xlsx", lived.folder / name)
    goes_on(lived)
    ended = lived.type("doctor")
    assert ended.code == 0, ended
    assert f"copies     {name.removeprefix('./')} beside it is a copy of this workbook" in ended.out
    monkeypatch.setenv("RECONCILE_SHEET", name)
    stops(lived.type("sync"), "is a copy of a workbook that still stands at")
    assert once_only(lived) == ALL


def test_what_only_sounds_like_a_copy_is_none(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another workbook of a similar name, a lock file, a file that is no workbook, and a backup under a name of its own."""
    monkeypatch.setenv("RECONCILE_SHEET", "orders of ann.xlsx")
    assert lived.type("init").code == 0
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    (lived.folder / "orders (2).xlsx").write_bytes(b"no workbook")
    (lived.folder / "orders - folder.xlsx").mkdir()
    ended = lived.type("doctor")
    assert ended.code == 0, ended
    assert "copies" not in ended.out


def test_a_linked_workbook_is_the_workbook(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to it, from a folder of its own: the same place, the same journal, and the link stays a link."""
    desk = lived.folder / "desk"
    desk.mkdir()
    link = desk / "work.xlsx"
    link.symlink_to(lived.book)
    monkeypatch.setenv("RECONCILE_SHEET", str(link))
    goes_on(lived)
    assert link.is_symlink()
    assert not (desk / STATE).exists()
    put_back(lived)
    stops(lived.type("sync"), "is an older copy")
    assert lived.type("restore", "--yes").code == 0
    assert link.is_symlink()
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    goes_on(lived)
    assert once_only(lived) == ALL


def test_a_hard_link_is_the_workbook(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another name of the very same file is no copy. The first run parts the two, and then the old name is one."""
    os.link(synced.book, synced.folder / "again.xlsx")
    monkeypatch.setenv("RECONCILE_SHEET", "again.xlsx")
    goes_on(synced)
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    stops(synced.type("sync"))


def test_a_rename_in_letter_case_only(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """orders.xlsx becomes Orders.XLSX: a move, told once."""
    lived.book.rename(lived.folder / "Orders.XLSX")
    monkeypatch.setenv("RECONCILE_SHEET", "Orders.XLSX")
    assert "The workbook was moved" in goes_on(lived)
    assert "moved" not in goes_on(lived)


def test_the_workbook_is_put_back_while_a_run_is_at_work(lived: Terminal) -> None:
    """F26: between this run's read and its first write an older copy comes: nothing is sent upon it, and the next run stops."""
    lived.edit("Orders", "501", Status="Canceled")
    done: list[str] = []

    def hook(name: str) -> None:
        if name == "book.before-commit" and not done:
            done.append(name)
            put_back(lived)

    boundary.set_hook(hook)
    try:
        ended = lived.type("sync")
    finally:
        boundary.set_hook(None)
    assert ended.code in (4, 5, 8), ended
    assert once_only(lived) == ALL
    stops(lived.type("sync"), "is an older copy")
    assert lived.type("restore", "--yes").code == 0
    goes_on(lived)
    assert once_only(lived) == ALL


# --- the way on, done badly -------------------------------------------------------------------------------------------------------


def test_restore_twice_and_without_a_reason(lived: Terminal) -> None:
    """Done again there is nothing to do, and nothing changes."""
    put_back(lived)
    assert lived.type("restore", "--yes").code == 0
    before = lived.book.read_bytes()
    for _ in range(2):
        ended = lived.type("restore", "--yes")
        assert (ended.code, "There is nothing to restore" in ended.out + ended.err) == (0, True), ended
    assert lived.book.read_bytes() == before
    goes_on(lived)


def test_a_restore_is_followed_by_the_same_older_copy(lived: Terminal) -> None:
    """The copy is put back three times, restored each time: everything is there once."""
    for _ in range(3):
        put_back(lived)
        stops(lived.type("sync"), "copy")
        assert lived.type("restore", "--yes").code == 0
        goes_on(lived)
        assert ids(lived) == ["15", "16", "501", "502"]
    assert once_only(lived) == ALL


def test_the_old_computer_runs_again_after_its_workbook_was_adopted(
    lived: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new PC has a copy of the file and no journal; the old one still has its own: two files, one panel; the old one knows its own."""
    new = lived.folder / "new"
    new.mkdir()
    shutil.copy(lived.book, new / "orders.xlsx")
    monkeypatch.setenv("RECONCILE_SHEET", "new/orders.xlsx")
    monkeypatch.setenv("RECONCILE_STATE_DIR", "new-pc")
    stops(lived.type("sync"), "belongs to another machine")
    assert lived.type("adopt", "--yes").code == 0
    goes_on(lived)
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    monkeypatch.delenv("RECONCILE_STATE_DIR")
    goes_on(lived)
    shutil.copy(new / "orders.xlsx", lived.book)
    stops(lived.type("sync"), "copy")
    assert lived.type("restore", "--yes").code in (0, 7)
    goes_on(lived, 0, 7)
    assert once_only(lived) == ALL


def test_unlock_while_the_other_run_is_alive(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody ends the right of a run that is still at work: that run notices at its next write, and nothing is sent twice."""
    lived.edit("Orders", "501", Status="Canceled")
    monkeypatch.setenv("RECONCILE_ADOPT", "yes")
    said: list[Any] = []

    def hook(name: str) -> None:
        if name == "panel.after-answer" and lived.panel.calls("setCanceled")[1:] and not said:
            said.append(None)
            boundary.set_hook(None)
            with monkeypatch.context() as there:
                there.setenv("RECONCILE_STATE_DIR", "pc-b")
                said.append(lived.type("unlock", "--yes"))
                said.append(lived.type("sync"))

    boundary.set_hook(hook)
    try:
        lived.type("sync")
    finally:
        boundary.set_hook(None)
    assert said[1].code == 0
    for _ in range(2):
        goes_on(lived, 0, 7)
    assert once_only(lived)["setCanceled"] == 2, "one for order 15, one for order 501"


# --- journals -----------------------------------------------------------------------------------------------------------------------


def test_two_machines_with_one_journal_id(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state folder was copied to a second PC: both go on in turns, each is told, and nothing is sent twice."""
    shutil.copytree(lived.folder / STATE, lived.folder / "pc-b")
    for machine in ("pc-b", STATE, "pc-b", STATE):
        monkeypatch.setenv("RECONCILE_STATE_DIR", machine)
        pay(lived, f"INV-{machine}-{lived.moment[0]:%H%M}")
        lived.edit("Payments", f"INV-{machine}-{lived.moment[0]:%H%M}", Details=f"{machine} {lived.moment[0]:%H%M}")
        goes_on(lived, 0, 7)
        lived.moment[0] += timedelta(minutes=7)
    assert once_only(lived)["addPayment"] == 5
    assert once_only(lived)["setCanceled"] == 1


def test_a_journal_of_a_newer_version(lived: Terminal) -> None:
    """Nothing is claimed, sent or written; the way on is an update."""
    with sqlite3.connect(lived.folder / STATE / "journal.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = len(lived.panel.requests), lived.book.read_bytes()
    stops(lived.type("sync"), "was made by a newer version of reconcile", "Update reconcile")
    stops(lived.type("restore", "--yes"), "newer version")
    assert (len(lived.panel.requests), lived.book.read_bytes()) == before


def test_two_workbooks_with_one_state_folder(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """One state folder for two profiles: each workbook has its own past, and one of them can be restored by itself."""
    monkeypatch.setenv("RECONCILE_STATE_DIR", STATE)
    monkeypatch.setenv("RECONCILE_SHEET", "second.xlsx")
    assert lived.type("init").code == 0
    goes_on(lived)
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    put_back(lived)
    stops(lived.type("sync"), "2 orders (501, 502)")
    assert lived.type("restore", "--yes").code == 0
    for name in ("second.xlsx", "orders.xlsx"):
        monkeypatch.setenv("RECONCILE_SHEET", name)
        goes_on(lived)
    assert ids(lived) == ["15", "16", "501", "502"]
    assert once_only(lived) == ALL


def test_the_journal_is_lost_and_an_older_copy_comes_back(lived: Terminal) -> None:
    """Nobody can know: the machine is a new one, and is asked what it is before it sends anything."""
    shutil.rmtree(lived.folder / STATE)
    put_back(lived)
    stops(lived.type("sync"), "was never used from this machine, or its journal here is gone")
    assert once_only(lived) == ALL


def test_the_clock_goes_back_a_year(lived: Terminal) -> None:
    """F34: then the older copy comes back: what was sent since is known by its number, not by the clock."""
    lived.moment[0] -= timedelta(days=365)
    lived.panel.add_order("503", "1", link="l", quantity="10", charge="1", user_id="u")
    pay(lived, "INV-9")
    lived.edit("Payments", "INV-9", Details="another")
    goes_on(lived)
    put_back(lived)
    stops(lived.type("sync"), "2 payments (INV-7, INV-9; together 51.0)", "3 orders (501, 502, 503)")
    assert lived.type("restore", "--yes").code == 0
    goes_on(lived)
    pay(lived, "INV-9")
    lived.edit("Payments", "INV-9", Details="another")
    goes_on(lived)
    assert once_only(lived) == {"setCanceled": 1, "addPayment": 2, "addTicket": 1}


# --- panels ---------------------------------------------------------------------------------------------------------------------------


def test_a_panel_that_moved_there_and_back(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A, B, A, C, A: each new address is adopted once; a known one is no question; nothing sent is forgotten."""
    with lived.panel.serving() as second, lived.panel.serving() as third:
        for url, code in ((second, 8), (lived.url, 0), (third, 8), (lived.url, 0), (second, 0)):
            monkeypatch.setenv("RECONCILE_PANEL_URL", url)
            if code:
                stops(lived.type("sync"), "belongs to the panel")
                assert lived.type("adopt", "--yes").code == 0
            goes_on(lived)
        put_back(lived)
        assert lived.type("restore", "--yes").code == 0
        goes_on(lived)
    assert once_only(lived) == ALL


def test_the_panel_moved_and_the_adopting_run_is_on_another_machine(
    lived: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One machine adopted the new address: the other one has it in the workbook, and its own sends still count."""
    monkeypatch.setenv("RECONCILE_ADOPT", "yes")
    with lived.panel.serving() as url:
        monkeypatch.setenv("RECONCILE_PANEL_URL", url)
        monkeypatch.setenv("RECONCILE_STATE_DIR", "pc-b")
        assert lived.type("adopt", "--yes").code == 0
        goes_on(lived)
        monkeypatch.delenv("RECONCILE_STATE_DIR")
        goes_on(lived)
        put_back(lived)
        stops(lived.type("sync"), "older copy", "1 refund (order 15")
        assert lived.type("restore", "--yes").code in (0, 7)
        goes_on(lived, 0, 7)
    assert once_only(lived) == ALL
