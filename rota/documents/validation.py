"""What a document must keep to be stored, whatever its controller says: Frappe's own checks, in Frappe's order."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rota.documents.base import BaseDocument
from rota.documents.comparison import same_value
from rota.documents.doctype import Field, Meta
from rota.documents.fieldtypes import NUMBERS, TIMES, Kind
from rota.documents.values import TO_COLUMN, InvalidValue, to_float, to_int
from rota.errors import (
    CancelledLinkError,
    CannotChangeConstantError,
    CharacterLengthExceededError,
    InvalidEmailAddressError,
    InvalidPhoneNumberError,
    LinkValidationError,
    MandatoryError,
    NonNegativeError,
    UpdateAfterSubmitError,
    ValidationError,
)

if TYPE_CHECKING:
    from rota.documents.document import Document

_EMAIL = re.compile(r"[^@\s<>(),;:\"\\\[\]]+@[^@\s<>(),;:\"\\\[\]]+\Z")
_NAMED_EMAIL = re.compile(r".*<([^<>]+)>\s*\Z", re.S)
_PHONE = re.compile(r"\+?[\d\s\-().,*#/xX]{1,30}\Z")
_TAGS = re.compile(r"<[^>]*>")
_FILLED_TAGS = ("<img", "<iframe", "<table", "<video", "<hr")


def validate(doc: Document) -> None:
    """Check a document and its rows before they are written.

    Raises:
        ValidationError: or one of its kinds, naming the field and the value.
    """
    _mandatory(doc)
    for one in (doc, *doc.get_all_children()):
        own = one.__dict__
        for name, field, check in _checks(one.meta):
            value = own.get(name)
            if value is not None and value != "":
                check(one, field, value)
    _name_follows_field(doc)
    if not doc.is_new():
        _set_only_once(doc)


# --- one field ---


def _numeric(doc: BaseDocument, field: Field, value: Any) -> None:
    if field.kind is Kind.FLOAT:
        doc.__dict__[field.fieldname] = to_float(value)
    else:
        number = to_int(value)
        doc.__dict__[field.fieldname] = int(bool(number)) if field.kind is Kind.CHECK else number
    if field.non_negative and to_float(value) < 0:
        raise NonNegativeError(f"{_place(doc)}{_label(field)} cannot be negative")


def _moment(doc: BaseDocument, field: Field, value: Any) -> None:
    try:
        TO_COLUMN["sqlite"][field.kind](value)
    except InvalidValue:
        raise InvalidValue(
            f"{_place(doc)}{value!r} is not a valid value for {_label(field)} ({field.fieldtype})"
        ) from None


def _text(doc: BaseDocument, field: Field, value: Any) -> None:
    if isinstance(value, (list, dict, tuple, set)):
        raise InvalidValue(f"{_place(doc)}Value for {_label(field)} cannot be a list")
    text = value if isinstance(value, str) else str(value)
    if len(text) > field.length_limit:
        raise CharacterLengthExceededError(
            f"{_place(doc)}{_label(field)} ({text[:30]}...) is too long: it has {len(text)} characters, "
            f"{field.length_limit} are allowed"
        )


def _select(doc: BaseDocument, field: Field, value: Any) -> None:
    if field.fieldname == "naming_series" or doc.documents.flags.in_import:
        return
    options = (field.options or "").split("\n")
    value = str(value).strip()
    if value not in options and any(options):
        offered = '", "'.join(options)
        raise ValidationError(f'{_place(doc)}{_label(field)} cannot be "{value}". It should be one of "{offered}"')


def _data(doc: BaseDocument, field: Field, value: Any) -> None:
    check = _DATA_CHECKS.get(field.options or "")
    if check is not None and not check(str(value)):
        kind = {"Email": InvalidEmailAddressError, "Phone": InvalidPhoneNumberError}.get(field.options, ValidationError)
        raise kind(f"{_place(doc)}{value!s} is not a valid {field.options} ({_label(field)})")


def is_email(text: str) -> bool:
    """Whether a text is one e-mail address, alone or as `Name <address>`."""
    found = _NAMED_EMAIL.match(text)
    return _EMAIL.match((found.group(1) if found else text).strip()) is not None


def _are_emails(text: str) -> bool:
    return all(is_email(one) for one in re.split(r"[,\n]", text) if one.strip())


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return bool((parts.scheme and parts.netloc) or text.startswith("/"))


_DATA_CHECKS: dict[str, Callable[[str], bool]] = {
    "Email": _are_emails,
    "Phone": lambda text: _PHONE.match(text) is not None,
    "URL": _is_url,
}

_Check = Callable[[BaseDocument, Field, Any], None]


def _checks(meta: Meta) -> list[tuple[str, Field, _Check]]:
    known: list[tuple[str, Field, _Check]] | None = meta.__dict__.get("_checks")
    if known is None:
        known = meta.__dict__["_checks"] = [
            (field.fieldname, field, check) for field in meta.fields for check in _checks_of(field)
        ]
    return known


def _checks_of(field: Field) -> list[_Check]:
    if not field.has_column:
        return []
    if field.kind in NUMBERS:
        return [_numeric]
    if field.kind in TIMES:
        return [_moment]
    if field.kind is not Kind.TEXT:
        return []
    checks: list[_Check] = [_text]
    if field.fieldtype == "Select" and field.options not in (None, "", "[Select]", "Loading..."):
        checks.insert(0, _select)
    if field.fieldtype == "Data" and field.options in _DATA_CHECKS:
        checks.append(_data)
    return checks


# --- what is missing ---


def _mandatory(doc: Document) -> None:
    if doc.flags.ignore_mandatory:
        return
    missing = [field.fieldname for field in _missing(doc)]
    words = [f"Error: Value missing for {doc.doctype}: {_label(field)}" for field in _missing(doc)]
    for row in doc.get_all_children():
        missing += [field.fieldname for field in _missing(row)]
        words += [
            f"Error: {row.parentfield} Row #{row.idx}: Value missing for: {_label(field)}" for field in _missing(row)
        ]
    if missing:
        for line in words:
            doc.documents.message(line)
        raise MandatoryError(f"[{doc.doctype}, {doc.name}]: {', '.join(missing)}")


def _missing(doc: BaseDocument) -> list[Field]:
    meta = doc.meta
    wanted: list[Field] | None = meta.__dict__.get("_wanted")
    if wanted is None:
        wanted = meta.__dict__["_wanted"] = [field for field in meta.fields if to_int(field.reqd)]
    return [field for field in wanted if _is_empty(doc.get(field.fieldname))]


def _is_empty(value: Any) -> bool:
    if value is None or value in ([], ""):
        return True
    if isinstance(value, str):
        return not value.strip() or (
            "<" in value and not _TAGS.sub("", value).strip() and not any(tag in value for tag in _FILLED_TAGS)
        )
    return False


# --- what may not change ---


def _name_follows_field(doc: Document) -> None:
    autoname = doc.meta.get("autoname") or ""
    if autoname.startswith("field:") and doc.name:
        field = autoname[6:].strip()
        if not doc.is_new() and doc.get(field) != doc.name and doc.meta.has_field(field):
            doc.set(field, doc.name)


def _set_only_once(doc: Document) -> None:
    before = doc.get_doc_before_save()
    if before is None:
        return
    for field in doc.meta.get_set_only_once_fields():
        old, new = before.get(field.fieldname), doc.get(field.fieldname)
        if field.kind is Kind.TABLE:
            changed = rows_differ(before, doc, field.fieldname)
        else:
            changed = bool(old) and not same_value(field.kind, old, new)
        if changed:
            raise CannotChangeConstantError(f"Value cannot be changed for {_label(field)}")


def rows_differ(before: BaseDocument, after: BaseDocument, fieldname: str) -> bool:
    """Whether the rows of a table field differ in more than their timestamps."""
    old, new = before.get(fieldname) or [], after.get(fieldname) or []
    if len(old) != len(new):
        return True
    for one, other in zip(old, new, strict=True):
        for column, kind in other.meta.column_kinds.items():
            if column not in ("creation", "modified", "modified_by", "owner") and not same_value(
                kind, one.get(column), other.get(column)
            ):
                return True
    return False


def check_update_after_submit(doc: Document) -> None:
    """Refuse the change of a field that must stay as it was submitted.

    Raises:
        UpdateAfterSubmitError: with the field.
    """
    before = doc.get_doc_before_save()
    if before is None or doc.flags.ignore_validate_update_after_submit:
        return
    _frozen(before, doc)
    for field in doc.meta.table_fields:
        allowed = to_int(field.allow_on_submit)
        old = {row.name: row for row in before.get(field.fieldname)}
        new = doc.get(field.fieldname)
        if not allowed and {row.name for row in new} != set(old):
            raise UpdateAfterSubmitError(f"Not allowed to change {_label(field)} after submission")
        for row in new:
            if row.name in old:
                _frozen(old[row.name], row)


def _frozen(before: BaseDocument, after: BaseDocument) -> None:
    for field in after.meta.fields:
        if not field.has_column or to_int(field.allow_on_submit):
            continue
        old, new = before.get(field.fieldname), after.get(field.fieldname)
        if not same_value(field.kind, old, new):
            raise UpdateAfterSubmitError(
                f"Not allowed to change {_place(after)}{_label(field)} after submission from {old!s:.80} to {new!s:.80}"
            )


# --- links ---


def validate_links(doc: Document) -> None:
    """Check that what Link fields name is there, and fetch the values that come from it.

    Raises:
        LinkValidationError: with what was not found.
        CancelledLinkError: a linked document is cancelled.
    """
    if doc.flags.ignore_links or doc.docstatus.is_cancelled():
        return
    missing: list[str] = []
    cancelled: list[str] = []
    for one in (doc, *doc.get_all_children()):
        for field in _link_fields(one.meta):
            value = one.__dict__.get(field.fieldname)
            if value is not None and value != "":
                _check_link(doc, one, field, value, missing, cancelled)
    if missing:
        raise LinkValidationError(f"Could not find {', '.join(missing)}")
    if cancelled:
        raise CancelledLinkError(f"Cannot link cancelled document: {', '.join(cancelled)}")


def _link_fields(meta: Meta) -> list[Field]:
    known: list[Field] | None = meta.__dict__.get("_link_fields")
    if known is None:
        known = meta.__dict__["_link_fields"] = [
            field for field in meta.of_type("Link", "Dynamic Link") if field.has_column and field.options
        ]
    return known


def _check_link(
    doc: Document, one: BaseDocument, field: Field, value: Any, missing: list[str], cancelled: list[str]
) -> None:
    documents = doc.documents
    doctype = field.options if field.fieldtype == "Link" else one.get(field.options)
    # An app may link to a DocType of another app, which is not on this site: there is nothing to look the name up in.
    if not doctype or doctype == "[Select]" or not documents.doctypes.exists(doctype):
        return
    target = documents.get_meta(doctype)
    if target.issingle:
        one.__dict__[field.fieldname] = doctype
        return
    if target.is_virtual:
        return
    fetched = [name for name in one.meta.get_fields_to_fetch(field.fieldname) if not to_int(name.is_virtual)]
    sources = [name.fetch_from.split(".", 1)[1] for name in fetched]
    columns = [source for source in dict.fromkeys(sources) if source in target.column_kinds]
    found = documents.database.get_value(doctype, value, ["name", "docstatus", *columns], as_dict=True)
    label = f"{_place(one)}{_label(field)}: {value}"
    if found is None:
        missing.append(label)
        return
    one.__dict__[field.fieldname] = found["name"]
    for name, source in zip(fetched, sources, strict=True):
        if source in found and (not to_int(name.fetch_if_empty) or one.get(name.fieldname) in (None, "", 0)):
            one.set(name.fieldname, found[source])
    if found["docstatus"] == 2 and target.is_submittable and field.fieldname != "amended_from":
        cancelled.append(label)


def _label(field: Field) -> str:
    return str(field.label) if field.label else field.fieldname.replace("_", " ").title()


def _place(doc: BaseDocument) -> str:
    parentfield = doc.__dict__.get("parentfield")
    return f"Row #{doc.__dict__.get('idx')}: " if parentfield else ""
