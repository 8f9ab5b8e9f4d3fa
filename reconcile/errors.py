"""Everything that can end a run or a call, by what to do about it.

ReconcileError                 has an exit code, says what happened and what to do next
├── SettingsError         2    a setting or an argument is missing, unknown or wrong
│   ├── NoWorkbook             there is no workbook file where the settings name one
│   └── NothingToDo            what was asked for is so already
├── LimitReached          3    a limit holds some rows; the rest is done
├── LeaseHeld             4    another run is at work
├── Unavailable           5    the panel, Google or the file cannot be used now; try later
├── AccessRefused         6    a key or a sharing is wrong
├── Damaged               8    the sheet's structure, the ledger or the journal is not as it must be
│   ├── NotSetUp               a spreadsheet without our tabs
│   └── Disagree               workbook, journal and panel do not speak of the same thing
├── RevisionMoved         5    another run committed since this one read (the run reads again, or stops)
├── Unmovable             1    rows cannot leave Orders now (the run writes all the rest; it never ends a run)
└── CallFailed            5    one panel call; exactly one of the three below
    ├── NeverSent              the request did not leave; nothing happened
    ├── Refused                the panel said no, in its own words; nothing happened
    └── Unknown                it may or may not have happened

Exit code 0 is done, 1 a bug (any exception that is not in this tree), 7 done with something in doubt: that one is a
result, not an error, so it has no class here.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

RESTORE: Final = (
    "Somebody or something changed the hidden _ledger tab. Put back the newest good copy of the workbook (from its version history or a "
    "backup), then run `reconcile restore`, which adds what this machine's journal knows since."
)
"""The way on where the ledger cannot be read."""


class Exit(IntEnum):
    """The exit codes of every command: a contract for schedulers and scripts."""

    DONE = 0
    BUG = 1
    USAGE = 2
    LIMIT = 3
    LEASE = 4
    UNAVAILABLE = 5
    ACCESS = 6
    DOUBT = 7
    DAMAGED = 8


class ReconcileError(Exception):
    """Something a person can act on: `what` happened (to which row, cell, setting or call) and what to do `next`."""

    exit_code: Exit = Exit.BUG

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step


class SettingsError(ReconcileError):
    """A setting, an argument or a file named by one is missing, unknown or wrong."""

    exit_code = Exit.USAGE


class NoWorkbook(SettingsError):
    """There is no file at the workbook's path."""


class NothingToDo(SettingsError):
    """What was asked for is so already: no failure, and nothing was done."""

    exit_code = Exit.DONE


class LimitReached(ReconcileError):
    """A limit holds some rows; the rest is done."""

    exit_code = Exit.LIMIT


class LeaseHeld(ReconcileError):
    """Another run holds the right to run."""

    exit_code = Exit.LEASE


class Unavailable(ReconcileError):
    """A remote (panel, Google, the workbook's file) cannot be used now."""

    exit_code = Exit.UNAVAILABLE


class AccessRefused(ReconcileError):
    """The key is wrong, or the sheet is not shared with us."""

    exit_code = Exit.ACCESS


class Damaged(ReconcileError):
    """A tab, a header, the ledger or the journal is not as it must be; nothing is guessed."""

    exit_code = Exit.DAMAGED


class NotSetUp(Damaged):
    """The spreadsheet has no `_ledger` tab: it was never set up, or its tabs are gone."""


class Disagree(Damaged):
    """Workbook, journal and panel do not speak of the same thing: nothing is claimed and nothing sent once (docs/design.md 13)."""

    def __init__(self, what: str, next_step: str = "", *, kinds: tuple[str, ...] = ()) -> None:
        super().__init__(what, next_step)
        self.kinds = kinds
        self.standing: Any = None
        """What the workbook is to this machine, where there is none at its place (agree.Standing)."""


class RevisionMoved(ReconcileError):
    """Another run committed since this one read: this commit was refused whole."""

    exit_code = Exit.UNAVAILABLE


class Unmovable(ReconcileError):
    """The workbook cannot take the rows out that a commit archives: nothing of the commit was written."""

    exit_code = Exit.BUG


class CallFailed(ReconcileError):
    """One panel call that did not succeed."""

    exit_code = Exit.UNAVAILABLE


class NeverSent(CallFailed):
    """The request did not leave this machine: nothing happened at the panel."""


class Refused(CallFailed):
    """The panel answered no. `word` is its error word (may be empty), `what` its words for people.

    `lacks_action` is true where the panel says it does not have this action at all (`bad_action`). `about_orders`: it speaks of an order,
    or of a value of one, in words we know.
    """

    def __init__(
        self,
        what: str,
        next_step: str = "",
        *,
        word: str = "",
        lacks_action: bool = False,
        about_orders: bool = False,
    ) -> None:
        super().__init__(what, next_step)
        self.word = word
        self.lacks_action = lacks_action
        self.about_orders = about_orders


class Unknown(CallFailed):
    """The request left and no clear answer came back: it may or may not have happened."""


class NoAnswer(Unknown):
    """No whole answer came. `late`: not in the time there was, so the panel may be too slow for what it was asked."""

    def __init__(self, what: str, next_step: str = "", *, late: bool = False) -> None:
        super().__init__(what, next_step)
        self.late = late
