"""Which journals on this machine know which workbook: a list in this user's own folder, so that a second journal is noticed.

A journal's folder may be set by hand; then one that is started in another place would know nothing of what the first one sent.
The list is a help and never needed: where it cannot be read or written, nothing is told.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Final

from platformdirs import user_state_path

from reconcile.journal import stands_in

LIST: Final = "journals.json"


def others(book: str, folder: Path) -> list[str]:
    """Folders of other journals here that know this workbook; this one is noted for them."""
    place = user_state_path("reconcile", appauthor=False) / LIST
    known = _read(place)
    mine = str(folder.resolve())
    folders = known.get(book, [])
    if mine not in folders:
        _write(place, {**known, book: [*folders, mine]})
    return [each for each in folders if each != mine and stands_in(Path(each))]


def _read(place: Path) -> dict[str, list[str]]:
    try:
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(book): [str(each) for each in folders] for book, folders in found.items() if isinstance(folders, list)}


def _write(place: Path, known: dict[str, list[str]]) -> None:
    fresh = place.with_name(f"{LIST}.{os.getpid()}")
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(known, indent=1), "utf-8")
        fresh.replace(place)
