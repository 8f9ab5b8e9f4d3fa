"""`init --action DIR`: what an operator's private repository needs to run on schedule, a reconcile.toml and one workflow.

The workflow says on its first lines what it was made from. One that nobody changed is brought up to date; one that somebody changed is
left as it is, and the new one stands beside it. The line `uses:` is the operator's: which repository, which version.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconcile.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from reconcile.config import Settings

TOML: Final = "reconcile.toml"
WORKFLOW: Final = ".github/workflows/sync.yml"
"""The name that the sheet's menu starts (sheets_templates/sync-now)."""
USES: Final = "OWNER/panel-reconcile@v1"
"""To be replaced by the repository the Action is taken from."""

MARK: Final = "# Made by `reconcile init --action`, which also brings it up to date while nobody changes it: "

HEAD: Final = """\
# Every ten minutes one sync per profile of reconcile.toml, and by hand from the page Actions.
name: sync

on:
  schedule:
    # off the full hour, when everybody's schedules start and GitHub drops some
    - cron: "7,17,27,37,47,57 * * * *"
  workflow_dispatch:
    inputs:
      dry_run:
        description: Only show what would be sent
        type: boolean
        default: false
      force:
        description: Override the limits once (after reading what a run listed in Approvals)
        type: boolean
        default: false

permissions: {}

# one at a time, and never cut off: a run that is cancelled in the middle leaves work for the next one
concurrency:
  group: sync
  cancel-in-progress: false

jobs:
"""

JOB: Final = """\
  sync-{profile}:
    name: sync {profile}
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions:
      contents: read # to check reconcile.toml out
      id-token: write # to sign in to Google without a key, where that is set up
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: {uses}
        with:
          profile: {profile}
          panel-key: ${{{{ secrets.RECONCILE_PANEL_KEY_{secret} }}}}
          google-key-json: ${{{{ secrets.RECONCILE_GOOGLE_KEY_JSON }}}}
          workload-identity-provider: ${{{{ vars.GOOGLE_WORKLOAD_IDENTITY_PROVIDER }}}}
          service-account: ${{{{ vars.GOOGLE_SERVICE_ACCOUNT }}}}
          dry-run: ${{{{ inputs.dry_run }}}}
          force: ${{{{ inputs.force }}}}
"""


@dataclass(frozen=True)
class Written:
    """What was done, a line each; what comes next, a line each."""

    done: list[str]
    next: list[str]

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.done)


def write(folder: Path, settings: Settings) -> Written:
    """Writes or upgrades both files in `folder`. `settings` fill a new reconcile.toml; no key is ever written.

    Raises SettingsError for a reconcile.toml that cannot be used, or a folder that cannot be written to.
    """
    try:
        return _write(folder, settings)
    except OSError as error:
        raise SettingsError(
            f"{error.filename or folder} cannot be written: {(error.strerror or '').lower()}."
        ) from None


def _write(folder: Path, settings: Settings) -> Written:
    done = []
    toml = folder / TOML
    if not toml.exists():
        folder.mkdir(parents=True, exist_ok=True)
        toml.write_text(_toml(settings), "utf-8", newline="\n")
        done.append(f"made {toml}")
    profiles = _profiles(toml)
    place = folder / WORKFLOW
    place.parent.mkdir(parents=True, exist_ok=True)
    stands = place.read_text("utf-8") if place.exists() else ""
    found = re.findall(r"- uses: (\S+/panel-reconcile@\S+(?: *#.*)?)$", stands, re.MULTILINE)
    uses = found[0] if found else USES
    fresh = _marked(profiles, uses)
    if stands == fresh:
        pass
    elif not stands or _untouched(stands):
        place.write_text(fresh, "utf-8", newline="\n")
        done.append(f"{'brought up to date' if stands else 'made'} {place}")
    else:
        beside = place.with_name(f"{place.name}.new")
        beside.write_text(fresh, "utf-8", newline="\n")
        done.append(f"{place} was changed by somebody and stays; what it would be now stands in {beside}")
    return Written(done, _next(profiles, uses))


def _toml(settings: Settings) -> str:
    """A first profile, `main`, from what is set here."""
    url = settings.panel_url or "https://domain.com/admin/v1"
    sheet = getattr(settings.sheet, "id", "") or "https://docs.google.com/spreadsheets/d/…"
    return (
        "# One table per panel; docs/settings.md lists what may stand in it. Never a key: those are secrets of the repository.\n"
        f'[profiles.main]\npanel_url = "{url}"\nsheet = "{sheet}"\n'
    )


def _profiles(toml: Path) -> list[str]:
    """The profiles' names. Raises SettingsError."""
    try:
        names = list(tomllib.loads(toml.read_text("utf-8-sig")).get("profiles", {}))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
        raise SettingsError(f"{toml} is not valid TOML with [profiles.NAME] tables.", "Correct or remove it.") from None
    if not names:
        raise SettingsError(f"{toml} has no [profiles.NAME] table.", "Add one per panel, or remove the file.")
    if wrong := [name for name in names if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)]:
        raise SettingsError(
            f"{toml}: {', '.join(wrong)} cannot be part of a secret's name.",
            "Use letters, digits and _ for a profile's name.",
        )
    return names


def _marked(profiles: list[str], uses: str) -> str:
    body = HEAD + "\n".join(JOB.format(profile=name, secret=name.upper(), uses=uses) for name in profiles)
    return f"{MARK}{_sum(body)}\n{body}"


def _untouched(text: str) -> bool:
    """Whether nothing but the lines `uses:` was changed since it was made."""
    first, _, body = text.partition("\n")
    return first.startswith(MARK) and first.removeprefix(MARK).strip() == _sum(body)


def _sum(body: str) -> str:
    plain = re.sub(r"- uses: \S+/panel-reconcile@.*", "- uses:", body.replace("\r\n", "\n"))
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _next(profiles: list[str], uses: str) -> list[str]:
    keys = ", ".join(f"RECONCILE_PANEL_KEY_{name.upper()}" for name in profiles)
    return [
        *([f"In {WORKFLOW}, replace OWNER by whose repository the Action is taken from."] if uses == USES else []),
        f"In {TOML}, check each profile's panel_url and sheet.",
        f"In the repository's settings, set the secrets {keys} and RECONCILE_GOOGLE_KEY_JSON (docs/action.md).",
        "Keep the repository private, commit both files, and start the workflow by hand once, as a dry run.",
    ]
