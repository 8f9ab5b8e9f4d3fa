"""One sync inside the Action: settings from its inputs, outputs for the steps that follow.

The program runs in this very process, so that the signal of a cancelled job reaches it and it finishes what it has in hand.
Inputs arrive in the environment, never in a shell's words.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parents[2]

INPUTS: Final = {
    "RECONCILE_PANEL_URL": "INPUT_PANEL_URL",
    "RECONCILE_PANEL_KEY": "INPUT_PANEL_KEY",
    "RECONCILE_SHEET": "INPUT_SHEET",
    "RECONCILE_GOOGLE_KEY_JSON": "INPUT_GOOGLE_KEY_JSON",
    "RECONCILE_PROFILE": "INPUT_PROFILE",
    "RECONCILE_STATE_DIR": "INPUT_STATE_DIR",
}
"""Setting → the input it comes from. Every other one may stand in the input `settings`."""

NOT_FOR_A_RUNNER: Final = frozenset(
    {
        "RECONCILE_SERVICES",  # `init` reads it
        "RECONCILE_LANGUAGE",  # the same
        "RECONCILE_TIMEZONE",  # an .xlsx's
        "RECONCILE_ADOPT",  # same
        "SHEETS_EMULATOR_HOST",
    }
)
SECRET: Final = frozenset({"RECONCILE_PANEL_KEY", "RECONCILE_GOOGLE_KEY_JSON"})


def settings(given: Mapping[str, str], known: tuple[str, ...]) -> dict[str, str]:
    """The variables of the run. given: the step's environment; known: every setting's variable. Raises ValueError.

    `INPUT_SETTINGS` is a JSON object, such as toJSON(vars): of it only our own settings are taken, no secret and none that an input has.
    A profile takes none of it, nor an address or a sheet: what is passed here would win over reconcile.toml for every profile.
    """
    found = {variable: given.get(name, "").strip() for variable, name in INPUTS.items()}
    text = given.get("INPUT_SETTINGS", "").strip()
    more = json.loads(text) if text else {}
    if not isinstance(more, dict):
        raise TypeError("the input `settings` is no JSON object")
    if found["RECONCILE_PROFILE"]:
        found["RECONCILE_PANEL_URL"] = found["RECONCILE_SHEET"] = ""
    else:
        for name, value in more.items():
            variable = name.upper()
            own = variable in known and variable not in SECRET | NOT_FOR_A_RUNNER | {
                "RECONCILE_PROFILE",
                "RECONCILE_STATE_DIR",
            }
            if own and not found.get(variable):
                found[variable] = str(value).strip()
    return {variable: value for variable, value in found.items() if value}


def words(given: Mapping[str, str]) -> list[str]:
    """The command, as the inputs `dry-run` and `force` say."""
    dry, force = (given.get(name, "").strip().lower() == "true" for name in ("INPUT_DRY_RUN", "INPUT_FORCE"))
    return ["sync", *(["--dry-run"] if dry else ["--json"]), *(["--force"] if force else [])]


def counts(told: Mapping[str, Any]) -> dict[str, int]:
    """What a run's JSON says, as the Action's outputs; all 0 where it ended with an error."""
    results = told.get("results", [])
    sent = sum(one["verdict"] == "accepted" for one in results)
    return {
        "received": sum(told.get("received", {}).values()),
        "sent": sent,
        "refused": sum(one["verdict"] == "refused" for one in results),
        "needs-person": told.get("needs_person", 0),
        "doubts": len(told.get("doubts", [])),
    }


def main() -> int:
    """Runs, writes the outputs, returns the exit code."""
    sys.path.insert(0, str(ROOT))
    from reconcile import cli  # noqa: PLC0415 - found only now
    from reconcile.config import VARIABLES  # noqa: PLC0415 - same

    try:
        found = settings(os.environ, tuple(VARIABLES.values()))
    except (ValueError, TypeError):
        sys.stderr.write("::error::The input `settings` is no JSON object; pass toJSON(vars), or leave it out.\n")
        return _ended(2, {})
    for variable in VARIABLES.values():
        if variable != "SHEETS_EMULATOR_HOST":
            os.environ.pop(variable, None)
    os.environ.update(found)
    given = words(os.environ)
    if "--json" not in given:
        return _ended(cli.main(given), {})
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = cli.main(given)
    try:
        told = json.loads(out.getvalue())
    except ValueError:
        told = {}
    return _ended(code, told)


def _ended(code: int, told: Mapping[str, Any]) -> int:
    """Outputs, and one line of figures for the log: rows and names stand in the summary and the sheet."""
    said = {"exit-code": code, **counts(told)}
    sys.stdout.write(", ".join(f"{name} {value}" for name, value in said.items()) + "\n")
    if target := os.environ.get("GITHUB_OUTPUT"):
        with Path(target).open("a", encoding="utf-8") as stream:
            stream.writelines(f"{name}={value}\n" for name, value in said.items())
    return code


if __name__ == "__main__":
    sys.exit(main())
