import frappe

FIRST_BOOKS = (
    ("The Left Hand of Darkness", "Ursula K. Le Guin", "Novel", 2),
    ("Middlemarch", "George Eliot", "Novel", 1),
    ("A Dictionary of Birds", "Alfred Newton", "Reference", 1),
)


def after_install():
    """The first books, so that there is something to lend."""
    for title, author, genre, copies in FIRST_BOOKS:
        if not frappe.db.exists("Book", {"title": title}):
            book = frappe.new_doc("Book")
            book.update({"title": title, "author": author, "genre": genre, "copies": copies})
            book.insert(ignore_permissions=True)
