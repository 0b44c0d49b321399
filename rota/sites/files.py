"""Files on disk: `public/files` and `private/files` of a site. Their documents are `File`s.

A file is durable before the transaction that names it commits, is taken away if that rolls back, and goes only after
the transaction that deletes its last document has committed.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from rota.errors import ValidationError

PRIVATE, PUBLIC = "/private/files/", "/files/"
LONGEST_NAME = 140
_UNSAFE = re.compile(r"[/\\%?#\x00-\x1f]")


def content_hash(content: bytes) -> str:
    """What tells equal contents: MD5, as Frappe's table has it. It protects nothing."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def clean_name(name: str) -> str:
    """A file's name without signs that mean something in a path or an address, 140 characters at most."""
    cleaned = _UNSAFE.sub("_", name.strip()).lstrip(".") or "file"
    stem, dot, ending = cleaned.rpartition(".")
    if len(cleaned) <= LONGEST_NAME:
        return cleaned
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}" if dot else cleaned[:LONGEST_NAME]


def with_hash(name: str, digest: str) -> str:
    """The name for another content under a name that is taken: six digits of its hash before the ending."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}{digest[-6:]}{dot}{ending}" if dot else f"{name}{digest[-6:]}"


class FileStore:
    """The files of one site."""

    def __init__(self, site: Path) -> None:
        self._site = site

    def path_of(self, url: str) -> Path:
        """Where the file with this address is.

        Raises:
            ValidationError: the address leads elsewhere.
        """
        for head, folder in ((PRIVATE, "private/files"), (PUBLIC, "public/files")):
            if url.startswith(head):
                root = (self._site / folder).resolve()
                path = (root / url.removeprefix(head)).resolve()
                if path != root and path.is_relative_to(root):
                    return path
        raise ValidationError(f"{url[:140]!r} is not the address of a file of this site")

    def write(self, name: str, content: bytes, *, private: bool) -> str:
        """Write a new file durably, under another name when that one is taken by another content; its address."""
        head = PRIVATE if private else PUBLIC
        for candidate in (name, with_hash(name, content_hash(content)), f"{secrets.token_hex(4)}-{name}"):
            path = self.path_of(head + candidate)
            if _write_durably(path, content) or path.read_bytes() == content:
                return head + path.name
        raise ValidationError(f"no name is free for the file {name!r}")

    def exists(self, url: str | None) -> bool:
        """Whether the file is there."""
        return bool(url) and url is not None and url.startswith((PRIVATE, PUBLIC)) and self.path_of(url).is_file()

    def remove(self, url: str) -> None:
        """Delete the file; one that is gone already is fine."""
        self.path_of(url).unlink(missing_ok=True)


def _write_durably(path: Path, content: bytes) -> bool:
    """The file gets its name only once it is whole and on disk; False when the name is taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{secrets.token_hex(8)}")
    try:
        fresh.write_bytes(content)
        _flush(fresh)
        # Unlike a rename, a link never takes another process's file away.
        path.hardlink_to(fresh)
        _flush(path.parent)
    except FileExistsError:
        return False
    finally:
        fresh.unlink(missing_ok=True)
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
