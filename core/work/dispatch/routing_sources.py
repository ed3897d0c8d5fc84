"""Reads what decides about a place (派遣依据): rules, precedents, phases, its types, zone and areas, all in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.work.bulk import ask
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A tenant's rule in force (派遣规则); units that have ended say nothing any more."""

    id: UUID
    category: str
    site_type: str
    territory_id: UUID | None
    campaign: str
    severity: str
    phase: str
    zone: str
    line_unit_id: UUID | None
    line_role: str
    place_unit_id: UUID | None
    hours: int | None
    note: str
    since: str

    @property
    def conditions(self) -> int:
        """How many conditions it has."""
        said = (self.category, self.site_type, self.territory_id, self.campaign, self.severity, self.phase, self.zone)
        return sum(bool(one) for one in said)


@dataclass(frozen=True, slots=True)
class PastRow:
    """A precedent in force (权责判例) whose unit still stands; they come in the order in which they were decided."""

    id: UUID
    category: str
    site_type: str
    territory_id: UUID | None
    campaign: str
    unit_id: UUID
    reason: str
    returns: int


@dataclass
class Sources:
    """Everything that was read (派遣依据)."""

    rules: list[RuleRow] = field(default_factory=list)
    past: list[PastRow] = field(default_factory=list)
    types: frozenset[str] = frozenset()
    zone: str = ""
    phases: dict[str, str] = field(default_factory=dict)
    areas: tuple[UUID, ...] = ()


def read_sources(
    session: Session,
    actor: Actor,
    above: Sequence[UUID],
    site_id: UUID | None,
    categories: set[str],
    on: date,
) -> Sources:
    """Read what decides about findings of some categories at a place (one query); ``above`` is the place and its units."""
    asked = {
        "tenant": actor.tenant.id,
        "on": on,
        "above": list(above),
        "site": site_id,
        "categories": sorted(categories),
    }
    row = ask(session, _DECIDING, asked).one()
    return Sources(
        rules=[RuleRow(**one | {name: _id(one[name]) for name in _RULE_IDS}) for one in row.rules or ()],
        past=[PastRow(**one | {name: _id(one[name]) for name in _PAST_IDS}) for one in row.past or ()],
        types=frozenset(row.types),
        zone=row.zone or "",
        phases=dict(row.phases or ()),
        areas=tuple(dict.fromkeys(row.areas)),
    )


_RULE_IDS = ("id", "territory_id", "line_unit_id", "place_unit_id")
_PAST_IDS = ("id", "territory_id", "unit_id")
# Written as text, and each list as one value: every finding asks this, and most districts have few rules.
_DECIDING = text("""
SELECT
  (SELECT json_agg(json_build_object('id', r.id, 'category', r.category, 'site_type', r.site_type,
      'territory_id', r.territory_id, 'campaign', r.campaign, 'severity', r.severity, 'phase', r.phase, 'zone', r.zone,
      'line_unit_id', l.id, 'line_role', r.line_role, 'place_unit_id', p.id, 'hours', r.hours, 'note', r.note,
      'since', r.valid_from))
    FROM routing_rule r
    LEFT JOIN unit l ON l.tenant_id = :tenant AND l.id = r.line_unit_id
      AND l.valid_from <= :on AND (l.valid_to IS NULL OR l.valid_to > :on)
    LEFT JOIN unit p ON p.tenant_id = :tenant AND p.id = r.place_unit_id
      AND p.valid_from <= :on AND (p.valid_to IS NULL OR p.valid_to > :on)
    WHERE r.tenant_id = :tenant AND (r.category = '' OR r.category = ANY(:categories))
      AND r.valid_from <= :on AND (r.valid_to IS NULL OR r.valid_to > :on)) AS rules,
  (SELECT json_agg(json_build_object('id', c.id, 'category', c.category, 'site_type', c.site_type,
      'territory_id', c.territory_id, 'campaign', c.campaign, 'unit_id', c.unit_id, 'reason', c.reason,
      'returns', c.returns) ORDER BY c.decided_at, c.id)
    FROM precedent c
    JOIN unit u ON u.tenant_id = :tenant AND u.id = c.unit_id
      AND u.valid_from <= :on AND (u.valid_to IS NULL OR u.valid_to > :on)
    WHERE c.tenant_id = :tenant AND c.category = ANY(:categories) AND (c.valid_to IS NULL OR c.valid_to > :on)) AS past,
  (SELECT json_agg(json_build_array(h.campaign, h.phase) ORDER BY h.valid_from)
    FROM campaign_phase h WHERE h.tenant_id = :tenant AND h.valid_from <= :on) AS phases,
  ARRAY(SELECT m.area_id FROM area_member m
    WHERE m.tenant_id = :tenant AND (m.unit_id = ANY(:above) OR m.site_id = :site)
      AND m.valid_from <= :on AND (m.valid_to IS NULL OR m.valid_to > :on)
    UNION ALL
    SELECT g.unit_id FROM site_grid g WHERE g.tenant_id = :tenant AND g.site_id = :site
      AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on)) AS areas,
  ARRAY(SELECT k.site_type FROM site_kind k WHERE k.tenant_id = :tenant AND k.site_id = :site
    AND k.valid_from <= :on AND (k.valid_to IS NULL OR k.valid_to > :on)) AS types,
  (SELECT s.zone FROM site s WHERE s.tenant_id = :tenant AND s.id = :site) AS zone
""")


def _id(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)
