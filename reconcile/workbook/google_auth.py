"""Who we are to Google: a key (or the machine's own identity) → the one HTTP client, with one scope.

Accepted: a service account's JSON, `authorized_user`, workload identity federation (`external_account`, with or without a
service account to impersonate), `impersonated_service_account`, and Google's application default credentials. No message
here, and no exception that leaves, carries any part of a key: what google-auth says about one may quote it.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from reconcile.errors import ReconcileError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.auth.credentials import Credentials

    from reconcile.workbook.google_http import Http, Pace

SCOPE: Final = "https://www.googleapis.com/auth/spreadsheets"
"""Enough to open a sheet by its id; gspread's own default asks for all of Drive."""

ANONYMOUS: Final = "reconcile@emulated.iam.gserviceaccount.com"
"""Who an emulator takes us for when there is no key: it accepts an e-mail as a token."""

KINDS: Final = (
    "service_account",
    "authorized_user",
    "external_account",
    "external_account_authorized_user",
    "impersonated_service_account",
)

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_NEXT: Final = "Use the file as it was downloaded from Google (docs/google.md), in RECONCILE_GOOGLE_KEY_JSON."


class Secret(Protocol):
    """A text that shows itself only when asked (pydantic's SecretStr)."""

    def get_secret_value(self) -> str: ...


def open_http(key_json: Secret | None, emulator: str | None, *, pace: Pace | None = None) -> Http:
    """The client for everything Google: signs in at the first call, keeps its connection, never retries by itself.

    key_json: a key's JSON text; None means application default credentials, or nobody in particular at an emulator
    (`emulator`: its host:port). Raises SettingsError, never with any part of the key.
    """
    from reconcile.workbook.google_http import GOOGLE, Http

    if key_json is not None:
        credentials, account = from_json(key_json.get_secret_value())
    elif emulator:
        credentials, account = _nobody()
    else:
        credentials, account = _default()
    host = f"http://{emulator}" if emulator else GOOGLE
    return Http(credentials, host=host, account=account, pace=pace, session=_session(credentials))


def from_json(text: str) -> tuple[Credentials, str]:
    """Credentials and the account's e-mail ("" when the key does not name one). Raises SettingsError."""
    info = _parsed(text)
    kind = info.get("type")
    if kind not in KINDS:
        raise SettingsError(
            "The Google key is of a kind that reconcile does not know.", f"It takes {', '.join(KINDS)}. {_NEXT}"
        )
    for name in ("token_uri", "token_url", "service_account_impersonation_url"):
        _check_address(name, info.get(name))
    # Not raised from inside the handler: google-auth's own exception may quote the key, and would be carried along.
    made = _made(str(kind), info)
    if made is None:
        raise SettingsError(f"The Google key ({kind}) is not whole: a part of it is missing or changed.", _NEXT)
    return made, account_of(info)


def account_of(info: Mapping[str, Any]) -> str:
    """The e-mail a sheet must be shared with, "" when a key does not say."""
    if email := info.get("client_email"):
        return str(email)
    impersonated = re.search(
        r"/serviceAccounts/([^/:]+@[^/:]+):", str(info.get("service_account_impersonation_url", ""))
    )
    return impersonated[1] if impersonated else str(info.get("account") or "")


def _parsed(text: str) -> dict[str, Any]:
    try:
        info = json.loads(text)
    except ValueError:
        info = None
    if not isinstance(info, dict):
        raise SettingsError("The Google key is not valid JSON.", _NEXT)
    return info


def _made(kind: str, info: dict[str, Any]) -> Credentials | None:
    """Credentials with our scope, None when google-auth does not accept the key."""
    from google.auth import exceptions

    try:
        made: Credentials = _maker(kind, info)(info)
    except (exceptions.GoogleAuthError, ValueError, TypeError, KeyError, AttributeError):
        return None  # said in our own words by the caller
    return made


def _maker(kind: str, info: Mapping[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """google-auth's own reader for a kind of key, asked for our scope. Each lives in its own module, and all are heavy."""
    reader: Any  # google-auth is only partly typed
    if kind == "service_account":
        from google.oauth2 import service_account

        reader = service_account.Credentials.from_service_account_info
    elif kind == "authorized_user":
        from google.oauth2 import credentials

        reader = credentials.Credentials.from_authorized_user_info
    elif kind == "external_account_authorized_user":
        from google.auth import external_account_authorized_user as user

        reader = user.Credentials.from_info
        return reader  # type: ignore[no-any-return] # its scopes were fixed when the person signed in
    elif kind == "impersonated_service_account":
        from google.auth import impersonated_credentials

        reader = impersonated_credentials.Credentials.from_impersonated_service_account_info
    else:
        reader = _federated(info)
    return lambda given: reader(given, scopes=[SCOPE])


def _federated(info: Mapping[str, Any]) -> Any:
    """Workload identity: the machine's own token (a file, an address, AWS, a program) is exchanged for Google's."""
    source = info.get("credential_source") or {}
    if str(info.get("subject_token_type", "")).startswith("urn:ietf:params:aws"):
        from google.auth import aws

        return aws.Credentials.from_info
    if source.get("executable") is not None:
        from google.auth import pluggable

        return pluggable.Credentials.from_info
    from google.auth import identity_pool

    return identity_pool.Credentials.from_info


def _check_address(name: str, address: object) -> None:
    """A key that would have its signature sent in the clear is refused (an emulator on this machine is no such case)."""
    if address is None:
        return
    try:
        parts = urlsplit(str(address))
        good = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        good = False
    if not good:
        raise SettingsError(f"The Google key's {name} is not an https address.", _NEXT)


def _nobody() -> tuple[Credentials, str]:
    from google.oauth2.credentials import Credentials as Token

    made: Any = Token
    return made(token=ANONYMOUS), ANONYMOUS


def _default() -> tuple[Credentials, str]:
    """Application default credentials: GOOGLE_APPLICATION_CREDENTIALS, gcloud's own login, or the machine's identity."""
    found = _found()
    if found is None:
        raise SettingsError(
            "There is no Google key: RECONCILE_GOOGLE_KEY_JSON is not set, and this machine has no identity of its own.",
            "Set RECONCILE_GOOGLE_KEY_JSON to the service account's key (docs/google.md says how); `reconcile demo` needs none.",
        )
    account = str(getattr(found, "service_account_email", None) or getattr(found, "account", None) or "")
    return found, "" if account == "default" else account


def _found() -> Credentials | None:
    import google.auth
    from google.auth import exceptions

    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except (exceptions.GoogleAuthError, ValueError, OSError):
        return None  # said in our own words by the caller
    return credentials


def _session(credentials: Credentials) -> Any:
    """google-auth's session: one kept connection, no retries of its own (google_http alone repeats), timeouts for tokens too.

    The timeout given to each call also bounds a token's refresh [run]: google-auth passes it on.
    """
    import requests
    from google.auth.transport.requests import AuthorizedSession, Request
    from requests.adapters import HTTPAdapter

    def plain(session: requests.Session) -> requests.Session:
        for prefix in ("https://", "http://"):
            session.mount(prefix, HTTPAdapter(pool_connections=2, pool_maxsize=4, max_retries=0))
        session.max_redirects = 3
        return session

    tokens = plain(requests.Session())
    made: Any = AuthorizedSession
    return plain(made(credentials, auth_request=Request(tokens)))


def token_works(http: Http) -> ReconcileError | None:
    """Fetches a token now, so that a bad key is told apart from a sheet that is not shared. None: it works.

    Not counted: the token endpoint has no quota of Sheets.
    """
    from google.auth import exceptions

    from reconcile.workbook.google_http import NO_TOKEN, token_error

    session: Any = http.session
    credentials = getattr(session, "credentials", None)  # none where somebody else's session signs the calls
    if credentials is None or credentials.valid:
        return None
    try:
        credentials.refresh(partial(session._auth_request, timeout=http.timeout))  # noqa: SLF001 - as it does itself
    except (exceptions.GoogleAuthError, *NO_TOKEN) as error:
        return token_error(error)
    return None
