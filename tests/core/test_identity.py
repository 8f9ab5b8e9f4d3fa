"""Whose books are these, as a rule: every row of the table of docs/design.md 13, and the spellings of one panel's address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconcile.core.identity import (
    KEPT_MACHINES,
    SHARED,
    Finding,
    Here,
    Identity,
    Kind,
    Known,
    Mark,
    Place,
    examine,
    identity_of,
    panel_name,
    settled,
)
from reconcile.errors import Damaged

HERE = Here("me", "/srv/orders.xlsx", "panel.example/admin/v1")
MINE = Identity(
    "book",
    7,
    "newest",
    ("panel.example/admin/v1",),
    (Place("me", "/srv/orders.xlsx"),),
    {"me": Mark(5, 7), "other": Mark(2, 6)},
)
KNOWN = Known(
    "book",
    "/srv/orders.xlsx",
    MINE.panel,
    number=5,
    begun=5,
    revision=7,
    stamp="newest",
    machines=MINE.machines,
    stamps={"older": 4, "newest": 5},
)


def kinds(identity: Identity, known: Known | None = KNOWN, here: Here = HERE, *, stands: bool = True) -> list[Kind]:
    return [each.kind for each in examine(identity, known, here, at_place=["book"], stands=lambda _: stands)]


@pytest.mark.parametrize(
    "spelling",
    [
        "https://panel.example/admin/v1",
        "http://panel.example/admin/v1",
        "https://PANEL.Example/Admin/V1",
        "https://panel.example/admin/v1/",
        "https://panel.example//admin/v1//",
        "https://panel.example:443/admin/v1",
        "http://panel.example:80/admin/v1",
        "https://panel.example./admin/v1",
        "  https://panel.example/admin/v1 ",
        "https://panel.example/admin/v1?lang=en#top",
        "https://user:secret@panel.example/admin/v1",
        "https://panel.example/%61dmin/v1",
    ],
)
def test_spellings_of_one_panel(spelling: str) -> None:
    """Letter case, scheme, default port, slashes, and who logs in make no difference; no secret stands in the name."""
    assert panel_name(spelling) == "panel.example/admin/v1"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://panel.example:8443/admin/v1", "panel.example:8443/admin/v1"),
        ("https://panel.example/admin/v2", "panel.example/admin/v2"),
        ("https://panel.example", "panel.example"),
        ("https://pänel.example/admin", "xn--pnel-loa.example/admin"),
        ("https://XN--PNEL-LOA.example/admin", "xn--pnel-loa.example/admin"),
        ("http://[::1]:8080/admin", "[::1]:8080/admin"),
        ("http://127.0.0.1:1/admin/v1", "127.0.0.1:1/admin/v1"),
    ],
)
def test_addresses_that_differ(address: str, name: str) -> None:
    """Another host, port or path is another panel; one host in two alphabets is one."""
    assert panel_name(address) == name


def test_the_newest_commit_is_the_workbook_itself() -> None:
    """Nothing to say; nor where others went on from it and still carry this machine's last number."""
    assert kinds(MINE) == []
    assert kinds(MINE.committed("other", 3, "theirs")) == []
    many = MINE
    for number in range(KEPT_MACHINES + 3):
        many = many.committed(f"runner{number}", 1, f"{number}")
    assert "me" not in many.machines
    assert kinds(many) == [], "forgotten among more machines than are remembered, and nothing went back"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"commit": "older", "revision": 6, "machines": {"me": Mark(4, 6)}}, Kind.OLDER),
        ({"commit": "older", "revision": 60, "machines": {"me": Mark(4, 6)}}, Kind.OLDER),
        ({"commit": "theirs", "revision": 6, "machines": {"me": Mark(4, 5)}}, Kind.OLDER),
        ({"commit": "theirs", "revision": 9, "machines": {"me": Mark(4, 5)}}, Kind.FORK),
        ({"commit": "theirs", "revision": 9, "machines": {}}, Kind.FORK),
        ({"commit": "theirs", "revision": 7}, Kind.FORK),
        ({"commit": "theirs", "revision": 6}, Kind.OLDER),
        ({"commit": "theirs", "revision": 9, "machines": {"me": Mark(6, 9)}}, Kind.JOURNAL),
    ],
)
def test_what_does_not_go_on_from_the_newest_commit(change: dict[str, object], found: Kind) -> None:
    """F26, F28, F29: each way of going back or astray, whatever the revision; a later number than this journal's is an older journal."""
    assert kinds(replace(MINE, **change)) == [found]  # type: ignore[arg-type]


def test_a_number_that_was_begun_and_never_known_to_be_written() -> None:
    """The run died between the workbook's commit and the journal's note of it: neither an older copy nor an older journal."""
    known = replace(KNOWN, begun=6)
    assert kinds(MINE, known) == []
    assert kinds(MINE.committed("me", 6, "unnoted"), known) == []


def test_places() -> None:
    """F27: a move, a copy, another machine's; a shared sheet is nobody's own; a known place is home, whatever an older copy says."""
    away = Here("me", "/new/orders.xlsx", HERE.panel)
    assert [each.kind for each in examine(MINE, KNOWN, away, stands=lambda _: False)] == [Kind.MOVED]
    assert [each.kind for each in examine(MINE, KNOWN, away, stands=lambda _: True)] == [Kind.COPY]
    assert [each.kind for each in examine(MINE, None, Here("new", "/srv/orders.xlsx", HERE.panel))] == [Kind.STRANGER]
    sheet = replace(MINE, places=(Place(SHARED, "sheet-1"),))
    assert [each.kind for each in examine(sheet, None, Here("new", "sheet-1", HERE.panel, shared=True))] == []
    assert [each.kind for each in examine(sheet, None, Here("new", "sheet-2", HERE.panel, shared=True))] == [Kind.COPY]
    assert kinds(replace(MINE, places=(Place("me", "/elsewhere.xlsx"),))) == []


def test_another_workbook_and_another_panel() -> None:
    """F30: a known address among several is no question; where none is set or none is known there is nothing to compare."""
    assert kinds(replace(MINE, book="another"), None) == [Kind.LOST]
    assert kinds(MINE, here=replace(HERE, panel="b.example")) == [Kind.PANEL]
    assert kinds(replace(MINE, panel=("old.example", *MINE.panel))) == []
    assert kinds(MINE, replace(KNOWN, panel=(*MINE.panel, "b.example")), replace(HERE, panel="b.example")) == []
    assert kinds(MINE, here=replace(HERE, panel="")) == []
    assert kinds(replace(MINE, panel=()), replace(KNOWN, panel=()), replace(HERE, panel="b.example")) == []


def test_what_adopting_writes() -> None:
    """An adopted copy forgets the original's place; a move keeps both; a panel's newest address stands last."""
    away = Here("me", "/new/orders.xlsx", "b.example")
    assert settled(MINE, away, [Finding(Kind.COPY)]).places == (away.named,)
    assert settled(MINE, away, [Finding(Kind.MOVED)]).places == (*MINE.places, away.named)
    assert settled(MINE, away, [], panel=True).panel == ("panel.example/admin/v1", "b.example")
    assert settled(MINE, away, []).panel == MINE.panel


def test_identity_as_meta() -> None:
    """What is written is read again; an entry that cannot be read is damage, with a way on."""
    meta = {name: value for name, value in MINE.meta.items() if value is not None}
    assert identity_of(meta, 7) == MINE
    assert identity_of({}, 0) == Identity()
    for name, text in (("machines", "{"), ("machines", '{"a": [1, true]}'), ("panel", '{"a": 1}'), ("place", "[1]")):
        with pytest.raises(Damaged, match=f"`{name}`") as found:
            identity_of({**meta, name: text}, 7)
        assert "reconcile restore" in found.value.next_step
