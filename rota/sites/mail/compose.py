"""A mail as it will be sent, but for From and To, which are known when it is: RFC 5322 and MIME, in ASCII."""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_string
from email.encoders import encode_base64
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, make_msgid
from typing import Any

from rota.errors import ValidationError
from rota.sites.files import clean_name
from rota.sites.mail.addresses import Address, header_text
from rota.sites.mail.text import as_text

UNSUBSCRIBE_URL = "<!--unsubscribe_url-->"
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_EMBEDDED = re.compile(r"""\bembed=(["'])(.*?)\1""")
# What only the sender of the mail decides.
_RESERVED = frozenset({"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a mail. `cid`: it is shown within the HTML, under this id."""

    name: str
    content: bytes
    kind: str | None = None  #: MIME type; by the name's ending when absent
    cid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is in a mail. Headers are text that `header_text` has checked."""

    subject: str
    page: str
    date: datetime  #: aware
    message_id: str
    text: str | None = None
    reply_to: Sequence[Address] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()


def new_message_id(domain: str) -> str:
    """An id for a mail, the same for all its recipients and attempts."""
    return make_msgid(domain=domain or "localhost")


def given_message_id(text: str) -> str:
    """An id that an app gave, in its angle brackets."""
    inner = header_text(text, "the message id").strip("<> ")
    if not inner.isascii() or re.search(r"[\s<>]", inner):
        raise ValidationError(f"{text[:80]!r} can't be a mail's message id")
    return f"<{inner}>"


def compose(letter: Letter) -> str:
    """The mail as ASCII text, without From and To."""
    body: Message = _alternative(letter)
    shown = [one for one in letter.attachments if one.cid]
    others = [one for one in letter.attachments if not one.cid]
    if shown:
        body = _around("related", body, shown)
    if others:
        body = _around("mixed", body, others)
    body["Subject"] = letter.subject
    body["Date"] = format_datetime(letter.date)
    body["Message-ID"] = letter.message_id
    if letter.reply_to:
        body["Reply-To"] = ", ".join(map(str, letter.reply_to))
    for name, value in letter.headers.items():
        body[name] = value
    return body.as_string()


def own_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers that an app adds, checked.

    Raises:
        ValidationError: a name can't be one or is not the app's to set, or a value has a control character in it.
    """
    for name in headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _RESERVED:
            raise ValidationError(f"the header {name[:80]!r} can't be set by email_headers")
    return {name: header_text(value, f"the header {name}") for name, value in headers.items()}


def embedded(page: str, images: Mapping[str, bytes]) -> tuple[str, list[Attachment]]:
    """The page with `embed="NAME"` of its images replaced by references to the parts that hold them."""
    found: list[Attachment] = []

    def refer(match: re.Match[str]) -> str:
        name = match.group(2)
        if name not in images:
            return ""
        cid = make_msgid(domain="inline")
        found.append(Attachment(name=name.rpartition("/")[2], content=images[name], cid=cid))
        return f'src="cid:{cid.strip("<>")}"'

    return _EMBEDDED.sub(refer, page), found


def attachments_of(given: Any) -> tuple[list[Attachment], list[dict[str, str]]]:
    """What `sendmail(attachments=)` means: contents that go into the mail now, and Files that are read when it is sent.

    Raises:
        ValidationError: an entry that is neither, or a print format.
    """
    contents: list[Attachment] = []
    files: list[dict[str, str]] = []
    for entry in json.loads(given) if isinstance(given, str) and given.startswith("[") else given or []:
        if isinstance(entry, str):
            files.append({"fid": entry})
        elif not isinstance(entry, Mapping):
            raise ValidationError(f"an attachment is a dict with fname and fcontent, or with fid, not {entry!r:.80}")
        elif entry.get("print_format_attachment"):
            raise ValidationError("Rota prints no documents: attach a file that the app made, as fname and fcontent")
        elif "fcontent" in entry:
            content = entry["fcontent"]
            data = content.encode() if isinstance(content, str) else bytes(content)
            name = clean_name(str(entry.get("fname") or "attachment"))
            contents.append(Attachment(name=name, content=data, kind=entry.get("content_type")))
        elif entry.get("fid") or entry.get("file_url"):
            files.append({key: str(entry[key]) for key in ("fid", "file_url", "fname") if entry.get(key)})
        else:
            raise ValidationError(f"an attachment needs fname and fcontent, or fid, or file_url: {sorted(entry)}")
    return contents, files


def addressed(
    message: str,
    *,
    sender: Address,
    to: str | None,
    attachments: Sequence[Attachment] = (),
    unsubscribe_url: str = "",
) -> bytes:
    """The mail as bytes for the server: with From, To, what is attached only now, and the recipient's own link.

    `to`: None when the mail names all its recipients already.
    """
    mail = message_from_string(message)
    if unsubscribe_url:
        _fill_texts(mail, lambda text: text.replace(UNSUBSCRIBE_URL, unsubscribe_url))
        mail["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    if attachments:
        mail = _with_more(mail, attachments)
    mail["From"] = str(sender)
    if to is not None:
        mail["To"] = to
    return mail.as_bytes(policy=compat32.clone(linesep="\r\n"))


def _alternative(letter: Letter) -> MIMEMultipart:
    both = MIMEMultipart("alternative")
    both.attach(MIMEText(letter.text or as_text(letter.page), "plain", "utf-8"))
    both.attach(MIMEText(letter.page, "html", "utf-8"))
    return both


def _around(kind: str, body: Message, attachments: Sequence[Attachment]) -> MIMEMultipart:
    whole = MIMEMultipart(kind)
    whole.attach(body)
    for one in attachments:
        whole.attach(_part(one))
    return whole


def _part(attachment: Attachment) -> MIMEBase:
    kind = attachment.kind or mimetypes.guess_type(attachment.name)[0] or "application/octet-stream"
    main, _, sub = kind.partition("/")
    if not re.fullmatch(r"[\w.+-]+", main) or not re.fullmatch(r"[\w.+-]+", sub):
        main, sub = "application", "octet-stream"
    part = MIMEBase(main, sub)
    part.set_payload(attachment.content)
    encode_base64(part)
    name = attachment.name if attachment.name.isascii() else ("utf-8", "", attachment.name)
    part.add_header("Content-Disposition", "inline" if attachment.cid else "attachment", filename=name)
    if attachment.cid:
        part["Content-ID"] = attachment.cid
    return part


def _with_more(mail: Message, attachments: Sequence[Attachment]) -> Message:
    if mail.get_content_type() == "multipart/mixed":
        for one in attachments:
            mail.attach(_part(one))
        return mail
    whole = MIMEMultipart("mixed")
    for name, value in mail.items():
        if name.lower() not in ("content-type", "mime-version", "content-transfer-encoding"):
            whole[name] = value
            del mail[name]
    whole.attach(mail)
    for one in attachments:
        whole.attach(_part(one))
    return whole


def _fill_texts(mail: Message, change: Callable[[str], str]) -> None:
    for part in mail.walk():
        if part.get_content_maintype() == "text" and not part.get_filename():
            payload = part.get_payload(decode=True)
            text = payload.decode() if isinstance(payload, bytes) else str(payload)
            changed = change(text)
            if changed != text:
                del part["Content-Transfer-Encoding"]
                part.set_payload(changed, "utf-8")
