"""What every test gets: no settings from the machine it runs on, and no boundary hook left over from another test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconcile import boundary, journal
from reconcile.workbook import xlsx_layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconcile.workbook.templates import Templates


RAM, ENOUGH = Path("/dev/shm"), 1_000_000_000  # noqa: S108 - where there is one, no disk has to spin


def pytest_configure() -> None:
    """Puts the tests' folders into memory: a journal waits for the disk at every step, a busy one for milliseconds each time."""
    if RAM.is_dir():
        found = os.statvfs(RAM)
        if found.f_bavail * found.f_frsize > ENOUGH and not found.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(RAM))


@pytest.fixture(autouse=True)
def _no_settings_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("RECONCILE_") or name in ("SHEETS_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _a_state_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    # made only when something is written into it
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
    monkeypatch.setattr(
        journal, "RESERVE", 65_536
    )  # a real reserve would fill the memory that the tests' folders are in


@pytest.fixture(autouse=True)
def _no_hook_left_over() -> Iterator[None]:
    yield
    boundary.set_hook(None)


_MADE: dict[tuple[int, str], tuple[Templates, bytes]] = {}
_make = xlsx_layout.made


@pytest.fixture(autouse=True)
def _a_new_workbook_is_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # but for the day in its properties it is the same for the same templates and zone, and costs a sixth of a second

    def made(known: Templates, now: datetime, zone_name: str) -> bytes:
        key = id(known), zone_name
        if key not in _MADE:
            _MADE[key] = known, _make(known, now, zone_name)
        return _MADE[key][1]

    monkeypatch.setattr(xlsx_layout, "made", made)
