"""How a JobSpec is written: as rows of `job` and `live`, as the body that a worker reads, and as JSON in an outbox."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any

from rota.errors import UsageError
from rota.jobs import JobSpec, Mode, StateCode

#: what a body holds beside `kwargs`, `timeout` and `options`, where it is not the default
_SELDOM = {
    "mode": Mode.PLAIN,
    "parent": None,
    "made_by": None,
    "retry_of": None,
    "batch": None,
    "concurrency_key": None,
    "depends_on": (),
    "priority": 0,
    "at_front": False,
}
KEY_LENGTH, KEY_DIGITS = 32, "0123456789abcdef"
_KEY_DIGITS = frozenset(KEY_DIGITS)


class Waits(IntEnum):
    """Why a live job can't be claimed, in the order in which a job goes through the gates."""

    NOTHING = 0  # claimable, or claimed
    TIME = 1
    DEPENDENCY = 2
    CONCURRENCY = 3
    RATE = 4
    PAUSE = 5
    PREDECESSOR = 6

    @property
    def state(self) -> StateCode:
        """How `live.state` is written for a job that waits for this."""
        if self is Waits.TIME:
            return StateCode.SCHEDULED
        return StateCode.QUEUED if self in (Waits.NOTHING, Waits.PREDECESSOR) else StateCode.WAITING


def body_of(spec: JobSpec) -> str:
    """The JSON object that a worker and a recorder read; `kwargs` in it is the encoded text."""
    return f'{{"kwargs":{quoted(spec.kwargs)}{body_after_kwargs(spec)}'


def body_after_kwargs(spec: JobSpec) -> str:
    """The part of a body that is the same for all jobs that are alike."""
    # Put together from parts, as the most of it is the same for every job and encoding it all takes twice as long.
    parts = [f',"timeout":{_number(spec.timeout)}']
    parts.append(f'"options":{_dumps(spec.options)}' if spec.options else '"options":{}')
    seldom = [name for name, usual in _SELDOM.items() if getattr(spec, name) != usual]
    parts += [f'"{name}":{_dumps(getattr(spec, name))}' for name in seldom]
    return ",".join(parts) + "}"


def read_body(body: str) -> dict[str, Any]:
    """What `body_of` wrote.

    Raises:
        ValueError: it is not a JSON object.
    """
    parsed = json.loads(body)
    if not isinstance(parsed, dict):
        raise ValueError("a job's body must be a JSON object")  # noqa: TRY004 - one error for all that is unreadable
    return parsed


_dumps = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
quoted = json.encoder.encode_basestring_ascii


@lru_cache(maxsize=256)
def _number(value: float) -> str:
    return _dumps(value)


def encode_spec(spec: JobSpec) -> str:
    """A spec as one JSON text."""
    return encode_specs([spec])[0]


def encode_specs(specs: Iterable[JobSpec]) -> list[str]:
    """Specs as one JSON text each. What neighbours have in common is encoded once."""
    texts = []
    common: tuple[Any, ...] = ()
    middle = ""
    for spec in specs:
        if spec.common != common:
            common = spec.common
            middle = _dumps(dict(zip(JobSpec._fields[2:-1], common, strict=True)))[1:-1]
        own = f'"key":{quoted(spec.key)},"id":{quoted(spec.id)},{middle},"kwargs":{quoted(spec.kwargs)}'
        texts.append(f"{{{own}}}")
    return texts


def decode_spec(text: str) -> JobSpec:
    """The spec that `encode_spec` wrote.

    Raises:
        ValueError: it can't be read.
    """
    try:
        values = json.loads(text)
        values["mode"] = Mode(values["mode"])
        for name in ("depends_on", "begins", "ends"):
            values[name] = tuple(values.get(name, ()))
        return JobSpec(**values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a job: {error}") from error


def batch_text(
    key: str,
    name: str,
    *,
    parent: str | None = None,
    on_success: JobSpec | None = None,
    on_failure: JobSpec | None = None,
    on_complete: JobSpec | None = None,
) -> str:
    """A batch as the first of its jobs carries it."""
    specs = {"on_success": on_success, "on_failure": on_failure, "on_complete": on_complete}
    callbacks = {kind: None if spec is None else encode_spec(spec) for kind, spec in specs.items()}
    return _dumps({"key": key, "name": text(name, "batch"), "parent": parent, **callbacks})


def job_row(spec: JobSpec) -> dict[str, Any]:
    """The row of `job`: facts, written once."""
    return job_row_without_body(spec) | {"body": body_of(spec)}


def job_row_without_body(spec: JobSpec) -> dict[str, Any]:
    """The same, but for what a worker reads."""
    return {
        "key": key(spec.key),
        "id": spec.id if spec.id == spec.key else text(spec.id, "id"),
        "root": text(spec.root, "root") if spec.root else "",
        "method": _name(spec.method, "method"),
        "queue": _name(spec.queue, "queue"),
        "lane": spec.lane,
        "username": _name(spec.user, "user"),
        "created_at": spec.created_at,
        "run_at": spec.run_at,
        "parent": spec.parent,
        "made_by": spec.made_by,
        "retry_of": spec.retry_of,
        "batch": spec.batch,
        "concurrency_key": spec.concurrency_key,
    }


def live_row(spec: JobSpec, *, slot: int, waits: Waits, needs: int) -> dict[str, Any]:
    """The row of `live` for a job that nobody has claimed yet, without its place."""
    scheduled = spec.run_at is not None and (waits is Waits.TIME or slot == 1)
    return {
        "key": spec.key,
        "id": spec.id,
        "slot": slot,
        "state": StateCode.SCHEDULED if scheduled else waits.state,
        "waits": waits,
        "queue": spec.queue,
        "lane": spec.lane,
        "seq": None,
        "run_at": spec.run_at if scheduled else None,
        "method": spec.method,
        "root": spec.root,
        "concurrency_key": spec.concurrency_key,
        "rate_key": rate_key(spec),
        "batch": spec.batch,
        "needs": needs,
    }


def rate_key(spec: JobSpec) -> str | None:
    """The rate limit that a job counts against."""
    limit: Mapping[str, Any] | None = spec.options.get("rate_limit")
    return None if limit is None else str(limit["key"])


def key(value: str) -> str:
    """A key, if it is one: PostgreSQL would take other spellings of a UUID than SQLite."""
    if len(value) != KEY_LENGTH or not _KEY_DIGITS.issuperset(value):
        raise UsageError(f"{value[:80]!r} is not a job's key: 32 hexadecimal digits, as `new_key` makes them")
    return value


def is_key(value: str) -> bool:
    """Could this be a key?"""
    return len(value) == KEY_LENGTH and _KEY_DIGITS.issuperset(value)


def text(value: str, field: str) -> str:
    """A text that both databases can hold."""
    if "\0" in value or not _encodable(value):
        raise UsageError(f"the {field} of a job can't hold NUL or half of a surrogate pair: {value[:80]!r}")
    return value


#: `text` for what is the same from job to job
_name = lru_cache(maxsize=1024)(text)


def clean(value: str, limit: int) -> str:
    """A text of any origin, made fit for both databases; the middle of one that is too long is cut out, and says so."""
    if len(value) > limit:
        half = limit // 2
        value = f"{value[:half]}\n... {len(value) - 2 * half} characters left out ...\n{value[-half:]}"
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    return value if _encodable(value) else value.encode("utf-8", "replace").decode("utf-8")


def _encodable(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
