"""DocTypes to tables: made, widened, never dropped; custom fields and property setters; seen by other processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rota.documents.doctypes import DocTypes
from rota.documents.documents import Documents
from rota.documents.fieldtypes import FIELD_TYPES, TABLE_TYPES
from rota.documents.session import Session
from rota.errors import DoctypeNotFoundError, UniqueValidationError, ValidationError
from tests.contract.documents.conftest import Site, field

Make = Callable[..., str]


def sync(documents: Documents, name: str, *fields: dict[str, Any], **more: Any) -> list[str]:
    return documents.doctypes.sync(
        {"doctype": "DocType", "name": name, "module": "Tests", "fields": list(fields), **more}
    )


def test_installing_twice_changes_nothing(documents: Documents) -> None:
    assert documents.doctypes.install() == []


def test_every_field_type_has_its_column_or_none(documents: Documents) -> None:
    fields = [field(kind.lower().replace(" ", "_"), kind) for kind in FIELD_TYPES if kind not in TABLE_TYPES]
    sync(documents, "Every", *fields)
    columns = documents.database.get_table_columns("Every")
    assert "data" in columns
    assert "section_break" not in columns
    documents.get_doc({"doctype": "Every", "data": "x"}).insert()
    assert documents.get_all("Every", fields="*")[0]["data"] == "x"


def test_a_second_sync_does_nothing(documents: Documents) -> None:
    definition = [field("a"), field("b", "Int", search_index=1), field("c", unique=1)]
    assert sync(documents, "Thing", *definition) == [
        "updated DocType Thing",
        "created table tabThing",
        "indexed tabThing.modified",
        "indexed tabThing.b",
        "made tabThing.c unique",
    ]
    assert sync(documents, "Thing", *definition) == []


def test_a_new_field_is_a_new_column_with_its_default_in_old_rows(documents: Documents) -> None:
    sync(documents, "Thing", field("a"))
    name = documents.get_doc({"doctype": "Thing", "a": "x"}).insert().name
    done = sync(documents, "Thing", field("a"), field("b", "Int", default="5"), field("c", default="it's"))
    assert done == ["updated DocType Thing", "added tabThing.b", "added tabThing.c"]
    assert documents.get_value("Thing", name, ["a", "b", "c"]) == ("x", 5, "it's")


def test_a_field_that_goes_leaves_its_column(documents: Documents) -> None:
    sync(documents, "Thing", field("a"), field("b"))
    sync(documents, "Thing", field("a"))
    assert documents.database.has_column("Thing", "b")
    assert not documents.get_meta("Thing").has_field("b")


@pytest.mark.parametrize(
    ("before", "value", "after", "expected"),
    [
        ("Int", 7, "Float", 7.0),
        ("Check", 1, "Int", 1),
        ("Int", 7, "Data", "7"),
        ("Data", "12", "Int", 12),
        ("Data", "1.5", "Float", 1.5),
        ("Data", "2024-02-01", "Date", "2024-02-01"),
        ("Data", None, "Int", 0),
        ("Date", "2024-02-01", "Datetime", "2024-02-01 00:00:00"),
        ("Date", "2024-02-01", "Data", "2024-02-01"),
        ("Data", "x", "Long Text", "x"),
    ],
)
def test_a_type_changes_with_its_values(
    documents: Documents, before: str, value: Any, after: str, expected: Any
) -> None:
    sync(documents, "Thing", field("a", before), field("b", unique=1))
    name = documents.get_doc({"doctype": "Thing", "a": value, "b": "k"}).insert().name
    sync(documents, "Thing", field("a", after), field("b", unique=1))
    found = documents.get_value("Thing", name, "a")
    assert (str(found) if after.startswith("Date") else found) == expected
    with pytest.raises(UniqueValidationError):
        documents.get_doc({"doctype": "Thing", "b": "k"}).insert()
    assert sync(documents, "Thing", field("a", after), field("b", unique=1)) == []


@pytest.mark.parametrize(
    ("before", "value", "after"), [("Data", "some", "Int"), ("Data", "soon", "Date"), ("Int", 3, "Date")]
)
def test_a_type_that_values_can_not_take_is_refused_and_nothing_changes(
    documents: Documents, before: str, value: Any, after: str
) -> None:
    sync(documents, "Thing", field("a", before))
    name = documents.get_doc({"doctype": "Thing", "a": value}).insert().name
    with pytest.raises(ValidationError, match=r"tabThing\.a can't become"):
        sync(documents, "Thing", field("a", after), field("b"))
    assert documents.get_value("Thing", name, "a") == value
    assert documents.get_meta("Thing").get_field("a").fieldtype == before
    assert not documents.database.has_column("Thing", "b")


def test_a_field_that_is_not_unique_can_not_be_made_so(documents: Documents) -> None:
    sync(documents, "Thing", field("a"))
    for _ in range(2):
        documents.get_doc({"doctype": "Thing", "a": "same"}).insert()
    with pytest.raises(ValidationError, match="can't be made unique"):
        sync(documents, "Thing", field("a", unique=1))


def test_text_compares_without_regard_to_case_in_every_kind_of_text(documents: Documents) -> None:
    sync(documents, "Thing", field("a"), field("b", "Long Text"))
    documents.get_doc({"doctype": "Thing", "a": "Quiet", "b": "LOUD"}).insert()
    assert documents.count("Thing", {"a": "QUIET", "b": "loud"}) == 1
    assert documents.count("Thing", {"a": ["like", "%IET"], "b": ["in", ["loud", "x"]]}) == 1


@pytest.mark.parametrize("name", ["", "a`b", 'a"b', "a'b", "x" * 62, "a;b", None, 7])
def test_a_doctype_needs_a_proper_name(documents: Documents, name: Any) -> None:
    with pytest.raises(ValidationError, match="no name for a DocType"):
        documents.doctypes.sync({"doctype": "DocType", "name": name, "fields": []})


@pytest.mark.parametrize("name", ["a b", "a-b", "1a", 'a"', "", "x" * 64])
def test_a_field_needs_a_proper_name(documents: Documents, name: str) -> None:
    with pytest.raises(ValidationError, match="no field name"):
        sync(documents, "Thing", field(name))


def test_a_field_stands_once(documents: Documents) -> None:
    with pytest.raises(ValidationError, match="'A' stands twice"):
        sync(documents, "Thing", field("a"), field("A"))


def test_an_unknown_doctype_is_named(documents: Documents) -> None:
    with pytest.raises(DoctypeNotFoundError, match="DocType Nothing not found"):
        documents.get_meta("Nothing")
    with pytest.raises(DoctypeNotFoundError):
        documents.get_all("Robert'; drop table `tabUser`; --")


def test_custom_fields_come_after_the_field_they_name(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "a", "b")
    for name, after in (("y", "x"), ("x", "a")):
        documents.get_doc(
            {
                "doctype": "Custom Field",
                "name": f"Thing-{name}",
                "dt": "Thing",
                "insert_after": after,
                **field(name, "Int"),
            }
        ).insert()
    documents.doctypes.changed("Thing")
    assert sorted(documents.doctypes.sync_table("Thing")) == ["added tabThing.x", "added tabThing.y"]
    assert [one.fieldname for one in documents.get_meta("Thing").fields] == ["a", "x", "y", "b"]
    assert documents.get_doc({"doctype": "Thing", "x": 3}).insert().x == 3


def test_property_setters_change_fields_and_the_doctype(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "a", "b")
    for number, values in enumerate(
        (
            {
                "doctype_or_field": "DocField",
                "field_name": "a",
                "property": "reqd",
                "value": "1",
                "property_type": "Check",
            },
            {"doctype_or_field": "DocType", "property": "title_field", "value": "b", "property_type": "Data"},
            {"doctype_or_field": "DocType", "property": "field_order", "value": '["b", "a"]', "property_type": "Data"},
        )
    ):
        documents.get_doc({"doctype": "Property Setter", "name": f"p{number}", "doc_type": "Thing", **values}).insert()
    documents.doctypes.changed("Thing")
    meta = documents.get_meta("Thing")
    assert meta.get_field("a").reqd == 1
    assert meta.get_title_field() == "b"
    assert [one.fieldname for one in meta.fields] == ["b", "a"]


def test_another_process_sees_the_change_at_its_next_unit_of_work(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "a")
    other = DocTypes(Session(documents.session.database))
    assert not other.get("Thing").has_field("b")
    sync(documents, "Thing", field("a"), field("b"))
    assert documents.get_meta("Thing").has_field("b")
    other.refresh()
    assert not other.get("Thing").has_field("b")
    documents.session.commit()
    other.refresh()
    assert other.get("Thing").has_field("b")
    other._session.close()


def test_a_change_that_is_rolled_back_is_forgotten(documents: Documents, doctype: Make, site: Site) -> None:
    doctype("Thing", "a")
    sync(documents, "Thing", field("a"), field("b"))
    documents.session.rollback()
    assert not documents.get_meta("Thing").has_field("b")
    assert not site.documents().get_meta("Thing").has_field("b")


def test_meta_answers_what_apps_ask(documents: Documents, doctype: Make) -> None:
    doctype("Row", "x", istable=1)
    doctype(
        "Thing",
        field("title", reqd=1, in_list_view=1),
        field("user", "Link", options="User"),
        field("rows", "Table", options="Row"),
        field("kind", "Select", options="A\nB"),
        field("secret", permlevel=1),
        search_fields="title, kind",
        is_submittable=1,
        sort_field="title",
        sort_order="ASC",
    )
    meta = documents.get_meta("Thing")
    assert (meta.name, meta.istable, meta.issingle, meta.is_submittable) == ("Thing", 0, 0, 1)
    assert [one.fieldname for one in meta.get_link_fields()] == ["user"]
    assert [one.options for one in meta.get_table_fields()] == ["Row"]
    assert meta.get("fields", {"fieldtype": "Select"})[0].options == "A\nB"
    assert meta.get("fields", {"reqd": 1})[0].fieldname == "title"
    assert meta.get_label("user") == "User"
    assert (meta.get_field("nothing"), meta.nothing) == (None, None)
    assert meta.get_search_fields() == ["title", "kind", "name"]
    assert meta.get_title_field() == "title"
    assert meta.get_valid_columns()[:3] == ["name", "owner", "creation"]
    assert "rows" not in meta.get_valid_columns()
    assert [one.fieldname for one in meta.get_high_permlevel_fields()] == ["secret"]


def test_a_meta_may_be_changed_as_an_attribute_and_as_an_item(documents: Documents, doctype: Make) -> None:
    meta = documents.get_meta(doctype("Thing", "a"))
    meta.title_field = "a"
    assert (meta.title_field, meta["title_field"]) == ("a", "a")
    meta["title_field"] = "name"
    assert (meta.title_field, meta["title_field"]) == ("name", "name")
