"""Each write of a document has a savepoint: an error that an app catches leaves the transaction usable, and nothing
of the failed write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rota.documents.documents import Documents
from rota.errors import RotaError, ValidationError

from .conftest import Site, field

Write = Callable[[Documents, Any], Any]
FAILING: dict[str, tuple[str, Write]] = {
    "insert": ("after_insert", lambda documents, _: documents.get_doc({"doctype": "Bill"}).insert(set_name="new")),
    "save": ("on_update", lambda _, bill: bill.update({"title": "new"}).save()),
    "save with rows": ("on_change", lambda _, bill: bill.update({"rows": [{"note": "new"}]}).save()),
    "submit": ("on_submit", lambda _, bill: bill.submit()),
    "cancel": ("on_cancel", lambda documents, _: documents.get_doc("Bill", "done").cancel()),
    "save of a submitted one": (
        "on_update_after_submit",
        lambda documents, _: documents.get_doc("Bill", "done").update({"remark": "new"}).save(),
    ),
    "delete": ("after_delete", lambda documents, _: documents.delete_doc("Bill", "open")),
    "rename": ("after_rename", lambda documents, _: documents.rename_doc("Bill", "open", "new", force=True)),
}


def stored(documents: Documents) -> list[Any]:
    """All that a failed write could leave."""
    bills = documents.get_all("Bill", fields=["name", "title", "remark", "docstatus", "modified"], order_by="name")
    rows = documents.get_all("Bill Row", fields=["parent", "note", "idx"], order_by="parent, idx")
    return [bills, rows, documents.get_all("Log", pluck="text"), documents.count("Deleted Document")]


@pytest.fixture
def bill(documents: Documents, doctype: Callable[..., str]) -> Any:
    """A draft with a row, beside a submitted one."""
    doctype("Bill Row", "note", istable=1)
    doctype("Log", "text")
    fields = (field("remark", allow_on_submit=1), field("rows", "Table", options="Bill Row"))
    doctype("Bill", "title", *fields, is_submittable=1, autoname="prompt")
    for name in ("done", "open"):
        values = {"doctype": "Bill", "title": name, "rows": [{"note": name}]}
        made = documents.get_doc(values).insert(set_name=name)
        if name == "done":
            made.submit()
    documents.session.commit()
    return made


@pytest.mark.parametrize("write", FAILING)
def test_a_write_that_fails_at_its_end_leaves_nothing_but_what_was_written_before(
    site: Site, documents: Documents, bill: Any, write: str
) -> None:
    event, act = FAILING[write]
    before = stored(documents)

    def fail(doc: Any, _: str) -> None:
        documents.get_doc({"doctype": "Log", "text": "from the hook"}).insert()
        raise ValidationError("not like this")

    site.hooks["Bill", event] = fail
    documents.get_doc({"doctype": "Log", "text": "kept"}).insert()
    before[2] = ["kept"]
    with pytest.raises(ValidationError, match="not like this"):
        act(documents, bill)
    assert stored(documents) == before
    documents.session.commit()
    assert stored(documents) == before


REFUSED: dict[str, Write] = {
    "an unknown field": lambda documents, _: documents.database.set_value("Bill", "open", "nowhere", 1),
    "a value that is none": lambda _, bill: bill.db_set("creation", "no date at all"),
    "a taken name": lambda documents, _: documents.get_doc({"doctype": "Bill", "title": "x"}).insert(set_name="open"),
    "a taken name, unchecked": lambda documents, _: documents.get_doc({"doctype": "Bill", "name": "open"}).db_insert(),
    "taken names": lambda documents, _: documents.database.bulk_insert("Bill", ["name"], [["a"], ["open"]]),
    "a row that is too long": lambda _, bill: bill.update({"rows": [{"note": "x" * 200}]}).save(),
    "an unknown table": lambda documents, _: documents.database.sql("select nothing from nowhere"),
    "a submitted document": lambda documents, _: documents.delete_doc("Bill", "done"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_leaves_the_transaction_usable(documents: Documents, bill: Any, what: str) -> None:
    documents.get_doc({"doctype": "Log", "text": "kept"}).insert()
    for _ in range(2):
        with pytest.raises(RotaError):
            REFUSED[what](documents, bill)
    documents.get_doc({"doctype": "Log", "text": "more"}).insert()
    documents.session.commit()
    assert sorted(documents.get_all("Log", pluck="text")) == ["kept", "more"]
    assert documents.get_all("Bill", pluck="name", order_by="name") == ["done", "open"]
    assert documents.get_doc("Bill", "open").title == "open"
