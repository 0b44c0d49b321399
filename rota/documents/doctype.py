"""What a DocType says: `Meta` and its `Field`s, with the attribute names that apps use on `frappe.get_meta(...)`.

Both are dicts with attributes, as everything in Frappe's JSON may be asked for; what is absent is None. Treat them as
read-only: they are shared by all who use the DocType.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from rota.documents.dictionary import AttrDict
from rota.documents.fieldtypes import (
    CHILD,
    FIELD_TYPES,
    OPTIONAL,
    STANDARD,
    STANDARD_LABELS,
    TABLE_TYPES,
    WITHOUT_COLUMN,
    Kind,
)
from rota.documents.values import to_int

_LISTS = ("fields", "permissions", "links", "actions", "states")


class Row(AttrDict):
    """A row of a DocType's definition: a permission, a link, an action, a state."""

    def as_dict(self) -> AttrDict:
        """Its values, as a dict of their own."""
        return AttrDict(self)


class Field(Row):
    """A field of a DocType (Frappe's DocField): `fieldname`, `fieldtype`, `options`, `reqd`, ..."""

    __slots__ = ("has_column", "kind", "length_limit")

    kind: Kind
    has_column: bool
    length_limit: int

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        kind = FIELD_TYPES.get(self.get("fieldtype") or "Data", Kind.TEXT)
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "has_column", kind not in WITHOUT_COLUMN and not to_int(self.get("is_virtual")))
        object.__setattr__(self, "length_limit", to_int(self.get("length")) or 140 if kind is Kind.TEXT else 0)

    def precision_or(self, default: int) -> int:
        """The digits after the point that the field asks for."""
        asked = self.get("precision")
        return to_int(asked) if asked not in (None, "") else default


class Meta(AttrDict):
    """A DocType with its custom fields and property setters merged."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self["fields"] = [one if isinstance(one, Field) else Field(one) for one in values.get("fields") or ()]
        for key in _LISTS[1:]:
            self[key] = [Row(one) for one in values.get(key) or ()]
        for flag in ("istable", "issingle", "is_submittable", "is_virtual", "custom", "is_tree", "track_changes"):
            self[flag] = to_int(values.get(flag))
        self.setdefault("sort_field", "modified")
        self.setdefault("sort_order", "DESC")
        # Attributes that are found at once, where a dict's keys take a detour.
        self.__dict__.update((key, value) for key, value in self.items() if not hasattr(type(self), key))

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if key in self.__dict__:
            self.__dict__[key] = value

    def __deepcopy__(self, memo: dict[int, Any]) -> Meta:
        return self

    # --- fields ---

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by their name."""
        return {field.fieldname: field for field in self.fields}

    def get_field(self, fieldname: str) -> Field | None:
        """The field of this name; None for a standard column or an unknown name."""
        return self.by_name.get(fieldname)

    def has_field(self, fieldname: str) -> bool:
        """Whether the DocType declares this field."""
        return fieldname in self.by_name

    def get(self, key: str, filters: Any = None, limit: int | None = None, default: Any = None) -> Any:
        """A value of the DocType; of a list, the rows that `filters` (a dict) picks."""
        value = super().get(key, default if filters is None else None)
        if isinstance(filters, dict) and isinstance(value, list):
            rows = [row for row in value if all(_matches(row.get(name), want) for name, want in filters.items())]
            return rows[:limit] if limit else rows
        return value if filters is None or isinstance(filters, dict) or value is not None else filters

    def get_label(self, fieldname: str) -> str:
        """The field's label, for people."""
        field = self.by_name.get(fieldname)
        if field is not None:
            return field.label or fieldname.replace("_", " ").title()
        return STANDARD_LABELS.get(fieldname, "No Label")

    def get_options(self, fieldname: str) -> str | None:
        """The field's options."""
        field = self.by_name.get(fieldname)
        return field.options if field else None

    def of_type(self, *types: str) -> list[Field]:
        """The fields of these field types, in order."""
        return [field for field in self.fields if field.fieldtype in types]

    def get_link_fields(self) -> list[Field]:
        """The Link fields that name a DocType."""
        return [field for field in self.of_type("Link") if field.options != "[Select]"]

    def get_dynamic_link_fields(self) -> list[Field]:
        """The Dynamic Link fields."""
        return self.of_type("Dynamic Link")

    def get_select_fields(self) -> list[Field]:
        """The Select fields with a list of their own."""
        return [field for field in self.of_type("Select") if field.options not in (None, "", "[Select]", "Loading...")]

    def get_data_fields(self) -> list[Field]:
        """The Data fields."""
        return self.of_type("Data")

    def get_image_fields(self) -> list[Field]:
        """The Attach Image fields."""
        return self.of_type("Attach Image")

    def get_code_fields(self) -> list[Field]:
        """The Code fields."""
        return self.of_type("Code")

    def get_phone_fields(self) -> list[Field]:
        """The Phone fields."""
        return self.of_type("Phone")

    def get_set_only_once_fields(self) -> list[Field]:
        """The fields that may be set once and never changed."""
        return self._set_only_once_fields

    @cached_property
    def _set_only_once_fields(self) -> list[Field]:
        return [field for field in self.fields if to_int(field.set_only_once)]

    @cached_property
    def password_fields(self) -> list[Field]:
        """The Password fields that are stored."""
        return [field for field in self.of_type("Password") if field.has_column]

    @cached_property
    def table_fields(self) -> list[Field]:
        """The Table and Table MultiSelect fields that are stored."""
        return [field for field in self.of_type(*TABLE_TYPES) if not to_int(field.is_virtual)]

    def get_table_fields(self, include_computed: bool = False) -> list[Field]:
        """The fields that hold child rows."""
        return self.of_type(*TABLE_TYPES) if include_computed else self.table_fields

    def get_table_field_doctype(self, fieldname: str) -> str | None:
        """The child DocType of a Table field."""
        field = self.by_name.get(fieldname)
        return field.options if field is not None and field.fieldtype in TABLE_TYPES else None

    def get_virtual_fields(self) -> list[Field]:
        """The fields without a column, which the controller computes."""
        return self.virtual_fields

    @cached_property
    def virtual_fields(self) -> list[Field]:
        """The fields without a column, which the controller computes."""
        return [field for field in self.fields if to_int(field.is_virtual)]

    def get_custom_fields(self) -> list[Field]:
        """The fields that Custom Field documents add."""
        return [field for field in self.fields if to_int(field.is_custom_field)]

    def get_fields_to_fetch(self, link_fieldname: str | None = None) -> list[Field]:
        """The fields whose value is fetched from a linked document (`fetch_from` is `LINK.FIELD`)."""
        fetched = [field for field in self.fields if "." in (field.fetch_from or "")]
        if link_fieldname is None:
            return fetched
        return [field for field in fetched if field.fetch_from.split(".", 1)[0] == link_fieldname]

    # --- columns ---

    @cached_property
    def column_kinds(self) -> dict[str, Kind]:
        """The kind of each column that documents of this DocType have, standard ones first."""
        kinds = {name: FIELD_TYPES[fieldtype] for name, fieldtype in STANDARD.items()}
        if self.is_autoincrement:
            kinds["name"] = Kind.INT
        if self.istable:
            kinds |= {name: FIELD_TYPES[fieldtype] for name, fieldtype in CHILD.items()}
        kinds |= {field.fieldname: field.kind for field in self.fields if field.has_column}
        return kinds

    @cached_property
    def all_kinds(self) -> dict[str, Kind]:
        """The kind of each column of the table, with `_user_tags` and its like."""
        if self.istable or self.issingle:
            return self.column_kinds
        return self.column_kinds | {name: FIELD_TYPES[fieldtype] for name, fieldtype in OPTIONAL.items()}

    @cached_property
    def is_autoincrement(self) -> bool:
        """Whether names are numbers that the database counts."""
        return (self.get("autoname") or "").lower() == "autoincrement" and not self.issingle

    def get_valid_columns(self) -> list[str]:
        """The names of all columns that a document has values for."""
        return list(self.column_kinds)

    def get_valid_fields(self) -> list[str]:
        """The names of the columns and of the Table fields."""
        return [*self.column_kinds, *(field.fieldname for field in self.table_fields)]

    def column_field_type(self, column: str) -> str | None:
        """The field type of a column, standard ones included; None when there is no such column."""
        field = self.by_name.get(column)
        if field is not None and field.has_column:
            return field.fieldtype or "Data"
        if column == "name" and self.is_autoincrement:
            return "Int"
        known = {**STANDARD, **(CHILD if self.istable else OPTIONAL)}
        return known.get(column)

    # --- what people see, and who may ---

    def get_title_field(self) -> str:
        """The field that a document is called by."""
        title: str | None = self.title_field
        if not title and self.has_field("title"):
            title = "title"
        return title or "name"

    def get_search_fields(self) -> list[str]:
        """The fields that a search looks at, `name` always among them."""
        fields = [one.strip() for one in (self.search_fields or "name").split(",") if one.strip()]
        return fields if "name" in fields else [*fields, "name"]

    def get_list_fields(self) -> list[str]:
        """The fields that a list shows."""
        return ["name", *(field.fieldname for field in self.fields if to_int(field.in_list_view) and field.has_column)]

    def get_permissions(self, parenttype: str | None = None) -> list[Row]:
        """The permission rows."""
        rows: list[Row] = self.permissions
        return rows

    @cached_property
    def high_permlevel(self) -> dict[str, int]:
        """The fields above permission level 0, with their level."""
        return {field.fieldname: level for field in self.fields if (level := to_int(field.permlevel)) > 0}

    def get_high_permlevel_fields(self) -> list[Field]:
        """The fields above permission level 0."""
        return [self.by_name[name] for name in self.high_permlevel]

    def get_naming_series_options(self) -> list[str]:
        """The series that `naming_series` offers."""
        return [one for one in (self.get_options("naming_series") or "").split("\n") if one]

    def is_nested_set(self) -> bool:
        """Whether documents form a tree with `lft` and `rgt`."""
        return self.has_field("lft") and self.has_field("rgt")

    def is_translatable(self, fieldname: str) -> bool:
        """Whether the field's values are translated for people."""
        field = self.by_name.get(fieldname)
        return bool(field is not None and to_int(field.translatable))

    def as_dict(self, no_nulls: bool = False) -> AttrDict:
        """The DocType as Frappe's JSON has it."""
        values = AttrDict({key: value for key, value in self.items() if not (no_nulls and value is None)})
        for key in _LISTS:
            values[key] = [AttrDict(row) for row in self[key]]
        return values


def _matches(value: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one, one of a list, or as `[operator, value]` says; 0 and nothing are the same."""
    if isinstance(wanted, (list, tuple)) and len(wanted) == 2 and wanted[0] in ("in", "not in", "=", "!="):
        inside = value in wanted[1] if "in" in wanted[0] else (value or None) == (wanted[1] or None)
        return inside is not (wanted[0] in ("not in", "!="))
    if isinstance(wanted, (list, tuple, set)):
        return value in wanted
    if wanted is True or wanted is False:
        return bool(value) is wanted
    return bool((value or None) == (wanted or None))


def strip_defaults(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a definition without what every row of a table has."""
    return [{key: value for key, value in row.items() if key not in STANDARD and key not in CHILD} for row in rows]
