"""The emulator: calls in, answers out. It can be served over HTTP (`server.py`) or called directly (`client.py`)."""

from __future__ import annotations

import contextlib
import json
import random
import re
import threading
import time
import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.emulator import auth, batch, control, discovery, drive, fields, metadata, render, requests_sheets, values
from tests.emulator.auth import Caller, Tokens
from tests.emulator.book import LOCALE, Book, Sheet, new_book
from tests.emulator.context import Context, Json, Switches
from tests.emulator.discovery import AnswerViolation
from tests.emulator.errors import (
    ApiError,
    BatchError,
    forbidden,
    invalid,
    not_found,
    not_implemented,
    quota_exceeded,
    unauthenticated,
)
from tests.emulator.faults import Fault, Faults, Quota, status_of
from tests.emulator.formulas import Evaluator
from tests.emulator.routes import READS, Route, route

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tests.emulator.server import Server

OWNER = "owner@example.com"
SERVICE_ACCOUNT = "reconcile@emulated.iam.gserviceaccount.com"
STAFF = "staff@example.com"
JSON_TYPE = "application/json; charset=UTF-8"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class Call:
    """One recorded call."""

    number: int  # from 1, over Sheets and Drive calls; 0 for token requests
    family: str  # sheets | drive | token
    kind: str  # batchUpdate, values.batchGet, drive.files.list, token, …
    method: str
    path: str
    params: dict[str, list[str]]
    body: Any
    writing: bool
    user: str = ""
    status: int = 0  # 0: no answer was sent
    bytes_in: int = 0
    bytes_out: int = 0

    @property
    def request_kinds(self) -> list[str]:
        """Return the kinds of the requests of a batchUpdate, in order."""
        if self.kind != "batchUpdate" or not isinstance(self.body, dict):
            return []
        return [next(iter(request), "") for request in discovery.elements(self.body.get("requests", []))]


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire; `drop` closes the connection, with `body` sent so far."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    drop: bool = False
    announced: int | None = None  # Content-Length when it is more than is sent
    hang: bool = False  # keep the connection open, silent, until the client gives up


@dataclass
class Emulator:
    """A Google Sheets service of one's own.

    In a test: `with Emulator() as e:` serves on a loopback port (`e.host`) until the block ends, and then raises when an
    answer did not fit Google's discovery document. `Emulator(serve=False)` opens no socket; use `e.session()`.
    """

    seed: int = 7
    serve: bool = True
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    switches: Switches = field(default_factory=Switches)
    owner: str = OWNER
    service_account: str = SERVICE_ACCOUNT
    anonymous: str | None = None
    calls: list[Call] = field(default_factory=list)
    token_calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    quota: Quota = field(default_factory=Quota)
    tokens: Tokens = field(default_factory=Tokens)
    books: dict[str, Book] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    server: Server | None = None
    port: int = 0

    def __post_init__(self) -> None:
        """Seed the ids and load the oracle."""
        self.random = random.Random(self.seed)
        self.discovery = discovery.load()
        self._account: dict[str, str] | None = None

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Serve on 127.0.0.1 in a thread."""
        from tests.emulator.server import Server  # noqa: PLC0415 - the server imports this module

        self.server = Server(self, self.port)
        self.server.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        if self.server is not None:
            self.server.stop()
            self.server = None

    def __enter__(self) -> Self:
        """Start serving (unless told not to)."""
        return self.start() if self.serve else self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Stop; a violation of the discovery document fails the test."""
        self.stop()
        if kind is None and self.violations:
            raise AnswerViolation("\n".join(self.violations))

    @property
    def host(self) -> str:
        """Return `127.0.0.1:port`."""
        if self.server is None:
            message = "the emulator is not serving"
            raise RuntimeError(message)
        return self.server.host

    def twin(self, clock: Callable[[], float] | None = None, sleep: Callable[[float], None] | None = None) -> Emulator:
        """Return an emulator that is the same, spreadsheets, calls and chance included, and goes its own way from here on.

        For this one nobody may be waiting: it serves nobody, and its script of faults is empty.
        """
        if self.server is not None or self.faults.rules:
            message = "only an emulator at rest has a twin"
            raise RuntimeError(message)
        other = replace(
            self,
            clock=clock or self.clock,
            sleep=sleep or self.sleep,
            switches=replace(self.switches),
            calls=list(self.calls),
            token_calls=list(self.token_calls),
            violations=list(self.violations),
            faults=Faults(),
            quota=Quota(self.quota.reads, self.quota.writes),
            tokens=Tokens(),
            books={book_id: book.twin() for book_id, book in self.books.items()},
            lock=threading.RLock(),
        )
        other.random.setstate(self.random.getstate())
        return other

    # -- for tests ---------------------------------------------------------------------------------------------------

    def new_spreadsheet(self, title: str = "Untitled spreadsheet", *, share: tuple[str, ...] | None = None) -> str:
        """Make a fresh spreadsheet; by default the service account and the staff are its editors. Returns its id."""
        with self.lock:
            alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            book_id = "1" + "".join(self.random.choice(alphabet) for _ in range(43))
            book = new_book(book_id, title, random.Random(self.random.random()), self.owner, self.clock())
            for email in (self.service_account, STAFF) if share is None else share:
                book.access[email] = "writer"
            self.books[book_id] = book
            return book_id

    def copy(self, book_id: str, title: str | None = None, *, owner: str = STAFF, share: bool = True) -> str:
        """Make a copy as File > Make a copy does. Returns its id.

        Every tab comes along under its own id, hidden ones too. owner: who makes it. share: with the same people.
        What becomes of developer metadata is not known: see `switches.copies_carry_metadata`.
        """
        with self.lock:
            book = self.books[book_id]
            copy_id = self.new_spreadsheet(title or f"Copy of {book.properties['title']}", share=())
            copy = self.books[copy_id]
            copy.fill_from(book, metadata=self.switches.copies_carry_metadata)
            others = {email: "writer" if role == "owner" else role for email, role in book.access.items()}
            copy.access = {**(others if share else {}), owner: "owner"}
            return copy_id

    def versions(self, book_id: str) -> list[int]:
        """Return the versions that can be brought back, the newest last; each change, a call's or a person's, makes one."""
        with self.lock:
            book = self.books[book_id]
            return [*sorted(book.history), book.version]

    def restore(self, book_id: str, version: int) -> None:
        """Bring a version back as File > Version history does: it becomes the newest; raises KeyError when it is not kept.

        What becomes of developer metadata is not known: see `switches.restoring_brings_metadata_back`.
        """
        with self.lock:
            book = self.books[book_id]
            book.bring_back(version, metadata=self.switches.restoring_brings_metadata_back)
            book.modified = self.clock()

    def share(self, book_id: str, email: str, role: str = "writer") -> None:
        """Share a spreadsheet; the role `none` takes it back."""
        with self.lock:
            if role == "none":
                self.books[book_id].access.pop(email, None)
            else:
                self.books[book_id].access[email] = role

    def counts(self, since: int = 0) -> dict[str, int]:
        """Return how many reads and writes were made after call number `since`, and how many token requests in all."""
        made = self.calls[since:]
        writes = sum(1 for call in made if call.writing)
        return {"reads": len(made) - writes, "writes": writes, "tokens": len(self.token_calls)}

    def book(self, book_id: str) -> Book:
        """Return a spreadsheet's state."""
        return self.books[book_id]

    def sheet(self, book_id: str, title: str) -> Sheet:
        """Return a tab's state."""
        found = self.books[book_id].titled(title)
        if found is None:
            raise KeyError(title)
        return found

    def values(self, book_id: str, text: str, option: str = "UNFORMATTED_VALUE") -> list[list[Any]]:
        """Return a range's values without making a call (nothing is recorded)."""
        with self.lock:
            ctx = self.context(self.books[book_id], self.owner)
            found: list[list[Any]] = values.get(ctx, text, {"valueRenderOption": option}).get("values", [])
            return found

    def account(self, email: str | None = None) -> dict[str, str]:
        """Return a service-account JSON for google-auth whose token_uri is this emulator; one key a run."""
        if self._account is None:
            self._account = auth.account(self.service_account, "")
        uri = f"http://{self.host}/token" if self.server is not None else "https://oauth2.googleapis.com/token"
        return {**self._account, "client_email": email or self.service_account, "token_uri": uri}

    def session(self, email: str | None = None) -> Any:
        """Return a `requests.Session` whose calls to Google end here, in process, without a socket."""
        from tests.emulator.client import session  # noqa: PLC0415 - requests is needed only by those who ask

        return session(self, email)

    def staff(self, book_id: str, tab: str, email: str = STAFF) -> Any:
        """Return a person at work on a tab."""
        from tests.emulator.staff import Staff  # noqa: PLC0415 - it imports this module's parts

        return Staff(self, book_id, tab, email)

    def context(self, book: Book, caller: str) -> Context:
        """Return what handlers need."""
        now = self.clock()
        return Context(book, caller, self.discovery, Evaluator(book, now), self.switches, time.gmtime(now).tm_year)

    # -- one call ----------------------------------------------------------------------------------------------------

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Take one HTTP request and return its answer; header names are lower case."""
        parts = urlsplit(target)
        if parts.path.startswith("/_control/"):
            return self._control(method, parts.path, parse_qs(parts.query, keep_blank_values=True), body)
        call, found = self._record(method, parts.path, parse_qs(parts.query, keep_blank_values=True), body)
        try:
            for hook in self.faults.take_hooks(call, outside=True):
                hook(self)
            with self.lock:
                fault = self.faults.take_fault(call)
            if fault is not None and fault.kind == "latency":
                self.sleep(fault.seconds)
                fault = None
            with self.lock:
                for hook in self.faults.take_hooks(call, outside=False):
                    hook(self)
                answer = self._serve(call, found, headers, body, fault)
        except Exception as problem:  # noqa: BLE001 - any bug of the emulator must fail the test that met it
            text = f"{method} {target}: {type(problem).__name__}: {problem}"
            self.violations.append(text + "\n" + "".join(traceback.format_exc(limit=-6)))
            answer = _error(ApiError(500, "INTERNAL", f"emulator bug: {text}"))
        call.status = 0 if answer.drop else answer.status
        call.bytes_out = len(answer.body)
        return answer

    def _record(self, method: str, path: str, params: dict[str, list[str]], body: bytes) -> tuple[Call, Route | None]:
        found = route(method, path)
        if found is not None:
            family, kind, writing = "sheets", found.kind, found.kind not in READS
        elif path in ("/token", "/oauth2/token"):
            family, kind, writing = "token", "token", False
        elif path.startswith(("/drive/", "/upload/drive/")):
            family, kind, writing = "drive", drive.kind(method, path), method != "GET"
        else:
            family, kind, writing = "sheets", "unknown", method != "GET"
        call = Call(0, family, kind, method, path, params, None, writing, bytes_in=len(body))
        if family == "sheets" and body:
            with contextlib.suppress(ApiError):  # what cannot be read is refused when the call is served
                call.body = self._json(body)
        with self.lock:
            if family == "token":
                self.token_calls.append(call)
            else:
                self.calls.append(call)
                call.number = len(self.calls)
        return call, found

    def _serve(
        self, call: Call, found: Route | None, headers: dict[str, str], body: bytes, fault: Fault | None
    ) -> Answer:
        if fault is not None and fault.kind == "expired":
            self.tokens.expire_all()
            fault = None
        if fault is not None and fault.when == "before":
            return self._trouble(fault, call)
        answer = self._answer(call, found, headers, body)
        if fault is not None:
            return self._trouble(fault, call, answer)
        return answer

    def _trouble(self, fault: Fault, call: Call, answer: Answer | None = None) -> Answer:
        if fault.kind in ("drop", "timeout"):
            return Answer(0, b"", drop=True, hang=fault.kind == "timeout")
        if fault.kind == "truncate" and answer is not None:
            return Answer(answer.status, answer.body[: len(answer.body) // 2], drop=True, announced=len(answer.body))
        if fault.kind == "body":
            return Answer(fault.code, fault.body, fault.content_type)
        if fault.code == 401:
            return _error(unauthenticated(missing=False))
        if fault.code == 403:
            return _error(forbidden())
        if fault.code == 404:
            return _error(not_found())
        if fault.code == 429:
            return _error(quota_exceeded("Write requests" if call.writing else "Read requests"))
        status, message = status_of(fault.code)
        return _error(ApiError(fault.code, status, message))

    def _answer(self, call: Call, found: Route | None, headers: dict[str, str], body: bytes) -> Answer:
        try:
            if call.family == "token":
                code, answer = self.tokens.grant(body.decode("utf-8", "replace"), self.clock())
                return Answer(code, json.dumps(answer).encode("ascii"))
            caller = self.tokens.caller(headers.get("authorization"), self.clock(), self.anonymous)
            call.user = caller.email
            if call.family == "drive":
                return drive.serve(self, caller, call, body)
            if found is None:
                message = f"Not found: {call.method} {call.path}"
                return Answer(404, message.encode("utf-8", "replace"), "text/html; charset=UTF-8")
            if not self.quota.spend(caller.email, writing=call.writing, now=self.clock()):
                raise quota_exceeded("Write requests" if call.writing else "Read requests")
            auth.need_sheets(caller, writing=call.writing)
            return self._sheets(call, found, caller, body)
        except ApiError as problem:
            return _error(problem)

    def _sheets(self, call: Call, found: Route, caller: Caller, body: bytes) -> Answer:
        method = self.discovery.methods[found.method_id]
        options = self.discovery.read_params(found.method_id, call.params)
        sent: Json = {}
        if "request" in method:
            if call.body is None:
                call.body = self._json(body)
            sent = self.discovery.read_body(method["request"]["$ref"], call.body)
        schema = method["response"]["$ref"]
        mask = _read_mask(self.discovery, schema, options.get("fields"))
        if found.kind == "create":
            answer = self._create(caller, sent)
        else:
            book = self._open(found.book_id, caller, writing=call.writing)
            ctx = self.context(book, caller.email)
            saved = book.snapshot() if call.writing and found.kind != "batchUpdate" else None
            try:
                answer = self._run(ctx, found, sent, options, mask)
            except BatchError as problem:
                if saved is not None:
                    book.restore(saved)
                raise invalid(str(problem)) from None
            except ApiError:
                if saved is not None:
                    book.restore(saved)
                raise
            if saved is not None and found.kind != "sheets.copyTo":  # that one changes another spreadsheet
                book.keep(saved)
            if call.writing:
                book.modified = self.clock()
        answer = self.discovery.prune(schema, answer)
        if mask is not None:
            answer = fields.project(answer, mask)
        self.discovery.check_answer(schema, answer)
        return Answer(200, _dump(answer))

    def _json(self, body: bytes) -> Any:
        if not body.strip():
            return {}
        try:
            sent = json.loads(body, parse_constant=_no_constant)
        except ValueError as problem:
            message = f"Invalid JSON payload received. {problem}"
            raise invalid(message) from None
        if (
            self.switches.lone_surrogates_fail
            and b"\\ud" in body.lower()
            and _LONE_SURROGATE.search(json.dumps(sent, ensure_ascii=False))
        ):
            message = (
                "Invalid JSON payload received. Illegal UTF-16 surrogate. (emulator: Google's own text is not known)"
            )
            raise invalid(message)
        return sent

    def _open(self, book_id: str, caller: Caller, *, writing: bool) -> Book:
        book = self.books.get(book_id)
        if book is None or book.trashed:
            raise not_found()
        role = book.access.get(caller.email) or book.access.get("anyone")
        if role is None or (writing and role not in ("owner", "writer")):
            raise forbidden()
        return book

    def _create(self, caller: Caller, sent: Json) -> Json:
        if not self.switches.service_accounts_may_create and caller.email.endswith(".gserviceaccount.com"):
            raise forbidden()
        for name in ("namedRanges", "developerMetadata", "dataSources", "comments"):
            if sent.get(name):
                raise not_implemented(f"spreadsheets.create with {name}")
        properties = sent.get("properties", {})
        if (locale := properties.get("locale", LOCALE)) != LOCALE:
            raise not_implemented(f"spreadsheets.create with locale {locale}")
        book_id = self.new_spreadsheet(properties.get("title", "Untitled spreadsheet"), share=())
        book = self.books[book_id]
        book.access = {caller.email: "owner"}
        book.properties = {
            **book.properties,
            **{k: v for k, v in properties.items() if k in ("locale", "timeZone", "autoRecalc")},
        }
        ctx = self.context(book, caller.email)
        try:
            _fill(ctx, sent.get("sheets", []))
        except BatchError as problem:
            del self.books[book_id]
            raise invalid(str(problem)) from None
        return render.spreadsheet(ctx.evaluator, caller.email, None, None, grid=False)

    def _run(self, ctx: Context, found: Route, sent: Json, options: Json, mask: fields.Trie | None) -> Json:  # noqa: C901, PLR0912
        kind = found.kind
        if kind == "batchUpdate":
            return _batch_update(ctx, sent, mask)
        if kind == "get":
            ranges = [ctx.book.resolve(text) for text in options.get("ranges", [])]
            grid = _wants_grid(mask, asked=bool(options.get("includeGridData")))
            return render.spreadsheet(ctx.evaluator, ctx.caller, ranges, mask, grid=grid)
        if kind == "getByDataFilter":
            areas = [(s, a) for s, a, _ in values.selected(ctx, sent.get("dataFilters", []))]
            grid = _wants_grid(mask, asked=bool(sent.get("includeGridData")))
            return render.spreadsheet(ctx.evaluator, ctx.caller, areas, mask, grid=grid)
        if kind == "values.get":
            return values.get(ctx, found.range, options)
        if kind == "values.batchGet":
            return values.batch_get(ctx, options)
        if kind == "values.update":
            return values.update(ctx, found.range, sent, options)
        if kind == "values.append":
            return values.append(ctx, found.range, sent, options)
        if kind == "values.clear":
            return values.clear(ctx, found.range)
        if kind == "values.batchUpdate":
            return values.batch_update(ctx, sent)
        if kind == "values.batchClear":
            return values.batch_clear(ctx, sent)
        if kind == "values.batchGetByDataFilter":
            return values.batch_get_by_filter(ctx, sent)
        if kind == "values.batchUpdateByDataFilter":
            return values.batch_update_by_filter(ctx, sent)
        if kind == "values.batchClearByDataFilter":
            return values.batch_clear_by_filter(ctx, sent)
        if kind == "developerMetadata.get":
            entry = ctx.book.metadata.get(found.number)
            if entry is None:
                raise not_found()
            return entry
        if kind == "developerMetadata.search":
            hits = metadata.select(ctx.book, sent.get("dataFilters", []))
            return {"matchedDeveloperMetadata": [{"developerMetadata": e, "dataFilters": f} for e, f in hits]}
        return self._copy_to(ctx, found, sent)

    def _copy_to(self, ctx: Context, found: Route, sent: Json) -> Json:
        source = ctx.book.sheet(found.number)
        target = self._open(sent.get("destinationSpreadsheetId", ""), Caller(ctx.caller, frozenset()), writing=True)
        there = self.context(target, ctx.caller)
        title = f"Copy of {source.title}"
        while target.title_taken(title):
            title += " 2"
        saved = target.snapshot()
        twin = requests_sheets.copy_of(there, source, target.fresh_id(), title)
        target.sheets.append(twin)
        target.check_size()
        target.keep(saved)
        return twin.properties(len(target.sheets) - 1)

    # -- control -----------------------------------------------------------------------------------------------------

    def _control(self, method: str, path: str, params: dict[str, list[str]], body: bytes) -> Answer:
        try:
            sent = json.loads(body) if body.strip() else {}
            with self.lock:
                answer = control.run(self, method, path.removeprefix("/_control/"), params, sent)
        except (KeyError, TypeError, ValueError, control.ControlError) as problem:
            return Answer(400, json.dumps({"error": f"{type(problem).__name__}: {problem}"}).encode("utf-8"))
        return Answer(200, _dump(answer))


def _error(problem: ApiError) -> Answer:
    return Answer(problem.code, _dump(problem.body()))


def _dump(answer: Any) -> bytes:
    try:
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(answer, separators=(",", ":")).encode("ascii")


def _no_constant(name: str) -> Any:
    message = f"Unexpected token: {name}"
    raise ValueError(message)


def _read_mask(oracle: discovery.Discovery, schema: str, text: str | None) -> fields.Trie | None:
    if not text:
        return None
    try:
        trie = fields.parse(text)
        fields.check(oracle, schema, trie)
    except fields.MaskError as problem:
        details = [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [
                    {
                        "field": str(problem),
                        "description": "Error expanding 'fields' parameter. Cannot find matching fields for path "
                        f"'{problem}'.",
                    }
                ],
            }
        ]
        message = "Request contains an invalid argument."
        raise invalid(message, details) from None
    return None if "*" in trie and not trie["*"] else trie


def _wants_grid(mask: fields.Trie | None, *, asked: bool) -> bool:
    """With a read mask, the mask alone decides whether grid data is returned [doc includeGridData]."""
    if mask is None:
        return asked
    return fields.wants(mask, "sheets", "data")


def _batch_update(ctx: Context, sent: Json, mask: fields.Trie | None) -> Json:
    included = sent.get("includeSpreadsheetInResponse", False)
    shown = sent.get("responseRanges", []) if included else []
    replies = batch.apply(ctx, sent.get("requests", []), shown)
    out: Json = {"spreadsheetId": ctx.book.book_id, "replies": replies}
    if included:
        ranges = [ctx.book.resolve(text) for text in shown]
        sub = mask.get("updatedSpreadsheet") if mask else None
        grid = _wants_grid(sub or None, asked=bool(sent.get("responseIncludeGridData")))
        out["updatedSpreadsheet"] = render.spreadsheet(ctx.evaluator, ctx.caller, ranges, sub or None, grid=grid)
    return out


def _fill(ctx: Context, sheets: list[Json]) -> None:
    """Give a fresh book the sheets named in spreadsheets.create."""
    if not sheets:
        return
    known = ("properties", "data")
    ctx.book.sheets.clear()
    for index, wanted in enumerate(sheets):
        for name in wanted:
            if name not in known:
                raise not_implemented(f"spreadsheets.create with sheets[{index}].{name}")
        props = dict(wanted.get("properties", {}))
        if index == 0:
            props.setdefault("sheetId", 0)
        props.setdefault("title", f"Sheet{index + 1}")
        props.pop("index", None)
        reply = requests_sheets.add_sheet(ctx, {"properties": props})
        number = reply["properties"]["sheetId"]
        for data in wanted.get("data", []):
            start = {"sheetId": number, "rowIndex": data.get("startRow", 0), "columnIndex": data.get("startColumn", 0)}
            request = {"start": start, "rows": data.get("rowData", []), "fields": "*"}
            batch.HANDLERS["updateCells"](ctx, request)
