"""Short sweeps: a sample of every kind of fault at the boundaries of a day's run. `python -m tests.faults` does all of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import sweep
from tests.faults.scenario import day

if TYPE_CHECKING:
    from tests.faults.scenario import Day

pytestmark = pytest.mark.long

BOOKS = ("memory", "xlsx", "google")


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool], Day]:
    """Each prepared day, made when it is first asked for."""
    return _Days(tmp_path_factory)


class _Days(dict[tuple[str, bool], "Day"]):
    def __init__(self, factory: pytest.TempPathFactory) -> None:
        super().__init__()
        self._factory = factory

    def __missing__(self, which: tuple[str, bool]) -> Day:
        kind, small = which
        self[which] = day(Path(self._factory.mktemp(kind)), kind, small=small)
        return self[which]


def swept(found: object) -> int:
    """How many faults fired; every promise must have held after each."""
    count = 0
    for shot, where, problems in found:  # type: ignore[attr-defined]
        assert problems == [], f"{shot} at {where}"
        count += 1
    return count


@pytest.mark.parametrize("book", BOOKS)
def test_a_day_without_faults_ends_where_staff_wanted(days: dict[tuple[str, bool], Day], book: str) -> None:
    """With nothing injected the same checks pass, and the run is long enough for the sweeps to mean something."""
    fired, passed, problems = sweep.run(days[book, False], [])
    assert (fired, problems) == ([], [])
    assert passed > 80


@pytest.mark.parametrize(("book", "start", "step"), [("memory", 1, 5), ("xlsx", 2, 13), ("google", 3, 19)])
def test_a_crash_at_any_boundary(days: dict[tuple[str, bool], Day], book: str, start: int, step: int) -> None:
    """F01, F06, F16, F22: a process that dies at any boundary loses nothing silently, doubles nothing and repeats no refund."""
    assert swept(sweep.singles(days[book, False], "crash", start=start, step=step)) >= 70 // step


@pytest.mark.parametrize(("book", "start", "step"), [("memory", 2, 9), ("xlsx", 5, 37), ("google", 9, 37)])
def test_a_crash_and_then_the_disk_is_gone(days: dict[tuple[str, bool], Day], book: str, start: int, step: int) -> None:
    """F01, F22: also without its journal everything is in the sheet or on record, bounded to one answer."""
    assert swept(sweep.singles(days[book, False], "crash", start=start, step=step, wipe=True)) >= 70 // step


@pytest.mark.parametrize("kind", sweep.PANEL)
def test_each_way_a_call_can_fail(days: dict[tuple[str, bool], Day], kind: str) -> None:
    """F02, F03, F05, F06, F15, F16: never sent, lost, acted without an answer, cut, refused, wrong key, a page: each at any call."""
    assert swept(sweep.singles(days["memory", False], kind, start=1, step=5)) >= 2


@pytest.mark.parametrize(("kind", "step"), [("acted", 5), ("lost", 7), ("down", 14), ("key", 7)])
def test_each_way_google_can_fail(days: dict[tuple[str, bool], Day], kind: str, step: int) -> None:
    """F15, F16: Google's calls dropped before or after they were done, for once or for the rest of the run, or refused."""
    assert swept(sweep.singles(days["google", False], kind, start=2, step=step)) >= 2


@pytest.mark.parametrize("kind", ["down", "key"])
def test_each_way_a_file_can_fail(days: dict[tuple[str, bool], Day], kind: str) -> None:
    """F22, F24: a full disk or a lost right at any write of journal or workbook costs a run, never a row."""
    assert swept(sweep.singles(days["xlsx", False], kind, start=3, step=11)) >= 2


@pytest.mark.parametrize("kinds", [("crash", "crash"), ("acted", "crash"), ("down", "acted")])
def test_pairs_of_faults(days: dict[tuple[str, bool], Day], kinds: tuple[str, str]) -> None:
    """A second fault, in the rest of that run or in the one that recovers, breaks nothing either."""
    first, second = kinds
    count = 0
    for shots, problems in sweep.pairs(days["memory", True], first, [second], start=4, step=17, then=19):
        assert problems == [], shots
        count += 1
    assert count >= 2


@pytest.mark.parametrize("book", BOOKS)
def test_what_is_known_of_a_state_is_what_would_happen(days: dict[tuple[str, bool], Day], book: str) -> None:
    """Sweeps may skip a state they know: two crashes with nothing between leave the same one, a call between does not."""
    prepared = days[book, True]
    states = []
    for number in range(1, 12):
        fired, _ = sweep.faulted(prepared, [("crash", number)])
        states.append((fired[0][1], prepared.state()))
    assert len({state for _, state in states}) > 2
    for (_, before), (name, after) in pairwise(states):
        if name in ("panel.after-answer", "file.after-replace"):
            assert before != after, name
        elif name not in ("journal.after-write", "book.after-commit", "google.after-answer"):
            assert before == after, name
