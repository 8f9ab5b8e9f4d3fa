"""What a program that keeps values only has taken out of a workbook: pandas, Gnumeric and SheetJS save cells, and little else.

A look counts as stripped when no tab of ours has it any more: a single tab without it is a choice of staff's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconcile.workbook import templates
from reconcile.workbook.xlsx_book import find_sheet
from reconcile.workbook.xlsx_xml import Sheet

if TYPE_CHECKING:
    from reconcile.workbook.templates import Templates
    from reconcile.workbook.xlsx_package import Package

LISTS: Final = "drop-downs"
COLOURS: Final = "colours"
FREEZE: Final = "frozen headings"
WIDTHS: Final = "column widths"
CHARTS: Final = "charts"
HIDING: Final = "the hiding of _ledger"
PROTECTION: Final = "the protection of _ledger"

NEXT: Final = "Run `reconcile init`: it restores them."

_COLS: Final = re.compile(rb"<(?:[\w.-]+:)?cols[\s>]")


def stripped(package: Package, known: Templates, name: str) -> tuple[str, ...]:
    """What is gone, in words. Raises Damaged and what comes of wrong bytes."""
    sheets: dict[str, Sheet] = {}
    for tab in known.tabs:
        if (part := find_sheet(package, tab)) is not None:
            sheets[tab.key] = Sheet.cut(package.read(part), f"Tab {tab.title!r} of {name}")
    worked = [sheets[tab.key] for tab in known.data_tabs if tab.key in sheets]
    gone: list[str] = []
    if worked:
        gone += [] if any(b"dataValidation" in sheet.tail for sheet in worked) else [LISTS]
        gone += [] if any(b"conditionalFormatting" in sheet.tail for sheet in worked) else [COLOURS]
        gone += [] if any(b"frozen" in sheet.head for sheet in worked) else [FREEZE]
        gone += [] if any(_COLS.search(sheet.head) for sheet in worked) else [WIDTHS]
    board = find_sheet(package, known.tab(templates.DASHBOARD))
    gone += [] if board is None or _has_drawing(package, board) else [CHARTS]
    ledger = known.tab(templates.LEDGER)
    if ledger.key in sheets:
        states = {templates.fold(title): state for title, state in package.states.items()}
        gone += [] if states.get(templates.fold(ledger.title)) else [HIDING]
        gone += [] if b"sheetProtection" in sheets[ledger.key].tail else [PROTECTION]
    return tuple(gone)


def _has_drawing(package: Package, part: str) -> bool:
    try:
        return any(kind == "drawing" for kind, _ in package.relations(part).values())
    except KeyError:
        return False
