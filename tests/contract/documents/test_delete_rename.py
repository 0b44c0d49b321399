"""Documents go, with what belongs to them, unless something still needs them; and are renamed everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rota import errors
from rota.documents.document import Document
from rota.documents.documents import Documents
from rota.errors import DoesNotExistError, DuplicateEntryError, LinkExistsError, ValidationError
from tests.contract.documents.conftest import Site, field

Make = Callable[..., str]


@pytest.fixture
def parts(documents: Documents, doctype: Make) -> None:
    doctype("Item", "title", autoname="field:title", allow_rename=1)
    doctype("Bill Row", field("item", "Link", options="Item"), istable=1)
    doctype(
        "Bill",
        field("main", "Link", options="Item"),
        field("rows", "Table", options="Bill Row"),
        is_submittable=1,
        autoname="BILL-.#",
    )
    doctype("Note", field("kind", "Link", options="DocType"), field("about", "Dynamic Link", options="kind"))
    doctype("Shop", field("best", "Link", options="Item"), issingle=1)
    for title in ("cup", "mug"):
        make(documents, "Item", title=title)


def make(documents: Documents, doctype: str, **values: Any) -> Any:
    return documents.get_doc({"doctype": doctype, **values}).insert()


def test_a_document_goes_with_its_rows_and_leaves_a_copy(documents: Documents, parts: None) -> None:
    doc = make(documents, "Bill", rows=[{"item": "cup"}])
    documents.delete_doc("Bill", doc.name)
    assert documents.count("Bill Row") == 0
    copy = documents.get_doc("Deleted Document", {"deleted_name": doc.name})
    assert json.loads(copy.data)["rows"][0]["item"] == "cup"


def test_a_document_may_go_for_good(documents: Documents, parts: None) -> None:
    documents.delete_doc("Item", "mug", delete_permanently=True)
    assert documents.count("Deleted Document") == 0


def test_a_missing_document_is_no_error_unless_asked(documents: Documents, parts: None) -> None:
    assert documents.delete_doc("Item", "nothing") is False
    with pytest.raises(DoesNotExistError):
        documents.delete_doc("Item", "nothing", ignore_missing=False)


def test_several_documents_go_at_once(documents: Documents, parts: None) -> None:
    documents.delete_doc("Item", ["cup", "mug"])
    assert documents.count("Item") == 0


@pytest.mark.parametrize(
    ("holder", "values"),
    [
        ("Bill", {"main": "cup"}),
        ("Bill", {"rows": [{"item": "cup"}]}),
        ("Note", {"kind": "Item", "about": "cup"}),
    ],
)
def test_a_document_that_another_one_links_to_stays(
    documents: Documents, parts: None, holder: str, values: dict[str, Any]
) -> None:
    linking = make(documents, holder, **values)
    with pytest.raises(LinkExistsError, match=f"Item cup is linked with {holder} {linking.name}"):
        documents.delete_doc("Item", "cup")
    assert documents.exists("Item", "cup")
    documents.delete_doc("Item", "mug")
    documents.delete_doc("Item", "cup", force=True)
    assert not documents.exists("Item", "cup")


def test_a_single_may_link_too(documents: Documents, parts: None) -> None:
    documents.database.set_single_value("Shop", "best", "cup")
    with pytest.raises(LinkExistsError, match="Shop"):
        documents.delete_doc("Item", "cup")


def test_what_a_document_says_of_itself_does_not_keep_it(documents: Documents, parts: None) -> None:
    documents.get_doc("Item", "cup").add_comment("Comment", "nice")
    documents.delete_doc("Item", "cup")
    assert documents.count("Comment") == 0


def test_a_submitted_document_is_not_deleted(documents: Documents, parts: None) -> None:
    doc = make(documents, "Bill")
    doc.submit()
    with pytest.raises(ValidationError, match="Submitted Record cannot be deleted"):
        doc.delete()
    doc.cancel()
    doc.delete()
    assert documents.count("Bill") == 0


def test_a_document_that_a_submitted_one_links_to_is_not_cancelled(
    documents: Documents, parts: None, doctype: Make
) -> None:
    doctype("Payment", field("bill", "Link", options="Bill"), is_submittable=1)
    bill = make(documents, "Bill")
    bill.submit()
    payment = make(documents, "Payment", bill=bill.name)
    payment.submit()
    with pytest.raises(LinkExistsError, match="Cannot cancel because Bill"):
        bill.cancel()
    assert documents.get_value("Bill", bill.name, "docstatus") == 1
    payment.cancel()
    bill.reload().cancel()


def test_on_trash_may_refuse(documents: Documents, parts: None, site: Site) -> None:
    class Item(Document):
        def on_trash(self) -> None:
            raise ValidationError("needed")

    site.classes["Item"] = Item
    with pytest.raises(ValidationError, match="needed"):
        documents.delete_doc("Item", "cup")
    assert documents.exists("Item", "cup")


def test_after_delete_runs_once_the_row_is_gone(documents: Documents, parts: None, site: Site) -> None:
    seen: list[Any] = []
    site.hooks["Item", "after_delete"] = lambda doc, event: seen.append(documents.exists("Item", doc.name))
    documents.delete_doc("Item", "cup")
    assert seen == [None]


def test_a_renamed_document_is_renamed_everywhere(documents: Documents, parts: None) -> None:
    bill = make(documents, "Bill", main="cup", rows=[{"item": "cup"}, {"item": "mug"}])
    note = make(documents, "Note", kind="Item", about="cup")
    other = make(documents, "Note", kind="Bill", about=bill.name)
    documents.database.set_single_value("Shop", "best", "cup")
    assert documents.rename_doc("Item", "cup", "Tasse") == "Tasse"
    bill.reload()
    assert (bill.main, bill.rows[0].item, bill.rows[1].item) == ("Tasse", "Tasse", "mug")
    assert documents.get_value("Note", note.name, "about") == "Tasse"
    assert documents.get_value("Note", other.name, "about") == bill.name
    assert documents.database.get_single_value("Shop", "best") == "Tasse"
    assert documents.get_value("Item", "Tasse", "title") == "Tasse"


def test_rows_follow_their_renamed_parent(documents: Documents, parts: None) -> None:
    bill = make(documents, "Bill", rows=[{"item": "cup"}])
    documents.rename_doc("Bill", bill.name, "FIRST", force=True)
    assert documents.get_doc("Bill", "FIRST").rows[0].parent == "FIRST"


def test_a_taken_name_is_refused_unless_merged(documents: Documents, parts: None) -> None:
    bill = make(documents, "Bill", main="cup")
    with pytest.raises(DuplicateEntryError, match="Another Item with name mug exists"):
        documents.rename_doc("Item", "cup", "mug")
    documents.rename_doc("Item", "cup", "mug", merge=True)
    assert not documents.exists("Item", "cup")
    assert documents.get_value("Bill", bill.name, "main") == "mug"
    with pytest.raises(DoesNotExistError):
        documents.rename_doc("Item", "mug", "nothing", merge=True)


def test_a_name_may_change_its_case(documents: Documents, parts: None) -> None:
    assert documents.rename_doc("Item", "cup", "CUP") == "CUP"
    assert documents.get_all("Item", pluck="name", order_by="name") == ["CUP", "mug"]


def test_a_doctype_says_whether_its_documents_are_renamed(documents: Documents, parts: None) -> None:
    bill = make(documents, "Bill")
    with pytest.raises(ValidationError, match="not allowed to be renamed"):
        documents.rename_doc("Bill", bill.name, "X")


def test_renaming_needs_the_right_to_write(documents: Documents, parts: None) -> None:
    documents.user = "Guest"
    with pytest.raises(errors.PermissionError):
        documents.rename_doc("Item", "cup", "x")


def test_the_controller_is_asked_before_and_told_after(documents: Documents, parts: None, site: Site) -> None:
    seen: list[Any] = []

    class Item(Document):
        def before_rename(self, old: str, new: str, merge: bool = False) -> str:
            return f"{new}!"

        def after_rename(self, old: str, new: str, merge: bool = False) -> None:
            seen.append((old, new, merge))

    site.classes["Item"] = Item
    assert documents.rename_doc("Item", "cup", "x") == "x!"
    assert seen == [("cup", "x!", False)]
