"""The scheduled Action passes on what a repository sets. What GitHub makes of it is checked by `make lint`."""

from __future__ import annotations

import re
from pathlib import Path

from reconcile.config import VARIABLES

SYNC = (Path(__file__).parent.parent / ".github" / "workflows" / "sync.yml").read_text("utf-8")

SECRET = {"RECONCILE_PANEL_KEY", "RECONCILE_GOOGLE_KEY_JSON"}
NOT_FOR_A_RUNNER = {
    "RECONCILE_SERVICES",  # `init` reads it
    "RECONCILE_LANGUAGE",  # the same
    "RECONCILE_TIMEZONE",  # an .xlsx's
    "RECONCILE_ADOPT",  # same
    "RECONCILE_STATE_DIR",  # the runner's own
    "RECONCILE_PROFILE",  # the matrix's
    "SHEETS_EMULATOR_HOST",
}


def step(name: str) -> str:
    """One step of the job."""
    found = re.search(rf"      - name: {name}\n(.*?)(?=      - name: )", SYNC, re.DOTALL)
    assert found is not None
    return found[1]


def test_every_setting_of_a_sync_can_be_a_variable_of_the_repository() -> None:
    """A new setting fails here until the Action passes it on."""
    told = set(re.findall(r"^          (\w+): \$\{\{ vars\.\1 \}\}$", step("Sync"), re.MULTILINE))
    assert told == set(VARIABLES.values()) - SECRET - NOT_FOR_A_RUNNER


def test_a_profile_gets_its_own_key_and_nothing_that_would_replace_its_own_values() -> None:
    """The environment beats reconcile.toml: a sheet, an address or a limit passed here would hold for every profile."""
    passed = dict(re.findall(r"^          (\w+): (.*)$", step("Sync a profile"), re.MULTILINE))
    assert set(passed) & set(VARIABLES.values()) == SECRET | {"RECONCILE_STATE_DIR", "RECONCILE_PROFILE"}
    assert "secrets[format('RECONCILE_PANEL_KEY_{0}', matrix.profile)]" in passed["RECONCILE_PANEL_KEY"]
    assert "vars." not in step("Sync a profile")
