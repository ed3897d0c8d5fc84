"""Runs (计分留存): a score kept with its label and hash, computed again later, and what changed in between.

A run's hash covers what was computed, never when: computed again from the same records it is the same. What differs is
shown figure by figure, with the records that moved since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Campaign, Edition
from core.errors import N_, Fault, InvalidInput, NotFound
from core.figures.model import CampaignScore, IndicatorFigure, cents
from core.figures.periods import Period, day_of
from core.figures.run_tables import ScoreRun
from core.figures.scores import reaches_root, score_campaign
from core.work.journal import record
from core.work.names import tidy
from core.work.permits import require
from core.work.roles import PUBLISH
from tenants.access import Actor, root_unit
from tenants.db import new_id
from tenants.scope import ScopedSession

LONGEST_LABEL = 60
SHORT = 12  # characters of a hash that people compare by eye (ours)


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that differs between two runs (差异): an indicator's code, its fields before and after."""

    code: str
    name_zh: str
    name_en: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def points(self) -> Decimal:
        """Points gained, negative when lost; what is not assessed counts as none."""
        return _points(self.after) - _points(self.before)


def _points(side: Mapping[str, Any]) -> Decimal:
    return Decimal(side.get("earned") or 0)


def make_run(
    session: ScopedSession,
    actor: Actor,
    campaign: Campaign,
    edition: Edition,
    period: Period,
    *,
    label: str,
    now: datetime,
    unit_id: UUID | None = None,
    previous: ScoreRun | None = None,
) -> ScoreRun:
    """Compute a score and keep it. ``label`` is what people call it; ``previous`` is the run that is computed again.

    Raises Forbidden (the whole district's, or the unit's, is for who publishes), InvalidInput for a missing label or a
    period that has not begun.
    """
    require(session, actor, PUBLISH, unit_id or root_unit(session).id, day_of(now), campaign=campaign.key)
    said = _checked_label(label, period, now)
    score = score_campaign(session, None, campaign, edition, period, unit_id, cut_off=now)
    body = body_of(score)
    run = ScoreRun(
        id=new_id(),
        campaign=campaign.key,
        label=said,
        edition=edition.key,
        edition_sha256=edition.sha256,
        period_kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        unit_id=unit_id,
        cut_off=score.cut_off,
        earned=cents(score.earned),
        assessed=cents(score.assessed),
        total=cents(score.total),
        body=body | ({"undated": score.undated} if score.undated else {}),  # told beside it, no part of the hash
        sha256=hash_of(actor.tenant.slug, campaign.key, edition.sha256, period, unit_id, body),
        previous_id=previous.id if previous else None,
        made_by=actor.name,
        made_at=now,
    )
    session.add(run)
    session.flush()
    record(session, actor, "run.make", "score_run", run.id, campaign=campaign.key, period=period.key, sha256=run.sha256)
    return run


def _checked_label(label: str, period: Period, now: datetime) -> str:
    """The label, tidied. Raises InvalidInput with every fault of the wish."""
    said, faults = tidy(label), []
    if not said or len(said) > LONGEST_LABEL:
        remedy = N_("请写一个名称，最多 {most} 个字")
        faults.append(Fault(N_("缺少名称或太长"), "label", None, said[:20], "", remedy, {"most": LONGEST_LABEL}))
    if period.bounds[0] > now:
        faults.append(Fault(N_("这一期还没有开始"), "period", value=period.key, remedy=N_("请选择已经开始的周期")))
    if faults:
        raise InvalidInput(faults=faults)
    return said


def body_of(score: CampaignScore) -> dict[str, Any]:
    """A score as plain JSON: fractions as ``n/d``, points as texts with two decimals."""
    return {
        "figures": [_figure(one) for one in score.indicators],
        "earned": str(score.earned),
        "assessed": str(score.assessed),
        "total": str(score.total),
        "visits": score.visits,
        "sites": score.sites,
        "findings": {key: score.findings[key] for key in sorted(score.findings)},
        "vetoes": [[one.kind, one.code] for one in score.vetoes],
        "effects": [[str(one.entry_id), one.effect, str(one.points)] for one in score.effects],
    }


def _figure(one: IndicatorFigure) -> dict[str, Any]:
    return {
        "code": one.code,
        "name_zh": one.name_zh,
        "name_en": one.name_en,
        "status": one.status,
        "numerator": _fraction(one.numerator),
        "denominator": _fraction(one.denominator),
        "value": None if one.value is None else str(one.value),
        "earned": None if one.earned is None else str(one.earned),
        "possible": str(one.possible),
        "n": one.n,
    }


def _fraction(value: Fraction | None) -> str | None:
    return None if value is None else f"{value.numerator}/{value.denominator}"


def hash_of(
    district: str, campaign: str, edition: str, period: Period, unit_id: UUID | None, body: Mapping[str, Any]
) -> str:
    """The SHA-256 of what was computed for a district (its slug), in hex."""
    whole = {
        "district": district,
        "campaign": campaign,
        "edition": edition,
        "period": [period.kind, period.start.isoformat()],
    }
    text = json.dumps(
        whole | {"unit": str(unit_id or ""), "body": body}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def period_of(run: ScoreRun) -> Period:
    """The period that a run is about."""
    return Period(run.period_kind, run.period_start, run.period_end)


def list_runs(
    session: ScopedSession,
    actor: Actor,
    campaign: str | None,
    *,
    now: datetime,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[ScoreRun]:
    """Runs, the latest first; a unit's own are for who sees the whole district, the district's for everyone (as its totals are)."""
    query = select(ScoreRun).order_by(ScoreRun.made_at.desc(), ScoreRun.id.desc()).limit(limit)
    if not reaches_root(session, actor, now):
        query = query.where(ScoreRun.unit_id.is_(None))
    if campaign:
        query = query.where(ScoreRun.campaign == campaign)
    if after:
        moment, last = after
        query = query.where((ScoreRun.made_at < moment) | ((ScoreRun.made_at == moment) & (ScoreRun.id < last)))
    return list(session.scalars(query))


def find_run(session: ScopedSession, actor: Actor, run_id: UUID, now: datetime) -> ScoreRun:
    """One run. Raises NotFound for one that is not there or not for the actor."""
    run = session.get(ScoreRun, (session.tenant_id, run_id))
    if run is None or (run.unit_id is not None and not reaches_root(session, actor, now)):
        raise NotFound(N_("没有找到这次计分"))
    return run


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The figures that differ, the largest change of points first; an indicator that only one side knows is one of them."""
    old = {one["code"]: one for one in before["figures"]}
    new = {one["code"]: one for one in after["figures"]}
    found = [
        Change(code, *_names(old.get(code), new.get(code)), old.get(code, {}), new.get(code, {}))
        for code in dict.fromkeys([*old, *new])
        if old.get(code) != new.get(code)
    ]
    return sorted(found, key=lambda one: (-abs(one.points), one.code))


def _names(*sides: Mapping[str, Any] | None) -> Sequence[str]:
    known = next(side for side in reversed(sides) if side)
    return known["name_zh"], known["name_en"]
