"""File > Make a copy, and version history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.client import gspread_direct
from tests.emulator.emulator import OWNER, STAFF
from tests.emulator.helpers import Api

if TYPE_CHECKING:
    from tests.emulator import Emulator

LEDGER = {"properties": {"title": "_ledger", "hidden": True, "sheetId": 77}}
STAMP = {
    "createDeveloperMetadata": {
        "developerMetadata": {
            "metadataId": 5,
            "metadataKey": "k",
            "metadataValue": "run 5",
            "visibility": "DOCUMENT",
            "location": {"spreadsheet": True},
        }
    }
}


def test_a_copy_has_every_tab_under_its_own_id_and_goes_its_own_way(api: Api) -> None:
    """Hidden tabs, values and tab ids come along; a later change of one is none of the other's."""
    api.batch({"addSheet": LEDGER})
    api.put("A1:B1", [["a", 1]])
    api.put("_ledger!A1", [["secret"]])
    twin = Api(api.emulator, api.emulator.staff(api.book_id, "Sheet1").make_copy())
    found = twin.ok("GET", "", fields="properties.title,sheets.properties(sheetId,title,hidden)")
    assert found == {
        "properties": {"title": "Copy of Test"},
        "sheets": [
            {"properties": {"sheetId": 0, "title": "Sheet1"}},
            {"properties": {"sheetId": 77, "title": "_ledger", "hidden": True}},
        ],
    }
    twin.put("_ledger!A1", [["changed"]])
    api.put("A1", [["b"]])
    assert (api.get("_ledger!A1"), twin.get("_ledger!A1")) == ([["secret"]], [["changed"]])
    assert (api.get("A1:B1"), twin.get("A1:B1")) == ([["b", 1]], [["a", 1]])


@pytest.mark.parametrize("carried", [True, False])
def test_whether_a_copy_carries_metadata_is_a_switch(api: Api, carried: bool) -> None:  # noqa: FBT001
    """Nobody says what becomes of developer metadata, so it may stay behind; the original keeps its own."""
    api.emulator.switches.copies_carry_metadata = carried
    api.batch(STAMP)
    twin = Api(api.emulator, api.emulator.copy(api.book_id))
    assert twin.call("GET", "/developerMetadata/5").status_code == (200 if carried else 404)
    assert api.call("GET", "/developerMetadata/5").status_code == 200


def test_who_may_use_a_copy(api: Api) -> None:
    """Who makes it owns it; the others are its editors, or nobody is."""
    shared = api.emulator.copy(api.book_id, "Mine")
    assert api.emulator.book(shared).access == {
        OWNER: "writer",
        api.emulator.service_account: "writer",
        STAFF: "owner",
    }
    alone = api.emulator.copy(api.book_id, share=False)
    assert api.emulator.book(alone).access == {STAFF: "owner"}
    assert Api(api.emulator, alone).call("GET", "").status_code == 403


def test_a_drive_copy_is_the_same_copy(emulator: Emulator) -> None:
    """`files.copy` makes it, for the caller alone."""
    book_id = emulator.new_spreadsheet("Orders")
    Api(emulator, book_id).batch({"addSheet": LEDGER})
    twin = gspread_direct(emulator).copy(book_id, title="Twin")
    assert [sheet.title for sheet in emulator.book(twin.id).sheets] == ["Sheet1", "_ledger"]
    assert emulator.book(twin.id).access == {emulator.service_account: "owner"}


def test_an_older_version_comes_back_whole(api: Api) -> None:
    """Tabs deleted since stand again under their ids, tabs added since are gone, and the title and the sharing stay."""
    api.batch({"addSheet": LEDGER})
    api.put("A1", [["old"]])
    version = api.emulator.versions(api.book_id)[-1]
    api.put("A1", [["new"]])
    api.batch({"deleteSheet": {"sheetId": 77}}, {"addSheet": {"properties": {"title": "Later"}}})
    api.batch({"updateSpreadsheetProperties": {"properties": {"title": "Renamed"}, "fields": "title"}})
    api.emulator.share(api.book_id, "eve@example.com")
    api.emulator.staff(api.book_id, "Sheet1").restore_version(version)
    assert api.get("A1") == [["old"]]
    found = api.ok("GET", "", fields="properties.title,sheets.properties(sheetId)")
    assert found["properties"]["title"] == "Renamed"
    assert [sheet["properties"]["sheetId"] for sheet in found["sheets"]] == [0, 77]
    assert "eve@example.com" in api.emulator.book(api.book_id).access


def test_restoring_is_a_change_that_can_be_restored_away(api: Api) -> None:
    """What stood before a restore is a version, too, and neither changes with the sheet."""
    api.put("A1", [["one"]])
    first = api.emulator.versions(api.book_id)[-1]
    api.put("A1", [["two"]])
    second = api.emulator.versions(api.book_id)[-1]
    api.emulator.restore(api.book_id, first)
    api.put("A1", [["three"]])
    api.emulator.restore(api.book_id, second)
    assert api.get("A1") == [["two"]]
    api.put("A1", [["four"]])
    api.emulator.restore(api.book_id, first)
    assert api.get("A1") == [["one"]]
    assert api.emulator.versions(api.book_id)[-1] == second + 5


@pytest.mark.parametrize("back", [True, False])
def test_whether_restoring_brings_metadata_back_is_a_switch(api: Api, back: bool) -> None:  # noqa: FBT001
    """Nobody says whether a stamp made since is gone after a restore."""
    api.emulator.switches.restoring_brings_metadata_back = back
    version = api.emulator.versions(api.book_id)[-1]
    api.batch(STAMP)
    api.emulator.restore(api.book_id, version)
    assert api.call("GET", "/developerMetadata/5").status_code == (404 if back else 200)


def test_versions_are_made_by_what_changed_something(api: Api) -> None:
    """Reads and refused batches make none; a person's change does; the oldest are dropped."""
    before = api.emulator.versions(api.book_id)
    api.get("A1")
    api.refused({"deleteSheet": {"sheetId": 9}})
    api.error("PUT", "/values/Nowhere!A1", {"values": [["x"]]}, valueInputOption="RAW")
    assert api.emulator.versions(api.book_id) == before == [0]
    api.emulator.staff(api.book_id, "Sheet1").type("A1", "x")
    assert api.emulator.versions(api.book_id) == [0, 1]
    for number in range(60):
        api.put("A1", [[number]])
    assert api.emulator.versions(api.book_id) == list(range(22, 62))
    with pytest.raises(KeyError):
        api.emulator.restore(api.book_id, 21)


def test_a_twin_keeps_its_own_versions(api: Api) -> None:
    """A twin can go back as far as its original could, and neither sees the other's changes."""
    api.put("A1", [["one"]])
    twin = api.emulator.twin()
    Api(twin, api.book_id).put("A1", [["two"]])
    assert api.emulator.versions(api.book_id) == [0, 1]
    twin.restore(api.book_id, 1)
    assert (twin.values(api.book_id, "A1"), api.get("A1")) == ([["one"]], [["one"]])
