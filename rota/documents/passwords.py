"""What Password fields hold: encrypted, in a table of their own; the document keeps asterisks.

The secret of a user's API key is only ever compared, so its hash is kept instead.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from rota.errors import AuthenticationError, ValidationError

if TYPE_CHECKING:
    from rota.documents.context import Secrets
    from rota.documents.documents import Documents

HASHED = frozenset({("User", "api_secret")})
"""The fields whose secret is compared, never read."""
_HASH = "sha256$"
_READ = 'select password, encrypted from "__Auth" where doctype = :doctype and name = :name and fieldname = :field'
_WRITE = (
    'insert into "__Auth" (doctype, name, fieldname, password, encrypted) '
    "values (:doctype, :name, :field, :password, :encrypted) "
    "on conflict (doctype, name, fieldname) do update set password = excluded.password, encrypted = excluded.encrypted"
)
_DROP_TAKEN = (
    'delete from "__Auth" where doctype = :doctype and name = :old '
    'and fieldname in (select fieldname from "__Auth" where doctype = :doctype and name = :new)'
)


class Passwords:
    """The secrets of one site's documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def keep(self, doc: Any) -> None:
        """Before a document is written: move what its Password fields hold to where secrets are."""
        for one in (doc, *doc.get_all_children()):
            for field in one.meta.password_fields:
                value = one.__dict__.get(field.fieldname)
                if self._is_mask(value):
                    continue
                if not value:
                    if not one.is_new():
                        self.forget(one.doctype, one.name, field.fieldname)
                    continue
                self.set(one.doctype, one.name, field.fieldname, str(value))
                one.__dict__[field.fieldname] = "*" * min(len(str(value)), 32)

    @staticmethod
    def _is_mask(value: Any) -> bool:
        return bool(value) and set(str(value)) == {"*"}

    def set(self, doctype: str, name: Any, fieldname: str, secret: str) -> None:
        """Keep a secret."""
        if (doctype, fieldname) in HASHED:
            # The secret is random and long: a slow hash would protect nothing, and cost each request its time.
            kept, encrypted = _HASH + hashlib.sha256(secret.encode()).hexdigest(), 0
        else:
            kept, encrypted = self._secrets().seal(secret), 1
        self._documents.session.write(
            _WRITE,
            {"doctype": doctype, "name": str(name), "field": fieldname, "password": kept, "encrypted": encrypted},
        )

    def get(self, doctype: str, name: Any, fieldname: str = "password", *, raise_exception: bool = True) -> str | None:
        """A secret in the clear.

        Raises:
            AuthenticationError: none is kept, unless `raise_exception` is False.
            ValidationError: only its hash is kept.
        """
        rows = self._documents.session.query(_READ, {"doctype": doctype, "name": str(name), "field": fieldname})
        if not rows:
            if raise_exception:
                raise AuthenticationError(f"Password not found for {doctype} {name} {fieldname}")
            return None
        kept, encrypted = rows[0]
        if not encrypted:
            raise ValidationError(
                f"{doctype} {name} {fieldname}: only a hash is kept, which can be compared but not read"
            )
        return self._secrets().open(kept)

    def matches(self, doctype: str, name: Any, fieldname: str, given: str) -> bool:
        """Whether a text is the secret of which the hash is kept."""
        rows = self._documents.session.query(_READ, {"doctype": doctype, "name": str(name), "field": fieldname})
        kept = rows[0][0] if rows else ""
        return hmac.compare_digest(kept, _HASH + hashlib.sha256(given.encode()).hexdigest())

    def forget(self, doctype: str, name: Any, fieldname: str | None = None) -> None:
        """Delete a secret, or all of a document."""
        one = " and fieldname = :field" if fieldname else ""
        self._documents.session.write(
            f'delete from "__Auth" where doctype = :doctype and name = :name{one}',
            {"doctype": doctype, "name": str(name), "field": fieldname},
        )

    def rename(self, doctype: str, old: Any, new: Any, *, merge: bool = False) -> None:
        """A document has another name; what it is merged into keeps its own secrets."""
        names = {"doctype": doctype, "old": str(old), "new": str(new)}
        if merge:
            self._documents.session.write(_DROP_TAKEN, names)
        self._documents.session.write('update "__Auth" set name = :new where doctype = :doctype and name = :old', names)

    def _secrets(self) -> Secrets:
        secrets = self._documents.context.secrets
        if secrets is None:
            raise ValidationError("no encryption key was given, without which a Password field can't be kept")
        return secrets
