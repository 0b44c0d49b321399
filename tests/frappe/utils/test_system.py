"""Files, programs, tracebacks, and what asks the site's documents."""

from __future__ import annotations

import io
import os
import sys
import warnings
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rota import frappe
from rota.documents.dictionary import AttrDict
from rota.errors import CommandFailedError, DoesNotExistError, NotInRota, UsageError
from rota.frappe import monitor, utils
from rota.frappe.utils import deprecations, diff, make_random, telemetry

from .conftest import FakeSite


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (utils.get_site_path, "/bench/sites/site.test"),
        (lambda: utils.get_site_path("private", "x"), "/bench/sites/site.test/private/x"),
        (lambda: utils.get_path("x", base="/tmp"), "/tmp/x"),
        (lambda: utils.get_files_path("a.png"), "/bench/sites/site.test/public/files/a.png"),
        (lambda: utils.get_files_path("a.png", is_private=1), "/bench/sites/site.test/private/files/a.png"),
        (utils.get_backups_path, "/bench/sites/site.test/private/backups"),
        (utils.get_bench_path, "/bench"),
        (utils.get_site_id, "site.test@bench"),
        (lambda: utils.get_site_name("a.b:8000"), "a.b"),
    ],
)
def test_the_site_and_the_bench_have_paths(site: FakeSite, call: Any, path: str) -> None:
    assert call() == path


def test_a_path_of_the_site_needs_one() -> None:
    with pytest.raises(UsageError, match="needs an open site"):
        utils.get_files_path()


def test_without_a_site_the_bench_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ROTA_BENCH", str(tmp_path))

    assert utils.get_bench_path() == str(tmp_path)


def test_sites_are_directories_with_a_configuration(tmp_path: Path) -> None:
    for name in ("b", "a", "no-site"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        (tmp_path / name / "site_config.json").write_text("{}")
    (tmp_path / "link").symlink_to(tmp_path / "a")

    assert utils.get_sites(str(tmp_path)) == ["a", "b"]


def test_files_are_found_measured_and_touched(site: FakeSite, tmp_path: Path) -> None:
    site.path = site.bench_path = tmp_path
    file = tmp_path / "public" / "files" / "a"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x" * 1536)
    os.utime(file, (5.7, 5.7))

    assert utils.get_file_size(str(file)) == 1536
    assert utils.get_file_size(str(file), format=True) == "1.5KiB"
    assert utils.get_file_timestamp(str(file)) == "5"
    assert utils.get_file_timestamp(str(tmp_path / "none")) is None
    assert utils.get_disk_usage() == 1
    assert utils.get_bench_relative_path("public/files/a") == str(file)
    assert utils.touch_file(str(tmp_path / "t")) == str(tmp_path / "t")
    assert (tmp_path / "t").exists()
    with pytest.raises(UsageError, match="nowhere"):
        utils.get_bench_relative_path("nowhere")


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    utils.create_folder(str(tmp_path / "a" / "b"), with_init=True)
    utils.create_folder(str(tmp_path / "a"), with_init=True)

    assert (tmp_path / "a" / "b" / "__init__.py").exists()
    assert not (tmp_path / "a" / "__init__.py").exists()


def test_bytes_are_compressed_and_back() -> None:
    assert utils.gzip_decompress(utils.gzip_compress(b"abc")) == b"abc"


def test_a_command_gives_its_errors_and_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert utils.execute_in_shell("echo out; echo err >&2; exit 3") == (b"err\n", b"out\n")
    assert utils.execute_in_shell(["echo", "a b", "$HOME"], low_priority=True) == (b"", b"a b $HOME\n")
    utils.execute_in_shell("echo shown", verbose=True)
    assert capsys.readouterr().out == "shown\n"
    with pytest.raises(CommandFailedError, match="exit code 3: err") as failed:
        utils.execute_in_shell("echo out; echo err >&2; exit 3", check_exit_code=True)
    assert (failed.value.out, failed.value.err) == ("out\n", "err\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_at_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for screen in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stdout", screen)
        utils.update_progress_bar("Work", 4, 10)
        utils.update_progress_bar("Work", 5, 10, absolute=True)
        monkeypatch.undo()
        shown = "\rWork" + " " * 32 + ": [" + "=" * 20 + " " * 20 + "] 50%"
        assert screen.getvalue().startswith(shown) is screen.isatty()
        assert screen.getvalue().endswith("5 of 10") is screen.isatty()


def test_somebody_at_a_terminal_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert utils.is_cli()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert not utils.is_cli()


def test_requests_are_tried_again() -> None:
    session = utils.get_request_session(max_retries=2)

    assert session.get_adapter("https://x").max_retries.total == 2
    assert session.get_adapter("http://x").max_retries.status_forcelist == [500]


def test_properties_are_told_from_methods() -> None:
    class Thing:
        @property
        def a(self) -> int:
            return 1

        @cached_property
        def b(self) -> int:
            return 1

        def c(self) -> int:
            return 1

    assert [utils.is_a_property(vars(Thing)[name]) for name in "abc"] == [True, True, False]


def test_a_pixel_is_an_image() -> None:
    assert utils.get_imaginary_pixel_response()["filecontent"].startswith(b"\x89PNG")


def test_an_image_is_written_in_its_format() -> None:
    image = SimpleNamespace(save=lambda buffer, shape: buffer.write(shape.encode()))

    assert utils.image_to_base64(image, "jpg") == b"SlBFRw=="


def test_there_is_no_traceback_without_an_error() -> None:
    assert utils.get_traceback() == utils.get_traceback(with_context=True) == ""


def test_a_traceback_shows_variables_but_no_secrets(site: FakeSite) -> None:
    site.bench_path = Path(__file__).parent

    def fail() -> None:
        api_key = "hidden-1"  # noqa: F841
        values = {"password": "hidden-2", "inner": {"token": "hidden-3", "name": "shown"}}  # noqa: F841
        raise ValueError("wrong")

    try:
        fail()
    except ValueError:
        plain, full = utils.get_traceback(), utils.get_traceback(with_context=True)

    assert plain.startswith("Traceback")
    assert 'File "test_system.py"' in plain
    assert plain.endswith("ValueError: wrong\n")
    assert full.startswith(plain)
    assert "'name': 'shown'" in full
    assert "hidden-" not in full.partition("Variables")[2]


@pytest.fixture
def facade(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The facade's functions, as far as the helpers look them up."""
    rows = {
        "a@b.c": AttrDict(first_name="Doe, A", last_name=None, email="a@b.c", full_name="Doe, A", user_image="/i.png")
    }
    calls: list[Any] = []

    def get_value(doctype: str, name: str, field: Any, as_dict: bool = False) -> Any:
        row = rows.get(name)
        return row if as_dict or row is None else row[field]

    def get_cached_doc(doctype: str, name: str) -> Any:
        if name not in rows:
            raise DoesNotExistError(name)
        return rows[name]

    parts: dict[str, Any] = {
        "session": SimpleNamespace(user="a@b.c"),
        "db": SimpleNamespace(
            get_value=get_value,
            count=lambda doctype: 3,
            get_defaults=lambda key: f"default {key}",
            set_default=lambda key, value: calls.append((key, value)),
        ),
        "get_cached_doc": get_cached_doc,
        "get_all": lambda doctype, filters, fields, pluck=None: [
            AttrDict(rows[name], name=name) for name in filters["name"][1] if name in rows
        ],
        "clear_last_message": lambda: calls.append("cleared"),
        "get_hooks": lambda name: parts["hooks"].get(name, []),
        "hooks": {},
        "get_attr": lambda path: parts["hooked"],
        "hooked": lambda: ("The Team", "team@b.c"),
        "logger": lambda name: SimpleNamespace(info=lambda text: calls.append((name, text))),
        "call": lambda fn, *args, **kwargs: {"called": fn},
        "as_json": lambda value: '{"called": "fn"}',
        "safe_eval": lambda code, eval_globals, eval_locals: code * 2,
        "local": SimpleNamespace(request=SimpleNamespace(host="h:1")),
        "get_request_header": lambda name, default: "https",
    }
    for name, part in parts.items():
        monkeypatch.setattr(frappe, name, part, raising=False)
    return SimpleNamespace(calls=calls, **parts)


def test_users_are_named_and_addressed(facade: SimpleNamespace) -> None:
    assert utils.get_fullname() == "Doe, A"
    assert utils.get_fullname("nobody") == "nobody"
    assert utils.get_email_address() == "a@b.c"
    assert utils.get_formatted_email("a@b.c") == '"Doe, A" <a@b.c>'
    assert utils.get_formatted_email("nobody") == ""
    assert utils.get_formatted_email("x@y.com") == '"x@y.com" <x@y.com>'


def test_a_hook_may_say_who_sends(facade: SimpleNamespace) -> None:
    facade.hooks["get_sender_details"] = ["app.sender"]

    assert utils.get_formatted_email("a@b.c") == "The Team <team@b.c>"
    assert utils.call_hook_method("get_sender_details") == ("The Team", "team@b.c")
    assert utils.call_hook_method("nothing") is None
    assert utils.get_hook_method("nothing", fallback=5) == 5


def test_users_have_pictures_as_far_as_they_exist(facade: SimpleNamespace) -> None:
    known: dict[str, Any] = {}
    utils.add_user_info(["a@b.c", "nobody"], known)
    utils.add_user_info(None, known)

    assert known == {
        "a@b.c": {"fullname": "Doe, A", "image": "/i.png", "name": "a@b.c", "email": "a@b.c", "time_zone": None}
    }
    assert utils.get_user_info_for_avatar("a@b.c") == {"email": "a@b.c", "image": "/i.png", "name": "Doe, A"}
    assert utils.get_user_info_for_avatar("nobody") == {"email": "nobody", "image": "", "name": "nobody"}
    assert facade.calls == ["cleared"]


def test_the_rest_is_asked_of_the_facade(facade: SimpleNamespace) -> None:
    utils.set_default("k", "v")
    utils.log("event", "details")

    assert facade.calls == [("k", "v"), ("event", "details")]
    assert utils.get_defaults("k") == "default k"
    assert utils.get_db_count("User", "File") == {"User": 3, "File": 3}
    assert utils.call("fn") == {"called": "fn"}
    assert utils.safe_eval("x") == "xx"
    assert utils.get_host_name_from_request() == "https://h:1"


def test_versions_of_a_field_are_compared(site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "V1": AttrDict(name="V1", data='{"changed": [["script", "", "2;"]]}', modified="2024-02-29 15:29:45"),
        "V2": AttrDict(name="V2", data='{"changed": [["script", "2;", "42;"]]}', modified="2024-02-29 15:30:00"),
    }

    def get_list(doctype: str, filters: dict[str, Any], **options: Any) -> list[Any]:
        return [row for name, row in rows.items() if filters.get("name", name) == name]

    monkeypatch.setattr(frappe, "get_list", get_list, raising=False)

    assert diff.get_version_diff("V1", "V2")[-2:] == ["-2;", "+42;"]
    assert diff.get_version_diff("V1", "V2", "other") == ["Values not available for diff"]
    found = diff.version_query(
        "Version", "", "name", 0, 20, {"docname": "D", "ref_doctype": "S", "fieldname": "script"}
    )
    assert found[0] == ("V1", "1 minute ago", "2024-02-29 15:29:45")


def test_demo_data_is_drawn_by_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["A", "B"]
    monkeypatch.setattr(frappe, "get_all", lambda doctype, filters, pluck: names, raising=False)
    monkeypatch.setattr(frappe, "get_doc", lambda doctype, name: (doctype, name), raising=False)
    doc = SimpleNamespace(rows=[])
    doc.append = lambda fieldname, values: doc.rows.append(values)

    make_random.add_random_children(doc, "items", 5, {"item": ("Item",), "qty": (1, 3)})

    assert 1 <= len(doc.rows) <= 4
    assert all(row["item"] in names and row["qty"] in (1, 2) for row in doc.rows)
    assert make_random.get_random("Item", doc=True)[0] == "Item"
    assert make_random.can_make("Item") in (True, False)
    assert 1 <= make_random.how_many("Item") <= 4
    names.clear()
    assert make_random.get_random("Item") is None


def test_a_deprecated_function_warns_its_caller() -> None:
    @deprecations.deprecated
    def old(value: int) -> int:
        return value

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert old(5) == 5

    assert (caught[0].category, caught[0].filename) == (DeprecationWarning, __file__)
    assert "old is deprecated" in str(caught[0].message)


def test_nothing_is_told_about_the_user() -> None:
    assert telemetry.capture("event", "app", properties={"a": 1}) is None
    assert telemetry.capture_doc(None, "insert") is telemetry.init_telemetry() is None
    assert not telemetry.is_enabled()
    assert monitor.add_data_to_monitor(a=1) is monitor.get_trace_id() is None


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("requests", utils.get_request_session),
        ("num2words", lambda: utils.in_words(1)),
        ("markdownify", lambda: utils.to_markdown("x")),
        ("phonenumbers", lambda: utils.validate_phone_number_with_country_code("+1", "phone")),
    ],
)
def test_what_needs_a_package_names_it(monkeypatch: pytest.MonkeyPatch, package: str, call: Any) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(NotInRota, match="pip install"):
        call()
