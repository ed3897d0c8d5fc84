"""Who answers for a finding and by when (派遣): declared rules, then the tenant's own, then what arbitration decided before.

A plugin's item or a shared category declares the owner role and the working days. A tenant's rule (派遣规则) overrides
what it names: of those that fit, the one with most conditions wins, then the nearer territory, then the later one - for
each of unit, place and time limit by itself. A precedent (权责判例) of exactly the same case has the last word on who
answers, the nearest territory first. Everything that decides is read in one query; the decision itself reads nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from core.work.dispatch.routing_sources import PastRow, RuleRow, read_sources
from core.work.organisation.owners import Owners, owners_at, owners_of
from tenants.access import Actor

__all__ = ["Declared", "Owners", "Place", "Route", "Router", "load_router", "owners_at", "owners_of"]

DAY = timedelta(days=1)
DECLARED, RULE, PRECEDENT = "declared", "rule", "precedent"
LINE, PLACE, LIMIT = "line", "place", "limit"


@dataclass(frozen=True, slots=True)
class Declared:
    """What the item or category itself says (声明的责任): owner role, the campaign's office, working days."""

    role: str
    working_days: int
    hq_role: str = ""


class Placed(Protocol):
    """Where a finding is, as routing sees it: a visit, or a reported place."""

    @property
    def site_id(self) -> UUID | None:
        """The site, if it is at one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place without a visit (发现地点)."""

    site_id: UUID | None


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged (派遣情形): one finding before it has an owner."""

    category: str
    severity: str = "ordinary"
    campaigns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """One rule that spoke (裁量依据): its layer, what it says for one effect, and whether that stood in the end."""

    layer: str
    effect: str
    value: UUID | timedelta
    id: UUID | None
    reason: str
    stands: bool


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers, where and by when (派遣结果), with why the line unit was chosen and everything that spoke for it.

    ``limit`` is working time, 24 hours a working day; ``returns`` how often the case was sent back before it was decided.
    """

    line: UUID
    place: UUID
    limit: timedelta
    why: str = DECLARED
    why_id: UUID | None = None
    reason: str = ""
    returns: int = 0
    chain: tuple[Link, ...] = field(default=(), compare=False)

    @property
    def working_days(self) -> int:
        """The time limit in working days, rounded up, for people to read."""
        return -(-self.limit // DAY)

    @property
    def facts(self) -> dict[str, Any]:
        """What the history keeps of the decision; nothing for what was simply declared or named by hand."""
        if self.why_id is None:
            return {}
        return {"route": {"why": self.why, "id": str(self.why_id), "reason": self.reason, "returns": self.returns}}

    def parts(self) -> list[dict[str, Any]]:
        """The parts (责任分工) of a finding that goes this way, without its id."""
        parts: list[dict[str, Any]] = [{"kind": "line", "unit_id": self.line, "leading": True, "state": "open"}]
        if self.line != self.place:
            parts.append({"kind": "place", "unit_id": self.place, "leading": False, "state": "informed"})
        return parts


@dataclass(frozen=True, slots=True)
class Router:
    """Everything that decides about one place on one day (派遣依据), read once."""

    owners: Owners
    rules: Sequence[RuleRow]
    past: Sequence[PastRow]
    types: frozenset[str]
    zone: str
    phases: Mapping[str, str]
    near: Mapping[UUID, int]  # territories that hold the place, by how near they are

    def decide(self, case: Case, declared: Declared) -> Route:
        """The route of one finding; pure."""
        links = [*self._declared(declared), *self._ruled(case, declared), *self._decided(case)]
        chosen = {link.effect: link for link in links}  # the last word of each effect
        chain = tuple(
            Link(one.layer, one.effect, one.value, one.id, one.reason, one is chosen[one.effect]) for one in links
        )
        line, place, limit = chosen[LINE], chosen[PLACE], chosen[LIMIT]
        returns = next((one.returns for one in self.past if one.id == line.id), 0)
        assert isinstance(line.value, UUID)
        assert isinstance(place.value, UUID)
        assert isinstance(limit.value, timedelta)
        return Route(line.value, place.value, limit.value, line.layer, line.id, line.reason, returns, chain)

    def _declared(self, declared: Declared) -> list[Link]:
        said = (
            (LINE, self.owners.line(declared.role, declared.hq_role)),
            (PLACE, self.owners.place),
            (LIMIT, declared.working_days * DAY),
        )
        return [Link(DECLARED, effect, value, None, declared.role, False) for effect, value in said]

    def _ruled(self, case: Case, declared: Declared) -> list[Link]:
        """What the fitting rules say, the weakest first."""
        fitting = [rule for rule in self.rules if self._fits(rule, case)]
        links = []
        for rule in sorted(fitting, key=self._weight):
            line = rule.line_unit_id or (self.owners.line(rule.line_role, declared.hq_role) if rule.line_role else None)
            limit = timedelta(hours=rule.hours) if rule.hours else None
            for effect, value in ((LINE, line), (PLACE, rule.place_unit_id), (LIMIT, limit)):
                if value is not None:
                    links.append(Link(RULE, effect, value, rule.id, rule.note, False))
        return links

    def _weight(self, rule: RuleRow) -> tuple[int, int, str, UUID]:
        """More conditions, then a nearer territory, then the later one."""
        near = self.near.get(rule.territory_id, len(self.near)) if rule.territory_id else len(self.near)
        return rule.conditions, -near, rule.since, rule.id

    def _fits(self, rule: RuleRow, case: Case) -> bool:
        return (
            rule.category in ("", case.category)
            and (not rule.site_type or rule.site_type in self.types)
            and (rule.territory_id is None or rule.territory_id in self.near)
            and (not rule.campaign or rule.campaign in case.campaigns)
            and rule.severity in ("", case.severity)
            and (not rule.phase or rule.phase in self._phases(case))
            and rule.zone in ("", self.zone)
        )

    def _phases(self, case: Case) -> set[str]:
        """The phases that the finding's campaigns are in; one that names no campaign counts for all of them."""
        asked = case.campaigns or self.phases.keys()
        found = {self.phases.get(key) or self.phases.get("", "") for key in asked}
        return found - {""}

    def _decided(self, case: Case) -> list[Link]:
        """The precedents of exactly this case, the farthest territory first; of one territory the latest decided last."""
        only = one_of(self.types), one_of(case.campaigns)
        same = [
            one
            for one in self.past
            if one.category == case.category
            and (one.site_type, one.campaign) == only
            and (one.territory_id is None or one.territory_id in self.near)
        ]
        far = len(self.near)
        order = sorted(same, key=lambda one: -(self.near.get(one.territory_id, far) if one.territory_id else far))
        return [Link(PRECEDENT, LINE, one.unit_id, one.id, one.reason, False) for one in order]


def one_of(values: Collection[str]) -> str:
    """The only one of some values, '' when there is none or several: that is how a case is remembered."""
    return next(iter(values)) if len(values) == 1 else ""


def load_router(
    session: Session, actor: Actor, owners: Owners, placed: Placed, categories: Iterable[str], on: date
) -> Router:
    """Read what decides about findings of some categories at a place (one query)."""
    found = read_sources(session, actor, owners.above, placed.site_id, set(categories), on)
    territories = (*owners.above, *found.areas)
    return Router(
        owners,
        found.rules,
        found.past,
        found.types,
        found.zone,
        found.phases,
        {unit: place for place, unit in reversed(list(enumerate(territories)))},
    )
