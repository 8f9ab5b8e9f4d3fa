"""Whole-sheet accidents: changes that no honest edit makes, recognised by their shape.

What stops here is not pushed; a person undoes it in the sheet, or says that it was meant.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from reconcile.core import cells
from reconcile.core.model import ROW, Feed, Limit
from reconcile.core.words import ENGLISH

if TYPE_CHECKING:
    import pandas as pd

    from reconcile.core.model import Cell
    from reconcile.core.words import Words

FILLED: Final = 10
"""So many rows given one same start count or remains at once were filled down: real counters do not agree."""

SHUFFLED: Final = 5
"""So many cells of one column that hold exactly the values they held before, in other rows, were sorted by themselves."""


def found(feed: Feed, sheet: pd.DataFrame, moved: pd.DataFrame, say: Words = ENGLISH) -> list[Limit]:
    """The accidents that `moved` (columns of `diff.changed`) shows, as limits that stop the push."""
    if len(moved) < SHUFFLED:
        return []
    limits = []
    for name, part in moved.groupby("field", sort=True):
        column = str(name)
        if column not in ("start_count", "remains", "status", "decision"):
            continue
        raw, known = part["raw"].tolist(), part["known"].tolist()
        label, tab = say.LABEL[column], say.TAB[feed]
        if len(raw) >= SHUFFLED and _same_values(raw, known):
            limits.append(
                Limit(
                    "sorted apart",
                    say.LIMITS["sorted_column"].format(tab=tab, count=len(raw), label=label),
                )
            )
        elif column in ("start_count", "remains"):
            limits.extend(_filled(tab, column, sheet, part, say))
    return limits


def _same_values(raw: list[Cell], known: list[Cell]) -> bool:
    return None not in raw and len(set(raw)) > 1 and Counter(raw) == Counter(known)


def _filled(tab: str, column: str, sheet: pd.DataFrame, part: pd.DataFrame, say: Words) -> list[Limit]:
    """One value, or a series that goes up by one from row to row, over ten cells or more. Zero is an honest value."""
    label = say.LABEL[column]
    read = [cells.count(raw, label, say) for raw in part["raw"]]
    numbers = [int(value) if isinstance(value, str) else None for value in read]
    value, times = Counter(number for number in numbers if number).most_common(1)[0] if any(numbers) else (0, 0)
    if times >= FILLED:
        what = say.LIMITS["filled_same"].format(count=times, label=label, value=value)
    else:
        places = dict(zip(sheet.index, sheet[ROW], strict=True))
        pairs = sorted(
            (int(places[key]), number) for key, number in zip(part["key"], numbers, strict=True) if number is not None
        )
        run = best = 1
        for (row, number), (after, following) in pairwise(pairs):
            run = run + 1 if (after, following) == (row + 1, number + 1) else 1
            best = max(best, run)
        if best < FILLED:
            return []
        what = say.LIMITS["filled_rising"].format(count=best, label=label)
    return [Limit("filled down", say.LIMITS["filled"].format(tab=tab, what=what))]
