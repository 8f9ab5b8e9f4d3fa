"""Claimed rows in the sheet: each once, whole, and remembered as the sheet shows them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core.landing import cut, land, number, units
from reconcile.core.ledger import FACTS, Ledger
from reconcile.core.model import Broken, CancelTask, Claimed, Feed, Order, Refill, Verdict
from reconcile.core.words import ENGLISH
from tests.core.desk import NOW, WHEN, Desk, order, unclear, with_order


def landing_of(
    *orders: Order, limit: int = 32_767, ledger: Ledger | None = None, broken: tuple[Broken, ...] = ()
) -> Any:
    """One answer's landing in an empty sheet."""
    claimed = Claimed(Feed.ORDERS, "12", orders, broken)
    known = ledger or Ledger(Ledger.empty())
    return land(claimed, known, (), run="r1-1", revision=7, now=NOW, when=WHEN, cell_limit=limit, say=ENGLISH)


def test_an_order_lands_as_it_was_sent() -> None:
    """Texts exactly, counts as numbers where that is exact, and the ledger remembers what the sheet shows."""
    sent = Order("15", "12", '=IMPORTXML("x")', "0.10029597233", "1a68-ab", "1000", "Great!\r\nनमस्ते 🎉", "runs: 3")
    out = landing_of(sent)
    assert out.append == {
        "orders": [
            {
                "id": "15",
                "user": "1a68-ab",
                "charge": "0.10029597233",
                "link": '=IMPORTXML("x")',
                "quantity": 1000,
                "service": "12",
                "status": "Processing",
                "comments": "Great!\r\nनमस्ते 🎉",
                "details": "runs: 3",
                "received": NOW,
                "state": "#15 · New",
                "sync": "#15 · New. Type the start count, then choose a Status.",
            }
        ]
    }
    (known,) = out.ledger
    for name in FACTS:
        assert known[name] == out.append["orders"][0].get(name)
    assert (known["status"], known["status_seen"], known["state"], known["received"]) == (
        "Processing",
        "Processing",
        "open",
        f"{NOW.isoformat()} r1-1@7",
    )
    assert out.counts == {"orders": 1}


def test_what_the_panel_left_out_stays_blank() -> None:
    """A sparse order lands; nothing is made up."""
    desk = Desk()
    desk.receive(Order("15", "12"))
    assert {name: cell for name, cell in desk.row("orders", "15").items() if cell is None} == dict.fromkeys(
        ("user", "charge", "link", "quantity", "comments", "details")
    )
    assert desk.plan().notes == ()


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("1000", 1000),
        ("0", 0),
        ("007", "007"),
        ("", None),
        ("12.5", "12.5"),
        ("-3", "-3"),
        ("9" * 15, int("9" * 15)),
        ("9" * 16, "9" * 16),
        ("\u0661", "\u0661"),
    ],
)
def test_a_count_is_a_number_only_where_a_spreadsheet_keeps_it_exactly(text: str, cell: Any) -> None:
    """Whatever else the panel sent stays its own text."""
    assert number(text) == cell


def test_refills_and_cancels_land_with_their_first_question() -> None:
    """Their ids are spaces of their own: refill 15 is not order 15."""
    desk = with_order()
    desk.receive(
        Refill("15", "9", "12", "l", "5", "100", "2026-03-01T10:00:00.000Z"), Refill("16", requested="yesterday")
    )
    desk.receive(CancelTask("15", "15", "12", "l"))
    refill = desk.row("refills", "15")
    assert (refill["order_id"], refill["start_count"], refill["quantity"], refill["requested"], refill["status"]) == (
        "9",
        5,
        100,
        datetime(2026, 3, 1, 10, tzinfo=UTC),
        "Pending",
    )
    assert desk.row("refills", "16")["requested"] == "yesterday"
    assert desk.says("cancels", "15") == "#15 · New. Choose a Decision."
    assert desk.plan().notes == ()


# --- twice -----------------------------------------------------------------------------------------------------------------------


def test_one_id_twice_in_one_answer_is_one_row() -> None:
    """The same again is silent, other values are said."""
    out = landing_of(order("15"), order("15"), order("15", quantity="9"))
    assert [row["id"] for row in out.append["orders"]] == ["15"]
    assert len(out.ledger) == 1
    assert out.counts == {"orders": 1}
    assert out.messages == ["The panel handed out 15 twice in one answer, the second time with Quantity 9."]


def test_an_open_order_handed_out_again_has_its_status_sent_again() -> None:
    """The panel set it back to Processing, so what staff chose is an edit again; the row stays one row."""
    desk = with_order()
    desk.type("orders", "15", status="In progress", start_count=5)
    desk.run()
    landing = desk.receive(order("15"))
    assert landing.append == {}
    assert desk.says("orders", "15") == (
        "#15 · Note. The panel handed this order out again on 02 Mar 09:55; it is Processing there. Choose its Status anew."
    )
    assert desk.sent() == [("15", "updateOrders", "status=In progress")]


def test_an_order_handed_out_with_other_values_is_answered_and_left_alone() -> None:
    """What differs is said; the row stays."""
    desk = with_order()
    landing = desk.receive(order("15", quantity="500", link="https://example.com/other"))
    assert landing.append == {}
    assert desk.says("orders", "15") == (
        "#15 · Please check. The panel handed this out again with other values: Link “https://example.com/other”, Quantity 500. "
        "The row was left as it is. Type the new Quantity into it: that is what counts now."
    )
    assert desk.row("orders", "15")["quantity"] == 1000


@pytest.mark.parametrize("typed", [False, True])
def test_remains_are_judged_by_the_quantity_an_order_was_handed_out_with_last(typed: Any) -> None:
    """A Partial of more than the old quantity goes out, before and after staff typed the new one; then the row is at rest."""
    desk = with_order()
    desk.receive(order("15", quantity="2000"))
    desk.run()
    assert desk.says("orders", "15") == (
        "#15 · Please check. The panel changed Quantity: it was “1000”, it is “2000”. Type the new value here, too."
    )
    if typed:
        desk.type("orders", "15", quantity=2000)
        assert desk.plan().pushes == ()
        assert [note.text for note in desk.plan().notes] == ["Type the start count, then choose a Status."]
    desk.type("orders", "15", status="Partial", remains=1500)
    assert desk.sent() == [("15", "setPartial", "status=Partial, remains=1500")]


@pytest.mark.parametrize("status", ["Completed", "Partial", "Canceled"])
def test_a_closed_order_handed_out_again_is_not_closed_again_by_itself(status: str) -> None:
    """Its Status cell still shows the old choice: that is not an edit, so nothing is pushed."""
    desk = with_order()
    desk.type("orders", "15", status=status, remains=5 if status == "Partial" else None)
    desk.run()
    desk.receive(order("15"))
    assert desk.sent() == []
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert (known["status"], known["state"], known["closed"]) == ("Processing", "open", None)
    assert known["refunded"] == (None if status == "Completed" else status)
    desk.type("orders", "15", status="In progress")
    assert desk.sent() == [("15", "updateOrders", "status=In progress")]


def test_what_was_answered_on_a_closed_order_is_no_edit_once_it_is_handed_out_again() -> None:
    """“A closed order stays closed” was the answer to Completed and Remains; the next run does not send them unasked."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled")
    desk.run()
    desk.type("orders", "15", status="Completed", remains=5, start_count=7)
    assert desk.sent() == []
    desk.receive(order("15"))
    assert desk.sent() == []
    desk.type("orders", "15", remains=None, status="In progress")
    assert desk.sent() == [("15", "updateOrders", "status=In progress")]


def test_a_start_count_on_its_way_still_is_after_the_order_is_handed_out_again() -> None:
    """Nobody knows whether the panel has it, so it is sent."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled", start_count=9)
    desk.run(lambda push: (Verdict.ACCEPTED if push.once else Verdict.UNKNOWN, ""))
    desk.receive(order("15"))
    assert desk.sent() == [("15", "updateOrders", "start_count=9")]


def test_a_deleted_row_handed_out_again_comes_back_and_keeps_its_doubt() -> None:
    """It is said, and what may have been sent is not forgotten with the row."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled")
    desk.run(unclear)
    desk.delete("orders", "15")
    assert len(desk.run()[0].doubts) == 1
    landing = desk.receive(order("15"))
    assert landing.messages == ["Orders: order 15, whose row had been deleted, was handed out again; it has a new row."]
    plan, _ = desk.run()
    assert len(plan.doubts) == 1
    desk.type("orders", "15", status="Canceled")
    assert desk.sent() == []


def test_a_refill_handed_out_again_has_its_status_sent_again() -> None:
    """The panel made it Pending again."""
    desk = Desk()
    desk.receive(Refill("7", "15"))
    desk.type("refills", "7", status="In progress")
    desk.run()
    desk.receive(Refill("7", "15"))
    assert desk.sent() == [("7", "setRefillInprogress", "status=In progress")]


def test_an_answered_cancel_request_that_keeps_coming_lands_no_more() -> None:
    """Also when its row was deleted."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Reject")
    desk.run()
    assert not desk.receive(CancelTask("3", "15"))
    desk.delete("cancels", "3")
    desk.run()
    assert not desk.receive(CancelTask("3", "15"))


def test_landing_twice_is_landing_once() -> None:
    """A run killed between the commit and its journal lands the same answer again: nothing changes."""
    desk = with_order()
    before = [dict(row) for row in desk.tabs["orders"]]
    landing = desk.receive(order("15"))
    assert landing.append == {}
    assert landing.ledger == []
    assert [row["id"] for row in desk.tabs["orders"]] == [row["id"] for row in before]


# --- long and broken -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [32_767, 50_000])
@pytest.mark.parametrize(
    "comments",
    [
        "x" * 60_000,
        "x" * 800_000,
        "x" * 32_766 + "🙂" * 20_000,
        "x" * 49_999 + "\U0001f642" + "y" * 10,
        ("z" * 32_766 + "\r\n") * 3,
        ("z" * 49_999 + "\r\n") * 3,
        "a\ud800b" * 30_000,
        "\r" * 70_000,
    ],
    ids=["60k", "800k", "emoji-xlsx", "emoji-google", "crlf-xlsx", "crlf-google", "surrogates", "cr"],
)
def test_a_long_text_is_kept_whole(comments: str, limit: int) -> None:
    """In parts that each fit a cell, cut neither through an emoji nor through a line break; its row says where."""
    out = landing_of(order("15", comments=comments), order("16", comments="short"), limit=limit)
    parts = out.append["long_texts"]
    assert "".join(part["text"] for part in parts) == comments
    assert [part["part"] for part in parts] == list(range(1, len(parts) + 1))
    assert {part["id"] for part in parts} == {"15"}
    assert all(0 < units(part["text"]) <= limit for part in parts)
    assert not any(
        first["text"].endswith("\r") and second["text"].startswith("\n") for first, second in itertools.pairwise(parts)
    )
    cell = out.append["orders"][0]["comments"]
    assert units(cell) < 2_100
    assert cell.endswith(f" … (Comments continues: see Long texts, ID 15, {len(parts)} parts)")
    assert out.append["orders"][1]["comments"] == "short"


def test_a_long_link_is_kept_whole_and_is_not_a_changed_fact() -> None:
    """The ledger remembers the shortened link that the sheet shows."""
    desk = with_order(link="https://example.com/" + "y" * 70_000)
    assert desk.tabs["long_texts"][0]["id"] == "15 Link"
    assert desk.plan().notes == ()


@given(st.text(st.characters(), max_size=60), st.integers(2, 20))
def test_cutting_never_splits_a_character(text: str, limit: int) -> None:
    """The beginning fits, is a beginning, and could not be longer."""
    piece = cut(text, limit)
    assert text.startswith(piece)
    assert units(piece) <= limit
    if piece != text:
        assert units(text[: len(piece) + 1]) > limit


def test_a_broken_order_is_kept_raw_and_the_others_land() -> None:
    """99 good ones and one broken: 99 rows, and everything the panel sent of the other."""
    good = [order(str(number)) for number in range(99)]
    out = landing_of(*good, broken=(Broken('{"id":null,"x":"' + "y" * 40_000 + '"}', "it has no id"),))
    assert len(out.append["orders"]) == 99
    assert "".join(str(row["text"]) for row in out.append["long_texts"]) == '{"id":null,"x":"' + "y" * 40_000 + '"}'
    (doubt,) = out.doubts
    assert (doubt.id, doubt.kind, doubt.bound, len(doubt.raw)) == ("unreadable-r1-1-12-1", "broken", 1, 500)
    assert doubt.text == (
        "The panel handed out one order that could not be read (it has no id). All it sent stands in Long texts under "
        "“unreadable r1-1 12 1”."
    )


def test_nothing_at_all_lands_as_nothing() -> None:
    """An empty answer makes no commit."""
    assert not landing_of()
