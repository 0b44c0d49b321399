"""Who may: users, roles, permissions, and which functions may be called over HTTP."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any

from rota import (
    errors,
    frappe,  # what an app has put there counts
)
from rota.documents.dictionary import AttrDict
from rota.frappe._local import switch_user
from rota.frappe.utils.typing_validations import validate_argument_types
from rota.sites import methods as http
from rota.sites.context import current, current_or_none

STANDARD_USERS = ("Guest", "Administrator")


def whitelist(
    allow_guest: bool = False, xss_safe: bool = False, methods: Collection[str] | None = None, **_: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that may be called over HTTP: with GET, POST, PUT and DELETE unless `methods` differs."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        # What a request brings is text: numbers are read where the annotations name them.
        checked = validate_argument_types(function, apply_condition=_is_called_from_outside)
        http.mark(checked, allow_guest=allow_guest, xss_safe=xss_safe, methods=methods)
        return checked

    if callable(allow_guest):  # @frappe.whitelist without its parentheses
        function, allow_guest = allow_guest, False
        return decorate(function)
    return decorate


def _is_called_from_outside() -> bool:
    context = current_or_none()
    return context is not None and bool(context.local.get("request") or context.flags.in_test)


def is_whitelisted(method: Callable[..., Any]) -> None:
    """Refuse unless the function may be called over HTTP by this user.

    Raises:
        PermissionError: it may not.
    """
    allowed = http.whitelisted(method)
    if allowed is None or (frappe.session.user == "Guest" and not allowed.allow_guest):
        name = f"{method.__module__}.{method.__qualname__}"
        raise errors.PermissionError(
            f"You are not permitted to access this resource. Function {name} is not whitelisted."
        )


def override_whitelisted_method(original_method: str) -> str:
    """The path of the function that an app has put in another's place for calls over HTTP."""
    overrides = frappe.get_hooks("override_whitelisted_methods", {}).get(original_method)
    return str(overrides[-1]) if overrides else original_method


def read_only() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that only reads. There is no replica to read from, so nothing changes."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    return decorate


def write_only() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that writes; the same as without."""
    return read_only()


def set_user(username: str) -> None:
    """Go on as another user, until it is set again."""
    switch_user(current(), username)
    current().local.pop("form_dict", None)


def get_roles(username: str | None = None) -> list[str]:
    """The roles of a user, by default the current one."""
    context = current_or_none()
    if context is None:
        return ["Guest"]
    return list(context.documents.permissions.roles(username or context.user))


def only_for(roles: str | Collection[str], message: bool = False) -> None:
    """Refuse unless the user has one of these roles; Administrator may everything.

    Raises:
        PermissionError: the user has none.
    """
    if frappe.flags.in_test or frappe.session.user == "Administrator":
        return
    wanted = {roles} if isinstance(roles, str) else set(roles)
    if wanted.isdisjoint(frappe.get_roles()):
        text = f"This action is only allowed for {', '.join(sorted(wanted))}" if message else "Not permitted"
        frappe.throw(text, errors.PermissionError, title="Not Permitted")


def has_permission(
    doctype: str | None = None,
    ptype: str = "read",
    doc: Any = None,
    user: str | None = None,
    throw: bool = False,
    *,
    parent_doctype: str | None = None,
    debug: bool = False,
    **_: Any,
) -> bool:
    """Whether the user may do `ptype` with a DocType, or with a document (given, or by name).

    Raises:
        PermissionError: not, and `throw` is given.
    """
    documents = current().documents
    if doc is not None and not doctype:
        doctype = doc.doctype
    if not doctype:
        raise errors.ValidationError("has_permission needs a DocType or a document")
    if doc is not None and not hasattr(doc, "doctype"):
        doc = documents.get_doc(doctype, doc)
    if documents.get_meta(doctype).istable and parent_doctype:
        doctype, doc = parent_doctype, None
    allowed = bool(documents.permissions.has_permission(doctype, ptype, doc=doc, user=user))
    if throw and not allowed:
        shown = f"{doctype} {doc.name}" if doc is not None else doctype
        frappe.throw(
            f"User {user or documents.user} does not have doctype access via role permission for {shown}"
            if doc is None
            else f"No permission for {shown}",
            errors.PermissionError,
        )
    return allowed


def only_has_select_perm(doctype: str, user: str | None = None, ignore_permissions: bool = False) -> bool:
    """Whether the user may pick documents in links, but not read them."""
    if ignore_permissions:
        return False
    return has_permission(doctype, "select", user=user) and not has_permission(doctype, "read", user=user)


def has_website_permission(
    doc: Any = None, ptype: str = "read", user: str | None = None, verbose: bool = False, doctype: str | None = None
) -> bool:
    """Whether a user of the website may do `ptype` with a document, by its controller or the hooks of this name."""
    user = user or frappe.session.user
    if isinstance(doc, str):
        doc = frappe.get_doc(doctype, doc)
    kind = doc.doctype if doc is not None else doctype
    paths = (frappe.get_hooks("has_website_permission") or {}).get(kind, [])
    if doc is not None and callable(getattr(doc, "has_website_permission", None)):
        return bool(doc.has_website_permission(ptype, user, verbose=verbose))
    if not paths:
        return False
    return all(frappe.call(path, doc=doc, ptype=ptype, user=user, verbose=verbose) for path in paths)


def get_domain_data(module: str) -> AttrDict:
    """Nothing: domains are not restricted."""
    return AttrDict()


def build_match_conditions(doctype: str, as_condition: bool = True) -> Any:
    """The SQL condition for what the user may read of a DocType; "" for all."""
    from rota.frappe.desk.reportview import build_match_conditions as build

    return build(doctype, as_condition=as_condition)


def get_request_header(key: str, default: Any = None) -> Any:
    """A header of the request that is answered here."""
    request = frappe.request
    return request.headers.get(key, default) if request else default


__all__ = [
    "STANDARD_USERS",
    "build_match_conditions",
    "get_domain_data",
    "get_request_header",
    "get_roles",
    "has_permission",
    "has_website_permission",
    "is_whitelisted",
    "only_for",
    "only_has_select_perm",
    "override_whitelisted_method",
    "read_only",
    "set_user",
    "whitelist",
    "write_only",
]
