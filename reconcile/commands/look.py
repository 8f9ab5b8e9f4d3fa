"""`doctor`, `why`, `history`."""

from reconcile.commands.shell import AsJson


def doctor(as_json: AsJson = False) -> int:
    """Check."""
    return 0


def why(id_: str, as_json: AsJson = False) -> int:
    """Why."""
    return 0


def history(id_: str, as_json: AsJson = False) -> int:
    """History."""
    return 0
