"""The workbook as an .xlsx file that any spreadsheet program opens.

A commit reads the file again when its content is no longer what this run last saw: a save by staff is kept and the
change goes into the fresh content by key; another run's commit refuses it. Everything that is not meant stays byte for byte.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from reconcile import boundary
from reconcile.core.cells import id_text
from reconcile.core.identity import BOOK, COMMIT
from reconcile.core.model import Commit
from reconcile.errors import Damaged, ReconcileError, RevisionMoved, SettingsError, Unavailable
from reconcile.workbook import frames, templates, xlsx_book, xlsx_file, xlsx_package, xlsx_stripped
from reconcile.workbook.port import Finding, Provisioned
from reconcile.workbook.xlsx_xml import Sheet, Styles, read_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from reconcile.core.model import Row, Snapshot
    from reconcile.workbook.templates import Templates
    from reconcile.workbook.xlsx_book import Book
    from reconcile.workbook.xlsx_layout import Gap

MOST_TWINS: Final = 5
"""So many files beside the workbook are opened to see whether they are copies of it."""

_ATTEMPTS: Final = 3
"""How often a commit starts again because staff saved in the same moment."""


class XlsxWorkbook:
    """A workbook at `path` (ending in .xlsx; a link is followed). Its dates are in `zone`. Implements the port."""

    cell_limit = xlsx_book.xlsx_limit()
    lands_together = 10
    shared = False

    def __init__(
        self,
        path: Path | str,
        *,
        zone: ZoneInfo | None = None,
        known: Templates | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises SettingsError when the path cannot be an .xlsx workbook."""
        self.path = Path(path)
        self.name = self.path.name
        self.zone = zone or ZoneInfo("UTC")
        self._known = known or templates.templates()
        self._clock = clock
        self._book: Book | None = None
        self._shown: Book | None = None
        self._commit_id: str | None = None  # as of the last read or commit; None before both
        if "\0" in str(path):
            raise SettingsError(f"{str(path)!r} is not a path.", "Correct RECONCILE_SHEET.")
        suffix = self.path.suffix.lower()
        if suffix == ".xlsm":
            raise SettingsError(
                f"{self.name} is a workbook with macros.", "Save it as an ordinary .xlsx workbook and name that one."
            )
        if suffix != ".xlsx":
            raise SettingsError(
                f"{self.name} is not an .xlsx workbook.",
                "RECONCILE_SHEET takes a Google Sheet, or a path ending in .xlsx.",
            )

    @property
    def place(self) -> str:
        """The file's path with every link followed, so that it is one wherever it is asked for from."""
        return str(self.path.resolve())

    def stands_at(self, place: str) -> bool:
        """The port's: a file is there, and it is not this very one under another name."""
        return xlsx_file.another_at(Path(place), self.path)

    # --- the port ----------------------------------------------------------------------------------------------------------

    def read(self, also: Sequence[str] = ()) -> Snapshot:  # noqa: ARG002 - every tab is read anyway
        """The whole workbook as of now.

        A text cell is str, a formula `cells.Formula`, an error its text (`#REF!`), a date a datetime without a zone, just as
        it stands. The frames of Runs, History, Long texts and Archive are made when asked for.
        Raises SettingsError when it is not there, Damaged, Unavailable, AccessRefused.
        """
        boundary.at("book.before-read")
        raw = xlsx_file.read_bytes(self.path)
        self._book, snapshot = self._parse(raw)
        self._shown = self._book
        self._commit_id = snapshot.meta.get(COMMIT, "")
        boundary.at("book.after-read")
        return snapshot

    def commit(self, change: Commit, after: int) -> int:
        """Writes `change` whole or not at all and returns the new revision.

        Raises RevisionMoved if another run committed since revision `after`; Unavailable while a program has the file open or
        when the disk is full; AccessRefused; Damaged; ReconcileError for a change that no workbook could hold.
        """
        frames.check_commit(change, self._known, self.cell_limit)
        boundary.at("book.before-commit")
        with xlsx_file.sole_writer(self.path):
            revision = self._commit(change, after)
        boundary.at("book.after-commit")
        return revision

    def _commit(self, change: Commit, after: int) -> int:
        for _ in range(_ATTEMPTS):
            xlsx_file.refuse_if_open(self.path)
            book = self._fresh()
            if book.revision != after:
                raise RevisionMoved(
                    f"Another run committed to {self.name}: it is at revision {book.revision}, not {after}.",
                    "Nothing was written. Run again.",
                )
            if self._commit_id not in (None, book.meta.get(COMMIT, "")):  # a copy that went another way as far
                raise RevisionMoved(
                    f"{self.name} is another copy than this run has read.", "Nothing was written. Run again."
                )
            book.refuse_cramped()
            new = book.applied(change, self._shown)
            try:
                self._replace(book, new)
            except xlsx_file.Moved:
                continue
            self._commit_id = change.meta.get(COMMIT) or book.meta.get(COMMIT, "")
            return new.revision
        raise xlsx_file.moved_away(self.path)

    def obstacle(self, keys: Collection[str]) -> tuple[str, set[str]]:
        """The port's obstacle, from the file as read."""
        book = self._shown or self._fresh()
        if found := book.obstacle():
            return found, set()
        return "", {
            key for key in keys if book.row(key) is None or frames.utf16_units(str(book.noted(key))) > self.cell_limit
        }

    def _fresh(self) -> Book:
        """The parsed file: the one in memory when the file's content is still the same."""
        raw = xlsx_file.read_if_there(self.path)
        if raw is None:
            raise Unavailable(f"{self.name} is not there any more.", "If another program is replacing it, run again.")
        if self._book is None or self._book.raw != raw:
            self._book, _ = self._parse(raw)
        return self._book

    def _parse(self, raw: bytes) -> tuple[Book, Snapshot]:
        """The file taken apart. A file that is not whole while a program has it open is being saved, not damaged."""
        try:
            book, snapshot = xlsx_book.parse(raw, self.name, self._known, self.zone)
        except Damaged as error:
            if zipfile.is_zipfile(io.BytesIO(raw)):
                raise
            if who := xlsx_file.opened_by(self.path):
                raise Unavailable(f"{self.name} is being saved in {who}.", "Close it there, then run again.") from error
            if sign := xlsx_file.synced_by(self.path):
                raise Unavailable(
                    f"{self.name} is not whole: a sync program is bringing it, says {sign}.", "Run again in a minute."
                ) from error
            raise
        self._known = book.templates
        return book, snapshot

    def _replace(self, book: Book, new: Book) -> None:
        self._book = None  # whatever happens now, the file decides
        xlsx_file.replace(self.path, new.raw, xlsx_file.digest(book.raw))
        self._book = self._shown = new

    # --- setting up ----------------------------------------------------------------------------------------------------------

    def newest(self) -> int:
        """The highest revision the workbook's service remembers: a file remembers none."""
        return 0

    def set_aside(self, services: Sequence[str] = ()) -> Provisioned:
        """Makes this copy a workbook of its own: its tabs are renamed and kept, new ones begin empty. Raises as `provision`."""
        from reconcile.workbook import xlsx_layout

        with xlsx_file.sole_writer(self.path):
            xlsx_file.refuse_if_open(self.path)
            before = xlsx_file.read_bytes(self.path)
            with xlsx_book.damage_named(self.name):
                self._known = xlsx_book.as_found(before, self.name, self._known)
                raw, aside = xlsx_layout.set_aside(before, self._known, self.name, str(self.zone))
            try:
                xlsx_file.replace(self.path, raw, xlsx_file.digest(before))
            except xlsx_file.Moved as moved:
                raise xlsx_file.moved_away(self.path) from moved
            self._book = None
        return replace(self.provision(services), aside=aside)

    def provision(self, services: Sequence[str] = (), *, rebuild: bool = False) -> Provisioned:
        """Makes the workbook, or completes one: missing tabs, headings and services. Again is harmless.

        rebuild: also one that has lost its `_ledger`, which a restore then fills from the journal.
        Nothing that is there is moved or changed. Raises Damaged when that cannot be done without destroying something,
        SettingsError for a path into nowhere, Unavailable, AccessRefused.
        """
        xlsx_file.refuse_without_folder(self.path)
        with xlsx_file.sole_writer(self.path):
            xlsx_file.refuse_if_open(self.path)
            before = xlsx_file.read_if_there(self.path)
            with xlsx_book.damage_named(self.name):
                if before is not None:
                    self._known = xlsx_book.as_found(before, self.name, self._known)
                gap = None if before is None else self._gap(before, rebuild=rebuild)
            raw, done = self._completed(before, gap)
            book, snapshot = xlsx_book.parse(raw, self.name, self._known, self.zone)
            there = set(snapshot.tabs["services"].index)
            new = [service for service in dict.fromkeys(map(id_text, services)) if service and service not in there]
            if new:
                yes = self._known.words.choice("Yes")
                rows: list[Row] = [{"service_id": service, "pull": yes} for service in new]
                book = book.applied(Commit("init", append={"services": rows}))
            done = replace(done, services=tuple(new))
            if book.raw != before:
                try:
                    xlsx_file.replace(self.path, book.raw, None if before is None else xlsx_file.digest(before))
                except xlsx_file.Moved as moved:
                    raise xlsx_file.moved_away(self.path) from moved
            self._book = None
            return done

    def _completed(self, raw: bytes | None, gap: Gap | None) -> tuple[bytes, Provisioned]:
        from reconcile.workbook import xlsx_layout

        if raw is None:
            made = xlsx_layout.made(self._known, self._clock(), str(self.zone))
            return made, Provisioned(created=True, tabs=tuple(tab.title for tab in self._known.tabs))
        if not gap:
            return raw, Provisioned()
        done = Provisioned(
            tabs=tuple(tab.title for tab in gap.tabs),
            columns=tuple((tab.title, column.header) for tab, column in gap.columns),
            refreshed=gap.older,
            restored=gap.stripped,
        )
        return xlsx_layout.completed(raw, gap, self._known, self.name, str(self.zone)), done

    def _gap(self, raw: bytes, *, rebuild: bool = False) -> Gap:
        from reconcile.workbook.xlsx_layout import Gap

        package = xlsx_package.unpack(raw, self.name)
        context = xlsx_book.context_of(package, Styles(package.read(package.styles_part), self.name))
        headers: dict[str, list[str]] = {}
        for tab in self._known.tabs:
            if part := xlsx_book.find_sheet(package, tab):
                sheet = Sheet.cut(package.read(part), f"Tab {tab.title!r} of {self.name}")
                row = xlsx_book.header_row(sheet, context)
                if not tab.free_text:
                    templates.refuse_strayed(tab, row, xlsx_book.rows_below(sheet, context), self.name)
                headers[tab.key] = [templates.fold(cell) for cell in row if cell is not None]
        lacking = tuple(tab for tab in self._known.tabs if tab.key not in headers)
        if any(tab.key == templates.LEDGER for tab in lacking) and not rebuild and self._was_used(raw):
            raise Damaged(
                f"{self.name} has lost its hidden _ledger tab, the job's memory of what was sent.",
                "`reconcile restore` makes it anew from this machine's journal; or put a good copy of the workbook back, then run "
                "`reconcile restore`. Without it, payments could be sent twice.",
            )
        columns = tuple(
            (tab, column)
            for tab in self._known.tabs
            if tab.key in headers and not tab.free_text
            for column in tab.columns
            if templates.fold(column.header) not in headers[tab.key]
        )
        lost = () if lacking else xlsx_stripped.stripped(package, self._known, self.name)
        version = self._version(raw)
        for tab in self._known.tabs:
            if not tab.free_text and tab.key in headers:
                templates.refuse_taken(tab, headers[tab.key], version, self.name)
        return Gap(lacking, columns, older=version < self._known.version, stripped=lost)

    def _was_used(self, raw: bytes) -> bool:
        """Whether a run has ever answered in a row: a Sync text of ours stands somewhere."""
        package = xlsx_package.unpack(raw, self.name)
        context = xlsx_book.context_of(package, Styles(package.read(package.styles_part), self.name))
        return any(map(frames.sync_key, context.strings)) or any(
            frames.sync_key(cell)
            for title, part in package.sheets
            for _, cells in read_cells(Sheet.cut(package.read(part), f"Tab {title!r} of {self.name}"), context, None)
            for cell in cells
        )

    def _version(self, raw: bytes) -> int:
        """The templates a workbook was made from, or last completed with. Raises Damaged for newer ones than these."""
        meta = xlsx_book.meta_of(raw, self.name, self._known)
        version = meta.get(frames.VERSION_KEY, "0") if meta else str(self._known.version)
        if not version.isdecimal() or int(version) > self._known.version:
            raise Damaged(
                f"{self.name} was made by a newer reconcile (template version {version}; this one knows {self._known.version}).",
                "Use that version of reconcile.",
            )
        return int(version)

    # --- looking ---------------------------------------------------------------------------------------------------------------

    def cells_used(self) -> tuple[int, int]:
        """(cells of the tabs of ours as last read, 0: a file has no such limit)."""
        parts = self._shown.parts.values() if self._shown is not None else ()
        return sum(part.last * len(part.positions) for part in parts), 0

    def check(self) -> list[Finding]:
        """What `doctor` shows: the file is there, whole, ours to write, not open elsewhere, and its template version fits."""
        findings: list[Finding] = []
        try:
            raw = xlsx_file.read_bytes(self.path)
            findings.append(Finding("file", ok=True, text=f"{self.name} is there and can be read."))
        except ReconcileError as error:
            return [Finding("file", ok=False, text=error.what, next_step=error.next_step, code=error.exit_code)]
        findings.append(self._check_writable())
        try:
            xlsx_file.refuse_if_open(self.path)
            findings.append(Finding("open", ok=True, text="No program has it open."))
        except ReconcileError as error:
            findings.append(Finding("open", ok=False, text=error.what, next_step=error.next_step, code=error.exit_code))
        try:
            book, snapshot = xlsx_book.parse(raw, self.name, self._known, self.zone)
        except ReconcileError as error:
            return [
                *findings,
                Finding("structure", ok=False, text=error.what, next_step=error.next_step, code=error.exit_code),
            ]
        findings.append(
            Finding("structure", ok=True, text=f"All tabs and headings are there; revision {book.revision}.")
        )
        if lost := xlsx_stripped.stripped(xlsx_package.unpack(raw, self.name), book.templates, self.name):
            what = f"A program that keeps little but values has removed: {', '.join(lost)}."
            findings.append(Finding("looks", ok=False, text=what, next_step=xlsx_stripped.NEXT))
        version = snapshot.meta.get(frames.VERSION_KEY, "none")
        fits = version == str(self._known.version)
        findings.append(
            Finding(
                "template",
                ok=fits,
                text=f"Template version {version}; this reconcile has {self._known.version}.",
                next_step="" if fits else frames.INIT,
            )
        )
        return findings

    def twins(self) -> list[str]:
        """Names of files in the workbook's folder that are named like it and are this very workbook.

        A sync client or a hurried Save As leaves such copies. A file that cannot be read is none.
        """
        mine = xlsx_book.parse(xlsx_file.read_bytes(self.path), self.name, self._known, self.zone)[1].meta.get(BOOK)
        return [
            path.name for path in xlsx_file.named_like(self.path)[:MOST_TWINS] if mine and self._book_of(path) == mine
        ]

    def _book_of(self, path: Path) -> str | None:
        try:
            return xlsx_book.parse(xlsx_file.read_bytes(path), path.name, self._known, self.zone)[1].meta.get(BOOK)
        except ReconcileError:
            return None

    def _check_writable(self) -> Finding:
        trouble = xlsx_file.why_not_writable(self.path)
        if trouble:
            return Finding("writable", ok=False, text=trouble, next_step=xlsx_file.NO_RIGHT)
        return Finding("writable", ok=True, text="It can be saved.")
