"""The list of plans (计划清单): a tree of what carries out what, each with how far it is; filters are in the address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_
from core.figures.task_figures.line_sums import Sum, of_plan, read_sums, total
from core.request import actor, db, require, tenant, today
from core.web.paging import bad_argument, read_id
from core.web.places.site_words import campaign_titles, unit_options
from core.web.plans import plan_words as words
from core.web.table_files import send_table
from core.work.plans.kinds import KINDS, STATES
from core.work.plans.plan_list import WHEN, PlanFilter, PlanRow, list_plans
from core.work.roles import DIRECT, SEE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("work_plans", __name__, url_prefix="/t/<slug>/plans")
blueprint.before_request(asked.enter)

MOST = 400  # plans on one page: a district has tens of them
HEAD = (
    N_("编号"),
    N_("上级计划"),
    N_("计划"),
    N_("类别"),
    N_("状态"),
    N_("牵头单位"),
    N_("责任人"),
    N_("开始日"),
    N_("结束日"),
    N_("任务"),
    N_("完成"),
    N_("核验"),
    N_("逾期"),
    N_("预计超期"),
    N_("工程项目"),
)
TABS = (("now", N_("执行期内")), ("coming", N_("还没有开始")), ("past", N_("已经过去")), ("", N_("全部")))


@dataclass(frozen=True, slots=True)
class Branch:
    """A plan in the tree (计划树): ``sum`` contains all that carries it out."""

    row: PlanRow
    depth: int
    sum: Sum
    children: int


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The tree of the plans that run now, or of another time, kind, year or unit."""
    wanted, on = read_wanted(), today()
    branches = read_tree(db(), actor(), wanted, on)
    return render_template(
        "plans/list.html",
        branches=branches[:MOST],
        more=len(branches) > MOST,
        most=MOST,
        wanted=wanted,
        filtered=any(request.args.get(name) for name in ("kind", "state", "year", "unit", "campaign", "q")),
        tabs=[(code, gettext(label), code == wanted.when) for code, label in TABS],
        kinds=words.kind_options(),
        states=words.options(STATES),
        units=unit_options(db(), actor(), on),
        campaigns=list(campaign_titles(db()).items()),
        years=[(str(year), str(year)) for year in range(on.year + 2, on.year - 4, -1)],
        may_make=actor().has(DIRECT),
        words=words,
        today=on,
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same as CSV."""
    return _send()


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same as an Excel workbook."""
    return _send()


def _send() -> Response:
    wanted, who, on = read_wanted(), actor(), today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        branches = read_tree(session, who, wanted, on)
        numbers = {one.row.plan.id: one.row.plan.number for one in branches}
        for one in branches:
            plan, sums = one.row.plan, one.sum
            above = numbers.get(plan.parent_id, "") if plan.parent_id else ""
            named = (plan.number, above, plan.title, words.say_kind(plan.kind), words.state_of(plan.state)[0])
            people = (one.row.unit_name, one.row.person_name, plan.starts_on.isoformat(), plan.ends_on.isoformat())
            yield (*named, *people, sums.tasks, sums.done, sums.verified, sums.late, sums.at_risk, sums.projects)

    name = f"plans-{tenant().slug}-{on.isoformat()}"
    return send_table(name, gettext("计划"), [gettext(text) for text in HEAD], rows)


def read_wanted() -> PlanFilter:
    """The filter in the address. Raises InvalidInput."""
    said = {name: request.args.get(name, "").strip() for name in ("kind", "state", "year", "campaign", "q", "unit")}
    when = request.args.get("when", "now" if not any(said.values()) else "")
    for name, known in (("kind", KINDS), ("state", STATES)):
        if said[name] and said[name] not in known:
            raise bad_argument(name, said[name])
    if when and when not in WHEN:
        raise bad_argument("when", when)
    if said["year"] and not (said["year"].isascii() and said["year"].isdigit() and len(said["year"]) == 4):
        raise bad_argument("year", said["year"])
    unit = read_id(said["unit"], "unit") if said["unit"] else None
    year = int(said["year"]) if said["year"] else None
    return PlanFilter(said["kind"], said["state"], year, said["campaign"], unit, said["q"], when)


def read_tree(session: ScopedSession, who: Actor, wanted: PlanFilter, on: date) -> list[Branch]:
    """The plans of a filter under one another; one whose parent is not among them stands at the top."""
    every = list_plans(session, who, PlanFilter(), on=on)
    inner: dict[UUID | None, list[PlanRow]] = {}
    for row in every:
        if row.plan.state not in ("replaced", "cancelled"):
            inner.setdefault(row.plan.parent_id, []).append(row)
    sums = read_sums(session, who, [row.plan.id for row in every], on)

    def whole(plan_id: UUID) -> Sum:
        return total([of_plan(sums, plan_id), *(whole(row.plan.id) for row in inner.get(plan_id, ()))])

    shown = every if wanted == PlanFilter() else list_plans(session, who, wanted, on=on)
    ids = {row.plan.id for row in shown}
    under: dict[UUID | None, list[PlanRow]] = {}
    for row in shown:
        under.setdefault(row.plan.parent_id if row.plan.parent_id in ids else None, []).append(row)
    found: list[Branch] = []

    def lay(parent: UUID | None, depth: int) -> None:
        for row in under.get(parent, ()):
            key = row.plan.id
            found.append(Branch(row, depth, whole(key), len(inner.get(key, ()))))
            lay(key, depth + 1)

    lay(None, 0)
    return found
