"""Who sees the photos of an appeal (申诉照片): whoever decides it, and whoever answers for what got the card."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, String, cast, exists, func, or_

from core.work.marks.card_rules import SITE
from core.work.roles import ANSWER, PUBLISH
from core.work.tables import CardEvent, CardIssue, CardScheme, File, Site
from tenants.access import Actor, reach


def sees_card_photo(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on File: it came with an appeal that the actor decides, or that concerns a unit for which he answers."""
    answers, publishes = reach(actor, ANSWER, on), reach(actor, PUBLISH, on)
    at_site = exists().where(
        Site.tenant_id == actor.tenant.id,
        Site.id == CardIssue.subject_id,
        or_(Site.unit_id.in_(answers), Site.operator_unit_id.in_(answers)),
    )
    concerned = or_(
        CardScheme.unit_id.in_(publishes),
        (CardIssue.subject_kind != SITE) & CardIssue.subject_id.in_(answers),
        (CardIssue.subject_kind == SITE) & at_site.correlate(CardIssue),
    )
    of_appeal = exists().where(
        CardEvent.tenant_id == actor.tenant.id,
        CardEvent.detail["photos"].contains(func.jsonb_build_array(cast(File.id, String))),
        CardIssue.tenant_id == actor.tenant.id,
        CardIssue.id == CardEvent.card_id,
        CardScheme.tenant_id == actor.tenant.id,
        CardScheme.id == CardIssue.scheme_id,
        concerned,
    )
    return of_appeal.correlate(File)
