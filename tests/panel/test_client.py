"""The client: which failure is which, what is repeated and what never, and that the key shows nowhere."""

from __future__ import annotations

import base64
import html
import json
import logging
import socket
import threading
import traceback
import urllib.parse
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import certifi
import httpx
import pytest
from pydantic import SecretStr

from reconcile import boundary
from reconcile.core.model import Action, ItemResult, OrderUpdate, RawAnswer, Status, Verdict
from reconcile.errors import AccessRefused, NeverSent, ReconcileError, Refused, SettingsError, Unavailable, Unknown
from reconcile.panel.client import CutShort, Panel, Redirected, Timeouts
from reconcile.panel.retry import Policy

from .fakes import KEY, URL, Script, Secret, Time, fields, ok, panel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UPDATE = [OrderUpdate("1", Status.COMPLETED)]

CLAIMS: dict[str, Callable[[Panel], object]] = {
    "getOrder": lambda client: client.fetch_order("1"),
    "getOrders": lambda client: client.fetch_orders("1"),
    "getRefills": lambda client: client.fetch_refills(),
    "getCancel": lambda client: client.fetch_cancel(),
}
ONCE: dict[str, Callable[[Panel], object]] = {
    "setCanceled": lambda client: client.set_canceled("1"),
    "setPartial": lambda client: client.set_partial("1", "5"),
    "addPayment": lambda client: client.add_payment("u", "1.00", "d"),
    "addTicket": lambda client: client.add_ticket("u", "s", "m"),
    "updateOrders once": lambda client: client.update_orders(UPDATE, once=True),
}
ABSOLUTE: dict[str, Callable[[Panel], object]] = {
    "updateOrders": lambda client: client.update_orders(UPDATE),
    "setInprogress": lambda client: client.set_in_progress("1"),
    "setProcessing": lambda client: client.set_processing("1"),
    "setCompleted": lambda client: client.set_completed("1"),
    "setStartcount": lambda client: client.set_start_count("1", 1),
    "setRemains": lambda client: client.set_remains("1", 1),
    "setRefillCompleted": lambda client: client.set_refill_completed("1"),
    "setRefillRejected": lambda client: client.set_refill_rejected("1"),
    "setRefillInprogress": lambda client: client.set_refill_in_progress("1"),
    "setCancelRejected": lambda client: client.set_cancel_rejected("1"),
}
ALL = CLAIMS | ONCE | ABSOLUTE
NEVER_REPEATED = CLAIMS | ONCE

NEVER_SENT = [
    httpx.ConnectError("[Errno 111] Connection refused"),
    httpx.ConnectError("[Errno -2] Name or service not known"),
    httpx.ConnectTimeout("timed out"),
    httpx.PoolTimeout(""),
    httpx.UnsupportedProtocol("no"),
    httpx.ProxyError("407"),
]
MAYBE_SENT = [
    httpx.ReadTimeout("timed out"),
    httpx.WriteTimeout("timed out"),
    httpx.ReadError("[Errno 104] Connection reset by peer"),
    httpx.WriteError("[Errno 32] Broken pipe"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    httpx.LocalProtocolError("?"),
    ConnectionResetError("reset"),
]


def test_every_action_has_its_class() -> None:
    """The three classes are those of the model, and together they are all actions."""
    assert {Action(name) for name in CLAIMS} == {action for action in Action if action.claims}
    assert {Action(name) for name in ONCE if " " not in name} == {action for action in Action if action.once}
    assert {Action(name.split()[0]) for name in ALL} == set(Action)


# --- never sent ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("error", NEVER_SENT, ids=lambda error: type(error).__name__)
def test_what_never_left_is_repeated_for_every_class(name: str, error: Exception) -> None:
    """Five attempts, four growing waits, then NeverSent."""
    time, script = Time(), Script(error)
    client = panel(script, time)
    with pytest.raises(NeverSent) as caught:
        ALL[name](client)
    assert len(script.requests) == sum(client.calls.values()) == 5
    assert time.waited == 0.25 + 0.5 + 1 + 2
    assert caught.value.what.startswith(f"the panel at {URL} could not be reached (")


@pytest.mark.parametrize("name", ALL)
def test_a_call_that_left_at_the_second_attempt_succeeds(name: str) -> None:
    """One refused connection costs nothing but half a second."""
    script = Script(httpx.ConnectError("refused"), ok())
    assert ALL[name](panel(script)) is not None
    assert len(script.requests) == 2


# --- unknown ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NEVER_REPEATED)
@pytest.mark.parametrize("error", MAYBE_SENT, ids=lambda error: type(error).__name__)
def test_what_may_have_left_is_never_repeated(name: str, error: Exception) -> None:
    """Claims, money, messages: exactly one request, and Unknown."""
    time, script = Time(), Script(error)
    with pytest.raises(Unknown, match="it may or may not have acted"):
        NEVER_REPEATED[name](panel(script, time))
    assert len(script.requests) == 1
    assert time.slept == []


@pytest.mark.parametrize("name", ABSOLUTE)
@pytest.mark.parametrize("error", MAYBE_SENT, ids=lambda error: type(error).__name__)
def test_absolute_updates_are_repeated_then_unknown(name: str, error: Exception) -> None:
    """They say where things are to stand, so once more does no harm; five times at most."""
    script = Script(error)
    with pytest.raises(Unknown):
        ABSOLUTE[name](panel(script))
    assert len(script.requests) == 5


@pytest.mark.parametrize("name", ABSOLUTE)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_absolute_updates_are_repeated_after_a_5xx(name: str, status: int) -> None:
    """A Retry-After with it is honoured; the success afterwards counts."""
    time, script = Time(), Script(httpx.Response(status, headers={"Retry-After": "4"}, html="<h1>oops"), ok())
    ABSOLUTE[name](panel(script, time))
    assert (len(script.requests), time.waited) == (2, 4)


@pytest.mark.parametrize("name", ONCE)
def test_money_and_messages_are_unknown_after_a_5xx(name: str) -> None:
    """One request, whatever the server says about itself."""
    for answer in (
        httpx.Response(503, html="<h1>"),
        httpx.Response(500, json={"status": "fail", "error": "internal_error"}),
    ):
        script = Script(answer)
        with pytest.raises(Unknown):
            ONCE[name](panel(script))
        assert len(script.requests) == 1


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("status", [200, 202, 204, 400, 401, 403, 404, 418, 500, 503])
def test_a_claims_answer_comes_back_unread_whatever_its_code(name: str, status: int) -> None:
    """The journal gets the bytes before anybody judges them."""
    script = Script(httpx.Response(status, content=b"<html>\xff", headers={"Content-Type": "text/html"}))
    assert CLAIMS[name](panel(script)) == RawAnswer(status, b"<html>\xff", "text/html")
    assert len(script.requests) == 1


@pytest.mark.parametrize("name", ALL)
def test_a_redirect_is_not_followed_and_not_repeated(name: str) -> None:
    """It would turn the POST into a GET; the words say what to set, without query and password."""
    where = "https://user:pass@new.example.com:8443/admin/v1?key=1#x"
    for status in (301, 302, 303, 307, 308):
        script = Script(httpx.Response(status, headers={"Location": where}))
        with pytest.raises(Redirected) as caught:
            ALL[name](panel(script))
        assert len(script.requests) == 1
        assert caught.value.what == (
            "the panel redirected to https://new.example.com:8443/admin/v1; redirects are not followed, and it may or may "
            "not have acted"
        )
        assert caught.value.next_step == "Set RECONCILE_PANEL_URL to https://new.example.com:8443/admin/v1."


@pytest.mark.parametrize("location", ["/", "/login", "https://127.0.0.1:9/"])
def test_a_redirect_to_a_front_page(location: str) -> None:
    """That is no API's address, so nobody is told to set it."""
    with pytest.raises(Redirected) as caught:
        panel(Script(httpx.Response(302, headers={"Location": location}))).fetch_orders("1")
    assert caught.value.next_step == (
        "Check RECONCILE_PANEL_URL: the admin API is elsewhere, for instance http://127.0.0.1:9/adminapi/v1."
    )


@pytest.mark.parametrize("location", ["", "http://[::1", "//", "http://host:port/"])
def test_a_redirect_to_nowhere(location: str) -> None:
    """Also without a usable target it is a redirect, or at least unknown."""
    with pytest.raises(Unknown):
        panel(Script(httpx.Response(302, headers={"Location": location}))).fetch_orders("1")


# --- "slow down" -------------------------------------------------------------------------------------------------------------

BUSY = httpx.Response(429, headers={"Retry-After": "2"}, text="slow down")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "busy",
    [BUSY, httpx.Response(200, headers={"Retry-After": "2"}, json={"status": "fail", "error": "rate_limited"})],
    ids=["429", "200"],
)
def test_slow_down_means_not_acted_and_is_repeated_for_every_class(name: str, busy: httpx.Response) -> None:
    """Waits what was asked, then sends the same again."""
    time, script = Time(), Script(busy, busy, ok())
    ALL[name](panel(script, time))
    assert len(script.requests) == 3
    assert time.waited == pytest.approx(4.0)
    first, *others = [request.content for request in script.requests]
    assert [len(other) for other in others] == [len(first)] * 2


@pytest.mark.parametrize("name", ONCE | ABSOLUTE)
def test_slow_down_for_ever_ends_as_never_acted(name: str) -> None:
    """Bounded in count and in time."""
    time, script = Time(), Script(BUSY)
    with pytest.raises(NeverSent, match="the panel asks us to slow down; it did not act"):
        ALL[name](panel(script, time))
    assert len(script.requests) == 5
    assert time.waited <= 45


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:09 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 9),
        ({"Retry-After": "86400"}, 20),
        ({"Retry-After": "whenever"}, 0.25),
        ({}, 0.25),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], waited: float) -> None:
    """Seconds, a date, too long, nonsense, missing."""
    time = Time()
    panel(Script(httpx.Response(429, headers=headers), ok()), time).fetch_orders("1")
    assert time.waited == waited


def test_slow_down_slows_all_later_calls() -> None:
    """The pace doubles each time, up to five seconds, and stays."""
    script = Script(*[httpx.Response(429)] * 3, ok())
    client = panel(script, policy=Policy(seconds=1000))
    assert client.pace == 0.0
    client.fetch_orders("1")
    assert client.pace == 1.0
    for _ in range(3):
        script.steps[len(script.requests) :] = [httpx.Response(429), httpx.Response(429), ok(), ok()]
        client.fetch_orders("1")
    assert client.pace == 5.0


def test_calls_are_paced_from_start_to_start() -> None:
    """Time that passed anyway is not waited again."""
    time = Time()
    client = panel(Script(ok()), time, pace=0.2)
    client.set_processing("1")
    assert time.slept == []
    time.now += 0.15
    client.set_processing("1")
    time.now += 60
    client.set_processing("1")
    client.set_processing("1")
    assert time.slept == [pytest.approx(0.05), pytest.approx(0.2)]


def test_the_pace_is_gentle_by_default_and_none_towards_this_machine() -> None:
    """0.2 s between two requests to a real panel."""
    with Panel("https://panel.example/admin/v1", Secret()) as client:
        assert client.pace == 0.2
    assert panel(Script(ok())).pace == 0.0


def test_a_signal_ends_the_retries() -> None:
    """No wait is begun once the run may not continue."""
    time, script = Time(), Script(BUSY)
    with pytest.raises(NeverSent):
        panel(script, time, may_continue=lambda: False).set_canceled("1")
    assert (len(script.requests), time.slept) == (1, [])


def test_one_call_is_bounded_as_a_whole() -> None:
    """However slowly every attempt fails, no new one starts after the limit."""
    time = Time()

    def slow(request: httpx.Request) -> httpx.Response:
        time.now += 30
        raise httpx.ReadTimeout("")

    script = Script(slow)
    client = panel(script, time)
    with pytest.raises(Unknown):
        client.set_completed("1")
    assert len(script.requests) == 2
    assert client.longest_call == 120.0


# --- bodies that do not end well ------------------------------------------------------------------------------------------------


class Drip(httpx.SyncByteStream):
    """A body in pieces, each taking some seconds of the clock."""

    def __init__(self, time: Time, piece: bytes, pieces: int, seconds: float, error: Exception | None = None) -> None:
        self.time, self.piece, self.pieces, self.seconds, self.error = time, piece, pieces, seconds, error

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.pieces):
            self.time.now += self.seconds
            yield self.piece
        if self.error:
            raise self.error


def dripping(drip: Drip, headers: dict[str, str] | None = None) -> Any:
    return httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=drip))


def test_a_slow_drip_ends() -> None:
    """A byte a second never runs into a read timeout; the total does."""
    time = Time()
    with pytest.raises(CutShort, match="the panel's answer took longer than 60 s; it may") as caught:
        panel(dripping(Drip(time, b"x", 10_000, 1.0)), time).fetch_orders("1")
    assert caught.value.partial == RawAnswer(200, b"x" * 61, "")


def test_an_endless_body_ends() -> None:
    """What came until then is kept, for the journal."""
    time = Time()
    with pytest.raises(CutShort, match="is larger than 5,000 bytes") as caught:
        panel(dripping(Drip(time, b"x" * 1000, 10**9, 0)), time, max_bytes=5000).fetch_orders("1")
    assert len(caught.value.partial.body) == 6000


@pytest.mark.parametrize("error", MAYBE_SENT[:3] + MAYBE_SENT[4:5], ids=lambda error: type(error).__name__)
def test_a_body_that_breaks_off_is_kept(error: Exception) -> None:
    """The orders in it reached us."""
    time = Time()
    with pytest.raises(CutShort, match="broke off after 20 bytes") as caught:
        panel(dripping(Drip(time, b"0123456789", 2, 0, error)), time).fetch_orders("1")
    assert caught.value.partial.body == b"01234567890123456789"


def test_a_body_shorter_than_announced_is_cut_short() -> None:
    """Also where the transport does not notice."""
    time = Time()
    with pytest.raises(CutShort, match="broke off after 10 of 12 bytes"):
        panel(dripping(Drip(time, b"0123456789", 1, 0), {"Content-Length": "12"}), time).fetch_orders("1")


def test_a_label_of_gzip_around_what_is_none() -> None:
    """The label is a hint: what came is given back as it came."""
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Drip(Time(), b"no gzip", 1, 0))
    )
    assert panel(transport).fetch_orders("1") == RawAnswer(200, b"no gzip", "", "gzip")


# --- what an answer raises -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ONCE | ABSOLUTE)
def test_a_refusal_has_the_panels_word_and_plain_words(name: str) -> None:
    """Refused, at 200 and at 4xx, never repeated."""
    for status in (200, 400, 404):
        script = Script(
            httpx.Response(status, json={"status": "fail", "error": "bad_id", "message": "Order not found"})
        )
        with pytest.raises(Refused) as caught:
            ALL[name](panel(script))
        assert caught.value.what == "the panel does not know this order (it says: “Order not found”)"
        assert (caught.value.word, caught.value.lacks_action, len(script.requests)) == ("bad_id", False, 1)


@pytest.mark.parametrize("name", ONCE | ABSOLUTE)
def test_an_action_the_panel_lacks(name: str) -> None:
    """Refused, and marked so that the caller can do without."""
    with pytest.raises(Refused) as caught:
        ALL[name](panel(Script(httpx.Response(400, json={"status": "fail", "error": "bad_action"}))))
    assert caught.value.lacks_action


@pytest.mark.parametrize("name", ONCE | ABSOLUTE)
def test_a_wrong_key_is_access_refused(name: str) -> None:
    """Not a refusal of this row."""
    with pytest.raises(AccessRefused):
        ALL[name](panel(Script(httpx.Response(401, json={"status": "fail", "error": "bad_auth"}))))


@pytest.mark.parametrize(
    "body", ["", "<html>", "{", "[]", "null", '{"status":"maybe"}', '{"status":"success","error":"x"}']
)
@pytest.mark.parametrize("name", ONCE | ABSOLUTE)
def test_an_unclear_answer_is_unknown(name: str, body: str) -> None:
    """Neither a clear yes nor a clear no."""
    with pytest.raises(Unknown):
        ALL[name](panel(Script(httpx.Response(200, text=body))))


def test_update_orders_results_and_whole_failures() -> None:
    """Per-order results count even inside a failure; internal_error may be halved unless money moves."""
    updates = [OrderUpdate("1", Status.IN_PROGRESS, "5", "6"), OrderUpdate("2", remains="0")]
    script = Script(httpx.Response(400, json={"status": "fail", "error": "bad_order_list", "orders": {"1": "success"}}))
    assert panel(script).update_orders(updates) == {
        "1": ItemResult(Verdict.ACCEPTED),
        "2": ItemResult(Verdict.UNKNOWN, "the panel's answer does not mention this order"),
    }
    assert json.loads(script.requests[0].content)["orders"] == [
        {"id": "1", "status": "IN_PROGRESS", "start_count": "5", "remains": "6"},
        {"id": "2", "remains": "0"},
    ]
    crash = httpx.Response(200, json={"status": "fail", "error": "internal_error"})
    with pytest.raises(Refused):
        panel(Script(crash)).update_orders(updates)
    with pytest.raises(Unknown):
        panel(Script(crash)).update_orders(updates, once=True)
    silent = panel(Script(httpx.Response(200, json={"status": "success"}))).update_orders(updates)
    assert [item.verdict for item in silent.values()] == [Verdict.UNKNOWN] * 2


def test_wrong_parameters_are_our_mistake_and_nothing_is_sent() -> None:
    """The writer is strict."""
    script = Script(ok())
    client = panel(script)
    with pytest.raises(SettingsError, match=r"^setPartial needs remains\.$"):
        client.send(Action.SET_PARTIAL, {"id": "1"})
    with pytest.raises(SettingsError, match=r"^getOrders has no parameter service\.$"):
        client.call(Action.GET_ORDERS, {"service": "1"})
    assert script.requests == []


def test_values_that_no_encoding_can_hold_are_sent_with_marks() -> None:
    """Half an emoji from a broken cell must not stop the call."""
    script = Script(ok())
    client = panel(script)
    client.add_ticket("ü@x", "half \ud83d", "two\r\nlines 🔥")
    assert fields(script.requests[0])[2:] == [
        ("user", "ü@x"),
        ("subject", "half \ufffd"),
        ("message", "two\r\nlines 🔥"),
    ]
    client.update_orders([OrderUpdate("\ud83d")])
    assert json.loads(script.requests[1].content)["orders"] == [{"id": "\ufffd"}]


UNREACHED = [
    (
        httpx.ConnectError(
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)"
        ),
        "its certificate is not to be trusted: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)",
        "The panel's certificate has to be put right. If your own authority signed it, name its file in SSL_CERT_FILE.",
    ),
    (
        httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"),
        "no TLS is spoken there, so this port is not one for https: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
        "Check the port in RECONCILE_PANEL_URL.",
    ),
    (
        httpx.ConnectError("[Errno -2] Name or service not known"),
        "nobody knows this host's name: [Errno -2] Name or service not known",
        "Check the host's name in RECONCILE_PANEL_URL, and that this machine has a network.",
    ),
    (
        httpx.ConnectError("[Errno 111] Connection refused"),
        "nothing listens there: [Errno 111] Connection refused",
        "Check host and port in RECONCILE_PANEL_URL; if they are right, try again later.",
    ),
    (
        httpx.ProxyError("407 Proxy Authentication Required"),
        "the proxy wants a user name and a password: 407 Proxy Authentication Required",
        "Put them into HTTPS_PROXY: http://user:password@host:port",
    ),
    (
        httpx.ProxyError("502 Bad Gateway"),
        "the proxy did not let us through: 502 Bad Gateway",
        "Check HTTPS_PROXY, or ask who runs the proxy.",
    ),
    (httpx.ConnectTimeout("timed out"), "no connection in time", "Try again later."),
]


@pytest.mark.parametrize(
    ("error", "words", "step"), UNREACHED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_why_a_panel_cannot_be_reached(error: Exception, words: str, step: str) -> None:
    """What it is and what to do, after the same bounded attempts as for any call that never left."""
    script = Script(error)
    with pytest.raises(NeverSent) as caught:
        panel(script).fetch_orders("1")
    assert (caught.value.what, caught.value.next_step) == (f"the panel at {URL} could not be reached ({words})", step)
    assert len(script.requests) == 5


def test_authorities_named_for_other_programs_count_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """REQUESTS_CA_BUNDLE names them; a file that is none is a setting to correct."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    Panel("https://panel.example/x", Secret()).close()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", __file__)
    with pytest.raises(SettingsError) as caught:
        Panel("https://panel.example/x", Secret())
    assert caught.value.what.startswith("The proxy or certificate settings of the environment")


# --- the probe -------------------------------------------------------------------------------------------------------------------


def test_the_probe_sends_set_remains_without_its_parameters() -> None:
    """It cannot claim and cannot change anything."""
    script = Script(httpx.Response(400, json={"status": "fail", "error": "x", "missing": ["id", "remains"]}))
    client = panel(script)
    client.probe()
    assert fields(script.requests[0]) == [("action", "setRemains"), ("key", KEY)]
    assert client.calls == {"setRemains": 1}
    assert client.unproved == ""


def test_the_probe_says_where_the_admin_api_may_be() -> None:
    """The address to try stands in the next step; what an honest panel leaves open is kept for `doctor`."""
    with pytest.raises(SettingsError) as caught:
        panel(Script(httpx.Response(200, json={"error": "Incorrect request"}))).probe()
    assert caught.value.next_step == "Set it to the admin API's address, for instance http://127.0.0.1:9/adminapi/v1."
    client = panel(Script(httpx.Response(200)))
    client.probe()
    assert client.unproved == "its answer to a call without parameters was empty, which some panels do"


@pytest.mark.parametrize(
    ("step", "kind", "what"),
    [
        (httpx.ConnectError("refused"), NeverSent, f"the panel at {URL} could not be reached (refused)"),
        (httpx.ReadTimeout(""), Unavailable, "no whole answer came from the panel (no answer in time); it may or may not have acted"),
        (httpx.Response(502, html="<h1>"), Unavailable, "the panel cannot be used now: a web page came instead of the panel's answer (HTTP 502)"),
        (httpx.Response(200, html="<h1>"), Unavailable, "a web page answers at the panel's address (HTTP 200)"),
        (httpx.Response(200, json={"error": "Invalid API key"}), AccessRefused, "the panel does not accept the key (it says: “Invalid API key”)"),
        (httpx.Response(308, headers={"Location": "/v2"}), SettingsError, "the panel redirected to http://127.0.0.1:9/v2; redirects are not followed, and it may or may not have acted"),
    ],
)  # fmt: skip
def test_what_the_probe_finds(step: Any, kind: type[Exception], what: str) -> None:
    """Each with its own exit code, in words."""
    with pytest.raises(kind) as caught:
        panel(Script(step)).probe()
    assert caught.value.what == what  # type: ignore[attr-defined]


# --- addresses and keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://panel.example/admin/v1", "begins with http://, which would send the key unprotected"),
        ("http://127.0.0.1.evil.example/", "begins with http://, which would send the key unprotected"),
        ("https://us3r:pa55word@panel.example/x", "contains a user name or password; the panel's API takes only a key"),
        ("https://us3r@panel.example/x", "contains a user name or password; the panel's API takes only a key"),
        ("https://panel.example/x?key=pa55word", "contains ? or #; the address ends with its path, like /admin/v1"),
        ("ftp://panel.example", "must begin with https:// and name a host"),
        ("panel.example/admin/v1", "must begin with https:// and name a host"),
        ("https://", "must begin with https:// and name a host"),
        ("", "must begin with https:// and name a host"),
        ("https://[::1/x", "is not a web address"),
        ("https://host:pa55word/x", "is not a web address"),
        (f"https://{'a' * 80}.example/x", "is not a web address"),
        ("https://pa55\x00word/x", "is not a web address"),
    ],
)
def test_addresses_that_cannot_be_used(url: str, problem: str) -> None:
    """Named by what is wrong with them, never repeated."""
    with pytest.raises(SettingsError) as caught:
        Panel(url, Secret())
    assert caught.value.what == f"RECONCILE_PANEL_URL {problem}."
    assert "pa55word" not in shown(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8000/x", "http://127.0.0.2/x", "http://[::1]:80/x", "http://p.localhost/x", "https://x.y/z"],
)
def test_addresses_that_can_be_used(url: str) -> None:
    """Plain http only to this machine."""
    with Panel(f" {url}\n", Secret()) as client:
        assert client.url == url


@pytest.mark.parametrize("key", ["", "  ", "abc\ndef", "abcdefgh ", "abcde\u200bfgh", "half\ud83d"])
def test_keys_that_cannot_be_used(key: str) -> None:
    """A pasted line break is the usual one."""
    with pytest.raises(SettingsError, match=r"^RECONCILE_PANEL_KEY ") as caught:
        Panel(URL, Secret(key))
    if key.strip():
        assert key not in shown(caught.value)


def test_a_key_inside_the_address_is_refused() -> None:
    """Logs show addresses."""
    with pytest.raises(SettingsError) as caught:
        Panel(f"https://panel.example/{urllib.parse.quote(KEY, safe='')}", Secret())
    assert caught.value.what == "RECONCILE_PANEL_KEY also stands in RECONCILE_PANEL_URL, where logs would show it."
    assert_hidden(shown(caught.value))


def test_proxies_are_used_from_the_environment_but_never_towards_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner behind a proxy works; a broken setting is named without its password."""
    monkeypatch.setenv("ALL_PROXY", "nonsense://user:pa55word@proxy")
    Panel(URL, Secret()).close()
    with pytest.raises(SettingsError) as caught:
        Panel("https://panel.example/x", Secret())
    assert caught.value.what.startswith("The proxy or certificate settings of the environment")
    assert "pa55word" not in shown(caught.value)


# --- the key is nowhere ----------------------------------------------------------------------------------------------------------


def shown(error: BaseException) -> str:
    """Everything a crash reporter could print of an error: the chain with the locals of every frame but the test's own."""
    assert error.__traceback__ is not None
    trace = traceback.TracebackException(type(error), error, error.__traceback__.tb_next, capture_locals=True)
    return "".join(trace.format(chain=True)) + repr(vars(error))


def outcome(call: Callable[[], object]) -> tuple[BaseException | None, object]:
    try:
        return None, call()
    except ReconcileError as error:
        return error, None


FORMS = {
    KEY,
    repr(KEY)[1:-1],
    json.dumps(KEY)[1:-1],
    json.dumps(KEY, ensure_ascii=False)[1:-1],
    urllib.parse.quote(KEY),
    urllib.parse.quote(KEY, safe=""),
    urllib.parse.quote_plus(KEY),
    html.escape(KEY),
    base64.b64encode(KEY.encode()).decode(),
    str(KEY.encode())[2:-1],
}


def assert_hidden(text: str) -> None:
    for form in FORMS:
        assert form not in text


ECHO = [
    httpx.Response(400, json={"status": "fail", "error": "x", "message": f"bad: {KEY}"}),
    httpx.Response(200, text=f"<html>{html.escape(KEY)} {urllib.parse.quote_plus(KEY)}"),
    httpx.Response(401, json={"error": base64.b64encode(KEY.encode()).decode()}),
    httpx.Response(200, content=json.dumps({"status": "?", "key": KEY}, ensure_ascii=False).encode()),
    httpx.Response(200, content=json.dumps({"error": KEY}).replace("/", "\\/").encode()),
    httpx.Response(302, headers={"Location": f"https://x.example/{urllib.parse.quote(KEY, safe='')}"}),
    httpx.Response(500, text=KEY, headers={"Content-Type": "text/plain; x=" + urllib.parse.quote(KEY)}),
]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "step", [*NEVER_SENT, *MAYBE_SENT, *ECHO, httpx.ReadError(KEY), httpx.ConnectError(KEY)], ids=str
)
def test_the_key_is_in_no_error_and_no_answer(name: str, step: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Not raw, not encoded, not in any frame's locals, not in a log line, not in what the journal gets."""
    caplog.set_level(logging.DEBUG)
    client = panel(Script(step), policy=Policy(attempts=1))
    error, answer = outcome(lambda: ALL[name](client))
    if error is not None:
        assert_hidden(shown(error))
        assert (error.__context__, error.__cause__) == (None, None)
    assert_hidden(repr(answer))
    if isinstance(answer, RawAnswer):
        assert_hidden(answer.body.decode())
    assert_hidden(repr(client) + repr(vars(client)) + caplog.text)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), RuntimeError("a bug"), KeyError("x")], ids=repr)
def test_an_interruption_does_not_carry_the_body_either(error: BaseException) -> None:
    """It goes up as it is, without the frames that held the request."""

    def interrupted(request: httpx.Request) -> httpx.Response:
        body = request.read()  # as the frames of a real connection do
        if body:
            error.__context__ = ValueError(body)
        raise error

    with pytest.raises(type(error)) as caught:
        panel(Script(interrupted)).fetch_orders("1")
    assert caught.value is error
    assert_hidden(shown(caught.value))


@pytest.mark.parametrize("before", range(150, 200, 7))
def test_a_long_address_or_error_is_cleaned_before_it_is_cut(before: int) -> None:
    """What a message leaves out may be the end of the key, and most of the key would stay."""
    padding = "a" * before
    moved = httpx.Response(302, headers={"Location": f"https://x.example/{padding}/{urllib.parse.quote(KEY, safe='')}"})
    for step in (moved, httpx.ReadError(f"{padding} {KEY}"), httpx.ConnectError(f"{padding} {KEY}")):
        with pytest.raises(ReconcileError) as caught:
            panel(Script(step), policy=Policy(attempts=1)).fetch_orders("1")
        assert "k3y" not in caught.value.what + caught.value.next_step


def test_a_key_in_a_host_s_name_is_not_shown_in_lower_case() -> None:
    """A host's name is written small, and so would be the key."""
    key = "AbCdEfGhI0123456789"
    client = panel(Script(httpx.Response(302, headers={"Location": f"https://{key}.example/x"})), key=SecretStr(key))
    with pytest.raises(Redirected) as caught:
        client.fetch_orders("1")
    assert caught.value.what.startswith("the panel redirected to https://***.example/x;")


def test_an_answer_that_breaks_off_inside_the_key() -> None:
    """What is kept of it ends before the key does."""
    body = b'{"status":"fail","error":"No key ' + KEY[:20].encode()
    client = panel(Script(httpx.Response(200, content=body, headers={"Content-Length": "500"})))
    with pytest.raises(CutShort) as caught:
        client.fetch_orders("1")
    assert caught.value.partial.body == b'{"status":"fail","error":"No key ***'


def test_a_short_key_is_not_cut_out_of_orders() -> None:
    """Replacing "15" everywhere would falsify what the panel sent."""
    client = panel(Script(httpx.Response(200, text='{"id":"15"}')), key=SecretStr("15"))
    assert client.fetch_orders("1").body == b'{"id":"15"}'
    assert "15" not in repr(client)


def test_pydantics_secret_is_a_key() -> None:
    """The settings' own type fits."""
    script = Script(ok())
    panel(script, key=SecretStr("s3cr3t-key")).set_processing("1")
    assert fields(script.requests[0])[1] == ("key", "s3cr3t-key")


# --- boundaries ------------------------------------------------------------------------------------------------------------------


def test_every_request_is_between_two_boundaries() -> None:
    """Before each send, and as soon as the whole answer is there."""
    seen: list[str] = []
    boundary.set_hook(seen.append)
    script = Script(httpx.ConnectError("x"), lambda _: (seen.append("sent"), ok())[1])
    panel(script).set_processing("1")
    assert seen == ["panel.before-send", "panel.before-send", "sent", "panel.after-answer"]


def test_a_crash_at_a_boundary_sends_nothing_or_nothing_more() -> None:
    """The harness can stop the run at both, and what was attempted is counted."""

    class Crash(BaseException):
        pass

    def crash_at(wanted: str) -> None:
        def hook(name: str) -> None:
            if name == wanted:
                raise Crash

        boundary.set_hook(hook)

    for wanted, sent in (("panel.before-send", 0), ("panel.after-answer", 1)):
        crash_at(wanted)
        script = Script(ok())
        client = panel(script)
        with pytest.raises(Crash) as caught:
            client.set_completed("1")
        assert len(script.requests) == sum(client.calls.values()) == sent
        assert_hidden(shown(caught.value))


# --- real sockets ------------------------------------------------------------------------------------------------------------------


@contextmanager
def server(behave: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[int]]]:
    """One thread that accepts connections and treats each as told; gives its address and a count of connections."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[int] = []

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(1)
            with connection:
                behave(connection)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/admin/v1", connections
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def received(connection: socket.socket) -> bytes:
    """One whole request."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def real(url: str, **options: Any) -> Panel:
    return Panel(url, Secret(), sleep=lambda _: None, jitter=lambda: 0.0, **options)


def test_reset_after_the_request_was_read() -> None:
    """The panel may have acted: exactly one request, Unknown, and no key in httpcore's frames."""

    def reset(connection: socket.socket) -> None:
        received(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with server(reset) as (url, connections), real(url) as client:
        with pytest.raises(Unknown) as caught:
            client.set_partial("1", "5")
        assert_hidden(shown(caught.value))
        assert len(connections) == 1


def test_reset_while_the_request_is_being_written() -> None:
    """A large ticket into a closing connection: the frames that fail are those that hold the body."""

    def hang_up(connection: socket.socket) -> None:
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with server(hang_up) as (url, connections), real(url) as client:
        with pytest.raises(Unknown) as caught:
            client.add_ticket("u", "s", "m" * 5_000_000)
        assert_hidden(shown(caught.value))
        assert len(connections) == 1


def test_a_body_cut_on_the_wire() -> None:
    """What came is kept beside the failure."""

    def cut(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(
            b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"status":"su'
        )

    cut_short = pytest.raises(CutShort, match="broke off after 13 bytes")
    with server(cut) as (url, _), real(url) as client, cut_short as caught:
        client.fetch_orders("1")
    assert caught.value.partial == RawAnswer(200, b'{"status":"su', "application/json")


def test_headers_that_drip_for_ever() -> None:
    """No read timeout is ever reached; the watch ends it, and leaves no thread behind."""

    def drip(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-A")
        connection.recv(1)  # until the client hangs up

    before = threading.active_count()
    too_long = pytest.raises(Unknown, match=r"took longer than 0\.05 s")
    with server(drip) as (url, _), real(url, timeouts=Timeouts(total=0.05)) as client, too_long:
        client.fetch_orders("1")
    assert threading.active_count() == before


@pytest.mark.parametrize("length", [b"Content-Length: 500\r\n", b""], ids=["told", "not told"])
def test_a_body_that_drips_for_ever(length: bytes) -> None:
    """The watch ends it, the message says so, and what came is no whole answer although its end looks like one."""

    def drip(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b'\r\n{"status":"success"}')
        connection.recv(1)  # until the client hangs up

    too_long = pytest.raises(
        CutShort, match=r"^the panel's answer took longer than 0\.05 s; it may or may not have acted$"
    )
    with server(drip) as (url, _), real(url, timeouts=Timeouts(total=0.05)) as client, too_long as caught:
        client.fetch_orders("1")
    assert caught.value.partial.body == b'{"status":"success"}'


def test_nobody_listens() -> None:
    """A closed port is NeverSent after five attempts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with real(f"http://127.0.0.1:{port}/") as client:
        with pytest.raises(NeverSent):
            client.fetch_orders("1")
        assert client.calls == {"getOrders": 5}


def test_each_call_has_its_own_connection() -> None:
    """A kept connection that the server is just closing would look like a lost answer."""

    def answer(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"status":"success"}')
        connection.recv(1)

    with server(answer) as (url, connections), real(url) as client:
        for _ in range(3):
            client.set_completed("1")
        assert client.calls == {"setCompleted": 3}
        assert len(connections) == 3
