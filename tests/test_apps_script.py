"""The sheet's menu (sheets_templates/sync-now): its own tests run under Node, and it agrees with what it talks about.

Only Node's part needs Node, which `make test` does not ask for: without it that part is skipped with a reason, except
where CI is set, because there nothing may be skipped unseen.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconcile import job
from reconcile.workbook.templates import templates

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "sheets_templates" / "sync-now"
SCRIPT = (FOLDER / "Code.gs").read_text("utf-8")
GUIDE = (FOLDER / "README.md").read_text("utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "sync.yml").read_text("utf-8")
OLDEST_NODE = 18
"""The first with `node --test`."""


def no_node() -> str:
    """Why the script's tests cannot run here, "" when they can."""
    node = shutil.which("node")
    if node is None:
        return f"no Node.js found; the menu's script is tested with Node.js {OLDEST_NODE} or newer"
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30)  # noqa: S603 - node
    version = asked.stdout.strip()
    major = re.match(r"v(\d+)\.", version)
    if major is None or int(major[1]) < OLDEST_NODE:
        return f"Node.js {version} is too old; the menu's script is tested with Node.js {OLDEST_NODE} or newer"
    return ""


def require_node() -> None:
    if reason := no_node():
        if os.environ.get("CI"):
            pytest.fail(f"On CI these tests must run: {reason}.")
        pytest.skip(reason)


def constant(name: str) -> Any:
    """The value of a top-level number or text constant of the script."""
    found = re.search(rf"^const {name} = (.+?);", SCRIPT, re.MULTILINE)
    assert found, f"Code.gs has no constant {name}"
    text = found[1]
    return text[1:-1] if text.startswith("'") else int(text)


def table(name: str) -> dict[str, str]:
    """A top-level object of the script whose values are single texts."""
    found = re.search(rf"^(?:const |  ){name}(?: = |: )\{{\n(.*?)^ *\}}[;,]", SCRIPT, re.MULTILINE | re.DOTALL)
    assert found, f"Code.gs has no object {name}"
    return {key or word: value for key, word, value in re.findall(r"(?:'([^']+)'|(\w+)):\s+'([^']*)'", found[1])}


def test_the_script_passes_its_tests_under_node():
    """What staff read, what is sent and what is stored, with Google's services and GitHub faked."""
    require_node()
    files = sorted(str(path) for path in (ROOT / "tests" / "apps_script").glob("*.test.mjs"))
    assert files
    done = subprocess.run(  # noqa: S603 - node, and files of ours
        [shutil.which("node") or "node", "--test", *files],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=110,
        env={**os.environ, "TZ": "UTC", "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\S+ pass [1-9]", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^\S+ skipped 0$", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize(
    ("ci", "outcome"),
    [("", pytest.skip.Exception), ("true", pytest.fail.Exception)],
)
def test_a_missing_node_is_skipped_at_home_and_fails_on_ci(monkeypatch, ci, outcome):
    """Nobody needs Node to try the project; the machine that decides about a change does."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(shutil, "which", {}.get)
    with pytest.raises(outcome, match=r"no Node\.js found; the menu's script is tested with Node\.js 18 or newer"):
        require_node()


def test_it_reads_the_runs_tab_that_the_template_makes():
    """Title and every heading, by the same keys."""
    runs = templates().tab("runs")
    found = re.search(r"^const RUNS = \{\n  title: '([^']+)'", SCRIPT, re.MULTILINE)
    assert found
    assert found[1] == runs.title
    assert table("headers") == {column.key: column.header for column in runs.columns}


def test_it_knows_every_result_the_job_writes():
    """Each word under Result has its advice, and none is left over."""
    written = {*job._RESULT_WORDS.values(), "Failed", "Resolved by hand"}
    assert set(table("RESULT_ADVICE")) == written


def test_the_words_it_sends_staff_to_stand_in_the_sheet():
    """Sync texts and headings named in messages are the templates' own."""
    starts = {start for state in templates().states for start in state.starts}
    asked = set(re.findall(r"“(Please check|Refused|Held|Not sure)”", SCRIPT))
    assert asked == {"Please check", "Refused", "Held", "Not sure"}
    assert asked <= starts
    orders = templates().tab("orders")
    assert {"Sync", "If unsure"} <= {column.header for column in orders.columns}


def test_it_starts_the_workflow_that_is_there():
    """File name, inputs and time limit are the workflow's; an unknown input would be refused by GitHub."""
    assert (ROOT / ".github" / "workflows" / constant("WORKFLOW")).is_file()
    dispatch = re.search(r"^  workflow_dispatch:\n    inputs:\n((?:      .*\n)+)", WORKFLOW, re.MULTILINE)
    assert dispatch
    known = set(re.findall(r"^      (\w+):", dispatch[1], re.MULTILINE))
    sent = re.search(r"inputs: \{ (\w+): dryRun", SCRIPT)
    assert sent
    assert sent[1] in known
    assert known == {"dry_run", "force"}, "a new input: decide whether the menu sends it"
    assert f"timeout-minutes: {constant('TIME_LIMIT_MINUTES')}\n" in WORKFLOW


def test_it_asks_google_for_no_more_than_it_needs():
    """The open sheet, its own boxes and pages, and one address."""
    manifest = json.loads((FOLDER / "appsscript.json").read_text("utf-8"))
    assert manifest == {
        "timeZone": "Etc/UTC",
        "runtimeVersion": "V8",
        "exceptionLogging": "NONE",
        "oauthScopes": [
            "https://www.googleapis.com/auth/spreadsheets.currentonly",
            "https://www.googleapis.com/auth/script.container.ui",
            "https://www.googleapis.com/auth/script.external_request",
        ],
        "urlFetchWhitelist": [constant("GITHUB")],
    }


def test_the_guide_names_what_the_script_has():
    """Menu items, stored values and limits in the guide are the script's."""
    for item in re.findall(r"\.addItem\('([^']+)'", SCRIPT):
        assert f"*{item}*" in GUIDE
    for key in table("KEYS").values():
        assert f"`{key}`" in GUIDE
    for scope in ("spreadsheets.currentonly", "script.container.ui", "script.external_request"):
        assert f"`{scope}`" in GUIDE
    assert f"within {constant('DEBOUNCE_SECONDS')} seconds" in GUIDE
    assert f"{constant('EXPIRY_WARNING_DAYS')} days before" in GUIDE


def test_the_templates_beside_it_are_not_disturbed():
    """The folder holds nothing that the template loader would take for a tab."""
    assert sorted(path.name for path in FOLDER.iterdir()) == ["Code.gs", "README.md", "appsscript.json"]
