"""Who may do what: roles, permission rows of DocTypes, owners, permission levels, user permissions, shares, hooks.

Denied unless something allows it. Administrator may do everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rota.documents.context import ADMINISTRATOR, GUEST
from rota.documents.doctype import Meta, Row
from rota.documents.fieldtypes import Kind
from rota.documents.filters import EVERYTHING, Condition, Group
from rota.documents.sql import quote, table_of
from rota.documents.values import to_int
from rota.errors import DoctypeNotFoundError, PermissionError  # noqa: A004 - Frappe's name

if TYPE_CHECKING:
    from rota.documents.documents import Documents

RIGHTS = (
    "select", "read", "write", "create", "delete", "submit", "cancel", "amend", "print", "email", "report", "import",
    "export", "share",
)  # fmt: skip
AUTOMATIC = ("All", "Guest")
_SHARED = frozenset({"read", "write", "share", "submit"})


class Permissions:
    """The permissions of one site, with what was read kept until it changes or the user does."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._roles: dict[str, list[str]] = {}
        self._user_permissions: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def forget(self) -> None:
        """Read anew."""
        self._roles.clear()
        self._user_permissions.clear()

    # --- roles ---

    def roles(self, user: str | None = None) -> list[str]:
        """The user's roles, with those that everybody has."""
        user = user or self._documents.user
        found = self._roles.get(user)
        if found is None:
            found = self._roles[user] = self._read_roles(user)
        return list(found)

    def _read_roles(self, user: str) -> list[str]:
        if user == GUEST:
            return [GUEST]
        session = self._documents.session
        if user == ADMINISTRATOR:
            every = [row[0] for row in session.query('select name from "tabRole" order by name')]
            return [*every, *(role for role in (*AUTOMATIC, "Desk User", ADMINISTRATOR) if role not in every)]
        rows = session.query(
            "select role from \"tabHas Role\" where parent = :user and parenttype = 'User' order by idx", {"user": user}
        )
        roles = [row[0] for row in rows]
        kind = session.query('select user_type from "tabUser" where name = :user', {"user": user})
        own = [*AUTOMATIC, *(["Desk User"] if kind and kind[0][0] == "System User" else [])]
        return [*roles, *(role for role in own if role not in roles)]

    def only_for(self, roles: str | Iterable[str], message: bool = False) -> None:
        """Refuse unless the user has one of these roles.

        Raises:
            PermissionError: the user has none.
        """
        wanted = {roles} if isinstance(roles, str) else set(roles)
        if self._documents.user != ADMINISTRATOR and not wanted & set(self.roles()):
            if message:
                self._documents.message(f"This action is only allowed for {', '.join(sorted(wanted))}")
            raise PermissionError(f"This action is only allowed for {', '.join(sorted(wanted))}")

    # --- rows of DocTypes ---

    def _rows(self, meta: Meta, user: str) -> list[Row]:
        roles = set(self.roles(user))
        return [row for row in meta.permissions if row.role in roles]

    def role_permissions(self, meta: Meta, user: str | None = None, *, is_owner: bool | None = None) -> dict[str, int]:
        """Which rights the user's roles give on the DocType; of those for owners only, when `is_owner` is not False."""
        user = user or self._documents.user
        if user == ADMINISTRATOR:
            return dict.fromkeys(RIGHTS, 1)
        given = dict.fromkeys(RIGHTS, 0)
        for row in self._rows(meta, user):
            if to_int(row.permlevel):
                continue
            for right in RIGHTS:
                # What is not there yet has no owner: who may make their own documents may make one.
                if to_int(row.get(right)) and (not to_int(row.if_owner) or is_owner is not False or right == "create"):
                    given[right] = 1
        given["select"] = given["select"] or given["read"]
        return given

    def levels(self, meta: Meta, right: str = "read", *, doc: Any = None, user: str | None = None) -> set[int]:
        """The permission levels on which the user has a right."""
        user = user or self._documents.user
        if user == ADMINISTRATOR:
            return {0, *(to_int(field.permlevel) for field in meta.fields), *range(10)}
        return {
            to_int(row.permlevel)
            for row in self._rows(meta, user)
            if to_int(row.get(right)) and (not to_int(row.if_owner) or doc is None or doc.get("owner") == user)
        }

    def may_read_field(self, parent: Meta, meta: Meta, column: str, user: str | None = None) -> bool:
        """Whether the user may read a field; a child table's by the permissions of its parent."""
        level = meta.high_permlevel.get(column, 0)
        return not level or level in self.levels(parent, "read", user=user)

    # --- the question ---

    def has_permission(
        self,
        doctype: str,
        ptype: str = "read",
        doc: Any = None,
        user: str | None = None,
        *,
        parent_doctype: str | None = None,
        throw: bool = False,
    ) -> bool:
        """Whether the user has a right on the DocType, or on one document (given itself, or by its name).

        Raises:
            PermissionError: no, and `throw`.
        """
        user = user or self._documents.user
        allowed = user == ADMINISTRATOR or self._is_allowed(doctype, ptype, doc, user, parent_doctype)
        if throw and not allowed:
            name = getattr(doc, "name", doc) or ""
            raise PermissionError(f"No permission to {ptype} {doctype} {name}".rstrip())
        return allowed

    def _is_allowed(self, doctype: str, ptype: str, doc: Any, user: str, parent_doctype: str | None) -> bool:
        meta = self._documents.get_meta(doctype)
        if isinstance(doc, (str, int)):
            doc = self._documents.get_doc(doctype, doc)
        elif isinstance(doc, Mapping):
            doc = self._documents.get_doc({**doc, "doctype": doctype})
        if meta.istable:
            return self._is_allowed_on_parent(doc, ptype, user, parent_doctype)
        is_owner = None if doc is None or (doc.is_new() and ptype == "create") else doc.get("owner") == user
        by_role = bool(self.role_permissions(meta, user, is_owner=is_owner).get(ptype))
        if by_role and doc is not None:
            by_role = self._fits_user_permissions(doc, user)
        if by_role and doc is not None and self._documents.context.permission_hook(doc, ptype, user) is False:
            return False
        return by_role or self._is_shared(doctype, ptype, doc, user)

    def _is_allowed_on_parent(self, doc: Any, ptype: str, user: str, parent_doctype: str | None) -> bool:
        parent_doctype = parent_doctype or (doc.get("parenttype") if doc is not None else None)
        if not parent_doctype:
            return False
        parent = doc.parent_doc if doc is not None else None
        if parent is None and doc is not None and doc.get("parent"):
            parent = doc.get("parent")
        return self.has_permission(parent_doctype, "write" if ptype in ("create", "delete") else ptype, parent, user)

    # --- shares ---

    def _is_shared(self, doctype: str, ptype: str, doc: Any, user: str) -> bool:
        if ptype not in _SHARED or user == GUEST:
            return False
        names = self.shared(doctype, user, ptype)
        return bool(names) if doc is None else str(doc.get("name")) in names

    def shared(self, doctype: str, user: str | None = None, right: str = "read") -> set[str]:
        """The names of the documents that are shared with the user, or with everybody."""
        if right not in _SHARED:
            return set()
        dialect = self._documents.session.dialect
        rows = self._documents.session.query(
            f'select share_name from "tabDocShare" where share_doctype = :doctype and {quote(right, dialect)} = 1 '
            f"and ({quote('user', dialect)} = :user or everyone = 1)",
            {"doctype": doctype, "user": user or self._documents.user},
        )
        return {row[0] for row in rows}

    # --- user permissions ---

    def user_permissions(self, user: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """The documents that a user is restricted to, by DocType: `doc`, `applicable_for`, `is_default`."""
        user = user or self._documents.user
        found = self._user_permissions.get(user)
        if found is None:
            found = self._user_permissions[user] = {}
            if user != ADMINISTRATOR:
                dialect = self._documents.session.dialect
                rows = self._documents.session.query(
                    "select allow, for_value, applicable_for, is_default, hide_descendants "
                    f'from "tabUser Permission" where {quote("user", dialect)} = :user order by creation, name',
                    {"user": user},
                )
                for allow, value, applicable_for, is_default, hide in rows:
                    found.setdefault(allow, []).extend(
                        {"doc": name, "applicable_for": applicable_for, "is_default": is_default}
                        for name in self._with_descendants(allow, value, hide=bool(hide))
                    )
        return found

    def _with_descendants(self, doctype: str, name: str, *, hide: bool) -> list[str]:
        try:
            meta = self._documents.get_meta(doctype)
        except DoctypeNotFoundError:
            return [name]
        if hide or not meta.is_nested_set():
            return [name]
        return [name, *self._documents.database.get_descendants(doctype, name)]

    def allowed_values(self, doctype: str, on: str, user: str | None = None) -> list[str] | None:
        """Which documents of a DocType the user may use on another one; None for all."""
        rows = self.user_permissions(user).get(doctype)
        if not rows:
            return None
        values = [row["doc"] for row in rows if not row["applicable_for"] or row["applicable_for"] == on]
        return values or None

    def _fits_user_permissions(self, doc: Any, user: str) -> bool:
        if not self.user_permissions(user):
            return True
        own = self.allowed_values(doc.doctype, doc.doctype, user)
        if own is not None and not doc.is_new() and str(doc.name) not in own:
            return False
        for one in (doc, *doc.get_all_children()):
            for field in one.meta.get_link_fields():
                value = one.get(field.fieldname)
                if value and not to_int(field.ignore_user_permissions):
                    allowed = self.allowed_values(field.options or "", doc.doctype, user)
                    if allowed is not None and value not in allowed:
                        return False
        return True

    # --- lists ---

    def restriction(self, meta: Meta, user: str, *, child: bool = False) -> Group:
        """The condition on what `get_list` may show; with `child`, on the rows of this DocType's tables.

        Raises:
            PermissionError: nothing of the DocType.
        """
        if user == ADMINISTRATOR:
            return EVERYTHING
        name = meta["name"]
        rights = self.role_permissions(meta, user)
        shared = sorted(self.shared(name, user)) if user != GUEST else []
        if not rights["read"] and not rights["select"] and not shared:
            raise PermissionError(f"You do not have Read or Select permissions for {name}")
        found = self._row_conditions(meta, user) if rights["read"] or rights["select"] else None
        if found is None:
            found = Group("and", (Condition("name", "in", shared),))
        elif shared and found.parts:
            found = Group("or", (found, Condition("name", "in", shared)))
        if child and (found.parts or self.raw_restrictions(meta, user)):
            names = self._documents.get_list(name, user=user, pluck="name")
            return Group("and", (Condition("parent", "in", names), Condition("parenttype", "=", name)))
        return Group("and", (Condition("parenttype", "=", name),)) if child else found

    def _row_conditions(self, meta: Meta, user: str) -> Group:
        parts: list[Condition | Group] = []
        full = self.role_permissions(meta, user, is_owner=False)
        if not full["read"] and not full["select"]:
            parts.append(Condition("owner", "=", user))
        name = meta["name"]
        own = self.allowed_values(name, name, user)
        if own is not None:
            parts.append(Condition("name", "in", own))
        for field in meta.get_link_fields():
            if to_int(field.ignore_user_permissions) or not field.has_column:
                continue
            allowed = self.allowed_values(field.options or "", name, user)
            if allowed is not None:
                parts.append(Condition(field.fieldname, "in", ["", *allowed]))
        return Group("and", tuple(parts))

    def raw_restrictions(self, meta: Meta, user: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Conditions that hooks give as MariaDB's SQL, as conditions on the query's own table."""
        asked = self._documents.context.permission_query
        conditions = [one for one in (asked(meta["name"], user) if asked and user != ADMINISTRATOR else ()) if one]
        if not conditions:
            return []
        where = " and ".join(f"({one})" for one in conditions)
        text = f"select name from `{table_of(meta['name'])}` where {where}"
        translated, params = self._documents.database._translated(text, ())
        self._documents.database.equip(self._documents.session.connection)
        return [(f"t0.name in ({translated.sql})", params)]

    # --- levels of documents ---

    def hide_unreadable(self, doc: Any) -> None:
        """Empty the fields of a document, and of its rows, that the user may not read."""
        levels = self.levels(doc.meta, "read", doc=doc)
        for one in (doc, *doc.get_all_children()):
            for name, level in one.meta.high_permlevel.items():
                if level not in levels:
                    one.__dict__[name] = [] if one.meta.by_name[name].kind is Kind.TABLE else None

    def reset_unwritable(self, doc: Any) -> None:
        """Give the fields that the user may not write the value that is stored, or that a new document has."""
        if doc.flags.ignore_permissions or self._documents.user == ADMINISTRATOR:
            return
        rows = doc.get_all_children()
        if not doc.meta.high_permlevel and not any(row.meta.high_permlevel for row in rows):
            return
        levels = self.levels(doc.meta, "write", doc=doc)
        before = doc.get_doc_before_save()
        known = {row.name: row for row in before.get_all_children()} if before is not None else {}
        self._reset(doc, before, levels)
        for row in rows:
            self._reset(row, known.get(row.name), levels)

    def _reset(self, doc: Any, before: Any, levels: set[int]) -> None:
        fresh = None
        for name, level in doc.meta.high_permlevel.items():
            if level in levels:
                continue
            if before is None and fresh is None:
                fresh = self._documents.new_doc(doc.doctype)
            source = before if before is not None else fresh
            doc.__dict__[name] = source.get(name) if source is not None else None
