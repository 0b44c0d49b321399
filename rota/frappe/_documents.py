"""Documents: each function asks those of the open site."""

from __future__ import annotations

from typing import Any

from rota import frappe  # what an app has put there counts
from rota.documents.dictionary import AttrDict
from rota.errors import DoesNotExistError, UsageError
from rota.sites.context import current


def get_doc(*args: Any, **kwargs: Any) -> Any:
    """A document: `(doctype, name)`, `(doctype, filters)`, `(single)`, or a new one of a dict or keywords.

    Raises:
        DoesNotExistError: there is none.
    """
    return current().documents.get_doc(*args, **kwargs)


def get_all(doctype: str, *args: Any, **kwargs: Any) -> Any:
    """What the filters pick, whoever asks and without a limit; see `rota.documents.reading.Reading.get_all`."""
    return current().documents.get_all(doctype, *args, **kwargs)


def get_list(doctype: str, *args: Any, **kwargs: Any) -> Any:
    """What the filters pick of what the user may read.

    Raises:
        PermissionError: the user may not read this DocType.
    """
    return current().documents.get_list(doctype, *args, **kwargs)


def get_value(*args: Any, **kwargs: Any) -> Any:
    """The same as `frappe.db.get_value`."""
    return frappe.db.get_value(*args, **kwargs)


def set_value(doctype: str, docname: Any, fieldname: Any, value: Any = None) -> Any:
    """Change fields of a document with all its checks and hooks; its values. See `frappe.client.set_value`."""
    from rota.frappe.client import set_value as change  # a client's call, seldom made from here

    return change(doctype, docname, fieldname, value)


def new_doc(
    doctype: str,
    parent_doc: Any = None,
    parentfield: str | None = None,
    as_dict: bool = False,
    **kwargs: Any,
) -> Any:
    """A new document with its fields' defaults, not stored yet."""
    return current().documents.new_doc(doctype, parent_doc, parentfield, as_dict, **kwargs)


def delete_doc(doctype: str | None = None, name: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Delete a document with its rows and attachments; one that is missing is fine.

    Raises:
        LinkExistsError: another document links to it (not with `force`).
        PermissionError: the user may not (not with `ignore_permissions`).
    """
    return current().documents.delete_doc(_named(doctype), name, *args, **kwargs)


def delete_doc_if_exists(doctype: str, name: Any, force: int = 0) -> None:
    """Delete a document if it is there."""
    if frappe.db.exists(doctype, name):
        frappe.delete_doc(doctype, name, force=force)


def rename_doc(
    doctype: str,
    old: Any,
    new: Any,
    force: bool = False,
    merge: bool = False,
    *,
    ignore_if_exists: bool = False,
    show_alert: bool = True,
    rebuild_search: bool = True,
    **kwargs: Any,
) -> Any:
    """Give a document another name, everywhere; the new name. `merge` puts it into one that is there.

    `show_alert` and `rebuild_search` are taken and change nothing.
    """
    if ignore_if_exists and frappe.db.exists(doctype, new):
        return None
    return current().documents.rename_doc(doctype, old, new, force=force, merge=merge, **kwargs)


def copy_doc(doc: Any, ignore_no_copy: bool = True) -> Any:
    """A new document with the values of another, but for those that are not copied."""
    return current().documents.copy_doc(doc, ignore_no_copy)


def get_last_doc(
    doctype: str, filters: Any = None, order_by: str = "creation desc", *, for_update: bool = False
) -> Any:
    """The newest document that the filters pick.

    Raises:
        DoesNotExistError: there is none.
    """
    return current().documents.get_last_doc(doctype, filters, order_by, for_update=for_update)


def get_single(doctype: str) -> Any:
    """A Single."""
    return frappe.get_doc(doctype, doctype)


def get_single_value(setting: str, fieldname: str, /, *, as_dict: bool = False) -> Any:
    """A value of a Single, read once in a transaction."""
    return frappe.get_cached_value(setting, setting, fieldname, as_dict)


def get_cached_doc(*args: Any, **kwargs: Any) -> Any:
    """A document as this transaction read it first, or saved it since. Don't change it."""
    return current().documents.get_cached_doc(*args, **kwargs)


get_lazy_doc = get_cached_doc


def get_cached_value(doctype: str, name: Any, fieldname: Any = "name", as_dict: bool = False) -> Any:
    """Values of `get_cached_doc`; None when there is no such document."""
    return current().documents.get_cached_value(doctype, name, fieldname, as_dict)


def clear_document_cache(doctype: str, name: Any = None) -> None:
    """Read a document (or all of a DocType) anew the next time."""
    current().documents.forget(doctype, name)


def get_document_cache_key(doctype: str, name: Any) -> str:
    """A text that names a document among cached things."""
    return f"document_cache::{doctype}::{name}"


def clear_cache(user: str | None = None, doctype: str | None = None) -> None:
    """Forget what is cached of a DocType, or of everything, and call the hooks `clear_cache`."""
    documents = current().documents
    if doctype:
        documents.forget(doctype)
        return
    documents.permissions.forget()
    documents.defaults.forget()
    if user:
        return
    documents.forget_all()
    documents.doctypes.refresh()
    frappe.cache.flushall()
    for path in frappe.get_hooks("clear_cache"):
        frappe.get_attr(path)()


def reset_metadata_version() -> str:
    """Let every process read the DocTypes anew."""
    documents = current().documents
    documents.doctypes.changed("DocType")
    return frappe.generate_hash()


def get_meta(doctype: Any, cached: bool = True) -> Any:
    """The DocType, by its name or of a document of it.

    Raises:
        DoctypeNotFoundError: there is none.
    """
    return current().documents.get_meta(_named(doctype))


def get_precision(doctype: str, fieldname: str, currency: str | None = None, doc: Any = None) -> int | None:
    """The digits after the point of a number field."""
    from rota.frappe.model.meta import get_field_precision

    return get_field_precision(frappe.get_meta(doctype).get_field(fieldname), doc, currency)


def is_table(doctype: str) -> bool:
    """Whether this is a child DocType."""
    return bool(frappe.get_meta(doctype).istable)


def get_doctype_app(doctype: str) -> str:
    """The app that a DocType belongs to."""
    from rota.frappe._apps import get_module_app
    from rota.frappe.modules.utils import get_doctype_module

    return get_module_app(get_doctype_module(doctype))


def get_system_settings(key: str, ignore_if_not_exists: bool = False) -> Any:
    """A value of System Settings, read once in a transaction."""
    return frappe.get_cached_value("System Settings", "System Settings", key)


def get_website_settings(key: str) -> Any:
    """A value of Website Settings, read once in a transaction."""
    return frappe.get_cached_value("Website Settings", "Website Settings", key)


def get_active_domains() -> list[str]:
    """No domains are ever restricted."""
    return []


def get_user() -> Any:
    """The current user as `frappe.utils.user.UserPermissions` shows it."""
    from rota.frappe.utils.user import UserPermissions

    return UserPermissions(frappe.session.user)


def get_desk_link(doctype: str, name: Any, show_title_with_name: bool = False, open_in_new_tab: bool = False) -> str:
    """A link to a document, as HTML."""
    title = frappe.db.get_value(doctype, name, frappe.get_meta(doctype).get_title_field()) or name
    shown = f"{frappe._(doctype)} {title}" if not show_title_with_name else f"{frappe._(doctype)} {name}: {title}"
    url = frappe.utils.get_url_to_form(doctype, name)
    target = ' target="_blank" rel="noopener"' if open_in_new_tab else ""
    escape = frappe.utils.escape_html
    return f'<a href="{escape(url)}"{target} style="font-weight: bold;">{escape(shown)}</a>'


def get_version(doctype: str, name: Any, limit: int | None = None, head: bool = False, raise_err: bool = True) -> Any:
    """The Version documents of a document, newest first; those of its fields' changes only with their data."""
    if not frappe.get_meta(doctype).track_changes:
        if raise_err:
            raise ValueError(f"{doctype} has no versions: track_changes is off")
        return []
    rows = frappe.get_all(
        "Version",
        filters={"ref_doctype": doctype, "docname": str(name)},
        fields=["name", "owner", "creation", "data"],
        order_by="creation desc",
        limit=1 if head else limit,
    )
    found = [AttrDict(row, data=frappe.parse_json(row["data"] or "{}")) for row in rows]
    return found[0] if head and found else found


def get_meta_module(doctype: str) -> Any:
    """The Python module of a DocType's controller."""
    from rota.frappe.modules.utils import load_doctype_module

    return load_doctype_module(doctype)


def reload_doc(module: str, dt: str | None = None, dn: str | None = None, *_: Any, **__: Any) -> None:
    """Bring a DocType up to date with its file in its app, as patches do; `rota migrate` does so for all."""
    from rota.frappe.modules.utils import reload_doc as bring_up

    bring_up(module, dt, dn)


def reload_doctype(doctype: str, force: bool = False, reset_permissions: bool = False) -> None:
    """The same by the DocType's name."""
    frappe.reload_doc(frappe.scrub(frappe.get_meta(doctype).module), "doctype", frappe.scrub(doctype))


def get_test_records(doctype: str) -> list[Any]:
    """What `test_records.json` beside a DocType holds."""
    from rota.frappe.modules.utils import get_doctype_module

    path = frappe.get_module_path(get_doctype_module(doctype), "doctype", frappe.scrub(doctype), "test_records.json")
    text = frappe.read_file(path)
    return list(frappe.parse_json(text)) if text else []


def make_property_setter(
    args: Any,
    ignore_validate: bool = False,
    validate_fields_for_doctype: bool = True,
    is_system_generated: bool = True,
    *,
    module: str | None = None,
) -> None:
    """Override a property: a dict of `doctype`, `fieldname`, `property`, `value`, `property_type`, ..."""
    from rota.frappe.custom.doctype.property_setter.property_setter import make_property_setter as make

    given = AttrDict(args)
    make(
        given.doctype,
        given.fieldname,
        given.property,
        given.value,
        given.property_type or "Data",
        for_doctype=given.doctype_or_field == "DocType",
        is_system_generated=is_system_generated,
    )


def is_setup_complete() -> bool:
    """True: a site is set up once it exists."""
    return True


def local_cache(namespace: Any, key: Any, generator: Any, regenerate_if_none: bool = False) -> Any:
    """What `generator` makes, kept until the request or job ends."""
    kept = frappe.local.cache.setdefault(namespace, {})
    if key not in kept or (kept[key] is None and regenerate_if_none):
        kept[key] = generator()
    return kept[key]


def import_doc(path: str) -> None:
    """Insert the documents of a JSON file, or of all JSON files of a folder; those that are there are replaced."""
    from rota.frappe.modules.import_file import import_path

    import_path(path)


def validate_and_sanitize_search_inputs(fn: Any) -> Any:
    """Decorate a link field's query: `searchfield` is a field's name, `start` and `page_len` are numbers.

    Of an unknown DocType it finds nothing.
    """
    import functools
    import inspect

    from rota.frappe.desk.search import sanitize_searchfield

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        given = inspect.signature(fn).bind(*args, **kwargs).arguments
        sanitize_searchfield(given.get("searchfield"))
        for number in ("start", "page_len"):
            given[number] = frappe.utils.cint(given.get(number))
        if not frappe.db.exists("DocType", given["doctype"]):
            return []
        return fn(**given)

    return wrapper


def _named(doctype: Any) -> str:
    if isinstance(doctype, str):
        return doctype
    name = getattr(doctype, "doctype", None)
    if not isinstance(name, str):
        raise UsageError(f"the name of a DocType is text, not {type(doctype).__name__}")
    return name


__all__ = [
    "DoesNotExistError",
    "clear_cache",
    "clear_document_cache",
    "copy_doc",
    "delete_doc",
    "delete_doc_if_exists",
    "get_active_domains",
    "get_all",
    "get_cached_doc",
    "get_cached_value",
    "get_desk_link",
    "get_doc",
    "get_doctype_app",
    "get_document_cache_key",
    "get_last_doc",
    "get_lazy_doc",
    "get_list",
    "get_meta",
    "get_meta_module",
    "get_precision",
    "get_single",
    "get_single_value",
    "get_system_settings",
    "get_test_records",
    "get_user",
    "get_value",
    "get_version",
    "get_website_settings",
    "import_doc",
    "is_setup_complete",
    "is_table",
    "local_cache",
    "make_property_setter",
    "new_doc",
    "reload_doc",
    "reload_doctype",
    "rename_doc",
    "reset_metadata_version",
    "set_value",
    "validate_and_sanitize_search_inputs",
]
