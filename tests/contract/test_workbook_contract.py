"""What every workbook promises the engine: one suite, every adapter."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reconcile import boundary
from reconcile.core.cells import Formula
from reconcile.core.identity import Here, Identity, Kind, Known, examine, identity_of
from reconcile.core.ledger import COLUMNS
from reconcile.core.model import ROW, STATE, Commit
from reconcile.errors import Damaged, ReconcileError, RevisionMoved
from reconcile.workbook.templates import templates
from tests.contract.google_subject import GoogleHands
from tests.contract.hands import SERVICES, Hands, MemoryHands, XlsxHands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconcile.core.model import Row, Snapshot
    from reconcile.workbook.port import Workbook


LOGS = ("runs", "history", "long_texts", "archive")
"""Tabs whose rows an adapter may leave out unless they are asked for."""


def order(key: str, **cells: Any) -> Row:
    """An order's row as the job makes it."""
    return {
        "id": key,
        "link": f"https://t.test/{key}",
        "quantity": 100,
        "status": "Processing",
        "sync": f"#{key} · New.",
        **cells,
    }


def landed(book: Workbook, *keys: str, after: int | None = None) -> int:
    """Commits one order per key and returns the revision."""
    revision = book.read().revision if after is None else after
    return book.commit(Commit("run", append={"orders": [order(key) for key in keys]}), revision)


def leaving(snapshot: Snapshot, *keys: str) -> dict[str, Row]:
    """What a run makes of these orders' rows for Archive."""
    frame = snapshot.tabs["orders"].drop(columns=[ROW, "state"])
    return {key: {**frame.loc[key].to_dict(), "closed": datetime(2026, 3, 2, 12, tzinfo=UTC)} for key in keys}


def state(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as plain data, to be compared whole."""
    tabs = {
        key: frame.astype(object).where(frame.notna(), None).to_dict("records") for key, frame in snapshot.tabs.items()
    }
    ledger = sorted(snapshot.ledger.astype(object).where(snapshot.ledger.notna(), None).to_dict("records"), key=str)
    return {"revision": snapshot.revision, "tabs": tabs, "ledger": ledger, "meta": dict(snapshot.meta)}


class Stop(Exception):
    """What the harness raises at a boundary."""


@pytest.fixture(autouse=True)
def _no_hook_left() -> Iterator[None]:
    yield
    boundary.set_hook(None)


class WorkbookContract:
    """Subclass it with a fixture `make_hands` that makes a new, provisioned workbook each time."""

    @pytest.fixture
    def hands(self, make_hands: Callable[[], Hands]) -> Hands:
        return make_hands()

    @pytest.fixture
    def book(self, hands: Hands) -> Workbook:
        return hands.open()

    # --- reading -------------------------------------------------------------------------------------------------------------

    def test_a_new_workbook_has_every_tab_and_no_rows_but_its_services(self, book: Workbook) -> None:
        """A snapshot has a frame for each data tab, with the template's columns and the row number."""
        snapshot = book.read()
        assert set(snapshot.tabs) == {tab.key for tab in templates().data_tabs}
        for tab in templates().data_tabs:
            assert list(snapshot.tabs[tab.key].columns) == [*tab.keys, ROW]
            assert all(dtype.kind == "O" for dtype in snapshot.tabs[tab.key].dtypes)
        assert list(snapshot.tabs["services"].index) == list(SERVICES)
        assert {key: len(frame) for key, frame in snapshot.tabs.items() if len(frame)} == {"services": 2}
        assert list(snapshot.ledger.columns) == list(COLUMNS)
        assert len(snapshot.ledger) == 0
        assert "revision" not in snapshot.meta

    def test_reading_twice_gives_the_same(self, book: Workbook) -> None:
        """Reading changes nothing."""
        landed(book, "15")
        assert state(book.read()) == state(book.read())

    def test_rows_carry_their_number_and_their_id_as_index(self, hands: Hands) -> None:
        """The index is the id in canonical form, however it was typed; the number is the one staff see."""
        landed(hands.open(), "15", "16")
        hands.paste("orders", [[17], [" 18 "], [19.0], ["１２３"]])
        frame = hands.open().read().tabs["orders"]
        assert list(frame.index) == ["15", "16", "17", "18", "19", "123"]
        assert list(frame[ROW]) == [2, 3, 4, 5, 6, 7]
        assert frame.loc["17", "id"] == 17

    def test_blank_rows_are_left_out_and_lonely_sync_texts_are_not(self, hands: Hands) -> None:
        """A row counts as blank only when it shows nothing at all in our columns."""
        landed(hands.open(), "15", "16")
        hands.insert_row("orders", 2)
        hands.type("orders", "16", "ID", None)
        frame = hands.open().read().tabs["orders"]
        assert list(frame.index) == ["15", ""]
        assert list(frame[ROW]) == [3, 4]

    def test_what_staff_type_arrives_as_it_is(self, hands: Hands) -> None:
        """Numbers, booleans, dates, errors, formulas and texts are told apart."""
        landed(hands.open(), "1", "2", "3", "4", "5", "6", "7")
        typed: dict[str, Any] = {
            "1": 1000,
            "2": 2.5,
            "3": True,
            "4": datetime(2026, 3, 2, 9, 41),  # noqa: DTZ001 - a sheet's date has no zone
            "5": Formula("=A1+1"),
            "6": " 1,000 ",
            "7": "=A1+1",
        }
        for key, value in typed.items():
            hands.type("orders", key, "Start count", value)
        frame = hands.open().read().tabs["orders"]
        seen = {key: frame.loc[key, "start_count"] for key in typed}
        assert seen == typed
        assert isinstance(seen["3"], bool)
        assert isinstance(seen["5"], Formula)
        assert not isinstance(seen["7"], Formula) or not hands.tells_formula_from_text

    # --- structure -----------------------------------------------------------------------------------------------------------

    def test_columns_may_stand_in_any_order_among_others(self, hands: Hands) -> None:
        """Staff's own columns and another order change nothing for the run."""
        revision = landed(hands.open(), "15")
        hands.add_column("orders", "Our team", "Ann", at=0)
        hands.move_column("orders", "Sync", 2)
        hands.add_column("orders", "Mine", "x")
        book = hands.open()
        assert list(book.read().tabs["orders"].index) == ["15"]
        book.commit(Commit("run", append={"orders": [order("16")]}, sync={"orders": {"15": "#15 · Sent."}}), revision)
        assert hands.cell("orders", "15", "Sync") == "#15 · Sent."
        assert hands.cell("orders", "16", "Sync") == "#16 · New."
        assert hands.cell("orders", "16", "Link") == "https://t.test/16"
        assert hands.cell("orders", "15", "Our team") == "Ann"
        assert hands.cell("orders", "16", "Our team") is None

    def test_headings_are_compared_without_case_and_outer_space(self, hands: Hands) -> None:
        """`  start   COUNT ` is Start count."""
        hands.rename_header("orders", "Start count", "  start   COUNT ")
        assert "start_count" in hands.open().read().tabs["orders"].columns

    @pytest.mark.parametrize(("tab", "header"), [("orders", "Status"), ("services", "Pull"), ("runs", "Finished")])
    def test_a_missing_heading_is_named(self, hands: Hands, tab: str, header: str) -> None:
        """A renamed heading is Damaged, with tab, heading and what to do."""
        hands.rename_header(tab, header, "Oops")
        with pytest.raises(Damaged) as caught:
            hands.open().read()
        assert repr(templates().tab(tab).title) in caught.value.what
        assert repr(header) in caught.value.what
        assert "row 1" in caught.value.next_step

    def test_a_doubled_heading_is_named(self, hands: Hands) -> None:
        """Two columns called Status are Damaged, with both places."""
        hands.add_column("orders", "status", "")
        with pytest.raises(Damaged, match=r"Tab 'Orders' of .* has the heading 'Status' twice \(columns E and Q\)\."):
            hands.open().read()

    def test_a_missing_tab_is_named(self, hands: Hands) -> None:
        """A deleted tab is Damaged, with its title."""
        hands.remove_tab("refills")
        with pytest.raises(Damaged, match="no tab 'Refills'"):
            hands.open().read()

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            (["orders", "15", "open"], "twice"),
            (["orders", None, "open"], "without a tab or a key"),
            ([None, "15", "open"], "without a tab or a key"),
            (["_meta", "revision", "7"], "twice"),
        ],
    )
    def test_a_ledger_that_was_tampered_with_is_refused(self, hands: Hands, row: list[Any], words: str) -> None:
        """Doubled and nameless ledger rows are Damaged, never guessed."""
        book = hands.open()
        book.commit(Commit("run", ledger=[{"tab": "orders", "key": "15", "state": "open"}]), book.read().revision)
        hands.paste("ledger", [row])
        with pytest.raises(Damaged, match=words):
            hands.open().read()

    @pytest.mark.parametrize(
        ("entry", "text", "words"),
        [
            ("revision", "many", "not a number"),
            ("revision", None, "revision ''"),
            ("schema", "99", "schema '99'"),
        ],
    )
    def test_an_unknown_schema_or_revision_is_refused(
        self, hands: Hands, entry: str, text: str | None, words: str
    ) -> None:
        """What the workbook says about itself must be ours."""
        grid = hands.see("ledger")
        row = next(line for line in grid if line[1] == entry)
        row[2] = text
        hands.show("ledger", grid)
        with pytest.raises(Damaged, match=words):
            hands.open().read()

    # --- committing ----------------------------------------------------------------------------------------------------------

    def test_what_was_committed_is_read(self, hands: Hands) -> None:
        """Rows, ledger and meta come back, in a second run as in this one."""
        book = hands.open()
        before = book.read().revision
        row: Row = {"tab": "orders", "key": "15", "state": "open", "link": "https://t.test/15", "status": "Processing"}
        after = book.commit(
            Commit("run", append={"orders": [order("15")]}, ledger=[row], meta={"lease": '{"run": "é"}'}), before
        )
        assert after == before + 1
        for snapshot in (book.read(), hands.open().read()):
            assert snapshot.revision == after
            assert snapshot.tabs["orders"].loc["15", "link"] == "https://t.test/15"
            assert {key: cell for key, cell in snapshot.ledger.iloc[0].items() if cell is not None} == row
            assert snapshot.meta["lease"] == '{"run": "é"}'

    def test_a_stale_commit_is_refused_whole(self, hands: Hands) -> None:
        """When another run committed since, nothing of this commit is there."""
        slow, quick = hands.open(), hands.open()
        revision = slow.read().revision
        landed(quick, "15")
        before = state(quick.read())
        with pytest.raises(RevisionMoved):
            slow.commit(Commit("slow", append={"orders": [order("16")]}, meta={"lease": "slow"}), revision)
        assert state(hands.open().read()) == before

    @pytest.mark.parametrize("between", [1, 3])
    def test_a_workbook_that_was_put_back_between_two_commits_is_told(self, hands: Hands, between: int) -> None:
        """An older copy refuses the next commit, or it is told from the newest by everybody who reads it; this run goes no further."""
        book, identity = hands.open(), Identity(book="b" * 16)

        def commit(key: str) -> None:
            nonlocal identity
            after = identity.committed("machine", identity.revision + 1, f"c{key}")
            change = Commit(f"run {key}", append={"orders": [order(key)]}, meta=after.meta)
            assert book.commit(change, identity.revision) == after.revision
            identity = after

        identity = replace(identity, revision=book.read().revision)
        commit("1")
        kept, older = hands.keep(), identity
        for number in range(between):
            commit(f"2{number}")
        hands.put_back(kept)
        for key in ("3", "4"):
            with pytest.raises(ReconcileError):
                commit(key)
        snapshot = hands.open().read()
        found = identity_of(snapshot.meta, snapshot.revision)
        assert (found.commit, found.machines) == (older.commit, older.machines)
        assert found.mixed or (found == older and list(snapshot.tabs["orders"].index) == ["1"])
        known = Known(identity.book, number=identity.revision, begun=identity.revision + 1, revision=identity.revision)
        findings = examine(found, known, Here("machine", "", shared=True))
        assert [finding.kind for finding in findings] == [Kind.OLDER]

    def test_a_copy_that_went_another_way_as_far_is_told(self, hands: Hands) -> None:
        """Between two commits of a run comes a copy with as many commits, one of them another machine's."""
        book, other, first = hands.open(), hands.open(), Identity(book="b" * 16)

        def commit(by: Workbook, before: Identity, machine: str, key: str) -> Identity:
            after = before.committed(machine, before.revision + 1, f"c{key}")
            by.commit(Commit(f"run {key}", append={"orders": [order(key)]}, meta=after.meta), before.revision)
            return after

        first = commit(book, replace(first, revision=book.read().revision), "a", "1")
        kept = hands.keep()
        second = commit(book, first, "a", "2")
        hands.put_back(kept)
        assert other.read().revision == first.revision
        theirs = commit(other, first, "b", "3")
        with pytest.raises(ReconcileError):
            commit(book, second, "a", "4")
        snapshot = hands.open().read()
        found = identity_of(snapshot.meta, snapshot.revision)
        assert (found.commit, found.machines) == (theirs.commit, theirs.machines)
        known = Known("b" * 16, number=second.revision, begun=second.revision + 1, revision=2, stamp=second.commit)
        assert [each.kind for each in examine(found, known, Here("a", "", shared=True))] == [
            Kind.OLDER if found.mixed else Kind.FORK
        ]

    def test_an_adapter_that_lost_a_race_can_go_on(self, hands: Hands) -> None:
        """After RevisionMoved, reading again and committing works."""
        slow, quick = hands.open(), hands.open()
        revision = slow.read().revision
        landed(quick, "15")
        with pytest.raises(RevisionMoved):
            landed(slow, "16", after=revision)
        landed(slow, "16")
        assert list(hands.open().read().tabs["orders"].index) == ["15", "16"]

    def test_commits_follow_each_other_without_reading(self, book: Workbook) -> None:
        """The revision a commit returns is the one the next takes."""
        revision = book.read().revision
        for number in range(5):
            revision = landed(book, str(number), after=revision)
        snapshot = book.read()
        assert snapshot.revision == revision
        assert list(snapshot.tabs["orders"].index) == ["0", "1", "2", "3", "4"]

    def test_rows_are_appended_in_order_below_the_last(self, hands: Hands) -> None:
        """Rows keep their order and go below the last row that shows something, gaps included."""
        revision = landed(hands.open(), "1", "2")
        hands.insert_row("orders", 3)
        hands.open().commit(Commit("run", append={"orders": [order("9"), order("8")]}), revision)
        frame = hands.open().read().tabs["orders"]
        assert list(frame.index) == ["1", "2", "9", "8"]
        assert list(frame[ROW]) == [2, 4, 5, 6]

    def test_rows_reach_every_tab(self, hands: Hands) -> None:
        """Every data tab takes rows, the logs too."""
        book = hands.open()
        rows: dict[str, list[Row]] = {
            tab.key: [{tab.keys[0]: "a"}, {tab.keys[0]: "b"}] for tab in templates().data_tabs if tab.key != "services"
        }
        revision = book.commit(Commit("run", append=rows), book.read().revision)
        book.commit(Commit("run", append={"runs": [{"run": "c"}]}), revision)
        snapshot = hands.open().read(LOGS)
        assert list(snapshot.tabs["runs"]["run"]) == ["a", "b", "c"]
        for key in rows:
            assert list(snapshot.tabs[key].iloc[:2, 0]) == ["a", "b"]

    @pytest.mark.parametrize(
        ("ticked", "counts"), [(True, True), ("Yes", True), (False, False), ("No", False), (None, False)]
    )
    def test_a_tick_is_read_as_it_was_made(self, hands: Hands, *, ticked: Any, counts: bool) -> None:
        """A box, or Yes and No where there are none: it comes unticked, and a row that has none stays blank."""
        book = hands.open()
        rows: list[Row] = [{"code": "K7Q2", "let_through": False, "sync": "#K7Q2 · New."}, {"code": "K7Q2-1"}]
        book.commit(Commit("run", append={"approvals": rows}), book.read().revision)
        fresh = hands.open().read().tabs["approvals"]["let_through"]
        assert (fresh["K7Q2"] in (False, "No"), fresh["K7Q2-1"]) == (True, None)
        hands.type("approvals", "K7Q2", "Let through", ticked)
        seen = hands.open().read().tabs["approvals"]["let_through"]
        assert (seen["K7Q2"] in (True, "Yes")) is counts
        assert type(seen["K7Q2"]) is type(ticked)
        assert seen["K7Q2-1"] is None

    def test_typed_values_keep_their_type(self, hands: Hands) -> None:
        """Numbers are numbers, texts of digits are texts, times are times in the workbook's zone."""
        book = hands.open()
        row = order("007", quantity=1_000_000, charge="0.10029597233", remains=0, start_count=2.5)
        row["received"] = datetime(2026, 3, 2, 9, 41, 7, tzinfo=UTC)
        book.commit(Commit("run", append={"orders": [row]}), book.read().revision)
        seen = hands.open().read().tabs["orders"].loc["007"]
        assert {key: seen[key] for key in ("id", "quantity", "charge", "remains", "start_count")} == {
            "id": "007",
            "quantity": 1_000_000,
            "charge": "0.10029597233",
            "remains": 0,
            "start_count": 2.5,
        }
        seconds = 7 if hands.shows_seconds else 0
        assert seen["received"] == datetime(2026, 3, 2, 9, 41, seconds)  # noqa: DTZ001 - a sheet's date has no zone
        assert seen["user"] is None

    @pytest.mark.parametrize(
        "text",
        [
            "=1+1",
            '=IMPORTXML("http://evil.test","//a")',
            "+1",
            "-1",
            "@SUM(A1)",
            "'quoted",
            "007",
            "1e5",
            "12/3",
            "TRUE",
            "#REF!",
            "first\r\nsecond\nthird\rfourth",
            "\ttab and  spaces ",
            " leading",
            "trailing\n",
            "😀👩‍👩‍👧 é é مرحبا עברית 中文",
            "_x000D_ and _x0041_ and _x005F_x000D_",
            "<b>&amp; \"quotes\" 'and' ]]> ",
            "\u0085\u2028\u00a0",
        ],
    )
    def test_texts_come_back_byte_for_byte(self, hands: Hands, text: str) -> None:
        """Whatever a customer wrote stays text and stays itself."""
        book = hands.open()
        book.commit(
            Commit("run", append={"orders": [order("15", comments=text, link=text)]}, meta={"m": text}),
            book.read().revision,
        )
        snapshot = hands.open().read()
        assert snapshot.tabs["orders"].loc["15", "comments"] == text
        assert snapshot.tabs["orders"].loc["15", "link"] == text
        assert not isinstance(snapshot.tabs["orders"].loc["15", "link"], Formula)
        assert snapshot.meta["m"] == text

    def test_what_no_sheet_can_hold_becomes_visible(self, hands: Hands) -> None:
        """Control characters and lone surrogates never sink a commit; they are seen."""
        book = hands.open()
        book.commit(
            Commit("run", append={"orders": [order("15", comments="a\x00b\x1fc\ud800d\uffffe")]}), book.read().revision
        )
        assert hands.open().read().tabs["orders"].loc["15", "comments"] == "a␀b␟c�d�e"

    def test_a_text_too_long_for_a_cell_is_refused_before_anything_is_written(self, hands: Hands) -> None:
        """Nothing is cut off silently: the commit is refused, the workbook as it was."""
        book = hands.open()
        before = state(book.read())
        long = "😀" * (book.cell_limit // 2 + 1)
        with pytest.raises(ReconcileError, match="characters long"):
            book.commit(Commit("run", append={"orders": [order("14"), order("15", comments=long)]}), before["revision"])
        assert state(hands.open().read()) == before

    def test_a_text_as_long_as_a_cell_fits(self, hands: Hands) -> None:
        """The limit itself is allowed."""
        book = hands.open()
        text = "x" * book.cell_limit
        book.commit(Commit("run", append={"orders": [order("15", comments=text)]}), book.read().revision)
        assert hands.open().read().tabs["orders"].loc["15", "comments"] == text

    @pytest.mark.parametrize(
        "change",
        [
            Commit("run", append={"nowhere": [{"id": "1"}]}),
            Commit("run", append={"orders": [{"nothing": "1"}]}),
            Commit("run", append={"ledger": [{"tab": "x", "key": "y"}]}),
            Commit("run", sync={"services": {"12": "#12 · x"}}),
            Commit("run", ledger=[{"tab": "orders"}]),
            Commit("run", ledger=[{"tab": "_meta", "key": "revision", "state": "9"}]),
            Commit("run", meta={"revision": "9"}),
            Commit("run", meta={"schema": None}),
        ],
        ids=repr,
    )
    def test_a_commit_that_makes_no_sense_is_refused(self, hands: Hands, change: Commit) -> None:
        """A bug in the engine never reaches the sheet."""
        book = hands.open()
        before = state(book.read())
        with pytest.raises(ReconcileError):
            book.commit(change, before["revision"])
        assert state(hands.open().read()) == before

    # --- ledger and meta -----------------------------------------------------------------------------------------------------

    def test_ledger_rows_are_replaced_whole_and_others_stay(self, hands: Hands) -> None:
        """One row per (tab, key): the same id in another tab is another row."""
        book = hands.open()
        first: list[Row] = [
            {"tab": "orders", "key": "7", "state": "open", "refused": "x"},
            {"tab": "refills", "key": "7", "state": "open"},
        ]
        revision = book.commit(Commit("run", ledger=first), book.read().revision)
        book.commit(
            Commit("run", ledger=[{"tab": "orders", "key": "7", "state": "closed"}, {"tab": "orders", "key": "8"}]),
            revision,
        )
        rows = {
            (row["tab"], row["key"]): (row["state"], row["refused"]) for row in state(hands.open().read())["ledger"]
        }
        assert rows == {
            ("orders", "7"): ("closed", None),
            ("refills", "7"): ("open", None),
            ("orders", "8"): (None, None),
        }

    def test_seen_cells_keep_their_type_in_the_ledger(self, hands: Hands) -> None:
        """What a cell showed comes back equal to the cell itself."""
        shown: dict[str, Any] = {
            "start_count_seen": 1000,
            "remains_seen": 0.5,
            "status_seen": True,
            "decision_seen": "=A1",
        }
        book = hands.open()
        book.commit(
            Commit("run", ledger=[{"tab": "orders", "key": "7", "unsure_seen": datetime(2026, 3, 2, 9, 41), **shown}]),  # noqa: DTZ001
            book.read().revision,
        )
        row = hands.open().read().ledger.iloc[0]
        assert {key: row[key] for key in shown} == shown
        assert row["unsure_seen"] == datetime(2026, 3, 2, 9, 41)  # noqa: DTZ001 - a sheet's date has no zone
        assert isinstance(row["status_seen"], bool)

    def test_meta_is_set_replaced_and_removed(self, hands: Hands) -> None:
        """None removes an entry; long texts fit; removing what is not there is harmless."""
        book = hands.open()
        long = "ü😀" * 30_000
        revision = book.commit(Commit("run", meta={"lease": "a", "doubt:1": long}), book.read().revision)
        assert hands.open().read().meta["doubt:1"] == long
        revision = book.commit(Commit("run", meta={"lease": "b", "doubt:1": None, "never": None}), revision)
        meta = hands.open().read().meta
        assert meta["lease"] == "b"
        assert "doubt:1" not in meta
        assert "never" not in meta

    def test_the_ledger_does_not_grow_by_what_comes_and_goes(self, hands: Hands) -> None:
        """A thousand runs that take and release the lease leave one row's worth of space."""
        book = hands.open()
        revision, before = book.read().revision, len(hands.see("ledger"))
        for number in range(6):
            revision = book.commit(Commit("run", meta={"lease": str(number), "claiming": "x"}), revision)
            revision = book.commit(Commit("run", meta={"lease": None, "claiming": None}), revision)
        assert len(hands.see("ledger")) <= before

    # --- sync notes ----------------------------------------------------------------------------------------------------------

    def test_sync_follows_its_row_after_a_sort(self, hands: Hands) -> None:
        """A note lands on its own row, wherever staff moved it since the run read."""
        revision = landed(book := hands.open(), "1", "2", "3")
        hands.sort("orders", "ID", down=True)
        hands.insert_row("orders", 2)
        book.commit(Commit("run", sync={"orders": {"1": "#1 · Sent.", "3": "#3 · Held."}}), revision)
        assert hands.cell("orders", "1", "Sync") == "#1 · Sent."
        assert hands.cell("orders", "2", "Sync") == "#2 · New."
        assert hands.cell("orders", "3", "Sync") == "#3 · Held."

    def test_sync_reaches_all_rows_of_a_doubled_id(self, hands: Hands) -> None:
        """Both rows of a doubled id are told, in whatever form the id was typed."""
        revision = landed(hands.open(), "15", "16")
        hands.paste("orders", [[15]])
        hands.open().commit(Commit("run", sync={"orders": {"15": "#15 · Held: doubled."}}), revision)
        assert list(hands.open().read().tabs["orders"]["sync"]) == [
            "#15 · Held: doubled.",
            "#16 · New.",
            "#15 · Held: doubled.",
        ]

    def test_a_row_whose_id_was_cleared_is_known_by_its_sync_text(self, hands: Hands) -> None:
        """The answer about a lost id stands in the row that lost it."""
        revision = landed(hands.open(), "15", "16")
        hands.type("orders", "15", "ID", None)
        hands.open().commit(Commit("run", sync={"orders": {"15": "#15 · Please check. The ID is gone."}}), revision)
        frame = hands.open().read().tabs["orders"]
        assert list(frame["sync"]) == ["#15 · Please check. The ID is gone.", "#16 · New."]
        assert list(frame["id"]) == [None, "16"]

    def test_sync_for_a_row_that_is_gone_is_no_error(self, hands: Hands) -> None:
        """A row deleted since the run read takes its note with it."""
        revision = landed(book := hands.open(), "15", "16")
        hands.delete_row("orders", "15")
        book.commit(Commit("run", sync={"orders": {"15": "#15 · Sent.", "16": "#16 · Sent."}}), revision)
        assert list(hands.open().read().tabs["orders"]["sync"]) == ["#16 · Sent."]

    def test_sync_of_rows_that_staff_made(self, hands: Hands) -> None:
        """A payment's first answer lands beside its reference."""
        hands.paste("payments", [["PAY 1", "u", 5], ["PAY 2", "u", 6]])
        book = hands.open()
        revision = book.commit(Commit("run", sync={"payments": {"PAY 2": "#PAY 2 · Sent."}}), book.read().revision)
        book.commit(Commit("run", sync={"payments": {"PAY 1": "#PAY 1 · Waiting."}}), revision)
        assert list(hands.open().read().tabs["payments"]["sync"]) == ["#PAY 1 · Waiting.", "#PAY 2 · Sent."]

    def test_a_row_landed_in_this_run_can_be_answered_in_this_run(self, hands: Hands) -> None:
        """Sync finds rows that were appended by an earlier commit, or by the same one's predecessor, without reading."""
        revision = landed(book := hands.open(), "15")
        book.commit(Commit("run", sync={"orders": {"15": "#15 · Sent."}}), revision)
        assert hands.cell("orders", "15", "Sync") == "#15 · Sent."

    # --- staff meanwhile -----------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "action",
        [
            lambda hands: hands.type("orders", "2", "Status", "Completed"),
            lambda hands: hands.type("orders", "2", "Note", "mine"),
            lambda hands: hands.type("orders", "2", "Link", "changed anyway"),
            lambda hands: hands.sort("orders", "ID", down=True),
            lambda hands: hands.insert_row("orders", 3),
            lambda hands: hands.delete_row("orders", "1"),
            lambda hands: hands.paste("orders", [["77", "by hand"], [None, "no id"]]),
            lambda hands: hands.add_column("orders", "Mine", "x", at=3),
            lambda hands: hands.move_column("orders", "Status", 0),
            lambda hands: hands.paste("payments", [["PAY 1", "u", 5]]),
        ],
        ids=[
            "status",
            "note",
            "panel cell",
            "sort",
            "insert",
            "delete",
            "paste",
            "own column",
            "move column",
            "other tab",
        ],
    )
    def test_what_staff_do_between_read_and_commit_is_kept(self, hands: Hands, action: Callable[[Hands], None]) -> None:
        """Every cell staff see after a commit is what they last saw, but for Sync texts of the commit and rows below."""
        revision = landed(book := hands.open(), "1", "2", "3")
        book.read()
        action(hands.as_staff())
        theirs = {tab: hands.see(tab) for tab in ("orders", "payments")}
        book.commit(Commit("run", append={"orders": [order("4")]}, sync={"orders": {"3": "#3 · Sent."}}), revision)
        ours = {tab: hands.see(tab) for tab in ("orders", "payments")}
        assert ours["payments"] == theirs["payments"]
        grid, width = theirs["orders"], len(theirs["orders"][0])
        key, sync = grid[0].index("ID"), grid[0].index("Sync")
        for row in grid[1:]:
            if row[key] == "3":
                row[sync] = "#3 · Sent."
        assert [row[:width] for row in ours["orders"][: len(grid)]] == grid
        assert [row[key] for row in ours["orders"][len(grid) :]] == ["4"]

    def test_a_heading_renamed_between_read_and_commit_refuses_the_commit(self, hands: Hands) -> None:
        """No write lands in a column whose heading is gone (or the workbook does not let staff rename it)."""
        revision = landed(book := hands.open(), "1")
        hands.as_staff().rename_header("orders", "Sync", "Oops")
        before = hands.see("orders")
        if "Sync" in before[0]:
            book.commit(Commit("run", sync={"orders": {"1": "#1 · Sent."}}), revision)
            assert hands.cell("orders", "1", "Sync") == "#1 · Sent."
            return
        with pytest.raises(Damaged, match="'Sync'"):
            book.commit(Commit("run", sync={"orders": {"1": "#1 · Sent."}}), revision)
        assert hands.see("orders") == before

    # --- rows that leave Orders -----------------------------------------------------------------------------------------------

    def test_a_row_moves_to_archive_with_everything_in_it(self, hands: Hands) -> None:
        """What staff wrote goes along, their own columns included; the rows around it stay as they are."""
        landed(hands.open(), "1", "2", "3")
        hands.type("orders", "2", "Note", "=not a formula" if hands.tells_formula_from_text else "12 pieces")
        hands.type("orders", "2", "Start count", 500)
        hands.add_column("orders", "Agent", "Maria", at=3)
        theirs = hands.see("orders")
        book = hands.open()
        snapshot = book.read()
        assert book.obstacle(["2"]) == ("", set())
        book.commit(Commit("run", archive=leaving(snapshot, "2")), snapshot.revision)
        assert hands.see("orders") == [theirs[0], theirs[1], theirs[3]]
        (row,) = hands.open().read(LOGS).tabs["archive"].to_dict("records")
        before = snapshot.tabs["orders"].loc["2"]
        wanted = {**before.drop([ROW, STATE]).to_dict(), "note": f"{before['note']}\nAgent: Maria"}
        assert {name: row[name] for name in wanted} == wanted
        assert row["closed"] is not None

    def test_rows_below_stay_known_by_their_keys(self, hands: Hands) -> None:
        """After rows left, answers and new rows land where they belong, in the same run and in the next."""
        landed(hands.open(), *map(str, range(1, 9)))
        book = hands.open()
        snapshot = book.read()
        revision = book.commit(Commit("run", archive=leaving(snapshot, "1", "4", "5", "8")), snapshot.revision)
        change = Commit("run", append={"orders": [order("9")]}, sync={"orders": {"6": "#6 · Sent.", "3": "#3 · Sent."}})
        revision = book.commit(change, revision)
        hands.open().commit(Commit("run", sync={"orders": {"9": "#9 · Sent.", "7": "#7 · Sent."}}), revision)
        frame = hands.open().read(LOGS).tabs["orders"]
        assert list(frame.index) == ["2", "3", "6", "7", "9"]
        assert list(frame["sync"]) == ["#2 · New.", *(f"#{key} · Sent." for key in "3679")]
        assert list(hands.open().read(LOGS).tabs["archive"].index) == ["1", "4", "5", "8"]

    @pytest.mark.parametrize(
        "action",
        [
            lambda hands: hands.type("orders", "2", "Note", "wait!"),
            lambda hands: hands.type("orders", "2", "Status", "In progress"),
            lambda hands: hands.type("orders", "2", "Remains", 7),
            lambda hands: hands.type("orders", "2", "Start count", None),
            lambda hands: hands.type("orders", "2", "Agent", "Maria"),
            lambda hands: hands.type("orders", "2", "ID", "22"),
            lambda hands: hands.delete_row("orders", "2"),
        ],
        ids=["note", "status", "remains", "cleared", "own column", "id", "deleted"],
    )
    def test_a_row_somebody_changed_meanwhile_stays(self, hands: Hands, action: Callable[[Hands], None]) -> None:
        """Whatever staff do to the row between read and commit, it stays as they left it; the others leave."""
        landed(hands.open(), "1", "2", "3")
        hands.add_column("orders", "Agent", None)
        for key in "123":
            hands.type("orders", key, "Start count", int(key))
        book = hands.open()
        snapshot = book.read()
        action(hands)
        theirs = hands.see("orders")
        book.commit(Commit("run", archive=leaving(snapshot, "1", "2")), snapshot.revision)
        assert hands.see("orders") == [theirs[0], *theirs[2:]]

    @pytest.mark.parametrize(
        "action",
        [
            lambda hands: hands.sort("orders", "ID", down=True),
            lambda hands: hands.insert_row("orders", 2),
            lambda hands: hands.delete_row("orders", "1"),
            lambda hands: hands.type("orders", "3", "Note", "mine"),
            lambda hands: hands.paste("orders", [["77", "by hand"]]),
        ],
        ids=["sort", "insert", "delete", "another row", "paste"],
    )
    def test_a_row_that_was_moved_meanwhile_leaves_all_the_same(
        self, hands: Hands, action: Callable[[Hands], None]
    ) -> None:
        """Where it stands is nobody's concern; every other row is kept, in its order."""
        landed(hands.open(), "1", "2", "3", "4")
        book = hands.open()
        snapshot = book.read()
        action(hands)
        theirs = hands.see("orders")
        book.commit(Commit("run", archive=leaving(snapshot, "2")), snapshot.revision)
        assert [row for row in hands.see("orders") if any(row)] == [
            row for row in theirs if row[0] != "2" and any(cell is not None for cell in row)
        ]
        assert list(hands.open().read(LOGS).tabs["archive"].index) == ["2"]

    def test_formulas_keep_rows_where_they_are(self, hands: Hands) -> None:
        """A formula may look at any row, so none is moved past it; the tab's own texts are no formulas."""
        landed(book := hands.open(), "1", "2")
        book.commit(
            Commit("run", append={"orders": [order("3", link="=cmd|x", comments="=1+1")]}), book.read().revision
        )
        book.read()
        assert hands.open().read() is not None
        assert book.obstacle(["1"]) == ("", set())
        hands.type("orders", "2", "Note", Formula("=E2*2"))
        book.read()
        assert book.obstacle(["1"])[0] == "formulas"

    def test_a_commit_that_archives_is_there_whole_or_not_at_all(self, make_hands: Callable[[], Hands]) -> None:
        """Stopped at its Nth boundary, the row stands in Orders or in Archive, never in both, never in none."""
        place = 1
        while True:
            hands = make_hands()
            landed(hands.open(), "1", "2")
            book = hands.open()
            snapshot = book.read()
            fired = _stop_at(place)
            change = Commit("run", archive=leaving(snapshot, "1"), ledger=[{"tab": "orders", "key": "1"}])
            with contextlib.suppress(Stop):
                book.commit(change, snapshot.revision)
            boundary.set_hook(None)
            now = hands.open().read(LOGS)
            stands = (list(now.tabs["orders"].index), list(now.tabs["archive"].index))
            assert stands == ((["1", "2"], []) if now.revision == snapshot.revision else (["2"], ["1"]))
            if not fired:
                break
            place += 1
        assert place > 2

    def test_archiving_what_was_committed_over_is_refused(self, hands: Hands) -> None:
        """Another run's commit since the read refuses this one whole."""
        landed(hands.open(), "1", "2")
        book = hands.open()
        snapshot = book.read()
        landed(hands.open(), "3")
        with pytest.raises(RevisionMoved):
            book.commit(Commit("run", archive=leaving(snapshot, "1")), snapshot.revision)
        frame = hands.open().read(LOGS)
        assert (list(frame.tabs["orders"].index), len(frame.tabs["archive"])) == (["1", "2", "3"], 0)

    def test_forgotten_ledger_rows_leave_room_for_others(self, hands: Hands) -> None:
        """The ledger of a year's orders is no longer than that of the open ones."""
        book = hands.open()
        revision = book.read().revision
        for start in range(0, 40, 10):
            rows: list[Row] = [
                {"tab": "orders", "key": str(number), "state": "open"} for number in range(start, start + 10)
            ]
            gone = [("orders", str(number)) for number in range(start - 10, start)]
            revision = hands.open().commit(Commit("run", ledger=rows, forget=gone), revision)
        snapshot = hands.open().read()
        assert sorted(snapshot.ledger["key"]) == sorted(str(number) for number in range(30, 40))
        assert len(hands.see("ledger")) <= 40

    def test_logs_are_cut_to_their_last_lines(self, hands: Hands) -> None:
        """The oldest lines of a log go once it is longer than it may be; the latest stay, in order."""
        book = hands.open()
        revision = book.read().revision
        for number in range(70):
            rows: list[Row] = [{"run": f"{number}-{part}", "message": "m"} for part in range(20)]
            revision = book.commit(Commit("run", append={"runs": rows}, prune={"runs": 1_000}), revision)
        runs = list(hands.open().read(LOGS).tabs["runs"]["run"])
        assert 1_000 <= len(runs) <= 1_100
        assert runs == [f"{number}-{part}" for number in range(70) for part in range(20)][-len(runs) :]

    # --- all or nothing ------------------------------------------------------------------------------------------------------

    def test_a_failure_at_any_boundary_leaves_the_old_or_the_new(self, make_hands: Callable[[], Hands]) -> None:
        """Stopped at its Nth boundary, a commit is there whole or not at all, and the next run goes on."""
        place = 1
        while True:
            hands = make_hands()
            revision = landed(book := hands.open(), "1")
            old = state(book.read(LOGS))
            fired = _stop_at(place)
            change = Commit(
                "run",
                append={"orders": [order("2")], "runs": [{"run": "r"}]},
                ledger=[{"tab": "orders", "key": "2"}],
                sync={"orders": {"1": "#1 · Sent."}},
                meta={"lease": "x"},
            )
            with contextlib.suppress(Stop):
                book.commit(change, revision)
            boundary.set_hook(None)
            now = state(hands.open().read(LOGS))
            if now["revision"] == old["revision"]:
                assert now == old
            else:
                assert now["revision"] == revision + 1
                assert [row["id"] for row in now["tabs"]["orders"]] == ["1", "2"]
                assert now["tabs"]["orders"][0]["sync"] == "#1 · Sent."
                assert [row["run"] for row in now["tabs"]["runs"]] == ["r"]
                assert [row["key"] for row in now["ledger"]] == ["2"]
                assert now["meta"]["lease"] == "x"
            landed(book, "3", after=now["revision"])
            assert hands.open().read().tabs["orders"].index[-1] == "3"
            if not fired:
                break
            place += 1
        assert place > 2


def _stop_at(place: int) -> list[str]:
    """Stops at the boundary number `place`; the list names it once it fired."""
    fired: list[str] = []
    count = iter(range(1, 10_000))

    def hook(name: str) -> None:
        if next(count) == place:
            fired.append(name)
            raise Stop(name)

    boundary.set_hook(hook)
    return fired


class TestMemory(WorkbookContract):
    @pytest.fixture
    def make_hands(self) -> Callable[[], Hands]:
        return MemoryHands


class TestXlsx(WorkbookContract):
    @pytest.fixture
    def make_hands(self, tmp_path: Path) -> Callable[[], Hands]:
        made = iter(range(1000))

        def make() -> Hands:
            folder = tmp_path / str(next(made))
            folder.mkdir()
            return XlsxHands(folder)

        return make


class TestGoogle(WorkbookContract):
    @pytest.fixture
    def make_hands(self) -> Callable[[], Hands]:
        return GoogleHands
