"""The onboarding checklist (开通清单): what a district still lacks, computed from what is there, never stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template, url_for
from flask_babel import gettext
from sqlalchemy import func, select

from core import request as asked
from core.errors import NotFound
from core.figures.grants import grants_in_force
from core.request import db, house, require, tenant, today
from core.web.duties.people import account_states
from core.web.words import by_locale, counted, listed, say_role
from core.work.dated import valid_on
from core.work.organisation.units import departments
from core.work.roles import ADMINISTER
from core.work.tables import CalendarDay, Site
from tenants.access import TenantRef
from tenants.models import EnabledCampaign, Holding, Person, Post, Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("start", __name__, url_prefix="/t/<slug>/start")

NEEDED = ("hq_office", "inspector", "liaison")


@blueprint.before_request
def enter() -> None:
    """A city has nothing of the kind to do."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@dataclass(frozen=True, slots=True)
class Step:
    """One step: whether it is done, what there is or what is missing, and where to do it."""

    key: str
    title: str
    done: bool
    text: str
    action: str
    href: str


def read_steps(session: ScopedSession, ref: TenantRef) -> list[Step]:
    """All steps in the order in which they are best done."""
    kinds = unit_counts(session)
    return [
        _district(kinds, ref),
        _units(kinds),
        _departments(session),
        _people(session),
        _campaigns(session),
        _sites(session),
        _calendar(session),
        _grant(session, ref),
    ]


def unit_counts(session: ScopedSession) -> Mapping[str, int]:
    """How many units of each kind stand today."""
    chosen = select(Unit.kind, func.count()).where(valid_on(Unit, today())).group_by(Unit.kind)
    return dict(session.execute(chosen).all())


def _district(kinds: Mapping[str, int], ref: TenantRef) -> Step:
    text = gettext("%(name)s，代码 %(code)s", name=ref.name, code=ref.code) if ref.code else ref.name
    return Step("district", gettext("区县"), bool(kinds.get("district")), text, gettext("查看"), url_for("units.show"))


def _units(kinds: Mapping[str, int]) -> Step:
    second = kinds.get("subdistrict", 0)
    third = kinds.get("community", 0) + kinds.get("village", 0)
    text = (
        gettext("%(second)s 个街道（镇、乡），%(third)s 个社区（村）", second=second, third=third)
        if second + third
        else gettext("还没有街道和社区；逐个新增，或用工作簿导入")
    )
    return Step(
        "units", gettext("街道和社区"), bool(second and third), text, gettext("去建单位"), url_for("units.show")
    )


def _departments(session: ScopedSession) -> Step:
    rows = departments(session, today(), vocabulary=house().registry.vocabulary)
    waiting = [row for row in rows if not row.confirmed]
    names = listed(by_locale(row.title_zh, row.title_en) for row in waiting[:3])
    if not waiting:
        text = gettext("%(n)s 项职责都已确认由谁承担", n=len(rows))
    else:
        text = gettext("%(n)s 项职责里还有 %(open)s 项没有确认：%(names)s", n=len(rows), open=len(waiting), names=names)
        text += gettext(" 等") if len(waiting) > 3 else ""
    return Step("departments", gettext("部门对应"), not waiting, text, gettext("去核对"), url_for("departments.show"))


def _people(session: ScopedSession) -> Step:
    rows = session.execute(
        select(Post.role, Holding.person_id)
        .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
        .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
        .where(valid_on(Holding, today()), Person.state == "active")
    ).all()
    people = {row.person_id for row in rows}
    states = account_states(session, people)
    called = sum(state in {"active", "invited"} for state in states.values())
    held = {row.role for row in rows if states[row.person_id] in {"active", "invited"}}
    missing = [say_role(code) for code in NEEDED if code not in held]
    text = gettext("%(n)s 人在岗，%(called)s 人已邀请或有账号", n=len(people), called=called)
    if missing:
        text += gettext("；还缺：%(roles)s", roles=listed(missing))
    return Step("people", gettext("邀请人员"), not missing, text, gettext("去邀请"), url_for("people.show"))


def _campaigns(session: ScopedSession) -> Step:
    chosen = select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")
    keys = session.scalars(chosen.order_by(EnabledCampaign.campaign)).all()
    known = house().registry.campaigns
    names = [by_locale(known[key].title_zh, known[key].title_en) if key in known else key for key in keys]
    text = listed(names) if names else gettext("还没有启用任何创建项目")
    return Step("campaigns", gettext("创建项目"), bool(keys), text, gettext("去启用"), url_for("campaigns.show"))


def _sites(session: ScopedSession) -> Step:
    count = session.scalar(select(func.count()).select_from(Site).where(Site.state == "active")) or 0
    text = counted("%(n)s 个点位", n=count) if count else gettext("还没有点位；可以用工作簿一次导入")
    return Step("sites", gettext("点位"), bool(count), text, gettext("去导入"), url_for("imports.show"))


def _calendar(session: ScopedSession) -> Step:
    year = today().year
    entered = session.scalar(
        select(func.count())
        .select_from(CalendarDay)
        .where(CalendarDay.day.between(today().replace(month=1, day=1), today().replace(month=12, day=31)))
        .where(CalendarDay.provisional.is_(False))
    )
    text = (
        gettext("%(year)s 年的节假日已载入", year=year)
        if entered
        else gettext("%(year)s 年的节假日还没有载入，期限只按周一到周五计算", year=year)
    )
    return Step("calendar", gettext("工作日历"), bool(entered), text, gettext("去载入"), url_for("calendar.show"))


def _grant(session: ScopedSession, ref: TenantRef) -> Step:
    if ref.upper_id is None:
        text = gettext("本区县没有上级主管部门，不需要授权")
        return Step("grant", gettext("授权给上级"), True, text, gettext("查看"), url_for("grants.show"))
    standing = grants_in_force(session, today())
    text = (
        gettext("%(n)s 项授权，给%(names)s", n=len(standing), names=listed(sorted({g.reader_name for g in standing})))
        if standing
        else gettext("上级还收不到任何数据；不授权也不影响本区县使用")
    )
    return Step("grant", gettext("授权给上级"), bool(standing), text, gettext("去授权"), url_for("grants.show"))


@blueprint.get("")
@require(ADMINISTER)
def show() -> str:
    """The checklist with the next open step on top."""
    steps = read_steps(db(), tenant())
    following = next((step for step in steps if not step.done), None)
    done = sum(step.done for step in steps)
    return render_template("start/show.html", steps=steps, following=following, done=done)
