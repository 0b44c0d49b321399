"""The only place that knows a database driver.

A `Database` says where the tables are and opens `Connection`s; SQL goes in with `:name` parameters on every database.
"""

from rota.db.connection import Connection, Database
from rota.db.statements import Statements
from rota.db.url import open_database

__all__ = ["Connection", "Database", "Statements", "open_database"]
