"""The documents of a site as its applications see them: their controllers, hooks and views put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rota.documents.context import DocumentContext
from rota.documents.doctypes import DocTypes
from rota.documents.documents import Documents
from rota.documents.session import Session
from rota.sites.context import current
from rota.sites.secrets import FernetSecrets
from rota.sites.surroundings import Surroundings
from rota.sites.views import VIEWS

if TYPE_CHECKING:
    from rota.documents.document import Document
    from rota.sites.site import Site


class DocEvents:
    """The `doc_events` of a site's apps: those of the DocType, then those of every one."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._declared: dict[str, Any] = site.apps.hooks("doc_events", {})
        self._found: dict[tuple[str, str], Sequence[Callable[..., Any]]] = {}

    def run(self, doc: Document, event: str) -> Any:
        """Call each handler with the document and the event's name; what the last one gave that gave anything."""
        answer = None
        for handler in self._handlers(doc.doctype, event):
            given = handler(doc, event)
            answer = given if given is not None else answer
        return answer

    def _handlers(self, doctype: str, event: str) -> Sequence[Callable[..., Any]]:
        key = (doctype, event)
        if key not in self._found:
            paths = [path for one in (doctype, "*") for path in self._declared.get(one, {}).get(event, [])]
            self._found[key] = [self._site.resolver.resolve(path) for path in paths]
        return self._found[key]


def documents_of(site: Site, session: Session, user: str) -> Documents:
    """The documents on a session."""
    around = Surroundings(site)
    return Documents(
        DocumentContext(
            session=session,
            doctypes=DocTypes(session, site.metas, VIEWS),
            now=site.now,
            user=user,
            controller=site.controllers.of,
            run_doc_events=site.doc_events.run,
            message=lambda text, **options: current().messages.append({"message": text, **options}),
            notify_update=around.notify_update,
            document_saved=around.document_saved,
            after_delete=around.after_delete,
            is_locked=around.is_locked,
            permission_query=around.permission_query,
            permission_hook=around.permission_hook,
            views=VIEWS,
            reader=site.reader,
            secrets=FernetSecrets(site.config.encryption_key),
            time_zone=site.time_zone,
            ignore_links_on_delete=site.apps.hooks("ignore_links_on_delete"),
        )
    )
