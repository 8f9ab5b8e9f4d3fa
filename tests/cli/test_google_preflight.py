"""What a Google Sheet cannot take is known before anything is sent, or gone around: through the real command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile.core.cells import id_text
from reconcile.errors import Exit
from tests.cli.google_sheet import Sheet, set_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Terminal

CLAIMS = {"getOrders", "pullRefill", "pullCancel"}


@pytest.fixture
def sheet(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sheet]:
    """A sheet with two orders; then a refund is wanted, and an order waits at the panel."""
    with set_up(terminal, monkeypatch) as made:
        assert terminal.type("sync").code == 0
        made.edit("orders", "15", status="Canceled")
        terminal.panel.add_order("501", "1", link="l", quantity="10", charge="1", user_id="u")
        yield made


def made_a_table(sheet: Sheet, title: str, *, footer: bool = False) -> None:
    """Format > Convert to table; with a footer a total stands in its last row."""
    tab = sheet.emulator.sheet(sheet.id, title)
    area = {
        "sheetId": tab.sheet_id,
        "startRowIndex": 0,
        "endRowIndex": max(tab.data_end(), 2) + footer,
        "startColumnIndex": 0,
        "endColumnIndex": 6,
    }
    looks = {"rowsProperties": {"footerColorStyle": {"rgbColor": {"red": 0.5}}}} if footer else {}
    tab.tables.append({"tableId": "1", "name": "T", "range": area, **looks})


def actions(terminal: Terminal, since: int) -> list[str]:
    return [call.action for call in terminal.panel.requests[since:]]


def goes_on(terminal: Terminal, sheet: Sheet) -> None:
    """Once it is undone: one refund, and each order stands in one row."""
    assert terminal.type("sync").code == 0
    assert actions(terminal, 0).count("setCanceled") == 1
    rows = [str(row["ID"]) for row in sheet.rows("orders")]
    assert sorted(rows) == ["15", "16", "501"]


def stops(terminal: Terminal, code: Exit, *said: str) -> None:
    """The run ends with this code and these words, and neither received nor sent anything."""
    before = len(terminal.panel.requests)
    ended = terminal.type("sync")
    text = " ".join((ended.out + ended.err).split())
    assert ended.code == code, text
    assert [words for words in said if words not in text] == [], text
    assert set(actions(terminal, before)) & {*CLAIMS, "setCanceled", "updateOrders"} == set()


@pytest.mark.parametrize("title", ["Change log", "Runs"])
@pytest.mark.parametrize("how", ["protected", "a table", "a table with a footer"])
def test_a_log_that_takes_no_lines(terminal: Terminal, sheet: Sheet, title: str, how: str) -> None:
    """The refund is sent and answered, the lines wait and are told, and stand there once the log is open again."""
    known = len(sheet.rows("history" if title == "Change log" else "runs"))
    closed = sheet.protect(title) if how == "protected" else 0
    if not closed:
        made_a_table(sheet, title, footer="footer" in how)
    ended = terminal.type("sync")
    assert ended.code == 0, ended
    text = " ".join(ended.out.split())
    assert f"“{title}”" in text
    assert "hidden _ledger tab" in text
    if closed:
        sheet.owner(title).do({"deleteProtectedRange": {"protectedRangeId": closed}})
    sheet.emulator.sheet(sheet.id, title).tables.clear()
    goes_on(terminal, sheet)
    assert len(sheet.rows("history" if title == "Change log" else "runs")) > known
    assert "hidden _ledger tab" not in terminal.type("sync").out


@pytest.mark.parametrize("title", ["Orders", "Refills", "Cancels", "Long texts", "Approvals"])
@pytest.mark.parametrize("footer", [False, True])
def test_a_tab_for_rows_that_was_made_a_table(terminal: Terminal, sheet: Sheet, title: str, footer: bool) -> None:  # noqa: FBT001 - a form of it
    """One sentence, exit 8; nothing was sent; undone, everything goes on."""
    made_a_table(sheet, title, footer=footer)
    stops(terminal, Exit.DAMAGED, f"'{title}' was made a table", "Revert to unformatted data")
    sheet.emulator.sheet(sheet.id, title).tables.clear()
    goes_on(terminal, sheet)


@pytest.mark.parametrize("title", ["Orders", "_ledger", "Approvals"])
def test_a_tab_that_must_be_written_is_closed(terminal: Terminal, sheet: Sheet, title: str) -> None:
    """The Sync cells, the ledger, the lists: exit 6, nothing was sent; opened again, everything goes on."""
    closed = sheet.protect(title)
    stops(terminal, Exit.ACCESS, "protect", sheet.emulator.service_account)
    doctor = terminal.type("doctor")
    assert doctor.code == Exit.ACCESS
    sheet.owner(title).do({"deleteProtectedRange": {"protectedRangeId": closed}})
    goes_on(terminal, sheet)


@pytest.mark.parametrize("how", ["protected", "a table"])
def test_archive_cannot_take_rows(terminal: Terminal, sheet: Sheet, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Nothing leaves Orders that does not stand in Archive; the refund is sent all the same."""
    monkeypatch.setenv("RECONCILE_ARCHIVE_AFTER_DAYS", "7")
    goes_on(terminal, sheet)
    sheet.protect("Archive") if how == "protected" else made_a_table(sheet, "Archive")
    terminal.moment[0] = terminal.moment[0].replace(month=12)
    for _ in range(2):
        assert terminal.type("sync").code == 0
    stand = [id_text(row["ID"]) for tab in ("orders", "archive") for row in sheet.rows(tab)]
    assert sorted(map(str, stand)) == ["15", "16", "501"]


def test_a_spreadsheet_without_room(terminal: Terminal, sheet: Sheet) -> None:
    """Ten million cells are full, and Orders has no free row: exit 8 with the sentence, nothing sent or received."""
    emulator = sheet.emulator
    orders = emulator.sheet(sheet.id, "Orders")
    spare = {"sheetId": orders.sheet_id, "dimension": "ROWS"}
    sheet.owner("Orders").do({"deleteDimension": {"range": {**spare, "startIndex": 5, "endIndex": orders.row_count}}})
    used = sum(tab.row_count * tab.column_count for tab in emulator.book(sheet.id).sheets)
    columns = 1_000
    rows = (10_000_000 - used) // columns
    grid = {"rowCount": rows, "columnCount": columns}
    sheet.owner("Orders").do({"addSheet": {"properties": {"title": "Big", "gridProperties": grid}}})
    stops(terminal, Exit.DAMAGED, "10,000,000 cells")
    big = emulator.sheet(sheet.id, "Big").sheet_id
    sheet.owner("Orders").do({"deleteSheet": {"sheetId": big}})
    goes_on(terminal, sheet)
