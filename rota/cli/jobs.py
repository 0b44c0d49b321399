"""`rota jobs`: look at the jobs of a site, and steer them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rota.cli.pauses import pause, pauses, resume
from rota.cli.state import State, json_option, pass_state, show_json, show_table, site_option, who
from rota.cli.steering import steer

if TYPE_CHECKING:
    from rota.engine.queue import Queue
    from rota.sites.site import Site
    from rota.store.views import JobFilter, JobView

STATES = ("scheduled", "queued", "started", "finished", "failed", "canceled")
FINAL = STATES[3:]
WAITING = STATES[:2]
# Whoever may run the command may do everything.
WHO = "Administrator"
# How many jobs one look at the store takes.
PAGE = 500
F = TypeVar("F", bound=Callable[..., Any])


@click.group(invoke_without_command=True)
@site_option
@click.pass_context
def jobs(ctx: click.Context) -> None:
    """Look at jobs; retry, cancel, pause and purge them."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for _command in (pause, resume, pauses, steer):
    jobs.add_command(_command)


def _selection(command: F) -> F:
    """The options that pick jobs."""
    for option in (
        click.option("--user", help="Only those of this user."),
        click.option("--method", help="Only those of this function."),
        click.option("--queue", help="Only those in this queue."),
    ):
        command = option(command)
    return command


@jobs.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="May be given several times.")
@_selection
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@site_option
@json_option
@pass_state
def list_jobs(state: State, /, states: tuple[str, ...], limit: int, as_json: bool, **wanted: str | None) -> None:
    """List jobs, the newest first."""
    from rota.cli.shown import JOB_COLUMNS, job_row, job_value

    with state.open() as site:
        _check_queue(site, wanted["queue"])
        found = site.store.listing(_filter(states, **wanted), limit=limit)
        paused = site.store.pauses()
        rows = [job_row(view, site.zone, paused) for view in found]
    if as_json:
        show_json([job_value(view, paused) for view in found])
    else:
        show_table(JOB_COLUMNS, rows, empty="no jobs")


@jobs.command("show")
@click.argument("job_id", metavar="ID")
@site_option
@json_option
@pass_state
def show(state: State, job_id: str, as_json: bool) -> None:
    """Show a job: its arguments, attempts, lines and error. ID is its id or key."""
    from rota.cli.shown import job_details, job_text

    with state.open() as site:
        details = job_details(site.store, _job(site, job_id), mask=site.config.mask_keys)
        if as_json:
            show_json(details)
        else:
            click.echo(job_text(details))


@jobs.command("stats")
@site_option
@json_option
@pass_state
def stats(state: State, as_json: bool) -> None:
    """Count the jobs in each state."""
    with state.open() as site:
        counts = site.store.stats()
        queues = site.store.queue_stats()
    if as_json:
        show_json(counts)
        return
    show_table(["state", "jobs"], counts.items(), empty="no jobs")
    rows = [(queue, *(found.get(one, 0) for one in STATES[:3])) for queue, found in queues.items()]
    show_table(["queue", *STATES[:3]], rows, empty="no job waits or runs")


@jobs.command("retry")
@click.argument("job_ids", metavar="[ID]...", nargs=-1)
@click.option("--kwargs", metavar="JSON", help="Of one job: these arguments in place of its old ones; others stay.")
@click.option("--all-failed", is_flag=True, help="All failed jobs, or those that the options pick, one by one, now.")
@click.option("--state", "state_", type=click.Choice(("failed", "canceled")), help="All of these, by a job that does.")
@_selection
@click.option("--since", metavar='"2h" or TIME', help="With --state: only what ended since then.")
@click.option("--rate", default=50.0, show_default=True, help="With --state: at most so many jobs a second.")
@click.option("--dry-run", is_flag=True, help="With --state: only count them.")
@site_option
@pass_state
def retry(
    state: State,
    /,
    *,
    job_ids: tuple[str, ...],
    kwargs: str | None,
    all_failed: bool,
    state_: str | None,
    since: str | None,
    rate: float,
    dry_run: bool,
    **wanted: str | None,
) -> None:
    """Run failed or canceled jobs again, each as a new job that names the old one."""
    if sum((bool(job_ids), all_failed, state_ is not None)) != 1:
        raise click.UsageError("name jobs by their id, or say --state failed or --all-failed")
    if state_ is None and (since is not None or dry_run):
        raise click.UsageError("--since and --dry-run go with --state")
    if kwargs is not None and len(job_ids) != 1:
        raise click.UsageError("--kwargs edits the arguments of one job: name just that")
    if state_ is not None:
        _retry_matching(state, state_, since, rate, wanted, dry_run=dry_run)
        return
    _retry_each(state, job_ids, kwargs, wanted)


def _retry_each(state: State, job_ids: tuple[str, ...], kwargs: str | None, wanted: dict[str, str | None]) -> None:
    from rota.jobs import JobState
    from rota.sites.retrying import Matching, retry_one

    if kwargs is not None:
        # What they are checked against is code of an app.
        state.load_facade()
    with state.open() as site, site.open() as context:
        edit = None if kwargs is None else _arguments(kwargs)
        _check_queue(site, wanted["queue"])
        failed = Matching(state=JobState.FAILED, since=None, **wanted)
        found = [_job(site, one) for one in job_ids] if job_ids else [*failed.of(site.store)]
        for view in found:
            fresh = retry_one(context, view.key, by=who(), edit=edit)
            click.echo(f"{view.id}: runs again as {fresh.key}")
        if not found:
            click.echo("no failed jobs")


def _retry_matching(
    state: State, wanted_state: str, since: str | None, rate: float, wanted: dict[str, str | None], *, dry_run: bool
) -> None:
    from rota.engine.options import start_of
    from rota.jobs import JobState
    from rota.sites.retrying import Matching, retry_matching

    with state.open() as site, site.open() as context:
        _check_queue(site, wanted["queue"])
        start = None if since is None else start_of("--since", since, now=site.store.now(), zone=site.zone)
        matching = Matching(state=JobState(wanted_state), since=start, **wanted)
        count = sum(1 for _ in matching.of(site.store))
        if dry_run or not count:
            click.echo(f"{count} {wanted_state} jobs match")
            return
        job = retry_matching(context, matching, by=who(), rate=rate)
        click.echo(f"{count} {wanted_state} jobs are run again, {rate:g} a second, by the job {job.key}")
        click.echo(f"See how far it is: rota jobs show {job.key}; stop it: rota jobs cancel {job.key}")


def _arguments(text: str) -> dict[str, Any]:
    from rota.errors import NotDecodable
    from rota.sites.codec import JOB_CODEC

    try:
        found = JOB_CODEC.decode(text)
    except NotDecodable as error:
        raise click.UsageError(f"--kwargs is no JSON that can be read: {error}") from error
    if not isinstance(found, dict):
        raise click.UsageError('--kwargs takes a JSON object, as in {"customer": "C-1"}')
    return found


@jobs.command("cancel")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@site_option
@pass_state
@click.pass_context
def cancel(ctx: click.Context, state: State, job_ids: tuple[str, ...]) -> None:
    """Cancel jobs: one that waits never runs, one that runs is told to stop."""
    refused = False
    with state.open() as site:
        for job_id in job_ids:
            view = _job(site, job_id)
            answer = _queue(site).cancel(view.key, reason="canceled at the command line", by=WHO)
            refused = refused or answer == "refused"
            click.echo(f"{view.id}: is {view.state.value} already" if answer == "refused" else f"{view.id}: {answer}")
    ctx.exit(1 if refused else 0)


@jobs.command("purge")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="By default finished and canceled.")
@_selection
@click.option("--yes", is_flag=True, help="Delete failed ones, too, without asking.")
@site_option
@pass_state
def purge(state: State, /, states: tuple[str, ...], yes: bool, **wanted: str | None) -> None:
    """Delete jobs that are over; cancel those that wait (--state queued)."""
    chosen = states or ("finished", "canceled")
    if "failed" in chosen and not yes:
        raise click.UsageError("failed jobs say what went wrong: add --yes to delete them")
    if "started" in chosen:
        raise click.UsageError("a job that runs can't be purged: cancel it")
    with state.open() as site:
        _check_queue(site, wanted["queue"])
        count = _purge(site, chosen, wanted)
    click.echo(f"Purged {count} jobs")


@click.command("purge-jobs")
@click.option("--queue", help="Only those in this queue.")
@click.option("--event", help="Only those of this event.")
@site_option
@pass_state
def purge_jobs(state: State, queue: str | None, event: str | None) -> None:
    """Cancel the jobs that wait, as Frappe's command does."""
    count = 0
    for name in state.sites():
        with state.open(name) as site:
            _check_queue(site, queue)
            count += _queue(site).purge(queue=queue, event=event, by=WHO)
    click.echo(f"Purged {count} jobs")


@click.command("show-pending-jobs")
@site_option
@json_option
@pass_state
def show_pending_jobs(state: State, as_json: bool) -> None:
    """Print the jobs that wait, queue by queue, as Frappe's command does."""
    from rota.sites.masking import masked_arguments

    found: list[tuple[JobView, Any]] = []
    for name in state.sites():
        with state.open(name) as site:
            waiting = reversed(_every(site, _filter(("queued",))))
            found += [(view, masked_arguments(view, site.config.mask_keys)) for view in waiting]
    if as_json:
        show_json([{"id": one.id, "queue": one.queue, "method": one.method, "kwargs": kwargs} for one, kwargs in found])
        return
    click.echo("-----Pending Jobs-----")
    for queue in dict.fromkeys(view.queue for view, _ in found):
        click.echo(f"-----Queue :{queue}-----")
        for view, kwargs in found:
            if view.queue == queue:
                click.echo(f"{view.method} {kwargs}")


def _filter(states: tuple[str, ...], **wanted: str | None) -> JobFilter:
    from rota.jobs import JobState
    from rota.store.views import JobFilter

    return JobFilter(states=frozenset(JobState(one) for one in states) or None, **wanted)


def _every(site: Site, wanted: JobFilter) -> list[JobView]:
    found: list[JobView] = []
    while page := site.store.listing(wanted, limit=PAGE, before=found[-1].key if found else None):
        found += page
    return found


def _job(site: Site, job_id: str) -> JobView:
    from rota.errors import NoSuchJobError

    view = site.store.job(job_id)
    if view is None:
        raise NoSuchJobError(job_id)
    return view


def _queue(site: Site) -> Queue:
    from rota.engine.queue import Queue

    def check(method: str) -> None:
        site.resolver.resolve(method)

    return Queue(
        store=site.store,
        config=site.config,
        site=site.name,
        zone=site.zone,
        check_method=check,
        wake=site.wake_workers,
    )


def _check_queue(site: Site, queue: str | None) -> None:
    from rota.errors import UnknownQueue

    queues = list(site.config.queues())
    if queue is not None and queue not in queues:
        raise UnknownQueue(queue, queues)


def _purge(site: Site, states: tuple[str, ...], wanted: dict[str, str | None]) -> int:
    from rota.jobs import JobState

    count = 0
    waiting = tuple(one for one in states if one in WAITING)
    if waiting:
        queue = _queue(site)
        found = _every(site, _filter(waiting, **wanted))
        count = sum(queue.cancel(view.key, reason="purged", by=WHO) == "canceled" for view in found)
    final = [JobState(one) for one in states if one in FINAL]
    if not final:
        return count
    if wanted["user"]:
        for view in _every(site, _filter(tuple(final), **wanted)):
            with site.store.turn() as turn:
                count += turn.remove(view.key)
        return count
    while True:
        with site.store.turn() as turn:
            removed = turn.remove_many(final, queue=wanted["queue"], method=wanted["method"])
        count += removed
        if not removed:
            return count
