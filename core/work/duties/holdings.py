"""Holdings (任职、代理、离任): who sits on which post from a day to a day; ends take effect by themselves.

A *holder* has the post, a *deputy* (代理) stands in for one until a named last day, an *assessor* (外部测评员) comes from
outside and always for a time. One person may hold several posts, one post may have several holders (双组长); the same
person at the same post twice at once is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.dated import end_of, last_day_of, touches, valid_on
from core.work.duties.people import require_over
from core.work.journal import record
from core.work.permits import require
from core.work.roles import ADMINISTER
from tenants.access import Actor, root_unit
from tenants.models import Holding, Person, Post, Unit
from tenants.scope import ScopedSession

ADMINISTRATOR, ASSESSOR = "administrator", "assessor"
HOLDER, DEPUTY = "holder", "deputy"
KINDS: dict[str, str] = {HOLDER: N_("正式任职"), DEPUTY: N_("代理"), ASSESSOR: N_("外聘（限期）")}
NO_END = N_("长期")


@dataclass(frozen=True, slots=True)
class Term:
    """From when until which last day, and in which way a post is held (任期)."""

    valid_from: date
    until: date | None
    kind: str


def appoint(
    session: ScopedSession,
    actor: Actor | None,
    person_id: UUID,
    post_id: UUID,
    *,
    today: date,
    valid_from: date | None = None,
    until: date | None = None,
    kind: str | None = None,
) -> Holding:
    """Let a person hold a post (任职) from today or another day on; an inactive person comes back.

    ``until`` is the last day, ``kind`` one of KINDS (default: assessor at an assessor's post, else holder). Raises
    NotFound, Forbidden, InvalidInput (dates that do not fit, a deputy or assessor without an end, a deputy of nobody) and
    Conflict when the same person holds the same post in that time already.
    """
    person = session.get(Person, (session.tenant_id, person_id))
    post = find_post(session, post_id)
    if person is None:
        raise NotFound(N_("没有找到这个人员"))
    require(session, actor, ADMINISTER, post.unit_id, today)
    term = Term(valid_from or today, until, kind or (ASSESSOR if post.role == ASSESSOR else HOLDER))
    _check_term(session, post, person.id, term, today)
    refuse_overlap(session, person, post, term)
    holding = Holding(
        person_id=person.id, post_id=post.id, valid_from=term.valid_from, valid_to=end_of(until), kind=term.kind
    )
    session.add(holding)
    person.state = "active"
    session.flush()
    detail = {"title": post.title, "role": post.role, "name": person.name, "since": term.valid_from.isoformat()}
    more = {"until": until.isoformat()} if until else {}
    record(session, actor, "holding.begin", "person", person.id, **detail, **more, holding=term.kind)
    return holding


def find_post(session: ScopedSession, post_id: UUID) -> Post:
    """One post. Raises NotFound."""
    post = session.get(Post, (session.tenant_id, post_id))
    if post is None:
        raise NotFound(N_("没有找到这个岗位"))
    return post


def _check_term(session: ScopedSession, post: Post, person_id: UUID, term: Term, today: date) -> None:
    """Raise InvalidInput with every fault of a term."""
    faults: list[Fault] = []
    if term.kind not in KINDS:
        faults.append(Fault(N_("没有这种任职方式"), "kind", value=term.kind[:20], remedy=N_("请从列表里选")))
    elif (term.kind == ASSESSOR) != (post.role == ASSESSOR):
        remedy = N_("外部测评员只能外聘任职，外聘任职只用于外部测评员岗位")
        faults.append(Fault(N_("任职方式与角色不符"), "kind", value=term.kind, remedy=remedy))
    if term.until is None and term.kind in (DEPUTY, ASSESSOR):
        faults.append(Fault(N_("没有填截止日期"), "until", remedy=N_("代理和外聘都有期限，请填最后一天")))
    if term.until is not None:
        faults += _bad_until(term.until, term.valid_from, today)
    if term.kind == DEPUTY and not holders_on(session, post.id, term.valid_from, but=person_id):
        remedy = N_("岗位空缺时请直接正式任职")
        faults.append(Fault(N_("这个岗位没有可以代理的任职人"), "kind", value=post.title, remedy=remedy))
    if faults:
        raise InvalidInput(faults=faults)


def _bad_until(until: date, valid_from: date, today: date) -> list[Fault]:
    if until < valid_from:
        return [Fault(N_("截止日期早于开始日期"), "until", value=until.isoformat(), remedy=N_("请核对两个日期"))]
    if until < today:
        return [Fault(N_("截止日期已经过去"), "until", value=until.isoformat(), remedy=N_("请填今天或以后的日期"))]
    return []


def holders_on(session: ScopedSession, post_id: UUID, on: date, *, but: UUID | None = None) -> list[UUID]:
    """The people who properly hold a post on a day, deputies left out; ``but`` leaves one person out."""
    chosen = select(Holding.person_id).where(Holding.post_id == post_id, Holding.kind != DEPUTY, valid_on(Holding, on))
    return [person for person in session.scalars(chosen) if person != but]


def refuse_overlap(session: ScopedSession, person: Person, post: Post, term: Term, but: UUID | None = None) -> None:
    """Raise Conflict naming the standing holding when the person holds the post in that time already."""
    same = select(Holding).where(
        Holding.person_id == person.id,
        Holding.post_id == post.id,
        touches(Holding, term.valid_from, end_of(term.until)),
    )
    standing = next((one for one in session.scalars(same.order_by(Holding.valid_from)) if one.id != but), None)
    if standing is None:
        return
    last = last_day_of(standing.valid_to)
    span = f"{standing.valid_from.isoformat()} — {last.isoformat() if last else '…'}"
    remedy = N_("请先调整那一段任职的截止日期，或另选起止日期")
    fault = Fault(N_("任职时间重叠"), "valid_from", value=span, remedy=remedy)
    raise Conflict(N_("{name}已任“{title}”（{span}）"), faults=[fault], name=person.name, title=post.title, span=span)


def end_holding(session: ScopedSession, actor: Actor | None, holding_id: UUID, *, today: date) -> Holding:
    """Let a person's post end today (离任); one that ended already stays as it is.

    Raises NotFound, Forbidden, and Conflict when nobody would be left to administer.
    """
    holding, post = _held(session, actor, holding_id, today)
    if holding.valid_to is not None and holding.valid_to <= max(today, holding.valid_from):
        return holding
    if post.role == ADMINISTRATOR:
        refuse_last(session, [holding], today)
    end_now(session, actor, holding, post, today)
    return holding


def set_last_day(
    session: ScopedSession, actor: Actor | None, holding_id: UUID, until: date | None, *, today: date
) -> Holding:
    """Change the last day of a holding that has not ended (调整任期): shorter, longer, or without an end.

    Raises NotFound, Forbidden, InvalidInput and Conflict as :func:`appoint`, and Conflict when nobody would be left to
    administer without an end.
    """
    holding, post = _held(session, actor, holding_id, today)
    if holding.valid_to is not None and holding.valid_to <= today:
        raise Conflict(N_("这项任职已经结束；如需继续，请重新任职"))
    term = Term(holding.valid_from, until, holding.kind)
    _check_term(session, post, holding.person_id, term, today)
    person = session.get_one(Person, (session.tenant_id, holding.person_id))
    refuse_overlap(session, person, post, term, but=holding.id)
    if post.role == ADMINISTRATOR and until is not None:
        refuse_last(session, [holding], today)
    before = last_day_of(holding.valid_to)
    holding.valid_to = end_of(until)
    session.flush()
    said = {"before": before.isoformat() if before else "", "after": until.isoformat() if until else ""}
    record(session, actor, "holding.term", "person", person.id, title=post.title, **said)
    return holding


def _held(session: ScopedSession, actor: Actor | None, holding_id: UUID, today: date) -> tuple[Holding, Post]:
    holding = session.get(Holding, (session.tenant_id, holding_id))
    if holding is None:
        raise NotFound(N_("没有找到这项任职"))
    post = session.get_one(Post, (session.tenant_id, holding.post_id))
    require(session, actor, ADMINISTER, post.unit_id, today)
    return holding, post


def deactivate_person(session: ScopedSession, actor: Actor | None, person_id: UUID, *, today: date) -> Person:
    """Let a person leave (停用人员): all posts end today, the person stays readable. Twice changes nothing.

    Raises NotFound, Forbidden, and Conflict when nobody would be left to administer.
    """
    person = session.get(Person, (session.tenant_id, person_id))
    if person is None:
        raise NotFound(N_("没有找到这个人员"))
    require_over(session, actor, person.id, today)
    if person.state != "active":
        return person
    rows = session.execute(
        select(Holding, Post)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .where(Holding.person_id == person.id, touches(Holding, today, None))
    )
    held = list(rows)
    refuse_last(session, [h for h, p in held if p.role == ADMINISTRATOR], today)
    for holding, post in held:
        end_now(session, actor, holding, post, today)
    person.state = "inactive"
    session.flush()
    record(session, actor, "person.deactivate", "person", person.id, name=person.name)
    return person


def end_now(session: ScopedSession, actor: Actor | None, holding: Holding, post: Post, on: date) -> None:
    """End a holding on a day, one that has not begun on the day it would have."""
    holding.valid_to = max(on, holding.valid_from)
    session.flush()
    detail = {"title": post.title, "role": post.role}
    record(session, actor, "holding.end", "person", holding.person_id, **detail)


def refuse_last(session: ScopedSession, ending: Iterable[Holding], today: date) -> None:
    """Raise Conflict when the ending administrator posts leave the tenant's own unit without an administrator.

    Only holders without an end count, else the last one would lapse unseen. The root's row is locked, so that two
    administrators cannot dismiss each other at the same moment.
    """
    leaving = {h.id for h in ending}
    if not leaving:
        return
    root = session.scalars(select(Unit).where(Unit.id == root_unit(session).id).with_for_update()).one()
    rows = session.execute(
        select(Holding.id, Post.unit_id)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
        .where(Post.role == ADMINISTRATOR, Post.campaign.is_(None), Person.state == "active")
        .where(Holding.kind == HOLDER, Holding.valid_from <= today, Holding.valid_to.is_(None))
    )
    held = dict(rows.all())
    before = root.id in held.values()
    left = {unit_id for holding_id, unit_id in held.items() if holding_id not in leaving}
    if not left or (before and root.id not in left):
        remedy = N_("请先给另一人安排管理员岗位")
        fault = Fault(N_("这是最后一名管理员"), field="role", value=ADMINISTRATOR, remedy=remedy)
        raise Conflict(N_("不能让最后一名管理员离任"), faults=[fault])
