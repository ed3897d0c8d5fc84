"""Reading sites (点位清单): one site, and pages of many by keyset, limited to what the actor may see."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_

from core.errors import N_, Fault, InvalidInput, NotFound
from core.work.places.grams import called
from core.work.places.nearby import Point, metres_between
from core.work.places.reaching import reaches_site
from core.work.places.site_search import DEEPEST, RANKED, ranked
from core.work.places.sites_past import SitesThen, sites_then
from core.work.roles import SEE
from core.work.tables import Site, SiteKind
from tenants.access import Actor, reach, subtree
from tenants.models import Unit
from tenants.scope import ScopedSession

MOST = 200
SORTS = ("name", "-name", "created", "-created", *RANKED)


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site as lists and pages show it, with the names of its units and the types it has on the day.

    ``metres`` is how far it is from where the asker stands, None when he does not say or nobody knows where the site is.
    """

    id: UUID
    code: str | None
    name: str
    address: str
    unit_id: UUID
    unit_name: str
    operator_unit_id: UUID | None
    operator_name: str
    types: tuple[str, ...]
    state: str
    attrs: dict[str, Any]
    longitude: Decimal | None
    latitude: Decimal | None
    zone: str = ""
    metres: int | None = None


@dataclass(frozen=True, slots=True)
class SitePage:
    """One page of sites; ``cursor`` opens the next one, None when this is the last."""

    rows: tuple[SiteRow, ...]
    cursor: str | None


def list_sites(
    session: ScopedSession,
    actor: Actor | None,
    *,
    today: date,
    types: Iterable[str] = (),
    unit_id: UUID | None = None,
    text: str = "",
    state: str | None = "active",
    also: Sequence[ColumnElement[bool]] = (),
    as_of: date | None = None,
    cursor: str | None = None,
    page_size: int = 50,
    sort: str = "name",
    near: Point | None = None,
) -> SitePage:
    """A page of the sites that the actor may see (点位清单).

    ``types``: any of these; ``unit_id``: a unit and everything under it; ``text``: words that are part of
    name, code, address, pinyin or its initials; ``near``: where the asker stands; ``state`` None: all; ``also``: more conditions on Site (an area, a grid);
    ``as_of``: with types, units and state at the end of that day, reach as it is today. ``sort``: name, -name, created, -created,
    match (best first) or near (nearest first). Raises InvalidInput for a bad sort, page size, cursor or missing position.
    """
    if sort not in SORTS or not 1 <= page_size <= MOST:
        bad = ("sort", sort) if sort not in SORTS else ("page_size", str(page_size))
        remedy = N_("排序可用 name、-name、created、-created、match、near；每页 1 到 200 条")
        raise InvalidInput(faults=[Fault(N_("参数无效"), field=bad[0], value=bad[1][:40], remedy=remedy)])
    then = sites_then(session, as_of) if as_of else None
    chosen = sites_query(
        session, actor, today=today, types=types, unit_id=unit_id, text=text, state=state, also=also, then=then
    )
    skipped = 0
    if sort in RANKED:
        skipped = _skipped(sort, cursor)
        chosen = ranked(chosen, session.tenant_id, sort, text, near).offset(skipped)
    else:
        chosen = _ordered(chosen, sort, cursor)
    found = session.scalars(chosen.limit(page_size + 1)).all()
    rows = _away(_rows(session, found[:page_size], as_of or today, then), near)
    if len(found) <= page_size:
        return SitePage(rows, None)
    last = found[page_size - 1]
    return SitePage(rows, _pack(sort, str(skipped + page_size) if sort in RANKED else last.pinyin, last.id))


def sites_query(
    session: ScopedSession,
    actor: Actor | None,
    *,
    today: date,
    types: Iterable[str] = (),
    unit_id: UUID | None = None,
    text: str = "",
    state: str | None = "active",
    also: Sequence[ColumnElement[bool]] = (),
    then: SitesThen | None = None,
) -> Select[Site]:
    """The sites of a list or map, in no order; arguments as of :func:`list_sites`, ``then`` as they stood on its day."""
    on = then.on if then else today
    chosen = _chosen(session, actor, today).where(*_filters(session, on, tuple(types), unit_id, text), *also)
    if then is not None:
        chosen = chosen.where(then.was_there(session.tenant_id))
    return chosen if state is None else chosen.where(_in_state(state, then))


def _skipped(sort: str, cursor: str | None) -> int:
    """How many rows of a ranked list were read before. Raises InvalidInput."""
    said = _unpack(sort, cursor)[0] if cursor else "0"
    if not (said.isascii() and said.isdigit() and int(said[:9]) <= DEEPEST):
        raise _lost(cursor or "")
    return int(said)


def _away(rows: tuple[SiteRow, ...], near: Point | None) -> tuple[SiteRow, ...]:
    """The rows with their metres from where the asker stands."""
    if near is None:
        return rows
    return tuple(
        replace(row, metres=round(metres_between(near, (row.longitude, row.latitude))))
        if row.longitude is not None and row.latitude is not None
        else row
        for row in rows
    )


def get_site(
    session: ScopedSession, actor: Actor | None, site_id: UUID, *, today: date, as_of: date | None = None
) -> SiteRow:
    """One site, as of a day if one is given. Raises NotFound alike when it is unknown and when it is out of reach.

    A site that was not there on the day is not found either.
    """
    then = sites_then(session, as_of) if as_of else None
    chosen = _chosen(session, actor, today).where(Site.id == site_id)
    found = session.scalars(chosen if then is None else chosen.where(then.was_there(session.tenant_id))).all()
    if not found:
        raise NotFound(N_("没有找到这个点位"))
    return _rows(session, found, as_of or today, then)[0]


def _chosen(session: ScopedSession, actor: Actor | None, today: date) -> Select[Site]:
    """Sites in reach, by territory, by a grid, or because the actor's unit operates them.

    Units are no part of this statement: the wall's one-time filter would be asked once for each joined row.
    """
    chosen = select(Site).where(Site.tenant_id == session.tenant_id)
    if actor is None:
        return chosen
    operated = Site.operator_unit_id.in_(reach(actor, SEE, today))
    return chosen.where(or_(reaches_site(actor, SEE, today), operated))


def _filters(
    session: ScopedSession, today: date, types: Sequence[str], unit_id: UUID | None, text: str
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if unit_id is not None:
        found.append(Site.unit_id.in_(subtree(session.tenant_id, unit_id, today)))
    if types:
        typed = select(SiteKind.site_id).where(
            SiteKind.tenant_id == session.tenant_id, SiteKind.site_type.in_(types), _kind_on(today)
        )
        found.append(Site.id.in_(typed))
    found += called(session.tenant_id, text)
    return found


def _in_state(state: str, then: SitesThen | None) -> ColumnElement[bool]:
    if then is None:
        return Site.state == state
    return then.in_use if state == "active" else ~then.in_use


def _kind_on(today: date) -> ColumnElement[bool]:
    return and_(SiteKind.valid_from <= today, or_(SiteKind.valid_to.is_(None), SiteKind.valid_to > today))


def _ordered(chosen: Select[Site], sort: str, cursor: str | None) -> Select[Site]:
    """Order by (pinyin, id) or by id alone, which is the order of creation, and go on after the cursor."""
    keys = (Site.pinyin, Site.id) if sort.endswith("name") else (Site.id,)
    down = sort.startswith("-")
    if cursor:
        pinyin, last = _unpack(sort, cursor)
        after = (pinyin, last) if sort.endswith("name") else (last,)
        here, there = tuple_(*keys), tuple_(*after)
        chosen = chosen.where(here < there if down else here > there)
    return chosen.order_by(*(key.desc() if down else key.asc() for key in keys))


def _rows(
    session: ScopedSession, found: Sequence[Site], today: date, then: SitesThen | None = None
) -> tuple[SiteRow, ...]:
    """The sites with their types on the day and the names of their units: two more statements for a whole page."""
    kinds: dict[UUID, list[str]] = {}
    typed = select(SiteKind.site_id, SiteKind.site_type).where(
        _kind_on(today), SiteKind.site_id.in_([s.id for s in found])
    )
    for site_id, kind in session.execute(typed.order_by(SiteKind.site_type)) if found else ():
        kinds.setdefault(site_id, []).append(kind)
    units = {u for s in found for u in (s.unit_id, s.operator_unit_id) if u}
    named = select(Unit.id, Unit.name).where(Unit.id.in_(units))
    names = dict(session.execute(named).all()) if found else {}
    rows = tuple(_row(site, names, tuple(kinds.get(site.id, ()))) for site in found)
    return rows if then is None else tuple(replace(row, state=then.state_of(row.id, row.state)) for row in rows)


def _row(site: Site, names: Mapping[UUID, str], types: tuple[str, ...]) -> SiteRow:
    operator = site.operator_unit_id
    return SiteRow(
        site.id,
        site.code,
        site.name,
        site.address,
        site.unit_id,
        names[site.unit_id],
        operator,
        names[operator] if operator else "",
        types,
        site.state,
        dict(site.attrs),
        site.longitude,
        site.latitude,
        site.zone,
    )


def _pack(sort: str, pinyin: str, last: UUID) -> str:
    plain = json.dumps([sort, pinyin, last.hex], ensure_ascii=False)
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _unpack(sort: str, cursor: str) -> tuple[str, UUID]:
    try:
        said, pinyin, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found = UUID(last)
        fits = said == sort and isinstance(pinyin, str) and "\x00" not in pinyin
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error, UnicodeError) as error:
        raise _lost(cursor) from error
    if not fits:
        raise _lost(cursor)
    return pinyin, found


def _lost(cursor: str) -> InvalidInput:
    fault = Fault(N_("翻页标记无效"), field="cursor", value=cursor[:40], remedy=N_("请从第一页重新开始"))
    return InvalidInput(faults=[fault])
