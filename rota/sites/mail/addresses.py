"""Who a mail is from and for: read from what apps pass, checked so that nothing can be added to a mail's headers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from email.header import Header
from email.utils import parseaddr
from typing import Any, NamedTuple

from rota.documents.documents import Documents
from rota.errors import InvalidEmailAddressError, ValidationError

LONGEST = 254  # characters of an address, by RFC 5321
# A comma or semicolon, but not inside double quotes.
_BETWEEN = re.compile(r'[,;](?=(?:[^"]|"[^"]*")*$)')
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


class Address(NamedTuple):
    """A person's name, or "", and an address in ASCII."""

    name: str
    mail: str

    def __str__(self) -> str:
        """As a header has it."""
        if not self.name:
            return self.mail
        if self.name.isascii() and "=?" not in self.name:
            escaped = self.name.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}" <{self.mail}>'
        return f"{Header(self.name, 'utf-8').encode()} <{self.mail}>"


def header_text(text: Any, what: str) -> str:
    """A text that may stand in a header, encoded where it has to be.

    Raises:
        ValidationError: it has a line's end or another control character in it.
    """
    value = str(text or "").strip().replace("\t", " ")
    refuse_control_characters(value, what)
    # What looks like an encoded word would be decoded by whoever reads the mail, line ends in it included.
    if value.isascii() and "=?" not in value:
        return value
    return Header(value, "utf-8", maxlinelen=200).encode(linesep="")


def refuse_control_characters(text: str, what: str) -> None:
    """Raises ValidationError for what could begin a new header, or end up as something else than it looks like."""
    for one in text:
        if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp"):
            raise ValidationError(f"{what} of a mail can't contain the character U+{ord(one):04X}: {text[:80]!r}")


def parsed(text: str) -> Address:
    """The address in `a@example.com` or `Name <a@example.com>`.

    Raises:
        InvalidEmailAddressError: it is none.
        ValidationError: it has a control character in it.
    """
    refuse_control_characters(text, "an address")
    name, mail = parseaddr(text)
    local, _, domain = mail.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(mail) > LONGEST:
        raise InvalidEmailAddressError(f"{text[:140]} is not a valid Email Address")
    refuse_control_characters(name, "a name")
    return Address(name, f"{local}@{domain}")


def listed(value: Any) -> list[str]:
    """The entries of what an app gave as recipients: a text with commas, a list, None; blanks are dropped."""
    entries: Iterable[Any] = [value] if isinstance(value, str) or value is None else value
    texts = (part.strip(" ") for entry in entries if entry for part in _BETWEEN.split(str(entry)))
    return [text for text in texts if text]


class Found(NamedTuple):
    """Addresses that can be written to, and entries that are none."""

    good: list[Address]
    bad: list[str]


def resolved(documents: Documents, value: Any) -> Found:
    """The addresses of recipients, each once; a user's name, such as Administrator, stands for the user's address.

    Raises:
        ValidationError: one has a control character in it.
    """
    entries = listed(value)
    for entry in entries:
        refuse_control_characters(entry, "an address")
    users = {entry for entry in entries if "@" not in entry}
    mails = _mails(documents, users) if users else {}
    good: dict[str, Address] = {}
    bad: list[str] = []
    for entry in entries:
        if entry in mails and not mails[entry]:
            continue  # a user without an address
        try:
            address = parsed(mails.get(entry, entry))
        except InvalidEmailAddressError:
            bad.append(entry)
        else:
            good.setdefault(address.mail.casefold(), address)
    return Found(list(good.values()), list(dict.fromkeys(bad)))


def _mails(documents: Documents, users: set[str]) -> dict[str, str]:
    rows = documents.get_all("User", filters={"name": ["in", sorted(users)]}, fields=["name", "email"])
    return {row.name: str(row.email or "") for row in rows}
