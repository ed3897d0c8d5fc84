"""What comes back where there is no site (无点位处的反复): findings of one kind near each other, or of the same words of place.

Near is what the tenant's setting for duplicates says, in metres, from one to the next. Without coordinates the unit and the
words of the place must be the same; without either there is nothing to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, func, or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.loop.states import DISMISSED, NOT_CLOSED
from core.work.names import narrow
from core.work.places.nearby import DEGREE, Point, in_box, metres_between
from core.work.tables import Finding
from core.work.tenant_settings import Duplicates, Sampling, read_setting
from tenants.access import Actor
from tenants.models import Unit

MOST = 5000  # findings without a site that are compared, the latest ones (ours)


@dataclass(frozen=True, slots=True)
class Spot:
    """One finding without a site, as it is compared (无点位问题)."""

    finding_id: UUID
    unit_id: UUID
    unit_name: str
    category: str
    place: str
    point: Point | None
    is_open: bool
    opened_at: datetime
    relapsed: int
    last_relapse: datetime | None


@dataclass(slots=True)
class Group:
    """Findings of one kind at one place (同一处), the latest first."""

    spots: list[Spot] = field(default_factory=list)


def spots_of(
    session: Session, wanted: Sequence[ColumnElement[bool]], relapses: Subquery, since: datetime
) -> list[Spot]:
    """The findings without a site that occurred or relapsed since a moment, the latest first (one query)."""
    query = (
        select(Finding, Unit.name, func.coalesce(relapses.c.n, 0), relapses.c.last)
        .join(Unit, (Unit.tenant_id == Finding.tenant_id) & (Unit.id == Finding.unit_id))
        .outerjoin(relapses, relapses.c.finding_id == Finding.id)
        .where(Finding.site_id.is_(None), or_(Finding.opened_at >= since, relapses.c.n > 0), *wanted)
        .order_by(Finding.opened_at.desc(), Finding.id)
        .limit(MOST)
    )
    return [_spot(finding, unit, n, last) for finding, unit, n, last in session.execute(query)]


def _spot(finding: Finding, unit_name: str, relapsed: int, last: datetime | None) -> Spot:
    return Spot(
        finding_id=finding.id,
        unit_id=finding.unit_id,
        unit_name=unit_name,
        category=finding.category,
        place=finding.place,
        point=_point(finding),
        is_open=finding.state in NOT_CLOSED,
        opened_at=finding.opened_at,
        relapsed=relapsed,
        last_relapse=last,
    )


def grouped(spots: Iterable[Spot], metres: int) -> list[Group]:
    """The findings by kind and place: near each other from one to the next, else of the same unit and words."""
    named: dict[tuple[UUID, str, str], Group] = {}
    near = _Near(metres)
    for spot in spots:
        if spot.point is not None:
            near.add(spot, spot.point)
        elif words := _words(spot.place):
            named.setdefault((spot.unit_id, spot.category, words), Group()).spots.append(spot)
    return [*near.groups(), *named.values()]


class _Near:
    """Findings joined by nearness (就近归并): each looks into its own cell of the ground and the eight around it."""

    def __init__(self, metres: int) -> None:
        self.metres = metres
        self.size = (
            Decimal(metres) / DEGREE * 2
        )  # of longitude too: a degree of it is shorter, by less than half in China
        self.cells: dict[tuple[str, int, int], list[Spot]] = {}
        self.above: dict[UUID, UUID] = {}
        self.spots: list[Spot] = []

    def add(self, spot: Spot, point: Point) -> None:
        """Join a finding to those of its kind that are near."""
        self.above[spot.finding_id] = spot.finding_id
        self.spots.append(spot)
        x, y = (int(one // self.size) for one in point)
        for cell in ((spot.category, x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            for other in self.cells.get(cell, ()):
                if other.point is not None and metres_between(point, other.point) <= self.metres:
                    self.above[self._top(spot.finding_id)] = self._top(other.finding_id)
        self.cells.setdefault((spot.category, x, y), []).append(spot)

    def _top(self, key: UUID) -> UUID:
        while self.above[key] != key:
            self.above[key] = key = self.above[self.above[key]]
        return key

    def groups(self) -> Iterable[Group]:
        """What was joined."""
        found: dict[UUID, Group] = {}
        for spot in self.spots:
            found.setdefault(self._top(spot.finding_id), Group()).spots.append(spot)
        return found.values()


def _words(place: str) -> str:
    return "".join(narrow(place).split()).casefold()


def _point(finding: Finding) -> Point | None:
    here = (finding.longitude, finding.latitude)
    return (here[0], here[1]) if here[0] is not None and here[1] is not None else None


def came_before(session: Session, actor: Actor, finding: Finding, now: datetime) -> int:
    """How many of the same kind were found at the same place within the tenant's window before this one (one query)."""
    since = finding.opened_at - timedelta(days=read_setting(session, Sampling).window_days)
    metres = read_setting(session, Duplicates).metres
    here = _point(finding)
    place: ColumnElement[bool] = Finding.site_id == finding.site_id
    if finding.site_id is None and here is not None:
        place = Finding.site_id.is_(None) & in_box(Finding.longitude, Finding.latitude, here, metres)
    elif finding.site_id is None:
        place = Finding.site_id.is_(None) & Finding.longitude.is_(None) & (Finding.unit_id == finding.unit_id)
    rows = session.scalars(
        select(Finding)
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.id != finding.id,
            Finding.category == finding.category,
            Finding.opened_at >= since,
            Finding.opened_at < finding.opened_at,
            Finding.state.not_in(DISMISSED),
            Finding.restricted.is_(finding.restricted),
            place,
            sees_finding(actor, local_day(now)),
        )
        .limit(MOST)
    )
    return sum(_same_place(finding, other, metres) for other in rows)


def _same_place(one: Finding, other: Finding, metres: int) -> bool:
    if one.site_id is not None:
        return True
    here, there = _point(one), _point(other)
    if here is not None and there is not None:
        return metres_between(here, there) <= metres
    words = _words(one.place)
    return bool(words) and here is there is None and words == _words(other.place)
