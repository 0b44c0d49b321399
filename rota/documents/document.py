"""`Document`: the base of all controllers, with Frappe's life cycle.

    insert   before_insert, before_naming, autoname, before_validate, validate, before_save, [built-in checks], row,
             after_insert, on_update, on_change
    save     before_validate, validate, before_save, [built-in checks], row, on_update, on_change
    submit   before_validate, validate, before_submit, row, on_update, on_submit, on_change
    cancel   before_cancel, row, on_cancel, on_change
    save of a submitted document   before_update_after_submit, row, on_update_after_submit, on_change

Each of these is taken back as a whole when it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from rota.documents.base import BaseDocument, DocStatus, set_provider
from rota.documents.comparison import same_value
from rota.documents.dictionary import AttrDict
from rota.documents.fieldtypes import Kind
from rota.documents.lifecycle import change, check_if_latest, insert, name_new
from rota.documents.storage import delete_rows_not_in, insert_row, read_document, store_rows, update_row, write_single
from rota.errors import DoesNotExistError, PermissionError  # noqa: A004 - Frappe's name

__all__ = ["BaseDocument", "DocStatus", "Document", "set_provider"]


class Document(BaseDocument):
    """A document. `Document(doctype, name)` reads one; `Document({...})` and `Document(doctype=..., ...)` make one."""

    if TYPE_CHECKING:
        _action: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        first = args[0] if args else None
        if isinstance(first, str):
            super().__init__({"doctype": first})
            self.__dict__["name"] = args[1] if len(args) > 1 else first
            for_update = kwargs.pop("for_update", False)
            if for_update:
                self.flags.for_update = True
            if len(args) > 1 and isinstance(args[1], dict):
                self.__dict__["name"] = self._find(args[1])
            self.load_from_db()
        elif isinstance(first, Mapping):
            super().__init__({**first, **kwargs})
        elif first is None and kwargs:
            super().__init__(kwargs)
        else:
            raise ValueError(f"a document is made of its DocType's name, or of a dict; not of {first!r}")

    def _find(self, filters: dict[str, Any]) -> Any:
        name = self.documents.database.get_value(self.doctype, filters, "name")
        if name is None:
            raise DoesNotExistError(f"{self.doctype} {filters} not found")
        return name

    # --- reading ---

    def load_from_db(self) -> Self:
        """Read the document and its rows.

        Raises:
            DoesNotExistError: it is not there.
        """
        read_document(self, for_update=bool(self.flags.pop("for_update", False)))
        return self

    def reload(self) -> Self:
        """Read it again; what was not saved is forgotten."""
        self.__dict__.pop("_doc_before_save", None)
        self.load_from_db()
        return self

    def load_doc_before_save(self, *, raise_exception: bool = False) -> None:
        """Read how the document is stored now, and lock it, for `get_doc_before_save`."""
        self.__dict__["_doc_before_save"] = None
        if self.is_new() or not self.name:
            return
        try:
            self.__dict__["_doc_before_save"] = self.documents.get_doc(self.doctype, self.name, for_update=True)
        except DoesNotExistError:
            if raise_exception:
                raise

    def get_doc_before_save(self) -> Any:
        """The document as it was stored before the running save; None while it is inserted."""
        return self.__dict__.get("_doc_before_save")

    def has_value_changed(self, fieldname: str) -> bool:
        """Whether a field differs from what was stored before; of a new document, every field does."""
        before = self.get_doc_before_save()
        if before is None:
            return True
        kind = self.meta.column_kinds.get(fieldname, Kind.LONG)
        return not same_value(kind, before.get(fieldname), self.get(fieldname))

    def get_value_before_save(self, fieldname: str) -> Any:
        """A field's value as it was stored before."""
        before = self.get_doc_before_save()
        return before.get(fieldname) if before is not None else None

    # --- writing ---

    def insert(
        self,
        ignore_permissions: bool | None = None,
        ignore_links: bool | None = None,
        ignore_if_duplicate: bool = False,
        ignore_mandatory: bool | None = None,
        set_name: str | None = None,
        set_child_names: bool = True,
    ) -> Self:
        """Give the document a name and store it.

        Raises:
            DuplicateEntryError: its name is taken (not with `ignore_if_duplicate`).
            ValidationError, PermissionError: and their kinds.
        """
        self._set_flags(
            ignore_permissions=ignore_permissions, ignore_links=ignore_links, ignore_mandatory=ignore_mandatory
        )
        insert(self, ignore_if_duplicate=ignore_if_duplicate, set_name=set_name, set_child_names=set_child_names)
        return self

    def save(self, *args: Any, **kwargs: Any) -> Self:
        """Store the document; a new one is inserted. Options: `ignore_permissions`, `ignore_version`.

        Raises:
            TimestampMismatchError: somebody else changed it since it was read.
            ValidationError, PermissionError: and their kinds.
        """
        return self._save(*args, **kwargs)

    def _save(self, ignore_permissions: bool | None = None, ignore_version: bool | None = None) -> Self:
        self._set_flags(ignore_permissions=ignore_permissions, ignore_version=ignore_version)
        if self.is_new() or not self.name:
            return self.insert()
        change(self)
        return self

    def submit(self) -> Self:
        """Store the document as submitted."""
        self.docstatus = 1
        return self.save()

    def cancel(self) -> Self:
        """Store the document as cancelled."""
        self.docstatus = 2
        return self.save()

    def delete(
        self, ignore_permissions: bool = False, force: bool = False, *, delete_permanently: bool = False
    ) -> None:
        """Delete the document; see `Documents.delete_doc`."""
        self.documents.delete_doc(
            self.doctype,
            self.name,
            ignore_permissions=ignore_permissions,
            flags=self.flags,
            force=force,
            delete_permanently=delete_permanently,
        )

    def rename(self, name: str, merge: bool = False, force: bool = False, validate_rename: bool = True) -> None:
        """Give the document another name, everywhere."""
        self.name = self.documents.rename_doc(self.doctype, self.name, name, merge=merge, force=force)
        self.reload()

    def _set_flags(self, **flags: bool | None) -> None:
        for name, value in flags.items():
            if value is not None:
                self.flags[name] = value

    def db_set(
        self,
        fieldname: str | Mapping[str, Any],
        value: Any = None,
        update_modified: bool = True,
        notify: bool = False,
        commit: bool = False,
    ) -> None:
        """Write fields straight to the database, without the checks and hooks of `save` but for `on_change`."""
        values = dict(fieldname) if isinstance(fieldname, Mapping) else {fieldname: value}
        for key, one in values.items():
            self.set(key, one)
        if update_modified and (self.doctype, self.name) not in (self.documents.flags.currently_saving or ()):
            self.__dict__["modified"] = self.documents.now()
            self.__dict__["modified_by"] = self.documents.user
        self.run_method("before_change")
        if self.name is None:
            return
        database = self.documents.database
        stamps = {"modified": self.modified, "modified_by": self.modified_by} if update_modified else {}
        database.set_value(self.doctype, self.name, {**values, **stamps}, update_modified=False)
        self.run_method("on_change")
        if notify:
            self.notify_update()
        if commit:
            database.commit()

    def db_get(self, fieldname: str) -> Any:
        """A field's value as it is stored."""
        return self.documents.database.get_value(self.doctype, self.name, fieldname)

    def set_new_name(self, force: bool = False, set_name: Any = None, set_child_names: bool = True) -> None:
        """Give the document its name, as `insert` does, and its new rows theirs."""
        if force:
            self.flags.name_set = False
        name_new(self, set_name, set_child_names=set_child_names)

    def db_insert(self, ignore_if_duplicate: bool = False) -> None:
        """Store the row of a new document, without checks, hooks or child rows."""
        insert_row(self, ignore_if_duplicate=ignore_if_duplicate)

    def db_update(self) -> None:
        """Store the row of the document, without checks, hooks or child rows."""
        if self.is_new() or not self.name:
            self.db_insert()
        elif self.meta.issingle:
            write_single(self)
        else:
            update_row(self)

    def db_update_all(self) -> None:
        """Store the row and all child rows, without checks and hooks."""
        self.db_update()
        for row in self.get_all_children():
            row.db_update()

    def update_children(self) -> None:
        """Store the child rows; those no longer there are deleted."""
        for field in self.meta.table_fields:
            self.update_child_table(field.fieldname)

    def update_child_table(self, fieldname: str, df: Any = None) -> None:
        """Store the rows of a table field; those no longer there are deleted."""
        rows = self._rows(fieldname)
        delete_rows_not_in(self, fieldname, rows)
        if _go_together(rows):
            store_rows(rows)
        else:
            for row in rows:
                row.db_update()

    def insert_children(self) -> None:
        """Store the rows of a new document: all of them are new, even those that have a name."""
        for field in self.meta.table_fields:
            rows = self._rows(field.fieldname)
            if _go_together(rows):
                store_rows(rows, are_new=True)
            else:
                for row in rows:
                    row.db_insert()

    # --- who may ---

    def check_permission(self, permtype: str = "read", permlevel: int | None = None) -> None:
        """Refuse unless the user has this permission.

        Raises:
            PermissionError: the user has not.
        """
        if not self.has_permission(permtype):
            self.raise_no_permission_to(permtype)

    def has_permission(self, permtype: str = "read", *, debug: bool = False, user: str | None = None) -> bool:
        """Whether the user has this permission."""
        if self.flags.ignore_permissions:
            return True
        return self.documents.permissions.has_permission(self.doctype, permtype, doc=self, user=user)

    def raise_no_permission_to(self, perm_type: str) -> None:
        """Say that the user may not."""
        raise PermissionError(f"No permission to {perm_type} {self.doctype} {self.name or ''}".rstrip())

    def apply_fieldlevel_read_permissions(self) -> None:
        """Empty the fields that the user may not read."""
        self.documents.permissions.hide_unreadable(self)

    def get_permlevel_access(self, permission_type: str = "write") -> list[int]:
        """The permission levels that the user has this permission on."""
        return sorted(self.documents.permissions.levels(self.meta, permission_type, doc=self))

    # --- hooks ---

    def run_method(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call the controller's method, then the hooks for it; what the controller's method gave."""
        function = getattr(type(self), method, None)
        if function is None:
            function = self.__dict__.get(method)
            result = function(*args, **kwargs) if callable(function) else None
        else:
            result = getattr(self, method)(*args, **kwargs)
        hooked = self.documents.run_doc_events(self, method)
        return result if result is not None else hooked

    def run_trigger(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The same as `run_method`."""
        return self.run_method(method, *args, **kwargs)

    def notify_update(self) -> None:
        """Tell those who look at the document, once the transaction is committed."""
        self.documents.context.notify_update(self)

    # --- more of what people see ---

    def get_title(self) -> Any:
        """What people call the document."""
        return self.get(self.meta.get_title_field()) or self.name

    def set_onload(self, key: str, value: Any) -> None:
        """Keep a value that travels to the browser with the document."""
        self.__dict__.setdefault("__onload", AttrDict())[key] = value

    def get_onload(self, key: str | None = None) -> Any:
        """What `set_onload` kept."""
        kept = self.__dict__.get("__onload") or AttrDict()
        return kept.get(key) if key else kept

    def get_password(self, fieldname: str = "password", raise_exception: bool = True) -> str | None:
        """The secret that a Password field holds, in the clear."""
        given = self.get(fieldname)
        if given and not set(str(given)) <= {"*"}:
            return str(given)
        return self.documents.passwords.get(self.doctype, self.name, fieldname, raise_exception=raise_exception)

    def add_comment(
        self,
        comment_type: str = "Comment",
        text: str | None = None,
        comment_email: str | None = None,
        comment_by: str | None = None,
    ) -> Any:
        """Add a Comment to the document's timeline."""
        comment = self.documents.new_doc(
            "Comment",
            comment_type=comment_type,
            comment_email=comment_email or self.documents.user,
            comment_by=comment_by,
            reference_doctype=self.doctype,
            reference_name=str(self.name),
            content=text or comment_type,
        )
        return comment.insert(ignore_permissions=True)

    def get_signature(self) -> str:
        """A text that only changes with the document."""
        import hashlib

        return hashlib.sha256(f"{self.doctype}{self.name}{self.creation}".encode()).hexdigest()[:56]

    def check_if_latest(self) -> None:
        """Read what is stored, refuse if it is newer than this, and find out what the save is.

        Raises:
            TimestampMismatchError, DocstatusTransitionError: see `save`.
        """
        check_if_latest(self)


def _go_together(rows: list[Any]) -> bool:
    """Whether rows can be stored in one go: they are of one DocType, and its class has no way of its own."""
    if len(rows) < 2 or any(row.doctype != rows[0].doctype for row in rows):
        return False
    kind = type(rows[0])
    return kind.db_insert is Document.db_insert and kind.db_update is Document.db_update
