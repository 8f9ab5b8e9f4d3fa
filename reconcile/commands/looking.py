"""`look`: what the panel has, beside what the sheet shows. Nothing is received or changed."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconcile.commands import shell, world
from reconcile.commands.shell import AsJson
from reconcile.errors import Exit, SettingsError

if TYPE_CHECKING:
    from reconcile.core.beside import Pair
    from reconcile.core.evidence import Seen
    from reconcile.core.words import Words

Some = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]", help="An order's, refill's or cancel's id; without it, every open order that differs is shown."
    ),
]


def look(id_: Some = None, as_json: AsJson = False) -> int:
    """Look at the panel, and show what it has beside what the sheet shows. Nothing is received or changed."""
    from reconcile.core import beside
    from reconcile.core.cells import id_text
    from reconcile.core.ledger import Ledger

    settings = shell.settings("panel", "sheet")
    book = world.open_book(settings)
    with closing(world.open_panel(settings)) as panel:
        if not panel.looks:
            raise SettingsError(
                "This panel cannot be looked at: the reference has no call for it.",
                "If it has `getOrders-by-id`, set RECONCILE_PANEL_LOOK=yes; for a panel of the next generation, RECONCILE_PANEL_API=v2.",
            )
        snapshot = book.read()
        ledger = Ledger(snapshot.ledger, snapshot.meta)
        given = id_text((id_ or "").strip().removeprefix("#"))
        if id_ is not None and not given:
            raise SettingsError("No id is given.", "Name an order's, refill's or cancel's id: 15")
        keys = [beside.order_of(snapshot, given)] if given else beside.open_orders(snapshot, ledger)
        seen = panel.look(keys) if keys else {}
    found = [(key, seen.get(key), _pairs(seen.get(key), beside.row_of(snapshot, key), snapshot.words)) for key in keys]
    if not given:
        found = [(key, one, pairs) for key, one, pairs in found if one is None or any(pair.differs for pair in pairs)]
    if as_json:
        shell.show_json({"book": book.name, "orders": [_as_json(*one) for one in found]})
    else:
        _show(found, len(keys), snapshot.words, one=bool(given))
    return Exit.DONE


def _pairs(seen: "Seen | None", row: "dict[str, Any]", say: "Words") -> "tuple[Pair, ...]":
    from reconcile.core import beside

    return beside.pairs(seen, row, say) if seen is not None else ()


def _as_json(key: str, seen: "Seen | None", pairs: "tuple[Pair, ...]") -> dict[str, Any]:
    return {
        "id": key,
        "at_panel": seen is not None,
        "last_update": seen.updated.isoformat() if seen is not None and seen.updated is not None else None,
        "fields": [
            {"field": pair.field, "panel": pair.panel, "sheet": pair.sheet, "differs": pair.differs} for pair in pairs
        ],
    }


def _show(found: "list[tuple[str, Seen | None, tuple[Pair, ...]]]", looked: int, say: "Words", *, one: bool) -> None:
    from reconcile.report.clean import line
    from reconcile.report.text import Line

    for key, seen, pairs in found:
        if seen is None:
            shell.show([Line(f"Order {line(key)}: the panel does not show it.", "warn")])
            continue
        changed = f", changed {seen.updated:%Y-%m-%d %H:%M:%S} UTC" if seen.updated is not None else ""
        shell.show([Line(f"Order {line(key)}{changed}", "head")])
        shown = [
            (say.LABEL.get(pair.field, pair.field), line(pair.panel) or "–", line(pair.sheet) or "–", pair.differs)
            for pair in pairs
        ]
        wide = max(len(label) for label, *_ in shown)
        middle = max([len("panel has"), *(len(there) for _, there, *_ in shown)])
        shell.show([Line(f"  {'':<{wide}}  {'panel has':<{middle}}  sheet shows")])
        for label, there, here, differs in shown:
            text = f"  {label:<{wide}}  {there:<{middle}}  {here}"
            shell.show([Line(f"{text}   differs" if differs else text.rstrip(), "warn" if differs else "")])
    if not found:
        shell.show([Line(f"The panel has what the sheet shows ({looked} open orders were looked at).", "good")])
    elif not one:
        shell.show([Line(f"{len(found)} of {looked} open orders differ.")])
