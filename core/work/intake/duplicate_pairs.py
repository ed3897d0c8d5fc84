"""Pairs of open findings that may be the same one (疑似重复), for the desk to merge or to call different, one click each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.calendar import local_day
from core.work.dispatch.category_sets import groups_of
from core.work.intake.duplicates import photos_of
from core.work.journal import record
from core.work.loop.sight import audit_kind, sees_finding
from core.work.loop.transitions import TRANSITIONS
from core.work.permits import require
from core.work.places.nearby import DEGREE, Point, metres_between
from core.work.roles import DIRECT
from core.work.tables import Finding, NotSame, Site
from core.work.tenant_settings import Duplicates, read_setting
from tenants.access import Actor, reach

LOOKED_AT = 2000  # open findings that are compared, the latest ones (ours)
MOST = 50  # pairs shown (ours)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two findings that may be the same (疑似重复的一件), with its place and photos."""

    finding: Finding
    place: str
    point: Point | None
    photos: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two findings that may be the same (疑似重复): the later would go into the earlier; metres None at the same site."""

    later: Side
    earlier: Side
    metres: int | None


def suspected_pairs(session: Session, actor: Actor, *, now: datetime, limit: int = MOST) -> list[Pair]:
    """Pairs where the actor directs the later one's place, the latest first; one more than ``limit`` if there are more.

    Of the same category or group, at the same site or as near and as soon after each other as the tenant's setting says;
    those that somebody called different are left out (five queries, however many pairs).
    """
    usual = read_setting(session, Duplicates)
    mine = set(session.scalars(reach(actor, DIRECT, local_day(now))))
    apart = {frozenset(row) for row in session.execute(select(NotSame.finding_id, NotSame.other_id)).all()}
    found: list[Pair] = []
    for pair in _pairs(_open(session, actor, now), _alike(session), usual):
        later, earlier = pair.later.finding, pair.earlier.finding
        if later.unit_id in mine and frozenset((later.id, earlier.id)) not in apart:
            found.append(pair)
        if len(found) > limit:
            break
    photos = photos_of(session, [side.finding for pair in found for side in (pair.later, pair.earlier)])

    def with_photos(side: Side) -> Side:
        return replace(side, photos=photos.get(side.finding.id, ()))

    return [replace(one, later=with_photos(one.later), earlier=with_photos(one.earlier)) for one in found]


def call_different(session: Session, actor: Actor, finding_id: UUID, other_id: UUID, *, now: datetime) -> None:
    """Say that two findings are not the same one (不是同一件); saying it twice is saying it once. Raises NotFound, Forbidden."""
    day = local_day(now)
    ids = sorted({finding_id, other_id})
    seen = {
        one.id: one for one in session.scalars(select(Finding).where(Finding.id.in_(ids), sees_finding(actor, day)))
    }
    if len(seen) != 2:
        raise NotFound
    require(session, actor, DIRECT, seen[finding_id].unit_id, day)
    key = {"tenant_id": actor.tenant.id, "finding_id": ids[0], "other_id": ids[1]}
    said = {"person_name": actor.name, "at": now, "hidden": any(one.hidden for one in seen.values())}
    done = session.execute(insert(NotSame).values(**key, **said).on_conflict_do_nothing().returning(NotSame.finding_id))
    if done.first() is not None:
        kind = audit_kind(seen[finding_id].restricted)
        record(session, actor, "finding.not_same", kind, finding_id, other=str(other_id))
    session.flush()


def _open(session: Session, actor: Actor, now: datetime) -> list[Side]:
    """The findings that could be merged still, the latest first (one query)."""
    at = (func.coalesce(Finding.longitude, Site.longitude), func.coalesce(Finding.latitude, Site.latitude))
    query = (
        select(Finding, func.coalesce(Site.name, Finding.place), *at)
        .outerjoin(Site, and_(Site.tenant_id == Finding.tenant_id, Site.id == Finding.site_id))
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.state.in_(TRANSITIONS["merge"].from_states),
            Finding.hidden.is_(False),
            sees_finding(actor, local_day(now)),
        )
        .order_by(Finding.opened_at.desc(), Finding.id)
        .limit(LOOKED_AT)
    )
    return [
        Side(finding, place, (x, y) if x is not None and y is not None else None)
        for finding, place, x, y in session.execute(query)
    ]


def _alike(session: Session) -> dict[str, set[str]]:
    """The categories of one group of the tenant's own sets, by category."""
    found: dict[str, set[str]] = {}
    for one in groups_of(session):
        for group in one.groups:
            for category in group.categories:
                found.setdefault(category, set()).update(group.categories)
    return found


def _pairs(sides: Sequence[Side], alike: dict[str, set[str]], usual: Duplicates) -> Iterator[Pair]:
    """Each finding with the earlier ones of its site and of the ground around it, the later ones first."""
    size, within = Decimal(usual.metres) / DEGREE * 2, timedelta(hours=usual.hours)
    kept: dict[object, list[Side]] = {}
    for side in sides:
        for cell in _cells(side, size):
            kept.setdefault(cell, []).append(side)
    order = {side.finding.id: n for n, side in enumerate(sides)}
    for later in sides:
        seen: set[UUID] = set()
        for cell in _around(later, size):
            for other in kept.get(cell, ()):
                one, two = later.finding, other.finding
                if order[two.id] <= order[one.id] or two.id in seen or one.restricted != two.restricted:
                    continue
                seen.add(two.id)
                if two.category not in alike.get(one.category, {one.category}) | {one.category}:
                    continue
                metres = _metres(later, other)
                near = one.site_id is not None and one.site_id == two.site_id
                if one.opened_at - two.opened_at <= within and (
                    near or (metres is not None and metres <= usual.metres)
                ):
                    yield Pair(later, other, None if near else metres)


def _metres(one: Side, other: Side) -> int | None:
    return round(metres_between(one.point, other.point)) if one.point and other.point else None


def _cells(side: Side, size: Decimal) -> list[object]:
    """Where a finding is kept: at its site, and in its cell of the ground."""
    site = [("site", side.finding.site_id)] if side.finding.site_id else []
    return [*site, *([_cell(side.point, size)] if side.point else [])]


def _around(side: Side, size: Decimal) -> list[object]:
    """Where the others are looked for: at its site, in its cell and in the eight around it."""
    site: list[object] = [("site", side.finding.site_id)] if side.finding.site_id else []
    if side.point is None:
        return site
    x, y = _cell(side.point, size)
    return [*site, *((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1))]


def _cell(point: Point, size: Decimal) -> tuple[int, int]:
    return int(point[0] // size), int(point[1] // size)
