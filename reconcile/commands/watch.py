"""`watch`: the always-on form for a small machine. It looks for edits often and asks for new work now and then.

Between two runs nothing is held, neither the lease nor the journal: a run by hand or by an Action gets in.
"""
# ruff: noqa: FBT002 - imports wait until the command runs; flags are what a command line is made of

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from reconcile.commands import durations, shell, telling, world
from reconcile.commands.shell import AsJson
from reconcile.errors import Exit, LeaseHeld, ReconcileError, SettingsError

if TYPE_CHECKING:
    from reconcile.config import Settings
    from reconcile.core.model import Outcome, Plan, Snapshot
    from reconcile.core.pace import Pace
    from reconcile.job import Stop

LEAST = 10.0
"""Seconds between two looks, at least: Google allows 60 reads a minute for one user, and others read, too."""

SLICE = 1.0
"""Seconds of one wait at a time, so that a signal is obeyed at once."""


def watch(
    every: Annotated[str, typer.Option("--every", metavar="TIME", help="How often to look for edits.")] = "60s",
    claim_every: Annotated[
        str, typer.Option("--claim-every", metavar="TIME", help="How often to ask for new work.")
    ] = "5m",
    as_json: AsJson = False,
) -> int:
    """Stay on and keep panel and sheet in step. Looks for edits, asks for new work, one line per run, until it is stopped."""
    from reconcile.commands.signals import Signals
    from reconcile.core.pace import Pace
    from reconcile.job import Stop

    pace = Pace(
        durations.seconds(every, "--every", least=LEAST), durations.seconds(claim_every, "--claim-every", least=LEAST)
    )
    if pace.claim_every < pace.every:
        raise SettingsError("--claim-every is shorter than --every.", "Give the same, or a longer one.")
    settings = shell.settings("panel", "sheet")
    stop = Stop()
    with Signals(stop, shell.say) as signals:
        shell.say(f"Watching {settings.sheet} every {durations.shown(pace.every)}. Ctrl-C or SIGTERM stops it.")
        _Watch(settings, pace, stop, as_json=as_json).go()
    shell.say("Stopped." if signals.received else "Ended.")
    return Exit.DONE


@dataclass
class _Watch:
    """A watch at work. seen: what the last look saw, so that the same is not acted upon twice."""

    settings: "Settings"
    pace: "Pace"
    stop: "Stop"
    as_json: bool
    asked: float | None = None
    fails: int = 0
    seen: str = ""
    said: str = ""
    wrong: str = ""
    books: "dict[object, world.Book]" = field(default_factory=dict)

    def go(self) -> None:
        """Looks and runs until it is told to stop."""
        while not self.stop.requested:
            self._reload()
            try:
                self._after(self._once())
            except LeaseHeld as held:
                self._say_once(held.what)
            except ReconcileError as error:
                self._failed(error.what)
            self._wait(self.pace.wait(self.fails, int(world.chance(), 16) / 0xFFFF))

    def _once(self) -> "Outcome | None":
        """One look, or one run; None where there was nothing to do."""
        now = world.clock().timestamp()
        if self.pace.asks(now, self.asked):
            made = self._run(claims=True)
            self.asked = now
            return made
        return self._run(claims=False) if self._looks_changed() else None

    def _after(self, made: "Outcome | None") -> None:
        """A run that could not go on counts as a failure; anything else ends a row of them."""
        if made is not None and made.exit_code in (Exit.BUG, Exit.UNAVAILABLE, Exit.ACCESS, Exit.DAMAGED):
            self._failed(made.stopped)
            return
        if self.fails:
            self._say_once("It works again.")
        self.fails, self.said = 0, ""

    def _looks_changed(self) -> bool:
        """Whether a run would do anything: one read of the sheet, and not the very same that a run has just left so."""
        from reconcile.commands.run import seen
        from reconcile.job import plan_only

        book = self.books.get(self.settings.sheet) or world.open_book(self.settings, self.stop.may_continue)
        self.books[self.settings.sheet] = book
        snapshot, disagree = seen(self.settings, book)
        if disagree is not None:
            raise disagree
        made, _ = plan_only(book, world.rules(self.settings), world.clock(), snapshot=snapshot)
        mark = _mark(made, snapshot)
        changed = bool(mark) and mark != self.seen
        self.seen = mark
        return changed

    def _run(self, *, claims: bool) -> "Outcome":
        from reconcile.commands.run import told
        from reconcile.job import Silent, sync

        with told(self.settings), world.open_job(self.settings, Silent(), self.stop, claims=claims) as job:
            made = sync(job)
        telling.ended(self.settings, made, str(self.settings.sheet))
        self._line(made, claims=claims)
        return made

    def _line(self, made: "Outcome", *, claims: bool) -> None:
        if self.as_json:
            from reconcile.report import as_json

            found = as_json.outcome(made, str(self.settings.sheet))
            typer.echo(json.dumps({**found, "asked": claims}, default=str))
            return
        from reconcile.report import facts, text

        shell.show([text.Line(f"{made.finished:%Y-%m-%d %H:%M:%S}  {facts.in_short(made)}", _style(made))])

    def _failed(self, what: str) -> None:
        self.books.clear()
        self.fails += 1
        wait = durations.shown(self.pace.wait(self.fails, 0.5))
        self._say_once(what, f" Tried again in {wait}, then less often.")

    def _say_once(self, text: str, more: str = "") -> None:
        """Says what has not just been said."""
        if text != self.said:
            shell.say(f"{world.clock():%Y-%m-%d %H:%M:%S}  {text}{more}")
        self.said = text

    def _reload(self) -> None:
        """The settings as they stand now; wrong ones are told once, and the last right ones go on."""
        try:
            found = shell.settings("panel", "sheet", quiet=True)
        except SettingsError as error:
            if error.what != self.wrong:
                shell.say(f"{world.clock():%Y-%m-%d %H:%M:%S}  The settings are not taken on: {error.what}")
            self.wrong = error.what
            return
        self.wrong = ""
        if found != self.settings:
            shell.say(f"{world.clock():%Y-%m-%d %H:%M:%S}  The settings changed and are taken on.")
            self.settings, self.asked, self.seen = found, None, ""
            self.books.clear()

    def _wait(self, seconds: float) -> None:
        until = world.clock().timestamp() + seconds
        while not self.stop.requested and (left := until - world.clock().timestamp()) > 0.001:  # noqa: PLR2004 - below what a clock tells
            world.sleep(min(SLICE, left))


def _mark(made: "Plan", snapshot: "Snapshot") -> str:
    """A fingerprint of everything a run would do now; "" for nothing."""
    from reconcile.job import sync_texts

    parts = [
        made.digest if made.pushes or made.held else "",
        [approval.digest for approval in made.approvals if not approval.listed or approval.ticked],
        sync_texts(snapshot, made.notes),
        made.settled,
        made.archive,
    ]
    if not any(parts[1:]) and not made.pushes:
        return ""
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def _style(made: "Outcome") -> str:
    return "good" if made.exit_code == Exit.DONE else "warn" if made.exit_code in (Exit.LIMIT, Exit.DOUBT) else "bad"
