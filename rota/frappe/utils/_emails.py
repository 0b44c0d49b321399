"""E-mail addresses: read, checked, split, and their pictures."""

from __future__ import annotations

import hashlib
import re
from email.utils import formataddr, parseaddr
from typing import Any, Literal

from rota.errors import InvalidEmailAddressError
from rota.frappe.utils import _settings
from rota.frappe.utils._html import escape_html
from rota.frappe.utils._settings import translate as _
from rota.frappe.utils._strings import as_unicode, cstr, strip

LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
EMAIL_MATCH_PATTERN = re.compile(rf"{ATOM}(?:\.{ATOM})*@(?:{LABEL}\.)+{LABEL}", re.IGNORECASE)
EMAIL_STRING_PATTERN = re.compile(r"[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+")
EMAIL_NAME_PATTERN = re.compile(r"[^A-Za-z0-9\u00C0-\u024F/_' ]+")
# A comma or a line's end, but not inside double quotes.
MULTI_EMAIL_STRING_PATTERN = re.compile(r'[,\n](?=(?:[^"]|"[^"]*")*$)')


def check_format(email_id: str) -> bool:
    """Whether there is something before an @, a dot and at least four letters after it, and no space anywhere."""
    local, _at, domain = (email_id or "").rpartition("@")
    return bool(local) and not re.search(r"\s", email_id) and "." in domain[1:] and len(domain) > 3


def get_name_from_email_string(email_string: str, email_id: str, name: str | None) -> str:
    """The name that stands beside the address, else the address. `name` is taken and ignored."""
    return EMAIL_NAME_PATTERN.sub("", email_string.replace(email_id, "")).strip() or email_id


def parse_addr(email_string: str) -> tuple[str | None, str]:
    """The name and the first address in the text; (None, what was found) where there is no good address."""
    address = parseaddr(email_string)[1]
    if not check_format(address):
        found = EMAIL_STRING_PATTERN.findall(email_string or "")
        if not (found and check_format(found[0])):
            return None, address
        address = found[0]
    return get_name_from_email_string(email_string, address, None), address


def extract_email_id(email: str) -> str:
    """The address alone, of `John Doe <john@example.com>`."""
    return cstr(parse_addr(email)[1])


def _checked(text: str, throw: bool) -> str | None:
    if "undisclosed-recipient" in text:
        return None
    # Two addresses with nothing but a space between would be read as one that nobody wrote.
    address = extract_email_id(text) if text and (" " not in text or "<" in text) else ""
    if EMAIL_MATCH_PATTERN.fullmatch(address):
        return address
    if throw:
        message = _("{0} is not a valid Email Address").format(escape_html(text))
        _settings.throw(message, InvalidEmailAddressError)
    return None


def validate_email_address(email_str: str | None, throw: bool = False) -> str:
    """The good addresses of a comma-separated text, without names, joined by ", "; "" where there are none.

    Raises:
        InvalidEmailAddressError: one is not good, and `throw` is given.
    """
    parts = (email_str or "").strip().split(",")
    checked = [_checked(part.strip(), throw) for part in parts if part]
    return ", ".join(address for address in checked if address)


def split_emails(txt: Any) -> list[str]:
    """The addresses of a text, with their names; commas separate them, but not inside double quotes."""
    parts = MULTI_EMAIL_STRING_PATTERN.split(re.sub(r"[\t\n\r]", " ", cstr(txt)))
    return [address for address in map(strip, parts) if address]


def sanitize_email(emails: str) -> str:
    """The good addresses of a text with their names, in the form of RFC 5322, joined by ", "."""
    good = [parse_addr(address) for address in split_emails(emails) if validate_email_address(address)]
    return ", ".join(formataddr((name or "", address)) for name, address in good)


def get_gravatar_url(email: str, default: Literal["mm", "404"] = "mm") -> str:
    """Where gravatar.com has the picture of this address; `default` is what it answers where it has none."""
    digest = hashlib.md5(as_unicode(email).encode(), usedforsecurity=False).hexdigest()
    return f"https://secure.gravatar.com/avatar/{digest}?d={default}&s=200"


def has_gravatar(email: str) -> str:
    """Always "": an address is not told to a foreign server behind its owner's back."""
    return ""


def get_gravatar(email: str) -> str:
    """Where gravatar.com would have the picture of this address."""
    return get_gravatar_url(email)
