"""What the documents of a site are given from outside: who acts, what time it is, controllers, hooks, messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from rota.db import Connection
from rota.documents.doctype import Meta
from rota.documents.doctypes import DocTypes
from rota.documents.session import Session

if TYPE_CHECKING:
    from rota.documents.document import Document

ADMINISTRATOR, GUEST = "Administrator", "Guest"


class Secrets(Protocol):
    """Encrypts what Password fields hold."""

    def seal(self, secret: str) -> str:
        """The secret as text that may be stored."""
        ...

    def open(self, sealed: str) -> str:
        """The secret again; raises ValidationError when the key is another one."""
        ...


def _nothing(*_: Any) -> None:
    return None


def _no(*_: Any) -> bool:
    return False


@dataclass(kw_only=True)
class DocumentContext:
    """What one unit of work's documents use. `now` is the site's local time, naive.

    `controller(meta)`: the class of a DocType's documents; None for `Document`.
    `run_doc_events(doc, event)`: the hooks for an event, after the controller's own method; what they gave, or None.
    `message(text, **options)`: what the user is told (`msgprint`).
    `notify_update(doc)`: tell who looks at a document; `document_saved(doc)`: one was saved, before `on_change`.
    `after_delete(doc)`: a document is gone in this transaction: attachments, and dynamic links in the background.
    `is_locked(doctype, name)`: a job holds the document.
    `permission_query(doctype, user)`: SQL conditions of hooks, in MariaDB's dialect.
    `permission_hook(doc, ptype, user)`: False when a hook refuses; None or True to go on.
    `views`: tables that are views over other tables, read through `reader()` on SQLite.
    `secrets`: for Password fields; without it they can't be kept.
    """

    session: Session
    doctypes: DocTypes
    now: Callable[[], datetime]
    user: str = ADMINISTRATOR
    controller: Callable[[Meta], type[Document] | None] = _nothing
    run_doc_events: Callable[[Document, str], Any] = _nothing
    message: Callable[..., None] = _nothing
    notify_update: Callable[[Document], None] = _nothing
    document_saved: Callable[[Document], None] = _nothing
    after_delete: Callable[[Document], None] = _nothing
    is_locked: Callable[[str, Any], bool] = _no
    permission_query: Callable[[str, str], Collection[str]] | None = None
    permission_hook: Callable[[Document, str, str], bool | None] = _nothing
    ignore_links_on_delete: Collection[str] = ()
    views: Collection[str] = ()
    reader: Callable[[], Connection] | None = None
    secrets: Secrets | None = None
    time_zone: str = "UTC"
    flags: Mapping[str, Any] = field(default_factory=dict)
