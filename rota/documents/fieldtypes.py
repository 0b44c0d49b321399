"""The field types of Frappe, by the kind of value that their column holds, and the columns that every table has."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a column holds. Everything that depends on a column's type is a table by this."""

    TEXT = "text"  # up to 140 characters, or the field's length
    LONG = "long"  # text of any length
    JSON = "json"  # JSON, kept and handed out as text
    INT = "int"
    CHECK = "check"  # 0 or 1
    FLOAT = "float"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    TABLE = "table"  # rows of a child DocType: no column
    NONE = "none"  # layout: no column


TEXTS = frozenset({Kind.TEXT, Kind.LONG, Kind.JSON})
NUMBERS = frozenset({Kind.INT, Kind.CHECK, Kind.FLOAT})
TIMES = frozenset({Kind.DATE, Kind.DATETIME, Kind.TIME})
WITHOUT_COLUMN = frozenset({Kind.TABLE, Kind.NONE})

_NAMES: dict[Kind, str] = {
    Kind.TEXT: "Data, Link, Dynamic Link, Select, Read Only, Color, Icon, Phone, Autocomplete",
    Kind.LONG: "Small Text, Text, Long Text, Code, Text Editor, Markdown Editor, HTML Editor, Attach, Attach Image, "
    "Password, Signature, Geolocation, Barcode",
    Kind.JSON: "JSON",
    Kind.INT: "Int, Long Int",
    Kind.CHECK: "Check",
    Kind.FLOAT: "Float, Currency, Percent, Duration, Rating",
    Kind.DATE: "Date",
    Kind.DATETIME: "Datetime",
    Kind.TIME: "Time",
    Kind.TABLE: "Table, Table MultiSelect",
    Kind.NONE: "Section Break, Column Break, Tab Break, Button, HTML, Heading, Image, Fold",
}
FIELD_TYPES: dict[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split(", ")}
"""The kind of each field type."""

FIELDTYPE_OF: dict[Kind, str] = {kind: names.split(", ", 1)[0] for kind, names in _NAMES.items()}
"""A field type of each kind."""

KIND_OF: dict[str, Kind] = {
    **dict.fromkeys(("null", "text", "unknown"), Kind.LONG),
    **dict.fromkeys(("int", "bool"), Kind.INT),
    **dict.fromkeys(("decimal", "double"), Kind.FLOAT),
    **{kind.value: kind for kind in (Kind.DATE, Kind.DATETIME, Kind.TIME)},
}
"""The kind of what an expression in MariaDB's SQL gives, by the name that its translation has for it."""

TABLE_TYPES = ("Table", "Table MultiSelect")
DISPLAY_TYPES = tuple(name for name, kind in FIELD_TYPES.items() if kind is Kind.NONE)
DATA_TYPES = tuple(name for name, kind in FIELD_TYPES.items() if kind not in WITHOUT_COLUMN)
MAX_LENGTH = 140

# name, and what a column of it is
STANDARD: dict[str, str] = {
    "name": "Data",
    "owner": "Link",
    "creation": "Datetime",
    "modified": "Datetime",
    "modified_by": "Link",
    "docstatus": "Int",
    "idx": "Int",
}
CHILD: dict[str, str] = {"parent": "Data", "parentfield": "Data", "parenttype": "Data"}
OPTIONAL: dict[str, str] = {"_user_tags": "Text", "_comments": "Text", "_assign": "Text", "_liked_by": "Text"}

STANDARD_LABELS: dict[str, str] = {
    "name": "ID",
    "owner": "Created By",
    "creation": "Created On",
    "modified": "Last Updated On",
    "modified_by": "Last Updated By",
    "docstatus": "Document Status",
    "idx": "Index",
    "parent": "Parent",
    "parentfield": "Parent Field",
    "parenttype": "Parent Type",
    "_user_tags": "Tags",
    "_comments": "Comments",
    "_assign": "Assigned To",
    "_liked_by": "Liked By",
}
