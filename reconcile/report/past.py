"""What runs did, from Runs and History: as text, as plain values for JSON, and as CSV that no spreadsheet acts on."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from reconcile.report import facts
from reconcile.report.clean import line
from reconcile.report.text import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconcile.core.model import Cell, Row

_COUNTS: Final = (("pulled", "received"), ("pushed", "sent"), ("refused", "refused"), ("needs_person", "for a person"))
_ACTED_ON: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is calculated by a spreadsheet program; an apostrophe in front keeps it a text."""


def runs(found: Sequence[Row]) -> list[Line]:
    """One line per run, the newest last, without its zeros."""
    if not found:
        return [Line("There was no run yet; `reconcile sync` does the first one.")]
    return [Line(_run(item)) for item in found]


def run(item: Row | None, history: Sequence[Row], name: str) -> list[Line]:
    """One run: its line, what it had to say, and its lines of History."""
    out = [Line(_run(item) if item else f"{line(name)}  has no line in Runs: it was killed, or is at work", "head")]
    if item and item.get("message"):
        out.append(Line(f"  {line(item['message'])}"))
    out += [Line(f"  {told(row)}") for row in history]
    if not history:
        out.append(Line("  It sent nothing that History knows of.", "dim"))
    return out


def told(item: Row) -> str:
    """One line of History."""
    change = " ".join(
        str(part) for part in (item.get("field"), item.get("from") or facts.BLANK, "→", item.get("to")) if part
    )
    where = f"{item.get('tab') or ''} #{item.get('id') or ''}"
    return line(f"{_when(item.get('when'))}  {where}  {change}  {item.get('result') or ''}  ({item.get('run') or ''})")


def _run(item: Row) -> str:
    counts = ", ".join(
        f"{item[name]:,} {word}" for name, word in _COUNTS if isinstance(item.get(name), (int, float)) and item[name]
    )
    parts = (item.get("run"), _when(item.get("finished")), item.get("result"), counts)
    return "  ".join(line(part) for part in parts if part)


def _when(cell: Cell) -> str:
    return f"{cell:%Y-%m-%d %H:%M:%S}" if isinstance(cell, datetime) else str(cell or "")


def row(item: Row) -> dict[str, Any]:
    """A line of Runs or History as plain values: times as ISO 8601 in the sheet's zone."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in item.items()}


def as_csv(found: Iterable[Row]) -> str:
    """Lines of History as CSV with headings."""
    columns = ("when", "tab", "id", "field", "from", "to", "result", "run")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for item in found:
        writer.writerow([_cell(item.get(name)) for name in columns])
    return out.getvalue()


def _cell(value: Cell) -> str:
    text = _when(value) if isinstance(value, datetime) else str("" if value is None else value)
    return f"'{text}" if text.startswith(_ACTED_ON) else text
