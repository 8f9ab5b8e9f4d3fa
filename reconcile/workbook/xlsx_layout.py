"""How an .xlsx workbook is made from the templates, and how a half-made one is completed.

Only here is a workbook saved by openpyxl. What openpyxl would drop is looked for first, and then nothing is saved.
"""

from __future__ import annotations

import io
import re
import textwrap
import unicodedata
import warnings
import zipfile
from copy import copy
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.dimensions import ColumnDimension
from openpyxl.worksheet.properties import PageSetupProperties

from reconcile.core.cells import Formula
from reconcile.core.ledger import SCHEMA
from reconcile.core.model import STATE, SYNC
from reconcile.core.words import ENGLISH
from reconcile.errors import Damaged
from reconcile.workbook import frames, guide, templates, xlsx_book, xlsx_dashboard, xlsx_package
from reconcile.workbook.templates import letters
from reconcile.workbook.xlsx_stripped import COLOURS, FREEZE, LISTS, WIDTHS
from reconcile.workbook.xlsx_xml import MAX_ROWS, Sheet, Styles, column_index, reach, read_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from openpyxl.worksheet.worksheet import Worksheet

    from reconcile.workbook.templates import Column, Tab, Templates

HEADER_HEIGHT: Final = 33.0
_MOST_PROMPT: Final = 255
_MOST_TITLE: Final = 32
HEADING_KEPT: Final = "The job finds the column by its heading '{header}'. Please press Esc to leave it as it is."

_SHOWN_ID: Final = 199
"""The id of a number format inside a rule: any above those that programs have built in."""

_HEADER_EDGE: Final = Side(style="medium", color="7F8790")
_RULE_EDGE: Final = Side(style="thin", color="7F8790")  # conditional formats know no other
_CELL_EDGE: Final = Side(style="hair", color="C9CED6")


@dataclass(frozen=True)
class Gap:
    """What a workbook lacks: whole tabs, headings per tab, and looks that another program took out of all of it."""

    tabs: tuple[Tab, ...] = ()
    columns: tuple[tuple[Tab, Column], ...] = ()
    older: bool = False
    stripped: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tabs or self.columns or self.older or self.stripped)


def made(known: Templates, now: datetime, zone_name: str) -> bytes:
    """A new workbook with every tab of the templates and no rows."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "reconcile"
    book.properties.created = book.properties.modified = now.replace(tzinfo=None)
    for tab in known.tabs:
        _add_tab(book, tab, known, zone_name)
    _draw_dashboard(book, known)
    book.active = 0
    return _saved(book, {tab.title for tab in known.tabs})


def completed(raw: bytes, gap: Gap, known: Templates, name: str, zone_name: str) -> bytes:
    """The workbook with what it lacks added: tabs after their neighbours, headings right of everything in use.

    Nothing that is there is moved or changed. Raises Damaged naming what would be lost by saving it.
    """
    book = _opened(raw, known, name)
    for tab in gap.tabs:
        _add_tab(book, tab, known, zone_name)
    if gap.stripped:
        _restore(book, known, gap.stripped, zone_name)
    for tab, column in gap.columns:
        sheet = _sheet(book, tab)
        index = max(_last_used_column(sheet), sheet.max_column if sheet.max_row > 1 else 0)
        _dress_column(sheet, tab, column, index, known)
        _tint_states(sheet, tab, known)
    if gap.older:
        for tab in known.data_tabs:
            _tint_states(_sheet(book, tab), tab, known)
        _write_start(_sheet(book, known.tab(templates.START)), known, zone_name)
    if gap.older:
        _set_version(_sheet(book, known.tab(templates.LEDGER)), known)
    _draw_dashboard(book, known)
    return _saved(book, {tab.title for tab in gap.tabs})


_LONGEST_TITLE: Final = 31
"""Characters of a tab's title that Excel takes."""


def set_aside(raw: bytes, known: Templates, name: str, zone_name: str) -> tuple[bytes, tuple[str, ...]]:
    """The workbook with its tabs of rows renamed and kept, and new ones in their places. Services stays; `_ledger` begins anew.

    Returns it, and the titles under which tabs were kept. Raises Damaged naming what would be lost by saving it.
    """
    book = _opened(raw, known, name)
    titles = {sheet.title for sheet in book.worksheets}
    anew, aside = [], []
    for tab in known.tabs:
        if tab.key == "services":
            continue
        sheet = next(
            (each for each in book.worksheets if templates.fold(each.title) == templates.fold(tab.title)), None
        )
        anew.append(tab)
        if sheet is None:
            continue
        if tab.free_text or tab.key == templates.LEDGER:
            book.remove(sheet)
            continue
        old = known.words.PHRASES["old_tab"].format(title=tab.title)
        title = next(each for each in _numbered(old) if each not in titles)
        titles.add(title)
        aside.append(title)
        sheet.title = title
    for tab in anew:
        _add_tab(book, tab, known, zone_name)
    _draw_dashboard(book, known)
    return _saved(book, {tab.title for tab in anew}), tuple(aside)


def _numbered(title: str) -> Iterator[str]:
    """A title, then with numbers, none longer than a tab's may be."""
    yield title[:_LONGEST_TITLE]
    for number in count(2):
        yield f"{title[: _LONGEST_TITLE - 4]} {number}"


def _opened(raw: bytes, known: Templates, name: str) -> Any:
    """The workbook in openpyxl's hands. Raises Damaged naming what would be lost by saving it."""
    refuse_losses(raw, known, name)
    if _is_strict(raw):  # which openpyxl reads as a workbook without tabs
        raise Damaged(
            f"{name} lacks tabs or headings, and is saved as Strict Open XML, to which they cannot be added.",
            "Save it as an ordinary .xlsx workbook (not Strict), then run init again.",
        )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        book = load_workbook(io.BytesIO(raw), rich_text=True)
    if lost := sorted({str(each.message) for each in said if "removed" in str(each.message)}):
        raise _would_destroy(name, lost)
    _put_true_texts(book, raw, name)
    return book


def _restore(book: Any, known: Templates, lost: Sequence[str], zone_name: str) -> None:
    """Puts looks back that no tab has any more, on the columns where they stand now; the Dashboard is drawn with every save."""
    for tab in (*known.data_tabs, known.tab(templates.LEDGER)):
        sheet = _sheet(book, tab)
        for key, letter in _places(sheet, tab).items():
            column, index = tab.column(key), column_index(letter)
            if WIDTHS in lost:
                _dress(sheet, tab, column, index, known)
            if LISTS in lost and tab.key != templates.LEDGER:
                _guard(sheet, column, index, known)
        if WIDTHS in lost:
            sheet.row_dimensions[1].height = HEADER_HEIGHT
        if FREEZE in lost:
            sheet.freeze_panes = f"{'B' if tab.has(SYNC) else 'A'}{tab.frozen_rows + 1}"
        if COLOURS in lost:
            _tint_states(sheet, tab, known)
        if tab.hidden:
            sheet.sheet_state, sheet.protection.sheet = "veryHidden", True
    if {WIDTHS, COLOURS} & set(lost):
        _write_start(_sheet(book, known.tab(templates.START)), known, zone_name)


# --- what openpyxl would lose ------------------------------------------------------------------------------------------------

_KEPT: Final = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(app|core|custom)\.xml|xl/workbook\.xml|xl/_rels/workbook\.xml\.rels"
    r"|xl/(styles|sharedStrings|calcChain|metadata)\.xml|xl/theme/theme\d*\.xml|xl/worksheets/sheet[\w-]*\.xml"
    r"|xl/worksheets/_rels/.*\.rels|xl/(worksheets/)?comments/?[\w/]*\d*\.xml|xl/drawings/(commentsDrawing|vmlDrawing)\d*\.vml"
    r"|xl/tables/table\d*\.xml|xl/printerSettings/.*"
)
_EMPTY_WHEN_NO_ANCHOR: Final = re.compile(r"xl/drawings/drawing\d+\.xml")
"""LibreOffice saves a drawing for every tab, mostly with nothing in it."""

_LOST_INSIDE: Final = (
    (rb"<x14:conditionalFormatting\b", "a conditional format of a newer kind"),
    (rb"<x14:dataValidation\b", "a drop-down that looks at another tab"),
    (rb"<x14:sparkline\b", "sparklines"),
    (rb"<x14:slicer\b", "a slicer"),
)


def losses(raw: bytes, known: Templates, name: str) -> list[str]:
    """What openpyxl would not save again: charts, pictures, pivot tables, threaded comments, slicers, newer formats.

    The charts of our own Dashboard are not among them: they are drawn anew.
    """
    found: list[str] = []
    ours = xlsx_dashboard.own_parts(raw, known, name)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for info in archive.infolist():
            if info.is_dir() or info.filename in ours:
                continue
            if _EMPTY_WHEN_NO_ANCHOR.fullmatch(info.filename):
                if b"Anchor" in archive.read(info):
                    found.append(info.filename)
            elif not _KEPT.fullmatch(info.filename):
                found.append(info.filename)
            elif info.filename.startswith("xl/worksheets/sheet"):
                xml = archive.read(info)
                found.extend(f"{what} in {info.filename}" for pattern, what in _LOST_INSIDE if re.search(pattern, xml))
    return found


def refuse_losses(raw: bytes, known: Templates, name: str) -> None:
    """Raises Damaged when completing the workbook would destroy something in it."""
    if lost := losses(raw, known, name):
        raise _would_destroy(name, lost)


def _is_strict(raw: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return any(
            b"http://purl.oclc.org/ooxml/spreadsheetml/main" in archive.read(info)
            for info in archive.infolist()
            if info.filename.endswith("workbook.xml")
        )


def _would_destroy(name: str, lost: Sequence[str]) -> Damaged:
    return Damaged(
        f"{name} lacks tabs or headings, but adding them would destroy something in it: {', '.join(lost[:3])}.",
        "Add the missing headings by hand (`reconcile doctor` names them), or move that part to another workbook and run init again.",
    )


# --- tabs --------------------------------------------------------------------------------------------------------------------


def _add_tab(book: Any, tab: Tab, known: Templates, zone_name: str) -> None:
    titles = [sheet.title for sheet in book.worksheets]
    before = [other.title for other in known.tabs if other.order < tab.order and other.title in titles]
    place = titles.index(before[-1]) + 1 if before else 0
    sheet: Worksheet = book.create_sheet(tab.title, place)
    sheet.sheet_properties.tabColor = tab.colour
    if tab.key == templates.START:
        _write_start(sheet, known, zone_name)
        return
    if tab.key == templates.DASHBOARD:
        _page(sheet)
        sheet.print_title_rows = None
        return
    for index, column in enumerate(tab.columns):
        _dress_column(sheet, tab, column, index, known)
    heads = "".join(column.header for column in tab.columns)
    sheet.row_dimensions[1].height = HEADER_HEIGHT * 1.2 if _tall(heads) else HEADER_HEIGHT
    sheet.freeze_panes = f"{'B' if tab.has(SYNC) else 'A'}{tab.frozen_rows + 1}"
    sheet.auto_filter.ref = f"A1:{letters(len(tab.columns) - 1)}{reach(1)}"
    _tint_states(sheet, tab, known)
    _page(sheet)
    if tab.key == templates.LEDGER:
        meta = [(frames.REVISION, "0"), (frames.SCHEMA_KEY, SCHEMA), (frames.VERSION_KEY, str(known.version))]
        if known.language != ENGLISH.language:
            meta.append((frames.LANGUAGE, known.language))
        for number, (key, text) in enumerate(meta, start=2):
            for place, value in enumerate((frames.META, key, text), start=1):
                sheet.cell(number, place, value)
        sheet.auto_filter.ref = None
        sheet.protection.sheet = True
    if tab.hidden:
        sheet.sheet_state = "veryHidden"


def _dress_column(sheet: Worksheet, tab: Tab, column: Column, index: int, known: Templates) -> None:
    """Heading, width, formats and drop-down of one column at `index`."""
    _dress(sheet, tab, column, index, known)
    if tab.key != templates.LEDGER:
        _guard(sheet, column, index, known)


def _dress(sheet: Worksheet, tab: Tab, column: Column, index: int, known: Templates) -> None:
    """Heading, width and formats."""
    letter = letters(index)
    owner = known.owners[column.owner]
    header = sheet.cell(1, index + 1, column.header)
    header.font = _type(bold=True, color=owner.font)
    header.fill = PatternFill("solid", start_color=owner.fill)
    header.alignment = Alignment(wrap_text=True, vertical="center", **_side(column, over_button=True))
    header.border = Border(bottom=_HEADER_EDGE)
    _stand_alone(sheet, index)
    dimension = sheet.column_dimensions[letter]
    dimension.width = column.width + 1
    dimension.number_format = column.number_format
    dimension.alignment = Alignment(vertical="top", wrap_text=column.wraps or None, **_side(column))
    dimension.font = _type(color=guide.LINK) if column.type == "link" else _type()
    dimension.border = Border(bottom=_CELL_EDGE)
    if guide.TINTS[column.owner] and tab.protect == "header":
        dimension.fill = PatternFill("solid", start_color=guide.TINTS[column.owner])
    if column.owner == "staff":
        dimension.protection = Protection(locked=False)


def _guard(sheet: Worksheet, column: Column, index: int, known: Templates) -> None:
    """What is said at the heading, and the drop-down."""
    letter = letters(index)
    owner = known.owners[column.owner]
    guard = DataValidation(
        type="custom",
        formula1=f'EXACT({letter}1,"{column.header}")',
        allow_blank=False,
        showErrorMessage=True,
        errorTitle=known.text("This is a heading"),
        error=known.text(HEADING_KEPT).format(header=column.header)[:_MOST_PROMPT],
        showInputMessage=True,
        promptTitle=f"{column.header} ({owner.label})"[:_MOST_TITLE],
        prompt=guide.help_text(column)[:_MOST_PROMPT],
    )
    guard.add(f"{letter}1")
    sheet.add_data_validation(guard)
    if column.choices and column.owner == "staff":
        choices = ",".join(column.choices)
        rule = DataValidation(
            type="list",
            formula1=f'"{choices}"',
            allow_blank=True,
            showErrorMessage=True,
            errorTitle=known.text("Please choose"),
            error=known.text("{header} is one of: {choices}.").format(
                header=column.header, choices=", ".join(column.choices)
            )[:_MOST_PROMPT],
        )
        rule.add(f"{letter}2:{letter}{reach(sheet.max_row)}")
        sheet.add_data_validation(rule)


def _stand_alone(sheet: Worksheet, index: int) -> None:
    """Takes the column at `index` out of a group that has one look, which is then two: before it and after it.

    A program that finds a column in two groups calls the file broken.
    """
    number = index + 1
    dimensions: Any = sheet.column_dimensions
    for letter, group in list(dimensions.items()):
        if group.min is None or not group.min <= number <= group.max or group.min == group.max:
            continue
        del dimensions[letter]
        for first, last in ((group.min, number - 1), (number + 1, group.max)):
            if first <= last:
                part: Any = ColumnDimension(
                    sheet,
                    letters(first - 1),
                    width=group.width,
                    hidden=group.hidden,
                    outlineLevel=group.outlineLevel,
                    collapsed=group.collapsed,
                    min=first,
                    max=last,
                )
                part._style = copy(group._style)  # noqa: SLF001 - openpyxl has no other way to take a look over
                dimensions[part.index] = part


def _side(column: Column, *, over_button: bool = False) -> dict[str, Any]:
    """Numbers stand on the right; texts stand off from a number to their left. A heading leaves room for its filter's button."""
    if column.numeric:
        return {"horizontal": "right", "indent": 2 if over_button else 0}
    return {"horizontal": "left", "indent": 1}


def _places(sheet: Worksheet, tab: Tab) -> dict[str, str]:
    """Column key → letter, for the headings that stand in row 1."""
    headers = [sheet.cell(1, place).value for place in range(1, sheet.max_column + 1)]
    where = {templates.fold(header): letters(index) for index, header in enumerate(headers) if header is not None}
    return {
        column.key: where[templates.fold(column.header)]
        for column in tab.columns
        if templates.fold(column.header) in where
    }


def _draw_dashboard(book: Any, known: Templates) -> None:
    at = {tab.key: _places(_sheet(book, tab), tab) for tab in known.data_tabs}
    xlsx_dashboard.draw(_sheet(book, known.tab(templates.DASHBOARD)), known, at)


def _tint_states(sheet: Worksheet, tab: Tab, known: Templates) -> None:
    """Conditional formats: a job that stopped, age, what is still needed, what Sync says, and rows that are done.

    Ours from before are replaced; staff's own stay, after them.
    """
    at = _places(sheet, tab)
    if tab.protect != "header" or not set(tab.keys) <= set(at):
        return
    others = _without(sheet, _rules(sheet, tab, known, at))
    for tint in _rules(sheet, tab, known, at):
        tint()
    for put_back in others:
        put_back()


def _rules(sheet: Worksheet, tab: Tab, known: Templates, at: Mapping[str, str]) -> list[_Tint]:
    """A tab's rules, the most important first."""
    made = _stopped(sheet, tab, known, at)
    for name, formula, fill, font in guide.ages(tab, known, at):
        own = at[tab.open_column]
        bold = name == "red"
        made.append(_Tint(sheet, f"{own}2:{own}{MAX_ROWS}", formula, fill, Font(color=font, bold=bold or None)))
    for column in tab.columns:
        if condition := guide.condition(column, tab, at):
            own = at[column.key]
            edge = Border(left=_RULE_EDGE, right=_RULE_EDGE, top=_RULE_EDGE, bottom=_RULE_EDGE)
            formula = f"AND(ISBLANK(${own}2),{condition})"
            made.append(_Tint(sheet, f"{own}2:{own}{MAX_ROWS}", formula, guide.NEEDED, border=edge))
    if tab.has(SYNC):
        sync, key = at[SYNC], at[tab.key_column]
        for state in known.states:
            beside = [key, *([at[STATE]] if tab.has(STATE) else []), sync]
            spans = " ".join(f"{letter}2:{letter}{MAX_ROWS}" for letter in beside)
            look = Font(
                color=state.font,
                bold=state.bold or None,
                italic=state.italic or None,
                underline="single" if state.underline else None,
            )
            made.append(_Tint(sheet, spans, f"OR({guide.says(state, sync)})", state.fill, look))
    if tab.has(STATE):
        places = sorted(column_index(place) for key, place in at.items() if key not in (SYNC, STATE, tab.key_column))
        spans = " ".join(f"{letters(first)}2:{letters(last)}{MAX_ROWS}" for first, last in guide.spans(places))
        made.append(_Tint(sheet, spans, guide.over(known, at[STATE]), font=Font(color=guide.DONE, italic=True)))
    return made


def _stopped(sheet: Worksheet, tab: Tab, known: Templates, at: Mapping[str, str]) -> list[_Tint]:
    """Headings that turn red while the job does not run.

    Key and Sync say it in words, too, shown by a number format: the cells' own texts stay what columns are found by.
    """
    book: Any = sheet.parent
    runs = known.tab("runs")
    there = next((each for each in book.worksheets if templates.fold(each.title) == templates.fold(runs.title)), None)
    finished = _places(there, runs).get("finished") if there is not None else None
    formula = guide.stopped(known, finished or letters(runs.keys.index("finished")))
    look = Font(color="FFFFFF", bold=True)
    made = []
    if tab.has(SYNC):
        see = known.text(guide.STOPPED_SYNC).format(tab=known.tab(templates.START).title)
        for key, text in ((tab.key_column, known.text(guide.STOPPED_KEY)), (SYNC, see)):
            shown = f'@" – {text}"'
            made.append(_Tint(sheet, f"{at[key]}1", formula, guide.ALARM, look, shown=shown))
    rest = sorted(
        column_index(place) for key, place in at.items() if not (tab.has(SYNC) and key in (tab.key_column, SYNC))
    )
    spans = " ".join(f"{letters(first)}1:{letters(last)}1" for first, last in guide.spans(rest))
    made.append(_Tint(sheet, spans, formula, guide.ALARM, look))
    return made


@dataclass(frozen=True)
class _Tint:
    """One conditional format, written when it is called."""

    sheet: Worksheet
    span: str
    formula: str
    fill: str = ""
    font: Font | None = None
    border: Border | None = None
    shown: str = ""

    def __call__(self) -> None:
        _rule(self.sheet, self.span, self.formula, fill=self.fill, font=self.font, border=self.border, shown=self.shown)

    @property
    def shape(self) -> str:
        return _shape(self.formula)


_BEFORE: Final = (
    ("AND(OR($", '"),OR(ISNUMBER(SEARCH("· '),
    ("OR(AND(OR($", '"),OR(ISNUMBER(SEARCH("· '),
    ("AND(ISNUMBER($", ",(NOW()-$"),
    ("IFERROR((NOW()-MAX(INDIRECT(", ""),
)
"""How the rules of earlier versions begin, and what is in them: a row that is done, its age, a job that stopped. Others have the shape of today's."""


def _shape(formula: str) -> str:
    """A formula without the places it looks at, which move with columns and rows, and without numbers and white space."""
    return re.sub(r"\$?[A-Z]{1,3}\$?\d+|\d+|\s", "", formula)


def _without(sheet: Worksheet, ours: Sequence[_Tint]) -> list[Callable[[], None]]:
    """Takes all rules off a tab and returns those that are not ours, to be put back."""
    shapes = {tint.shape for tint in ours}
    sheet_rules: Any = sheet
    others: list[Callable[[], None]] = []
    for area in sheet_rules.conditional_formatting:
        for rule in area.rules:
            formula = str(rule.formula[0]) if rule.type == "expression" and rule.formula else ""
            before = any(formula.startswith(start) and inside in formula for start, inside in _BEFORE)
            if before or _shape(formula) in shapes:
                continue
            rule.priority = 0  # counted anew
            others.append(partial(sheet.conditional_formatting.add, str(area.sqref), rule))
    sheet_rules.conditional_formatting = type(sheet.conditional_formatting)()
    return others


def _rule(
    sheet: Worksheet,
    span: str,
    formula: str,
    *,
    fill: str = "",
    font: Font | None = None,
    border: Border | None = None,
    shown: str = "",
) -> None:
    ground = PatternFill(bgColor=fill) if fill else None
    rule = Rule(type="expression", formula=[formula])
    number = NumberFormat(_SHOWN_ID, shown) if shown else None
    rule.dxf = DifferentialStyle(font=font, fill=ground, border=border, numFmt=number)
    sheet.conditional_formatting.add(span, rule)


def _type(*, bold: bool = False, size: int = 11, color: str = "1F2933") -> Font:
    return Font(name="Calibri", size=size, bold=bold, color=color)


def _page(sheet: Worksheet) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom, sheet.page_margins.footer = 0.5, 0.8, 0.35
    footer: Any = sheet.oddFooter
    footer.left.text, footer.right.text = "&A", "&P / &N"


# --- Start here --------------------------------------------------------------------------------------------------------------


def _write_start(sheet: Worksheet, known: Templates, zone_name: str) -> None:
    tab, runs = known.tab(templates.START), known.tab("runs")
    for row in sheet["A1:B400"]:
        for cell in row:
            cell.value = None
    for index, column in enumerate(tab.columns):
        sheet.column_dimensions[letters(index)].width = column.width
    sheet.sheet_view.showGridLines = False
    letter = letters(runs.keys.index("finished"))
    finished = f"'{runs.title}'!${letter}$2:${letter}${MAX_ROWS}"
    for line in guide.lines(known, zone_name, finished):
        if line.kind == "title":
            _big(sheet, line.row, line.topic)
        elif line.kind == "section":
            _section(sheet, line.row, line.topic)
        elif line.kind == "swatch":
            _swatch(sheet, line.row, line.topic, line.fill, line.font, line.text)
        else:
            _line(sheet, line.row, line.topic, line.text)
        if line.kind in ("line", "swatch"):
            sheet.row_dimensions[line.row].height = _start_height(tab, line, known)
    sheet["B2"].number_format = "yyyy-mm-dd hh:mm"
    sheet["B2"].font = sheet["B3"].font = _type(bold=True, size=12)
    ours: Any = sheet
    ours.conditional_formatting = type(sheet.conditional_formatting)()
    white = Font(color="FFFFFF", bold=True)
    _rule(sheet, "A2:B3", guide.stale(known), fill=guide.ALARM, font=white)
    _rule(sheet, "A2:B3", guide.alive(known), fill=guide.CALM, font=Font(color=guide.CALM_FONT, bold=True))
    _page(sheet)
    sheet.page_setup.orientation = "portrait"
    sheet.print_title_rows = None
    sheet.freeze_panes = "A4"


def _section(sheet: Worksheet, number: int, title: str) -> None:
    cell = sheet.cell(number, 1, title)
    cell.font = _type(bold=True, size=13, color="2F5D8C")
    for place in (1, 2):
        sheet.cell(number, place).border = Border(bottom=Side(style="thin", color="2F5D8C"))
    sheet.row_dimensions[number].height = 24


def _line(sheet: Worksheet, number: int, topic: str, text: str) -> None:
    first, second = sheet.cell(number, 1, topic), sheet.cell(number, 2, text)
    first.font = _type(bold=True)
    first.alignment = Alignment(vertical="top", wrap_text=True)
    second.alignment = Alignment(vertical="top", wrap_text=True, horizontal="left")


_RUNNING_ROW: Final = 3


def _start_height(tab: Tab, line: guide.Line, known: Templates) -> float:
    """Enough for every line of the longer of the two cells; a formula may say as much as its longest text."""
    text = line.text
    if text.startswith("="):
        text = known.text(guide.STOPPED) if line.row == _RUNNING_ROW else ""
    needed = (
        len(textwrap.wrap(_letters(line.topic), max(8, round(tab.columns[0].width * 0.85)))),
        len(textwrap.wrap(_letters(text), round(tab.columns[1].width * (0.85 if line.row == _RUNNING_ROW else 1.05)))),
    )
    return 5 + (20.0 if _tall(line.topic + text) else 15.0) * max(1, *needed)


def _tall(text: str) -> bool:
    """Whether it is in a script whose lines stand taller than Latin ones: Devanagari."""
    return any("\u0900" <= char <= "\u097f" for char in text)


def _letters(text: str) -> str:
    """A text without the marks above and below its letters, which take no room of their own; those beside them (`Mc`) do."""
    return "".join(char for char in text if unicodedata.category(char) not in ("Mn", "Me"))


def _swatch(sheet: Worksheet, number: int, label: str, fill: str, font: str, text: str) -> None:
    _line(sheet, number, label, text)
    cell = sheet.cell(number, 1)
    cell.fill = PatternFill("solid", start_color=fill)
    cell.font = _type(bold=True, color=font)


def _big(sheet: Worksheet, number: int, text: str) -> None:
    cell = sheet.cell(number, 1, text)
    cell.font = _type(bold=True, size=18, color="2F5D8C")
    sheet.row_dimensions[number].height = 30


# --- the book ----------------------------------------------------------------------------------------------------------------


def _sheet(book: Any, tab: Tab) -> Worksheet:
    found: Worksheet = next(
        sheet for sheet in book.worksheets if templates.fold(sheet.title) == templates.fold(tab.title)
    )
    return found


def _last_used_column(sheet: Worksheet) -> int:
    """How many columns are in use, counted to the right: cells with a value."""
    return max((cell.column for row in sheet.iter_rows() for cell in row if cell.value is not None), default=0)


def _set_version(sheet: Worksheet, known: Templates) -> None:
    for row in sheet.iter_rows(min_row=2):
        texts = [cell.value for cell in row]
        if frames.META in texts and frames.VERSION_KEY in texts:
            row[texts.index(frames.VERSION_KEY) + 1].value = str(known.version)
            return


def _saved(book: Any, new_titles: set[str]) -> bytes:
    mark = _protect_returns(book)
    out = io.BytesIO()
    book.save(out)
    paths = {f"xl{sheet.path.removeprefix('/xl')}" for sheet in book.worksheets if sheet.title in new_titles}
    finished = io.BytesIO()
    with zipfile.ZipFile(out) as before, zipfile.ZipFile(finished, "w", zipfile.ZIP_DEFLATED) as after:
        for info in before.infolist():
            data = before.read(info)
            if info.filename.startswith("xl/") and info.filename.endswith(".xml"):
                data = data.replace(mark.encode(), b"&#13;").replace(b"&#%d;" % ord(mark), b"&#13;")  # lxml's way
            if _DRAWN.fullmatch(info.filename):
                data = _spelled(data)
            if info.filename in paths:
                data = _without_number_warnings(data)
            after.writestr(info, data)
    return finished.getvalue()


_DRAWN: Final = re.compile(r"xl/drawings/drawing\d+\.xml")
_BARE: Final = re.compile(rb"<(/?)(\w+)(?=[\s/>])")


def _spelled(xml: bytes) -> bytes:
    """A drawing with the prefix that every program writes: some know its elements by no other name (ExcelJS)."""
    if b' xmlns="' not in xml:
        return xml
    return _BARE.sub(rb"<\1xdr:\2", xml).replace(b' xmlns="', b' xmlns:xdr="', 1)


def _put_true_texts(book: Any, raw: bytes, name: str) -> None:
    """Corrects the texts that openpyxl reads or writes otherwise than meant: line breaks and escapes like `_x000D_`."""
    package = xlsx_package.unpack(raw, name)
    context = xlsx_book.context_of(package, Styles(package.read(package.styles_part), name))
    for title, part in package.sheets:
        sheet = Sheet.cut(package.read(part), f"Tab {title!r} of {name}")
        for number, cells in read_cells(sheet, context, None):
            for index, value in enumerate(cells):
                if isinstance(value, str) and not isinstance(value, Formula) and ("\r" in value or "_x" in value):
                    cell = book[title].cell(number, index + 1)
                    cell.value = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", value)
                    cell.data_type = "s"


def _protect_returns(book: Any) -> str:
    """Puts a mark in place of every carriage return, which openpyxl would turn into a line feed; returns the mark."""
    texts = [
        cell
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, (str, CellRichText))
    ]
    mark = next(chr(code) for code in range(0xE000, 0xF8FF) if not any(chr(code) in str(cell.value) for cell in texts))
    for cell in texts:
        if isinstance(cell.value, CellRichText):
            for place, piece in enumerate(cell.value):
                if isinstance(piece, str):
                    cell.value[place] = piece.replace("\r", mark)
                else:
                    piece.text = piece.text.replace("\r", mark)
        elif "\r" in cell.value:
            kind = cell.data_type
            cell.value = cell.value.replace("\r", mark)
            cell.data_type = kind
    return mark


def _without_number_warnings(xml: bytes) -> bytes:
    """An id is text on purpose: no green corner in every cell."""
    after = re.search(
        rb"<(?:smartTags|drawing|legacyDrawing|picture|oleObjects|controls|tableParts|extLst)\b|</worksheet>", xml
    )
    if after is None or b"<ignoredErrors" in xml:
        return xml
    ignored = b'<ignoredErrors><ignoredError sqref="A1:XFD%d" numberStoredAsText="1"/></ignoredErrors>' % MAX_ROWS
    return xml[: after.start()] + ignored + xml[after.start() :]
