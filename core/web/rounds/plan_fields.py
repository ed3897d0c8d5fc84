"""The fields of a plan's form (周期计划表单): what was typed as a wish, and a plan as its form shows it."""

from __future__ import annotations

from uuid import UUID

from werkzeug.datastructures import MultiDict

from core.errors import N_, Fault, InvalidInput
from core.request import actor, db, today
from core.web.form_fields import day_of, id_of
from core.work.rounds.beside import allows_beside, stop_ids
from core.work.rounds.plan_keeping import PlanWish
from core.work.rounds.recurring import Recurrence, recurrence_of
from core.work.rounds.sight import get_round
from core.work.tables import RoundPlan


def said_of(plan: RoundPlan) -> MultiDict[str, str]:
    """A plan as its form shows it."""
    rule = recurrence_of(plan.recurrence)
    said: MultiDict[str, str] = MultiDict(
        {
            "kind": plan.kind,
            "mode": plan.mode,
            "title": plan.title,
            "unit_id": str(plan.unit_id),
            "criteria": plan.template.get("criteria", ""),
            "every": rule.every,
            "day": str(rule.day),
            "week": str(rule.week),
            "days": str(rule.days),
            "working": rule.working,
            "starts_on": plan.starts_on.isoformat(),
            "ends_on": plan.ends_on.isoformat() if plan.ends_on else "",
            "opens": "1" if plan.template.get("opens") else "",
            "beside": "1" if allows_beside(plan.template) else "",
        }
    )
    said.setlist("weekdays", [str(day) for day in rule.weekdays])
    said.setlist("campaigns", plan.campaigns)
    return said


def read_rule(said: MultiDict[str, str]) -> Recurrence:
    """The rule of a form; what is no number is one out of range, which is refused beside its field."""

    def number(name: str, default: int) -> int:
        text = said.get(name, "").strip()
        return int(text) if text.removeprefix("-").isdigit() and len(text) < 5 else (default if not text else -9)

    weekdays = tuple(int(one) for one in said.getlist("weekdays") if one.isdigit() and len(one) == 1)
    every = said.get("every", "week")
    return Recurrence(every, weekdays, number("day", 1), number("week", 1), number("days", 0), said.get("working", ""))


def read_plan(said: MultiDict[str, str]) -> PlanWish:
    """What the form says. Raises InvalidInput for what cannot even be read."""
    starts, unit = day_of(said, "starts_on"), id_of(said, "unit_id")
    lacking = [
        Fault(N_("缺少这一项"), name, remedy=N_("请填写"))
        for name, value in (("starts_on", starts), ("unit_id", unit))
        if value is None
    ]
    if lacking or starts is None or unit is None:
        raise InvalidInput(faults=lacking)
    return PlanWish(
        kind=said.get("kind", ""),
        title=said.get("title", ""),
        unit_id=unit,
        rule=read_rule(said),
        starts_on=starts,
        ends_on=day_of(said, "ends_on"),
        mode=said.get("mode", ""),
        campaigns=tuple(said.getlist("campaigns")),
        criteria=said.get("criteria", ""),
        copy_of=id_of(said, "copy"),
        opens=said.get("opens") == "1",
        beside=said.get("beside") == "1",
    )


def stops_of_form(said: MultiDict[str, str], plan: RoundPlan | None) -> list[UUID]:
    """The stops that each new round gets: of the round to copy, else those that the plan has."""
    try:
        copy = id_of(said, "copy")
    except InvalidInput:  # the form says so beside the field
        copy = None
    if copy is not None:
        return stop_ids(db(), get_round(db(), actor(), copy, today()))
    return [UUID(one[0]) for one in plan.template.get("stops", ())] if plan else []
