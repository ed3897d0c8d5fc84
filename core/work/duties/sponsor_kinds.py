"""The kinds of sponsorship (包保类别), declared: what each is called, who may be one, and in which order they are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import N_

PERSON, UNIT, EITHER = "person", "unit", "either"


@dataclass(frozen=True, slots=True)
class SponsorKind:
    """One kind (包保类别): ``by`` says whether a person, a unit or either is named; ``person`` kinds may name a unit too."""

    code: str
    title_zh: str
    title_en: str
    by: str = PERSON


# Declared after the reports' rosters (shared/domain mechanisms S0-03, S0-04, S1-04, S1-25, S1-26, S2-10, S2-20, S2-34, S3-02,
# S3-05, S4-04); the order is the one in which they stand beside a place (ours).
SPONSOR_KINDS: Mapping[str, SponsorKind] = MappingProxyType(
    {
        kind.code: kind
        for kind in (
            SponsorKind("leader", N_("包保领导"), "Sponsoring leader"),
            SponsorKind("first_responsible", N_("第一责任人"), "First responsible"),
            SponsorKind("department", N_("包保部门"), "Sponsoring department", UNIT),
            SponsorKind("direct_leader", N_("直接领导"), "Direct leader"),
            SponsorKind("officer", N_("包保干部"), "Sponsoring officer"),
            SponsorKind("field_officer", N_("分领域专人"), "Officer for a field"),
            SponsorKind("site_officer", N_("点位责任人"), "Officer in charge of the site"),
            SponsorKind("project_lead", N_("项目包保人"), "Project sponsor", EITHER),
            SponsorKind("road_chief", N_("路长"), "Road chief"),
            SponsorKind("street_steward", N_("街巷管家"), "Street steward"),
            SponsorKind("yard_head", N_("楼院长"), "Yard head"),
            SponsorKind("joint_team", N_("联合队成员"), "Joint team member", EITHER),
        )
    }
)
ORDER: Mapping[str, int] = MappingProxyType({code: place for place, code in enumerate(SPONSOR_KINDS)})
