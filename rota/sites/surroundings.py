"""What documents touch beside their rows: apps' permissions, versions, attachments, locks, and who looks at them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from rota.documents.values import to_json
from rota.engine.call import by_signature, call_by_signature
from rota.event import addressed
from rota.sites.attached import action_locks_of, realtime_of
from rota.sites.attachments import delete_attached
from rota.sites.context import current
from rota.sites.versions import difference

if TYPE_CHECKING:
    from rota.documents.document import Document
    from rota.sites.site import Site

# Rota's own DocTypes have hooks, too.
_OWN = {doctype: f"rota.sites.builtin.core.doctype.{doctype.lower()}.{doctype.lower()}" for doctype in ("File", "User")}
_PERMISSION = {doctype: [f"{module}.has_permission"] for doctype, module in _OWN.items()}
_CONDITIONS = {doctype: [f"{module}.get_permission_query_conditions"] for doctype, module in _OWN.items()}


class Surroundings:
    """The callbacks of a site's `DocumentContext`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._permission = _merged(_PERMISSION, site.apps.hooks("has_permission", {}))
        self._conditions = _merged(_CONDITIONS, site.apps.hooks("permission_query_conditions", {}))

    def permission_query(self, doctype: str, user: str) -> Collection[str]:
        """SQL conditions that apps' hooks `permission_query_conditions` give for a user."""
        found = []
        for function in self._functions(self._conditions, doctype):
            condition = function(user, **by_signature(function, {"doctype": doctype}))
            if condition:
                found.append(str(condition))
        return found

    def permission_hook(self, doc: Document, ptype: str, user: str) -> bool | None:
        """False when a hook `has_permission` of an app refuses."""
        told = {"doc": doc, "ptype": ptype, "user": user, "debug": False}
        for function in self._functions(self._permission, doc.doctype):
            answer = call_by_signature(function, told)
            if answer is not None and not answer:
                return False
        return None

    def _functions(self, hooks: Mapping[str, list[str]], doctype: str) -> list[Callable[..., Any]]:
        return [self._site.resolver.resolve(path) for path in (*hooks.get(doctype, []), *hooks.get("*", []))]

    def is_locked(self, doctype: str, name: Any) -> bool:
        """Whether a job holds the document."""
        return action_locks_of(current()).is_locked(doctype, str(name))

    def after_delete(self, doc: Document) -> None:
        """Delete what was attached to a document that is gone."""
        if doc.doctype != "File":
            delete_attached(doc.documents, doc.doctype, doc.name)

    def document_saved(self, doc: Document) -> None:
        """Keep what a save changed, where the DocType tracks it, and tell who looks at the document.

        A job tells only where it asks for that (`doc.notify_update()`): each of its commits would write once more.
        """
        before = doc.get_doc_before_save()
        if before is not None and doc.meta.track_changes and not doc.flags.ignore_version:
            self._keep_version(before, doc)
        if current().running is None and doc.flags.get("notify_update", True):
            self.notify_update(doc)

    def _keep_version(self, before: Document, doc: Document) -> None:
        data = difference(before, doc)
        if data is not None and not doc.documents.flags.in_import:
            version = {"doctype": "Version", "ref_doctype": doc.doctype, "docname": str(doc.name)}
            doc.documents.get_doc({**version, "data": to_json(data)}).insert(ignore_permissions=True)

    def notify_update(self, doc: Document) -> None:
        """Tell those who look at a document, or at its list, once it is committed."""
        context = current()
        if doc.meta.istable:
            return
        realtime = realtime_of(context)
        about = {"doctype": doc.doctype, "name": str(doc.name)}
        told = {**about, "modified": str(doc.modified)}
        looking = addressed("doc_update", told, doctype=doc.doctype, docname=str(doc.name), session_user=context.user)
        realtime.publish(looking, after_commit=True)
        told = {**about, "user": context.user}
        listing = addressed("list_update", told, doctype=doc.doctype, session_user=context.user)
        realtime.publish(listing, after_commit=True)


def _merged(own: Mapping[str, list[str]], hooks: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {doctype: [*own.get(doctype, []), *hooks.get(doctype, [])] for doctype in {*own, *hooks}}
