"""The house's rules, read from the source: who may import whom, and what stands nowhere."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconcile
from reconcile import boundary

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(reconcile.__file__).parent

ADAPTERS = {"panel", "workbook", "journal", "report"}
SHELL = {"__main__", "cli", "commands"}
"""What talks to a person: may use everything, print, and is the last line of defence."""

OURS: dict[str, set[str]] = {
    "errors": set(),
    "boundary": set(),
    "core": {"core", "errors"},
    "config": {"errors"},
    **{adapter: {adapter, "core", "errors", "boundary"} for adapter in ADAPTERS},
    "agree": {"core", "errors", "journal", "workbook.port"},
    "looking": {"core", "errors", "journal", "panel.port"},
    "job": {
        *(
            "agree",
            "looking",
            "core",
            "errors",
            "boundary",
            "config",
            "journal",
            "panel.port",
            "panel.dialects",
            "workbook.port",
        ),
    },
    "restore": {"agree", "core", "errors", "job", "journal", "workbook.port"},
    "whereabouts": {"journal"},
}
"""Part → the parts it may import. One way: shell → job → adapters → core → errors; adapters never import each other."""

THEIRS: dict[str, set[str]] = {
    "errors": set(),
    "boundary": set(),
    "core": {"pandas", "numpy"},
    "config": {"pydantic", "dotenv"},
    "panel": {"httpx"},
    "workbook": {"pandas", "numpy", "openpyxl", "gspread", "google", "requests"},
    "journal": set(),
    "report": {"rich"},
    "agree": set(),
    "job": set(),
    "looking": set(),
    "restore": set(),
    "whereabouts": {"platformdirs"},
}
"""Part → the libraries it may import."""

NOT_IN_CORE = {
    "os",
    "io",
    "time",
    "logging",
    "random",
    "socket",
    "subprocess",
    "sqlite3",
    "pathlib",
    "tempfile",
    "threading",
}
"""The core has no I/O, no clock, no dice and no log."""


def sources() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    """`panel.client` for reconcile/panel/client.py; "" for the package itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def part_of(module: str) -> str:
    return module.partition(".")[0]


def imports(source: str) -> Iterator[str]:
    """Every module the source imports, wherever in it; `from reconcile import boundary` counts as reconcile.boundary."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            if node.module in ("reconcile", "reconcile.workbook"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module


def forbidden(module: str, source: str) -> list[str]:
    """The imports of `module` that the rules do not allow it."""
    part = part_of(module)
    found = []
    for name in imports(source):
        top = name.partition(".")[0]
        if top == "reconcile":
            allowed = any(f"{name}.".startswith(f"reconcile.{other}.") for other in OURS[part])
        elif top in sys.stdlib_module_names:
            allowed = part != "core" or top not in NOT_IN_CORE
        else:
            allowed = top in THEIRS[part]
        if not allowed:
            found.append(name)
    return found


def called(node: ast.AST) -> str:
    """`now` for now(…) and for datetime.now(…)."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def bad_handlers(source: str) -> list[int]:
    """Lines of handlers that catch everything, or that pass over an error without a comment that says why."""
    lines = source.splitlines()
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler) and (catches_all(node) or passes_over(node, lines))
    ]


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Bare, or Exception. BaseException is for cleaning up and raising again: ruff's BLE001 watches that."""
    return handler.type is None or "Exception" in {getattr(node, "id", "") for node in ast.walk(handler.type)}


def passes_over(handler: ast.ExceptHandler, lines: list[str]) -> bool:
    (first, *more) = handler.body
    ellipsis = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and first.value.value is ...
    return not more and (isinstance(first, ast.Pass) or ellipsis) and "#" not in lines[first.lineno - 1]


def boundaries(source: str) -> list[str]:
    """The boundary names the source marks. One that is not a literal text counts as its own code."""
    return [
        str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("at", "boundary.at")
    ]


MODULES = {name_of(path): path.read_text("utf-8") for path in sources()}
INSIDE = {name: source for name, source in MODULES.items() if name and part_of(name) not in SHELL}


@pytest.mark.parametrize("module", INSIDE)
def test_imports_point_one_way(module):
    """cli → job → adapters → core → errors; adapters never import each other; each library stays in its part."""
    assert part_of(module) in OURS, f"{module} has no place in the house: give it one here"
    assert forbidden(module, INSIDE[module]) == []


@pytest.mark.parametrize("kind", ["google", "xlsx"])
def test_one_kind_of_workbook_knows_nothing_of_another(kind):
    """What both need stands in `frames`, `templates` and their like."""
    others = tuple(f"reconcile.workbook.{other}" for other in ("google", "xlsx") if other != kind)
    own = {name: source for name, source in INSIDE.items() if name.startswith(f"workbook.{kind}")}
    assert len(own) > 4
    for module, source in own.items():
        assert [name for name in imports(source) if name.startswith(others)] == [], module


def test_nobody_imports_the_shell():
    for module, source in INSIDE.items():
        assert [
            name for name in imports(source) if name.startswith(tuple(f"reconcile.{part}" for part in SHELL))
        ] == [], module


def test_only_the_shell_prints():
    """stdout is the result, stderr the talk: one place decides which is which."""
    found = [name for name, source in INSIDE.items() for node in ast.walk(ast.parse(source)) if called(node) == "print"]
    assert found == []


def test_nobody_swallows_errors():
    """Whatever is not expected reaches the command line's last line of defence, and nothing is ignored without a word."""
    assert {name: lines for name, source in INSIDE.items() if (lines := bad_handlers(source))} == {}


def test_the_core_has_no_clock():
    """The same sheet and ledger make the same plan at any time: now is handed in."""
    clocks = {"now", "utcnow", "today"}
    core = {name: source for name, source in INSIDE.items() if part_of(name) == "core"}
    assert core
    assert [
        name for name, source in core.items() for node in ast.walk(ast.parse(source)) if called(node) in clocks
    ] == []


def test_boundaries():
    """Every I/O boundary of the list is marked somewhere, and nothing marks one that is not on the list."""
    used = {name for module, source in INSIDE.items() if module != "boundary" for name in boundaries(source)}
    assert used == set(boundary.NAMES)
    assert len(set(boundary.NAMES)) == len(boundary.NAMES)


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("core.plan", "import pandas as pd\nfrom reconcile.core import words\nimport json", []),
        ("core.plan", "from reconcile import boundary", ["reconcile.boundary"]),
        ("core.plan", "def f():\n    import time", ["time"]),
        ("panel.client", "from reconcile.workbook import port", ["reconcile.workbook.port"]),
        ("panel.client", "import pandas", ["pandas"]),
        ("journal", "from reconcile.config import Settings", ["reconcile.config"]),
        ("job", "from reconcile.workbook.port import Workbook\nfrom reconcile.workbook import port", []),
        (
            "job",
            "from reconcile.workbook import xlsx\nimport reconcile.cli",
            ["reconcile.workbook.xlsx", "reconcile.cli"],
        ),
        ("report.text", "import rich.table\nfrom reconcile.errorsome import x", ["reconcile.errorsome"]),
    ],
)
def test_the_import_rule_itself(module, source, found):
    """The rule catches what it is for."""
    assert forbidden(module, source) == found


@pytest.mark.parametrize(
    ("handler", "bad"),
    [
        ("except ValueError:\n    x = 1", False),
        ("except ValueError:\n    pass", True),
        ("except ValueError:\n    pass  # the next reader tries", False),
        ("except ValueError:\n    ...", True),
        ("except Exception:\n    x = 1", True),
        ("except:\n    raise", True),
        ("except BaseException:\n    x = 1\n    raise", False),
        ("except (OSError, Exception) as e:\n    x = 1", True),
    ],
)
def test_the_handler_rule_itself(handler, bad):
    """The rule catches what it is for."""
    assert bool(bad_handlers(f"try:\n    f()\n{handler}\n")) is bad


def test_the_boundary_rule_itself():
    """The rule catches what it is for."""
    assert boundaries("at('a')\nboundary.at('b')\nat(name)\nsheet.at('c')") == ["a", "b", "at(name)"]
