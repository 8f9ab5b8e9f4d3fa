"""Google's discovery document as the oracle: every request and every answer is held against it.

A payload is first checked by compiled closures (about 0.3 µs a value). Only when that fails does the slow walk run: it
accepts what Google's JSON reader accepts too (snake_case names, numbers in quotes, null for "not set") and otherwise
lists every violation in Google's words.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from tests.emulator.errors import ApiError, invalid

Schema = dict[str, Any]
Check = Callable[[Any], bool]

INT32 = 2**31

# Members that keep a zero in real answers, because they have presence [rec]; all other zeros are left out.
_KEEPS_ZERO = {
    "SheetProperties": {"sheetId", "index"},
    "GridRange": {"startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"},
    "DimensionRange": {"startIndex", "endIndex"},
    "ExtendedValue": {"stringValue", "numberValue", "boolValue", "formulaValue"},
    "TextFormat": {"bold", "italic", "underline", "strikethrough"},
    "SortSpec": {"dimensionIndex"},
    "FilterSpec": {"columnIndex"},
    "InterpolationPoint": {"value"},
    "ConditionValue": {"userEnteredValue"},
    "Padding": {"top", "right", "bottom", "left"},
    "TextRotation": {"angle"},
    "ColorStyle": {"themeColor"},
}
_EMPTY_LISTS_STAY = {("ValueRange", "values")}


class AnswerViolation(AssertionError):
    """The emulator was about to send an answer Google could not have sent: a bug in the emulator."""


class Discovery:
    """The schemas and methods of the Sheets API, compiled."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Compile lazily; `document` is the parsed discovery document."""
        self.document = document
        self.schemas: dict[str, Schema] = document["schemas"]
        self.methods: dict[str, Schema] = {}
        self._collect(document["resources"])
        self._compiled: dict[tuple[str, bool], Check] = {}

    def _collect(self, found: dict[str, Any]) -> None:
        for resource in found.values():
            for method in resource.get("methods", {}).values():
                self.methods[method["id"]] = method
            self._collect(resource.get("resources", {}))

    def request_kinds(self) -> list[str]:
        """Return the names of all request kinds of batchUpdate."""
        return list(self.schemas["Request"]["properties"])

    # -- requests ----------------------------------------------------------------------------------------------------

    def read_body(self, schema: str, body: Any) -> dict[str, Any]:
        """Return the request body in canonical form.

        Raises ApiError 400 with Google's words and `fieldViolations` when it does not fit the schema.
        """
        if self._checker(schema, strict=False)(body):
            whole: dict[str, Any] = body
            return whole
        violations: list[tuple[str, str]] = []
        fixed = self._walk({"$ref": schema}, body, "", violations)
        if violations:
            raise self._refusal(violations)
        result: dict[str, Any] = fixed
        return result

    def read_params(self, method_id: str, params: dict[str, list[str]]) -> dict[str, Any]:
        """Return the query parameters typed; raises ApiError 400 for unknown names and bad values."""
        known = {n: p for n, p in self.methods[method_id]["parameters"].items() if p["location"] == "query"}
        common: dict[str, Any] = self.document["parameters"]
        out: dict[str, Any] = {}
        violations: list[tuple[str, str]] = []
        for raw, values in params.items():
            name = re.sub(r"_([a-z])", lambda m: m.group(1).upper(), raw) if raw not in common else raw
            spec = known.get(name) or common.get(name)
            if spec is None:
                text = (
                    f'Invalid JSON payload received. Unknown name "{raw}": Cannot bind query parameter. '
                    f"Field '{raw}' could not be found in request message."
                )
                violations.append(("", text))
                continue
            if spec.get("repeated"):
                out[name] = values
                continue
            value: Any = values[-1]
            if spec["type"] == "boolean":
                if value.lower() not in ("true", "false", "1", "0", ""):
                    violations.append((snake(name), f"Invalid value at '{snake(name)}' (TYPE_BOOL), \"{value}\""))
                value = value.lower() in ("true", "1", "")
            elif "enum" in spec and name not in common and (found := enum_name(spec["enum"], value)) is not None:
                value = found
            elif "enum" in spec and name not in common:
                kind = name[0].upper() + name[1:]
                text = (
                    f"Invalid value at '{snake(name)}' (type.googleapis.com/google.apps.sheets.v4.{kind}), \"{value}\""
                )
                violations.append((snake(name), text))
            out[name] = value
        if violations:
            raise self._refusal(violations)
        return out

    def _refusal(self, violations: list[tuple[str, str]]) -> ApiError:
        details = []
        for path, text in violations:
            one = {"field": path, "description": text} if path else {"description": text}
            details.append(one)
        message = "\n".join(text for _, text in violations)
        return invalid(message, [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": details}])

    def _walk(self, spec: Schema, value: Any, path: str, violations: list[tuple[str, str]]) -> Any:
        if "$ref" in spec:
            return self._walk_message(spec["$ref"], value, path, violations)
        kind = spec["type"]
        if kind == "any":
            if isinstance(value, (str, bool, int, float)) or value is None:
                return value
            _bad(violations, path, "type.googleapis.com/google.protobuf.Value", value, "Invalid value")
            return None
        if kind == "array":
            if spec["items"].get("type") not in ("array", "any"):
                value = list(elements(value))
            elif not isinstance(value, list):
                _bad(violations, path, _type_name(spec["items"]), value, "Invalid value")
                return None
            return [self._walk(spec["items"], v, f"{path}[{i}]", violations) for i, v in enumerate(value)]
        if kind == "object":
            if not isinstance(value, dict):
                _bad(violations, path, "TYPE_MESSAGE", value, "Invalid value")
                return None
            inner = spec.get("additionalProperties")
            if inner is None:
                return value
            return {k: self._walk(inner, v, f"{path}[{k}]", violations) for k, v in value.items()}
        fixed, good = _scalar(spec, value)
        if not good:
            _bad(violations, path, _type_name(spec), value, "Invalid value")
        return fixed

    def _walk_message(self, name: str, value: Any, path: str, violations: list[tuple[str, str]]) -> Any:
        if not isinstance(value, dict):
            _bad(violations, path, f"type.googleapis.com/google.apps.sheets.v4.{name}", value, "Invalid value")
            return None
        properties = self.schemas[name].get("properties", {})
        out = {}
        for raw, item in value.items():
            key = raw if raw in properties else _camel(raw)
            spec = properties.get(key)
            if spec is None:
                at = f" at '{path}'" if path else ""
                text = f'Invalid JSON payload received. Unknown name "{raw}"{at}: Cannot find field.'
                violations.append((path, text))
                continue
            if item is None and spec.get("type") != "any":
                continue
            out[key] = self._walk(spec, item, f"{path}.{snake(key)}" if path else snake(key), violations)
        if name == "Request" and len(out) > 1:
            second = list(out)[1]
            text = f"Invalid value at '{path}' (oneof), oneof field 'kind' is already set. Cannot set '{second}'"
            violations.append((path, text))
        return out

    # -- answers -----------------------------------------------------------------------------------------------------

    def check_answer(self, schema: str, answer: Any) -> None:
        """Raise AnswerViolation when an answer is not one Google could have sent."""
        if self._checker(schema, strict=True)(answer):
            return
        problem = self._explain({"$ref": schema}, answer, schema)
        raise AnswerViolation(problem or f"{schema}: refused by the compiled check")

    def _explain(self, spec: Schema, value: Any, path: str) -> str | None:
        if self._compile(spec, strict=True)(value):
            return None
        if "$ref" in spec and isinstance(value, dict):
            properties = self.schemas[spec["$ref"]].get("properties", {})
            for key, item in value.items():
                if key not in properties:
                    return f"{path}: {spec['$ref']} has no member {key!r}"
                found = self._explain(properties[key], item, f"{path}.{key}")
                if found:
                    return found
        if spec.get("type") == "array" and isinstance(value, list):
            for index, item in enumerate(value):
                found = self._explain(spec["items"], item, f"{path}[{index}]")
                if found:
                    return found
        return f"{path}: {value!r} is no {spec.get('$ref') or spec.get('format') or spec.get('type')}"

    def prune(self, schema: str, value: dict[str, Any]) -> dict[str, Any]:
        """Return the message without the zero, false and empty members Google leaves out."""
        if schema == "Color":
            value = {name: shade if name == "alpha" else eight_bits(shade) for name, shade in value.items()}
        properties = self.schemas[schema].get("properties", {})
        keeps = _KEEPS_ZERO.get(schema, set[str]())
        out = {}
        for key, item in value.items():
            spec = properties.get(key)
            if spec is None:
                out[key] = item  # the check of the answer will name it
                continue
            if item is None:
                continue
            if "$ref" in spec:
                out[key] = self.prune(spec["$ref"], item)
            elif spec["type"] == "array":
                if not item and (schema, key) not in _EMPTY_LISTS_STAY:
                    continue
                inner = spec["items"].get("$ref")
                out[key] = [self.prune(inner, one) for one in item] if inner else item
            elif item or key in keeps:
                out[key] = item
        return out

    # -- compiled checks ---------------------------------------------------------------------------------------------

    def _checker(self, schema: str, *, strict: bool) -> Check:
        key = (schema, strict)
        found = self._compiled.get(key)
        if found is None:
            found = self._compile_message(schema, strict=strict)
        return found

    def _compile_message(self, schema: str, *, strict: bool) -> Check:
        key = (schema, strict)
        if key in self._compiled:
            return self._compiled[key]
        members: dict[str, Check] = {}
        one_kind = schema == "Request"

        def check(value: Any, members: dict[str, Check] = members) -> bool:
            if type(value) is not dict:
                return False
            for name, item in value.items():
                test = members.get(name)
                if test is None or not test(item):
                    return False
            return not one_kind or len(value) <= 1

        self._compiled[key] = check
        for name, spec in self.schemas[schema].get("properties", {}).items():
            members[name] = self._compile(spec, strict=strict)
        return check

    def _compile(self, spec: Schema, *, strict: bool) -> Check:
        if "$ref" in spec:
            return self._compile_message(spec["$ref"], strict=strict)
        kind = spec["type"]
        if kind == "string":
            if "enum" in spec:
                allowed = frozenset(spec["enum"])
                return lambda v: type(v) is str and v in allowed
            return lambda v: type(v) is str
        if kind == "boolean":
            return lambda v: type(v) is bool
        if kind == "integer":
            return lambda v: type(v) is int and -INT32 <= v < INT32
        if kind == "number":
            return lambda v: type(v) is int or (type(v) is float and math.isfinite(v))
        if kind == "any":
            if strict:
                return lambda v: type(v) in (str, int, bool) or (type(v) is float and math.isfinite(v))
            return lambda v: v is None or type(v) in (str, int, float, bool)
        if kind == "array":
            inner = self._compile(spec["items"], strict=strict)
            if spec["items"].get("type") == "any":
                plain = {str, int, bool} if strict else {str, int, bool, float, type(None)}
                return lambda v: type(v) is list and (set(map(type, v)) <= plain or all(map(inner, v)))
            return lambda v: type(v) is list and all(map(inner, v))
        extra = spec.get("additionalProperties")
        if extra is None:
            return lambda v: type(v) is dict
        test = self._compile(extra, strict=strict)
        return lambda v: type(v) is dict and all(map(test, v.values()))


@lru_cache(maxsize=1000)
def eight_bits(shade: float) -> float:
    """Return a shade of a colour as it comes back: of 256 steps, cut off, and printed as a float32 [rec: 0.5 -> 0.49803922]."""
    step = math.floor(_float32(_float32(max(0.0, min(shade, 1.0))) * 255))
    exact = _float32(step / 255)
    return next(float(text) for digits in range(1, 10) if _float32(float(text := f"{exact:.{digits}g}")) == exact)


def _float32(value: float) -> float:
    found: float = struct.unpack("f", struct.pack("f", value))[0]
    return found


def snake(name: str) -> str:
    """Return `sheet_id` for `sheetId`: Google's messages name fields the proto way."""
    return re.sub(r"(?<!^)([A-Z])", lambda m: "_" + m.group(1).lower(), name)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda m: m.group(1).upper(), name)


def _type_name(spec: Schema) -> str:
    if "$ref" in spec:
        return f"type.googleapis.com/google.apps.sheets.v4.{spec['$ref']}"
    if "enum" in spec:
        return "TYPE_ENUM"
    names = {"string": "TYPE_STRING", "boolean": "TYPE_BOOL", "integer": "TYPE_INT32", "number": "TYPE_DOUBLE"}
    return names.get(spec["type"], "TYPE_MESSAGE")


def enum_name(names: list[str], value: Any) -> str | None:
    """Return the name of an enum's value, which may be its number, also as text, or its name in other letters; or None.

    Numbers are places in the discovery document's list.
    """
    if isinstance(value, str):
        if value.isdecimal():
            return enum_name(names, int(value))
        return next((name for name in (value, value.upper().replace("-", "_")) if name in names), None)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    return None


def _scalar(spec: Schema, value: Any) -> tuple[Any, bool]:
    """Return (canonical value, accepted?) the way Google's JSON reader does."""
    kind = spec["type"]
    if kind == "string":
        if "enum" in spec:
            name = enum_name(spec["enum"], value)
            return (value, False) if name is None else (name, True)
        return value, isinstance(value, str)
    if kind == "boolean":
        if value in ("true", "false"):
            return value == "true", True
        return value, isinstance(value, bool)
    if isinstance(value, bool):
        return value, False
    if isinstance(value, str):
        try:
            value = float(value) if kind == "number" else int(value)
        except ValueError:
            return value, False
    if not isinstance(value, (int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        return value, False
    if kind == "integer":
        if value != int(value):
            return value, False
        return int(value), -INT32 <= value < INT32
    return value, True


def elements(value: Any) -> Iterator[Any]:
    """Yield the elements of a repeated field: Google's reader takes a lone one, and lists in the list, too [rec]."""
    if not isinstance(value, list):
        yield value
        return
    for item in value:
        yield from elements(item)


def _bad(violations: list[tuple[str, str]], path: str, kind: str, value: Any, start: str) -> None:
    shown = json.dumps(value) if not isinstance(value, (dict, list)) else ""
    text = f"{start} at '{path}' ({kind}), {shown}" if shown else f"{start} at '{path}' ({kind})"
    violations.append((path, text))


@cache
def load() -> Discovery:
    """Load the discovery document that ships with google-api-python-client."""
    place = resources.files("googleapiclient.discovery_cache") / "documents" / "sheets.v4.json"
    return Discovery(json.loads(place.read_text(encoding="utf-8")))
