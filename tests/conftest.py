"""What every test gets: no settings from the machine it runs on, and no boundary hook left over from another test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconcile import boundary

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_settings_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("RECONCILE_") or name in ("SHEETS_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_hook_left_over() -> Iterator[None]:
    yield
    boundary.set_hook(None)
