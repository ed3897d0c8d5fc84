"""Posts (岗位): which access role is carried where, for one campaign or for all; who holds them: core.work.duties.holdings."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault, InvalidInput
from core.work.duties.holdings import ADMINISTRATOR, appoint, deactivate_person, end_holding
from core.work.duties.people import add_person
from core.work.journal import record
from core.work.names import tidy
from core.work.organisation.units import get_unit
from core.work.permits import require
from core.work.roles import ADMINISTER, ROLES
from tenants.access import Actor, root_unit
from tenants.models import EnabledCampaign, Person, Post
from tenants.scope import ScopedSession

__all__ = [
    "ADMINISTRATOR",
    "LONGEST_TITLE",
    "add_person_with_post",
    "add_post",
    "appoint",
    "check_campaign",
    "check_role",
    "deactivate_person",
    "end_holding",
]
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
    valid_from: date | None = None,
    until: date | None = None,
    kind: str | None = None,
) -> Person:
    """Add a person who holds a post from today on (新增人员并任职). Raises as :func:`add_post`, add_person and appoint."""
    post = add_post(session, actor, unit_id=unit_id, role=role, title=title, campaign=campaign, today=today)
    person = add_person(session, actor, name=name, phone=phone, today=today)
    appoint(session, actor, person.id, post.id, today=today, valid_from=valid_from, until=until, kind=kind)
    return person
