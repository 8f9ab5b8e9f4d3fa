"""The JSON keys a script relies on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconcile.report import as_json
from tests.report.conftest import SEND_DOUBT

if TYPE_CHECKING:
    from reconcile.core.model import Outcome, Plan


def test_a_plan(plan: Plan) -> None:
    """Everything is there, and nothing but JSON's own types."""
    made = json.loads(json.dumps(as_json.plan(plan, [SEND_DOUBT], "orders.xlsx")))
    assert list(made) == [
        *("book", "digest", "changes", "refunds", "refund_total", "answers", "doubts", "limits", "held", "waiting"),
        *("messages", "archive", "forced", "counts"),
    ]
    assert made["counts"] == {
        "changes": 2,
        "refunds": 2,
        "answers": 2,
        "doubts": 1,
        "limits": 0,
        "held": 0,
        "waiting": 0,
        "archive": 12,
    }
    assert made["archive"] == [str(number) for number in range(101, 113)]
    assert made["refunds"][0]["amount"] == "1.20"
    assert made["refunds"][1]["amount"] is None
    assert made["answers"][1] == {
        "feed": "orders",
        "id": "18",
        "row": 10,
        "kind": "waiting",
        "text": "Waiting for Remains.",
    }
    assert made["doubts"][0] == {
        "id": "orders-19",
        "kind": "send",
        "feed": "orders",
        "text": "It is not known whether the refund went through for order 19.",
        "at": "",
        "run": "",
        "service": "",
        "key": "19",
        "bound": 0,
        "resolve": "reconcile resolve orders-19 --went-through  (or --send-again)",
    }


def test_an_outcome(outcome: Outcome) -> None:
    """One run, its results with verdicts."""
    made = json.loads(json.dumps(as_json.outcome(outcome, "orders.xlsx")))
    assert list(made) == [
        *(
            "book",
            "run",
            "started",
            "finished",
            "exit_code",
            "result",
            "stopped",
            "received",
            "results",
            "needs_person",
        ),
        *("plan", "doubts", "messages", "calls", "states", "missing"),
    ]
    assert made["received"] == {"orders": 250, "refills": 1}
    assert [(item["id"], item["verdict"], item["reason"]) for item in made["results"]] == [
        ("15", "accepted", ""),
        ("P-1", "refused", "the user is not known."),
        ("16", "accepted", ""),
        ("3", "unknown", ""),
    ]
