"""What if, on a page (假如改好): tick what is put in order or reached, and see the scores before and after; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template

from core.figures.figure import IndicatorFigure
from core.figures.stake import Stakes, what_if
from core.request import require
from core.web import district
from core.web.scores.figure_words import say_change, say_points, say_target, say_value
from core.web.scores.stake_reading import (
    MOST_TICKS,
    Wanted,
    read_rows,
    read_wanted,
    say_earned,
    say_gain,
    say_items,
    say_stake,
    say_sums,
)
from core.web.words import by_locale
from core.work.roles import SEE

blueprint = Blueprint("what_if", __name__, url_prefix="/t/<slug>/what-if")
blueprint.before_request(district.enter)

OFFERED = 30  # as many stakes are offered beside those that are ticked (ours)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """Each campaign before and after the ticks in the address, and what may be ticked."""
    wanted = read_wanted()
    stakes = read_rows(wanted)
    listed = wanted.keep(stakes.listed()) if stakes else []
    found = what_if(stakes, None if wanted.every else wanted.ticks, wanted.targets) if stakes else []
    return render_template(
        "first/what_if.html",
        wanted=wanted,
        choice=wanted.choice,
        unit=wanted.unit,
        stakes=stakes,
        found=found,
        offered=[one for n, one in enumerate(listed) if n < OFFERED or one.key in wanted.ticks],
        total=len(listed),
        targets=_targets(stakes, wanted) if stakes else [],
        chosen=len(listed) if wanted.every else len([one for one in listed if one.key in wanted.ticks]),
        most=MOST_TICKS,
        by_locale=by_locale,
        say_change=say_change,
        say_earned=say_earned,
        say_gain=say_gain,
        say_items=say_items,
        say_points=say_points,
        say_stake=say_stake,
        say_sums=say_sums,
        say_target=say_target,
        say_value=say_value,
    )


def _targets(stakes: Stakes, wanted: Wanted) -> Sequence[tuple[str, IndicatorFigure]]:
    """The indicators whose targets may be taken as reached: not assessed, or missed; those with most points open first."""
    found = [
        (board.campaign, one)
        for board in stakes.boards
        for one in board.score.indicators
        if (not one.met and (one.possible or one.breach)) or (board.campaign, one.code) in wanted.targets
    ]
    return sorted(found, key=lambda pair: ((pair[1].earned or 0) - pair[1].possible, pair[0], pair[1].code))
