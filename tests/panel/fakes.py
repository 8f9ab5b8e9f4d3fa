"""Stand-ins: a secret, a clock that only moves when told, and a panel that answers from a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from reconcile.core.model import RawAnswer
from reconcile.panel.client import Panel

KEY = 'k3y/with+strange=chars&"quotes"é'
URL = "http://127.0.0.1:9/admin/v1"


class Secret:
    """A secret as pydantic's: shows itself only when asked."""

    def __init__(self, value: str = KEY) -> None:
        self._parts = tuple(value[index : index + 3] for index in range(0, len(value), 3))

    def get_secret_value(self) -> str:
        return "".join(self._parts)

    def __repr__(self) -> str:
        return "Secret('**********')"


@dataclass
class Time:
    """A clock that stands still until somebody sleeps; `slept` keeps each sleep."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def waited(self) -> float:
        return sum(self.slept)


class Script:
    """A transport that plays its steps one after the other, the last one for ever, and keeps every request.

    A step is a response, an exception to raise, or a function of the request.
    """

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        step = self.steps[min(len(self.requests), len(self.steps)) - 1]
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step = step(request)
        # A response is read once; a step may be played often.
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)


def panel(script: Any, time: Time | None = None, **options: Any) -> Panel:
    """A client over a script (or any handler), with a clock that does not move by itself and no jitter."""
    time = time or Time()
    options.setdefault("jitter", lambda: 0.0)
    transport = script if isinstance(script, httpx.BaseTransport) else httpx.MockTransport(script)
    return Panel(URL, options.pop("key", Secret()), transport=transport, clock=time.clock, sleep=time.sleep, **options)


def raw(body: str | bytes, status: int = 200, content_type: str = "application/json") -> RawAnswer:
    return RawAnswer(status, body.encode() if isinstance(body, str) else body, content_type)


def ok(message: str = "done") -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "message": message})


def fields(request: httpx.Request) -> list[tuple[str, str]]:
    """A multipart body's fields in order, after asserting that it is, byte for byte, what `curl --form` sends."""
    kind, _, boundary = request.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    marker = b"--" + boundary.encode()
    found = []
    for part in request.content.split(marker + b"\r\n")[1:]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = head.removeprefix(b'Content-Disposition: form-data; name="').removesuffix(b'"')
        found.append((name.decode(), value.removesuffix(marker + b"--\r\n").removesuffix(b"\r\n").decode()))
    whole = b"".join(
        b'%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (marker, name.encode(), value.encode())
        for name, value in found
    )
    assert request.content == whole + marker + b"--\r\n"
    return found
