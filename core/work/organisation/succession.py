"""One unit takes over from another (单位承接): findings, people, places, duties and papers follow; stamps stay.

Visits, findings and published papers keep the unit that they were stamped with; what is still to be done, and what holds
from a day on, goes to the heir.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, or_, select, update

from core.work.dated import touches
from core.work.organisation.burdens import OPEN_NOTICES
from core.work.organisation.carrying import carry, mapped, replace
from core.work.papers.notice_moves import CANCELLED, state_of
from core.work.tables import (
    AreaMember,
    CardScheme,
    Contact,
    Notice,
    NoticeAddressee,
    NoticeEvent,
    Precedent,
    RoutingRule,
    Site,
    SiteGrid,
    SitePost,
    Sponsorship,
    Statistic,
    Whistle,
    WhistleCall,
)
from core.work.tasks.moving import move_tasks
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Holding, Post, Unit, UnitRole
from tenants.scope import ScopedSession

OPEN_WHISTLES = ("called", "on_site", "escalated")


@dataclass(frozen=True, slots=True)
class Succession:
    """Who takes over from whom on a day (承接关系): ``heirs`` by closed unit, ``targets`` all that came out of a unit."""

    on: date
    now: datetime
    note: str
    heirs: Mapping[UUID, UUID]
    targets: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    sites: Mapping[UUID, UUID] = field(default_factory=dict)


def hand_over(session: ScopedSession, actor: Actor | None, wish: Succession) -> dict[str, int]:
    """Let the heirs take over everything but the parts of findings; gives how many of each kind moved."""
    heirs, on = wish.heirs, wish.on
    moved = {"holdings": _posts(session, heirs, on)}
    moved["roles"] = carry(session, UnitRole, ["unit_id"], heirs, on)
    moved["sponsorships"] = carry(session, Sponsorship, ["unit_id", "object_unit_id"], heirs, on)
    moved["sites"] = _sites(session, wish)
    moved["grids"] = carry(session, SiteGrid, ["unit_id"], heirs, on)
    moved["areas"] = carry(session, AreaMember, ["area_id"], heirs, on) + _members(session, wish)
    rules = ["territory_id", "line_unit_id", "place_unit_id"]
    moved["rules"] = carry(session, RoutingRule, rules, heirs, on)
    moved["notices"] = _notices(session, actor, wish)
    moved["tasks"] = move_tasks(session, actor, heirs, note=wish.note, now=wish.now)
    _registers(session, heirs)
    _whistles(session, heirs)
    return moved


def _posts(session: ScopedSession, heirs: Mapping[UUID, UUID], on: date) -> int:
    """Give the heirs the posts that somebody holds or that answer for a site, and carry who holds them."""
    if not heirs:
        return 0
    used = or_(
        Post.id.in_(select(Holding.post_id).where(touches(Holding, on, None))),
        Post.id.in_(select(SitePost.post_id).where(touches(SitePost, on, None))),
    )
    old = session.scalars(select(Post).where(Post.unit_id.in_(heirs), used)).all()
    there = session.scalars(select(Post).where(Post.unit_id.in_(set(heirs.values()))).order_by(Post.id.desc())).all()
    standing = {(p.unit_id, p.title, p.role, p.campaign): p.id for p in there}
    posts: dict[UUID, UUID] = {}
    for post in old:
        key = (heirs[post.unit_id], post.title, post.role, post.campaign)
        if key not in standing:
            standing[key] = new_id()
            session.add(Post(id=standing[key], unit_id=key[0], title=key[1], role=key[2], campaign=key[3]))
        posts[post.id] = standing[key]
    session.flush()
    carry(session, SitePost, ["post_id"], posts, on)
    return carry(session, Holding, ["post_id"], posts, on)


def _sites(session: ScopedSession, wish: Succession) -> int:
    """Write the new territory and operator into the sites; some of a split unit's go to a unit of their own."""
    moved = 0
    if wish.sites:
        chosen = mapped(Site.id, wish.sites)
        statement = update(Site).where(Site.id.in_(wish.sites)).values(unit_id=chosen).returning(Site.id)
        moved += len(session.execute(statement.execution_options(synchronize_session="fetch")).all())
    moved += replace(session, Site.unit_id, wish.heirs)
    return moved + replace(session, Site.operator_unit_id, wish.heirs)


def _members(session: ScopedSession, wish: Succession) -> int:
    """Keep every area whole: where a unit was a member, all that came out of it are; nobody twice."""
    targets = {old: wish.targets.get(old, (new,)) for old, new in wish.heirs.items()} | dict(wish.targets)
    if not targets:
        return 0
    units = {*targets, *(one for many in targets.values() for one in many)}
    in_force = touches(AreaMember, wish.on, None)
    rows = session.scalars(select(AreaMember).where(AreaMember.unit_id.in_(units), in_force)).all()
    known = {(row.area_id, row.unit_id) for row in rows}
    moved = 0
    for row in rows:
        if row.unit_id not in targets:
            continue
        if row.unit_id in wish.heirs:
            row.valid_to, moved = max(wish.on, row.valid_from), moved + 1
        for new in targets[row.unit_id]:
            if (row.area_id, new) not in known:
                known.add((row.area_id, new))
                session.add(AreaMember(area_id=row.area_id, unit_id=new, valid_from=max(wish.on, row.valid_from)))
    session.flush()
    return moved


def _notices(session: ScopedSession, actor: Actor | None, wish: Succession) -> int:
    """Address open papers to the heir: what is printed on them stays, one line of history each.

    A paper that went to the heir too is the heir's once: the place of the unit that is gone falls away.
    """
    if not wish.heirs:
        return 0
    open_ones = NoticeAddressee.unit_id.in_(wish.heirs), NoticeAddressee.state.in_(OPEN_NOTICES)
    about = select(NoticeAddressee.notice_id).where(NoticeAddressee.tenant_id == session.tenant_id, *open_ones)
    locked = select(Notice).where(Notice.id.in_(about)).order_by(Notice.id).with_for_update()
    notices = {notice.id: notice for notice in session.scalars(locked)}
    ordered = NoticeAddressee.notice_id, NoticeAddressee.position
    rows = session.scalars(select(NoticeAddressee).where(*open_ones).order_by(*ordered)).all()
    names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(set(wish.heirs.values())))).all())
    for row in rows:
        _readdress(session, actor, wish, notices[row.notice_id], row.unit_id, names)
    return sum(not notice.restricted for notice in notices.values())


def _readdress(
    session: ScopedSession, actor: Actor | None, wish: Succession, notice: Notice, old: UUID, names: Mapping[UUID, str]
) -> None:
    """Put the heir in the place of one addressee of a paper, and write the line."""
    heir, at = wish.heirs[old], (NoticeAddressee.notice_id == notice.id)
    states = dict(session.execute(select(NoticeAddressee.unit_id, NoticeAddressee.state).where(at)).all())
    version, state = notice.version + 1, states[old]
    values: dict[str, object] = {"version": version} | ({"state": CANCELLED} if heir in states else {"unit_id": heir})
    put = update(NoticeAddressee).where(
        NoticeAddressee.tenant_id == session.tenant_id, at, NoticeAddressee.unit_id == old
    )
    session.execute(put.values(values).execution_options(synchronize_session=False))
    left = [now for unit_id, now in states.items() if unit_id != old or heir not in states]
    notice.version, notice.changed_at, notice.state = version, wish.now, state_of(left)
    if notice.unit_id == old:
        notice.unit_id = heir
    session.flush()
    line = {"from_state": state, "to_state": values.get("state", state), "version": version, "verb": "move"}
    line |= {"person_id": actor.person_id if actor else None, "person_name": actor.name if actor else ""}
    key = {"tenant_id": session.tenant_id, "notice_id": notice.id, "id": new_id(), "at": wish.now, "unit_id": heir}
    session.execute(insert(NoticeEvent), [key | line | {"unit_name": names[heir], "note": wish.note}])


def _registers(session: ScopedSession, heirs: Mapping[UUID, UUID]) -> None:
    """What holds now and keeps no days of its own: precedents, outside contacts, schemes of cards, who enters a statistic."""
    registers = (Precedent.unit_id, Precedent.territory_id, Contact.unit_id, CardScheme.unit_id)
    for column in (*registers, Statistic.owner_unit_id):
        replace(session, column, heirs)


def _whistles(session: ScopedSession, heirs: Mapping[UUID, UUID]) -> None:
    """Open calls: the heir has called, and the heir is called, unless it was called anyway."""
    if not heirs:
        return
    replace(session, Whistle.caller_unit_id, heirs, Whistle.state.in_(OPEN_WHISTLES))
    calls = session.scalars(
        select(WhistleCall)
        .join(Whistle, (Whistle.tenant_id == WhistleCall.tenant_id) & (Whistle.id == WhistleCall.whistle_id))
        .where(Whistle.state.in_(OPEN_WHISTLES), WhistleCall.unit_id.in_({*heirs, *heirs.values()}))
    ).all()
    called = {(call.whistle_id, call.unit_id) for call in calls}
    for call in calls:
        heir = heirs.get(call.unit_id)
        if heir is not None and (call.whistle_id, heir) not in called:
            called.add((call.whistle_id, heir))
            call.unit_id = heir
    session.flush()
