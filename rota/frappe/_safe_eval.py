"""Python expressions that users wrote (`frappe.safe_eval`), walked node by node: no code of theirs is compiled.

They reach the names they are given, and of those only public attributes; nothing of the interpreter.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rota.errors import ValidationError

MAX_LENGTH = 10_000  # characters
MAX_STEPS = 100_000
MAX_POWER = 1_000
MAX_SIZE = 1_000_000

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_BUILTINS: Mapping[str, Any] = {
    one.__name__: one
    for one in (
        abs, all, any, bool, dict, enumerate, float, int, isinstance, len, list, max, min, round, set, sorted, str, sum,
        tuple, zip,
    )
} | {"True": True, "False": False, "None": None}  # fmt: skip
# They take a pattern that can reach into objects.
_FORMATTERS = frozenset({"format", "format_map"})
# What generators, coroutines and tracebacks tell of the interpreter.
_FRAMES = ("gi_", "cr_", "ag_", "tb_", "f_", "co_")


def evaluate(code: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression over these names.

    Raises:
        ValidationError: it is no expression, or does what none may.
        Exception: what the expression itself raises.
    """
    text = code.strip()
    if len(text) > MAX_LENGTH:
        raise ValidationError(f"an expression has at most {MAX_LENGTH:,} characters")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ValidationError(f"{text[:140]!r} is no expression: {error}") from None
    return _Walk(names).value(tree.body)


class _Walk:
    """One evaluation."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = dict(names)
        self._steps = 0

    def value(self, node: ast.expr) -> Any:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise ValidationError(f"the expression takes more than {MAX_STEPS:,} steps")
        evaluate_node = getattr(self, f"_{type(node).__name__.lower()}", None)
        if evaluate_node is None:
            raise ValidationError(f"an expression can't have {type(node).__name__} (column {node.col_offset})")
        return evaluate_node(node)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        for scope in (self._names, _BUILTINS):
            if node.id in scope:
                return scope[node.id]
        raise ValidationError(f"the expression knows no name {node.id!r}")

    def _attribute(self, node: ast.Attribute) -> Any:
        thing = self.value(node.value)
        hidden = node.attr.startswith(("_", *_FRAMES)) and not isinstance(thing, Mapping)
        if node.attr.startswith("__") or hidden or (isinstance(thing, str) and node.attr in _FORMATTERS):
            raise ValidationError(f"an expression can't use .{node.attr}")
        return getattr(thing, node.attr)

    def _subscript(self, node: ast.Subscript) -> Any:
        return self.value(node.value)[self.value(node.slice)]

    def _slice(self, node: ast.Slice) -> slice:
        return slice(*(None if one is None else self.value(one) for one in (node.lower, node.upper, node.step)))

    def _call(self, node: ast.Call) -> Any:
        function = self.value(node.func)
        keywords: dict[str, Any] = {}
        for one in node.keywords:
            keywords.update(self.value(one.value) if one.arg is None else {one.arg: self.value(one.value)})
        return function(*self._many(node.args), **keywords)

    def _many(self, nodes: list[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found.extend(self.value(node.value))
            else:
                found.append(self.value(node))
        return found

    def _binop(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Pow) and (abs(right) > MAX_POWER or abs(left) > MAX_SIZE):
            raise ValidationError(f"a power of an expression is {MAX_POWER} at most")
        if isinstance(node.op, ast.Mult):
            _check_size(left, right)
        if isinstance(node.op, ast.Mod) and isinstance(left, (str, bytes)):
            raise ValidationError("an expression can't fill in a text with %")
        operation = _BINARY.get(type(node.op))
        if operation is None:
            raise ValidationError(f"an expression can't use the operator {type(node.op).__name__}")
        return operation(left, right)

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        return _UNARY[type(node.op)](self.value(node.operand))

    def _boolop(self, node: ast.BoolOp) -> Any:
        stops = isinstance(node.op, ast.Or)
        found = None
        for one in node.values:
            found = self.value(one)
            if bool(found) is stops:
                break
        return found

    def _compare(self, node: ast.Compare) -> Any:
        left = self.value(node.left)
        for operation, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node)
            if not _COMPARE[type(operation)](left, right):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.value(node.test) else node.orelse)

    def _list(self, node: ast.List) -> list[Any]:
        return self._many(node.elts)

    def _tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self._many(node.elts))

    def _set(self, node: ast.Set) -> set[Any]:
        return set(self._many(node.elts))

    def _dict(self, node: ast.Dict) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            found.update(self.value(value) if key is None else {self.value(key): self.value(value)})
        return found

    def _joinedstr(self, node: ast.JoinedStr) -> str:
        parts = []
        for one in node.values:
            inner = one.value if isinstance(one, ast.FormattedValue) else one
            if isinstance(one, ast.FormattedValue) and one.format_spec is not None:
                raise ValidationError("a text in an expression can't say how its values are written")
            parts.append(str(self.value(inner)))
        return "".join(parts)

    def _listcomp(self, node: ast.ListComp) -> list[Any]:
        return [self.value(node.elt) for _ in self._rounds(node.generators)]

    def _generatorexp(self, node: ast.GeneratorExp) -> list[Any]:
        return [self.value(node.elt) for _ in self._rounds(node.generators)]

    def _setcomp(self, node: ast.SetComp) -> set[Any]:
        return {self.value(node.elt) for _ in self._rounds(node.generators)}

    def _dictcomp(self, node: ast.DictComp) -> dict[Any, Any]:
        return {self.value(node.key): self.value(node.value) for _ in self._rounds(node.generators)}

    def _rounds(self, loops: list[ast.comprehension]) -> Iterator[None]:
        if not loops:
            yield None
            return
        first, *rest = loops
        before = dict(self._names)
        for one in self.value(first.iter):
            self._bind(first.target, one)
            if all(self.value(condition) for condition in first.ifs):
                yield from self._rounds(rest)
        self._names = before

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self._names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for one, part in zip(target.elts, value, strict=True):
                self._bind(one, part)
        else:
            raise ValidationError("a loop of an expression binds names only")


def _check_size(left: Any, right: Any) -> None:
    for one, many in ((left, right), (right, left)):
        if isinstance(one, (str, bytes, list, tuple)) and isinstance(many, int) and len(one) * many > MAX_SIZE:
            raise ValidationError("an expression can't make anything so large")
