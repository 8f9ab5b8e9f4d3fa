"""Google's Sheets API over gspread's HTTP client: one bounded way to call, one place that reads its refusals.

gspread's own retry never gives up and repeats writes, its default timeout is none, and its APIError cannot be built for some
bodies; so `request` is ours and the rest of gspread's client is used as it is. Every call is counted.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import gspread
import requests
from google.auth import exceptions as auth_errors

from reconcile import boundary
from reconcile.errors import AccessRefused, ReconcileError, SettingsError, Unavailable
from reconcile.workbook.google_auth import SCOPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.auth.credentials import Credentials

GOOGLE: Final = "https://sheets.googleapis.com"
TIMEOUT: Final = (10.0, 60.0)
"""Seconds to connect and to wait for an answer. Google itself ends a call after 180 s [doc]."""

TRIES: Final = 8
PATIENCE: Final = 100.0
"""Seconds one call may take with all its repeats. A quota window is 60 s: with fewer tries, jitter could end them within it."""

QUOTA: Final = 55
WINDOW: Final = 60.0
"""60 reads and 60 writes a minute per user [doc]; the margin leaves room for a colleague's script."""

_SLICE: Final = 0.5
"""A wait asks this often whether to go on: a signal ends it within the 5 s a run has to stop."""

_BUSY: Final = (408, 409, 429, 500, 502, 503, 504)
_REFUSED: Final = (401, 403)
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429

NO_TOKEN: Final = (TypeError, ValueError, KeyError, AttributeError)
"""What google-auth raises over a sign-in answer that holds no token: it does not look before it takes it apart [run]."""

_PAGE: Final = re.compile(r"<\s*(!doctype|html)", re.IGNORECASE)


class InvalidRequest(ReconcileError):
    """Google refused a request as invalid (HTTP 400): `what` is its own message. Nothing was done."""


class Lost(Unavailable):
    """A write left and no clear answer came back: it may or may not have been applied."""


class NotThere(AccessRefused):
    """No such spreadsheet, or (for developer metadata) no such entry."""


class NotShared(AccessRefused):
    """This account has no right on the spreadsheet, as far as Google says."""


@dataclass(frozen=True)
class _Known:
    """A refusal of which the cause is certain. words: what Google's message, or the reason beside it, says then. codes: () for any."""

    words: tuple[str, ...]
    error: type[ReconcileError]
    what: str
    next_step: str
    codes: tuple[int, ...] = ()


_KNOWN: Final = (
    _Known(
        ("Google Sheets API has not been used", "SERVICE_DISABLED"),
        AccessRefused,
        "The Google Sheets API is switched off in the key's project: {text}",
        "Switch it on at the address above, wait a minute, then run `reconcile doctor`.",
    ),
    _Known(
        ("insufficient authentication scopes", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        AccessRefused,
        "This sign-in to Google does not include Google Sheets: {text}",
        f"Sign in again with the scope {SCOPE}, or give the machine's own identity that scope.",
    ),
    _Known(
        ("not supported for this document",),
        SettingsError,
        "RECONCILE_SHEET is an Excel file in Google Drive, not a Google Sheet: {text}",
        "Open it there, choose File > Save as Google Sheets, and put the new sheet's address into RECONCILE_SHEET.",
    ),
    _Known(
        ("protected cell or object",),
        AccessRefused,
        "A protection in the sheet keeps the job from writing: {text}",
        "Let {account} edit the protected ranges, or run `reconcile init`.",
    ),
    _Known(
        ("CONSUMER_SUSPENDED", "has been suspended"),
        AccessRefused,
        "Google has suspended the key's project: {text}",
        "Sharing the sheet again does not help. Open the project in the Google Cloud console and follow what it says, or use a key "
        "of another project.",
        _REFUSED,
    ),
    _Known(
        ("has been deleted", "CONSUMER_INVALID", "PROJECT_DELETED"),
        AccessRefused,
        "The key's project does not exist any more: {text}",
        "Restore it in the Google Cloud console (within 30 days), or make a service account in another project, share the sheet "
        "with it and use its key.",
        _REFUSED,
    ),
    _Known(
        ("USER_PROJECT_DENIED", "required permission to use project"),
        AccessRefused,
        "This account may not use the project it names: {text}",
        "Give it the role Service Usage Consumer in that project, or leave the quota project out of its key.",
        _REFUSED,
    ),
    _Known(
        ("SECURITY_POLICY_VIOLATED", "prohibited by organization's policy", "vpcServiceControls"),
        AccessRefused,
        "The organization's policy (VPC Service Controls) forbids this machine to reach the sheet: {text}",
        "Ask the organization's administrator to let it through; sharing the sheet does not help.",
        _REFUSED,
    ),
    _Known(
        ("BILLING_DISABLED",),
        AccessRefused,
        "Billing is switched off in the key's project: {text}",
        "Switch it on in the Google Cloud console, or use a key of another project.",
        _REFUSED,
    ),
)


@dataclass
class Pace:
    """Keeps below Google's quota: at most `QUOTA` calls of a kind in a moving minute.

    Once `may_continue` says no, nothing waits any more: the few calls that end a run fit into the quota's margin.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    may_continue: Callable[[], bool] = lambda: True

    def __post_init__(self) -> None:
        self._recent: dict[str, deque[float]] = {"read": deque(), "write": deque()}

    def wait(self, kind: str) -> None:
        """Waits until one more call of this kind is within the quota."""
        recent = self._recent[kind]
        now = self.clock()
        while recent and now - recent[0] >= WINDOW:
            recent.popleft()
        if len(recent) >= QUOTA:
            self.rest(WINDOW - (now - recent[0]))
        recent.append(self.clock())

    def rest(self, seconds: float) -> bool:
        """Sleeps so long, and answers True; answers False as soon as the run is to stop."""
        while seconds > 0:
            if not self.may_continue():
                return False
            self.sleep(min(seconds, _SLICE))
            seconds -= _SLICE
        return True


class Http(gspread.HTTPClient):
    """gspread's client with our own `request`: host, timeouts, pacing, counting, and errors a person can act on."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        host: str = GOOGLE,
        account: str = "",
        pace: Pace | None = None,
        session: requests.Session | None = None,
    ) -> None:
        """`account`: the e-mail the sheet must be shared with, for messages."""
        super().__init__(credentials, session)
        self.set_timeout(TIMEOUT)
        self.host = host.rstrip("/")
        self.account = account
        self.pace = pace or Pace()
        self.calls: Counter[str] = Counter()

    def request(
        self,
        method: str,
        endpoint: str,
        params: Any = None,
        data: Any = None,
        json: Any = None,
        files: Any = None,
        headers: Any = None,
    ) -> requests.Response:
        """One call with its bounded repeats; gspread's other methods all come through here.

        Reads are repeated freely. A write is repeated only where Google certainly did not apply it (never sent, 429);
        otherwise it raises Lost, and the caller finds out what happened. Raises InvalidRequest, AccessRefused, Unavailable.
        """
        method = method.upper()
        kind = "read" if method == "GET" or endpoint.endswith(":search") else "write"
        sent = {"params": params, "data": data, "json": json, "files": files, "headers": headers}
        started = self.pace.clock()
        failure: requests.Response | ReconcileError
        for attempt in range(1, TRIES + 1):
            self.pace.wait(kind)
            self.calls[kind] += 1
            failure, safe = self._once(method, endpoint, sent)
            if isinstance(failure, requests.Response):
                return failure
            left = PATIENCE - (self.pace.clock() - started)
            if not (safe or kind == "read") or attempt == TRIES or left <= 0 or not isinstance(failure, Unavailable):
                raise failure
            # full jitter: parallel runs must not come back in step
            if not self.pace.rest(min(left, random.uniform(0.5, 1) * 2**attempt)):  # noqa: S311 - not for secrets
                raise failure
        raise AssertionError

    def _once(
        self, method: str, endpoint: str, sent: dict[str, Any]
    ) -> tuple[requests.Response | ReconcileError, bool]:
        """One attempt: (answer or error, whether the call was certainly not applied)."""
        url = endpoint.replace(GOOGLE, self.host, 1)
        boundary.at("google.before-send")
        try:
            response = self.session.request(method, url, timeout=self.timeout, **sent)
            _ = response.content
        except auth_errors.GoogleAuthError as error:
            return token_error(error), True
        except requests.ConnectTimeout:
            return Unavailable("Google Sheets cannot be reached.", "Try again later."), True
        except requests.ConnectionError as error:
            if _never_left(error):
                return Unavailable("Google Sheets cannot be reached.", "Try again later."), True
            return Lost("The connection to Google Sheets broke.", "Try again later."), False
        except requests.RequestException:
            return Lost("Google Sheets did not answer.", "Try again later."), False
        except NO_TOKEN as error:  # below requests' own: some of those are ValueErrors
            return token_error(error), True
        boundary.at("google.after-answer")
        if response.ok:
            return response, False
        return self._refusal(response), response.status_code == _TOO_MANY  # refused before it was applied

    def _refusal(self, response: requests.Response) -> ReconcileError:
        code, text = response.status_code, message_of(response)
        account = self.account or "the service account"
        shared = f"Share the sheet with {account} as Editor, then run `reconcile doctor`."
        if code == _TOO_MANY:
            return _too_many(text)
        if code in _BUSY:
            return Lost(f"Google Sheets answered {code}: {text}", "Try again later.")
        said = f"{text} {_reasons(response)}"
        for known in _KNOWN:
            if (not known.codes or code in known.codes) and any(words in said for words in known.words):
                return known.error(known.what.format(text=text), known.next_step.format(account=account))
        if code in _REFUSED:
            return NotShared(f"Google refuses access to the sheet: {text}", shared)
        if code == _NOT_FOUND:
            return NotThere(f"Google knows no such spreadsheet: {text}", f"Check RECONCILE_SHEET. {shared}")
        return InvalidRequest(
            text, "This is a fault of reconcile, not of the sheet; please report it with the message above."
        )


def _too_many(text: str) -> Unavailable:
    """A spent quota: each account has one, and all of its project together."""
    told = f"Google Sheets answered {_TOO_MANY}: {text}"
    if "per minute per user" in text:
        return Unavailable(
            f"{told} These are too many calls in a minute for this service account.",
            "Try again in a minute. Whatever else uses the same key counts, too.",
        )
    if "per minute" in text:
        return Unavailable(
            f"{told} These are too many calls in a minute for the whole project of the key.",
            "Try again in a minute. If it stays so, look what else uses that project, or use a key of another project.",
        )
    return Unavailable(told, "Try again later.")


def message_of(response: requests.Response) -> str:
    """Google's own words in an error answer; for a page that is not JSON, that it is one, and for nothing that it is nothing."""
    if not response.content.strip():
        return "without a word"
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return "a web page instead of an answer"
    if isinstance(error, dict):
        return str(error.get("message") or error.get("status") or "no message")
    return str(error)


def _reasons(response: requests.Response) -> str:
    """The reasons that stand beside the message in a refusal, as Google's ErrorInfo has them."""
    try:
        details = response.json()["error"]["details"]
        return " ".join(str(each.get("reason", "")) for each in details)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def token_error(error: Exception) -> ReconcileError:
    """A sign-in that failed. A busy token service also arrives as RefreshError [run]; `retryable` tells. Never quotes the error."""
    if isinstance(error, auth_errors.TransportError):
        return Unavailable("Google's sign-in service cannot be reached.", "Try again later.")
    if not isinstance(error, auth_errors.GoogleAuthError) or _PAGE.search(str(error)):
        return Unavailable(
            "Google's sign-in service sent something else than a token.",
            "Try again later. If it stays so, look for a proxy or a login page between this machine and Google.",
        )
    if error.retryable:
        return Unavailable("Google's sign-in service is busy.", "Try again later.")
    if "reasonable timeframe" in str(error):
        return AccessRefused(
            "Google does not accept the key at the time it is on this machine.",
            "Check this machine's clock: it must be right to a few minutes. The key may be fine.",
        )
    return AccessRefused(
        "Google does not accept this key any more.",
        "Make a new key for the service account (docs/google.md), or undo what disabled the old one.",
    )


def _never_left(error: requests.ConnectionError) -> bool:
    """Whether the connection was never made (refused, no such host): urllib3 says so in the cause's name."""
    text = repr(error)
    return "NewConnectionError" in text or "NameResolutionError" in text


def json_of(response: requests.Response) -> dict[str, Any]:
    """An answer's JSON object. Raises Lost when it was cut."""
    try:
        body = json.loads(response.content)
    except ValueError as error:
        raise Lost("Google Sheets' answer broke off.", "Try again later.") from error
    if not isinstance(body, dict):
        raise Lost("Google Sheets sent something else than an answer.", "Try again later.")
    return body
