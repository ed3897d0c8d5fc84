"""Which places attainment is asked of (达标范围): ids, types and who asks, as conditions of the statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from core.work.places.reaching import reaches_site
from core.work.roles import SEE
from core.work.tables import Site
from tenants.access import Actor, reach
from tenants.scope import ScopedSession

After = tuple[str, UUID, str]  # pinyin, site, campaign
FEW = 500  # places; above it reading all of a district's failures at once is quicker


@dataclass(frozen=True, slots=True)
class Scope:
    """Which places (范围): ids (None: all of the district), and which campaign of each when ``pairs`` are given.

    ``types``: it has one of each of these groups of types on the day; ``without``: none of these.
    """

    sites: Sequence[UUID] | None = None
    pairs: Sequence[tuple[UUID, str]] | None = None
    types: Sequence[str] = ()
    without: Sequence[str] = ()

    @property
    def is_few(self) -> bool:
        """Whether it is so small that the places are better looked up one by one."""
        return self.sites is not None and len(self.sites) <= FEW

    def narrowed(self) -> tuple[str, dict[str, Any]]:
        """The conditions on the sites, and what they bind."""
        said, bound = [], dict[str, Any]()
        if self.sites is not None:
            said.append("AND s.id = ANY(CAST(:only AS uuid[]))")
            bound["only"] = list(self.sites)
        if self.without:
            said.append(f"AND NOT {_TYPED.format('= ANY(:without_types)')}")
            bound["without_types"] = list(self.without)
        for n, kind in enumerate(self.types):
            said.append(f"AND {_TYPED.format(f'= :type_{n}')}")
            bound[f"type_{n}"] = kind
        return " ".join(said), bound

    def filters(self, states: Collection[str], after: After | None) -> tuple[str, dict[str, Any]]:
        """The conditions on ``t``, a place's state, and ``p``, the place: some states, the pairs, behind a row of the list."""
        said, bound = [], dict[str, Any]()
        if states:
            said.append("AND t.state = ANY(:states)")
            bound["states"] = sorted(states)
        if self.pairs is not None:
            said.append(
                "AND (p.id, t.campaign) IN (SELECT * FROM unnest(CAST(:pair_sites AS uuid[]), CAST(:pair_campaigns AS text[])))"
            )
            bound |= {"pair_sites": [one for one, _ in self.pairs], "pair_campaigns": [key for _, key in self.pairs]}
        if after is not None:
            said.append(
                "AND (p.pinyin, p.id, t.campaign) > (:after_pinyin, CAST(:after_site AS uuid), :after_campaign)"
            )
            bound |= dict(zip(("after_pinyin", "after_site", "after_campaign"), after, strict=True))
        return " ".join(said), bound


_TYPED = """EXISTS (SELECT FROM site_kind q WHERE q.tenant_id = :tenant AND q.site_id = s.id AND q.site_type {}
    AND q.valid_from <= :on AND (q.valid_to IS NULL OR q.valid_to > :on))"""


def within(
    session: ScopedSession,
    actor: Actor | None,
    on: date,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    types: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Scope:
    """The places that an actor may see and some conditions on Site allow; all of them without a look where nothing narrows."""
    limits = list(conditions)
    if actor is not None and not actor.covers(SEE):
        limits.append(or_(reaches_site(actor, SEE, on), Site.operator_unit_id.in_(reach(actor, SEE, on))))
    if not limits:
        return Scope(types=types, without=without)
    ids = list(session.scalars(select(Site.id).where(Site.tenant_id == session.tenant_id, *limits)))
    return Scope(ids, types=types, without=without)
