"""The command line in process: a practice panel, a folder of its own, a clock that stands still, run ids that count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from reconcile import cli
from reconcile.commands import world
from reconcile.core.identity import identity_of
from reconcile.core.model import Commit
from reconcile.panel.practice import PracticePanel
from reconcile.workbook.xlsx import XlsxWorkbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "practice-canary-0f1e2d3c4b5a"
NOW = datetime(2026, 11, 22, 15, 53, 16, tzinfo=UTC)


@dataclass(frozen=True)
class Ended:
    """How one command ended."""

    code: int
    out: str
    err: str


@dataclass
class Terminal:
    """Types commands into this process and keeps everything that was printed."""

    folder: Path
    panel: PracticePanel
    url: str
    type: Callable[..., Ended]
    moment: list[datetime]

    @property
    def book(self) -> Path:
        return self.folder / "orders.xlsx"

    def edit(self, tab: str, key: str, **cells: object) -> None:
        """Types into the row of `key`, as a spreadsheet program would; `start_count` is the column Start count."""
        opened = load_workbook(self.book)
        sheet = opened[tab]
        headers = {str(cell.value): place for place, cell in enumerate(sheet[1], 1)}
        own = headers.get("Code") or headers.get("ID") or headers["Reference"]
        places = [row for row in range(2, sheet.max_row + 2) if str(sheet.cell(row, own).value) == key]
        place = (
            places[0] if places else next(row for row in range(2, sheet.max_row + 2) if not sheet.cell(row, own).value)
        )
        if not places:
            sheet.cell(place, own, key)
        for name, value in cells.items():
            sheet.cell(place, headers[name.replace("_", " ").capitalize()], value)
        opened.save(self.book)

    def delete(self, tab: str, key: str) -> None:
        """Removes the row of `key`, as a person would."""
        opened = load_workbook(self.book)
        sheet = opened[tab]
        place = next(row for row in range(2, sheet.max_row + 1) if str(sheet.cell(row, 1).value) == key)
        sheet.delete_rows(place)
        opened.save(self.book)

    def commit(self, meta: dict[str, str]) -> None:
        """Writes entries of the hidden tab, as a run on another machine would."""
        book = XlsxWorkbook(self.book)
        snapshot = book.read()
        identity = identity_of(snapshot.meta, snapshot.revision).committed("elsewhere", 1, f"{snapshot.revision:016x}")
        book.commit(Commit("run-elsewhere", meta={**meta, **identity.meta}), snapshot.revision)

    def rows(self, tab: str) -> list[dict[str, object]]:
        """The rows of a tab as header → value."""
        sheet = load_workbook(self.book)[tab]
        headers = [str(cell.value) for cell in sheet[1]]
        found = [dict(zip(headers, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=2)]
        return [row for row in found if any(value is not None for value in row.values())]


@pytest.fixture
def panel() -> PracticePanel:
    """Two pending orders of service 1 (the reference's), its refill and its cancel request."""
    return PracticePanel(2, 7, KEY, refills=1, cancels=1)


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], panel: PracticePanel
) -> Iterator[Terminal]:
    """A terminal in an empty folder, with settings for the practice panel and a workbook that is not there yet."""
    moment, numbers = [NOW], count(1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(world, "clock", lambda: moment[0])
    monkeypatch.setattr(world, "chance", lambda: f"{next(numbers):04x}")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    said: list[str] = []

    def type_(*words: str) -> Ended:
        code = cli.main(list(words))
        captured = capsys.readouterr()
        said.extend((captured.out, captured.err))
        return Ended(code, captured.out, captured.err)

    with panel.serving() as url:
        monkeypatch.setenv("RECONCILE_PANEL_URL", url)
        monkeypatch.setenv("RECONCILE_PANEL_KEY", panel.key)
        monkeypatch.setenv("RECONCILE_SHEET", "orders.xlsx")
        monkeypatch.setenv("RECONCILE_SERVICES", "1")
        yield Terminal(tmp_path, panel, url, type_, moment)
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(panel.key in text for text in said), "the key was printed"
    assert not any(panel.key.encode() in raw for raw in written), "the key was written to a file"


@pytest.fixture
def synced(terminal: Terminal) -> Terminal:
    """The same after `init` and a first `sync`."""
    assert terminal.type("init").code == 0
    assert terminal.type("sync").code == 0
    return terminal
