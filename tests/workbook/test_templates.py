"""The templates: what ships is whole, and what is broken is named."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconcile.core import ledger, words
from reconcile.core.model import APPROVALS, CLOSED_THERE, Decision, Feed, RefillStatus, Status, Unsure, YesNo
from reconcile.errors import Damaged, SettingsError
from reconcile.workbook import templates

if TYPE_CHECKING:
    from reconcile.workbook.templates import Templates

HEADERS = {
    "orders": "ID · Link · Quantity · Start count · Status · Remains · State · Sync · User · Charge · Service · Received · Comments · Details · Note · If unsure",
    "refills": "ID · Order ID · Service · Link · Start count · Quantity · Requested · Received · Status · Note · State · Sync",
    "cancels": "ID · Order ID · Service · Link · Received · Decision · Remains · Note · If unsure · State · Sync",
    "payments": "Reference · User · Amount · Details · Affiliate commission · Send · Note · If unsure · State · Sync",
    "tickets": "Reference · User · Subject · Message · Send · Note · If unsure · State · Sync",
    "services": "Service ID · Name · Pull",
    "runs": "Run · Started · Finished · Result · Pulled · Pushed · Refused · Needs a person · Message",
    "history": "When · Tab · ID · Field · From · To · Result · Run",
    "long_texts": "ID · Part · Text",
}
STAFF = {
    "orders": {"start_count", "status", "remains", "note", "unsure"},
    "refills": {"status", "note"},
    "cancels": {"decision", "remains", "note", "unsure"},
    "payments": {"reference", "user", "amount", "details", "commission", "send", "note", "unsure"},
    "tickets": {"reference", "user", "subject", "message", "send", "note", "unsure"},
    "services": {"service_id", "name", "pull"},
}
KEYS = {
    "orders": "id link quantity start_count status remains state sync user charge service received comments details note unsure",
    "refills": "id order_id service link start_count quantity requested received status note state sync",
    "cancels": "id order_id service link received decision remains note unsure state sync",
    "payments": "reference user amount details commission send note unsure state sync",
    "tickets": "reference user subject message send note unsure state sync",
    "services": "service_id name pull",
    "approvals": "code let_through what tab id field from to listed sync",
    "runs": "run started finished result pulled pushed refused needs_person message",
    "history": "when tab id field from to result run",
    "long_texts": "id part text",
}


@pytest.fixture
def known() -> Templates:
    return templates.templates()


def test_the_tabs_and_their_order(known: Templates) -> None:
    """The tabs are those of the design, in its order, under its titles."""
    assert [tab.title for tab in known.tabs] == [
        "Start here",
        "Orders",
        "Refills",
        "Cancels",
        "Payments",
        "Tickets",
        "Services",
        "Approvals",
        "Dashboard",
        "Runs",
        "Change log",
        "Long texts",
        "Archive",
        "_ledger",
    ]


@pytest.mark.parametrize("key", HEADERS)
def test_the_headers_and_keys(known: Templates, key: str) -> None:
    """Headers and keys are exactly those of the design, in its order."""
    tab = known.tab(key)
    assert " · ".join(column.header for column in tab.columns) == HEADERS[key]
    assert " ".join(tab.keys) == KEYS[key]
    assert {column.key for column in tab.columns if column.owner == "staff"} == STAFF.get(key, set())


def test_the_archive_is_orders_and_when_it_was_closed(known: Templates) -> None:
    """An archived row keeps every column but State: all of them are closed."""
    orders, archive = known.tab("orders"), known.tab("archive")
    kept = {column.key: column.header for column in orders.columns if column.key != "state"}
    assert {column.key: column.header for column in archive.columns} == {**kept, "closed": "Closed"}


def test_the_ledger_tab_is_the_ledger(known: Templates) -> None:
    """The hidden tab has exactly the core's columns."""
    tab = known.tab("ledger")
    assert tab.keys == ledger.COLUMNS
    assert [column.header for column in tab.columns] == list(ledger.COLUMNS)
    assert tab.hidden


def test_the_choices_are_the_models(known: Templates) -> None:
    """A drop-down offers exactly what the core understands."""
    expected = {
        ("orders", "status"): Status,
        ("refills", "status"): RefillStatus,
        ("cancels", "decision"): Decision,
        **{(tab, "unsure"): Unsure for tab in ("orders", "cancels", "payments", "tickets")},
        **{(tab, "send"): YesNo for tab in ("payments", "tickets")},
        ("payments", "commission"): YesNo,
        ("services", "pull"): YesNo,
        ("approvals", "let_through"): YesNo,
    }
    found = {
        (tab.key, column.key): list(column.choices)
        for tab in known.tabs
        for column in tab.columns
        if column.choices and tab.key != "archive"
    }
    assert found[("orders", "status")].pop() == CLOSED_THERE  # understood, and never sent
    assert found == {place: [member.value for member in enum] for place, enum in expected.items()}


def test_key_columns(known: Templates) -> None:
    """Rows are known by these."""
    assert {tab.key: tab.key_column for tab in known.data_tabs if tab.key_column} == {
        "orders": "id",
        "refills": "id",
        "cancels": "id",
        "payments": "reference",
        "tickets": "reference",
        "services": "service_id",
        "approvals": "code",
        "archive": "id",
    }


def test_sentences_and_headings_agree(known: Templates) -> None:
    """The names in answers are the headings staff see, and every kind of answer has a colour."""
    for key, label in words.LABEL.items():
        assert {
            column.header
            for tab in known.tabs
            if tab.key in (*Feed, APPROVALS)
            for column in tab.columns
            if column.key == key
        } == {label}
    assert {key: known.tab(key).title for key in words.TAB} == words.TAB
    starts = [start for state in known.states for start in state.starts]
    assert sorted(starts) == sorted(words.MARK.values())


def test_every_column_staff_use_is_explained(known: Templates) -> None:
    """Each column of a working tab has help with an example that fits a prompt of 255 characters."""
    for tab in known.tabs:
        for column in tab.columns:
            assert column.help.endswith((".", "?", "!"))
            if tab.protect == "header" and column.key not in (
                "tab",
                "field",
            ):  # those name a tab or heading of the sheet
                assert column.example
            if column.required_when and column.required_when != "always":
                assert any(column.required_when.startswith(f"{other.header} ") for other in tab.columns)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(templates.folder(), tmp_path / "sheets_templates")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("orders.toml", 'title = "Orders"\n', "", "Template orders.toml: title is missing."),
        ("orders.toml", "order = 2", 'order = "2"', "Template orders.toml: order must be a whole number, not '2'."),
        ("orders.toml", "order = 2", "order = true", "Template orders.toml: order must be a whole number, not True."),
        ("orders.toml", "order = 2", "order = 3", "Template *.toml: order '3' stands in two tabs."),
        (
            "orders.toml",
            'title = "Orders"',
            'title = "Refills"',
            "Template *.toml: title 'refills' stands in two tabs.",
        ),
        ("orders.toml", "2E7D32", "green", "Template orders.toml: colour is 'green' but must be a colour like 2F5D8C."),
        (
            "orders.toml",
            'protect = "header"',
            'protect = "x"',
            "Template orders.toml: protect is 'x' but must be one of none, header, tab.",
        ),
        (
            "orders.toml",
            'protect = "header"',
            "protext = 1",
            "Template orders.toml: protext is not a key that reconcile knows.",
        ),
        (
            "orders.toml",
            'key_column = "id"',
            'key_column = "no"',
            "Template orders.toml: key_column names 'no', which is not a column.",
        ),
        (
            "orders.toml",
            'header = "User"',
            'header = " id "',
            "Template orders.toml: columns.header 'id' stands there twice.",
        ),
        ("orders.toml", 'key = "user"', 'key = "id"', "Template orders.toml: columns.key 'id' stands there twice."),
        (
            "orders.toml",
            'key = "user"',
            'key = "User 1"',
            "Template orders.toml: columns[9].key is 'User 1' but must be small letters and _.",
        ),
        (
            "orders.toml",
            'header = "User"',
            'header = " "',
            "Template orders.toml: columns[9].header must not be empty.",
        ),
        (
            "orders.toml",
            'owner = "staff"\ntype = "integer"',
            'owner = "staff"\ntype = "choice"',
            "Template orders.toml: columns[4].choices do not go with the type 'choice'.",
        ),
        (
            "orders.toml",
            'title = "Orders"',
            f'title = "{"x" * 32}"',
            "Template orders.toml: title must be 1 to 31 characters.",
        ),
        (
            "workbook.toml",
            "[owners.job]",
            "[owners.robot]",
            "Template workbook.toml: owners must have exactly panel, staff, job.",
        ),
        ("workbook.toml", "version = 4", "", "Template workbook.toml: version is missing."),
        ("workbook.toml", "bold = true", "bald = true", "Template workbook.toml: states.bold is missing."),
        ("ledger.toml", 'key = "ledger"', 'key = "memory"', "Template *.toml: key no tab has the key 'ledger'."),
    ],
)
def test_a_broken_template_is_named(copied: Path, file: str, old: str, new: str, message: str) -> None:
    """File and key, in words."""
    path = copied / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        templates.load(copied)
    assert caught.value.what == message


def test_a_template_that_is_not_toml_is_named(copied: Path) -> None:
    """The parser's own words are passed on."""
    (copied / "runs.toml").write_text("key = ", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"^Template runs.toml is not valid TOML: "):
        templates.load(copied)


def test_a_template_that_cannot_be_read_is_named(copied: Path) -> None:
    """A missing file is a setting, not a bug."""
    (copied / "workbook.toml").unlink()
    with pytest.raises(SettingsError, match=r"^Template workbook.toml cannot be read: No such file"):
        templates.load(copied)


def test_templates_are_found_inside_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel carries them as reconcile/sheets_templates; without them, the message says so."""
    module = tmp_path / "site" / "reconcile" / "workbook" / "templates.py"
    module.parent.mkdir(parents=True)
    module.touch()
    monkeypatch.setattr(templates, "__file__", str(module))
    with pytest.raises(SettingsError, match="not installed"):
        templates.folder()
    shutil.copytree(templates_folder(), module.parent.parent / "sheets_templates")
    assert templates.folder() == module.parent.parent / "sheets_templates"


def templates_folder() -> Path:
    """The checkout's own templates."""
    return Path(__file__).parents[2] / "sheets_templates"


def test_headings_that_stand_further_down(known: Templates) -> None:
    """Named with their row, where most of them are not in row 1; a few lost ones are only missing."""
    tab = known.tab("services")
    below: list[tuple[int, list[object]]] = [(2, ["12", None, "Yes"]), (5, ["service id", "Name", "mine"])]
    with pytest.raises(Damaged) as strayed:
        templates.positions(tab, [None], "book.xlsx", below)
    assert (strayed.value.what, strayed.value.next_step) == (
        "The headings of tab 'Services' of book.xlsx stand in row 5, not in row 1.",
        "Move that row back to the top. If the rows above it are empty, delete them instead.",
    )
    for row, lower in (([None], below[:1]), (["Service ID", "Pull"], below)):
        with pytest.raises(Damaged, match="has no heading"):
            templates.positions(tab, row, "book.xlsx", lower)


def test_positions_follow_the_headings(known: Templates) -> None:
    """Any order, any case, others between."""
    tab = known.tab("services")
    assert templates.positions(tab, ["Mine", " pull", None, "SERVICE  id", 5, "Name"]) == {
        "service_id": 3,
        "name": 5,
        "pull": 1,
    }


def test_missing_headings_are_all_named(known: Templates) -> None:
    """Everything that is missing in one message, and what to do."""
    with pytest.raises(Damaged) as caught:
        templates.positions(known.tab("services"), ["Service ID"], "book.xlsx")
    assert caught.value.what == "Tab 'Services' of book.xlsx has no heading 'Name', 'Pull' in row 1."
    assert (
        caught.value.next_step
        == "Write them back into row 1 above the right column; if the column was deleted, run `reconcile init` to add it again."
    )


def test_letters() -> None:
    """Columns beyond Z have two letters."""
    assert [templates.letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
