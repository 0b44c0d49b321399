"""What the flags of a document switch off, and what `reload` forgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rota.documents.documents import Documents
from rota.errors import (
    LinkValidationError,
    MandatoryError,
    PermissionError,  # noqa: A004 - Frappe's name
    TimestampMismatchError,
    ValidationError,
)

from .conftest import Site, field


@pytest.fixture
def task(doctype: Callable[..., str]) -> str:
    """A DocType that Clerks may only read, with a mandatory field, a link and rows."""
    doctype("Place", "title")
    doctype("Step", "text", istable=1)
    fields = (
        field("subject", reqd=1),
        field("place", "Link", options="Place"),
        field("state", "Select", options="Open\nDone"),
        field("steps", "Table", options="Step"),
    )
    return doctype("Task", *fields, permissions=[{"role": "Clerk", "read": 1}])


def make(documents: Documents, **values: Any) -> Any:
    return documents.get_doc({"doctype": "Task", "subject": "x", **values}).insert()


def test_reload_forgets_what_was_not_saved(documents: Documents, task: str) -> None:
    doc = make(documents, steps=[{"text": "one"}])
    doc.subject = "y"
    doc.append("steps", {"text": "two"})
    doc.steps[0].text = "changed"
    same = doc.reload()
    assert same is doc
    assert (doc.subject, [row.text for row in doc.steps]) == ("x", ["one"])


def test_reload_sees_what_others_have_saved_and_can_be_saved_again(site: Site, documents: Documents, task: str) -> None:
    doc = make(documents)
    documents.session.commit()
    other = site.documents()
    site.clock.advance(seconds=1)
    other.get_doc("Task", doc.name).update({"subject": "theirs"}).save()
    other.session.commit()
    doc.subject = "mine"
    with pytest.raises(TimestampMismatchError):
        doc.save()
    doc.reload()
    assert doc.subject == "theirs"
    doc.save()


@pytest.mark.parametrize("by_argument", [True, False])
def test_permissions_are_ignored_for_one_document_only(
    site: Site, documents: Documents, task: str, by_argument: bool
) -> None:
    doc, other = make(documents), make(documents)
    documents.session.commit()
    theirs = site.documents(user="Guest")
    mine = theirs.get_doc("Task", doc.name)
    with pytest.raises(PermissionError):
        mine.save()
    if by_argument:
        mine.save(ignore_permissions=True)
    else:
        mine.flags.ignore_permissions = True
        mine.save()
    with pytest.raises(PermissionError):
        theirs.get_doc("Task", other.name).save()
    with pytest.raises(PermissionError):
        theirs.delete_doc("Task", other.name)
    theirs.delete_doc("Task", other.name, ignore_permissions=True)
    mine.delete(ignore_permissions=True)
    assert theirs.get_all("Task") == []


def test_what_is_missing_and_what_leads_nowhere_is_stored_when_that_is_asked_for(
    documents: Documents, task: str
) -> None:
    doc = make(documents)
    doc.update({"subject": "", "place": "nowhere"})
    doc.flags.ignore_mandatory = True
    with pytest.raises(LinkValidationError):
        doc.save()
    doc.flags.ignore_mandatory, doc.flags.ignore_links = False, True
    with pytest.raises(MandatoryError):
        doc.save()
    doc.flags.ignore_mandatory = True
    doc.save()
    assert documents.database.get_value("Task", doc.name, ["subject", "place"]) == ("", "nowhere")


def test_ignore_validate_leaves_out_the_controllers_checks_and_not_those_of_the_fields(
    site: Site, documents: Documents, task: str
) -> None:
    doc = make(documents)
    site.events.clear()
    doc.flags.ignore_validate = True
    doc.save()
    assert [event.partition(".")[2] for event in site.events] == ["before_validate", "on_update", "on_change"]
    doc.state = "Odd"
    with pytest.raises(ValidationError, match="It should be one of"):
        doc.save()


def test_the_conflict_check_can_be_left_out(site: Site, documents: Documents, task: str) -> None:
    doc = make(documents)
    documents.session.commit()
    other = site.documents()
    site.clock.advance(seconds=1)
    other.get_doc("Task", doc.name).save()
    other.session.commit()
    doc.flags.ignore_version_check = True
    doc.save()


def test_flags_are_the_documents_own_and_are_not_stored(documents: Documents, task: str) -> None:
    doc = make(documents)
    doc.flags.anything = [1]
    doc.save()
    again = documents.get_doc("Task", doc.name)
    assert doc.flags.anything == [1]
    assert again.flags.anything is None
    assert "flags" not in doc.as_dict()
