"""Writes docs/staff-guide.md, and its pictures where LibreOffice and poppler are installed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from reconcile import cli
from tests.staff_guide import pictures, text


def main() -> int:
    """The page, then the pictures of a fresh demo."""
    text.PAGE.parent.mkdir(exist_ok=True)
    text.PAGE.write_text(text.page(), encoding="utf-8")
    if not pictures.tools():
        sys.stderr.write("The pictures stay as they are: soffice or pdftoppm is not installed.\n")
        return 0
    folder = text.PAGE.parent / "pictures"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        code = cli.main(["demo", "--folder", str(Path(work) / "demo"), "--json"])
        if code:
            return int(code)
        tabs = list(dict.fromkeys(tab for tab, *_ in text.SHOTS))
        pdfs = pictures.drawn(Path(work) / "demo" / "orders.xlsx", tabs, Path(work))
        for tab, name, width, height in text.SHOTS:
            pictures.cut(pdfs[tab], folder / name, width, height)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
