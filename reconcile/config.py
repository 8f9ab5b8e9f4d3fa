"""Settings: from the environment, a `.env` file and `reconcile.toml`, checked once, told apart by where they came from.

Precedence: environment > .env > the chosen profile in reconcile.toml > its [defaults] > built-in. A blank value counts as
not set (an Action passes an unset secret as an empty text). Every missing, unknown or wrong one is named in one message.

Built on pydantic alone. pydantic-settings' own loaders would not do: its .env reader replaces `${…}` inside values, so
that a panel key with such characters arrives changed, and it forgets where a value came from.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import os
import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from dotenv.parser import parse_stream
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from reconcile.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dotenv.parser import Binding

PREFIX: Final = "RECONCILE_"
ENV_FILE: Final = ".env"
TOML_FILE: Final = "reconcile.toml"

_ELSEWHERE: Final = {"google_emulator": "SHEETS_EMULATOR_HOST"}
"""Settings whose variable is not ours to name (Google's emulators are all found by such a variable)."""

KEY_OF: Final = PREFIX + "PANEL_KEY_"
"""A variable that begins so is one profile's own key: RECONCILE_PANEL_KEY_SHOP is that of the profile shop."""

_PROFILE_WORDS: Final = ("defaults", "profiles")


@dataclass(frozen=True)
class XlsxBook:
    """A workbook that is a file on this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class GoogleBook:
    """A Google Sheet, by its spreadsheet id."""

    id: str

    def __str__(self) -> str:
        return self.id


Book = XlsxBook | GoogleBook


class Setting(NamedTuple):
    """One line of the settings table: what README and `--help` show."""

    variable: str
    meaning: str
    default: str


# --- what a right value looks like --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wants:
    """What a right value is, for the sentence "it must be …"."""

    text: str


def _panel_url(value: object) -> object:
    """The panel's address, or ValueError in words that never repeat it (it may carry a password)."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if not host:
        raise ValueError("is not a web address; it looks like https://domain.com/admin/v1")
    if not value.isprintable() or " " in value:
        raise ValueError("has a space or another character in it that no web address has")
    if parts.username is not None or parts.password is not None:
        raise ValueError("carries a name or password before the @; leave that part out")
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError("carries something after ? or #; leave that part out (the key has its own setting)")
    _check_scheme(parts, host)
    if ":" not in host and not all(_is_label(label) for label in host.removesuffix(".").split(".")):
        raise ValueError("has a host that cannot be one; it looks like https://domain.com/admin/v1")
    return value


def _is_label(text: str) -> bool:
    """Whether a name's part between two dots can be looked up; `xn--` begins one of letters beyond ASCII (RFC 5890)."""
    try:
        spoken = text[4:].encode("ascii").decode("punycode") if text.startswith("xn--") else text
    except UnicodeError:
        return False
    return len(text) <= 63 and re.fullmatch(r"[\w-]+", spoken) is not None  # noqa: PLR2004 - DNS


def _check_scheme(parts: SplitResult, host: str) -> None:
    if parts.scheme == "http" and not _loopback(host):
        raise ValueError("begins with http://, which would send the key readable by others; use https://")
    if parts.scheme not in ("http", "https"):
        raise ValueError("does not begin with https://")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_GOOGLE_URL = re.compile(
    r"https://docs\.google\.com/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]{10,})(?:[/?#].*)?"
)
_GOOGLE_ID = re.compile(r"[A-Za-z0-9_-]{10,}")


def _book(value: object) -> object:
    """The workbook a text names. Never repeats the text: people paste keys into the wrong field."""
    if not isinstance(value, str):
        return value
    if found := _GOOGLE_URL.fullmatch(value) or _GOOGLE_ID.fullmatch(value):
        return GoogleBook(found[found.re.groups])
    if "docs.google.com" in value and "/d/e/" in value:
        raise ValueError("is the address of a published page; open the spreadsheet itself and copy its address")
    if "://" not in value and value.lower().endswith(".xlsx"):
        return XlsxBook(_expanded(value))
    raise ValueError(
        "is neither the address of a Google Sheet (https://docs.google.com/spreadsheets/d/…), nor its id, "
        "nor a path ending in .xlsx"
    )


def _services(value: object) -> object:
    """Service ids from "12, 13" (or a list), trimmed, in the order given, each once. The panel's are numbers [ref]."""
    if isinstance(value, int):
        value = str(value)
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    ids = [str(part).strip() for part in parts]
    if any(len(service.split()) > 1 for service in ids):
        raise ValueError("has ids with spaces between them; separate ids by commas, such as 12, 13")
    if not all(re.fullmatch("[0-9]*", service) for service in ids):
        raise ValueError("has ids that are not whole numbers; separate ids by commas, such as 12, 13")
    return tuple(dict.fromkeys(service for service in ids if service))


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = _did_you_mean(value, available_timezones()) or "; names look like Europe/Berlin or UTC"
        raise ValueError(f"is not a time zone's name{near}") from None


def _google_key(value: object) -> object:
    """The key's JSON text, given inline or as a file's path. Never repeats either."""
    if isinstance(value, SecretStr) or not isinstance(value, str):
        return value
    try:
        text = value if value.startswith("{") else _expanded(value).read_text("utf-8-sig")
    except (OSError, ValueError):
        raise ValueError("is neither JSON (which begins with {) nor the path of a file that can be read") from None
    try:
        content = json.loads(text)
    except ValueError:
        raise ValueError("is not valid JSON; use the key file's content as it was downloaded") from None
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        raise ValueError('is JSON, but not a Google key: it has no "type"')  # noqa: TRY004 - pydantic wants ValueError
    return SecretStr(text)


def _ping_url(value: object) -> object:
    """A secret web address, or ValueError in words that never repeat it."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        raise ValueError("is not a web address") from None
    if not host or not value.isprintable() or " " in value or parts.query or parts.fragment:
        raise ValueError("is not a web address such as https://hc-ping.com/…, without ? or #")
    _check_scheme(parts, host)
    return SecretStr(value)


def _adopt(value: object) -> object:
    said = str(value).strip().casefold()
    return {"yes": "yes", "no": ""}.get(said, value)


def _word(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


def _names(value: object) -> object:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    return tuple(dict.fromkeys(name for part in parts if (name := str(part).strip().casefold())))


def _sentences(value: object) -> object:
    parts = value.split("|") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    return tuple(dict.fromkeys(text for part in parts if (text := " ".join(str(part).split()))))


def _folder(value: object) -> object:
    return _expanded(value) if isinstance(value, str) else value


def _expanded(path: str) -> Path:
    """The path with a leading ~ replaced, or ValueError."""
    if "\0" in path:
        raise ValueError("has a character in it that no path can have")
    try:
        return Path(path).expanduser() if path.startswith("~") else Path(path)
    except RuntimeError:
        raise ValueError("begins with ~, but there is no such user or no home folder; write the path in full") from None


def _emulator(value: object) -> object:
    if isinstance(value, str):
        found = re.fullmatch(r"(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", value)
        if found is None or not 1 <= int(found[1]) <= 65_535:  # noqa: PLR2004 - TCP's ports
            raise ValueError("must be host:port, such as 127.0.0.1:9200")
    return value


_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _lasting(unit: str) -> BeforeValidator:
    """Reads a time as seconds: `30s`, `5m`, `2h`; a number without a unit is in `unit`."""

    def read(value: object) -> object:
        if isinstance(value, str) and (
            found := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([smh]?)", value.strip().lower())
        ):
            return float(found[1]) * _UNITS[found[2] or unit]
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return float(value) * _UNITS[unit]
        return value

    return BeforeValidator(read)


PanelUrl = Annotated[str, BeforeValidator(_panel_url), _Wants("an https address")]
Count = Annotated[int, Field(ge=0), _Wants("a whole number, 0 or more")]
Percent = Annotated[int, Field(ge=0, le=100), _Wants("a whole number of percent, 0 to 100")]
Money = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), _Wants("an amount such as 50 or 12.50")]
Seconds = Annotated[
    float, _lasting("s"), Field(gt=0, le=86_400, allow_inf_nan=False), _Wants("a number of seconds above 0")
]
Lasting = Annotated[
    float, _lasting("s"), Field(ge=180, le=86_400, allow_inf_nan=False), _Wants("a number of seconds, 180 or more")
]
"""A lease. A run renews it with 120 s left, so a shorter one would be written into the sheet before every call."""
Pause = Annotated[
    float, _lasting("s"), Field(ge=0, le=600, allow_inf_nan=False), _Wants("a number of seconds, 0 or more")
]
Minutes = Annotated[
    float,
    _lasting("m"),
    Field(ge=0, le=86_400, allow_inf_nan=False),
    _Wants("minutes or a time such as 30s, 5m or 2h, a day at most"),
]
"""Kept in seconds, as every duration."""
Secret = Annotated[SecretStr, _Wants("a text")]


class Settings(BaseModel):
    """Every setting, checked. Construction takes keyword values only; `load_settings` reads the places they stand in.

    None (or an empty `services`) means not set. Durations are seconds, shares are percent, money is Decimal.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True, validate_default=False
    )

    panel_url: PanelUrl | None = Field(None, description="the panel's admin API, e.g. `https://domain.com/admin/v1`")
    panel_key: Secret | None = Field(None, description="the admin API's key")
    sheet: Annotated[Book, BeforeValidator(_book), _Wants("a Google Sheet or a path ending in .xlsx")] | None = Field(
        None, description="the workbook: a Google Sheet's address or id, or a path ending in .xlsx"
    )
    services: Annotated[tuple[str, ...], BeforeValidator(_services), _Wants("ids separated by commas")] = Field(
        (), description="comma-separated service ids that `init` puts into the Services tab"
    )
    panel_api: Annotated[Literal["v1", "v2"], BeforeValidator(_word), _Wants("v1 or v2")] = Field(
        "v1",
        description="the panel's admin API: v1 (the reference) or v2 (the next generation; its address ends in `/adminapi/v2`)",
    )
    panel_look: Annotated[Literal["", "yes"], BeforeValidator(_adopt), _Wants("yes or no")] = Field(
        "",
        description="yes: a v1 panel has `getOrders-by-id`, by which a refund in doubt is looked up before a person is asked",
    )
    state_dir: Annotated[Path, BeforeValidator(_folder), _Wants("a folder's path")] | None = Field(
        None,
        description="the journal's folder; not set: `.reconcile` beside the .xlsx, for a Google Sheet this user's own folder for "
        "such things (one that is already used in the working folder stays)",
    )
    adopt: Annotated[Literal["", "yes"], BeforeValidator(_adopt), _Wants("yes or no")] = Field(
        "",
        description="yes: an .xlsx of another machine is taken on without asking (never a copy, an older one or another panel)",
    )
    acknowledge: Annotated[Literal["", "yes"], BeforeValidator(_adopt), _Wants("yes or no")] = Field(
        "",
        description="yes: an order is set to Processing at the panel once it is in the sheet, for panels that only show what is pending",
    )
    panel_orders: Annotated[Literal["", "claims", "lists"], BeforeValidator(_word), _Wants("claims or lists")] = Field(
        "",
        description="claims: the panel hands each order out once; lists: it shows what is pending at every call; not set, that is learnt",
    )
    panel_updates: Annotated[
        Literal["", "json", "form", "single"], BeforeValidator(_word), _Wants("json, form or single")
    ] = Field(
        "",
        description="json, form or single: how the panel takes changes of orders (a list as JSON, a list as a form, each by a call of "
        "its own); not set, that is learnt",
    )
    panel_rows: Annotated[int, Field(ge=1, le=100), _Wants("a whole number, 1 to 100")] | None = Field(
        None, description="most changes in one list; not set, 100, and fewer where the panel is too slow for that"
    )
    panel_page: Annotated[int, Field(ge=1, le=100), _Wants("a whole number, 1 to 100")] | None = Field(
        None, description="most orders in one answer of the panel; not set, 100, or fewer once that is learnt"
    )
    panel_none: Annotated[tuple[str, ...], BeforeValidator(_sentences), _Wants("sentences separated by |")] = Field(
        (), description="what the panel says when nothing is pending, in its own words; several are separated by a bar"
    )
    panel_lacks: Annotated[
        tuple[Literal["refills", "cancels", "payments", "tickets"], ...],
        BeforeValidator(_names),
        _Wants("some of refills, cancels, payments and tickets, separated by commas"),
    ] = Field((), description="comma-separated: what the panel has no calls for (refills, cancels, payments, tickets)")
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone), _Wants("a time zone's name")] = Field(
        ZoneInfo("UTC"), description="for dates in an .xlsx; a Google Sheet uses its own"
    )
    language: Annotated[Literal["en", "es", "pt", "tr", "hi"], _Wants("en, es, pt, tr or hi")] = Field(
        "en",
        description="the language `init` and `demo` make a workbook in: en, es, pt, tr or hi; a workbook keeps its own",
    )
    google_key_json: Annotated[SecretStr, BeforeValidator(_google_key), _Wants("a key's JSON")] | None = Field(
        None,
        description="a Google key: its JSON, or the path of its file; without it, application default credentials",
    )
    google_emulator: Annotated[str, BeforeValidator(_emulator), _Wants("host:port")] | None = Field(
        None, description="host:port of a Google Sheets emulator, over plain http"
    )
    profile: Annotated[str, _Wants("a profile's name")] | None = Field(
        None, description="which [profiles.NAME] of reconcile.toml applies"
    )
    max_refunds: Count = Field(25, description="limit: refunds in one run")
    max_refund_total: Money | None = Field(None, description="limit: sum of the refunds in one run")
    max_payments: Count = Field(30, description="limit: payments in one run")
    max_payment_total: Money = Field(Decimal(5000), description="limit: sum of the payments in one run")
    max_payment: Money = Field(Decimal(1000), description="limit: amount of one payment")
    max_tickets: Count = Field(50, description="limit: tickets in one run")
    same_payment_days: Count = Field(
        1, description="for how many days a payment or ticket that says the very same is asked about"
    )
    money_wait: Minutes = Field(
        0.0,
        description="minutes (or `30s`, `5m`, `2h`) that a refund or payment waits in the sheet before it is sent; 0: none",
    )
    max_closed_share: Percent = Field(30, description="limit: percent of the open rows that may be closed in one run")
    closed_share_floor: Count = Field(20, description="from how many open rows on that limit holds")
    max_gone_share: Percent = Field(50, description="limit: percent of the known rows that may be gone from the sheet")
    partial_via: Annotated[Literal["setPartial", "updateOrders"], _Wants("setPartial or updateOrders")] = Field(
        "setPartial", description="the call that makes an order Partial: setPartial or updateOrders"
    )
    archive_after_days: Count = Field(7, description="days after which a closed order moves to Archive; 0: never")
    tasks: Annotated[Literal["all", "listed"], _Wants("all or listed")] = Field(
        "all", description="refills and cancels: of all services in one call, or one call per listed service"
    )
    ping_url: Annotated[SecretStr, BeforeValidator(_ping_url), _Wants("a web address")] | None = Field(
        None, description="a secret web address that is told when a run begins (/start) and how it ended (/0, /7 …)"
    )
    notify: Secret | None = Field(
        None,
        description="where one message goes per change of state, as apprise's addresses, separated by spaces; needs the extra `notify`",
    )
    deadline: Seconds = Field(600.0, description="seconds after which a run stops by itself")
    lease: Lasting = Field(300.0, description="seconds a run that fell silent keeps others out, 180 or more")
    pace: Pause | None = Field(None, description="seconds between two calls to the panel; not set, the client's own")
    connect_timeout: Seconds = Field(10.0, description="seconds to wait for a connection")
    read_timeout: Seconds = Field(45.0, description="seconds to wait for an answer")


VARIABLES: Final[Mapping[str, str]] = {
    name: _ELSEWHERE.get(name, PREFIX + name.upper()) for name in Settings.model_fields
}
"""Setting → the variable that sets it."""

_NAMES: Final = {variable: name for name, variable in VARIABLES.items()}

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {"panel": ("panel_url", "panel_key"), "sheet": ("sheet",)}
"""What a command can ask for by one word."""


# --- the places ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Given:
    """One value and the place it stands in. Its repr hides the value: a traceback may print the frames that hold it."""

    place: str
    value: object

    def __repr__(self) -> str:
        return f"<set in {self.place}>"


_Table = dict[str, _Given]


@dataclass(frozen=True)
class _Places:
    """What the places say, most important first, and what is wrong with them as places."""

    tables: tuple[_Table, ...]
    profiles: tuple[str, ...]
    problems: tuple[str, ...]

    def merged(self) -> _Table:
        found: _Table = {}
        for table in self.tables:
            found = table | found
        return found


def load_settings(*needs: str, folder: Path | None = None, profile: str | None = None) -> Settings:
    """The settings as environment, `.env` and `reconcile.toml` in `folder` (the working directory) say them.

    `needs` are words of `require`; `profile` (a command's --profile) wins over RECONCILE_PROFILE.
    SettingsError lists every missing, unknown and wrong one at once, and where it stands; never a secret.
    """
    places = _places(folder or Path(), profile)
    settings, wrong = _validated(places.merged())
    problems = [*places.problems, *wrong.values()]
    missing = [name for name in _wanted(needs) if name not in wrong and not getattr(settings, name)]
    if problems or missing:
        raise _error(problems, missing, places.profiles if "profile" not in places.merged() else ())
    return settings


def language(folder: Path | None = None, profile: str | None = None) -> str:
    """The setting `language` alone, for what needs no other: whatever is wrong with those is no hindrance.

    Raises SettingsError for a language there is not.
    """
    given = _places(folder or Path(), profile).merged()
    settings, wrong = _validated({name: given[name] for name in ("language",) if name in given})
    if wrong:
        raise _error(wrong.values(), (), ())
    return settings.language


def refusal(name: str, value: str) -> str:
    """What is wrong with a value for the setting `name`, such as "is not a web address"; "" where it is right.

    Never repeats the value.
    """
    _, wrong = _validated({name: _Given("", value)})
    return wrong[name].removeprefix(f"{VARIABLES[name]} () ") if wrong else ""


def set_above(name: str, *, profile: bool, folder: Path | None = None) -> tuple[str, str]:
    """(place, value) of the setting where the environment, or for a profile `.env`, would win over what setup writes; else ("", "")."""
    _, _, variables, dotenv, *_ = _places(folder or Path(), None).tables
    given = variables.get(name) or (dotenv.get(name) if profile else None)
    return (given.place, str(given.value)) if given else ("", "")


def require(settings: Settings, *needs: str) -> None:
    """Raises SettingsError naming every setting that is not set although `needs` ("panel", "sheet") asks for it."""
    missing = [name for name in _wanted(needs) if not getattr(settings, name)]
    if missing:
        raise _error((), missing, ())


def profiles(folder: Path | None = None) -> list[str]:
    """The names of the profiles in `reconcile.toml`, as they stand there; none without the file. Raises SettingsError."""
    document, problems = _toml_document((folder or Path()) / TOML_FILE)
    if not problems:
        _, problems = _toml_tables(document, None)
    if problems:
        raise _error(problems, (), ())
    return list(_tables(document.get("profiles")))


def place_of(settings: Settings) -> str:
    """The workbook's file or id as it is set, "" where none is."""
    return "" if settings.sheet is None else str(settings.sheet)


def neighbours(folder: Path | None = None) -> list[tuple[str, str, Book]]:
    """(name, panel's address, sheet) of every profile that has both, its own or by default; what is wrong is left out."""
    document, _ = _toml_document((folder or Path()) / TOML_FILE)
    found = []
    for name in _tables(document.get("profiles")):
        (profile, defaults), _ = _toml_tables(document, _Given("", name))
        settings, _ = _validated(defaults | profile)
        if settings.panel_url and settings.sheet:
            found.append((name, settings.panel_url, settings.sheet))
    return found


def _same_sheet_twice(document: dict[str, Any]) -> list[str]:
    """A sentence for each sheet that two profiles name: two sets of settings would work on one workbook."""
    first: dict[str, str] = {}
    problems = []
    for name, table in _tables(document.get("profiles")).items():
        sheet = table.get("sheet")
        try:
            book = _book(sheet.strip()) if isinstance(sheet, str) else None
        except ValueError:
            continue
        if isinstance(book, GoogleBook | XlsxBook):
            place = book.id if isinstance(book, GoogleBook) else str(book.path.resolve())
            if place in first:
                problems.append(
                    f"{TOML_FILE}: the profiles {first[place]} and {name} name the same sheet; each needs one of its own"
                )
            first.setdefault(place, name)
    return problems


def overridden(folder: Path | None = None, profile: str | None = None) -> list[str]:
    """A sentence for each value of the chosen profile that environment or `.env` replace, where that mixes up two panels or sheets."""
    places = _places(folder or Path(), profile)
    *above_all, chosen, _ = places.tables
    above: _Table = {}
    for table in above_all[2:]:  # not what is said for this very profile
        above = table | above
    return [
        f"{VARIABLES[name]} ({above[name].place}) is used, not the {name} of the profile {places.merged()['profile'].value}."
        for name in _wanted(_NEEDS)
        if name in chosen and name in above and chosen[name].value != above[name].value
    ]


def describe_settings() -> tuple[Setting, ...]:
    """Every setting as (variable, meaning, default), in the order to show them; "" where there is no default."""
    return tuple(
        Setting(VARIABLES[name], field.description or "", _shown(field.default))
        for name, field in Settings.model_fields.items()
    )


def _shown(default: object) -> str:
    if default is None or default == ():
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)


def _demo() -> str:
    """How the demo is started here: in a clone by its Makefile (the command itself is hidden in .venv), else by name."""
    clone = Path(__file__).parent.parent
    return "make demo" if (clone / "Makefile").is_file() and (clone / "pyproject.toml").is_file() else "reconcile demo"


def _wanted(needs: Iterable[str]) -> Iterator[str]:
    for need in needs:
        yield from _NEEDS[need]


def _places(folder: Path, profile: str | None) -> _Places:
    variables, problems = _variables(os.environ.items(), "the environment")
    dotenv, dotenv_problems = _dotenv(folder / ENV_FILE)
    said = {"profile": _Given("the command line", profile)} if profile else {}
    chosen = (said | dotenv | variables | said).get("profile")
    document, toml_problems = _toml_document(folder / TOML_FILE)
    toml, table_problems = _toml_tables(document, chosen)
    names = tuple(_tables(document.get("profiles")))
    keys, key_problems = _profile_keys(folder, chosen, names)
    if keys:
        variables.pop("panel_key", None)  # what one profile has of its own goes before what holds for all
        dotenv.pop("panel_key", None)
    problems += key_problems if not toml_problems else []
    return _Places(
        (said, keys, variables, dotenv, *toml),
        names,
        (*problems, *dotenv_problems, *toml_problems, *(table_problems if not toml_problems else ())),
    )


def _profile_keys(folder: Path, chosen: _Given | None, names: tuple[str, ...]) -> tuple[_Table, list[str]]:
    """The chosen profile's own key, from the environment or else `.env`, and a problem per variable of no profile there is."""
    found: _Table = {}
    problems = []
    mine = _as_variable(str(chosen.value)) if chosen is not None else ""
    known = {_as_variable(name) for name in names}
    for pairs, place in ((os.environ.items(), "the environment"), (_pairs(folder / ENV_FILE), ENV_FILE)):
        for variable, value in pairs:
            name = _key_of(variable)
            if name is None or not value.strip():
                continue
            if name == mine:
                found.setdefault("panel_key", _Given(place, value.strip()))
            elif names and name not in known:
                problems.append(
                    f"{variable} ({place}) is the key of no profile in {TOML_FILE}{_did_you_mean(name, known)}"
                )
    return found, problems


def _key_of(variable: str) -> str | None:
    """The profile whose key a variable holds, as `_as_variable` writes it; None for any other variable."""
    name = variable.upper().removeprefix(KEY_OF)
    return name if name and variable.upper().startswith(KEY_OF) else None


def _as_variable(profile: str) -> str:
    """A profile's name as it ends a variable: capitals, and _ for what no variable may have."""
    return re.sub(r"[^A-Z0-9_]", "_", profile.upper())


def _pairs(path: Path) -> list[tuple[str, str]]:
    """The variables of a `.env` file; what is wrong with it is told by `_dotenv`."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            return [(b.key, b.value) for b in parse_stream(stream) if b.key and b.value is not None]
    except (OSError, UnicodeDecodeError):
        return []


def _variables(pairs: Iterable[tuple[str, str]], place: str) -> tuple[_Table, list[str]]:
    """Our settings among variables (other programs' are none of our business), and a problem per unknown one of ours."""
    found: _Table = {}
    problems = []
    for variable, value in pairs:
        if (name := _NAMES.get(variable)) is not None:
            if value.strip():
                found[name] = _Given(place, value.strip())
        elif variable.upper().startswith(PREFIX) and _key_of(variable) is None:
            problems.append(f"{variable} ({place}) is not a setting{_did_you_mean(variable.upper(), _NAMES)}")
    return found, problems


def _dotenv(path: Path) -> tuple[_Table, list[str]]:
    """The `.env` file's settings: values exactly as they stand, without `${…}` replaced (a key may contain that)."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError) as error:
        return {}, [f"{ENV_FILE} cannot be read: {_why(error)}"]
    found, problems = _variables(((b.key, b.value) for b in bindings if b.key and b.value is not None), ENV_FILE)
    return found, [*(_bad_line(binding) for binding in bindings if _is_bad(binding)), *problems]


def _is_bad(binding: Binding) -> bool:
    return binding.error or (binding.value is None and (binding.key or "").upper().startswith(PREFIX))


def _bad_line(binding: Binding) -> str:
    return f"{ENV_FILE}, line {binding.original.line}, is not of the form NAME=value"


def _toml_document(path: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"), parse_float=Decimal), []
    except FileNotFoundError:
        return {}, []
    except tomllib.TOMLDecodeError as error:
        return {}, [f"{TOML_FILE} is not valid TOML: {error}"]
    except (OSError, UnicodeDecodeError) as error:
        return {}, [f"{TOML_FILE} cannot be read: {_why(error)}"]


def _toml_tables(document: dict[str, Any], chosen: _Given | None) -> tuple[tuple[_Table, _Table], list[str]]:
    """The chosen profile's and the defaults' table; problems anywhere in the file, also in profiles not chosen."""
    problems = [
        f"{TOML_FILE}: {name} is not one of its tables, [defaults] and [profiles.NAME]"
        + _did_you_mean(name, _PROFILE_WORDS)
        for name in document
        if name not in _PROFILE_WORDS
    ]
    problems += [
        f"{TOML_FILE}: {name} must be a table"
        for name in _PROFILE_WORDS
        if not isinstance(document.get(name, {}), dict)
    ]
    named = document.get("profiles", {})
    problems += [
        f"{TOML_FILE}: profiles.{name} must be a table, [profiles.{name}]"
        for name in (named if isinstance(named, dict) else ())
        if not isinstance(named[name], dict)
    ]
    problems += _same_sheet_twice(document)
    known = _tables(named)
    defaults, wrong = _toml_table(document.get("defaults"), f"{TOML_FILE}, [defaults]")
    problems += wrong
    every = {}
    for name, table in known.items():
        every[name], wrong = _toml_table(table, f"{TOML_FILE}, [profiles.{name}]")
        problems += wrong
    if chosen is not None and chosen.value not in known:
        names = ", ".join(known) or "none"
        problems.append(
            f"{VARIABLES['profile']} ({chosen.place}) names the profile {chosen.value!s}, which {TOML_FILE} does not "
            f"have; it has: {names}{_did_you_mean(str(chosen.value), known)}"
        )
    profile = every.get(str(chosen.value), {}) if chosen is not None else {}
    return (profile, defaults), problems


def _toml_table(table: object, place: str) -> tuple[_Table, list[str]]:
    known = [name for name in Settings.model_fields if name != "profile"]
    found: _Table = {}
    problems = []
    for name, value in table.items() if isinstance(table, dict) else ():
        if name not in known:
            problems.append(f"{name} ({place}) is not a setting{_did_you_mean(_bare(name), known)}")
        elif isinstance(value, str):
            if value.strip():
                found[name] = _Given(place, value.strip())
        else:
            found[name] = _Given(place, value)
    return found, problems


def _bare(name: str) -> str:
    """A variable's name as its key in the file would be, for those who wrote the variable there."""
    return name.lower().removeprefix(PREFIX.lower())


def _tables(named: object) -> dict[str, dict[str, Any]]:
    return {key: value for key, value in named.items() if isinstance(value, dict)} if isinstance(named, dict) else {}


# --- from values to settings, and what to say --------------------------------------------------------------------------


def _validated(found: _Table) -> tuple[Settings, dict[str, str]]:
    """The settings that are right (the others at their default), and per wrong one a sentence."""
    wrong = {
        name: _sentence(name, given, _wants(name)) for name, given in found.items() if isinstance(given.value, bool)
    }
    # Not raised from inside the handler: the exception it would carry along knows the values.
    try:
        return _settings(found, wrong), wrong
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    for detail in details:
        name = str(detail["loc"][0])
        said = str(detail["ctx"]["error"]) if detail["type"] == "value_error" else _wants(name)
        wrong[name] = _sentence(name, found[name], said)
    return _settings(found, wrong), wrong


def _settings(found: _Table, wrong: Iterable[str]) -> Settings:
    return Settings.model_validate({name: given.value for name, given in found.items() if name not in wrong})


def _sentence(name: str, given: _Given, said: str) -> str:
    variable = VARIABLES[name] if TOML_FILE not in given.place else name
    return f"{variable} ({given.place}) {said}"


def _wants(name: str) -> str:
    """What to say of a value that its own check said nothing about: "must be …", from the setting's type."""
    annotation = Settings.model_fields[name]
    found = [*annotation.metadata, *_metadata(annotation.annotation)]
    return next(f"must be {wants.text}" for wants in found if isinstance(wants, _Wants))


def _metadata(annotation: object) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for part in getattr(annotation, "__args__", ()):
        yield from _metadata(part)


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "unknown reason") if isinstance(error, OSError) else "it is not UTF-8 text"


def _error(problems: Iterable[str], missing: Iterable[str], unchosen: Iterable[str]) -> SettingsError:
    absent = [f"{VARIABLES[name]} is not set; it is {Settings.model_fields[name].description}" for name in missing]
    lines = [*problems, *absent]
    what = (
        lines[0] if len(lines) == 1 else f"{len(lines)} settings need attention:\n" + "\n".join(f"  {x}" for x in lines)
    )
    steps = []
    if absent:
        steps.append(f"Set what is missing in the environment, in {ENV_FILE} or in {TOML_FILE}.")
        if names := ", ".join(unchosen):
            steps.append(f"{TOML_FILE} has the profiles {names}: choose one with {VARIABLES['profile']}.")
        steps.append(f"`{_demo()}` shows everything at work without any account.")
    else:
        steps.append("Correct it where it stands; `reconcile --help` lists all settings.")
    return SettingsError(what, " ".join(steps))
