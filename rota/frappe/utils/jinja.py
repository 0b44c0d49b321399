"""Jinja templates of apps, and texts that are templates: what they may use, and how they are filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.errors import PermissionError
from rota.frappe._dict import _dict
from rota.frappe._missing import missing
from rota.frappe.utils import jinja_globals
from rota.sites.context import current
from rota.sites.site import Site
from rota.sites.templates import Templates

_KEPT = "templates"
#: Functions of `frappe` that templates may call.
_FUNCTIONS = (
    "_", "as_json", "bold", "copy_doc", "format", "format_value", "get_all", "get_cached_doc", "get_cached_value",
    "get_desk_link", "get_doc", "get_hooks", "get_installed_apps", "get_last_doc", "get_list", "get_meta", "get_roles",
    "get_single", "get_system_settings", "get_value", "get_website_settings", "has_permission", "msgprint",
    "parse_json", "render_template", "scrub", "throw", "unscrub",
)  # fmt: skip
_READS = (
    "count", "escape", "exists", "get_all", "get_default", "get_list", "get_single_value", "get_value", "get_values",
)  # fmt: skip


def templates_of(site: Site) -> Templates:
    """The templates of a site, kept for as long as the site's object."""
    kept = site.__dict__
    if _KEPT not in kept:
        kept[_KEPT] = Templates(site.apps, names=_names(), resolve=frappe.get_attr)
    found: Templates = kept[_KEPT]
    return found


def _names() -> dict[str, Any]:
    """What every template may use; functions look the current site up when they are called."""
    helpers = {name: _named(jinja_globals, name) for name in ("resolve_class", "is_rtl", "bundled_asset")}
    helpers |= {name: _named(jinja_globals, name) for name in ("include_script", "include_style")}
    return {
        **helpers,
        "_": _named(frappe, "_"),
        "frappe": _frappe(),
        "dict": dict,
        "_dict": _dict,
        "get_url": _named(frappe.utils, "get_url"),
        "_type": lambda value: type(value).__name__,
    }


def _frappe() -> _dict:
    functions = {name: _named(frappe, name) for name in _FUNCTIONS}
    utils = {name: one for name in frappe.utils.__all__ if isinstance(one := getattr(frappe.utils, name), FunctionType)}
    reads = {name: _read(name) for name in _READS}
    return _dict(
        functions,
        db=_dict(reads, sql=read_sql),
        utils=_dict(utils),
        date_format=_named(frappe.utils, "format_date"),
        format_date=_named(frappe.utils, "format_date"),
        get_fullname=_named(frappe.utils, "get_fullname"),
        get_gravatar=_named(frappe.utils, "get_gravatar_url"),
        get_url=_named(frappe.utils, "get_url"),
    )


def _named(module: Any, name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(module, name)(*args, **kwargs)  # late: an app may have put another function there

    return call


def _read(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("for_update", None)
        return getattr(frappe.db, name)(*args, **kwargs)

    return call


def read_sql(query: str, *args: Any, **kwargs: Any) -> Any:
    """Run a statement that only reads.

    Raises:
        PermissionError: it may write.
    """
    if not str(query).strip().lower().startswith(("select", "(select", "with", "explain")):
        raise PermissionError("a template may only read: its SQL begins with SELECT")
    return frappe.db.sql(query, *args, **kwargs)


def _now() -> dict[str, Any]:
    """What templates use that differs from one request to the next."""
    context = current()
    static: Any = templates_of(context.site)._environment.globals["frappe"]
    user = context.user
    return {
        "frappe": _dict(
            static,
            session=_dict(user=user, csrf_token=frappe.session.data.csrf_token or ""),
            user=user,
            form_dict=_dict(frappe.form_dict.copy()),
            lang=context.language,
            local=_dict(lang=context.language, site=context.site.name),
            full_name=frappe.utils.get_fullname(user),
        )
    }


def render_template(
    template: str, context: Mapping[str, Any] | None = None, is_path: bool | None = None, safe_render: bool = True
) -> str:
    """A template filled in: its text, or its path in an app when it is one line that ends as a file does.

    Raises:
        TemplateNotFoundError: no app has the file.
        ValidationError: it can't be read, reaches for what it may not, or takes too much.
    """
    if not template:
        return ""
    values = {**_now(), **(context or {})}
    return templates_of(current().site).render(template, values, is_path=is_path, safe_render=safe_render)


class AppTemplate:
    """A template of an app, to be filled in."""

    def __init__(self, path: str) -> None:
        self.name = path
        templates_of(current().site).source(path)

    def render(self, *args: Any, **kwargs: Any) -> str:
        """The template filled in with these values."""
        return render_template(self.name, dict(*args, **kwargs), is_path=True)


def get_template(path: str) -> AppTemplate:
    """The template at a path in an app.

    Raises:
        TemplateNotFoundError: no app has the file.
    """
    return AppTemplate(path)


def get_email_from_template(name: str, args: Mapping[str, Any]) -> tuple[str, str | None]:
    """`templates/emails/NAME.html` of an app, filled in, and its `.txt` where there is one."""
    templates = templates_of(current().site)
    message = render_template(f"templates/emails/{name}.html", args, is_path=True)
    plain = f"templates/emails/{name}.txt"
    return message, render_template(plain, args, is_path=True) if templates.exists(plain) else None


def validate_template(html: str) -> None:
    """Refuse what is no template.

    Raises:
        ValidationError: it is none; says where.
    """
    if html:
        templates_of(current().site).check(html)


def get_jenv() -> Any:
    """Jinja's environment of the site."""
    return templates_of(current().site)._environment


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
