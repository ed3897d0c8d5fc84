"""One appeal on the pages (申诉详情): what it says, its history, the decision with its effect, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Conflict, Fault, Forbidden, InvalidInput, SanchengError, Stale
from core.figures.appeals import is_published, period_of, recompute_alike
from core.figures.runs import LONGEST_LABEL
from core.figures.scores import reaches_root
from core.request import actor, db, house, now, require
from core.web import district
from core.web.appeals import appeal_words as words
from core.web.errors import fault_map, say
from core.web.ledger.finding_forms import forms_of, read_choices
from core.web.ledger.finding_typed import Typed, asked_of
from core.web.paging import bad_argument
from core.web.scores.periods import say_period
from core.work.appeals.appeal_list import events_of, find_appeal, standing_of
from core.work.appeals.appeal_moves import CORRECT, EFFECTS, RAISED, RUN, STATES, UPHOLD, VERDICTS, VISIT
from core.work.appeals.appeal_notes import KIND
from core.work.appeals.deciding import Carry, Effect, decide, withdraw
from core.work.appeals.finding_effects import Wish, carry_out, correcting_visits, effects_for
from core.work.desk.finding_detail import Detail, detail
from core.work.loop.step_input import CHANGEABLE, LONGEST_TITLE
from core.work.loop.transitions import TRANSITIONS
from core.work.papers.notes import mark_seen
from core.work.roles import ANSWER, DIRECT, PUBLISH, SEE
from core.work.tables import Appeal, AppealEvent, Visit
from core.work.wording import LONGEST_NOTE
from tenants.models import Unit

blueprint = Blueprint("appeal", __name__, url_prefix="/t/<slug>/appeals")
blueprint.before_request(district.enter)

REFUSED = (InvalidInput, Stale, Conflict, Forbidden)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a decider can choose (裁决选项): effects with what follows, correcting visits, whether it can be corrected."""

    effects: Sequence[tuple[str, str, str]]
    visits: Sequence[tuple[str, str]]
    corrects: bool = False


@blueprint.get("/<uuid:appeal_id>")
@require(SEE)
def show(appeal_id: UUID) -> str:
    """One appeal; its notes to the reader are read."""
    page = _page(appeal_id)
    mark_seen(db(), actor(), KIND, appeal_id, now())
    return page


@blueprint.post("/<uuid:appeal_id>/withdraw")
@require(ANSWER)
def take_back(appeal_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take it back."""
    form = request.form
    try:
        withdraw(db(), actor(), appeal_id, version=_number("version"), note=form.get("note", ""), now=now())
    except REFUSED as error:
        return _page(appeal_id, error), error.status
    flash(gettext("申诉已撤回"))
    return redirect(url_for("appeal.show", appeal_id=appeal_id), 303)


@blueprint.post("/<uuid:appeal_id>/decide")
@require(DIRECT)
def settle(appeal_id: UUID) -> AnyResponse | tuple[str, int]:
    """Decide it; what is refused - also by the effect - comes back with what was typed, and nothing is decided."""
    form = request.form
    verdict, given = form.get("verdict", "")[:20], {"version": _number("version"), "text": form.get("text", "")}
    appeal = find_appeal(db(), actor(), appeal_id, now())
    try:
        carry = _carry(appeal) if verdict == UPHOLD else None
        done = decide(db(), actor(), appeal_id, verdict, carry=carry, now=now(), **given)
    except REFUSED as error:
        return _page(appeal_id, error), error.status
    said = gettext("已裁决：%(state)s", state=words.say_state(done.state))
    flash(said + (gettext("；%(effect)s", effect=words.say_effect(done.effect)) if done.effect else ""))
    return redirect(url_for("appeal.show", appeal_id=appeal_id), 303)


def _number(name: str) -> int:
    said = request.form.get(name, "")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise bad_argument(name, said)
    return int(said)


def _carry(appeal: Appeal) -> Carry | None:
    """What an upheld appeal does here; None when nothing was chosen. Raises InvalidInput for what cannot be read."""
    if appeal.finding_id is None:
        return _again
    effect = request.form.get("effect", "")[:20]
    if not effect:
        return None
    wish = _wish(appeal.finding_id, effect)
    return lambda found, said: carry_out(db(), actor(), found, said, wish, now())


def _wish(finding_id: UUID, effect: str) -> Wish:
    faults: list[Fault] = []
    changes: Mapping[str, str] = {}
    if effect == CORRECT:
        finding = detail(db(), actor(), finding_id, now=now()).finding
        changes = asked_of(_typed(), finding, faults)["changes"]
    if faults:
        raise InvalidInput(faults=faults)
    return Wish(effect, _number("seen"), changes, words.read_uuid(request.form.get("visit", "")))


def _typed() -> Typed:
    form = request.form
    changes = {name: form[f"changes.{name}"] for name in CHANGEABLE if f"changes.{name}" in form}
    return Typed(changes=changes)


def _again(appeal: Appeal, _said: str) -> Effect:
    """Compute the score anew, by the edition that the figure was computed by."""
    label = gettext("申诉重算：%(code)s %(unit)s", code=appeal.indicator, unit=appeal.unit_name)[:LONGEST_LABEL]
    return recompute_alike(db(), actor(), appeal, house().registry, label=label, now=now())


def _page(appeal_id: UUID, error: SanchengError | None = None) -> str:
    appeal = find_appeal(db(), actor(), appeal_id, now())
    found = detail(db(), actor(), appeal.finding_id, now=now()) if appeal.finding_id else None
    standing = standing_of(db(), actor(), appeal, now())
    deciding = appeal.state == RAISED and standing.decides
    return render_template(
        "appeals/one.html",
        appeal=appeal,
        found=found,
        what=words.say_what(appeal, found.finding if found else None),
        which=words.say_which(appeal, found.finding if found else None),
        history=[_line(one) for one in reversed(events_of(db(), appeal.id))],
        standing=standing,
        deciding=deciding,
        options=_choices(found) if deciding else None,
        choices=_fields(found) if deciding and found else {},
        figure_unit=_unit_name(appeal.figure_unit_id),
        period=say_period(period_of(appeal)) if appeal.period_start else "",
        publishing=_publishing(appeal),
        sees_run=appeal.figure_unit_id is None or reaches_root(db(), actor(), now()),
        typed=_typed() if error else Typed(),
        said=request.form if error else {},
        faults=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        moment=now(),
        words=words,
        states=STATES,
        longest=LONGEST_NOTE,
        longest_note=LONGEST_NOTE,
        longest_title=LONGEST_TITLE,
        run=RUN,
        verdicts=VERDICTS,
    )


def _line(event: AppealEvent) -> dict[str, object]:
    return {
        "at": event.at,
        "what": words.say_step(event.verb),
        "who": event.person_name,
        "text": event.note,
        "photos": event.detail.get("photos", ()),
        "tone": STATES[event.to_state].tone,
    }


def _choices(found: Detail | None) -> Choices:
    if found is None:
        return Choices([(RUN, *_said(RUN))], [])
    codes = effects_for(db(), actor(), found.finding, now())
    visits = correcting_visits(db(), actor(), found.finding, now()) if VISIT in codes else []
    offered = [(code, *_said(code)) for code in codes]
    return Choices(offered, [(str(v.id), _say_visit(v)) for v in visits], CORRECT in codes)


def _fields(found: Detail) -> Mapping[str, Any]:
    return read_choices(forms_of([TRANSITIONS[CORRECT]])[0], found.row, found)


def _said(effect: str) -> tuple[str, str]:
    title, after = EFFECTS[effect]
    return gettext(title), gettext(after)


def _say_visit(visit: Visit) -> str:
    said = visit.summary["correction"]
    return gettext("%(day)s 的检查，%(who)s更正", day=visit.day.isoformat(), who=said["by"])


def _unit_name(unit_id: UUID | None) -> str:
    unit = db().get(Unit, (db().tenant_id, unit_id)) if unit_id else None
    return unit.name if unit else ""


def _publishing(appeal: Appeal) -> str:
    """Where a correction of what was published is sealed, for who may; '' when nothing was published or nothing changed."""
    if appeal.effect != RUN or not actor().has(PUBLISH) or not is_published(db(), appeal):
        return ""
    return url_for("publishing.ask", campaign=appeal.campaign, kind=appeal.period_kind, period=period_of(appeal).key)
