"""What must hold of every single run: what it told, what it took, whom it waited for, and that it showed no secret."""

from __future__ import annotations

import base64
import json
import urllib.parse
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reconcile.workbook.templates import templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.faults.world import Told, World

SECONDS = 900
"""A run's deadline is 600 s; a call in hand then may still wait, and retry, for some minutes."""

CALLS = 250
"""Far above what a world has to say and to ask for in one run, retries included; a call that never gives up passes it."""

BELIEVED = timedelta(days=1)
"""A lease further away than any setting allows is a wrong clock's, and locks nobody out."""

LATE = 6
"""The call in hand when the deadline passes may be tried again so often; nothing else is begun."""

ANSWER = 100
"""Orders or refills in one answer."""

TOGETHER = {"memory": 1, "google": 1, "xlsx": 10}
"""How many answers each kind of workbook takes at once, so how many one run that vanished may have had in hand."""


def wrong(world: World, told: Told, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """The promises one run broke; `before` and `after` are the hidden tab's entries around it."""
    yield from _doubts(
        told, doubts(before), doubts(after), world.book.kind, after.get("untold", ""), _between(world, told)
    )
    yield from _untouched(world, told, before)
    if told.undead:
        yield f"{told.run}: the process was to die, and the code under test caught that and went on to {told.code}"
    if told.seconds > SECONDS or told.calls > CALLS:
        yield f"{told.run} took {told.seconds:.0f} s and {told.calls} calls"
    if told.late > LATE:
        yield f"{told.run} made {told.late} calls after its deadline"
    if shows(world.panel.key, _said(told), *_journal(world, told)):
        yield f"{told.run}: the key is in what it said or in its journal"


def _between(world: World, told: Told) -> list[str]:
    """What stands in Runs of this run, which may have died after its last line, and what the runs said that came between."""
    began = told.run.split("-")[1]
    said = [
        text for run in world.told if run.outcome and run.run.split("-")[1] > began for text in run.outcome.messages
    ]
    if told.outcome is None:
        said += [str(row["Message"]) for row in world.rows("runs") if row["Run"] == told.run]
    return said


def _doubts(
    told: Told,
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    kind: str,
    untold: str,
    between: Iterable[str],
) -> Iterator[str]:
    """P2: what is in doubt stays on record, bounded to what one answer holds, and every run tells it."""
    # what a run that died had to say stands in the hidden tab; runs that came between have said it themselves
    closed = " ".join([untold, *between, *(told.outcome.messages if told.outcome else ())])
    for gone in before.keys() - after.keys():
        if f"({gone})" in closed and before[gone]["kind"] == "claim":
            continue  # it says that the answer was found; whether everything is there is seen by `accounted`
        yield f"{told.run}: the doubt {gone} is not on record any more, and nobody resolved it"
    for name, doubt in after.items():
        if doubt["kind"] == "claim" and doubt["feed"] == "orders" and not doubt["service"]:
            yield f"{told.run}: a doubt about orders names no service: {name}"
        if doubt["bound"] > most(doubt, kind):
            yield f"{told.run}: a doubt is not bounded to one answer: {name} {doubt['bound']}"
    if told.outcome is None:
        return
    # a closed one may still be on record where this run could not write it down: the next one closes it again
    standing = {name for name in before if f"({name})" not in closed}
    for name in standing - {doubt.id for doubt in told.outcome.doubts}:
        yield f"{told.run}: the doubt {name} is on record, and the run said nothing of it"
    in_doubt = bool(standing or after or told.outcome.doubts)
    if in_doubt and told.code == 0:
        yield f"{told.run}: exit 0, with something in doubt: {[*before, *after] or told.outcome.doubts}"
    if told.code == 7 and not told.outcome.doubts:
        yield f"{told.run}: exit 7, with nothing in doubt"


def _untouched(world: World, told: Told, before: Mapping[str, str]) -> Iterator[str]:
    """P7, P8: of what a limit holds the panel hears nothing; a run that has to wait its turn or could not begin asks for nothing."""
    if told.calls and not told.crashed and told.outcome is None:
        yield f"{told.run} ended with {told.code} before it began, and called the panel {told.calls} times"
    if told.outcome is not None:
        plan = told.outcome.plan
        if plan.holding and told.code == 0:
            yield f"{told.run} ended with {told.code}, although a limit holds rows: {plan.holding[0].text}"
        held = {(push.feed.value, push.key) for push in plan.held}
        sent = {(result.push.feed.value, result.push.key) for result in told.outcome.results}
        for tab, key in sorted(held & sent):
            yield f"{told.run} sent something of {tab} {key}, which a limit holds"
        held_ids = {(templates().tab(tab).title, key) for tab, key in held}
        if any((row["Tab"], str(row["ID"])) in held_ids for row in world.rows("history") if row["Run"] == told.run):
            yield f"{told.run} held rows, and History has changes of them"
    lease = before.get("lease")
    alone = told.run.split("-")[1] == f"{world.runs:03}"  # a run in between may have ended what the lease was for
    if told.calls and lease and alone and _is_anothers(json.loads(lease), told, world):
        yield f"{told.run} called the panel {told.calls} times while another run held the lease: {lease}"


def _is_anothers(lease: Mapping[str, str], told: Told, world: World) -> bool:
    """Whether another machine's run has the right to run, also by the clock of the machine this one ran on."""
    machines = {run.rpartition("-")[2] for run in (lease["run"], told.run)}
    left = datetime.fromisoformat(lease["until"]) - (world.clock.at + told.skew)
    return len(machines) > 1 and timedelta(0) < left <= BELIEVED


def _said(told: Told) -> str:
    """Everything a caller could print: the outcome, and the error with its causes."""
    said, error = [repr(told.outcome)], told.error
    while error is not None:
        said.append(f"{error!r} {error} {vars(error)}")
        error = error.__cause__ or error.__context__
    return "\n".join(said)


def _journal(world: World, told: Told) -> Iterator[bytes]:
    folder = world.machine(told.run.rpartition("-")[2])
    return (path.read_bytes() for path in folder.iterdir()) if folder.is_dir() else iter(())


# --- the hidden tab -------------------------------------------------------------------------------------------------------


def meta(rows: Iterable[Iterable[Any]]) -> dict[str, str]:
    """The meta entries among the `_ledger` tab's raw rows (tab, key, pieces)."""
    found = {}
    for tab, key, *pieces in rows:
        if tab == "_meta":
            found[str(key)] = "".join(str(cell) for cell in pieces if cell is not None)
    return found


def doubts(entries: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The doubts on record by their ids, as plain data."""
    found = [json.loads(text) for name, text in sorted(entries.items()) if name.startswith("doubt:")]
    return {doubt["id"]: doubt for doubt in found}


def most(doubt: Mapping[str, Any], kind: str) -> int:
    """How much a doubt may stand for: one answer, or what a run that vanished with its journal had not landed yet."""
    if doubt["id"].startswith("claim-restore-"):  # so many answers as commits of other machines are not in the copy
        most_in_one = ANSWER * TOGETHER[kind]
        return max(1, doubt["bound"] // most_in_one) * most_in_one
    if vanished(doubt):
        return ANSWER * TOGETHER[kind]
    return 1 if doubt["feed"] == "cancels" else ANSWER


def vanished(doubt: Mapping[str, Any]) -> bool:
    """Whether the doubt is about a whole run whose journal nobody has, not about one call."""
    return bool(doubt["kind"] == "claim" and not doubt["id"].rpartition("-")[2].isdecimal())


# --- secrets --------------------------------------------------------------------------------------------------------------

_FORMS: dict[str, set[bytes]] = {}


def shows(secret: str, *texts: bytes | str) -> bool:
    """Whether one of the texts holds the secret in any form."""
    if secret not in _FORMS:
        _FORMS[secret] = forms(secret)
    data = [text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in texts]
    return any(form in text for text in data for form in _FORMS[secret])


def forms(secret: str) -> set[bytes]:
    """A secret in every form it might be written in: raw, URL-encoded, JSON, and base64 at each of three offsets."""
    raw = secret.encode()
    found = {raw, urllib.parse.quote(secret).encode(), urllib.parse.quote_plus(secret).encode(), raw[::-1]}
    found.add(urllib.parse.quote(secret, safe="").encode())
    found.add(secret.replace("/", "\\/").encode())
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + raw)
        inner = coded[4 if offset else 0 : len(coded) - 4]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return found
