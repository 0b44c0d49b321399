"""Benches, sites and apps from the command line; migrate is idempotent and changes nothing when an app is broken."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from rota.sites.bench import Bench
from rota.sites.passwords import is_password
from rota.sites.site import Site
from tests.cli.conftest import PASSWORD, SITE, Rota, write_app

ORDER = ["before_install", "before_migrate", "after_migrate", "after_install"]
TASKS = "def nightly(): ...\ndef often(): ...\n"
HOOKS = 'scheduler_events = {"daily": ["NAME.tasks.nightly"], "cron": {"*/5 * * * *": ["NAME.tasks.often"]}}\n'


def schedules(bench: Bench) -> dict[str, bool]:
    with Site.load(bench, SITE) as site:
        return {one.id: one.enabled for one in site.store.schedules()}


def snapshot(bench: Bench) -> str:
    """Everything that the site's databases say."""
    text = hashlib.sha256()
    for name in ("site.db", "jobs.db"):
        connection = sqlite3.connect(bench.sites_path / SITE / name)
        text.update("\n".join(connection.iterdump()).encode())
        connection.close()
    return text.hexdigest()


def test_init_says_what_comes_next(rota: Rota, tmp_path: Path) -> None:
    answer = rota("init", str(tmp_path / "new"))
    assert answer.code == 0
    assert "rota new-site NAME" in answer.out
    assert (tmp_path / "new" / "sites" / "common_site_config.json").exists()


def test_a_new_site_has_its_tables_users_and_password(bench: Bench, site: str) -> None:
    with Site.load(bench, site) as opened:
        connection = opened.database.connect()
        assert is_password(connection, "Administrator", PASSWORD)
        assert not is_password(connection, "Administrator", "wrong")
        assert connection.query('select name, user_type from "tabUser" order by name') == [
            ("Administrator", "System User"),
            ("Guest", "Website User"),
        ]
        connection.close()


def test_a_new_site_asks_nobody_for_the_password_without_a_terminal(rota: Rota) -> None:
    answer = rota("new-site", SITE)
    assert (answer.code, answer.out) == (2, "")
    assert "password of Administrator is missing" in answer.err


def test_a_failed_new_site_leaves_nothing(bench: Bench, rota: Rota) -> None:
    write_app(bench, "broken_new", hooks="1 / 0\n")
    answer = rota("new-site", SITE, "--admin-password", "x", "--install-app", "broken_new")
    assert answer.code == 1
    assert "hooks.py, line 1: ZeroDivisionError" in answer.err
    assert bench.sites() == []
    assert not (bench.sites_path / SITE).exists()


def test_a_directory_that_was_there_before_survives_a_failed_new_site(bench: Bench, rota: Rota) -> None:
    (bench.sites_path / SITE).mkdir()
    (bench.sites_path / SITE / "notes.txt").write_text("mine")
    write_app(bench, "broken_keep", hooks='required_apps = ["absent_app"]\n')
    assert rota("new-site", SITE, "--admin-password", "x", "--install-app", "broken_keep").code == 2
    assert (bench.sites_path / SITE / "notes.txt").read_text() == "mine"
    assert bench.sites() == []


def test_hooks_of_the_installation_run_in_their_order(bench: Bench, rota: Rota, site: str) -> None:
    hooks = "".join(f'{name} = "order_app.tasks.{name}"\n' for name in ORDER)
    tasks = "def note(name):\n    with open('order.txt', 'a') as file:\n        print(name, file=file)\n"
    tasks += "".join(f"def {name}():\n    note('{name}')\n" for name in ORDER)
    write_app(bench, "order_app", hooks=hooks, tasks=tasks)
    assert rota("install-app", "order_app").code == 0
    assert (bench.path / "order.txt").read_text().split() == ORDER


def test_a_hook_that_fails_is_told_and_the_app_is_installed(bench: Bench, rota: Rota, site: str) -> None:
    write_app(bench, "hook_fails", hooks='after_install = "hook_fails.tasks.f"\n', tasks="def f():\n    1 / 0\n")
    answer = rota("install-app", "hook_fails")
    assert (answer.code, answer.err) == (
        1,
        f"{site}: after_install hook_fails.tasks.f: ZeroDivisionError: division by zero\n",
    )
    assert json.loads(rota("list-apps", "--json").out)[site] == ["rota", "hook_fails"]


def test_several_sites_are_meant_by_commas_or_all(bench: Bench, rota: Rota, site: str) -> None:
    shutil.copytree(bench.sites_path / site, bench.sites_path / "two.local")
    both = [f"{site}: nothing to do", "two.local: nothing to do"]
    assert rota("--site", "all", "migrate").lines == both
    assert rota("--site", f"{site},two.local", "migrate").lines == both
    unnamed = rota("migrate")
    assert unnamed.code == 2
    assert f"name one with --site ({site}, two.local)" in unnamed.err


def test_a_taken_name_is_refused(rota: Rota, site: str) -> None:
    answer = rota("new-site", site, "--admin-password", "x")
    assert (answer.code, answer.err) == (2, f"rota: there is a site '{site}' already\n")


def test_install_app_makes_its_schedules_and_lists_it(bench: Bench, rota: Rota, site: str) -> None:
    write_app(bench, "inst_app", hooks=HOOKS.replace("NAME", "inst_app"), tasks=TASKS)
    assert rota("--site", site, "install-app", "inst_app").code == 0
    assert set(schedules(bench)) == {"inst_app.tasks.nightly|Daily", "inst_app.tasks.often|Cron|*/5 * * * *"}
    listed = json.loads(rota("list-apps", "--json").out)
    assert listed == {site: ["rota", "inst_app"]}


def test_a_site_may_be_made_with_its_apps(bench: Bench, rota: Rota) -> None:
    write_app(bench, "with_site", hooks=HOOKS.replace("NAME", "with_site"), tasks=TASKS)
    answer = rota("new-site", SITE, "--admin-password", "x", "--install-app", "with_site")
    assert answer.code == 0, answer.err
    assert len(schedules(bench)) == 2


def test_migrate_again_changes_nothing(bench: Bench, rota: Rota, site: str) -> None:
    write_app(bench, "idem_app", hooks=HOOKS.replace("NAME", "idem_app"), tasks=TASKS)
    rota("install-app", "idem_app")
    rota("migrate")
    before = snapshot(bench)
    assert rota("migrate").lines == [f"{site}: nothing to do"]
    assert snapshot(bench) == before


def test_migrate_follows_the_hooks_and_keeps_what_people_stopped(bench: Bench, rota: Rota, site: str) -> None:
    folder = write_app(bench, "follow_app", hooks=HOOKS.replace("NAME", "follow_app"), tasks=TASKS)
    rota("install-app", "follow_app")
    with Site.load(bench, site) as opened, opened.store.turn() as turn:
        turn.enable_schedule("follow_app.tasks.nightly|Daily", False)
    changed = '{"daily": ["follow_app.tasks.nightly", "follow_app.tasks.often"]}'
    (folder / "hooks.py").write_text(f"scheduler_events = {changed}\n")
    _forget("follow_app.hooks")
    assert rota("migrate").lines == [
        f"{site}: added schedule follow_app.tasks.often|Daily",
        f"{site}: removed schedule follow_app.tasks.often|Cron|*/5 * * * *, as no app declares it",
    ]
    assert schedules(bench) == {"follow_app.tasks.nightly|Daily": False, "follow_app.tasks.often|Daily": True}


def test_a_schedule_of_a_missing_function_is_reported_and_the_others_are_made(
    bench: Bench, rota: Rota, site: str
) -> None:
    write_app(bench, "gone_app", hooks='scheduler_events = {"daily": ["gone_app.tasks.a", "gone_app.tasks.b"]}\n',
              tasks="def a(): ...\n")  # fmt: skip
    answer = rota("install-app", "gone_app")
    assert answer.err == (f"{site}: 'gone_app.tasks.b' can't be run: the module 'gone_app.tasks' has no 'b'\n")
    assert answer.code == 1
    assert set(schedules(bench)) == {"gone_app.tasks.a|Daily"}
    assert rota("migrate").code == 1


def test_a_function_that_is_gone_for_a_while_keeps_its_schedule_and_is_marked(
    bench: Bench, rota: Rota, site: str
) -> None:
    folder = write_app(bench, "away_app", hooks='scheduler_events = {"daily": ["away_app.tasks.a"]}\n',
                       tasks="def a(): ...\n")  # fmt: skip
    rota("install-app", "away_app")
    (folder / "tasks.py").write_text("import not_installed_here\n")
    _forget("away_app.tasks")
    assert rota("migrate").code == 1
    with Site.load(bench, site) as opened:
        (schedule,) = opened.store.schedules()
    assert "No module named 'not_installed_here'" in (schedule.error or "")


def test_an_app_with_broken_hooks_leaves_the_site_as_it_was(bench: Bench, rota: Rota, site: str) -> None:
    folder = write_app(bench, "break_app", hooks=HOOKS.replace("NAME", "break_app"), tasks=TASKS)
    rota("install-app", "break_app")
    before = snapshot(bench)
    (folder / "hooks.py").write_text('scheduler_events = {}\nscheduler_events["daily"] = undefined_name\n')
    _forget("break_app.hooks")
    answer = rota("migrate")
    assert answer.code == 1
    assert answer.err == (
        f"rota: the app 'break_app' can't be used: {folder / 'hooks.py'}, line 2: "
        "NameError: name 'undefined_name' is not defined\n"
    )
    assert snapshot(bench) == before


@pytest.mark.parametrize("database", ["site.db", "jobs.db"])
def test_a_site_of_a_newer_version_is_refused_unchanged(bench: Bench, rota: Rota, site: str, database: str) -> None:
    connection = sqlite3.connect(bench.sites_path / site / database)
    if database == "site.db":
        connection.execute("update tabSingles set value = '99' where doctype = 'Rota' and field = 'version'")
    else:
        connection.execute("update schema_version set version = 99")
    connection.commit()
    connection.close()
    before = snapshot(bench)
    answer = rota("migrate")
    assert answer.code == 1
    assert f"{database} has version 99" in answer.err
    assert "nothing was changed" in answer.err
    assert snapshot(bench) == before


def test_a_new_app_can_be_installed_as_it_is(bench: Bench, rota: Rota, site: str) -> None:
    assert rota("new-app", "fresh_shop").code == 0
    answer = rota("install-app", "fresh_shop")
    assert (answer.code, answer.err) == (0, "")


def test_ready_for_migration_when_nothing_waits(rota: Rota, site: str) -> None:
    answer = rota("ready-for-migration")
    assert (answer.code, answer.lines) == (0, [f"READY for migration: {site}"])


def _forget(module: str) -> None:
    """As a new process would: the app is imported again."""
    import importlib
    import sys

    sys.modules.pop(module, None)
    importlib.invalidate_caches()


def test_what_people_deleted_does_not_come_back(bench: Bench, rota: Rota, site: str) -> None:
    with Site.load(bench, site) as opened, opened.open() as context:
        context.documents.delete_doc("Currency", "AED")
    assert rota("migrate").lines == [f"{site}: nothing to do"]
    with Site.load(bench, site) as opened, opened.open() as context:
        assert not context.documents.exists("Currency", "AED")
