"""All appeals on the pages (申诉清单), and the form that raises one: against a finding, or against a figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, SanchengError
from core.figures.appeals import key_of, raise_appeal
from core.figures.periods import Period, parse_period
from core.request import actor, db, now, require, tenant, today
from core.settings import ZONE
from core.web import district
from core.web.appeals import appeal_words as words
from core.web.errors import fault_map, say
from core.web.exports import stream_csv
from core.web.paging import PAGE, bad_argument, cut, read_id, read_moment_cursor
from core.web.photos import posted
from core.web.places.site_words import unit_options
from core.web.running import running, running_one, title_of
from core.web.scores.periods import say_period
from core.web.words import by_locale
from core.work.appeals.appeal_list import LATE, MINE, Wanted, findings_of, list_appeals
from core.work.appeals.appeal_moves import KINDS, STATES
from core.work.appeals.raising import MOST_PHOTOS, appeal_finding, units_of_figure, units_of_finding
from core.work.desk.finding_detail import detail
from core.work.roles import ANSWER, SEE
from core.work.tables import Appeal, Finding
from core.work.wording import LONGEST_NOTE
from tenants.models import Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("appeals", __name__, url_prefix="/t/<slug>/appeals")
blueprint.before_request(district.enter)

BATCH = 200
HEAD = (N_("提出时间"), N_("类型"), N_("编号或代码"), N_("事项"), N_("申诉单位"), N_("提出人"), N_("申诉理由"))
TAIL = (N_("状态"), N_("裁决期限"), N_("裁决人"), N_("裁决时间"), N_("裁决理由"), N_("成立后的办理"), N_("编号"))


@dataclass(frozen=True, slots=True)
class Thing:
    """What an appeal is going to be about (申诉对象), with the units that may raise it, and how the address names it."""

    title: str
    which: str
    href: str
    units: Sequence[Unit]
    named: Mapping[str, str]
    finding: Finding | None = None
    campaign: Campaign | None = None
    period: Period | None = None
    unit_id: UUID | None = None


def read_wanted() -> Wanted:
    """The filter of this request. Raises InvalidInput."""
    said = {name: request.args.get(name, "").replace("\x00", "").strip()[:60] for name in ("state", "kind", "campaign")}
    if said["state"] and said["state"] not in (*STATES, LATE, MINE):
        raise bad_argument("state", said["state"])
    if said["kind"] and said["kind"] not in KINDS:
        raise bad_argument("kind", said["kind"])
    unit = request.args.get("unit", "")
    return Wanted(**said, unit_id=read_id(unit, "unit") if unit else None)


def query_of(wanted: Wanted) -> dict[str, str]:
    """The filter as arguments of an address."""
    said = {"state": wanted.state, "kind": wanted.kind, "campaign": wanted.campaign, "unit": str(wanted.unit_id or "")}
    return {name: value for name, value in said.items() if value}


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The appeals in the reader's sight, the latest first."""
    wanted = read_wanted()
    rows = list_appeals(db(), actor(), wanted, now=now(), limit=PAGE + 1, after=read_moment_cursor())
    page = cut(rows, lambda one: (one.raised_at.isoformat(), one.id))
    return render_template(
        "appeals/list.html",
        page=page,
        findings=findings_of(db(), page.rows),
        wanted=wanted,
        query=query_of(wanted),
        titles={one.key: title_of(one) for one in running()},
        units=unit_options(db(), actor(), today()),
        moment=now(),
        words=words,
        states=STATES,
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, moment = read_wanted(), actor(), now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        after = None
        while found := list_appeals(session, who, wanted, now=moment, limit=BATCH, after=after):
            findings = findings_of(session, found)
            yield from (_cells(one, findings.get(one.finding_id) if one.finding_id else None) for one in found)
            after = (found[-1].raised_at, found[-1].id)

    return stream_csv(f"appeals-{tenant().slug}-{today()}.csv", [gettext(text) for text in HEAD + TAIL], rows)


def _cells(one: Appeal, finding: Finding | None) -> Sequence[object]:
    about = (words.say_kind(one), words.say_which(one, finding), words.say_what(one, finding))
    raised = (one.unit_name, one.person_name, one.reason, words.say_state(one.state), _moment(one.due_at))
    decided = (one.decided_by, _moment(one.decided_at), one.decision, words.say_effect(one.effect), str(one.id))
    return (_moment(one.raised_at), *about, *raised, *decided)


def _moment(at: datetime | None) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds") if at else ""


def read_thing(said: Mapping[str, str]) -> Thing:
    """What the address or the form names. Raises InvalidInput, NotFound, Forbidden."""
    if finding_id := said.get("finding", ""):
        finding = detail(db(), actor(), read_id(finding_id, "finding"), now=now()).finding
        units = units_of_finding(db(), actor(), finding, now())
        href = url_for("finding.show", finding_id=finding.id)
        title = by_locale(finding.title, finding.title_en)
        return Thing(title, finding.number or "", href, units, {"finding": finding_id}, finding)
    return _figure(said)


def _figure(said: Mapping[str, str]) -> Thing:
    period, scope = parse_period(said.get("period", "")), said.get("scope", "")
    campaign = running_one(said.get("campaign", "")[:60], period.start)
    indicator = campaign.edition.indicator(said.get("indicator", "")[:60])
    unit_id = read_id(scope, "scope") if scope else None
    units = units_of_figure(db(), actor(), key_of(campaign, indicator.code, period, unit_id), now())
    named = {"campaign": campaign.key, "indicator": indicator.code, "period": period.key}
    page = {"kind": period.kind, "period": period.key} | ({"unit": scope} if scope else {})
    href = url_for("indicators.show", campaign=campaign.key, code=indicator.code, **page)
    named |= {"scope": scope} if scope else {}
    which, title = f"{indicator.code} · {say_period(period)}", by_locale(indicator.name_zh, indicator.name_en)
    return Thing(title, which, href, units, named, None, campaign, period, unit_id)


@blueprint.get("/new")
@require(ANSWER)
def ask() -> str:
    """The form: what is wrong, for which unit, with photos."""
    thing = read_thing(request.args)
    if not thing.units:
        raise Forbidden(N_("只有和它有关的单位可以申诉，由该单位的联络员提出"))
    return _form(thing)


@blueprint.post("/new")
@require(ANSWER)
def send() -> AnyResponse | tuple[str, int]:
    """Raise it; what is refused comes back with what was typed."""
    form = request.form
    thing = read_thing(form)
    broken: list[Fault] = []
    sent = posted("photos", broken)
    if broken:
        return _form(thing, InvalidInput(faults=broken), sent), 422
    said: dict[str, Any] = {"reason": form.get("reason", ""), "photos": sent, "now": now()}
    said["unit_id"] = words.read_uuid(form.get("unit", ""))
    try:
        made = _raise(thing, said)
    except (InvalidInput, Conflict) as error:
        return _form(thing, error, sent), error.status
    flash(gettext("申诉已提出，等待裁决；结果会在提醒里告知"))
    return redirect(url_for("appeal.show", appeal_id=made.id), 303)


def _raise(thing: Thing, said: Mapping[str, Any]) -> Appeal:
    if thing.finding is not None:
        return appeal_finding(db(), actor(), thing.finding.id, **said)
    assert thing.campaign, "a figure belongs to a campaign"
    assert thing.period, "and to a period"
    code, edition = thing.named["indicator"], thing.campaign.edition
    return raise_appeal(db(), actor(), thing.campaign, edition, code, thing.period, thing.unit_id, **said)


def _form(thing: Thing, error: SanchengError | None = None, sent: Sequence[str] = ()) -> str:
    return render_template(
        "appeals/new.html",
        thing=thing,
        units=[(str(one.id), one.name) for one in thing.units],
        typed=request.form if error else {},
        photos=sent,
        faults=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        most_photos=MOST_PHOTOS,
        longest=LONGEST_NOTE,
    )
