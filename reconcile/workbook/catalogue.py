"""One language's catalogue, sheets_templates/words/LANGUAGE.toml: every text a workbook shows, and the core's `Words`.

English is built in (core/words.py and the templates); en.toml says the same in one place, as the source for those who
translate, and tells which texts a catalogue must have. A test compares texts, placeholders and lengths.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.cells import letters
from reconcile.core.words import ENGLISH, Kind, Words
from reconcile.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FOLDER: Final = "words"
LANGUAGES: Final = {"en": "English", "es": "Spanish", "pt": "Portuguese", "tr": "Turkish", "hi": "Hindi"}
"""Code → what an operator calls it."""


@dataclass(frozen=True)
class Catalogue:
    """A language's texts.

    titles, purposes: by tab. headers, help, examples: by column, or by `tab.column` where a tab says something of its own.
    owners, states: by name. guide: English text → text, for everything else a workbook shows.
    """

    language: str
    words: Words
    titles: Mapping[str, str]
    purposes: Mapping[str, str]
    headers: Mapping[str, str]
    help: Mapping[str, str]
    examples: Mapping[str, str]
    owners: Mapping[str, str]
    states: Mapping[str, str]
    guide: Mapping[str, str]

    def of(self, texts: Mapping[str, str], tab: str, column: str) -> str:
        """A column's text: the tab's own, otherwise the one all tabs share; "" for none."""
        return texts.get(f"{tab}.{column}") or texts.get(column, "")


def load(place: Path, language: str) -> Catalogue:
    """The catalogue of `language` in the templates' folder `place`.

    Raises SettingsError for a language there is not, and naming the first key that is missing or unknown.
    """
    if language not in LANGUAGES:
        raise SettingsError(
            f"This version of reconcile does not speak the language {language!r}.",
            f"It speaks {', '.join(LANGUAGES)}. For a workbook in another one, use the version that made it.",
        )
    said, source = read(place, language), read(place, ENGLISH.language)
    mine, wanted = set(paths(said)), set(paths(source))
    for path in sorted(mine ^ wanted):
        why = "is missing" if path in wanted else "is not a text that en.toml has"
        raise SettingsError(
            f"Catalogue {language}.toml: {path} {why}.", "Correct sheets_templates/words, or restore the file."
        )
    return Catalogue(
        language,
        _words(language, said),
        *(said[name] for name in ("titles", "purposes", "headers", "help", "examples", "owners", "states", "guide")),
    )


def read(place: Path, language: str) -> dict[str, Any]:
    """A catalogue file as it stands. Raises SettingsError."""
    path = place / FOLDER / f"{language}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Catalogue {path.name} is not valid TOML: {error}.", "Correct that line, or restore the file."
        ) from error
    except OSError as error:
        raise SettingsError(f"Catalogue {path.name} cannot be read: {error.strerror}.", "Install again.") from error


def paths(said: Mapping[str, Any]) -> Iterator[str]:
    """`section: key` of every text."""
    for section, texts in said.items():
        for key in texts if isinstance(texts, dict) else ("",):
            yield f"{section}: {key}" if key else section


def _words(language: str, said: Mapping[str, Any]) -> Words:
    headers, titles = said["headers"], said["titles"]
    return Words(
        language=language,
        **{name.upper(): text for name, text in said["answers"].items()},
        MARK={kind: said["marks"][kind.value] for kind in Kind},
        JOINTS=said["joints"],
        LABEL={key: headers[key] for key in ENGLISH.LABEL},
        SERVICE_LABEL={key: headers[key] for key in ENGLISH.SERVICE_LABEL},
        TAB={key: titles[key] for key in ENGLISH.TAB},
        ONE=said["one"],
        MANY=said["many"],
        INSTEAD=said["instead"],
        CHOICES=said["choices"],
        PHRASES=said["phrases"],
        SENDS=said["sends"],
        MESSAGES=said["messages"],
        LIMITS=said["limits"],
        RESULTS=said["results"],
        STATES=said["row_states"],
        VERDICTS=said["verdicts"],
        one_choice={headers[key]: text for key, text in said["one_choice"].items()},
        months=tuple(said["months"]),
        same=_typed(said["same"]),
        meant=_typed(said["meant"]),
    )


def _typed(said: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Typed word → the canonical values it stands for: one word may do so in several columns."""
    found: dict[str, tuple[str, ...]] = {}
    for value, typings in said.items():
        for typed in map(letters, typings):
            found[typed] = (*found.get(typed, ()), value)
    return found
