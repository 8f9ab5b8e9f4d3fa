"""README and its pages say what is true: generated blocks are the program's own words. `python -m tests.test_readme` writes them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reconcile import cli
from reconcile.config import VARIABLES, describe_settings
from reconcile.errors import Exit
from tests import reliability

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
LONGEST = 150
"""Lines of README. What is longer is a page of its own."""


def typed(*words: str, width: int = 100) -> str:
    """What a command prints on stdout, in a terminal `width` wide."""
    out = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(width)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            assert cli.main(list(words)) == 0
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)
    return out.getvalue()


def help_block() -> str:
    """The commands, as `--help` lists them."""
    return "```\n" + typed("--help").split("\nSettings (")[0].rstrip() + "\n```"


def exits_block() -> str:
    """Every exit code."""
    return "\n".join(["| code | meaning |", "|---|---|", *(f"| {code} | {text} |" for code, text in cli.EXIT_CODES)])


def settings_block() -> str:
    """Every setting."""
    rows = [f"| {item.variable} | {item.meaning} | {item.default} |" for item in describe_settings()]
    return "\n".join(["| variable | meaning | default |", "|---|---|---|", *rows])


def demo_block() -> str:
    """The plan the demo shows: the same on every machine, because the practice panel's data are."""
    with tempfile.TemporaryDirectory() as folder:
        told = typed("demo", "--folder", folder)
    steps = re.split(r"\n\n(?=\d+\. )", told)
    plan = next(step for step in steps if "What the next sync would do" in step)
    lines = [line.removeprefix("   │").removeprefix(" ").rstrip() for line in plan.splitlines()[2:]]
    return "```\n$ reconcile plan\n" + "\n".join(lines) + "\n```"


def reliability_block() -> str:
    """What the harness counted, from the file it writes."""
    return "\n".join(reliability.told())


def inputs_block() -> str:
    """The Action's inputs and outputs, from action.yml."""
    said = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))
    rows = ["| input | meaning |", "|---|---|"]
    rows += [f"| `{name}` | {one['description']} |" for name, one in said["inputs"].items()]
    rows += ["", "| output | meaning |", "|---|---|"]
    rows += [f"| `{name}` | {one['description']} |" for name, one in said["outputs"].items()]
    return "\n".join(rows)


BLOCKS = {
    (DOCS / "reliability.md", "reliability"): reliability_block,
    (DOCS / "commands.md", "help"): help_block,
    (DOCS / "commands.md", "exits"): exits_block,
    (README, "exits"): exits_block,
    (DOCS / "settings.md", "settings"): settings_block,
    (README, "demo"): demo_block,
    (DOCS / "action.md", "inputs"): inputs_block,
}
"""Page and mark of every generated block, and what makes it."""


def stands(page: Path, name: str) -> str:
    """What stands in a page between the marks of a block."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page.read_text("utf-8"), re.DOTALL)
    assert found is not None, f"{page.name} has no block {name}"
    return found[1].strip()


@pytest.mark.parametrize(("page", "name"), BLOCKS, ids=lambda part: getattr(part, "stem", part))
def test_a_generated_block_is_what_the_program_says(page: Path, name: str) -> None:
    """`python -m tests.test_readme` writes it again."""
    assert stands(page, name) == BLOCKS[page, name]()


def test_every_exit_code_has_its_line() -> None:
    """A new one fails here until help and README tell it."""
    told = {code for codes, _ in cli.EXIT_CODES for code in codes.split(", ")}
    assert told == {str(int(code)) for code in Exit} | {"130", "143"}


def test_every_setting_has_its_line() -> None:
    """A new one fails here until its page tells it."""
    text = (DOCS / "settings.md").read_text("utf-8")
    assert [name for name in VARIABLES.values() if f"| {name} |" not in text] == []


def test_every_command_is_told() -> None:
    """A new one fails here until its page tells it."""
    block = stands(DOCS / "commands.md", "help")
    names = [command.name for command in cli.app.registered_commands] + ["panel"]
    assert [name for name in names if f"\n  {name} " not in block] == []


def test_the_first_screen() -> None:
    """The promise, the problem, and two commands that work with no account, before anything else."""
    first = README.read_text("utf-8").split("## Install")[0]
    assert "**Keeps a social-media panel and its staff's shared sheet in step" in first
    assert "make demo" in first
    assert "make test" in first


def test_readme_is_short() -> None:
    """Whoever looks for more finds a page; every page is named in it."""
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert [page.name for page in sorted(DOCS.glob("*.md")) if f"(docs/{page.name}" not in text] == []


def main() -> None:
    """Writes the generated blocks into their pages."""
    for (page, name), make in BLOCKS.items():
        page.write_text(reliability.quoted(name, make().split("\n"), page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
