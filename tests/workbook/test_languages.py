"""Whole syncs in every language, in memory and in an .xlsx file: arrivals, edits, answers, refunds, logs; and doctor's word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from pydantic import SecretStr

from reconcile.core import words
from reconcile.core.cells import id_text
from reconcile.core.model import Kind
from reconcile.core.plan import Rules
from reconcile.errors import Exit, SettingsError
from reconcile.job import Job, sync
from reconcile.journal import Journal
from reconcile.panel.client import Panel
from reconcile.panel.practice import PracticePanel
from reconcile.workbook import frames, templates
from reconcile.workbook.catalogue import LANGUAGES
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.xlsx import XlsxWorkbook
from tests.contract.google_subject import http
from tests.contract.memory import MemoryWorkbook
from tests.emulator.emulator import Emulator
from tests.faults.small_program import SmallProgram
from tests.faults.world import ADDRESS, Clock, Line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconcile.core.model import Outcome
    from reconcile.workbook.port import Workbook


class Office:
    """One workbook in one language, its practice panel, and runs on one machine."""

    def __init__(self, kind: str, language: str, folder: Path) -> None:
        self.kind, self.language, self.folder = kind, language, folder
        self.known = templates.templates(language)
        self.say = self.known.words
        self.panel = PracticePanel(60, 7, refills=1, cancels=2)
        self.path = folder / "orders.xlsx"
        self.memory = MemoryWorkbook(("1",), language=language)
        self.runs = self.typed = 0
        self.program = SmallProgram(self.path)
        if kind == "xlsx":
            XlsxWorkbook(self.path, known=self.known).provision(("1",))

    def open(self) -> Workbook:
        """As a run opens it; the file with English settings, so that its own word has to count."""
        return self.memory if self.kind == "memory" else XlsxWorkbook(self.path)

    def sync(self, *trouble: str, rules: Rules | None = None) -> Outcome:
        """One run; `trouble` on the line, as `Line` has it."""
        self.runs += 1
        clock = Clock()
        line = Line(self.panel, clock)
        line.trouble = list(trouble)
        with (
            Journal.open(self.folder / "state") as journal,
            Panel(
                ADDRESS,
                SecretStr(self.panel.key),
                transport=line.transport(),
                pace=0,
                clock=clock.seconds,
                sleep=clock.sleep,
            ) as panel,
        ):
            return sync(
                Job(
                    book=self.open(),
                    panel=panel,
                    journal=journal,
                    rules=rules or Rules(max_closed_share=100),
                    clock=clock,
                    run=f"run-{self.runs}",
                )
            )

    def type(self, tab: str, row: int, **cells: Any) -> None:
        """Staff type into the `row`th row below the headings: column key → cell."""
        heads = {key: self.known.tab(tab).column(key).header for key in cells}
        if self.kind == "memory":
            grid = self.memory.grids[tab]
            grid[row:row] = [] if len(grid) > row else [[None] * len(grid[0])]
            for key, value in cells.items():
                grid[row].extend([None] * (len(grid[0]) - len(grid[row])))
                grid[row][grid[0].index(heads[key])] = value
            return
        title = self.known.tab(tab).title
        self.typed += 1
        if self.typed > 1:  # once the slow way is enough: tests.faults.books holds the two programs against each other
            grid = self.program.see(title)
            grid[len(grid) :] = [[None] * len(grid[0]) for _ in range(row + 1 - len(grid))]
            for key, value in cells.items():
                grid[row][grid[0].index(heads[key])] = value
            self.program.show(title, grid)
            return
        book = openpyxl.load_workbook(self.path)
        sheet = book[title]
        places = {cell.value: cell.column for cell in sheet[1]}
        for key, value in cells.items():
            sheet.cell(row + 1, places[heads[key]], value)
        book.save(self.path)

    def rows(self, tab: str) -> list[dict[str, Any]]:
        """A tab's rows by column key."""
        frame = self.open().read(("history", "runs")).tabs[tab]
        return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]

    def ledger(self, tab: str, key: str) -> dict[str, Any]:
        """A row of `_ledger`."""
        frame = self.open().read().ledger
        (row,) = frame[(frame["tab"] == tab) & (frame["key"] == key)].to_dict("records")
        return {str(name): value for name, value in row.items()}


@pytest.fixture(params=["memory", "xlsx"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Office]:
    return lambda language: Office(request.param, language, tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_day(office: Callable[[str], Office], language: str) -> None:  # noqa: PLR0915 - a day is long
    """Rows arrive, are edited in the language and in English, are answered and logged in it; ledger and panel stay as they are."""
    desk = office(language)
    say = desk.say
    assert desk.sync().exit_code == 0
    orders = desk.rows("orders")
    assert len(orders) > 12
    assert {row["status"] for row in orders} == {say.choice("Processing")}
    assert all(row["sync"] == say.sync_text(row["id"], Kind.NEW, say.NEW_ORDER) for row in orders)
    ids = [id_text(row["id"]) for row in orders]
    kept = desk.ledger("orders", ids[0])
    assert (kept["status"], kept["status_seen"]) == ("Processing", say.choice("Processing"))

    desk.type("orders", 1, start_count=10, status=say.choice("Completed"))
    desk.type("orders", 2, start_count=20, status="in progress")
    desk.type("orders", 3, status="Compelted")
    desk.type("orders", 4, status=say.choice("Partial"))
    desk.type("orders", 5, status=say.choice("Partial"), remains=1)
    desk.type("orders", 6, start_count="abc")
    desk.type("refills", 1, status=say.choice("Completed"))
    desk.type("cancels", 1, decision=say.choice("Reject"))
    desk.type("cancels", 2, decision="cancel and refund")
    desk.type("payments", 1, reference="P1", user="u", amount=5, details="d", send=say.choice("Yes"))
    desk.type("payments", 2, reference="P2", user="u", send="yes")
    told = desk.sync()
    assert told.exit_code == 0, told.stopped

    orders = {id_text(row["id"]): row for row in desk.rows("orders")}
    state = desk.panel.state.orders
    assert [state[key].status for key in ids[:5]] == ["Completed", "In progress", "Processing", "Processing", "Partial"]
    assert orders[ids[0]]["status"] == say.choice("Completed")
    when = f"02 {say.months[2]} 08:00"
    start, status = say.LABEL["start_count"], say.LABEL["status"]
    done = say.SENT.format(when=when, what=f"{status} {say.choice('Completed')}, {start} 10")
    assert orders[ids[0]]["sync"] == say.sync_text(ids[0], Kind.SENT, done)
    near = say.NOT_A_CHOICE_NEAR.format(shown="“Compelted”", one=say.one_of(status), near=say.choice("Completed"))
    assert orders[ids[2]]["sync"] == say.sync_text(ids[2], Kind.PROBLEM, near)
    assert orders[ids[3]]["sync"] == say.sync_text(ids[3], Kind.WAITING, say.PARTIAL_NEEDS_REMAINS)
    kept = desk.ledger("orders", ids[0])
    assert (kept["status"], kept["status_seen"], kept["state"]) == ("Completed", say.choice("Completed"), "closed")
    kept = desk.ledger("orders", ids[1])
    assert (kept["status"], kept["status_seen"]) == ("In progress", "in progress")
    assert desk.ledger("orders", ids[4])["refunded"] == "Partial"
    assert {row["decision"] for row in map(desk.ledger, ["cancels"] * 2, _ids(desk, "cancels"))} == {
        "Reject",
        "Cancel and refund",
    }
    assert len(desk.panel.state.payments) == 1
    history = desk.rows("history")
    assert {row["result"] for row in history} == {say.VERDICTS["accepted"]}
    assert {row["tab"] for row in history} <= set(say.TAB.values())
    assert say.choice("Cancel and refund") in {row["to"] for row in history}
    assert {row["result"] for row in desk.rows("runs")} == {say.RESULTS["Done"]}
    if language != "en":
        said = [str(row["sync"]) for tab in ("orders", "refills", "cancels", "payments") for row in desk.rows(tab)]
        english = re.compile(r"\b(the|is|and|choose|type|was|Status|Completed|Sent|New)\b")
        assert [text for text in said if english.search(text.replace(" " + say.LABEL["status"], ""))] == []

    quiet = desk.sync()
    assert (quiet.exit_code, quiet.plan.pushes, quiet.plan.settled) == (0, (), ())


def _ids(desk: Office, tab: str) -> list[str]:
    return [id_text(row["id"]) for row in desk.rows(tab)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_doubt_is_settled_in_the_row(office: Callable[[str], Office], language: str) -> None:
    """If unsure takes the language's words, and the row says what it was told."""
    desk = office(language)
    desk.sync()
    desk.type("payments", 1, reference="P1", user="u", amount=5, details="d", send=desk.say.choice("Yes"))
    assert desk.sync("acted").exit_code == Exit.DOUBT
    say = desk.say
    (row,) = desk.rows("payments")
    assert say.kind_of(row["sync"]) is Kind.DOUBT
    assert say.choice("It went through") in row["sync"]
    desk.type("payments", 1, unsure=say.choice("It went through"))
    assert desk.sync().exit_code == 0
    assert say.kind_of(desk.rows("payments")[0]["sync"]) is Kind.SENT
    assert len(desk.panel.state.payments) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_limit_speaks_the_language(office: Callable[[str], Office], language: str) -> None:
    """What a limit holds stands in the rows and in Runs in the workbook's words."""
    desk = office(language)
    desk.sync()
    for row in range(1, 13):
        desk.type("orders", row, start_count=777)
    for row in (1, 2):
        desk.type("cancels", row, decision=desk.say.choice("Cancel and refund"))
    told = desk.sync(rules=Rules(max_refunds=1))
    say = desk.say
    assert told.exit_code == Exit.LIMIT
    same = say.LIMITS["filled_same"].format(label=say.LABEL["start_count"], value=777)
    keys = [row["id"] for row in desk.rows("orders")[:12]]
    listed = f"{keys[0]}, {keys[1]} … {keys[-1]}"
    filled = say.LIMITS["accident"].format(tab=say.TAB["orders"], first=2, last=13, count=12, ids=listed, what=same)
    refunds = say.LIMITS["max_refunds"].format(count=2, what=say.PHRASES["refunds"], most=1)
    unknown = say.LIMITS["unknown_refund"].format(count=1)
    assert [limit.text for limit in told.plan.limits] == [filled, refunds, unknown]
    codes = [approval.code for approval in told.plan.approvals]
    assert [row["code"] for row in desk.rows("approvals") if row["let_through"] is not None] == codes
    approve = say.MESSAGES["approve"].format(codes=say.also(codes), tab=say.TAB["approvals"])
    last = desk.rows("runs")[-1]
    assert (last["result"], last["message"]) == (
        say.RESULTS["Done, a limit holds rows"],
        f"{filled} {refunds} {unknown} {approve}",
    )
    own = say.changes([("start_count", "777")])
    by_limit = say.HELD_BY_LIST.format(codes=codes[0], limit=filled, tab=say.TAB["approvals"], own=own)
    held = say.sync_text(desk.rows("orders")[0]["id"], Kind.HELD, by_limit)
    assert desk.rows("orders")[0]["sync"] == held


# --- which language --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_keeps_its_language(tmp_path: Path, language: str) -> None:
    """Whatever the settings say: reading, completing and checking go by the workbook's own word."""
    path = tmp_path / "book.xlsx"
    made = templates.templates(language)
    XlsxWorkbook(path, known=made).provision(("1",))
    for other in LANGUAGES:
        book = XlsxWorkbook(path, known=templates.templates(other))
        assert not book.provision(("1",)).changed
        snapshot = XlsxWorkbook(path, known=templates.templates(other)).read()
        assert snapshot.words.language == language
        assert snapshot.meta.get(frames.LANGUAGE) == (None if language == "en" else language)
        assert snapshot.tabs["services"]["pull"].tolist() == [made.words.choice("Yes")]
    titles = openpyxl.load_workbook(path).sheetnames
    assert titles == [tab.title for tab in made.tabs]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_google_sheet_keeps_its_language(language: str) -> None:
    """The same; and where the settings agree, a read is still one call."""
    emulator = Emulator(serve=False)
    name = emulator.new_spreadsheet("Work")
    made = templates.templates(language)
    GoogleWorkbook(name, http(emulator), known=made).provision(("1",))
    for other in LANGUAGES:
        known = templates.templates(other)
        book = GoogleWorkbook(name, http(emulator), known=known)
        assert book.read().words.language == language
        assert not GoogleWorkbook(name, http(emulator), known=known).provision(("1",)).changed
        findings = GoogleWorkbook(name, http(emulator), known=known).check()
        assert [finding for finding in findings if not finding.ok] == []
    asked: list[str] = []
    book = GoogleWorkbook(name, http(emulator), known=made)
    send = book.http.request
    book.http.request = lambda method, *args, **more: asked.append(method) or send(method, *args, **more)  # type: ignore[method-assign]
    book.read()
    assert asked == ["get"]


def test_a_language_of_a_later_version_is_named(tmp_path: Path) -> None:
    """Not guessed at: headings would not be found."""
    path = tmp_path / "book.xlsx"
    XlsxWorkbook(path, known=templates.templates("es")).provision()
    book = openpyxl.load_workbook(path)
    for row in book["_ledger"].iter_rows():
        for cell in row:
            cell.value = "fr" if cell.value == "es" else cell.value
    book.save(path)
    with pytest.raises(SettingsError, match="does not speak the language 'fr'"):
        XlsxWorkbook(path).read()


def test_english_is_as_it_was(tmp_path: Path) -> None:
    """No entry in the ledger, no other word anywhere: the built-in value itself."""
    path = tmp_path / "book.xlsx"
    XlsxWorkbook(path).provision(("1",))
    snapshot = XlsxWorkbook(path).read()
    assert frames.LANGUAGE not in snapshot.meta
    assert snapshot.words is words.ENGLISH


# English Excel keeps this name for its own list of changes: it opens a file with such a tab, but nobody can give the name.
RESERVED = {"history"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_title_can_be_a_tabs_name_everywhere(language: str) -> None:
    """Excel, LibreOffice and Google take each title, and nobody's program keeps it for itself."""
    titles = [tab.title for tab in templates.templates(language).tabs]
    for title in titles:
        assert 1 <= len(title.encode("utf-16-le")) // 2 <= 31
        assert not set(title) & set("[]:*?/\\")
        assert not title.startswith("'")
        assert not title.endswith("'")
        assert title == title.strip()
        assert title.isprintable()
        assert title.casefold() not in RESERVED
    assert len({templates.fold(title) for title in titles}) == len(titles)
