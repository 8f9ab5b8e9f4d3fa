"""The journal: what this machine was about to do, and what it was answered, before anybody has read it.

One local SQLite file. A write is on the disk when the call returns (WAL, synchronous=FULL, then moved into the main file
at once, so that the main file alone is the whole journal between two writes). Every row carries a checksum of itself and
of its raw answer: a flipped bit is found when the journal is opened, and refused. Nothing is ever repaired silently.

Times are UTC in one ISO form, chosen by the caller: they are only compared with each other. The panel's key never gets
here; the client removes it before anything is handed over.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

from reconcile import boundary
from reconcile.core.model import Feed, RawAnswer
from reconcile.errors import Damaged, LeaseHeld, ReconcileError, Unavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

FILE: Final = "journal.sqlite3"
LOCK: Final = "journal.lock"

NO_BOOK: Final = "by hand"
"""The book of what was asked for by hand while no sheet was set. Answers are kept, and never landed by a sync."""

_APPLICATION: Final = 0x72656331
"""SQLite's application_id: tells our file from any other database."""

_VERSION: Final = 1
"""SQLite's user_version: the layout of the tables below."""

_MIGRATIONS: Final[dict[int, Callable[[sqlite3.Connection], None]]] = {}
"""Layout N → what turns it into N + 1, inside one transaction. Layout 1 is the first one."""

_SEEN: Final = "asked at revision "
"""What stands in a claim's `how` until it is settled."""

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "runs": ("id", "book", "run", "at"),
    "claims": (
        *("id", "book", "run", "feed", "service", "state", "intended_at", "answered_at", "ended_at", "why", "how"),
        *("status", "content_type", "body_sha"),
    ),
    "sends": (
        *("id", "book", "run", "feed", "key", "value", "verdict", "reason", "at", "answered_at"),
        *("status", "content_type", "body_sha"),
    ),
}
"""The checksummed columns per table. `seal` is their checksum; `body` is checksummed by `body_sha`."""


def _layout(table: str) -> str:
    names = ", ".join(_COLUMNS[table][1:])
    return f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {names}, body BLOB, seal TEXT NOT NULL)"


_SCHEMA: Final = {table: _layout(table) for table in _COLUMNS}


class State(StrEnum):
    """How far a claim has come."""

    INTENDED = "intended"
    ANSWERED = "answered"
    UNKNOWN = "unknown"
    NEVER_SENT = "never sent"
    LANDED = "landed"
    SETTLED = "settled"


_OPEN: Final = (State.INTENDED, State.ANSWERED, State.UNKNOWN)
"""What is not done yet: the next run must look at it."""

_FROM: Final[Mapping[State, tuple[State, ...]]] = {
    State.ANSWERED: (State.INTENDED,),
    State.NEVER_SENT: (State.INTENDED,),
    State.UNKNOWN: (State.INTENDED, State.ANSWERED),
    State.LANDED: (State.ANSWERED, State.UNKNOWN, State.LANDED),
    State.SETTLED: (State.INTENDED, State.ANSWERED, State.UNKNOWN, State.SETTLED),
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

    @property
    def name(self) -> str:
        """Its name among the claims of all machines: a run's name is used once."""
        return f"{self.run}-{self.id}"


@dataclass(frozen=True)
class Send:
    """One refund, payment or ticket that was about to be sent. `verdict` is None until its outcome was told."""

    id: int
    feed: str
    key: str
    value: str
    verdict: str | None
    reason: str


_Row = dict[str, Any]


class Journal:
    """The journal of one folder, open and locked. Made by `Journal.open`; a context manager."""

    def __init__(self, folder: Path, lock: int, db: sqlite3.Connection) -> None:
        self._path = folder / FILE
        self._lock = lock
        self._db = db

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
                db = _connected(path)
                try:
                    _migrate(db, path)
                    _check_rows(db, path)
                except BaseException:
                    db.close()
                    raise
        except BaseException:
            os.close(lock)
            raise
        return cls(folder, lock, db)

    def close(self) -> None:
        """Closes the file and lets other processes in. May be called twice."""
        self._db.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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

    def answered(self, claim: int, raw: RawAnswer, at: str) -> None:
        """Keeps a claim's answer, byte for byte, before anybody parses it."""
        with self._write() as db:
            _move(db, claim, State.ANSWERED, answered_at=at, **_answer(raw))

    def never_sent(self, claim: int) -> None:
        """Records that the call did not leave this machine: nothing was handed out."""
        with self._write() as db:
            _move(db, claim, State.NEVER_SENT)

    def unknown(self, claim: int, why: str) -> None:
        """Records that work may have been handed out and no (understood) answer tells which."""
        with self._write() as db:
            _move(db, claim, State.UNKNOWN, why=_text(why))

    def landed(self, claims: Iterable[int], at: str) -> None:
        """Records, for all of them or none, that the workbook now has their rows."""
        with self._write() as db:
            for claim in claims:
                _move(db, claim, State.LANDED, ended_at=at)

    def settle(self, claim: int, how: str) -> None:
        """Records that the sheet now has the doubt on record, or that a person resolved it."""
        with self._write() as db:
            _move(db, claim, State.SETTLED, how=_text(how))

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
                "SELECT book, COUNT(*) FROM claims WHERE book <> ? AND state IN (?, ?, ?) GROUP BY book ORDER BY book",
                (_text(book), *(state.value for state in _OPEN)),
            ).fetchall()
        return tuple((str(name), int(count)) for name, count in found)

    # --- refunds, payments, tickets -------------------------------------------------------------------------------------

    def sending(self, book: str, run: str, feed: str, key: str, value: str, at: str) -> int:
        """Records that a refund, payment or ticket is about to be sent, on the disk when it returns. Returns its number."""
        with self._write() as db:
            return _put(
                db,
                "sends",
                {
                    "book": _text(book),
                    "run": _text(run),
                    "feed": _text(feed),
                    "key": _text(key),
                    "value": _text(value),
                    "reason": "",
                    "at": at,
                    "answered_at": "",
                },
            )

    def sent(self, send: int, verdict: str, reason: str, raw: RawAnswer | None, at: str) -> None:
        """Records what became of it: a verdict's text, the panel's words, and its answer if there was one."""
        with self._write() as db:
            row = _get(db, "sends", send)
            row |= {"verdict": _text(verdict), "reason": _text(reason), "answered_at": at, **_answer(raw)}
            _put(db, "sends", row)

    def sends(self, book: str, run: str) -> tuple[Send, ...]:
        """What that run was about to send to that workbook's panel, oldest first."""
        wanted = (_text(book), _text(run))
        with _told(self._path):
            rows = [row for row in _rows(self._db, "sends", self._path) if (row["book"], row["run"]) == wanted]
        return tuple(
            Send(row["id"], row["feed"], row["key"], row["value"], row["verdict"], row["reason"]) for row in rows
        )

    # --- upkeep -----------------------------------------------------------------------------------------------------------

    def prune(self, book: str, before: str) -> None:
        """Forgets what is done in this workbook and older than `before`. Whatever is open or unclear stays, however old.

        Nothing is written where there is nothing to forget. Runs of other workbooks stay: theirs may be open there.
        """
        claims = "book = ? AND state IN (?, ?, ?) AND max(ended_at, answered_at, intended_at) < ?"
        done = (_text(book), State.LANDED.value, State.SETTLED.value, State.NEVER_SENT.value, before)
        sends = "book = ? AND verdict IS NOT NULL AND verdict <> 'unknown' AND answered_at < ?"
        runs = "book = ? AND at < ? AND run NOT IN (SELECT run FROM claims) AND run NOT IN (SELECT run FROM sends)"
        old = (_text(book), before)
        every = (("claims", claims, done), ("sends", sends, old), ("runs", runs, old))
        with _told(self._path):
            found = [
                self._db.execute(f"SELECT 1 FROM {table} WHERE {which} LIMIT 1", values).fetchone()  # noqa: S608 - ours
                for table, which, values in every
            ]
        if not any(found):
            return
        with self._write() as db:
            for table, which, values in every:
                db.execute(f"DELETE FROM {table} WHERE {which}", values)  # noqa: S608 - same

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction, marked by the boundaries; rolled back when its body raises."""
        boundary.at("journal.before-write")
        with _told(self._path):
            with _transaction(self._db):
                yield self._db
            _into_main_file(self._db)
        boundary.at("journal.after-write")


# --- rows ---------------------------------------------------------------------------------------------------------------


def _claim(row: _Row) -> Claim:
    raw = None if row["body"] is None else RawAnswer(row["status"], row["body"], row["content_type"])
    return Claim(
        id=row["id"],
        book=row["book"],
        run=row["run"],
        feed=row["feed"],
        service=row["service"],
        state=State(row["state"]),
        raw=raw,
        intended_at=row["intended_at"],
        answered_at=row["answered_at"],
        why=row["why"],
        seen=int(row["how"].removeprefix(_SEEN)) if row["how"].startswith(_SEEN) else None,
    )


def _answer(raw: RawAnswer | None) -> _Row:
    if raw is None:
        return {}
    return {
        "status": raw.status,
        "content_type": _text(raw.content_type),
        "body": raw.body,
        "body_sha": _sha(raw.body),
    }


def _text(text: str) -> str:
    """The text as SQLite can keep it: a lone surrogate (sheets contain such) as its escape."""
    return str(text).encode("utf-8", "backslashreplace").decode()


def _seal(table: str, row: _Row) -> str:
    return hashlib.sha256(json.dumps([table, *(row.get(name) for name in _COLUMNS[table])]).encode()).hexdigest()


def _put(db: sqlite3.Connection, table: str, row: _Row) -> int:
    """Inserts the row, or replaces the one with its id; returns the id."""
    if "id" not in row:
        (highest,) = db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()  # noqa: S608 - our own names
        row = {"id": int(highest) + 1, **row}
    values = [*(row.get(name) for name in _COLUMNS[table]), row.get("body"), _seal(table, row)]
    names = ", ".join((*_COLUMNS[table], "body", "seal"))
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608 - our own names
    return int(row["id"])


def _get(db: sqlite3.Connection, table: str, number: int) -> _Row:
    cursor = db.execute(f"SELECT * FROM {table} WHERE id = ?", (number,))  # noqa: S608 - our own names
    if (found := cursor.fetchone()) is None:
        raise ValueError(f"the journal has no {table} row {number}")
    return dict(zip((column[0] for column in cursor.description), found, strict=True))


def _move(db: sqlite3.Connection, claim: int, to: State, **changes: object) -> None:
    """Changes a claim's state. ValueError where the state it is in does not allow that: a bug in the caller."""
    row = _get(db, "claims", claim)
    if row["state"] not in _FROM[to]:
        raise ValueError(f"claim {claim} is {row['state']} and cannot become {to.value}")
    if row["state"] != to:
        _put(db, "claims", row | changes | {"state": to.value})


def _rows(db: sqlite3.Connection, table: str, path: Path) -> Iterator[_Row]:
    """Every row, oldest first, each compared with its checksums."""
    cursor = db.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - our own names
    names = [column[0] for column in cursor.description]
    for found in cursor:
        row = dict(zip(names, found, strict=True))
        if not _is_whole(table, row):
            raise _damaged(path, f"row {row['id']} of {table} is not what was written")
        yield row


def _is_whole(table: str, row: _Row) -> bool:
    """Whether the row is as it was written: its checksum over everything but the answer's body, and the body's own."""
    body = row["body"]
    if body is not None and not isinstance(body, bytes):
        return False  # one flipped bit makes a number 0 of "no answer", and other types of the other columns
    try:
        return bool(row["seal"] == _seal(table, row)) and row.get("body_sha") == (None if body is None else _sha(body))
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
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {_VERSION}")
        _into_main_file(db)
    fresh.replace(path)
    _sync_folder(path.parent)
    boundary.at("journal.after-write")


def _connected(path: Path) -> sqlite3.Connection:
    """A connection nobody else can share. Every commit is on the disk when it returns."""
    db = _sqlite(path, "mode=rw")
    try:
        # EXCLUSIVE also keeps the WAL's index in memory: no third file, and no shared memory on network disks.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
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
        if said != ["ok"]:
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
_NOT_WRITABLE: Final = (
    "Let this user write to that folder (or name another one with RECONCILE_STATE_DIR), then run again."
)


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
