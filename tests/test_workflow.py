"""The Action: what it passes on, what it installs, and its steps, run by bash as a runner runs them. `make lint` checks their form."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from reconcile import cli
from reconcile.config import VARIABLES
from reconcile.panel.practice import PracticePanel
from tests.emulator.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SYNC = YAML(typ="safe").load((ROOT / ".github" / "workflows" / "sync.yml").read_text("utf-8"))
KEY = "practice-canary-0f1e2d3c4b5a"
BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
"""How a runner starts `shell: bash`."""

_found = importlib.util.spec_from_file_location("action_run", ROOT / ".github" / "action" / "run.py")
assert _found is not None
assert _found.loader is not None
run = importlib.util.module_from_spec(_found)
_found.loader.exec_module(run)


def step(name: str) -> dict[str, Any]:
    """One step of the Action."""
    return next(one for one in STEPS if one.get("name") == name)


def evaluated(text: str, inputs: dict[str, str], context: dict[str, str]) -> str:
    """A value with its `${{ }}` replaced: inputs (their default where not given), and what the runner would know."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("inputs."):
            own = name.removeprefix("inputs.")
            assert own in ACTION["inputs"], name
            return inputs.get(own, ACTION["inputs"][own].get("default", ""))
        return context[name]

    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", value, text)


# --- what is passed on ----------------------------------------------------------------------------------------------------


def test_every_setting_of_a_sync_can_be_a_variable_of_the_repository() -> None:
    """A new setting reaches the run by itself; the workflow passes all variables as one input."""
    passed = next(one for one in SYNC["jobs"]["sync"]["steps"] if one["uses"] == "./")["with"]
    assert passed["settings"] == "${{ toJSON(vars) }}"
    every = tuple(VARIABLES.values())
    told = run.settings({"INPUT_SETTINGS": json.dumps(dict.fromkeys((*every, "OTHER"), "x"))}, every)
    own = {"RECONCILE_PROFILE", "RECONCILE_STATE_DIR"}
    assert set(told) == set(every) - run.SECRET - run.NOT_FOR_A_RUNNER - own


def test_an_input_wins_over_the_settings() -> None:
    """A sheet that is named beside `toJSON(vars)` is the one."""
    given = {"INPUT_SHEET": "a.xlsx", "INPUT_SETTINGS": '{"RECONCILE_SHEET": "b.xlsx", "reconcile_max_refunds": "3"}'}
    told = run.settings(given, tuple(VARIABLES.values()))
    assert told == {"RECONCILE_SHEET": "a.xlsx", "RECONCILE_MAX_REFUNDS": "3"}


def test_a_profile_gets_its_own_key_and_nothing_that_would_replace_its_own_values() -> None:
    """The environment beats reconcile.toml: a sheet, an address or a limit passed here would hold for every profile."""
    given = {
        "INPUT_PROFILE": "a",
        "INPUT_SHEET": "other.xlsx",
        "INPUT_PANEL_URL": "https://other.example.com/admin/v1",
        "INPUT_PANEL_KEY": KEY,
        "INPUT_STATE_DIR": "/state",
        "INPUT_SETTINGS": '{"RECONCILE_MAX_REFUNDS": "3"}',
    }
    assert run.settings(given, tuple(VARIABLES.values())) == {
        "RECONCILE_PROFILE": "a",
        "RECONCILE_PANEL_KEY": KEY,
        "RECONCILE_STATE_DIR": "/state",
    }


def test_every_input_is_used_and_every_used_one_is_there() -> None:
    """No input that does nothing; sync.yml passes only those there are."""
    text = (ROOT / "action.yml").read_text("utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])
    passed = next(one for one in SYNC["jobs"]["sync"]["steps"] if one["uses"] == "./")["with"]
    assert set(passed) == set(ACTION["inputs"])


def scripts() -> Iterator[tuple[str, str]]:
    """Every text of ours that a shell of a runner is given."""
    for one in STEPS:
        if "run" in one:
            yield "action.yml", one["run"]
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        for job in YAML(typ="safe").load(path.read_text("utf-8"))["jobs"].values():
            for one in job.get("steps", []):
                if "run" in one:
                    yield path.name, one["run"]


@pytest.mark.parametrize(("name", "script"), list(scripts()))
def test_no_input_reaches_a_shell_as_code(name: str, script: str) -> None:
    """Values come in the environment; a `${{ }}` inside a script would be pasted into it. The script is right bash."""
    assert "${{" not in script
    assert subprocess.run([*BASH[:1], "-n", "-c", script], check=False, capture_output=True).returncode == 0  # noqa: S603 - bash


# --- what is installed ----------------------------------------------------------------------------------------------------


def pinned(path: Path) -> dict[str, str]:
    """Name → version of a list with hashes."""
    text = path.read_text("utf-8")
    found = dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", text, re.MULTILINE))
    blocks = re.split(r"\n(?=[a-z])", text.strip())
    assert all("--hash=sha256:" in block for block in blocks), "something is installed without a hash"
    return found


def test_the_action_installs_what_the_checks_ran_with() -> None:
    """Every run-time package, at the version of constraints.txt, with hashes; `make pins` writes the list."""
    there = pinned(ROOT / ".github" / "action" / "requirements.txt")
    constraints = dict(
        one.lower().replace("_", "-").split("==") for one in (ROOT / "constraints.txt").read_text("utf-8").split()
    )
    assert {name: version for name, version in there.items() if name in constraints} == {
        name: constraints[name] for name in there if name in constraints
    }
    needed, seen = ["panel-reconcile"], set()
    while needed:
        name = needed.pop()
        for text in importlib.metadata.requires(name) or []:
            one = Requirement(text)
            own = one.name.lower().replace("_", "-")
            if (one.marker is None or one.marker.evaluate({"extra": ""})) and own not in seen:
                seen.add(own)
                needed.append(own)
    assert seen - set(there) == set()


def test_a_release_is_built_with_pinned_tools() -> None:
    """The build backend is the one that pyproject.toml names exactly."""
    there = pinned(ROOT / ".github" / "release" / "requirements.txt")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'requires = ["hatchling=={there["hatchling"]}"]' in project


# --- its steps, as a runner runs them ------------------------------------------------------------------------------------------


class Runner:
    """A runner's machine: runs one step of the Action as it stands in action.yml."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temp = folder / "run ner"
        (self.temp / "reconcile-venv" / "bin").mkdir(parents=True)
        python = self.temp / "reconcile-venv" / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        self.env = {
            "PATH": os.environ["PATH"],
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        }

    def do(self, name: str, inputs: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
        """One step with these inputs; `more` is the job's own environment."""
        one = step(name)
        context = {
            "github.action_path": str(ROOT),
            "runner.temp": str(self.temp),
            "steps.python.outputs.python-path": sys.executable,
        }
        given = {key: evaluated(value, inputs, context) for key, value in one.get("env", {}).items()}
        return subprocess.run(  # noqa: S603 - a step of ours
            [*BASH, one["run"]],
            env={**self.env, **more, **given},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    @property
    def outputs(self) -> dict[str, str]:
        return dict(one.split("=", 1) for one in (self.folder / "output").read_text("utf-8").splitlines())


@pytest.fixture
def panel() -> Iterator[tuple[PracticePanel, str]]:
    made = PracticePanel(3, 7, KEY, refills=1, cancels=1)
    with made.serving() as url:
        yield made, url


def test_a_run_from_nothing_to_its_outputs(
    tmp_path: Path, panel: tuple[PracticePanel, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against an emulated Google Sheet: rows arrive, figures are outputs, a summary is written, the journal is where it is handed on."""
    practice, url = panel
    with Emulator(seed=7) as emulator:
        sheet, account = emulator.new_spreadsheet("A sheet"), json.dumps(emulator.account())
        for name, value in (
            ("SHEETS_EMULATOR_HOST", emulator.host),
            ("RECONCILE_GOOGLE_KEY_JSON", account),
            ("RECONCILE_SHEET", sheet),
            ("RECONCILE_SERVICES", "1"),
        ):
            monkeypatch.setenv(name, value)
        assert cli.main(["init"]) == 0
        runner = Runner(tmp_path)
        inputs = {"panel-url": url, "panel-key": KEY, "sheet": sheet, "google-key-json": account, "settings": "{}"}
        pending = sum(order.service == "1" and order.status == "Pending" for order in practice.state.orders.values())
        ended = runner.do("Sync", inputs, SHEETS_EMULATOR_HOST=emulator.host)
        assert ended.returncode == 0, ended.stderr
        received = str(pending + 2)
        assert runner.outputs == {
            "exit-code": "0",
            "received": received,
            "sent": "0",
            "refused": "0",
            "needs-person": "0",
            "doubts": "0",
        }
        assert ended.stdout == f"exit-code 0, received {received}, sent 0, refused 0, needs-person 0, doubts 0\n"
        assert (tmp_path / "summary.md").read_text("utf-8")
        assert list((runner.temp / "reconcile").glob("journal*"))
        assert KEY not in ended.stdout + ended.stderr
        dry = runner.do("Sync", {**inputs, "dry-run": "true"}, SHEETS_EMULATOR_HOST=emulator.host)
        assert (dry.returncode, dry.stdout.splitlines()[0][:8]) == (0, "Plan for")


def test_an_input_is_never_code(tmp_path: Path, panel: tuple[PracticePanel, str]) -> None:
    """Quotes, spaces, substitutions: they arrive as they are, and are refused as settings."""
    _, url = panel
    nasty = f"$(touch {tmp_path}/owned)`touch {tmp_path}/owned`\"; touch {tmp_path}/owned; '.xlsx"
    ended = Runner(tmp_path).do(
        "Sync", {"panel-url": url, "panel-key": KEY, "sheet": nasty, "force": nasty, "dry-run": nasty}
    )
    assert ended.returncode == 2
    assert not (tmp_path / "owned").exists()


def test_the_code_of_a_run_that_fails_is_told(tmp_path: Path, panel: tuple[PracticePanel, str]) -> None:
    """The step fails with it, and it is an output; a job's own variables for other settings do not reach the run."""
    _, url = panel
    runner = Runner(tmp_path)
    ended = runner.do("Sync", {"panel-url": url, "panel-key": "x"}, RECONCILE_SHEET="orders.xlsx")
    assert (ended.returncode, runner.outputs["exit-code"]) == (2, "2")
    assert "RECONCILE_SHEET is not set" in ended.stderr
    wrong = Runner(tmp_path / "b").do("Sync", {"settings": "no json"})
    assert (wrong.returncode, "::error::The input `settings`" in wrong.stderr) == (2, True)


def test_what_is_installed_has_a_name(tmp_path: Path) -> None:
    """The key of the download's cache changes with the list."""
    runner = Runner(tmp_path)
    assert runner.do("Name what is installed", {}).returncode == 0
    assert re.fullmatch(r"[0-9a-f]{64}", runner.outputs["hash"])


def test_the_journal_is_handed_on_per_profile_and_the_newest_wins() -> None:
    """Saved whatever happened; a key of this run, taken over by the prefix without it."""
    taken, saved = step("Take over the journal of the run before"), step("Hand the journal on to the next run")
    assert (
        taken["with"]["key"]
        == saved["with"]["key"]
        == "journal-${{ inputs.profile }}-${{ github.run_id }}-${{ github.run_attempt }}"
    )
    assert taken["with"]["restore-keys"] == "journal-${{ inputs.profile }}-"
    assert taken["with"]["path"] == saved["with"]["path"] == step("Sync")["env"]["INPUT_STATE_DIR"]
    assert saved["if"] == "always()"
    assert step("Sync")["run"].startswith("exec "), "a cancelled job signals the shell's process, which must be Python"


# --- a repository of an operator's -----------------------------------------------------------------------------------------------


def workflow(folder: Path) -> Path:
    return folder / ".github" / "workflows" / "sync.yml"


def test_init_action_writes_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """reconcile.toml from what is set, never with a key; one job per profile, each with its own secret and no other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILE_PANEL_URL", "https://panel.example.com/admin/v1")
    monkeypatch.setenv("RECONCILE_PANEL_KEY", KEY)
    monkeypatch.setenv("RECONCILE_SHEET", "1AbCdEfGhIjKlMnOp")
    assert cli.main(["init", "--action", "ops"]) == 0
    told = capsys.readouterr().out
    assert "replace OWNER" in told
    toml = (tmp_path / "ops" / "reconcile.toml").read_text("utf-8")
    assert '[profiles.main]\npanel_url = "https://panel.example.com/admin/v1"\nsheet = "1AbCdEfGhIjKlMnOp"\n' in toml
    text = workflow(tmp_path / "ops").read_text("utf-8")
    assert KEY not in toml + text
    jobs = YAML(typ="safe").load(text)["jobs"]
    assert list(jobs) == ["sync-main"]
    passed = jobs["sync-main"]["steps"][1]["with"]
    assert set(passed) <= set(ACTION["inputs"])
    assert passed["panel-key"] == "${{ secrets.RECONCILE_PANEL_KEY_MAIN }}"
    assert jobs["sync-main"]["steps"][0]["uses"] == SYNC["jobs"]["sync"]["steps"][0]["uses"], "the same pinned checkout"
    assert cli.main(["init", "--action", "ops"]) == 0
    assert "nothing was changed" in capsys.readouterr().out


def test_the_sheets_menu_can_start_an_operators_workflow(tmp_path: Path) -> None:
    """Its file name, its inputs and its time limit are those that the menu's script knows."""
    assert cli.main(["init", "--action", str(tmp_path)]) == 0
    script = (ROOT / "sheets_templates" / "sync-now" / "Code.gs").read_text("utf-8")
    assert f"const WORKFLOW = '{workflow(tmp_path).name}';" in script
    told = YAML(typ="safe").load(workflow(tmp_path).read_text("utf-8"))
    assert told["on"]["workflow_dispatch"] == SYNC["on"]["workflow_dispatch"]
    limit = re.search(r"const TIME_LIMIT_MINUTES = (\d+);", script)
    assert limit is not None
    assert {job["timeout-minutes"] for job in told["jobs"].values()} == {int(limit[1])}


def test_init_action_upgrades_what_nobody_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A new profile gets its job; the operator's own `uses` stays."""
    assert cli.main(["init", "--action", str(tmp_path)]) == 0
    place = workflow(tmp_path)
    mine = place.read_text("utf-8").replace("OWNER/panel-reconcile@v1", "acme/panel-reconcile@0123abc # v1.2.0")
    place.write_text(mine, "utf-8")
    with (tmp_path / "reconcile.toml").open("a", encoding="utf-8") as stream:
        stream.write('[profiles.second]\npanel_url = "https://two.example.com/admin/v1"\nsheet = "2AbCdEfGhIjKlMnOp"\n')
    assert cli.main(["init", "--action", str(tmp_path)]) == 0
    assert "brought up to date" in capsys.readouterr().out
    text = place.read_text("utf-8")
    assert text.count("- uses: acme/panel-reconcile@0123abc # v1.2.0\n") == 2
    assert "secrets.RECONCILE_PANEL_KEY_SECOND" in text


def test_init_action_leaves_what_somebody_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The new one stands beside it, and it is said."""
    assert cli.main(["init", "--action", str(tmp_path)]) == 0
    place = workflow(tmp_path)
    mine = place.read_text("utf-8").replace("7,17,27,37,47,57", "*/5")
    place.write_text(mine, "utf-8")
    assert cli.main(["init", "--action", str(tmp_path)]) == 0
    assert "was changed by somebody and stays" in capsys.readouterr().out
    assert place.read_text("utf-8") == mine
    assert "7,17,27,37,47,57" in place.with_name("sync.yml.new").read_text("utf-8")


@pytest.mark.parametrize("toml", ["not toml", "", '[profiles.a-b]\nsheet = "x.xlsx"\n'])
def test_init_action_refuses_a_reconcile_toml_it_cannot_use(
    tmp_path: Path, toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 and which file; no workflow is written."""
    (tmp_path / "reconcile.toml").write_text(toml, "utf-8")
    assert cli.main(["init", "--action", str(tmp_path)]) == 2
    assert "reconcile.toml" in capsys.readouterr().err
    assert not workflow(tmp_path).exists()


def test_the_workflow_of_an_operator_is_right(tmp_path: Path) -> None:
    """By GitHub's own schema, and with zizmor: only the Action's version is the operator's to pin."""
    assert cli.main(["init", "--action", str(tmp_path)]) == 0
    tools = Path(sys.executable).parent

    def checked(tool: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(tools / tool), *words], capture_output=True, text=True, check=False)  # noqa: S603 - ours

    schema = checked("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow(tmp_path)))
    assert schema.returncode == 0, schema.stdout
    found = checked("zizmor", "--offline", "--no-progress", "--format", "json", str(workflow(tmp_path)))
    assert {one["ident"] for one in json.loads(found.stdout)} <= {"unpinned-uses"}
