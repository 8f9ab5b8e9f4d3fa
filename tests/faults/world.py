"""A whole small world under control: panel, workbook, machines, people and time, with nothing real but the code.

The panel is the practice panel behind httpx's mock transport, the client, the journal and the adapters are the real ones.
Everything that happens is visible without asking the engine: the panel's own state and requests, and the workbook's cells.
"""

from __future__ import annotations

import copy
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx
from pydantic import SecretStr

from reconcile import agree, boundary
from reconcile import journal as journals
from reconcile.core.identity import ADOPTABLE, Identity, panel_name, settled
from reconcile.core.model import Commit
from reconcile.core.plan import Rules
from reconcile.errors import ReconcileError
from reconcile.job import Job, Stop, read_answer, sync
from reconcile.journal import FILE, LOCK, SEAL, Journal
from reconcile.panel.client import Panel
from reconcile.panel.practice import Dropped, PracticePanel, State
from reconcile.panel.practice_v2 import PATH_V2, LikeV2
from reconcile.panel.v2.client import RestPanel
from reconcile.restore import Restored, Work, restore
from reconcile.workbook.templates import templates
from tests.contract.memory import MemoryWorkbook
from tests.faults import books
from tests.faults.told import doubts, meta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reconcile.core.model import Outcome
    from reconcile.workbook.port import Workbook

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DEADLINE = Job.deadline
ADDRESS = "http://127.0.0.1:1/admin/v1"
SERVICES = ("1", "2", "3")
RAM = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - where there is one, no disk has to spin


class Crash(BaseException):
    """The process dies here: nothing in the code under test may catch it."""


@dataclass
class Clock:
    """Time that moves a millisecond with every look and by what is slept; `skew` is what this machine believes on top."""

    at: datetime = START
    skew: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at + self.skew

    def seconds(self) -> float:
        """The same as a monotonic clock."""
        return self().timestamp()

    def sleep(self, seconds: float) -> None:
        """Passes time."""
        self.at += timedelta(seconds=max(0.0, seconds))


class Line:
    """The wire to the practice panel, which can be cut in every way a wire is: `trouble` says how, for how many requests.

    never: no connection. lost: the request vanishes. acted: the panel acts and its answer is lost. refused, key, html, busy:
    an answer instead of acting. cut: the panel acts and half of its answer arrives.
    """

    def __init__(self, panel: PracticePanel, clock: Clock) -> None:
        self.panel = panel
        self.clock = clock
        self.trouble: list[str] = []
        self.sent = 0
        self.asked = 0
        self.late = 0
        self.around = 0
        """The status that stands around what the panel says, 0 for its own."""

        self.elsewhere: dict[str, PracticePanel] = {}
        """Other panels, by the beginning of their address."""

        self.until = clock.at

    def transport(self) -> httpx.MockTransport:
        """The wire as httpx sees it."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        kind = self.trouble.pop(0) if self.trouble else ""
        self.asked += 1
        self.late += self.clock.at > self.until
        if kind == "never":
            raise httpx.ConnectError("Connection refused")
        self.sent += 1
        if kind in _ANSWERS:
            status, body = _ANSWERS[kind]
            return httpx.Response(status, content=body)
        if kind == "lost":
            raise httpx.ReadTimeout("timed out")
        try:
            panel = next(
                (other for url, other in self.elsewhere.items() if str(request.url).startswith(url)), self.panel
            )
            status, headers, content = panel.handle(
                request.method, request.headers, request.read(), request.url.raw_path.decode()
            )
        except Dropped:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from None
        if kind == "acted":
            raise httpx.ReadTimeout("timed out")
        if kind == "cut":
            content = content[: len(content) // 2]
        # as a stream: a response that is given its content would unpack it here, by its label
        sized = {**headers, "Content-Length": str(len(content))}
        return httpx.Response(self.around or status, headers=sized, stream=httpx.ByteStream(content))


_ANSWERS = {
    "refused": (400, b'{"status":"fail","error":"bad_status","message":"Not now"}'),
    "key": (401, b'{"status":"fail","error":"bad_auth","message":"Invalid API key"}'),
    "html": (503, b"<!DOCTYPE html><html><title>Just a moment...</title></html>"),
    "busy": (429, b'{"status":"fail","error":"rate_limited","message":"Too many requests"}'),
}


class BookKind(Protocol):
    """What the world needs of a kind of workbook: a run's way in, and people's."""

    kind: str

    def open(self, clock: Clock) -> Workbook: ...
    def see(self, tab: str) -> books.Grid: ...
    def see_all(self, tabs: list[str]) -> dict[str, books.Grid]: ...
    def show(self, tab: str, grid: books.Grid) -> None: ...
    def save(self) -> Any: ...
    def restore(self, saved: Any) -> None: ...
    def state(self) -> bytes: ...
    def outage(self, kind: str, name: str) -> bool: ...
    def mend(self) -> None: ...


@dataclass
class Told:
    """How one run ended, as its caller sees it; what it took by itself, and whether it lived on when it was to die."""

    code: int
    outcome: Outcome | None = None
    error: BaseException | None = None
    run: str = ""
    skew: timedelta = timedelta(0)
    seconds: float = 0.0
    calls: int = 0
    late: int = 0
    undead: bool = False

    @property
    def crashed(self) -> bool:
        return isinstance(self.error, Crash)


@dataclass
class World:
    """One panel, one workbook, any number of machines (a machine is a journal folder)."""

    folder: Path
    book: BookKind
    panel: PracticePanel
    clock: Clock = field(default_factory=Clock)
    rules: Rules = field(default_factory=Rules)
    url: str = ADDRESS
    runs: int = 0
    adopt: bool = True
    """Whether each machine takes the workbook on without asking, as RECONCILE_ADOPT=yes says."""

    tokens: int = 0
    """How many names were drawn by chance: here they are counted, so that one seed is one life."""

    line: Line = field(init=False)
    told: list[Told] = field(default_factory=list)
    dying: bool = False
    elsewhere: tuple[float, int] = (0.0, 0)
    """Seconds and calls that a run under way has not to answer for: time that jumped, and whole runs in between."""

    def __post_init__(self) -> None:
        self.line = Line(self.panel, self.clock)

    # --- running -------------------------------------------------------------------------------------------------------

    def machine(self, name: str) -> Path:
        """A machine's state folder."""
        return self.folder / "machines" / name

    def wipe(self, name: str = "a") -> None:
        """The machine's disk is gone, as a runner's is after each run."""
        shutil.rmtree(self.machine(name), ignore_errors=True)

    def client(self, *, real: bool = False, clock: Clock | None = None) -> Panel | RestPanel:
        """The real client of the panel's dialect; `real`: over a socket to `url`."""
        clock = clock or self.clock
        looks: dict[str, Any] = {} if isinstance(self.panel, LikeV2) else {"looks": self.panel.looks}
        kind = RestPanel if isinstance(self.panel, LikeV2) else Panel
        return kind(
            self.url,
            SecretStr(self.panel.key),
            transport=None if real else self.line.transport(),
            pace=0,
            clock=clock.seconds,
            sleep=clock.sleep,
            jitter=lambda: 0.5,
            **looks,
        )

    def run(
        self,
        machine: str = "a",
        *,
        force: bool = False,
        real: bool = False,
        skew: timedelta = timedelta(0),
        stop: Stop | None = None,
        workbook: Callable[[Workbook], Workbook] = lambda book: book,
    ) -> Told:
        """One whole run by a fresh process on that machine: how it ended. Anything not foreseen is raised."""
        self.runs += 1
        clock = self.clock if not skew else _Skewed(self.clock, skew)
        name = f"run-{self.runs:03}-{machine}"
        began, around, self.dying = self._spent(), (self.dying, self.line.until, self.line.late), False
        self.line.late = 0
        try:
            with (
                self._counted(),
                Journal.open(self.machine(machine)) as journal,
                self.client(real=real, clock=clock) as panel,
            ):
                job = Job(
                    book=workbook(self.book.open(clock)),
                    panel=panel,
                    journal=journal,
                    rules=self.rules,
                    clock=clock,
                    run=name,
                    stop=stop or Stop(),
                    adopt=self.adopt,
                )
                self.line.until = self.clock.at + DEADLINE  # opening the journal may take its time
                outcome = sync(job, force=force)
                told = Told(outcome.exit_code, outcome)
        except ReconcileError as error:
            told = Told(int(error.exit_code), error=error)
        except Crash as crash:
            told = Told(-9, error=crash)
        ended = self._spent()
        told.run, told.skew = name, skew
        told.seconds, told.calls = ended[0] - began[0], ended[1] - began[1]
        told.undead, told.late = self.dying and not told.crashed, self.line.late
        self.dying, self.line.until, self.line.late = around
        self.elsewhere = (self.elsewhere[0] + told.seconds, self.elsewhere[1] + told.calls)
        self.line.trouble.clear()
        self.book.mend()
        self.told.append(told)
        return told

    def restore_book(self, machine: str = "a", *, dry_run: bool = False) -> Restored:
        """`reconcile restore` on that machine. Raises what it raises."""
        with self._counted(), Journal.open(self.machine(machine)) as journal:
            book: Any = self.book.open(self.clock)
            work = Work(
                book=book,
                journal=journal,
                panel=panel_name(self.url),
                clock=self.clock,
                run=f"restore-{len(self.told):03}-{machine}",
                make=lambda: book.provision(SERVICES, rebuild=True),
                newest=book.newest,
            )
            return restore(work, dry_run=dry_run)

    def fresh_book(self, machine: str = "a") -> None:
        """`reconcile init --fresh --yes` on that machine."""
        with self._counted(), Journal.open(self.machine(machine)) as journal:
            book: Any = self.book.open(self.clock)
            book.set_aside(SERVICES)
            for other in journal.books():
                if other.place == book.place:
                    journal.put_aside(other.book)
            snapshot = book.read()
            found = agree.standing(book, journal, snapshot, panel_name(self.url))
            found.identity = settled(Identity(book=self._token(), revision=snapshot.revision), found.here, ())
            revision = max(snapshot.revision, book.newest()) + 1
            found.commit(Commit(f"fresh-{len(self.told):03}-{machine}", revision=revision), self.clock().isoformat())

    def adopt_book(self, machine: str = "a") -> list[str]:
        """`reconcile adopt --yes` on that machine: what was adopted. Raises Disagree for what adopting does not settle."""
        with self._counted(), Journal.open(self.machine(machine)) as journal:
            book = self.book.open(self.clock)
            snapshot = agree.read(book, journal, read_answer)
            found = agree.standing(book, journal, snapshot, panel_name(self.url))
            kinds = [finding.kind.value for finding in found.stops]
            if any(finding.kind not in ADOPTABLE for finding in found.stops):
                found.refuse(snapshot, read_answer)
            if kinds:
                agree.adopt(found, snapshot, f"adopt-{len(self.told):03}-{machine}", self.clock())
            return kinds

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Names that are drawn by chance are numbers here."""
        before, journals.token = journals.token, self._token
        agree.token = self._token
        try:
            yield
        finally:
            journals.token = agree.token = before

    def _token(self) -> str:
        self.tokens += 1
        return f"{self.tokens:016x}"

    def jump(self, seconds: float) -> None:
        """Time passes that no run can help."""
        self.clock.sleep(seconds)
        self.elsewhere = (self.elsewhere[0] + seconds, self.elsewhere[1])

    def _spent(self) -> tuple[float, int]:
        """Seconds and calls until now, without what happened elsewhere."""
        seconds, calls = self.elsewhere
        return self.clock.at.timestamp() - seconds, self.line.asked - calls

    # --- looking -------------------------------------------------------------------------------------------------------

    def rows(self, tab: str) -> list[dict[str, Any]]:
        """A tab's rows as people see them: header → cell, blank rows left out."""
        head, *body = self.book.see(tab)
        return [dict(zip(head, row, strict=False)) for row in body if any(cell not in (None, "") for cell in row)]

    def cell(self, tab: str, key: str, header: str) -> Any:
        """One cell, by the row's id."""
        return next(row[header] for row in self.rows(tab) if str(row[_key_header(tab)]) == key)

    def book_rows(self, tabs: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """Several tabs as `rows` shows them, from one look at the workbook."""
        found = {}
        for tab, (head, *body) in self.book.see_all(list(tabs)).items():
            found[tab] = [
                dict(zip(head, row, strict=False)) for row in body if any(cell not in (None, "") for cell in row)
            ]
        return found

    def meta(self) -> dict[str, str]:
        """The hidden tab's entries, from its cells."""
        return meta(self.book.see("ledger"))

    def doubts(self) -> list[dict[str, Any]]:
        """The doubts on record in the workbook."""
        return [*doubts(self.meta()).values()]

    def ids(self, tab: str) -> list[str]:
        """A tab's ids in sheet order, repeated ones repeated."""
        return [str(row[_key_header(tab)]) for row in self.rows(tab) if row[_key_header(tab)] not in (None, "")]

    # --- acting --------------------------------------------------------------------------------------------------------

    def type(self, tab: str, key: str, **cells: Any) -> None:
        """Staff type into the row of `key`: template column key → what they type."""
        self.edit(tab, {key: cells})

    def edit(self, tab: str, typed: dict[str, dict[str, Any]]) -> None:
        """Staff edit many rows of a tab at once: key → column key → what they type."""
        grid = self.book.see(tab)
        known = templates().tab(tab)
        place = grid[0].index(_key_header(tab))
        for row in grid[1:]:
            for column, value in typed.get(str(row[place]), {}).items():
                row[grid[0].index(known.column(column).header)] = value
        self.book.show(tab, grid)

    def add(self, tab: str, **cells: Any) -> None:
        """Staff write a new row below the last one."""
        grid = self.book.see(tab)
        known = templates().tab(tab)
        while len(grid) > 1 and not any(cell not in (None, "") for cell in grid[-1]):
            grid.pop()
        row: list[Any] = [None] * len(grid[0])
        for column, value in cells.items():
            row[grid[0].index(known.column(column).header)] = value
        self.book.show(tab, [*grid, row])

    # --- keeping -------------------------------------------------------------------------------------------------------

    def save(self) -> Saved:
        """Everything there is, to begin from again."""
        state = copy.deepcopy(self.panel.state)
        machines = sorted((self.folder / "machines").glob("*"))
        kept = {path.name: _files(path) for path in machines}
        whole = tuple(path.name for path in machines if _sealed(path))
        requests = list(self.panel.requests)
        return Saved(state, requests, self.book.save(), kept, self.clock.at, self.runs, whole, self.tokens)

    def state(self) -> bytes:
        """Everything a later run can see, as bytes: panel and what it was asked, workbook, journals, the time in whole seconds.

        Nothing decides by parts of a second.
        """
        kept = {path.name: (_files(path), _sealed(path)) for path in sorted((self.folder / "machines").glob("*"))}
        seen = (self.panel.state, self.panel.requests, kept, int(self.clock.at.timestamp()), self.runs, self.tokens)
        return repr(seen).encode() + self.book.state()

    def restore(self, saved: Saved) -> None:
        """Begins from there again: panel, workbook, journals, clock."""
        self.panel.state = copy.deepcopy(saved.panel)
        self.panel.requests[:] = saved.requests
        self.panel.faults.clear()
        self.panel.refusals.clear()
        self.line.trouble.clear()
        self.book.restore(saved.book)
        shutil.rmtree(self.folder / "machines", ignore_errors=True)
        for name, files in saved.journals.items():
            self.machine(name).mkdir(parents=True)
            for file, content in files.items():
                (self.machine(name) / file).write_bytes(content)
            if name in saved.whole:  # it is the same disk again, not a copy that was put back
                journals.seal_file(self.machine(name) / FILE)
        self.clock.at, self.runs, self.tokens = saved.at, saved.runs, saved.tokens
        self.told.clear()
        boundary.set_hook(None)


@dataclass(frozen=True)
class Saved:
    """A world as it was."""

    panel: State
    requests: list[Any]
    book: Any
    journals: dict[str, dict[str, bytes]]
    at: datetime
    runs: int
    whole: tuple[str, ...]
    tokens: int


class _Skewed(Clock):
    """A machine whose clock is wrong."""

    def __init__(self, real: Clock, skew: timedelta) -> None:
        super().__init__()
        self._real, self.skew = real, skew

    def __call__(self) -> datetime:
        return self._real() + self.skew

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds)


def _files(folder: Path) -> dict[str, bytes]:
    """A machine's journal as it can be put back: without its lock, and without what names the very file."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in (LOCK, SEAL)}


def _sealed(folder: Path) -> bool:
    """Whether a machine's journal fits its seal, as it does unless somebody put it back."""
    return (folder / FILE).exists() and journals.fits_seal(folder / FILE)


def _key_header(tab: str) -> str:
    known = templates().tab(tab)
    return known.column(known.key_column).header


def make(folder: Path, kind: str = "memory", panel: PracticePanel | None = None, **options: Any) -> World:
    """A world with a provisioned, empty workbook of that kind ("memory", "xlsx", "google")."""
    folder.mkdir(parents=True, exist_ok=True)
    panel = panel or PracticePanel(0, 1, refills=0, cancels=0)
    clock = Clock()
    if isinstance(panel, LikeV2):
        panel.clock = lambda: clock.at
        options.setdefault("url", ADDRESS.replace("/admin/v1", PATH_V2))
    return World(folder, books.made(kind, folder, SERVICES, clock), panel, clock, **options)


def at(name: str, act: Callable[[], object], *, time: int = 1) -> None:
    """Does `act` the how-manieth time a run comes to this boundary, once, with no hook inside."""
    count = 0

    def hook(now: str) -> None:
        nonlocal count
        count += now == name
        if now == name and count == time:
            boundary.set_hook(None)
            act()

    boundary.set_hook(hook)


def die() -> None:
    """The process is gone."""
    raise Crash


__all__ = ["Clock", "Crash", "Line", "MemoryWorkbook", "Saved", "Told", "World", "at", "die", "make"]
