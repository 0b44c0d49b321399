"""Who may do what, and what a list shows: denied unless something allows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rota import errors
from rota.documents.documents import Documents
from rota.errors import InvalidFilter
from tests.contract.documents.conftest import Site, field

Make = Callable[..., str]
CLERK, CHIEF, GUEST = "clerk@example.com", "chief@example.com", "Guest"
REFUSED = errors.PermissionError


def perm(role: str, *rights: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "permlevel": 0, **dict.fromkeys(rights, 1), **more}


def user(documents: Documents, name: str, *roles: str) -> None:
    documents.flags.in_import = True
    documents.get_doc(
        {
            "doctype": "User",
            "name": name,
            "email": name,
            "first_name": name,
            "enabled": 1,
            "user_type": "System User",
            "roles": [{"role": role} for role in roles],
        }
    ).insert(ignore_links=True)
    documents.flags.in_import = False


@pytest.fixture
def letters(documents: Documents, doctype: Make) -> str:
    """Clerks write letters of their own, chiefs read all with the secret; two of each."""
    doctype("Letter Row", "text", field("hidden", permlevel=1), istable=1)
    doctype("Town", "title", autoname="field:title", permissions=[perm("All", "read")])
    doctype(
        "Letter",
        "title",
        field("secret", permlevel=1),
        field("town", "Link", options="Town"),
        field("rows", "Table", options="Letter Row"),
        autoname="field:title",
        permissions=[
            perm("Clerk", "read", "write", "create", "delete", if_owner=1),
            perm("Chief", "read", "write", "submit", "share"),
            perm("Chief", "read", permlevel=1),
        ],
    )
    user(documents, CLERK, "Clerk")
    user(documents, CHIEF, "Chief")
    documents.get_doc({"doctype": "Town", "title": "Ulm"}).insert()
    documents.get_doc({"doctype": "Town", "title": "Rom"}).insert()
    for title, town, owner in (("a", "Ulm", CLERK), ("b", "Rom", CLERK), ("c", "Ulm", CHIEF), ("d", None, CHIEF)):
        values = {"title": title, "secret": f"secret {title}", "town": town, "owner": owner, "rows": [{"text": title}]}
        documents.get_doc({"doctype": "Letter", **values}).insert()
    documents.session.commit()
    return "Letter"


def as_user(documents: Documents, name: str) -> Documents:
    documents.user = name
    return documents


def names(documents: Documents, **options: Any) -> list[str]:
    return documents.get_list("Letter", pluck="name", order_by="name", **options)  # type: ignore[no-any-return]


def test_roles_are_those_given_and_those_that_all_have(documents: Documents, letters: str) -> None:
    assert documents.permissions.roles(CLERK) == ["Clerk", "All", "Guest", "Desk User"]
    assert documents.permissions.roles(GUEST) == ["Guest"]
    assert "Administrator" in documents.permissions.roles("Administrator")


def test_only_for_refuses_who_has_none_of_the_roles(documents: Documents, letters: str) -> None:
    as_user(documents, CLERK).permissions.only_for(["Clerk", "Other"])
    with pytest.raises(REFUSED, match="only allowed for Chief"):
        documents.permissions.only_for("Chief")


def test_a_list_shows_what_the_user_may_read(documents: Documents, letters: str) -> None:
    assert names(documents) == ["a", "b", "c", "d"]
    assert names(as_user(documents, CLERK)) == ["a", "b"]
    assert names(as_user(documents, CHIEF)) == ["a", "b", "c", "d"]
    assert documents.get_list("Letter", user=CLERK, pluck="name", order_by="name") == ["a", "b"]
    with pytest.raises(REFUSED):
        names(as_user(documents, GUEST))


def test_get_all_asks_nobody(documents: Documents, letters: str) -> None:
    as_user(documents, GUEST)
    assert len(documents.get_all("Letter")) == 4
    assert len(documents.get_list("Letter", ignore_permissions=True)) == 4


def test_filters_can_not_reach_around_the_restriction(documents: Documents, letters: str) -> None:
    as_user(documents, CLERK)
    assert names(documents, or_filters=[["name", "=", "c"], ["name", "=", "a"]]) == ["a"]
    assert names(documents, filters=[["name", "=", "c"], "or", ["name", "=", "a"]]) == ["a"]


@pytest.mark.parametrize(
    "options",
    [
        {"filters": {"secret": "x"}},
        {"or_filters": {"secret": ["like", "%"]}},
        {"order_by": "secret"},
        {"order_by": "ifnull(secret, 'a')"},
        {"group_by": "secret"},
        {"fields": ["secret"]},
        {"fields": ["max(secret) as s"]},
        {"fields": ["concat(secret, left(secret, 1)) as s"]},
        {"fields": [{"MAX": "secret"}]},
        {"filters": [["Letter Row", "hidden", "=", "x"]]},
        {"fields": ["rows.hidden"]},
        {"fields": [{"rows": ["hidden"]}]},
    ],
)
def test_a_field_that_may_not_be_read_can_not_be_seen_filtered_sorted_or_grouped_by(
    documents: Documents, letters: str, options: dict[str, Any]
) -> None:
    documents.get_list("Letter", user=CHIEF, **options)
    with pytest.raises(REFUSED, match="do not have permission to access field"):
        documents.get_list("Letter", user=CLERK, **options)


def test_a_star_leaves_out_what_may_not_be_read(documents: Documents, letters: str) -> None:
    assert "secret" not in as_user(documents, CLERK).get_list("Letter", fields=["*"])[0]
    assert "secret" in as_user(documents, CHIEF).get_list("Letter", fields="*")[0]
    for name, sees in ((CLERK, False), (CHIEF, True)):
        letter = as_user(documents, name).get_list("Letter", fields=["title", {"rows": "*"}], order_by="title")[0]
        assert letter.title == letter["rows"][0].text
        assert ("hidden" in letter["rows"][0]) is sees


def test_a_linked_documents_field_needs_its_own_permission(documents: Documents, letters: str, doctype: Make) -> None:
    assert len(documents.get_list("Letter", user=CHIEF, fields=["town.title"])) == 4
    doctype("Town", "title", autoname="field:title", permissions=[perm("Mayor", "read")])
    with pytest.raises(REFUSED, match="Town"):
        documents.get_list("Letter", user=CHIEF, fields=["town.title"])


def test_child_rows_are_read_by_the_parents_permissions(documents: Documents, letters: str) -> None:
    def rows(**options: Any) -> Any:
        return documents.get_list("Letter Row", pluck="text", order_by="text", **options)

    with pytest.raises(REFUSED, match="parent_doctype"):
        rows(user=CLERK)
    with pytest.raises(REFUSED):
        rows(user=CLERK, parent_doctype="Town")
    assert rows(user=CLERK, parent_doctype="Letter") == ["a", "b"]
    assert rows(user=CHIEF, parent_doctype="Letter") == ["a", "b", "c", "d"]
    with pytest.raises(REFUSED):
        documents.get_list("Letter Row", user=CLERK, parent_doctype="Letter", fields=["hidden"])


@pytest.mark.parametrize(
    ("who", "right", "name", "allowed"),
    [
        (CLERK, "read", None, True),
        (CLERK, "read", "a", True),
        (CLERK, "read", "c", False),
        (CLERK, "create", None, True),
        (CLERK, "submit", "a", False),
        (CHIEF, "write", "a", True),
        (CHIEF, "delete", "c", False),
        (CHIEF, "create", None, False),
        (GUEST, "read", None, False),
        ("nobody@example.com", "read", "a", False),
        ("Administrator", "delete", "a", True),
    ],
)
def test_has_permission(
    documents: Documents, letters: str, who: str, right: str, name: str | None, allowed: bool
) -> None:
    assert documents.permissions.has_permission("Letter", right, name, who) is allowed
    if not allowed:
        with pytest.raises(REFUSED):
            documents.permissions.has_permission("Letter", right, name, who, throw=True)


def test_documents_check_who_writes_them(documents: Documents, letters: str) -> None:
    as_user(documents, CLERK)
    documents.get_doc({"doctype": "Letter", "title": "new"}).insert()
    theirs = documents.get_doc("Letter", "c")
    with pytest.raises(REFUSED):
        theirs.save()
    with pytest.raises(REFUSED):
        theirs.check_permission("read")
    with pytest.raises(REFUSED):
        documents.delete_doc("Letter", "c")
    theirs.save(ignore_permissions=True)
    as_user(documents, GUEST)
    with pytest.raises(REFUSED):
        documents.get_doc({"doctype": "Letter", "title": "x"}).insert()


def test_a_field_that_may_not_be_written_keeps_its_value(documents: Documents, letters: str) -> None:
    as_user(documents, CLERK)
    doc = documents.get_doc("Letter", "a")
    doc.secret = "mine now"
    doc.title = "a"
    doc.save()
    assert documents.get_value("Letter", "a", "secret") == "secret a"
    new = documents.get_doc({"doctype": "Letter", "title": "n", "secret": "x"}).insert()
    assert documents.get_value("Letter", new.name, "secret") is None


def test_unreadable_fields_are_emptied(documents: Documents, letters: str) -> None:
    as_user(documents, CLERK)
    doc = documents.get_doc("Letter", "a")
    doc.apply_fieldlevel_read_permissions()
    assert (doc.title, doc.secret) == ("a", None)


def test_a_user_permission_restricts_links_and_names(documents: Documents, letters: str) -> None:
    documents.get_doc({"doctype": "User Permission", "user": CHIEF, "allow": "Town", "for_value": "Ulm"}).insert()
    as_user(documents, CHIEF)
    assert names(documents) == ["a", "c", "d"]
    assert documents.get_list("Town", pluck="name") == ["Ulm"]
    assert not documents.permissions.has_permission("Letter", "read", "b")
    assert documents.permissions.has_permission("Letter", "read", "c")


def test_a_user_permission_may_count_for_one_doctype(documents: Documents, letters: str) -> None:
    values = {"user": CHIEF, "allow": "Town", "for_value": "Ulm", "apply_to_all_doctypes": 0, "applicable_for": "User"}
    documents.get_doc({"doctype": "User Permission", **values}).insert()
    assert names(as_user(documents, CHIEF)) == ["a", "b", "c", "d"]


def test_a_share_lets_somebody_see_one_document(documents: Documents, letters: str) -> None:
    values = {"share_doctype": "Letter", "share_name": "c", "user": CLERK, "read": 1}
    documents.get_doc({"doctype": "DocShare", **values}).insert()
    assert names(as_user(documents, CLERK)) == ["a", "b", "c"]
    assert documents.permissions.has_permission("Letter", "read", "c")
    assert not documents.permissions.has_permission("Letter", "write", "c")


def test_custom_permissions_replace_those_of_the_doctype(documents: Documents, letters: str) -> None:
    values = {"doctype": "Custom DocPerm", "parent": "Letter", **perm("Guest", "read")}
    documents.get_doc(values).insert(ignore_links=True)
    documents.doctypes.changed("Letter")
    assert len(names(as_user(documents, GUEST))) == 4
    assert len(names(as_user(documents, CLERK))) == 4
    assert not documents.permissions.has_permission("Letter", "write", "a")


def test_a_hooks_condition_restricts_the_list(site: Site, documents: Documents, letters: str) -> None:
    condition = "`tabLetter`.town = 'ulm' and `tabLetter`.name <> 'x:y'"
    mine = site.documents(CHIEF, permission_query=lambda doctype, user: [condition] if doctype == "Letter" else [])
    assert names(mine) == ["a", "c"]
    assert names(mine, filters={"name": ["in", ["a", "b"]]}) == ["a"]


def test_a_hook_may_refuse_one_document(site: Site, documents: Documents, letters: str) -> None:
    mine = site.documents(CHIEF, permission_hook=lambda doc, ptype, user: False if doc.name == "a" else None)
    assert not mine.permissions.has_permission("Letter", "read", "a")
    assert mine.permissions.has_permission("Letter", "read", "b")


def test_an_unknown_parent_is_refused(documents: Documents, letters: str) -> None:
    with pytest.raises(REFUSED):
        documents.get_list("Letter Row", user=CHIEF, parent_doctype="User")
    with pytest.raises(InvalidFilter):
        documents.get_list("Letter", user=CHIEF, filters={"tabUser.name": "x"})


def test_roles_are_read_anew_after_they_change(documents: Documents, letters: str) -> None:
    assert "Chief" not in documents.permissions.roles(CLERK)
    clerk = documents.get_doc("User", CLERK)
    clerk.append("roles", {"role": "Chief"})
    clerk.db_update_all()
    documents.forget("Has Role")
    assert "Chief" in documents.permissions.roles(CLERK)
