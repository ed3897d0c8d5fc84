"""How many places stand how (达标统计): by campaign and subdistrict, both tracks side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from core.figures.site_attainment.counting import run_counting
from core.figures.site_attainment.ground import Ground
from core.figures.site_attainment.scope import Scope
from core.figures.site_attainment.states import RELAPSED
from tenants.scope import ScopedSession

_BOARD = """
SELECT t.campaign, above.street_id, t.state, t.is_self_met, t.is_verified, sum(t.places) AS places
FROM (
  SELECT t.campaign, p.unit_id, t.state, t.is_self_met, t.is_verified, count(*) AS places
  FROM standing t JOIN place p ON p.id = t.site_id GROUP BY 1, 2, 3, 4, 5) t
LEFT JOIN (
  SELECT DISTINCT ON (q.unit_id) q.unit_id, q.ancestor_id AS street_id FROM unit_path q
  JOIN unit u ON u.tenant_id = :tenant AND u.id = q.ancestor_id AND u.kind = 'subdistrict'
  WHERE q.tenant_id = :tenant AND q.valid_from <= :on AND (q.valid_to IS NULL OR q.valid_to > :on)
  ORDER BY q.unit_id, q.depth) above ON above.unit_id = t.unit_id
GROUP BY 1, 2, 3, 4, 5"""


@dataclass(frozen=True, slots=True)
class Tally:
    """So many places (达标数): of all that should be checked, those up to standard on either track; how many stand how."""

    places: int = 0
    self_met: int = 0
    verified: int = 0
    states: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        states = {
            name: self.states.get(name, 0) + other.states.get(name, 0) for name in {**self.states, **other.states}
        }
        sums = (self.places + other.places, self.self_met + other.self_met, self.verified + other.verified)
        return Tally(*sums, states)

    @property
    def gap(self) -> int:
        """How many more say so of themselves than others found (自查与核验之差); may be negative."""
        return self.self_met - self.verified

    @property
    def relapsed(self) -> int:
        """How many lost it again."""
        return self.states.get(RELAPSED, 0)


def whole(tallies: Iterable[Tally]) -> Tally:
    """Some tallies added up."""
    return sum(tallies, Tally())


def read_board(session: ScopedSession, ground: Ground, scope: Scope) -> dict[str, dict[UUID | None, Tally]]:
    """How many places stand how, by campaign and subdistrict (None: in none). One statement over all places."""
    found: dict[str, dict[UUID | None, Tally]] = {key: {} for key in dict.fromkeys(one for one, _, _ in ground.due)}
    for campaign, street, state, self_met, verified, places in run_counting(session, ground, scope, _BOARD):
        one = Tally(int(places), int(places) * self_met, int(places) * verified, {state: int(places)})
        mine = found[campaign]
        mine[street] = mine.get(street, Tally()) + one
    return found
