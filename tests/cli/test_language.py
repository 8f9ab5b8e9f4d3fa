"""RECONCILE_LANGUAGE on the command line: `init` makes the workbook in it, and doctor says which language counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Terminal


def test_doctor_says_when_settings_and_workbook_differ(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one counts, and what to set; a sync goes by the workbook."""
    monkeypatch.setenv("RECONCILE_LANGUAGE", "es")
    assert terminal.type("init").code == 0
    assert "✓ language   The workbook is in Spanish (es)." in terminal.type("doctor").out
    monkeypatch.delenv("RECONCILE_LANGUAGE")
    told = terminal.type("doctor")
    assert "! language   The workbook is in Spanish (es), and that counts; RECONCILE_LANGUAGE says en.\n" in told.out
    assert "→ Set RECONCILE_LANGUAGE=es. To change the language, make a new workbook" in told.out
    assert told.code == 0
    assert terminal.type("sync").code == 0
    assert terminal.rows("Pedidos")[0]["Estado"] == "Procesando"


def test_an_english_workbook_says_nothing_of_it(synced: Terminal) -> None:
    """What is as usual is not told."""
    assert "language" not in synced.type("doctor").out


def test_an_unknown_language_is_a_setting(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named, with those there are."""
    monkeypatch.setenv("RECONCILE_LANGUAGE", "klingon")
    told = terminal.type("init")
    assert told.code == 2
    assert "RECONCILE_LANGUAGE (the environment) must be en, es, pt, tr or hi" in told.err
