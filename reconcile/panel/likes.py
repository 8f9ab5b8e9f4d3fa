"""Practice panels that behave as the two public servers of this API do, not as our client would like them.

Facts: docs/panel-facts.md "Panels that differ".

`laravel`: getOrders shows what is pending and changes nothing; a JSON body to updateOrders ends in HTTP 500, `orders` as a text field
works, and its results repeat the order's status; a missing parameter is HTTP 422, or a redirect to the front page where the caller does not ask
for JSON; it has no refills and no cancel requests; a closed order refuses everything.

`v2`: the next generation of the API, in `practice_v2`.

`php`: form fields only, HTTP 400 for JSON; getOrders ignores `type` and shows every pending order; there is no updateOrders and no call for
one status, but `setStatus`; a notice of its own stands before the JSON; remains 0 is refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from reconcile.core.model import Action
from reconcile.panel.practice import Answer, PracticePanel
from reconcile.panel.practice_v2 import LikeV2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KINDS: Final = ("reference", "laravel", "php", "v2")

_NOTICE: Final = b"<br />\n<b>Notice</b>:  Undefined index: lang in <b>/var/www/api.php</b> on line <b>31</b><br />\n"


def make(kind: str) -> Callable[[int, int], PracticePanel]:
    """What makes a practice panel of this kind (one of KINDS) from a number of orders and a seed."""
    return {"reference": PracticePanel, "laravel": LikeLaravel, "php": LikePhp, "v2": LikeV2}[kind]


class LikeLaravel(PracticePanel):
    """As the Laravel server does."""

    def __init__(self, orders: int = 250, seed: int = 7) -> None:
        super().__init__(orders, seed, refills=0, cancels=0)
        self.lists = True
        self.closes = True
        self.lacks = {Action.GET_REFILLS, Action.GET_CANCEL}

    def _with_faults(self, fields: list[tuple[str, str]], orders: Any, content_type: str) -> Answer:
        action = dict(fields).get("action", "")
        if action == Action.UPDATE_ORDERS and content_type.startswith("application/json"):
            super()._with_faults(fields, None, content_type)  # it dies before it looks at the list
            return _told(500, {"message": "Server Error"})
        status, headers, body = super()._with_faults(fields, orders, content_type)
        said = json.loads(body)
        if missing := said.get("missing"):
            sentence = f"The {missing[0]} field is required."
            return _told(
                422, {"message": sentence, "errors": {name: [f"The {name} field is required."] for name in missing}}
            )
        if said.get("error") == "bad_auth":
            return _told(401, {"message": "Unauthenticated."})
        if said.get("error") == "bad_action":
            return _told(400, {"error": "Invalid action"})
        if said.get("status") == "fail":
            return _told(400, {"error": said.get("message") or said.get("error")})
        if action == Action.UPDATE_ORDERS:
            return _told(200, {"orders": {id_: self._echo(id_, held) for id_, held in said["orders"].items()}})
        return status, headers, body

    def _echo(self, id_: str, held: Mapping[str, Any]) -> Mapping[str, Any]:
        if held.get("status") != "success":
            return {"error": held.get("message") or held.get("error")}
        order = self.state.orders[id_]
        return {"status": order.status, "start_count": order.start_count or None, "remains": order.remains or None}

    def handle(self, method: str, headers: Mapping[str, str], body: bytes, path: str = "/admin/v1") -> Answer:
        """One request; what is not found valid is a redirect for who does not ask for JSON [fw]."""
        answer = super().handle(method, headers, body, path)
        accepts = {name.lower(): value for name, value in headers.items()}.get("accept", "")
        if answer[0] == 422 and "json" not in accepts:  # noqa: PLR2004 - HTTP's own number
            return 302, {"Location": "/", "Content-Length": "0"}, b""
        return answer


class LikePhp(PracticePanel):
    """As the plain PHP server does."""

    def __init__(self, orders: int = 250, seed: int = 7) -> None:
        super().__init__(orders, seed, refills=0, cancels=0)
        self.lists = True
        self.closes = True
        self.everything_200 = True
        self.empty = "fail200"
        self.lacks = {
            *(Action.UPDATE_ORDERS, Action.SET_IN_PROGRESS, Action.SET_PROCESSING, Action.SET_COMPLETED),
            *(Action.GET_REFILLS, Action.GET_CANCEL, Action.ADD_TICKET),
        }

    def _with_faults(self, fields: list[tuple[str, str]], orders: Any, content_type: str) -> Answer:
        if content_type.startswith("application/json"):
            super()._with_faults(fields, None, content_type)
            return _told(400, {"status": "fail", "error": "bad_request"})
        if dict(fields).get("action") == "setStatus":
            return self._noticed(self._set_status(fields, content_type))
        return self._noticed(super()._with_faults(fields, orders, content_type))

    def _set_status(self, fields: list[tuple[str, str]], content_type: str) -> Answer:
        """`setStatus` (id, status), which the reference does not have; it speaks through the action that has this status."""
        named = dict(fields)
        calls = {
            "in progress": Action.SET_IN_PROGRESS,
            "processing": Action.SET_PROCESSING,
            "completed": Action.SET_COMPLETED,
        }
        status = named.get("status", "").lower().replace("_", " ")
        if status not in calls:
            return _told(200, {"status": "fail", "error": "bad_status"})
        before, self.lacks = self.lacks, self.lacks - {calls[status]}
        try:
            told = [(name, calls[status].value if name == "action" else value) for name, value in fields]
            return super()._with_faults(told, None, content_type)
        finally:
            self.lacks = before

    def _set_remains(self, named: dict[str, str]) -> dict[str, Any]:
        if named["remains"] == "0":
            return {"status": "fail", "error": "bad_remains"}
        return super()._set_remains(named)

    def _get_orders(self, named: dict[str, str]) -> dict[str, Any]:
        pending = [order for order in self.state.orders.values() if order.status == "Pending"]
        if not pending:
            return super()._get_orders({**named, "type": ""})
        shown = [{**order.shown(), "service_id": order.service} for order in pending[: self.page]]
        return {"status": "success", "orders": shown}

    def _noticed(self, answer: Answer) -> Answer:
        status, headers, body = answer
        body = _NOTICE + body
        return status, {**headers, "Content-Type": "text/html", "Content-Length": str(len(body))}, body


def _told(status: int, content: Mapping[str, Any]) -> Answer:
    body = json.dumps(content).encode()
    return status, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body
