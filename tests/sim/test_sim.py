"""A few seeded worlds in every check; `make sim SEEDS=n` lives through as many as there is time for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.faults import sweep
from tests.sim.__main__ import BOOKS, REGRESSIONS
from tests.sim.outside import Outside
from tests.sim.world import Rates, Sim

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long


def regressions() -> list[tuple[int, str]]:
    """(seed, workbook) of the worlds that once broke a promise."""
    lines = [line.split() for line in REGRESSIONS.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [(int(seed), book) for seed, book, *_ in lines]


@pytest.mark.parametrize(("book", "first", "count"), [("memory", 1016, 14), ("xlsx", 2001, 4), ("google", 3001, 3)])
def test_seeded_worlds(tmp_path: Path, book: str, first: int, count: int) -> None:
    """F09, F11, F12, F13, F14, F16: whatever people, wires, clocks and a second run do, every promise holds and peace comes."""
    for seed in range(first, first + count):
        sim = Sim(seed, tmp_path / str(seed), book)
        assert sim.live() == [], "\n".join([f"python -m tests.sim --seed {seed} --book {book}", *sim.events[-20:]])


@pytest.mark.parametrize(("book", "first", "count"), [("memory", 1, 6), ("xlsx", 1, 3), ("google", 1, 2)])
def test_worlds_whose_books_go_astray(tmp_path: Path, book: str, first: int, count: int) -> None:
    """F26 to F32, F34: copies come back, state folders are put back, panels are mixed up: every stop has a way on, and peace comes."""
    for seed in range(first, first + count):
        sim = Outside(seed, tmp_path / str(seed), book)
        assert sim.live() == [], "\n".join([f"--seed {seed} --book {book} --world outside", *sim.events[-20:]])


@pytest.mark.parametrize(("seed", "book"), regressions())
def test_worlds_that_broke_once(tmp_path: Path, seed: int, book: str) -> None:
    """What a world once showed stays mended."""
    assert Sim(seed, tmp_path / "world", book).live() == []


@pytest.mark.parametrize("seed", [14, 102, 135, 159, 171])
def test_worlds_outside_that_broke_once(tmp_path: Path, seed: int) -> None:
    """F26, F28, F36: rows that one machine received and another changed, an update whose run died, a question in a list let through."""
    assert Outside(seed, tmp_path / "world", "memory").live() == []


@pytest.mark.parametrize("book", BOOKS)
def test_a_seed_is_one_world(tmp_path: Path, book: str) -> None:
    """The same seed gives the same history, event by event, whichever worlds this process lived through before."""
    lives = []
    for name in ("one", "two"):
        sim = Sim(77, tmp_path / name, book)
        sim.live()
        lives.append((sim.events, sim.world.panel.requests, sim.watch.look()))
    assert lives[0] == lives[1]
    assert len(lives[0][0]) > 10


class Machine(RuleBasedStateMachine):
    """The same world, its steps chosen by hypothesis, so that a failing history can be made shorter."""

    folder: Path
    sim: Sim

    @initialize(seed=st.integers(0, 999), book=st.sampled_from(BOOKS))
    def begin(self, seed: int, book: str) -> None:
        """A new world."""
        import tempfile  # noqa: PLC0415 - a state machine gets no fixtures
        from pathlib import Path  # noqa: PLC0415

        self._temporary = tempfile.TemporaryDirectory()
        self.sim = Sim(seed, Path(self._temporary.name), book, rates=Rates(fault=0.05, staff=0.05))

    @rule()
    def customers(self) -> None:
        """Customers come."""
        self.sim.customers()

    @rule()
    def people(self) -> None:
        """Somebody works in the sheet."""
        self.sim.people()

    @rule(machine=st.sampled_from("ab"))
    def run(self, machine: str) -> None:
        """A run, with what may happen at its boundaries."""
        self.sim.run(machine)

    @rule(machine=st.sampled_from("ab"), kind=st.sampled_from(sweep.KINDS), number=st.integers(1, 80))
    def fault(self, machine: str, kind: str, number: int) -> None:
        """A run with nothing but one fault, at the how-manieth boundary it fits."""
        self.sim.faulted(machine, (kind, number))

    @rule(machine=st.sampled_from("ab"))
    def wipe(self, machine: str) -> None:
        """The machine's disk is gone."""
        self.sim.world.wipe(machine)

    @rule(seconds=st.sampled_from((30, 400, 86_400)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.sim.world.clock.sleep(seconds)

    @invariant()
    def nothing_broken(self) -> None:
        """Every promise holds at every moment."""
        if hasattr(self, "sim"):
            assert self.sim.watch.problems == []

    def teardown(self) -> None:
        """The faults stop, and the world comes to rest."""
        if hasattr(self, "sim"):
            self.sim.peace()
            assert self.sim.watch.problems == []
            self._temporary.cleanup()


Machine.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=10,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestMachine = Machine.TestCase
