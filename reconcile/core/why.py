"""Why a row is as it is: what panel, ledger and sheet say about one id, and what the next sync does with it.

Pure: one snapshot, its ledger and its plan in, plain data out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from reconcile.core import approvals, feeds
from reconcile.core.cells import Wrong, choice, id_text, is_blank
from reconcile.core.ledger import STATE_GONE, WATCHED, Sending, received_at, refusals
from reconcile.core.model import APPROVALS, ROW, SYNC, UNSURE, Feed, Kind, YesNo
from reconcile.core.words import TERMINAL

if TYPE_CHECKING:
    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Cell, Note, Plan, Push, Row, Snapshot
    from reconcile.core.words import Words

MOST_LINES: Final = 20
"""So many of an id's latest History lines are told."""

AGREED: Final = "Nothing: the panel has what the sheet shows."
UNTOUCHED: Final = (
    "Nothing: the cells differ from what the panel has, but nobody changed them since the panel was told last. "
    "Only a change is sent."
)

FACTS: Final = ("order_id", "service", "user", "quantity", "charge", "link")


@dataclass(frozen=True)
class Watched:
    """One staff-owned cell: what the panel last accepted, and what stands in the sheet ("" where blank).

    read: what the sheet's cell means to the panel (`Completed` for `concluído`, `1200` for `1,200`); "" where blank, None where it
    cannot be read.
    """

    field: str
    panel: str
    sheet: str
    read: str | None

    @property
    def agrees(self) -> bool:
        """Whether the cell says what the panel has, however it is typed."""
        return self.panel == self.read


@dataclass(frozen=True)
class Story:
    """Everything about one id in one feed.

    rows: the row numbers it stands in. state: the ledger's (open, closed, gone), "" when nobody received it. reasons: sentences
    about what the next sync does and why. sync: what the row's Sync cell shows now. words: the sheet's, for its answers.
    """

    feed: Feed
    key: str
    rows: tuple[int, ...]
    state: str
    facts: tuple[tuple[str, str], ...]
    cells: tuple[Watched, ...]
    refused: tuple[tuple[str, str, str], ...]
    sending: str
    received: str
    closed: str
    sync: str
    pushes: tuple[Push, ...]
    answers: tuple[Note, ...]
    reasons: tuple[str, ...]
    history: tuple[Row, ...]
    words: Words


def stories(key: str, snapshot: Snapshot, ledger: Ledger, plan: Plan) -> tuple[Story, ...]:
    """One story per feed that knows `key` (in the sheet or in the ledger), then those of refills and cancels about that order."""
    found = [_story(feed, key, snapshot, ledger, plan) for feed in Feed if _known(feed, key, snapshot, ledger)]
    for feed in (Feed.REFILLS, Feed.CANCELS):
        frame = ledger.of(feed)
        about = [str(other) for other in frame.index[(frame["order_id"] == key).to_numpy(dtype=bool)]]
        found += [_story(feed, other, snapshot, ledger, plan) for other in about if other != key]
    return tuple(found)


def history(key: str, snapshot: Snapshot, most: int = 0) -> tuple[Row, ...]:
    """The History lines of an id, oldest first; the latest `most` of them when that is not 0."""
    frame = snapshot.tabs["history"]
    lines = [_line(row) for row in frame.to_dict("records") if id_text(row["id"]) == key]
    return tuple(lines[-most:] if most else lines)


def archived(key: str, snapshot: Snapshot) -> tuple[int, ...]:
    """The rows of Archive in which an id stands."""
    frame = snapshot.tabs.get("archive")
    if frame is None:
        return ()
    return tuple(int(number) for name, number in zip(frame.index, frame[ROW], strict=True) if name == key)


def _line(row: dict[object, Cell]) -> Row:
    return {str(name): value for name, value in row.items() if name != ROW}


def _known(feed: Feed, key: str, snapshot: Snapshot, ledger: Ledger) -> bool:
    return (feed.value, key) in ledger or key in snapshot.tabs[feed.value].index


def _story(feed: Feed, key: str, snapshot: Snapshot, ledger: Ledger, plan: Plan) -> Story:
    frame = snapshot.tabs[feed.value]
    here: list[Row] = [_line_with_row(row) for row in frame[frame.index == key].to_dict("records")]
    known = ledger.row(feed, key)
    shown = here[0] if here else {}
    pushes = tuple(push for push in plan.pushes if (push.feed, push.key) == (feed, key))
    held = tuple(push for push in plan.held if (push.feed, push.key) == (feed, key))
    waiting = tuple(each for each in plan.waiting if (each.push.feed, each.push.key) == (feed, key))
    answers = tuple(note for note in plan.notes if (note.tab, note.key) == (feed.value, key))
    sending = Sending.parse(known["sending"]) if known else None
    cells = tuple(_watched(feed, known, shown, plan.words))
    of_feed = [line for line in history(key, snapshot) if line.get("tab") == snapshot.words.TAB[feed]]
    return Story(
        feed=feed,
        key=key,
        rows=tuple(int(str(row[ROW])) for row in here),
        state=str(known["state"]) if known else "",
        facts=_facts(feed, known or shown),
        cells=cells,
        refused=tuple((name, value, why) for name, (value, why) in refusals((known or {}).get("refused")).items()),
        sending=_sending(sending),
        received=_moment(received_at(known) if known else None),
        closed=_moment((known or {}).get("closed")),
        sync=_text(shown.get(SYNC)),
        pushes=pushes,
        answers=answers,
        reasons=tuple(
            _reasons(feed, cells, known, here, (*pushes, *(each.push for each in waiting)), held, answers, plan)
        ),
        history=tuple(of_feed[-MOST_LINES:]),
        words=plan.words,
    )


def _line_with_row(row: dict[object, Cell]) -> Row:
    return {str(name): value for name, value in row.items()}


def _facts(feed: Feed, row: Row) -> tuple[tuple[str, str], ...]:
    names = FACTS if feed.claimed else feeds.FEEDS[feed].facts
    return tuple((name, _text(row.get(name))) for name in names if row.get(name) is not None)


def _watched(feed: Feed, known: Row | None, shown: Row, say: Words) -> list[Watched]:
    if feed.claimed:
        return [
            Watched(
                name,
                _text((known or {}).get(name)),
                _text(shown.get(name)),
                _read(feeds.read(feed, name, shown.get(name), say)),
            )
            for name in WATCHED[feed.value]
        ]
    accepted = YesNo.YES.value if (known or {}).get("status") == "sent" else ""
    read = _read(choice(shown.get("send"), YesNo, say.LABEL["send"], say))
    found = [Watched("send", accepted, _text(shown.get("send")), read)]
    if not is_blank(shown.get(UNSURE)):
        found.append(Watched(UNSURE, "", _text(shown.get(UNSURE)), None))
    return found


def _read(value: str | Wrong | None) -> str | None:
    """A read cell's value: "" for blank, None for one that cannot be used."""
    return None if isinstance(value, Wrong) else str(value or "")


def _sending(sending: Sending | None) -> str:
    if sending is None:
        return ""
    told = f"{sending.what}, {sending.at} by run {sending.run}"
    return f"In doubt: {told}" if sending.doubt else f"About to be sent, and not heard of since: {told}"


def _reasons(
    feed: Feed,
    cells: tuple[Watched, ...],
    known: Row | None,
    here: list[Row],
    pushes: tuple[Push, ...],
    held: tuple[Push, ...],
    answers: tuple[Note, ...],
    plan: Plan,
) -> list[str]:
    """What the next sync does about it, and why not more."""
    out = []
    places = {(push.feed.value, push.key) for push in held}
    if limits := [limit for limit in plan.holding if any(map(limit.holds, places))]:
        said = " ".join(limit.text for limit in limits)
        out.append(f"A limit holds this row, so nothing is sent: {said} {approvals.told(plan)}".rstrip())
    elif pushes:
        out += [
            f"{approval.limit.text} It is ticked as {approval.code} in {plan.words.TAB[APPROVALS]}, so it is sent."
            for approval in plan.approvals
            if approval.ticked and any((push.feed.value, push.key) in approval.limit.rows for push in pushes)
        ]
    if known is None and feed.claimed:
        out.append(f"No {TERMINAL.ONE[feed]} with this ID was ever received, so nothing is sent for it.")
    if known is not None and known["sending"]:
        out.append("Nothing is sent for this row until a person says whether the last send went through.")
    if not here:
        out.append("It has no row in the sheet: nothing is sent, and the row is not made again by itself.")
    elif known is not None and known["state"] == STATE_GONE:
        out.append("Its row was deleted and has come back; it is watched again.")
    elif feed is Feed.ORDERS and known is not None and known["key"] in plan.archive:
        out.append(
            f"It moves to {plan.words.TAB['archive']}: it was closed long enough ago, and nothing is left to do about it."
        )
    if not out and not pushes and not _asking(answers):
        out.append(AGREED if all(cell.agrees for cell in cells) else UNTOUCHED)
    return out


def _asking(answers: tuple[Note, ...]) -> bool:
    return any(note.kind not in (Kind.NEW, Kind.INFO, Kind.SENT) for note in answers)


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else TERMINAL.shown(value)


def _moment(value: Cell) -> str:
    """A stored time as people read it; anything else as it is."""
    text = _text(value)
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return text
