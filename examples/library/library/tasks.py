"""What the library does by itself: see `scheduler_events` in hooks.py."""

import frappe
from frappe.utils import add_days, nowdate
from frappe.utils.background_jobs import is_job_enqueued

FINE_A_DAY = 0.25


def mark_overdue_loans():
    """Every day: what is late is overdue, and costs more each day."""
    late = frappe.get_all(
        "Loan",
        filters={"docstatus": 1, "status": ["in", ["On loan", "Overdue"]], "due_on": ["<", nowdate()]},
        pluck="name",
    )
    for name in late:
        loan = frappe.get_doc("Loan", name)
        loan.db_set({"status": "Overdue", "fine": loan.days_late() * FINE_A_DAY})
    return len(late)


def remind_overdue_members():
    """On weekdays: one job for each member with an overdue loan; who is being written to gets no second one."""
    loan, member = frappe.qb.DocType("Loan"), frappe.qb.DocType("Member")
    rows = (
        frappe.qb.from_(loan)
        .join(member)
        .on(loan.member == member.name)
        .select(member.name)
        .distinct()
        .where((loan.docstatus == 1) & (loan.status == "Overdue") & (member.blocked == 0))
    ).run(as_dict=True)
    for row in rows:
        frappe.enqueue(
            "library.tasks.remind_member",
            queue="short",
            job_id=f"remind_member::{row.name}",
            deduplicate=True,
            member=row.name,
        )


def remind_member(member):
    """One mail about all that a member should bring back; it counts in the loans."""
    doc = frappe.get_doc("Member", member)
    loans = [frappe.get_doc("Loan", name) for name in overdue_loans(member)]
    if not loans:
        return
    frappe.sendmail(
        recipients=[doc.email],
        subject="Please bring back your books",
        template="overdue",
        args={
            "member": doc,
            "titles": [item.title for loan in loans for item in loan.open_items()],
            "fine": sum(loan.fine for loan in loans),
        },
    )
    for loan in loans:
        loan.db_set("reminders", loan.reminders + 1)


def overdue_loans(member):
    return frappe.get_all("Loan", {"docstatus": 1, "status": "Overdue", "member": member}, pluck="name")


def recount_books():
    """Every week: count each book's lent copies anew, each in a job of its own."""
    for book in frappe.get_all("Book", pluck="name"):
        if not is_job_enqueued(f"recount::{book}"):
            frappe.enqueue_doc("Book", book, "recount", queue="long", job_id=f"recount::{book}")


def most_read(days=30, limit=10):
    """Titles and how often they were lent, the most popular first."""
    return frappe.db.sql(
        """
        SELECT b.title, COUNT(*) AS times
        FROM `tabLoan Item` i
        INNER JOIN `tabLoan` l ON l.name = i.parent
        INNER JOIN `tabBook` b ON b.name = i.book
        WHERE l.docstatus = 1 AND l.lent_on >= %(since)s
        GROUP BY b.name, b.title
        ORDER BY times DESC, b.title
        LIMIT %(limit)s
        """,
        {"since": add_days(nowdate(), -days), "limit": limit},
        as_dict=True,
    )
