"""Capsules: the same plan again, byte for byte, and nothing in them that a customer, a person or a panel wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconcile.commands.capsules import again

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal

KEPT = Path(__file__).parent.parent / "capsules"

CANARIES = {
    "link": "https://canary-link.example/c0ffee",
    "comments": "canary-comment",
    "note": "canary-note",
    "user": "canary-user",
    "details": "canary-details",
    "subject": "canary-subject",
    "message": "canary-message",
    "typed": "canary typed where a Status belongs",
    "count": "canary 12o",
}


def worked(terminal: Terminal) -> None:
    """Every kind of row, with a canary in each place that people or customers write into."""
    for order in terminal.panel.state.orders.values():
        order.link, order.user, order.comments = CANARIES["link"], CANARIES["user"], CANARIES["comments"]
    assert terminal.type("init").code == 0
    assert terminal.type("sync").code == 0
    terminal.edit("Orders", "15", status=CANARIES["typed"], start_count=CANARIES["count"], note=CANARIES["note"])
    terminal.edit("Orders", "16", status="Partial", remains=40)
    terminal.edit("Refills", "1", status="In progress", note=CANARIES["note"])
    terminal.edit("Cancels", "241", decision="Reject")
    terminal.edit("Payments", "PAY-1", user=CANARIES["user"], amount=25.5, details=CANARIES["details"], send="Yes")
    terminal.edit(
        "Tickets", "T-1", user=CANARIES["user"], subject=CANARIES["subject"], message=CANARIES["message"], send="Yes"
    )


def test_a_capsule_makes_its_plan_again(terminal: Terminal) -> None:
    """Also the next one, whose ledger and answers hold what the first run was told."""
    worked(terminal)
    for name in ("one.json", "two.json"):
        ended = terminal.type("sync", "--capsule", name)
        assert ended.code == 0
        assert f"Wrote {name}" in ended.err
        assert terminal.type("replay", name).out == "The plan is the same, byte for byte.\n"
    plan = json.loads((terminal.folder / "one.json").read_text())["plan"]
    assert plan["counts"] | {"answers": 0} == {
        "changes": 4,
        "refunds": 1,
        "answers": 0,
        "doubts": 0,
        "limits": 0,
        "held": 0,
        "archive": 0,
        "waiting": 0,
    }


def test_nothing_that_anybody_wrote_is_in_it(terminal: Terminal) -> None:
    """No canary, no key, no address of the panel; ids stay, or nobody could find the row."""
    worked(terminal)
    terminal.panel.refusals["16"] = ("", "canary-reason of the panel")
    for name in ("one.json", "two.json"):
        terminal.type("sync", "--capsule", name)
        text = (terminal.folder / name).read_text("utf-8")
        for place, canary in CANARIES.items():
            assert canary not in text, place
        assert "canary" not in text
        assert terminal.panel.key not in text
        assert "127.0.0.1" not in text
        assert '"PAY-1"' in text


def test_a_plan_that_differs_is_shown(terminal: Terminal) -> None:
    """Exit 1, with the lines."""
    worked(terminal)
    terminal.type("sync", "--capsule", "one.json")
    file = terminal.folder / "one.json"
    file.write_text(file.read_text().replace('"max_refunds": 25', '"max_refunds": 0'))
    ended = terminal.type("replay", "one.json")
    assert ended.code == 1
    assert ended.out.startswith("The plan differs:\n--- then\n+++ now\n")
    assert json.loads(terminal.type("replay", "one.json", "--json").out)["same"] is False


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"inputs": {"form": 9}}', "no JSON"])
def test_what_is_no_capsule(terminal: Terminal, text: str) -> None:
    """Exit 2."""
    (terminal.folder / "x.json").write_text(text)
    assert terminal.type("replay", "x.json").code == 2
    assert terminal.type("replay", "y.json").code == 2
    assert terminal.type("sync", "--dry-run", "--capsule", "y.json").code == 2


@pytest.mark.parametrize("file", sorted(KEPT.glob("*.json")), ids=lambda file: file.stem)
def test_capsules_that_are_kept(file: Path) -> None:
    """A capsule in tests/capsules is a regression test: its plan stays what it was."""
    text = file.read_text("utf-8")
    assert again(text) == text
