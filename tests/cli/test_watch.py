"""`watch`: edits soon, new work now and then, nothing in between, and gone at once when it is told to."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconcile.commands import shell, world
from reconcile.core.model import Action
from reconcile.core.pace import Pace
from reconcile.errors import Unavailable
from reconcile.job import Silent, Stop, sync
from reconcile.workbook.xlsx import XlsxWorkbook

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ended, Terminal


class Day:
    """Time that passes while `watch` waits; what happens at which second of it; and how often the sheet was read and written."""

    def __init__(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        self.terminal, self.at, self.end = terminal, terminal.moment[0], 0.0
        self.events: list[tuple[float, Callable[[], None]]] = []
        self.reads: list[float] = []
        self.commits: list[float] = []
        monkeypatch.setattr(world, "sleep", self.sleep)
        monkeypatch.setattr(world, "chance", lambda: "8000")
        read, commit = XlsxWorkbook.read, XlsxWorkbook.commit
        monkeypatch.setattr(XlsxWorkbook, "read", lambda *a, **k: (self.reads.append(self.now), read(*a, **k))[1])
        monkeypatch.setattr(XlsxWorkbook, "commit", lambda *a, **k: (self.commits.append(self.now), commit(*a, **k))[1])
        self.numbers = 0
        monkeypatch.setattr(world, "run_id", self.run_id)

    def run_id(self) -> str:
        self.numbers += 1
        return f"20261122-155316-{self.numbers:04x}"

    @property
    def now(self) -> float:
        return (self.terminal.moment[0] - self.at).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.terminal.moment[0] += timedelta(seconds=seconds)
        while self.events and self.events[0][0] <= self.now:
            self.events.pop(0)[1]()
        if self.now >= self.end:
            os.kill(os.getpid(), signal.SIGTERM)

    def passes(self, seconds: float, *words: str) -> Ended:
        self.end = seconds
        self.events.sort(key=lambda event: event[0])
        return self.terminal.type("watch", *words)


@pytest.fixture
def day(synced: Terminal, monkeypatch: pytest.MonkeyPatch) -> Day:
    return Day(synced, monkeypatch)


def test_an_idle_while_reads_once_a_minute(day: Day) -> None:
    """One read a minute, and the two writes of a whole run every five minutes; exit 0 on SIGTERM."""
    ended = day.passes(1200)
    assert ended.code == 0
    assert 19 <= len(day.reads) <= 21
    assert len(day.commits) in (8, 10)
    assert ended.out.count("\n") == len(day.commits) // 2
    assert ended.err.endswith("Stopped.\n")


def test_an_edit_reaches_the_panel_within_90_seconds(day: Day) -> None:
    """Five edits at odd seconds: each is at the panel before 90 s have gone, without asking for new work."""
    waits: list[float] = []
    panel = day.terminal.panel

    def edit(count: int) -> None:
        day.terminal.edit("Orders", "15", start_count=count)

    def told(at: float, count: int) -> None:
        order = panel.state.orders["15"]
        waits.append(day.now - at)
        assert order.start_count == str(count), f"typed at {at}"

    for number in range(5):
        at = 100.0 + number * 137
        day.events.append((at, lambda count=number + 1: edit(count)))
        day.events.append((at + 90, lambda at=at, count=number + 1: told(at, count)))
    asked = len(panel.calls(Action.GET_ORDERS))
    assert day.passes(800).code == 0
    assert len(waits) == 5
    assert len(panel.calls(Action.GET_ORDERS)) - asked == 3  # at the start, then every five minutes


def test_the_lease_is_held_during_a_run_only(day: Day) -> None:
    """A sync by hand gets in between two looks."""
    codes: list[int] = []

    def by_hand() -> None:
        with world.open_job(shell.settings("panel", "sheet"), Silent(), Stop()) as job:
            codes.append(sync(job).exit_code)

    day.events.append((90.0, by_hand))
    assert day.passes(200).code == 0
    assert codes == [0]


def test_it_backs_off_while_the_panel_is_away_and_says_so_once(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer tries the longer it lasts, two lines in all, then it works as before."""
    tries: list[float] = []
    real = world.open_job

    def away(*words: object, **more: object) -> object:
        tries.append(day.now)
        if 400 < day.now < 4000:
            raise Unavailable("The panel does not answer.", "Try later.")
        return real(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(world, "open_job", away)
    ended = day.passes(6000)
    assert ended.code == 0
    during = [at for at in tries if 400 < at < 4000]
    assert 5 <= len(during) <= 9, (tries, ended.err)
    told = [line for line in ended.err.splitlines() if "does not answer" in line or "works again" in line]
    assert len(told) == 2, ended.err


def test_changed_settings_are_taken_on_and_wrong_ones_are_not(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told once each; with wrong ones it goes on as before."""
    env = day.terminal.folder / ".env"
    day.events.append((100.0, lambda: env.write_text("RECONCILE_MAX_REFUNDS=three\n") and None))
    day.events.append((400.0, lambda: env.write_text("RECONCILE_MAX_REFUNDS=3\n") and None))
    ended = day.passes(900)
    assert ended.code == 0
    assert ended.err.count("The settings are not taken on") == 1
    assert ended.err.count("The settings changed and are taken on.") == 1


def test_wrong_words(synced: Terminal) -> None:
    """Each is refused with what to write."""
    for words in (("--every", "soon"), ("--every", "1s"), ("--every", "10m", "--claim-every", "5m")):
        assert synced.type("watch", *words).code == 2


@pytest.mark.parametrize(("fails", "longest"), [(0, 66), (1, 132), (3, 528), (9, 990)])
def test_waits(fails: int, longest: float) -> None:
    """At most a tenth longer than meant, and never more than a quarter of an hour and a tenth."""
    pace = Pace(60, 300)
    assert pace.wait(fails, 1.0) == pytest.approx(longest)
    assert pace.wait(fails, 0.0) < longest


def test_new_work_is_asked_for_when_it_is_due() -> None:
    """Never asked, five minutes gone, or a clock that was put back."""
    pace = Pace(60, 300)
    assert pace.asks(1000, None)
    assert not pace.asks(1200, 1000)
    assert pace.asks(1290, 1000)
    assert pace.asks(900, 1000)
