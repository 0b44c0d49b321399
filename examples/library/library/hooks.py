app_name = "library"
app_title = "Library"
app_publisher = "Rota"
app_description = "Books, members and loans"
app_license = "MIT"

after_install = "library.install.after_install"

fixtures = ["Genre"]

doc_events = {
    "Member": {
        "after_insert": "library.events.welcome",
        "on_trash": "library.events.refuse_with_open_loans",
    },
}

scheduler_events = {
    "daily": ["library.tasks.mark_overdue_loans"],
    "weekly_long": ["library.tasks.recount_books"],
    "cron": {
        # on weekdays at half past eight
        "30 8 * * 1-5": ["library.tasks.remind_overdue_members"],
    },
}

jinja = {"methods": ["library.utils.book_list"], "filters": ["library.utils.money"]}
