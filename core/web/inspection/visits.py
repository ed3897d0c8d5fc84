"""Visits on the pages (检查记录): the list with its CSV, and one visit with what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from core import request as asked
from core.errors import N_
from core.request import actor, db, house, now, require_any, today
from core.settings import ZONE
from core.web.as_of import read_as_of
from core.web.exports import stream_csv
from core.web.inspection.visit_arrival import arrival_notes
from core.web.inspection.visit_doors import OPEN, Doors
from core.web.inspection.visit_history import read_history
from core.web.inspection.visit_reading import VisitView, next_sites, read_visit
from core.web.organisation.area_choice import read_area
from core.web.paging import PAGE, Page, cut, read_cursor, read_day, read_id
from core.web.places.site_words import campaign_titles, say_points, say_types, type_options, unit_options, unit_path
from core.web.words import by_locale
from core.work.forms.fielding import fielded
from core.work.inspection.visit_chain import stood_at
from core.work.inspection.visit_corrections import permits
from core.work.inspection.visit_plan import plan
from core.work.intake.open_before import repeats_of
from core.work.loop.clocks import end_of
from core.work.loop.sight import sees_finding, sees_visit
from core.work.loop.transitions import STATES
from core.work.names import tidy
from core.work.organisation.areas import visits_in_area
from core.work.places.site_lists import get_site
from core.work.roles import SEE, VISIT
from core.work.tables import Finding, Sheet, Site, SiteKind, Visit
from tenants.access import Actor, subtree
from tenants.models import Person, Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("visits", __name__, url_prefix="/t/<slug>/visits")
blueprint.before_request(asked.enter)

BASES: Mapping[str, str] = {"verified": N_("核验"), "self": N_("自查")}


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page's address asks for."""

    since: date | None
    until: date | None
    unit_id: UUID | None
    site_type: str
    campaign: str
    who: str
    site_id: UUID | None
    area_id: UUID | None
    as_of: date | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        said = (
            self.since,
            self.until,
            self.unit_id,
            self.site_type,
            self.campaign,
            self.who,
            self.site_id,
            self.area_id,
            self.as_of,
        )
        return any(said)


@dataclass(frozen=True, slots=True)
class Row:
    """One visit of the list (检查记录行) with its sheets and how many findings it opened within the reader's reach."""

    visit: Visit
    site_name: str
    unit_name: str
    person_name: str
    sheets: Sequence[Sheet] = ()
    findings: int = 0


def read_filter() -> Filter:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    unit, site = said.get("unit", ""), said.get("site", "")
    texts = [said.get(name, "").replace("\x00", "").strip()[:40] for name in ("type", "campaign", "who")]
    return Filter(
        read_day("from"),
        read_day("to"),
        read_id(unit, "unit") if unit else None,
        *texts,
        site_id=read_id(site, "site") if site else None,
        area_id=read_area(),
        as_of=read_as_of(),
    )


def chosen(who: Actor, wanted: Filter, on: date) -> Select[Any]:
    """The visits within reach that a filter asks for, in force now or on its past day, the latest first."""
    day = wanted.as_of or on
    query = (
        select(Visit, Site.name, Unit.name, Person.name)
        .join(Site, and_(Site.tenant_id == Visit.tenant_id, Site.id == Visit.site_id))
        .join(Unit, and_(Unit.tenant_id == Visit.tenant_id, Unit.id == Visit.unit_id))
        .join(Person, and_(Person.tenant_id == Visit.tenant_id, Person.id == Visit.person_id))
        .where(Visit.tenant_id == who.tenant.id, stood_at(wanted.as_of), sees_visit(who, on))
        .order_by(Visit.day.desc(), Visit.submitted_at.desc(), Visit.id.desc())
    )
    if wanted.since:
        query = query.where(Visit.day >= wanted.since)
    if wanted.until:
        query = query.where(Visit.day <= wanted.until)
    if wanted.unit_id:
        query = query.where(Visit.unit_id.in_(subtree(who.tenant.id, wanted.unit_id, day)))
    if wanted.area_id:
        query = query.where(visits_in_area(who.tenant.id, wanted.area_id, day))
    if wanted.site_id:
        query = query.where(Visit.site_id == wanted.site_id)
    if wanted.who:
        name = tidy(wanted.who)
        named = or_(
            Person.name.contains(name, autoescape=True), Person.pinyin.startswith(name.lower(), autoescape=True)
        )
        query = query.where(named)
    return _by_kind(query, who, wanted)


def _by_kind(query: Select[Any], who: Actor, wanted: Filter) -> Select[Any]:
    tenant = who.tenant.id
    if wanted.site_type:  # the types that the site had on the day of the visit
        typed = select(SiteKind.site_id).where(
            SiteKind.tenant_id == tenant,
            SiteKind.site_id == Visit.site_id,
            SiteKind.site_type == wanted.site_type,
            SiteKind.valid_from <= Visit.day,
            or_(SiteKind.valid_to.is_(None), SiteKind.valid_to > Visit.day),
        )
        query = query.where(typed.correlate(Visit).exists())
    if wanted.campaign:
        sheets = select(Sheet.visit_id).where(
            Sheet.tenant_id == tenant, Sheet.visit_id == Visit.id, Sheet.campaign == wanted.campaign
        )
        query = query.where(sheets.correlate(Visit).exists())
    return query


def dress(session: Session, who: Actor, found: Sequence[Any], on: date, as_of: date | None = None) -> list[Row]:
    """The rows of a page with their sheets and findings (two queries)."""
    ids = [visit.id for visit, *_ in found]
    sheets: dict[UUID, list[Sheet]] = {}
    for sheet in session.scalars(select(Sheet).where(Sheet.visit_id.in_(ids)).order_by(Sheet.campaign, Sheet.form)):
        sheets.setdefault(sheet.visit_id, []).append(sheet)
    counted = (
        select(Finding.visit_id, func.count())
        .where(Finding.tenant_id == who.tenant.id, Finding.visit_id.in_(ids), sees_finding(who, on))
        .group_by(Finding.visit_id)
    )
    if as_of is not None:
        counted = counted.where(Finding.opened_at < end_of(as_of))
    opened = dict(session.execute(counted).all())
    return [Row(*line, sheets.get(line[0].id, ()), opened.get(line[0].id, 0)) for line in found]


@blueprint.get("")
@require_any(SEE, VISIT)
def show_list() -> str:
    """The visits within reach, by day, unit, type, person and campaign."""
    wanted, session = read_filter(), db()
    page = _page(session, wanted)
    return render_template(
        "visits/list.html",
        page=page,
        wanted=wanted,
        bases=BASES,
        titles=campaign_titles(session),
        types=type_options(),
        units=unit_options(session, actor(), wanted.as_of or today()),
        say_points=say_points,
    )


def _page(session: ScopedSession, wanted: Filter) -> Page[Row]:
    query = chosen(actor(), wanted, today())
    cursor = read_cursor(1)
    if cursor:
        after = session.get(Visit, (session.tenant_id, read_id(cursor[0], "cursor")))
        if after is not None:
            keys = (Visit.day, Visit.submitted_at, Visit.id)
            query = query.where(tuple_(*keys) < (after.day, after.submitted_at, after.id))
    found = session.execute(query.limit(PAGE + 1)).all()
    page = cut(found, lambda line: (line[0].id,), PAGE)
    return Page(dress(session, actor(), page.rows, today(), wanted.as_of), page.next)


@blueprint.get("/export.csv")
@require_any(SEE, VISIT)
def export() -> Response:
    """The same list as CSV, one row a campaign's form."""
    wanted, who, on = read_filter(), actor(), today()
    bases = {key: gettext(text) for key, text in BASES.items()}

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        titles = campaign_titles(session)
        lines = session.execute(chosen(who, wanted, on).execution_options(yield_per=200))
        for part in lines.partitions():
            for row in dress(session, who, part, on, wanted.as_of):
                yield from _csv_lines(row, titles, bases)

    head = (
        N_("日期"),
        N_("提交时间"),
        N_("点位名称"),
        N_("单位"),
        N_("检查人"),
        N_("性质"),
        N_("创建项目"),
        N_("检查表"),
    )
    tail = (N_("得分"), N_("满分"), N_("问题数"), N_("检查编号"))
    return stream_csv(f"visits-{(wanted.as_of or on).isoformat()}.csv", [gettext(text) for text in head + tail], rows)


def _csv_lines(row: Row, titles: Mapping[str, str], bases: Mapping[str, str]) -> Iterator[Sequence[object]]:
    visit = row.visit
    at = visit.submitted_at.astimezone(ZONE).isoformat(timespec="seconds")
    base = (visit.day.isoformat(), at, row.site_name, row.unit_name, row.person_name, bases[visit.basis])
    for sheet in row.sheets:
        points = (say_points(sheet.earned), say_points(sheet.possible))
        yield *base, titles.get(sheet.campaign, sheet.campaign), sheet.form, *points, row.findings, str(visit.id)


@blueprint.get("/<uuid:visit_id>")
@require_any(SEE, VISIT)
def show(visit_id: UUID) -> str:
    """What came of a visit: points, findings, answers, and where to go next."""
    return page_of(visit_id, OPEN)


def page_of(visit_id: UUID, doors: Doors) -> str:
    """The same behind its doors; of a secret one nothing leads on to what has no page before the release. Raises NotFound."""
    view = read_visit(db(), actor(), visit_id, now())
    can_visit = actor().has(VISIT) and not doors.hidden
    campaigns = [sheet.campaign_key for sheet in view.sheets]
    return render_template(
        "visits/one.html",
        view=view,
        visit=view.visit,
        doors=doors,
        place=unit_path(db(), view.visit.unit_id, today()),
        bases=BASES,
        states=STATES,
        history=read_history(db(), actor(), view, now()),
        repeats=repeats_of(db(), actor(), view.visit, now()) if not doors.hidden else {},
        may_correct=permits(db(), actor(), view.visit, campaigns, now()),
        mine=view.visit.person_id == actor().person_id and not doors.hidden,
        arrival=arrival_notes(db(), actor(), view.visit, today()),
        next_sites=next_sites(db(), actor(), view.site, today()) if can_visit else [],
        unanswered=_unanswered(view) if can_visit else [],
        say_points=say_points,
        say_types=say_types,
    )


def _unanswered(view: VisitView) -> list[str]:
    """Forms that were due on the day of a visit made today and were left out; an older visit is not second-guessed."""
    if view.visit.day != today() or view.visit.replaced_at or view.site.state != "active":
        return []
    done = {(sheet.campaign_key, sheet.form_code) for sheet in view.sheets}
    row = get_site(db(), actor(), view.site.id, today=today())
    due = plan(row.types, fielded(db(), house().registry))
    return [by_locale(p.form.title_zh, p.form.title_en) for p in due.forms if p.key not in done]
