"""Field masks: parsing (commas, dots, slashes, nested parentheses, `*`), checking against a schema, reading and updating."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.discovery import Discovery

Trie = dict[str, Any]
_SNAKE = re.compile(r"_([a-z0-9])")


class MaskError(ValueError):
    """The mask is malformed or names a path the schema does not have; the message is that path."""


@lru_cache(maxsize=2000)
def parse(mask: str) -> Trie:
    """Parse a mask into a trie; a leaf is an empty dict, `*` is the key `*`.

    Raises MaskError on bad syntax. Callers must not change the result.
    """
    tokens = [token for token in re.split(r"([(),./])", mask.strip()) if token.strip()]
    trie, at = _paths(tokens, 0)
    if at != len(tokens):
        raise MaskError(mask)
    return trie


def _paths(tokens: list[str], at: int) -> tuple[Trie, int]:
    trie: Trie = {}
    while True:
        at = _path(tokens, at, trie)
        if at < len(tokens) and tokens[at] == ",":
            at += 1
            continue
        return trie, at


def _path(tokens: list[str], at: int, trie: Trie) -> int:
    node = trie
    whole: list[tuple[Trie, str]] = []
    while True:
        if at >= len(tokens) or tokens[at] in "(),./":
            raise MaskError("".join(tokens))
        name = _SNAKE.sub(lambda m: m.group(1).upper(), tokens[at].strip())
        whole.append((node, name))
        known = name in node
        child = node.setdefault(name, {})
        at += 1
        step = tokens[at] if at < len(tokens) else ","
        if step in "./":
            if known and not child:
                child = {}  # the whole parent was already asked for
            node = child
            at += 1
            continue
        if step == "(":
            inner, at = _paths(tokens, at + 1)
            if at >= len(tokens) or tokens[at] != ")":
                raise MaskError("".join(tokens))
            if not (known and not child):
                _merge(child, inner)
            return at + 1
        child.clear()
        return at


def _merge(into: Trie, other: Trie) -> None:
    for key, sub in other.items():
        if key not in into:
            into[key] = sub
        elif not into[key] or not sub:
            into[key] = {}
        else:
            _merge(into[key], sub)


def check(discovery: Discovery, schema: str, trie: Trie, prefix: str = "") -> None:
    """Raise MaskError when a path of the mask is not in the schema."""
    properties = discovery.schemas[schema].get("properties", {})
    for name, sub in trie.items():
        path = f"{prefix}{name}"
        if name == "*":
            continue
        spec = properties.get(name)
        if spec is None:
            raise MaskError(path)
        while spec.get("type") == "array":
            spec = spec["items"]
        if sub:
            if "$ref" in spec:
                check(discovery, spec["$ref"], sub, path + ".")
            elif "additionalProperties" not in spec and set(sub) != {"*"}:
                raise MaskError(f"{path}.{next(iter(sub))}")


def project(value: Any, trie: Trie) -> Any:
    """Return the part of an answer a read mask asks for; lists are looked through."""
    if not trie or ("*" in trie and not trie["*"]):
        return value
    if isinstance(value, list):
        return [project(item, trie) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    rest = trie.get("*")
    for name, item in value.items():
        sub = trie.get(name, rest)
        if sub is not None:
            out[name] = project(item, sub)  # a message of which nothing is left stays, empty [rec]
    return out


def wants(trie: Trie | None, *path: str) -> bool:
    """Tell whether a read mask asks for something at or below `path`; no mask asks for everything."""
    if trie is None:
        return True
    node = trie
    for name in path:
        if not node:
            return True
        found = node.get(name, node.get("*"))
        if found is None:
            return False
        node = found
    return True


def update(old: dict[str, Any], new: dict[str, Any], trie: Trie) -> dict[str, Any]:
    """Return `old` with the masked paths taken from `new`; a path missing from `new` is cleared."""
    if not trie or "*" in trie:
        return dict(new)
    out = dict(old)
    for name, sub in trie.items():
        if sub and "*" not in sub:
            after = update(_message(out.get(name)), _message(new.get(name)), sub)
            if after or name in new:
                out[name] = after
            else:
                out.pop(name, None)
        elif name in new:
            out[name] = new[name]
        else:
            out.pop(name, None)
    return out


def _message(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
