"""The Dashboard's figures, age and freshness: computed by the workbook itself, in every kind and language of it.

Spreadsheet programs are not run here: the emulator computes the formulas that stand in the file, cell by cell.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from reconcile.core import states
from reconcile.core.model import Commit, Decision, Feed, Kind, Status
from reconcile.core.states import OF_KIND, State
from reconcile.workbook import dashboard, guide
from reconcile.workbook.catalogue import LANGUAGES
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.templates import templates
from reconcile.workbook.xlsx import XlsxWorkbook
from tests.contract.google_subject import GoogleHands, http
from tests.emulator import cells
from tests.emulator.book import Sheet
from tests.emulator.emulator import Emulator
from tests.workbook.test_google_setup import ground

if TYPE_CHECKING:
    from pathlib import Path

    from reconcile.core.model import Row
    from reconcile.workbook.templates import Templates

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of a spreadsheet, which knows no zones
STAFF_TABS = [tab for tab in templates().tabs if tab.protect == "header"]


# --- a known workbook --------------------------------------------------------------------------------------------------------


def known_day(known: Templates) -> Commit:
    """Four open orders, one closing, one closed elsewhere, one closed and one unclear; a doubt; a fortnight's History."""
    say = known.words
    elsewhere = say.CLOSED_ELSEWHERE.format(status=say.choice(Status.CANCELED), tab=say.TAB["cancels"])

    def order(key: str, status: str, hours: float, service: str, kind: Kind, text: str = "…") -> Row:
        over = State.CLOSED if (kind is Kind.SENT and status == Status.COMPLETED) or text == elsewhere else None
        state = over or OF_KIND.get(kind) or (State.NEW if kind is Kind.NEW else State.IN_PROGRESS)
        return {
            "id": key,
            "state": states.text(Feed.ORDERS, key, state, None, say),
            "status": say.choice(status),
            "received": NOW - timedelta(hours=hours),
            "service": service,
            "sync": say.sync_text(key, kind, text),
        }

    orders = [
        order("1", Status.PROCESSING, 2, "12", Kind.NEW, say.NEW_ORDER),
        order("2", Status.IN_PROGRESS, 30, "12", Kind.SENT),
        order("3", Status.IN_PROGRESS, 80, "15", Kind.WAITING),
        order("4", Status.COMPLETED, 30, "12", Kind.SENT),
        order("5", Status.COMPLETED, 30, "12", Kind.HELD),
        order("6", Status.PROCESSING, 100, "12", Kind.INFO, elsewhere),
        order("7", "Compelted", 30, "12", Kind.PROBLEM),
        order("8", Status.PROCESSING, 200, "129", Kind.REFUSED),  # no service of ours, but its number begins like one
    ]
    unsure = states.text(Feed.CANCELS, "3", State.UNSURE, None, say)
    cancels = [{"id": "3", "received": NOW, "state": unsure, "sync": say.sync_text("3", Kind.DOUBT, "…")}]

    def told(days: int, feed: str, field: str, value: str, result: str) -> Row:
        when = NOW - timedelta(days=days)
        line = {"when": when, "tab": say.TAB[feed], "id": "1", "field": say.LABEL[field], "run": "r"}
        return {**line, "to": say.choice(value), "result": result}

    accepted = say.VERDICTS["accepted"]
    by_hand = f"{say.PHRASES['by_hand']}: {say.PHRASES['it_went_through']}"
    history = [
        told(0, "orders", "status", Status.COMPLETED, accepted),
        told(0, "orders", "status", Status.COMPLETED, accepted),
        told(0, "orders", "status", Status.COMPLETED, say.VERDICTS["refused"]),
        told(0, "orders", "status", Status.IN_PROGRESS, accepted),
        told(0, "refills", "status", Status.COMPLETED, accepted),
        told(0, "cancels", "decision", Decision.PARTIAL, accepted),
        told(1, "orders", "status", Status.CANCELED, by_hand),
        told(1, "orders", "status", Status.CANCELED, f"{say.PHRASES['by_hand']}: {say.PHRASES['send_again']}"),
        told(1, "cancels", "decision", Decision.REFUND, accepted),
        told(13, "orders", "status", Status.PARTIAL, accepted),
        told(14, "orders", "status", Status.PARTIAL, accepted),
    ]
    archive = [{"id": "50", "received": NOW - timedelta(hours=1)}]
    runs = [{"run": "r", "finished": NOW - timedelta(minutes=ago)} for ago in (22, 10)]
    append = {"orders": orders, "cancels": cancels, "history": history, "archive": archive, "runs": runs}
    return Commit("run", append=append, meta={states.MISSING_ENTRY: "3"})


FIGURES: dict[str, list[tuple[float, ...]]] = {
    "status": [(1,), (1,), (4,), (3,)],
    "age": [(1,), (0,), (3,), (1,), (1,)],
    "person": [(1,), (1,), (1,), (1,), (1,), (1,)],
    "days": [*[(0, 0)] * 5, (1, 0), *[(0, 0)] * 3, (1, 0), (1, 0), (0, 0), (4, 0), (2, 2)],
    "refunds": [(0, 1), *[(0, 0)] * 11, (2, 0), (0, 1)],
    "services": [(4,), (1,), ("",), ("",), ("",), ("",), ("",), (1,)],  # type: ignore[list-item]
}
"""Chart → its figures line by line: what the day above comes to, counted by hand."""

TILES = {"open": 9, "person": 8, "late": 2, "arrived": 2, "completed": 2, "refunded": 1}


def google(known: Templates) -> tuple[Emulator, str]:
    """The day in a Google Sheet."""
    emulator = Emulator(serve=False, clock=NOW.timestamp)
    name = emulator.new_spreadsheet("Work")
    book = GoogleWorkbook(name, http(emulator), known=known)
    book.provision(("12", "15"))
    book.commit(known_day(known), book.read().revision)
    return emulator, name


def xlsx(known: Templates, path: Path) -> tuple[Emulator, str]:
    """The day in a file, whose cells are then poured into the emulator to be computed."""
    book = XlsxWorkbook(path, known=known, clock=lambda: NOW)
    book.provision(("12", "15"))
    book.commit(known_day(known), book.read().revision)
    emulator = Emulator(serve=False, clock=NOW.timestamp)
    name = emulator.new_spreadsheet("Work")
    made = []
    for number, tab in enumerate(openpyxl.load_workbook(path).worksheets):
        sheet = Sheet(number, tab.title, max(tab.max_row, 100), max(tab.max_column, 26))
        for row in tab.iter_rows():
            for cell in row:
                if cell.value is not None:
                    sheet.put(cell.row - 1, cell.column - 1, cells.Cell(_poured(cell.value)))
        made.append(sheet)
    emulator.book(name).sheets = made
    return emulator, name


def _poured(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - EPOCH).total_seconds() / 86_400
    return cells.Formula(value) if isinstance(value, str) and value.startswith("=") else value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["google", "xlsx"])
def test_the_figures(kind: str, language: str, tmp_path: Path) -> None:
    """Tiles and charts say what is in the working tabs, History and Archive, in every language."""
    known = templates(language)
    emulator, name = google(known) if kind == "google" else xlsx(known, tmp_path / "book.xlsx")
    tab = known.tab("dashboard")
    board = dashboard.board(known, dashboard.standard(known))
    shown = emulator.values(name, f"{guide.quoted(tab.title)}!A1:Q{board.rows}")
    lines = [[*line, *[""] * (17 - len(line))] for line in shown] + [[""] * 17] * (board.rows - len(shown))
    tiles = {
        tile.key: lines[dashboard.TILES_ROW][number * dashboard.TILE_COLUMNS] for number, tile in enumerate(tab.tiles)
    }
    assert tiles == TILES
    found = {
        plot.chart.key: [tuple(line[place] for place in plot.values) for line in lines[plot.first : plot.last + 1]]
        for plot in board.plots
    }
    assert found == FIGURES
    assert sum(line[0] for line in found["status"]) == tiles["open"]
    names = {
        plot.chart.key: [line[plot.categories] for line in lines[plot.first : plot.last + 1]] for plot in board.plots
    }
    assert names["status"][:2] == [known.words.STATES[State.NEW], known.words.STATES[State.IN_PROGRESS]]
    assert names["person"][0] == known.words.STATES[State.UNSURE]
    assert names["services"][:2] == ["12", "15"]
    assert names["days"][-1] == (NOW.replace(tzinfo=None) - EPOCH).days
    assert lines[1][4] == f"{known.text(guide.RUNS).format(minutes=10)} {known.text(guide.NEXT).format(minutes=2)}"


# --- age ---------------------------------------------------------------------------------------------------------------------


def test_received_turns_amber_then_red() -> None:
    """By the two settings, until the row is done: closed and taken, closed elsewhere, or decided and taken."""
    known = templates()
    age = known.age
    emulator = Emulator(serve=False, clock=NOW.timestamp)
    hands = GoogleHands(emulator)
    minute = 1 / 60
    hours = [age.amber_hours - minute, age.amber_hours, age.red_hours - minute, age.red_hours, 5000]
    orders = [
        {
            "id": str(number),
            "status": "Processing",
            "received": NOW - timedelta(hours=old),
            "state": f"#{number} · New",
            "sync": f"#{number} · New.",
        }
        for number, old in enumerate(hours, start=1)
    ]
    for key, status, state in (
        ("6", "Completed", "Closed · Completed"),
        ("7", "Partial", "Waiting (Processing)"),
        ("8", "Processing", "Closed · Canceled"),
    ):
        orders.append({**orders[-1], "id": key, "status": status, "state": f"#{key} · {state}"})
    cancels = [
        {"id": "1", "received": NOW - timedelta(hours=5000), "decision": "Reject", "state": "#1 · Closed · Reject"},
        {"id": "2", "received": NOW - timedelta(hours=5000), "decision": "Reject", "state": "#2 · Refused"},
    ]
    book = hands.open()
    book.commit(Commit("run", append={"orders": orders, "cancels": cancels}), book.read().revision)
    calm = guide.TINTS[known.tab("orders").column("received").owner]
    received = dashboard.standard(known)
    shown = [ground(emulator, hands.id, f"Orders!{received['orders']['received']}{row}") for row in range(2, 10)]
    amber, red = age.amber_fill, age.red_fill
    assert shown == [calm, amber, amber, red, red, calm, red, calm]
    place = received["cancels"]["received"]
    assert [ground(emulator, hands.id, f"Cancels!{place}{row}") for row in (2, 3, 4)] == [calm, red, calm]


def test_an_xlsx_file_has_the_same_rules(tmp_path: Path) -> None:
    """Formula by formula what is checked above, on the column it is about."""
    known = templates()
    XlsxWorkbook(tmp_path / "a.xlsx").provision()
    made = openpyxl.load_workbook(tmp_path / "a.xlsx")
    at = dashboard.standard(known)
    for tab in STAFF_TABS:
        rules = {
            (str(area.sqref).split()[0].rstrip("0123456789"), rule.formula[0]): rule
            for area in made[tab.title].conditional_formatting
            for rule in area.rules
        }
        for _, formula, fill, _ in guide.ages(tab, known, at[tab.key]):
            letter = at[tab.key][tab.open_column]
            rule = rules[f"{letter}2:{letter}", formula]
            assert rule.dxf.fill.bgColor.rgb.endswith(fill)
            assert rule.priority < min(
                each.priority for (_, said), each in rules.items() if "SEARCH" in said and "NOW()" not in said
            )


# --- a stopped job -------------------------------------------------------------------------------------------------------------


def test_headings_turn_red_when_the_job_has_stopped() -> None:
    """On every staff tab, all of our headings, computed by the sheet: nothing runs while the clock goes on."""
    known, now = templates(), [NOW.timestamp()]
    emulator = Emulator(serve=False, clock=lambda: now[0])
    hands = GoogleHands(emulator)

    def headings() -> set[str]:
        return {
            ground(emulator, hands.id, f"{tab.title}!{letter}1")
            for tab in STAFF_TABS
            for letter in dashboard.standard(known)[tab.key].values()
        }

    assert headings() == {guide.ALARM}
    book = hands.open()
    runs = [{"run": "r", "finished": NOW - timedelta(minutes=1)}]
    book.commit(Commit("run", append={"runs": runs}), book.read().revision)
    calm = {owner.fill for owner in known.owners.values()}
    assert headings() == calm
    now[0] += (known.late_minutes - 1) * 60 - 1
    assert headings() == calm
    now[0] += 2
    assert headings() == {guide.ALARM}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_xlsx_heading_says_it_in_words(language: str, tmp_path: Path) -> None:
    """Red for all headings, and beside those of the key and Sync it is said, without touching what columns are found by."""
    known = templates(language)
    path = tmp_path / "a.xlsx"
    XlsxWorkbook(path, known=known).provision()
    made = openpyxl.load_workbook(path)
    for tab in [known.tab(each.key) for each in STAFF_TABS]:
        sheet = made[tab.title]
        formula = guide.stopped(known, dashboard.standard(known)["runs"]["finished"])
        rules = {
            str(area.sqref): rule
            for area in sheet.conditional_formatting
            for rule in area.rules
            if rule.formula[0] == formula
        }
        covered = {
            cell
            for span in rules
            for part in span.split()
            for line in sheet[part if ":" in part else f"{part}:{part}"]
            for cell in line
        }
        assert {cell.coordinate for cell in covered} == {
            f"{letter}1" for letter in dashboard.standard(known)[tab.key].values()
        }
        assert all(rule.dxf.fill.bgColor.rgb.endswith(guide.ALARM) for rule in rules.values())
        if tab.has("sync"):
            said = {rule.dxf.numFmt.formatCode for rule in rules.values() if rule.dxf.numFmt}
            see = known.text(guide.STOPPED_SYNC).format(tab=known.tab("start").title)
            assert said == {f'@" – {known.text(guide.STOPPED_KEY)}"', f'@" – {see}"'}
