"""A visit that was written on paper (纸质检查表) and is typed in afterwards: who walked, when, and who typed it in are all kept.

The visit is that of the person who walked, on the day on the paper: by his posts of that day, at most a fortnight ago, as with
a phone that had no signal. Whoever types for another needs to visit and to direct at the site (检查 and 统筹: the HQ office);
everybody may type in what he walked himself (ours). The visit's note, its summary and the trail name who typed it in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.actors import resolve_actor
from core.work.calendar import ZONE, local_day
from core.work.dated import valid_on
from core.work.inspection.photos import find_files
from core.work.inspection.visit_timing import OLDEST
from core.work.inspection.visits import Submitted, submit
from core.work.journal import record
from core.work.loop.sight import sees_visit
from core.work.names import narrow
from core.work.places.reaching import may_at
from core.work.roles import DIRECT, ROLES, VISIT
from core.work.tables import Attachment, Round, RoundStop, Site, SiteGrid, Visit
from core.work.wording import shown
from tenants.access import Actor
from tenants.models import Holding, Person, Post, Unit, UnitPath

PAPER = "paper"  # the part of a visit's summary that says who typed it in
MOST_SCANS = 4  # pictures of one sheet (ours)
SITTING = timedelta(hours=12)  # how far back the list of what one typed in goes (ours)
TYPED_BY = "据纸质表录入，录入人 {name}"  # kept with the visit, hence in Chinese
_VISITING = sorted(role.code for role in ROLES.values() if VISIT in role.verbs)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a filled sheet says (纸质表内容); ``began`` and ``ended`` are clock times as written, such as 9:30 or 0930.

    ``is_another``: another visit of the same person there on the same day is known of and meant. ``entries``: what is written
    beside the items, by form SHA-256.
    """

    visit_id: UUID
    site_id: UUID
    person_id: UUID | None
    day: date | None
    began: str
    ended: str
    answers: Mapping[str, Mapping[str, Any]]
    notes: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[str, Sequence[str]] = field(default_factory=dict)
    forms: Sequence[str] = ()
    note: str = ""
    scans: Sequence[str] = ()
    is_another: bool = False
    round_id: UUID | None = None
    entries: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody whose visits a site allows (可填检查人)."""

    id: UUID
    name: str
    unit_name: str
    pinyin: str


@dataclass(frozen=True, slots=True)
class Typed:
    """One sheet that was typed in (已录入)."""

    visit: Visit
    site_name: str
    person_name: str


def may_type_for_others(session: Session, actor: Actor, site: Site, on: date) -> bool:
    """Whether the actor may type in at a site what others walked."""
    return may_at(session, actor, VISIT, site, on) and may_at(session, actor, DIRECT, site, on)


def walkers(session: Session, actor: Actor, site: Site, on: date) -> list[Walker]:
    """The people who may have walked a site, by name: all whose posts visit it, or the actor alone (one query)."""
    grids = select(SiteGrid.unit_id).where(SiteGrid.site_id == site.id, valid_on(SiteGrid, on))
    above = select(UnitPath.ancestor_id).where(
        or_(UnitPath.unit_id == site.unit_id, UnitPath.unit_id.in_(grids)), valid_on(UnitPath, on)
    )
    chosen = (
        select(Person.id, Person.name, Unit.name, Person.pinyin)
        .join(Holding, and_(Holding.tenant_id == Person.tenant_id, Holding.person_id == Person.id))
        .join(Post, and_(Post.tenant_id == Holding.tenant_id, Post.id == Holding.post_id))
        .join(Unit, and_(Unit.tenant_id == Post.tenant_id, Unit.id == Post.unit_id))
        .where(Person.state == "active", valid_on(Holding, on), Post.role.in_(_VISITING), Post.unit_id.in_(above))
        .order_by(Person.pinyin, Person.name, Person.id)
    )
    if not may_type_for_others(session, actor, site, on):
        chosen = chosen.where(Person.id == actor.person_id)
    found: dict[UUID, Walker] = {}
    for person_id, *said in session.execute(chosen):
        found.setdefault(person_id, Walker(person_id, *said))
    return list(found.values())


def rounds_at(session: Session, site: Site) -> list[tuple[UUID, str]]:
    """The open rounds that stop at a site, with their titles; no secret one is seen from here (one query)."""
    stops = and_(RoundStop.tenant_id == Round.tenant_id, RoundStop.round_id == Round.id)
    chosen = (
        select(Round.id, Round.title)
        .join(RoundStop, stops)
        .where(
            RoundStop.site_id == site.id, RoundStop.state != "dropped", Round.state == "open", Round.hidden.is_(False)
        )
        .distinct()
        .order_by(Round.title, Round.id)
    )
    return [(round_id, title) for round_id, title in session.execute(chosen)]


def enter_paper(
    session: Session, actor: Actor, paper: Paper, *, campaigns: Sequence[Campaign], now: datetime
) -> Submitted:
    """Type in one sheet; the same sheet under the same id again is answered alike.

    Raises NotFound for a site out of the actor's reach, Forbidden when he may not type for others, InvalidInput with every
    fault, Conflict for another body under the same id, and when the person visited the place on that day already.
    """
    site = session.scalars(select(Site).where(Site.id == paper.site_id, Site.state == "active")).first()
    if site is None or not may_at(session, actor, VISIT, site, local_day(now)):
        raise NotFound
    if paper.person_id not in (None, actor.person_id) and not may_type_for_others(session, actor, site, local_day(now)):
        raise Forbidden(N_("替别人录入纸质表，要在这个点位同时有检查和统筹的权限；自己走的可以自己录"))
    began, ended, faults = _moments(paper, now)
    walker = _walker(session, actor, paper, site, faults)
    scans = _scans(session, paper, faults)
    if faults or walker is None or ended is None:
        raise InvalidInput(faults=faults)
    _check_double(session, walker, paper)
    done = submit(
        session,
        walker,
        campaigns=campaigns,
        visit_id=paper.visit_id,
        site_id=site.id,
        answers=paper.answers,
        photos=paper.photos,
        notes=paper.notes,
        severities=paper.severities,
        forms=paper.forms,
        entries=paper.entries,
        started_at=began,
        finished_at=ended,
        round_id=paper.round_id,
        device_now=now,
        note="\n".join(filter(None, [paper.note.strip(), TYPED_BY.format(name=actor.name)])),
        by=actor,
        now=now,
    )
    if not done.replayed:
        _keep(session, actor, done.visit, scans, now)
    return done


def _keep(session: Session, actor: Actor, visit: Visit, scans: Sequence[UUID], now: datetime) -> None:
    """Keep with the visit who typed it in, and the pictures of the sheet."""
    said = {
        "by": actor.name,
        "by_id": str(actor.person_id),
        "at": now.isoformat(),
        "scans": [str(one) for one in scans],
    }
    visit.summary = visit.summary | {PAPER: said}
    session.add_all(Attachment(visit_id=visit.id, file_id=one, created_at=now) for one in scans)
    record(session, actor, "visit.paper", "visit", visit.id, person=str(visit.person_id), scans=len(scans))
    session.flush()


def _moments(paper: Paper, now: datetime) -> tuple[datetime | None, datetime | None, list[Fault]]:
    """When it began and ended: on one day, not in the future, not before what a late phone is believed."""
    faults: list[Fault] = []
    if paper.day is None:
        faults.append(Fault(N_("没有填日期"), "day", remedy=N_("请照纸质表上的日期填")))
        return None, None, faults
    began = _clock(paper.began, "began", faults)
    ended = _clock(paper.ended, "ended", faults)
    if not paper.ended.strip():
        faults.append(Fault(N_("没有填结束时间"), "ended", remedy=N_("请照纸质表上的填；没有写的，问检查人")))
    first, last = (None if one is None else datetime.combine(paper.day, one, ZONE) for one in (began, ended))
    if last is not None and last > now:
        faults.append(Fault(N_("检查时间在将来"), "ended", value=f"{last:%m-%d %H:%M}", remedy=N_("请核对日期和时间")))
    if last is not None and last < now - OLDEST:
        remedy = N_("纸质表要在检查后 {days} 天内录入")
        value = paper.day.isoformat()
        faults.append(Fault(N_("这张表过了录入期限"), "day", None, value, "", remedy, {"days": OLDEST.days}))
    if first is not None and last is not None and first > last:
        faults.append(Fault(N_("开始时间晚于结束时间"), "began", value=paper.began, remedy=N_("请核对两个时间")))
    return first, last, faults


def _clock(said: str, name: str, faults: list[Fault]) -> time | None:
    """A clock time as people write it: 9:30, 09:30, 930 or 0930."""
    plain = narrow(said).strip().replace(".", ":")
    if not plain:
        return None
    hours, colon, minutes = plain.partition(":")
    if not colon:
        hours, minutes = plain[:-2], plain[-2:]
    is_clock = len(minutes) == 2 and len(hours) in (1, 2) and (hours + minutes).isdecimal()
    if is_clock and int(hours) < 24 and int(minutes) < 60:
        return time(int(hours), int(minutes))
    faults.append(Fault(N_("时间写法无效"), name, value=shown(said), remedy=N_("请写成 9:30 或 0930")))
    return None


def _walker(session: Session, actor: Actor, paper: Paper, site: Site, faults: list[Fault]) -> Actor | None:
    """Who walked, with the posts that he held on that day."""
    if paper.person_id is None:
        faults.append(Fault(N_("没有选检查人"), "person", remedy=N_("请选纸质表上签名的人")))
        return None
    if paper.day is None:
        return None
    found = resolve_actor(session, actor.tenant, paper.person_id, paper.day, request_id=actor.request_id)
    if found is None or not may_at(session, found, VISIT, site, paper.day):
        remedy = N_("请核对姓名和日期；需要时请管理员补上岗位")
        value = found.name if found else ""
        faults.append(Fault(N_("这个人在这一天没有检查这个点位的岗位"), "person", value=value, remedy=remedy))
        return None
    return found


def _scans(session: Session, paper: Paper, faults: list[Fault]) -> list[UUID]:
    refs = list(dict.fromkeys(paper.scans))
    if len(refs) > MOST_SCANS:
        remedy = N_("最多 {most} 张")
        faults.append(Fault(N_("纸质表的照片过多"), "scan", None, str(len(refs)), "", remedy, {"most": MOST_SCANS}))
        return []
    files = find_files(session, refs)
    faults += [
        Fault(N_("没有这张照片"), "scan", value=shown(ref), remedy=N_("请重新选一次"))
        for ref in refs
        if ref not in files
    ]
    return [files[ref].id for ref in refs if ref in files]


def _check_double(session: Session, walker: Actor, paper: Paper) -> None:
    """A sheet is easily typed in twice: another visit of the same person there on that day must be meant. Raises Conflict."""
    if paper.is_another or paper.day is None:
        return
    known = session.scalars(
        select(Visit.id).where(
            Visit.site_id == paper.site_id,
            Visit.person_id == walker.person_id,
            Visit.day == paper.day,
            Visit.replaced_at.is_(None),
        )
    ).all()
    if known and paper.visit_id not in known:
        remark = N_("{name} 这一天在这个点位已经有一次检查；如果不是同一张表，请勾选“是另一次检查”再提交")
        raise Conflict(remark, name=walker.name, known=str(known[0]))


def typed_in(session: Session, actor: Actor, now: datetime) -> Sequence[Typed]:
    """What the actor typed in during this sitting (本次已录入), the latest first (one query)."""
    mine = Visit.summary[PAPER]["by_id"].astext == str(actor.person_id)
    rows = session.execute(
        select(Visit, Site.name, Person.name)
        .join(Site, and_(Site.tenant_id == Visit.tenant_id, Site.id == Visit.site_id))
        .join(Person, and_(Person.tenant_id == Visit.tenant_id, Person.id == Visit.person_id))
        .where(
            Visit.day >= local_day(now - OLDEST - SITTING),
            Visit.submitted_at > now - SITTING,
            Visit.replaced_at.is_(None),
            mine,
            sees_visit(actor, local_day(now)),
        )
        .order_by(Visit.submitted_at.desc(), Visit.id.desc())
        .limit(50)
    )
    return [Typed(visit, site, person) for visit, site, person in rows]
