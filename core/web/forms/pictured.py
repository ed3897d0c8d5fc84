"""Where illustrations are fetched from (示范图地址): the district's own picture, else the drawing that comes with the system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from flask import current_app, url_for
from flask_babel import get_locale

from core.campaigns import Form
from core.request import db
from core.work.forms.pictures import pictures_for

FOLDER = "img/right"


def picture_addresses(forms: Iterable[Form], *, locale: str = "") -> Mapping[str, str]:
    """The addresses of the illustrations that some forms show, by image name, by item code and by question code.

    A district's own picture goes before the drawing of the item's question that comes with the system; what has neither is left
    out. An address stands for one content for ever, so that phones may keep it. ``locale`` is the reader's when empty.
    """
    shown = list(forms)
    own = pictures_for(db(), shown, locale=locale or str(get_locale() or "zh"))
    drawn = drawings(Path(current_app.static_folder or ""))
    found: dict[str, str] = {}
    for item in (item for form in shown for item in form.items):
        if item.question in drawn:
            found[item.question] = found[item.code] = drawing_address(item.question)
    return found | {key: url_for("illustrations.show", photo_id=file_id) for key, file_id in own.items()}


def drawing_address(question: str) -> str:
    """Where the drawing of a question that comes with the system is."""
    version = current_app.jinja_env.globals["asset_version"]
    return url_for("static", filename=f"{FOLDER}/{question}.svg", v=version)


@lru_cache(maxsize=4)
def drawings(static: Path) -> frozenset[str]:
    """The questions that a drawing comes with the system for."""
    return frozenset(one.stem for one in (static / FOLDER).glob("*.svg"))
