"""`python -m tests.emulator`: serve until ended, after printing one line of JSON."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from tests.emulator.emulator import STAFF, Emulator

_CONTROL = """Control while it runs (JSON in, JSON out; see tests/emulator/README.md):
  POST   /_control/spreadsheets {"title", "share": [email]}      a fresh spreadsheet
  POST   /_control/copy         {"spreadsheet", "title", "owner", "share": true}  File > Make a copy; the new id
  POST   /_control/restore      {"spreadsheet", "version"}        File > Version history
  POST   /_control/share        {"spreadsheet", "email", "role"}  writer, reader, none
  POST   /_control/faults       {"at": 3 | "next": 1 | "kind": "batchUpdate", "times", "fault": {"type": "status", "code": 503}}
                                types: status html drop commit_then_drop timeout truncate latency expired; kind token: the token endpoint
  DELETE /_control/faults       forget them
  POST   /_control/staff        {"spreadsheet", "tab", "action", "args", "before": call number}
  POST   /_control/quota        {"reads": 60, "writes": 60}
  POST   /_control/tokens       {"expire": true, "lifetime": 3600, "really": 5, "disabled": [email]}
  POST   /_control/switches     {"blanks_are_duplicates": false, …}; {} lists them
  GET    /_control/calls | /_control/violations | /_control/account?email= | /_control/values?spreadsheet=&range=
  GET    /_control/versions?spreadsheet=
"""


def main(argv: list[str] | None = None) -> int:
    """Parse the arguments, serve, return 0 at SIGTERM or SIGINT (1 when an answer broke the discovery document)."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulator",
        description="Google Sheets API v4 emulator: prints one line of JSON and serves.",
        epilog=_CONTROL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--title", default="Emulated spreadsheet", help="title of the fresh spreadsheet")
    parser.add_argument("--seed", type=int, default=7, help="seed of all ids")
    parser.add_argument("--account-file", type=Path, help="write a service-account JSON for google-auth here")
    parser.add_argument("--account-json", action="store_true", help="print the service-account JSON inline")
    parser.add_argument("--anonymous-as", metavar="EMAIL", help="treat calls without a token as this person")
    parser.add_argument("--quota", action="store_true", help="enforce 60 reads and 60 writes a minute for each user")
    given = parser.parse_args(argv)

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    emulator = Emulator(seed=given.seed, port=given.port, anonymous=given.anonymous_as)
    if given.anonymous_as:
        book_id = emulator.new_spreadsheet(given.title, share=(emulator.service_account, STAFF, given.anonymous_as))
    else:
        book_id = emulator.new_spreadsheet(given.title)
    if given.quota:
        emulator.quota.reads = emulator.quota.writes = 60
    emulator.start()
    line: dict[str, Any] = {
        "host": emulator.host,
        "spreadsheet": book_id,
        "service_account": emulator.service_account,
        "staff": STAFF,
    }
    if given.account_file:
        given.account_file.write_text(json.dumps(emulator.account(), indent=1), encoding="utf-8")
        line["account_file"] = str(given.account_file)
    if given.account_json:
        line["account"] = emulator.account()
    print(json.dumps(line), flush=True)  # noqa: T201 - the one line of output
    ended.wait()
    emulator.stop()
    for text in emulator.violations:
        print(text, file=sys.stderr)  # noqa: T201 - a bug must be seen
    return 1 if emulator.violations else 0


if __name__ == "__main__":
    sys.exit(main())
