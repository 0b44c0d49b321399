"""The current site, user and transaction: the one ContextVar, which only the facade and the faces read.

Whoever opens a site (`Site.open`, a job's runner, a request) sets it; core objects are given what they use instead.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rota.documents.dictionary import AttrDict
from rota.errors import UsageError

if TYPE_CHECKING:
    from rota.documents.documents import Documents
    from rota.jobs import Claim
    from rota.sites.jobs import Jobs
    from rota.sites.running import Running
    from rota.sites.site import Site
    from rota.sites.transaction import Enqueues


@dataclass(slots=True)
class Context:
    """What one request, job or `with rota.site()` works with. Belongs to one thread or task."""

    site: Site
    documents: Documents
    enqueues: Enqueues
    language: str = "en"
    running: Running | None = None  #: the job that this is, if it is one
    jobs: Jobs | None = None  #: made by `sites.jobs.jobs_of`
    flags: AttrDict = field(default_factory=AttrDict)
    local: AttrDict = field(default_factory=AttrDict)  #: what apps hang on `frappe.local` for themselves
    messages: list[dict[str, Any]] = field(default_factory=list)
    at_end: list[Callable[[], None]] = field(default_factory=list)  #: run when the context closes, whatever happened

    def __post_init__(self) -> None:
        # What an app sets as `frappe.flags.in_import` is what documents look at; each job has its own.
        self.documents.flags = self.flags

    @property
    def user(self) -> str:
        """Who acts."""
        return self.documents.user

    @user.setter
    def user(self, user: str) -> None:
        self.documents.user = user

    def close(self) -> None:
        """Run what was left for the end."""
        while self.at_end:
            self.at_end.pop()()

    @property
    def claim(self) -> Claim | None:
        return self.running.claim if self.running else None


_current: ContextVar[Context | None] = ContextVar("rota_site", default=None)
set_current = _current.set
reset_current = _current.reset


def current() -> Context:
    """The context that is open here.

    Raises:
        UsageError: no site is open.
    """
    context = _current.get()
    if context is None:
        raise UsageError("no site is open here: use `with rota.site(NAME):`, a job, or `rota --site NAME execute`")
    return context


def current_or_none() -> Context | None:
    """The context that is open here, if one is."""
    return _current.get()
