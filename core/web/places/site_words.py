"""Words of places and points on the pages (点位用词): campaigns, site types, units and scores as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import or_, select

from core.errors import N_
from core.request import house
from core.web.words import by_locale
from core.work.enabling import campaign_as_run
from core.work.organisation.units import tree
from core.work.roles import SEE
from tenants.access import Actor, reach
from tenants.models import EnabledCampaign, Unit, UnitPath
from tenants.scope import ScopedSession

SITE_STATES: Mapping[str, tuple[str, str]] = {"active": (N_("在用"), "active"), "closed": (N_("已关闭"), "held")}
KINDS = {"place": N_("场所"), "area": N_("片区道路"), "service": N_("服务")}


def campaign_titles(session: ScopedSession) -> dict[str, str]:
    """The campaigns that were ever enabled here, by key, with their titles in the reader's language."""
    found = {}
    for row in session.scalars(select(EnabledCampaign).order_by(EnabledCampaign.campaign)):
        campaign = campaign_as_run(session, house().registry, row)
        found[row.campaign] = by_locale(campaign.title_zh, campaign.title_en)
    return found


def say_points(hundredths: int) -> str:
    """Points from their hundredths, without idle zeros: 8640 -> 86.4."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0").removesuffix(".")


def say_metres(metres: int) -> str:
    """A distance as people say it: 85 米, 1.2 公里."""
    if metres < 1000:
        return gettext("%(n)s 米", n=metres)
    return gettext("%(n)s 公里", n=f"{metres // 100 / 10:.1f}")


def unit_path(session: ScopedSession, unit_id: UUID, on: date) -> str:
    """A unit with those above it, from the top: 迎泽区 / 柳巷街道 / 示例社区."""
    names = session.scalars(
        select(Unit.name)
        .join(UnitPath, (UnitPath.tenant_id == Unit.tenant_id) & (UnitPath.ancestor_id == Unit.id))
        .where(
            UnitPath.unit_id == unit_id,
            UnitPath.valid_from <= on,
            or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > on),
        )
        .order_by(UnitPath.depth.desc())
    )
    return " / ".join(names)


def say_types(types: Sequence[str]) -> str:
    """Site types by their names in the reader's language."""
    known = house().registry.vocabulary.site_types
    return gettext("、").join(by_locale(known[t].name_zh, known[t].name_en) if t in known else t for t in types)


def type_options() -> list[tuple[str, str]]:
    """The site types as code and name: places first, then grounds and streets, then services."""
    known = house().registry.vocabulary.site_types.values()
    order = list(KINDS)
    found = sorted(known, key=lambda t: order.index(t.kind) if t.kind in order else len(order))
    return [(t.code, by_locale(t.name_zh, t.name_en)) for t in found]


def unit_options(session: ScopedSession, actor: Actor, on: date, verb: str = SEE) -> list[tuple[str, str]]:
    """The units that the actor's verb reaches, set in as they stand under one another."""
    mine = tree(session, on, within=reach(actor, verb, on))
    return [(str(node.id), "\u3000" * node.depth + node.name) for node in mine]
