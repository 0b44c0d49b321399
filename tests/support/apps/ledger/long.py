"""Jobs that take long, and go on where they were."""

import time

import frappe

import rota


def copy(batch=100, seconds=0.0, **options):
    """An effect for each effect: its number, negative. The reading and the writing have no other connection."""
    for row in rota.iterate("Effect", {"number": [">", 0]}, fields=["number"], batch=batch, **options):
        note(-row.number)
        time.sleep(seconds)


def copy_numbers(count, **options):
    """An effect for each number."""
    for number in rota.iterate(range(1, count + 1), **options):
        note(-number)


def copy_but(bad, **options):
    """As `copy`, but some numbers fail after they have written."""
    for doc in rota.iterate("Effect", {"number": [">", 0]}, on_error="collect", **options):
        note(-doc.number)
        if doc.number in bad:
            raise ValueError(f"{doc.number} is bad")


def copy_catching(bad, **options):
    """As Frappe's authors write it: the error is caught, and everything is rolled back."""
    for doc in rota.iterate("Effect", {"number": [">", 0]}, **options):
        try:
            note(-doc.number)
            if doc.number in bad:
                raise ValueError(f"{doc.number} is bad")  # noqa: TRY301
        except ValueError:
            frappe.db.rollback()


def copy_committing(batch=100):
    """As Frappe's authors write it: each row is committed."""
    for number in rota.iterate("Effect", {"number": [">", 0]}, fields="number", batch=batch):
        note(-number)
        frappe.db.commit()


def stop_at(number, kind, **options):
    """Ends at a row, once, in some way."""
    for one in rota.iterate(range(1, 11), **options):
        note(one)
        if one == number and rota.current_job().claim.failures + rota.current_job().claim.crashes == 0:
            raise {"error": ValueError, "lost": rota.JobLost, "later": lambda text: rota.RetryLater(5)}[kind]("stop")


def two_loops():
    """Two iterations over the same, and one over something else."""
    for number in rota.iterate([1, 2]):
        note(number)
    for number in rota.iterate([3, 4]):
        note(number)
    for number in rota.iterate(n for n in (5, 6)):
        note(number)


def nested():
    """Not possible."""
    for _ in rota.iterate([1]):
        for _ in rota.iterate([2]):
            pass


def export(fail_at=None):
    """Three steps, of which one may fail the first time."""
    job = rota.current_job()
    with job.step("collect") as collected:
        note(1)
        collected.result = [1, 2, 3]
    with job.step("write"): note(sum(collected.result))  # fmt: skip  # noqa: E701 - one line, on purpose
    if fail_at == "between" and job.attempt == 1:
        raise ValueError("between")
    with job.step("send"):
        note(100)
        if fail_at == "send" and job.attempt == 1:
            raise ValueError("send")
    return collected.result


def twice():
    """The same name for two steps."""
    for _ in range(2):
        with rota.current_job().step("one"):
            note(1)


def note(number):
    """The effect."""
    frappe.get_doc({"doctype": "Effect", "number": number}).insert(ignore_permissions=True)


def break_then_fail(wrapped=False):
    """Leaves the loop, and fails behind it: no row's fault."""
    for number in passed_on(range(1, 6)) if wrapped else rota.iterate(range(1, 6), on_error="collect"):
        note(number)
        if number == 3:
            break
    raise ValueError("behind the loop")


def fail_in_many_ways(wrapped=False):
    """Rows that fail in blocks of their own."""
    for number in passed_on(range(1, 8)) if wrapped else rota.iterate(range(1, 8), on_error="collect"):
        note(number)
        if number == 2:
            with open(__file__, encoding="utf-8") as file:
                int(file.readline())
        if number == 3:
            try:
                int("three")
            except ValueError:
                note(33)
                raise
        if number == 4:
            try:
                int("four")
            except ValueError as error:
                raise KeyError("four") from error
        if number == 5:
            try:
                int("five")
            finally:
                note(55)
        if number == 6:
            frappe.db.commit()
            raise ValueError("after a commit")


def passed_on(numbers):
    """A generator between the loop and the job."""
    for number in rota.iterate(numbers, on_error="collect"):  # noqa: UP028 - one more frame, on purpose
        yield number


def add_to_batch(number):
    """A job of a batch that puts another one into it."""
    note(number)
    rota.current_batch().add("ledger.tasks.record", {"number": number + 1})


def make_batch(numbers):
    """A job that makes a batch: inside its own one, if it is in one."""
    with rota.batch("inner", on_done=(note, {"number": 500})):
        for number in numbers:
            rota.enqueue("ledger.tasks.record", kwargs={"number": number})


def fail(number):
    """Fails."""
    raise ValueError(f"{number} fails")


def note_batch(batch, number):
    """A callback that wants to know its batch."""
    view = rota.find_batch(batch).view()
    note(number + view.finished)


def keep_meta(number):
    """Says in its job's meta what it has seen, and fails the first time."""
    from rq import get_current_job

    note(number)
    get_current_job().meta.setdefault("seen", []).append(number + rota.current_job().attempt)
    get_current_job().save_meta()
    if rota.current_job().attempt == 1:
        raise ValueError("the first try fails")
