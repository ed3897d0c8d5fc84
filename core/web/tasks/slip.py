"""The slip (任务单) on the phone and on A4: one's own week, and for whoever directs or leads the sheets of a unit's people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import segno
from flask import Blueprint, render_template, request, url_for
from flask_babel import format_date, gettext
from markupsafe import Markup

from core import request as asked
from core.errors import N_
from core.periods import Period, containing
from core.request import actor, db, now, require, require_any, today
from core.web.desk.inbox_words import KINDS, lead_on, say_code, say_step
from core.web.paging import read_id
from core.web.places.site_words import campaign_titles, unit_options
from core.web.scores.periods import say_period
from core.web.words import by_locale, listed
from core.work.desk.inbox_duty import Duty
from core.work.organisation.units import get_unit
from core.work.roles import DIRECT, LEAD, SEE
from core.work.tasks.slip import Slip, read_slip, read_slips, week_of

blueprint = Blueprint("task_slip", __name__, url_prefix="/t/<slug>/tasks/slip")
blueprint.before_request(asked.enter)

GROUPS = (
    ("late", N_("已超期")),
    ("due", N_("本周到期")),
    ("under_way", N_("正在办，以后到期")),
    ("undated", N_("没有期限")),
)
AHEAD = 4  # weeks offered (ours)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """One's own week."""
    week = week_of(request.args.get("week", ""), today())
    slip = read_slip(db(), actor(), week, now())
    return render_template(
        "slips/show.html",
        slip=slip,
        groups=groups_of(slip),
        weeks=_weeks(week),
        may_units=actor().has(DIRECT) or actor().has(LEAD),
        **_shared(week),
    )


@blueprint.get("/print")
@require(SEE)
def show_paper() -> str:
    """The same on A4, with boxes to tick and a code to each task."""
    week = week_of(request.args.get("week", ""), today())
    slips = [read_slip(db(), actor(), week, now())]
    back = url_for("task_slip.show", week=week.key)
    return render_template("slips/print.html", slips=slips, back=back, **_shared(week))


@blueprint.get("/unit")
@require_any(DIRECT, LEAD)
def show_unit() -> str:
    """The sheets of a unit's people, one a page."""
    week, said = week_of(request.args.get("week", ""), today()), request.args.get("unit", "")
    verb = DIRECT if actor().has(DIRECT) else LEAD
    units = unit_options(db(), actor(), today(), verb)
    if not said:
        return render_template("slips/units.html", units=units, weeks=_weeks(week), **_shared(week))
    unit_id: UUID = read_id(said, "unit")
    slips = read_slips(db(), actor(), unit_id, week, now())
    back = url_for("task_slip.show_unit", week=week.key)
    unit = get_unit(db(), unit_id)
    return render_template("slips/print.html", slips=slips, unit=unit, back=back, **_shared(week))


def groups_of(slip: Slip) -> list[tuple[str, str, Any]]:
    """The groups of a sheet that have lines: code, title, lines."""
    return [(code, gettext(title), getattr(slip, code)) for code, title in GROUPS if getattr(slip, code)]


def draw(duty: Duty) -> Markup:
    """The address of a task as a QR drawing, small, for the paper."""
    address = url_for("task.show", task_id=duty.id, _external=True)
    said: str = segno.make_qr(address, error="m").svg_inline(omitsize=True, border=2, svgclass="sl-qr", lineclass=None)
    return Markup(said)  # noqa: S704 - segno's own drawing: numbers, and nothing that anybody typed


def _shared(week: Period) -> dict[str, Any]:
    titles = campaign_titles(db())
    return {
        "week": week,
        "say_period": say_period,
        "say_kind": lambda code: gettext(KINDS[code]) if code in KINDS else "",
        "say_step": say_step,
        "say_code": say_code,
        "say_campaigns": lambda duty: listed(titles.get(key, key) for key in duty.campaigns) if len(titles) > 1 else "",
        "lead_on": lead_on,
        "by_locale": by_locale,
        "groups_of": groups_of,
        "draw": draw,
        "today": today(),
    }


def _weeks(here: Period) -> list[dict[str, Any]]:
    """This week and those to come, as tabs; the one that is shown among them."""
    found = [containing("week", today())]
    while len(found) < AHEAD:
        found.append(found[-1].next)
    if here not in found:
        found.append(here)
    names = {0: gettext("本周"), 1: gettext("下周")}
    return [
        {
            "label": names.get(place, format_date(one.start, gettext("M月d日")) + " –"),
            "href": url_for(
                "task_slip.show" if request.endpoint == "task_slip.show" else "task_slip.show_unit", week=one.key
            ),
            "active": one == here,
        }
        for place, one in enumerate(found)
    ]
