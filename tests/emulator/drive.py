"""The little of Drive's files API (v3) that gspread's clients call: files and permissions of spreadsheets."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.emulator.auth import Caller, need_drive
from tests.emulator.errors import ApiError, not_implemented

if TYPE_CHECKING:
    from tests.emulator.book import Book
    from tests.emulator.emulator import Answer, Call, Emulator

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
_FILES = re.compile(
    r"^/drive/v3/files(?:/(?P<file>[^/]+)(?:/(?P<part>copy|permissions|comments|export)(?:/(?P<item>[^/]+))?)?)?$"
)


def kind(method: str, path: str) -> str:
    """Return a name for a Drive call, such as `drive.files.list` or `drive.permissions.create`."""
    match = _FILES.match(path)
    if not match:
        return "drive.unknown"
    one = match.group("item") if match.group("part") in ("permissions", "comments") else match.group("file")
    verb = {"GET": "get" if one else "list", "POST": "create", "PATCH": "update", "DELETE": "delete"}.get(
        method, method.lower()
    )
    part = match.group("part")
    if part == "copy":
        return "drive.files.copy"
    return f"drive.{part}.{verb}" if part in ("permissions", "comments", "export") else f"drive.files.{verb}"


def missing(file_id: str) -> ApiError:
    """Return Drive's 404, which names the file."""
    return ApiError(404, "NOT_FOUND", f"File not found: {file_id}.")


def serve(emulator: Emulator, caller: Caller, call: Call, body: bytes) -> Answer:
    """Answer a Drive call."""
    from tests.emulator.emulator import Answer  # noqa: PLC0415 - it imports this module

    need_drive(caller)
    match = _FILES.match(call.path)
    if not match:
        raise not_implemented(f"Drive's {call.method} {call.path}")
    sent: dict[str, Any] = json.loads(body) if body.strip() else {}
    call.body = sent or None
    answer = _run(emulator, caller, call, match, sent)
    if answer is None:
        return Answer(204, b"")
    return Answer(200, json.dumps(answer, separators=(",", ":")).encode("utf-8"))


def _run(emulator: Emulator, caller: Caller, call: Call, match: re.Match[str], sent: dict[str, Any]) -> Any:  # noqa: C901, PLR0912
    file_id, name = unquote(match.group("file") or ""), call.kind
    if name == "drive.files.list":
        return _list(emulator, caller, call)
    if name == "drive.files.create":
        if sent.get("mimeType") != SPREADSHEET:
            raise not_implemented(f"creating a Drive file of type {sent.get('mimeType')}")
        return _file(_new(emulator, caller, sent.get("name", "Untitled")))
    book = emulator.books.get(file_id)
    if book is None or book.trashed or not (caller.email in book.access or "anyone" in book.access):
        raise missing(file_id)
    if name == "drive.files.get":
        return {**_file(book), "createdTime": _time(book.created), "modifiedTime": _time(book.modified)}
    if name == "drive.comments.list":
        return {"comments": []}
    if name == "drive.permissions.list":
        return {"kind": "drive#permissionList", "permissions": [_permission(e, r) for e, r in book.access.items()]}
    if name == "drive.files.copy":
        may_create(emulator, caller)
        return _file(emulator.books[emulator.copy(file_id, sent.get("name"), owner=caller.email, share=False)])
    if book.access.get(caller.email) not in ("owner", "writer"):
        raise ApiError(403, "PERMISSION_DENIED", "The user does not have sufficient permissions for this file.")
    if name == "drive.files.update":
        if "name" in sent:
            book.properties = {**book.properties, "title": sent["name"]}
        return _file(book)
    if name == "drive.files.delete":
        if book.access.get(caller.email) != "owner":
            raise ApiError(403, "PERMISSION_DENIED", "The user does not have sufficient permissions for this file.")
        del emulator.books[file_id]
        return None
    if name == "drive.permissions.create":
        email = "anyone" if sent.get("type") == "anyone" else sent.get("emailAddress") or sent.get("domain", "")
        book.access[email] = sent.get("role", "reader")
        return _permission(email, book.access[email])
    if name == "drive.permissions.delete":
        wanted = unquote(match.group("item") or "")
        email = next((e for e in book.access if permission_id(e) == wanted), "")
        if not email:
            raise ApiError(404, "NOT_FOUND", f"Permission not found: {wanted}.")
        del book.access[email]
        return None
    raise not_implemented(f"Drive's {call.method} {call.path}")


def _list(emulator: Emulator, caller: Caller, call: Call) -> Any:
    query = call.params.get("q", [""])[-1]
    for part in [p for p in re.split(r"\s+and\s+", query) if p]:
        if not re.fullmatch(r"""(mimeType|name)\s*=\s*["'].*["']|parents in\s*["'].*["']|trashed\s*=\s*false""", part):
            raise not_implemented(f"Drive's query {part}")
    if "parents in" in query:
        return {"files": []}
    name = re.search(r"""name\s*=\s*(["'])(.*?)\1""", query)
    kind_wanted = re.search(r"""mimeType\s*=\s*(["'])(.*?)\1""", query)
    if kind_wanted and kind_wanted.group(2) != SPREADSHEET:
        return {"files": []}
    found = [
        {
            "id": b.book_id,
            "name": b.properties["title"],
            "createdTime": _time(b.created),
            "modifiedTime": _time(b.modified),
        }
        for b in emulator.books.values()
        if caller.email in b.access and not b.trashed and (not name or b.properties["title"] == name.group(2))
    ]
    return {"kind": "drive#fileList", "files": found}


def may_create(emulator: Emulator, caller: Caller) -> None:
    """Refuse a new file to a service account where those have no room of their own."""
    if not emulator.switches.service_accounts_may_create and caller.email.endswith(".gserviceaccount.com"):
        raise ApiError(403, "PERMISSION_DENIED", "The user's Drive storage quota has been exceeded.")


def _new(emulator: Emulator, caller: Caller, title: str) -> Book:
    may_create(emulator, caller)
    book = emulator.book(emulator.new_spreadsheet(title, share=()))
    book.access = {caller.email: "owner"}
    return book


def _file(book: Book) -> dict[str, Any]:
    return {"kind": "drive#file", "id": book.book_id, "name": book.properties["title"], "mimeType": SPREADSHEET}


def permission_id(email: str) -> str:
    """Return the id of an account's permission: the same number every time."""
    if email == "anyone":
        return "anyoneWithLink"
    return str(random.Random(email).randrange(10**19, 10**20))


def _permission(email: str, role: str) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": "drive#permission", "id": permission_id(email), "role": role}
    if email == "anyone":
        return {**out, "type": "anyone"}
    return {**out, "type": "user", "emailAddress": email, "deleted": False}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(seconds * 1000) % 1000:03d}Z"
