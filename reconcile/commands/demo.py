"""`demo`: everything at work on this machine, told as a story. No account, no setting, nothing outside its folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconcile.commands import shell, world
from reconcile.core.words import ENGLISH
from reconcile.errors import Exit, SettingsError
from reconcile.report.clean import line
from reconcile.report.text import Line
from reconcile.workbook.catalogue import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from reconcile.config import Settings
    from reconcile.core.model import Outcome
    from reconcile.panel.practice import PracticePanel
    from reconcile.workbook.templates import Tab, Templates

BOOK: Final = "orders.xlsx"
JOURNAL: Final = ".reconcile"
ENV: Final = ".env"
MARK: Final = f"{JOURNAL}/demo"
"""Says that the folder is a demo's: empty while the story runs, then the seal of the journal it left."""

ORDERS, REFILLS, CANCELS = 60, 6, 4


@dataclass(frozen=True)
class Edit:
    """One thing a member of staff does: into which row (the `row`th below the headings) of which tab, what, and why it is here."""

    tab: str
    row: int
    cells: tuple[tuple[str, str | int], ...]
    why: str


EDITS: Final = (
    Edit("Orders", 1, (("Start count", "1,200"), ("Status", "completed")), "done; typed in small letters"),
    Edit("Orders", 2, (("Start count", 500), ("Status", "In progress")), "begun"),
    Edit("Orders", 3, (("Status", "In Progress"), ("Remains", 4)), "begun, 4 to go"),
    Edit("Orders", 4, (("Start count", 42),), "only the start count"),
    Edit("Orders", 5, (("Status", "Partial"), ("Remains", 3)), "3 could not be delivered: a refund"),
    Edit("Orders", 6, (("Status", "Canceled"),), "a private page: a refund"),
    Edit("Orders", 7, (("Status", "processing"),), "says what the panel has already: nothing to send"),
    Edit("Orders", 8, (("Status", "Compelted"),), "a slip of the fingers"),
    Edit("Orders", 9, (("Start count", "about 900"),), "words where a number belongs"),
    Edit("Orders", 10, (("Status", "Partial"),), "forgot Remains"),
    Edit("Orders", 11, (("Remains", 9_999_999),), "more than was ordered"),
    Edit("Orders", 12, (("Quantity", 1),), "a cell only the panel can change"),
    Edit("Refills", 1, (("Status", "Completed"),), "refilled"),
    Edit("Refills", 2, (("Status", "Rejected"),), "the link is gone"),
    Edit("Refills", 3, (("Status", "In progress"),), "begun"),
    Edit("Cancels", 1, (("Decision", "Reject"),), "too late to cancel"),
    Edit("Cancels", 2, (("Decision", "Cancel and refund"),), "not begun yet: all the money back"),
    Edit("Cancels", 3, (("Decision", "Partial refund"), ("Remains", 2)), "some of the money back"),
    Edit(
        "Payments",
        1,
        (
            ("Reference", "PAY-1"),
            ("User", "maria77"),
            ("Amount", "25.50"),
            ("Details", "Bank transfer"),
            ("Send", "Yes"),
        ),
        "a payment",
    ),
    Edit("Payments", 2, (("Reference", "PAY-2"), ("User", "kim12"), ("Send", "Yes")), "forgot the amount"),
    Edit(
        "Tickets",
        1,
        (
            ("Reference", "T-1"),
            ("User", "maria77"),
            ("Subject", "Your order"),
            ("Message", "The link is private. Please open it."),
            ("Send", "Yes"),
        ),
        "a ticket",
    ),
)
"""What staff do in the demo: every status and every feed, some of it wrong."""

TYPED: Final = {
    "es": {
        "completed": "completado",
        "In Progress": "En Curso",
        "processing": "procesando",
        "Compelted": "Compeltado",
        "about 900": "unos 900",
        "Bank transfer": "Transferencia bancaria",
        "Your order": "Su pedido",
        "The link is private. Please open it.": "El enlace es privado. Ábralo, por favor.",
    },
    "pt": {
        "completed": "concluído",
        "In Progress": "Em Andamento",
        "processing": "processando",
        "Compelted": "Concluíod",
        "about 900": "cerca de 900",
        "Bank transfer": "Transferência bancária",
        "Your order": "Seu pedido",
        "The link is private. Please open it.": "O link é privado. Abra-o, por favor.",
    },
    "tr": {
        "completed": "tamamlandı",
        "In Progress": "Devam Ediyor",
        "processing": "işleniyor",
        "Compelted": "Tamalmandı",
        "about 900": "yaklaşık 900",
        "Bank transfer": "Banka havalesi",
        "Your order": "Siparişiniz",
        "The link is private. Please open it.": "Bağlantı gizli. Lütfen herkese açın.",
    },
    "hi": {
        "completed": "पूरा",
        "In Progress": "जारी",
        "processing": "प्रोसेस",
        "Compelted": "पूरा हुअ",
        "about 900": "लगभग 900",
        "Bank transfer": "बैंक ट्रांसफ़र",
        "Your order": "आपका ऑर्डर",
        "The link is private. Please open it.": "लिंक प्राइवेट है। कृपया इसे खोल दें।",
    },
}
"""Language → what staff type there where `EDITS` says it in English. Choices are in the catalogues."""


def run(folder: Path, language: str, *, as_json: bool) -> int:
    """The whole story, with a workbook and staff of that language. Raises SettingsError for a folder that holds anything else."""
    from reconcile.panel.practice import SERVICES, PracticePanel

    book = _fresh(folder)
    panel = PracticePanel(ORDERS, 7, refills=REFILLS, cancels=CANCELS)
    with panel.serving() as url:
        settings = _settings(folder, url, panel.key, SERVICES, language)
        teller = _Teller(silent=as_json)
        runs = _story(teller, settings, panel, book)
    (folder / MARK).write_text(_seal(folder), encoding="utf-8")
    (folder / ENV).write_text(_env(language), encoding="utf-8", newline="\n")
    if as_json:
        from reconcile.report import as_json as report

        shell.show_json(
            {"book": str(book), "runs": [report.outcome(one, BOOK) for one in runs], "panel": _state(panel)}
        )
    else:
        _farewell(teller, folder, book, language)
    return max(Exit(one.exit_code) for one in runs)


class _Teller:
    """Prints the story on stdout, or nothing when the result is JSON."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self._step = 0

    def step(self, title: str, *said: str) -> None:
        """A headed step."""
        self._step += 1
        self.show([Line(""), Line(f"{self._step}. {title}", "head"), *(Line(f"   {text}") for text in said)])

    def show(self, lines: Sequence[Line]) -> None:
        """Lines, as they are."""
        if not self._silent:
            shell.show(lines)

    def inset(self, lines: Sequence[Line]) -> None:
        """Lines of a report, under a step."""
        self.show([Line(f"   │ {item.text}" if item.text else "   │", item.style) for item in lines])


def _fresh(folder: Path) -> Path:
    """The folder, empty of an earlier demo; the workbook's path in it. Raises SettingsError where anything else stands."""
    try:
        _check_ours(folder)
        if (folder / JOURNAL).exists():
            shutil.rmtree(folder / JOURNAL)
        for name in (BOOK, ENV):
            (folder / name).unlink(missing_ok=True)
        (folder / JOURNAL).mkdir(parents=True)
        (folder / MARK).touch()
    except OSError as error:
        raise SettingsError(
            f"{line(folder)} cannot be used for the demo: {error.strerror or error}.",
            "Name another folder with --folder.",
        ) from None
    return folder / BOOK


def _check_ours(folder: Path) -> None:
    """Nothing but what a demo left may be emptied: an operator's own set-up has the same names."""
    names = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    others = [name for name in names if name not in (BOOK, JOURNAL, ENV)]
    if any(name.startswith(("~$", ".~lock")) for name in others):
        raise SettingsError(
            f"{line(folder / BOOK)} is open in a program.", "Close it, or name another folder with --folder."
        )
    if others:
        raise SettingsError(
            f"{line(folder)} holds something else ({line(', '.join(others[:3]))}), and the demo begins by emptying it.",
            "Name another folder with --folder.",
        )
    if names and not _untouched(folder):
        raise SettingsError(
            f"{line(folder)} holds a set-up that is not the demo's, or that was used since ({', '.join(names)}); the demo begins by "
            "emptying it.",
            "Name another folder with --folder. If nothing in it is needed any more, delete it yourself.",
        )


def _untouched(folder: Path) -> bool:
    """Whether everything there is a demo's, and no run took place since: set up for a panel, its journal and rows are real.

    A demo that was stopped midway has left its mark and no settings.
    """
    if not (folder / MARK).is_file():
        return False
    if not (folder / ENV).exists():
        return not (folder / MARK).read_bytes()
    ours = {_env(language).encode() for language in LANGUAGES}
    return (folder / ENV).read_bytes() in ours and (folder / MARK).read_text("utf-8") == _seal(folder)


def _env(language: str) -> str:
    """The settings a demo leaves."""
    spoken = "" if language == ENGLISH.language else f"RECONCILE_LANGUAGE={language}\n"
    return f"# The demo's. `reconcile demo` empties this folder again; set up your own panel in another one.\nRECONCILE_SHEET={BOOK}\n{spoken}"


def _seal(folder: Path) -> str:
    """The journal as it stands: any run, and any call by hand that hands work out, changes it."""
    from reconcile.journal import FILE

    return hashlib.sha256((folder / JOURNAL / FILE).read_bytes()).hexdigest()


def _settings(folder: Path, url: str, key: str, services: Sequence[str], language: str) -> Settings:
    from reconcile.config import Settings

    values: dict[str, Any] = {
        "panel_url": url,
        "panel_key": key,
        "sheet": str(folder / BOOK),
        "services": tuple(services),
        "state_dir": str(folder / JOURNAL),
        "language": language,
    }
    return Settings.model_validate(values)


def _story(teller: _Teller, settings: Settings, panel: PracticePanel, book: Path) -> list[Outcome]:
    from reconcile.job import plan_only
    from reconcile.report import text
    from reconcile.workbook.catalogue import LANGUAGES
    from reconcile.workbook.templates import templates

    known = templates(settings.language)
    spoken = f"The workbook is in {LANGUAGES[known.language]}, as RECONCILE_LANGUAGE says; staff type in it."
    teller.step(
        "A panel, and an empty workbook",
        f"A practice panel with {ORDERS} pending orders, {REFILLS} refills and {CANCELS} cancel requests serves on this machine.",
        *([] if known.language == ENGLISH.language else [spoken]),
        "$ reconcile init",
    )
    opened = world.open_book(settings)
    teller.inset([Line(line(said)) for said in opened.provision(settings.services).lines()])

    teller.step("The first sync: the work arrives as rows", "$ reconcile sync")
    first = _sync(settings)
    teller.inset(text.outcome(first, BOOK))

    teller.step("Staff work in the sheet", "Some of it is right, some of it is not:")
    for tab, key, edit in _edit(book, known):
        teller.show([Line(f"   {tab} #{line(key)}: {_typed(edit)}  ({edit.why})")])

    teller.step("What the next sync would do", "$ reconcile plan")
    made, doubts = plan_only(world.open_book(settings), world.rules(settings), world.clock())
    teller.inset(text.plan(made, doubts, BOOK))

    teller.step("The second sync: the panel gets it", "$ reconcile sync")
    second = _sync(settings)
    teller.inset(text.outcome(second, BOOK))

    teller.step("What the panel has now")
    teller.show([Line(f"   {said}") for said in _told(panel)])

    teller.step("The third sync: nothing is sent twice", "$ reconcile sync")
    third = _sync(settings)
    teller.inset(text.outcome(third, BOOK)[:4])
    return [first, second, third]


def _sync(settings: Settings) -> Outcome:
    from reconcile.job import Silent, Stop, sync

    with world.open_job(settings, Silent(), Stop()) as job:
        return sync(job)


def _edit(book: Path, known: Templates) -> list[tuple[str, str, Edit]]:
    """Does the edits in the file, as a spreadsheet program would: opens it, types, saves.

    Gives (tab, key, edit): tabs and headings in English, what was typed in the workbook's language.
    """
    from openpyxl import load_workbook

    from reconcile.workbook.templates import templates

    opened = load_workbook(book)
    done = []
    for english in EDITS:
        edit = replace(english, cells=tuple((header, _said(value, known)) for header, value in english.cells))
        source = next(tab for tab in templates().tabs if tab.title == edit.tab)
        spoken: Tab = known.tab(source.key)
        tab: Worksheet = opened[spoken.title]
        shown = {str(cell.value): place for place, cell in enumerate(tab[1], 1)}
        columns = {column.header: shown[spoken.column(column.key).header] for column in source.columns}
        for header, value in edit.cells:
            tab.cell(edit.row + 1, columns[header], value)
        key = tab.cell(edit.row + 1, columns["Reference" if "Reference" in columns else "ID"]).value
        done.append((edit.tab, str(key), edit))
    opened.save(book)
    return done


def _said(value: str | int, known: Templates) -> str | int:
    """What staff who speak the workbook's language type for it."""
    if isinstance(value, int):
        return value
    return TYPED.get(known.language, {}).get(value) or known.words.choice(value)


def _typed(edit: Edit) -> str:
    """What was typed: `Status Partial, Remains 3`."""
    shown = [f"{header} {value}" for header, value in edit.cells if header not in ("Reference", "Message")]
    return ", ".join(shown)


def _told(panel: PracticePanel) -> list[str]:
    """What changed at the panel, one line per order, refill, payment and ticket."""
    state = panel.state
    out = []
    for order in state.orders.values():
        if order.history[1:] or order.refunds:
            facts = [order.status, f"start count {order.start_count}" if order.start_count else ""]
            facts += [f"remains {order.remains}" if order.remains else ""]
            facts += [f"refunded {' + '.join(order.refunds)}" if order.refunds else ""]
            out.append(f"Order {order.id}: {', '.join(fact for fact in facts if fact)}")
    out += [f"Refill {one.id}: {one.status}" for one in state.refills.values() if one.history[1:]]
    out += [f"Cancel request {one.id}: {one.status}" for one in state.cancels.values() if one.status != "open"]
    out += [f"Payment: {one['amount']} to {one['user']} ({one['details']})" for one in state.payments]
    out += [f"Ticket to {one['user']}: {one['subject']}" for one in state.tickets]
    return [line(text) for text in out]


def _state(panel: PracticePanel) -> dict[str, Any]:
    state = panel.state
    return {
        "told": _told(panel),
        "refunds": [{"order": order, "amount": amount} for order, amount in state.refunds()],
        "payments": state.payments,
        "tickets": state.tickets,
    }


def _farewell(teller: _Teller, folder: Path, book: Path, language: str) -> None:
    from reconcile.workbook.templates import templates

    sync = templates(language).tab("orders").column("sync").header
    program = _program(folder)
    teller.step(
        "Now you",
        f"Open {book} in any spreadsheet program: every row says in its {sync} column what became of it.",
        "Change something there, save, close it, and look:",
        f"  cd {folder} && {program} plan",
        "  … why 15        what panel, ledger and sheet say about one order",
        "  … history 15    what was sent for it",
        "For a panel to sync with: reconcile practice-panel, in another folder set up with the address and key it prints.",
    )


def _program(folder: Path) -> str:
    """How this program is called from the demo's folder."""
    if shutil.which("reconcile"):
        return "reconcile"
    script = Path(sys.argv[0])
    if script.name == "reconcile" and script.exists():
        return os.path.relpath(script, folder)
    return f"{os.path.relpath(sys.executable, folder)} -m reconcile"
