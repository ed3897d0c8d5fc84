"""The fund table (专项资金): what is planned and paid by source, of all projects in sight, and of each; all in fen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from core.work.projects.project_list import Wanted, conditions
from core.work.projects.states import SOURCES
from core.work.tables import Project, ProjectShare
from tenants.access import Actor
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class Fund:
    """One source over all projects (一种来源): budget, use, and of how many projects."""

    source: str
    planned: int
    paid: int
    projects: int


@dataclass(frozen=True, slots=True)
class FundLine:
    """One share of one project (一份资金)."""

    project_id: UUID
    number: str
    title: str
    unit_name: str
    payer: str
    source: str
    planned: int
    paid: int


@dataclass(frozen=True, slots=True)
class FundTable:
    """Budget and use (专项资金表); ``lines`` are by project and share. The sums are of the same currency and unit, so they may be added."""

    funds: Sequence[Fund]
    lines: Sequence[FundLine]
    unplanned: int

    @property
    def planned(self) -> int:
        """The budget of all sources."""
        return sum(one.planned for one in self.funds)

    @property
    def paid(self) -> int:
        """What of it is paid."""
        return sum(one.paid for one in self.funds)


def fund_table(session: Session, actor: Actor, wanted: Wanted, on: date) -> FundTable:
    """Budget and use by source of the projects that are wanted and seen; ``unplanned`` counts those with a cost but no shares."""
    lines = [FundLine(*row) for row in session.execute(_shares(actor, wanted, on))]
    funds = []
    for source in SOURCES:
        mine = [one for one in lines if one.source == source]
        if mine:
            paid = sum(one.paid for one in mine)
            funds.append(Fund(source, sum(one.planned for one in mine), paid, len({one.project_id for one in mine})))
    shared = select(ProjectShare.project_id).where(ProjectShare.tenant_id == actor.tenant.id)
    bare = select(func.count()).select_from(Project)
    bare = bare.where(*conditions(actor, wanted, on), Project.cost > 0, Project.id.not_in(shared))
    return FundTable(funds, lines, session.scalar(bare) or 0)


def _shares(actor: Actor, wanted: Wanted, on: date) -> Select[*tuple[Any, ...]]:
    share = and_(ProjectShare.tenant_id == Project.tenant_id, ProjectShare.project_id == Project.id)
    unit = and_(Unit.tenant_id == Project.tenant_id, Unit.id == Project.unit_id)
    columns = (
        Project.id,
        Project.number,
        Project.title,
        Unit.name,
        ProjectShare.payer,
        ProjectShare.source,
        ProjectShare.planned,
        ProjectShare.paid,
    )
    query = select(*columns).select_from(Project).join(ProjectShare, share).join(Unit, unit)
    return query.where(*conditions(actor, wanted, on)).order_by(Project.number, ProjectShare.position)
