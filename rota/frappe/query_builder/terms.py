"""Terms of statements that Frappe has beside pypika's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pypika.queries import QueryBuilder
from pypika.terms import Case, Criterion, Field, Function, Interval, LiteralValue, Node, Term, ValueWrapper
from pypika.utils import format_alias_sql

from rota.frappe._missing import missing

ParameterizedValueWrapper = ValueWrapper
ParameterizedFunction = Function


class NamedParameterWrapper:
    """Collects the values of a statement by name."""

    def __init__(self, parameters: dict[str, Any] | None = None) -> None:
        self.parameters = {} if parameters is None else parameters

    def get_sql(self, param_value: Any, **_: Any) -> str:
        """Keep a value; what stands for it."""
        key = f"param{len(self.parameters) + 1}"
        self.parameters[key] = param_value
        return f"%({key})s"

    def get_parameters(self) -> dict[str, Any]:
        """The values by name."""
        return self.parameters


class SubQuery(Criterion):
    """A statement in brackets, as a value or after `in`."""

    def __init__(self, subq: QueryBuilder, alias: str | None = None) -> None:
        super().__init__(alias)
        self.subq = subq

    def get_sql(self, **kwargs: Any) -> str:
        kwargs["subquery"] = True
        return str(format_alias_sql(self.subq.get_sql(**kwargs), self.alias, **kwargs))


subqry = SubQuery

__all__ = [
    "Case",
    "Criterion",
    "Field",
    "Function",
    "Interval",
    "LiteralValue",
    "NamedParameterWrapper",
    "Node",
    "ParameterizedFunction",
    "ParameterizedValueWrapper",
    "QueryBuilder",
    "SubQuery",
    "Term",
    "ValueWrapper",
    "subqry",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
