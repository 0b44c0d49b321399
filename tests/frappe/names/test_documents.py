"""Documents, DocTypes and what belongs to them, under Frappe's names."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from rota.sites.site import Site


def test_a_controller_is_a_document(frappe: Any, book: Any) -> None:
    from frappe.model.base_document import get_controller
    from frappe.model.document import Document

    assert isinstance(book, Document)
    assert get_controller("Book") is type(book)
    assert issubclass(get_controller("Author"), Document)
    with pytest.raises(frappe.DoesNotExistError):
        get_controller("Nothing")


def test_a_class_of_an_app_gets_the_events_of_its_documents(frappe: Any, site: Site, book: Any) -> None:
    from frappe.model.document import Document

    events: list[str] = []

    class Own(Document):
        def validate(self) -> None:
            events.append(f"validate {self.title} {self.has_value_changed('title')}")

        def on_update(self) -> None:
            events.append(f"on_update {self.get_doc_before_save().title}")

    own = Own(book.as_dict())
    own.title = "New"
    own.save()

    assert events == ["validate New True", "on_update Notes"]
    assert frappe.db.get_value("Book", book.name, "title") == "New"
    assert (own.get("title"), own.doctype, own.is_new()) == ("New", "Book", False)
    assert [row.title for row in own.chapters] == ["One", "Two"]


def test_a_document_of_a_single_is_read_by_its_name_alone(frappe: Any) -> None:
    assert frappe.get_single("Library Settings").days == 14
    assert frappe.get_single_value("Library Settings", "days") == 14
    frappe.db.set_single_value("Library Settings", "days", 21)
    assert frappe.db.get_single_value("Library Settings", "days") == 21
    assert frappe.get_single("Library Settings").days == 21
    frappe.db.set_single_value("Website Settings", "app_name", "Lending")
    assert frappe.get_website_settings("app_name") == "Lending"


def test_a_doctype_says_what_its_fields_are(frappe: Any) -> None:
    meta = frappe.get_meta("Book")

    assert isinstance(meta, frappe.model.meta.Meta)
    assert (meta.name, meta.module, meta.is_submittable, meta.istable) == ("Book", "Stock", 1, 0)
    assert frappe.get_meta("Book").get_field("author").options == "Author"
    assert frappe.get_meta("Book").has_field("title")
    assert not frappe.get_meta("Book").has_field("colour")
    assert [field.fieldname for field in frappe.get_meta("Book").get_link_fields()] == ["author", "amended_from"]
    assert [field.options for field in frappe.get_meta("Book").get_table_fields()] == ["Chapter"]
    assert frappe.get_meta("Author").get_title_field() == "full_name"
    assert frappe.get_meta("Library Settings").issingle
    assert frappe.get_precision("Book", "price") == 2
    with pytest.raises(frappe.DoesNotExistError):
        frappe.get_meta("Nothing")


def test_fields_that_every_row_has_are_listed(frappe: Any) -> None:
    from frappe.model import default_fields, table_fields

    assert {"doctype", "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx"} == set(
        default_fields
    )
    assert set(table_fields) == {"Table", "Table MultiSelect"}


def test_a_copy_is_new_and_has_the_rows(frappe: Any, book: Any) -> None:
    copied = frappe.copy_doc(book)

    assert (copied.title, copied.name, copied.is_new()) == ("Notes", None, True)
    assert [(row.title, row.name) for row in frappe.copy_doc(book).chapters] == [("One", None), ("Two", None)]
    copied.insert()
    assert copied.name != book.name


def test_a_document_is_deleted_if_it_is_there(frappe: Any, book: Any) -> None:
    assert frappe.db.exists("Book", book.name)
    frappe.delete_doc_if_exists("Book", book.name)
    assert frappe.db.exists("Book", book.name) is None
    frappe.delete_doc_if_exists("Book", book.name)
    assert frappe.db.count("Book") == 0


def test_a_document_is_renamed_with_its_links(frappe: Any, book: Any) -> None:
    from frappe.model.rename_doc import rename_doc

    assert rename_doc("Author", "Ada", "Ada L") == "Ada L"
    assert frappe.db.get_value("Book", book.name, "author") == "Ada L"
    assert frappe.rename_doc("Author", "Ada L", "Ada") == "Ada"
    assert frappe.get_doc("Book", book.name).author == "Ada"


def test_what_is_kept_of_documents_is_forgotten_on_request(frappe: Any, book: Any) -> None:
    assert frappe.get_cached_doc("Book", book.name).title == "Notes"
    frappe.db.sql("update `tabBook` set title = 'Changed' where name = %s", book.name)
    assert frappe.get_cached_value("Book", book.name, "title") == "Notes"
    frappe.clear_document_cache("Book", book.name)
    assert frappe.get_cached_value("Book", book.name, "title") == "Changed"

    frappe.get_cached_doc("Book", book.name)
    frappe.db.sql("update `tabBook` set title = 'Again' where name = %s", book.name)
    frappe.clear_cache()
    assert frappe.get_cached_value("Book", book.name, "title") == "Again"


def test_a_link_shows_a_document_at_the_desk(frappe: Any, book: Any) -> None:
    link = frappe.get_desk_link("Author", "Ada")

    assert "/app/author/Ada" in link
    assert "Ada" in link


def test_values_are_shown_as_their_fields_say(frappe: Any, book: Any) -> None:
    price = frappe.get_meta("Book").get_field("price")

    assert frappe.format_value(1234.5, price) == "1,234.50"
    assert frappe.format_value("2026-01-05", {"fieldtype": "Date"}) == "2026-01-05"
    assert frappe.format(5, {"fieldtype": "Int"}) == "5"


def test_types_in_annotations_name_fields(frappe: Any) -> None:
    from frappe.types import DF

    class Own(frappe.model.document.Document):  # type: ignore[misc]
        title: DF.Data
        code: DF.Code | None
        when: DF.Date
        author: DF.Link | None
        chapters: DF.Table[Any]

    assert get_type_hints(Own, localns={"DF": DF, "Any": Any})["author"] == str | None
    assert DF.Data is str
    assert DF.Code is str
    assert DF.Link is str
    assert set(get_args(DF.Date)) == {date, str}
    assert DF.Table[str] == list[str]
    assert {date, datetime, str} <= set(get_args(frappe.utils.DateTimeLikeObject))


def test_a_custom_field_is_a_column_and_a_field(frappe: Any, site: Site) -> None:
    from frappe.custom.doctype.custom_field.custom_field import create_custom_field, create_custom_fields

    made = create_custom_field("Author", {"label": "Shoe Size", "fieldtype": "Int", "default": "42"})
    assert (made.fieldname, made.dt) == ("shoe_size", "Author")
    assert create_custom_field("Author", {"label": "Shoe Size", "fieldtype": "Int"}) is None
    create_custom_fields({("Author", "Book"): [{"fieldname": "mood", "label": "Mood", "fieldtype": "Data"}]})
    create_custom_fields({"Author": {"fieldname": "mood", "label": "His Mood", "fieldtype": "Data"}}, update=True)

    author = frappe.get_doc({"doctype": "Author", "full_name": "Di", "mood": "good"}).insert()
    assert (author.shoe_size, frappe.db.get_value("Author", "Di", "mood")) == (42, "good")
    assert frappe.db.has_column("Book", "mood")
    assert frappe.get_meta("Author").get_field("mood").label == "His Mood"


def test_a_renamed_field_keeps_its_values(frappe: Any) -> None:
    from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
    from frappe.model.utils.rename_field import rename_field

    create_custom_fields(
        {"Author": [{"fieldname": "old", "fieldtype": "Data"}, {"fieldname": "new", "fieldtype": "Data"}]}
    )
    frappe.get_doc({"doctype": "Author", "full_name": "Ed", "old": "kept"}).insert()

    rename_field("Author", "old", "new")

    assert frappe.db.get_value("Author", "Ed", "new") == "kept"
    with pytest.raises(frappe.ValidationError, match="colour"):
        rename_field("Author", "old", "colour")


def test_a_doctype_is_brought_up_to_date_with_its_file(frappe: Any, site: Site) -> None:
    path = Path(frappe.get_app_path("library", "stock", "doctype", "genre", "genre.json"))
    before = path.read_text()
    try:
        for fieldname, reload in (("mark", lambda: frappe.reload_doc("stock", "doctype", "genre")),
                                  ("tint", lambda: frappe.reload_doctype("Genre"))):  # fmt: skip
            values = json.loads(path.read_text())
            values["fields"].append({"fieldname": fieldname, "fieldtype": "Data", "label": fieldname.title()})
            path.write_text(json.dumps(values))
            assert not frappe.get_meta("Genre").has_field(fieldname)
            reload()
            assert frappe.get_meta("Genre").has_field(fieldname)
            assert frappe.db.has_column("Genre", fieldname)
    finally:
        path.write_text(before)


def test_a_shared_document_can_be_read_by_whom_it_is_shared_with(frappe: Any, book: Any) -> None:
    frappe.get_doc({"doctype": "User", "email": "r@example.com", "first_name": "R"}).insert()
    assert not frappe.has_permission("Book", "read", book.name, user="r@example.com")

    frappe.share.add("Book", book.name, "r@example.com")
    assert frappe.has_permission("Book", "read", book.name, user="r@example.com")
    assert not frappe.has_permission("Book", "write", book.name, user="r@example.com")
    frappe.share.add_docshare("Book", book.name, "r@example.com", write=1)
    assert frappe.has_permission("Book", "write", book.name, user="r@example.com")
    frappe.share.remove("Book", book.name, "r@example.com")
    assert not frappe.has_permission("Book", "read", book.name, user="r@example.com")
    frappe.set_user("r@example.com")
    with pytest.raises(frappe.PermissionError):
        frappe.share.add_docshare("Book", book.name, "r@example.com")


def test_documents_are_written_into_their_app_without_what_every_row_has(frappe: Any, site: Site, book: Any) -> None:
    from frappe.modules.export_file import export_to_files, strip_default_fields
    from frappe.modules.import_file import import_doc
    from frappe.modules.utils import get_doc_module

    values = strip_default_fields(book, book.as_dict())
    assert [sorted(row) for row in values["chapters"]] == [["pages", "title"]] * 2
    export_to_files([["Author", "Ada"]], "Stock")
    exported = Path(frappe.get_module_path("Stock", "author", "Ada", "Ada.json"))
    assert exported.exists()
    assert json.loads(exported.read_text())["full_name"] == "Ada"
    import_doc({"doctype": "Author", "name": "Fay", "full_name": "Fay"})
    assert frappe.db.exists("Author", "Fay")
    assert get_doc_module("Stock", "doctype", "Book").Book is type(book)
    assert frappe.get_file_json(str(exported))["full_name"] == "Ada"
    assert frappe.read_file(str(exported)).startswith("{")


def test_names_are_made_of_series_and_patterns(frappe: Any, book: Any) -> None:
    from frappe.model.naming import _format_autoname, append_number_if_name_exists, make_autoname

    assert [make_autoname("LOAN-.####"), make_autoname("LOAN-.####")] == ["LOAN-0001", "LOAN-0002"]
    assert make_autoname("LOAN-.YYYY.-.MM.-.##") == "LOAN-2026-01-01"
    assert make_autoname("L-.author.-.###", doc=book) == "L-Ada-001"
    assert len(make_autoname("hash")) == 10
    assert _format_autoname("format:{title}-{author}-{##}", book) == "Notes-Ada-01"
    assert append_number_if_name_exists("Author", "Ada") == "Ada-1"
    assert append_number_if_name_exists("Author", "Nobody") == "Nobody"
