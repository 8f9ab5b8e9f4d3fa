"""Who calls: access tokens, the service-account token endpoint, scopes, sharing.

The endpoint looks at the shape of the signed assertion (three parts, RS256, an `iss`) and verifies no signature.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.emulator.errors import insufficient_scope, unauthenticated

SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
SHEETS_READ_SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly"
DRIVE_SCOPE = "https://www.googleapis.com/auth/drive"
DRIVE_SCOPES = frozenset((DRIVE_SCOPE, "https://www.googleapis.com/auth/drive.file"))
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True)
class Caller:
    """An authenticated caller."""

    email: str
    scopes: frozenset[str]


@dataclass
class Tokens:
    """Access tokens given out; `lifetime` is what the answer says, `really` how long they work (None: as said)."""

    lifetime: int = 3600
    really: float | None = None
    disabled: set[str] = field(default_factory=set)  # accounts that get no token: revoked or deleted
    _issued: dict[str, tuple[Caller, float]] = field(default_factory=dict)
    _count: int = 0

    def issue(self, email: str, scopes: frozenset[str], now: float) -> str:
        """Give out a token."""
        self._count += 1
        token = f"ya29.emulated-{self._count}"
        self._issued[token] = (Caller(email, scopes), now + (self.lifetime if self.really is None else self.really))
        return token

    def expire_all(self) -> None:
        """Let every token given out so far be refused from now on."""
        self._issued = {token: (caller, 0.0) for token, (caller, _) in self._issued.items()}

    def caller(self, authorization: str | None, now: float, anonymous: str | None) -> Caller:
        """Return who a request's Authorization header stands for; raises ApiError 401.

        Besides issued tokens, `Bearer someone@example.com` is that person with all scopes: a short cut for tests.
        """
        if not authorization:
            if anonymous:
                return Caller(anonymous, frozenset((SHEETS_SCOPE, DRIVE_SCOPE)))
            raise unauthenticated(missing=True)
        token = authorization.removeprefix("Bearer ").strip()
        if token in self._issued:
            caller, until = self._issued[token]
            if now >= until or caller.email in self.disabled:
                raise unauthenticated(missing=False)
            return caller
        if "@" in token and token not in self.disabled:
            return Caller(token, frozenset((SHEETS_SCOPE, DRIVE_SCOPE)))
        raise unauthenticated(missing=False)

    def grant(self, body: str, now: float) -> tuple[int, dict[str, Any]]:
        """Answer a token request; returns (status, JSON)."""
        form = {key: values[-1] for key, values in parse_qs(body).items()}
        if form.get("grant_type") != GRANT:
            return 400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type: emulator"}
        try:
            header, claims = (_part(p) for p in form.get("assertion", "").split(".")[:2])
        except (ValueError, binascii.Error):
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT: malformed"}
        if header.get("alg") != "RS256" or "iss" not in claims or form["assertion"].count(".") != 2:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        if claims["iss"] in self.disabled:
            return 400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}
        if not claims.get("scope") and not claims.get("target_audience"):
            return 400, {
                "error": "invalid_scope",
                "error_description": "Invalid OAuth scope or ID token audience provided.",
            }
        token = self.issue(claims["iss"], frozenset(str(claims.get("scope", "")).split()), now)
        return 200, {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}


def _part(text: str) -> dict[str, Any]:
    found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(found, dict):
        raise ValueError(text)  # noqa: TRY004 - malformed like any other
    return found


def need_sheets(caller: Caller, *, writing: bool) -> None:
    """Refuse a token without a scope for the call."""
    if SHEETS_SCOPE in caller.scopes or caller.scopes & DRIVE_SCOPES:
        return
    if not writing and SHEETS_READ_SCOPE in caller.scopes:
        return
    raise insufficient_scope()


def need_drive(caller: Caller) -> None:
    """Refuse a token without a Drive scope."""
    if not caller.scopes & DRIVE_SCOPES:
        raise insufficient_scope()


def account(email: str, token_uri: str) -> dict[str, str]:
    """Return a service-account JSON with a throw-away key made on the spot; its token_uri is the emulator."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import, seldom needed
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
    return {
        "type": "service_account",
        "project_id": "emulated",
        "private_key_id": "emulated",
        "private_key": pem,
        "client_email": email,
        "client_id": "100000000000000000000",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }
