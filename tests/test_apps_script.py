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
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconcile import job
from reconcile.core.words import Kind
from reconcile.workbook.catalogue import LANGUAGES
from reconcile.workbook.templates import fold, templates

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def table(name: str) -> Any:
    """A top-level object of the script: texts, numbers, lists and objects of such; long texts may be joined with `+`."""
    found = re.search(rf"^const {name} = (\{{.*?^\}}|\{{.*?\}});$", SCRIPT, re.MULTILINE | re.DOTALL)
    assert found, f"Code.gs has no object {name}"
    joined = re.sub(r"'\s*\+\s*'", "", found[1])
    parts = re.findall(r"'[^']*'|[A-Za-z_]\w*|\d+|[\[\]{}:,]|\S", joined)
    texts = [f'"{part[1:-1]}"' if part[0] == "'" else f'"{part}"' if part[0].isalpha() else part for part in parts]
    return json.loads(re.sub(r",(?=[\]}])", "", "".join(texts)))


SPOKEN = {code: table(name) for code, name in table("LANGUAGES").items()}
"""What the menu says, by language."""


def texts_of(said: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of everything a table says; how it writes numbers is not said."""
    if isinstance(said, str):
        yield path, said
        return
    for key, value in said.items() if isinstance(said, dict) else enumerate(said):
        if key != "numbers":
            yield from texts_of(value, f"{path}/{key}")


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


def test_it_speaks_every_language_that_workbooks_are_made_in():
    """And no other."""
    assert set(SPOKEN) == set(LANGUAGES)


@pytest.mark.parametrize("language", SPOKEN)
def test_it_reads_the_runs_tab_that_the_templates_make(language):
    """Title and every heading, by the same keys; it compares headings as the job does."""
    runs = templates(language).tab("runs")
    assert SPOKEN[language]["sheet"]["runs"] == runs.title
    assert SPOKEN[language]["sheet"]["headers"] == {column.key: column.header for column in runs.columns}
    assert len({fold(column.header) for column in runs.columns}) == len(runs.columns)


@pytest.mark.parametrize("language", SPOKEN)
def test_it_knows_every_result_the_job_writes(language):
    """Each word under Result, in the sheet's language, has its advice, and none is left over."""
    results = templates(language).words.RESULTS
    assert set(results) == {*job._RESULT_WORDS.values(), "Failed", "Resolved by hand", "Restored", "Adopted"}
    assert SPOKEN[language]["sheet"]["results"] == results
    assert set(SPOKEN[language]["advice"]) == set(results)
    assert len(set(results.values())) == len(results)


@pytest.mark.parametrize("language", SPOKEN)
def test_the_words_it_sends_staff_to_stand_in_the_sheet(language):
    """Sync texts and headings named in messages are the sheet's own, and come into a message in no other way."""
    known = templates(language)
    sheet = SPOKEN[language]["sheet"]
    assert sheet["marks"] == {
        kind.value: known.words.MARK[kind] for kind in (Kind.PROBLEM, Kind.REFUSED, Kind.HELD, Kind.DOUBT)
    }
    assert set(sheet["marks"].values()) <= {start for state in known.states for start in state.starts}
    orders = known.tab("orders")
    assert (sheet["sync"], sheet["unsure"]) == (orders.column("sync").header, orders.column("unsure").header)
    quoted = {f"“{word}”" for word in (*sheet["marks"].values(), sheet["runs"], sheet["sync"], sheet["unsure"])}
    written = [
        path
        for path, text in texts_of(SPOKEN[language])
        if not path.startswith("/sheet") and any(q in text for q in quoted)
    ]
    assert written == []


@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_says_everything_that_english_says(language):
    """The same keys, the same placeholders, nothing blank that English is not, nothing left in English."""
    english, said = dict(texts_of(SPOKEN["en"])), dict(texts_of(SPOKEN[language]))
    assert list(said) == list(english)

    def names(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    assert {path: text for path, text in said.items() if names(text) != names(english[path])} == {}
    assert {path for path, text in said.items() if bool(text.strip()) != bool(english[path])} == set()
    if language != "en":
        assert {text for path, text in said.items() if text and text == english[path]} <= {"Token", "Branch"}


@pytest.mark.parametrize("language", SPOKEN)
def test_a_text_of_the_menu_is_well_formed(language):
    """No doubled or outer space, letters in composed form, one kind of quotes, an end where English has one."""
    english = dict(texts_of(SPOKEN["en"]))
    wrong = []
    for path, text in texts_of(SPOKEN[language]):
        ends = text.endswith((".", "।")) == english[path].endswith(".") and text.endswith("…") == english[
            path
        ].endswith("…")
        fine = ends and text.count("“") == text.count("”") and not re.search(r"  |\n|[\"«»]|\.\.\.", text)
        composed = unicodedata.normalize("NFC", text) == text
        if not (fine and composed and text == text.strip()):
            wrong.append((path, text))
    assert wrong == []


@pytest.mark.parametrize("language", SPOKEN)
def test_the_form_is_called_as_the_menu_calls_it(language):
    """Its title quotes the menu's item."""
    assert f"“{SPOKEN[language]['menu']['syncNow']}”" in SPOKEN[language]["form"]["title"]


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
    for item in SPOKEN["en"]["menu"].values():
        assert f"*{item}*" in GUIDE
    for code, language in LANGUAGES.items():
        assert language in GUIDE
        assert f"*{SPOKEN[code]['sheet']['runs']}*" in GUIDE
    for key in table("KEYS").values():
        assert f"`{key}`" in GUIDE
    for scope in ("spreadsheets.currentonly", "script.container.ui", "script.external_request"):
        assert f"`{scope}`" in GUIDE
    assert f"within {constant('DEBOUNCE_SECONDS')} seconds" in GUIDE
    assert f"{constant('EXPIRY_WARNING_DAYS')} days before" in GUIDE


def test_the_templates_beside_it_are_not_disturbed():
    """The folder holds nothing that the template loader would take for a tab."""
    assert sorted(path.name for path in FOLDER.iterdir()) == ["Code.gs", "README.md", "appsscript.json"]
