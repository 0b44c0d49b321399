"""Pauses: what people keep from being claimed, on a site, in a queue or of a function, with who, why and until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from rota.engine.wake import CONTROL
from rota.errors import UnknownQueue, UsageError
from rota.jobs import JobState
from rota.sites.site import ADMINISTRATOR, Site
from rota.store import JobView, PauseView


class Target(NamedTuple):
    """What is paused: a queue or a function by its name, or the whole site, whose name is ""."""

    scope: Literal["queue", "method", "site"] = "site"
    name: str = ""

    @classmethod
    def of(cls, *, queue: str | None = None, method: str | None = None) -> Target:
        """The queue, or the function at a dotted path; the site when neither is named.

        Raises:
            UsageError: both are.
        """
        if queue is not None and method is not None:
            raise UsageError("pause a queue or a function, not both at once")
        if queue is not None:
            return cls("queue", queue)
        return cls() if method is None else cls("method", method)

    def __str__(self) -> str:
        return {"queue": f"queue {self.name}", "method": self.name, "site": "the site"}[self.scope]


def pause(site: Site, target: Target, *, by: str = ADMINISTRATOR, why: str = "", until: int | None = None) -> None:
    """Let nobody claim what the target names; what runs goes on. A second pause of the same replaces the first.

    `until`: microseconds since 1970, when it ends by itself; None: when somebody resumes it.

    Raises:
        UnknownQueue: the bench has no such queue.
        UsageError: the function's name is empty.
    """
    _check(site, target)
    with site.store.turn() as turn:
        turn.pause(target.scope, target.name, by=by, why=why, until=until)
    site.waker.wake(site.name, CONTROL)


def resume(site: Site, target: Target) -> bool:
    """End a pause; False if there was none.

    Raises:
        UsageError: it is the pause of maintenance mode, which ends with that.
    """
    if target.scope == "site" and site.config.maintenance_mode:
        raise UsageError(f"{site.name} is in maintenance mode: `rota set-maintenance-mode off` ends it")
    with site.store.turn() as turn:
        resumed = turn.resume(target.scope, target.name)
    site.waker.wake(site.name, CONTROL)
    return resumed


def pause_of(view: JobView, pauses: Iterable[PauseView]) -> PauseView | None:
    """The pause that keeps a job from being claimed, if one does: one of its function before one of more."""
    if view.state is not JobState.QUEUED or view.waits_for not in (None, "pause"):
        return None
    found = {Target(one.scope, one.name): one for one in pauses}  # type: ignore[arg-type]
    wanted = Target("method", view.method), Target("queue", view.queue), Target()
    return next((found[one] for one in wanted if one in found), None)


def _check(site: Site, target: Target) -> None:
    queues = list(site.config.queues())
    if target.scope == "queue" and target.name not in queues:
        raise UnknownQueue(target.name, queues)
    if target.scope == "method" and not target.name:
        raise UsageError("name the function by its dotted path, as in myapp.tasks.cleanup")
