"""The list of tasks (任务清单): tabs and filters in the address, counts with their rates, a page at a time, the same as a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core.errors import N_
from core.request import actor, db, require, today
from core.web import district
from core.web.paging import PAGE, bad_argument, cut, read_cursor, read_day, read_id
from core.web.places.site_words import campaign_titles, unit_options
from core.web.table_files import send_table
from core.web.tasks import words
from core.work.roles import ANSWER, DIRECT, LEAD, SEE
from core.work.statistics.measures import plain
from core.work.tasks.listing import (
    ALL,
    OPEN,
    TABS,
    TaskFilter,
    TaskRow,
    every_task,
    list_tasks,
    plan_options,
    tally_tasks,
)
from core.work.tasks.states import SOURCES, STATES

blueprint = Blueprint("tasks", __name__, url_prefix="/t/<slug>/tasks")
blueprint.before_request(district.enter)

NARROWING = ("unit", "person", "state", "campaign", "source", "plan", "line", "from", "to", "q", "mine", "parent")


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The tasks of a tab, by default what is not done yet, the most urgent first."""
    wanted, day = read_filter(), today()
    sort = request.args.get("sort", "") or ("-due" if wanted.tab == "done" else "due")
    found = list_tasks(db(), actor(), wanted, day=day, after=_after(), sort=sort)
    page = cut(found, lambda row: (row.task.due_on.isoformat(), row.task.id))
    plans = plan_options(db())
    return render_template(
        "tasks/list.html",
        page=page,
        wanted=wanted,
        tally=tally_tasks(db(), actor(), wanted, day=day),
        filtered=any(request.args.get(name) for name in NARROWING),
        tabs=[(code, gettext(title)) for code, title in TABS.items()],
        units=unit_options(db(), actor(), day),
        states=words.options(STATES),
        sources=words.options(SOURCES),
        campaigns=list(campaign_titles(db()).items()),
        plans=[(str(one), title) for one, title, plan in plans if plan is None],
        lines=[(str(one), title) for one, title, plan in plans if plan is not None and plan == wanted.plan_id],
        may_make=actor().has(DIRECT) or actor().has(LEAD),
        may_import=actor().has(DIRECT),
        may_bulk=actor().has(DIRECT) or actor().has(ANSWER),
        sort=sort,
        words=words,
        today=day,
        page_size=PAGE,
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_xlsx")
@require(SEE)
def export() -> Response:
    """The same list as CSV or as a workbook."""
    wanted, day, who = read_filter(), today(), actor()
    head = (
        N_("编号"), N_("任务"), N_("要求"), N_("牵头单位"), N_("责任人"), N_("来源"), N_("创建项目"), N_("开始日期"), N_("截止日期"),
        N_("状态"), N_("进度"), N_("已完成"), N_("目标数量"), N_("计量单位"), N_("权重"), N_("外部编号"),
    )  # fmt: skip
    titles = campaign_titles(db())
    names = {code: gettext(pair[0]) for code, pair in STATES.items()}
    sources = {code: gettext(title) for code, title in SOURCES.items()}
    return send_table(
        f"tasks-{day.isoformat()}",
        gettext("任务"),
        [gettext(text) for text in head],
        lambda session: (_line(row, names, sources, titles) for row in every_task(session, who, wanted, day=day)),
    )


def _line(row: TaskRow, names: dict[str, str], sources: dict[str, str], titles: Any) -> Sequence[object]:
    task = row.task
    counted = task.target is not None
    return (
        task.number or "",
        task.title,
        task.requirement,
        row.unit_name,
        row.person_name,
        sources.get(task.source, task.source),
        titles.get(task.campaign, task.campaign),
        task.starts_on.isoformat(),
        task.due_on.isoformat(),
        names[task.state],
        words.say_progress(task),
        plain(task.done) if counted else "",
        plain(task.target) if task.target is not None else "",
        words.say_measure(task.measure),
        task.weight,
        task.code or "",
    )


def read_filter() -> TaskFilter:
    """The filter of the list as its address says it. Raises InvalidInput."""
    said = request.args

    def chosen(name: str) -> UUID | None:
        text = said.get(name, "")
        return read_id(text, name) if text else None

    states = tuple(one for one in said.getlist("state") if one)
    return TaskFilter(
        tab=said.get("tab") or (ALL if states or chosen("parent") else OPEN),
        unit_id=chosen("unit"),
        person_id=chosen("person"),
        states=states,
        campaign=said.get("campaign", ""),
        source=said.get("source", ""),
        plan_id=chosen("plan"),
        line_id=chosen("line") if chosen("plan") else None,
        parent_id=chosen("parent"),
        due_from=read_day("from"),
        due_to=read_day("to"),
        text=said.get("q", ""),
        mine=bool(said.get("mine")),
    )


def _after() -> tuple[date, UUID] | None:
    keys = read_cursor(2)
    if keys is None:
        return None
    try:
        return date.fromisoformat(keys[0]), UUID(keys[1])
    except ValueError:
        raise bad_argument("cursor", request.args.get("cursor", "")) from None
