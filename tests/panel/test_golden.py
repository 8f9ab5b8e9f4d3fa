"""The reference's every request and response example: what we send is what it shows, what it answers is understood.

golden/reference.json holds each example's form fields (or JSON body) and answer, word for word.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconcile.core.model import (
    Action,
    CancelTask,
    Claimed,
    Feed,
    ItemResult,
    Order,
    OrderUpdate,
    Refill,
    Status,
    Verdict,
)
from reconcile.errors import AccessRefused
from reconcile.panel import answers
from reconcile.panel.client import FIELDS, Panel

from .fakes import Script, Secret, fields, panel, raw

REFERENCE = json.loads((Path(__file__).parent / "golden" / "reference.json").read_text(encoding="utf-8"))
EXAMPLES = {Action(example["action"]): example for example in REFERENCE["examples"]}

USER = "1a6803ab-d7ca-4b55-93da-ac150fd27108"
ORDER_15 = Order("15", "SERVICE_ID", "https://www.tiktok.com/@user", "0.10029597233", USER, "100", "")
ORDER_16 = Order("16", "SERVICE_ID", "https://www.tiktok.com/@kuser2", "0.10029597233", USER, "100", "")
REFILL = Refill("1", "24", "3412", "https://aa.com", "0", "10", "2024-12-04T18:01:57.608Z")
UPDATES = (
    OrderUpdate("1", Status.IN_PROGRESS),
    OrderUpdate("2", Status.PROCESSING, start_count="22"),
    OrderUpdate("3", Status.PARTIAL, remains="10"),
    OrderUpdate("4", Status.COMPLETED),
    OrderUpdate("5", start_count="32"),
    OrderUpdate("6", remains="76"),
)
ABSENT = ItemResult(Verdict.UNKNOWN, "the panel's answer does not mention this order")

CALLS: dict[Action, tuple[Any, Any]] = {
    Action.GET_ORDER: (
        lambda client: client.get_order("SERVICE_ID"),
        Claimed(Feed.ORDERS, "SERVICE_ID", (ORDER_15,)),
    ),
    Action.GET_ORDERS: (
        lambda client: client.get_orders("SERVICE_ID"),
        Claimed(Feed.ORDERS, "SERVICE_ID", (ORDER_15, ORDER_16)),
    ),
    Action.UPDATE_ORDERS: (
        lambda client: client.update_orders(UPDATES),
        {"1": ItemResult(Verdict.ACCEPTED), "2": ItemResult(Verdict.ACCEPTED), **dict.fromkeys("3456", ABSENT)},
    ),
    Action.SET_IN_PROGRESS: (
        lambda client: client.set_in_progress("ORDER_ID", 100),
        "Order set in progress successfully",
    ),
    Action.SET_PROCESSING: (lambda client: client.set_processing("ORDER_ID"), "Order set processing successfully"),
    Action.SET_START_COUNT: (
        lambda client: client.set_start_count("ORDER_ID", "100"),
        "Order set started successfully",
    ),
    Action.SET_CANCELED: (lambda client: client.set_canceled("ORDER_ID"), "Order set refunded successfully"),
    Action.SET_PARTIAL: (lambda client: client.set_partial("ORDER_ID", 50), "Order set partial successfully"),
    Action.SET_COMPLETED: (lambda client: client.set_completed("ORDER_ID"), "Order set completed successfully"),
    Action.SET_REMAINS: (lambda client: client.set_remains("ORDER_ID", "25"), "Order set remains successfully"),
    Action.GET_REFILLS: (
        lambda client: client.get_refills("SERVICE_ID"),
        Claimed(Feed.REFILLS, "SERVICE_ID", (REFILL,)),
    ),
    Action.GET_CANCEL: (
        lambda client: client.get_cancel("SERVICE_ID"),
        Claimed(Feed.CANCELS, "SERVICE_ID", (CancelTask("241", "7635", "1", "https://x.com/fast"),)),
    ),
    Action.SET_REFILL_COMPLETED: (
        lambda client: client.set_refill_completed("REFILL_ID"),
        "Refill has been set to completed successfully",
    ),
    Action.SET_REFILL_REJECTED: (
        lambda client: client.set_refill_rejected("REFILL_ID"),
        "Refill has been set to rejected successfully",
    ),
    Action.SET_REFILL_IN_PROGRESS: (
        lambda client: client.set_refill_in_progress("REFILL_ID"),
        "Refill has been set to in progress successfully",
    ),
    Action.SET_CANCEL_REJECTED: (
        lambda client: client.set_cancel_rejected("CANCEL_ID"),
        "Refill has been cancelled successfully",
    ),
    Action.ADD_PAYMENT: (
        lambda client: client.add_payment(
            "user_adress@mail.com", "100.00", "Payment for services", affiliate_commission=False
        ),
        "Payment has been added successfully",
    ),
    Action.ADD_TICKET: (
        lambda client: client.add_ticket("user_adress@mail.com", "Support Request", "I need assistance with my order."),
        "Ticket has been created successfully",
    ),
}


def reference_panel(action: Action) -> tuple[Panel, Script]:
    script = Script(httpx.Response(200, content=EXAMPLES[action]["answer"].encode()))
    return panel(script, key=Secret("YOUR_API_KEY")), script


def test_the_reference_has_an_example_of_every_action() -> None:
    """Nothing below can be forgotten."""
    assert set(EXAMPLES) == set(Action) == set(CALLS) == set(FIELDS)


@pytest.mark.parametrize("action", Action)
def test_each_example_is_sent_as_shown_and_its_answer_understood(action: Action) -> None:
    """One call sends the reference's bytes and returns what its answer says."""
    client, script = reference_panel(action)
    call, expected = CALLS[action]
    assert call(client) == expected
    (request,) = script.requests
    assert (request.method, str(request.url)) == ("POST", "http://127.0.0.1:9/admin/v1")
    assert client.calls == {action.value: 1}
    if action is Action.UPDATE_ORDERS:
        assert request.headers["content-type"] == "application/json"
        assert request.content == json.dumps(json.loads(EXAMPLES[action]["json"])).encode()
    else:
        assert fields(request) == [tuple(pair) for pair in EXAMPLES[action]["form"]]


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.UPDATE_ORDERS])
def test_the_generic_call_sends_the_same_bytes(action: Action) -> None:
    """`panel ACTION` by hand is the same request, whatever order the parameters were given in."""
    client, script = reference_panel(action)
    form = [tuple(pair) for pair in EXAMPLES[action]["form"]]
    answer = client.call(action, dict(reversed(form[2:])))
    assert fields(script.requests[0]) == form
    assert answer.body == EXAMPLES[action]["answer"].encode()


def test_the_generic_update_sends_the_list_as_json() -> None:
    """`orders` is JSON text there, because a call by hand has only text."""
    client, script = reference_panel(Action.UPDATE_ORDERS)
    client.call(Action.UPDATE_ORDERS, {"orders": '[{"id": "1"}]'})
    client.call(Action.UPDATE_ORDERS, {"orders": "no list"})
    client.call(Action.UPDATE_ORDERS, {})
    assert [request.content for request in script.requests] == [
        b'{"key": "YOUR_API_KEY", "action": "updateOrders", "orders": [{"id": "1"}]}',
        b'{"key": "YOUR_API_KEY", "action": "updateOrders", "orders": "no list"}',
        b'{"key": "YOUR_API_KEY", "action": "updateOrders"}',
    ]


def test_optional_parameters_are_left_out_not_sent_empty() -> None:
    """What the caller does not say is not said to the panel."""
    script = Script(httpx.Response(200, json={"status": "success", "message": ""}))
    client = panel(script, key=Secret("YOUR_API_KEY"))
    client.get_refills()
    client.get_cancel()
    client.set_in_progress("1")
    client.add_payment("u", "1", "d")
    assert [fields(request)[2:] for request in script.requests] == [
        [],
        [],
        [("id", "1")],
        [("user", "u"), ("amount", "1"), ("details", "d")],
    ]


def test_the_references_error_is_a_refused_key() -> None:
    """`missing: ["key"]` stops the run, with the panel's own words."""
    with pytest.raises(AccessRefused) as caught:
        answers.read_single(raw(REFERENCE["error"], 400))
    assert caught.value.what == "the panel does not accept the key (it says: “Key is required”)"
