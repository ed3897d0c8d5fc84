"""The lines of a round's results (分项分单位分点位): by item, by unit or area, by site, and item against unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from core.work.dated import valid_on
from core.work.loop.sight import sees_attachment
from core.work.organisation.areas import in_area, list_areas
from core.work.rounds.results import Looked, Points, points_of, sums_of
from core.work.tables import Attachment, File, ItemResult, Sheet, Site
from tenants.models import Unit, UnitPath

AREA = "area"
EXAMPLES = 3  # photos shown of one item (ours)


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item (逐项结果): ``n`` visits answered it, ``failed`` of them with a fail; what did not apply is ``na``."""

    campaign: str
    form: str
    item: str
    question: str
    n: int
    failed: int
    na: int
    points: Points

    @property
    def fail_rate(self) -> Fraction | None:
        """The share of visits where it failed."""
        return Fraction(self.failed, self.n) if self.n else None


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit or area (分单位结果)."""

    unit_id: UUID
    name: str
    points: Points


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One site (分点位结果)."""

    site_id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    points: Points
    failed: int = 0


def by_item(look: Looked) -> list[ItemLine]:
    """Every item, the most often failed first; equal shares by how many failed, then by name."""
    rows = look.session.execute(
        select(
            ItemResult.campaign,
            ItemResult.form,
            ItemResult.item,
            ItemResult.question,
            func.count().filter(ItemResult.outcome != "na"),
            func.count().filter(ItemResult.outcome == "fail"),
            func.count().filter(ItemResult.outcome == "na"),
            *sums_of(ItemResult),
        )
        .where(*look.results())
        .group_by(ItemResult.campaign, ItemResult.form, ItemResult.item, ItemResult.question)
    )
    found = [
        ItemLine(campaign, form, item, question, n, failed, na, points_of(sums))
        for campaign, form, item, question, n, failed, na, *sums in rows.all()
    ]
    return sorted(found, key=lambda one: (-(one.fail_rate or 0), -one.failed, one.campaign, one.form, one.item))


def by_unit(look: Looked, kind: str = "subdistrict") -> list[UnitLine]:
    """The units of a kind under which visited places lie, the best first; ``area`` gives the areas (片区)."""
    if kind == AREA:
        return _by_area(look)
    above = aliased(UnitPath)
    rows = look.session.execute(
        select(Unit.id, Unit.name, *sums_of(Sheet))
        .select_from(Sheet)
        .join(
            above,
            and_(above.tenant_id == Sheet.tenant_id, above.unit_id == Sheet.unit_id, valid_on(above, look.of.ends_on)),
        )
        .join(Unit, and_(Unit.tenant_id == above.tenant_id, Unit.id == above.ancestor_id, Unit.kind == kind))
        .where(*look.sheets())
        .group_by(Unit.id, Unit.name, Unit.pinyin)
        .order_by(Unit.pinyin, Unit.id)
    )
    return _best_first([UnitLine(row[0], row[1], points_of(row[2:])) for row in rows])


def _by_area(look: Looked) -> list[UnitLine]:
    found = []
    for area in list_areas(look.session, look.of.ends_on):  # type: ignore[arg-type]  # a ScopedSession
        inside = in_area(look.of.tenant_id, area.id, look.of.ends_on, Sheet.unit_id, Sheet.site_id)
        points = points_of(look.session.execute(select(*sums_of(Sheet)).where(*look.sheets(), inside)).one())
        if points.visits:
            found.append(UnitLine(area.id, area.name, points))
    return _best_first(found)


def by_site(look: Looked) -> list[SiteLine]:
    """Every visited place, the worst first."""
    failed = dict(
        look.session.execute(
            select(ItemResult.site_id, func.count())
            .where(*look.results(), ItemResult.outcome == "fail")
            .group_by(ItemResult.site_id)
        ).all()
    )
    rows = look.session.execute(
        select(Site.id, Site.name, Site.unit_id, Unit.name, *sums_of(Sheet))
        .select_from(Sheet)
        .join(Site, and_(Site.tenant_id == Sheet.tenant_id, Site.id == Sheet.site_id))
        .join(Unit, and_(Unit.tenant_id == Site.tenant_id, Unit.id == Site.unit_id))
        .where(*look.sheets())
        .group_by(Site.id, Site.name, Site.unit_id, Unit.name, Site.pinyin)
        .order_by(Site.pinyin, Site.id)
    )
    found = [
        SiteLine(site, name, unit, unit_name, points_of(sums), failed.get(site, 0))
        for site, name, unit, unit_name, *sums in rows.all()
    ]
    return sorted(found, key=lambda one: (one.points.rate is None, one.points.rate or 0))


def matrix(look: Looked, kind: str, items: Sequence[ItemLine]) -> dict[tuple[str, str, str, UUID], tuple[int, int]]:
    """Failed and answered visits of some items in each unit of a kind: campaign, form, item, unit -> (failed, n)."""
    above = aliased(UnitPath)
    wanted = {(one.campaign, one.form, one.item) for one in items}
    rows = look.session.execute(
        select(
            ItemResult.campaign,
            ItemResult.form,
            ItemResult.item,
            Unit.id,
            func.count().filter(ItemResult.outcome == "fail"),
            func.count().filter(ItemResult.outcome != "na"),
        )
        .join(
            above,
            and_(
                above.tenant_id == ItemResult.tenant_id,
                above.unit_id == ItemResult.unit_id,
                valid_on(above, look.of.ends_on),
            ),
        )
        .join(Unit, and_(Unit.tenant_id == above.tenant_id, Unit.id == above.ancestor_id, Unit.kind == kind))
        .where(*look.results(), ItemResult.item.in_({one.item for one in items}))
        .group_by(ItemResult.campaign, ItemResult.form, ItemResult.item, Unit.id)
    )
    return {(c, f, i, unit): (failed, n) for c, f, i, unit, failed, n in rows if (c, f, i) in wanted}


def examples(look: Looked, items: Sequence[ItemLine]) -> dict[str, list[tuple[UUID, UUID, str]]]:
    """A few photos of places where an item failed, by question: file, visit and the place's name; those that the reader sees.

    None of a round that is not released: its photos are shown nowhere but in the field room.
    """
    if look.of.hidden or not items:
        return {}
    questions = {one.question for one in items}
    rows = look.session.execute(
        select(Attachment.question, File.id, Attachment.visit_id, Site.name)
        .join(
            ItemResult,
            and_(
                ItemResult.tenant_id == Attachment.tenant_id,
                ItemResult.visit_id == Attachment.visit_id,
                ItemResult.question == Attachment.question,
            ),
        )
        .join(File, and_(File.tenant_id == Attachment.tenant_id, File.id == Attachment.file_id))
        .join(Site, and_(Site.tenant_id == ItemResult.tenant_id, Site.id == ItemResult.site_id))
        .where(*look.results(), ItemResult.outcome == "fail", ItemResult.question.in_(questions))
        .where(sees_attachment(look.actor, look.on))
        .order_by(Attachment.created_at.desc(), File.id)
        .limit(len(questions) * 40)
    )
    found: dict[str, list[tuple[UUID, UUID, str]]] = {}
    for question, file, visit, name in rows:
        kept = found.setdefault(question, [])
        if visit is not None and len(kept) < EXAMPLES and all(file != one[0] for one in kept):
            kept.append((file, visit, name))
    return found


def _best_first(lines: list[UnitLine]) -> list[UnitLine]:
    return sorted(lines, key=lambda one: (one.points.rate is None, -(one.points.rate or 0)))
