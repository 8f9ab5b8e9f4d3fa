"""The ledger: what panel and sheet last agreed on, one row per (tab, key), kept in the hidden `_ledger` tab.

Per watched cell it keeps two things: what the panel last accepted (`status`) and what the sheet last showed
(`status_seen`, the raw cell). An edit is a cell that differs from what was *seen*; so a change made elsewhere (an order
canceled through the Cancels tab moves `status`) is never mistaken for one.
"""

from __future__ import annotations

from typing import Final

SCHEMA: Final = "1"
"""Version of this layout, kept in meta `schema`. Another one is refused, never guessed."""

SEEN: Final = "_seen"

FACTS: Final = ("service", "order_id", "user", "charge", "link", "quantity")
"""Panel-owned values, to answer a changed cell and for the rules (remains ≤ quantity, refund = charge x remains / quantity)."""

WATCHED: Final = {
    "orders": ("status", "start_count", "remains"),
    "refills": ("status",),
    "cancels": ("decision", "remains"),
    "payments": (),
    "tickets": (),
}
"""The staff-owned cells whose edits are pushed, per tab."""

COLUMNS: Final = (
    "tab",
    "key",
    "state",
    *FACTS,
    "status",
    "status_seen",
    "start_count",
    "start_count_seen",
    "remains",
    "remains_seen",
    "decision",
    "decision_seen",
    "unsure_seen",
    "refused",
    "sending",
    "received",
    "closed",
)
"""Columns of the `_ledger` tab, in order. Ids, links and accepted values are text; `*_seen` are raw cells, typed as read."""
