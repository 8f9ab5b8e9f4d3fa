"""`look`: the panel beside the sheet, with nothing received or changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconcile.panel.practice_v2 import LikeV2
from tests.cli.conftest import KEY

if TYPE_CHECKING:
    from reconcile.panel.practice import PracticePanel
    from tests.cli.conftest import Terminal


@pytest.fixture
def panel() -> PracticePanel:
    """Two orders of service 1 at a panel of the next generation."""
    return LikeV2(2, 7, KEY, refills=0, cancels=0)


@pytest.fixture(autouse=True)
def _api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILE_PANEL_API", "v2")


def test_what_differs_is_seen_without_being_handed_out(terminal: Terminal) -> None:
    """A link that was changed and an order that was closed elsewhere stand beside what the sheet shows."""
    assert terminal.type("init").code == 0
    assert terminal.type("sync").code == 0
    assert "The panel has what the sheet shows (2 open orders were looked at)." in terminal.type("look").out
    orders = terminal.panel.state.orders
    orders["15"].link, orders["16"].status = "https://www.tiktok.com/@other", "Canceled"
    before = repr(terminal.panel.state)
    told = terminal.type("look").out
    assert "https://www.tiktok.com/@other" in told
    assert "2 of 2 open orders differ." in told
    shown = json.loads(terminal.type("look", "#16", "--json").out)
    (one,) = shown["orders"]
    assert {field["field"] for field in one["fields"] if field["differs"]} == {"status"}
    assert one["at_panel"] is True
    assert repr(terminal.panel.state) == before


def test_an_id_the_panel_does_not_show(terminal: Terminal) -> None:
    """It is said, and is no failure."""
    assert terminal.type("init").code == 0
    ended = terminal.type("look", "999")
    assert (ended.code, ended.out) == (0, "Order 999: the panel does not show it.\n")


def test_a_panel_without_a_look(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference has no call for it: what to set is said."""
    monkeypatch.setenv("RECONCILE_PANEL_API", "v1")
    ended = terminal.type("look", "15")
    assert ended.code == 2
    assert "RECONCILE_PANEL_LOOK=yes" in ended.err
