"""What Google refuses, through the real command: `doctor` and `sync` say what it is, with its exit code and the way on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.errors import Exit
from reconcile.workbook import google_http
from tests.cli.google_sheet import Sheet, set_up
from tests.emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Terminal

SHARE = "Share the sheet with"


@pytest.fixture
def sheet(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sheet]:
    """A sheet with a refund that staff want, and a client that does not wait between its tries."""
    with set_up(terminal, monkeypatch) as made:
        assert terminal.type("sync").code == 0
        made.edit("orders", "15", status="Canceled")
        monkeypatch.setattr(google_http.Pace, "rest", lambda _self, _seconds: True)
        yield made


def error(code: int, message: str, status: str, reason: str = "", **more: str) -> Fault:
    """Google's refusal as its services send it: the message, and the reason in an ErrorInfo."""
    said: dict[str, Any] = {"code": code, "message": message, "status": status}
    if reason:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
        said["details"] = [{**info, "metadata": {"service": "sheets.googleapis.com", **more}}]
    return Fault.answer(code, json.dumps({"error": said}).encode())


NO_RIGHT = "PERMISSION_DENIED"
QUOTA = "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute"
OVER = " per user' of service 'sheets.googleapis.com' for consumer 'project_number:12'."
CASES = {
    "suspended consumer": (
        error(
            403,
            "Permission denied: Consumer 'project_number:12' has been suspended.",
            NO_RIGHT,
            "CONSUMER_SUSPENDED",
        ),
        Exit.ACCESS,
        "Google has suspended the key's project",
        "use a key of another project",
    ),
    "deleted project": (
        error(403, "Project #12 has been deleted.", NO_RIGHT, "USER_PROJECT_DENIED"),
        Exit.ACCESS,
        "The key's project does not exist any more",
        "Restore it in the Google Cloud console (within 30 days)",
    ),
    "API disabled": (
        error(
            403,
            "Google Sheets API has not been used in project 12 before or it is disabled. Enable it by visiting "
            "https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=12 then retry.",
            NO_RIGHT,
            "SERVICE_DISABLED",
        ),
        Exit.ACCESS,
        "The Google Sheets API is switched off in the key's project",
        "Switch it on at the address above",
    ),
    "service controls": (
        error(
            403,
            "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x",
            NO_RIGHT,
            "SECURITY_POLICY_VIOLATED",
        ),
        Exit.ACCESS,
        "The organization's policy (VPC Service Controls) forbids this machine",
        "Ask the organization's administrator",
    ),
    "quota project": (
        error(
            403,
            "Caller does not have required permission to use project p. Grant the caller the "
            "roles/serviceusage.serviceUsageConsumer role.",
            NO_RIGHT,
            "USER_PROJECT_DENIED",
        ),
        Exit.ACCESS,
        "This account may not use the project it names",
        "Service Usage Consumer",
    ),
    "billing": (
        error(403, "This API method requires billing to be enabled.", NO_RIGHT, "BILLING_DISABLED"),
        Exit.ACCESS,
        "Billing is switched off in the key's project",
        "Switch it on in the Google Cloud console",
    ),
    "empty 429": (Fault.answer(429, b""), Exit.UNAVAILABLE, "429", "Try again later."),
    "quota per user": (
        error(429, QUOTA + OVER, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", quota_unit="1/min/{project}/{user}"),
        Exit.UNAVAILABLE,
        "too many calls in a minute for this service account",
        "Try again in a minute",
    ),
    "quota per project": (
        error(
            429,
            QUOTA + OVER.removeprefix(" per user"),
            "RESOURCE_EXHAUSTED",
            "RATE_LIMIT_EXCEEDED",
            quota_unit="1/min/{project}",
        ),
        Exit.UNAVAILABLE,
        "too many calls in a minute for the whole project of the key",
        "another project",
    ),
}


@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.parametrize("command", ["doctor", "sync"])
def test_a_refusal_is_called_what_it_is(terminal: Terminal, sheet: Sheet, case: str, command: str) -> None:
    """Nobody is told to share a sheet again that is shared, nothing is received or sent, and all is well once it is over."""
    fault, code, what, step = CASES[case]
    sheet.emulator.faults.always(fault)
    before = len(terminal.panel.requests)
    ended = terminal.type(command)
    said = " ".join((ended.out + ended.err).split())
    assert ended.code == code, said
    assert what in said
    assert step in said
    assert SHARE not in said
    assert [call.action for call in terminal.panel.requests[before:]] == (["setRemains"] if command == "doctor" else [])
    sheet.emulator.faults.clear()
    assert terminal.type("sync").code == 0
    assert [call.action for call in terminal.panel.requests].count("setCanceled") == 1


def test_a_sheet_that_is_not_shared_any_more(terminal: Terminal, sheet: Sheet) -> None:
    """The one refusal that sharing cures says so, with the address to share it with."""
    sheet.emulator.share(sheet.id, sheet.emulator.service_account, "none")
    for command in ("doctor", "sync"):
        ended = terminal.type(command)
        said = " ".join((ended.out + ended.err).split())
        assert ended.code == Exit.ACCESS
        assert f"{SHARE} {sheet.emulator.service_account} as Editor" in said
    assert [call.action for call in terminal.panel.requests].count("setCanceled") == 0
