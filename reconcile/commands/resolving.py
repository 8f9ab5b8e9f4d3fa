"""`resolve`: a person says what became of something in doubt."""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconcile.commands import shell, world
from reconcile.commands.run import planned_of, seen
from reconcile.commands.shell import AsJson, Yes
from reconcile.core.model import Feed, Order, Refill
from reconcile.errors import Exit, RevisionMoved, SettingsError
from reconcile.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconcile.agree import Standing
    from reconcile.config import Settings
    from reconcile.core.ledger import Ledger
    from reconcile.core.model import Commit, Doubt, Snapshot
    from reconcile.core.resolve import When
    from reconcile.core.words import Words
    from reconcile.journal import Journal

_ID = re.compile(r"[A-Za-z0-9_-]+")

TRIES = 3
"""How often a commit that was overtaken reads again."""


def resolve(
    doubt: Annotated[
        str | None, typer.Argument(metavar="[DOUBT]", help="The doubt's id; without it, all are listed.")
    ] = None,
    orders: Annotated[str | None, typer.Option(metavar="ID,ID", help="These orders were lost: add them.")] = None,
    refills: Annotated[str | None, typer.Option(metavar="ID,ID", help="These refills were lost: add them.")] = None,
    export: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Add the orders of this panel export that the sheet lacks."),
    ] = None,
    service: Annotated[
        str | None, typer.Option(metavar="ID", help="The lost orders' service, where it is not clear.")
    ] = None,
    keep_open: Annotated[bool, typer.Option("--keep-open", help="Add, and keep the doubt open for more.")] = False,
    nothing: Annotated[bool, typer.Option("--nothing", help="Nothing was lost.")] = False,
    went_through: Annotated[
        bool, typer.Option("--went-through", help="The refund, payment or ticket went through.")
    ] = False,
    send_again: Annotated[bool, typer.Option("--send-again", help="It did not; the next sync sends it.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """List what is in doubt, or say what became of one."""
    ways = {
        "--orders": orders is not None,
        "--refills": refills is not None,
        "--csv": export is not None,
        "--nothing": nothing,
        "--went-through": went_through,
        "--send-again": send_again,
    }
    given = [name for name, on in ways.items() if on]
    if doubt is None:
        if given:
            raise SettingsError(
                f"{given[0]} needs the doubt it is about.", "`reconcile resolve` lists them with their ids."
            )
        return _list(as_json=as_json)
    if len(given) != 1:
        raise SettingsError(
            f"Say one thing about {doubt}." if not given else f"{' and '.join(given)} cannot both be.",
            f"Give one of {', '.join(ways)}.",
        )
    settings = shell.settings("sheet")
    request = _Request(settings, doubt, given[0], orders, refills, export, service, keep_open=keep_open)
    return request.carry_out(yes=yes, as_json=as_json)


def _list(*, as_json: bool) -> int:
    settings = shell.settings("sheet")
    book = world.open_book(settings)
    snapshot, disagree = seen(settings, book)
    doubts = planned_of(book, snapshot, settings).doubts
    if as_json:
        from reconcile.report import as_json as report

        failed = {} if disagree is None else shell.failure_of(disagree)
        shell.show_json({"book": book.name, "doubts": [report.doubt(item) for item in doubts], **failed})
    else:
        from reconcile.report import text

        shell.show(text.doubts(doubts))
    if disagree is not None:
        return shell.show_error(disagree)
    return Exit.DOUBT if doubts else Exit.DONE


class _Request:
    """One resolution: which doubt, which way, with what."""

    def __init__(
        self,
        settings: "Settings",
        doubt: str,
        way: str,
        orders: str | None,
        refills: str | None,
        export: Path | None,
        service: str | None,
        *,
        keep_open: bool,
    ) -> None:
        self.settings, self.id, self.way = settings, doubt, way
        self.orders, self.refills, self.export, self.service = orders, refills, export, service
        self.keep_open = keep_open
        self.told: list[str] = []

    def carry_out(self, *, yes: bool, as_json: bool) -> int:
        """Under the journal's lock: read, check that no run is at work, commit, settle the journal."""
        from reconcile.core.ledger import Ledger

        with world.open_journal(self.settings) as journal:
            book = world.open_book(self.settings)
            for attempt in range(TRIES):
                snapshot, standing = world.agreed(self.settings, book, journal)
                ledger = Ledger(snapshot.ledger, snapshot.meta)
                doubt = self._found(planned_of(book, snapshot, self.settings).doubts)
                self._refuse_known(doubt, ledger, journal, standing)
                commit = self._commit(doubt, snapshot, ledger, book)
                if attempt == 0:
                    for text in self.told:
                        shell.say(text)
                    shell.confirm("Write this into the sheet?", yes=yes or not self.told)
                try:
                    standing.commit(commit, world.clock().isoformat(timespec="seconds"))
                    break
                except RevisionMoved:
                    if attempt == TRIES - 1:
                        raise
            if not self.keep_open:
                _settle(journal, self.id, snapshot)
        return self._done(commit, book.name, as_json=as_json)

    def _refuse_known(self, doubt: "Doubt", ledger: "Ledger", journal: "Journal", standing: "Standing") -> None:
        """Raises SettingsError for a second sending of what this machine's journal knows to have been accepted."""
        from reconcile.job import past_of

        row = ledger.row(doubt.feed, doubt.key) if doubt.kind == "send" and self.way == "--send-again" else None
        if row is None:
            return
        order = str(row["order_id"] or "") if doubt.feed is Feed.CANCELS else ""
        if found := past_of(journal, standing.panels).accepted(doubt.feed, doubt.key, order):
            raise SettingsError(
                f"{doubt.id} went through: this machine's journal knows that the panel accepted it (run {found.run}, "
                f"{found.answered_at[:16].replace('T', ' ')} UTC). It is not sent again.",
                "The next `reconcile sync` says so in the row.",
            )

    def _found(self, doubts: "Sequence[Doubt]") -> "Doubt":
        from difflib import get_close_matches

        for doubt in doubts:
            if doubt.id == self.id:
                return doubt
        near = get_close_matches(self.id, [doubt.id for doubt in doubts], n=1)
        raise SettingsError(
            f"There is no open doubt {self.id}." + (f" Did you mean {near[0]}?" if near else ""),
            "`reconcile resolve` lists the open ones.",
        )

    def _commit(self, doubt: "Doubt", snapshot: "Snapshot", ledger: "Ledger", book: world.Book) -> "Commit":
        from reconcile.core import resolve as core

        when = self._when(book, snapshot.words)
        if doubt.kind == "send":
            if self.way not in ("--went-through", "--send-again"):
                raise SettingsError(f"{doubt.id} is about one send.", "Give --went-through or --send-again.")
            return core.sent(doubt, snapshot, ledger, when, again=self.way == "--send-again")
        if self.way in ("--went-through", "--send-again"):
            raise SettingsError(
                f"{doubt.id} is about work that may have been lost.", "Give --orders, --refills, --csv or --nothing."
            )
        if self.way == "--nothing":
            return core.nothing(doubt, when, snapshot.words)
        items = self._items(doubt, snapshot, ledger)
        commit, landing = core.added(
            doubt, items, snapshot, ledger, when, cell_limit=book.cell_limit, keep_open=self.keep_open
        )
        self.told += landing.messages
        return commit

    def _items(self, doubt: "Doubt", snapshot: "Snapshot", ledger: "Ledger") -> "list[Order | Refill]":
        from reconcile.core import resolve as core

        if self.refills is not None:
            return [Refill(key, service=self.service or "") for key in _ids(self.refills)]
        if doubt.feed is not Feed.ORDERS:
            raise SettingsError(f"{doubt.id} is about {doubt.feed.value}, not orders.", "Give --refills or --nothing.")
        if self.orders is not None:
            service = core.service_of(doubt, self.service)
            return [Order(key, service) for key in _ids(self.orders)]
        present = [str(key) for key in snapshot.tabs[Feed.ORDERS.value].index]
        found = core.from_export(_rows(self.export or Path()), doubt, ledger, self.service, present)
        left = "; ".join(f"{count} {why}" for why, count in found.left_out)
        if not found.orders:
            raise SettingsError(
                f"The export holds no order to add{f' ({left})' if left else ''}.",
                "If nothing was lost, close the doubt with --nothing.",
            )
        self.told = [f"To add ({len(found.orders)}):"]
        self.told += [
            f"  #{order.id}  service {order.service} · quantity {order.quantity or '–'} · {order.link or '–'}"
            for order in found.orders
        ]
        if left:
            self.told.append(f"Left out: {left}.")
        return list(found.orders)

    def _when(self, book: world.Book, say: "Words") -> "When":
        from reconcile.core.resolve import When

        now = world.clock()
        shown = say.moment(now.astimezone(book.zone))
        return When(world.run_id(), now, shown)

    def _done(self, commit: "Commit", book: str, *, as_json: bool) -> int:
        text = str(commit.append["runs"][0]["message"])
        if as_json:
            shell.show_json({"book": book, "doubt": self.id, "way": self.way, "run": commit.run, "message": text})
        else:
            shell.echo(line(text))
            if self.way == "--send-again":
                shell.echo("The next `reconcile sync` sends it.")
        return Exit.DONE


def _ids(text: str) -> list[str]:
    """The ids that were typed. Raises SettingsError for anything that no panel's id looks like."""
    from reconcile.core.resolve import ids_of

    ids = ids_of(text)
    for odd in (key for key in ids if not _ID.fullmatch(key)):
        raise SettingsError(f"{line(odd)} is not an id.", "Separate ids by commas: 15,16")
    return ids


def _rows(path: Path) -> list[list[str]]:
    """A CSV file's lines as cells; the delimiter is found by itself."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be read: {why}.", "Export it again as CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    # a cell may be as long as it is; csv's own limit is 131,072, and one for the whole process
    before = csv.field_size_limit(max(len(text), csv.field_size_limit()))
    try:
        return list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    except csv.Error as error:
        raise SettingsError(f"{path} is not a CSV file: {error}.", "Export it again as CSV in UTF-8.") from None
    finally:
        csv.field_size_limit(before)


def _settle(journal: "Journal", doubt: str, snapshot: "Snapshot") -> None:
    """Tells this machine's journal too, or its next sync would put the doubt on record again."""
    from reconcile.core.identity import BOOK

    for claim in journal.unlanded(snapshot.meta.get(BOOK, "")):
        if f"claim-{claim.name}" == doubt and claim.raw is None:
            journal.settle(claim.id, "resolved by hand")
