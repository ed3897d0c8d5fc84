"""Tasks from shares (由分工生成任务): shown first, then made at once; a share with a task gets no second one."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require_any, today
from core.web import district
from core.web.errors import fault_map, say, say_fault
from core.web.splits.split_page import campaign_of
from core.web.splits.split_words import tables, titles_of
from core.web.words import counted
from core.work.roles import ANSWER, DIRECT, LEAD
from core.work.splits.reading import read_table
from core.work.splits.states import ISSUED
from core.work.splits.tasking import Choice, make_tasks, plan_tasks

blueprint = Blueprint("split_tasks", __name__, url_prefix="/t/<slug>/splits/<uuid:split_id>/tasks")
blueprint.before_request(district.enter)

SHOWN = 300


def _choice() -> Choice:
    """Which shares, and the day of those that have none. Raises InvalidInput."""
    days: dict[str, date | None] = {}
    for name in ("due_on", "starts_on"):
        said = request.values.get(name, "").strip()
        try:
            days[name] = date.fromisoformat(said) if said else None
        except ValueError:
            remedy = N_("请写成 2026-03-02")
            raise InvalidInput(faults=[Fault(N_("日期写法无效"), name, value=said[:20], remedy=remedy)]) from None
    return Choice(request.values.get("waiting") == "1", days["due_on"], days["starts_on"])


@blueprint.get("")
@require_any(DIRECT, ANSWER, LEAD)
def show(split_id: UUID) -> AnyResponse | tuple[str, int]:
    """What would be made, and what stands against it; of what is not issued the table itself."""
    if read_table(db(), actor(), split_id, today()).split.state != ISSUED:
        return redirect(url_for("split.show", split_id=split_id))
    try:
        return _page(split_id, _choice())
    except InvalidInput as error:
        return _page(split_id, Choice(), error)


@blueprint.post("")
@require_any(DIRECT, ANSWER, LEAD)
def make(split_id: UUID) -> AnyResponse | tuple[str, int]:
    """Make the tasks."""
    read_table(db(), actor(), split_id, today())
    try:
        made = make_tasks(db(), actor(), split_id, _choice(), now=now())
    except NotFound:
        raise
    except (InvalidInput, Conflict, Forbidden) as error:
        return _page(split_id, Choice(), error)
    flash(counted("已生成并下达 %(n)s 件任务", n=len(made)))
    return redirect(url_for("split.show", split_id=split_id), 303)


def _page(split_id: UUID, choice: Choice, error: SanchengError | None = None) -> tuple[str, int]:
    read_table(db(), actor(), split_id, today())
    table, planned = plan_tasks(db(), actor(), split_id, choice, now=now())
    page = render_template(
        "splits/tasks.html",
        table=table,
        split=table.split,
        choice=choice,
        ready=[one for one in planned if one.wish is not None and not one.faults],
        held=[(one, [say_fault(fault) for fault in one.faults]) for one in planned if one.faults],
        shown=SHOWN,
        titles=titles_of(campaign_of(table.split), table.split),
        faults=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        typed=request.values,
        **tables(),
    )
    return page, error.status if error else 200
