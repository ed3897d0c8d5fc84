"""The wiring (总装): the only place that knows every face; nothing else builds an application."""

from __future__ import annotations

import gc
import hashlib
import os
from pathlib import Path

from flask import Flask
from flask_babel import Babel
from sqlalchemy.orm import configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix

from core.api import service
from core.campaigns.registry import Registry, installed
from core.request import House, attach
from core.settings import BODY_LIMIT, Settings
from core.web import catalogues, errors, shell
from core.web.blueprints import BLUEPRINTS
from tenants.scope import Wall, database_answers

ROOM = Path(__file__).parent


def create_app(settings: Settings, *, registry: Registry | None = None, wall: Wall | None = None) -> Flask:
    """Build the application; refuses to start when the database would not keep districts apart."""
    app = Flask("core.web", root_path=str(ROOM / "web"))
    app.config.update(
        SECRET_KEY=hashlib.sha256(f"pages {settings.secret_key}".encode()).digest(),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        SESSION_COOKIE_NAME="sancheng_note",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(ROOM / "translations"),
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's own way
    door = wall or Wall(settings.database_url, settings.secret_key, pool_size=settings.pool_size)
    if not database_answers(door):
        raise RuntimeError("数据库没有应答")
    attach(app, House(door, registry or installed(), settings))
    catalogues.attach(app, Babel(app, locale_selector=shell.choose_locale))
    shell.attach(app)
    errors.attach(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    service.attach(app)
    return app


def from_environment() -> Flask:
    """What gunicorn calls: ``core.app:from_environment()``."""
    app = create_app(Settings.from_environment(os.environ))
    configure_mappers()  # else the first request of each process does it (60 ms of its own time, measured)
    # What stands now stands for good: looking through it for rubbish cost a list a twentieth of its time [measured].
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    return app
