"""What if, on a page (假如改好): tick what is put in order or reached, and see the scores before and after; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from core.errors import N_, Forbidden
from core.figures.figure import IndicatorFigure
from core.figures.stake import Stakes, what_if
from core.request import actor, require, tenant
from core.web import district
from core.web.scores.figure_words import say_change, say_points, say_target, say_value
from core.web.scores.stake_reading import (
    MOST_TICKS,
    Wanted,
    read_rows,
    read_wanted,
    say_earned,
    say_exact,
    say_gain,
    say_items,
    say_stake,
    say_sums,
)
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.roles import SEE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("what_if", __name__, url_prefix="/t/<slug>/what-if")
blueprint.before_request(district.enter)

HEAD = (
    N_("周期"), N_("单位"), N_("创建项目"), N_("指标"), N_("现在（分子/分母）"), N_("改好后（分子/分母）"), N_("现在得分"), N_("改好后得分"),
    N_("增加"), N_("增加（未舍入）"),
)  # fmt: skip
OFFERED = 30  # as many stakes are offered beside those that are ticked (ours)


@blueprint.get("")
@require(SEE)
def show() -> ResponseReturnValue:
    """Each campaign before and after the ticks in the address, and what may be ticked.

    A tick on the page asks for the outcome alone (``HX-Target``): what each stake brings by itself stands there already.
    """
    wanted = read_wanted()
    stakes = read_rows(wanted)
    found = what_if(stakes, None if wanted.every else wanted.ticks, wanted.targets) if stakes else []
    kept = wanted.kept(stakes) if stakes else []
    outcome = {
        "wanted": wanted,
        "choice": wanted.choice,
        "unit": wanted.unit,
        "found": found,
        "chosen": len(kept) if wanted.every else len([key for key in kept if key in wanted.ticks]),
        "by_locale": by_locale,
        "say_change": say_change,
        "say_earned": say_earned,
        "say_gain": say_gain,
        "say_points": say_points,
        "say_sums": say_sums,
        "say_target": say_target,
    }
    if stakes and request.headers.get("HX-Target", "").endswith("#outcome"):
        answer = make_response(render_template("first/_outcome_alone.html", **outcome))
    else:
        answer = make_response(render_template("first/what_if.html", **outcome, **_offer(wanted, stakes)))
    answer.vary.add("HX-Target")
    return answer


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_workbook")
@require(SEE)
def export() -> Response:
    """The outcome of the ticks in the address: each campaign's total, and each indicator that moves."""
    wanted, who = read_wanted(), actor()
    if not wanted.unit.shows_rows:
        raise Forbidden(N_("没有查看这个单位数据的权限"))
    name = f"what-if-{tenant().slug}-{wanted.choice.period.key}"
    head = [gettext(text) for text in HEAD]
    return send_table(name, gettext("假如改好"), head, lambda session: _lines(wanted, session, who))


def _lines(wanted: Wanted, session: ScopedSession, who: Actor) -> Iterator[Sequence[object]]:
    stakes = wanted.read(session, who)
    place = (wanted.choice.period.key, wanted.unit.name or gettext("全区"))
    for one in what_if(stakes, None if wanted.every else wanted.ticks, wanted.targets):
        title, old, new = wanted.titles[one.before.campaign.key], one.before, one.after
        shares = (f"{say_points(old.percent_of_assessed)}%", f"{say_points(new.percent_of_assessed)}%")
        yield (*place, title, gettext("合计"), *shares, old.earned, new.earned, one.points, None)
        for move in one.moves:
            indicator = f"{move.before.code} {by_locale(move.before.name_zh, move.before.name_en)}"
            points = (move.before.earned, move.after.earned, move.gain, say_exact(move.exact_gain))
            yield (*place, title, indicator, *say_sums(move), *points)


def _offer(wanted: Wanted, stakes: Stakes | None) -> dict[str, Any]:
    """What may be ticked: the dearest stakes, those that are ticked, and the targets that may be taken as reached."""
    listed = wanted.keep(stakes.listed()) if stakes else []
    return {
        "stakes": stakes,
        "offered": [one for n, one in enumerate(listed) if n < OFFERED or one.key in wanted.ticks],
        "total": len(listed),
        "targets": _targets(stakes, wanted) if stakes else [],
        "most": MOST_TICKS,
        "say_items": say_items,
        "say_stake": say_stake,
        "say_value": say_value,
    }


def _targets(stakes: Stakes, wanted: Wanted) -> Sequence[tuple[str, IndicatorFigure]]:
    """The indicators whose targets may be taken as reached: not assessed, or missed; those with most points open first."""
    found = [
        (board.campaign, one)
        for board in stakes.boards
        for one in board.score.indicators
        if (not one.met and (one.possible or one.breach)) or (board.campaign, one.code) in wanted.targets
    ]
    return sorted(found, key=lambda pair: ((pair[1].earned or 0) - pair[1].possible, pair[0], pair[1].code))
