"""Files as documents; `content` given at insert is written to the site's directory."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from rota.documents.document import Document
from rota.errors import MaxFileSizeReachedError, ValidationError
from rota.sites.context import current
from rota.sites.files import PRIVATE, PUBLIC, FileStore, clean_name, content_hash

HOME = "Home"


class File(Document):
    """A file or a folder of a site. Several may share one content on disk."""

    file_url: str | None
    file_name: str | None
    folder: str | None
    content_hash: str | None
    is_private: Any

    def autoname(self) -> None:
        """A folder is called by its path; a file by ten random characters."""
        if self.is_folder:
            self.name = f"{self.folder}/{self.file_name}" if self.folder else self.file_name

    def before_insert(self) -> None:
        """Write the content, or check the address, before the row is made.

        Raises:
            MaxFileSizeReachedError: it is larger than the site allows.
            ValidationError: neither a content nor an address was given.
        """
        if self.is_folder:
            return
        self.folder = self.folder or HOME
        content = self.__dict__.pop("content", None)
        if content is not None:
            self.save_file(content, decode=bool(self.__dict__.pop("decode", False)))
        elif self.file_url and self.file_url.startswith((PRIVATE, PUBLIC)):
            self._take_existing()
        elif not self.file_url:
            raise ValidationError("a File needs content or file_url")
        self.file_name = clean_name(self.file_name or str(self.file_url).rsplit("/", 1)[-1])
        _, dot, ending = str(self.file_name).rpartition(".")
        self.file_type = ending.upper()[:20] if dot else None

    def save_file(
        self, content: str | bytes | None = None, decode: bool = False, ignore_existing_file_check: bool = False
    ) -> dict[str, Any]:
        """Write a content (text is UTF-8; with `decode`, base64) and take its address, size and hash."""
        data = content.encode() if isinstance(content, str) else bytes(content or b"")
        if decode:
            data = base64.b64decode(data.partition(b",")[2] if data.startswith(b"data:") else data)
        site = current().site
        if len(data) > site.config.max_file_size:
            size = site.config.max_file_size / (1 << 20)
            raise MaxFileSizeReachedError(f"File size exceeded the maximum allowed size of {size:.1f} MB")
        self.content_hash, self.file_size = content_hash(data), len(data)
        self.file_name = clean_name(self.file_name or "file")
        self.file_url = self._same_content(data) or self._write(data)
        return {"file_name": self.file_name, "file_url": self.file_url}

    def _store(self) -> FileStore:
        return FileStore(current().site.path)

    def _same_content(self, data: bytes) -> str | None:
        filters = {"content_hash": self.content_hash, "is_private": int(bool(self.is_private)), "is_folder": 0}
        for url in self.documents.get_all("File", filters=filters, pluck="file_url", limit=5):
            # MD5 is no proof that two contents are the same: somebody may have made a pair.
            if self._store().exists(url) and self._store().path_of(url).read_bytes() == data:
                return str(url)
        return None

    def _write(self, data: bytes) -> str:
        store = self._store()
        url = store.write(str(self.file_name), data, private=bool(self.is_private))
        session, documents = self.documents.session, self.documents
        session.after_rollback.add(lambda: None if documents.exists("File", {"file_url": url}) else store.remove(url))
        return url

    def _take_existing(self) -> None:
        url = str(self.file_url)
        path = self._store().path_of(url)
        if not path.is_file():
            raise ValidationError(f"File {url} does not exist")
        self.is_private = int(url.startswith(PRIVATE))
        data = path.read_bytes()
        self.content_hash, self.file_size = content_hash(data), len(data)

    def on_trash(self) -> None:
        """Delete what is on disk once this is committed, unless another document has it, too.

        Raises:
            ValidationError: a folder that is not empty.
        """
        if self.is_folder:
            if self.documents.exists("File", {"folder": self.name}):
                raise ValidationError(f"Folder {self.name} is not empty")
            return
        url, store, documents = self.file_url, self._store(), self.documents
        if url and url.startswith((PRIVATE, PUBLIC)):
            documents.session.after_commit.add(
                lambda: None if documents.exists("File", {"file_url": url}) else store.remove(url)
            )

    def get_full_path(self) -> str:
        """Where the content is."""
        return str(self._store().path_of(str(self.file_url)))

    def exists_on_disk(self) -> bool:
        """Whether the content is there."""
        return self._store().exists(self.file_url)

    def get_content(self, encodings: list[str] | None = None) -> str | bytes:
        """The content: text when it is UTF-8 (or one of `encodings`), bytes when it is not."""
        data = Path(self.get_full_path()).read_bytes()
        for encoding in encodings or ["utf-8"]:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
        return data
