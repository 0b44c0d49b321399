"""A job's arguments as people may see them: what is named like a secret is never shown."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from rota.store.views import JobView

HIDDEN = "***"
_SECRET = re.compile(r"passw|passphrase|secret|token|api_?key|private_?key|credential|authorization|cookie", re.I)


def masked_arguments(view: JobView, mask_keys: Iterable[str] = (), *, encoded: str | None = None) -> Any:
    """The arguments of a job as plain JSON values; hidden are secrets, `mask_keys`, and the job's own `mask`.

    `encoded`: those that it once had, in place of its own.
    """
    own = view.options.get("mask") or ()
    return masked(view.kwargs if encoded is None else encoded, {*mask_keys, *(own if isinstance(own, list) else ())})


def masked(encoded: str, names: Collection[str] = ()) -> Any:
    """An encoded payload as plain JSON values, the values of secret names hidden at any depth."""
    try:
        return _masked(json.loads(encoded), names)
    except ValueError:
        return HIDDEN


def secret_values(encoded: str, names: Collection[str] = ()) -> set[str]:
    """The texts and numbers, as text, that `masked` hides.

    Raises:
        ValueError: it can't be read.
    """
    return set(_hidden(json.loads(encoded), names, is_secret=False))


def _hidden(value: Any, names: Collection[str], *, is_secret: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _hidden(one, names, is_secret=is_secret or _is_secret(key, names))
    elif isinstance(value, list):
        for one in value:
            yield from _hidden(one, names, is_secret=is_secret)
    elif is_secret and value and not isinstance(value, bool):
        yield str(value)


def _masked(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if _is_secret(key, names) else _masked(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, names) for one in value]
    return value


def _is_secret(key: str, names: Collection[str]) -> bool:
    return key in names or _SECRET.search(key) is not None
