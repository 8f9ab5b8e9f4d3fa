"""Durations as people type them: `30s`, `5m`, `2h`, `1d`."""

from __future__ import annotations

import re
from typing import Final

from reconcile.errors import SettingsError

_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(text: str, option: str, *, least: float = 0) -> float:
    """`5m` as 300.0; a number alone is seconds. Raises SettingsError that names the option."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip().lower())
    if found is None:
        raise SettingsError(f"{option} {text} is not a duration.", f"Write it like {option} 30s, 5m or 2h.")
    value = float(found[1]) * _SECONDS[found[2]]
    if value < least:
        raise SettingsError(f"{option} {text} is too short.", f"Give at least {shown(least)}.")
    return value


def shown(length: float) -> str:
    """300 as `5 min`, roughly: the two largest units, none below a second."""
    whole = round(length)
    parts: list[str] = []
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count or (name == "s" and not parts):
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])
