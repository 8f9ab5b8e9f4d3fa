"""The practice panel and a Google emulator behind real sockets, in a process that outlives the runs: no run can take them along.

Lines of JSON: {"set": panel, "google": book} puts both in a state, {"get": true} tells the state they are in.
"""

# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

from reconcile.panel.practice import PracticePanel
from tests.faults.kill import _packed, _unpacked
from tests.faults.scenario import KEY


def main(book: str) -> None:
    """Serves until stdin ends."""
    panel = PracticePanel(0, 1, KEY, refills=0, cancels=0)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(panel.serving())
        emulator: Any = None
        if book == "google":
            from tests.emulator.emulator import Emulator  # noqa: PLC0415 - heavy

            emulator = stack.enter_context(Emulator())
        _say({"url": url, "host": emulator.host if emulator else ""})
        name = ""
        for line in sys.stdin:
            asked = json.loads(line)
            if "set" in asked:
                panel.state, panel.requests[:] = _unpacked(asked["set"])
                if emulator:
                    kept = _unpacked(asked["google"])
                    name = kept.book_id
                    emulator.books[name] = kept
                _say({})
            else:
                state = _packed((panel.state, panel.requests))
                _say({"panel": state, "google": _packed(emulator.books[name]) if emulator else ""})


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
