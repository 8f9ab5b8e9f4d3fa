"""Read, plan and commit over 20,000 open rows of a Google Sheet, beside a script that makes the same calls and nothing else.

The script is what anybody would write with gspread: its `values_batch_get` and `batch_update`, with exactly the parameters and
bodies the adapter sent. Emulator and caller are two processes, as Google and a runner are two machines.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gspread

from reconcile.core.landing import land
from reconcile.core.ledger import Ledger
from reconcile.core.model import Claimed, Commit, Feed, Order
from reconcile.core.plan import Rules, make_plan
from reconcile.core.words import ENGLISH
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.google_auth import open_http
from reconcile.workbook.google_http import Http, Pace

if TYPE_CHECKING:
    import requests

ROWS = 20_000
ANSWERS = 500
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class NoPause(Pace):
    """No quota on the emulator, so no pause."""

    def wait(self, kind: str) -> None:
        """Never waits."""


def measure(repeats: int = 7) -> dict[str, Any]:
    """The best of several rounds of each, taking turns."""
    emulator = subprocess.Popen(
        [sys.executable, "-m", "tests.emulator", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert emulator.stdout is not None
        told = json.loads(emulator.stdout.readline())
        http = open_http(None, told["host"], pace=NoPause())
        _fill(GoogleWorkbook(told["spreadsheet"], http))
        ours, bare, shares = [], [], []
        for number in range(repeats):
            seconds, sent, share = _ours(told["spreadsheet"], http, number)
            ours.append(seconds)
            shares.append(share)
            bare.append(_bare(told["spreadsheet"], http, sent))
    finally:
        emulator.terminate()
        emulator.wait()
        if emulator.stdout is not None:
            emulator.stdout.close()
    best = shares[ours.index(min(ours))]
    return {
        "open_rows": ROWS,
        "answers": ANSWERS,
        "ours_ms": round(min(ours) * 1e3),
        "bare_ms": round(min(bare) * 1e3),
        "ratio_to_bare": round(min(ours) / min(bare), 2),
        **{f"{name}_ms": round(value * 1e3) for name, value in best.items()},
    }


def _fill(book: GoogleWorkbook) -> None:
    book.provision(["1"])
    snapshot = book.read()
    ledger, revision = Ledger(snapshot.ledger), snapshot.revision
    for start in range(0, ROWS, 2_000):
        orders = tuple(
            Order(
                str(100_000 + number),
                "1",
                f"https://www.tiktok.com/@user{number}",
                f"0.{number:06d}297233",
                "1a6803ab-d7ca-4b55-93da-ac150fd27108",
                str(100 + number),
            )
            for number in range(start, start + 2_000)
        )
        claimed = Claimed(Feed.ORDERS, "1", orders)
        landing = land(
            claimed,
            ledger,
            (),
            run="fill",
            revision=1,
            now=NOW,
            when="02 Mar 12:00",
            cell_limit=book.cell_limit,
            say=ENGLISH,
        )
        revision = book.commit(Commit("fill", append=landing.append, ledger=landing.ledger), revision)


def _ours(spreadsheet: str, http: Http, number: int) -> tuple[float, list[dict[str, Any]], dict[str, float]]:
    """One round of the adapter: its seconds, what it sent, and where the time went."""
    sent: list[dict[str, Any]] = []
    through = http.session.request

    def recording(method: str, url: str, **given: Any) -> requests.Response:
        sent.append({"method": method, "url": url, **given})
        return through(method, url, **given)

    notes = {str(100_000 + 7 * place): f"#{100_000 + 7 * place} · Sent {number}." for place in range(ANSWERS)}
    http.session.request = recording  # type: ignore[method-assign]
    try:
        start = time.perf_counter()
        book = GoogleWorkbook(spreadsheet, http)
        snapshot = book.read()
        read = time.perf_counter()
        make_plan(snapshot, Ledger(snapshot.ledger), Rules())
        planned = time.perf_counter()
        book.commit(Commit(f"bench-{number}", sync={"orders": notes}), snapshot.revision)
        done = time.perf_counter()
    finally:
        http.session.request = through  # type: ignore[method-assign]
    return done - start, sent, {"read": read - start, "plan": planned - read, "commit": done - planned}


def _bare(spreadsheet: str, http: Http, sent: list[dict[str, Any]]) -> float:
    """The same calls through gspread, on the same connection; only the stamp's number differs, which must be new."""
    read, write = sent
    body = json.loads(json.dumps(write["json"]))
    for request in body["requests"]:
        if "createDeveloperMetadata" in request:
            request["createDeveloperMetadata"]["developerMetadata"].pop("metadataId")
    body["requests"] = [request for request in body["requests"] if "deleteDeveloperMetadata" not in request]
    local = _Local(http.session, http.host)
    start = time.perf_counter()
    local.values_batch_get(spreadsheet, read["params"]["ranges"], {**read["params"]})
    local.batch_update(spreadsheet, body)
    return time.perf_counter() - start


class _Local(gspread.HTTPClient):
    """gspread's client, at the emulator's address."""

    def __init__(self, session: requests.Session, host: str) -> None:
        self.session, self.timeout, self._host = session, None, host

    def request(self, method: str, endpoint: str, *given: Any, **more: Any) -> requests.Response:
        """The same request, elsewhere."""
        answer: requests.Response = super().request(
            method, endpoint.replace("https://sheets.googleapis.com", self._host, 1), *given, **more
        )
        return answer
