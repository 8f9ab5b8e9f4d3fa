"""The languages: every catalogue complete, its placeholders right, its words told apart, and nothing left in English."""

from __future__ import annotations

import ast
import dataclasses
import re
import shutil
import string
import subprocess
import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import reconcile
from reconcile.core import cells, words
from reconcile.core.ledger import Ledger
from reconcile.core.model import Decision, Kind, RefillStatus, Status, Unsure, YesNo
from reconcile.errors import SettingsError
from reconcile.workbook import catalogue, dashboard, guide, templates
from reconcile.workbook.catalogue import LANGUAGES
from tests.workbook import english, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

OTHERS = [language for language in LANGUAGES if language != "en"]
ENUMS: tuple[type[StrEnum], ...] = (Status, RefillStatus, Decision, Unsure, YesNo)
PIECES = ("joints", "months", "same", "meant", "one", "many", "one_choice", "phrases", "sends", "instead")
"""Sections that are not whole sentences."""

# The same in another language: names, signs, and words that this language happens to share.
SHARED = {
    "es": {"ID", " min.", "No", "Panel", "Tickets", "ticket", "tickets"},
    "pt": {"ID", " min.", "Link", "Status", "Tickets", "ticket", "tickets"},
    "tr": {"ID", "Panel", "Program", "Mar", "May"},
    "hi": {"ID"},
}


def said(language: str) -> dict[str, Any]:
    """A catalogue file as it stands."""
    return catalogue.read(templates.folder(), language)


def texts(sections: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(section: key, text) of every single text."""
    for section, found in sections.items():
        if isinstance(found, dict):
            yield from ((f"{section}: {key}", text) for key, text in found.items() if isinstance(text, str))


def placeholders(text: str) -> list[str]:
    """The names in braces, sorted."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_english_stands_in_one_place() -> None:
    """en.toml is what the core and the templates say: `python -m tests.workbook.english` writes it again."""
    path = templates.folder() / "words" / "en.toml"
    assert path.read_text("utf-8") == english.TOP + english.toml(english.catalogue())


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    """A missing or an extra key fails; so does a blank text."""
    assert list(catalogue.paths(said(language))) == list(catalogue.paths(said("en")))
    blank = [path for path, text in texts(said(language)) if not text and "goes_on" not in path]
    assert blank == []
    assert len(said(language)["months"]) == 12


@pytest.mark.parametrize("language", OTHERS)
def test_every_placeholder_is_there_and_no_other(language: str) -> None:
    """A text that is told something says it, in whatever order; it is never told something it was not given."""
    source = dict(texts(said("en")))
    wrong = {
        path: text
        for path, text in texts(said(language))
        if not path.startswith("joints") and set(placeholders(text)) != set(placeholders(source[path]))
    }
    assert wrong == {}


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_is_well_formed(language: str) -> None:
    """One line, no doubled or outer space, letters in composed form, an end where English has one."""
    source = dict(texts(said("en")))
    for path, text in texts(said(language)):
        if path.partition(":")[0] in ("joints", "phrases") or path == "answers: long_text":
            continue
        assert text == unicodedata.normalize("NFC", text), path
        assert text == text.strip(), path
        assert "  " not in text, path
        assert "\n" not in text, path
        if source[path].endswith(".") and not source[path].endswith(".."):
            assert text.endswith((".", "।", "?", "}")), path
        assert text[0] not in "=+-'@", path


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_words_of_answers_are_told_apart(language: str) -> None:
    """Colours and filters look for them: none stands in another, and none holds what a spreadsheet would read as a pattern."""
    marks = list(templates.templates(language).words.MARK.values())
    assert len(marks) == len(Kind) == len(set(marks))
    for mark in marks:
        assert mark[0] not in "=+-'@0123456789"
        assert not set(mark) & set('*?~·"|().[]')
        assert [other for other in marks if other.casefold().startswith(mark.casefold())] == [mark]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_in_it_can_be_made(language: str) -> None:
    """Titles and headings differ from each other; titles, prompts, errors and drop-downs fit what Excel takes."""
    known = templates.templates(language)
    titles = [templates.fold(tab.title) for tab in known.tabs]
    assert len(set(titles)) == len(titles)
    for tab in known.tabs:
        assert 0 < len(tab.title) <= 31
        assert not set(tab.title) & set("[]:*?/\\'!")
        headers = [templates.fold(column.header) for column in tab.columns]
        assert len(set(headers)) == len(headers), tab.key
        for column in tab.columns if tab.key != templates.LEDGER else ():
            assert len(f"{column.header} ({known.owners[column.owner].label})") <= 32, column.header
            assert len(guide.help_text(column)) <= 255, (tab.key, column.key)
            assert len(",".join(column.choices)) <= 253
            assert not any("," in choice or '"' in choice for choice in column.choices)
            assert '"' not in column.header
            choices = known.text("{header} is one of: {choices}.")
            if column.choices:
                assert len(choices.format(header=column.header, choices=", ".join(column.choices))) <= 225
    for text in ("This is a heading", "Please choose"):
        assert len(known.text(text)) <= 32
    for tab in known.tabs:
        for column in tab.columns:
            if tab.protect == "header":
                assert (guide.condition(column, tab, dict.fromkeys(tab.keys, "A")) != "") is (
                    templates.needed(column.required_when) is not None
                )


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_name_columns_as_the_sheet_does(language: str) -> None:
    """Whatever heading, title, choice or state an English text names, the translation names by its own."""
    known, source = templates.templates(language), templates.templates()
    said_here, said_english = said(language), dict(texts(said("en")))
    terms: dict[str, str] = {}
    for tab in source.tabs:
        for column in tab.columns if tab.key in words.TAB else ():
            if column.key in words.LABEL and column.key not in ("link", "service", "message", "user", "quantity"):
                terms[column.header] = known.tab(tab.key).column(column.key).header
    terms |= {value: known.words.choice(value) for value in words.CHOICES}
    terms |= {"Sync": known.tab("orders").column("sync").header, "Not sure": known.words.MARK[Kind.DOUBT]}
    terms |= {"Long texts": known.tab("long_texts").title, "Services": known.tab("services").title}
    ordered = sorted(terms, key=len, reverse=True)
    pattern = re.compile(r"(?<![\w(])(" + "|".join(map(re.escape, ordered)) + r")(?![\w])")
    lacking, looked_for = [], 0
    for path, text in texts(said_here):
        if path.partition(":")[0] not in ("answers", "instead", "messages", "help", "purposes", "states", "guide"):
            continue
        given = re.sub(r"(?:(?<=^)|(?<=[.:] ))(If unsure still)", "If unsure still", said_english[path])
        for term in pattern.findall(given):
            ambiguous = term in ("Send", "No", "Yes", "Comments", "Details", "Reference", "Canceled")
            if ambiguous and re.search(rf"(^|[.!?:] ){term}\b", given):
                continue  # the first word of a sentence, not a name
            looked_for += 1
            if terms[term].casefold() not in text.casefold():
                lacking.append((path, term, terms[term]))
    assert lacking == []
    assert looked_for > 70


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: str) -> None:
    """Whatever a workbook shows is said in its language; a text the catalogue was not asked for would show here."""
    known, source = templates.templates(language), templates.templates()
    shown, before = set(_shown(known)), set(_shown(source))
    neutral = {text for text in shown & before if not re.search("[A-Za-z]{2}", re.sub(r"\{\w+\}|https?:\S+", "", text))}
    examples = {column.example for tab in source.tabs for column in tab.columns if not english.in_words(column)}
    assert (shown & before) - neutral - examples - SHARED[language] == set()
    source_texts = dict(texts(said("en")))
    same = {text for path, text in texts(said(language)) if source_texts[path] == text}
    assert {text for text in same if re.search("[a-z]{2}", re.sub(r"\{\w+\}", "", text))} <= SHARED[language]


def _said_by(text: str) -> list[str]:
    """The texts in a formula, but for the names of what it looks up; or the text itself."""
    return re.findall('"([^"_]*)"', re.sub('"_[a-z]+"', "0", text)) if text.startswith("=") else [text]


def _shown(known: templates.Templates) -> Iterator[str]:
    """Every text of a new workbook."""
    for item in dashboard.board(known, dashboard.standard(known)).items:
        yield from _said_by(item.text)
    for line in guide.lines(known, "-", "A1"):
        yield line.topic
        yield from _said_by(line.text)
    for tab in known.tabs:
        if tab.key != templates.LEDGER:
            yield from (tab.title, tab.purpose)
            yield from (tile.label for tile in tab.tiles)
            yield from (text for chart in tab.charts for text in (chart.title, *chart.series))
            for column in tab.columns:
                yield from (column.header, column.help, column.example, *column.choices, guide.help_text(column))


# --- what people type ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("options", ENUMS)
def test_choices_are_understood_in_the_language_and_in_english(language: str, options: type[StrEnum]) -> None:
    """As shown, in capitals, in small letters, with spaces around; and the same in English. No word means two things."""
    say = templates.templates(language).words
    seen: dict[str, str] = {}
    for option in options:
        shown = say.choice(option)
        assert seen.setdefault(cells.letters(shown), option.value) == option.value
        capitals = shown.replace("i", "İ").upper() if language == "tr" else shown.upper()
        for typed in (shown, capitals, f"  {shown.lower()} ", option.value, option.value.lower(), option.value.upper()):
            assert cells.choice(typed, options, "X", say) is option, typed
    for typed, values in say.same.items():
        for value in set(values) & set(options):
            assert cells.choice(typed, options, "X", say) == value


@pytest.mark.parametrize(
    ("language", "typed", "options", "found"),
    [
        ("es", "si", YesNo, YesNo.YES),
        ("es", "en progreso", Status, Status.IN_PROGRESS),
        ("pt", "nao", YesNo, YesNo.NO),
        ("pt", "CONCLUIDO", Status, Status.COMPLETED),
        ("tr", "hayir", YesNo, YesNo.NO),
        ("tr", "İŞLENİYOR", Status, Status.PROCESSING),
        ("tr", "ISLENIYOR", Status, Status.PROCESSING),
        ("tr", "tamamlandi", Status, Status.COMPLETED),
        ("hi", "हां", YesNo, YesNo.YES),
        ("hi", "पूरा", Status, Status.COMPLETED),
        ("hi", "completed", Status, Status.COMPLETED),
    ],
)
def test_what_a_keyboard_makes_of_it(language: str, typed: str, options: type[StrEnum], found: StrEnum) -> None:
    """Without accents, with a dotted or dotless I, with another nasal sign."""
    assert cells.choice(typed, options, "X", templates.templates(language).words) is found


@pytest.mark.parametrize(
    ("language", "typed", "answer"),
    [
        ("es", "Completdo", "“Completdo” no es un valor de Estado; ¿quiso decir Completado?"),
        ("es", "Compelted", "“Compelted” no es un valor de Estado; ¿quiso decir Completado?"),
        ("es", "terminado", "“terminado” no es un valor de Estado; ¿quiso decir Completado?"),
        (
            "es",
            "xyz",
            "“xyz” no es un valor de Estado. Elija Procesando, En curso, Completado, Parcial o Cancelado.",
        ),
        ("pt", "pronto", "“pronto” não é um valor de Status; você quis dizer Concluído?"),
        ("tr", "tamamlndı", "“tamamlndı”, bir Durum değeri değil; Tamamlandı mı demek istediniz?"),
        ("tr", "iade", "“iade”, bir Durum değeri değil; İptal edildi mı demek istediniz?"),
        ("hi", "हो गया", "“हो गया” स्थिति का कोई मान नहीं है; क्या आपका मतलब पूरा हुआ था?"),
    ],
)
def test_a_near_miss_is_asked_about_in_the_language(language: str, typed: str, answer: str) -> None:
    """Typos of its own words and of English ones, and other words for the same; never acted on."""
    known = templates.templates(language)
    label = known.tab("orders").column("status").header
    assert cells.choice(typed, Status, label, known.words) == cells.Wrong(answer)


def test_every_typed_word_means_a_choice() -> None:
    """The catalogues' own synonyms: none is also another choice's name or synonym in the same column."""
    for language in OTHERS:
        say = templates.templates(language).words
        for options in ENUMS:
            names = {cells.letters(say.choice(option)): option.value for option in options}
            names |= {cells.letters(option.value): option.value for option in options}
            for typed, values in say.same.items():
                own = [value for value in values if value in list(options)]
                assert len(own) <= 1, (language, typed)
                assert not own or names.get(typed, own[0]) == own[0], (language, typed)


def test_headings_in_turkish_capitals() -> None:
    """İ, I, ı and i are one letter where headings are compared."""
    assert templates.fold("İPTALLER") == templates.fold("iptaller") == templates.fold("İptaller")
    assert templates.fold("Alındığı an") == templates.fold("ALINDIĞI AN")


# --- the value is handed down ------------------------------------------------------------------------------------------------


IMPORTS_ENGLISH = {
    "core/words.py",
    *("commands/demo.py", "workbook/catalogue.py", "workbook/frames.py", "workbook/google_setup.py"),
    *("workbook/templates.py", "workbook/xlsx_book.py", "workbook/xlsx_layout.py"),
}
"""Modules that know English as one language among others: the catalogue's source, and what makes or reads a workbook."""

SPEAKS_TO_OPERATORS = {
    "commands/undoing.py",
    "core/resolve.py",
    "core/why.py",
    "core/words.py",
    "report/facts.py",
    "report/standing.py",
    "report/text.py",
    "restore.py",
}
"""Modules whose own sentences only a terminal shows."""


@cache
def sources() -> list[tuple[str, ast.Module]]:
    """Every module of the package, parsed."""
    root = Path(reconcile.__file__).parent
    return [(str(path.relative_to(root)), ast.parse(path.read_text("utf-8"))) for path in sorted(root.rglob("*.py"))]


def test_no_language_is_spoken_by_default() -> None:
    """Whoever words an answer is handed the language: no parameter and no field has one by itself, so none can be forgotten."""
    found = []
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                named = [*node.args.posonlyargs, *node.args.args]
                with_default = [*named[len(named) - len(node.args.defaults) :]]
                with_default += [
                    each
                    for each, one in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                    if one is not None
                ]
                found += [f"{name}: {node.name}({each.arg})" for each in with_default if _is_words(each.annotation)]
            elif isinstance(node, ast.AnnAssign) and _is_words(node.annotation) and isinstance(node.value, ast.Name):
                found.append(f"{name}: {ast.unparse(node)}")
    assert found == []


def _is_words(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation).strip("\"'") == "Words"


def test_english_is_named_where_it_is_one_language_among_others() -> None:
    """Nothing staff read is worded from the English of the module: only these modules import it, each for a reason."""
    taken: dict[str, set[str]] = {"ENGLISH": {"core/words.py"}, "TERMINAL": {"core/words.py"}}
    tables = []
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "reconcile.core.words":
                for each in node.names:
                    taken.get(each.name, set()).add(name)
                    if each.name.isupper() and each.name not in taken:
                        tables.append((name, each.name))
            elif isinstance(node, ast.ImportFrom) and node.module == "reconcile.core":
                tables += [(name, each.name) for each in node.names if each.name == "words"]
    assert taken == {"ENGLISH": IMPORTS_ENGLISH, "TERMINAL": SPEAKS_TO_OPERATORS}
    assert tables == []


def test_the_sentences_that_are_said_are_those_there_are() -> None:
    """Every sentence has its text, and every text is said somewhere."""
    root = Path(reconcile.__file__).parent
    own = ("words.py", "sentences.py")
    source = "\n".join(path.read_text("utf-8") for path in root.rglob("*.py") if path.name not in own)
    asked = set(re.findall(r"\b(?:say|self\.words|plan\.words|known\.words)\.([A-Z][A-Z_]+)\b", source))
    tables = {field.name for field in dataclasses.fields(words.ENGLISH) if field.name.isupper()} - set(
        words.ENGLISH.texts
    )
    assert asked - tables == set(words.ENGLISH.texts)


def test_the_names_of_the_sentences_are_current() -> None:
    """core/sentences.py is what core/words.py says: `python -m tests.workbook.english` writes it again."""
    assert sentences.TARGET.read_text("utf-8") == sentences.generated()


def test_a_sentence_there_is_not_is_a_fault() -> None:
    """A slip of the programmer's fingers is no text."""
    with pytest.raises(AttributeError):
        _ = words.ENGLISH.NEW_ODER  # type: ignore[attr-defined]


# --- files that are wrong ----------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(templates.folder(), tmp_path / "sheets_templates")


def test_an_unknown_language_is_named(copied: Path) -> None:
    """A workbook made by a later version may be in one."""
    with pytest.raises(SettingsError, match="does not speak the language 'fr'"):
        catalogue.load(copied, "fr")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('new = "Nuevo"\n', "", "Catalogue es.toml: marks: new is missing."),
        (
            'new = "Nuevo"',
            'new = "Nuevo"\nnewer = "Más"',
            "Catalogue es.toml: marks: newer is not a text that en.toml has.",
        ),
        ("[marks]", "[marks", "Catalogue es.toml is not valid TOML"),
    ],
)
def test_a_broken_catalogue_is_named(copied: Path, old: str, new: str, message: str) -> None:
    """File and key, in words."""
    path = copied / "words" / "es.toml"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        catalogue.load(copied, "es")
    assert caught.value.what.startswith(message)


def test_a_missing_catalogue_is_named(copied: Path) -> None:
    """A missing file is a setting, not a bug."""
    (copied / "words" / "tr.toml").unlink()
    with pytest.raises(SettingsError, match=r"^Catalogue tr\.toml cannot be read: No such file"):
        catalogue.load(copied, "tr")


def test_the_empty_ledger_knows_no_language() -> None:
    """What the ledger keeps is the same in every language: its columns and its tab are not translated."""
    for language in LANGUAGES:
        tab = templates.templates(language).tab(templates.LEDGER)
        assert tab == templates.templates().tab(templates.LEDGER)
        assert tuple(Ledger.empty().columns) == tab.keys


@pytest.mark.long
def test_a_sentence_there_is_not_fails_the_type_check(tmp_path: Path) -> None:
    """A slip of the programmer's fingers in the name of a sentence, a message, a limit or a phrase is found without a run."""
    slips = ("say.NEW_ODER", 'say.MESSAGES["delted"]', 'say.LIMITS["max_refund"]', 'say.PHRASES["ore"]')
    right = ("say.NEW_ORDER", 'say.MESSAGES["deleted"]', 'say.LIMITS["max_refunds"]', 'say.PHRASES["or"]')
    lines = ["from reconcile.core.words import Words", "def said(say: Words) -> list[str]:", "    return ["]
    lines += [f"        {each}," for each in (*slips, *right)] + ["    ]"]
    (tmp_path / "slips.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    root = str(Path(reconcile.__file__).parents[1])
    found = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "slips.py")],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    wrong = sorted(
        {int(line.split(":")[1]) for line in found.stdout.splitlines() if "slips.py:" in line and ": error:" in line}
    )
    assert wrong == [4, 5, 6, 7], found.stdout + found.stderr
