"""How workbooks stand, as text, JSON and one HTML page that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.words import TERMINAL
from reconcile.report import facts
from reconcile.report.as_json import doubt
from reconcile.report.clean import line
from reconcile.report.text import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from reconcile.core.status import Standing


@dataclass(frozen=True)
class Shown:
    """One workbook's line of `status`: how it stands, or why that is not known.

    code: the exit code it makes. cells: (used, most; 0 where there is no limit), None where that was not asked.
    """

    profile: str
    book: str
    panel: str
    code: int
    standing: Standing | None = None
    problem: str = ""
    next_step: str = ""
    cells: tuple[int, int] | None = None
    late: str = ""

    @property
    def state(self) -> str:
        """`ok`, `attention` or `failed`."""
        found = self.standing
        if self.code or found is None:
            return "failed"
        return "attention" if found.doubts or found.held or found.asked else "ok"


def text(found: Sequence[Shown], now: datetime, length: Callable[[float], str]) -> list[Line]:
    """Each workbook: what needs a person first, no line for what there is none of. length: seconds in words."""
    out: list[Line] = []
    for number, item in enumerate(found):
        out += [Line("")] if number else []
        out += _one(item, now, length)
    return out


def _one(item: Shown, now: datetime, length: Callable[[float], str]) -> list[Line]:
    style = {"ok": "good", "attention": "warn", "failed": "bad"}[item.state]
    name = f"{item.profile}: " if item.profile else ""
    out = [Line(f"{line(name)}{line(item.book)}", "head")]
    if item.panel:
        out.append(Line(f"  {'panel':<9} {line(item.panel)}", "dim"))
    if item.late:
        out.append(Line(f"  {'late':<9} {line(item.late)}", "bad"))
    if item.problem:
        out.append(Line(f"  {'problem':<9} {line(item.problem)}", "bad"))
        out += [Line(f"  {'':<9} → {line(part)}") for part in item.next_step.split("\n") if part]
    if item.standing is not None:
        out += [Line(f"  {label:<9} {line(said)}", mark or style) for label, said, mark in rows(item, now, length)]
    return out


def rows(item: Shown, now: datetime, length: Callable[[float], str]) -> list[tuple[str, str, str]]:
    """(label, text, style) of what there is to say of one workbook."""
    found = item.standing
    if found is None:
        return []
    out = []
    resolve = f"reconcile --profile {item.profile} resolve" if item.profile else "reconcile resolve"
    if found.doubts:
        ids = ", ".join(each.id for each in found.doubts[:3]) + (" …" if len(found.doubts) > 3 else "")  # noqa: PLR2004 - one line
        out.append(("in doubt", f"{facts.counted(len(found.doubts), 'doubt')}: {ids} ({resolve})", "bad"))
    if found.held:
        lists = f": {TERMINAL.also(found.lists)} in {TERMINAL.TAB['approvals']}" if found.lists else ""
        out.append(("held", f"{facts.counted(found.held, 'row')} by a limit{lists}", "warn"))
    if found.asked:
        since = f", the oldest for {length(_ago(found.asked_since, now))}" if found.asked_since else ""
        out.append(("asked", f"{facts.counted(found.asked, 'row waits', 'rows wait')} for a person{since}", "warn"))
    age = found.age(now)
    if age is None:
        out.append(("last good", "never", "warn"))
    elif found.good is not None:
        out.append(("last good", f"{length(age)} ago ({found.good:%Y-%m-%d %H:%M} UTC)", ""))
    if found.result and found.last != found.good and found.last is not None:
        out.append(("last run", f"{found.result}, {length(_ago(found.last, now))} ago", ""))
    if found.running:
        out.append(("at work", f"run {found.running}", "dim"))
    for part in found.waiting:
        since = f", the oldest for {length(_ago(part.since, now))}" if part.since else ""
        name = TERMINAL.ONE[part.feed]
        out.append(("waiting", facts.counted(part.count, name) + f" nobody has worked on{since}", "dim"))
    if item.cells is not None:
        used, most = item.cells
        share = f" of {most:,} ({100 * used // most} %)" if most else ""
        out.append(("cells", f"{used:,}{share}", "dim"))
    return out


def _ago(then: datetime | None, now: datetime) -> float:
    return 0.0 if then is None else max(0.0, (now - then).total_seconds())


def as_json(found: Sequence[Shown], now: datetime) -> dict[str, Any]:
    """{"at", "exit_code", "books": [...]}: times in UTC, ages in seconds, null for what is not known."""
    return {
        "at": now.isoformat(timespec="seconds"),
        "exit_code": max((item.code for item in found), default=0),
        "books": [_json(item, now) for item in found],
    }


def _json(item: Shown, now: datetime) -> dict[str, Any]:
    found = item.standing
    common: dict[str, Any] = {
        "profile": item.profile or None,
        "book": item.book,
        "panel": item.panel or None,
        "state": item.state,
        "exit_code": item.code,
        "late": item.late or None,
        "error": {"what": item.problem, "next_step": item.next_step} if item.problem else None,
        "cells": None if item.cells is None else {"used": item.cells[0], "most": item.cells[1] or None},
    }
    if found is None:
        return {**common, "last_good": None}
    return {
        **common,
        "last_good": _iso(found.good),
        "age_seconds": found.age(now),
        "last_run": _iso(found.last),
        "last_result": found.result or None,
        "running": found.running or None,
        "held": found.held,
        "lists": list(found.lists),
        "doubts": [doubt(each) for each in found.doubts],
        "asked": found.asked,
        "asked_since": _iso(found.asked_since),
        "waiting": [
            {"feed": part.feed.value, "count": part.count, "since": _iso(part.since)} for part in found.waiting
        ],
    }


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="seconds")


# --- one page ------------------------------------------------------------------------------------------------------------

_STYLE: Final = """
:root{color-scheme:light dark;--line:#8884;--ok:#188038;--attention:#b06000;--failed:#c5221f}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem}
h1{font-size:1.4rem;margin:.5rem 0}
.books{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr))}
article{border:1px solid var(--line);border-left:.4rem solid var(--state);border-radius:.4rem;padding:.6rem .9rem}
.ok{--state:var(--ok)}.attention{--state:var(--attention)}.failed{--state:var(--failed)}
h2{font-size:1.1rem;margin:0;overflow-wrap:anywhere}
h2 span{float:right;color:var(--state);font-size:.85rem;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.5rem 0 0}
dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}
.panel{margin:0;opacity:.7;font-size:.9rem;overflow-wrap:anywhere}
"""

_WORD: Final = {"ok": "in step", "attention": "needs a person", "failed": "needs you now"}


def html(found: Sequence[Shown], now: datetime, length: Callable[[float], str]) -> str:
    """One self-contained page, what is worst first. It loads nothing and runs nothing."""
    order = {"failed": 0, "attention": 1, "ok": 2}
    cards = "\n".join(_card(item, now, length) for item in sorted(found, key=lambda item: order[item.state]))
    counts = " · ".join(
        f"{sum(item.state == state for item in found)} {_WORD[state]}"
        for state in order
        if any(item.state == state for item in found)
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>reconcile: {escape(counts or 'no workbooks')}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(counts or 'No workbooks')}</h1>\n<p>As of {now:%Y-%m-%d %H:%M} UTC.</p>\n"
        f'<main class="books">\n{cards}\n</main>\n</body>\n</html>\n'
    )


def _card(item: Shown, now: datetime, length: Callable[[float], str]) -> str:
    told = [("late", item.late, "")] if item.late else []
    told += [("problem", item.problem, ""), ("next", item.next_step, "")] if item.problem else []
    told += rows(item, now, length)
    lines = "".join(f"<dt>{escape(label)}</dt><dd>{escape(line(said))}</dd>" for label, said, _ in told if said)
    name = f"{item.profile}: {item.book}" if item.profile else item.book
    return (
        f'<article class="{item.state}"><h2><span>{_WORD[item.state]}</span>{escape(line(name))}</h2>'
        f'<p class="panel">{escape(line(item.panel))}</p><dl>{lines}</dl></article>'
    )
