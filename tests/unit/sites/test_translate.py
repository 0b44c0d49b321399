"""Translations of apps."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.sites.apps import App, Apps
from rota.sites.translate import Translations


@pytest.fixture
def translations(tmp_path: Path) -> Translations:
    files = {
        "one/translations/de.csv": 'Open,Offen\nOpen,Geöffnet,Shop\n"Hello, {0}","Hallo, {0}"\nClose,Schließen\n'
        "Empty,\nBroken\n",
        "one/translations/pt.csv": "Open,Aberto\nClose,Fechar\n",
        "one/translations/pt_BR.csv": "Close,Feche\n",
        "two/translations/de.csv": "Open,Auf\napps/two/two/x.py +12,Old,Alt\n",
        "two/translations/fr.csv": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "one/translations/it.csv").write_bytes(b"Open,Aperto\nClose,\xff\n")
    return Translations(Apps([App(name, name, tmp_path / name) for name in ("one", "two")]))


@pytest.mark.parametrize(
    ("text", "language", "context", "shown"),
    [
        ("Close", "de", None, "Schließen"),
        ("Hello, {0}", "de", None, "Hallo, {0}"),
        ("  Close ", "de", None, "Schließen"),
        ("<b>Close</b>", "de", None, "Schließen"),
        ("Open", "de", None, "Auf"),
        ("Open", "de", "Shop", "Geöffnet"),
        ("Open", "de", "Elsewhere", "Auf"),
        ("Old", "de", None, "Alt"),
        ("Close", "pt-BR", None, "Feche"),
        ("Open", "pt-BR", None, "Aberto"),
        ("Open", "en", None, "Open"),
        ("Open", "fr", None, "Open"),
        ("Empty", "de", None, "Empty"),
        ("Unknown", "de", None, "Unknown"),
        ("", "de", None, ""),
    ],
)
def test_a_text_in_a_language(
    translations: Translations, text: str, language: str, context: str | None, shown: str
) -> None:
    assert translations.get(text, language, context) == shown


@pytest.mark.parametrize("language", ["../one", "de/../de", "", "*", "d\0e", "german"])
def test_only_languages_are_looked_for(translations: Translations, language: str) -> None:
    assert translations.get("Open", language) == "Open"


def test_a_file_that_is_broken_costs_its_own_rest(translations: Translations, caplog: pytest.LogCaptureFixture) -> None:
    assert translations.get("Open", "it") in ("Open", "Aperto")
    assert "it.csv can't all be read" in caplog.text


def test_all_translations_of_a_language(translations: Translations) -> None:
    assert translations.all("pt-BR") == {"Open": "Aberto", "Close": "Feche"}


def test_a_language_is_read_once_until_it_is_forgotten(translations: Translations, tmp_path: Path) -> None:
    assert translations.get("New", "fr") == "New"
    (tmp_path / "two/translations/fr.csv").write_text("New,Nouveau\n")
    assert translations.get("New", "fr") == "New"
    translations.forget()
    assert translations.get("New", "fr") == "Nouveau"
