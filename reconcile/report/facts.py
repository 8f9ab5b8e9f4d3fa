"""What every report says alike: a change as a phrase, a push as a sentence, results counted, doubts with their way out.

From plan and outcome objects only; the same facts become text, Markdown and JSON.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from reconcile.core.model import APPROVALS, Action, Feed, Kind, Verdict
from reconcile.core.words import TERMINAL, prefix
from reconcile.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconcile.core.model import Approval, Change, Doubt, Note, Outcome, Plan, Push, Result, Waiting
    from reconcile.core.words import Words

ANSWERS: Final = (Kind.PROBLEM, Kind.HELD, Kind.REFUSED, Kind.WAITING)
"""Answers staff are to do something about; doubts have their own place."""

NEEDS_PERSON: Final = (Kind.PROBLEM, Kind.HELD, Kind.REFUSED, Kind.DOUBT)

BLANK: Final = "–"

MOST_IDS: Final = 10
"""So many ids stand in one line; JSON has all of them."""


@dataclass(frozen=True)
class Line:
    """One row that needs a person: where it is and why. `row` is 0 where the row's number is not known."""

    tab: str
    key: str
    row: int
    why: str


def place(feed: str, key: str, row: int) -> str:
    """`Orders #15 row 7`."""
    return f"{TERMINAL.TAB[feed]} #{key}" + (f" row {row}" if row else "")


def change(item: Change) -> str:
    """`Start count – → 120`."""
    return f"{TERMINAL.LABEL[item.field]} {item.old or BLANK} → {item.new or BLANK}"


def phrase(push: Push) -> str:
    """What a push tells the panel, in words; a payment and a ticket by what they are."""
    params = dict(push.params)
    if push.action is Action.ADD_PAYMENT:
        return f"Payment of {params['amount']} to {params['user']} ({params['details']})"
    if push.action is Action.ADD_TICKET:
        return f"Ticket to {params['user']}: {params['subject']}"
    told = " · ".join(change(item) for item in push.changes)
    if push.feed is Feed.CANCELS and push.order_id:
        told += f" (order {push.order_id})"
    return told + (", sent again as decided" if push.again else "")


def amount(push: Push) -> str:
    """A refund's amount, or that it is not known (the order came without a charge or quantity)."""
    return "amount not known" if push.amount is None else f"{push.amount:f}"


def told(push: Push) -> str:
    """`phrase`, and what a refund is worth."""
    return phrase(push) + (f" · refund {amount(push)}" if push.refund else "")


def later(item: Waiting) -> str:
    """`told`, and after which time it goes out."""
    return f"{told(item.push)} · after {item.until:%Y-%m-%d %H:%M}"


def refund_total(pushes: Iterable[Push]) -> str:
    """`together 1.20`, saying when some amounts are not known."""
    known = [push.amount for push in pushes]
    total = sum((value for value in known if value is not None), Decimal(0))
    blank = known.count(None)
    return f"together {total:f}" + (f" and {blank} of unknown amount" if blank else "")


def answers(notes: Iterable[Note]) -> list[Note]:
    """The notes that ask staff for something, in the plan's order."""
    return [note for note in notes if note.kind in ANSWERS]


def said(note: Note, words: Words) -> str:
    """A note as its Sync cell shows it, in the sheet's words, without the key in front."""
    return words.sync_text(note.key, note.kind, note.text).removeprefix(prefix(note.key))


def way_out(doubt: Doubt) -> str:
    """The command that closes a doubt."""
    start = f"reconcile resolve {doubt.id}"
    if doubt.kind == "send":
        return f"{start} --went-through  (or --send-again)"
    if doubt.kind == "claim" and doubt.feed is Feed.REFILLS:
        return f"{start} --refills ID,ID  (or --nothing)"
    if doubt.kind == "broken" or doubt.feed is not Feed.ORDERS:
        return f"{start} --nothing  (after looking at the panel)"
    return f"{start} --orders ID,ID  (or --csv FILE, or --nothing)"


def closed_by_staff(doubt: Doubt) -> bool:
    """Whether the row's own If unsure cell settles it too."""
    return doubt.kind == "send"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 refund`, `3 refunds`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def plan_counts(plan: Plan, doubts: Sequence[Doubt]) -> str:
    """One line: how many changes, refunds, answers, doubts, limits."""
    refunds = plan.refunds
    parts = [counted(len(plan.pushes) - len(refunds), "change")]
    parts.append(counted(len(refunds), "refund") + (f" ({refund_total(refunds)})" if refunds else ""))
    parts.append(counted(len(answers(plan.notes)), "answer for staff", "answers for staff"))
    parts.append(f"{len(doubts)} in doubt")
    if plan.waiting:
        parts.append(f"{len(plan.waiting)} waiting")
    if plan.stopped:
        limits = counted(len(plan.stopped), "limit")
        parts.append(f"{limits} overridden by --force" if plan.forced else f"{held(plan)} held by {limits}")
    if through := let_through(plan):
        parts.append(f"{counted(len(through), 'limit')} let through in {plan.words.TAB[APPROVALS]}")
    return " · ".join(parts)


def archived(plan: Plan) -> str:
    """`12 closed orders would move to Archive: #15 #16 …`, with the first MOST_IDS ids."""
    shown = " ".join(f"#{key}" for key in plan.archive[:MOST_IDS])
    count = counted(len(plan.archive), "closed order")
    return f"{count} would move to {plan.words.TAB['archive']}: {shown}" + (
        " …" if len(plan.archive) > MOST_IDS else ""
    )


def held(plan: Plan) -> str:
    """`3 rows`: how many of them limits hold."""
    return counted(plan.rows_held, "row")


def shut(plan: Plan) -> str:
    """Which tabs send nothing and receive nothing, as a sentence; "" for none."""
    tabs = [TERMINAL.TAB[feed] for feed in Feed if feed in plan.shut]
    return (
        f"Until it is put right, nothing is sent from {TERMINAL.also(tabs)} and nothing received for it."
        if tabs
        else ""
    )


def let_through(plan: Plan) -> tuple[Approval, ...]:
    """What staff ticked: limits that this plan exceeds and that hold nothing any more; not those whose money still waits."""
    return tuple(approval for approval in plan.approvals if approval.ticked and not approval.waits)


def ways_through(plan: Plan) -> list[str]:
    """What to do about the rows that limits hold, one sentence per way."""
    listed = [approval.code for approval in plan.approvals if approval.listed and not approval.ticked]
    fresh = any(not approval.listed for approval in plan.approvals)
    tab = plan.words.TAB[APPROVALS]
    ways = []
    if listed:
        ways.append(f"If this is what staff want, they tick {TERMINAL.also(listed)} in the tab {tab}")
    if fresh:
        ways.append(f"The next sync lists {'the rest' if listed else 'it'} in the tab {tab}, to be ticked there")
    return [
        *ways,
        f"{'Or, to override every limit once' if ways else 'If this is what staff want'}: reconcile sync --force",
    ]


def verdicts(outcome: Outcome) -> Counter[Verdict]:
    """How many results of each verdict."""
    return Counter(result.verdict for result in outcome.results)


def refunded(outcome: Outcome) -> tuple[Result, ...]:
    """The refunds the panel accepted."""
    return tuple(result for result in outcome.results if result.push.refund and result.verdict is Verdict.ACCEPTED)


def received(outcome: Outcome) -> str:
    """`250 orders, 12 refills and 4 cancel requests`, or `nothing new`."""
    landed = dict(outcome.landed)
    parts = [counted(landed[feed], TERMINAL.ONE[feed]) for feed in Feed if landed.get(feed)]
    return TERMINAL.also(parts) if parts else "nothing new"


def needs_person(outcome: Outcome) -> list[Line]:
    """Every row that needs a person, with the reason: answered rows, and what the panel refused. A long list is one line."""
    lines, gathered = _lists_held(outcome.plan)
    lines += [
        Line(TERMINAL.TAB[note.tab], note.key, note.row, said(note, outcome.plan.words))
        for note in outcome.plan.notes
        if note.kind in (Kind.PROBLEM, Kind.HELD) and note not in gathered
    ]
    for result in outcome.results:
        if result.verdict is Verdict.REFUSED:
            push = result.push
            reason = result.reason.strip() or "it gave no reason."
            lines.append(
                Line(TERMINAL.TAB[push.feed], push.key, push.row, f"The panel refused {phrase(push)}: {reason}")
            )
    return lines


def _lists_held(plan: Plan) -> tuple[list[Line], set[Note]]:
    """One line for each list of more than FEW rows that a limit holds, and the notes of these rows: all say the same."""
    lines, gathered = [], set()
    for approval in () if plan.forced else plan.approvals:
        rows = set(approval.limit.rows)
        mine = [
            note
            for note in plan.notes
            if note.kind is Kind.HELD and (note.tab, note.key) in rows and approval.code in note.text
        ]
        if approval.ticked or len(mine) <= FEW:
            continue
        gathered.update(mine)
        text = f"held by list {approval.code} in {TERMINAL.TAB[APPROVALS]}: {approval.limit.text}"
        lines.append(Line(TERMINAL.TAB[mine[0].tab], f"{mine[0].key} and {len(mine) - 1:,} more", 0, text))
    return lines, gathered


FEW: Final = 3
"""So many rows of one list are named one by one."""


ENDINGS: Final = {
    0: "done",
    3: "a limit holds {held}, the rest is done",
    4: "another run took over",
    5: "ended early, try later",
    6: "access refused",
    7: "done, but something is in doubt and needs a person",
    8: "the sheet or the journal is damaged",
    130: "stopped by a signal; the next run goes on from here",
    143: "stopped by a signal; the next run goes on from here",
}
"""Exit code → how a run ended, in TERMINAL."""


def ending(outcome: Outcome) -> str:
    """How the run ended, in TERMINAL."""
    return ENDINGS.get(outcome.exit_code, "failed").format(held=held(outcome.plan))


def seconds(outcome: Outcome) -> float:
    """How long the run took."""
    return (outcome.finished - outcome.started).total_seconds()


def next_steps(outcome: Outcome) -> list[str]:
    """What a person does next about how a run ended; none where nothing is left to do, or each doubt says it itself."""
    if outcome.next_step and outcome.exit_code == Exit.DAMAGED:
        return [outcome.next_step]
    if outcome.exit_code in STEPS:
        return [STEPS[outcome.exit_code]]
    return ways_through(outcome.plan) if outcome.plan.holding else []


STEPS: Final = {
    5: "Nothing is lost: run it again when the panel and the workbook can be reached; `reconcile doctor` tells what is wrong.",
    6: "Correct the key or the sharing; `reconcile doctor` tells which. Until then every run ends like this.",
    8: "Run `reconcile doctor`; it names what is damaged. Until it is mended every run ends like this.",
}
"""Exit code → what comes next. What is wrong for good is not to be tried later."""


def in_short(outcome: Outcome) -> str:
    """A run on one line: `received 3 orders · 2 changes accepted · 1 refused · 4 for a person · done (0.9 s)`, without zeros."""
    counts = verdicts(outcome)
    parts = [f"received {received(outcome)}"] if outcome.landed else []
    parts += [counted(counts[Verdict.ACCEPTED], "change") + " accepted"] if counts[Verdict.ACCEPTED] else []
    labels = (
        (Verdict.REFUSED, "refused"),
        (Verdict.UNKNOWN, "without a clear answer"),
        (Verdict.NOT_SENT, "not sent yet"),
    )
    parts += [f"{counts[verdict]} {label}" for verdict, label in labels if counts[verdict]]
    parts += [f"{outcome.needs_person} for a person"] if outcome.needs_person else []
    return " · ".join([*parts, f"{ending(outcome)} ({seconds(outcome):.1f} s)"])
