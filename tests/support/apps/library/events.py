"""What hooks call."""

SEEN = []


def note(doc, method=None):
    """Remember an event."""
    SEEN.append((doc.doctype, method))


def before_job(method, kwargs, transaction_type):
    """Remember that a job begins."""
    SEEN.append(("before_job", method))


def after_job(method, kwargs, result):
    """Remember that a job is over."""
    SEEN.append(("after_job", result))


def visible(user):
    """Lists show no secret books."""
    return "`tabBook`.title not like 'Secret%'"


def may(doc, ptype, user):
    """Nobody but Administrator reads a secret book."""
    return not (doc.title or "").startswith("Secret")


def shout(text):
    """Say it loud."""
    return str(text).upper() + "!"
