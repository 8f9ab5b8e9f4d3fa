"""spreadsheets.batchUpdate: requests applied in order, all or none, refused by index and name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator import (
    metadata,
    requests_cells,
    requests_content,
    requests_objects,
    requests_sheets,
    requests_tables,
)
from tests.emulator.errors import NO_REQUESTS, ApiError, BatchError, invalid, not_implemented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.emulator.context import Context, Handler, Json

HANDLERS: dict[str, Handler] = {
    **requests_cells.HANDLERS,
    **requests_content.HANDLERS,
    **requests_sheets.HANDLERS,
    **requests_objects.HANDLERS,
    **requests_tables.HANDLERS,
    **metadata.HANDLERS,
}


def apply(ctx: Context, requests: list[Json], shown: Sequence[str] = ()) -> list[Json]:
    """Apply the requests and return their replies; on a refusal the book is as it was before.

    `shown`: ranges the answer is to carry. One that cannot be parsed afterwards is a refusal, too [doc: all or nothing].
    """
    if not requests:
        raise invalid(NO_REQUESTS)
    for index, request in enumerate(requests):
        if not request:
            message = f"Invalid requests[{index}]: No request set. (emulator wording)"
            raise invalid(message)
        kind = next(iter(request))
        if kind not in HANDLERS:
            raise not_implemented(f"the request kind {kind} (requests[{index}])")
    saved = ctx.book.snapshot()
    replies: list[Json] = []
    kind = ""
    try:
        for request in requests:
            ((kind, body),) = request.items()
            reply = HANDLERS[kind](ctx, body)
            replies.append({} if reply is None else {kind: reply})
            ctx.evaluator.forget()
        for text in shown:
            ctx.book.resolve(text)
    except BatchError as problem:
        ctx.book.restore(saved)
        text = f"Invalid requests[{len(replies)}].{kind}: {problem}"
        if str(problem).startswith("The emulator does not implement"):
            raise ApiError(501, "UNIMPLEMENTED", text) from None
        raise invalid(text) from None
    except BaseException:
        ctx.book.restore(saved)
        raise
    ctx.book.keep(saved)
    return replies
