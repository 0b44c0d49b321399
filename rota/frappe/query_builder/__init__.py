"""`frappe.qb`: statements built of Python objects, in MariaDB's SQL, which is translated for the site's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypika import Case, CustomFunction, Field, JoinType, Order, Query, Table
from pypika import functions as pypika_functions
from pypika.enums import Dialects
from pypika.queries import Column
from pypika.terms import Criterion, Interval, Parameter, PseudoColumn, Tuple, ValueWrapper

from rota.frappe._missing import missing
from rota.frappe.query_builder.builder import Base, DocType
from rota.frappe.query_builder.statements import (
    get_qb_engine,
    get_query_builder,
    patch_query_aggregation,
    patch_query_execute,
    qb,
)
from rota.frappe.query_builder.terms import ParameterizedFunction, ParameterizedValueWrapper
from rota.frappe.query_builder.utils import DatePart, db_type_is, get_query

__all__ = [
    "Base",
    "Case",
    "Column",
    "Criterion",
    "CustomFunction",
    "DatePart",
    "Dialects",
    "DocType",
    "Field",
    "Interval",
    "JoinType",
    "Order",
    "Parameter",
    "ParameterizedFunction",
    "ParameterizedValueWrapper",
    "PseudoColumn",
    "Query",
    "Table",
    "Tuple",
    "ValueWrapper",
    "db_type_is",
    "get_qb_engine",
    "get_query",
    "get_query_builder",
    "patch_query_aggregation",
    "patch_query_execute",
    "pypika_functions",
    "qb",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
