"""What every page carries (页面外壳): menu, language, the reader's name, and the headers that keep strangers out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request
from flask_babel import get_locale

from core import request as asked
from core.web.desk.bell import keep, read_bell
from core.web.form_fields import option_tags
from core.web.headers import POLICY
from core.web.menu import make_menu
from core.web.moments import deadline_words, set_deadline
from core.web.words import begin_large, counted
from core.work.wording import SEPARATOR

LOCALES = ("zh", "en")
LANGUAGE_COOKIE = "sancheng_language"
THEME_COOKIE = "sancheng_theme"


def choose_locale() -> str:
    """The reader's language: his account's, else the cookie's, else the browser's; Chinese in doubt."""
    known = asked.login()
    if known is not None and known.locale in LOCALES:
        return known.locale
    said = request.cookies.get(LANGUAGE_COOKIE)
    if said in LOCALES:
        return said
    return request.accept_languages.best_match(["zh", "zh-CN", "en"], "zh")[:2]


def page_context() -> dict[str, Any]:
    """What ``base.html`` expects."""
    known = asked.login()
    inside = "actor" in g
    return {
        "tenant": asked.tenant() if inside else None,
        "actor": asked.actor() if inside else known,
        "menu": make_menu(),
        "bell": read_bell(),
        "locale": str(get_locale() or "zh"),
        "theme": request.cookies.get(THEME_COOKIE, ""),
        "csrf_token": lambda: known.csrf if known else "",
        "is_demo": inside and asked.tenant().is_demo,
    }


def add_headers(response: Response) -> Response:
    """Set the headers of every answer: strict policy, no sniffing, no caching of what is personal."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Vary", "Cookie")
    elif "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def version_of(static: Path) -> str:
    """A word that changes with any of our own styles and scripts or with the packages, so that browsers ask anew."""
    found = hashlib.sha256()
    ours = (path for folder in ("css", "js", "img") for path in sorted((static / folder).rglob("*")))
    for path in (*ours, static / "vendor" / "stamp.txt"):
        if path.is_file():
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:12]


def furnish(app: Flask) -> None:
    """Give every template its words: how numbers, deadlines and long choices are written, and the version of our files."""
    app.jinja_env.globals |= {
        "asset_version": version_of(Path(app.static_folder or "")),
        "option_tags": option_tags,
        "SEPARATOR": SEPARATOR,
        "counted": counted,
    }
    app.jinja_env.filters |= {"deadline": set_deadline, "deadline_words": deadline_words, "large": begin_large}


def attach(app: Flask) -> None:
    """Hang the shell onto the application."""
    furnish(app)
    app.context_processor(page_context)
    app.after_request(add_headers)
    app.after_request(keep)
