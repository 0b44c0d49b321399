"""Virtual DocTypes: those whose controller stores them, and those that are views over other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.db import Connection
from rota.documents.dictionary import AttrDict
from rota.documents.session import Reads
from rota.errors import ValidationError

if TYPE_CHECKING:
    from rota.documents.documents import Documents


class ReadOnly(Reads):
    """A connection that only reads: where the views of virtual DocTypes are, on SQLite."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect


def virtual_list(documents: Documents, doctype: str, options: dict[str, Any], *, pluck: Any, as_list: bool) -> Any:
    """What the controller's `get_list(args)` gives, in the shape that was asked for.

    Raises:
        ValidationError: the controller defines none.
    """
    controller: Any = documents.controller(doctype)
    if not hasattr(controller, "get_list"):
        raise ValidationError(f"{doctype} is virtual: its controller has to define get_list")
    given = AttrDict({key: value for key, value in options.items() if value is not None})
    given.update(
        doctype=doctype,
        limit_start=options.get("offset") or 0,
        start=options.get("offset") or 0,
        limit_page_length=options.get("limit") or 0,
        page_length=options.get("limit") or 0,
    )
    if as_list:
        given["as_list"] = True
    rows = controller.get_list(given) or []
    if pluck:
        return [row.get(pluck) if hasattr(row, "get") else row for row in rows]
    return [AttrDict(row) if isinstance(row, dict) else row for row in rows]


def virtual_count(documents: Documents, doctype: str, filters: Any) -> int:
    """What the controller's `get_count(args)` gives."""
    controller: Any = documents.controller(doctype)
    if not hasattr(controller, "get_count"):
        return len(
            virtual_list(documents, doctype, {"filters": filters, "fields": ["name"]}, pluck=None, as_list=False)
        )
    return int(controller.get_count(AttrDict(doctype=doctype, filters=filters)))
