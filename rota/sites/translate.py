"""Texts in people's languages: `translations/LANG.csv` of the apps, rows of source, translation and, maybe, context.

A regional language stands on its language (`pt-BR` on `pt`), an app installed later over an earlier one.
"""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from rota.sites.apps import Apps

logger = logging.getLogger("rota.translate")

ENGLISH = "en"
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?")
_TAG = re.compile(r"<[^>]*>")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Translations:
    """The translations of one site, each language read once a process. Safe to use from threads."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps
        self._known: dict[str, Mapping[str, str]] = {}

    def get(self, text: str, language: str, context: str | None = None) -> str:
        """The text in `language`; itself where nobody has translated it.

        `context` tells apart what is one word in English and several elsewhere; without an entry of its own, the
        entry without one counts. Of HTML, the text without its tags is looked up, too.
        """
        known = self.all(language)
        if not known or not text:
            return text
        source = text.strip()
        for candidate in (source, _TAG.sub("", source).strip()):
            if context and (found := known.get(f"{candidate}:{context}")):
                return found
            if found := known.get(candidate):
                return found
        return text

    def all(self, language: str) -> Mapping[str, str]:
        """All translations into a language, by source text, or by `TEXT:CONTEXT`."""
        found = self._known.get(language)
        if found is None:
            found = self._known[language] = self._read(language)
        return found

    def forget(self) -> None:
        """Read anew: an app was installed, or its files have changed."""
        self._known.clear()

    def _read(self, language: str) -> Mapping[str, str]:
        if language == ENGLISH or not _LANGUAGE.fullmatch(language):
            return _NOTHING
        merged: dict[str, str] = {}
        for one in dict.fromkeys((re.split("[-_]", language)[0], language)):
            for app in self._apps:
                for name in dict.fromkeys((one, one.replace("-", "_"))):
                    merged.update(_rows(app.path / "translations" / f"{name}.csv"))
        return MappingProxyType(merged)


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                yield from _entry(row)
    except FileNotFoundError:
        return
    except (UnicodeDecodeError, csv.Error) as error:
        # What was read of it counts: a slip in a translation must not take the page away.
        logger.warning("the translations in %s can't all be read: %s", path, error)


def _entry(row: list[str]) -> Iterator[tuple[str, str]]:
    """Source, translation, context; in files of older apps, place, source, translation."""
    cells = [cell.strip() for cell in row]
    if len(cells) == 2 or (len(cells) == 3 and not _is_place(cells[0])):
        source, translation, context = (*cells, "")[:3]
    elif len(cells) == 3:
        source, translation, context = cells[1], cells[2], ""
    else:
        return
    if source and translation:
        yield f"{source}:{context}" if context else source, translation


def _is_place(text: str) -> bool:
    return (
        text.startswith(("DocType:", "apps/")) or re.fullmatch(r"\S+\.(py|js|html|json|vue)( \+\d+)?", text) is not None
    )
