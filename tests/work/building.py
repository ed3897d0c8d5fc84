"""A district that builds (项目测试区): who keeps a project, who accepts it, who directs, and a works project like Ma lane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from core.work.inspection.photos import store
from core.work.projects.bill import Done, LineWish, set_bill
from core.work.projects.finishing import start
from core.work.projects.making import ProjectWish, create_project
from core.work.projects.shares import ShareWish, set_shares
from core.work.projects.stages import pass_stage, stages_of
from core.work.tables import Project
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actors, add_site, bare_district
from tests.work.pictures import jpeg

MORNING = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)  # a Thursday, 10:00 in Shanghai
DAY = date(2026, 11, 19)
STARTS, ENDS = date(2026, 11, 1), date(2026, 12, 10)
MA_LANE = (
    ("取缔废品收购站", "counter", "place", "5", "exact"),
    ("拆违拆临", "output", "place", "20", "over"),
    ("拆违拆临面积", "output", "m2", "300", "over"),
    ("拆除旱厕", "counter", "structure", "20", "exact"),
    ("清理垃圾", "output", "t", "1100", "exact"),
    ("立面整饰", "output", "m2", "5000", "exact"),
    ("绿化", "output", "m2", "600", "exact"),
    ("道路硬化", "output", "m2", "300", "about"),
)


@dataclass
class Yard:
    """Who is there: ``builder`` answers for the unit that builds, ``judge`` for the one that accepts, ``office`` directs all."""

    wall: Wall
    district: District
    office: Actor
    builder: Actor
    mate: Actor
    judge: Actor
    outsider: Actor
    unit: UUID
    judging: UUID
    site: UUID
    files: Path

    @contextmanager
    def session(self) -> Iterator[ScopedSession]:
        """A session of the district, undone at its end."""
        with self.district.session(self.wall) as opened:
            yield opened
            opened.rollback()

    def photo(self, session: ScopedSession, actor: Actor | None = None) -> str:
        """A new photo that somebody sent."""
        return store(session, actor or self.builder, jpeg((60, 40)), files=self.files, now=MORNING).original_sha256


def lay_yard(wall: Wall, files: Path) -> Yard:
    """A district with two departments that build and accept."""
    district = bare_district(wall)
    unit, judging = district.departments["sanitation"], district.departments["urban_management"]
    people = add_actors(
        wall,
        district.ref,
        [
            ("hq_office", district.root, "演示创建办"),
            ("liaison", unit, "演示施工联络员"),
            ("liaison", unit, "演示施工同事"),
            ("liaison", judging, "演示验收员"),
            ("liaison", district.communities[1], "演示社区联络员"),
        ],
    )
    with district.session(wall) as session:
        site = add_site(session, district.communities[0], "produce_market", name="演示农贸市场")
        session.commit()
    return Yard(wall, district, *people, unit, judging, site, files)


def wish(yard: Yard, **more: Any) -> ProjectWish:
    """A works project with an accepting unit."""
    basis = ProjectWish(
        "works",
        "麻巷提升改造",
        yard.unit,
        STARTS,
        ENDS,
        place="麻巷",
        acceptance_unit_id=yard.judging,
        cost=200_000_000,
    )
    return replace(basis, **more)


def lines(*rows: tuple[str, str, str, str, str]) -> list[LineWish]:
    """Lines of a bill."""
    return [LineWish(title, flow, unit, Decimal(n), said) for title, flow, unit, n, said in rows]


def shared() -> list[ShareWish]:
    """Three that pay two million yuan."""
    return [
        ShareWish("经营户", "owner", 50_000_000),
        ShareWish("社会捐助", "society", 30_000_000),
        ShareWish("区财政", "finance", 120_000_000),
    ]


def lay_project(
    session: ScopedSession, yard: Yard, *, rows: tuple[tuple[str, str, str, str, str], ...] = MA_LANE, **more: Any
) -> Project:
    """A works project with its bill and shares, running."""
    who = yard.builder
    made = create_project(session, who, wish(yard, **more), now=MORNING)
    set_bill(session, who, made.id, lines(*rows), version=1, now=MORNING)
    if made.cost == 200_000_000:
        set_shares(session, who, made.id, shared(), 200_000_000, version=made.version, now=MORNING)
    return start(session, who, made.id, version=made.version, now=MORNING)


def pass_all(session: ScopedSession, yard: Yard, project: Project) -> None:
    """Let every stage pass, each by whom it needs."""
    for stage in stages_of(session, project.id):
        who = yard.judge if stage.by_other else yard.builder
        photos = [yard.photo(session, who)] if stage.needs_photo else []
        pass_stage(
            session, who, project.id, stage.id, confirmed=True, photos=photos, version=project.version, now=MORNING
        )


def all_done(items: Any) -> dict[UUID, Done]:
    """Every line as far as planned."""
    return {one.id: Done(one.planned) for one in items}
