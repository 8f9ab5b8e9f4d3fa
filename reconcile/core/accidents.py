"""Whole-sheet accidents: changes that no honest edit makes, recognised by their shape.

What stops here is not pushed; a person undoes it in the sheet, or says that it was meant.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from reconcile.core import words
from reconcile.core.model import ROW, Feed, Limit

if TYPE_CHECKING:
    import pandas as pd

    from reconcile.core.model import Cell

FILLED: Final = 10
"""So many rows given one same start count or remains at once were filled down: real counters do not agree."""

SHUFFLED: Final = 5
"""So many cells of one column that hold exactly the values they held before, in other rows, were sorted by themselves."""


def found(feed: Feed, sheet: pd.DataFrame, moved: pd.DataFrame) -> list[Limit]:
    """The accidents that `moved` (columns of `diff.changed`) shows, as limits that stop the push."""
    if len(moved) < SHUFFLED:
        return []
    limits = []
    for name, part in moved.groupby("field", sort=True):
        column = str(name)
        if column not in ("start_count", "remains", "status", "decision"):
            continue
        raw, known = part["raw"].tolist(), part["known"].tolist()
        label, tab = words.LABEL[column], words.TAB[feed]
        if len(raw) >= SHUFFLED and _same_values(raw, known):
            limits.append(
                Limit(
                    "sorted apart",
                    f"In {tab}, {len(raw)} cells of {label} hold each other's values: the column was sorted without the "
                    "rest of its rows. Undo that in the sheet.",
                )
            )
        elif column in ("start_count", "remains"):
            limits.extend(_filled(tab, label, sheet, part))
    return limits


def _same_values(raw: list[Cell], known: list[Cell]) -> bool:
    return None not in raw and len(set(raw)) > 1 and Counter(raw) == Counter(known)


def _filled(tab: str, label: str, sheet: pd.DataFrame, part: pd.DataFrame) -> list[Limit]:
    """One value, or a series that goes up by one from row to row, over ten cells or more. Zero is an honest value."""
    values = Counter(value for value in part["raw"] if isinstance(value, (int, float)) and value != 0)
    value, times = values.most_common(1)[0] if values else (0, 0)
    if times >= FILLED:
        what = f"{times} rows were given the same {label}, {value:g}"
    else:
        rows = sheet[ROW].reindex(part["key"]) if sheet.index.is_unique else None
        if rows is None:
            return []
        pairs = sorted(zip(rows.tolist(), part["raw"].tolist(), strict=True), key=lambda pair: pair[0])
        run = best = 1
        for (row, value), (after, following) in pairwise(pairs):
            step = after == row + 1 and _number(value) and _number(following) and following == value + 1
            run = run + 1 if step else 1
            best = max(best, run)
        if best < FILLED:
            return []
        what = f"{best} rows were given a {label} that goes up by one from row to row"
    return [
        Limit(
            "filled down", f"In {tab}, {what}: that looks like a fill-down. Undo it in the sheet, or pass this limit."
        )
    ]


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
