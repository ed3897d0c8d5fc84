"""One indicator explained (指标说明): value, target, rule, formula with numbers, units, and every row behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from core.campaigns import Campaign
from core.errors import N_
from core.figures.explain import ExplainRow, Explanation, FailedItem, explain
from core.figures.model import CampaignScore, IndicatorFigure
from core.figures.overview import UnitScore, by_unit
from core.figures.periods import last_periods
from core.figures.rules import formula_with_numbers, rule_of
from core.figures.scores import score_campaign, score_slices
from core.request import actor, db, now, require, tenant
from core.web.exports import stream_csv
from core.web.ledger.finding_words import TONES
from core.web.organisation.unit_choice import UnitChoice, read_unit
from core.web.paging import Page, bad_argument, cut, read_cursor
from core.web.running import running_one, title_of
from core.web.scores.catalogue import enter
from core.web.scores.charts import dot, trend_chart
from core.web.scores.figure_words import (
    FREQUENCIES,
    METHODS,
    say_number,
    say_points,
    say_role,
    say_target,
    say_unit,
    say_value,
    target_number,
)
from core.web.scores.figures import LEAGUE
from core.web.scores.periods import BACK, Choice, read_period, trend_end
from core.web.words import by_locale
from core.work.loop.transitions import STATES
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("indicators", __name__, url_prefix="/t/<slug>/k/<campaign>/i")
blueprint.before_request(enter)

BELOW = "community"  # what a subdistrict is looked at by
ROWS = 200  # rows of an explanation on one page


@dataclass(frozen=True, slots=True)
class Detail:
    """A figure with its explanation (指标说明); without ``explained`` the reader sees the district's figure alone.

    ``effects`` is the campaign's score where a gate shows what the negative list did to it.
    """

    figure: IndicatorFigure
    explained: Explanation | None
    units: Sequence[tuple[UnitScore, IndicatorFigure]]
    effects: CampaignScore | None = None


def read_detail(campaign: Campaign, code: str, choice: Choice, unit: UnitChoice) -> Detail:
    """One indicator with everything that the reader may see of it. Raises NotFound, Forbidden."""
    asked = (db(), actor(), campaign, campaign.edition)
    if not unit.shows_rows:
        score = score_campaign(*asked, choice.period, unit.unit_id, cut_off=now())
        explained, figure = None, score.indicator(code)
    else:
        explained = explain(*asked, code, choice.period, unit.unit_id, cut_off=now())
        figure = explained.figure
    kind = BELOW if unit.unit_id else LEAGUE
    rows = by_unit(*asked, choice.period, kind=kind, under=unit.unit_id, cut_off=now())
    units = [(row, row.score.indicator(code)) for row in rows if row.unit_id != unit.unit_id]
    return Detail(figure, explained, sorted(units, key=_dearest_first), _effects(campaign, figure, choice, unit))


def _effects(campaign: Campaign, figure: IndicatorFigure, choice: Choice, unit: UnitChoice) -> CampaignScore | None:
    """The score beside a gate, when events of the negative list touch it."""
    if figure.indicator.mode != "gate":
        return None
    score = score_campaign(db(), actor(), campaign, campaign.edition, choice.period, unit.unit_id, cut_off=now())
    return score if score.effects else None


def _dearest_first(one: tuple[UnitScore, IndicatorFigure]) -> tuple[bool, object, str]:
    lost = one[1].lost
    return lost is None, -(lost or 0), one[0].name


def row_key(row: ExplainRow) -> str:
    """What tells a row from all others: a visit may give one row for each form."""
    return f"{row.ref}/{row.label}"


def cut_rows(rows: Sequence[ExplainRow]) -> Page[ExplainRow]:
    """The page of the rows that the address asks for. Raises InvalidInput."""
    cursor, start = read_cursor(1), 0
    if cursor:
        start = next((n for n, row in enumerate(rows, 1) if row_key(row) == cursor[0]), 0)
        if not start:
            raise bad_argument("cursor", cursor[0])
    return cut(rows[start : start + ROWS + 1], lambda row: (row_key(row),), ROWS)


@blueprint.get("/<code>")
@require(SEE)
def show(campaign: str, code: str) -> str:
    """One indicator: what it is worth here and now, why, and where its points went."""
    found, choice, unit = running_one(campaign), read_period(), read_unit()
    found.edition.indicator(code)
    detail = read_detail(found, code, choice, unit)
    rule = rule_of(detail.figure.indicator)
    return render_template(
        "catalogue/indicator.html",
        campaign=found,
        figure=detail.figure,
        indicator=detail.figure.indicator,
        explained=detail.explained,
        page=cut_rows(detail.explained.rows) if detail.explained else None,
        units=detail.units,
        effects=detail.effects,
        rule=by_locale(rule.zh, rule.en),
        formula=formula_with_numbers(detail.figure),
        metrics=found.edition.metrics_for(code),
        choice=choice,
        unit=unit,
        methods=METHODS,
        frequencies=FREQUENCIES,
        states=STATES,
        tones=TONES,
        title_of=title_of,
        by_locale=by_locale,
        say_points=say_points,
        say_number=say_number,
        say_unit=say_unit,
        say_value=say_value,
        say_target=say_target,
        say_role=say_role,
    )


@blueprint.get("/<code>/trend.json")
@require(SEE)
def draw_trend(campaign: str, code: str) -> Response:
    """The indicator's value in the last periods, with its target; a period without data is a gap."""
    found, choice, unit = running_one(campaign), read_period(), read_unit()
    indicator = found.edition.indicator(code)
    periods = last_periods(choice.kind, trend_end(choice.period), BACK[choice.kind])
    units = (unit.unit_id,) if unit.unit_id else ()
    slices = score_slices(db(), actor(), found, found.edition, periods, units, cut_off=now())
    figures = [slices[unit.unit_id, n].indicator(code) for n in range(len(periods))]
    name = by_locale(indicator.name_zh, indicator.name_en)
    series = [{"name": name, "values": [dot(f.value) for f in figures], "n": [f.n for f in figures]}]
    return trend_chart(periods, series, unit=say_unit(indicator.unit), target=target_number(indicator))


@blueprint.get("/<code>.csv")
@require(SEE)
def export(campaign: str, code: str) -> Response:
    """Every row behind the figure, as CSV; numerator and denominator add up to the figure's."""
    found, choice, unit = running_one(campaign), read_period(), read_unit()
    found.edition.indicator(code)
    who, moment = actor(), now()
    explain(db(), who, found, found.edition, code, choice.period, unit.unit_id, cut_off=moment)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        explained = explain(session, who, found, found.edition, code, choice.period, unit.unit_id, cut_off=moment)
        for row in explained.rows:
            yield _cells(row)

    head = (N_("日期"), N_("来源"), N_("点位"), N_("检查表或问题"), N_("分子"), N_("分母"), N_("不合格的检查项"))
    name = f"{code}-{tenant().slug}-{choice.period.key}.csv"
    return stream_csv(name, [gettext(text) for text in (*head, N_("编号"))], rows)


def _cells(row: ExplainRow) -> Sequence[object]:
    kind = gettext("检查") if row.kind == "visit" else gettext("问题")
    failed = gettext("；").join(_said(one) for one in row.failed)
    parts = (say_number(row.numerator), None if row.denominator is None else say_number(row.denominator))
    return (row.day.isoformat(), kind, row.site, by_locale(row.label, row.label_en), *parts, failed, str(row.ref))


def _said(item: FailedItem) -> str:
    return f"{item.code} {by_locale(item.text_zh, item.text_en)}"
