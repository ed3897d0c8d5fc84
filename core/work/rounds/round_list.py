"""Rounds as people look them up (轮次清单): what runs this week, what is coming, what is over; never one that is not theirs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.rounds.kinds import KINDS, MODES, SOURCES, STATES
from core.work.rounds.sight import in_view
from core.work.rounds.stops import PLANNED
from core.work.tables import Round, RoundEvent, RoundPlan, RoundStop, Visit
from core.work.wording import shown
from tenants.access import Actor, subtree
from tenants.models import Unit

LARGEST_PAGE = 200
WHEN = ("running", "coming", "over")


@dataclass(frozen=True, slots=True)
class RoundFilter:
    """Which rounds (轮次筛选). ``when``: running, coming or over on the day asked; ``since`` and ``until`` touch their days."""

    kind: str = ""
    mode: str = ""
    state: str = ""
    source: str = ""
    when: str = ""
    unit_id: UUID | None = None
    plan_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class RoundRow:
    """One round of a list (轮次行): ``visits`` counts its own visits, ``visited`` the stops that had one of them."""

    round: Round
    unit_name: str
    plan_title: str = ""
    stops: int = 0
    visited: int = 0
    visits: int = 0


def list_rounds(
    session: Session,
    actor: Actor,
    wanted: RoundFilter,
    *,
    on: date,
    after: tuple[date, UUID] | None = None,
    size: int = 50,
) -> list[RoundRow]:
    """A page of rounds in view and one more, the latest beginning first; those under way or to come the earliest first. Raises InvalidInput."""
    _check(wanted)
    up = wanted.when in ("running", "coming")
    query = (
        select(Round, Unit.name, RoundPlan.title)
        .join(Unit, and_(Unit.tenant_id == Round.tenant_id, Unit.id == Round.unit_id))
        .outerjoin(RoundPlan, and_(RoundPlan.tenant_id == Round.tenant_id, RoundPlan.id == Round.plan_id))
        .where(in_view(actor, on), *_conditions(actor.tenant.id, wanted, on))
    )
    key = tuple_(Round.starts_on, Round.id)
    if after is not None:
        query = query.where(key > after if up else key < after)
    order = (Round.starts_on, Round.id) if up else (Round.starts_on.desc(), Round.id.desc())
    found = session.execute(query.order_by(*order).limit(min(size, LARGEST_PAGE) + 1)).all()
    return counted(session, [RoundRow(of, unit, plan or "") for of, unit, plan in found])


def get_row(session: Session, of: Round) -> RoundRow:
    """One round with its names and numbers."""
    unit = session.get(Unit, (of.tenant_id, of.unit_id))
    plan = session.get(RoundPlan, (of.tenant_id, of.plan_id)) if of.plan_id else None
    return counted(session, [RoundRow(of, unit.name if unit else "", plan.title if plan else "")])[0]


def counted(session: Session, rows: Sequence[RoundRow]) -> list[RoundRow]:
    """The same rows with the number of their stops and visits (two queries)."""
    ids = [row.round.id for row in rows]
    if not ids:
        return []
    asked = (RoundStop.round_id.in_(ids), RoundStop.state == PLANNED)
    stops = dict(
        session.execute(select(RoundStop.round_id, func.count()).where(*asked).group_by(RoundStop.round_id)).all()
    )
    query = select(Visit.round_id, func.count(func.distinct(Visit.site_id)), func.count())
    query = query.where(Visit.round_id.in_(ids), Visit.replaced_at.is_(None)).group_by(Visit.round_id)
    visits = {of: (sites, n) for of, sites, n in session.execute(query)}
    return [
        RoundRow(
            row.round, row.unit_name, row.plan_title, stops.get(row.round.id, 0), *visits.get(row.round.id, (0, 0))
        )
        for row in rows
    ]


def history(session: Session, round_id: UUID) -> Sequence[RoundEvent]:
    """The steps of a round, the newest first."""
    query = select(RoundEvent).where(RoundEvent.round_id == round_id)
    return session.scalars(query.order_by(RoundEvent.at.desc(), RoundEvent.version.desc(), RoundEvent.id.desc())).all()


def this_week(on: date) -> tuple[date, date]:
    """Monday and Sunday of a day's week."""
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=6)


def _check(wanted: RoundFilter) -> None:
    known = (
        ("kind", wanted.kind, KINDS),
        ("mode", wanted.mode, MODES),
        ("state", wanted.state, STATES),
        ("source", wanted.source, SOURCES),
        ("when", wanted.when, WHEN),
    )
    faults = [
        Fault(N_("选项无效"), name, value=shown(value), remedy=N_("请从列表里选"))
        for name, value, options in known
        if value and value not in options
    ]
    if faults:
        raise InvalidInput(faults=faults)


def _conditions(tenant: int, wanted: RoundFilter, on: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (Round.kind, wanted.kind),
        (Round.mode, wanted.mode),
        (Round.state, wanted.state),
        (Round.source, wanted.source),
    ):
        if value:
            found.append(column == value)
    if wanted.when:
        found.append(_when(wanted.when, on))
    if wanted.unit_id is not None:
        found.append(Round.unit_id.in_(subtree(tenant, wanted.unit_id, on)))
    if wanted.plan_id is not None:
        found.append(Round.plan_id == wanted.plan_id)
    if wanted.since is not None:
        found.append(Round.ends_on >= wanted.since)
    if wanted.until is not None:
        found.append(Round.starts_on <= wanted.until)
    if wanted.text.strip():
        found.append(Round.title.contains(wanted.text.strip(), autoescape=True))
    return found


def _when(when: str, on: date) -> ColumnElement[bool]:
    """Running: its days touch this week and it is not over; coming: it begins after this week; over: all else."""
    sunday = this_week(on)[1]
    ended = Round.state.in_(("closed", "released", "cancelled"))
    if when == "coming":
        return and_(~ended, Round.starts_on > sunday)
    if when == "running":
        return and_(~ended, Round.starts_on <= sunday)
    return ended
