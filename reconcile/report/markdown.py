"""A run as a Markdown summary, for the page a scheduled Action shows: what changed, what needs a person, what is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconcile.core.model import Verdict
from reconcile.report import facts
from reconcile.report.clean import line, markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconcile.core.model import Doubt, Limit, Outcome, Push

MOST_ROWS = 200
"""Rows per table: a summary may have 1 MB, and nobody reads more."""

LONGEST = 200


def outcome(made: Outcome, book: str) -> str:
    """The summary of one run. Whole and harmless: customer text cannot become a link, a mention, HTML or a table border."""
    sign = "✅" if made.exit_code == 0 else "⚠️" if made.exit_code in (3, 4, 5, 7) else "❌"
    out = [f"## {sign} {markdown(book)}: {facts.ending(made)}", ""]
    if made.stopped:
        out += [f"**{markdown(made.stopped)}**", ""]
    counts = facts.verdicts(made)
    done = [result.push for result in facts.refunded(made)]
    out += [
        "| | |",
        "|---|---|",
        f"| Received | {facts.received(made)} |",
        f"| Accepted by the panel | {counts[Verdict.ACCEPTED]} |",
        f"| Refused | {counts[Verdict.REFUSED]} |",
        f"| Without a clear answer, or not sent yet | {counts[Verdict.UNKNOWN] + counts[Verdict.NOT_SENT]} |",
        f"| Refunds | {len(done)}{', ' + facts.refund_total(done) if done else ''} |",
        f"| Needs a person | {made.needs_person} |",
        "",
    ]
    out += _doubts(made.doubts)
    out += _needed(made)
    out += _limits(made)
    out += _changes(made)
    if made.messages:
        out += ["### To know", "", *(f"- {markdown(text, 500)}" for text in made.messages), ""]
    out.append(f"<sub>Run {markdown(made.run)}, {facts.seconds(made):.1f} s, plan {made.plan.digest}</sub>")
    return "\n".join(out) + "\n"


def _doubts(doubts: Sequence[Doubt]) -> list[str]:
    if not doubts:
        return []
    out = ["### In doubt", "", "| What | Close it with |", "|---|---|"]
    out += [f"| {markdown(doubt.text)} | {_code(facts.way_out(doubt))} |" for doubt in doubts[:MOST_ROWS]]
    return [*out, *_more(len(doubts)), ""]


def _needed(made: Outcome) -> list[str]:
    found = facts.needs_person(made)
    if not found:
        return []
    out = ["### Needs a person", "", "| Tab | ID | Row | Why |", "|---|---|---|---|"]
    out += [
        f"| {item.tab} | {markdown(item.key, 60)} | {item.row or ''} | {markdown(item.why, LONGEST)} |"
        for item in found[:MOST_ROWS]
    ]
    return [*out, *_more(len(found)), ""]


def _limits(made: Outcome) -> list[str]:
    out: list[str] = []
    if through := facts.let_through(made.plan):
        rows = (f"- {approval.code}: {markdown(approval.limit.text)}" for approval in through)
        out += ["### Let through by a tick", "", *rows, ""]
    if not made.plan.stopped:
        return out
    if made.plan.forced:
        return [*out, "### Limits overridden with `--force`", "", *_texts(made.plan.stopped), ""]
    ways = [f"- {markdown(way)}" for way in facts.ways_through(made.plan)]
    return [*out, f"### Held by a limit: {facts.held(made.plan)}", "", *_texts(made.plan.stopped), "", *ways, ""]


def _texts(limits: Sequence[Limit]) -> list[str]:
    return [f"- {markdown(limit.text)}" for limit in limits]


def _changes(made: Outcome) -> list[str]:
    accepted = [result.push for result in made.results if result.verdict is Verdict.ACCEPTED]
    if not accepted:
        return []
    out = [f"<details><summary>{facts.counted(len(accepted), 'accepted change')}</summary>", ""]
    out += ["| Row | Change |", "|---|---|"]
    out += [
        f"| {markdown(facts.place(push.feed, push.key, push.row), 80)} | {_told(push)} |"
        for push in accepted[:MOST_ROWS]
    ]
    return [*out, *_more(len(accepted)), "", "</details>", ""]


def _told(push: Push) -> str:
    refund = f" (refund {facts.amount(push)})" if push.refund else ""
    return markdown(facts.phrase(push), LONGEST) + refund


def _more(count: int) -> list[str]:
    return ["", f"… and {count - MOST_ROWS} more."] if count > MOST_ROWS else []


def _code(text: str) -> str:
    """Text as code: nothing in it acts; a backtick or a bar would end it."""
    return "`" + line(text).replace("`", "'").replace("|", "¦") + "`"
