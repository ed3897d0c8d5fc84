"""Appeals beside the thing that they are about (相关申诉): on a finding's page and on an indicator's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import url_for

from core.campaigns import Campaign
from core.figures.appeals import key_of
from core.figures.periods import Period
from core.request import actor, db, now
from core.work.appeals.appeal_list import appeals_about
from core.work.appeals.appeal_moves import RAISED
from core.work.appeals.raising import about_finding, units_of_figure, units_of_finding
from core.work.roles import ANSWER
from core.work.tables import Appeal, Finding
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class Beside:
    """The appeals about a thing that the reader sees, and where he raises another ('' when he may not)."""

    appeals: Sequence[Appeal]
    href: str


def beside_finding(finding: Finding) -> Beside:
    """Those about a finding."""
    found = appeals_about(db(), actor(), about_finding(finding.id), now())
    units = units_of_finding(db(), actor(), finding, now()) if actor().has(ANSWER) else []
    return Beside(found, url_for("appeals.ask", finding=finding.id) if _free(units, found) else "")


def beside_figure(campaign: Campaign, code: str, period: Period, unit_id: UUID | None) -> Beside:
    """Those about a figure."""
    key = key_of(campaign, code, period, unit_id)
    found = appeals_about(db(), actor(), key.about, now())
    units = units_of_figure(db(), actor(), key, now()) if actor().has(ANSWER) else []
    which = {"campaign": campaign.key, "indicator": code, "period": period.key}
    scope = {"scope": str(unit_id)} if unit_id else {}
    return Beside(found, url_for("appeals.ask", **which, **scope) if _free(units, found) else "")


def _free(units: Sequence[Unit], found: Sequence[Appeal]) -> bool:
    """Whether a unit is left that has no open appeal about it."""
    busy = {one.unit_id for one in found if one.state == RAISED}
    return any(unit.id not in busy for unit in units)
