"""A release: what its notes say, that its parts fit together, and the image's recipe as far as it can be followed without a daemon."""

from __future__ import annotations

import importlib.util
import re
import shlex
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from ruamel.yaml import YAML

from reconcile import cli
from tests.test_package import ours

ROOT = Path(__file__).parent.parent
RELEASE = YAML(typ="safe").load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
DOCKER = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = YAML(typ="safe").load((ROOT / "docs" / "compose.yaml").read_text("utf-8"))["services"]["reconcile"]

_found = importlib.util.spec_from_file_location("prepare", ROOT / ".github" / "release" / "prepare.py")
assert _found is not None
assert _found.loader is not None
prepare = importlib.util.module_from_spec(_found)
_found.loader.exec_module(prepare)

PROGRAM = '__version__ = "1.2.0"\n'
CHANGES = "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [1.2.0] - 2026-12-01\n\n### Added\n\n- this\n\n## [1.1.0]\n\n- before\n"


def test_the_notes_are_the_versions_part_of_the_changelog() -> None:
    """No more and no less."""
    assert prepare.notes("v1.2.0", PROGRAM, CHANGES) == "### Added\n\n- this\n"


@pytest.mark.parametrize(
    ("tag", "changes", "said"),
    [
        ("v1.3.0", CHANGES, "the tag is v1.3.0, and the program says 1.2.0"),
        ("v1.2.0", CHANGES.replace("[1.2.0]", "[1x2.0]"), "CHANGELOG.md has nothing about 1.2.0"),
        ("v1.2.0", CHANGES.replace("### Added\n\n- this\n", ""), "CHANGELOG.md has nothing about 1.2.0"),
    ],
)
def test_a_release_whose_parts_do_not_fit_is_not_built(tag: str, changes: str, said: str) -> None:
    """Tag, program and changelog name one version."""
    with pytest.raises(ValueError, match=re.escape(said)):
        prepare.notes(tag, PROGRAM, changes)


def test_what_is_published_is_what_was_tested() -> None:
    """Built by one job; nothing is published before wheel and sdist were tried; the index only once the name is held."""
    jobs = RELEASE["jobs"]
    for name in ("image", "release", "index"):
        assert set(jobs[name]["needs"]) == {"wheel", "sdist"}
    assert {name for name, job in jobs.items() if any("-m build" in str(one.get("run")) for one in job["steps"])} == {
        "build"
    }
    assert jobs["index"]["if"] == "vars.PUBLISH_TO_INDEX == 'yes'"
    assert jobs["index"]["permissions"] == {"id-token": "write"}, "no password and no other right"


def used_actions() -> list[tuple[str, str]]:
    """(file, `owner/name@version`) of every action that any of our workflows uses, ours left out."""
    files = [ROOT / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")]
    found = [(path.name, one) for path in files for one in re.findall(r"uses: (\S+)", path.read_text("utf-8"))]
    return [(name, one) for name, one in found if not one.startswith("./")]


def test_every_action_is_pinned_and_the_same_everywhere() -> None:
    """By a commit's hash; one version of each, in the operator's template, too."""
    versions: dict[str, set[str]] = {}
    for _, one in used_actions():
        name, _, version = one.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", version), one
        versions.setdefault(name, set()).add(version)
    assert {name: many for name, many in versions.items() if len(many) > 1} == {}
    template = (ROOT / "reconcile" / "commands" / "action_files.py").read_text("utf-8")
    for name, version in re.findall(r"uses: (\S+)@([0-9a-f]{40})", template):
        assert versions[name] == {version}


# --- the image ----------------------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, lines joined, comments left out."""
    plain = "\n".join(line for line in DOCKER.splitlines() if not line.startswith("#"))
    return re.findall(r"^([A-Z]+) (.+)$", plain.replace("\\\n", " "), re.MULTILINE)


def copied() -> list[str]:
    """What the image is made of, from the repository."""
    return [
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]


def test_the_image_runs_without_rights() -> None:
    """Not root, one folder to write into, everything it installs by hash."""
    said = dict(instructions()[::-1])
    user = next(rest for name, rest in reversed(instructions()) if name == "USER")
    assert user.split(":")[0].isdigit()
    assert int(user.split(":")[0]) > 0
    assert said["VOLUME"] == "/work"
    for name, rest in instructions():
        for command in rest.split("&&") if name == "RUN" else ():
            if "pip install" in command:
                assert "--require-hashes" in command or "--no-index" in command, command


def test_what_the_image_is_made_of_is_ours_and_let_in() -> None:
    """A file that .dockerignore keeps out would end the build; one that it lets in by accident could be an operator's."""
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert set(copied()) == let_in
    assert all(any(one == source or one.startswith(f"{source}/") for one in ours()) for source in copied())


def test_the_wheel_in_the_image_is_the_wheel(tmp_path: Path) -> None:
    """Built from what is copied there, it holds the same files as the one that is released."""
    for one in ours():
        if any(one == source or one.startswith(f"{source}/") for source in copied()):
            (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / one).write_bytes((ROOT / one).read_bytes())
    built = [
        next(WheelBuilder(str(root)).build(directory=str(tmp_path / name)))
        for root, name in ((tmp_path, "a"), (ROOT, "b"))
    ]
    first, second = (sorted(zipfile.ZipFile(one).namelist()) for one in built)
    assert first == second


def commands() -> list[list[str]]:
    """Every command line that image and compose would run."""
    check = next(rest for name, rest in instructions() if name == "HEALTHCHECK")
    inner = re.search(r"CMD (\[.*\])$", check)
    assert inner is not None
    return [YAML(typ="safe").load(inner[1])[1:], list(COMPOSE["command"])]


@pytest.mark.parametrize("words", commands(), ids=shlex.join)
def test_what_a_container_runs_is_a_command(words: list[str]) -> None:
    """The name and its options are those of the program."""
    assert words[0] in {command.name for command in cli.app.registered_commands}
    asked = cli.main([words[0], "--help"])
    assert asked == 0


def test_compose_gives_no_rights_and_time_to_end() -> None:
    """Read-only root, no capabilities, a folder that stays, and more time to stop than a run needs."""
    assert COMPOSE["read_only"] is True
    assert COMPOSE["cap_drop"] == ["ALL"]
    assert COMPOSE["volumes"] == ["./work:/work"]
    assert int(COMPOSE["stop_grace_period"].removesuffix("s")) > 5
