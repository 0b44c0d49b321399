"""What documents can do only with a site around them: locks, actions in the background, links, formatted values."""

from __future__ import annotations

from typing import Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.errors import DocumentLockedError, JobLost
from rota.sites.attached import action_locks_of, locks_of
from rota.sites.context import current


class SiteMethods:
    """Methods that every document gets; `self` is one."""

    doctype: str
    name: Any

    # --- in the background ---

    def queue_action(self, action: str, **kwargs: Any) -> Any:
        """Run `_ACTION`, or ACTION, of this document in the background; nobody may save it until that is done.

        Options of `frappe.enqueue` may stand among the keywords. When it fails, a comment on the document says why.

        Raises:
            DocumentLockedError: another action is under way.
        """
        method = f"_{action}" if hasattr(self, f"_{action}") else action
        context = current()
        locks = action_locks_of(context)
        locks.lock(self.doctype, str(self.name))
        context.documents.session.after_rollback.add(lambda: locks.unlock(self.doctype, str(self.name)))
        return frappe.enqueue(
            "rota.frappe.model.document.execute_action",
            **{
                "job_name": f"{self.doctype}.{action}",
                "enqueue_after_commit": True,
                **kwargs,
                # As keywords, Python would give these names the class's.
                "__doctype": self.doctype,
                "__name": self.name,
                "__action": method,
            },
        )

    def lock(self, timeout: float | None = None) -> None:
        """Let nobody else save the document until `unlock`, or the end of this request or job.

        Raises:
            DocumentLockedError: somebody holds it, for `timeout` seconds.
        """
        locks_of(current()).lock(self.doctype, str(self.name), timeout=timeout or 0)

    def unlock(self) -> None:
        """Let the document go."""
        locks_of(current()).unlock(self.doctype, str(self.name))

    @property
    def is_locked(self) -> bool:
        """Whether somebody holds the document."""
        return locks_of(current()).is_locked(self.doctype, str(self.name))

    def check_if_locked(self) -> None:
        """Refuse to go on if somebody holds the document.

        Raises:
            DocumentLockedError: somebody does.
        """
        if self.is_locked:
            raise DocumentLockedError(f"{self.doctype} {self.name} is locked: a job is working on it")

    # --- told and shown ---

    def log_error(self, title: str | None = None, message: Any = None) -> Any:
        """Keep an error in the Error Log, with a link to this document."""
        return frappe.log_error(title, message, reference_doctype=self.doctype, reference_name=self.name)

    def get_url(self) -> str:
        """The path of the document in the desk."""
        return str(frappe.utils.get_absolute_url(self.doctype, self.name))

    def get_formatted(
        self,
        fieldname: str,
        doc: Any = None,
        currency: str | None = None,
        absolute_value: bool = False,
        translated: bool = False,
        format: str | None = None,
    ) -> Any:
        """A field's value as people read it."""
        field = frappe.get_meta(self.doctype).get_field(fieldname)
        value = self.get(fieldname)  # type: ignore[attr-defined]
        if translated and isinstance(value, str):
            value = frappe._(value)
        if absolute_value and isinstance(value, (int, float)):
            value = abs(value)
        return frappe.format_value(value, field, doc=doc or self, currency=currency, format=format)

    def add_viewed(self, user: str | None = None, force: bool = False, unique_views: bool = False) -> None:
        """Nothing: who looked at a document is not kept."""

    def add_seen(self, user: str | None = None) -> None:
        """Nothing: who looked at a document is not kept."""

    def get_assigned_users(self) -> set[str]:
        """The users that the document is assigned to."""
        found = frappe.get_all(
            "ToDo",
            filters={"reference_type": self.doctype, "reference_name": self.name, "status": ("!=", "Cancelled")},
            pluck="allocated_to",
        )
        return set(found)

    def add_tag(self, tag: str) -> None:
        """Put a tag on the document."""
        from rota.frappe.desk.doctype.tag.tag import DocTags

        DocTags(self.doctype).add(self.name, tag)

    def get_tags(self) -> list[str]:
        """The tags of the document."""
        from rota.frappe.desk.doctype.tag.tag import DocTags

        return [tag for tag in DocTags(self.doctype).get_tags(self.name).split(",") if tag]

    def get_liked_by(self) -> list[str]:
        """The users that like the document."""
        found: list[str] = frappe.parse_json(getattr(self, "_liked_by", None) or "[]")
        return found

    def is_whitelisted(self, method_name: str) -> None:
        """Refuse unless the method may be called over HTTP.

        Raises:
            PermissionError: it may not.
        """
        frappe.is_whitelisted(getattr(self, method_name))


def execute_action(doctype: str, name: Any, action: str, kwargs: dict[str, Any]) -> Any:
    """Run a document's action as `queue_action` asked for; a comment on the document says when it failed."""
    doc = frappe.get_doc(doctype, name)
    action_locks_of(current()).unlock(doctype, str(name))
    with _FailureOnDocument(doctype, name):
        return getattr(doc, action)(**kwargs)


class _FailureOnDocument:
    """A block whose failure is told by a comment on a document, and goes on."""

    def __init__(self, doctype: str, name: Any) -> None:
        self._doctype, self._name = doctype, name

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, JobLost):
            return
        messages = current().messages
        last = str(messages[-1]["message"] if messages else error)
        frappe.db.rollback()
        doc = frappe.get_doc(self._doctype, self._name)
        doc.add_comment("Comment", f"Action Failed<br><br>{frappe.utils.escape_html(last)}")
        frappe.db.commit()
        doc.notify_update()


def wire() -> None:
    """Give every document these methods."""
    for name, method in vars(SiteMethods).items():
        if not name.startswith("__"):
            setattr(Document, name, method)
