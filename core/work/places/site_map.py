"""Sites on a map (点位地图): what lies in view, point by point while it is little, else summed up in cells, with open findings.

What a person counts here is what he sees in the list of findings: the same filter judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Float, Integer, Select, Uuid, cast, func, select, type_coerce

from core.work.desk.finding_filters import is_overdue
from core.work.desk.findings import Filter, counting_query
from core.work.loop.transitions import NOT_CLOSED
from core.work.tables import Finding, Site
from tenants.access import Actor
from tenants.scope import ScopedSession

MOST_POINTS = 300  # drawn one by one (ours): more cannot be told apart, nor touched with a finger
ACROSS = (3, 14)  # cells on the longer side of what is in view: the least and the most that a screen may ask for (ours)
USUAL = 8


@dataclass(frozen=True, slots=True)
class Box:
    """What is in view (视野), in degrees of WGS-84."""

    west: float
    south: float
    east: float
    north: float

    def step(self, across: int) -> float:
        """The side of a cell, so many on the longer side; never nothing."""
        return max(self.east - self.west, self.north - self.south, 1e-4) / across


@dataclass(frozen=True, slots=True)
class Mark:
    """A site, or the sites of a cell (图上一处): where, how many, how many open findings and how many of them late.

    ``site_id`` and ``name`` are of one site; ``sites`` is how many stand there.
    """

    longitude: float
    latitude: float
    sites: int
    open: int
    late: int
    site_id: UUID | None = None
    name: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What a map shows (地图内容): marks, how many sites are in view, and whether they were summed up."""

    box: Box | None
    marks: tuple[Mark, ...]
    total: int
    is_summed: bool = False


def extent(session: ScopedSession, chosen: Select[Site]) -> Box | None:
    """The box around all sites of a query whose place is known; None when there are none."""
    found = chosen.where(Site.longitude.is_not(None)).subquery()
    edges = (
        func.min(found.c.longitude),
        func.min(found.c.latitude),
        func.max(found.c.longitude),
        func.max(found.c.latitude),
    )
    row = session.execute(select(*edges)).one()
    return None if row[0] is None else Box(*map(float, row))


def read_view(
    session: ScopedSession, actor: Actor, chosen: Select[Site], box: Box | None, now: datetime, across: int = USUAL
) -> View:
    """The sites of a query that lie in view; ``box`` None is around all of them (at most four queries).

    ``across``: cells on the longer side, when sites are summed up.
    """
    box = box or extent(session, chosen)
    if box is None:
        return View(None, (), 0)
    here = in_view(chosen, box)
    total = session.scalar(select(func.count()).select_from(here.with_only_columns(Site.id).subquery())) or 0
    marks = (
        _points(session, actor, here, now) if total <= MOST_POINTS else _cells(session, actor, here, box, now, across)
    )
    return View(box, marks, total, total > MOST_POINTS)


def in_view(chosen: Select[Site], box: Box) -> Select[Site]:
    """Those of some sites that lie in a box."""
    return chosen.where(
        cast(Site.longitude, Float).between(box.west, box.east),
        cast(Site.latitude, Float).between(box.south, box.north),
    )


def _waiting(actor: Actor, now: datetime, here: Select[Site]) -> Select[UUID, int, int]:
    """Open findings by site, and those of them that are late."""
    wanted = Filter(states=NOT_CLOSED, extra=(Finding.site_id.in_(here.with_only_columns(Site.id)),))
    late = func.count().filter(is_overdue(now))
    where = type_coerce(Finding.site_id, Uuid())
    return counting_query(actor, wanted, now, where, func.count(), late).group_by(Finding.site_id)


def _points(session: ScopedSession, actor: Actor, here: Select[Site], now: datetime) -> tuple[Mark, ...]:
    counts = {site: (n, late) for site, n, late in session.execute(_waiting(actor, now, here))}
    columns = (Site.id, Site.name, Site.state, cast(Site.longitude, Float), cast(Site.latitude, Float))
    rows = session.execute(here.with_only_columns(*columns).order_by(Site.pinyin, Site.id)).all()
    return tuple(
        Mark(east, north, 1, *counts.get(site, (0, 0)), site, name, state) for site, name, state, east, north in rows
    )


def _cells(
    session: ScopedSession, actor: Actor, here: Select[Site], box: Box, now: datetime, across: int
) -> tuple[Mark, ...]:
    waiting, step = _waiting(actor, now, here).subquery(), box.step(across)
    _, n, late = waiting.c
    east, north = cast(Site.longitude, Float), cast(Site.latitude, Float)
    column = cast(func.floor((east - box.west) / step), Integer)
    line = cast(func.floor((north - box.south) / step), Integer)
    summed = (
        func.avg(east),
        func.avg(north),
        func.count(),
        func.sum(func.coalesce(n, 0)),
        func.sum(func.coalesce(late, 0)),
    )
    rows = session.execute(
        here.outerjoin(waiting, waiting.c[0] == Site.id)
        .with_only_columns(*summed)
        .group_by(column, line)
        .order_by(column, line)
    )
    return tuple(Mark(float(x), float(y), int(sites), int(o), int(q)) for x, y, sites, o, q in rows)
