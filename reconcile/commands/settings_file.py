"""Where `setup` writes: `.env`, or a profile's table in reconcile.toml.

A file is changed as text, so that comments, order and other settings stay, and read back before it is written: what a program
will find in it is what was asked for, and nothing else changed. It is replaced whole, readable by its owner alone.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv.parser import parse_stream

from reconcile.config import ENV_FILE, TOML_FILE, VARIABLES
from reconcile.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

OWNER_ONLY = 0o600


class SettingsFile:
    """The file that settings are written to, as it stands.

    profile: the table [profiles.NAME] of reconcile.toml; None for `.env`.
    """

    def __init__(self, folder: Path, profile: str | None) -> None:
        self.profile = profile
        self.path = folder / (TOML_FILE if profile else ENV_FILE)
        try:
            self._text = self.path.read_text("utf-8-sig")
        except FileNotFoundError:
            self._text = ""
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{self.path.name} cannot be read: {_why(error)}.", "Correct or remove it, then begin again."
            ) from None

    def says(self) -> dict[str, str]:
        """Setting → text, for every one that the file sets (in the profile's own table)."""
        found = self._profile(self._text) if self.profile else _variables(self._text)
        names = {variable: name for name, variable in VARIABLES.items()}
        return {names.get(key, key): str(value) for key, value in found.items() if str(value).strip()}

    def with_values(self, values: Mapping[str, str]) -> str:
        """The file's text with these settings in it. Raises SettingsError where it is written in a way that cannot be changed safely."""
        text = self._toml_with(values) if self.profile else _env_with(self._text, values)
        wanted = self._read(self._text)
        table = _at(wanted, self.profile)
        table.update(dict(values) if self.profile else {VARIABLES[name]: value for name, value in values.items()})
        try:
            told = self._read(text)
        except tomllib.TOMLDecodeError:
            told = {}
        if told != wanted:
            raise SettingsError(
                f"{self.path.name} is written in a way that setup does not change by itself.",
                f"Set {', '.join(VARIABLES[name] for name in values)} there by hand; `reconcile doctor` then checks them.",
            )
        return text

    def write(self, text: str) -> None:
        """Replaces the file, whole or not at all. Raises SettingsError where the folder may not be written to."""
        handle, name = -1, ""
        try:
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f"{self.path.name}.")
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(OWNER_ONLY)
            Path(name).replace(self.path.resolve())
        except OSError as error:
            raise SettingsError(
                f"{self.path} cannot be written: {_why(error)}.", "Work in a folder of yours."
            ) from None
        finally:
            if name:
                Path(name).unlink(missing_ok=True)

    def _read(self, text: str) -> dict[str, Any]:
        return tomllib.loads(text) if self.profile else dict(_variables(text))

    def _profile(self, text: str) -> dict[str, Any]:
        return dict(_at(tomllib.loads(text), self.profile))

    def _toml_with(self, values: Mapping[str, str]) -> str:
        """The profile's table stands from its heading to the next one; a new one goes to the end."""
        lines = self._text.splitlines()
        heading = re.compile(rf"\s*\[\s*profiles\s*\.\s*[\"']?{re.escape(self.profile or '')}[\"']?\s*\]\s*(#.*)?")
        start = next((place for place, line in enumerate(lines) if heading.fullmatch(line)), None)
        if start is None:
            lines += [*([""] if lines else []), f"[profiles.{self.profile}]"]
            start = len(lines) - 1
        end = next((at for at in range(start + 1, len(lines)) if re.match(r"\s*\[", lines[at])), len(lines))
        return _joined(
            _replaced(
                lines, range(start + 1, end), {name: f"{name} = {_quoted(text)}" for name, text in values.items()}
            )
        )


def _at(document: dict[str, Any], profile: str | None) -> dict[str, Any]:
    """The profile's table in a document, made where there is none; the document itself for `.env`."""
    if profile is None:
        return document
    table: dict[str, Any] = document.setdefault("profiles", {}).setdefault(profile, {})
    return table


def _variables(text: str) -> dict[str, str]:
    """Variable → value in the text of a `.env`."""
    found = parse_stream(io.StringIO(text))
    return {binding.key: binding.value for binding in found if binding.key and binding.value is not None}


def _env_with(text: str, values: Mapping[str, str]) -> str:
    lines = text.splitlines()
    said = {VARIABLES[name]: f"{VARIABLES[name]}={_env_value(value)}" for name, value in values.items()}
    return _joined(_replaced(lines, range(len(lines)), said))


def _replaced(lines: list[str], places: range, said: Mapping[str, str]) -> list[str]:
    """The lines with each name's last line in `places` replaced; what is not there goes behind the last line that says something."""
    out, added = list(lines), []
    for name, line in said.items():
        own = re.compile(rf"\s*(export\s+)?[\"']?{name}[\"']?\s*=")
        found = [place for place in places if own.match(lines[place])]
        if found:
            out[found[-1]] = line
        else:
            added.append(line)
    end = max((place + 1 for place in places if lines[place].strip()), default=places.start)
    return [*out[:end], *added, *out[end:]]


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _env_value(value: str) -> str:
    """As it stands where that is safe, else in single quotes, in which nothing is replaced."""
    if re.fullmatch(r"[\w@%+=:,./~-]*", value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _quoted(value: str) -> str:
    """A TOML text: its escapes are JSON's [toml.io/en/v1.0.0#string]."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "unknown reason").lower() if isinstance(error, OSError) else "it is not UTF-8 text"
