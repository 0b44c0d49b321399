"""Jinja's sandbox, closed further: a template reads documents and never changes one, and it can't run away.

Jinja itself keeps templates from names with an underscore in front and from Python's insides. Here it is also kept from
whatever is Rota's inside, from modules, and from the methods of documents that write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, str_join
from jinja2.sandbox import SandboxedEnvironment, modifies_known_mutable
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer

from rota.documents.base import BaseDocument
from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta, Row
from rota.documents.document import Document
from rota.sites.templates import limits

#: What a template may ask of a document beside its fields and what its app's controller adds.
READABLE = frozenset({
    "as_dict", "as_json", "docstatus", "doctype", "get", "get_all_children", "get_doc_before_save", "get_formatted",
    "get_label_from_fieldname", "get_onload", "get_signature", "get_title", "get_url", "get_valid_dict",
    "get_value_before_save", "getone", "has_permission", "has_value_changed", "is_new", "meta", "parent_doc",
    "precision",
})  # fmt: skip
_PLAIN = (str, bytes, int, float, list, tuple, dict, set, frozenset, type(None))
# Filters that make something whose size is a number in their arguments.
_FILLING = ("batch", "center", "format", "indent", "slice", "truncate", "wordwrap")
_STEP = " step"  # no name that a template could write
_REMOVED = ("lipsum", "cycler", "joiner")


class Sandbox(SandboxedEnvironment):
    """The environment of all templates of a site."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters = {**FILTERS, **{name: _bounded(FILTERS[name], name) for name in _FILLING}}
        self.filters["replace"], self.filters["join"] = _replace, _join
        self.filters[_STEP] = _count
        for name in _REMOVED:
            self.globals.pop(name, None)

    # --- what may be reached ---

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if not super().is_safe_attribute(obj, attr, value):
            return False
        if isinstance(obj, (ModuleType, FunctionType, MethodType, type)) or _is_inside(value):
            return False
        if isinstance(obj, BaseDocument):
            return _is_readable(obj, attr, value)
        if isinstance(obj, (Meta, Row)):
            return not modifies_known_mutable(obj, attr)
        return not _is_inside(obj)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return _own(obj, super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        return _own(obj, super().getitem(obj, argument))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's names
        owner = getattr(__obj, "__self__", None)
        if isinstance(__obj, BuiltinMethodType) and isinstance(owner, (str, bytes)):
            _check_method(__obj.__name__, owner, args, kwargs)
        result = super().call(__context, __obj, *args, **kwargs)
        if _is_inside(result):
            raise SecurityError(f"a {type(result).__name__} is nothing for a template")
        return _own(owner, result)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is not None:
            limits.check_format(value.__self__)
        return wrapped

    # --- how far it may go ---

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            limits.check_product(left, right)
        elif operator == "**":
            limits.check_power(left, right)
        elif operator == "%":
            limits.check_format(left)
        else:
            limits.budget().room(limits.size_of(left) + limits.size_of(right))
        return super().call_binop(context, operator, left, right)

    def concat_bounded(self, *parts: Any) -> str:
        """What `~` does."""
        text = str_join(parts)
        limits.budget().room(len(text))
        return text

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return _Counted().visit(super()._parse(source, name, filename))  # type: ignore[no-any-return]


class _Counted(NodeTransformer):
    """Puts a step into every loop, macro and template, and bounds `~`."""

    def visit_Template(self, node: nodes.Template) -> nodes.Template:  # noqa: N802 - Jinja's names
        self.generic_visit(node)
        # A template that extends another has to begin with that.
        at = 1 + max((i for i, one in enumerate(node.body) if isinstance(one, nodes.Extends)), default=-1)
        node.body.insert(at, _step(node.lineno, 10))
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        return self._counted(node, 1)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        return self._counted(node, 10)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        return self._counted(node, 10)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Call:  # noqa: N802
        self.generic_visit(node)
        return _call("concat_bounded", node.nodes, node.lineno)

    def _counted(self, node: nodes.For | nodes.Macro | nodes.CallBlock, steps: int) -> nodes.Node:
        self.generic_visit(node)
        node.body.insert(0, _step(node.lineno, steps))
        return node


def _step(line: int, count: int) -> nodes.ExprStmt:
    # A filter, as the sandbox looks at each call of a function, which would make a loop's turn cost ten times as much.
    step = nodes.Filter(nodes.Const(count, lineno=line), _STEP, [], [], None, None, lineno=line)
    return nodes.ExprStmt(step, lineno=line)


def _call(name: str, arguments: list[nodes.Expr], line: int) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(name, lineno=line), arguments, [], None, None, lineno=line)


def _is_inside(value: Any) -> bool:
    """Whether it is a part of Rota that is nothing for templates: a session, a store, a cache."""
    if isinstance(value, (BaseDocument, AttrDict, FunctionType, MethodType, *_PLAIN)):
        return False
    return (type(value).__module__ or "").startswith("rota.") or isinstance(value, ModuleType)


def _is_readable(doc: BaseDocument, attr: str, value: Any) -> bool:
    if attr in READABLE:
        return True
    if not callable(value):
        return attr != "flags" and (attr in doc.__dict__ or not hasattr(Document, attr))
    # A method that an app's own controller adds; those of Rota may write.
    return not hasattr(Document, attr) and not type(doc).__module__.startswith("rota.")


def _own(owner: Any, value: Any) -> Any:
    """What a template gets of a DocType or a document must not let it change them: lists are copied."""
    if isinstance(owner, (BaseDocument, Meta, Row)) and type(value) in (list, dict):
        return value.copy()
    return value


def _check_method(name: str, text: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    if name in ("center", "ljust", "rjust", "zfill", "expandtabs"):
        limits.check_arguments((*args, *kwargs.values()))
    elif name == "replace" and len(args) > 1:
        _room_to_replace(text, args[0], args[1])
    elif name == "join" and args:
        _room_to_join(args[0], text)


def _bounded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        limits.check_arguments((*args, *kwargs.values()))
        if name == "format":
            limits.check_format(str(args[0]))
        return function(*args, **kwargs)

    return bounded


@pass_context  # so that Jinja does not count when it compiles
def _count(_: Context, steps: int) -> str:
    limits.budget().step(steps)
    return ""


@wraps(FILTERS["replace"])
def _replace(eval_ctx: Any, s: str, old: str, new: str, count: int | None = None) -> Any:
    _room_to_replace(str(s), str(old), str(new))
    return FILTERS["replace"](eval_ctx, s, old, new, count)


@wraps(FILTERS["join"])
def _join(eval_ctx: Any, value: Any, d: str = "", attribute: Any = None) -> Any:
    members = list(value)
    _room_to_join(members, d)
    return FILTERS["join"](eval_ctx, members, d, attribute)


def _room_to_replace(text: Any, old: Any, new: Any) -> None:
    times = text.count(old) if isinstance(old, type(text)) else 0
    limits.budget().room(len(text) + times * limits.size_of(new))


def _room_to_join(members: Any, between: Any) -> None:
    if isinstance(members, (list, tuple, str)):
        limits.budget().room(len(members) * limits.size_of(between) + sum(map(limits.size_of, members)))
