"""What closings look like from above (销号质量): found by oneself against found by others, and what came back soon.

Figures for people to ask questions with. Nothing follows from them by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.loop.states import CLOSED, DISMISSED
from core.work.tables import Finding, FindingEvent, Part
from core.work.tenant_settings import Integrity, read_setting
from tenants.access import Actor
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class FoundBy:
    """Who found what in a unit's territory (自查发现与他人发现)."""

    unit_id: UUID
    unit_name: str
    own: int
    others: int

    @property
    def total(self) -> int:
        """All that was found there."""
        return self.own + self.others


@dataclass(frozen=True, slots=True)
class CameBack:
    """What a leading unit had closed in a period, and how much came back within the days of the setting (销号后又出现)."""

    unit_id: UUID
    unit_name: str
    closed: int
    came_back: int


def found_by(session: Session, actor: Actor, since: datetime, until: datetime, *, now: datetime) -> list[FoundBy]:
    """By unit of the place, most findings first (one query): ``own`` by its own people, ``others`` by anybody else."""
    own, others = (func.count().filter(Finding.basis == basis) for basis in ("self", "verified"))
    rows = session.execute(
        select(Unit.id, Unit.name, own, others)
        .join(Finding, (Finding.tenant_id == Unit.tenant_id) & (Finding.unit_id == Unit.id))
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.opened_at >= since,
            Finding.opened_at < until,
            Finding.state.not_in(DISMISSED),
            sees_finding(actor, local_day(now)),
        )
        .group_by(Unit.id, Unit.name, Unit.pinyin)
        .order_by(func.count().desc(), Unit.pinyin, Unit.id)
    )
    return [FoundBy(*row) for row in rows.all()]


def came_back(session: Session, actor: Actor, since: datetime, until: datetime, *, now: datetime) -> list[CameBack]:
    """By unit that leads now, most that came back first: closings of the period, and those followed by a reopening soon.

    A finding that was closed twice counts twice. Two queries.
    """
    soon = timedelta(days=read_setting(session, Integrity).reopened_days)
    again = aliased(FindingEvent)
    back = (
        select(again.version)
        .where(
            again.tenant_id == FindingEvent.tenant_id,
            again.finding_id == FindingEvent.finding_id,
            again.version > FindingEvent.version,
            again.from_state.in_((CLOSED, "stable")),
            again.verb.in_(("reopen", "relapse")),
            again.at <= FindingEvent.at + soon,
        )
        .correlate(FindingEvent)
        .exists()
    )
    rows = session.execute(
        select(Unit.id, Unit.name, func.count(), func.count().filter(back))
        .select_from(FindingEvent)
        .join(Finding, (Finding.tenant_id == FindingEvent.tenant_id) & (Finding.id == FindingEvent.finding_id))
        .join(Part, (Part.tenant_id == Finding.tenant_id) & (Part.finding_id == Finding.id))
        .join(Unit, (Unit.tenant_id == Part.tenant_id) & (Unit.id == Part.unit_id))
        .where(
            FindingEvent.tenant_id == actor.tenant.id,
            FindingEvent.at >= since,
            FindingEvent.at < until,
            FindingEvent.to_state == CLOSED,
            FindingEvent.from_state.is_distinct_from(CLOSED),
            Part.leading,
            Part.ended_at.is_(None),
            sees_finding(actor, local_day(now)),
        )
        .group_by(Unit.id, Unit.name, Unit.pinyin)
        .order_by(func.count().filter(back).desc(), func.count().desc(), Unit.pinyin, Unit.id)
    )
    return [CameBack(*row) for row in rows.all()]
