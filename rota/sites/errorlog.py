"""Error Log rows, which survive the rollback of what failed.

A row is written when the transaction around it ends: with it when it commits, in one of its own when it rolls back. In
a job both carry the job's claim, so an execution that lost its claim leaves none.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

from rota.payload import clean_text
from rota.sites.context import Context, current_or_none

MAX_TITLE = 140
MAX_BODY = 256 << 10
SHORT_TITLE = 60


def record_error(
    title: str | None, message: Any, reference_doctype: str | None = None, reference_name: str | None = None
) -> Any:
    """Keep an error; the Error Log's document, or None where no site is open (then it is printed)."""
    head, body = title_and_body(title, message, _traceback())
    context = current_or_none()
    if context is None:
        print(f"{head}\n{body}", file=sys.stderr)  # noqa: T201 - there is no log to write to
        return None
    return _insert(context, _row(context, head, body, reference_doctype, reference_name))


def title_and_body(title: Any, message: Any, trace: str) -> tuple[str, str]:
    """Which of `log_error`'s two positional arguments is the title: apps use both orders.

    Frappe swaps only when the first has several lines. A sentence beside a short text that is shorter, or Written Like
    This, was meant as the body, too.
    """
    if message is None:
        first = str(title or "Error")
        if "\n" in first:
            return first.strip().splitlines()[0][:MAX_TITLE], first
        return _fitting(first, trace)
    one, two = str(title or ""), str(message)
    two_may_be_title = "\n" not in two.strip() and len(two) <= SHORT_TITLE
    two_is_rather = len(one) > len(two) or (_is_headline(two) and not _is_headline(one))
    one_is_body = "\n" in one.strip() or (two_may_be_title and two_is_rather and _is_sentence(one))
    if one_is_body and not ("\n" in two.strip() and "\n" not in one.strip()):
        one, two = two, one
    return _fitting(one or "Error", two)


def _fitting(title: str, body: str) -> tuple[str, str]:
    """A title that is cut must not be lost: the whole of it heads the body."""
    if len(title) <= MAX_TITLE:
        return title, body
    return title[: MAX_TITLE - 3] + "...", f"{title}\n\n{body}"


def _is_sentence(text: str) -> bool:
    return ": " in text or len(text.split()) > 3


def _is_headline(text: str) -> bool:
    words = text.split()
    return len(words) > 1 and all(word[0].isupper() for word in words)


def _traceback() -> str:
    error = sys.exception()
    return "".join(traceback.format_exception(error)) if error else ""


def record_failure(context: Context, title: str, trace: str) -> None:
    """Keep the error that ended a job, in a commit of its own; in a job that commit passes the fence, or fails."""
    _insert(context, _row(context, *_fitting(title, trace)))
    context.documents.session.commit()


def _row(
    context: Context, title: str, body: str, reference_doctype: str | None = None, reference_name: str | None = None
) -> dict[str, Any]:
    return {
        "doctype": "Error Log",
        "method": clean_text(title, MAX_TITLE),
        "error": clean_text(body, MAX_BODY),
        "reference_doctype": reference_doctype,
        "reference_name": reference_name,
        "trace_id": context.running.key if context.running else None,
    }


def record_row_failure(
    context: Context, title: str, trace: str, reference_doctype: str | None, reference_name: Any
) -> None:
    """Keep the error of a row that an iteration left out, with the commit that says so."""
    row = _row(context, *_fitting(title, trace), reference_doctype, reference_name if reference_doctype else None)
    context.documents.get_doc(row).insert(ignore_permissions=True)
    context.enqueues.log_writes += 1


def _insert(context: Context, values: dict[str, Any]) -> Any:
    documents = context.documents
    doc = documents.get_doc(values)
    doc.insert(ignore_permissions=True)
    context.enqueues.log_writes += 1
    row = doc.get_valid_dict()

    def write_again() -> None:
        # The transaction that held the row was rolled back. This is a commit like any other: in a job it passes the
        # fence, or the execution is lost.
        documents.database.bulk_insert("Error Log", list(row), [tuple(row.values())], ignore_duplicates=True)
        documents.session.commit()

    documents.session.after_rollback.add(write_again)
    return doc
