"""Planning a meeting on the pages (安排会议): the form with its units, changing it, opening it, calling it off."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require, today
from core.settings import ZONE
from core.web.errors import say
from core.web.form_fields import day_of, id_of
from core.web.meetings import words
from core.web.meetings.meeting_units import groups_for, pick
from core.web.meetings.one_meeting import act, version_said
from core.web.places.site_words import campaign_titles, unit_options
from core.work.meetings.attendance import told_units
from core.work.meetings.kinds import KINDS, TIERS, kind_of, propose_title
from core.work.meetings.people import names_at
from core.work.meetings.planning import (
    LONGEST_NAME,
    LONGEST_PLACE,
    LONGEST_TITLE,
    MeetingWish,
    cancel_meeting,
    change_meeting,
    hold_meeting,
    plan_meeting,
)
from core.work.meetings.sight import get_meeting, need_hold
from core.work.roles import DIRECT
from core.work.tables import Meeting
from tenants.access import root_unit

blueprint = Blueprint("meeting_plan", __name__, url_prefix="/t/<slug>/meetings")
blueprint.before_request(asked.enter)

LEAST_CLOCK = 5  # characters of 09:30


@blueprint.get("/new")
@require(DIRECT)
def ask_new() -> str:
    """An empty form; ``?kind=`` and ``?on=`` fill in kind, day and the name that follows from them."""
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else next(iter(KINDS))
    day = _day_or(request.args.get("on", ""), today())
    said = {"kind": kind, "held_on": day.isoformat(), "tier": "1", "title": propose_title(kind, day)}
    return _form(MultiDict(said))


@blueprint.post("/new")
@require(DIRECT)
def make() -> AnyResponse | tuple[str, int] | str:
    """Plan it and ask the units; a quick pick of units shows the form again."""
    if request.form.get("do", "").partition(":")[1]:
        return _picked()
    try:
        made = plan_meeting(db(), actor(), read_form(request.form), now=now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error), error.status
    flash(gettext("会议已安排，参会单位已收到通知；接着生成议程"), "success")
    return redirect(url_for("meeting.show", meeting_id=made.id), 303)


@blueprint.get("/<uuid:meeting_id>/edit")
@require(DIRECT)
def ask_edit(meeting_id: UUID) -> str:
    """The form of a meeting that is planned or held."""
    of = _mine(meeting_id)
    said = {
        "kind": of.kind,
        "tier": str(of.tier),
        "title": of.title,
        "unit_id": str(of.unit_id),
        "campaign": of.campaign,
        "chair": of.chair_name,
        "place": of.place,
        "held_on": of.held_on.isoformat(),
        "clock": f"{of.starts_at.astimezone(ZONE):%H:%M}" if of.starts_at else "",
    }
    return _form(MultiDict(said), of=of)


@blueprint.post("/<uuid:meeting_id>/edit")
@require(DIRECT)
def change(meeting_id: UUID) -> AnyResponse | tuple[str, int] | str:
    """Change it."""
    of = _mine(meeting_id)
    if request.form.get("do", "").partition(":")[1]:
        return _picked(of)
    try:
        with db().begin_nested():
            wish = read_form(request.form)
            change_meeting(db(), actor(), meeting_id, wish, version=version_said(), now=now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error, of), error.status
    flash(gettext("会议已保存"), "success")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


@blueprint.post("/<uuid:meeting_id>/hold")
@require(DIRECT)
def hold(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Open the meeting; from the projector one stays there."""
    return act(
        meeting_id,
        lambda: hold_meeting(db(), actor(), meeting_id, version=version_said(), now=now()),
        gettext("开会了：可以记录讨论和议定事项"),
    )


@blueprint.post("/<uuid:meeting_id>/cancel")
@require(DIRECT)
def call_off(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Call it off."""
    reason = request.form.get("reason", "")
    return act(
        meeting_id,
        lambda: cancel_meeting(db(), actor(), meeting_id, version=version_said(), reason=reason, now=now()),
        gettext("会议已取消，参会单位已收到通知"),
    )


def read_form(said: MultiDict[str, str]) -> MeetingWish:
    """What the form says. Raises InvalidInput for what cannot even be read."""
    day, unit = day_of(said, "held_on"), id_of(said, "unit_id")
    lacking = [
        Fault(N_("缺少这一项"), name, remedy=N_("请填写"))
        for name, value in (("held_on", day), ("unit_id", unit))
        if value is None
    ]
    if lacking or day is None or unit is None:
        raise InvalidInput(faults=lacking)
    tier = said.get("tier", "1")
    return MeetingWish(
        kind=said.get("kind", ""),
        unit_id=unit,
        held_on=day,
        tier=int(tier) if tier in {str(one) for one in TIERS} else 0,
        title=said.get("title", ""),
        chair=said.get("chair", ""),
        place=said.get("place", ""),
        starts_at=_clock(said.get("clock", "")),
        campaign=_campaign(said.get("campaign", "")),
        invited=tuple(_ids(said.getlist("unit"))),
    )


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        fault = Fault(N_("选项无效"), "invited", remedy=N_("请从列表里选"))
        raise InvalidInput(faults=[fault]) from None


def _clock(text: str) -> time | None:
    said = text.strip()
    if not said:
        return None
    try:
        return time.fromisoformat(said[:LEAST_CLOCK])
    except ValueError:
        fault = Fault(N_("时间写法无效"), "clock", value=said[:20], remedy=N_("请写成 09:30"))
        raise InvalidInput(faults=[fault]) from None


def _campaign(said: str) -> str:
    if said and said not in campaign_titles(db()):
        fault = Fault(N_("选项无效"), "campaign", value=said[:20], remedy=N_("请从列表里选"))
        raise InvalidInput(faults=[fault])
    return said


def _day_or(text: str, other: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return other


def _mine(meeting_id: UUID) -> Meeting:
    of = get_meeting(db(), actor(), meeting_id, today())
    need_hold(db(), actor(), of, now())
    return of


def _picked(of: Meeting | None = None) -> str:
    """The form again after a quick pick of units."""
    said = MultiDict(request.form.items(multi=True))
    said.setlist("unit", pick(said.get("do", ""), said.getlist("unit")))
    return _form(said, of=of)


def _form(said: MultiDict[str, str], error: SanchengError | None = None, of: Meeting | None = None) -> str:
    leave = {str(one) for one in told_units(db(), of.id)} if of else set()
    ticked = [one for one in said.getlist("unit") if one not in leave]
    units = unit_options(db(), actor(), today(), DIRECT)
    return render_template(
        "meetings/form.html",
        of=of,
        said=said,
        kinds=words.kind_options(),
        cadence=words.say_cadence(said.get("kind", "")) if said.get("kind", "") in KINDS else "",
        kind_title=gettext(kind_of(said.get("kind", "")).title),
        tiers=words.options(TIERS),
        units=units,
        campaigns=sorted(campaign_titles(db()).items()),
        groups=groups_for(ticked, leave),
        ticked=ticked,
        chairs=[name for name, _ in names_at(db(), [root_unit(db()).id, *actor().roots(DIRECT)], today())],
        faults=words.fault_words(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest={"title": LONGEST_TITLE, "place": LONGEST_PLACE, "name": LONGEST_NAME},
    )
