"""stdout and stderr that never stop the work: a run that marked refunds as being sent must reach its end, heard or not.

Whoever reads may leave (`| head`), the disk a log goes to may be full, a terminal may not know our letters.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


class Lenient:
    """A text stream that drops what it cannot write. `lost` is the first error, None while all went well."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: Exception | None = None

    def write(self, text: str) -> int:
        """All of `text`, or nothing once something was lost."""
        self._attempt("write", text)
        return len(text)

    def flush(self) -> None:
        """What was written so far."""
        self._attempt("flush")

    def _attempt(self, how: str, *what: str) -> None:
        if self.lost is not None:
            return
        # A signal's message that comes in the middle of another write is a RuntimeError ("reentrant call"): only it is lost.
        with suppress(RuntimeError):
            try:
                getattr(self._stream, how)(*what)
            except (OSError, ValueError) as error:
                self.lost = error

    def release(self) -> None:
        """Lets the interpreter's own last flush succeed: what is stuck in the buffer would end the process with 120."""
        if self.lost is not None:
            with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - not a file of ours
                os.dup2(nowhere.fileno(), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        # typer would write ASCII terminals' text to the buffer below us.
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self._stream, name)


@contextmanager
def lenient() -> Iterator[None]:
    """Both streams as `Lenient` while it lasts. At its end stderr says what stdout could not take; a reader who left knows."""
    before = sys.stdout, sys.stderr
    out, talk = (_lenient(stream) for stream in before)
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", talk)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        _finish(out, talk)


def _lenient(stream: TextIO | None) -> Lenient | None:
    if stream is None:
        return None
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return Lenient(stream)


def _finish(out: Lenient | None, talk: Lenient | None) -> None:
    if out is not None:
        out.flush()
        if talk is not None and out.lost is not None and not isinstance(out.lost, BrokenPipeError):
            talk.write(f"The result could not be printed: {getattr(out.lost, 'strerror', None) or out.lost}.\n")
        out.release()
    if talk is not None:
        talk.flush()
        talk.release()
