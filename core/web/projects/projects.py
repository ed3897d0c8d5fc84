"""The list of projects (项目清单) with its filters, as CSV and workbook; and the fund table of all of them (专项资金)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from core.errors import N_
from core.request import actor, db, now, require, tenant, today
from core.web import district
from core.web.paging import PAGE, bad_argument, cut, read_cursor, read_id
from core.web.places.site_words import unit_options
from core.web.projects import choices
from core.web.projects import project_words as words
from core.web.table_files import send_table
from core.work.projects.funds import FundLine, fund_table
from core.work.projects.project_list import OPEN, Line, Wanted, lines_of, list_projects
from core.work.projects.shares import say_yuan
from core.work.projects.states import KINDS, SOURCES, STATES
from core.work.roles import ANSWER, DIRECT, SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("projects", __name__, url_prefix="/t/<slug>/projects")
blueprint.before_request(district.enter)

BATCH = 200
HEAD = (
    N_("编号"), N_("项目名称"), N_("类别"), N_("状态"), N_("责任单位"), N_("地点"), N_("开工日期"), N_("完工日期"),
    N_("当前阶段"), N_("已过阶段"), N_("阶段数"), N_("逾期阶段"), N_("逾期天数"), N_("进度（%）"),
    N_("总投资（元）"), N_("计划资金（元）"), N_("已付资金（元）"), N_("施工单位"), N_("合同编号"),
)  # fmt: skip
FUND_HEAD = (
    N_("编号"), N_("项目名称"), N_("责任单位"), N_("出资方"), N_("来源"), N_("计划（元）"), N_("已付（元）"), N_("未付（元）"),
)  # fmt: skip


def read_wanted() -> Wanted:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    ids = {
        name: read_id(said[name], name) if said.get(name) else None for name in ("unit", "plan", "line", "site", "task")
    }
    kind, state = said.get("kind", ""), said.get("state", "")
    if kind and kind not in KINDS:
        raise bad_argument("kind", kind)
    if state and state != OPEN and state not in STATES:
        raise bad_argument("state", state)
    return Wanted(
        kind,
        state,
        ids["unit"],
        said.get("campaign", "")[:60],
        ids["plan"],
        ids["line"],
        ids["site"],
        ids["task"],
        bool(said.get("late")),
        said.get("q", "").strip()[:60],
    )


def _query() -> dict[str, str]:
    return {key: value for key, value in request.args.items() if value and key not in ("cursor", "slug")}


def _after() -> tuple[date, UUID] | None:
    keys = read_cursor(2)
    if keys is None:
        return None
    try:
        return date.fromisoformat(keys[0]), UUID(keys[1])
    except ValueError:
        raise bad_argument("cursor", request.args.get("cursor", "")) from None


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The list: by last day, with stage, progress and what is late."""
    wanted = read_wanted()
    found = list_projects(db(), actor(), wanted, now=now(), limit=PAGE + 1, after=_after())
    page = cut(found, lambda one: (one.ends_on.isoformat(), one.id))
    return render_template(
        "projects/list.html",
        page=page,
        lines=lines_of(db(), page.rows, today()),
        wanted=wanted,
        query=_query(),
        units=unit_options(db(), actor(), today()),
        plans=choices.plans(today()),
        campaigns=choices.campaigns(),
        states=[(OPEN, gettext("未结束")), *words.options(STATES)],
        may_make=actor().has(DIRECT) or actor().has(ANSWER),
        words=words,
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_xlsx")
@require(SEE)
def export() -> Response:
    """The same list as CSV or as a workbook."""
    wanted, who, moment, on = read_wanted(), actor(), now(), today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        after: tuple[date, UUID] | None = None
        while found := list_projects(session, who, wanted, now=moment, limit=BATCH, after=after):
            yield from (_cells(one) for one in lines_of(session, found, on))
            after = (found[-1].ends_on, found[-1].id)

    return send_table(f"projects-{tenant().slug}-{on}", gettext("工程项目"), [gettext(text) for text in HEAD], rows)


def _cells(line: Line) -> Sequence[object]:
    one = line.project
    return (
        one.number,
        one.title,
        words.say(one.kind, KINDS),
        words.say(one.state, STATES),
        line.unit_name,
        one.place,
        one.starts_on.isoformat(),
        one.ends_on.isoformat(),
        words.say_stage(line.stage),
        line.stages_passed,
        line.stages,
        line.late_stages,
        line.late_days,
        words.say_percent(line.progress).removesuffix("%") if line.progress is not None else "",
        say_yuan(one.cost) if one.cost is not None else "",
        say_yuan(line.planned),
        say_yuan(line.paid),
        one.contractor,
        one.contract,
    )


@blueprint.get("/funds")
@require(SEE)
def show_funds() -> str:
    """Budget and use by source over all projects that are wanted and seen."""
    wanted = read_wanted()
    return render_template(
        "projects/funds.html",
        table=fund_table(db(), actor(), wanted, today()),
        wanted=wanted,
        query=_query(),
        units=unit_options(db(), actor(), today()),
        plans=choices.plans(today()),
        campaigns=choices.campaigns(),
        words=words,
        list_url=url_for("projects.show_list"),
    )


@blueprint.get("/funds.csv", endpoint="funds_csv")
@blueprint.get("/funds.xlsx", endpoint="funds_xlsx")
@require(SEE)
def export_funds() -> Response:
    """The fund table, a share a row, as CSV or as a workbook."""
    wanted, who, on = read_wanted(), actor(), today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        yield from (_fund_cells(one) for one in fund_table(session, who, wanted, on).lines)

    head = [gettext(text) for text in FUND_HEAD]
    return send_table(f"project-funds-{tenant().slug}-{on}", gettext("专项资金"), head, rows)


def _fund_cells(one: FundLine) -> Sequence[object]:
    money = (say_yuan(one.planned), say_yuan(one.paid), say_yuan(one.planned - one.paid))
    return (one.number, one.title, one.unit_name, one.payer, words.say(one.source, SOURCES), *money)
