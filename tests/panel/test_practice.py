"""The practice panel behaves as the reference says, shows what happened to it, and fails on demand."""

from __future__ import annotations

import json
import signal
from collections import Counter
from decimal import Decimal

import httpx
import pytest

from reconcile.core.model import Action, OrderUpdate, RawAnswer, Status, Verdict
from reconcile.errors import AccessRefused, NeverSent, Refused, Unknown
from reconcile.panel import practice
from reconcile.panel.client import FIELDS, CutShort, Panel
from reconcile.panel.practice import PracticePanel, first_state

from .fakes import Secret, Time, panel
from .test_golden import EXAMPLES


def client_of(world: PracticePanel, time: Time | None = None) -> Panel:
    return panel(world.transport(), time, key=Secret(world.key))


def drain(client: Panel) -> list[str]:
    """All pending orders of the three services, asked for until fewer than 100 come."""
    ids: list[str] = []
    for service in practice.SERVICES:
        while True:
            claimed = client.get_orders(service)
            assert (claimed.problem, claimed.broken) == ("", ())
            ids += [row.id for row in claimed.rows]
            if claimed.count < practice.PAGE:
                break
    return ids


def test_the_first_data_are_the_references_own_examples() -> None:
    """Orders 15 and 16, refill 1 and cancel 241, in the reference's words."""
    client = client_of(PracticePanel(orders=2, refills=1, cancels=1))
    for action, params in ((Action.GET_ORDERS, {"type": "1"}), (Action.GET_REFILLS, {}), (Action.GET_CANCEL, {})):
        assert json.loads(client.call(action, params).body) == json.loads(EXAMPLES[action]["answer"])
    fresh = client_of(PracticePanel())
    assert json.loads(fresh.fetch_order("1").body) == json.loads(EXAMPLES[Action.GET_ORDER]["answer"])


def test_the_same_seed_is_the_same_world() -> None:
    """Reproducible, and another seed is another one."""
    assert first_state(250, 7) == first_state(250, 7)
    assert first_state(250, 7) != first_state(250, 8)
    assert PracticePanel(seed=7).key == PracticePanel(seed=7).key != PracticePanel(seed=8).key


@pytest.mark.parametrize("orders", [0, 1, 2, 5, 100, 250, 5000])
def test_there_are_as_many_pending_orders_as_asked_for(orders: int) -> None:
    """Over the three services, each handed out once, none twice."""
    world = PracticePanel(orders)
    ids = drain(client_of(world))
    assert len(ids) == len(set(ids)) == orders
    assert {order.status for order in world.state.orders.values() if order.handed} <= {"Processing"}


def test_250_orders_meet_the_page_border() -> None:
    """120, exactly 100, and 30."""
    world = PracticePanel()
    pending = [order for order in world.state.orders.values() if order.status == "Pending"]
    assert Counter(order.service for order in pending) == {"1": 120, "2": 100, "3": 30}
    assert len(world.state.refills) == 12
    assert list(world.state.cancels) == ["241", "242", "243", "244"]
    links, comments = {order.link[:1] for order in pending}, "".join(order.comments for order in pending)
    assert {"=", "@", "h", "t"} <= links
    assert all(part in comments for part in ("\r\n", "🔥", "&amp;"))
    assert any(order.sparse for order in pending)


def test_reading_hands_out_for_good() -> None:
    """A second claim gets the next orders, or none."""
    world = PracticePanel()
    client = client_of(world)
    drain(client)
    assert drain(client) == []
    assert len(client.get_refills().rows) == 12
    assert client.get_refills().rows == ()
    assert [row.id for _ in range(5) for row in client.get_cancel().rows] == ["241", "242", "243", "244"]
    assert {refill.status for refill in world.state.refills.values()} == {"PENDING"}


def test_a_cancel_that_never_ends() -> None:
    """Switchable, because the reference does not say that reading consumes it."""
    world = PracticePanel(cancels_for_ever=True)
    client = client_of(world)
    assert [client.get_cancel().rows[0].id for _ in range(3)] == ["241"] * 3
    client.set_cancel_rejected("241")
    assert client.get_cancel().rows[0].id == "242"


@pytest.mark.parametrize("empty", ["list", "fail200", "fail404"])
def test_none_in_three_ways(empty: str) -> None:
    """All are read as none."""
    client = client_of(PracticePanel(orders=0, refills=0, cancels=0, empty=empty))
    for claimed in (client.get_orders("1"), client.get_order("1"), client.get_refills(), client.get_cancel()):
        assert (claimed.rows, claimed.problem) == ((), "")


def test_updates_refunds_payments_and_tickets_are_on_record() -> None:
    """What happened can be asserted: statuses, counts, each refund, history."""
    world = PracticePanel(orders=0)
    world.add_order("1", charge="1.50", quantity="100")
    world.add_order("2", charge="2.00", quantity="10")
    client = client_of(world)
    client.update_orders(
        [OrderUpdate("1", Status.IN_PROGRESS, start_count="7"), OrderUpdate("2", Status.PARTIAL, remains="5")]
    )
    assert (world.state.orders["1"].status, world.state.orders["1"].start_count) == ("In progress", "7")
    assert world.state.refunds() == []
    client.set_partial("1", "50")
    client.set_canceled("2")
    client.set_canceled("2")
    assert [(id_, Decimal(amount)) for id_, amount in world.state.refunds()] == [
        ("1", Decimal("0.75")),
        ("2", Decimal(2)),
        ("2", Decimal(2)),
    ]
    assert world.state.orders["2"].history == ["Partial", "remains 5", "Canceled", "Canceled"]
    client.set_canceled("7635")
    assert world.state.cancels["241"].status == "approved"
    client.add_payment("maria", "5.00", "thanks", affiliate_commission=True)
    client.add_ticket("maria", "Hi", "two\nlines")
    assert world.state.payments == [
        {"user": "maria", "amount": "5.00", "details": "thanks", "affiliate_commission": "1"}
    ]
    assert world.state.tickets == [{"user": "maria", "subject": "Hi", "message": "two\nlines"}]
    client.set_refill_completed("1")
    assert world.state.refills["1"].status == "COMPLETED"
    assert [request.action for request in world.requests][:2] == ["updateOrders", "setPartial"]
    assert world.calls(Action.SET_PARTIAL)[0].param("remains") == "50"
    assert world.requests[0].orders[0] == {"id": "1", "status": "IN_PROGRESS", "start_count": "7"}


def test_refunds_through_update_orders_and_refused_repeats() -> None:
    """Both kinds of server exist."""
    world = PracticePanel(orders=0, update_refunds=True, refuse_repeats=True)
    world.add_order("1", charge="1.00", quantity="4")
    client = client_of(world)
    client.update_orders([OrderUpdate("1", Status.PARTIAL, remains="1")], once=True)
    assert world.state.refunds() == [("1", "0.25")]
    client.set_canceled("1")
    with pytest.raises(Refused, match="already canceled"):
        client.set_canceled("1")


@pytest.mark.parametrize("everything_200", [False, True])
def test_refusals_in_the_references_format(everything_200: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Missing parameters by name, wrong keys, unknown ids and actions; as 4xx or all as 200."""
    world = PracticePanel(orders=1, everything_200=everything_200)
    client = client_of(world)
    client.probe()
    for action in Action:
        if action in practice._REQUIRED:
            answer = client.call(action, {})
            missing = list(practice._REQUIRED[action])
            assert json.loads(answer.body)["missing"] == missing
            assert answer.status == (200 if everything_200 else 400)
    with pytest.raises(AccessRefused):
        panel(world.transport(), key=Secret("wrong-key")).probe()
    for refused in (
        lambda: client.set_completed("nope"),
        lambda: client.set_start_count("15", "many"),
        lambda: client.set_remains("15", "101"),
        lambda: client.add_payment("u", "-1", "d"),
        lambda: client.set_refill_rejected("99"),
        lambda: client.set_cancel_rejected("99"),
    ):
        with pytest.raises(Refused):
            refused()
    world.lacks.add(Action.UPDATE_ORDERS)
    with pytest.raises(Refused) as caught:
        client.update_orders([OrderUpdate("15", Status.COMPLETED)])
    assert caught.value.lacks_action


def test_every_action_is_served() -> None:
    """The client's parameters and the practice panel's are the same ones."""
    assert set(PracticePanel._ACTIONS) | {Action.UPDATE_ORDERS} == set(Action)
    assert all(set(names) <= set(FIELDS[action]) for action, names in practice._REQUIRED.items())


def test_bodies_of_other_clients_are_read() -> None:
    """urlencoded and JSON do what multipart does."""
    world = PracticePanel(orders=3)
    json_body = json.dumps({"key": world.key, "action": "setCompleted", "id": "15"}).encode()
    assert world.handle("POST", {"Content-Type": "application/json"}, json_body)[0] == 200
    form = f"key={world.key}&action=setRemains&id=15&remains=3".encode()
    assert world.handle("POST", {"content-type": "application/x-www-form-urlencoded"}, form)[0] == 200
    orders = f'key={world.key}&action=updateOrders&orders=[{{"id":"15","start_count":"4"}}]'.encode()
    assert world.handle("POST", {}, orders)[0] == 200
    order = world.state.orders["15"]
    assert (order.status, order.remains, order.start_count) == ("Completed", "3", "4")
    for junk in (b"", b"\xff{", b"[]", b"--"):
        for kind in ("application/json", "multipart/form-data; boundary=x", "multipart/form-data", ""):
            assert world.handle("POST", {"content-type": kind}, junk)[0] == 400
    assert world.handle("GET", {}, b"")[0] == 405
    assert world.handle("POST", {}, b"", "/other")[0] == 404


def test_scripted_faults() -> None:
    """Each fault is what it says, acts or does not, and is used up."""
    world, time = PracticePanel(orders=0), Time()
    world.add_order("1", quantity="9", charge="9")
    client = client_of(world, time)
    order = world.state.orders["1"]

    world.faults.append(practice.dropping(acts=True, action="setCanceled"))
    with pytest.raises(Unknown):
        client.set_canceled("1")
    assert len(order.refunds) == 1
    world.faults.append(practice.dropping(acts=False, action="setPartial"))
    with pytest.raises(Unknown):
        client.set_partial("1", "1")
    assert len(order.refunds) == 1
    world.faults.append(practice.truncating(20, action="addTicket"))
    with pytest.raises(CutShort) as caught:
        client.add_ticket("u", "s", "m")
    assert len(caught.value.partial.body) == 20
    assert len(world.state.tickets) == 1
    world.faults.append(practice.answering("<html>", 503))
    assert client.fetch_cancel() == RawAnswer(503, b"<html>", "text/html")
    world.faults.append(practice.rate_limiting("3", times=2))
    world.faults.append(practice.rate_limiting(at_200=True))
    client.set_completed("1")
    assert time.waited >= 6
    world.faults.append(practice.rate_limiting(times=99))
    with pytest.raises(NeverSent):
        client.add_payment("u", "1", "d")
    assert world.state.payments == []
    world.faults.clear()
    world.refusals["1"] = ("bad_remains", "Remains update is not allowed")
    assert client.update_orders([OrderUpdate("1", remains="1")])["1"].verdict is Verdict.REFUSED
    assert not world.faults


def test_update_orders_answering_for_some() -> None:
    """All are applied, two are answered for, as in the reference's own example."""
    world = PracticePanel(orders=0)
    for number in range(6):
        world.add_order(str(number))
    world.faults.append(practice.answering_for(2))
    updates = [OrderUpdate(str(number), Status.COMPLETED) for number in range(6)]
    client = client_of(world)
    results = client.update_orders(updates)
    assert [item.verdict for item in results.values()] == [Verdict.ACCEPTED] * 2 + [Verdict.UNKNOWN] * 4
    assert {order.status for order in world.state.orders.values() if order.id.isdigit() and int(order.id) < 6} == {
        "Completed"
    }
    world.update_answers_for = 5
    assert [item.verdict for item in client.update_orders(updates).values()].count(Verdict.UNKNOWN) == 1


def test_over_a_real_socket() -> None:
    """The same behaviour, its state for outside observers, and drops that are drops."""
    world = PracticePanel()
    with world.serving() as url, Panel(url, Secret(world.key), sleep=lambda _: None) as client:
        assert url.endswith("/admin/v1")
        client.probe()
        assert len(drain(client)) == 250
        world.faults.append(practice.dropping(acts=True))
        with pytest.raises(Unknown):
            client.set_canceled("15")
        world.faults.append(practice.truncating(10))
        with pytest.raises(CutShort):
            client.fetch_cancel()
        state_url = url.replace(practice.PATH, practice.STATE_PATH)
        with httpx.Client(trust_env=False) as outside:
            assert outside.get(state_url).status_code == 401
            seen = outside.get(state_url, headers={"Authorization": f"Bearer {world.key}"}).json()
        assert seen["state"]["orders"]["15"]["refunds"] == ["0.10029597233"]
        assert world.key not in json.dumps(seen)
        assert seen["requests"][-1]["action"] == "getCancel"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_with_a_signal(number: signal.Signals) -> None:
    """It says where it listens, serves, and puts the signal handlers back."""
    before = signal.getsignal(number)
    ready: list[dict[str, str]] = []

    def on_ready(found: dict[str, str]) -> None:
        ready.append(found)
        with Panel(found["url"], Secret(found["key"])) as client:
            assert client.get_orders("1").count == 2
        signal.raise_signal(number)

    practice.serve(0, 3, 1, on_ready)
    assert set(ready[0]) == {"url", "key"}
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_nested_too_deep_is_a_refusal(kind: str) -> None:
    """No body ends the practice panel's thread."""
    world = PracticePanel(2)
    deep = "[" * 100_000
    body = deep if kind == "application/json" else f"key={world.key}&action=updateOrders&orders={deep}"
    status, _, content = world.handle("POST", {"Content-Type": kind}, body.encode())
    assert (status, json.loads(content)["status"]) == (400, "fail")
