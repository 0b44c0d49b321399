"""MariaDB's SQL, as Frappe apps write it for `frappe.db.sql`, on SQLite and PostgreSQL.

A statement is translated before it runs, or refused: what is not known to mean the same is never passed on.
"""

from rota.db.mariadb.fields import Field, translate_field
from rota.db.mariadb.placeholders import Shape, named, shape_of
from rota.db.mariadb.translation import Translated, UniqueKeys, translate
from rota.db.mariadb.types import ColumnTypes

__all__ = [
    "ColumnTypes",
    "Field",
    "Shape",
    "Translated",
    "UniqueKeys",
    "named",
    "shape_of",
    "translate",
    "translate_field",
]
