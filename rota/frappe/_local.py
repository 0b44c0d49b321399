"""What means something else in each request and job: `frappe.local`, `session`, `flags`, `conf`, `form_dict`, ..."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.config import SETTINGS
from rota.documents.dictionary import AttrDict
from rota.frappe._bound import Bound
from rota.sites.context import Context, current, current_or_none


class SessionValues(AttrDict):
    """`frappe.session`; setting its user switches the user."""

    __slots__ = ()

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "user":
            switch_user(current(), value)
        super().__setitem__(key, value)


class RunningJob(AttrDict):
    """`frappe.local.job`: the job that runs here."""

    __slots__ = ()


class _Callbacks:
    """`frappe.local.job.after_job`: functions to run when the job is over, even if it failed."""

    def __init__(self, functions: list[Callable[[], Any]]) -> None:
        self._functions = functions

    def add(self, function: Callable[[], Any]) -> None:
        """Run `function` when the job is over."""
        self._functions.append(function)

    def __call__(self, function: Callable[[], Any]) -> Callable[[], Any]:
        self.add(function)
        return function


def switch_user(context: Context, user: str) -> None:
    """Go on as `user`: documents, permissions and what is enqueued from now on."""
    context.user = user
    _kept(context, "session", _new_session)["data"] = AttrDict()


def _kept(context: Context, name: str, make: Callable[[Context], Any]) -> Any:
    if name not in context.local:
        context.local[name] = make(context)
    return context.local[name]


def _new_session(context: Context) -> SessionValues:
    values = SessionValues(sid=context.user, data=AttrDict())
    dict.__setitem__(values, "user", context.user)
    return values


def _session(context: Context) -> SessionValues:
    values: SessionValues = _kept(context, "session", _new_session)
    dict.__setitem__(values, "user", context.user)
    return values


def _conf(context: Context) -> AttrDict:
    return _kept(context, "conf", conf_of)  # type: ignore[no-any-return]


def conf_of(context: Context) -> AttrDict:
    """The settings of the site and its bench, as Frappe's apps read them."""
    config = context.site.config
    # An app asks for a key with `conf.get(key)` or `if conf.key`, so what is set nowhere must not be there.
    known = {name: getattr(config, name) for name in SETTINGS if getattr(config, name) is not None}
    return AttrDict({**known, **config.extra, "site_name": context.site.name})


def _job(context: Context) -> RunningJob:
    running = context.running
    if running is None:
        raise AttributeError("frappe.local.job: this is no job")
    return _kept(  # type: ignore[no-any-return]
        context,
        "__job",
        lambda _: RunningJob(
            site=context.site.name,
            method=running.method,
            job_name=running.options.get("job_name") or running.method,
            job_id=running.id,
            kwargs=running.kwargs,
            user=running.claim.user,
            after_job=_Callbacks(running.after),
        ),
    )


def _facade(name: str) -> Callable[[Context], Any]:
    def look_up(_: Context) -> Any:
        from rota import frappe  # what an app has put there counts

        return getattr(frappe, name)

    return look_up


def _request_ip(context: Context) -> Any:
    request = context.local.get("request")
    return getattr(request, "remote_addr", None) if request is not None else None


def _set_flags(context: Context, flags: AttrDict) -> None:
    context.flags = context.documents.flags = flags


# What `frappe.local` knows by itself; an app may put anything else there.
_COMPUTED: dict[str, Callable[[Context], Any]] = {
    "site": lambda context: context.site.name,
    "site_name": lambda context: context.site.name,
    "site_path": lambda context: str(context.site.path),
    "sites_path": lambda context: str(context.site.path.parent),
    "conf": _conf,
    "db": lambda context: context.documents.database,
    "flags": lambda context: context.flags,
    "form_dict": lambda context: _kept(context, "form_dict", lambda _: AttrDict()),
    "response": lambda context: _kept(context, "response", lambda _: AttrDict(docs=[])),
    "session": _session,
    "user": lambda context: context.user,
    "lang": lambda context: context.language,
    "message_log": lambda context: context.messages,
    "job": _job,
    "qb": _facade("qb"),
    "cache": lambda context: _kept(context, "__local_cache", lambda _: {}),
    "request_cache": lambda context: _kept(context, "__request_cache", lambda _: {}),
    "task_id": lambda context: context.local.get("task_id"),
    "request_ip": _request_ip,
    "error_log": _facade("error_log"),
    "debug_log": _facade("debug_log"),
    "dev_server": lambda context: context.site.config.developer_mode,
    "initialised": lambda context: True,
    "lang_full_dict": lambda context: {},
    "no_cache": lambda context: False,
}
_SETTERS: dict[str, Callable[[Context, Any], None]] = {
    "lang": lambda context, value: setattr(context, "language", value),
    "user": switch_user,
    "flags": lambda context, value: _set_flags(context, AttrDict(value or {})),
    "message_log": lambda context, value: setattr(context, "messages", value),
}


class Local:
    """`frappe.local`: what an app keeps for the time of one request or job, beside what Rota keeps there."""

    def __getattr__(self, name: str) -> Any:
        context = current_or_none()
        if context is None:
            raise AttributeError(f"frappe.local.{name}: no site is open here")
        # What an app has set itself comes first, as it would in Frappe.
        if name in context.local and not name.startswith("__") and name != "session":
            return context.local[name]
        if name in _COMPUTED:
            return _COMPUTED[name](context)
        raise AttributeError(f"frappe.local has no {name!r} here")

    def __setattr__(self, name: str, value: Any) -> None:
        context = current()
        if name in _SETTERS:
            _SETTERS[name](context, value)
        else:
            context.local[name] = value

    def __delattr__(self, name: str) -> None:
        if current().local.pop(name, self) is self:
            raise AttributeError(f"frappe.local has no {name!r} here")

    def __iter__(self) -> Any:
        return iter(current().local.items())


def _named(name: str, otherwise: Callable[[], Any] | None = None) -> Bound:
    """`otherwise` gives what the name stands for where no site is open: when an app is imported, say."""
    if otherwise is None:
        return Bound(lambda: current() and getattr(local, name))
    return Bound(lambda: getattr(local, name) if current_or_none() else otherwise())


local = Local()
session = _named("session")
flags = _named("flags", AttrDict)
conf = _named("conf", AttrDict)
form_dict = form = _named("form_dict", AttrDict)
response = _named("response")
db = _named("db")
job = _named("job")
request = Bound(lambda: current().local.get("request") if current_or_none() else None)
lang = Bound(lambda: current().language if current_or_none() else "en")
user = Bound(lambda: current().user)
