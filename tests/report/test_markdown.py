"""The summary an Action shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconcile.core.model import Kind, Note
from reconcile.report import markdown
from tests.report.conftest import SEND_DOUBT

if TYPE_CHECKING:
    from reconcile.core.model import Outcome, Plan

EVIL = (
    "␛\\[2J&#124;\\`x\\`⏎\\[a\\]\\(http&#8288;://e.vil\\) &lt;img src=x&gt; @&#8288;all \\!\\[i\\]"
    "\\(https&#8288;://e.vil\\) &lt;U\\+202E&gt; &amp;amp; www&#8288;.e.vil"
)


def test_the_whole_summary(outcome: Outcome) -> None:
    """Counts, doubts with the command that closes each, a table of who is needed, the accepted changes folded away."""
    made = replace(outcome, doubts=(SEND_DOUBT,))
    assert markdown.outcome(made, "orders.xlsx") == (
        f"""\
## ⚠️ orders.xlsx: done, but something is in doubt and needs a person

| | |
|---|---|
| Received | 250 orders and 1 refill |
| Accepted by the panel | 2 |
| Refused | 1 |
| Without a clear answer, or not sent yet | 1 |
| Refunds | 1, together 1.20 |
| Needs a person | 4 |

### In doubt

| What | Close it with |
|---|---|
| It is not known whether the refund went through for order 19. | `reconcile resolve orders-19 --went-through  (or --send-again)` |

### Needs a person

| Tab | ID | Row | Why |
|---|---|---|---|
| Orders | 17 | 9 | Please check. “{EVIL}” is not a Status. |
| Payments | P\\-1 | 2 | The panel refused Payment of 25.00 to maria \\({EVIL}\\): the user is not known. |

<details><summary>2 accepted changes</summary>

| Row | Change |
|---|---|
| Orders \\#15 row 7 | Status Processing → Completed · Start count – → 120 |
| Orders \\#16 row 8 | Status Processing → Partial · Remains – → 50 (refund 1.20) |

</details>

### To know

- Orders: the row of order 21 was deleted from the sheet.

<sub>Run 20261122\\-155316\\-4f2a, 2.5 s, plan 0123456789ab</sub>
"""
    )


def test_a_stopped_run(outcome: Outcome, limited: Plan) -> None:
    """The limit's arithmetic and what passes it."""
    made = replace(
        outcome, plan=limited, results=(), landed=(), doubts=(), messages=(), exit_code=3, stopped="26 refunds."
    )
    shown = markdown.outcome(made, "orders.xlsx")
    assert shown.startswith("## ⚠️ orders.xlsx: a limit holds 1 row, the rest is done\n\n**26 refunds.**\n")
    assert "- 26 refunds in one run, 25 allowed.\n\n- If this is what staff want: reconcile sync \\-\\-force\n" in shown


def test_a_long_list_is_cut(outcome: Outcome, plan: Plan) -> None:
    """A summary holds 1 MB at most: 200 rows and how many more there are."""
    notes = tuple(Note("orders", str(number), number, Kind.PROBLEM, "x" * 5_000) for number in range(1_000))
    shown = markdown.outcome(replace(outcome, plan=replace(plan, notes=notes)), "orders.xlsx")
    assert "… and 801 more." in shown
    assert len(shown.encode()) < 200_000
