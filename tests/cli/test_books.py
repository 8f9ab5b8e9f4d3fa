"""Whose books are these: copies, older files, other panels and other machines, as an operator meets them (docs/design.md 13)."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconcile import config
from reconcile.core.lease import LEASE, LONGEST, Lease
from reconcile.panel.practice import PracticePanel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ended, Terminal

STATE = ".reconcile"


def pay(terminal: Terminal, reference: str = "INV-7") -> None:
    """Staff enter a payment."""
    terminal.edit("Payments", reference, User="maria", Amount=25.5, Details="Bank transfer", Send="Yes")


def once_only(terminal: Terminal) -> dict[str, int]:
    """How often the panel was asked for what may happen once."""
    names = ("setCanceled", "setPartial", "addPayment", "addTicket")
    return {name: len(terminal.panel.calls(name)) for name in names if terminal.panel.calls(name)}


def requests(terminal: Terminal) -> int:
    return len(terminal.panel.requests)


def stops(ended: Ended, *words: str) -> None:
    """Exit 8, with these words in what is said."""
    assert ended.code == 8, ended
    said = ended.out + ended.err
    for word in words:
        assert word in said, said


@pytest.fixture
def lived(synced: Terminal) -> Terminal:
    """A backup is made; then a refund, a payment and a ticket are sent, an order is completed, and two orders come in."""
    synced.edit("Orders", "15", Status="Canceled")
    pay(synced)
    synced.edit("Tickets", "T-1", User="maria", Subject="Hello", Message="Text", Send="Yes")
    shutil.copy(synced.book, synced.folder / "backup.xlsx")
    synced.moment[0] += timedelta(minutes=10)
    synced.edit("Orders", "16", Status="Completed")
    for key in ("501", "502"):
        synced.panel.add_order(key, "1", link=f"l{key}", quantity="10", charge="1", user_id="u")
    assert synced.type("sync").code == 0
    assert once_only(synced) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}
    return synced


def put_back(terminal: Terminal) -> None:
    """Somebody puts the backup in the workbook's place."""
    shutil.copy(terminal.folder / "backup.xlsx", terminal.book)


# --- an older copy ------------------------------------------------------------------------------------------------------------


def test_an_older_copy_stops_everything_that_counts(lived: Terminal) -> None:
    """F26: nothing is sent or received, doctor says so too, and the message has all that a person needs."""
    put_back(lived)
    before = requests(lived)
    ended = lived.type("sync")
    assert ended.code == 8
    assert requests(lived) == before
    assert ended.err == (
        "Reading the sheet\n"
        "orders.xlsx is an older copy (revision 4): this machine wrote to it last on 2026-11-22 16:03 UTC (revision 7). Since "
        "then (2026-11-22 15:53 UTC) this machine sent 1 refund (order 15; together 0.10029597233), 1 payment (INV-7; together "
        "25.5), 1 ticket (T-1), other values of 1 row (16) and received what is not in it: 2 orders (501, 502). Nothing was sent or received now.\n"
        "→ Three ways on:\n"
        "  1. Put the newest copy back in its place, then run again.\n"
        "  2. `reconcile restore` goes on from this copy: it brings back every order this machine received, marks what was sent "
        "as sent, and sends nothing. `reconcile restore --dry-run` shows it first.\n"
        "  3. `reconcile init --fresh` makes it a workbook of its own: what stands in it is set aside, and it begins empty.\n"
    )
    stops(lived.type("doctor"), "✗ identity   orders.xlsx is an older copy")
    stops(lived.type("sync", "--force"), "is an older copy")
    stops(lived.type("plan"), "Plan for orders.xlsx", "is an older copy")
    failed = json.loads(lived.type("plan", "--json").out)
    assert (failed["exit_code"], failed["error"]["kind"]) == (8, "Disagree")
    stops(lived.type("panel", "get-orders", "--type", "1", "--yes"), "is an older copy")
    happened = ("1 refund (order 15; together 0.10029597233)", "other values of 1 row (16)", "2 orders (501, 502)")
    ways = ("Put the newest copy back", "`reconcile restore` goes on from this copy", "`reconcile init --fresh`")
    for command in (
        ("plan",),
        ("sync",),
        ("doctor",),
        ("resolve",),
        ("resolve", "claim-run-1", "--nothing"),
        ("panel", "add-ticket", "--user", "u", "--subject", "s", "--message", "m", "--yes"),
    ):
        stops(lived.type(*command), "is an older copy (revision 4)", "(2026-11-22 15:53 UTC)", *happened, *ways)
    stops(lived.type("panel", "set-canceled", "--id", "16", "--yes"), "is an older copy")
    assert lived.type("why", "16").code == 0
    calls = requests(lived)
    assert lived.type("panel", "set-startcount", "--id", "16", "--start-count", "5").code == 0
    assert requests(lived) == calls + 1
    assert once_only(lived) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}


def test_restore_goes_on_from_an_older_copy(lived: Terminal) -> None:
    """F26: every order is there again, what was sent is sent, the newer value of the panel is told, and nothing goes out."""
    put_back(lived)
    before = requests(lived)
    shown = lived.type("restore", "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == (
        "To restore: orders.xlsx (the copy is of 2026-11-22 15:53 UTC)\n"
        "  Rows brought back: 2 orders\n"
        "  Known to be sent:  1 refund (order 15; together 0.10029597233), 1 payment (INV-7; together 25.5), 1 ticket (T-1)\n"
        "    refund 15, 0.10029597233  2026-11-22 16:03 UTC, run 20261122-160316-0002\n"
        "    payments INV-7, 25.5  2026-11-22 16:03 UTC, run 20261122-160316-0002\n"
        "    tickets T-1  2026-11-22 16:03 UTC, run 20261122-160316-0002\n"
        "  In doubt:          nothing\n"
        "  Rows of which the panel has newer values: 1; each row says which.\n"
        "  What cannot be known: what other machines did that this one never saw, and what staff typed since that copy was made.\n"
    )
    assert lived.rows("Orders")[-1]["ID"] != "502"
    assert lived.type("restore", "--yes").code == 0
    assert requests(lived) == before
    assert [row["ID"] for row in lived.rows("Orders")] == ["15", "16", "501", "502"]
    says = {str(row["ID"]): str(row["Sync"]) for row in lived.rows("Orders")}
    assert says["15"] == "#15 · Sent 22 Nov 16:03: it went through" or "went through on 22 Nov 16:03" in says["15"]
    assert says["16"] == (
        "#16 · Note. The panel has Status Completed since 22 Nov 16:03; this copy of the sheet is older. Type it here, too, or "
        "choose what is right."
    )
    runs = lived.rows("Runs")[-1]
    assert (runs["Result"], runs["Pulled"]) == ("Restored", 2)
    assert lived.type("doctor").code == 0
    for _ in range(2):
        ended = lived.type("sync")
        assert ended.code == 0
        assert "  Sent     nothing\n" in ended.out
    assert once_only(lived) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}
    assert lived.type("restore").code == 0


def test_the_newer_file_does_not_come_back_unnoticed(lived: Terminal) -> None:
    """F28: after a restore the lost file turns up again and is put in place: that, too, is another copy."""
    shutil.copy(lived.book, lived.folder / "newer.xlsx")
    put_back(lived)
    assert lived.type("restore", "--yes").code == 0
    shutil.copy(lived.folder / "newer.xlsx", lived.book)
    stops(lived.type("sync"), "older copy")


def test_the_same_file_put_back_is_no_older_copy(lived: Terminal) -> None:
    """A copy of the newest state in its place is the workbook itself: nothing to ask."""
    shutil.copy(lived.book, lived.folder / "kept.xlsx")
    lived.book.unlink()
    shutil.copy(lived.folder / "kept.xlsx", lived.book)
    assert lived.type("sync").code == 0


def test_an_older_copy_in_which_staff_decided_otherwise(lived: Terminal) -> None:
    """The copy is restored and somebody asks for another refund of the same order in it: no order is refunded twice."""
    put_back(lived)
    lived.edit("Orders", "15", Status="Partial", Remains=3)
    assert lived.type("restore", "--yes").code == 0
    lived.type("sync")
    lived.type("sync")
    assert once_only(lived) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}


def test_a_restore_that_is_stopped_half_way_is_finished_first(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are there and what was sent is not yet set: a sync waits for the rest of the restore."""
    from reconcile import restore  # noqa: PLC0415 - only its second half is stopped

    put_back(lived)

    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(restore, "_settle", stopped)
        assert lived.type("restore", "--yes").code == 130
    stops(lived.type("sync"), "is being restored, and that was not finished", "`reconcile restore` finishes it.")
    assert lived.type("restore", "--yes").code == 0
    assert lived.type("sync").code == 0
    assert [row["ID"] for row in lived.rows("Orders")] == ["15", "16", "501", "502"]
    assert once_only(lived) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}


# --- lost, moved, copied --------------------------------------------------------------------------------------------------------


def test_a_lost_workbook_is_rebuilt(lived: Terminal) -> None:
    """F28: the file is gone, or a new one stands in its place: exit 8, and restore makes it anew from what is kept."""
    lived.book.rename(lived.folder / "away.xlsx")
    stops(
        lived.type("sync"),
        "There is no workbook orders.xlsx. This machine's journal knows a workbook there",
        "`reconcile restore` rebuilds it here",
    )
    stops(lived.type("plan"), "This machine's journal knows a workbook there")
    stops(lived.type("doctor"), "This machine's journal knows a workbook there")
    assert lived.type("init").code == 0
    stops(lived.type("sync"), "is another workbook than the one this machine's journal knows at this place")
    assert lived.type("restore", "--yes").code == 0
    assert [row["ID"] for row in lived.rows("Orders")] == ["15", "16", "501", "502"]
    pay(lived)
    lived.edit("Orders", "15", Status="Canceled")
    assert lived.type("sync").code == 0
    assert lived.type("sync").code == 0
    assert once_only(lived) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}


def test_a_lost_workbook_is_rebuilt_without_init(lived: Terminal) -> None:
    """Nobody made a new file: restore does."""
    lived.book.unlink()
    shown = json.loads(lived.type("restore", "--dry-run", "--json").out)
    assert (shown["rebuilt"], shown["rows"]["orders"], shown["newer_at_the_panel"]) == (True, 4, 1)
    assert [send["about"] for send in shown["sent"]] == ["refund 15", "payments INV-7", "tickets T-1"]
    assert not lived.book.exists()
    assert lived.type("restore", "--yes").code == 0
    assert [row["ID"] for row in lived.rows("Orders")] == ["15", "16", "501", "502"]
    assert lived.type("sync").code == 0


def test_another_workbook_with_rows_of_its_own_is_not_built_upon(
    lived: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files changed places: restore touches neither and says what to do."""
    monkeypatch.setenv("RECONCILE_SHEET", "second.xlsx")
    monkeypatch.setenv("RECONCILE_STATE_DIR", "second")
    lived.panel.add_order("901", "1", link="l", quantity="10", charge="1", user_id="u")
    assert lived.type("init").code == 0
    assert lived.type("sync").code == 0
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    monkeypatch.delenv("RECONCILE_STATE_DIR")
    shutil.copy(lived.folder / "second.xlsx", lived.book)
    ended = lived.type("restore", "--yes")
    assert ended.code in (2, 8), ended
    stops(lived.type("sync"))


def test_a_moved_workbook_is_told_once(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/design.md 13: with its journal it goes on by itself."""
    (synced.folder / "new").mkdir()
    shutil.move(synced.book, synced.folder / "new" / "orders.xlsx")
    shutil.move(synced.folder / STATE, synced.folder / "new" / STATE)
    monkeypatch.setenv("RECONCILE_SHEET", "new/orders.xlsx")
    ended = synced.type("sync")
    assert ended.code == 0
    assert f"The workbook was moved: it stood at {synced.book} before." in ended.out
    assert "moved" not in synced.type("sync").out


def test_a_workbook_moved_without_its_journal(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/design.md 13: nobody here knows what was sent: one `adopt`, or the journal comes along."""
    (synced.folder / "new").mkdir()
    shutil.move(synced.book, synced.folder / "new" / "orders.xlsx")
    monkeypatch.chdir(synced.folder / "new")
    stops(
        synced.type("sync"), "was never used from this machine, or its journal here is gone", "`reconcile adopt` once"
    )
    assert synced.type("adopt", "--yes").code == 0
    assert synced.type("sync").code == 0


@pytest.mark.parametrize("command", ["sync", "plan", "doctor"])
def test_a_copy_beside_the_original_stops(lived: Terminal, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """F27: two files in one folder: the second one stops until a person says what it is."""
    shutil.copy(lived.book, lived.folder / "copy.xlsx")
    monkeypatch.setenv("RECONCILE_SHEET", "copy.xlsx")
    before = requests(lived)
    stops(lived.type(command), f"copy.xlsx is a copy of a workbook that still stands at {lived.book}.")
    if command != "doctor":
        assert requests(lived) == before
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    assert lived.type("sync").code == 0


def test_a_copy_of_the_whole_folder_stops(synced: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """F27: workbook and journal together, as a backup program copies them: still a copy of a workbook that is there."""
    pay(synced)
    twin = tmp_path / "twin"
    twin.mkdir()
    shutil.copy(synced.book, twin)
    shutil.copytree(synced.folder / STATE, twin / STATE)
    monkeypatch.chdir(twin)
    stops(synced.type("sync"), "is a copy of a workbook that still stands at")
    assert once_only(synced) == {}


def test_an_adopted_copy_takes_the_originals_place(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """`adopt` makes the copy the workbook; the original is then the older copy, also with an unsent payment in it."""
    shutil.copy(lived.book, lived.folder / "copy.xlsx")
    pay(lived, "INV-8")
    monkeypatch.setenv("RECONCILE_SHEET", "copy.xlsx")
    assert lived.type("adopt", "--yes").code == 0
    assert lived.type("sync").code == 0
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    stops(lived.type("sync"))
    assert once_only(lived)["addPayment"] == 1


def test_a_copy_can_become_a_workbook_of_its_own(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """`init --fresh`: what stands in it is kept under other titles, and none of it is ever sent."""
    shutil.copy(lived.book, lived.folder / "copy.xlsx")
    monkeypatch.setenv("RECONCILE_SHEET", "copy.xlsx")
    ended = lived.type("init", "--fresh", "--yes")
    assert ended.code == 0
    assert "Set aside as Old Orders.\n" in ended.out
    assert lived.type("doctor").code == 0
    assert lived.type("sync").code == 0
    copy = type(lived)(lived.folder, lived.panel, lived.url, lived.type, lived.moment)
    assert [row["ID"] for row in copy_rows(copy, "Old Orders")] == ["15", "16", "501", "502"]
    assert copy_rows(copy, "Orders") == []
    assert once_only(lived) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}
    monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
    ended = lived.type("sync")
    assert ended.code == 0
    assert "Another sheet" in ended.out


def copy_rows(terminal: Terminal, tab: str) -> list[dict[str, object]]:
    """The rows of a tab of copy.xlsx."""
    from openpyxl import load_workbook  # noqa: PLC0415 - as the terminal does

    sheet = load_workbook(terminal.folder / "copy.xlsx")[tab]
    headers = [str(cell.value) for cell in sheet[1]]
    found = [dict(zip(headers, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=2)]
    return [row for row in found if any(value is not None for value in row.values())]


def test_init_fresh_begins_anew_where_a_workbook_was_lost(lived: Terminal) -> None:
    """The third way on: nothing of the old one comes back, and what it sent stays known all the same."""
    lived.book.unlink()
    assert lived.type("init", "--fresh", "--yes").code == 0
    assert lived.type("sync").code == 0
    pay(lived)
    ended = lived.type("sync")
    assert ended.code == 0
    assert once_only(lived)["addPayment"] == 1
    assert "Not sent again: this machine's journal knows that the panel accepted it" in ended.out


# --- another machine, another folder ---------------------------------------------------------------------------------------------


def test_a_second_machine_is_asked_once(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two office PCs on a shared drive: one `adopt` on the second, then both go on in turns."""
    monkeypatch.setenv("RECONCILE_STATE_DIR", "pc-b")
    stops(synced.type("sync"), "belongs to another machine, where it stands at")
    assert synced.type("adopt", "--yes").code == 0
    assert synced.rows("Runs")[-1]["Result"] == "Adopted"
    for machine in ("pc-b", STATE, "pc-b", STATE):
        monkeypatch.setenv("RECONCILE_STATE_DIR", machine)
        assert synced.type("sync").code == 0, machine
    assert (
        synced.type("adopt").out
        == "There is nothing to adopt: orders.xlsx, this machine and the panel belong together.\n"
    )


def test_a_machine_can_be_allowed_to_adopt_by_itself(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_ADOPT=yes, for a container that begins bare: another machine's workbook is taken on; a copy or an older one never."""
    shutil.copy(synced.book, synced.folder / "backup.xlsx")
    monkeypatch.setenv("RECONCILE_ADOPT", "yes")
    monkeypatch.setenv("RECONCILE_STATE_DIR", "container")
    assert synced.type("sync").code == 0
    assert synced.type("sync").code == 0
    shutil.copy(synced.folder / "backup.xlsx", synced.book)
    stops(synced.type("sync"), "copy")
    shutil.copy(synced.folder / "backup.xlsx", synced.folder / "copy.xlsx")
    monkeypatch.setenv("RECONCILE_SHEET", "copy.xlsx")
    monkeypatch.delenv("RECONCILE_STATE_DIR")
    stops(synced.type("sync"), "is a copy of a workbook")


def test_the_machine_that_lost_its_commits_notices(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """F28: one file travels to and fro between two machines; an older one wins and goes on: the loser re-lands what it received."""
    shutil.copy(synced.book, synced.folder / "older.xlsx")
    monkeypatch.setenv("RECONCILE_STATE_DIR", "pc-b")
    assert synced.type("adopt", "--yes").code == 0
    synced.panel.add_order("601", "1", link="l", quantity="10", charge="1", user_id="u")
    assert synced.type("sync").code == 0
    monkeypatch.setenv("RECONCILE_STATE_DIR", STATE)
    shutil.copy(synced.folder / "older.xlsx", synced.book)
    for _ in range(3):
        assert synced.type("sync").code == 0
    assert "601" not in [row["ID"] for row in synced.rows("Orders")]
    monkeypatch.setenv("RECONCILE_STATE_DIR", "pc-b")
    monkeypatch.setenv("RECONCILE_ADOPT", "yes")
    stops(synced.type("sync"), "went another way", "received what is not in it: 1 order (601)")
    assert synced.type("restore", "--yes").code in (0, 7, 8)
    assert synced.type("sync").code in (0, 7)
    assert "601" in [row["ID"] for row in synced.rows("Orders")]


def test_the_journal_is_the_same_from_every_folder(
    synced: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`cd / && reconcile sync` with an absolute RECONCILE_SHEET finds the journal beside the workbook."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("RECONCILE_SHEET", str(synced.book))
    monkeypatch.chdir(elsewhere)
    assert synced.type("sync").code == 0
    assert not (elsewhere / STATE).exists()


def test_a_journal_in_the_working_folder_stays(
    synced: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An earlier version kept it where the command was typed: it is used on."""
    desk = tmp_path / "desk"
    desk.mkdir()
    shutil.move(synced.folder / STATE, desk / STATE)
    monkeypatch.setenv("RECONCILE_SHEET", str(synced.book))
    monkeypatch.chdir(desk)
    assert synced.type("sync").code == 0
    assert not (synced.folder / STATE).exists()


def test_a_second_journal_of_the_same_workbook_is_told(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/design.md 13: another folder of this machine knows the workbook: its path is said."""
    monkeypatch.setenv("RECONCILE_STATE_DIR", "second")
    monkeypatch.setenv("RECONCILE_ADOPT", "yes")
    ended = synced.type("sync")
    assert ended.code == 0
    assert f"Another journal of this workbook is on this machine, in {synced.folder / STATE}" in ended.out


# --- the panel ------------------------------------------------------------------------------------------------------------------


def test_another_panel_stops_before_anything(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """F30: one pasted address would send this panel's refunds to another one."""
    synced.edit("Orders", "15", Status="Canceled")
    other = PracticePanel(2, 8, synced.panel.key, refills=0, cancels=0)
    with other.serving() as url:
        monkeypatch.setenv("RECONCILE_PANEL_URL", url)
        stops(
            synced.type("sync"),
            "belongs to the panel 127.0.0.1:",
            "If the address is wrong: correct RECONCILE_PANEL_URL.",
        )
        stops(synced.type("doctor"), "belongs to the panel")
        stops(synced.type("panel", "set-canceled", "--id", "15", "--yes"), "belongs to the panel")
        assert [call.action for call in other.requests] == ["setRemains"], "doctor's own proof of the key"


def test_a_panel_that_moved_is_adopted_and_forgets_nothing(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/design.md 13: the addresses become aliases of one panel, so that nothing sent before is sent again."""
    with lived.panel.serving() as url:
        monkeypatch.setenv("RECONCILE_PANEL_URL", url)
        stops(lived.type("sync"), "belongs to the panel")
        assert lived.type("adopt", "--yes").code == 0
        assert lived.type("sync").code == 0
        put_back(lived)
        stops(lived.type("sync"), "is an older copy", "1 refund (order 15")
    assert once_only(lived) == {"setCanceled": 1, "addPayment": 1, "addTicket": 1}


@pytest.mark.parametrize("spelling", ["{}/", "{}", "HTTP://LOCALHOST:{port}{path}"])
def test_spellings_of_one_address(synced: Terminal, monkeypatch: pytest.MonkeyPatch, spelling: str) -> None:
    """Letter case and a slash at the end are no other panel."""
    port, path = re.findall(r":(\d+)(/.*)", synced.url)[0]
    if "LOCALHOST" in spelling:
        monkeypatch.setenv("RECONCILE_PANEL_URL", f"http://localhost:{port}{path}")
        assert synced.type("adopt", "--yes").code == 0
    monkeypatch.setenv("RECONCILE_PANEL_URL", spelling.format(synced.url, port=port, path=path))
    assert synced.type("sync").code == 0


def test_a_mistyped_address_is_not_remembered(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first run that never reached its panel leaves nothing that a corrected address would contradict."""
    monkeypatch.setattr("reconcile.panel.client.Policy", _one_try)
    assert terminal.type("init").code == 0
    monkeypatch.setenv("RECONCILE_PANEL_URL", "http://127.0.0.1:1/admin/v1")
    assert terminal.type("sync").code == 5
    monkeypatch.setenv("RECONCILE_PANEL_URL", terminal.url)
    assert terminal.type("sync").code == 0


def _one_try() -> Any:
    from reconcile.panel.retry import Policy  # noqa: PLC0415 - the name is replaced in the module under test

    return Policy(attempts=1)


def test_two_profiles_on_one_sheet(terminal: Terminal) -> None:
    """docs/design.md 13: the same sheet twice in reconcile.toml is refused."""
    (terminal.folder / config.TOML_FILE).write_text(
        '[profiles.a]\nsheet = "orders.xlsx"\n[profiles.b]\nsheet = "./orders.xlsx"\n'
    )
    ended = terminal.type("--profile", "a", "plan")
    assert ended.code == 2
    assert "the profiles a and b name the same sheet" in ended.err


# --- what was sent is never sent again --------------------------------------------------------------------------------------------


def test_by_hand_and_in_the_sheet_are_one(synced: Terminal) -> None:
    """docs/design.md 13: a refund made by hand is known when staff ask for it in the sheet, and the other way round."""
    assert synced.type("panel", "set-canceled", "--id", "15", "--yes").code == 0
    synced.edit("Orders", "15", Status="Canceled")
    ended = synced.type("sync")
    assert ended.code == 0
    assert once_only(synced) == {"setCanceled": 1}
    assert "Not sent again: this machine's journal knows that the panel accepted it for order 15" in ended.out
    refused = synced.type("panel", "set-canceled", "--id", "15", "--yes")
    assert refused.code == 2
    assert "Order 15 was refunded already: the panel accepted setCanceled on 2026-11-22 15:53 UTC" in refused.err
    assert once_only(synced) == {"setCanceled": 1}


def test_send_again_does_not_outrank_the_journal(lived: Terminal) -> None:
    """F31: "Send again" beside a refund that the journal knows to have gone through sends nothing."""
    put_back(lived)
    assert lived.type("restore", "--yes").code == 0
    lived.edit("Orders", "15", If_unsure="Send again")
    assert lived.type("sync").code == 0
    assert once_only(lived)["setCanceled"] == 1


def test_unlock_ends_a_lease(synced: Terminal) -> None:
    """A run that was killed elsewhere left its right to run: one command ends it, after a question."""
    assert synced.type("unlock").out == "No run holds the right to run.\n"
    lease = Lease("run-elsewhere", synced.moment[0] + timedelta(minutes=5)).text()
    synced.commit({LEASE: lease})
    assert synced.type("sync").code == 4
    assert synced.type("unlock").code == 2
    ended = synced.type("unlock", "--yes")
    assert (ended.code, ended.out) == (0, "Ended the right of run run-elsewhere.\n")
    assert synced.type("sync").code == 0


def test_a_lease_further_away_than_any_setting_allows_is_not_believed(synced: Terminal) -> None:
    """F34: a run whose clock was a year ahead was killed: nobody is locked out for a year."""
    synced.commit({LEASE: Lease("run-elsewhere", synced.moment[0] + timedelta(days=365)).text()})
    assert synced.type("sync").code == 0
    synced.commit({LEASE: Lease("run-elsewhere", synced.moment[0] + LONGEST).text()})
    assert synced.type("sync").code == 4


# --- a copy from before the first use ------------------------------------------------------------------------------------------


def test_a_copy_of_before_the_first_use_that_another_machine_used(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F26, F28: the empty workbook came back and pc-b began anew in it: `restore` brings what this machine knows into that one."""
    assert terminal.type("init").code == 0
    shutil.copy(terminal.book, terminal.folder / "backup.xlsx")
    assert terminal.type("sync").code == 0
    first = [row["ID"] for row in terminal.rows("Orders")]
    terminal.edit("Orders", "15", Status="Canceled")
    pay(terminal)
    assert terminal.type("sync").code == 0
    put_back(terminal)
    monkeypatch.setenv("RECONCILE_STATE_DIR", "pc-b")
    terminal.panel.add_order("601", "1", link="l", quantity="10", charge="1", user_id="u")
    assert terminal.type("sync").code == 0
    monkeypatch.delenv("RECONCILE_STATE_DIR")
    stops(
        terminal.type("sync"),
        "is another workbook than the one this machine's journal knows at this place",
        "`reconcile restore`",
    )
    shown = terminal.type("restore", "--dry-run")
    assert shown.code == 0, shown
    done = terminal.type("restore", "--yes")
    assert done.code == 0, done
    assert sorted(str(row["ID"]) for row in terminal.rows("Orders")) == sorted([*map(str, first), "601"])
    pay(terminal)
    for machine in (STATE, "pc-b", STATE, "pc-b"):
        monkeypatch.setenv("RECONCILE_STATE_DIR", machine)
        ended = terminal.type("sync")
        assert ended.code == 0, (machine, ended)
    assert once_only(terminal) == {"setCanceled": 1, "addPayment": 1}
