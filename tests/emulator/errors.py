"""Google's refusals: one exception, and the texts seen in real answers, in one place.

Texts marked [?] in docs/sheet-facts.md are not known; those say so in their wording ("emulator:") so that nobody builds on them.
"""

from __future__ import annotations

from typing import Any

PROTECTED = (
    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection if "
    "you need to edit."
)
NO_MASK = "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"
NO_REQUESTS = "Must specify at least one request."
TOO_LONG = "Your input contains more than the maximum of 50000 characters in a single cell."
TOO_MANY_CELLS = "This action would increase the number of cells in the workbook above the limit of 10000000 cells."
VERTICAL_MERGE = "You can't sort a range containing vertical merges. There is a vertical merge at {}"
MOVE_INTO_MERGE = (
    "Sorry, it is not possible to move a {} to a position that crosses a merged cell. Please unmerge and try again."
)
ALL_UNFROZEN = "Sorry, it is not possible to delete all non-frozen {}."
WARNING_WITH_EDITORS = "ProtectedRange is warningOnly. Editors cannot be set on it."
LAST_SHEET = "You can't remove all the sheets in a document."
LAST_SHOWN = "You can't hide all the sheets in a document."
EMPTY_NAME = "The sheet name cannot be empty."
NAME_TOO_LONG = "The sheet name cannot be greater than 100 characters."


class ApiError(Exception):
    """A refusal as Google sends it: HTTP code, canonical status, message and optional details."""

    def __init__(self, code: int, status: str, message: str, details: list[dict[str, Any]] | None = None) -> None:
        """Keep the parts; `body()` puts them together."""
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.details = details

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}


class BatchError(Exception):
    """A refusal inside one request of a batch; the batch puts `Invalid requests[i].kind: ` before it."""


def invalid(message: str, details: list[dict[str, Any]] | None = None) -> ApiError:
    """Return a 400 INVALID_ARGUMENT."""
    return ApiError(400, "INVALID_ARGUMENT", message, details)


def not_found() -> ApiError:
    """Return Google's 404."""
    return ApiError(404, "NOT_FOUND", "Requested entity was not found.")


def forbidden() -> ApiError:
    """Return Google's 403 for a caller the file is not shared with."""
    return ApiError(403, "PERMISSION_DENIED", "The caller does not have permission")


def insufficient_scope() -> ApiError:
    """Return Google's 403 for a token without the scope."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        "Request had insufficient authentication scopes.",
        [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
            }
        ],
    )


def unauthenticated(*, missing: bool) -> ApiError:
    """Return Google's 401, for a missing or for a bad (or expired) token."""
    rest = (
        "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
        "See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    start = (
        "Request is missing required authentication credential. "
        if missing
        else "Request had invalid authentication credentials. "
    )
    return ApiError(401, "UNAUTHENTICATED", start + rest)


def quota_exceeded(metric: str) -> ApiError:
    """Return Google's 429; `metric` is `Read requests` or `Write requests`."""
    return ApiError(
        429,
        "RESOURCE_EXHAUSTED",
        f"Quota exceeded for quota metric '{metric}' and limit '{metric} per minute per user' of service "
        "'sheets.googleapis.com' for consumer 'project_number:123456789012'.",
        [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": {
                    "service": "sheets.googleapis.com",
                    "quota_metric": f"sheets.googleapis.com/{metric.split(maxsplit=1)[0].lower()}_requests",
                    "quota_limit": f"{metric.split(maxsplit=1)[0]}RequestsPerMinutePerUser",
                    "quota_limit_value": "60",
                    "consumer": "projects/123456789012",
                },
            }
        ],
    )


def not_implemented(what: str) -> ApiError:
    """Refuse by name what the emulator does not do (HTTP 501; Google itself would have done it)."""
    return ApiError(501, "UNIMPLEMENTED", f"The emulator does not implement {what}.")
