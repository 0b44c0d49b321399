"""Documents that come with an app, as Frappe exports them.

Fixtures are lists of documents in `APP/fixtures/*.json`; customizations are the custom fields, property setters and
permissions of one DocType in `APP/MODULE/custom/*.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rota.errors import RotaError

if TYPE_CHECKING:
    from rota.documents.documents import Documents
    from rota.sites.report import Report
    from rota.sites.site import Site

#: The parts of a customization, and what each of their rows is.
CUSTOMIZATIONS = {
    "custom_fields": "Custom Field",
    "property_setters": "Property Setter",
    "custom_perms": "Custom DocPerm",
}
# What the export knows and the site decides.
_NOT_COMPARED = ("doctype", "name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "__islocal")


def load_fixtures(site: Site, files: Iterable[Path], report: Report) -> None:
    """Insert or update the documents of fixture files; one that can't be is reported, and the others go on."""
    for file in files:
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            report.problems.append(f"fixture {file}: {error}")
            continue
        for values in _documents_in(found):
            _load(site, file, values, report)


def _documents_in(found: Any) -> list[Any]:
    if isinstance(found, list):
        return found
    if not isinstance(found, Mapping) or "custom_fields" not in found:
        return [found]
    return [{**row, "doctype": doctype} for key, doctype in CUSTOMIZATIONS.items() for row in found.get(key) or ()]


def _load(site: Site, file: Path, values: Any, report: Report) -> None:
    if not isinstance(values, Mapping) or not values.get("doctype"):
        report.problems.append(f"fixture {file}: {values!r:.60} is no document with a doctype")
        return
    what = f"{values['doctype']} {values.get('name') or ''}".strip()
    try:
        with site.open() as context:
            change = put_document(context.documents, values)
    except RotaError as error:
        report.problems.append(f"fixture {file}, {what}: {error}")
    else:
        report.done += [f"{change} {what} of {file.name}"] if change else []


def put_document(documents: Documents, values: Mapping[str, Any]) -> str:
    """Make a document what `values` say: "inserted", "updated", or "" when it is so already."""
    doctype, name = values["doctype"], values.get("name")
    if name is None or not documents.exists(doctype, name):
        doc = documents.get_doc(dict(values))
        doc.flags.ignore_permissions = doc.flags.ignore_links = doc.flags.ignore_mandatory = True
        doc.insert(set_name=name)
        return "inserted"
    doc = documents.get_doc(doctype, name)
    wanted = {key: value for key, value in values.items() if key not in _NOT_COMPARED}
    if all(_same(doc.get(key), value) for key, value in wanted.items()):
        return ""
    doc.update(wanted)
    doc.flags.ignore_permissions = doc.flags.ignore_links = doc.flags.ignore_mandatory = True
    doc.save()
    return "updated"


def _same(current: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        rows = list(current or ())
        return len(rows) == len(wanted) and all(
            _same(row.get(key), value)
            for row, one in zip(rows, wanted, strict=True)
            for key, value in one.items()
            if key not in (*_NOT_COMPARED, "parent", "parenttype", "parentfield")
        )
    empty = (None, "", 0, "0", False)
    return (current in empty and wanted in empty) or current == wanted or str(current) == str(wanted)
