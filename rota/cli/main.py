"""`rota` itself: which commands there are, the options before them, and how an error ends the process.

A command's module is imported when the command is used; the modules import what they run inside their functions. So
`rota --help` starts none of Rota.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from rota.cli.state import State
from rota.errors import RotaError

#: Heading -> commands, each found as a function of `rota.cli.MODULE`.
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Benches, sites and apps": {
        "init": "benches:init",
        "new-site": "benches:new_site",
        "copy-site": "copying:copy_site",
        "backup": "backups:backup",
        "restore": "backups:restore",
        "new-app": "benches:new_app",
        "install-app": "benches:install_app",
        "list-apps": "benches:list_apps",
        "migrate": "benches:migrate",
        "ready-for-migration": "benches:ready_for_migration",
        "set-config": "settings:set_config",
        "set-maintenance-mode": "settings:set_maintenance_mode",
        "add-user": "users:add_user",
        "set-admin-password": "users:set_admin_password",
    },
    "Run": {
        "start": "services:start",
        "reload": "services:reload",
        "serve": "services:serve",
        "schedule": "services:schedule",
        "worker": "services:worker",
        "worker-pool": "services:worker_pool",
        "execute": "calls:execute",
        "console": "calls:console",
        "demo": "demo:demo",
    },
    "Jobs and schedules": {
        "jobs": "jobs:jobs",
        "scheduler": "schedules:scheduler",
        "enable-scheduler": "schedules:enable_scheduler",
        "disable-scheduler": "schedules:disable_scheduler",
        "trigger-scheduler-event": "schedules:trigger_scheduler_event",
        "show-pending-jobs": "jobs:show_pending_jobs",
        "purge-jobs": "jobs:purge_jobs",
        "doctor": "health:doctor",
    },
    "About": {"benchmark": "benchmark:benchmark", "version": "health:version"},
}
_WHERE = {name: where for commands in SECTIONS.values() for name, where in commands.items()}
INTERRUPTED = 130


class RotaGroup(click.Group):
    """The group of all commands; the only place that turns errors into a line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        where = _WHERE.get(cmd_name)
        if where is None:
            return None
        module, name = where.split(":")
        command: click.Command = getattr(import_module(f"rota.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in SECTIONS.items():
            found = [(name, self.get_command(ctx, name)) for name in commands]
            with formatter.section(heading):
                formatter.write_dl([(name, one.get_short_help_str(80)) for name, one in found if one])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        try:
            answer = super().main(words, prog_name or "rota", complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            _say(_usage(error), debug=False)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(INTERRUPTED)
        except RotaError as error:
            _say(str(error), debug=_wants_traceback(words))
            sys.exit(error.exit_code)
        except Exception as error:  # noqa: BLE001 - the end of the line: an app's own error, or one of ours
            _say(_unexpected(error), debug=_wants_traceback(words))
            sys.exit(1)
        # An int is what ctx.exit was given.
        sys.exit(answer if isinstance(answer, int) else 0)


@click.group(
    cls=RotaGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.option("--bench", metavar="DIR", help="The bench; by default ROTA_BENCH, or the one at or above this directory.")
@click.option("--site", metavar="NAME", help="The site, several with commas, or `all`; by default the only one.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error (also: ROTA_DEBUG=1).")
@click.pass_context
def main(ctx: click.Context, bench: str | None, site: str | None, debug: bool) -> None:
    """Scheduled tasks and background jobs for Python."""
    ctx.obj = State(bench_path=bench, site=site)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _usage(error: click.ClickException) -> str:
    message = error.format_message().replace("\n", " ").rstrip(".")
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{message} (see `{error.ctx.command_path} --help`)"
    return message


def _unexpected(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({frame.filename}, line {frame.lineno}; --debug shows the traceback)"


def _wants_traceback(words: Sequence[str]) -> bool:
    return "--debug" in words or os.environ.get("ROTA_DEBUG", "") not in ("", "0")


def _say(message: str, *, debug: bool) -> None:
    if debug:
        click.echo(traceback.format_exc(), err=True, nl=False)
    click.echo("rota: " + " ".join(message.split()), err=True)


if __name__ == "__main__":
    main()
