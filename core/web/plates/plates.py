"""Issuing and printing plates (门牌发放): a list by the filters of the sites, sheets of A4 to print, and a site's own plate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core.errors import InvalidInput
from core.request import actor, db, now, require, tenant, today
from core.web import district
from core.web.duties.coverage import say_posts
from core.web.errors import say_fault
from core.web.paging import bad_argument, read_id
from core.web.places.site_filter import Filter, filter_from, read_filter, read_page
from core.web.places.site_words import say_types, type_options, unit_options
from core.web.plates.plate_door import address_of
from core.web.words import counted
from core.work.duties.coverage import Place, answer_site
from core.work.places.site_lists import MOST as PAGE
from core.work.places.site_lists import SiteRow, get_site
from core.work.plates.citizens import citizen_of, reveal_contact
from core.work.plates.plates import MOST, issue_missing, issue_plate, plate_of, plates_of, revoke_plate
from core.work.roles import DIRECT, KEEP_SITES
from core.work.tables import Plate
from tenants.access import may

blueprint = Blueprint("plates", __name__, url_prefix="/t/<slug>/plates")
blueprint.before_request(district.enter)

LAYOUTS = {"2x4": 8, "3x6": 18}  # plates on a sheet
SHEETS = 30  # sheets printed at once (ours)


@dataclass(frozen=True, slots=True)
class Printed:
    """One plate on a sheet (门牌样): the site, its code and drawing, and who is in charge when that is asked for."""

    site: SiteRow
    plate: Plate
    address: str
    drawing: Markup
    person: str = ""


@blueprint.get("")
@require(KEEP_SITES)
def show_list() -> str:
    """The sites by filter, each with its plate."""
    wanted = read_filter()
    page = read_page(db(), actor(), wanted, request.args.get("cursor") or None, today(), 50)
    return render_template(
        "plates/list.html",
        page=page,
        wanted=wanted,
        plates=plates_of(db(), [row.id for row in page.rows]),
        types=type_options(),
        units=unit_options(db(), actor(), today()),
        layouts=LAYOUTS,
        say_types=say_types,
    )


@blueprint.post("/issue")
@require(KEEP_SITES)
def issue() -> AnyResponse:
    """Give a plate to every site of the filter that has none."""
    query = dict(parse_qsl(request.form.get("query", "").lstrip("?")))
    wanted = filter_from(MultiDict(query))
    back = url_for("plates.show_list", **query)
    try:
        ids = [row.id for row in _all(wanted, MOST + 1)]
        count = issue_missing(db(), actor(), ids, today=today(), now=now())
    except InvalidInput as error:
        db().rollback()
        flash(gettext("；").join(say_fault(fault) for fault in error.faults), "error")
        return redirect(back, 303)
    flash(counted("已发放 %(n)s 块门牌", n=count))
    return redirect(back, 303)


@blueprint.get("/print")
@require(KEEP_SITES)
def print_sheets() -> str:
    """The plates in force of the filter's sites, on sheets of A4."""
    wanted, layout = read_filter(), request.args.get("layout", "2x4")
    if layout not in LAYOUTS:
        raise bad_argument("layout", layout)
    most = LAYOUTS[layout] * SHEETS
    rows = _chosen(wanted, most + 1)
    plates = plates_of(db(), [row.id for row in rows])
    named = bool(request.args.get("person"))
    shown = [_printed(row, plates[row.id], named=named) for row in rows[:most] if row.id in plates]
    return render_template(
        "plates/print.html",
        sheets=[shown[start : start + LAYOUTS[layout]] for start in range(0, len(shown), LAYOUTS[layout])],
        layout=layout,
        count=len(shown),
        without=len(rows[:most]) - len(shown),
        is_cut=len(rows) > most,
        back=url_for(
            "plates.show_list", **{k: v for k, v in request.args.items() if k not in ("layout", "person", "site")}
        ),
        say_types=say_types,
    )


def _chosen(wanted: Filter, most: int) -> list[SiteRow]:
    """The sites of the filter, or the one that the address names. Raises NotFound."""
    said = request.args.get("site", "")
    if said:
        return [get_site(db(), actor(), read_id(said, "site"), today=today())]
    return list(_all(wanted, most))


def _all(wanted: Filter, most: int) -> Iterator[SiteRow]:
    """The sites of a filter, page by page, at most so many."""
    cursor: str | None = None
    count = 0
    while count < most:
        page = read_page(db(), actor(), wanted, cursor, today(), min(PAGE, most - count))
        yield from page.rows
        count, cursor = count + len(page.rows), page.cursor
        if cursor is None:
            return


def _printed(row: SiteRow, plate: Plate, *, named: bool) -> Printed:
    address = address_of(tenant().slug, plate.code)
    return Printed(row, plate, address, draw(address), _person(row) if named else "")


def draw(address: str) -> Markup:
    """An address as a QR drawing, with the quiet zone that readers need."""
    said: str = segno.make_qr(address, error="m").svg_inline(omitsize=True, border=4, svgclass="pl-qr", lineclass=None)
    return Markup(said)  # noqa: S704 - segno's own drawing: numbers, and nothing that anybody typed


def _person(row: SiteRow) -> str:
    """Who is in charge of a site today: the names at its accountable post; '' while there is none."""
    answers, posts = answer_site(db(), Place(row.id, row.name, "", row.code, row.unit_id), today())
    for answer in dict.fromkeys(answers.values()):
        seats: Sequence[tuple[UUID, str, str]] = say_posts(answer, posts)
        if seats:
            return seats[0][2]
    return ""


@blueprint.post("/<uuid:site_id>")
@require(KEEP_SITES)
def give(site_id: UUID) -> AnyResponse:
    """Give a site a plate, or a new one in place of a lost one."""
    try:
        issue_plate(db(), actor(), site_id, today=today(), now=now(), duties=request.form.get("duties"))
    except InvalidInput as error:
        db().rollback()
        flash(gettext("；").join(say_fault(fault) for fault in error.faults), "error")
        return redirect(url_for("sites.show", site_id=site_id) + "#plate", 303)
    flash(gettext("门牌已发放，打印后贴到现场；旧的门牌从现在起提示已更换"))
    return redirect(url_for("sites.show", site_id=site_id) + "#plate", 303)


@blueprint.post("/<uuid:site_id>/revoke")
@require(KEEP_SITES)
def revoke(site_id: UUID) -> AnyResponse:
    """Take a site's plate out of force."""
    revoke_plate(db(), actor(), site_id, today=today(), now=now())
    flash(gettext("门牌已作废，扫它的人会看到提示"))
    return redirect(url_for("sites.show", site_id=site_id) + "#plate", 303)


@blueprint.post("/citizens/<uuid:finding_id>")
@require(DIRECT)
def read_contact(finding_id: UUID) -> str:
    """How to reach the citizen who reported a finding, in full; that it was read goes on record."""
    contact = reveal_contact(db(), actor(), finding_id)
    return render_template("plates/contact.html", contact=contact, finding_id=finding_id)


@blueprint.app_context_processor
def offer() -> dict[str, Any]:
    """Let a site's page read its plate."""
    return {"read_plate": _read, "read_citizen": lambda finding_id: citizen_of(db(), actor(), finding_id)}


def _read(site: SiteRow) -> dict[str, Any] | None:
    """A site's plate with its address for its page; None for who may not see the site's plate."""
    plate = plate_of(db(), site.id)
    keeps = may(db(), actor(), KEEP_SITES, site.unit_id, today())
    if plate is None and not keeps:
        return None
    return {"plate": plate, "keeps": keeps, "address": address_of(tenant().slug, plate.code) if plate else ""}
