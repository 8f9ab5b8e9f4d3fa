"""Claimed rows → rows of the sheet and of the ledger. Nothing claimed is dropped: what cannot become a row is kept whole."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from reconcile.core.ledger import (
    FACTS,
    SEEN,
    STATE_ARCHIVED,
    STATE_ARCHIVED_AGAIN,
    STATE_GONE,
    STATE_OPEN,
    UNCONFIRMED,
    WATCHED,
    blank_row,
    marks,
    received,
    received_at,
    refusals,
    refusals_text,
)
from reconcile.core.model import (
    CancelTask,
    Doubt,
    Feed,
    Kind,
    Note,
    Order,
    Refill,
    RefillStatus,
    Status,
)
from reconcile.core.plan import changed_text, still_refused
from reconcile.core.rules import joined
from reconcile.core.transitions import closed_state

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Cell, Claimed, Row
    from reconcile.core.words import Words

Claim = TypeVar("Claim")

BEGINNING: Final = 2_000
"""How much of a text too long for one cell stands in its own row."""

EXACT_DIGITS: Final = 15
"""A whole number of more digits is not exact in a spreadsheet cell, so it stays text."""


_ROWLESS: Final = (STATE_GONE, STATE_ARCHIVED, STATE_ARCHIVED_AGAIN)
"""What the ledger calls an order whose row is not expected in its tab any more."""


@dataclass
class Landing:
    """What one or several claims come to in the workbook."""

    append: dict[str, list[Row]] = field(default_factory=dict)
    ledger: list[Row] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rowless: list[str] = field(default_factory=list)
    """Orders that a listing panel shows as pending, and whose row was deleted or moved to Archive."""
    closed: list[str] = field(default_factory=list)
    """Orders that a listing panel shows as pending, and that are closed here."""

    def __bool__(self) -> bool:
        return bool(self.append or self.ledger or self.notes or self.doubts)


def share(
    waiting: Sequence[tuple[Claim, Claimed]], most: int
) -> tuple[list[tuple[Claim, Claimed]], list[tuple[Claim, Claimed]]]:
    """What of `waiting` lands in one commit, and what is left: whole rows of together at most `most` characters, at least one.

    Rows of one id stay together; what could not be read lands with its claim's last rows.
    """
    now: list[tuple[Claim, Claimed]] = []
    size = 0
    for place, (claim, claimed) in enumerate(waiting):
        rows: list[Order | Refill | CancelTask] = []
        left = _by_id(claimed)
        for number, same in enumerate(left):
            size += sum(len(json.dumps(astuple(item))) for item in same)
            if size > most and (now or rows):
                first = [(claim, replace(claimed, rows=tuple(rows), broken=()))] if rows else []
                rest = tuple(item for group in left[number:] for item in group)
                return [*now, *first], [(claim, replace(claimed, rows=rest)), *waiting[place + 1 :]]
            rows += same
        now.append((claim, claimed))
    return now, []


def _by_id(claimed: Claimed) -> list[list[Order | Refill | CancelTask]]:
    groups: dict[str, list[Order | Refill | CancelTask]] = {}
    for item in claimed.rows:
        groups.setdefault(item.id, []).append(item)
    return [*groups.values()]


def land(
    claimed: Claimed,
    ledger: Ledger,
    present: Collection[str],
    *,
    run: str,
    revision: int,
    now: datetime,
    when: str,
    cell_limit: int,
    shown: pd.DataFrame | None = None,
    lists: bool = False,
    say: Words,
) -> Landing:
    """The rows to append and remember for one answer.

    lists: getOrders only shows what is pending on this panel: an order that is known has nothing new but what the panel changed in it.
    ledger: as of the last commit (rows of this run's earlier landings included). present: keys that stand in the feed's tab.
    shown: that tab as the run read it, None for one without rows.
    run: the claim's name. revision: the workbook's, that this is to be written upon.
    when: `now` as people read it. cell_limit: most UTF-16 units one cell holds; longer texts go whole to Long texts.
    """
    out = Landing()
    tab = claimed.feed.value
    here: dict[str, Order | Refill | CancelTask] = {}
    for item in claimed.rows:
        if item.id in here:
            _twice(out, item, here[item.id], say)
            continue
        here[item.id] = item
        known = ledger.row(tab, item.id)
        if known is None and claimed.feed is Feed.ORDERS:
            known = ledger.archived.row(item.id)
        if lists and known is not None and isinstance(item, Order):
            _listed(out, item, known, item.id in present, say)
            continue
        if known is not None and known["decision"] is not None and known["received"]:
            continue  # a cancel request that was answered comes for ever on some panels; its row may be gone by now
        if known is None or (item.id not in present and (known["state"] in _ROWLESS or not known["received"])):
            _new_row(
                out, claimed.feed, item, known, mark=(run, revision), now=now, when=when, cell_limit=cell_limit, say=say
            )
        elif claimed.feed is Feed.ORDERS and isinstance(item, Order):
            _again(out, item, known, _row_shown(shown, item.id), mark=(run, revision), when=when, say=say)
        elif claimed.feed is Feed.REFILLS and known["state"] != STATE_OPEN:
            out.messages.append(
                say.MESSAGES["refill_again"].format(key=item.id, status=say.choice(str(known["status"])))
            )
        elif claimed.feed is Feed.REFILLS and known["status"] != RefillStatus.PENDING:
            # the panel set it back to Pending, so what staff chose is an edit again
            again = received(received_at(known), run, revision, known)
            out.ledger.append({**known, "status": RefillStatus.PENDING.value, "status_seen": None, "received": again})
    for number, broken in enumerate(claimed.broken, 1):
        name = f"unreadable {run} {claimed.service or claimed.feed.value} {number}"
        out.append.setdefault("long_texts", []).extend(_parts(name, broken.raw, cell_limit))
        out.doubts.append(
            Doubt(
                id=re.sub(r"\W+", "-", name),
                kind="broken",
                feed=claimed.feed,
                text=say.MESSAGES["unreadable"].format(
                    one=say.ONE[tab], why=broken.why, tab=say.TAB["long_texts"], name=name
                ),
                at=now.isoformat(),
                run=run,
                service=claimed.service,
                bound=1,
                raw=broken.raw[:500],
            )
        )
    return out


def _twice(out: Landing, item: Order | Refill | CancelTask, first: Order | Refill | CancelTask, say: Words) -> None:
    """The same id twice in one answer: one row, and what the second says differently."""
    (cells, _), (before, _) = _cells(item, say), _cells(first, say)
    other = [name for name, cell in cells.items() if cell is not None and cell != before[name]]
    if other:
        said = ", ".join(f"{say.LABEL.get(name, name)} {say.shown(cells[name])}" for name in other)
        out.messages.append(say.MESSAGES["twice"].format(key=item.id, what=said))


def _new_row(
    out: Landing,
    feed: Feed,
    item: Order | Refill | CancelTask,
    known: Row | None,
    *,
    mark: tuple[str, int],
    now: datetime,
    when: str,
    cell_limit: int,
    say: Words,
) -> None:
    """A row to append. known: what the ledger remembers of an id whose row was deleted from the sheet."""
    row, first = _cells(item, say)
    row["received"] = now
    for name in [name for name, cell in row.items() if isinstance(cell, str) and units(cell) > cell_limit]:
        label = say.LABEL[name]
        key = item.id if name == "comments" else f"{item.id} {label}"
        parts = _parts(key, str(row[name]), cell_limit)
        row[name] = cut(str(row[name]), BEGINNING) + say.LONG_TEXT.format(label=label, key=key, parts=len(parts))
        out.append.setdefault("long_texts", []).extend(parts)
    archived = known is not None and known["state"] in (STATE_ARCHIVED, STATE_ARCHIVED_AGAIN)
    elsewhere = known is not None and not archived and not known["received"]  # no claim brought it here yet
    told, unsure = _told_before(feed, known if elsewhere else None)
    kind, text = (
        (Kind.NEW, first) if known is None or feed is not Feed.ORDERS else (Kind.INFO, _again_text(known, when, say))
    )
    if elsewhere:
        answers = [(Kind.INFO, say.BACK_UNSURE.format(what=say.changes(unsure.items())))] if unsure else []
        answers += [(Kind.INFO, say.BACK_AS_SENT.format(what=say.changes(told.items())))] if told else []
        kind, text = joined(answers, say) if answers else (Kind.NEW, first)
    if archived:
        text += " " + say.EARLIER_ROW.format(tab=say.TAB["archive"])
    row["sync"] = say.sync_text(item.id, kind, text)
    ledger = {**blank_row(feed.value, item.id), "received": received(now.isoformat(), *mark, known)}
    if known is not None:  # what may have been sent, and what was refunded, outlives the row
        ledger.update(refunded=known["refunded"], sending=known["sending"])
    ledger.update({name: row[name] for name in FACTS if name in row})
    row.update({name: number(value) if name in ("start_count", "remains") else value for name, value in told.items()})
    for name in WATCHED[feed.value]:
        if row.get(name) is not None:
            ledger[name] = str(row[name])
            row[name] = say.value(name, str(row[name])) if name in ("status", "decision") else row[name]
            ledger[name + SEEN] = row[name]
    if told and known is not None:
        ledger = closed_state({**ledger, "closed": known["closed"]})
    out.append.setdefault(feed.value, []).append(row)
    out.ledger.append(ledger)
    out.counts[feed.value] += 1
    if known is not None and not elsewhere:
        said = say.MESSAGES["back"] if archived else say.MESSAGES["new_row"]
        out.messages.append(said.format(tab=say.TAB[feed], one=say.ONE[feed], key=item.id, archive=say.TAB["archive"]))


def _told_before(feed: Feed, known: Row | None) -> tuple[dict[str, str], dict[str, str]]:
    """What the panel was told of an id that no claim brought here yet, and what it may have been told; field → value.

    Another machine received it, this one changed it, and then the sheet went back to before.
    """
    if known is None:
        return {}, {}
    values = {name: str(known[name]) for name in WATCHED[feed.value] if known[name] is not None}
    unsure = {name: value for name, value in values.items() if known[name + SEEN] == UNCONFIRMED}
    return {name: value for name, value in values.items() if name not in unsure}, unsure


def _cells(item: Order | Refill | CancelTask, say: Words) -> tuple[Row, str]:
    """The row as the panel's values (a status canonical), and its first Sync sentence. Texts stay exactly as sent."""
    if isinstance(item, Order):
        row: Row = {
            "id": item.id,
            "user": item.user or None,
            "charge": item.charge or None,
            "link": item.link or None,
            "quantity": number(item.quantity),
            "service": item.service or None,
            "status": Status.PROCESSING.value,
            "comments": item.comments or None,
            "details": item.details or None,
        }
        return row, say.NEW_ORDER
    if isinstance(item, Refill):
        return {
            "id": item.id,
            "order_id": item.order_id or None,
            "service": item.service or None,
            "link": item.link or None,
            "start_count": number(item.start_count),
            "quantity": number(item.quantity),
            "requested": _time(item.requested),
            "status": RefillStatus.PENDING.value,
        }, say.NEW_REFILL
    return {
        "id": item.id,
        "order_id": item.order_id or None,
        "service": item.service or None,
        "link": item.link or None,
    }, say.NEW_CANCEL


def _again(out: Landing, order: Order, known: Row, shown: Row, *, mark: tuple[str, int], when: str, say: Words) -> None:
    """An order the panel handed out a second time: one row stays one row; what differs is said.

    The panel set it back to Processing. If staff had it open under another status, that status is an edit again; a closed
    one is never closed (and refunded) again without a person, so whatever its cells show counts as seen. Only a start count
    whose answer never came is still on its way.
    """
    cells, _ = _cells(order, say)
    other = [
        name
        for name in ("user", "charge", "link", "quantity")
        if known["received"] and cells[name] is not None and cells[name] != known[name]
    ]
    row = {**known, **_changed(known, {name: cells[name] for name in other}), "status": Status.PROCESSING.value}
    if known["received"]:
        row["received"] = received(received_at(known), *mark, known)
    if known["state"] == STATE_OPEN:
        if known["status"] != Status.PROCESSING:
            row["status_seen"] = None
    else:
        row["state"] = STATE_OPEN
        row["closed"] = None
        for name in WATCHED[Feed.ORDERS] if shown else ():
            if (name, known[name + SEEN]) != ("start_count", UNCONFIRMED):
                row[name + SEEN] = shown[name]
    text = _again_text(known, when, say)
    if other:
        text = say.HANDED_OUT_OTHER.format(
            what=", ".join(f"{say.LABEL[name]} {say.shown(cells[name])}" for name in other)
        )
    if "quantity" in other:
        text += " " + say.HANDED_OUT_QUANTITY.format(label=say.LABEL["quantity"])
    parts = [(Kind.PROBLEM if other else Kind.INFO, text)]
    if refused := refusals(known["refused"]):  # an answer to a person stays, whatever the panel does
        parts.append((Kind.REFUSED, still_refused(Feed.ORDERS, refused, say)))
    out.notes.append(Note(Feed.ORDERS.value, order.id, 0, *joined(parts, say)))
    out.messages.append(say.MESSAGES["order"].format(key=order.id, text=text))
    if row != known:
        out.ledger.append(row)


def _listed(out: Landing, order: Order, known: Row, present: bool, say: Words) -> None:  # noqa: FBT001 - one caller
    """An order that is known, on a panel that shows it at every call: only what the panel changed in it is told, and kept."""
    cells, _ = _cells(order, say)
    if known["state"] in _ROWLESS and not present:
        out.rowless.append(order.id)
    elif known["state"] not in (STATE_OPEN, *_ROWLESS):
        out.closed.append(order.id)
    if known["state"] in _ROWLESS or not known["received"]:
        return
    new = {
        name: cells[name]
        for name in ("user", "charge", "link", "quantity")
        if cells[name] is not None and cells[name] != known[name]
    }
    if not new:
        return
    row = {**known, **_changed(known, new)}
    parts = [
        (Kind.PROBLEM, changed_text(name, *told, say)) for name, told in marks(row["refused"]).items() if name in new
    ]
    if refused := refusals(known["refused"]):
        parts.append((Kind.REFUSED, still_refused(Feed.ORDERS, refused, say)))
    out.notes.append(Note(Feed.ORDERS.value, order.id, 0, *joined(parts, say)))
    out.messages.append(say.MESSAGES["order"].format(key=order.id, text=" ".join(text for _, text in parts)))
    out.ledger.append(row)


def _changed(known: Row, new: Row) -> Row:
    """The ledger's values after the panel changed some: the panel's count, and what they were is marked until a person has acted."""
    if not new:
        return {}
    before = marks(known["refused"])
    told = {name: (before.get(name, (_text(known[name]), ""))[0], _text(value)) for name, value in new.items()}
    return {**new, "refused": refusals_text(refusals(known["refused"]), {**before, **told})}


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def _row_shown(frame: pd.DataFrame | None, key: str) -> Row:
    """The one row of `key` in the sheet; {} where there is none, or more than one."""
    found = [] if frame is None else frame[frame.index == key].to_dict("records")
    return {str(name): cell for name, cell in found[0].items()} if len(found) == 1 else {}


def _again_text(known: Row, when: str, say: Words) -> str:
    if known["refunded"]:
        return say.HANDED_OUT_REFUNDED.format(when=when, how=say.choice(str(known["refunded"])))
    return say.HANDED_OUT_AGAIN.format(when=when)


def number(text: str) -> Cell:
    """A panel's count as a number cell where that is exact, otherwise the panel's own text; None for blank."""
    exact = text.isascii() and text.isdecimal() and len(text) <= EXACT_DIGITS and (text == "0" or text[0] != "0")
    return int(text) if exact else text or None


def _time(text: str) -> Cell:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text or None
    return when if when.tzinfo is not None else text


def units(text: str) -> int:
    """Length in UTF-16 code units: what Excel and Google count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """The longest beginning of `text` of at most `limit` UTF-16 units, never through a surrogate pair."""
    if units(text) <= limit:
        return text
    if text.isascii():
        return text[:limit]
    data = text.encode("utf-16-le", "surrogatepass")
    end = 2 * limit
    if 0xD8 <= data[end - 1] <= 0xDB and 0xDC <= data[end + 1] <= 0xDF:  # noqa: PLR2004 - the halves of a surrogate pair
        end -= 2
    return data[:end].decode("utf-16-le", "surrogatepass")


def _parts(key: str, text: str, cell_limit: int) -> list[Row]:
    """A text too long for one cell as rows of Long texts, whole and in order."""
    rows: list[Row] = []
    while text or not rows:
        piece = cut(text, cell_limit)
        # a part that ends between \r and \n would read back changed on some platforms
        if piece.endswith("\r") and 1 < len(piece) < len(text):
            piece = piece[:-1]
        rows.append({"id": key, "part": len(rows) + 1, "text": piece})
        text = text[len(piece) :]
    return rows
