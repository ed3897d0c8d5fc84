"""Settings of the map and the plates (地图和门牌设置): boundaries, tiles and their datum, what a plate shows to anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Fault, InvalidInput, SanchengError, Stale, TooLarge
from core.figures.boundaries import BIGGEST, PROPERTIES
from core.figures.site_outlines import keep_outlines, kept_outlines
from core.request import actor, db, now, require_any, tenant
from core.web import district
from core.web.errors import fault_map, say
from core.work.names import tidy
from core.work.places.datum import GCJ02, WGS84
from core.work.places.site_settings import MapSettings, PlateSettings, keep_settings, read_settings
from core.work.roles import ADMINISTER, DIRECT
from core.work.tenant_settings import may_set

blueprint = Blueprint("place_settings", __name__, url_prefix="/t/<slug>/settings/places")
blueprint.before_request(district.enter)

SHOWN = 200  # faults on the page (ours)
DATUMS: Mapping[str, str] = {WGS84: N_("WGS-84（GPS、天地图）"), GCJ02: N_("GCJ-02（高德、腾讯等）")}


@blueprint.get("")
@require_any(ADMINISTER, DIRECT)
def show() -> tuple[str, int]:
    """Both sections and the boundaries."""
    return _page()


@blueprint.post("/map")
@require_any(ADMINISTER, DIRECT)
def keep_map() -> AnyResponse | tuple[str, int]:
    """Set the tiles."""
    form = request.form
    value = MapSettings(form.get("tiles", "").strip(), tidy(form.get("attribution", "")), form.get("datum", ""))
    return _keep("map", value)


@blueprint.post("/plates")
@require_any(ADMINISTER, DIRECT)
def keep_plates() -> AnyResponse | tuple[str, int]:
    """Set what a plate shows, and how long a contact is kept."""
    form, days = request.form, request.form.get("contact_days", "").strip()
    number = int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0
    return _keep("plates", PlateSettings(bool(form.get("public_grade")), number, tidy(form.get("duties", ""))))


def _keep(which: str, value: MapSettings | PlateSettings) -> AnyResponse | tuple[str, int]:
    said = request.form.get("version", "")
    version = int(said) if said.isascii() and said.isdigit() and len(said) < 9 else -1
    try:
        keep_settings(db(), actor(), value, version=version, now=now())
    except (InvalidInput, Stale) as error:
        return _page(which, error)
    flash(gettext("已保存"))
    return redirect(url_for("place_settings.show") + f"#{which}", 303)


@blueprint.post("/outlines")
@require_any(ADMINISTER, DIRECT)
def upload() -> AnyResponse | tuple[str, int]:
    """Keep another file of boundaries; every fault is named by feature and property."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page("outlines", InvalidInput(N_("请选择一个 .geojson 或 .json 文件")))
    name = file.filename[-120:].replace("\x00", "")
    try:
        kept = keep_outlines(db(), actor(), file.stream.read(BIGGEST + 1), name, now=now())
    except (InvalidInput, TooLarge) as error:
        return _page("outlines", error)
    flash(gettext("已保存边界：%(n)s 个", n=kept.count))
    return redirect(url_for("place_settings.show") + "#outlines", 303)


def _page(which: str = "", error: SanchengError | None = None) -> tuple[str, int]:
    tiles, tiles_version = read_settings(db(), MapSettings, tenant().id)
    plates, plates_version = read_settings(db(), PlateSettings, tenant().id)
    faults: Sequence[Fault] = error.faults if error else ()
    page = render_template(
        "settings/places.html",
        which=which,
        said=say(error) if error and (which == "outlines" or not faults) else "",
        errors=fault_map(error) if error and which != "outlines" else {},
        faults=faults[:SHOWN] if which == "outlines" else (),
        bad=len(faults),
        typed=request.form,
        map=tiles,
        map_version=tiles_version,
        plates=plates,
        plates_version=plates_version,
        outlines=kept_outlines(db()),
        datums=[(key, gettext(text)) for key, text in DATUMS.items()],
        most=BIGGEST // 1024 // 1024,
        properties=PROPERTIES,
        may_change=may_set(db(), actor(), now()),
        shorten=lambda text, params: gettext(text).format(**params) if params else gettext(text),
    )
    return page, error.status if error else 200
