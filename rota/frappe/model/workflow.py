"""Workflows: states of documents, and who may take them from one to the next.

Workflow documents are read where an app or a person has made some; Rota brings no editor for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.errors import DoctypeNotFoundError, ValidationError
from rota.frappe._missing import missing


class WorkflowStateError(ValidationError):
    """A document has a state that its workflow has not."""


class WorkflowTransitionError(ValidationError):
    """No transition leads there."""


class WorkflowPermissionError(ValidationError):
    """The user may not take this transition."""


def get_workflow_name(doctype: str) -> str | None:
    """The active workflow of a DocType; None when there is none."""
    try:
        name: str | None = frappe.db.get_value("Workflow", {"document_type": doctype, "is_active": 1}, "name")
    except DoctypeNotFoundError:
        return None  # a site without workflows
    return name


def get_workflow(doctype: str) -> Any:
    """The active workflow of a DocType, as a document."""
    return frappe.get_cached_doc("Workflow", get_workflow_name(doctype))


def get_workflow_state_field(workflow_name: str) -> str:
    """The field in which documents keep their state."""
    return str(frappe.get_cached_value("Workflow", workflow_name, "workflow_state_field"))


def get_transitions(
    doc: Any, workflow: Any = None, raise_exception: bool = False, user: str | None = None
) -> list[Any]:
    """The transitions that the user may take from the document's state, as dicts.

    Raises:
        WorkflowStateError: the document has no state.
    """
    doc = frappe.get_doc(frappe.parse_json(doc)) if isinstance(doc, str) else doc
    if doc.is_new():
        return []
    doc.load_from_db()
    workflow = workflow or get_workflow(doc.doctype)
    state = doc.get(workflow.workflow_state_field)
    if not state:
        if raise_exception:
            raise WorkflowStateError("Workflow State not set")
        return []
    roles = frappe.get_roles(user)
    return [
        one.as_dict()
        for one in workflow.transitions
        if one.state == state and one.allowed in roles and is_transition_condition_satisfied(one, doc)
    ]


def is_transition_condition_satisfied(transition: Any, doc: Any) -> bool:
    """Whether a transition's condition holds for a document."""
    if not transition.condition:
        return True
    return bool(frappe.safe_eval(transition.condition, _names(), {"doc": doc.as_dict()}))


def get_workflow_safe_globals() -> dict[str, Any]:
    """What a condition may use."""
    return _names()


def _names() -> dict[str, Any]:
    functions = frappe._dict(
        {
            name: getattr(frappe.utils, name)
            for name in ("now_datetime", "get_datetime", "add_to_date", "now", "getdate")
        }
    )
    database = frappe._dict(get_value=frappe.db.get_value, get_list=frappe.db.get_list)
    return {"frappe": frappe._dict(db=database, session=frappe._dict(user=frappe.session.user), utils=functions)}


def apply_workflow(doc: Any, action: str) -> Any:
    """Take a document through the transition that an action names, and save, submit or cancel it.

    Raises:
        WorkflowTransitionError: there is no such transition from its state, for this user.
    """
    doc = frappe.get_doc(frappe.parse_json(doc)) if isinstance(doc, str) else doc
    doc.load_from_db()
    workflow = get_workflow(doc.doctype)
    found = next((one for one in get_transitions(doc, workflow) if one.action == action), None)
    if found is None:
        frappe.throw(frappe._("Not a valid Workflow Action"), WorkflowTransitionError)
    doc.set(workflow.workflow_state_field, found.next_state)
    state = next(one for one in workflow.states if one.state == found.next_state)
    if state.update_field:
        doc.set(state.update_field, state.update_value)
    wanted = frappe.utils.cint(state.doc_status)
    if wanted == 1 and doc.docstatus == 0:
        doc.submit()
    elif wanted == 2 and doc.docstatus == 1:
        doc.cancel()
    elif wanted == doc.docstatus:
        doc.save()
    else:
        frappe.throw(frappe._("Illegal Document Status for {0}").format(state.state))
    doc.add_comment("Workflow", frappe._(found.next_state))
    return doc


def validate_workflow(doc: Any) -> None:
    """Refuse a state that no transition leads to.

    Raises:
        WorkflowStateError, WorkflowPermissionError: it is so.
    """
    workflow = get_workflow(doc.doctype)
    field = workflow.workflow_state_field
    before = doc.get_doc_before_save()
    now, was = doc.get(field), before.get(field) if before else None
    if not now:
        doc.set(field, workflow.states[0].state)
    elif was and was != now and not any(one.state == was and one.next_state == now for one in workflow.transitions):
        frappe.throw(f"Workflow State transition not allowed from {was} to {now}", WorkflowPermissionError)


def can_cancel_document(doctype: str) -> bool:
    """Whether documents may be cancelled past the workflow: where it has no state for it."""
    name = get_workflow_name(doctype)
    return name is None or all(frappe.utils.cint(one.doc_status) != 2 for one in get_workflow(doctype).states)


def send_email_alert(workflow_name: str) -> bool:
    """Whether the workflow wants mails to be sent."""
    return bool(frappe.get_cached_value("Workflow", workflow_name, "send_email_alert"))


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
