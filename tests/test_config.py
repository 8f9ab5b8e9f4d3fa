from __future__ import annotations

import re
import subprocess
import sys
import traceback
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from reconcile.config import (
    VARIABLES,
    GoogleBook,
    Settings,
    XlsxBook,
    describe_settings,
    load_settings,
    overridden,
    profiles,
    require,
)
from reconcile.errors import Exit, SettingsError

URL = "https://domain.com/admin/v1"
SHEET_ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde"
GOOGLE_KEY = '{"type": "service_account", "client_email": "job@x.iam.gserviceaccount.com", "private_key": "CANARY-PEM"}'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def setenv(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def refused(*needs: str, **kwargs) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_settings(*needs, **kwargs)
    assert caught.value.exit_code == Exit.USAGE
    return caught.value


# --- what the values become ---------------------------------------------------------------------------------------------


def test_built_in_values():
    """With nothing set, every setting has the documented value."""
    assert load_settings().model_dump() == {
        "panel_url": None,
        "panel_key": None,
        "sheet": None,
        "services": (),
        "panel_api": "v1",
        "panel_look": "",
        "state_dir": None,
        "adopt": "",
        "acknowledge": "",
        "panel_orders": "",
        "panel_updates": "",
        "panel_rows": None,
        "panel_page": None,
        "panel_none": (),
        "panel_lacks": (),
        "timezone": ZoneInfo("UTC"),
        "language": "en",
        "google_key_json": None,
        "google_emulator": None,
        "profile": None,
        "max_refunds": 25,
        "max_refund_total": None,
        "max_payments": 30,
        "max_payment_total": Decimal(5000),
        "max_payment": Decimal(1000),
        "max_tickets": 50,
        "same_payment_days": 1,
        "money_wait": 0.0,
        "max_closed_share": 30,
        "closed_share_floor": 20,
        "max_gone_share": 50,
        "partial_via": "setPartial",
        "archive_after_days": 7,
        "tasks": "all",
        "deadline": 600.0,
        "lease": 300.0,
        "pace": None,
        "connect_timeout": 10.0,
        "read_timeout": 45.0,
        "ping_url": None,
        "notify": None,
    }


def test_everything_from_the_environment(monkeypatch):
    """Each variable reaches its setting, in its type."""
    setenv(
        monkeypatch,
        RECONCILE_PANEL_URL=f" {URL} ",
        RECONCILE_PANEL_KEY="CANARY-KEY",
        RECONCILE_SHEET=SHEET_ID,
        RECONCILE_SERVICES=" 12, 007,,12 ",
        RECONCILE_STATE_DIR="state",
        RECONCILE_TIMEZONE="Europe/Berlin",
        RECONCILE_GOOGLE_KEY_JSON=GOOGLE_KEY,
        SHEETS_EMULATOR_HOST="127.0.0.1:9200",
        RECONCILE_MAX_REFUND_TOTAL="12.50",
        RECONCILE_PACE="0.2",
        RECONCILE_PARTIAL_VIA="updateOrders",
        RECONCILE_TASKS="listed",
        RECONCILE_DEADLINE="90",
    )
    settings = load_settings("panel", "sheet")
    assert settings.panel_url == URL
    assert settings.panel_key is not None
    assert settings.panel_key.get_secret_value() == "CANARY-KEY"
    assert settings.sheet == GoogleBook(SHEET_ID)
    assert settings.services == ("12", "007")
    assert settings.state_dir == Path("state")
    assert settings.timezone == ZoneInfo("Europe/Berlin")
    assert settings.google_key_json is not None
    assert settings.google_key_json.get_secret_value() == GOOGLE_KEY
    assert settings.google_emulator == "127.0.0.1:9200"
    assert settings.max_refund_total == Decimal("12.50")
    assert settings.pace == 0.2
    assert (settings.partial_via, settings.tasks, settings.deadline) == ("updateOrders", "listed", 90.0)


@pytest.mark.parametrize(
    ("text", "book"),
    [
        (f"https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=0", GoogleBook(SHEET_ID)),
        (f"https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit?gid=0#gid=0", GoogleBook(SHEET_ID)),
        (f"https://docs.google.com/spreadsheets/d/{SHEET_ID}", GoogleBook(SHEET_ID)),
        (f"https://docs.google.com/spreadsheets/u/1/d/{SHEET_ID}/edit", GoogleBook(SHEET_ID)),
        (f"https://docs.google.com/a/firm.example/spreadsheets/d/{SHEET_ID}/edit", GoogleBook(SHEET_ID)),
        (SHEET_ID, GoogleBook(SHEET_ID)),
        ("orders.xlsx", XlsxBook(Path("orders.xlsx"))),
        ("in/a folder/Orders.XLSX", XlsxBook(Path("in/a folder/Orders.XLSX"))),
    ],
)
def test_sheet(text, book):
    """A Google address, its id and a path ending in .xlsx are understood."""
    assert Settings.model_validate({"sheet": text}).sheet == book


@pytest.mark.parametrize("text", ["orders.xls", "orders", "https://example.com/orders.xlsx", "short-id", "a/b"])
def test_sheet_that_is_none_of_them(text, monkeypatch):
    setenv(monkeypatch, RECONCILE_SHEET=text)
    assert refused().what == (
        "RECONCILE_SHEET (the environment) is neither the address of a Google Sheet "
        "(https://docs.google.com/spreadsheets/d/…), nor its id, nor a path ending in .xlsx"
    )


def test_published_page_is_not_the_sheet(monkeypatch):
    setenv(monkeypatch, RECONCILE_SHEET="https://docs.google.com/spreadsheets/d/e/2PACX-1vabcdefgh/pubhtml")
    assert refused().what == (
        "RECONCILE_SHEET (the environment) is the address of a published page; "
        "open the spreadsheet itself and copy its address"
    )


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "http://127.0.0.1:8080/admin/v1",
        "http://localhost/x",
        "http://[::1]:1/x",
        "https://d.example:444/a",
        "https://bücher.example/x",
        "https://xn--bcher-kva.example/x",
        "https://my_panel.example./x",
    ],
)
def test_panel_url(url):
    assert Settings.model_validate({"panel_url": url}).panel_url == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "http://domain.com/admin/v1",
            "begins with http://, which would send the key readable by others; use https://",
        ),
        (
            "http://127.0.0.1.evil.example/",
            "begins with http://, which would send the key readable by others; use https://",
        ),
        ("ftp://domain.com/", "does not begin with https://"),
        ("domain.com/admin/v1", "is not a web address; it looks like https://domain.com/admin/v1"),
        ("https://", "is not a web address; it looks like https://domain.com/admin/v1"),
        ("https://domain.com:port/", "is not a web address"),
        ("https://exa mple.com/x", "has a space or another character in it that no web address has"),
        ("https://domain.com/a\tb", "has a space or another character in it that no web address has"),
        ("https://xn--/x", "has a host that cannot be one; it looks like https://domain.com/admin/v1"),
        ("https://xn--a/x", "has a host that cannot be one; it looks like https://domain.com/admin/v1"),
        ("https://a..b/x", "has a host that cannot be one; it looks like https://domain.com/admin/v1"),
        ("https://exam%20ple.com/x", "has a host that cannot be one; it looks like https://domain.com/admin/v1"),
        (f"https://{'a' * 64}.com/", "has a host that cannot be one; it looks like https://domain.com/admin/v1"),
        ("https://CANARY:CANARY@domain.com/", "carries a name or password before the @; leave that part out"),
        (f"{URL}?key=CANARY", "carries something after ? or #; leave that part out (the key has its own setting)"),
        (f"{URL}#CANARY", "carries something after ? or #; leave that part out (the key has its own setting)"),
    ],
)
def test_panel_url_refused(url, said, monkeypatch):
    """A wrong address is explained without repeating it: it may carry a password or the key."""
    setenv(monkeypatch, RECONCILE_PANEL_URL=url)
    assert refused().what == f"RECONCILE_PANEL_URL (the environment) {said}"


def test_google_key_from_a_file(folder, monkeypatch):
    (folder / "key.json").write_text(GOOGLE_KEY)
    setenv(monkeypatch, RECONCILE_GOOGLE_KEY_JSON="key.json")
    key = load_settings().google_key_json
    assert key is not None
    assert key.get_secret_value() == GOOGLE_KEY


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("absent.json", "is neither JSON (which begins with {) nor the path of a file that can be read"),
        ('"CANARY', "is neither JSON (which begins with {) nor the path of a file that can be read"),
        (
            "~nobody-has-this-name/key.json",
            "is neither JSON (which begins with {) nor the path of a file that can be read",
        ),
        ('{"type": "service_account", CANARY', "is not valid JSON; use the key file's content as it was downloaded"),
        ('{"private_key": "CANARY"}', 'is JSON, but not a Google key: it has no "type"'),
    ],
)
def test_google_key_refused(value, said, monkeypatch):
    setenv(monkeypatch, RECONCILE_GOOGLE_KEY_JSON=value)
    assert refused().what == f"RECONCILE_GOOGLE_KEY_JSON (the environment) {said}"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("RECONCILE_MAX_REFUNDS", "many", "must be a whole number, 0 or more"),
        ("RECONCILE_MAX_REFUNDS", "-1", "must be a whole number, 0 or more"),
        ("RECONCILE_MAX_REFUNDS", "2.5", "must be a whole number, 0 or more"),
        ("RECONCILE_MAX_REFUND_TOTAL", "NaN", "must be an amount such as 50 or 12.50"),
        ("RECONCILE_MAX_REFUND_TOTAL", "1,50", "must be an amount such as 50 or 12.50"),
        ("RECONCILE_MAX_CLOSED_SHARE", "101", "must be a whole number of percent, 0 to 100"),
        ("RECONCILE_PARTIAL_VIA", "setpartial", "must be setPartial or updateOrders"),
        ("RECONCILE_TASKS", "some", "must be all or listed"),
        ("RECONCILE_PANEL_ORDERS", "both", "must be claims or lists"),
        ("RECONCILE_PANEL_UPDATES", "xml", "must be json, form or single"),
        ("RECONCILE_PANEL_ROWS", "0", "must be a whole number, 1 to 100"),
        ("RECONCILE_PANEL_ROWS", "101", "must be a whole number, 1 to 100"),
        ("RECONCILE_PANEL_PAGE", "ten", "must be a whole number, 1 to 100"),
        (
            "RECONCILE_PANEL_LACKS",
            "refills, orders",
            "must be some of refills, cancels, payments and tickets, separated by commas",
        ),
        ("RECONCILE_DEADLINE", "0", "must be a number of seconds above 0"),
        ("RECONCILE_DEADLINE", "inf", "must be a number of seconds above 0"),
        ("RECONCILE_LEASE", "inf", "must be a number of seconds, 180 or more"),
        ("RECONCILE_LEASE", "179", "must be a number of seconds, 180 or more"),
        ("RECONCILE_PACE", "-1", "must be a number of seconds, 0 or more"),
        ("RECONCILE_SERVICES", "12 13", "has ids with spaces between them; separate ids by commas, such as 12, 13"),
        ("RECONCILE_SERVICES", "12;13", "has ids that are not whole numbers; separate ids by commas, such as 12, 13"),
        ("RECONCILE_SERVICES", "12|13", "has ids that are not whole numbers; separate ids by commas, such as 12, 13"),
        ("RECONCILE_SERVICES", "12, 1.0", "has ids that are not whole numbers; separate ids by commas, such as 12, 13"),
        ("RECONCILE_TIMEZONE", "Europe/Berln", "is not a time zone's name; did you mean Europe/Berlin?"),
        ("RECONCILE_TIMEZONE", "/etc", "is not a time zone's name; names look like Europe/Berlin or UTC"),
        ("SHEETS_EMULATOR_HOST", "127.0.0.1:99999", "must be host:port, such as 127.0.0.1:9200"),
        ("SHEETS_EMULATOR_HOST", "127.0.0.1:0", "must be host:port, such as 127.0.0.1:9200"),
        ("SHEETS_EMULATOR_HOST", "http://localhost:1", "must be host:port, such as 127.0.0.1:9200"),
        (
            "RECONCILE_STATE_DIR",
            "~nobody-has-this-name/x",
            "begins with ~, but there is no such user or no home folder; write the path in full",
        ),
    ],
)
def test_wrong_values(variable, value, said, monkeypatch):
    setenv(monkeypatch, **{variable: value})
    assert refused().what == f"{variable} (the environment) {said}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("services = [true]", "has ids that are not whole numbers; separate ids by commas, such as 12, 13"),
        ("services = [1.5]", "has ids that are not whole numbers; separate ids by commas, such as 12, 13"),
        ("services = [[1]]", "has ids that are not whole numbers; separate ids by commas, such as 12, 13"),
        ('sheet = "a\\u0000.xlsx"', "has a character in it that no path can have"),
        ('state_dir = "a\\u0000"', "has a character in it that no path can have"),
    ],
)
def test_wrong_values_that_only_a_file_can_hold(folder, line, said):
    (folder / "reconcile.toml").write_text(f"[defaults]\n{line}\n")
    assert refused().what == f"{line.split()[0]} (reconcile.toml, [defaults]) {said}"


def test_frozen():
    with pytest.raises(ValidationError):
        Settings().max_refunds = 26  # type: ignore[misc]


# --- where they stand ----------------------------------------------------------------------------------------------------


def test_precedence(folder, monkeypatch):
    """Environment > .env > profile > [defaults] > built-in, setting by setting."""
    (folder / "reconcile.toml").write_text(
        "[defaults]\nmax_refunds = 1\nlease = 181\npace = 1\ndeadline = 1\n"
        "[profiles.main]\nmax_refunds = 2\nlease = 182\npace = 2\n"
        "[profiles.other]\nmax_refunds = 99\n"
    )
    (folder / ".env").write_text("RECONCILE_MAX_REFUNDS=3\nRECONCILE_LEASE=183\nRECONCILE_PROFILE=main\n")
    setenv(monkeypatch, RECONCILE_MAX_REFUNDS="4")
    settings = load_settings()
    assert (settings.max_refunds, settings.lease, settings.pace, settings.deadline) == (4, 183.0, 2.0, 1.0)
    assert settings.read_timeout == 45.0
    assert settings.profile == "main"


def test_profile_by_argument_wins(folder, monkeypatch):
    (folder / "reconcile.toml").write_text("[profiles.a]\nmax_refunds = 1\n[profiles.b]\nmax_refunds = 2\n")
    setenv(monkeypatch, RECONCILE_PROFILE="a")
    assert load_settings().max_refunds == 1
    assert load_settings(profile="b").max_refunds == 2


def test_what_replaces_a_profiles_panel_or_sheet_is_named(folder, monkeypatch):
    """The environment wins, and that can put one panel's orders into another's sheet: each such value is told, and no other."""
    (folder / "reconcile.toml").write_text(
        "[profiles.b]\nsheet = 'b.xlsx'\npanel_url = 'https://b.com/v1'\npanel_key = 'same'\nlease = 2\n"
    )
    (folder / ".env").write_text("RECONCILE_SHEET=a.xlsx\nRECONCILE_PANEL_KEY=same\nRECONCILE_LEASE=9\n")
    setenv(monkeypatch, RECONCILE_PANEL_URL="https://a.com/v1")
    assert overridden() == []
    assert overridden(profile="b") == [
        "RECONCILE_PANEL_URL (the environment) is used, not the panel_url of the profile b.",
        "RECONCILE_SHEET (.env) is used, not the sheet of the profile b.",
    ]


def test_blank_is_not_set(folder, monkeypatch):
    """An Action passes an unset secret as an empty text: it falls through to the next place."""
    (folder / ".env").write_text("RECONCILE_PANEL_URL=\nRECONCILE_PANEL_KEY=from-env-file\n")
    (folder / "reconcile.toml").write_text(f'[defaults]\npanel_url = "{URL}"\nsheet = " "\n')
    setenv(monkeypatch, RECONCILE_PANEL_KEY="  ")
    settings = load_settings("panel")
    assert settings.panel_url == URL
    assert settings.panel_key is not None
    assert settings.panel_key.get_secret_value() == "from-env-file"
    assert settings.sheet is None


def test_toml_types(folder):
    """Numbers, lists and texts mean the same in reconcile.toml; decimals stay exact."""
    (folder / "reconcile.toml").write_text(
        '\ufeff[defaults]\nservices = [12, "13"]\nmax_refund_total = 12.10\nlease = "180"\n', "utf-8"
    )
    settings = load_settings()
    assert settings.services == ("12", "13")
    assert str(settings.max_refund_total) == "12.10"
    assert settings.lease == 180.0


@pytest.mark.parametrize(
    "line", ["max_refunds = true", "max_refunds = 1979-05-27", "max_refunds = {}", "max_refunds = [1]"]
)
def test_toml_wrong_type(folder, line):
    (folder / "reconcile.toml").write_text(f"[defaults]\n{line}\n")
    assert refused().what == "max_refunds (reconcile.toml, [defaults]) must be a whole number, 0 or more"


def test_env_file_as_it_is_written(folder):
    """Quotes, comments and `export` as usual; `${…}` inside a key stays as it is."""
    (folder / ".env").write_text(
        "# ours\nexport RECONCILE_PANEL_URL='" + URL + "'\nRECONCILE_PANEL_KEY=a${HOME}#b\nSOMEBODY_ELSES=1\n"
    )
    settings = load_settings("panel")
    assert settings.panel_key is not None
    assert settings.panel_key.get_secret_value() == "a${HOME}#b"


def test_env_file_line_that_is_none(folder):
    (folder / ".env").write_text("RECONCILE_PANEL_KEY\n'CANARY\n")
    error = refused()
    assert error.what == (
        "2 settings need attention:\n"
        "  .env, line 1, is not of the form NAME=value\n"
        "  .env, line 2, is not of the form NAME=value"
    )


@pytest.mark.parametrize("name", [".env", "reconcile.toml"])
def test_file_that_cannot_be_read(folder, name):
    (folder / name).write_bytes(b"A='\xff'\n")
    assert refused().what == f"{name} cannot be read: it is not UTF-8 text"
    (folder / name).unlink()
    (folder / name).mkdir()
    assert refused().what == f"{name} cannot be read: Is a directory"


def test_toml_that_is_none(folder):
    (folder / "reconcile.toml").write_text("[defaults\n")
    assert re.fullmatch(r"reconcile\.toml is not valid TOML: .*line 1.*", refused().what)
    with pytest.raises(SettingsError, match="not valid TOML"):
        profiles()


# --- what is said --------------------------------------------------------------------------------------------------------


def test_nothing_set():
    """`sync` with nothing set names everything that is missing and where to begin."""
    error = refused("panel", "sheet")
    assert error.what == (
        "3 settings need attention:\n"
        "  RECONCILE_PANEL_URL is not set; it is the panel's admin API, e.g. `https://domain.com/admin/v1`\n"
        "  RECONCILE_PANEL_KEY is not set; it is the admin API's key\n"
        "  RECONCILE_SHEET is not set; it is the workbook: a Google Sheet's address or id, or a path ending in .xlsx"
    )
    assert error.next_step == (
        "Set what is missing in the environment, in .env or in reconcile.toml. "
        "`make demo` shows everything at work without any account."
    )


def test_missing_and_wrong_at_once(folder, monkeypatch):
    """One message names all of it, and where each stands; a wrong one is not also called missing."""
    (folder / "reconcile.toml").write_text(
        "[default]\n[defaults]\nmax_refund = 3\nRECONCILE_LEASES = 4\n[profiles.shop-a]\nsheets = 'x'\n"
    )
    (folder / ".env").write_text("RECONCILE_PANEL_URI=x\nRECONCILE_TASKS=none\n")
    setenv(monkeypatch, RECONCILE_PANEL_URL="http://domain.com", RECONCILE_PROFILE="shop-b", reconcile_lease="1")
    error = refused("panel")
    assert error.what == (
        "10 settings need attention:\n"
        "  reconcile_lease (the environment) is not a setting; did you mean RECONCILE_LEASE?\n"
        "  RECONCILE_PANEL_URI (.env) is not a setting; did you mean RECONCILE_PANEL_URL?\n"
        "  reconcile.toml: default is not one of its tables, [defaults] and [profiles.NAME]; did you mean defaults?\n"
        "  max_refund (reconcile.toml, [defaults]) is not a setting; did you mean max_refunds?\n"
        "  RECONCILE_LEASES (reconcile.toml, [defaults]) is not a setting; did you mean lease?\n"
        "  sheets (reconcile.toml, [profiles.shop-a]) is not a setting; did you mean sheet?\n"
        "  RECONCILE_PROFILE (the environment) names the profile shop-b, which reconcile.toml does not have; "
        "it has: shop-a; did you mean shop-a?\n"
        "  RECONCILE_PANEL_URL (the environment) begins with http://, which would send the key readable by others; "
        "use https://\n"
        "  RECONCILE_TASKS (.env) must be all or listed\n"
        "  RECONCILE_PANEL_KEY is not set; it is the admin API's key"
    )


def test_wrong_alone_points_to_the_list(monkeypatch):
    setenv(monkeypatch, RECONCILE_TASKS="none")
    assert refused().next_step == "Correct it where it stands; `reconcile --help` lists all settings."


def test_profiles_nobody_chose(folder):
    """Missing settings with profiles in the file: the message says that one can be chosen."""
    (folder / "reconcile.toml").write_text(f"[profiles.b]\nsheet = '{SHEET_ID}'\n[profiles.a]\n")
    assert "reconcile.toml has the profiles b, a: choose one with RECONCILE_PROFILE." in refused("sheet").next_step
    assert profiles() == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profile.a]", "profile is not one of its tables, [defaults] and [profiles.NAME]; did you mean profiles?"),
        ("profiles = 1", "profiles must be a table"),
        ("[[profiles.a]]", "profiles.a must be a table, [profiles.a]"),
        ("[profiles]\na = 1", "profiles.a must be a table, [profiles.a]"),
    ],
)
def test_profiles_of_a_file_that_means_something_else(folder, text, said):
    """A slip is refused: an empty list would be a matrix without jobs, and every run of it a success."""
    (folder / "reconcile.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        profiles()
    assert caught.value.what == f"reconcile.toml: {said}"


def test_profile_without_a_file(monkeypatch):
    setenv(monkeypatch, RECONCILE_PROFILE="main")
    assert refused().what == (
        "RECONCILE_PROFILE (the environment) names the profile main, which reconcile.toml does not have; it has: none"
    )
    assert profiles() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("defaults = 1\n", "reconcile.toml: defaults must be a table"),
        ("profiles = [1]\n", "reconcile.toml: profiles must be a table"),
        ("[profiles]\nmain = 1\n", "reconcile.toml: profiles.main must be a table, [profiles.main]"),
        ("[defaults]\nprofile = 'x'\n", "profile (reconcile.toml, [defaults]) is not a setting"),
    ],
)
def test_toml_of_another_form(folder, text, said):
    (folder / "reconcile.toml").write_text(text)
    assert refused().what.startswith(said)


def test_require():
    """Commands ask for what they need: the panel, the sheet, both or nothing."""
    require(Settings())
    require(Settings.model_validate({"sheet": "a.xlsx"}), "sheet")
    with pytest.raises(SettingsError, match="RECONCILE_PANEL_KEY is not set"):
        require(Settings.model_validate({"panel_url": URL}), "panel")


# --- secrets -------------------------------------------------------------------------------------------------------------


def test_no_secret_in_any_text(folder, monkeypatch):
    """F21: neither key shows in repr, in an error, nor in a traceback that prints every frame's locals."""
    setenv(
        monkeypatch,
        RECONCILE_PANEL_KEY="CANARY-KEY",
        RECONCILE_GOOGLE_KEY_JSON=GOOGLE_KEY,
        RECONCILE_PANEL_URL="https://CANARY-NAME:CANARY-PASSWORD@domain.com/",
    )
    (folder / ".env").write_text("RECONCILE_PANEL_KEY=CANARY-ENV\nRECONCILE_CANARY_NOT\n")
    (folder / "reconcile.toml").write_text("[defaults]\npanel_key = 'CANARY-TOML'\ngoogle_key_json='{CANARY'\n")
    error = refused("panel", "sheet")
    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    ours = told[told.index("load_settings(*needs") :]  # the frames before are this test's own
    assert "CANARY" not in ours
    assert "CANARY" not in error.what + error.next_step
    monkeypatch.delenv("RECONCILE_PANEL_URL")
    (folder / ".env").unlink()
    settings = load_settings()
    for text in (
        repr(settings),
        str(settings),
        repr(settings.model_dump()),
        settings.model_dump_json(exclude={"timezone"}),
    ):
        assert "CANARY" not in text


# --- for others ----------------------------------------------------------------------------------------------------------


def test_describe_settings():
    """The table for README and --help: every setting once, with a meaning."""
    rows = describe_settings()
    assert [row.variable for row in rows] == list(VARIABLES.values())
    assert all(row.meaning for row in rows)
    assert rows[0] == ("RECONCILE_PANEL_URL", "the panel's admin API, e.g. `https://domain.com/admin/v1`", "")
    assert {row.variable: row.default for row in rows if row.default} == {
        "RECONCILE_PANEL_API": "v1",
        "RECONCILE_TIMEZONE": "UTC",
        "RECONCILE_LANGUAGE": "en",
        "RECONCILE_MAX_REFUNDS": "25",
        "RECONCILE_MAX_PAYMENTS": "30",
        "RECONCILE_MAX_PAYMENT_TOTAL": "5000",
        "RECONCILE_MAX_PAYMENT": "1000",
        "RECONCILE_MAX_TICKETS": "50",
        "RECONCILE_SAME_PAYMENT_DAYS": "1",
        "RECONCILE_MONEY_WAIT": "0",
        "RECONCILE_MAX_CLOSED_SHARE": "30",
        "RECONCILE_CLOSED_SHARE_FLOOR": "20",
        "RECONCILE_MAX_GONE_SHARE": "50",
        "RECONCILE_PARTIAL_VIA": "setPartial",
        "RECONCILE_ARCHIVE_AFTER_DAYS": "7",
        "RECONCILE_TASKS": "all",
        "RECONCILE_DEADLINE": "600",
        "RECONCILE_LEASE": "300",
        "RECONCILE_CONNECT_TIMEOUT": "10",
        "RECONCILE_READ_TIMEOUT": "45",
    }


def test_imports_nothing_heavy():
    """Reading settings costs no pandas, gspread, openpyxl or httpx."""
    code = (
        "import sys, reconcile.config; print([m for m in ('pandas','gspread','openpyxl','httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("10", 600), ("10m", 600), ("30s", 30), ("2h", 7200), ("1.5 m", 90), ("24h", 86_400)],
)
def test_money_waits_minutes_or_a_time_with_its_unit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, seconds: float
) -> None:
    """A bare number is minutes; the others say what they are."""
    monkeypatch.setenv("RECONCILE_MONEY_WAIT", text)
    assert load_settings(folder=tmp_path).money_wait == seconds


@pytest.mark.parametrize("text", ["-1", "25h", "1441", "soon", "5 minutes", "1d", "m"])
def test_a_wait_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    """Above a day, below nothing, or no time at all."""
    monkeypatch.setenv("RECONCILE_MONEY_WAIT", text)
    with pytest.raises(SettingsError, match="RECONCILE_MONEY_WAIT"):
        load_settings(folder=tmp_path)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1h", 3600)])
def test_the_other_durations_take_units_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, seconds: float
) -> None:
    """A bare number is seconds there."""
    monkeypatch.setenv("RECONCILE_DEADLINE", text)
    assert load_settings(folder=tmp_path).deadline == seconds
