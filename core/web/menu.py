"""The menu (菜单): the rooms a person may go to, and inside a room its neighbours; nobody sees a door that he cannot open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, request
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from core import request as asked
from core.errors import N_
from core.work.duties.sponsor_log import sponsors_anything
from core.work.roles import (
    ADMINISTER,
    ANSWER,
    AUDIT,
    CHECK,
    COMPARE,
    DIRECT,
    GRANT,
    LEAD,
    PUBLISH,
    REPORT,
    SEE,
    VISIT,
)
from tenants.access import BUREAUS, ROOTS, Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the menu: who may go there (any of the verbs), and in which kind of tenant.

    ``inside`` are the places of the same room, shown while one is in it. ``also`` are addresses that belong to it.
    ``sponsors``: open to a sponsor (包保人) who has no post that sees anything, a city leader for instance.
    """

    label: str
    path: str
    icon: str
    verbs: frozenset[str]
    kinds: frozenset[str] = frozenset({"district"})
    phone: bool = False
    inside: tuple[Entry, ...] = ()
    also: tuple[str, ...] = ()
    sponsors: bool = False


def _in(label: str, path: str, *verbs: str) -> Entry:
    return Entry(label, path, "", frozenset(verbs))


ALL_KINDS = frozenset(ROOTS)
BUREAU = frozenset(BUREAUS)
FINDINGS = (
    _in(N_("清单"), "findings", SEE),
    _in(N_("上报问题"), "findings/new", REPORT),
    _in(N_("领导交办"), "findings/instruct", LEAD, DIRECT),
    _in(N_("巡查班次"), "patrols", REPORT),
    _in(N_("吹哨报到"), "whistles", SEE),
    _in(N_("通知单"), "notices", SEE),
    _in(N_("回头看"), "rechecks", SEE),
    _in(N_("反复问题"), "recurring", SEE),
    _in(N_("举一反三"), "sweeps", SEE),
    _in(N_("疑点"), "doubts", CHECK, DIRECT),
    _in(N_("申诉清单"), "appeals", SEE),
    _in(N_("疑似重复"), "findings/duplicates", DIRECT),
    _in(N_("外部联系人"), "contacts", ANSWER),
)
TASKS = (
    _in(N_("任务清单"), "tasks", SEE),
    _in(N_("任务单"), "tasks/slip", SEE),
    _in(N_("领导一页"), "leader", LEAD, DIRECT),
    _in(N_("任务分解"), "splits", SEE),
    _in(N_("计划"), "plans", SEE),
    _in(N_("工程项目"), "projects", SEE),
    _in(N_("工作量"), "quantities", SEE),
    _in(N_("会议"), "meetings", SEE),
    _in(N_("任务排名"), "task-ranks", SEE),
    _in(N_("考核"), "appraisals", SEE),
)
VISITS = (
    _in(N_("检查记录"), "visits", VISIT, SEE),
    _in(N_("轮次"), "rounds", VISIT, SEE),
    _in(N_("密封抽样"), "draws", SEE),
    _in(N_("检查表"), "forms", SEE),
    _in(N_("纸质录入"), "paper/enter", VISIT),
)
SITES = (
    _in(N_("点位"), "sites", SEE),
    _in(N_("点位达标"), "attainment", SEE),
)
FIGURES = (
    _in(N_("得分"), "figures", SEE),
    _in(N_("先改什么"), "first", SEE),
    _in(N_("易失分项"), "lost-items", SEE),
    _in(N_("进度"), "pace", SEE),
    _in(N_("逐日"), "days", SEE),
    _in(N_("计分留存"), "runs", SEE),
)
STANDINGS = (
    _in(N_("排名"), "rankings", SEE),
    _in(N_("单位排名"), "unit-ranking", SEE),
    _in(N_("亮牌"), "cards", SEE),
    _in(N_("负面清单"), "negative", SEE),
)
ORGANISATION = (
    _in(N_("单位"), "units", ADMINISTER, DIRECT, LEAD),
    _in(N_("各片区"), "units/areas", SEE),
    _in(N_("架构图"), "units/chart", SEE),
    _in(N_("人员"), "people", ADMINISTER),
    _in(N_("包保"), "sponsors", SEE),
    _in(N_("责任覆盖"), "coverage", ADMINISTER, DIRECT, LEAD),
    _in(N_("基层负担"), "load", ADMINISTER, DIRECT, LEAD),
)
SETTINGS = (
    _in(N_("设置"), "settings", ADMINISTER),
    _in(N_("派遣规则"), "settings/routing", DIRECT, ADMINISTER),
)
BUREAU_ORGANISATION = (_in(N_("单位"), "units", ADMINISTER), _in(N_("人员"), "people", ADMINISTER))
MENU: tuple[Entry, ...] = (
    Entry(
        N_("今日"),
        "",
        "home",
        frozenset({SEE, VISIT, ANSWER, ADMINISTER, COMPARE}),
        ALL_KINDS,
        phone=True,
        sponsors=True,
    ),
    Entry(N_("我的包保"), "sponsors/mine", "users", frozenset(), phone=True, sponsors=True),
    Entry(
        N_("检查"),
        "visits",
        "clipboard-check",
        frozenset({VISIT, SEE}),
        phone=True,
        inside=VISITS,
        also=("visit",),
    ),
    Entry(N_("问题"), "findings", "alert-circle", frozenset({SEE}), phone=True, inside=FINDINGS),
    Entry(N_("任务"), "tasks", "checklist", frozenset({SEE}), inside=TASKS),
    Entry(N_("点位"), "sites", "map-pin", frozenset({SEE}), inside=SITES),
    Entry(N_("指标"), "figures", "chart-bar", frozenset({SEE}), inside=FIGURES, also=("k", "what-if")),
    Entry(N_("统计填报"), "statistics", "table", frozenset({SEE})),
    Entry(N_("排名与亮牌"), "rankings", "trophy", frozenset({SEE}), inside=STANDINGS),
    Entry(N_("报告"), "reports", "report", frozenset({SEE})),
    Entry(N_("发布"), "publications", "send", frozenset({PUBLISH, GRANT})),
    Entry(N_("创建项目"), "campaigns", "flag", frozenset({SEE, ADMINISTER})),
    Entry(N_("区县比较"), "/c/{slug}/comparison", "trophy", frozenset({COMPARE}), BUREAU, phone=True),
    Entry(N_("收到的发布件"), "/c/{slug}/received", "report", frozenset({COMPARE}), BUREAU),
    Entry(N_("公布名次"), "/c/{slug}/standings", "send", frozenset({COMPARE}), BUREAU),
    Entry(
        N_("组织"), "units", "sitemap", frozenset({SEE, ADMINISTER}), inside=ORGANISATION, also=("posts", "handovers")
    ),
    Entry(N_("组织"), "units", "sitemap", frozenset({ADMINISTER}), BUREAU, inside=BUREAU_ORGANISATION),
    Entry(N_("设置"), "settings", "settings", frozenset({DIRECT, ADMINISTER}), inside=SETTINGS),
    Entry(N_("设置"), "settings", "settings", frozenset({ADMINISTER}), BUREAU),
    Entry(N_("日志"), "audit", "history", frozenset({AUDIT}), ALL_KINDS),
)


def make_menu() -> list[dict[str, Any]]:
    """The places that the actor may go to, in this tenant, with the one he is at marked and its room opened."""
    if "actor" not in g:
        return []
    actor = asked.actor()
    here = [entry for entry in MENU if actor.tenant.kind in entry.kinds]
    return [
        _place(actor, entry)
        for entry in here
        if entry.verbs & actor.verbs or (entry.sponsors and SEE not in actor.verbs and _is_sponsor())
    ]


def _is_sponsor() -> bool:
    """Whether the actor sponsors anything today, asked once a request; False on the pages of a broken one."""
    if "session" not in g:
        return False
    if "is_sponsor" not in g:
        try:
            g.is_sponsor = sponsors_anything(asked.db(), asked.actor(), asked.today())
        except SQLAlchemyError:
            return False  # the page that says what broke must not break on the same session
    found: bool = g.is_sponsor
    return found


def _place(actor: Actor, entry: Entry) -> dict[str, Any]:
    inner = [one for one in entry.inside if one.verbs & actor.verbs]
    # The most exact address is where one is: the form for a new finding lies under the list's address.
    here = max((one for one in inner if _is_at(actor, one.path)), key=lambda one: len(one.path), default=None)
    active = here is not None or _is_at(actor, entry.path) or any(_is_at(actor, path) for path in entry.also)
    return {
        "label": gettext(entry.label),
        "href": _address(actor, inner[0].path if inner else entry.path),
        "icon": entry.icon,
        "active": active and here is None,
        "within": active,
        "phone": entry.phone,
        "inside": [
            {"label": gettext(one.label), "href": _address(actor, one.path), "active": one is here} for one in inner
        ],
    }


def _address(actor: Actor, path: str) -> str:
    found = path.format(slug=actor.tenant.slug)
    return found if found.startswith("/") else f"/t/{actor.tenant.slug}/{found}"


def _is_at(actor: Actor, path: str) -> bool:
    """Whether the page asked for is this place or lies under it."""
    address = _address(actor, path)
    return request.path == address or (bool(path) and request.path.startswith(f"{address}/"))
