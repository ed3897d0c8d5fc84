"""What the pace is read from (进度取数): locked daily, weekly and monthly observations, and deadlines of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from core.campaigns import Campaign
from core.campaigns.arithmetic import exact
from core.campaigns.expressions import Name, parse
from core.campaigns.targets import NUMBER
from core.figures.finding_metrics import AT_REST, DONE, counting
from core.figures.frames import by_moment
from core.figures.item_metrics import VERIFIED
from core.figures.pace import Entered, Pace, RatePace
from core.figures.periods import Period
from core.figures.scores import Ground, read_grounds, score_ground
from core.figures.stake_rows import LATEST
from core.figures.terms import FindingTerm, Plan, StatTerm
from core.work.loop.transitions import CLOSED_STATES
from core.work.tables import Finding, FindingCampaign, LockedValue, Observation, Statistic
from tenants.access import Actor, root_unit
from tenants.scope import ScopedSession


def read_paces(
    session: ScopedSession,
    actor: Actor | None,
    campaigns: Sequence[Campaign],
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime,
) -> tuple[list[Pace], list[RatePace]]:
    """The counts and the rates with a target over a period, as locked and recorded by the cut-off.

    Raises NotFound, Forbidden as scores do.
    """
    counts: list[Pace] = []
    rates: list[RatePace] = []
    for one in campaigns:
        units = () if unit_id is None else (unit_id,)
        ground = read_grounds(session, actor, one, one.edition, (period,), units, cut_off=cut_off)[unit_id, 0]
        plans = [p for p in ground.plans.figures if p.indicator.points and NUMBER.fullmatch(p.indicator.target)]
        wanted = {t.code: p for p in plans if (t := counted_term(p)) is not None}
        series = read_series(session, wanted, period, unit_id or root_unit(session).id, cut_off)
        for code, plan in wanted.items():
            at_most = 1 if plan.indicator.unit.startswith("days") else None
            given = (one.key, plan.indicator, period, exact(plan.indicator.target), series.get(code, ()))
            counts.append(Pace(*given, at_most))
        rates += _rates(session, ground, [p for p in plans if _is_closing_rate(p)])
    return counts, rates


def counted_term(plan: Plan) -> StatTerm | None:
    """The one statistic that an indicator counts over its period, as 300 days a year; None for shares and states."""
    term, unit = plan.numerator, plan.indicator.unit
    plain = isinstance(parse(plan.indicator.formula), Name) and plan.denominator is None
    return term if plain and isinstance(term, StatTerm) and (unit.startswith("days") or unit == "count") else None


def _is_closing_rate(plan: Plan) -> bool:
    term = plan.numerator
    return isinstance(term, FindingTerm) and term.on_time and isinstance(plan.denominator, FindingTerm)


def read_series(
    session: ScopedSession, codes: Iterable[str], period: Period, unit_id: UUID, cut_off: datetime
) -> Mapping[str, tuple[Entered, ...]]:
    """The verified observations of some statistics inside a period as locked by the cut-off, oldest first."""
    place = func.row_number().over(partition_by=LockedValue.observation_id, order_by=LockedValue.number.desc())
    version = (
        select(LockedValue.observation_id, LockedValue.numerator, place.label("place"))
        .where(LockedValue.tenant_id == session.tenant_id, LockedValue.locked_at <= cut_off)
        .subquery()
    )
    kept = and_(Observation.tenant_id == Statistic.tenant_id, Observation.statistic_id == Statistic.id)
    query = (
        select(Statistic.code, Observation.period_start, Observation.period_end, version.c.numerator)
        .join(Observation, kept)
        .join(version, version.c.observation_id == Observation.id)
        .where(
            Statistic.tenant_id == session.tenant_id,
            Statistic.code.in_(sorted(codes)),
            Statistic.combine == "sum",
            Observation.unit_id == unit_id,
            Observation.basis == VERIFIED,
            Observation.period_start >= period.start,
            Observation.period_end <= period.end,
            version.c.place == 1,
        )
        .order_by(Observation.period_end, Observation.period_start)
    )
    found: dict[str, tuple[Entered, ...]] = {}
    for code, start, end, value in session.execute(query):
        found[code] = (*found.get(code, ()), Entered(start, end, Fraction(value)))
    return found


def _rates(session: ScopedSession, ground: Ground, plans: Sequence[Plan]) -> Iterable[RatePace]:
    """The closing rates, with what falls due after the cut-off."""
    if not plans:
        return
    score = score_ground(ground)
    coming, waiting = _ahead(session, ground)
    for plan in plans:
        figure = score.indicator(plan.indicator.code)
        pair = (int(figure.numerator or 0), int(figure.denominator or 0))
        target = exact(plan.indicator.target)
        yield RatePace(ground.campaign.key, plan.indicator, score.period, target, *pair, coming, waiting)


def _ahead(session: ScopedSession, ground: Ground) -> tuple[int, int]:
    """The findings of the campaign with deadlines after the cut-off in the period: still open, and closed already."""
    frame = ground.frame
    mine = select(FindingCampaign.finding_id).where(
        FindingCampaign.tenant_id == frame.tenant_id, FindingCampaign.campaign == ground.campaign.key
    )
    later = replace(frame, cut_off=LATEST)
    query: Select[*tuple[Any, ...]] = select(Finding.id, Finding.state, Finding.closed_at).where(
        *counting(frame), Finding.id.in_(mine), Finding.due_at > frame.cut_off, Finding.state.not_in(AT_REST)
    )
    base = by_moment(later, query, Finding.due_at, Finding.unit_id, Finding.site_id).subquery("ahead").c
    is_open = base.state.not_in(DONE)
    row = session.execute(
        select(func.count().filter(is_open), func.count().filter(base.state.in_(CLOSED_STATES)))
    ).one()
    return int(row[0]), int(row[1])
