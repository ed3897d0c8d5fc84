"""What an appeal tells to whom (申诉提醒): those who decide that it waits, those who appealed what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.appeals.appeal_moves import RAISE, REJECT, UPHOLD, WITHDRAW
from core.work.calendar import ZONE, local_day
from core.work.dated import valid_on
from core.work.papers.notes import tell
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Appeal, Finding, FindingCampaign
from tenants.models import UnitPath

KIND = "appeal"
TEXTS: Mapping[str, str] = MappingProxyType(
    {
        RAISE: N_("{unit}对{what}提出申诉，请在 {due} 前裁决"),
        WITHDRAW: N_("{unit}撤回了对{what}的申诉"),
        UPHOLD: N_("{unit}对{what}的申诉成立：{decision}"),
        REJECT: N_("{unit}对{what}的申诉不成立：{decision}"),
    }
)


def tell_deciders(session: Session, appeal: Appeal, verb: str, *, now: datetime, by: UUID) -> int:
    """Tell whoever directs right above the unit; gives how many were told."""
    above = session.scalars(
        select(UnitPath.ancestor_id).where(
            UnitPath.unit_id == appeal.unit_id, UnitPath.depth == 1, valid_on(UnitPath, local_day(now))
        )
    ).all()
    return _tell(session, appeal, verb, now=now, by=by, unit_ids=above, verb_of_post=DIRECT)


def tell_appellant(session: Session, appeal: Appeal, verb: str, *, now: datetime, by: UUID) -> int:
    """Tell who raised it and whoever answers for the unit; gives how many were told."""
    return _tell(
        session,
        appeal,
        verb,
        now=now,
        by=by,
        unit_ids=[appeal.unit_id],
        verb_of_post=ANSWER,
        person_id=appeal.person_id,
    )


def _tell(
    session: Session,
    appeal: Appeal,
    verb: str,
    *,
    now: datetime,
    by: UUID,
    unit_ids: Iterable[UUID],
    verb_of_post: str,
    person_id: UUID | None = None,
) -> int:
    finding = session.get(Finding, (appeal.tenant_id, appeal.finding_id)) if appeal.finding_id else None
    campaigns = [appeal.campaign] if appeal.campaign else _campaigns(session, appeal)
    return tell(
        session,
        unit_ids=unit_ids,
        person_ids=[person_id],
        verb=verb_of_post,
        kind=KIND,
        text=TEXTS[verb],
        params=_params(appeal, finding),
        object_kind=KIND,
        object_id=appeal.id,
        now=now,
        restricted=finding is not None and finding.restricted,
        campaigns=campaigns or None,
        but=by,
    )


def _campaigns(session: Session, appeal: Appeal) -> list[str]:
    found = select(FindingCampaign.campaign).where(FindingCampaign.finding_id == appeal.finding_id)
    return list(session.scalars(found))


def _params(appeal: Appeal, finding: Finding | None) -> dict[str, str]:
    """The words of a note, those with two languages in both."""
    if finding is not None:
        what, what_en = f"问题 {finding.number or ''}".strip(), f"finding {finding.number or ''}".strip()
    else:
        facts, span = appeal.facts, f"{appeal.period_start}–{appeal.period_end}"
        what = f"{facts.get('name_zh', appeal.indicator)}（{span}）"
        what_en = f"{facts.get('name_en', appeal.indicator)} ({span})"
    return {
        "unit": appeal.unit_name,
        "what": what,
        "what_en": what_en,
        "due": appeal.due_at.astimezone(ZONE).strftime("%m-%d %H:%M"),
        "decision": appeal.decision[:60],
    }
