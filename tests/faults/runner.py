"""The fork server: imports everything once, then forks a child per run, and the child kills itself at the boundary asked for.

Single-threaded by itself, so that forking is safe; the child is a whole process with its own files and sockets. Lines of
JSON in and out: how the child ended and how many boundaries it had passed.
"""

# ruff: noqa: T201 - stdout is how a command answers

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from reconcile import boundary
from reconcile.core.plan import Rules
from reconcile.errors import ReconcileError
from reconcile.job import Job, sync
from reconcile.journal import Journal
from reconcile.panel.client import Panel
from reconcile.workbook.xlsx import XlsxWorkbook
from tests.faults.world import Clock


def _book(asked: dict[str, Any], clock: Clock) -> Any:
    if asked["kind"] == "xlsx":
        return XlsxWorkbook(asked["book"], clock=clock)
    import requests  # noqa: PLC0415 - only this kind needs it
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415

    from reconcile.workbook.google import GoogleWorkbook  # noqa: PLC0415
    from reconcile.workbook.google_http import Http, Pace  # noqa: PLC0415
    from tests.emulator.emulator import SERVICE_ACCOUNT  # noqa: PLC0415

    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {SERVICE_ACCOUNT}"
    http = Http(
        AnonymousCredentials(),  # type: ignore[no-untyped-call]
        host=f"http://{asked['book']}",
        account=SERVICE_ACCOUNT,
        pace=Pace(clock.seconds, clock.sleep),
        session=session,
    )
    return GoogleWorkbook(asked["id"], http)


def _child(asked: dict[str, Any], pipe: int) -> int:
    """One run; dies by SIGKILL at the boundary asked for."""
    passed = 0

    def hook(_name: str) -> None:
        nonlocal passed
        passed += 1
        os.write(pipe, b".")
        if passed == asked["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)

    clock = Clock(datetime.fromisoformat(asked["at"]))
    boundary.set_hook(hook)
    try:
        with (
            Journal.open(Path(asked["state"])) as journal,
            Panel(asked["url"], SecretStr(asked["key"]), pace=0, clock=clock.seconds, sleep=clock.sleep) as panel,
        ):
            return sync(Job(_book(asked, clock), panel, journal, Rules(), clock, "run-killed-a")).exit_code
    except ReconcileError as error:
        return int(error.exit_code)


def main() -> None:
    """Forks for every line until stdin ends."""
    print("{}", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            code = 99
            try:
                os.close(reading)
                code = _child(asked, writing)
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            passed = len(pipe.read())
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "passed": passed}), flush=True)


if __name__ == "__main__":
    main()
