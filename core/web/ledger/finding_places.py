"""Where a finding can be corrected to (更正地点): sites by name or code, as a desk types them, and the units of its territory."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, or_, select

from core.errors import N_, Fault
from core.work.roles import DIRECT
from core.work.tables import Finding, Site
from core.work.wording import shown
from tenants.access import Actor, reach
from tenants.models import Unit, UnitParent
from tenants.scope import ScopedSession

MOST = 200  # sites that are offered while typing, those of the same subdistrict (ours)
BETWEEN = " · "


def site_text(session: ScopedSession, finding: Finding) -> str:
    """The site of a finding as the field shows it; '' where there is none."""
    if finding.site_id is None:
        return ""
    row = session.execute(_sites().where(Site.id == finding.site_id)).first()
    return _say(row[0], row[1]) if row else ""


def near_sites(session: ScopedSession, actor: Actor, finding: Finding, on: date) -> list[str]:
    """Sites of the same territory and those beside it, to choose from while typing."""
    above = select(UnitParent.parent_id).where(UnitParent.unit_id == finding.unit_id, UnitParent.valid_to.is_(None))
    beside = select(UnitParent.unit_id).where(UnitParent.parent_id.in_(above), UnitParent.valid_to.is_(None))
    query = _sites().where(
        Site.state == "active",
        or_(Site.unit_id == finding.unit_id, Site.unit_id.in_(beside)),
        Site.unit_id.in_(reach(actor, DIRECT, on)),
    )
    rows = session.execute(query.order_by((Site.unit_id != finding.unit_id), Site.pinyin, Site.id).limit(MOST))
    return [_say(site, unit) for site, unit in rows]


def read_site(session: ScopedSession, actor: Actor, finding: Finding, said: str, on: date, faults: list[Fault]) -> str:
    """The id of the site that was typed, as text; '' for none, and what stands when nothing was changed."""
    text = said.strip()
    if not text:
        return ""
    if text == site_text(session, finding):
        return str(finding.site_id)
    name, _, unit = text.partition(BETWEEN)
    fits = [Site.name == name, Unit.name == unit] if unit else [or_(Site.name == text, Site.code == text)]
    query = _sites().where(Site.state == "active", Site.unit_id.in_(reach(actor, DIRECT, on)), *fits)
    found = session.execute(query.limit(2)).all()
    if len(found) == 1:
        return str(found[0][0].id)
    if found:
        remedy = N_("请写成“名称 · 所在单位”，或填点位编码")
        faults.append(Fault(N_("有多个点位叫这个名字"), "changes.site_id", value=shown(text), remedy=remedy))
    else:
        remedy = N_("请填点位的名称或编码，可从提示中选")
        faults.append(Fault(N_("没有这个点位"), "changes.site_id", value=shown(text), remedy=remedy))
    return str(finding.site_id or "")


def _sites() -> Select[Site, str]:
    return select(Site, Unit.name).join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))


def _say(site: Site, unit: str) -> str:
    return f"{site.name}{BETWEEN}{unit}"
