"""Run a claimed job in its site: user, documents, hooks, the call, and one commit of effects and outcome.

Protocol steps W1 to W5. A worker keeps its sessions and runs one job after the other on them; `async def` jobs that run
beside each other have one each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from rota.clock import to_micros
from rota.documents.documents import Documents
from rota.documents.session import Session
from rota.engine.call import call_by_signature
from rota.engine.channel import Channel
from rota.engine.outcome import success_callback
from rota.engine.report import NOTHING_TO_TELL, Report
from rota.engine.worker import failed
from rota.errors import (
    CommitUnknown,
    JobCanceled,
    JobHandedOut,
    JobInterrupted,
    JobLost,
    JobTimeout,
    NotEncodable,
    RetryLater,
    RotaError,
    StoreUnavailable,
    UnknownMethod,
)
from rota.jobs import Claim, Ending, JobSpec
from rota.sites.bench import Bench
from rota.sites.callbacks import arguments_of
from rota.sites.codec import JOB_CODEC
from rota.sites.context import Context, reset_current, set_current
from rota.sites.errorlog import record_failure
from rota.sites.jobs import jobs_of
from rota.sites.logs import capture, channel_here
from rota.sites.running import Running
from rota.sites.site import ADMINISTRATOR, Site
from rota.sites.transaction import JobEnqueues
from rota.sites.workspace import documents_of

#: seconds that a connection was not used, after which it is asked whether it lives
ASK_AFTER_SECONDS = 1.0
#: microseconds until a job is tried again whose database could not be reached
UNAVAILABLE = 2_000_000


@dataclass(slots=True)
class _Place:
    """What a worker keeps of a site from job to job."""

    site: Site
    session: Session
    enqueues: JobEnqueues
    documents: Documents
    used_at: float = 0.0  #: seconds, monotonic


class SiteRunner:
    """Runs jobs of any site of a bench. The processes of a dispatcher inherit it; each opens what it needs."""

    def __init__(self, bench: Bench, faces: Callable[[], None], sites: Iterable[Site] = ()) -> None:
        """`faces` makes the names importable under which applications know Rota; called once a process.

        `sites`: those that are loaded already.
        """
        self._bench = bench
        self._faces = faces
        self._sites = {site.name: site for site in sites}
        self._free: dict[str, list[_Place]] = {}
        self._flush: Callable[[], None] = _nothing

    # --- engine.report.Runner ---

    def preload(self) -> None:
        self._faces()

    def start(self) -> None:
        self._flush = capture()

    def run(self, site: str, claim: Claim, channel: Channel) -> Report | Awaitable[Report]:
        try:
            place = self._take(site)
        except StoreUnavailable as error:
            # Nothing was begun: the job waits for its database, and no attempt is lost.
            run_at = to_micros(self._load(site).clock.now()) + UNAVAILABLE
            return Report(ending=Ending.LATER, run_at=run_at, error=str(error))
        execution = Execution(place, claim, channel, self._flush)
        if execution.is_async:
            return self._run_async(execution, place)
        try:
            return execution.run()
        finally:
            self._put_back(place)

    def close(self) -> None:
        """Close what is open and runs nothing; a worker's process just ends instead."""
        for free in self._free.values():
            while free:
                free.pop().session.close()

    async def _run_async(self, execution: Execution, place: _Place) -> Report:
        try:
            return await execution.run_async()
        finally:
            self._put_back(place)

    def _take(self, site: str) -> _Place:
        """A place to run a job in. A server may have gone and come back while nothing was asked of it here."""
        free = self._free.setdefault(site, [])
        while free:
            place = free.pop()
            if time.monotonic() - place.used_at < ASK_AFTER_SECONDS or _answers(place.session):
                return place
            place.session.close()
        return self._open(site)

    def _put_back(self, place: _Place) -> None:
        if place.session.connection.is_lost:
            place.session.close()
            return
        place.used_at = time.monotonic()
        self._free[place.site.name].append(place)

    def _open(self, name: str) -> _Place:
        site = self._load(name)
        session = Session(site.database)
        try:
            # Read here once, so that no job has begun yet if the database can't be reached.
            site.apps  # noqa: B018
            enqueues = JobEnqueues(site.store, site.wake_workers)
            session.participants.append(enqueues)
            return _Place(site, session, enqueues, documents_of(site, session, ADMINISTRATOR))
        except BaseException:
            session.close()
            raise

    def _load(self, name: str) -> Site:
        if name not in self._sites:
            self._sites[name] = Site.load(self._bench, name)
        return self._sites[name]


class Execution:
    """One execution of one job."""

    def __init__(self, place: _Place, claim: Claim, channel: Channel, flush: Callable[[], None]) -> None:
        self._site, self._session, self._enqueues = place.site, place.session, place.enqueues
        self._documents = place.documents
        self._claim, self._channel, self._flush = claim, channel, flush
        self.running = Running(claim, channel, JOB_CODEC.decode)

    @property
    def is_async(self) -> bool:
        """Whether the job's function is an `async def`; one that can't be resolved fails when it is called."""
        try:
            return self._site.resolver.is_async(self._claim.method)
        except UnknownMethod:
            return False

    def run(self) -> Report:
        """Execute to the end: what the application raises is in the report."""
        with self._opened() as context:
            report: Report | None = None
            try:
                function = self._begin()
                report = self._lost() if function is None else self._commit(self._called(context, function))
            except BaseException as error:  # noqa: BLE001 - whatever the application raised is a report
                report = self._ended_by(context, error)
            finally:
                self._after(context, report)
            return report

    async def run_async(self) -> Report:
        """As `run`, for an `async def` job."""
        with self._opened() as context:
            report: Report | None = None
            try:
                function = self._begin()
                report = self._lost() if function is None else self._commit(await self._awaited(context, function))
            except asyncio.CancelledError as error:
                report = self._ended_by(context, self._why_cancelled(error))
            except BaseException as error:  # noqa: BLE001 - whatever the application raised is a report
                report = self._ended_by(context, error)
            finally:
                self._after(context, report)
            return report

    @contextmanager
    def _opened(self) -> Iterator[Context]:
        self._enqueues.start(self.running)
        self._documents.user = self._claim.user
        self._documents.doctypes.refresh()
        language = str(self.running.options.get("language") or "en")
        context = Context(self._site, self._documents, self._enqueues, language=language, running=self.running)
        tokens = set_current(context), channel_here.set(self._channel)
        try:
            yield context
        finally:
            self._flush()
            channel_here.reset(tokens[1])
            reset_current(tokens[0])

    def _begin(self) -> Callable[..., Any] | None:
        """The function to call; None when the claim was finished or taken away before it began."""
        if not self._site.store.handoff.begun(self._session.connection, self.running.ref, self._claim.started_at):
            return None
        function = self._site.resolver.resolve(self._claim.method)
        for hook in self._hooks("before_job"):
            call_by_signature(hook, self._hook_arguments())
        return function

    def _called(self, context: Context, function: Callable[..., Any]) -> Any:
        while True:
            try:
                return self._call(context, function)
            except JobHandedOut:
                return None
            except Exception as error:
                if not self._goes_on(error):
                    raise

    async def _awaited(self, context: Context, function: Callable[..., Any]) -> Any:
        while True:
            try:
                return await self._call(context, function)
            except JobHandedOut:
                return None
            except Exception as error:
                if not self._goes_on(error):
                    raise

    def _goes_on(self, error: Exception) -> bool:
        """Whether an iteration left out the row that raised this: the function is called again, to go on behind it."""
        checkpoint = self.running.checkpoint
        if checkpoint is None or not checkpoint.collect(error):
            return False
        self.running.begin_again()
        return True

    def _call(self, context: Context, function: Callable[..., Any]) -> Any:
        told = self.running.options.get("callback")
        if told is None:
            return function(**self.running.kwargs)
        result = JOB_CODEC.decode(told["result"]) if told.get("result") is not None else None
        parent = jobs_of(context).queue.find(told["of"])
        arguments, keywords = arguments_of(function, told, parent, self.running.kwargs, result)
        return function(*arguments, **keywords)

    def _why_cancelled(self, error: asyncio.CancelledError) -> BaseException:
        try:
            self.running.check()
        except (JobTimeout, JobCanceled) as why:
            return why
        return error

    @staticmethod
    def _lost() -> Report:
        return Report(ending=Ending.LOST)

    def _commit(self, result: Any) -> Report:
        """Effects and outcome in one commit; if nothing was written, the dispatcher records the outcome."""
        self.running.check()
        checkpoint = self.running.checkpoint
        if checkpoint is not None and checkpoint.interrupted is not None:
            # The application has caught it, and went on as if its rows were all done.
            raise checkpoint.interrupted
        encoded = self._encoded(result)
        self._enqueues.last(lambda: (encoded, self._callbacks(encoded)))
        with self._channel.uninterrupted():
            self._session.commit()
        if self._enqueues.recorded:
            return Report(ending=Ending.COMMITTED, result=encoded)
        children = tuple(self._enqueues.children)
        if encoded is None and not children:
            return NOTHING_TO_TELL
        return Report(ending=Ending.RETURNED, result=encoded, children=children)

    def _encoded(self, result: Any) -> str | None:
        if result is None:
            return None
        try:
            return JOB_CODEC.encode(result, "result")
        except NotEncodable as error:
            # The job did its work; only what it returned can't be kept, and its log says so.
            self._channel.log("WARNING", f"the return value is not kept: {error}")
            return None

    def _callbacks(self, result: str | None) -> list[JobSpec]:
        callback = success_callback(self._claim, result, now=self._site.store.now())
        return [callback] if callback else []

    # --- when it did not return ---

    def _ended_by(self, context: Context, error: BaseException) -> Report:
        if isinstance(error, CommitUnknown):
            return Report(ending=Ending.LOST, error=str(error), unknown=True)
        with self._channel.uninterrupted():
            self._session.rollback()
        if isinstance(error, StoreUnavailable) or self._session.connection.is_lost:
            # What it did went with its connection: as if its worker had died, whatever the application made of it.
            return Report(ending=Ending.LOST, error=f"The database was lost while it ran: {error}")
        if isinstance(error, JobLost):
            return Report(ending=Ending.LOST, error=str(error))
        if self._resumes(error):
            return self._again(error)
        if isinstance(error, (Exception, JobTimeout, JobCanceled, SystemExit, KeyboardInterrupt)):
            return self._failure(context, error)
        return failed(error)

    def _resumes(self, error: BaseException) -> bool:
        """Whether it ends without having failed: at its own wish, or with its place saved for the next time."""
        if isinstance(error, JobTimeout):
            checkpoint = self.running.checkpoint
            return checkpoint is not None and checkpoint.saves > 0
        return isinstance(error, (JobInterrupted, RetryLater))

    def _again(self, error: BaseException) -> Report:
        told = str(error)
        if isinstance(error, RetryLater):
            return Report(ending=Ending.LATER, run_at=self._later(error), error=told)
        if isinstance(error, JobInterrupted):
            ending = Ending.RELEASED if error.at is None else Ending.LATER
            return Report(ending=ending, run_at=error.at, error=told)
        # Its time is for one stretch of what it has to do, and it got on in this one.
        return Report(ending=Ending.LATER, run_at=self._site.store.now(), error=told)

    def _failure(self, context: Context, error: BaseException) -> Report:
        report = failed(error)
        if not isinstance(error, JobCanceled):
            try:
                record_failure(context, self._claim.method, report.error or "")
            except CommitUnknown as unknown:
                return Report(ending=Ending.LOST, error=str(unknown), unknown=True)
            except JobLost as lost:
                return Report(ending=Ending.LOST, error=str(lost))
            except RotaError as second:
                # The failure itself must be recorded even if its Error Log row can't be.
                self._session.rollback()
                self._channel.log("ERROR", f"no Error Log row could be written: {second}")
        return report

    def _later(self, error: RetryLater) -> int:
        if error.at is not None:
            return to_micros(error.at)
        delay = error.delay
        if delay is None:
            raise RuntimeError("RetryLater has a delay or a time")
        return self._site.store.now() + int(delay.total_seconds() * 1_000_000)

    # --- around it ---

    def _after(self, context: Context, report: Report | None) -> None:
        """`after_job` hooks and callbacks: they run whatever happened, and change nothing of the outcome."""
        result = report.result if report else None
        for hook in self._hooks("after_job"):
            self._quietly(partial(call_by_signature, hook, {**self._hook_arguments(), "result": result}))
        for function in self.running.after:
            self._quietly(function)
        self._quietly(context.close)
        if self._session.connection.in_transaction:
            self._session.rollback()

    def _quietly(self, function: Callable[[], Any]) -> None:
        try:
            function()
        except Exception as error:  # noqa: BLE001 - an application's code, after its job's outcome is settled
            self._channel.log("ERROR", f"after the job: {type(error).__name__}: {error}")

    def _hooks(self, name: str) -> list[Callable[..., Any]]:
        return [self._site.resolver.resolve(path) for path in self._site.apps.hooks(name)]

    def _hook_arguments(self) -> dict[str, Any]:
        return {"method": self._claim.method, "kwargs": self.running.kwargs, "transaction_type": "job"}


def _answers(session: Session) -> bool:
    try:
        session.query("select 1")
    except StoreUnavailable:
        return False
    return True


def _nothing() -> None:
    """Before a worker has started there is nothing to flush."""
