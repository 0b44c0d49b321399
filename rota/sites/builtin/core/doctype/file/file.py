"""Files as documents. `content` given at insert is written to the site's directory, in the same transaction."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from rota.documents.document import Document
from rota.documents.values import to_int
from rota.errors import (
    AttachmentLimitReached,
    DoesNotExistError,
    MaxFileSizeReachedError,
    NotInRota,
    PermissionError,  # noqa: A004 - Frappe's name
    ValidationError,
)
from rota.sites.context import current
from rota.sites.filechanges import FileChanges
from rota.sites.files import PRIVATE, FileStore, clean_name, content_hash, is_local

HOME = "Home"
REMOTE = ("http://", "https://")
ENCODINGS = ("utf-8-sig", "utf-8")
ADMINISTRATOR, GUEST = "Administrator", "Guest"


class File(Document):
    """A file or a folder of a site. Several may share one content on disk."""

    file_url: str | None
    file_name: str | None
    folder: str | None
    content_hash: str | None
    is_private: Any
    attached_to_doctype: str | None
    attached_to_name: Any
    attached_to_field: str | None

    # --- being inserted and changed ---

    def autoname(self) -> None:
        """A folder is called by its path; a file by ten random characters."""
        if self.is_folder:
            self.name = f"{self.folder}/{self.file_name}" if self.folder else self.file_name

    def before_insert(self) -> None:
        """Write the content, or check the address, before the row is made.

        Raises:
            MaxFileSizeReachedError: it is larger than the site allows.
            AttachmentLimitReached: the document has as many files as its DocType allows.
            PermissionError: the address is that of a private file which the user may not read.
            ValidationError: neither a content nor an address was given, or one that can't be taken.
        """
        self._check_attachment()
        if self.is_folder:
            self.file_name = clean_name(self.file_name or "")
            return
        self.folder = self.folder or HOME
        content = self.__dict__.pop("content", None)
        if content is not None:
            self.save_file(content, decode=bool(self.__dict__.pop("decode", False)))
        elif not self.file_url:
            raise ValidationError("a File needs content or file_url")
        else:
            self._take_address(self.file_url)
        self.file_name = clean_name(self.file_name or str(self.file_url).rsplit("/", 1)[-1])
        self._set_type()
        if self.is_remote_file:
            self.is_private = 0

    def after_insert(self) -> None:
        """Tell on the document's timeline."""
        self._comment("Attachment", f"<a href='{self.file_url}' target='_blank'>{self.file_name}</a>")

    def validate(self) -> None:
        """Move the content when it is made private or public; take no address that the user may not have."""
        before = self.get_doc_before_save()
        if before is None or self.is_folder:
            return
        if self.file_url != before.file_url:
            self._take_address(str(self.file_url))
        elif is_local(self.file_url) and to_int(self.is_private) != to_int(before.is_private):
            data = self._store().read(str(self.file_url))
            self._changes().delete(str(self.file_url), self.content_hash)
            self.file_url = self._same_content(data) or self._write(data)
        self.file_name = clean_name(self.file_name or str(self.file_url).rsplit("/", 1)[-1])

    def save_file(
        self,
        content: str | bytes | None = None,
        decode: bool = False,
        ignore_existing_file_check: bool = False,
        overwrite: bool = False,
    ) -> dict[str, Any]:
        """Write a content (text is UTF-8; with `decode`, base64) and take its address, size and hash.

        A file that is there is never overwritten: other documents may have it.
        """
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else bytes(content or b"")
        if decode:
            data = _from_base64(data)
        limit = current().site.config.max_file_size
        if len(data) > limit:
            raise MaxFileSizeReachedError(f"File size exceeded the maximum allowed size of {limit / (1 << 20):.1f} MB")
        self._check_ending()
        self.content_hash, self.file_size = content_hash(data), len(data)
        self.file_name = clean_name(self.file_name or "file")
        same = None if ignore_existing_file_check else self._same_content(data)
        self.file_url = same or self._write(data)
        self._set_type()
        return {"file_name": self.file_name, "file_url": self.file_url}

    def _same_content(self, data: bytes) -> str | None:
        filters = {"content_hash": self.content_hash, "is_private": to_int(self.is_private), "is_folder": 0}
        for url in self.documents.get_all("File", filters=filters, pluck="file_url", limit=5):
            if self._store().has_content(url, data):
                self._changes().borrow(url, data)
                return str(url)
        return None

    def _write(self, data: bytes) -> str:
        return self._changes().write(str(self.file_name), data, private=bool(to_int(self.is_private)))

    def _take_address(self, url: str) -> None:
        if url.startswith(REMOTE):
            return
        if not is_local(url):
            raise ValidationError(f"{url[:140]!r}: a file's URL must start with http:// or https://, or be a file's")
        if url.startswith(PRIVATE):
            self._check_may_take(url)
        data = self._store().read(url)
        self.is_private = int(url.startswith(PRIVATE))
        self.content_hash, self.file_size = content_hash(data), len(data)
        self._changes().borrow(url, data)

    def _check_may_take(self, url: str) -> None:
        """A document for a private file makes its owner a reader: only who is one already may make it."""
        if self.flags.ignore_permissions or self.documents.user == ADMINISTRATOR:
            return
        names = self.documents.get_all("File", filters={"file_url": url, "name": ["!=", self.name]}, pluck="name")
        if not any(may_access(self.documents.get_doc("File", name), "read") for name in names):
            raise PermissionError(f"You don't have permission to access the file {url}")

    def _check_attachment(self) -> None:
        doctype, name = self.attached_to_doctype, self.attached_to_name
        if not doctype:
            return
        if not name or not isinstance(name, (str, int)):
            raise ValidationError("Attached To Name must be a string or an integer")
        if self.attached_to_field and not re.fullmatch(r"\w+", self.attached_to_field):
            raise ValidationError(f"{self.attached_to_field!r} can't be the field that a file is attached to")
        limit = to_int(self.documents.get_meta(doctype).max_attachments)
        if not limit or self.is_folder:
            return
        attached = {"attached_to_doctype": doctype, "attached_to_name": str(name)}
        if self.documents.count("File", attached) >= limit:
            raise AttachmentLimitReached(f"Maximum Attachment Limit of {limit} has been reached for {doctype} {name}.")

    def _check_ending(self) -> None:
        allowed = str(self.documents.database.get_single_value("System Settings", "allowed_file_extensions") or "")
        endings = {one.strip().upper().lstrip(".") for one in allowed.splitlines() if one.strip()}
        ending = self.get_extension()[1].lstrip(".").upper()
        if endings and ending not in endings and not self.flags.ignore_permissions:
            raise ValidationError(
                f"File type of {ending or 'no ending'} is not allowed (allowed: {', '.join(endings)})"
            )

    def _set_type(self) -> None:
        self.file_type = self.get_extension()[1].lstrip(".").upper()[:20] or None

    # --- being deleted ---

    def on_trash(self) -> None:
        """Delete what is on disk once this is committed, unless another document has it, too.

        Raises:
            ValidationError: a folder that is not empty, or one that every site has.
        """
        if self.is_home_folder or self.is_attachments_folder:
            raise ValidationError("Cannot delete Home and Attachments folders")
        if self.is_folder:
            if self.documents.exists("File", {"folder": self.name}):
                raise ValidationError(f"Folder {self.name} is not empty")
        elif is_local(self.file_url):
            self._changes().delete(str(self.file_url), self.content_hash)

    def after_delete(self) -> None:
        """Tell on the document's timeline."""
        self._comment("Attachment Removed", str(self.file_name))

    def _comment(self, kind: str, text: str) -> None:
        if not self.attached_to_doctype or self.is_folder or self.flags.ignore_comment:
            return
        try:
            document = self.documents.get_doc(self.attached_to_doctype, self.attached_to_name)
        except DoesNotExistError:
            return  # attached to what is deleted together with it, or not there yet
        document.add_comment(kind, text)

    # --- being read ---

    @property
    def is_remote_file(self) -> bool:
        """Whether the content is on another server."""
        return bool(self.file_url) and str(self.file_url).startswith(REMOTE)

    def get_extension(self) -> tuple[str, str]:
        """The name without its ending, and the ending with its dot."""
        stem, dot, ending = str(self.file_name or "").rpartition(".")
        return (stem, f".{ending.lower()}") if dot else (ending, "")

    def get_full_path(self) -> str:
        """Where the content is; the address itself when it is on another server."""
        return str(self.file_url) if self.is_remote_file else str(self._store().path_of(str(self.file_url)))

    def exists_on_disk(self) -> bool:
        """Whether the content is there."""
        return self._store().exists(self.file_url)

    def get_content(self, encodings: list[str] | None = None) -> str | bytes:
        """The content: text when it is UTF-8 (or one of `encodings`), bytes when it is not.

        Raises:
            ValidationError: it is a folder, or its content is gone or on another server.
        """
        if self.is_folder:
            raise ValidationError("Cannot get file contents of a Folder")
        given = self.__dict__.get("content")
        if given is not None:
            return _from_base64(given) if self.__dict__.get("decode") else given
        data = self._store().read(str(self.file_url))
        for encoding in encodings or ENCODINGS:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
        return data

    def is_downloadable(self) -> bool:
        """Whether the user may have the content."""
        return may_access(self, "read")

    def has_permission(self, permtype: str = "read", *, debug: bool = False, user: str | None = None) -> bool:
        """Whether the user has this permission; who may read a document may read what is attached to it."""
        return bool(self.flags.ignore_permissions) or may_access(self, permtype, user)

    def unzip(self) -> Any:
        """Refused: an archive may hold more than the site can take."""
        raise NotInRota("File.unzip", "archives are not unpacked on the server")

    def _store(self) -> FileStore:
        return FileStore(current().site.path)

    def _changes(self) -> FileChanges:
        return FileChanges.of(self.documents.session, self._store())


def may_access(doc: Any, ptype: str = "read", user: str | None = None) -> bool:
    """Whether a user may do this with a file, by Frappe's rules, of which none asks for a role.

    Public ones are read by all. A private one is its owner's and Administrator's, and theirs who may read (for a
    change: write) the document it is attached to, or whom it is shared with.
    """
    documents = doc.documents
    user = user or documents.user
    if user == ADMINISTRATOR or (ptype in ("read", "select") and not to_int(doc.is_private)):
        return True
    if user != GUEST and (doc.owner == user or str(doc.name) in documents.permissions.shared("File", user, ptype)):
        return not doc.attached_to_doctype or ptype != "create" or _may_on_attached(doc, ptype, user)
    if user != GUEST and ptype == "create" and not doc.attached_to_doctype:
        return True
    return bool(doc.attached_to_doctype and doc.attached_to_name) and _may_on_attached(doc, ptype, user)


def _may_on_attached(doc: Any, ptype: str, user: str) -> bool:
    right = "write" if ptype in ("write", "create", "delete", "share", "submit", "cancel", "amend") else "read"
    try:
        attached = doc.documents.get_doc(doc.attached_to_doctype, doc.attached_to_name)
    except DoesNotExistError:
        return bool(doc.owner == user)
    return bool(doc.documents.permissions.has_permission(doc.attached_to_doctype, right, doc=attached, user=user))


def has_permission(doc: Any, ptype: str | None = None, user: str | None = None, debug: bool = False) -> bool:
    """The hook `has_permission` of File."""
    return may_access(doc, ptype or "read", user)


def get_permission_query_conditions(user: str | None = None) -> str:
    """The hook `permission_query_conditions` of File: which ones a list shows, as a condition in MariaDB's dialect."""
    documents = current().documents
    user = user or documents.user
    if user == ADMINISTRATOR:
        return ""
    readable = [
        name for name in documents.doctypes.names() if documents.permissions.has_permission(name, "read", user=user)
    ]
    escape = documents.database.escape
    attached = f" or `tabFile`.attached_to_doctype in ({', '.join(map(escape, readable))})" if readable else ""
    return f"(`tabFile`.is_private = 0 or `tabFile`.owner = {escape(user)}{attached})"


def _from_base64(data: str | bytes) -> bytes:
    given = data.encode("ascii", "replace") if isinstance(data, str) else data
    if given.startswith(b"data:"):
        given = given.partition(b",")[2]
    try:
        return base64.b64decode(given)
    except binascii.Error as error:
        raise ValidationError(f"the content is not base64: {error}") from error
