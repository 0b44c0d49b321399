"""A live view of a site's jobs in the terminal; plain lines where there is no terminal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rota.clock import from_micros
from rota.jobs import JobState
from rota.store import JobFilter, JobView, Store

REFRESH_SECONDS = 0.5
LINE_SECONDS = 5.0
STYLES = {
    JobState.FINISHED: "green",
    JobState.FAILED: "bold red",
    JobState.CANCELED: "yellow",
    JobState.STARTED: "cyan",
    JobState.QUEUED: "blue",
    JobState.SCHEDULED: "magenta",
}


def watch(store: Store, terminal: int | None, *, goes_on: Callable[[], bool]) -> None:
    """Show the site's jobs until `goes_on` says no: a picture on the terminal's descriptor, or lines without one."""
    if terminal is not None:
        with os.fdopen(terminal, "w") as file, Live(console=Console(file=file), auto_refresh=False) as live:
            while goes_on():
                live.update(_picture(store), refresh=True)
                time.sleep(REFRESH_SECONDS)
        return
    while goes_on():
        counts = ", ".join(f"{number} {state}" for state, number in store.stats().items())
        print(f"{datetime.now().astimezone():%H:%M:%S}  {counts}", flush=True)  # noqa: T201 - it is what was asked for
        time.sleep(LINE_SECONDS)


def _picture(store: Store) -> Panel:
    counts = store.stats()
    head = Text("   ").join(Text(f"{counts[state]} {state}", style=STYLES[state]) for state in JobState)
    running = store.listing(JobFilter(states=frozenset({JobState.STARTED})), limit=8)
    waiting = store.listing(JobFilter(states=frozenset({JobState.QUEUED, JobState.SCHEDULED})), limit=4)
    ended = store.listing(
        JobFilter(states=frozenset({JobState.FINISHED, JobState.FAILED, JobState.CANCELED})), limit=10
    )
    return Panel(
        Group(head, Text(), _table(store, "Running", running), _table(store, "Waiting", waiting), _ended(ended)),
        title="Rota",
        subtitle="Ctrl-C stops it all",
    )


def _table(store: Store, title: str, jobs: list[JobView]) -> Table:
    table = Table(title=title, title_justify="left", expand=True, box=None, show_header=False)
    for name, ratio in (("method", 3), ("queue", 1), ("id", 3), ("progress", 3)):
        table.add_column(name, ratio=ratio, no_wrap=True, overflow="ellipsis")
    for job in jobs:
        table.add_row(Text(job.method, style=STYLES[job.state]), job.queue, _id(job), _progress(store, job))
    return table


def _progress(store: Store, job: JobView) -> Text:
    progress = store.progress(job.key)
    if progress is None or not progress.total or progress.done is None:
        return Text(f"for {job.waits_for}" if job.waits_for else "", style="dim")
    share = max(0.0, min(1.0, progress.done / progress.total))
    bar = "━" * round(share * 20)
    return Text.assemble((bar, "cyan"), ("─" * (20 - len(bar)), "dim"), f" {share:4.0%} {progress.message or ''}")


def _ended(jobs: list[JobView]) -> Table:
    table = Table(title="Ended", title_justify="left", expand=True, box=None, show_header=False)
    for name, ratio in (("method", 3), ("queue", 1), ("id", 3), ("how", 3)):
        table.add_column(name, ratio=ratio, no_wrap=True, overflow="ellipsis")
    for job in jobs:
        table.add_row(job.method, job.queue, _id(job), _how(job))
    return table


def _how(job: JobView) -> Text:
    text = Text(job.state.value, style=STYLES[job.state])
    if job.started_at is not None and job.ended_at is not None:
        text.append(f"  {(job.ended_at - job.started_at) / 1000:,.0f} ms", style="dim")
    if job.ended_at is not None:
        text.append(f"  {from_micros(job.ended_at).astimezone():%H:%M:%S}", style="dim")
    if job.error:
        text.append("  " + job.error.strip().splitlines()[-1], style="red")
    return text


def _id(job: JobView) -> Text:
    return Text("" if job.id == job.key else job.id, style="dim")
