"""The Google adapter where it differs from every other: stamps, lost answers, staff between two calls, calls counted."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.core.cells import Formula
from reconcile.core.identity import WRITTEN, Here, Identity, Kind, examine, identity_of
from reconcile.core.model import Commit
from reconcile.errors import AccessRefused, Damaged, Disagree, ReconcileError, RevisionMoved, Unavailable
from reconcile.workbook import google
from reconcile.workbook.google import BASE, KEPT, GoogleWorkbook
from reconcile.workbook.google_http import Pace
from reconcile.workbook.templates import templates
from tests.contract.google_subject import GoogleHands, http
from tests.emulator.emulator import OWNER
from tests.emulator.faults import Fault
from tests.emulator.formulas import hyperlink

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.core.model import Row
    from tests.emulator.emulator import Emulator


@pytest.fixture
def hands() -> GoogleHands:
    return GoogleHands()


def order(key: str, **cells: Any) -> Row:
    return {
        "id": key,
        "link": f"https://t.test/{key}",
        "quantity": 100,
        "status": "Processing",
        "sync": f"#{key} · New.",
        **cells,
    }


def change(run: str, key: str) -> Commit:
    """A row, its ledger row and the lease."""
    return Commit(
        run,
        append={"orders": [order(key)]},
        ledger=[{"tab": "orders", "key": key, "state": "open"}],
        meta={"lease": run},
    )


def landed(hands: GoogleHands, *keys: str) -> GoogleWorkbook:
    """A workbook that has read after these orders were landed."""
    book = hands.open()
    book.commit(Commit("run", append={"orders": [order(key) for key in keys]}), book.read().revision)
    book.read()
    return book


def ids(hands: GoogleHands) -> list[str]:
    return list(hands.open().read().tabs["orders"].index)


# --- calls ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 5, 500])
def test_a_read_is_one_call_and_a_commit_is_one_call(hands: GoogleHands, rows: int) -> None:
    """Whatever the number of rows: counted by the adapter and at the server alike."""
    book, calls = hands.open(), len(hands.emulator.calls)
    revision = book.read().revision
    keys = [str(number) for number in range(rows)]
    revision = book.commit(
        Commit(
            "run",
            append={"orders": [order(key) for key in keys]},
            ledger=[{"tab": "orders", "key": key} for key in keys],
        ),
        revision,
    )
    notes = {key: f"#{key} · Sent." for key in keys}
    book.commit(Commit("run", sync={"orders": notes}, append={"runs": [{"run": "r"}]}), revision)
    assert book.http.calls == {"read": 1, "write": 2}
    assert [call.kind for call in hands.emulator.calls[calls:]] == ["values.batchGet", "batchUpdate", "batchUpdate"]
    assert list(hands.open().read().tabs["orders"]["sync"]) == list(notes.values())


def test_logs_are_read_only_when_asked_for(hands: GoogleHands) -> None:
    """A year of History costs a run nothing; its headings are looked at all the same."""
    book = hands.open()
    book.commit(Commit("run", append={"history": [{"id": "1"}] * 50}), book.read().revision)
    assert len(book.read().tabs["history"]) == 0
    assert len(book.read(["history"]).tabs["history"]) == 50
    hands.rename_header("history", "Result", "Oops")
    with pytest.raises(Damaged, match="'Result'"):
        book.read()


def test_pacing_keeps_below_the_quota() -> None:
    """55 calls of a kind in a moving minute, then a wait until the oldest is a minute old."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(clock=lambda: now[0], sleep=sleep)
    for _ in range(111):
        pace.wait("write")
        now[0] += 0.5
    assert now[0] >= 120
    assert now[0] < 130


# --- two writers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order_of_calls", sorted(set(itertools.permutations("aabb"))))
def test_two_writers_at_every_interleaving(hands: GoogleHands, order_of_calls: tuple[str, ...]) -> None:
    """Each reads, then commits: whoever commits first on a revision wins, the other is refused whole."""
    books = {"a": hands.open(), "b": hands.open()}
    revisions: dict[str, int] = {}
    won: list[str] = []
    for who in order_of_calls:
        if who not in revisions:
            revisions[who] = books[who].read().revision
            continue
        try:
            books[who].commit(change(who, who), revisions[who])
            won.append(who)
        except RevisionMoved:
            pass  # that is the promise
    both = order_of_calls in (tuple("aabb"), tuple("bbaa"))
    assert len(won) == (2 if both else 1)
    snapshot = hands.open().read()
    assert list(snapshot.tabs["orders"].index) == won
    assert list(snapshot.ledger["key"]) == won
    assert snapshot.meta["lease"] == won[-1]
    assert snapshot.revision == len(won)


def test_a_whole_run_inside_anothers_commit(hands: GoogleHands) -> None:
    """Another run reads and commits while our batch is on its way: ours is refused, nothing of it is there."""
    slow, quick = hands.open(), hands.open()
    revision = slow.read().revision

    def other(_emulator: Emulator) -> None:
        quick.commit(change("quick", "1"), quick.read().revision)

    hands.emulator.faults.pause_before(len(hands.emulator.calls) + 1, other)
    with pytest.raises(RevisionMoved):
        slow.commit(change("slow", "2"), revision)
    assert ids(hands) == ["1"]


# --- lost answers and trouble --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [Fault.commit_then_drop(), Fault.truncate(), Fault.status(503, after=True), Fault.html(500, after=True)]
)
def test_a_commit_whose_answer_is_lost_is_found_by_its_stamp(hands: GoogleHands, fault: Fault) -> None:
    """Nothing doubled, nothing missing, and the adapter goes on as if the answer had come."""
    book = landed(hands, "1")
    hands.emulator.faults.at(len(hands.emulator.calls) + 1, fault)
    revision = book.commit(Commit("run", append={"orders": [order("2")]}, sync={"orders": {"1": "#1 · Sent."}}), 1)
    assert revision == 2
    book.commit(Commit("run", sync={"orders": {"1": "#1 · Held.", "2": "#2 · Sent."}}), revision)
    frame = hands.open().read().tabs["orders"]
    assert list(frame.index) == ["1", "2"]
    assert list(frame["sync"]) == ["#1 · Held.", "#2 · Sent."]


@pytest.mark.parametrize(
    "fault", [Fault.drop(), Fault.status(500), Fault.html(502), Fault.status(503), Fault.status(429)]
)
@pytest.mark.parametrize("call", [1, 2, 3])
def test_trouble_at_each_call_is_survived(hands: GoogleHands, fault: Fault, call: int) -> None:
    """One trouble at the read, the commit, or the look at its stamp: the commit is applied exactly once."""
    book = hands.open()
    hands.emulator.faults.at(len(hands.emulator.calls) + call, fault)
    if call == 3:
        hands.emulator.faults.at(len(hands.emulator.calls) + 2, Fault.commit_then_drop())
    assert book.commit(change("run", "1"), book.read().revision) == 1
    assert ids(hands) == ["1"]


@pytest.mark.parametrize("fault", [Fault.drop(), Fault.status(500), Fault.html(502), Fault.status(429)])
def test_trouble_that_does_not_end_is_bounded(hands: GoogleHands, fault: Fault) -> None:
    """Exit 5 after a counted number of calls; the next run does the work."""
    book = landed(hands, "1")
    calls = len(hands.emulator.calls)
    hands.emulator.faults.always(fault)
    with pytest.raises(Unavailable):
        book.commit(change("run", "2"), 1)
    assert len(hands.emulator.calls) - calls <= 24
    hands.emulator.faults.clear()
    landed(hands, "2")
    assert ids(hands) == ["1", "2"]


def test_a_read_that_fails_never_looks_like_an_empty_sheet(hands: GoogleHands) -> None:
    book = landed(hands, "1")
    for fault in (
        Fault.answer(200, b"{}"),
        Fault.answer(200, b""),
        Fault.answer(200, b"[]"),
        Fault.answer(200, b"<html>"),
    ):
        hands.emulator.faults.when(lambda call: call.kind == "values.batchGet", fault, times=3)
        with pytest.raises(Unavailable):
            book.read()
        hands.emulator.faults.clear()
    assert ids(hands) == ["1"]


@pytest.mark.parametrize("code", [401, 403, 404])
def test_access_taken_away_in_mid_run(hands: GoogleHands, code: int) -> None:
    """Exit 6 with the account to share with, at once: no repeats."""
    book = landed(hands, "1")
    calls = len(hands.emulator.calls)
    hands.emulator.faults.always(Fault.status(code))
    with pytest.raises(AccessRefused) as caught:
        book.commit(change("run", "2"), 1)
    assert hands.emulator.service_account in caught.value.next_step
    assert len(hands.emulator.calls) - calls == 1


def test_a_switched_off_api_is_said(hands: GoogleHands) -> None:
    text = (
        b'{"error": {"code": 403, "message": "Google Sheets API has not been used in project 1 before", "status": "X"}}'
    )
    hands.emulator.faults.always(Fault.answer(403, text))
    with pytest.raises(AccessRefused, match="switched off") as caught:
        hands.open().read()
    assert "Switch it on" in caught.value.next_step


# --- stamps --------------------------------------------------------------------------------------------------------------------


def test_stamps_are_pruned_within_the_budget(hands: GoogleHands) -> None:
    """The last hundred are kept, and take a small part of the 30,000 characters."""
    book = hands.open()
    revision = book.read().revision
    for number in range(KEPT + 20):
        revision = book.commit(Commit(f"20261122-155316-{number:04x}", meta={"lease": str(number)}), revision)
    stamps = hands.emulator.book(hands.id).metadata
    assert sorted(number - BASE for number in stamps) == [0, *range(21, KEPT + 21)]
    assert sum(len(entry["metadataKey"]) + len(entry["metadataValue"]) for entry in stamps.values()) < 30_000 / 4


@pytest.mark.parametrize("refused", [False, True])
def test_a_stamp_that_is_gone_already_sinks_no_commit(hands: GoogleHands, refused: bool) -> None:  # noqa: FBT001 - the case
    """Whether Google refuses to delete what is not there is not known: both are survived, and answers are counted right."""
    book = landed(hands, "1")
    revision = 1
    while revision < KEPT:
        revision = book.commit(Commit("run"), revision)
    hands.emulator.book(hands.id).metadata.clear()
    hands.emulator.switches.delete_missing_metadata_fails = refused
    revision = book.commit(Commit("run", sync={"orders": {"1": "#1 · Held."}}), revision)
    book.commit(Commit("run", sync={"orders": {"1": "#1 · Sent."}}), revision)
    assert hands.open().read().tabs["orders"].loc["1", "sync"] == "#1 · Sent."


def test_a_restored_version_is_not_an_endless_race(hands: GoogleHands) -> None:
    """The stamp is there, the ledger is older: said in words, with what to do, instead of "run again"."""
    book = hands.open()
    before = hands.see("ledger")
    book.commit(change("run", "1"), book.read().revision)
    hands.show("ledger", before)
    again = hands.open()
    with pytest.raises(Damaged) as caught:
        again.commit(change("next", "2"), again.read().revision)
    assert caught.value.what == google.RESTORED.format(now=0, newest=1)
    assert "twice" in caught.value.next_step


def test_a_version_restored_from_long_ago_stops_the_run_at_its_begin(hands: GoogleHands) -> None:
    """Its stamp was pruned long since, so the commit is taken; the newer stamps beside it say so before anything is sent."""
    book, store = hands.open(), hands.emulator.book(hands.id)
    revision = book.commit(change("run", "1"), book.read().revision)
    older = store.snapshot()
    for _ in range(KEPT + 4):
        revision = book.commit(Commit("run"), revision)
    store.restore({**older, "metadata": dict(store.metadata)})  # stamps are not part of the version history
    again = hands.open()
    with pytest.raises(Damaged) as caught:
        again.commit(Commit("next", meta={"claiming": "12"}), again.read().revision)
    assert caught.value.what == google.RESTORED.format(now=2, newest=KEPT + 5)
    assert caught.value.next_step == google.UNRESTORE


def chained(book: GoogleWorkbook, before: Identity, commit: str, **more: Any) -> Identity:
    """Commits with the identity that comes after `before`."""
    after = before.committed("machine", before.revision + 1, commit)
    revision = book.commit(Commit("run", meta={**after.meta, **more}), before.revision)
    return after if revision == after.revision else after.at_revision("machine", revision)


def mixed(hands: GoogleHands, *, metadata: bool = True) -> Identity:
    """A run's commit went into an older version: the identity that this version had."""
    hands.emulator.switches.restoring_brings_metadata_back = metadata
    book = hands.open()
    first = chained(book, Identity(revision=book.read().revision), "c1", lease="one", claiming="12")
    version = hands.keep()
    second = chained(book, first, "c2", lease=None, claiming=None)
    third = chained(book, second, "c3", claiming="13", lease="two")  # in each other's places
    hands.put_back(version)
    with pytest.raises(Disagree) as caught:
        chained(book, third, "c4", lease="three")
    assert caught.value.what == google.PUT_BACK
    assert "`reconcile restore`" in caught.value.next_step
    return first


@pytest.mark.parametrize("metadata", [True, False])
def test_a_version_put_back_between_two_commits_stops_the_run_and_the_next_one(
    hands: GoogleHands, *, metadata: bool
) -> None:
    """It keeps its own identity, whatever became of the stamps; rows that stand twice in its ledger now are no hindrance."""
    first = mixed(hands, metadata=metadata)
    for _ in range(2):
        snapshot = hands.open().read()
        found = identity_of(snapshot.meta, snapshot.revision)
        assert found.mixed
        assert (found.commit, found.machines) == (first.commit, first.machines)
        assert [each.kind for each in examine(found, None, Here("another", ""))] == [Kind.OLDER]


def test_a_commit_upon_a_mixed_version_puts_it_right(hands: GoogleHands) -> None:
    """What `restore` commits replaces the copy's own identity, and no ledger row stands twice any more."""
    mixed(hands)
    book = hands.open()
    snapshot = book.read()
    names = [(row[0], row[1]) for row in hands.see("ledger")[1:] if row[0]]
    assert len(set(names)) < len(names)
    found = identity_of(snapshot.meta, snapshot.revision)
    after = found.committed("machine", 9, "c9").at_revision("machine", found.revision + 3)
    book.commit(Commit("restore", meta=after.meta, revision=after.revision), found.revision)
    snapshot = hands.open().read()
    assert identity_of(snapshot.meta, snapshot.revision) == after
    names = [(row[0], row[1]) for row in hands.see("ledger")[1:] if row[0]]
    assert len(set(names)) == len(names)


def test_a_program_that_does_not_know_the_witness_is_no_contradiction(hands: GoogleHands) -> None:
    """An earlier one writes its commit by place and leaves the witness at the revision before."""
    book = hands.open()
    first = chained(book, Identity(revision=book.read().revision), "c1")
    meta = {**book.read().meta, "commit": "theirs"}
    assert meta[WRITTEN] == f"{first.revision} c1"
    assert not identity_of(meta, first.revision + 1).mixed
    assert identity_of(meta, first.revision).mixed


def test_where_google_finds_nothing_in_hidden_tabs_the_identity_goes_by_place(hands: GoogleHands) -> None:
    """A commit that did not find the one before it looks before it believes that the sheet was put back."""
    hands.emulator.switches.findreplace_in_hidden_tabs = False
    book = hands.open()
    identity = Identity(revision=book.read().revision)
    for number in range(4):
        identity = chained(book, identity, f"c{number}")
        snapshot = hands.open().read()
        assert (snapshot.revision, snapshot.meta["commit"]) == (identity.revision, f"c{number}")
        assert not identity_of(snapshot.meta, snapshot.revision).mixed
    assert identity.revision == 5  # one more for what had to be written again


def test_a_put_back_after_a_lost_answer_is_found_by_the_next_commit(hands: GoogleHands) -> None:
    """Of a batch whose answer was lost nobody knows what it found."""
    book = hands.open()
    identity = chained(book, Identity(revision=book.read().revision), "c1")
    version = hands.keep()
    identity = chained(book, identity, "c2")
    hands.put_back(version)
    hands.emulator.faults.at(len(hands.emulator.calls) + 1, Fault.commit_then_drop())
    identity = chained(book, identity, "c3")
    with pytest.raises(Disagree):
        chained(book, identity, "c4")


# --- staff between read and commit ---------------------------------------------------------------------------------------------


def test_blank_sync_cells_are_answered_wherever_their_rows_went(hands: GoogleHands) -> None:
    """Staff sort, insert and delete after the read: each payment's answer stands in its own row, the others keep theirs."""
    hands.paste("payments", [[f"PAY {number}", "u", number] for number in (3, 1, 2)])
    book = hands.open()
    book.commit(Commit("run", sync={"payments": {"PAY 3": "#PAY 3 · Sent."}}), book.read().revision)
    hands.paste("payments", [["PAY 4", "u", 4], [5, "u", 5], [" PAY 6 ", "u", 6]])
    book.read()
    staff = hands.as_staff()
    staff.sort("payments", "Reference", down=True)
    staff.insert_row("payments", 3)
    staff.delete_row("payments", "PAY 2")
    staff.paste("payments", [["PAY 7", "u", 7]])
    notes = {key: f"#{key} · Waiting." for key in ("PAY 1", "PAY 2", "PAY 4", "5", "PAY 6")}
    book.commit(Commit("run", sync={"payments": notes}), 1)
    frame = hands.open().read().tabs["payments"]
    said = {key: frame.loc[key, "sync"] for key in frame.index}
    moved = said.pop("PAY 7")
    assert said == {**{key: text for key, text in notes.items() if key != "PAY 2"}, "PAY 3": "#PAY 3 · Sent."}
    assert moved in (None, "PAY 7")


def test_a_row_that_lost_its_key_keeps_its_text(hands: GoogleHands) -> None:
    """Its Sync text is all that says which row it was: answering others never costs it that."""
    hands.paste("payments", [["A", "u", 1], ["B", "u", 2]])
    book = hands.open()
    book.commit(Commit("run", sync={"payments": {"A": "#A · Sent.", "B": "#B · Sent."}}), book.read().revision)
    hands.type("payments", "A", "Reference", None)
    hands.paste("payments", [["C", "u", 3], ["D", "u", 4]])
    book.read()
    book.commit(Commit("run", sync={"payments": {"C": "#C · Sent.", "D": "#D · Sent."}}), 1)
    assert list(hands.open().read().tabs["payments"]["sync"]) == [
        "#A · Sent.",
        "#B · Sent.",
        "#C · Sent.",
        "#D · Sent.",
    ]


def test_a_row_added_meanwhile_gets_at_most_its_own_key(hands: GoogleHands) -> None:
    """And the next run answers it like any other."""
    hands.paste("payments", [["B", "u", 1]])
    book = hands.open()
    book.read()
    hands.as_staff().insert_row("payments", 2)
    hands.as_staff().person("payments").type("A2", "A")
    book.commit(Commit("run", sync={"payments": {"B": "#B · Sent."}}), 0)
    frame = hands.open().read().tabs["payments"]
    assert frame.loc["A", "sync"] in (None, "A")
    again = hands.open()
    again.commit(Commit("run", sync={"payments": {"A": "#A · Waiting.", "B": "#B · Sent."}}), again.read().revision)
    frame = hands.open().read().tabs["payments"]
    assert (frame.loc["A", "sync"], frame.loc["B", "sync"]) == ("#A · Waiting.", "#B · Sent.")


def syncs(hands: GoogleHands, tab: str) -> dict[str, Any]:
    """What Sync shows, by key."""
    frame = hands.open().read().tabs[tab]
    return dict(zip(frame.index, frame["sync"], strict=True))


def test_a_fill_down_over_sync_is_undone_with_the_next_answers(hands: GoogleHands) -> None:
    """No answer lands in a row it is not about; the others show their key, which the next run answers."""
    landed(hands, "1", "2", "3", "4")
    hands.person("orders").fill_down("Sync", "#1 · New.", last=4)
    book = hands.open()
    revision = book.commit(Commit("run", sync={"orders": {"2": "#2 · Sent."}}), book.read().revision)
    assert syncs(hands, "orders") == {"1": "#1 · New.", "2": "#2 · Sent.", "3": "3", "4": "#4 · New."}
    book.commit(Commit("run", sync={"orders": {"1": "#1 · Held.", "3": "#3 · Sent."}}), revision)
    assert syncs(hands, "orders") == {"1": "#1 · Held.", "2": "#2 · Sent.", "3": "#3 · Sent.", "4": "#4 · New."}


def test_the_row_a_fill_down_started_from_is_answered_alone(hands: GoogleHands) -> None:
    """Its own text stands in other rows, too."""
    landed(hands, "1", "2", "3")
    hands.person("orders").fill_down("Sync", "#1 · New.")
    book = hands.open()
    book.commit(Commit("run", sync={"orders": {"1": "#1 · Held."}}), book.read().revision)
    assert syncs(hands, "orders") == {"1": "#1 · Held.", "2": "2", "3": "3"}


@pytest.mark.parametrize("typed", ["zzz", "=1+1", True, 1.5, 1e20, "#2 · New.", "2"])
def test_what_staff_typed_into_sync_gives_way_to_the_answer(hands: GoogleHands, typed: Any) -> None:
    """Whatever it shows, and whatever row it seems to be about."""
    landed(hands, "1", "2")
    hands.type("orders", "1", "Sync", Formula(typed) if typed == "=1+1" else typed)
    book = hands.open()
    book.commit(Commit("run", sync={"orders": {"1": "#1 · Sent."}}), book.read().revision)
    assert syncs(hands, "orders") == {"1": "#1 · Sent.", "2": "#2 · New."}


def test_a_fill_down_waits_where_row_numbers_do_not_hold(hands: GoogleHands) -> None:
    """Orders were moved to Archive in the same run: nothing is answered by a text that other rows show, too."""
    landed(hands, "1", "2", "3", "4")
    hands.person("orders").fill_down("Sync", "#1 · New.", last=3)
    book = hands.open()
    snapshot = book.read()
    row = {**snapshot.tabs["orders"].loc["4"].to_dict(), "sync": "#4 · New."}
    leaving = {key: value for key, value in row.items() if key in templates().tab("archive").keys}
    revision = book.commit(Commit("run", archive={"4": leaving}), snapshot.revision)
    book.commit(Commit("run", sync={"orders": {"1": "#1 · Held.", "3": "#3 · Held."}}), revision)
    assert syncs(hands, "orders") == {"1": "#1 · New.", "2": "#1 · New.", "3": "#3 · Held."}


@pytest.mark.parametrize("tab", ["payments", "tickets"])
def test_new_rows_are_answered_below_thousands(hands: GoogleHands, monkeypatch: pytest.MonkeyPatch, tab: str) -> None:
    """Payments and tickets stay for ever: the one that comes after thousands is answered like the first."""
    monkeypatch.setattr(google, "WHOLE_COLUMN", 3)
    hands.paste(tab, [["A", "u"], ["B", "u"], ["C", "u"]])
    notes = {key: f"#{key} · Sent." for key in "ABC"}
    book = hands.open()
    book.commit(Commit("run", sync={tab: notes}), book.read().revision)
    hands.paste(tab, [["D", "u"], ["E", "u"]])
    book = hands.open()
    calls = len(hands.emulator.calls)
    book.commit(Commit("run", sync={tab: {"E": "#E · Sent."}}), book.read().revision)
    assert syncs(hands, tab) == {**notes, "D": None, "E": "#E · Sent."}
    kinds = hands.emulator.calls[calls + 1].request_kinds
    assert (kinds.count("copyPaste"), kinds.count("findReplace")) == (1, 1)


def test_a_row_moved_in_that_second_shows_its_key_below_thousands(
    hands: GoogleHands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell that was copied is another row's now: no answer is about a row it does not stand in."""
    monkeypatch.setattr(google, "WHOLE_COLUMN", 1)
    hands.paste("payments", [["B", "u"], ["A", "u"]])
    book = hands.open()
    book.commit(Commit("run", sync={"payments": {"B": "#B · Sent."}}), book.read().revision)
    book.read()
    hands.sort("payments", "Reference")
    book.commit(Commit("run", sync={"payments": {"A": "#A · Sent."}}), 1)
    assert syncs(hands, "payments") == {"A": None, "B": "B"}


def test_rows_go_below_while_a_filter_hides_others(hands: GoogleHands) -> None:
    book = landed(hands, "1", "2")
    hands.as_staff().person("orders").filter("Status", ["Processing"])
    book.commit(Commit("run", append={"orders": [order("3")]}, sync={"orders": {"1": "#1 · Sent."}}), 1)
    frame = hands.open().read().tabs["orders"]
    assert list(frame.index) == ["1", "2", "3"]
    assert frame.loc["1", "sync"] == "#1 · Sent."


def test_a_full_tab_grows_and_looks_alike(hands: GoogleHands) -> None:
    """The new rows have drop-downs and formats; the old ones keep what staff made of theirs."""
    book = hands.open()
    rows = [order(str(number)) for number in range(1_010)]
    book.commit(Commit("run", append={"orders": rows}), book.read().revision)
    sheet = hands.emulator.sheet(hands.id, "Orders")
    assert sheet.row_count >= 2_000
    cell = sheet.get(sheet.row_count - 1, 4)
    assert cell is not None
    assert cell.rule is not None
    assert len(hands.open().read().tabs["orders"]) == 1_010


def test_rows_deleted_from_a_full_tab_do_not_sink_the_commit(hands: GoogleHands) -> None:
    """A row number beyond the tab's end is refused by Google; the commit then does without what needs numbers."""
    hands.paste("payments", [[None, "u", 1], ["A", "u", 1], ["B", "u", 2]])
    hands.person("payments").type("J2", "#Z · Sent.")
    sheet = hands.emulator.sheet(hands.id, "Payments")
    hands.as_staff().person("payments").delete_rows(5, sheet.row_count)
    book = hands.open()
    book.read()
    hands.as_staff().person("payments").delete_rows(2, 3)
    assert book.commit(Commit("run", sync={"payments": {"A": "#A · x.", "B": "#B · x."}}, meta={"lease": "x"}), 0) == 1
    assert hands.open().read().meta["lease"] == "x"


@pytest.mark.parametrize(
    "act",
    [
        lambda hands: hands.add_column("orders", "Team", "Ann", at=0),
        lambda hands: hands.move_column("orders", "Status", 0),
        lambda hands: hands.move_column("orders", "Sync", 3),
    ],
    ids=["own column before ours", "status moved", "sync moved"],
)
def test_columns_moved_before_a_landing_are_followed(hands: GoogleHands, act: Callable[[GoogleHands], None]) -> None:
    """The begin commit's answer brings the headings back: what lands afterwards stands under them."""
    book = landed(hands, "1")
    act(hands)
    revision = book.commit(Commit("run", meta={"claiming": "12"}), 1)
    revision = book.commit(Commit("run", append={"orders": [order("2")]}), revision)
    book.commit(Commit("run", sync={"orders": {"1": "#1 · Sent.", "2": "#2 · Sent."}}), revision)
    frame = hands.open().read().tabs["orders"]
    assert list(frame.index) == ["1", "2"]
    assert list(frame["sync"]) == ["#1 · Sent.", "#2 · Sent."]
    assert book.http.calls == {"read": 2, "write": 4}


def test_columns_moved_in_the_second_of_a_landing_are_said(hands: GoogleHands) -> None:
    """Exit 8 naming the rows: nothing of staff's is touched, and nothing is claimed after it."""
    book = landed(hands, "1")
    hands.add_column("orders", "Team", "Ann", at=0)
    before = hands.see("orders")
    with pytest.raises(Damaged, match=r"Columns of 'Orders' were moved in the very second the job added rows \(2\)"):
        book.commit(Commit("run", append={"orders": [order("2")]}), 1)
    assert hands.see("orders")[: len(before)] == before


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda hands: hands.rename_header("orders", "Sync", "Oops"), "no heading 'Sync'"),
        (lambda hands: hands.rename_header("payments", "Amount", None), "no heading 'Amount'"),
        (lambda hands: hands.add_column("orders", "Status", "x"), "'Status' twice"),
        (lambda hands: hands.person("refills").rename_tab("Old"), "no tab 'Refills'"),
        (lambda hands: hands.remove_tab("refills"), "no tab 'Refills'"),
    ],
    ids=["heading", "blank heading", "doubled", "tab renamed", "tab deleted"],
)
def test_a_broken_structure_stops_the_run_at_its_begin(
    hands: GoogleHands, act: Callable[[GoogleHands], None], words: str
) -> None:
    """Changed by the sheet's owner after the read: the first commit says so, before anything is claimed."""
    book = landed(hands, "1")
    act(hands)
    with pytest.raises(Damaged) as caught:
        book.commit(Commit("run", meta={"claiming": "12"}), 1)
    assert words in caught.value.what
    assert caught.value.next_step


def test_rows_land_although_a_tab_was_renamed_since_the_begin(hands: GoogleHands) -> None:
    """What was received is never lost for a name, not even that of a tab without any part in it; the next read says so."""
    book = landed(hands, "1")
    revision = book.commit(Commit("run", meta={"claiming": "12"}), 1)
    hands.person("tickets").rename_tab("Tickets (Nov)")
    revision = book.commit(change("run", "2"), revision)
    book.commit(Commit("run", sync={"orders": {"2": "#2 · Sent."}}, meta={"claiming": None}), revision)
    with pytest.raises(Damaged, match="no tab 'Tickets'"):
        hands.open().read()
    hands.emulator.staff(hands.id, "Tickets (Nov)", hands.email).rename_tab("Tickets")
    frame = hands.open().read().tabs["orders"]
    assert list(frame.index) == ["1", "2"]
    assert frame.loc["2", "sync"] == "#2 · Sent."


def test_a_landing_that_was_applied_although_refused_is_not_repeated(hands: GoogleHands) -> None:
    """Whether Google applies a batch whose answer it cannot make is not known; its stamp tells."""
    book = landed(hands, "1")
    revision = book.commit(Commit("run", meta={"claiming": "12"}), 1)
    words = (
        b'{"error": {"code": 400, "message": "Unable to parse range: \'Tickets\'!1:1", "status": "INVALID_ARGUMENT"}}'
    )
    hands.emulator.faults.at(len(hands.emulator.calls) + 1, Fault.answer(400, words, after=True))
    calls = len(hands.emulator.calls)
    assert book.commit(change("run", "2"), revision) == 3
    assert [call.kind for call in hands.emulator.calls[calls:]] == ["batchUpdate", "developerMetadata.get"]
    assert ids(hands) == ["1", "2"]


def shut_out(hands: GoogleHands, tab: str, **where: int) -> None:
    """The owner closes a part of a tab to everybody else, the job included."""
    place = {"sheetId": hands.person(tab).sheet_id, **where}
    hands.person(tab).do({"addProtectedRange": {"protectedRange": {"range": place, "editors": {"users": [OWNER]}}}})


@pytest.mark.parametrize("tab", ["Orders", "Refills", "Cancels"])
@pytest.mark.parametrize("where", [{}, {"startRowIndex": 1}, {"startColumnIndex": 3, "endColumnIndex": 4}])
def test_a_tab_that_is_closed_to_us_stops_the_run_at_its_begin(
    hands: GoogleHands, tab: str, where: dict[str, int]
) -> None:
    """What is claimed could not land there. The begin itself writes nothing into it, so Google alone would not say so."""
    shut_out(hands, tab.lower(), **where)
    book = hands.open()
    with pytest.raises(AccessRefused) as caught:
        book.commit(Commit("run", meta={"claiming": "12"}), book.read().revision)
    assert caught.value.what == f"A protection keeps the job from writing: {tab}."
    assert caught.value.next_step == google.UNSHUT.format(account=hands.emulator.service_account)


def test_a_protection_in_nobodys_way_stops_nothing(hands: GoogleHands) -> None:
    """Headings, rows that stand there already, and staff's own columns may be closed to the job."""
    book = landed(hands, "1")
    hands.add_column("orders", "Agent", "Ann")
    width = len(hands.see("orders")[0])
    shut_out(hands, "orders", endRowIndex=1)
    shut_out(hands, "orders", startRowIndex=1, endRowIndex=2, startColumnIndex=0, endColumnIndex=5)
    shut_out(hands, "orders", startColumnIndex=width - 1)
    shut_out(hands, "payments")
    revision = book.commit(Commit("run", meta={"claiming": "12"}), 1)
    book.commit(change("run", "2"), revision)
    assert ids(hands) == ["1", "2"]


def test_a_native_table_stops_the_run_at_its_begin(hands: GoogleHands) -> None:
    """Google drops rows that are added to one, without a word."""
    book = landed(hands, "1")
    sheet = hands.emulator.sheet(hands.id, "Orders")
    where = {
        "sheetId": sheet.sheet_id,
        "startRowIndex": 0,
        "endRowIndex": 2,
        "startColumnIndex": 0,
        "endColumnIndex": 14,
    }
    sheet.tables.append({"tableId": "1", "name": "Orders_1", "range": where})
    with pytest.raises(Damaged) as caught:
        book.commit(Commit("run", meta={"claiming": "12"}), 1)
    assert caught.value.what == (
        "'Orders' was made a table (Format > Convert to table), in which Google drops the rows that the job adds."
    )
    assert caught.value.next_step == google.UNTABLE


def test_a_spreadsheet_without_room_stops_the_run_at_its_begin(hands: GoogleHands) -> None:
    """A begin leaves room for the next landing; where there is none, it says so before anything is claimed."""
    hands.paste("orders", [[str(number)] for number in range(850)])
    book = hands.open()
    book.read()
    used = sum(sheet.row_count * sheet.column_count for sheet in hands.emulator.book(hands.id).sheets)
    size = {"rowCount": (10_000_000 - used) // 10, "columnCount": 10}
    hands.person("orders").do({"addSheet": {"properties": {"title": "Big", "gridProperties": size}}})
    with pytest.raises(Damaged) as caught:
        book.commit(Commit("run", meta={"claiming": "12"}), 0)
    assert caught.value.what == "the Google Sheet is full: Google allows 10,000,000 cells, and blank ones count."
    assert caught.value.next_step == google.UNFULL
    hands.person("orders").do({"deleteSheet": {"sheetId": hands.emulator.sheet(hands.id, "Big").sheet_id}})
    book.commit(Commit("run", meta={"claiming": "12"}), 0)
    assert hands.emulator.sheet(hands.id, "Orders").row_count - 851 >= google.ROOM


def swap(hands: GoogleHands) -> None:
    """Somebody keeps Orders as a backup, and goes on in a copy of it."""
    first = hands.person("orders")
    first.do({"duplicateSheet": {"sourceSheetId": first.sheet_id, "newSheetName": "Copy of Orders"}})
    first.rename_tab("Orders backup")
    hands.emulator.staff(hands.id, "Copy of Orders", hands.email).rename_tab("Orders")


def test_a_copy_that_took_a_tabs_name_stops_the_run_at_its_begin(hands: GoogleHands) -> None:
    """Reads go by name and writes by id: new rows would land in the backup. `init` takes the copy over."""
    landed(hands, "1")
    swap(hands)
    book = hands.open()
    with pytest.raises(Damaged) as caught:
        book.commit(Commit("run", meta={"claiming": "12"}), book.read().revision)
    assert caught.value.what == (
        "The tab 'Orders' is another one than the job has written to: probably a copy that somebody gave its name."
    )
    assert caught.value.next_step == google.UNSWAP
    book = hands.open()
    book.provision()
    book.commit(change("run", "2"), book.read().revision)
    assert ids(hands) == ["1", "2"]


def test_a_deleted_tab_that_is_written_to_refuses_the_commit_whole(hands: GoogleHands) -> None:
    book = landed(hands, "1")
    hands.remove_tab("orders")
    with pytest.raises(Damaged, match="deleted while the job ran"):
        book.commit(change("run", "2"), 1)
    assert hands.see("ledger")[-1][1] != "2"


def test_commits_without_reading_first_read(hands: GoogleHands) -> None:
    """A fresh adapter knows no places; it looks, and refuses when the revision is another."""
    landed(hands, "1")
    assert hands.open().commit(change("run", "2"), 1) == 2
    with pytest.raises(RevisionMoved):
        hands.open().commit(change("run", "3"), 1)


# --- cells ---------------------------------------------------------------------------------------------------------------------


def test_formulas_in_editable_cells_are_never_values(hands: GoogleHands) -> None:
    """F19: whatever a formula shows (a number, a status, an error, Loading…), the cell is a formula and is answered."""
    keys = [str(number) for number in range(1, 6)]
    landed(hands, *keys)
    typed = {"1": "=5+5", "2": "=1/0", "3": '=IF(TRUE,"Completed","")', "4": "+5", "5": '=IMPORTXML("http://x","//a")'}
    for key, text in typed.items():
        hands.person("orders").fill(key, "Status", text)
        hands.person("orders").fill(key, "Start count", text)
    frame = hands.open().read().tabs["orders"]
    assert all(isinstance(frame.loc[key, "status"], Formula) for key in ("1", "2", "3", "5"))
    assert all(isinstance(frame.loc[key, "start_count"], Formula) for key in ("1", "2", "3", "5"))
    assert frame.loc["4", "start_count"] == 5


def test_a_customers_formula_is_text(hands: GoogleHands) -> None:
    """F18: stored as text in the panel's columns, and read back as the same text."""
    text = '=IMPORTXML("http://evil.test","//a")'
    book = hands.open()
    book.commit(
        Commit("run", append={"orders": [order("1", link=text, comments=text, user=text)]}), book.read().revision
    )
    assert not hands.emulator.sheet(hands.id, "Orders").has_formulas
    row = hands.open().read().tabs["orders"].loc["1"]
    assert [row["link"], row["comments"], row["user"]] == [text] * 3
    assert not isinstance(row["link"], Formula)


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("https://www.tiktok.com/@user", True),
        ("http://t.me/a?b=c#d", True),
        ("HTTPS://YouTu.be/3c8_-~dfcd;(x)!$&'*+,=:@[]%20", True),
        ("https://x.com", True),
        ("https://x.com:8443/", True),
        ("https://google.com@evil.com/", False),
        ("https://google.com\\@evil.com/", False),
        ("https://\u0430pple.com/", False),
        ("https://x.com/\u202egpj.exe", False),
        ("https://x.com/a b", False),
        ("https://x.com/a\n", False),
        ('https://x.com/"onclick="', False),
        ("javascript:alert(1)", False),
        ("ftp://x.com/", False),
        ("https://127.0.0.1/", False),
        ("https://localhost/", False),
        ("https://x.com/" + "a" * 2_000, False),
        ('=HYPERLINK("https://x.com/")', False),
        ("@user", False),
        ("t.me/user", False),
    ],
)
def test_a_plain_address_opens_at_a_click(hands: GoogleHands, text: str, opens: bool) -> None:  # noqa: FBT001 - the case
    """Exactly what one reads, without a formula; anything odd stays a text. In Archive, too."""
    book = hands.open()
    rows = [order("1", link=text)]
    book.commit(Commit("run", append={"orders": rows, "archive": rows}), book.read().revision)
    for title in ("Orders", "Archive"):
        sheet = hands.emulator.sheet(hands.id, title)
        cell = sheet.get(1, [head.value for head in sheet.rows[0] if head].index("Link"))
        assert cell is not None
        assert cell.value == text
        assert hyperlink(cell) == (text if opens else None)
    assert hands.open().read().tabs["orders"].loc["1", "link"] == text


def test_times_are_the_sheets_own(hands: GoogleHands) -> None:
    """Also where the clock is changed: the sheet's zone decides, in and out."""
    hands.emulator.book(hands.id).properties["timeZone"] = "Europe/Berlin"
    hands.open().provision()
    book = hands.open()
    times = {"1": datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "2": datetime(2026, 3, 29, 1, 30, tzinfo=UTC)}
    rows = [order(key, received=time) for key, time in times.items()]
    book.commit(Commit("run", append={"orders": rows}), book.read().revision)
    frame = hands.open().read().tabs["orders"]
    assert frame.loc["1", "received"] == datetime(2026, 3, 29, 1, 30)  # noqa: DTZ001 - a sheet's date has no zone
    assert frame.loc["2", "received"] == datetime(2026, 3, 29, 3, 30)  # noqa: DTZ001 - same


@pytest.mark.parametrize(
    ("zone", "clock"), [("GMT-07:00", "05:30"), ("GMT+5:45", "18:15"), ("GMT+14", "02:30"), ("Etc/GMT", "12:30")]
)
def test_a_custom_time_zone_is_a_time_zone(hands: GoogleHands, zone: str, clock: str) -> None:
    """Google allows a fixed distance from GMT instead of a place: times are written and read in it."""
    hands.emulator.book(hands.id).properties["timeZone"] = zone
    hands.open().provision()
    book = hands.open()
    row = order("1", received=datetime(2026, 7, 1, 12, 30, tzinfo=UTC))
    book.commit(Commit("run", append={"orders": [row]}), book.read().revision)
    assert f"{hands.open().read().tabs['orders'].loc['1', 'received']:%H:%M}" == clock


@pytest.mark.parametrize("zone", ["Mars/Olympus", "GMT-25", "GMT+7:99:00", "../etc"])
def test_an_unknown_time_zone_says_where_to_choose_another(hands: GoogleHands, zone: str) -> None:
    """`init` takes over what the sheet has, so it alone would not help."""
    hands.emulator.book(hands.id).properties["timeZone"] = zone
    hands.open().provision()
    with pytest.raises(Damaged) as caught:
        hands.open().read()
    assert (caught.value.what, caught.value.next_step) == (
        f"The sheet's time zone, {zone}, is not known here.",
        "Choose another one in the sheet (File > Settings), then run `reconcile init`.",
    )


def test_oversize_and_odd_texts_never_sink_a_batch(hands: GoogleHands) -> None:
    """50,000 characters fit; what JSON or a cell cannot carry becomes visible, in Sync and ledger, too."""
    book = hands.open()
    odd = "a\x00b\ud800c"
    revision = book.commit(
        Commit(
            "run",
            append={"orders": [order("1", comments="x" * 50_000), order("2", comments=odd, sync=f"#2 · {odd}")]},
            ledger=[{"tab": "orders", "key": "2", "link": odd}],
        ),
        book.read().revision,
    )
    book.commit(Commit("run", sync={"orders": {"2": f"#2 · Sent {odd}"}}), revision)
    snapshot = hands.open().read()
    assert len(snapshot.tabs["orders"].loc["1", "comments"]) == 50_000
    assert snapshot.tabs["orders"].loc["2", "sync"] == "#2 · Sent a␀b�c"
    assert snapshot.ledger.iloc[0]["link"] == "a␀b�c"


def test_what_google_does_not_understand_is_a_fault_of_ours(hands: GoogleHands) -> None:
    """Never taken for success, never repeated."""
    book = landed(hands, "1")
    calls = len(hands.emulator.calls)
    with pytest.raises(ReconcileError, match="Invalid JSON payload"):
        book.send([{"noSuchRequest": {}}], 9, "x")
    assert len(hands.emulator.calls) - calls == 1


def test_every_account_reads_the_same(hands: GoogleHands) -> None:
    """The sheet's owner and the service account see one workbook."""
    landed(hands, "1")
    for email in (hands.emulator.owner, hands.emulator.service_account):
        assert list(GoogleWorkbook(hands.id, http(hands.emulator, email)).read().tabs["orders"].index) == ["1"]
    assert templates().version


def test_a_sheet_with_a_former_title_goes_on_as_it_is(hands: GoogleHands) -> None:
    """A sheet of an earlier version calls Change log History: it is read and written under that name until init renames it.

    Until then a run needs two reads, since the first one asks for a tab that is not there.
    """
    hands.person("history").rename_tab("History")
    book = hands.open()
    revision = book.read().revision
    book.commit(Commit("run", append={"history": [{"id": "15", "tab": "Orders"}]}), revision)
    assert list(hands.open().read(("history",)).tabs["history"]["id"]) == ["15"]
    assert book.known.words.TAB["history"] == "History"
    done = hands.open().provision()
    assert done.lines() == ["Renamed the tab History to Change log."]
    assert hands.open().provision().lines() == []
    assert list(hands.open().read(("history",)).tabs["history"]["id"]) == ["15"]


def test_a_tab_that_is_gone_is_named_by_both_its_titles(hands: GoogleHands) -> None:
    """Whoever looks for it may know it by the older one."""
    hands.person("history").rename_tab("Log")
    with pytest.raises(Damaged) as caught:
        hands.open().read()
    assert sorted(caught.value.what.removeprefix("the Google Sheet has no tab ").removesuffix(".").split(" or ")) == [
        "'Change log'",
        "'History'",
    ]
