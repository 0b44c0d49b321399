"""`Documents`: the documents of a site for one user, one unit of work after the other.

What is asked for by name, by filters or as a list is read as Frappe reads it; `database` is what apps call
`frappe.db`, `permissions` says who may.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rota.documents.context import ADMINISTRATOR, DocumentContext
from rota.documents.database import DocumentDatabase
from rota.documents.defaults import Defaults, field_default
from rota.documents.delete import Deletion
from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.document import Document
from rota.documents.fieldtypes import CHILD, STANDARD, Kind
from rota.documents.naming import Series
from rota.documents.passwords import Passwords
from rota.documents.permissions import Permissions
from rota.documents.reading import Reading
from rota.documents.rename import rename_doc
from rota.documents.rows import rows_of
from rota.errors import DoesNotExistError, ValidationError


class Documents:
    """The documents of a site."""

    def __init__(self, context: DocumentContext) -> None:
        self.context = context
        self.session = context.session
        self.doctypes = context.doctypes
        self.views = frozenset(context.views)
        self.flags = AttrDict(context.flags)
        self.now = context.now
        self.series = Series(context.session, context.now)
        self.reading = Reading(self)
        self.permissions = Permissions(self)
        self.database = DocumentDatabase(self)
        self.passwords = Passwords(self)
        self.defaults = Defaults(self)
        self._deletion = Deletion(self)
        self._kept: dict[tuple[str, Any], Any] = {}
        self._keeping = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Documents:
        return self

    # --- who and what ---

    @property
    def user(self) -> str:
        """The user who acts."""
        return self.context.user

    @user.setter
    def user(self, user: str) -> None:
        self.context.user = user
        self.permissions.forget()
        self.defaults.forget()

    def message(self, text: str, **options: Any) -> None:
        """Tell the user something."""
        self.context.message(text, **options)

    def get_meta(self, doctype: str) -> Meta:
        """The DocType of this name.

        Raises:
            DoctypeNotFoundError: there is none.
        """
        return self.doctypes.get(doctype)

    def controller(self, doctype: str) -> type[Document]:
        """The class of a DocType's documents."""
        return self.context.controller(self.get_meta(doctype)) or Document

    def run_doc_events(self, doc: Any, event: str) -> Any:
        """Run the hooks for an event of a document."""
        return self.context.run_doc_events(doc, event)

    # --- documents ---

    def make(self, *args: Any, doctype: str | None = None, **kwargs: Any) -> Any:
        """A document of its DocType's class: `make({"doctype": ..., ...})`, or `make(doctype, name)`."""
        first = args[0] if args else None
        name = doctype or (first if isinstance(first, str) else (first or kwargs).get("doctype"))
        if not name:
            raise ValueError("a document needs its doctype")
        kind = self.controller(name)
        doc = kind.__new__(kind)
        doc.__dict__["_documents"] = self
        doc.__init__(*args, **({**kwargs, "doctype": doctype} if doctype else kwargs))  # type: ignore[misc]
        return doc

    def get_doc(self, *args: Any, **kwargs: Any) -> Any:
        """A document: `(doctype, name)`, `(doctype, filters)`, `(single)`, or a new one of a dict or keywords.

        `for_update` locks the row until the transaction ends.

        Raises:
            DoesNotExistError: there is none.
        """
        first = args[0] if args else kwargs.pop("arg1", None)
        if isinstance(first, Document):
            return first
        if isinstance(first, str):
            name = args[1] if len(args) > 1 else kwargs.pop("name", first)
            if name is None:
                raise DoesNotExistError(f"{first} None not found")
            for_update = bool(kwargs.pop("for_update", False))
            check = kwargs.pop("check_permission", None)
            found = self.make(first, name, for_update=for_update)
            if check:
                found.check_permission("read" if check is True else check)
            return found
        if isinstance(first, Mapping):
            return self.make({**first, **kwargs})
        if kwargs.get("doctype"):
            return self.make({**kwargs})
        raise ValueError("get_doc takes a DocType and a name, or the values of a new document with its doctype")

    def new_doc(
        self, doctype: str, parent_doc: Any = None, parentfield: str | None = None, as_dict: bool = False, **values: Any
    ) -> Any:
        """A new document with its fields' defaults, not stored yet."""
        doc = self.make({"doctype": doctype, "__islocal": 1, "docstatus": 0, "owner": self.user})
        self.fill_defaults(doc)
        doc.update(values)
        if parent_doc is not None:
            doc.update({"parent": parent_doc.name, "parenttype": parent_doc.doctype, "parentfield": parentfield})
        return doc.as_dict() if as_dict else doc

    def fill_defaults(self, doc: Any) -> None:
        """Give the fields that have no value their default."""
        if doc.flags.ignore_default_values or self.flags.in_import:
            return
        for one in (doc, *doc.get_all_children()):
            own = one.__dict__
            for field in one.meta.fields:
                if field.has_column and own.get(field.fieldname) is None:
                    own[field.fieldname] = field_default(self, one, field)

    def get_last_doc(
        self, doctype: str, filters: Any = None, order_by: str = "creation desc", *, for_update: bool = False
    ) -> Any:
        """The newest document that the filters pick.

        Raises:
            DoesNotExistError: there is none.
        """
        names = self.get_all(doctype, filters=filters, order_by=order_by, limit=1, pluck="name")
        if not names:
            raise DoesNotExistError(f"{doctype}: no document matches {filters!r}")
        return self.get_doc(doctype, names[0], for_update=for_update)

    def get_single(self, doctype: str) -> Any:
        """A Single."""
        return self.get_doc(doctype, doctype)

    def get_cached_doc(self, doctype: str, name: Any = None) -> Any:
        """A document as it was when it was first asked for in this transaction, or saved since. Don't change it."""
        key = (doctype, str(doctype if name is None or isinstance(name, dict) else name))
        if isinstance(name, dict):
            return self.get_doc(doctype, name)
        if not self._keeping:
            self._keeping = True
            self.session.after_commit.add(self.forget_all)
            self.session.after_rollback.add(self.forget_all)
        if key not in self._kept:
            self._kept[key] = self.get_doc(doctype, key[1] if name is None else name)
        return self._kept[key]

    def get_cached_value(self, doctype: str, name: Any, fieldname: Any = "name", as_dict: bool = False) -> Any:
        """Values of a document as `get_cached_doc` has it; None when there is none."""
        try:
            doc = self.get_cached_doc(doctype, name)
        except DoesNotExistError:
            return None
        if isinstance(fieldname, str) and fieldname != "*":
            return AttrDict({fieldname: doc.get(fieldname)}) if as_dict else doc.get(fieldname)
        names = doc.meta.get_valid_columns() if fieldname == "*" else list(fieldname)
        values = [doc.get(one) for one in names]
        return AttrDict(zip(names, values, strict=True)) if as_dict else values

    def forget(self, doctype: str, name: Any = None) -> None:
        """A document was changed: `get_cached_doc` reads it anew."""
        if name is None:
            self._kept = {key: doc for key, doc in self._kept.items() if key[0] != doctype}
        else:
            self._kept.pop((doctype, str(name)), None)
        if doctype in ("User Permission", "Has Role", "User", "DocShare", "Role", "Custom DocPerm"):
            self.permissions.forget()
        if doctype in ("DefaultValue", "System Settings"):
            self.defaults.forget()

    def forget_all(self) -> None:
        """`get_cached_doc` reads every document anew."""
        self._kept.clear()
        self._keeping = False

    def copy_doc(self, doc: Any, ignore_no_copy: bool = True) -> Any:
        """A new document with the values of another, but for those that are not copied, such as its name."""
        values = doc.as_dict()
        twin = self.make({**values, "name": None, "__islocal": 1, "docstatus": 0})
        cleared = [*STANDARD, "amended_from", "amendment_date"]
        for one in (twin, *twin.get_all_children()):
            for name in cleared:
                if name not in ("idx", "docstatus"):
                    one.__dict__[name] = None
            one.__dict__["docstatus"], one.__dict__["__islocal"] = 0, 1
            for field in one.meta.fields:
                if field.no_copy and not ignore_no_copy:
                    one.__dict__[field.fieldname] = [] if field.kind is Kind.TABLE else None
            for name in ("parent",) if one is not twin else tuple(CHILD):
                one.__dict__.pop(name, None) if one is twin else one.__dict__.update({name: None})
        return twin

    # --- lists ---

    def get_all(self, doctype: str, *args: Any, **kwargs: Any) -> Any:
        """What the filters pick, whoever asks; see `Reading.get_all` for the options."""
        return self.reading.get_all(doctype, *args, **kwargs)

    def get_list(self, doctype: str, *args: Any, **kwargs: Any) -> Any:
        """What the filters pick of what the user may read; see `Reading.get_list`.

        Raises:
            PermissionError: the user may not read this DocType, or a field that is named.
        """
        return self.reading.get_list(doctype, *args, **kwargs)

    def get_value(self, *args: Any, **kwargs: Any) -> Any:
        """See `DocumentDatabase.get_value`."""
        return self.database.get_value(*args, **kwargs)

    def set_value(self, doctype: str, name: Any, fieldname: Any, value: Any = None) -> Any:
        """Change fields of a document with all its checks and hooks; the document."""
        doc = self.get_doc(doctype, name)
        doc.update(fieldname if isinstance(fieldname, Mapping) else {fieldname: value})
        return doc.save()

    def count(self, *args: Any, **kwargs: Any) -> int:
        """See `DocumentDatabase.count`."""
        return self.database.count(*args, **kwargs)

    def exists(self, *args: Any, **kwargs: Any) -> Any:
        """See `DocumentDatabase.exists`."""
        return self.database.exists(*args, **kwargs)

    # --- gone and renamed ---

    def delete_doc(self, doctype: str, name: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Delete documents; see `Deletion.delete_doc`."""
        return self._deletion.delete_doc(doctype, name, *args, **kwargs)

    def rename_doc(self, doctype: str, old: Any, new: Any, *args: Any, **kwargs: Any) -> Any:
        """Give a document another name, everywhere; the new name. See `rename.rename_doc`."""
        return rename_doc(self, doctype, old, new, *args, **kwargs)

    def check_no_back_links(self, doc: Any) -> None:
        """Refuse to cancel a document that submitted ones link to.

        Raises:
            LinkExistsError: one does.
        """
        self._deletion.check_no_back_links(doc, "Cancel")

    # --- rows, for documents ---

    def read_row(self, meta: Meta, name: Any, *, for_update: bool = False) -> dict[str, Any] | None:
        """The stored values of a document; None when there is none."""
        if meta.is_virtual and f"tab{meta['name']}" not in self.views:
            raise ValidationError(f"{meta['name']} is virtual: its controller has to define load_from_db")
        if not isinstance(name, (str, int)):
            name = str(name)
        if meta.is_autoincrement and not str(name).isdigit():
            return None
        rows = rows_of(meta, self.session.dialect)
        return rows.select(
            self.reading.source_of(meta), name, for_update=for_update and f"tab{meta['name']}" not in self.views
        )

    def read_children(self, meta: Meta, parent: Any, parenttype: str, parentfield: str) -> list[dict[str, Any]]:
        """The stored values of child rows, in order."""
        return rows_of(meta, self.session.dialect).children(self.session, parent, parenttype, parentfield)


__all__ = ["ADMINISTRATOR", "Documents"]
