"""A run's inputs without anything a customer or a person wrote: enough to make the same plan again, and no more than ids.

Texts become tokens (`x1`, `x2` …): equal texts have equal tokens, so that what compares texts goes on comparing them. Kept are ids,
numbers, times, and choices that are one of the fixed words. What only an answer of the panel holds is not part of it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from reconcile.core.cells import Formula
from reconcile.core.facts import says_closed
from reconcile.core.lease import SCHEMA
from reconcile.core.ledger import ARCHIVED, COLUMNS, Sending, frame_of, marks, refusals, refusals_text
from reconcile.core.model import APPROVALS, ROW, SYNC, Decision, Feed, RefillStatus, Snapshot, Status, Unsure, YesNo
from reconcile.core.plan import Rules
from reconcile.core.transitions import content_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconcile.core.model import Cell, Row
    from reconcile.core.words import Words

FORM: Final = 1
"""The version of what stands in the file."""

IDS: Final = frozenset(
    {"id", "order_id", "reference", "key", "tab", "state", "service", "code", "refunded", "received", "closed"}
)
"""Columns whose texts are ids, or words of the job's own."""

VALUES: Final = frozenset(
    {
        "status",
        "start_count",
        "remains",
        "decision",
        "send",
        "unsure",
        "quantity",
        "charge",
        "amount",
        "requested",
        "let_through",
    }
)
"""Columns of which numbers, times and fixed words are kept, also as `*_seen`."""

_NUMBER: Final = re.compile(r"\s*-?[\d.,]{1,20}\s*")
_MARK: Final = re.compile(r"[0-9a-f]{16}")
CLOSED: Final = "Order is already closed"
"""What stands for a panel's words that say so: that changes what a row is told."""


@dataclass
class _Tokens:
    """Texts and what stands for them, the same in the whole capsule. marks: fingerprint of a row → that of the redacted row."""

    known: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    def of(self, text: str) -> str:
        return self.known.setdefault(text, f"x{len(self.known) + 1}")


def redacted(snapshot: Snapshot) -> Snapshot:
    """The snapshot as a capsule keeps it."""
    tokens, say = _Tokens(), snapshot.words
    words = _words(say)
    tabs = {}
    for tab in (*(feed.value for feed in Feed), APPROVALS):
        frame = snapshot.tabs[tab]
        rows = [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
        kept = [{name: _cell(name, cell, tokens, words, say) for name, cell in row.items()} for row in rows]
        if tab in (Feed.PAYMENTS, Feed.TICKETS):
            for row, new in zip(rows, kept, strict=True):
                tokens.marks[content_mark(Feed(tab), row)] = content_mark(Feed(tab), new)
        made = pd.DataFrame(
            [[row[str(name)] for name in frame.columns] for row in kept], columns=frame.columns, dtype=object
        )
        made.index = pd.Index([str(key) for key in frame.index], dtype=object)
        tabs[tab] = made
    lines = [
        _ledger_row({str(n): c for n, c in row.items()}, tokens, words, say)
        for row in snapshot.ledger.to_dict("records")
    ]
    meta = {name: text for name, text in snapshot.meta.items() if name == SCHEMA or name.startswith(ARCHIVED)}
    return Snapshot(snapshot.revision, tabs, frame_of(lines), meta, say)


def _words(say: Words) -> frozenset[str]:
    """Every fixed word a choice may be, in the sheet's language and in English, folded."""
    choices = [choice.value for kind in (Status, RefillStatus, Decision, Unsure, YesNo) for choice in kind]
    return frozenset(word.casefold() for value in choices for word in (value, say.choice(value)))


def _cell(name: str, cell: Cell, tokens: _Tokens, words: frozenset[str], say: Words) -> Cell:
    if isinstance(cell, Formula):
        return Formula("=0")
    if name == SYNC:
        return _sync(cell, tokens, say)
    plain = name.removesuffix("_seen")
    if name in IDS or name == ROW or cell is None:
        return cell
    if plain in VALUES:
        return _value(cell, tokens, words)
    return tokens.of(str(cell))


def _value(cell: Cell, tokens: _Tokens, words: frozenset[str]) -> Cell:
    if not isinstance(cell, str):
        return cell
    if cell in tokens.marks:
        return tokens.marks[cell]
    fixed = cell.strip().casefold() in words or _NUMBER.fullmatch(cell) or cell.startswith("⟨")
    return cell if fixed else tokens.of(cell)


def _sync(cell: Cell, tokens: _Tokens, say: Words) -> Cell:
    """The row's own key and the answer's first word: what an answer quotes is somebody's text."""
    if not isinstance(cell, str):
        return cell
    kind, (key, dot, _) = say.kind_of(cell), cell.partition(" · ")
    return f"{key}{dot}{say.MARK[kind]}" if kind is not None and dot else tokens.of(cell)


def _ledger_row(row: Row, tokens: _Tokens, words: frozenset[str], say: Words) -> Row:
    out = {
        name: _cell(name, row.get(name), tokens, words, say)
        for name in COLUMNS
        if name not in ("sending", "refused", "link")
    }
    link = row.get("link")
    if isinstance(link, str) and _MARK.fullmatch(link) and row["tab"] in (Feed.PAYMENTS, Feed.TICKETS):
        out["link"] = tokens.marks.get(link) or tokens.of(link)
    else:
        out["link"] = None if link is None else tokens.of(str(link))
    if mark := Sending.parse(row.get("sending")):
        values = {
            name: (str(_value(new, tokens, words)), _value(raw, tokens, words))
            for name, (new, raw) in mark.values.items()
        }
        target = mark.target if row["tab"] in (Feed.ORDERS, Feed.CANCELS) else tokens.of(mark.target)
        params = tuple((name, str(_value(value, tokens, words))) for name, value in mark.params)
        out["sending"] = replace(mark, what="…", values=values, target=target, params=params).text()
    if row.get("refused"):
        held = {name: _said(found, tokens, words) for name, found in refusals(row["refused"]).items()}
        noted = {name: _said(found, tokens, words) for name, found in marks(row["refused"]).items()}
        out["refused"] = refusals_text(held, noted)
    return out


def _said(found: tuple[str, str], tokens: _Tokens, words: frozenset[str]) -> tuple[str, str]:
    value, reason = found
    return str(_value(value, tokens, words)), CLOSED if says_closed(reason) else str(_value(reason, tokens, words))


# --- as a file -----------------------------------------------------------------------------------------------------------


def packed(snapshot: Snapshot, rules: Rules, now: datetime, *, force: bool) -> dict[str, Any]:
    """The inputs of a plan as plain values. snapshot: redacted. now: aware, in the sheet's zone."""
    return {
        "form": FORM,
        "language": snapshot.words.language,
        "revision": snapshot.revision,
        "now": now.isoformat(),
        "force": force,
        "rules": {name: _plain(value) for name, value in vars(rules).items()},
        "meta": dict(snapshot.meta),
        "tabs": {tab: _table(frame) for tab, frame in sorted(snapshot.tabs.items())},
        "ledger": _table(snapshot.ledger),
    }


def unpacked(data: Mapping[str, Any], words: Callable[[str], Words]) -> tuple[Snapshot, Rules, datetime, bool]:
    """What `packed` packed. words: a language → its words. Raises KeyError, TypeError, ValueError for anything else."""
    if data["form"] != FORM:
        raise ValueError("form")
    say = words(data["language"])
    tabs = {tab: _frame(table) for tab, table in data["tabs"].items()}
    rules = Rules(**{name: _back(value) for name, value in data["rules"].items()})
    snapshot = Snapshot(int(data["revision"]), tabs, _frame(data["ledger"]), dict(data["meta"]), say)
    return snapshot, rules, datetime.fromisoformat(data["now"]), bool(data["force"])


def _table(frame: pd.DataFrame) -> dict[str, Any]:
    rows = frame.to_numpy(dtype=object).tolist()
    keys = [str(key) for key in frame.index] if len(frame) else []
    return {
        "columns": [str(name) for name in frame.columns],
        "keys": keys,
        "rows": [[_plain(cell) for cell in row] for row in rows],
    }


def _frame(table: Mapping[str, Any]) -> pd.DataFrame:
    made = pd.DataFrame(
        [[_back(cell) for cell in row] for row in table["rows"]], columns=table["columns"], dtype=object
    )
    made.index = pd.Index(table["keys"], dtype=object)
    return made


def _plain(cell: Any) -> Any:
    if isinstance(cell, Formula):
        return {"formula": str(cell)}
    if isinstance(cell, datetime):
        return {"time": cell.isoformat()}
    if isinstance(cell, Decimal):
        return {"decimal": str(cell)}
    if isinstance(cell, timedelta):
        return {"seconds": str(cell.total_seconds())}
    return cell


def _back(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    [(kind, text)] = cell.items()
    makers: dict[str, Callable[[str], Any]] = {
        "formula": Formula,
        "time": datetime.fromisoformat,
        "decimal": Decimal,
        "seconds": lambda text: timedelta(seconds=float(text)),
    }
    return makers[kind](text)


def written(inputs: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """A capsule as text: the same inputs and plan give the same bytes."""
    return json.dumps({"inputs": inputs, "plan": plan}, indent=1, sort_keys=True, ensure_ascii=True, default=str) + "\n"
