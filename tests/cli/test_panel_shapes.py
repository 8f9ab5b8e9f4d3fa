"""45 shapes and behaviours of panels, each against the real command: no order lost, none doubled, none taken as "nothing pending".

Every shape is one answer to `getOrders` that hands out the orders it names. `lands`: their ids as rows of Orders. `code`: 0, or 7 where something
may be missing and is on record as in doubt. A second sync, of a panel with nothing more, changes no row.
"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from reconcile.panel import client
from reconcile.panel.practice import Fault, PracticePanel, answering
from reconcile.panel.retry import Policy
from tests.cli.conftest import KEY

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal

pytestmark = pytest.mark.long


def order(id_: Any, **more: Any) -> dict[str, Any]:
    """One order as the reference shows it."""
    shown = {"id": id_, "link": f"https://x.com/{id_}", "charge": "0.10", "user_id": "u-1", "quantity": "100"}
    return {**shown, "comments": "", **more}


def wrapped(*orders: Any, **envelope: Any) -> dict[str, Any]:
    """A success with these orders."""
    return {"status": "success", "message": "Orders fetched successfully", "orders": list(orders), **envelope}


TWO = wrapped(order("5001"), order("5002"))
BOTH = ("5001", "5002")
NOTICE = "<br />\n<b>Notice</b>:  Undefined index: lang in <b>/var/www/api.php</b> on line <b>31</b><br />\n"


class Shape(NamedTuple):
    """One answer and what becomes of it."""

    name: str
    body: Any
    lands: tuple[str, ...] = BOTH
    code: int = 0
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    cells: dict[str, Any] = {}  # noqa: RUF012
    """What the first row shows."""


TEXT = json.dumps(TWO)
SHAPES = [
    Shape("as the reference", TWO),
    Shape("a bare list", TWO["orders"]),
    Shape("keyed by id", wrapped() | {"orders": {"5001": order("5001"), "5002": order("5002")}}),
    Shape("keyed by position", wrapped() | {"orders": {"0": order("5001"), "1": order("5002")}}),
    Shape("inside data.orders", {"status": "success", "data": {"orders": TWO["orders"]}}),
    Shape("one flat order", {"status": "success", **order("5001")}, ("5001",)),
    Shape("HTTP 201", TWO, status=201),
    Shape("HTTP 202", TWO, status=202),
    Shape("Success with a capital", TWO | {"status": "Success"}),
    Shape("no message", {"status": "success", "orders": TWO["orders"]}),
    Shape("no envelope", {"orders": TWO["orders"]}),
    Shape("a fail around orders at 200", TWO | {"status": "fail", "error": "rate_limited"}),
    Shape("HTTP 429 around orders", TWO, status=429),
    Shape("HTTP 500 around orders", TWO, status=500),
    Shape("HTTP 404 around orders", TWO, status=404),
    Shape("numbers where texts were", wrapped(order(5001, charge=0.1, user_id=111, comments=None), order(5002))),
    Shape("an id as 5001.0", wrapped(order(5001.0), order(5002))),
    Shape("a sparse comments order", wrapped({"id": "5001", "link": "l", "comments": "a\r\nb"}, order("5002"))),
    Shape(
        "comments as a list",
        wrapped(order("5001", comments=["nice", "wow"]), order("5002")),
        cells={"Comments": "nice\nwow"},
    ),
    Shape("comment instead of comments", wrapped({**order("5001"), "comment": "nice"}, order("5002"))),
    Shape(
        "an escaped link",
        wrapped(order("5001", link="https://x.com/?a=1&amp;b=2"), order("5002")),
    ),
    Shape(
        "a comment that begins with =",
        wrapped(order("5001", comments="=1+1"), order("5002")),
        cells={"Comments": "=1+1"},
    ),
    Shape(
        "a charge as an object",
        wrapped(order("5001", charge={"value": "0.03", "currency_code": "USD"}), order("5002")),
    ),
    Shape("a charge with a comma", wrapped(order("5001", charge="0,15"), order("5002")), cells={"Charge": "0,15"}),
    Shape("a charge as $0.90", wrapped(order("5001", charge="$0.90"), order("5002")), cells={"Charge": "$0.90"}),
    Shape("a charge as 1e-05", wrapped(order("5001", charge="1e-05"), order("5002")), cells={"Charge": "1e-05"}),
    Shape("a quantity as 1,000", wrapped(order("5001", quantity="1,000"), order("5002")), cells={"Quantity": "1,000"}),
    Shape("a quantity as 1000.0", wrapped(order("5001", quantity=1000.0), order("5002"))),
    Shape("a service of its own", wrapped(order("5001", service_id="9"), order("5002")), cells={"Service": "9"}),
    Shape(
        "unknown fields",
        wrapped(order("5001", answer_number=3, usernames=["a", "b"]), order("5002")),
        cells={"Details": "answer_number: 3 · usernames: a, b"},
    ),
    Shape("the same order twice", wrapped(order("5001"), order("5001"), order("5002"))),
    Shape(
        "the same id with another quantity", wrapped(order("5001"), order("5001", quantity="9"), order("5002")), code=7
    ),
    Shape("one without an id", wrapped(order("5001"), {"link": "l", "quantity": "5"}, order("5002")), code=7),
    Shape("a text among the orders", wrapped(order("5001"), "5003", order("5002")), code=7),
    Shape("a notice before the JSON", NOTICE + TEXT),
    Shape("a notice behind the JSON", TEXT + "\n<b>Notice</b>: Array [0] in <b>x.php</b>"),
    Shape("a byte order mark", b"\xef\xbb\xbf" + TEXT.encode()),
    Shape("UTF-16", TEXT.encode("utf-16")),
    Shape("gzip", gzip.compress(TEXT.encode()), headers={"Content-Encoding": "gzip"}),
    Shape("gzip without the label", gzip.compress(TEXT.encode())),
    Shape("plain behind the label gzip", TEXT, headers={"Content-Encoding": "gzip"}),
    Shape("gzip twice", gzip.compress(gzip.compress(TEXT.encode())), headers={"Content-Encoding": "gzip"}),
    Shape("x-gzip", gzip.compress(TEXT.encode()), headers={"Content-Encoding": "x-gzip"}),
    Shape("deflate", zlib.compress(TEXT.encode()), headers={"Content-Encoding": "deflate"}),
    Shape("text/html as its type", TEXT, headers={"Content-Type": "text/html"}),
    Shape("cut in the second order", TEXT[: TEXT.index("5002") + 20], ("5001",), code=7),
    Shape("comments of 60,000 characters", wrapped(order("5001", comments="c" * 60_000), order("5002"))),
]
EMPTIES = [
    (200, {"status": "success", "orders": []}),
    (200, {"status": "success", "orders": None}),
    (200, {"status": "success"}),
    (200, []),
    (200, {"status": "fail", "error": "no_order"}),
    (404, {"status": "fail", "error": "no_order"}),
    (200, {"error": "No order found"}),
    (404, {"status": "fail", "error": "Not found"}),
    (204, None),
]
"""Nine ways to say "nothing pending"."""
NOT_EMPTY = [
    (200, "", 7),
    (200, "<html>Welcome</html>", 7),
    (503, "<html>", 7),
    (500, '{"status":"fail","error":"internal_error"}', 7),
    (200, '{"status":"succ', 7),
    (200, '{"status":"fail","error":"bad_type"}', 0),
    (200, '{"status":"fail","error":"","message":"Hata oluştu"}', 0),
    (401, '{"status":"fail","error":"bad_auth"}', 6),
    (200, '{"status":"fail","error":"bad_auth"}', 6),
    (200, '{"error":"Invalid API key"}', 6),
    (400, '{"status":"fail","error":"error_code","message":"Key is required","missing":["key"]}', 6),
    (429, '{"status":"fail","error":"rate_limited"}', 5),
]
"""Twelve that look alike, with the exit code each ends with: told, never taken as "nothing pending"."""


@pytest.fixture
def panel() -> PracticePanel:
    """A panel with nothing of its own to hand out."""
    return PracticePanel(0, 7, KEY, refills=0, cancels=0)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries at once."""
    monkeypatch.setattr(client, "Policy", lambda: Policy(first=0.0))


def answer(terminal: Terminal, body: Any, status: int, headers: dict[str, str] | None = None, times: int = 1) -> None:
    """The panel's next answer to getOrders."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    fault = answering(b"" if body is None else raw, status, action="getOrders", times=times)
    terminal.panel.faults.append(
        Fault("answer", "getOrders", times, acts=False, status=status, body=fault.body, headers=headers or {})
    )


def test_how_many() -> None:
    """The table holds what the issue asks for."""
    names = [shape.name for shape in SHAPES]
    assert len(names) == len(set(names)) >= 45
    assert (len(EMPTIES), len(NOT_EMPTY)) == (9, 12)


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name.replace(" ", "-") for shape in SHAPES])
def test_a_shape(terminal: Terminal, shape: Shape) -> None:
    """What it brings lands once and whole; what of it cannot be read is on record; a second sync adds nothing."""
    terminal.type("init")
    answer(terminal, shape.body, shape.status, shape.headers)
    ended = terminal.type("sync")
    assert ended.code == shape.code, ended.out + ended.err
    rows = terminal.rows("Orders")
    assert [str(row["ID"]) for row in rows] == list(shape.lands)
    assert {name: rows[0][name] for name in shape.cells} == shape.cells
    again = terminal.type("sync")
    assert [str(row["ID"]) for row in terminal.rows("Orders")] == list(shape.lands)
    assert again.code == shape.code
    if not shape.code:
        assert "To know" not in again.out


@pytest.mark.parametrize(("status", "body"), EMPTIES)
def test_nothing_pending(terminal: Terminal, status: int, body: Any) -> None:
    """Nine ways to say it, none of them a doubt or worth a word."""
    terminal.type("init")
    answer(terminal, body, status)
    ended = terminal.type("sync")
    assert (ended.code, "To know" in ended.out) == (0, False)


@pytest.mark.parametrize(("status", "body", "code"), NOT_EMPTY)
def test_what_is_not_nothing(terminal: Terminal, status: int, body: str, code: int) -> None:
    """Each is told, with the exit code of what it is."""
    terminal.type("init")
    answer(terminal, body, status, times=20)
    ended = terminal.type("sync")
    assert ended.code == code
    assert "To know" in ended.out or code != 0
