"""Everything a workbook says in English, gathered from where it is said: `python -m tests.workbook.english` writes en.toml.

It writes reconcile/core/sentences.py first: the names of the sentences, as types.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.workbook import sentences

if __name__ == "__main__":
    sentences.write()

from reconcile.core.words import ENGLISH, MONTHS
from reconcile.workbook import guide, templates
from reconcile.workbook.catalogue import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconcile.workbook.templates import Column

HELP_OF_TEMPLATES = (
    "Example: {example}",
    "Needed when {column} is {value}.",
    "Needed when {column} says {value}.",
    "Always needed.",
)
TOP = """# Everything a workbook says in English, in one place: the source for those who translate. `python -m tests.workbook.english`
# writes this file from core/words.py and the templates; a test says when it is to be written again.
#
# Another language is another file with the same keys. Keep what stands in {braces} as it is, in any order. See ../README.md.

"""


def catalogue() -> dict[str, Any]:
    """The English catalogue, section by section."""
    known = templates.templates()
    shown = [tab for tab in known.tabs if tab.key != templates.LEDGER]
    return {
        "language": "en",
        "months": list(MONTHS),
        "marks": {kind.value: mark for kind, mark in ENGLISH.MARK.items()},
        "joints": dict(ENGLISH.JOINTS),
        "choices": dict(ENGLISH.CHOICES),
        "same": {value: [] for value in ENGLISH.CHOICES},
        "meant": {value: [] for value in ENGLISH.CHOICES},
        "titles": {tab.key: tab.title for tab in shown},
        "headers": _shared([(tab.key, column.key, column.header) for tab in shown for column in tab.columns]),
        "owners": {
            key: text
            for owner in known.owners.values()
            for key, text in ((owner.name, owner.label), (f"{owner.name}.words", owner.words))
        },
        "states": {state.name: state.means for state in known.states},
        "purposes": {tab.key: tab.purpose for tab in shown},
        "help": _shared([(tab.key, column.key, column.help) for tab in shown for column in tab.columns]),
        "examples": _shared(
            [(tab.key, column.key, column.example) for tab in shown for column in tab.columns if in_words(column)]
        ),
        "guide": {text: text for text in guide_texts()},
        "answers": {name.lower(): text for name, text in ENGLISH.texts.items()},
        "one": dict(ENGLISH.ONE),
        "many": dict(ENGLISH.MANY),
        "instead": dict(ENGLISH.INSTEAD),
        "one_choice": {
            next(key for key, header in ENGLISH.LABEL.items() if header == label): text
            for label, text in ENGLISH.one_choice.items()
        },
        "phrases": dict(ENGLISH.PHRASES),
        "sends": dict(ENGLISH.SENDS),
        "messages": dict(ENGLISH.MESSAGES),
        "limits": dict(ENGLISH.LIMITS),
        "results": dict(ENGLISH.RESULTS),
        "row_states": dict(ENGLISH.STATES),
        "verdicts": dict(ENGLISH.VERDICTS),
    }


def in_words(column: Column) -> bool:
    """Whether a column's example is something to translate: words, and not one of the choices."""
    return (
        " " in column.example and bool(re.search("[A-Za-z]", column.example)) and column.example not in ENGLISH.CHOICES
    )


def _shared(texts: list[tuple[str, str, str]]) -> dict[str, str]:
    """(tab, column, text) as: what most tabs say under `column`, what a tab says of its own under `tab.column`."""
    said: dict[str, Counter[str]] = {}
    for _, column, text in texts:
        said.setdefault(column, Counter())[text] += 1
    found = {}
    for tab, column, text in texts:
        common, times = said[column].most_common(1)[0]
        if text == common and (times > 1 or len(said[column]) == 1):
            found[column] = text
        else:
            found[f"{tab}.{column}"] = text
    return found


def guide_texts() -> list[str]:
    """What is said beside tabs and columns: every text that a module of workbook/ looks up with `.text(…)`."""
    found = [text for pair in guide.TODO for text in pair]
    for tab in templates.templates().tabs:
        found += [tile.label for tile in tab.tiles]
        found += [text for chart in tab.charts for text in (chart.title, *chart.series)]
    for path in sorted(Path(guide.__file__).parent.glob("*.py")):
        module = importlib.import_module(f"reconcile.workbook.{path.stem}")
        found += [text for text in _looked_up(path.read_text("utf-8"), vars(module)) if text not in found]
    return [*dict.fromkeys([*found, *HELP_OF_TEMPLATES])]


def _looked_up(source: str, names: dict[str, Any]) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "text"):
            continue
        if "known" not in ast.unparse(node.func.value):
            continue
        (asked,) = node.args
        if isinstance(asked, ast.Constant):
            yield str(asked.value)
        elif isinstance(asked, ast.Name) and isinstance(names.get(asked.id), str):
            yield names[asked.id]
        elif isinstance(asked, ast.Attribute) and ast.unparse(asked.value) == "guide":
            yield getattr(guide, asked.attr)


def toml(said: dict[str, Any]) -> str:
    """A catalogue as TOML."""
    lines = []
    for section, texts in said.items():
        if not isinstance(texts, dict):
            lines.append(f"{section} = {_value(texts)}")
            continue
        lines += ["", f"[{section}]"]
        lines += [f"{_key(key)} = {_value(text)}" for key, text in texts.items()]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_]+", key) else _value(key)


def _value(text: Any) -> str:
    return json.dumps(text, ensure_ascii=False)


def main() -> None:
    """Writes en.toml; core/sentences.py is written by then."""
    path = templates.folder() / FOLDER / "en.toml"
    path.write_text(TOP + toml(catalogue()), encoding="utf-8")


if __name__ == "__main__":
    main()
