"""Every call that touches the outside world is known here, with the boundary that stands around it, or why none does.

A new one in `reconcile` fails this test until it is marked and entered, so that the harness can fail and kill it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reconcile
from reconcile import boundary

ROOT = Path(reconcile.__file__).parent
SHELL = ("cli", "__main__", "commands", "panel.practice")
"""What talks to a person, and the panel that is one of our instruments: neither holds anything that could be lost."""

FUNCTIONS = {
    "": {"open"},
    "os": {
        *("open", "write", "replace", "rename", "remove", "unlink", "fsync", "fdatasync", "truncate", "ftruncate"),
        *("mkdir", "makedirs", "link", "symlink", "chown", "chmod", "dup2"),
    },
    "shutil": {"rmtree", "move", "copy", "copyfile", "copy2", "copytree"},
    "fcntl": {"flock", "lockf"},
    "msvcrt": {"locking"},
    "sqlite3": {"connect"},
    "subprocess": {"run", "Popen"},
    "tempfile": {"mkstemp", "mkdtemp", "NamedTemporaryFile"},
    "socket": {"socket", "create_connection"},
    "httpx": {"get", "post", "request", "stream", "Client"},
    "requests": {"get", "post", "request", "Session"},
}
METHODS = {
    *("write_text", "write_bytes", "open", "unlink", "touch", "mkdir", "rename", "rmdir", "chmod", "symlink_to"),
    *("execute", "executemany", "executescript", "refresh", "post", "patch"),
}
"""Of any object: no method of ours may be called so. `replace` with one argument is a path's, with two a text's."""
SENDERS = {"send", "request", "stream"}

_WRITE = ("journal.before-write", "journal.after-write")
_FILE = ("file.before-temp", "file.after-temp")
_GOOGLE = ("google.before-send", "google.after-answer")
_READS = "reads: nothing can be half-done, and an error is told"
_OPENS = "opening the journal: before a run reads or asks anything; tests/test_journal.py kills it at every step"
_ROOM = "room that is held free: it holds nothing, and a run without it asks for nothing"
_HELP = "a list that is a help and never needed: written whole or not at all"
_CALLER = "inside a call that is marked"

KNOWN: dict[str, tuple[str, ...] | str] = {
    "config:_dotenv open": _READS,
    "config:_pairs open": _READS,
    "workbook.google:GoogleWorkbook.cells_used self.http.request": _READS,
    "journal:Journal.holds_orders execute": _READS,
    "journal:Journal.other_books execute": _READS,
    "journal:Journal.prune execute": _WRITE,
    "journal:Journal.committing execute": _WRITE,
    "journal:Journal._write execute": _WRITE,
    "journal:Journal.announced execute": _READS,
    "journal:Journal.silence_counts execute": _READS,
    "journal:Journal.close unlink": _ROOM,
    "journal:Journal.make_room unlink": _ROOM,
    "journal:Journal._kept unlink": _ROOM,
    "journal:_hold os.open": _ROOM,
    "journal:_hold os.ftruncate": _ROOM,
    "journal:seal_file os.open": _WRITE,
    "journal:seal_file os.write": _WRITE,
    "journal:_book_row execute": _READS,
    "journal:_by execute": _READS,
    "journal:_from_layout_1 execute": _WRITE,
    "journal:_from_layout_2 execute": _WRITE,
    "whereabouts:_write mkdir": _HELP,
    "whereabouts:_write write_text": _HELP,
    "whereabouts:_write replace": _HELP,
    "journal:_get execute": _READS,
    "journal:_put execute": _WRITE,
    "journal:_rows execute": _READS,
    "journal:_runs_like execute": _READS,
    "journal:_make_folder mkdir": _OPENS,
    "journal:_begin unlink": _WRITE,
    "journal:_begin os.open": _WRITE,
    "journal:_begin execute": _WRITE,
    "journal:_begin replace": _WRITE,
    "journal:_connected execute": _OPENS,
    "journal:_sqlite sqlite3.connect": _OPENS,
    "journal:_transaction execute": _WRITE,
    "journal:_into_main_file execute": _WRITE,
    "journal:_check_file execute": _READS,
    "journal:_check_rows execute": _READS,
    "journal:_migrate execute": _WRITE,
    "journal:_sync_folder os.open": _OPENS,
    "journal:_sync_folder os.fsync": _OPENS,
    "journal:_locked os.open": _OPENS,
    "journal:_locked msvcrt.locking": _OPENS,
    "journal:_locked fcntl.flock": _OPENS,
    "journal:_locked os.ftruncate": _OPENS,
    "journal:_locked os.write": _OPENS,
    "panel.client:Panel._exchange self._client.send": ("panel.before-send", "panel.after-answer"),
    "panel.client:_client httpx.Client": "makes a client; nothing is sent",
    "workbook.google:GoogleWorkbook._values self.http.request": _CALLER,
    "workbook.google:GoogleWorkbook._apply self.http.request": _CALLER,
    "workbook.google:GoogleWorkbook._stamped self.http.request": _CALLER,
    "workbook.google_auth:_session requests.Session": "makes a session; nothing is sent",
    "workbook.google_auth:token_works refresh": "doctor asks for a token; nothing depends on it",
    "workbook.google_http:Http._once self.session.request": _GOOGLE,
    "workbook.google_setup:look book.http.request": _CALLER,
    "workbook.xlsx_file:_lock_folder os.open": "a lock ends with its process",
    "workbook.xlsx_file:_lock_file os.open": "a lock ends with its process",
    "workbook.xlsx_file:_try_lock fcntl.flock": "a lock ends with its process",
    "workbook.xlsx_file:_try_lock msvcrt.locking": "a lock ends with its process",
    "workbook.xlsx_file:replace replace": ("file.before-replace", "file.after-replace"),
    "workbook.xlsx_file:replace unlink": "clears away the temporary file of a write that failed",
    "workbook.xlsx_file:_write unlink": _FILE,
    "workbook.xlsx_file:_write os.open": _FILE,
    "workbook.xlsx_file:_write open": _FILE,
    "workbook.xlsx_file:_write os.fsync": _FILE,
    "workbook.xlsx_file:_keep_rights os.chown": _FILE,
    "workbook.xlsx_file:_keep_rights chmod": _FILE,
    "workbook.xlsx_file:_sync_folder os.open": ("file.after-replace",),
    "workbook.xlsx_file:_sync_folder os.fsync": ("file.after-replace",),
}
"""module:function call → the boundaries around it, or why it needs none of its own."""


def touches(source: str) -> set[tuple[str, str]]:
    """(function, call) of every call that touches the outside world."""
    found: set[tuple[str, str]] = set()

    def walk(node: ast.AST, where: str) -> None:
        for child in ast.iter_child_nodes(node):
            here = where
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                here = f"{where}.{child.name}".lstrip(".")
            if isinstance(child, ast.Call) and (name := touching(child)):
                found.add((here, name))
            walk(child, here)

    walk(ast.parse(source), "")
    return found


def touching(call: ast.Call) -> str:
    """The call's name when it touches the outside world, otherwise ""."""
    func = call.func
    if isinstance(func, ast.Name):
        return func.id if func.id in FUNCTIONS[""] else ""
    if not isinstance(func, ast.Attribute):
        return ""
    name, owner = func.attr, ast.unparse(func.value)
    if owner in FUNCTIONS:
        return f"{owner}.{name}" if name in FUNCTIONS[owner] else ""
    if name in METHODS or (name == "replace" and len(call.args) == 1 and not call.keywords):
        return name
    if name in SENDERS and owner.endswith(("client", "session", "http")):
        return f"{owner}.{name}"
    return ""


def module_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")


def test_every_touch_of_the_outside_world_is_known() -> None:
    """A new I/O call without a boundary, or without a reason for none, fails here."""
    found = {
        f"{module}:{where} {name}"
        for path in sorted(ROOT.rglob("*.py"))
        if not (module := module_of(path)).startswith(SHELL)
        for where, name in touches(path.read_text("utf-8"))
    }
    assert found == set(KNOWN)


def test_every_boundary_stands_around_something() -> None:
    """The boundaries named here are the ones that exist; `book.*` stand around a whole read or commit."""
    named = {name for marks in KNOWN.values() if isinstance(marks, tuple) for name in marks}
    assert named == {name for name in boundary.NAMES if not name.startswith("book.")}


@pytest.mark.parametrize(
    "line",
    [
        "path.write_text(text)",
        "self._client.post(url)",
        'open(path, "w").write(text)',
        "os.replace(one, other)",
        "path.replace(other)",
        "self.session.post(url)",
        "self.session.request(url)",
        'db.execute("DELETE")',
        "shutil.rmtree(folder)",
    ],
)
def test_the_search_itself(line: str) -> None:
    """Each way to touch the outside world is seen; a text's own `replace` is not one."""
    assert len(touches(f"class A:\n    def f(self):\n        {line}")) == 1
    assert touches("text.replace('a', 'b')\nvalue = note.opened") == set()
