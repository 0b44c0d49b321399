"""set-config writes what the setting takes, and nothing when the value does not fit."""

from __future__ import annotations

import json

import pytest

from rota.sites.bench import Bench, read_json
from tests.cli.conftest import Rota


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("scheduler_interval", "120", 120.0),
        ("pause_scheduler", "1", True),
        ("workers", '{"reports": {"timeout": 600}}', {"reports": {"timeout": 600}}),
        ("mail_server", "smtp.example.com", "smtp.example.com"),
        ("an_apps_own_key", '{"a": [1, 2]}', {"a": [1, 2]}),
        ("an_apps_own_key", "plain words", "plain words"),
    ],
)
def test_a_value_is_written_with_its_type(
    bench: Bench, rota: Rota, site: str, key: str, text: str, value: object
) -> None:
    assert rota("set-config", key, text).code == 0
    assert read_json(bench.site_config_path(site))[key] == value


def test_g_writes_for_all_sites(bench: Bench, rota: Rota) -> None:
    assert rota("set-config", "-g", "http_port", "9000").code == 0
    assert read_json(bench.common_config_path) == {"http_port": 9000}


def test_what_the_file_holds_already_stays(bench: Bench, rota: Rota) -> None:
    rota("set-config", "-g", "http_port", "9000")
    rota("set-config", "-g", "log_level", "DEBUG")
    assert read_json(bench.common_config_path) == {"http_port": 9000, "log_level": "DEBUG"}


@pytest.mark.parametrize(
    ("key", "text"),
    [("http_port", "many"), ("scheduler_interval", "0"), ("pause_scheduler", "perhaps"), ("workers", "[]")],
)
def test_a_value_that_does_not_fit_changes_nothing(bench: Bench, rota: Rota, key: str, text: str) -> None:
    answer = rota("set-config", "-g", key, text)
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert key in answer.err
    assert read_json(bench.common_config_path) == {}


def test_the_maintenance_mode_is_frappes_key(bench: Bench, rota: Rota, site: str) -> None:
    answer = rota("set-maintenance-mode", "on")
    assert answer.lines == [f"Maintenance mode is on for site {site}"]
    assert read_json(bench.site_config_path(site))["maintenance_mode"] == 1
    rota("set-maintenance-mode", "off")
    assert read_json(bench.site_config_path(site))["maintenance_mode"] == 0


def test_a_broken_config_file_is_named_with_its_line(bench: Bench, rota: Rota, site: str) -> None:
    path = bench.site_config_path(site)
    path.write_text('{\n "db_type": "sqlite",\n oops\n}\n')
    answer = rota("jobs", "list")
    assert answer.code == 2
    assert f"{path}, line 3" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_config_value_of_the_wrong_type_is_named_with_its_key(bench: Bench, rota: Rota, site: str) -> None:
    path = bench.site_config_path(site)
    path.write_text(json.dumps({"db_type": "sqlite", "claim_timeout": "soon"}, indent=1))
    answer = rota("jobs", "list")
    assert answer.code == 2
    assert "line 3, claim_timeout" in answer.err
