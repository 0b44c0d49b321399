"""The settings of a bench and of a site: one frozen object, read from two files and the environment.

`sites/common_site_config.json` holds for all sites, `sites/NAME/site_config.json` for one, and `ROTA_KEY` in the
environment wins over both. Frappe's keys keep Frappe's meaning. What Rota does not know is kept in `extra`, as apps
keep settings of their own there.
"""

# ruff: noqa: RUF009 - `setting` makes a dataclasses.field
from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from rota.errors import ConfigError
from rota.jobs import QUEUE_TIMEOUTS

COMMON = "common_site_config.json"
SITE = "site_config.json"
# Frappe's default for a queue that names no timeout, in seconds.
CUSTOM_QUEUE_TIMEOUT = 300.0


def setting(default: Any, meaning: str, *, least: float | None = None, secret: bool = False) -> Any:
    """A field of `Config`: its default, what it means, the least number that makes sense, whether to hide it."""
    metadata = {"meaning": meaning, "least": least, "secret": secret}
    if isinstance(default, (list, dict)):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings, each validated. Durations are seconds, sizes bytes, unless the name says otherwise."""

    # --- jobs ---
    workers: Any = setting(
        {}, "queues of your own, {NAME: {timeout: seconds, background_workers: N}}, or the number of worker processes"
    )
    background_workers: int | None = setting(None, "worker processes on a host; as many as it has cores", least=1)
    claim_timeout: float = setting(20.0, "how long a dispatcher's claims last when it no longer renews them", least=2)
    grace: float = setting(10.0, "how long a job may clean up after its timeout, a cancel or a stop", least=0)
    max_crashes: int = setting(3, "a job is failed once it has taken this many workers down", least=1)
    max_attempts: int = setting(1, "how often a job runs that names no retry policy and raises", least=1)
    recycle_after_jobs: int = setting(
        10_000, "a worker is replaced after so many jobs or a few less; 0 for never", least=0
    )
    recycle_after_mib: int = setting(512, "a worker is replaced once it has grown by this many MiB; 0 never", least=0)
    async_jobs: int = setting(100, "how many `async def` jobs one worker runs at once", least=1)
    max_job_size: int = setting(1 << 20, "bytes that a job's arguments may take when encoded", least=1024)
    max_result_size: int = setting(1 << 20, "bytes that a job's return value may take when encoded", least=1024)
    max_log_size: int = setting(1 << 20, "bytes of captured lines that are kept of one attempt", least=1024)
    max_queued_jobs: int | None = setting(None, "enqueue is refused (QueueOverloaded) above this many waiting", least=1)
    enqueue_after_commit: bool = setting(True, "an enqueue belongs to its transaction unless it says otherwise")
    rq_results_ttl: float = setting(7 * 86400.0, "how long finished and canceled jobs are kept", least=0)
    rq_job_failure_ttl: float = setting(30 * 86400.0, "how long failed jobs are kept", least=0)
    rq_failed_jobs_limit: int = setting(100_000, "at most this many failed jobs are kept", least=1)
    finished_jobs_limit: int = setting(1_000_000, "at most this many finished and canceled jobs are kept", least=1)
    concurrency_limits: Mapping[str, Any] = setting({}, "concurrency key (or prefix*) to the jobs that may run at once")
    priority_ageing: float = setting(
        300.0, "a job that waited so long gets a turn, whatever comes first; 0 never", least=0
    )
    slow_job_seconds: float = setting(60.0, "`doctor` names a job whose transaction is open for longer", least=1)

    # --- schedules ---
    pause_scheduler: bool = setting(False, "no schedule fires until it is taken out again")
    disable_scheduler: bool = setting(False, "no schedule fires on this site")
    maintenance_mode: bool = setting(False, "no schedule fires, no job runs, the web answers 503")
    scheduler_interval: float = setting(240.0, "how often `all` events fire", least=1)
    scheduler_tick_interval: float = setting(60.0, "the longest the scheduler sleeps without looking", least=1)
    time_zone: str | None = setting(None, "IANA name of the site's time zone; the machine's when absent")

    # --- web ---
    host_name: str | None = setting(None, "the site's URL, as links in mails name it")
    http_port: int = setting(8000, "the web server's port", least=0)
    http_host: str = setting("127.0.0.1", "the address that the web server listens at")
    max_file_size: int = setting(25 << 20, "bytes of an uploaded file", least=1)
    session_expiry: str = setting("170:00:00", "how long a sign-in lasts without a request, HH:MM:SS")
    ignore_csrf: bool = setting(False, "take writes without a CSRF token (tests only)")
    allow_cors: Any = setting(None, "origins that may call the API from a browser: a URL, a list, or *")
    dns_multitenant: bool = setting(True, "the site comes from the Host header")
    default_site: str | None = setting(None, "the site that commands and requests mean when they name none")
    allow_tests: bool = setting(False, "tests may run against this site")
    developer_mode: bool = setting(False, "reload changed files and show tracebacks in the browser")
    server_script_enabled: bool = setting(False, "Frappe's key; Rota runs no scripts from the database")

    # --- mail ---
    mail_server: str | None = setting(None, "SMTP server; without one, mails wait in the Email Queue")
    mail_port: int | None = setting(None, "SMTP port; 465 with use_ssl, 587 with use_tls, else 25", least=1)
    mail_login: str | None = setting(None, "SMTP user")
    mail_password: str | None = setting(None, "SMTP password", secret=True)
    use_ssl: bool = setting(False, "SMTP over TLS from the first byte")
    use_tls: bool = setting(False, "SMTP with STARTTLS")
    auto_email_id: str | None = setting(None, "the sender's address")
    email_sender_name: str | None = setting(None, "the sender's name")
    always_use_account_email_id_as_sender: bool = setting(False, "keep the sender's address whoever writes")
    mute_emails: bool = setting(False, "write mails to the queue and never send them")

    # --- the documents' database ---
    db_type: str = setting("sqlite", "sqlite, or postgresql (postgres)")
    db_name: str | None = setting(None, "the database's name, or the SQLite file's")
    db_host: str | None = setting(None, "the server, or its socket's directory")
    db_port: int | None = setting(None, "the server's port", least=1)
    db_user: str | None = setting(None, "the database's user; db_name when absent")
    db_password: str | None = setting(None, "the database's password", secret=True)
    db_url: str | None = setting(None, "a whole postgresql:// DSN in place of the db_ keys", secret=True)
    db_pooler: bool = setting(False, "a transaction pooler stands before PostgreSQL: no prepared statements")
    busy_timeout: float = setting(30.0, "how long a writer waits for another one", least=0.1)
    encryption_key: str | None = setting(None, "encrypts stored passwords", secret=True)
    admin_password: str | None = setting(None, "Administrator's password at new-site", secret=True)
    installed_apps: list[str] = setting([], "apps of a site that keeps no list of its own")

    # --- logs ---
    logging: int = setting(1, "Frappe's key; 2 also logs each SQL statement", least=0)
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR")
    log_format: str = setting("text", "text, or json: one object a line")
    monitor: bool = setting(False, "one JSON line for each request and job in logs/monitor.json.log")
    mask_keys: list[str] = setting([], "argument names whose values are never shown, beside passwords, tokens and keys")

    # --- what this object adds ---
    extra: Mapping[str, Any] = field(default_factory=dict)  #: keys of the files that Rota does not know
    warnings: tuple[str, ...] = ()  #: what was wrong and could be left out

    def get(self, key: str, default: Any = None) -> Any:
        """The value of any key, Rota's or an app's; `default` when it is set nowhere and has no default."""
        if key in SETTINGS:
            value = getattr(self, key)
            return default if value is None else value
        return self.extra.get(key, default)

    def queues(self) -> dict[str, float]:
        """Every queue, in the order in which workers serve them, with its default timeout in seconds."""
        own = {name: _timeout(entry) for name, entry in self._custom().items()}
        return {**QUEUE_TIMEOUTS, **own}

    def queue_limits(self) -> dict[str, int]:
        """The queues that may hold only so many workers of a host (`background_workers` of a queue of your own)."""
        return {name: int(entry["background_workers"]) for name, entry in self._custom().items()
                if "background_workers" in entry}  # fmt: skip

    def worker_processes(self) -> int:
        """How many worker processes a host runs: what the settings say, or one a core, at least two."""
        if isinstance(self.workers, int):
            return self.workers
        own = sum(self.queue_limits().values())
        return (self.background_workers or max(2, len(os.sched_getaffinity(0)))) + own

    def _custom(self) -> Mapping[str, Mapping[str, Any]]:
        return {} if isinstance(self.workers, int) else self.workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One known setting, for the documentation and for `set-config`."""

    name: str
    kind: str  #: "number", "whole number", "yes or no", "text", "list of texts", "object", "anything"
    optional: bool
    default: Any
    meaning: str
    least: float | None
    secret: bool


def load(bench: Path, site: str | None = None, *, environ: Mapping[str, str] | None = None) -> Config:
    """The settings of `bench`, with those of `site` over them and the environment's over both.

    Raises:
        ConfigError: a file that is no JSON object, or a value that does not fit, with the file, the line and the key.
    """
    files = [bench / "sites" / COMMON]
    if site is not None:
        files.append(bench / "sites" / site / SITE)
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for file in files:
        text, found = _read(file)
        for key, value in found.items():
            values[key] = _checked(key, value, _place(file, text, key), warnings)
    for key in SETTINGS:
        raw = (os.environ if environ is None else environ).get(f"ROTA_{key.upper()}")
        if raw is not None:
            values[key] = _checked(key, _from_text(key, raw), f"ROTA_{key.upper()}", warnings)
    known = {key: value for key, value in values.items() if key in SETTINGS}
    extra = {key: value for key, value in values.items() if key not in SETTINGS}
    return Config(**known, extra=extra, warnings=tuple(warnings))


def parse(key: str, text: str) -> Any:
    """What `rota set-config KEY TEXT` writes: checked for a known key, JSON or plain text for an app's.

    Raises:
        ConfigError: the text does not fit the setting.
    """
    if key in SETTINGS:
        warnings: list[str] = []
        value = _checked(key, _from_text(key, text), f"set-config {key}", warnings)
        if warnings:
            raise ConfigError(warnings[0])
        return value
    return _json_or_text(text)


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return "", {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} can't be read: {error}") from error
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{file}, line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})"
        ) from error
    if not isinstance(found, dict):
        raise ConfigError(f"{file}: expected a JSON object of settings, found {_kind_of(found)}")
    return text, found


def _place(file: Path, text: str, key: str) -> str:
    # JSON keeps no line numbers: the last line that names the key is the one that counts.
    lines = [number for number, line in enumerate(text.splitlines(), 1) if f"{json.dumps(key)}" in line]
    return f"{file}, line {lines[-1]}, {key}" if lines else f"{file}, {key}"


def _from_text(key: str, text: str) -> Any:
    return text if SETTINGS[key].kind == "text" else _json_or_text(text)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _checked(key: str, value: Any, place: str, warnings: list[str]) -> Any:
    one = SETTINGS.get(key)
    if one is None:
        return value
    if key == "workers":
        return _workers(value, place, warnings)
    if value is None and one.optional:
        return None
    try:
        value = _CONVERT[one.kind](value)
    except (TypeError, ValueError):
        shown = "(hidden)" if one.secret else json.dumps(value, default=str)[:80]
        raise ConfigError(f"{place}: found {shown}, expected {_article(one.kind)}") from None
    if one.least is not None and value < one.least:
        raise ConfigError(f"{place}: found {value}, expected {one.least:g} or more")
    return value


def _workers(value: Any, place: str, warnings: list[str]) -> Any:
    """Frappe leaves out what it can't read here, so that a slip never stops every queue; a number counts processes."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if not isinstance(value, dict):
        warnings.append(f"{place}: found {_kind_of(value)}, expected a number of processes or an object; left out")
        return {}
    kept = {}
    for name, entry in value.items():
        numbers = entry.values() if isinstance(entry, dict) else ()
        if isinstance(entry, dict) and all(isinstance(n, (int, float)) and n > 0 for n in numbers):
            kept[name] = entry
        else:
            warnings.append(
                f'{place}: the queue {name!r} is left out: expected {{"timeout": seconds, "background_workers": N}}'
            )
    return kept


def _timeout(entry: Mapping[str, Any]) -> float:
    return float(entry.get("timeout") or CUSTOM_QUEUE_TIMEOUT)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _yes_or_no(value: Any) -> bool:
    # Frappe's files say 0 and 1, and its set-config writes them as text.
    words = {"0": False, "1": True, "false": False, "true": True}
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError
    return str(value)


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return value


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


_CONVERT: Mapping[str, Any] = {
    "number": _number,
    "whole number": _whole,
    "yes or no": _yes_or_no,
    "text": _text,
    "list of texts": _texts,
    "object": _object,
    "anything": lambda value: value,
}
_KINDS: Mapping[Any, str] = {
    float: "number",
    int: "whole number",
    bool: "yes or no",
    str: "text",
    list: "list of texts",
    Mapping: "object",
}


def _article(kind: str) -> str:
    if kind == "yes or no":
        return "true or false (or 1 or 0)"
    return f"an {kind}" if kind[0] in "ao" else f"a {kind}"


def _kind_of(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _describe() -> dict[str, Setting]:
    found = {}
    hints = get_type_hints(Config)
    for one in dataclasses.fields(Config):
        if "meaning" not in one.metadata:
            continue
        hint, optional = hints[one.name], False
        if get_origin(hint) in (Union, types.UnionType):
            optional = True
            hint = next(arm for arm in get_args(hint) if arm is not type(None))
        made = one.default_factory
        default = one.default if made is dataclasses.MISSING else made()
        found[one.name] = Setting(
            name=one.name,
            kind=_KINDS.get(_origin(hint), "anything"),
            optional=optional,
            default=default,
            **one.metadata,
        )
    return found


def _origin(hint: Any) -> Any:
    origin = get_origin(hint) or hint
    return Mapping if re.search(r"\bMapping$", getattr(origin, "__name__", "")) else origin


SETTINGS: Mapping[str, Setting] = _describe()
