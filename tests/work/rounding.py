"""A district with rounds (轮次测试): an office, two inspectors, sites with positions, a liaison of the subdistrict."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.work.calendar import local_day
from core.work.inspection.visits import Submitted, submit
from core.work.rounds.lines import add_line
from core.work.rounds.planning import Wish, create, open_round
from core.work.rounds.stops import add_sites
from core.work.rounds.teams import add_team
from core.work.tables import Round, Site
from tenants.access import Actor
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import District, add_actors, add_site, bare_district
from tests.work.market import ALL_GOOD, ANSWERS, campaigns

MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
DAY = date(2026, 11, 16)


@dataclass
class Rounds:
    """The district with its people; the office works cleared, as the rounds room lets it."""

    wall: Wall
    district: District
    people: dict[str, Actor] = field(default_factory=dict)
    sites: list[UUID] = field(default_factory=list)

    @contextmanager
    def session(self, *, cleared: bool = True):
        with self.wall.open(self.district.ref.id, cleared=cleared) as session:
            yield session

    @property
    def office(self) -> Actor:
        return self.people["office"]

    def wish(self, **more: Any) -> Wish:
        said: dict[str, Any] = {"kind": "weekly", "title": "周督查", "unit_id": self.district.root}
        return Wish(**(said | {"starts_on": DAY, "ends_on": DAY + timedelta(days=6)} | more))


def rounds_town(wall: Wall, sites: int = 4, name: str = "轮次区") -> Rounds:
    district = bare_district(wall, name, {c.key: (c.edition.key, c.edition.sha256) for c in campaigns()})
    place = Rounds(wall, district)
    seats = [
        ("hq_office", district.root, "创建办"),
        ("inspector", district.root, "检查员甲"),
        ("inspector", district.root, "检查员乙"),
        ("liaison", district.street, "街道联络员"),
        ("grid_worker", district.communities[0], "网格员"),
        ("leader", district.root, "领导"),
        ("assessor", district.root, "测评员"),
    ]
    names = ("office", "first", "second", "liaison", "grid", "leader", "assessor")
    made = add_actors(wall, district.ref, seats)
    place.people = {name: replace(one, cleared=True) for name, one in zip(names, made, strict=True)}
    with place.session() as session:
        for n in range(sites):
            unit = district.communities[n % 2]
            place.sites.append(add_site(session, unit, "produce_market", name=f"第{n + 1}市场"))
            site = session.get(Site, (district.ref.id, place.sites[-1]))
            site.longitude, site.latitude = Decimal("112.5") + Decimal(n * 3 % 5) / 100, Decimal("37.8")
        session.commit()
    return place


def open_one(
    place: Rounds, session: Any, sites: list[UUID] | None = None, *, quota: int = 1, now=MONDAY, **wish: Any
) -> Round:
    """An open round with one team, one line, and the inspector in it."""
    of = create(session, place.office, place.wish(**wish), now=now)
    members = [place.people["first"].person_id]
    team = add_team(session, place.office, of.id, version=of.version, name="一组", members=members, now=now)
    more = {"visits_min": quota, "visits_max": quota + 1, "team_id": team.id}
    line = add_line(session, place.office, of.id, version=of.version, name="东线", now=now, **more)
    chosen = place.sites if sites is None else sites
    add_sites(session, place.office, of.id, version=of.version, sites=chosen, line_id=line.id, now=now)
    open_round(session, place.office, of.id, version=of.version, now=now)
    session.flush()
    return of


def visit(
    place: Rounds,
    session: Any,
    site: UUID,
    of: Round | None,
    *,
    who: str = "first",
    answers: Mapping[str, Any] = ALL_GOOD,
    now: datetime = MONDAY,
) -> Submitted:
    return submit(
        session,
        place.people[who],
        campaigns=campaigns(),
        visit_id=new_id(),
        site_id=site,
        answers=answers,
        round_id=of.id if of else None,
        now=now,
    )


__all__ = ["ALL_GOOD", "ANSWERS", "DAY", "MONDAY", "Rounds", "open_one", "rounds_town", "visit"]


def lives() -> dict[str, object]:
    """A week from today, for a round that lives by the machine's clock."""
    day = local_day(now())
    return {"starts_on": day, "ends_on": day + timedelta(days=6), "now": now()}
