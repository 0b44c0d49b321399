"""What a dispatcher serves, and its limits: a part of the bench's settings, with a command's own over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rota.config import Config
from rota.engine.worker import WorkerSettings
from rota.errors import UnknownQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherSettings:
    """What a dispatcher serves, and its limits. Durations in seconds."""

    queues: Mapping[str, float]  #: name to default timeout, in the order of service
    workers: int
    limits: Mapping[str, int] = field(default_factory=dict)  #: the most jobs of a queue at once on this host
    lease: float = 20.0
    grace: float = 10.0
    max_crashes: int = 3
    burst: bool = False  #: end when nothing is left to do
    worker: WorkerSettings = field(default_factory=WorkerSettings)

    @classmethod
    def of(
        cls, config: Config, *, queues: Iterable[str] = (), workers: int | None = None, burst: bool = False
    ) -> DispatcherSettings:
        """The bench's settings, with a command's own over them. `queues`: only these, in this order.

        Raises:
            UnknownQueue: the bench has no such queue.
        """
        known = config.queues()
        wanted = list(queues) or list(known)
        for name in wanted:
            if name not in known:
                raise UnknownQueue(name, list(known))
        return cls(
            queues={name: known[name] for name in wanted},
            workers=workers or config.worker_processes(),
            limits=config.queue_limits(),
            lease=config.claim_timeout,
            grace=config.grace,
            max_crashes=config.max_crashes,
            burst=burst,
            worker=WorkerSettings(
                max_log_size=config.max_log_size,
                recycle_after_jobs=config.recycle_after_jobs,
                recycle_after_mib=config.recycle_after_mib,
                async_jobs=config.async_jobs,
            ),
        )
