"""Duplicates (重复问题): what was found there already, asked on entry; merged ones keep every source and count once.

A candidate is of the same category, or of the same group of the tenant's own sets; at the same site, or within some metres;
and not older than some hours. Only what the reader sees is a candidate, restricted beside restricted, open beside open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.work.calendar import local_day
from core.work.dispatch.category_sets import groups_of
from core.work.loop.sight import sees_finding
from core.work.loop.states import DISMISSED
from core.work.loop.transitions import OPEN
from core.work.places.nearby import Point, in_box, metres_between
from core.work.tables import Attachment, File, Finding, FindingEvent, Site
from core.work.tenant_settings import Duplicates, read_setting
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Unit

MOST = 5  # candidates shown (ours)
LOOKED_AT = 500  # findings in the box that are measured (ours)
DEEPEST = 50  # a chain of merges that is longer is broken


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finding that may be the same (疑似重复): how far it is, and that it is of the same site or category."""

    finding: Finding
    place: str
    unit_name: str
    metres: int | None
    same_site: bool
    same_category: bool


@dataclass(frozen=True, slots=True)
class MergedSource:
    """Where a merged finding came from (并入来源): its source, reporter, time, visit, words and photos."""

    finding_id: UUID
    number: str
    source: str
    title: str
    title_en: str
    detail: str
    reporter: str
    reporter_unit: str
    opened_at: datetime
    visit_id: UUID | None
    patrol_id: UUID | None
    merged_into: UUID
    photos: tuple[UUID, ...] = ()


def candidates(
    session: Session,
    actor: Actor,
    *,
    category: str,
    site_id: UUID | None = None,
    point: Point | None = None,
    restricted: bool = False,
    but: UUID | None = None,
    metres: int | None = None,
    within: timedelta | None = None,
    limit: int = MOST,
    until: datetime | None = None,
    now: datetime | None = None,
) -> list[Candidate]:
    """Findings that a new one may repeat, the likeliest first (two or three queries); ``but`` is the finding itself.

    Same site first, then the nearer, then the later. Without site and point there is nothing to compare. ``metres`` and
    ``within`` are the tenant's own if not given; ``until`` is the moment from which ``within`` counts back, else now.
    """
    moment = now or server_now()
    if metres is None or within is None:
        usual = read_setting(session, Duplicates)
        metres, within = metres or usual.metres, within or timedelta(hours=usual.hours)
    point = point or _point_of(session, site_id)
    near = _near(site_id, point, metres)
    if not near:
        return []
    end = until or moment
    query = _alike(session, actor, category, local_day(moment)).where(
        Finding.opened_at.between(end - within, end),
        or_(*near),
        Finding.restricted.is_(restricted),
        Finding.hidden.is_(False),
    )
    if but is not None:
        query = query.where(Finding.id != but)
    rows = session.execute(query.add_columns(*_coordinates())).all()
    found = [
        _candidate(finding, site, unit, (x, y) if x is not None and y is not None else None, point, site_id, category)
        for finding, site, unit, x, y in rows
    ]
    close = [one for one in found if one.same_site or (one.metres is not None and one.metres <= metres)]
    return sorted(close, key=_likeliest)[:limit]


def _coordinates() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Where a finding is: its own coordinates, else its site's."""
    return func.coalesce(Finding.longitude, Site.longitude), func.coalesce(Finding.latitude, Site.latitude)


def _near(site_id: UUID | None, point: Point | None, metres: int) -> list[ColumnElement[bool]]:
    """The conditions of which one must hold; none when there is nothing to compare."""
    found = [Finding.site_id == site_id] if site_id else []
    return [*found, in_box(*_coordinates(), point, metres)] if point is not None else found


def _likeliest(one: Candidate) -> tuple[bool, bool, int, float]:
    age = -one.finding.opened_at.timestamp()
    return not one.same_site, not one.same_category, one.metres or 0, age


def _alike(session: Session, actor: Actor, category: str, on: date) -> Select[Finding, str, str]:
    """Findings of the same category or group, not dismissed, seen by the actor."""
    like = {category}
    for one in groups_of(session):
        like.update(*(group.categories for group in one.groups if category in group.categories))
    return (
        select(Finding, func.coalesce(Site.name, Finding.place), Unit.name)
        .outerjoin(Site, and_(Site.tenant_id == Finding.tenant_id, Site.id == Finding.site_id))
        .join(Unit, and_(Unit.tenant_id == Finding.tenant_id, Unit.id == Finding.unit_id))
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.category.in_(like),
            Finding.state.not_in(DISMISSED),
            sees_finding(actor, on),
        )
        .order_by(Finding.opened_at.desc(), Finding.id)
        .limit(LOOKED_AT)
    )


def _candidate(
    finding: Finding, site: str, unit: str, there: Point | None, here: Point | None, site_id: UUID | None, category: str
) -> Candidate:
    metres = round(metres_between(here, there)) if here and there else None
    same_site = site_id is not None and finding.site_id == site_id
    place = f"{site} {finding.place}".strip() if finding.site_id else site
    return Candidate(finding, place, unit, metres, same_site, finding.category == category)


def _point_of(session: Session, site_id: UUID | None) -> Point | None:
    if site_id is None:
        return None
    row = session.execute(select(Site.longitude, Site.latitude).where(Site.id == site_id)).first()
    return (row[0], row[1]) if row and row[0] is not None and row[1] is not None else None


def candidates_for(
    session: Session, actor: Actor, finding: Finding, *, now: datetime | None = None, limit: int = MOST
) -> list[Candidate]:
    """What a finding that stands may repeat, or be repeated by (疑似重复): around the time when it was found."""
    here = (finding.longitude, finding.latitude)
    point = (here[0], here[1]) if here[0] is not None and here[1] is not None else None
    moment = now or server_now()
    usual = timedelta(hours=read_setting(session, Duplicates).hours)
    later = min(moment, finding.opened_at + usual)
    return candidates(
        session,
        actor,
        category=finding.category,
        site_id=finding.site_id,
        point=point,
        restricted=finding.restricted,
        but=finding.id,
        within=later - (finding.opened_at - usual),
        limit=limit,
        until=later,
        now=moment,
    )


def top_of(session: Session, finding: Finding) -> Finding:
    """The finding that stands in the end for one that was merged, over however many steps; itself when it was not."""
    top = finding
    for _ in range(DEEPEST):
        if top.merged_into is None:
            break
        above = session.scalars(select(Finding).where(Finding.id == top.merged_into)).first()
        if above is None:  # hidden from these eyes
            break
        top = above
    return top


def merged_sources(session: Session, finding: Finding) -> list[MergedSource]:
    """Everything that was merged into a finding, over however many steps, in the order in which it was found.

    Who sees the finding sees these with it: what was merged is of the same visibility (core.work.loop.effects).
    """
    merged = _merged(session, finding)
    reporters = {
        event.finding_id: event
        for event in session.scalars(
            select(FindingEvent).where(
                FindingEvent.finding_id.in_([one.id for one in merged]), FindingEvent.verb == OPEN
            )
        )
    }
    photos = photos_of(session, merged)
    return [_source(one, reporters.get(one.id), photos.get(one.id, ())) for one in merged]


def _merged(session: Session, finding: Finding) -> list[Finding]:
    found: dict[UUID, Finding] = {}
    layer: Sequence[UUID] = [finding.id]
    while layer and len(found) < LOOKED_AT:
        rows = session.scalars(select(Finding).where(Finding.merged_into.in_(layer))).all()
        layer = [row.id for row in rows if row.id not in found]
        found |= {row.id: row for row in rows}
    return sorted(found.values(), key=lambda one: (one.opened_at, one.id))


def _source(one: Finding, opened: FindingEvent | None, photos: Iterable[UUID]) -> MergedSource:
    assert one.merged_into is not None, "chosen by it"
    return MergedSource(
        finding_id=one.id,
        number=one.number or "",
        source=one.source,
        title=one.title,
        title_en=one.title_en,
        detail=one.detail,
        reporter=opened.person_name if opened else "",
        reporter_unit=opened.unit_name if opened else "",
        opened_at=one.opened_at,
        visit_id=one.visit_id,
        patrol_id=one.patrol_id,
        merged_into=one.merged_into,
        photos=tuple(photos),
    )


def photos_of(session: Session, findings: Sequence[Finding]) -> dict[UUID, list[UUID]]:
    """The photos of some findings: those of their history, and of the visit at the failed question."""
    if not findings:
        return {}
    one = aliased(Finding)
    rows = session.execute(
        select(one.id, Attachment.file_id)
        .join(Attachment, and_(Attachment.tenant_id == one.tenant_id, _belongs(one)))
        .where(one.id.in_([finding.id for finding in findings]))
        .order_by(Attachment.created_at, Attachment.id)
    )
    found: dict[UUID, list[UUID]] = {}
    for finding_id, file_id in rows:
        mine = found.setdefault(finding_id, [])
        if file_id not in mine:
            mine.append(file_id)
    return found


def _belongs(one: type[Finding]) -> ColumnElement[bool]:
    of_visit = and_(Attachment.visit_id == one.visit_id, Attachment.question == one.question)
    return or_(Attachment.finding_id == one.id, of_visit)


def file_of_merged(session: Session, finding: Finding, file_id: UUID) -> File | None:
    """A photo of what was merged into a finding; None when it is not one of them."""
    shown = {photo for source in merged_sources(session, finding) for photo in source.photos}
    return session.scalars(select(File).where(File.id == file_id)).first() if file_id in shown else None
