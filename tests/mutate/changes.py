"""Small changes of a module's source, one at a time: a comparison, an operator, a constant, a condition."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
JOINED: dict[type[ast.boolop], type[ast.boolop]] = {ast.And: ast.Or, ast.Or: ast.And}
NAMED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Change:
    """One change of a module: the node it is about, and what stands there now."""

    tree: ast.Module
    node: ast.expr
    variant: ast.expr

    @property
    def told(self) -> str:
        """For a person: `12: a < b → a <= b`."""
        return f"{self.node.lineno}: {ast.unparse(self.node)} → {ast.unparse(ast.fix_missing_locations(self.variant))}"

    @property
    def source(self) -> str:
        """The whole module with the change in it."""
        memo: dict[int, object] = {
            id(self.node): self.node
        }  # the node stays itself in the copy, so that it is found there
        changed = _Replaced(self.node, self.variant).visit(copy.deepcopy(self.tree, memo))
        return ast.unparse(ast.fix_missing_locations(changed))


def _variants(node: ast.AST) -> Iterator[ast.expr]:
    """What a node may become; the node itself is not changed."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            if type(op) in COMPARED:
                other = copy.deepcopy(node)
                other.ops[place] = COMPARED[type(op)]()
                yield other
    elif isinstance(node, ast.BinOp) and type(node.op) in COUNTED:
        other = copy.deepcopy(node)
        other.op = COUNTED[type(node.op)]()
        yield other
    elif isinstance(node, ast.BoolOp):
        other = copy.deepcopy(node)
        other.op = JOINED[type(node.op)]()
        yield other
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.Constant) and type(node.value) in (bool, int):
        yield ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMED:
        other = copy.deepcopy(node)
        other.func = ast.Name(NAMED[node.func.id], ast.Load())
        yield other


class _Replaced(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self.new, node) if node is self.old else self.generic_visit(node)


def _looked_at(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that decide something: no annotations, no decorators, nothing that only a type checker reads."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST):
                continue
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                continue
            yield node
            yield from _looked_at(node)


def changes(source: str) -> Iterator[Change]:
    """Every change of this module, in the order of its lines."""
    tree = ast.parse(source)
    found = [(node, variant) for node in _looked_at(tree) if isinstance(node, ast.expr) for variant in _variants(node)]
    found.sort(key=lambda pair: (pair[0].lineno, pair[0].col_offset))
    yield from (Change(tree, node, variant) for node, variant in found)
