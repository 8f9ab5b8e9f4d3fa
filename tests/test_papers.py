"""The papers for maintainers: what the code cites is there, and what the papers name in the code exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.test_package import ours

ROOT = Path(__file__).parent.parent
CITED = re.compile(r"docs/([a-z-]+\.md)(?:[ \n#*]+(\d+)(?![\d-])|[ \n#*]+\"([^\"\n]+)\")?")
"""`docs/design.md 13` is its section 13, `docs/sheet-facts.md "Reading values"` the section of that name."""

OUTSIDE = re.compile(r"\b(DESIGN \d|DESIGN,|SHEETS_NOTES|PANEL_NOTES|PANEL_API\.txt|PANEL_API[,:])")
"""Names of papers that are not part of the project."""

PAPERS = ("docs/design.md", "CONTRIBUTING.md")
MARKS = ("doc", "run", "live", "rec", "?", "ref", "anc", "srv", "obs", "fw")


def code() -> list[str]:
    """Our files that may cite a page: everything that is text, but this test and the pages for operators."""
    endings = (".py", ".toml", ".md", ".gs", ".mjs", ".yml")
    return [
        name
        for name in ours()
        if (name.endswith(endings) or name == "Makefile")
        and not name.startswith("docs/")
        and name != "tests/test_papers.py"
    ]


def sections(page: str) -> tuple[set[str], set[str]]:
    """A page's section numbers, and its headings."""
    headings = re.findall(r"^##+ (.+)$", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE)
    numbered = [re.match(r"(\d+)\. (.+)", heading) for heading in headings]
    return {found[1] for found in numbered if found}, set(headings) | {found[2] for found in numbered if found}


def citations() -> list[tuple[str, str, str, str]]:
    """(file, page, number, heading) of everything our files cite."""
    return [(name, *found) for name in code() for found in CITED.findall((ROOT / name).read_text("utf-8"))]


def test_what_is_cited_is_there() -> None:
    """Every page and every section that a file of ours cites."""
    dead = []
    for name, page, number, heading in citations():
        if not (ROOT / "docs" / page).is_file():
            dead.append((name, page))
            continue
        numbers, headings = sections(page)
        if (number and number not in numbers) or (heading and heading not in headings):
            dead.append((name, page, number or heading))
    assert dead == []


def test_the_code_does_cite() -> None:
    """Sections by number and by name: the pattern above finds both."""
    found = citations()
    assert sum(bool(number) for _, page, number, _ in found if page == "design.md") >= 20
    assert sum(bool(heading) for _, page, _, heading in found if page == "sheet-facts.md") >= 8
    assert sum(bool(heading) for _, page, _, heading in found if page == "panel-facts.md") >= 3


def test_no_paper_outside_the_project_is_cited() -> None:
    """What a maintainer cannot read is no reason."""
    found = {name: OUTSIDE.findall((ROOT / name).read_text("utf-8")) for name in code()}
    assert {name: cited for name, cited in found.items() if cited} == {}
    assert OUTSIDE.search("as DESIGN 9 says")


@cache
def names() -> dict[str, set[str]]:
    """Module's dotted path below reconcile → the names it defines: functions, methods, classes and constants."""
    found = {}
    for path in sorted((ROOT / "reconcile").rglob("*.py")):
        defined = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                defined.add(node.target.id)
            elif isinstance(node, ast.Assign):
                defined.update(target.id for target in node.targets if isinstance(target, ast.Name))
        found[".".join(path.relative_to(ROOT / "reconcile").with_suffix("").parts)] = defined
    return found


def exists(module: str, name: str) -> bool:
    """Whether a module of that name, or one inside a package of that name, defines it."""
    return any(name in defined for path, defined in names().items() if module in path.split("."))


def walk() -> list[tuple[str, str]]:
    """(module, function) of everything that section 12 of the design names."""
    text = (ROOT / "docs" / "design.md").read_text("utf-8")
    part = text.split("## 12. ")[1].split("\n## ")[0]
    return [(found[0], found[1]) for found in re.findall(r"`([a-z_]+)\.([A-Za-z_]+)`", part)]


def test_the_walk_through_the_code_names_what_exists() -> None:
    """One order, one edit, one refund, one recovery: every function is where the page says."""
    steps = walk()
    assert len(steps) > 50
    assert [f"{module}.{name}" for module, name in steps if not exists(module, name)] == []
    assert not exists("job", "no_such_function")


@pytest.mark.parametrize("page", PAPERS)
def test_the_papers_name_files_that_are_there(page: str) -> None:
    """Each path in backticks below our folders; LANGUAGE and * stand for any name."""
    text = (ROOT / page).read_text("utf-8")
    paths = re.findall(r"`((?:reconcile|tests|sheets_templates|docs)/[\w./*-]+)`", text)
    assert paths
    assert [
        path
        for path in paths
        if not {"LANGUAGE", "NAME"} & set(re.split(r"[/.]", path)) and not list(ROOT.glob(path.rstrip("/")))
    ] == []


def test_the_check_lists_name_what_exists() -> None:
    """In CONTRIBUTING, `path.py`: `NAME` is a name which that file defines."""
    missing = []
    for line in (ROOT / "CONTRIBUTING.md").read_text("utf-8").replace("\n  ", " ").splitlines():
        for path, said in re.findall(r"`reconcile/([\w/]+)\.py`(?:,[^`:;]*)?: ((?:[^;`]|`[^`]*`)*)", line):
            defined = names()[path.replace("/", ".")]
            own = re.split(r"`(?:reconcile|sheets_templates|tests)/", said)[0]
            mentioned = re.findall(r"`(_?[A-Z][A-Z_]+|_[a-z_]+|[a-z]+_[a-z_]+)`", own)
            missing += [f"{path}: {name}" for name in mentioned if name not in defined]
    assert missing == []


def test_every_test_file_in_the_table_is_there() -> None:
    """And no test file of the core is without its line."""
    text = (ROOT / "tests" / "README.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[\w/.]+)`", text))
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_fault_that_a_test_names_is_listed() -> None:
    """F01 to F40, each with what must hold."""
    text = (ROOT / "tests" / "README.md").read_text("utf-8")
    listed = set(re.findall(r"^\| (F\d\d) \|", text, re.MULTILINE))
    assert listed == {f"F{number:02}" for number in range(1, 41)}
    cited = {
        fault
        for name in ours()
        if name.startswith("tests/") and name.endswith(".py")
        for fault in re.findall(r"\bF[0-4]\d\b(?=[:,-])", (ROOT / name).read_text("utf-8"))
    }
    assert sorted(cited - listed) == []


def test_every_mark_of_a_source_has_its_legend() -> None:
    """[doc], [ref] and the others are explained in the two pages of facts."""
    text = "".join((ROOT / "docs" / page).read_text("utf-8") for page in ("panel-facts.md", "sheet-facts.md"))
    assert [mark for mark in MARKS if f"| [{mark}] |" not in text] == []


def test_a_maintainer_finds_the_way_within_two_clicks() -> None:
    """README → design, whose walk tells an order's way from the panel to a row."""
    assert "(docs/design.md" in (ROOT / "README.md").read_text("utf-8")
    assert "### One order, from the panel to a row" in (ROOT / "docs" / "design.md").read_text("utf-8")
