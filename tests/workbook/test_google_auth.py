"""Signing in to Google: which keys work, whose e-mail is named, and that no part of a key is ever said."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from reconcile.errors import AccessRefused, ReconcileError, SettingsError, Unavailable
from reconcile.workbook import google, google_auth
from reconcile.workbook.google_auth import ANONYMOUS, SCOPE, account_of, from_json, open_http
from tests.contract.google_subject import NoPause
from tests.emulator.emulator import Emulator
from tests.emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "CANARY-7f3a91"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def federation(**more: Any) -> dict[str, Any]:
    """A workload identity configuration as `gcloud iam workload-identity-pools create-cred-config` writes it."""
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/g",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": "/nowhere/token"},
        "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
        "sync@shop.iam.gserviceaccount.com:generateAccessToken",
        **more,
    }


def test_a_service_accounts_key_signs_in_for_real(emulator: Emulator) -> None:
    """google-auth fetches one token from the key's own address, asks for one scope, and keeps its connection."""
    sheet = emulator.new_spreadsheet("Work")
    http = open_http(SecretStr(json.dumps(emulator.account())), emulator.host, pace=NoPause())
    for _ in range(3):
        http.request("get", f"https://sheets.googleapis.com/v4/spreadsheets/{sheet}")
    assert http.account == emulator.service_account
    assert len(emulator.token_calls) == 1
    assert {call.user for call in emulator.calls} == {emulator.service_account}
    assert [caller.scopes for caller, _ in emulator.tokens._issued.values()] == [frozenset((SCOPE,))]
    assert http.calls == {"read": 3}


def test_an_expired_token_is_renewed_and_nobody_notices(emulator: Emulator) -> None:
    sheet = emulator.new_spreadsheet("Work")
    http = open_http(SecretStr(json.dumps(emulator.account())), emulator.host, pace=NoPause())
    emulator.faults.at(2, Fault.expired())
    for _ in range(2):
        assert http.request("get", f"https://sheets.googleapis.com/v4/spreadsheets/{sheet}").ok
    assert len(emulator.token_calls) == 2


def test_without_a_key_an_emulator_knows_us_by_an_address(emulator: Emulator) -> None:
    sheet = emulator.new_spreadsheet("Work")
    http = open_http(None, emulator.host, pace=NoPause())
    assert http.request("get", f"https://sheets.googleapis.com/v4/spreadsheets/{sheet}").ok
    assert http.account == ANONYMOUS == emulator.service_account
    assert emulator.token_calls == []


def test_a_sheet_opens_from_settings(emulator: Emulator) -> None:
    """What the commands call: settings and a named sheet, nothing sent yet."""

    class Settings:
        google_key_json = None
        google_emulator = emulator.host

    class Book:
        id = emulator.new_spreadsheet("Work")

    book = google.open_workbook(Settings(), Book())
    assert emulator.calls == []
    assert book.provision(["12"]).created
    assert list(book.read().tabs["services"].index) == ["12"]


def test_a_key_that_was_revoked_is_said_in_words(emulator: Emulator) -> None:
    emulator.tokens.disabled.add(emulator.service_account)
    http = open_http(SecretStr(json.dumps(emulator.account())), emulator.host, pace=NoPause())
    with pytest.raises(AccessRefused, match="does not accept this key") as caught:
        http.request("get", "https://sheets.googleapis.com/v4/spreadsheets/x")
    assert "docs/google.md" in caught.value.next_step
    trouble = google_auth.token_works(http)
    assert isinstance(trouble, AccessRefused)


def test_a_sign_in_service_that_cannot_be_reached_is_not_a_bad_key(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at the key's address: try later, exit 5; and every try is bounded."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    key = {**emulator.account(), "token_uri": "http://127.0.0.1:9/token"}
    http = open_http(SecretStr(json.dumps(key)), emulator.host, pace=NoPause())
    with pytest.raises(Unavailable, match="sign-in service"):
        http.request("get", "https://sheets.googleapis.com/v4/spreadsheets/x")


def test_the_session_never_repeats_by_itself(emulator: Emulator) -> None:
    """One place repeats, with bounds: not requests, not urllib3, not for tokens either."""
    session: Any = open_http(None, emulator.host).session
    for each in (session, session._auth_request.session):
        assert {adapter.max_retries.total for adapter in each.adapters.values()} == {0}


@pytest.mark.parametrize(
    ("info", "email"),
    [
        ({"type": "service_account", "client_email": "a@p.iam.gserviceaccount.com"}, "a@p.iam.gserviceaccount.com"),
        (federation(), "sync@shop.iam.gserviceaccount.com"),
        (federation(service_account_impersonation_url=None), ""),
        ({"type": "authorized_user", "account": "me@example.com"}, "me@example.com"),
        ({"type": "authorized_user"}, ""),
    ],
)
def test_the_account_to_share_with_is_named(info: dict[str, Any], email: str) -> None:
    assert account_of({key: value for key, value in info.items() if value is not None}) == email


@pytest.mark.parametrize(
    "info",
    [
        federation(),
        federation(
            subject_token_type="urn:ietf:params:aws:token-type:aws4_request",
            credential_source={
                "environment_id": "aws1",
                "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
            },
        ),
        federation(credential_source={"executable": {"command": "/bin/true"}}),
        {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"},
        {
            "type": "external_account_authorized_user",
            "audience": "//iam.googleapis.com/locations/global/workforcePools/p/providers/g",
            "refresh_token": "r",
            "token_url": "https://sts.googleapis.com/v1/oauthtoken",
            "client_id": "c",
            "client_secret": "s",
            "token_info_url": "https://sts.googleapis.com/v1/introspect",
        },
        {
            "type": "impersonated_service_account",
            "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
            "sync@shop.iam.gserviceaccount.com:generateAccessToken",
            "source_credentials": {
                "type": "authorized_user",
                "client_id": "c",
                "client_secret": "s",
                "refresh_token": "r",
            },
        },
    ],
    ids=["federation", "aws", "program", "user", "workforce", "impersonated"],
)
def test_every_kind_of_key_is_taken_with_one_scope(info: dict[str, Any]) -> None:
    credentials, _ = from_json(json.dumps(info))
    scopes = getattr(credentials, "_scopes", None) or getattr(credentials, "_target_scopes", None)
    assert list(scopes or [SCOPE]) == [SCOPE]


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        json.dumps([CANARY]),
        json.dumps({"type": CANARY}),
        json.dumps(
            {"type": "service_account", "private_key": CANARY, "client_email": "a@b", "token_uri": "https://x.test"}
        ),
        json.dumps(
            {"type": "service_account", "private_key": f"-----BEGIN PRIVATE KEY-----\n{CANARY}", "client_email": "a"}
        ),
        json.dumps({"type": "authorized_user", "client_secret": CANARY}),
        json.dumps({"type": "authorized_user", "client_secret": CANARY, "token_uri": f"http://{CANARY}.test"}),
        json.dumps(federation(token_url=f"http://{CANARY}.test/")),
        json.dumps(federation(credential_source={CANARY: 1})),
        json.dumps(federation(credential_source=CANARY)),
        json.dumps({"type": "impersonated_service_account", "source_credentials": CANARY}),
    ],
)
def test_a_bad_key_is_named_but_never_quoted(text: str) -> None:
    """Not in the message, not in the exception chain, not in a traceback that shows local values of ours."""
    with pytest.raises(SettingsError) as caught:
        from_json(text)
    said = "".join(traceback.format_exception(caught.value))
    assert CANARY not in said
    assert CANARY not in f"{caught.value!r} {caught.value.what} {caught.value.next_step}"
    assert caught.value.__context__ is None
    assert caught.value.next_step


def test_the_machines_own_identity(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Application default credentials: here a key file named by GOOGLE_APPLICATION_CREDENTIALS."""
    path = tmp_path / "key.json"
    path.write_text(json.dumps(emulator.account()))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    assert open_http(None, None).account == emulator.service_account


def test_no_identity_at_all_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(SettingsError, match="There is no Google key") as caught:
        open_http(None, None)
    assert "RECONCILE_GOOGLE_KEY_JSON" in caught.value.next_step


@pytest.mark.parametrize("code", [403, 404])
def test_no_key_in_any_refusal(emulator: Emulator, code: int) -> None:
    key = emulator.account()
    http = open_http(SecretStr(json.dumps(key)), emulator.host, pace=NoPause())
    emulator.faults.always(Fault.status(code))
    with pytest.raises(ReconcileError) as caught:
        http.request("get", "https://sheets.googleapis.com/v4/spreadsheets/x")
    said = "".join(traceback.format_exception(caught.value)) + caught.value.next_step
    assert key["private_key"][30:60] not in said
    assert "ya29." not in said
    assert emulator.service_account in caught.value.next_step
