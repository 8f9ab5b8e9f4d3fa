"""Helpers of the emulator's own tests: raw calls, ranges, a clock that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.emulator import a1

if TYPE_CHECKING:
    import requests

    from tests.emulator import Emulator

BASE = "https://sheets.googleapis.com/v4/spreadsheets"


class Api:
    """Raw calls on one fresh spreadsheet, in process, as one person."""

    def __init__(self, emulator: Emulator, book_id: str, email: str | None = None) -> None:
        self.emulator = emulator
        self.book_id = book_id
        self.session: requests.Session = emulator.session(email)

    def as_person(self, email: str) -> Api:
        return Api(self.emulator, self.book_id, email)

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        url = f"{BASE}/{self.book_id}{path}"
        return self.session.request(method, url, json=body, params=params)

    def ok(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        answer = self.call(method, path, body, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, method: str, path: str, body: Any = None, code: int = 400, **params: Any) -> str:
        answer = self.call(method, path, body, **params)
        assert answer.status_code == code, answer.text
        found = answer.json()["error"]
        assert found["code"] == code
        text: str = found["message"]
        return text

    def batch(self, *found: dict[str, Any]) -> list[dict[str, Any]]:
        replies: list[dict[str, Any]] = self.ok("POST", ":batchUpdate", {"requests": list(found)})["replies"]
        return replies

    def refused(self, *found: dict[str, Any], code: int = 400) -> str:
        return self.error("POST", ":batchUpdate", {"requests": list(found)}, code=code)

    def put(self, cells: str, values: list[list[Any]], option: str = "RAW") -> Any:
        return self.ok("PUT", f"/values/{quote(cells)}", {"values": values}, valueInputOption=option)

    def type(self, cells: str, values: list[list[Any]]) -> Any:
        return self.put(cells, values, "USER_ENTERED")

    def get(self, cells: str, option: str = "UNFORMATTED_VALUE", **more: Any) -> list[list[Any]]:
        found = self.ok("GET", f"/values/{quote(cells)}", valueRenderOption=option, **more)
        values: list[list[Any]] = found.get("values", [])
        return values

    def sheet(self, fields: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ok("GET", "", fields=f"sheets({fields})")["sheets"][0]
        return found


def grid(text: str = "", sheet_id: int = 0) -> dict[str, Any]:
    """Return a GridRange for `A1:B2`."""
    area = a1.parse_cells(text, sheet_id) if text else a1.Area(sheet_id)
    return {"sheetId": sheet_id, **area.json()}


def text_cell(text: str) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": text}}


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
