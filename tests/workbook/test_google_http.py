"""One bounded way to call Google: how long it is patient, when it stops at once, and what its refusals mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from reconcile.core.model import Commit
from reconcile.errors import AccessRefused, Exit, ReconcileError, SettingsError, Unavailable
from reconcile.workbook.google import GoogleWorkbook
from reconcile.workbook.google_auth import open_http, token_works
from reconcile.workbook.google_http import PATIENCE, QUOTA, TRIES, Http, Pace
from tests.contract.google_subject import GoogleHands, NoPause
from tests.emulator.emulator import Emulator
from tests.emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

SHEET = "https://sheets.googleapis.com/v4/spreadsheets/"


@dataclass
class Time:
    """A clock that only sleeping moves; whoever sleeps past `stop_at` learns that the run is to stop."""

    now: float = 600.0
    stop_at: float = float("inf")

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self) -> Pace:
        return Pace(self.clock, self.sleep, lambda: self.now < self.stop_at)


@pytest.fixture
def hands() -> GoogleHands:
    return GoogleHands()


@pytest.fixture
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def opened(hands: GoogleHands, time: Time) -> GoogleWorkbook:
    """The workbook, in that time."""
    emulator = hands.emulator = hands.emulator.twin(time.clock, time.sleep)
    nobody: Any = None  # the emulator's own session signs the calls
    return GoogleWorkbook(
        hands.id, Http(nobody, account=emulator.service_account, pace=time.pace(), session=emulator.session())
    )


def refusal(code: int, message: str, status: str = "PERMISSION_DENIED") -> Fault:
    return Fault.answer(code, json.dumps({"error": {"code": code, "message": message, "status": status}}).encode())


# --- patience ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jitter", [0.5, 1.0])
def test_a_spent_quota_minute_is_survived(hands: GoogleHands, jitter: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A colleague's script used up the minute in its first second: the read succeeds in the next one, however jitter falls."""
    monkeypatch.setattr("random.uniform", lambda _low, _high: jitter)
    time = Time()
    book = opened(hands, time)
    hands.emulator.quota.reads = 60
    for _ in range(60):
        hands.emulator.quota.spend(hands.emulator.service_account, writing=False, now=time.now)
    assert book.read().revision == 0
    assert 60 <= time.now - 600 <= PATIENCE
    assert book.http.calls["read"] <= TRIES


def test_three_503s_on_a_commit_are_not_all_in_one_second(hands: GoogleHands) -> None:
    """A landing outlives an outage of a few seconds: its repeats are spread over 20."""
    time = Time()
    book = opened(hands, time)
    revision = book.read().revision
    hands.emulator.faults.when(
        lambda call: call.kind == "batchUpdate" and time.now < 615, Fault.status(503), times=None
    )
    assert book.commit(Commit("run"), revision) == revision + 1
    assert time.now == 620


@pytest.mark.parametrize("code", [408, 409])
def test_a_conflict_or_a_timeout_told_by_google_is_no_fault_of_ours(hands: GoogleHands, code: int) -> None:
    """Whether the commit was applied is looked up, and it is sent again."""
    book = hands.open()
    revision = book.read().revision
    hands.emulator.faults.when(lambda call: call.kind == "batchUpdate", refusal(code, "Aborted.", "ABORTED"))
    assert book.commit(Commit("run"), revision) == revision + 1
    assert book.http.calls == {"read": 2, "write": 2}


# --- signals -------------------------------------------------------------------------------------------------------------------


def test_a_signal_ends_the_wait_for_a_spent_quota(hands: GoogleHands) -> None:
    """SIGTERM in the middle of the backoff: the failure in hand is raised within a second, not after 100."""
    time = Time(stop_at=601)
    book = opened(hands, time)
    hands.emulator.faults.always(Fault.status(429))
    with pytest.raises(Unavailable, match="429"):
        book.read()
    assert time.now - time.stop_at <= 0.5


def test_after_a_signal_a_commit_is_repeated_without_pauses(hands: GoogleHands) -> None:
    """What was claimed still lands: the tries remain, only the waits between them are gone."""
    time = Time(stop_at=0)
    book = opened(hands, time)
    revision = book.read().revision
    hands.emulator.faults.when(lambda call: call.kind == "batchUpdate", Fault.status(503), times=2)
    assert book.commit(Commit("run"), revision) == revision + 1
    assert time.now == 600


def test_after_a_signal_the_quotas_margin_is_used() -> None:
    """The calls that end a run do not wait for the minute to pass."""
    time = Time(stop_at=600)
    pace = time.pace()
    for _ in range(QUOTA + 5):
        pace.wait("write")
    assert time.now == 600


# --- sign-in -------------------------------------------------------------------------------------------------------------------

PAGE = b"<!DOCTYPE html><html>Log in to the hotel's network</html>"
NO_TOKEN = (
    "Google's sign-in service sent something else than a token.",
    "Try again later. If it stays so, look for a proxy or a login page between this machine and Google.",
)
CLOCK = (
    "Google does not accept the key at the time it is on this machine.",
    "Check this machine's clock: it must be right to a few minutes. The key may be fine.",
)
SKEWED = json.dumps(
    {
        "error": "invalid_grant",
        "error_description": "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
    }
).encode()


@pytest.mark.parametrize(
    ("answer", "said", "code"),
    [
        (Fault.answer(200, PAGE, "text/html"), NO_TOKEN, Exit.UNAVAILABLE),
        (Fault.answer(200, b"[]"), NO_TOKEN, Exit.UNAVAILABLE),
        (Fault.answer(200, b""), NO_TOKEN, Exit.UNAVAILABLE),
        (Fault.answer(200, b'{"access_token": "x", "expires_in": "soon"}'), NO_TOKEN, Exit.UNAVAILABLE),
        (Fault.answer(400, PAGE, "text/html"), NO_TOKEN, Exit.UNAVAILABLE),
        (Fault.answer(403, PAGE, "text/html"), NO_TOKEN, Exit.UNAVAILABLE),
        (Fault.answer(400, SKEWED), CLOCK, Exit.ACCESS),
    ],
)
def test_an_odd_answer_of_the_sign_in_service_is_no_bad_key(
    running: Emulator, answer: Fault, said: tuple[str, str], code: Exit
) -> None:
    """A page in between and a wrong clock are told as what they are, by a call and by `doctor` alike."""
    running.faults.token(answer, times=None)
    http = open_http(SecretStr(json.dumps(running.account())), running.host, pace=NoPause())
    with pytest.raises(ReconcileError) as caught:
        http.request("get", SHEET + "x")
    trouble = token_works(http)
    assert trouble is not None
    for error in (caught.value, trouble):
        assert ((error.what, error.next_step), error.exit_code) == (said, code)


# --- refusals ------------------------------------------------------------------------------------------------------------------


def test_a_sign_in_without_sheets_is_not_a_matter_of_sharing(hands: GoogleHands) -> None:
    """The scope that lacks is named."""
    hands.emulator.faults.always(refusal(403, "Request had insufficient authentication scopes."))
    with pytest.raises(AccessRefused) as caught:
        hands.open().read()
    assert (caught.value.what, caught.value.next_step) == (
        "This sign-in to Google does not include Google Sheets: Request had insufficient authentication scopes.",
        "Sign in again with the scope https://www.googleapis.com/auth/spreadsheets, or give the machine's own identity that scope.",
    )


def test_an_excel_file_in_drive_is_a_wrong_setting(hands: GoogleHands) -> None:
    """Exit 2 and how to make a Google Sheet of it, not a fault of ours."""
    hands.emulator.faults.always(
        refusal(400, "This operation is not supported for this document", "FAILED_PRECONDITION")
    )
    with pytest.raises(SettingsError) as caught:
        hands.open().read()
    assert (caught.value.what, caught.value.next_step) == (
        "RECONCILE_SHEET is an Excel file in Google Drive, not a Google Sheet: This operation is not supported for this document",
        "Open it there, choose File > Save as Google Sheets, and put the new sheet's address into RECONCILE_SHEET.",
    )


@pytest.mark.parametrize(
    ("message", "reason", "what"),
    [
        (
            "Permission denied: Consumer 'project_number:12' has been suspended.",
            "CONSUMER_SUSPENDED",
            "Google has suspended the key's project: Permission denied: Consumer 'project_number:12' has been suspended.",
        ),
        (
            "Project #12 has been deleted.",
            "",
            "The key's project does not exist any more: Project #12 has been deleted.",
        ),
        (
            "Caller does not have required permission to use project p.",
            "USER_PROJECT_DENIED",
            "This account may not use the project it names: Caller does not have required permission to use project p.",
        ),
        (
            "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x",
            "SECURITY_POLICY_VIOLATED",
            (
                "The organization's policy (VPC Service Controls) forbids this machine to reach the sheet: Request is prohibited by "
                "organization's policy. vpcServiceControlsUniqueIdentifier: x"
            ),
        ),
        (
            "This API method requires billing to be enabled.",
            "BILLING_DISABLED",
            "Billing is switched off in the key's project: This API method requires billing to be enabled.",
        ),
    ],
)
def test_a_refusal_that_sharing_cannot_cure_says_what_it_is(
    hands: GoogleHands, message: str, reason: str, what: str
) -> None:
    """Whoever is told to share the sheet again would do so for ever."""
    error = {"error": {"code": 403, "message": message, "status": "PERMISSION_DENIED", "details": [{"reason": reason}]}}
    hands.emulator.faults.at(len(hands.emulator.calls) + 1, Fault.answer(403, json.dumps(error).encode()))
    with pytest.raises(AccessRefused) as caught:
        hands.open().read()
    assert caught.value.what == what
    assert "Share the sheet with" not in caught.value.next_step


def test_a_429_without_a_word_is_a_spent_quota(hands: GoogleHands) -> None:
    """An answer without a body is no web page."""
    time = Time()
    book = opened(hands, time)
    hands.emulator.faults.when(lambda _: True, Fault.answer(429, b""), times=None)
    with pytest.raises(Unavailable) as caught:
        book.read()
    assert caught.value.what == "Google Sheets answered 429: without a word"
