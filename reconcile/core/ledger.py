"""The ledger: what panel and sheet last agreed on, one row per (tab, key), kept in the hidden `_ledger` tab.

Per watched cell it keeps two things: what the panel last accepted (`status`) and what the sheet last showed
(`status_seen`, the raw cell). An edit is a cell that differs from what was *seen*; so a change made elsewhere (an order
canceled through the Cancels tab moves `status`) is never mistaken for one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from reconcile.core import feeds
from reconcile.core.model import Feed, Status
from reconcile.errors import RESTORE, Damaged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from reconcile.core.model import Cell, Row

SCHEMA: Final = "2"
"""Version of this layout, kept in meta `schema`. Another one is refused, never guessed."""

TAKEN_OVER: Final = ("1",)
"""Earlier layouts, whose rows are the same: 1 had no identity in its meta (core.identity). The first commit makes them 2."""

SEEN: Final = "_seen"

FACTS: Final = ("service", "order_id", "user", "charge", "link", "quantity")
"""Panel-owned values, to answer a changed cell and for the rules (remains ≤ quantity, refund = charge x remains / quantity)."""

WATCHED: Final = feeds.WATCHED
"""The staff-owned cells whose edits are pushed, per tab."""

CLAIMED: Final = tuple(feed.value for feed in feeds.CLAIMED)
"""The tabs whose rows the panel handed out: their ids are never typed."""

COLUMNS: Final = (
    "tab",
    "key",
    "state",
    *FACTS,
    *(column for name in feeds.COLUMNS for column in (name, name + SEEN)),
    "unsure_seen",
    "refused",
    "refunded",
    "sending",
    "received",
    "closed",
)
"""Columns of the `_ledger` tab, in order. Ids, links and accepted values are text; `*_seen` are raw cells, typed as read.

`refunded`: the status an order was refunded with, kept for ever, also when the panel hands the order out again.
`received`: when the row came into the sheet, then the claims whose answers brought it as `name@revision`, the newest last.
"""

CLAIMS_KEPT: Final = 5
"""So many claims are named in `received`: an order is handed out again rarely, and a claim is looked for soon or never."""

UNCONFIRMED: Final = "⟨unconfirmed⟩"
"""Stands in `*_seen` while the panel may or may not have taken a value: no cell looks like it, so the cell is looked at again."""

STATE_OPEN: Final = "open"
STATE_CLOSED: Final = "closed"
STATE_GONE: Final = "gone"
"""The row was deleted from the sheet by a person; reported once, never re-created silently."""
STATE_ARCHIVED: Final = "archived"
"""Moved to Archive by the last commit; the next read shows whether it went. Also an order of which only the id is left."""
STATE_KEPT: Final = "kept"
"""Closed, and did not leave Orders when it was moved; `STATE_ARCHIVED_AGAIN` is its second try, the last."""
STATE_ARCHIVED_AGAIN: Final = "archived again"


def received(at: str, claim: str, revision: int, known: Row | None = None) -> str:
    """A `received` cell of a row that came at `at` (ISO), or just came again, with this claim's answer. known: its row before.

    revision: the workbook's, that this is written upon. Two clocks may disagree on what was first; revisions do not.
    """
    before = brought(known) if known else ()
    if known is not None and claim in dict(before):
        return str(known["received"])
    marks = [f"{name}@{base}" for name, base in (*before, (claim, revision))]
    return " ".join([at, *marks[-CLAIMS_KEPT:]])


def received_at(row: Row) -> str:
    """When a row came into the sheet, in ISO form; "" for one that no claim brought."""
    return str(row["received"] or "").partition(" ")[0]


def on_its_way(row: Row) -> bool:
    """Whether a run was about to tell the panel something of this row, moving no money, and nobody has confirmed that it did."""
    return any(row[name + SEEN] == UNCONFIRMED for name in feeds.COLUMNS)


def brought(row: Row) -> tuple[tuple[str, int], ...]:
    """(claim, revision it landed upon) of the claims that brought a row; none in a row of an earlier version."""
    marks = [mark.rpartition("@") for mark in str(row["received"] or "").split(" ")[1:]]
    return tuple((name, int(base)) for name, _, base in marks if base.isdecimal())


class Ledger:
    """The ledger, by tab and key. A value: `patched` gives a new one, the frames are never changed."""

    def __init__(self, frame: pd.DataFrame, meta: Mapping[str, str] | None = None) -> None:
        """`frame`: columns `COLUMNS`, one row per (tab, key), object dtype. meta: the workbook's, for `archived`.

        Raises Damaged on a doubled (tab, key).
        """
        self.archived = Archived(meta or {})
        tabs = frame["tab"].to_numpy(dtype=object)
        self._tabs: dict[str, pd.DataFrame] = {}
        self._cells: dict[str, dict[str, npt.NDArray[np.object_]]] = {}
        self._newer: dict[str, dict[str, Row]] = {}
        for tab in Feed:
            part = frame[tabs == tab.value].set_index("key", drop=False)
            if not part.index.is_unique:
                twice = str(part.index[part.index.duplicated()][0])
                raise Damaged(
                    f"The hidden _ledger tab lists {tab.value} {twice} twice.",
                    RESTORE,
                )
            self._tabs[tab.value] = part

    @staticmethod
    def empty() -> pd.DataFrame:
        """A ledger frame with no rows."""
        return frame_of(())

    def of(self, tab: str) -> pd.DataFrame:
        """One tab's rows, indexed by key (unique)."""
        if newer := self._newer.pop(tab, None):
            old = self._tabs[tab]
            kept = old[~old.index.isin(list(newer))]
            parts = [part for part in (kept, frame_of(list(newer.values()))) if len(part)]
            self._tabs[tab] = pd.concat(parts, ignore_index=True).set_index("key", drop=False)
            self._cells.pop(tab, None)
        return self._tabs[tab]

    def __contains__(self, place: tuple[str, str]) -> bool:
        tab, key = place
        return key in self._newer.get(tab, ()) or key in self._tabs[tab].index

    def row(self, tab: str, key: str) -> Row | None:
        """One row as a dict of `COLUMNS`, None when the ledger does not know it."""
        newer = self._newer.get(tab, {}).get(key)
        if newer is not None:
            return dict(newer)
        frame = self._tabs[tab]
        if key not in frame.index:
            return None
        # `loc` would first build a Series, at thirty times the cost
        if tab not in self._cells:
            self._cells[tab] = {str(name): frame[name].to_numpy(dtype=object) for name in frame.columns}
        place: Any = frame.index.get_loc(key)
        return {name: cells[place] for name, cells in self._cells[tab].items()}

    def sendings(self, tab: str) -> list[tuple[str, Row, Sending]]:
        """The rows of one tab with a `sending` mark: (key, ledger row, mark). Raises Damaged on an unreadable mark."""
        found = []
        for key in self.where(tab, "sending").index:
            row = self.row(tab, str(key))
            mark = Sending.parse(row["sending"]) if row else None
            if row is not None and mark is not None:
                found.append((str(key), row, mark))
        return found

    def where(self, tab: str, column: str) -> pd.DataFrame:
        """The rows of one tab in which `column` is not blank (a few, usually none: doubts, refusals)."""
        frame = self.of(tab)
        return frame[frame[column].notna().to_numpy()]

    def without(self, tab: str, keys: Collection[str], archived: Archived) -> Ledger:
        """This ledger without some rows of one tab, and with `archived` for what is remembered of them."""
        if not keys:
            return self
        rest = self.of(tab)
        rest = rest[~rest.index.isin(list(keys))]
        return self._with({**self._tabs, tab: rest}, {**self._newer, tab: {}}, archived)

    def _with(
        self, tabs: dict[str, pd.DataFrame], newer: dict[str, dict[str, Row]], archived: Archived | None = None
    ) -> Ledger:
        out = object.__new__(Ledger)
        out.archived = archived or self.archived
        out._tabs, out._newer = tabs, newer
        out._cells = {tab: cells for tab, cells in self._cells.items() if tabs[tab] is self._tabs[tab]}
        return out

    def patched(self, rows: Sequence[Row]) -> Ledger:
        """This ledger with `rows` inserted or replaced. Cheap: the frames are shared until `of` asks for a patched one."""
        if not rows:
            return self
        newest = {tab: dict(newer) for tab, newer in self._newer.items()}
        for row in rows:
            newest.setdefault(str(row["tab"]), {})[str(row["key"])] = {name: row.get(name) for name in COLUMNS}
        return self._with(dict(self._tabs), newest)


# --- orders that left ----------------------------------------------------------------------------------------------------

ARCHIVED: Final = "archived:"
"""Meta entries `archived:HOW:NUMBER` keep the ids of the orders in Archive. HOW: the status a refund left, or `done`."""

PART: Final = 40_000
"""An entry that is longer is left as it is and the next one begun, so that a run rewrites no more than this."""

_DONE: Final = "done"
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
_VALUES: Final = np.full(128, -1, dtype=np.int64)
_VALUES[[ord(digit) for digit in _DIGITS]] = range(len(_DIGITS))
_LONGEST: Final = 12
"""Digits of five bits that the longest id taken for a number needs."""


class Archived:
    """The ids of the orders that stand in Archive, and how each was refunded. A value; read when first asked."""

    def __init__(self, meta: Mapping[str, str]) -> None:
        self._meta = {name: text for name, text in meta.items() if name.startswith(ARCHIVED)}
        self._ids: list[tuple[str, _Ids]] | None = None

    def how(self, key: str) -> str | None:
        """The status the order was refunded with, "" when it was not, None for one that is not in Archive.

        Raises Damaged when the record cannot be read.
        """
        if self._ids is None:
            self._ids = [(name.split(":")[1], _unpacked(name, text)) for name, text in sorted(self._meta.items())]
        found = {how for how, ids in self._ids if key in ids}
        refunds = sorted(how for how in found if how != _DONE)
        return refunds[0] if refunds else "" if found else None

    def row(self, key: str) -> Row | None:
        """What is still known of an order in Archive, as a ledger row; None for one that is not there."""
        how = self.how(key)
        if how is None:
            return None
        return {
            **blank_row(Feed.ORDERS.value, key),
            "state": STATE_ARCHIVED,
            "status": how or Status.COMPLETED.value,
            "refunded": how or None,
        }

    def added(self, gone: Mapping[str, str]) -> tuple[Archived, dict[str, str]]:
        """With further ids (id → how it was refunded), and the meta entries this writes: the last of each kind, or a new one."""
        written: dict[str, str] = {}
        for how in sorted(set(gone.values())):
            start = f"{ARCHIVED}{how or _DONE}:"
            names = sorted(name for name in self._meta if name.startswith(start))
            ids = _Ids.of(key for key, value in gone.items() if value == how)
            if names and len(self._meta[names[-1]]) < PART:
                name = names[-1]
                ids = ids.joined(_unpacked(name, self._meta[name]))
            else:
                name = f"{start}{len(names) + 1:04}"
            written[name] = _packed(ids)
        return Archived({**self._meta, **written}), written


@dataclass(frozen=True)
class _Ids:
    """Ids, most of them whole numbers: those as a sorted array without repetitions, since there may be 100,000."""

    numbers: npt.NDArray[np.int64]
    texts: frozenset[str]

    @classmethod
    def of(cls, keys: Iterable[str]) -> _Ids:
        known = set(keys)
        numbers = sorted(int(key) for key in known if _is_number(key))
        return cls(np.array(numbers, dtype=np.int64), frozenset(key for key in known if not _is_number(key)))

    def joined(self, other: _Ids) -> _Ids:
        return _Ids(np.union1d(self.numbers, other.numbers), self.texts | other.texts)

    def __contains__(self, key: str) -> bool:
        if not _is_number(key):
            return key in self.texts
        place = np.searchsorted(self.numbers, int(key))
        return bool(place < len(self.numbers) and self.numbers[place] == int(key))


def _packed(ids: _Ids) -> str:
    """Ids as text: whole numbers sorted, each as its distance from the one before, the others as they are."""
    out = []
    for distance in np.diff(ids.numbers, prepend=0).tolist():
        step = distance
        while step >= 32:  # noqa: PLR2004 - five bits a digit; a digit from the upper half goes on
            out.append(_DIGITS[32 + step % 32])
            step //= 32
        out.append(_DIGITS[step])
    return json.dumps({"numbers": "".join(out), "texts": sorted(ids.texts)}, ensure_ascii=False, separators=(",", ":"))


def _unpacked(name: str, text: str) -> _Ids:
    try:
        data = json.loads(text)
        return _Ids(_numbers(data["numbers"]), frozenset(str(key) for key in data["texts"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(
            f"The hidden _ledger tab has a record `{name}` that cannot be read.",
            RESTORE,
        ) from error


def _numbers(digits: str) -> npt.NDArray[np.int64]:
    """The numbers of `_packed`, all at once: a run asks for a few of them, and a year has 70,000. Raises ValueError."""
    if not digits:
        return np.empty(0, dtype=np.int64)
    values = _VALUES[np.frombuffer(digits.encode("ascii"), dtype=np.uint8)]
    ends = values < 32  # noqa: PLR2004 - as above
    starts = np.flatnonzero(np.concatenate(([True], ends[:-1])))
    places = np.arange(len(values)) - np.repeat(starts, np.diff(starts, append=len(values)))
    if (values < 0).any() or not ends[-1] or places.max() >= _LONGEST:
        raise ValueError(digits[:20])
    distances: npt.NDArray[np.int64] = np.add.reduceat((values & 31) << (5 * places), starts)
    return np.cumsum(distances)


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdecimal() and (key == "0" or key[0] != "0") and len(key) < 19  # noqa: PLR2004


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Ledger rows as a frame of `COLUMNS`, object dtype, blanks as None."""
    return pd.DataFrame([[row.get(column) for column in COLUMNS] for row in rows], columns=list(COLUMNS), dtype=object)


def blank_row(tab: str, key: str) -> Row:
    """A ledger row that knows nothing yet."""
    row: Row = dict.fromkeys(COLUMNS)
    row.update(tab=tab, key=key, state=STATE_OPEN)
    return row


@dataclass(frozen=True)
class Sending:
    """A push that may be sent at most once, as the ledger keeps it from before the call until its outcome is known.

    `values`: field → (canonical value, raw cell) the ledger moves to when it went through. `doubt`: its outcome is unknown,
    a person decides. `again`: a person has said: send it again. `what`: the push in words.
    """

    action: str
    target: str
    run: str
    at: str
    what: str
    values: dict[str, tuple[str, Cell]]
    params: tuple[tuple[str, str], ...] = ()
    order_id: str = ""
    doubt: bool = False
    again: bool = False

    def text(self) -> str:
        """As stored in the ledger's `sending` cell."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"), default=str)

    @staticmethod
    def parse(raw: Cell) -> Sending | None:
        """The stored mark, None for blank. Raises Damaged when it is not one of ours."""
        if not raw:
            return None
        try:
            data = json.loads(str(raw))
            data["values"] = {name: (str(new), cell) for name, (new, cell) in data["values"].items()}
            data["params"] = tuple((str(name), str(value)) for name, value in data["params"])
            return Sending(**data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Damaged(
                f"The hidden _ledger tab has a `sending` mark that cannot be read: {str(raw)[:80]!r}.",
                RESTORE,
            ) from error


MARK: Final = "~"
"""What stands in a `refused` cell under a name that begins so is no refusal, but something else the panel said of the row."""


def refusals(raw: Cell) -> dict[str, tuple[str, str]]:
    """The ledger's `refused` cell: field → (canonical value, the panel's reason)."""
    return {name: held for name, held in _said(raw).items() if not name.startswith(MARK)}


def marks(raw: Cell) -> dict[str, tuple[str, str]]:
    """What else the panel said of a row: mark → (a text, another), the names without their sign.

    unclear: (in how many runs in a row it gave no clear answer, what it said last). A fact's name: (its value before, the panel's new one).
    kept FACT: (what its cell showed when a person let it through as it is, as a digest, "").
    """
    return {name.removeprefix(MARK): held for name, held in _said(raw).items() if name.startswith(MARK)}


def _said(raw: Cell) -> dict[str, tuple[str, str]]:
    if not raw:
        return {}
    try:
        return {str(name): (str(value), str(reason)) for name, (value, reason) in json.loads(str(raw)).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise Damaged(
            f"The hidden _ledger tab has a `refused` mark that cannot be read: {str(raw)[:80]!r}.",
            RESTORE,
        ) from error


def refusals_text(refused: Mapping[str, tuple[str, str]], marked: Mapping[str, tuple[str, str]]) -> Cell:
    """Refusals and marks as stored; None when there are none."""
    said = {**refused, **{MARK + name: held for name, held in marked.items()}}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else None
