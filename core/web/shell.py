"""What every page carries (页面外壳): menu, language, the reader's name, and the headers that keep strangers out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request
from flask_babel import get_locale, gettext
from sqlalchemy.exc import SQLAlchemyError

from core import request as asked
from core.errors import N_
from core.work.roles import ADMINISTER, ANSWER, AUDIT, CHECK, COMPARE, GRANT, PUBLISH, SEE, VISIT
from core.work.waiting import todo_count

LOCALES = ("zh", "en")
LANGUAGE_COOKIE = "sancheng_language"
THEME_COOKIE = "sancheng_theme"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; form-action 'self'"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the menu: who may go there (any of the verbs), and in which kind of tenant."""

    label: str
    path: str
    icon: str
    verbs: frozenset[str]
    kinds: frozenset[str] = frozenset({"district"})
    phone: bool = False


BOTH = frozenset({"district", "city"})
MENU: tuple[Entry, ...] = (
    Entry(N_("今日"), "", "home", frozenset({SEE, VISIT, ANSWER, ADMINISTER, COMPARE}), BOTH, phone=True),
    Entry(N_("检查"), "visits", "clipboard-check", frozenset({VISIT, SEE}), phone=True),
    Entry(N_("问题"), "findings", "alert-circle", frozenset({SEE}), phone=True),
    Entry(N_("点位"), "sites", "map-pin", frozenset({SEE})),
    Entry(N_("指标"), "figures", "chart-bar", frozenset({SEE})),
    Entry(N_("报告"), "reports", "report", frozenset({SEE})),
    Entry(N_("发布"), "publications", "send", frozenset({PUBLISH, GRANT})),
    Entry(N_("创建项目"), "campaigns", "flag", frozenset({SEE, ADMINISTER})),
    Entry(N_("区县比较"), "/c/{slug}/comparison", "trophy", frozenset({COMPARE}), frozenset({"city"}), phone=True),
    Entry(N_("组织"), "units", "sitemap", frozenset({ADMINISTER}), BOTH),
    Entry(N_("人员"), "people", "users", frozenset({ADMINISTER}), BOTH),
    Entry(N_("设置"), "settings", "settings", frozenset({ADMINISTER}), BOTH),
    Entry(N_("日志"), "audit", "history", frozenset({AUDIT}), BOTH),
)


def choose_locale() -> str:
    """The reader's language: his account's, else the cookie's, else the browser's; Chinese in doubt."""
    known = asked.login()
    if known is not None and known.locale in LOCALES:
        return known.locale
    said = request.cookies.get(LANGUAGE_COOKIE)
    if said in LOCALES:
        return said
    return request.accept_languages.best_match(["zh", "zh-CN", "en"], "zh")[:2]


def make_menu() -> list[dict[str, Any]]:
    """The places that the actor may go to, in this tenant, with the one he is at marked."""
    if "actor" not in g:
        return []
    actor = asked.actor()
    made = []
    for entry in MENU:
        if actor.tenant.kind not in entry.kinds or not entry.verbs & actor.verbs:
            continue
        href = entry.path.format(slug=actor.tenant.slug)
        href = href if href.startswith("/") else f"/t/{actor.tenant.slug}/{href}"
        here = request.path == href if not entry.path else request.path.startswith(href)
        here = here or (entry.path == "figures" and request.path.startswith(f"/t/{actor.tenant.slug}/k/"))
        made.append(
            {"label": gettext(entry.label), "href": href, "icon": entry.icon, "active": here, "phone": entry.phone}
        )
    return made


def count_todo() -> int | None:
    """The number beside the bell: what waits for the actor; None where nothing can, and on the pages of a broken request."""
    if "actor" not in g or "session" not in g or not {ANSWER, CHECK} & asked.actor().verbs:
        return None
    try:
        return todo_count(asked.db(), asked.actor(), asked.now())
    except SQLAlchemyError:
        return None  # the page that says what broke must not break on the same session


def page_context() -> dict[str, Any]:
    """What ``base.html`` expects."""
    known = asked.login()
    inside = "actor" in g
    return {
        "tenant": asked.tenant() if inside else None,
        "actor": asked.actor() if inside else known,
        "menu": make_menu(),
        "todo_count": count_todo(),
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


def attach(app: Flask) -> None:
    """Hang the shell onto the application."""
    stamp = Path(app.static_folder or "") / "vendor" / "stamp.txt"
    app.jinja_env.globals["asset_version"] = stamp.read_text().strip()[:12] if stamp.exists() else "0"
    app.context_processor(page_context)
    app.after_request(add_headers)
