"""`panel ACTION`: each of the panel's 18 actions by hand.

Claims hand work out for good, so they ask first, keep the raw answer in the journal before it is read, and leave it there
for the next sync to land. Money and messages ask first and are sent once. A signal while such a call waits ends it as in
doubt, never in silence. Nothing here writes into the sheet.
"""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconcile.commands import shell, world
from reconcile.commands.shell import AsJson, Yes
from reconcile.core.model import Action, Feed, OrderUpdate, Status, Verdict
from reconcile.errors import AccessRefused, CallFailed, Exit, NeverSent, ReconcileError, Refused, SettingsError, Unknown
from reconcile.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.config import Settings
    from reconcile.core.model import Claimed, ItemResult, RawAnswer
    from reconcile.core.once import Once
    from reconcile.job import Stop
    from reconcile.journal import Journal

app = typer.Typer(
    help="Do one of the panel's 18 actions by hand. The sheet does not learn of it, except of work that is handed out.",
    no_args_is_help=False,
    rich_markup_mode=None,
)


@dataclass(frozen=True)
class By:
    """One action as a command: its options (wire parameter → (option's help, required)) and its help."""

    help: str
    options: Mapping[str, tuple[str, bool]]


_ID = ("The order's id.", True)
_REFILL = ("The refill's id.", True)
_USER = ("The user's id or e-mail.", True)

ACTIONS: Mapping[Action, By] = {
    Action.GET_ORDER: By("Take one pending order of a service. For good.", {"type": ("The service's id.", True)}),
    Action.GET_ORDERS: By(
        "Take up to 100 pending orders of a service. For good.", {"type": ("The service's id.", True)}
    ),
    Action.SET_IN_PROGRESS: By(
        "Set an order In progress.", {"id": _ID, "start_count": ("The start count, if known.", False)}
    ),
    Action.SET_PROCESSING: By("Set an order Processing.", {"id": _ID}),
    Action.SET_START_COUNT: By("Set an order's start count.", {"id": _ID, "start_count": ("The start count.", True)}),
    Action.SET_CANCELED: By("Cancel an order and refund it. Moves money.", {"id": _ID}),
    Action.SET_PARTIAL: By(
        "Make an order Partial and refund the rest. Moves money.",
        {"id": _ID, "remains": ("How many were not delivered.", True)},
    ),
    Action.SET_COMPLETED: By("Set an order Completed.", {"id": _ID}),
    Action.SET_REMAINS: By("Set an order's remains.", {"id": _ID, "remains": ("How many were not delivered.", True)}),
    Action.GET_REFILLS: By(
        "Take the pending refill tasks. For good.", {"service_id": ("Only of this service.", False)}
    ),
    Action.GET_CANCEL: By("Take one pending cancel request.", {"service_id": ("Only of this service.", False)}),
    Action.SET_REFILL_COMPLETED: By("Set a refill Completed.", {"refill": _REFILL}),
    Action.SET_REFILL_REJECTED: By("Reject a refill.", {"refill": _REFILL}),
    Action.SET_REFILL_IN_PROGRESS: By("Set a refill In progress.", {"refill": _REFILL}),
    Action.SET_CANCEL_REJECTED: By("Reject a cancel request.", {"cancel": ("The cancel request's id.", True)}),
    Action.ADD_PAYMENT: By(
        "Add a payment to a user's account. Moves money.",
        {
            "user": _USER,
            "amount": ("The amount, like 25.00.", True),
            "details": ("What the user reads about it.", True),
            "affiliate_commission": ("1 when the affiliate earns on it, else 0.", False),
        },
    ),
    Action.ADD_TICKET: By(
        "Open a ticket for a user.",
        {"user": _USER, "subject": ("Its subject.", True), "message": ("Its message.", True)},
    ),
}
"""Every action but updateOrders, which has a command of its own below."""

FEED = {
    Action.GET_ORDER: Feed.ORDERS,
    Action.GET_ORDERS: Feed.ORDERS,
    Action.GET_REFILLS: Feed.REFILLS,
    Action.GET_CANCEL: Feed.CANCELS,
}


def kebab(action: Action) -> str:
    """The command's name: `getOrders` → `get-orders`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in action.value)


def _command(action: Action, by: By) -> Any:
    """A function typer can read: one option per wire parameter, and --yes where it asks first."""

    def command(**values: Any) -> int:
        as_json, yes = bool(values.pop("as_json")), bool(values.pop("yes", False))
        params = {name: str(value) for name, value in values.items() if value is not None}
        for name, value in params.items():
            if not value.strip():
                raise SettingsError(f"{_flag(name)} is empty.", "Give it a value.")
        params = _checked(action, params)
        if action.claims:
            return _claim(action, params, yes=yes, as_json=as_json)
        return _send(action, params, yes=yes, as_json=as_json)

    parameters = [_option(name, text, required=required) for name, (text, required) in by.options.items()]
    if action.claims or action.once:
        parameters.append(_keyword("yes", Yes, default=False))
    parameters.append(_keyword("as_json", AsJson, default=False))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = by.help
    return command


_AS_TYPED = ("details", "message")
"""What a user reads is sent with every space; outer spaces are a slip everywhere else."""

_SERVICE = (re.compile(r"[0-9]+"), "must be one service's id, digits only.", "Run the command once per service.")
_COUNT = (re.compile(r"[0-9]+"), "must be a whole number, 0 or more.", "Type digits only.")
_SOME = (re.compile(r"0*[1-9][0-9]*"), "must be a whole number above 0.", "With nothing to refund, use set-completed.")
_FORMS = {
    "type": _SERVICE,
    "service_id": _SERVICE,
    "start_count": _COUNT,
    "remains": _COUNT,
    "amount": (re.compile(r"(?=.*[1-9])[0-9]+(\.[0-9]+)?"), "must be a plain number above 0.", "Type it like 1000.50."),
    "affiliate_commission": (re.compile(r"[01]"), "must be 1 or 0.", "1 when the affiliate earns on it, else 0."),
}
"""Parameter → how it has to look, and what to say and do otherwise: a panel may read `1,000.00` as 1, and `yes` as 0."""


def _checked(action: Action, params: Mapping[str, str]) -> dict[str, str]:
    """The parameters as they are sent. Raises SettingsError for one that no panel can be trusted to understand."""
    checked = {name: value if name in _AS_TYPED else value.strip() for name, value in params.items()}
    for name, value in checked.items():
        form = _SOME if (action, name) == (Action.SET_PARTIAL, "remains") else _FORMS.get(name)
        if form and not form[0].fullmatch(value):
            raise SettingsError(f"{_flag(name)} {form[1]}", form[2])
    return checked


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _option(name: str, text: str, *, required: bool) -> inspect.Parameter:
    if required:
        return _keyword(name, Annotated[str, typer.Option(_flag(name), help=text, metavar="TEXT")], default=...)
    return _keyword(name, Annotated[str | None, typer.Option(_flag(name), help=text, metavar="TEXT")], default=None)


def _keyword(name: str, annotation: Any, *, default: Any) -> inspect.Parameter:
    empty = inspect.Parameter.empty
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=empty if default is ... else default, annotation=annotation
    )


for _action, _by in ACTIONS.items():
    app.command(kebab(_action))(_command(_action, _by))


# --- absolute updates, money, messages ---------------------------------------------------------------------------------


def _send(action: Action, params: Mapping[str, str], *, yes: bool, as_json: bool) -> int:
    settings = shell.settings("panel")
    if action.once:
        message = _sent_once(action, params, settings, yes=yes)
    else:
        with _listening() as stop, world.open_panel(settings, lambda: not stop.requested) as panel, _waiting(stop):
            message = _refusal_named(action, lambda: panel.send(action, params))
    message = message or "The panel accepted it."
    if as_json:
        shell.show_json({"action": action.value, "params": dict(params), "verdict": "accepted", "message": message})
    else:
        shell.echo(line(message))
    return Exit.DONE


def _sent_once(action: Action, params: Mapping[str, str], settings: "Settings", *, yes: bool) -> str:
    """A refund, payment or ticket by hand: the journal is asked before and told after, like for one out of the sheet."""
    from reconcile.core.once import by_hand
    from reconcile.job import KeptSend

    with world.open_journal(settings) as journal:
        book = _book_of(settings, journal)
        once = by_hand(action, tuple(params.items()), world.panel_name(settings))
        shell.confirm(_once_question(once, journal, _question(action, params, settings)), yes=yes)
        run = world.run_id()
        at = world.clock().isoformat()
        journal.begin_run(book, run, at)
        send = journal.announce(book, run, once, at)
        with _listening() as stop, world.open_panel(settings, lambda: not stop.requested) as panel:
            journal.sending(send, world.clock().isoformat())
            keep = KeptSend(journal, send, world.clock)
            verdict, reason = Verdict.UNKNOWN, "it was stopped"
            try:
                with _waiting(stop):
                    message = _refusal_named(action, lambda: panel.send(action, params, keep=keep))
                verdict, reason = Verdict.ACCEPTED, message
            except (NeverSent, AccessRefused) as error:
                verdict, reason = Verdict.NOT_SENT, error.what
                raise
            except Unknown as error:
                reason = error.what
                raise _unsure(error) from None
            except CallFailed as error:
                verdict, reason = Verdict.REFUSED, error.what
                raise
            finally:
                journal.sent(send, verdict.value, reason, world.clock().isoformat())
    return message


def _refusal_named(action: Action, call: "Callable[[], str]") -> str:
    try:
        return call()
    except Refused as error:
        raise CallFailed(f"The panel refused {action}: {error.what}", error.next_step) from None


def _book_of(settings: "Settings", journal: "Journal") -> str:
    """The workbook that the settings name; a sheet that cannot be reached now is no hindrance, one that is another's is.

    Raises Disagree.
    """
    from reconcile.errors import Damaged, Disagree, NoWorkbook, Unavailable
    from reconcile.journal import NO_BOOK

    if settings.sheet is None:
        return NO_BOOK
    try:
        _, standing = world.agreed(settings, world.open_book(settings), journal)
    except Disagree:
        raise
    except NoWorkbook:
        return NO_BOOK
    except (Unavailable, AccessRefused, Damaged) as error:
        shell.say(f"The sheet could not be looked at: {error.what}")
        return NO_BOOK
    return standing.identity.book


def _once_question(once: "Once", journal: "Journal", question: str) -> str:
    """What is asked before a call that may not happen twice. Raises SettingsError where the panel accepted it before."""
    from reconcile.job import past_of

    past, feed = past_of(journal, (once.panel,)), Feed(once.feed)
    if (found := past.accepted(feed, once.key)) and feed is Feed.ORDERS:
        raise SettingsError(
            f"Order {line(once.key)} was refunded already: the panel accepted {found.act or 'a refund'} on "
            f"{(found.answered_at or found.at)[:16].replace('T', ' ')} UTC (run {found.run}). It is not sent again.",
            "Look at the panel. If it shows no refund there, do it in the panel itself.",
        )
    if found:
        return f"The very same was sent and accepted on {(found.answered_at or found.at)[:16].replace('T', ' ')} UTC. {question}"
    if found := past.unclear(feed, once.key):
        return (
            f"It was tried on {found.at[:16].replace('T', ' ')} UTC (run {found.run}), and nobody knows whether it went through: "
            f"look at the panel first. {question}"
        )
    return question


@contextmanager
def _listening() -> "Iterator[Stop]":
    """Hears signals: one breaks off a wait for the panel (`_waiting`) as Unknown, and nothing else."""
    from reconcile.commands.signals import Signals
    from reconcile.job import Stop

    stop = Stop()
    with Signals(stop, shell.say):
        yield stop


@contextmanager
def _waiting(stop: "Stop") -> "Iterator[None]":
    stop.waiting = True
    try:
        yield
    finally:
        stop.waiting = False


class _Doubt(Unknown):
    """A refund, payment or ticket by hand whose outcome is not known: nothing remembers it but the person who typed it."""

    exit_code = Exit.DOUBT


def _unsure(error: Unknown) -> _Doubt:
    return _Doubt(error.what, "Look at the panel before you try again: a repeated call may refund, pay or write twice.")


def _question(action: Action, params: Mapping[str, str], settings: "Settings") -> str:
    what = {
        Action.SET_CANCELED: "Cancel order {id} and refund it?",
        Action.SET_PARTIAL: "Make order {id} Partial and refund {remains} not delivered?",
        Action.ADD_PAYMENT: "Add a payment of {amount} to {user} ({details})?",
        Action.ADD_TICKET: "Send a ticket to {user}: {subject}?",
    }[action].format(**params)
    if settings.sheet is not None and action in (Action.SET_CANCELED, Action.SET_PARTIAL):
        shell.say("The sheet does not learn of this. If the order has a row there, choose its Status there instead.")
    return what


def update_orders(
    id_: Annotated[list[str] | None, typer.Option("--id", help="An order's id; may be given several times.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Processing, In progress, Completed or Partial, for each of them.")
    ] = None,
    start_count: Annotated[str | None, typer.Option(help="The start count, for each of them.")] = None,
    remains: Annotated[str | None, typer.Option(help="How many were not delivered, for each of them.")] = None,
    json_file: Annotated[
        Path | None,
        typer.Option(help='A file with [{"id": …, "status": …, "start_count": …, "remains": …}]; - is stdin.'),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Update up to 100 orders in one call. The answer is shown per order."""
    if bool(id_) == (json_file is not None):
        raise SettingsError(
            "Give either --id with what to change, or --json-file.", "See `reconcile panel update-orders --help`."
        )
    if json_file is not None and (status or start_count or remains):
        raise SettingsError("With --json-file everything stands in the file.", "Leave the other options out.")
    entries: Any = _entries(json_file) if json_file else _same(id_ or [], status, start_count, remains)
    updates = [_update(entry, number) for number, entry in enumerate(entries, 1)]
    _check_updates(updates)
    settings = shell.settings("panel")
    refunds = [update.id for update in updates if update.status is Status.PARTIAL]
    if refunds:
        shell.confirm(f"Make {len(refunds)} orders Partial? A panel may refund them.", yes=yes)
    with _listening() as stop, world.open_panel(settings, lambda: not stop.requested) as panel:
        try:
            with _waiting(stop):
                results = panel.update_orders(updates, once=bool(refunds))
        except Unknown as error:
            if not refunds:
                raise
            raise _unsure(error) from None
    return _show_results(updates, results, as_json=as_json)


app.command("update-orders")(update_orders)

_MOST = 100


def _same(ids: list[str], status: str | None, start_count: str | None, remains: str | None) -> list[dict[str, str]]:
    values = {"status": status, "start_count": start_count, "remains": remains}
    return [{"id": one, **{name: value for name, value in values.items() if value is not None}} for one in ids]


def _entries(path: Path) -> list[Any]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8-sig")
        entries = json.loads(text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", "Name a file that can be read.") from None
    except (ValueError, RecursionError):
        raise SettingsError(
            f"{path} is not valid JSON.", 'It looks like [{"id": "15", "status": "Completed"}].'
        ) from None
    if not isinstance(entries, list):
        raise SettingsError(f"{path} does not hold a list.", 'It looks like [{"id": "15", "status": "Completed"}].')
    return entries


def _update(entry: Any, number: int) -> OrderUpdate:
    """One entry, strictly: known keys, a known status, whole numbers."""
    known = ("id", "status", "start_count", "remains")
    own = entry.get("id") if isinstance(entry, dict) else None
    if own is None or not str(own).strip():
        raise SettingsError(f"Entry {number} has no id.", 'It looks like {"id": "15", "status": "Completed"}.')
    if isinstance(own, bool) or not isinstance(own, str | int):
        raise SettingsError(f"Entry {number} has an id that is neither text nor a whole number.", 'Write it like "15".')
    strange = [name for name in entry if name not in known]
    if strange:
        raise SettingsError(
            f"Entry {number} has {strange[0]!r}, which updateOrders does not take.", f"It takes: {', '.join(known)}."
        )
    values = {name: str(entry[name]).strip() for name in known if entry.get(name) is not None}
    for name in ("start_count", "remains"):
        if name in values and not (values[name].isascii() and values[name].isdecimal()):
            raise SettingsError(
                f"Order {values['id']}: {_flag(name)} must be a whole number, 0 or more.", "Type digits only."
            )
    status = _status(values["status"]) if "status" in values else None
    return OrderUpdate(values["id"], status, values.get("start_count"), values.get("remains"))


def _status(text: str) -> Status:
    folded = text.replace("_", " ").casefold()
    for status in Status:
        if folded == status.value.casefold() and status is not Status.CANCELED:
            return status
    raise SettingsError(
        f"{line(text)} is not a status updateOrders takes.",
        "Use Processing, In progress, Completed or Partial; canceling is `reconcile panel set-canceled`.",
    )


def _check_updates(updates: list[OrderUpdate]) -> None:
    ids = [update.id for update in updates]
    if not updates or len(updates) > _MOST:
        raise SettingsError(f"{len(updates)} orders in one call; 1 to {_MOST} are allowed.", "Split them.")
    if len(set(ids)) != len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise SettingsError(f"Order {line(twice)} is given twice.", "Give each order once.")
    for update in updates:
        if update.status is None and update.start_count is None and update.remains is None:
            raise SettingsError(
                f"Nothing is to change for order {line(update.id)}.", "Give --status, --start-count or --remains."
            )
        if update.status is Status.PARTIAL and not (update.remains or "").strip("0"):
            raise SettingsError(
                f"Order {line(update.id)}: Partial needs --remains above 0.", "Say how many were not delivered."
            )


def _show_results(updates: list[OrderUpdate], results: "dict[str, ItemResult]", *, as_json: bool) -> int:
    if as_json:
        shell.show_json(
            {
                "action": Action.UPDATE_ORDERS.value,
                "orders": {
                    key: {"verdict": item.verdict.value, "reason": item.reason} for key, item in results.items()
                },
            }
        )
    else:
        for update in updates:
            item = results[update.id]
            shell.echo(line(f"#{update.id}  {item.verdict.value}" + (f": {item.reason}" if item.reason else "")))
    unclear = any(item.verdict is Verdict.UNKNOWN for item in results.values())
    refused = any(item.verdict is Verdict.REFUSED for item in results.values())
    return Exit.DOUBT if unclear else Exit.UNAVAILABLE if refused else Exit.DONE


# --- claims ------------------------------------------------------------------------------------------------------------


def _claim(action: Action, params: Mapping[str, str], *, yes: bool, as_json: bool) -> int:
    """Takes work from the panel: the intent and the raw answer are journaled before anything is read."""
    from reconcile.job import KeptClaim
    from reconcile.journal import NO_BOOK

    settings = shell.settings("panel")
    feed = FEED[action]
    service = params.get("type") or params.get("service_id") or ""
    lands = settings.sheet is not None
    shell.say(f"This takes {_what(feed, service)} from the panel for good: it will not hand them out again.")
    shell.say(
        "The answer is kept in the journal and lands in the sheet with the next `reconcile sync`."
        if lands
        else "No sheet is set, so they land nowhere: the answer is printed, and kept in the journal only."
    )
    shell.confirm("Take them?", yes=yes)
    with world.open_journal(settings) as journal:
        journal.make_room()
        at = world.clock().isoformat(timespec="seconds")
        run = world.run_id()
        book = _book_id(settings, journal, run) if lands else NO_BOOK
        journal.begin_run(book, run, at)
        with _listening() as stop, world.open_panel(settings, lambda: not stop.requested) as panel:
            claim = journal.intend(book, run, feed.value, service, at)
            keep = KeptClaim(journal, claim, world.clock)
            raw = _fetched(journal, claim, lambda: panel.call(action, params, keep), stop)
            if keep.error is not None and not keep.kept:
                return _show_unkept(action, raw, keep.error, as_json=as_json)
        try:
            claimed = _read(feed, service, raw)
        except AccessRefused as error:
            journal.settle(claim, error.what)
            raise
        _settled(journal, claim, claimed, lands=lands)
    _show_claimed(action, raw, claimed, lands=lands, as_json=as_json)
    if claimed.in_doubt:
        return Exit.DOUBT
    return Exit.UNAVAILABLE if claimed.problem or claimed.lacks_action else Exit.DONE


def _what(feed: Feed, service: str) -> str:
    one = {Feed.ORDERS: "orders", Feed.REFILLS: "refill tasks", Feed.CANCELS: "a cancel request"}[feed]
    return one + (f" of service {line(service)}" if service else "")


def _book_id(settings: "Settings", journal: "Journal", run: str) -> str:
    """The workbook the answer belongs to; it gets its id here when no run has given it one.

    It is read first: nothing is claimed for a sheet that cannot be reached, that is another one than this machine knows, or
    while another run is at work on it.
    """
    from reconcile.core.identity import BOOK
    from reconcile.core.model import Commit

    snapshot, standing = world.agreed(settings, world.open_book(settings), journal)
    if BOOK not in snapshot.meta:
        standing.commit(Commit(run), world.clock().isoformat(timespec="seconds"))
    return standing.identity.book


def _fetched(journal: "Journal", claim: int, call: Any, stop: "Stop") -> "RawAnswer":
    from reconcile.panel.port import CutShort

    try:
        with _waiting(stop):
            answer: RawAnswer = call()
    except NeverSent:
        journal.never_sent(claim)
        raise
    except CutShort as error:
        return error.partial
    except Unknown as error:
        journal.unknown(claim, error.what)
        raise _Doubt(
            error.what,
            "Work may have been handed out. The next `reconcile sync` puts it on record; see `reconcile resolve`.",
        ) from None
    return answer


def _read(feed: Feed, service: str, raw: "RawAnswer") -> "Claimed":
    from reconcile.panel.dialects import reader

    return reader(raw).claimed(feed, service, raw, lambda: True)


def _settled(journal: "Journal", claim: int, claimed: "Claimed", *, lands: bool) -> None:
    """Answers with rows, and unclear ones, stay open for the next sync; the others are done."""
    if claimed.count == 0 and not claimed.in_doubt:
        journal.settle(claim, claimed.problem or "nothing was handed out")
    elif not lands:
        journal.settle(claim, "taken by hand with no sheet set")


def _show_unkept(action: Action, raw: "RawAnswer", error: ReconcileError, *, as_json: bool) -> int:
    """The journal could not keep the answer, so that this output is the only copy there is."""
    from reconcile.panel.dialects import reader

    what = f"The panel answered, and the answer could not be kept: {error.what}"
    step = f"Keep this output: the panel will not hand this work out again, so do not run this again. {error.next_step}"
    body = reader(raw).text(raw)
    if as_json:
        failure = {"kind": type(error).__name__, "what": what, "next_step": step.rstrip()}
        shell.show_json({"action": action.value, "exit_code": int(Exit.DOUBT), "error": failure, "raw": body})
    else:
        _show_body(body)
    shell.show_failure(what, step.rstrip(), kind=type(error).__name__, code=Exit.DOUBT, as_json=False)
    return Exit.DOUBT


def _show_body(body: str) -> None:
    for part in body.splitlines():
        shell.echo(line(part))


def _show_claimed(action: Action, raw: "RawAnswer", claimed: "Claimed", *, lands: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from reconcile.panel.dialects import reader

    body = reader(raw).text(raw)
    if as_json:
        rows = [asdict(row) for row in claimed.rows]
        shell.show_json(
            {
                "action": action.value,
                "http_status": raw.status,
                "rows": rows,
                "unreadable": [asdict(broken) for broken in claimed.broken],
                "problem": claimed.problem,
                "in_doubt": claimed.in_doubt,
                "lands_with_next_sync": lands and bool(claimed.count),
                "raw": body,
            }
        )
        return
    if not lands or claimed.problem or claimed.broken:
        _show_body(body)
    else:
        for row in claimed.rows:
            facts = " · ".join(f"{name} {value}" for name, value in asdict(row).items() if value and name != "id")
            shell.echo(line(f"#{row.id}  {facts}"))
    if claimed.problem:
        shell.say(claimed.problem)
    elif not claimed.count:
        shell.say("The panel has none.")
    elif lands:
        shell.say(f"{claimed.count} taken and kept. `reconcile sync` lands them in the sheet.")
