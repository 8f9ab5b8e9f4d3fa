"""Conditions: conditional formats, filters, and the tests behind them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.emulator import a1, entry, formatting, formulas
from tests.emulator.cells import Fault, Formula, Value, number_format

if TYPE_CHECKING:
    from tests.emulator.book import Sheet
    from tests.emulator.formulas import Evaluator

_RELATIVE = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}


class Rules:
    """The conditional formats of one sheet, ready to be asked cell by cell."""

    def __init__(self, evaluator: Evaluator, sheet: Sheet) -> None:
        """Read the rules; gradients are stored and returned but give no colour."""
        self.evaluator = evaluator
        self.sheet = sheet
        self.rules = [
            ([a1.area(r) for r in rule["ranges"]], rule["booleanRule"])
            for rule in sheet.conditionals
            if "booleanRule" in rule
        ]
        self.active = bool(self.rules)
        self._held: dict[tuple[Any, ...], bool] = {}

    def format_at(self, row: int, column: int) -> dict[str, Any]:
        """Return the format the rules give a cell; of two rules on one property the first wins."""
        out: dict[str, Any] = {}
        for areas, rule in self.rules:
            place = next((area for area in areas if area.has_cell(row, column)), None)
            if place is None:
                continue
            offset = (row - (place.r0 or 0), column - (place.c0 or 0))
            if self._holds(row, column, rule["condition"], offset):
                out = _under(rule.get("format", {}), out)
        return out

    def _holds(self, row: int, column: int, condition: dict[str, Any], offset: tuple[int, int]) -> bool:
        """`holds`, computed once for all cells that look at cells with the same values."""
        key = self._looked_at(condition, offset) if condition["type"] == "CUSTOM_FORMULA" else None
        if key is None:
            return holds(self.evaluator, self.sheet, row, column, condition, offset)
        if key not in self._held:
            self._held[key] = holds(self.evaluator, self.sheet, row, column, condition, offset)
        return self._held[key]

    def _looked_at(self, condition: dict[str, Any], offset: tuple[int, int]) -> tuple[Any, ...] | None:
        (text,) = _texts(condition)
        seen = formulas.singles(text)
        if seen is None:
            return None
        values: list[Any] = [text]
        for one in seen:
            home = self.sheet if one.title is None else self.evaluator.book.titled(one.title)
            if home is None:
                return None
            value = self.evaluator.cell(
                home, one.row + offset[0] * one.row_moves, one.column + offset[1] * one.column_moves
            )
            values.append((type(value), value))  # 1 is not TRUE
        return tuple(values)


def _under(new: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    out = dict(new)
    for key, value in first.items():
        old = out.get(key)
        out[key] = (
            _under(old, value) if isinstance(value, dict) and isinstance(old, dict) and key == "textFormat" else value
        )
    return out


def _texts(condition: dict[str, Any]) -> list[str]:
    return [v.get("userEnteredValue", "") for v in condition.get("values", [])]


def holds(
    evaluator: Evaluator,
    sheet: Sheet,
    row: int,
    column: int,
    condition: dict[str, Any],
    offset: tuple[int, int] = (0, 0),
) -> bool:
    """Tell whether a cell meets a BooleanCondition; formulas in it move along by `offset`."""
    value = evaluator.cell(sheet, row, column)
    kind = condition["type"]

    def given(text: str) -> Value:
        if text.startswith("="):
            return evaluator.formula(formulas.copied(text, *offset), sheet, row, column)
        typed = entry.parse(text).value
        return text if typed is None or isinstance(typed, Formula) else typed

    wants = [given(text) for text in _texts(condition)]
    if kind == "CUSTOM_FORMULA":
        return bool(wants) and wants[0] is not None and not isinstance(wants[0], (Fault, str)) and bool(wants[0])
    if kind == "BLANK":
        return value is None or value == ""
    if kind == "NOT_BLANK":
        return value is not None and value != ""
    if isinstance(value, Fault):
        return False
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind == "ONE_OF_LIST":
        shown = formatting.show(value, None)
        return shown in _texts(condition) or value in wants
    if kind == "ONE_OF_RANGE":
        text = _texts(condition)[0].lstrip("=")
        grid = evaluator.reference(formulas.read_ref(text), sheet)
        return any(value == one for line in (grid if isinstance(grid, list) else [[grid]]) for one in line)
    if kind.startswith("TEXT_"):
        return _text(kind, formatting.show(value, None), [formatting.show(w, None) for w in wants])
    if kind.startswith(("NUMBER_", "DATE_")):
        return _number(evaluator, kind, value, wants, condition)
    message = f"BooleanCondition.type {kind}"
    raise NotImplementedError(message)


def _text(kind: str, shown: str, wants: list[str]) -> bool:
    low, want = shown.lower(), (wants[0].lower() if wants else "")
    tests: dict[str, bool] = {
        "TEXT_CONTAINS": want in low,
        "TEXT_NOT_CONTAINS": want not in low,
        "TEXT_STARTS_WITH": low.startswith(want),
        "TEXT_ENDS_WITH": low.endswith(want),
        "TEXT_EQ": low == want,
        "TEXT_NOT_EQ": low != want,
        "TEXT_IS_EMAIL": re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", shown) is not None,
        "TEXT_IS_URL": re.fullmatch(r"(https?://)?[^\s/]+\.[^\s/]+(/\S*)?", shown) is not None,
    }
    return tests[kind]


def _number(evaluator: Evaluator, kind: str, value: Value, wants: list[Value], condition: dict[str, Any]) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if kind == "DATE_IS_VALID":
        return True
    for index, item in enumerate(condition.get("values", [])):
        word = item.get("relativeDate")
        if word in _RELATIVE:
            wants[index] = int(evaluator.now) + _RELATIVE[word]
        elif word:
            wants[index] = int(evaluator.now) - {"PAST_WEEK": 7, "PAST_MONTH": 30, "PAST_YEAR": 365}.get(word, 0)
    if not all(isinstance(w, (int, float)) for w in wants) or not wants:
        return False
    a: Any = wants[0]
    b: Any = wants[1] if len(wants) > 1 else a
    tests: dict[str, bool] = {
        "NUMBER_GREATER": value > a,
        "NUMBER_GREATER_THAN_EQ": value >= a,
        "NUMBER_LESS": value < a,
        "NUMBER_LESS_THAN_EQ": value <= a,
        "NUMBER_EQ": value == a,
        "NUMBER_NOT_EQ": value != a,
        "NUMBER_BETWEEN": a <= value <= b,
        "NUMBER_NOT_BETWEEN": not a <= value <= b,
        "DATE_EQ": int(value) == int(a),
        "DATE_NOT_EQ": int(value) != int(a),
        "DATE_BEFORE": value < int(a),
        "DATE_AFTER": value >= int(a) + 1,
        "DATE_ON_OR_BEFORE": value < int(a) + 1,
        "DATE_ON_OR_AFTER": value >= int(a),
        "DATE_BETWEEN": int(a) <= value < int(b) + 1,
        "DATE_NOT_BETWEEN": not int(a) <= value < int(b) + 1,
    }
    return tests[kind]


def hidden_rows(evaluator: Evaluator, sheet: Sheet) -> set[int]:
    """Return the rows the basic filter hides (its first row is the header and always shown)."""
    stored = sheet.basic_filter
    if stored is None:
        return set()
    if sheet.filter_is_fixed:
        return {row for row, props in sheet.row_props.items() if props.get("hiddenByFilter")}
    specs = [(s["columnIndex"], s.get("filterCriteria", {})) for s in stored.get("filterSpecs", [])]
    specs += [(int(k), c) for k, c in stored.get("criteria", {}).items() if not any(int(k) == i for i, _ in specs)]
    if not specs:
        return set()
    area = a1.area(stored.get("range", {}))
    r0, r1, _, _ = area.bounded(sheet.row_count, sheet.column_count)
    hidden = set()
    for row in range(r0 + 1, r1):
        for column, criteria in specs:
            cell = sheet.get(row, column)
            if criteria.get("hiddenValues"):
                shown = formatting.show(evaluator.value(sheet, row, column, cell), number_format(cell))
                if shown in criteria["hiddenValues"]:
                    hidden.add(row)
            if "condition" in criteria and not holds(evaluator, sheet, row, column, criteria["condition"], (0, 0)):
                hidden.add(row)
    return hidden


def unseen_rows(evaluator: Evaluator, sheet: Sheet) -> set[int]:
    """Return the rows nobody sees: hidden by hand, by a closed group or by the basic filter."""
    return {row for row, props in sheet.row_props.items() if props.get("hiddenByUser")} | hidden_rows(evaluator, sheet)
