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
from reconcile.errors import AccessRefused, ReconcileError, RevisionMoved, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.05
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Moved(Exception):
    """The file changed between reading it and replacing it."""


def digest(data: bytes) -> str:
    """What tells one content of the file from another."""
    return hashlib.sha256(data).hexdigest()


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises Unavailable when it is not there, AccessRefused when it may not be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Unavailable(
            f"There is no workbook {path}.", "Check RECONCILE_SHEET, or run `reconcile init` to make it."
        ) from error
    except PermissionError as error:
        raise AccessRefused(
            f"{path} may not be read by this user.", "Give this user the right to read and write it."
        ) from error
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be read: {error.strerror}.", "Check the disk or the network share."
        ) from error


def opened_by(path: Path) -> str:
    """Which program has the workbook open, in words, "" for none: by the lock files LibreOffice and Excel leave beside it."""
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
    return ""


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
    handle = _lock_handle(path.resolve().parent) if fcntl else _lock_file(path)
    try:
        try:
            _acquire(handle, path)
        except OSError:
            os.close(handle)
            handle = _lock_file(path)
            _acquire(handle, path)
        yield
    finally:
        os.close(handle)


def _lock_handle(folder: Path) -> int:
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be opened: {error.strerror}.", "Check RECONCILE_SHEET."
        ) from error


def _lock_file(path: Path) -> int:
    name = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return os.open(Path(tempfile.gettempdir()) / f"reconcile-{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _acquire(handle: int, path: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not _try_lock(handle):
        if time.monotonic() >= until:
            raise Unavailable(
                f"Another run is writing {path.name} and does not finish.", "Wait for it, or end it, then run again."
            )
        time.sleep(PAUSE_SECONDS)


def _try_lock(handle: int) -> bool:
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:  # pragma: no cover - Windows
            import msvcrt  # noqa: PLC0415 - not there elsewhere

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
    elsewhere or the disk is full, AccessRefused when the folder may not be written to. The file is then as it was.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.reconcile-tmp")
    try:
        boundary.at("file.before-temp")
        _write(temporary, data, target)
        boundary.at("file.after-temp")
        refuse_if_open(path)
        if _digest_now(target) != expected:
            raise Moved
        boundary.at("file.before-replace")
        temporary.replace(target)
        _sync_folder(target.parent)
        boundary.at("file.after-replace")
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


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


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # pragma: no cover - a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explained(error: OSError, path: Path) -> ReconcileError:
    if error.errno in _FULL:
        return Unavailable(
            f"The disk is full: {path.name} could not be saved. It is as it was.", "Free some space, then run again."
        )
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


def why_not_writable(path: Path) -> str:
    """Why the file could not be replaced, in words, "" when it could; nothing is written to find out."""
    target = path.resolve()
    for place in (target.parent, target):
        if place.exists() and not os.access(place, os.W_OK):
            return f"{place} may not be written to by this user."
    return ""
