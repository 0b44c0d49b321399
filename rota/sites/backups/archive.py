"""The archive: a gzipped tar that says first what it holds, and last what each of its files must be.

manifest.json           format, versions, site, moment, number of rows in each table
site.db, jobs.db        both databases at one moment (SQLite)
database.dump           the database at one moment, by pg_dump (PostgreSQL)
site_config.json        the site's settings, with its passwords and the key that others are encrypted with
public/files, private/files
checksums.json          size and SHA-256 of each file before it

Only such names, and only plain files, are ever written to disk from an archive.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from rota.errors import BrokenArchive
from rota.sites.durable import flush

FORMAT = 1
MANIFEST, CHECKSUMS = "manifest.json", "checksums.json"
SITE_DB, JOBS_DB, DUMP, SETTINGS = "site.db", "jobs.db", "database.dump", "site_config.json"
FOLDERS = ("public/files", "private/files")
_NAMES = frozenset({MANIFEST, CHECKSUMS, SITE_DB, JOBS_DB, DUMP, SETTINGS})
_NEEDED = {"sqlite": {SITE_DB, JOBS_DB, SETTINGS}, "postgresql": {DUMP, SETTINGS}}
_LARGEST_JSON = 256 << 20
_CHUNK = 1 << 20
_BROKEN = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError)


class Archive:
    """A new archive that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._sums: dict[str, dict[str, Any]] = {}

    def add_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Add a JSON object."""
        text = json.dumps(value, indent=1, sort_keys=True).encode()
        self._add(name, io.BytesIO(text), len(text), 0)

    def add_file(self, name: str, path: Path) -> None:
        """Add a file's content under a name."""
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            self._add(name, file, found.st_size, int(found.st_mtime))

    def _add(self, name: str, file: IO[bytes], size: int, moment: int) -> None:
        head = tarfile.TarInfo(name)
        head.size, head.mode, head.mtime = size, 0o600, moment
        read = _Hashed(file)
        self._tar.addfile(head, read)
        self._sums[name] = {"size": size, "sha256": read.digest()}

    def end(self) -> None:
        """Add the sums; nothing may come after them."""
        self.add_json(CHECKSUMS, self._sums)


@contextmanager
def new_archive(path: Path) -> Iterator[Archive]:
    """Write an archive for its owner alone. It has its name only once it is whole and on disk.

    Raises:
        FileExistsError: there is such a file.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=6) as tar:
                archive = Archive(tar)
                yield archive
                archive.end()
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never takes another's file away.
        path.hardlink_to(partial)
    finally:
        partial.unlink(missing_ok=True)
    flush(path.parent)


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        return self._hash.hexdigest()


# --- reading ---


def read_manifest(path: Path) -> dict[str, Any]:
    """What an archive says of itself.

    Raises:
        BrokenArchive: it is none.
    """
    with _reading(path) as tar:
        first = tar.next()
        if first is None or first.name != MANIFEST:
            raise BrokenArchive(path, f"it is no backup of a site: {MANIFEST} is not its first file")
        manifest = _json(path, tar, first)
    if manifest.get("format") != FORMAT:
        raise BrokenArchive(path, f"its format is {manifest.get('format')!r}, this Rota reads {FORMAT}")
    if manifest.get("database") not in _NEEDED or not isinstance(manifest.get("site"), str):
        raise BrokenArchive(path, f"{MANIFEST} does not say of which site and database it is")
    return manifest


def unpack(path: Path, folder: Path) -> dict[str, Any]:
    """Write an archive's files below an empty folder, each as what it must be; the manifest.

    Raises:
        BrokenArchive: it is damaged, or would write what it must not.
    """
    manifest = read_manifest(path)
    found: dict[str, dict[str, Any]] = {}
    sums: dict[str, Any] = {}
    with _reading(path) as tar:
        for head in tar:
            if head.name in found or sums:
                raise BrokenArchive(path, f"{head.name[:100]!r} stands where it must not")
            _check_name(path, head)
            if head.name == CHECKSUMS:
                sums = _json(path, tar, head)
            else:
                found[head.name] = _write(tar, head, folder / head.name)
    if not sums:
        raise BrokenArchive(path, f"it has no end: {CHECKSUMS} is missing, so it was cut off")
    for name in sorted(sums.keys() | found.keys()):
        if sums.get(name) != found.get(name):
            raise BrokenArchive(path, f"{name[:100]!r} is damaged or missing")
    missing = _NEEDED[manifest["database"]] - found.keys()
    if missing:
        raise BrokenArchive(path, f"it has no {', '.join(sorted(missing))}")
    return manifest


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, mode="r:gz") as tar:
            yield tar
    except _BROKEN as error:
        raise BrokenArchive(path, " ".join(str(error).split()) or type(error).__name__) from error


def _check_name(path: Path, head: tarfile.TarInfo) -> None:
    name = PurePosixPath(head.name)
    is_below = any(name.is_relative_to(one) and str(name) != one for one in FOLDERS)
    is_plain = str(name) == head.name and ".." not in name.parts and "\0" not in head.name
    if not head.isreg() or not is_plain or not (head.name in _NAMES or is_below):
        raise BrokenArchive(path, f"it holds {head.name[:100]!r}, which is no file of a site")


def _write(tar: tarfile.TarFile, head: tarfile.TarInfo, target: Path) -> dict[str, Any]:
    target.parent.mkdir(parents=True, exist_ok=True)
    file = tar.extractfile(head)
    if file is None:
        raise ValueError(f"{head.name[:100]} has no content")
    source, size = _Hashed(file), 0
    # A web server of another user may serve the public ones, as when they were first written.
    mode = 0o600 if head.name in _NAMES else 0o666
    with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as copy:
        while data := source.read(_CHUNK):
            copy.write(data)
            size += len(data)
        copy.flush()
        os.fsync(copy.fileno())
    return {"size": size, "sha256": source.digest()}


def _json(path: Path, tar: tarfile.TarFile, head: tarfile.TarInfo) -> dict[str, Any]:
    file = tar.extractfile(head) if head.isreg() and head.size <= _LARGEST_JSON else None
    value = json.loads(file.read()) if file is not None else None
    if not isinstance(value, dict):
        raise BrokenArchive(path, f"{head.name} is no JSON object")
    return value
