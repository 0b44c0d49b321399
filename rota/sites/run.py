"""Run a claimed job in its site: user, documents, hooks, the call, and one commit of effects and outcome.

Protocol steps W1 to W5. A worker keeps one session a site and runs one job after the other on it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rota.clock import to_micros
from rota.documents.session import Session
from rota.engine.call import Resolver, call_by_signature
from rota.engine.channel import Channel
from rota.engine.outcome import success_callback
from rota.engine.report import Report
from rota.engine.worker import failed
from rota.errors import CommitUnknown, JobCanceled, JobLost, JobTimeout, NotEncodable, RetryLater, RotaError
from rota.jobs import Claim, Ending, JobSpec
from rota.sites.bench import Bench
from rota.sites.callbacks import callback_arguments, is_callback
from rota.sites.chains import ChainWatch
from rota.sites.codec import codec_of
from rota.sites.context import Context, reset_current, set_current
from rota.sites.errorlog import record_failure
from rota.sites.logs import capture, channel_here
from rota.sites.running import Running
from rota.sites.site import Site
from rota.sites.transaction import JobEnqueues


@dataclass(slots=True)
class _Place:
    """What a worker keeps of a site from job to job."""

    site: Site
    session: Session
    enqueues: JobEnqueues
    resolver: Resolver


class SiteRunner:
    """Runs jobs of any site of a bench. The processes of a dispatcher inherit it; each opens what it needs."""

    def __init__(self, bench: Bench, faces: Callable[[], None]) -> None:
        """`faces` makes the names importable under which applications know Rota; called once a process."""
        self._bench = bench
        self._faces = faces
        self._places: dict[str, _Place] = {}
        self._flush: Callable[[], None] = _nothing

    # --- engine.report.Runner ---

    def preload(self) -> None:
        self._faces()

    def start(self) -> None:
        self._flush = capture()

    def run(self, site: str, claim: Claim, channel: Channel) -> Report | Awaitable[Report]:
        place = self._place(site)
        execution = Execution(place.site, place.session, place.enqueues, place.resolver, claim, channel, self._flush)
        return execution.run()

    def _place(self, name: str) -> _Place:
        place = self._places.get(name)
        if place is None:
            site = Site.load(self._bench, name)
            enqueues = JobEnqueues(site.store, site.wake_workers)
            session = Session(site.database, participants=[enqueues])
            place = self._places[name] = _Place(site, session, enqueues, Resolver(site.packages()))
        return place


class Execution:
    """One execution of one job."""

    def __init__(
        self,
        site: Site,
        session: Session,
        enqueues: JobEnqueues,
        resolver: Resolver,
        claim: Claim,
        channel: Channel,
        flush: Callable[[], None],
    ) -> None:
        self._site, self._session, self._enqueues, self._resolver = site, session, enqueues, resolver
        self._claim, self._channel, self._flush = claim, channel, flush
        self._codec = codec_of(site)
        self.running = Running(claim, channel, self._codec.decode)
        self._chain = ChainWatch(self.running)

    def run(self) -> Report | Awaitable[Report]:
        """Execute to the end: what the application raises is in the report."""
        self._enqueues.start(self.running.ref)
        context = self._site.context_on(self._session, self._enqueues, self._claim.user, running=self.running)
        context.language = str(self.running.options.get("language") or context.language)
        tokens = set_current(context), channel_here.set(self._channel)
        try:
            return self._guarded(context)
        finally:
            self._flush()
            channel_here.reset(tokens[1])
            reset_current(tokens[0])

    def _guarded(self, context: Context) -> Report:
        report: Report | None = None
        try:
            report = self._attempt(context)
        except BaseException as error:  # whatever the application raised is a report
            report = self._ended_by(context, error)
        finally:
            self._after(context, report)
        return report

    def _attempt(self, context: Context) -> Report:
        session = self._session
        if not self._site.store.handoff.begun(session.connection, self.running.ref):
            return Report(ending=Ending.LOST)
        function = self._resolver.resolve(self._claim.method)
        for hook in self._hooks("before_job"):
            call_by_signature(hook, self._hook_arguments())
        result = self._call(context, function)
        if inspect.isawaitable(result):
            result = _finish(result)
        self.running.check()
        return self._commit(result)

    def _call(self, context: Context, function: Callable[..., Any]) -> Any:
        if is_callback(self.running.options):
            arguments, keywords = callback_arguments(context, function, self.running)
            return function(*arguments, **keywords)
        return function(**self.running.kwargs)

    def _commit(self, result: Any) -> Report:
        """Effects and outcome in one commit; if nothing was written, the dispatcher records the outcome."""
        encoded = self._encoded(result)
        self._chain.check(self._enqueues, self._session)
        self._enqueues.last(lambda: (encoded, self._callbacks(encoded)))
        with self._channel.uninterrupted():
            self._session.commit()
        if self._enqueues.recorded:
            return Report(ending=Ending.COMMITTED, result=encoded)
        return Report(ending=Ending.RETURNED, result=encoded, children=tuple(self._enqueues.children))

    def _encoded(self, result: Any) -> str | None:
        if result is None:
            return None
        try:
            return self._codec.encode(result, "result")
        except NotEncodable as error:
            # The job did its work; only what it returned can't be kept, and its log says so.
            self._channel.log("WARNING", f"the return value is not kept: {error}")
            return None

    def _callbacks(self, result: str | None) -> list[JobSpec]:
        callback = success_callback(self._claim, self._channel.body, result)
        return [callback] if callback else []

    # --- when it did not return ---

    def _ended_by(self, context: Context, error: BaseException) -> Report:
        if isinstance(error, CommitUnknown):
            return Report(ending=Ending.LOST, error=str(error), unknown=True)
        with self._channel.uninterrupted():
            self._session.rollback()
        if isinstance(error, RetryLater):
            return Report(ending=Ending.LATER, run_at=self._later(error), error=str(error))
        if isinstance(error, JobLost):
            return Report(ending=Ending.LOST, error=str(error))
        if isinstance(error, (Exception, JobTimeout, JobCanceled, SystemExit, KeyboardInterrupt)):
            return self._failure(context, error)
        return failed(error)

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
            self._quietly(lambda hook=hook: call_by_signature(hook, {**self._hook_arguments(), "result": result}))
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
        return [self._resolver.resolve(path) for path in self._site.apps.hooks(name)]

    def _hook_arguments(self) -> dict[str, Any]:
        return {"method": self._claim.method, "kwargs": self.running.kwargs, "transaction_type": "job"}


def _finish(awaitable: Awaitable[Any]) -> Any:
    raise NotImplementedError(awaitable)


def _nothing() -> None:
    """Before a worker has started there is nothing to flush."""
