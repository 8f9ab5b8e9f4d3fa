"""The one description of every tab, read from sheets_templates/*.toml.

Provisioning, protection, drop-downs, header matching and the Start here tab all come from what is loaded here.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from reconcile.core.words import ENGLISH, Kind, Words
from reconcile.errors import Damaged, SettingsError
from reconcile.workbook import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconcile.core.model import Cell
    from reconcile.workbook.catalogue import Catalogue

START: Final = "start"
DASHBOARD: Final = "dashboard"
LEDGER: Final = "ledger"
WORKBOOK_FILE: Final = "workbook.toml"

OWNERS: Final = ("panel", "staff", "job")
CHART_KINDS: Final = ("bars", "columns", "stack")
PROTECTIONS: Final = ("none", "header", "tab")
FORMATS: Final = {
    "id": "@",
    "text": "@",
    "link": "@",
    "long_text": "@",
    "answer": "@",
    "free": "General",
    "choice": "General",
    "yes_no": "General",
    "tick": "General",
    "integer": "#,##0",
    "money": "#,##0.00#########",
    "time": "yyyy-mm-dd hh:mm",
}
"""Column type → number format. `@` keeps what looks like a formula or a number text, also after somebody edits the cell."""

CHOOSING: Final = ("choice", "yes_no", "tick")
"""Types with choices. A tick is a box where there are boxes, and Yes or No elsewhere."""


@dataclass(frozen=True)
class Column:
    """One column of a tab. `owner`: panel, staff or job. `width` in characters. `number_format` as spreadsheets write it.

    `paragraph`: help, example and when it is needed as one text, where the workbook's language is not English. `since`: the
    version of the templates that brought it.
    """

    key: str
    header: str
    owner: str
    type: str
    width: int
    help: str
    choices: tuple[str, ...] = ()
    example: str = ""
    required_when: str = ""
    number_format: str = ""
    paragraph: str = ""
    since: int = 1

    @property
    def wraps(self) -> bool:
        """Whether long content is shown on several lines."""
        return self.type in ("long_text", "answer") or (self.owner != "job" and self.type in ("text", "link", "free"))

    def chosen(self, value: Cell) -> Cell:
        """`value` as its drop-down shows it: a tick as the choice it stands for, anything else as it is."""
        return self.choices[0 if value else 1] if self.type == "tick" and isinstance(value, bool) else value

    @property
    def numeric(self) -> bool:
        """Whether it is read as a number, so stands on the right."""
        return self.type in ("integer", "money")


@dataclass(frozen=True)
class Tile:
    """One number at the top of the Dashboard."""

    key: str
    label: str


@dataclass(frozen=True)
class Chart:
    """One chart of the Dashboard. kind: bars (lying), columns (standing) or stack. `colours`: per series, or per bar of one."""

    key: str
    title: str
    kind: str
    series: tuple[str, ...]
    colours: tuple[str, ...]


@dataclass(frozen=True)
class Tab:
    """One tab. `protect`: none, header (our headings; a warning on panel- and job-owned cells) or tab (all of it).

    `key_column`: key of the column that names a row, "" where rows have no name. `free_text`: its content is for people
    only, so it is never read back.
    `open_column`: the column with the time a row came, whose colour tells its age. `former`: titles it has had in workbooks of
    earlier versions, which keep them.
    """

    key: str
    title: str
    order: int
    colour: str
    purpose: str
    columns: tuple[Column, ...]
    key_column: str = ""
    frozen_rows: int = 1
    hidden: bool = False
    protect: str = "none"
    free_text: bool = False
    open_column: str = ""
    tiles: tuple[Tile, ...] = ()
    charts: tuple[Chart, ...] = ()
    former: tuple[str, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles it is found by, its own first."""
        return (self.title, *self.former)

    @property
    def called(self) -> str:
        """Its title for a person who looks for it, with those it may have in an older workbook."""
        return " or ".join(map(repr, self.titles))

    def column(self, key: str) -> Column:
        """The column with this key. Raises KeyError."""
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(f"{self.key}.{key}")

    def has(self, key: str) -> bool:
        return any(column.key == key for column in self.columns)

    @property
    def keys(self) -> tuple[str, ...]:
        """The column keys, in order."""
        return tuple(column.key for column in self.columns)


@dataclass(frozen=True)
class Owner:
    """Who writes in a column: the word for it, what it means, and the heading's colours (RRGGBB)."""

    name: str
    label: str
    words: str
    fill: str
    font: str


@dataclass(frozen=True)
class State:
    """How rows whose Sync text starts with one of `starts` look, and what that means."""

    name: str
    starts: tuple[str, ...]
    means: str
    fill: str
    font: str
    bold: bool
    italic: bool = False
    underline: bool = False


@dataclass(frozen=True)
class Age:
    """After how many hours an open row turns amber, then red, and the colours (RRGGBB)."""

    amber_hours: int
    red_hours: int
    amber_fill: str
    amber_font: str
    red_fill: str
    red_font: str


@dataclass(frozen=True)
class Templates:
    """Every tab in its order, the owners and the states. `version` is written into a workbook made from them.

    late_minutes: after how long without a run the job counts as stopped. words: the language all of it is in. guide: English
    text → text, for what is said beside tabs and columns. complete: what `as_of` was asked of, None for templates with every column.
    """

    version: int
    late_minutes: int
    age: Age
    tabs: tuple[Tab, ...]
    owners: Mapping[str, Owner]
    states: tuple[State, ...]
    words: Words
    guide: Mapping[str, str] = field(default_factory=dict)
    complete: Templates | None = None

    @property
    def whole(self) -> Templates:
        """The same templates with every column of this version."""
        return self.complete or self

    def as_of(self, version: str | None) -> Templates:
        """The templates as a workbook of an earlier version has them: a newer heading in it is a column of staff's own.

        version: what the workbook's meta says; all columns where it says nothing that can be read.
        """
        whole = self.whole
        number = max(1, int(version)) if version and version.isdecimal() else whole.version
        if number >= whole.version:
            return whole
        tabs = tuple(
            replace(tab, columns=tuple(column for column in tab.columns if column.since <= number))
            for tab in whole.tabs
        )
        return replace(whole, tabs=tabs, complete=whole)

    @property
    def language(self) -> str:
        """The language's code."""
        return self.words.language

    def text(self, english: str) -> str:
        """What a workbook in this language says where an English one says `english`."""
        return self.guide.get(english, english)

    def in_language(self, language: str) -> Templates:
        """The same templates in another language. Raises SettingsError for one that is not known."""
        return self.whole if language == self.language else templates(language)

    def titled(self, found: Iterable[str]) -> Templates:
        """The same templates with the titles that a workbook's tabs have, where those are former ones."""
        if self.complete is not None:
            return self.whole.titled(found)
        there = {fold(title) for title in found}
        older = {
            tab.key: next(title for title in tab.former if fold(title) in there)
            for tab in self.tabs
            if fold(tab.title) not in there and any(fold(title) in there for title in tab.former)
        }
        if not older:
            return self
        tabs = tuple(
            replace(tab, title=title, former=tuple(each for each in tab.titles if each != title))
            if (title := older.get(tab.key))
            else tab
            for tab in self.tabs
        )
        return replace(self, tabs=tabs, words=replace(self.words, TAB={**self.words.TAB, **older}))

    def tab(self, key: str) -> Tab:
        """The tab with this key. Raises KeyError."""
        for tab in self.tabs:
            if tab.key == key:
                return tab
        raise KeyError(key)

    @property
    def data_tabs(self) -> tuple[Tab, ...]:
        """The tabs a Snapshot has a frame for: neither free text nor the ledger."""
        return tuple(tab for tab in self.tabs if not tab.free_text and tab.key != LEDGER)


def folder() -> Path:
    """Where the template files are: beside the package in a checkout, inside it when installed.

    Raises SettingsError when they are in neither place.
    """
    package = Path(__file__).resolve().parent.parent
    for place in (package / "sheets_templates", package.parent / "sheets_templates"):
        if (place / WORKBOOK_FILE).is_file():
            return place
    raise SettingsError(
        "The sheet templates (sheets_templates/*.toml) are not installed.",
        "Install reconcile again, or run it from a complete checkout.",
    )


@cache
def templates(language: str = ENGLISH.language) -> Templates:
    """The templates that came with this version of reconcile, loaded once per language. Raises SettingsError."""
    place = folder()
    if language == ENGLISH.language:
        return load(place)
    return spoken(load(place), catalogue.load(place, language))


def load(place: Path) -> Templates:
    """Loads and checks every template file in `place`. Raises SettingsError naming the file and the key that is wrong."""
    shared = _Table(WORKBOOK_FILE, _toml(place / WORKBOOK_FILE))
    tabs = tuple(
        sorted(
            (_tab(path) for path in sorted(place.glob("*.toml")) if path.name != WORKBOOK_FILE),
            key=lambda tab: tab.order,
        )
    )
    loaded = Templates(
        version=shared.take("version", int),
        late_minutes=shared.take("late_minutes", int),
        age=_age(shared.take("age", dict)),
        tabs=tabs,
        owners={name: _owner(name, table) for name, table in shared.take("owners", dict).items()},
        states=tuple(_state(table) for table in shared.take("states", list)),
        words=ENGLISH,
    )
    shared.done()
    if set(loaded.owners) != set(OWNERS):
        _wrong(WORKBOOK_FILE, "owners", f"must have exactly {', '.join(OWNERS)}")
    for name, values in (
        ("key", [tab.key for tab in tabs]),
        ("title", [fold(tab.title) for tab in tabs]),
        ("order", [str(tab.order) for tab in tabs]),
    ):
        if doubled := _first_double(values):
            _wrong("*.toml", name, f"{doubled!r} stands in two tabs")
    for needed in (START, DASHBOARD, LEDGER):
        if needed not in [tab.key for tab in tabs]:
            _wrong("*.toml", "key", f"no tab has the key {needed!r}")
    return loaded


# --- languages -----------------------------------------------------------------------------------------------------------


def spoken(english: Templates, said: Catalogue) -> Templates:
    """English templates in another language: everything staff read. Keys, and all of `_ledger`, stay as they are."""
    return replace(
        english,
        tabs=tuple(_spoken_tab(tab, english, said) for tab in english.tabs),
        owners={
            name: replace(owner, label=said.owners[name], words=said.owners[f"{name}.words"])
            for name, owner in english.owners.items()
        },
        states=tuple(
            replace(state, starts=(said.words.MARK[Kind(state.name)],), means=said.states[state.name])
            for state in english.states
        ),
        words=said.words,
        guide=said.guide,
    )


def _spoken_tab(tab: Tab, english: Templates, said: Catalogue) -> Tab:
    if tab.key == LEDGER:
        return tab
    return replace(
        tab,
        title=said.titles[tab.key],
        former=(),
        purpose=said.purposes[tab.key],
        columns=tuple(_spoken_column(column, tab, english, said) for column in tab.columns),
        tiles=tuple(replace(tile, label=said.guide[tile.label]) for tile in tab.tiles),
        charts=tuple(
            replace(chart, title=said.guide[chart.title], series=tuple(said.guide[name] for name in chart.series))
            for chart in tab.charts
        ),
    )


def _spoken_column(column: Column, tab: Tab, english: Templates, said: Catalogue) -> Column:
    text = said.of(said.help, tab.key, column.key)
    example = said.of(said.examples, tab.key, column.key) or said.words.choice(column.example)
    if example:
        text += " " + said.guide["Example: {example}"].format(example=example)
    required = column.required_when
    if found := needed(required):
        header, verb, value = found
        other = said.of(said.headers, tab.key, next(each.key for each in tab.columns if each.header == header))
        marks = {english.words.MARK[kind]: mark for kind, mark in said.words.MARK.items()}
        shown = said.words.choice(value) if verb == "is" else marks[value]
        required = f"{other} {verb} {shown}"
        text += " " + said.guide[f"Needed when {{column}} {verb} {{value}}."].format(column=other, value=shown)
    elif required:
        text += " " + said.guide["Always needed."]
    return replace(
        column,
        header=said.of(said.headers, tab.key, column.key),
        help=said.of(said.help, tab.key, column.key),
        choices=tuple(said.words.choice(value) for value in column.choices),
        example=example,
        required_when=required,
        paragraph=text,
    )


def needed(required_when: str) -> tuple[str, str, str] | None:
    """`Status is Partial`, `Sync says Not sure` as (header, is or says, value); None when it is no such sentence."""
    found = re.fullmatch(r"(.+?) (is|says) (.+)", required_when)
    return (found[1], found[2], found[3]) if found else None


# --- headers -------------------------------------------------------------------------------------------------------------


def fold(text: object) -> str:
    """A header or title as it is compared: trimmed, inner white space as one space, case ignored."""
    return _folded(str(text))


@lru_cache(maxsize=2048)  # the same few headings, looked for in every tab of every run
def _folded(text: str) -> str:
    folded = " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
    return folded if folded.isascii() else folded.replace("i̇", "i").replace("ı", "i")  # a Turkish İ, I and ı


def positions(
    tab: Tab,
    header_row: Sequence[object],
    name: str = "the workbook",
    below: Iterable[tuple[int, Sequence[object]]] = (),
) -> dict[str, int]:
    """Where each template column stands in a sheet's header row: column key → index into `header_row`.

    Columns may stand in any order and others may stand between them. Raises Damaged naming tab and header when one of
    ours is missing or stands there twice, or the row of `below` (number, cells) that the headings stand in.
    """
    places: dict[str, list[int]] = {}
    for index, cell in enumerate(header_row):
        if cell is not None and (text := fold(cell)):
            places.setdefault(text, []).append(index)
    found: dict[str, int] = {}
    missing = [column.header for column in tab.columns if fold(column.header) not in places]
    if missing:
        refuse_strayed(tab, header_row, below, name)
        raise Damaged(missing_text(tab, missing, name), missing_help(missing))
    for column in tab.columns:
        where = places[fold(column.header)]
        if len(where) > 1:
            raise Damaged(
                f"Tab {tab.title!r} of {name} has the heading {column.header!r} twice (columns {_both(where)}).",
                f"Keep {column.header!r} above the right column and rename the other one in row 1.",
            )
        found[column.key] = where[0]
    return found


def refuse_strayed(
    tab: Tab, header_row: Sequence[object], below: Iterable[tuple[int, Sequence[object]]], name: str
) -> None:
    """Raises Damaged naming the row of `below` (number, cells) with most headings, when row 1 has not even half of them.

    Somebody inserted a row above them, or sorted them in among the rows: writing them anew would add a second, empty table.
    """
    ours = {fold(column.header) for column in tab.columns}

    def has_most(cells: Sequence[object]) -> bool:
        return 2 * len(ours & {fold(cell) for cell in cells if cell is not None}) > len(ours)

    if not has_most(header_row) and (row := next((number for number, cells in below if has_most(cells)), None)):
        raise Damaged(
            f"The headings of tab {tab.title!r} of {name} stand in row {row}, not in row 1.",
            "Move that row back to the top. If the rows above it are empty, delete them instead.",
        )


def refuse_taken(tab: Tab, headings: Iterable[object], version: int, name: str) -> None:
    """Raises Damaged where staff have a column under a heading that the job is to write under from now on.

    version: of the templates the workbook was made from, so that what is newer cannot be the job's yet.
    """
    if tab.protect != "header":
        return
    there = {fold(cell) for cell in headings}
    taken = [
        column.header
        for column in tab.columns
        if column.since > version and column.owner == "job" and fold(column.header) in there
    ]
    if taken:
        raise Damaged(
            f"Tab {tab.title!r} of {name} has a column {taken[0]!r} of somebody's own; this version adds one of that name.",
            "Give that column another heading, then run `reconcile init` again. Nothing was changed.",
        )


def missing_text(tab: Tab, missing: Sequence[str], name: str) -> str:
    """What is wrong when headings are gone, naming each."""
    listed = ", ".join(repr(header) for header in missing)
    return f"Tab {tab.title!r} of {name} has no heading {listed} in row 1."


def missing_help(missing: Sequence[str]) -> str:
    """What to do about missing headings."""
    what = f"Write {missing[0]!r} back" if len(missing) == 1 else "Write them back"
    return f"{what} into row 1 above the right column; if the column was deleted, run `reconcile init` to add it again."


def letters(index: int) -> str:
    """A column's letter from its index: 0 → A, 26 → AA."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def _both(indexes: Sequence[int]) -> str:
    return " and ".join(letters(index) for index in indexes)


# --- loading -------------------------------------------------------------------------------------------------------------


class _Table:
    """A TOML table that is taken apart key by key; what is left over is an unknown key."""

    def __init__(self, file: str, values: Mapping[str, Any], where: str = "") -> None:
        self.file, self.where, self.values = file, where, dict(values)

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        if key not in self.values:
            if default is None:
                _wrong(self.file, self.where + key, "is missing")
            return default
        value = self.values.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            _wrong(self.file, self.where + key, f"must be {_KINDS[kind]}, not {value!r}")
        return value

    def one_of(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        value = str(self.take(key, str, default))
        if value not in allowed:
            _wrong(self.file, self.where + key, f"is {value!r} but must be one of {', '.join(allowed)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list, [])
        if not all(isinstance(value, str) and value for value in values):
            _wrong(self.file, self.where + key, "must be a list of texts")
        return tuple(values)

    def colour(self, key: str) -> str:
        value = str(self.take(key, str))
        if not re.fullmatch(r"[0-9A-F]{6}", value):
            _wrong(self.file, self.where + key, f"is {value!r} but must be a colour like 2F5D8C")
        return value

    def done(self) -> None:
        if self.values:
            _wrong(self.file, self.where + min(self.values), "is not a key that reconcile knows")


_KINDS: Final = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}
_MAX_TITLE: Final = 31  # Excel's limit for a tab's name


def _tab(path: Path) -> Tab:
    table = _Table(path.name, _toml(path))
    columns = tuple(
        _column(path.name, number, values) for number, values in enumerate(table.take("columns", list), start=1)
    )
    tab = Tab(
        key=table.take("key", str),
        title=table.take("title", str),
        order=table.take("order", int),
        colour=table.colour("colour"),
        purpose=table.take("purpose", str),
        columns=columns,
        key_column=table.take("key_column", str, ""),
        frozen_rows=table.take("frozen_rows", int, 1),
        hidden=table.take("hidden", bool, False),
        protect=table.one_of("protect", PROTECTIONS, "none"),
        free_text=table.take("free_text", bool, False),
        open_column=table.take("open_column", str, ""),
        tiles=tuple(_tile(path.name, values) for values in table.take("tiles", list, [])),
        charts=tuple(_chart(path.name, values) for values in table.take("charts", list, [])),
        former=table.texts("former"),
    )
    table.done()
    _check_tab(path.name, tab)
    return tab


def _check_tab(file: str, tab: Tab) -> None:
    if not tab.columns:
        _wrong(file, "columns", "must list at least one column")
    if len(tab.title) > _MAX_TITLE or not tab.title.strip():
        _wrong(file, "title", f"must be 1 to {_MAX_TITLE} characters")
    for name, values in (("key", list(tab.keys)), ("header", [fold(column.header) for column in tab.columns])):
        if doubled := _first_double(values):
            _wrong(file, f"columns.{name}", f"{doubled!r} stands there twice")
    for name, key in (
        ("key_column", tab.key_column),
        ("open_column", tab.open_column),
    ):
        if key and not tab.has(key):
            _wrong(file, name, f"names {key!r}, which is not a column")


def _column(file: str, number: int, values: Any) -> Column:
    if not isinstance(values, dict):
        _wrong(file, f"columns[{number}]", "must be a table")
    table = _Table(file, values, f"columns[{number}].")
    kind = table.one_of("type", tuple(FORMATS))
    column = Column(
        key=table.take("key", str),
        header=table.take("header", str),
        owner=table.one_of("owner", OWNERS),
        type=kind,
        width=table.take("width", int),
        help=table.take("help", str),
        choices=table.texts("choices"),
        example=table.take("example", str, ""),
        required_when=table.take("required_when", str, ""),
        number_format=table.take("number_format", str, FORMATS[kind]),
        since=table.take("since", int, 1),
    )
    table.done()
    if not re.fullmatch(r"[a-z][a-z_]*", column.key):
        _wrong(file, f"columns[{number}].key", f"is {column.key!r} but must be small letters and _")
    if not fold(column.header):
        _wrong(file, f"columns[{number}].header", "must not be empty")
    if (kind in CHOOSING) != bool(column.choices) and column.owner == "staff":
        _wrong(file, f"columns[{number}].choices", f"do not go with the type {kind!r}")
    return column


def _owner(name: str, values: Mapping[str, Any]) -> Owner:
    table = _Table(WORKBOOK_FILE, values, f"owners.{name}.")
    owner = Owner(
        name=name,
        label=table.take("label", str),
        words=table.take("words", str),
        fill=table.colour("fill"),
        font=table.colour("font"),
    )
    table.done()
    return owner


def _state(values: Mapping[str, Any]) -> State:
    table = _Table(WORKBOOK_FILE, values, "states.")
    state = State(
        name=table.take("name", str),
        starts=table.texts("starts"),
        means=table.take("means", str),
        fill=table.colour("fill"),
        font=table.colour("font"),
        bold=table.take("bold", bool),
        italic=table.take("italic", bool, False),
        underline=table.take("underline", bool, False),
    )
    table.done()
    return state


def _age(values: Mapping[str, Any]) -> Age:
    table = _Table(WORKBOOK_FILE, values, "age.")
    age = Age(
        amber_hours=table.take("amber_hours", int),
        red_hours=table.take("red_hours", int),
        amber_fill=table.colour("amber_fill"),
        amber_font=table.colour("amber_font"),
        red_fill=table.colour("red_fill"),
        red_font=table.colour("red_font"),
    )
    table.done()
    if not 1 < age.amber_hours < age.red_hours:
        _wrong(WORKBOOK_FILE, "age.red_hours", "must be more than amber_hours, and that more than 1")
    return age


def _tile(file: str, values: Mapping[str, Any]) -> Tile:
    table = _Table(file, values, "tiles.")
    tile = Tile(key=table.take("key", str), label=table.take("label", str))
    table.done()
    return tile


def _chart(file: str, values: Mapping[str, Any]) -> Chart:
    table = _Table(file, values, "charts.")
    chart = Chart(
        key=table.take("key", str),
        title=table.take("title", str),
        kind=table.one_of("kind", CHART_KINDS),
        series=table.texts("series"),
        colours=table.texts("colours"),
    )
    table.done()
    fits = bool(chart.colours) and len(chart.series) in (1, len(chart.colours))
    if not fits or not all(re.fullmatch(r"[0-9A-F]{6}", each) for each in chart.colours):
        _wrong(
            file, f"charts.{chart.key}.colours", "must be a colour like 2F5D8C for each of the series, or for each bar"
        )
    return chart


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Template {path.name} is not valid TOML: {error}.", "Correct that line, or restore the file."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"Template {path.name} cannot be read: {error.strerror}.", "Install reconcile again."
        ) from error


def _first_double(values: Sequence[str]) -> str:
    return next((value for index, value in enumerate(values) if value in values[:index]), "")


def _wrong(file: str, key: str, why: str) -> NoReturn:
    raise SettingsError(f"Template {file}: {key} {why}.", "Correct sheets_templates, or restore the file.")
