"""`sendmail`: a mail becomes an Email Queue document in the caller's transaction. Nothing is sent here.

It never fails for want of a mail account: the mail waits, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rota.clock import to_micros
from rota.documents.values import to_datetime
from rota.errors import ValidationError
from rota.jobs import SHORT, JobSpec, new_key
from rota.sites.context import Context
from rota.sites.files import FileStore, is_local
from rota.sites.mail.addresses import Address, Found, header_text, listed, parsed, resolved
from rota.sites.mail.compose import (
    UNSUBSCRIBE_URL,
    Letter,
    attachments_of,
    compose,
    embedded,
    given_message_id,
    new_message_id,
    own_headers,
)
from rota.sites.mail.sending import home_of
from rota.sites.mail.text import as_html, as_page
from rota.sites.templates import Templates

FLUSH = "rota.sites.mail.flush"
FLUSH_ID = "rota::mail"
MAX_MESSAGE = 50 << 20  # bytes of a mail with what is attached to it
_TEMPLATES = ("templates/emails/{0}.{1}", "emails/{0}.{1}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What `frappe.sendmail` was called with; its documentation says what each means."""

    recipients: Any = None
    sender: str | None = ""
    subject: str | None = "No Subject"
    message: str | None = None
    content: str | None = None
    as_markdown: bool = False
    template: str | None = None
    args: Mapping[str, Any] | None = None
    header: Any = None
    reply_to: Any = None
    cc: Any = None
    bcc: Any = None
    attachments: Any = None
    inline_images: Iterable[Mapping[str, Any]] | None = None
    reference_doctype: str | None = None
    reference_name: str | None = None
    unsubscribe_method: str | None = None
    unsubscribe_params: Mapping[str, Any] | None = None
    unsubscribe_message: str | None = None
    add_unsubscribe_link: Any = 1
    message_id: str | None = None
    in_reply_to: str | None = None
    send_after: Any = None
    send_priority: int = 1
    expose_recipients: str | None = None
    queue_separately: bool = False
    communication: str | None = None
    retry: int = 1
    read_receipt: Any = None
    is_notification: bool = False
    x_priority: int = 3
    email_headers: Mapping[str, Any] | None = None
    email_account: str | None = None


def enqueue_mail(context: Context, templates: Templates, mail: Mail) -> list[Any]:
    """The Email Queue documents of a mail, inserted in the open transaction: one, or with `queue_separately` one each.

    None at all when nobody is left to write to.

    Raises:
        ValidationError: a header with a control character in it, an attachment that can't be, a template that fails.
        TemplateNotFoundError: no app has the template.
    """
    to, cc, bcc = (resolved(context.documents, one) for one in (mail.recipients, mail.cc, mail.bcc))
    everybody = _each_once([*to.good, *cc.good, *bcc.good])
    bad = [*to.bad, *cc.bad, *bcc.bad]
    if not everybody and not bad:
        return []
    values = _values(context, templates, mail, to, cc)
    groups = [[one] for one in everybody] if mail.queue_separately else [everybody]
    rows = [_rows(group, bad if number == 0 else []) for number, group in enumerate(groups)]
    made = [_insert(context, {**values, "recipients": group}) for group in rows]
    on_queued(context)
    return made


def on_queued(context: Context) -> None:
    """See that a job sends what was queued, once it is committed. Asked for again in one transaction, it stays one."""
    if context.site.config.mute_emails or context.flags.in_test or context.enqueues.waiting(FLUSH_ID) is not None:
        return
    context.enqueues.add(flush_job(context))


def flush_job(context: Context, run_at: int | None = None) -> JobSpec:
    """The job that sends what waits, at `run_at` (microseconds) or at once; a newer one takes its place."""
    return JobSpec(
        key=new_key(),
        id=FLUSH_ID,
        method=FLUSH,
        queue=SHORT,
        user="Administrator",
        created_at=to_micros(context.site.clock.now()),
        timeout=context.site.config.queues()[SHORT],
        run_at=run_at,
        options={"job_name": "Send mails"},
    )


def _values(context: Context, templates: Templates, mail: Mail, to: Found, cc: Found) -> dict[str, Any]:
    contents, files = attachments_of(mail.attachments)
    page, text = _body(templates, mail)
    page, images = embedded(page, _images(context, mail, page))
    sender = _sender(context, mail.sender)
    message_id = given_message_id(mail.message_id) if mail.message_id else new_message_id(_domain(context, sender))
    letter = Letter(
        subject=header_text(mail.subject or "No Subject", "the subject"),
        page=page,
        text=text,
        date=context.site.clock.now(),
        message_id=message_id,
        reply_to=[parsed(one) for one in listed(mail.reply_to)],
        headers=_headers(mail, to, cc, sender),
        attachments=[*images, *contents],
    )
    message = compose(letter)
    if len(message) > MAX_MESSAGE:
        raise ValidationError(f"a mail of {len(message) / (1 << 20):.0f} MB is too large to be sent")
    return {
        "doctype": "Email Queue",
        "status": "Not Sent",
        "sender": str(sender) if sender else None,
        "message": message,
        "message_id": message_id.strip("<>"),
        "reference_doctype": mail.reference_doctype,
        "reference_name": str(mail.reference_name) if mail.reference_name is not None else None,
        "communication": mail.communication,
        "send_after": to_datetime(mail.send_after) if mail.send_after else None,
        "priority": mail.send_priority,
        "retry": mail.retry,
        "expose_recipients": mail.expose_recipients,
        "show_as_cc": ", ".join(one.mail for one in cc.good),
        "attachments": json.dumps(files) if files else None,
        "unsubscribe_method": mail.unsubscribe_method,
        "unsubscribe_params": json.dumps(mail.unsubscribe_params, default=str) if mail.unsubscribe_params else None,
        "add_unsubscribe_link": int(bool(mail.add_unsubscribe_link)),
        "email_account": mail.email_account,
    }


def _insert(context: Context, values: Mapping[str, Any]) -> Any:
    doc = context.documents.get_doc(values)
    doc.flags.ignore_links = True  # a reference may be deleted before its mail is sent
    return doc.insert(ignore_permissions=True)


def _rows(good: Iterable[Address], bad: Iterable[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{"recipient": one.mail, "status": "Not Sent"} for one in good]
    # Who can't be written to is seen in the queue, and keeps nobody else from the mail.
    return rows + [{"recipient": one[:140], "status": "Error", "error": "not an e-mail address"} for one in bad]


def _each_once(addresses: Iterable[Address]) -> list[Address]:
    found: dict[str, Address] = {}
    for one in addresses:
        found.setdefault(one.mail.casefold(), one)
    return list(found.values())


def _body(templates: Templates, mail: Mail) -> tuple[str, str | None]:
    text = None
    if mail.template:
        body, text = _from_template(templates, mail.template, mail.args or {})
    else:
        body = as_html(str(mail.content or mail.message or "No Message"), markdown=mail.as_markdown)
    return as_page(body, header=mail.header, footer=_footer(mail)), text


def _from_template(templates: Templates, name: str, args: Mapping[str, Any]) -> tuple[str, str | None]:
    """The HTML and, where the app has a template for it, the text."""
    if name.endswith(".html"):
        return templates.render(name, args, is_path=True), None
    paths = {kind: [form.format(name, kind) for form in _TEMPLATES] for kind in ("html", "txt")}
    html = next((path for path in paths["html"] if templates.exists(path)), paths["html"][0])
    text = next((path for path in paths["txt"] if templates.exists(path)), None)
    return templates.render(html, args, is_path=True), templates.render(text, args, is_path=True) if text else None


def _footer(mail: Mail) -> str:
    if not mail.unsubscribe_method:
        return ""
    shown = as_html(mail.unsubscribe_message or "Unsubscribe")
    link = f'<a href="{UNSUBSCRIBE_URL}" style="color:#687178">{shown}</a>'
    return f'<p style="margin-top:32px;font-size:12px;color:#687178">{link}</p>'


def _images(context: Context, mail: Mail, page: str) -> dict[str, bytes]:
    """The images that the page embeds, by the names it gives them."""
    found = {str(one["filename"]): bytes(one["filecontent"]) for one in mail.inline_images or ()}
    store = FileStore(context.site.path)
    for name in {part.partition('"')[0] for part in page.split('embed="')[1:]} - found.keys():
        url = f"/{name.lstrip('/')}"
        if is_local(url) and store.exists(url):
            found[name] = store.read(url)
    return found


def _sender(context: Context, given: str | None) -> Address | None:
    """Who the mail is from; None for the account's own address, which is known when it is sent."""
    entries = listed(given)
    if not entries:
        return None
    found = resolved(context.documents, entries[:1]).good
    return found[0] if found else None


def _domain(context: Context, sender: Address | None) -> str:
    if sender is not None:
        return sender.mail.rpartition("@")[2]
    return home_of(context.site).partition("://")[2].partition("/")[0].partition(":")[0]


def _headers(mail: Mail, to: Found, cc: Found, sender: Address | None) -> dict[str, str]:
    headers: dict[str, str] = {}
    if mail.expose_recipients == "header":
        headers["To"] = ", ".join(map(str, to.good)) or "undisclosed-recipients:;"
        if cc.good:
            headers["Cc"] = ", ".join(map(str, cc.good))
    if mail.in_reply_to:
        headers["In-Reply-To"] = headers["References"] = given_message_id(mail.in_reply_to)
    if mail.read_receipt and sender is not None:
        headers["Disposition-Notification-To"] = str(sender)
    if mail.is_notification:
        headers["Auto-Submitted"] = "auto-generated"
    if mail.x_priority != 3:
        headers["X-Priority"] = str(int(mail.x_priority))
    return headers | own_headers(mail.email_headers or {})
