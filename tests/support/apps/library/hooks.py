"""What the library declares."""

app_name = "library"
app_title = "Library"

scheduler_events = {"daily": "library.tasks.count_books", "cron": {"0 3 * * *": ["library.tasks.count_books"]}}
doc_events = {"Author": {"after_insert": "library.events.note"}, "*": {"on_trash": ["library.events.note"]}}
before_job = ["library.events.before_job"]
after_job = ["library.events.after_job"]
override_whitelisted_methods = {"library.api.old": "library.api.new"}
permission_query_conditions = {"Book": "library.events.visible"}
has_permission = {"Book": "library.events.may"}
jinja = {"methods": ["library.events.shout"], "filters": ["library.events.shout"]}
website_generators = ["Book"]
