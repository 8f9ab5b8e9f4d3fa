"""Whose books are these: what a workbook says of itself, what a journal knows of it, and whether the two fit (docs/design.md 13).

The ledger travels inside the thing it guards: a file can be copied, restored, saved over, pointed at another panel. So a
workbook carries an identity in its meta, and every machine's journal remembers what it did with which workbook. `examine` holds
one against the other before anything is claimed or sent once. Pure: what must be looked up is handed in.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from reconcile.errors import RESTORE, Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

BOOK: Final = "book"
COMMIT: Final = "commit"
PANEL: Final = "panel"
PLACE: Final = "place"
MACHINES: Final = "machines"

ENTRIES: Final = (BOOK, COMMIT, PANEL, PLACE, MACHINES)
"""The meta entries in which a workbook says who it is."""

CHAINED: Final = (COMMIT, MACHINES)
"""Those of them that every commit changes. An adapter that cannot refuse an older copy replaces them by what they were, not by
their place: an older copy keeps its own."""

WRITTEN: Final = "written"
"""Meta entry of such an adapter: the newest commit's revision and id, written by place. See `mixed`."""

RESTORING: Final = "restoring"
"""Meta entry of a restore that is under way: since when what was sent is still to be set to its outcome."""

KEPT_MACHINES: Final = 20
"""So many machines are remembered, those that committed last: an Action that loses its journal is a new one each time."""

SHARED: Final = ""
"""The machine of a place that is no machine's own: a Google Sheet."""


@dataclass(frozen=True)
class Mark:
    """The last commit of one journal: its number among that journal's own, and the workbook's revision it made."""

    number: int
    revision: int


@dataclass(frozen=True)
class Place:
    """Where a workbook stands: a path as one machine names it, or a spreadsheet id (`machine` is SHARED)."""

    machine: str
    name: str


@dataclass(frozen=True)
class Identity:
    """What a workbook says of itself. `book` is "" until its first run; panel and places may be empty in an earlier version's.

    mixed: whether its newest commit was written into an older copy (see `mixed`); commit and machines are the copy's then.
    """

    book: str = ""
    revision: int = 0
    commit: str = ""
    panel: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    machines: Mapping[str, Mark] = field(default_factory=dict)
    mixed: bool = False

    @property
    def meta(self) -> dict[str, str | None]:
        """As meta entries."""
        return {
            BOOK: self.book or None,
            COMMIT: self.commit or None,
            PANEL: json.dumps(list(self.panel)) if self.panel else None,
            PLACE: json.dumps([[place.machine, place.name] for place in self.places]) if self.places else None,
            MACHINES: marks_text(self.machines) if self.machines else None,
        }

    def committed(self, machine: str, number: int, stamp: str) -> Identity:
        """The identity with the next commit in it: this journal's number, the commit's id, the revision one higher."""
        revision = self.revision + 1
        machines = {
            **{name: mark for name, mark in self.machines.items() if name != machine},
            machine: Mark(number, revision),
        }
        newest = sorted(machines.items(), key=lambda item: item[1].revision)[-KEPT_MACHINES:]
        return replace(self, revision=revision, commit=stamp, machines=dict(newest), mixed=False)

    def at_revision(self, machine: str, revision: int) -> Identity:
        """The same, its newest commit being this revision: a workbook that was put back goes on past all it ever was."""
        machines = {**self.machines, machine: Mark(self.machines[machine].number, revision)}
        return replace(self, revision=revision, machines=machines)


def identity_of(meta: Mapping[str, str], revision: int) -> Identity:
    """What a workbook's meta says of it. Raises Damaged for an entry that cannot be read."""
    return Identity(
        book=meta.get(BOOK, ""),
        revision=revision,
        commit=meta.get(COMMIT, ""),
        panel=_panels(meta),
        places=_places(meta),
        machines=_marks(meta),
        mixed=mixed(meta, revision),
    )


def written(revision: int, commit: str) -> str:
    """The entry WRITTEN of a commit."""
    return f"{revision} {commit}"


def mixed(meta: Mapping[str, str], revision: int) -> bool:
    """Whether the newest commit was written into an older copy, one that came back while a run was at work.

    What went by place says which commit it was; what replaces the commit before it did not find that one. A program that does
    not know WRITTEN leaves it at an earlier revision, which tells nothing.
    """
    number, _, commit = meta.get(WRITTEN, "").partition(" ")
    return number == str(revision) and commit != meta.get(COMMIT, "")


def marks_text(marks: Mapping[str, Mark]) -> str:
    """The last commits of several machines, as stored."""
    return json.dumps({name: [mark.number, mark.revision] for name, mark in marks.items()}, separators=(",", ":"))


def marks_of(text: str) -> dict[str, Mark]:
    """The same, read. Raises ValueError and its kin."""
    found = json.loads(text) if text else {}
    return {str(name): Mark(_whole(number), _whole(revision)) for name, (number, revision) in found.items()}


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value


def _marks(meta: Mapping[str, str]) -> dict[str, Mark]:
    try:
        return marks_of(meta.get(MACHINES, ""))
    except (ValueError, TypeError, AttributeError) as error:
        raise _damaged(MACHINES) from error


def _panels(meta: Mapping[str, str]) -> tuple[str, ...]:
    try:
        found = json.loads(meta.get(PANEL) or "[]")
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            raise TypeError(found)  # noqa: TRY301 - one handler words them all
        return tuple(found)
    except (ValueError, TypeError) as error:
        raise _damaged(PANEL) from error


def _places(meta: Mapping[str, str]) -> tuple[Place, ...]:
    try:
        return tuple(Place(str(machine), str(name)) for machine, name in json.loads(meta.get(PLACE) or "[]"))
    except (ValueError, TypeError) as error:
        raise _damaged(PLACE) from error


def _damaged(name: str) -> Damaged:
    return Damaged(
        f"The hidden _ledger tab has a record `{name}` that cannot be read.",
        RESTORE,
    )


def panel_name(url: str) -> str:
    """A panel's address without what makes no difference: letter case, scheme, default port, slashes at the end.

    `https://Panel.example:443/admin/v1/` → `panel.example/admin/v1`.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").rstrip(".").casefold()
    with suppress(UnicodeError):  # an address in brackets, or a name that cannot be looked up either way
        host = host.encode("idna").decode("ascii")
    port = parts.port
    shown = f"[{host}]" if ":" in host else host
    if port is not None and port not in (80, 443):
        shown = f"{shown}:{port}"
    path = "/".join(part for part in unquote(parts.path).casefold().split("/") if part)
    return f"{shown}/{path}" if path else shown


# --- what the journal knows ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """What one journal knows of one workbook.

    number: of its last commit that was surely written; begun: of the last it set out to make. revision, stamp: the newest
    commit it wrote or saw. machines: as of then. stamps, times: its own commits' ids → numbers, → when they were written.
    """

    book: str
    place: str = ""
    panel: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    number: int = 0
    begun: int = 0
    revision: int = 0
    stamp: str = ""
    machines: Mapping[str, Mark] = field(default_factory=dict)
    stamps: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)
    at: str = ""


@dataclass(frozen=True)
class Here:
    """Who looks: this journal's machine, the workbook's place as this machine names it, the panel's address ("" where none is set).

    shared: whether the place is nobody's own (a Google Sheet).
    """

    machine: str
    place: str
    panel: str = ""
    shared: bool = False

    @property
    def named(self) -> Place:
        return Place(SHARED if self.shared else self.machine, self.place)


class Kind(StrEnum):
    """What was found out of order. The value is its name in --json."""

    OLDER = "an older copy"
    FORK = "a fork"
    LOST = "a lost workbook"
    HALF = "an unfinished restore"
    COPY = "a copy"
    STRANGER = "another machine"
    PANEL = "another panel"
    MOVED = "moved"
    JOURNAL = "an older journal"


STOPS: Final = (Kind.OLDER, Kind.FORK, Kind.LOST, Kind.HALF, Kind.COPY, Kind.STRANGER, Kind.PANEL)
"""With one of these nothing is claimed and nothing is sent once."""

ADOPTABLE: Final = (Kind.COPY, Kind.STRANGER, Kind.PANEL)
"""What `adopt` settles; all others of STOPS need `restore`."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit. `about`: the place, panel or workbook that it names."""

    kind: Kind
    about: str = ""

    @property
    def stops(self) -> bool:
        return self.kind in STOPS


def examine(
    identity: Identity,
    known: Known | None,
    here: Here,
    *,
    at_place: Sequence[str] = (),
    stands: Callable[[str], bool] = lambda _: True,
) -> tuple[Finding, ...]:
    """Everything that does not fit between workbook, journal and panel; the gravest first, () when they agree.

    known: what the journal knows of this very workbook, None for nothing. at_place: the workbooks the journal knows at this
    place. stands: whether the workbook also stands at another place (asked only when the places differ).
    """
    found = [
        *_lost(identity, at_place),
        *_continuity(identity, known, here.machine),
        *_place(identity, known, here, stands),
    ]
    names = (*identity.panel, *(known.panel if known else ()))  # an older copy may not know yet that the panel moved
    if here.panel and names and here.panel not in names:
        found.append(Finding(Kind.PANEL, names[-1]))
    return tuple(found)


def _lost(identity: Identity, at_place: Sequence[str]) -> Iterable[Finding]:
    """Another workbook (or a new one) where this journal knows one."""
    if at_place and identity.book not in at_place:
        yield Finding(Kind.LOST, at_place[-1])


def _continuity(identity: Identity, known: Known | None, machine: str) -> Iterable[Finding]:
    """Whether the workbook still carries this journal's last commit, and is not older than what the journal has seen."""
    if identity.mixed:
        yield Finding(Kind.OLDER)
        return
    if known is None or (not known.begun and not known.revision):
        return
    mine = identity.machines.get(machine)
    number = mine.number if mine else 0
    if number > known.begun:
        yield Finding(Kind.JOURNAL)
        return
    forgotten = mine is None and len(identity.machines) >= KEPT_MACHINES and identity.revision > known.revision
    if known.stamps.get(identity.commit, known.number) < known.number:
        yield Finding(Kind.OLDER)
    elif number < known.number and not forgotten:
        # at or beyond the revision this journal knows it went another way; below, it went back
        yield Finding(Kind.FORK if identity.revision >= known.revision else Kind.OLDER)
    elif identity.revision < known.revision:
        yield Finding(Kind.OLDER)
    elif identity.revision == known.revision and identity.commit != known.stamp:
        yield Finding(Kind.FORK)


def _place(identity: Identity, known: Known | None, here: Here, stands: Callable[[str], bool]) -> Iterable[Finding]:
    if not identity.places or here.named in identity.places:
        return
    if known is not None and known.place == here.place:
        return  # it was at home here before: an older copy may have forgotten that
    mine = [place.name for place in identity.places if place.machine == here.named.machine]
    if not mine and any((place.machine == SHARED) != here.shared for place in identity.places):
        yield Finding(
            Kind.COPY, identity.places[-1].name
        )  # a Google Sheet that was downloaded, or a file that was uploaded
    elif not mine:
        yield Finding(Kind.STRANGER, identity.places[-1].name)
    if not mine:
        return
    there = [name for name in mine if stands(name)]
    if there or here.shared:
        yield Finding(Kind.COPY, (there or mine)[-1])
    else:
        yield Finding(Kind.MOVED, mine[-1])


def settled(identity: Identity, here: Here, findings: Iterable[Finding], *, panel: bool = False) -> Identity:
    """The identity once this place belongs to it, and with `panel` this panel: what a first run, a move and `adopt` write.

    A run says so of a panel only once it has answered: until then its address may be mistyped.

    An adopted copy forgets where the original stands; a moved one keeps its places, for two machines may share one journal. The
    newest address of the panel stands last.
    """
    copied = any(finding.kind is Kind.COPY for finding in findings)
    places = () if copied else identity.places
    if here.named not in places:
        places = (*places, here.named)[-KEPT_MACHINES:]
    panels = identity.panel
    if panel and here.panel and here.panel not in panels:
        panels = (*panels, here.panel)
    return replace(identity, places=places, panel=panels)
