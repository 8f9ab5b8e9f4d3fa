"""Answers of a panel and cells of staff, by the thousand: spoiled, truncated, generated; what reads them must survive them all."""

from __future__ import annotations

import json
import random
from datetime import datetime
from decimal import Decimal
from typing import Any

from reconcile.core import cells
from reconcile.core.model import RawAnswer, Status
from reconcile.core.words import ENGLISH
from reconcile.errors import AccessRefused
from reconcile.panel import answers

_ORDERS = [
    {"id": "15", "link": "https://t.test/ü", "charge": "0.10029597233", "quantity": "100", "comments": "a\nb 🔥"},
    {"id": "16", "link": "=x", "charge": "1", "quantity": "10", "user_id": "u"},
    {"id": "17", "link": "@y", "charge": "2", "quantity": "20"},
]
GOOD = {
    "orders": json.dumps({"status": "success", "message": "ok", "orders": _ORDERS}, ensure_ascii=False).encode(),
    "refills": json.dumps({"status": "success", "refills": [{"id": "1", "order_id": "24"}, {"id": "2"}]}).encode(),
    "cancel": b'{"status":"success","cancel":"241","order_id":"7635","service_id":"1","link":"x"}',
}
READERS: dict[str, Any] = {
    "orders": answers.read_orders,
    "refills": answers.read_refills,
    "cancel": answers.read_cancel,
}


def spoiled_answers(step: int = 1) -> tuple[int, list[str]]:
    """A good answer cut at every offset, and with each of its bytes' bits flipped: (how many, what broke).

    Nothing is raised but AccessRefused; a cut answer gives only whole items that were sent, and an answer of which an item is
    missing says so (broken, in doubt or a problem).
    """
    count, broken = 0, []
    for name, good in GOOD.items():
        sent = {item.id for item in READERS[name](RawAnswer(200, good), "1").rows}
        for offset in range(0, len(good), step):
            flips = [bytes([*good[:offset], good[offset] ^ (1 << bit), *good[offset + 1 :]]) for bit in range(8)]
            for cut, body in ((True, good[:offset]), *((False, flip) for flip in flips)):
                count += 1
                try:
                    read = READERS[name](RawAnswer(200, body, "application/json"), "1")
                except AccessRefused:
                    continue
                except Exception as error:  # noqa: BLE001 - that is what is looked for
                    broken.append(f"{name} {offset}: {type(error).__name__}: {error}")
                    continue
                got = {item.id for item in read.rows}
                if cut and (not got <= sent or (got < sent and not (read.in_doubt or read.problem or read.broken))):
                    broken.append(f"{name} cut at {offset}: {got} of {sent} without a word")
    return count, broken


_SCRIPTS = ((0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F))
_MORE = ((0x1100, 0x11FF), (0x3040, 0x30FF), (0x4E00, 0x4FFF), (0xFF00, 0xFFEF), (0x1F300, 0x1F6FF), (0xD800, 0xDFFF))
_NUMBERS = (
    "1,000",
    "1.000",
    "1 000",
    "1’000",
    "1٬000",
    "١٠٠٠",
    "１０００",
    "1e3",
    "0x10",
    "1_000",
    "½",
    "10²",
    "-0",
    "∞",
    "1,0",
    "007",
)


def _cell(rng: random.Random) -> Any:
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice((True, False, None, "", " ", rng.randint(-(10**18), 10**18), rng.uniform(-1e9, 1e9)))
    if kind == 1:
        return datetime(2026, rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23))  # noqa: DTZ001 - a sheet's date
    if kind == 2:
        return rng.choice(_NUMBERS) + rng.choice(("", " ", "k", "%", "\u200b", "-", "!"))
    if kind == 3:
        word = rng.choice([status.value for status in Status])
        place = rng.randrange(len(word))
        return word[:place] + rng.choice(("", word[place].upper(), "_", "x")) + word[place + 1 :]
    low, high = rng.choice(_SCRIPTS + _MORE)
    return "".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 30)))


def generated_cells(number: int, seed: int = 1) -> tuple[int, list[str]]:
    """Generated cells of every script and number format: (how many, what broke).

    No reader raises; what is taken for a number is one in plain digits and means itself; what is taken for a status is one.
    """
    rng, broken = random.Random(seed), []
    for _ in range(number):
        raw = _cell(rng)
        try:
            count = cells.count(raw, "Remains", say=ENGLISH)
            money = cells.money(raw, "Amount", say=ENGLISH)
            status = cells.choice(raw, Status, "Status", say=ENGLISH)
            cells.text_of(raw, "Details", 1_000, say=ENGLISH)
            key = cells.id_text(raw)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            broken.append(f"{raw!r}: {type(error).__name__}: {error}")
            continue
        if isinstance(count, str) and not (
            count.isascii() and count.isdecimal() and cells.count(count, "x", say=ENGLISH) == count
        ):
            broken.append(f"{raw!r} was read as the count {count!r}")
        if isinstance(money, Decimal) and not (money.is_finite() and money > 0):
            broken.append(f"{raw!r} was read as the amount {money!r}")
        if isinstance(raw, bool) and (isinstance(count, str) or isinstance(money, Decimal)):
            broken.append(f"{raw!r} was read as a number")
        if isinstance(status, Status) and cells.fold(str(raw)) not in (cells.fold(status.value), "cancelled"):
            broken.append(f"{raw!r} was read as {status}")
        if cells.id_text(key) != key:
            broken.append(f"{raw!r} has the id {key!r}, which has another")
    return number, broken
