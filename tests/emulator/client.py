"""Ways for clients to reach the emulator: a session without sockets, and gspread pointed at a host."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gspread
import requests
from requests.adapters import BaseAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.emulator.emulator import Emulator

GOOGLE = ("https://sheets.googleapis.com", "https://www.googleapis.com", "https://oauth2.googleapis.com")


class DirectAdapter(BaseAdapter):
    """A requests adapter that hands every request to an Emulator in the same process."""

    def __init__(self, emulator: Emulator) -> None:
        """Keep the emulator."""
        super().__init__()
        self.emulator = emulator

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the base class has it so
        timeout: Any = None,
        verify: Any = True,  # noqa: FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer a request; a dropped connection is a ConnectionError."""
        _ = stream, timeout, verify, cert, proxies
        parts = urlsplit(request.url or "")
        body = request.body or b""
        sent = body.encode("utf-8") if isinstance(body, str) else bytes(body)
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = self.emulator.handle(request.method or "GET", target, headers, sent)
        if answer.hang:
            message = "Read timed out."
            raise requests.exceptions.ReadTimeout(message, request=request)
        if answer.drop:
            message = "Connection aborted: remote end closed connection without response"
            raise requests.exceptions.ConnectionError(message, request=request)
        response = requests.Response()
        response.status_code = answer.status
        response.headers["Content-Type"] = answer.content_type
        response.headers["Content-Length"] = str(len(answer.body))
        response.encoding = "utf-8"
        response.raw = io.BytesIO(answer.body)
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Nothing is open."""


def session(emulator: Emulator, email: str | None = None) -> requests.Session:
    """Return a session for a caller (default: the service account, by the `Bearer e-mail` short cut)."""
    made = requests.Session()
    made.trust_env = False
    adapter = DirectAdapter(emulator)
    for prefix in (*GOOGLE, "http://emulator"):
        made.mount(prefix, adapter)
    made.headers["Authorization"] = f"Bearer {email or emulator.service_account}"
    return made


def http_client(host: str) -> type[gspread.HTTPClient]:
    """Return a gspread HTTPClient class that sends Google's URLs to `host` over plain http.

    gspread copies its URLs at import, so patching `gspread.urls` does nothing; rewriting in `request` works.
    """

    class Redirected(gspread.HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
            for prefix in GOOGLE:
                if endpoint.startswith(prefix):
                    endpoint = f"http://{host}{endpoint.removeprefix(prefix)}"
                    break
            return super().request(method, endpoint, *args, **kwargs)

    return Redirected


def gspread_direct(emulator: Emulator, email: str | None = None) -> gspread.Client:
    """Return a real gspread client that reaches the emulator in process, without a socket or a token dance."""
    return gspread.Client(auth=None, session=session(emulator, email))  # type: ignore[arg-type]


def gspread_client(emulator: Emulator, email: str | None = None, scopes: list[str] | None = None) -> gspread.Client:
    """Return a real gspread client with real google-auth service-account credentials, over real HTTP."""
    from google.oauth2.service_account import Credentials  # noqa: PLC0415 - slow to import

    wanted = scopes or ["https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive"]

    class LocalCredentials(Credentials):
        def _is_regional_access_boundary_lookup_required(self) -> bool:
            """Return False: google-auth 2.62 else asks iamcredentials.googleapis.com in a background thread."""
            return False

    credentials = LocalCredentials.from_service_account_info(emulator.account(email), scopes=wanted)  # type: ignore[no-untyped-call]
    return gspread.Client(auth=credentials, http_client=http_client(emulator.host))
