"""`rota jobs steer`: hold one job that iterates over rows, let it go on, or change its speed while it runs."""

from __future__ import annotations

import click

from rota.cli.state import State, pass_state, site_option


@click.command("steer")
@click.argument("job_id", metavar="ID")
@click.option("--hold", "wish", flag_value="hold", help="Stop at the next row, with its place saved.")
@click.option("--go-on", "wish", flag_value="go-on", help="Go on after --hold.")
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), metavar="ROWS", help="So many rows a second at most."
)
@click.option("--full-speed", "wish", flag_value="full-speed", help="As fast as the job itself asks for.")
@site_option
@pass_state
def steer(state: State, job_id: str, wish: str | None, speed: float | None) -> None:
    """Hold, resume or slow down a job that iterates."""
    if (wish is None) == (speed is None):
        raise click.UsageError("say one of --hold, --go-on, --speed ROWS and --full-speed")
    from rota.sites.jobs import jobs_of

    with state.open() as site, site.open() as context:
        job = jobs_of(context).queue.job(job_id)
        if wish == "hold":
            job.hold()
        elif wish == "go-on":
            job.resume()
        else:
            job.set_speed(speed)
    click.echo(f"{job.id}: {wish or f'at most {speed:g} rows a second'}")
