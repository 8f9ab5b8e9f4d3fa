"""A workbook file on disk: who has it open, one writer at a time, and replacing it whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconcile import boundary
from reconcile.errors import AccessRefused, NoWorkbook, ReconcileError, RevisionMoved, SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.05
NO_RIGHT: Final = "Give this user the right to write there."
_NO_FOLDER_SYNC: Final = (errno.EINVAL, errno.EBADF, errno.ENOTSUP)
"""What network shares say that need no such thing."""

_SHARING: Final = (32, 33)
"""ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Moved(Exception):
    """The file changed between reading it and replacing it."""


def digest(data: bytes) -> str:
    """What tells one content of the file from another."""
    return hashlib.sha256(data).hexdigest()


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises SettingsError when it is not there, AccessRefused, Unavailable."""
    if (data := read_if_there(path)) is None:
        raise NoWorkbook(f"There is no workbook {path}.", "Check RECONCILE_SHEET, or run `reconcile init` to make it.")
    return data


def read_if_there(path: Path) -> bytes | None:
    """The file's content, None when it is not there. Raises AccessRefused when it may not be read, Unavailable."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        if _is_sharing(error):
            raise _held(path) from error
        raise AccessRefused(
            f"{path} may not be read by this user.", "Give this user the right to read and write it."
        ) from error
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be read: {error.strerror}.", "Check the disk or the network share."
        ) from error


def another_at(place: Path, path: Path) -> bool:
    """Whether a file stands at `place` that is not the one at `path`: not by a link, nor by another name of the same folder.

    Where that cannot be seen, there is one.
    """
    try:
        return place.exists() and not (path.exists() and place.samefile(path))
    except OSError:
        return True


def refuse_without_folder(path: Path) -> None:
    """Raises SettingsError when no workbook could be at `path`, AccessRefused when this user may not look there."""
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.stat()  # which answers a circle of links and a name that is too long, in every version of Python
        folder = path.resolve().parent
        there = folder.is_dir()
    except PermissionError as error:
        raise AccessRefused(
            f"This user may not look for {path}.", "Give this user the right to open its folder."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be used: {error.strerror}.", "Correct RECONCILE_SHEET, or check the disk."
        ) from error
    if not there:
        raise SettingsError(f"There is no folder {folder} for {path.name}.", "Make it, or correct RECONCILE_SHEET.")


def opened_by(path: Path) -> str:
    """Which program has the workbook open, in words, "" for none: by the lock files that programs leave beside it.

    LibreOffice and ONLYOFFICE `.~lock.orders.xlsx#`; Microsoft `~$orders.xlsx`, in older versions without the first two
    letters; WPS `.~orders.xlsx`, or without the first letter.
    """
    for place in dict.fromkeys((path, path.resolve())):
        libre = place.with_name(f".~lock.{place.name}#")
        if _there(libre):
            who = [part.strip() for part in _content(libre).split(",")]
            named = next((part for part in who[:3] if part), "")
            return f"LibreOffice{f' ({named})' if named else ''}, says {libre.name}"
        for office in (place.with_name(f"~${place.name}"), place.with_name(f"~${place.name[2:]}")):
            if _there(office):
                data = _content(office)
                named = data[1 : 1 + ord(data[0])].strip("\x00 ") if data and ord(data[0]) < 55 else ""  # noqa: PLR2004 - its name field
                return f"Excel{f' ({named})' if named else ''}, says {office.name}"
        for wps in (place.with_name(f".~{place.name}"), place.with_name(f".~{place.name[1:]}")):
            if _there(wps):
                return f"WPS Office, says {wps.name}"
    return ""


def synced_by(path: Path) -> str:
    """The name of a file with which a sync program is bringing the workbook just now, "" for none."""
    target = path.resolve()
    name = target.name
    ours = (
        f".{name}.part",
        f"{name}.part",
        f"{name}.partial",
        f"{name}.tmp",
        f"~{name}.tmp",
        f".syncthing.{name}.tmp",
        f"~syncthing~{name}.tmp",
        f"{name}.crdownload",
    )
    try:
        there = {each.name for each in target.parent.iterdir()}
    except OSError:
        return ""
    nextcloud = (each for each in sorted(there) if each.startswith(f".{name}.~"))  # with a random ending
    return next((each for each in (*ours, *nextcloud) if each in there), "")


def refuse_if_open(path: Path) -> None:
    """Raises Unavailable while a spreadsheet program has the workbook open."""
    if who := opened_by(path):
        raise Unavailable(
            f"{path.name} is open in {who}.",
            "Save and close it there, then run again. If nobody has it open, that program crashed: delete the file it left behind.",
        )


def _there(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except OSError:
        return False


def _content(path: Path) -> str:
    try:
        return path.read_bytes()[:400].decode("utf-8", "replace")
    except OSError:
        return ""


@contextlib.contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Holds the right to write this workbook against other processes of ours; the system frees it when a process dies.

    The lock is on the folder itself, which leaves nothing behind and survives the file's being replaced. Where a folder
    cannot be locked (some network shares, Windows) it is on a file in the system's temporary folder.
    Raises Unavailable when another process keeps it for too long.
    """
    handle = _lock_folder(path) if fcntl else None
    if handle is None:
        handle = _lock_file(path)
    try:
        yield
    finally:
        os.close(handle)


def _lock_folder(path: Path) -> int | None:
    """A handle that holds the folder's lock, None where folders cannot be locked."""
    folder = path.resolve().parent
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be opened: {error.strerror}.", "Check RECONCILE_SHEET."
        ) from error
    return handle if _acquired(handle, path) else None


def _lock_file(path: Path) -> int:
    name = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    place = Path(tempfile.gettempdir()) / f"reconcile-{name}.lock"
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise AccessRefused(
            f"The lock file {place} cannot be opened: {error.strerror}.", "Delete it, or let this user write it."
        ) from error
    if not _acquired(handle, path):
        raise Unavailable(f"{path.name} cannot be locked against other runs.", "Put it on a disk that can lock files.")
    return handle


def _acquired(handle: int, path: Path) -> bool:
    """Waits for the lock on `handle`. False, with the handle closed, where the system cannot lock it.

    Raises Unavailable, with the handle closed, when somebody keeps it for too long.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        while not _try_lock(handle):
            if time.monotonic() >= until:
                os.close(handle)
                raise Unavailable(
                    f"Another run is writing {path.name} and does not finish.",
                    "Wait for it, or end it, then run again.",
                )
            time.sleep(PAUSE_SECONDS)
    except OSError:
        os.close(handle)
        return False
    return True


def _try_lock(handle: int) -> bool:
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:  # pragma: no cover - Windows
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except BlockingIOError:
        return False
    except PermissionError:  # pragma: no cover - what Windows says for a held lock
        return False
    return True


def replace(path: Path, data: bytes, expected: str | None) -> None:
    """Puts `data` in the file's place, whole or not at all, surviving a power cut; call it as the sole writer.

    `expected` is the digest of the content to be replaced, None for a file that must not exist yet. Links are followed, and
    the file keeps its permissions. Raises Moved when the file is no longer the expected one, Unavailable when it is open
    elsewhere or the disk is full, AccessRefused when it or its folder may not be written to. The file is then as it was.
    """
    if trouble := why_not_writable(path):  # replacing would get past a file that somebody made read-only
        raise AccessRefused(trouble, NO_RIGHT)
    target = path.resolve()
    temporary = target.with_name(f".~{target.name}.reconcile.tmp")  # a name that sync programs leave alone
    placing = False
    try:
        boundary.at("file.before-temp")
        _write(temporary, data, target)
        boundary.at("file.after-temp")
        refuse_if_open(path)
        if _digest_now(target) != expected:
            raise Moved
        boundary.at("file.before-replace")
        placing = True
        temporary.replace(target)
    except OSError as error:
        # that this user may write here was asked before: a share says so of a file that is open
        raise _held(target) if placing and error.errno == errno.EACCES else _explained(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_folder(target)
    boundary.at("file.after-replace")


def _is_sharing(error: OSError) -> bool:
    """Whether Windows says that another program holds the file."""
    return getattr(error, "winerror", None) in _SHARING


def _held(path: Path) -> Unavailable:
    return Unavailable(
        f"{path.name} is open in a program, on this machine or on another that shares its folder.",
        "Save and close it there, then run again.",
    )


def _write(temporary: Path, data: bytes, target: Path) -> None:
    # A leftover of a killed run is written over: only the sole writer comes here.
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with open(handle, "wb") as file:  # noqa: PTH123 - a handle, not a path
        file.write(data)
        file.flush()
        _keep_rights(temporary, target)
        os.fsync(file.fileno())


def _keep_rights(temporary: Path, target: Path) -> None:
    try:
        before = target.stat()
    except FileNotFoundError:
        return
    with contextlib.suppress(PermissionError, AttributeError):
        os.chown(temporary, before.st_uid, before.st_gid)
    temporary.chmod(before.st_mode & 0o7777)


def _digest_now(target: Path) -> str | None:
    try:
        return digest(target.read_bytes())
    except FileNotFoundError:
        return None


def _sync_folder(target: Path) -> None:
    if os.name == "nt":  # pragma: no cover - a folder cannot be opened there
        return
    try:
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise Unavailable(
                f"{target.name} was saved, but the disk did not confirm it: {error.strerror}.",
                "Check the disk, then run again.",
            ) from error


def _explained(error: OSError, path: Path) -> ReconcileError:
    if error.errno in _FULL:
        return Unavailable(
            f"The disk is full: {path.name} could not be saved. It is as it was.", "Free some space, then run again."
        )
    if _is_sharing(error):
        return _held(path)
    if isinstance(error, PermissionError):
        return AccessRefused(
            f"{path.name} could not be saved: this user may not write in {path.resolve().parent}.",
            "Give this user the right to write in that folder.",
        )
    return Unavailable(
        f"{path.name} could not be saved: {error.strerror or error}. It is as it was.",
        "Check the disk or the network share.",
    )


def moved_away(path: Path) -> RevisionMoved:
    """What to raise when a workbook keeps changing while it is being written."""
    return RevisionMoved(f"{path.name} was saved by somebody else while this run was writing.", "Run again.")


def named_like(path: Path) -> list[Path]:
    """Other .xlsx files in its folder whose names hold its own, by name: `orders (1).xlsx`, `orders - Copy.xlsx`; no lock files."""
    stem = path.stem.casefold()
    return sorted(
        other
        for other in path.resolve().parent.iterdir()
        if other.suffix.casefold() == ".xlsx"
        and stem in other.stem.casefold()
        and not other.name.startswith(("~$", "."))
        and other.is_file()
        and not other.samefile(path)
    )


def why_not_writable(path: Path) -> str:
    """Why the file could not be replaced, in words, "" when it could; nothing is written to find out."""
    target = path.resolve()
    for place in (target.parent, target):
        if place.exists() and not os.access(place, os.W_OK):
            return f"{place} may not be written to by this user."
    return ""
