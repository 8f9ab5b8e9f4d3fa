"""A tab that cannot take what a run writes is known before anything is sent, or gone around: the whole engine on the emulator."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from reconcile.core.plan import Rules
from reconcile.errors import AccessRefused, Damaged
from reconcile.job import Job, sync
from reconcile.journal import Journal
from reconcile.panel.client import Panel
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.templates import letters
from tests.contract.google_subject import http
from tests.emulator.emulator import OWNER, STAFF
from tests.emulator.staff import Staff
from tests.test_call_budget import NOW, Office


def run(office, rules=None):
    """One run of the office's job; Google may refuse calls of it."""
    office.runs += 1
    with (
        Journal.open(office.folder) as journal,
        Panel(
            "https://panel.example/admin/v1", SecretStr(office.panel.key), transport=office.panel.transport(), pace=0
        ) as panel,
    ):
        book = GoogleWorkbook(office.id, http(office.emulator))
        return sync(Job(book, panel, journal, rules or Rules(), lambda: NOW, f"run-{office.runs}"))


def protect(office, title, **where):
    """The owner closes a tab, or a part of it, to everybody else."""
    sheet = office.emulator.sheet(office.id, title)
    ours = [] if where else list(sheet.protections)
    for each in ours:
        owner(office, title).do({"deleteProtectedRange": {"protectedRangeId": each["protectedRangeId"]}})
    area = {"sheetId": sheet.sheet_id, **where}
    request = {"addProtectedRange": {"protectedRange": {"range": area, "editors": {"users": [OWNER]}}}}
    (answer,) = owner(office, title).do(request)
    return answer["addProtectedRange"]["protectedRange"]["protectedRangeId"]


def sent(office):
    """How many refunds the panel was asked for."""
    return len(office.panel.calls("setCanceled"))


def owner(office, title):
    return Staff(office.emulator, office.id, title, OWNER)


def make_table(office, title):
    """What Format > Convert to table leaves on a tab."""
    sheet = office.emulator.sheet(office.id, title)
    area = {
        "sheetId": sheet.sheet_id,
        "startRowIndex": 0,
        "endRowIndex": 90,
        "startColumnIndex": 0,
        "endColumnIndex": 14,
    }
    sheet.tables.append({"tableId": "1", "name": "T", "range": area})


def cancel(office, row=2):
    """Staff cancel the order in a row: a refund."""
    staff = Staff(office.emulator, office.id, "Orders", STAFF)
    staff.type(f"{letters(staff.column('Status'))}{row}", "Canceled")


def column(office, title, header):
    """What a tab shows under a heading, from the top."""
    staff = Staff(office.emulator, office.id, title, OWNER)
    place = staff.column(header)
    rows = office.emulator.sheet(office.id, title).rows[1:]
    cells = [row[place] if place < len(row) else None for row in rows]
    return [cell.value for cell in cells if cell is not None and cell.value is not None]


@pytest.mark.parametrize("title", ["Change log", "Runs"])
def test_lines_of_a_log_that_is_closed_to_the_job_wait(tmp_path, title):
    """The refund is sent, its result written, and no doubt comes of it; the lines appear once somebody opens the log."""
    office = Office(tmp_path, rows=6)
    run(office)
    known = len(column(office, title, "Run"))
    closed = protect(office, title)
    cancel(office)
    outcome = run(office)
    assert (outcome.exit_code, outcome.doubts) == (0, ())
    assert sent(office) == 1
    account = office.emulator.service_account
    (message,) = outcome.messages
    assert message == (
        f"“{title}” is protected against the job, so its new lines wait in the hidden _ledger tab. "
        f"Data > Protect sheets and ranges: let {account} edit it; then they appear."
    )
    assert len(column(office, title, "Run")) == known
    owner(office, title).do({"deleteProtectedRange": {"protectedRangeId": closed}})
    outcome = run(office)
    assert outcome.messages == ()
    shown = column(office, title, "Run")
    assert len(shown) == known + (2 if title == "Runs" else 1)
    assert sent(office) == 1


@pytest.mark.parametrize("title", ["Change log", "Runs"])
def test_lines_of_a_log_that_was_made_a_table_wait(tmp_path, title):
    """Google drops what is appended there; nothing is lost, and the person at the terminal is told."""
    office = Office(tmp_path, rows=6)
    run(office)
    known = len(column(office, title, "Run"))
    make_table(office, title)
    cancel(office)
    outcome = run(office)
    assert (outcome.exit_code, outcome.doubts) == (0, ())
    (message,) = outcome.messages
    assert message == (
        f"“{title}” was made a table (Format > Convert to table), in which Google drops what the job adds. "
        "Its new lines wait in the hidden _ledger tab until it is unformatted data again."
    )
    office.emulator.sheet(office.id, title).tables.clear()
    run(office)
    assert len(column(office, title, "Run")) == known + (2 if title == "Runs" else 1)


def test_a_log_that_is_closed_in_mid_run_makes_no_doubt(tmp_path):
    """Between the begin and the end of a run: the end is written all the same, its lines wait."""
    office = Office(tmp_path, rows=6)
    cancel(office)
    office.emulator.faults.before(len(office.emulator.calls) + 3, lambda _: protect(office, "Change log"))
    outcome = run(office)
    assert (outcome.exit_code, outcome.doubts) == (0, ())
    assert run(office).exit_code == 0
    assert sent(office) == 1


@pytest.mark.parametrize("shut", ["protected", "a table"])
def test_nothing_leaves_orders_that_does_not_stand_in_archive(tmp_path, shut):
    """Rows move to an Archive that was made a table, where appended rows would vanish; they stay for one that is closed."""
    office = Office(tmp_path, rows=6, done=2)
    protect(office, "Archive") if shut == "protected" else make_table(office, "Archive")
    outcome = run(office, Rules(archive_after_days=7))
    assert outcome.exit_code == 0
    orders, archived = column(office, "Orders", "ID"), column(office, "Archive", "ID")
    assert sorted([*orders, *archived]) == [str(10_000 + n) for n in range(6)]
    assert len(archived) == (0 if shut == "protected" else 2)
    assert run(office).exit_code == 0


@pytest.mark.parametrize("title", ["Orders", "Refills", "Long texts", "Approvals"])
def test_a_tab_that_cannot_take_rows_stops_the_run_before_anything_is_sent(tmp_path, title):
    """F38: one sentence, and no refund, no claim."""
    office = Office(tmp_path, rows=6)
    make_table(office, title)
    office.panel.add_order("99", "1", link="https://x.com/a", quantity="10", status="Pending")
    cancel(office)
    with pytest.raises(Damaged) as refused:
        run(office)
    assert refused.value.what == (
        f"'{title}' was made a table (Format > Convert to table), in which Google drops the rows that the job adds."
    )
    assert sent(office) == len(office.panel.calls("getOrders")) == 0


def test_answers_that_could_not_be_written_stop_the_run_before_anything_is_sent(tmp_path):
    """One closed Sync cell would refuse the last commit whole, with the result of the refund in it."""
    office = Office(tmp_path, rows=6)
    run(office)
    cancel(office)
    protect(office, "Orders", startRowIndex=1, endRowIndex=2)
    with pytest.raises(AccessRefused) as refused:
        run(office)
    assert refused.value.what == "A protection keeps the job from writing: Orders."
    assert sent(office) == 0


def test_rows_that_a_table_dropped_land_with_a_later_run(tmp_path):
    """Orders is made a table in the very second of the landing: the orders are not called landed, and come once it is undone."""
    office = Office(tmp_path, rows=6)
    office.panel.add_order("99", "1", link="https://x.com/a", quantity="10", status="Pending")
    office.emulator.faults.before(len(office.emulator.calls) + 3, lambda _: make_table(office, "Orders"))
    assert run(office).exit_code == 8
    assert "99" not in column(office, "Orders", "ID")
    with pytest.raises(Damaged):  # as long as it is one
        run(office)
    office.emulator.sheet(office.id, "Orders").tables.clear()
    assert run(office).exit_code == 0
    assert column(office, "Orders", "ID").count("99") == 1
