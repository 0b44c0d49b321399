"""Whether a site's schedules fire, and the switches for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rota import frappe  # what an app has put there counts
from rota.errors import NotInRota
from rota.frappe._missing import missing
from rota.sites import switches
from rota.sites.context import current

DEFAULT_SCHEDULER_TICK = 60  # seconds


def is_scheduler_inactive(verbose: bool = True) -> bool:
    """Whether no schedule of the site fires, for whatever reason; says why when asked to."""
    context = current()
    why = switches.why_inactive(context.site)
    if why is not None and verbose:
        frappe.errprint(f"{context.site.name}: {why}")
    return why is not None


def is_scheduler_disabled(verbose: bool = True) -> bool:
    """Whether it is switched off, in System Settings or by `disable_scheduler`."""
    context = current()
    off = context.site.config.disable_scheduler or not frappe.db.get_single_value("System Settings", "enable_scheduler")
    if off and verbose:
        frappe.errprint(f"{context.site.name}: scheduler is disabled")
    return bool(off)


def toggle_scheduler(enable: Any) -> None:
    """Switch schedules on or off; takes effect with the transaction."""
    frappe.db.set_single_value("System Settings", "enable_scheduler", int(bool(enable)))


def enable_scheduler() -> None:
    """Switch schedules on."""
    toggle_scheduler(True)


def disable_scheduler() -> None:
    """Switch schedules off."""
    toggle_scheduler(False)


@frappe.whitelist()
def activate_scheduler() -> None:
    """Switch schedules on, and take `pause_scheduler` away. Administrator only.

    Raises:
        PermissionError: somebody else asks.
    """
    frappe.only_for("Administrator")
    context = current()
    if context.site.config.maintenance_mode:
        frappe.throw(frappe._("Scheduler can not be re-enabled when maintenance mode is active."))
    enable_scheduler()
    if context.site.config.pause_scheduler:
        switches.set_paused(context.site, False)


@frappe.whitelist()
def get_scheduler_status() -> dict[str, str]:
    """`{"status": "active"}` or `{"status": "inactive"}`."""
    return {"status": "inactive" if is_scheduler_inactive(verbose=False) else "active"}


def is_dormant(check_time: Any = None) -> bool:
    """False: no site falls asleep because nobody signs in."""
    return False


def get_scheduler_tick() -> int:
    """The longest that the scheduler sleeps without looking, in seconds."""
    return int(current().site.config.scheduler_tick_interval)


def start_scheduler() -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.scheduler.start_scheduler", "`rota schedule` starts schedulers")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
