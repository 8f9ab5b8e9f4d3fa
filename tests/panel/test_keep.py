"""Kept before read: the bytes of every answer are handed over as they came, before anything looks into them."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconcile.core.model import Action, ItemResult, OrderUpdate, RawAnswer, Status, Verdict
from reconcile.errors import AccessRefused, NeverSent, Unknown
from reconcile.panel import answers
from reconcile.panel.client import CutShort, Panel, Redirected

from .fakes import KEY, Script, Time, ok, panel
from .test_client import ABSOLUTE, CLAIMS, Drip, assert_hidden, shown

if TYPE_CHECKING:
    from collections.abc import Callable

ORDERS = [{"id": str(n), "link": "l", "charge": "0.1", "quantity": "9"} for n in range(1, 6)]
LIMITED = {"status": "fail", "error": "rate_limited"}


class Kept:
    """A journal in memory: each thing it was told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, RawAnswer | None]] = []

    def arrived(self, raw: RawAnswer) -> None:
        self.told.append(("arrived", raw))

    def cleaned(self, raw: RawAnswer) -> None:
        self.told.append(("cleaned", raw))

    def again(self) -> None:
        self.told.append(("again", None))

    @property
    def words(self) -> list[str]:
        return [word for word, _ in self.told]


KEEPING: dict[str, Callable[[Panel, Kept], object]] = {
    "getOrder": lambda client, keep: client.fetch_order("1", keep),
    "getOrders": lambda client, keep: client.fetch_orders("1", keep),
    "getRefills": lambda client, keep: client.fetch_refills(None, keep),
    "getCancel": lambda client, keep: client.fetch_cancel(None, keep),
    "setCanceled": lambda client, keep: client.set_canceled("1", keep=keep),
    "setPartial": lambda client, keep: client.set_partial("1", "5", keep=keep),
    "addPayment": lambda client, keep: client.add_payment("u", "1.00", "d", keep=keep),
    "addTicket": lambda client, keep: client.add_ticket("u", "s", "m", keep=keep),
    "updateOrders": lambda client, keep: client.update_orders([OrderUpdate("1", Status.PARTIAL, remains="1")], once=True, keep=keep),
    "call": lambda client, keep: client.call(Action.SET_CANCELED, {"id": "1"}, keep),
    "send": lambda client, keep: client.send(Action.SET_CANCELED, {"id": "1"}, keep=keep),
}  # fmt: skip


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - what it is is what the test looks at
        return error


def streamed(body: bytes, status: int = 200, **headers: str) -> httpx.MockTransport:
    """A server whose bytes come as they are: httpx unpacks what is given to a Response as content."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.MockTransport(lambda _: httpx.Response(status, headers=named, stream=Drip(Time(), body, 1, 0)))


@pytest.mark.parametrize("name", KEEPING)
@pytest.mark.parametrize("label", ["gzip", "deflate", "br", ""])
def test_the_bytes_are_kept_as_they_are_on_the_wire(name: str, label: str) -> None:
    """Packed as they came, with their label, whatever it is; nothing else is told."""
    body = gzip.compress(b'{"status":"success"}')
    keep = Kept()
    outcome(lambda: KEEPING[name](panel(streamed(body, 200, content_type="x/y", content_encoding=label)), keep))
    assert keep.told == [("arrived", RawAnswer(200, body, "x/y", label))]


@pytest.mark.parametrize("name", KEEPING)
def test_every_attempt_is_kept(name: str) -> None:
    """An answer that says "slow down" is kept, too, and the next attempt is announced."""
    keep = Kept()
    script = Script(
        httpx.ConnectError("x"), httpx.Response(429, text="slow down"), httpx.Response(200, json=LIMITED), ok()
    )
    outcome(lambda: KEEPING[name](panel(script), keep))
    assert keep.words == ["arrived", "again", "arrived", "again", "arrived"]
    assert len(script.requests) == 4


def test_the_last_attempt_is_not_announced_twice() -> None:
    """Five answers, four announcements; a signal ends the announcements, too."""
    keep = Kept()
    with pytest.raises(NeverSent):
        panel(Script(httpx.Response(429))).set_canceled("1", keep=keep)
    assert keep.words == ["arrived", "again"] * 4 + ["arrived"]
    keep = Kept()
    with pytest.raises(NeverSent):
        panel(Script(httpx.Response(429)), may_continue=lambda: False).set_canceled("1", keep=keep)
    assert keep.words == ["arrived"]


@pytest.mark.parametrize("name", KEEPING)
def test_a_cut_answer_and_a_redirect_are_kept(name: str) -> None:
    """Whatever came, before the failure is told."""
    keep = Kept()
    client = panel(
        httpx.MockTransport(lambda _: httpx.Response(200, stream=Drip(Time(), b"0123", 2, 0, httpx.ReadError("x"))))
    )
    assert isinstance(outcome(lambda: KEEPING[name](client, keep)), CutShort)
    assert keep.told == [("arrived", RawAnswer(200, b"01230123"))]
    keep = Kept()
    client = panel(streamed(b'{"orders":[]}' + b" " * 100_000, 302, location="/x"))
    assert isinstance(outcome(lambda: KEEPING[name](client, keep)), Redirected)
    assert [(word, raw.status, raw.body[:13]) for word, raw in keep.told if raw] == [("arrived", 302, b'{"orders":[]}')]


FORMS = {
    "plain": (json.dumps({"message": KEY}).encode(), ""),
    "gzip": (gzip.compress(json.dumps({"message": KEY}).encode()), "gzip"),
    "gzip without a label": (gzip.compress(json.dumps({"message": KEY}).encode()), ""),
    "deflate": (zlib.compress(json.dumps({"message": KEY}).encode()), "deflate"),
    "twice": (gzip.compress(gzip.compress(json.dumps({"message": KEY}).encode())), "gzip"),
    "UTF-16": (json.dumps({"message": KEY}).encode("utf-16"), ""),
    "gzip and UTF-16": (gzip.compress(json.dumps({"message": KEY}).encode("utf-16")), "gzip"),
    "in the bytes of a packing": (gzip.compress(b"{}") + KEY.encode(), "gzip"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", KEEPING)
def test_an_echoed_key_is_replaced_before_anything_is_read(name: str, form: str) -> None:
    """Kept first as it came, then replaced by its text without the key; only that is returned or raised."""
    body, label = FORMS[form]
    keep = Kept()
    found = outcome(
        lambda: KEEPING[name](panel(streamed(body, content_type="application/json", content_encoding=label)), keep)
    )
    assert keep.words == ["arrived", "cleaned"]
    (_, first), (_, last) = keep.told
    assert first == RawAnswer(200, body, "application/json", label)
    assert last is not None
    assert last.encoding == ""
    assert_hidden(last.body.decode())
    assert_hidden(repr(found))
    if isinstance(found, RawAnswer):
        assert found == last


def test_a_keeper_that_fails_shows_no_answer() -> None:
    """Its error goes up as it is, without the frames that hold an echoed key."""

    class Full(Kept):
        def arrived(self, raw: RawAnswer) -> None:
            raise MemoryError(len(raw.body))

    with pytest.raises(MemoryError) as caught:
        panel(streamed(json.dumps({"message": KEY}).encode())).fetch_orders("1", Full())
    assert caught.value.__traceback__ is not None
    assert_hidden("".join(shown(caught.value).split("test_keep.py")[:1]))


# --- contradictions ------------------------------------------------------------------------------------------------------------


AROUND_ORDERS = [
    httpx.Response(429, headers={"Retry-After": "1"}, json={**LIMITED, "orders": ORDERS}),
    httpx.Response(200, json={**LIMITED, "orders": ORDERS}),
    httpx.Response(
        503, headers={"Retry-After": "1"}, json={"status": "fail", "error": "rate_limited", "orders": ORDERS}
    ),
    httpx.Response(401, json={"status": "fail", "error": "bad_auth", "orders": ORDERS}),
    httpx.Response(403, json={"error": "Invalid API key", "orders": ORDERS}),
    httpx.Response(429, content=gzip.compress(json.dumps({"orders": ORDERS}).encode())),
    httpx.Response(429, text="PHP Notice [x]\n" + json.dumps({"orders": ORDERS})),
    httpx.Response(429, text=json.dumps({"orders": ORDERS})[:-2]),
    httpx.Response(429, json={"orders": ORDERS, "x": "y" * 100_000}),
]


@pytest.mark.parametrize("place", range(len(AROUND_ORDERS)))
def test_orders_inside_a_no_are_claimed_once(place: int) -> None:
    """One request, and all five are there."""
    script = Script(AROUND_ORDERS[place], httpx.Response(200, json={"status": "success", "orders": []}))
    answer = panel(script).fetch_orders("7")
    assert [row.id for row in answers.read_orders(answer, "7").rows] == ["1", "2", "3", "4", "5"]
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (httpx.Response(429, json={"status": "success", "message": "yes"}), str),
        (httpx.Response(200, json={"status": "success", "error": "rate_limited"}), Unknown),
        (httpx.Response(429, json={**LIMITED, "payment": 5}), Unknown),
        (httpx.Response(429, content=b"\x1f\x8b\x08\x00cut"), Unknown),
        (httpx.Response(429, text='{"status":"succ'), (NeverSent, Unknown)),
        (httpx.Response(503, headers={"Retry-After": "1"}, json={"status": "success"}), Unknown),
    ],
)
@pytest.mark.parametrize("name", ["setCanceled", "setPartial", "addPayment", "addTicket"])
def test_money_inside_a_no_is_sent_once(name: str, step: httpx.Response, kind: Any) -> None:
    """A clear success is one; what is not a clear "not acted on" is unknown, and is never repeated."""
    script = Script(step)
    assert isinstance(outcome(lambda: KEEPING[name](panel(script), Kept())), kind)
    if kind != (NeverSent, Unknown):
        assert len(script.requests) == 1


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500, 503])
@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("word", ["rate_limited", "internal_error", "bad_auth", "bad_order_list"])
def test_results_inside_a_failure_count_at_once(status: int, once: bool, word: str) -> None:  # noqa: FBT001 - a parameter
    """One request; each order's own result stands."""
    script = Script(
        httpx.Response(status, json={"status": "fail", "error": word, "orders": {"1": {"status": "success"}}})
    )
    updates = [OrderUpdate("1", Status.COMPLETED), OrderUpdate("2", Status.COMPLETED)]
    found = panel(script).update_orders(updates, once=once)
    assert found["1"] == ItemResult(Verdict.ACCEPTED)
    assert found["2"].verdict is Verdict.UNKNOWN
    assert len(script.requests) == 1


def test_a_wrong_key_without_results_is_still_one() -> None:
    """Nothing was done, and the run has to stop."""
    with pytest.raises(AccessRefused):
        panel(Script(httpx.Response(401, json={"status": "fail", "error": "bad_auth"}))).update_orders(
            [OrderUpdate("1")]
        )


def test_what_is_asked_for_and_who_asks() -> None:
    """JSON, in the two packings that are unpacked here."""
    for call in (*CLAIMS.values(), *ABSOLUTE.values()):
        script = Script(ok())
        outcome(lambda call=call, script=script: call(panel(script)))  # type: ignore[misc]
        sent = script.requests[0].headers
        assert (sent["accept"], sent["accept-encoding"]) == ("application/json", "gzip, deflate")
        assert sent["user-agent"].startswith("reconcile")
