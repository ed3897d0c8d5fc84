"""What an edition decides beside its indicators, in words (版本规则): vetoes, city sizes, and by whose template it reports."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask_babel import gettext

from core.campaigns import Campaign, Edition, template_of
from core.campaigns.policy import CAPPED, FLAGGED, INELIGIBLE, sizes_of
from core.documents.word import PAGE, borrowed_from
from core.errors import N_
from core.web.editions.edition_words import title_of_edition
from core.web.scores.figure_words import say_points

EFFECTS: Mapping[str, str] = MappingProxyType(
    {
        FLAGGED: N_("只作标注，不影响总分"),
        CAPPED: N_("总分封顶 %(cap)s 分"),
        INELIGIBLE: N_("一票否决，不计总分、不排名"),
    }
)

Line = tuple[str, str, str]


def rules_of(campaign: Campaign, edition: Edition, before: Edition | None = None) -> list[Line]:
    """Each rule: what it is about, what the edition says, and what ``before`` says where that is something else."""
    mine, theirs = _rules(campaign, edition), _rules(campaign, before or edition)
    return [(name, said, was if was != said else "") for (name, said), (_, was) in zip(mine, theirs, strict=True)]


def _rules(campaign: Campaign, edition: Edition) -> list[tuple[str, str]]:
    policy = edition.veto_policy
    return [
        (gettext("硬门槛不达标"), _effect(policy.gate, edition)),
        (gettext("关键项组不足七成"), _effect(policy.key_group, edition)),
        (gettext("城市规模"), gettext("；").join(_sizes(edition))),
        (gettext("报告模板"), _template(campaign, edition)),
    ]


def _effect(code: str, edition: Edition) -> str:
    return gettext(EFFECTS[code], cap=say_points(edition.veto_policy.cap))


def _sizes(edition: Edition) -> list[str]:
    """The bands by the residents under which a city is in them; the usual ones where the edition names none."""
    return [
        gettext("%(name)s：其余", name=one.name)
        if one.below is None
        else gettext("%(name)s：不足 %(below)s 人", name=one.name, below=format(one.below, "f"))
        for one in sizes_of(edition.city_sizes)
    ]


def _template(campaign: Campaign, edition: Edition) -> str:
    borrowed = borrowed_from(campaign, edition)
    if borrowed is not None:
        return gettext("沿用%(edition)s的", edition=title_of_edition(borrowed))
    return gettext("自带") if template_of(campaign, edition, PAGE) else gettext("没有，不出报告")
