"""The form of a round (安排一轮): kind, days, unit, campaigns; the kind gives mode, source and weight unless another is chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.request import actor, db, house, now, require_any, today
from core.web.errors import say
from core.web.form_fields import day_of, id_of
from core.web.places.site_words import unit_options
from core.web.rounds import words
from core.web.rounds.one_round import version_said
from core.web.words import by_locale
from core.work.forms.fielding import fielded
from core.work.roles import ANSWER, DIRECT
from core.work.rounds.beside import allows_beside, count_beside, stop_ids, with_beside
from core.work.rounds.clearance import may_plan_secret
from core.work.rounds.kinds import KINDS, MODES, SECRET_MODE, SOURCES, kind_of, plannable
from core.work.rounds.planning import LONGEST_CRITERIA, LONGEST_TITLE, Wish, create, edit
from core.work.rounds.sealing import note_read
from core.work.rounds.sight import get_round, need_plan
from core.work.tables import Round

blueprint = Blueprint("round_form", __name__, url_prefix="/t/<slug>/rounds")
blueprint.before_request(asked.enter_cleared)


@blueprint.get("/new")
@require_any(DIRECT, ANSWER)
def ask_new() -> str:
    """An empty form; ``?kind=`` fills in what the kind says, ``?on=`` the day on which it begins."""
    offered = [one.code for one in plannable(actor())]
    kind = request.args.get("kind", "") if request.args.get("kind", "") in offered else offered[0] if offered else ""
    days, start = kind_of(kind).days, max(first_day(request.args.get("on", "")) or today(), today())
    said = {"kind": kind, "starts_on": start.isoformat(), "ends_on": last_day(start, days).isoformat()}
    return _form(MultiDict(said | {"mode": kind_of(kind).mode, "source": kind_of(kind).source, "weight": "1"}))


@blueprint.post("/new")
@require_any(DIRECT, ANSWER)
def make() -> AnyResponse | tuple[str, int]:
    """Make it as a draft."""
    try:
        made = create(db(), actor(), read_form(request.form), now=now(), known_campaigns=known_campaigns())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error), error.status
    flash(gettext("轮次已建立；接着编组、选点位"), "success")
    return redirect(url_for("round.show", round_id=made.id), 303)


@blueprint.get("/<uuid:round_id>/edit")
@require_any(DIRECT, ANSWER)
def ask_edit(round_id: UUID) -> str:
    """The form of a draft."""
    of = get_round(db(), actor(), round_id, today())
    need_plan(db(), actor(), of, today())
    note_read(db(), actor(), of, "round.edit", now=now())
    said: MultiDict[str, str] = MultiDict(
        {
            "kind": of.kind,
            "mode": of.mode,
            "source": of.source,
            "title": of.title,
            "unit_id": str(of.unit_id),
            "weight": say_weight(of.weight),
            "starts_on": of.starts_on.isoformat(),
            "ends_on": of.ends_on.isoformat(),
            "criteria": of.criteria,
            "beside": "1" if allows_beside(of.sampling) else "",
        }
    )
    said.setlist("campaigns", of.campaigns)
    said.setlist("forms", of.forms)
    return _form(said, of=of)


@blueprint.post("/<uuid:round_id>/edit")
@require_any(DIRECT, ANSWER)
def change(round_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change a draft."""
    of = get_round(db(), actor(), round_id, today())
    need_plan(db(), actor(), of, today())
    try:
        wish = read_form(request.form, of.sampling)
        edit(db(), actor(), round_id, wish, version=version_said(), now=now(), known_campaigns=known_campaigns())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error, of), error.status
    flash(gettext("轮次已保存"), "success")
    return redirect(url_for("round.show", round_id=round_id), 303)


def read_form(said: MultiDict[str, str], sampling: Mapping[str, object] | None = None) -> Wish:
    """What the form says. Raises InvalidInput for what cannot even be read."""
    starts, ends, unit = day_of(said, "starts_on"), day_of(said, "ends_on"), id_of(said, "unit_id")
    lacking = [
        Fault(N_("缺少这一项"), name, remedy=N_("请填写"))
        for name, value in (("starts_on", starts), ("ends_on", ends), ("unit_id", unit))
        if value is None
    ]
    if lacking or starts is None or ends is None or unit is None:
        raise InvalidInput(faults=lacking)
    return Wish(
        kind=said.get("kind", ""),
        title=said.get("title", ""),
        unit_id=unit,
        starts_on=starts,
        ends_on=ends,
        mode=said.get("mode", ""),
        source=said.get("source", ""),
        weight=read_weight(said.get("weight", "")),
        campaigns=tuple(said.getlist("campaigns")),
        forms=tuple(one for one in said.getlist("forms") if one),
        criteria=said.get("criteria", ""),
        sampling=with_beside(sampling or {}, said.get("beside") == "1"),
    )


def read_weight(text: str) -> int | None:
    """A weight such as 1 or 0.5 in 1/100; None for the kind's own. Raises InvalidInput."""
    said = text.strip()
    if not said:
        return None
    whole, _, part = said.partition(".")
    if not (whole.isdigit() and (part.isdigit() or not part) and len(part) <= 2 and len(whole) <= 4):
        remedy = N_("请填如 1 或 0.5 的数，最多两位小数")
        raise InvalidInput(faults=[Fault(N_("权重超出范围"), "weight", value=said[:20], remedy=remedy)])
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def say_weight(weight: int) -> str:
    """A weight as people write it."""
    whole, part = divmod(weight, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".")


def known_campaigns() -> list[str]:
    """The keys of the campaigns in force."""
    return [one.key for one in fielded(db(), house().registry)]


def form_options() -> list[tuple[str, str, str]]:
    """The forms that rounds may be narrowed to: code, name and campaign."""
    return [
        (form.code, f"{form.code} {by_locale(form.title_zh, form.title_en)}", by_locale(one.title_zh, one.title_en))
        for one in fielded(db(), house().registry)
        for form in one.edition.all_forms
    ]


def _form(said: MultiDict[str, str], error: SanchengError | None = None, of: Round | None = None) -> str:
    secret = may_plan_secret(actor())
    kinds = [one for one in plannable(actor()) if secret or one.mode != SECRET_MODE]
    units = unit_options(db(), actor(), today(), DIRECT if actor().has(DIRECT) else ANSWER)
    return render_template(
        "rounds/form.html",
        of=of,
        said=said,
        kinds=[(one.code, words.say_kind(one.code)) for one in kinds],
        modes=[(code, gettext(text)) for code, text in MODES.items() if secret or code != SECRET_MODE],
        sources=words.options(SOURCES),
        units=units,
        campaigns=[(one.key, by_locale(one.title_zh, one.title_en)) for one in fielded(db(), house().registry)],
        forms=form_options(),
        preset={code: {"days": one.days, "mode": one.mode, "source": one.source} for code, one in KINDS.items()},
        faults=words.fault_words(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        beside=say_beside(said, units, stop_ids(db(), of) if of else ()),
        longest={"title": LONGEST_TITLE, "criteria": LONGEST_CRITERIA},
    )


def say_beside(said: MultiDict[str, str], units: Sequence[tuple[str, str]], stops: Collection[UUID]) -> str:
    """What the leave to visit places beside the stops would open up: how many of the unit that the form names."""
    names = dict(units)
    chosen = said.get("unit_id", "")
    unit = chosen if chosen in names else next(iter(names), "")
    if not unit:
        return ""
    count = count_beside(db(), actor().tenant.id, UUID(unit), stops, today())
    numbers = {"unit": names[unit], "sites": count.sites, "others": count.others}
    return gettext("%(unit)s在用的点位：%(sites)s，其中不在这一轮里的：%(others)s。", **numbers)


def last_day(start: date, days: int) -> date:
    """The last of so many days; a day at the end of time has none after it."""
    return start + timedelta(days=min(days - 1, (date.max - start).days))


def first_day(text: str) -> date | None:
    """A day from a form's text, None when it is none; for previews that must not refuse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


__all__ = [
    "blueprint",
    "first_day",
    "form_options",
    "known_campaigns",
    "read_form",
    "read_weight",
    "say_beside",
    "say_weight",
]
