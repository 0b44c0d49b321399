"""Mail: queued in the caller's transaction, sent by a job over SMTP."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from rota.sites.context import Context, current
from rota.sites.mail.queue import FLUSH, FLUSH_ID, Mail, enqueue_mail, flush_job, on_queued
from rota.sites.mail.sending import Flushed, flush_site
from rota.sites.mail.smtp import Answer, Reply
from rota.sites.templates import Templates

SOONEST = 1_000_000  # microseconds before a round follows another

__all__ = ["FLUSH", "FLUSH_ID", "Flushed", "Mail", "flush", "flush_site", "on_queued", "sendmail"]


def sendmail(context: Context, templates: Templates, *, now: Any = None, delayed: Any = True, **given: Any) -> Any:
    """Queue a mail in the open transaction; its Email Queue document, a list of them with `queue_separately`, or None
    when nobody is left to write to.

    `now` (or `delayed=False`) sends it right after the commit, in this process, instead of leaving it to a job. All
    other options are those of `Mail`. What Frappe takes beside them (`doctype`, `name`, `print_letterhead`,
    `with_container`, `email_read_tracker_url`) is accepted: the first two name the reference.

    Raises:
        ValidationError: see `enqueue_mail`.
    """
    for short, long in (("doctype", "reference_doctype"), ("name", "reference_name")):
        given[long] = given.get(long) or given.pop(short, None)
        given.pop(short, None)
    for unused in ("print_letterhead", "with_container", "email_read_tracker_url"):
        given.pop(unused, None)
    mail = Mail(**given)
    made = enqueue_mail(context, templates, mail)
    if (now or not delayed) and not context.flags.in_test:
        for one in made:
            context.documents.session.after_commit.add(partial(flush_site, context.site, mail=one.name))
    if not made:
        return None
    return made if mail.queue_separately else made[0]


def flush() -> dict[str, Any]:
    """Send what waits on the site that is open: the method of the job.

    What is left when its time is over, when the worker is to stop, or until a server answers again, goes with a job of
    its own then.
    """
    context = current()
    running = context.running

    def is_over() -> bool:
        if running is not None:
            running.check()
        return running is not None and running.stopping

    if context.flags.in_test:
        return asdict(flush_site(context.site, connect=lambda *_: _Kept(context)))
    flushed = flush_site(context.site, is_over=is_over)
    if flushed.next_at is not None:
        context.enqueues.add(flush_job(context, max(flushed.next_at, context.site.store.now() + SOONEST)))
    return asdict(flushed)


class _Kept:
    """Stands for a connection in the tests of apps (`frappe.flags.in_test`): the last mail is in `flags.sent_mail`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        self._context.flags.sent_mail = message
        return Reply(Answer.SENT)

    def close(self) -> None:
        """Nothing is open."""
