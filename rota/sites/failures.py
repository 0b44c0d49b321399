"""One line on a service's output for each job that has failed: where to look, and no value that is named a secret."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable

from rota.engine.outcome import FailedJob
from rota.sites.masking import HIDDEN, secret_values

log = logging.getLogger("rota.jobs")

MOST_CHARACTERS = 300
_PASSWORD_IN_URL = re.compile(r"(?<=://)[^\s/@]+(?=@)")


def tell_failure(site: str, job: FailedJob, error: str | None, mask_keys: Iterable[str] = ()) -> None:
    """Log that a job has failed for good: its site, method and id, and the last line of its error."""
    log.error("%s: %s failed, job %s: %s", site, job.method, _plain(job.id), _last_line(job, error or "", mask_keys))


def _last_line(job: FailedJob, error: str, mask_keys: Iterable[str]) -> str:
    line = next((line for line in reversed(error.splitlines()) if line.strip()), "no error is known")
    try:
        body = json.loads(job.body)
        secrets = secret_values(body["kwargs"], {*mask_keys, *((body.get("options") or {}).get("mask") or ())})
    except (ValueError, KeyError, TypeError):
        return "what it was called with can't be read"
    for value in sorted(secrets, key=len, reverse=True):
        line = line.replace(value, HIDDEN)
    line = _plain(_PASSWORD_IN_URL.sub(HIDDEN, line).strip())
    return line if len(line) <= MOST_CHARACTERS else line[:MOST_CHARACTERS] + " ..."


def _plain(text: str) -> str:
    """Without what moves a terminal's cursor or fakes another line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
