"""Templates: what they find, what they may reach, and that none runs away."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rota.sites.realtime
from rota.db.sqlite import SQLite
from rota.documents.dictionary import AttrDict
from rota.documents.session import Session
from rota.errors import TemplateNotFoundError, ValidationError
from rota.sites.apps import App, Apps
from rota.sites.context import Context
from rota.sites.templates import Limits, Templates


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def apps(tmp_path: Path) -> Apps:
    for name in ("one", "two"):
        write(tmp_path / name / "templates" / "emails" / "hello.html", f"{name} {{{{ who }}}}")
    write(tmp_path / "one" / "templates" / "emails" / "only.html", "only {% include 'templates/part.html' %}")
    write(tmp_path / "one" / "templates" / "part.html", "part")
    write(tmp_path / "one" / "secret.py", "password")
    write(tmp_path / "secret.html", "outside")
    (tmp_path / "one" / "templates" / "link.html").symlink_to(tmp_path / "secret.html")
    return Apps([App(name, name, tmp_path / name) for name in ("one", "two")])


@pytest.fixture
def templates(apps: Apps) -> Templates:
    return Templates(apps, names={"_": lambda text: f"<{text}>", "frappe": AttrDict(utils=AttrDict(cint=int))})


# --- found ---


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("one/templates/emails/hello.html", "one you"),
        ("one/emails/hello.html", "one you"),
        ("templates/emails/hello.html", "two you"),
        ("emails/hello.html", "two you"),
        ("  one/templates/emails/only.html ", "only part"),
    ],
)
def test_a_path_leads_into_an_app_or_to_the_last_that_has_it(templates: Templates, path: str, text: str) -> None:
    assert templates.render(path, {"who": "you"}) == text


def test_a_text_is_a_template_itself(templates: Templates) -> None:
    assert templates.render("Hello {{ who }}, {{ _('bye') }} {{ frappe.utils.cint('3') + 1 }}", {"who": "you"}) == (
        "Hello you, <bye> 4"
    )


def test_a_text_that_looks_like_a_path_is_one_unless_it_is_told_not_to(templates: Templates) -> None:
    assert templates.render("see readme.txt", is_path=False) == "see readme.txt"
    with pytest.raises(TemplateNotFoundError, match=r"no installed app has the template 'see readme\.txt'"):
        templates.render("see readme.txt")
    assert templates.render("Version {{ v }}.html", {"v": 1}) == "Version 1.html"


def test_a_missing_template_is_named_even_if_another_includes_it(templates: Templates) -> None:
    with pytest.raises(TemplateNotFoundError, match=r"'gone\.html'"):
        templates.render("{% include 'gone.html' %}")


def test_html_is_not_escaped_unless_the_template_says_so(templates: Templates) -> None:
    assert templates.render("{{ x }} {{ x|e }}", {"x": "<b>"}) == "<b> &lt;b&gt;"


def test_a_changed_file_is_read_anew(templates: Templates, tmp_path: Path) -> None:
    path = tmp_path / "one" / "templates" / "part.html"
    assert templates.render("one/templates/part.html") == "part"
    path.write_text("new", encoding="utf-8")
    import os

    os.utime(path, ns=(1, 1))
    assert templates.render("one/templates/part.html") == "new"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.html",
        "one/../../secret.html",
        "one/templates/../../../secret.html",
        "/etc/hostname.txt",
        "one/secret.py",
        "one/templates/link.html",
        "one//secret.html",
        "one/.hidden.html",
        "one\\secret.html",
        "",
    ],
)
def test_no_path_leads_out_of_the_apps(templates: Templates, path: str) -> None:
    with pytest.raises(TemplateNotFoundError):
        templates.render(path, is_path=True)


def test_apps_add_methods_and_filters(apps: Apps) -> None:
    import json

    found = {"one.shout": str.upper, "one.json": json}
    hooks = {"methods": ["one.shout", "loud:one.shout", "one.json"], "filters": ["one.shout"]}
    apps.hooks()["jinja"] = hooks
    templates = Templates(apps, resolve=found.__getitem__)
    assert templates.render("{{ shout('a') }}{{ loud('b') }}{{ 'c'|shout }}{{ loads('[1]')[0] }}") == "ABC1"


# --- refused ---


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ x.__init__.__globals__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ ''['__class__'] }}",
        "{{ '{0.__class__}'.format('') }}",
        "{{ ''|attr('format') }}{{ ('{0.__class__.__mro__}'|attr('format'))(1) }}",
        "{{ ['{0.__class__}']|map('format', 1)|list }}",
        "{{ (f).func_globals }}{{ f.__code__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ cycler.__init__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ module.json.loads('1') }}",
        "{{ session.connection }}",
        "{{ session.commit() }}",
        "{{ f.enqueue() }}",
    ],
)
@pytest.mark.parametrize("safe", [True, False])
def test_nothing_inside_python_or_rota_is_reached(
    templates: Templates, tmp_path: Path, template: str, safe: bool
) -> None:
    def function() -> None: ...

    function.enqueue = lambda: pytest.fail("called")  # type: ignore[attr-defined]
    session = Session(SQLite(tmp_path / "x.db"))
    values = {"x": SimpleNamespace(), "f": function, "module": rota.sites.realtime, "session": session}
    try:
        shown = templates.render(template, values, safe_render=safe)
    except (ValidationError, ValueError, TypeError) as error:
        shown = str(error)
    session.close()
    for inner in ("<class", "<method", "mappingproxy", "__builtins__", "mro", "SQLiteConnection object"):
        assert inner not in shown.replace("{{", "") or "unsafe" in shown or "undefined" in shown or "Illegal" in shown


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% for i in range(9) recursive %}{{ loop(range(9)) }}{% endfor %}",
        "{{ 'x' * 10**9 }}",
        "{{ 10**9 * 'x' }}",
        "{{ [0] * 10**9 }}",
        "{{ 9**(9**9) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (1000000000, 1) }}",
        "{{ '%1000000000d'|format(1) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 1000000000) }}",
        "{{ 'x'|center(1000000000) }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ 'x'|indent(1000000000) }}",
        "{{ [1]|batch(1000000000, 1)|list }}",
        "{% set ns = namespace(x='xxxxxxxxxx') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x='xxxxxxxxxx') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x|replace('x', 'xxx') %}{% endfor %}",
        "{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('x', 'xxx') %}{% endfor %}",
        "{% set x = 'x' * 99999 %}{{ range(99999)|join(x) }}",
        "{% set x = 'x' * 99999 %}{{ x.join(x) }}",
        "{% set x = 'x' * 9999999 %}{{ x }}{{ x }}",
    ],
)
def test_no_template_runs_away(templates: Templates, template: str) -> None:
    started = time.thread_time()
    with pytest.raises(ValidationError):
        templates.render(template)
    assert time.thread_time() - started < 20


def test_a_template_ends_at_its_time(apps: Apps) -> None:
    moments = iter(range(10**6))
    templates = Templates(apps, limits=Limits(seconds=10), monotonic=lambda: next(moments))
    with pytest.raises(ValidationError, match="longer than 10 s"):
        templates.render("{% for i in range(9999) %}{% endfor %}")


def test_templates_within_a_template_share_its_budget(apps: Apps) -> None:
    inner: list[Templates] = []
    templates = Templates(
        apps, names={"again": lambda: inner[0].render("{% for i in range(60) %}{% endfor %}")}, limits=Limits(steps=200)
    )
    inner.append(templates)
    assert templates.render("{{ again() }}") == ""
    with pytest.raises(ValidationError, match="more than 200 steps"):
        templates.render("{% for i in range(9) %}{{ again() }}{% endfor %}")


def test_large_but_honest_templates_work(templates: Templates) -> None:
    rows = [{"name": f"row {number}", "value": number} for number in range(20_000)]
    text = templates.render(
        "{% for row in rows %}<tr><td>{{ row.name }}</td><td>{{ '%.2f' % row.value }}</td></tr>\n{% endfor %}"
        "{{ rows|sum(attribute='value') }} {{ rows|map(attribute='name')|join(', ')|length }}",
        {"rows": rows},
    )
    assert text.count("<tr>") == 20_000


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ 1 +* }}", "line 1: unexpected"),
        ("a\n{% if x %}", "line 2: Unexpected end of template"),
        ("{{ nothing.name }}", "'nothing' is undefined"),
    ],
)
def test_a_broken_template_says_where(templates: Templates, template: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        templates.render(template, is_path=False)


def test_what_a_templates_function_raises_comes_as_it_is(apps: Apps) -> None:
    def fail() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Templates(apps, names={"fail": fail}).render("{{ fail() }}")


def test_a_text_can_be_checked_without_being_rendered(templates: Templates) -> None:
    templates.check("{{ x }}")
    with pytest.raises(ValidationError, match="line 1"):
        templates.check("{% for %}")


# --- documents ---


@pytest.fixture
def doc(context: Context) -> Any:
    todo = context.documents.get_doc({"doctype": "ToDo", "description": "Call <b>her</b>"}).insert()
    context.documents.session.commit()
    return todo


def test_a_template_reads_documents(templates: Templates, doc: Any) -> None:
    text = "{{ doc.description }} {{ doc.get('status') }} {{ doc.meta.get_label('status') }} {{ doc.is_new() }}"
    assert templates.render(text, {"doc": doc}) == "Call <b>her</b> Open Status False"


@pytest.mark.parametrize(
    "call",
    ["delete()", "save()", "insert()", "db_set('status', 'Closed')", "set('status', 'x')", "update({'status': 'x'})",
     "append('x', {})", "run_method('delete')", "add_comment('Comment', 'x')", "reload()", "submit()", "db_update()",
     "get_password('x')", "notify_update()", "rename('x')", "documents.delete_doc('ToDo', 'x')",
     "get('_documents').session",
     "documents.session.write('x')", "flags.update({'ignore_permissions': 1})"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["doc.{}", "(doc|attr('{0}'))"], ids=["dot", "attr"])
def test_a_template_never_changes_a_document(
    templates: Templates, context: Context, doc: Any, call: str, way: str
) -> None:
    name, _, rest = call.partition("(")
    expression = f"doc.{call}" if way == "doc.{}" or "." in name else f"{way.format(name)}({rest}"
    before = dict(doc.__dict__)
    with pytest.raises((ValidationError, TypeError, AttributeError)):
        templates.render("{{ " + expression + " }}", {"doc": doc})
    assert doc.__dict__ == before
    assert context.documents.exists("ToDo", doc.name)
    assert not context.documents.session.wrote


@pytest.mark.parametrize(
    "expression",
    [
        "doc.meta.permissions.append({'role': 'All', 'read': 1})",
        "doc.meta.get('permissions').clear()",
        "doc.meta['permissions'].clear()",
        "doc.meta.get_field('status').update({'permlevel': 0, 'reqd': 1})",
        "doc.meta.update({'permissions': []})",
        "doc.meta.pop('permissions')",
    ],
)
def test_a_template_never_changes_a_doctype(templates: Templates, doc: Any, expression: str) -> None:
    before = repr(dict(doc.meta))
    with contextlib.suppress(ValidationError):
        templates.render("{{ " + expression + " }}", {"doc": doc})
    assert repr(dict(doc.meta)) == before
