"""Decisions on the pages (议定事项、表态): written down on the spot, turned into a task in one action, changed or taken back before."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import Blueprint, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Fault, InvalidInput
from core.request import actor, db, now, require, today
from core.web.form_fields import day_of, id_of
from core.web.meetings.one_meeting import act
from core.web.paging import read_id
from core.work.meetings.deciding import DecisionWish, change_decision, decide, drop_decision, make_task
from core.work.meetings.kinds import DECISION
from core.work.meetings.people import person_named
from core.work.roles import DIRECT
from core.work.statistics.writing import read_number

blueprint = Blueprint("meeting_decisions", __name__, url_prefix="/t/<slug>/meetings")
blueprint.before_request(asked.enter)

PART = "decisions"


@blueprint.post("/<uuid:meeting_id>/decisions")
@require(DIRECT)
def add(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Write down a decision or a pledge; with the box ticked it is a task at once."""
    told: list[str] = []

    def run() -> None:
        task = request.form.get("task") == "1"
        row = decide(db(), actor(), meeting_id, _wish(), now=now(), give_task=task)
        told.append(_done(meeting_id, row.id) if row.task_id else gettext("已记下，还没有转为任务"))

    return act(meeting_id, run, lambda: told[0], part=PART)


@blueprint.post("/<uuid:meeting_id>/decisions/<uuid:decision_id>/task")
@require(DIRECT)
def give(meeting_id: UUID, decision_id: UUID) -> AnyResponse | tuple[str, int]:
    """Turn it into a task; a second press finds the task that is there."""
    return act(
        meeting_id,
        lambda: make_task(db(), actor(), meeting_id, decision_id, now=now()),
        lambda: _done(meeting_id, decision_id),
        part=PART,
    )


@blueprint.post("/<uuid:meeting_id>/decisions/<uuid:decision_id>")
@require(DIRECT)
def change(meeting_id: UUID, decision_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change it while it is no task."""
    return act(
        meeting_id,
        lambda: change_decision(db(), actor(), meeting_id, decision_id, _wish(), now=now()),
        gettext("议定事项已保存"),
        part=PART,
    )


@blueprint.post("/<uuid:meeting_id>/decisions/<uuid:decision_id>/drop")
@require(DIRECT)
def drop(meeting_id: UUID, decision_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take it back while it is no task."""
    reason = request.form.get("reason", "")
    return act(
        meeting_id,
        lambda: drop_decision(db(), actor(), meeting_id, decision_id, reason=reason, now=now()),
        gettext("议定事项已撤回"),
        part=PART,
    )


def _done(meeting_id: UUID, decision_id: UUID) -> str:
    task = make_task(db(), actor(), meeting_id, decision_id, now=now())
    return gettext("已下达任务 %(number)s", number=task.number or "")


def _wish() -> DecisionWish:
    """What the form says. Raises InvalidInput."""
    said = request.form
    item, unit = said.get("item", ""), id_of(said, "unit_id")
    return DecisionWish(
        title=said.get("title", ""),
        unit_id=unit,
        person_id=_person(said.get("person", "").strip(), unit),
        due_on=day_of(said, "due_on"),
        kind=said.get("kind", DECISION),
        item_id=read_id(item, "item") if item else None,
        target=_target(said.get("target", "").strip()),
        measure=said.get("measure", "").strip(),
    )


def _target(text: str) -> Decimal | None:
    value, _, fault = read_number(text, "target")
    if fault is not None:
        raise InvalidInput(faults=[fault])
    return value


def _person(name: str, unit: UUID | None) -> UUID | None:
    """The person of a name at the unit. Raises InvalidInput when nobody or several bear it there."""
    if not name:
        return None
    found = person_named(db(), name, today(), unit)
    if found is None:
        remedy = N_("请从列表里选，或先留空")
        raise InvalidInput(
            faults=[Fault(N_("这个单位没有叫这个名字的人，或者不止一个"), "person", value=name[:20], remedy=remedy)]
        )
    return found
