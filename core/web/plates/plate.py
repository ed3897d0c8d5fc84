"""What stands behind a plate (门牌页): the place's public card, a citizen's report with its receipt, and buttons for who works here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Fault, SanchengError
from core.request import db, house, now, today
from core.web.errors import say, say_fault
from core.web.places.site_words import say_types
from core.web.plates.plate_door import Scan, count_look, count_report, enter_by_plate, read_seal, seal_form
from core.web.words import begin_large, by_locale
from core.work.inspection.photo_reading import MAX_BYTES
from core.work.places.reaching import may_at
from core.work.places.site_settings import PlateSettings, read_settings
from core.work.plates.citizens import (
    CATEGORIES,
    DONE,
    HANDLED,
    LONGEST_CONTACT,
    LONGEST_WHAT,
    MOST_PHOTOS,
    RECEIVED,
    Said,
    read_progress,
    take_report,
)
from core.work.plates.public_card import public_grade, types_of
from core.work.roles import SEE, VISIT
from tenants.db import new_id

blueprint = Blueprint("plate", __name__, url_prefix="/p/<plate>")

STAGES: Mapping[str, str] = {RECEIVED: N_("已收到"), HANDLED: N_("正在办理"), DONE: N_("已办结")}


def _say_place(scan: Scan) -> dict[str, Any]:
    """What every page behind a plate says of the place."""
    site = scan.found.site
    return {
        "scan": scan,
        "site": site,
        "plate": scan.found.plate,
        "types": say_types(types_of(db(), site.id, today())),
        "is_open": scan.found.is_in_force and site.state == "active",
        "is_demo": scan.tenant.is_demo,
    }


@blueprint.get("")
def show(plate: str) -> str:
    """The public card; whoever works here gets buttons, and is led nowhere by itself."""
    scan = enter_by_plate(plate)
    settings, _version = read_settings(db(), PlateSettings, scan.tenant.id)
    place = _say_place(scan)
    shows = settings.public_grade and place["is_open"]
    return render_template(
        "plates/card.html",
        **place,
        shows_grade=shows,
        grade=public_grade(db(), scan.found.site.id) if shows else None,
        **_doors(scan),
    )


def _doors(scan: Scan) -> dict[str, bool]:
    """Where a person of this tenant may go on to from here."""
    actor, site = scan.actor, scan.found.site
    if actor is None or not scan.found.is_in_force:
        return {"may_visit": False, "may_see": False}
    on = today()
    may_visit = site.state == "active" and may_at(db(), actor, VISIT, site, on)
    return {"may_visit": may_visit, "may_see": may_visit or may_at(db(), actor, SEE, site, on)}


@blueprint.get("/report")
def ask(plate: str) -> tuple[str, int] | AnyResponse:
    """The form of a citizen's report."""
    scan = enter_by_plate(plate)
    if not scan.found.is_in_force or scan.found.site.state != "active":
        return redirect(url_for("plate.show", plate=scan.word), 303)
    return _form(scan, seal_form(scan, new_id()))


@blueprint.post("/report")
def send(plate: str) -> tuple[str, int] | AnyResponse:
    """Take a report in; what is wrong is said beside its field, and nothing that was typed is lost."""
    scan = enter_by_plate(plate)
    count_report(scan)
    finding_id, is_old = read_seal(scan)
    if is_old:
        return _form(scan, seal_form(scan, new_id()), {"": gettext("这一页打开太久了，请再按一次提交")}, 422)
    form = request.form
    said = Said(form.get("category", ""), form.get("what", ""), _photos(), form.get("contact", ""))
    try:
        kept = take_report(db(), scan.tenant, scan.found, said, finding_id, files=house().settings.files, now=now())
    except SanchengError as error:
        return _form(scan, seal_form(scan, finding_id), _wrong(error), error.status)
    return redirect(url_for("plate.follow", plate=scan.word, receipt=kept.receipt), 303)


@blueprint.get("/r/<receipt>")
def follow(plate: str, receipt: str) -> str:
    """How far a report is."""
    scan = enter_by_plate(plate)
    count_look()
    progress = read_progress(db(), scan.found, receipt)
    order = list(STAGES)
    return render_template(
        "plates/receipt.html",
        **_say_place(scan),
        receipt=receipt.upper(),
        progress=progress,
        stages=[(key, gettext(word), order.index(key) <= order.index(progress.stage)) for key, word in STAGES.items()],
    )


def _photos() -> list[bytes]:
    files = [part for part in request.files.getlist("photos") if part.filename][: MOST_PHOTOS + 1]
    return [part.stream.read(MAX_BYTES + 1) for part in files]


def _wrong(error: SanchengError) -> dict[str, str]:
    """What is wrong by field; whatever the form has no field for stands above it."""
    known = {"category", "what", "photos", "contact"}
    found: dict[str, str] = {}
    for one in error.faults:
        plain = Fault(one.message, "", None, "", "", one.remedy, one.params)
        found[one.field if one.field in known else "photos"] = say_fault(plain)
    return found or {"": say(error)}


def _form(scan: Scan, seal: str, errors: Mapping[str, str] | None = None, status: int = 200) -> tuple[str, int]:
    known = house().registry.vocabulary.categories
    names = {code: begin_large(by_locale(known[code].name_zh, known[code].name_en)) for code in CATEGORIES}
    settings, _version = read_settings(db(), PlateSettings, scan.tenant.id)
    page = render_template(
        "plates/report.html",
        **_say_place(scan),
        seal=seal,
        values=request.form,
        errors=errors or {},
        categories=names,
        most=MOST_PHOTOS,
        longest={"what": LONGEST_WHAT, "contact": LONGEST_CONTACT},
        days=settings.contact_days,
    )
    return page, status
