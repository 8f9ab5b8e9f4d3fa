"""A plan or an outcome as text for a terminal or a log: lines with a style each, harmless whatever customers wrote."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from reconcile.core.model import APPROVALS, Verdict
from reconcile.core.words import TERMINAL
from reconcile.report import facts
from reconcile.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconcile.core.model import Doubt, Outcome, Plan, Push, Row
    from reconcile.core.why import Story

MOST_SHOWN = 50
"""So many rows of one kind a run's summary lists; `plan` and the sheet have all of them."""


class Line(NamedTuple):
    """One line and how to show it: "", "head", "good", "bad", "warn" or "dim". A terminal colours it, a file does not."""

    text: str
    style: str = ""


def plain(lines: Iterable[Line]) -> str:
    """The lines as they stand in a file."""
    return "".join(f"{item.text}\n" for item in lines)


# --- plan --------------------------------------------------------------------------------------------------------------


def plan(made: Plan, doubts: Sequence[Doubt], book: str) -> list[Line]:
    """A plan like a diff: one line per row with old → new, refunds apart with their total, answers, doubts, limits, counts."""
    out = [Line(f"Plan for {line(book)}", "head")]
    changes = [push for push in made.pushes if not push.refund]
    if changes:
        out += [Line(""), Line(f"Changes for the panel ({len(changes)})", "head"), *_pushes(changes)]
    if made.refunds:
        title = f"Refunds: {len(made.refunds)}, {facts.refund_total(made.refunds)}"
        out += [Line(""), Line(title, "head"), *_pushes(made.refunds)]
    if made.waiting:
        out += [Line(""), Line(f"Waiting, until staff can stop it no more ({len(made.waiting)})", "head")]
        out += _columns(
            [(facts.place(each.push.feed, each.push.key, each.push.row), facts.later(each)) for each in made.waiting]
        )
    if notes := facts.answers(made.notes):
        out += [Line(""), Line(f"Answers staff will read in Sync ({len(notes)})", "head")]
        rows = [(facts.place(note.tab, note.key, note.row), facts.said(note, made.words)) for note in notes]
        out += _columns(rows, "warn")
    if made.archive:
        out += [Line(""), Line(line(facts.archived(made)))]
    out += _messages(made.messages)
    out += _doubts(doubts)
    if through := facts.let_through(made):
        out += [Line(""), Line(f"Let through by a tick ({len(through)})", "head")]
        out += _columns([(approval.code, approval.limit.text) for approval in through])
    if made.stopped and made.forced:
        out += [Line(""), Line(f"Limits that --force would override ({len(made.stopped)})", "warn")]
        out += [Line(f"  {line(limit.text)}", "warn") for limit in made.stopped]
    elif made.stopped:
        out += [Line(""), Line(f"Held by a limit ({facts.held(made)}), everything else goes on", "bad")]
        out += _columns([(facts.place(push.feed, push.key, push.row), facts.told(push)) for push in made.held])
        out += [Line(f"  {line(limit.text)}", "bad") for limit in made.stopped]
        out += [Line(f"  {shut}", "bad")] if (shut := facts.shut(made)) else []
        out += [Line(f"  → {line(way)}") for way in facts.ways_through(made)]
    out += [Line(""), Line(facts.plan_counts(made, doubts) + f" · plan {made.digest}", "head")]
    return out


def _pushes(pushes: Sequence[Push]) -> list[Line]:
    return _columns([(facts.place(push.feed, push.key, push.row), facts.told(push)) for push in pushes])


def _columns(rows: Sequence[tuple[str, str]], style: str = "") -> list[Line]:
    """Place and text, the texts under each other."""
    cleaned = [(line(place), line(text)) for place, text in rows]
    width = min(40, max((len(place) for place, _ in cleaned), default=0))
    return [Line(f"  {place:<{width}}  {text}", style) for place, text in cleaned]


def _messages(messages: Sequence[str]) -> list[Line]:
    if not messages:
        return []
    return [Line(""), Line("To know", "head"), *(Line(f"  {line(text)}") for text in messages)]


def _doubts(doubts: Sequence[Doubt]) -> list[Line]:
    if not doubts:
        return []
    out = [Line(""), Line(f"In doubt, until a person says what happened ({len(doubts)})", "bad")]
    for doubt in doubts:
        out += [Line(f"  {line(doubt.text)}", "bad"), Line(f"    → {line(facts.way_out(doubt))}")]
    return out


# --- outcome -----------------------------------------------------------------------------------------------------------


def outcome(made: Outcome, book: str) -> list[Line]:
    """What one run did: received, sent, refunds, what needs a person, doubts, and how it ended."""
    style = "good" if made.exit_code == 0 else "bad"
    out = [Line(f"Run {made.run} on {line(book)}: {facts.ending(made)} ({facts.seconds(made):.1f} s)", style)]
    if made.stopped:
        out.append(Line(f"  {line(made.stopped)}", "bad"))
    out += [Line(f"  {name:<9}{text}") for name, text in _did(made)]
    out += _needed(made)
    out += _messages(made.messages)
    out += _doubts(made.doubts)
    if steps := facts.next_steps(made):
        out += [Line(""), Line("Next", "head"), *(Line(f"  → {line(step)}") for step in steps)]
    return out


def _did(made: Outcome) -> list[tuple[str, str]]:
    counts = facts.verdicts(made)
    sent = [facts.counted(counts[Verdict.ACCEPTED], "change") + " accepted"]
    sent += [
        f"{counts[verdict]} {label}"
        for verdict, label in (
            (Verdict.REFUSED, "refused"),
            (Verdict.UNKNOWN, "without a clear answer"),
            (Verdict.NOT_SENT, "not sent yet"),
        )
        if counts[verdict]
    ]
    rows = [("Received", facts.received(made)), ("Sent", ", ".join(sent) if made.results else "nothing")]
    if done := facts.refunded(made):
        pushes = [result.push for result in done]
        rows.append(("Refunds", f"{len(pushes)}, {facts.refund_total(pushes)}"))
    if through := facts.let_through(made.plan):
        codes = TERMINAL.also(approval.code for approval in through)
        rows.append(("Limits", f"{codes} let through by a tick in {made.plan.words.TAB[APPROVALS]}"))
    waiting = len(facts.answers(made.plan.notes))
    if waiting:
        rows.append(("Answers", facts.counted(waiting, "row has", "rows have") + " a message for staff in Sync"))
    rows.append(("Calls", ", ".join(f"{name} {count}" for name, count in made.calls) or "none to the panel"))
    return rows


def _needed(made: Outcome) -> list[Line]:
    found = facts.needs_person(made)
    if not found:
        return []
    out = [Line(""), Line(f"Needs a person ({len(found)})", "warn")]
    rows = [(f"{item.tab} #{item.key}" + (f" row {item.row}" if item.row else ""), item.why) for item in found]
    out += _columns(rows[:MOST_SHOWN], "warn")
    if len(rows) > MOST_SHOWN:
        out.append(Line(f"  … and {len(rows) - MOST_SHOWN} more; each row says it in Sync", "dim"))
    return out


# --- doubts alone ------------------------------------------------------------------------------------------------------


def doubts(found: Sequence[Doubt]) -> list[Line]:
    """Open doubts with their ids and the command that closes each."""
    if not found:
        return [Line("Nothing is in doubt.", "good")]
    out = [Line(f"{facts.counted(len(found), 'doubt')} open", "head")]
    for doubt in found:
        out += [Line(""), Line(f"{line(doubt.id)}  ({line(doubt.at)})", "head"), Line(f"  {line(doubt.text)}")]
        out.append(Line(f"  → {line(facts.way_out(doubt))}"))
        if facts.closed_by_staff(doubt):
            tab = TERMINAL.TAB[doubt.feed]
            out.append(Line(f"    or staff choose in {tab}, row of {line(doubt.key)}, column If unsure", "dim"))
    return out


# --- one id ------------------------------------------------------------------------------------------------------------


def stories(found: Sequence[Story], archived: Sequence[int], key: str) -> list[Line]:
    """What panel, ledger and sheet say about one id, per feed, and what the next sync does."""
    out: list[Line] = []
    for number, story in enumerate(found):
        out += [Line("")] if number else []
        out += _story(story)
    if archived:
        rows = TERMINAL.also(map(str, archived))
        out.append(Line(f"{line(key)} stands in Archive, row {rows}: closed, and moved out of its tab.", "dim"))
    return out


def _story(story: Story) -> list[Line]:
    where = (
        f"row {TERMINAL.also(map(str, story.rows))} of {TERMINAL.TAB[story.feed]}"
        if story.rows
        else "no row in the sheet"
    )
    one = TERMINAL.ONE[story.feed]
    out = [Line(f"{one[:1].upper()}{one[1:]} {line(story.key)}: {where}", "head")]
    facts_ = " · ".join(f"{TERMINAL.LABEL[name]} {line(value, 60)}" for name, value in story.facts)
    out += [Line(f"  {facts_}", "dim")] if facts_ else []
    times = [
        f"{label} {line(value)}" for label, value in (("received", story.received), ("closed", story.closed)) if value
    ]
    out += [Line(f"  {', '.join(times)}", "dim")] if times else []
    out += _compared(story)
    for name, value, reason in story.refused:
        out.append(Line(f"  The panel refused {TERMINAL.LABEL[name]} {line(value)}: {line(reason)}", "warn"))
    out += [Line(f"  {line(story.sending)}", "bad")] if story.sending else []
    out += [Line(f"  Sync shows: {line(story.sync)}")] if story.sync else []
    out.append(Line("  Next sync:", "head"))
    out += [Line(f"    sends {line(facts.phrase(push))}{_refund(push)}") for push in story.pushes]
    out += [Line(f"    answers {line(facts.said(note, story.words))}", "warn") for note in story.answers]
    out += [Line(f"    {line(reason)}") for reason in story.reasons]
    if story.history:
        out.append(Line("  History:", "head"))
        out += [Line(f"    {_told(row)}", "dim") for row in story.history]
    return out


def _refund(push: Push) -> str:
    return f" · refund {facts.amount(push)}" if push.refund else ""


def _compared(story: Story) -> list[Line]:
    if not story.cells:
        return []
    panel = [line(cell.panel or facts.BLANK, 40) for cell in story.cells]
    width = max(len("panel has"), *(len(text) for text in panel))
    out = [Line(f"  {'':<12}  {'panel has':<{width}}  sheet shows", "dim")]
    for cell, has in zip(story.cells, panel, strict=True):
        differs = "" if cell.agrees else "warn"
        shown = line(cell.sheet or facts.BLANK, 40)
        out.append(Line(f"  {TERMINAL.LABEL[cell.field]:<12}  {has:<{width}}  {shown}", differs))
    return out


def history(found: Sequence[Row], key: str) -> list[Line]:
    """The History lines of one id."""
    if not found:
        return [Line(f"History has no line for {line(key)}.")]
    return [Line(f"{line(row.get('tab') or '')} #{line(key)}  {_told(row)}") for row in found]


def _told(row: Row) -> str:
    when = row.get("when")
    shown = when.strftime("%Y-%m-%d %H:%M:%S") if isinstance(when, datetime) else str(when or "")
    change = " ".join(
        str(part) for part in (row.get("field"), row.get("from") or facts.BLANK, "→", row.get("to")) if part
    )
    return line(f"{shown}  {change}  {row.get('result') or ''}  ({row.get('run') or ''})")
