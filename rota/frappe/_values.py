"""Values in and out: JSON, templates, formatted fields, translations, expressions, mails."""

from __future__ import annotations

import json
from typing import Any

from rota import frappe  # what an app has put there counts
from rota.documents.base import BaseDocument
from rota.documents.values import to_json
from rota.frappe._bound import Bound
from rota.frappe.utils._collections import parse_json
from rota.frappe.utils._strings import as_unicode, bold, generate_hash, safe_decode, safe_encode
from rota.sites.attached import translations_of
from rota.sites.context import current, current_or_none


def _(msg: Any, lang: str | None = None, context: str | None = None) -> str:
    """The text in the user's language (or `lang`), or as it is."""
    opened = current_or_none()
    if opened is None:
        return str(msg)
    return translations_of(opened.site).get(str(msg), lang or opened.language, context)


def _lt(msg: str, lang: str | None = None, context: str | None = None) -> str:
    """The same as `_`: a text that a module keeps is in the language of whoever imports it."""
    return frappe._(msg, lang, context)


def set_user_lang(user: str, user_language: str | None = None) -> None:
    """Go on in the language of a user."""
    current().language = user_language or frappe.db.get_value("User", user, "language") or "en"


def as_json(obj: Any, indent: int | None = 1, separators: Any = None, ensure_ascii: bool = True) -> str:
    """JSON of values, dates and documents, keys sorted."""
    plain = json.loads(json.dumps(obj, default=_plain))
    if separators is None:
        separators = (",", ": ") if indent is not None else (", ", ": ")
    return json.dumps(plain, indent=indent, sort_keys=True, separators=separators, ensure_ascii=ensure_ascii)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseDocument):
        return value.as_dict()
    if isinstance(value, Bound):
        return value.copy()
    return json.loads(to_json(value))


def format_value(*args: Any, **kwargs: Any) -> str:
    """A field's value as people read it; see `frappe.utils.formatters.format_value`."""
    from rota.frappe.utils.formatters import format_value as format_field

    return str(format_field(*args, **kwargs))


format = format_value


def render_template(template: str, context: Any = None, is_path: bool | None = None, safe_render: bool = True) -> str:
    """A template filled in: its text, or its path in an app when it is one line that ends as a file does.

    Raises:
        TemplateNotFoundError: no app has the file.
    """
    from rota.frappe.utils.jinja import render_template as render

    return render(template, context, is_path, safe_render)


def get_template(path: str) -> Any:
    """The template at a path in an app, to be rendered."""
    from rota.frappe.utils.jinja import get_template as find

    return find(path)


def get_jenv() -> Any:
    """Jinja's environment of the site."""
    from rota.frappe.utils.jinja import get_jenv as environment

    return environment()


def get_email_from_template(name: str, args: Any) -> tuple[str, str | None]:
    """`templates/emails/NAME.html` of an app, filled in, and its `.txt` where there is one."""
    from rota.frappe.utils.jinja import get_email_from_template as fill_in

    return fill_in(name, args)


def safe_eval(code: str, eval_globals: dict[str, Any] | None = None, eval_locals: dict[str, Any] | None = None) -> Any:
    """The value of an expression that a user wrote; it can reach nothing but what is given.

    Raises:
        ValidationError: it is no expression, or does what it must not.
    """
    from rota.frappe._safe_eval import evaluate  # few need it

    names = {**(eval_globals or {}), **(eval_locals or {})}
    return evaluate(code, names)


def sendmail(
    recipients: Any = None,
    sender: str = "",
    subject: str = "No Subject",
    message: str = "No Message",
    as_markdown: bool = False,
    delayed: bool = True,
    reference_doctype: str | None = None,
    reference_name: str | None = None,
    **options: Any,
) -> Any:
    """Queue an e-mail, with the transaction; the Email Queue document, or None when there is nobody to write to.

    It is queued even where no mail server is set up, and leaves once there is one. User ids among the recipients stand
    for their addresses. `now` and `delayed=False` send it as soon as the transaction is committed. The options are
    Frappe's: `template` and `args`, `attachments`, `cc`, `bcc`, `reply_to`, `header`, `send_after`, ...

    Raises:
        TypeError: there is no such option.
    """
    from rota.frappe.utils.jinja import templates_of
    from rota.sites.mail import sendmail as send  # mails and what makes them: few jobs need them

    context = current()
    given = {
        "recipients": recipients,
        "sender": sender,
        "subject": subject,
        "message": message,
        "as_markdown": as_markdown,
        "reference_doctype": reference_doctype,
        "reference_name": reference_name,
    }
    return send(context, templates_of(context.site), delayed=delayed, **given, **options)


def are_emails_muted() -> bool:
    """Whether mails stay in the queue."""
    return bool(frappe.flags.mute_emails or frappe.conf.mute_emails)


__all__ = [
    "_",
    "_lt",
    "are_emails_muted",
    "as_json",
    "as_unicode",
    "bold",
    "format",
    "format_value",
    "generate_hash",
    "get_email_from_template",
    "get_jenv",
    "get_template",
    "parse_json",
    "render_template",
    "safe_decode",
    "safe_encode",
    "safe_eval",
    "sendmail",
    "set_user_lang",
]
