"""The load meter (基层负担): what all campaigns together asked of each community in a week, and what was asked twice.

Counted is what the people of a community did or were told to do: the questions that they answered on their own visits, the
photos they sent, the visits made at their places by themselves and by others, the papers they had to answer, and what fell
due. One visit serves every campaign; the meter shows how often it did not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core.figures.periods import Period, containing
from core.work.dated import valid_on
from core.work.loop.sight import sees_finding
from core.work.loop.states import WITH_UNIT
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_sight import sees_notice
from core.work.roles import SEE
from core.work.statistics.grid import Asked, pairs_of
from core.work.tables import AnswerRow, Attachment, Finding, FindingEvent, Notice, Part, Visit
from core.work.tenant_settings import Ceiling
from tenants.access import Actor, reach
from tenants.models import Holding, Post, Unit, UnitPath
from tenants.scope import ScopedSession

COMMUNITIES = ("community", "village")
MEASURES = ("fields", "photos", "visits", "returns", "deadlines")  # what the ceiling is set for


@dataclass(frozen=True, slots=True)
class Load:
    """What was asked of one community in a week (社区负担); ``received`` are the visits among ``visits`` that others made.

    ``again`` are answers to a question that had been answered at the same place earlier in the week. ``over`` names the
    measures above the ceiling.
    """

    unit_id: UUID
    name: str
    above: str
    fields: int = 0
    photos: int = 0
    visits: int = 0
    received: int = 0
    returns: int = 0
    deadlines: int = 0
    again: int = 0
    over: tuple[str, ...] = ()


def weigh(session: ScopedSession, actor: Actor, week: Period, ceiling: Ceiling) -> list[Load]:
    """The load of every community within the actor's reach, the heaviest first (some seven queries).

    ``week`` may be any period; the ceiling is meant for a week. Findings and papers count as far as the actor may see them.
    """
    communities = _communities(session, actor, week)
    sums: dict[UUID, dict[str, int]] = {unit: {} for unit in communities}
    for query in (
        _visits(actor, week),
        _answers(actor, week),
        _photos(actor, week),
        _returns(actor, week),
        _deadlines(actor, week),
    ):
        for row in session.execute(query):
            if row.unit in sums:
                found = sums[row.unit]
                for name, value in row._asdict().items():
                    if name != "unit":
                        found[name] = found.get(name, 0) + int(value or 0)
    for unit, count in _statistics(session, actor, week).items():
        if unit in sums:
            sums[unit]["returns"] = sums[unit].get("returns", 0) + count
    loads = [_load(unit, *names, sums[unit], ceiling) for unit, names in communities.items()]
    return sorted(loads, key=lambda one: (-len(one.over), -one.fields, -one.visits, one.above, one.name))


def _load(unit: UUID, name: str, above: str, sums: Mapping[str, int], ceiling: Ceiling) -> Load:
    over = tuple(one for one in MEASURES if sums.get(one, 0) > getattr(ceiling, one))
    return Load(unit, name, above, **sums, over=over)


def _communities(session: ScopedSession, actor: Actor, week: Period) -> dict[UUID, tuple[str, str]]:
    """Communities of the week's last day within reach, each with the subdistrict that it stands under."""
    parent, path = aliased(Unit), aliased(UnitPath)
    above = and_(path.tenant_id == Unit.tenant_id, path.unit_id == Unit.id, path.depth == 1, valid_on(path, week.end))
    query = (
        select(Unit.id, Unit.name, func.coalesce(parent.name, ""))
        .outerjoin(path, above)
        .outerjoin(parent, and_(parent.tenant_id == path.tenant_id, parent.id == path.ancestor_id))
        .where(Unit.kind.in_(COMMUNITIES), valid_on(Unit, week.end), Unit.id.in_(reach(actor, SEE, week.end)))
        .order_by(parent.pinyin, Unit.pinyin)
    )
    return {unit: (name, over) for unit, name, over in session.execute(query)}


def under_community(actor: Actor, place: InstrumentedAttribute[UUID], day: ColumnElement[Any]) -> ColumnElement[bool]:
    """The path from a community down to a place on a day; join with it and group by the ancestor."""
    return and_(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.unit_id == place,
        UnitPath.valid_from <= day,
        or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > day),
        UnitPath.ancestor_id.in_(select(Unit.id).where(Unit.tenant_id == actor.tenant.id, Unit.kind.in_(COMMUNITIES))),
    )


def _own(actor: Actor) -> ColumnElement[bool]:
    """Condition on Visit beside UnitPath: who made it held a post of that community, or under it, on the day."""
    inner = aliased(UnitPath)
    return exists().where(
        Holding.tenant_id == actor.tenant.id,
        Holding.person_id == Visit.person_id,
        Holding.valid_from <= Visit.day,
        or_(Holding.valid_to.is_(None), Holding.valid_to > Visit.day),
        Post.tenant_id == actor.tenant.id,
        Post.id == Holding.post_id,
        inner.tenant_id == actor.tenant.id,
        inner.unit_id == Post.unit_id,
        inner.ancestor_id == UnitPath.ancestor_id,
        inner.valid_from <= Visit.day,
        or_(inner.valid_to.is_(None), inner.valid_to > Visit.day),
    )


def made_in(actor: Actor, week: Period) -> tuple[ColumnElement[bool], ...]:
    """Visits of the week that count: a correction stands for what it replaced."""
    return Visit.tenant_id == actor.tenant.id, Visit.day.between(week.start, week.end), Visit.replaced_at.is_(None)


def _visits(actor: Actor, week: Period) -> Select[Any]:
    own = _own(actor).correlate(Visit, UnitPath)
    counts = (func.count().label("visits"), func.count().filter(~own).label("received"))
    query = select(UnitPath.ancestor_id.label("unit"), *counts).select_from(Visit)
    return (
        query.join(UnitPath, under_community(actor, Visit.unit_id, Visit.day))
        .where(*made_in(actor, week))
        .group_by("unit")
    )


def _answers(actor: Actor, week: Period) -> Select[Any]:
    """Questions answered on the community's own visits, and how many of them had been answered there in the week already."""
    turn = func.row_number().over(
        partition_by=(UnitPath.ancestor_id, Visit.site_id, AnswerRow.question), order_by=(Visit.submitted_at, Visit.id)
    )
    given = (
        select(UnitPath.ancestor_id.label("unit"), turn.label("turn"))
        .select_from(Visit)
        .join(UnitPath, under_community(actor, Visit.unit_id, Visit.day))
        .join(AnswerRow, and_(AnswerRow.tenant_id == Visit.tenant_id, AnswerRow.visit_id == Visit.id))
        .where(*made_in(actor, week), _own(actor).correlate(Visit, UnitPath))
        .subquery()
    )
    counts = (func.count().label("fields"), func.count().filter(given.c.turn > 1).label("again"))
    return select(given.c.unit, *counts).group_by(given.c.unit)


def _photos(actor: Actor, week: Period) -> Select[Any]:
    """Photos of the community's own visits, and those with which it answered."""
    tenant = actor.tenant.id
    first, after = week.bounds
    own = _own(actor).correlate(Visit, UnitPath)
    of_visits = (
        select(UnitPath.ancestor_id.label("unit"), func.count().label("photos"))
        .select_from(Attachment)
        .join(Visit, and_(Visit.tenant_id == Attachment.tenant_id, Visit.id == Attachment.visit_id))
        .join(UnitPath, under_community(actor, Visit.unit_id, Visit.day))
        .where(Attachment.tenant_id == tenant, *made_in(actor, week), own)
        .group_by("unit")
    )
    event = and_(
        FindingEvent.tenant_id == Attachment.tenant_id,
        FindingEvent.finding_id == Attachment.finding_id,
        FindingEvent.version == Attachment.version,
        FindingEvent.at >= first,
        FindingEvent.at < after,
    )
    of_answers = (
        select(FindingEvent.unit_id, func.count())
        .select_from(Attachment)
        .join(FindingEvent, event)
        .join(Finding, and_(Finding.tenant_id == Attachment.tenant_id, Finding.id == Attachment.finding_id))
        .where(Attachment.tenant_id == tenant, sees_finding(actor, week.end))
        .group_by(FindingEvent.unit_id)
    )
    both = of_visits.union_all(of_answers).subquery()
    return select(both.c.unit, func.sum(both.c.photos).label("photos")).group_by(both.c.unit)


def _returns(actor: Actor, week: Period) -> Select[Any]:
    """Papers of the week that ask the community for an answer in writing."""
    first, after = week.bounds
    asking = [code for code, kind in KINDS.items() if kind.replies]
    query = select(Notice.unit_id.label("unit"), func.count().label("returns"))
    issued = (Notice.issued_at >= first, Notice.issued_at < after, Notice.state != "cancelled")
    seen = (Notice.tenant_id == actor.tenant.id, Notice.kind.in_(asking), sees_notice(actor, week.end))
    return query.where(*seen, *issued).group_by(Notice.unit_id)


def _statistics(session: ScopedSession, actor: Actor, week: Period) -> Mapping[UUID, int]:
    """Numbers to be handed in whose period ends in the week, by the unit that they are about and by its own office."""
    found: Counter[UUID] = Counter()
    for pair in pairs_of(session, actor, Asked(), today=week.end):
        period = containing(pair.statistic.frequency, week.start)
        ends = 0
        while period.end <= week.end:
            ends += 1
            period = period.next
        for unit in {pair.unit_id, pair.statistic.owner_unit_id}:
            found[unit] += ends
    return found


def _deadlines(actor: Actor, week: Period) -> Select[Any]:
    """Findings that the community leads and papers to it that fell due in the week."""
    first, after = week.bounds
    waiting = or_(Finding.state.in_(WITH_UNIT), Finding.answered_at >= first)
    led = and_(
        Part.tenant_id == Finding.tenant_id, Part.finding_id == Finding.id, Part.leading, Part.ended_at.is_(None)
    )
    findings = (
        select(Part.unit_id.label("unit"), func.count().label("deadlines"))
        .select_from(Finding)
        .join(Part, led)
        .where(Finding.tenant_id == actor.tenant.id, Finding.due_at >= first, Finding.due_at < after, waiting)
        .where(sees_finding(actor, week.end))
        .group_by(Part.unit_id)
    )
    papers = select(Notice.unit_id, func.count()).where(
        Notice.tenant_id == actor.tenant.id,
        Notice.due_at >= first,
        Notice.due_at < after,
        Notice.state != "cancelled",
        sees_notice(actor, week.end),
    )
    both = findings.union_all(papers.group_by(Notice.unit_id)).subquery()
    return select(both.c.unit, func.sum(both.c.deadlines).label("deadlines")).group_by(both.c.unit)
