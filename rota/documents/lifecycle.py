"""The steps of `insert` and `save`, in Frappe's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.documents.naming import set_new_name, valid_name
from rota.documents.sanitizing import sanitize
from rota.documents.storage import stamp, write_single
from rota.documents.validation import check_update_after_submit, validate, validate_links
from rota.documents.values import to_datetime, to_int
from rota.errors import DocstatusTransitionError, DocumentLockedError, TimestampMismatchError, ValidationError

if TYPE_CHECKING:
    from rota.documents.document import Document

_STATES = {0: "Draft", 1: "Submitted", 2: "Cancelled"}

# What a save is, by the docstatus before and after.
TRANSITIONS: dict[tuple[int, int], str] = {
    (0, 0): "save",
    (0, 1): "submit",
    (1, 1): "update_after_submit",
    (1, 2): "cancel",
}
BEFORE: dict[str, tuple[str, ...]] = {
    "save": ("before_validate", "validate", "before_save"),
    "submit": ("before_validate", "validate", "before_submit"),
    "cancel": ("before_cancel",),
    "update_after_submit": ("before_update_after_submit",),
}
AFTER: dict[str, tuple[str, ...]] = {
    "save": ("on_update",),
    "submit": ("on_update", "on_submit"),
    "cancel": ("on_cancel",),
    "update_after_submit": ("on_update_after_submit",),
}


def insert(doc: Document, *, ignore_if_duplicate: bool, set_name: str | None, set_child_names: bool) -> None:
    """Store a new document."""
    doc.__dict__["__islocal"] = 1
    documents = doc.documents
    with documents.session.atomic():
        documents.fill_defaults(doc)
        stamp(doc)
        _set_docstatus(doc)
        _check_transition(doc, 0)
        doc.check_permission("create")
        validate_links(doc)
        doc.run_method("before_insert")
        name_new(doc, set_name, set_child_names=set_child_names)
        _set_parents(doc)
        documents.permissions.reset_unwritable(doc)
        doc.flags.in_insert = True
        _before(doc)
        sanitize(doc)
        validate(doc)
        documents.passwords.keep(doc)
        _set_docstatus(doc)
        if doc.meta.issingle:
            write_single(doc)
        else:
            doc.db_insert(ignore_if_duplicate=ignore_if_duplicate)
        doc.insert_children()
        doc.run_method("after_insert")
        doc.flags.in_insert = False
        doc.__dict__.pop("__islocal", None)
        _after(doc)


def change(doc: Document) -> None:
    """Store a document that is there already."""
    documents = doc.documents
    with documents.session.atomic():
        _check_lock(doc)
        doc.check_permission("write")
        stamp(doc)
        _set_docstatus(doc)
        doc.check_if_latest()
        _set_parents(doc)
        _name_children(doc)
        documents.permissions.reset_unwritable(doc)
        validate_links(doc)
        _before(doc)
        if doc._action != "cancel":
            sanitize(doc)
            validate(doc)
        if doc._action == "update_after_submit":
            check_update_after_submit(doc)
        documents.passwords.keep(doc)
        _set_docstatus(doc)
        if doc.meta.issingle:
            write_single(doc)
        else:
            doc.db_update()
        doc.update_children()
        _after(doc)


def check_if_latest(doc: Document) -> None:
    """Read and lock what is stored; refuse if it is newer than what was read; find out what the save is."""
    if doc.is_new():
        _check_transition(doc, 0)
        return
    doc.load_doc_before_save(raise_exception=True)
    before = doc.get_doc_before_save()
    if doc.meta.issingle:
        doc._action = "save"
        return
    if not doc.flags.ignore_version_check and not _same_moment(before.modified, doc.__dict__.get("_original_modified")):
        raise TimestampMismatchError(
            f"Error: Document has been modified after you have opened it ({doc.doctype} {doc.name}: "
            f"{doc.__dict__.get('_original_modified')}, {before.modified}). Please refresh to get the latest document."
        )
    _check_transition(doc, to_int(before.__dict__.get("docstatus")))


def _same_moment(stored: Any, known: Any) -> bool:
    return to_datetime(stored) == to_datetime(known)


def _check_transition(doc: Document, before: int) -> None:
    after = int(doc.docstatus)
    action = TRANSITIONS.get((before, after))
    if before == 2:
        raise ValidationError(f"Cannot edit cancelled document {doc.doctype} {doc.name}")
    if action is None:
        raise DocstatusTransitionError(
            f"Cannot change docstatus from {before} ({_STATES[before]}) to {after} ({_STATES.get(after, 'unknown')})"
        )
    doc.__dict__["_action"] = action
    if action in ("submit", "update_after_submit"):
        doc.check_permission("submit")
    elif action == "cancel":
        doc.check_permission("cancel")


def _set_docstatus(doc: Document) -> None:
    own = doc.__dict__
    own["docstatus"] = to_int(own.get("docstatus"))
    for row in doc.get_all_children():
        row.__dict__["docstatus"] = own["docstatus"]


def name_new(doc: Document, set_name: Any, *, set_child_names: bool) -> None:
    """Give a new document its name, and its new rows theirs."""
    given = doc.get("__newname")
    if doc.flags.name_set:
        pass
    elif given:
        doc.name = valid_name(doc.meta, given)
        doc.flags.name_set = True
    elif set_name:
        doc.name = valid_name(doc.meta, set_name)
    else:
        set_new_name(doc, doc.documents.series)
    if set_child_names:
        _name_children(doc)


def _name_children(doc: Document) -> None:
    for row in doc.get_all_children():
        if not row.name:
            row.__dict__["__islocal"] = 1
            set_new_name(row, doc.documents.series)


def _set_parents(doc: Document) -> None:
    own = doc.__dict__
    for field in doc.meta.table_fields:
        for number, row in enumerate(doc._rows(field.fieldname), 1):
            values = row.__dict__
            values["parent"], values["parenttype"], values["parentfield"] = own["name"], doc.doctype, field.fieldname
            values["idx"] = number
            values["modified"], values["modified_by"] = own["modified"], own["modified_by"]
            values["creation"] = values.get("creation") or own["modified"]
            values["owner"] = values.get("owner") or own["modified_by"]


def _before(doc: Document) -> None:
    for method in BEFORE[doc._action]:
        if doc.flags.ignore_validate and method != "before_validate":
            return
        doc.run_method(method)
    _set_title(doc)


def _set_title(doc: Document) -> None:
    """A title field whose default is a pattern, as `{customer} {date}`, is filled anew."""
    field = doc.meta.get_field("title") if doc.meta.title_field == "title" else None
    if field is None:
        return
    pattern = (field.options if doc.get("title") and "{" in (field.options or "") else field.default) or ""
    if "{" in pattern and (doc.is_new() or field.options == pattern):
        doc.title = _filled(pattern, doc)


def _filled(pattern: str, doc: Document) -> str:
    text = pattern
    for column in doc.meta.column_kinds:
        text = text.replace("{" + column + "}", str(doc.get(column) or ""))
    return text[:140]


def _after(doc: Document) -> None:
    for method in AFTER[doc._action]:
        doc.run_method(method)
    documents = doc.documents
    if doc._action == "cancel":
        documents.check_no_back_links(doc)
    documents.forget(doc.doctype, doc.name)
    documents.context.document_saved(doc)
    doc.run_method("on_change")


def _check_lock(doc: Document) -> None:
    if doc.documents.context.is_locked(doc.doctype, doc.name):
        raise DocumentLockedError(
            "This document is currently locked and queued for execution. Please try again after some time."
        )
