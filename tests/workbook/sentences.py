"""The names of everything that is said, as types: `python -m tests.workbook.english` writes reconcile/core/sentences.py.

Read from the source of core/words.py without importing it, so that a new sentence there can be named here first.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "reconcile" / "core" / "words.py"
TARGET: Final = ROOT / "reconcile" / "core" / "sentences.py"

TABLES: Final = {"MESSAGES": "MessageName", "LIMITS": "LimitName", "PHRASES": "PhraseName", "JOINTS": "JointName"}
"""Tables whose keys are names of ours: a mistyped one is an error of type."""

TOP: Final = '''"""The names of everything the job says, as types: a sentence that there is not fails the type check.

Generated from core/words.py: `python -m tests.workbook.english` writes it again, a test tells when that is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
'''


def generated() -> str:
    """What reconcile/core/sentences.py must be for the core/words.py of today."""
    sentences: list[str] = []
    tables: dict[str, list[str]] = {}
    for node in ast.parse(SOURCE.read_text("utf-8")).body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.value is None:
            continue
        name = node.target.id
        if name in TABLES and isinstance(node.value, ast.Dict):
            tables[name] = [str(ast.literal_eval(key)) for key in node.value.keys if key is not None]
        elif name.isupper() and not name.startswith("_") and isinstance(_constant(node.value), str):
            sentences.append(name)
    lines = [TOP.rstrip("\n"), ""]
    for table, alias in TABLES.items():
        lines += [f"{alias} = Literal[", *(f'    "{key}",' for key in tables[table]), "]"]
    lines += ["", "", "@dataclass(frozen=True, eq=False)", "class Sentences:"]
    lines += ['    """One language\'s sentences, by name."""', "", *(f"    {name}: str" for name in sentences)]
    return "\n".join(lines) + "\n"


def _constant(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def write() -> None:
    """Writes reconcile/core/sentences.py."""
    TARGET.write_text(generated(), encoding="utf-8")
