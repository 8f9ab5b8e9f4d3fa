"""Real SIGKILL: a run in a process of its own dies at its Nth boundary, and a fresh process has to recover.

Three processes beside this one: the services (practice panel and emulator, `tests.faults.services`), the fork server
(`tests.faults.runner`) and the child it forks for each run. Here is only the watching: panel and workbook as they are
afterwards, over the services' own doors.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self

from tests.faults.scenario import Day, day, recovered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

KILLED = -9


class Helper:
    """A helper process spoken to in lines of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ready = self._line()

    def ask(self, **question: Any) -> dict[str, Any]:
        """One question, one answer."""
        stream = self._stream(self.process.stdin)
        stream.write(json.dumps(question) + "\n")
        stream.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        line = self._stream(self.process.stdout).readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        if stream is None:
            raise RuntimeError("the helper has no pipes")
        return stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                self._stream(stream).close()
        self.process.wait(timeout=20)


@dataclass
class Killing:
    """A prepared day whose faulted run happens in other processes."""

    day: Day
    services: Helper
    runner: Helper

    def killed(self, number: int, *, wipe: bool) -> tuple[int, int, list[str]]:
        """One run killed at its `number`-th boundary: (its exit code, boundaries passed, broken promises)."""
        self.day.again()
        world = self.day.world
        self.services.ask(set=_panel(world), google=_google(world))
        told = self.runner.ask(
            book=str(world.folder / "orders.xlsx") if world.book.kind == "xlsx" else self.services.ready["host"],
            id=getattr(world.book, "id", ""),
            kind=world.book.kind,
            state=str(world.machine("a")),
            url=self.services.ready["url"],
            key=world.panel.key,
            at=world.clock.at.isoformat(),
            kill=number,
        )
        after = self.services.ask(get=True)
        _put_panel(world, after["panel"])
        _put_google(world, after["google"])
        world.clock.sleep(60)
        if wipe:
            world.wipe()
            world.clock.sleep(400)
        self.day.watch.check()
        recovered(self.day)
        return told["code"], told["passed"], list(self.day.watch.problems)


def _panel(world: Any) -> str:
    return _packed((world.panel.state, world.panel.requests))


def _put_panel(world: Any, text: str) -> None:
    world.panel.state, world.panel.requests[:] = _unpacked(text)


def _google(world: Any) -> str:
    return _packed(world.book.emulator.books[world.book.id]) if world.book.kind == "google" else ""


def _put_google(world: Any, text: str) -> None:
    if text:
        world.book.emulator.books[world.book.id] = _unpacked(text)


def _packed(thing: Any) -> str:
    import pickle  # noqa: PLC0415 - between our own processes

    return pickle.dumps(thing).hex()


def _unpacked(text: str) -> Any:
    import pickle  # noqa: PLC0415 - between our own processes

    return pickle.loads(bytes.fromhex(text))  # noqa: S301


@contextlib.contextmanager
def killing(folder: Path, book: str) -> Any:
    """A prepared day on that kind of workbook, with the helper processes running."""
    with Helper("tests.faults.services", book) as services, Helper("tests.faults.runner") as runner:
        yield Killing(day(folder, book, url=services.ready["url"]), services, runner)


def sweep(
    folder: Path, book: str, *, start: int = 1, step: int = 1, say: Callable[[str], object] = lambda _: None
) -> dict[str, int]:
    """Kills at every boundary, with the state folder kept and wiped: the counts, and how many promises broke."""
    counts = {"kills": 0, "broken": 0}
    with killing(folder, book) as case:
        for wipe in (False, True):
            number, code = start, KILLED
            while code == KILLED:
                code, passed, problems = case.killed(number, wipe=wipe)
                counts["kills"] += code == KILLED
                counts["kill_boundaries"] = passed
                counts["broken"] += bool(problems)
                for problem in problems[:3]:
                    say(f"  BROKEN kill {number} {'wiped' if wipe else ''}: {problem}")
                number += step
            say(f"{book}: killed {counts['kills']} times so far, {counts['broken']} broken")
    return counts
