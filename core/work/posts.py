"""Posts, appointments and leaving (岗位、任职、离任): who carries which access role where, from a day to a day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.journal import record
from core.work.names import tidy
from core.work.people import add_person, require_over
from core.work.permits import require
from core.work.roles import ADMINISTER, ROLES
from core.work.units import get_unit, in_force
from tenants.access import Actor, root_unit
from tenants.models import EnabledCampaign, Holding, Person, Post, Unit
from tenants.scope import ScopedSession

ADMINISTRATOR = "administrator"
LONGEST_TITLE = 60


def add_post(
    session: ScopedSession,
    actor: Actor | None,
    *,
    unit_id: UUID,
    role: str,
    title: str,
    today: date,
    campaign: str | None = None,
) -> Post:
    """Add a post at a unit (设岗), or give the same one back when it stands already.

    ``campaign`` limits the post to one campaign. Raises InvalidInput (no such role here, unknown campaign, empty title),
    NotFound (unknown unit) and Forbidden.
    """
    unit = get_unit(session, unit_id)
    require(session, actor, ADMINISTER, unit.id, today)
    check_role(role, _tenant_kind(session, actor))
    check_campaign(session, campaign)
    said = tidy(title) or ROLES[role].title_zh
    if len(said) > LONGEST_TITLE:
        fault = Fault(N_("职务名称过长"), field="title", value=said[:20], remedy=N_("请缩短到 60 个字以内"))
        raise InvalidInput(faults=[fault])
    same = Post.campaign.is_(None) if campaign is None else Post.campaign == campaign
    chosen = select(Post).where(Post.unit_id == unit.id, Post.role == role, Post.title == said, same)
    post = session.scalars(chosen.order_by(Post.id)).first()
    if post is None:
        post = Post(unit_id=unit.id, title=said, role=role, campaign=campaign)
        session.add(post)
        session.flush()
        record(session, actor, "post.add", "post", post.id, title=said, role=role, unit=unit.name)
    return post


def check_role(role: str, tenant_kind: str) -> None:
    """Raise InvalidInput unless this kind of tenant has the access role."""
    if role not in ROLES or tenant_kind not in ROLES[role].tenant_kinds:
        here = [code for code, known in ROLES.items() if tenant_kind in known.tenant_kinds]
        message = N_("这里没有这个角色")
        params = {"roles": "、".join(here)}
        raise InvalidInput(faults=[Fault(message, "role", value=role, remedy=N_("可用的角色：{roles}"), params=params)])


def check_campaign(session: ScopedSession, campaign: str | None) -> None:
    """Raise InvalidInput unless the campaign was ever enabled here; None means all campaigns."""
    if campaign is not None and session.get(EnabledCampaign, (session.tenant_id, campaign)) is None:
        remedy = N_("请先启用这个创建项目，或留空表示所有活动")
        raise InvalidInput(faults=[Fault(N_("没有启用这个创建项目"), "campaign", value=campaign, remedy=remedy)])


def _tenant_kind(session: ScopedSession, actor: Actor | None) -> str:
    return actor.tenant.kind if actor is not None else root_unit(session).kind


def appoint(session: ScopedSession, actor: Actor | None, person_id: UUID, post_id: UUID, *, today: date) -> Holding:
    """Let a person hold a post from today on (任职); who holds it already keeps it. An inactive person comes back.

    Raises NotFound and Forbidden.
    """
    person = session.get(Person, (session.tenant_id, person_id))
    post = session.get(Post, (session.tenant_id, post_id))
    if person is None or post is None:
        raise NotFound(N_("没有找到这个人员") if person is None else N_("没有找到这个岗位"))
    require(session, actor, ADMINISTER, post.unit_id, today)
    chosen = select(Holding).where(Holding.person_id == person.id, Holding.post_id == post.id)
    standing = session.scalars(chosen.where(in_force(Holding, today))).first()
    if standing is not None:
        return standing
    holding = Holding(person_id=person.id, post_id=post.id, valid_from=today)
    session.add(holding)
    person.state = "active"
    session.flush()
    detail = {"title": post.title, "role": post.role, "name": person.name}
    record(session, actor, "holding.begin", "person", person.id, **detail)
    return holding


def end_holding(session: ScopedSession, actor: Actor | None, holding_id: UUID, *, today: date) -> Holding:
    """Let a person's post end today (离任); one that ended already stays as it is.

    Raises NotFound, Forbidden, and Conflict when nobody would be left to administer.
    """
    holding = session.get(Holding, (session.tenant_id, holding_id))
    if holding is None:
        raise NotFound(N_("没有找到这项任职"))
    post = session.get_one(Post, (session.tenant_id, holding.post_id))
    require(session, actor, ADMINISTER, post.unit_id, today)
    if holding.valid_to is not None and holding.valid_to <= today:
        return holding
    if post.role == ADMINISTRATOR:
        _refuse_last(session, [holding], today)
    _end(session, actor, holding, post, today)
    return holding


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
        .where(Holding.person_id == person.id, Holding.valid_to.is_(None))
    )
    held = list(rows)
    _refuse_last(session, [h for h, p in held if p.role == ADMINISTRATOR], today)
    for holding, post in held:
        _end(session, actor, holding, post, today)
    person.state = "inactive"
    session.flush()
    record(session, actor, "person.deactivate", "person", person.id, name=person.name)
    return person


def _end(session: ScopedSession, actor: Actor | None, holding: Holding, post: Post, today: date) -> None:
    holding.valid_to = max(today, holding.valid_from)
    session.flush()
    detail = {"title": post.title, "role": post.role}
    record(session, actor, "holding.end", "person", holding.person_id, **detail)


def _refuse_last(session: ScopedSession, ending: list[Holding], today: date) -> None:
    """Raise Conflict when the ending administrator posts leave the tenant's own unit without an administrator.

    The root's row is locked, so that two administrators cannot dismiss each other at the same moment.
    """
    if not ending:
        return
    root = session.scalars(select(Unit).where(Unit.id == root_unit(session).id).with_for_update()).one()
    leaving = {h.id for h in ending}
    rows = session.execute(
        select(Holding.id, Post.unit_id)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
        .where(Post.role == ADMINISTRATOR, Post.campaign.is_(None), Person.state == "active", in_force(Holding, today))
    )
    held = dict(rows.all())
    before = root.id in held.values()
    left = {unit_id for holding_id, unit_id in held.items() if holding_id not in leaving}
    if not left or (before and root.id not in left):
        remedy = N_("请先给另一人安排管理员岗位")
        fault = Fault(N_("这是最后一名管理员"), field="role", value=ADMINISTRATOR, remedy=remedy)
        raise Conflict(N_("不能让最后一名管理员离任"), faults=[fault])


def add_person_with_post(
    session: ScopedSession,
    actor: Actor | None,
    *,
    name: str,
    unit_id: UUID,
    role: str,
    title: str,
    today: date,
    phone: str = "",
    campaign: str | None = None,
) -> Person:
    """Add a person who holds a post from today on (新增人员并任职). Raises as :func:`add_post` and add_person."""
    post = add_post(session, actor, unit_id=unit_id, role=role, title=title, campaign=campaign, today=today)
    person = add_person(session, actor, name=name, phone=phone, today=today)
    appoint(session, actor, person.id, post.id, today=today)
    return person
