"""A district with one campaign to split (测试用分解场景): the office, two departments, a group, and a table laid out from its edition."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from core.campaigns import Campaign
from core.campaigns.registry import installed
from core.work.enabling import freeze
from core.work.splits.editing import save_cells
from core.work.splits.issuing import issue_split
from core.work.splits.making import Start, make_split
from core.work.splits.reading import Line, lines_of
from core.work.tables import Split
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actors, add_unit, bare_district

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 21)
KEY = "sanitary_city"


@dataclass
class Stage:
    """Where it plays, and who."""

    district: District
    campaign: Campaign
    group: UUID
    people: dict[str, Actor] = field(default_factory=dict)

    @property
    def sanitation(self) -> UUID:
        return self.district.departments["sanitation"]

    @property
    def city(self) -> UUID:
        return self.district.departments["urban_management"]

    def make(self, session: ScopedSession, start: Start | None = None, on: date = DAY) -> Split:
        """A draft by the office."""
        return make_split(session, self.people["office"], self.campaign, start or Start(), on=on, now=NOW)

    def fill(self, session: ScopedSession, split: Split) -> None:
        """Every clause without units is led by sanitation, one half of the first two by urban management."""
        cells, marks = {}, {}
        for number, line in enumerate(lines_of(session, split.id)):
            if line.shares:
                continue
            half = line.row.points // 2 if number < 2 else 0
            typed = {self.sanitation: f"*{(line.row.points - half) / 100}"}
            cells[line.row.id] = typed | ({self.city: str(half / 100)} if half else {})
            marks[line.row.id] = line.mark
        save_cells(session, self.people["office"], split.id, cells, marks, now=NOW)

    def issue(self, session: ScopedSession, split: Split, day: date = DAY) -> Split:
        """Issue a draft that is filled."""
        office, version = self.people["office"], split.version
        return issue_split(session, office, self.campaign, split.id, version=version, valid_from=day, now=NOW)

    def line(self, session: ScopedSession, split: Split, number: int = 0) -> Line:
        """One clause of a table, by its place."""
        return lines_of(session, split.id)[number]


def set_up(wall: Wall, name: str = "分解区") -> Stage:
    """A fresh district with the sanitary campaign; nothing is split yet."""
    campaign = installed().campaigns[KEY]
    edition = campaign.edition
    district = bare_district(wall, name, {KEY: (edition.key, edition.sha256)})
    with district.session(wall) as session:
        freeze(session, campaign, edition)
        group = add_unit(session, "work_group", f"{name}环境整治组", [district.root])
        session.commit()
    wishes = [
        ("office", "hq_office", district.root),
        ("sanitation", "liaison", district.departments["sanitation"]),
        ("city", "liaison", district.departments["urban_management"]),
        ("group", "liaison", group),
        ("inspector", "inspector", district.root),
        ("leader", "leader", district.root),
        ("assessor", "assessor", district.root),
        ("street", "liaison", district.street),
    ]
    people = add_actors(wall, district.ref, [(role, unit, "") for _key, role, unit in wishes])
    return Stage(district, campaign, group, dict(zip((key for key, _r, _u in wishes), people, strict=True)))
