"""Which cells moved since the ledger: a comparison of two frames by key, vectorised, and nothing else.

No rule lives here. What an edit means is decided in `rules`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from reconcile.core import feeds
from reconcile.core.ledger import SEEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

NUMBERS: Final = (*feeds.NUMBERS, "quantity", "charge")
"""The columns in which TRUE could be taken for 1."""

_NO_BOOLEANS: Final = ("string", "integer", "floating", "mixed-integer-float", "datetime", "empty")
"""What pandas calls a column of one kind: no slower look is due."""

COLUMNS: Final = ("key", "field", "raw", "known")


def changed(sheet: pd.DataFrame, ledger: pd.DataFrame, fields: Sequence[str], *, suffix: str = SEEN) -> pd.DataFrame:
    """The cells of `sheet` that differ from `ledger`, one row each.

    sheet: columns `fields`, index = key. ledger: columns `field + suffix`, index = key, unique. Both object dtype with None
    as blank. Rows of one that the other does not have are left out (see `missing`); a repeated key in `sheet` is compared
    each time.

    Returns the columns `key`, `field`, `raw` (the sheet's cell, None when it was cleared) and `known` (the ledger's).
    """
    place = _places(sheet.index, ledger.index)
    here = None if place is None else place >= 0
    parts = []
    for name in fields:
        raw = sheet[name].to_numpy(dtype=object)
        known = ledger[name + suffix].to_numpy(dtype=object)
        if place is not None:
            known = known.take(place) if len(known) else np.full(len(raw), None, dtype=object)
        # one C loop of comparisons over both object arrays; a typed column of each kind would have to be made first
        differs = (raw != known).astype(bool, copy=False)
        if name in NUMBERS and pd.api.types.infer_dtype(raw, skipna=True) not in _NO_BOOLEANS:
            # TRUE typed over 1 is an edit, although Python calls the two equal
            differs |= _booleans(raw) & ~_booleans(known)
        moved = np.flatnonzero(differs if here is None else differs & here)
        if len(moved):
            parts.append((sheet.index.to_numpy(dtype=object)[moved], name, raw[moved], known[moved]))
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    return pd.DataFrame(
        {
            "key": np.concatenate([keys for keys, _, _, _ in parts]),
            "field": np.repeat(
                np.array([name for _, name, _, _ in parts], dtype=object), [len(keys) for keys, _, _, _ in parts]
            ),
            "raw": np.concatenate([raw for _, _, raw, _ in parts]),
            "known": np.concatenate([known for _, _, _, known in parts]),
        },
        dtype=object,
    )


def _booleans(cells: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    return np.fromiter((type(cell) is bool for cell in cells), dtype=bool, count=len(cells))


def _places(keys: pd.Index, ledger: pd.Index) -> npt.NDArray[np.intp] | None:
    """Where each key stands in the ledger, -1 where it does not; None when both have the same keys in the same order.

    Most runs see the same rows in the same order, and then nothing has to be hashed or moved.
    """
    # not `Index.equals`, which looks for missing values in every pair and so takes three times as long
    if len(keys) == len(ledger) and bool((keys.to_numpy(dtype=object) == ledger.to_numpy(dtype=object)).all()):
        return None
    return ledger.get_indexer(keys)


def answered_as(keys: Sequence[str], named: Sequence[str]) -> list[str]:
    """Under which key each row is answered. keys: what its key cell says; named: the key its Sync text begins with, "" for none.

    A row without a key, and one over whose key another was typed, is still the row its Sync names, when no other row has that key
    or that Sync. A Sync text that was filled down or copied names its own row elsewhere.
    """
    there, often = set(keys), Counter(named)
    return [
        name if name and name != key and (not key or (name not in there and often[name] == 1)) else key
        for key, name in zip(keys, named, strict=True)
    ]


def missing(sheet: pd.DataFrame, ledger: pd.DataFrame) -> list[str]:
    """The ledger's keys that no row of the sheet has, in the ledger's order."""
    gone = sheet.index.get_indexer_for(ledger.index) if sheet.index.is_unique else None
    if gone is not None and len(gone) == len(ledger):
        return [str(key) for key in ledger.index.to_numpy(dtype=object)[gone < 0]]
    return [str(key) for key in ledger.index[~ledger.index.isin(sheet.index)]]


def doubled(sheet: pd.DataFrame) -> set[str]:
    """The keys that stand in more than one row, "" left out."""
    keys = sheet.index
    if keys.is_unique:
        return set()
    return {str(key) for key in keys[keys.duplicated()]} - {""}
