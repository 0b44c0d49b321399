"""The job that runs here: what `rota.current_job()` gives, and what `frappe.local.job` is made of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from rota.engine.channel import Channel
from rota.engine.job import Job
from rota.jobs import Claim
from rota.sites.checkpoint import Checkpoint
from rota.sites.codec import JOB_CODEC
from rota.sites.context import current
from rota.sites.jobs import jobs_of
from rota.sites.steps import Step
from rota.store import ClaimRef


class Running:
    """One execution of a job, from the inside."""

    def __init__(self, claim: Claim, channel: Channel, decode: Callable[[str], Any]) -> None:
        self.claim = claim
        self.channel = channel
        self.after: list[Callable[[], Any]] = []  #: run when the execution is over, even if it failed
        self.checkpoint: Checkpoint | None = None  #: where it is, once it iterates or takes a step
        self.ref = ClaimRef(claim.key, claim.number)
        self._decode = decode
        self._kwargs: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """The public job id."""
        return self.claim.id

    @property
    def key(self) -> str:
        """This enqueue, which no other job ever is."""
        return self.claim.key

    @property
    def attempt(self) -> int:
        """1 for the first execution."""
        return self.claim.attempt

    @property
    def method(self) -> str:
        return self.claim.method

    @property
    def queue(self) -> str:
        return self.claim.queue

    @property
    def root(self) -> str:
        """The public id at the head of the chain that this job belongs to; its own when it is no link."""
        return self.claim.root or self.claim.id

    @property
    def batch_key(self) -> str | None:
        """The key of the batch that this job is one of."""
        key: str | None = self.channel.body.get("batch")
        return key

    @property
    def options(self) -> Mapping[str, Any]:
        """What the enqueue asked for beside the arguments."""
        options: Mapping[str, Any] = self.channel.body.get("options") or {}
        return options

    @property
    def kwargs(self) -> dict[str, Any]:
        """The arguments."""
        if self._kwargs is None:
            decoded: dict[str, Any] = self._decode(self.channel.body.get("kwargs") or "{}")
            self._kwargs = decoded
        return self._kwargs

    @cached_property
    def job(self) -> Job:
        """The job as others see it: `meta` and `save_meta`, `created_at`, `cancel`, ..."""
        return jobs_of(current()).queue.job(self.key)

    @property
    def meta(self) -> dict[str, Any]:
        """What the application keeps with the job, from one attempt to the next; stored by `save_meta`."""
        return self.job.meta

    def save_meta(self) -> None:
        """Store `meta`, as `Job.save_meta` does."""
        self.check()
        self.job.save_meta()

    @property
    def stopping(self) -> bool:
        """Whether the worker is about to stop: a job that can be resumed ends at its next step."""
        return self.channel.stopping

    def check(self) -> None:
        """Stop here if the job was canceled or its time is over.

        Raises:
            JobCanceled, JobTimeout: so it is.
        """
        self.channel.check()

    def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """Tell how far it is: `done` of `total`, or `done` per cent without a total. Stored at most once a second."""
        self.check()
        self.channel.progress(done, 100.0 if total is None else total, message)

    def step(self, name: str) -> Step:
        """A block that is left out when the job is run again after it was done: `with job.step("export"):`.

        Its end is a commit. What it sets as `result` of the step is there again when it is left out.

        Raises:
            UsageError: the name comes twice, or it is inside an iteration.
        """
        return Step(Checkpoint.of(current()), name, JOB_CODEC.encode, self._decode)

    def begin_again(self) -> None:
        """The function is called once more in this execution, with the arguments as they were."""
        self._kwargs = None
        if self.checkpoint is not None:
            self.checkpoint.begin_again()

    def log(self, text: str, level: int = logging.INFO) -> None:
        """Keep a line with this attempt."""
        self.check()
        self.channel.log(logging.getLevelName(level), text)
