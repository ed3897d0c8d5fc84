"""The wall (任务上墙、进度上墙、责任上墙): the board's rows on a plain page of print size."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext

from core.figures.task_figures.wall import LINES, RULE, TITLES, read_wall
from core.request import db, require, today
from core.web import district
from core.web.paging import bad_argument
from core.web.places.site_words import campaign_titles
from core.web.task_ranks import words
from core.work.roles import SEE

blueprint = Blueprint("task_wall", __name__, url_prefix="/t/<slug>/task-ranks/wall")
blueprint.before_request(district.enter)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The whole wall as it stands now."""
    campaign = request.args.get("campaign", "")
    if campaign and campaign not in campaign_titles(db()):
        raise bad_argument("campaign", campaign)
    return render_template(
        "task_ranks/wall.html",
        wall=read_wall(db(), today(), campaign=campaign),
        groups=[(code, gettext(title)) for code, title in TITLES.items()],
        lines=LINES,
        campaign=campaign,
        campaigns=list(campaign_titles(db()).items()),
        rule=gettext(RULE),
        words=words,
    )
