"""The demo's tasks (演示任务): some sixty over streets and departments in every state, parents with their parts, all made up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from core.demo.playing import LABEL, Play
from core.work.tables import Task
from core.work.tasks.acting import act
from core.work.tasks.breaking import break_down
from core.work.tasks.making import TaskWish, create
from core.work.tasks.states import PERCENT
from tenants.access import subtree
from tenants.models import Unit

# Title, way, target, measure, days given, for a street or an office that does a duty ('' is a street).
TOPICS: tuple[tuple[str, str, str, str, int, str], ...] = (
    ("拆除旱厕", "count", "23", "structure", 60, ""),
    ("背街小巷硬化", "quantity", "4200", "m2", 75, ""),
    ("老旧小区楼道清理", "count", "47", "household", 40, ""),
    ("非法小广告清除", "percent", "", "", 30, ""),
    ("农贸市场提档改造", "percent", "", "", 90, "market"),
    ("病媒生物孳生地整治", "count", "180", "place", 45, "health"),
    ("增设公益广告", "count", "120", "place", 35, "publicity"),
    ("沿街商户门前责任书签订", "count", "610", "copy", 50, ""),
    ("破损道路修补", "quantity", "860.5", "linear_m", 40, "housing"),
    ("校园周边食品摊点规范", "percent", "", "", 25, "market"),
    ("垃圾分类收集点建设", "count", "36", "place", 55, ""),
    ("窗口单位创建氛围布置", "percent", "", "", 20, "publicity"),
)
STATES = (
    "issued",
    "accepted",
    "doing",
    "doing",
    "done",
    "verified",
    "closed",
    "returned",
    "late",
    "extension",
    "draft",
)


def play_tasks(play: Play) -> None:
    """Give them, and lead each to its state."""
    random = Random(play.stage.part.seed + 61)  # noqa: S311 - a fixed seed is the point
    for number in range(48):
        topic = TOPICS[number % len(TOPICS)]
        _lead(play, random, _give(play, topic, number), STATES[number % len(STATES)])
    for number in (0, 1, 2):
        _family(play, random, TOPICS[(2, 7, 10)[number]], number)
    play.session.flush()


def _give(play: Play, topic: tuple[str, str, str, str, int, str], number: int) -> Task:
    title, way, target, measure, days, duty = topic
    state = STATES[number % len(STATES)]
    started = days + 6 if state == "late" else 4 + number % 20
    wish = TaskWish(
        f"{title}{LABEL}",
        _unit(play, duty, number),
        play.today - timedelta(days=started) + timedelta(days=days),
        starts_on=play.today - timedelta(days=started),
        requirement="按方案完成并留存前后对比照片",
        way=way,
        target=Decimal(target) if target else None,
        measure=measure,
        source=("own", "clause", "meeting", "plan")[number % 4],
    )
    return create(play.session, play.desk, wish, now=play.at(started, 9), issue=state != "draft")


def _unit(play: Play, duty: str, number: int) -> UUID:
    """A street, or the office of a duty where the district has mapped one."""
    if duty:
        found = [unit for unit in play.units("department") if _does(unit, duty)]
        if found:
            return found[0].id
    return play.street(number)


_WORDS = {"market": "市场监督", "health": "卫生健康", "publicity": "宣传", "housing": "住房"}


def _does(unit: Unit, duty: str) -> bool:
    return _WORDS[duty] in unit.name


def _lead(play: Play, random: Random, task: Task, state: str) -> None:
    """Take the steps that lead to a state."""
    if state in ("issued", "draft"):
        return
    unit = play.liaison(task.unit_id)

    def do(verb: str, back: int, **asked: object) -> None:
        who = play.desk if verb in ("verify", "close") else unit
        act(play.session, who, task.id, verb, version=task.version, now=play.at(back, 15), **asked)

    if state == "returned":
        do("return", 2, note="点位不在本辖区，建议核对边界")
        return
    do("accept", 3)
    if state == "accepted":
        return
    share = random.randint(20, 80)
    whole = Decimal(share) * (task.target or 1) / 100
    amount = {"progress": share * 100} if task.way == PERCENT else {"done": whole.to_integral_value()}
    do("report", 2, note="现场已进场，按周推进", **amount)
    if state == "extension":
        do("ask_extension", 1, due_on=task.due_on + timedelta(days=10), note="连续降雨，无法施工")
    if state in ("done", "verified", "closed"):
        do("finish", 1, **({} if task.way == PERCENT else {"done": task.target}))
    if state in ("verified", "closed"):
        do("verify", 0, note="现场核验属实")
    if state == "closed":
        do("close", 0)


def _family(play: Play, random: Random, topic: tuple[str, str, str, str, int, str], number: int) -> None:
    """A street's task, broken down to its communities, some of which have begun."""
    title, way, _, measure, days, _ = topic
    street = play.street(number)
    below = list(play.session.scalars(subtree(play.stage.tenant.id, street, play.today)))
    units = [unit for unit in play.units("community", "village") if unit.id in below][:4]
    if not units:
        return
    wish = TaskWish(
        f"{title}攻坚{LABEL}",
        street,
        play.today + timedelta(days=days),
        starts_on=play.today - timedelta(days=12),
        way=way,
        target=Decimal(30 * len(units)),
        measure=measure,
    )
    top = create(play.session, play.desk, wish, now=play.at(12, 10), issue=True)
    parts = [TaskWish(wish.title, unit.id, top.due_on, way=way, target=Decimal(30), measure=measure) for unit in units]
    made = break_down(play.session, play.liaison(street), top.id, parts, version=top.version, now=play.at(11, 9))
    for part in made[:-1]:
        asked = {"done": Decimal(random.randint(3, 30)), "note": "已完成部分点位"}
        unit = play.liaison(part.unit_id)
        act(play.session, unit, part.id, "report", version=part.version, now=play.at(2, 16), **asked)
