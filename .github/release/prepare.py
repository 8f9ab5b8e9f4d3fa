"""Before a release is built: `python .github/release/prepare.py v1.2.3 NOTES` writes the version's part of the changelog to NOTES.

Ends with an error where tag, program and changelog do not name the same version.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def notes(tag: str, program: str, changelog: str) -> str:
    """The changelog's part about the version a tag names. program: reconcile/__init__.py. Raises ValueError."""
    version = tag.removeprefix("v")
    found = re.search(r'^__version__ = "(.+)"$', program, re.MULTILINE)
    if found is None or found[1] != version:
        raise ValueError(f"the tag is {tag}, and the program says {found[1] if found else 'nothing'}")
    part = re.search(rf"^## \[{re.escape(version)}\].*?\n(.*?)(?=^## \[|\Z)", changelog, re.MULTILINE | re.DOTALL)
    if part is None or not part[1].strip():
        raise ValueError(f"CHANGELOG.md has nothing about {version}")
    return part[1].strip() + "\n"


def main() -> int:
    """Writes the notes, or says what does not fit."""
    tag, target = sys.argv[1:]
    try:
        text = notes(
            tag, (ROOT / "reconcile" / "__init__.py").read_text("utf-8"), (ROOT / "CHANGELOG.md").read_text("utf-8")
        )
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    Path(target).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
