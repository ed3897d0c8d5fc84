"""Completion rates (任务完成率): done of all by unit, area, line, campaign or plan, of what the reader may see; and the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import ColumnElement

from core.errors import N_
from core.figures.task_figures import rates
from core.figures.task_figures.facts import Moment
from core.figures.task_figures.rates import CAMPAIGN, Rate, completion
from core.request import actor, db, require, tenant, today
from core.web import district
from core.web.paging import bad_argument, read_day
from core.web.places.site_words import campaign_titles
from core.web.table_files import send_table
from core.web.task_ranks import words
from core.work.roles import SEE
from core.work.tables import Task
from core.work.tasks.sight import sees_task
from tenants.scope import ScopedSession

blueprint = Blueprint("task_rates", __name__, url_prefix="/t/<slug>/task-ranks/rates")
blueprint.before_request(district.enter)


def _asked() -> tuple[date, str, str]:
    day, by, campaign = read_day("day") or today(), request.args.get("by", "unit"), request.args.get("campaign", "")
    if day > today():
        raise bad_argument("day", day.isoformat())
    if by not in rates.BY:
        raise bad_argument("by", by)
    if campaign and campaign not in campaign_titles(db()):
        raise bad_argument("campaign", campaign)
    return day, by, campaign


def read_rates(session: ScopedSession, day: date, by: str, campaign: str) -> list[Rate]:
    """The lines of a table, of a past day as of its end; only tasks that the reader may see."""
    return completion(
        session,
        day=day,
        by=by,
        campaign=campaign or None,
        moment=Moment.of(day, today()),
        conditions=[sees_task(actor(), today())],
    )


@blueprint.get("")
@require(SEE)
def show() -> str:
    """One table, with its sum."""
    day, by, campaign = _asked()
    found = read_rates(db(), day, by, campaign)
    whole = rates.totals(db(), Moment.of(day, today()), _conditions(campaign))
    return render_template(
        "task_ranks/rates.html",
        rows=found,
        whole=whole,
        day=day,
        by=by,
        campaign=campaign,
        titles=campaign_titles(db()),
        ways=[(code, gettext(title)) for code, title in words.BY.items()],
        say_name=lambda one: say_name(one, by),
        link=lambda one: _link(one, by, campaign),
        is_past=day < today(),
        today=today(),
        words=words,
    )


def _conditions(campaign: str) -> list[ColumnElement[bool]]:
    seen = sees_task(actor(), today())
    return [seen, Task.campaign == campaign] if campaign else [seen]


def say_name(one: Rate, by: str) -> str:
    """What a line is of."""
    if by == CAMPAIGN:
        return campaign_titles(db()).get(one.code, one.code) if one.code else gettext("不属于创建项目")
    return one.name or {"line": gettext("不属于条线"), "plan": gettext("不属于计划")}.get(by, "—")


def _link(one: Rate, by: str, campaign: str) -> str | None:
    """The list of tasks behind a line."""
    more = {"campaign": campaign or None, "tab": "all"}
    if by in ("unit", "plan") and one.id:
        return url_for("tasks.show_list", **{by: one.id}, **more)
    if by == CAMPAIGN and one.code:
        return url_for("tasks.show_list", campaign=one.code, tab="all")
    return None


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_workbook")
@require(SEE)
def export() -> Response:
    """The same as a file."""
    day, by, campaign = _asked()
    who, last = actor(), today()
    names = campaign_titles(db())

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        seen = [sees_task(who, last)]
        moment = Moment.of(day, last)
        for one in completion(session, day=day, by=by, campaign=campaign or None, moment=moment, conditions=seen):
            name = names.get(one.code, one.code) if by == CAMPAIGN else one.name
            sums = one.sums
            counts = (sums.done, sums.total, sums.percent, sums.verified, sums.verified_percent)
            yield (
                day,
                name or "—",
                one.code,
                *counts,
                sums.overdue,
                sums.at_risk,
                sums.red,
                sums.amber,
                sums.green,
                sums.grey,
            )

    head = (N_("日期"), N_("名称"), N_("编号"), N_("已报完成"), N_("任务"), N_("完成率%"), N_("已核验"), N_("核验率%"))
    tail = (N_("超期"), N_("预计超期"), N_("红灯"), N_("黄灯"), N_("绿灯"), N_("暂不判断"))
    name = f"task-rates-{tenant().slug}-{by}-{day.isoformat()}"
    return send_table(name, gettext("任务完成率"), [gettext(text) for text in head + tail], rows)
