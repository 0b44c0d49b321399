"""E-mail addresses, phone numbers, names, web addresses, Python."""

from __future__ import annotations

import pytest

from rota.errors import (
    InvalidEmailAddressError,
    InvalidNameError,
    InvalidPhoneNumberError,
    ValidationError,
)
from rota.frappe import utils

from .conftest import FakeSite


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("someone@frappe.com", "someone@frappe.com"),
        ("Some%20One@frappe.com", "Some%20One@frappe.com"),
        ("erp+Job%20Applicant=JA00004@frappe.com", "erp+Job%20Applicant=JA00004@frappe.com"),
        ("a@example.com, b@example.org", "a@example.com, b@example.org"),
        ("John Doe <john@example.com>", "john@example.com"),
        ("a@example.com,", "a@example.com"),
        ("a@example.com, nobody", "a@example.com"),
        ("someone", ""),
        ("someone@----.com", ""),
        ("test 1@example.com", ""),
        ("a@example.com b@example.com,undisclosed-recipient", ""),
        ("a@example.com\r\nBcc: b@example.com", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_good_addresses_are_what_is_left(text: str | None, expected: str) -> None:
    assert utils.validate_email_address(text) == expected


def test_a_bad_address_is_an_error_when_asked_and_shown_escaped(site: FakeSite) -> None:
    with pytest.raises(InvalidEmailAddressError, match="nobody"):
        utils.validate_email_address("a@example.com, nobody<b>", throw=True)

    assert site.shown == ["nobody&lt;b&gt; is not a valid Email Address"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("john@example.com", ("john@example.com", "john@example.com")),
        ("John Doe <john@example.com>", ("John Doe", "john@example.com")),
        ('"Doe, John" <john@example.com>', ("Doe John", "john@example.com")),
        ("Mail to john@example.com", ("Mail to", "john@example.com")),
        ("nobody", (None, "nobody")),
        ("", (None, "")),
    ],
)
def test_an_address_comes_with_its_name(text: str, expected: tuple[str | None, str]) -> None:
    assert utils.parse_addr(text) == expected
    assert utils.extract_email_id(text) == expected[1]


def test_addresses_are_split_at_commas_outside_quotes() -> None:
    text = '"Doe, John" <john@example.com>,\n a@example.com\t, ,\ufeffb@example.com'

    assert utils.split_emails(text) == ['"Doe, John" <john@example.com>', "a@example.com", "b@example.com"]
    assert utils.split_emails(None) == []
    assert utils.sanitize_email(text) == (
        'Doe John <john@example.com>, "a@example.com" <a@example.com>, "b@example.com" <b@example.com>'
    )


@pytest.mark.parametrize(
    ("address", "is_good"), [("a@b.com", True), ("a@b.c", False), ("@b.com", False), ("a.b@com", False)]
)
def test_an_address_has_a_dot_after_the_at(address: str, is_good: bool) -> None:
    assert utils.check_format(address) is is_good


def test_no_address_is_told_to_gravatar() -> None:
    digest = "55502f40dc8b7c769880b10874abc9d0"

    assert utils.get_gravatar_url("test@example.com") == f"https://secure.gravatar.com/avatar/{digest}?d=mm&s=200"
    assert utils.get_gravatar("test@example.com") == utils.get_gravatar_url("test@example.com")
    assert utils.has_gravatar("test@example.com") == ""


@pytest.mark.parametrize(
    ("text", "is_good"),
    [("+91 1234567890", True), ("(030) 12-34", True), ("", False), (None, False), ("12a", False), ("1" * 21, False)],
)
def test_a_phone_number_is_digits_and_signs(text: str | None, is_good: bool) -> None:
    assert utils.validate_phone_number(text) is is_good


@pytest.mark.parametrize("text", ["+420 1234567890", "030 1234", "x"])
def test_a_phone_number_must_exist_in_its_country(text: str) -> None:
    assert utils.validate_phone_number_with_country_code("+91 98765 43210", "phone") is True
    assert utils.validate_phone_number_with_country_code("", "phone") is None
    with pytest.raises(InvalidPhoneNumberError, match="phone"):
        utils.validate_phone_number_with_country_code(text, "phone")


@pytest.mark.parametrize(
    ("text", "is_good"), [("asd a13", True), ("O'Neil-Ü", True), ("asd$wat", False), ("a/b", False), ("", False)]
)
def test_a_name_is_words(text: str, is_good: bool) -> None:
    assert utils.validate_name(text) is is_good


def test_bad_names_and_numbers_are_errors_when_asked() -> None:
    with pytest.raises(InvalidPhoneNumberError):
        utils.validate_phone_number("12a", throw=True)
    with pytest.raises(InvalidNameError):
        utils.validate_name("a/b", throw=True)


@pytest.mark.parametrize(
    ("text", "schemes", "is_good"),
    [
        ("https://google.com", None, True),
        ("mailto:a@b.c", None, True),
        ("/files/a.png", None, True),
        ("google.io", None, False),
        ("", None, False),
        (None, None, False),
        ("http://[bad", None, False),
        ("https://google.com", "http", False),
        ("ftp://frappe.cloud", ["https", "ftp"], True),
        ("bolo://frappe.io", ("http", "https"), False),
        ("/files/a.png", "https", False),
    ],
)
def test_a_url_has_a_scheme_or_begins_at_the_root(text: str | None, schemes: object, is_good: bool) -> None:
    assert utils.validate_url(text, valid_schemes=schemes) is is_good


def test_a_bad_url_is_an_error_when_asked() -> None:
    with pytest.raises(ValidationError, match="frappe"):
        utils.validate_url("frappe", throw=True)


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://github.com/a/b.git", True),
        ("git@github.com:a/b", True),
        ("ssh://git@host/a.git#main", True),
        ("just text", False),
    ],
)
def test_a_git_url_is_known(url: str, is_good: bool) -> None:
    assert utils.is_git_url(url) is is_good


@pytest.mark.parametrize("code", ["foo == 42", "password != 'hunter2'", "a and\\\n b", "", None])
def test_good_python_passes(code: str | None) -> None:
    utils.validate_python_code(code)


@pytest.mark.parametrize("code", ["these_are && js_conditions", "bad == “const”", "oops = forgot", "a\0b"])
def test_bad_python_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="Invalid python code"):
        utils.validate_python_code(code)


def test_a_scripts_bad_line_is_shown_escaped() -> None:
    with pytest.raises(ValidationError, match=r"condition: Invalid python code on line 2.*if &lt;"):
        utils.validate_python_code("a = 1\nif <\n", fieldname="condition", is_expression=False)
