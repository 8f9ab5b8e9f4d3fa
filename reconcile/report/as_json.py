"""A plan or an outcome as JSON for scripts. The keys are a contract: they are added to, never renamed.

Ids, amounts and counts the panel compares as text are text; times are ISO 8601 in UTC; a blank is null.

plan      {"book", "digest", "changes": [push], "refunds": [push], "refund_total", "answers": [note], "doubts": [doubt],
           "limits": [limit], "held": [push], "waiting": [push + {"until"}],
           "messages": [text], "archive": [id of an order that moves to Archive], "forced",
           "counts": {"changes", "refunds", "answers", "doubts", "limits", "held": rows, "waiting", "archive"}}
outcome   {"book", "run", "started", "finished", "exit_code", "result", "stopped", "received": {feed: count},
           "results": [push + {"verdict", "reason"}], "needs_person", "plan", "doubts", "messages", "calls": {action: count},
           "states": {feed: {word of State: rows}}, "missing": {feed: [id of an open row that the sheet does not have]}}
push      {"feed", "id", "row", "action", "target", "changes": [{"field", "from", "to"}], "refund", "amount", "again"}
note      {"feed", "id", "row", "kind", "text"}
limit     {"name", "text", "code", "listed", "ticked", "waits", "rows": how many it is about, "shuts": feed}; code: its list in Approvals
doubt     {"id", "kind", "feed", "text", "at", "run", "service", "key", "bound", "resolve"}
story     {"feed", "id", "rows", "state", "facts": {name: text}, "cells": [{"field", "panel", "sheet"}], "refused": [{"field",
           "value", "reason"}], "sending", "received", "closed", "sync", "next": [push], "answers": [note], "reasons": [text],
           "history": [line]}
line      {"when", "tab", "id", "field", "from", "to", "result", "run"}
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconcile.report import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconcile.core.model import Doubt, Limit, Note, Outcome, Plan, Push, Row
    from reconcile.core.why import Story
    from reconcile.core.words import Words

Json = dict[str, Any]


def plan(made: Plan, doubts: Sequence[Doubt], book: str) -> Json:
    """A plan, and every doubt on record with it."""
    answers = facts.answers(made.notes)
    changes = [item for item in made.pushes if not item.refund]
    return {
        "book": book,
        "digest": made.digest,
        "changes": [push(item) for item in changes],
        "refunds": [push(item) for item in made.refunds],
        "refund_total": f"{made.refund_total:f}",
        "answers": [note(item, made.words) for item in answers],
        "doubts": [doubt(item) for item in doubts],
        "limits": [limit(item, made) for item in made.limits],
        "held": [push(item) for item in made.held],
        "waiting": [{**push(item.push), "until": item.until.astimezone(UTC).isoformat()} for item in made.waiting],
        "messages": list(made.messages),
        "archive": list(made.archive),
        "forced": made.forced,
        "counts": {
            "changes": len(changes),
            "refunds": len(made.refunds),
            "answers": len(answers),
            "doubts": len(doubts),
            "limits": len(made.limits),
            "held": made.rows_held,
            "waiting": len(made.waiting),
            "archive": len(made.archive),
        },
    }


def outcome(made: Outcome, book: str) -> Json:
    """One run."""
    return {
        "book": book,
        "run": made.run,
        "started": made.started.isoformat(timespec="seconds"),
        "finished": made.finished.isoformat(timespec="seconds"),
        "exit_code": made.exit_code,
        "result": facts.ending(made),
        "stopped": made.stopped,
        "received": dict(made.landed),
        "results": [
            {**push(result.push), "verdict": result.verdict.value, "reason": result.reason} for result in made.results
        ],
        "needs_person": made.needs_person,
        "plan": plan(made.plan, made.doubts, book),
        "doubts": [doubt(item) for item in made.doubts],
        "messages": list(made.messages),
        "calls": dict(made.calls),
        "states": {feed: dict(counts) for feed, counts in made.states.items()},
        "missing": {feed: list(keys) for feed, keys in made.missing.items() if keys},
    }


def push(item: Push) -> Json:
    """One push."""
    return {
        "feed": item.feed.value,
        "id": item.key,
        "row": item.row or None,
        "action": item.action.value,
        "target": item.target,
        "changes": [{"field": change.field, "from": change.old or None, "to": change.new} for change in item.changes],
        "refund": item.refund,
        "amount": None if item.amount is None else f"{item.amount:f}",
        "again": item.again,
    }


def limit(item: Limit, made: Plan) -> Json:
    """One limit the plan exceeds, and the list of it that staff may tick."""
    asked = next((approval for approval in made.approvals if approval.limit == item), None)
    return {
        "name": item.name,
        "text": item.text,
        "code": asked.code if asked else None,
        "listed": bool(asked and asked.listed),
        "ticked": bool(asked and asked.ticked),
        "waits": asked.waits or None if asked else None,
        "rows": len(item.rows),
        "shuts": None if item.shuts is None else item.shuts.value,
    }


def note(item: Note, words: Words) -> Json:
    """One row's answer, as its Sync cell shows it."""
    return {
        "feed": item.tab,
        "id": item.key,
        "row": item.row or None,
        "kind": item.kind.value,
        "text": facts.said(item, words),
    }


def doubt(item: Doubt) -> Json:
    """One doubt, with the command that closes it."""
    return {
        "id": item.id,
        "kind": item.kind,
        "feed": item.feed.value,
        "text": item.text,
        "at": item.at,
        "run": item.run,
        "service": item.service,
        "key": item.key,
        "bound": item.bound,
        "resolve": facts.way_out(item),
    }


def story(item: Story) -> Json:
    """Everything about one id in one feed."""
    return {
        "feed": item.feed.value,
        "id": item.key,
        "rows": list(item.rows),
        "state": item.state or None,
        "facts": dict(item.facts),
        "cells": [
            {"field": cell.field, "panel": cell.panel or None, "sheet": cell.sheet or None} for cell in item.cells
        ],
        "refused": [{"field": name, "value": value, "reason": reason} for name, value, reason in item.refused],
        "sending": item.sending or None,
        "received": item.received or None,
        "closed": item.closed or None,
        "sync": item.sync or None,
        "next": [push(one) for one in item.pushes],
        "answers": [note(one, item.words) for one in item.answers],
        "reasons": list(item.reasons),
        "history": [history(row) for row in item.history],
    }


def history(row: Row) -> Json:
    """One line of History."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
