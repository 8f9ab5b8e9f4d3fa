"""Every shape an answer is known to take, and what it means."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.core.model import (
    Broken,
    CancelTask,
    Claimed,
    Feed,
    ItemResult,
    Order,
    OrderUpdate,
    RawAnswer,
    Refill,
    Status,
    Verdict,
)
from reconcile.errors import AccessRefused, SettingsError, Unavailable
from reconcile.panel import answers
from reconcile.panel.answers import plain_words, read_cancel, read_orders, read_probe, read_refills, read_single

from .fakes import raw
from .test_golden import EXAMPLES, ORDER_15, ORDER_16

A = {"id": "1", "link": "l", "charge": "0.10", "user_id": "u", "quantity": "9", "comments": ""}
B = {**A, "id": "2"}
ROW_A = Order("1", "7", "l", "0.10", "u", "9", "")
ROW_B = Order("2", "7", "l", "0.10", "u", "9", "")


def claimed(body: Any, status: int = 200, content_type: str = "application/json") -> Claimed:
    return read_orders(raw(body if isinstance(body, str | bytes) else json.dumps(body), status, content_type), "7")


NONE = Claimed(Feed.ORDERS, "7")

# --- rows ------------------------------------------------------------------------------------------------------------------

ROWS = {
    "reference": {"status": "success", "message": "ok", "orders": [A, B]},
    "no message, capital": {"status": "Success", "orders": [A, B]},
    "bare list": [A, B],
    "keyed by id": {"status": "success", "orders": {"1": A, "2": B}},
    "keyed, id only as key": {"status": "success", "orders": {k: {"link": "l", "charge": "0.10", "user_id": "u", "quantity": "9"} for k in ("1", "2")} },
    "re-indexed array": {"status": "success", "orders": {"0": A, "1": B}},
    "data": {"status": True, "data": [A, B]},
    "data.orders": {"success": 1, "data": {"orders": [A, B]}},
    "data.list": {"data": {"list": [A, B]}, "error_message": "", "error_code": 0},
    "encoded twice": json.dumps({"status": "success", "orders": [A, B]}),
    "unknown fields": {"status": "success", "orders": [{**A, "new": {"x": []}}, B], "page": 1},
    "exact repeat": {"status": "success", "orders": [A, B, A]},
    "odd status word": {"status": "fetched", "orders": [A, B]},
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_orders_are_found_wherever_they_stand(name: str, status: int) -> None:
    """Every known container gives the same two rows and nothing to report."""
    assert claimed(ROWS[name], status) == Claimed(Feed.ORDERS, "7", (ROW_A, ROW_B))


def test_noise_around_the_answer_does_not_hide_it() -> None:
    """A byte order mark, a server's warning before, a comment after, UTF-16, a declared charset."""
    text = json.dumps({"status": "success", "orders": [A, B]})
    warning = "<br />\n<b>Warning</b>: Undefined variable $x in <b>/srv/api.php</b> on line <b>3</b><br />\n"
    rows = Claimed(Feed.ORDERS, "7", (ROW_A, ROW_B))
    assert claimed("\ufeff" + text) == rows
    assert claimed(warning + text) == rows
    assert claimed("\r\n\n" + text + "\n<!-- 0.02 s -->\n") == rows
    assert claimed(text.encode("utf-16")) == rows
    windows = json.dumps({"orders": [{**A, "comments": "Привет"}]}, ensure_ascii=False).encode("cp1251")
    assert claimed(windows, content_type="application/json; charset=windows-1251").rows[0].comments == "Привет"  # type: ignore[union-attr]
    assert claimed(windows, content_type="application/json; charset=nonsense").count == 1


def test_values_keep_their_exact_text() -> None:
    """Numbers keep every digit, whatever the panel's JSON library made of them; nothing passes through a float."""
    body = """{"status":"success","orders":[{"id":15,"link":"a&amp;b","charge":0.10029597233,"user_id":111,"quantity":1e3,
    "comments":null},{"id":12345678901234567890123,"link":"=IMPORTXML(1)","charge":1e-7,"user_id":-0,"quantity":007.0}]}"""
    body = body.replace("007.0", "0.10000000000000000000000001")
    assert claimed(body).rows == (
        Order("15", "7", "a&amp;b", "0.10029597233", "111", "1e3", ""),
        Order("12345678901234567890123", "7", "=IMPORTXML(1)", "1e-7", "-0", "0.10000000000000000000000001", ""),
    )


def test_a_number_of_any_length_is_read() -> None:
    """Python refuses to make an int of 5,000 digits; an id is text anyway."""
    assert claimed('{"orders":[{"id":"1","link":"","charge":' + "9" * 5000 + "}]}").rows[0].charge == "9" * 5000  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ({"charge": {"value": "0.03", "currency_code": "USD"}}, {"charge": "0.03"}),
        ({"charge": {"value": 0.030, "currency_code": "USD"}}, {"charge": "0.03"}),
        ({"comments": ["one", "two", 3, None]}, {"comments": "one\ntwo\n3\n"}),
        ({"comments": "a\r\nb\n👩‍👩‍👧 &lt;b&gt;"}, {"comments": "a\r\nb\n👩‍👩‍👧 &lt;b&gt;"}),
        ({"comments": None, "comment": "only one"}, {"comments": "only one"}),
        ({"comments": False}, {"comments": ""}),
        ({"comments": "x" * 800_000}, {"comments": "x" * 800_000}),
        ({"comments": "half \ud83d an emoji \U0001f600"}, {"comments": "half \ufffd an emoji \U0001f600"}),
        ({"user_id": None, "username": "maria"}, {"user": "maria"}),
        ({"quantity": None}, {"quantity": ""}),
        ({"link": {"url": ["x"]}}, {"link": '{"url": ["x"]}'}),
        ({"ID": "2", "id": "1"}, {}),
        ({"id": " 1 "}, {}),
        ({"id": 1}, {}),
    ],
)
def test_each_kind_of_value(field: dict[str, Any], text: dict[str, str]) -> None:
    """Objects, lists, aliases, nulls and odd types become the one text they stand for."""
    expected = {"id": "1", "service": "7", "link": "l", "charge": "0.10", "user": "u", "quantity": "9"} | text
    assert claimed({"status": "success", "orders": [{**A, **field}]}) == Claimed(Feed.ORDERS, "7", (Order(**expected),))


def test_raw_line_breaks_and_bad_bytes_inside_strings() -> None:
    """Pasted text with real line breaks is not valid JSON, and still the customer's text."""
    body = b'{"status":"success","orders":[{"id":"1","link":"l","comments":"a\r\nb\tc \xff\x00"}]}'
    assert claimed(body).rows == (Order("1", "7", "l", comments="a\r\nb\tc \ufffd\x00"),)


def test_a_sparse_comments_order() -> None:
    """An order of a comments service may lack quantity, charge and user."""
    body = {"status": "success", "orders": [{"id": "5", "link": "@x", "comments": "a\nb"}]}
    assert claimed(body).rows == (Order("5", "7", "@x", comments="a\nb"),)


def test_one_broken_order_among_a_hundred() -> None:
    """99 good ones land; the broken one is kept as it came and the panel still sent a hundred."""
    orders: list[Any] = [{**A, "id": str(number)} for number in range(99)]
    orders.insert(50, {"id": None, "link": "lost", "charge": 0.10})
    found = claimed({"status": "success", "orders": orders})
    assert len(found.rows) == 99
    assert found.count == 100
    assert found.broken == (Broken('{"id": null, "link": "lost", "charge": 0.1}', "this order has no id"),)
    assert (found.problem, found.in_doubt) == ("", False)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("7", "this is not an order"),
        ("null", "this is not an order"),
        ("[]", "this is not an order"),
        ('{"link": "x"}', "this order has no id"),
        ('{"id": " "}', "this order has no id"),
        ('{"id": true}', "this order has no id"),
        ('{"id": ["1"]}', "this order has no id"),
        ('{"id": 1.23E+15}', "this order's id is not a whole number: 1.23E+15"),
        ('{"id": 1.5}', "this order's id is not a whole number: 1.5"),
        ('{"id": NaN}', "this order's id is not a whole number: NaN"),
        ('{"id": "3", "id": "4"}', "this order has two ids: 3 and 4"),
        ('{"id": "a\\nb"}', 'this order\'s id cannot be used: "a\\nb"'),
    ],
)
def test_orders_that_cannot_be_rows(item: str, why: str) -> None:
    """Each is kept raw with its reason, and the good one beside it lands."""
    found = claimed('{"status":"success","orders":[' + item + "," + json.dumps(A) + "]}")
    assert found.rows == (ROW_A,)
    assert [broken.why for broken in found.broken] == [why]


def test_a_whole_number_written_as_a_decimal_is_an_id() -> None:
    """15.0 can only mean 15."""
    assert claimed('[{"id":15.0,"link":"l"}]').rows == (Order("15", "7", "l"),)


def test_the_same_id_with_other_values_is_reported() -> None:
    """The first one lands, the differing second one is kept and named."""
    found = claimed({"status": "success", "orders": [A, {**A, "quantity": "10"}]})
    assert found.rows == (ROW_A,)
    (broken,) = found.broken
    assert broken.why == "order 1 came twice in one answer, this time with other values"
    assert json.loads(broken.raw)["quantity"] == "10"


def test_an_id_that_comes_twice_as_a_key_is_read_twice() -> None:
    """A null beside a good order is kept as it came, and neither hides the others nor stops the run."""
    rest = {key: value for key, value in A.items() if key != "id"}
    body = f'{{"status":"success","orders":{{"1":null,"1":{json.dumps(rest)},"2":{json.dumps(rest)}}}}}'
    found = claimed(body)
    assert found.rows == (ROW_A, ROW_B)
    assert found.broken == (Broken("null", "this is not an order"),)


def test_a_list_that_comes_twice_is_read_twice() -> None:
    """Of two equal keys a JSON reader keeps the last; orders under the first were handed out all the same."""
    body = f'{{"status":"success","orders":[{json.dumps(A)}],"orders":[{json.dumps(B)}]}}'
    assert claimed(body).rows == (ROW_A, ROW_B)


def test_rows_inside_a_failure_land_and_are_reported() -> None:
    """What can be read is a row, whatever stands around it."""
    found = claimed({"status": "fail", "orders": [A]})
    assert (found.rows, found.in_doubt) == ((ROW_A,), False)
    assert found.problem == "the panel reported a failure (HTTP 200) and sent orders all the same"


# --- none ------------------------------------------------------------------------------------------------------------------

EMPTY = [
    ({"status": "success", "message": "Orders fetched successfully", "orders": []}, 200),
    ({"status": "success", "orders": None}, 200),
    ({"status": "success", "orders": {}}, 200),
    ({"status": "success", "message": "Orders fetched successfully"}, 200),
    ({"status": "success"}, 200),
    ({"orders": []}, 200),
    ({"status": "success", "orders": []}, 404),
    ([], 200),
    ([], 404),
    ({"status": "fail", "error": "no_order"}, 200),
    ({"status": "fail", "error": "no_order"}, 404),
    ({"status": "fail", "error": "no_order"}, 401),
    ({"status": "fail", "error": "no_orders", "message": "Aucune commande"}, 400),
    ({"error": "No order found"}, 200),
    ({"error": "No order found"}, 404),
    ({"status": "fail", "message": "No pending orders."}, 200),
    ({"status": "fail", "error": "error_code", "message": "There are no new orders available"}, 400),
    ({"status": "fail", "error": "not_found", "message": "Not found"}, 404),
    ({"status": "success", "id": "", "link": "", "charge": 0}, 200),
    ({"status": "success", "id": None, "link": None}, 200),
    ('"No orders"', 200),
    ({"status": "success", "orders": "No orders found"}, 200),
    ({"status": "fail", "message": "No new orders, please try again later."}, 200),
]


@pytest.mark.parametrize(("body", "status"), EMPTY)
def test_none_is_believed_when_it_is_said(body: Any, status: int) -> None:
    """No rows and nothing to report."""
    assert claimed(body, status) == NONE


@pytest.mark.parametrize(
    ("body", "status"),
    [({"status": "success", "refills": []}, 200), ([], 200), ({"status": "success", "refills": None}, 200),
     ({"status": "success"}, 200), ({"status": "fail", "error": "not_found"}, 404), ({"error": "No refills found"}, 404),
     ({"status": "fail", "error": "no_refill"}, 200), ({"status": "fail", "error": "no_order"}, 200)],
)  # fmt: skip
def test_no_refills(body: Any, status: int) -> None:
    """The same for refills."""
    assert read_refills(raw(json.dumps(body), status)) == Claimed(Feed.REFILLS, "")


@pytest.mark.parametrize(
    ("body", "status"),
    [({"status": "success", "cancel": None}, 200), ({"status": "success", "cancel": ""}, 200), ([], 200),
     ({"status": "success", "cancel": []}, 200), ({"status": "success"}, 200), ({"status": "success", "cancel": 0}, 200),
     ({"status": "success", "cancel": "", "order_id": "", "service_id": "", "link": ""}, 200),
     ({"status": "fail", "error": "no_cancel"}, 404), ({"status": "fail", "message": "No cancel tasks"}, 200)],
)  # fmt: skip
def test_no_cancels(body: Any, status: int) -> None:
    """The same for cancel requests."""
    assert read_cancel(raw(json.dumps(body), status)) == Claimed(Feed.CANCELS, "")


# --- reported --------------------------------------------------------------------------------------------------------------

REFUSED = [
    ({"status": "fail", "error": "bad_type"}, 200, "the panel does not know this service"),
    ({"status": "fail", "error": "bad_type", "message": "No orders"}, 400, "the panel does not know this service (it says: “No orders”)"),
    ({"status": "fail", "error": "hata", "message": "Sipariş alınamadı"}, 200, "the panel says: “Sipariş alınamadı”"),
    ({"status": "fail"}, 200, "the panel refused and gave no reason"),
    ({"status": "fail"}, 404, "the panel refused and gave no reason"),
    ({"error": "Not Found"}, 404, "the panel says: “Not Found”"),
    ({"status": "fail", "error": "error_code", "message": "Type is required", "missing": ["type"]}, 400, "the panel misses type"),
    ({"status": "fail", "error": "rate_limited"}, 200, "the panel asks us to slow down"),
    ({"anything": 1}, 429, "the panel asks us to slow down"),
    ("<html>Too many</html>", 429, "the panel asks us to slow down"),
    ("<html>Not Found</html>", 404, "a web page came instead of the panel's answer (HTTP 404)"),
    ({"hello": "world"}, 400, "the panel's answer is neither a clear yes nor a clear no (HTTP 400)"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "problem"), REFUSED)
def test_a_clear_no_is_reported_and_not_in_doubt(body: Any, status: int, problem: str) -> None:
    """Nothing was handed out, but it is not "no orders" either."""
    found = claimed(body, status)
    assert found == Claimed(Feed.ORDERS, "7", problem=problem, said=found.said)
    assert not found.said or found.said in problem


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "fail", "error": "", "message": "Sipariş alınamadı"}, 200),
        ({"status": "fail", "error": "Sipariş  alınamadı."}, 404),
        ({"message": "sipariş alınamadı"}, 200),
        ({"mensaje": 1, "error": "Sipariş alınamadı!"}, 403),
    ],
)
def test_a_panel_s_own_sentence_for_none(body: Any, status: int) -> None:
    """A sentence that is known to mean "nothing is pending" is none, whatever stands around it; at HTTP 5xx and beside items it is not."""
    none = ("Sipariş alınamadı",)
    raw = RawAnswer(status, json.dumps(body).encode())
    assert answers.read_orders(raw, "7", none=none) == Claimed(Feed.ORDERS, "7")
    assert answers.read_orders(replace(raw, status=500), "7", none=none).problem
    with_order = RawAnswer(status, json.dumps({**body, "orders": [{"id": "5", "link": "l"}]}).encode())
    assert answers.read_orders(with_order, "7", none=none).count == 1


DOUBTFUL = [
    (b"", 200, "the panel's answer was empty (HTTP 200)"),
    (b" \r\n", 200, "the panel's answer was empty (HTTP 200)"),
    (b"", 502, "the panel's answer was empty (HTTP 502)"),
    ("<!DOCTYPE html><title>Just a moment...</title>", 403, "a web page came instead of the panel's answer (HTTP 403)"),
    ("<html>", 503, "a web page came instead of the panel's answer (HTTP 503)"),
    ('<html><script>var x = {"status": 1};</script>', 200, "a web page came instead of the panel's answer (HTTP 200)"),
    ("502 Bad Gateway", 200, "the panel's answer cannot be read: not JSON (HTTP 200)"),
    ("error code: 1020", 403, "the panel's answer cannot be read: not JSON (HTTP 403)"),
    ('{"status":"succ', 200, "the panel's answer breaks off or is damaged (HTTP 200)"),
    ("[" * 500_000, 200, "the panel's answer cannot be read: nested too deep (HTTP 200)"),
    ('{"orders":' * 500_000, 200, "the panel's answer cannot be read: nested too deep (HTTP 200)"),
    ({"status": "fail", "error": "internal_error"}, 200, "the panel had an error of its own (HTTP 200)"),
    ({"status": "fail", "error": "no_order"}, 500, "the panel has no such order"),
    ({"status": "error", "message": "Boom"}, 500, "the panel says: “Boom” (HTTP 500)"),
    ({"status": "success", "tasks": [{"a": 1}]}, 200, "the panel said success and sent something that cannot be read"),
    ({"status": "fail", "message": "An internal error occurred"}, 200, "the panel says: “An internal error occurred” (HTTP 200)"),
    ('"success"', 200, "the panel's answer is neither a clear yes nor a clear no (HTTP 200): “success”"),
    ({"status": "success", "orders": 5}, 200, "the panel said success and sent something that cannot be read"),
    ({"status": "pending"}, 202, "the panel's answer is neither a clear yes nor a clear no (HTTP 202)"),
    ({}, 200, "the panel's answer is neither a clear yes nor a clear no (HTTP 200)"),
    ("null", 200, "the panel's answer has an unknown shape (HTTP 200)"),
    ("17", 200, "the panel's answer has an unknown shape (HTTP 200)"),
    ({"status": "success", "error": "oops"}, 200, "the panel's answer is neither a clear yes nor a clear no (HTTP 200): “oops”"),
    ('{"status":"success","orders":[]}{"status":"success"}', 200, "the panel's answer goes on after its end"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "problem"), DOUBTFUL)
def test_whatever_may_have_handed_work_out_is_in_doubt(body: Any, status: int, problem: str) -> None:
    """Reported, with the claim kept open."""
    assert claimed(body, status) == Claimed(Feed.ORDERS, "7", problem=problem, in_doubt=True)


def test_an_action_the_panel_lacks() -> None:
    """bad_action: carry on without that feature."""
    found = read_cancel(raw('{"status":"fail","error":"bad_action"}', 400))
    assert found == Claimed(Feed.CANCELS, "", problem="this panel does not have this action", lacks_action=True)
    assert read_single(raw('{"error":"Action not found"}')).lacks_action
    assert read_single(raw('{"status":"fail","error":"error_code","message":"Invalid action"}')).lacks_action


BAD_KEY = [
    ({"message": "Unauthenticated."}, 401),
    ({"status": "fail", "error": "bad_auth"}, 200),
    ({"error": "Invalid API key"}, 200),
    ({"status": "fail", "error": "error_code", "message": "Key is required", "missing": ["key"]}, 400),
    ({"status": "fail", "error": "error_code", "message": "x", "missing": ["Key", "id"]}, 200),
    ({"status": "bad_auth"}, 200),
    ({"status": "error", "code": 401, "message": "API key is not valid"}, 200),
    ({"success": False, "message": "Wrong API key"}, 403),
    ({"error": {"code": "invalid_key", "message": "No"}}, 200),
    ([{"status": "fail", "error": "bad_auth"}], 200),
    ("Unauthorized", 401),
    ("<html>401</html>", 401),
    ("", 401),
    ("[]", 401),
]


@pytest.mark.parametrize(("body", "status"), BAD_KEY)
def test_a_wrong_key_stops_everything(body: Any, status: int) -> None:
    """In every shape and for every kind of call; the probe too."""
    answer = raw(body if isinstance(body, str) else json.dumps(body), status)
    for read in (
        lambda: read_orders(answer, "7"),
        lambda: read_refills(answer),
        lambda: read_cancel(answer),
        lambda: read_single(answer),
        lambda: answers.read_updates(answer, ["1"]),
        lambda: read_probe(answer),
    ):
        with pytest.raises(AccessRefused):
            read()


@pytest.mark.parametrize(
    ("body", "status"),
    [({"status": "fail", "error": "bad_id"}, 401), ({"status": "fail", "error": "x", "message": "Key is required", "missing": ["id"]}, 400),
     ({"status": "fail", "error": "db", "message": "Duplicate entry for key PRIMARY"}, 200),
     ({"status": "fail", "error": "forbidden", "message": "Not your order"}, 403), ({"status": "success", "message": "Invalid key"}, 200)],
)  # fmt: skip
def test_what_only_looks_like_a_wrong_key(body: Any, status: int) -> None:
    """One row's refusal must not stop the run."""
    read_single(raw(json.dumps(body), status))


# --- refills and cancels -----------------------------------------------------------------------------------------------------


def test_refills_in_other_shapes() -> None:
    """Numbers, nulls, a missing service (then the one asked for), a bare list, a single flat one."""
    number = {"id": 1, "order_id": 24, "service_id": 3412, "link": "l", "start_count": None, "quantity": 10}
    row = Refill("1", "24", "3412", "l", "", "10", "")
    assert read_refills(raw(json.dumps({"status": "success", "refills": [number]}))).rows == (row,)
    assert read_refills(raw(json.dumps([number]))).rows == (row,)
    assert read_refills(raw(json.dumps({"status": "success", **number}))).rows == (row,)
    assert read_refills(raw('{"refills":[{"id":"2"}]}'), "9").rows == (Refill("2", service="9"),)
    assert read_refills(raw('{"refills":[{"link":"x"}]}')).broken == (Broken('{"link": "x"}', "this refill has no id"),)


def test_cancels_in_other_shapes() -> None:
    """Flat, nested, listed; with the id under `cancel` or `id`, as text or number."""
    row = CancelTask("241", "7635", "1", "l")
    rest = {"order_id": 7635, "service_id": "1", "link": "l"}
    for body in (
        {"status": "success", "cancel": 241, **rest},
        {"status": "success", "cancel": {"id": "241", **rest}},
        {"status": "success", "cancels": [{"cancel": "241", **rest}]},
        {"status": "success", "data": {"cancel": "241", **rest}},
        [{"id": 241, **rest}],
    ):
        assert read_cancel(raw(json.dumps(body))).rows == (row,), body
    assert read_cancel(raw('{"status":"success","cancel":"5"}'), "3").rows == (CancelTask("5", service="3"),)


# --- broken answers ------------------------------------------------------------------------------------------------------------

HUNDRED = json.dumps(
    {"status": "success", "orders": [{**A, "id": str(n), "charge": {"value": "1"}} for n in range(100, 200)]}
)


def test_a_truncated_answer_gives_every_whole_order_at_every_offset() -> None:
    """Cut anywhere: all orders that are whole land, the one that is cut is kept, the claim is in doubt."""
    ends = [end for end in range(1, len(HUNDRED)) if HUNDRED[end - 16 : end].endswith('"comments": ""}')]
    for cut in range(0, len(HUNDRED) - 1, 7):
        found = claimed(HUNDRED[:cut])
        assert len(found.rows) == sum(end <= cut for end in ends)
        assert [row.id for row in found.rows] == [str(100 + n) for n in range(len(found.rows))]
        assert found.in_doubt
        assert found.problem
        assert len(found.broken) <= 1
    assert len(ends) == 100


def test_the_words_for_a_truncated_answer() -> None:
    """What a person reads, whole."""
    body = '{"status":"success","orders":[' + json.dumps(A) + ', {"id": "2", "link": "htt'
    assert claimed(body) == Claimed(
        Feed.ORDERS,
        "7",
        (ROW_A,),
        (Broken('{"id": "2", "link": "htt', "the panel's answer breaks off or is damaged in this order"),),
        "the panel's answer breaks off or is damaged (HTTP 200); 1 order could be read",
        in_doubt=True,
    )


def test_a_truncated_single_order_is_kept() -> None:
    """Nothing of it can be a row, so its text is what a person gets."""
    cut = EXAMPLES[next(a for a in EXAMPLES if a.value == "getOrder")]["answer"][:150]
    found = answers.read_order(raw(cut), "7")
    assert (found.rows, found.broken[0].raw, found.in_doubt) == ((), cut, True)


def test_one_flipped_byte_costs_at_most_the_orders_it_touches() -> None:
    """A damaged quote in the middle of one order: the 99 others land."""
    at = HUNDRED.index('"150"') + 4
    found = claimed(HUNDRED[:at] + "#" + HUNDRED[at + 1 :])
    assert len(found.rows) >= 98
    assert found.in_doubt
    assert found.broken
    assert '"150' in found.broken[0].raw


@given(
    st.binary(max_size=400), st.sampled_from([200, 202, 302, 400, 401, 403, 404, 429, 500, 503]), st.text(max_size=40)
)
def test_random_bytes_never_raise(body: bytes, status: int, content_type: str) -> None:
    """Any bytes at any code: rows, a problem, or a wrong key; never anything else."""
    read_everything(RawAnswer(status, body, content_type))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text()
    | st.sampled_from(["success", "fail", "bad_id"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["status", "error", "message", "orders", "refills", "cancel", "id", "data", "missing", "link", "1"]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from([200, 202, 401, 404, 500]))
def test_random_json_never_raises(value: Any, status: int) -> None:
    """Any JSON made of the panel's own words, in any arrangement."""
    read_everything(RawAnswer(status, json.dumps(value).encode("utf-8", "surrogatepass")))


GOOD = [example["answer"].encode() for example in EXAMPLES.values()]


@settings(max_examples=300)
@given(st.sampled_from(GOOD), st.data())
def test_flipped_bytes_of_good_answers_never_raise(good: bytes, data: st.DataObject) -> None:
    """Every example of the reference with a few bytes changed."""
    body = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    read_everything(RawAnswer(200, bytes(body)))


def test_every_truncation_of_every_example_is_in_doubt_or_whole() -> None:
    """Cut at every offset: no exception, and for claims never a silent "none"."""
    for action, example in EXAMPLES.items():
        body = example["answer"].encode()
        for cut in range(len(body)):
            answer = RawAnswer(200, body[:cut])
            read_everything(answer)
            if action.claims:
                found = read_orders(answer, "7") if "rder" in action.value else read_refills(answer)
                assert found.in_doubt, (action, cut)
            else:
                assert read_single(answer).verdict is Verdict.UNKNOWN


def read_everything(answer: RawAnswer) -> None:
    for read in (
        lambda: read_orders(answer, "7"),
        lambda: answers.read_order(answer, "7"),
        lambda: read_refills(answer, "7"),
        lambda: read_cancel(answer),
        lambda: read_single(answer),
        lambda: answers.is_busy(answer),
        lambda: answers.read_updates(answer, ["1", "2"]),
        lambda: read_probe(answer),
    ):
        try:
            found = read()
        except (AccessRefused, SettingsError, Unavailable):
            continue
        if isinstance(found, Claimed):
            for row in found.rows:
                row.id.encode()
            assert found.rows or found.problem or not found.in_doubt


def test_both_readers_take_both_shapes() -> None:
    """A panel that answers getOrders with one flat order, or getOrder with a list, loses nothing."""
    flat = {"status": "success", "message": "x", **A}
    assert claimed(flat).rows == (ROW_A,)
    assert answers.read_order(raw(json.dumps({"orders": [A, B]})), "7").rows == (ROW_A, ROW_B)
    assert claimed({**flat, "status": "Processing"}).rows == (ROW_A,)
    assert (ORDER_15.service, ORDER_16.service) == ("SERVICE_ID", "SERVICE_ID")


# --- single calls ----------------------------------------------------------------------------------------------------------

SINGLE = [
    ({"status": "success", "message": "ok"}, 200, Verdict.ACCEPTED),
    ({"status": "success"}, 202, Verdict.ACCEPTED),
    ({"status": "Success", "error": None}, 201, Verdict.ACCEPTED),
    ({"success": True}, 200, Verdict.ACCEPTED),
    ({"status": "ok", "error": ""}, 200, Verdict.ACCEPTED),
    ({"status": 200, "message": "ok"}, 200, Verdict.ACCEPTED),
    ([{"status": "success"}], 200, Verdict.ACCEPTED),
    ({"status": "fail", "error": "bad_id"}, 200, Verdict.REFUSED),
    ({"status": "fail", "error": "bad_id"}, 500, Verdict.REFUSED),
    ({"error": "bad_remains"}, 200, Verdict.REFUSED),
    ({"error": "Sipariş bulunamadı"}, 200, Verdict.REFUSED),
    ({"status": "fail", "message": "Order is already canceled"}, 400, Verdict.REFUSED),
    ({"status": "fail", "error": "error_code", "message": "Id is required", "missing": ["id"]}, 500, Verdict.REFUSED),
    ({"status": 422, "message": "no"}, 200, Verdict.REFUSED),
    ({"status": "fail", "error": "internal_error"}, 200, Verdict.UNKNOWN),
    ({"status": "fail", "error": "weird"}, 500, Verdict.UNKNOWN),
    ({"status": "fail", "message": "An internal error occurred"}, 200, Verdict.UNKNOWN),
    ({"status": "fail", "message": "Oops! Something went wrong"}, 200, Verdict.UNKNOWN),
    ({"status": "fail", "message": "An error occurred. Please try again later"}, 200, Verdict.UNKNOWN),
    ({"error": "Gateway timeout"}, 200, Verdict.UNKNOWN),
    ({"error": "Request timed out"}, 200, Verdict.UNKNOWN),
    ({"error": "502 Bad Gateway"}, 200, Verdict.UNKNOWN),
    ({"error": "SQLSTATE[40001]: deadlock found"}, 200, Verdict.UNKNOWN),
    ({"status": "fail", "message": "Order not found"}, 200, Verdict.REFUSED),
    ({"status": "fail", "message": "Remains update is not allowed"}, 200, Verdict.REFUSED),
    ({"status": "fail", "message": "Invalid status"}, 200, Verdict.REFUSED),
    ('"success"', 200, Verdict.UNKNOWN),
    ('"Commande remboursée"', 200, Verdict.UNKNOWN),
    ('"bad_id"', 200, Verdict.REFUSED),
    ('"fail"', 200, Verdict.REFUSED),
    ('"Action not found"', 200, Verdict.REFUSED),
    ('"internal_error"', 200, Verdict.UNKNOWN),
    ('"Too many requests"', 200, Verdict.NOT_SENT),
    ({"status": "success"}, 500, Verdict.UNKNOWN),
    ({"status": "success"}, 400, Verdict.UNKNOWN),
    ({"status": "success", "error": "but"}, 200, Verdict.UNKNOWN),
    ({"status": "queued"}, 202, Verdict.UNKNOWN),
    ({"message": "hello"}, 200, Verdict.UNKNOWN),
    ([], 200, Verdict.UNKNOWN),
    ("", 200, Verdict.UNKNOWN),
    ("<html>", 403, Verdict.UNKNOWN),
    ('{"status":"fail","status":"success"}', 200, Verdict.UNKNOWN),
    ({"status": "fail", "error": "rate_limited"}, 200, Verdict.NOT_SENT),
    ({"error": "Too many requests, slow down"}, 200, Verdict.NOT_SENT),
    ("", 429, Verdict.NOT_SENT),
]


@pytest.mark.parametrize(("body", "status", "verdict"), SINGLE)
def test_the_verdict_on_a_single_call(body: Any, status: int, verdict: Verdict) -> None:
    """Accepted only for a clear yes, refused only for a clear no."""
    answer = raw(body if isinstance(body, str) else json.dumps(body), status)
    assert read_single(answer).verdict is verdict
    assert answers.is_busy(answer) is (verdict is Verdict.NOT_SENT)


# --- updateOrders ------------------------------------------------------------------------------------------------------------

OK = ItemResult(Verdict.ACCEPTED)
NO = ItemResult(Verdict.REFUSED, "the panel does not know this order")


def results(body: Any, status: int = 200, ids: tuple[str, ...] = ("1", "2")) -> list[ItemResult]:
    text = body if isinstance(body, str) else json.dumps(body)
    found = answers.read_updates(raw(text, status), ids).results
    assert list(found) == list(ids)
    return list(found.values())


GONE = ItemResult(Verdict.UNKNOWN, "the panel's answer does not mention this order")


@pytest.mark.parametrize(
    "orders",
    [
        {"1": {"status": "success"}, "2": {"status": "fail", "error": "bad_id"}},
        {"1": "success", "2": "bad_id"},
        {"1": True, "2": {"error": "bad_id"}},
        {"1": {"status": "Success", "id": 1}, "2": {"success": False, "message": "bad_id", "error": "bad_id"}},
        [{"id": "1", "status": "success"}, {"id": 2, "status": "fail", "error": "bad_id"}],
        [{"order_id": 2, "status": "bad_id"}, {"order": "1", "status": "ok"}],
        {"0": {"id": "1", "status": "success"}, "1": {"id": "2", "error": "bad_id"}},
        {" 1 ": "ok", "2": [{"error": "bad_id"}], "777": "success"},
    ],
)
def test_per_order_results_in_every_shape(orders: Any) -> None:
    """Objects, words, booleans, lists, re-indexed lists; ids we did not send are ignored."""
    assert results({"status": "success", "orders": orders}) == [OK, NO]
    assert results(orders if isinstance(orders, list) else {"status": "fail", "orders": orders}) == [OK, NO]


def test_absent_and_unclear_results_are_unknown() -> None:
    """Only what the panel said for that id counts."""
    assert results({"status": "success"}) == [GONE, GONE]
    assert results({"status": "success", "orders": {"2": "success"}}) == [GONE, OK]
    assert results({"status": "success", "1": {"status": "success"}}) == [OK, GONE]
    unclear = results({"orders": {"1": {"status": "IN_PROGRESS"}, "2": {"status": "success", "error": "x"}}})
    assert [item.verdict for item in unclear] == [Verdict.UNKNOWN] * 2
    assert unclear[0].reason == 'the panel\'s answer about this order is unclear: {"status": "IN_PROGRESS"}'
    odd = results({"orders": {"1": None, "2": "whatever"}})
    assert [item.verdict for item in odd] == [Verdict.UNKNOWN] * 2
    twice = results('{"orders":{"1":"success","1":"fail","2":{"status":"fail","error":"internal_error"}}}')
    assert twice == [
        ItemResult(Verdict.UNKNOWN, "the panel's answer says two different things about this order"),
        ItemResult(Verdict.UNKNOWN, "the panel had an error of its own"),
    ]


@pytest.mark.parametrize("outcome", range(3**4))
def test_all_outcomes_of_four_orders(outcome: int) -> None:
    """Accepted, refused, absent: all 81 combinations, each id by itself."""
    shapes = [({"status": "success"}, OK), ({"status": "fail", "error": "bad_id"}, NO), (None, GONE)]
    chosen = {str(n): shapes[outcome // 3**n % 3] for n in range(4)}
    body = {"status": "success", "orders": {id_: shape for id_, (shape, _) in chosen.items() if shape} | {"99": "ok"}}
    assert results(body, ids=tuple(chosen)) == [expected for _, expected in chosen.values()]


UPDATES = [
    OrderUpdate("1", Status.IN_PROGRESS, "5"),
    OrderUpdate("2", Status.CANCELED),
    OrderUpdate("3", start_count="7"),
]


@pytest.mark.parametrize(
    ("orders", "verdicts"),
    [
        ({"1": {"status": "In progress"}, "2": {"status": "cancelled"}, "3": {"status": "In progress", "start_count": 7}}, "yyy"),
        ({"1": "inprogress", "2": "CANCELED", "3": "In progress"}, "yy?"),
        ([{"id": 1, "status": "IN_PROGRESS", "start_count": "5"}, {"id": 2, "status": "Completed"}], "y??"),
        ({"1": {"status": "In progress", "start_count": "6"}, "2": {"status": "Canceled", "error": "bad_id"}, "3": {"start_count": 7}}, "?n?"),
        ({"1": {"status": "Pending"}, "2": "Partial", "3": {"status": "Pending", "start_count": "8"}}, "???"),
    ],
)  # fmt: skip
def test_a_result_that_repeats_what_was_sent_is_a_yes(orders: Any, verdicts: str) -> None:
    """Another status or number than the one sent is not: what became of the order is unknown then."""
    found = answers.read_updates(raw(json.dumps({"orders": orders})), ["1", "2", "3"], UPDATES).results
    names = {Verdict.ACCEPTED: "y", Verdict.REFUSED: "n", Verdict.UNKNOWN: "?"}
    assert "".join(names[item.verdict] for item in found.values()) == verdicts


@pytest.mark.parametrize(
    ("envelope", "status"),
    [({"status": "fail", "error": "rate_limited"}, 429), ({"status": "fail", "error": "internal_error"}, 500),
     ({"status": "fail", "error": "bad_auth"}, 401), ({"status": "fail", "missing": ["key"]}, 400), ({"error": "rate_limited"}, 200)],
)  # fmt: skip
def test_results_count_whatever_stands_around_them(envelope: dict[str, Any], status: int) -> None:
    """The panel said for these ids what became of them, so it acted."""
    answer = raw(json.dumps({**envelope, "orders": {"1": {"status": "success"}, "2": "bad_id"}}), status)
    assert list(answers.read_updates(answer, ["1", "2"]).results.values()) == [OK, NO]
    assert not answers.is_busy(answer)


# --- the probe and the words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [('{"status":"fail","error":"error_code","message":"Id is required","missing":["id","remains"]}', 400),
     ('{"status":"fail","error":"bad_id"}', 200), ('{"status":"fail","error":"bad_remains"}', 403),
     ('{"status":"fail","error":"bad_id"}', 500), ('{"error":"Order ID is required"}', 200), ('{"error":"Missing parameter remains"}', 400),
     ('{"message":"The given data was invalid.","errors":{"id":["The id field is required."]}}', 422), ('{"error":"No order found"}', 404),
     ('{"status":"fail","error":"bad_action"}', 400)],
)  # fmt: skip
def test_an_admin_api_that_takes_the_key(body: str, status: int) -> None:
    """An answer that names the missing parameter, or speaks the admin API's own words, proves both."""
    assert read_probe(raw(body, status)) == ""


@pytest.mark.parametrize(
    ("body", "status", "left"),
    [("", 200, "its answer to a call without parameters was empty, which some panels do"),
     ('{"status":"fail","error":"hata","message":"Eksik"}', 200, "it did not name the parameter that was missing (the panel says: “Eksik”)"),
     ('{"status":"fail","error":"internal_error"}', 200, "it did not name the parameter that was missing (the panel had an error of its own (HTTP 200))")],
)  # fmt: skip
def test_a_panel_that_does_not_prove_itself(body: str, status: int, left: str) -> None:
    """An empty answer and a fail in other words come from honest panels, too: what is left open is said."""
    assert read_probe(raw(body, status)) == left


@pytest.mark.parametrize(
    ("body", "status", "what"),
    [
        ('{"error":"Incorrect request"}', 200, "the customers' API seems to answer there, not the admin API (it says: “Incorrect request”)."),
        ('{"error":"Invalid action"}', 400, "the customers' API seems to answer there, not the admin API (it says: “Invalid action”)."),
        (
            '{"data":[],"error_message":"Page not found.","error_code":100}',
            200,
            "an API of the next generation (v2) answers there (it says: “Page not found.”), which works differently.",
        ),
        ("<html>", 404, "there is nothing at this address (HTTP 404)."),
        ('{"message":"Not Found"}', 404, "there is nothing at this address (HTTP 404) (it says: “Not Found”)."),
        ("<h1>405 Not Allowed</h1>", 405, "this address takes no such calls (HTTP 405)."),
        ('{"message":"CSRF token mismatch."}', 419, "a page of the panel's site answers there, not its API (HTTP 419) (it says: “CSRF token mismatch.”)."),
        ("[]", 200, "what answers there is not known to be an admin API (the panel's answer has an unknown shape (HTTP 200))."),
        ('{"status":"success"}', 200, "what answers there is not known to be an admin API (it says success)."),
        ('{"error":"whatever"}', 200, "what answers there is not known to be an admin API (the panel says: “whatever”)."),
    ],
)  # fmt: skip
def test_another_address(body: str, status: int, what: str) -> None:
    """The usual set-up mistake is told as what it is; nothing but an admin API passes."""
    with pytest.raises(SettingsError) as caught:
        read_probe(raw(body, status))
    assert caught.value.what == f"RECONCILE_PANEL_URL: {what}"


@pytest.mark.parametrize(
    ("body", "status", "what"),
    [
        ("<html>", 200, "a web page answers at the panel's address (HTTP 200)"),
        ("oops", 500, "the panel cannot be used now: the panel's answer cannot be read: not JSON (HTTP 500)"),
        ("", 500, "the panel cannot be used now: the panel's answer was empty (HTTP 500)"),
        ("", 429, "the panel cannot be used now: the panel asks us to slow down"),
        ('{"error":"x"}', 503, "the panel cannot be used now: the panel says: “x” (HTTP 503)"),
    ],
)
def test_what_is_no_panel_or_not_now(body: str, status: int, what: str) -> None:
    """Pages, crashes and "slow down" are for later."""
    with pytest.raises(Unavailable) as caught:
        read_probe(raw(body, status))
    assert caught.value.what == what


def test_a_probe_that_is_forbidden_is_a_key_without_rights() -> None:
    """No order is named in it, so a 403 can only mean us."""
    with pytest.raises(AccessRefused):
        read_probe(raw('{"status":"fail","error":"forbidden","message":"IP not allowed"}', 403))


@pytest.mark.parametrize(
    ("word", "message", "plain"),
    [
        ("bad_id", "", "the panel does not know this order"),
        ("Bad ID", "bad_id", "the panel does not know this order"),
        ("bad_id", "Order\n not <b>found</b>", "the panel does not know this order (it says: “Order not found”)"),
        ("error_code", "Remains update is not allowed", "the panel says: “Remains update is not allowed”"),
        ("some_new_word", "", "the panel says: “some_new_word”"),
        ("", "", "the panel refused and gave no reason"),
        ("", "x" * 400, "the panel says: “" + "x" * 299 + "…”"),
    ],
)
def test_error_words_in_plain_words(word: str, message: str, plain: str) -> None:
    """Known words are translated, the panel's own are kept in quotes."""
    assert plain_words(word, message) == plain


# --- answers that contradict themselves ----------------------------------------------------------------------------------------

LIMITED = {"status": "fail", "error": "rate_limited", "message": "Too many requests"}
AROUND = {
    "429": (LIMITED, 429),
    "rate_limited at 200": (LIMITED, 200),
    "rate_limited without a status": ({"error": "rate_limited"}, 200),
    "503": (LIMITED, 503),
    "a wrong key at 401": ({"status": "fail", "error": "bad_auth"}, 401),
    "a wrong key at 403": ({"error": "Invalid API key"}, 403),
    "no orders": ({"status": "fail", "error": "no_order"}, 200),
}


@pytest.mark.parametrize("name", AROUND)
def test_orders_land_whatever_the_envelope_says(name: str) -> None:
    """They were handed out; the contradiction is told, and nothing is asked again."""
    envelope, status = AROUND[name]
    answer = raw(json.dumps({**envelope, "orders": [A, B]}), status)
    found = read_orders(answer, "7")
    assert found == Claimed(
        Feed.ORDERS,
        "7",
        (ROW_A, ROW_B),
        problem=f"the panel reported a failure (HTTP {status}) and sent orders all the same",
    )
    assert not answers.is_busy(answer)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({**LIMITED, "orders": [A, B]})[:-30],
        json.dumps({**LIMITED, "payload": {"list_of": [A]}}),
        "<html>slow down<pre>" + json.dumps({"orders": [A]}) + "</pre>",
        json.dumps(LIMITED) + json.dumps({"orders": [A]}),
        gzip.compress(json.dumps({"orders": [A, B]}).encode())[:-12],
        "slow down" + json.dumps({"orders": [A]})[1:],
    ],
    ids=["cut", "another name", "in a page", "behind the answer", "cut inside its packing", "its first character gone"],
)
@pytest.mark.parametrize("status", [200, 401, 429, 503])
def test_whatever_may_be_an_order_is_not_taken_for_slow_down(body: str | bytes, status: int) -> None:
    """What can be read lands, and the rest is in doubt."""
    found = claimed(body, status)
    assert (found.in_doubt, bool(found.rows) or bool(body.count(b"{" if isinstance(body, bytes) else "{") > 1)) == (
        True,
        True,
    )
    assert not answers.is_busy(raw(body, status))


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 429), ("slow down", 429), ("<html><script>var x = {id: 1}</script>", 429), (LIMITED, 429), (LIMITED, 200), (LIMITED, 503),
     ({**LIMITED, "orders": []}, 200), ({**LIMITED, "data": {"retry_after": 5}}, 429), ({"error": "Too many requests", "id": None}, 429),
     ('<script>x = {"id": "ray"}</script>', 429)],
)  # fmt: skip
def test_slow_down_alone_is_believed(body: Any, status: int) -> None:
    """Not acted on, so the same may be asked again."""
    assert answers.is_busy(raw(body if isinstance(body, str) else json.dumps(body), status))


@pytest.mark.parametrize(
    ("body", "status", "verdict"),
    [({"status": "success", "message": "Order set refunded"}, 429, Verdict.ACCEPTED), ({"success": True}, 429, Verdict.ACCEPTED),
     ({"status": "success", "error": "rate_limited"}, 429, Verdict.UNKNOWN), ({"status": "success", "error": "rate_limited"}, 200, Verdict.UNKNOWN),
     ({**LIMITED, "payment": 1}, 200, Verdict.UNKNOWN), ({**LIMITED, "ticket": "7"}, 429, Verdict.UNKNOWN),
     ({**LIMITED, "data": {"status": "success"}}, 429, Verdict.UNKNOWN), ('{"status":"success","message":"Order se', 429, Verdict.UNKNOWN),
     ({**LIMITED, "result": "success"}, 200, Verdict.UNKNOWN), ("success", 429, Verdict.UNKNOWN), ('"success"', 429, Verdict.UNKNOWN),
     (json.dumps(LIMITED) + '{"status":"success"}', 429, Verdict.UNKNOWN), ({**LIMITED, "x": "y" * 70_000}, 429, Verdict.UNKNOWN),
     ({"status": "success"}, 503, Verdict.UNKNOWN)],
)  # fmt: skip
def test_slow_down_beside_a_success_is_never_not_acted_on(body: Any, status: int, verdict: Verdict) -> None:
    """A clear success counts; anything else is unknown, and is not sent again."""
    answer = raw(body if isinstance(body, str) else json.dumps(body), status)
    assert read_single(answer).verdict is verdict
    assert not answers.is_busy(answer)


# --- what is no doubt ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "notice",
    ["PHP Notice: Undefined index: x in /srv/a.php [12]", "<br />\n<b>Warning</b>: array {closure}() [0]<br />"],
)
@pytest.mark.parametrize("orders", [[], [A, B]])
def test_a_notice_of_the_server_is_no_doubt(notice: str, orders: list[Any]) -> None:
    """Before the JSON, behind it, or both."""
    text = json.dumps({"status": "success", "orders": orders})
    expected = Claimed(Feed.ORDERS, "7", (ROW_A, ROW_B) if orders else ())
    for body in (f"{notice}\n{text}", f"{text}\n{notice}", f"{notice}\n{text}\n{notice}"):
        assert claimed(body) == expected


@pytest.mark.parametrize("status", [204, 205])
def test_no_content_is_none(status: int) -> None:
    """HTTP's own word for it."""
    assert claimed("", status) == NONE


def test_what_else_the_panel_sent_is_kept() -> None:
    """In one readable line; what the row has anyway, and what is empty, is not in it."""
    more = {"usernames": ["a", "b"], "answer_number": 3, "media": "", "runs": None, "keywords": "x\ny", "order_buttons": {"a": 1},
            "service_id": "7", "username": "u", "status": "Pending", "nested": {"x": []}}  # fmt: skip
    found = claimed({"status": "success", "orders": [{**A, **more}, {**B, "service_id": 8, "url": "other"}]})
    assert [row.details for row in found.rows] == [  # type: ignore[union-attr]
        'usernames: a, b · answer_number: 3 · keywords: x y · order_buttons: {"a": 1}',
        "url: other",
    ]
    assert [row.service for row in found.rows] == ["7", "8"]  # type: ignore[union-attr] - what an order says of itself counts
    assert read_orders(raw(json.dumps([{**A, "service_id": 9}])), "").rows[0].service == "9"
