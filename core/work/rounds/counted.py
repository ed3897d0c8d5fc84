"""Which visits count for a round (计入轮次的检查): its own, and those that its members made there for another announced round.

One visit serves every announced round that sends the same person to the same place in its days (一次检查，多方共用). A secret
round counts its own visits alone, and its visits count for no other, also after its release.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select

from core.work.rounds.kinds import ANNOUNCED
from core.work.tables import ItemResult, Round, RoundMember, RoundStop, Sheet, Visit


def counts_for(of: Round) -> ColumnElement[bool]:
    """Filter on Visit: it counts for the round, and was not corrected by a later one."""
    own = and_(Visit.round_id == of.id, Visit.replaced_at.is_(None))
    if of.mode != ANNOUNCED:
        return own
    tenant = of.tenant_id
    others = select(Round.id).where(Round.tenant_id == tenant, Round.mode == ANNOUNCED)
    stops = select(RoundStop.site_id).where(
        RoundStop.tenant_id == tenant, RoundStop.round_id == of.id, RoundStop.state == "planned"
    )
    members = select(RoundMember.person_id).where(RoundMember.tenant_id == tenant, RoundMember.round_id == of.id)
    shared = and_(
        Visit.round_id.is_not(None),
        Visit.hidden.is_(False),
        Visit.replaced_at.is_(None),
        Visit.day.between(of.starts_on, of.ends_on),
        Visit.round_id.in_(others),
        Visit.site_id.in_(stops),
        Visit.person_id.in_(members),
    )
    return or_(own, shared)


def asked_by(of: Round, rows: type[Sheet | ItemResult]) -> list[ColumnElement[bool]]:
    """Filters on sheets or item results: the campaigns and forms that the round asks; none where it asks everything."""
    found: list[ColumnElement[bool]] = []
    if of.campaigns:
        found.append(rows.campaign.in_(of.campaigns))
    if of.forms:
        found.append(rows.form.in_(of.forms))
    return found
