"""`resolve`."""

from reconcile.commands.shell import AsJson


def resolve(as_json: AsJson = False) -> int:
    """Resolve."""
    return 0
