"""How the cost of reading an answer grows with its length, for the shapes of broken JSON that are expensive to read.

`python -m tests.panel.reading_cost [MB]` prints, per shape, the CPU seconds at growing sizes up to that many megabytes (32) and the
exponent between the last two: 1.00 is linear.
"""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

from reconcile.core.model import RawAnswer
from reconcile.panel import answers, echo

if TYPE_CHECKING:
    from collections.abc import Callable

MB = 2**20
_ITEM = '{"id":"%d","link":"https://x.test/","charge":"0.1","quantity":"9","comments":""}'


def _filled(head: str, unit: str, tail: str = "") -> Callable[[int], str]:
    """A text of about so many characters: head, the unit again and again, tail."""
    return lambda size: head + unit * max(1, (size - len(head) - len(tail)) // len(unit)) + tail


def _numbered(head: str, unit: str, tail: str) -> Callable[[int], str]:
    def text(size: int) -> str:
        count = max(1, size // len(unit % 100_000))
        return head + "".join(unit % number for number in range(100_000, 100_000 + count)) + tail

    return text


SHAPES: dict[str, Callable[[int], str]] = {
    "lists and numbers that never close": _filled('{"orders":[x' + '[{"a":' * 200, "1,"),
    "objects that never close": _filled("", '{"a":1,'),
    "braces and quotes": _filled("", '{"'),
    "open brackets": _filled("", "["),
    "open objects": _filled('{"orders":[x', '{"a":'),
    "backslashes": _filled('{"orders":["', "\\"),
    "backslashes and quotes": _filled('{"orders":[x', '\\"{"id":"'),
    "strings that never end": _filled('{"orders":[x', '{"id":"1","link":"y'),
    "doubled keys": _filled('{"orders":[{"id":"1"', ',"link":"x"', "}]"),
    "one giant string": _filled('{"orders":[{"id":"1","link":"', "x"),
    "broken items": _numbered('{"orders":[', '{"id":"%d","link":y},', "]}"),
    "whole items, cut": _numbered('{"orders":[', _ITEM + ",", ""),
    "whole items between broken ones": _numbered('{"orders":[', _ITEM + ',{"id":,', "]}"),
    "a list of numbers": _filled('{"orders":[', "1,", "1]}"),
    "a list of numbers, cut": _filled('{"orders":[', "1.5, "),
    "empty objects": _filled('{"orders":[', "{},", "{}]}"),
    "empty lists": _filled('{"orders":[', "[],", "[]]}"),
    "spaces": _filled('{"orders":[x', " ", "]"),
    "lines before": _filled("PHP Notice [x] {y}\n", "[1] { PHP\n", '{"status":"success","orders":[]}'),
    "tags": _filled("<br>", '<a id="id" link="link">'),
    "a message of tags": _filled('{"status":"fail","message":"', "<_no_order", '"}'),
    "ids in a page": _filled('<pre>"id" "link"', '{"id":'),
}


def spent(text: str) -> float:
    """CPU seconds to clean and read one answer as every reader does."""
    raw = RawAnswer(200, text.encode(), "application/json")
    began = time.process_time()
    echo.cleaned(raw, "AbC+dEf/GhI0123456789==")
    answers.is_busy(raw)
    answers.read_orders(raw, "7")
    answers.read_updates(raw, ["1", "2"])
    return time.process_time() - began


def exponent(small: float, large: float, factor: float) -> float:
    """How the cost grows: 1 is linear, 2 is the square."""
    return math.log(max(large, 1e-9) / max(small, 1e-9)) / math.log(factor)


def main() -> None:
    """Prints the table."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    sizes = [size for size in (1, 4, 16, 32) if size <= most]
    sys.stdout.write(f"{'CPU seconds at MB:':36}" + "".join(f"{size:8}" for size in sizes) + "\n")
    for name, make in SHAPES.items():
        costs = [spent(make(size * MB)) for size in sizes]
        grows = exponent(costs[-2], costs[-1], sizes[-1] / sizes[-2]) if len(sizes) > 1 else 0.0
        sys.stdout.write(f"{name:36}" + "".join(f"{cost:8.2f}" for cost in costs) + f"   exponent {grows:.2f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
