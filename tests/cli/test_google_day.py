"""A small day of the real command between a Google Sheet and the three kinds of panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile.panel import client
from reconcile.panel.likes import LikeLaravel, LikePhp
from reconcile.panel.practice import PracticePanel
from reconcile.panel.retry import Policy
from tests.cli.conftest import KEY
from tests.cli.google_sheet import Sheet, set_up
from tests.cli.test_panels import to_know

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Terminal

KINDS = {"reference": PracticePanel, "laravel": LikeLaravel, "php": LikePhp}
MUST_NOT = ("handed this order out again", "did not say whether", "Not sure", "Sent in 3 runs")
"""What would be false on every one of these panels on that day."""


@pytest.fixture
def panel(request: pytest.FixtureRequest) -> PracticePanel:
    """Twelve pending orders of service 1."""
    made = KINDS[request.param](2, 7)
    made.key, made.closes = KEY, True
    made.state.orders.clear()
    for number in range(12):
        made.add_order(str(5001 + number), link=f"https://x.com/{number}", charge="0.10", user_id="7", quantity="100")
    return made


@pytest.fixture
def sheet(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sheet]:
    """A sheet that was set up; retries come at once, and a day of twelve orders meets no limit."""
    monkeypatch.setattr(client, "Policy", lambda: Policy(first=0.0))
    monkeypatch.setenv("RECONCILE_MAX_CLOSED_SHARE", "100")
    with set_up(terminal, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("panel", sorted(KINDS), indirect=True)
def test_a_small_day(terminal: Terminal, sheet: Sheet) -> None:
    """Begun, delivered, partly delivered, canceled, paid, written to: the panel is where staff wanted it, each row answered once."""
    state, php = terminal.panel.state, isinstance(terminal.panel, LikePhp)

    def sync() -> None:
        since = len(sheet.emulator.calls)
        ended = terminal.type("sync")
        assert ended.code == 0, ended.out
        assert len(to_know(ended.out)) <= 5, ended.out
        said = [str(row["Sync"]) for row in sheet.rows("orders")]
        assert [text for text in said if any(words in text for words in MUST_NOT)] == []
        assert sheet.emulator.counts(since=since)["reads"] == 1, "a run reads the sheet once"

    def texts(tab: str = "orders", own: str = "ID") -> dict[str, str]:
        return {str(row[own]): str(row["Sync"]) for row in sheet.rows(tab)}

    sync()
    keys = [str(5001 + number) for number in range(12)]
    assert [str(row["ID"]) for row in sheet.rows("orders")] == keys
    for number, key in enumerate(keys[:8]):
        sheet.edit("orders", key, status="In progress", start_count=1000 + number * number * 37)
    sheet.edit("orders", keys[8], status="Compelted")
    sheet.edit("orders", keys[9], status="Canceled")
    sync()
    assert "did you mean Completed?" in texts()[keys[8]]
    state.orders[keys[5]].status = "Canceled"  # by the panel itself
    for key in keys[:5]:
        sheet.edit("orders", key, status="Completed")
    sheet.edit("orders", keys[5], remains=40)
    sheet.edit("orders", keys[6], status="Partial", remains=33)
    sheet.edit("orders", keys[8], status="In progress")
    sheet.edit("payments", "P-1", user="7", amount=5, details="d", send="Yes")
    sheet.edit("tickets", "T-1", user="7", subject="s", message="m", send="Yes")
    sync()
    assert "choose Closed at the panel" in texts()[keys[5]]
    assert ("Refused." in texts("tickets", "Reference")["T-1"]) is php
    sheet.edit("orders", keys[5], status="Closed at the panel")
    for key in (keys[7], keys[8], *keys[10:]):
        sheet.edit("orders", key, status="Completed")
    sync()
    wanted = dict.fromkeys(keys, "Completed")
    wanted |= {keys[5]: "Canceled", keys[6]: "Partial", keys[9]: "Canceled"}
    assert {key: order.status for key, order in state.orders.items()} == wanted
    assert [len(order.refunds) for order in state.orders.values() if order.refunds] == [1, 1]
    assert state.orders[keys[6]].remains == "33"
    assert [state.orders[key].start_count for key in keys[:8]] == [str(1000 + n * n * 37) for n in range(8)]
    assert (len(state.payments), len(state.tickets)) == (1, 0 if php else 1)
    assert [key for key, text in texts().items() if "Refused." in text or "Please check." in text] == []
    assert "To know" not in terminal.type("sync").out
