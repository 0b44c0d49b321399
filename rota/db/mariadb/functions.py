"""The functions that SQLite lacks or reads otherwise, registered on a connection as `rota_NAME`.

All but `rota_rand` and `rota_uuid` are deterministic, so that SQLite computes a constant call once for a statement.
"""

from __future__ import annotations

import random
import sqlite3
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from rota.db.mariadb import functions_json, functions_number, functions_text, functions_time
from rota.db.mariadb.functions_aggregate import AGGREGATES

_PLAIN: dict[str, Callable[..., Any]] = {
    **functions_text.FUNCTIONS,
    **functions_number.FUNCTIONS,
    **functions_time.FUNCTIONS,
    **functions_json.FUNCTIONS,
}


def register(connection: sqlite3.Connection) -> None:
    """Give the connection every function that a translated statement may call."""
    for name, function in _PLAIN.items():
        connection.create_function(f"rota_{name}", -1, _null_in_null_out(function), deterministic=True)
    for name, function in functions_text.WITH_NULLS.items():
        connection.create_function(f"rota_{name}", -1, function, deterministic=True)
    connection.create_function("rota_rand", 0, random.random)
    connection.create_function("rota_uuid", 0, lambda: str(uuid.uuid4()))
    for name, aggregate in AGGREGATES.items():
        connection.create_aggregate(f"rota_{name}", -1, aggregate)


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return call
