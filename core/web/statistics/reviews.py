"""Review at one sitting (统计审核): what was handed in, with what is odd about it beside; pass, lock or open each."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.periods import parse_period
from core.request import actor, db, now, require, today
from core.web import district
from core.web.errors import say as say_error
from core.web.paging import bad_argument, cut, read_cursor, read_id
from core.web.statistics.statistic_words import VERBS, owner_options, pairs_here, period_options, tables
from core.work.roles import DIRECT, SEE
from core.work.statistics.checks import rate_of_row, remarks_of
from core.work.statistics.reading import Waiting, waiting_lines
from core.work.statistics.reviewing import judge_many, lock, review
from core.work.statistics.steps import REVIEWED, SUBMITTED
from core.work.statistics.words import STATES

blueprint = Blueprint("statistic_reviews", __name__, url_prefix="/t/<slug>/statistics/reviews")
blueprint.before_request(district.enter)

STEPS = {"review": (review, SUBMITTED), "lock": (lock, REVIEWED)}
ROWS = 100
MOST_REFUSALS = 20


@blueprint.get("")
@require(SEE)
def show() -> tuple[str, int]:
    """What waits to be reviewed or locked, the oldest first."""
    return _page()


@blueprint.post("")
@require(DIRECT)
def act() -> AnyResponse | tuple[str, int]:
    """Review or lock what was ticked; what cannot be is named, the rest is done."""
    verb = request.form.get("verb", "")
    if verb not in STEPS:
        raise bad_argument("verb", verb)
    chosen = [_chosen(said) for said in request.form.getlist("chosen")]
    if not chosen:
        return _page(422, [gettext("请先勾选要办理的数")])
    done, refused = judge_many(db(), actor(), STEPS[verb][0], chosen, today=today(), now=now())
    said = gettext("%(step)s：%(done)s / %(all)s", step=gettext(VERBS[verb]), done=done, all=len(chosen))
    if not refused:
        flash(said)
        return redirect(url_for("statistic_reviews.show", **_kept()), 303)
    lines = [say_error(error) for _key, error in refused[:MOST_REFUSALS]]
    return _page(200 if done else 422, [said, *dict.fromkeys(lines)])


def _kept() -> dict[str, str]:
    """The filter as arguments of an address."""
    return {name: request.args[name] for name in ("owner", "period", "state") if request.args.get(name)}


def _chosen(said: str) -> tuple[object, int]:
    key, _, version = said.partition(".")
    if not version.isdecimal() or len(version) > 9:
        raise bad_argument("chosen", said)
    return read_id(key, "chosen"), int(version)


def _wanted() -> Waiting:
    """The filter of this request. Raises InvalidInput."""
    said = {name: request.args.get(name, "").strip() for name in ("owner", "period", "state")}
    if said["state"] and said["state"] not in (SUBMITTED, REVIEWED):
        raise bad_argument("state", said["state"])
    owner = read_id(said["owner"], "owner") if said["owner"] else None
    return Waiting(owner, parse_period(said["period"]) if said["period"] else None, said["state"])


def _page(status: int = 200, said: list[str] | None = None) -> tuple[str, int]:
    wanted = _wanted()
    lines = waiting_lines(db(), actor(), today=today(), wanted=wanted)
    after = read_cursor(1)
    if after is not None:
        keys = [str(line.values[0].id) for line in lines]
        if after[0] not in keys:
            raise bad_argument("cursor", after[0])
        lines = lines[keys.index(after[0]) + 1 :]
    page = cut(lines, lambda line: (line.values[0].id,), ROWS)
    remarks = remarks_of(db(), page.rows, pairs_here())
    shown = render_template(
        "statistics/reviews.html",
        page=page,
        remarks=remarks,
        rate_of_row=rate_of_row,
        said=said or [],
        judges=actor().has(DIRECT),
        wanted=wanted,
        kept=_kept(),
        filtered=wanted != Waiting(),
        owners=owner_options(
            {wanted.owner_id} if wanted.owner_id else {one.pair.statistic.owner_unit_id for one in lines}
        ),
        periods=period_options(wanted.period),
        states=[(code, gettext(STATES[code])) for code in (SUBMITTED, REVIEWED)],
        **tables(),
    )
    return shown, status
