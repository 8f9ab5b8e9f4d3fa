"""The long run of the harness: which worlds it lives through, and what becomes of those that break."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests import reliability
from tests.sim import __main__ as sim

if TYPE_CHECKING:
    from pathlib import Path


def written_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts, and a page that quotes them, in a folder of the test's own."""
    monkeypatch.setattr(reliability, "FILE", folder / "reliability.json")
    monkeypatch.setattr(reliability, "PAGE", folder / "README.md")
    (folder / "README.md").write_text("Before\n<!-- reliability -->\nold\n<!-- /reliability -->\nafter\n")


@pytest.fixture
def lived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(first seed, how many) of every piece that is asked for; nothing is lived through."""
    pieces: list[tuple[int, int]] = []

    def asked(*command: str) -> dict[str, Any]:
        first, seeds = (int(command[command.index(name) + 1]) for name in ("--first", "--seeds"))
        pieces.append((first, seeds))
        return {"schedules": seeds, "boundaries": 1, "faults": 1, "broken": 0}

    written_in(tmp_path, monkeypatch)
    monkeypatch.setattr(reliability, "asked", asked)
    return pieces


def run(seeds: int, *, first: int = 1, fresh: bool = False) -> None:
    """Lives through worlds in memory."""
    reliability.worlds("worlds-memory", argparse.Namespace(seeds=seeds, first=first, fresh=fresh, jobs=1))


def test_worlds_go_on_where_the_same_code_left_off(lived: list[tuple[int, int]]) -> None:
    """A long run can be done in pieces; asked for nothing more, it does nothing more."""
    run(700)
    run(1000)
    run(1000)
    assert lived == [(1, 500), (501, 200), (701, 300)]
    assert reliability.written()["worlds-memory"]["schedules"] == 1000


def test_every_night_lives_in_new_worlds(lived: list[tuple[int, int]]) -> None:
    """Other first seeds, or --fresh, are lived through whatever the file says of this code."""
    run(600)
    run(600, first=5001)
    run(600, first=5001)
    run(600, first=5001, fresh=True)
    assert lived == [(1, 500), (501, 100), (5001, 500), (5501, 100), (5001, 500), (5501, 100)]
    assert reliability.written()["worlds-memory"]["first"] == 5001


def test_repetitions_go_on_and_a_failure_ends_the_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as asked for with the same code and tests; other tests begin anew, and one that fails takes all away."""
    runs: list[tuple[bool, str, str]] = []
    written_in(tmp_path, monkeypatch)

    def suite(_: int) -> tuple[bool, str, str]:
        if reliability.FILE.exists():  # or the suite, which compares the two, would fail in every second repetition
            block = "\n".join(["<!-- reliability -->", *reliability.told(), "<!-- /reliability -->"])
            assert (tmp_path / "README.md").read_text() == f"Before\n{block}\nafter\n"
        return runs.pop(0)

    monkeypatch.setattr(reliability, "suite", suite)

    def repeat(times: int) -> Any:
        reliability.repetitions(argparse.Namespace(times=times, fresh=False, jobs=1))
        return reliability.written()["repetitions"]

    runs += [(False, "7 passed in 1s", "")] * 3
    assert (repeat(2)["times"], len(runs)) == (2, 1)
    assert (repeat(3)["times"], len(runs)) == (3, 0)
    runs += [(False, "8 passed in 1s", "")] * 4
    assert (repeat(4)["times"], repeat(4)["tests"], len(runs)) == (4, 8, 0)
    runs += [(True, "1 failed, 7 passed in 1s", "FAILED test_x")]
    with pytest.raises(SystemExit, match="FAILED test_x"):
        repeat(5)
    assert "repetitions" not in reliability.written()


@pytest.mark.parametrize("part", ["worlds-memory", "worlds-xlsx", "worlds-google"])
def test_the_code_a_part_is_of_is_the_code_it_runs(part: str) -> None:
    """Whatever of the product a world has in memory counts as its code; the command line around a run does not."""
    script = (
        f"import json, sys; from tests.sim.__main__ import lived; lived(8, {reliability.WORLDS[part]!r}); "
        "import tests.faults.sweep, tests.faults.shapes; "
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'reconcile']))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, cwd=reliability.ROOT)  # noqa: S603
    loaded = set(json.loads(done.stdout))
    assert len(loaded) > 25
    assert loaded <= set(map(str, reliability.ran(part)))
    assert reliability.code(part) != reliability.code("repetitions")


def test_a_world_that_broke_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its seed, workbook and first broken promise are written down as a line for the regressions."""
    monkeypatch.setattr(sim, "ProcessPoolExecutor", _Here)
    monkeypatch.setattr(sim, "lived", lambda seed, _book, _world: (seed, ["an order is lost"] * (seed == 8), [], 1, 0))
    failed = tmp_path / "failed.txt"
    words = ["sim", "--book", "xlsx", "--first", "7", "--seeds", "3", "--failed", str(failed)]
    monkeypatch.setattr("sys.argv", words)
    assert sim.main() == 1
    assert failed.read_text("utf-8") == "8 xlsx    an order is lost\n"


class _Here:
    """The pool's work done in this process, where what a test replaced is replaced."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, act: Any, cases: Any, **_: object) -> Any:
        """One after the other."""
        return map(act, cases)
