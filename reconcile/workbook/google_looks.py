"""How a tab looks in Google Sheets: templates → pieces of requests. Pure; nothing here is sent.

Formulas are written with `;` between arguments, which Sheets takes in every locale; read back they may show `,`.
Conditional formats have no names in Sheets, so each of ours carries one inside its formula: `same_rule` finds it again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.model import STATE, SYNC, Kind
from reconcile.core.states import OVER, State
from reconcile.workbook import guide
from reconcile.workbook.templates import letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconcile.workbook.templates import Column, Tab, Templates
    from reconcile.workbook.templates import State as Look

Json = dict[str, Any]

PROBLEMS: Final = (State.UNSURE, State.CHECK, State.REFUSED, State.HELD)
"""The States that need a person: what the filter view Problems shows."""

_MARK: Final = re.compile(r'LEN\("reconcile: ([^"]+)"\)')
_ADDRESS: Final = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?::\d{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?", re.IGNORECASE
)
_LONGEST_LINK: Final = 2_000
_PIXELS: Final = 7.3  # a character of the default font, Arial 10
_PADDING: Final = 14
HEADER_PIXELS: Final = 44

CHECKBOX: Final[Json] = {"condition": {"type": "BOOLEAN"}, "strict": False}
"""The rule that shows a cell as a box to tick: only in rows that have one, so it comes with the row, never with the column."""


def colour(hex6: str) -> Json:
    """RRGGBB as a ColorStyle; parts that are zero are left out, as Google sends them back.

    A part is sent with all its digits: Google keeps one of 256 shades, and a rounded part may fall into the one below.
    """
    parts = {name: int(hex6[at : at + 2], 16) / 255 for name, at in (("red", 0), ("green", 2), ("blue", 4))}
    return {"rgbColor": {name: part for name, part in parts.items() if part}}


def pixels(characters: int) -> int:
    """A column's width."""
    return round(characters * _PIXELS) + _PADDING


def spoken(formula: str) -> str:
    """A formula with `;` between arguments instead of `,` (texts in quotes stay)."""
    return _outside_quotes(formula, ",", ";")


def plain(formula: str) -> str:
    """A formula as it is compared: with `,`, without quotes around simple tab names."""
    return re.sub(r"'([A-Za-z]\w*)'!", r"\1!", _outside_quotes(formula, ";", ","))


def _outside_quotes(text: str, old: str, new: str) -> str:
    return "".join(
        part if part.startswith('"') else part.replace(old, new) for part in re.split(r'("(?:[^"]|"")*")', text)
    )


# --- cells ---------------------------------------------------------------------------------------------------------------


def number_format(shape: str) -> Json | None:
    """A template's number format as Google has it, None for General."""
    if shape == "General":
        return None
    if shape == "@":
        return {"type": "TEXT", "pattern": "@"}
    return {"type": "DATE_TIME" if "yy" in shape else "NUMBER", "pattern": shape}


def pattern(column: Column) -> str:
    """The number format of a column's cells.

    Numbers that staff type have none: a cell with one shows a typed date as a number, which then cannot be told from one.
    """
    return "General" if column.owner == "staff" and column.numeric else column.number_format


def link(text: str) -> str | None:
    """The address that a cell showing `text` may open at a click: the text itself, where it is a plain one; else None.

    Google makes no link of a text that came through the API (rewiringamerica/api.rewiringamerica.org#400). Customers wrote
    these, so what opens must be what one reads: no name before an @ that looks like the host, no other alphabet, nothing that
    cannot be seen. In a file none is made: there a link belongs to a place, and may stay behind when people sort.
    """
    if len(text) > _LONGEST_LINK or not _ADDRESS.fullmatch(text):
        return None
    return text


def heading(column: Column, tab: Tab, known: Templates) -> Json:
    """A heading's cell: text, its owner's colours, and the help as a note."""
    owner = known.owners[column.owner]
    return {
        "userEnteredValue": {"stringValue": column.header},
        "userEnteredFormat": {
            "backgroundColorStyle": colour(owner.fill),
            "textFormat": {"bold": True, "foregroundColorStyle": colour(owner.font)},
            "wrapStrategy": "WRAP",
            "verticalAlignment": "MIDDLE",
            "horizontalAlignment": "RIGHT" if column.numeric else "LEFT",
        },
        "note": note(column, tab, known),
    }


def note(column: Column, tab: Tab, known: Templates) -> str:
    """What hovering over a heading shows; over Sync also what red headings mean."""
    text = f"{column.header} ({known.owners[column.owner].label}): {guide.help_text(column)}"
    if column.key == SYNC and tab.protect == "header":
        text += "\n\n{}: {}".format(*guide.headings_red(known))
    return text


def body(column: Column, tab: Tab) -> Json:
    """How a column's cells look and what may be chosen in them."""
    look: Json = {
        "verticalAlignment": "TOP",
        "wrapStrategy": "WRAP" if column.wraps and (column.type == "answer" or tab.protect == "header") else "CLIP",
        "horizontalAlignment": "RIGHT" if column.numeric else "LEFT",
    }
    if shown := number_format(pattern(column)):
        look["numberFormat"] = shown
    if guide.TINTS[column.owner] and tab.protect == "header":
        look["backgroundColorStyle"] = colour(guide.TINTS[column.owner])
    if column.type == "link":
        look["textFormat"] = {"foregroundColorStyle": colour(guide.LINK)}
    return {"userEnteredFormat": look}


def validation(column: Column, at: int) -> Json | None:
    """What a column's cells are checked for as people type, None for nothing. `at`: where the column stands.

    Never strict: what is pasted gets past it anyway, and is answered in the row, in better words than Google's.
    """
    if column.owner != "staff":
        return None
    if column.type == "tick":
        return None
    if column.choices:
        return drop_down(column.choices)
    if not column.numeric:
        return None
    cell = f"{letters(at)}2"
    least = f"{cell}>0" if column.type == "money" else f"{cell}>=0,{cell}=INT({cell})"
    formula = spoken(f"=AND(ISNUMBER({cell}),NOT(ISFORMULA({cell})),{least})")
    return {
        "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]},
        "inputMessage": guide.help_text(column),
        "strict": False,
    }


def drop_down(choices: Sequence[str]) -> Json:
    """A drop-down rule."""
    values = [{"userEnteredValue": choice} for choice in choices]
    return {"condition": {"type": "ONE_OF_LIST", "values": values}, "showCustomUi": True, "strict": False}


def same_validation(have: Mapping[str, Any] | None, want: Mapping[str, Any]) -> bool:
    """Whether a rule is already right: same kind, same values. What else staff set on it (colours, strictness) is theirs.

    So is a choice they added to a drop-down: what the job does not know is answered in the row.
    A formula may name another row than ours, because rows were inserted above.
    """
    if not have:
        return False
    mine, theirs = want["condition"], have.get("condition", {})
    if mine["type"] != theirs.get("type"):
        return False

    def said(condition: Mapping[str, Any]) -> list[str]:
        return [
            re.sub(r"\b([A-Z]+)\d+\b", r"\1", plain(str(v.get("userEnteredValue"))))
            for v in condition.get("values", [])
        ]

    if mine["type"] == "CUSTOM_FORMULA":
        return said(mine) == said(theirs)
    return all(value in theirs.get("values", []) for value in mine["values"])


# --- conditional formats ---------------------------------------------------------------------------------------------------


def conditionals(tab: Tab, known: Templates, sheet: int, at: Mapping[str, int], finished: str) -> list[Json]:
    """A staff tab's rules, most important first: a job that stopped, age, what is still needed, what Sync says, rows done.

    at: column key → index. finished: letter of Runs' Finished. Ranges are whole columns, so that rows inserted right under
    the headings have the rules, too; the one about the job is for row 1 only.
    """
    if tab.protect != "header":
        return []
    own = {key: letters(place) for key, place in at.items()}

    def rule(name: str, keys: Sequence[str], formula: str, look: Json, rows: Json | None = None) -> Json:
        spans = guide.spans(sorted(at[key] for key in keys))
        marked = spoken(f'=AND({formula},LEN("reconcile: {name}")>0)')
        return {
            "ranges": [
                {"sheetId": sheet, "startColumnIndex": first, "endColumnIndex": last + 1, **(rows or {})}
                for first, last in spans
            ],
            "booleanRule": {
                "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": marked}]},
                "format": look,
            },
        }

    alarm = {"backgroundColorStyle": colour(guide.ALARM), "textFormat": _text("FFFFFF", bold=True)}
    made = [rule("stopped", tab.keys, guide.stopped(known, finished), alarm, {"startRowIndex": 0, "endRowIndex": 1})]
    for name, formula, fill, font in guide.ages(tab, known, own):
        look = {"backgroundColorStyle": colour(fill), "textFormat": _text(font, bold=name == "red")}
        made.append(rule(name, [tab.open_column], _first_row(formula), look))
    if lost := _key_lost(tab, own):
        made.append(rule("no key", [tab.key_column], lost, {"backgroundColorStyle": colour(guide.ALARM)}))
    for column in tab.columns:
        if needed := guide.condition(column, tab, own):
            text = f"ISBLANK(${own[column.key]}1),{_first_row(needed)}"
            made.append(
                rule(
                    f"needs {column.key}", [column.key], f"AND({text})", {"backgroundColorStyle": colour(guide.NEEDED)}
                )
            )
    if tab.has(SYNC):
        for state in known.states:
            look = {"backgroundColorStyle": colour(state.fill), "textFormat": _state_text(state)}
            says = _first_row(guide.says(state, own[SYNC]))
            keys = [tab.key_column, *([STATE] if tab.has(STATE) else []), SYNC]
            made.append(rule(state.name, keys, f"OR({says})", look))
    if tab.has(STATE):
        rest = [key for key in tab.keys if key not in (SYNC, STATE, tab.key_column)]
        done = _first_row(guide.over(known, own[STATE]))
        made.append(rule("done", rest, done, {"textFormat": {**_text(guide.DONE), "italic": True}}))
    return made


def _first_row(condition: str) -> str:
    """A condition over row 2, as `guide` words it, over row 1, where whole columns begin."""
    return re.sub(r"(\$[A-Z]+)2\b", r"\g<1>1", condition)


def _text(font: str, *, bold: bool = False) -> Json:
    return {"foregroundColorStyle": colour(font), **({"bold": True} if bold else {})}


def _state_text(state: Look) -> Json:
    shape = {name: True for name in ("bold", "italic", "underline") if getattr(state, name)}
    return {"foregroundColorStyle": colour(state.font), **shape}


def _key_lost(tab: Tab, own: Mapping[str, str]) -> str:
    """Rows that staff make, and that say something but not which row they are."""
    if not tab.key_column or not tab.has(SYNC) or tab.column(tab.key_column).owner != "staff":
        return ""
    filled = [
        f"NOT(ISBLANK(${own[column.key]}1))"
        for column in tab.columns
        if column.owner == "staff" and column.key != tab.key_column
    ]
    return f"AND(ISBLANK(${own[tab.key_column]}1),OR({','.join(filled)}))"


def rule_name(rule: Mapping[str, Any]) -> str:
    """The name inside one of our rules, "" for staff's own."""
    values = rule.get("booleanRule", {}).get("condition", {}).get("values", [])
    found = _MARK.search(str(values[0].get("userEnteredValue", ""))) if values else None
    return found[1] if found else ""


def same_rule(have: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
    """Whether a conditional format is already right: formula, colours, columns, and no row left out at the top."""
    mine, theirs = want["booleanRule"], have.get("booleanRule", {})
    said, says = (plain(each["condition"]["values"][0]["userEnteredValue"]) for each in (mine, theirs))
    return (
        said == says and _look(mine["format"]) == _look(theirs.get("format", {})) and _columns(want) == _columns(have)
    )


def _columns(rule: Mapping[str, Any]) -> list[tuple[int, int, int, int]]:
    return sorted(
        (
            each.get("startRowIndex", 0),
            int(each.get("endRowIndex") == 1),
            each.get("startColumnIndex", 0),
            each.get("endColumnIndex", 0),
        )
        for each in rule.get("ranges", [])
    )


def _look(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a format sets, flat: colours to 8 bits (Google keeps floats), each once (it sends every colour in two ways)."""
    flat: list[tuple[str, str]] = []
    for name, value in given.items():
        if name == "textFormat":
            flat.extend((f"text {inner}", shown) for inner, shown in _look(value))
        elif name.endswith("Style") and isinstance(value, dict):
            parts = value.get("rgbColor", {})
            flat.append((name, "".join(f"{round(parts.get(part, 0) * 255):02X}" for part in ("red", "green", "blue"))))
        elif value is True:
            flat.append((name, "yes"))
    return sorted(flat)


# --- filters ---------------------------------------------------------------------------------------------------------------


def views(tab: Tab, known: Templates, at: Mapping[str, int]) -> dict[str, list[Json]]:
    """Filter views of a tab whose rows have a State: title → filter specs."""
    if tab.protect != "header" or not tab.has(SYNC):
        return {}
    if not tab.has(STATE):
        return _views_of_lists(tab, known, at)
    made: dict[str, list[Json]] = {}
    state = f"${letters(at[STATE])}2"

    def by_state(words: Sequence[State], *, be: bool) -> Json:
        said = "|".join(known.words.STATES[word] for word in words)
        found = f'REGEXMATCH(TO_TEXT({state}),"· ({said})")'
        formula = spoken(f"={found}" if be else f"=NOT({found})")
        condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
        return {"columnIndex": at[STATE], "filterCriteria": {"condition": condition}}

    opened = [by_state(OVER, be=False)]
    made[known.text("Open")] = opened
    if tab.has("start_count") and tab.column("start_count").owner == "staff":
        blank = {"columnIndex": at["start_count"], "filterCriteria": {"condition": {"type": "BLANK"}}}
        made[known.text("Needs start count")] = [*opened, blank]
    made[known.text("Problems")] = [by_state(PROBLEMS, be=True)]
    return made


def _views_of_lists(tab: Tab, known: Templates, at: Mapping[str, int]) -> dict[str, list[Json]]:
    """Approvals: its lines have answers, and no State."""
    if tab.protect != "header" or not tab.has(SYNC):
        return {}
    kinds = (Kind.DOUBT, Kind.PROBLEM, Kind.REFUSED, Kind.HELD)
    words = "|".join(known.words.MARK[kind] for kind in kinds)
    formula = spoken(f'=REGEXMATCH(TO_TEXT(${letters(at[SYNC])}2),"· ({words})")')
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
    return {known.text("Problems"): [{"columnIndex": at[SYNC], "filterCriteria": {"condition": condition}}]}
