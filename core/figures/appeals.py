"""Appeals against figures (数值申诉): the figure as it stands when it is appealed, and the run that an upheld appeal makes.

A published snapshot never changes: the run is kept beside it, and a correction is a new publication.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Campaign, Edition, Registry
from core.errors import N_, Conflict, NotFound
from core.figures.periods import Period
from core.figures.run_tables import ScoreRun
from core.figures.runs import body_of, make_run
from core.figures.scores import score_campaign
from core.figures.tables import Publication
from core.work.appeals.appeal_moves import RUN
from core.work.appeals.deciding import Effect
from core.work.appeals.raising import FigureKey, appeal_figure
from core.work.enabling import enabled, frozen_edition
from core.work.tables import Appeal
from tenants.access import Actor
from tenants.scope import ScopedSession


def key_of(campaign: Campaign, code: str, period: Period, unit_id: UUID | None) -> FigureKey:
    """Which figure is meant."""
    return FigureKey(campaign.key, code, period.kind, period.start, period.end, period.key, unit_id)


def period_of(appeal: Appeal) -> Period:
    """The period of the figure that an appeal is about."""
    assert appeal.period_start, "an appeal about a figure has its period"
    assert appeal.period_end, "and its last day"
    return Period(appeal.period_kind, appeal.period_start, appeal.period_end)


def raise_appeal(
    session: ScopedSession,
    actor: Actor,
    campaign: Campaign,
    edition: Edition,
    code: str,
    period: Period,
    figure_unit_id: UUID | None,
    *,
    unit_id: UUID | None,
    reason: str,
    photos: Sequence[str] = (),
    now: datetime,
) -> Appeal:
    """Appeal against a figure as it stands now. Raises NotFound, Forbidden, Conflict, InvalidInput."""
    score = score_campaign(session, actor, campaign, edition, period, figure_unit_id, cut_off=now)
    facts = _facts(body_of(score), code) | {"edition": edition.key, "edition_sha256": edition.sha256}
    given = {"unit_id": unit_id, "reason": reason, "photos": photos, "now": now}
    return appeal_figure(session, actor, key_of(campaign, code, period, figure_unit_id), facts=facts, **given)


def _facts(body: Mapping[str, Any], code: str) -> dict[str, Any]:
    """One figure out of a score's body, with the totals beside it."""
    found = next((one for one in body["figures"] if one["code"] == code), None)
    if found is None:
        raise NotFound
    return dict(found) | {"total": body["earned"], "of": body["assessed"]}


def recompute(
    session: ScopedSession,
    actor: Actor,
    appeal: Appeal,
    campaign: Campaign,
    edition: Edition,
    *,
    label: str,
    now: datetime,
) -> Effect:
    """Make the run of an upheld appeal and set the figure of now beside the one that was appealed against.

    Raises Forbidden: the score of a unit, or the district, is computed anew by who publishes it.
    """
    period = period_of(appeal)
    run = make_run(
        session,
        actor,
        campaign,
        edition,
        period,
        label=label,
        now=now,
        unit_id=appeal.figure_unit_id,
        previous=latest_run(session, appeal),
    )
    after = _facts(run.body, appeal.indicator)
    return Effect(RUN, run.id, {"after": after, "points": str(_earned(after) - _earned(appeal.facts))})


def recompute_alike(
    session: ScopedSession, actor: Actor, appeal: Appeal, registry: Registry, *, label: str, now: datetime
) -> Effect:
    """The same by the edition that the figure was computed by. Raises Conflict when the campaign is suspended, and Forbidden."""
    running = enabled(session, registry, day=appeal.period_start)
    campaign = next((one for one in running if one.key == appeal.campaign), None)
    if campaign is None:
        raise Conflict(N_("这个创建项目已停用，不能重算；启用后再裁决"))
    sha256 = appeal.facts["edition_sha256"]
    edition = campaign.edition if campaign.edition.sha256 == sha256 else frozen_edition(session, sha256)
    return recompute(session, actor, appeal, campaign, edition, label=label, now=now)


def _earned(said: Mapping[str, Any]) -> Decimal:
    return Decimal(said.get("earned") or 0)


def latest_run(session: ScopedSession, appeal: Appeal) -> ScoreRun | None:
    """The last kept run of the same campaign, period, unit and edition."""
    return session.scalars(
        select(ScoreRun)
        .where(
            ScoreRun.campaign == appeal.campaign,
            ScoreRun.period_start == appeal.period_start,
            ScoreRun.period_kind == appeal.period_kind,
            ScoreRun.unit_id.is_not_distinct_from(appeal.figure_unit_id),
            ScoreRun.edition_sha256 == appeal.facts.get("edition_sha256", ""),
        )
        .order_by(ScoreRun.made_at.desc(), ScoreRun.id.desc())
        .limit(1)
    ).first()


def is_published(session: ScopedSession, appeal: Appeal) -> bool:
    """Whether the period of the figure was published by this district already."""
    known = (
        Publication.tenant_id == session.tenant_id,
        Publication.reader_id == session.tenant_id,
        Publication.campaign == appeal.campaign,
        Publication.period_start == appeal.period_start,
        Publication.period_kind == appeal.period_kind,
    )
    return session.scalars(select(Publication.id).where(*known).limit(1)).first() is not None
