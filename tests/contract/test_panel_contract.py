"""What every dialect of a panel promises the engine: one suite, v1 and v2."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from reconcile.core.model import Action, Change, Feed, Order, OrderUpdate, Push, RawAnswer, Status, Verdict
from reconcile.errors import AccessRefused, NeverSent, Refused, SettingsError, Unavailable, Unknown
from reconcile.panel.client import Panel
from reconcile.panel.dialects import READERS, reader
from reconcile.panel.port import CutShort
from reconcile.panel.practice import PATH, PracticePanel, answering, dropping, truncating
from reconcile.panel.practice_v2 import PATH_V2, LikeV2
from reconcile.panel.retry import Policy
from reconcile.panel.v2.client import RestPanel
from tests.faults.world import World, make

if TYPE_CHECKING:
    from pathlib import Path

KEY = "contract-canary-5f0e9c1d"
CALLS = {
    "v1": {
        Feed.ORDERS: "getOrders",
        Feed.REFILLS: "getRefills",
        Feed.CANCELS: "getCancel",
        "update": "updateOrders",
        "cancel": "setCanceled",
    },
    "v2": {
        Feed.ORDERS: "POST /orders/pull",
        Feed.REFILLS: "POST /refill/pull",
        Feed.CANCELS: "POST /cancel/pull",
        "update": "POST /orders/update",
        "cancel": "POST /orders/cancel",
    },
}


class Kept:
    """Keeps what arrives, in the order in which it does."""

    def __init__(self) -> None:
        self.raws: list[RawAnswer] = []
        self.agains = 0

    def arrived(self, raw: RawAnswer) -> None:
        self.raws.append(raw)

    cleaned = arrived

    def again(self) -> None:
        self.agains += 1


@dataclass
class Subject:
    """One dialect: its client, and the practice panel behind it."""

    dialect: str
    client: Panel | RestPanel
    panel: PracticePanel
    urls: list[str]
    headers: list[dict[str, str]]

    def claimed(self, feed: Feed, service: str, keep: Kept | None = None) -> Any:
        raw = self.client.claim(feed, service, keep=keep)
        return reader(raw).claimed(feed, service, raw, lambda: True)

    def call(self, name: Feed | str) -> str:
        return CALLS[self.dialect][name]


def subject(dialect: str, panel: PracticePanel | None = None) -> Subject:
    made = panel or (PracticePanel if dialect == "v1" else LikeV2)(4, 7, KEY, refills=2, cancels=2)
    urls: list[str] = []
    headers: list[dict[str, str]] = []
    inner = made.transport()

    def answer(request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        headers.append(dict(request.headers))
        return inner.handle_request(request)

    kind = Panel if dialect == "v1" else RestPanel
    url = "http://127.0.0.1:1" + (PATH if dialect == "v1" else PATH_V2)
    options: dict[str, Any] = {
        "transport": httpx.MockTransport(answer),
        "policy": Policy(first=0.0),
        "sleep": lambda _: None,
    }
    return Subject(dialect, kind(url, SecretStr(KEY), **options), made, urls, headers)


@pytest.fixture(params=sorted(READERS))
def of(request: pytest.FixtureRequest) -> Subject:
    """Each dialect in turn."""
    return subject(request.param)


def push(action: Action, target: str, feed: Feed = Feed.ORDERS, order: str = "", **params: str) -> Push:
    changes = (Change("status", "", "x"),)
    return Push(feed, target, 2, action, target, changes, tuple(params.items()), order_id=order or target)


def test_orders_are_the_same_in_every_dialect() -> None:
    """The same world hands out the same orders, refills and cancel requests, to the last field."""
    found = []
    for dialect in READERS:
        of = subject(dialect)
        rows = [of.claimed(Feed.ORDERS, service).rows for service in ("1", "2", "3")]
        cancels = [row for _ in range(3) for row in of.claimed(Feed.CANCELS, "").rows]
        found.append((rows, of.claimed(Feed.REFILLS, "").rows, cancels))
    assert found[0] == found[1]
    assert sum(map(len, found[0][0])) == 4


def test_nothing_pending_is_none_and_no_doubt(of: Subject) -> None:
    """An empty answer brings nothing, is no problem and in no doubt."""
    for service in ("1", "2", "3"):
        of.claimed(Feed.ORDERS, service)
    for feed in (Feed.ORDERS, Feed.REFILLS, Feed.CANCELS):
        for _ in range(3):
            claimed = of.claimed(feed, "1")
        assert (claimed.count, claimed.problem, claimed.in_doubt) == (0, "", False)


def test_an_answer_names_its_dialect_and_is_kept_as_it_came(of: Subject) -> None:
    """What the journal is given is what was on the wire, before anybody has read it."""
    keep = Kept()
    of.claimed(Feed.ORDERS, "1", keep)
    assert [raw.dialect for raw in keep.raws] == [of.dialect]
    assert b"tiktok" in keep.raws[0].body


@pytest.mark.parametrize("feed", [Feed.ORDERS, Feed.REFILLS, Feed.CANCELS])
def test_a_claim_is_asked_once(of: Subject, feed: Feed) -> None:
    """After an answer that was lost, nothing is asked again: what came with it is unknown."""
    of.panel.faults.append(dropping(acts=True, action=of.call(feed)))
    with pytest.raises(Unknown):
        of.client.claim(feed, "1")
    assert of.client.calls == Counter({of.call(feed): 1})


def test_an_answer_that_broke_off_is_kept_and_in_doubt(of: Subject) -> None:
    """What came lands, the rest is in doubt."""
    of.panel.faults.append(truncating(300, action=of.call(Feed.ORDERS)))
    keep = Kept()
    with pytest.raises(CutShort) as caught:
        of.client.claim(Feed.ORDERS, "1", keep=keep)
    claimed = reader(caught.value.partial).claimed(Feed.ORDERS, "1", caught.value.partial, lambda: True)
    assert claimed.in_doubt
    assert keep.raws == [caught.value.partial]


@pytest.mark.parametrize("body", [b"", b"<html>Just a moment</html>", b'{"data":', b"[1", b"\xff\xfe", b'{"a":1}'])
@pytest.mark.parametrize("status", [200, 500, 503])
def test_no_bytes_are_taken_for_nothing_pending(of: Subject, status: int, body: bytes) -> None:
    """Whatever cannot be understood may have handed work out."""
    claimed = READERS[of.dialect].claimed(Feed.ORDERS, "1", RawAnswer(status, body, dialect=of.dialect), lambda: True)
    assert claimed.in_doubt
    assert claimed.problem


def test_updates_answer_per_order(of: Subject) -> None:
    """One result per id: taken, or refused with the panel's words."""
    of.claimed(Feed.ORDERS, "1")
    of.panel.refusals["16"] = ("bad_id", "Not this one")
    found = of.client.update_orders([OrderUpdate("15", Status.IN_PROGRESS, "120"), OrderUpdate("16", remains="3")])
    assert found["15"].verdict is Verdict.ACCEPTED
    assert found["16"].verdict is Verdict.REFUSED
    assert "Not this one" in found["16"].reason
    order = of.panel.state.orders["15"]
    assert (order.status, order.start_count) == ("In progress", "120")


def test_an_id_that_is_not_answered_is_unknown(of: Subject) -> None:
    """An absent id is not done."""
    of.panel.update_answers_for = 1
    found = of.client.update_orders([OrderUpdate("15", remains="1"), OrderUpdate("16", remains="2")])
    assert [found[key].verdict for key in ("15", "16")] == [Verdict.ACCEPTED, Verdict.UNKNOWN]


def test_an_update_is_said_again_after_a_lost_answer(of: Subject) -> None:
    """It says where things are to stand, so a repeat does no harm."""
    of.panel.faults.append(dropping(acts=True, action=of.call("update")))
    assert of.client.update_orders([OrderUpdate("15", remains="1")])["15"].verdict is Verdict.ACCEPTED
    assert of.client.calls[of.call("update")] == 2


def test_money_moves_once(of: Subject) -> None:
    """A refund is told once, and once only after a lost answer."""
    of.client.tell(push(Action.SET_PARTIAL, "15", remains="40"))
    of.client.tell(push(Action.SET_CANCELED, "16"))
    assert [key for key, _ in of.panel.state.refunds()] == ["15", "16"]
    of.panel.faults.append(dropping(acts=True, action=of.call("cancel")))
    with pytest.raises(Unknown):
        of.client.tell(push(Action.SET_CANCELED, "16"))
    assert of.client.calls[of.call("cancel")] == 2


def test_refills_cancels_payments_and_tickets(of: Subject) -> None:
    """The rest of what staff may do reaches the panel."""
    of.claimed(Feed.REFILLS, "")
    of.claimed(Feed.CANCELS, "")
    of.client.tell(push(Action.SET_REFILL_COMPLETED, "1", Feed.REFILLS))
    of.client.tell(push(Action.SET_CANCEL_REJECTED, "241", Feed.CANCELS, order="7635"))
    of.client.tell(push(Action.ADD_PAYMENT, "u", Feed.PAYMENTS, user="maria", amount="25.00", details="cash"))
    of.client.tell(push(Action.ADD_TICKET, "u", Feed.TICKETS, user="maria", subject="Hi", message="There"))
    state = of.panel.state
    assert (state.refills["1"].status, state.cancels["241"].status) == ("COMPLETED", "rejected")
    assert state.payments == [{"user": "maria", "amount": "25.00", "details": "cash"}]
    assert state.tickets == [{"user": "maria", "subject": "Hi", "message": "There"}]


def test_the_three_kinds_of_failure(of: Subject) -> None:
    """Refused, never sent, unknown: each is told from the others."""
    of.panel.refusals["15"] = ("bad_id", "No such order")
    with pytest.raises(Refused, match="No such order"):
        of.client.tell(push(Action.SET_CANCELED, "15"))
    of.panel.refusals.clear()
    of.panel.faults.append(answering(b"oops", 502, action=of.call("cancel")))
    with pytest.raises(Unknown):
        of.client.tell(push(Action.SET_CANCELED, "15"))
    of.client.close()
    with pytest.raises((NeverSent, RuntimeError)):
        of.client.tell(push(Action.SET_CANCELED, "15"))


def test_busy_is_not_acted_on_and_asked_again(of: Subject) -> None:
    """HTTP 429 is repeated also for a claim: the panel says that it did not act."""
    of.panel.faults.append(answering(b"", 429, action=of.call(Feed.ORDERS)))
    keep = Kept()
    assert of.claimed(Feed.ORDERS, "1", keep).count
    assert keep.agains == 1


def test_the_probe_changes_nothing_and_proves_the_key(of: Subject) -> None:
    """A good key passes without a trace; a wrong one, another address and a page are each told."""
    before = repr(of.panel.state)
    of.client.probe()
    assert repr(of.panel.state) == before
    of.panel.key = "another"
    with pytest.raises(AccessRefused):
        of.client.probe()
    other = subject(of.dialect, (LikeV2 if of.dialect == "v1" else PracticePanel)(2, 7, KEY))
    with pytest.raises((SettingsError, Unavailable, AccessRefused)):
        other.client.probe()


def test_the_key_stands_in_no_address_and_no_answer(of: Subject) -> None:
    """An echoed key is taken out before anything looks into the answer; no URL holds it."""
    of.panel.faults.append(
        answering(f'{{"error_code":1,"error_message":"bad {KEY}","error":"bad {KEY}"}}', 400, action=of.call("cancel"))
    )
    with pytest.raises(Refused) as caught:
        of.client.tell(push(Action.SET_CANCELED, "15"))
    of.claimed(Feed.ORDERS, "1")
    assert KEY not in str(caught.value)
    assert KEY not in repr(of.client)
    assert of.urls
    assert not [url for url in of.urls if KEY in url]


def test_v2_has_its_key_in_one_header_and_sends_no_money_in_updates() -> None:
    """X-Api-Key, and set-partial and cancel alone move money."""
    of = subject("v2")
    of.client.probe()
    assert of.headers[0]["x-api-key"] == KEY
    with pytest.raises(Refused):
        of.client.update_orders([OrderUpdate("15", Status.PARTIAL, remains="4")])
    assert of.client.calls[of.call("update")] == 0


def test_v2_pages_of_a_look_are_read_to_the_end() -> None:
    """More orders than one page holds are all found, and the list is known to be whole."""
    panel = LikeV2(0, 7, KEY, refills=0, cancels=0)
    for number in range(2500):
        panel.add_order(
            str(10_000 + number), "1", status="Processing", link="l", charge="1", user_id="u", quantity="10"
        )
    listing = subject("v2", panel).client.listed(["1"])
    assert (len(listing.orders), listing.whole) == (2500, True)


def test_v1_looks_only_where_a_setting_says_so() -> None:
    """`getOrders-by-id` is no part of the reference; what it answers reads like any look."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert b"getOrders-by-id" in request.read()
        orders = [
            {"id": "15", "service_id": "1", "link": "l", "quantity": "100", "status": "In progress", "remains": "40"}
        ]
        return httpx.Response(200, json={"status": "success", "orders": orders})

    panel = Panel("http://127.0.0.1:1/admin/v1", SecretStr(KEY), transport=httpx.MockTransport(answer), looks=True)
    assert not subject("v1").client.looks
    seen = panel.look(["15", "16"])
    assert list(seen) == ["15"]
    assert (seen["15"].status, seen["15"].remains, seen["15"].order) == (
        "In progress",
        "40",
        Order("15", "1", link="l", quantity="100", details=seen["15"].order.details),
    )


# --- the working day -----------------------------------------------------------------------------------------------------


def day(world: World) -> list[dict[str, list[dict[str, Any]]]]:
    """Work comes in, staff edit, decide, pay and write, and the sheet after each run."""
    seen = []
    tabs = ("orders", "refills", "cancels", "payments", "tickets")

    def after() -> None:
        assert world.run(force=True).code == 0
        seen.append(world.book_rows(tabs))

    after()
    world.edit("orders", {"15": {"status": "In progress", "start_count": 1200}, "16": {"status": "Canceled"}})
    world.type("refills", "1", status="In progress")
    world.type("cancels", "241", decision="Reject")
    world.add("payments", reference="P-1", user="maria", amount=25, details="cash", send="Yes")
    world.add("tickets", reference="T-1", user="maria", subject="Hi", message="There", send="Yes")
    after()
    world.edit("orders", {"15": {"status": "Partial", "remains": 40}})
    world.type("refills", "1", status="Completed")
    world.panel.add_order("9000", "2", link="l", charge="0.50", user_id="u", quantity="10")
    after()
    world.edit("orders", {"9000": {"status": "Compelted"}})
    after()
    world.edit("orders", {"9000": {"status": "Completed"}})
    after()
    return seen


def test_a_working_day_ends_the_same_in_every_dialect(tmp_path: Path) -> None:
    """docs/design.md 15: the same sheet, the same texts, the same panel afterwards."""
    days, ends = [], []
    for dialect, panel in (("v1", PracticePanel(30, 7)), ("v2", LikeV2(30, 7))):
        world = make(tmp_path / dialect, panel=panel)
        days.append(day(world))
        state = world.panel.state
        orders = {key: (one.status, one.start_count, one.remains, one.refunds) for key, one in state.orders.items()}
        ends.append((orders, state.payments, state.tickets, {k: v.status for k, v in state.refills.items()}))
    assert days[0] == days[1]
    assert ends[0] == ends[1]
