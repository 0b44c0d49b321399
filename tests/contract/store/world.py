"""A small world of callers, dispatchers, workers and maintainers that takes random steps, and what must always hold.

Every step is one atomic transaction or message of the protocol, so that a kill or a freeze between any two of them is
just another order of steps: a dispatcher that is killed forgets what it holds, a worker may commit at any later time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from rota.errors import JobLost
from rota.jobs import Claim, Ending, JobSpec, JobState, Outcome
from rota.store import ClaimCursor, ClaimRef, JobView, LostClaim
from tests.contract.store.site import ALL_QUEUES, Site, outcome, ref

IDS = ("a", "b", None)
WAITING = (JobState.QUEUED, JobState.SCHEDULED)


@dataclass
class Dispatcher:
    token: str
    cursor: ClaimCursor = field(default_factory=ClaimCursor)
    held: dict[ClaimRef, Claim] = field(default_factory=dict)
    reports: list[Outcome] = field(default_factory=list)


@dataclass
class Worker:
    """It has a claim and does not know whether it still holds."""

    claim: Claim
    dispatcher: Dispatcher
    midway: int = 0


class World:
    """The actors, what they did, and the steps that they can take next."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site, self.random = site, random.Random(seed)
        self.store = site.store
        self.documents = site.connect()
        self.dispatchers = [Dispatcher(site.token), Dispatcher(site.dispatcher())]
        self.workers: list[Worker] = []
        self.lost: list[LostClaim] = []
        self.fenced: list[LostClaim] = []
        self.last_commits: Counter[str] = Counter()  #: by key
        self.children: dict[str, list[tuple[int, JobSpec]]] = {}  #: by key: claim and child of runs that ended well
        self.callbacks: dict[str, list[JobSpec]] = {}
        self.seen: dict[str, JobState] = {}
        self.steps: list[Callable[[], None]] = [
            self.enqueue,
            self.publish,
            self.claim,
            self.claim,
            self.claim_and_die,
            self.commit_last,
            self.commit_midway,
            self.return_without_writing,
            self.fail,
            self.report,
            self.report,
            self.beat,
            self.kill_dispatcher,
            self.kill_worker,
            *[self.look_for_lost, self.raise_fence, self.expire, self.advance] * 2,
            self.cancel,
            self.settle,
            self.sweep,
            self.prune,
            self.advance,
        ]

    def step(self) -> str:
        step = self.random.choice(self.steps)
        step()
        return step.__name__

    # --- callers ---

    def enqueue(self) -> None:
        with self.store.turn() as turn:
            turn.insert([self.spec()])

    def publish(self) -> None:
        specs = [self.spec() for _ in range(self.random.randint(1, 3))]
        self.documents.begin()
        self.documents.run("insert into effect (key, what) values ('', 'caller')")
        self.store.handoff.publish(self.documents, specs)
        if self.random.random() < 0.2:
            self.documents.rollback()
        else:
            self.documents.commit()

    def spec(self) -> JobSpec:
        spec = self.site.spec(self.random.choice(IDS))
        self.seen[spec.key] = JobState.QUEUED
        return spec

    def cancel(self) -> None:
        if self.seen:
            with self.store.turn() as turn:
                turn.cancel(self.random.choice(list(self.seen)), "", "ann")

    # --- dispatchers ---

    def claim(self) -> None:
        dispatcher = self.random.choice(self.dispatchers)
        for claim in self.site.claim(self.random.randint(1, 3), token=dispatcher.token, cursor=dispatcher.cursor):
            dispatcher.held[ref(claim)] = claim
            self.workers.append(Worker(claim, dispatcher))

    def claim_and_die(self) -> None:
        """The commit of a claim whose answer never came."""
        if self.random.random() < 0.3:
            dispatcher = self.random.choice(self.dispatchers)
            self.site.claim(1, token=dispatcher.token, cursor=ClaimCursor())

    def report(self) -> None:
        dispatcher = self.random.choice(self.dispatchers)
        with self.store.turn() as turn:
            turn.record(dispatcher.reports)
        if self.random.random() < 0.7:  # else the answer to the commit was lost: once more, later
            dispatcher.reports.clear()

    def beat(self) -> None:
        dispatcher = self.random.choice(self.dispatchers)
        with self.store.turn() as turn:
            told = turn.beat(dispatcher.token, 20, list(dispatcher.held))
            if told.alive:
                reported = [ClaimRef(one.key, one.claim) for one in dispatcher.reports]
                turn.unsent(dispatcher.token, [*dispatcher.held, *reported])
        if not told.alive:
            self.start_over(dispatcher, orphans=False)
            return
        for gone in told.gone | told.canceled:
            # SIGKILL, wait, and then R3.
            self.end_worker(gone)
            claim = dispatcher.held.pop(gone, None)
            if claim is not None:
                dispatcher.reports.append(self.ended(claim, Ending.LOST))

    def kill_dispatcher(self) -> None:
        if self.random.random() < 0.3:
            self.start_over(self.random.choice(self.dispatchers), orphans=True)

    def start_over(self, dispatcher: Dispatcher, *, orphans: bool) -> None:
        if not orphans:
            self.workers = [worker for worker in self.workers if worker.dispatcher is not dispatcher]
        self.dispatchers[self.dispatchers.index(dispatcher)] = Dispatcher(self.site.dispatcher())

    # --- workers ---

    def commit_last(self) -> None:
        if (worker := self.any_worker()) is not None:
            child = self.child_of(worker)
            if self.commits(worker, [child], last=True):
                self.last_commits[worker.claim.key] += 1
                self.children.setdefault(worker.claim.key, []).append((worker.claim.number, child))
                self.report_of(worker, outcome(worker.claim, Ending.COMMITTED))
            else:
                self.report_of(worker, self.ended(worker.claim, Ending.LOST))

    def commit_midway(self) -> None:
        worker = self.any_worker()
        if worker is not None and self.commits(worker, [], last=False):
            worker.midway += 1

    def commits(self, worker: Worker, children: list[JobSpec], *, last: bool) -> bool:
        """A fenced commit; it may pass only while the job is started under that claim."""
        before = self.store.job(worker.claim.key)
        try:
            if last:
                self.site.commit_last(self.documents, worker.claim, *children)
            else:
                self.site.commit_midway(self.documents, worker.claim, *children)
        except JobLost:
            return False
        assert before is not None
        assert (before.state, before.claim) == (JobState.STARTED, worker.claim.number), "a stale commit passed"
        return True

    def return_without_writing(self) -> None:
        if (worker := self.any_worker()) is not None and not worker.midway:
            child = self.child_of(worker)
            self.children.setdefault(worker.claim.key, []).append((worker.claim.number, child))
            self.report_of(worker, outcome(worker.claim, Ending.RETURNED, children=(child,)))

    def fail(self) -> None:
        if (worker := self.any_worker()) is not None:
            self.report_of(worker, self.ended(worker.claim, Ending.FAILED))

    def kill_worker(self) -> None:
        """It died by itself; its dispatcher waited for it."""
        if (worker := self.any_worker()) is not None:
            self.report_of(worker, self.ended(worker.claim, Ending.LOST))

    def any_worker(self) -> Worker | None:
        return self.random.choice(self.workers) if self.workers else None

    def child_of(self, worker: Worker) -> JobSpec:
        own = worker.claim.id if worker.claim.id in IDS and self.random.random() < 0.5 else None
        child = self.site.spec(own, root=worker.claim.root or worker.claim.id)
        self.seen[child.key] = JobState.QUEUED
        return child

    def report_of(self, worker: Worker, report: Outcome) -> None:
        self.workers.remove(worker)
        # A dispatcher that was killed has nobody who listens.
        if worker.dispatcher in self.dispatchers:
            worker.dispatcher.held.pop(ref(worker.claim), None)
            worker.dispatcher.reports.append(report)

    def end_worker(self, claim: ClaimRef) -> None:
        self.workers = [worker for worker in self.workers if ref(worker.claim) != claim]

    def ended(self, claim: Claim | LostClaim, ending: Ending) -> Outcome:
        """What `engine.outcome` decides: another try or none, and the callbacks."""
        again = None if self.random.random() < 0.5 else self.store.now() + self.random.choice([0, 30_000_000])
        on_failure, on_stopped = self.site.spec(), self.site.spec()
        self.callbacks.setdefault(claim.key, []).extend([on_failure, on_stopped])
        self.seen |= {on_failure.key: JobState.QUEUED, on_stopped.key: JobState.QUEUED}
        return Outcome(
            key=claim.key,
            claim=claim.number,
            ending=ending,
            run_at=again,
            on_failure=on_failure,
            on_stopped=on_stopped,
        )

    # --- maintenance: each of its steps may come much later than the one before ---

    def look_for_lost(self) -> None:
        self.lost = self.store.expiry.lost()

    def raise_fence(self) -> None:
        self.fenced = self.store.expiry.raise_fence(self.lost)

    def expire(self) -> None:
        with self.store.turn() as turn:
            turn.expire([self.ended(one, Ending.LOST) for one in self.fenced])

    def settle(self) -> None:
        assert self.store.settle()
        if self.random.random() < 0.3:  # another process, which remembers nothing
            assert self.site.another_store().settle()

    def sweep(self) -> None:
        assert self.store.sweep()
        assert self.store.prune_ledger()

    def prune(self) -> None:
        with self.store.turn() as turn:
            turn.promote_due()
            turn.prune()
        self.store.expiry.forget()

    def advance(self) -> None:
        self.site.clock.advance(seconds=self.random.choice([1, 5, 11]))

    # --- what always holds ---

    def check(self) -> None:
        jobs = {job.key: job for job in self.site.store.jobs(list(self.seen))}
        pending = self.pending_ends()
        for key, job in jobs.items():
            self.check_job(job, ended=key in pending)
            if self.seen[key].is_final:
                assert job.state is self.seen[key], f"{key}: {self.seen[key]} -> {job.state}"
            self.seen[key] = job.state
        self.check_slots(list(jobs.values()))
        self.check_workers(jobs)
        if self.site.sqlite:
            self.check_ledger(jobs)

    def pending_ends(self) -> set[str]:
        """Keys that site.db calls done and jobs.db need not know yet."""
        if not self.site.sqlite:
            return set()
        return {row[0] for row in self.documents.query("select key from rota_ledger where done is not null")}

    def check_job(self, job: JobView, *, ended: bool) -> None:
        """3 and 4: effects exactly where it finished, children with it, callbacks with the other ends."""
        commits = self.last_commits[job.key]
        assert commits <= 1, f"{job.key}: effects {commits} times"
        if commits:
            finished = job.state is JobState.FINISHED
            assert finished or (ended and job.state is JobState.STARTED), f"{job.key}: effects and {job.state}"
        made = [(claim, self.exists(child)) for claim, child in self.children.get(job.key, [])]
        there = [claim for claim, exists in made if exists]
        if job.state is JobState.FINISHED:
            assert there == [job.claim], f"{job.key}: children of claims {there}, finished by {job.claim}"
        elif not commits:
            assert there == [], f"{job.key}: {job.state} with children of claims {there}"
        called = [spec.key for spec in self.callbacks.get(job.key, []) if self.exists(spec)]
        if job.state is JobState.FAILED or (job.state is JobState.CANCELED and job.reason == "canceled while it ran"):
            assert len(called) == 1
        else:
            assert called == []

    def exists(self, spec: JobSpec) -> bool:
        return self.store.job(spec.key) is not None

    def check_slots(self, jobs: list[JobView]) -> None:
        """5: one live job a slot."""
        slots = Counter((job.id, job.slot) for job in jobs if job.slot is not None)
        assert all(count == 1 for count in slots.values()), slots
        for id_, slot in slots:
            assert slot == 0 or (id_, 0) in slots, f"{id_}: a successor of nobody"

    def check_workers(self, jobs: dict[str, JobView]) -> None:
        """2: what is queued or final, or started by another claim, can be committed by nobody else."""
        for worker in self.workers:
            job = jobs.get(worker.claim.key)
            if job is not None and (job.state, job.claim) == (JobState.STARTED, worker.claim.number):
                continue
            assert not self.would_pass(ref(worker.claim)), f"{worker.claim.key}: claim {worker.claim.number} may commit"

    def would_pass(self, claim: ClaimRef) -> bool:
        self.documents.begin()
        try:
            self.store.handoff.fence(self.documents, claim)
        except JobLost:
            return False
        finally:
            self.documents.rollback()
        return True

    def check_ledger(self, jobs: dict[str, JobView]) -> None:
        """6 and 7: no outbox row of a pruned job, and a floor below every current claim."""
        floor = self.documents.value("select claim from rota_ledger_floor")
        assert all(floor < job.claim for job in jobs.values() if job.state is JobState.STARTED)
        final = {key for key, state in self.seen.items() if state.is_final}
        for (key,) in self.documents.query("select key from rota_outbox"):
            assert key not in final or key in jobs, f"{key} was pruned with its row in the outbox"

    # --- the end: everybody does what is left to do, and all of it comes to an end ---

    def come_to_rest(self) -> None:
        """With no further fault, every job reaches a final state."""
        self.workers.clear()
        self.dispatchers = [Dispatcher(self.site.dispatcher())]
        for _ in range(200):
            self.site.clock.advance(seconds=4)
            with self.store.turn() as turn:
                turn.beat(self.dispatchers[0].token, 20, list(self.dispatchers[0].held))
                turn.promote_due()
            self.look_for_lost()
            self.raise_fence()
            self.expire()
            claims = self.site.claim(10, token=self.dispatchers[0].token, cursor=self.dispatchers[0].cursor)
            with self.store.turn() as turn:
                turn.record([outcome(claim, Ending.RETURNED) for claim in claims])
            stats = self.store.stats()
            if not any(stats[state.value] for state in (*WAITING, JobState.STARTED)):
                return
        raise AssertionError(f"never at rest: {stats}")


__all__ = ["ALL_QUEUES", "World"]
