"""Files: what is on disk follows the transaction of their documents, and nobody gets at what is not theirs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.documents.documents import Documents
from rota.errors import (
    AttachmentLimitReached,
    MaxFileSizeReachedError,
    NotInRota,
    PermissionError,  # noqa: A004 - Frappe's name
    ValidationError,
)
from rota.sites.attachments import attached_to, delete_attached, save_file
from rota.sites.context import Context
from rota.sites.filechanges import LOCK, FileChanges
from rota.sites.files import FileStore, clean_name
from rota.sites.site import Site

Insert = Callable[..., Any]


@pytest.fixture
def documents(context: Context) -> Documents:
    return context.documents


@pytest.fixture
def insert(documents: Documents) -> Insert:
    def insert_file(content: Any = "content", name: str = "a.txt", **values: Any) -> Any:
        given = {"doctype": "File", "file_name": name, "content": content, "is_private": 1, **values}
        return documents.get_doc(given).insert(ignore_permissions=True)

    return insert_file


def on_disk(site: Site) -> list[str]:
    folders = [site.path / "private" / "files", site.path / "public" / "files"]
    return sorted(str(path.relative_to(site.path)) for folder in folders for path in folder.iterdir())


@pytest.fixture
def user(documents: Documents) -> Callable[[str], str]:
    def make(name: str, *roles: str) -> str:
        values = {"doctype": "User", "email": name, "first_name": name, "user_type": "System User"}
        rows = [{"role": role} for role in roles]
        documents.get_doc({**values, "roles": rows}).insert(ignore_permissions=True)
        return name

    return make


# --- writing ---


@pytest.mark.parametrize(("private", "url", "path"), [(1, "/private/files/a.txt", "private/files/a.txt"),
                                                      (0, "/files/a.txt", "public/files/a.txt")])  # fmt: skip
def test_the_content_is_written_at_insert(live: Site, insert: Insert, private: int, url: str, path: str) -> None:
    file = insert("cöntent", is_private=private)
    assert (file.file_url, file.file_size, file.file_type) == (url, 8, "TXT")
    assert (live.path / path).read_text() == "cöntent"
    assert file.get_full_path() == str(live.path / path)
    assert file.content_hash == "3d4ff14061d85e883476a5b45cf60eaa"


def test_the_content_comes_back_as_text_or_as_bytes(documents: Documents, insert: Insert) -> None:
    for content in ("text", b"\xff\x00"):
        assert documents.get_doc("File", insert(content).name).get_content() == content


def test_base64_is_decoded(insert: Insert) -> None:
    data = base64.b64encode(b"\x00\x01").decode()
    assert insert(data, decode=True).get_content() == "\x00\x01"
    assert insert(f"data:image/png;base64,{data}x", name="b", decode=True).file_size == 2
    with pytest.raises(ValidationError, match="not base64"):
        insert("a", name="c", decode=True)


def test_the_same_content_is_kept_once(live: Site, insert: Insert) -> None:
    first, second = insert(name="a.txt"), insert(name="b.txt")
    assert (second.file_url, second.file_name) == (first.file_url, "b.txt")
    assert on_disk(live) == ["private/files/a.txt"]


def test_a_private_file_is_never_shared_with_a_public_one(live: Site, insert: Insert) -> None:
    insert(is_private=1)
    assert insert(is_private=0).file_url == "/files/a.txt"
    assert on_disk(live) == ["private/files/a.txt", "public/files/a.txt"]


def test_another_content_under_the_same_name_gets_six_digits_of_its_hash(insert: Insert) -> None:
    insert("one")
    assert insert("two").file_url == "/private/files/a820a61.txt"


def test_equal_hashes_are_no_proof_of_equal_contents(insert: Insert, documents: Documents) -> None:
    first = insert("one")
    documents.database.set_value("File", first.name, "content_hash", insert("two", name="x").content_hash)
    assert insert("two", name="y").file_url != first.file_url


def test_too_large_a_file_is_refused(live: Site, insert: Insert) -> None:
    with pytest.raises(MaxFileSizeReachedError, match=r"maximum allowed size of 25\.0 MB"):
        insert(b"x" * (live.config.max_file_size + 1))
    assert on_disk(live) == []


def test_endings_can_be_limited(documents: Documents) -> None:
    documents.database.set_single_value("System Settings", "allowed_file_extensions", "CSV\nPDF")
    file = {"doctype": "File", "content": "x"}
    documents.get_doc({**file, "file_name": "a.csv"}).insert()
    with pytest.raises(ValidationError, match="File type of EXE is not allowed"):
        documents.get_doc({**file, "file_name": "a.exe"}).insert()


def test_a_file_needs_content_or_an_address(insert: Insert) -> None:
    with pytest.raises(ValidationError, match="content or file_url"):
        insert(None)


def test_archives_are_not_unpacked(insert: Insert) -> None:
    with pytest.raises(NotInRota, match="not unpacked"):
        insert().unzip()


# --- names and addresses ---

NAMES = ["../a", "../../site_config.json", "/etc/passwd", "a/b\\c", "a\0b", "..", ".", ".bashrc", "%2e%2e%2fa", "a?b#c",
         "<img src=x onerror=alert(1)>.png", "a\u202egnp.exe", "CON", "x" * 300 + ".txt", "ü" * 300, "\ud800", " . ",
         "a'b\"c.txt", "a\r\nb"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_name_leads_anywhere_but_into_the_folder(live: Site, insert: Insert, name: str) -> None:
    file = insert(name=name)
    path = Path(file.get_full_path())
    assert path.parent == live.path / "private" / "files"
    assert path.read_text() == "content"
    assert not set(file.file_url.removeprefix("/private/files/")) & set("/\\%?#<>\"'\0\r\n\u202e")
    assert len(file.file_name) <= 140
    assert not file.file_name.startswith(".")


def test_ordinary_names_stay(insert: Insert) -> None:
    for name in ("customers_export_2026-01-05.csv", "Ärger im Büro (2).pdf", "tar.gz", "日本.txt"):
        assert clean_name(name) == name


@pytest.mark.parametrize(
    "url",
    [
        "/files/../../site_config.json",
        "/private/files/../../site_config.json",
        "/private/files/",
        "/files/%2e%2e/site_config.json",
        "/etc/passwd",
        "files/a.txt",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "/files/a\0b",
        "/files/link",
    ],
)
def test_no_address_leads_out_of_the_folders(live: Site, insert: Insert, url: str) -> None:
    (live.path / "public" / "files" / "link").symlink_to(live.path / "site_config.json")
    with pytest.raises(ValidationError):
        insert(None, file_url=url)


def test_an_address_elsewhere_is_only_kept(insert: Insert) -> None:
    file = insert(None, name="", file_url="https://example.com/x/logo.png")
    assert (file.file_name, file.is_private, file.get_full_path()) == ("logo.png", 0, file.file_url)
    with pytest.raises(ValidationError):
        file.get_content()


def test_a_file_that_is_there_can_be_named(insert: Insert) -> None:
    first = insert()
    second = insert(None, name="", file_url=first.file_url, is_private=0)
    assert (second.is_private, second.file_name, second.content_hash) == (1, "a.txt", first.content_hash)


# --- the transaction ---


def test_a_rolled_back_insert_leaves_no_file(live: Site, insert: Insert, documents: Documents) -> None:
    insert()
    documents.session.rollback()
    assert on_disk(live) == []


def test_an_insert_that_fails_after_writing_leaves_no_file(
    live: Site, insert: Insert, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = insert("kept", name="kept.txt")
    kind = type(kept)
    monkeypatch.setattr(kind, "after_insert", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        insert()
    monkeypatch.undo()
    documents.session.commit()
    assert on_disk(live) == ["private/files/kept.txt"]


def test_a_commit_that_is_refused_leaves_no_file(live: Site, insert: Insert, documents: Documents) -> None:
    class Refusing:
        def before_commit(self, *_: object) -> None:
            raise RuntimeError("no")

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_: None

    insert()
    documents.session.participants.append(Refusing())
    with pytest.raises(RuntimeError):
        documents.session.commit()
    documents.session.rollback()
    assert on_disk(live) == []


def test_a_rolled_back_deletion_leaves_the_file(live: Site, insert: Insert, documents: Documents) -> None:
    file = insert()
    documents.session.commit()
    documents.delete_doc("File", file.name)
    assert on_disk(live) == ["private/files/a.txt"]
    documents.session.rollback()
    assert on_disk(live) == ["private/files/a.txt"]
    assert documents.get_doc("File", file.name).get_content() == "content"


def test_a_deletion_rolled_back_to_a_savepoint_leaves_the_file(
    live: Site, insert: Insert, documents: Documents
) -> None:
    file = insert()
    documents.session.commit()
    documents.session.savepoint("here")
    documents.delete_doc("File", file.name)
    documents.session.rollback(save_point="here")
    documents.session.commit()
    assert on_disk(live) == ["private/files/a.txt"]


def test_a_file_goes_with_the_commit_of_its_last_document(live: Site, insert: Insert, documents: Documents) -> None:
    first, second = insert(), insert()
    documents.session.commit()
    documents.delete_doc("File", first.name)
    documents.session.commit()
    assert on_disk(live) == ["private/files/a.txt"]
    documents.delete_doc("File", second.name)
    documents.session.commit()
    assert on_disk(live) == []


def test_what_is_inserted_and_deleted_in_one_transaction_leaves_nothing(
    live: Site, insert: Insert, documents: Documents
) -> None:
    documents.delete_doc("File", insert().name)
    documents.session.commit()
    assert on_disk(live) == []


@pytest.fixture
def other(live: Site) -> Iterator[Context]:
    """The same site in another process, as it were."""
    opened = live.context()
    yield opened
    opened.documents.session.close()


def test_a_file_deleted_while_somebody_else_takes_it_is_still_there(
    live: Site, insert: Insert, documents: Documents, other: Context
) -> None:
    first = insert()
    documents.session.commit()
    changes = FileChanges.of(other.documents.session, FileStore(live.path))
    changes.borrow(first.file_url, b"content")
    documents.delete_doc("File", first.name)
    documents.session.commit()
    assert on_disk(live) == []
    other.documents.session.commit()
    assert on_disk(live) == ["private/files/a.txt"]


def test_a_deletion_waits_for_a_commit_that_takes_the_file(
    live: Site, insert: Insert, documents: Documents, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import fcntl

    from rota.sites import filechanges

    file = insert()
    documents.session.commit()
    monkeypatch.setattr(filechanges, "PATIENCE", 0.1)
    with (live.path / LOCK).open("ab") as committing:
        fcntl.flock(committing, fcntl.LOCK_SH)
        documents.delete_doc("File", file.name)
        documents.session.commit()
    assert on_disk(live) == ["private/files/a.txt"]
    assert "files were left behind: /private/files/a.txt" in caplog.text


def test_a_file_is_moved_when_it_becomes_public(live: Site, insert: Insert, documents: Documents) -> None:
    first, second = insert(), insert()
    documents.session.commit()
    first.is_private = 0
    first.save()
    documents.session.commit()
    assert first.file_url == "/files/a.txt"
    assert on_disk(live) == ["private/files/a.txt", "public/files/a.txt"]
    documents.delete_doc("File", second.name)
    documents.session.commit()
    assert on_disk(live) == ["public/files/a.txt"]


# --- attachments ---


def test_files_are_attached_and_go_with_their_document(live: Site, documents: Documents) -> None:
    todo = documents.get_doc({"doctype": "ToDo", "description": "x"}).insert()
    save_file(documents, "a.txt", b"1", dt="ToDo", dn=todo.name, is_private=1)
    save_file(documents, "b.txt", "2", dt="ToDo", dn=todo.name)
    assert {file.file_name for file in attached_to(documents, "ToDo", todo.name)} == {"a.txt", "b.txt"}
    comments = documents.get_all("Comment", filters={"reference_name": todo.name}, pluck="content")
    assert {"a.txt" in one for one in comments} == {True, False}
    delete_attached(documents, "ToDo", todo.name)
    documents.session.commit()
    assert on_disk(live) == []


def test_an_attachment_names_its_document(insert: Insert) -> None:
    with pytest.raises(ValidationError, match="Attached To Name"):
        insert(attached_to_doctype="ToDo")
    with pytest.raises(ValidationError, match="can't be the field"):
        insert(attached_to_doctype="ToDo", attached_to_name="x", attached_to_field="a b")


def test_a_doctype_limits_its_attachments(documents: Documents, insert: Insert) -> None:
    todo = documents.get_doc({"doctype": "ToDo", "description": "x"}).insert()
    documents.get_meta("ToDo")["max_attachments"] = 1
    insert("1", attached_to_doctype="ToDo", attached_to_name=todo.name)
    with pytest.raises(AttachmentLimitReached, match="Limit of 1"):
        insert("2", attached_to_doctype="ToDo", attached_to_name=todo.name)


# --- folders ---


def test_a_folder_is_called_by_its_path_and_goes_only_when_it_is_empty(documents: Documents, insert: Insert) -> None:
    folder = insert(None, name="Exports", is_folder=1, folder="Home")
    file = insert(folder=folder.name)
    assert folder.name == "Home/Exports"
    with pytest.raises(ValidationError, match="not empty"):
        documents.delete_doc("File", folder.name)
    documents.delete_doc("File", file.name)
    documents.delete_doc("File", folder.name)
    with pytest.raises(ValidationError, match="Cannot delete Home"):
        documents.delete_doc("File", "Home")


# --- who may ---


def test_a_private_file_is_its_owners_and_administrators(
    context: Context, insert: Insert, documents: Documents, user: Callable[..., str]
) -> None:
    owner, manager = user("owner@example.com"), user("manager@example.com", "System Manager")
    context.user = owner
    file = insert()
    allowed = {}
    for name in (owner, "Administrator", manager, "Guest"):
        context.user = name
        allowed[name] = file.is_downloadable()
    assert allowed == {owner: True, "Administrator": True, manager: False, "Guest": False}


def test_who_may_read_a_document_may_read_its_attachments(
    context: Context, insert: Insert, documents: Documents, user: Callable[..., str]
) -> None:
    manager, nobody = user("manager@example.com", "System Manager"), user("nobody@example.com")
    log = documents.get_doc({"doctype": "Error Log", "method": "x", "error": "y"}).insert()
    file = insert(attached_to_doctype="Error Log", attached_to_name=log.name)
    context.user = manager
    assert file.is_downloadable()
    context.user = nobody
    assert not file.is_downloadable()
    with pytest.raises(PermissionError):
        documents.get_doc(
            {"doctype": "File", "content": "x", "attached_to_doctype": "Error Log", "attached_to_name": log.name}
        ).insert()


def test_a_public_file_is_everybodys(context: Context, insert: Insert) -> None:
    file = insert(is_private=0)
    context.user = "Guest"
    assert file.is_downloadable()


def test_nobody_becomes_the_reader_of_a_private_file_by_naming_it(
    context: Context, insert: Insert, documents: Documents, user: Callable[..., str]
) -> None:
    secret = insert("salaries")
    context.user = user("thief@example.com")
    with pytest.raises(PermissionError, match="don't have permission to access the file"):
        documents.get_doc({"doctype": "File", "file_url": secret.file_url}).insert()
    own = documents.get_doc({"doctype": "File", "file_name": "own", "content": "x", "is_private": 1}).insert()
    own.file_url = secret.file_url
    with pytest.raises(PermissionError, match="don't have permission to access the file"):
        own.save()


def test_a_list_shows_what_the_user_may_read(
    context: Context, insert: Insert, documents: Documents, user: Callable[..., str]
) -> None:
    from rota.sites.builtin.core.doctype.file.file import get_permission_query_conditions

    insert("1", name="secret")
    insert("2", name="public", is_private=0)
    context.user = user("me@example.com")
    insert("3", name="mine")
    condition = get_permission_query_conditions()
    rows = documents.database.sql(f"select file_name from `tabFile` where is_folder = 0 and {condition}", pluck=True)
    assert sorted(rows) == ["mine", "public"]
