"""Why a score came out otherwise (变动原因): the records that moved between two computations, by kind, with examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from core.errors import N_
from core.figures.periods import day_of
from core.figures.run_tables import ScoreRun
from core.work.loop.sight import sees_finding, sees_visit
from core.work.statistics.sight import pairs_seen
from core.work.tables import (
    Finding,
    FindingCampaign,
    FindingEvent,
    LockedValue,
    NegativeEntry,
    NegativeStep,
    Observation,
    Sheet,
    Site,
    Statistic,
    Visit,
)
from tenants.access import Actor
from tenants.scope import ScopedSession

STANDS = timedelta(days=366)  # what stands at a day counts for a year at most
EXAMPLES = 20  # of each kind are named; the others are counted (ours)
KINDS: dict[str, str] = {
    "edition": N_("测评体系版本换了"),
    "visit": N_("新提交的检查"),
    "correction": N_("更正的检查"),
    "finding": N_("问题有了变化"),
    "negative": N_("负面清单有了变化"),
    "statistic": N_("锁定或更正的统计"),
}


@dataclass(frozen=True, slots=True)
class Example:
    """One record that moved: what it is, when it moved, and its id for a link."""

    id: Any
    text: str
    at: datetime
    text_en: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Records of one kind that moved since (变动原因); ``count`` in all, the latest ``examples`` named."""

    kind: str
    count: int
    examples: Sequence[Example]


def causes(session: ScopedSession, actor: Actor, before: ScoreRun, after: ScoreRun) -> list[Cause]:
    """What moved between two runs of one campaign and period, as far as the actor sees it (two queries a kind)."""
    found = []
    if before.edition_sha256 != after.edition_sha256:
        found.append(Cause("edition", 1, ()))
    on = day_of(after.made_at)
    seen = sees_visit(actor, on)
    found += _read(session, "visit", _visits(before, after).where(seen))
    found += _read(session, "correction", _corrections(before, after).where(seen))
    found += _read(session, "finding", _findings(before, after).where(sees_finding(actor, on)))
    found += _read(session, "negative", _negative(before, after))
    seen_too = pairs_seen(session, actor, Observation.unit_id, on)
    found += _read(session, "statistic", _statistics(before, after).where(seen_too))
    return found


def _read(session: ScopedSession, kind: str, query: Select[Any]) -> list[Cause]:
    moved = query.subquery()
    count = session.scalar(select(func.count()).select_from(moved)) or 0
    if not count:
        return []
    rows = session.execute(select(moved).order_by(moved.c.at.desc()).limit(EXAMPLES)).all()
    return [Cause(kind, count, [Example(row.id, row.text, row.at, getattr(row, "text_en", "")) for row in rows])]


def _of_campaign(run: ScoreRun) -> Any:
    """The visits that answered a form of the campaign in the run's period."""
    return and_(
        Visit.tenant_id == run.tenant_id,
        Visit.day.between(run.period_start, run.period_end),
        Visit.id.in_(select(Sheet.visit_id).where(Sheet.tenant_id == run.tenant_id, Sheet.campaign == run.campaign)),
    )


def _at_site(query: Select[Any]) -> Select[Any]:
    return query.join(Site, and_(Site.tenant_id == Visit.tenant_id, Site.id == Visit.site_id))


def _visits(before: ScoreRun, after: ScoreRun) -> Select[Any]:
    since = and_(Visit.submitted_at > before.cut_off, Visit.submitted_at <= after.cut_off)
    chosen = select(Visit.id, Site.name.label("text"), Visit.submitted_at.label("at")).select_from(Visit)
    return _at_site(chosen).where(_of_campaign(before), since, Visit.replaces_id.is_(None))


def _corrections(before: ScoreRun, after: ScoreRun) -> Select[Any]:
    since = and_(Visit.replaced_at > before.cut_off, Visit.replaced_at <= after.cut_off)
    chosen = select(Visit.id, Site.name.label("text"), Visit.replaced_at.label("at")).select_from(Visit)
    return _at_site(chosen).where(_of_campaign(before), since)


def _findings(before: ScoreRun, after: ScoreRun) -> Select[Any]:
    """Findings of the campaign that were opened or due in the period and moved since."""
    first, last = before.period_start, before.period_end
    day = func.date(func.timezone("Asia/Shanghai", Finding.due_at))
    opened = func.date(func.timezone("Asia/Shanghai", Finding.opened_at))
    moved = (
        select(FindingEvent.finding_id, func.max(FindingEvent.at).label("at"))
        .where(
            FindingEvent.tenant_id == before.tenant_id,
            FindingEvent.at > before.cut_off,
            FindingEvent.at <= after.cut_off,
        )
        .group_by(FindingEvent.finding_id)
        .subquery()
    )
    mine = select(FindingCampaign.finding_id).where(
        FindingCampaign.tenant_id == before.tenant_id, FindingCampaign.campaign == before.campaign
    )
    return (
        select(Finding.id, func.coalesce(Finding.number, "").label("text"), moved.c.at)
        .join(moved, moved.c.finding_id == Finding.id)
        .where(
            Finding.tenant_id == before.tenant_id,
            Finding.id.in_(mine),
            or_(day.between(first, last), opened.between(first, last)),
        )
    )


def _negative(before: ScoreRun, after: ScoreRun) -> Select[Any]:
    return (
        select(NegativeEntry.id, NegativeEntry.title.label("text"), NegativeStep.at)
        .join(
            NegativeStep,
            and_(NegativeStep.tenant_id == NegativeEntry.tenant_id, NegativeStep.entry_id == NegativeEntry.id),
        )
        .where(
            NegativeEntry.tenant_id == before.tenant_id,
            NegativeEntry.campaign == before.campaign,
            NegativeStep.at > before.cut_off,
            NegativeStep.at <= after.cut_off,
        )
    )


def _statistics(before: ScoreRun, after: ScoreRun) -> Select[Any]:
    """Values that were locked since: of the period, or of what stands until a later value replaces it."""
    inside = Observation.period_start >= before.period_start
    stands = and_(Statistic.combine == "last", Observation.period_end > before.period_end - STANDS)
    return (
        select(
            Observation.id,
            Statistic.name_zh.label("text"),
            Statistic.name_en.label("text_en"),
            LockedValue.locked_at.label("at"),
        )
        .join(
            Observation,
            and_(Observation.tenant_id == LockedValue.tenant_id, Observation.id == LockedValue.observation_id),
        )
        .join(Statistic, and_(Statistic.tenant_id == Observation.tenant_id, Statistic.id == Observation.statistic_id))
        .where(
            LockedValue.tenant_id == before.tenant_id,
            LockedValue.locked_at > before.cut_off,
            LockedValue.locked_at <= after.cut_off,
            Statistic.campaign.in_(("", before.campaign)),
            Observation.period_end <= before.period_end,
            or_(inside, stands),
        )
    )
