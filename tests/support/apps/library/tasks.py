"""What the library runs in the background."""

import frappe
from frappe.rate_limiter import rate_limit
from frappe.utils import cint
from frappe.utils.caching import redis_cache, site_cache

from library.events import SEEN


def count_books():
    """How many books there are."""
    return cint(frappe.db.count("Book"))


def add(one, two=2):
    """The sum."""
    return one + two


def echo(**kwargs):
    """What was given."""
    return kwargs


def job_facts(job_id=None):
    """What a job knows of itself."""
    job = frappe.local.job
    return {"method": job.method, "user": frappe.session.user, "job_id": job_id, "site": job.site}


def leave_a_word(book):
    """Ask for something to be done after the job, and fail."""
    frappe.local.job.after_job.add(lambda: SEEN.append(("asked for", book)))
    frappe.db.set_value("Book", book, "title", "Lost")
    raise ValueError("torn page")


def use(row, function, kind):
    """Work with what was given: a child row, a function, a class."""
    return {"row": row.title, "of": row.parent, "sum": function(row.pages), "kind": kind.__name__}


def touch(book):
    """Write a document."""
    frappe.db.set_value("Book", book, "title", "Touched")


@redis_cache(ttl=60)
def slow(number):
    """Counted once."""
    return number * 2


@site_cache
def slower(number):
    """Counted once a process."""
    return number * 3


@frappe.whitelist(allow_guest=True)
@rate_limit(limit=2, seconds=60)
def limited():
    """May be called twice a minute."""
    return "yes"
