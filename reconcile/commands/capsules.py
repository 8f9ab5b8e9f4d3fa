"""Capsules: a run's redacted inputs and plan in a file, and making that plan again."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconcile.commands import shell, world
from reconcile.commands.shell import AsJson
from reconcile.errors import Exit, SettingsError

if TYPE_CHECKING:
    from datetime import datetime

    from reconcile.config import Settings
    from reconcile.core.model import Snapshot

MOST = 20
"""So many differing lines are shown."""


def made(snapshot: "Snapshot", settings: "Settings", now: "datetime", *, force: bool) -> str:
    """A capsule of what a run saw. now: in the sheet's zone."""
    from reconcile.core import capsule

    inputs = capsule.packed(capsule.redacted(snapshot), world.rules(settings), now, force=force)
    return capsule.written(inputs, _plan(inputs))


def keep(target: Path, text: str) -> None:
    """Writes a capsule; one that cannot be written is only mentioned: the run is done."""
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        shell.say(f"{target} cannot be written: {error.strerror}.")
    else:
        shell.say(f"Wrote {target}: `reconcile replay {target}` makes its plan again.")


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A capsule of `reconcile sync --capsule FILE`.")],
    as_json: AsJson = False,
) -> int:
    """Make the plan of a capsule again, and say whether it is the same byte for byte. Reads nothing else."""
    before = _read(file)
    try:
        after = again(before)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(
            f"{file} is not a capsule of this version.", "Make one with reconcile sync --capsule FILE."
        ) from error
    same = before == after
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), "then", "now", lineterm="", n=0))
    if as_json:
        shell.show_json({"file": str(file), "same": same, "difference": lines})
    elif same:
        typer.echo("The plan is the same, byte for byte.")
    else:
        typer.echo("The plan differs:")
        for text in lines[:MOST]:
            typer.echo(text)
    return Exit.DONE if same else Exit.BUG


def again(text: str) -> str:
    """The capsule that its own inputs make now. Raises KeyError, TypeError, ValueError for what is none."""
    from reconcile.core import capsule

    inputs = json.loads(text)["inputs"]
    return capsule.written(inputs, _plan(inputs))


def _plan(inputs: dict[str, Any]) -> dict[str, Any]:
    from reconcile.core import capsule
    from reconcile.core.ledger import Ledger
    from reconcile.core.plan import make_plan
    from reconcile.report import as_json
    from reconcile.workbook.templates import templates

    packed = json.loads(json.dumps(inputs))
    snapshot, rules, now, force = capsule.unpacked(packed, lambda language: templates(language).words)
    plan = make_plan(snapshot, Ledger(snapshot.ledger, snapshot.meta), rules, now=now, force=force)
    return as_json.plan(plan, plan.doubts, "capsule")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{file} cannot be read: {why}.", "Name a capsule's file.") from None
