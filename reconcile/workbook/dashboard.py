"""The Dashboard: tiles, charts and the figures behind them, the same in every kind of workbook.

Every figure is a formula over the working tabs, History and Archive, so it is right when the job is dead, too. Whole
columns are named, so nothing breaks when rows are inserted, sorted or deleted; each cell costs one or a few COUNTIFS.
Formulas are written as both Excel and Google Sheets read them, without functions that only newer programs know.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconcile.core.model import STATE, Decision, Status, Verdict
from reconcile.core.states import MISSING_ENTRY, State
from reconcile.errors import Damaged
from reconcile.workbook import guide, templates
from reconcile.workbook.templates import letters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconcile.workbook.templates import Chart, Tab, Templates

DAYS: Final = 14
SERVICES: Final = 40
"""So many lines of the tab Services are looked at; orders of others count as other services."""

SHOWN: Final = 7
"""The services with the most open orders that have a bar of their own."""

WIDTH: Final = 12
"""Columns of the grid."""

CHART_COLUMNS: Final = 4
CHART_ROWS: Final = 15
TILE_COLUMNS: Final = 2
TILES_ROW: Final = 4
CHARTS_ROW: Final = 7
HELPER: Final = WIDTH + 1
"""The column (from 0) where the list of all services begins, right of everything else."""

TIME: Final = "d mmm hh:mm"
DAY: Final = "d mmm"
GROUND: Final = "EEF2F6"
INK: Final = "1F2933"
LATE_TILE: Final = "late"

PERSON: Final = (State.UNSURE, State.REFUSED, State.CHECK, State.HELD, State.WAITING)
"""The States in which a row waits for a person."""

OPEN: Final = (State.NEW, State.IN_PROGRESS, *PERSON)
"""The States in which a row is not done."""


@dataclass(frozen=True)
class Item:
    """One cell, row and column from 0. kind: title, section, label, freshness, tile, value, head, text, number or day."""

    row: int
    column: int
    kind: str
    text: str


@dataclass(frozen=True)
class Plot:
    """One chart with its place and its figures: categories and series in rows `first` to `last` (from 0, both inclusive)."""

    chart: Chart
    row: int
    column: int
    first: int
    last: int
    categories: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class Board:
    """The whole tab. `late`: the cells that turn red when they count something, with nothing to count they stay calm."""

    items: tuple[Item, ...]
    plots: tuple[Plot, ...]
    late: tuple[int, int]
    rows: int


def board(known: Templates, at: Mapping[str, Mapping[str, str]]) -> Board:
    """What the Dashboard shows. at: tab key → column key → letter, as the columns stand now."""
    tab = known.tab(templates.DASHBOARD)
    sums = _Sums(known, at)
    items = [
        Item(0, 0, "title", tab.title),
        Item(1, 0, "label", known.text(guide.LAST_RAN)),
        Item(1, 2, "freshness", sums.last_run()),
        Item(1, 4, "label", guide.running(known, "$C$2", sums.of("runs", "finished"))),
    ]
    tiles = sums.tiles()
    late = (TILES_ROW, 0)
    for number, tile in enumerate(tab.tiles):
        place = number * TILE_COLUMNS
        items += [
            Item(TILES_ROW - 1, place, "tile", tile.label),
            Item(TILES_ROW, place, "value", tiles[tile.key]),
        ]
        if tile.key == LATE_TILE:
            late = (TILES_ROW, place)
    lines = -(-len(tab.charts) // (WIDTH // CHART_COLUMNS))
    top = CHARTS_ROW - 1 + lines * (CHART_ROWS + 1)
    items.append(Item(top, 0, "section", known.text("The figures behind the charts")))
    plots: list[Plot] = []
    top, deepest = top + 1, 0
    for number, chart in enumerate(tab.charts):
        line, slot = divmod(number, WIDTH // CHART_COLUMNS)
        if number and not slot:
            top, deepest = deepest + 1, 0
        column = slot * CHART_COLUMNS
        first = top + 2  # a title may be as wide as its chart, so what the numbers are stands below it
        table = sums.table(chart.key, first, column)
        items.append(Item(top, column, "head", chart.title))
        items += [Item(top + 1, column + 2 + place, "head", name) for place, name in enumerate(chart.series)]
        items += table
        last = max(item.row for item in table)
        deepest = max(deepest, last + 1)
        values = tuple(column + 2 + place for place in range(len(chart.series)))
        plots.append(
            Plot(chart, CHARTS_ROW - 1 + line * (CHART_ROWS + 1), column, first, last, categories=column, values=values)
        )
    items += sums.all_services()
    return Board(tuple(items), tuple(plots), late, max(deepest, SERVICES + 3))


def refuse_foreign(known: Templates, said: Mapping[tuple[int, int], str]) -> None:
    """Raises Damaged when staff have a tab of this name of their own: ours is written whole. said: place from 0 → its text.

    Ours has the line about the job in its second row; a title of "Dashboard" others have, too.
    """
    tab = known.tab(templates.DASHBOARD)
    if any(said.values()) and said.get((1, 0)) != known.text(guide.LAST_RAN):
        raise Damaged(
            f"Tab {tab.title!r} is not the one reconcile makes; somebody made it for something else.",
            f"Rename that tab, then run `reconcile init` again: it makes a new {tab.title!r}.",
        )


class _Sums:
    """The formulas. All of them go by State: what was typed counts for nothing until it was accepted."""

    def __init__(self, known: Templates, at: Mapping[str, Mapping[str, str]]) -> None:
        self.known, self.at = known, at

    def of(self, tab: str, column: str) -> str:
        """A whole column, as a formula names it."""
        letter = self.at[tab][column]
        return f"{guide.quoted(self.known.tab(tab).title)}!${letter}:${letter}"

    def last_run(self) -> str:
        return guide.last_run(self.known, self.of("runs", "finished"))

    # --- counting ------------------------------------------------------------------------------------------------------------

    def standing(self, tab: str, *states: State, more: Sequence[str] = ()) -> str:
        """How many rows of a tab have one of these States; `more`: further pairs of range and criterion."""
        column = self.of(tab, STATE)
        return "+".join(_count_ifs(f'{column},"#*· {self.known.words.STATES[state]}*"', *more) for state in states)

    def open_orders(self, *more: str) -> str:
        """How many rows of Orders are open; `more`: further pairs of range and criterion."""
        return self.standing("orders", *OPEN, more=more)

    def missing(self) -> str:
        """How many open orders have no row, as the last run counted them."""
        return guide.entry(self.known, MISSING_ENTRY, number=True)

    def saying(self, *states: State) -> str:
        """Rows of all feeds with one of these States."""
        feeds = [tab for tab in self.known.tabs if tab.protect == "header" and tab.has(STATE)]
        return "+".join(self.standing(tab.key, *states) for tab in feeds)

    def on(self, day: str, tab: str, column: str, *more: str) -> str:
        """Rows of one day."""
        when = self.of(tab, column)
        return _count_ifs(f'{when},">="&{day}', f'{when},"<"&{day}+1', *more)

    def accepted(self, day: str, tab: str, field: str, value: str) -> str:
        """Changes to `value` that the panel took on a day, or that a person said went through."""
        where, say = self.known.tab(tab), self.known.words
        said = [
            f"{self.of('history', 'tab')},{text(where.title)}",
            f"{self.of('history', 'field')},{text(where.column(field).header)}",
            f"{self.of('history', 'to')},{text(say.choice(value))}",
        ]
        return "+".join(
            self.on(day, "history", "when", *said, f"{self.of('history', 'result')},{text(result)}")
            for result in (f"{say.VERDICTS[Verdict.ACCEPTED]}*", f"*: {say.PHRASES['it_went_through']}")
        )

    def arrived(self, day: str) -> str:
        return f"{self.on(day, 'orders', 'received')}+{self.on(day, 'archive', 'received')}"

    def completed(self, day: str) -> str:
        return self.accepted(day, "orders", "status", Status.COMPLETED)

    def canceled(self, day: str) -> str:
        taken = self.accepted(day, "cancels", "decision", Decision.REFUND)
        return f"{self.accepted(day, 'orders', 'status', Status.CANCELED)}+{taken}"

    def partial(self, day: str) -> str:
        taken = self.accepted(day, "cancels", "decision", Decision.PARTIAL)
        return f"{self.accepted(day, 'orders', 'status', Status.PARTIAL)}+{taken}"

    def older(self, hours: int) -> str:
        """Open orders that came at least so many hours ago."""
        return self.open_orders(f'{self.of("orders", "received")},"<="&(NOW()-{hours}/24)')

    # --- the tab -------------------------------------------------------------------------------------------------------------

    def tiles(self) -> dict[str, str]:
        today = "TODAY()"
        return {
            "open": f"={self.open_orders()}+{self.missing()}",
            "person": f"={self.saying(*PERSON)}+{self.missing()}",
            LATE_TILE: f"={self.older(self.known.age.red_hours)}",
            "arrived": f"={self.arrived(today)}",
            "completed": f"={self.completed(today)}",
            "refunded": f"={self.canceled(today)}+{self.partial(today)}",
        }

    def table(self, key: str, row: int, column: int) -> list[Item]:
        """The figures of a chart, from `row` down; categories in `column`, numbers two columns to the right."""
        made: dict[str, Callable[[int, int], list[Item]]] = {
            "status": self._status,
            "age": self._age,
            "person": self._person,
            "days": self._days,
            "refunds": self._refunds,
            "services": self._services,
        }
        return made[key](row, column)

    def _status(self, row: int, column: int) -> list[Item]:
        say = self.known.words
        waits = (State.WAITING, State.CHECK, State.REFUSED, State.HELD, State.UNSURE)
        lines = [(say.STATES[state], f"={self.standing('orders', state)}") for state in (State.NEW, State.IN_PROGRESS)]
        lines.append((self.known.text("Needs a look"), f"={self.standing('orders', *waits)}"))
        lines.append((self.known.text("No row"), f"={self.missing()}"))
        return _lines(row, column, lines)

    def _age(self, row: int, column: int) -> list[Item]:
        known, age = self.known, self.known.age
        edges = [age.amber_hours // 2, age.amber_hours, age.red_hours, age.red_hours * 2]
        first = f'{self.of("orders", "received")},">"&(NOW()-{edges[0]}/24)'
        under = known.text("under {time}").format(time=span(known, edges[0]))
        lines = [(under, f"={self.open_orders(first)}")]
        for low, high in itertools.pairwise(edges):
            between = known.text("{start} to {end}").format(start=span(known, low), end=span(known, high))
            lines.append((between, f"={self.older(low)}-({self.older(high)})"))
        over = known.text("over {time}").format(time=span(known, edges[-1]))
        lines.append((over, f"={self.older(edges[-1])}"))
        return _lines(row, column, lines)

    def _person(self, row: int, column: int) -> list[Item]:
        say = self.known.words
        return _lines(row, column, [(say.STATES[state], f"={self.saying(state)}") for state in (*PERSON, State.NEW)])

    def _daily(self, row: int, column: int, *sums: Callable[[str], str]) -> list[Item]:
        items: list[Item] = []
        for number in range(DAYS):
            here, day = row + number, f"${letters(column)}${row + number + 1}"
            items.append(Item(here, column, "day", f"=TODAY()-{DAYS - 1 - number}"))
            items += [Item(here, column + 2 + place, "number", f"={each(day)}") for place, each in enumerate(sums)]
        return items

    def _days(self, row: int, column: int) -> list[Item]:
        return self._daily(row, column, self.arrived, self.completed)

    def _refunds(self, row: int, column: int) -> list[Item]:
        return self._daily(row, column, self.canceled, self.partial)

    def _services(self, row: int, column: int) -> list[Item]:
        """The services with the most open orders; the list of all of them stands to the right."""
        name, count, rank = (self._helper(place) for place in (0, 2, 3))
        lines = []
        for number in range(1, SHOWN + 1):
            best = f"LARGE({rank},{number})"
            found = f"MATCH({best},{rank},0)"
            lines.append((f'=IF({best}>0,INDEX({name},{found}),"")', f'=IF({best}>0,INDEX({count},{found}),"")'))
        number_column = letters(column + 2)
        shown = f"SUM(${number_column}${row + 1}:${number_column}${row + SHOWN})"
        lines.append((self.known.text("Other services"), f"=MAX(0,{self.open_orders()}-{shown})"))
        return _lines(row, column, lines)

    def _helper(self, place: int) -> str:
        letter = letters(HELPER + place)
        return f"${letter}$3:${letter}${SERVICES + 2}"

    def _of_service(self, own: str) -> str:
        """Open orders whose service is the text in cell `own`: those that begin with it but for those that go on.

        A criterion `12` means the number in some programs, the text in others, both in Excel; patterns look at texts only.
        """
        service = self.of("orders", "service")
        begins, goes_on = (self.open_orders(f'{service},{own}&"{rest}"') for rest in ("*", "?*"))
        return f"({begins})-({goes_on})"

    def all_services(self) -> list[Item]:
        """Every service with its open orders, and a number that ranks it: no two services have the same."""
        items = [Item(0, HELPER, "section", self.known.text("Open orders by service, all"))]
        service = self.known.tab("services")
        ids, names = self.of("services", "service_id"), self.of("services", "name")
        heads = (service.title, service.column("service_id").header, self.known.text("Open"), self.known.text("Rank"))
        items += [Item(1, HELPER + place, "head", head) for place, head in enumerate(heads)]
        for number in range(1, SERVICES + 1):
            row = number + 1
            own = f"${letters(HELPER + 1)}${row + 1}"
            name = f'IFERROR(INDEX({names},{number + 1}),"")'  # a tab may have fewer rows than we look at
            count = self._of_service(own)
            total = f"${letters(HELPER + 2)}${row + 1}"
            items += [
                Item(row, HELPER, "text", f'=IF({own}="","",{own}&IF({name}="",""," "&{name}))'),
                Item(row, HELPER + 1, "text", f'=IFERROR(INDEX({ids},{number + 1})&"","")'),
                Item(row, HELPER + 2, "number", f'=IF({own}="","",{count})'),
                Item(row, HELPER + 3, "number", f'=IF({own}="",0,{total}-{number}/1000)'),
            ]
        return items


def _count_ifs(*pairs: str) -> str:
    return f"COUNTIFS({','.join(pairs)})"


def _lines(row: int, column: int, lines: Sequence[tuple[str, str]]) -> list[Item]:
    return [
        item
        for number, (label, value) in enumerate(lines)
        for item in (Item(row + number, column, "text", label), Item(row + number, column + 2, "number", value))
    ]


def text(value: str) -> str:
    """A text inside a formula."""
    return '"' + value.replace('"', '""') + '"'


def span(known: Templates, hours: int) -> str:
    """A span of time as people say it, short enough for a chart's axis."""
    if hours % 24 or hours < 48:  # noqa: PLR2004 - two days
        return known.text("{hours} h").format(hours=hours)
    return known.text("{days} d").format(days=hours // 24)


def standard(known: Templates) -> dict[str, dict[str, str]]:
    """Where the columns stand in a workbook fresh from the templates."""
    return {tab.key: letters_of(tab, {key: place for place, key in enumerate(tab.keys)}) for tab in known.data_tabs}


def letters_of(tab: Tab, places: Mapping[str, int]) -> dict[str, str]:
    """Column key → letter, for the columns of a tab that are there."""
    return {key: letters(places[key]) for key in tab.keys if key in places}
