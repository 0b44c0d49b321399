"""Apps: found in both layouts, their hooks merged, their faults named by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.errors import BrokenApp, UnknownApp, UsageError
from rota.sites.apps import App, Apps, builtin_app, find_app
from rota.sites.bench import Bench
from rota.sites.scaffold import new_app


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.init(tmp_path / "bench")


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def package(bench: Bench, name: str, hooks: str = "", tasks: str | None = None) -> App:
    write(bench.apps_path / name / "__init__.py")
    write(bench.apps_path / name / "hooks.py", hooks)
    if tasks is not None:
        write(bench.apps_path / name / "tasks.py", tasks)
    return find_app(bench, name)


def test_an_app_may_be_the_package_itself(bench: Bench) -> None:
    app = package(bench, "plain_app", 'app_title = "Plain"')
    assert app.path == bench.apps_path / "plain_app"
    assert app.hooks() == {"app_title": "Plain"}


def test_an_app_may_be_laid_out_as_frappe_does(bench: Bench) -> None:
    write(bench.apps_path / "framed" / "framed" / "__init__.py")
    write(bench.apps_path / "framed" / "framed" / "hooks.py", 'app_title = "Framed"')
    app = find_app(bench, "framed")
    assert app.path == bench.apps_path / "framed" / "framed"
    assert app.hooks() == {"app_title": "Framed"}


def test_an_app_may_have_a_module_of_its_own_name(bench: Bench) -> None:
    write(bench.apps_path / "twin" / "__init__.py")
    write(bench.apps_path / "twin" / "twin" / "__init__.py")
    write(bench.apps_path / "twin" / "hooks.py")
    assert find_app(bench, "twin").path == bench.apps_path / "twin"


def test_an_installed_package_is_an_app_without_hooks(bench: Bench) -> None:
    app = find_app(bench, "click")
    assert app.hooks() == {}
    assert app.jobs() == []


def test_an_unknown_app_is_told_with_those_that_are_there(bench: Bench) -> None:
    package(bench, "there")
    with pytest.raises(UnknownApp, match=r"'absent'.*there now: there"):
        find_app(bench, "absent")


@pytest.mark.parametrize("name", ["../evil", "a.b", "a-b", ""])
def test_a_name_that_is_no_package_name_is_unknown(bench: Bench, name: str) -> None:
    with pytest.raises(UnknownApp):
        find_app(bench, name)


def test_an_app_hidden_by_a_package_of_its_name_is_refused(bench: Bench) -> None:
    with pytest.raises(UnknownApp, match="is hidden by the package"):
        package(bench, "click")


def test_hooks_of_several_apps_are_put_together(bench: Bench) -> None:
    one = package(
        bench,
        "hooks_one",
        'after_install = "a.f"\nscheduler_events = {"daily": ["a.g"], "cron": {"* * * * *": ["a.h"]}}',
    )
    two = package(
        bench,
        "hooks_two",
        'after_install = ["b.f"]\nscheduler_events = {"daily": "b.g", "cron": {"* * * * *": ["b.h"]}}',
    )
    apps = Apps([one, two])
    assert apps.hooks("after_install") == ["a.f", "b.f"]
    assert apps.hooks("scheduler_events") == {"daily": ["a.g", "b.g"], "cron": {"* * * * *": ["a.h", "b.h"]}}


def test_the_hooks_of_one_app_can_be_asked_for(bench: Bench) -> None:
    apps = Apps([package(bench, "ask_one", 'x = "1"'), package(bench, "ask_two", 'x = "2"')])
    assert apps.hooks("x", app_name="ask_two") == ["2"]
    assert apps.hooks("y") == []
    assert apps.hooks("y", default={}) == {}


def test_functions_modules_and_private_names_are_no_hooks(bench: Bench) -> None:
    app = package(
        bench,
        "names_app",
        "from __future__ import annotations\nimport os\n_x = 1\ndef f(): ...\nclass C: ...\nreal = 1",
    )
    assert app.hooks() == {"real": 1}


def test_a_hook_that_is_a_dict_here_and_a_list_there_names_the_app(bench: Bench) -> None:
    apps = Apps([package(bench, "dict_app", 'x = {"a": 1}'), package(bench, "list_app", "x = [1]")])
    with pytest.raises(BrokenApp, match="'list_app'"):
        apps.hooks()


def test_hooks_that_raise_are_told_with_file_line_and_reason(bench: Bench) -> None:
    app = package(bench, "raises_app", "x = 1\ny = x / 0\n")
    with pytest.raises(BrokenApp) as caught:
        app.hooks()
    assert str(caught.value) == (
        f"the app 'raises_app' can't be used: {app.path / 'hooks.py'}, line 2: ZeroDivisionError: division by zero"
    )


def test_hooks_that_do_not_parse_are_told_with_file_and_line(bench: Bench) -> None:
    app = package(bench, "syntax_app", "x = [\n")
    with pytest.raises(BrokenApp, match=r"hooks\.py, line 1: SyntaxError"):
        app.hooks()


def test_a_missing_import_is_told_with_the_importing_line(bench: Bench) -> None:
    app = package(bench, "imports_app", "\nimport no_such_module_at_all\n")
    with pytest.raises(BrokenApp, match=r"hooks\.py, line 2: ModuleNotFoundError: No module named 'no_such"):
        app.hooks()


def test_marked_functions_of_tasks_are_found_in_all_its_modules(bench: Bench) -> None:
    mark = "def mark(f):\n    f.__rota_job__ = object()\n    return f\n"
    write(bench.apps_path / "marked" / "__init__.py")
    write(bench.apps_path / "marked" / "tasks" / "__init__.py", mark + "@mark\ndef one(): ...\ndef plain(): ...\n")
    write(
        bench.apps_path / "marked" / "tasks" / "more.py", "from marked.tasks import mark, one\n@mark\ndef two(): ...\n"
    )
    found = find_app(bench, "marked").jobs()
    assert [(job.__module__, job.__name__) for job in found] == [("marked.tasks", "one"), ("marked.tasks.more", "two")]


def test_tasks_that_do_not_import_name_the_module_of_the_package(bench: Bench) -> None:
    write(bench.apps_path / "broken_tasks" / "__init__.py")
    write(bench.apps_path / "broken_tasks" / "tasks" / "__init__.py")
    write(bench.apps_path / "broken_tasks" / "tasks" / "bad.py", "import rota; raise RuntimeError('no')\n")
    with pytest.raises(BrokenApp, match=r"bad\.py, line 1: RuntimeError: no"):
        find_app(bench, "broken_tasks").jobs()


def test_tasks_that_never_say_rota_are_not_imported(bench: Bench) -> None:
    assert package(bench, "quiet_tasks", tasks="raise RuntimeError('needs what only a worker has')\n").jobs() == []


def test_doctypes_are_found_by_module(bench: Bench) -> None:
    app = package(bench, "typed")
    write(app.path / "modules.txt", "Sales Tools\n\n# none\n")
    write(app.path / "sales_tools" / "doctype" / "price_list" / "price_list.json", "{}")
    write(app.path / "sales_tools" / "doctype" / "price_list" / "test_records.json", "[]")
    write(app.path / "elsewhere" / "doctype" / "x" / "x.json", "{}")
    (found,) = app.doctypes()
    assert (found.path.name, found.module) == ("price_list.json", "typed.sales_tools.doctype.price_list.price_list")
    assert not found.has_controller


def test_the_built_in_doctypes_are_an_app() -> None:
    found = {one.path.stem for one in builtin_app().doctypes()}
    assert {"file", "scheduled_job_type", "email_queue"} <= found


def test_a_new_app_is_complete(bench: Bench) -> None:
    folder = new_app(bench.apps_path, "my_shop")
    app = find_app(bench, "my_shop")
    assert app.path == folder / "my_shop"
    assert app.modules() == ["My Shop"]
    assert app.version == "0.1.0"
    assert list(Apps([app]).hooks("scheduler_events")) == ["daily", "cron"]


@pytest.mark.parametrize("name", ["My-Shop", "class", "json", "frappe", "1st", "schön", "../x"])
def test_a_new_app_can_not_have_a_name_that_would_not_import(bench: Bench, name: str) -> None:
    with pytest.raises(UsageError):
        new_app(bench.apps_path, name)
    assert list(bench.apps_path.iterdir()) == []


def test_a_new_app_never_writes_over_another(bench: Bench) -> None:
    new_app(bench.apps_path, "taken")
    with pytest.raises(UsageError, match="is there already"):
        new_app(bench.apps_path, "taken")
