"""Teams and lines of a round on its page (编组与线路): plain forms, each of which leads back to the round."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from flask import Blueprint, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Fault, InvalidInput
from core.request import actor, db, now, require_any
from core.web.form_fields import id_of
from core.web.paging import read_id
from core.web.rounds.one_round import act, version_said
from core.work.roles import ANSWER, DIRECT
from core.work.rounds import lines, teams

blueprint = Blueprint("round_team", __name__, url_prefix="/t/<slug>/rounds/<uuid:round_id>")
blueprint.before_request(asked.enter_cleared)

Answer = AnyResponse | tuple[str, int]


class TeamSaid(TypedDict):
    """What the form of a team says (编组表单)."""

    version: int
    name: str
    members: list[UUID]
    leader: UUID | None
    now: datetime


class LineSaid(TypedDict):
    """What the form of a line says (线路表单)."""

    version: int
    name: str
    team_id: UUID | None
    visits_min: int
    visits_max: int
    now: datetime


@blueprint.post("/teams")
@require_any(DIRECT, ANSWER)
def add(round_id: UUID) -> Answer:
    """Add a team."""
    return act(
        round_id, lambda: teams.add_team(db(), actor(), round_id, **_team()), gettext("已加入一个组"), part="team"
    )


@blueprint.post("/teams/<uuid:team_id>")
@require_any(DIRECT, ANSWER)
def change(round_id: UUID, team_id: UUID) -> Answer:
    """Change a team's name and people."""
    return act(
        round_id,
        lambda: teams.change_team(db(), actor(), round_id, team_id, **_team()),
        gettext("组已保存"),
        part="team",
    )


@blueprint.post("/teams/<uuid:team_id>/end")
@require_any(DIRECT, ANSWER)
def end(round_id: UUID, team_id: UUID) -> Answer:
    """Dissolve a team."""
    return act(
        round_id,
        lambda: teams.end_team(db(), actor(), round_id, team_id, version=version_said(), now=now()),
        gettext("组已撤销"),
        part="team",
    )


@blueprint.post("/lines")
@require_any(DIRECT, ANSWER)
def add_line(round_id: UUID) -> Answer:
    """Add a line."""
    return act(
        round_id, lambda: lines.add_line(db(), actor(), round_id, **_line()), gettext("已加入一条线路"), part="line"
    )


@blueprint.post("/lines/<uuid:line_id>")
@require_any(DIRECT, ANSWER)
def change_line(round_id: UUID, line_id: UUID) -> Answer:
    """Change a line."""
    return act(
        round_id,
        lambda: lines.change_line(db(), actor(), round_id, line_id, **_line()),
        gettext("线路已保存"),
        part="line",
    )


@blueprint.post("/lines/<uuid:line_id>/end")
@require_any(DIRECT, ANSWER)
def end_line(round_id: UUID, line_id: UUID) -> Answer:
    """Give a line up."""
    return act(
        round_id,
        lambda: lines.end_line(db(), actor(), round_id, line_id, version=version_said(), now=now()),
        gettext("线路已撤销"),
        part="line",
    )


def _team() -> TeamSaid:
    return {
        "version": version_said(),
        "name": request.form.get("name", ""),
        "members": [read_id(one, "members") for one in request.form.getlist("members") if one],
        "leader": id_of(request.form, "leader"),
        "now": now(),
    }


def _line() -> LineSaid:
    return {
        "version": version_said(),
        "name": request.form.get("name", ""),
        "team_id": id_of(request.form, "team_id"),
        "visits_min": _number("visits_min"),
        "visits_max": _number("visits_max"),
        "now": now(),
    }


def _number(name: str) -> int:
    said = request.form.get(name, "").strip()
    if not said.isdigit() or len(said) > 4:
        raise InvalidInput(faults=[Fault(N_("应为整数"), name, value=said[:20], remedy=N_("请填数字"))])
    return int(said)
