"""Sampling of a round (抽样方案): how many sites of which types, by the size of the city; drawn by the sealed draw or chosen by hand.

A plan is kept in the round as ``{"plan", "size", "strata": [{"name", "types", "size"}]}``. The technical assessment of sanitary
cities asks at least 161, 215 or 267 units by city size (shared/domain/frameworks.md, section 3.2); of its strata four are
known with their sizes. What is not known, the district enters itself until the total is reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.campaigns import load_vocabulary
from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.rounds.drawing import commit, draw
from core.work.rounds.mutual import refuse_own
from core.work.rounds.steps import DRAFT, step, to_change
from core.work.rounds.stops import enter_stops
from core.work.tables import Draw, Round, Site, SiteKind
from core.work.wording import read_text
from tenants.access import Actor, subtree

SIZES: Mapping[str, str] = MappingProxyType(
    {
        "under_500k": N_("人口 50 万以下"),
        "to_2m": N_("人口 50 万至 200 万"),
        "over_2m": N_("人口 200 万以上"),
    }
)
LONGEST_NAME, MOST_STRATA, MOST_SIZE = 40, 30, 2000


@dataclass(frozen=True, slots=True)
class Stratum:
    """A stratum (抽样层): sites of any of these types, and how many of them are drawn."""

    name: str
    types: tuple[str, ...]
    size: int

    def as_json(self) -> dict[str, Any]:
        """As a round keeps it."""
        return {"name": self.name, "types": list(self.types), "size": self.size}


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """A plan that a standard or a report gives (抽样框架): the least total and the strata that it names, by city size.

    ``strata`` are name, site types and sizes in the order of :data:`SIZES`; types are proposals (ours), a district may change them.
    """

    code: str
    title: str
    totals: tuple[int, int, int]
    strata: tuple[tuple[str, tuple[str, ...], tuple[int, int, int]], ...]

    def total(self, size: str) -> int:
        """The least number of units."""
        return self.totals[list(SIZES).index(size)]

    def proposal(self, size: str) -> list[Stratum]:
        """The strata that it names, for a city size."""
        place = list(SIZES).index(size)
        return [Stratum(name, types, sizes[place]) for name, types, sizes in self.strata]


PLANS: Mapping[str, SamplingPlan] = MappingProxyType(
    {
        "sanitary_assessment": SamplingPlan(
            "sanitary_assessment",
            N_("国家卫生城市技术评估"),
            (161, 215, 267),
            (
                (N_("爱国卫生组织管理"), ("work_unit", "subdistrict_office", "community"), (7, 10, 13)),
                (N_("健康教育"), ("school", "hospital", "clinic"), (12, 13, 14)),
                (N_("主次干道"), ("main_road",), (8, 12, 15)),
                (
                    N_("市容环境卫生"),
                    ("public_toilet", "old_estate", "housing_estate", "back_street", "produce_market", "public_square"),
                    (61, 79, 99),
                ),
            ),
        )
    }
)


def strata_of(of: Round) -> list[Stratum]:
    """The strata that a round keeps."""
    return [Stratum(one["name"], tuple(one["types"]), one["size"]) for one in of.sampling.get("strata", ())]


def keep_sampling(
    session: Session,
    actor: Actor,
    round_id: UUID,
    *,
    version: int,
    strata: Sequence[Stratum],
    plan: str = "",
    size: str = "",
    now: datetime,
) -> Round:
    """Keep a draft's strata. Raises InvalidInput, NotFound, Forbidden, Conflict (it was drawn already), Stale."""
    row = to_change(session, actor, round_id, now=now, states=(DRAFT,))
    if row.draw_id is not None:
        raise Conflict(N_("抽样承诺已经公布，不能再改"))
    said = [Stratum(one.name.strip(), one.types, one.size) for one in strata]
    faults = _faults(said)
    if faults:
        raise InvalidInput(faults=faults)
    kept = {key: value for key, value in row.sampling.items() if key not in ("plan", "size", "strata")}
    kept |= {"strata": [one.as_json() for one in said]}
    if plan in PLANS and size in SIZES:
        kept |= {"plan": plan, "size": size}
    detail = {"strata": len(said), "size": sum(one.size for one in said)}
    return step(session, actor, row, "sampling", version=version, now=now, values={"sampling": kept}, detail=detail)


def frame_of(session: Session, of: Round, strata: Sequence[Stratum], on: date) -> dict[str, list[UUID]]:
    """The active sites of each stratum under the round's unit; a site of several is in the first of them alone."""
    types = {kind for one in strata for kind in one.types}
    query = (
        select(Site.id, func.array_agg(SiteKind.site_type))
        .join(SiteKind, (SiteKind.tenant_id == Site.tenant_id) & (SiteKind.site_id == Site.id))
        .where(Site.state == "active", SiteKind.site_type.in_(types), valid_on(SiteKind, on))
        .where(Site.unit_id.in_(subtree(of.tenant_id, of.unit_id, on)))
        .group_by(Site.id)
        .order_by(Site.id)
    )
    found: dict[str, list[UUID]] = {one.name: [] for one in strata}
    for site, kinds in session.execute(query):
        first = next((one for one in strata if set(kinds) & set(one.types)), None)
        if first is not None:
            found[first.name].append(site)
    return found


def commit_draw(
    session: Session, actor: Actor, round_id: UUID, *, version: int, outside: str = "", now: datetime
) -> Draw:
    """Publish the commitment of a draw by the strata that the round keeps; nothing is drawn yet.

    Needs a cleared session (see core.work.rounds.drawing). Raises what that raises, and Conflict without strata.
    """
    row = to_change(session, actor, round_id, now=now, states=(DRAFT,))
    if row.draw_id is not None:
        raise Conflict(N_("抽样承诺已经公布，不能再改"))
    strata = strata_of(row)
    if not strata:
        raise Conflict(N_("还没有抽样方案"))
    frame = frame_of(session, row, strata, local_day(now))
    made = commit(session, actor, frame=frame, sizes={one.name: one.size for one in strata}, outside=outside, now=now)
    step(session, actor, row, "commit", version=version, now=now, values={"draw_id": made.id})
    return made


def draw_stops(
    session: Session, actor: Actor, round_id: UUID, *, version: int, outside_value: str = "", now: datetime
) -> int:
    """Draw, and put what was drawn into the round by stratum in its order; gives how many are new."""
    row = to_change(session, actor, round_id, now=now, states=(DRAFT,))
    if row.draw_id is None:
        raise Conflict(N_("请先公布抽样承诺"))
    found = draw(session, actor, row.draw_id, outside_value=outside_value, now=now)
    wanted = [(site, None, stratum) for stratum, sites in found.items() for site in sites]
    fresh = enter_stops(session, row, wanted)
    refuse_own(session, row, local_day(now))
    step(session, actor, row, "draw", version=version, now=now, detail={"added": fresh})
    return fresh


def _faults(strata: Sequence[Stratum]) -> list[Fault]:
    found: list[Fault] = []
    known = load_vocabulary().site_types
    if not strata or len(strata) > MOST_STRATA:
        remedy, most = N_("请填 1 到 {most} 层"), {"most": MOST_STRATA}
        found.append(Fault(N_("层数超出范围"), "strata", None, str(len(strata)), "", remedy, most))
    seen: set[str] = set()
    for number, one in enumerate(strata, 1):
        place = f"strata.{number}"
        if not read_text(one.name, place, found, LONGEST_NAME):
            found.append(Fault(N_("缺少这一项"), place, remedy=N_("请填写层的名称")))
        if one.name in seen:
            found.append(Fault(N_("两层同名"), place, value=one.name, remedy=N_("请改名")))
        seen.add(one.name)
        if not one.types or not set(one.types) <= known.keys():
            found.append(Fault(N_("没有选点位类型"), place, value=one.name, remedy=N_("请至少选一种点位类型")))
        if not 0 <= one.size <= MOST_SIZE:
            most = {"most": MOST_SIZE}
            found.append(Fault(N_("数量超出范围"), place, None, str(one.size), "", N_("请填 0 到 {most}"), most))
    return found
