"""The audit trail (操作日志): who did what to which object, when; filtered, page by page, and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy import Select, select, tuple_

from core import request as asked
from core.errors import N_
from core.request import actor, db, now, require, today
from core.settings import ZONE
from core.web.exports import stream_csv
from core.web.paging import Page, bad_argument, cut, read_cursor, read_day, read_id
from core.work.journal import record
from core.work.roles import AUDIT
from core.work.tables import Audit
from tenants.scope import ScopedSession

blueprint = Blueprint("audit", __name__, url_prefix="/t/<slug>/audit")
blueprint.before_request(asked.enter)

# What each verb of the trail is called on the page; a verb that is missing here is shown as it is written.
VERBS: Mapping[str, str] = MappingProxyType(
    {
        "account.deactivate": N_("停用账号"),
        "account.invite": N_("发出邀请链接"),
        "account.reset": N_("发出重设密码链接"),
        "account.restore": N_("恢复账号"),
        "audit.export": N_("导出日志"),
        "calendar.seed": N_("载入节假日"),
        "calendar.set": N_("修改工作日历"),
        "campaign.enable": N_("启用创建项目"),
        "campaign.suspend": N_("停用创建项目"),
        "tenant.onboard": N_("开通区县"),
        "token.create": N_("新建接口令牌"),
        "token.revoke": N_("作废接口令牌"),
        "unit.add": N_("新增单位"),
        "unit.map_role": N_("部门对应"),
        "unit.rename": N_("单位更名"),
    }
)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "audit": N_("日志"),
        "calendar": N_("工作日历"),
        "campaign": N_("创建项目"),
        "finding": N_("问题"),
        "grant": N_("发布授权"),
        "person": N_("人员"),
        "post": N_("岗位"),
        "publication": N_("发布件"),
        "site": N_("点位"),
        "tenant": N_("区县或市"),
        "token": N_("接口令牌"),
        "unit": N_("单位"),
        "visit": N_("检查"),
    }
)
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "added": N_("新增"),
        "after": N_("现在"),
        "before": N_("原来"),
        "campaign": N_("创建项目"),
        "code": N_("代码"),
        "departments": N_("部门数"),
        "edition": N_("版本"),
        "filters": N_("条件"),
        "name": N_("名称"),
        "parent": N_("上级单位"),
        "provisional": N_("暂定"),
        "role": N_("角色或职责"),
        "title": N_("岗位名称"),
        "unit": N_("单位"),
        "unit_kind": N_("单位类型"),
        "units": N_("单位数"),
        "working": N_("上班"),
        "years": N_("年份"),
    }
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page's address asks for."""

    who: str = ""
    verb: str = ""
    kind: str = ""
    object_id: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return any((self.who, self.verb, self.kind, self.object_id, self.since, self.until))


def read_filter() -> Filter:
    """The filter of this request. Raises InvalidInput for a day that is none."""
    said = request.args
    texts = [said.get(name, "").strip()[:80].replace("\x00", "") for name in ("who", "verb", "kind", "object")]
    return Filter(*texts, since=read_day("from"), until=read_day("to"))


def midnight(day: date) -> datetime:
    """The moment at which a day begins where the districts are."""
    return datetime.combine(day, time(0), ZONE)


def chosen(wanted: Filter) -> Select[tuple[Audit]]:
    """The lines of the trail that a filter asks for, newest first."""
    lines = select(Audit).order_by(Audit.at.desc(), Audit.id.desc())
    if wanted.who:
        lines = lines.where(Audit.person_name.contains(wanted.who, autoescape=True))
    if wanted.verb:
        lines = lines.where(Audit.verb == wanted.verb)
    if wanted.kind:
        lines = lines.where(Audit.object_kind == wanted.kind)
    if wanted.object_id:
        lines = lines.where(Audit.object_id == wanted.object_id)
    if wanted.since:
        lines = lines.where(Audit.at >= midnight(wanted.since))
    if wanted.until:
        lines = lines.where(Audit.at < midnight(wanted.until + timedelta(days=1)))
    return lines


def read_page(session: ScopedSession, wanted: Filter, cursor: list[str] | None, size: int) -> Page[Audit]:
    """One page of the trail. Raises InvalidInput for a cursor that nobody made."""
    lines = chosen(wanted)
    if cursor:
        try:
            after: tuple[datetime, UUID] = (datetime.fromisoformat(cursor[0]), read_id(cursor[1], "cursor"))
        except ValueError:
            raise bad_argument("cursor", cursor[0]) from None
        lines = lines.where(tuple_(Audit.at, Audit.id) < tuple_(*after))
    return cut(session.scalars(lines.limit(size + 1)).all(), lambda line: (line.at.isoformat(), line.id), size)


def say_verb(verb: str) -> str:
    """The verb in the reader's language."""
    return gettext(VERBS[verb]) if verb in VERBS else verb


def say_kind(kind: str) -> str:
    """The kind of object in the reader's language."""
    return gettext(KINDS[kind]) if kind in KINDS else kind


def say_detail(detail: Mapping[str, Any]) -> str:
    """The detail of a line, one ``name: value`` after the other."""
    return "; ".join(f"{say_word(name)}: {say_value(value)}" for name, value in detail.items())


def say_word(name: str) -> str:
    """The name of a part of the detail; a part that is missing here is shown as it is written."""
    return gettext(WORDS[name]) if name in WORDS else name


def say_value(value: Any) -> str:
    """A value of the detail as people read it."""
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, list | tuple):
        return "、".join(str(v) for v in value)
    return "—" if value is None or value == "" else str(value)


@blueprint.get("")
@require(AUDIT)
def show() -> str:
    """The trail, filtered by person, verb, object and days."""
    wanted = read_filter()
    page = read_page(db(), wanted, read_cursor(2), 50)
    return render_template(
        "audit/list.html",
        page=page,
        wanted=wanted,
        verbs=sorted(((key, gettext(text)) for key, text in VERBS.items()), key=lambda pair: pair[0]),
        kinds=[(key, gettext(text)) for key, text in KINDS.items()],
        say_verb=say_verb,
        say_kind=say_kind,
        say_detail=say_detail,
    )


@blueprint.get("/export.csv")
@require(AUDIT)
def export() -> Response:
    """The same list as CSV; that it was taken out is itself a line of the trail."""
    wanted = read_filter()
    filters = {name: value for name, value in request.args.items() if value}
    record(db(), actor(), "audit.export", "audit", "", filters=", ".join(f"{k}={v}" for k, v in filters.items())[:200])
    taken = now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        lines = chosen(wanted).where(Audit.at <= taken).execution_options(yield_per=500)
        for line in session.scalars(lines):
            at = line.at.astimezone(ZONE).isoformat(timespec="seconds")
            who = line.person_name or gettext("系统")
            said = say_verb(line.verb), line.verb, say_kind(line.object_kind), line.object_id, say_detail(line.detail)
            yield at, who, *said

    head = [gettext(t) for t in (N_("时间"), N_("操作人"), N_("操作"), N_("操作代码"), N_("对象"), N_("对象编号"), N_("内容"))]
    return stream_csv(f"audit-{today().isoformat()}.csv", head, rows)
