from __future__ import annotations

import errno
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from reconcile import boundary, journal
from reconcile.core.identity import Identity, Known, Mark, Place
from reconcile.core.model import Feed, RawAnswer, Verdict
from reconcile.core.once import Once, Sent
from reconcile.errors import Damaged, Exit, LeaseHeld, Unavailable
from reconcile.journal import FILE, LOCK, ROOM, SEAL, Claim, Journal, State

if TYPE_CHECKING:
    from pathlib import Path

BOOK, RUN = "xlsx:orders", "run-1"
IDENTITY = Identity(BOOK, 4, "c0ffee", ("panel.test/admin/v1",), (Place("m", "orders.xlsx"),), {"other": Mark(3, 4)})
T1, T2, T3, T4 = (f"2026-03-0{day}T10:00:00Z" for day in (1, 2, 3, 4))
RAW = RawAnswer(200, b'{"orders":[{"id":"15","link":"=x\xff\x00"}]}', "application/json")

posix = pytest.mark.skipif(sys.platform == "win32", reason="permission bits and SIGKILL are POSIX")


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "state"


def intended(log: Journal, service: str = "12", *, book: str = BOOK, at: str = T1) -> int:
    return log.intend(book, RUN, Feed.ORDERS, service, at)


def once(feed: str, key: str, value: str) -> Once:
    return Once("panel.test/admin/v1", feed, key, "setCanceled", f"refund {key}", value)


def sending(log: Journal, book: str, run: str, feed: str, key: str, value: str, at: str) -> int:
    """A refund, payment or ticket announced and on its way."""
    number = log.announce(book, run, once(feed, key, value), at)
    log.sending(number, at)
    return number


def states(folder: Path, book: str = BOOK) -> list[tuple[str, State]]:
    with Journal.open(folder) as log:
        return [(claim.service, claim.state) for claim in log.unlanded(book)]


# --- claims --------------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_byte_for_byte(folder):
    """P1: what the panel answered survives closing and opening, exactly."""
    with Journal.open(folder) as log:
        claim = intended(log)
        log.answered(claim, RAW, T2)
    with Journal.open(folder) as log:
        assert log.unlanded(BOOK) == (
            Claim(
                id=claim,
                book=BOOK,
                run=RUN,
                feed="orders",
                service="12",
                state=State.ANSWERED,
                raw=RAW,
                intended_at=T1,
                answered_at=T2,
                why="",
            ),
        )


@pytest.mark.parametrize("body", [b"", b"\x00", os.urandom(70_000)])
def test_any_bytes_are_kept(folder, body):
    """An empty body is an answer too, not a missing one."""
    with Journal.open(folder) as log:
        log.answered(intended(log), RawAnswer(503, body), T2)
    with Journal.open(folder) as log:
        assert [claim.raw for claim in log.unlanded(BOOK)] == [RawAnswer(503, body, "")]


def test_every_state(folder):
    """Only claims that are intended, answered or unknown need looking at; oldest first."""
    with Journal.open(folder) as log:
        intended(log, "intended")
        log.answered(intended(log, "answered"), RAW, T2)
        log.unknown(intended(log, "unknown"), "timed out")
        log.never_sent(intended(log, "never sent"))
        landed = intended(log, "landed")
        log.answered(landed, RAW, T2)
        settled = intended(log, "settled")
        log.unknown(settled, "timed out")
        log.landed([landed], T3)
        log.settle(settled, "on record in the sheet")
    with Journal.open(folder) as log:
        assert [(claim.service, claim.state, claim.why) for claim in log.unlanded(BOOK)] == [
            ("intended", "intended", ""),
            ("answered", "answered", ""),
            ("unknown", "unknown", "timed out"),
        ]


def test_an_answer_nobody_understands_is_kept_with_its_doubt(folder):
    with Journal.open(folder) as log:
        claim = intended(log)
        log.answered(claim, RAW, T2)
        log.unknown(claim, "an HTML page")
        (found,) = log.unlanded(BOOK)
        assert (found.state, found.raw, found.why) == (State.UNKNOWN, RAW, "an HTML page")


ALLOWED = {
    State.INTENDED: {"answered", "never_sent", "unknown", "settle"},
    State.ANSWERED: {"answered", "unknown", "set_aside", "landed", "settle"},
    State.UNKNOWN: {"unknown", "set_aside", "landed", "settle"},
    State.ASIDE: {"unknown", "set_aside", "landed", "settle"},
    State.NEVER_SENT: set(),
    State.LANDED: {"landed"},
    State.SETTLED: {"settle"},
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("step", ["answered", "never_sent", "unknown", "set_aside", "landed", "settle"])
def test_steps_that_make_no_sense_are_refused(folder, state, step):
    """A claim never goes backwards; a refused step changes nothing."""
    log = Journal.open(folder)
    steps = {
        "answered": lambda claim: log.answered(claim, RAW, T2),
        "never_sent": log.never_sent,
        "unknown": lambda claim: log.unknown(claim, "why"),
        "set_aside": log.set_aside,
        "landed": lambda claim: log.landed([claim], T3),
        "settle": lambda claim: log.settle(claim, "how"),
    }
    reach = {
        State.INTENDED: [],
        State.ANSWERED: ["answered"],
        State.UNKNOWN: ["unknown"],
        State.ASIDE: ["answered", "set_aside"],
        State.NEVER_SENT: ["never_sent"],
        State.LANDED: ["answered", "landed"],
        State.SETTLED: ["unknown", "settle"],
    }
    with log:
        claim = intended(log)
        for name in reach[state]:
            steps[name](claim)
        before = log.unlanded(BOOK)
        if step in ALLOWED[state]:
            steps[step](claim)
        else:
            with pytest.raises(ValueError, match=f"claim 1 is {state.value} and cannot become"):
                steps[step](claim)
            assert log.unlanded(BOOK) == before


def test_landing_is_all_or_nothing(folder):
    with Journal.open(folder) as log:
        first, second = intended(log, "1"), intended(log, "2")
        log.answered(first, RAW, T2)
        with pytest.raises(ValueError, match="claim 2 is intended and cannot become landed"):
            log.landed([first, second], T3)
        with pytest.raises(ValueError, match="no claims row 99"):
            log.landed([first, 99], T3)
    assert states(folder) == [("1", State.ANSWERED), ("2", State.INTENDED)]


def test_workbooks_are_kept_apart(folder):
    with Journal.open(folder) as log:
        intended(log, "1")
        intended(log, "2", book="google:b")
        intended(log, "3", book="google:b")
        log.never_sent(intended(log, "4", book="google:c"))
        assert log.other_books(BOOK) == (("google:b", 2),)
        assert log.other_books("google:c") == (("google:b", 2), (BOOK, 1))
    assert states(folder, "google:b") == [("2", State.INTENDED), ("3", State.INTENDED)]


def test_runs(folder):
    with Journal.open(folder) as log:
        log.begin_run(BOOK, RUN, T1)
        log.begin_run(BOOK, RUN, T2)
    with Journal.open(folder) as log:
        assert log.knows_run(RUN)
        assert not log.knows_run("run-2")


# --- refunds, payments, tickets ------------------------------------------------------------------------------------------


def test_sends(folder):
    """What was about to be sent is on record before, its outcome after; per workbook and run."""
    with Journal.open(folder) as log:
        first = sending(log, BOOK, RUN, Feed.ORDERS, "15", "Partial 5", T1)
        sending(log, BOOK, RUN, Feed.PAYMENTS, "ref-1", "12.50", T1)
        sending(log, BOOK, "run-2", Feed.TICKETS, "ref-2", "hello", T1)
        sending(log, "google:b", RUN, Feed.TICKETS, "ref-3", "hello", T1)
        log.replied(first, RAW, T2)
        log.sent(first, Verdict.REFUSED, "bad_remains", T2)
    with Journal.open(folder) as log:
        told = [
            (send.feed, send.key, send.value, send.state, send.verdict, send.reason) for send in log.sends(BOOK, RUN)
        ]
        assert told == [
            ("orders", "15", "Partial 5", Sent.TOLD, "refused", "bad_remains"),
            ("payments", "ref-1", "12.50", Sent.SENDING, None, ""),
        ]
        assert [send.raw for send in log.sends(BOOK, RUN)] == [RAW, None]
        assert [send.key for send in log.sends()] == ["15", "ref-1", "ref-2", "ref-3"]
        log.sent(2, Verdict.UNKNOWN, "timed out", T3)
        assert [(send.verdict, send.reason) for send in log.sends(BOOK, RUN)][1] == ("unknown", "timed out")
        with pytest.raises(ValueError, match="no sends row 9"):
            log.sent(9, Verdict.ACCEPTED, "", T3)


def test_texts_that_utf8_cannot_hold(folder):
    """F17: half of a surrogate pair, as sheets contain them, is kept as its escape; all else as it is."""
    with Journal.open(folder) as log:
        sending(log, BOOK, RUN, Feed.TICKETS, "\ud83d", "zero\x00, 😀, \u202eabc\r\n", T1)
        (send,) = log.sends(BOOK, RUN)
        assert (send.key, send.value) == ("\\ud83d", "zero\x00, 😀, \u202eabc\r\n")


# --- upkeep --------------------------------------------------------------------------------------------------------------


def test_prune(folder):
    """Only what is done and old goes; whatever needs a person stays, however old, and what was sent once for ever."""
    with Journal.open(folder) as log:
        log.begin_run(BOOK, "old and empty", T1)
        log.begin_run(BOOK, RUN, T1)
        for service, step in (
            ("never sent", log.never_sent),
            ("settled", lambda claim: log.settle(claim, "how")),
            ("unknown", lambda claim: log.unknown(claim, "why")),
            ("intended", lambda claim: claim),
        ):
            step(intended(log, service))
        old, recent = intended(log, "landed"), intended(log, "landed later")
        log.answered(old, RAW, T1)
        log.answered(recent, RAW, T2)
        log.landed([old], T2)
        log.landed([recent], T4)
        for verdict in (Verdict.ACCEPTED, Verdict.UNKNOWN, Verdict.REFUSED, None):
            send = sending(log, BOOK, RUN, Feed.ORDERS, str(verdict), "Partial 5", T1)
            if verdict is not None:
                log.sent(send, verdict, "", T4 if verdict is Verdict.REFUSED else T2)
        log.begin_run("another book", "its run", T1)
        log.prune(BOOK, T3)
        assert log.knows_run("its run")
        assert [claim.service for claim in log.unlanded(BOOK)] == ["unknown", "intended"]
        assert [service for (service,) in log._db.execute("SELECT service FROM claims")] == [
            "unknown",
            "intended",
            "landed later",
        ]
        assert [send.key for send in log.sends(BOOK, RUN)] == ["accepted", "unknown", "refused", "None"]
        assert log.knows_run(RUN)
        assert not log.knows_run("old and empty")


def test_boundaries_surround_every_write(folder):
    """The fault harness can stop each write before and after; reading has no boundary."""
    seen: list[str] = []
    boundary.set_hook(seen.append)
    with Journal.open(folder) as log:
        assert seen == ["journal.before-write", "journal.after-write"]  # making the file
        claim, send = intended(log), sending(log, BOOK, RUN, "orders", "15", "x", T1)
        writes = [
            lambda: log.begin_run(BOOK, RUN, T1),
            lambda: log.answered(claim, RAW, T2),
            lambda: log.unknown(claim, "why"),
            lambda: log.landed([claim], T3),
            lambda: log.never_sent(intended(log)),
            lambda: log.settle(intended(log), "how"),
            lambda: log.replied(send, RAW, T2),
            lambda: log.resent(send),
            lambda: log.sent(send, "accepted", "", T2),
            lambda: log.committed(log.committing(IDENTITY, RUN, T1), IDENTITY, "orders.xlsx", T2),
            lambda: log.put_aside(BOOK),
            log.doubt_silence,
            lambda: log.prune(BOOK, T4),
        ]
        for write in writes:
            seen.clear()
            write()
            assert seen[:2] == ["journal.before-write", "journal.after-write"]
            assert len(seen) % 2 == 0
        seen.clear()
        log.unlanded(BOOK), log.other_books(BOOK), log.sends(BOOK, RUN), log.knows_run(RUN)
        log.known(BOOK), log.books(), log.claims(BOOK), log.updates(BOOK, 0), log.silence_counts(RUN)
        assert seen == []
    with Journal.open(folder):
        assert seen == []


# --- one at a time, for nobody else's eyes --------------------------------------------------------------------------------


def test_one_process_at_a_time(folder):
    """P8: a second process is told who has the journal; closing lets it in."""
    with Journal.open(folder) as log:
        with pytest.raises(LeaseHeld) as caught:
            Journal.open(folder)
        assert (
            caught.value.what == f"Another reconcile (process {os.getpid()}) is at work with the journal in {folder}."
        )
        assert caught.value.exit_code == Exit.LEASE
        intended(log)  # the refused one did no harm
    log.close()
    assert states(folder) == [("12", State.INTENDED)]


@posix
def test_the_lock_ends_with_its_process(folder):
    """A killed run locks nobody out, and another process really is kept out while it lives."""
    holder = (
        "import sys; from pathlib import Path; from reconcile.journal import Journal\n"
        "log = Journal.open(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", holder, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LeaseHeld, match=f"process {process.pid}"):
            Journal.open(folder)
        process.kill()
        process.wait()
    assert states(folder) == []


@posix
def test_only_the_owner_can_read_it(folder):
    """P10: answers carry customers' links; the folder is 0700 and the files 0600, whatever the umask."""
    before = os.umask(0)
    try:
        with Journal.open(folder) as log:
            log.make_room()
            intended(log)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    finally:
        os.umask(before)
    assert modes == {FILE: 0o600, f"{FILE}-wal": 0o600, LOCK: 0o600, SEAL: 0o600, ROOM: 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {FILE, LOCK, SEAL}


# --- durability -----------------------------------------------------------------------------------------------------------

KILLED_AT_EVERY_STEP = """
import os, signal, sys
from pathlib import Path
from reconcile import boundary
from reconcile.core.model import RawAnswer
from reconcile.journal import Journal

def work(folder, tick, done):
    boundary.set_hook(tick)
    log = Journal.open(folder)
    log._db.set_trace_callback(tick)  # every SQL statement is a place to die, too
    log.begin_run("b", "r", "t1"); done("run")
    claim = log.intend("b", "r", "orders", "1", "t2"); done("intended")
    log.answered(claim, RawAnswer(200, b"x" * 9000), "t3"); done("answered")
    second = log.intend("b", "r", "orders", "2", "t4"); done("second")
    log.unknown(second, "why"); done("unknown")
    log.landed([claim], "t5"); done("landed")
    log.close()

def child(folder, nth, pipe):
    count = 0
    def tick(_name):
        nonlocal count
        count += 1
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)
    work(folder, tick, lambda name: os.write(pipe, (name + " ").encode()))
    os._exit(0)

for nth in range(1, 1000):
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        child(Path(sys.argv[1]) / str(nth), nth, writing)
    os.close(writing)
    said = os.read(reading, 1000).decode()
    while more := os.read(reading, 1000).decode():
        said += more
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    print(nth, os.WIFSIGNALED(status), said, flush=True)
    if not os.WIFSIGNALED(status):
        break
"""

STAGES = [
    ("", False, []),
    ("run", True, []),
    ("intended", True, [("1", "intended", None)]),
    ("answered", True, [("1", "answered", 9000)]),
    ("second", True, [("1", "answered", 9000), ("2", "intended", None)]),
    ("unknown", True, [("1", "answered", 9000), ("2", "unknown", None)]),
    ("landed", True, [("2", "unknown", None)]),
]


@posix
def test_killed_at_every_step(tmp_path):
    """F22: SIGKILL at every boundary and every SQL statement: what a call returned from is there, nothing is half there."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(tmp_path)], capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) > 30
    assert [killed for _, killed, *_ in lines] == ["True"] * (len(lines) - 1) + ["False"]
    for nth, _, *said in lines:
        with Journal.open(tmp_path / nth) as log:
            found = (
                log.knows_run("r"),
                [(claim.service, claim.state.value, claim.raw and len(claim.raw.body)) for claim in log.unlanded("b")],
            )
        # The call the kill fell into may have happened or not; everything before it has.
        assert found in [(known, claims) for _, known, claims in STAGES[len(said) : len(said) + 2]], (nth, said)


def filled(folder: Path) -> None:
    with Journal.open(folder) as log:
        log.begin_run(BOOK, RUN, T1)
        for service in ("1", "2", "3"):
            log.answered(intended(log, service), RawAnswer(200, service.encode() * 700, "application/json"), T2)
        log.landed([1], T3)
        log.unknown(intended(log, "4"), "timed out")
        send = sending(log, BOOK, RUN, "orders", "15", "Partial 5", T1)
        log.replied(send, RAW, T2)
        log.sent(send, "accepted", "ok", T2)
        for number in range(20):
            ticket = log.committing(IDENTITY, RUN, T1, told=[("orders", str(number), {"status": "Completed" * 20})])
            log.committed(ticket, IDENTITY.committed(log.machine, ticket.number, ticket.stamp), "/srv/orders.xlsx", T2)


def everything(folder: Path) -> object:
    with Journal.open(folder) as log:
        tables = [log._db.execute(f"SELECT * FROM {table}").fetchall() for table in journal._COLUMNS]  # noqa: S608
        return tables, log.unlanded(BOOK), log.sends(BOOK, RUN), log.other_books("none"), log.known(BOOK), log.books()


def put(folder: Path, main: bytes, wal: bytes | None = None) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / FILE).write_bytes(main)
    if wal is not None:
        (folder / f"{FILE}-wal").write_bytes(wal)


def test_torn_at_every_byte(folder):
    """F23: a journal cut short anywhere, also to nothing, is refused, and left as it is."""
    filled(folder)
    whole = (folder / FILE).read_bytes()
    # Cutting is done from the end, byte by byte, in one file: writing 20,000 files would take long.
    with (folder / FILE).open("r+b") as file:
        for size in range(len(whole) - 1, -1, -1):
            file.truncate(size)
            with pytest.raises(Damaged):
                Journal.open(folder)
            assert (folder / FILE).stat().st_size == size
    put(folder, whole)
    assert everything(folder)


def test_flipped_bits(folder):
    """F23: with any one bit flipped the journal is refused (and left as it is), or means exactly what it meant."""
    filled(folder)
    whole, meant = (folder / FILE).read_bytes(), everything(folder)
    picks = random.Random(20)
    refused = 0
    for bit in picks.sample(range(len(whole) * 8), 3000):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        put(folder, bytes(flipped))
        try:
            assert everything(folder) == meant, bit
        except Damaged:
            refused += 1
            assert (folder / FILE).read_bytes() == flipped
    assert refused > 500


def test_flipped_bit_in_an_answer(folder):
    """The regression this is for: SQLite itself does not notice a changed byte inside a value."""
    filled(folder)
    main = (folder / FILE).read_bytes()
    put(folder, main.replace(b"3" * 700, b"3" * 699 + b"2", 1))
    with pytest.raises(Damaged) as caught:
        Journal.open(folder)
    assert caught.value.exit_code == Exit.DAMAGED
    assert caught.value.what == f"The journal {folder / FILE} is damaged: row 3 of claims is not what was written."
    assert caught.value.next_step == (
        "It may hold the only copy of answers that have not reached the sheet. Nothing was changed. Move every file "
        f"named journal.sqlite3* out of {folder} to a safe place and keep them, then run `reconcile sync`: it reports "
        "from the sheet's own record what may be lost, and `reconcile resolve` settles it."
    )


def test_flipped_bit_in_a_missing_answer(folder):
    """Found by flipping every bit: the type of an absent answer becomes the number 0, with one bit."""
    with Journal.open(folder) as log:
        intended(log)
    db = sqlite3.connect(folder / FILE)
    db.execute("UPDATE claims SET body = 0")
    db.commit()
    db.close()
    with pytest.raises(Damaged, match="row 1 of claims is not what was written"):
        Journal.open(folder)


def test_torn_wal(folder, monkeypatch):
    """F23: a write killed before it was moved into the main file is there whole or not at all, wherever its WAL is cut."""
    filled(folder)
    before = everything(folder)
    main = (folder / FILE).read_bytes()
    monkeypatch.setattr(journal, "_into_main_file", lambda _db: None)
    with Journal.open(folder) as log:
        log.landed([2, 3], T4)
        after_main, wal = (folder / FILE).read_bytes(), (folder / f"{FILE}-wal").read_bytes()
        assert after_main == main
    after = everything(folder)
    assert len(wal) > 4096
    seen = []
    for size in [*range(0, len(wal), 61), len(wal)]:
        put(folder, main, wal[:size])
        seen.append(everything(folder))
    assert seen[0] == before
    assert seen[-1] == after
    assert all(found in (before, after) for found in seen)


def test_wal_without_its_journal(folder):
    """A WAL whose main file is gone is not mixed into a new journal."""
    filled(folder)
    (folder / f"{FILE}-wal").write_bytes(b"left over")
    (folder / FILE).unlink()
    with pytest.raises(Damaged, match="it is gone, but journal"):
        Journal.open(folder)
    assert not (folder / FILE).exists()


def test_moved_aside_means_a_new_one(folder):
    filled(folder)
    (folder / FILE).rename(folder / "kept")
    assert states(folder) == []


def test_half_made_file_is_made_again(folder):
    """A run killed while it made the file left it under another name."""
    folder.mkdir()
    (folder / f"{FILE}.new").write_bytes(b"half")
    assert states(folder) == []
    assert {path.name for path in folder.iterdir()} == {FILE, LOCK, SEAL}


# --- versions ---------------------------------------------------------------------------------------------------------------


def pragma(folder: Path, text: str) -> None:
    db = sqlite3.connect(folder / FILE)
    db.execute(f"PRAGMA {text}")
    db.close()


def test_newer_version(folder):
    filled(folder)
    pragma(folder, "user_version = 7")
    with pytest.raises(Damaged) as caught:
        Journal.open(folder)
    assert caught.value.what == (
        f"The journal {folder / FILE} was made by a newer version of reconcile (layout 7; this one knows 3)."
    )
    assert caught.value.next_step == "Update reconcile to that version, then run again. Nothing was changed."


def test_version_that_never_was(folder):
    filled(folder)
    pragma(folder, "user_version = 0")
    with pytest.raises(Damaged, match="there never was a layout 0"):
        Journal.open(folder)


def test_somebody_elses_database(folder):
    filled(folder)
    pragma(folder, "application_id = 1")
    with pytest.raises(Damaged, match="not a journal of reconcile"):
        Journal.open(folder)


def test_tables_changed_by_hand(folder):
    filled(folder)
    pragma(folder, "user_version")
    db = sqlite3.connect(folder / FILE)
    db.execute("ALTER TABLE claims ADD COLUMN mine")
    db.close()
    with pytest.raises(Damaged, match="its tables are not as reconcile makes them"):
        Journal.open(folder)


def test_row_changed_by_hand(folder):
    filled(folder)
    db = sqlite3.connect(folder / FILE)
    db.execute("UPDATE claims SET state = 'landed' WHERE id = 2")
    db.commit()
    db.close()
    with pytest.raises(Damaged, match="row 2 of claims is not what was written"):
        Journal.open(folder)


def test_migration(folder, monkeypatch):
    """An older layout is brought up to date in one step that happens whole or not at all."""
    filled(folder)
    meant = everything(folder)
    extra = "CREATE TABLE extra (id INTEGER PRIMARY KEY, body BLOB, seal TEXT NOT NULL)"
    monkeypatch.setattr(journal, "_VERSION", 4)
    monkeypatch.setattr(journal, "_SCHEMA", journal._SCHEMA | {"extra": extra})

    def unlucky(db: sqlite3.Connection) -> None:
        db.execute(extra)
        raise sqlite3.OperationalError("unlucky")

    monkeypatch.setitem(journal._MIGRATIONS, 3, unlucky)
    before = (folder / FILE).read_bytes()
    with pytest.raises(Damaged):
        Journal.open(folder)
    assert (folder / FILE).read_bytes() == before
    monkeypatch.setitem(journal._MIGRATIONS, 3, lambda db: db.execute(extra) and None)
    seen: list[str] = []
    boundary.set_hook(seen.append)
    assert everything(folder) == meant
    assert seen == ["journal.before-write", "journal.after-write"]
    seen.clear()
    assert everything(folder) == meant
    assert seen == []


def older(folder: Path) -> None:
    """Makes a filled journal what the version before this one would have written: its answers name no dialect."""
    db = sqlite3.connect(folder / FILE)
    for table in ("claims", "sends", "answers"):
        columns = [name for name in journal._COLUMNS[table] if name != "dialect"]
        cursor = db.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
        rows = [dict(zip([c[0] for c in cursor.description], found, strict=True)) for found in cursor]
        names = [*columns, "body", "seal"]
        db.execute(f"DROP TABLE {table}")
        db.execute(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {', '.join(columns[1:])}, body BLOB, seal TEXT NOT NULL)"
        )
        for row in rows:
            values = [*(row[name] for name in columns), row["body"], journal._seal(table, row, columns)]
            db.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values)  # noqa: S608
    db.execute("PRAGMA user_version = 2")
    db.commit()
    db.close()


def test_answers_of_an_older_journal_are_the_references(folder):
    """What was kept before answers named their dialect was asked in v1; everything else is as it was."""
    filled(folder)
    meant = everything(folder)
    older(folder)
    assert everything(folder) == meant
    with Journal.open(folder) as log:
        kept = [claim.raw for claim in log.claims(BOOK) if claim.raw is not None]
    assert kept
    assert {raw.dialect for raw in kept} == {"v1"}


def test_a_flipped_bit_in_an_older_journal_gets_no_new_checksum(folder):
    """Bringing a journal up to date is no way past its checksums, and leaves the damaged file as it was."""
    filled(folder)
    older(folder)
    db = sqlite3.connect(folder / FILE)
    db.execute("UPDATE claims SET service = '99' WHERE id = 1")
    db.commit()
    db.close()
    before = (folder / FILE).read_bytes()
    with pytest.raises(Damaged):
        Journal.open(folder)
    assert (folder / FILE).read_bytes() == before


def test_an_answer_keeps_its_dialect(folder):
    """Which API an answer is in is on the disk with it, for claims and for what is sent once."""
    with Journal.open(folder) as log:
        claim = log.intend(BOOK, RUN, "orders", "12", T1)
        log.answered(claim, RawAnswer(200, b"{}", dialect="v2"), T2)
        send = log.announce(BOOK, RUN, once("orders", "15", "Canceled"), T1)
        log.replied(send, RawAnswer(200, b"{}", dialect="v2"), T2)
    with Journal.open(folder) as log:
        (kept,) = log.claims(BOOK)
        (sent,) = log.sends(BOOK)
    assert kept.raw is not None
    assert sent.raw is not None
    assert (kept.raw.dialect, sent.raw.dialect) == ("v2", "v2")


# --- a second ledger: workbooks, commits, what was sent once -----------------------------------------------------------------


def test_a_commit_is_on_record_before_and_after(folder):
    """What was about to be committed is known to have begun; only what was told as written counts as written."""
    with Journal.open(folder) as log:
        assert log.known(BOOK) is None
        ticket = log.committing(IDENTITY, RUN, T1, [once("orders", "15", "Partial 5")], ["12"])
        begun = log.known(BOOK)
        assert begun == Known(BOOK, "", IDENTITY.panel, ("12",), 0, 1, 4, "c0ffee", {"other": Mark(3, 4)}, {}, {}, T1)
        assert [(send.about, send.state) for send in log.sends()] == [("refund 15", Sent.ANNOUNCED)]
        after = IDENTITY.committed(log.machine, ticket.number, ticket.stamp)
        log.committed(ticket, after, "/srv/orders.xlsx", T2)
        known = log.known(BOOK)
        assert (known.place, known.number, known.revision, known.stamp) == ("/srv/orders.xlsx", 1, 5, ticket.stamp)
        assert (known.stamps, known.times) == ({ticket.stamp: 1}, {ticket.stamp: T2})
        assert known.machines == {"other": Mark(3, 4), log.machine: Mark(1, 5)}
        assert log.committing(after, RUN, T3).number == 2
        assert log.committing(after, RUN, T3).number == 3, "a number is used once, also when nothing came of it"


def test_the_machine_keeps_its_name(folder):
    """docs/design.md 13: a random id, made once; another journal has another one."""
    with Journal.open(folder) as log:
        name = log.machine
    with Journal.open(folder) as log, Journal.open(folder.with_name("other")) as other:
        assert log.machine == name != other.machine


def test_a_journal_that_was_put_back_proves_nothing_by_its_silence(folder, tmp_path):
    """F29: a copy of the folder may lack what was sent since; the file that this machine wrote last lacks nothing."""
    with Journal.open(folder) as log:
        log.begin_run(BOOK, RUN, T1)
    with Journal.open(folder) as log:
        assert (log.put_back, log.silence_counts(RUN)) == (False, True)
        log.begin_run(BOOK, "run-1b", T1)
        shutil.copytree(folder, tmp_path / "kept")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "kept", folder)
    with Journal.open(folder) as log:
        assert (log.put_back, log.silence_counts(RUN)) == (True, False)
        log.begin_run(BOOK, "run-2", T2)
    with Journal.open(folder) as log:
        assert not log.put_back
        assert not log.silence_counts(RUN), "what was known of it then stays unsure, although the file was sealed since"
        log.begin_run(BOOK, "run-3", T3)
        assert log.silence_counts("run-3")


def test_a_journal_that_was_closed_can_be_handed_on(folder, tmp_path):
    """docs/design.md 13: an Action's runs hand it from one to the next: a copy of what was closed lacks nothing."""
    with Journal.open(folder) as log:
        log.begin_run(BOOK, RUN, T1)
    shutil.copytree(folder, tmp_path / "next")
    with Journal.open(tmp_path / "next") as log:
        assert (log.put_back, log.silence_counts(RUN)) == (False, True)


def test_an_answer_that_held_the_key_is_replaced_by_its_cleaned_text(folder):
    """P10: kept as it arrived first, then cleaned in the same run: the bytes that held the key are nowhere in the file."""
    with Journal.open(folder) as log:
        claim = intended(log)
        log.answered(claim, RawAnswer(200, b"before SECRET-KEY-1234 after"), T2)
        log.answered(claim, RawAnswer(200, b"before *** after"), T2)
        send = sending(log, BOOK, RUN, "orders", "15", "x", T1)
        log.replied(send, RawAnswer(200, b"before SECRET-KEY-1234 after"), T2)
        log.replied(send, RawAnswer(200, b"before *** after"), T2)
        assert [found.raw.body for found in log.unlanded(BOOK)] == [b"before *** after"]
    for path in folder.iterdir():
        assert b"SECRET-KEY" not in path.read_bytes()


def test_what_a_doubt_is_about_is_known_when_all_of_it_landed(folder):
    """A claim that was understood whole and landed; a run whose claims all came to an end. Not one of which a part is unknown."""
    with Journal.open(folder) as log:
        log.begin_run(BOOK, RUN, T1)
        whole, part, open_ = intended(log, "1"), intended(log, "2"), intended(log, "3")
        for claim in (whole, part):
            log.answered(claim, RAW, T2)
        log.unknown(part, "broke off")
        log.landed([whole, part], T3)
        assert [log.settled(f"{RUN}-{claim}") for claim in (whole, part, open_)] == [True, False, False]
        assert not log.settled(RUN)
        log.settle(open_, "on record in the sheet")
        assert log.settled(RUN)
        assert not log.settled("run-elsewhere")
        log.set_aside(intended_answer(log))
        assert not log.settled(RUN)


def intended_answer(log: Journal) -> int:
    claim = intended(log, "9")
    log.answered(claim, RAW, T2)
    return claim


def test_earlier_answers_of_one_claim_are_kept(folder):
    """docs/design.md 13, kept before read: "busy" first, then orders: both answers stay, and the newest one is the claim's."""
    busy = RawAnswer(429, b"slow down", "text/plain", "gzip")
    with Journal.open(folder) as log:
        claim = intended(log)
        log.answered(claim, busy, T2)
        log.asked_again(claim)
        assert states_of(log) == [("12", State.INTENDED)], "until it is answered again nobody knows what was handed out"
        log.answered(claim, RAW, T3)
    with Journal.open(folder) as log:
        assert [found.raw for found in log.unlanded(BOOK)] == [RAW]
        assert [body for (body,) in log._db.execute("SELECT body FROM answers")] == [b"slow down"]


def states_of(log: Journal) -> list[tuple[str, State]]:
    return [(claim.service, claim.state) for claim in log.unlanded(BOOK)]


def test_room_is_held_free_for_the_answer(folder, monkeypatch):
    """F35: a disk that fills while an answer arrives has room for it all the same."""
    with Journal.open(folder) as log:
        claim = intended(log)
        log.make_room()
        assert (folder / ROOM).stat().st_size == journal.RESERVE
        full = iter([sqlite3.OperationalError("database or disk is full"), None])
        move = journal._move

        def on_a_full_disk(*args, **changes):
            if (error := next(full)) is not None:
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            assert not (folder / ROOM).exists()
            return move(*args, **changes)

        monkeypatch.setattr(journal, "_move", on_a_full_disk)
        log.answered(claim, RAW, T2)
        assert states_of(log) == [("12", State.ANSWERED)]


def test_nothing_is_asked_for_without_room(folder, monkeypatch):
    """F35: the disk is looked at before work is claimed, and what is lacking is said."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    monkeypatch.setattr(journal, "RESERVE", 64 * 2**20)
    with Journal.open(folder) as log:
        with pytest.raises(Unavailable) as caught:
            log.make_room()
        assert caught.value.what == (
            f"The disk of {folder} has no room for an answer of the panel: 64 MB must be free, 0 are. Nothing was asked for, so "
            "nothing can be lost."
        )
        assert not (folder / ROOM).exists()


# --- a disk that does not help ---------------------------------------------------------------------------------------------


def test_full_disk(folder):
    """F22: a write that finds no room changes nothing and says so; with room again, work goes on."""
    with Journal.open(folder) as log:
        claim = intended(log)
        (pages,) = log._db.execute("PRAGMA page_count").fetchone()
        log._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Unavailable) as caught:
            log.answered(claim, RawAnswer(200, b"x" * 100_000), T2)
        assert caught.value.what == f"The journal {folder / FILE} cannot be used: the disk is full."
        assert caught.value.next_step == "Free some space on that disk, then run again."
        assert caught.value.exit_code == Exit.UNAVAILABLE
        assert [found.state for found in log.unlanded(BOOK)] == [State.INTENDED]
        log._db.execute("PRAGMA max_page_count = 1000000")
        log.answered(claim, RawAnswer(200, b"x" * 100_000), T2)
    assert states(folder) == [("12", State.ANSWERED)]


def test_disk_that_may_not_be_written(folder):
    with Journal.open(folder) as log:
        log._db.execute("PRAGMA query_only = ON")
        with pytest.raises(Unavailable) as caught:
            intended(log)
    assert caught.value.what == (
        f"The journal {folder / FILE} cannot be used: SQLite says attempt to write a readonly database."
    )
    assert caught.value.next_step == (
        "Let this user write to that folder, or move all that is in it to another one and name that with RECONCILE_STATE_DIR; "
        "then run again."
    )


def test_folder_that_is_a_file(folder):
    folder.write_text("")
    for place in (folder, folder / "below"):
        with pytest.raises(Unavailable, match=r"cannot be used: (File exists|Not a directory)"):
            Journal.open(place)


def test_no_room_for_the_lock(folder, monkeypatch):
    """The lock file can fail for another reason than a second process, and then says that one."""

    def full(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "ftruncate", full)
    with pytest.raises(Unavailable, match="cannot be used: No space left on device"):
        Journal.open(folder)


def test_another_program_has_it_open(folder):
    """A database browser left open stops the run before it begins, instead of in the middle."""
    filled(folder)
    browser = sqlite3.connect(folder / FILE, isolation_level=None)
    browser.execute("BEGIN")
    browser.execute("SELECT * FROM claims").fetchall()
    try:
        with pytest.raises(Unavailable, match="another program has it open"):
            Journal.open(folder)
    finally:
        browser.close()
    with Journal.open(folder) as log:
        browser = sqlite3.connect(folder / FILE, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            browser.execute("SELECT * FROM claims")
        browser.close()
        intended(log)
