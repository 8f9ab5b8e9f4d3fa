"""A Google Sheet behind the command line: the emulator over real HTTP, and staff who have it open in the browser."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconcile.workbook.templates import templates
from tests.emulator.emulator import OWNER, Emulator
from tests.faults.google_book import Google

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.cli.conftest import Terminal
    from tests.emulator.staff import Staff


class Sheet:
    """A spreadsheet as staff have it open in the browser."""

    def __init__(self, emulator: Emulator, book: str) -> None:
        self.emulator, self.id, self.before_use = emulator, book, 0
        self.shown: Any = Google.__new__(Google)
        self.shown._use(emulator, book)

    def rows(self, tab: str) -> list[dict[str, Any]]:
        head, *body = self.shown.see(tab)
        return [dict(zip(head, row, strict=True)) for row in body if any(cell is not None for cell in row)]

    def edit(self, tab: str, key: str, **cells: Any) -> None:
        """Types into the row of `key`, or into a new one: template column key → cell."""
        known = templates().tab(tab)
        grid = self.shown.see(tab)
        own = grid[0].index(known.column(known.key_column).header)
        row = next((row for row in grid[1:] if str(row[own]) == key), None)
        if row is None:
            row = [None] * len(grid[0])
            row[own] = key
            grid.append(row)
        for name, value in cells.items():
            row[grid[0].index(known.column(name).header)] = value
        self.shown.show(tab, grid)

    def version(self) -> int:
        return self.emulator.versions(self.id)[-1]

    def put_back(self, version: int) -> None:
        self.emulator.restore(self.id, version)
        self.shown._looked.clear()

    def owner(self, title: str) -> Staff:
        """The owner of the spreadsheet on a tab: nobody is refused to them."""
        return self.emulator.staff(self.id, title, OWNER)

    def protect(self, title: str) -> int:
        """The owner closes a whole tab to everybody else, the job too; the id of the protection."""
        tab = self.emulator.sheet(self.id, title)
        owner = self.owner(title)
        for each in list(tab.protections):
            owner.do({"deleteProtectedRange": {"protectedRangeId": each["protectedRangeId"]}})
        closed = {"range": {"sheetId": tab.sheet_id}, "editors": {"users": [OWNER]}}
        (answer,) = owner.do({"addProtectedRange": {"protectedRange": closed}})
        return int(answer["addProtectedRange"]["protectedRange"]["protectedRangeId"])


@contextmanager
def set_up(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sheet]:
    """A sheet after `init`, which all later commands use."""
    with Emulator() as emulator:
        made = Sheet(emulator, emulator.new_spreadsheet("Orders"))
        monkeypatch.setenv("XDG_STATE_HOME", str(terminal.folder / "state"))
        monkeypatch.setenv("SHEETS_EMULATOR_HOST", emulator.host)
        monkeypatch.setenv("RECONCILE_GOOGLE_KEY_JSON", json.dumps(emulator.account()))
        monkeypatch.setenv("RECONCILE_SHEET", f"https://docs.google.com/spreadsheets/u/1/d/{made.id}/edit?gid=0#gid=0")
        assert terminal.type("init").code == 0
        made.before_use = made.version()
        yield made
