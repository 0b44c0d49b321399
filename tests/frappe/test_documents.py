"""Documents under Frappe's names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rota import errors
from rota.errors import DoesNotExistError, DuplicateEntryError, UsageError, ValidationError


def test_get_doc_takes_name_filters_dict_and_keywords(frappe: Any, book: Any) -> None:
    assert frappe.get_doc("Book", book.name).title == "Notes"
    assert frappe.get_doc("Book", {"title": "Notes"}).name == book.name
    assert frappe.get_doc(doctype="Author", full_name="Bo").insert().name == "Bo"
    assert frappe.get_doc("Library Settings").days == 14
    assert frappe.get_doc("Book", book.name, for_update=True).name == book.name
    with pytest.raises(DoesNotExistError):
        frappe.get_doc("Book", "nothing")


def test_get_all_gives_attribute_dicts_and_get_value_one_value(frappe: Any, book: Any) -> None:
    (row,) = frappe.get_all("Book", filters={"author": "Ada"}, fields=["name", "pages"])

    assert (row.name, row.pages, row.missing) == (book.name, 30, None)
    assert frappe.get_all("Book", pluck="title") == frappe.db.get_all("Book", pluck="title") == ["Notes"]
    assert frappe.get_value("Book", book.name, "title") == frappe.db.get_value("Book", book.name, "title") == "Notes"
    assert frappe.get_value("Book", book.name, ["title", "pages"], as_dict=True) == {"title": "Notes", "pages": 30}
    assert frappe.db.exists("Book", {"title": "Notes"}) == book.name
    assert frappe.db.count("Book") == 1


def test_a_document_saved_through_the_facade_runs_its_controller(frappe: Any, book: Any) -> None:
    book.append("chapters", {"title": "Three", "pages": 5})
    book.save()

    assert frappe.get_doc("Book", book.name).pages == 35
    book.status = "Lost"
    with pytest.raises(ValidationError, match="lost book"):
        book.save()


def test_as_dict_of_a_document_is_plain_json(frappe: Any, book: Any) -> None:
    frappe.db.set_value("Book", book.name, "published_on", frappe.utils.now_datetime())

    values = json.loads(json.dumps(frappe.get_doc("Book", book.name).as_dict()))

    assert values["chapters"][0]["title"] == "One"
    assert values["published_on"].startswith("2026-01-05 12:00:00")
    assert json.loads(frappe.as_json({"doc": book}))["doc"]["name"] == book.name


def test_new_copied_renamed_and_deleted_documents(frappe: Any, book: Any) -> None:
    new = frappe.new_doc("Book", title="Fresh")
    assert (new.status, new.is_new()) == ("Draft", True)
    twin = frappe.copy_doc(book).insert()
    assert twin.name != book.name
    assert [row.pages for row in twin.chapters] == [10, 20]
    assert frappe.get_last_doc("Book", filters={"title": "Notes"}, order_by="name desc").name == twin.name

    frappe.rename_doc("Author", "Ada", "Ada Lovelace")
    assert frappe.db.get_value("Book", book.name, "author") == "Ada Lovelace"
    assert frappe.rename_doc("Author", "Bo", "Ada Lovelace", ignore_if_exists=True) is None
    frappe.delete_doc("Book", twin.name)
    frappe.delete_doc_if_exists("Book", "nothing")
    assert not frappe.db.exists("Book", twin.name)


def test_cached_documents_and_values(frappe: Any, book: Any) -> None:
    assert frappe.get_cached_doc("Book", book.name).title == "Notes"
    assert frappe.get_cached_value("Book", book.name, "title") == "Notes"
    assert frappe.get_cached_value("Book", "nothing", "title") is None
    assert frappe.get_single_value("Library Settings", "days") == 14
    assert frappe.get_system_settings("time_zone") == frappe.utils.get_system_timezone()
    frappe.clear_document_cache("Book", book.name)
    frappe.clear_cache()


def test_a_submitted_document_can_be_cancelled_and_its_states_are_known(frappe: Any, book: Any) -> None:
    book.submit()
    assert book.docstatus.is_submitted()
    book.cancel()
    assert frappe.db.get_value("Book", book.name, "docstatus") == 2


def test_password_fields_are_kept_encrypted(frappe: Any, book: Any) -> None:
    from rota.frappe.utils import password

    author = frappe.get_doc("Author", "Ada")
    author.secret = "hunter2"
    author.save()

    assert set(frappe.db.get_value("Author", "Ada", "secret")) == {"*"}
    assert frappe.get_doc("Author", "Ada").get_password("secret") == "hunter2"
    assert password.get_decrypted_password("Author", "Ada", "secret") == "hunter2"
    password.set_encrypted_password("Author", "Ada", "other", "secret")
    assert password.get_decrypted_password("Author", "Ada", "secret") == "other"
    assert password.decrypt(password.encrypt("text")) == "text"
    password.remove_encrypted_password("Author", "Ada", "secret")
    assert password.get_decrypted_password("Author", "Ada", "secret", raise_exception=False) is None


def test_versions_tell_what_a_save_changed(frappe: Any, book: Any) -> None:
    book.title = "Other Notes"
    book.save()

    (version,) = frappe.get_version("Book", book.name)

    assert ["title", "Notes", "Other Notes"] in version.data["changed"]


def test_attachments_go_with_their_document(frappe: Any, book: Any) -> None:
    from rota.frappe.utils.file_manager import get_file, save_file

    file = save_file("note.txt", "hello", "Book", book.name, is_private=1)
    assert get_file(file.name) == ["note.txt", "hello"]

    frappe.delete_doc("Book", book.name)

    assert not frappe.db.exists("File", file.name)


def test_savepoints_take_back_what_failed(frappe: Any, book: Any) -> None:
    from rota.frappe.database import savepoint

    with savepoint(catch=DuplicateEntryError):
        frappe.db.set_value("Book", book.name, "title", "Lost words")
        frappe.get_doc({"doctype": "Author", "full_name": "Ada"}).insert()

    assert frappe.db.get_value("Book", book.name, "title") == "Notes"
    frappe.db.savepoint("here")
    frappe.db.set_value("Book", book.name, "title", "Other")
    frappe.db.rollback(save_point="here")
    assert frappe.db.get_value("Book", book.name, "title") == "Notes"


def test_hooks_of_apps_decide_who_reads_what(frappe: Any, book: Any, library: Any) -> None:
    frappe.get_doc({"doctype": "User", "email": "reader@example.com", "first_name": "R"}).insert().add_roles("Reader")
    secret = frappe.get_doc({"doctype": "Book", "title": "Secret plans"}).insert()
    frappe.set_user("reader@example.com")

    assert frappe.get_list("Book", pluck="name") == [book.name]
    assert frappe.has_permission("Book", "read", book.name)
    assert not frappe.has_permission("Book", "read", secret.name)
    assert not frappe.has_permission("Book", "write", book.name)
    with pytest.raises(errors.PermissionError):
        frappe.has_permission("Book", "write", book.name, throw=True)
    assert len(frappe.get_all("Book")) == 2


def test_doc_events_of_apps_run(frappe: Any, book: Any, library: Any) -> None:
    frappe.get_doc({"doctype": "Author", "full_name": "Eve"}).insert()
    frappe.delete_doc("Author", "Eve")

    assert library.events.SEEN == [("Author", "after_insert"), ("Author", "on_trash")]


def test_a_document_says_what_it_is(frappe: Any, book: Any) -> None:
    assert book.get_url().endswith(book.name)
    assert frappe.get_desk_link("Book", book.name).startswith("<a href=")
    assert book.get_formatted("pages") == "30"
    assert frappe.get_meta("Book").get_field("author").options == "Author"
    assert frappe.get_meta(book).name == "Book"
    assert frappe.is_table("Chapter")
    assert frappe.get_precision("Book", "price") == 2
    assert frappe.get_doctype_app("Book") == "library"
    with pytest.raises(UsageError):
        frappe.get_meta(7)


def test_custom_fields_and_property_setters_change_a_doctype(frappe: Any) -> None:
    from rota.frappe.custom.doctype.custom_field.custom_field import create_custom_fields
    from rota.frappe.custom.doctype.property_setter.property_setter import make_property_setter

    create_custom_fields({"Author": [{"fieldname": "custom_town", "label": "Town", "fieldtype": "Data"}]})
    make_property_setter("Author", "born", "reqd", "1", "Check")

    frappe.get_doc({"doctype": "Author", "full_name": "Bo", "custom_town": "Ulm", "born": "1900-01-01"}).insert()
    assert frappe.db.get_value("Author", "Bo", "custom_town") == "Ulm"
    with pytest.raises(ValidationError):
        frappe.get_doc({"doctype": "Author", "full_name": "Cy"}).insert()


def test_a_tree_knows_what_is_above_and_below(frappe: Any) -> None:
    from rota.frappe.utils.nestedset import (
        NestedSetChildExistsError,
        NestedSetRecursionError,
        get_ancestors_of,
        get_descendants_of,
        get_root_of,
    )

    for name, parent in (("All", None), ("Prose", "All"), ("Novel", "Prose"), ("Poems", "All")):
        frappe.get_doc({"doctype": "Genre", "genre_name": name, "parent_genre": parent, "is_group": 1}).insert()

    assert get_ancestors_of("Genre", "Novel") == ["Prose", "All"]
    assert sorted(get_descendants_of("Genre", "All")) == ["Novel", "Poems", "Prose"]
    assert get_root_of("Genre") == "All"
    assert frappe.db.get_value("Genre", "All", ["lft", "rgt"]) == (1, 8)
    prose = frappe.get_doc("Genre", "Prose")
    prose.parent_genre = "Novel"
    with pytest.raises(NestedSetRecursionError):
        prose.save()
    with pytest.raises(NestedSetChildExistsError):
        frappe.delete_doc("Genre", "Prose")
    frappe.delete_doc("Genre", "Novel")
    assert frappe.db.get_value("Genre", "All", "rgt") == 6


def test_get_mapped_doc_makes_one_document_of_another(frappe: Any, book: Any) -> None:
    from rota.frappe.model.mapper import get_mapped_doc

    maps = {
        "Book": {"doctype": "Book", "field_map": {"name": "amended_from"}, "field_no_map": ["status"]},
        "Chapter": {"doctype": "Chapter", "condition": lambda row: row.pages > 10},
    }

    made = get_mapped_doc("Book", book.name, maps)

    assert (made.title, made.amended_from, made.is_new()) == ("Notes", book.name, True)
    assert [row.title for row in made.chapters] == ["Two"]


def test_names_are_made_by_series_and_pattern(frappe: Any) -> None:
    from rota.frappe.model.naming import append_number_if_name_exists, getseries, make_autoname

    assert make_autoname("X-.YYYY.-.###") == "X-2026-001"
    assert make_autoname("X-.YYYY.-.###") == "X-2026-002"
    assert getseries("Y-", 4) == "0001"
    assert len(make_autoname("hash")) == 10
    frappe.get_doc({"doctype": "Author", "full_name": "Ada"}).insert()
    assert append_number_if_name_exists("Author", "Ada") == "Ada-1"
