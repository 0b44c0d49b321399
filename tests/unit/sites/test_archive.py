"""A backup's archive: only what is whole, and names only files of a site, is written to disk."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rota.errors import BrokenArchive
from rota.sites.backups.archive import CHECKSUMS, MANIFEST, new_archive, read_manifest, unpack

IDENTITY = {"format": 1, "site": "a.local", "database": "sqlite"}
Member = tuple[tarfile.TarInfo, bytes]
Change = Callable[[list[Member]], None]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    content = tmp_path / "content"
    content.write_bytes(b"x" * 100_000)
    path = tmp_path / "a.tar.gz"
    with new_archive(path) as new:
        new.add_json(MANIFEST, IDENTITY)
        for name in ("site.db", "jobs.db", "public/files/a.txt", "private/files/deep/b.txt"):
            new.add_file(name, content)
        new.add_json("site_config.json", {"encryption_key": "k"})
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "site" / "out"
    made.mkdir(parents=True)
    return made


def rewrite(path: Path, change: Change) -> None:
    """Write the archive anew with other members, as somebody else would."""
    with tarfile.open(path) as tar:
        members = [(one, b"" if (file := tar.extractfile(one)) is None else file.read()) for one in tar]
    change(members)
    with tarfile.open(path, "w:gz") as tar:
        for head, data in members:
            head.size = len(data)
            tar.addfile(head, io.BytesIO(data))


def member(name: str, data: bytes = b"evil", **fields: object) -> Member:
    head = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(head, field, value)
    return head, data


def test_what_was_put_in_comes_out_for_its_owner_alone(archive: Path, folder: Path) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    assert unpack(archive, folder) == IDENTITY == read_manifest(archive)
    assert (folder / "private/files/deep/b.txt").read_bytes() == b"x" * 100_000
    assert (folder / "site_config.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((folder / "site_config.json").read_text()) == {"encryption_key": "k"}


@pytest.mark.parametrize(
    "evil",
    [
        member("../../evil"),
        member("/tmp/evil"),
        member("public/files/../../../evil"),
        member("public/files/./evil"),
        member("public/evil"),
        member("private/backups/evil"),
        member("site_config.json/evil"),
        member("evil"),
        member("public/files/link", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("public/files/link", b"", type=tarfile.LNKTYPE, linkname="site.db"),
        member("public/files/pipe", b"", type=tarfile.FIFOTYPE),
        member("public/files", b"", type=tarfile.DIRTYPE),
        member("site.db"),
    ],
    ids=lambda one: f"{one[0].name} {one[0].type!r}",
)
def test_nothing_is_written_elsewhere(archive: Path, folder: Path, evil: Member) -> None:
    rewrite(archive, lambda members: members.insert(3, evil))
    with pytest.raises(BrokenArchive, match="nothing was changed"):
        unpack(archive, folder)
    outside = [path for path in folder.parent.rglob("*") if not path.is_relative_to(folder)]
    assert outside == []
    assert not any(path.is_symlink() for path in folder.rglob("*"))


def changed_content(members: list[Member]) -> None:
    head, data = members[1]
    members[1] = (head, b"y" + data[1:])


def without_end(members: list[Member]) -> None:
    assert members.pop()[0].name == CHECKSUMS


def without_one(members: list[Member]) -> None:
    del members[2]


def with_one_more(members: list[Member]) -> None:
    members.insert(2, member("public/files/more"))


def after_the_end(members: list[Member]) -> None:
    members.append(member("public/files/more"))


def other_format(members: list[Member]) -> None:
    members[0] = (members[0][0], json.dumps({**IDENTITY, "format": 2}).encode())


def no_json(members: list[Member]) -> None:
    members[0] = (members[0][0], b"{")


def no_databases(members: list[Member]) -> None:
    members[0] = (members[0][0], json.dumps({**IDENTITY, "database": "postgresql"}).encode())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed_content, "'site.db' is damaged"),
        (without_end, "it was cut off"),
        (without_one, "'jobs.db' is damaged or missing"),
        (with_one_more, "'public/files/more' is damaged"),
        (after_the_end, "stands where it must not"),
        (other_format, "its format is 2"),
        (no_json, "Expecting"),
        (no_databases, f"'{MANIFEST}' is damaged"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_an_archive_that_was_changed_is_refused(archive: Path, folder: Path, change: Change, reason: str) -> None:
    rewrite(archive, change)
    with pytest.raises(BrokenArchive, match=reason):
        unpack(archive, folder)


@pytest.mark.parametrize("size", [0, 10, 500, -100])
def test_an_archive_that_was_cut_off_is_refused(archive: Path, folder: Path, size: int) -> None:
    archive.write_bytes(archive.read_bytes()[:size])
    with pytest.raises(BrokenArchive):
        unpack(archive, folder)


def test_what_is_no_archive_is_refused(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "zipped").write_bytes(gzip.compress(b"no tar"))
    for name in ("text", "zipped", "absent"):
        with pytest.raises(BrokenArchive, match=name):
            unpack(tmp_path / name, folder)


def test_a_flipped_bit_is_noticed(archive: Path, folder: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    archive.write_bytes(data)
    with pytest.raises(BrokenArchive):
        unpack(archive, folder)


def test_an_archive_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    with pytest.raises(FileNotFoundError), new_archive(path) as new:
        new.add_file("site.db", tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_overwritten(archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(FileExistsError), new_archive(archive):
        pass
    assert archive.read_bytes() == before
    assert [one.name for one in archive.parent.iterdir() if "partial" in one.name] == []
