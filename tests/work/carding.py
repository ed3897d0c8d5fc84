"""A district with five streets, two areas across them and findings written line by line (亮牌测试用区县)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from core.work.marks.card_schemes import keep_scheme, move_scheme
from core.work.tables import AreaMember, CardScheme, Finding, FindingEvent, Part
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, District, add_actor, add_site, add_unit, bare_district

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # a Sunday, 10:00 in Shanghai
STREETS: dict[str, Any] = {
    "title": "街道旬亮牌",
    "period": "ten_day",
    "basis": "findings",
    "measure": "on_time_rate",
    "leagues": [{"key": "streets", "title": "街道", "kinds": ["subdistrict"]}],
    "colours": [
        {"code": "red", "label": "红牌", "label_en": "Red card", "meaning": "表扬", "tone": "red", "give": {"top": 1}},
        {"code": "black", "label": "黑牌", "meaning": "末位", "tone": "black", "give": {"bottom": 1}},
    ],
}


@dataclass
class Town:
    """The district with its people: who gives cards, who answers for each street, who merely looks."""

    district: District
    streets: list[UUID]
    homes: list[UUID]
    areas: list[UUID]
    office: Actor
    admin: Actor
    liaisons: list[Actor]
    inspector: Actor

    @property
    def ref(self) -> Any:
        return self.district.ref

    def session(self, wall: Wall) -> ScopedSession:
        return wall.open(self.ref.id)


def at(day: date, hour: int = 12) -> datetime:
    """A moment of a day in Asia/Shanghai."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=8)


def add_area(session: ScopedSession, name: str) -> UUID:
    unit = Unit(tree="headquarters", kind="area", name=name, pinyin=name, valid_from=SINCE)
    session.add(unit)
    session.flush()
    session.add(UnitPath(ancestor_id=unit.id, unit_id=unit.id, valid_from=SINCE, depth=0))
    session.flush()
    return unit.id


def town(wall: Wall, name: str = "测试区", streets: int = 5) -> Town:
    district = bare_district(wall, name)
    with district.session(wall) as session:
        listed, homes = [district.street], [district.communities[0]]
        for n in range(1, streets):
            street = add_unit(session, "subdistrict", f"{name}{n + 1}号街道", [district.root])
            listed.append(street)
            homes.append(add_unit(session, "community", f"{name}{n + 1}号社区", [street, district.root]))
        areas = [add_area(session, f"第{n}片区") for n in (1, 2)]
        session.commit()
    return Town(
        district,
        listed,
        homes,
        areas,
        add_actor(wall, district.ref, "hq_office", district.root, "创建办甲"),
        add_actor(wall, district.ref, "administrator", district.root),
        [add_actor(wall, district.ref, "liaison", street) for street in listed],
        add_actor(wall, district.ref, "inspector", district.root),
    )


def join_area(session: ScopedSession, area: UUID, **member: UUID) -> None:
    session.add(AreaMember(area_id=area, valid_from=SINCE, **member))
    session.flush()


def problem(
    session: ScopedSession,
    unit: UUID,
    *,
    opened: datetime,
    due: datetime,
    closed: datetime | None = None,
    lead: UUID | None = None,
    state: str = "",
    site: UUID | None = None,
    steps: tuple[tuple[str, datetime, str, str], ...] = (),
    **changes: Any,
) -> UUID:
    """A finding with its history: opened, perhaps other ``steps`` (verb, at, from, to), perhaps closed."""
    history = [("open", opened, None, "dispatched"), *steps]
    if closed:
        history.append(("close", closed, "answered", "closed"))
    row = Finding(
        id=new_id(),
        site_id=site,
        place="" if site else "路口",
        unit_id=unit,
        category="ENV-LITTER",
        title="路面有垃圾",
        state=state or history[-1][3],
        working_days=1,
        opened_at=opened,
        due_at=due,
        closed_at=closed,
        changed_at=history[-1][1],
    )
    for name, value in changes.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    session.add(Part(finding_id=row.id, kind="line", unit_id=lead or unit, leading=True))
    for version, (verb, moment, before, after) in enumerate(history, 1):
        session.add(
            FindingEvent(
                finding_id=row.id,
                version=version,
                at=moment,
                verb=verb,
                from_state=before,
                to_state=after,
                unit_id=lead or unit,
                hidden=row.hidden,
            )
        )
    session.flush()
    return row.id


def shares(session: ScopedSession, town: Town, on_time: list[int], *, of: int = 10, day: date) -> None:
    """In each street ``of`` findings that fell due on a day, so many of them closed on time."""
    for home, good in zip(town.homes, on_time, strict=True):
        for n in range(of):
            closed = at(day, 9) if n < good else None
            problem(session, home, opened=at(day - timedelta(days=1)), due=at(day), closed=closed)


def scheme_of(session: ScopedSession, town: Town, body: dict[str, Any] | None = None, **changes: Any) -> CardScheme:
    """A scheme of the district in force."""
    said = copy.deepcopy(body or STREETS) | changes
    row = keep_scheme(session, town.office, said, unit_id=town.district.root, now=NOW)
    return move_scheme(session, town.office, row.id, "activate", version=row.version, now=NOW)


def shop(session: ScopedSession, town: Town, name: str, home: int = 0) -> UUID:
    return add_site(session, town.homes[home], "frontage_shop", name=name)
