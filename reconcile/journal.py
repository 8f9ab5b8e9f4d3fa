"""The journal: what this machine was about to do, and what it was answered, before anybody has read it.

It is a second, independent ledger: it also knows which workbooks it served, every commit it made, and everything that was
sent once, so that a workbook that went back in time, was copied or was made anew is told from the one that goes on.

One local SQLite file. A write is on the disk when the call returns (WAL, synchronous=FULL, then moved into the main file
at once, so that the main file alone is the whole journal between two writes). Every row carries a checksum of itself and
of its raw answer: a flipped bit is found when the journal is opened, and refused. Nothing is ever repaired silently.

Beside it stands `journal.seal`, which names the file as the last write left it. A journal that was copied, put back or
unpacked does not fit its seal: what stands in it still holds, but what does not stand in it may have happened all the same.

Times are UTC in one ISO form, chosen by the caller: they are only compared with each other. The panel's key never gets
here; the client removes it before anything is handed over.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import sys
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

from reconcile import boundary
from reconcile.core.identity import Known, marks_of, marks_text
from reconcile.core.model import Feed, RawAnswer
from reconcile.core.once import Once, Send, Sent
from reconcile.errors import Damaged, LeaseHeld, ReconcileError, Unavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from reconcile.core.identity import Identity

FILE: Final = "journal.sqlite3"
LOCK: Final = "journal.lock"
SEAL: Final = "journal.seal"
ROOM: Final = "journal.room"

ANSWER: Final = 32 * 2**20
"""Bytes of the largest answer the panel client takes: so much room is held free before work is asked for, twice (the WAL, then
the main file)."""

RESERVE: Final = 2 * ANSWER
"""Bytes held free from before the first claim of a run until its end."""

NO_BOOK: Final = "by hand"
"""The book of what was asked for by hand while no sheet was set. Answers are kept, and never landed by a sync."""

_APPLICATION: Final = 0x72656331
"""SQLite's application_id: tells our file from any other database."""

_VERSION: Final = 3
"""SQLite's user_version: the layout of the tables below."""

ON_RECORD: Final = "on record in the sheet"
"""What stands in a settled claim's `how` where the sheet has the doubt about it."""

_BY: Final = ", by commit "
"""What follows in a claim's `how`, with the number of this journal's commit that has its rows or its doubt."""

_GOING: Final = "going"
"""What stands behind an update that a run was about to send: until that run says what became of it, nobody knows."""

_SEEN: Final = "asked at revision "
"""What stands in a claim's `how` until it is settled."""

V1: Final = "v1"
"""The dialect of every answer that was kept before answers had one."""

_ANSWERED: Final = ("answered_at", "status", "content_type", "encoding", "dialect", "body_sha")

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "self": ("id", "machine", "at", "silent_until"),
    "books": (*("id", "book", "place", "panel", "services", "number", "revision", "stamp", "machines", "at"),),
    "commits": ("id", "book", "run", "number", "revision", "stamp", "at", "written_at"),
    "runs": ("id", "book", "run", "at"),
    "claims": (
        *("id", "book", "run", "feed", "service", "state", "intended_at", "ended_at", "why", "how"),
        *_ANSWERED,
    ),
    "sends": (
        *("id", "book", "run", "panel", "feed", "key", "act", "about", "value", "said", "mark", "amount", "state"),
        *("verdict", "reason", "at", *_ANSWERED),
    ),
    "answers": ("id", "kind", "owner", *_ANSWERED),
    "updates": ("id", "book", "run", "number", "at", "told"),
}
"""The checksummed columns per table. `seal` is their checksum; `body` is checksummed by `body_sha`.

self: one row. books: what is known of each workbook. commits: each one this journal was about to make. answers: those of
earlier attempts at a claim or a send, which said "busy". updates: what one run was going to tell the panel that moves no money, and
what the panel took of it.
"""


_Row = dict[str, Any]


def _layout(table: str) -> str:
    names = ", ".join(_COLUMNS[table][1:])
    return f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {names}, body BLOB, seal TEXT NOT NULL)"


_SCHEMA: Final = {table: _layout(table) for table in _COLUMNS}


class State(StrEnum):
    """How far a claim has come."""

    INTENDED = "intended"
    ANSWERED = "answered"
    UNKNOWN = "unknown"
    ASIDE = "set aside"
    NEVER_SENT = "never sent"
    LANDED = "landed"
    SETTLED = "settled"


_OPEN: Final = (State.INTENDED, State.ANSWERED, State.UNKNOWN, State.ASIDE)
"""What is not done yet: the next run must look at it."""

_FROM: Final[Mapping[State, tuple[State, ...]]] = {
    State.ANSWERED: (State.INTENDED, State.ANSWERED),
    State.NEVER_SENT: (State.INTENDED,),
    State.UNKNOWN: (State.INTENDED, State.ANSWERED, State.UNKNOWN, State.ASIDE),
    State.ASIDE: (State.ANSWERED, State.UNKNOWN, State.ASIDE),
    State.LANDED: (State.ANSWERED, State.UNKNOWN, State.ASIDE, State.LANDED),
    State.SETTLED: (State.INTENDED, State.ANSWERED, State.UNKNOWN, State.ASIDE, State.SETTLED),
}
"""State → the states it may follow. Landing and settling may be told twice: a run that died in between tells it again."""


@dataclass(frozen=True)
class Claim:
    """One call that handed work out, or may have. `raw` is None until an answer came."""

    id: int
    book: str
    run: str
    feed: str
    service: str
    state: State
    raw: RawAnswer | None
    intended_at: str
    answered_at: str
    why: str
    seen: int | None = None
    """The workbook's revision that was known when it was asked; None for one by hand, and for an earlier version's."""

    how: str = ""
    commit: int | None = None
    """The number of this journal's commit that has its rows or the doubt about it; None where there is none."""

    @property
    def name(self) -> str:
        """Its name among the claims of all machines: a run's name is used once."""
        return f"{self.run}-{self.id}"


@dataclass(frozen=True)
class Ticket:
    """One commit this journal is about to make: its number among all of this journal's for the workbook, its random id."""

    id: int
    number: int
    stamp: str


@dataclass(frozen=True)
class Update:
    """Values that the panel took for one row, field → value. sure: it said so; otherwise a run was sending them and died.

    number: of the commit that told it.
    """

    at: str
    feed: str
    key: str
    values: Mapping[str, str]
    sure: bool = True
    run: str = ""
    number: int = 0


@dataclass(frozen=True)
class Other:
    """A workbook this journal knows, as others need to know of it."""

    book: str
    place: str
    panel: tuple[str, ...]
    services: tuple[str, ...]
    at: str


def token() -> str:
    """Sixteen random hex digits: the id of a machine or a workbook."""
    return secrets.token_hex(8)


def stands_in(folder: Path) -> bool:
    """Whether there is a journal in a folder. One that this user may not look into counts: nothing is begun anew beside it."""
    try:
        return (folder / FILE).exists()
    except PermissionError:
        return True


def commit_id() -> str:
    """A commit's id. Its first letter keeps it a text wherever it is typed: `12e45` would be a number."""
    return f"c{token()}"


class Journal:
    """The journal of one folder, open and locked. Made by `Journal.open`; a context manager.

    machine: its random id, made once. put_back: whether the file was found copied, put back or changed by others, so that its
    silence proves nothing (`silent_until`).
    """

    def __init__(self, folder: Path, lock: int, db: sqlite3.Connection) -> None:
        self.folder = folder
        self._path = folder / FILE
        self._lock = lock
        self._db = db
        self.machine = ""
        self.put_back = False
        self._unnoted = False

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """Opens (or begins) the journal in `folder` and keeps every other process out until `close`.

        LeaseHeld where another live process has it; Unavailable where the folder cannot be used; Damaged where the file
        is not whole or not ours. In each case the files are left as they were.
        """
        path = folder / FILE
        with _told(path):
            _make_folder(folder)
            lock = _locked(folder / LOCK)
        try:
            with _told(path):
                _begin(path)
                _check_file(path)
                whole = fits_seal(path)
                db = _connected(path)
                try:
                    _migrate(db, path)
                    _check_rows(db, path)
                except BaseException:
                    db.close()
                    raise
            made = cls(folder, lock, db)
            made._know_self(whole=whole)
        except BaseException:
            os.close(lock)
            raise
        return made

    def _know_self(self, *, whole: bool) -> None:
        """Reads who this journal is; one that does not fit its seal proves nothing by its silence about the runs it knows."""
        with _told(self._path):
            row = _get(self._db, "self", 1)
        self.machine, self.put_back, self._unnoted = str(row["machine"]), not whole, not whole

    def doubt_silence(self) -> None:
        """From now on a send of which this journal tells nothing counts as unknown, for every run it knows until now."""
        self._unnoted = True
        with self._write():
            pass  # `_write` notes it with whatever is written next

    def close(self) -> None:
        """Closes the file and lets other processes in. May be called twice."""
        self._db.close()
        if self._lock >= 0:
            with contextlib.suppress(OSError):  # what is kept free is no use to anybody now
                (self.folder / ROOM).unlink(missing_ok=True)
                if not self._unnoted:
                    seal_file(self._path, closed=True)
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- workbooks and commits --------------------------------------------------------------------------------------------

    def known(self, book: str) -> Known | None:
        """What this journal knows of a workbook, None for one it never served."""
        with _told(self._path):
            row = _book_row(self._db, book)
            made = [each for each in _rows(self._db, "commits", self._path) if each["book"] == _text(book)]
        if row is None and not made:
            return None
        row = row or {
            "place": "",
            "panel": "[]",
            "services": "[]",
            "number": 0,
            "revision": 0,
            "stamp": "",
            "machines": "",
            "at": "",
        }
        return Known(
            book=book,
            place=row["place"],
            panel=tuple(json.loads(row["panel"])),
            services=tuple(json.loads(row["services"])),
            number=row["number"],
            begun=max([row["number"], *(each["number"] for each in made)]),
            revision=row["revision"],
            stamp=row["stamp"],
            machines=marks_of(row["machines"]),
            stamps={each["stamp"]: each["number"] for each in made if each["written_at"]},
            times={each["stamp"]: each["written_at"] for each in made if each["written_at"]},
            at=row["at"],
        )

    def books(self) -> tuple[Other, ...]:
        """Every workbook this journal has served, in the order it came to know them."""
        with _told(self._path):
            rows = list(_rows(self._db, "books", self._path))
        return tuple(
            Other(
                row["book"],
                row["place"],
                tuple(json.loads(row["panel"])),
                tuple(json.loads(row["services"])),
                row["at"],
            )
            for row in rows
        )

    def committing(
        self,
        identity: Identity,
        run: str,
        at: str,
        announced: Sequence[Once] = (),
        services: Sequence[str] | None = None,
        told: Sequence[tuple[str, str, Mapping[str, str]]] = (),
        going: Sequence[tuple[str, str, Mapping[str, str]]] = (),
    ) -> Ticket:
        """Records, on the disk when it returns, that this run is about to commit upon what `identity` shows.

        announced: every refund, payment and ticket the run is going to send: before the first of them, so that a line that is
        missing later means an older copy of this journal, never "not sent". going: (feed, key, field → value) of what it is
        going to tell the panel that moves no money; told: what the panel took of that in this run, with no values where it did not.
        """
        with self._write() as db:
            known = _book_row(db, identity.book)
            (begun,) = db.execute(
                "SELECT coalesce(max(number), 0) FROM commits WHERE book = ?", (_text(identity.book),)
            ).fetchone()
            mine = identity.machines.get(self.machine)
            number = 1 + max(int(begun), known["number"] if known else 0, mine.number if mine else 0)
            row = known or {
                "book": _text(identity.book),
                "number": 0,
                "revision": 0,
                "stamp": "",
                "machines": "",
                "services": "[]",
            }
            seen = {"revision": identity.revision, "stamp": identity.commit, "machines": marks_text(identity.machines)}
            row |= seen if identity.revision >= row["revision"] else {}
            row |= {"panel": json.dumps(list(identity.panel)), "place": row.get("place", ""), "at": at}
            if services is not None:
                row["services"] = json.dumps(list(services))
            _put(db, "books", row)
            stamp = commit_id()
            ticket = {
                "book": row["book"],
                "run": _text(run),
                "number": number,
                "stamp": stamp,
                "at": at,
                "written_at": "",
            }
            made = _put(db, "commits", {**ticket, "revision": identity.revision + 1})
            if not _runs_like(db, run):
                _put(db, "runs", {"book": row["book"], "run": _text(run), "at": at})
            for once in announced:
                _put(db, "sends", _sends_row(identity.book, run, once, at))
            if told or going:
                lines = [
                    *([feed, key, dict(values), _GOING] for feed, key, values in going),
                    *([feed, key, dict(values)] for feed, key, values in told),
                ]
                text = _text(json.dumps(lines, ensure_ascii=False))
                _put(db, "updates", {"book": row["book"], "run": _text(run), "number": number, "at": at, "told": text})
        return Ticket(made, number, stamp)

    def committed(self, ticket: Ticket, identity: Identity, place: str, at: str) -> None:
        """Records that the workbook has that commit; `identity` is the workbook's from now on, `place` where it stands.

        One that could not be recorded before it was made (its id is 0) is recorded now, so that its number is known.
        """
        with self._write() as db:
            made = {"book": _text(identity.book), "run": "", "number": ticket.number, "stamp": ticket.stamp, "at": at}
            row = _get(db, "commits", ticket.id) if ticket.id else made
            _put(db, "commits", row | {"written_at": at, "revision": identity.revision})
            row = _book_row(db, identity.book) or {}
            _put(
                db,
                "books",
                row
                | {
                    "place": _text(place),
                    "panel": json.dumps(list(identity.panel)),
                    "number": ticket.number,
                    "revision": identity.revision,
                    "stamp": identity.commit,
                    "machines": marks_text(identity.machines),
                    "at": at,
                },
            )
            # what an earlier version sent for this workbook went to its panel of then, which is this one
            for send in [each for each in _rows(db, "sends", self._path) if not each["panel"]]:
                if send["book"] == row["book"] and identity.panel:
                    _put(db, "sends", send | {"panel": identity.panel[0]})

    def updates(self, book: str, after: int) -> tuple[Update, ...]:
        """What the panel took for this workbook and moves no money, oldest first, and what it may have taken from a run that died.

        after: the number of the last commit that a copy of the workbook has of this journal; what came with later ones is given.
        """
        with _told(self._path):
            rows = [row for row in _rows(self._db, "updates", self._path) if row["book"] == _text(book)]
        lines = [(row, *line) for row in rows for line in json.loads(row["told"])]
        ended = {(row["run"], feed, key) for row, feed, key, _, *going in lines if not going}
        return tuple(
            Update(row["at"], feed, key, values, not going, row["run"], row["number"])
            for row, feed, key, values, *going in lines
            if row["number"] > after and values and not (going and (row["run"], feed, key) in ended)
        )

    def runs_after(self, book: str, number: int) -> frozenset[str]:
        """The runs that made later commits of this journal for a workbook than that number."""
        with _told(self._path):
            rows = [row for row in _rows(self._db, "commits", self._path) if row["book"] == _text(book)]
        return frozenset(row["run"] for row in rows if row["number"] > number)

    def put_aside(self, book: str) -> None:
        """Forgets where a workbook stood: another one stands there now, on somebody's word. What was sent stays known."""
        with self._write() as db:
            if row := _book_row(db, book):
                _put(db, "books", row | {"place": "", "panel": "[]"})

    def join(self, book: str, to: str) -> None:
        """From now on what is known of one workbook is known of another, of which nothing was known: it stands in its place."""
        with self._write() as db:
            for table in ("books", "commits", "runs", "claims", "sends", "updates"):
                for row in [each for each in _rows(db, table, self._path) if each["book"] == _text(book)]:
                    _put(db, table, row | {"book": _text(to)})

    # --- runs -----------------------------------------------------------------------------------------------------------

    def begin_run(self, book: str, run: str, at: str) -> None:
        """Remembers that this machine began this run; told twice, it is remembered once."""
        with self._write() as db:
            if not _runs_like(db, run):
                _put(db, "runs", {"book": _text(book), "run": _text(run), "at": at})

    def knows_run(self, run: str) -> bool:
        """Whether that run was begun on this machine, with this journal."""
        with _told(self._path):
            return _runs_like(self._db, run)

    def silence_counts(self, run: str) -> bool:
        """Whether a send of that run of which nothing stands here was surely not made: the journal was never put back since."""
        with _told(self._path):
            found = self._db.execute("SELECT id FROM runs WHERE run = ?", (_text(run),)).fetchone()
            until = _get(self._db, "self", 1)["silent_until"]
        return found is not None and int(found[0]) > int(until) and not self._unnoted

    # --- claims ---------------------------------------------------------------------------------------------------------

    def intend(self, book: str, run: str, feed: str, service: str, at: str, seen: int | None = None) -> int:
        """Records that a claim is about to be sent, on the disk when it returns. Returns the claim's number.

        seen: the workbook's revision as this run knows it, None for a call by hand.
        """
        with self._write() as db:
            return _put(
                db,
                "claims",
                {
                    "book": _text(book),
                    "run": _text(run),
                    "feed": _text(feed),
                    "service": _text(service),
                    "state": State.INTENDED.value,
                    "intended_at": at,
                    "answered_at": "",
                    "ended_at": "",
                    "why": "",
                    "how": "" if seen is None else f"{_SEEN}{seen}",
                },
            )

    def make_room(self) -> None:
        """Holds free, until `close`, what the largest answer takes. Raises Unavailable where the disk has not so much."""
        place = self.folder / ROOM
        if place.exists() and place.stat().st_size >= RESERVE:
            return
        with _told(self._path):
            free = shutil.disk_usage(self.folder).free
        try:
            _hold(place, free)
        except OSError as error:
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)
            raise Unavailable(
                f"The disk of {self.folder} has no room for an answer of the panel: {RESERVE // 2**20} MB must be free, "
                f"{free // 2**20} are. Nothing was asked for, so nothing can be lost.",
                "Free some space on that disk, then run again.",
            ) from error

    def answered(self, claim: int, raw: RawAnswer, at: str) -> None:
        """Keeps a claim's answer, byte for byte as it arrived, before anybody looks into it; told again, the later one counts.

        What was held free is used when the disk is full.
        """
        self._kept(lambda db: _move(db, claim, State.ANSWERED, answered_at=at, **_answer(raw)))

    def asked_again(self, claim: int) -> None:
        """Records that a claim which was told "busy" is about to be sent once more: the answer until now is set aside."""
        with self._write() as db:
            row = _get(db, "claims", claim)
            _set_aside(db, "claim", row)
            _put(db, "claims", row | _NO_ANSWER | {"state": State.INTENDED.value})

    def _kept(self, change: Callable[[sqlite3.Connection], object]) -> None:
        """Writes what came from the panel; on a full disk once more, into the room that was held free."""
        try:
            with self._write() as db:
                change(db)
        except Unavailable:
            room = self.folder / ROOM
            if not room.exists():
                raise
            with _told(self._path):
                room.unlink()
            with self._write() as db:
                change(db)

    def never_sent(self, claim: int) -> None:
        """Records that the call did not leave this machine: nothing was handed out."""
        with self._write() as db:
            _move(db, claim, State.NEVER_SENT)

    def unknown(self, claim: int, why: str) -> None:
        """Records that work may have been handed out and no (understood) answer tells which."""
        with self._write() as db:
            _move(db, claim, State.UNKNOWN, why=_text(why))

    def set_aside(self, claim: int) -> None:
        """Records that an answer could not be read in the time there was: other work goes first, then it is tried again."""
        with self._write() as db:
            _move(db, claim, State.ASIDE)

    def settled(self, doubt: str) -> bool:
        """Whether what a doubt is about is known here to the last row: `RUN-7`, one claim, or `RUN`, a whole run.

        A claim that landed and was understood whole; a run of which this journal surely tells everything, and nothing is open.
        """
        run, _, number = doubt.rpartition("-")
        with _told(self._path):
            rows = [row for row in _rows(self._db, "claims", self._path) if row["run"] in (_text(run), _text(doubt))]
        one = [row for row in rows if row["run"] == _text(run) and str(row["id"]) == number]
        if one:
            return one[0]["state"] == State.LANDED and not one[0]["why"]
        mine = [row for row in rows if row["run"] == _text(doubt)]
        return self.silence_counts(doubt) and all(row["state"] not in _OPEN for row in mine)

    def landed(self, claims: Iterable[int], at: str) -> None:
        """Records, for all of them or none, that the workbook now has their rows."""
        with self._write() as db:
            for claim in claims:
                _move(db, claim, State.LANDED, ended_at=at, how=State.LANDED.value + _by(db, claim))

    def settle(self, claim: int, how: str) -> None:
        """Records that the sheet now has the doubt on record (`ON_RECORD`), or how else the claim came to its end."""
        with self._write() as db:
            by = _by(db, claim) if how == ON_RECORD else ""
            _move(db, claim, State.SETTLED, how=_text(how) + by)

    def reopen(self, claims: Iterable[int]) -> None:
        """Records that a sheet which had them landed or on record is gone: the next run takes them up as unknown, all or none."""
        with self._write() as db:
            for claim in claims:
                _put(db, "claims", _get(db, "claims", claim) | {"state": State.UNKNOWN.value, "how": ""})

    def claims(self, book: str) -> tuple[Claim, ...]:
        """Every claim of this workbook that is still kept, oldest first."""
        with _told(self._path):
            rows = list(_rows(self._db, "claims", self._path))
        return tuple(_claim(row) for row in rows if row["book"] == _text(book))

    def unlanded(self, book: str) -> tuple[Claim, ...]:
        """Every claim of this workbook that is intended, answered or unknown, oldest first."""
        with _told(self._path):
            rows = [row for row in _rows(self._db, "claims", self._path) if row["state"] in _OPEN]
        return tuple(_claim(row) for row in rows if row["book"] == _text(book))

    def holds_orders(self) -> bool:
        """Whether an answer with orders waits here that some workbook may have already."""
        with _told(self._path):
            found = self._db.execute(
                "SELECT 1 FROM claims WHERE state = ? AND feed = ? LIMIT 1", (State.ANSWERED.value, Feed.ORDERS.value)
            ).fetchone()
        return found is not None

    def other_books(self, book: str) -> tuple[tuple[str, int], ...]:
        """Other workbooks with such claims and how many each: somebody should sync those too."""
        with _told(self._path):
            found = self._db.execute(
                "SELECT book, COUNT(*) FROM claims WHERE book <> ? AND state IN (?, ?, ?, ?) GROUP BY book ORDER BY book",
                (_text(book), *(state.value for state in _OPEN)),
            ).fetchall()
        return tuple((str(name), int(count)) for name, count in found)

    # --- refunds, payments, tickets -------------------------------------------------------------------------------------

    def announce(self, book: str, run: str, once: Once, at: str) -> int:
        """Records that a refund, payment or ticket is going to be sent (by hand: a run announces all of its own with its commit)."""
        with self._write() as db:
            return _put(db, "sends", _sends_row(book, run, once, at))

    def announced(self, run: str, feed: str, key: str) -> int:
        """The number of what this run announced for a row. ValueError where it announced nothing: a bug in the caller."""
        with _told(self._path):
            found = self._db.execute(
                "SELECT max(id) FROM sends WHERE run = ? AND feed = ? AND key = ?",
                (_text(run), _text(feed), _text(key)),
            ).fetchone()
        if found[0] is None:
            raise ValueError(f"{run} announced nothing for {feed} {key}")
        return int(found[0])

    def sending(self, send: int, at: str) -> None:
        """Records that it is being sent now, on the disk when it returns."""
        with self._write() as db:
            _put(db, "sends", _get(db, "sends", send) | {"state": Sent.SENDING.value, "at": at})

    def replied(self, send: int, raw: RawAnswer, at: str) -> None:
        """Keeps its answer as it arrived, before anybody looks into it."""
        self._kept(lambda db: _put(db, "sends", _get(db, "sends", send) | {"answered_at": at, **_answer(raw)}))

    def resent(self, send: int) -> None:
        """Records that one which was told "busy" is about to be sent once more: the answer until now is set aside."""
        with self._write() as db:
            row = _get(db, "sends", send)
            _set_aside(db, "send", row)
            _put(db, "sends", row | _NO_ANSWER)

    def sent(self, send: int, verdict: str, reason: str, at: str) -> None:
        """Records what became of it: a verdict's text and the panel's words."""
        with self._write() as db:
            told = {"verdict": _text(verdict), "reason": _text(reason), "state": Sent.TOLD.value}
            row = _get(db, "sends", send)
            _put(db, "sends", row | told | {"answered_at": row["answered_at"] or at})

    def sends(self, book: str | None = None, run: str | None = None) -> tuple[Send, ...]:
        """What was sent once, or was going to be, oldest first: of one workbook, of one run, or all there ever was."""
        with _told(self._path):
            rows = list(_rows(self._db, "sends", self._path))
        return tuple(
            _send(row)
            for row in rows
            if (book is None or row["book"] == _text(book)) and (run is None or row["run"] == _text(run))
        )

    # --- upkeep -----------------------------------------------------------------------------------------------------------

    def prune(self, book: str, before: str) -> None:
        """Forgets what is done in this workbook and older than `before`. Whatever is open or unclear stays, however old.

        What was sent once is never forgotten, only the words of the answers. Nothing is written where there is nothing to
        forget. Runs of other workbooks stay: theirs may be open there.
        """
        claims = "book = ? AND state IN (?, ?, ?) AND max(ended_at, answered_at, intended_at) < ?"
        done = (_text(book), State.LANDED.value, State.SETTLED.value, State.NEVER_SENT.value, before)
        runs = "book = ? AND at < ? AND run NOT IN (SELECT run FROM claims) AND run NOT IN (SELECT run FROM sends)"
        commits = "book = ? AND at < ? AND id NOT IN (SELECT id FROM commits ORDER BY id DESC LIMIT 200)"
        old = (_text(book), before)
        answers = "answered_at < ?"
        every = (
            ("claims", claims, done),
            ("runs", runs, old),
            ("commits", commits, old),
            ("answers", answers, (before,)),
            ("updates", "book = ? AND at < ?", old),
        )
        words = "book = ? AND body IS NOT NULL AND verdict IS NOT NULL AND verdict <> 'unknown' AND answered_at < ?"
        with _told(self._path):
            found = [
                self._db.execute(f"SELECT 1 FROM {table} WHERE {which} LIMIT 1", values).fetchone()
                for table, which, values in (*every, ("sends", words, old))
            ]
        if not any(found):
            return
        with self._write() as db:
            for table, which, values in every:
                db.execute(f"DELETE FROM {table} WHERE {which}", values)
            for (number,) in db.execute(f"SELECT id FROM sends WHERE {words}", old).fetchall():
                _put(db, "sends", _get(db, "sends", number) | {"body": None, "body_sha": None})

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction, marked by the boundaries; rolled back when its body raises."""
        boundary.at("journal.before-write")
        with _told(self._path):
            with _transaction(self._db):
                if self._unnoted:  # a write seals the file anew: what was known of it until now must stay known
                    (newest,) = self._db.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()
                    _put(self._db, "self", _get(self._db, "self", 1) | {"silent_until": int(newest)})
                yield self._db
            self._unnoted = False
            _into_main_file(self._db)
            seal_file(self._path)
        boundary.at("journal.after-write")


# --- rows ---------------------------------------------------------------------------------------------------------------


def _claim(row: _Row) -> Claim:
    return Claim(
        id=row["id"],
        book=row["book"],
        run=row["run"],
        feed=row["feed"],
        service=row["service"],
        state=State(row["state"]),
        raw=_raw(row),
        intended_at=row["intended_at"],
        answered_at=row["answered_at"],
        why=row["why"],
        seen=int(row["how"].removeprefix(_SEEN)) if row["how"].startswith(_SEEN) else None,
        how=row["how"].partition(_BY)[0],
        commit=int(row["how"].partition(_BY)[2]) if _BY in row["how"] else None,
    )


_NO_ANSWER: Final[_Row] = {
    **dict.fromkeys(("status", "content_type", "encoding", "dialect", "body_sha", "body")),
    "answered_at": "",
}


def _raw(row: _Row) -> RawAnswer | None:
    if row["body"] is None:
        return None
    return RawAnswer(row["status"], row["body"], row["content_type"], row["encoding"] or "", row["dialect"] or V1)


def _answer(raw: RawAnswer) -> _Row:
    return {
        "status": raw.status,
        "content_type": _text(raw.content_type),
        "encoding": _text(raw.encoding),
        "dialect": _text(raw.dialect),
        "body": raw.body,
        "body_sha": _sha(raw.body),
    }


def _set_aside(db: sqlite3.Connection, kind: str, row: _Row) -> None:
    """Keeps the answer of an earlier attempt beside the row that is about to get another one."""
    if row["body"] is not None:
        _put(db, "answers", {"kind": kind, "owner": row["id"], **{name: row[name] for name in (*_ANSWERED, "body")}})


def _sends_row(book: str, run: str, once: Once, at: str) -> _Row:
    facts = {name: _text(value) for name, value in asdict(once).items()}
    return {
        "book": _text(book),
        "run": _text(run),
        **facts,
        "state": Sent.ANNOUNCED.value,
        "reason": "",
        "at": at,
        "answered_at": "",
    }


def _send(row: _Row) -> Send:
    names = [each.name for each in fields(Send) if each.name != "raw"]
    return Send(**{**{name: row[name] for name in names}, "state": Sent(row["state"]), "raw": _raw(row)})


def _book_row(db: sqlite3.Connection, book: str) -> _Row | None:
    found = db.execute("SELECT id FROM books WHERE book = ?", (_text(book),)).fetchone()
    return None if found is None else _get(db, "books", int(found[0]))


def _text(text: str) -> str:
    """The text as SQLite can keep it: a lone surrogate (sheets contain such) as its escape."""
    return str(text).encode("utf-8", "backslashreplace").decode()


def _seal(table: str, row: _Row, columns: Sequence[str] | None = None) -> str:
    facts = [table, *(row.get(name) for name in columns or _COLUMNS[table])]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _put(db: sqlite3.Connection, table: str, row: _Row) -> int:
    """Inserts the row, or replaces the one with its id; returns the id."""
    if "id" not in row:
        (highest,) = db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        row = {"id": int(highest) + 1, **row}
    values = [*(row.get(name) for name in _COLUMNS[table]), row.get("body"), _seal(table, row)]
    names = ", ".join((*_COLUMNS[table], "body", "seal"))
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", values)
    return int(row["id"])


def _get(db: sqlite3.Connection, table: str, number: int) -> _Row:
    cursor = db.execute(f"SELECT * FROM {table} WHERE id = ?", (number,))
    if (found := cursor.fetchone()) is None:
        raise ValueError(f"the journal has no {table} row {number}")
    return dict(zip((column[0] for column in cursor.description), found, strict=True))


def _by(db: sqlite3.Connection, claim: int) -> str:
    """Which commit of this journal has what became of a claim: the last one that was written for its workbook."""
    book = _get(db, "claims", claim)["book"]
    (number,) = db.execute("SELECT max(number) FROM commits WHERE book = ? AND written_at <> ''", (book,)).fetchone()
    return "" if number is None else f"{_BY}{number}"


def _move(db: sqlite3.Connection, claim: int, to: State, **changes: object) -> None:
    """Changes a claim's state. ValueError where the state it is in does not allow that: a bug in the caller."""
    row = _get(db, "claims", claim)
    if row["state"] not in _FROM[to]:
        raise ValueError(f"claim {claim} is {row['state']} and cannot become {to.value}")
    if row["state"] != to or changes:
        _put(db, "claims", row | changes | {"state": to.value})


def _rows(db: sqlite3.Connection, table: str, path: Path) -> Iterator[_Row]:
    """Every row, oldest first, each compared with its checksums."""
    cursor = db.execute(f"SELECT * FROM {table} ORDER BY id")
    names = [column[0] for column in cursor.description]
    for found in cursor:
        row = dict(zip(names, found, strict=True))
        if not _is_whole(table, row):
            raise _damaged(path, f"row {row['id']} of {table} is not what was written")
        yield row


def _is_whole(table: str, row: _Row, columns: Sequence[str] | None = None) -> bool:
    """Whether the row is as it was written: its checksum over everything but the answer's body, and the body's own.

    columns: the checksummed ones of an earlier layout.
    """
    body = row["body"]
    if body is not None and not isinstance(body, bytes):
        return False  # one flipped bit makes a number 0 of "no answer", and other types of the other columns
    try:
        return bool(row["seal"] == _seal(table, row, columns)) and row.get("body_sha") == (
            None if body is None else _sha(body)
        )
    except TypeError:  # bytes where a text was: JSON has no such thing
        return False


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _runs_like(db: sqlite3.Connection, run: str) -> bool:
    return db.execute("SELECT 1 FROM runs WHERE run = ?", (_text(run),)).fetchone() is not None


# --- the file -------------------------------------------------------------------------------------------------------------


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        _sync_folder(folder.parent)


def _begin(path: Path) -> None:
    """Makes an empty journal where there is none: complete under another name first, so a half-made one is never seen.

    So a journal of zero bytes is always a damaged one, never a new one.
    """
    if path.exists():
        return
    if (left := path.with_name(f"{FILE}-wal")).exists():
        raise _damaged(path, f"it is gone, but {left.name} is still there")
    boundary.at("journal.before-write")
    fresh = path.with_name(f"{FILE}.new")
    for name in (fresh, *(fresh.with_name(fresh.name + end) for end in ("-journal", "-wal", "-shm"))):
        name.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(_connected(fresh)) as db:
        with _transaction(db):
            for statement in _SCHEMA.values():
                db.execute(statement)
            _put(db, "self", _new_self())
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {_VERSION}")
        _into_main_file(db)
    fresh.replace(path)
    _sync_folder(path.parent)
    seal_file(path)
    boundary.at("journal.after-write")


def _connected(path: Path) -> sqlite3.Connection:
    """A connection nobody else can share. Every commit is on the disk when it returns."""
    db = _sqlite(path, "mode=rw")
    try:
        # EXCLUSIVE also keeps the WAL's index in memory: no third file, and no shared memory on network disks.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(
            "PRAGMA secure_delete = ON"
        )  # what is replaced is overwritten: an answer that held the key leaves nothing
    except BaseException:
        db.close()
        raise
    return db


def _sqlite(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=0)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _into_main_file(db: sqlite3.Connection) -> None:
    """Moves the WAL into the main file and empties it: a WAL torn later has nothing to lose."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _check_file(path: Path) -> None:
    """Damaged unless the file is whole, ours, and of a layout we know. Reads only: a damaged file stays as it is."""
    # A read-only connection neither folds a left-over WAL in nor deletes it; without one, nothing needs to be locked.
    wal = path.with_name(f"{FILE}-wal")
    left = wal.exists() and wal.stat().st_size > 0
    with closing(_sqlite(path, "mode=ro" if left else "mode=ro&immutable=1")) as db:
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        said = [line for (line,) in db.execute("PRAGMA quick_check(1)")]
        (pages,), (size,) = (db.execute(f"PRAGMA page_{what}").fetchone() for what in ("count", "size"))
        # SQLite reads a last page that is cut short as if blanks followed
        if said != ["ok"] or (not left and path.stat().st_size != pages * size):
            raise _damaged(path, "SQLite finds its pages in disorder")
        if application != _APPLICATION:
            raise _damaged(path, "it is a database, but not a journal of reconcile")
        if version > _VERSION:
            raise _newer(path, version)
        if version < _VERSION and version not in _MIGRATIONS:
            raise _damaged(path, f"there never was a layout {version}")
        if version == _VERSION:
            _check_rows(db, path)


def _check_rows(db: sqlite3.Connection, path: Path) -> None:
    """Damaged unless every table is as we make it and every row as it was written."""
    found = dict(db.execute("SELECT name, sql FROM sqlite_master"))
    if found != _SCHEMA:
        raise _damaged(path, "its tables are not as reconcile makes them")
    for table in _SCHEMA:
        for _row in _rows(db, table, path):
            pass


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == _VERSION:
        return
    boundary.at("journal.before-write")
    with _transaction(db):
        for step in range(version, _VERSION):
            _MIGRATIONS[step](db)
        db.execute(f"PRAGMA user_version = {_VERSION}")
        _check_rows(db, path)
    _into_main_file(db)
    boundary.at("journal.after-write")


_LAYOUT_1: Final[Mapping[str, tuple[str, ...]]] = {
    "runs": _COLUMNS["runs"],
    "claims": tuple(name for name in _COLUMNS["claims"] if name not in ("encoding", "dialect")),
    "sends": (
        *("id", "book", "run", "feed", "key", "value", "verdict", "reason", "at", "answered_at"),
        *("status", "content_type", "body_sha"),
    ),
}
"""The columns of layout 1, of version 0.1: it knew no workbook but by name, and of what was sent neither panel nor act."""


def _from_layout_1(db: sqlite3.Connection) -> None:
    """Layout 1 as layout 2. Who this journal is begins here; the panel of what was sent is filled in by the first commit."""
    kept: dict[str, list[_Row]] = {}
    for table in _LAYOUT_1:
        cursor = db.execute(f"SELECT * FROM {table} ORDER BY id")
        names = [column[0] for column in cursor.description]
        kept[table] = [dict(zip(names, found, strict=True)) for found in cursor]
        db.execute(f"DROP TABLE {table}")
    for statement in _SCHEMA.values():
        db.execute(statement)
    _put(db, "self", _new_self())
    for row in (*kept["runs"], *kept["claims"]):
        _put(db, "claims" if "feed" in row else "runs", row)
    for row in kept["sends"]:
        kind = "refund" if row["feed"] == Feed.ORDERS else row["feed"]
        state = Sent.SENDING if row["verdict"] is None else Sent.TOLD
        unknown = {
            "panel": "",
            "act": "",
            "mark": "",
            "amount": "",
            "about": f"{kind} {row['key']}",
            "state": state.value,
        }
        _put(db, "sends", row | unknown)


_LAYOUT_2: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(name for name in _COLUMNS[table] if name != "dialect") for table in ("claims", "sends", "answers")
}
"""The columns of layout 2, where they were others: its answers had no dialect, because there was but one."""


def _from_layout_2(db: sqlite3.Connection) -> None:
    """Layout 2 as layout 3. Each row is compared with its checksum first: a flipped bit must not get a new one."""
    for table, columns in _LAYOUT_2.items():
        cursor = db.execute(f"SELECT * FROM {table} ORDER BY id")
        names = [column[0] for column in cursor.description]
        if "dialect" in names:
            continue  # it came from layout 1 in this same step
        kept = [dict(zip(names, found, strict=True)) for found in cursor]
        if any(not _is_whole(table, row, columns) for row in kept):
            raise sqlite3.DatabaseError(f"a row of {table} is not what was written")
        db.execute(f"DROP TABLE {table}")
        db.execute(_SCHEMA[table])
        for row in kept:
            _put(db, table, row | {"dialect": None if row["body"] is None else V1})


_MIGRATIONS: Final[dict[int, Callable[[sqlite3.Connection], None]]] = {1: _from_layout_1, 2: _from_layout_2}
"""Layout N → what turns it into N + 1, inside one transaction."""


def _new_self() -> _Row:
    return {"id": 1, "machine": token(), "at": "", "silent_until": 0}


def _hold(place: Path, free: int) -> None:
    """Makes a file that takes RESERVE bytes of the disk. Raises OSError where there are not so many."""
    if free < RESERVE:
        raise OSError(errno.ENOSPC, "")
    handle = os.open(place, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, RESERVE)
        else:
            os.ftruncate(handle, RESERVE)
    finally:
        os.close(handle)


def _fingerprint(path: Path) -> str:
    """What names a file as it stands: nothing but a write of ours keeps all of it, neither copying nor putting back."""
    found = path.stat()
    return json.dumps([found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns])


def seal_file(path: Path, *, closed: bool = False) -> None:
    """Notes how the file stands now. Not waited for: a power cut may cost it, and then silence proves nothing.

    closed: nothing was under way, so that a copy of this very content is as good as the file, as an Action hands it on.
    """
    content = _sha(path.read_bytes()) if closed else ""
    handle = os.open(path.with_name(SEAL), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        os.write(handle, json.dumps([_fingerprint(path), content]).encode())
    finally:
        os.close(handle)


def fits_seal(path: Path) -> bool:
    """Whether the journal is the very file that this machine wrote last, or holds what it held when it was closed."""
    try:
        fingerprint, content = json.loads(path.with_name(SEAL).read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return False
    return bool(fingerprint == _fingerprint(path) or (content and content == _sha(path.read_bytes())))


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":  # Windows has no such call; there a rename is as durable as it gets
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _locked(path: Path) -> int:
    """A handle on the lock file, locked until it is closed or the process ends, however it ends."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if sys.platform == "win32":
            os.lseek(handle, 1 << 20, os.SEEK_SET)  # beyond the text, which others read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, str(os.getpid()).encode())
    except (BlockingIOError, PermissionError):
        os.lseek(handle, 0, os.SEEK_SET)
        holder = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise LeaseHeld(
            f"Another reconcile (process {holder}) is at work with the journal in {path.parent}.",
            "Wait until it has finished, then run again. The lock ends with that process, however it ends.",
        ) from None
    except OSError:
        os.close(handle)
        raise
    return handle


# --- what to say ----------------------------------------------------------------------------------------------------------

_BROKEN: Final = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_MISMATCH,
)

_UNUSABLE: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space on that disk, then run again."),
    sqlite3.SQLITE_BUSY: ("another program has it open", "Close that program, then run again."),
    sqlite3.SQLITE_LOCKED: ("another program has it open", "Close that program, then run again."),
}
_NOT_WRITABLE: Final = "Let this user write to that folder, or move all that is in it to another one and name that with RECONCILE_STATE_DIR; then run again."


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turns what SQLite and the system raise into what a person can act on."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.Error as error:
        failure = _failure(path, error)
    except UnicodeDecodeError:  # SQLite quotes a damaged table's text in its message, and Python cannot decode that
        failure = _damaged(path, "SQLite cannot read it")
    except OSError as error:
        failure = Unavailable(f"The journal {path} cannot be used: {error.strerror}.", _NOT_WRITABLE)
    else:
        return
    raise failure from None


def _failure(path: Path, error: sqlite3.Error) -> ReconcileError:
    code = getattr(error, "sqlite_errorcode", None)
    # Without a code it is Python refusing to decode a text, which only a damaged row makes it do.
    if code is None or code & 0xFF in _BROKEN:
        return _damaged(path, "SQLite cannot read it")
    why, step = _UNUSABLE.get(code & 0xFF, (f"SQLite says {error}", _NOT_WRITABLE))
    return Unavailable(f"The journal {path} cannot be used: {why}.", step)


def _damaged(path: Path, why: str) -> Damaged:
    return Damaged(
        f"The journal {path} is damaged: {why}.",
        f"It may hold the only copy of answers that have not reached the sheet. Nothing was changed. Move every file named "
        f"{FILE}* out of {path.parent} to a safe place and keep them, then run `reconcile sync`: it reports from the "
        "sheet's own record what may be lost, and `reconcile resolve` settles it.",
    )


def _newer(path: Path, version: int) -> Damaged:
    return Damaged(
        f"The journal {path} was made by a newer version of reconcile (layout {version}; this one knows {_VERSION}).",
        "Update reconcile to that version, then run again. Nothing was changed.",
    )
