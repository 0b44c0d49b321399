"""Users: their name is their address; their roles decide whether they may enter the desk."""

from __future__ import annotations

import secrets
from typing import Any

from rota.documents.document import Document
from rota.errors import DuplicateEntryError, InvalidEmailAddressError, ValidationError
from rota.sites.passwords import forget_password, set_password

#: Users that every site has, each with its type: they can be neither renamed, disabled nor deleted.
STANDARD_USERS = {"Administrator": "System User", "Guest": "Website User"}


class User(Document):
    """A person, or Administrator or Guest."""

    email: str | None
    full_name: str | None
    user_type: str | None
    new_password: str | None
    api_key: str | None
    api_secret: str | None

    def autoname(self) -> None:
        """The address in lower case; Administrator and Guest are called so."""
        self.email = (self.email or "").strip().lower()
        self.name = self.name if self.name in STANDARD_USERS else self.email

    def validate(self) -> None:
        """Check the address; fill in the full name, the user name and the user type."""
        self.email = (self.email or "").strip().lower()
        if self.name not in STANDARD_USERS and not _is_address(self.email):
            raise InvalidEmailAddressError(f"{self.email!r} is no e-mail address")
        self.full_name = " ".join(filter(None, (self.first_name, self.middle_name, self.last_name)))
        self._drop_double_roles()
        if self.name == "Guest":
            self.set("roles", [row for row in self.roles if row.role == "Guest"])
        self.user_type = STANDARD_USERS.get(self.name) or ("System User" if self._has_desk_role() else "Website User")
        if self.is_new() and self.documents.exists("User", self.name):
            raise DuplicateEntryError(f"User {self.name} already exists")
        if self.name in STANDARD_USERS and not self.enabled:
            raise ValidationError(f"User {self.name} can't be disabled")
        self._new_password = self.new_password
        # The table would keep it readable; what is kept is its hash.
        self.new_password = None

    def _drop_double_roles(self) -> None:
        seen: set[str] = set()
        for row in list(self.get("roles") or ()):
            if row.role in seen:
                self.remove(row)
            seen.add(row.role)

    def _has_desk_role(self) -> bool:
        roles = [row.role for row in self.get("roles") or ()]
        wanted = {"name": ["in", roles], "desk_access": 1}
        return bool(roles and self.documents.get_all("Role", filters=wanted, limit=1))

    def on_update(self) -> None:
        """Keep a new password's hash."""
        password = self.__dict__.pop("_new_password", None)
        if password:
            set_password(self.documents.session, self.name, password)

    def on_trash(self) -> None:
        """Forget the password with the user.

        Raises:
            ValidationError: Administrator and Guest can't be deleted.
        """
        if self.name in STANDARD_USERS:
            raise ValidationError(f"User {self.name} cannot be deleted")
        forget_password(self.documents.session, self.name)

    def before_rename(self, old: str, new: str, merge: bool = False) -> str:
        """A user is called by an address.

        Raises:
            ValidationError: Administrator and Guest keep their names.
            InvalidEmailAddressError: the new name is no address.
        """
        if old in STANDARD_USERS:
            raise ValidationError(f"User {old} cannot be renamed")
        address = str(new).strip().lower()
        if not _is_address(address):
            raise InvalidEmailAddressError(f"{new!r} is no e-mail address")
        return address

    def after_rename(self, old: str, new: str, merge: bool = False) -> None:
        """The address follows the name."""
        self.db_set("email", new, update_modified=False)

    def append_roles(self, *roles: str) -> None:
        """Give roles that the user has not yet, without saving."""
        known = {row.role for row in self.get("roles") or ()}
        for role in roles:
            if role not in known:
                self.append("roles", {"role": role})

    def add_roles(self, *roles: str) -> None:
        """Give roles and save."""
        self.append_roles(*roles)
        self.save()

    def remove_roles(self, *roles: str) -> None:
        """Take roles away and save."""
        for row in [row for row in self.get("roles") or () if row.role in roles]:
            self.remove(row)
        self.save()

    def get_fullname(self) -> str:
        """First and last name."""
        return " ".join(filter(None, (self.first_name, self.last_name)))

    def generate_keys(self) -> dict[str, Any]:
        """Make a new API secret, and a key if there is none; the secret is shown this once."""
        secret = secrets.token_hex(16)
        self.api_key = self.api_key or secrets.token_hex(8)
        self.api_secret = secret
        self.save(ignore_permissions=True)
        return {"api_key": self.api_key, "api_secret": secret}


def has_permission(doc: User, user: str) -> bool:
    """Only Administrator sees and changes the users that every site has."""
    return user == "Administrator" or doc.name not in STANDARD_USERS


def get_permission_query_conditions(user: str) -> str:
    """The same for lists."""
    names = ", ".join(f"'{name}'" for name in STANDARD_USERS)
    return "" if user == "Administrator" else f"`tabUser`.name not in ({names})"


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(sign.isspace() or sign in "<>,;" for sign in text)
