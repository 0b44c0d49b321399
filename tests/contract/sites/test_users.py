"""Users: what they are called, which type they are, who may change them, their passwords and API keys."""

from __future__ import annotations

from typing import Any

import pytest

from rota.errors import (
    DuplicateEntryError,
    InvalidEmailAddressError,
    PermissionError,  # noqa: A004 - Frappe's name
    ValidationError,
)
from rota.sites.context import Context
from rota.sites.passwords import is_password


def user(context: Context, email: str = "Ada@Example.com", **more: Any) -> Any:
    values = {"doctype": "User", "email": email, "first_name": "Ada", "last_name": "Lovelace", **more}
    return context.documents.get_doc(values).insert()


def test_a_user_is_called_by_the_address_in_lower_case(context: Context) -> None:
    made = user(context)
    assert (made.name, made.full_name) == ("ada@example.com", "Ada Lovelace")


@pytest.mark.parametrize("email", ["ada", "ada@", "@example.com", "a b@example.com", ""])
def test_a_user_needs_an_address(context: Context, email: str) -> None:
    with pytest.raises((InvalidEmailAddressError, ValidationError)):
        user(context, email)


def test_a_user_of_a_taken_address_is_refused(context: Context) -> None:
    user(context)
    with pytest.raises(DuplicateEntryError):
        user(context, "ADA@example.com")


def test_roles_decide_who_may_enter_the_desk(context: Context) -> None:
    made = user(context, user_type="System User")
    assert made.user_type == "Website User"
    made.add_roles("System Manager", "System Manager")
    assert made.user_type == "System User"
    assert [row.role for row in made.roles] == ["System Manager"]
    made.remove_roles("System Manager")
    assert made.roles == []
    assert made.user_type == "Website User"


def test_a_new_password_is_kept_as_a_hash_only(context: Context) -> None:
    made = user(context, new_password="correct horse")
    session = context.documents.session
    assert is_password(session, made.name, "correct horse")
    assert not is_password(session, made.name, "wrong horse")
    kept = session.query('select password from "__Auth" union all select new_password from "tabUser"')
    assert all("correct horse" not in str(row[0]) for row in kept)


@pytest.mark.parametrize("name", ["Administrator", "Guest"])
def test_users_that_every_site_has_can_be_neither_deleted_disabled_nor_renamed(context: Context, name: str) -> None:
    one = context.documents.get_doc("User", name)
    one.enabled = 0
    with pytest.raises(ValidationError, match="can't be disabled"):
        one.save()
    with pytest.raises(ValidationError, match="cannot be deleted"):
        context.documents.delete_doc("User", name)
    with pytest.raises(ValidationError, match="cannot be renamed"):
        context.documents.rename_doc("User", name, "me@example.com")


def test_administrator_and_guest_keep_their_type_and_guest_gets_no_role(context: Context) -> None:
    administrator = context.documents.get_doc("User", "Administrator")
    administrator.set("roles", [])
    administrator.save()
    assert administrator.user_type == "System User"
    guest = context.documents.get_doc("User", "Guest")
    guest.add_roles("System Manager")
    assert (guest.user_type, guest.roles) == ("Website User", [])


def test_only_administrator_reads_and_changes_the_users_that_every_site_has(context: Context) -> None:
    user(context).add_roles("System Manager")
    context.user = "ada@example.com"
    assert context.documents.get_list("User", pluck="name") == ["ada@example.com"]
    administrator = context.documents.get_doc("User", "Administrator")
    administrator.new_password = "mine now"
    with pytest.raises(PermissionError):
        administrator.save()


def test_a_renamed_user_has_the_new_address_and_the_old_password(context: Context) -> None:
    user(context, new_password="correct horse")
    context.documents.rename_doc("User", "ada@example.com", "Countess@Example.com")
    assert context.documents.get_doc("User", "countess@example.com").email == "countess@example.com"
    assert is_password(context.documents.session, "countess@example.com", "correct horse")
    assert not is_password(context.documents.session, "ada@example.com", "correct horse")
    with pytest.raises(InvalidEmailAddressError):
        context.documents.rename_doc("User", "countess@example.com", "countess")


def test_who_is_merged_into_another_user_leaves_that_users_password(context: Context) -> None:
    user(context, new_password="correct horse")
    user(context, "grace@example.com", new_password="battery staple")
    context.documents.rename_doc("User", "ada@example.com", "grace@example.com", merge=True)
    assert is_password(context.documents.session, "grace@example.com", "battery staple")
    assert not context.documents.exists("User", "ada@example.com")


def test_a_password_is_hashed_with_argon2id_of_owasps_strength(context: Context) -> None:
    user(context, new_password="correct horse")
    row = context.documents.session.query("select password from \"__Auth\" where name = 'ada@example.com'")[0][0]
    kind, _version, costs = str(row).split("$")[1:4]
    memory, passes, _ = (int(one.partition("=")[2]) for one in costs.split(","))
    assert kind == "argon2id"
    assert memory >= 15 * 1024
    assert passes >= 2


@pytest.mark.parametrize("password", ["", "x" * 513])
def test_a_password_has_a_length_that_can_be_hashed(context: Context, password: str) -> None:
    from rota.sites.passwords import set_password

    with pytest.raises(ValidationError, match="1 to 512 characters"):
        set_password(context.documents.session, "Administrator", password)


def test_of_an_api_secret_only_its_hash_is_kept_and_the_next_one_replaces_it(context: Context) -> None:
    made = user(context)
    first = made.generate_keys()
    passwords = context.documents.passwords
    assert passwords.matches("User", made.name, "api_secret", first["api_secret"])
    assert not passwords.matches("User", made.name, "api_secret", "guessed")
    second = made.generate_keys()
    assert second["api_key"] == first["api_key"]
    assert not passwords.matches("User", made.name, "api_secret", first["api_secret"])
    stored = context.documents.session.query('select password from "__Auth" union all select api_secret from "tabUser"')
    assert not any(str(row[0]) in (first["api_secret"], second["api_secret"]) for row in stored)
    with pytest.raises(ValidationError, match="only a hash is kept"):
        made.reload().get_password("api_secret")


def test_a_user_without_a_secret_matches_none(context: Context) -> None:
    user(context)
    assert not context.documents.passwords.matches("User", "ada@example.com", "api_secret", "")


def test_who_acts_decides_what_may_be_done_until_another_acts(context: Context) -> None:
    user(context)
    context.user = "ada@example.com"
    assert not context.documents.permissions.has_permission("User", "create")
    with pytest.raises(PermissionError):
        user(context, "grace@example.com")
    values = {"doctype": "User", "email": "grace@example.com", "first_name": "Grace"}
    context.documents.get_doc(values).insert(ignore_permissions=True)
    context.user = "Administrator"
    assert context.documents.permissions.has_permission("User", "create")
