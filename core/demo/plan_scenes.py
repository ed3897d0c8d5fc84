"""The demo's plans (演示计划): a three-year plan, an annual guide with six battles, two drives, and 大干50天 under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from core.demo.playing import LABEL, Play
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.plans.kinds import ANNUAL, DRIVE, SPRINT, THREE_YEAR
from core.work.plans.lines import LineWish, add_lines, reach_milestone
from core.work.plans.scope import DriveScope, set_scope
from core.work.plans.steps import move
from core.work.plans.targets import TargetWish, set_targets
from core.work.plans.writing import PlanWish, create
from core.work.quantities.entering import QuantityWish, enter, find_kind
from core.work.quantities.kinds import KindWish, add_kind
from core.work.tables import Plan, PlanLine, Task
from core.work.tasks.acting import act
from core.work.tasks.making import TaskWish, create_many
from tenants.models import Unit

BATTLES = (
    ("市容环境提升攻坚战", "背街小巷全部整治到位", ("清理卫生死角", "规范占道经营", "整治乱贴乱画")),
    ("交通秩序整治攻坚战", "重点路口秩序达标", ("施划停车泊位", "路口文明劝导", "清理僵尸车")),
    ("老旧小区改造攻坚战", "年度改造小区完工", ("楼道粉刷", "飞线整治", "充电设施安装")),
    ("农贸市场升级攻坚战", "市场全部达标", ("市场排水改造", "摊位规范", "快检室建设")),
    ("食品安全保障攻坚战", "明厨亮灶全覆盖", ("后厨视频接入", "小餐饮规范")),
    ("窗口服务优化攻坚战", "", ()),
)
LANES, MARKETS = "背街小巷专项整治", "农贸市场及周边专项整治"
SPRINT_TASKS = ("沿街立面清洗", "垃圾清运", "公厕保洁", "护栏修复", "井盖排查", "绿地补栽", "广告拆除", "楼道清理")
GONE = 19  # of the sprint's fifty days, before the demo's last day


def play_plans(play: Play) -> None:
    """Make them all, with their tasks in every state."""
    random = Random(play.stage.part.seed + 83)  # noqa: S311 - a fixed seed is the point
    whole = _plan(play, THREE_YEAR, f"三年行动计划{LABEL}", date(play.today.year - 1, 1, 1), years=3)
    guide = _plan(play, ANNUAL, f"{play.today.year} 年度创建工作指引{LABEL}", date(play.today.year, 1, 1), above=whole)
    lines = _battles(play, guide)
    _lanes(play, random, guide)
    _markets(play, guide)
    for line, (_, _, titles) in zip(lines, BATTLES, strict=True):
        _give(play, random, guide, titles, line=line, back=25)
    first = play.today - timedelta(days=GONE)
    wish = PlanWish(SPRINT, f"大干50天{LABEL}", play.root(), first, length=50, goal="迎检冲刺，每天清零")
    sprint = create(play.session, play.desk, wish, now=play.at(GONE + 1, 9))
    move(play.session, play.desk, sprint.id, "activate", version=sprint.version, now=play.at(GONE, 8))
    _give(play, random, sprint, SPRINT_TASKS * 4, back=GONE)
    play.session.flush()


def _plan(
    play: Play,
    kind: str,
    title: str,
    first: date,
    *,
    years: int = 1,
    last: date | None = None,
    above: Plan | None = None,
) -> Plan:
    """A plan that is in force since the demo's first days."""
    ends = last or date(first.year + years - 1, 12, 31)
    parent = above.id if above else None
    wish = PlanWish(kind, title, play.root(), first, ends, document="演示文件", parent_id=parent)
    made = create(play.session, play.desk, wish, now=_at(play, 60, 9))
    return move(play.session, play.desk, made.id, "activate", version=made.version, now=_at(play, 60, 10))


def _battles(play: Play, guide: Plan) -> list[PlanLine]:
    """The six battles, each with the department that leads it; the first has reached its milestone, the second is late."""
    leads = play.units("department")
    days = (-40, -6, 20, 35, 50, 60)
    first, last = guide.starts_on, guide.ends_on
    wishes = [
        LineWish(
            title,
            goal="解决群众反映集中的问题",
            unit_id=leads[number % len(leads)].id,
            milestone=milestone,
            due_on=max(first, min(play.today + timedelta(days=day), last)) if milestone else None,
        )
        for number, ((title, milestone, _), day) in enumerate(zip(BATTLES, days, strict=True))
    ]
    rows = add_lines(play.session, play.desk, guide.id, wishes, version=guide.version, now=_at(play, 59, 9))
    on = max(first, local_day(_at(play, 42, 9)))
    reach_milestone(play.session, play.desk, guide.id, rows[0].id, on, version=guide.version, now=_at(play, 41, 9))
    return rows


def _lanes(play: Play, random: Random, guide: Plan) -> None:
    """A drive on litter and ground in an area across streets, with a target in m² and what was reported against it."""
    plan = _plan(play, DRIVE, f"{LANES}{LABEL}", _since(play, guide), last=guide.ends_on, above=guide)
    area = play.session.scalars(
        select(Unit.id).where(Unit.kind == "area", valid_on(Unit, play.today)).order_by(Unit.pinyin, Unit.id)
    ).first()
    known = play.registry.vocabulary
    said = [code for code in ("ENV-LITTER", "ENV-BIN", "ENV-GROUND") if code in known.categories]
    scope = DriveScope(tuple(said), units=(area,) if area else ())
    words = {"categories": known.categories, "site_types": known.site_types}
    set_scope(play.session, play.desk, plan.id, None, scope, version=plan.version, now=_at(play, 50, 9), **words)
    kind = find_kind(play.session, "demo-lanes") or add_kind(
        play.session,
        play.desk,
        KindWish(
            code="demo-lanes", name_zh="背街小巷硬化（演示）", name_en="Lanes paved (demonstration)", measure="m2"
        ),
        now=_at(play, 50, 9),
    )
    wish = TargetWish(kind.id, Decimal(12_000))
    set_targets(play.session, play.desk, plan.id, [wish], version=plan.version, now=_at(play, 50, 10))
    for back, amount in ((21, "1800"), (14, "2400余"), (7, "1500")):
        day = (play.today - timedelta(days=back)).isoformat()
        said = QuantityWish(kind.id, play.street(0), amount, plan_id=plan.id, period=day, note=LABEL.strip("（）"))
        enter(play.session, play.desk, said, now=play.at(back - 1, 17))
    _give(play, random, plan, ("小巷路面修补", "垃圾桶更换", "门前杂物清理"), back=30)


def _markets(play: Play, guide: Plan) -> None:
    """A drive on produce markets: every one of the district is bound, nothing is typed."""
    plan = _plan(play, DRIVE, f"{MARKETS}{LABEL}", _since(play, guide), last=guide.ends_on, above=guide)
    known = play.registry.vocabulary
    words = {"categories": known.categories, "site_types": known.site_types}
    scope = DriveScope(site_types=("produce_market",))
    set_scope(play.session, play.desk, plan.id, None, scope, version=plan.version, now=_at(play, 50, 9), **words)


def _at(play: Play, back: int, hour: int) -> datetime:
    """An hour of a day so many days ago, of the demo's second day at the earliest: units are known from its first."""
    return play.at(max(min(back, (play.today - play.first).days - 1), 0), hour)


def _since(play: Play, guide: Plan) -> date:
    return max(play.today - timedelta(days=50), guide.starts_on)


def _give(
    play: Play, random: Random, plan: Plan, titles: Sequence[str], *, back: int, line: PlanLine | None = None
) -> None:
    """Tasks for the streets under a plan, issued some days ago; most were taken, some are done."""
    if not titles:
        return
    first = play.today - timedelta(days=back)
    wishes = [
        TaskWish(
            f"{title}{LABEL}",
            play.street(number),
            min(first + timedelta(days=random.randint(back - 3, back + 25)), plan.ends_on),
            starts_on=first,
            source="plan",
            source_id=plan.id,
            plan_id=plan.id,
            line_id=line.id if line else None,
        )
        for number, title in enumerate(titles)
    ]
    for task in create_many(play.session, play.desk, wishes, now=play.at(back, 9), issue=True):
        _lead(play, random, task, back)


def _lead(play: Play, random: Random, task: Task, back: int) -> None:
    """How far a task got, and on which days."""
    fate, unit = random.random(), play.liaison(task.unit_id)
    if fate < 0.15:
        return
    begun = random.randint(1, max(back - 2, 1))

    def do(verb: str, days: int, hour: int, **asked: object) -> None:
        who = play.desk if verb == "verify" else unit
        act(play.session, who, task.id, verb, version=task.version, now=play.at(days, hour), **asked)

    do("accept", begun, 10)
    if fate < 0.5:
        do("report", begun, 16, progress=random.randint(5, 80) * 100, note="正在推进")
        return
    done = random.randint(0, begun)
    do("finish", done, 17)
    if fate > 0.75:
        do("verify", max(done - 1, 0), 18, note="现场核验属实")
