"""Code from the database: Rota runs none. Expressions can be evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rota import frappe  # what an app has put there counts
from rota.errors import NotInRota, PermissionError
from rota.frappe._dict import _dict
from rota.frappe._missing import missing
from rota.jobs import JobState
from rota.sites.context import current
from rota.store import JobFilter

SAFE_EXEC_CONFIG_KEY = "server_script_enabled"
SERVER_SCRIPT_FILE_PREFIX = "<serverscript>"


class ServerScriptNotEnabled(PermissionError):
    """Scripts are not run."""


class NamespaceDict(_dict):
    """Names that a script may use."""


def is_safe_exec_enabled() -> bool:
    """False: Rota runs no code from the database."""
    return False


def safe_exec(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.safe_exec.safe_exec", "no code from the database is run; put it into an app")


def safe_eval(code: str, eval_globals: Any = None, eval_locals: Any = None) -> Any:
    """The same as `frappe.safe_eval`."""
    return frappe.safe_eval(code, eval_globals, eval_locals)


def get_safe_globals() -> Any:
    """What an expression may use: `frappe` with what only reads, and the helpers."""
    from rota.frappe.utils.jinja import _names

    return frappe._dict(_names())


def get_keys_for_autocomplete(*_: Any, **__: Any) -> list[Any]:
    """None: there are no scripts to write."""
    return []


def is_job_queued(job_name: str, queue: str = "default") -> bool:
    """Whether a job of this name (or of this method) waits or runs."""
    context = current()
    states = frozenset({JobState.QUEUED, JobState.STARTED, JobState.SCHEDULED})
    before = None
    while page := context.site.store.listing(JobFilter(states=states, queue=queue), limit=500, before=before):
        before = page[-1].key
        if any(job_name in (view.method, view.id, view.options.get("job_name")) for view in page):
            return True
    return False


def check_safe_sql_query(query: str, throw: bool = True) -> bool:
    """Whether a statement only reads.

    Raises:
        PermissionError: it may write, and `throw` is given.
    """
    only_reads = str(query).strip().lower().startswith(("select", "explain", "with"))
    if not only_reads and throw:
        frappe.throw("Query must be of SELECT or read-only WITH type.", PermissionError)
    return only_reads


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
