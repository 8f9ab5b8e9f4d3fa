"""What a workbook tells staff, the same in every kind of workbook: Start here's lines, help texts, colours, rules.

All of it is generated from the templates, so it cannot go stale. Formulas are written as both Excel and Google Sheets read
them; how they become a file or requests is the adapters' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconcile.core.model import STATE
from reconcile.core.states import HEALTH_ENTRY, OVER
from reconcile.core.states import STOPPED as STOP
from reconcile.workbook import templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconcile.core.model import Cell
    from reconcile.workbook.templates import Column, State, Tab, Templates

TINTS: Final = {"panel": "F4F5F7", "staff": "", "job": "EDF3F9"}
"""Owner → the pale ground of its cells, so that one sees where to type. White is for typing."""

NEEDED: Final = "FFE08A"
DONE: Final = "8A8F98"
LINK: Final = "1F4E9E"
ALARM: Final = "C0392B"
CALM: Final = "E4F2E4"
CALM_FONT: Final = "2B5D34"

_UNBROKEN: Final = ("link", "text")
_UNBROKEN_PER_WIDTH: Final = 0.95
"""Addresses and ids break at a sign in them, before the line is full, and hold many wide letters and digits."""

MOST_LINES: Final = 6
"""So many lines of a long text are shown without opening its cell."""

_LETTERS_PER_WIDTH: Final = 1.12
"""A width counts digits; most letters are a little narrower."""

LAST_RAN: Final = "The job last ran at"
NEVER_RAN: Final = "It has not run yet. Ask whoever looks after it to start it."
STOPPED: Final = "NO: it has not run for {hours} hours. Nothing reaches the panel. Please tell whoever looks after it."
RUNS: Final = "Yes. It ran {minutes} min ago."
NEXT: Final = "The next time is in about {minutes} min."
STOPPED_KEY: Final = "job stopped"
STOPPED_SYNC: Final = "the job has stopped, nothing is sent: see {tab}"
"""What stands beside the words of these two headings while the job is not running, where a workbook can show that."""

HEADINGS_RED: Final = "If the headings are red"
HEADINGS_RED_MEANS: Final = (
    "The job has not run for {minutes} minutes or more: nothing you type reaches the panel, and nothing new comes. Your work "
    "is safe and is sent once the job runs again. Please tell whoever looks after it."
)
OPEN_FOR: Final = "Open for more than {hours} hours."

TODO: Final = (
    (
        "New rows",
        "New orders, refills and cancel requests appear by themselves, below the last row. You never need to copy anything.",
    ),
    (
        "Your turn",
        "Type only under yellow headings. Leave a cell empty if you do not want to change anything: empty never means zero.",
    ),
    (
        "What happens",
        "At its next run the job tells the panel what you changed, and answers at the end of the row, under Sync.",
    ),
    (
        "If it is orange or red",
        "Read Sync: it says what is wrong and what to do. Mend the row; the job looks at it again by itself.",
    ),
    (
        "If it is violet",
        "Nobody knows whether it happened. Look at the panel, then choose in If unsure. Nothing is sent twice without you.",
    ),
    (
        "If rows are held back",
        (
            "A run that would do unusually much holds those rows back and lists them in Approvals; everything else goes on. "
            "Tick a list if all of it is meant; if not, mend the rows."
        ),
    ),
    (
        "Feel free to",
        "sort, filter, hide and move columns, add columns and notes of your own, and paste. Please keep the headings as they are.",
    ),
    (
        "Please do not",
        "delete rows to tidy up, or type over an ID. If you deleted one by mistake, undo it: the job asks about missing rows.",
    ),
)


@dataclass(frozen=True)
class Line:
    """One line of Start here. kind: title, section, line or swatch (whose topic stands on a colour). A text with = is a formula."""

    row: int
    kind: str
    topic: str
    text: str = ""
    fill: str = ""
    font: str = ""


def lines(known: Templates, zone_name: str, finished: str) -> list[Line]:
    """Start here from the first row down. `finished`: the range of Runs' Finished cells, as a formula names it."""
    made = [
        Line(1, "title", known.tab(templates.START).columns[0].header),
        Line(2, "line", known.text(LAST_RAN), last_run(known, finished)),
        Line(3, "line", known.text("Is it running?"), running(known, "$B$2", finished)),
        Line(4, "line", known.text("Times are in"), zone_name),
    ]
    row = 6
    for title, content in _sections(known):
        made.append(Line(row, "section", title))
        made.extend(
            Line(row + number, "swatch" if fill else "line", topic, text, fill, font)
            for number, (topic, text, fill, font) in enumerate(content, start=1)
        )
        row += len(content) + 2
    return made


_Content = list[tuple[str, str, str, str]]


def headings_red(known: Templates) -> tuple[str, str]:
    """What red headings are called, and what they mean."""
    return known.text(HEADINGS_RED), known.text(HEADINGS_RED_MEANS).format(minutes=known.late_minutes)


def _sections(known: Templates) -> Iterator[tuple[str, _Content]]:
    """(title, lines as (topic, text, fill, font)) of each section."""
    red = (*headings_red(known), ALARM, "FFFFFF")
    yield known.text("What to do"), [*((known.text(topic), known.text(text), "", "") for topic, text in TODO), red]
    yield (
        known.text("What a heading's colour means"),
        [
            (owner.label, known.text("The column {words}.").format(words=owner.words), owner.fill, owner.font)
            for owner in known.owners.values()
        ],
    )
    yield (
        known.text("What Sync says"),
        [
            (
                f"{state.starts[0]} …",
                known.text("{means}.").format(means=known.words.capital(state.means)),
                state.fill,
                state.font,
            )
            for state in known.states
        ],
    )
    age, open_for = known.age, known.text(OPEN_FOR)
    received = known.tab("orders").column("received").header
    yield (
        known.text("What the colour of {column} means").format(column=received),
        [
            (known.text("Amber"), open_for.format(hours=age.amber_hours), age.amber_fill, age.amber_font),
            (known.text("Red"), open_for.format(hours=age.red_hours), age.red_fill, age.red_font),
        ],
    )
    shown = [tab for tab in known.tabs if tab.key != templates.START and not tab.hidden]
    yield known.text("The tabs"), [(tab.title, tab.purpose, "", "") for tab in shown]
    for tab in shown:
        if tab.protect == "header":
            yield (
                known.text("{tab}: the columns").format(tab=tab.title),
                [(column.header, help_text(column), "", "") for column in tab.columns],
            )


def help_text(column: Column) -> str:
    """A column's help as one paragraph: what it is, an example, when it is needed."""
    if column.paragraph:
        return column.paragraph
    text = column.help
    if column.example:
        text += f" Example: {column.example}"
    if column.required_when:
        text += f"{'' if text.endswith(('.', '!', '?')) else '.'} Needed {'' if column.required_when == 'always' else 'when '}{column.required_when}."
    return text


def shown_lines(column: Column, text: Cell) -> int:
    """How many lines a cell that wraps needs for `text`: an estimate by the column's width, at least 1.

    Where it is more than `MOST_LINES`, only that is sure: no more of the text is looked at than so many lines could hold.
    """
    if not isinstance(text, str):
        return 1
    per_line = max(1.0, column.width * (_UNBROKEN_PER_WIDTH if column.type in _UNBROKEN else _LETTERS_PER_WIDTH))
    enough = int(MOST_LINES * (per_line + 2)) + 1
    return max(1, sum(1 + int(len(line) / per_line) for line in text[:enough].splitlines()))


def condition(column: Column, tab: Tab, at: Mapping[str, str]) -> str:
    """`required_when` ("Status is Partial", "Sync says Not sure") as a formula over row 2, "" when it is no such sentence.

    at: column key → letter.
    """
    found = templates.needed(column.required_when)
    if not found:
        return ""
    other = next((each for each in tab.columns if each.header == found[0]), None)
    if other is None:
        return ""
    cell = f"${at[other.key]}2"
    return f'{cell}="{found[2]}"' if found[1] == "is" else f'ISNUMBER(SEARCH("· {found[2]}",{cell}))'


def says(state: State, sync: str) -> str:
    """A formula that is true where the Sync text in column `sync` (of row 2) says `state`; terms joined by commas for OR."""
    return ",".join(f'ISNUMBER(SEARCH("· {word}",${sync}2))' for word in state.starts)


def over(known: Templates, state: str) -> str:
    """A formula that is true where the State in column `state` (of row 2) says that nothing is left to do."""
    words = ",".join(f'ISNUMBER(SEARCH("· {known.words.STATES[word]}",${state}2))' for word in OVER)
    return f"OR({words})"


def ages(tab: Tab, known: Templates, at: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """(name, formula over row 2, fill, font) of an open row's age, the oldest first. Nothing where a tab has no such column."""
    if not tab.open_column:
        return []
    age, cell = known.age, f"${at[tab.open_column]}2"
    still = f"NOT({over(known, at[STATE])})"
    return [
        (name, f"AND(ISNUMBER({cell}),(NOW()-{cell})*24>={limit},{still})", fill, font)
        for name, limit, fill, font in (
            ("red", age.red_hours, age.red_fill, age.red_font),
            ("amber", age.amber_hours, age.amber_fill, age.amber_font),
        )
    ]


# --- freshness -----------------------------------------------------------------------------------------------------------


def _late(known: Templates, cell: str) -> str:
    return f"(NOW()-{cell})*1440>{known.late_minutes}"


def stale(known: Templates, cell: str = "$B$2", said: str = "$B$3") -> str:
    """True when the time in `cell` is longer ago than it should be, or is none, or `said` says that nothing is done."""
    return f'OR(IF(ISNUMBER({cell}),{_late(known, cell)},TRUE),LEFT({said},1)="{STOP}")'


def alive(known: Templates, cell: str = "$B$2", said: str = "$B$3") -> str:
    """The opposite of `stale`."""
    return f'AND(IF(ISNUMBER({cell}),NOT({_late(known, cell)}),FALSE),LEFT({said},1)<>"{STOP}")'


def entry(known: Templates, name: str, *, number: bool = False, indirect: bool = False) -> str:
    """A formula for what one of `_ledger`'s meta entries says: a text, or a number; blank or 0 where there is none.

    indirect: as conditional formats look at another tab.
    """
    ledger = known.tab(templates.LEDGER)
    ranges = []
    for key in ("state", "key"):
        letter = templates.letters(ledger.keys.index(key))
        plain = f"'{ledger.title}'!${letter}:${letter}"
        ranges.append(f'INDIRECT("{plain}")' if indirect else plain)
    found = f'INDEX({ranges[0]},MATCH("{name}",{ranges[1]},0))'
    return f"IFERROR(VALUE({found}),0)" if number else f'IFERROR({found}&"","")'


def last_run(known: Templates, finished: str) -> str:
    """A formula for when the job last ran. finished: the range of Runs' Finished cells, as a formula names it."""
    return f'=IF(COUNT({finished})=0,"{known.text("not yet")}",MAX({finished}))'


def running(known: Templates, cell: str, finished: str) -> str:
    """A formula that says in words whether the job runs, when it runs next, and what it is kept from.

    finished: the range of Runs' Finished cells. The distance between its last two runs tells when the next one is due.
    """
    late, health = _late(known, cell), entry(known, HEALTH_ENTRY)
    stopped = known.text(STOPPED).replace("{hours}", f'"&ROUND((NOW()-{cell})*24,1)&"')
    runs = known.text(RUNS).replace("{minutes}", f'"&ROUND((NOW()-{cell})*1440,0)&"')
    due = f"ROUND((2*{cell}-LARGE({finished},2)-NOW())*1440,0)"
    soon = known.text(NEXT).replace("{minutes}", f'"&{due}&"')
    following = f'IFERROR(IF({due}>0," {soon}",""),"")'
    never = known.text(NEVER_RAN)
    return (
        f'=IF(LEFT({health},1)="{STOP}",{health},IF(NOT(ISNUMBER({cell})),"{never}",'
        f'IF({late},"{STOP} {stopped}","{runs}"&{following}&{health})))'
    )


def stopped(known: Templates, letter: str) -> str:
    """A formula for any tab, true when the job has not run for longer than it should, or says that it does nothing.

    letter: of Runs' Finished. Conditional formats look at another tab through INDIRECT only, in Google Sheets and in older Excel. A Runs tab
    that was renamed says nothing about when the job ran, so that counts as stopped, too.
    """
    runs = quoted(known.tab("runs").title)
    late = f'IFERROR((NOW()-MAX(INDIRECT("{runs}!{letter}:{letter}")))*1440>{known.late_minutes},TRUE)'
    return f'OR({late},LEFT({entry(known, HEALTH_ENTRY, indirect=True)},1)="{STOP}")'


# --- helpers -------------------------------------------------------------------------------------------------------------


def quoted(title: str) -> str:
    """A tab's title in a formula: quoted unless it is one plain word."""
    return title if title.isascii() and title.isidentifier() else "'" + title.replace("'", "''") + "'"


def spans(places: Sequence[int]) -> list[tuple[int, int]]:
    """Rising numbers as spans without gaps: 1 2 3 7 → (1, 3) (7, 7)."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found
