"""What answers do to the ledger: it moves for accepted ids and for no others."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core import resolve, settle
from reconcile.core.ledger import COLUMNS, Sending, refusals
from reconcile.core.model import CancelTask, Feed, Verdict
from reconcile.core.words import ENGLISH
from tests.core.desk import NOW, WHEN, Desk, order, refuse, unclear, unsent, with_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.core.model import Push

THREE = (Verdict.ACCEPTED, Verdict.REFUSED, Verdict.UNKNOWN)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_ledger_moves_for_accepted_ids_only(count: int) -> None:
    """All 3^n outcomes of n updates: accepted moves, refused is remembered as refused, unknown claims nothing and goes again."""
    for outcome in product(THREE, repeat=count):
        desk = Desk()
        desk.receive(*[order(str(number)) for number in range(count)])
        for number in range(count):
            desk.type("orders", str(number), status="In progress", start_count=number)
        desk.run(lambda push, outcome=outcome: (outcome[int(push.key)], "no"))
        for number, verdict in enumerate(outcome):
            known = desk.ledger.row("orders", str(number))
            assert known is not None
            assert (known["status"], known["start_count"]) == {
                Verdict.ACCEPTED: ("In progress", str(number)),
                Verdict.REFUSED: ("Processing", None),
                Verdict.UNKNOWN: (None, None),
            }[verdict]
            assert bool(refusals(known["refused"])) is (verdict is Verdict.REFUSED)
            assert known["sending"] is None
        again = [key for key, _, _ in desk.sent()]
        assert again == [str(number) for number, verdict in enumerate(outcome) if verdict is Verdict.UNKNOWN]


@pytest.mark.parametrize("verdict", [*THREE, Verdict.NOT_SENT])
def test_a_refund_moves_the_ledger_only_when_it_was_accepted(verdict: Verdict) -> None:
    """Accepted: closed and refunded. Refused: not. Unknown: marked, for a person. Not sent: as if it had not been tried."""
    desk = with_order()
    desk.type("orders", "15", status="Partial", remains=50)
    before = desk.ledger.row("orders", "15")
    desk.run(lambda _: (verdict, "no"))
    known = desk.ledger.row("orders", "15")
    assert known is not None
    mark = Sending.parse(known["sending"])
    assert (known["status"], known["refunded"], bool(known["refused"]), mark.doubt if mark else None) == {
        Verdict.ACCEPTED: ("Partial", "Partial", False, None),
        Verdict.REFUSED: ("Processing", None, True, None),
        Verdict.UNKNOWN: ("Processing", None, False, True),
        Verdict.NOT_SENT: ("Processing", None, False, None),
    }[verdict]
    if verdict is Verdict.NOT_SENT:
        assert known == before


def test_what_a_run_says_and_writes_down() -> None:
    """Notes and history in whole, for one accepted update, one refused refund and one unknown update."""
    desk = Desk()
    desk.receive(order("1"), order("2"), order("3"))
    desk.type("orders", "1", status="In progress", start_count=5)
    desk.type("orders", "2", status="Canceled")
    desk.type("orders", "3", remains=7)
    verdicts = {
        "1": (Verdict.ACCEPTED, ""),
        "2": (Verdict.REFUSED, "Order  cannot be\ncanceled"),
        "3": (Verdict.UNKNOWN, "time out"),
    }
    _, settled = desk.run(lambda push: verdicts[push.key])
    assert [desk.says("orders", key) for key in "123"] == [
        "#1 · Sent 02 Mar 09:55: Status In progress, Start count 5.",
        (
            "#2 · Refused. The panel did not take the cancel and refund: Order cannot be canceled. It is not sent again until you "
            "change it."
        ),
        "#3 · Waiting. The panel did not say whether it took Remains 7. It is sent again next time.",
    ]
    assert [
        tuple(str(line[name]) for name in ("tab", "id", "field", "from", "to", "result", "run"))
        for line in settled.history
    ] == [
        ("Orders", "1", "Status", "Processing", "In progress", "accepted", "run-1"),
        ("Orders", "1", "Start count", "None", "5", "accepted", "run-1"),
        ("Orders", "3", "Remains", "None", "7", "unknown: time out.", "run-1"),
        ("Orders", "2", "Status", "Processing", "Canceled", "refused: Order cannot be canceled.", "run-1"),
    ]
    assert all(set(row) == set(COLUMNS) for row in settled.ledger)


def test_a_very_long_refusal_is_shortened_everywhere() -> None:
    """A panel that answers with a page of text fills no cell with it."""
    desk = with_order()
    desk.type("orders", "15", status="Completed")
    desk.run(refuse("x" * 60_000))
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert len(str(known["refused"])) < 400
    assert len(desk.says("orders", "15")) < 420
    assert desk.says("orders", "15").endswith("x…. It is not sent again until you change it.")


# --- marks that a run left behind ------------------------------------------------------------------------------------------------


def refund_left(desk: Desk) -> None:
    """The run begins (its marks are written) and is killed."""
    desk.runs += 1
    snapshot = desk.snapshot()
    desk.mark(desk.plan(), snapshot.tabs)


def recover(desk: Desk, outcome: Callable[[Feed, str, Sending], tuple[Verdict, str]]) -> None:
    """What the next run does first."""
    desk.ledger = desk.ledger.patched(settle.recovered(desk.ledger, desk.snapshot().tabs, outcome, NOW, say=ENGLISH))


def says(verdict: Verdict) -> Callable[[Feed, str, Sending], tuple[Verdict, str]]:
    """A journal that knows this of every send."""
    return lambda *_: (verdict, "not  allowed")


@pytest.mark.parametrize(
    ("verdict", "status", "sent"),
    [
        (Verdict.ACCEPTED, "Canceled", []),
        (Verdict.REFUSED, "Processing", []),
        (Verdict.NOT_SENT, "Processing", [("15", "setCanceled", "status=Canceled")]),
        (Verdict.UNKNOWN, "Processing", []),
    ],
)
def test_a_refund_of_a_killed_run_is_settled_from_the_journal(verdict: Verdict, status: str, sent: Any) -> None:
    """It is sent again only where the journal says that it never left."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled", unsure="Send again")
    refund_left(desk)
    recover(desk, says(verdict))
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert known["status"] == status
    plan, _ = desk.run()
    assert [(push.key, push.action.value, "status=Canceled") for push in plan.pushes] == sent
    assert len(plan.doubts) == (verdict is Verdict.UNKNOWN)
    assert desk.sent() == []
    if verdict is Verdict.ACCEPTED:
        assert known["refunded"] == "Canceled"
        assert known["closed"] == NOW.isoformat()
    if verdict is Verdict.REFUSED:
        assert known["refused"] == '{"status":["Canceled","not allowed."]}'


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.NOT_SENT, Verdict.UNKNOWN])
def test_a_payment_of_a_killed_run_is_settled_from_the_journal(verdict: Verdict) -> None:
    """At most one call ever, also when its Reference is typed over right after the kill."""
    desk = Desk()
    desk.add("payments", reference="P1", user="u", amount=5, details="d", send="Yes")
    refund_left(desk)
    desk.type("payments", "P1", reference="P2")
    recover(desk, says(verdict))
    pushed = [key for key, _, _ in desk.sent()] + [key for key, _, _ in desk.sent()]
    assert pushed == (["P2"] if verdict in (Verdict.REFUSED, Verdict.NOT_SENT) else [])


def corrected() -> Desk:
    """A payment the panel refused, and what was wrong with it is mended since."""
    desk = Desk()
    desk.add("payments", reference="P1", user="u", amount=5, details="bad", send="Yes")
    desk.run(refuse("no"))
    desk.type("payments", "P1", details="good")
    return desk


PAID = [("P1", "addPayment", "send=5.00")]


def test_a_corrected_payment_that_found_the_panel_away_is_sent_by_the_next_run() -> None:
    """P5: the run that noticed the correction could not send it; the next one does, once."""
    desk = corrected()
    assert desk.sent(unsent) == PAID
    assert desk.sent() == PAID
    assert desk.sent() == []


def test_a_corrected_payment_of_a_killed_run_is_sent_by_the_next_run() -> None:
    """P5: the journal says that it never left, so it goes now, once."""
    desk = corrected()
    refund_left(desk)
    recover(desk, says(Verdict.NOT_SENT))
    assert desk.sent() == PAID
    assert desk.sent() == []


def test_a_corrected_payment_in_doubt_is_sent_again_when_a_person_says_so() -> None:
    """P5: `resolve --send-again` after a lost answer is done by the next run, once."""
    desk = corrected()
    desk.run(unclear)
    (doubt,) = desk.plan().doubts
    commit = resolve.sent(doubt, desk.snapshot(), desk.ledger, resolve.When("by-hand", NOW, WHEN), again=True)
    desk.ledger = desk.ledger.patched(commit.ledger)
    assert desk.sent() == PAID
    assert desk.sent() == []


def test_a_refund_through_cancels_of_a_killed_run_closes_its_order() -> None:
    """Both rows move, as they would have."""
    desk = with_order()
    desk.receive(CancelTask("3", "15"))
    desk.type("cancels", "3", decision="Partial refund", remains=5)
    refund_left(desk)
    recover(desk, says(Verdict.ACCEPTED))
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert (known["status"], known["remains"], known["refunded"], known["state"]) == (
        "Partial",
        "5",
        "Partial",
        "closed",
    )
    assert known["closed"] == NOW.isoformat()
    assert desk.sent() == []


def test_a_mark_that_a_person_must_settle_is_left_to_them() -> None:
    """The journal is asked about a doubt on record, too; where it knows no better, the doubt stays as it is."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled")
    desk.run(unclear)
    before = desk.ledger.row("orders", "15")
    recover(desk, lambda *_: (Verdict.UNKNOWN, ""))
    assert desk.ledger.row("orders", "15") == before


def test_the_journal_outranks_a_doubt() -> None:
    """F31: a row is in doubt, and a journal knows that the refund went through: nobody is asked any more."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled")
    desk.run(unclear)
    recover(desk, lambda *_: (Verdict.ACCEPTED, ""))
    row = desk.ledger.row("orders", "15")
    assert row is not None
    assert (row["status"], row["refunded"], row["sending"], row["state"]) == ("Canceled", "Canceled", None, "closed")


def test_an_update_beside_a_refund_keeps_its_own_result() -> None:
    """Start count accepted, refund unknown: each is what it is, in one row."""
    desk = with_order()
    desk.type("orders", "15", status="Canceled", start_count=9)

    def panel(push: Push) -> tuple[Verdict, str]:
        return (Verdict.UNKNOWN, "") if push.once else (Verdict.ACCEPTED, "")

    desk.run(panel)
    known = desk.ledger.row("orders", "15")
    assert known is not None
    assert (known["start_count"], known["status"]) == ("9", "Processing")
    assert Sending.parse(known["sending"]) is not None
    assert desk.says("orders", "15").endswith("Sent 02 Mar 09:55: Start count 9.")
