"""Pings and alerts around a run. Both are off unless they are set, take a few seconds at most, and never change what a run comes to.

A ping says that a run began and how it ended; an alert says that something has changed for a person. What was told is kept in the
workbook; while that cannot be written, beside the journal.
"""

from __future__ import annotations

import importlib
import json
import threading
from typing import TYPE_CHECKING, Any, Final

from reconcile.commands import shell, world
from reconcile.core import alerts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reconcile.config import Settings
    from reconcile.core.alerts import Message
    from reconcile.core.model import Outcome

PING_SECONDS: Final = 5.0
ALERT_SECONDS: Final = 15.0
"""The most that one ping, and all alerts of one run, may take."""

MISSING: Final = "RECONCILE_NOTIFY is set, but the package apprise is not installed, so nobody is told."
MISSING_STEP: Final = (
    "Install it beside reconcile: pipx inject panel-reconcile apprise, or pip install apprise into its environment."
)

FILE: Final = "alerts.json"
"""What was told of runs that could not write into the workbook, in the journal's folder."""


def started(settings: Settings) -> None:
    """Tells that a run begins."""
    _ping(settings, "start", "")


def ended(settings: Settings, made: Outcome, book: str) -> None:
    """Tells how a run ended, and a person what has changed."""
    _ping(settings, str(made.exit_code), summary(made))
    if settings.notify is not None:
        before = _kept(settings)
        told = list(made.alerts)
        if before.failing and not any(message.kind == "failing" for message in told):
            told.insert(0, alerts.Message("failing", "It works again.", over=True))
        _keep(settings, None)
        _send(settings, told, book)


def failed(settings: Settings, code: int, why: str, book: str) -> None:
    """The same for a run that could not begin: the workbook cannot keep what is told of it."""
    _ping(settings, str(code), f"exit {code}\n")
    if settings.notify is not None:
        after, told = alerts.step(_kept(settings), alerts.Seen(now=world.clock(), code=code, why=why))
        _keep(settings, after if after.fails else None)
        _send(settings, told, book)


def summary(made: Outcome) -> str:
    """A run in counts and ids, for a ping: nothing that a customer wrote."""
    from reconcile.core.model import Feed, Verdict
    from reconcile.report import facts

    counts = facts.verdicts(made)
    lines = [f"run {made.run}", f"exit {made.exit_code}"]
    lines += [f"received {count} {feed}" for feed, count in made.landed if count]
    lines += [f"{verdict.value} {counts[verdict]}" for verdict in Verdict if counts[verdict]]
    lines += [f"held {made.plan.rows_held}"] if made.plan.rows_held else []
    lines += [f"in doubt {len(made.doubts)}"] if made.doubts else []
    sent = [result.push.key for result in made.results if result.push.feed is Feed.ORDERS]
    lines += [f"orders {alerts.ids(list(dict.fromkeys(sent)))}"] if sent else []
    return "\n".join(lines) + "\n"


# --- pings -------------------------------------------------------------------------------------------------------------


def _ping(settings: Settings, what: str, body: str) -> None:
    if settings.ping_url is None:
        return
    _bounded(lambda: _post(settings.ping_url.get_secret_value(), what, body), PING_SECONDS, "The ping")  # type: ignore[union-attr]


def _post(url: str, what: str, body: str) -> str:
    """One ping. Returns what went wrong, "" for nothing; never the address, which is a secret."""
    import httpx

    try:
        answer = httpx.post(
            f"{url.rstrip('/')}/{what}", content=body.encode(), timeout=PING_SECONDS, follow_redirects=False
        )
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return type(error).__name__
    return "" if answer.is_success else f"HTTP {answer.status_code}"


# --- alerts ------------------------------------------------------------------------------------------------------------


def apprise() -> Any:
    """The package, or None where it is not installed."""
    try:
        return importlib.import_module("apprise")
    except ImportError:
        return None


def _send(settings: Settings, told: Sequence[Message], book: str) -> None:
    package = apprise()
    if package is None:
        shell.say(f"{MISSING} {MISSING_STEP}")
        return
    if not told or settings.notify is None:
        return
    where = settings.notify.get_secret_value().split()
    title = f"reconcile: {shell.titled(book)}" + (" is well again" if all(message.over for message in told) else "")
    body = "\n".join(message.text for message in told)
    _bounded(lambda: _notify(package, where, title, body), ALERT_SECONDS, "The alert")


def _notify(package: Any, where: Sequence[str], title: str, body: str) -> str:
    found = package.Apprise()
    wrong = sum(not found.add(address) for address in where)
    if wrong:
        return f"{wrong} of {len(where)} addresses in RECONCILE_NOTIFY are none that apprise knows"
    return "" if found.notify(title=title, body=body) else "not every address took it"


def _bounded(work: Callable[[], str], seconds: float, what: str) -> None:
    """Does something beside the run, for so long at most. What goes wrong with it is said, and nothing else."""
    said: list[str] = []

    def done() -> None:
        try:
            said.append(work())
        except Exception as error:  # noqa: BLE001 - somebody else's code; a run does not fail because of it
            said.append(type(error).__name__)

    thread = threading.Thread(target=done, daemon=True)
    thread.start()
    thread.join(seconds)
    problem = said[0] if said else f"no answer within {seconds:.0f} s"
    if problem:
        shell.say(f"{what} did not get through: {problem}. The run is not affected.")


# --- what was told of runs that could not begin --------------------------------------------------------------------------


def _file(settings: Settings) -> Path:
    return world.state_dir(settings) / FILE


def _kept(settings: Settings) -> alerts.Told:
    try:
        found = json.loads(_file(settings).read_text("utf-8"))
    except (OSError, ValueError):
        return alerts.Told()
    return alerts.parsed(found) if isinstance(found, dict) else alerts.Told()


def _keep(settings: Settings, told: alerts.Told | None) -> None:
    path = _file(settings)
    try:
        if told is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(told.text(), encoding="utf-8")
    except OSError as error:
        shell.say(f"What was told could not be noted: {error.strerror}.")
