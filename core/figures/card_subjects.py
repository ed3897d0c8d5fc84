"""Who is ranked on a day (排名对象), and which records count for whom: by place, by area, by leading unit, by site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, or_, select, union

from core.work.dated import valid_on
from core.work.marks.card_proposing import Subject
from core.work.marks.card_rules import BY_LEAD, SITE, League
from core.work.organisation.units import HEADQUARTERS_KINDS
from core.work.tables import AreaMember, Part, Site, SiteKind
from tenants.access import root_unit
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession


def subjects_of(session: ScopedSession, league: League, unit_id: UUID, on: date) -> list[Subject]:
    """The subjects of a league that stand on a day under the scheme's unit, by name; the whole district's under its root."""
    whole = unit_id == root_unit(session).id
    if league.of_sites:
        return _sites(session, league, None if whole else unit_id, on)
    query = select(Unit.id, Unit.kind, Unit.name).where(valid_on(Unit, on))
    query = query.where(Unit.kind.in_(league.kinds) if league.kinds else Unit.id.in_(league.units))
    if not whole:
        query = query.where(Unit.id.in_(_under([unit_id], on)))
    rows = session.execute(query.order_by(Unit.pinyin, Unit.id))
    return [Subject(id=row[0], kind=row[1], name=row[2]) for row in rows]


def _sites(session: ScopedSession, league: League, unit_id: UUID | None, on: date) -> list[Subject]:
    query = select(Site.id, Site.name).where(Site.state == "active")
    if league.sites:
        query = query.where(Site.id.in_(league.sites))
    else:
        typed = select(SiteKind.site_id).where(SiteKind.site_type.in_(league.site_types), valid_on(SiteKind, on))
        query = query.where(Site.id.in_(typed))
    if unit_id is not None:
        query = query.where(Site.unit_id.in_(_under([unit_id], on)))
    return [Subject(id=row[0], kind=SITE, name=row[1]) for row in session.execute(query.order_by(Site.pinyin, Site.id))]


def _under(roots: Sequence[UUID], on: date) -> Select[UUID]:
    return select(UnitPath.unit_id).where(UnitPath.ancestor_id.in_(roots), valid_on(UnitPath, on))


def pairs_of(
    league: League,
    tenant_id: int,
    ids: Sequence[UUID],
    record: Any,
    *,
    key: ColumnElement[UUID],
    unit: ColumnElement[UUID],
    site: ColumnElement[UUID | None],
    day: ColumnElement[date],
) -> Subquery:
    """Pairs (subject, record), each once, for the records of a table: a tree or an area as it stood on the record's day.

    A record belongs to a unit whose subtree holds its place, to an area that holds its place or its site, to the unit that
    leads it, or to its site; several subjects may have it, none has it twice.
    """
    if league.of_sites:
        return (
            select(site.label("subject"), key.label("record"))
            .where(record.tenant_id == tenant_id, site.in_(ids))
            .subquery()
        )
    if league.count_by == BY_LEAD:
        led = and_(Part.tenant_id == tenant_id, Part.finding_id == key, Part.leading)
        base = select(UnitPath.ancestor_id.label("subject"), key.label("record")).join(Part, led)
        return _in_tree(base, tenant_id, Part.unit_id, ids, day).distinct().subquery()
    base = select(UnitPath.ancestor_id.label("subject"), key.label("record")).select_from(record)
    mine = record.tenant_id == tenant_id
    if league.kinds and not HEADQUARTERS_KINDS.intersection(league.kinds):
        return _in_tree(base, tenant_id, unit, ids, day).where(mine).subquery()
    return union(
        _in_tree(base, tenant_id, unit, ids, day).where(mine),
        _by_area(record, tenant_id, ids, key, unit, day).where(mine),
        _by_site_of_area(record, tenant_id, ids, key, site, day).where(mine),
    ).subquery()


def _in_tree(
    query: Select[Any], tenant_id: int, unit: Any, ids: Sequence[UUID], day: ColumnElement[date]
) -> Select[Any]:
    stood = and_(UnitPath.tenant_id == tenant_id, UnitPath.unit_id == unit, _on(UnitPath, day))
    return query.join(UnitPath, stood).where(UnitPath.ancestor_id.in_(ids))


def _by_area(
    record: Any, tenant_id: int, ids: Sequence[UUID], key: Any, unit: Any, day: ColumnElement[date]
) -> Select[Any]:
    """Places that lie in a unit that is a member of the area."""
    stood = and_(UnitPath.tenant_id == tenant_id, UnitPath.unit_id == unit, _on(UnitPath, day))
    member = and_(AreaMember.tenant_id == tenant_id, AreaMember.unit_id == UnitPath.ancestor_id, _on(AreaMember, day))
    query = select(AreaMember.area_id.label("subject"), key.label("record")).select_from(record)
    return query.join(UnitPath, stood).join(AreaMember, member).where(AreaMember.area_id.in_(ids))


def _by_site_of_area(
    record: Any, tenant_id: int, ids: Sequence[UUID], key: Any, site: Any, day: ColumnElement[date]
) -> Select[Any]:
    """Sites that are members of the area themselves."""
    member = and_(AreaMember.tenant_id == tenant_id, AreaMember.site_id == site, _on(AreaMember, day))
    query = select(AreaMember.area_id.label("subject"), key.label("record")).select_from(record)
    return query.join(AreaMember, member).where(AreaMember.area_id.in_(ids))


def _on(dated: Any, day: ColumnElement[date]) -> ColumnElement[bool]:
    """A dated row as it stood on a record's own day."""
    return and_(dated.valid_from <= day, or_(dated.valid_to.is_(None), dated.valid_to > day))
