"""What is called by HTTP beside documents: uploads, documents' methods, `ping`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


@frappe.whitelist(allow_guest=True)
def ping() -> str:
    """`pong`."""
    return "pong"


@frappe.whitelist()
def run_doc_method(method: str, docs: Any = None, dt: str | None = None, dn: Any = None, args: Any = None) -> Any:
    """Call a whitelisted method of a document, stored (`dt`, `dn`) or as it is given (`docs`); what it returns."""
    doc = frappe.get_doc(dt, dn if dn else dt) if dt else frappe.get_doc(frappe.parse_json(docs))
    doc.check_permission("read")
    function = getattr(doc, method)
    frappe.is_whitelisted(function)
    given = frappe.parse_json(args) if isinstance(args, str) else args
    if isinstance(given, dict):
        answer = frappe.call(function, **given)
    elif given:
        answer = function(given)
    else:
        answer = function()
    frappe.response.docs.append(doc)
    if answer is not None:
        frappe.response["message"] = answer
    return answer


runserverobj = run_doc_method


def upload_file() -> Any:
    """Store the file of the request that is answered here; the File.

    Raises:
        PermissionError: a guest asks, and the site does not take files of guests.
    """
    request = frappe.request
    if frappe.session.user == "Guest" and not frappe.get_system_settings("allow_guests_to_upload_files"):
        raise frappe.PermissionError("guests may not upload files")
    given = frappe.form_dict
    upload = request.files.get("file") if request and getattr(request, "files", None) else None
    content = upload.stream.read() if upload is not None else given.get("content")
    if given.doctype and given.docname:
        frappe.get_doc(given.doctype, given.docname).check_permission("write")
    if given.method:
        function = frappe.get_attr(given.method)
        frappe.is_whitelisted(function)
        return function()
    return frappe.get_doc(
        {
            "doctype": "File",
            "attached_to_doctype": given.doctype,
            "attached_to_name": given.docname,
            "attached_to_field": given.fieldname,
            "folder": given.folder or "Home",
            "file_name": upload.filename if upload is not None else given.file_name,
            "file_url": given.file_url,
            "is_private": frappe.utils.cint(given.is_private),
            "content": content,
        }
    ).save(ignore_permissions=True)


def is_valid_http_method(method: Any) -> None:
    """Refuse a request whose method the function does not take.

    Raises:
        PermissionError: it does not.
    """
    from rota.sites.methods import whitelisted

    allowed = whitelisted(method)
    if frappe.request and allowed is not None and frappe.request.method not in allowed.methods:
        frappe.throw("Not permitted", frappe.PermissionError)


def execute_cmd(cmd: str, from_async: bool = False) -> Any:
    """Call a whitelisted function by its path with the request's values; what it returns."""
    function = frappe.get_attr(frappe.override_whitelisted_method(cmd))
    frappe.is_whitelisted(function)
    is_valid_http_method(function)
    return frappe.call(function, **frappe.form_dict)


def get_attr(cmd: str) -> Any:
    """The function at a dotted path."""
    return frappe.get_attr(cmd)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
