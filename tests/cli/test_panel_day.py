"""A whole working day on three kinds of panel: 150 orders, five syncs, all kinds of edits (issue: panels as they are)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from reconcile.panel import client
from reconcile.panel.likes import LikeLaravel, LikePhp
from reconcile.panel.practice import PracticePanel
from reconcile.panel.retry import Policy
from tests.cli.conftest import KEY
from tests.cli.test_panels import to_know

if TYPE_CHECKING:
    from tests.cli.conftest import Ended, Terminal

pytestmark = pytest.mark.long

KINDS = {"reference": PracticePanel, "laravel": LikeLaravel, "php": LikePhp}
MUST_NOT = ("handed this order out again", "did not say whether", "Not sure", "Sent in 3 runs")
"""What would be false on every one of these panels on that day."""


@pytest.fixture
def panel(request: pytest.FixtureRequest) -> PracticePanel:
    """150 pending orders of service 1; every panel here closes orders for good."""
    made = KINDS[request.param](2, 7)
    made.key, made.closes = KEY, True
    made.state.orders.clear()
    for number in range(150):
        made.add_order(str(5001 + number), link=f"https://x.com/{number}", charge="0.10", user_id="7", quantity="100")
    return made


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries at once, and limits that a day of 150 closed orders does not meet."""
    monkeypatch.setattr(client, "Policy", lambda: Policy(first=0.0))
    monkeypatch.setenv("RECONCILE_MAX_CLOSED_SHARE", "100")
    monkeypatch.setenv("RECONCILE_MAX_REFUNDS", "100")


def typed(terminal: Terminal, tab: str, edits: dict[str, dict[str, Any]]) -> None:
    """Types into many rows at once, saved once; a new key is put into the first free row."""
    opened = load_workbook(terminal.book)
    sheet = opened[tab]
    headers = {str(cell.value): place for place, cell in enumerate(sheet[1], 1)}
    own = headers.get("ID") or headers["Reference"]
    rows = {str(sheet.cell(row, own).value): row for row in range(2, sheet.max_row + 1) if sheet.cell(row, own).value}
    for key, cells in edits.items():
        place = rows.get(key) or max(rows.values(), default=1) + 1
        rows[key] = place
        sheet.cell(place, own, key)
        for name, value in cells.items():
            sheet.cell(place, headers[name]).value = value
    opened.save(terminal.book)


def sync_texts(terminal: Terminal, tab: str = "Orders") -> dict[str, str]:
    """What each row says."""
    return {str(row.get("ID") or row.get("Reference")): str(row["Sync"]) for row in terminal.rows(tab)}


def counts(number: int) -> int:
    """A start count that nobody fills down: no series, no repeats."""
    return 1000 + number * number * 37 % 9973


def remaining(number: int) -> int:
    """Likewise."""
    return 1 + number * number * 7 % 89


@pytest.mark.parametrize("panel", sorted(KINDS), indirect=True)
def test_a_working_day(terminal: Terminal) -> None:  # noqa: PLR0915 - a day has many hours
    """The panel ends exactly where staff wanted it, as far as it can go; what it cannot do is told once, in its row; runs say little."""
    panel, state = terminal.panel, terminal.panel.state
    php = isinstance(panel, LikePhp)
    keys = [str(5001 + number) for number in range(150)]
    runs: list[Ended] = []

    def sync() -> None:
        runs.append(terminal.type("sync"))
        assert runs[-1].code == 0, runs[-1].out
        assert len(to_know(runs[-1].out)) <= 5, runs[-1].out
        said = {key: text for key, text in sync_texts(terminal).items() if any(words in text for words in MUST_NOT)}
        assert said == {}

    terminal.type("init")
    # Morning: everything comes in, as far as a page reaches.
    sync()
    shown = [str(row["ID"]) for row in terminal.rows("Orders")]
    first = keys if len(shown) == 150 else keys[:100]
    assert shown == first
    # First round: begun with and without a status, a slip, two that cannot be delivered.
    typed(
        terminal,
        "Orders",
        {
            **{key: {"Status": "In progress", "Start count": counts(n)} for n, key in enumerate(first[:60])},
            **{key: {"Start count": counts(n)} for n, key in enumerate(first[60:70], 60)},
            **{key: {"Status": "In progress"} for key in first[70:80]},
            first[80]: {"Status": "Compelted"},
            first[81]: {"Start count": "many"},
            first[82]: {"Status": "Canceled"},
            first[83]: {"Status": "Canceled"},
        },
    )
    sync()
    texts = sync_texts(terminal)
    assert "did you mean Completed?" in texts[first[80]]
    assert texts[first[81]].startswith(f"#{first[81]} · Please check.")
    # Meanwhile the panel closes two by itself.
    state.orders[first[5]].status = "Canceled"
    state.orders[first[6]].status = "Completed"
    # Second round: delivered, partly delivered, remains told, the slips put right.
    typed(
        terminal,
        "Orders",
        {
            **{key: {"Status": "Completed"} for key in first[:40] if key not in first[5:7]},
            first[5]: {"Remains": 40},
            first[6]: {"Start count": 77},
            **{key: {"Status": "Partial", "Remains": remaining(n)} for n, key in enumerate(first[40:50])},
            **{key: {"Remains": remaining(n + 20)} for n, key in enumerate(first[50:60], 1)},
            first[60]: {"Remains": 0},
            first[80]: {"Status": "In progress"},
            first[81]: {"Start count": 12},
        },
    )
    typed(terminal, "Payments", {"P-1": {"User": "7", "Amount": 5, "Details": "d", "Send": "Yes"}})
    typed(terminal, "Tickets", {"T-1": {"User": "7", "Subject": "s", "Message": "m", "Send": "Yes"}})
    sync()
    texts = sync_texts(terminal)
    for key in first[5:7]:
        assert "Refused." in texts[key]
        assert "choose Closed at the panel" in texts[key]
    assert ("Refused." in texts[first[60]]) is php
    tickets = sync_texts(terminal, "Tickets")["T-1"]
    assert ("Refused." in tickets) is php
    # Third round: what is closed there is closed here; the rest is begun and finished.
    left = [key for key in keys if key not in first[:60] and key not in first[82:84]]
    now = {str(row["ID"]) for row in terminal.rows("Orders")}
    typed(
        terminal,
        "Orders",
        {
            **{key: {"Status": "Closed at the panel"} for key in first[5:7]},
            **{key: {"Status": "Completed", "Remains": 0} for key in first[50:60]},
            **{key: {"Status": "Completed"} for key in left if key in now},
            # a Remains that the panel refused is taken out again, beside ten that are set to what it showed
            **({first[60]: {"Status": "Completed", "Remains": None}} if php else {}),
        },
    )
    refused_before = [key for key, text in texts.items() if "Refused." in text]
    sync()
    rest = [key for key in left if key not in now]
    typed(terminal, "Orders", {key: {"Status": "Completed"} for key in rest})
    sync()
    assert [len(order.refunds) for order in state.orders.values() if order.refunds] == [1] * 12
    wanted = dict.fromkeys(keys, "Completed") | dict.fromkeys(first[40:50], "Partial")
    wanted |= {first[82]: "Canceled", first[83]: "Canceled", first[5]: "Canceled"}
    assert {key: order.status for key, order in state.orders.items()} == wanted
    assert {key: state.orders[key].start_count for key in first[:5]} == {
        key: str(counts(n)) for n, key in enumerate(first[:5])
    }
    assert [state.orders[key].start_count for key in first[60:70]] == [str(counts(n)) for n in range(60, 70)]
    assert [state.orders[key].remains for key in first[40:50]] == [str(remaining(n)) for n in range(10)]
    assert {state.orders[key].remains == "0" for key in first[50:60]} == {not php}
    assert state.orders[first[81]].start_count == "12"
    assert len(state.payments) == 1
    assert len(state.tickets) == (0 if php else 1)
    assert sorted(refused_before) == sorted([*first[5:7], *([first[60]] if php else [])])
    told = [key for key, text in sync_texts(terminal).items() if "Refused." in text or "Please check." in text]
    assert told == (first[50:60] if php else [])
    if php:
        assert sync_texts(terminal)[first[50]].startswith(f"#{first[50]} · Refused. The panel did not take Remains 0: ")
    assert "To know" not in terminal.type("sync").out
    assert [row["ID"] for row in terminal.rows("Orders")] == keys
