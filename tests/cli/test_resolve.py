"""`resolve`: a person says what became of something in doubt."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from reconcile.core.model import Action
from reconcile.panel.practice import dropping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal

CLAIM = "claim-20261122-155316-0001-1"


@pytest.fixture
def lost(terminal: Terminal) -> Terminal:
    """Orders 15 and 16 were handed out, and their answer never came."""
    terminal.type("init")
    terminal.panel.faults.append(dropping(acts=True, action="getOrders"))
    assert terminal.type("sync").code == 7
    return terminal


@pytest.fixture
def unclear(synced: Terminal) -> Terminal:
    """Order 16 was to be canceled and refunded, and the answer never came."""
    synced.edit("Orders", "16", status="Canceled")
    synced.panel.faults.append(dropping(acts=True, action="setCanceled"))
    assert synced.type("sync").code == 7
    return synced


def test_without_a_doubt_all_are_listed_with_the_command_that_closes_each(lost: Terminal) -> None:
    """Exit 7 while anything is open."""
    ended = lost.type("resolve")
    assert ended.code == 7
    first, _, head, text, way = ended.out.splitlines()
    assert first == "1 doubt open"
    assert head == f"{CLAIM}  (2026-11-22T15:53:16+00:00)"
    assert text.endswith("At most 100 orders may be missing from the sheet.")
    assert way == f"  → reconcile resolve {CLAIM} --orders ID,ID  (or --csv FILE, or --nothing)"
    assert json.loads(lost.type("resolve", "--json").out)["doubts"][0]["bound"] == 100


def test_lost_orders_are_added_by_id(lost: Terminal) -> None:
    """The rows land like claimed ones, the doubt is closed for good, and History says who did it."""
    ended = lost.type("resolve", CLAIM, "--orders", "15, 16")
    assert (ended.code, ended.out) == (0, f"{CLAIM}: 2 orders added.\n")
    assert [(row["ID"], row["Service"], row["Status"]) for row in lost.rows("Orders")] == [
        ("15", "1", "Processing"),
        ("16", "1", "Processing"),
    ]
    assert [row["Result"] for row in lost.rows("Change log")] == [f"resolved by hand ({CLAIM})"] * 2
    assert lost.rows("Runs")[-1]["Result"] == "Resolved by hand"
    assert lost.type("resolve").out == "Nothing is in doubt.\n"
    assert lost.type("sync").code == 0
    lost.edit("Orders", "15", status="Completed")
    assert lost.type("sync").code == 0
    assert lost.panel.state.orders["15"].status == "Completed"


@pytest.mark.parametrize("typed", ["#15, #16", "# 15 16.0", "'15;'16", "\uff11\uff15\uff0c\uff11\uff16", "#15.00,16"])
def test_ids_are_taken_as_they_are_copied(lost: Terminal, typed: str) -> None:
    """From an answer, a text cell, a number cell or another keyboard: the row's ID is the panel's."""
    assert lost.type("resolve", CLAIM, "--orders", typed).code == 0
    assert [row["ID"] for row in lost.rows("Orders")] == ["15", "16"]


def test_ids_of_an_export_are_taken_as_they_are_written(lost: Terminal, tmp_path: Path) -> None:
    """The same as typed ones, and what is in the sheet already is known in every spelling."""
    lost.type("resolve", CLAIM, "--orders", "15", "--keep-open")
    (tmp_path / "export.csv").write_text("#,Status\n#15,Processing\n16.0,Processing\n'16,Processing\n#,Processing\n")
    ended = lost.type("resolve", CLAIM, "--csv", "export.csv", "--yes")
    assert "Left out: 2 in the sheet already; 1 without an id.\n" in ended.err
    assert [row["ID"] for row in lost.rows("Orders")] == ["15", "16"]


def test_a_long_cell_of_an_export_is_no_bug(lost: Terminal, tmp_path: Path) -> None:
    """Comments may be longer than Python's csv expects by itself; what it expects elsewhere stays as it was."""
    before = csv.field_size_limit()
    (tmp_path / "export.csv").write_text(f"id,service,status,comments\n15,1,Processing,{'x' * 200_000}\n")
    assert lost.type("resolve", CLAIM, "--csv", "export.csv", "--yes").code == 0
    assert [row["ID"] for row in lost.rows("Orders")] == ["15"]
    assert csv.field_size_limit() == before


def test_a_doubt_stays_open_for_more(lost: Terminal) -> None:
    """--keep-open adds and keeps asking."""
    assert lost.type("resolve", CLAIM, "--orders", "15", "--keep-open").code == 0
    assert lost.type("resolve").code == 7
    assert lost.type("resolve", CLAIM, "--orders", "16").code == 0
    assert lost.type("sync").code == 0


def test_orders_that_are_there_already_stay_one_row(lost: Terminal) -> None:
    """Adding twice never doubles a row."""
    lost.type("resolve", CLAIM, "--orders", "15,15", "--keep-open")
    lost.type("resolve", CLAIM, "--orders", "15")
    assert [row["ID"] for row in lost.rows("Orders")] == ["15"]


def test_nothing_was_lost(lost: Terminal) -> None:
    """The doubt is closed, no row is made."""
    assert lost.type("resolve", CLAIM, "--nothing").out == f"{CLAIM}: nothing was lost.\n"
    assert lost.rows("Orders") == []
    assert lost.type("sync").code == 0


def test_lost_refills_are_added_by_id(terminal: Terminal) -> None:
    """A refill whose answer never came: its row is made, the doubt is closed, and orders are not asked about."""
    terminal.type("init")
    terminal.panel.faults.append(dropping(acts=True, action="getRefills"))
    assert terminal.type("sync").code == 7
    doubt = json.loads(terminal.type("resolve", "--json").out)["doubts"][0]
    assert doubt["feed"] == "refills"
    wrong = terminal.type("resolve", doubt["id"], "--orders", "1")
    assert wrong.code == 2
    assert wrong.err == f"{doubt['id']} is about refills, not orders.\n→ Give --refills or --nothing.\n"
    assert terminal.type("resolve", doubt["id"], "--refills", "1").out == f"{doubt['id']}: 1 refill added.\n"
    assert [row["ID"] for row in terminal.rows("Refills")] == ["1"]
    assert terminal.type("sync").code == 0


EXPORT = """\
Order ID;User;Charge;Link;Quantity;Service;Status;Remains
15;maria;0.10029597233;=HYPERLINK("x");100;1 - Followers;Processing;
16;kim;0.5;https://x;50;1;In progress;
17;kim;0.5;https://x;50;2;Processing;
18;kim;0.5;https://x;50;1;Pending;
;;;;;1;Processing;
"""


def test_an_export_of_the_panel_says_what_was_lost(lost: Terminal, tmp_path: Path) -> None:
    """Only orders in Processing, of the doubt's services, that the sheet lacks; shown before they are added."""
    (tmp_path / "export.csv").write_text(EXPORT, encoding="utf-8-sig")
    asked = lost.type("resolve", CLAIM, "--csv", "export.csv")
    assert asked.code == 2
    assert asked.err == (
        "To add (1):\n"
        '  #15  service 1 · quantity 100 · =HYPERLINK("x")\n'
        "Left out: 1 of other services; 2 not Processing; 1 without an id.\n"
        "Write this into the sheet? Nobody is here to answer.\n"
        "→ Give --yes to go ahead without being asked.\n"
    )
    assert lost.rows("Orders") == []
    assert lost.type("resolve", CLAIM, "--csv", "export.csv", "--yes").code == 0
    (row,) = lost.rows("Orders")
    assert (row["ID"], row["User"], row["Charge"], row["Link"]) == ("15", "maria", "0.10029597233", '=HYPERLINK("x")')


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--nothing",), "--nothing needs the doubt it is about.\n→ `reconcile resolve` lists them with their ids.\n"),
        (
            (CLAIM,),
            f"Say one thing about {CLAIM}.\n→ Give one of --orders, --refills, --csv, --nothing, --went-through, --send-again.\n",
        ),
        ((CLAIM, "--nothing", "--orders", "1"), "--orders and --nothing cannot both be.\n"),
        ((CLAIM[:-1] + "9", "--nothing"), f"There is no open doubt {CLAIM[:-1]}9. Did you mean {CLAIM}?\n"),
        ((CLAIM, "--orders", " , "), "No ids are given.\n→ Give them like this: --orders 15,16\n"),
        ((CLAIM, "--orders", "5,=1"), "=1 is not an id.\n→ Separate ids by commas: 15,16\n"),
        ((CLAIM, "--orders", "1", "--service", "8"), f"{CLAIM} is about service 1, not 8.\n→ Give one of these.\n"),
        ((CLAIM, "--went-through"), f"{CLAIM} is about work that may have been lost.\n"),
        ((CLAIM, "--csv", "no.csv"), "no.csv cannot be read: No such file or directory.\n"),
        ((CLAIM, "--csv", "odd.csv"), "The export has no column with the orders' ids.\n"),
        (
            (CLAIM, "--csv", "none.csv"),
            "The export holds no order to add.\n→ If nothing was lost, close the doubt with --nothing.\n",
        ),
    ],
)
def test_wrong_input_changes_nothing(lost: Terminal, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Exit 2 with what to do, and the doubt stays."""
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    (tmp_path / "none.csv").write_text("id,status\n")
    ended = lost.type("resolve", *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(said)
    assert lost.type("resolve").code == 7


def test_a_refund_that_went_through_is_never_sent_again(unclear: Terminal) -> None:
    """The ledger moves as if the panel had said yes; the panel has exactly one refund."""
    assert "  → reconcile resolve orders-16 --went-through  (or --send-again)\n" in unclear.type("resolve").out
    assert unclear.type("resolve", "orders-16", "--went-through").out == "orders-16: it went through.\n"
    (row,) = [row for row in unclear.rows("Orders") if row["ID"] == "16"]
    assert row["Sync"] == "#16 · Sent the cancel and refund (you said it went through)."
    assert unclear.type("sync").code == 0
    assert len(unclear.panel.calls(Action.SET_CANCELED)) == 1
    assert unclear.rows("Change log")[-1]["Result"] == "resolved by hand: it went through"


def test_what_the_panel_refused_besides_stays_in_the_row(synced: Terminal) -> None:
    """The doubt is settled by hand; the start count that was refused with it is still told."""
    synced.panel.refusals["16"] = ("error", "Not now")
    synced.edit("Orders", "16", start_count=5)
    assert synced.type("sync").code == 0
    synced.panel.refusals.clear()
    synced.edit("Orders", "16", status="Canceled")
    synced.panel.faults.append(dropping(acts=True, action="setCanceled"))
    assert synced.type("sync").code == 7
    assert synced.type("resolve", "orders-16", "--went-through").code == 0
    (row,) = [row for row in synced.rows("Orders") if row["ID"] == "16"]
    assert "The panel did not take Start count 5" in row["Sync"]
    assert "you said it went through" in row["Sync"]


def test_a_refund_to_send_again_is_sent_by_the_next_sync(unclear: Terminal) -> None:
    """A person decides; then it is sent exactly once more."""
    ended = unclear.type("resolve", "orders-16", "--send-again")
    assert ended.out == "orders-16: send again.\nThe next `reconcile sync` sends it.\n"
    assert unclear.type("sync").code == 0
    assert len(unclear.panel.calls(Action.SET_CANCELED)) == 2
    assert unclear.type("sync").code == 0
    assert len(unclear.panel.calls(Action.SET_CANCELED)) == 2


def test_a_payment_that_went_through_stays_sent(synced: Terminal) -> None:
    """No answer to the payment, then a person's word: the row is settled and stays quiet."""
    synced.edit("Payments", "PAY-1", user="maria", amount=5, details="d", send="Yes")
    synced.panel.faults.append(dropping(acts=True, action="addPayment"))
    assert synced.type("sync").code == 7
    assert synced.type("resolve", "payments-PAY-1", "--went-through").code == 0
    assert synced.type("sync").code == 0
    assert len(synced.panel.calls(Action.ADD_PAYMENT)) == 1
    assert "already" not in str(synced.rows("Payments")[0]["Sync"])


def test_a_cancel_that_went_through_closes_its_order(terminal: Terminal) -> None:
    """The order's own row may not refund a second time."""
    terminal.panel.state.cancels["241"].order_id = "15"
    terminal.type("init")
    terminal.type("sync")
    terminal.edit("Cancels", "241", decision="Cancel and refund")
    terminal.panel.faults.append(dropping(acts=True, action="setCanceled"))
    assert terminal.type("sync").code == 7
    assert terminal.type("resolve", "cancels-241", "--went-through").code == 0
    terminal.edit("Orders", "15", status="Canceled")
    assert terminal.type("sync").code == 0
    assert terminal.panel.state.orders["15"].refunds == ["0.10029597233"]


def test_a_cancel_that_went_through_is_remembered_when_its_order_comes_again(terminal: Terminal) -> None:
    """`--went-through` on a partial refund leaves on the order what the answer in the cell would: how it was refunded."""
    terminal.panel.state.cancels["241"].order_id = "15"
    terminal.type("init")
    terminal.type("sync")
    terminal.edit("Cancels", "241", decision="Partial refund", remains=7)
    terminal.panel.faults.append(dropping(acts=True, action="setPartial"))
    assert terminal.type("sync").code == 7
    assert terminal.type("resolve", "cancels-241", "--went-through").code == 0
    terminal.panel.state.orders["15"].status = "Pending"
    assert terminal.type("sync").code == 0
    (row,) = [row for row in terminal.rows("Orders") if row["ID"] == "15"]
    assert "although it was refunded before (Partial)" in row["Sync"]
    terminal.edit("Orders", "15", status="Canceled")
    assert terminal.type("sync").code == 0
    assert len(terminal.panel.state.orders["15"].refunds) == 1


def test_a_send_needs_the_right_kind_of_answer(unclear: Terminal) -> None:
    """A list of orders says nothing about a refund."""
    ended = unclear.type("resolve", "orders-16", "--nothing")
    assert ended.code == 2
    assert ended.err == "orders-16 is about one send.\n→ Give --went-through or --send-again.\n"
