"""What to fix first on a page (先改什么): what brings points back, the dearest first, and what is not assessed yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from core.errors import N_
from core.figures.stake import Stake, Stakes
from core.request import actor, db, require, tenant
from core.web import district
from core.web.exports import stream_csv
from core.web.ledger.finding_words import TONES
from core.web.paging import PAGE, Page, bad_argument, cut, read_cursor
from core.web.places.site_words import type_options
from core.web.scores.figure_words import say_points, say_value
from core.web.scores.stake_reading import (
    Wanted,
    link_of,
    read_rows,
    read_wanted,
    say_earned,
    say_exact,
    say_gain,
    say_items,
    say_missing,
    say_stake,
    say_sums,
)
from core.web.words import by_locale
from core.web.workbook_answers import send_xlsx
from core.work.loop.transitions import STATES
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("first", __name__, url_prefix="/t/<slug>/first")
blueprint.before_request(district.enter)

HEAD = (
    N_("周期"), N_("单位"), N_("类别"), N_("事项"), N_("检查项"), N_("点位"), N_("不合格次数"), N_("未办结问题"),
    N_("创建项目"), N_("指标"), N_("现在（分子/分母）"), N_("改好后（分子/分母）"), N_("现在得分"), N_("改好后得分"),
    N_("可挽回"), N_("可挽回（未舍入）"),
)  # fmt: skip


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The stakes with their arithmetic, to be ticked for a what-if; below, the indicators without a score."""
    wanted = read_wanted()
    stakes = read_rows(wanted)
    listed = wanted.keep(stakes.listed()) if stakes else []
    return render_template(
        "first/show.html",
        wanted=wanted,
        choice=wanted.choice,
        unit=wanted.unit,
        stakes=stakes,
        page=_page(listed),
        total=len(listed),
        missing=stakes.unassessed() if stakes else [],
        types=type_options(),
        states=STATES,
        tones=TONES,
        by_locale=by_locale,
        link_of=link_of,
        say_earned=say_earned,
        say_gain=say_gain,
        say_items=say_items,
        say_missing=say_missing,
        say_points=say_points,
        say_stake=say_stake,
        say_sums=say_sums,
        say_value=say_value,
    )


def _page(listed: Sequence[Stake]) -> Page[Stake]:
    cursor, start = read_cursor(1), 0
    if cursor:
        start = next((n for n, one in enumerate(listed, 1) if one.key == cursor[0]), 0)
        if not start:
            raise bad_argument("cursor", cursor[0])
    return cut(listed[start : start + PAGE + 1], lambda one: (one.key,), PAGE)


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """Every stake with the arithmetic of each indicator, and every indicator without a score, as CSV."""
    wanted, who = read_wanted(), actor()
    wanted.read(db(), who)  # refuses what is out of reach at once
    name = f"first-{tenant().slug}-{wanted.choice.period.key}.csv"
    return stream_csv(name, [gettext(text) for text in HEAD], lambda s: _lines(wanted, wanted.read(s, who)))


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same as an Excel workbook."""
    wanted, who = read_wanted(), actor()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        return _lines(wanted, wanted.read(session, who))

    name = f"first-{tenant().slug}-{wanted.choice.period.key}.xlsx"
    return send_xlsx(name, gettext("先改什么"), [gettext(text) for text in HEAD], rows)


def _lines(wanted: Wanted, stakes: Stakes) -> Iterator[Sequence[object]]:
    place = (wanted.choice.period.key, wanted.unit.name or gettext("全区"))
    for one in wanted.keep(stakes.listed()):
        named = (say_stake(one, stakes), say_items(one.items), one.site, one.visits, len(one.findings))
        for gain in one.gains:
            for move in gain.moves:
                figure = move.before
                indicator = f"{figure.code} {by_locale(figure.name_zh, figure.name_en)}"
                sums, points = say_sums(move), (move.before.earned, move.after.earned, move.gain)
                title = wanted.titles[gain.campaign]
                yield (*place, gettext("可挽回"), *named, title, indicator, *sums, *points, say_exact(move.exact_gain))
        if not one.gains:
            yield (*place, gettext("不影响本期得分"), *named, *[None] * 8)
    for missing in stakes.unassessed():
        figure = missing.figure
        indicator = f"{figure.code} {by_locale(figure.name_zh, figure.name_en)}"
        rest = (wanted.titles[missing.campaign], indicator, None, None, None, None, figure.possible, None)
        yield (*place, gettext("未评"), say_missing(missing), None, None, None, None, *rest)
