"""Translations at hand (译文): each language's catalogue found by the language itself, a hundred times a page.

Flask-Babel writes the locale out as text for every word that it looks up, which was a tenth of a list's time [measured].
"""

from __future__ import annotations

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask
from flask_babel import Babel, Domain, get_locale


class Catalogues(Domain):
    """Flask-Babel's domain, with its catalogues kept by locale (译文目录)."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)
        self._kept: dict[Locale, NullTranslations | Translations] = {}

    def get_translations(self) -> NullTranslations | Translations:
        """The catalogue of the reader's language; outside a request one that changes nothing, and is not kept."""
        locale = get_locale()
        if locale is None:
            return super().get_translations()
        found = self._kept.get(locale)
        if found is None:
            found = self._kept[locale] = super().get_translations()
        return found


def attach(app: Flask, babel: Babel) -> None:
    """Let an application's words be looked up here."""
    with app.app_context():
        babel.domain_instance = Catalogues(babel.domain)
