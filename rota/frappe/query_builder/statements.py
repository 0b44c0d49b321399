"""`frappe.qb`: where statements begin, and a few that run at once."""

from __future__ import annotations

from typing import Any

from pypika import Field, Schema, terms
from pypika.terms import Function

from rota.frappe.query_builder import functions
from rota.frappe.query_builder.builder import Base
from rota.frappe.query_builder.utils import get_query


class QB(Base):
    """`frappe.qb`."""

    terms = terms
    Schema = Schema

    @staticmethod
    def functions(name: str, *args: Any, **kwargs: Any) -> Any:
        """A function of SQL by its name.

        Raises:
            ValueError: this is no name.
        """
        if not name.isidentifier():
            raise ValueError(f"{name!r:.60} is no name of a function")
        return Function(name, *args, **kwargs)

    @staticmethod
    def get_query(*args: Any, **kwargs: Any) -> Any:
        """A statement made of filters and fields; see `frappe.query_builder.utils.get_query`."""
        return get_query(*args, **kwargs)

    @staticmethod
    def max(dt: str, fieldname: str, filters: Any = None, **_: Any) -> Any:
        """The greatest value of a field."""
        return _aggregate(functions.Max, dt, fieldname, filters)

    @staticmethod
    def min(dt: str, fieldname: str, filters: Any = None, **_: Any) -> Any:
        """The least value of a field."""
        return _aggregate(functions.Min, dt, fieldname, filters)

    @staticmethod
    def avg(dt: str, fieldname: str, filters: Any = None, **_: Any) -> Any:
        """The mean of a field."""
        return _aggregate(functions.Avg, dt, fieldname, filters)

    @staticmethod
    def sum(dt: str, fieldname: str, filters: Any = None, **_: Any) -> Any:
        """The sum of a field."""
        return _aggregate(functions.Sum, dt, fieldname, filters)

    @staticmethod
    def count(dt: str, fieldname: str = "name", filters: Any = None, **_: Any) -> Any:
        """How many documents have a value in a field."""
        return _aggregate(functions.Count, dt, fieldname, filters)


def _aggregate(function: Any, doctype: str, fieldname: str, filters: Any) -> Any:
    """What an aggregate function of a field gives over the documents that the filters pick; 0 of none."""
    query = get_query(doctype, filters=filters, fields=[])
    rows = query.select(function(Field(fieldname, table=query._from[0]))).run()
    return rows[0][0] or 0


def get_query_builder(type_of_db: Any = None) -> type[QB]:
    """`frappe.qb`, whichever the database is."""
    return QB


def get_qb_engine() -> type[QB]:
    """What makes statements of filters and fields: `get_query`."""
    return QB


def patch_query_execute() -> None:
    """Nothing to patch: statements of `frappe.qb` run by themselves."""


def patch_query_aggregation() -> None:
    """Nothing to patch: `frappe.qb` has its aggregate functions."""


qb = QB
