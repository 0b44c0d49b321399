"""What programs and the desk call on the server."""

from __future__ import annotations

import importlib
import json
from types import MappingProxyType
from typing import Any

import pytest

from rota import errors
from rota.sites.methods import whitelisted


@pytest.fixture
def client(frappe: Any) -> Any:
    return importlib.import_module("frappe.client")


CALLABLE = (
    "get_list", "get_count", "get", "get_value", "get_single_value", "set_value", "insert", "insert_many", "save",
    "rename_doc", "submit", "cancel", "delete", "bulk_update", "has_permission", "get_doc_permissions", "get_password",
    "attach_file", "validate_link", "is_document_amended", "get_time_zone",
)  # fmt: skip


@pytest.mark.parametrize("name", CALLABLE)
def test_a_call_of_the_client_may_be_made_over_http(name: str) -> None:
    from rota.frappe import client

    assert whitelisted(getattr(client, name))


def test_documents_are_made_read_changed_and_deleted(frappe: Any, client: Any) -> None:
    made = client.insert(json.dumps({"doctype": "Author", "full_name": "Ada"}))
    assert made["name"] == "Ada"
    assert client.insert_many([{"doctype": "Author", "full_name": name} for name in ("Bo", "Cy")]) == ["Bo", "Cy"]
    assert client.get("Author", "Ada")["full_name"] == "Ada"
    assert client.get_value("Author", '["name", "fee"]', '{"full_name": "Bo"}') == {"name": "Bo", "fee": 0}
    assert client.get_value("Author", "fee", "Bo", as_dict=False) == 0
    assert client.set_value("Author", "Bo", "fee", "2.5")["fee"] == 2.5
    assert client.get_list("Author", filters='{"fee": [">", 1]}', fields='["name"]') == [{"name": "Bo"}]
    assert client.get_count("Author", {"fee": 0}) == 2
    assert client.rename_doc("Author", "Cy", "Cyd") == "Cyd"
    client.delete("Author", "Cyd")
    assert not frappe.db.exists("Author", "Cyd")
    with pytest.raises(errors.ValidationError):
        client.set_value("Author", "Bo", "owner", "x")
    with pytest.raises(errors.ValidationError, match="200"):
        client.insert_many([{}] * 201)


def test_documents_are_saved_submitted_and_cancelled(frappe: Any, client: Any, book: Any) -> None:
    values = client.get("Book", book.name)
    values["title"] = "New"
    assert client.save(json.dumps(values))["title"] == "New"
    assert client.submit(client.get("Book", book.name))["docstatus"] == 1
    assert client.cancel("Book", book.name)["docstatus"] == 2
    failed = client.bulk_update([{"doctype": "Book", "docname": "none", "title": "x"}])["failed_docs"]
    assert "DoesNotExistError" in failed[0]["exc"]


def test_rows_are_changed_through_their_document(frappe: Any, client: Any, book: Any) -> None:
    row = book.chapters[0]
    client.set_value("Chapter", row.name, "pages", 100)
    assert frappe.db.get_value("Book", book.name, "pages") == 120
    client.delete("Chapter", row.name)
    assert frappe.db.get_value("Book", book.name, "pages") == 20


def test_a_caller_sees_what_the_user_may(frappe: Any, client: Any, book: Any) -> None:
    assert client.has_permission("Book", book.name) == {"has_permission": True}
    assert client.get_doc_permissions("Book", book.name)["permissions"]["write"] == 1
    frappe.set_user("Guest")
    calls = [
        lambda: client.get("Book", book.name),
        lambda: client.get_list("Book"),
        lambda: client.save(book.as_dict()),
    ]
    for call in calls:
        with pytest.raises(errors.PermissionError):
            call()


def test_files_and_links(frappe: Any, client: Any, book: Any) -> None:
    file = client.attach_file("a.txt", "aGk=", "Book", book.name, decode_base64=1)
    assert frappe.get_doc("File", file.name).get_content() == "hi"
    assert client.validate_link("Author", "Ada", '["full_name"]') == {"name": "Ada", "full_name": "Ada"}
    assert client.validate_link("Author", "Nobody") == {"name": None}
    assert client.get_time_zone() == {"time_zone": frappe.utils.get_system_timezone()}
    assert client.is_document_amended("Book", book.name) is None


def test_assignments_tags_shares_and_comments_stand_beside_a_document(frappe: Any, book: Any) -> None:
    from frappe.desk.doctype.tag.tag import add_tag, remove_tag
    from frappe.desk.form import assign_to
    from frappe.desk.form.load import get_docinfo
    from frappe.desk.form.utils import add_comment
    from frappe.share import add as share
    from frappe.share import get_shared, get_users

    frappe.get_doc({"doctype": "User", "email": "r@example.com", "first_name": "R"}).insert()
    assign_to.add({"assign_to": ["r@example.com"], "doctype": "Book", "name": book.name, "description": "Read"})
    add_tag("old", "Book", book.name)
    add_comment("Book", book.name, "<b>Nice</b><script>1</script>", "r@example.com", "R")
    share("Book", book.name, "r@example.com", write=1)

    info = get_docinfo(frappe.get_doc("Book", book.name))

    assert [one.owner for one in info.assignments] == ["r@example.com"]
    assert info.tags == "old"
    assert [one.content for one in info.comments] == ["<b>Nice</b>"]
    assert [(one.user, one.write) for one in get_users("Book", book.name)] == [("r@example.com", 1)]
    assert get_shared("Book", "r@example.com") == [book.name]
    assert assign_to.remove("Book", book.name, "r@example.com") == []
    remove_tag("old", "Book", book.name)
    assert frappe.get_doc("Book", book.name).get_tags() == []


def test_links_and_lists_are_searched(frappe: Any, book: Any) -> None:
    from frappe.desk.reportview import get_count
    from frappe.desk.search import search_link

    assert search_link("Author", "ad") == [{"value": "Ada", "description": ""}]
    frappe.form_dict.update({"doctype": "Book", "filters": '{"title": "Notes"}'})
    assert get_count() == 1


def test_mails_about_documents_are_kept_with_them(frappe: Any, book: Any) -> None:
    from frappe.core.doctype.communication.email import make

    made = make("Book", book.name, content="Hello", subject="Hi", recipients="a@example.com", send_email=True)

    assert frappe.db.get_value("Communication", made["name"], "reference_name") == book.name
    assert frappe.db.count("Email Queue", {"communication": made["name"]}) == 1


def test_defaults_belong_to_users_or_everybody(frappe: Any) -> None:
    from frappe import defaults

    defaults.set_global_default("company", "All Ltd")
    defaults.set_user_default("company", "Own Ltd")
    assert defaults.get_user_default("company") == "Own Ltd"
    assert defaults.get_global_default("company") == frappe.db.get_default("company") == "All Ltd"
    defaults.clear_user_default("company")
    assert defaults.get_user_default("company") == "All Ltd"
    assert defaults.get_defaults()["company"] == "All Ltd"


def test_users_are_found_by_role_and_confined_to_documents(frappe: Any, book: Any) -> None:
    from frappe.permissions import add_permission, add_user_permission, get_user_permissions, update_permission_property
    from frappe.utils.user import get_system_managers, get_users_with_role, is_system_user

    user = frappe.get_doc({"doctype": "User", "email": "r@example.com", "first_name": "R"}).insert()
    user.add_roles("System Manager")
    assert get_users_with_role("System Manager") == ["Administrator", "r@example.com"]
    assert get_system_managers(only_name=True) == ["r@example.com"]
    assert is_system_user("r@example.com") == "r@example.com"
    add_user_permission("Author", "Ada", "r@example.com")
    assert get_user_permissions("r@example.com")["Author"][0]["doc"] == "Ada"
    add_permission("Author", "Guest")
    update_permission_property("Author", "Guest", 0, "write", 1)
    frappe.set_user("Guest")
    assert frappe.has_permission("Author", "write")


def test_documents_are_imported_from_json(frappe: Any, tmp_path: Any) -> None:
    path = tmp_path / "author.json"
    path.write_text(json.dumps([{"doctype": "Author", "name": "Ada", "full_name": "Ada", "fee": 3}]))
    frappe.import_doc(str(path))
    frappe.import_doc(str(path))

    assert frappe.db.get_value("Author", "Ada", "fee") == 3


def test_tests_of_apps_have_their_bases(frappe: Any) -> None:
    from frappe.tests.utils import FrappeTestCase, change_settings

    with change_settings("Library Settings", days=3):
        assert frappe.db.get_single_value("Library Settings", "days") == 3
    assert frappe.db.get_single_value("Library Settings", "days") == 14
    case = FrappeTestCase()
    with case.freeze_time("2020-02-02 10:00:00"):
        assert frappe.utils.nowdate() == "2020-02-02"
    with case.set_user("Guest"):
        assert frappe.session.user == "Guest"
    assert frappe.session.user == "Administrator"


def test_requests_to_other_services_go_through_one_function(frappe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from frappe.integrations import utils

    class Answer:
        headers = MappingProxyType({"content-type": "application/json"})

        def raise_for_status(self) -> None:
            """Fine."""

        def json(self) -> Any:
            return {"ok": True}

    session = type("Session", (), {"request": lambda self, method, url, **kwargs: Answer()})()
    monkeypatch.setattr(frappe.utils, "get_request_session", lambda: session)

    assert utils.make_post_request("https://example.com", data={}) == {"ok": True}
