"""Reads a site's card (点位卡片): where it is, who answers for it, its last visit by form, open findings and history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from core.errors import N_
from core.request import house
from core.web.inspection.visit_reading import form_title, forms_of
from core.web.places.site_words import campaign_titles, unit_path
from core.web.words import by_locale, counted
from core.work.desk.findings import Filter, FindingRow, as_they_were, base_query, rows_of
from core.work.forms.fielding import fielded
from core.work.inspection.visit_plan import plan
from core.work.loop.clocks import end_of
from core.work.loop.sight import sees_finding, sees_visit
from core.work.loop.transitions import NOT_CLOSED
from core.work.places.site_lists import SiteRow, get_site
from core.work.tables import Audit, Finding, Sheet, Visit
from tenants.access import Actor
from tenants.models import Person
from tenants.scope import ScopedSession

LATEST = 12  # lines of history on the card; the full lists are one click away (ours)
CHANGES = {"site.add": N_("新增点位"), "site.change": N_("修改点位")}


@dataclass(frozen=True, slots=True)
class LastSheet:
    """The last time that a form was answered here (最近得分); ``visit_id`` is None when it never was."""

    campaign: str
    form: str
    items: int
    visit_id: UUID | None = None
    day: date | None = None
    earned: int = 0
    possible: int = 0


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A site with what happened there (点位卡片)."""

    row: SiteRow
    place: str
    questions: int
    sheets: Sequence[LastSheet]
    findings: Sequence[FindingRow]
    events: Sequence[dict[str, Any]]

    @property
    def has_forms(self) -> bool:
        """Whether any campaign in force asks something here."""
        return self.questions > 0


def read_card(
    session: ScopedSession, actor: Actor, site_id: UUID, now: datetime, on: date, as_of: date | None = None
) -> SiteCard:
    """One site within reach, as of a day if one is given. Raises NotFound."""
    row, day = get_site(session, actor, site_id, today=on, as_of=as_of), as_of or on
    due = plan(row.types, fielded(session, house().registry))
    waiting = Filter(site_id=site_id, states=NOT_CLOSED, as_of=as_of)
    found = session.execute(base_query(actor, waiting, now).order_by(Finding.due_at, Finding.id).limit(LATEST)).all()
    rows = rows_of(session, found, now)
    return SiteCard(
        row,
        unit_path(session, row.unit_id, day),
        len(due.questions),
        _sheets(session, actor, site_id, due.forms, on, day),
        as_they_were(session, rows, as_of) if as_of else rows,
        [event for event in _events(session, actor, site_id, on, day) if event["at"] < end_of(day)][:LATEST],
    )


def _sheets(
    session: ScopedSession, actor: Actor, site_id: UUID, due: Sequence[Any], on: date, until: date
) -> list[LastSheet]:
    """Each form that is due, and each that was ever answered, with its last result."""
    latest = session.scalars(
        select(Sheet)
        .join(Visit, (Visit.tenant_id == Sheet.tenant_id) & (Visit.id == Sheet.visit_id))
        .where(Sheet.site_id == site_id, Sheet.day <= until, Visit.replaced_at.is_(None), sees_visit(actor, on))
        .ext(distinct_on(Sheet.campaign, Sheet.form))
        .order_by(Sheet.campaign, Sheet.form, Sheet.day.desc(), Visit.submitted_at.desc())
    ).all()
    last = {(sheet.campaign, sheet.form): sheet for sheet in latest}
    titles, forms = campaign_titles(session), forms_of(session, {sheet.form_sha256 for sheet in latest})
    found = []
    for planned in due:
        sheet = last.pop(planned.key, None)
        name = (titles.get(planned.campaign.key, ""), by_locale(planned.form.title_zh, planned.form.title_en))
        found.append(_last(*name, len(planned.form.items), sheet))
    for (campaign, code), sheet in last.items():
        form = forms.get(sheet.form_sha256)
        items = len(form.items) if form else 0
        found.append(_last(titles.get(campaign, campaign), form_title(form, code), items, sheet))
    return found


def _last(campaign: str, form: str, items: int, sheet: Sheet | None) -> LastSheet:
    if sheet is None:
        return LastSheet(campaign, form, items)
    return LastSheet(campaign, form, items, sheet.visit_id, sheet.day, sheet.earned, sheet.possible)


def _events(session: ScopedSession, actor: Actor, site_id: UUID, on: date, until: date) -> list[dict[str, Any]]:
    """What happened here, newest first: visits, findings opened and closed, changes of the site itself."""
    visits = (
        select(Visit, Person.name)
        .join(Person, (Person.tenant_id == Visit.tenant_id) & (Person.id == Visit.person_id))
        .where(
            Visit.site_id == site_id,
            Visit.submitted_at < end_of(until),
            Visit.replaced_at.is_(None),
            sees_visit(actor, on),
        )
        .order_by(Visit.day.desc(), Visit.submitted_at.desc())
        .limit(LATEST)
    )
    events = [_visited(visit, name) for visit, name in session.execute(visits)]
    there = Finding.opened_at < end_of(until)
    findings = select(Finding).where(Finding.site_id == site_id, there, sees_finding(actor, on))
    for finding in session.scalars(findings.order_by(Finding.changed_at.desc()).limit(LATEST)):
        events += _found(finding)
    changes = select(Audit).where(Audit.object_kind == "site", Audit.object_id == str(site_id))
    changes = changes.where(Audit.at < end_of(until))
    for line in session.scalars(changes.order_by(Audit.at.desc()).limit(LATEST)):
        if line.verb in CHANGES:
            who = line.person_name or gettext("系统")
            events.append({"at": line.at, "what": gettext(CHANGES[line.verb]), "who": who})
    return sorted(events, key=lambda event: event["at"], reverse=True)


def _visited(visit: Visit, name: str) -> dict[str, Any]:
    opened = len(visit.summary.get("findings", ()))
    said = counted("立案 %(n)s 个问题", n=opened) if opened else gettext("没有发现问题")
    return {"at": visit.submitted_at, "what": gettext("现场检查"), "who": name, "text": said, "tone": "active"}


def _found(finding: Finding) -> list[dict[str, Any]]:
    title = by_locale(finding.title, finding.title_en)
    said = f"{finding.number} {title}" if finding.number else title
    events: list[dict[str, Any]] = []
    if finding.visit_id is None:  # what a visit found stands with the visit
        events.append({"at": finding.opened_at, "what": gettext("立案"), "who": "", "text": said, "tone": "soon"})
    if finding.closed_at:
        events.append({"at": finding.closed_at, "what": gettext("已销号"), "who": "", "text": said, "tone": "verified"})
    return events
