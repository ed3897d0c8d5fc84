"""The phone app's page (现场手机端): one shell that a phone keeps, its manifest and its service worker.

Nothing in them is personal: what is kept on a phone stays there when another person logs in.
"""

from __future__ import annotations

import hashlib

import orjson
from flask import Blueprint, Response, jsonify, render_template, url_for

from core import request as asked
from core.request import require_any, tenant
from core.web.field.files import app_files, files_version, static_folder, worker_script
from core.web.field.words import TEXTS, all_texts, both
from core.work.roles import REPORT, VISIT

blueprint = Blueprint("field", __name__, url_prefix="/t/<slug>/field")
blueprint.before_request(asked.enter)


@blueprint.get("/")
@require_any(VISIT, REPORT)
def show() -> str:
    """The shell: everything else is drawn by the phone."""
    return _shell()


def _shell() -> str:
    texts = all_texts()
    return render_template("field/shell.html", slug=tenant().slug, texts=texts, version=files_version(static_folder()))


@blueprint.get("/app.webmanifest")
@require_any(VISIT, REPORT)
def show_manifest() -> Response:
    """How the app is called and drawn when it is installed."""
    home = url_for("field.show")
    name = both(TEXTS["app"])[0]
    answer = jsonify(
        id=home,
        name=name,
        short_name=name,
        start_url=home,
        scope=home,
        display="standalone",
        lang="zh-CN",
        background_color="#f6f8f8",
        theme_color="#0b5e63",
        icons=[_icon(192), _icon(512), _icon(512) | {"purpose": "maskable"}],
    )
    answer.content_type = "application/manifest+json"
    return answer


def _icon(side: int) -> dict[str, str]:
    address = url_for("static", filename=f"field/icon-{side}.png")
    return {"src": address, "sizes": f"{side}x{side}", "type": "image/png", "purpose": "any"}


@blueprint.get("/worker.js")
@require_any(VISIT, REPORT)
def show_worker() -> Response:
    """The service worker: what to keep, under a name that changes with any of it, and how to send in the background."""
    static = static_folder()
    home = url_for("field.show")
    shell = hashlib.sha256(_shell().encode()).hexdigest()[:8]
    kept = {
        "name": f"field-{files_version(static)}-{shell}",
        "home": home,
        "files": [url_for("static", filename=name) for name in app_files(static)] + [url_for("field.show_manifest")],
    }
    head = f"const KEPT = {orjson.dumps(kept).decode()};\n"
    answer = Response(head + worker_script(static), content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    return answer
