"""The main job, end to end, as a person would have it: a workbook of each kind, a panel behind a real socket, the real client.

What panel and workbook hold is compared with what the panel sent and staff typed, never with what the engine says of itself.
"""

from __future__ import annotations

import errno
import json
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from reconcile import boundary, cli
from reconcile.core.cells import Formula
from reconcile.core.model import Action
from reconcile.panel.practice import PracticePanel, answering, answering_for
from reconcile.workbook.templates import templates
from tests.faults.world import World, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "main-job-key-0001"


class Served(World):
    """A world whose panel is behind a socket."""

    def sync(self, **options: Any) -> Any:
        """One run over the socket that ends well; its outcome."""
        told = self.run(real=True, **options)
        assert told.outcome is not None, told.error
        return told.outcome

    def since(self, mark: int) -> Counter[str]:
        """Calls by action after the request number `mark`, the harmless proof of the key left out."""
        asked = self.panel.requests[mark:]
        return Counter(
            request.action for request in asked if request.action != Action.SET_REMAINS or request.param("id")
        )


def served(folder: Path, kind: str, panel: PracticePanel) -> Iterator[Served]:
    plain = make(folder, kind, panel)
    with panel.serving() as url:
        world = Served(plain.folder, plain.book, panel, plain.clock, url=url)
        yield world


@pytest.fixture(params=["xlsx", "google"])
def busy(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """250 pending orders in 3 services, 12 refills, 4 cancels; once beside a file, once beside a Google Sheet."""
    yield from served(tmp_path, request.param, PracticePanel(250, 7, KEY, refills=12, cancels=4))


@pytest.fixture
def busy_file(tmp_path: Path) -> Iterator[Served]:
    """The same beside a file, for what only a file has."""
    yield from served(tmp_path, "xlsx", PracticePanel(250, 7, KEY, refills=12, cancels=4))


@pytest.fixture(params=["xlsx", "google"])
def small(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """A panel with nothing on it yet; once beside a file, once beside a Google Sheet."""
    yield from served(tmp_path, request.param, PracticePanel(0, 7, KEY, refills=0, cancels=0))


@pytest.fixture
def small_file(tmp_path: Path) -> Iterator[Served]:
    """The same beside a file, for the command line."""
    yield from served(tmp_path, "xlsx", PracticePanel(0, 7, KEY, refills=0, cancels=0))


def claims(world: Served, mark: int = 0) -> Counter[str]:
    return Counter({name: count for name, count in world.since(mark).items() if name.startswith("get")})


def bytes_of(cell: Any) -> str:
    """A cell as text: what the panel sent, "" for blank."""
    return "" if cell is None else str(cell)


# --- landing ------------------------------------------------------------------------------------------------------------


def test_one_sync_lands_everything_exactly_once_and_byte_for_byte(busy: Served) -> None:
    """Every order, refill and cancel stands in the sheet once, with exactly what the panel sent, and nothing is asked twice."""
    pending = {order.id: order for order in busy.panel.state.orders.values() if order.status == "Pending"}
    assert Counter(order.service for order in pending.values()) == {"1": 120, "2": 100, "3": 30}
    outcome = busy.sync()
    assert outcome.exit_code == 0
    assert dict(outcome.landed) == {"orders": 250, "refills": 12, "cancels": 4}
    assert sorted(busy.ids("orders")) == sorted(pending)
    frame = busy.book.open(busy.clock).read().tabs["orders"]
    for key, order in pending.items():
        row = frame.loc[key]
        sent = order.shown()
        shown = {name: bytes_of(row[name]) for name in ("id", "link", "charge", "quantity", "comments")}
        shown["user_id"] = bytes_of(row["user"])
        assert {name: shown[name] for name in sent} == sent
        assert row["service"] == order.service
        assert row["status"] == "Processing"
    assert any(order.link.startswith("=") for order in pending.values())
    assert any("\r\n" in order.comments and "🔥" in order.comments for order in pending.values())
    assert {order.handed for order in pending.values()} == {1}
    # 120 and 100 need a second question, because exactly 100 came back; 30 do not
    asked = [request.param("type") for request in busy.panel.calls(Action.GET_ORDERS)]
    assert asked == ["1", "1", "2", "2", "3"]
    refills = {refill.id: refill for refill in busy.panel.state.refills.values()}
    assert sorted(busy.ids("refills")) == sorted(refills)
    shown_refills = busy.book.open(busy.clock).read().tabs["refills"]
    for key, refill in refills.items():
        row = shown_refills.loc[key]
        assert bytes_of(row["order_id"]) == refill.order_id
        assert bytes_of(row["link"]) == refill.link
        assert bytes_of(row["start_count"]) == refill.start_count
        assert bytes_of(row["quantity"]) == refill.quantity
    assert sorted(busy.ids("cancels")) == sorted(busy.panel.state.cancels)


def test_a_spreadsheet_program_sees_the_same_texts(busy_file: Served) -> None:
    """Another reader than ours finds ids and links as text, formulas nowhere, and the comments whole."""
    busy_file.sync()
    sheet = openpyxl.load_workbook(busy_file.folder / "orders.xlsx")["Orders"]
    head = [cell.value for cell in sheet[1]]
    seen = {}
    for row in sheet.iter_rows(min_row=2):
        assert all(cell.data_type != "f" for cell in row)
        cells = dict(zip(head, row, strict=True))
        seen[cells["ID"].value] = (cells["Link"].value, unescape(cells["Comments"].value or ""))
    for order in busy_file.panel.state.orders.values():
        if order.handed:
            assert seen[order.id] == (order.link, order.comments)


def test_a_second_sync_changes_nothing(busy: Served) -> None:
    """A further run asks for work, sends no update and changes no cell of any tab staff work in."""
    busy.sync()
    before = {tab: busy.book.see(tab) for tab in ("orders", "refills", "cancels", "long_texts", "services")}
    mark = len(busy.panel.requests)
    outcome = busy.sync()
    assert outcome.exit_code == 0
    assert outcome.landed == ()
    assert set(busy.since(mark)) == {"getOrders", "getRefills", "getCancel"}
    assert {tab: busy.book.see(tab) for tab in before} == before
    assert len(busy.rows("runs")) == 2


# --- sixty edits ----------------------------------------------------------------------------------------------------------

WRONG_ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"status": "Compelted"}, "did you mean Completed?"),
    ({"start_count": "1.5k"}, "Start count is “1.5k” but must be a number only. Did you mean 1500?"),
    ({"start_count": -3}, "must be 0 or more"),
    ({"start_count": True}, "Start count shows TRUE but needs a"),
    ({"start_count": "#REF!"}, "Start count shows “#REF!”. Type the value itself."),
    ({"start_count": Formula("=A1")}, "Start count holds a formula"),
    ({"start_count": datetime(2026, 3, 2)}, "shows a date or time"),  # noqa: DTZ001 - a sheet's date has no zone
    ({"start_count": "1.000"}, "type 1000 if you mean that many"),
    ({"remains": 10**9}, "but the order is only for"),
    ({"status": "Partial", "remains": 0}, "Partial needs Remains above 0"),
    ({"status": "Completed", "remains": 5}, "Choose Partial to refund the rest"),
    ({"status": "Partial"}, "for Remains"),
]


def test_sixty_mixed_edits(busy: Served) -> None:  # noqa: PLR0915 - one busy morning, told whole
    """The panel ends where staff wanted it, in as few calls as possible; each wrong row is answered; nothing goes twice."""
    panel = busy.panel
    busy.sync()
    ids = [order.id for order in panel.state.orders.values() if order.handed and int(order.quantity or 0) >= 10]
    take = iter(ids)
    back = [next(take) for _ in range(2)]
    busy.edit("orders", {key: {"status": "In progress"} for key in back})
    assert busy.sync().exit_code == 0

    typed: dict[str, dict[str, Any]] = {key: {"status": "Processing"} for key in back}
    wanted: dict[str, tuple[str, str, str, int]] = dict.fromkeys(back, ("Processing", "", "", 0))

    def edit(count: int, make_cells: Any, make_wanted: Any) -> None:
        for number in range(count):
            key = next(take)
            typed[key] = make_cells(number)
            wanted[key] = make_wanted(number)

    edit(
        9,
        lambda n: {"status": "In progress", "start_count": 1000 + 37 * n},
        lambda n: ("In progress", str(1000 + 37 * n), "", 0),
    )
    edit(6, lambda _: {"status": "completed "}, lambda _: ("Completed", "", "", 0))
    edit(4, lambda n: {"status": "Partial", "remains": n + 1}, lambda n: ("Partial", "", str(n + 1), 1))
    edit(4, lambda _: {"status": "Cancelled"}, lambda _: ("Canceled", "", "", 1))
    edit(
        6,
        lambda n: {"start_count": f" {n + 1},0{n}7 "},
        lambda n: ("Processing", f"{n + 1}0{n}7", "", 0),
    )
    edit(6, lambda n: {"remains": float(n + 2)}, lambda n: ("Processing", "", str(n + 2), 0))
    wrong_keys = [next(take) for _ in WRONG_ORDERS]
    typed |= dict(zip(wrong_keys, (cells for cells, _ in WRONG_ORDERS), strict=True))
    busy.edit("orders", typed)

    busy.edit("refills", {"1": {"status": "Completed"}, "2": {"status": "In progress"}, "3": {"status": "rejected"}})
    busy.edit("refills", {"4": {"status": "Done it"}})
    requests = {key: cancel.order_id for key, cancel in panel.state.cancels.items()}
    taken = set(typed) & set(requests.values())
    assert not taken, "the sample must not decide one order twice"
    first, second, third, fourth = sorted(requests, key=int)
    busy.edit(
        "cancels",
        {
            first: {"decision": "Cancel and refund"},
            second: {"decision": "Partial refund", "remains": 3},
            third: {"decision": "Reject"},
            fourth: {"decision": "maybe"},
        },
    )
    busy.add("payments", reference="PAY-1", user="ann", amount="12.50", details="invoice 7", send="Yes")
    busy.add("payments", reference="PAY-2", user="bob", amount="12,50", details="invoice 8", send="Yes")
    # typed into a Google Sheet, a leading = makes a formula, which is answered and never sent
    message = "=1+1\nSecond line 🔥" if busy.book.kind == "xlsx" else "1+1=2\nSecond line 🔥"
    busy.add("tickets", reference="T-1", user="ann", subject="Hello", message=message, send="Yes")
    edits = len(typed) + 4 + 4 + 2 + 1
    wrong = len(WRONG_ORDERS) + 3
    assert (edits, wrong) == (60, 15)

    mark = len(panel.requests)
    outcome = busy.sync()
    assert [limit.name for limit in outcome.plan.limits] == ["unknown_refund"]  # of an order that is not in the sheet
    assert outcome.exit_code == 3
    (code,) = (approval.code for approval in outcome.plan.approvals)
    busy.edit("approvals", {code: {"let_through": True if busy.book.kind == "google" else "Yes"}})
    assert busy.sync().exit_code == 0
    calls = busy.since(mark)
    assert {name: count for name, count in calls.items() if not name.startswith("get")} == {
        "updateOrders": 1,
        "setPartial": 4 + 1,
        "setCanceled": 4 + 1,
        "setRefillCompleted": 1,
        "setRefillInprogress": 1,
        "setRefillRejected": 1,
        "setCancelRejected": 1,
        "addPayment": 1,
        "addTicket": 1,
    }
    for key, (status, start, remains, refunds) in wanted.items():
        order = panel.state.orders[key]
        assert (order.status, order.start_count, order.remains, len(order.refunds)) == (status, start, remains, refunds)
    for key in wrong_keys:
        order = panel.state.orders[key]
        assert (order.status, order.start_count, order.remains, order.refunds) == ("Processing", "", "", [])
    assert [panel.state.refills[key].status for key in "1234"] == ["COMPLETED", "IN_PROGRESS", "REJECTED", "PENDING"]
    assert panel.state.orders[requests[first]].status == "Canceled"
    assert panel.state.orders[requests[second]].status == "Partial"
    assert panel.state.orders[requests[second]].remains == "3"
    assert [panel.state.cancels[key].status for key in (first, second, third, fourth)] == [
        *("approved", "approved"),
        *("rejected", "open"),
    ]
    assert panel.state.payments == [{"user": "ann", "amount": "12.50", "details": "invoice 7"}]
    assert panel.state.tickets == [{"user": "ann", "subject": "Hello", "message": message}]
    for key, (_, answer) in zip(wrong_keys, WRONG_ORDERS, strict=True):
        assert answer in busy.cell("orders", key, "Sync"), key
    assert "“Done it” is not a Status" in busy.cell("refills", "4", "Sync")
    assert "“maybe” is not a Decision" in busy.cell("cancels", fourth, "Sync")
    assert "type 12.50 with a point" in busy.cell("payments", "PAY-2", "Sync")

    before = {tab: busy.book.see(tab) for tab in ("orders", "refills", "cancels", "payments", "tickets")}
    mark = len(panel.requests)
    assert busy.sync().exit_code == 0
    assert set(busy.since(mark)) == {"getOrders", "getRefills", "getCancel"}
    assert {tab: busy.book.see(tab) for tab in before} == before


def test_updates_go_a_hundred_at_a_time(busy: Served) -> None:
    """250 edited orders are ⌈250/100⌉ calls."""
    busy.sync()
    counts = {key: 1717 * number * number % 7919 for number, key in enumerate(busy.ids("orders"))}
    busy.edit("orders", {key: {"start_count": count} for key, count in counts.items()})
    mark = len(busy.panel.requests)
    assert busy.sync().exit_code == 0
    assert busy.since(mark)["updateOrders"] == 3
    assert {key: busy.panel.state.orders[key].start_count for key in counts} == {
        key: str(count) for key, count in counts.items()
    }


# --- partial answers ------------------------------------------------------------------------------------------------------


def test_an_answer_for_two_of_six_settles_two_and_sends_four_again(small: Served) -> None:
    """Absent from the answer is unknown, not done: exactly those are sent again; a refused one is not until it changes."""
    for number in range(1, 8):
        small.panel.add_order(str(number), quantity="100", link=f"l{number}", charge="1")
    small.sync()
    small.edit("orders", {str(number): {"start_count": 10 * number} for number in range(1, 7)})
    small.panel.faults.append(answering_for(2))
    small.sync()
    sent = [[entry["id"] for entry in request.orders] for request in small.panel.calls(Action.UPDATE_ORDERS)]
    assert sent == [["1", "2", "3", "4", "5", "6"]]
    small.sync()
    sent = [[entry["id"] for entry in request.orders] for request in small.panel.calls(Action.UPDATE_ORDERS)]
    assert sent[1:] == [["3", "4", "5", "6"]]
    small.panel.refusals["7"] = ("bad_status", "Remains update is not allowed")
    small.type("orders", "7", start_count=70)
    small.sync()
    assert "Remains update is not allowed" in small.cell("orders", "7", "Sync")
    mark = len(small.panel.requests)
    small.sync()
    assert "updateOrders" not in small.since(mark)
    small.panel.refusals.clear()
    small.type("orders", "7", start_count=71)
    small.sync()
    assert small.panel.state.orders["7"].start_count == "71"
    assert small.cell("orders", "7", "Sync").startswith("#7 · Sent")


# --- hard answers -----------------------------------------------------------------------------------------------------------


def test_huge_comments_and_one_broken_order_sink_nothing(small: Served) -> None:
    """99 good orders land although one is broken; texts too long for a cell can be read whole in Long texts."""
    medium = "\r\n".join(f"comment {number} 🔥" for number in range(60_000 // 16))[:60_000].ljust(60_000, "x")
    large = "".join(chr(97 + number % 26) for number in range(800_000))
    orders: list[dict[str, Any]] = [
        {"id": str(number), "link": f"l{number}", "charge": "1", "user_id": "u", "quantity": "10", "comments": ""}
        for number in range(1, 100)
    ]
    orders[10]["comments"], orders[20]["comments"] = medium, large
    orders.insert(50, {"link": "no id at all", "charge": "9"})
    body = json.dumps({"status": "success", "message": "ok", "orders": orders})
    small.panel.faults.append(answering(body, action="getOrders"))
    outcome = small.sync()
    assert outcome.exit_code == 7
    assert len(small.ids("orders")) == 99
    texts = small.rows("long_texts")
    for key, text in (("11", medium), ("21", large)):
        parts = sorted((row for row in texts if row["ID"] == key), key=lambda row: row["Part"])
        assert "".join(unescape(row["Text"]) for row in parts) == text
        assert f"see Long texts, ID {key}" in small.cell("orders", key, "Comments")
    assert any("no id at all" in str(row["Text"]) for row in texts)
    assert [doubt.kind for doubt in outcome.doubts] == ["broken"]


# --- the command line, when something is wrong --------------------------------------------------------------------------------


@pytest.fixture
def desk(small_file: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A terminal beside the small world, all settings right."""
    small_file.panel.add_order("15", quantity="100", link="l", charge="1")
    monkeypatch.chdir(small_file.folder)
    for name, value in {
        "PANEL_URL": small_file.url,
        "PANEL_KEY": KEY,
        "SHEET": "orders.xlsx",
        "STATE_DIR": str(small_file.machine("a")),
        "PACE": "0",
    }.items():
        monkeypatch.setenv(f"RECONCILE_{name}", value)
    return small_file


def ends(capsys: pytest.CaptureFixture[str], code: int, *words: str) -> None:
    """One `reconcile sync` that ends with this code and one clear message."""
    assert cli.main(["sync"]) == code
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    for word in words:
        assert word in shown.err + shown.out


def nothing_claimed(world: Served) -> None:
    assert world.panel.state.orders["15"].handed == 0
    assert claims(world) == {}


def test_the_desk_itself_works(desk: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """With everything right, the command lands the order: what follows fails for the reason it names."""
    ends(capsys, 0)
    assert desk.ids("orders") == ["15"]


def test_a_wrong_key(desk: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 6, nothing claimed, and the wrong key is not shown."""
    monkeypatch.setenv("RECONCILE_PANEL_KEY", "quite-another-key-77")
    assert cli.main(["sync"]) == 6
    shown = capsys.readouterr()
    assert "quite-another-key-77" not in shown.out + shown.err
    nothing_claimed(desk)


def test_a_dead_panel(desk: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 5 when nobody listens, and no doubt is left behind."""
    monkeypatch.setenv("RECONCILE_PANEL_URL", "http://127.0.0.1:1/admin/v1")
    monkeypatch.setattr("reconcile.panel.client.Policy", _no_patience)
    ends(capsys, 5, "could not be reached")
    nothing_claimed(desk)
    monkeypatch.undo()
    assert desk.run(real=True).code == 0
    assert desk.ids("orders") == ["15"]


def _no_patience() -> Any:
    from reconcile.panel.retry import Policy  # noqa: PLC0415 - the name is replaced in the module under test

    return Policy(attempts=1)


def test_an_html_answer(desk: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 5 for a challenge page in front of the panel, before anything is claimed."""
    desk.panel.faults.append(answering("<!DOCTYPE html><title>Just a moment...</title>", 200, times=9))
    ends(capsys, 5)
    nothing_claimed(desk)


def test_a_full_disk_after_the_claim(desk: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 5; what the panel handed out is kept in the journal and stands in the sheet after the next run."""
    full = OSError(errno.ENOSPC, "No space left on device")

    def fill_up(name: str) -> None:
        if name == "file.before-temp" and desk.panel.state.orders["15"].handed:
            raise full

    boundary.set_hook(fill_up)
    ends(capsys, 5, "The disk is full")
    assert desk.ids("orders") == []
    boundary.set_hook(None)
    ends(capsys, 0)
    assert desk.ids("orders") == ["15"]
    assert desk.panel.state.orders["15"].handed == 1


def test_a_full_disk_before_anything(desk: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 5 and nothing claimed: a workbook that cannot be written to is found out first."""

    def fill_up(name: str) -> None:
        if name == "file.before-temp":
            raise OSError(errno.ENOSPC, "No space left on device")

    boundary.set_hook(fill_up)
    ends(capsys, 5, "The disk is full: orders.xlsx could not be saved")
    nothing_claimed(desk)


def test_a_workbook_open_elsewhere(desk: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 5, naming the program, before anything is claimed."""
    (desk.folder / ".~lock.orders.xlsx#").write_text(",maria,desk,02.03.2026 09:00,file:///home/maria;", "utf-8")
    ends(capsys, 5, "LibreOffice (maria)")
    nothing_claimed(desk)


def test_a_missing_header(desk: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 8, naming tab and header, before anything is claimed."""
    grid = desk.book.see("orders")
    grid[0][grid[0].index("Remains")] = "Rest"
    desk.book.show("orders", grid)
    ends(capsys, 8, "Orders", "Remains")
    nothing_claimed(desk)


def test_an_unknown_setting(desk: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, naming what was meant."""
    (desk.folder / ".env").write_text("RECONCILE_PANEL_KYE=x\n", "utf-8")
    ends(capsys, 2, "RECONCILE_PANEL_KYE", "RECONCILE_PANEL_KEY")
    nothing_claimed(desk)


def test_money_is_never_rounded(small: Served) -> None:
    """A charge with many decimals is refunded and shown with every one of them."""
    small.panel.add_order("9", quantity="3", charge="0.100000000000000000001", link="l")
    small.sync()
    small.type("orders", "9", status="Canceled")
    outcome = small.sync()
    assert outcome.plan.refund_total == Decimal("0.100000000000000000001")
    assert small.panel.state.orders["9"].refunds == ["0.100000000000000000001"]


def test_every_tab_of_the_templates_is_there(small_file: Served) -> None:
    """The workbook people open has every tab of the templates."""
    titles = openpyxl.load_workbook(small_file.folder / "orders.xlsx").sheetnames
    assert set(titles) == {tab.title for tab in templates().tabs}
