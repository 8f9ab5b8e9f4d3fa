"""The pages: every link leads somewhere, and what a person would paste is run as it stands.

A block marked `sh` is run by bash, in the order of its page, in one folder, with a practice panel and an emulated Google Sheet
in the place of the addresses the page names.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from reconcile.panel.practice import PracticePanel
from tests.emulator.emulator import Emulator
from tests.test_package import ours

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / name for name in ours() if name.endswith(".md") and not name.startswith((".github/", "tests/"))]
KEY, NEW_KEY = "practice-canary-0f1e2d3c4b5a", "practice-canary-rotated-77"

NOT_RUN = {
    "make demo ": "tests/test_main_job.py and CI do it: it installs a virtual environment",
    "pipx install ./panel": "needs the package index for what it depends on; a release does it",
    "$ reconcile plan": "output",
    "*/10 * * * *": "a line of a crontab",
    "reconcile practice-panel": "serves until it is stopped; tests/cli/test_usage.py starts one",
    "Usage: reconcile": "output",
    "reconcile watch": "goes on until it is stopped; tests/cli/test_watch.py starts one",
    "docker run": "needs a container daemon",
    "[Unit]": "a unit of systemd",
    "$action": "for a PowerShell",
    "- uses: OWNER": "a part of a workflow; tests/test_workflow.py runs the Action",
}
"""How a block begins that no test runs as pasted, and why."""


def anchor(heading: str) -> str:
    """A heading's anchor as GitHub makes it [github-slugger: lower case, punctuation out, spaces to hyphens]."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """Every anchor of a page; a heading that stands there twice gets -1."""
    found: dict[str, int] = {}
    made = set()
    outside = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for heading in re.findall(r"^#{1,6} (.+)$", outside, re.MULTILINE):
        name = anchor(heading)
        made.add(f"{name}-{found[name]}" if name in found else name)
        found[name] = found.get(name, 0) + 1
    return made


def links(page: Path) -> list[str]:
    """Where a page's links and pictures lead, those to the web left out."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    return [
        one for one in re.findall(r"\]\(<?([^)>\s]+)>?\)", text) if "://" not in one and not one.startswith("mailto:")
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files that are there (and are ours), headings that are there."""
    dead = []
    for link in links(page):
        path, _, name = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page
        own = str(target.relative_to(ROOT)) if target.is_relative_to(ROOT) else ""
        there = own in ours() or any(each.startswith(f"{own}/") for each in ours())
        if not there or (name and target.suffix == ".md" and name not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_an_anchor_is_made_as_github_makes_it() -> None:
    """Punctuation goes, words stay."""
    assert anchor("The Action's journal") == "the-actions-journal"
    assert anchor("What to do when …") == "what-to-do-when-"
    assert anchor("`init --action DIR`, again") == "init---action-dir-again"


def blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of a page's fenced blocks."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_is_run_or_known_not_to_be(page: Path) -> None:
    """A new block is marked `sh`, or gets its reason here."""
    others = [text for language, text in blocks(page) if language != "sh"]
    assert [text for text in others if not text.startswith(tuple(NOT_RUN))] == []


def runnable() -> list[Path]:
    """Pages with something to paste."""
    return [page for page in PAGES if any(language == "sh" for language, _ in blocks(page))]


def test_the_pages_that_are_run() -> None:
    """Each main way is among them."""
    told = {str(page.relative_to(ROOT)) for page in runnable()}
    assert told >= {"README.md", "docs/google.md", "docs/action.md", "docs/operating.md", "docs/commands.md"}


@pytest.mark.long
@pytest.mark.parametrize("page", runnable(), ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_says_to_type_works(page: Path, tmp_path: Path) -> None:
    """Each block ends with exit 0, in order, and no key is shown."""
    panel = PracticePanel(3, 7, KEY, refills=1, cancels=1)
    with ExitStack() as stack:
        url = stack.enter_context(panel.serving())
        emulator = stack.enter_context(Emulator(seed=7))
        sheet = emulator.new_spreadsheet("A sheet")
        bin_ = tmp_path / "bin"
        bin_.mkdir()
        (bin_ / "reconcile").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconcile "$@"\n', "utf-8")
        (bin_ / "reconcile").chmod(0o755)
        folder = tmp_path / "orders"
        folder.mkdir()
        (folder / "google-key.json").write_text(json.dumps(emulator.account()), "utf-8")
        (folder / "new-key.txt").write_text(f"{NEW_KEY}\n", "utf-8")
        env = {
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "SHEETS_EMULATOR_HOST": emulator.host,
            "PANEL_KEY": KEY,
        }
        # whoever sits at a terminal is asked for these
        answers = {"RECONCILE_PANEL_URL": url, "RECONCILE_PANEL_KEY": KEY, "RECONCILE_SERVICES": "1"}
        if page.name != "google.md":
            answers["RECONCILE_SHEET"] = "orders.xlsx"

        def typed(text: str, **more: str) -> None:
            for shown, real in (
                ("https://domain.com/admin/v1", url),
                ("https://docs.google.com/spreadsheets/d/…", sheet),
            ):
                text = text.replace(shown, real)
            ended = subprocess.run(  # noqa: S603 - what the page says
                ["bash", "-euo", "pipefail", "-c", text],  # noqa: S607 - as a person has it
                cwd=folder,
                env={**env, **more},
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                timeout=100,
            )
            assert ended.returncode == 0, f"{text}\n{ended.stdout}\n{ended.stderr}"
            assert not any(key in ended.stdout + ended.stderr for key in (KEY, NEW_KEY))

        if page.name == "operating.md":  # for those who have it at work already
            typed("reconcile setup && reconcile sync", **answers)
            answers = {}
        for language, text in blocks(page):
            if language == "sh":
                own = {} if page.name == "commands.md" else answers
                if "new-key.txt" in text:
                    panel.key = NEW_KEY  # as the panel's owner made it
                typed(text, **own)
                if "backup" in text and page.name == "operating.md" and "restore" not in text:
                    panel.add_order("900", quantity="100", charge="1", link="https://t.test/x")
                    typed("reconcile sync")  # what the copy lacks
        if page.name == "operating.md":
            rows = load_workbook(folder / "orders.xlsx")["Orders"].iter_rows(values_only=True)
            assert "900" in {str(row[0]) for row in rows}, "what was received since the copy was made came back"
            typed("reconcile sync")  # with the new key
