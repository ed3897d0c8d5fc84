"""Phases of the campaigns (创建阶段): from a day on a campaign is in one, such as 迎检冲刺; time limits may ask for it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.dispatch.routing_rules import LONGEST_WORD, require_director
from core.work.journal import record
from core.work.tables import CampaignPhase
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.models import EnabledCampaign

EVERY = ""  # the campaign of a phase that holds for all that have none of their own


def list_phases(session: Session) -> list[CampaignPhase]:
    """All phases (阶段安排), by campaign, the latest first."""
    order = (CampaignPhase.campaign, CampaignPhase.valid_from.desc())
    return list(session.scalars(select(CampaignPhase).order_by(*order)))


def phases_on(session: Session, on: date) -> dict[str, str]:
    """The phase of each campaign on a day; the key EVERY is for those without their own. An ended phase is left out."""
    rows = select(CampaignPhase).where(CampaignPhase.valid_from <= on).order_by(CampaignPhase.valid_from)
    found = {row.campaign: row.phase for row in session.scalars(rows)}
    return {campaign: phase for campaign, phase in found.items() if phase}


def phase_names(session: Session) -> list[str]:
    """The words that were ever used for phases here, for a choice."""
    return sorted({row.phase for row in list_phases(session) if row.phase})


def set_phase(
    session: Session, actor: Actor, campaign: str, phase: str, *, valid_from: date, today: date
) -> CampaignPhase:
    """Say in which phase a campaign (EVERY: all) is from a day on, today or later; an empty phase ends the one before.

    Raises InvalidInput, and Forbidden for who does not direct the work of the whole district.
    """
    require_director(session, actor, None, today)
    faults: list[Fault] = []
    said = read_text(phase, "phase", faults, LONGEST_WORD)
    known = set(session.scalars(select(EnabledCampaign.campaign)))
    if campaign != EVERY and campaign not in known:
        remedy = N_("请从列表中选择")
        faults.append(Fault(N_("这里没有启用这个创建项目"), "campaign", value=shown(campaign), remedy=remedy))
    if valid_from < today:
        remedy = N_("请填今天或以后的日期")
        faults.append(Fault(N_("日期已过"), "valid_from", value=valid_from.isoformat(), remedy=remedy))
    if faults:
        raise InvalidInput(faults=faults)
    row = session.get(CampaignPhase, (actor.tenant.id, campaign, valid_from))
    before = row.phase if row else None
    if row is None:
        row = CampaignPhase(campaign=campaign, valid_from=valid_from, phase=said)
        session.add(row)
    row.phase = said
    session.flush()
    detail = {"phase": said, "valid_from": valid_from.isoformat(), "before": before}
    record(session, actor, "phase.set", "campaign", campaign, **detail)
    return row
