"""Documents: made, stored, read, changed, submitted, cancelled; hooks in their order; checks; caught errors."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from rota.documents.base import _current
from rota.documents.document import Document, set_provider
from rota.documents.documents import Documents
from rota.errors import (
    CancelledLinkError,
    CannotChangeConstantError,
    CharacterLengthExceededError,
    DocstatusTransitionError,
    DoesNotExistError,
    DuplicateEntryError,
    InvalidEmailAddressError,
    LinkValidationError,
    MandatoryError,
    NonNegativeError,
    TimestampMismatchError,
    UniqueValidationError,
    UpdateAfterSubmitError,
    ValidationError,
)
from tests.contract.documents.conftest import Site, field

Make = Callable[..., str]


@pytest.fixture
def note(doctype: Make) -> str:
    return doctype("Note", field("title", reqd=1), field("count", "Int"), field("day", "Date"))


@pytest.fixture
def order(doctype: Make) -> str:
    doctype("Order Item", "item", field("qty", "Float"), istable=1)
    return doctype(
        "Order",
        "customer",
        field("remarks", "Small Text", allow_on_submit=1),
        field("items", "Table", options="Order Item"),
        is_submittable=1,
    )


def make(documents: Documents, doctype: str, **values: Any) -> Any:
    return documents.get_doc({"doctype": doctype, **values}).insert()


# --- values ---


def test_every_kind_of_value_comes_back_as_its_own_type(documents: Documents, doctype: Make) -> None:
    kinds = ["Int", "Check", "Float", "Currency", "Date", "Datetime", "Time", "JSON", "Long Text", "Data"]
    doctype("Every", *[field(kind.lower().replace(" ", "_"), kind) for kind in kinds])
    name = make(
        documents,
        "Every",
        int="7",
        check=True,
        float="1,234.5",
        currency=Decimal("2.25"),
        date="2024-02-29",
        datetime="2024-02-29 10:11:12.5",
        time="9:05:07",
        json={"a": [1]},
        long_text="x" * 5000,
        data=12,
    ).name
    doc = documents.get_doc("Every", name)
    assert (doc.int, doc.check, doc.float, doc.currency) == (7, 1, 1234.5, 2.25)
    assert (doc.date, doc.datetime) == (date(2024, 2, 29), datetime(2024, 2, 29, 10, 11, 12, 500000))
    assert (doc.time, doc.json, doc.long_text) == (timedelta(hours=9, minutes=5, seconds=7), '{"a": [1]}', "x" * 5000)
    assert doc.data == "12"
    assert [type(doc.get(name)) for name in ("int", "check", "float", "currency")] == [int, int, float, float]


def test_what_was_not_given_is_none_or_zero(documents: Documents, note: str) -> None:
    doc = documents.get_doc(note, make(documents, note, title="a").name)
    assert (doc.count, doc.day) == (0, None)


def test_as_dict_is_plain_json(documents: Documents, order: str) -> None:
    doc = make(documents, order, customer="Ann", items=[{"item": "x", "qty": 2}])
    values = documents.get_doc(order, doc.name).as_dict()
    assert json.loads(json.dumps(values)) == values
    assert values.creation == "2026-01-05 12:00:00.000000"
    assert values["items"][0]["item"] == "x"
    assert values.doctype == order


def test_attributes_of_a_stored_document_stay_dates(documents: Documents, note: str) -> None:
    doc = documents.get_doc(note, make(documents, note, title="a", day="2024-01-01").name)
    assert isinstance(doc.creation, datetime)
    assert doc.day == date(2024, 1, 1)


@contextmanager
def no_provider() -> Iterator[None]:
    """As in a process that has not installed Frappe's names; tests of others may have, in this one."""
    before = list(_current)
    _current.clear()
    try:
        yield
    finally:
        _current[:] = before


def test_copies_and_pickles_keep_values_and_not_the_site(documents: Documents, order: str) -> None:
    doc = make(documents, order, customer="Ann", items=[{"item": "x"}])
    twin = copy.deepcopy(doc)
    twin.items[0].item = "y"
    assert doc.items[0].item == "x"
    assert twin.documents is documents
    with no_provider():
        set_provider(lambda: documents)
        assert pickle.loads(pickle.dumps(doc)).items[0].item == "x"


def test_app_code_makes_documents_by_itself_once_a_site_is_open(documents: Documents, note: str) -> None:
    with no_provider():
        with pytest.raises(RuntimeError, match="no site is open"):
            Document({"doctype": note})
        set_provider(lambda: documents)
        assert Document(doctype=note, title="x").insert().title == "x"


# --- reading ---


def test_a_missing_document_is_named(documents: Documents, note: str, site: Site) -> None:
    with pytest.raises(DoesNotExistError, match="Note nothing not found"):
        documents.get_doc(note, "nothing")
    assert site.messages == ["Note nothing not found"]


def test_a_document_is_found_by_filters(documents: Documents, note: str) -> None:
    make(documents, note, title="a", count=1)
    assert documents.get_doc(note, {"count": 1}).title == "a"
    with pytest.raises(DoesNotExistError):
        documents.get_doc(note, {"count": 2})


def test_the_last_document_is_the_newest(documents: Documents, note: str, site: Site) -> None:
    for title in ("a", "b"):
        make(documents, note, title=title)
        site.clock.advance(seconds=1)
    assert documents.get_last_doc(note).title == "b"
    assert documents.get_last_doc(note, filters={"title": "a"}).title == "a"


def test_a_single_keeps_its_values_with_their_types(documents: Documents, doctype: Make) -> None:
    doctype("Settings", field("limit", "Int", default="5"), field("since", "Date"), "label", issingle=1)
    doc = documents.get_single("Settings")
    assert doc.limit == 5
    doc.update({"limit": 9, "since": "2024-01-01", "label": "x"})
    doc.save()
    again = documents.get_doc("Settings")
    assert (again.limit, again.since, again.label) == (9, date(2024, 1, 1), "x")
    assert documents.database.get_single_value("Settings", "limit") == 9
    documents.database.set_single_value("Settings", "limit", 3)
    assert documents.get_value("Settings", None, ["limit", "label"]) == (3, "x")
    assert documents.get_value("Singles", {"doctype": "Settings", "field": "limit"}, "value") == "3"


def test_a_cached_document_is_read_anew_after_a_change(documents: Documents, note: str) -> None:
    name = make(documents, note, title="a").name
    assert documents.get_cached_doc(note, name) is documents.get_cached_doc(note, name)
    documents.database.set_value(note, name, "title", "b")
    assert documents.get_cached_value(note, name, "title") == "b"


# --- the order of hooks ---

EVENTS = {
    "insert": "before_insert before_naming autoname before_validate validate before_save "
    "after_insert on_update on_change",
    "save": "before_validate validate before_save on_update on_change",
    "submit": "before_validate validate before_submit on_update on_submit on_change",
    "update": "before_update_after_submit on_update_after_submit on_change",
    "cancel": "before_cancel on_cancel on_change",
    "delete": "on_trash after_delete",
}


def events(site: Site, doctype: str) -> str:
    found = [event.partition(".")[2] for event in site.events if event.startswith(f"{doctype}.")]
    site.events.clear()
    return " ".join(found)


def test_hooks_run_in_frappes_order(documents: Documents, doctype: Make, site: Site) -> None:
    doctype("Step", field("note", allow_on_submit=1), is_submittable=1)
    doc = make(documents, "Step")
    assert events(site, "Step") == EVENTS["insert"]
    doc.save()
    assert events(site, "Step") == EVENTS["save"]
    doc.submit()
    assert events(site, "Step") == EVENTS["submit"]
    doc.note = "x"
    doc.save()
    assert events(site, "Step") == EVENTS["update"]
    doc.cancel()
    assert events(site, "Step") == EVENTS["cancel"]
    doc.delete()
    assert events(site, "Step") == EVENTS["delete"]


def test_the_controllers_own_method_runs_before_its_hooks(documents: Documents, note: str, site: Site) -> None:
    ran: list[str] = []

    class Note(Document):
        def validate(self) -> None:
            ran.append("controller")

    site.classes[note] = Note
    site.hooks[note, "validate"] = lambda doc, event: ran.append(f"hook {event}")
    make(documents, note, title="x")
    assert ran == ["controller", "hook validate"]


def test_a_controller_sees_what_was_stored_before(documents: Documents, note: str, site: Site) -> None:
    seen: list[Any] = []

    class Note(Document):
        def on_update(self) -> None:
            before = self.get_doc_before_save()
            seen.append((before and before.title, self.has_value_changed("title"), self.has_value_changed("count")))

    site.classes[note] = Note
    doc = make(documents, note, title="a")
    doc.title = "b"
    doc.save()
    assert seen == [(None, True, True), ("a", True, False)]


def test_a_controller_with_an_init_of_its_own_is_respected(documents: Documents, note: str, site: Site) -> None:
    class Note(Document):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.extra = self.title

    site.classes[note] = Note
    name = make(documents, note, title="a").name
    assert documents.get_doc(note, name).extra == "a"


def test_what_a_hook_changes_is_stored(documents: Documents, note: str, site: Site) -> None:
    site.hooks[note, "before_save"] = lambda doc, event: doc.set("count", 42)
    assert documents.get_value(note, make(documents, note, title="x").name, "count") == 42


def test_run_method_gives_what_the_method_gives(documents: Documents, note: str, site: Site) -> None:
    class Note(Document):
        def double(self, number: int) -> int:
            return 2 * number

    site.classes[note] = Note
    assert documents.new_doc(note).run_method("double", 4) == 8
    assert documents.new_doc(note).run_method("nothing") is None


# --- changing ---


def test_a_document_that_somebody_else_changed_is_not_overwritten(documents: Documents, note: str, site: Site) -> None:
    name = make(documents, note, title="a").name
    mine, theirs = documents.get_doc(note, name), documents.get_doc(note, name)
    site.clock.advance(seconds=1)
    theirs.save()
    with pytest.raises(TimestampMismatchError, match="Document has been modified after you have opened it"):
        mine.save()
    assert mine.reload().save().name == name


def test_modified_and_its_user_move_with_each_save(documents: Documents, note: str, site: Site) -> None:
    doc = make(documents, note, title="a")
    site.clock.advance(seconds=5)
    doc.save()
    assert doc.modified - doc.creation == timedelta(seconds=5)
    documents.database.set_value(note, doc.name, "count", 1, update_modified=False)
    assert documents.get_value(note, doc.name, "modified") == doc.modified


def test_db_set_writes_past_the_checks(documents: Documents, note: str, site: Site) -> None:
    doc = make(documents, note, title="a")
    events(site, note)
    doc.db_set({"title": "", "count": 3})
    assert documents.get_value(note, doc.name, ["title", "count"]) == ("", 3)
    assert events(site, note) == "before_change on_change"
    doc.title = "again"
    doc.save()


def test_child_rows_are_added_changed_and_removed(documents: Documents, order: str) -> None:
    doc = make(documents, order, items=[{"item": "a", "qty": 1}, {"item": "b", "qty": 2}])
    kept = doc.items[1].name
    doc.remove(doc.items[0])
    doc.items[0].qty = 5
    doc.append("items", {"item": "c"})
    doc.save()
    again = documents.get_doc(order, doc.name)
    assert [(row.idx, row.item, row.qty) for row in again.items] == [(1, "b", 5.0), (2, "c", 0.0)]
    assert again.items[0].name == kept
    assert documents.count("Order Item") == 2


def test_rows_know_their_parent(documents: Documents, order: str) -> None:
    doc = documents.get_doc(order, make(documents, order, items=[{"item": "a"}]).name)
    row = doc.items[0]
    assert (row.parent, row.parenttype, row.parentfield, row.parent_doc) == (doc.name, order, "items", doc)


def test_get_picks_rows(documents: Documents, order: str) -> None:
    doc = make(documents, order, items=[{"item": "a", "qty": 1}, {"item": "b", "qty": 2}])
    assert [row.item for row in doc.get("items", {"qty": [">", 1]})] == ["b"]
    assert doc.getone("items", {"item": "a"}).qty == 1
    assert doc.get("nothing", "default") == "default"


def test_rows_put_as_dicts_become_documents(documents: Documents, order: str) -> None:
    doc = documents.new_doc(order)
    doc.items = [{"item": "a"}]
    doc.insert()
    assert documents.get_doc(order, doc.name).items[0].item == "a"


# --- checks ---


def test_mandatory_fields_are_named(documents: Documents, note: str, site: Site) -> None:
    with pytest.raises(MandatoryError, match=r"\[Note, .*\]: title"):
        make(documents, note)
    assert "Value missing for Note: Title" in site.messages[-1]
    documents.get_doc({"doctype": note}).insert(ignore_mandatory=True)


def test_mandatory_fields_of_rows_are_named(documents: Documents, doctype: Make) -> None:
    doctype("Line", field("item", reqd=1), istable=1)
    doctype("Bill", field("lines", "Table", options="Line", reqd=1))
    with pytest.raises(MandatoryError, match=": lines"):
        make(documents, "Bill")
    with pytest.raises(MandatoryError, match=": item"):
        make(documents, "Bill", lines=[{}])


@pytest.mark.parametrize("html", ["<div><br></div>", "<p>  </p>", "   "])
def test_empty_html_is_missing_too(documents: Documents, doctype: Make, html: str) -> None:
    doctype("Page", field("body", "Text Editor", reqd=1))
    with pytest.raises(MandatoryError):
        make(documents, "Page", body=html)


def test_a_select_takes_only_its_options(documents: Documents, doctype: Make) -> None:
    doctype("Task", field("status", "Select", options="Open\nClosed"))
    assert make(documents, "Task").status == "Open"
    with pytest.raises(ValidationError, match=r'Status cannot be "Gone"\. It should be one of "Open", "Closed"'):
        make(documents, "Task", status="Gone")


def test_a_text_longer_than_its_column_is_refused(documents: Documents, note: str) -> None:
    make(documents, note, title="x" * 140)
    with pytest.raises(CharacterLengthExceededError, match="141 characters, 140 are allowed"):
        make(documents, note, title="x" * 141)


@pytest.mark.parametrize("value", ["yesterday-ish", "2024-13-01", "31.31.2024"])
def test_a_date_that_is_none_is_refused(documents: Documents, note: str, value: str) -> None:
    with pytest.raises(ValidationError, match=r"is not a valid value for Day \(Date\)"):
        make(documents, note, title="x", day=value)


def test_a_text_with_nul_is_refused_on_both(documents: Documents, note: str) -> None:
    with pytest.raises(ValidationError, match="NUL"):
        make(documents, note, title="a\0b")


def test_an_email_field_takes_addresses(documents: Documents, doctype: Make) -> None:
    doctype("Person", field("email", options="Email"))
    make(documents, "Person", email="Ann <ann@example.com>")
    with pytest.raises(InvalidEmailAddressError, match="nobody is not a valid Email"):
        make(documents, "Person", email="nobody")


def test_a_number_may_be_kept_from_being_negative(documents: Documents, doctype: Make) -> None:
    doctype("Stock", field("qty", "Float", non_negative=1))
    with pytest.raises(NonNegativeError, match="Qty cannot be negative"):
        make(documents, "Stock", qty=-1)


def test_a_field_set_once_stays(documents: Documents, doctype: Make) -> None:
    doctype("Fixed", field("key", set_only_once=1))
    doc = make(documents, "Fixed")
    doc.key = "a"
    doc.save()
    doc.key = "b"
    with pytest.raises(CannotChangeConstantError, match="Value cannot be changed for Key"):
        doc.save()


def test_a_unique_value_can_be_taken_once_and_left_empty_often(documents: Documents, doctype: Make) -> None:
    doctype("Card", field("number", unique=1))
    make(documents, "Card", number="A1")
    for _ in range(2):
        make(documents, "Card", number="")
    with pytest.raises(UniqueValidationError, match="Number must be unique; a1 is taken"):
        make(documents, "Card", number="a1")
    make(documents, "Card", number="A2")


def test_a_link_must_lead_somewhere(documents: Documents, note: str, doctype: Make) -> None:
    doctype("Pin", field("note", "Link", options=note))
    with pytest.raises(LinkValidationError, match="Could not find Note: nowhere"):
        make(documents, "Pin", note="nowhere")
    documents.get_doc({"doctype": "Pin", "note": "nowhere"}).insert(ignore_links=True)


def test_a_link_takes_the_documents_own_spelling(documents: Documents, doctype: Make) -> None:
    doctype("Town", "title", autoname="field:title")
    doctype("Street", field("town", "Link", options="Town"))
    make(documents, "Town", title="Ulm")
    assert make(documents, "Street", town="ULM").town == "Ulm"


def test_a_link_to_a_doctype_that_the_site_has_not_is_left_alone(documents: Documents, doctype: Make) -> None:
    doctype("Foreign", field("company", "Link", options="Company"))
    assert make(documents, "Foreign", company="ACME").company == "ACME"


def test_a_dynamic_link_is_checked_by_the_doctype_it_names(documents: Documents, note: str, doctype: Make) -> None:
    doctype("Ref", field("kind", "Link", options="DocType"), field("target", "Dynamic Link", options="kind"))
    name = make(documents, note, title="x").name
    make(documents, "Ref", kind=note, target=name)
    with pytest.raises(LinkValidationError):
        make(documents, "Ref", kind=note, target="nowhere")


def test_values_are_fetched_from_the_linked_document(documents: Documents, note: str, doctype: Make) -> None:
    doctype(
        "Copy",
        field("note", "Link", options=note),
        field("title", fetch_from="note.title"),
        field("own", fetch_from="note.title", fetch_if_empty=1),
    )
    name = make(documents, note, title="x").name
    doc = make(documents, "Copy", note=name, title="mine", own="mine")
    assert (doc.title, doc.own) == ("x", "mine")


def test_a_cancelled_document_can_not_be_linked(documents: Documents, order: str, doctype: Make) -> None:
    doctype("Bill", field("order", "Link", options=order))
    doc = make(documents, order)
    doc.submit()
    doc.cancel()
    with pytest.raises(CancelledLinkError):
        make(documents, "Bill", order=doc.name)


# --- docstatus ---


def test_a_draft_can_not_be_cancelled(documents: Documents, order: str) -> None:
    doc = make(documents, order)
    with pytest.raises(DocstatusTransitionError, match=r"from 0 \(Draft\) to 2 \(Cancelled\)"):
        doc.cancel()


def test_a_submitted_document_does_not_go_back(documents: Documents, order: str) -> None:
    doc = make(documents, order)
    doc.submit()
    doc.docstatus = 0
    with pytest.raises(DocstatusTransitionError):
        doc.save()


def test_a_cancelled_document_stays_as_it_is(documents: Documents, order: str) -> None:
    doc = make(documents, order)
    doc.submit()
    doc.cancel()
    assert doc.docstatus.is_cancelled()
    with pytest.raises(ValidationError, match="Cannot edit cancelled document"):
        doc.save()


def test_only_some_fields_change_after_submission(documents: Documents, order: str) -> None:
    doc = make(documents, order, customer="Ann", items=[{"item": "x"}])
    doc.submit()
    doc.remarks = "late"
    doc.save()
    doc.customer = "Bob"
    with pytest.raises(UpdateAfterSubmitError, match="Not allowed to change Customer after submission from Ann to Bob"):
        doc.save()
    doc.reload()
    doc.append("items", {"item": "y"})
    with pytest.raises(UpdateAfterSubmitError, match="Items"):
        doc.save()


def test_rows_share_the_docstatus(documents: Documents, order: str) -> None:
    doc = make(documents, order, items=[{"item": "x"}])
    doc.submit()
    assert documents.get_value("Order Item", {"parent": doc.name}, "docstatus") == 1


def test_an_amended_document_is_named_after_the_first(documents: Documents, doctype: Make) -> None:
    doctype("Deal", field("amended_from", "Link", options="Deal"), is_submittable=1, autoname="DEAL-.##")
    doc = make(documents, "Deal")
    for expected in ("DEAL-01-1", "DEAL-01-2"):
        doc.submit()
        doc.cancel()
        amended = documents.copy_doc(doc)
        amended.amended_from = doc.name
        doc = amended.insert()
        assert doc.name == expected


# --- caught errors ---


def test_an_error_that_is_caught_leaves_a_usable_transaction_without_the_failed_document(
    documents: Documents, note: str, site: Site
) -> None:
    def fail(doc: Any, event: str) -> None:
        if doc.title == "bad":
            make(documents, note, title="made by the failing one")
            raise KeyError("bad")

    site.hooks[note, "on_update"] = fail
    for title in ("good", "bad", "better"):
        try:
            make(documents, note, title=title)
        except KeyError:
            continue
    documents.session.commit()
    assert documents.get_all(note, pluck="title", order_by="title") == ["better", "good"]


def test_a_taken_name_leaves_a_usable_transaction(documents: Documents, doctype: Make) -> None:
    doctype("Tag Name", "title", autoname="field:title")
    make(documents, "Tag Name", title="a")
    with pytest.raises(DuplicateEntryError, match="Tag Name A already exists"):
        make(documents, "Tag Name", title="A")
    documents.get_doc({"doctype": "Tag Name", "title": "a"}).insert(ignore_if_duplicate=True)
    make(documents, "Tag Name", title="b")
    documents.session.commit()
    assert documents.count("Tag Name") == 2


def test_a_value_that_set_value_can_not_write_leaves_a_usable_transaction(documents: Documents, doctype: Make) -> None:
    doctype("Card", field("number", unique=1))
    make(documents, "Card", number="1")
    other = make(documents, "Card", number="2")
    with pytest.raises(UniqueValidationError):
        documents.database.set_value("Card", other.name, "number", "1")
    documents.database.set_value("Card", other.name, "number", "3")
    documents.session.commit()
    assert documents.get_value("Card", other.name, "number") == "3"


# --- new documents ---


def test_a_new_document_has_its_defaults(documents: Documents, doctype: Make) -> None:
    doctype(
        "Form",
        field("status", "Select", options="\nOpen"),
        field("kind", "Select", options="One\nTwo"),
        field("by", "Link", options="User", default="__user"),
        field("day", "Date", default="Today"),
        field("at", "Datetime", default="Now"),
        field("limit", "Int", default="7"),
    )
    doc = documents.new_doc("Form", limit=8)
    assert doc.is_new()
    assert (doc.status, doc.kind, doc.by, doc.limit) == (None, "One", "Administrator", 8)
    assert (doc.day, doc.at) == (date(2026, 1, 5), datetime(2026, 1, 5, 12, 0))


def test_a_copy_is_a_new_document(documents: Documents, order: str) -> None:
    doc = make(documents, order, customer="Ann", items=[{"item": "x"}])
    twin = documents.copy_doc(doc)
    assert twin.is_new()
    twin.insert()
    assert twin.name != doc.name
    assert twin.items[0].name != doc.items[0].name
    assert documents.count("Order Item") == 2


def test_password_fields_keep_their_secret_elsewhere(documents: Documents, doctype: Make) -> None:
    doctype("Account", field("password", "Password"))
    doc = make(documents, "Account", password="geheim")
    assert documents.get_value("Account", doc.name, "password") == "******"
    assert documents.get_doc("Account", doc.name).get_password() == "geheim"
    stored = documents.session.query('select password from "__Auth"')
    assert stored == [("geheim"[::-1],)]
    doc.save()
    assert doc.get_password() == "geheim"
    doc.delete()
    assert documents.session.query('select password from "__Auth"') == []


def test_a_comment_is_added(documents: Documents, note: str) -> None:
    doc = make(documents, note, title="x")
    doc.add_comment("Comment", "well done")
    assert documents.get_all("Comment", fields=["reference_name", "content"]) == [
        {"reference_name": doc.name, "content": "well done"}
    ]
