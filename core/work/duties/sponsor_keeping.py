"""Keeping sponsorships (包保登记): begin one, change its last day, name a sponsor who has no account.

Who administers the object's unit, or directs findings there (创建办), may keep them; projects belong to the whole tenant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.dated import end_of, last_day_of, touches
from core.work.duties.people import checked_name, checked_phone
from core.work.duties.posts import check_campaign
from core.work.duties.sponsor_kinds import PERSON, SPONSOR_KINDS, UNIT
from core.work.journal import record
from core.work.names import pinyin_key, tidy
from core.work.organisation.units import get_unit
from core.work.roles import ADMINISTER, DIRECT
from core.work.tables import Site, Sponsorship
from tenants.access import Actor, may, root_unit
from tenants.models import Person
from tenants.scope import ScopedSession

LONGEST = {"title": 60, "project": 80, "field": 40, "document": 120}
BACK = timedelta(days=31)  # how long ago an end may have been that is written down today (ours)
KEEPERS = (ADMINISTER, DIRECT)


@dataclass(frozen=True, slots=True)
class Wish:
    """A sponsorship to begin (包保事项): the sponsor (a person, a unit or both), one object, field, campaign, days.

    ``until`` is the last day; ``valid_from`` None means today.
    """

    kind: str
    person_id: UUID | None = None
    unit_id: UUID | None = None
    object_unit_id: UUID | None = None
    object_site_id: UUID | None = None
    project: str = ""
    title: str = ""
    field: str = ""
    campaign: str | None = None
    document: str = ""
    valid_from: date | None = None
    until: date | None = None


def begin_sponsorship(session: ScopedSession, actor: Actor | None, wish: Wish, *, today: date) -> Sponsorship:
    """Begin a sponsorship (确定包保).

    Raises InvalidInput with every fault, NotFound, Forbidden, and Conflict when exactly the same link stands in that time.
    """
    faults = check_wish(wish, today)
    if faults:
        raise InvalidInput(faults=faults)
    check_campaign(session, wish.campaign)
    require_keeper(session, actor, unit_of(session, wish), today)
    _check_sponsor(session, wish)
    row = Sponsorship(
        kind=wish.kind,
        person_id=wish.person_id,
        unit_id=wish.unit_id,
        title=tidy(wish.title),
        object_unit_id=wish.object_unit_id,
        object_site_id=wish.object_site_id,
        project=tidy(wish.project),
        field=tidy(wish.field),
        campaign=wish.campaign,
        document=tidy(wish.document),
        valid_from=wish.valid_from or today,
        valid_to=end_of(wish.until),
    )
    refuse_same(session, row)
    session.add(row)
    session.flush()
    detail = {"sponsor_kind": row.kind, "since": row.valid_from.isoformat()}
    record(session, actor, "sponsorship.begin", "sponsorship", row.id, **detail)
    return row


def check_wish(wish: Wish, today: date) -> list[Fault]:
    """Every fault of a wish that can be told without looking anything up."""
    faults: list[Fault] = []
    kind = SPONSOR_KINDS.get(wish.kind)
    if kind is None:
        faults.append(Fault(N_("没有这种包保类别"), "kind", value=wish.kind[:20], remedy=N_("请从列表里选")))
    elif kind.by == PERSON and wish.person_id is None:
        faults.append(Fault(N_("没有填包保人"), "person", remedy=N_("这一类要写明姓名")))
    elif kind.by == UNIT and wish.unit_id is None:
        faults.append(Fault(N_("没有选包保单位"), "unit", remedy=N_("这一类要选单位，可以另写经办人")))
    elif wish.person_id is None and wish.unit_id is None:
        faults.append(Fault(N_("没有填包保人"), "person", remedy=N_("请填姓名，或选单位")))
    objects = [wish.object_unit_id is not None, wish.object_site_id is not None, bool(tidy(wish.project))]
    if sum(objects) != 1:
        message = N_("没有选包保对象") if not any(objects) else N_("包保对象只能有一个")
        faults.append(Fault(message, "object", remedy=N_("请在单位、点位、项目中填一个")))
    for name, most in LONGEST.items():
        if len(tidy(getattr(wish, name))) > most:
            params = {"most": most}
            faults.append(Fault(N_("文字过长"), name, remedy=N_("请缩短到 {most} 个字以内"), params=params))
    if wish.until is not None and wish.until < (wish.valid_from or today):
        value = wish.until.isoformat()
        faults.append(Fault(N_("截止日期早于开始日期"), "until", value=value, remedy=N_("请核对两个日期")))
    return faults


def unit_of(session: ScopedSession, wish: Wish | Sponsorship) -> UUID:
    """The unit over which one must have a say to keep a sponsorship: the object's, the root for projects."""
    if wish.object_unit_id is not None:
        return get_unit(session, wish.object_unit_id).id
    if wish.object_site_id is not None:
        site = session.get(Site, (session.tenant_id, wish.object_site_id))
        if site is None:
            raise NotFound(N_("没有找到这个点位"))
        return site.unit_id
    return root_unit(session).id


def may_keep(session: ScopedSession, actor: Actor | None, unit_id: UUID, on: date) -> bool:
    """Whether the actor may begin and end sponsorships of a unit or of what lies under it."""
    return actor is None or any(may(session, actor, verb, unit_id, on) for verb in KEEPERS)


def require_keeper(session: ScopedSession, actor: Actor | None, unit_id: UUID, on: date) -> None:
    """Raise Forbidden unless the actor may keep sponsorships there."""
    if not may_keep(session, actor, unit_id, on):
        raise Forbidden(N_("您的岗位不能在这个单位办理此事；请联系管理员"))


def _check_sponsor(session: ScopedSession, wish: Wish) -> None:
    if wish.person_id is not None and session.get(Person, (session.tenant_id, wish.person_id)) is None:
        raise NotFound(N_("没有找到这个人员"))
    if wish.unit_id is not None:
        get_unit(session, wish.unit_id)


def refuse_same(session: ScopedSession, row: Sponsorship) -> None:
    """Raise Conflict naming the days when exactly the same link stands in a row's time already."""
    named = ("kind", "person_id", "unit_id", "object_unit_id", "object_site_id", "project", "field", "campaign")
    alike = [getattr(Sponsorship, name).is_not_distinct_from(getattr(row, name)) for name in named]
    chosen = select(Sponsorship).where(*alike, touches(Sponsorship, row.valid_from, row.valid_to))
    standing = next((one for one in session.scalars(chosen.order_by(Sponsorship.valid_from)) if one is not row), None)
    if standing is not None:
        last = last_day_of(standing.valid_to)
        span = f"{standing.valid_from.isoformat()} — {last.isoformat() if last else '…'}"
        fault = Fault(N_("同样的包保关系已有"), "valid_from", value=span, remedy=N_("请先结束那一段，或另选起止日期"))
        raise Conflict(N_("同样的包保关系已有（{span}）"), faults=[fault], span=span)


def get_sponsorship(session: ScopedSession, sponsorship_id: UUID) -> Sponsorship:
    """One sponsorship. Raises NotFound."""
    row = session.get(Sponsorship, (session.tenant_id, sponsorship_id))
    if row is None:
        raise NotFound
    return row


def set_end(
    session: ScopedSession, actor: Actor | None, sponsorship_id: UUID, until: date | None, *, today: date
) -> Sponsorship:
    """Change the last day of a sponsorship (结束、延长包保); one before its first day withdraws it.

    The last day may lie at most 31 days back. Raises NotFound, Forbidden, InvalidInput, and Conflict when it ended
    already or the longer time meets another one of exactly the same link.
    """
    row = get_sponsorship(session, sponsorship_id)
    require_keeper(session, actor, unit_of(session, row), today)
    if row.valid_to is not None and row.valid_to <= today:
        raise Conflict(N_("这项包保已经结束；如需继续，请重新登记"))
    if until is not None and until < today - BACK:
        remedy = N_("请填 31 天以内或以后的日期")
        raise InvalidInput(faults=[Fault(N_("截止日期太早"), "until", value=until.isoformat(), remedy=remedy)])
    before = last_day_of(row.valid_to)
    end = end_of(until)
    row.valid_to = row.valid_from if end is not None and end < row.valid_from else end
    with session.no_autoflush:
        refuse_same(session, row)
    session.flush()
    said = {"before": before.isoformat() if before else "", "after": until.isoformat() if until else ""}
    record(session, actor, "sponsorship.end", "sponsorship", row.id, **said)
    return row


def name_sponsor(session: ScopedSession, actor: Actor | None, name: str, *, phone: str = "") -> Person:
    """The person of a name, added when nobody is called so (包保人): a city leader needs neither post nor account.

    Raises InvalidInput for a bad name, and when several are called so and the phone does not tell them apart.
    """
    said, number = checked_name(name, "person"), checked_phone(phone)
    namesakes = session.scalars(select(Person).where(Person.name == said).order_by(Person.id)).all()
    active = [p for p in namesakes if p.state == "active"] or list(namesakes)
    same = [p for p in active if number and p.phone == number] or ([] if number and len(active) > 1 else active)
    if len(same) > 1 or (not same and len(active) > 1):
        remedy = N_("请从列表里选，或填写电话以便区分")
        raise InvalidInput(faults=[Fault(N_("有多个同名人员"), "person", value=said, remedy=remedy)])
    if same:
        return same[0]
    person = Person(name=said, pinyin=pinyin_key(said), phone=number)
    session.add(person)
    session.flush()
    record(session, actor, "person.add", "person", person.id, name=said)
    return person
