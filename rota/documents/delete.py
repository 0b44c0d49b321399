"""Delete documents: hooks, links that forbid it, child rows, and the copy that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.naming import take_back_number
from rota.documents.rows import rows_of
from rota.documents.sql import quote, table_of
from rota.documents.values import to_json
from rota.errors import DoesNotExistError, LinkExistsError, ValidationError

if TYPE_CHECKING:
    from rota.documents.documents import Documents

# What links to documents without being a reason to keep them.
IGNORED = frozenset(
    {
        "Communication", "ToDo", "DocShare", "Email Unsubscribe", "Activity Log", "File", "Version", "Document Follow",
        "Comment", "View Log", "Tag Link", "Notification Log", "Email Queue", "Document Share Key",
        "Integration Request", "Error Log", "Access Log", "Deleted Document", "Scheduled Job Log", "RQ Job",
    }
)  # fmt: skip
_WITHOUT_COPY = frozenset(
    {"Deleted Document", "Error Log", "Version", "Email Queue", "Scheduled Job Log", "Activity Log"}
)


class Deletion:
    """Deletes the documents of one site."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def delete_doc(
        self,
        doctype: str | None,
        name: Any = None,
        force: Any = 0,
        ignore_doctypes: Any = None,
        for_reload: bool = False,
        ignore_permissions: bool = False,
        flags: Any = None,
        ignore_on_trash: bool = False,
        ignore_missing: bool = True,
        delete_permanently: bool = False,
    ) -> Any:
        """Delete a document, or each of a list of names; False when it is not there.

        Raises:
            LinkExistsError: another document links to it (not with `force`).
            DoesNotExistError: it is not there, and `ignore_missing` is False.
            ValidationError: it is submitted.
            PermissionError: the user may not.
        """
        if not doctype:
            raise ValidationError("say which DocType to delete from")
        names = list(name) if isinstance(name, (list, tuple)) else [doctype if name is None else name]
        ignored = frozenset(ignore_doctypes or ())
        for one in names:
            try:
                doc = self._documents.get_doc(doctype, one)
            except DoesNotExistError:
                if not ignore_missing:
                    raise
                return False
            if flags:
                doc.flags.update(flags)
            doc.flags.ignore_permissions = bool(ignore_permissions) or doc.flags.ignore_permissions
            doc.flags.in_delete = True
            with self._documents.session.atomic():
                self._delete(
                    doc, force=bool(force), ignored=ignored, for_reload=for_reload, ignore_on_trash=ignore_on_trash
                )
                if not for_reload and not delete_permanently and doctype not in _WITHOUT_COPY:
                    self._keep_copy(doc)
        return None

    def _delete(
        self, doc: Any, *, force: bool, ignored: frozenset[str], for_reload: bool, ignore_on_trash: bool
    ) -> None:
        documents, meta = self._documents, doc.meta
        if not for_reload:
            if not ignore_on_trash:
                doc.run_method("on_trash")
            if not doc.flags.ignore_permissions:
                doc.check_permission("delete")
            if doc.docstatus.is_submitted() and not force:
                raise ValidationError(
                    f"{doc.doctype} {doc.name}: Submitted Record cannot be deleted. You must Cancel it first."
                )
            if not force:
                self.check_no_links(doc, ignored)
        if meta.is_virtual:
            doc.delete_from_table() if hasattr(doc, "delete_from_table") else type(doc).delete(doc)
            return
        self._delete_rows(doc, meta)
        documents.passwords.forget(doc.doctype, doc.name)
        if not for_reload:
            take_back_number(doc, documents.series)
            doc.run_method("after_delete")
            self._delete_references(doc)
            documents.context.after_delete(doc)
        documents.forget(doc.doctype, doc.name)

    def _delete_rows(self, doc: Any, meta: Meta) -> None:
        session = self._documents.session
        for field in meta.table_fields:
            child = self._documents.get_meta(field.options)
            if not child.is_virtual:
                rows_of(child, session.dialect).delete_children(session, doc.name, doc.doctype, field.fieldname)
        if meta.issingle:
            session.write('delete from "tabSingles" where doctype = :name', {"name": doc.doctype})
        else:
            rows_of(meta, session.dialect).delete(session, doc.name)

    def _delete_references(self, doc: Any) -> None:
        """Shares, comments and user permissions go with their document."""
        session = self._documents.session
        values = {"doctype": doc.doctype, "name": str(doc.name)}
        for table, kind, name in (
            ("tabDocShare", "share_doctype", "share_name"),
            ("tabComment", "reference_doctype", "reference_name"),
            ("tabUser Permission", "allow", "for_value"),
        ):
            session.write(
                f"delete from {quote(table, session.dialect)} where {kind} = :doctype and {name} = :name",
                values,
            )

    def _keep_copy(self, doc: Any) -> None:
        copy = self._documents.new_doc(
            "Deleted Document",
            deleted_doctype=doc.doctype,
            deleted_name=str(doc.name),
            data=to_json(doc.as_dict()),
            owner=self._documents.user,
        )
        copy.flags.ignore_permissions = True
        copy.insert(ignore_permissions=True)

    # --- links ---

    def check_no_links(self, doc: Any, ignored: frozenset[str] = frozenset()) -> None:
        """Refuse while a document that is not cancelled links to this one.

        Raises:
            LinkExistsError: one does.
        """
        for found in self._links_to(doc, ignored):
            if found.docstatus != 2:
                self._refuse(doc, found, "delete")

    def check_no_back_links(self, doc: Any, method: str = "Cancel") -> None:
        """Refuse while a submitted document links to this one.

        Raises:
            LinkExistsError: one does.
        """
        ignored = frozenset(doc.get("ignore_linked_doctypes") or ())
        for found in self._links_to(doc, ignored):
            if found.docstatus == 1:
                self._refuse(doc, found, method.lower())

    def _refuse(self, doc: Any, found: AttrDict, what: str) -> None:
        row = f" Row #{found.row}" if found.row else ""
        raise LinkExistsError(
            f"Cannot {what} or cancel because {doc.doctype} {doc.name} is linked with {found.doctype} {found.name}{row}"
            if what == "delete"
            else f"Cannot {what} because {doc.doctype} {doc.name} is linked with {found.doctype} {found.name}{row}"
        )

    def _links_to(self, doc: Any, ignored: frozenset[str]) -> Iterator[AttrDict]:
        skipped = IGNORED | ignored | frozenset(self._documents.context.ignore_links_on_delete)
        for doctype, field, kind_field in link_fields_to(self._documents, doc.doctype):
            meta = self._documents.get_meta(doctype)
            if doctype in skipped or meta.is_virtual:
                continue
            if meta.issingle:
                yield from self._single_link(doc, doctype, field, kind_field)
                continue
            columns = "parent, parenttype, idx, docstatus" if meta.istable else "name, '', 0, docstatus"
            dialect = self._documents.session.dialect
            condition = f"{quote(field, dialect)} = :name" + (
                f" and {quote(kind_field, dialect)} = :doctype" if kind_field else ""
            )
            rows = self._documents.session.query(
                f"select {columns} from {quote(table_of(doctype), dialect)} where {condition} limit 20",
                {"name": str(doc.name), "doctype": doc.doctype},
            )
            for name, parenttype, idx, docstatus in rows:
                linked, is_itself = parenttype or doctype, str(name) == str(doc.name)
                if linked in skipped or (is_itself and linked == doc.doctype):
                    continue
                yield AttrDict(doctype=linked, name=name, row=idx, docstatus=docstatus)

    def _single_link(self, doc: Any, doctype: str, field: str, kind_field: str) -> Iterator[AttrDict]:
        values = self._documents.database.get_singles_dict(doctype)
        if values.get(field) == str(doc.name) and (not kind_field or values.get(kind_field) == doc.doctype):
            yield AttrDict(doctype=doctype, name=doctype, row=0, docstatus=0)


def link_fields_to(documents: Documents, doctype: str) -> list[tuple[str, str, str]]:
    """Every field that links to a DocType: the DocType it is in, the field, and the field that says where to, or ""."""
    found: list[tuple[str, str, str]] = []
    session = documents.session
    by_link = "fieldtype = 'Link' and options = :doctype"
    rows = session.query(
        f'select parent, fieldname from "tabDocField" where {by_link} union '
        f'select dt, fieldname from "tabCustom Field" where {by_link} order by 1, 2',
        {"doctype": doctype},
    )
    dynamic = session.query(
        "select parent, fieldname, options from \"tabDocField\" where fieldtype = 'Dynamic Link' union "
        "select dt, fieldname, options from \"tabCustom Field\" where fieldtype = 'Dynamic Link' order by 1, 2"
    )
    for parent, field, kind_field in [*((one, two, "") for one, two in rows), *dynamic]:
        if not documents.doctypes.exists(parent):
            continue
        columns = documents.get_meta(parent).column_kinds
        if field in columns and (not kind_field or kind_field in columns):
            found.append((parent, field, kind_field or ""))
    return found
