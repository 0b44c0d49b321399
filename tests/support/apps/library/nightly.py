"""What the library does at night: tasks such as applications have, each a whole."""

import json

import frappe
import requests
from frappe import _
from frappe.query_builder import Order
from frappe.query_builder.functions import Count, IfNull, Sum
from frappe.utils import add_days, add_months, cint, flt, get_first_day, get_last_day, getdate, now_datetime, nowdate
from frappe.utils.caching import redis_cache
from frappe.utils.csvutils import to_csv
from frappe.utils.file_manager import save_file
from frappe.utils.synchronization import filelock

BATCH = 2


@redis_cache(ttl=300)
def token(url):
    """What the catalogue wants to see in every request."""
    answer = requests.post(f"{url}/token", json={"client": frappe.local.site}, timeout=30)
    answer.raise_for_status()
    return answer.json()["token"]


def sync_authors(url):
    """Take over the authors of a catalogue page by page; a torn row is logged and left out."""
    page, done = 1, 0
    while page:
        headers = {"Authorization": f"Bearer {token(url)}"}
        answer = requests.get(f"{url}/authors", params={"page": page}, headers=headers, timeout=30)
        answer.raise_for_status()
        values = frappe._dict(answer.json())
        for row in values.authors:
            try:
                _take_over(frappe._dict(row))
                frappe.db.commit()
                done += 1
            except Exception:  # noqa: BLE001 - as applications do
                frappe.db.rollback()
                frappe.log_error(title=f"Author {row.get('name')}", message=frappe.get_traceback())
        frappe.publish_progress(page * 50, title=_("Authors"))
        page = cint(values.next)
    frappe.db.set_single_value("Library Settings", "days", done)
    frappe.db.commit()
    return done


def _take_over(row):
    name = frappe.db.exists("Author", {"full_name": row.name})
    author = frappe.get_doc("Author", name) if name else frappe.new_doc("Author", full_name=row.name)
    author.fee, author.born = flt(row.fee, 2), getdate(row.born)
    if author.fee < 0:
        frappe.throw(_("{0} can't owe us").format(row.name), frappe.ValidationError)
    author.save(ignore_permissions=True)


def send_digest(days=7):
    """Tell every librarian by mail what has come in."""
    since = add_days(nowdate(), -cint(days))
    books = frappe.get_all("Book", filters={"published_on": [">=", since]}, fields=["name", "title", "author"],
                           order_by="title")  # fmt: skip
    if not books:
        return 0
    users = frappe.get_all("Has Role", filters={"role": "System Manager", "parenttype": "User"}, pluck="parent")
    message = frappe.render_template(
        "<ul>{% for book in books %}<li>{{ book.title | e }} ({{ book.author or '?' }})</li>{% endfor %}</ul>",
        {"books": books},
    )
    for user in set(users) - {"Guest"}:
        frappe.sendmail(recipients=[user], subject=_("{0} new books").format(len(books)), message=message,
                        reference_doctype="Book", reference_name=books[0].name)  # fmt: skip
    return len(books)


def report_month(day=None):
    """Keep a table of a month's books by author as a file of the site."""
    start, end = get_first_day(day or nowdate()), get_last_day(day or nowdate())
    book, author = frappe.qb.DocType("Book"), frappe.qb.DocType("Author")
    rows = (
        frappe.qb.from_(book)
        .left_join(author)
        .on(book.author == author.name)
        .select(
            IfNull(author.full_name, "unknown").as_("writer"),
            Count(book.name).as_("books"),
            Sum(book.pages).as_("pages"),
        )
        .where(book.published_on[start : add_days(end, 1)])
        .groupby(author.full_name)
        .orderby(Sum(book.pages), order=Order.desc)
    ).run(as_dict=True)
    table = [["Writer", "Books", "Pages"], *([row.writer, row.books, cint(row.pages)] for row in rows)]
    name = f"books-{getdate(start):%Y-%m}.csv"
    return save_file(name, to_csv(table), "Library Settings", "Library Settings", is_private=1).name


def clean_up(months=6, at_once=2):
    """Delete old drafts, few at once, and what was logged long ago."""
    before = add_months(now_datetime(), -cint(months))
    deleted = 0
    while names := frappe.db.sql_list(
        "select name from `tabBook` where status = 'Draft' and published_on < %s order by name limit %s",
        (before, cint(at_once)),
    ):
        for name in names:
            frappe.delete_doc("Book", name, ignore_permissions=True, force=True)
        deleted += len(names)
        frappe.db.commit()
    frappe.db.sql("delete from `tabError Log` where creation < %(before)s", {"before": before})
    frappe.db.delete("Comment", {"creation": ["<", before]})
    return deleted


def check_all():
    """Let each book that is out check itself in a job of its own."""
    for name in frappe.get_all("Book", filters={"status": "Out"}, pluck="name", order_by="name"):
        doc = frappe.get_doc("Book", name)
        doc.queue_action("recheck")


def import_rows(rows, attempt=1):
    """Insert rows, each for itself; those that were refused are tried once more in another job."""
    refused = []
    with filelock("library_import", timeout=30):
        for number, row in enumerate(frappe.parse_json(rows), start=1):
            frappe.db.savepoint("row")
            try:
                frappe.get_doc({"doctype": "Book", **row}).insert()
            except frappe.ValidationError:
                frappe.db.rollback(save_point="row")
                frappe.clear_last_message()
                refused.append(row)
            if number % BATCH == 0:
                frappe.db.commit()
    if refused and attempt < 2:
        frappe.enqueue("library.nightly.import_rows", queue="long", rows=json.dumps(refused), attempt=attempt + 1,
                       enqueue_after_commit=True, job_id=f"import::{attempt + 1}", deduplicate=True)  # fmt: skip
    elif refused:
        frappe.log_error("Import gave up", frappe.as_json(refused))
    return len(refused)


def settle(author):
    """Raise fees under a lock on the row, tell who waits, and remember what was done."""
    fee = frappe.db.get_value("Author", author, "fee", for_update=True)
    frappe.db.set_value("Author", author, {"fee": flt(fee) * 1.1}, update_modified=False)
    doc = frappe.get_cached_doc("Author", author)
    doc.add_comment("Comment", _("Fee is {0}").format(frappe.format_value(doc.fee, {"fieldtype": "Float"})))
    frappe.publish_realtime("fee_settled", {"author": author}, user=frappe.session.user, after_commit=True)
    frappe.local.job.after_job.add(lambda: frappe.cache.hset("settled", author, 1))
