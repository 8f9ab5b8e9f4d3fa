"""Control over HTTP for the stand-alone server: the same switches tests have in process. See README.md for the list."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Any, get_args

from tests.emulator.context import AtTable
from tests.emulator.faults import Fault

if TYPE_CHECKING:
    from tests.emulator.emulator import Call, Emulator


class ControlError(Exception):
    """The control request cannot be done."""


def run(emulator: Emulator, method: str, name: str, params: dict[str, list[str]], sent: dict[str, Any]) -> Any:
    """Do one control request and return its JSON answer."""
    action = _ACTIONS.get((method, name))
    if action is None:
        known = ", ".join(f"{verb} /_control/{path}" for verb, path in sorted(_ACTIONS))
        message = f"no control {method} /_control/{name}; there are {known}"
        raise ControlError(message)
    return action(emulator, {key: found[-1] for key, found in params.items()}, sent)


def fault_of(found: dict[str, Any]) -> Fault:
    """Read `{"type": "status", "code": 503, "after": true}` and the like."""
    kind = found["type"]
    after = bool(found.get("after"))
    made = {
        "status": lambda: Fault.status(int(found["code"]), after=after),
        "html": lambda: Fault.html(int(found.get("code", 502)), after=after),
        "drop": Fault.drop,
        "commit_then_drop": Fault.commit_then_drop,
        "timeout": lambda: Fault.timeout(after=after),
        "truncate": Fault.truncate,
        "latency": lambda: Fault.latency(float(found["seconds"])),
        "expired": Fault.expired,
    }
    if kind not in made:
        message = f"no fault {kind}; there are {', '.join(made)}"
        raise ControlError(message)
    return made[kind]()


def _number(emulator: Emulator, sent: dict[str, Any]) -> int:
    if "at" in sent:
        return int(sent["at"])
    return len(emulator.calls) + int(sent.get("next", 1))


def _faults(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    fault = fault_of(sent["fault"])
    times = sent.get("times", 1)
    if sent.get("kind") == "token":
        emulator.faults.token(fault, times)
        return {"kind": "token"}
    if "kind" in sent:
        wanted = sent["kind"]
        emulator.faults.when(lambda call: call.kind == wanted, fault, times)
        return {"kind": wanted}
    number = _number(emulator, sent)
    emulator.faults.at(number, fault)
    return {"at": number}


def _clear_faults(emulator: Emulator, _params: dict[str, str], _sent: dict[str, Any]) -> Any:
    emulator.faults.clear()
    return {}


def _spreadsheet(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    share = sent.get("share")
    book_id = emulator.new_spreadsheet(
        sent.get("title", "Untitled spreadsheet"), share=None if share is None else tuple(share)
    )
    return {"spreadsheetId": book_id}


def _copy(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    owner = sent.get("owner", "staff@example.com")
    copy_id = emulator.copy(sent["spreadsheet"], sent.get("title"), owner=owner, share=bool(sent.get("share", True)))
    return {"spreadsheetId": copy_id}


def _versions(emulator: Emulator, params: dict[str, str], _sent: dict[str, Any]) -> Any:
    return {"versions": emulator.versions(params["spreadsheet"])}


def _restore(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    emulator.restore(sent["spreadsheet"], int(sent["version"]))
    return {"versions": emulator.versions(sent["spreadsheet"])}


def _share(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    emulator.share(sent["spreadsheet"], sent["email"], sent.get("role", "writer"))
    return {}


def _staff(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    from tests.emulator.staff import STAFF_ERRORS, act  # noqa: PLC0415 - staff imports what imports this module

    def go(there: Emulator) -> Any:
        person = there.staff(sent["spreadsheet"], sent["tab"], sent.get("email", "staff@example.com"))
        return act(person, sent["action"], sent.get("args", {}))

    if "before" in sent or "next" in sent:
        number = _number(emulator, {"at": sent["before"]} if "before" in sent else sent)
        emulator.faults.before(number, go)
        return {"before": number}
    try:
        return {"result": go(emulator)}
    except STAFF_ERRORS as problem:
        raise ControlError(str(problem)) from None


def _quota(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    emulator.quota.reads, emulator.quota.writes = sent.get("reads"), sent.get("writes")
    return {}


def _tokens(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    if sent.get("expire"):
        emulator.tokens.expire_all()
    if "lifetime" in sent:
        emulator.tokens.lifetime = int(sent["lifetime"])
    if "really" in sent:
        emulator.tokens.really = None if sent["really"] is None else float(sent["really"])
    if "disabled" in sent:
        emulator.tokens.disabled = set(sent["disabled"])
    return {}


def _switches(emulator: Emulator, _params: dict[str, str], sent: dict[str, Any]) -> Any:
    known = {f.name for f in dataclass_fields(emulator.switches)}
    for name, value in sent.items():
        if name not in known:
            message = f"no switch {name}; there are {', '.join(sorted(known))}"
            raise ControlError(message)
        if isinstance(getattr(emulator.switches, name), bool):
            setattr(emulator.switches, name, bool(value))
        elif value in get_args(AtTable):
            setattr(emulator.switches, name, value)
        else:
            message = f"switch {name} is one of {', '.join(get_args(AtTable))}"
            raise ControlError(message)
    return {name: getattr(emulator.switches, name) for name in sorted(known)}


def _show(call: Call) -> dict[str, Any]:
    return {
        "number": call.number,
        "kind": call.kind,
        "method": call.method,
        "path": call.path,
        "params": call.params,
        "requests": call.request_kinds,
        "user": call.user,
        "status": call.status,
        "bytesIn": call.bytes_in,
        "bytesOut": call.bytes_out,
    }


def _calls(emulator: Emulator, _params: dict[str, str], _sent: dict[str, Any]) -> Any:
    return {"calls": [_show(call) for call in emulator.calls], "tokens": len(emulator.token_calls)}


def _values(emulator: Emulator, params: dict[str, str], _sent: dict[str, Any]) -> Any:
    return {"values": emulator.values(params["spreadsheet"], params["range"])}


def _violations(emulator: Emulator, _params: dict[str, str], _sent: dict[str, Any]) -> Any:
    return {"violations": emulator.violations}


def _account(emulator: Emulator, params: dict[str, str], _sent: dict[str, Any]) -> Any:
    return emulator.account(params.get("email"))


_ACTIONS = {
    ("POST", "faults"): _faults,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "spreadsheets"): _spreadsheet,
    ("POST", "copy"): _copy,
    ("POST", "restore"): _restore,
    ("GET", "versions"): _versions,
    ("POST", "share"): _share,
    ("POST", "staff"): _staff,
    ("POST", "quota"): _quota,
    ("POST", "tokens"): _tokens,
    ("POST", "switches"): _switches,
    ("GET", "calls"): _calls,
    ("GET", "values"): _values,
    ("GET", "violations"): _violations,
    ("GET", "account"): _account,
}
