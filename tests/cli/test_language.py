"""RECONCILE_LANGUAGE on the command line: `init` makes the workbook in it, and doctor says which language counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from reconcile.workbook.catalogue import LANGUAGES

if TYPE_CHECKING:
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


def test_the_demo_is_in_the_language_set(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workbook, choices and staff's slips; what is printed stays English, and says so. `doctor` in its folder is content."""
    monkeypatch.setenv("RECONCILE_LANGUAGE", "es")
    told = terminal.type("demo").out
    assert "   The workbook is in Spanish, as RECONCILE_LANGUAGE says; staff type in it.\n   $ reconcile init\n" in told
    assert ": Start count 1,200, Status completado  (done; typed in small letters)\n" in told
    assert "“Compeltado” no es un valor de Estado; ¿quiso decir Completado?" in told
    assert "every row says in its Respuesta column what became of it." in told
    book = load_workbook(terminal.folder / "demo" / "orders.xlsx")
    assert book["Pedidos"]["E1"].value == "Estado"
    assert [book["Pedidos"].cell(row, 5).value for row in (2, 6, 7)] == ["completado", "Parcial", "Cancelado"]
    monkeypatch.delenv("RECONCILE_LANGUAGE")
    for name in ("RECONCILE_PANEL_URL", "RECONCILE_PANEL_KEY", "RECONCILE_SHEET"):
        monkeypatch.delenv(name)
    monkeypatch.chdir(terminal.folder / "demo")
    assert "✓ language   The workbook is in Spanish (es)." in terminal.type("doctor").out


def demo(terminal: Terminal) -> Any:
    """What the demo's panel was told, and how many rows were answered how."""
    ended = terminal.type("demo", "--json")
    assert ended.code == 0
    made = json.loads(ended.out)
    plan = made["runs"][1]["plan"]
    words = {"payments": [{**one, "details": ""} for one in made["panel"]["payments"]]}
    words["tickets"] = [{**one, "subject": "", "message": ""} for one in made["panel"]["tickets"]]
    told = [text for text in made["panel"]["told"] if not text.startswith(("Payment", "Ticket"))]
    answers = [(one["feed"], one["id"], one["kind"]) for one in plan["answers"]]
    return told, made["panel"]["refunds"], words, plan["counts"], answers


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_the_demo_comes_to_the_same_in_every_language(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Every scripted word is understood, or not understood, as its English one is; and each is said in that language."""
    from reconcile.commands.demo import EDITS, TYPED  # noqa: PLC0415 - only here

    english = demo(terminal)
    monkeypatch.setenv("RECONCILE_LANGUAGE", language)
    assert demo(terminal) == english
    typed = {value for edit in EDITS for _, value in edit.cells}
    assert TYPED[language].keys() == TYPED["es"].keys() <= typed


def test_a_demo_needs_no_other_setting(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong elsewhere does not stop it; a language there is not does."""
    monkeypatch.setenv("RECONCILE_PANEL_URL", "not an address")
    monkeypatch.setenv("RECONCILE_MAX_REFUNDZ", "3")
    assert terminal.type("demo").code == 0
    monkeypatch.setenv("RECONCILE_LANGUAGE", "klingon")
    told = terminal.type("demo")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("RECONCILE_LANGUAGE (the environment) must be en, es, pt, tr or hi")
