"""Teams and lines of a round on its page (编组与线路): plain forms, each of which leads back to the round."""

from __future__ import annotations

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


@blueprint.post("/teams")
@require_any(DIRECT, ANSWER)
def add(round_id: UUID) -> Answer:
    """Add a team."""

    def run() -> object:
        said = {"name": request.form.get("name", ""), "members": _people(), "leader": id_of(request.form, "leader")}
        return teams.add_team(db(), actor(), round_id, version=version_said(), now=now(), **said)  # type: ignore[arg-type]  # a form's values by name

    return act(round_id, run, gettext("已加入一个组"), part="team")


@blueprint.post("/teams/<uuid:team_id>")
@require_any(DIRECT, ANSWER)
def change(round_id: UUID, team_id: UUID) -> Answer:
    """Change a team's name and people."""

    def run() -> object:
        said = {"name": request.form.get("name", ""), "members": _people(), "leader": id_of(request.form, "leader")}
        return teams.change_team(db(), actor(), round_id, team_id, version=version_said(), now=now(), **said)  # type: ignore[arg-type]  # likewise

    return act(round_id, run, gettext("组已保存"), part="team")


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

    def run() -> object:
        least, most = _number("visits_min"), _number("visits_max")
        return lines.add_line(
            db(),
            actor(),
            round_id,
            version=version_said(),
            name=request.form.get("name", ""),
            team_id=id_of(request.form, "team_id"),
            visits_min=least,
            visits_max=most,
            now=now(),
        )

    return act(round_id, run, gettext("已加入一条线路"), part="line")


@blueprint.post("/lines/<uuid:line_id>")
@require_any(DIRECT, ANSWER)
def change_line(round_id: UUID, line_id: UUID) -> Answer:
    """Change a line."""

    def run() -> object:
        least, most = _number("visits_min"), _number("visits_max")
        return lines.change_line(
            db(),
            actor(),
            round_id,
            line_id,
            version=version_said(),
            name=request.form.get("name", ""),
            team_id=id_of(request.form, "team_id"),
            visits_min=least,
            visits_max=most,
            now=now(),
        )

    return act(round_id, run, gettext("线路已保存"), part="line")


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


def _people() -> list[UUID]:
    return [read_id(one, "members") for one in request.form.getlist("members") if one]


def _number(name: str) -> int:
    said = request.form.get(name, "").strip()
    if not said.isdigit() or len(said) > 4:
        raise InvalidInput(faults=[Fault(N_("应为整数"), name, value=said[:20], remedy=N_("请填数字"))])
    return int(said)
