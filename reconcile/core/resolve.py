"""A person settles a doubt: what that comes to as one commit, as pure as the run's own plan.

A claim's doubt is settled by the rows that were lost (given by id, or found in an export of the panel), or by nothing. A
refund, payment or ticket in doubt went through, or is to be sent again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconcile.core import cells
from reconcile.core.landing import Landing, land
from reconcile.core.lease import DOUBT
from reconcile.core.ledger import Sending
from reconcile.core.model import (
    UNSURE,
    Claimed,
    Commit,
    Feed,
    Kind,
    Order,
    Refill,
    Status,
)
from reconcile.core.plan import still_refused
from reconcile.core.rules import joined
from reconcile.core.transitions import content_mark, order_closed, refused_besides, send_again, went_through
from reconcile.core.words import TERMINAL
from reconcile.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Doubt, Row, Snapshot
    from reconcile.core.words import Words

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "order id", "order", "orderid", "order number", "#"),
    "link": ("link", "url", "target"),
    "quantity": ("quantity", "qty", "amount ordered", "count"),
    "charge": ("charge", "price", "cost", "total"),
    "user": ("user", "user id", "userid", "username", "customer", "client"),
    "service": ("service", "service id", "serviceid", "type"),
    "comments": ("comments", "comment"),
    "status": ("status", "state"),
}
"""Our field → the headings a panel's export may have for it, folded."""


@dataclass(frozen=True)
class When:
    """The run that does it: its name, the moment, and the moment as people read it in the sheet."""

    run: str
    now: datetime
    shown: str


@dataclass(frozen=True)
class Export:
    """What an export holds for a doubt: orders to add, and how many others were left out, by reason."""

    orders: tuple[Order, ...]
    left_out: tuple[tuple[str, int], ...]


# --- what is to be added -----------------------------------------------------------------------------------------------


def ids_of(text: str) -> list[str]:
    """Ids from `1, 2 3`, each once, in the order given. Raises SettingsError when there are none."""
    found = [key for part in re.split(r"[\s,;]+", cells.plain(text)) if (key := _id(part))]
    if not found:
        raise SettingsError("No ids are given.", "Give them like this: --orders 15,16")
    return list(dict.fromkeys(found))


def _id(text: str) -> str:
    """An id as the sheet keeps it, without what it wears elsewhere: the # of an answer, the ' of a text cell, a spreadsheet's .0."""
    key = cells.id_text(text).lstrip("#'").strip()
    return re.sub(r"^(\d+)\.0+$", r"\1", key)


def service_of(doubt: Doubt, given: str | None) -> str:
    """The service the lost orders belong to: the doubt's, or the one given where the doubt allows several."""
    allowed = [part.strip() for part in doubt.service.split(",") if part.strip()]
    if given is not None:
        if allowed and given not in allowed:
            raise SettingsError(
                f"{doubt.id} is about service {TERMINAL.listed(allowed)}, not {given}.", "Give one of these."
            )
        return given
    if len(allowed) == 1:
        return allowed[0]
    raise SettingsError(
        f"{doubt.id} may be about any of the services {TERMINAL.listed(allowed) if allowed else 'of this panel'}.",
        "Say which one these orders belong to with --service, and repeat the command per service with --keep-open.",
    )


def from_export(
    rows: Sequence[Sequence[str]], doubt: Doubt, ledger: Ledger, service: str | None, present: Sequence[str]
) -> Export:
    """The orders of an export that a doubt may be about: Processing, of its services, and not in the sheet.

    rows: the file's lines as cells, the first one being its headings. A claim sets an order to Processing [ref], so a Pending
    one was not handed out (the next sync receives it) and a closed one needs nobody. Raises SettingsError.
    """
    places = _places(rows[0] if rows else ())
    allowed = {part.strip() for part in (service or doubt.service).split(",") if part.strip()}
    orders, out = [], dict.fromkeys(("in the sheet already", "of other services", "not Processing", "without an id"), 0)
    seen: set[str] = set()
    for line in rows[1:]:
        row = {name: line[place].strip() if place < len(line) else "" for name, place in places.items()}
        if not any(row.values()):
            continue
        row["id"] = _id(row["id"])
        of = _service(row.get("service", ""), allowed)
        if not row["id"]:
            out["without an id"] += 1
        elif row["id"] in seen or (Feed.ORDERS.value, row["id"]) in ledger or row["id"] in present:
            out["in the sheet already"] += 1
        elif of is None:
            out["of other services"] += 1
        elif "status" in places and _folded(row["status"]) != _folded(Status.PROCESSING.value):
            out["not Processing"] += 1
        else:
            seen.add(row["id"])
            orders.append(_order(row, of))
    return Export(tuple(orders), tuple((why, count) for why, count in out.items() if count))


def _places(headings: Sequence[str]) -> dict[str, int]:
    folded = [_folded(heading) for heading in headings]
    places = {}
    for name, spellings in HEADERS.items():
        found = [place for spelling in spellings for place, heading in enumerate(folded) if heading == spelling]
        if found:
            places[name] = found[0]
    if "id" not in places:
        raise SettingsError(
            "The export has no column with the orders' ids.", "Its first line must hold headings; one of them ID."
        )
    return places


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[_\W]+", " ", text.casefold()).split()) or text.strip()


def _service(cell: str, allowed: set[str]) -> str | None:
    """The service of a row; an export may write `12`, `12 - Followers` or nothing. None when it is another one."""
    number = re.match(r"\s*(\w+)", cell)
    name = number[1] if number else ""
    if not allowed:
        return name
    if not name:
        return next(iter(allowed)) if len(allowed) == 1 else None
    return name if name in allowed else None


def _order(row: Mapping[str, str], service: str) -> Order:
    return Order(
        id=row["id"],
        service=service,
        link=row.get("link", ""),
        charge=row.get("charge", ""),
        user=row.get("user", ""),
        quantity=row.get("quantity", ""),
        comments=row.get("comments", ""),
    )


# --- as a commit -------------------------------------------------------------------------------------------------------


def added(
    doubt: Doubt,
    items: Sequence[Order | Refill],
    snapshot: Snapshot,
    ledger: Ledger,
    when: When,
    *,
    cell_limit: int,
    keep_open: bool = False,
) -> tuple[Commit, Landing]:
    """The commit that adds lost rows exactly as a claim would, and closes the doubt (unless `keep_open`)."""
    say = snapshot.words
    feed = Feed.REFILLS if items and isinstance(items[0], Refill) else Feed.ORDERS
    claimed = Claimed(feed, items[0].service if items else doubt.service, tuple(items))
    landing = land(
        claimed,
        ledger,
        set(snapshot.tabs[feed.value].index),
        run=when.run,
        revision=snapshot.revision,
        now=when.now,
        when=when.shown,
        cell_limit=cell_limit,
        shown=snapshot.tabs[feed.value],
        say=say,
    )
    said = f"{say.PHRASES['by_hand']} ({doubt.id})"
    history = [
        _history(when, say.TAB[feed], str(row["id"]), say.LABEL["id"], str(row["id"]), said)
        for row in landing.append.get(feed.value, [])
    ]
    count = landing.counts[feed.value]
    text = say.MESSAGES["added"].format(doubt=doubt.id, count=count, what=say.amount_of(feed, count))
    sync: dict[str, dict[str, str]] = {}
    for note in landing.notes:
        sync.setdefault(note.tab, {})[note.key] = say.sync_text(note.key, note.kind, note.text)
    commit = Commit(
        when.run,
        append={**landing.append, "history": history, "runs": [_runs(when, say, text, pulled=count)]},
        ledger=landing.ledger,
        sync=sync,
        meta={} if keep_open else {DOUBT + doubt.id: None},
    )
    return commit, landing


def nothing(doubt: Doubt, when: When, say: Words) -> Commit:
    """The commit that closes a doubt because nothing was lost."""
    what, said = say.PHRASES["nothing_lost"], f"{say.PHRASES['by_hand']} ({doubt.id})"
    line = _history(when, say.TAB[doubt.feed], doubt.key or doubt.service, "", what, said)
    text = say.MESSAGES["settled"].format(doubt=doubt.id, what=what)
    return Commit(
        when.run,
        append={"history": [line], "runs": [_runs(when, say, text)]},
        meta={DOUBT + doubt.id: None},
    )


def sent(doubt: Doubt, snapshot: Snapshot, ledger: Ledger, when: When, *, again: bool) -> Commit:
    """The commit that settles a refund, payment or ticket: it went through, or the next sync is to send it again."""
    say = snapshot.words
    row = ledger.row(doubt.feed, doubt.key)
    sending = Sending.parse(row["sending"]) if row else None
    if row is None or sending is None:
        raise SettingsError(f"{doubt.id} is not in doubt any more.", "`reconcile resolve` lists what is.")
    shown = _shown(snapshot, doubt)
    rows = (
        [send_again(row, sending, shown.get(UNSURE))]
        if again
        else _went_through(doubt, row, sending, shown, ledger, when)
    )
    verdict = say.PHRASES["send_again" if again else "it_went_through"]
    history = [
        _history(
            when,
            say.TAB[doubt.feed],
            doubt.key,
            say.LABEL[name],
            say.value(name, value),
            f"{say.PHRASES['by_hand']}: {verdict}",
        )
        for name, (value, _) in sending.values.items()
    ]
    sync = {}
    if not again and shown:
        parts = [(Kind.SENT, say.WENT_THROUGH.format(what=sending.what))]
        if left := refused_besides(row, sending):
            parts.append((Kind.REFUSED, still_refused(doubt.feed, left, say)))
        sync = {doubt.feed.value: {doubt.key: say.sync_text(doubt.key, *joined(parts, say))}}
    return Commit(
        when.run,
        append={
            "history": history,
            "runs": [_runs(when, say, say.MESSAGES["settled"].format(doubt=doubt.id, what=verdict))],
        },
        ledger=rows,
        sync=sync,
    )


def _went_through(doubt: Doubt, row: Row, sending: Sending, shown: Row, ledger: Ledger, when: When) -> list[Row]:
    # without a row, what Remains showed stays as it was seen
    done = went_through(row, sending, when.now, shown.get("remains") if shown else row["remains_seen"])
    done["unsure_seen"] = shown.get(UNSURE)
    if not doubt.feed.claimed and shown:
        done.update(user=shown.get("user"), link=content_mark(doubt.feed, shown))
    order = order_closed(sending, ledger, when.now) if doubt.feed is Feed.CANCELS else None
    return [done] if order is None else [done, order]


def _shown(snapshot: Snapshot, doubt: Doubt) -> Row:
    """The doubt's row as the sheet shows it, {} when it has none."""
    frame = snapshot.tabs[doubt.feed.value]
    found = frame[frame.index == doubt.key].to_dict("records")
    return {str(name): value for name, value in found[0].items()} if found else {}


def _history(when: When, tab: str, key: str, field: str, to: str, result: str) -> Row:
    return {
        "when": when.now,
        "tab": tab,
        "id": key or None,
        "field": field or None,
        "from": None,
        "to": to,
        "result": result,
        "run": when.run,
    }


def _runs(when: When, say: Words, text: str, *, pulled: int = 0) -> Row:
    return {
        "run": when.run,
        "started": when.now,
        "finished": when.now,
        "result": say.RESULTS["Resolved by hand"],
        "pulled": pulled,
        "pushed": 0,
        "refused": 0,
        "needs_person": 0,
        "message": text,
    }
