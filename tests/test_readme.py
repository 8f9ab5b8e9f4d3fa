"""README says what is true: its generated blocks are the program's own words. `python -m tests.test_readme` writes them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

import pytest

from reconcile import cli
from reconcile.config import VARIABLES, describe_settings
from reconcile.errors import Exit
from tests import reliability

README = Path(__file__).parent.parent / "README.md"


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


BLOCKS = {
    "reliability": reliability_block,
    "help": help_block,
    "exits": exits_block,
    "settings": settings_block,
    "demo": demo_block,
}


def stands(name: str, text: str) -> str:
    """What stands in README between the marks of a block."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found is not None, f"README has no block {name}"
    return found[1].strip()


@pytest.mark.parametrize("name", BLOCKS)
def test_a_generated_block_is_what_the_program_says(name: str) -> None:
    """`python -m tests.test_readme` writes it again."""
    assert stands(name, README.read_text()) == BLOCKS[name]()


def test_every_exit_code_has_its_line() -> None:
    """A new one fails here until help and README tell it."""
    told = {code for codes, _ in cli.EXIT_CODES for code in codes.split(", ")}
    assert told == {str(int(code)) for code in Exit} | {"130", "143"}


def test_every_setting_has_its_line() -> None:
    """A new one fails here until README tells it."""
    text = README.read_text()
    assert [name for name in VARIABLES.values() if f"| {name} |" not in text] == []


def test_every_command_is_told() -> None:
    """A new one fails here until README tells it."""
    block = stands("help", README.read_text())
    names = [command.name for command in cli.app.registered_commands] + ["panel"]
    assert [name for name in names if f"\n  {name} " not in block] == []


def test_the_first_screen() -> None:
    """The promise, the problem, and two commands that work with no account, before anything else."""
    first = README.read_text().split("## Set it up")[0]
    assert "**Keeps a social-media panel and its staff's shared sheet in step" in first
    assert "make demo" in first
    assert "make test" in first


def main() -> None:
    """Writes the generated blocks into README."""
    text = README.read_text()
    for name, make in BLOCKS.items():
        text = reliability.quoted(name, make().split("\n"), text)
    README.write_text(text)


if __name__ == "__main__":
    main()
