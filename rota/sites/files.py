"""Files on disk: `public/files` and `private/files` of a site. Their documents are `File`s.

A file is durable before the transaction that names it commits, is taken away if that rolls back, and goes only after
the transaction that deletes its last document has committed.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from pathlib import Path

from rota.errors import ValidationError
from rota.sites.durable import flush

PRIVATE, PUBLIC = "/private/files/", "/files/"
LOCAL = (PRIVATE, PUBLIC)
LONGEST_NAME = 140  # characters, as in Frappe
LONGEST_NAME_BYTES = 200  # file systems take 255, and a hash may still be added
# What means something in a path, an address or a piece of HTML.
_UNSAFE = frozenset("/\\%?#<>\"'`")


def content_hash(content: bytes) -> str:
    """What tells equal contents: MD5, as Frappe's table has it. It protects nothing."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def clean_name(name: str) -> str:
    """A file's name without signs that mean something elsewhere or can't be seen, 140 characters at most."""
    shown = "".join("_" if one in _UNSAFE or unicodedata.category(one)[0] == "C" else one for one in name.strip())
    cleaned = shown.strip(". ") or "file"
    stem, dot, ending = cleaned.rpartition(".")
    if not dot or len(ending) > 20:
        stem, ending = cleaned, ""
    tail = f".{ending}" if ending else ""
    stem = stem[: LONGEST_NAME - len(tail)].encode()[: LONGEST_NAME_BYTES - len(tail.encode())].decode(errors="ignore")
    return stem + tail


def with_hash(name: str, digest: str) -> str:
    """The name for another content under a name that is taken: six digits of its hash before the ending."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}{digest[-6:]}{dot}{ending}" if dot else f"{name}{digest[-6:]}"


def is_local(url: str | None) -> bool:
    """Whether an address is that of a file of a site."""
    return bool(url) and url is not None and url.startswith(LOCAL)


class FileStore:
    """The files of one site."""

    def __init__(self, site: Path) -> None:
        """`site`: the site's directory."""
        self.site = site

    def path_of(self, url: str) -> Path:
        """Where the file with this address is.

        Raises:
            ValidationError: the address leads elsewhere.
        """
        for head, folder in ((PRIVATE, "private/files"), (PUBLIC, "public/files")):
            if url.startswith(head) and "\0" not in url:
                root = (self.site / folder).resolve()
                path = (root / url.removeprefix(head)).resolve()
                if path != root and path.is_relative_to(root):
                    return path
        raise ValidationError(f"{url[:140]!r} is not the address of a file of this site")

    def write(self, name: str, content: bytes, *, private: bool) -> str:
        """Write a new file durably, under another name when that one is taken; its address."""
        head = PRIVATE if private else PUBLIC
        clean = clean_name(name)
        for candidate in (clean, with_hash(clean, content_hash(content)), f"{secrets.token_hex(6)}-{clean}"):
            # A file of the same name is left alone even if it has the same content: the transaction that wrote it may
            # still be rolled back and take it away.
            path = self.path_of(head + candidate)
            if _write_durably(path, content):
                return head + path.name
        raise ValidationError(f"no name is free for the file {name!r}")

    def put_back(self, url: str, content: bytes) -> None:
        """Write a file under its address, unless it is there."""
        _write_durably(self.path_of(url), content)

    def exists(self, url: str | None) -> bool:
        """Whether the file is there."""
        return url is not None and is_local(url) and self.path_of(url).is_file()

    def read(self, url: str) -> bytes:
        """The content of the file with this address.

        Raises:
            ValidationError: it is not there, or the address leads elsewhere.
        """
        try:
            return self.path_of(url).read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            raise ValidationError(f"the file {url[:200]} does not exist") from None

    def has_content(self, url: str | None, content: bytes) -> bool:
        """Whether the file is there and has this content. MD5 proves nothing: somebody may have made a pair."""
        if url is None or not self.exists(url):
            return False
        path = self.path_of(url)
        return path.stat().st_size == len(content) and path.read_bytes() == content

    def remove(self, url: str) -> None:
        """Delete the file; one that is gone already is fine."""
        self.path_of(url).unlink(missing_ok=True)


def _write_durably(path: Path, content: bytes) -> bool:
    """The file gets its name only once it is whole and on disk; False when the name is taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{secrets.token_hex(8)}")
    try:
        fresh.write_bytes(content)
        flush(fresh)
        # Unlike a rename, a link never takes another process's file away.
        path.hardlink_to(fresh)
        flush(path.parent)
    except FileExistsError:
        return False
    finally:
        fresh.unlink(missing_ok=True)
    return True
