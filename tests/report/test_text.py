"""A plan and an outcome as a person reads them on a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconcile.core.model import Plan
from reconcile.core.words import ENGLISH
from reconcile.report import text
from tests.report.conftest import DOUBT, SEND_DOUBT

if TYPE_CHECKING:
    from reconcile.core.model import Outcome

EVIL = "␛[2J|`x`⏎[a](http://e.vil) <img src=x> @all ![i](https://e.vil) <U+202E> &amp; www.e.vil"


def test_a_plan(plan: Plan) -> None:
    """Changes, refunds apart with their total, answers, messages, doubts, then one line of counts."""
    assert text.plain(text.plan(plan, [SEND_DOUBT], "orders.xlsx")) == (
        f"""\
Plan for orders.xlsx

Changes for the panel (2)
  Orders #15 row 7     Status Processing → Completed · Start count – → 120
  Payments #P-1 row 2  Payment of 25.00 to maria ({EVIL})

Refunds: 2, together 1.20 and 1 of unknown amount
  Orders #16 row 8  Status Processing → Partial · Remains – → 50 · refund 1.20
  Cancels #3 row 2  Decision – → Cancel and refund (order 24), sent again as decided · refund amount not known

Answers staff will read in Sync (2)
  Orders #17 row 9   Please check. “{EVIL}” is not a Status.
  Orders #18 row 10  Waiting for Remains.

12 closed orders would move to Archive: #101 #102 #103 #104 #105 #106 #107 #108 #109 #110 …

To know
  Orders: the row of order 21 was deleted from the sheet.

In doubt, until a person says what happened (1)
  It is not known whether the refund went through for order 19.
    → reconcile resolve orders-19 --went-through  (or --send-again)

2 changes · 2 refunds (together 1.20 and 1 of unknown amount) · 2 answers for staff · 1 in doubt · plan 0123456789ab
"""
    )


def test_a_plan_that_moves_one_order() -> None:
    """Whatever its id is made of, in one line."""
    assert text.plain(
        text.plan(Plan(digest="0123456789ab", archive=("1\n\x1b[2J",), words=ENGLISH), [], "orders.xlsx")
    ) == (
        """\
Plan for orders.xlsx

1 closed order would move to Archive: #1⏎␛[2J

0 changes · 0 refunds · 0 answers for staff · 0 in doubt · plan 0123456789ab
"""
    )


def test_a_plan_that_a_limit_stops(limited: Plan) -> None:
    """What is held, the arithmetic, and the one flag that overrides it."""
    assert text.plain(text.plan(limited, [], "orders.xlsx")).endswith(
        """\

Held by a limit (1 row), everything else goes on
  Orders #16 row 8  Status Processing → Partial · Remains – → 50 · refund 1.20
  26 refunds in one run, 25 allowed.
  → If this is what staff want: reconcile sync --force

0 changes · 0 refunds · 0 answers for staff · 0 in doubt · 1 row held by 1 limit · plan 0123456789ab
"""
    )


def test_a_plan_that_force_lets_through(limited: Plan) -> None:
    """The same arithmetic, and no word of stopping."""
    assert text.plain(
        text.plan(replace(limited, forced=True, pushes=limited.held, held=()), [], "orders.xlsx")
    ).endswith(
        """\

Limits that --force would override (1)
  26 refunds in one run, 25 allowed.

0 changes · 1 refund (together 1.20) · 0 answers for staff · 0 in doubt · 1 limit overridden by --force · plan 0123456789ab
"""
    )


def test_an_outcome(outcome: Outcome) -> None:
    """What was done, who is needed, what is in doubt."""
    assert text.plain(text.outcome(outcome, "orders.xlsx")) == (
        f"""\
Run 20261122-155316-4f2a on orders.xlsx: done, but something is in doubt and needs a person (2.5 s)
  Received 250 orders and 1 refill
  Sent     2 changes accepted, 1 refused, 1 without a clear answer
  Refunds  1, together 1.20
  Answers  2 rows have a message for staff in Sync
  Calls    getOrders 3, updateOrders 1

Needs a person (2)
  Orders #17 row 9     Please check. “{EVIL}” is not a Status.
  Payments #P-1 row 2  The panel refused Payment of 25.00 to maria ({EVIL}): the user is not known.

To know
  Orders: the row of order 21 was deleted from the sheet.

In doubt, until a person says what happened (2)
  An answer was lost {EVIL}.
    → reconcile resolve claim-r1-4 --orders ID,ID  (or --csv FILE, or --nothing)
  It is not known whether the refund went through for order 19.
    → reconcile resolve orders-19 --went-through  (or --send-again)
"""
    )


def test_open_doubts() -> None:
    """Each with its id and every way to close it."""
    assert text.plain(text.doubts([SEND_DOUBT])) == (
        """\
1 doubt open

orders-19  ()
  It is not known whether the refund went through for order 19.
  → reconcile resolve orders-19 --went-through  (or --send-again)
    or staff choose in Orders, row of 19, column If unsure
"""
    )
    assert text.plain(text.doubts([DOUBT])).count("→") == 1
    assert text.plain(text.doubts([])) == "Nothing is in doubt.\n"
