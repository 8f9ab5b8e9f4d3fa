"""One cell: what was entered, how it looks, its rule and note; and how it reads and is written as Google's CellData.

A cell is an immutable tuple and a row is a tuple of cells, so a batch can be rolled back by putting old rows back.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from tests.emulator import fields
from tests.emulator.errors import TOO_LONG, BatchError

MAX_CHARACTERS = 50_000


class Formula(NamedTuple):
    """A formula as entered, with its leading `=`."""

    text: str


class Fault(NamedTuple):
    """A formula's error value: `type` as in ErrorType, `shown` like `#N/A`, and Google's explanation."""

    type: str
    shown: str
    message: str

    def read(self) -> str:
        """Return what values.get answers with UNFORMATTED_VALUE: the error with its message (docs/sheet-facts.md "Reading values")."""
        return f"{self.shown} ({self.message})" if self.message else self.shown


Scalar = str | int | float | bool
Entered = Scalar | Formula | None
Value = Scalar | Fault | None


class Cell(NamedTuple):
    """What the grid holds at one place; dicts in it are never changed in place."""

    value: Entered = None
    fmt: dict[str, Any] | None = None
    rule: dict[str, Any] | None = None
    note: str | None = None
    extra: dict[str, Any] | None = None  # textFormatRuns, chipRuns

    def is_blank(self) -> bool:
        """Tell whether nothing at all is stored here."""
        return self.value is None and not self.fmt and not self.rule and not self.note and not self.extra


Row = tuple[Cell | None, ...]
EMPTY = Cell()
SUPPORTED = ("userEnteredValue", "userEnteredFormat", "dataValidation", "note", "textFormatRuns", "chipRuns")
READ_ONLY = ("effectiveValue", "effectiveFormat", "formattedValue", "hyperlink", "dataSourceFormula")


def plain_number(value: float) -> int | float:
    """Return a double as Google prints it: `3.0` reads as 3."""
    if isinstance(value, int):
        return value if -(2**53) <= value <= 2**53 else plain_number(float(value))
    if math.isfinite(value) and value == int(value) and abs(value) < 1e17:
        return int(value)
    return value


def checked_text(text: str) -> str:
    """Return the text, refusing more than 50,000 characters (UTF-16 units, as in Google's own counting of text)."""
    if len(text) > MAX_CHARACTERS // 2 and len(text.encode("utf-16-le", "surrogatepass")) // 2 > MAX_CHARACTERS:
        raise BatchError(TOO_LONG)
    return text


def from_extended(value: dict[str, Any] | None) -> Entered:
    """Read an ExtendedValue; nothing set, or an empty text, empties the cell."""
    if not value:
        return None
    if "stringValue" in value:
        return checked_text(value["stringValue"]) or None
    if "numberValue" in value:
        return plain_number(value["numberValue"])
    if "boolValue" in value:
        flag: bool = value["boolValue"]
        return flag
    if "formulaValue" in value:
        text = checked_text(value["formulaValue"])
        if not text.startswith("="):
            message = "Formula must start with '='. (emulator: Google's own text is not known)"
            raise BatchError(message)
        return Formula(text)
    message = "ExtendedValue.errorValue is output only. (emulator: Google's own text is not known)"
    raise BatchError(message)


def to_extended(value: Entered | Fault) -> dict[str, Any] | None:
    """Return the ExtendedValue of an entered or computed value."""
    if value is None:
        return None
    if isinstance(value, Formula):
        return {"formulaValue": value.text}
    if isinstance(value, Fault):
        return {"errorValue": {"type": value.type, "message": value.message}}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"numberValue": value}


def refuse_unsupported(data: dict[str, Any]) -> None:
    """Refuse by name the parts of CellData the emulator does not hold."""
    for name in ("pivotTable", "dataSourceTable"):
        if name in data:
            message = f"The emulator does not implement CellData.{name}."
            raise BatchError(message)


def write(old: Cell | None, data: dict[str, Any], trie: fields.Trie) -> Cell | None:
    """Return the cell after the masked fields of `data` were written over `old`; None when nothing is left."""
    refuse_unsupported(data)
    value, fmt, rule, note, extra = old or EMPTY
    everything = not trie or "*" in trie
    if everything or "userEnteredValue" in trie:
        value = from_extended(data.get("userEnteredValue"))
        if extra:
            extra = None  # new values erase text runs [doc CellData]
    if everything or "userEnteredFormat" in trie:
        new = data.get("userEnteredFormat") or {}
        sub = {} if everything else trie["userEnteredFormat"]
        updated = fields.update(fmt or {}, new, sub)
        if updated != fmt:  # a stored format is tidy already
            fmt = _tidy(updated) or None
    if everything or "dataValidation" in trie:
        rule = data.get("dataValidation") or None
    if everything or "note" in trie:
        note = data.get("note") or None
    for name in ("textFormatRuns", "chipRuns"):
        if everything or name in trie:
            rest = {k: v for k, v in (extra or {}).items() if k != name}
            if data.get(name):
                rest[name] = data[name]
            extra = rest or None
    cell = Cell(value, fmt, rule, note, extra)
    return None if cell.is_blank() else cell


def _tidy(fmt: dict[str, Any]) -> dict[str, Any]:
    """Keep a colour and its colour style together, as Google does: the style wins, a lone colour makes the style.

    A border's members are called color and colorStyle, all others end in Color and ColorStyle.
    """
    out = {}
    for key, value in fmt.items():
        if isinstance(value, dict) and not key.endswith(("olor", "olorStyle")):
            out[key] = _tidy(value)
        else:
            out[key] = value
    for key in [k for k in out if k.endswith("olor")]:
        style = f"{key}Style"
        if style not in out:
            out[style] = {"rgbColor": out[key]}
    for key in [k for k in out if k.endswith("olorStyle")]:
        rgb = out[key].get("rgbColor")
        if rgb is not None:
            out[key.removesuffix("Style")] = rgb
    return out


tidy_colors = _tidy


def with_value(old: Cell | None, value: Entered) -> Cell | None:
    """Return the cell with another value, keeping format, rule and note."""
    if old is None:
        return None if value is None else Cell(value)
    cell = Cell(value, old.fmt, old.rule, old.note, None)
    return None if cell.is_blank() else cell


def is_plain_text(cell: Cell | None) -> bool:
    """Tell whether the cell is formatted as plain text, which keeps typed input a text."""
    return bool(cell and cell.fmt and cell.fmt.get("numberFormat", {}).get("type") == "TEXT")


def number_format(cell: Cell | None) -> dict[str, Any] | None:
    """Return the cell's number format, if any."""
    return cell.fmt.get("numberFormat") if cell and cell.fmt else None
