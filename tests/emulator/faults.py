"""Scripted faults: which call gets which trouble, and who acts just before it.

Calls are numbered from 1 in the order they arrive (Sheets and Drive calls; token requests are counted apart).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.emulator import Call

_HTML = """<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error {code} (Server Error)!!1</title>
  <p><b>{code}.</b> <ins>That's an error.</ins>
  <p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.
</html>
"""
_MESSAGES = {
    429: ("RESOURCE_EXHAUSTED", ""),
    500: ("INTERNAL", "Internal error encountered."),
    502: ("UNAVAILABLE", "Bad Gateway"),
    503: ("UNAVAILABLE", "The service is currently unavailable."),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}


@dataclass(frozen=True)
class Fault:
    """One trouble. Make them with the class methods.

    `when` is `before` (nothing happened on the server) or `after` (the call was done, only its answer suffers).
    """

    kind: str
    when: str = "before"
    code: int = 0
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    seconds: float = 0.0

    @classmethod
    def status(cls, code: int, *, after: bool = False) -> Fault:
        """Answer with Google's JSON error of that code (401, 403, 404, 429, 500, 502, 503, 504)."""
        return cls("status", "after" if after else "before", code)

    @classmethod
    def html(cls, code: int = 502, *, after: bool = False) -> Fault:
        """Answer with an HTML page, as Google's front end does for 500 and 502."""
        page = _HTML.format(code=code).encode("utf-8")
        return cls("body", "after" if after else "before", code, page, "text/html; charset=UTF-8")

    @classmethod
    def answer(cls, code: int, body: bytes, content_type: str = "application/json", *, after: bool = False) -> Fault:
        """Answer with exactly these bytes."""
        return cls("body", "after" if after else "before", code, body, content_type)

    @classmethod
    def drop(cls) -> Fault:
        """Close the connection without doing anything."""
        return cls("drop", "before")

    @classmethod
    def commit_then_drop(cls) -> Fault:
        """Do the call, then close the connection without an answer."""
        return cls("drop", "after")

    @classmethod
    def timeout(cls, *, after: bool = False) -> Fault:
        """Never answer: the client's read timeout ends it (in process at once). With `after` the call was done."""
        return cls("timeout", "after" if after else "before")

    @classmethod
    def truncate(cls) -> Fault:
        """Do the call, then send half of the answer and close the connection."""
        return cls("truncate", "after")

    @classmethod
    def latency(cls, seconds: float) -> Fault:
        """Wait (with the emulator's own, replaceable `sleep`) before doing the call."""
        return cls("latency", "before", seconds=seconds)

    @classmethod
    def expired(cls) -> Fault:
        """Refuse every token given out so far, from this call on: 401 until a new one is fetched."""
        return cls("expired", "before")


def status_of(code: int) -> tuple[str, str]:
    """Return (canonical status, message) of a plain error code."""
    return _MESSAGES.get(code, ("UNKNOWN", f"Error {code}."))


Predicate = Callable[["Call"], bool]
Hook = Callable[..., Any]


@dataclass
class _Rule:
    test: Predicate
    left: int | None  # None: for ever
    fault: Fault | None = None
    hook: Hook | None = None
    outside: bool = False


@dataclass
class Faults:
    """The script. Rules are tried in the order they were made; the first fault that fits is taken, all hooks that fit run."""

    rules: list[_Rule] = field(default_factory=list)

    def at(self, number: int, fault: Fault) -> None:
        """Give the call with this number (1 = the first) a fault."""
        self.rules.append(_Rule(lambda call: call.number == number and call.family != "token", 1, fault))

    def when(self, test: Predicate, fault: Fault, times: int | None = 1) -> None:
        """Give the next `times` calls that pass the test a fault (None: all of them)."""
        self.rules.append(_Rule(test, times, fault))

    def always(self, fault: Fault) -> None:
        """Give every Sheets and Drive call a fault until `clear`."""
        self.when(lambda call: call.family != "token", fault, times=None)

    def token(self, fault: Fault, times: int | None = 1) -> None:
        """Give the next token requests a fault."""
        self.when(lambda call: call.family == "token", fault, times)

    def before(self, number: int, hook: Hook) -> None:
        """Run `hook(emulator)` just before the call with this number, under the lock: nobody comes between."""
        self.rules.append(_Rule(lambda call: call.number == number and call.family != "token", 1, None, hook))

    def before_each(self, hook: Hook, test: Predicate | None = None, times: int | None = None) -> None:
        """Run `hook(emulator)` under the lock before every call (that passes the test)."""
        self.rules.append(_Rule(test or (lambda call: call.family != "token"), times, None, hook))

    def pause_before(self, number: int, hook: Hook) -> None:
        """Run `hook(emulator)` before the call with this number without holding the lock.

        The hook may make calls of its own (a whole second run, for instance) or wait for another thread.
        """
        self.rules.append(
            _Rule(lambda call: call.number == number and call.family != "token", 1, None, hook, outside=True)
        )

    @property
    def pending(self) -> int:
        """Return how many faults and hooks are still waiting: 0 when the run has met them all (sweeps end when it has not)."""
        return sum(1 for rule in self.rules if rule.left is not None)

    def clear(self) -> None:
        """Forget the script."""
        self.rules.clear()

    def take_hooks(self, call: Call, *, outside: bool) -> list[Hook]:
        """Return the hooks due for a call."""
        return [
            rule.hook
            for rule in list(self.rules)
            if rule.hook is not None and rule.outside == outside and rule.test(call) and self._use(rule)
        ]

    def take_fault(self, call: Call) -> Fault | None:
        """Return the fault due for a call."""
        for rule in list(self.rules):
            if rule.fault is not None and rule.test(call) and self._use(rule):
                return rule.fault
        return None

    def _use(self, rule: _Rule) -> bool:
        if rule.left is None:
            return True
        rule.left -= 1
        if rule.left <= 0:
            self.rules.remove(rule)
        return True


@dataclass
class Quota:
    """60 reads and 60 writes a minute for each user [doc]; off until `reads`/`writes` are set."""

    reads: int | None = None
    writes: int | None = None
    _used: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def spend(self, user: str, *, writing: bool, now: float) -> bool:
        """Count a call; False when the user is out of quota for this minute of the emulator's clock."""
        limit = self.writes if writing else self.reads
        if limit is None:
            return True
        key = (user, "w" if writing else "r", int(now // 60))
        self._used[key] = self._used.get(key, 0) + 1
        return self._used[key] <= limit
