"""A site on PostgreSQL is made, migrated and refused as one on SQLite."""

from __future__ import annotations

import json

import psycopg
import pytest

from rota.sites.bench import Bench, read_json
from tests.cli.conftest import SITE, Rota, run_process, write_app


@pytest.fixture
def pg_site(rota: Rota, postgres_dsn: str) -> str:
    made = rota("new-site", SITE, "--db", postgres_dsn, "--admin-password", "x")
    assert made.code == 0, made.err
    return SITE


def tables(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        wanted = "select schemaname || '.' || tablename from pg_tables where schemaname in ('public', 'rota')"
        return [row[0] for row in connection.execute(wanted)]


@pytest.mark.usefixtures("pg_site")
def test_migrate_again_changes_nothing(bench: Bench, rota: Rota) -> None:
    write_app(bench, "pg_idem", hooks='scheduler_events = {"daily": ["pg_idem.tasks.f"]}\n', tasks="def f(): ...\n")
    assert rota("install-app", "pg_idem").code == 0
    assert rota("migrate").lines == [f"{SITE}: nothing to do"]


@pytest.mark.usefixtures("pg_site")
def test_a_schedule_runs_and_leaves_its_log(bench: Bench) -> None:
    tasks = "import frappe\ndef f():\n    frappe.get_doc({'doctype': 'ToDo', 'description': 'x'}).insert()\n"
    write_app(bench, "pg_run", hooks='scheduler_events = {"daily": ["pg_run.tasks.f"]}\n', tasks=tasks)
    run_process(bench, "install-app", "pg_run", check=True)
    answer = run_process(bench, "trigger-scheduler-event", "pg_run.tasks.f")
    assert (answer.stdout, answer.stderr) == ("pg_run.tasks.f|Daily: finished\n", "")
    logs = run_process(bench, "execute", "frappe.get_all", "--args", '["Scheduled Job Log"]', "--kwargs",
                       '{"pluck": "status"}')  # fmt: skip
    assert json.loads(logs.stdout) == ["Complete"]


@pytest.mark.usefixtures("pg_site")
def test_the_dsn_is_kept_where_only_the_owner_reads(bench: Bench, postgres_dsn: str) -> None:
    path = bench.site_config_path(SITE)
    assert read_json(path)["db_url"] == postgres_dsn
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_database_that_is_not_empty_is_refused_unchanged(rota: Rota, bench: Bench, postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("create table mine (a int)")
    answer = rota("new-site", SITE, "--db", postgres_dsn, "--admin-password", "x")
    assert answer.code == 2
    assert "is not empty" in answer.err
    assert bench.sites() == []
    assert tables(postgres_dsn) == ["public.mine"]


def test_a_failed_new_site_leaves_the_database_empty(rota: Rota, bench: Bench, postgres_dsn: str) -> None:
    write_app(bench, "pg_broken", hooks='required_apps = ["absent_app"]\n')
    answer = rota("new-site", SITE, "--db", postgres_dsn, "--admin-password", "x", "--install-app", "pg_broken")
    assert answer.code == 2
    assert "'absent_app'" in answer.err
    assert bench.sites() == []
    assert tables(postgres_dsn) == []
    assert rota("new-site", SITE, "--db", postgres_dsn, "--admin-password", "x").code == 0


@pytest.mark.usefixtures("pg_site")
def test_a_site_of_a_newer_version_is_refused(rota: Rota, postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("update rota.schema_version set version = 99")
    answer = rota("migrate")
    assert answer.code == 1
    assert "has version 99" in answer.err
