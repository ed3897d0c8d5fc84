"""What a visit stands on (检查现场): its site with the types of the day, the visitor's shift, and what is kept already - in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.work.bulk import ask, made_of, stand
from core.work.roles import VISIT
from core.work.tables import Site
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class Ground:
    """What was found (检查现场): ``site`` is None unless it is active and within the reach of the actor's visits.

    ``patrol_id`` is the shift that the actor is on; ``is_entered``: a visit stands under the id already; ``kept`` are the
    hashes of the campaigns' forms and editions whose definitions the tenant keeps.
    """

    site: Site | None
    types: Sequence[str]
    patrol_id: UUID | None
    is_entered: bool
    kept: frozenset[str]


def read_ground(
    session: Session,
    actor: Actor,
    site_id: UUID,
    campaigns: Sequence[Campaign],
    on: date,
    visit_id: UUID | None = None,
    round_id: UUID | None = None,
) -> Ground:
    """Read what a visit of a site stands on, on a day (one query).

    Whoever is in a round's team reaches its stops, wherever they lie: subdistricts check each other (互查).
    """
    asked = {"tenant": actor.tenant.id, "site": site_id, "visit": visit_id, "person": actor.person_id, "on": on}
    asked |= {"round": round_id}
    asked |= {"roots": list(actor.roots(VISIT)), "hashes": _hashes(tuple(campaigns))}
    row = ask(session, _GROUND, asked).mappings().one()
    site = None if row["id"] is None else _site(session, {name: row[name] for name in _COLUMNS})
    return Ground(site, row["types"], row["patrol"], row["entered"], frozenset(row["kept"]))


def _site(session: Session, row: dict[str, Any]) -> Site:
    """The site as the session knows it, else as it was read."""
    made = made_of(Site, row)
    known = session.identity_map.get(session.identity_key(instance=made))
    return known if isinstance(known, Site) else stand(session, made)


@lru_cache(maxsize=64)
def _hashes(campaigns: tuple[Campaign, ...]) -> list[str]:
    """The hashes of the campaigns' editions in force and of their forms."""
    editions = [one.edition for one in campaigns]
    return sorted({one.sha256 for one in editions} | {form.sha256 for one in editions for form in one.forms})


_COLUMNS = [column.name for column in Site.__table__.columns]
# Written as text: every visit asks it. A post reaches a site by its unit, or by a grid in which it lies (places.reaching).
_GROUND = text(f"""
SELECT
  EXISTS (SELECT FROM visit v WHERE v.tenant_id = :tenant AND v.id = :visit) AS entered,
  (SELECT w.id FROM patrol w
    WHERE w.tenant_id = :tenant AND w.ended_at IS NULL AND EXISTS (
      SELECT FROM patrol_member m WHERE m.tenant_id = :tenant AND m.patrol_id = w.id AND m.person_id = :person)
    ORDER BY w.started_at DESC LIMIT 1) AS patrol,
  ARRAY(SELECT k.site_type FROM site_kind k WHERE k.tenant_id = :tenant AND k.site_id = :site
    AND k.valid_from <= :on AND (k.valid_to IS NULL OR k.valid_to > :on)) AS types,
  ARRAY(SELECT d.sha256 FROM definition d WHERE d.tenant_id = :tenant AND d.sha256 = ANY(:hashes)) AS kept,
  {", ".join(f"s.{name}" for name in _COLUMNS)}
FROM (SELECT) one
LEFT JOIN site s ON s.tenant_id = :tenant AND s.id = :site AND s.state = 'active' AND (
  EXISTS (SELECT FROM unit_path p WHERE p.tenant_id = :tenant AND p.unit_id = s.unit_id
    AND p.ancestor_id = ANY(:roots) AND p.valid_from <= :on AND (p.valid_to IS NULL OR p.valid_to > :on))
  OR EXISTS (SELECT FROM round_stop t JOIN round_member m ON m.tenant_id = t.tenant_id AND m.round_id = t.round_id
    WHERE t.tenant_id = :tenant AND t.round_id = :round AND t.site_id = :site AND t.state <> 'dropped'
      AND m.person_id = :person AND m.ended_at IS NULL)
  OR EXISTS (SELECT FROM site_grid g
    JOIN unit_path p ON p.tenant_id = g.tenant_id AND p.unit_id = g.unit_id
    WHERE g.tenant_id = :tenant AND g.site_id = s.id AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on)
      AND p.ancestor_id = ANY(:roots) AND p.valid_from <= :on AND (p.valid_to IS NULL OR p.valid_to > :on)))
""")  # noqa: S608 - our own names
