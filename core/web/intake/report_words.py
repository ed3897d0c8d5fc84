"""Words of what comes in without a form (上报用词): sources, severities, categories in groups that a thumb can hit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from flask_babel import gettext
from sqlalchemy import and_, func, select

from core.errors import N_
from core.request import house, now
from core.web.words import by_locale
from core.work.dispatch.category_sets import groups_of
from core.work.intake.sources import SOURCES
from core.work.loop.states import CLOSED, DISPATCHED, MERGED
from core.work.loop.step_input import SEVERITIES
from core.work.loop.transitions import OPEN
from core.work.tables import Finding, FindingEvent
from tenants.access import Actor
from tenants.scope import ScopedSession

USUAL = (
    "ENV-LITTER",
    "ENV-BIN",
    "ORD-STALL",
    "ORD-PARK",
    "ORD-POSTER",
    "FAC-ROAD",
)  # before a person has habits (ours)
MOST_USUAL = 6
HABIT = timedelta(days=60)

# The shared categories by their codes' beginnings, as people look for them on the street (ours).
FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        N_("环境卫生"): ("ENV",),
        N_("设施"): ("FAC",),
        N_("秩序与文明"): ("ORD", "DINE"),
        N_("安全"): ("SAF", "MIN"),
        N_("宣传与公示"): ("PRO", "EDU"),
        N_("服务"): ("SRV",),
        N_("控烟"): ("SMK", "TOB"),
        N_("病媒与消毒"): ("VEC", "DISINF", "MED"),
        N_("食品与经营"): ("FD", "LIC", "HC", "ZONE"),
    }
)
OTHERS = N_("其他")

ENTERED: Mapping[str, str] = MappingProxyType(
    {
        CLOSED: N_("%(number)s 已当场处置并销号"),
        DISPATCHED: N_("%(number)s 已交办%(unit)s"),
        MERGED: N_("%(number)s 已并入"),
    }
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Some categories under one heading (类别架): rows of a subtitle ('' for none) and its options; ``open`` shows them."""

    title: str
    rows: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    open: bool = False

    @property
    def codes(self) -> list[str]:
        """All categories on it."""
        return [code for _title, options in self.rows for code, _name in options]


def say_source(code: str) -> str:
    """A source in the reader's language."""
    return gettext(SOURCES[code].title_zh) if code in SOURCES else code


def say_severity(code: str) -> str:
    """A severity in the reader's language."""
    return gettext(SEVERITIES[code][0]) if code in SEVERITIES else code


def severity_options() -> list[tuple[str, str]]:
    """The severities, the lightest first."""
    return [(code, gettext(zh)) for code, (zh, _en) in SEVERITIES.items()]


def say_entered(state: str, number: str, unit: str) -> str:
    """What became of a report, in one sentence."""
    text = ENTERED.get(state, N_("%(number)s 已上报，等创建办受理"))
    return gettext(text, number=number, unit=unit)


def category_shelves(session: ScopedSession, actor: Actor) -> list[Shelf]:
    """The categories to tap: the person's usual ones, then the tenant's own groups, then all that those leave out."""
    sets = groups_of(session)
    grouped = {code for one in sets for group in one.groups for code in group.categories}
    families: dict[str, list[str]] = {title: [] for title in (*FAMILIES, OTHERS)}
    for code in house().registry.vocabulary.categories:
        if code not in grouped:
            families[_family(code)].append(code)
    rest = [(gettext(title), _named(codes)) for title, codes in families.items() if codes]
    shelves = [Shelf(gettext("常用"), [("", _named(usual_categories(session, actor)))], open=True)]
    shelves += [
        Shelf(one.name, [(g.name, _named(g.categories)) for g in one.groups], open=one is sets[0]) for one in sets
    ]
    return [*shelves, Shelf(gettext("其他类别") if sets else gettext("全部类别"), rest)]


def _family(code: str) -> str:
    head = code.partition("-")[0]
    return next((title for title, heads in FAMILIES.items() if head in heads), OTHERS)


def _named(codes: Sequence[str]) -> list[tuple[str, str]]:
    known = house().registry.vocabulary.categories
    return [(code, by_locale(known[code].name_zh, known[code].name_en)) for code in codes if code in known]


def usual_categories(session: ScopedSession, actor: Actor) -> list[str]:
    """The categories that the person reported most in the last weeks, filled up with what streets have most."""
    rows = session.scalars(
        select(Finding.category)
        .join(FindingEvent, and_(FindingEvent.tenant_id == Finding.tenant_id, FindingEvent.finding_id == Finding.id))
        .where(
            FindingEvent.person_id == actor.person_id,
            FindingEvent.verb == OPEN,
            FindingEvent.at >= now() - HABIT,
            Finding.visit_id.is_(None),
            Finding.restricted.is_(False),
        )
        .group_by(Finding.category)
        .order_by(func.count().desc(), Finding.category)
        .limit(MOST_USUAL)
    )
    return list(dict.fromkeys([*rows, *USUAL]))[:MOST_USUAL]
