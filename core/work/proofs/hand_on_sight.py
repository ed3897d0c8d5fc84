"""Who sees what a contact sent back (转交回复可见范围): whoever sees the finding that was handed on."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Text, cast, exists

from core.work.loop.sight import sees_finding
from core.work.tables import File, Finding, HandOn
from tenants.access import Actor


def sees_answer_photo(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on File: it came back with an item of a finding that the actor sees."""
    tenant = actor.tenant.id
    found = exists().where(
        HandOn.tenant_id == tenant,
        HandOn.photos.op("?")(cast(File.id, Text)),
        Finding.tenant_id == tenant,
        Finding.id == HandOn.finding_id,
        sees_finding(actor, on),
    )
    return found.correlate(File)
