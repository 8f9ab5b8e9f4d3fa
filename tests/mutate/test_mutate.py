"""The tool that changes the code: its changes are what they say, and a change of meaning is seen while one of none is not."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.mutate.__main__ import ROOT, modules, nearest
from tests.mutate.changes import changes


def test_each_kind_of_change() -> None:
    """One thing at a time; nothing in annotations, nothing for the type checker alone."""
    source = """
def fits(count: Literal[1], most: int = 5) -> bool:
    if TYPE_CHECKING:
        count = 7
    return count < most and not count is None or any(x in y for x in [max(count - 1, True)])
"""
    whole = ("count < most and (not count is None)", "any((x in y for x in [max(count - 1, True)]))")
    assert [change.told for change in changes(source)] == [
        "2: 5 → 6",
        f"5: {whole[0]} or {whole[1]} → ({whole[0]}) and {whole[1]}",
        "5: count < most and (not count is None) → count < most or not count is None",
        "5: count < most → count <= most",
        "5: not count is None → count is None",
        "5: count is None → count is not None",
        "5: any((x in y for x in [max(count - 1, True)])) → all((x in y for x in [max(count - 1, True)]))",
        "5: x in y → x not in y",
        "5: max(count - 1, True) → min(count - 1, True)",
        "5: count - 1 → count + 1",
        "5: 1 → 2",
        "5: True → False",
    ]


def test_a_change_is_in_the_source_it_brings() -> None:
    """Each source is another one, and compiles; the rest of the module stays."""
    source = "def f(a):\n    return a < 3 and a != 1\n"
    found = [ast.unparse(ast.parse(change.source)) for change in changes(source)]
    assert "def f(a):\n    return a <= 3 and a != 1" in found
    assert "def f(a):\n    return a < 3 and a == 1" in found
    assert "def f(a):\n    return a < 4 and a != 1" in found
    assert len(set(found)) == len(found) == 5


@pytest.mark.parametrize("module", modules())
def test_every_module_has_tests_to_ask(module: str) -> None:
    """And changes to try, where it decides anything."""
    assert nearest(module)
    assert (ROOT / "reconcile" / f"{module}.py").is_file()


@pytest.mark.long
def test_a_change_is_seen_and_none_is_not() -> None:
    """The lease's own tests: silent about the code as it stands, not about one that takes every lease for free."""
    ask = (
        "import sys; from pathlib import Path; from tests.mutate.__main__ import survives\n"
        "source = Path('reconcile/core/lease.py').read_text('utf-8').replace('def check_free(', sys.argv[1], 1)\n"
        "sys.exit(3 if survives('core/lease', source, ['tests/core/test_lease.py']) else 4)"
    )
    # an interpreter of its own: what this one has imported would go on with the code as it stands
    ended = [
        subprocess.run([sys.executable, "-c", ask, name], cwd=ROOT, check=False).returncode  # noqa: S603 - our own
        for name in ("def check_free(", "def check_free_(")
    ]
    assert ended == [3, 4]
