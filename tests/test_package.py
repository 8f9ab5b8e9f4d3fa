"""What is handed to others: the wheel and the sdist, the name they are installed by, and what is said about installing."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import reconcile

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

PLAIN = {"", ".gs", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}
"""Endings of the files that hold text for people or machines."""


@cache
def ours() -> tuple[str, ...]:
    """Every file of the project: what git tracks, or in an unpacked sdist what stands there, without what was generated."""
    if (ROOT / ".git").exists():
        done = subprocess.run(  # noqa: S603 - git
            ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - as found
            capture_output=True,
            text=True,
            check=True,
        )
        return tuple(name for name in done.stdout.splitlines() if (ROOT / name).is_file())
    hidden = {"__pycache__", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "demo", "PKG-INFO"}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(str(path) for path in found if not hidden & set(path.parts))


def below(*folders: str) -> set[str]:
    """Our files in these folders."""
    return {name for name in ours() if name.split("/")[0] in folders}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this tree, built as a release builds it."""
    return zipfile.ZipFile(next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    """The sdist of this tree."""
    return tarfile.open(next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")))))


def test_a_wheel_holds_the_package_with_its_templates_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Program, tab templates, words and the menu's script: `init` and the menu work wherever the wheel is installed."""
    info = f"panel_reconcile-{reconcile.__version__}.dist-info"
    own = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    wanted = below("reconcile") | {f"reconcile/{name}" for name in below("sheets_templates")}
    assert set(wheel.namelist()) == wanted | own
    for needed in ("orders.toml", "words/hi.toml", "sync-now/Code.gs"):
        assert f"reconcile/sheets_templates/{needed}" in wanted


def test_an_sdist_holds_what_is_needed_to_build_and_test_it(sdist: tarfile.TarFile) -> None:
    """Everything of the project but the script of its CI; nothing that merely lies in the folder, such as somebody's journal."""
    top = f"panel_reconcile-{reconcile.__version__}/"
    found = {name.removeprefix(top) for name in sdist.getnames()}
    assert found - {"PKG-INFO"} == set(ours()) - below(".ci")


def test_what_lies_in_the_folder_is_not_packed(tmp_path: Path) -> None:
    """An operator may build where an operator works: workbook, settings and journal stay at home."""
    for name in ours():
        if name.startswith(("tests/", "docs/")):
            continue
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in ("orders.xlsx", "reconcile.toml", ".env", ".reconcile/journal.sqlite", "key.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("not for others", "utf-8")
    with tarfile.open(next(SdistBuilder(str(tmp_path)).build(directory=str(tmp_path / "dist")))) as packed:
        names = packed.getnames()
    assert [
        name for name in names if re.search(r"orders\.xlsx|reconcile\.toml|/\.env|journal\.sqlite|key\.json", name)
    ] == []


def test_the_name_on_the_index_is_ours_and_the_command_keeps_its_own(wheel: zipfile.ZipFile) -> None:
    """`reconcile` on the index is somebody else's: only the distribution is called otherwise."""
    told = email.message_from_bytes(wheel.read(f"panel_reconcile-{reconcile.__version__}.dist-info/METADATA"))
    assert (told["Name"], told["Version"]) == (reconcile.DISTRIBUTION, reconcile.__version__)
    assert reconcile.DISTRIBUTION == "panel-reconcile"
    assert PROJECT["project"]["scripts"] == {"reconcile": "reconcile.__main__:main"}


BY_NAME = re.compile(
    r"(?:pipx? (?:install|run|download)|uv (?:pip install|tool (?:install|run)|add)|uvx|pip-sync)"
    r"(?: -{1,2}[\w-]+(?:[= ][^\s`-][^\s`]*)?)*? ['\"]?(?:panel[-_])?reconcile(?![\w./:@-])"
)


def by_name(text: str) -> list[str]:
    """The commands in a text that would fetch from the package index whatever has one of the two names there."""
    return [found[0] for found in BY_NAME.finditer(text) if not re.search(r"--from [^ ]*(?:/|\.whl)", found[0])]


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("pipx install reconcile", True),
        ("`pipx install panel-reconcile`", True),
        ("pip install --user panel-reconcile==1.0", True),
        ("uv tool install 'panel-reconcile'", True),
        ("uvx reconcile demo", True),
        ("uvx --from panel-reconcile reconcile demo", True),
        ("pipx install ./panel_reconcile-1.0-py3-none-any.whl", False),
        ("uvx --from ./panel_reconcile-1.0-py3-none-any.whl reconcile demo", False),
        ("pipx install git+https://github.com/OWNER/panel-reconcile@v1", False),
        ("pip install -c constraints.txt .", False),
    ],
)
def test_what_counts_as_installing_by_name(text: str, bad: bool) -> None:  # noqa: FBT001 - a table
    """The index would answer the first ones; the others name a file or the repository."""
    assert bool(by_name(text)) is bad


def test_nothing_says_to_install_by_name() -> None:
    """Until the name is held on the index, anybody may take it: its code would run beside the panel's key."""
    said = [
        f"{name}: {found}"
        for name in ours()
        if Path(name).suffix in PLAIN and name != "tests/test_package.py"
        for found in by_name((ROOT / name).read_text("utf-8"))
    ]
    assert said == []


def test_only_a_clone_speaks_of_make(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Whoever installed the wheel has no Makefile: no text of the program names a target but the one place that looks for it."""
    targets = "|".join(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        name: found
        for name in wheel.namelist()
        if name.endswith((".py", ".toml", ".gs"))
        and (found := re.findall(rf"[`\"]make (?:{targets})\b[^`\"]*[`\"]", wheel.read(name).decode()))
    }
    assert named == {"reconcile/config.py": ['"make demo"']}


def test_a_wheel_by_itself_runs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Unpacked in a folder of its own, with no Makefile around: the name, a message, and a workbook from its own templates."""
    wheel.extractall(tmp_path / "site")  # noqa: S202 - our own
    (tmp_path / "work").mkdir()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILE_")}
    place = {**plain, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "reconcile", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path / "work",
            env=place,
        )

    assert run("--version").stdout == f"reconcile {reconcile.__version__} (panel-reconcile)\n"
    assert "`reconcile demo` shows everything at work" in run("sync").stderr
    assert run("demo").returncode == 0
    assert (tmp_path / "work" / "demo" / "orders.xlsx").is_file()
