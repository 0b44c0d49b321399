"""Checks of what people type: phone numbers, names, addresses of web pages, Python."""

from __future__ import annotations

import re
from code import compile_command
from collections.abc import Container
from urllib.parse import urlparse

from rota.errors import InvalidNameError, InvalidPhoneNumberError, NotInRota
from rota.frappe.utils import _settings
from rota.frappe.utils._html import escape_html
from rota.frappe.utils._settings import translate as _

PHONE_NUMBER_PATTERN = re.compile(r"[0-9 +_\-,.*#()]{1,20}")
PERSON_NAME_PATTERN = re.compile(r"\w[\w'\-]*( \w[\w'\-]*)*")
GIT_URL_PATTERN = re.compile(r"(?:git|ssh|https?|\w*@[-\w.]+):(?://)?.*?(?:\.git)?(?:/?|#[-\w.]+?)")


def validate_phone_number(phone_number: str | None, throw: bool = False) -> bool:
    """Whether this looks like a phone number: up to 20 digits and signs.

    Raises:
        InvalidPhoneNumberError: it does not, and `throw` is given.
    """
    if not phone_number:
        return False
    is_valid = bool(PHONE_NUMBER_PATTERN.fullmatch(phone_number.strip()))
    if not is_valid and throw:
        _settings.throw(_("{0} is not a valid Phone Number").format(escape_html(phone_number)), InvalidPhoneNumberError)
    return is_valid


def validate_phone_number_with_country_code(phone_number: str | None, fieldname: str) -> bool | None:
    """True where this is a phone number that exists, with its country's code; None for nothing.

    Raises:
        InvalidPhoneNumberError: it is none.
        NotInRota: the package phonenumbers is not installed.
    """
    if not phone_number:
        return None
    try:
        import phonenumbers  # wanted by few, so it comes with an extra
    except ImportError:
        reason = "it needs `pip install rota[frappe]`"
        raise NotInRota("frappe.utils.validate_phone_number_with_country_code", reason) from None
    try:
        is_valid = phonenumbers.is_valid_number(phonenumbers.parse(phone_number))
    except phonenumbers.NumberParseException:
        is_valid = False
    if not is_valid:
        message = _("Phone Number {0} set in field {1} is not valid: it needs its country code, as in +49 30 1234567.")
        _settings.throw(
            message.format(escape_html(phone_number), escape_html(fieldname)),
            InvalidPhoneNumberError,
            _("Invalid Phone Number"),
        )
    return True


def validate_name(name: str | None, throw: bool = False) -> bool:
    """Whether this can be a person's name: words of letters, digits, dashes and apostrophes.

    Raises:
        InvalidNameError: it can't, and `throw` is given.
    """
    if not name:
        return False
    is_valid = bool(PERSON_NAME_PATTERN.fullmatch(name.strip()))
    if not is_valid and throw:
        _settings.throw(_("{0} is not a valid Name").format(escape_html(name)), InvalidNameError)
    return is_valid


def validate_url(txt: str | None, throw: bool = False, valid_schemes: str | Container[str] | None = None) -> bool:
    """Whether this is a URL with a scheme (one of these, where given), or a path that begins with a slash.

    Raises:
        ValidationError: it is none, and `throw` is given.
    """
    is_valid = _is_url(txt or "", (valid_schemes,) if isinstance(valid_schemes, str) else valid_schemes)
    if not is_valid and throw:
        _settings.throw(_("'{0}' is not a valid URL").format(escape_html(txt or "")))
    return is_valid


def _is_url(text: str, schemes: Container[str] | None) -> bool:
    try:
        url = urlparse(text)
    except ValueError:
        return False
    is_valid = bool(url.scheme and (url.netloc or url.path)) or text.startswith("/")
    return is_valid and (not schemes or url.scheme in schemes)


def is_git_url(url: str) -> bool:
    """Whether a git client would take this for a repository."""
    return bool(GIT_URL_PATTERN.fullmatch(url))


def validate_python_code(string: str | None, fieldname: str | None = None, is_expression: bool = True) -> None:
    """Check that this is an expression, or a script, in Python's grammar. Nothing is run.

    Raises:
        ValidationError: it is not; the message shows the line.
    """
    if not string:
        return
    where = f"{fieldname}: " if fieldname else ""
    try:
        compile_command(string, symbol="eval" if is_expression else "exec")
    except SyntaxError as error:
        number, column = max(error.lineno or 1, 1), max((error.offset or 1) - 1, 0)
        lines = [string] if is_expression else string.splitlines()
        line = escape_html(lines[min(number, len(lines)) - 1])
        message = _("{0}Invalid python code on line {1}").format(escape_html(where), number)
        _settings.throw(f"{message}<br><pre>{line}</pre><pre>{' ' * column}^</pre>", title=_("Syntax Error"))
    except (ValueError, OverflowError) as error:
        _settings.throw(_("{0}Invalid python code: {1}").format(escape_html(where), error), title=_("Syntax Error"))
