"""Settings: what wins, what is refused and how it is said, what is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rota.config import SETTINGS, Config, load, parse
from rota.errors import ConfigError


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    (tmp_path / "sites" / "one").mkdir(parents=True)
    return tmp_path


def common(bench: Path, text: str | dict[str, Any]) -> Path:
    file = bench / "sites" / "common_site_config.json"
    file.write_text(text if isinstance(text, str) else json.dumps(text, indent=1))
    return file


def site(bench: Path, values: dict[str, Any]) -> None:
    (bench / "sites" / "one" / "site_config.json").write_text(json.dumps(values))


def test_a_bench_without_files_has_the_defaults(bench: Path) -> None:
    assert load(bench, "one", environ={}) == Config()


def test_the_site_wins_over_the_bench_and_the_environment_over_both(bench: Path) -> None:
    common(bench, {"claim_timeout": 5, "grace": 5, "max_crashes": 5})
    site(bench, {"grace": 6, "max_crashes": 6})
    config = load(bench, "one", environ={"ROTA_MAX_CRASHES": "7"})
    assert (config.claim_timeout, config.grace, config.max_crashes) == (5.0, 6.0, 7)


def test_keys_of_apps_are_kept_and_read_with_get(bench: Path) -> None:
    site(bench, {"stripe_key": "x", "grace": 3})
    config = load(bench, "one", environ={})
    assert config.extra == {"stripe_key": "x"}
    assert [config.get("stripe_key"), config.get("grace"), config.get("nothing", 4)] == ["x", 3.0, 4]


def test_get_gives_the_default_for_a_setting_that_is_absent() -> None:
    assert Config().get("mail_server", "localhost") == "localhost"


def test_a_file_that_is_no_json_names_the_file_and_the_line(bench: Path) -> None:
    file = common(bench, '{\n "grace": 5,\n "x" 1}')
    with pytest.raises(ConfigError, match=rf"{file}, line 3, column 6: this is not JSON"):
        load(bench, environ={})


@pytest.mark.parametrize("text", ["[]", "3", "null"])
def test_a_file_that_is_no_object_is_refused(bench: Path, text: str) -> None:
    common(bench, text)
    with pytest.raises(ConfigError, match="expected a JSON object of settings"):
        load(bench, environ={})


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("grace", "soon", "a number"),
        ("grace", True, "a number"),
        ("grace", None, "a number"),
        ("grace", -1, "0 or more"),
        ("max_crashes", 1.5, "a whole number"),
        ("max_crashes", 0, "1 or more"),
        ("pause_scheduler", "maybe", "true or false"),
        ("pause_scheduler", 2, "true or false"),
        ("mail_server", ["x"], "a text"),
        ("mask_keys", "x", "a list of texts"),
        ("concurrency_limits", [], "an object"),
    ],
)
def test_a_value_that_does_not_fit_names_the_file_line_key_and_remedy(
    bench: Path, key: str, value: Any, expected: str
) -> None:
    file = common(bench, {"first": 1, key: value})
    with pytest.raises(ConfigError) as caught:
        load(bench, environ={})
    assert str(caught.value).startswith(f"{file}, line 3, {key}: found ")
    assert expected in str(caught.value)


def test_not_a_number_is_no_number(bench: Path) -> None:
    common(bench, '{"grace": Infinity}')
    with pytest.raises(ConfigError, match="expected a number"):
        load(bench, environ={})


def test_a_secret_is_not_shown_in_the_error(bench: Path) -> None:
    common(bench, {"mail_password": ["canary"]})
    with pytest.raises(ConfigError) as caught:
        load(bench, environ={})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("value", "flag"), [(1, True), (0, False), ("1", True), (True, True), ("false", False)])
def test_flags_take_frappes_spellings(bench: Path, value: Any, flag: bool) -> None:
    common(bench, {"pause_scheduler": value})
    assert load(bench, environ={}).pause_scheduler is flag


def test_numbers_may_be_written_as_text_as_set_config_of_frappe_does(bench: Path) -> None:
    common(bench, {"mail_port": "587", "grace": "2.5"})
    config = load(bench, environ={})
    assert (config.mail_port, config.grace) == (587, 2.5)


def test_queues_are_frappes_three_then_the_benchs_own(bench: Path) -> None:
    common(
        bench, {"workers": {"myq": {"timeout": 5000, "background_workers": 4}, "plain": {}, "short": {"timeout": 9}}}
    )
    config = load(bench, environ={})
    assert config.queues() == {"short": 9, "default": 300, "long": 1500, "myq": 5000, "plain": 300}
    assert list(config.queues()) == ["short", "default", "long", "myq", "plain"]
    assert config.queue_limits() == {"myq": 4}


@pytest.mark.parametrize("workers", ["many", [1], None, 0, True])
def test_malformed_workers_are_left_out_with_a_warning(bench: Path, workers: Any) -> None:
    common(bench, {"workers": workers})
    config = load(bench, environ={})
    assert config.queues() == Config().queues()
    assert "workers: found" in config.warnings[0]


def test_a_malformed_queue_is_left_out_and_the_others_stay(bench: Path) -> None:
    common(bench, {"workers": {"bad": 8, "worse": {"timeout": "x"}, "good": {"timeout": 7}}})
    config = load(bench, environ={})
    assert list(config.queues()) == ["short", "default", "long", "good"]
    assert ["'bad'" in config.warnings[0], "'worse'" in config.warnings[1]] == [True, True]


def test_workers_as_a_number_counts_processes(bench: Path) -> None:
    common(bench, {"workers": 8})
    config = load(bench, environ={})
    assert config.worker_processes() == 8
    assert config.warnings == ()


def test_processes_of_a_queue_come_on_top(bench: Path) -> None:
    common(bench, {"background_workers": 2, "workers": {"myq": {"background_workers": 3}}})
    assert load(bench, environ={}).worker_processes() == 5


def test_set_config_checks_known_keys_and_takes_any_json_for_others() -> None:
    assert parse("grace", "5") == 5.0
    assert parse("mail_server", "5") == "5"
    assert parse("my_app", '{"a": 1}') == {"a": 1}
    assert parse("my_app", "plain words") == "plain words"
    with pytest.raises(ConfigError, match='set-config grace: found "x", expected a number'):
        parse("grace", "x")


def test_every_setting_says_what_it_means_and_its_default_fits() -> None:
    for one in SETTINGS.values():
        assert one.meaning
        assert one.least is None or one.default is None or one.default >= one.least
