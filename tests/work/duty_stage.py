"""Somebody answers for something (责任测试台): a district with people, an open finding in somebody's name, and areas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from core.campaigns.registry import installed
from core.work.duties.posts import add_person_with_post, add_post
from core.work.tables import AreaMember, Finding, FindingEvent, Part
from tenants.models import Person, Unit, UnitParent, UnitPath
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, District, add_site, bare_district

TODAY = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(1)
_RUNNING = (installed().campaigns[key] for key in ("civilized_city", "sanitary_city"))
CAMPAIGNS = {one.key: (one.edition.key, one.edition.sha256) for one in _RUNNING}


@dataclass
class Stage:
    """A district with a market in its first community and a hospital in its second."""

    district: District
    market: UUID
    hospital: UUID

    @property
    def street(self) -> UUID:
        return self.district.street

    @property
    def homes(self) -> list[UUID]:
        return self.district.communities


def set_stage(wall: Wall) -> Stage:
    """A fresh district, committed."""
    district = bare_district(wall, campaigns=CAMPAIGNS)
    with district.session(wall) as session:
        market = add_site(session, district.communities[0], "produce_market", name="测试市场")
        hospital = add_site(session, district.communities[1], "hospital", name="测试医院")
        session.commit()
    return Stage(district, market, hospital)


def somebody(session: ScopedSession, name: str, unit_id: UUID, role: str = "liaison", **more: Any) -> Person:
    """A person with a post since the first day of the stage."""
    wish = {"name": name, "unit_id": unit_id, "role": role, "title": more.pop("title", ""), "today": TODAY}
    return add_person_with_post(session, None, **wish, **more)


def nobody(session: ScopedSession, name: str) -> Person:
    """A person without any post."""
    person = Person(name=name, pinyin=name)
    session.add(person)
    session.flush()
    return person


def a_post(session: ScopedSession, unit_id: UUID, role: str = "liaison", title: str = "", **more: Any) -> UUID:
    return add_post(session, None, unit_id=unit_id, role=role, title=title, today=TODAY, **more).id


def a_finding(session: ScopedSession, site_id: UUID, unit_id: UUID, assignee: UUID | None = None, **more: Any) -> UUID:
    """An open finding, the part led by the unit with a person in charge."""
    fields = {"state": "taken", "category": "ENV-TOILET", "title": "公厕不洁", "working_days": 1} | more
    clock = {"opened_at": MORNING, "due_at": MORNING + DAY}
    finding = Finding(site_id=site_id, unit_id=unit_id, **(clock | fields))
    session.add(finding)
    session.flush()
    session.add(FindingEvent(finding_id=finding.id, version=1, at=MORNING, verb="open", to_state=finding.state))
    session.add(
        Part(finding_id=finding.id, kind="line", unit_id=unit_id, leading=True, state="open", assignee_id=assignee)
    )
    session.flush()
    return finding.id


def an_area(session: ScopedSession, stage: Stage, name: str, *members: UUID, sites: tuple[UUID, ...] = ()) -> UUID:
    """An area of the headquarters tree with its members since the beginning."""
    unit = Unit(tree="headquarters", kind="area", name=name, pinyin=name, valid_from=SINCE)
    session.add(unit)
    session.flush()
    root = stage.district.root
    session.add(UnitParent(unit_id=unit.id, parent_id=root, valid_from=SINCE))
    session.add(UnitPath(ancestor_id=unit.id, unit_id=unit.id, valid_from=SINCE, depth=0))
    session.add(UnitPath(ancestor_id=root, unit_id=unit.id, valid_from=SINCE, depth=1))
    session.add_all(AreaMember(area_id=unit.id, unit_id=one, valid_from=SINCE) for one in members)
    session.add_all(AreaMember(area_id=unit.id, site_id=one, valid_from=SINCE) for one in sites)
    session.flush()
    return unit.id
