"""Routing on the pages (派遣规则): the tenant's own rules in order with a try-out, precedents, phases of the campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.request import actor, db, house, require_any, today
from core.web.as_of import read_as_of
from core.web.errors import say
from core.web.intake.report_form import faults_of
from core.web.intake.report_words import say_severity, severity_options
from core.web.ledger.finding_words import category_options, say_category, say_span
from core.web.paging import read_id
from core.web.places.site_words import campaign_titles, say_types, type_options, unit_options
from core.web.words import begin_large, by_locale
from core.work.dispatch.phases import EVERY, list_phases, phase_names, phases_on, set_phase
from core.work.dispatch.precedents import end_precedent, list_precedents
from core.work.dispatch.routing_rules import RuleWish, add_rule, end_rule, list_rules
from core.work.dispatch.routing_trial import Trial, try_route
from core.work.places.nearby import NearSite, find_sites, sites_by_id
from core.work.places.zones import known_zones
from core.work.roles import ADMINISTER, DIRECT, SEE

blueprint = Blueprint("routing", __name__, url_prefix="/t/<slug>/settings/routing")
blueprint.before_request(asked.enter)

LAYERS = {"declared": N_("类别的责任"), "rule": N_("依规则"), "precedent": N_("依判例")}
EFFECTS = {"line": N_("牵头单位"), "place": N_("属地单位"), "limit": N_("时限")}
Said = MultiDict[str, str]


@blueprint.get("")
@require_any(DIRECT, ADMINISTER)
def show() -> tuple[str, int]:
    """The rules in the order in which they win, and why something would go where."""
    return _page(MultiDict())


@blueprint.post("")
@require_any(DIRECT, ADMINISTER)
def add() -> AnyResponse | tuple[str, int]:
    """Add a rule."""
    said: Said = MultiDict(request.form)
    faults: list[Fault] = []
    wish = _wish(said, faults)
    try:
        _add(wish, faults)
    except (InvalidInput, Conflict, Forbidden) as error:
        return _page(said, error)
    flash(gettext("规则已保存，以后发现的问题按它派遣"))
    return redirect(url_for("routing.show"), 303)


def _add(wish: RuleWish, faults: list[Fault]) -> None:
    """The rule itself, unless something could not be read."""
    if faults:
        raise InvalidInput(faults=faults)
    add_rule(db(), actor(), wish, today=today())


@blueprint.post("/<uuid:rule_id>/end")
@require_any(DIRECT, ADMINISTER)
def end(rule_id: UUID) -> AnyResponse | tuple[str, int]:
    """End a rule."""
    try:
        end_rule(db(), actor(), rule_id, today=today())
    except (Conflict, Forbidden) as error:
        return _page(MultiDict(), error)
    flash(gettext("规则已终止，已派遣的问题不变"))
    return redirect(url_for("routing.show"), 303)


@blueprint.get("/precedents")
@require_any(DIRECT, ADMINISTER)
def show_precedents() -> str:
    """What arbitration decided, with its reason, how often it was returned before and used since."""
    return _precedents()


@blueprint.post("/precedents/<uuid:precedent_id>/end")
@require_any(DIRECT, ADMINISTER)
def drop_precedent(precedent_id: UUID) -> AnyResponse | tuple[str, int]:
    """End a precedent by hand."""
    try:
        end_precedent(db(), actor(), precedent_id, today=today())
    except (Conflict, Forbidden) as error:
        return _precedents(say(error)), error.status
    flash(gettext("判例已终止，以后不再按它派遣"))
    return redirect(url_for("routing.show_precedents"), 303)


@blueprint.get("/phases")
@require_any(DIRECT, ADMINISTER)
def show_phases() -> tuple[str, int]:
    """The phases of the campaigns, now and to come."""
    return _phases(MultiDict())


@blueprint.post("/phases")
@require_any(DIRECT, ADMINISTER)
def keep_phase() -> AnyResponse | tuple[str, int]:
    """Say in which phase a campaign is from a day on."""
    said: Said = MultiDict(request.form)
    faults: list[Fault] = []
    day = _day(said.get("valid_from", ""), "valid_from", faults) or today()
    try:
        if not faults:
            set_phase(db(), actor(), said.get("campaign", ""), said.get("phase", ""), valid_from=day, today=today())
    except (InvalidInput, Forbidden) as error:
        return _phases(said, error)
    if faults:
        return _phases(said, InvalidInput(faults=faults))
    flash(gettext("阶段已保存"))
    return redirect(url_for("routing.show_phases"), 303)


def _page(said: Said, error: SanchengError | None = None) -> tuple[str, int]:
    session, on = db(), today()
    trial, trial_error = _trial()
    titles = campaign_titles(session)
    page = render_template(
        "settings/routing.html",
        rules=list_rules(session, actor(), on=on, ended=request.args.get("ended") == "1"),
        said=said,
        faults=faults_of(error, {}),
        refusal=say(error) if error and not error.faults else "",
        trial=trial,
        trial_error=trial_error,
        site_options=[(str(one.id), one.name, one.unit_name) for one in _trial_sites()],
        categories=category_options(),
        types=type_options(),
        units=unit_options(session, actor(), on),
        campaigns=list(titles.items()),
        titles=titles,
        severities=severity_options(),
        phases=phase_names(session),
        zones=known_zones(session),
        roles=_role_options(),
        layers=LAYERS,
        effects=EFFECTS,
        **_words(),
    )
    return page, error.status if error else 200


def _words() -> dict[str, Any]:
    return {
        "say_category": say_category,
        "say_severity": say_severity,
        "say_types": say_types,
        "say_role": _say_role,
        "say_limit": _say_limit,
    }


def _precedents(refusal: str = "") -> str:
    as_of = read_as_of()
    return render_template(
        "settings/precedents.html",
        rows=list_precedents(db(), actor(), on=today(), ended=request.args.get("ended") == "1", as_of=as_of),
        as_of=as_of,
        titles=campaign_titles(db()),
        can_end=actor().has(DIRECT) and as_of is None,
        refusal=refusal,
        **_words(),
    )


def _phases(said: Said, error: SanchengError | None = None) -> tuple[str, int]:
    session = db()
    page = render_template(
        "settings/phases.html",
        rows=list_phases(session),
        current=phases_on(session, today()),
        titles=campaign_titles(session),
        every=EVERY,
        today=today(),
        said=said,
        names=phase_names(session),
        faults=faults_of(error, {}),
        refusal=say(error) if error and not error.faults else "",
    )
    return page, error.status if error else 200


def _trial() -> tuple[Trial | None, str]:
    """The try-out that the address asks for, or why there is none."""
    said = request.args
    if not said.get("category"):
        return None, ""
    site, unit = said.get("site", ""), said.get("unit", "")
    if not site and not unit:
        return None, gettext("请选点位，或选所在单位")
    try:
        return try_route(
            db(),
            actor(),
            category=said["category"],
            site_id=read_id(site, "site") if site else None,
            unit_id=read_id(unit, "unit") if unit else None,
            severity=said.get("severity") or "ordinary",
            campaigns=[one for one in said.getlist("campaign") if one],
            on=today(),
        ), ""
    except InvalidInput as error:
        return None, gettext("；").join(faults_of(error, {}).values())
    except NotFound:
        return None, gettext("没有找到这个点位或单位")


def _trial_sites() -> list[NearSite]:
    """Sites by the text that the try-out asks for, the chosen one first."""
    found = find_sites(db(), actor(), request.args.get("q", ""), on=today(), limit=20, verb=SEE)
    chosen = request.args.get("site", "")
    if not chosen or chosen in {str(one.id) for one in found}:
        return found
    return [*sites_by_id(db(), actor(), [read_id(chosen, "site")], on=today(), verb=SEE), *found]


def _wish(said: Said, faults: list[Fault]) -> RuleWish:
    hours = said.get("hours", "").strip()
    if hours and not (hours.isascii() and hours.isdigit() and len(hours) < 7):
        faults.append(
            Fault(N_("应为整数"), "hours", value=hours[:20], remedy=N_("请填工作小时数，24 小时为一个工作日"))
        )
        hours = ""
    ids = {name: _id(said.get(name, ""), name) for name in ("territory_id", "line_unit_id", "place_unit_id")}
    words = ("category", "site_type", "campaign", "severity", "phase", "zone", "line_role", "note")
    return RuleWish(
        **{name: said.get(name, "").strip() for name in words},
        **ids,
        hours=int(hours) if hours else None,
        valid_from=_day(said.get("valid_from", ""), "valid_from", faults),
        last_day=_day(said.get("last_day", ""), "last_day", faults),
    )


def _id(text: str, name: str) -> UUID | None:
    return read_id(text, name) if text else None


def _day(text: str, name: str, faults: list[Fault]) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        faults.append(Fault(N_("日期写法不对"), name, value=text[:20], remedy=N_("请填写如 2026-11-21 的日期")))
        return None


def _role_options() -> list[tuple[str, str]]:
    roles: Mapping[str, Any] = house().registry.vocabulary.roles
    return [(one.code, by_locale(one.name_zh, begin_large(one.name_en))) for one in roles.values()]


def _say_role(code: str) -> str:
    return dict(_role_options()).get(code, code)


def _say_limit(limit: timedelta | int) -> str:
    return str(say_span(timedelta(hours=limit) if isinstance(limit, int) else limit))
