"""What must never be seen, looked for in the panel's own state and requests and in the workbook's cells: the recorded history.

Nothing here asks the engine. A `Watch` knows what people typed and said; everything else is compared with what happened.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconcile.core.model import Action
from reconcile.core.words import SENDS
from reconcile.workbook.templates import templates
from tests.faults import told as telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconcile.panel.practice import Request
    from tests.faults.world import Told, World

REPEATS = 15
"""An update without money is told anew after a lost answer, and in ever smaller chunks: never as often as this in one run."""

DATA_TABS = ("orders", "refills", "cancels", "payments", "tickets")

Fact = tuple[str, ...]
"""Something staff wanted: ("orders", id, field, value), ("refills", id, status), ("cancels", id), ("payments", …), …"""

Shown = dict[str, list[dict[str, Any]]]
"""Tab → rows as people see them."""

_STATUS = {
    "IN_PROGRESS": "In progress",
    "PROCESSING": "Processing",
    "PARTIAL": "Partial",
    "COMPLETED": "Completed",
    "CANCELED": "Canceled",
}
_WORDS = {word.casefold(): word for word in _STATUS.values()} | {"cancelled": "Canceled"}
_SINGLE = {
    Action.SET_IN_PROGRESS: "In progress",
    Action.SET_PROCESSING: "Processing",
    Action.SET_COMPLETED: "Completed",
    Action.SET_PARTIAL: "Partial",
    Action.SET_CANCELED: "Canceled",
}
_LINE = ("Tab", "ID", "Field", "To", "Result", "Run")
"""What a run did to a value, and what came of it: once, since it sends each value once."""

_ONCE = (Action.SET_CANCELED, Action.SET_PARTIAL, Action.ADD_PAYMENT, Action.ADD_TICKET)

_REFILL = {
    Action.SET_REFILL_COMPLETED: "Completed",
    Action.SET_REFILL_REJECTED: "Rejected",
    Action.SET_REFILL_IN_PROGRESS: "In progress",
}


@dataclass
class Watch:
    """What people did, and what they last saw."""

    world: World
    wishes: set[Fact] = field(default_factory=set)
    wished: Counter[Fact] = field(default_factory=Counter)
    sent: Counter[Fact] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    deleted: set[tuple[str, str]] = field(default_factory=set)
    doubled: set[tuple[str, str]] = field(default_factory=set)
    told_again: set[str] = field(default_factory=set)
    """Orders of which a row or a run said that they were handed out again."""

    under: dict[str, tuple[int, set[str]]] = field(default_factory=dict)
    """Orders handed out again that only doubts covered: how often by then, and the doubts."""

    known: set[str] = field(default_factory=set)
    """Doubts of which a run said that their answer was found."""

    seen: Shown = field(default_factory=dict)
    kept: Shown = field(default_factory=dict)
    running: int = 0
    recorded: tuple[int, dict[str, str]] = (-1, {})
    """The hidden tab's entries as the last run left them, and which run that was."""

    turns: int = 0
    """How often the workbook went back in time: what stood in it before says nothing of what stands in it after."""

    read: int = 0
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.recorded[0] < 0:  # a copy knows it
            self.recorded = self.world.runs, self.world.meta()

    def say(self, text: str) -> None:
        """Notes a broken promise."""
        self.problems.append(text)

    def look(self) -> Shown:
        """All tabs of people's work as they show now."""
        return self.world.book_rows(DATA_TABS)

    def archive(self) -> list[dict[str, Any]]:
        """The orders in Archive, without the copies that say themselves that they do not count."""
        return _counting(self.world.book_rows(["archive"])["archive"])

    def wish(self, *facts: Fact) -> None:
        """Staff want this; said again, they want it again."""
        self.wishes.update(facts)
        self.wished.update(facts)

    def wish_again(self, order: str, answer: str) -> None:
        """Somebody said of the refund that this answer names: send it again. Its row may show other wishes by now."""
        told: set[Fact] = set()
        if SENDS["setCanceled"] in answer:
            told = {("orders", order, "status", "Canceled")}
        elif SENDS["setPartial"] in answer:
            told = {("orders", order, "status", "Partial")}
            told |= {fact for fact in self.wished if fact[:3] == ("orders", order, "remains")}
        self.wishes |= told & self.wished.keys()

    # --- runs ---------------------------------------------------------------------------------------------------------

    def run(self, machine: str = "a", **options: Any) -> Told:
        """A run of the world, held against every promise: what it told, what it took, and what it left behind."""
        runs, before = self.recorded
        # in the middle of another run it looks anew; otherwise nothing is read, which would pass time
        if self.running or runs != self.world.runs:
            before = self.world.meta()
        self.running += 1
        turns = self.turns
        try:
            told = self.world.run(machine, **options)
        finally:
            self.running -= 1
        if self.turns != turns:
            before = {}
        self.recorded = self.world.runs, self.world.meta()
        for problem in telling.wrong(self.world, told, before, self.recorded[1]):
            self.say(problem)
        for message in told.outcome.messages if told.outcome else ():
            if "handed" in message:
                self.told_again.update(re.findall(r"\d+", message))
            self.known.update(re.findall(r"in doubt \((\S+)\) is known by now", message))
        for order in self.world.panel.state.orders.values():
            if order.handed > 1 and order.id not in self.told_again:
                self._cover(order.id, order.handed, order.service, telling.doubts(self.recorded[1]).values())
        self.check()
        unsure = [(tab, row) for tab, rows in self.seen.items() for row in rows if "Not sure" in str(row.get("Sync"))]
        for tab, row in unsure:
            if told.code == 0 and (tab, _key(tab, row)) not in self.doubled:
                self.say(f"{tab}: exit 0, and the row of {_key(tab, row)} is in doubt: {row['Sync']}")
        if told.code in (0, 7) and not self.running:  # one in between ends while another still has what it read before
            self._taken_back({str(_plain(row.get("Order ID") or row.get("ID"))) for _, row in unsure})
        return told

    def _taken_back(self, unsure: set[str]) -> None:
        """What no cell shows any more is not wanted any more, except by who may still say of a row in doubt: send it again."""
        now = set(shown(self.seen))
        self.wishes = {
            fact for fact in self.wishes if fact in now or fact[0] in ("payments", "tickets") or fact[1] in unsure
        }

    # --- promises -----------------------------------------------------------------------------------------------------

    def sheet(self) -> None:
        """No cell of staff or panel changed, no row vanished or doubled, and every answer stands in its own row (P3, P4)."""
        found = self.world.book_rows((*DATA_TABS, "services", "archive"))
        now = {tab: found[tab] for tab in DATA_TABS}
        self._kept({"services": found["services"], "archive": found["archive"]})
        archive = _counting(found["archive"])
        for tab, rows in now.items():
            before = Counter(map(_content, self.seen.get(tab, [])))
            after = Counter(map(_content, rows))
            gone = before - after
            for content in gone:
                if tab == "orders" and any(_moved(content, row) for row in archive):
                    continue
                self.say(f"{tab}: a row was changed or removed: {dict(content)}")
            new = after - before
            fresh = [row for row in rows if _content(row) in new]
            # one that a run moves to Archive may be handed out again in that very run
            known = {_key(tab, row) for row in self.seen.get(tab, []) if _content(row) not in gone}
            for row in fresh:
                self._new_row(tab, row, known)
            for key, count in Counter(_key(tab, row) for row in rows).items():
                if key and count > 1 and (tab, key) not in self.doubled:
                    self.say(f"{tab}: {key} stands in {count} rows")
            for row in rows:
                key, sync = _key(tab, row), row.get("Sync")
                found = self.world.panel.state.orders.get(key) if tab == "orders" else None
                if found is not None and "handed" in str(sync):
                    self.told_again.add(key)
                    if found.handed < 2:
                        self.say(f"orders: {key} was handed out once, and its row says: {sync}")
                own = (
                    str(sync).startswith(f"#{key} · ") or str(sync) == key
                )  # the bare key for one run: see google._fill_sync
                if key and sync and not own and (tab, key) not in self.doubled:
                    self.say(f"{tab}: the row of {key} shows another row's answer: {sync}")
                state = str(row.get("State") or "")
                if (
                    key
                    and state
                    and not (state.startswith(f"#{key} · ") or state == key)
                    and (tab, key) not in self.doubled
                ):
                    self.say(f"{tab}: the row of {key} shows another row's State: {state}")
        self.seen = now

    def _kept(self, now: Shown) -> None:
        """Services stands as staff wrote it; in Archive rows are only added, those of orders that were handed out."""
        before, self.kept = self.kept or now, now
        if now == before:
            return
        for tab, rows in now.items():
            there, here = (Counter(map(_content, side)) for side in (before[tab], rows))
            for content in there - here:
                self.say(f"{tab}: a row was changed or removed: {dict(content)}")
            for content in here - there:
                key = dict(content).get("ID", "").strip("'")
                order = self.world.panel.state.orders.get(key)
                if tab == "services" or order is None or not order.handed:
                    self.say(f"{tab}: the job made a row of its own: {dict(content)}")

    def _new_row(self, tab: str, row: Mapping[str, Any], known: set[str]) -> None:
        key = _key(tab, row)
        state = self.world.panel.state
        handed = {"orders": state.orders, "refills": state.refills, "cancels": state.cancels}.get(tab)
        if handed is None:
            self.say(f"{tab}: the job made a row of its own: {key}")
            return
        found = handed.get(key)
        if found is None or not found.handed:
            self.say(f"{tab}: a row nobody handed out: {key}")
        elif key in known:
            self.say(f"{tab}: {key} was landed although its row is there")
        elif (tab, key) in self.deleted and found.handed < 2:
            self.say(f"{tab}: {key}, deleted by a person, came back")

    def panel(self) -> None:
        """At most one refund, payment and ticket each, and no push that staff did not want (P5)."""
        state = self.world.panel.state
        for order in state.orders.values():
            if len(order.refunds) > 1 + self.again[f"orders {order.id}"]:
                self.say(f"order {order.id} was refunded {len(order.refunds)} times: {order.refunds}")
        for name, entries, unique in (("payment", state.payments, "details"), ("ticket", state.tickets, "subject")):
            for what, count in Counter(entry[unique] for entry in entries).items():
                if count > 1 + self.again[f"{name} {what}"]:
                    self.say(f"{name} “{what}” was sent {count} times")
        told: Counter[Fact] = Counter()
        for request in self.world.panel.requests[self.read :]:
            for fact in facts(request):
                told[fact] += 1
                if request.action in _ONCE:
                    self._once(fact)
                if fact not in self.wishes:
                    self.say(f"nobody wanted {fact} ({request.action})")
        for fact, count in told.items():
            if count > REPEATS:
                self.say(f"the panel was told {fact} {count} times in a row")
        self.read = len(self.world.panel.requests)

    def _once(self, fact: Fact) -> None:
        """A call that moves money or writes to a customer is made once for each time a person asked, also if it is refused."""
        self.sent[fact] += 1
        name = {"payments": f"payment {fact[-1]}", "tickets": f"ticket {fact[2]}"}.get(fact[0], f"orders {fact[1]}")
        if self.sent[fact] > max(1, self.wished[fact]) + self.again[name]:
            self.say(f"the panel was asked {self.sent[fact]} times for {fact}, people asked {self.wished[fact]} times")

    def accounted(self) -> None:
        """What was handed out stands in the sheet, or is covered by a doubt on record that names service and bound (P1, P2)."""
        doubts = self.world.doubts()
        kind, lost = self.world.book.kind, 0
        bounds = {doubt["id"]: min(doubt["bound"], telling.most(doubt, kind)) for doubt in doubts}
        state = self.world.panel.state
        shown = self.look()
        kinds: tuple[tuple[str, Mapping[str, Any]], ...] = (
            ("orders", state.orders),
            ("refills", state.refills),
            ("cancels", state.cancels),
        )
        archived = {_key("archive", row) for row in self.archive()}
        for key in archived & {_key("orders", row) for row in shown["orders"]}:
            if state.orders[key].handed < 2:
                self.say(f"orders: {key} stands in Orders and in Archive")
        for feed, handed in kinds:
            here = (
                (archived if feed == "orders" else set())
                | {_key(feed, row) for row in shown[feed]}
                | {key for tab, key in self.deleted if tab == feed}
            )
            missing = [item for item in handed.values() if item.handed and item.id not in here]
            services = Counter(getattr(item, "service", "") or getattr(item, "service_id", "") for item in missing)
            for service, count in services.items():
                covered = sum(bounds[doubt["id"]] for doubt in doubts if _covers(doubt, feed, service))
                lost += count
                if count > covered:
                    ids = [item.id for item in missing]
                    self.say(f"{count} {feed} of service {service} are lost without a word: {ids}; doubts: {doubts}")
        for order in state.orders.values():
            if order.handed < 2 or order.id in self.told_again:
                continue
            if self._cover(order.id, order.handed, order.service, doubts):
                continue
            # the answer that was in doubt was found, and its row had come by the later handing out meanwhile
            times, over = self.under.get(order.id, (0, set()))
            if times != order.handed or not over & self.known:
                self.say(f"order {order.id} was handed out {order.handed} times, and nobody was told")
        if lost > sum(bounds.values()):
            self.say(f"{lost} orders, refills and cancels are lost; doubts: {doubts}")
        self._in_history()
        self._no_secret()

    def _cover(self, order: str, handed: int, service: str, doubts: Iterable[Mapping[str, Any]]) -> bool:
        """Whether doubts cover an order that was handed out again; which they are is remembered."""
        covering = {str(doubt["id"]) for doubt in doubts if _covers(doubt, "orders", service)}
        if covering:
            self.under[order] = handed, covering
        return bool(covering)

    def _in_history(self) -> None:
        """Every refund, payment and ticket the panel made has its line, also when the run that sent it did not live to write it."""
        state, say = self.world.panel.state, templates()
        title = {tab: say.tab(tab).title for tab in DATA_TABS}
        history = self.world.book_rows(["history"])["history"]
        for line, count in Counter(tuple(str(row[head]) for head in _LINE) for row in history).items():
            if count > 1:
                self.say(f"History has this line {count} times: {line}")
        lines = {(row["Tab"], str(_plain(row["ID"]))) for row in history}
        asked: dict[str, list[str]] = {}
        for cancel in state.cancels.values():
            asked.setdefault(cancel.order_id, []).append(cancel.id)
        for order in state.orders.values():
            places = {(title["orders"], order.id), *((title["cancels"], key) for key in asked.get(order.id, ()))}
            if order.refunds and not places & lines:
                self.say(f"order {order.id} was refunded, and History knows nothing of it")
        for tab, entries in (("payments", state.payments), ("tickets", state.tickets)):
            if entries and not any(line[0] == title[tab] for line in lines):
                self.say(f"{tab}: {len(entries)} were sent, and History knows nothing of them")

    def _no_secret(self) -> None:
        """The panel's key stands in no cell (P10)."""
        cells = self.world.book.see_all([*DATA_TABS, "archive", "runs", "history", "ledger"])
        for tab, grid in cells.items():
            if telling.shows(self.world.panel.key, repr(grid)):
                self.say(f"{tab}: the panel's key stands in a cell")

    def check(self) -> None:
        """All promises that hold at every moment."""
        self.sheet()
        self.panel()


def _covers(doubt: Mapping[str, Any], feed: str, service: str) -> bool:
    """Whether a doubt says that some of this feed and service may be lost. A run that vanished may have asked for any feed."""
    if doubt["kind"] == "send":
        return False
    named = [name.strip() for name in str(doubt["service"]).split(",")]
    if feed == "orders":  # they are asked for service by service, the others of all services at once
        return service in named and doubt["feed"] == feed
    return telling.vanished(doubt) or (doubt["feed"] == feed and (service in named or named == [""]))


def facts(request: Request) -> Iterable[Fact]:
    """What a request tells the panel to do, as facts. Claims and the harmless proof of the key tell it nothing."""
    name = request.action
    if name == Action.UPDATE_ORDERS:
        for entry in request.orders:
            yield from _order_facts(str(entry["id"]), _STATUS.get(str(entry.get("status"))), entry)
        return
    try:
        action = Action(name)
    except ValueError:
        yield ("an unknown action", name)
        return
    params = dict(request.params)
    if action in _REFILL:
        yield ("refills", params["refill"], _REFILL[action])
    elif action is Action.SET_CANCEL_REJECTED:
        yield ("cancels", params["cancel"], "Reject")
    elif action is Action.ADD_PAYMENT:
        yield ("payments", params["user"], params["amount"], params["details"])
    elif action is Action.ADD_TICKET:
        yield ("tickets", params["user"], params["subject"], params["message"])
    elif "id" in params:
        yield from _order_facts(params["id"], _SINGLE.get(action), params)


def _order_facts(key: str, status: str | None, entry: Mapping[str, Any]) -> Iterable[Fact]:
    if status:
        yield ("orders", key, "status", status)
    for name in ("start_count", "remains"):
        if entry.get(name) is not None:
            yield ("orders", key, name, str(entry[name]))


def shown(rows: Shown) -> Iterable[Fact]:
    """What the sheet's cells say that the panel is to be told."""
    for row in rows["orders"]:
        key = _key("orders", row)
        yield ("orders", key, "status", _WORDS.get(str(row["Status"]).casefold(), ""))
        yield ("orders", key, "start_count", str(_plain(row["Start count"])))
        yield ("orders", key, "remains", str(_plain(row["Remains"])))
    for row in rows["refills"]:
        yield ("refills", _key("refills", row), str(row["Status"]))
    for row in rows["cancels"]:
        order, decision = str(_plain(row["Order ID"])), row["Decision"]
        if decision == "Cancel and refund":
            yield ("orders", order, "status", "Canceled")
        elif decision == "Partial refund":
            yield ("orders", order, "status", "Partial")
            yield ("orders", order, "remains", str(_plain(row["Remains"])))
        elif decision == "Reject":
            yield ("cancels", _key("cancels", row), "Reject")


def _counting(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if "does not count" not in str(row["Sync"])]


def _content(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """A row without its answer, comparable."""
    return tuple(
        (str(head), f"{type(cell).__name__} {cell!r}" if isinstance(cell, bool) else repr(_plain(cell)))
        for head, cell in row.items()
        if head not in ("Sync", "State", None, "") and cell not in (None, "")
    )


def _moved(content: tuple[tuple[str, str], ...], row: Mapping[str, Any]) -> bool:
    """Whether a row of Orders stands in Archive as it was: all in its place, what stood in columns of staff's own in Note.

    Google's times are read to the minute.
    """
    there, lines = set(_content(row)), str(row["Note"]).splitlines()
    return all(
        head == "Received"
        or (head, cell) in there
        or (head == "Note" and ast.literal_eval(cell) in lines)
        or (head not in row and f"{head}: {cell.strip(chr(39))}" in lines)
        for head, cell in content
    )


def _plain(cell: Any) -> Any:
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _key(tab: str, row: Mapping[str, Any]) -> str:
    known = templates().tab(tab)
    cell = _plain(row.get(known.column(known.key_column).header))
    return "" if cell is None else str(cell).strip()
