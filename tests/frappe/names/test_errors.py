"""Exceptions under Frappe's names: what raises them, what they are kinds of, and what HTTP makes of them."""

from __future__ import annotations

from typing import Any

import pytest


def test_what_can_not_be_saved_is_a_validation_error(frappe: Any, book: Any) -> None:
    with pytest.raises(frappe.MandatoryError, match="title"):
        frappe.get_doc({"doctype": "Book"}).insert()
    with pytest.raises(frappe.LinkValidationError, match="Nobody"):
        frappe.get_doc({"doctype": "Book", "title": "T", "author": "Nobody"}).insert()
    with pytest.raises(frappe.ValidationError, match="lost book"):
        book.update({"status": "Lost"}).save()
    with pytest.raises(frappe.exceptions.ValidationError, match="No"):
        frappe.throw("No")
    with pytest.raises(frappe.exceptions.LinkExistsError):
        frappe.delete_doc("Author", "Ada")


def test_what_is_not_there_or_there_already_has_its_own_error(frappe: Any, book: Any) -> None:
    with pytest.raises(frappe.DoesNotExistError):
        frappe.get_doc("Book", "nothing")
    with pytest.raises(frappe.DuplicateEntryError):
        frappe.get_doc({"doctype": "Author", "full_name": "Ada"}).insert()
    with pytest.raises(frappe.exceptions.DuplicateEntryError):
        frappe.get_doc({"doctype": "Author", "full_name": "Ada"}).insert()
    with pytest.raises(frappe.NameError):
        frappe.get_doc({"doctype": "Author", "full_name": "Ada"}).insert()


def test_a_document_that_somebody_else_has_saved_is_not_saved(frappe: Any, book: Any) -> None:
    stale = frappe.get_doc("Book", book.name)
    frappe.db.set_value("Book", book.name, "title", "New", modified="2030-01-01 00:00:00")

    with pytest.raises(frappe.TimestampMismatchError):
        stale.save()
    with pytest.raises(frappe.exceptions.TimestampMismatchError):
        stale.save()
    assert stale.reload().title == "New"


def test_who_may_not_is_told_so(frappe: Any, book: Any) -> None:
    frappe.set_user("Guest")
    with pytest.raises(frappe.PermissionError):
        frappe.get_doc("Book", book.name).check_permission("read")
    with pytest.raises(frappe.PermissionError):
        frappe.get_list("Book")
    with pytest.raises(frappe.PermissionError):
        frappe.only_for("System Manager")
    with pytest.raises(frappe.AuthenticationError):
        frappe.utils.password.check_password("Administrator", "wrong")
    assert frappe.utils.password.check_password("Administrator", "secret") == "Administrator"


def test_the_state_of_a_document_decides_what_may_be_done(frappe: Any, book: Any) -> None:
    book.submit()
    with pytest.raises(frappe.UpdateAfterSubmitError):
        book.update({"title": "Other"}).save()
    book.reload().cancel()
    with pytest.raises(frappe.ValidationError):
        book.save()
    other = frappe.get_doc({"doctype": "Book", "title": "Next", "amended_from": book.name})
    assert other.insert().docstatus.is_draft()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ValidationError", 417),
        ("AuthenticationError", 401),
        ("SessionExpired", 401),
        ("PermissionError", 403),
        ("DoesNotExistError", 404),
        ("NameError", 409),
        ("CSRFTokenError", 400),
        ("UnsupportedMediaType", 415),
        ("RateLimitExceededError", 429),
        ("SessionStopped", 503),
        ("QueueOverloaded", 503),
        ("InReadOnlyMode", 503),
        ("Redirect", 301),
    ],
)
def test_an_error_has_the_status_that_http_answers_with(frappe: Any, name: str, status: int) -> None:
    error = getattr(frappe, name)

    assert error.http_status_code == status
    assert issubclass(error, Exception)


def test_errors_are_caught_by_what_they_are_kinds_of(frappe: Any) -> None:
    assert frappe.email.receive.MaxFileSizeReachedError is frappe.MaxFileSizeReachedError
    pairs = [
        (frappe.MandatoryError, frappe.ValidationError),
        (frappe.TimestampMismatchError, frappe.ValidationError),
        (frappe.DuplicateEntryError, frappe.NameError),
        (frappe.DoesNotExistError, frappe.ValidationError),
        (frappe.UniqueValidationError, frappe.ValidationError),
        (frappe.exceptions.UniqueValidationError, frappe.ValidationError),
        (frappe.FileAlreadyAttachedException, Exception),
        (frappe.email.receive.MaxFileSizeReachedError, frappe.ValidationError),
        (frappe.SessionBootFailed, Exception),
        (frappe.QueryDeadlockError, Exception),
    ]

    for error, kind in pairs:
        with pytest.raises(kind, match="said"):
            raise error("said")
    assert frappe.db.is_deadlocked(frappe.QueryDeadlockError("said"))
    assert frappe.db.is_timedout(frappe.QueryTimeoutError("said"))
    assert not frappe.db.is_deadlocked(frappe.QueryTimeoutError("said"))
    assert issubclass(frappe.FileAlreadyAttachedException, frappe.exceptions.FileAlreadyAttachedException)
    assert frappe.SessionBootFailed.http_status_code == 500
