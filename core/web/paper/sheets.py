"""Blank sheets (空白纸质表): one form, or all that is due at a place, on A4 with a QR that leads to typing it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import segno
from flask import Blueprint, render_template, request, url_for
from markupsafe import Markup

from core.errors import NotFound
from core.request import actor, db, house, require_any, today
from core.web import district
from core.web.forms.pictured import picture_addresses
from core.web.inspection.opened_forms import forms_in
from core.web.inspection.visit_form import Line, Spot, Typed, lay_out
from core.web.paging import bad_argument
from core.web.paper.further import ROWS, Further, conditions_of, further_of
from core.web.places.site_words import say_types, unit_path
from core.web.running import title_of
from core.web.words import begin_large, by_locale
from core.work.forms.fielding import fielded
from core.work.inspection import visits
from core.work.inspection.visit_plan import PlannedForm, VisitPlan, plan_of
from core.work.places.reaching import may_at
from core.work.places.site_lists import get_site
from core.work.roles import SEE, VISIT
from core.work.tables import Site
from tenants.db import new_id
from tenants.db import now as server_now

blueprint = Blueprint("paper_sheets", __name__, url_prefix="/t/<slug>/paper")
blueprint.before_request(district.enter)

MOST_COPIES = 50  # printed at once (ours)


@dataclass(frozen=True, slots=True)
class Blank:
    """A sheet to be filled (空白表)."""

    title: str
    plan: VisitPlan
    spots: list[Spot]
    top: list[tuple[str, list[Further]]]  # what forms ask before their items, by the form's title
    after: Mapping[str, list[Further]]  # what they ask after a question
    only: Mapping[str, str]  # the condition of a question, where it has one
    pictures: Mapping[str, str]  # addresses, by question
    drawing: Markup
    address: str

    @property
    def count(self) -> int:
        """How many questions it asks."""
        return len(self.plan.questions)


@blueprint.get("/<campaign>/<form>")
@require_any(SEE, VISIT)
def show_form(campaign: str, form: str) -> str:
    """One form, for any place that it suits: name and address of the place are written by hand."""
    runs = next((one for one in fielded(db(), house().registry) if one.key == campaign), None)
    found = runs and next((one for one in runs.edition.all_forms if one.code == form), None)
    if runs is None or found is None:
        raise NotFound
    plan = plan_of([PlannedForm(runs, found)])
    back = url_for("form_versions.show", campaign=campaign, form=form)
    title = begin_large(by_locale(found.title_zh, found.title_en))
    return _print(title, plan, None, back, types=say_types(found.site_types))


@blueprint.get("/site/<uuid:site_id>")
@require_any(SEE, VISIT)
def show_site(site_id: UUID) -> str:
    """Everything that is due at a place, each question once."""
    row = get_site(db(), actor(), site_id, today=today())
    every = fielded(db(), house().registry)
    if row.state == "active" and may_at(db(), actor(), VISIT, row, today()):  # a post for one campaign has less to ask
        site, plan = visits.due_at_site(db(), actor(), row.id, every, today())
    else:
        site = db().get_one(Site, (db().tenant_id, row.id))
        plan = plan_of([PlannedForm(one, form) for one in every for form in one.edition.forms_for(row.types)])
    return _print(site.name, plan, site, url_for("sites.show", site_id=site.id), types=say_types(row.types))


def _print(title: str, plan: VisitPlan, site: Site | None, back: str, **more: Any) -> str:
    if not plan.forms:
        raise NotFound
    return render_template(
        "paper/blank.html",
        blank=_blank(title, plan, site),
        site=site,
        place=unit_path(db(), site.unit_id, today()) if site else "",
        copies=_copies(),
        most=MOST_COPIES,
        back=back,
        serves=serves,
        rows=ROWS,
        title_of=title_of,
        by_locale=by_locale,
        **more,
    )


def _blank(title: str, plan: VisitPlan, site: Site | None) -> Blank:
    spots = lay_out(plan, Typed(new_id(), server_now()), site.attrs if site else {}, {})
    asked = {"site": site.id} if site else {}
    address = url_for("paper_entry.ask", **asked, forms=forms_in(plan), _external=True)
    pictures = picture_addresses(one.form for one in plan.forms)
    top, after = further_of(plan, pictures)
    return Blank(title, plan, spots, top, after, conditions_of(plan), pictures, draw(address), address)


def draw(address: str) -> Markup:
    """An address as a QR drawing, with the quiet zone that readers need."""
    said: str = segno.make_qr(address, error="l", boost_error=True).svg_inline(
        omitsize=True, border=4, svgclass="pa-qr", lineclass=None
    )
    return Markup(said)  # noqa: S704 - segno's own drawing: numbers, and nothing that anybody typed


def _copies() -> int:
    said = request.args.get("copies", "1")
    if not said.isdecimal() or not 1 <= len(said) <= 3 or not 1 <= int(said) <= MOST_COPIES:
        raise bad_argument("copies", said)
    return int(said)


def serves(line: Line) -> list[str]:
    """The codes of the items that a question serves, each once."""
    return list(dict.fromkeys(one.item.code for one in line.planned.items))
